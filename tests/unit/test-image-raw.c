/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Images without much around the memory: raw banks of RAM, LiME files. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "build.h"
#include "harness.h"
#include "image/image.h"

#define PAGE 4096u

/* A file of len bytes, which tell their file and their place in it. */
static uint8_t pattern(unsigned seed, size_t i)
{
	return (uint8_t)(seed * 37 + i % 251 + i / PAGE);
}

static const char *make_bytes(const char *name, const uint8_t *bytes, size_t len)
{
	const char *path = in_dir("%s", name);
	FILE *f = fopen(path, "w");

	if (!f || (len && fwrite(bytes, len, 1, f) != 1) || fclose(f) != 0)
		abort();
	return path;
}

static const char *make_bank(const char *name, unsigned seed, size_t len)
{
	uint8_t *bytes = malloc(len + 1);

	if (!bytes)
		abort();
	for (size_t i = 0; i < len; i++)
		bytes[i] = pattern(seed, i);
	const char *path = make_bytes(name, bytes, len);
	free(bytes);
	return path;
}

static void check_bytes(struct po_image *img, uint64_t paddr, unsigned seed, size_t offset, size_t len)
{
	uint8_t *buf = malloc(len);
	size_t done, wrong = 0;

	if (!buf)
		abort();
	CHECK_INT(po_image_read(img, paddr, buf, len, &done, NULL), PO_HAVE);
	CHECK_INT(done, len);
	for (size_t i = 0; i < done; i++)
		wrong += buf[i] != pattern(seed, offset + i);
	CHECK_INT(wrong, 0);
	free(buf);
}

static void check_cause(struct po_image *img, uint64_t paddr, enum po_cause cause, size_t done)
{
	uint8_t buf[64];
	size_t got;

	CHECK_INT(po_image_read(img, paddr, buf, sizeof(buf), &got, NULL), cause);
	CHECK_INT(got, done);
}

/* len 0: there is none. */
static void check_range(struct po_image *img, uint64_t from, uint64_t start, uint64_t len)
{
	uint64_t s = 0, l = 0;

	CHECK_INT(img->ops->next_range(img, from, &s, &l), len != 0);
	CHECK_INT(s, start);
	CHECK_INT(l, len);
}

/* --- raw banks ------------------------------------------------------------------------------- */

static struct po_image *open_ram(const struct pageowner_ram *ram, size_t nr)
{
	struct pageowner_error err = { 0 };
	struct po_image *img = NULL;

	if (!CHECK_INT(po_image_open_ram(ram, nr, &img, &err), 0))
		CHECK_STR(err.text, "");
	return img;
}

/* The words begin after "open dump: DIRECTORY/"; %s in them is the directory again. */
static void check_ram_fails(const struct pageowner_ram *ram, size_t nr, int code, const char *words)
{
	struct pageowner_error err = { 0 };
	struct po_image *img = NULL;
	char want[8192];
	size_t len = strlen(test_dir());

	(void)snprintf(want, sizeof(want), "open dump: %s/", test_dir());
	CHECK_INT(po_image_open_ram(ram, nr, &img, &err), code);
	CHECK(img == NULL);
	if (!CHECK(strncmp(err.text, want, strlen(want)) == 0))
		CHECK_STR(err.text, want);
	for (const char *p = err.text + strlen(want); *words; p++, words++) {
		if (*words == '%' && strncmp(p, test_dir(), len) == 0) {
			p += len - 1;
			continue;
		}
		if (*p != *words) {
			CHECK_STR(p, words);
			return;
		}
	}
}

