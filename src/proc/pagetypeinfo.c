/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "proc/proc.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/status.h"
#include "kernel/list.h"

#define MAX_TYPES	16
#define MAX_NAME	32
#define MAX_FREE	UINT32_MAX	/* entries of a free list; of all lists together as many as there are page frames */
#define FREE_CAP	100000		/* where it does not: commit 93b3a674485f (5.5) */
#define MAX_PAGE	256		/* bytes of a struct page, or of a page_ext entry */

struct run {
	const struct po_proc *p;
	unsigned nr_types;
	char name[MAX_TYPES][MAX_NAME];
	struct po_proc_places places;
	bool capped;
	int cma, movable;		/* numbers of these migratetypes; -1: there is none */
	uint64_t free_left;		/* blocks that there may still be in free lists */
	uint64_t lost_pages;		/* whose struct page or page_ext entry is not in the dump */
};

static void put_counts(const struct run *r, const struct po_proc_zone *z, const uint64_t *count)
{
	po_proc_put(r->p, "Node %u, zone %8s ", z->node->id, z->name);
	for (unsigned i = 0; i < r->nr_types; i++)
		po_proc_put(r->p, "%12" PRIu64 " ", count[i]);
	po_proc_put(r->p, "\n");
}

static void put_head(const struct run *r, const char *title)
{
	po_proc_put(r->p, "\n%-23s", title);
	for (unsigned i = 0; i < r->nr_types; i++)
		po_proc_put(r->p, "%12s ", r->name[i]);
	po_proc_put(r->p, "\n");
}

/* --- free pages ---------------------------------------------------------------------------------- */

static void put_free(struct run *r, uint64_t head)
{
	struct po_list list = po_list_of(r->p->mem, head, r->free_left < MAX_FREE ? (unsigned)r->free_left : MAX_FREE);
	struct pageowner_error why;
	uint64_t at, nr = 0;
	bool over = false;
	int rc = 0;

	while (!over && (rc = po_list_next(&list, &at, &why)) == 1)
		over = ++nr >= FREE_CAP && r->capped;
	if (rc < 0) {
		(void)po_within(&why, rc, "free list");
		po_proc_flaw(r->p, &why);
	}
	r->free_left -= nr;
	po_proc_put(r->p, "%s%6" PRIu64 " ", over ? ">" : "", nr);
}

static int put_zone_free(const struct po_proc *p, const struct po_proc_zone *z, void *arg, struct pageowner_error *err)
{
	struct run *r = arg;

	(void)err;
	for (unsigned type = 0; z->populated && type < r->nr_types; type++) {
		po_proc_put(p, "Node %4u, zone %8s, type %12s ", z->node->id, z->name, r->name[type]);
		for (unsigned order = 0; order <= p->k->max_order; order++)
			put_free(r, po_zone_free_list(p->k, po_zone_free_area(p->k, z->kva, order), type));
		po_proc_put(p, "\n");
	}
	return PAGEOWNER_OK;
}

/* --- pageblocks ---------------------------------------------------------------------------------- */

/* One page of a zone. */
struct page {
	uint64_t pfn;
	const struct po_chunk *chunk;
	uint8_t raw[MAX_PAGE];
};

/* Whether there is a page (pfn_to_online_page()), and its bytes are; what is not in the dump is counted. */
static bool read_page(struct run *r, struct page *page)
{
	const struct po_kernel *k = r->p->k;

	page->chunk = po_pfn_valid(k, page->pfn) ? po_memmap_chunk(&k->map, page->pfn, false) : NULL;
	if (!page->chunk)
		return false;
	uint64_t at = page->chunk->mem_map + (page->pfn - page->chunk->pfn) * k->map.page_size;
	if (po_memory_read(r->p->mem, at, page->raw, k->map.page_size, NULL) == PAGEOWNER_OK)
		return true;
	r->lost_pages++;
	return false;
}

static bool is_of(const struct run *r, const struct page *page, const struct po_proc_zone *z)
{
	uint64_t flags = po_page_flags(r->p->k, page->raw);

	return po_proc_zone_of(&r->places, flags) == z->index &&
	       po_proc_node_of(r->p, &r->places, flags, page->pfn) == (int)z->node->id;
}

static int span_of(const struct po_proc *p, const struct po_proc_zone *z, uint64_t *start, uint64_t *end,
		   struct pageowner_error *err)
{
	const struct po_layout *l = &p->k->l;
	uint64_t spanned = 0;
	int rc = po_zone_number(p->mem, z->kva, PO_AT(l, zone, zone_start_pfn), start, err);

