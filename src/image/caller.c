/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Memory behind the caller's own functions.  They may be wrong: what they claim is checked before
 * the rest of the library relies on it.
 */
#include "image/image.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/load.h"
#include "base/status.h"

struct caller {
	struct po_image img;
	struct pageowner_source src;
};

static enum po_cause cause_of(int result)
{
	switch (result) {
	case PAGEOWNER_READ_OK: return PO_HAVE;
	case PAGEOWNER_READ_EXCLUDED: return PO_EXCLUDED;
	case PAGEOWNER_READ_HOLE: return PO_HOLE;
	case PAGEOWNER_READ_TRUNCATED: return PO_TRUNCATED;
	default: return PO_IOERR;
	}
}

/* What a read function's answer is worth. */
static enum po_cause believe(int result, size_t got, size_t len, size_t *done)
{
	if (got > len)
		return PO_IOERR;	/* it may have written anywhere: trust none of it */
	*done = got;
	if (got == len)
		return PO_HAVE;
	enum po_cause cause = cause_of(result);
	return cause == PO_HAVE && got == 0 ? PO_IOERR : cause;
}

static enum po_cause caller_read(struct po_image *img, uint64_t paddr, void *buf, size_t len,
				 size_t *done)
{
	const struct pageowner_source *src = &((const struct caller *)img)->src;
	size_t got = 0;

	*done = 0;
	if (!src->read_phys || len == 0)
		return len ? PO_HOLE : PO_HAVE;
	int result = src->read_phys(src->self, paddr, buf, len, &got);
	return believe(result, got, len, done);
}

static enum po_cause caller_read_virt(struct po_image *img, uint64_t kva, void *buf, size_t len,
				      size_t *done)
{
	const struct pageowner_source *src = &((const struct caller *)img)->src;
	size_t got = 0;

	*done = 0;
	if (len == 0)
		return PO_HAVE;
	int result = src->read_virt(src->self, kva, buf, len, &got);
	return believe(result, got, len, done);
}

static int caller_next_range(struct po_image *img, uint64_t from, uint64_t *start, uint64_t *len)
{
	const struct caller *caller = (const struct caller *)img;
	uint64_t begin = 0, size = 0, end;

	if (!caller->src.next_range ||
	    caller->src.next_range(caller->src.self, from, &begin, &size) != 1)
		return 0;
	/* a range that does not end above from would be handed out for ever */
	if (po_add(begin, size, &end) || end <= from || size == 0)
		return 0;
	*start = begin;
	*len = size;
	return 1;
}

static void caller_close(struct po_image *img)
{
	struct caller *caller = (struct caller *)img;

	if (caller->src.release)
		caller->src.release(caller->src.self);
	po_image_fini(img);
	free(caller);
}

static const struct po_image_ops phys_ops = {
	.name = "caller's memory",
	.read = caller_read,
	.next_range = caller_next_range,
	.close = caller_close,
};

static const struct po_image_ops virt_ops = {
	.name = "caller's memory",
	.read = caller_read,
	.read_virt = caller_read_virt,
	.next_range = caller_next_range,
	.close = caller_close,
};

/* How much memory there is, as far as the caller tells. */
static void sum_ranges(struct po_image *img)
{
	uint64_t from = 0, start, len;

	/* a caller that lists memory byte by byte is not asked for all of it */
	for (unsigned i = 0; i < 65536 && caller_next_range(img, from, &start, &len) == 1; i++) {
		uint64_t end = start + len;
		img->bytes_present += end - (start > from ? start : from);
		img->max_paddr = end;
		from = end;
	}
	img->bytes_held = img->bytes_present;
}

static int check(const struct pageowner_source *src, struct pageowner_error *err)
{
	if (!src->read_phys && !src->read_virt)
		return po_fail(err, PAGEOWNER_EINVAL, "neither read_phys nor read_virt is set");
	if (src->flags & ~(PAGEOWNER_SOURCE_LIVE | PAGEOWNER_SOURCE_HAS_SLIDE | PAGEOWNER_SOURCE_HAS_BANNER))
		return po_fail(err, PAGEOWNER_EINVAL, "unknown flags 0x%x", src->flags);
	return PAGEOWNER_OK;
}

static int fill(struct caller *caller, struct pageowner_error *err)
{
	struct po_image *img = &caller->img;
	const struct pageowner_source *src = &caller->src;
	int rc = check(src, err);

	if (rc < 0)
		return rc;
	img->ops = src->read_virt ? &virt_ops : &phys_ops;
	img->live = src->flags & PAGEOWNER_SOURCE_LIVE;
	img->has_slide = src->flags & PAGEOWNER_SOURCE_HAS_SLIDE;
	img->slide = img->has_slide ? src->slide : 0;
	img->has_banner = src->flags & PAGEOWNER_SOURCE_HAS_BANNER;
	img->banner = img->has_banner ? src->banner : 0;
	sum_ranges(img);
	if (po_image_set(&img->description, "memory of %s", src->name ? src->name :
			 "the caller") < 0)
		return po_fail_nomem(err, "source");
	caller->src.name = NULL;	/* borrowed only until here */
	return PAGEOWNER_OK;
}

int po_image_open_source(const struct pageowner_source *src, struct po_image **ret,
			 struct pageowner_error *err)
{
	struct pageowner_source known = { 0 };

	/* an older caller's struct is shorter, a newer one's may be longer */
	memcpy(&known, src, src->size < sizeof(known) ? src->size : sizeof(known));
	if (known.size < sizeof(known))
		return po_fail(err, PAGEOWNER_EINVAL, "open source: struct of %zu bytes",
			       src->size);

	struct caller *caller = calloc(1, sizeof(*caller));
	if (!caller) {
		if (known.release)
			known.release(known.self);
		return po_fail_nomem(err, "open source");
	}
	caller->src = known;
	caller->img.ops = &phys_ops;
	_cleanup_(po_image_closep) struct po_image *img = &caller->img;
	int rc = fill(caller, err);
	if (rc < 0)
		return po_within(err, rc, "open source: %s", known.name ? known.name : "caller");
	*ret = po_take(img);
	return PAGEOWNER_OK;
}