TEST(banks_in_any_order_with_holes_between)
{
	const struct pageowner_ram ram[] = {
		{ make_bank("b2", 2, 2 * PAGE), 0x40003000, 1 },
		{ make_bank("b9", 9, PAGE), 0x100000000, 1 },
		{ make_bank("b1", 1, 3 * PAGE), 0x40000000, 1 },
	};
	struct po_image *img = open_ram(ram, 3), *copy = NULL;
	size_t len = 4 * PAGE, done;
	uint8_t buf[2];

	if (!img)
		return;
	CHECK_STR(img->description, "raw RAM, 3 banks");
	CHECK(!img->truncated && !img->filtered && !img->floating && !img->notices);
	CHECK(!img->ops->rebase && !img->machine);
	CHECK_INT(img->max_paddr, 0x100001000);
	CHECK_INT(img->bytes_present, 6 * PAGE);
	CHECK_INT(img->bytes_held, 6 * PAGE);
	check_bytes(img, 0x40000000, 1, 0, 3 * PAGE);
	check_bytes(img, 0x40003000, 2, 0, 2 * PAGE);
	check_bytes(img, 0x100000010, 9, 16, PAGE - 16);
	/* across the seam of two files */
	CHECK_INT(po_image_read(img, 0x40002fff, buf, 2, &done, NULL), PO_HAVE);
	CHECK(buf[0] == pattern(1, 3 * PAGE - 1) && buf[1] == pattern(2, 0));
	check_cause(img, 0, PO_HOLE, 0);
	check_cause(img, 0x40004fe0, PO_HOLE, 32);
	check_cause(img, 0x3fffffff, PO_HOLE, 0);
	check_cause(img, UINT64_MAX, PO_HOLE, 0);
	check_range(img, 0, 0x40000000, 5 * PAGE);
	check_range(img, 0x40004fff, 0x40000000, 5 * PAGE);
	check_range(img, 0x40005000, 0x100000000, PAGE);
	check_range(img, 0x100001000, 0, 0);
	const uint8_t *at = img->ops->map(img, 0x40001000, &len);
	CHECK(at && len == 2 * PAGE && at[5] == pattern(1, PAGE + 5));
	CHECK_INT(po_image_clone(img, &copy, NULL), 0);
	po_image_close(img);
	check_bytes(copy, 0x40003000, 2, 0, 2 * PAGE);
	CHECK_STR(copy->description, "raw RAM, 3 banks");
	po_image_close(copy);
}

TEST(bank_that_ends_within_a_page)
{
	const struct pageowner_ram ram[] = {
		{ make_bank("odd", 3, PAGE + 100), 0, 1 },
		{ make_bank("b1", 1, PAGE), 2 * PAGE, 1 },
	};
	struct po_image *img = open_ram(ram, 2);

	if (!img)
		return;
	check_bytes(img, 0, 3, 0, PAGE + 100);
	check_cause(img, PAGE + 90, PO_HOLE, 10);
	check_bytes(img, 2 * PAGE, 1, 0, PAGE);
	check_range(img, PAGE + 99, 0, PAGE + 100);
	check_range(img, PAGE + 100, 2 * PAGE, PAGE);
	CHECK_INT(img->bytes_held, 2 * PAGE + 100);
	po_image_close(img);
}

TEST(banks_that_overlap)
{
	struct pageowner_ram ram[] = {
		{ make_bank("high", 1, 2 * PAGE), 0x80002000, 1 },
		{ make_bank("far", 2, PAGE), 0, 1 },
		{ make_bank("low", 3, 3 * PAGE), 0x80000000, 1 },
	};

	check_ram_fails(ram, 3, PAGEOWNER_EINVAL, "low (at 0x80000000) and %/high (at 0x80002000) "
			"overlap: both hold 0x80002000-0x80002fff");
	ram[0].base = 0x80001000;	/* ends where the other ends */
	check_ram_fails(ram, 3, PAGEOWNER_EINVAL, "low (at 0x80000000) and %/high (at 0x80001000) "
			"overlap: both hold 0x80001000-0x80002fff");
	ram[1].base = 0x80001000;	/* the smaller within the larger */
	check_ram_fails(ram + 1, 2, PAGEOWNER_EINVAL, "low (at 0x80000000) and %/far (at 0x80001000) "
			"overlap: both hold 0x80001000-0x80001fff");
	ram[1] = ram[2];		/* the same twice */
	check_ram_fails(ram + 1, 2, PAGEOWNER_EINVAL, "low (at 0x80000000) and %/low (at 0x80000000) "
			"overlap: both hold 0x80000000-0x80002fff");
}

TEST(banks_at_impossible_addresses)
{
	struct pageowner_ram ram[] = {
		{ make_bank("b1", 1, PAGE), 0x1800, 1 },
		{ make_bank("b2", 2, PAGE), 0x10000, 0 },
	};

	check_ram_fails(ram, 1, PAGEOWNER_EINVAL, "b1: address 0x1800 is not page aligned");
	ram[0].base = 0;
	check_ram_fails(ram, 2, PAGEOWNER_EINVAL,
			"b2: given without its address, which only a single image may be");
	ram[0].base = UINT64_MAX - PAGE + 1;
	check_ram_fails(ram, 1, PAGEOWNER_EINVAL,
			"b1: 0x1000 bytes at 0xfffffffffffff000 are beyond all addresses");
}

