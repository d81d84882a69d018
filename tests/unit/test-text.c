/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Records as text of every generation, and where the words of the text come from. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "harness.h"
#include "report/dumped.h"
#include "synth/layout.h"
#include "synth/world.h"

PO_DEFINE_CLEANUP(struct po_text, po_text_free);

/* --- words and a record ---------------------------------------------------------------------- */

static struct po_flag_name gfp_names[] = {
	{ 0x1100cca, "GFP_HIGHUSER_MOVABLE" },
	{ 0xcc0, "GFP_KERNEL" },
	{ 0x40, "__GFP_IO" },
	{ 0x80, "__GFP_FS" },
	{ 0x100, "__GFP_ZERO" },
	{ 0x40000, "__GFP_COMP" },
	{ 0, NULL },
};

static struct po_flag_name page_names[] = {
	{ 0x1, "locked" }, { 0x8, "uptodate" }, { 0x20, "lru" }, { 0x200, "slab" },
	{ 0x10000, "head" }, { 0, NULL },
};

static struct po_flag_field page_fields[] = {
	{ 1, 54, 0x1, false, "node" },
	{ 2, 52, 0x3, false, "zone" },
	{ 21, 30, 0x1fffff, true, "lastcpupid" },
};

static const char *types[] = { "Unmovable", "Movable", "Reclaimable", "HighAtomic", NULL };
static const char *reasons[] = { "compaction", "memory_failure", NULL };

#define HEAD_4_6 "Page allocated via order %u, mask %#x(%pGg)\n"
#define HEAD_5_11 "Page allocated via order %u, mask %#x(%pGg), pid %d, ts %llu ns\n"
#define HEAD_5_13 \
	"Page allocated via order %u, mask %#x(%pGg), pid %d, ts %llu ns, free_ts %llu ns\n"
#define HEAD_5_18 \
	"Page allocated via order %u, mask %#x(%pGg), pid %d, tgid %d (%s), ts %llu ns, free_ts %llu ns\n"
#define HEAD_6_7 \
	"Page allocated via order %u, mask %#x(%pGg), pid %d, tgid %d (%s), ts %llu ns\n"
#define PFN_4_6 "PFN %lu type %s Block %lu type %s Flags %#lx(%pGp)\n"
#define PFN_5_16 "PFN %lu type %s Block %lu type %s Flags %pGp\n"
#define PFN_6_6 "PFN 0x%lx type %s Block %lu type %s Flags %pGp\n"
#define MIGRATED "Page has been migrated, last migrate reason: %s\n"

static void set_words(struct po_words *w, const char *head, const char *pfn, bool fields)
{
	*w = (struct po_words){
		.gfp = gfp_names,
		.page = page_names,
		.field = page_fields,
		.nr_fields = fields ? 3 : 0,
		.page_flags_mask = (1u << 24) - 1,
		.migratetype = types,
		.nr_migratetypes = 5,
		.reason = reasons,
		.nr_reasons = 3,
		.not_migrated = -1,
		.slab_line = true,
		.memcg_line = true,
	};
	if (po_line_parse(&w->head, head, NULL) < 0 || po_line_parse(&w->pfn, pfn, NULL) < 0 ||
	    po_line_parse(&w->migrated, MIGRATED, NULL) < 0)
		abort();
}

static const struct pageowner_frame frames[] = {
	{ 0xffffffff81234567, "post_alloc_hook+0x1f/0x40" },
	{ 0xffffffffc0401234, "ext4_read+0x34/0x80 [ext4]" },
};
static const struct pageowner_stack stack = { .id = 0, .nr_frames = 2, .frames = frames };

static struct pageowner_record a_record(void)
{
	return (struct pageowner_record){
		.order = 2,
		.pfn = 107248,
		.gfp_mask = 0xcc0,
		.pid = 711,
		.tgid = 710,
		.ts_ns = 9876543210,
		.free_ts_ns = 1234567890,
		.comm = "kworker/u8:1 x",
		.page_type = 0,
		.block_type = 1,
		.block = 209,
		.flags = 0x17ffffc0010200,
		.stack = &stack,
	};
}

/* One record; borrowed until the next call. */
static long render(struct po_text *t, const struct pageowner_record *rec, const char **ret)
{
	static struct po_buffer b;

	b.len = 0;
	long len = po_text_record(t, rec, &b, NULL);
	CHECK_INT(len, b.len);
	*ret = b.text;
	return len;
}

/* One record by fresh words; borrowed until the next call. */
static const char *text_of(const struct po_words *w, const struct pageowner_record *rec)
{
	static char copy[16384];
	_cleanup_(po_text_freep) struct po_text *t = NULL;
	const char *text = NULL;
	long len;

	if (po_text_new(w, 16, &t, NULL) < 0)
		abort();
	len = render(t, rec, &text);
	if (!CHECK(len > 0 && len < (long)sizeof(copy)))
		return "";
	CHECK(memchr(text, '\0', (size_t)len) == NULL);
	memcpy(copy, text, (size_t)len);
	copy[len] = '\0';
	return copy;
}

#define FRAMES " post_alloc_hook+0x1f/0x40\n ext4_read+0x34/0x80 [ext4]\n"

/* --- generations ----------------------------------------------------------------------------- */

static void check_generation(const char *head, const char *pfn, bool fields, const char *want)
{
	struct po_words w;
	struct pageowner_record rec = a_record();

	set_words(&w, head, pfn, fields);
	CHECK_STR(text_of(&w, &rec), want);
}

TEST(text_of_4_10)
{
	check_generation(HEAD_4_6, PFN_4_6, false,
			 "Page allocated via order 2, mask 0xcc0(GFP_KERNEL)\n"
			 "PFN 107248 type Unmovable Block 209 type Movable Flags "
			 "0x17ffffc0010200(slab|head)\n" FRAMES "\n");
}

TEST(text_of_5_11)
{
	check_generation(HEAD_5_11, PFN_4_6, false,
			 "Page allocated via order 2, mask 0xcc0(GFP_KERNEL), pid 711, ts 9876543210 ns\n"
			 "PFN 107248 type Unmovable Block 209 type Movable Flags "
			 "0x17ffffc0010200(slab|head)\n" FRAMES "\n");
}

