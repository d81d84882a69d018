/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kernel in physical memory, found by its contents and proved by its page tables. */
#include <elf.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "harness.h"
#include "memory/find.h"
#include "synth/tables.h"

/* --- x86_64 ---------------------------------------------------------------------------------- */

#define MAP 0xffffffff80000000ull	/* __START_KERNEL_map */
#define LINK 0xffffffff81000000ull	/* where the image is linked to */

static const char banner[] = "Linux version 6.1.0-9-amd64 (team@builder) (gcc-12) #1 SMP\n";
static const char other[] = "Linux version 5.10.0 (someone@elsewhere) (gcc-10) #2 SMP\n";

static const uint8_t proof[64] = { 0x9d, 1, 2, 3, 4, 5, 6, 7, 8, [63] = 0xfe };

static const struct po_find wanted = {
	.machine = EM_X86_64,
	.banner_at = LINK + 0x1100,
	.banner = banner,
	.banner_len = sizeof(banner),
	.proof_at = LINK + 0x2040,
	.proof = proof,
	.proof_len = sizeof(proof),
	.text_at = LINK,
	.phys_base_at = LINK + 0x3000,
	.root_at = LINK + 0x4000,
	.sme_mask_at = LINK + 0x3008,
};

struct placed {
	uint64_t paddr;		/* of the image */
	uint64_t slide;		/* KASLR */
	unsigned levels;
	uint64_t sme;
};

/* Everything of the image but what maps it. */
static void put_image(struct world *w, const struct placed *p)
{
	world_write(w, p->paddr + 0x1100, banner, sizeof(banner));
	world_write(w, p->paddr + 0x2040, proof, sizeof(proof));
	world_number(w, p->paddr + 0x3000, 8, p->paddr - (LINK + p->slide) + MAP);
	world_number(w, p->paddr + 0x3008, 8, p->sme);
	world_number(w, p->paddr + 0x4000, 8, 0);
}

static struct tables tables_of(struct world *w, const struct placed *p)
{
	return (struct tables){
		.w = w,
		.format = synth_format(p->levels == 4 ? "x86_64, 4 levels" : "x86_64, 5 levels"),
		.root = p->paddr + 0x4000,
		.next = p->paddr + 0x5000,
		.bits = p->sme,
	};
}

static void put_kernel(struct world *w, const struct placed *p)
{
	struct tables t = tables_of(w, p);

	put_image(w, p);
	for (uint64_t at = 0; at < 0x4000; at += WORLD_PAGE)
		tables_map(&t, LINK + p->slide + at, p->paddr + at, 12);
}

static void new_machine(struct world *w)
{
	world_open(w, false, 8);
	world_range(w, 0x1000, 0x9f000);
	world_range(w, 0x100000, 31 << 20);
}

static int find(struct world *w, const char *vmcoreinfo, struct po_found *found,
		struct pageowner_error *err)
{
	memset(found, 0xee, sizeof(*found));
	return po_find_kernel(w->mem, &wanted, vmcoreinfo, found, err);
}

static void check_found(struct world *w, const char *vmcoreinfo, const struct placed *p,
			unsigned nr_candidates)
{
	struct po_found found;
	struct pageowner_error err = { .text = "" };
	uint64_t paddr = 0;

	if (!CHECK_INT(find(w, vmcoreinfo, &found, &err), PAGEOWNER_OK)) {
		CHECK_STR(err.text, "");
		return;
	}
	CHECK_INT(found.banner_paddr, p->paddr + 0x1100);
	CHECK_INT(found.slide, p->slide);
	CHECK_INT(found.xlat.root, p->paddr + 0x4000);
	CHECK_INT(found.xlat.ops->levels, p->levels);
	CHECK_INT(found.xlat.enc_mask, p->sme);
	CHECK_INT(found.nr_candidates, nr_candidates);
	po_memory_set_xlat(w->mem, &found.xlat);
	CHECK_INT(po_memory_translate(w->mem, LINK + p->slide + 0x2040, &paddr, NULL), PAGEOWNER_OK);
	CHECK_INT(paddr, p->paddr + 0x2040);
}

TEST(a_kernel_at_its_link_address)
{
	_cleanup_(world_close) struct world w;
	const struct placed p = { .paddr = 0x1000000, .levels = 4 };

	new_machine(&w);
	put_kernel(&w, &p);
	check_found(&w, NULL, &p, 1);
}

