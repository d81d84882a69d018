/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The moment of the dump, which ages are counted to.  Records have times of local_clock(), whose state differs by machine
 * and is not in a text; the newest record tells it, for a kernel that runs allocates all the time.
 */
#include "lib/filter.h"

#include "base/status.h"
#include "lib/session.h"
#include "owner/walk.h"

int po_session_now(struct pageowner_session *s, const struct po_filter *f, uint64_t *ret, struct pageowner_error *err)
{
	struct pageowner_record rec = { .have = 0 };
	struct pageowner_iter *it;
	bool told = f && f->age.has_now;

	*ret = told ? f->age.now : 0;
	if (!f || told || (!f->age.has_older && !f->age.has_newer))
		return PAGEOWNER_OK;
	if (s->text && !po_saved_size(s->text))
		return po_fail(err, PAGEOWNER_EINVAL, "age: a pipe is read but once, and its newest record not known before: "
			       "what is now has to be told (--now)");
	int rc = pageowner_iter_new(s, NULL, &it, err);
	if (rc < 0)
		return rc;
	struct po_walk *walk = po_iter_walk(it);
	for (;;) {	/* flaws are told when the records are read for good */
		rec.have = 0;
		rc = walk ? po_walk_next(walk, &rec, NULL) : pageowner_iter_next(it, &rec, NULL);
		if (rc == 0 || rc == PAGEOWNER_ENOMEM)
			break;
		if (rc == 1 && (rec.have & PAGEOWNER_HAS_TS)) {
			told = true;
			*ret = rec.ts_ns > *ret ? rec.ts_ns : *ret;
		}
	}
	pageowner_iter_free(it);
	if (rc < 0)
		return po_fail_nomem(err, "age");
	return told ? PAGEOWNER_OK :
		      po_fail(err, PAGEOWNER_EUNSUPP, "age: no record tells when its page was allocated (kernels do since 5.11)");
}
