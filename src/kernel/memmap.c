/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/memmap.h"

#include <elf.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/status.h"
#include "kernel/kernel.h"
#include "kernel/memblock.h"

#define SUBSECTION_SHIFT	21

void po_memmap_fini(struct po_memmap *map)
{
	for (size_t i = 0; i < map->nr; i++) {
		free(map->chunk[i].subsections);
		free(map->chunk[i].pageblocks);
	}
	free(map->chunk);
	free(map->valid);
	map->valid = NULL;
	map->nr_valid = 0;
	map->chunk = NULL;
	map->nr = 0;
}

const struct po_chunk *po_memmap_chunk(const struct po_memmap *map, uint64_t pfn, bool next)
{
	size_t low = 0, high = map->nr;

	while (low < high) {	/* first chunk that ends above pfn */
		size_t mid = low + (high - low) / 2;
		if (map->chunk[mid].pfn + map->chunk[mid].nr <= pfn)
			low = mid + 1;
		else
			high = mid;
	}
	if (low == map->nr || (!next && map->chunk[low].pfn > pfn))
		return NULL;
	return &map->chunk[low];
}

/* Whether a range of valid PFNs meets the pageblock of pfn: the rule of arm, with a block of 1 for others. */
static bool in_ranges(const struct po_memmap *map, uint64_t pfn, uint64_t block)
{
	uint64_t from = pfn & ~(block - 1), to = from + block;

	for (size_t i = 0; i < map->nr_valid; i++)
		if (map->valid[i].pfn < to && from < map->valid[i].pfn + map->valid[i].nr)
			return true;
	return false;
}

bool po_pfn_valid(const struct po_kernel *k, uint64_t pfn)
{
	const struct po_memmap *map = &k->map;

	const struct po_chunk *c = po_memmap_chunk(map, pfn, false);
	if (map->nr_valid && (!c || c->early || !c->subsections))
		return in_ranges(map, pfn, map->valid_by_block ? (uint64_t)1 << k->pageblock.order : 1);
	if (!c)
		return false;
	if (c->early || !c->subsections)
		return true;
	uint64_t bit = (pfn - c->pfn) >> (SUBSECTION_SHIFT - k->page_shift);
	return c->subsections[bit / 64] >> bit % 64 & 1;
}

struct po_chunk *po_memmap_add(struct po_memmap *map)
{
	if (map->nr % 64 == 0) {
		struct po_chunk *grown = realloc(map->chunk, (map->nr + 64) * sizeof(*grown));
		if (!grown)
			return NULL;
		map->chunk = grown;
	}
	memset(&map->chunk[map->nr], 0, sizeof(*map->chunk));
	return &map->chunk[map->nr++];
}

bool po_memmap_pfn_of(const struct po_memmap *map, uint64_t page_kva, uint64_t *ret)
{
	for (size_t i = 0; i < map->nr; i++) {
		uint64_t off = page_kva - map->chunk[i].mem_map;
		if (off / map->page_size < map->chunk[i].nr && off % map->page_size == 0) {
			*ret = map->chunk[i].pfn + off / map->page_size;
			return true;
		}
	}
	return false;
}

/* --- FLATMEM ------------------------------------------------------------------------------------- */

/*
 * One chunk a zone: struct pages and page_ext are the node's, but pageblock bits are kept by zone.  The page_ext
 * table begins at the block of MAX_ORDER pages that the node begins in.
 */
static int add_zone(struct po_kernel *k, struct po_memory *mem, const struct po_zone *zone,
		    struct pageowner_error *err)
{
	const struct po_layout *l = &k->l;
	uint64_t node = k->zones.node[zone->node].kva, start, mem_map, page_ext = 0, bits = 0;
	int rc = po_memory_read_ptr(mem, node + PO_OFFSET(l, pglist_data, node_start_pfn), &start, err);

	if (rc == PAGEOWNER_OK)
		rc = po_memory_read_ptr(mem, node + PO_OFFSET(l, pglist_data, node_mem_map), &mem_map, err);
	if (rc == PAGEOWNER_OK && k->ext.stride)
		rc = po_memory_read_ptr(mem, node + PO_OFFSET(l, pglist_data, node_page_ext), &page_ext, err);
	if (rc == PAGEOWNER_OK && PO_HAS(l, zone, pageblock_flags))
		rc = po_memory_read_ptr(mem, zone->kva + PO_OFFSET(l, zone, pageblock_flags), &bits, err);
	if (rc < 0)
		return rc;
	if (zone->pfn < start || zone->pfn >= k->max_pfn || zone->spanned > k->max_pfn - zone->pfn)
		return po_fail(err, PAGEOWNER_ECORRUPT, "0x%" PRIx64 " pages at PFN 0x%" PRIx64,
			       zone->spanned, zone->pfn);
	struct po_chunk *c = po_memmap_add(&k->map);
	if (!c)
		return po_fail_nomem(err, "zones");
	uint64_t base = start >> k->max_order << k->max_order;
	c->pfn = zone->pfn;
	c->nr = zone->spanned;
	c->early = true;
	c->usage = bits;
	c->mem_map = po_wrap(&k->abi, mem_map + (zone->pfn - start) * k->map.page_size);
	if (page_ext)
		c->page_ext = po_wrap(&k->abi, page_ext + (zone->pfn - base) * k->ext.stride);
	return PAGEOWNER_OK;
}

static int by_pfn(const void *a, const void *b)
{
	const struct po_chunk *x = a, *y = b;

	return x->pfn < y->pfn ? -1 : x->pfn > y->pfn;
}

