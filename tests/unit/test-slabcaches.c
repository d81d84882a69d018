/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Slab caches of the allocators and releases that no fixture has, and lists that lie. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "harness.h"
#include "kernel/slabcaches.h"
#include "proc/proc.h"
#include "synth/layout.h"
#include "synth/world.h"

#define HEAD		0x1000u
#define IDS		0x1100u			/* nr_node_ids */
#define NAMES		0x2000u
#define CACHE(i)	(0x10000u + 0x200u * (i))
#define NODE(i)		(0x20000u + 0x80u * (i))
#define PARAMS(i)	(0x30000u + 0x40u * (i))	/* struct memcg_cache_params behind a pointer */
#define SLABS		0x100000u
#define SLAB(i)		(SLABS + 0x20u * (i))
#define END		0x200000u

/* Offsets in the structs of this kernel. */
enum { LIST = 0, NAME = 16, SIZE = 24, OBJECT_SIZE = 28, OO = 32, NUM = 36, GFPORDER = 40, LIMIT = 44, BATCH = 48,
       SHARED = 52, MEMCG = 64, NODES = 128, MAX_NODES = 4 };
enum { NR_PARTIAL = 0, PARTIAL = 8, NR_SLABS = 24, OBJECTS = 32, TOTAL = 40, FREE_SLABS = 48, FREE_OBJECTS = 56,
       ALIEN = 64 };
enum { LRU = 0, INUSE = 16, SLAB_OBJECTS = 18 };

struct box {
	struct world w;
	struct po_kernel k;
	struct po_slab_caches s;
	struct pageowner_error flaw, err;
};

static uint64_t kva(const struct box *b, uint64_t paddr)
{
	return b->w.base + paddr;
}

static void box_close(struct box *b)
{
	po_slab_caches_fini(&b->s);
	world_close(&b->w);
}

static void box_open(struct box *b)
{
	memset(b, 0, sizeof(*b));
	world_open(&b->w, false, 8);
	world_range(&b->w, 0, END);
	synth_kernel(&b->k, &b->w.abi, 12);
	synth_symbol(&b->k, PO_S_slab_caches, "slab_caches", kva(b, HEAD), 16);
	synth_symbol(&b->k, PO_S_nr_node_ids, "nr_node_ids", kva(b, IDS), 4);
	world_number(&b->w, IDS, 4, 2);
	synth_struct(&b->k, PO_T_kmem_cache, NODES + MAX_NODES * 8);
	synth_member(&b->k, PO_M_kmem_cache__list, LIST, 16);
	synth_member(&b->k, PO_M_kmem_cache__name, NAME, 8);
	synth_member(&b->k, PO_M_kmem_cache__size, SIZE, 4);
	synth_member(&b->k, PO_M_kmem_cache__object_size, OBJECT_SIZE, 4);
	synth_member(&b->k, PO_M_kmem_cache__node, NODES, MAX_NODES * 8)->type.nr_elems = MAX_NODES;
	synth_member(&b->k, PO_M_page__lru, LRU, 16);
	synth_member(&b->k, PO_M_page__inuse, INUSE, 2);
	synth_member(&b->k, PO_M_page__objects, SLAB_OBJECTS, 2);
}

static void open_slub(struct box *b)
{
	box_open(b);
	synth_member(&b->k, PO_M_kmem_cache__oo, OO, 4);
	synth_member(&b->k, PO_M_kmem_cache_node__nr_partial, NR_PARTIAL, 8);
	synth_member(&b->k, PO_M_kmem_cache_node__partial, PARTIAL, 16);
	synth_member(&b->k, PO_M_kmem_cache_node__nr_slabs, NR_SLABS, 8);
	synth_member(&b->k, PO_M_kmem_cache_node__total_objects, OBJECTS, 8);
}

static void open_slab(struct box *b)
{
	box_open(b);
	synth_member(&b->k, PO_M_kmem_cache__num, NUM, 4);
	synth_member(&b->k, PO_M_kmem_cache__gfporder, GFPORDER, 4);
	synth_member(&b->k, PO_M_kmem_cache__limit, LIMIT, 4);
	synth_member(&b->k, PO_M_kmem_cache__batchcount, BATCH, 4);
	synth_member(&b->k, PO_M_kmem_cache__shared, SHARED, 4);
	synth_member(&b->k, PO_M_kmem_cache_node__total_slabs, TOTAL, 8);
	synth_member(&b->k, PO_M_kmem_cache_node__free_slabs, FREE_SLABS, 8);
	synth_member(&b->k, PO_M_kmem_cache_node__free_objects, FREE_OBJECTS, 8);
	synth_member(&b->k, PO_M_kmem_cache_node__shared, ALIEN, 8);
	synth_member(&b->k, PO_M_array_cache__avail, 4, 4);
}

