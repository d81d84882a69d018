/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "proc/blocks.h"

#include <inttypes.h>

#include "base/status.h"

int po_migratetypes_read(const struct po_proc *p, struct po_migratetypes *ret, struct pageowner_error *err)
{
	const struct po_layout *l = &p->k->l;
	uint64_t names = PO_SYM(l, migratetype_names), at;
	int rc = 0;

	if (!names)
		return po_fail(err, PAGEOWNER_ENOSYM, "this kernel has no table migratetype_names");
	ret->cma = PO_HAS_ENUM(l, MIGRATE_CMA) ? (int)PO_ENUM(l, MIGRATE_CMA) : -1;
	ret->movable = PO_HAS_ENUM(l, MIGRATE_MOVABLE) ? (int)PO_ENUM(l, MIGRATE_MOVABLE) : -1;
	ret->nr = (unsigned)PO_ENUM(l, MIGRATE_TYPES);
	if (!ret->nr || ret->nr > PO_MAX_MIGRATETYPES)
		return po_fail(err, PAGEOWNER_ENOTYPE, "%u migratetypes", ret->nr);
	for (unsigned i = 0; i < ret->nr && rc >= 0; i++) {
		rc = po_memory_read_ptr(p->mem, names + i * p->k->abi.ptr_size, &at, err);
		if (rc >= 0)
			rc = po_memory_read_string(p->mem, at, ret->name[i], sizeof(ret->name[i]), err);
	}
	return rc < 0 ? po_within(err, rc, "table migratetype_names") : PAGEOWNER_OK;
}

int po_proc_pages_open(struct po_proc_pages *pages, const struct po_proc *p, const struct po_migratetypes *types,
		       struct pageowner_error *err)
{
	*pages = (struct po_proc_pages){ .p = p, .types = types };
	if (p->k->map.page_size > PO_MAX_PAGE)
		return po_fail(err, PAGEOWNER_ENOTYPE, "struct page of %" PRIu64 " bytes", p->k->map.page_size);
	return po_proc_places_open(p, &pages->places, err);
}

/* --- a page -------------------------------------------------------------------------------------- */

bool po_proc_page_read(struct po_proc_pages *pages, struct po_proc_page *page)
{
	const struct po_kernel *k = pages->p->k;

	page->chunk = po_pfn_valid(k, page->pfn) ? po_memmap_chunk(&k->map, page->pfn, false) : NULL;
	if (!page->chunk)
		return false;
	uint64_t at = page->chunk->mem_map + (page->pfn - page->chunk->pfn) * k->map.page_size;
	if (po_memory_read(pages->p->mem, at, page->raw, k->map.page_size, NULL) == PAGEOWNER_OK)
		return true;
	pages->lost++;
	return false;
}

bool po_proc_page_is_of(const struct po_proc_pages *pages, const struct po_proc_page *page, const struct po_proc_zone *z)
{
	uint64_t flags = po_page_flags(pages->p->k, page->raw);

	return po_proc_zone_of(&pages->places, flags) == z->index &&
	       po_proc_node_of(pages->p, &pages->places, flags, page->pfn) == (int)z->node->id;
}

bool po_proc_page_is_reserved(const struct po_proc_pages *pages, const struct po_proc_page *page)
{
	const struct po_layout *l = &pages->p->k->l;

	return PO_HAS_ENUM(l, PG_reserved) &&
	       (po_page_flags(pages->p->k, page->raw) >> (PO_ENUM(l, PG_reserved) & 63) & 1);
}

