/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kernel log: the buffer of before 5.10, lines in parts, a ring that has gone round, and what lies. */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "harness.h"
#include "kernel/printk.h"
#include "proc/proc.h"
#include "synth/layout.h"
#include "synth/world.h"

#define VARS	0x1000u
#define RING	0x1100u		/* struct printk_ringbuffer */
#define BUFFER	0x2000u
#define DESCS	0x3000u
#define INFOS	0x4000u
#define DATA	0x5000u
#define END	0x6000u

enum { TS = 0, LEN = 8, TEXT_LEN = 10, FACILITY = 14, FLAGS = 15, CALLER = 16, HEAD = 24 };	/* struct printk_log */
enum { COUNT_BITS = 0, DESCS_AT = 8, INFOS_AT = 16, HEAD_ID = 24, TAIL_ID = 32, SIZE_BITS = 40, DATA_AT = 48 };
enum { STATE = 0, BEGIN = 8, NEXT = 16, DESC = 24 };
enum { RESERVED, COMMITTED, FINALIZED, REUSABLE };

struct box {
	struct world w;
	struct po_kernel k;
	struct pageowner_error err;
	char text[8192];
	unsigned nr_flaws;
	struct pageowner_error flaw;
};

static uint64_t kva(const struct box *b, uint64_t paddr)
{
	return b->w.base + paddr;
}

static void box_close(struct box *b)
{
	world_close(&b->w);
}

static void box_open(struct box *b)
{
	memset(b, 0, sizeof(*b));
	world_open(&b->w, false, 8);
	world_range(&b->w, 0, END);
	synth_kernel(&b->k, &b->w.abi, 12);
}

static int take(void *self, const char *text, size_t len)
{
	struct box *b = self;
	size_t at = strlen(b->text);

	if (at + len < sizeof(b->text))
		memcpy(b->text + at, text, len);
	return 0;
}

static void on_flaw(void *arg, const struct pageowner_error *err)
{
	struct box *b = arg;

	if (b->nr_flaws++ == 0)
		b->flaw = *err;
}

static const char *print(struct box *b, const char *rodata)
{
	_cleanup_(po_freep) struct po_sink *sink = malloc(sizeof(*sink));
	const struct po_blob blob = { rodata, strlen(rodata) + 1 };
	const struct po_proc p = {
		.k = &b->k, .mem = b->w.mem, .rodata = &blob, .sink = sink, .flaw = on_flaw, .arg = b,
	};

	if (!sink)
		abort();
	memset(b->text, 0, sizeof(b->text));
	b->nr_flaws = 0;
	po_sink_init(sink, take, b);
	if (po_proc_log(&p, &b->err) < 0)
		return NULL;
	po_sink_flush(sink);
	return b->text;
}

/* --- the buffer ---------------------------------------------------------------------------------- */

static void variable(struct box *b, unsigned id, const char *name, unsigned at, size_t size, uint64_t v)
{
	synth_symbol(&b->k, id, name, kva(b, VARS + at), size);
	world_number(&b->w, VARS + at, size, v);
}

static void open_buffer(struct box *b, uint64_t first, uint64_t next, uint64_t len)
{
	box_open(b);
	variable(b, PO_S_log_buf, "log_buf", 0, 8, kva(b, BUFFER));
	variable(b, PO_S_log_buf_len, "log_buf_len", 8, 4, len);
	variable(b, PO_S_log_first_idx, "log_first_idx", 12, 4, first);
	variable(b, PO_S_log_next_idx, "log_next_idx", 16, 4, next);
	synth_struct(&b->k, PO_T_printk_log, HEAD);
	synth_member(&b->k, PO_M_printk_log__ts_nsec, TS, 8);
	synth_member(&b->k, PO_M_printk_log__len, LEN, 2);
	synth_member(&b->k, PO_M_printk_log__text_len, TEXT_LEN, 2);
	synth_member(&b->k, PO_M_printk_log__facility, FACILITY, 1);
	*synth_member(&b->k, PO_M_printk_log__flags, FLAGS, 1) =
		(struct po_member){ .offset = FLAGS, .size = 1, .bit_size = 5 };
	*synth_member(&b->k, PO_M_printk_log__level, FLAGS, 1) =
		(struct po_member){ .offset = FLAGS, .size = 1, .bit_size = 3, .bit_shift = 5 };
}