/* A ring of links, both ways. */
static void ring(struct box *b, uint64_t head, const uint64_t *at, size_t nr)
{
	uint64_t last = head;

	for (size_t i = 0; i < nr; i++) {
		world_ptr(&b->w, last, kva(b, at[i]));
		world_ptr(&b->w, at[i] + 8, kva(b, last));
		last = at[i];
	}
	world_ptr(&b->w, last, kva(b, head));
	world_ptr(&b->w, head + 8, kva(b, last));
}

static void make_caches(struct box *b, unsigned nr)
{
	uint64_t at[16];

	for (unsigned i = 0; i < nr; i++) {
		char name[16];

		at[i] = CACHE(i) + LIST;
		(void)snprintf(name, sizeof(name), "cache-%u", i);
		world_string(&b->w, NAMES + 32 * i, name);
		world_ptr(&b->w, CACHE(i) + NAME, kva(b, NAMES + 32 * i));
		world_number(&b->w, CACHE(i) + SIZE, 4, 64);
		world_number(&b->w, CACHE(i) + OBJECT_SIZE, 4, 60);
		world_number(&b->w, CACHE(i) + OO, 4, 1 << 16 | 128);
	}
	ring(b, HEAD, at, nr);
}

/* A node of SLUB with so many slabs of 128 objects, some of them partial: from slab first on, with inuse objects each. */
static void make_node(struct box *b, unsigned cache, unsigned node, uint64_t slabs, unsigned first, unsigned partial,
		      unsigned inuse)
{
	_cleanup_(po_freep) uint64_t *at = calloc(partial + 1, sizeof(*at));
	uint64_t n = NODE(cache * 4 + node);

	if (!at)
		abort();
	world_ptr(&b->w, CACHE(cache) + NODES + 8 * node, kva(b, n));
	world_ptr(&b->w, n + NR_PARTIAL, partial);
	world_ptr(&b->w, n + NR_SLABS, slabs);
	world_ptr(&b->w, n + OBJECTS, slabs * 128);
	for (unsigned i = 0; i < partial; i++) {
		at[i] = SLAB(first + i) + LRU;
		world_number(&b->w, SLAB(first + i) + INUSE, 2, inuse);
		world_number(&b->w, SLAB(first + i) + SLAB_OBJECTS, 2, 128);
	}
	ring(b, n + PARTIAL, at, partial);
}

static int load(struct box *b)
{
	po_slab_caches_fini(&b->s);
	return po_slab_caches_load(&b->k, b->w.mem, &b->s, &b->flaw, &b->err);
}

/* --- what they hold ------------------------------------------------------------------------------ */

TEST(nodes_are_added_up)
{
	_cleanup_(box_close) struct box b;

	open_slub(&b);
	make_caches(&b, 2);
	make_node(&b, 0, 0, 10, 0, 3, 100);
	make_node(&b, 0, 1, 5, 8, 1, 1);
	world_ptr(&b.w, CACHE(0) + NODES + 16, 0xdead);		/* behind the last node: was not allocated */
	if (!CHECK_INT(load(&b), PAGEOWNER_OK) || !CHECK_INT(b.s.nr, 2))
		return;
	const struct po_slab_cache *c = &b.s.cache[0];
	CHECK_INT(b.flaw.code, PAGEOWNER_OK);
	CHECK_STR(c->name, "cache-0");
	CHECK_INT(c->size, 64);
	CHECK_INT(c->object_size, 60);
	CHECK_INT(c->objects_per_slab, 128);
	CHECK_INT(c->order, 1);
	CHECK_INT(c->slabs, 15);
	CHECK_INT(c->active_slabs, 15);
	CHECK_INT(c->objects, 15 * 128);
	CHECK_INT(c->active_objects, 15 * 128 - 3 * 28 - 127);
	CHECK_INT(b.s.cache[1].objects, 0);
	CHECK(!c->lost && !b.s.cache[1].lost);
}

TEST(of_a_long_list_both_ends_are_looked_at)
{
	_cleanup_(box_close) struct box b;
	unsigned nr = 12000;

	open_slub(&b);
	make_caches(&b, 1);
	make_node(&b, 0, 0, nr, 0, nr, 128);
	for (unsigned i = 0; i < nr; i++)	/* one free in each of the first half, three in the others */
		world_number(&b.w, SLAB(i) + INUSE, 2, i < nr / 2 ? 127 : 125);
	CHECK_INT(load(&b), PAGEOWNER_OK);
	CHECK_INT(b.s.cache[0].active_objects, nr * 128 - nr / 2 - nr / 2 * 3);
	for (unsigned i = 5000; i < 7000; i++)	/* what is between the ends */
		world_number(&b.w, SLAB(i) + INUSE, 2, 0);
	synth_symbol(&b.k, PO_S_count_partial_free_approx, "count_partial_free_approx", kva(&b, 0), 4);
	CHECK_INT(load(&b), PAGEOWNER_OK);
	CHECK_INT(b.s.cache[0].active_objects, nr * 128 - (5000 + 15000) * nr / 10000);
}