	if (rc == PAGEOWNER_OK)
		rc = po_zone_number(p->mem, z->kva, PO_AT(l, zone, spanned_pages), &spanned, err);
	if (rc == PAGEOWNER_OK && (po_add(*start, spanned, end) || *end > p->k->max_pfn))
		*end = p->k->max_pfn;	/* corrupt: there is nothing behind */
	return rc;
}

static int put_zone_blocks(const struct po_proc *p, const struct po_proc_zone *z, void *arg, struct pageowner_error *err)
{
	uint64_t count[MAX_TYPES] = { 0 }, step = (uint64_t)1 << p->k->pageblock.order, end = 0;
	struct run *r = arg;
	struct page page = { .pfn = 0 };

	if (!z->populated)
		return PAGEOWNER_OK;
	int rc = span_of(p, z, &page.pfn, &end, err);
	for (; rc == PAGEOWNER_OK && page.pfn < end; page.pfn += step) {
		if (!read_page(r, &page) || !is_of(r, &page, z))
			continue;
		int type = po_pageblock_type(p->k, page.chunk, page.pfn);
		if (type >= 0 && (unsigned)type < r->nr_types)
			count[type]++;
		r->lost_pages += type < 0;
	}
	if (rc == PAGEOWNER_OK)
		put_counts(r, z, count);
	return rc;
}

/* --- mixed blocks -------------------------------------------------------------------------------- */

/* What its record says of a page that is owned: 1; 0: it is not, or has none. */
static int read_owner(struct run *r, const struct page *page, unsigned *order, int *type)
{
	const struct po_kernel *k = r->p->k;
	const struct po_layout *l = &k->l;
	int64_t bit = PO_HAS_ENUM(l, PAGE_EXT_OWNER_ALLOCATED) ? PO_ENUM(l, PAGE_EXT_OWNER_ALLOCATED) :
								 PO_ENUM(l, PAGE_EXT_OWNER);
	uint64_t at = page->chunk->page_ext + (page->pfn - page->chunk->pfn) * k->ext.stride, flags, v, gfp;

	if (!page->chunk->page_ext)
		return 0;
	if (po_memory_read_uint(r->p->mem, at + PO_OFFSET(l, page_ext, flags), k->abi.ptr_size, &flags, NULL) < 0) {
		r->lost_pages++;
		return 0;
	}
	if (!(flags >> (bit & 63) & 1))
		return 0;
	at += k->ext.owner_offset;
	if (po_memory_read_uint(r->p->mem, at + k->ext.order->offset, k->ext.order->size, &v, NULL) < 0 ||
	    po_memory_read_uint(r->p->mem, at + k->ext.gfp_mask->offset, k->ext.gfp_mask->size, &gfp, NULL) < 0) {
		r->lost_pages++;
		return 0;
	}
	*order = v <= k->max_order ? (unsigned)v : 0;
	*type = po_gfp_migratetype(k, (uint32_t)gfp);
	return 1;
}

/* Whether a block of that type holds pages of another; page->pfn goes on to the first page behind what was looked at. */
static bool is_mixed(struct run *r, const struct po_proc_zone *z, struct page *page, uint64_t end, int type)
{
	const struct po_kernel *k = r->p->k;
	const struct po_layout *l = &k->l;
	unsigned order;
	int of;

	for (; page->pfn < end; page->pfn++) {
		if (!read_page(r, page) || !is_of(r, page, z))
			continue;
		if (po_page_is_buddy(k, page->raw)) {
			uint64_t free_order = po_page_private(k, page->raw);
			if (free_order <= k->max_order)
				page->pfn += ((uint64_t)1 << free_order) - 1;
			continue;
		}
		if (PO_HAS_ENUM(l, PG_reserved) &&
		    (po_page_flags(k, page->raw) >> (PO_ENUM(l, PG_reserved) & 63) & 1))
			continue;
		if (!read_owner(r, page, &order, &of))
			continue;
		if (of != type) {
			page->pfn = end;
			return true;
		}
		page->pfn += ((uint64_t)1 << order) - 1;
	}
	return false;
}

static uint64_t align(uint64_t v, unsigned shift)
{
	uint64_t mask = ((uint64_t)1 << shift) - 1;

	return (v + mask) & ~mask;
}