static int open_flat(struct po_kernel *k, struct po_memory *mem, struct pageowner_error *err)
{
	const struct po_layout *l = &k->l;

	if (!PO_HAS(l, pglist_data, node_mem_map) || (k->ext.stride && !PO_HAS(l, pglist_data, node_page_ext)))
		return po_fail(err, PAGEOWNER_EUNSUPP,
			       "memory model: neither mem_section nor pglist_data.node_mem_map is known");
	k->map.model = PO_HAS_SYM(l, node_data) ? "DISCONTIGMEM" : "FLATMEM";
	for (size_t i = 0; i < k->zones.nr; i++) {
		int rc = add_zone(k, mem, &k->zones.zone[i], err);
		if (rc < 0)
			return po_within(err, rc, "zone %u of node %u", k->zones.zone[i].index,
					 k->zones.node[k->zones.zone[i].node].id);
	}
	if (k->map.nr)
		qsort(k->map.chunk, k->map.nr, sizeof(*k->map.chunk), by_pfn);
	for (size_t i = 1; i < k->map.nr; i++)
		if (k->map.chunk[i].pfn < k->map.chunk[i - 1].pfn + k->map.chunk[i - 1].nr)
			return po_fail(err, PAGEOWNER_ECORRUPT, "zones overlap at PFN 0x%" PRIx64,
				       k->map.chunk[i].pfn);
	return PAGEOWNER_OK;
}

/* --- which PFNs are valid ------------------------------------------------------------------------ */

static int add_valid(struct po_memmap *map, uint64_t pfn, uint64_t nr)
{
	struct po_pfn_range *grown = realloc(map->valid, (map->nr_valid + 1) * sizeof(*grown));

	if (!grown)
		return PAGEOWNER_ENOMEM;
	map->valid = grown;
	grown[map->nr_valid++] = (struct po_pfn_range){ pfn, nr };
	return PAGEOWNER_OK;
}

/*
 * With DISCONTIGMEM i386 asks for a PFN's node by stretches of 64 MiB, and whether it lies below the end of it: so a
 * block is valid in which a node begins later.
 */
static int add_blocks(struct po_kernel *k, struct pageowner_error *err)
{
	for (size_t i = 0; i < k->map.nr; i++) {
		const struct po_chunk *c = &k->map.chunk[i];
		uint64_t first = c->pfn >> k->max_order << k->max_order;

		if (add_valid(&k->map, first, c->pfn + c->nr - first) < 0)
			return po_fail_nomem(err, "valid PFNs");
	}
	return PAGEOWNER_OK;
}

/*
 * A page frame number is valid by memblock where the machine has a pfn_valid() of its own, by max_mapnr with FLATMEM, by
 * its node, else by its section.  arm takes all of a pageblock that a region meets.  arm64 leaves out what is not mapped,
 * until the question whether it is mapped became a function of its own (commit 873ba463914c, 5.14).
 */
static int find_valid(struct po_kernel *k, struct po_memory *mem, struct pageowner_error *err)
{
	const struct po_layout *l = &k->l;
	uint64_t nr;

	/* until 5.15 arm asked for the page itself; entries beyond the edge are empty, so both rules give the same records */
	if ((k->machine == EM_ARM || k->machine == EM_AARCH64) && l->symbol[PO_S_pfn_valid].global) {
		bool arm = k->machine == EM_ARM;
		int rc = po_memblock_read(k, mem, arm || PO_HAS_SYM(l, pfn_is_map_memory), &k->map.valid,
					  &k->map.nr_valid, err);

		k->map.valid_by_block = arm && k->map.nr_valid;
		if (rc < 0 || k->map.nr_valid)
			return rc;
	}
	if (k->map.section_shift || !k->map.nr)
		return PAGEOWNER_OK;
	if (!PO_HAS_SYM(l, max_mapnr))
		return add_blocks(k, err);
	int rc = po_kernel_read_variable(k, mem, PO_S_max_mapnr, &nr, err);
	if (rc < 0)
		return rc;
	/* PFNs count from ARCH_PFN_OFFSET: where memory begins, but on x86 0 */
	uint64_t first = k->machine == EM_386 || k->machine == EM_X86_64 ? 0 : k->map.chunk[0].pfn;
	return add_valid(&k->map, first, nr) < 0 ? po_fail_nomem(err, "valid PFNs") : PAGEOWNER_OK;
}

int po_memmap_open(struct po_kernel *k, struct po_memory *mem, struct pageowner_error *err)
{
	k->map.page_size = PO_SIZE(&k->l, page);
	if (k->map.page_size < 16 || k->map.page_size > 256)
		return po_fail(err, PAGEOWNER_ENOTYPE, "struct page of %" PRIu64 " bytes",
			       k->map.page_size);
	int rc = PO_HAS_SYM(&k->l, mem_section) ? po_sparse_open(k, mem, err) : open_flat(k, mem, err);
	if (rc == PAGEOWNER_OK && k->map.nr == 0 && k->map.lost_paddr)
		return po_fail(err, PAGEOWNER_ENODATA,
			       "memory map: no section is readable: physical address 0x%" PRIx64
			       " is not in the dump", k->map.lost_paddr);
	if (rc == PAGEOWNER_OK && k->map.nr == 0)
		return po_fail(err, PAGEOWNER_ENODATA, "memory map: there is no section or zone");
	return rc < 0 ? rc : find_valid(k, mem, err);
}
