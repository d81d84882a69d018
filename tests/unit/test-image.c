/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Images: ELF cores of every shape, flattened streams, damaged ones. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness.h"
#include "image/image.h"

#define PAGE 4096u

/* --- files ----------------------------------------------------------------------------------- */

struct blob {
	uint8_t *at;
	size_t len;
};

static struct blob blob_new(size_t len)
{
	struct blob b = { .at = calloc(1, len), .len = len };

	if (!b.at)
		abort();
	return b;
}

/* Written to a file that is gone when the test is: the path lives until the next call but seven. */
static const char *write_file(const struct blob *b)
{
	static char paths[8][64];
	static unsigned next;
	char *path = paths[next++ % 8];

	(void)snprintf(path, sizeof(paths[0]), "/tmp/test-image-XXXXXX");
	int fd = mkstemp(path);
	if (fd < 0 || write(fd, b->at, b->len) != (ssize_t)b->len)
		abort();
	close(fd);
	return path;
}

static int open_one(const char *path, struct po_image **img, struct pageowner_error *err)
{
	*img = NULL;
	return po_image_open(&path, 1, img, err);
}

static int open_blob(const struct blob *b, struct po_image **img, struct pageowner_error *err)
{
	const char *path = write_file(b);
	int rc = open_one(path, img, err);

	unlink(path);
	return rc;
}

/* Opens, and checks that this failed with code and with words in the text. */
static void check_fails(const struct blob *b, int code, const char *words)
{
	struct pageowner_error err = { 0 };
	struct po_image *img;

	CHECK_INT(open_blob(b, &img, &err), code);
	if (!CHECK(strstr(err.text, words) != NULL))
		CHECK_STR(err.text, words);
	CHECK(strncmp(err.text, "open dump: /tmp/", 16) == 0);
	CHECK(img == NULL);
	po_image_close(img);
}

static void put(uint8_t *at, uint64_t v, unsigned bytes, bool big)
{
	for (unsigned i = 0; i < bytes; i++)
		at[big ? bytes - 1 - i : i] = (uint8_t)(v >> (8 * i));
}

/* --- ELF ------------------------------------------------------------------------------------- */

struct seg {
	uint32_t type;
	uint64_t offset, paddr, filesz, memsz;
};

struct elf {
	bool big, class32;
	uint16_t machine;
	uint64_t phoff;			/* 0: after the header */
	uint32_t phnum;			/* 0: as many as there are */
	struct seg seg[8];
};

static unsigned nr_segs(const struct elf *spec)
{
	unsigned n = 0;

	while (n < 8 && spec->seg[n].type)
		n++;
	return n;
}

static void put_phdr(uint8_t *p, const struct elf *spec, const struct seg *s)
{
	bool big = spec->big;

	put(p, s->type, 4, big);
	if (spec->class32) {
		put(p + 4, s->offset, 4, big);
		put(p + 12, s->paddr, 4, big);
		put(p + 16, s->filesz, 4, big);
		put(p + 20, s->memsz, 4, big);
	} else {
		put(p + 8, s->offset, 8, big);
		put(p + 24, s->paddr, 8, big);
		put(p + 32, s->filesz, 8, big);
		put(p + 40, s->memsz, 8, big);
	}
}

/* The bytes of the file at offset o: never 0, different on each page. */
static uint8_t pattern(size_t o)
{
	return (uint8_t)(1 + (o / PAGE * 31 + o) % 251);
}

static struct blob make_elf(const struct elf *spec, size_t len)
{
	struct blob b = blob_new(len);
	bool big = spec->big, c32 = spec->class32;
	unsigned n = nr_segs(spec), ehdr = c32 ? 52 : 64, phdr = c32 ? 32 : 56;
	uint64_t phoff = spec->phoff ? spec->phoff : ehdr;
	unsigned tail = c32 ? 40 : 52;