/* The position behind it. */
static uint64_t put(struct box *b, uint64_t at, unsigned flags, const char *text)
{
	uint64_t len = (HEAD + strlen(text) + 7) & ~7ull;

	world_number(&b->w, BUFFER + at + TS, 8, 12345678901ull);
	world_number(&b->w, BUFFER + at + LEN, 2, len);
	world_number(&b->w, BUFFER + at + TEXT_LEN, 2, strlen(text));
	world_number(&b->w, BUFFER + at + FACILITY, 1, 1);
	world_number(&b->w, BUFFER + at + FLAGS, 1, flags | 4 << 5);
	world_write(&b->w, BUFFER + at + HEAD, text, strlen(text));
	return at + len;
}

#define P "<12>[   12.345678] "

TEST(records_in_a_buffer)
{
	_cleanup_(box_close) struct box b;
	uint64_t at;

	open_buffer(&b, 0x100, 0x40, 0x200);
	at = put(&b, 0x100, PO_LOG_NEWLINE, "one\ntwo\n");
	at = put(&b, at, PO_LOG_NEWLINE, "");
	world_number(&b.w, BUFFER + at + LEN, 2, 0);		/* the rest is unused */
	CHECK_INT(put(&b, 0, PO_LOG_NEWLINE, "at the start"), 0x28);
	put(&b, 0x28, PO_LOG_CONT, "");
	CHECK_STR(print(&b, ""), P "one\n" P "two\n" P "\n" P "\n" P "at the start\n" P "\n");
	CHECK_INT(b.nr_flaws, 0);
	variable(&b, PO_S_printk_time, "printk_time", 20, 1, 0);
	CHECK_STR(print(&b, ""), "<12>one\n<12>two\n<12>\n<12>\n<12>at the start\n<12>\n");
	synth_member(&b.k, PO_M_printk_log__caller_id, CALLER, 4);
	world_number(&b.w, BUFFER + CALLER, 4, 0x80000003);
	world_number(&b.w, BUFFER + 0x28 + CALLER, 4, 1234567);
	world_number(&b.w, VARS + 12, 4, 0);
	CHECK_STR(print(&b, "[%6s]"), "<12>[    C3] at the start\n<12>[T1234567] \n");
}

TEST(a_line_in_parts)		/* until 4.8 */
{
	_cleanup_(box_close) struct box b;
	uint64_t at;

	open_buffer(&b, 0, 0, 0x400);
	at = put(&b, 0, PO_LOG_CONT | PO_LOG_PREFIX, "a line");
	at = put(&b, at, PO_LOG_CONT, " in parts");
	at = put(&b, at, PO_LOG_CONT | PO_LOG_NEWLINE, " is joined");
	at = put(&b, at, PO_LOG_NEWLINE | PO_LOG_PREFIX, "the next");
	at = put(&b, at, PO_LOG_NEWLINE, "one more");
	world_number(&b.w, VARS + 16, 4, at);
	CHECK_STR(print(&b, ""), P "a line\n" P " in parts\n" P " is joined\n" P "the next\n" P "one more\n");
	synth_member(&b.k, PO_M_cont__flushed, 0, 1);
	CHECK_STR(print(&b, ""), P "a line in parts is joined\n" P "the next\n" P "one more\n");
}

/* What the kernel's own buffer holds, with all prefixes, newlines and a terminator. */
TEST(a_record_of_many_lines)
{
	_cleanup_(box_close) struct box b;
	char text[512];
	uint64_t at;

	memset(text, '\n', sizeof(text));
	for (int i = 0; i < 99; i++)
		text[i] = i % 3 == 2 ? '\n' : 'a';	/* 33 lines of 2: each takes 22 */
	text[98] = '\0';
	open_buffer(&b, 0, 0, 0x400);
	at = put(&b, 0, PO_LOG_NEWLINE, text);
	at = put(&b, at, PO_LOG_NEWLINE, "next");
	world_number(&b.w, VARS + 16, 4, at);
	const char *out = print(&b, "");
	CHECK_INT(strlen(out), 33 * (strlen(P) + 3) + strlen(P "next\n"));
	synth_member(&b.k, PO_M_printk_buffers__outbuf, 0, 10 * (strlen(P) + 3) + 1);
	out = print(&b, "");
	CHECK_INT(strlen(out), 10 * (strlen(P) + 3) + strlen(P "next\n"));
	synth_member(&b.k, PO_M_printk_buffers__outbuf, 0, 10 * (strlen(P) + 3));
	out = print(&b, "");
	CHECK_INT(strlen(out), 9 * (strlen(P) + 3) + strlen(P "next\n"));
}

