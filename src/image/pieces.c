/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reads of an image that is made of pieces of mapped files.  Addresses in the extents count from
 * the image's base, which is 0 unless a floating image was moved; each handle has its own.
 */
#include "image/pieces.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/load.h"
#include "base/status.h"

struct pieces_image {
	struct po_image img;
	struct po_pieces *pieces;
	uint64_t base;
	size_t last;			/* the extent of the last hit */
};

static void pieces_unref(struct po_pieces *pieces)
{
	if (!pieces || atomic_fetch_sub(&pieces->refs, 1) != 1)
		return;
	po_extents_fini(&pieces->extents);
	for (size_t i = 0; i < pieces->nr_maps; i++)
		po_mapped_close(pieces->map[i]);
	free(pieces->map);
	free(pieces);
}

int po_pieces_new(const struct po_image_ops *ops, size_t nr_files, struct po_image **ret,
		  struct pageowner_error *err)
{
	struct pieces_image *self = calloc(1, sizeof(*self));

	if (!self)
		return po_fail_nomem(err, ops->name);
	self->img.ops = ops;
	self->img.copies_well = true;
	_cleanup_(po_image_closep) struct po_image *img = &self->img;

	self->pieces = calloc(1, sizeof(*self->pieces));
	if (!self->pieces)
		return po_fail_nomem(err, ops->name);
	atomic_init(&self->pieces->refs, 1);
	self->pieces->map = calloc(nr_files, sizeof(*self->pieces->map));
	if (!self->pieces->map)
		return po_fail_nomem(err, ops->name);
	self->pieces->room = nr_files;
	*ret = po_take(img);
	return PAGEOWNER_OK;
}

struct po_pieces *po_pieces_of(struct po_image *img)
{
	return ((struct pieces_image *)img)->pieces;
}

int po_pieces_add_file(struct po_image *img, const struct po_file *file,
		       struct pageowner_error *err)
{
	struct po_pieces *pieces = po_pieces_of(img);

	if (pieces->nr_maps == pieces->room)
		return po_fail(err, PAGEOWNER_EINVAL, "%s: one file too many", file->path);
	int rc = po_mapped_open(file, &pieces->map[pieces->nr_maps], err);
	if (rc < 0)
		return rc;
	pieces->nr_maps++;
	return PAGEOWNER_OK;
}

int po_pieces_settle(struct po_image *img, uint64_t *doubled)
{
	struct po_extents *ext = &po_pieces_of(img)->extents;
	uint64_t sums[PO_NR_CAUSES] = { 0 };

	if (po_extents_settle(ext, doubled) < 0)
		return -1;
	for (size_t i = 0; i < ext->nr; i++) {
		sums[ext->at[i].cause] += ext->at[i].end - ext->at[i].start;
		img->max_paddr = ext->at[i].end;
	}
	img->bytes_held = sums[PO_HAVE];
	img->bytes_present = sums[PO_HAVE] + sums[PO_ZEROED] + sums[PO_TRUNCATED];
	img->filtered = sums[PO_ZEROED] != 0;
	img->truncated = sums[PO_TRUNCATED] != 0;
	return 0;
}

int po_pieces_tell_cut(struct po_image *img, const struct po_file *file)
{
	const struct po_extents *ext = &po_pieces_of(img)->extents;
	uint64_t lost = 0;

	for (size_t i = 0; i < ext->nr; i++)
		if (ext->at[i].cause == PO_TRUNCATED)
			lost += ext->at[i].end - ext->at[i].start;
	return po_image_notice(img, "dump: %s: file ends at 0x%" PRIx64
			       ", %s of %s of memory are missing", file->path, file->size,
			       po_size_words(lost).text, po_size_words(img->bytes_present).text);
}

/* Address → address in the extents; false: it lies below the image. */
static bool from_base(const struct pieces_image *self, uint64_t paddr, uint64_t *ret)
{
	*ret = paddr - self->base;
	return paddr >= self->base;
}

