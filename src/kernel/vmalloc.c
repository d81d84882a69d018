/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/vmalloc.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/status.h"
#include "kernel/list.h"

#define MAX_AREAS	(1u << 22)
#define MAX_VMAP_NODES	1024		/* the kernel makes no more than 128 */
#define MAX_STRUCT	1024
#define MAX_PAGE_ORDER	20

/* struct vmap_area.flags, macros of vmalloc.c: VM_LAZY_FREE and VM_VM_AREA until 5.3, VMAP_RAM since 6.3. */
#define OLD_LAZY_FREE	0x2u
#define OLD_VM_AREA	0x4u
#define VMAP_RAM	0x1u

enum generation {
	FLAGS_TELL,		/* whether it has a vm_struct, and whether it is in use: until 5.3 */
	NO_FLAGS,		/* commit 688fcbfc06e4 (5.4) */
	FLAGS_OF_RAM,		/* commit 869176a09606 (6.3) */
};

struct loader {
	const struct po_kernel *k;
	struct po_memory *mem;
	struct po_vm_areas *out;
	struct pageowner_error *flaw;
	enum generation gen;
	uint8_t va[MAX_STRUCT], vm[MAX_STRUCT];
};

static void tell(struct loader *ld, struct pageowner_error *what, const char *where, uint64_t at)
{
	(void)po_within(what, what->code, "%s at 0x%" PRIx64, where, at);
	if (ld->flaw->code == PAGEOWNER_OK)
		*ld->flaw = *what;
}

#define FIELD(ld, strct, id, raw) po_member_load(&(ld)->k->abi, PO_AT(&(ld)->k->l, strct, id), raw)

/* --- one area ------------------------------------------------------------------------------------ */

static void fill_vm(struct loader *ld, struct po_vm_area *a, uint64_t vm)
{
	const struct po_layout *l = &ld->k->l;
	struct pageowner_error why;
	int rc = po_memory_read(ld->mem, vm, ld->vm, PO_SIZE(l, vm_struct), &why);

	a->lost = rc < 0;
	if (a->lost) {
		tell(ld, &why, "vm_struct", vm);
		return;
	}
	a->addr = FIELD(ld, vm_struct, addr, ld->vm);
	a->size = FIELD(ld, vm_struct, size, ld->vm);
	a->flags = FIELD(ld, vm_struct, flags, ld->vm);
	a->caller = FIELD(ld, vm_struct, caller, ld->vm);
	a->phys = FIELD(ld, vm_struct, phys_addr, ld->vm);
	a->pages = FIELD(ld, vm_struct, pages, ld->vm);
	a->nr_pages = FIELD(ld, vm_struct, nr_pages, ld->vm);
	if (PO_HAS(l, vm_struct, page_order))
		a->page_order = (unsigned)FIELD(ld, vm_struct, page_order, ld->vm);
	if (a->nr_pages > a->size >> ld->k->page_shift || a->page_order > MAX_PAGE_ORDER) {
		(void)po_fail(&why, PAGEOWNER_ECORRUPT, "%" PRIu64 " pages of order %u in %" PRIu64 " bytes",
			      a->nr_pages, a->page_order, a->size);
		tell(ld, &why, "vm_struct", vm);
		a->lost = true;
		a->nr_pages = a->page_order = 0;
	}
}

static void fill_kind(struct loader *ld, struct po_vm_area *a, uint64_t flags, uint64_t vm)
{
	if (ld->gen == FLAGS_TELL)
		a->kind = flags & OLD_VM_AREA ? PO_VM_AREA : flags & OLD_LAZY_FREE ? PO_VM_UNPURGED : PO_VM_MAP_RAM;
	else if (vm)
		a->kind = PO_VM_AREA;
	else
		a->kind = ld->gen == FLAGS_OF_RAM && !(flags & VMAP_RAM) ? PO_VM_UNTOLD : PO_VM_MAP_RAM;
	if (a->kind != PO_VM_AREA)
		return;
	fill_vm(ld, a, vm);
	if (ld->gen == FLAGS_OF_RAM && (a->flags & PO_VM_UNINITIALIZED))
		a->kind = PO_VM_UNTOLD;
}