	for (size_t i = PAGE; i < len; i++)
		b.at[i] = pattern(i);
	memcpy(b.at, "\177ELF", 4);
	b.at[4] = c32 ? 1 : 2;
	b.at[5] = big ? 2 : 1;
	b.at[6] = 1;
	put(b.at + 16, 4, 2, big);
	put(b.at + 18, spec->machine, 2, big);
	put(b.at + (c32 ? 28 : 32), phoff, c32 ? 4 : 8, big);
	put(b.at + tail, ehdr, 2, big);
	put(b.at + tail + 2, phdr, 2, big);
	put(b.at + tail + 4, spec->phnum ? spec->phnum : n, 2, big);
	for (unsigned i = 0; i < n; i++)
		if (phoff + (i + 1) * phdr <= len)
			put_phdr(b.at + phoff + i * phdr, spec, &spec->seg[i]);
	return b;
}

static bool is_file_data(const uint8_t *buf, size_t offset, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (buf[i] != pattern(offset + i))
			return false;
	return true;
}

/* memory at paddr is the file's bytes at offset */
static void check_data(struct po_image *img, uint64_t paddr, size_t offset, size_t len)
{
	uint8_t *buf = malloc(len);
	size_t done, zeroed;

	CHECK_INT(po_image_read(img, paddr, buf, len, &done, &zeroed), PO_HAVE);
	CHECK_INT(done, len);
	CHECK_INT(zeroed, 0);
	CHECK(is_file_data(buf, offset, len));
	free(buf);
}

static void check_cause(struct po_image *img, uint64_t paddr, enum po_cause cause, size_t done)
{
	uint8_t buf[64];
	size_t got;

	CHECK_INT(po_image_read(img, paddr, buf, sizeof(buf), &got, NULL), cause);
	CHECK_INT(got, done);
}

static void check_range(struct po_image *img, uint64_t from, uint64_t start, uint64_t len)
{
	uint64_t s = 0, l = 0;

	CHECK_INT(img->ops->next_range(img, from, &s, &l), len != 0);
	CHECK_INT(s, start);
	CHECK_INT(l, len);
}

/* Two segments that touch and one apart, out of order. */
static const struct elf plain = {
	.machine = 62,
	.seg = {
		{ 1, 5 * PAGE, 0x200000, 2 * PAGE, 2 * PAGE },
		{ 1, 3 * PAGE, 0x101000, 2 * PAGE, 2 * PAGE },
		{ 1, 2 * PAGE, 0x100000, PAGE, PAGE },
		{ 1, PAGE, UINT64_MAX, PAGE, PAGE },
	},
};

static void check_plain(const struct elf *spec, const char *machine)
{
	struct pageowner_error err = { 0 };
	struct po_image *img;
	struct blob b = make_elf(spec, 7 * PAGE);

	if (!CHECK_INT(open_blob(&b, &img, &err), 0)) {
		CHECK_STR(err.text, "");
		free(b.at);
		return;
	}
	if (machine)
		CHECK_STR(img->machine, machine);
	else
		CHECK(img->machine == NULL);
	CHECK_STR(img->description, "ELF core, 3 segments");
	CHECK(img->notices == NULL);
	CHECK(!img->truncated && !img->filtered && img->copies_well);
	CHECK_INT(img->bytes_present, 5 * PAGE);
	CHECK_INT(img->bytes_held, 5 * PAGE);
	CHECK_INT(img->max_paddr, 0x202000);
	check_data(img, 0x100000, 2 * PAGE, 3 * PAGE);
	check_data(img, 0x100ffe, 3 * PAGE - 2, 4);
	check_data(img, 0x201fff, 7 * PAGE - 1, 1);
	check_cause(img, 0xfffff, PO_HOLE, 0);
	check_cause(img, 0x102ff0, PO_HOLE, 16);
	check_cause(img, UINT64_MAX, PO_HOLE, 0);
	check_range(img, 0, 0x100000, 3 * PAGE);
	check_range(img, 0x100800, 0x100000, 3 * PAGE);
	check_range(img, 0x103000, 0x200000, 2 * PAGE);
	check_range(img, 0x202000, 0, 0);
	po_image_close(img);
	free(b.at);
}