TEST(a_buffer_that_lies)
{
	_cleanup_(box_close) struct box b;

	open_buffer(&b, 0, 0x100, 0x200);
	put(&b, 0, 0, "whole");
	world_number(&b.w, BUFFER + 0x20 + LEN, 2, 8);		/* less than its head */
	CHECK_STR(print(&b, ""), P "whole\n");
	CHECK_INT(b.flaw.code, PAGEOWNER_ECORRUPT);
	put(&b, 0x20, 0, "text");
	world_number(&b.w, BUFFER + 0x20 + TEXT_LEN, 2, 0xffff);
	CHECK_STR(print(&b, ""), P "whole\n");
	CHECK_INT(b.flaw.code, PAGEOWNER_ECORRUPT);
	world_number(&b.w, BUFFER + LEN, 2, 0);			/* back to the beginning, which sends back to the beginning */
	CHECK_STR(print(&b, ""), "");
	CHECK_INT(b.flaw.code, PAGEOWNER_ECORRUPT);
	world_number(&b.w, VARS + 12, 4, 0x201);
	CHECK(print(&b, "") == NULL);
	CHECK_INT(b.err.code, PAGEOWNER_ECORRUPT);
	b.k.l.strct[PO_T_printk_log].have = false;
	CHECK(print(&b, "") == NULL);
	CHECK_INT(b.err.code, PAGEOWNER_ENOTYPE);
}

/* --- the ring: eight descriptors, 256 bytes of text ---------------------------------------------- */

static void open_ring(struct box *b, uint64_t tail, uint64_t head)
{
	static const struct {
		unsigned id;
		uint64_t offset, size;
	} members[] = {
		{ PO_M_printk_ringbuffer__count_bits, COUNT_BITS, 4 }, { PO_M_printk_ringbuffer__descs, DESCS_AT, 8 },
		{ PO_M_printk_ringbuffer__infos, INFOS_AT, 8 }, { PO_M_printk_ringbuffer__head_id, HEAD_ID, 8 },
		{ PO_M_printk_ringbuffer__tail_id, TAIL_ID, 8 }, { PO_M_printk_ringbuffer__size_bits, SIZE_BITS, 4 },
		{ PO_M_printk_ringbuffer__data, DATA_AT, 8 }, { PO_M_prb_desc__state_var, STATE, 8 },
		{ PO_M_prb_desc__begin, BEGIN, 8 }, { PO_M_prb_desc__next, NEXT, 8 },
		{ PO_M_printk_info__ts_nsec, TS, 8 }, { PO_M_printk_info__text_len, TEXT_LEN, 2 },
		{ PO_M_printk_info__facility, FACILITY, 1 }, { PO_M_printk_info__caller_id, CALLER, 4 },
	};

	box_open(b);
	for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++)
		synth_member(&b->k, members[i].id, members[i].offset, members[i].size);
	*synth_member(&b->k, PO_M_printk_info__level, FLAGS, 1) =
		(struct po_member){ .offset = FLAGS, .size = 1, .bit_size = 3, .bit_shift = 5 };
	synth_struct(&b->k, PO_T_printk_ringbuffer, 64);
	synth_struct(&b->k, PO_T_prb_desc, DESC);
	synth_struct(&b->k, PO_T_printk_info, HEAD);
	variable(b, PO_S_prb, "prb", 0, 8, kva(b, RING));
	world_number(&b->w, RING + COUNT_BITS, 4, 3);
	world_number(&b->w, RING + SIZE_BITS, 4, 8);
	world_ptr(&b->w, RING + DESCS_AT, kva(b, DESCS));
	world_ptr(&b->w, RING + INFOS_AT, kva(b, INFOS));
	world_ptr(&b->w, RING + DATA_AT, kva(b, DATA));
	world_ptr(&b->w, RING + TAIL_ID, tail);
	world_ptr(&b->w, RING + HEAD_ID, head);
}