/* Flaws are told; ENOMEM. */
static int add_area(struct loader *ld, uint64_t kva, bool unpurged)
{
	const struct po_layout *l = &ld->k->l;
	struct po_vm_area *grown = ld->out->area, *a;
	struct pageowner_error why;

	if (po_memory_read(ld->mem, kva, ld->va, PO_SIZE(l, vmap_area), &why) < 0) {
		tell(ld, &why, "vmap_area", kva);
		return PAGEOWNER_OK;
	}
	if ((ld->out->nr & (ld->out->nr + 1)) == 0)	/* full at 2^n - 1 */
		grown = realloc(ld->out->area, (2 * ld->out->nr + 1) * sizeof(*grown));
	if (!grown)
		return PAGEOWNER_ENOMEM;
	ld->out->area = grown;
	a = &grown[ld->out->nr++];
	*a = (struct po_vm_area){
		.kind = PO_VM_UNPURGED,
		.start = FIELD(ld, vmap_area, va_start, ld->va),
		.end = FIELD(ld, vmap_area, va_end, ld->va),
	};
	if (!unpurged)
		fill_kind(ld, a, ld->gen == NO_FLAGS ? 0 : FIELD(ld, vmap_area, flags, ld->va),
			  FIELD(ld, vmap_area, vm, ld->va));
	return PAGEOWNER_OK;
}

/* --- all of them --------------------------------------------------------------------------------- */

static int load_list(struct loader *ld, uint64_t head, bool unpurged)
{
	struct po_list list = po_list_of(ld->mem, head, MAX_AREAS);
	struct pageowner_error why;
	uint64_t at;
	int rc;

	while ((rc = po_list_next(&list, &at, &why)) == 1)
		if (add_area(ld, at - PO_OFFSET(&ld->k->l, vmap_area, list), unpurged) < 0)
			return PAGEOWNER_ENOMEM;
	if (rc < 0)
		tell(ld, &why, "vmalloc areas", head);
	return PAGEOWNER_OK;
}

/* Singly linked, from 5.4 to 5.11. */
static int load_purge_chain(struct loader *ld)
{
	const struct po_layout *l = &ld->k->l;
	uint64_t head = PO_SYM(l, vmap_purge_list), at = head;
	struct pageowner_error why;

	for (unsigned i = 0; i < MAX_AREAS; i++) {
		if (po_memory_read_ptr(ld->mem, at, &at, &why) < 0) {
			tell(ld, &why, "vmap_purge_list", head);
			return PAGEOWNER_OK;
		}
		if (!at)
			return PAGEOWNER_OK;
		if (add_area(ld, at - PO_OFFSET(l, vmap_area, purge_list), true) < 0)
			return PAGEOWNER_ENOMEM;
	}
	(void)po_fail(&why, PAGEOWNER_ECORRUPT, "does not end");
	tell(ld, &why, "vmap_purge_list", head);
	return PAGEOWNER_OK;
}

static int load_one_tree(struct loader *ld)
{
	const struct po_layout *l = &ld->k->l;
	int rc = load_list(ld, PO_SYM(l, vmap_area_list), false);

	if (rc == PAGEOWNER_OK && PO_HAS_SYM(l, purge_vmap_area_list))
		rc = load_list(ld, PO_SYM(l, purge_vmap_area_list), true);
	else if (rc == PAGEOWNER_OK && ld->gen == NO_FLAGS && PO_HAS_SYM(l, vmap_purge_list) &&
		 PO_HAS(l, vmap_area, purge_list))
		rc = load_purge_chain(ld);
	return rc;
}

/* Since 6.9 areas are spread over nodes, which have nothing to do with those of NUMA. */
static int load_nodes(struct loader *ld, struct pageowner_error *err)
{
	const struct po_layout *l = &ld->k->l;
	uint64_t at = PO_SYM(l, single), nr = 1;
	int rc = PAGEOWNER_OK;

	if (PO_HAS_SYM(l, vmap_nodes))
		rc = po_kernel_read_variable(ld->k, ld->mem, PO_S_vmap_nodes, &at, err);
	if (rc == PAGEOWNER_OK && PO_HAS_SYM(l, nr_vmap_nodes))
		rc = po_kernel_read_variable(ld->k, ld->mem, PO_S_nr_vmap_nodes, &nr, err);
	if (rc == PAGEOWNER_OK && (!nr || nr > MAX_VMAP_NODES))
		rc = po_fail(err, PAGEOWNER_ECORRUPT, "nr_vmap_nodes is %" PRIu64, nr);
	for (uint64_t i = 0; i < nr && rc == PAGEOWNER_OK; i++)
		rc = load_list(ld, at + i * PO_SIZE(l, vmap_node) + PO_OFFSET(l, vmap_node, busy_head), false);
	for (uint64_t i = 0; i < nr && rc == PAGEOWNER_OK; i++)
		rc = load_list(ld, at + i * PO_SIZE(l, vmap_node) + PO_OFFSET(l, vmap_node, lazy_head), true);
	return rc;
}

/* --- where arrays of pages lie ------------------------------------------------------------------- */

struct span {
	uint64_t start, end;
};