TEST(text_of_5_15)
{
	check_generation(HEAD_5_13, PFN_4_6, true,
			 "Page allocated via order 2, mask 0xcc0(GFP_KERNEL), pid 711, "
			 "ts 9876543210 ns, free_ts 1234567890 ns\n"
			 "PFN 107248 type Unmovable Block 209 type Movable Flags "
			 "0x17ffffc0010200(slab|head|node=0|zone=1|lastcpupid=0x1fffff)\n" FRAMES "\n");
}

TEST(text_of_6_1)
{
	check_generation(HEAD_5_18, PFN_5_16, true,
			 "Page allocated via order 2, mask 0xcc0(GFP_KERNEL), pid 711, "
			 "tgid 710 (kworker/u8:1 x), ts 9876543210 ns, free_ts 1234567890 ns\n"
			 "PFN 107248 type Unmovable Block 209 type Movable Flags "
			 "0x17ffffc0010200(slab|head|node=0|zone=1|lastcpupid=0x1fffff)\n" FRAMES "\n");
}

TEST(text_of_7_2)
{
	check_generation(HEAD_6_7, PFN_6_6, true,
			 "Page allocated via order 2, mask 0xcc0(GFP_KERNEL), pid 711, "
			 "tgid 710 (kworker/u8:1 x), ts 9876543210 ns\n"
			 "PFN 0x1a2f0 type Unmovable Block 209 type Movable Flags "
			 "0x17ffffc0010200(slab|head|node=0|zone=1|lastcpupid=0x1fffff)\n" FRAMES "\n");
}

/* --- masks and flags ------------------------------------------------------------------------- */

static const char *gfp_text(uint32_t mask)
{
	static char text[4][256];
	static unsigned turn;
	char *to = text[turn++ % 4];
	struct po_words w;
	struct pageowner_record rec = a_record();

	set_words(&w, "mask %#x(%pGg)\n", "PFN %lu", false);
	rec.gfp_mask = mask;
	const char *all = text_of(&w, &rec);
	snprintf(to, sizeof(text[0]), "%.*s", (int)strcspn(all, "\n"), all);
	return to;
}

TEST(the_kernel_prints_zero_with_a_prefix)
{
	CHECK_STR(gfp_text(0), "mask 0x0()");
}

TEST(names_of_masks_in_the_order_of_the_table)
{
	CHECK_STR(gfp_text(0x1100cca), "mask 0x1100cca(GFP_HIGHUSER_MOVABLE)");
	CHECK_STR(gfp_text(0xdc0), "mask 0xdc0(GFP_KERNEL|__GFP_ZERO)");
	CHECK_STR(gfp_text(0x40140), "mask 0x40140(__GFP_IO|__GFP_ZERO|__GFP_COMP)");
	CHECK_STR(gfp_text(0x1140dca), "mask 0x1140dca(GFP_HIGHUSER_MOVABLE|__GFP_ZERO|__GFP_COMP)");
}

TEST(bits_that_have_no_name_are_left_as_hex)
{
	CHECK_STR(gfp_text(0xcc1), "mask 0xcc1(GFP_KERNEL|0x1)");
	CHECK_STR(gfp_text(0x80000000), "mask 0x80000000(0x80000000)");
	/* part of a combined name is not that name */
	CHECK_STR(gfp_text(0xc80), "mask 0xc80(__GFP_FS|0xc00)");
}

static const char *flags_text(const char *format, uint64_t flags, bool fields)
{
	static char text[4][256];
	static unsigned turn;
	char *to = text[turn++ % 4];
	struct po_words w;
	struct pageowner_record rec = a_record();

	set_words(&w, format, "PFN %lu", fields);
	rec.flags = flags;
	const char *all = text_of(&w, &rec);
	snprintf(to, sizeof(text[0]), "%.*s", (int)strcspn(all, "P"), all);
	return to;
}

TEST(flags_whose_number_stands_outside)
{
	CHECK_STR(flags_text("Flags %#lx(%pGp)", 0, false), "Flags 0x0()");
	CHECK_STR(flags_text("Flags %#lx(%pGp)", 0x29, false), "Flags 0x29(locked|uptodate|lru)");
	/* the upper bits have no names, and are not told as left over */
	CHECK_STR(flags_text("Flags %#lx(%pGp)", 0xfff0000000000020, false),
		  "Flags 0xfff0000000000020(lru)");
	CHECK_STR(flags_text("Flags %#lx(%pGp)", 0x1000, false), "Flags 0x1000(0x1000)");
}

TEST(flags_that_print_themselves)
{
	CHECK_STR(flags_text("Flags %pGp", 0, false), "Flags 0x0()");
	CHECK_STR(flags_text("Flags %pGp", 0x1021, false), "Flags 0x1021(locked|lru|0x1000)");
	CHECK_STR(flags_text("Flags %pGp", 0, true), "Flags 0x0(node=0|zone=0|lastcpupid=0x0)");
	CHECK_STR(flags_text("Flags %pGp", UINT64_MAX, true),
		  "Flags 0xffffffffffffffff(locked|uptodate|lru|slab|head|0xfefdd6|node=1|zone=3|"
		  "lastcpupid=0x1fffff)");
	/* bits between the names and the fields are in the number only (generations of the LRU) */
	CHECK_STR(flags_text("Flags %pGp", 0x3f000000, true),
		  "Flags 0x3f000000(node=0|zone=0|lastcpupid=0x0)");
}

TEST(a_table_without_names_leaves_numbers)
{
	static struct po_flag_name none[] = { { 0, NULL } };
	struct po_words w;
	struct pageowner_record rec = a_record();

	set_words(&w, "mask %#x(%pGg) ", "Flags %pGp", false);
	w.gfp = w.page = none;
	CHECK_STR(text_of(&w, &rec), "mask 0xcc0(0xcc0) Flags 0x17ffffc0010200(0x10200)" FRAMES "\n");
}