TEST(elf_of_both_classes_and_byte_orders)
{
	struct elf spec = plain;

	check_plain(&spec, "x86_64");
	spec.machine = 3;	/* as QEMU: a 64-bit core of an i386 guest */
	check_plain(&spec, "i386");
	spec.big = true;
	spec.machine = 21;
	check_plain(&spec, NULL);
	spec.class32 = true;
	spec.machine = 40;
	check_plain(&spec, "arm");
	spec.big = false;
	spec.machine = 183;
	check_plain(&spec, "arm64");
}

TEST(elf_program_headers_anywhere)
{
	struct elf spec = plain;

	spec.phoff = 192;
	check_plain(&spec, "x86_64");
	spec.phoff = PAGE + 8;
	check_plain(&spec, "x86_64");
}

TEST(elf_map_borrows_what_is_contiguous)
{
	struct pageowner_error err = { 0 };
	struct po_image *img;
	struct blob b = make_elf(&plain, 7 * PAGE);
	size_t len = 100 * PAGE;

	CHECK_INT(open_blob(&b, &img, &err), 0);
	const uint8_t *p = img->ops->map(img, 0x101010, &len);
	CHECK(p != NULL);
	CHECK_INT(len, 2 * PAGE - 16);
	CHECK(p && is_file_data(p, 3 * PAGE + 16, len));
	len = 8;
	CHECK(img->ops->map(img, 0x300000, &len) == NULL);
	len = 0;
	CHECK(img->ops->map(img, 0x101000, &len) == NULL);
	po_image_close(img);
	free(b.at);
}

TEST(elf_clone_outlives_the_first)
{
	struct pageowner_error err = { 0 };
	struct po_image *img, *copy = NULL;
	struct blob b = make_elf(&plain, 7 * PAGE);

	CHECK_INT(open_blob(&b, &img, &err), 0);
	CHECK_INT(po_image_clone(img, &copy, &err), 0);
	po_image_close(img);
	CHECK_STR(copy->description, "ELF core, 3 segments");
	CHECK(copy->notices == NULL);
	check_data(copy, 0x100000, 2 * PAGE, 3 * PAGE);
	po_image_close(copy);
	free(b.at);
}

TEST(elf_dropped_pages_read_as_zeros)
{
	const struct elf spec = { .seg = { { 1, PAGE, 0x10000, PAGE, 3 * PAGE },
					   { 1, 2 * PAGE, 0x13000, PAGE, PAGE } } };
	struct pageowner_error err = { 0 };
	struct blob b = make_elf(&spec, 3 * PAGE);
	struct po_image *img;
	uint8_t buf[8];
	size_t done, zeroed;

	CHECK_INT(open_blob(&b, &img, &err), 0);
	CHECK(img->filtered && !img->truncated);
	CHECK(img->notices == NULL);
	CHECK_INT(img->bytes_held, 2 * PAGE);
	CHECK_INT(img->bytes_present, 4 * PAGE);
	/* the op itself gives real and dropped bytes in separate calls */
	CHECK_INT(img->ops->read(img, 0x10ffc, buf, 8, &done), PO_HAVE);
	CHECK_INT(done, 4);
	CHECK_INT(img->ops->read(img, 0x12ffc, buf, 8, &done), PO_ZEROED);
	CHECK_INT(done, 4);
	memset(buf, 0xff, sizeof(buf));
	CHECK_INT(po_image_read(img, 0x10ffc, buf, 8, &done, &zeroed), PO_HAVE);
	CHECK_INT(done, 8);
	CHECK_INT(zeroed, 4);
	CHECK(is_file_data(buf, 2 * PAGE - 4, 4) && memcmp(buf + 4, "\0\0\0\0", 4) == 0);
	CHECK_INT(po_image_read(img, 0x12ffc, buf, 8, &done, &zeroed), PO_HAVE);
	CHECK(is_file_data(buf + 4, 2 * PAGE, 4) && zeroed == 4);
	check_range(img, 0, 0x10000, 4 * PAGE);
	po_image_close(img);
	free(b.at);
}

