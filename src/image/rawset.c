/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Raw images of RAM: what a debug probe, a boot ROM or a ramdump mode wrote, a file for each bank
 * or one for all.  Nothing in them says where they belong, so the user does; for a single one it
 * can be found out later from the page tables inside: it floats.
 */
#include "image/image.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/load.h"
#include "base/status.h"
#include "image/pieces.h"

#define BANK_ALIGN 4096u	/* of the smallest page that Linux has here */
#define BANKS_MAX 4096		/* boards have a handful; this bounds what we allocate */

static const struct po_image_ops rawset_ops = {
	.name = "raw RAM",
	PO_PIECES_OPS,
};

static const struct po_image_ops floating_ops = {
	.name = "raw RAM",
	PO_PIECES_OPS,
	.rebase = po_pieces_rebase,
};

static int check_bases(const struct pageowner_ram *ram, size_t nr, struct pageowner_error *err)
{
	for (size_t i = 0; i < nr; i++) {
		if (!ram[i].path)
			return po_fail(err, PAGEOWNER_EINVAL, "a RAM image without a path");
		if (!ram[i].has_base && nr > 1)
			return po_fail(err, PAGEOWNER_EINVAL,
				       "%s: given without its address, which only a single image "
				       "may be", ram[i].path);
		if (ram[i].has_base && ram[i].base % BANK_ALIGN)
			return po_fail(err, PAGEOWNER_EINVAL,
				       "%s: address 0x%" PRIx64 " is not page aligned", ram[i].path,
				       ram[i].base);
	}
	return PAGEOWNER_OK;
}

/* A dump in a container, taken for memory, would be memory with everything at a wrong place. */
static int tell_container(struct po_image *img, const struct po_file *file)
{
	const char *what = po_file_looks_like(file);

	return what ? po_image_notice(img, "dump: %s: taken as raw memory, but looks like %s",
				      file->path, what) : 0;
}

static int add_bank(struct po_image *img, const struct pageowner_ram *ram, size_t index,
		    struct pageowner_error *err)
{
	_cleanup_(po_file_close) struct po_file file = { .fd = -1 };
	uint64_t base = ram->has_base ? ram->base : 0, end;
	int rc = po_file_open(ram->path, &file, err);

	if (rc == PAGEOWNER_OK)
		rc = po_pieces_add_file(img, &file, err);
	if (rc < 0)
		return rc;
	if (po_add(base, file.size, &end))
		return po_fail(err, PAGEOWNER_EINVAL,
			       "%s: 0x%" PRIx64 " bytes at 0x%" PRIx64 " are beyond all addresses",
			       ram->path, file.size, base);
	const struct po_extent bank = { .start = base, .end = end, .order = (uint32_t)index,
					.cause = PO_HAVE, .file = (uint16_t)index };
	if (po_extents_add(&po_pieces_of(img)->extents, &bank) < 0 || tell_container(img, &file) < 0)
		return po_fail_nomem(err, ram->path);
	return PAGEOWNER_OK;
}

static int by_start(const void *va, const void *vb)
{
	const struct po_extent *a = va, *b = vb;

	return a->start < b->start ? -1 : a->start > b->start;
}

/* Which of two banks is right cannot be known: an address was mistaken, or a file given twice. */
static int check_overlap(const struct pageowner_ram *ram, const struct po_extents *ext,
			 struct pageowner_error *err)
{
	for (size_t i = 1; i < ext->nr; i++) {
		const struct po_extent *a = &ext->at[i - 1], *b = &ext->at[i];
		if (b->start >= a->end)
			continue;
		return po_fail(err, PAGEOWNER_EINVAL,
			       "%s (at 0x%" PRIx64 ") and %s (at 0x%" PRIx64 ") overlap: both hold "
			       "0x%" PRIx64 "-0x%" PRIx64, ram[a->file].path, a->start,
			       ram[b->file].path, b->start, b->start,
			       (a->end < b->end ? a->end : b->end) - 1);
	}
	return PAGEOWNER_OK;
}

static int describe(struct po_image *img, const struct pageowner_ram *ram, size_t nr)
{
	if (nr > 1)
		return po_image_set(&img->description, "raw RAM, %zu banks", nr);
	if (!ram->has_base)
		return po_image_set(&img->description, "raw RAM, one image without an address");
	return po_image_set(&img->description, "raw RAM, one image at 0x%" PRIx64, ram->base);
}

static int open_banks(struct po_image *img, const struct pageowner_ram *ram, size_t nr,
		      struct pageowner_error *err)
{
	struct po_extents *ext = &po_pieces_of(img)->extents;
	uint64_t doubled;
	int rc = PAGEOWNER_OK;

	for (size_t i = 0; i < nr && rc == PAGEOWNER_OK; i++)
		rc = add_bank(img, &ram[i], i, err);
	if (rc < 0)
		return rc;
	qsort(ext->at, ext->nr, sizeof(*ext->at), by_start);
	rc = check_overlap(ram, ext, err);
	if (rc < 0)
		return rc;
	if (po_pieces_settle(img, &doubled) < 0 || describe(img, ram, nr) < 0)
		return po_fail_nomem(err, ram[0].path);
	img->floating = !ram[0].has_base;
	return PAGEOWNER_OK;
}

static int open_ram(const struct pageowner_ram *ram, size_t nr, struct po_image **ret,
		    struct pageowner_error *err)
{
	_cleanup_(po_image_closep) struct po_image *img = NULL;

	if (nr == 0)
		return po_fail(err, PAGEOWNER_EINVAL, "no file was named");
	if (nr > BANKS_MAX)
		return po_fail(err, PAGEOWNER_EINVAL, "%zu files are too many", nr);
	int rc = check_bases(ram, nr, err);
	if (rc == PAGEOWNER_OK)
		rc = po_pieces_new(ram[0].has_base ? &rawset_ops : &floating_ops, nr, &img, err);
	if (rc == PAGEOWNER_OK)
		rc = open_banks(img, ram, nr, err);
	if (rc < 0)
		return rc;
	*ret = po_take(img);
	return PAGEOWNER_OK;
}

int po_image_open_ram(const struct pageowner_ram *ram, size_t nr, struct po_image **ret,
		      struct pageowner_error *err)
{
	int rc = open_ram(ram, nr, ret, err);

	return rc < 0 ? po_within(err, rc, "open dump") : rc;
}
