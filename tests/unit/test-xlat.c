/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Page tables of every format, in either byte order, against tables built from the manuals. */
#include <elf.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "harness.h"
#include "synth/tables.h"

#define ROOT 0x30000u	/* of 64 KiB at most */
#define NEXT 0x50000u

/* --- helpers --------------------------------------------------------------------------------- */

#define EACH_FORMAT(f) for (const struct synth_format *f = synth_formats; f->name; f++)
#define EACH_LEAF(e, f)                                                               \
	for (const struct synth_entry *e = (f)->leaf;                                 \
	     e < (f)->leaf + SYNTH_MAX_LEAVES && e->shift; e++)

static struct tables new_tables(struct world *w, const struct synth_format *f, bool big_endian)
{
	struct tables t = { .w = w, .format = f, .root = ROOT, .next = NEXT };

	world_open(w, big_endian, f->va_bits == 32 ? 4 : 8);
	world_range(w, ROOT, 0x200000);
	tables_use(&t, 0);
	return t;
}

static int walk_to(const struct tables *t, uint64_t kva, struct po_leaf *ret,
		   struct pageowner_error *err)
{
	const struct po_xlat x = { .ops = synth_ops(t->format), .root = t->root };

	return x.ops->walk(&x, t->w->mem, kva, ret, err);
}

/* Results of many formats in one test: says of which one. */
static bool told(const struct tables *t, uint64_t kva, bool ok)
{
	if (!ok)
		printf("# in %s, address 0x%" PRIx64 "\n", t->format->name, kva);
	return ok;
}

/* The whole leaf of that size around an address begins at paddr. */
static bool maps(const struct tables *t, uint64_t kva, uint64_t paddr, unsigned shift)
{
	struct po_leaf leaf = { 0, 0, 0 };
	uint64_t size = (uint64_t)1 << shift;

	return told(t, kva,
		    CHECK_INT(walk_to(t, kva, &leaf, NULL), 1) && CHECK_INT(leaf.size, size) &&
			    CHECK_INT(leaf.paddr, paddr) && CHECK_INT(leaf.kva, kva & ~(size - 1)));
}

static bool maps_not(const struct tables *t, uint64_t kva)
{
	struct po_leaf leaf = { 7, 7, 7 };

	return told(t, kva,
		    CHECK_INT(walk_to(t, kva, &leaf, NULL), 0) && CHECK_INT(leaf.size, 7));
}

static const struct synth_entry *page_of(const struct synth_format *f)
{
	const struct synth_entry *e = f->leaf;

	while (e + 1 < f->leaf + SYNTH_MAX_LEAVES && e[1].shift)
		e++;
	return e;
}

/* An address of the kernel's half, all of whose indexes are different from zero and each other. */
static uint64_t some_kva(const struct synth_format *f)
{
	uint64_t low = 0;

	for (unsigned i = 0; i < f->nr_levels; i++)
		low |= ((uint64_t)1 << f->level[i].bits) * (i + 5) / 11 << f->level[i].shift;
	return synth_kva(f, low | (uint64_t)1 << (f->va_bits - 1));
}

/* --- what every format has ------------------------------------------------------------------- */

TEST(every_format_is_tested_here)
{
	unsigned nr = 0;

	EACH_FORMAT(f) {
		const struct po_xlat_ops *ops = synth_ops(f);

		CHECK_INT(ops->machine, f->machine);
		CHECK_INT(ops->levels, f->nr_levels);
		CHECK_INT(ops->va_bits, f->va_bits);
		CHECK_INT((uint64_t)1 << ops->page_shift, (uint64_t)1 << page_of(f)->shift);
		nr++;
	}
	for (const struct po_xlat_ops *ops = po_xlat_formats; ops->name; ops++)
		nr--;
	CHECK_INT(nr, 0);
}

/* Bit i of ends: the last index of level i, else the first. */
static uint64_t kva_at_ends(const struct synth_format *f, const struct synth_entry *e,
			    unsigned ends)
{
	uint64_t low = 0;

	for (unsigned i = 0; i <= e->level; i++)
		if (ends >> i & 1)
			low |= (((uint64_t)1 << f->level[i].bits) - 1) << f->level[i].shift;
	return synth_kva(f, low & ~(((uint64_t)1 << e->shift) - 1));
}