TEST(elf_cut_off_is_told_and_kept_apart)
{
	struct pageowner_error err = { 0 };
	struct blob b = make_elf(&plain, 7 * PAGE);
	struct po_image *img;

	b.len = 5 * PAGE + 100;
	CHECK_INT(open_blob(&b, &img, &err), 0);
	CHECK(img->truncated && !img->filtered);
	CHECK(img->notices && strstr(img->notices, "file ends at 0x5064, 7.9 KiB of 20 KiB of "
				     "memory are missing\n"));
	CHECK_INT(img->bytes_held, 3 * PAGE + 100);
	CHECK_INT(img->bytes_present, 5 * PAGE);
	check_data(img, 0x100000, 2 * PAGE, 3 * PAGE);
	check_cause(img, 0x200000 + 80, PO_TRUNCATED, 20);
	check_cause(img, 0x201000, PO_TRUNCATED, 0);
	check_cause(img, 0x202000, PO_HOLE, 0);
	size_t len = PAGE;
	CHECK(img->ops->map(img, 0x201000, &len) == NULL);
	po_image_close(img);
	free(b.at);
}

TEST(elf_cut_off_in_the_headers_is_an_error)
{
	struct blob b = make_elf(&plain, 7 * PAGE);

	b.len = 64 + 3 * 56;
	check_fails(&b, PAGEOWNER_ECORRUPT, "truncated: the table of 4 program headers at 0x40");
	b.len = 40;
	check_fails(&b, PAGEOWNER_ECORRUPT, "ELF header at 0x0: lost where the file was cut off");
	free(b.at);
}

TEST(elf_overlaps_with_the_same_bytes_are_silent)
{
	/* the text of a kernel, described once more as in /proc/vmcore, and one page of it twice */
	const struct elf spec = { .seg = { { 1, 2 * PAGE, 0x11000, PAGE, PAGE },
					   { 1, PAGE, 0x10000, 4 * PAGE, 4 * PAGE } } };
	struct pageowner_error err = { 0 };
	struct blob b = make_elf(&spec, 6 * PAGE);
	struct po_image *img;

	CHECK_INT(open_blob(&b, &img, &err), 0);
	CHECK(img->notices == NULL);
	CHECK_STR(img->description, "ELF core, 2 segments, 4 KiB described twice");
	CHECK_INT(img->bytes_present, 4 * PAGE);
	check_data(img, 0x10000, PAGE, 4 * PAGE);
	check_range(img, 0, 0x10000, 4 * PAGE);
	po_image_close(img);
	free(b.at);
}

TEST(elf_overlaps_that_differ_are_told_and_the_first_wins)
{
	const struct elf spec = { .seg = { { 1, 4 * PAGE, 0x11000, PAGE, PAGE },
					   { 1, PAGE, 0x10000, 3 * PAGE, 3 * PAGE } } };
	struct pageowner_error err = { 0 };
	struct blob b = make_elf(&spec, 5 * PAGE);
	struct po_image *img;

	CHECK_INT(open_blob(&b, &img, &err), 0);
	CHECK(img->notices && strstr(img->notices, "program headers 0 and 1 give different bytes "
				     "for 0x11000, the former's are used\n"));
	check_data(img, 0x10000, PAGE, PAGE);
	check_data(img, 0x11000, 4 * PAGE, PAGE);
	check_data(img, 0x12000, 3 * PAGE, PAGE);
	po_image_close(img);
	free(b.at);
}

TEST(elf_overlap_prefers_bytes_over_dropped_ones)
{
	const struct elf spec = { .seg = { { 1, PAGE, 0x10000, 0, 3 * PAGE },
					   { 1, 2 * PAGE, 0x11000, PAGE, PAGE } } };
	struct pageowner_error err = { 0 };
	struct blob b = make_elf(&spec, 3 * PAGE);
	struct po_image *img;

	CHECK_INT(open_blob(&b, &img, &err), 0);
	check_data(img, 0x11000, 2 * PAGE, PAGE);
	CHECK_INT(img->bytes_held, PAGE);
	CHECK_INT(img->bytes_present, 3 * PAGE);
	po_image_close(img);
	free(b.at);
}

