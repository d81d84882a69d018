/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ELF cores of machines: QEMU's, makedumpfile's, copies of /proc/vmcore.  Of the program headers
 * only p_paddr is believed.  The class of the file says nothing about the width of the machine
 * (QEMU writes ELFCLASS64 cores of i386 guests), and p_vaddr says nothing at all.
 *
 * Bytes past p_filesz were dropped by a filter (makedumpfile -E), bytes past the end of the file
 * were lost: the difference is kept for every address.
 */
#include "image/image.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/load.h"
#include "base/status.h"
#include "image/elfhdr.h"
#include "image/extents.h"
#include "image/mapped.h"
#include "image/pieces.h"

/* How many pages are compared where two segments claim the same memory from different places. */
#define CONFLICT_SAMPLES 32
#define CONFLICT_STEPS 65536

/* While the headers are read. */
struct reader {
	const struct po_file *file;
	struct po_elfhdr eh;
	struct po_image *img;
	struct po_pieces *core;
	const struct po_mapped *map;
	struct po_extents pieces;	/* as the headers say, before overlaps are settled */
	uint32_t loads;			/* PT_LOADs with a physical address */
	bool some_paddr;		/* one of them is not 0 */
	struct pageowner_error *err;
};

static const struct po_image_ops elf_ops = {
	.name = "ELF core",
	PO_PIECES_OPS,
};

/* One PT_LOAD: what is in the file, what was cut off, what was dropped. */
static int add_load(struct reader *rd, uint32_t index, const struct po_phdr *ph)
{
	const uint64_t offset = ph->offset, paddr = ph->paddr, filesz = ph->filesz;
	uint64_t memsz = ph->memsz, end, file_end;

	/* "no physical address": the virtual areas of the kernel's own headers */
	if (paddr == po_elfhdr_no_address(&rd->eh))
		return PAGEOWNER_OK;
	if (memsz < filesz)
		memsz = filesz;
	if (memsz == 0)
		return PAGEOWNER_OK;
	if (po_add(paddr, memsz, &end) || po_add(offset, filesz, &file_end))
		return po_fail(rd->err, PAGEOWNER_ECORRUPT,
			       "program header %" PRIu32 ": 0x%" PRIx64 " bytes of memory at 0x%"
			       PRIx64 ", 0x%" PRIx64 " of file at 0x%" PRIx64, index, memsz, paddr,
			       filesz, offset);
	rd->loads++;
	rd->some_paddr |= paddr != 0;

	uint64_t size = rd->file->size;
	uint64_t held = file_end <= size ? filesz : offset < size ? size - offset : 0;
	const struct po_extent parts[] = {
		{ paddr, paddr + held, offset, index, PO_HAVE, 0 },
		{ paddr + held, paddr + filesz, offset + held, index, PO_TRUNCATED, 0 },
		{ paddr + filesz, end, file_end, index, PO_ZEROED, 0 },
	};
	for (size_t i = 0; i < 3; i++)
		if (po_extents_add(&rd->pieces, &parts[i]) < 0)
			return po_fail_nomem(rd->err, "program headers");
	return PAGEOWNER_OK;
}

static int read_phdrs(struct reader *rd)
{
	struct po_phdr ph;
	int rc = PAGEOWNER_OK;

	for (uint32_t i = 0; i < rd->eh.phnum && rc == PAGEOWNER_OK; i++) {
		rc = po_elfhdr_phdr(&rd->eh, i, &ph, rd->err);
		if (rc == PAGEOWNER_OK && ph.type == PO_PT_LOAD)
			rc = add_load(rd, i, &ph);
		else if (rc == PAGEOWNER_OK && ph.type == PO_PT_NOTE)
			rc = po_elfhdr_notes(&rd->eh, &ph, rd->img, rd->err);
	}
	return rc;
}

/* Do the page of piece p at paddr and the page that won over it hold the same bytes? */
static bool same_bytes(const struct reader *rd, const struct po_extent *p,
		       const struct po_extent *e, uint64_t paddr)
{
	uint8_t a[4096], b[4096];
	size_t len = sizeof(a), got_a, got_b;
	uint64_t end = p->end < e->end ? p->end : e->end;

	if (len > end - paddr)
		len = (size_t)(end - paddr);
	if (po_mapped_read(rd->map, p->offset + (paddr - p->start), a, len, &got_a) ||
	    po_mapped_read(rd->map, e->offset + (paddr - e->start), b, len, &got_b))
		return true;	/* cannot tell: reading it will */
	return memcmp(a, b, len) == 0;
}