enum po_cause po_pieces_read(struct po_image *img, uint64_t paddr, void *buf, size_t len,
			     size_t *done)
{
	struct pieces_image *self = (struct pieces_image *)img;
	const struct po_pieces *pieces = self->pieces;
	uint64_t start;

	*done = 0;
	if (!from_base(self, paddr, &start))
		return PO_HOLE;
	while (*done < len) {
		uint64_t at = start + *done;	/* no extent reaches the top: this cannot wrap */
		const struct po_extent *e = po_extents_at(&pieces->extents, at, &self->last);
		if (!e)
			return PO_HOLE;
		if (e->cause == PO_ZEROED && *done)
			return PO_HAVE;
		if (e->cause != PO_ZEROED && e->cause != PO_HAVE)
			return e->cause;
		size_t n = len - *done, got = 0;
		if (n > e->end - at)
			n = (size_t)(e->end - at);
		if (e->cause == PO_ZEROED) {
			memset(buf, 0, n);
			*done = n;
			return PO_ZEROED;
		}
		enum po_cause cause = po_mapped_read(pieces->map[e->file], e->offset + (at - e->start),
						     (char *)buf + *done, n, &got);
		*done += got;
		if (cause != PO_HAVE)
			return cause;
	}
	return PO_HAVE;
}

const void *po_pieces_map(struct po_image *img, uint64_t paddr, size_t *len)
{
	struct pieces_image *self = (struct pieces_image *)img;
	uint64_t at;

	if (!from_base(self, paddr, &at) || *len == 0)
		return NULL;
	const struct po_extent *e = po_extents_at(&self->pieces->extents, at, &self->last);
	if (!e || e->cause != PO_HAVE)
		return NULL;
	if (*len > e->end - at)
		*len = (size_t)(e->end - at);
	return po_mapped_borrow(self->pieces->map[e->file], e->offset + (at - e->start), len);
}

int po_pieces_next_range(struct po_image *img, uint64_t from, uint64_t *start, uint64_t *len)
{
	const struct pieces_image *self = (const struct pieces_image *)img;
	const struct po_extents *ext = &self->pieces->extents;
	uint64_t at;
	size_t i = po_extents_find(ext, from_base(self, from, &at) ? at : 0, SIZE_MAX), last;

	if (i == ext->nr)
		return 0;
	for (last = i; last + 1 < ext->nr && ext->at[last + 1].start == ext->at[last].end; last++)
		;
	while (i > 0 && ext->at[i - 1].end == ext->at[i].start)
		i--;
	*start = self->base + ext->at[i].start;
	*len = ext->at[last].end - ext->at[i].start;
	return 1;
}

int po_pieces_clone(const struct po_image *img, struct po_image **ret,
		    struct pageowner_error *err)
{
	const struct pieces_image *self = (const struct pieces_image *)img;
	_cleanup_(po_freep) struct pieces_image *copy = calloc(1, sizeof(*copy));

	if (!copy || po_image_copy_head(&copy->img, img) < 0)
		return po_fail_nomem(err, img->ops->name);
	copy->pieces = self->pieces;
	copy->base = self->base;
	atomic_fetch_add(&copy->pieces->refs, 1);
	*ret = &po_take(copy)->img;
	return PAGEOWNER_OK;
}

void po_pieces_rebase(struct po_image *img, uint64_t base)
{
	struct pieces_image *self = (struct pieces_image *)img;
	const struct po_extents *ext = &self->pieces->extents;
	uint64_t size = ext->nr ? ext->at[ext->nr - 1].end : 0;

	if (base > UINT64_MAX - size)	/* what would lie beyond the top: as near as it can be */
		base = UINT64_MAX - size;
	self->base = base;
	img->max_paddr = base + size;
}

void po_pieces_close(struct po_image *img)
{
	struct pieces_image *self = (struct pieces_image *)img;

	pieces_unref(self->pieces);
	po_image_fini(img);
	free(self);
}
