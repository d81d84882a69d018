/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Kernel addresses as bytes: reads, strings, gaps, counts, handles, the kernel's note. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "harness.h"
#include "memory/vmcoreinfo.h"
#include "synth/world.h"

#define K(paddr) (WORLD_BASE_64 + (paddr))

/* --- plain reads ----------------------------------------------------------------------------- */

TEST(a_read_crosses_pages)
{
	_cleanup_(world_close) struct world w;
	struct pageowner_error err;
	char buf[16] = "";

	world_open(&w, false, 8);
	world_range(&w, 0, 4 * WORLD_PAGE);
	world_write(&w, 0xff8, "before and after", 16);
	CHECK_INT(po_memory_read(w.mem, K(0xff8), buf, 16, &err), PAGEOWNER_OK);
	CHECK_INT(memcmp(buf, "before and after", 16), 0);
	memset(buf, 0, sizeof(buf));
	CHECK_INT(po_memory_read_phys(w.mem, 0xff8, buf, 16, &err), PAGEOWNER_OK);
	CHECK_INT(memcmp(buf, "before and after", 16), 0);
	CHECK_INT(po_memory_read(w.mem, K(0xff8), buf, 0, &err), PAGEOWNER_OK);
}

TEST(numbers_in_the_byte_order_of_the_dump)
{
	for (int big = 0; big < 2; big++) {
		_cleanup_(world_close) struct world w;
		uint64_t v = 0;

		world_open(&w, big, 8);
		world_range(&w, 0, 2 * WORLD_PAGE);
		world_number(&w, 0xffc, 8, 0x1122334455667788);
		for (size_t n = 1; n <= 8; n++) {
			uint64_t want = big ? 0x1122334455667788ull >> (64 - 8 * n) :
					      0x1122334455667788ull & (UINT64_MAX >> (64 - 8 * n));
			CHECK_INT(po_memory_read_uint(w.mem, K(0xffc), n, &v, NULL), PAGEOWNER_OK);
			CHECK_INT(v, want);
		}
		CHECK_INT(po_memory_read_ptr(w.mem, K(0xffc), &v, NULL), PAGEOWNER_OK);
		CHECK_INT(v, 0x1122334455667788);
	}
}

TEST(pointers_of_32_bits)
{
	for (int big = 0; big < 2; big++) {
		_cleanup_(world_close) struct world w;
		uint64_t v = 0;

		world_open(&w, big, 4);
		world_range(&w, 0, WORLD_PAGE);
		world_ptr(&w, 0x40, 0xc1234567);
		CHECK_INT(po_memory_read_ptr(w.mem, WORLD_BASE_32 + 0x40, &v, NULL), PAGEOWNER_OK);
		CHECK_INT(v, 0xc1234567);
	}
}

TEST(a_number_that_cannot_be_read_leaves_the_result_alone)
{
	_cleanup_(world_close) struct world w;
	struct pageowner_error err;
	uint64_t v = 77;

	world_open(&w, false, 8);
	CHECK_INT(po_memory_read_uint(w.mem, K(0), 4, &v, &err), PAGEOWNER_ENODATA);
	CHECK_INT(v, 77);
	CHECK_INT(po_memory_read_uint(w.mem, K(0), 9, &v, &err), PAGEOWNER_ECORRUPT);
	CHECK_STR(err.text, "a number of 9 bytes");
	CHECK_INT(v, 77);
}

TEST(addresses_of_32_bits_wrap)
{
	_cleanup_(world_close) struct world w;
	struct po_gaps gaps;
	uint64_t v = 0;

	world_open(&w, false, 4);
	world_range(&w, 0, WORLD_PAGE);
	world_number(&w, 0x10, 4, 0xfeedf00d);
	CHECK_INT(po_memory_read_uint(w.mem, WORLD_BASE_32 + 0x100000010, 4, &v, NULL),
		  PAGEOWNER_OK);
	CHECK_INT(v, 0xfeedf00d);
	v = 0;
	po_memory_read_sparse(w.mem, WORLD_BASE_32 + 0xfffffff00000010, &v, 4, &gaps);
	CHECK_INT(gaps.nr, 0);
	CHECK_INT(v, 0xfeedf00d);
}

