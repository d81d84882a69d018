/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Texts of every generation, as records; and texts that are none, or cut. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness.h"
#include "owner/saved.h"

static const char *write_file(const char *text, size_t len)
{
	static char path[64];
	FILE *f;

	(void)snprintf(path, sizeof(path), "/tmp/pageowner-saved.%d", (int)getpid());
	f = fopen(path, "w");
	if (!f || fwrite(text, 1, len, f) != len || fclose(f) != 0)
		abort();
	return path;
}

struct reading {
	struct po_saved_text *text;
	struct po_saved *reader;
	struct pageowner_record rec;
	struct pageowner_error err;
};

static struct reading open_bytes(const char *text, size_t len)
{
	struct reading r = { .text = NULL };
	const char *path = write_file(text, len);

	if (po_saved_open(path, &r.text, &r.err) < 0 ||
	    po_saved_new(r.text, 0, 1, 0, UINT64_MAX, &r.reader, &r.err) < 0)
		abort();
	unlink(path);
	return r;
}

static struct reading open_text(const char *text)
{
	return open_bytes(text, strlen(text));
}

static int next(struct reading *r)
{
	return po_saved_next(r->reader, &r->rec, &r->err);
}

static void close_text(struct reading *r)
{
	po_saved_free(r->reader);
	po_saved_close(r->text);
}

#define HAVE_ALWAYS (PAGEOWNER_HAS_ORDER | PAGEOWNER_HAS_GFP | PAGEOWNER_HAS_PFN | PAGEOWNER_HAS_BLOCK | \
		     PAGEOWNER_HAS_STACK)

TEST(the_text_of_3_19)
{
	struct reading r = open_text(
		"Page allocated via order 3, mask 0x201da\n"
		"PFN 123 Block 4 type 2          Flags K RU LA  C  \n"
		" [<ffffffff8115c1e0>] __alloc_pages_nodemask+0x1a0/0xa20\n"
		" [<ffffffffffffffff>] 0xffffffffffffffff\n"
		"\n"
		"Page allocated via order 0, mask 0x0\n"
		"PFN 124 Block 4 type 1 Fallback Flags             \n"
		"\n");

	CHECK_INT(next(&r), 1);
	CHECK_INT(r.err.code, 0);
	CHECK_INT(r.rec.have, HAVE_ALWAYS | PAGEOWNER_HAS_PAGE_TYPE | PAGEOWNER_HAS_BLOCK_TYPE);
	CHECK_INT(r.rec.order, 3);
	CHECK_INT(r.rec.gfp_mask, 0x201da);
	CHECK_INT(r.rec.pfn, 123);
	CHECK_INT(r.rec.block, 4);
	CHECK_INT(r.rec.block_type, 2);
	CHECK_INT(r.rec.page_type, 2);
	CHECK_STR(r.rec.flag_names, "K RU LA  C  ");
	CHECK(!r.rec.gfp_names && !r.rec.page_type_name);
	CHECK_INT(r.rec.stack->nr_frames, 2);
	CHECK_INT(r.rec.stack->frames[0].address, 0xffffffff8115c1e0);
	CHECK_STR(r.rec.stack->frames[0].text, "__alloc_pages_nodemask+0x1a0/0xa20");
	CHECK_STR(r.rec.stack->frames[1].text, "0xffffffffffffffff");
	CHECK_INT(next(&r), 1);
	CHECK_INT(r.err.code, 0);
	CHECK_INT(r.rec.have, HAVE_ALWAYS | PAGEOWNER_HAS_BLOCK_TYPE);
	CHECK_INT(r.rec.block_type, 1);
	CHECK_INT(r.rec.stack->nr_frames, 0);
	CHECK_INT(next(&r), 0);
	close_text(&r);
}