static void check_ends(const struct synth_format *f, const struct synth_entry *e, unsigned ends,
		       bool big_endian)
{
	_cleanup_(world_close) struct world w;
	struct tables t = new_tables(&w, f, big_endian);
	uint64_t size = (uint64_t)1 << e->shift, kva = kva_at_ends(f, e, ends);
	uint64_t paddr = 0x5a5a5a5a5a5a5a5a & synth_paddr_bits(e) & ~(size - 1), got = 0;

	tables_map(&t, kva, paddr, e->shift);
	maps(&t, kva, paddr, e->shift);
	maps(&t, kva + size / 2 + 0x123, paddr, e->shift);
	maps(&t, kva + size - 1, paddr, e->shift);
	maps_not(&t, kva - 1);
	maps_not(&t, kva + size);
	CHECK_INT(po_memory_translate(w.mem, kva + size - 3, &got, NULL), PAGEOWNER_OK);
	CHECK_INT(got, paddr + size - 3);
}

TEST(first_and_last_index_of_every_level_with_leaves_of_every_size)
{
	for (int big = 0; big < 2; big++)
		EACH_FORMAT(f)
			EACH_LEAF(e, f)
				for (unsigned ends = 0; ends < 2u << e->level; ends++)
					check_ends(f, e, ends, big);
}

TEST(every_bit_of_a_physical_address)
{
	for (int big = 0; big < 2; big++)
		EACH_FORMAT(f)
			EACH_LEAF(e, f) {
				_cleanup_(world_close) struct world w;
				struct tables t = new_tables(&w, f, big);
				uint64_t all = synth_paddr_bits(e), kva = some_kva(f);

				for (uint64_t left = all; left; left &= left - 1) {
					tables_map(&t, kva, left & -left, e->shift);
					maps(&t, kva, left & -left, e->shift);
				}
				tables_map(&t, kva, all, e->shift);
				maps(&t, kva, all, e->shift);
			}
}

TEST(tables_lie_anywhere_in_physical_memory)
{
	for (int big = 0; big < 2; big++)
		EACH_FORMAT(f) {
			uint64_t bits = synth_paddr_bits(&f->table);
			uint64_t size = (uint64_t)f->entry_bytes << f->level[1].bits;

			for (; bits; bits &= bits - 1) {
				_cleanup_(world_close) struct world w;
				struct tables t = new_tables(&w, f, big);
				uint64_t kva = some_kva(f), at = bits & -bits;

				if (at < size)
					continue;
				t.next = at;
				world_range(&w, at, size);
				(void)tables_slot(&t, kva, 1);
				t.next = NEXT;
				tables_map(&t, kva, 0x770000, page_of(f)->shift);
				maps(&t, kva, 0x770000, page_of(f)->shift);
			}
		}
}

TEST(small_tables_lie_between_the_pages)
{
	_cleanup_(world_close) struct world w;
	struct tables t = new_tables(&w, synth_format("arm, short descriptors"), false);

	for (uint64_t i = 0; i < 4; i++) {	/* of 1 KiB */
		tables_map(&t, 0xc0000000 + (i << 20), 0x80000000 + (i << 12), 12);
		CHECK_INT(t.made[i].table, NEXT + 0x400 * i);
	}
	for (uint64_t i = 0; i < 4; i++)
		maps(&t, 0xc0000000 + (i << 20), 0x80000000 + (i << 12), 12);
}

/* Each attribute alone and all at once: execute-never, memory type, shareability, software's. */
static void check_attributes(const struct synth_format *f, const struct synth_entry *e)
{
	uint64_t attributes = synth_attributes(f, e), kva = some_kva(f);

	for (uint64_t left = attributes;; left &= left - 1) {
		_cleanup_(world_close) struct world w;
		struct tables t = new_tables(&w, f, false);
		uint64_t paddr = synth_paddr_bits(e) & 0x3333333333333333;

		tables_put(&t, kva, e->level,
			   synth_entry(e, paddr) | (left ? left & -left : attributes));
		maps(&t, kva, paddr, e->shift);
		if (!left)
			break;
	}
}

TEST(attributes_of_a_leaf_are_no_address)
{
	EACH_FORMAT(f)
		EACH_LEAF(e, f)
			check_attributes(f, e);
}