/* A record whose text stands from begin to next; these count on over the end of the data. */
static void describe(struct box *b, uint64_t id, unsigned state, uint64_t begin, uint64_t next, const char *text)
{
	uint64_t desc = DESCS + id % 8 * DESC, info = INFOS + id % 8 * HEAD;
	uint64_t at = begin / 256 != (next - 1) / 256 ? 0 : begin % 256;

	world_ptr(&b->w, desc + STATE, id | (uint64_t)state << 62);
	world_ptr(&b->w, desc + BEGIN, begin);
	world_ptr(&b->w, desc + NEXT, next);
	world_number(&b->w, info + TS, 8, 12345678901ull);
	world_number(&b->w, info + TEXT_LEN, 2, strlen(text));
	world_number(&b->w, info + FACILITY, 1, 1);
	world_number(&b->w, info + FLAGS, 1, 4 << 5);
	world_write(&b->w, DATA + at + 8, text, strlen(text));
}

static void fill(struct box *b)
{
	describe(b, 14, REUSABLE, 0x380, 0x3a0, "gone");
	describe(b, 15, FINALIZED, 0x3a0, 0x3c0, "first");
	describe(b, 16, FINALIZED, 3, 3, "");
	describe(b, 17, FINALIZED, 0x3c0, 0x400, "up to the end");
	describe(b, 18, FINALIZED, 0x400, 0x420, "at the start");
	describe(b, 19, COMMITTED, 0x420, 0x440, "not yet finalized");
	describe(b, 20, RESERVED, 0x440, 0x460, "in the making");
}

TEST(a_ring_that_has_gone_round)
{
	_cleanup_(box_close) struct box b;

	open_ring(&b, 14, 20);
	fill(&b);
	CHECK_STR(print(&b, ""), P "first\n" P "\n" P "up to the end\n" P "at the start\n" P "not yet finalized\n");
	CHECK_INT(b.nr_flaws, 1);
	CHECK(strstr(b.flaw.text, "1 records were being written") != NULL);
	describe(&b, 17, FINALIZED, 0x3f0, 0x410, "wrapped");	/* its text is at the start */
	describe(&b, 18, FINALIZED, 1, 1, "");			/* there was no room for it */
	describe(&b, 20, FINALIZED, 0x440, 0x460, "last");
	CHECK_STR(print(&b, ""), P "first\n" P "\n" P "wrapped\n" P "not yet finalized\n" P "last\n");
	CHECK_INT(b.nr_flaws, 1);
	CHECK(strstr(b.flaw.text, "overwritten") != NULL);
}

TEST(a_ring_that_lies)
{
	_cleanup_(box_close) struct box b;

	open_ring(&b, 14, 20);
	fill(&b);
	world_ptr(&b.w, RING + HEAD_ID, 1000);			/* never met: once round is enough */
	CHECK_STR(print(&b, ""), P "first\n" P "\n" P "up to the end\n" P "at the start\n" P "not yet finalized\n");
	describe(&b, 17, FINALIZED, 0x3c0, 0x3c4, "");		/* no room for its head */
	describe(&b, 18, FINALIZED, 0x400, 0x1400, "");
	CHECK_STR(print(&b, ""), P "first\n" P "\n" P "not yet finalized\n");
	CHECK_INT(b.flaw.code, PAGEOWNER_ECORRUPT);
	world_number(&b.w, INFOS + 15 % 8 * HEAD + TEXT_LEN, 2, 0xfff0);
	CHECK_STR(print(&b, ""), P "\n" P "not yet finalized\n");
	world_ptr(&b.w, RING + DATA_AT, kva(&b, END));
	CHECK_STR(print(&b, ""), P "\n");
	world_number(&b.w, RING + COUNT_BITS, 4, 64);
	CHECK(print(&b, "") == NULL);
	CHECK_INT(b.err.code, PAGEOWNER_ECORRUPT);
	b.k.l.symbol[PO_S_prb].have = false;
	CHECK(print(&b, "") == NULL);
	CHECK_INT(b.err.code, PAGEOWNER_ENOSYM);
}