TEST(the_text_of_4_6)
{
	struct reading r = open_text(
		"Page allocated via order 0, mask 0x24200ca(GFP_HIGHUSER_MOVABLE)\n"
		"PFN 77 type Movable Block 0 type Unmovable Flags 0x1c(referenced|uptodate|dirty)\n"
		" [<c1154321>] get_page_from_freelist+0x1/0x2 [some_module]\n"
		"Page has been migrated, last migrate reason: compaction\n"
		"\n");

	CHECK_INT(next(&r), 1);
	CHECK_INT(r.err.code, 0);
	CHECK_INT(r.rec.have, HAVE_ALWAYS | PAGEOWNER_HAS_FLAGS);
	CHECK_STR(r.rec.gfp_names, "GFP_HIGHUSER_MOVABLE");
	CHECK_STR(r.rec.page_type_name, "Movable");
	CHECK_STR(r.rec.block_type_name, "Unmovable");
	CHECK_INT(r.rec.flags, 0x1c);
	CHECK_STR(r.rec.flag_names, "referenced|uptodate|dirty");
	CHECK_STR(r.rec.migrate_reason_name, "compaction");
	CHECK_INT(r.rec.stack->frames[0].address, 0xc1154321);
	CHECK_STR(r.rec.stack->frames[0].text, "get_page_from_freelist+0x1/0x2 [some_module]");
	close_text(&r);
}

TEST(the_texts_of_5_11_and_5_15)
{
	struct reading r = open_text(
		"Page allocated via order 0, mask 0x0(), pid 0, ts 0 ns\n"
		"PFN 1 type Unmovable Block 0 type Unmovable Flags 0x0()\n"
		"\n"
		"Page allocated via order 0, mask 0xcc0(GFP_KERNEL), pid -1, ts 18446744073709551615 ns, free_ts 5 ns\n"
		"PFN 2 type Unmovable Block 0 type Unmovable Flags 0x0(node=0|zone=1|lastcpupid=0x1fff)\n"
		"\n");

	CHECK_INT(next(&r), 1);
	CHECK_INT(r.err.code, 0);
	CHECK_INT(r.rec.have,
		  HAVE_ALWAYS | PAGEOWNER_HAS_FLAGS | PAGEOWNER_HAS_PID | PAGEOWNER_HAS_TS);
	CHECK_STR(r.rec.gfp_names, "");
	CHECK_INT(next(&r), 1);
	CHECK_INT(r.err.code, 0);
	CHECK_INT(r.rec.pid, -1);
	CHECK(r.rec.ts_ns == UINT64_MAX);
	CHECK_INT(r.rec.free_ts_ns, 5);
	CHECK(r.rec.have & PAGEOWNER_HAS_FREE_TS);
	close_text(&r);
}

TEST(the_text_of_6_6_and_what_came_after_7_2)
{
	struct reading r = open_text(
		"Page allocated via order 0, mask 0xcc0(GFP_KERNEL), pid 1, tgid 2 (init), ts 3 ns\n"
		"PFN 0xffffffff type CMA Block 4095 type Isolate Flags 0x1(locked|zone=0)\n"
		" a+0x1/0x2\n"
		"handle: 42\n"
		"Page has been migrated, last migrate reason: contig_range\n"
		"Slab cache page\n"
		"\n"
		"Page allocated via order 0, mask 0xcc0(GFP_KERNEL), pid 1, tgid 2 (init), ts 3 ns\n"
		"PFN 0x1 type CMA Block 0 type CMA Flags 0x1(locked|zone=0)\n"
		"handle: 43\n"
		"Charged (via objcg) to offline memcg a (b), c\n"
		"\n"
		"Page allocated via order 0, mask 0xcc0(GFP_KERNEL), pid 1, tgid 2 (init), ts 3 ns\n"
		"PFN 0x2 type CMA Block 0 type CMA Flags 0x1(locked|zone=0)\n"
		"Page allocated by module ext4\n"
		" a+0x1/0x2\n"
		"Charged to <memcg: not in dump>\n"
		"\n");

	CHECK_INT(next(&r), 1);
	CHECK_INT(r.err.code, 0);
	CHECK_INT(r.rec.pfn, 0xffffffff);
	CHECK_INT(r.rec.handle, 42);
	CHECK(r.rec.have & PAGEOWNER_HAS_HANDLE && r.rec.have & PAGEOWNER_HAS_SLAB_CHARGE);
	CHECK_STR(r.rec.migrate_reason_name, "contig_range");
	CHECK_STR(r.rec.comm, "init");
	const struct pageowner_stack *stack = r.rec.stack;
	CHECK_INT(next(&r), 1);
	CHECK_INT(r.err.code, 0);
	CHECK_INT(r.rec.handle, 43);
	CHECK_INT(r.rec.stack->nr_frames, 0);
	CHECK_STR(r.rec.memcg, "a (b), c");
	CHECK(r.rec.memcg_objcg && r.rec.memcg_offline);
	CHECK_INT(next(&r), 1);
	CHECK_INT(r.err.code, 0);
	CHECK(r.rec.stack == stack);
	CHECK(r.rec.have & PAGEOWNER_HAS_LOST_MEMCG);
	CHECK_INT(next(&r), 0);
	close_text(&r);
}

