/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Page-table formats.  Which one a dump uses is never looked up by version or board: find.c tries those
 * of the machine and keeps the one that leads the kernel's banner back to where it was found.
 */
#include "memory/xlat.h"

#include <elf.h>

#include "base/load.h"
#include "base/status.h"
#include "memory/memory.h"

#define X86_PRESENT	0x1u
#define X86_PSE		0x80u
#define X86_ADDR	0x000ffffffffff000ull

static int read_entry(struct po_memory *mem, uint64_t paddr, size_t bytes, uint64_t *ret,
		      struct pageowner_error *err)
{
	uint8_t raw[8];
	int rc = po_memory_read_phys(mem, paddr, raw, bytes, err);

	if (rc < 0)
		return po_within(err, rc, "page table");
	*ret = po_load(po_memory_abi(mem), raw, bytes);
	return PAGEOWNER_OK;
}

/* 9 bits a level, entries of 8 bytes; a leaf may stand at 1 GiB, 2 MiB or 4 KiB. */
static int walk_x86_64(const struct po_xlat *xlat, struct po_memory *mem, uint64_t kva,
		       struct po_leaf *ret, struct pageowner_error *err)
{
	unsigned shift = 12 + 9 * xlat->ops->levels;
	uint64_t table = xlat->root, entry = 0;

	if ((uint64_t)po_sign_extend(kva, shift) != kva)
		return 0;	/* not canonical */
	for (;;) {
		shift -= 9;
		int rc = read_entry(mem, table + ((kva >> shift) & 511) * 8, 8, &entry, err);
		if (rc < 0)
			return rc;
		if (!(entry & X86_PRESENT))
			return 0;
		table = entry & X86_ADDR & ~xlat->enc_mask;
		if (shift == 12 || (shift <= 30 && (entry & X86_PSE)))
			break;
	}
	uint64_t size = 1ull << shift;
	*ret = (struct po_leaf){ .kva = kva & ~(size - 1), .paddr = table & ~(size - 1), .size = size };
	return 1;
}

const struct po_xlat_ops po_xlat_formats[] = {
	{ .name = "x86_64, 4 levels", .machine = EM_X86_64, .levels = 4, .walk = walk_x86_64 },
	{ .name = "x86_64, 5 levels", .machine = EM_X86_64, .levels = 5, .walk = walk_x86_64 },
	{ .name = NULL },
};
