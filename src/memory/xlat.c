/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Page-table formats.  Which one a dump uses is never looked up by version or board: find.c tries those
 * of the machine and keeps the one that leads the kernel's banner back to where it was found.
 *
 * Every format is a radix tree whose top level takes the bits that the others leave, so one walk serves
 * all; they differ in what an entry says.
 */
#include "memory/xlat.h"

#include <elf.h>

#include "base/load.h"
#include "base/status.h"
#include "memory/memory.h"

/* Bits high to low of an entry, in their place. */
static uint64_t bits_of(uint64_t entry, unsigned high, unsigned low)
{
	return entry & (UINT64_MAX >> (63 - high)) & ~(((uint64_t)1 << low) - 1);
}

/* --- x86 ----------------------------------------------------------------------------------------- */

#define X86_PRESENT	0x1u
#define X86_PSE		0x80u
#define X86_PROTNONE	0x100u	/* of an entry that is not present */

/* Entries of 8 bytes: x86_64, and i386 with PAE.  A leaf may stand at 1 GiB (not PAE), 2 MiB or 4 KiB. */
static enum po_entry classify_x86(const struct po_xlat *xlat, uint64_t entry, unsigned *ret_shift,
				  uint64_t *ret)
{
	unsigned largest = xlat->ops->largest_shift;

	if (!(entry & X86_PRESENT))
		return PO_ENTRY_NONE;
	*ret = bits_of(entry, 51, 12) & ~xlat->enc_mask;
	return *ret_shift == 12 || (*ret_shift <= largest && (entry & X86_PSE)) ? PO_ENTRY_LEAF :
										 PO_ENTRY_TABLE;
}

/* i386 without PAE: 4 MiB pages may lie above 4 GiB (PSE-36), with bits 39:32 in 20:13. */
static enum po_entry classify_i386(const struct po_xlat *xlat, uint64_t entry, unsigned *ret_shift,
				   uint64_t *ret)
{
	(void)xlat;
	if (!(entry & X86_PRESENT))
		return PO_ENTRY_NONE;
	if (*ret_shift == 22 && (entry & X86_PSE)) {
		*ret = bits_of(entry, 31, 22) | bits_of(entry, 20, 13) << 19;
		return PO_ENTRY_LEAF;
	}
	*ret = bits_of(entry, 31, 12);
	return *ret_shift == 12 ? PO_ENTRY_LEAF : PO_ENTRY_TABLE;
}

/* --- arm ----------------------------------------------------------------------------------------- */

/* Short descriptors: sections of 1 MiB, supersections of 16 MiB, pages of 64 KiB and 4 KiB. */
static enum po_entry classify_arm_short(const struct po_xlat *xlat, uint64_t entry,
					unsigned *ret_shift, uint64_t *ret)
{
	unsigned type = entry & 3;

	(void)xlat;
	if (type == 0)
		return PO_ENTRY_NONE;
	if (*ret_shift == 20 && type == 1) {
		*ret = bits_of(entry, 31, 10);
		return PO_ENTRY_TABLE;
	}
	if (*ret_shift == 20 && (entry & 1u << 18)) {
		*ret = bits_of(entry, 31, 24) | bits_of(entry, 23, 20) << 12 | bits_of(entry, 8, 5) << 31;
		*ret_shift = 24;
	} else if (*ret_shift == 20) {
		*ret = bits_of(entry, 31, 20);
	} else if (type == 1) {
		*ret = bits_of(entry, 31, 16);
		*ret_shift = 16;
	} else {
		*ret = bits_of(entry, 31, 12);
	}
	return PO_ENTRY_LEAF;
}

/*
 * Long descriptors, arm's LPAE and arm64's alike: bit 0 valid, bit 1 table, or page at the last level.
 * What would be a block is reserved, and maps nothing, at the last level and above that of the largest.
 */
