/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a page is, in every encoding; what a pageblock is, in every order of bits. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "harness.h"
#include "kernel/slab.h"
#include "synth/layout.h"
#include "synth/world.h"

/* --- struct page ----------------------------------------------------------------------------- */

static const struct po_abi abis[] = { { false, 8 }, { true, 8 }, { false, 4 }, { true, 4 } };

/* flags, then words, then the type or map count, as usual. */
static void page_layout(struct po_kernel *k, const struct po_abi *abi)
{
	uint64_t ptr = abi->ptr_size;

	synth_kernel(k, abi, 12);
	synth_struct(k, PO_T_page, 8 * ptr);
	synth_member(k, PO_M_page__flags, 0, ptr);
	synth_member(k, PO_M_page__private, 5 * ptr, ptr);
	synth_member(k, PO_M_page__mapcount, 6 * ptr, 4);
}

static bool is_buddy(struct po_kernel *k, uint32_t type)
{
	uint8_t raw[64] = { 0 };

	po_pageclass_open(k);
	world_store(&k->abi, raw + 6 * k->abi.ptr_size, 4, type);
	return po_page_is_buddy(k, raw);
}

/* The head of a tail at 0x…40c0 whose word is this. */
static uint64_t head_of(struct po_kernel *k, unsigned member, uint64_t word)
{
	uint8_t raw[64] = { 0 };

	memset(k->l.member, 0, sizeof(k->l.member));
	synth_member(k, member, k->abi.ptr_size, k->abi.ptr_size);
	world_store(&k->abi, raw + k->abi.ptr_size, k->abi.ptr_size, word);
	return po_page_head(k, k->abi.ptr_size == 4 ? 0xf00040c0 : 0xffffea00000040c0, raw);
}

TEST(heads_of_tails)
{
	for (size_t i = 0; i < 4; i++) {
		bool is32 = abis[i].ptr_size == 4;
		uint64_t head = is32 ? 0xf0004000 : 0xffffea0000004000;
		struct po_kernel k;

		page_layout(&k, &abis[i]);
		CHECK_INT(head_of(&k, PO_M_page__first_page, head), head);
		CHECK_INT(head_of(&k, PO_M_page__compound_head, head | 1), head);
		CHECK_INT(head_of(&k, PO_M_page__compound_info, head | 1), head);
		CHECK_INT(head_of(&k, PO_M_page__compound_info, (is32 ? 0xfffff000 : ~(uint64_t)0xfff) | 1), head);
		CHECK_INT(head_of(&k, PO_M_page__compound_info, (is32 ? 0xffffff80 : ~(uint64_t)0x7f) | 1),
			  head + 0x80);
		/* an address that looks like a mask is not less right as one */
		CHECK_INT(head_of(&k, PO_M_page__compound_info, is32 ? 0xf0000001 : 0xffffe00000000001),
			  is32 ? 0xf0000000 : 0xffffe00000000000);
	}
}

static bool is_slab(struct po_kernel *k, uint64_t flags, uint32_t type)
{
	uint8_t raw[64] = { 0 };

	po_pageclass_open(k);
	world_store(&k->abi, raw, k->abi.ptr_size, flags);
	world_store(&k->abi, raw + 6 * k->abi.ptr_size, 4, type);
	return po_page_is_slab(k, raw);
}

TEST(slab_pages_of_each_generation)
{
	for (size_t i = 0; i < 4; i++) {
		struct po_kernel k;

		page_layout(&k, &abis[i]);			/* a flag */
		synth_enumerator(&k, PO_E_PG_slab, 9);
		CHECK(is_slab(&k, 0x200, 0xffffffff) && !is_slab(&k, 0x100, 0xffffefff));

		page_layout(&k, &abis[i]);			/* 6.10 */
		synth_member(&k, PO_M_page__page_type, 6 * abis[i].ptr_size, 4);
		CHECK(is_slab(&k, 0, 0xffffefff) && !is_slab(&k, 0x200, 0xffffffff));
		CHECK(!is_slab(&k, 0, 0xfffff7ff) && !is_slab(&k, 0, 0));
		synth_enumerator(&k, PO_E_PG_slab, 0x02000000);	/* 6.11 */
		CHECK(is_slab(&k, 0, 0xfdffffff) && is_slab(&k, 0, 0xfdff0003));
		CHECK(!is_slab(&k, 0, 0xfeffffff) && !is_slab(&k, 0, 0xffffefff) && !is_slab(&k, 0, 3));

		synth_enumerator(&k, PO_E_PGTY_slab, 0xf5);	/* 6.12 */
		CHECK(is_slab(&k, 0, 0xf5000000) && is_slab(&k, 0, 0xf5000123));
		CHECK(!is_slab(&k, 0, 0xf4000000) && !is_slab(&k, 0, 0xffffffff));
	}
}