/* --- numbers --------------------------------------------------------------------------------- */

TEST(numbers_at_their_limits)
{
	struct po_words w;
	struct pageowner_record rec = a_record();

	set_words(&w, HEAD_5_18, "PFN 0x%lx Block %lu", false);
	rec.order = UINT32_MAX;
	rec.pid = -1;
	rec.tgid = INT32_MIN;
	rec.comm[0] = '\0';
	rec.ts_ns = UINT64_MAX;
	rec.free_ts_ns = 0;
	rec.pfn = 0;
	rec.block = UINT64_MAX;
	rec.stack = NULL;
	CHECK_STR(text_of(&w, &rec), "Page allocated via order 4294967295, mask 0xcc0(GFP_KERNEL), "
				     "pid -1, tgid -2147483648 (), ts 18446744073709551615 ns, "
				     "free_ts 0 ns\nPFN 0x0 Block 18446744073709551615\n");
}

TEST(names_of_commands_are_not_touched)
{
	struct po_words w;
	struct pageowner_record rec = a_record();

	set_words(&w, "tgid %d (%s)", "PFN %lu", false);
	memcpy(rec.comm, "\xff\x01%s(\")\\ \xc3\xa9", 12);
	rec.stack = NULL;
	CHECK_STR(text_of(&w, &rec), "tgid 710 (\xff\x01%s(\")\\ \xc3\xa9)PFN 107248\n");
}

TEST(migratetypes_that_are_not_known)
{
	struct po_words w;
	struct pageowner_record rec = a_record();

	set_words(&w, "type %s", " type %s", false);
	rec.stack = NULL;
	rec.page_type = 4;
	rec.block_type = -1;
	CHECK_STR(text_of(&w, &rec), "type (null) type (null)\n");
	rec.page_type = 5;
	CHECK_STR(text_of(&w, &rec), "type <unknown> type <unknown>\n");
	rec.page_type = -1;
	CHECK_STR(text_of(&w, &rec), "type <unknown> type <unknown>\n");
	set_words(&w, "type %s type %s", "PFN %lu", false);
	rec.page_type = 3;
	CHECK_STR(text_of(&w, &rec), "type HighAtomic type <unknown>PFN 107248\n");
}

/* --- lines after the second ------------------------------------------------------------------ */

static const char *lines_of(const struct pageowner_record *rec, bool slab_line)
{
	struct po_words w;

	set_words(&w, "PFN %lu", "\n", false);
	w.slab_line = slab_line;
	return text_of(&w, rec);
}

TEST(a_page_that_was_migrated)
{
	struct pageowner_record rec = a_record();

	rec.migrate_reason = 1;
	CHECK_STR(text_of(&(struct po_words){ .gfp = gfp_names, .page = page_names }, &rec),
		  FRAMES "\n");
	rec.have |= PAGEOWNER_HAS_MIGRATE_REASON;
	CHECK(strstr(lines_of(&rec, true), FRAMES "Page has been migrated, last migrate reason: "
					  "memory_failure\n\n") != NULL);
	rec.migrate_reason = 2;	/* a table that is one short of its enum prints as the kernel does */
	CHECK(strstr(lines_of(&rec, true), " last migrate reason: (null)\n\n") != NULL);
	rec.migrate_reason = 3;
	CHECK(strstr(lines_of(&rec, true), " last migrate reason: <unknown>\n\n") != NULL);
	rec.migrate_reason = -2;
	CHECK(strstr(lines_of(&rec, true), " last migrate reason: <unknown>\n\n") != NULL);
}

TEST(charges)
{
	struct pageowner_record rec = a_record();

	rec.stack = NULL;
	rec.memcg = "user.slice";
	CHECK(strstr(lines_of(&rec, true), "Charged") == NULL);
	rec.have = PAGEOWNER_HAS_MEMCG;
	CHECK(strstr(lines_of(&rec, true), "\nCharged to memcg user.slice\n\n") != NULL);
	rec.memcg_objcg = 1;
	CHECK(strstr(lines_of(&rec, true), "\nCharged (via objcg) to memcg user.slice\n\n") != NULL);
	rec.memcg_offline = 1;
	CHECK(strstr(lines_of(&rec, true), "\nCharged (via objcg) to offline memcg user.slice\n\n") !=
	      NULL);
	rec.memcg_objcg = 0;
	rec.memcg = "/";
	CHECK(strstr(lines_of(&rec, true), "\nCharged to offline memcg /\n\n") != NULL);
}

TEST(slab_pages)
{
	struct pageowner_record rec = a_record();

	rec.have = PAGEOWNER_HAS_SLAB_CHARGE;
	CHECK(strstr(lines_of(&rec, true), FRAMES "Slab cache page\n\n") != NULL);
	CHECK(strstr(lines_of(&rec, false), "Slab") == NULL);
	rec.have |= PAGEOWNER_HAS_MIGRATE_REASON;
	rec.migrate_reason = 0;
	CHECK(strstr(lines_of(&rec, true), "reason: compaction\nSlab cache page\n\n") != NULL);
}

TEST(the_longest_name_of_a_memcg_fits)
{
	struct pageowner_record rec = a_record();
	char name[80], want[200];

	memset(name, 'm', 79);
	name[79] = '\0';
	rec.have = PAGEOWNER_HAS_MEMCG | PAGEOWNER_HAS_SLAB_CHARGE;
	rec.memcg_objcg = rec.memcg_offline = 1;
	rec.memcg = name;
	snprintf(want, sizeof(want), "Slab cache page\nCharged (via objcg) to offline memcg %s\n\n", name);
	CHECK(strstr(lines_of(&rec, true), want) != NULL);
}

/* --- stacks ---------------------------------------------------------------------------------- */

