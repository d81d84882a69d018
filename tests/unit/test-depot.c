/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Stack handles of every generation, stacks as text, and records that make no sense. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "harness.h"
#include "owner/depot.h"
#include "owner/stack.h"
#include "synth/kallsyms.h"
#include "synth/layout.h"
#include "synth/world.h"

#define ARRAY 0x20000u		/* of pointers to pools */
#define VARS 0x30000u
#define POOLS 0x100000u		/* pool i lies at POOLS + i * its size, up to 64 KiB pages */
#define POOL_ROOM 0x40000u

enum array { SLABS, POOLS_ARRAY, POOLS_POINTER };
enum bound { NO_BOUND, DEPOT_INDEX, POOL_INDEX, POOLS_NUM };

struct generation {
	const char *name;
	unsigned index_bits;	/* with pages of 4 KiB */
	bool valid, plus_one, count;
	unsigned extra_bits;
	enum array array;
	enum bound bound;
};

static const struct generation generations[] = {
	{ "4.6", 21, true, false, false, 0, SLABS, DEPOT_INDEX },
	{ "6.1", 16, true, false, false, 5, SLABS, DEPOT_INDEX },
	{ "6.3", 16, true, false, false, 5, POOLS_ARRAY, POOL_INDEX },
	{ "6.8", 17, false, false, true, 5, POOLS_ARRAY, POOLS_NUM },
	{ "6.9", 17, false, true, true, 5, POOLS_ARRAY, POOLS_NUM },
	{ "6.17", 17, false, true, true, 5, POOLS_POINTER, POOLS_NUM },
};
#define NR_GENERATIONS (sizeof(generations) / sizeof(*generations))

static const struct generation *generation(const char *name)
{
	for (size_t i = 0; i < NR_GENERATIONS; i++)
		if (!strcmp(generations[i].name, name))
			return &generations[i];
	abort();
}

struct store {
	struct world w;
	struct po_kernel k;
	struct po_depot depot;
	const struct generation *gen;
	unsigned index_bits, offset_bits;
};

static void store_close(struct store *s)
{
	world_close(&s->w);
}

static void set_handle_parts(struct store *s)
{
	const struct generation *g = s->gen;
	unsigned index = g->plus_one			? PO_M_handle_parts__pool_index_plus_1 :
			 g->array == SLABS		? PO_M_handle_parts__slabindex :
							  PO_M_handle_parts__pool_index;

	s->offset_bits = s->k.page_shift - 2;
	s->index_bits = g->index_bits - (s->k.page_shift - 12);
	synth_bits(&s->k, index, 0, s->index_bits);
	synth_bits(&s->k, PO_M_handle_parts__offset, s->index_bits, s->offset_bits);
	if (g->extra_bits)
		synth_bits(&s->k, PO_M_handle_parts__extra,
			   s->index_bits + s->offset_bits + g->valid, g->extra_bits);
}

/* struct stack_record: a link or a list head, hash, size, handle[, count], entries. */
static void set_record(struct store *s)
{
	uint64_t ptr = s->k.abi.ptr_size, head = s->gen->count ? 2 * ptr : ptr;
	uint64_t end = head + 12 + (s->gen->count ? 4 : 0);

	synth_member(&s->k, PO_M_stack_record__size, head + 4, 4);
	synth_member(&s->k, PO_M_stack_record__handle, head + 8, 4);
	if (s->gen->count)
		synth_member(&s->k, PO_M_stack_record__count, head + 12, 4);
	synth_member(&s->k, PO_M_stack_record__entries, (end + ptr - 1) / ptr * ptr, 0);
}