TEST(buddy_pages_until_4_17)
{
	for (size_t i = 0; i < 4; i++) {
		struct po_kernel k;

		page_layout(&k, &abis[i]);
		CHECK(is_buddy(&k, (uint32_t)-128));
		CHECK(!is_buddy(&k, (uint32_t)-1));	/* allocated, not mapped */
		CHECK(!is_buddy(&k, (uint32_t)-129));
		CHECK(!is_buddy(&k, (uint32_t)-256));	/* a balloon's */
		CHECK(!is_buddy(&k, 0));
		CHECK(!is_buddy(&k, 128));
	}
}

TEST(buddy_pages_of_4_18_to_6_9)
{
	for (size_t i = 0; i < 4; i++) {
		struct po_kernel k;

		page_layout(&k, &abis[i]);
		synth_member(&k, PO_M_page__page_type, 6 * abis[i].ptr_size, 4);
		CHECK(is_buddy(&k, 0xffffff7f));
		CHECK(is_buddy(&k, 0xf0000000));
		CHECK(!is_buddy(&k, 0xffffffff));
		CHECK(!is_buddy(&k, 0xfffffeff));	/* offline */
		CHECK(!is_buddy(&k, 0xfffffdff));	/* a page table */
		CHECK(!is_buddy(&k, 0));		/* mapped once */
		CHECK(!is_buddy(&k, 0x7fffff7f));
		CHECK(!is_buddy(&k, 0xefffff7f));
	}
}

TEST(buddy_pages_by_the_enumerator_of_6_10)
{
	struct po_kernel k;

	page_layout(&k, &abis[0]);
	synth_member(&k, PO_M_page__page_type, 48, 4);
	synth_enumerator(&k, PO_E_PG_buddy, 0x200);
	CHECK(is_buddy(&k, 0xfffffdff));
	CHECK(!is_buddy(&k, 0xffffff7f));
	CHECK(!is_buddy(&k, 0x7ffffdff));
}

TEST(buddy_pages_of_6_11_have_their_bits_in_the_top_byte)
{
	struct po_kernel k;

	page_layout(&k, &abis[0]);
	synth_member(&k, PO_M_page__page_type, 48, 4);
	synth_enumerator(&k, PO_E_PG_buddy, 0x40000000);
	CHECK(is_buddy(&k, 0xbfffffff));
	CHECK(is_buddy(&k, 0xbf000000));
	CHECK(!is_buddy(&k, 0xffffffff));
	CHECK(!is_buddy(&k, 0xdfffffff));	/* another type */
	CHECK(!is_buddy(&k, 0x3fffffff));
	CHECK(!is_buddy(&k, 0));
}

TEST(buddy_pages_since_6_12_have_a_byte)
{
	for (size_t i = 0; i < 4; i++) {
		struct po_kernel k;

		page_layout(&k, &abis[i]);
		synth_member(&k, PO_M_page__page_type, 6 * abis[i].ptr_size, 4);
		synth_enumerator(&k, PO_E_PGTY_buddy, 0xf0);
		CHECK(is_buddy(&k, 0xf0000000));
		CHECK(is_buddy(&k, 0xf0ffffff));
		CHECK(!is_buddy(&k, 0xf1000000));	/* offline */
		CHECK(!is_buddy(&k, 0xf5000000));	/* slab */
		CHECK(!is_buddy(&k, 0xffffffff));
		CHECK(!is_buddy(&k, 0x000000f0));
	}
}

