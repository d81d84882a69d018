/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/pageclass.h"

#include "kernel/kernel.h"

/* Page types by inverted bits under a base in the top (4.18 to 6.11). */
#define PAGE_TYPE_BASE_OLD	0xf0000000u
#define PAGE_TYPE_BASE_6_11	0x80000000u	/* when the types themselves sit in the top byte */
#define PG_BUDDY_OLD		0x80u

void po_pageclass_open(struct po_kernel *k)
{
	const struct po_layout *l = &k->l;
	struct po_pageclass *pc = &k->page;

	pc->type_offset = PO_HAS(l, page, page_type) ? PO_OFFSET(l, page, page_type) :
						       PO_OFFSET(l, page, mapcount);
	if (PO_HAS_ENUM(l, PGTY_buddy)) {		/* one byte: commit 4ffca5a96678 (6.12) */
		pc->buddy_mask = 0xff000000u;
		pc->buddy_want = (uint32_t)PO_ENUM(l, PGTY_buddy) << 24;
	} else if (PO_HAS(l, page, page_type)) {	/* a cleared bit: commit 6e292b9be7f4 (4.18) */
		uint32_t bit = PO_HAS_ENUM(l, PG_buddy) ? (uint32_t)PO_ENUM(l, PG_buddy) : PG_BUDDY_OLD;
		uint32_t base = bit > 0xffffffu ? PAGE_TYPE_BASE_6_11 : PAGE_TYPE_BASE_OLD;
		pc->buddy_mask = base | bit;
		pc->buddy_want = base;
	} else {					/* PAGE_BUDDY_MAPCOUNT_VALUE */
		pc->buddy_mask = UINT32_MAX;
		pc->buddy_want = (uint32_t)-128;
	}
}

bool po_page_is_buddy(const struct po_kernel *k, const uint8_t *raw)
{
	uint32_t v = (uint32_t)po_load(&k->abi, raw + k->page.type_offset, 4);

	return (v & k->page.buddy_mask) == k->page.buddy_want;
}

uint64_t po_page_private(const struct po_kernel *k, const uint8_t *raw)
{
	return po_load_ptr(&k->abi, raw + PO_OFFSET(&k->l, page, private));
}

uint64_t po_page_flags(const struct po_kernel *k, const uint8_t *raw)
{
	const struct po_member *m = PO_HAS(&k->l, page, flags_f) ? PO_AT(&k->l, page, flags_f) :
								   PO_AT(&k->l, page, flags);

	return po_load_ptr(&k->abi, raw + m->offset);
}

uint32_t po_page_refcount(const struct po_kernel *k, const uint8_t *raw)
{
	const struct po_layout *l = &k->l;
	const struct po_member *m = PO_HAS(l, page, refcount) ? PO_AT(l, page, refcount) : PO_AT(l, page, count);

	return (uint32_t)po_load(&k->abi, raw + m->offset, 4);
}

bool po_page_is_tail(const struct po_kernel *k, const uint8_t *raw)
{
	const struct po_layout *l = &k->l;

	if (PO_HAS(l, page, compound_info))
		return po_load_ptr(&k->abi, raw + PO_OFFSET(l, page, compound_info)) & 1;
	if (PO_HAS(l, page, compound_head))
		return po_load_ptr(&k->abi, raw + PO_OFFSET(l, page, compound_head)) & 1;
	return PO_HAS_ENUM(l, PG_tail) && (po_page_flags(k, raw) >> (PO_ENUM(l, PG_tail) & 63) & 1);
}

/*
 * Where it is called compound_info, the word of a tail may be the mask that leads from its address to the head's, with
 * ones down to the alignment of the compound page (CONFIG_HUGETLB_PAGE_OPTIMIZE_VMEMMAP, of which no type tells); else
 * it is the head's address.  If that has the form of a mask, all addresses above it have its ones, too, and masking
 * leads there as well.
 */
uint64_t po_page_head(const struct po_kernel *k, uint64_t kva, const uint8_t *raw)
{
	const struct po_layout *l = &k->l;
	uint64_t word;

	if (PO_HAS(l, page, compound_info)) {
		word = po_load_ptr(&k->abi, raw + PO_OFFSET(l, page, compound_info)) & ~(uint64_t)1;
		uint64_t zeros = po_wrap(&k->abi, ~word);
		return zeros & (zeros + 1) ? word : kva & word;
	}
	if (PO_HAS(l, page, compound_head))
		return po_load_ptr(&k->abi, raw + PO_OFFSET(l, page, compound_head)) & ~(uint64_t)1;
	return PO_HAS(l, page, first_page) ? po_load_ptr(&k->abi, raw + PO_OFFSET(l, page, first_page)) : 0;
}

uint64_t po_page_memcg_data(const struct po_kernel *k, const uint8_t *raw)
{
	return PO_HAS(&k->l, page, memcg_data) ?
		       po_load_ptr(&k->abi, raw + PO_OFFSET(&k->l, page, memcg_data)) : 0;
}