static int by_start(const void *a, const void *b)
{
	const struct span *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

static bool is_within(const struct span *span, size_t nr, uint64_t at)
{
	size_t low = 0;

	while (nr > 1) {
		size_t half = nr / 2;
		if (span[low + half].start <= at)
			low += half;
		nr -= half;
	}
	return nr && span[low].start <= at && at < span[low].end;
}

/* An array that is used lies in an area of its own, if it is in the vmalloc space at all: no bounds of it are needed. */
static int mark_vpages(struct po_vm_areas *v)
{
	_cleanup_(po_freep) struct span *span = malloc((v->nr + 1) * sizeof(*span));

	if (!span)
		return PAGEOWNER_ENOMEM;
	for (size_t i = 0; i < v->nr; i++)
		span[i] = (struct span){ v->area[i].start, v->area[i].end };
	qsort(span, v->nr, sizeof(*span), by_start);
	for (size_t i = 0; i < v->nr; i++)
		v->area[i].vpages = v->area[i].pages && is_within(span, v->nr, v->area[i].pages);
	return PAGEOWNER_OK;
}

/* --- the door ------------------------------------------------------------------------------------ */

static bool has_nodes(const struct po_layout *l)
{
	return PO_HAS_SYM(l, vmap_nodes) || (PO_HAS_SYM(l, single) && !PO_HAS_SYM(l, vmap_area_list));
}

static int check_types(const struct po_layout *l, struct pageowner_error *err)
{
	bool nodes = has_nodes(l);

	if (!nodes && !PO_HAS_SYM(l, vmap_area_list))
		return po_fail(err, PAGEOWNER_ENOSYM, "vmalloc areas: this kernel has neither vmap_area_list nor "
			       "vmap_nodes");
	if (!l->strct[PO_T_vmap_area].have || PO_SIZE(l, vmap_area) > MAX_STRUCT || !PO_HAS(l, vmap_area, va_start) ||
	    !PO_HAS(l, vmap_area, va_end) || !PO_HAS(l, vmap_area, list) || !PO_HAS(l, vmap_area, vm))
		return po_fail(err, PAGEOWNER_ENOTYPE, "vmalloc areas: type information lacks struct vmap_area");
	if (!l->strct[PO_T_vm_struct].have || PO_SIZE(l, vm_struct) > MAX_STRUCT || !PO_HAS(l, vm_struct, addr) ||
	    !PO_HAS(l, vm_struct, size) || !PO_HAS(l, vm_struct, flags) || !PO_HAS(l, vm_struct, pages) ||
	    !PO_HAS(l, vm_struct, nr_pages) || !PO_HAS(l, vm_struct, phys_addr) || !PO_HAS(l, vm_struct, caller))
		return po_fail(err, PAGEOWNER_ENOTYPE, "vmalloc areas: type information lacks struct vm_struct");
	if (nodes && (!l->strct[PO_T_vmap_node].have || !PO_HAS(l, vmap_node, busy_head) ||
		      !PO_HAS(l, vmap_node, lazy_head)))
		return po_fail(err, PAGEOWNER_ENOTYPE, "vmalloc areas: type information lacks struct vmap_node");
	return PAGEOWNER_OK;
}

static enum generation generation_of(const struct po_layout *l)
{
	if (!PO_HAS(l, vmap_area, flags))
		return NO_FLAGS;
	return has_nodes(l) || PO_HAS_SYM(l, purge_vmap_area_list) ? FLAGS_OF_RAM : FLAGS_TELL;
}

int po_vm_areas_load(const struct po_kernel *k, struct po_memory *mem, struct po_vm_areas *ret,
		     struct pageowner_error *flaw, struct pageowner_error *err)
{
	*ret = (struct po_vm_areas){ .nr = 0 };
	flaw->code = PAGEOWNER_OK;
	int rc = check_types(&k->l, err);
	if (rc < 0)
		return rc;
	_cleanup_(po_freep) struct loader *ld = calloc(1, sizeof(*ld));
	if (!ld)
		return po_fail_nomem(err, "vmalloc areas");
	*ld = (struct loader){ .k = k, .mem = mem, .out = ret, .flaw = flaw, .gen = generation_of(&k->l) };
	rc = has_nodes(&k->l) ? load_nodes(ld, err) : load_one_tree(ld);
	if (rc == PAGEOWNER_OK)
		rc = mark_vpages(ret);
	if (rc < 0)
		po_vm_areas_fini(ret);
	return rc == PAGEOWNER_ENOMEM ? po_fail_nomem(err, "vmalloc areas") : rc;
}

void po_vm_areas_fini(struct po_vm_areas *v)
{
	free(v->area);
	*v = (struct po_vm_areas){ .nr = 0 };
}