TEST(words_of_a_page)
{
	for (size_t i = 0; i < 4; i++) {
		const uint64_t ptr = abis[i].ptr_size;
		struct po_kernel k;
		uint8_t raw[64] = { 0 };

		page_layout(&k, &abis[i]);
		world_store(&abis[i], raw, ptr, 0x8765432117ffc0);
		world_store(&abis[i], raw + 5 * ptr, ptr, 9);
		world_store(&abis[i], raw + 2 * ptr, ptr, 0xfedcba98);
		CHECK_INT(po_page_flags(&k, raw), ptr == 8 ? 0x8765432117ffc0 : 0x2117ffc0);
		CHECK_INT(po_page_private(&k, raw), 9);
		CHECK_INT(po_page_memcg_data(&k, raw), 0);	/* this kernel has none */
		synth_member(&k, PO_M_page__memcg_data, 2 * ptr, ptr);
		CHECK_INT(po_page_memcg_data(&k, raw), 0xfedcba98);
	}
}

TEST(flags_within_a_struct_since_6_18)
{
	struct po_kernel k;
	uint8_t raw[64] = { 0 };

	page_layout(&k, &abis[0]);
	synth_member(&k, PO_M_page__flags_f, 8, 8);	/* apart, so that the test can tell */
	world_store(&abis[0], raw, 8, 1);
	world_store(&abis[0], raw + 8, 8, 2);
	CHECK_INT(po_page_flags(&k, raw), 2);
}

TEST(tails_by_bit_0_of_what_leads_to_the_head)
{
	for (size_t i = 0; i < 4; i++) {
		const uint64_t ptr = abis[i].ptr_size;
		struct po_kernel k;
		uint8_t raw[64] = { 0 };

		page_layout(&k, &abis[i]);
		world_store(&abis[i], raw + ptr, ptr, 0xea000001);
		CHECK(!po_page_is_tail(&k, raw));	/* no such member is known */
		synth_member(&k, PO_M_page__compound_head, ptr, ptr);
		CHECK(po_page_is_tail(&k, raw));
		world_store(&abis[i], raw + ptr, ptr, 0xea000100);
		CHECK(!po_page_is_tail(&k, raw));
		/* renamed in 7.1: a mask or a pointer, with the same bit */
		k.l.member[PO_M_page__compound_head].have = false;
		synth_member(&k, PO_M_page__compound_info, 2 * ptr, ptr);
		CHECK(!po_page_is_tail(&k, raw));
		world_store(&abis[i], raw + 2 * ptr, ptr, 0xfffff001);
		CHECK(po_page_is_tail(&k, raw));
	}
}

/* --- the type of one pageblock --------------------------------------------------------------- */

/* A bitmap of words, as the machine stores them. */
struct bitmap {
	struct po_kernel k;
	struct po_chunk c;
	uint8_t raw[64];
};

static void bitmap_init(struct bitmap *b, const struct po_abi *abi, unsigned order, unsigned nr_bits)
{
	memset(b, 0, sizeof(*b));
	synth_kernel(&b->k, abi, 12);
	b->k.pageblock = (struct po_pageblock){ .order = order, .nr_bits = nr_bits, .isolate_bit = -1,
						.isolate_type = -1 };
	b->c = (struct po_chunk){ .pfn = 0x8000, .nr = 0x8000, .pageblocks = b->raw,
				  .pageblocks_len = sizeof(b->raw) };
}

static void put_word(struct bitmap *b, unsigned i, uint64_t v)
{
	unsigned ptr = b->k.abi.ptr_size;

	world_store(&b->k.abi, b->raw + i * ptr, ptr, v);
}

static int block_type(const struct bitmap *b, unsigned block, uint64_t offset)
{
	return po_pageblock_type(&b->k, &b->c, 0x8000 + ((uint64_t)block << b->k.pageblock.order) + offset);
}

TEST(blocks_from_the_low_end_since_5_9)
{
	for (size_t i = 0; i < 4; i++) {
		struct bitmap b;
		const unsigned per_word = abis[i].ptr_size * 2u;

		bitmap_init(&b, &abis[i], 9, 4);
		put_word(&b, 0, 0x7654a210);	/* bit 3 of a block is no part of its type */
		put_word(&b, 1, 0x00000003);
		for (unsigned block = 0; block < 8; block++)
			CHECK_INT(block_type(&b, block, 0), block == 3 ? 2 : (int)block);
		CHECK_INT(block_type(&b, 1, 511), 1);
		CHECK_INT(block_type(&b, per_word, 17), 3);
		CHECK_INT(block_type(&b, per_word + 1, 17), 0);
	}
}