TEST(banks_that_are_no_files)
{
	struct pageowner_ram ram[] = {
		{ make_bank("b1", 1, PAGE), 0, 1 },
		{ in_dir("none"), 0x10000, 1 },
	};
	struct pageowner_error err = { 0 };
	struct po_image *img = NULL;

	check_ram_fails(ram, 2, PAGEOWNER_EIO, "none: no such file or directory");
	ram[1].path = in_dir(".");
	check_ram_fails(ram, 2, PAGEOWNER_EINVAL, ".: is a directory");
	ram[1].path = make_bytes("empty", NULL, 0);
	check_ram_fails(ram, 2, PAGEOWNER_EFORMAT, "empty: the file is empty");
	CHECK_INT(po_image_open_ram(ram, 0, &img, &err), PAGEOWNER_EINVAL);
	ram[1].path = NULL;
	CHECK_INT(po_image_open_ram(ram, 2, &img, &err), PAGEOWNER_EINVAL);
	CHECK_INT(po_image_open_ram(ram, 100000, &img, &err), PAGEOWNER_EINVAL);
	CHECK(img == NULL);
}

TEST(one_image_without_address_floats)
{
	const struct pageowner_ram ram = { make_bank("all", 5, 4 * PAGE + 8), 0, 0 };
	struct po_image *img = open_ram(&ram, 1), *copy = NULL;

	if (!img)
		return;
	CHECK(img->floating);
	CHECK_STR(img->description, "raw RAM, one image without an address");
	check_bytes(img, PAGE, 5, PAGE, PAGE);
	check_range(img, 0, 0, 4 * PAGE + 8);
	img->ops->rebase(img, 0x80000000);
	CHECK_INT(img->max_paddr, 0x80004008);
	check_range(img, 0, 0x80000000, 4 * PAGE + 8);
	check_range(img, 0x80004007, 0x80000000, 4 * PAGE + 8);
	check_range(img, 0x80004008, 0, 0);
	check_bytes(img, 0x80001000, 5, PAGE, PAGE);
	check_cause(img, 0, PO_HOLE, 0);
	check_cause(img, 0x7fffffff, PO_HOLE, 0);
	check_cause(img, 0x80004000, PO_HOLE, 8);
	size_t len = PAGE;
	CHECK(img->ops->map(img, PAGE, &len) == NULL);
	const uint8_t *at = img->ops->map(img, 0x80000000, &len);
	CHECK(at && len == PAGE && at[1] == pattern(5, 1));
	CHECK_INT(po_image_clone(img, &copy, NULL), 0);
	img->ops->rebase(img, 0);
	check_bytes(img, 0, 5, 0, 4 * PAGE);
	check_bytes(copy, 0x80000000, 5, 0, 4 * PAGE);	/* where it was when it was made */
	img->ops->rebase(img, UINT64_MAX);		/* nothing wraps */
	CHECK(img->max_paddr == UINT64_MAX);
	check_cause(img, 0, PO_HOLE, 0);
	check_cause(img, UINT64_MAX, PO_HOLE, 0);
	po_image_close(img);
	po_image_close(copy);
}

TEST(containers_taken_for_raw_memory_are_told)
{
	uint8_t head[PAGE] = "EMiL";
	struct pageowner_ram ram = { make_bytes("lime", head, sizeof(head)), 0, 1 };
	struct po_image *img = open_ram(&ram, 1);

	CHECK(img && img->notices &&
	      strstr(img->notices, "lime: taken as raw memory, but looks like LiME\n"));
	po_image_close(img);
	memcpy(head, "\xfd" "7zXZ\0", 6);
	ram.path = make_bytes("xz", head, sizeof(head));
	img = open_ram(&ram, 1);
	CHECK(img && img->notices && strstr(img->notices, "but looks like xz data\n"));
	po_image_close(img);
	memset(head, 0, sizeof(head));
	memcpy(head + 56, "ARM\x64", 4);	/* memory may well begin with a kernel's image */
	ram.path = make_bytes("image", head, sizeof(head));
	img = open_ram(&ram, 1);
	CHECK(img && !img->notices);
	po_image_close(img);
}

/* --- LiME ------------------------------------------------------------------------------------ */

struct lime {
	uint8_t bytes[8 * PAGE];
	size_t len;
};

static void put(uint8_t *at, uint64_t v, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		at[i] = (uint8_t)(v >> (8 * i));
}

static void add_header(struct lime *l, uint32_t version, uint64_t first, uint64_t last)
{
	uint8_t *h = l->bytes + l->len;

	memset(h, 0, 32);
	put(h, 0x4c694d45, 4);
	put(h + 4, version, 4);
	put(h + 8, first, 8);
	put(h + 16, last, 8);
	l->len += 32;
}

