/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* /proc/kcore: program headers of all kinds in files of our own making, and why it cannot be opened. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness.h"
#include "image/image.h"
#include "image/kcore.h"
#include "base/load.h"

#define NONE UINT64_MAX
#define NOTES 0x1000u
#define DATA 0x4000u

struct seg {
	uint32_t type;
	uint64_t offset, vaddr, paddr, size;
};

static struct po_file file_of(FILE *f)
{
	struct po_file file = { .path = "kcore", .fd = fileno(f), .size = UINT64_MAX };
	ssize_t n;

	(void)fflush(f);
	n = pread(file.fd, file.head, sizeof(file.head), 0);
	file.head_len = n > 0 ? (size_t)n : 0;
	return file;
}

static void put(FILE *f, long at, uint64_t v, size_t bytes)
{
	(void)fseek(f, at, SEEK_SET);
	for (size_t i = 0; i < bytes; i++)
		(void)fputc((int)(v >> (8 * i) & 0xff), f);
}

static void put_header(FILE *f, unsigned class, unsigned machine, unsigned nr)
{
	const bool wide = class == 2;

	(void)fwrite("\177ELF", 4, 1, f);
	put(f, 4, class, 1);
	put(f, 5, 1, 1);
	put(f, 6, 1, 1);
	put(f, 16, 4, 2);
	put(f, 18, machine, 2);
	put(f, wide ? 32 : 28, wide ? 64 : 52, wide ? 8 : 4);
	put(f, wide ? 54 : 42, wide ? 56 : 32, 2);
	put(f, wide ? 56 : 44, nr, 2);
}

static void put_segment(FILE *f, unsigned class, unsigned i, const struct seg *s)
{
	if (class == 2) {
		long at = 64 + 56 * (long)i;
		put(f, at, s->type, 4);
		put(f, at + 8, s->offset, 8);
		put(f, at + 16, s->vaddr, 8);
		put(f, at + 24, s->paddr, 8);
		put(f, at + 32, s->size, 8);
		put(f, at + 40, s->size, 8);
	} else {
		long at = 52 + 32 * (long)i;
		put(f, at, s->type, 4);
		put(f, at + 4, s->offset, 4);
		put(f, at + 8, s->vaddr, 4);
		put(f, at + 12, s->paddr, 4);
		put(f, at + 16, s->size, 4);
		put(f, at + 20, s->size, 4);
	}
}

/* A kcore of these segments, whose data begins at DATA: byte i of it is i / 16. */
static FILE *make_core(unsigned class, const struct seg *seg, unsigned nr)
{
	FILE *f = tmpfile();

	if (!f)
		abort();
	put_header(f, class, class == 2 ? 62 : 3, nr);
	for (unsigned i = 0; i < nr; i++)
		put_segment(f, class, i, &seg[i]);
	(void)fseek(f, NOTES, SEEK_SET);
	(void)fwrite("\5\0\0\0\4\0\0\0\1\0\0\0CORE\0\0\0\0abcd", 24, 1, f);	/* as many bytes as any other note */
	(void)fwrite("\13\0\0\0\16\0\0\0\0\0\0\0VMCOREINFO\0\0OSRELEASE=9.9\n\0\0", 40, 1, f);
	for (unsigned i = 0; i < 0x3000; i++)
		put(f, DATA + (long)i, i / 16, 1);
	return f;
}

static struct po_image *open_core(FILE *f, int *rc, struct pageowner_error *err)
{
	struct po_file file = file_of(f);
	struct po_image *img = NULL;

	*rc = po_format_kcore.open(&file, 1, &img, err);
	return img;
}

/* The byte at an address, or -1: not there. */
static int virt(struct po_image *img, uint64_t kva)
{
	uint8_t b;
	size_t done = 0;

	return img->ops->read_virt(img, kva, &b, 1, &done) == PO_HAVE && done == 1 ? b : -1;
}

