/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The vmalloc space of releases that no fixture has, and lists that lie. */
#include <string.h>

#include "base/cleanup.h"
#include "harness.h"
#include "kernel/vmalloc.h"
#include "synth/layout.h"
#include "synth/world.h"

#define HEAD		0x1000u
#define CHAIN		0x1100u
#define NODES		0x1200u			/* the variable vmap_nodes */
#define NR_NODES	0x1208u
#define AREA(i)		(0x2000u + 0x80u * (i))
#define VM(i)		(0x8000u + 0x80u * (i))
#define NODE(i)		(0x10000u + 0x40u * (i))
#define END		0x20000u
#define SPACE(i)	(0xffffc90000000000ull + 0x10000ull * (i))

enum { VA_START = 0, VA_END = 8, LIST = 16, VM_PTR = 32, PURGE = 40, FLAGS = 48, VA_SIZE = 56 };
enum { ADDR = 0, SIZE = 8, VM_FLAGS = 16, PAGES = 24, NR_PAGES = 32, PHYS = 40, CALLER = 48, ORDER = 56, VM_SIZE = 64 };
enum { BUSY = 0, LAZY = 16, NODE_SIZE = 64 };

struct box {
	struct world w;
	struct po_kernel k;
	struct po_vm_areas v;
	struct pageowner_error flaw, err;
};

static uint64_t kva(const struct box *b, uint64_t paddr)
{
	return b->w.base + paddr;
}

static void box_close(struct box *b)
{
	po_vm_areas_fini(&b->v);
	world_close(&b->w);
}

static void box_open(struct box *b)
{
	memset(b, 0, sizeof(*b));
	world_open(&b->w, false, 8);
	world_range(&b->w, 0, END);
	synth_kernel(&b->k, &b->w.abi, 12);
	synth_struct(&b->k, PO_T_vmap_area, VA_SIZE);
	synth_member(&b->k, PO_M_vmap_area__va_start, VA_START, 8);
	synth_member(&b->k, PO_M_vmap_area__va_end, VA_END, 8);
	synth_member(&b->k, PO_M_vmap_area__list, LIST, 16);
	synth_member(&b->k, PO_M_vmap_area__vm, VM_PTR, 8);
	synth_struct(&b->k, PO_T_vm_struct, VM_SIZE);
	synth_member(&b->k, PO_M_vm_struct__addr, ADDR, 8);
	synth_member(&b->k, PO_M_vm_struct__size, SIZE, 8);
	synth_member(&b->k, PO_M_vm_struct__flags, VM_FLAGS, 8);
	synth_member(&b->k, PO_M_vm_struct__pages, PAGES, 8);
	synth_member(&b->k, PO_M_vm_struct__nr_pages, NR_PAGES, 4);
	synth_member(&b->k, PO_M_vm_struct__phys_addr, PHYS, 8);
	synth_member(&b->k, PO_M_vm_struct__caller, CALLER, 8);
}

static void open_list(struct box *b)
{
	box_open(b);
	synth_symbol(&b->k, PO_S_vmap_area_list, "vmap_area_list", kva(b, HEAD), 16);
}

static void ring(struct box *b, uint64_t head, unsigned first, unsigned nr)
{
	uint64_t last = head;

	for (unsigned i = first; i < first + nr; i++) {
		world_ptr(&b->w, last, kva(b, AREA(i) + LIST));
		last = AREA(i) + LIST;
	}
	world_ptr(&b->w, last, kva(b, head));
}

static void make_area(struct box *b, unsigned i, bool vm, uint64_t vm_flags)
{
	world_ptr(&b->w, AREA(i) + VA_START, SPACE(i));
	world_ptr(&b->w, AREA(i) + VA_END, SPACE(i) + 0x5000);
	world_ptr(&b->w, AREA(i) + VM_PTR, vm ? kva(b, VM(i)) : 0);
	world_ptr(&b->w, VM(i) + ADDR, SPACE(i));
	world_ptr(&b->w, VM(i) + SIZE, 0x5000);
	world_ptr(&b->w, VM(i) + VM_FLAGS, vm_flags);
	world_ptr(&b->w, VM(i) + PAGES, kva(b, VM(i)));
	world_number(&b->w, VM(i) + NR_PAGES, 4, 4);
}