static void add_range(struct lime *l, unsigned seed, uint64_t first, size_t len)
{
	add_header(l, 1, first, first + len - 1);
	for (size_t i = 0; i < len; i++)
		l->bytes[l->len++] = pattern(seed, i);
}

static int open_lime(const struct lime *l, struct po_image **img, struct pageowner_error *err)
{
	const char *path = make_bytes("dump.lime", l->bytes, l->len);

	*img = NULL;
	return po_image_open(&path, 1, img, err);
}

static struct po_image *lime_ok(const struct lime *l)
{
	struct pageowner_error err = { 0 };
	struct po_image *img;

	if (!CHECK_INT(open_lime(l, &img, &err), 0))
		CHECK_STR(err.text, "");
	return img;
}

static void check_lime_fails(const struct lime *l, int code, const char *words)
{
	struct pageowner_error err = { 0 };
	struct po_image *img;
	char want[8192];

	(void)snprintf(want, sizeof(want), "open dump: %s/dump.lime: %s", test_dir(), words);
	CHECK_INT(open_lime(l, &img, &err), code);
	CHECK_STR(err.text, want);
	CHECK(img == NULL);
	po_image_close(img);
}

static bool notice_has(const struct po_image *img, const char *words)
{
	return img->notices && strstr(img->notices, words);
}

TEST(lime_ranges)
{
	struct lime l = { .len = 0 };
	struct po_image *copy = NULL;

	add_range(&l, 4, 0x100000, PAGE);
	add_range(&l, 1, 0x1000, 2 * PAGE);
	add_range(&l, 2, 0x3000, PAGE + 5);
	struct po_image *img = lime_ok(&l);
	if (!img)
		return;
	CHECK_STR(img->description, "LiME, 3 ranges");
	CHECK(!img->truncated && !img->notices && !img->floating && !img->ops->rebase);
	CHECK_INT(img->max_paddr, 0x101000);
	CHECK_INT(img->bytes_held, 4 * PAGE + 5);
	check_bytes(img, 0x1000, 1, 0, 2 * PAGE);
	check_bytes(img, 0x3000, 2, 0, PAGE + 5);
	check_bytes(img, 0x100000, 4, 0, PAGE);
	check_cause(img, 0x4000, PO_HOLE, 5);
	check_range(img, 0, 0x1000, 3 * PAGE + 5);
	check_range(img, 0x5000, 0x100000, PAGE);
	CHECK_INT(po_image_clone(img, &copy, NULL), 0);
	po_image_close(img);
	check_bytes(copy, 0x100000, 4, 0, PAGE);
	po_image_close(copy);
}

TEST(lime_cut_off)
{
	struct lime l = { .len = 0 };

	add_range(&l, 1, 0x1000, PAGE);
	size_t first = l.len;
	add_range(&l, 2, 0x8000, 2 * PAGE);
	l.len -= PAGE + 10;
	struct po_image *img = lime_ok(&l);
	if (!img)
		return;
	CHECK(img->truncated);
	CHECK(notice_has(img, "dump.lime: file ends at 0x2036, 4 KiB of 12 KiB of memory are missing"));
	check_bytes(img, 0x8000, 2, 0, PAGE - 10);
	check_cause(img, 0x8000 + PAGE - 20, PO_TRUNCATED, 10);
	CHECK_INT(img->bytes_present, 3 * PAGE);
	CHECK_INT(img->bytes_held, 2 * PAGE - 10);
	po_image_close(img);
	l.len = first + 32;		/* a header and nothing behind it */
	img = lime_ok(&l);
	CHECK(img && img->truncated && img->bytes_present == 3 * PAGE && img->bytes_held == PAGE);
	po_image_close(img);
	for (size_t left = 1; left < 32; left++) {
		l.len = first + left;
		img = lime_ok(&l);
		CHECK(img && img->truncated && notice_has(img, "within a LiME header"));
		CHECK(img && img->bytes_present == PAGE);
		po_image_close(img);
	}
	l.len = 31;
	check_lime_fails(&l, PAGEOWNER_ECORRUPT, "truncated: ends within its first LiME header");
	l.len = 4;
	check_lime_fails(&l, PAGEOWNER_ECORRUPT, "truncated: ends within its first LiME header");
}

