/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A free block is on a list of its zone, order and migratetype from the moment it is marked as free.  The lists are
 * believed if each block on them is marked so, with that order, and there are as many as the zone has counted.
 */
#include "kernel/buddy.h"

#include <stdlib.h>

#include "kernel/kernel.h"
#include "kernel/list.h"

#define FEW_BLOCKS(pfns) ((pfns) / 256)	/* each may lie in a page of struct pages of its own, of 64 */
#define MAX_STRUCT	256

struct reader {
	const struct po_kernel *k;
	struct po_memory *mem;
	struct po_buddies *b;
	uint64_t left;		/* blocks that may still be met */
};

static void mark(struct po_buddies *b, uint64_t pfn, uint64_t nr)
{
	for (; nr > 0 && pfn < b->nr; pfn++, nr--)
		b->bits[pfn / 64] |= (uint64_t)1 << pfn % 64;
}

static bool read_block(struct reader *r, uint64_t link, unsigned order)
{
	const struct po_layout *l = &r->k->l;
	uint8_t raw[MAX_STRUCT];
	uint64_t pfn, kva = link - (PO_HAS(l, page, buddy_list) ? PO_OFFSET(l, page, buddy_list) :
								  PO_OFFSET(l, page, lru));

	if (!po_memmap_pfn_of(&r->k->map, kva, &pfn) ||
	    po_memory_read(r->mem, kva, raw, r->k->map.page_size, NULL) < 0 ||
	    !po_page_is_buddy(r->k, raw) || po_page_private(r->k, raw) != order)
		return false;
	mark(r->b, pfn, (uint64_t)1 << order);
	return true;
}

/* All blocks of an order; false: something is wrong with them. */
static bool read_order(struct reader *r, uint64_t zone, unsigned order)
{
	const struct po_layout *l = &r->k->l;
	const uint64_t area = po_zone_free_area(r->k, zone, order);
	const uint64_t types = PO_AT(l, free_area, free_list)->type.nr_elems;
	uint64_t nr_free, met = 0, link;
	int rc = 0;

	if (po_zone_number(r->mem, area, PO_AT(l, free_area, nr_free), &nr_free, NULL) < 0 || nr_free > r->left)
		return false;
	for (unsigned type = 0; type < types && rc == 0; type++) {
		struct po_list list = po_list_of(r->mem, po_zone_free_list(r->k, area, type), (unsigned)nr_free);

		while ((rc = po_list_next(&list, &link, NULL)) == 1 && read_block(r, link, order))
			met++;
	}
	r->left -= nr_free;
	return rc == 0 && met == nr_free;
}

int po_buddies_read(const struct po_kernel *k, struct po_memory *mem, struct po_buddies *ret)
{
	const struct po_layout *l = &k->l;
	struct reader r = { k, mem, ret, FEW_BLOCKS(k->max_pfn) };
	bool good = !k->zones.lost && PO_HAS(l, free_area, nr_free) &&
		    (PO_HAS(l, page, lru) || PO_HAS(l, page, buddy_list));

	if (!good)
		return 0;
	ret->nr = k->max_pfn;
	ret->bits = calloc((size_t)(ret->nr / 64 + 1), sizeof(*ret->bits));
	if (!ret->bits)
		return PAGEOWNER_ENOMEM;
	for (size_t z = 0; z < k->zones.nr && good; z++)
		for (unsigned order = 0; order <= k->max_order && good; order++)
			good = read_order(&r, k->zones.zone[z].kva, order);
	if (!good)
		po_buddies_fini(ret);
	return good;
}

void po_buddies_fini(struct po_buddies *b)
{
	free(b->bits);
	*b = (struct po_buddies){ .nr = 0 };
}