TEST(blocks_from_the_high_end_until_5_8)
{
	struct bitmap b;

	/* the first block has the topmost four bits, and the upper three of them are its type */
	bitmap_init(&b, &abis[0], 9, 4);
	b.k.pageblock.msb_first = true;
	put_word(&b, 0, 2ull << 61 | 1ull << 57 | 4ull << 53 | 1ull << 60 | 5ull << 1);
	put_word(&b, 1, 3ull << 61);
	CHECK_INT(block_type(&b, 0, 0), 2);
	CHECK_INT(block_type(&b, 1, 0), 1);
	CHECK_INT(block_type(&b, 2, 511), 4);
	CHECK_INT(block_type(&b, 3, 0), 0);
	CHECK_INT(block_type(&b, 15, 0), 5);
	CHECK_INT(block_type(&b, 16, 0), 3);

	bitmap_init(&b, &abis[3], 9, 4);
	b.k.pageblock.msb_first = true;
	put_word(&b, 0, 2u << 29 | 5u << 1);
	put_word(&b, 1, 1u << 29);
	CHECK_INT(block_type(&b, 0, 0), 2);
	CHECK_INT(block_type(&b, 7, 0), 5);
	CHECK_INT(block_type(&b, 8, 0), 1);
}

TEST(isolated_blocks_have_a_bit_of_their_own_since_6_17)
{
	for (size_t i = 0; i < 4; i++) {
		struct bitmap b;

		bitmap_init(&b, &abis[i], 9, 8);
		b.k.pageblock.isolate_bit = 4;
		b.k.pageblock.isolate_type = 6;
		put_word(&b, 0, 0x020a1201);
		CHECK_INT(block_type(&b, 0, 0), 1);
		CHECK_INT(block_type(&b, 1, 0), 6);
		CHECK_INT(block_type(&b, 2, 0), 2);
		CHECK_INT(block_type(&b, 3, 0), 2);
		put_word(&b, 1, 0x10);
		CHECK_INT(block_type(&b, abis[i].ptr_size, 0), 6);
	}
}

TEST(blocks_of_other_sizes)
{
	struct bitmap b;

	bitmap_init(&b, &abis[0], 0, 4);
	put_word(&b, 0, 0x10);
	CHECK_INT(po_pageblock_type(&b.k, &b.c, 0x8000), 0);
	CHECK_INT(po_pageblock_type(&b.k, &b.c, 0x8001), 1);
	bitmap_init(&b, &abis[0], 13, 4);
	put_word(&b, 0, 0x21);
	CHECK_INT(po_pageblock_type(&b.k, &b.c, 0x8000 + 8191), 1);
	CHECK_INT(po_pageblock_type(&b.k, &b.c, 0x8000 + 8192), 2);
}

TEST(a_bitmap_that_is_not_there_tells_nothing)
{
	struct bitmap b;

	bitmap_init(&b, &abis[0], 9, 4);
	put_word(&b, 0, 0x11);
	b.c.pageblocks_len = 8;
	CHECK_INT(block_type(&b, 15, 0), 0);
	CHECK_INT(block_type(&b, 16, 0), -1);
	b.c.pageblocks_len = 7;	/* cut within a word */
	CHECK_INT(block_type(&b, 0, 0), -1);
	b.c.pageblocks_len = 0;
	CHECK_INT(block_type(&b, 0, 0), -1);
	b.c.pageblocks = NULL;
	CHECK_INT(block_type(&b, 0, 0), -1);
}

/* --- finding out which order and which bits -------------------------------------------------- */

#define NODE_AT 0x10000u
#define NODES_AT 0x18000u
#define USAGE_AT 0x20000u
#define MAP_AT 0x1000000u
#define NR_ORDERS 11u
#define NR_TYPES 4u
#define SECTION 0x8000u		/* pages */
#define PAGE_SIZE_OF 64u