TEST(slab_has_tunables)
{
	_cleanup_(box_close) struct box b;

	open_slab(&b);
	make_caches(&b, 1);
	world_number(&b.w, CACHE(0) + NUM, 4, 30);
	world_number(&b.w, CACHE(0) + GFPORDER, 4, 2);
	world_number(&b.w, CACHE(0) + LIMIT, 4, 120);
	world_number(&b.w, CACHE(0) + BATCH, 4, 60);
	world_number(&b.w, CACHE(0) + SHARED, 4, 8);
	world_ptr(&b.w, CACHE(0) + NODES, kva(&b, NODE(0)));
	world_ptr(&b.w, NODE(0) + TOTAL, 7);
	world_ptr(&b.w, NODE(0) + FREE_SLABS, 2);
	world_ptr(&b.w, NODE(0) + FREE_OBJECTS, 75);
	world_ptr(&b.w, NODE(0) + ALIEN, kva(&b, PARAMS(0)));
	world_number(&b.w, PARAMS(0) + 4, 4, 33);
	CHECK_INT(load(&b), PAGEOWNER_OK);
	CHECK_INT(b.s.cache[0].objects, 210);
	CHECK_INT(b.s.cache[0].active_objects, 135);
	CHECK_INT(b.s.cache[0].active_slabs, 5);
	CHECK_INT(b.s.cache[0].slabs, 7);
	CHECK_INT(b.s.cache[0].shared_avail, 33);
	CHECK_INT(b.s.cache[0].limit, 120);
	b.k.l.member[PO_M_kmem_cache_node__total_slabs].have = false;
	CHECK_INT(load(&b), PAGEOWNER_EUNSUPP);
}

/* --- memory cgroups ------------------------------------------------------------------------------ */

static int take(void *self, const char *text, size_t len)
{
	char *to = self;
	size_t at = strlen(to);

	if (at + len < 4096)
		memcpy(to + at, text, len);
	return 0;
}

/* The caches 1 and 2 are of memory cgroups, made of cache 0; so it prints one line with their sum, and one of cache 3. */
static void check_sum(struct box *b)
{
	_cleanup_(po_freep) struct po_sink *sink = malloc(sizeof(*sink));
	char text[4096] = "";
	const struct po_blob none = { "", 1 };
	const struct po_proc p = { .k = &b->k, .mem = b->w.mem, .rodata = &none, .sink = sink };

	for (unsigned i = 0; i < 4; i++)
		make_node(b, i, 0, i + 1, 0, 0, 0);
	po_sink_init(sink, take, text);
	CHECK_INT(po_proc_slabinfo(&p, &b->err), PAGEOWNER_OK);
	po_sink_flush(sink);
	const char *lines = strstr(text, "cache-");
	CHECK_STR(lines, "cache-0              768    768     64  128    2 : tunables    0    0    0 : slabdata      6      6"
			 "      0\n"
			 "cache-3              512    512     64  128    2 : tunables    0    0    0 : slabdata      4      4"
			 "      0\n");
}

TEST(root_by_a_pointer)		/* 4.11 to 5.8 */
{
	_cleanup_(box_close) struct box b;

	open_slub(&b);
	make_caches(&b, 4);
	synth_member(&b.k, PO_M_kmem_cache__memcg_params, MEMCG, 32)->type.kind = PO_KIND_STRUCT;
	synth_member(&b.k, PO_M_memcg_cache_params__root_cache, 0, 8);
	world_ptr(&b.w, CACHE(1) + MEMCG, kva(&b, CACHE(0)));
	world_ptr(&b.w, CACHE(2) + MEMCG, kva(&b, CACHE(0)));
	check_sum(&b);
}

TEST(root_by_a_bool)		/* 4.1 to 4.10: a root cache has another pointer in that place */
{
	_cleanup_(box_close) struct box b;

	open_slub(&b);
	make_caches(&b, 4);
	synth_member(&b.k, PO_M_kmem_cache__memcg_params, MEMCG, 32)->type.kind = PO_KIND_STRUCT;
	synth_member(&b.k, PO_M_memcg_cache_params__is_root_cache, 0, 1);
	synth_member(&b.k, PO_M_memcg_cache_params__root_cache, 24, 8);
	for (unsigned i = 0; i < 4; i++) {
		world_number(&b.w, CACHE(i) + MEMCG, 1, i == 0 || i == 3);
		world_ptr(&b.w, CACHE(i) + MEMCG + 24, kva(&b, CACHE(0)));
	}
	check_sum(&b);
}