TEST(a_kernel_moved_in_both_spaces)
{
	_cleanup_(world_close) struct world w;
	const struct placed p = { .paddr = 0x1600000, .slide = 0x1aa00000, .levels = 5 };

	new_machine(&w);
	put_kernel(&w, &p);
	check_found(&w, NULL, &p, 1);
}

/* --- a container that lists kernel addresses ------------------------------------------------------ */

static const struct placed in_segment = { .paddr = 0x1600000, .slide = 0x1aa00000, .levels = 4 };
static bool tells_paddr;

static int segment(struct po_image *img, size_t index, uint64_t *kva, uint64_t *paddr)
{
	static const uint64_t vmalloc = 0xffffc90000000000;

	(void)img;
	*kva = index == 1 ? LINK + in_segment.slide : vmalloc + index;
	*paddr = index == 1 && tells_paddr ? in_segment.paddr : UINT64_MAX;
	return index < 3;
}

static enum po_cause read_virt(struct po_image *img, uint64_t kva, void *buf, size_t len, size_t *done)
{
	const uint64_t at = kva - (LINK + in_segment.slide);

	*done = 0;
	return at < 0x8000 ? img->ops->read(img, in_segment.paddr + at, buf, len, done) : PO_HOLE;
}

static void list_segments(struct world *w, bool with_paddr)
{
	static struct po_image_ops ops;

	ops = *w->img->ops;
	ops.segment = segment;
	ops.read_virt = read_virt;
	w->img->ops = &ops;
	tells_paddr = with_paddr;
}

TEST(a_kernel_at_a_segment_of_the_container)
{
	_cleanup_(world_close) struct world w;
	struct po_found found;
	struct pageowner_error err = { .text = "" };

	new_machine(&w);
	put_kernel(&w, &in_segment);
	list_segments(&w, true);
	if (!CHECK_INT(find(&w, NULL, &found, &err), PAGEOWNER_OK))
		return;
	CHECK(found.by_segment);
	CHECK_INT(found.slide, in_segment.slide);
	CHECK_INT(found.nr_candidates, 1);
	CHECK(found.xlat.ops && found.xlat.root == in_segment.paddr + 0x4000);
}

TEST(a_segment_is_enough_without_physical_addresses)
{
	_cleanup_(world_close) struct world w;
	struct po_found found;
	struct pageowner_error err = { .text = "" };

	new_machine(&w);
	put_kernel(&w, &in_segment);
	list_segments(&w, false);
	if (!CHECK_INT(find(&w, NULL, &found, &err), PAGEOWNER_OK))
		return;
	CHECK(found.by_segment);
	CHECK_INT(found.slide, in_segment.slide);
	CHECK(!found.xlat.ops);
}

TEST(a_segment_without_the_proof_is_passed_over)
{
	_cleanup_(world_close) struct world w;
	struct po_found found;
	struct pageowner_error err = { .text = "" };
	const struct placed elsewhere = { .paddr = 0x1000000, .levels = 4 };

	new_machine(&w);
	put_kernel(&w, &elsewhere);
	put_image(&w, &in_segment);
	world_number(&w, in_segment.paddr + 0x2040, 8, 0);
	list_segments(&w, true);
	if (!CHECK_INT(find(&w, NULL, &found, &err), PAGEOWNER_OK))
		return;
	CHECK(!found.by_segment);
	CHECK_INT(found.slide, 0);
}

TEST(a_kernel_on_64k_and_on_a_page)
{
	static const uint64_t at[] = { 0x1610000, 0x1617000, 0x100000, 0x1001000 };

	for (size_t i = 0; i < sizeof(at) / sizeof(*at); i++) {
		_cleanup_(world_close) struct world w;
		const struct placed p = { .paddr = at[i], .slide = 0x200000, .levels = 4 };

		new_machine(&w);
		put_kernel(&w, &p);
		check_found(&w, NULL, &p, 1);
		/* a copy that the larger steps meet is met once */
		world_write(&w, 0x401100, banner, sizeof(banner));
		check_found(&w, NULL, &p, 2);
	}
}

TEST(a_kernel_whose_tables_carry_the_encryption_bit)
{
	_cleanup_(world_close) struct world w;
	const struct placed p = { .paddr = 0x1000000, .levels = 4, .sme = 1ull << 47 };

	new_machine(&w);
	put_kernel(&w, &p);
	check_found(&w, NULL, &p, 1);
}