static int load(struct box *b)
{
	po_vm_areas_fini(&b->v);
	return po_vm_areas_load(&b->k, b->w.mem, &b->v, &b->flaw, &b->err);
}

static void check_kinds(struct box *b, const enum po_vm_kind *kind, size_t nr)
{
	CHECK_INT(load(b), PAGEOWNER_OK);
	CHECK_INT(b->flaw.code, PAGEOWNER_OK);
	if (!CHECK_INT(b->v.nr, nr))
		return;
	for (size_t i = 0; i < nr; i++)
		CHECK_INT(b->v.area[i].kind, kind[i]);
}

TEST(flags_tell)	/* until 5.3 */
{
	_cleanup_(box_close) struct box b;

	open_list(&b);
	synth_member(&b.k, PO_M_vmap_area__flags, FLAGS, 8);
	for (unsigned i = 0; i < 3; i++)
		make_area(&b, i, true, PO_VM_ALLOC);	/* a pointer that nothing stands behind, but for the first */
	world_ptr(&b.w, AREA(0) + FLAGS, 4);
	world_ptr(&b.w, AREA(1) + FLAGS, 2);
	ring(&b, HEAD, 0, 3);
	check_kinds(&b, (enum po_vm_kind[]){ PO_VM_AREA, PO_VM_UNPURGED, PO_VM_MAP_RAM }, 3);
	CHECK_INT(b.v.area[0].nr_pages, 4);
	CHECK(!b.v.area[0].vpages);
}

TEST(unpurged_ones_in_a_chain)	/* 5.4 to 5.11 */
{
	_cleanup_(box_close) struct box b;

	open_list(&b);
	synth_symbol(&b.k, PO_S_vmap_purge_list, "vmap_purge_list", kva(&b, CHAIN), 8);
	synth_member(&b.k, PO_M_vmap_area__purge_list, PURGE, 8);
	for (unsigned i = 0; i < 4; i++)
		make_area(&b, i, i == 0, 0);
	ring(&b, HEAD, 0, 2);
	world_ptr(&b.w, CHAIN, kva(&b, AREA(3) + PURGE));
	world_ptr(&b.w, AREA(3) + PURGE, kva(&b, AREA(2) + PURGE));
	check_kinds(&b, (enum po_vm_kind[]){ PO_VM_AREA, PO_VM_MAP_RAM, PO_VM_UNPURGED, PO_VM_UNPURGED }, 4);
	CHECK(b.v.area[2].start == SPACE(3) && b.v.area[3].start == SPACE(2));
	world_ptr(&b.w, AREA(2) + PURGE, kva(&b, END));
	CHECK_INT(load(&b), PAGEOWNER_OK);
	CHECK_INT(b.flaw.code, PAGEOWNER_ENODATA);
	CHECK_INT(b.v.nr, 4);
}

TEST(flags_of_vm_map_ram)	/* 6.3 */
{
	_cleanup_(box_close) struct box b;

	open_list(&b);
	synth_symbol(&b.k, PO_S_purge_vmap_area_list, "purge_vmap_area_list", kva(&b, CHAIN), 16);
	synth_member(&b.k, PO_M_vmap_area__flags, FLAGS, 8);
	for (unsigned i = 0; i < 5; i++)
		make_area(&b, i, i < 2, i == 1 ? PO_VM_ALLOC | PO_VM_UNINITIALIZED : PO_VM_ALLOC);
	world_ptr(&b.w, AREA(2) + FLAGS, 1);
	ring(&b, HEAD, 0, 4);
	ring(&b, CHAIN, 4, 1);
	check_kinds(&b, (enum po_vm_kind[]){ PO_VM_AREA, PO_VM_UNTOLD, PO_VM_MAP_RAM, PO_VM_UNTOLD, PO_VM_UNPURGED }, 5);
}

static void open_nodes(struct box *b, unsigned nr)
{
	box_open(b);
	synth_symbol(&b->k, PO_S_vmap_nodes, "vmap_nodes", kva(b, NODES), 8);
	synth_symbol(&b->k, PO_S_nr_vmap_nodes, "nr_vmap_nodes", kva(b, NR_NODES), 4);
	synth_member(&b->k, PO_M_vmap_area__flags, FLAGS, 8);
	synth_struct(&b->k, PO_T_vmap_node, NODE_SIZE);
	synth_member(&b->k, PO_M_vmap_node__busy_head, BUSY, 16);
	synth_member(&b->k, PO_M_vmap_node__lazy_head, LAZY, 16);
	synth_member(&b->k, PO_M_vm_struct__page_order, ORDER, 4);
	world_ptr(&b->w, NODES, kva(b, NODE(0)));
	world_number(&b->w, NR_NODES, 4, nr);
}