TEST(root_behind_a_pointer)	/* until 4.0 */
{
	_cleanup_(box_close) struct box b;

	open_slub(&b);
	make_caches(&b, 4);
	synth_member(&b.k, PO_M_kmem_cache__memcg_params, MEMCG, 8)->type.kind = PO_KIND_POINTER;
	synth_member(&b.k, PO_M_memcg_cache_params__is_root_cache, 0, 1);
	synth_member(&b.k, PO_M_memcg_cache_params__root_cache, 24, 8);
	for (unsigned i = 0; i < 3; i++) {	/* cache 3 has none */
		world_ptr(&b.w, CACHE(i) + MEMCG, kva(&b, PARAMS(i)));
		world_number(&b.w, PARAMS(i), 1, i == 0);
		world_ptr(&b.w, PARAMS(i) + 24, i ? kva(&b, CACHE(0)) : 0xdead);
	}
	check_sum(&b);
}

/* --- what lies ----------------------------------------------------------------------------------- */

TEST(a_list_that_does_not_end)
{
	_cleanup_(box_close) struct box b;

	open_slub(&b);
	make_caches(&b, 3);
	world_ptr(&b.w, CACHE(2) + LIST, kva(&b, CACHE(1) + LIST));
	CHECK_INT(load(&b), PAGEOWNER_OK);
	CHECK_INT(b.flaw.code, PAGEOWNER_ECORRUPT);
	CHECK(b.s.nr >= 3 && b.s.nr < 16);
	world_ptr(&b.w, CACHE(2) + LIST, 0);
	CHECK_INT(load(&b), PAGEOWNER_OK);
	CHECK_INT(b.flaw.code, PAGEOWNER_ECORRUPT);
	CHECK_INT(b.s.nr, 3);
}

TEST(a_list_of_slabs_that_does_not_end)
{
	_cleanup_(box_close) struct box b;

	open_slub(&b);
	make_caches(&b, 2);
	make_node(&b, 0, 0, 4, 0, 4, 1);
	make_node(&b, 1, 0, 4, 4, 4, 1);
	world_ptr(&b.w, SLAB(3), kva(&b, SLAB(1)));
	CHECK_INT(load(&b), PAGEOWNER_OK);
	CHECK_INT(b.flaw.code, PAGEOWNER_ECORRUPT);
	CHECK(strstr(b.flaw.text, "cache-0") != NULL);
	CHECK(b.s.cache[0].lost && !b.s.cache[1].lost);
}

TEST(more_slabs_than_page_frames)
{
	_cleanup_(box_close) struct box b;

	open_slub(&b);
	make_caches(&b, 2);
	make_node(&b, 0, 0, 4, 0, 4, 1);
	world_ptr(&b.w, CACHE(1) + NODES, kva(&b, NODE(0)));	/* the same list once more */
	b.k.max_pfn = 7;
	CHECK_INT(load(&b), PAGEOWNER_OK);
	CHECK_INT(b.flaw.code, PAGEOWNER_ECORRUPT);
	CHECK(!b.s.cache[0].lost && b.s.cache[1].lost);
	b.k.max_pfn = 8;
	CHECK_INT(load(&b), PAGEOWNER_OK);
	CHECK_INT(b.flaw.code, PAGEOWNER_OK);
}

TEST(what_is_not_in_the_dump)
{
	_cleanup_(box_close) struct box b;

	open_slub(&b);
	make_caches(&b, 3);
	world_ptr(&b.w, CACHE(0) + NODES, kva(&b, END + 0x1000));
	world_ptr(&b.w, CACHE(1) + NAME, kva(&b, END));
	CHECK_INT(load(&b), PAGEOWNER_OK);
	CHECK_INT(b.flaw.code, PAGEOWNER_ENODATA);
	CHECK(b.s.cache[0].lost && b.s.cache[1].lost && !b.s.cache[2].lost);
	CHECK(b.s.cache[1].name == NULL);
}

TEST(absurd_sizes)
{
	_cleanup_(box_close) struct box b;

	open_slub(&b);
	make_caches(&b, 1);
	world_number(&b.w, IDS, 4, 0);
	CHECK_INT(load(&b), PAGEOWNER_ECORRUPT);
	world_number(&b.w, IDS, 4, 0xffffffff);		/* no more than the array has */
	CHECK_INT(load(&b), PAGEOWNER_OK);
	b.k.l.member[PO_M_kmem_cache__node].at.type.nr_elems = 1u << 20;
	CHECK_INT(load(&b), PAGEOWNER_ECORRUPT);
	b.k.l.member[PO_M_kmem_cache__node].have = false;
	CHECK_INT(load(&b), PAGEOWNER_ENOTYPE);
	b.k.l.symbol[PO_S_slab_caches].have = false;
	CHECK_INT(load(&b), PAGEOWNER_ENOSYM);
}