TEST(copies_of_the_banner_are_passed_over)
{
	_cleanup_(world_close) struct world w;
	const struct placed p = { .paddr = 0x1800000, .slide = 0x1000000, .levels = 4 };

	new_machine(&w);
	world_write(&w, 0x401100, banner, sizeof(banner));	/* 2 MiB, without the proof */
	world_write(&w, 0x60400, banner, sizeof(banner));	/* the log */
	world_write(&w, 0x601100, banner, sizeof(banner) - 2);	/* cut */
	put_kernel(&w, &p);
	check_found(&w, NULL, &p, 2);
}

TEST(an_image_that_was_loaded_but_does_not_run_is_passed_over)
{
	_cleanup_(world_close) struct world w;
	const struct placed loaded = { .paddr = 0x800000, .levels = 4 };
	const struct placed p = { .paddr = 0x1800000, .slide = 0x1000000, .levels = 4 };

	new_machine(&w);
	put_image(&w, &loaded);
	put_kernel(&w, &p);
	check_found(&w, NULL, &p, 2);
}

static const char *note_for(const struct placed *p)
{
	static char text[200];

	snprintf(text, sizeof(text), "OSRELEASE=6.1.0\nNUMBER(phys_base)=%lld\nKERNELOFFSET=%llx\n",
		 (long long)(p->paddr - (LINK + p->slide) + MAP), (unsigned long long)p->slide);
	return text;
}

TEST(the_note_says_where_to_look_first)
{
	_cleanup_(world_close) struct world w;
	const struct placed p = { .paddr = 0x1817000, .slide = 0x1a000000, .levels = 4 };
	struct po_found found;

	new_machine(&w);
	world_write(&w, 0x401100, banner, sizeof(banner));
	put_kernel(&w, &p);
	check_found(&w, note_for(&p), &p, 1);
	w.nr_reads = 0;
	CHECK_INT(find(&w, note_for(&p), &found, NULL), PAGEOWNER_OK);
	CHECK(found.by_note);
	CHECK(w.nr_reads < 100);
}

TEST(a_hint_leads_there_first_and_is_not_believed)
{
	_cleanup_(world_close) struct world w;
	const struct placed p = { .paddr = 0x1817000, .slide = 0x1a000000, .levels = 4 };
	struct po_find with = wanted;
	struct po_found found;

	new_machine(&w);
	put_kernel(&w, &p);
	check_found(&w, NULL, &p, 1);
	CHECK_INT(find(&w, NULL, &found, NULL), PAGEOWNER_OK);
	CHECK(!found.by_hint);
	with.has_hint = true;
	with.hint = found.banner_paddr;
	w.nr_reads = 0;
	CHECK_INT(po_find_kernel(w.mem, &with, note_for(&p), &found, NULL), PAGEOWNER_OK);
	CHECK(found.by_hint && !found.by_note);
	CHECK(w.nr_reads < 100);
	with.hint += 4096;
	CHECK_INT(po_find_kernel(w.mem, &with, NULL, &found, NULL), PAGEOWNER_OK);
	CHECK(!found.by_hint);
	CHECK_INT(found.slide, p.slide);
}

TEST(a_note_that_lies_is_not_believed)
{
	_cleanup_(world_close) struct world w;
	const struct placed p = { .paddr = 0x1800000, .slide = 0x1a000000, .levels = 4 };
	const struct placed lie = { .paddr = 0x400000, .slide = 0x2000000, .levels = 4 };
	struct po_found found;

	new_machine(&w);
	put_kernel(&w, &p);
	check_found(&w, note_for(&lie), &p, 1);
	put_image(&w, &lie);	/* a banner and a proof, but no page tables */
	check_found(&w, note_for(&lie), &p, 3);
	CHECK_INT(find(&w, note_for(&lie), &found, NULL), PAGEOWNER_OK);
	CHECK(!found.by_note);
	check_found(&w, "NUMBER(phys_base)=junk\nKERNELOFFSET=0\n", &p, 2);
	check_found(&w, "", &p, 2);
}

