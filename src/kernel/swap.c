/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/swap.h"

#include <elf.h>
#include <inttypes.h>

#include "base/status.h"

#define MAP_CACHED	0x40u	/* SWAP_HAS_CACHE */
#define MAP_CONTINUED	0x80u	/* COUNT_CONTINUED */
#define MAP_BAD		0x3fu
#define MAX_NODES	(1u << 20)
#define MAX_DEPTH	12

void po_swap_open(struct po_swap *s, const struct po_kernel *k, struct po_memory *mem)
{
	const struct po_layout *l = &k->l;
	uint64_t nr, max = l->symbol[PO_S_swap_info].size / k->abi.ptr_size;

	*s = (struct po_swap){ .first_other = max && max < PO_MAX_SWAP ? (unsigned)max : PO_MAX_SWAP };
	if (PO_HAS(l, swap_table, entries))
		s->cluster = PO_AT(l, swap_table, entries)->type.nr_elems;
	/* SWP_TB_COUNT_BITS: four, where a PFN leaves room for them; one of LPAE's 40 bits of addresses in a word of 32 does not */
	const struct po_xlat *xlat = po_memory_xlat(mem);
	s->count_bits = k->machine == EM_ARM && xlat && xlat->ops->entry_bytes == 8 ? 2 : 4;
	if (!PO_HAS_SYM(l, swap_info) || !PO_HAS_SYM(l, nr_swapfiles) ||
	    po_kernel_read_variable(k, mem, PO_S_nr_swapfiles, &nr, NULL) < 0)
		return;
	for (; s->nr < nr && s->nr < s->first_other; s->nr++)
		if (po_memory_read_ptr(mem, PO_SYM(l, swap_info) + s->nr * k->abi.ptr_size, &s->info[s->nr], NULL) < 0)
			s->info[s->nr] = 0;
}

/* The word of a slot in the table of its cluster, which has the count in its top bits: since 7.1. */
static int count_in_table(const struct po_swap *s, const struct po_kernel *k, struct po_memory *mem, uint64_t info,
			  uint64_t offset, uint64_t *ret, struct pageowner_error *err)
{
	const struct po_layout *l = &k->l;
	uint64_t clusters, table, word, at = offset % s->cluster;
	int rc = po_memory_read_ptr(mem, info + PO_OFFSET(l, swap_info_struct, cluster_info), &clusters, err);

	clusters += offset / s->cluster * PO_SIZE(l, swap_cluster_info);
	if (rc == PAGEOWNER_OK)
		rc = po_memory_read_ptr(mem, clusters + PO_OFFSET(l, swap_cluster_info, table), &table, err);
	if (rc == PAGEOWNER_OK)
		rc = po_memory_read_ptr(mem, table + at * k->abi.ptr_size, &word, err);
	if (rc < 0)
		return rc;
	*ret = word >> (k->abi.ptr_size * 8 - s->count_bits);
	if (*ret != (1u << s->count_bits) - 1)
		return 1;
	rc = po_memory_read_ptr(mem, clusters + PO_OFFSET(l, swap_cluster_info, extend_table), &table, err);
	if (rc == PAGEOWNER_OK)
		rc = po_memory_read_uint(mem, table + at * 4, 4, ret, err);
	return rc < 0 ? rc : 1;
}

static int count_in_map(const struct po_kernel *k, struct po_memory *mem, uint64_t info, uint64_t offset, uint64_t *ret,
			struct pageowner_error *err)
{
	uint64_t map;
	int rc = po_memory_read_ptr(mem, info + PO_OFFSET(&k->l, swap_info_struct, swap_map), &map, err);

	if (rc == PAGEOWNER_OK)
		rc = po_memory_read_uint(mem, map + offset, 1, ret, err);
	if (rc < 0)
		return rc;
	*ret &= ~(uint64_t)MAP_CACHED;
	/* where more of the count is kept, a list of pages tells: few processes share so much */
	return *ret & MAP_CONTINUED ? 0 : 1;
}