TEST(frames_with_addresses_until_4_9)
{
	struct po_words w;
	_cleanup_(po_text_freep) struct po_text *t64 = NULL, *t32 = NULL;
	const struct pageowner_frame of32[] = {
		{ 0xc0123456, "do_one+0x0/0x10" }, { 0x1234, "0x1234" },
		{ 0, "<stack 0x1: not in dump>" },
	};
	const struct pageowner_stack s32 = { .id = 3, .nr_frames = 3, .frames = of32 };
	struct pageowner_record rec = a_record();
	const char *text;

	set_words(&w, "PFN %lu", "\n", false);
	w.frame_address = true;
	CHECK_INT(po_text_new(&w, 16, &t64, NULL), PAGEOWNER_OK);
	CHECK_INT(po_text_new(&w, 8, &t32, NULL), PAGEOWNER_OK);
	long len = render(t64, &rec, &text);
	static const char want64[] = "PFN 107248\n"
				     " [<ffffffff81234567>] post_alloc_hook+0x1f/0x40\n"
				     " [<ffffffffc0401234>] ext4_read+0x34/0x80 [ext4]\n\n";
	CHECK_INT(len, sizeof(want64) - 1);
	CHECK(len > 0 && !memcmp(text, want64, (size_t)len));
	rec.stack = &s32;
	len = render(t32, &rec, &text);
	static const char want32[] = "PFN 107248\n"
				     " [<c0123456>] do_one+0x0/0x10\n"
				     " [<00001234>] 0x1234\n"
				     " <stack 0x1: not in dump>\n\n";
	CHECK_INT(len, sizeof(want32) - 1);
	CHECK(len > 0 && !memcmp(text, want32, (size_t)len));
}

TEST(a_stack_without_frames_has_no_lines)
{
	const struct pageowner_stack none = { .id = 5 };
	struct pageowner_record rec = a_record();

	rec.stack = &none;
	CHECK_STR(lines_of(&rec, true), "PFN 107248\n\n");
}

TEST(stacks_are_told_apart_by_their_ids)
{
	enum { NR = 2000 };
	struct po_words w;
	_cleanup_(po_text_freep) struct po_text *t = NULL;
	static char names[NR][24];
	struct pageowner_frame frame[NR];
	struct pageowner_stack st[NR];
	struct pageowner_record rec = a_record();
	unsigned wrong = 0;

	set_words(&w, "PFN %lu", "\n", false);
	CHECK_INT(po_text_new(&w, 16, &t, NULL), PAGEOWNER_OK);
	for (uint32_t i = 0; i < NR; i++) {
		snprintf(names[i], sizeof(names[i]), "fn_%u+0x0/0x1", i);
		frame[i] = (struct pageowner_frame){ i, names[i] };
		st[i] = (struct pageowner_stack){ .id = i, .nr_frames = 1, .frames = &frame[i] };
	}
	for (uint32_t i = 0; i < 3 * NR; i++) {
		uint32_t pick = i * 1103u % NR;
		char want[64];
		const char *text;
		int n = snprintf(want, sizeof(want), "PFN 107248\n fn_%u+0x0/0x1\n\n", pick);
		rec.stack = &st[pick];
		long len = render(t, &rec, &text);
		wrong += len != n || memcmp(text, want, (size_t)len) != 0;
	}
	CHECK_INT(wrong, 0);
}

TEST(a_long_stack_of_long_names)
{
	enum { NR = 256 };
	static char name[600];
	struct pageowner_frame frame[NR];
	const struct pageowner_stack st = { .id = 0, .nr_frames = NR, .frames = frame };
	struct pageowner_record rec = a_record();
	struct po_words w;
	_cleanup_(po_text_freep) struct po_text *t = NULL;
	const char *text;

	memset(name, 'n', sizeof(name) - 1);
	for (int i = 0; i < NR; i++)
		frame[i] = (struct pageowner_frame){ UINT64_MAX, name };
	set_words(&w, "PFN %lu", "\n", false);
	w.frame_address = true;
	CHECK_INT(po_text_new(&w, 16, &t, NULL), PAGEOWNER_OK);
	rec.stack = &st;
	long len = render(t, &rec, &text);
	CHECK_INT(len, 11 + NR * (1 + 21 + 599 + 1) + 1);
	CHECK(len > 0 && text[len - 1] == '\n' && text[len - 2] == '\n');
}

/* --- caches ---------------------------------------------------------------------------------- */

TEST(cached_names_are_those_of_their_flags)
{
	struct po_words w;
	_cleanup_(po_text_freep) struct po_text *t = NULL;
	struct pageowner_record rec = a_record();
	unsigned wrong = 0;

	set_words(&w, "mask %#x(%pGg) ", "Flags %pGp", false);
	CHECK_INT(po_text_new(&w, 16, &t, NULL), PAGEOWNER_OK);
	rec.stack = NULL;
	for (uint32_t i = 1; i < 6000; i++) {
		uint32_t v = i % 3000 + 1;
		const char *text;
		char start[32], end[32];

		rec.gfp_mask = v << 20;	/* without names: all left over */
		rec.flags = (uint64_t)v << 11 & 0xffefff & ~0x10000u;
		long len = render(t, &rec, &text);
		int n = snprintf(start, sizeof(start), "mask 0x%x(0x%x) ", v << 20, v << 20);
		int m = snprintf(end, sizeof(end), "(0x%" PRIx64 ")\n", rec.flags);
		if (v << 20 & 0x1100000 && (v << 20 & 0x1100cca) == 0x1100cca)
			continue;
		wrong += memcmp(text, start, (size_t)n) != 0;
		wrong += rec.flags && memcmp(text + len - m, end, (size_t)m) != 0;
	}
	CHECK_INT(wrong, 0);
}

/* --- the words themselves, out of a kernel --------------------------------------------------- */

#define GFP_AT 0x1000u
#define PAGE_AT 0x1400u
#define TYPES_AT 0x1800u
#define REASONS_AT 0x1a00u
#define PFF_AT 0x1c00u
#define SPEC_AT 0x1f00u
#define STRINGS_AT 0x3000u

struct kernel {
	struct world w;
	struct po_kernel k;
	uint64_t next_string;
};

static void kernel_close(struct kernel *m)
{
	world_close(&m->w);
}

static uint64_t put_string(struct kernel *m, const char *s)
{
	uint64_t at = m->next_string;

	world_string(&m->w, at, s);
	m->next_string += strlen(s) + 1;
	return m->w.base + at;
}

