/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Images: files that are none, the caller's own functions, and kdump files made by dumptool. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"
#include "image/image.h"

#define PAGE 4096u

/* libkdumpfile keeps what belongs to an open that failed: see kdump.c. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libkdumpfile\n";
}

static char dir[32];

/* The path of a file of that name; lives as long as the program. */
static const char *in_dir(const char *name)
{
	static char paths[32][64];
	static unsigned nr;

	if (!dir[0]) {
		memcpy(dir, "/tmp/test-image-XXXXXX", 23);
		if (!mkdtemp(dir))
			abort();
	}
	for (unsigned i = 0; i < nr; i++)
		if (strcmp(paths[i] + strlen(dir) + 1, name) == 0)
			return paths[i];
	if (nr == 32)
		abort();
	(void)snprintf(paths[nr], sizeof(paths[nr]), "%s/%s", dir, name);
	return paths[nr++];
}

__attribute__((destructor)) static void remove_dir(void)
{
	char command[64];

	if (!dir[0])
		return;
	(void)snprintf(command, sizeof(command), "rm -rf %s", dir);
	if (system(command) != 0)
		fprintf(stderr, "# %s remains\n", dir);
}

static const char *make_file(const char *name, const void *bytes, size_t len)
{
	const char *path = in_dir(name);
	FILE *f = fopen(path, "w");

	if (!f || (len && fwrite(bytes, len, 1, f) != 1) || fclose(f) != 0)
		abort();
	return path;
}

static void check_path_fails(const char *path, int code, const char *words)
{
	struct pageowner_error err = { 0 };
	struct po_image *img = NULL;
	char start[160];

	(void)snprintf(start, sizeof(start), "open dump: %s: %s", path, words);
	CHECK_INT(po_image_open(&path, 1, &img, &err), code);
	CHECK_INT(err.code, code);
	if (strncmp(err.text, start, strlen(start)) != 0)
		CHECK_STR(err.text, start);
	CHECK(img == NULL);
}

static void check_bytes_fail(const void *bytes, size_t len, int code, const char *words)
{
	uint8_t padded[1024] = { 0 };

	memcpy(padded, bytes, len);
	check_path_fails(make_file("x", padded, sizeof(padded)), code, words);
}

TEST(paths_that_are_no_files)
{
	check_path_fails(in_dir("none"), PAGEOWNER_EIO, "no such file or directory");
	check_path_fails(in_dir("."), PAGEOWNER_EINVAL, "is a directory");
	check_path_fails("/dev/null", PAGEOWNER_EINVAL, "is a character device");
	CHECK_INT(mkfifo(in_dir("fifo"), 0600), 0);
	check_path_fails(in_dir("fifo"), PAGEOWNER_EINVAL, "is a pipe");
	check_path_fails(make_file("empty", "", 0), PAGEOWNER_EFORMAT, "the file is empty");
	struct pageowner_error err = { 0 };
	struct po_image *img = NULL;
	CHECK_INT(po_image_open(NULL, 0, &img, &err), PAGEOWNER_EINVAL);
	CHECK_STR(err.text, "open dump: no file was named");
	CHECK_INT(po_image_open(NULL, 0, &img, NULL), PAGEOWNER_EINVAL);
}

TEST(path_without_permission)
{
	const char *path = make_file("secret", "x", 1);
	fflush(stdout);
	pid_t child = fork();

	if (child == 0) {	/* root may read everything, so somebody else tries */
		struct pageowner_error err = { 0 };
		struct po_image *img = NULL;
		char want[160];
		(void)snprintf(want, sizeof(want), "open dump: %s: permission denied", path);
		if (chmod(dir, 0755) || chmod(path, 0) || (getuid() == 0 && setuid(65534)))
			_exit(2);
		int rc = po_image_open(&path, 1, &img, &err);
		_exit(rc == PAGEOWNER_EIO && strcmp(err.text, want) == 0 ? 0 : 1);
	}
	int status = -1;
	CHECK(waitpid(child, &status, 0) == child);
	CHECK_INT(status, 0);
}