/* One node, one zone, one section; its free lists are written by hand. */
struct machine {
	struct world w;
	struct po_kernel k;
	struct po_chunk chunk;
};

static void machine_close(struct machine *m)
{
	free(m->chunk.pageblocks);
	po_zones_fini(&m->k.zones);
	world_close(&m->w);
}

static int open_blocks(struct machine *m, struct pageowner_error *err)
{
	int rc = po_zones_open(&m->k, m->w.mem, err);

	return rc < 0 ? rc : po_pageblock_open(&m->k, m->w.mem, err);
}

static uint64_t list_head(const struct machine *m, unsigned order, unsigned type)
{
	uint64_t ptr = m->w.abi.ptr_size, area = NR_TYPES * 2 * ptr + 8;

	return NODE_AT + 0x100 + order * area + type * 2 * ptr;
}

static void machine_open(struct machine *m, const struct po_abi *abi)
{
	const uint64_t ptr = abi->ptr_size;
	struct po_kernel *k = &m->k;

	memset(m, 0, sizeof(*m));
	world_open(&m->w, abi->big_endian, abi->ptr_size);
	world_range(&m->w, 0, 0x100000);
	world_range(&m->w, MAP_AT, SECTION * PAGE_SIZE_OF);
	page_layout(k, abi);
	k->max_order = NR_ORDERS - 1;
	m->chunk = (struct po_chunk){ .pfn = SECTION, .nr = SECTION, .mem_map = m->w.base + MAP_AT,
				      .usage = m->w.base + USAGE_AT - 16, .early = true };
	k->map = (struct po_memmap){ .chunk = &m->chunk, .nr = 1, .page_size = PAGE_SIZE_OF };
	synth_member(k, PO_M_mem_section_usage__pageblock_flags, 16, 0);
	synth_member(k, PO_M_page__lru, ptr, 2 * ptr);
	synth_struct(k, PO_T_free_area, NR_TYPES * 2 * ptr + 8);
	synth_member(k, PO_M_free_area__free_list, 0, 0)->type.nr_elems = NR_TYPES;
	synth_struct(k, PO_T_zone, 0x1000);
	synth_member(k, PO_M_zone__spanned_pages, 0x80, ptr);
	synth_member(k, PO_M_zone__free_area, 0x100, 0)->type.nr_elems = NR_ORDERS;
	synth_member(k, PO_M_pglist_data__node_zones, 0, 0)->type.nr_elems = 2;
	synth_member(k, PO_M_pglist_data__nr_zones, 0x2000, 4);
	synth_symbol(k, PO_S_contig_page_data, "contig_page_data", m->w.base + NODE_AT, 0);
	world_number(&m->w, NODE_AT + 0x2000, 4, 2);
	world_ptr(&m->w, NODE_AT + 0x80, SECTION);	/* the second zone is empty */
	for (unsigned o = 0; o < NR_ORDERS; o++)
		for (unsigned t = 0; t < NR_TYPES; t++)
			world_ptr(&m->w, list_head(m, o, t), m->w.base + list_head(m, o, t));
}

/* A type for each block, without a pattern that a shift could preserve. */
static unsigned type_of(uint64_t block)
{
	return (unsigned)((block * 2654435761u) >> 7 & 3);
}

/* At the front of a list, behind its head. */
static void add_free(struct machine *m, unsigned order, unsigned type, uint64_t page)
{
	uint64_t head = list_head(m, order, type), first = 0, ptr = m->w.abi.ptr_size;
	uint64_t link = MAP_AT + page * PAGE_SIZE_OF + ptr;

	CHECK_INT(po_memory_read_ptr(m->w.mem, m->w.base + head, &first, NULL), PAGEOWNER_OK);
	world_ptr(&m->w, link, first);
	world_ptr(&m->w, head, m->w.base + link);
}