TEST(no_kernel_at_all)
{
	_cleanup_(world_close) struct world w;
	struct pageowner_error err;
	struct po_found found;

	new_machine(&w);
	world_write(&w, 0x300000, "Linux version %s (%s)\n", 22);
	world_write(&w, 0x310000, "Linux version 4.0 (a@b) without an end", 38);
	CHECK_INT(find(&w, NULL, &found, &err), PAGEOWNER_ENODATA);
	CHECK_STR(err.text, "no kernel in this memory: the text \"Linux version\" of vmlinux (\"Linux "
			    "version 6.1.0-9-amd64 (team@builder) (gcc-12) #1 SMP\") is nowhere in the "
			    "dump");
	CHECK_INT(found.nr_candidates, 0xeeeeeeee);	/* untouched */
}

TEST(another_kernel_is_named)
{
	_cleanup_(world_close) struct world w;
	struct pageowner_error err;
	struct po_found found;

	new_machine(&w);
	world_write(&w, 0x345678, other, sizeof(other));
	CHECK_INT(find(&w, NULL, &found, &err), PAGEOWNER_EMISMATCH);
	CHECK_STR(err.text, "vmlinux is of another kernel: vmlinux is \"Linux version 6.1.0-9-amd64 "
			    "(team@builder) (gcc-12) #1 SMP\", the dump is of \"Linux version 5.10.0 "
			    "(someone@elsewhere) (gcc-10) #2 SMP\"");
}

TEST(another_kernel_with_a_long_banner_is_named)
{
	/* as distributions write them: well over 200 characters */
	static const char longer[] =
		"Linux version 6.8.0-31-generic (buildd@lcy02-amd64-080) (x86_64-linux-gnu-gcc-13 (Ubuntu "
		"13.2.0-23ubuntu4) 13.2.0, GNU ld (GNU Binutils for Ubuntu) 2.42) #31-Ubuntu SMP "
		"PREEMPT_DYNAMIC Sat Apr 20 00:40:06 UTC 2024 (Ubuntu 6.8.0-31.31-generic 6.8.1)\n";
	_cleanup_(world_close) struct world w;
	struct pageowner_error err;
	struct po_found found;

	new_machine(&w);
	world_write(&w, 0x345678, longer, sizeof(longer));
	CHECK_INT(find(&w, NULL, &found, &err), PAGEOWNER_EMISMATCH);
	CHECK(strstr(err.text, "(Ubuntu 6.8.0-31.31-generic 6.8.1)\"") != NULL);
}

TEST(the_kernel_without_its_image_is_told_apart)
{
	_cleanup_(world_close) struct world w;
	struct pageowner_error err;
	struct po_found found;

	new_machine(&w);
	/* in the log, where no image can be: the address is not congruent */
	world_write(&w, 0x345678, banner, sizeof(banner));
	CHECK_INT(find(&w, NULL, &found, &err), PAGEOWNER_ENODATA);
	CHECK_STR(err.text, "the kernel of vmlinux was in this memory, but its image is not complete "
			    "in the dump: its read-only data is missing");
}

TEST(an_image_without_page_tables_says_so)
{
	_cleanup_(world_close) struct world w;
	const struct placed p = { .paddr = 0x1000000, .levels = 4 };
	struct pageowner_error err;
	struct po_found found;

	new_machine(&w);
	put_image(&w, &p);
	CHECK_INT(find(&w, NULL, &found, &err), PAGEOWNER_ENODATA);
	CHECK_STR(err.text, "the kernel of vmlinux was in this memory, but its image is not complete "
			    "in the dump: kernel image with its banner at 0x1001100: its page tables at "
			    "0x1004000 do not map it");
	world_lose(&w, 0x1004000, PO_EXCLUDED);
	CHECK_INT(find(&w, NULL, &found, &err), PAGEOWNER_ENODATA);
	CHECK(strstr(err.text, "page table: physical address 0x1004ff8: excluded by a filter") != NULL);
	world_lose(&w, 0x1003000, PO_TRUNCATED);
	CHECK_INT(find(&w, NULL, &found, &err), PAGEOWNER_ENODATA);
	CHECK(strstr(err.text, "phys_base: physical address 0x1003000: lost where the file was cut off")
	      != NULL);
}

TEST(page_tables_that_lead_elsewhere_are_no_proof)
{
	_cleanup_(world_close) struct world w;
	const struct placed p = { .paddr = 0x1000000, .levels = 4 };
	struct tables t = tables_of(&w, &p);
	struct po_found found;

	new_machine(&w);
	put_image(&w, &p);
	tables_map(&t, LINK + 0x1000, 0x1800000, 12);
	CHECK_INT(find(&w, NULL, &found, NULL), PAGEOWNER_ENODATA);
}

