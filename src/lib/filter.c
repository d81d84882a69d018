/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/filter.h"

#include <stdlib.h>

#include "base/status.h"

int pageowner_filter_new(const struct pageowner_filter_options *options, struct pageowner_filter **ret,
			 struct pageowner_error *err)
{
	if (!options || options->size < sizeof(*options) || !ret)
		return po_fail(err, PAGEOWNER_EINVAL, "filter: options are not valid");
	struct pageowner_filter *f = calloc(1, sizeof(*f));
	int rc = f ? PAGEOWNER_OK : po_fail_nomem(err, "filter");
	if (f)
		f->f.age = options->age;
	for (size_t i = 0; rc == PAGEOWNER_OK && i < options->nr_filters; i++)
		rc = po_filter_add(&f->f, options->filters[i], err);
	if (rc == PAGEOWNER_OK && options->frame)
		rc = po_filter_frame(&f->f, options->frame, err);
	if (rc == PAGEOWNER_OK && options->allocators)
		rc = po_filter_allocators(&f->f, options->allocators, err);
	if (rc < 0)
		pageowner_filter_free(f);
	else
		*ret = f;
	return rc;
}

void pageowner_filter_free(struct pageowner_filter *f)
{
	if (!f)
		return;
	po_filter_fini(&f->f);
	free(f);
}