static void set_pools(struct store *s)
{
	const struct generation *g = s->gen;
	struct po_type_info array = { .kind = PO_KIND_ARRAY, .nr_elems = 64,
				      .elem_kind = PO_KIND_POINTER };
	struct po_type_info pointer = { .kind = PO_KIND_POINTER, .pointer_depth = 2 };

	if (g->array == SLABS) {
		synth_symbol(&s->k, PO_S_stack_slabs, "stack_slabs", s->w.base + ARRAY, 0);
		synth_variable(&s->k, PO_V_stack_slabs, array);
	} else if (g->array == POOLS_ARRAY) {
		synth_symbol(&s->k, PO_S_stack_pools, "stack_pools", s->w.base + ARRAY, 0);
		synth_variable(&s->k, PO_V_stack_pools, array);
	} else {
		synth_symbol(&s->k, PO_S_stack_pools, "stack_pools", s->w.base + VARS, 8);
		synth_variable(&s->k, PO_V_stack_pools, pointer);
		world_ptr(&s->w, VARS, s->w.base + ARRAY);
		synth_symbol(&s->k, PO_S_stack_max_pools, "stack_max_pools", s->w.base + VARS + 0x10, 4);
		world_number(&s->w, VARS + 0x10, 4, 64);
	}
	if (g->bound == NO_BOUND)
		return;
	synth_symbol(&s->k, g->bound == DEPOT_INDEX ? PO_S_depot_index :
		     g->bound == POOL_INDEX	    ? PO_S_pool_index : PO_S_pools_num, "bound",
		     s->w.base + VARS + 0x20, 4);
	/* eight pools: the index of the last one, or how many */
	world_number(&s->w, VARS + 0x20, 4, g->bound == POOLS_NUM ? 8 : 7);
	for (uint64_t i = 0; i < 8; i++)
		world_ptr(&s->w, ARRAY + i * s->k.abi.ptr_size, s->w.base + POOLS + i * POOL_ROOM);
}

static void store_init(struct store *s, const struct generation *g, const struct po_abi *abi,
		       unsigned page_shift)
{
	world_open(&s->w, abi->big_endian, abi->ptr_size);
	world_range(&s->w, ARRAY, 0x20000);
	world_range(&s->w, POOLS, 8 * POOL_ROOM);
	synth_kernel(&s->k, abi, page_shift);
	s->k.l.slide = 0x1234000;
	s->gen = g;
	set_handle_parts(s);
	set_record(s);
	set_pools(s);
}

static const struct po_abi le64 = { false, 8 };

static void store_open(struct store *s, const char *name)
{
	struct pageowner_error err = { .text = "" };

	store_init(s, generation(name), &le64, 12);
	CHECK_INT(po_depot_open(&s->depot, &s->k, s->w.mem, &err), PAGEOWNER_OK);
	CHECK_STR(err.text, "");
}

/* A handle out of its parts, as the compiler of that machine lays them out. */
static uint32_t handle_of(const struct store *s, uint64_t index, uint64_t granule, uint32_t extra)
{
	const struct generation *g = s->gen;
	unsigned at[4], from = 0, bits[4] = { s->index_bits, s->offset_bits, g->valid, g->extra_bits };
	uint32_t parts[4] = { (uint32_t)(index + g->plus_one), (uint32_t)granule, 1, extra }, h = 0;

	for (int i = 0; i < 4; i++) {
		at[i] = s->k.abi.big_endian ? 32 - from - bits[i] : from;
		from += bits[i];
		if (bits[i])
			h |= parts[i] << at[i];
	}
	return h;
}

static uint64_t record_at(uint64_t index, uint64_t granule)
{
	return POOLS + index * POOL_ROOM + (granule << 4);
}

/* A record with frames 0x…1, 0x…2, …; its handle is returned. */
static uint32_t put_record(struct store *s, uint64_t index, uint64_t granule, uint32_t nr)
{
	const struct po_layout *l = &s->k.l;
	uint64_t at = record_at(index, granule), ptr = s->k.abi.ptr_size;
	uint32_t handle = handle_of(s, index, granule, 0);

	world_number(&s->w, at + PO_OFFSET(l, stack_record, size), 4, nr);
	world_number(&s->w, at + PO_OFFSET(l, stack_record, handle), 4, handle);
	if (s->gen->count)
		world_number(&s->w, at + PO_OFFSET(l, stack_record, count), 4, 0xc0000000);
	for (uint32_t i = 0; i < nr && i < 300; i++)
		world_ptr(&s->w, at + PO_OFFSET(l, stack_record, entries) + i * ptr,
			  s->w.base + 0x1000000 + i + 1);
	return handle;
}