static int phys(struct po_image *img, uint64_t paddr)
{
	uint8_t b;
	size_t done = 0;

	return img->ops->read(img, paddr, &b, 1, &done) == PO_HAVE && done == 1 ? b : -1;
}

#define TEXT 0xffffffff81000000ull
#define DIRECT 0xffff888000000000ull
#define VMALLOC 0xffffc90000000000ull

static const struct seg usual[] = {
	{ 4, NOTES, 0, 0, 0x200 },
	{ 1, DATA, TEXT, 0x1000000, 0x1000 },
	{ 1, DATA + 0x1000, VMALLOC, NONE, 0x1000 },
	{ 1, DATA + 0x2000, DIRECT + 0x100000, 0x100000, 0x1000 },
};

TEST(addresses_of_both_kinds_are_read)
{
	struct pageowner_error err = { 0, "" };
	FILE *f = make_core(2, usual, 4);
	int rc;
	struct po_image *img = open_core(f, &rc, &err);

	if (!CHECK_INT(rc, PAGEOWNER_OK))
		return;
	CHECK(img->live);
	CHECK_STR(img->machine, "x86_64");
	CHECK_STR(img->vmcoreinfo, "OSRELEASE=9.9\n");
	CHECK_STR(img->description, "memory of the running machine, 3 segments");
	CHECK_INT(img->bytes_present, 0x2000);
	CHECK_INT(img->max_paddr, 0x1001000);
	CHECK_INT(virt(img, TEXT + 0x20), 2);
	CHECK_INT(virt(img, VMALLOC + 0x20), (0x1020 / 16) & 0xff);
	CHECK_INT(virt(img, DIRECT + 0x100010), (0x2010 / 16) & 0xff);
	CHECK_INT(phys(img, 0x100010), (0x2010 / 16) & 0xff);
	CHECK_INT(phys(img, 0x1000030), 3);
	CHECK_INT(phys(img, 0x200000), -1);
	CHECK_INT(virt(img, DIRECT), -1);
	CHECK_INT(virt(img, 0), -1);
	CHECK_INT(virt(img, UINT64_MAX), -1);
	po_image_close(img);
	fclose(f);
}

TEST(segments_and_ranges_are_listed)
{
	struct pageowner_error err = { 0, "" };
	FILE *f = make_core(2, usual, 4);
	int rc;
	struct po_image *img = open_core(f, &rc, &err);
	uint64_t kva, paddr, start, len;

	if (!CHECK_INT(rc, PAGEOWNER_OK))
		return;
	CHECK_INT(img->ops->segment(img, 0, &kva, &paddr), 1);
	CHECK(kva == TEXT && paddr == 0x1000000);
	CHECK_INT(img->ops->segment(img, 1, &kva, &paddr), 1);
	CHECK(kva == VMALLOC && paddr == NONE);
	CHECK_INT(img->ops->segment(img, 3, &kva, &paddr), 0);
	CHECK_INT(img->ops->next_range(img, 0, &start, &len), 1);
	CHECK(start == 0x100000 && len == 0x1000);
	CHECK_INT(img->ops->next_range(img, start + len, &start, &len), 1);
	CHECK(start == 0x1000000);
	CHECK_INT(img->ops->next_range(img, start + len, &start, &len), 0);
	po_image_close(img);
	fclose(f);
}

TEST(every_read_is_fresh_through_a_clone_too)
{
	struct pageowner_error err = { 0, "" };
	FILE *f = make_core(2, usual, 4);
	int rc;
	struct po_image *img = open_core(f, &rc, &err), *other = NULL;

	if (!CHECK_INT(rc, PAGEOWNER_OK))
		return;
	CHECK_INT(po_image_clone(img, &other, &err), PAGEOWNER_OK);
	CHECK_INT(virt(img, TEXT), 0);
	put(f, DATA, 0x5a, 1);
	(void)fflush(f);
	CHECK_INT(virt(img, TEXT), 0x5a);
	po_image_close(img);
	CHECK_INT(virt(other, TEXT), 0x5a);
	CHECK_INT(phys(other, 0x1000000), 0x5a);
	CHECK(other->live);
	po_image_close(other);
	fclose(f);
}