int po_swap_count(const struct po_swap *s, const struct po_kernel *k, struct po_memory *mem, unsigned type,
		  uint64_t offset, uint64_t *ret, struct pageowner_error *err)
{
	const struct po_layout *l = &k->l;
	uint64_t max, info = type < s->nr ? s->info[type] : 0;
	int rc;

	*ret = 0;
	if (!info || !PO_HAS(l, swap_info_struct, max))
		return 0;
	rc = po_memory_read_uint(mem, info + PO_OFFSET(l, swap_info_struct, max),
				 PO_AT(l, swap_info_struct, max)->size, &max, err);
	if (rc < 0 || offset >= max)
		return rc < 0 ? rc : 1;
	if (PO_HAS(l, swap_info_struct, swap_map))
		return count_in_map(k, mem, info, offset, ret, err);
	if (s->cluster && PO_HAS(l, swap_info_struct, cluster_info) &&
	    PO_HAS(l, swap_cluster_info, table) && PO_HAS(l, swap_cluster_info, extend_table))
		return count_in_table(s, k, mem, info, offset, ret, err);
	return 0;
}

/* --- tmpfs --------------------------------------------------------------------------------------- */

struct walk {
	const struct po_kernel *k;
	struct po_memory *mem;
	uint64_t from, to, found;
	unsigned nodes;
	struct pageowner_error *err;
};

/* An entry that stands for the slots [first, first + nr): a value is a place in swap. */
static int walk_entry(struct walk *w, uint64_t entry, uint64_t first, unsigned bits, unsigned depth)
{
	const struct po_layout *l = &w->k->l;
	const struct po_member *slots = PO_AT(l, xa_node, slots);
	uint64_t node = entry - 2, shift, before = 0;
	int rc;

	if (entry & 1) {
		uint64_t end = first + ((uint64_t)1 << bits);

		first = first > w->from ? first : w->from;
		end = end < w->to ? end : w->to;
		w->found += end > first ? end - first : 0;
		return PAGEOWNER_OK;
	}
	if ((entry & 3) != 2 || entry <= 4096)
		return PAGEOWNER_OK;
	if (depth == MAX_DEPTH || w->nodes++ == MAX_NODES)
		return po_fail(w->err, PAGEOWNER_ECORRUPT, "page cache: too many nodes");
	rc = po_memory_read_uint(w->mem, node + PO_OFFSET(l, xa_node, shift), 1, &shift, w->err);
	for (uint64_t i = 0; i < slots->type.nr_elems && rc == PAGEOWNER_OK && shift < 60; i++) {
		uint64_t at = first + (i << shift);

		if (at >= w->to || at + ((uint64_t)1 << shift) <= w->from)
			continue;
		rc = po_memory_read_ptr(w->mem, node + slots->offset + i * w->k->abi.ptr_size, &entry, w->err);
		/* a sibling repeats the entry before it, which may be outside of what is asked for */
		if (rc == PAGEOWNER_OK && (entry & 3) == 2 && entry < 4096 && entry >> 2 < slots->type.nr_elems)
			rc = po_memory_read_ptr(w->mem, node + slots->offset + (entry >> 2) * w->k->abi.ptr_size,
						&before, w->err), entry = before & 1 ? before : 0;
		if (rc == PAGEOWNER_OK)
			rc = walk_entry(w, entry, at, (unsigned)shift, depth + 1);
	}
	return rc;
}

int po_swap_of_mapping(const struct po_kernel *k, struct po_memory *mem, uint64_t mapping, uint64_t from, uint64_t to,
		       uint64_t *ret, struct pageowner_error *err)
{
	const struct po_layout *l = &k->l;
	struct walk w = { .k = k, .mem = mem, .from = from, .to = to, .err = err };
	uint64_t head;

	*ret = 0;
	if (!PO_HAS(l, address_space, xa_head) || !PO_HAS(l, xa_node, shift) || !PO_HAS(l, xa_node, slots) || from >= to)
		return po_fail(err, PAGEOWNER_ENOTYPE, "page cache: type information lacks its tree");
	int rc = po_memory_read_ptr(mem, mapping + PO_OFFSET(l, address_space, xa_head), &head, err);
	if (rc == PAGEOWNER_OK)
		rc = walk_entry(&w, head, 0, 0, 0);
	*ret = w.found;
	return rc < 0 ? po_within(err, rc, "page cache at 0x%" PRIx64, mapping) : rc;
}