TEST(a_read_does_not_go_on_at_the_bottom_of_memory)
{
	_cleanup_(world_close) struct world w;
	uint8_t buf[8];

	world_open(&w, false, 4);
	world_range(&w, 0, 1u << 30);
	CHECK_INT(po_memory_read(w.mem, 0xfffffff8, buf, 8, NULL), PAGEOWNER_OK);
	CHECK_INT(po_memory_read(w.mem, 0xfffffffc, buf, 8, NULL), PAGEOWNER_ENODATA);
}

TEST(what_is_missing_is_told_with_its_cause_and_place)
{
	static const struct {
		enum po_cause cause;
		int code;
		const char *words;
	} cases[] = {
		{ PO_EXCLUDED, PAGEOWNER_ENODATA, "excluded by a filter" },
		{ PO_HOLE, PAGEOWNER_ENODATA, "not covered by the dump" },
		{ PO_TRUNCATED, PAGEOWNER_ENODATA, "lost where the file was cut off" },
		{ PO_IOERR, PAGEOWNER_EIO, "read error" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		_cleanup_(world_close) struct world w;
		struct pageowner_error err;
		char want[200];
		uint8_t buf[32];

		world_open(&w, false, 8);
		world_range(&w, 0, 4 * WORLD_PAGE);
		world_lose(&w, 0x2000, cases[i].cause);
		CHECK_INT(po_memory_read(w.mem, K(0x1ff0), buf, 32, &err), cases[i].code);
		CHECK_INT(err.code, cases[i].code);
		snprintf(want, sizeof(want),
			 "address 0xffff888000002000: physical address 0x2000: %s", cases[i].words);
		CHECK_STR(err.text, want);
		CHECK_INT(po_memory_read_phys(w.mem, 0x2008, buf, 8, &err), cases[i].code);
		snprintf(want, sizeof(want), "physical address 0x2008: %s", cases[i].words);
		CHECK_STR(err.text, want);
	}
}

TEST(what_no_page_table_maps_is_told_apart)
{
	_cleanup_(world_close) struct world w;
	struct pageowner_error err;
	uint64_t v;

	world_open(&w, false, 8);
	CHECK_INT(po_memory_read_ptr(w.mem, 0xdead0000, &v, &err), PAGEOWNER_ENODATA);
	CHECK_STR(err.text, "address 0xdead0000: not mapped");
	CHECK_INT(po_memory_translate(w.mem, 0xdead0008, &v, &err), PAGEOWNER_ENODATA);
	CHECK_STR(err.text, "address 0xdead0008: not mapped");
	CHECK_INT(po_memory_translate(w.mem, K(0x1234), &v, &err), PAGEOWNER_OK);
	CHECK_INT(v, 0x1234);
	CHECK_INT(po_memory_counts(w.mem)->untranslated, 1);
}

TEST(before_page_tables_are_known_only_physical_reads_work)
{
	_cleanup_(world_close) struct world w;
	struct po_memory *mem;
	struct pageowner_error err;
	uint64_t v;

	world_open(&w, false, 8);
	world_range(&w, 0, WORLD_PAGE);
	CHECK_INT(po_memory_new(w.img, &w.abi, &mem, &err), PAGEOWNER_OK);
	CHECK_INT(po_memory_read_phys(mem, 0, &v, 8, &err), PAGEOWNER_OK);
	CHECK_INT(po_memory_read_ptr(mem, K(0), &v, &err), PAGEOWNER_EINVAL);
	CHECK_STR(err.text, "address 0xffff888000000000: no page tables are known yet");
	po_memory_free(mem);
}

/* --- strings --------------------------------------------------------------------------------- */

static int read_at(const struct world *w, uint64_t paddr, char *buf, size_t cap)
{
	memset(buf, '#', cap);
	return po_memory_read_string(w->mem, w->base + paddr, buf, cap, NULL);
}

TEST(strings_end_at_their_terminator)
{
	_cleanup_(world_close) struct world w;
	char buf[256];

	world_open(&w, false, 8);
	world_range(&w, 0, 2 * WORLD_PAGE);
	world_string(&w, 0x7f, "GFP_KERNEL");
	world_string(&w, 0xffa, "across the page");
	CHECK_INT(read_at(&w, 0x7f, buf, sizeof(buf)), 10);
	CHECK_STR(buf, "GFP_KERNEL");
	CHECK_INT(read_at(&w, 0xffa, buf, sizeof(buf)), 15);
	CHECK_STR(buf, "across the page");
	CHECK_INT(read_at(&w, 0x200, buf, sizeof(buf)), 0);
	CHECK_STR(buf, "");
}

TEST(strings_are_cut_at_the_room_for_them)
{
	_cleanup_(world_close) struct world w;
	char buf[256];

	world_open(&w, false, 8);
	world_range(&w, 0, WORLD_PAGE);
	world_string(&w, 0x30, "0123456789012345678901234567890123456789");
	CHECK_INT(read_at(&w, 0x30, buf, 41), 40);
	CHECK_STR(buf, "0123456789012345678901234567890123456789");
	CHECK_INT(read_at(&w, 0x30, buf, 40), 39);
	CHECK_STR(buf, "012345678901234567890123456789012345678");
	CHECK_INT(read_at(&w, 0x30, buf, 2), 1);
	CHECK_STR(buf, "0");
	CHECK_INT(read_at(&w, 0x30, buf, 1), 0);
	CHECK_STR(buf, "");
}

TEST(a_string_may_end_right_before_a_hole_but_not_run_into_it)
{
	_cleanup_(world_close) struct world w;
	struct pageowner_error err;
	char buf[64];

	world_open(&w, false, 8);
	world_range(&w, 0, WORLD_PAGE);
	world_write(&w, 0xffc, "end", 4);
	CHECK_INT(read_at(&w, 0xffc, buf, sizeof(buf)), 3);
	CHECK_STR(buf, "end");
	world_write(&w, 0xffc, "cut!", 4);
	CHECK_INT(po_memory_read_string(w.mem, K(0xffc), buf, sizeof(buf), &err), PAGEOWNER_ENODATA);
	CHECK_STR(err.text, "string at 0xffff888000000ffc: address 0xffff888000001000: "
			    "physical address 0x1000: not covered by the dump");
	/* as much as was asked for is there */
	CHECK_INT(read_at(&w, 0xffc, buf, 5), 4);
	CHECK_STR(buf, "cut!");
}

/* --- blocks with gaps ------------------------------------------------------------------------ */

TEST(a_block_without_gaps)
{
	_cleanup_(world_close) struct world w;
	struct po_gaps gaps;
	char buf[3 * WORLD_PAGE];

	world_open(&w, false, 8);
	world_range(&w, 0, 8 * WORLD_PAGE);
	world_string(&w, 0x1ffe, "xyz");
	memset(buf, '#', sizeof(buf));
	po_memory_read_sparse(w.mem, K(0x1000), buf, sizeof(buf), &gaps);
	CHECK_INT(gaps.nr, 0);
	CHECK_STR(buf + 0xffe, "xyz");
	CHECK_INT(buf[sizeof(buf) - 1], 0);
	CHECK(po_gaps_touch(&gaps, 0, sizeof(buf)) == NULL);
}

TEST(gaps_say_what_is_missing_and_why)
{
	_cleanup_(world_close) struct world w;
	struct po_gaps gaps;
	uint8_t buf[6 * WORLD_PAGE];

	world_open(&w, false, 8);
	world_range(&w, 0, 5 * WORLD_PAGE);
	world_write(&w, 0x2000, "there", 5);
	world_lose(&w, 0x0000, PO_EXCLUDED);
	world_lose(&w, 0x1000, PO_EXCLUDED);
	world_lose(&w, 0x3000, PO_TRUNCATED);
	world_lose(&w, 0x4000, PO_IOERR);
	memset(buf, '#', sizeof(buf));
	po_memory_read_sparse(w.mem, K(0x800), buf, 0x5000, &gaps);
	if (!CHECK_INT(gaps.nr, 4))
		return;
	static const struct po_gap want[] = {
		{ 0x0000, 0x1800, PO_EXCLUDED, 0x800 },	/* neighbours of one cause are one gap */
		{ 0x2800, 0x3800, PO_TRUNCATED, 0x3000 },
		{ 0x3800, 0x4800, PO_IOERR, 0x4000 },
		{ 0x4800, 0x5000, PO_HOLE, 0x5000 },
	};
	for (unsigned i = 0; i < 4; i++) {
		CHECK_INT(gaps.gap[i].from, want[i].from);
		CHECK_INT(gaps.gap[i].to, want[i].to);
		CHECK_INT(gaps.gap[i].cause, want[i].cause);
		CHECK_INT(gaps.gap[i].paddr, want[i].paddr);
	}
	CHECK_INT(buf[0], 0);
	CHECK_INT(buf[0x17ff], 0);
	CHECK_INT(memcmp(buf + 0x1800, "there", 5), 0);
	CHECK_INT(buf[0x4fff], 0);
	CHECK_INT(buf[0x5000], '#');

	CHECK(po_gaps_touch(&gaps, 0x1800, 0x2800) == NULL);
	CHECK(po_gaps_touch(&gaps, 0x17ff, 0x1800) == &gaps.gap[0]);
	CHECK(po_gaps_touch(&gaps, 0x1800, 0x2801) == &gaps.gap[1]);
	CHECK(po_gaps_touch(&gaps, 0, 0x5000) == &gaps.gap[0]);
	CHECK(po_gaps_touch(&gaps, 0x37ff, 0x3801) == &gaps.gap[1]);
	CHECK(po_gaps_touch(&gaps, 0x5000, 0x6000) == NULL);
}

TEST(what_is_not_mapped_is_a_gap_without_an_address)
{
	_cleanup_(world_close) struct world w;
	struct po_gaps gaps;
	uint8_t buf[2 * WORLD_PAGE];

	world_open(&w, false, 8);
	world_range(&w, (1u << 30) - WORLD_PAGE, WORLD_PAGE);
	po_memory_read_sparse(w.mem, K((1u << 30) - WORLD_PAGE), buf, sizeof(buf), &gaps);
	CHECK_INT(gaps.nr, 1);
	CHECK_INT(gaps.gap[0].from, WORLD_PAGE);
	CHECK_INT(gaps.gap[0].to, 2 * WORLD_PAGE);
	CHECK_INT(gaps.gap[0].cause, PO_HOLE);
	CHECK(gaps.gap[0].paddr == UINT64_MAX);
}

TEST(more_gaps_than_can_be_listed_widen_the_last_one)
{
	enum { PAGES = 2 * PO_MAX_GAPS + 20 };
	_cleanup_(world_close) struct world w;
	_cleanup_(po_freep) uint8_t *buf = malloc(PAGES * WORLD_PAGE);
	struct po_gaps gaps;

	if (!buf)
		abort();
	world_open(&w, false, 8);
	world_range(&w, 0, PAGES * WORLD_PAGE);
	for (uint64_t i = 1; i < PAGES; i += 2)
		world_lose(&w, i * WORLD_PAGE, PO_EXCLUDED);
	world_write(&w, (PAGES - 2) * WORLD_PAGE, "kept", 4);
	po_memory_read_sparse(w.mem, K(0), buf, PAGES * WORLD_PAGE, &gaps);
	CHECK_INT(gaps.nr, PO_MAX_GAPS);
	for (unsigned i = 0; i < PO_MAX_GAPS; i++)
		CHECK_INT(gaps.gap[i].from, (2 * i + 1) * WORLD_PAGE);
	CHECK_INT(gaps.gap[PO_MAX_GAPS - 2].to, (2 * PO_MAX_GAPS - 2) * WORLD_PAGE);
	CHECK_INT(gaps.gap[PO_MAX_GAPS - 1].to, PAGES * WORLD_PAGE);
	/* what is called missing beyond need is not lost from the buffer */
	CHECK_INT(memcmp(buf + (PAGES - 2) * WORLD_PAGE, "kept", 4), 0);
	CHECK(po_gaps_touch(&gaps, PAGES * WORLD_PAGE - 1, PAGES * WORLD_PAGE) ==
	      &gaps.gap[PO_MAX_GAPS - 1]);
}

/* --- counts ---------------------------------------------------------------------------------- */

TEST(zeroed_pages_read_as_zeros_and_count_once)
{
	_cleanup_(world_close) struct world w;
	const struct po_memory_counts *c;
	struct po_gaps gaps;
	uint8_t buf[3 * WORLD_PAGE];

	world_open(&w, false, 8);
	world_range(&w, 0, 4 * WORLD_PAGE);
	world_write(&w, 0, "real", 4);
	world_lose(&w, 0x1000, PO_ZEROED);
	world_lose(&w, 0x2000, PO_ZEROED);
	c = po_memory_counts(w.mem);
	CHECK(c->first[PO_ZEROED] == UINT64_MAX);
	memset(buf, '#', sizeof(buf));
	CHECK_INT(po_memory_read(w.mem, K(0x2008), buf, 8, NULL), PAGEOWNER_OK);
	CHECK_INT(buf[7], 0);
	CHECK_INT(c->pages[PO_ZEROED], 1);
	CHECK_INT(c->first[PO_ZEROED], 0x2000);
	memset(buf, '#', sizeof(buf));
	for (int i = 0; i < 3; i++)
		CHECK_INT(po_memory_read(w.mem, K(0), buf, sizeof(buf), NULL), PAGEOWNER_OK);
	CHECK_INT(memcmp(buf, "real", 4), 0);
	CHECK_INT(buf[0x1000], 0);
	CHECK_INT(buf[0x2fff], 0);
	CHECK_INT(c->pages[PO_ZEROED], 2);
	CHECK_INT(c->first[PO_ZEROED], 0x1000);
	po_memory_read_sparse(w.mem, K(0), buf, sizeof(buf), &gaps);
	CHECK_INT(gaps.nr, 0);
	CHECK_INT(c->pages[PO_ZEROED], 2);
	CHECK_INT(c->pages[PO_HOLE] + c->pages[PO_EXCLUDED], 0);
}

TEST(missing_pages_of_blocks_count_once_by_cause)
{
	_cleanup_(world_close) struct world w;
	const struct po_memory_counts *c;
	struct po_gaps gaps;
	uint8_t buf[5 * WORLD_PAGE];

	world_open(&w, false, 8);
	world_range(&w, 0, 4 * WORLD_PAGE);
	world_lose(&w, 0x1000, PO_EXCLUDED);
	world_lose(&w, 0x2000, PO_EXCLUDED);
	world_lose(&w, 0x3000, PO_TRUNCATED);
	c = po_memory_counts(w.mem);
	po_memory_read_sparse(w.mem, K(0x2800), buf, 0x1000, &gaps);
	po_memory_read_sparse(w.mem, K(0x2100), buf, 0x10, &gaps);
	po_memory_read_sparse(w.mem, K(0), buf, sizeof(buf), &gaps);
	CHECK_INT(c->pages[PO_EXCLUDED], 2);
	CHECK_INT(c->pages[PO_TRUNCATED], 1);
	CHECK_INT(c->pages[PO_HOLE], 1);
	CHECK_INT(c->pages[PO_IOERR], 0);
	CHECK_INT(c->first[PO_EXCLUDED], 0x1000);
	CHECK_INT(c->first[PO_TRUNCATED], 0x3000);
	CHECK_INT(c->first[PO_HOLE], 0x4000);
	CHECK(c->first[PO_IOERR] == UINT64_MAX);
}

TEST(many_pages_are_counted_exactly)
{
	enum { PAGES = 1000 };
	_cleanup_(world_close) struct world w;
	uint8_t buf[8];

	world_open(&w, false, 8);
	for (uint64_t i = 0; i < PAGES; i++)
		world_lose(&w, i * WORLD_PAGE, PO_ZEROED);
	for (int pass = 0; pass < 2; pass++)
		for (uint64_t i = 0; i < PAGES; i++)
			CHECK_INT(po_memory_read_phys(w.mem, i * WORLD_PAGE + 24, buf, 8, NULL),
				  PAGEOWNER_OK);
	CHECK_INT(po_memory_counts(w.mem)->pages[PO_ZEROED], PAGES);
	CHECK_INT(po_memory_counts(w.mem)->first[PO_ZEROED], 0);
}

/* --- caches and handles ---------------------------------------------------------------------- */

TEST(translations_are_kept)
{
	_cleanup_(world_close) struct world w;
	uint64_t v;

	world_open(&w, false, 8);
	world_range(&w, 0, 4 * WORLD_PAGE);
	for (int i = 0; i < 10; i++)
		CHECK_INT(po_memory_read_ptr(w.mem, K(8 * (uint64_t)i), &v, NULL), PAGEOWNER_OK);
	CHECK_INT(w.nr_walks, 1);
	/* the same slot of a small cache, another page: 1024 pages on */
	CHECK_INT(po_memory_translate(w.mem, K(1024 * WORLD_PAGE + 5), &v, NULL), PAGEOWNER_OK);
	CHECK_INT(v, 1024 * WORLD_PAGE + 5);
	CHECK_INT(po_memory_translate(w.mem, K(5), &v, NULL), PAGEOWNER_OK);
	CHECK_INT(v, 5);
}

TEST(nothing_is_kept_of_a_live_image)
{
	_cleanup_(world_close) struct world w;
	uint64_t v;

	world_open(&w, false, 8);
	w.img->live = true;
	world_range(&w, 0, WORLD_PAGE);
	for (int i = 0; i < 10; i++)
		CHECK_INT(po_memory_read_ptr(w.mem, K(0), &v, NULL), PAGEOWNER_OK);
	CHECK_INT(w.nr_walks, 10);
	world_number(&w, 0, 8, 42);
	CHECK_INT(po_memory_read_ptr(w.mem, K(0), &v, NULL), PAGEOWNER_OK);
	CHECK_INT(v, 42);
}

TEST(other_page_tables_are_not_mixed_with_the_old)
{
	_cleanup_(world_close) struct world w;
	uint64_t v;

	world_open(&w, false, 8);
	CHECK_INT(po_memory_translate(w.mem, K(0x1000), &v, NULL), PAGEOWNER_OK);
	po_memory_set_xlat(w.mem, &(struct po_xlat){ .ops = &po_xlat_formats[0], .root = 0x5000 });
	world_range(&w, 0x5000, WORLD_PAGE);
	CHECK_INT(po_memory_translate(w.mem, K(0x1000), &v, NULL), PAGEOWNER_ENODATA);
}

TEST(a_clone_reads_and_counts_for_itself)
{
	_cleanup_(world_close) struct world w;
	struct po_memory *copy = NULL;
	uint64_t v = 0;

	world_open(&w, true, 8);
	world_range(&w, 0, 2 * WORLD_PAGE);
	world_number(&w, 0x20, 8, 0x1234);
	world_lose(&w, 0x1000, PO_ZEROED);
	CHECK_INT(po_memory_clone(w.mem, &copy, NULL), PAGEOWNER_OK);
	CHECK_INT(w.nr_images, 2);
	CHECK_INT(po_memory_read_ptr(copy, K(0x20), &v, NULL), PAGEOWNER_OK);
	CHECK_INT(v, 0x1234);
	CHECK_INT(po_memory_read_ptr(copy, K(0x1000), &v, NULL), PAGEOWNER_OK);
	CHECK_INT(po_memory_counts(copy)->pages[PO_ZEROED], 1);
	CHECK_INT(po_memory_counts(w.mem)->pages[PO_ZEROED], 0);
	CHECK(po_memory_abi(copy)->big_endian);
	po_memory_free(copy);
	CHECK_INT(w.nr_images, 1);
	po_memory_free(NULL);
}

/* --- memory that translates by itself -------------------------------------------------------- */

struct debugger {
	int result;
	size_t most;	/* bytes that are delivered */
};

static int debugger_read(void *self, uint64_t kva, void *buf, size_t len, size_t *done)
{
	const struct debugger *d = self;

	*done = len < d->most ? len : d->most;
	for (size_t i = 0; i < *done; i++)
		((uint8_t *)buf)[i] = (uint8_t)(kva + i);
	return d->result;
}

static struct po_memory *debugger_memory(struct debugger *d, struct po_image **img)
{
	struct pageowner_source src = { .size = sizeof(src), .self = d, .read_virt = debugger_read };
	struct po_memory *mem;

	if (po_image_open_source(&src, img, NULL) < 0 ||
	    po_memory_new(*img, &(struct po_abi){ false, 8 }, &mem, NULL) < 0)
		abort();
	return mem;
}

TEST(an_image_that_translates_needs_no_page_tables)
{
	struct debugger d = { PAGEOWNER_READ_OK, 3 };
	struct po_image *img;
	struct po_memory *mem = debugger_memory(&d, &img);
	uint64_t v = 0;

	CHECK_INT(po_memory_read_ptr(mem, 0xffffffff81000010, &v, NULL), PAGEOWNER_OK);
	CHECK_INT(v, 0x1716151413121110);
	po_memory_free(mem);
	po_image_close(img);
}

TEST(an_image_with_one_handle_is_shared_by_its_clones)
{
	struct debugger d = { PAGEOWNER_READ_OK, 8 };
	struct po_image *img;
	struct po_memory *mem = debugger_memory(&d, &img), *copy = NULL;
	uint64_t v = 0;

	CHECK_INT(po_memory_clone(mem, &copy, NULL), PAGEOWNER_OK);
	CHECK(po_memory_image(copy) == img);
	po_memory_free(mem);
	CHECK_INT(po_memory_read_ptr(copy, 0x20, &v, NULL), PAGEOWNER_OK);
	CHECK_INT(v, 0x2726252423222120);
	po_memory_free(copy);
	po_image_close(img);
}

TEST(what_such_an_image_lacks_is_told_by_kernel_address)
{
	struct debugger d = { PAGEOWNER_READ_EXCLUDED, 0 };
	struct po_image *img;
	struct po_memory *mem = debugger_memory(&d, &img);
	struct pageowner_error err;
	struct po_gaps gaps;
	uint8_t buf[0x3000];

	CHECK_INT(po_memory_read(mem, 0x1000, buf, 8, &err), PAGEOWNER_ENODATA);
	CHECK_STR(err.text, "address 0x1000: excluded by a filter");
	d.result = PAGEOWNER_READ_ERROR;
	CHECK_INT(po_memory_read(mem, 0x1000, buf, 8, &err), PAGEOWNER_EIO);
	CHECK_STR(err.text, "address 0x1000: read error");
	d.result = PAGEOWNER_READ_OK;	/* says that all is well and gives nothing */
	CHECK_INT(po_memory_read(mem, 0x1000, buf, 8, &err), PAGEOWNER_EIO);
	d.result = PAGEOWNER_READ_HOLE;
	po_memory_read_sparse(mem, 0x1800, buf, sizeof(buf), &gaps);
	CHECK_INT(gaps.nr, 1);
	CHECK_INT(gaps.gap[0].to, sizeof(buf));
	CHECK_INT(gaps.gap[0].cause, PO_HOLE);
	CHECK(gaps.gap[0].paddr == UINT64_MAX);
	po_memory_free(mem);
	po_image_close(img);
}

/* --- VMCOREINFO ------------------------------------------------------------------------------ */

static const char note[] = "OSRELEASE=6.1.0-9-amd64\n"
			   "PAGESIZE=4096\n"
			   "SYMBOL(_stext)=ffffffff9ba00000\n"
			   "SYMBOL(_stext_more)=1\n"
			   "EMPTY=\n"
			   "NUMBER(phys_base)=-1509949440\n"
			   "NUMBER(sme_mask)=0x800000000000\n"
			   "NUMBER(KERNEL_IMAGE_SIZE)=1073741824\n"
			   "NUMBER(junk)=12abc\n"
			   "NUMBER(large)=99999999999999999999\n"
			   "NUMBER(long)=0000000000000000000000000000000000001\n"
			   "KERNELOFFSET=1aa00000\n"
			   "CRASHTIME=1700000000";

TEST(values_of_the_note_by_key)
{
	size_t len = 77;
	const char *v = po_vmcoreinfo_get(note, "OSRELEASE", &len);

	CHECK_INT(len, 13);
	CHECK(v && !memcmp(v, "6.1.0-9-amd64\n", len == 13 ? 14 : 0));
	CHECK(po_vmcoreinfo_get(note, "CRASHTIME", &len) != NULL);
	CHECK_INT(len, 10);
	CHECK(po_vmcoreinfo_get(note, "EMPTY", &len) != NULL);
	CHECK_INT(len, 0);
}

TEST(keys_are_whole_words_at_the_start_of_a_line)
{
	size_t len = 77;

	CHECK(po_vmcoreinfo_get(note, "OSREL", &len) == NULL);
	CHECK(po_vmcoreinfo_get(note, "RELEASE", &len) == NULL);
	CHECK(po_vmcoreinfo_get(note, "SYMBOL(_s", &len) == NULL);
	CHECK(po_vmcoreinfo_get(note, "4096", &len) == NULL);
	CHECK(po_vmcoreinfo_get("", "OSRELEASE", &len) == NULL);
	CHECK(po_vmcoreinfo_get("\nA=1\n", "A", &len) != NULL);
	CHECK(po_vmcoreinfo_get("OSRELEASE", "OSRELEASE", &len) == NULL);
	CHECK(po_vmcoreinfo_get(NULL, "OSRELEASE", &len) == NULL);
}

TEST(numbers_of_the_note)
{
	int64_t v = 7;

	CHECK(po_vmcoreinfo_number(note, "PAGESIZE", &v));
	CHECK_INT(v, 4096);
	CHECK(po_vmcoreinfo_number(note, "NUMBER(phys_base)", &v));
	CHECK_INT(v, -1509949440);
	CHECK(po_vmcoreinfo_number(note, "NUMBER(sme_mask)", &v));
	CHECK_INT(v, 0x800000000000);
	v = 7;
	CHECK(!po_vmcoreinfo_number(note, "NUMBER(junk)", &v));
	CHECK(!po_vmcoreinfo_number(note, "NUMBER(large)", &v));
	CHECK(!po_vmcoreinfo_number(note, "NUMBER(long)", &v));
	CHECK(!po_vmcoreinfo_number(note, "NUMBER(absent)", &v));
	CHECK(!po_vmcoreinfo_number(note, "EMPTY", &v));
	CHECK(!po_vmcoreinfo_number(NULL, "PAGESIZE", &v));
	CHECK_INT(v, 7);
}

TEST(addresses_of_the_note_are_hexadecimal)
{
	uint64_t v = 7;

	CHECK(po_vmcoreinfo_address(note, "SYMBOL(_stext)", &v));
	CHECK_INT(v, 0xffffffff9ba00000);
	CHECK(po_vmcoreinfo_address(note, "KERNELOFFSET", &v));
	CHECK_INT(v, 0x1aa00000);
	CHECK(po_vmcoreinfo_address(note, "NUMBER(sme_mask)", &v));
	CHECK_INT(v, 0x800000000000);
	v = 7;
	CHECK(!po_vmcoreinfo_address(note, "OSRELEASE", &v));
	CHECK_INT(v, 7);
}