TEST(attributes_of_a_table_are_no_address)
{
	EACH_FORMAT(f)
		for (uint64_t left = synth_attributes(f, &f->table);; left &= left - 1) {
			_cleanup_(world_close) struct world w;
			struct tables t = new_tables(&w, f, false);
			uint64_t kva = some_kva(f);

			t.bits = left ? left & -left : synth_attributes(f, &f->table);
			(void)tables_slot(&t, kva, page_of(f)->level);
			t.bits = 0;
			tables_map(&t, kva, 0x770000, page_of(f)->shift);
			maps(&t, kva, 0x770000, page_of(f)->shift);
			if (!left)
				break;
		}
}

TEST(an_entry_that_is_not_valid_maps_nothing)
{
	EACH_FORMAT(f)
		for (unsigned level = 0; level < f->nr_levels; level++) {
			_cleanup_(world_close) struct world w;
			struct tables t = new_tables(&w, f, false);
			uint64_t kva = some_kva(f);

			tables_put(&t, kva, level, ~f->valid);
			maps_not(&t, kva);
			tables_put(&t, kva, level, 0);
			maps_not(&t, kva);
			tables_put(&t, kva, level, NEXT & ~f->valid);
			maps_not(&t, kva);
		}
}

/* --- addresses ------------------------------------------------------------------------------- */

TEST(addresses_that_are_not_canonical_are_not_mapped)
{
	EACH_FORMAT(f) {
		_cleanup_(world_close) struct world w;
		struct tables t = new_tables(&w, f, false);
		uint64_t kva = some_kva(f);
		/* arm64 keeps tags in the top byte */
		unsigned end = f->machine == EM_AARCH64 ? 56 : 64;

		tables_map(&t, kva, 0x770000, page_of(f)->shift);
		maps(&t, kva, 0x770000, page_of(f)->shift);
		for (unsigned bit = f->va_bits; bit < end; bit++)
			maps_not(&t, kva ^ (uint64_t)1 << bit);
		if (f->va_bits != 32)
			maps_not(&t, kva & (((uint64_t)1 << f->va_bits) - 1));
	}
}

TEST(tags_of_arm64_are_no_part_of_an_address)
{
	EACH_FORMAT(f) {
		_cleanup_(world_close) struct world w;
		struct tables t = new_tables(&w, f, false);
		uint64_t kva = some_kva(f), low = kva & (UINT64_MAX >> 8), got;
		unsigned shift = page_of(f)->shift;

		tables_map(&t, kva, 0x770000, shift);
		for (uint64_t tag = 0; tag < 256 && f->machine == EM_AARCH64; tag++) {
			maps(&t, low | tag << 56, 0x770000, shift);
			got = 0;
			CHECK_INT(po_memory_translate(w.mem, (low | tag << 56) + 9, &got, NULL),
				  PAGEOWNER_OK);
			CHECK_INT(got, 0x770009);
			/* user memory's tables are others */
			maps_not(&t, (low & ~((uint64_t)1 << 55)) | tag << 56);
			maps_not(&t, (low & (((uint64_t)1 << f->va_bits) - 1)) | tag << 56);
		}
	}
}

/*
 * A kernel built for 52 bits on a machine of 48 gives the hardware the end of its top table, 64
 * entries of 1024; from its start the table reads as that of 52 bits.
 */
TEST(a_kernel_of_52_bits_that_runs_with_48)
{
	static const uint64_t at[] = { 0xffff000000000000, 0xffff800000000000, 0xffff800080000000,
				       0xffffffffffff0000 };
	static const char narrow[] = "arm64, 64K granule, 48-bit addresses";
	static const char wide[] = "arm64, 64K granule, 52-bit addresses";
	_cleanup_(world_close) struct world w;
	struct tables t = new_tables(&w, synth_format(narrow), false);

	t.root = ROOT + (1024 - 64) * 8;
	for (uint64_t i = 0; i < 4; i++)
		tables_map(&t, at[i], i << 16 | (i + 1) << 48, 16);
	t.root = ROOT;
	t.format = synth_format(wide);
	for (uint64_t i = 0; i < 4; i++)
		maps(&t, at[i], i << 16 | (i + 1) << 48, 16);
	maps_not(&t, 0xfffe000000000000);
}

