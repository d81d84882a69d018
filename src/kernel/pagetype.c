/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/pagetype.h"

/*
 * Generations: a number in the top byte (6.12); enumerators of bits that are clear, in the top byte (6.11); the same by
 * macros, in low bits (4.18).  Before, there are none but buddy pages and balloons.
 */
#define BASE_MACROS	0xf0000000u
#define BASE_6_11	0x80000000u
#define OFFLINE_BIT	0x100u		/* a balloon's, until 5.0 */
#define TABLE_BIT	0x200u		/* since commit 18b2db3b0385 (5.11) */
#define OLD_TABLE_BIT	0x400u		/* while 0x200 meant pages of the kernel that are charged */
#define HUGETLB_BIT	0x800u		/* commit d99e3140a4d3 (6.9) */

static void set(struct po_page_types *t, enum po_page_type type, uint32_t mask, uint32_t want)
{
	t->type[type].mask = mask;
	t->type[type].want = want;
}

/* Macros moved with 5.11, which no type tells of that is there without memory cgroups; of 5.14 one does. */
static void set_macros(struct po_page_types *t, const struct po_kernel *k)
{
	bool moved = PO_HAS(&k->l, page, memcg_data) || PO_HAS(&k->l, zone, per_cpu_pageset);
	uint32_t bit = moved ? TABLE_BIT : OLD_TABLE_BIT;

	set(t, PO_TYPE_OFFLINE, BASE_MACROS | OFFLINE_BIT, BASE_MACROS);
	set(t, PO_TYPE_TABLE, BASE_MACROS | bit, BASE_MACROS);
	set(t, PO_TYPE_GUARD, BASE_MACROS | bit << 1, BASE_MACROS);	/* since 5.1 */
	if (!PO_HAS_ENUM(&k->l, HUGETLB_PAGE_DTOR) && !PO_HAS_ENUM(&k->l, PG_hugetlb))
		set(t, PO_TYPE_HUGETLB, BASE_MACROS | HUGETLB_BIT, BASE_MACROS);
}

static void set_huge_mark(struct po_page_types *t, const struct po_kernel *k)
{
	const struct po_layout *l = &k->l;
	const struct po_member *m = PO_HAS(l, page, compound_dtor)  ? PO_AT(l, page, compound_dtor) :
				    PO_HAS(l, folio, _folio_dtor) ? PO_AT(l, folio, _folio_dtor) : NULL;

	if (m && PO_HAS_ENUM(l, HUGETLB_PAGE_DTOR)) {
		t->huge_offset = m->offset % k->map.page_size;	/* of a folio: its second page */
		t->huge_bytes = (unsigned)m->size;
		t->huge_mask = UINT64_MAX;
		t->huge_want = (uint64_t)PO_ENUM(l, HUGETLB_PAGE_DTOR);
	} else if (PO_HAS_ENUM(l, PG_hugetlb) && PO_ENUM(l, PG_hugetlb) < 64) {	/* commit 9c5ccf2db04b (6.6) */
		t->huge_offset = PO_HAS(l, page, flags_f) ? PO_OFFSET(l, page, flags_f) : PO_OFFSET(l, page, flags);
		t->huge_bytes = k->abi.ptr_size;
		t->huge_mask = t->huge_want = (uint64_t)1 << PO_ENUM(l, PG_hugetlb);
	}
}

void po_page_types_open(struct po_page_types *t, const struct po_kernel *k)
{
	const struct po_layout *l = &k->l;
	const struct {
		bool number, bit;
		int64_t number_value, bit_value;
	} names[PO_NR_TYPES] = {
#define TYPE(name) \
	{ PO_HAS_ENUM(l, PGTY_##name), PO_HAS_ENUM(l, PG_##name), PO_ENUM(l, PGTY_##name), PO_ENUM(l, PG_##name) }
#define NUMBER(name) { PO_HAS_ENUM(l, PGTY_##name), false, PO_ENUM(l, PGTY_##name), 0 }
		[PO_TYPE_TABLE] = TYPE(table),
		[PO_TYPE_HUGETLB] = TYPE(hugetlb),
		[PO_TYPE_OFFLINE] = TYPE(offline),
		[PO_TYPE_GUARD] = TYPE(guard),
		[PO_TYPE_ZSMALLOC] = TYPE(zsmalloc),
		[PO_TYPE_UNACCEPTED] = NUMBER(unaccepted),
		[PO_TYPE_LARGE_KMALLOC] = NUMBER(large_kmalloc),
		[PO_TYPE_NETPP] = NUMBER(netpp),
#undef TYPE
#undef NUMBER
	};

	*t = (struct po_page_types){ .huge_bytes = 0 };
	set_huge_mark(t, k);
	if (PO_HAS(l, page, page_type) && !PO_HAS_ENUM(l, PGTY_buddy) && !PO_HAS_ENUM(l, PG_buddy))
		set_macros(t, k);
	for (unsigned i = 0; i < PO_NR_TYPES; i++) {
		if (names[i].number)
			set(t, i, 0xff000000u, (uint32_t)names[i].number_value << 24);
		else if (names[i].bit && names[i].bit_value >= 64)	/* below that it is a page flag */
			set(t, i, BASE_6_11 | (uint32_t)names[i].bit_value, BASE_6_11);
	}
}

bool po_page_is(const struct po_kernel *k, const struct po_page_types *t, const uint8_t *raw, enum po_page_type type)
{
	uint32_t v = (uint32_t)po_load(&k->abi, raw + k->page.type_offset, 4);

	return t->type[type].mask && (v & t->type[type].mask) == t->type[type].want;
}

bool po_page_is_hugetlb(const struct po_kernel *k, const struct po_page_types *t, const uint8_t *raw,
			const uint8_t *next)
{
	if (t->huge_bytes)
		return next && (po_load(&k->abi, next + t->huge_offset, t->huge_bytes) & t->huge_mask) == t->huge_want;
	return po_page_is(k, t, raw, PO_TYPE_HUGETLB);
}