static void put_flag(struct kernel *m, uint64_t table, unsigned i, uint64_t mask, const char *name)
{
	uint64_t at = table + i * 2u * m->w.abi.ptr_size;

	world_ptr(&m->w, at, mask);
	world_ptr(&m->w, at + m->w.abi.ptr_size, name ? put_string(m, name) : 0);
}

/* struct page_flags_fields: three ints, a pointer to the format, a name. */
static void put_field(struct kernel *m, unsigned i, unsigned width, unsigned shift, uint32_t mask,
		      unsigned base, const char *name)
{
	uint64_t ptr = m->w.abi.ptr_size, at = PFF_AT + i * 32, spec = SPEC_AT + i * 8;

	world_number(&m->w, at, 4, width);
	world_number(&m->w, at + 4, 4, shift);
	world_number(&m->w, at + 8, 4, mask);
	world_ptr(&m->w, at + 16, m->w.base + spec);
	world_ptr(&m->w, at + 16 + ptr, put_string(m, name));
	world_number(&m->w, spec + 5, 1, base);
}

static void put_fields(struct kernel *m)
{
	struct po_kernel *k = &m->k;

	synth_struct(k, PO_T_page_flags_fields, 32);
	synth_member(k, PO_M_page_flags_fields__width, 0, 4);
	synth_member(k, PO_M_page_flags_fields__shift, 4, 4);
	synth_member(k, PO_M_page_flags_fields__mask, 8, 4);
	synth_member(k, PO_M_page_flags_fields__spec, 16, m->w.abi.ptr_size);
	synth_member(k, PO_M_page_flags_fields__name, 16u + m->w.abi.ptr_size, m->w.abi.ptr_size);
	synth_struct(k, PO_T_printf_spec, 8);
	synth_member(k, PO_M_printf_spec__base, 5, 1);
	synth_symbol(k, PO_S_pff, "pff", m->w.base + PFF_AT, 0);
	synth_variable(k, PO_V_pff, (struct po_type_info){ .kind = PO_KIND_ARRAY, .nr_elems = 5 });
	put_field(m, 0, 0, 0, 0, 10, "section");	/* no bits: not printed */
	put_field(m, 1, 1, 30, 0x1, 10, "node");
	put_field(m, 2, 2, 28, 0x3, 10, "zone");
	put_field(m, 3, 8, 20, 0xff, 16, "lastcpupid");
	put_field(m, 4, 0, 0, 0, 16, "kasantag");
}

static void kernel_open(struct kernel *m, bool big_endian, unsigned ptr_size)
{
	struct po_kernel *k = &m->k;

	world_open(&m->w, big_endian, ptr_size);
	world_range(&m->w, 0, 0x10000);
	synth_kernel(k, &m->w.abi, 12);
	k->l.slide = 0x10000;
	m->next_string = STRINGS_AT;
	k->ext.record = "page_owner";
	k->ext.migrate_reason = synth_member(k, PO_M_page_owner__last_migrate_reason, 32, 2);
	k->ext.pid = synth_member(k, PO_M_page_owner__pid, 0, 4);
	k->ext.tgid = synth_member(k, PO_M_page_owner__tgid, 4, 4);
	k->ext.comm = synth_member(k, PO_M_page_owner__comm, 8, 16);
	k->ext.ts = synth_member(k, PO_M_page_owner__ts_nsec, 24, 8);
	synth_symbol(k, PO_S_gfpflag_names, "gfpflag_names", m->w.base + GFP_AT, 0);
	synth_symbol(k, PO_S_pageflag_names, "pageflag_names", m->w.base + PAGE_AT, 0);
	synth_symbol(k, PO_S_migratetype_names, "migratetype_names", m->w.base + TYPES_AT, 0);
	synth_symbol(k, PO_S_migrate_reason_names, "migrate_reason_names", m->w.base + REASONS_AT,
		     3 * ptr_size);
	synth_enumerator(k, PO_E___NR_PAGEFLAGS, 20);
	synth_enumerator(k, PO_E_MIGRATE_TYPES, 2);
	put_flag(m, GFP_AT, 0, 0xcc0, "GFP_KERNEL");
	put_flag(m, GFP_AT, 1, 0x100, "__GFP_ZERO");
	put_flag(m, GFP_AT, 2, 0, NULL);
	put_flag(m, PAGE_AT, 0, 1, "locked");
	put_flag(m, PAGE_AT, 1, 1u << 19, "head");
	put_flag(m, PAGE_AT, 2, 0, NULL);
	world_ptr(&m->w, TYPES_AT, put_string(m, "Unmovable"));
	world_ptr(&m->w, TYPES_AT + ptr_size, put_string(m, "Movable"));
	world_ptr(&m->w, REASONS_AT, put_string(m, "compaction"));
	world_ptr(&m->w, REASONS_AT + ptr_size, 0);	/* an entry that was forgotten (5.13) */
	world_ptr(&m->w, REASONS_AT + 2u * ptr_size, put_string(m, "damon"));
}

static const char rodata[] = "junk\0Page allocated via order \0"	/* too short */
			     "xPage allocated via order %u, %d\n\0"	/* not a beginning */
			     HEAD_6_7 "\0PFN \0" PFN_6_6 "\0" MIGRATED "\0Slab cache page\n\0"
			     "Charged %sto %smemcg %s\n\0%*c%pS\n";

static int words_of(struct kernel *m, const char *data, size_t len, struct po_words *w,
		    struct pageowner_error *err)
{
	*w = (struct po_words){ .nr_fields = 0 };
	return po_words_open(w, &m->k, m->w.mem, &(struct po_blob){ data, len }, err);
}