TEST(a_commands_name_may_hold_anything)
{
	static const char *const names[] = {
		"", " ", ")", "(", "a, pid 1, tgid 2", "x), ts 5 ns", "), ts 1 ns", "a), ts 1 ns, f", "\x01\x7f\xff",
		"ns", "ts 5 ns",
	};
	char text[1024];

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		for (int free_ts = 0; free_ts < 2; free_ts++) {
			(void)snprintf(text, sizeof(text),
				       "Page allocated via order 1, mask 0x0(), pid 7, tgid 8 (%s), ts 9 ns%s\n"
				       "PFN 0x2 type CMA Block 0 type CMA Flags 0x1(locked)\n\n",
				       names[i], free_ts ? ", free_ts 10 ns" : "");
			struct reading r = open_text(text);
			CHECK_INT(next(&r), 1);
			CHECK_INT(r.err.code, 0);
			CHECK_STR(r.rec.comm, names[i]);
			CHECK_INT(r.rec.ts_ns, 9);
			CHECK_INT(r.rec.free_ts_ns, free_ts ? 10 : 0);
			CHECK_INT(r.rec.lines.ts_len, 1);
			CHECK_INT(r.rec.lines.text[r.rec.lines.ts_at], '9');
			close_text(&r);
		}
}

#define GOOD(pfn) \
	"Page allocated via order 0, mask 0x0(), pid 1, tgid 1 (init), ts 1 ns\n" \
	"PFN 0x" pfn " type Movable Block 0 type Movable Flags 0x1(locked)\n a+0x1/0x2\n\n"

static bool says(const struct reading *r, const char *text)
{
	if (strstr(r->err.text, text))
		return true;
	printf("# said: %s\n", r->err.text);
	return false;
}

TEST(a_newline_in_a_name_is_told_not_guessed)
{
	struct reading r = open_text(GOOD("1")
		"Page allocated via order 2, mask 0x0(), pid 1, tgid 1 (new\nline), ts 1 ns\n"
		"PFN 0x2 type Movable Block 0 type Movable Flags 0x1(locked)\n a+0x1/0x2\n\n"
		GOOD("3"));

	CHECK_INT(next(&r), 1);
	CHECK_INT(next(&r), 1);
	CHECK_INT(r.err.code, PAGEOWNER_ECORRUPT);
	CHECK(says(&r, "line 5: ") && says(&r, "newline"));
	CHECK(!(r.rec.have & PAGEOWNER_HAS_COMM));
	CHECK_INT(r.rec.order, 2);
	CHECK_INT(r.rec.lines.len, strlen(GOOD("1")) + strlen("new\nline") - strlen("init"));
	CHECK_INT(next(&r), 1);
	CHECK_INT(r.err.code, 0);
	CHECK_INT(r.rec.pfn, 3);
	CHECK_INT(next(&r), 0);
	close_text(&r);
}