/* "2 frames", or the error. */
static const char *fetch(struct store *s, uint32_t handle)
{
	static char text[1200];
	struct pageowner_error err = { .text = "" };
	struct po_frames f = { .nr = 77 };
	int rc = po_depot_fetch(&s->depot, s->w.mem, handle, &f, &err);

	if (rc < 0) {
		CHECK_INT(err.code, rc);
		snprintf(text, sizeof(text), "%d %s", rc, err.text);
		return text;
	}
	for (uint32_t i = 0; i < f.nr; i++)
		CHECK_INT(f.at[i], s->w.base + 0x1000000 + i + 1);
	CHECK_INT(f.handle, po_depot_key(&s->depot, handle));
	snprintf(text, sizeof(text), "%u frames", f.nr);
	return text;
}

/* --- handles --------------------------------------------------------------------------------- */

static void check_generation(const struct generation *g, const struct po_abi *abi, unsigned page_shift)
{
	_cleanup_(store_close) struct store s;
	uint64_t last = ((uint64_t)1 << (page_shift - 2)) - 1;

	store_init(&s, g, abi, page_shift);
	if (!CHECK_INT(po_depot_open(&s.depot, &s.k, s.w.mem, NULL), PAGEOWNER_OK))
		printf("# of %s\n", g->name);
	CHECK_INT(s.depot.bias, g->plus_one);
	CHECK_INT(s.depot.nr_pools, 64);
	CHECK_INT(s.depot.pools, s.w.base + ARRAY);

	uint32_t first = put_record(&s, 0, 1, 5), far = put_record(&s, 7, last - 20, 16);
	CHECK_STR(fetch(&s, first), "5 frames");
	CHECK_STR(fetch(&s, far), "16 frames");
	CHECK_INT(po_depot_key(&s.depot, far), far);
	if (g->extra_bits) {
		uint32_t marked = handle_of(&s, 7, last - 20, 0x15);
		CHECK(marked != far);
		CHECK_INT(po_depot_key(&s.depot, marked), far);
		CHECK_STR(fetch(&s, marked), "16 frames");
	}
	CHECK_STR(fetch(&s, 0), "0 frames");
}

TEST(handles_of_every_generation)
{
	for (size_t i = 0; i < NR_GENERATIONS; i++)
		check_generation(&generations[i], &le64, 12);
}

TEST(handles_with_pages_of_16k_and_64k)
{
	for (size_t i = 0; i < NR_GENERATIONS; i++) {
		check_generation(&generations[i], &le64, 14);
		check_generation(&generations[i], &le64, 16);
	}
}

TEST(handles_of_other_machines)
{
	for (size_t i = 0; i < NR_GENERATIONS; i++) {
		check_generation(&generations[i], &(struct po_abi){ true, 8 }, 12);
		check_generation(&generations[i], &(struct po_abi){ false, 4 }, 12);
		check_generation(&generations[i], &(struct po_abi){ true, 4 }, 12);
	}
}

TEST(handle_values_as_kernels_write_them)
{
	_cleanup_(store_close) struct store s4, s6, s9;

	store_open(&s4, "4.6");
	store_open(&s6, "6.1");
	store_open(&s9, "6.9");
	CHECK_INT(handle_of(&s4, 3, 5, 0), 3 | 5u << 21 | 1u << 31);
	CHECK_INT(handle_of(&s6, 3, 5, 0), 3 | 5u << 16 | 1u << 26);
	CHECK_INT(handle_of(&s9, 3, 5, 0x1f), 4 | 5u << 17 | 0x1fu << 27);
	CHECK_INT(po_depot_key(&s4.depot, 0xffffffff), 0xffffffff);
	CHECK_INT(po_depot_key(&s6.depot, 0xffffffff), 0x07ffffff);
	CHECK_INT(po_depot_key(&s9.depot, 0xffffffff), 0x07ffffff);
}