TEST(elf_with_more_than_65535_headers)
{
	enum { NR = 70000 };
	struct elf spec = { .phnum = 0xffff, .machine = 62 };
	struct pageowner_error err = { 0 };
	size_t table = 128, data = table + (size_t)NR * 56;
	struct blob b = make_elf(&spec, data + PAGE);
	struct po_image *img;

	memset(b.at + 64, 0, data - 64);
	put(b.at + 32, table, 8, false);
	put(b.at + 40, 64, 8, false);		/* e_shoff */
	put(b.at + 64 + 44, NR, 4, false);	/* sh_info */
	for (unsigned i = 0; i < NR; i++) {	/* 16 bytes of memory each, from high to low */
		const struct seg s = { 1, data + i % 256 * 16, 0x1000000 - 16 * (uint64_t)i, 16,
				       16 };
		put_phdr(b.at + table + (size_t)i * 56, &spec, &s);
	}
	CHECK_INT(open_blob(&b, &img, &err), 0);
	CHECK_STR(img->description, "ELF core, 70000 segments");
	CHECK_INT(img->bytes_present, NR * 16);
	check_data(img, 0x1000000 - 16 * 69999, data + 69999 % 256 * 16, 16);
	check_data(img, 0x1000000, data, 16);
	po_image_close(img);
	put(b.at + 40, b.len - 8, 8, false);
	check_fails(&b, PAGEOWNER_ECORRUPT, "section header 0 at 0x");
	put(b.at + 40, 0, 8, false);
	check_fails(&b, PAGEOWNER_ECORRUPT, "there is none");
	free(b.at);
}

TEST(elf_with_absurd_numbers_is_refused)
{
	struct elf spec = plain;
	struct blob b;

	spec.seg[1].memsz = UINT64_MAX - 0x1000;
	b = make_elf(&spec, 7 * PAGE);
	check_fails(&b, PAGEOWNER_ECORRUPT, "program header 1: 0xffffffffffffefff bytes of memory");
	free(b.at);
	spec = plain;
	spec.seg[2].offset = UINT64_MAX - 5;
	b = make_elf(&spec, 7 * PAGE);
	check_fails(&b, PAGEOWNER_ECORRUPT, "program header 2");
	put(b.at + 54, 8, 2, false);
	check_fails(&b, PAGEOWNER_ECORRUPT, "program headers of 8 bytes");
	put(b.at + 54, 56, 2, false);
	put(b.at + 32, UINT64_MAX - 7, 8, false);
	check_fails(&b, PAGEOWNER_ECORRUPT, "truncated: the table");
	put(b.at + 56, 0, 2, false);
	check_fails(&b, PAGEOWNER_ECORRUPT, "no program headers");
	free(b.at);
}

TEST(elf_core_of_a_process_is_refused)
{
	struct elf spec = plain;

	for (unsigned i = 0; i < 4; i++)
		spec.seg[i].paddr = 0;
	struct blob b = make_elf(&spec, 7 * PAGE);
	check_fails(&b, PAGEOWNER_EFORMAT, "core of a process");
	free(b.at);
	spec.seg[0].type = 2;
	spec.seg[1].type = 0;
	b = make_elf(&spec, 7 * PAGE);
	check_fails(&b, PAGEOWNER_EFORMAT, "without memory at physical addresses");
	free(b.at);
}

/* A note; returns its length. */
static size_t put_note(uint8_t *at, const char *name, const char *desc, uint32_t len)
{
	put(at, strlen(name) + 1, 4, false);
	put(at + 4, len, 4, false);
	memcpy(at + 12, name, strlen(name) + 1);
	size_t d = 12 + (strlen(name) + 4) / 4 * 4;
	memcpy(at + d, desc, len);
	return d + (len + 3) / 4 * 4;
}