/* --- types of entries ------------------------------------------------------------------------ */

static bool has_block(const struct synth_format *f, unsigned level)
{
	EACH_LEAF(e, f)
		if (e->level == level && e->type == 1)
			return true;
	return false;
}

TEST(long_descriptors_of_a_reserved_type_map_nothing)
{
	EACH_FORMAT(f)
		for (unsigned level = 0; level < f->nr_levels && f->table.type == 3; level++) {
			_cleanup_(world_close) struct world w;
			struct tables t = new_tables(&w, f, false);
			uint64_t kva = some_kva(f);

			/* 01: a block where the level has them, never at the last one */
			tables_put(&t, kva, level, NEXT | 1);
			if (has_block(f, level))
				maps(&t, kva, 0, f->level[level].shift);
			else
				maps_not(&t, kva);
		}
}

TEST(blocks_of_arm64_by_granule)
{
	/* bit n: an entry for 2^n bytes may be a block */
	static const struct {
		const char *name;
		uint64_t sizes;
	} legal[] = {
		{ "arm64, 4K granule, 39-bit addresses", 1ull << 30 | 1ull << 21 },
		{ "arm64, 4K granule, 48-bit addresses", 1ull << 30 | 1ull << 21 },
		{ "arm64, 4K granule, 52-bit addresses", 1ull << 39 | 1ull << 30 | 1ull << 21 },
		{ "arm64, 16K granule, 36-bit addresses", 1ull << 25 },
		{ "arm64, 16K granule, 47-bit addresses", 1ull << 25 },
		{ "arm64, 16K granule, 48-bit addresses", 1ull << 25 },
		{ "arm64, 16K granule, 52-bit addresses", 1ull << 36 | 1ull << 25 },
		{ "arm64, 64K granule, 42-bit addresses", 1ull << 29 },
		{ "arm64, 64K granule, 48-bit addresses", 1ull << 42 | 1ull << 29 },
		{ "arm64, 64K granule, 52-bit addresses", 1ull << 42 | 1ull << 29 },
	};

	for (size_t i = 0; i < sizeof(legal) / sizeof(*legal); i++) {
		const struct synth_format *f = synth_format(legal[i].name);

		for (unsigned level = 0; level < f->nr_levels; level++)
			CHECK_INT(has_block(f, level), legal[i].sizes >> f->level[level].shift & 1);
	}
}

TEST(supersections_and_large_pages_by_any_of_their_entries)
{
	_cleanup_(world_close) struct world w;
	struct tables t = new_tables(&w, synth_format("arm, short descriptors"), false);

	/* 16 entries alike: each leads to all of it */
	tables_map(&t, 0xc1000000, 0xfe12000000, 24);
	tables_map(&t, 0xd0010000, 0x12340000, 16);
	for (uint64_t i = 0; i < 16; i++) {
		maps(&t, 0xc1000000 + (i << 20) + 5, 0xfe12000000, 24);
		maps(&t, 0xd0010000 + (i << 12) + 5, 0x12340000, 16);
	}
	maps_not(&t, 0xc0ffffff);
	maps_not(&t, 0xc2000000);
	maps_not(&t, 0xd000ffff);
	maps_not(&t, 0xd0020000);
	/* as written out in the manual: bits 39:36 in 8:5, 35:32 in 23:20, 31:24 in place */
	tables_put(&t, 0xe0000000, 0, 0xab000000 | 0xc << 20 | 1 << 18 | 0xd << 5 | 2);
	maps(&t, 0xe0000000, 0xdcab000000, 24);
	/* the same without bit 18 is a section: of 32 bits, in domain 13 */
	tables_put(&t, 0xe0000000, 0, 0xab000000 | 0xc << 20 | 0xd << 5 | 2);
	maps(&t, 0xe0000000, 0xabc00000, 20);
}

TEST(the_large_bit_of_a_top_entry_is_not_a_leaf)
{
	static const char *const names[] = { "x86_64, 4 levels", "x86_64, 5 levels", "i386, PAE" };

	for (size_t i = 0; i < 3; i++) {
		_cleanup_(world_close) struct world w;
		struct tables t = new_tables(&w, synth_format(names[i]), false);
		uint64_t kva = some_kva(t.format);

		t.bits = 0x80;
		(void)tables_slot(&t, kva, 1);
		t.bits = 0;
		tables_map(&t, kva, 0x770000, 12);
		maps(&t, kva, 0x770000, 12);
	}
}