TEST(files_that_are_something_else)
{
	check_bytes_fail("\x1f\x8b\x08", 3, PAGEOWNER_EFORMAT,
			 "not a dump: first bytes look like gzip data; unpack it first");
	check_bytes_fail("\xfd" "7zXZ", 6, PAGEOWNER_EFORMAT,
			 "not a dump: first bytes look like xz data");
	check_bytes_fail("\x28\xb5\x2f\xfd", 4, PAGEOWNER_EFORMAT,
			 "not a dump: first bytes look like zstd data");
	check_bytes_fail("QEVM", 4, PAGEOWNER_EUNSUPP,
			 "a saved QEMU machine (savevm): recognised, not supported");
	check_bytes_fail("\177ELF\2\1\1\0\0\0\0\0\0\0\0\0\2\0", 18, PAGEOWNER_EFORMAT,
			 "not a dump: an ELF executable (a vmlinux?), not a core");
	check_bytes_fail("\177ELF\1\2\1\0\0\0\0\0\0\0\0\0\0\3", 18, PAGEOWNER_EFORMAT,
			 "not a dump: an ELF shared object, not a core");
	check_bytes_fail("\1\2\3", 3, PAGEOWNER_EFORMAT,
			 "not a dump of a known format: first bytes are 01 02 03 00");
	check_bytes_fail("KDUMP   ", 8, PAGEOWNER_ECORRUPT, "kdump header:");
	check_path_fails(make_file("text", "Dear reader,\n", 13), PAGEOWNER_EFORMAT,
			 "not a dump: text that begins with \"Dear reader,\"");
	check_path_fails(make_file("owner", "Page allocated via order 0,", 27), PAGEOWNER_EFORMAT,
			 "not a dump: first bytes look like the text of page_owner");
	check_path_fails(make_file("short", "KDUMP   ", 8), PAGEOWNER_EFORMAT,
			 "not a dump: first bytes look like the beginning of a kdump file");
}

/* --- the caller's functions ------------------------------------------------------------------ */

struct target {
	uint8_t memory[PAGE];
	int result;			/* of the next reads */
	size_t deliver;
	uint64_t range_len;
	unsigned released;
};

static int target_read(void *self, uint64_t paddr, void *buf, size_t len, size_t *done)
{
	struct target *t = self;
	size_t n = len < t->deliver ? len : t->deliver;

	if (paddr >= PAGE)
		return PAGEOWNER_READ_HOLE;
	if (n > PAGE - paddr)
		n = (size_t)(PAGE - paddr);
	memcpy(buf, t->memory + paddr, n);
	*done = t->deliver > PAGE ? t->deliver : n;
	return t->result;
}

static int target_range(void *self, uint64_t from, uint64_t *start, uint64_t *len)
{
	struct target *t = self;

	*start = 0;
	*len = t->range_len;
	return from < PAGE;
}

static void target_release(void *self)
{
	((struct target *)self)->released++;
}

static struct pageowner_source source_of(struct target *t)
{
	return (struct pageowner_source){
		.size = sizeof(struct pageowner_source), .self = t, .name = "a target",
		.read_phys = target_read, .next_range = target_range, .release = target_release,
	};
}

static void check_read(struct po_image *img, struct target *t, int result, size_t deliver,
		       enum po_cause cause, size_t done)
{
	uint8_t buf[100];
	size_t got = 77;

	t->result = result;
	t->deliver = deliver;
	CHECK_INT(img->ops->read(img, 0, buf, sizeof(buf), &got), cause);
	CHECK_INT(got, done);
}