TEST(elf_vmcoreinfo_is_found_among_notes)
{
	struct elf spec = plain;
	struct pageowner_error err = { 0 };
	struct po_image *img;

	spec.seg[4] = (struct seg){ 4, 1024, 0, 2048, 0 };
	struct blob b = make_elf(&spec, 7 * PAGE);
	size_t n = 1024;
	n += put_note(b.at + n, "CORE", "12345", 5);
	n += put_note(b.at + n, "VMCOREINFO_XEN", "no", 2);
	size_t last = n;
	put_note(b.at + n, "VMCOREINFO", "OSRELEASE=6.1\n\0\0\0", 17);
	CHECK_INT(open_blob(&b, &img, &err), 0);
	CHECK_STR(img->vmcoreinfo, "OSRELEASE=6.1\n");
	CHECK_INT(img->vmcoreinfo_len, 14);
	po_image_close(img);
	/* a length that leads out of the segment, and out of everything */
	put(b.at + last + 4, 5000, 4, false);
	CHECK_INT(open_blob(&b, &img, &err), 0);
	CHECK(img->vmcoreinfo == NULL);
	po_image_close(img);
	put(b.at + 1024, UINT32_MAX, 4, false);
	put(b.at + 1028, UINT32_MAX, 4, false);
	CHECK_INT(open_blob(&b, &img, &err), 0);
	CHECK(img->vmcoreinfo == NULL);
	po_image_close(img);
	free(b.at);
}

/* --- flattened streams ----------------------------------------------------------------------- */

static size_t put_record(struct blob *b, size_t at, uint64_t offset, const void *bytes, size_t len)
{
	put(b->at + at, offset, 8, true);
	put(b->at + at + 8, len, 8, true);
	if (bytes)
		memcpy(b->at + at + 16, bytes, len);
	return at + 16 + len;
}

/*
 * Pages of file from last to first, each after some rubbish that it overwrites; then the end
 * mark.
 */
static struct blob flatten(const struct blob *file)
{
	struct blob b = blob_new(file->len + file->len / PAGE * 64 + 3 * PAGE);
	size_t at = PAGE;

	memcpy(b.at, "makedumpfile", 12);
	put(b.at + 16, 1, 8, true);
	put(b.at + 24, 1, 8, true);
	for (size_t page = file->len / PAGE; page-- > 0;) {
		at = put_record(&b, at, page * PAGE + 100, "rubbish", 7);
		at = put_record(&b, at, page * PAGE, file->at + page * PAGE, PAGE);
	}
	at = put_record(&b, at, UINT64_MAX, NULL, 0);
	put(b.at + at - 8, UINT64_MAX, 8, true);
	b.len = at;
	return b;
}

TEST(flattened_elf_is_put_in_order)
{
	struct pageowner_error err = { 0 };
	struct blob file = make_elf(&plain, 7 * PAGE), b = flatten(&file);
	struct po_image *img;

	CHECK_INT(open_blob(&b, &img, &err), 0);
	CHECK_STR(img->description, "flattened ELF core, 3 segments");
	CHECK(img->notices && strstr(img->notices, ": flattened, put in order in a temporary file "));
	CHECK(!img->truncated);
	check_data(img, 0x100000, 2 * PAGE, 3 * PAGE);
	po_image_close(img);
	free(b.at);
	free(file.at);
}

TEST(flattened_stream_without_end_is_told)
{
	struct pageowner_error err = { 0 };
	struct blob file = make_elf(&plain, 7 * PAGE), b = flatten(&file);
	struct po_image *img;

	b.len -= 16;
	CHECK_INT(open_blob(&b, &img, &err), 0);
	CHECK(img->truncated);
	CHECK(img->notices && strstr(img->notices, "ends without its end mark"));
	check_data(img, 0x100000, 2 * PAGE, 3 * PAGE);
	po_image_close(img);
	/* the first page of the file is the last of the stream */
	b.len -= PAGE;
	check_fails(&b, PAGEOWNER_EFORMAT, "");
	free(b.at);
	free(file.at);
}

TEST(flattened_stream_that_is_cut_off_leaves_no_zeros)
{
	struct pageowner_error err = { 0 };
	struct blob file = make_elf(&plain, 7 * PAGE), b = blob_new(20 * PAGE);
	struct po_image *img;
	size_t at = PAGE;

	memcpy(b.at, "makedumpfile", 12);
	put(b.at + 16, 1, 8, true);
	at = put_record(&b, at, 0, file.at, 3 * PAGE);
	at = put_record(&b, at, 4 * PAGE, file.at + 4 * PAGE, 3 * PAGE);
	b.len = at;
	CHECK_INT(open_blob(&b, &img, &err), 0);
	check_data(img, 0x100000, 2 * PAGE, PAGE);
	check_cause(img, 0x100ff0, PO_TRUNCATED, 16);
	check_data(img, 0x102000, 4 * PAGE, PAGE);
	po_image_close(img);
	free(b.at);
	free(file.at);
}