TEST(words_come_out_of_the_kernel)
{
	static const struct po_abi abis[] = { { false, 8 }, { true, 8 }, { false, 4 }, { true, 4 } };

	for (size_t i = 0; i < 4; i++) {
		_cleanup_(kernel_close) struct kernel m;
		struct pageowner_error err = { .text = "" };
		struct pageowner_record rec = a_record();
		struct po_words w;

		kernel_open(&m, abis[i].big_endian, abis[i].ptr_size);
		put_fields(&m);
		CHECK_INT(words_of(&m, rodata, sizeof(rodata), &w, &err), PAGEOWNER_OK);
		CHECK_STR(err.text, "");
		CHECK(w.slab_line && w.memcg_line && !w.frame_address);
		CHECK_INT(w.page_flags_mask, 0xfffff);
		CHECK_INT(w.not_migrated, -1);
		CHECK_INT(w.record_max, 0);
		CHECK_INT(w.nr_migratetypes, 2);
		CHECK_INT(w.nr_reasons, 3);
		rec.flags = 0x7ff80001;
		rec.gfp_mask = 0xdc0;
		rec.stack = NULL;
		rec.have = PAGEOWNER_HAS_MIGRATE_REASON;
		rec.migrate_reason = 1;
		CHECK_STR(text_of(&w, &rec),
			  "Page allocated via order 2, mask 0xdc0(GFP_KERNEL|__GFP_ZERO), pid 711, "
			  "tgid 710 (kworker/u8:1 x), ts 9876543210 ns\n"
			  "PFN 0x1a2f0 type Unmovable Block 209 type Movable Flags 0x7ff80001(locked|head|"
			  "node=1|zone=3|lastcpupid=0xff)\n"
			  "Page has been migrated, last migrate reason: (null)\n\n");
		rec.migrate_reason = 2;
		CHECK(strstr(text_of(&w, &rec), "reason: damon\n") != NULL);
		po_words_fini(&w);
	}
}

TEST(kernels_tell_their_shape)
{
	_cleanup_(kernel_close) struct kernel m;
	static const char old[] = HEAD_4_6 "\0" PFN_4_6 "\0" MIGRATED "\0%*c[<%p>] %pS\n";
	struct po_words w;

	kernel_open(&m, false, 8);
	synth_enumerator(&m.k, PO_E_PAGE_EXT_OWNER_ALLOCATED, 1);
	synth_enumerator(&m.k, PO_E_MR_NEVER, 9);
	CHECK_INT(words_of(&m, old, sizeof(old), &w, NULL), PAGEOWNER_OK);
	CHECK(w.frame_address && !w.slab_line && !w.memcg_line);
	CHECK_INT(w.record_max, 4096);
	CHECK_INT(w.not_migrated, 9);
	CHECK_INT(w.nr_fields, 0);
	po_words_fini(&w);
}

TEST(read_only_data_without_the_lines)
{
	_cleanup_(kernel_close) struct kernel m;
	static const char no_pfn[] = HEAD_6_7 "\0PFN %lu\n";
	static const char cut[] = HEAD_6_7 "\0" PFN_6_6 "\0" MIGRATED;
	static const char memcg[] = HEAD_6_7 "\0" PFN_6_6 "\0" MIGRATED "\0%*c%pS\n\0Charged %smemcg %s";
	static const char frame[] = HEAD_6_7 "\0" PFN_6_6 "\0" MIGRATED "\0%*c[<%px>] %pS\n";
	static const char no_frame[] = HEAD_6_7 "\0" PFN_6_6 "\0" MIGRATED;
	struct pageowner_error err;
	struct po_words w;

	kernel_open(&m, false, 8);
	CHECK_INT(words_of(&m, "", 0, &w, &err), PAGEOWNER_EUNSUPP);
	CHECK_STR(err.text, "no format string that begins with \"Page allocated via order \" in the "
			    "kernel's read-only data");
	po_words_fini(&w);
	CHECK_INT(words_of(&m, no_pfn, sizeof(no_pfn), &w, &err), PAGEOWNER_EUNSUPP);
	CHECK_STR(err.text, "no format string that begins with \"PFN \" in the kernel's read-only data");
	po_words_fini(&w);
	CHECK_INT(words_of(&m, cut, sizeof(cut) - 1, &w, &err), PAGEOWNER_EUNSUPP);
	CHECK(strstr(err.text, "\"Page has been migrated, last migrate \"") != NULL);
	po_words_fini(&w);
	CHECK_INT(words_of(&m, memcg, sizeof(memcg), &w, &err), PAGEOWNER_EUNSUPP);
	CHECK_STR(err.text, "this kernel prints an unknown memcg line: \"Charged %smemcg %s\"");
	po_words_fini(&w);
	CHECK_INT(words_of(&m, frame, sizeof(frame), &w, &err), PAGEOWNER_EUNSUPP);
	CHECK_STR(err.text, "how this kernel prints a frame is not known: \"%*c[<%px>] %pS\"");
	po_words_fini(&w);
	CHECK_INT(words_of(&m, no_frame, sizeof(no_frame), &w, &err), PAGEOWNER_EUNSUPP);
	CHECK_STR(err.text, "how this kernel prints a frame is not known: no format string begins with "
			    "\"%*c\"");
	po_words_fini(&w);
}

TEST(a_line_that_only_a_vendor_prints_is_told)
{
	_cleanup_(kernel_close) struct kernel m;
	static const char more[] = HEAD_6_7 "\0" PFN_6_6 "\0" MIGRATED "\0%*c%pS\n\0Page allocated by module %s\n";
	struct po_words w;

	kernel_open(&m, false, 8);
	put_fields(&m);
	CHECK_INT(words_of(&m, rodata, sizeof(rodata), &w, NULL), PAGEOWNER_OK);
	CHECK(w.unknown_line == NULL);
	po_words_fini(&w);
	CHECK_INT(words_of(&m, more, sizeof(more), &w, NULL), PAGEOWNER_OK);
	CHECK_STR(w.unknown_line, "Page allocated by module %s");
	po_words_fini(&w);
}

