/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "proc/proc.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/status.h"
#include "kernel/vmalloc.h"

#define MAX_NODES	1024
#define PAGES_AT_ONCE	512

struct run {
	const struct po_proc *p;
	bool tells_unused;	/* areas without a struct vm_struct, too: since 4.13 */
	bool tells_dma;
	bool phys_bare;		/* "phys=" without 0x (until 4.11) */
	struct po_proc_places places;
	uint64_t nodes[MAX_NODES];
};

static void put_range(const struct run *r, uint64_t start, uint64_t end, uint64_t size)
{
	int digits = r->p->k->abi.ptr_size * 2;

	po_proc_put(r->p, "0x%0*" PRIx64 "-0x%0*" PRIx64 " %7" PRId64, digits, start, digits,
		    po_wrap(&r->p->k->abi, end), po_sign_extend(size, r->p->k->abi.ptr_size * 8u));
}

static void put_caller(const struct run *r, uint64_t kva)
{
	struct po_symbol sym;

	if (!po_symbols_lookup(r->p->symbols, kva, &sym))
		po_proc_put(r->p, " 0x%" PRIx64, kva);
	else
		po_proc_put(r->p, " %s+0x%" PRIx64 "/0x%" PRIx64 "%s%s%s", sym.name, kva - sym.start, sym.size,
			    sym.module ? " [" : "", sym.module ? sym.module : "", sym.module ? "]" : "");
}

static void put_phys(const struct run *r, uint64_t phys)
{
	if (r->phys_bare)
		po_proc_put(r->p, " phys=%" PRIx64, phys);
	else
		po_proc_put(r->p, " phys=0x%0*" PRIx64,
			    (int)PO_AT(&r->p->k->l, vm_struct, phys_addr)->size * 2, phys);
}

/* --- the nodes that an area's pages are of ------------------------------------------------------- */

static int node_of(const struct run *r, uint64_t page, struct pageowner_error *err)
{
	const struct po_kernel *k = r->p->k;
	const struct po_member *m = PO_HAS(&k->l, page, flags_f) ? PO_AT(&k->l, page, flags_f) : PO_AT(&k->l, page, flags);
	uint64_t pfn, flags;

	if (!po_memmap_pfn_of(&k->map, page, &pfn))
		return po_fail(err, PAGEOWNER_ECORRUPT, "0x%" PRIx64 " is no struct page", page);
	int rc = po_memory_read_ptr(r->p->mem, page + m->offset, &flags, err);
	if (rc < 0)
		return rc;
	int node = po_proc_node_of(r->p, &r->places, flags, pfn);
	if (node < 0 || node >= MAX_NODES)
		return po_fail(err, PAGEOWNER_ECORRUPT, "PFN 0x%" PRIx64 " is of node %d", pfn, node);
	return node;
}

static int count_nodes(struct run *r, const struct po_vm_area *a, struct pageowner_error *err)
{
	const struct po_abi *abi = &r->p->k->abi;
	uint8_t raw[PAGES_AT_ONCE * 8];
	uint64_t step = (uint64_t)1 << a->page_order, until = 0, at = 0;

	for (uint64_t i = 0; i < a->nr_pages; i += step) {
		if (i >= until) {
			uint64_t nr = a->nr_pages - i < PAGES_AT_ONCE ? a->nr_pages - i : PAGES_AT_ONCE;
			int rc = po_memory_read(r->p->mem, a->pages + i * abi->ptr_size, raw, nr * abi->ptr_size, err);
			if (rc < 0)
				return rc;
			at = i;
			until = i + nr;
		}
		int node = node_of(r, po_load_ptr(abi, raw + (i - at) * abi->ptr_size), err);
		if (node < 0)
			return node;
		r->nodes[node] += step;
	}
	return PAGEOWNER_OK;
}

static void put_nodes(struct run *r, const struct po_vm_area *a)
{
	struct pageowner_error why;

	if (r->p->k->zones.max_nodes < 2 || (a->flags & PO_VM_UNINITIALIZED))
		return;
	memset(r->nodes, 0, sizeof(r->nodes));
	if (count_nodes(r, a, &why) < 0) {
		(void)po_within(&why, why.code, "pages of the area at 0x%" PRIx64, a->addr);
		po_proc_flaw(r->p, &why);
		return;
	}
	for (unsigned i = 0; i < MAX_NODES; i++)
		if (r->nodes[i])
			po_proc_put(r->p, " N%u=%u", i, (unsigned)r->nodes[i]);
}

/* --- areas --------------------------------------------------------------------------------------- */

static void put_area(struct run *r, const struct po_vm_area *a)
{
	const struct {
		unsigned flag;
		const char *word;
		bool told;
	} words[] = {
		{ PO_VM_IOREMAP, " ioremap", true },
		{ PO_VM_SPARSE, " sparse", true },
		{ PO_VM_ALLOC, " vmalloc", true },
		{ PO_VM_MAP, " vmap", true },
		{ PO_VM_USERMAP, " user", true },
		{ PO_VM_DMA_COHERENT, " dma-coherent", r->tells_dma },
	};

	put_range(r, a->addr, a->addr + a->size, a->size);
	if (a->caller)
		put_caller(r, a->caller);
	if (a->nr_pages)
		po_proc_put(r->p, " pages=%" PRIu64, a->nr_pages);
	if (a->phys)
		put_phys(r, a->phys);
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (words[i].told && (a->flags & words[i].flag))
			po_proc_put(r->p, "%s", words[i].word);
	if (a->vpages)
		po_proc_put(r->p, " vpages");
	put_nodes(r, a);
	po_proc_put(r->p, "\n");
}

static void put(struct run *r, const struct po_vm_area *a)
{
	bool has_vm = a->kind == PO_VM_AREA && !a->lost;

	if (has_vm)
		put_area(r, a);
	if (has_vm || a->kind == PO_VM_UNTOLD || (a->kind != PO_VM_AREA && !r->tells_unused))
		return;
	put_range(r, a->start, a->end, a->end - a->start);
	po_proc_put(r->p, " %s\n", a->kind == PO_VM_UNPURGED ? "unpurged vm_area" :
				   a->kind == PO_VM_MAP_RAM ? "vm_map_ram" : "<not in dump>");
}

int po_proc_vmallocinfo(const struct po_proc *p, struct pageowner_error *err)
{
	struct po_vm_areas v;
	struct pageowner_error flaw;
	_cleanup_(po_freep) struct run *r = malloc(sizeof(*r));

	if (!r)
		return po_fail_nomem(err, "vmalloc areas");
	*r = (struct run){ .p = p };
	int rc = p->k->zones.max_nodes > 1 ? po_proc_places_open(p, &r->places, err) : PAGEOWNER_OK;
	if (rc == PAGEOWNER_OK)
		rc = po_vm_areas_load(p->k, p->mem, &v, &flaw, err);
	if (rc < 0)
		return rc;
	po_proc_flaw(p, &flaw);
	r->tells_unused = po_proc_string(p, "0x%pK-0x%pK %7ld unpurged") || po_proc_has_string(p, "unpurged vm_area");
	r->tells_dma = po_proc_has_string(p, " dma-coherent");
	r->phys_bare = po_proc_has_string(p, " phys=%llx");
	for (size_t i = 0; i < v.nr; i++)
		put(r, &v.area[i]);
	po_vm_areas_fini(&v);
	return PAGEOWNER_OK;
}