int po_proc_page_owner(struct po_proc_pages *pages, const struct po_proc_page *page, unsigned *order, int *type)
{
	const struct po_kernel *k = pages->p->k;
	const struct po_layout *l = &k->l;
	int64_t bit = PO_HAS_ENUM(l, PAGE_EXT_OWNER_ALLOCATED) ? PO_ENUM(l, PAGE_EXT_OWNER_ALLOCATED) :
								 PO_ENUM(l, PAGE_EXT_OWNER);
	uint64_t at = page->chunk->page_ext + (page->pfn - page->chunk->pfn) * k->ext.stride, flags, v, gfp;

	if (!page->chunk->page_ext)
		return 0;
	if (po_memory_read_uint(pages->p->mem, at + PO_OFFSET(l, page_ext, flags), k->abi.ptr_size, &flags, NULL) < 0) {
		pages->lost++;
		return 0;
	}
	if (!(flags >> (bit & 63) & 1))
		return 0;
	at += k->ext.owner_offset;
	if (po_memory_read_uint(pages->p->mem, at + k->ext.order->offset, k->ext.order->size, &v, NULL) < 0 ||
	    po_memory_read_uint(pages->p->mem, at + k->ext.gfp_mask->offset, k->ext.gfp_mask->size, &gfp, NULL) < 0) {
		pages->lost++;
		return 0;
	}
	*order = v <= k->max_order ? (unsigned)v : 0;
	*type = po_gfp_migratetype(k, (uint32_t)gfp);
	return 1;
}

/* --- blocks -------------------------------------------------------------------------------------- */

int po_proc_zone_span(const struct po_proc *p, const struct po_proc_zone *z, uint64_t *start, uint64_t *end,
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

int po_proc_count_blocks(struct po_proc_pages *pages, const struct po_proc_zone *z,
			 uint64_t count[PO_MAX_MIGRATETYPES], struct pageowner_error *err)
{
	const struct po_kernel *k = pages->p->k;
	uint64_t end = 0;
	struct po_proc_page page = { .pfn = 0 };
	int rc = po_proc_zone_span(pages->p, z, &page.pfn, &end, err);

	for (; rc == PAGEOWNER_OK && page.pfn < end; page.pfn += (uint64_t)1 << k->pageblock.order) {
		if (!po_proc_page_read(pages, &page) || !po_proc_page_is_of(pages, &page, z))
			continue;
		int type = po_pageblock_type(k, page.chunk, page.pfn);
		if (type >= 0 && (unsigned)type < pages->types->nr)
			count[type]++;
		pages->lost += type < 0;
	}
	return rc;
}

/* Whether a block of that type holds pages of another; page->pfn goes on to the first page behind what was looked at. */
static bool is_mixed(struct po_proc_pages *pages, const struct po_proc_zone *z, struct po_proc_page *page, uint64_t end,
		     int type)
{
	const struct po_kernel *k = pages->p->k;
	unsigned order;
	int of;

	for (; page->pfn < end; page->pfn++) {
		if (!po_proc_page_read(pages, page) || !po_proc_page_is_of(pages, page, z))
			continue;
		if (po_page_is_buddy(k, page->raw)) {
			uint64_t free_order = po_page_private(k, page->raw);
			if (free_order <= k->max_order)
				page->pfn += ((uint64_t)1 << free_order) - 1;
			continue;
		}
		if (po_proc_page_is_reserved(pages, page) || !po_proc_page_owner(pages, page, &order, &of))
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

int po_proc_count_mixed(struct po_proc_pages *pages, const struct po_proc_zone *z,
			uint64_t count[PO_MAX_MIGRATETYPES], struct pageowner_error *err)
{
	const struct po_kernel *k = pages->p->k;
	uint64_t end = 0;
	struct po_proc_page page = { .pfn = 0 };
	int rc = po_proc_zone_span(pages->p, z, &page.pfn, &end, err);

	while (rc == PAGEOWNER_OK && page.pfn < end) {
		if (!po_proc_page_read(pages, &page)) {
			page.pfn = align(page.pfn + 1, k->max_order);
			continue;
		}
		uint64_t block_end = align(page.pfn + 1, k->pageblock.order);
		int type = po_pageblock_type(k, page.chunk, page.pfn);
		pages->lost += type < 0;
		if (!is_mixed(pages, z, &page, block_end < end ? block_end : end, type))
			continue;
		if (type == pages->types->cma)
			type = pages->types->movable;
		if (type >= 0 && (unsigned)type < pages->types->nr)
			count[type]++;
	}
	return rc;
}
