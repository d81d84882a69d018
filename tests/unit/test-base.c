/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Numbers out of foreign bytes, storage, output, failures. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/cleanup.h"
#include "base/load.h"
#include "base/sink.h"
#include "base/status.h"
#include "harness.h"

/* --- load.h ---------------------------------------------------------------------------------- */

static const uint8_t raw[] = { 0xf1, 0xe2, 0xd3, 0xc4, 0xb5, 0xa6, 0x97, 0x88, 0x79 };

TEST(little_endian_numbers_of_every_width)
{
	static const uint64_t want[] = { 0, 0xf1, 0xe2f1, 0xd3e2f1, 0xc4d3e2f1, 0xb5c4d3e2f1,
					 0xa6b5c4d3e2f1, 0x97a6b5c4d3e2f1, 0x8897a6b5c4d3e2f1 };
	const struct po_abi le = { false, 8 };

	for (size_t n = 1; n <= 8; n++) {
		CHECK_INT(po_load(&le, raw, n), want[n]);
		CHECK_INT(po_load_le(raw, n), want[n]);
	}
}

TEST(big_endian_numbers_of_every_width)
{
	static const uint64_t want[] = { 0, 0xf1, 0xf1e2, 0xf1e2d3, 0xf1e2d3c4, 0xf1e2d3c4b5,
					 0xf1e2d3c4b5a6, 0xf1e2d3c4b5a697, 0xf1e2d3c4b5a69788 };
	const struct po_abi be = { true, 8 };

	for (size_t n = 1; n <= 8; n++) {
		CHECK_INT(po_load(&be, raw, n), want[n]);
		CHECK_INT(po_load_be(raw, n), want[n]);
	}
}

TEST(a_number_need_not_be_aligned)
{
	CHECK_INT(po_load(&(struct po_abi){ false, 8 }, raw + 1, 8), 0x798897a6b5c4d3e2);
	CHECK_INT(po_load(&(struct po_abi){ true, 8 }, raw + 1, 8), 0xe2d3c4b5a6978879);
}

TEST(a_pointer_is_as_wide_as_the_dump_says)
{
	CHECK_INT(po_load_ptr(&(struct po_abi){ false, 4 }, raw), 0xc4d3e2f1);
	CHECK_INT(po_load_ptr(&(struct po_abi){ true, 4 }, raw), 0xf1e2d3c4);
	CHECK_INT(po_load_ptr(&(struct po_abi){ false, 8 }, raw), 0x8897a6b5c4d3e2f1);
	CHECK_INT(po_load_ptr(&(struct po_abi){ true, 8 }, raw), 0xf1e2d3c4b5a69788);
}

TEST(sign_extension_looks_at_the_given_bits_only)
{
	CHECK_INT(po_sign_extend(0x80, 8), -128);
	CHECK_INT(po_sign_extend(0x7f, 8), 127);
	CHECK_INT(po_sign_extend(0xfffffffffffff07f, 8), 127);
	CHECK_INT(po_sign_extend(1, 1), -1);
	CHECK_INT(po_sign_extend(0x80000000, 32), INT32_MIN);
	CHECK_INT(po_sign_extend(0xffff800000000000, 48), (int64_t)0xffff800000000000);
	CHECK_INT(po_sign_extend(0x0000800000000000, 48), (int64_t)0xffff800000000000);
	CHECK_INT(po_sign_extend(UINT64_MAX, 63), -1);
	CHECK_INT(po_sign_extend(UINT64_MAX - 4, 64), -5);
	CHECK_INT(po_sign_extend(0x1234, 0), 0x1234);
}

TEST(addresses_wrap_at_the_width_of_a_pointer)
{
	CHECK_INT(po_wrap(&(struct po_abi){ false, 4 }, 0x1c0000010), 0xc0000010);
	CHECK_INT(po_wrap(&(struct po_abi){ false, 8 }, 0x1c0000010), 0x1c0000010);
}

/* --- arena ----------------------------------------------------------------------------------- */

TEST(arena_hands_out_aligned_and_separate_storage)
{
	struct po_arena a = { 0 };
	unsigned char *p[300];

	for (size_t i = 0; i < 300; i++) {
		p[i] = po_arena_alloc(&a, 1 + i * 7);
		if (!CHECK(p[i] != NULL))
			return;
		CHECK_INT((uintptr_t)p[i] % _Alignof(max_align_t), 0);
		memset(p[i], (int)(i & 255), 1 + i * 7);
	}
	for (size_t i = 0; i < 300; i++) {
		CHECK_INT(p[i][0], i & 255);
		CHECK_INT(p[i][i * 7], i & 255);
	}
	po_arena_fini(&a);
}