/* Before 4.11 no header tells a physical address. */
TEST(zeros_everywhere_are_no_physical_addresses)
{
	const struct seg old[] = {
		{ 4, NOTES, 0, 0, 0x200 },
		{ 1, DATA, TEXT, 0, 0x1000 },
		{ 1, DATA + 0x1000, VMALLOC, 0, 0x1000 },
	};
	struct pageowner_error err = { 0, "" };
	FILE *f = make_core(2, old, 3);
	int rc;
	struct po_image *img = open_core(f, &rc, &err);
	uint64_t kva, paddr, start, len;

	if (!CHECK_INT(rc, PAGEOWNER_OK))
		return;
	CHECK_INT(phys(img, 0), -1);
	CHECK_INT(virt(img, TEXT + 0x10), 1);
	CHECK_INT(img->ops->segment(img, 0, &kva, &paddr), 1);
	CHECK(paddr == NONE);
	CHECK_INT(img->ops->next_range(img, 0, &start, &len), 0);
	CHECK(strstr(img->description, "without physical addresses"));
	po_image_close(img);
	fclose(f);
}

/* i386: all of lowmem from physical 0 on, -1 of 32 bits for the others. */
TEST(a_machine_of_32_bits)
{
	const struct seg seg[] = {
		{ 4, NOTES, 0, 0, 0x200 },
		{ 1, DATA, 0xc0000000, 0, 0x2000 },
		{ 1, DATA + 0x2000, 0xf8000000, UINT32_MAX, 0x1000 },
	};
	struct pageowner_error err = { 0, "" };
	FILE *f = make_core(1, seg, 3);
	int rc;
	struct po_image *img = open_core(f, &rc, &err);

	if (!CHECK_INT(rc, PAGEOWNER_OK))
		return;
	CHECK_STR(img->machine, "i386");
	CHECK_INT(phys(img, 0x10), 1);
	CHECK_INT(virt(img, 0xc0000010), 1);
	CHECK_INT(virt(img, 0xf8000000), 0x2000 / 16 & 0xff);
	CHECK_INT(phys(img, UINT32_MAX), -1);
	po_image_close(img);
	fclose(f);
}

TEST(odd_segments_do_no_harm)
{
	const struct seg odd[] = {
		{ 4, NOTES, 0, 0, UINT64_MAX },
		{ 1, DATA, TEXT, 0x1000000, 0x1000 },
		{ 1, DATA, TEXT - 0x100000, NONE, 0x40000000 },	/* arm64: the image lies in the vmalloc space */
		{ 1, UINT64_MAX - 4, 0x1000, 0x3000000, 0x1000 },	/* an offset that no pread() takes */
		{ 1, DATA, UINT64_MAX - 0xfff, 0x4000000, 0x100000 },	/* goes on beyond all addresses */
		{ 1, DATA, 0x7000, UINT64_MAX - 0xf, 0x1000 },
		{ 1, DATA, 0x9000, 0x5000000, 0 },
		{ 1, 1u << 30, 0xb000, 0x6000000, 0x1000 },		/* beyond the end of the file */
		{ 7, DATA, 0xd000, 0x7000000, 0x1000 },
	};
	struct pageowner_error err = { 0, "" };
	FILE *f = make_core(2, odd, 9);
	int rc;
	struct po_image *img = open_core(f, &rc, &err);
	uint8_t buf[0x3000];
	size_t done;

	if (!CHECK_INT(rc, PAGEOWNER_OK))
		return;
	CHECK_INT(virt(img, TEXT + 0x10), 1);
	CHECK_INT(phys(img, 0x1000010), 1);
	CHECK_INT(virt(img, TEXT - 0x100000 + 0x10), 1);
	CHECK_INT(virt(img, 0x1000), -1);
	CHECK_INT(virt(img, UINT64_MAX - 0xfff), 0);
	CHECK_INT(virt(img, 0x9000), -1);
	CHECK_INT(virt(img, 0xb000), -1);
	CHECK_INT(virt(img, 0xd000), -1);
	/* a read stops where the segment does */
	CHECK_INT(img->ops->read_virt(img, TEXT + 0xff0, buf, sizeof(buf), &done), PO_HAVE);
	CHECK_INT(done, 0x10);
	po_image_close(img);
	fclose(f);
}