TEST(a_machine_without_a_walker_says_so)
{
	_cleanup_(world_close) struct world w;
	const struct placed p = { .paddr = 0x1000000, .levels = 4 };
	struct po_find alien = wanted;
	struct pageowner_error err;
	struct po_found found;

	new_machine(&w);
	put_kernel(&w, &p);
	alien.machine = EM_S390;
	CHECK_INT(po_find_kernel(w.mem, &alien, NULL, &found, &err), PAGEOWNER_ENODATA);
	CHECK(strstr(err.text, "kernel image with its banner at 0x1001100: ") != NULL);
	CHECK(strstr(err.text, "page tables at") == NULL);
}

TEST(a_range_at_the_end_of_the_address_space_ends_too)
{
	_cleanup_(world_close) struct world w;
	const struct placed p = { .paddr = 0x1000000, .levels = 4 };
	struct po_found found;

	new_machine(&w);
	world_range(&w, UINT64_MAX - 0x2fffff, 0x2fffff);
	CHECK_INT(find(&w, NULL, &found, NULL), PAGEOWNER_ENODATA);
	put_kernel(&w, &p);
	CHECK_INT(find(&w, NULL, &found, NULL), PAGEOWNER_OK);
}

/* --- other machines -------------------------------------------------------------------------- */

/* A kernel of any machine: banner, proof and a variable in its first pages, tables behind or before. */
struct board {
	const char *format;
	uint64_t link, paddr, slide;
	unsigned shift;		/* of the leaves that map it; 0: pages */
	uint64_t root;		/* from its start */
	bool fixed;		/* arm64 before 4.6: no variable says how far it was moved */
};

#define ROOT_BEHIND 0x10000u
#define NEXT_BEHIND 0x20000u

static unsigned page_shift(const struct board *b)
{
	return synth_ops(synth_format(b->format))->page_shift;
}

static void open_board(struct world *w, const struct board *b, bool big_endian)
{
	world_open(w, big_endian, synth_format(b->format)->va_bits == 32 ? 4 : 8);
	world_range(w, b->paddr & ~0xffffffull, 32 << 20);
}

static struct tables put_board(struct world *w, const struct board *b)
{
	struct tables t = {
		.w = w,
		.format = synth_format(b->format),
		.root = b->paddr + b->root,
		.next = b->paddr + NEXT_BEHIND,
	};
	unsigned shift = b->shift ? b->shift : page_shift(b);
	uint64_t size = 1ull << shift, start = b->paddr & ~(size - 1);

	world_write(w, b->paddr + 0x1100, banner, sizeof(banner));
	world_write(w, b->paddr + 0x2040, proof, sizeof(proof));
	if (t.format->machine == EM_AARCH64)
		world_number(w, b->paddr + 0x3000, 8, b->link + b->slide - b->paddr);
	for (uint64_t at = start; at < b->paddr + 0x4000; at += size)
		tables_map(&t, b->link + b->slide - b->paddr + at, at, shift);
	return t;
}

static void check_board(struct world *w, const struct board *b)
{
	const struct po_find f = {
		.machine = synth_format(b->format)->machine,
		.banner_at = b->link + 0x1100,
		.banner = banner,
		.banner_len = sizeof(banner),
		.proof_at = b->link + 0x2040,
		.proof = proof,
		.proof_len = sizeof(proof),
		.root_at = b->link + b->root,
		.kimage_voffset_at = b->fixed ? 0 : b->link + 0x3000,
	};
	struct po_found found;
	struct pageowner_error err = { .text = "" };
	uint64_t paddr = 0;

	if (!CHECK_INT(po_find_kernel(w->mem, &f, NULL, &found, &err), PAGEOWNER_OK)) {
		printf("# %s at 0x%" PRIx64 ": %s\n", b->format, b->paddr, err.text);
		return;
	}
	CHECK_STR(found.xlat.ops->name, b->format);
	CHECK_INT(found.banner_paddr, b->paddr + 0x1100);
	CHECK_INT(found.slide, b->slide);
	CHECK_INT(found.xlat.root, b->paddr + b->root);
	CHECK_INT(found.xlat.enc_mask, 0);
	po_memory_set_xlat(w->mem, &found.xlat);
	CHECK_INT(po_memory_translate(w->mem, b->link + b->slide + 0x2040, &paddr, NULL),
		  PAGEOWNER_OK);
	CHECK_INT(paddr, b->paddr + 0x2040);
}