/* 3.19 to 4.5: letters instead of names, and no tables. */
TEST(letters_and_fallback)
{
	_cleanup_(kernel_close) struct kernel m;
	static const char old[] = "Page allocated via order %u, mask 0x%x\n\0"
				  "PFN %lu Block %lu type %d %s Flags %s%s%s%s%s%s%s%s%s%s%s%s\n\0"
				  "%*c[<%p>] %pS\n";
	static const unsigned flags[] = { PO_E_PG_locked, PO_E_PG_error, PO_E_PG_referenced,
					  PO_E_PG_uptodate, PO_E_PG_dirty, PO_E_PG_lru, PO_E_PG_active,
					  PO_E_PG_slab, PO_E_PG_writeback, PO_E_PG_head,
					  PO_E_PG_swapcache, PO_E_PG_mappedtodisk };
	struct pageowner_record rec = { .order = 1, .pfn = 4711, .gfp_mask = 0x80008, .block = 9,
					.block_type = 2, .page_type = 2, .flags = 0xfff };
	struct pageowner_error err;
	struct po_words w;

	kernel_open(&m, false, 8);
	m.k.ext.migrate_reason = NULL;
	m.k.l.symbol[PO_S_gfpflag_names].have = m.k.l.symbol[PO_S_pageflag_names].have = false;
	for (unsigned i = 0; i < 11; i++)
		synth_enumerator(&m.k, flags[i], i);
	CHECK_INT(words_of(&m, old, sizeof(old), &w, &err), PAGEOWNER_ENOTYPE);
	CHECK_STR(err.text, "type information lacks: the page flag that is printed as M (enum pageflags)");
	po_words_fini(&w);
	synth_enumerator(&m.k, flags[11], 11);
	CHECK_INT(words_of(&m, old, sizeof(old), &w, &err), PAGEOWNER_OK);
	CHECK_STR(text_of(&w, &rec), "Page allocated via order 1, mask 0x80008\n"
				     "PFN 4711 Block 9 type 2          Flags KERUDLASWCBM\n\n");
	rec.flags = 0x25;
	rec.page_type = 1;
	rec.have = PAGEOWNER_HAS_TAIL_FLAG;
	CHECK_STR(text_of(&w, &rec), "Page allocated via order 1, mask 0x80008\n"
				     "PFN 4711 Block 9 type 2 Fallback Flags K R  L   C  \n\n");
	po_words_fini(&w);
}

TEST(a_line_that_asks_for_what_the_types_lack)
{
	_cleanup_(kernel_close) struct kernel m;
	struct pageowner_error err;
	struct po_words w;

	kernel_open(&m, false, 8);
	m.k.ext.tgid = NULL;
	CHECK_INT(words_of(&m, rodata, sizeof(rodata), &w, &err), PAGEOWNER_EUNSUPP);
	CHECK(strstr(err.text, "prints page_owner.tgid, which its type information lacks: \"Page allocated"));
	po_words_fini(&w);
}

/* --- what dump_page() says of an owner ------------------------------------------------------- */

static int to_buffer(void *self, const char *text, size_t len)
{
	char *to = self;

	strncat(to, text, len);
	return 0;
}

/* The lines about a record; borrowed until the next call. */
static const char *dumped_of(const struct po_words *w, enum pageowner_owned owned,
			     const struct pageowner_record *rec)
{
	static char out[16384];
	static struct po_sink sink;
	_cleanup_(po_text_freep) struct po_text *t = NULL;

	out[0] = '\0';
	if (po_text_new(w, 16, &t, NULL) < 0)
		abort();
	po_sink_init(&sink, to_buffer, out);
	CHECK_INT(po_dumped_put(t, &sink, owned, rec, NULL), PAGEOWNER_OK);
	po_sink_flush(&sink);
	return out;
}

#define ALERT "\0011"
#define REPORT_5_4 HEAD_4_6 "\0" PFN_4_6 "\0" MIGRATED "\0%*c%pS\n\0"
#define DUMPED_5_4 \
	ALERT "There is not page extension available.\n\0" \
	ALERT "page_owner info is not present (never set?)\n\0" \
	ALERT "page_owner tracks the page as allocated\n\0" \
	ALERT "page_owner tracks the page as freed\n\0" \
	ALERT "page last allocated via order %u, migratetype %s, gfp_mask %#x(%pGg)\n\0" \
	ALERT "page_owner allocation stack trace missing\n\0" \
	ALERT "page_owner free stack trace missing\n\0"

#define FRAMES_5_4 " post_alloc_hook+0x1f/0x40\n ext4_read+0x34/0x80 [ext4]\n"
#define LAST_5_4 \
	"page last allocated via order 2, migratetype Unmovable, gfp_mask 0xdc0(GFP_KERNEL|__GFP_ZERO)\n"

/* A record that was released by another stack, the first frame alone. */
static struct pageowner_record a_released_record(const struct pageowner_stack *by)
{
	struct pageowner_record rec = a_record();

	rec.gfp_mask = 0xdc0;
	rec.free_pid = 7;
	rec.free_tgid = 8;
	rec.free_ts_ns = 99;
	rec.free_handle = 5;
	rec.free_stack = by;
	rec.have = PAGEOWNER_HAS_STACK | PAGEOWNER_HAS_FREE_HANDLE | PAGEOWNER_HAS_FREE_STACK;
	return rec;
}

static const struct pageowner_stack releaser = { .id = 1, .nr_frames = 1, .frames = frames };

TEST(dumped_by_5_4)
{
	_cleanup_(kernel_close) struct kernel m;
	static const char data[] = REPORT_5_4 DUMPED_5_4 ALERT "page last free stack trace:\n\0" ALERT
				   "page has been migrated, last migrate reason: %s\n";
	struct pageowner_record rec = a_released_record(&releaser);
	struct po_words w;

	kernel_open(&m, false, 8);
	CHECK_INT(words_of(&m, data, sizeof(data), &w, NULL), PAGEOWNER_OK);
	CHECK(w.dumped.trouble == NULL);
	CHECK_STR(dumped_of(&w, PAGEOWNER_OWNED_NO_EXT, &rec), "There is not page extension available.\n");
	CHECK_STR(dumped_of(&w, PAGEOWNER_OWNED_NEVER, &rec), "page_owner info is not present (never set?)\n");
	CHECK_STR(dumped_of(&w, PAGEOWNER_OWNED_UNKNOWN, &rec), "");
	CHECK_STR(dumped_of(&w, PAGEOWNER_OWNED_FREED, &rec),
		  "page_owner tracks the page as freed\n" LAST_5_4 FRAMES_5_4
		  "page last free stack trace:\n post_alloc_hook+0x1f/0x40\n");
	rec.have = PAGEOWNER_HAS_FREE_HANDLE | PAGEOWNER_HAS_MIGRATE_REASON;
	rec.free_handle = 0;
	rec.migrate_reason = 2;
	CHECK_STR(dumped_of(&w, PAGEOWNER_OWNED_NOW, &rec),
		  "page_owner tracks the page as allocated\n" LAST_5_4
		  "page_owner allocation stack trace missing\n"
		  "page_owner free stack trace missing\n"
		  "page has been migrated, last migrate reason: damon\n");
	po_words_fini(&w);
}

