/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* CMA areas: a bit for several pages, gaps, and areas that lie. */
#include <string.h>

#include "harness.h"
#include "kernel/cma.h"
#include "synth/layout.h"
#include "synth/world.h"

#define COUNT	0x1000u
#define AREA(i)	(0x2000u + 0x80u * (i))
#define BITS(i)	(0x3000u + 0x40u * (i))
#define END	0x10000u

enum { BASE_PFN = 0, NR = 8, BITMAP = 16, ORDER = 24, NAME = 32, NAME_LEN = 64, SIZE = 0x80 };

struct box {
	struct world w;
	struct po_kernel k;
	struct po_cma c;
	struct pageowner_error flaw, err;
};

static void box_open(struct box *b)
{
	memset(b, 0, sizeof(*b));
	world_open(&b->w, false, 8);
	world_range(&b->w, 0, END);
	synth_kernel(&b->k, &b->w.abi, 12);
	b->k.max_pfn = 0x100000;
	synth_struct(&b->k, PO_T_cma, SIZE);
	synth_member(&b->k, PO_M_cma__base_pfn, BASE_PFN, 8);
	synth_member(&b->k, PO_M_cma__count, NR, 8);
	synth_member(&b->k, PO_M_cma__bitmap, BITMAP, 8);
	synth_member(&b->k, PO_M_cma__order_per_bit, ORDER, 4);
	synth_member(&b->k, PO_M_cma__name, NAME, NAME_LEN)->type.size = NAME_LEN;
	synth_symbol(&b->k, PO_S_cma_areas, "cma_areas", b->w.base + AREA(0), 8 * SIZE);
	synth_symbol(&b->k, PO_S_cma_area_count, "cma_area_count", b->w.base + COUNT, 4);
}

static void box_close(struct box *b)
{
	po_cma_fini(&b->c);
	world_close(&b->w);
}

static void area(struct box *b, unsigned i, const char *name, uint64_t pfn, uint64_t nr, unsigned order, uint64_t bits)
{
	world_ptr(&b->w, AREA(i) + BASE_PFN, pfn);
	world_ptr(&b->w, AREA(i) + NR, nr);
	world_ptr(&b->w, AREA(i) + BITMAP, b->w.base + BITS(i));
	world_number(&b->w, AREA(i) + ORDER, 4, order);
	world_string(&b->w, AREA(i) + NAME, name);
	world_ptr(&b->w, BITS(i), bits);
	world_number(&b->w, COUNT, 4, i + 1);
}

TEST(used_pages_and_the_largest_gap)
{
	struct box b;

	box_open(&b);
	area(&b, 0, "reserved", 0x1000, 64, 0, 0xff00000000000001u);
	area(&b, 1, "camera@46800000", 0x2000, 256, 2, 0xf);
	CHECK_INT(po_cma_open(&b.k, b.w.mem, &b.c, &b.flaw, &b.err), PAGEOWNER_OK);
	CHECK_INT(b.flaw.code, PAGEOWNER_OK);
	if (CHECK_INT(b.c.nr, 2)) {
		CHECK_STR(b.c.area[0].name, "reserved");
		CHECK_INT(b.c.area[0].used, 9);
		CHECK_INT(b.c.area[0].largest_gap, 55);
		CHECK_STR(b.c.area[1].name, "camera@46800000");
		CHECK_INT(b.c.area[1].used, 16);
		CHECK_INT(b.c.area[1].largest_gap, 240);
	}
	box_close(&b);
}

TEST(areas_that_overlap_are_told_and_the_others_stay)
{
	struct box b;

	box_open(&b);
	area(&b, 0, "one", 0x1000, 64, 0, 0);
	area(&b, 1, "two", 0x103f, 64, 0, 0);
	area(&b, 2, "three", 0x1040, 64, 0, 0);
	CHECK_INT(po_cma_open(&b.k, b.w.mem, &b.c, &b.flaw, &b.err), PAGEOWNER_OK);
	CHECK_INT(b.flaw.code, PAGEOWNER_ECORRUPT);
	CHECK(strstr(b.flaw.text, "CMA area \"two\": PFN 0x103f lies in area \"one\", too"));
	if (CHECK_INT(b.c.nr, 2))
		CHECK_STR(b.c.area[1].name, "three");
	box_close(&b);
}

TEST(too_many_areas)
{
	struct box b;

	box_open(&b);
	area(&b, 0, "one", 0x1000, 64, 0, 0);
	world_number(&b.w, COUNT, 4, 0x7fffffff);
	CHECK_INT(po_cma_open(&b.k, b.w.mem, &b.c, &b.flaw, &b.err), PAGEOWNER_ECORRUPT);
	box_close(&b);
}
