/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What all images share: the head and its strings, words for sizes and failures. */
#include "image/image.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/status.h"

const char *const po_cause_words[PO_NR_CAUSES] = {
	[PO_HAVE] = "in dump",
	[PO_ZEROED] = "excluded, read as zero",
	[PO_EXCLUDED] = "excluded by a filter",
	[PO_HOLE] = "not covered by the dump",
	[PO_TRUNCATED] = "lost where the file was cut off",
	[PO_IOERR] = "read error",
};

void po_image_close(struct po_image *img)
{
	if (img)
		img->ops->close(img);
}

void po_image_fini(struct po_image *img)
{
	free(img->vmcoreinfo);
	free(img->machine);
	free(img->description);
	free(img->notices);
	img->vmcoreinfo = img->machine = img->description = img->notices = NULL;
	img->vmcoreinfo_len = 0;
}

int po_image_clone(const struct po_image *img, struct po_image **ret,
		   struct pageowner_error *err)
{
	if (!img->ops->clone)
		return po_fail(err, PAGEOWNER_EUNSUPP, "%s: only one handle is possible",
			       img->ops->name);
	return img->ops->clone(img, ret, err);
}

enum po_cause po_image_read(struct po_image *img, uint64_t paddr, void *buf, size_t len,
			    size_t *done, size_t *zeroed)
{
	size_t zeros = 0;
	enum po_cause cause = PO_HAVE;

	*done = 0;
	while (*done < len) {
		size_t got = 0;
		cause = img->ops->read(img, paddr + *done, (char *)buf + *done, len - *done, &got);
		*done += got;
		if (cause == PO_ZEROED)
			zeros += got;
		else if (cause != PO_HAVE)
			break;
		cause = PO_HAVE;
		if (got == 0) {	/* against the contract; do not spin */
			cause = PO_IOERR;
			break;
		}
	}
	if (zeroed)
		*zeroed = zeros;
	return cause;
}

int po_image_set(char **field, const char *fmt, ...)
{
	char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	int n = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (n < 0)
		return -1;
	free(*field);
	*field = text;
	return 0;
}

int po_image_notice(struct po_image *img, const char *fmt, ...)
{
	_cleanup_(po_freep) char *line = NULL;
	va_list ap;

	va_start(ap, fmt);
	int n = vasprintf(&line, fmt, ap);
	va_end(ap);
	if (n < 0) {
		line = NULL;
		return -1;
	}
	return po_image_set(&img->notices, "%s%s\n", img->notices ? img->notices : "", line);
}

int po_image_set_vmcoreinfo(struct po_image *img, const void *text, size_t len)
{
	size_t used = strnlen(text, len);
	char *copy = malloc(used + 1);

	if (!copy)
		return -1;
	memcpy(copy, text, used);
	copy[used] = '\0';
	free(img->vmcoreinfo);
	img->vmcoreinfo = copy;
	img->vmcoreinfo_len = used;
	return 0;
}

int po_image_copy_head(struct po_image *dst, const struct po_image *src)
{
	*dst = *src;
	dst->vmcoreinfo = dst->machine = dst->description = dst->notices = NULL;
	if ((src->vmcoreinfo &&
	     po_image_set_vmcoreinfo(dst, src->vmcoreinfo, src->vmcoreinfo_len) < 0) ||
	    (src->machine && po_image_set(&dst->machine, "%s", src->machine) < 0) ||
	    (src->description && po_image_set(&dst->description, "%s", src->description) < 0)) {
		po_image_fini(dst);
		return -1;
	}
	return 0;
}

struct po_size_words po_size_words(uint64_t bytes)
{
	static const char *const units[] = { "bytes", "KiB", "MiB", "GiB", "TiB" };
	struct po_size_words ret;
	uint64_t whole = bytes;
	unsigned tenth = 0;
	size_t unit = 0;

	while (whole >= 1024 && unit + 1 < sizeof(units) / sizeof(units[0])) {
		tenth = (unsigned)(whole % 1024 * 10 / 1024);
		whole /= 1024;
		unit++;
	}
	if (tenth)
		(void)snprintf(ret.text, sizeof(ret.text), "%" PRIu64 ".%u %s", whole, tenth,
			       units[unit]);
	else
		(void)snprintf(ret.text, sizeof(ret.text), "%" PRIu64 " %s", whole, units[unit]);
	return ret;
}

struct po_errno_words po_errno_words(int errnum)
{
	struct po_errno_words ret;

	(void)snprintf(ret.text, sizeof(ret.text), "%s", strerror(errnum));
	if (islower((unsigned char)ret.text[1]))
		ret.text[0] = (char)tolower((unsigned char)ret.text[0]);
	return ret;
}