/* Types into the bitmap in one reading of it, and free pages that bear witness. */
static void fill_machine(struct machine *m, unsigned order, bool msb_first, unsigned nr_bits)
{
	const unsigned word_bits = m->w.abi.ptr_size * 8u;

	for (uint64_t word = 0; word * word_bits < (SECTION >> order) * nr_bits; word++) {
		uint64_t v = 0;
		for (unsigned b = 0; b < word_bits; b += nr_bits) {
			uint64_t block = (word * word_bits + b) / nr_bits, type = type_of(block);
			if (block < SECTION >> order)
				v |= type << (msb_first ? word_bits - b - 3 : b);
		}
		world_ptr(&m->w, USAGE_AT + word * m->w.abi.ptr_size, v);
	}
	for (uint64_t i = 0; i < 120; i++) {
		uint64_t page = i * 7919 % SECTION & ~(uint64_t)7;
		add_free(m, (unsigned)(i % 4), type_of(page >> order), page);
	}
}

static void check_machine(const struct po_abi *abi, unsigned order, bool msb_first)
{
	_cleanup_(machine_close) struct machine m;
	struct pageowner_error err = { .text = "" };
	unsigned wrong = 0;

	machine_open(&m, abi);
	fill_machine(&m, order, msb_first, 4);
	CHECK_INT(open_blocks(&m, &err), PAGEOWNER_OK);
	CHECK_STR(err.text, "");
	CHECK_INT(m.k.pageblock.order, order);
	CHECK_INT(m.k.pageblock.msb_first, msb_first);
	CHECK_INT(m.k.pageblock.agree, m.k.pageblock.checked);
	CHECK(m.k.pageblock.checked >= 60);
	for (uint64_t page = 0; page < SECTION; page += 61)
		wrong += po_pageblock_type(&m.k, &m.chunk, SECTION + page) !=
			 (int)type_of(page >> order);
	CHECK_INT(wrong, 0);
}

TEST(the_data_tell_the_order_of_a_block_and_of_its_bits)
{
	for (size_t i = 0; i < 4; i++)
		for (unsigned order = 8; order <= NR_ORDERS - 1; order++) {
			check_machine(&abis[i], order, false);
			check_machine(&abis[i], order, true);
		}
}

TEST(without_free_pages_the_rules_of_the_source_hold)
{
	_cleanup_(machine_close) struct machine m, huge, told;

	machine_open(&m, &abis[0]);
	CHECK_INT(open_blocks(&m, NULL), PAGEOWNER_OK);
	CHECK_INT(m.k.pageblock.order, 10);	/* the largest block */
	CHECK(!m.k.pageblock.msb_first);
	CHECK_INT(m.k.pageblock.checked, 0);
	machine_open(&huge, &abis[0]);
	synth_symbol(&huge.k, PO_S_hugetlb_max_hstate, "hugetlb_max_hstate", huge.w.base, 4);
	CHECK_INT(open_blocks(&huge, NULL), PAGEOWNER_OK);
	CHECK_INT(huge.k.pageblock.order, 9);	/* a huge page */
	machine_open(&told, &abis[0]);
	synth_symbol(&told.k, PO_S_pageblock_order, "pageblock_order", told.w.base + 0x100, 4);
	world_number(&told.w, 0x100, 4, 7);
	CHECK_INT(open_blocks(&told, NULL), PAGEOWNER_OK);
	CHECK_INT(told.k.pageblock.order, 7);	/* a variable */
}

/* A machine out of memory: no free page, but owners, most of which lie where their gfp mask wanted them. */
static void check_votes(const struct po_abi *abi, bool msb_first)
{
	static const uint32_t gfp_of[] = { 0xcc0, 0xcc8, 0xcd0, 0xcd8 };
	_cleanup_(machine_close) struct machine m;

	machine_open(&m, abi);
	fill_machine(&m, 9, msb_first, 4);
	for (unsigned o = 0; o < NR_ORDERS; o++)
		for (unsigned t = 0; t < NR_TYPES; t++)
			world_ptr(&m.w, list_head(&m, o, t), m.w.base + list_head(&m, o, t));
	synth_symbol(&m.k, PO_S_hugetlb_max_hstate, "hugetlb_max_hstate", m.w.base, 4);
	synth_enumerator(&m.k, PO_E_PAGE_EXT_OWNER, 1);
	synth_member(&m.k, PO_M_page_ext__flags, 0, abi->ptr_size);
	m.k.ext.stride = 16;
	m.k.ext.owner_offset = 8;
	m.k.ext.gfp_mask = synth_member(&m.k, PO_M_page_owner__gfp_mask, 4, 4);
	m.chunk.page_ext = m.w.base + 0x2000000;
	world_range(&m.w, 0x2000000, SECTION * 16);
	for (uint64_t block = 0; block < SECTION >> 9; block++) {
		uint64_t at = 0x2000000 + ((block << 9) + block % 50) * 16;
		unsigned type = block % 5 ? type_of(block) : (type_of(block) + 1) % 4;

		if (block % 7 == 0)	/* a block of pages that nobody owns */
			continue;
		world_number(&m.w, at, abi->ptr_size, 2);
		world_number(&m.w, at + 12, 4, gfp_of[type]);
	}
	CHECK_INT(open_blocks(&m, NULL), PAGEOWNER_OK);
	CHECK_INT(m.k.pageblock.order, 9);
	CHECK_INT(m.k.pageblock.checked, 0);
	CHECK_INT(m.k.pageblock.msb_first, msb_first);
	CHECK(m.k.pageblock.voters > 40 && m.k.pageblock.votes > m.k.pageblock.voters * 3 / 5);
}