TEST(arena_serves_what_is_larger_than_a_block)
{
	struct po_arena a = { 0 };
	char *small = po_arena_alloc(&a, 16), *large = po_arena_alloc(&a, 1 << 20);

	if (CHECK(small && large)) {
		memset(large, 'x', 1 << 20);
		memset(small, 'y', 16);
		CHECK_INT(large[0], 'x');
		CHECK_INT(large[(1 << 20) - 1], 'x');
	}
	po_arena_fini(&a);
}

TEST(arena_refuses_what_no_machine_has)
{
	struct po_arena a = { 0 };

	CHECK(po_arena_alloc(&a, SIZE_MAX) == NULL);
	CHECK(po_arena_alloc(&a, SIZE_MAX - 15) == NULL);
	CHECK(po_arena_alloc(&a, 8) != NULL);
	po_arena_fini(&a);
}

TEST(arena_copies_strings_that_are_not_terminated)
{
	struct po_arena a = { 0 };
	const char text[4] = { 'k', 's', 'w', 'a' };

	CHECK_STR(po_arena_strndup(&a, text, 4), "kswa");
	CHECK_STR(po_arena_strndup(&a, text, 0), "");
	po_arena_fini(&a);
}

TEST(arena_can_be_used_again_after_its_end)
{
	struct po_arena a = { 0 };

	CHECK(po_arena_alloc(&a, 100) != NULL);
	po_arena_fini(&a);
	po_arena_fini(&a);
	CHECK_STR(po_arena_strndup(&a, "again", 5), "again");
	po_arena_fini(&a);
}

/* --- sink ------------------------------------------------------------------------------------ */

struct paper {
	char *text;
	size_t len;
	unsigned calls;
	unsigned fail_at;	/* the call that fails; 0: none */
};

static int write_paper(void *self, const char *text, size_t len)
{
	struct paper *p = self;

	if (++p->calls == p->fail_at)
		return ENOSPC;
	p->text = realloc(p->text, p->len + len + 1);
	if (!p->text)
		abort();
	memcpy(p->text + p->len, text, len);
	p->len += len;
	p->text[p->len] = '\0';
	return 0;
}

static struct po_sink *new_sink(struct paper *p)
{
	struct po_sink *s = malloc(sizeof(*s));

	if (!s)
		abort();
	po_sink_init(s, write_paper, p);
	return s;
}

TEST(sink_gathers_small_pieces)
{
	struct paper p = { 0 };
	_cleanup_(po_freep) struct po_sink *s = new_sink(&p);

	po_sink_put(s, "Page ", 5);
	po_sink_put(s, "", 0);
	po_sink_put(s, "allocated", 9);
	CHECK_INT(p.calls, 0);
	CHECK_INT(po_sink_flush(s), 0);
	CHECK_INT(p.calls, 1);
	CHECK_STR(p.text, "Page allocated");
	CHECK_INT(po_sink_flush(s), 0);
	CHECK_INT(p.calls, 1);
	free(p.text);
}

TEST(sink_keeps_the_order_across_every_size)
{
	struct paper p = { 0 };
	_cleanup_(po_freep) struct po_sink *s = new_sink(&p);
	static char big[3 * PO_SINK_BUF];
	static const size_t sizes[] = { 1, PO_SINK_BUF - 1, 1, PO_SINK_BUF, 5, PO_SINK_BUF + 1,
					3 * PO_SINK_BUF, 2, PO_SINK_BUF - 2, 7 };
	size_t at = 0;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		memset(big, 'a' + (int)i, sizes[i]);
		po_sink_put(s, big, sizes[i]);
	}
	CHECK_INT(po_sink_flush(s), 0);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		size_t wrong = 0;
		for (size_t k = 0; k < sizes[i] && at < p.len; k++, at++)
			wrong += p.text[at] != 'a' + (int)i;
		CHECK_INT(wrong, 0);
	}
	CHECK_INT(at, p.len);
	free(p.text);
}

TEST(sink_takes_exactly_what_it_has_room_for)
{
	struct paper p = { 0 };
	_cleanup_(po_freep) struct po_sink *s = new_sink(&p);
	static char big[PO_SINK_BUF];

	memset(big, 'z', sizeof(big));
	po_sink_put(s, big, sizeof(big));
	CHECK_INT(p.calls, 0);
	po_sink_put(s, "!", 1);
	CHECK_INT(p.calls, 1);
	CHECK_INT(p.len, PO_SINK_BUF);
	CHECK_INT(po_sink_flush(s), 0);
	CHECK_INT(p.text[PO_SINK_BUF], '!');
	free(p.text);
}