TEST(the_first_record_of_6_8_has_the_handle_that_means_none)
{
	_cleanup_(store_close) struct store s;

	store_open(&s, "6.8");
	CHECK_INT(put_record(&s, 0, 0, 4), 0);
	CHECK_STR(fetch(&s, 0), "0 frames");
	CHECK_STR(fetch(&s, handle_of(&s, 0, 0, 3)), "0 frames");
}

/* --- what is none, and what is corrupt ------------------------------------------------------- */

TEST(an_index_beyond_the_last_pool_is_corrupt)
{
	for (size_t i = 0; i < NR_GENERATIONS; i++) {
		_cleanup_(store_close) struct store s;
		/* 6.8 compares with > where the others have >= */
		uint64_t past = !strcmp(generations[i].name, "6.8") ? 9 : 8;
		char want[100];

		store_open(&s, generations[i].name);
		world_ptr(&s.w, ARRAY + 8 * 8, s.w.base + POOLS + 7 * POOL_ROOM);
		uint32_t h = handle_of(&s, past, 1, 0);
		snprintf(want, sizeof(want), "-5 stack 0x%x: pool %u of %u", h, (unsigned)past,
			 (unsigned)past);
		CHECK_STR(fetch(&s, h), want);
	}
}

TEST(an_index_of_zero_where_it_is_stored_plus_one_is_corrupt)
{
	_cleanup_(store_close) struct store s;

	store_open(&s, "6.9");
	CHECK(strncmp(fetch(&s, 5u << 17), "-5 stack 0xa0000: pool ", 23) == 0);
}

TEST(an_index_beyond_the_array_is_corrupt_without_a_bound)
{
	_cleanup_(store_close) struct store s;

	store_init(&s, generation("6.3"), &le64, 12);
	s.k.l.symbol[PO_S_pool_index].have = false;
	CHECK_INT(po_depot_open(&s.depot, &s.k, s.w.mem, NULL), PAGEOWNER_OK);
	CHECK(!s.depot.has_bound);
	CHECK_STR(fetch(&s, handle_of(&s, 64, 1, 0)), "-5 stack 0x4010040: pool 64 of 64");
	/* within it, but no pool was ever there */
	CHECK_STR(fetch(&s, handle_of(&s, 63, 1, 0)), "-5 stack 0x401003f: pool 63 does not exist");
}

TEST(a_record_of_another_handle_is_corrupt)
{
	_cleanup_(store_close) struct store s;

	store_open(&s, "6.1");
	uint32_t h = put_record(&s, 2, 0x10, 3);
	world_number(&s.w, record_at(2, 0x10) + PO_OFFSET(&s.k.l, stack_record, handle), 4, h + 1);
	CHECK_STR(fetch(&s, h), "-5 stack 0x4100002: the record at 0xffff888000180100 is that of "
				"0x4100003");
	/* the extra bits do not make another one of it */
	world_number(&s.w, record_at(2, 0x10) + PO_OFFSET(&s.k.l, stack_record, handle), 4,
		     h | 0x48000000);
	CHECK_STR(fetch(&s, h), "3 frames");
	/* memory that holds no record at all */
	CHECK_STR(fetch(&s, handle_of(&s, 2, 0x100, 0)), "-5 stack 0x5000002: the record at "
							 "0xffff888000181000 is that of 0x0");
}

TEST(absurd_numbers_of_frames_are_corrupt)
{
	_cleanup_(store_close) struct store s;

	store_open(&s, "6.1");
	CHECK_STR(fetch(&s, put_record(&s, 1, 0x10, 256)), "256 frames");
	CHECK_STR(fetch(&s, put_record(&s, 1, 0x10, 257)), "-5 stack 0x4100001: 257 frames");
	CHECK_STR(fetch(&s, put_record(&s, 1, 0x10, 0xffffffff)),
		  "-5 stack 0x4100001: 4294967295 frames");
	CHECK_STR(fetch(&s, put_record(&s, 1, 0x10, 0)), "0 frames");
}