TEST(source_is_believed_only_as_far_as_it_makes_sense)
{
	struct target t = { .range_len = PAGE };
	struct pageowner_source src = source_of(&t);
	struct pageowner_error err = { 0 };
	struct po_image *img = NULL, *copy = NULL;

	src.flags = PAGEOWNER_SOURCE_LIVE | PAGEOWNER_SOURCE_HAS_SLIDE;
	src.slide = 0x1000000;
	CHECK_INT(po_image_open_source(&src, &img, &err), 0);
	CHECK_STR(img->description, "memory of a target");
	CHECK(img->live && img->has_slide && img->slide == 0x1000000);
	CHECK_INT(img->bytes_present, PAGE);
	CHECK(img->ops->read_virt == NULL);
	CHECK_INT(po_image_clone(img, &copy, &err), PAGEOWNER_EUNSUPP);
	check_read(img, &t, PAGEOWNER_READ_OK, 100, PO_HAVE, 100);
	check_read(img, &t, PAGEOWNER_READ_OK, 40, PO_HAVE, 40);
	check_read(img, &t, PAGEOWNER_READ_OK, 0, PO_IOERR, 0);
	check_read(img, &t, PAGEOWNER_READ_OK, PAGE + 1, PO_IOERR, 0);
	check_read(img, &t, PAGEOWNER_READ_EXCLUDED, 40, PO_EXCLUDED, 40);
	check_read(img, &t, PAGEOWNER_READ_HOLE, 0, PO_HOLE, 0);
	check_read(img, &t, PAGEOWNER_READ_TRUNCATED, 99, PO_TRUNCATED, 99);
	check_read(img, &t, PAGEOWNER_READ_ERROR, 1, PO_IOERR, 1);
	check_read(img, &t, 12345, 1, PO_IOERR, 1);
	uint64_t start, len;
	CHECK_INT(img->ops->next_range(img, 10, &start, &len), 1);
	t.range_len = 5;	/* ends below: would come again for ever */
	CHECK_INT(img->ops->next_range(img, 10, &start, &len), 0);
	CHECK_INT(t.released, 0);
	po_image_close(img);
	CHECK_INT(t.released, 1);
}

TEST(source_that_translates_by_itself)
{
	struct target t = { .deliver = PAGE, .memory = { 1, 2, 3 } };
	struct pageowner_source src = source_of(&t);
	struct po_image *img = NULL;
	uint8_t buf[3];
	size_t done;

	src.read_virt = src.read_phys;
	src.read_phys = NULL;
	src.next_range = NULL;
	src.release = NULL;
	CHECK_INT(po_image_open_source(&src, &img, NULL), 0);
	CHECK_INT(img->ops->read_virt(img, 0, buf, 3, &done), PO_HAVE);
	CHECK(done == 3 && buf[2] == 3);
	CHECK_INT(img->ops->read(img, 0, buf, 3, &done), PO_HOLE);
	CHECK_INT(done, 0);
	po_image_close(img);
}

TEST(source_that_is_refused_is_released)
{
	struct target t = { 0 };
	struct pageowner_source src = source_of(&t);
	struct pageowner_error err = { 0 };
	struct po_image *img = NULL;

	src.read_phys = NULL;
	CHECK_INT(po_image_open_source(&src, &img, &err), PAGEOWNER_EINVAL);
	CHECK_STR(err.text, "open source: a target: neither read_phys nor read_virt is set");
	CHECK_INT(t.released, 1);
	src = source_of(&t);
	src.flags = 0x80;
	CHECK_INT(po_image_open_source(&src, &img, &err), PAGEOWNER_EINVAL);
	CHECK_INT(t.released, 2);
	src.size = 8;
	CHECK_INT(po_image_open_source(&src, &img, &err), PAGEOWNER_EINVAL);
	CHECK_STR(err.text, "open source: struct of 8 bytes");
	CHECK(img == NULL);
}

/* --- kdump ----------------------------------------------------------------------------------- */

#define NR_PAGES 64u

/* A small core with one range of memory, whose pages compress and differ. */
static const char *make_core(void)
{
	size_t len = PAGE + (size_t)NR_PAGES * PAGE;
	uint8_t *b = calloc(1, len);

	if (!b)
		abort();
	memcpy(b, "\177ELF\2\1\1", 7);
	b[16] = 4;
	b[18] = 62;
	b[32] = 64;			/* e_phoff */
	b[52] = 64;
	b[54] = 56;
	b[56] = 1;
	b[64] = 1;			/* PT_LOAD */
	b[64 + 9] = PAGE >> 8;		/* at one page, for 1 MiB */
	b[64 + 26] = 0x10;
	b[64 + 33] = b[64 + 41] = (uint8_t)(NR_PAGES * PAGE >> 8);
	b[64 + 34] = b[64 + 42] = (uint8_t)(NR_PAGES * PAGE >> 16);
	for (size_t i = PAGE; i < len; i++)
		b[i] = i / PAGE % 4 == 3 ? 0 : (uint8_t)(i / PAGE * 7 + i % 5);
	const char *path = make_file("core", b, len);
	free(b);
	return path;
}