static enum po_entry classify_long(const struct po_xlat_ops *ops, uint64_t entry, unsigned shift)
{
	if (!(entry & 1))
		return PO_ENTRY_NONE;
	if (entry & 2)
		return shift == ops->page_shift ? PO_ENTRY_LEAF : PO_ENTRY_TABLE;
	return shift == ops->page_shift || shift > ops->largest_shift ? PO_ENTRY_NONE : PO_ENTRY_LEAF;
}

static enum po_entry classify_lpae(const struct po_xlat *xlat, uint64_t entry, unsigned *ret_shift,
				   uint64_t *ret)
{
	*ret = bits_of(entry, 39, 12);
	return classify_long(xlat->ops, entry, *ret_shift);
}

/*
 * With granules of 64 KiB, bits 15:12 of an entry are bits 51:48 of the address (LPA), which are zero where the
 * machine has none.  With 4 and 16 KiB, LPA2 moves bits 51:50 to 9:8, where others keep shareability: so only the
 * formats of 52-bit addresses read them.
 */
static enum po_entry classify_arm64(const struct po_xlat *xlat, uint64_t entry, unsigned *ret_shift,
				    uint64_t *ret)
{
	unsigned page_shift = xlat->ops->page_shift;

	if (page_shift == 16)
		*ret = bits_of(entry, 47, 16) | bits_of(entry, 15, 12) << 36;
	else if (xlat->ops->va_bits == 52)
		*ret = bits_of(entry, 49, page_shift) | bits_of(entry, 9, 8) << 42;
	else
		*ret = bits_of(entry, 47, page_shift);
	return classify_long(xlat->ops, entry, *ret_shift);
}

/* --- the walk ------------------------------------------------------------------------------------ */

/* Whether tables of this format can map an address at all. */
static bool canonical(const struct po_xlat_ops *ops, bool lower_half, uint64_t kva)
{
	if (ops->va_bits == 32)
		return kva <= UINT32_MAX;
	/* arm64 has tables for each half, and keeps tags in the top byte */
	if (ops->machine == EM_AARCH64 && lower_half)
		return (kva & ~(0xffull << 56)) >> ops->va_bits == 0;
	if (ops->machine == EM_AARCH64)
		return (kva | 0xffull << 56) >> ops->va_bits == UINT64_MAX >> ops->va_bits;
	return (uint64_t)po_sign_extend(kva, ops->va_bits) == kva;
}

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

/*
 * A page without any access (PROT_NONE, or for a while by NUMA balancing) is not present, with a bit that no swap entry
 * has; its address is inverted since the mitigations of L1TF (4.19), which the topmost bit tells.
 */
static int soften_x86(struct po_memory *mem, uint64_t at, unsigned shift, uint64_t *entry,
		      struct pageowner_error *err)
{
	(void)mem;
	(void)at;
	(void)err;
	if ((*entry & (X86_PRESENT | X86_PROTNONE)) != X86_PROTNONE || (shift > 12 && !(*entry & X86_PSE)))
		return PAGEOWNER_OK;
	if (*entry >> 51 & 1)
		*entry ^= bits_of(UINT64_MAX, 51, 12);
	*entry |= X86_PRESENT;
	return PAGEOWNER_OK;
}

/*
 * arm's processors do not tell Linux which pages are used, so the entry that they see is empty until one is; Linux has
 * its own 2048 bytes below, with bit 0 for a page that is there.
 */
static int soften_arm_short(struct po_memory *mem, uint64_t at, unsigned shift, uint64_t *entry,
			    struct pageowner_error *err)
{
	uint64_t own;

	if (*entry || shift != 12)
		return PAGEOWNER_OK;
	int rc = read_entry(mem, at - 2048, 4, &own, err);
	if (rc == PAGEOWNER_OK && (own & 1))
		*entry = bits_of(own, 31, 12) | 2;
	return rc;
}

static int walk(const struct po_xlat *xlat, struct po_memory *mem, uint64_t kva,
		struct po_leaf *ret, struct pageowner_error *err)
{
	const struct po_xlat_ops *ops = xlat->ops;
	unsigned shift = ops->page_shift + ops->level_bits * (ops->levels - 1);
	uint64_t table = xlat->root, entry = 0;
	uint64_t top = ((uint64_t)1 << (ops->va_bits - shift)) - 1;
	enum po_entry kind = PO_ENTRY_TABLE;