static void check_plain(const struct board *b)
{
	for (int big = 0; big < 2; big++) {
		_cleanup_(world_close) struct world w;

		open_board(&w, b, big);
		put_board(&w, b);
		check_board(&w, b);
	}
}

/* Kernels of all widths, where their releases link them. */
static const struct board arm64[] = {
	{ .format = "arm64, 4K granule, 39-bit addresses", .link = 0xffffffc008000000 },
	{ .format = "arm64, 4K granule, 48-bit addresses", .link = 0xffff800008000000 },
	{ .format = "arm64, 4K granule, 52-bit addresses", .link = 0xffff800080000000 },
	{ .format = "arm64, 16K granule, 36-bit addresses", .link = 0xfffffff808000000 },
	{ .format = "arm64, 16K granule, 47-bit addresses", .link = 0xffffc00008000000 },
	{ .format = "arm64, 16K granule, 48-bit addresses", .link = 0xffff800008000000 },
	{ .format = "arm64, 16K granule, 52-bit addresses", .link = 0xffffc00080000000 },
	{ .format = "arm64, 64K granule, 42-bit addresses", .link = 0xfffffe0008000000 },
	{ .format = "arm64, 64K granule, 48-bit addresses", .link = 0xffff800008000000 },
	{ .format = "arm64, 64K granule, 52-bit addresses", .link = 0xffff800008000000 },
};

#define EACH_ARM64(b) \
	for (const struct board *b = arm64; b < arm64 + sizeof(arm64) / sizeof(*arm64); b++)

static struct board moved(const struct board *b)
{
	struct board m = *b;

	m.paddr = 0x41200000;
	m.slide = 0x112400000;
	m.root = ROOT_BEHIND;
	return m;
}

TEST(arm64_with_and_without_kaslr)
{
	EACH_ARM64(plain) {
		struct board b = moved(plain);

		check_plain(&b);
		b.slide = 0;
		check_plain(&b);
		b.paddr = 0x8800010000;	/* only the small steps meet it */
		check_plain(&b);
	}
}

TEST(arm64_before_4_6_runs_in_the_linear_map)
{
	static const struct board b[] = {
		{ .format = "arm64, 4K granule, 39-bit addresses", .link = 0xffffffc000080000,
		  .paddr = 0x40080000, .shift = 21, .root = ROOT_BEHIND, .fixed = true },
		{ .format = "arm64, 64K granule, 42-bit addresses", .link = 0xfffffe0000080000,
		  .paddr = 0x80080000, .shift = 29, .root = ROOT_BEHIND, .fixed = true },
	};

	for (size_t i = 0; i < sizeof(b) / sizeof(*b); i++)
		check_plain(&b[i]);
}

/* Where each other format would look first, an entry that is not of these tables. */
static void spoil(struct tables *t, uint64_t kva, uint64_t entry)
{
	for (const struct synth_format *f = synth_formats; f->name; f++) {
		struct tables o = { .w = t->w, .format = f, .root = t->root };
		bool used = f->machine != t->format->machine;
		uint64_t slot = tables_slot(&o, kva, 0);

		for (unsigned i = 0; i < t->nr_made; i++)
			used = used || t->made[i].slot == slot;
		if (!used)
			world_number(t->w, slot, f->entry_bytes, entry);
	}
}

TEST(arm64_among_formats_whose_tables_are_wrong)
{
	/* a table outside of memory; an empty one; a block; all attributes and nothing else */
	static const uint64_t entries[] = { 0x7f0000000003, 0x41400003, 0x41200001,
					    0xfff8000000000ffd };

	EACH_ARM64(plain)
		for (size_t i = 0; i < sizeof(entries) / sizeof(*entries); i++) {
			_cleanup_(world_close) struct world w;
			const struct board b = moved(plain);
			struct tables t;

			open_board(&w, &b, i & 1);
			t = put_board(&w, &b);
			spoil(&t, b.link + b.slide, entries[i]);
			check_board(&w, &b);
		}
}