/* Run dumptool on the core; false: there is none, and the test is skipped. */
static bool dumptool(const char *out, const char *options)
{
	const char *tool = getenv("DUMPTOOL");
	char command[512];

	if (!tool) {
		test_skip("DUMPTOOL is not set");
		return false;
	}
	(void)snprintf(command, sizeof(command), "%s %s %s --to kdump %s", tool, make_core(), out,
		       options);
	return CHECK_INT(system(command), 0);
}

/* Pages of img that are the core's, or are missing for cause, by page. */
static unsigned count_pages(struct po_image *img, enum po_cause cause)
{
	const char *path = in_dir("core");
	struct po_image *core = NULL;
	uint8_t want[PAGE], got[PAGE];
	unsigned n = 0;
	size_t done;

	CHECK_INT(po_image_open(&path, 1, &core, NULL), 0);
	for (unsigned i = 0; i < NR_PAGES; i++) {
		uint64_t paddr = 0x100000 + (uint64_t)i * PAGE;
		enum po_cause c = po_image_read(img, paddr, got, PAGE, &done, NULL);
		CHECK_INT(po_image_read(core, paddr, want, PAGE, &done, NULL), PO_HAVE);
		if (c == PO_HAVE) {	/* again in pieces, from the cache */
			CHECK(memcmp(want, got, PAGE) == 0);
			CHECK_INT(img->ops->read(img, paddr + 8, got, 16, &done), PO_HAVE);
			CHECK_INT(img->ops->read(img, paddr + 9, got, 16, &done), PO_HAVE);
			CHECK(memcmp(want + 9, got, 16) == 0);
		}
		n += c == cause;
	}
	po_image_close(core);
	return n;
}

static struct po_image *open_ok(const char *const *paths, size_t nr)
{
	struct pageowner_error err = { 0 };
	struct po_image *img = NULL;

	if (!CHECK_INT(po_image_open(paths, nr, &img, &err), 0))
		CHECK_STR(err.text, "");
	return img;
}

TEST(kdump_of_every_codec)
{
	static const char *const options[] = {
		"--codec none", "--codec zlib", "--codec lzo", "--codec snappy", "--codec zstd",
		"--codec mixed", "--class 32", "--no-utsname", "--class 32 --no-utsname", "--flat",
		"--flat --class 32",
	};
	const char *out = in_dir("dump");

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		if (!dumptool(out, options[i]))
			return;
		struct po_image *img = open_ok(&out, 1), *copy = NULL;
		uint64_t start = 0, len = 0;
		if (!img)
			continue;
		printf("# %s: %s\n", options[i], img->description);
		CHECK_INT(img->page_size, PAGE);
		CHECK_INT(img->bytes_held, NR_PAGES * PAGE);
		CHECK(!img->truncated && !img->filtered);
		CHECK_INT(count_pages(img, PO_HAVE), NR_PAGES);
		CHECK_INT(img->ops->next_range(img, 0, &start, &len), 1);
		CHECK(start == 0x100000 && len == NR_PAGES * PAGE);
		CHECK_INT(img->ops->next_range(img, start + len, &start, &len), 0);
		CHECK_INT(po_image_clone(img, &copy, NULL), 0);
		po_image_close(img);
		CHECK_INT(count_pages(copy, PO_HAVE), NR_PAGES);
		po_image_close(copy);
	}
}