TEST(the_encryption_bit_is_left_out_of_addresses)
{
	const uint64_t sme = 1ull << 47;
	_cleanup_(world_close) struct world w;
	struct tables t = new_tables(&w, synth_format("x86_64, 4 levels"), false);
	uint64_t paddr = 0;

	t.bits = sme;
	tables_map(&t, 0xffffc90000000000, 0x9000000, 12);
	tables_map(&t, 0xffff888000000000, 0x8000000, 21);
	tables_use(&t, sme);
	CHECK_INT(po_memory_translate(w.mem, 0xffffc90000000010, &paddr, NULL), PAGEOWNER_OK);
	CHECK_INT(paddr, 0x9000010);
	CHECK_INT(po_memory_translate(w.mem, 0xffff888000000010, &paddr, NULL), PAGEOWNER_OK);
	CHECK_INT(paddr, 0x8000010);
	tables_use(&t, 0);
	CHECK_INT(po_memory_translate(w.mem, 0xffffc90000000010, &paddr, NULL), PAGEOWNER_ENODATA);
}

/* --- tables that are missing or wrong -------------------------------------------------------- */

TEST(a_missing_table_is_an_error_not_an_empty_one)
{
	EACH_FORMAT(f)
		for (unsigned level = 0; level < f->nr_levels; level++) {
			_cleanup_(world_close) struct world w;
			struct tables t = new_tables(&w, f, false);
			struct pageowner_error err = { .text = "" };
			struct po_leaf leaf;
			char want[200];
			uint64_t kva = some_kva(f), v;
			uint64_t slot = tables_slot(&t, kva, level);

			world_lose(&w, slot, PO_EXCLUDED);
			CHECK_INT(walk_to(&t, kva, &leaf, &err), PAGEOWNER_ENODATA);
			snprintf(want, sizeof(want), "page table: physical address 0x%" PRIx64
				 ": excluded by a filter", slot);
			told(&t, kva, CHECK_STR(err.text, want));
			CHECK_INT(po_memory_read_uint(w.mem, kva, 4, &v, &err), PAGEOWNER_ENODATA);
			CHECK(strstr(err.text, want) != NULL);
			world_lose(&w, slot, PO_IOERR);
			CHECK_INT(walk_to(&t, kva, &leaf, NULL), PAGEOWNER_EIO);
		}
}

TEST(a_table_outside_of_memory_is_an_error_too)
{
	EACH_FORMAT(f) {
		_cleanup_(world_close) struct world w;
		struct tables t = new_tables(&w, f, false);
		struct pageowner_error err;
		struct po_gaps gaps;
		uint64_t kva = some_kva(f), v;

		tables_put(&t, kva, 0, synth_entry(&f->table, 0x40000000));
		CHECK_INT(po_memory_translate(w.mem, kva, &v, &err), PAGEOWNER_ENODATA);
		CHECK(strstr(err.text, ": page table: physical address 0x40") != NULL);
		CHECK(strstr(err.text, ": not covered by the dump") != NULL);
		po_memory_read_sparse(w.mem, kva, &v, 8, &gaps);
		CHECK_INT(gaps.nr, 1);
		CHECK_INT(gaps.gap[0].cause, PO_HOLE);
		CHECK(gaps.gap[0].paddr == UINT64_MAX);
	}
}

TEST(a_table_that_points_to_itself_ends)
{
	EACH_FORMAT(f) {
		_cleanup_(world_close) struct world w;
		struct tables t = new_tables(&w, f, false);
		uint64_t entry = synth_entry(&f->table, ROOT), kva = some_kva(f);
		/* a table's type is a page's at the last level, or that of arm's large page */
		unsigned shift = f->valid == 3 ? 16 : page_of(f)->shift;

		for (unsigned i = 0; i < f->nr_levels; i++) {
			uint64_t mask = (1ull << f->level[i].bits) - 1;

			world_number(&w, ROOT + (kva >> f->level[i].shift & mask) * f->entry_bytes,
				     f->entry_bytes, entry);
		}
		maps(&t, kva, ROOT, shift);
	}
}

