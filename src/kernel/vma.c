/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/vma.h"

#include <inttypes.h>

#include "base/status.h"

#define MAX_VMAS	(16u << 20)
#define MAX_VMA_BYTES	1024
#define MAX_NODES	(4u << 20)	/* of a tree */
#define MAX_DEPTH	16
#define NODE_BYTES	256		/* and their alignment: the bits below tell the type */

enum { MAPLE_LEAF = 1, MAPLE_RANGE = 2, MAPLE_ARANGE = 3 };	/* enum maple_type, in every release */

struct walk {
	const struct po_kernel *k;
	struct po_memory *mem;
	po_vma_fn *fn;
	void *arg;
	uint64_t end;		/* of the area before */
	unsigned areas, nodes;
	struct pageowner_error *err;
};

static uint64_t load(const struct walk *w, const uint8_t *raw, const struct po_member *m)
{
	return po_member_load(&w->k->abi, m, raw);
}

/* Areas never overlap, and ascend: who meets one again is led in circles. */
static int take(struct walk *w, uint64_t kva, const uint8_t *raw)
{
	const struct po_layout *l = &w->k->l;
	struct po_vma v = {
		.start = load(w, raw, PO_AT(l, vm_area_struct, vm_start)),
		.end = load(w, raw, PO_AT(l, vm_area_struct, vm_end)),
		.flags = load(w, raw, PO_AT(l, vm_area_struct, vm_flags)),
		.pgoff = load(w, raw, PO_AT(l, vm_area_struct, vm_pgoff)),
		.file = load(w, raw, PO_AT(l, vm_area_struct, vm_file)),
	};

	if (v.start < w->end || v.end <= v.start || w->areas++ == MAX_VMAS)
		return po_fail(w->err, PAGEOWNER_ECORRUPT, "memory area at 0x%" PRIx64 ": 0x%" PRIx64 "-0x%" PRIx64
			       " is out of order", kva, v.start, v.end);
	w->end = v.end;
	return w->fn(w->arg, &v);
}

static int read_area(struct walk *w, uint64_t kva, uint8_t raw[MAX_VMA_BYTES])
{
	int rc = po_memory_read(w->mem, kva, raw, PO_SIZE(&w->k->l, vm_area_struct), w->err);

	return rc < 0 ? po_within(w->err, rc, "memory area at 0x%" PRIx64, kva) : rc;
}

static int walk_list(struct walk *w, uint64_t first)
{
	uint8_t raw[MAX_VMA_BYTES];
	int rc = PAGEOWNER_OK;

	for (uint64_t at = first; at && rc == PAGEOWNER_OK;) {
		rc = read_area(w, at, raw);
		if (rc == PAGEOWNER_OK)
			rc = take(w, at, raw);
		at = load(w, raw, PO_AT(&w->k->l, vm_area_struct, vm_next));
	}
	return rc;
}

/* --- the tree ------------------------------------------------------------------------------------ */

/* Of what the root points to; inner nodes have nothing but nodes, or nothing. */
static bool is_node(uint64_t entry)
{
	return (entry & 3) == 2 && entry > 4096;
}

/* What a slot of a leaf holds: an area, or nothing. */
static int take_entry(struct walk *w, uint64_t entry)
{
	uint8_t raw[MAX_VMA_BYTES];

	if (entry <= 4096 || (entry & 3))
		return PAGEOWNER_OK;	/* none, or reserved (XA_ZERO_ENTRY) */
	int rc = read_area(w, entry, raw);
	return rc == PAGEOWNER_OK ? take(w, entry, raw) : rc;
}