TEST(sink_keeps_its_first_error_and_writes_nothing_more)
{
	struct paper p = { .fail_at = 2 };
	_cleanup_(po_freep) struct po_sink *s = new_sink(&p);
	static char big[2 * PO_SINK_BUF];

	po_sink_put(s, "one", 3);
	CHECK_INT(po_sink_flush(s), 0);
	po_sink_put(s, "two", 3);
	CHECK_INT(po_sink_flush(s), ENOSPC);
	po_sink_put(s, "three", 5);
	po_sink_put(s, big, sizeof(big));
	CHECK_INT(po_sink_flush(s), ENOSPC);
	CHECK_INT(p.calls, 2);
	CHECK_STR(p.text, "one");
	free(p.text);
}

/* --- numbers as text ------------------------------------------------------------------------- */

static const char *put_with(size_t (*put)(char *, uint64_t), uint64_t v)
{
	static char buf[4][32];
	static unsigned turn;
	char *to = buf[turn++ % 4];

	memset(to, '#', sizeof(buf[0]));
	to[put(to, v)] = '\0';
	return to;
}

static size_t put_signed(char *to, uint64_t v)
{
	return po_put_signed(to, (int64_t)v);
}

TEST(numbers_are_written_as_printf_would)
{
	static const uint64_t values[] = { 0, 1, 9, 10, 15, 16, 99, 100, 255, 4095, 4096, 65535,
					   1000000007, 0x7fffffff, 0x80000000, 0xffffffff,
					   0x100000000, INT64_MAX, (uint64_t)INT64_MAX + 1,
					   UINT64_MAX - 1, UINT64_MAX };
	char want[32];

	for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
		snprintf(want, sizeof(want), "%" PRIu64, values[i]);
		CHECK_STR(put_with(po_put_decimal, values[i]), want);
		snprintf(want, sizeof(want), "%" PRIx64, values[i]);
		CHECK_STR(put_with(po_put_hex, values[i]), want);
		snprintf(want, sizeof(want), "%" PRId64, (int64_t)values[i]);
		CHECK_STR(put_with(put_signed, values[i]), want);
	}
	CHECK_STR(put_with(put_signed, (uint64_t)INT64_MIN), "-9223372036854775808");
	CHECK_STR(put_with(po_put_decimal, UINT64_MAX), "18446744073709551615");
}

TEST(every_power_of_two_in_hexadecimal)
{
	char want[32];

	for (unsigned bit = 0; bit < 64; bit++) {
		snprintf(want, sizeof(want), "%" PRIx64, (uint64_t)1 << bit);
		CHECK_STR(put_with(po_put_hex, (uint64_t)1 << bit), want);
	}
}

/* --- failures -------------------------------------------------------------------------------- */

TEST(a_failure_is_told_from_the_outside_in)
{
	struct pageowner_error err;

	CHECK_INT(po_fail(&err, PAGEOWNER_ENODATA, "address 0x%x: %s", 0x1000, "not mapped"),
		  PAGEOWNER_ENODATA);
	CHECK_INT(err.code, PAGEOWNER_ENODATA);
	CHECK_STR(err.text, "address 0x1000: not mapped");
	CHECK_INT(po_within(&err, PAGEOWNER_ECORRUPT, "page_ext of pfn 0x%x", 0x1a2f0),
		  PAGEOWNER_ECORRUPT);
	CHECK_INT(err.code, PAGEOWNER_ECORRUPT);
	CHECK_STR(err.text, "page_ext of pfn 0x1a2f0: address 0x1000: not mapped");
}

TEST(nobody_has_to_listen_to_a_failure)
{
	CHECK_INT(po_fail(NULL, PAGEOWNER_EIO, "%s", "unheard"), PAGEOWNER_EIO);
	CHECK_INT(po_within(NULL, PAGEOWNER_EIO, "%s", "unheard"), PAGEOWNER_EIO);
	CHECK_INT(po_fail_nomem(NULL, "unheard"), PAGEOWNER_ENOMEM);
}

TEST(out_of_memory_names_what_was_being_made)
{
	struct pageowner_error err;

	CHECK_INT(po_fail_nomem(&err, "stack depot"), PAGEOWNER_ENOMEM);
	CHECK_INT(err.code, PAGEOWNER_ENOMEM);
	CHECK_STR(err.text, "stack depot: out of memory");
}