TEST(dumped_by_7_3_who_freed_and_when)
{
	_cleanup_(kernel_close) struct kernel m;
	static const char data[] = REPORT_5_4 DUMPED_5_4 ALERT
		"page last free pid %d tgid %d ts %llu stack trace:\n";
	static const struct po_member any = { .offset = 0, .size = 4 };
	struct pageowner_record rec = a_released_record(&releaser);
	struct pageowner_error err;
	struct po_words w;

	kernel_open(&m, false, 8);
	m.k.ext.free_pid = m.k.ext.free_tgid = m.k.ext.free_ts = &any;
	CHECK_INT(words_of(&m, data, sizeof(data), &w, &err), PAGEOWNER_OK);
	CHECK_STR(dumped_of(&w, PAGEOWNER_OWNED_FREED, &rec),
		  "page_owner tracks the page as freed\n" LAST_5_4 FRAMES_5_4
		  "page last free pid 7 tgid 8 ts 99 stack trace:\n post_alloc_hook+0x1f/0x40\n");
	po_words_fini(&w);
	/* what is printed and not known is replaced, and told */
	m.k.ext.free_tgid = NULL;
	CHECK_INT(words_of(&m, data, sizeof(data), &w, &err), PAGEOWNER_OK);
	CHECK(w.dumped.trouble && strstr(w.dumped.trouble, "prints page_owner.free_tgid, which"));
	CHECK(strstr(dumped_of(&w, PAGEOWNER_OWNED_FREED, &rec), "\npage last free stack trace:\n") != NULL);
	po_words_fini(&w);
}

TEST(dumped_by_a_vendor_with_a_field_more)
{
	_cleanup_(kernel_close) struct kernel m;
	static const char data[] = REPORT_5_4 ALERT "page last allocated via order %u, cpu %d\n";
	struct pageowner_record rec = a_released_record(&releaser);
	struct po_words w;

	kernel_open(&m, false, 8);
	CHECK_INT(words_of(&m, data, sizeof(data), &w, NULL), PAGEOWNER_OK);
	CHECK(w.dumped.trouble && strstr(w.dumped.trouble, "a field that is not known: \"cpu\""));
	CHECK_STR(dumped_of(&w, PAGEOWNER_OWNED_NOW, &rec),
		  "Page allocated via order 2, mask 0xdc0(GFP_KERNEL|__GFP_ZERO)\n" FRAMES_5_4
		  "page last free stack trace:\n post_alloc_hook+0x1f/0x40\n");
	po_words_fini(&w);
}

TEST(dumped_by_a_kernel_without_words_for_it)
{
	_cleanup_(kernel_close) struct kernel m;
	static const char data[] = REPORT_5_4 "\0x" DUMPED_5_4;	/* not the beginnings of strings, but for the rest */
	static const char none[] = REPORT_5_4;
	struct pageowner_record rec = { .have = 0 };
	struct po_words w;

	kernel_open(&m, false, 8);
	CHECK_INT(words_of(&m, data, sizeof(data), &w, NULL), PAGEOWNER_OK);
	CHECK_STR(w.dumped.no_ext, "no page_ext for this page frame\n");
	CHECK_STR(w.dumped.freed, "page_owner tracks the page as freed\n");
	po_words_fini(&w);
	CHECK_INT(words_of(&m, none, sizeof(none), &w, NULL), PAGEOWNER_OK);
	CHECK_STR(dumped_of(&w, PAGEOWNER_OWNED_NO_EXT, &rec), "no page_ext for this page frame\n");
	CHECK_STR(dumped_of(&w, PAGEOWNER_OWNED_NEVER, &rec), "no owner is recorded\n");
	CHECK(strstr(dumped_of(&w, PAGEOWNER_OWNED_NOW, &rec), "\nno stack saved\n") != NULL);
	po_words_fini(&w);
}

TEST(tables_that_are_missing_or_do_not_end)
{
	_cleanup_(kernel_close) struct kernel m;
	struct pageowner_error err;
	struct po_words w;

	kernel_open(&m, false, 8);
	m.k.l.symbol[PO_S_pageflag_names].have = false;
	CHECK_INT(words_of(&m, rodata, sizeof(rodata), &w, &err), PAGEOWNER_ENOSYM);
	CHECK_STR(err.text, "pageflag_names: this kernel has no such table");
	po_words_fini(&w);
	m.k.l.symbol[PO_S_pageflag_names].have = true;
	for (unsigned i = 0; i < 200; i++)
		put_flag(&m, 0x8000, i, 1, "again");
	m.k.l.symbol[PO_S_gfpflag_names].link = m.w.base + 0x8000 - m.k.l.slide;
	CHECK_INT(words_of(&m, rodata, sizeof(rodata), &w, &err), PAGEOWNER_ECORRUPT);
	CHECK_STR(err.text, "table gfpflag_names: does not end");
	po_words_fini(&w);
	world_lose(&m.w, 0x8000, PO_EXCLUDED);
	CHECK_INT(words_of(&m, rodata, sizeof(rodata), &w, &err), PAGEOWNER_ENODATA);
	CHECK_STR(err.text, "table gfpflag_names: address 0xffff888000008000: physical address 0x8000: "
			    "excluded by a filter");
	po_words_fini(&w);
}