	if (!canonical(ops, xlat->lower_half, kva))
		return 0;
	for (uint64_t mask = top;; mask = ((uint64_t)1 << ops->level_bits) - 1) {
		uint64_t at = table + (kva >> shift & mask) * ops->entry_bytes;
		int rc = read_entry(mem, at, ops->entry_bytes, &entry, err);
		if (rc == PAGEOWNER_OK && xlat->lower_half && ops->soften)
			rc = ops->soften(mem, at, shift, &entry, err);
		if (rc < 0)
			return rc;
		kind = ops->classify(xlat, entry, &shift, &table);
		if (kind != PO_ENTRY_TABLE || shift == ops->page_shift)
			break;
		shift -= ops->level_bits;
	}
	if (kind != PO_ENTRY_LEAF)
		return 0;
	uint64_t size = (uint64_t)1 << shift;
	*ret = (struct po_leaf){ .kva = kva & ~(size - 1), .paddr = table & ~(size - 1), .size = size };
	return 1;
}

#define X86_64(va, nr, text)                                                               \
	{ .name = text, .machine = EM_X86_64, .page_shift = 12, .va_bits = va, .levels = nr, \
	  .level_bits = 9, .largest_shift = 30, .entry_bytes = 8, .classify = classify_x86,  \
	  .soften = soften_x86, .walk = walk }
#define ARM64(granule, shift, va, nr, largest)                                               \
	{ .name = "arm64, " granule " granule, " #va "-bit addresses", .machine = EM_AARCH64, \
	  .page_shift = shift, .va_bits = va, .levels = nr, .level_bits = (shift) - 3,       \
	  .largest_shift = largest, .entry_bytes = 8, .classify = classify_arm64, .walk = walk }

const struct po_xlat_ops po_xlat_formats[] = {
	X86_64(48, 4, "x86_64, 4 levels"),
	X86_64(57, 5, "x86_64, 5 levels"),
	ARM64("4K", 12, 48, 4, 30),
	ARM64("4K", 12, 39, 3, 30),
	ARM64("4K", 12, 52, 5, 39),	/* LPA2 brought blocks of one level more, here and below */
	ARM64("16K", 14, 47, 3, 25),
	ARM64("16K", 14, 48, 4, 25),
	ARM64("16K", 14, 36, 2, 25),
	ARM64("16K", 14, 52, 4, 36),
	ARM64("64K", 16, 52, 3, 42),	/* as LPA did, whatever the addresses */
	ARM64("64K", 16, 48, 3, 42),
	ARM64("64K", 16, 42, 2, 29),
	{ .name = "i386, PAE", .machine = EM_386, .page_shift = 12, .va_bits = 32, .levels = 3,
	  .level_bits = 9, .largest_shift = 21, .entry_bytes = 8, .classify = classify_x86,
	  .soften = soften_x86, .walk = walk },
	{ .name = "i386, 2 levels", .machine = EM_386, .page_shift = 12, .va_bits = 32, .levels = 2,
	  .level_bits = 10, .largest_shift = 22, .entry_bytes = 4, .classify = classify_i386,
	  .soften = soften_x86, .walk = walk },
	{ .name = "arm, short descriptors", .machine = EM_ARM, .page_shift = 12, .va_bits = 32,
	  .levels = 2, .level_bits = 8, .largest_shift = 24, .entry_bytes = 4,
	  .classify = classify_arm_short, .soften = soften_arm_short, .walk = walk },
	{ .name = "arm, LPAE", .machine = EM_ARM, .page_shift = 12, .va_bits = 32, .levels = 3,
	  .level_bits = 9, .largest_shift = 30, .entry_bytes = 8, .classify = classify_lpae,
	  .walk = walk },
	{ .name = NULL },
};