TEST(arm64_that_says_a_wrong_offset_is_not_believed)
{
	EACH_ARM64(plain) {
		_cleanup_(world_close) struct world w;
		const struct board b = moved(plain);
		struct board stale = b;

		open_board(&w, &b, false);
		stale.paddr -= 0x200000;	/* loaded, but another copy runs */
		put_board(&w, &stale);
		world_number(&w, stale.paddr + 0x3000, 8, 0xffff7fffc0000000);
		put_board(&w, &b);
		check_board(&w, &b);
	}
}

TEST(arm_runs_where_it_is_linked)
{
	/* the top table lies before the image; LPAE's memory may begin above 4 GiB */
	static const struct board b[] = {
		{ .format = "arm, short descriptors", .link = 0xc0008000, .paddr = 0x80008000,
		  .shift = 20, .root = -0x4000ull },
		{ .format = "arm, short descriptors", .link = 0x80008000, .paddr = 0x10008000,
		  .shift = 12, .root = -0x4000ull },
		{ .format = "arm, short descriptors", .link = 0xc0208000, .paddr = 0x208000,
		  .shift = 16, .root = -0x4000ull },
		{ .format = "arm, short descriptors", .link = 0xc0008000, .paddr = 0x880008000,
		  .shift = 24, .root = -0x4000ull },
		{ .format = "arm, LPAE", .link = 0xc0008000, .paddr = 0x80008000, .shift = 21,
		  .root = -0x5000ull },
		{ .format = "arm, LPAE", .link = 0xc0208000, .paddr = 0x800208000, .shift = 12,
		  .root = -0x5000ull },
		{ .format = "arm, LPAE", .link = 0x40008000, .paddr = 0xc0008000, .shift = 30,
		  .root = -0x5000ull },
	};

	for (size_t i = 0; i < sizeof(b) / sizeof(*b); i++)
		check_plain(&b[i]);
}

TEST(i386_with_every_split_and_a_slide)
{
	static const uint64_t page_offset[] = { 0xc0000000, 0xb0000000, 0x80000000, 0x78000000,
						0x40000000 };
	static const struct {
		const char *format;
		unsigned shift;
	} how[] = {
		{ "i386, 2 levels", 22 },
		{ "i386, 2 levels", 12 },
		{ "i386, PAE", 21 },
		{ "i386, PAE", 12 },
	};

	for (size_t i = 0; i < sizeof(page_offset) / sizeof(*page_offset); i++)
		for (size_t k = 0; k < sizeof(how) / sizeof(*how); k++)
			for (uint64_t slide = 0; slide <= 0x4800000; slide += 0x2400000) {
				const struct board b = {
					.format = how[k].format,
					.link = page_offset[i] + 0x1000000,
					.paddr = 0x1000000 + slide,
					.slide = slide,
					.shift = how[k].shift,
					.root = ROOT_BEHIND,
				};
				check_plain(&b);
			}
}

TEST(i386_among_tables_that_are_wrong)
{
	static const char *const formats[] = { "i386, 2 levels", "i386, PAE" };

	for (size_t i = 0; i < 2; i++) {
		_cleanup_(world_close) struct world w;
		const struct board b = {
			.format = formats[i], .link = 0xc1000000, .paddr = 0x1c00000,
			.slide = 0xc00000, .root = ROOT_BEHIND,
		};
		struct tables t;

		open_board(&w, &b, false);
		t = put_board(&w, &b);
		spoil(&t, b.link + b.slide, 0x7f000063);
		/* what another split would make of the banner's address is mapped, but not to it */
		tables_map(&t, b.paddr + 0x80000000, 0x400000, 12);
		tables_map(&t, b.paddr + 0x40001000, 0x400000, 12);
		check_board(&w, &b);
	}
}

TEST(page_tables_in_the_other_byte_order_are_no_proof)
{
	EACH_ARM64(plain) {
		_cleanup_(world_close) struct world w;
		struct board b = moved(plain);
		struct po_found found;
		const struct po_find f = {
			.machine = EM_AARCH64, .banner_at = b.link + 0x1100, .banner = banner,
			.banner_len = sizeof(banner), .proof_at = b.link + 0x2040, .proof = proof,
			.proof_len = sizeof(proof), .root_at = b.link + b.root,
		};

		b.slide = 0;
		open_board(&w, &b, true);
		w.abi.big_endian = false;	/* for what is written; reads are as before */
		put_board(&w, &b);
		CHECK_INT(po_find_kernel(w.mem, &f, NULL, &found, NULL), PAGEOWNER_ENODATA);
	}
}