TEST(a_long_story_is_cut_at_its_end_and_stays_terminated)
{
	struct pageowner_error err;
	char longer[3 * PAGEOWNER_ERROR_MAX];

	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	po_fail(&err, PAGEOWNER_EIO, "%s", longer);
	CHECK_INT(strlen(err.text), PAGEOWNER_ERROR_MAX - 1);
	po_within(&err, PAGEOWNER_EIO, "outer");
	CHECK_INT(strlen(err.text), PAGEOWNER_ERROR_MAX - 1);
	CHECK_INT(strncmp(err.text, "outer: xxx", 10), 0);
	po_within(&err, PAGEOWNER_EIO, "%s", longer);
	CHECK_INT(strlen(err.text), PAGEOWNER_ERROR_MAX - 1);
	CHECK_INT(strncmp(err.text, "xxx", 3), 0);
}

TEST(context_of_every_length_near_the_end_fits)
{
	struct pageowner_error err;
	char outer[PAGEOWNER_ERROR_MAX + 8];

	for (size_t len = PAGEOWNER_ERROR_MAX - 8; len < PAGEOWNER_ERROR_MAX + 4; len++) {
		memset(outer, 'o', len);
		outer[len] = '\0';
		po_fail(&err, PAGEOWNER_EIO, "inner words");
		po_within(&err, PAGEOWNER_EIO, "%s", outer);
		CHECK(strnlen(err.text, sizeof(err.text)) < sizeof(err.text));
		CHECK_INT(strspn(err.text, "o"),
			  len < PAGEOWNER_ERROR_MAX ? len : PAGEOWNER_ERROR_MAX - 1);
	}
}

TEST(every_code_has_words_of_its_own)
{
	for (int code = PAGEOWNER_OK; code >= PAGEOWNER_ETOOLONG; code--) {
		CHECK(strcmp(pageowner_strerror(code), "unknown failure") != 0);
		for (int other = code - 1; other >= PAGEOWNER_ETOOLONG; other--)
			CHECK(strcmp(pageowner_strerror(code), pageowner_strerror(other)) != 0);
	}
	CHECK_STR(pageowner_strerror(PAGEOWNER_OK), "success");
	CHECK_STR(pageowner_strerror(PAGEOWNER_ENODATA), "not in dump");
	CHECK_STR(pageowner_strerror(PAGEOWNER_ECORRUPT), "corrupt data");
}

TEST(a_code_that_is_none_has_words_too)
{
	CHECK_STR(pageowner_strerror(1), "unknown failure");
	CHECK_STR(pageowner_strerror(PAGEOWNER_ETOOLONG - 1), "unknown failure");
	CHECK_STR(pageowner_strerror(INT_MAX), "unknown failure");
	CHECK_STR(pageowner_strerror(-INT_MAX), "unknown failure");
}

/* --- cleanup.h ------------------------------------------------------------------------------- */

static unsigned nr_freed;

TEST(sizes_are_exact_or_have_one_decimal)
{
	static const struct {
		uint64_t pages, page_size;
		const char *want;
	} cases[] = {
		{ 0, 4096, "0 KiB" },
		{ 1, 1024, "1 KiB" },
		{ 1, 65536, "64 KiB" },
		{ 255, 4096, "1020 KiB" },
		{ 256, 4096, "1 MiB" },
		{ 257, 4096, "1.0 MiB" },
		{ 384, 4096, "1.5 MiB" },
		{ 262144, 4096, "1 GiB" },
		{ 262143, 4096, "1.0 GiB" },	/* 1023.996 MiB */
		{ 262131, 4096, "1023.9 MiB" },	/* 1023.949 MiB */
		{ UINT64_C(1) << 28, 4096, "1 TiB" },
		{ UINT64_MAX, 4096, "819.2 EiB" },	/* as much as is told */
		{ UINT64_MAX, 65536, "819.2 EiB" },
	};
	char text[32];

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		text[po_put_size(text, cases[i].pages, cases[i].page_size)] = '\0';
		CHECK_STR(text, cases[i].want);
	}
}

struct thing {
	int dummy;
};

static void thing_free(struct thing *t)
{
	nr_freed++;
	free(t);
}

PO_DEFINE_CLEANUP(struct thing, thing_free);

static struct thing *make_thing(bool keep)
{
	_cleanup_(thing_freep) struct thing *t = calloc(1, sizeof(*t));

	return keep ? po_take(t) : NULL;
}

TEST(a_guard_releases_unless_it_was_handed_over)
{
	nr_freed = 0;
	CHECK(make_thing(false) == NULL);
	CHECK_INT(nr_freed, 1);
	struct thing *t = make_thing(true);
	CHECK(t != NULL);
	CHECK_INT(nr_freed, 1);
	free(t);
}