TEST(nodes)			/* 6.9 */
{
	_cleanup_(box_close) struct box b;

	open_nodes(&b, 2);
	for (unsigned i = 0; i < 5; i++)
		make_area(&b, i, true, PO_VM_ALLOC);
	world_ptr(&b.w, VM(1) + PAGES, SPACE(2) + 0x1000);	/* in the vmalloc space itself */
	world_ptr(&b.w, VM(2) + PAGES, SPACE(2) + 0x5000);	/* the first byte behind an area */
	ring(&b, NODE(0) + BUSY, 1, 2);
	ring(&b, NODE(1) + BUSY, 0, 1);
	ring(&b, NODE(0) + LAZY, 3, 1);
	ring(&b, NODE(1) + LAZY, 4, 1);
	check_kinds(&b, (enum po_vm_kind[]){ PO_VM_AREA, PO_VM_AREA, PO_VM_AREA, PO_VM_UNPURGED, PO_VM_UNPURGED }, 5);
	CHECK(b.v.area[0].start == SPACE(1) && b.v.area[2].start == SPACE(0));
	CHECK(b.v.area[0].vpages && !b.v.area[1].vpages && !b.v.area[2].vpages);
	world_number(&b.w, NR_NODES, 4, 1u << 20);
	CHECK_INT(load(&b), PAGEOWNER_ECORRUPT);
	world_number(&b.w, NR_NODES, 4, 0);
	CHECK_INT(load(&b), PAGEOWNER_ECORRUPT);
}

TEST(the_only_node)		/* 32-bit, where the compiler knows that there is no other */
{
	_cleanup_(box_close) struct box b;

	open_nodes(&b, 0);
	b.k.l.symbol[PO_S_vmap_nodes].have = b.k.l.symbol[PO_S_nr_vmap_nodes].have = false;
	synth_symbol(&b.k, PO_S_single, "single", kva(&b, NODE(2)), NODE_SIZE);
	make_area(&b, 0, true, PO_VM_ALLOC);
	ring(&b, NODE(2) + BUSY, 0, 1);
	ring(&b, NODE(2) + LAZY, 0, 0);
	check_kinds(&b, (enum po_vm_kind[]){ PO_VM_AREA }, 1);
}

TEST(what_lies)
{
	_cleanup_(box_close) struct box b;

	open_list(&b);
	for (unsigned i = 0; i < 3; i++)
		make_area(&b, i, true, PO_VM_ALLOC);
	ring(&b, HEAD, 0, 3);
	world_number(&b.w, VM(0) + NR_PAGES, 4, 6);		/* in 0x5000 bytes */
	world_ptr(&b.w, AREA(1) + VM_PTR, kva(&b, END));
	CHECK_INT(load(&b), PAGEOWNER_OK);
	CHECK_INT(b.flaw.code, PAGEOWNER_ECORRUPT);
	CHECK_INT(b.v.nr, 3);
	CHECK(b.v.area[0].lost && b.v.area[0].nr_pages == 0);
	CHECK(b.v.area[1].lost && !b.v.area[2].lost);
	world_ptr(&b.w, AREA(2) + LIST, kva(&b, AREA(1) + LIST));
	CHECK_INT(load(&b), PAGEOWNER_OK);
	CHECK(b.v.nr >= 3 && b.v.nr < 16);
	world_ptr(&b.w, AREA(1) + LIST, kva(&b, END));
	CHECK_INT(load(&b), PAGEOWNER_OK);
	CHECK_INT(b.v.nr, 2);
	b.k.l.symbol[PO_S_vmap_area_list].have = false;
	CHECK_INT(load(&b), PAGEOWNER_ENOSYM);
	b.k.l.strct[PO_T_vm_struct].size = 1u << 20;
	b.k.l.symbol[PO_S_vmap_area_list].have = true;
	CHECK_INT(load(&b), PAGEOWNER_ENOTYPE);
}