TEST(a_record_stays_within_its_pool)
{
	_cleanup_(store_close) struct store s;

	/* a pool is four pages: 0x400 granules of 16 bytes; entries begin at 24 */
	store_open(&s, "6.1");
	CHECK_STR(fetch(&s, put_record(&s, 1, 0x3f0, 29)), "29 frames");
	CHECK_STR(fetch(&s, put_record(&s, 1, 0x3f0, 30)), "-5 stack 0x7f00001: 30 frames");
	CHECK_STR(fetch(&s, put_record(&s, 1, 0x3fe, 1)), "1 frames");
	CHECK_STR(fetch(&s, put_record(&s, 1, 0x3ff, 0)),
		  "-5 stack 0x7ff0001: its record would leave its pool");
}

TEST(an_offset_beyond_the_pool_is_corrupt)
{
	_cleanup_(store_close) struct store s;

	/* offsets of 64 KiB pages in pools of 4 KiB pages */
	store_init(&s, generation("6.1"), &le64, 16);
	s.k.page_shift = 12;
	CHECK_INT(po_depot_open(&s.depot, &s.k, s.w.mem, NULL), PAGEOWNER_OK);
	CHECK_STR(fetch(&s, put_record(&s, 1, 0x3fe, 1)), "1 frames");
	CHECK(strstr(fetch(&s, put_record(&s, 1, 0x400, 1)), "its record would leave its pool"));
	CHECK(strstr(fetch(&s, put_record(&s, 1, 0x3fff, 1)), "its record would leave its pool"));
}

TEST(a_freed_record_has_no_frames)
{
	_cleanup_(store_close) struct store s;

	store_open(&s, "6.9");
	uint32_t h = put_record(&s, 2, 0x10, 3);
	CHECK_STR(fetch(&s, h), "3 frames");
	world_number(&s.w, record_at(2, 0x10) + PO_OFFSET(&s.k.l, stack_record, count), 4, 0);
	CHECK_STR(fetch(&s, h), "0 frames");
}

TEST(a_record_that_is_not_in_the_dump)
{
	_cleanup_(store_close) struct store s;

	store_open(&s, "6.1");
	uint32_t h = put_record(&s, 2, 0xfd, 4);	/* the frames lie on the next page */
	CHECK_STR(fetch(&s, h), "4 frames");
	world_lose(&s.w, record_at(2, 0x100), PO_EXCLUDED);
	CHECK_STR(fetch(&s, h), "-4 stack 0x4fd0002: address 0xffff888000181000: physical address "
				"0x181000: excluded by a filter");
	world_lose(&s.w, record_at(2, 0), PO_TRUNCATED);
	CHECK_STR(fetch(&s, h), "-4 stack 0x4fd0002: address 0xffff888000180fd0: physical address "
				"0x180fd0: lost where the file was cut off");
	world_lose(&s.w, ARRAY, PO_IOERR);
	CHECK_STR(fetch(&s, h), "-3 stack 0x4fd0002: address 0xffff888000020010: physical address "
				"0x20010: read error");
}

/* --- opening --------------------------------------------------------------------------------- */

TEST(a_depot_without_pools_or_index_is_not_known)
{
	_cleanup_(store_close) struct store s, t;
	struct pageowner_error err;

	store_init(&s, generation("6.3"), &le64, 12);
	s.k.l.symbol[PO_S_stack_pools].have = false;
	CHECK_INT(po_depot_open(&s.depot, &s.k, s.w.mem, &err), PAGEOWNER_EUNSUPP);
	CHECK_STR(err.text, "stack depot: neither stack_slabs nor stack_pools is known in "
			    "lib/stackdepot.c");
	store_init(&t, generation("6.3"), &le64, 12);
	t.k.l.member[PO_M_handle_parts__pool_index].have = false;
	CHECK_INT(po_depot_open(&t.depot, &t.k, t.w.mem, &err), PAGEOWNER_EUNSUPP);
	CHECK_STR(err.text, "union handle_parts has neither slabindex nor pool_index");
}