TEST(headers_that_are_none)
{
	struct pageowner_error err = { 0, "" };
	FILE *f = make_core(2, usual, 4);
	int rc;

	put(f, 56, 0, 2);	/* no program headers */
	CHECK(!open_core(f, &rc, &err));
	CHECK_INT(rc, PAGEOWNER_ECORRUPT);
	put(f, 56, 1, 2);	/* notes alone */
	CHECK(!open_core(f, &rc, &err));
	CHECK_INT(rc, PAGEOWNER_EFORMAT);
	put(f, 56, 0xfffe, 2);	/* more than the file has: what is there is no header */
	struct po_image *img = open_core(f, &rc, &err);
	CHECK(img || err.text[0]);
	po_image_close(img);
	put(f, 56, 4, 2);
	put(f, 54, 8, 2);	/* short ones */
	CHECK(!open_core(f, &rc, &err));
	CHECK_INT(rc, PAGEOWNER_ECORRUPT);
	put(f, 54, 56, 2);
	put(f, 32, UINT64_MAX - 60, 8);
	CHECK(!open_core(f, &rc, &err));
	CHECK(rc < 0);
	fclose(f);
}

/* --- why not ------------------------------------------------------------------------------------- */

static const char *refusal(int errnum, struct po_kcore_host host)
{
	static struct pageowner_error err;

	if (!host.machine)
		host.machine = "x86_64";
	CHECK(po_kcore_refused(errnum, &host, &err) < 0);
	return err.text;
}

#define SAYS(text, word) CHECK(strstr(text, word) != NULL)

TEST(each_refusal_has_its_own_words)
{
	const struct po_kcore_host root = { .has_proc = true, .root = true, .rawio = 1 };
	struct po_kcore_host host = root;

	host.root = false;
	SAYS(refusal(EACCES, host), "only root");
	SAYS(refusal(EACCES, root), "user namespace");
	host = root;
	host.rawio = 0;
	SAYS(refusal(EPERM, host), "CAP_SYS_RAWIO");
	host.rawio = 1;
	host.lockdown = "none integrity [confidentiality]\n";
	SAYS(refusal(EPERM, host), "locked down (confidentiality)");
	host.lockdown = "[none] integrity confidentiality\n";
	SAYS(refusal(EPERM, host), "security module");
	host.lockdown = NULL;
	host.rawio = -1;
	SAYS(refusal(EPERM, host), "Secure Boot");
	SAYS(refusal(ENOENT, root), "CONFIG_PROC_KCORE");
	host = root;
	host.has_proc = false;
	SAYS(refusal(ENOENT, host), "/proc is not mounted");
	host = root;
	host.machine = "armv7l";
	SAYS(refusal(ENOENT, host), "32-bit arm");
	SAYS(refusal(ENOENT, host), "--ram");
	host.machine = "aarch64";
	SAYS(refusal(ENOENT, host), "CONFIG_PROC_KCORE");
	SAYS(refusal(EMFILE, root), "too many open files");
}

/* Whatever this machine's answer is, it is one. */
TEST(this_machine)
{
	struct pageowner_error err = { 0, "" };
	struct po_image *img = NULL;
	int rc = po_image_open_live(&img, &err);

	CHECK(rc == PAGEOWNER_OK ? img != NULL : rc < 0 && strstr(err.text, "/proc/kcore") != NULL);
	po_image_close(img);
}