TEST(lime_with_something_else_behind_it)
{
	struct lime l = { .len = 0 };

	add_range(&l, 1, 0x1000, PAGE);
	l.len += 1024;
	struct po_image *img = lime_ok(&l);
	if (!img)
		return;
	CHECK(!img->truncated);
	CHECK(notice_has(img, "no LiME header at 0x1020, 1 KiB from there on are not read"));
	check_bytes(img, 0x1000, 1, 0, PAGE);
	po_image_close(img);
}

TEST(lime_headers_that_make_no_sense)
{
	struct lime l = { .len = 0 };

	add_header(&l, 2, 0x1000, 0x1fff);
	check_lime_fails(&l, PAGEOWNER_EUNSUPP,
			 "LiME header at 0x0: version 2: recognised, not supported");
	l.len = 0;
	add_header(&l, 1, 0x2000, 0x1fff);
	check_lime_fails(&l, PAGEOWNER_ECORRUPT, "LiME header at 0x0: memory from 0x2000 to 0x1fff");
	l.len = 0;
	add_header(&l, 1, 0, UINT64_MAX);
	check_lime_fails(&l, PAGEOWNER_ECORRUPT,
			 "LiME header at 0x0: memory from 0x0 to 0xffffffffffffffff");
	l.len = 0;
	add_range(&l, 1, 0, PAGE);
	add_header(&l, 1, 0x1000, 1ull << 56);
	check_lime_fails(&l, PAGEOWNER_ECORRUPT,
			 "LiME header at 0x1020: memory from 0x1000 to 0x100000000000000");
	l.len = 0;		/* as much as there can be */
	add_header(&l, 1, 0, (1ull << 56) - 1);
	struct po_image *img = lime_ok(&l);
	CHECK(img && img->truncated && img->bytes_held == 0 && img->max_paddr == 1ull << 56);
	if (img)
		check_cause(img, 12345, PO_TRUNCATED, 0);
	po_image_close(img);
}

TEST(lime_ranges_that_overlap)
{
	struct lime l = { .len = 0 };

	add_range(&l, 1, 0x1000, 2 * PAGE);
	add_range(&l, 2, 0x2000, 2 * PAGE);
	struct po_image *img = lime_ok(&l);
	if (!img)
		return;
	CHECK(notice_has(img, "several ranges give 4 KiB of memory, the first of them is used"));
	check_bytes(img, 0x1000, 1, 0, 2 * PAGE);
	check_bytes(img, 0x3000, 2, PAGE, PAGE);
	CHECK_INT(img->bytes_held, 3 * PAGE);
	po_image_close(img);
}

/* Whatever the headers say: it opens or it fails, and what opened can be read. */
TEST(lime_damaged_at_random)
{
	uint32_t seed = 1;
	unsigned opened = 0;

	for (unsigned round = 0; round < 500; round++) {
		struct lime l = { .len = 0 };
		struct po_image *img;
		uint64_t from = 0, start, len;
		uint8_t buf[256];
		size_t done;

		add_range(&l, 1, 0x1000, PAGE / 2);
		add_range(&l, 2, 0x40000000, PAGE);
		for (unsigned i = 0; i < 3; i++) {
			seed = seed * 1664525 + 1013904223;
			unsigned at = (seed >> 8) % 64;
			l.bytes[at < 32 ? at + 4 * (at < 4) : PAGE / 2 + at] = (uint8_t)(seed >> 24);
		}
		seed = seed * 1664525 + 1013904223;
		if (seed >> 31)
			l.len -= (seed >> 8) % l.len;
		if (open_lime(&l, &img, NULL) < 0)
			continue;
		opened++;
		for (unsigned i = 0; i < 8 && img->ops->next_range(img, from, &start, &len) == 1; i++) {
			(void)po_image_read(img, start, buf, sizeof(buf), &done, NULL);
			(void)po_image_read(img, start + len - 1, buf, sizeof(buf), &done, NULL);
			CHECK(len != 0 && start + len > from);
			from = start + len;
		}
		po_image_close(img);
	}
	printf("# %u of 500 opened\n", opened);
	CHECK(opened > 50);
}

TEST(lime_is_one_file)
{
	struct pageowner_error err = { 0 };
	struct po_image *img = NULL;
	struct lime l = { .len = 0 };

	add_range(&l, 1, 0, PAGE);
	const char *path = make_bytes("a.lime", l.bytes, l.len);
	const char *paths[] = { path, path };
	CHECK_INT(po_image_open(paths, 2, &img, &err), PAGEOWNER_EINVAL);
	CHECK(strstr(err.text, "a.lime: a LiME image is one file, but 2 were given"));
	CHECK(img == NULL);
}