static int put_zone_mixed(const struct po_proc *p, const struct po_proc_zone *z, void *arg, struct pageowner_error *err)
{
	uint64_t count[MAX_TYPES] = { 0 }, end = 0;
	struct run *r = arg;
	struct page page = { .pfn = 0 };

	if (!z->populated)
		return PAGEOWNER_OK;
	int rc = span_of(p, z, &page.pfn, &end, err);
	while (rc == PAGEOWNER_OK && page.pfn < end) {
		if (!read_page(r, &page)) {
			page.pfn = align(page.pfn + 1, p->k->max_order);
			continue;
		}
		uint64_t block_end = align(page.pfn + 1, p->k->pageblock.order);
		int type = po_pageblock_type(p->k, page.chunk, page.pfn);
		r->lost_pages += type < 0;
		if (!is_mixed(r, z, &page, block_end < end ? block_end : end, type))
			continue;
		if (type == r->cma)
			type = r->movable;
		if (type >= 0 && (unsigned)type < r->nr_types)
			count[type]++;
	}
	if (rc == PAGEOWNER_OK)
		put_counts(r, z, count);
	return rc;
}

/* --- a node -------------------------------------------------------------------------------------- */

static int put_node(struct run *r, const struct po_node *node, struct pageowner_error *err)
{
	const struct po_proc *p = r->p;

	po_proc_put(p, "Page block order: %u\nPages per block:  %" PRIu64 "\n\n", p->k->pageblock.order,
		    (uint64_t)1 << p->k->pageblock.order);
	po_proc_put(p, "%-43s ", "Free pages count per migrate type at order");
	for (unsigned order = 0; order <= p->k->max_order; order++)
		po_proc_put(p, "%6u ", order);
	po_proc_put(p, "\n");
	int rc = po_proc_for_each_zone(p, node, put_zone_free, r, err);
	if (rc == PAGEOWNER_OK) {
		put_head(r, "Number of blocks type ");
		rc = po_proc_for_each_zone(p, node, put_zone_blocks, r, err);
	}
	if (rc == PAGEOWNER_OK && p->owned) {
		put_head(r, "Number of mixed blocks ");
		rc = po_proc_for_each_zone(p, node, put_zone_mixed, r, err);
	}
	return rc;
}

static int read_names(struct run *r, struct pageowner_error *err)
{
	const struct po_layout *l = &r->p->k->l;
	uint64_t names = PO_SYM(l, migratetype_names), at;
	int rc = 0;

	if (!names)
		return po_fail(err, PAGEOWNER_ENOSYM, "this kernel has no table migratetype_names");
	r->nr_types = (unsigned)PO_ENUM(l, MIGRATE_TYPES);
	if (!r->nr_types || r->nr_types > MAX_TYPES)
		return po_fail(err, PAGEOWNER_ENOTYPE, "%u migratetypes", r->nr_types);
	for (unsigned i = 0; i < r->nr_types && rc >= 0; i++) {
		rc = po_memory_read_ptr(r->p->mem, names + i * r->p->k->abi.ptr_size, &at, err);
		if (rc >= 0)
			rc = po_memory_read_string(r->p->mem, at, r->name[i], MAX_NAME, err);
	}
	return rc < 0 ? po_within(err, rc, "table migratetype_names") : PAGEOWNER_OK;
}

int po_proc_pagetypeinfo(const struct po_proc *p, struct pageowner_error *err)
{
	const struct po_layout *l = &p->k->l;
	struct pageowner_error why;
	struct run r = { .p = p, .free_left = p->k->max_pfn };
	int rc = read_names(&r, err);

	if (rc == PAGEOWNER_OK)
		rc = po_proc_places_open(p, &r.places, err);
	if (rc == PAGEOWNER_OK && p->k->map.page_size > MAX_PAGE)
		rc = po_fail(err, PAGEOWNER_ENOTYPE, "struct page of %" PRIu64 " bytes", p->k->map.page_size);
	if (rc < 0)
		return rc;
	r.capped = po_proc_has_string(p, "%s%6lu ");
	r.cma = PO_HAS_ENUM(l, MIGRATE_CMA) ? (int)PO_ENUM(l, MIGRATE_CMA) : -1;
	r.movable = PO_HAS_ENUM(l, MIGRATE_MOVABLE) ? (int)PO_ENUM(l, MIGRATE_MOVABLE) : -1;
	for (size_t i = 0; i < p->k->zones.nr_nodes && rc == PAGEOWNER_OK; i++) {
		const struct po_node *node = &p->k->zones.node[i];
		if (po_proc_is_online(p, node) && po_node_has_state(p->k, p->mem, node, PO_HAS_ENUM(l, N_MEMORY) ?
									PO_ENUM(l, N_MEMORY) : -1))
			rc = put_node(&r, node, err);
	}
	if (rc == PAGEOWNER_OK && r.lost_pages) {
		(void)po_fail(&why, PAGEOWNER_ENODATA, "blocks: %" PRIu64 " pages that were asked for are not in the dump",
			      r.lost_pages);
		po_proc_flaw(p, &why);
	}
	return rc;
}