TEST(flattened_record_at_an_absurd_place_is_refused)
{
	struct blob file = make_elf(&plain, 7 * PAGE), b = flatten(&file);

	put(b.at + PAGE, INT64_MAX - 3, 8, true);
	check_fails(&b, PAGEOWNER_ECORRUPT, "flattened record at 0x1000: 0x7 bytes for 0x7fff");
	put(b.at + PAGE, 0, 8, true);
	put(b.at + PAGE + 8, UINT64_MAX - 1, 8, true);
	check_fails(&b, PAGEOWNER_ECORRUPT, "flattened record");
	b.len = PAGE;
	check_fails(&b, PAGEOWNER_EFORMAT, "the flattened dump is empty");
	free(b.at);
	free(file.at);
}

TEST(flattened_dump_in_a_flattened_dump_is_refused)
{
	struct blob file = make_elf(&plain, 7 * PAGE), once = flatten(&file), twice;

	once.len = (once.len + PAGE - 1) / PAGE * PAGE;
	twice = flatten(&once);
	check_fails(&twice, PAGEOWNER_EFORMAT, "inside a flattened dump");
	free(twice.at);
	free(once.at);
	free(file.at);
}

/* --- damage ---------------------------------------------------------------------------------- */

static uint64_t random_next(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* Whatever opens must answer, and its ranges must come to an end. */
static void exercise(struct po_image *img, uint64_t *state)
{
	uint64_t from = 0, start, len;
	uint8_t buf[3 * PAGE / 2];
	size_t done;

	for (unsigned i = 0; i < 50 && img->ops->next_range(img, from, &start, &len) == 1; i++) {
		size_t want = PAGE;
		CHECK(len != 0 && start + len > from);
		(void)po_image_read(img, start, buf, sizeof(buf), &done, NULL);
		CHECK(done <= sizeof(buf));
		(void)po_image_read(img, start + random_next(state) % len, buf, 100, &done, NULL);
		(void)po_image_read(img, start + len - 1, buf, 100, &done, NULL);
		const uint8_t *p = img->ops->map ? img->ops->map(img, start, &want) : NULL;
		if (p)
			memcpy(buf, p, want);
		from = start + len;
	}
}

static void damage(const struct blob *good, size_t header, unsigned rounds)
{
	struct blob bad = blob_new(good->len);
	uint64_t state = 0x9e3779b97f4a7c15;
	unsigned opened = 0;

	for (unsigned i = 0; i < rounds; i++) {
		struct pageowner_error err = { 0 };
		struct po_image *img;
		memcpy(bad.at, good->at, good->len);
		bad.len = good->len;
		for (unsigned n = 1 + random_next(&state) % 4; n; n--) {
			uint64_t r = random_next(&state);
			size_t at = random_next(&state) % header;
			memset(bad.at + at, r % 3 ? (int)(r >> 8 & 0xff) : r % 2 ? 0xff : 0,
			       r % 5 ? 1 : 4);
		}
		if (random_next(&state) % 8 == 0)
			bad.len = 1 + random_next(&state) % good->len;
		if (open_blob(&bad, &img, &err) < 0) {
			CHECK(err.code < 0 && err.text[0]);
			continue;
		}
		opened++;
		exercise(img, &state);
		po_image_close(img);
	}
	printf("# %u of %u opened\n", opened, rounds);
	free(bad.at);
}

TEST(damaged_headers_do_no_harm)
{
	struct elf spec = plain;

	spec.seg[4] = (struct seg){ 4, 512, 0, 512, 0 };
	struct blob file = make_elf(&spec, 7 * PAGE);
	put_note(file.at + 512, "VMCOREINFO", "OSRELEASE=6.1\n", 14);
	damage(&file, 600, 2000);
	struct blob flat = flatten(&file);
	damage(&flat, flat.len, 1000);
	free(flat.at);
	free(file.at);
}