TEST(a_pointer_to_pools_that_is_not_in_the_dump)
{
	_cleanup_(store_close) struct store s;
	struct pageowner_error err;

	store_init(&s, generation("6.17"), &le64, 12);
	world_lose(&s.w, VARS, PO_EXCLUDED);
	CHECK_INT(po_depot_open(&s.depot, &s.k, s.w.mem, &err), PAGEOWNER_ENODATA);
	CHECK_STR(err.text, "stack depot: stack_pools: address 0xffff888000030000: physical address "
			    "0x30000: excluded by a filter");
}

/* --- stacks with names ----------------------------------------------------------------------- */

#define TEXT 0x1000000u

/* Symbols where put_record() lets frames point to. */
static struct po_symbols *text_symbols(struct store *s)
{
	const struct synth_symbol syms[] = {
		{ s->w.base + TEXT, "T_stext" },
		{ s->w.base + TEXT + 2, "Tpost_alloc_hook" },
		{ s->w.base + TEXT + 3, "T__alloc_pages" },
	};
	struct po_kallsyms_where at = { .stext = s->w.base + TEXT, .etext = s->w.base + TEXT + 4 };
	struct po_kallsyms *ks = NULL;
	struct po_symbols *ret = NULL;

	world_range(&s->w, 0x800000, 0x10000);
	synth_kallsyms(&s->w, 0x800000, SYNTH_RELATIVE, syms, 3, &at);
	if (po_kallsyms_open(s->w.mem, &at, &ks, NULL) < 0 ||
	    po_symbols_new(ks, &(struct po_rules){ .name_len = 512 }, &ret, NULL) < 0)
		abort();
	return ret;
}

static void add_module(struct store *s, struct po_symbols *syms)
{
	struct po_module mod = { .name = "ext4", .nr_ranges = 1, .nr_syms = 1, .names_len = 5 };

	mod.range[0] = (struct po_module_range){
		.start = s->w.base + TEXT + 5, .len = 16, .text_end = s->w.base + TEXT + 16,
	};
	mod.syms = calloc(1, sizeof(*mod.syms));
	mod.names = strdup("mfun");
	if (!mod.syms || !mod.names || po_symbols_add_module(syms, &mod, NULL) < 0)
		abort();
	mod.syms[0] = (struct po_module_symbol){ s->w.base + TEXT + 5, 0, 1 };
}

TEST(frames_read_as_the_kernel_prints_them)
{
	_cleanup_(store_close) struct store s;
	const struct pageowner_stack *stack = NULL, *again = NULL;
	struct pageowner_error err;
	struct po_stacks stacks;

	store_open(&s, "6.1");
	struct po_symbols *syms = text_symbols(&s);
	add_module(&s, syms);
	po_stacks_init(&stacks, &s.depot, syms, s.w.mem);
	uint32_t h = put_record(&s, 2, 0x10, 6);
	CHECK_INT(po_stacks_get(&stacks, h, &stack, &err), 1);
	CHECK_INT(err.code, PAGEOWNER_OK);
	if (CHECK(stack && stack->nr_frames == 6)) {
		CHECK_STR(stack->frames[0].text, "_stext+0x1/0x2");
		CHECK_STR(stack->frames[1].text, "post_alloc_hook+0x0/0x1");
		CHECK_STR(stack->frames[2].text, "__alloc_pages+0x0/0x1");
		CHECK_STR(stack->frames[3].text, "0xffff888001000004");
		CHECK_STR(stack->frames[4].text, "mfun+0x0/0xb [ext4]");
		CHECK_STR(stack->frames[5].text, "mfun+0x1/0xb [ext4]");
		CHECK_INT(stack->frames[3].address, s.w.base + TEXT + 4);
		CHECK_INT(stack->handle, h);
		CHECK_INT(stack->id, 0);
	}
	/* the same stack, whatever the extra bits: the same object */
	unsigned reads = s.w.nr_reads;
	CHECK_INT(po_stacks_get(&stacks, h | 0x80000000, &again, &err), 1);
	CHECK(again == stack);
	CHECK_INT(s.w.nr_reads, reads);
	po_stacks_fini(&stacks);
	po_symbols_free(syms);
}