TEST(without_free_pages_the_owned_ones_tell_the_order_of_bits)
{
	for (size_t i = 0; i < 4; i++) {
		check_votes(&abis[i], false);
		check_votes(&abis[i], true);
	}
}

TEST(gfp_types_by_the_two_mobility_bits)
{
	struct po_kernel k = { .pageblock = { .movable_shift = 3 } };

	CHECK_INT(po_gfp_migratetype(&k, 0), 0);
	CHECK_INT(po_gfp_migratetype(&k, 0xffffffe7), 0);
	CHECK_INT(po_gfp_migratetype(&k, 0x08), 1);
	CHECK_INT(po_gfp_migratetype(&k, 0x1100cca | 0x08), 1);
	CHECK_INT(po_gfp_migratetype(&k, 0x10), 2);
	CHECK_INT(po_gfp_migratetype(&k, 0x18), 3);
	k.pageblock.movable_shift = 5;
	CHECK_INT(po_gfp_migratetype(&k, 0x20), 1);
	k.pageblock.no_mobility = true;
	CHECK_INT(po_gfp_migratetype(&k, 0x20), 0);
	k = (struct po_kernel){ .pageblock = { .old_mobility = true } };
	CHECK_INT(po_gfp_migratetype(&k, 0x10), 0);
	CHECK_INT(po_gfp_migratetype(&k, 0x8), 2);
	CHECK_INT(po_gfp_migratetype(&k, 0x80000), 1);
}

TEST(mobility_of_this_kernel)
{
	_cleanup_(machine_close) struct machine m, old;

	machine_open(&m, &abis[0]);
	synth_enumerator(&m.k, PO_E____GFP_MOVABLE_BIT, 4);
	synth_enumerator(&m.k, PO_E_MIGRATE_MOVABLE, 1);
	synth_symbol(&m.k, PO_S_page_group_by_mobility_disabled, "page_group_by_mobility_disabled",
		     m.w.base + 0x2000, 4);
	world_number(&m.w, 0x2000, 4, 1);
	CHECK_INT(open_blocks(&m, NULL), PAGEOWNER_OK);
	CHECK(m.k.pageblock.no_mobility && !m.k.pageblock.old_mobility);
	CHECK_INT(m.k.pageblock.movable_shift, 4);
	machine_open(&old, &abis[0]);
	synth_enumerator(&old.k, PO_E_MIGRATE_MOVABLE, 2);
	CHECK_INT(open_blocks(&old, NULL), PAGEOWNER_OK);
	CHECK(!old.k.pageblock.no_mobility && old.k.pageblock.old_mobility);
	CHECK_INT(old.k.pageblock.movable_shift, 3);
}

TEST(an_order_that_is_told_is_overruled_only_by_data)
{
	_cleanup_(machine_close) struct machine m;

	machine_open(&m, &abis[0]);
	synth_symbol(&m.k, PO_S_pageblock_order, "pageblock_order", m.w.base + 0x100, 4);
	world_number(&m.w, 0x100, 4, 99);	/* absurd: not believed */
	fill_machine(&m, 9, false, 4);
	CHECK_INT(open_blocks(&m, NULL), PAGEOWNER_OK);
	CHECK_INT(m.k.pageblock.order, 9);
}