/* --- page tables behind reads ---------------------------------------------------------------- */

static const struct synth_format *x86_64(void)
{
	return synth_format("x86_64, 4 levels");
}

TEST(a_large_leaf_is_forgotten_with_its_tables)
{
	_cleanup_(world_close) struct world w;
	struct tables t = new_tables(&w, x86_64(), false);
	uint64_t v;

	tables_map(&t, 0xffff888000200000, 0x8000000, 21);
	CHECK_INT(po_memory_translate(w.mem, 0xffff888000200000, &v, NULL), PAGEOWNER_OK);
	t.root = 0x80000;
	tables_use(&t, 0);
	CHECK_INT(po_memory_translate(w.mem, 0xffff888000201000, &v, NULL), PAGEOWNER_ENODATA);
}

TEST(a_large_leaf_is_read_in_one_go_to_its_end)
{
	_cleanup_(world_close) struct world w;
	struct tables t = new_tables(&w, x86_64(), false);
	uint8_t buf[0x3000];
	struct po_gaps gaps;

	world_range(&w, 0x8000000, 2 << 20);
	world_write(&w, 0x81fefff, "ab", 2);
	world_write(&w, 0xa000000, "next", 4);
	tables_map(&t, 0xffff888000200000, 0x8000000, 21);
	tables_map(&t, 0xffff888000400000, 0xa000000, 12);
	CHECK_INT(po_memory_read(w.mem, 0xffff8880003fe000, buf, sizeof(buf), NULL), PAGEOWNER_OK);
	CHECK_INT(memcmp(buf + 0xfff, "ab", 2), 0);
	CHECK_INT(memcmp(buf + 0x2000, "next", 4), 0);
	po_memory_read_sparse(w.mem, 0xffff8880003ff000, buf, sizeof(buf), &gaps);
	CHECK_INT(gaps.nr, 1);
	CHECK_INT(gaps.gap[0].from, 0x2000);
	CHECK_INT(gaps.gap[0].to, 0x3000);
	CHECK_INT(memcmp(buf + 0x1000, "next", 4), 0);
}

TEST(tables_of_a_live_image_are_read_anew)
{
	EACH_FORMAT(f)
		EACH_LEAF(e, f) {
			_cleanup_(world_close) struct world w;
			struct tables t = new_tables(&w, f, false);
			uint64_t kva = some_kva(f), size = (uint64_t)1 << e->shift, v = 1;

			w.img->live = true;
			for (uint64_t i = 0; i < 3; i++) {
				uint64_t paddr = i * size & synth_paddr_bits(e);

				tables_map(&t, kva, paddr, e->shift);
				CHECK_INT(po_memory_translate(w.mem, kva & ~(size - 1), &v, NULL),
					  PAGEOWNER_OK);
				told(&t, kva, CHECK_INT(v, paddr));
			}
		}
}

/* Pages of the dump are 4 KiB, those of the kernel may be larger and lie apart. */
static void check_crossing(const struct synth_format *f, bool big_endian)
{
	_cleanup_(world_close) struct world w;
	struct tables t = new_tables(&w, f, big_endian);
	unsigned shift = page_of(f)->shift;
	uint64_t size = (uint64_t)1 << shift, kva = some_kva(f) & ~(2 * size - 1), v = 0;

	tables_map(&t, kva, 0x790000, shift);
	tables_map(&t, kva + size, 0x770000, shift);
	world_range(&w, 0x770000, 0x30000);
	world_number(&w, 0x790000 + size - 8, 8, 0x1122334455667788);
	world_number(&w, 0x770000, 8, 0x99aabbccddeeff00);
	CHECK_INT(po_memory_read_uint(w.mem, kva + size - 8, 8, &v, NULL), PAGEOWNER_OK);
	CHECK_INT(v, 0x1122334455667788);
	CHECK_INT(po_memory_read_uint(w.mem, kva + size - 4, 8, &v, NULL), PAGEOWNER_OK);
	told(&t, kva, CHECK_INT(v, big_endian ? 0x5566778899aabbcc : 0xddeeff0011223344));
}