TEST(a_stack_that_cannot_be_had_is_a_line_that_says_so)
{
	_cleanup_(store_close) struct store s;
	const struct pageowner_stack *bad = NULL, *lost = NULL;
	struct pageowner_error err;
	struct po_stacks stacks;

	store_open(&s, "6.1");
	struct po_symbols *syms = text_symbols(&s);
	po_stacks_init(&stacks, &s.depot, syms, s.w.mem);
	uint32_t h = put_record(&s, 2, 0x10, 1000), gone = put_record(&s, 3, 0x10, 2);
	world_lose(&s.w, record_at(3, 0x10), PO_EXCLUDED);
	CHECK_INT(po_stacks_get(&stacks, h, &bad, &err), 0);
	CHECK_INT(err.code, PAGEOWNER_ECORRUPT);
	CHECK_STR(err.text, "stack 0x4100002: 1000 frames");
	CHECK_INT(po_stacks_get(&stacks, gone, &lost, &err), 0);
	CHECK_INT(err.code, PAGEOWNER_ENODATA);
	if (CHECK(bad && lost)) {
		CHECK_INT(bad->nr_frames, 1);
		CHECK_STR(bad->frames[0].text, "<stack 0x4100002: corrupt data>");
		CHECK_INT(bad->frames[0].address, 0);
		CHECK_STR(lost->frames[0].text, "<stack 0x4100003: not in dump>");
		CHECK_INT(lost->id, 1);
	}
	/* told once */
	CHECK_INT(po_stacks_get(&stacks, h, &bad, &err), 0);
	CHECK_INT(err.code, PAGEOWNER_OK);
	CHECK_INT(po_stacks_get(&stacks, h, &bad, NULL), 0);
	po_stacks_fini(&stacks);
	po_symbols_free(syms);
}

TEST(extra_bits_alone_are_a_stack_without_frames)
{
	_cleanup_(store_close) struct store s;
	const struct pageowner_stack *a = NULL, *b = NULL;
	struct po_stacks stacks;

	store_open(&s, "6.1");
	struct po_symbols *syms = text_symbols(&s);
	po_stacks_init(&stacks, &s.depot, syms, s.w.mem);
	CHECK_INT(po_stacks_get(&stacks, 0x80000000, &a, NULL), 1);
	CHECK_INT(po_stacks_get(&stacks, 0x80000000, &b, NULL), 1);
	if (CHECK(a && a == b))
		CHECK_INT(a->nr_frames, 0);
	po_stacks_fini(&stacks);
	po_symbols_free(syms);
}

TEST(many_stacks_keep_their_ids)
{
	enum { NR = 3000 };
	_cleanup_(store_close) struct store s;
	const struct pageowner_stack *stack;
	struct po_stacks stacks;
	unsigned wrong = 0;

	store_open(&s, "6.1");
	struct po_symbols *syms = text_symbols(&s);
	po_stacks_init(&stacks, &s.depot, syms, s.w.mem);
	for (int pass = 0; pass < 2; pass++)
		for (uint64_t i = 0; i < NR; i++) {
			uint64_t index = i / 256, granule = i % 256 * 4;
			uint32_t h = pass == 0 && index < 8 ? put_record(&s, index, granule, 1) :
							      handle_of(&s, index, granule, 0);
			int rc = po_stacks_get(&stacks, h, &stack, NULL);
			wrong += rc != (index < 8) || stack->id != i || stack->handle != h ||
				 stack->nr_frames != 1;
		}
	CHECK_INT(wrong, 0);
	CHECK_INT(stacks.nr, NR);
	po_stacks_fini(&stacks);
	po_symbols_free(syms);
}