/*
 * Kernels describe their text twice, so overlaps are normal and the same bytes stand on both
 * places. If a sample shows that they do not, the user must know which of them is used.
 */
static int tell_conflict(struct reader *rd)
{
	const struct po_extents *ext = &rd->core->extents;
	unsigned samples = CONFLICT_SAMPLES, steps = CONFLICT_STEPS;

	for (size_t i = 0; i < rd->pieces.nr; i++) {
		const struct po_extent *p = &rd->pieces.at[i];
		size_t k = po_extents_find(ext, p->start, SIZE_MAX);
		if (p->cause != PO_HAVE)
			continue;
		for (; k < ext->nr && ext->at[k].start < p->end; k++) {
			const struct po_extent *e = &ext->at[k];
			uint64_t at = e->start > p->start ? e->start : p->start;
			if (steps-- == 0 || samples == 0)
				return 0;
			if (e->order == p->order || e->cause != PO_HAVE ||
			    e->offset + (at - e->start) == p->offset + (at - p->start))
				continue;
			samples--;
			if (same_bytes(rd, p, e, at))
				continue;
			return po_image_notice(rd->img, "dump: %s: program headers %" PRIu32
					       " and %" PRIu32 " give different bytes for 0x%"
					       PRIx64 ", the former's are used", rd->file->path,
					       e->order, p->order, at);
		}
	}
	return 0;
}

/* The words that follow from the settled extents. */
static int describe(struct reader *rd, uint64_t doubled)
{
	struct po_image *img = rd->img;
	char twice[64] = "";

	if (doubled)
		(void)snprintf(twice, sizeof(twice), ", %s described twice",
			       po_size_words(doubled).text);
	if (po_image_set(&img->description, "ELF core, %" PRIu32 " segments%s", rd->loads,
			 twice) < 0)
		return -1;
	if (img->truncated && po_pieces_tell_cut(rd->img, rd->file) < 0)
		return -1;
	return doubled ? tell_conflict(rd) : 0;
}

static int settle(struct reader *rd)
{
	uint64_t doubled;

	if (rd->loads == 0)
		return po_fail(rd->err, PAGEOWNER_EFORMAT,
			       "an ELF core without memory at physical addresses");
	if (rd->loads > 1 && !rd->some_paddr)
		return po_fail(rd->err, PAGEOWNER_EFORMAT,
			       "the ELF core of a process (all physical addresses are 0), not of a "
			       "machine");
	for (size_t i = 0; i < rd->pieces.nr; i++)
		if (po_extents_add(&rd->core->extents, &rd->pieces.at[i]) < 0)
			return po_fail_nomem(rd->err, "program headers");
	if (po_pieces_settle(rd->img, &doubled) < 0 || describe(rd, doubled) < 0)
		return po_fail_nomem(rd->err, "program headers");
	return PAGEOWNER_OK;
}

static enum po_cause read_mapped(const void *self, uint64_t offset, void *buf, size_t len, size_t *done)
{
	return po_mapped_read(self, offset, buf, len, done);
}

static int read_core(struct po_image *img, const struct po_file *file, struct pageowner_error *err)
{
	struct po_pieces *core = po_pieces_of(img);
	struct reader rd = {
		.file = file,
		.eh = { .read = read_mapped, .self = core->map[0] },
		.img = img,
		.core = core,
		.map = core->map[0],
		.err = err,
	};
	int rc = po_elfhdr_open(&rd.eh, img, file->size, err);

	if (rc == PAGEOWNER_OK)
		rc = read_phdrs(&rd);
	if (rc == PAGEOWNER_OK)
		rc = settle(&rd);
	po_extents_fini(&rd.pieces);
	return rc;
}

static int elf_open(const struct po_file *files, size_t nr, struct po_image **ret,
		    struct pageowner_error *err)
{
	_cleanup_(po_image_closep) struct po_image *img = NULL;

	if (nr > 1)
		return po_fail(err, PAGEOWNER_EINVAL,
			       "%s: an ELF core is one file, but %zu were given", files[0].path,
			       nr);
	int rc = po_pieces_new(&elf_ops, 1, &img, err);
	if (rc == PAGEOWNER_OK)
		rc = po_pieces_add_file(img, &files[0], err);
	if (rc < 0)
		return rc;
	rc = read_core(img, &files[0], err);
	if (rc < 0)
		return po_within(err, rc, "%s", files[0].path);
	*ret = po_take(img);
	return PAGEOWNER_OK;
}

const struct po_format po_format_elfcore = {
	.name = "ELF core",
	.probe = po_elfhdr_probe,
	.open = elf_open,
};