TEST(kdump_filtered_pages_are_excluded_and_others_holes)
{
	const char *out = in_dir("filtered");
	uint8_t b;
	size_t done;

	if (!dumptool(out, "--exclude-zero"))
		return;
	struct po_image *img = open_ok(&out, 1);
	if (!img)
		return;
	CHECK(img->filtered && !img->truncated && !img->notices);
	CHECK_INT(count_pages(img, PO_EXCLUDED), NR_PAGES / 4);
	CHECK_INT(img->ops->read(img, 0xfffff, &b, 1, &done), PO_HOLE);
	CHECK_INT(img->ops->read(img, UINT64_MAX, &b, 1, &done), PO_HOLE);
	po_image_close(img);
}

TEST(kdump_cut_off_is_told_page_by_page)
{
	const char *out = in_dir("cut");
	struct stat st;

	if (!dumptool(out, "--codec none"))
		return;
	CHECK_INT(stat(out, &st), 0);
	CHECK_INT(truncate(out, st.st_size - 10 * PAGE - 1), 0);
	struct po_image *img = open_ok(&out, 1);
	if (!img)
		return;
	CHECK(img->truncated);
	CHECK(img->notices && strstr(img->notices, ": file ends at 0x"));
	unsigned lost = count_pages(img, PO_TRUNCATED);
	CHECK(lost >= 11 && count_pages(img, PO_HAVE) == NR_PAGES - lost);
	CHECK_INT(img->bytes_held, (NR_PAGES - lost) * PAGE);
	po_image_close(img);
	CHECK_INT(truncate(out, 3 * PAGE), 0);
	check_path_fails(out, PAGEOWNER_ECORRUPT, "truncated: the page bitmap reaches to 0x");
}

TEST(kdump_split_set_in_any_order)
{
	if (!dumptool(in_dir("set"), "--split 3 --split-empty"))
		return;
	const char *parts[] = { in_dir("set.4"), in_dir("set.2"), in_dir("set.3"),
				in_dir("set.1") };
	struct po_image *img = open_ok(parts, 4);
	if (!img)
		return;
	CHECK(img->notices == NULL);
	CHECK_INT(count_pages(img, PO_HAVE), NR_PAGES);
	po_image_close(img);
}

TEST(kdump_split_set_with_a_part_missing)
{
	struct pageowner_error err = { 0 };

	if (!dumptool(in_dir("set"), "--split 3"))
		return;
	const char *parts[] = { in_dir("set.3"), in_dir("set.1"), in_dir("set.3") };
	struct po_image *img = open_ok(parts, 2);
	if (!img)
		return;
	CHECK(img->notices && strstr(img->notices, "part with pfn 0x"));
	CHECK(img->notices && strstr(img->notices, " is missing, and with it "));
	unsigned lost = count_pages(img, PO_HOLE);
	CHECK(lost > 15 && lost < 30);
	CHECK_INT(img->bytes_held, (NR_PAGES - lost) * PAGE);
	po_image_close(img);
	img = NULL;
	CHECK_INT(po_image_open(parts, 3, &img, &err), PAGEOWNER_EINVAL);
	CHECK(strstr(err.text, "another of the files also holds pfn 0x"));
}

TEST(kdump_parts_that_do_not_belong_together)
{
	struct pageowner_error err = { 0 };
	struct po_image *img = NULL;

	if (!dumptool(in_dir("set"), "--split 2") ||
	    !dumptool(in_dir("other"), "--split 2 --exclude-zero") ||
	    !dumptool(in_dir("whole"), ""))
		return;
	const char *mixed[] = { in_dir("set.1"), in_dir("other.2") };
	CHECK_INT(po_image_open(mixed, 2, &img, &err), PAGEOWNER_EINVAL);
	CHECK(strstr(err.text, "other.2: not a part of the same dump as"));
	mixed[1] = in_dir("whole");
	CHECK_INT(po_image_open(mixed, 2, &img, &err), PAGEOWNER_EINVAL);
	CHECK(strstr(err.text, "whole: a whole kdump file, but 2 files were given"));
	mixed[1] = in_dir("core");
	CHECK_INT(po_image_open(mixed, 2, &img, &err), PAGEOWNER_EINVAL);
	CHECK(strstr(err.text, "these are not parts of one dump"));
	CHECK(img == NULL);
}