TEST(reads_cross_pages_of_every_size_in_either_byte_order)
{
	EACH_FORMAT(f) {
		check_crossing(f, false);
		check_crossing(f, true);
	}
}

/* --- tables of a process --------------------------------------------------------------------- */

static int walk_process(const struct tables *t, uint64_t uva, struct po_leaf *ret)
{
	const struct po_xlat x = { .ops = synth_ops(t->format), .root = t->root, .lower_half = true };

	*ret = (struct po_leaf){ 7, 7, 7 };
	return x.ops->walk(&x, t->w->mem, uva, ret, NULL);
}

static bool process_maps(const struct tables *t, uint64_t uva, uint64_t paddr)
{
	struct po_leaf leaf;

	return told(t, uva, CHECK_INT(walk_process(t, uva, &leaf), 1) &&
				    CHECK_INT(leaf.paddr + (uva - leaf.kva), paddr));
}

/* The lower half of an address: all of it on arm64, whose tables for the upper one are others. */
TEST(the_lower_half)
{
	EACH_FORMAT(f) {
		_cleanup_(world_close) struct world w;
		struct tables t = new_tables(&w, f, false);
		unsigned shift = page_of(f)->shift;
		uint64_t uva = (uint64_t)0x1234567 << 16 & (((uint64_t)1 << (f->va_bits - 1)) - 1);
		struct po_leaf leaf;

		tables_map(&t, uva, 0x770000, shift);
		process_maps(&t, uva + 0x123, 0x770123);
		if (f->machine != EM_AARCH64)
			continue;
		process_maps(&t, uva | 0xabull << 56, 0x770000 | 0);	/* a tag */
		CHECK_INT(walk_process(&t, uva | ~(((uint64_t)1 << f->va_bits) - 1), &leaf), 0);
		CHECK_INT(walk_process(&t, uva | (uint64_t)1 << 55, &leaf), 0);
		CHECK_INT(walk_to(&t, uva, &leaf, NULL), 0);
	}
}

TEST(x86_pages_without_access)
{
	static const char *const names[] = { "x86_64, 4 levels", "x86_64, 5 levels", "i386, PAE" };
	const uint64_t protnone = 0x100, pse = 0x80, address = 0x000ffffffffff000;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		_cleanup_(world_close) struct world w;
		struct tables t = new_tables(&w, synth_format(names[i]), false);
		unsigned last = t.format->nr_levels - 1;
		struct po_leaf leaf;

		/* inverted since 4.19, and as it was before */
		tables_put(&t, 0x12345000, last, (~(uint64_t)0x770000 & address) | protnone);
		tables_put(&t, 0x12346000, last, 0x790000 | protnone);
		tables_put(&t, 0x12347000, last, 0x790000);	/* without the bit it is swapped out */
		tables_put(&t, 0x12400000, last - 1, (~(uint64_t)0x600000 & address) | protnone | pse);
		tables_put(&t, 0x12600000, last - 1, 0x600000 | protnone);	/* not a page */
		process_maps(&t, 0x12345123, 0x770123);
		process_maps(&t, 0x12346123, 0x790123);
		process_maps(&t, 0x12400000 + 0x34567, 0x600000 + 0x34567);
		CHECK_INT(walk_process(&t, 0x12347000, &leaf), 0);
		CHECK_INT(walk_process(&t, 0x12600000, &leaf), 0);
		maps_not(&t, 0x12345000);	/* the kernel's own are what the processor sees */
	}
}

TEST(arm_pages_that_were_not_used_lately)
{
	_cleanup_(world_close) struct world w;
	struct tables t = new_tables(&w, synth_format("arm, short descriptors"), false);
	struct po_leaf leaf;

	for (uint64_t i = 0; i < 3; i++) {
		uint64_t slot = tables_slot(&t, 0x12345000 + (i << 12), 1);
		world_number(&w, slot, 4, i == 2 ? 0x790002 : 0);
		world_number(&w, slot - 2048, 4, i == 1 ? 0x770002 : 0x770001);	/* 1: swapped out */
	}
	process_maps(&t, 0x12345123, 0x770123);
	CHECK_INT(walk_process(&t, 0x12346000, &leaf), 0);
	process_maps(&t, 0x12347000, 0x790000);	/* the processor's own counts */
	maps_not(&t, 0x12345000);
}