TEST(a_text_that_is_cut_keeps_what_came_before)
{
	const char whole[] = GOOD("1") GOOD("2");

	for (size_t len = strlen(GOOD("1")) + 1; len < sizeof(whole) - 1; len++) {
		struct reading r = open_bytes(whole, len);
		CHECK_INT(next(&r), 1);
		CHECK_INT(r.err.code, 0);
		CHECK_INT(next(&r), PAGEOWNER_ECORRUPT);
		CHECK(says(&r, "line 5: the text ends within this record"));
		CHECK_INT(next(&r), 0);
		close_text(&r);
	}
}

TEST(what_is_no_record_is_told_and_passed_over)
{
	struct pageowner_coverage cov;
	struct reading r = open_text("$ cat page_owner\n\n" GOOD("1") "\n\nmissing\nbeginning\n\n" GOOD("2"));

	CHECK_INT(next(&r), PAGEOWNER_ECORRUPT);
	CHECK(says(&r, "line 1: not a record of page_owner: \"$ cat page_owner\""));
	CHECK_INT(next(&r), 1);
	CHECK_INT(next(&r), PAGEOWNER_ECORRUPT);
	CHECK(says(&r, "line 9: not a record"));
	CHECK_INT(next(&r), 1);
	CHECK_INT(r.rec.pfn, 2);
	CHECK_INT(next(&r), 0);
	po_saved_coverage(r.reader, &cov);
	CHECK_INT(cov.walked, 4);
	CHECK_INT(cov.recorded, 2);
	CHECK_INT(cov.passed[PAGEOWNER_PASS_CORRUPT], 2);
	close_text(&r);
}

TEST(each_flaw_is_told_with_its_line)
{
	static const struct {
		const char *text, *says;
	} flaws[] = {
		{ "Page allocated via order x, mask 0x0()\n", "line 1: not an order: \"x, mask" },
		{ "Page allocated via order 32, mask 0x0()\n", "line 1: not an order" },
		{ "Page allocated via order 0\n", "line 1: no gfp mask" },
		{ "Page allocated via order 0, mask 0x0(GFP\n", "line 1: names of gfp flags" },
		{ "Page allocated via order 0, mask 0x0(), cpu 3\n", "line 1: a field that is not known: \", cpu 3\"" },
		{ "Page allocated via order 0, mask 0x0(), pid x\n", "line 1: no number" },
		{ "Page allocated via order 0, mask 0x0(), ts 5 us\n", "line 1: a time without" },
		{ "Page allocated via order 0, mask 0x0(), ts 99999999999999999999 ns\n", "line 1: no number" },
		{ "Page allocated via order 0, mask 0x0(), pid 99999999999\n", "line 1: no number" },
		{ "Page allocated via order 0, mask 0x0()\nPFN zz\n", "line 2: no page frame number" },
		{ "Page allocated via order 0, mask 0x0()\nPFN 1 type\n", "line 2: no pageblock" },
		{ "Page allocated via order 0, mask 0x0()\nPFN 1 type A Block 3\n", "line 2: no pageblock" },
		{ "Page allocated via order 0, mask 0x0()\nPFN 1 type A Block 3 type B Flags x\n", "line 2: no page flags" },
		{ "Page allocated via order 0, mask 0x0()\nPFN 1 type A Block 3 type B Flags 0x1\n", "line 2: no names of page flags" },
		{ "Page allocated via order 0, mask 0x0()\nPFN 1 type A Block 3 type B Flags 0x1()\n a\nwhat\n", "line 4: a line that is not known: \"what\"" },
		{ "Page allocated via order 0, mask 0x0()\nPFN 1 type A Block 3 type B Flags 0x1()\nCharged by\n", "line 3: a charge" },
	};
	char text[512];

	for (size_t i = 0; i < sizeof(flaws) / sizeof(*flaws); i++) {
		(void)snprintf(text, sizeof(text), "%s\n" GOOD("1"), flaws[i].text);
		struct reading r = open_text(text);
		CHECK_INT(next(&r), 1);
		CHECK_INT(r.err.code, PAGEOWNER_ECORRUPT);
		CHECK(says(&r, flaws[i].says));
		CHECK_INT(next(&r), 1);
		CHECK_INT(r.err.code, 0);
		CHECK_INT(next(&r), 0);
		close_text(&r);
	}
}