static int walk_node(struct walk *w, uint64_t node, uint64_t min, uint64_t max, unsigned depth)
{
	const struct po_layout *l = &w->k->l;
	unsigned type = node >> 3 & 15, word = w->k->abi.ptr_size;
	bool arange = type == MAPLE_ARANGE;
	const struct po_member *pivot = arange ? PO_AT(l, maple_arange_64, pivot) : PO_AT(l, maple_range_64, pivot);
	const struct po_member *slot = arange ? PO_AT(l, maple_arange_64, slot) : PO_AT(l, maple_range_64, slot);
	uint64_t at = node & ~(uint64_t)(NODE_BYTES - 1), last = max;
	uint8_t raw[NODE_BYTES];
	int rc = PAGEOWNER_OK;

	if (type < MAPLE_LEAF || type > MAPLE_ARANGE || depth == MAX_DEPTH || w->nodes++ == MAX_NODES)
		return po_fail(w->err, PAGEOWNER_ECORRUPT, "maple node at 0x%" PRIx64 " makes no sense", at);
	rc = po_memory_read(w->mem, at, raw, NODE_BYTES, w->err);
	if (rc < 0)
		return po_within(w->err, rc, "maple node at 0x%" PRIx64, at);
	for (uint64_t i = 0; i < slot->type.nr_elems && rc == PAGEOWNER_OK; i++, min = last + 1) {
		uint64_t entry = po_load_ptr(&w->k->abi, raw + slot->offset + i * word);

		last = i < pivot->type.nr_elems ? po_load_ptr(&w->k->abi, raw + pivot->offset + i * word) : max;
		if (last == 0 && i)	/* behind the last pivot: up to the end */
			last = max;
		if (last < min || last > max)
			return po_fail(w->err, PAGEOWNER_ECORRUPT, "maple node at 0x%" PRIx64 ": pivots are out of "
				       "order", at);
		if (type == MAPLE_LEAF)
			rc = take_entry(w, entry);
		else if (entry > 4096)
			rc = walk_node(w, entry, min, last, depth + 1);
		if (last == max)
			break;
	}
	return rc;
}

static bool fits(const struct po_member *m, unsigned word)
{
	return m->type.nr_elems && m->offset + m->type.nr_elems * word <= NODE_BYTES;
}

static int walk_tree(struct walk *w, uint64_t root)
{
	const struct po_layout *l = &w->k->l;
	unsigned word = w->k->abi.ptr_size;

	if (!PO_HAS(l, maple_range_64, pivot) || !PO_HAS(l, maple_range_64, slot) ||
	    !PO_HAS(l, maple_arange_64, pivot) || !PO_HAS(l, maple_arange_64, slot))
		return po_fail(w->err, PAGEOWNER_ENOTYPE, "memory areas: type information lacks the nodes of maple trees");
	if (!fits(PO_AT(l, maple_range_64, pivot), word) || !fits(PO_AT(l, maple_range_64, slot), word) ||
	    !fits(PO_AT(l, maple_arange_64, pivot), word) || !fits(PO_AT(l, maple_arange_64, slot), word))
		return po_fail(w->err, PAGEOWNER_EUNSUPP, "memory areas: nodes of maple trees have another form");
	if (!is_node(root))
		return take_entry(w, root);
	return walk_node(w, root, 0, po_wrap(&w->k->abi, UINT64_MAX), 0);
}

int po_vmas_each(const struct po_kernel *k, struct po_memory *mem, uint64_t mm, po_vma_fn *fn, void *arg,
		 struct pageowner_error *err)
{
	const struct po_layout *l = &k->l;
	struct walk w = { .k = k, .mem = mem, .fn = fn, .arg = arg, .err = err };
	uint64_t first;

	if (!PO_HAS(l, vm_area_struct, vm_start) || !PO_HAS(l, vm_area_struct, vm_end) ||
	    !PO_HAS(l, vm_area_struct, vm_flags) || !PO_HAS(l, vm_area_struct, vm_pgoff) ||
	    !PO_HAS(l, vm_area_struct, vm_file) || PO_SIZE(l, vm_area_struct) > MAX_VMA_BYTES ||
	    !(PO_HAS(l, mm_struct, mm_mt_root) || (PO_HAS(l, mm_struct, mmap) && PO_HAS(l, vm_area_struct, vm_next))))
		return po_fail(err, PAGEOWNER_ENOTYPE, "memory areas: type information lacks struct vm_area_struct");
	bool tree = PO_HAS(l, mm_struct, mm_mt_root);
	uint64_t at = tree ? PO_OFFSET(l, mm_struct, mm_mt_root) : PO_OFFSET(l, mm_struct, mmap);
	int rc = po_memory_read_ptr(mem, mm + at, &first, err);
	if (rc < 0)
		return po_within(err, rc, "mm_struct at 0x%" PRIx64, mm);
	return tree ? walk_tree(&w, first) : walk_list(&w, first);
}