TEST(blocks_of_eight_bits_and_isolation_by_enumerators)
{
	_cleanup_(machine_close) struct machine m;

	machine_open(&m, &abis[0]);
	synth_enumerator(&m.k, PO_E___NR_PAGEBLOCK_BITS, 5);	/* rounded up to a power of two */
	synth_enumerator(&m.k, PO_E_PB_migrate_isolate, 4);
	synth_enumerator(&m.k, PO_E_MIGRATE_ISOLATE, 5);
	fill_machine(&m, 9, false, 8);
	world_number(&m.w, USAGE_AT + 3, 1, 0x11);	/* block 3 */
	CHECK_INT(open_blocks(&m, NULL), PAGEOWNER_OK);
	CHECK_INT(m.k.pageblock.nr_bits, 8);
	CHECK_INT(m.k.pageblock.isolate_bit, 4);
	CHECK_INT(m.k.pageblock.order, 9);
	CHECK_INT(po_pageblock_type(&m.k, &m.chunk, SECTION + 3 * 512), 5);
	CHECK_INT(po_pageblock_type(&m.k, &m.chunk, SECTION + 4 * 512), type_of(4));
}

TEST(absurd_widths_of_a_block)
{
	static const int64_t bits[] = { 0, 2, 33, -4 };

	for (size_t i = 0; i < sizeof(bits) / sizeof(*bits); i++) {
		_cleanup_(machine_close) struct machine m;
		struct pageowner_error err;

		machine_open(&m, &abis[0]);
		synth_enumerator(&m.k, PO_E_NR_PAGEBLOCK_BITS, bits[i]);
		CHECK_INT(open_blocks(&m, &err), PAGEOWNER_ENOTYPE);
		CHECK(strncmp(err.text, "pageblocks of ", 14) == 0);
	}
}

TEST(bitmaps_that_are_not_in_the_dump)
{
	_cleanup_(machine_close) struct machine m;

	machine_open(&m, &abis[0]);
	fill_machine(&m, 9, false, 4);
	world_lose(&m.w, USAGE_AT, PO_EXCLUDED);
	CHECK_INT(open_blocks(&m, NULL), PAGEOWNER_OK);
	CHECK_INT(m.k.pageblock.agree, 0);
	CHECK_INT(po_pageblock_type(&m.k, &m.chunk, SECTION), -1);
}

TEST(lists_that_lead_nowhere_or_in_circles)
{
	_cleanup_(machine_close) struct machine m;

	machine_open(&m, &abis[0]);
	fill_machine(&m, 9, false, 4);
	world_ptr(&m.w, list_head(&m, 5, 0), 0xdead000000000100);
	world_ptr(&m.w, list_head(&m, 6, 0), m.w.base + MAP_AT + 8);	/* page 0, whose link is itself */
	world_ptr(&m.w, MAP_AT + 8, m.w.base + MAP_AT + 8);
	world_ptr(&m.w, list_head(&m, 7, 0), m.w.base + MAP_AT + 5);	/* within a struct page */
	CHECK_INT(open_blocks(&m, NULL), PAGEOWNER_OK);
	CHECK_INT(m.k.pageblock.order, 9);
	CHECK(m.k.pageblock.checked > 60 && m.k.pageblock.checked < 200);
}

TEST(nodes_by_the_array_of_them)
{
	_cleanup_(machine_close) struct machine m;

	machine_open(&m, &abis[1]);
	fill_machine(&m, 10, false, 4);
	synth_symbol(&m.k, PO_S_node_data, "node_data", m.w.base + NODES_AT,
		     4u * m.w.abi.ptr_size);
	m.k.l.symbol[PO_S_contig_page_data].have = false;
	world_ptr(&m.w, NODES_AT + 16, m.w.base + NODE_AT);	/* nodes 0, 1, 3 are not there */
	CHECK_INT(open_blocks(&m, NULL), PAGEOWNER_OK);
	CHECK_INT(m.k.pageblock.order, 10);
	CHECK(m.k.pageblock.checked >= 60);
	CHECK_INT(m.k.pageblock.agree, m.k.pageblock.checked);
}