TEST(binary_junk_ends_with_words)
{
	const size_t len = 20u << 20;
	char *junk = calloc(1, len);

	if (!CHECK(junk))
		return;
	memset(junk, 0x81, len);
	struct reading r = open_bytes(junk, len);
	CHECK_INT(next(&r), PAGEOWNER_EFORMAT);
	CHECK(says(&r, "line 1: no empty line"));
	CHECK_INT(next(&r), 0);
	close_text(&r);
	for (size_t i = 0; i < len; i++)
		junk[i] = (char)(i * 2654435761u >> 13);
	r = open_bytes(junk, len);
	unsigned records = 0;
	for (int rc; (rc = next(&r)) != 0;)
		records += rc == 1;
	CHECK_INT(records, 0);
	close_text(&r);
	free(junk);
}

/* Records read in so many parts, one after the other: how many, and a sum over what they hold. */
static uint64_t read_in_parts(struct po_saved_text *text, unsigned parts, uint64_t *sum, char *said)
{
	uint64_t nr = 0;

	*sum = 0;
	said[0] = '\0';
	for (unsigned i = 0; i < parts; i++) {
		struct po_saved *r;
		struct pageowner_record rec;
		struct pageowner_error err;
		int rc;
		if (!CHECK_INT(po_saved_new(text, i, parts, 0, UINT64_MAX, &r, &err), 0))
			return 0;
		while ((rc = po_saved_next(r, &rec, &err)) != 0) {
			nr += rc == 1;
			if (rc == 1)
				*sum = *sum * 31 + rec.pfn + rec.lines.len;
			else
				strcpy(said, err.text);
		}
		po_saved_free(r);
	}
	return nr;
}

TEST(parts_make_up_the_whole)
{
	static char text[1 << 17];
	char said[PAGEOWNER_ERROR_MAX], want_said[PAGEOWNER_ERROR_MAX];
	size_t len = 0;
	uint64_t sum, want_sum;
	struct pageowner_error err;
	struct po_saved_text *t;

	for (unsigned i = 0; i < 500; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len,
					"Page allocated via order 0, mask 0x0()\nPFN %u type A Block 3 type B Flags 0x1()\n"
					" frame%u\n\n%s", i, i % 7, i == 400 ? "junk\n\n" : "");
	const char *path = write_file(text, len);
	if (!CHECK_INT(po_saved_open(path, &t, &err), 0))
		return;
	CHECK_INT(read_in_parts(t, 1, &want_sum, want_said), 500);
	CHECK(strstr(want_said, "line 1605: not a record") != NULL);
	for (unsigned parts = 2; parts < 40; parts++) {
		CHECK_INT(read_in_parts(t, parts, &sum, said), 500);
		CHECK(sum == want_sum);
		CHECK_STR(said, want_said);
	}
	CHECK_INT(po_saved_parts(t, 8), 1);	/* too small for that */
	po_saved_close(t);
	unlink(path);
}

TEST(a_stream_is_read_once)
{
	struct pageowner_error err;
	struct po_saved_text *t;
	struct po_saved *r;
	struct pageowner_record rec;
	int fd[2];

	if (!CHECK_INT(pipe(fd), 0))
		return;
	CHECK(write(fd[1], GOOD("1"), strlen(GOOD("1"))) > 0);
	close(fd[1]);
	CHECK(dup2(fd[0], STDIN_FILENO) == STDIN_FILENO);
	close(fd[0]);
	CHECK_INT(po_saved_open("-", &t, &err), 0);
	CHECK_INT(po_saved_size(t), 0);
	CHECK_INT(po_saved_parts(t, 8), 1);
	CHECK_INT(po_saved_new(t, 0, 1, 0, UINT64_MAX, &r, &err), 0);
	CHECK_INT(po_saved_next(r, &rec, &err), 1);
	CHECK_INT(po_saved_next(r, &rec, &err), 0);
	po_saved_free(r);
	CHECK_INT(po_saved_new(t, 0, 1, 0, UINT64_MAX, &r, &err), PAGEOWNER_EINVAL);
	po_saved_close(t);
}
