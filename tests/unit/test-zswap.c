/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pools of zswap: one allocator's, one of several allocators', many of one pool; and what lies. */
#include <string.h>

#include "harness.h"
#include "kernel/zswap.h"
#include "synth/layout.h"
#include "synth/world.h"

#define POOLS	0x1000u			/* the list's head */
#define POOL(i)	(0x2000u + 0x200u * (i))	/* struct zswap_pool */
#define ZPOOL(i)	(0x3000u + 0x40u * (i))
#define DRIVER	0x4000u
#define NAME	0x4100u
#define OWN(i)	(0x5000u + 0x40u * (i))		/* the allocator's */
#define END	0x10000u

enum { LIST = 0x100, ZPOOLS = 8, DRIVER_AT = 0, POOL_AT = 8, TYPE_AT = 16, PAGES = 24 };

struct box {
	struct world w;
	struct po_kernel k;
	struct pageowner_error err;
	uint64_t pages;
};

static uint64_t kva(const struct box *b, uint64_t paddr)
{
	return b->w.base + paddr;
}

static void box_open(struct box *b, unsigned nr)
{
	memset(b, 0, sizeof(*b));
	world_open(&b->w, false, 8);
	world_range(&b->w, 0, END);
	synth_kernel(&b->k, &b->w.abi, 12);
	synth_symbol(&b->k, PO_S_zswap_pools, "zswap_pools", kva(b, POOLS), 16);
	synth_member(&b->k, PO_M_zswap_pool__list, LIST, 8);
	world_ptr(&b->w, POOLS, kva(b, nr ? POOL(0) + LIST : POOLS));
	for (unsigned i = 0; i < nr; i++)
		world_ptr(&b->w, POOL(i) + LIST, kva(b, i + 1 < nr ? POOL(i + 1) + LIST : POOLS));
}

/* Until 6.17: through struct zpool, whose driver tells which allocator it is. */
static void zpools(struct box *b, const char *type)
{
	synth_member(&b->k, PO_M_zpool__driver, DRIVER_AT, 8);
	synth_member(&b->k, PO_M_zpool__pool, POOL_AT, 8);
	synth_member(&b->k, PO_M_zpool_driver__type, TYPE_AT, 8);
	world_ptr(&b->w, DRIVER + TYPE_AT, kva(b, NAME));
	world_string(&b->w, NAME, type);
	for (unsigned i = 0; i < 8; i++) {
		world_ptr(&b->w, ZPOOL(i) + DRIVER_AT, kva(b, DRIVER));
		world_ptr(&b->w, ZPOOL(i) + POOL_AT, kva(b, OWN(i)));
		world_number(&b->w, OWN(i) + PAGES, 8, 100 + i);
	}
}

static int ask(struct box *b)
{
	return po_zswap_pages(&b->k, b->w.mem, &b->pages, &b->err);
}

TEST(no_pool_yet)
{
	struct box b;

	box_open(&b, 0);
	synth_member(&b.k, PO_M_zswap_pool__zs_pool, 0, 8);
	CHECK_INT(ask(&b), PAGEOWNER_OK);
	CHECK_INT(b.pages, 0);
	world_close(&b.w);
}

TEST(zsmalloc_alone)		/* since 6.18 */
{
	struct box b;

	box_open(&b, 2);
	synth_member(&b.k, PO_M_zswap_pool__zs_pool, 0, 8);
	synth_member(&b.k, PO_M_zs_pool__pages_allocated, PAGES, 8);
	for (unsigned i = 0; i < 2; i++) {
		world_ptr(&b.w, POOL(i), kva(&b, OWN(i)));
		world_number(&b.w, OWN(i) + PAGES, 8, 88 + i);
	}
	CHECK_INT(ask(&b), PAGEOWNER_OK);
	CHECK_INT(b.pages, 88 + 89);
	world_close(&b.w);
}

TEST(an_allocator_by_its_name)	/* 6.12 to 6.17 */
{
	static const struct {
		const char *type;
		unsigned member;
	} of[] = {
		{ "zsmalloc", PO_M_zs_pool__pages_allocated }, { "zbud", PO_M_zbud_pool__pages_nr },
		{ "z3fold", PO_M_z3fold_pool__pages_nr },
	};

	for (size_t i = 0; i < sizeof(of) / sizeof(*of); i++) {
		struct box b;
		box_open(&b, 1);
		zpools(&b, of[i].type);
		synth_member(&b.k, PO_M_zswap_pool__zpool, 0, 8);
		world_ptr(&b.w, POOL(0), kva(&b, ZPOOL(3)));
		CHECK(ask(&b) < 0);
		CHECK(strstr(b.err.text, i ? of[i].type : "struct zs_pool"));
		synth_member(&b.k, of[i].member, PAGES, 8);
		CHECK_INT(ask(&b), PAGEOWNER_OK);
		CHECK_INT(b.pages, 103);
		world_close(&b.w);
	}
}

TEST(many_zpools)		/* until 6.11 */
{
	struct box b;

	box_open(&b, 1);
	zpools(&b, "zsmalloc");
	synth_member(&b.k, PO_M_zs_pool__pages_allocated, PAGES, 8);
	synth_member(&b.k, PO_M_zswap_pool__zpools, ZPOOLS, 8)->type =
		(struct po_type_info){ .kind = PO_KIND_ARRAY, .size = 64, .nr_elems = 8, .elem_size = 8 };
	for (unsigned i = 0; i < 8; i++)
		world_ptr(&b.w, POOL(0) + ZPOOLS + 8 * i, kva(&b, ZPOOL(i)));
	CHECK_INT(ask(&b), PAGEOWNER_OK);
	CHECK_INT(b.pages, 8 * 100 + 28);
	world_close(&b.w);
}

TEST(pools_that_lie)
{
	struct box b;

	box_open(&b, 2);
	synth_member(&b.k, PO_M_zs_pool__pages_allocated, PAGES, 8);
	CHECK_INT(ask(&b), PAGEOWNER_ENOTYPE);
	synth_member(&b.k, PO_M_zswap_pool__zs_pool, 0, 8);
	CHECK(ask(&b) < 0);				/* NULL is no pool */
	for (unsigned i = 0; i < 2; i++)
		world_ptr(&b.w, POOL(i), kva(&b, OWN(i)));
	CHECK_INT(ask(&b), PAGEOWNER_OK);
	world_ptr(&b.w, POOL(1) + LIST, kva(&b, POOL(0) + LIST));
	CHECK_INT(ask(&b), PAGEOWNER_ECORRUPT);
	world_close(&b.w);
}
