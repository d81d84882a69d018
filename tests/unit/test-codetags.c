/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Allocation tags: of the kernel and of modules, in page_ext and in page flags; and an idr that lies. */
#include <stdio.h>
#include <string.h>

#include "harness.h"
#include "kernel/codetags.h"
#include "kernel/xarray.h"
#include "synth/layout.h"
#include "synth/world.h"

#define VARS		0x1000u
#define TYPE		0x2000u			/* struct codetag_type */
#define MODULES(i)	(0x2100u + 0x40u * (i))	/* struct codetag_module */
#define TAGS		0x3000u
#define TAG(i)		(TAGS + 0x30u * (i))
#define COUNTERS(i)	(0x5000u + 0x10u * (i))	/* of the first processor */
#define TEXT(i)		(0x7000u + 0x40u * (i))
#define NODE(i)		(0x8000u + 0x400u * (i))
#define END		0x20000u

enum { IDR = 8, START = 8, STOP = 16 };
enum { FLAGS = 0, LINE = 4, MODULE = 8, FUNCTION = 16, FILE_AT = 24, PER_CPU = 32, TAG_SIZE = 48 };
enum { SHIFT = 0, SLOTS = 16 };

struct box {
	struct world w;
	struct po_kernel k;
	struct po_codetag tag;
	struct pageowner_error flaw, err;
	uint64_t seen[64];
	unsigned nr;
};

static uint64_t kva(const struct box *b, uint64_t paddr)
{
	return b->w.base + paddr;
}

static int see(void *arg, uint64_t at)
{
	struct box *b = arg;

	if (b->nr < sizeof(b->seen) / sizeof(*b->seen))
		b->seen[b->nr] = at - b->w.base;
	b->nr++;
	return 0;
}

static int walk(struct box *b)
{
	b->nr = 0;
	return po_codetags_each(&b->k, b->w.mem, see, b, &b->flaw, &b->err);
}

static void make_tag(struct box *b, unsigned i, const char *module, const char *function, const char *file, unsigned line)
{
	world_number(&b->w, TAG(i) + LINE, 4, line);
	if (module) {
		world_string(&b->w, TEXT(3 * i), module);
		world_ptr(&b->w, TAG(i) + MODULE, kva(b, TEXT(3 * i)));
	}
	world_string(&b->w, TEXT(3 * i + 1), function);
	world_ptr(&b->w, TAG(i) + FUNCTION, kva(b, TEXT(3 * i + 1)));
	world_string(&b->w, TEXT(3 * i + 2), file);
	world_ptr(&b->w, TAG(i) + FILE_AT, kva(b, TEXT(3 * i + 2)));
	world_ptr(&b->w, TAG(i) + PER_CPU, kva(b, COUNTERS(i)));
}

static void range(struct box *b, unsigned module, unsigned from, unsigned to)
{
	world_ptr(&b->w, MODULES(module) + START, kva(b, TAG(from)));
	world_ptr(&b->w, MODULES(module) + STOP, kva(b, TAG(to)));
}

/* The kernel has tags 0 and 1, a module 2 and 3. */
static void box_open(struct box *b)
{
	memset(b, 0, sizeof(*b));
	world_open(&b->w, false, 8);
	world_range(&b->w, 0, END);
	synth_kernel(&b->k, &b->w.abi, 12);
	synth_symbol(&b->k, PO_S_alloc_tag_cttype, "alloc_tag_cttype", kva(b, VARS), 8);
	synth_member(&b->k, PO_M_codetag_type__modules, IDR, 8);
	synth_member(&b->k, PO_M_codetag_module__start, START, 8);
	synth_member(&b->k, PO_M_codetag_module__stop, STOP, 8);
	synth_struct(&b->k, PO_T_alloc_tag, TAG_SIZE);
	synth_member(&b->k, PO_M_alloc_tag__flags, FLAGS, 4);
	synth_member(&b->k, PO_M_alloc_tag__line, LINE, 4);
	synth_member(&b->k, PO_M_alloc_tag__module, MODULE, 8);
	synth_member(&b->k, PO_M_alloc_tag__function, FUNCTION, 8);
	synth_member(&b->k, PO_M_alloc_tag__file, FILE_AT, 8);
	synth_member(&b->k, PO_M_alloc_tag__counters, PER_CPU, 8);
	synth_member(&b->k, PO_M_alloc_tag_counters__bytes, 0, 8);
	synth_member(&b->k, PO_M_alloc_tag_counters__calls, 8, 8);
	synth_member(&b->k, PO_M_xa_node__shift, SHIFT, 1);
	synth_member(&b->k, PO_M_xa_node__slots, SLOTS, 64 * 8)->type.nr_elems = 64;
	world_ptr(&b->w, VARS, kva(b, TYPE));
	world_ptr(&b->w, TYPE + IDR, kva(b, MODULES(0)));
	make_tag(b, 0, NULL, "first", "mm/a.c", 10);
	make_tag(b, 1, NULL, "second", "mm/b.c", 20);
	make_tag(b, 2, "mod", "third", "drivers/c.c", 30);
	make_tag(b, 3, "mod", "fourth", "drivers/d.c", 40);
	range(b, 0, 0, 2);
	range(b, 1, 2, 4);
}

static void box_close(struct box *b)
{
	world_close(&b->w);
}

TEST(of_the_kernel_alone)
{
	struct box b;

	box_open(&b);
	CHECK_INT(walk(&b), PAGEOWNER_OK);
	CHECK_INT(b.flaw.code, PAGEOWNER_OK);
	CHECK(b.nr == 2 && b.seen[0] == TAG(0) && b.seen[1] == TAG(1));
	world_ptr(&b.w, TYPE + IDR, 0);
	CHECK_INT(walk(&b), PAGEOWNER_OK);
	CHECK_INT(b.nr, 0);
	box_close(&b);
}

/* Modules by their number, which came free when another was unloaded; a node of nodes. */
TEST(of_modules)
{
	struct box b;

	box_open(&b);
	world_ptr(&b.w, TYPE + IDR, kva(&b, NODE(0)) | 2);
	world_number(&b.w, NODE(0) + SHIFT, 1, 6);
	world_ptr(&b.w, NODE(0) + SLOTS, kva(&b, NODE(1)) | 2);
	world_ptr(&b.w, NODE(0) + SLOTS + 8, kva(&b, NODE(2)) | 2);
	world_ptr(&b.w, NODE(1) + SLOTS, kva(&b, MODULES(0)));
	world_ptr(&b.w, NODE(1) + SLOTS + 8, (uint64_t)257 << 2 | 2);	/* XA_ZERO_ENTRY: reserved, and empty */
	world_ptr(&b.w, NODE(2) + SLOTS + 8 * 3, kva(&b, MODULES(1)));
	CHECK_INT(walk(&b), PAGEOWNER_OK);
	CHECK_INT(b.flaw.code, PAGEOWNER_OK);
	CHECK(b.nr == 4 && b.seen[1] == TAG(1) && b.seen[2] == TAG(2) && b.seen[3] == TAG(3));
	box_close(&b);
}

TEST(sums_and_words)
{
	struct box b;
	char text[PO_CODETAG_TEXT];

	box_open(&b);
	synth_symbol(&b.k, PO_S___per_cpu_offset, "__per_cpu_offset", kva(&b, VARS + 0x100), 24);
	world_ptr(&b.w, VARS + 0x100 + 8, 0x1000);
	world_ptr(&b.w, VARS + 0x100 + 16, 0xfff0000000000000u);	/* no such processor */
	synth_symbol(&b.k, PO_S___cpu_possible_mask, "__cpu_possible_mask", kva(&b, VARS + 0x200), 8);
	world_ptr(&b.w, VARS + 0x200, 3);
	world_ptr(&b.w, COUNTERS(2), 8192);
	world_ptr(&b.w, COUNTERS(2) + 8, 2);
	world_ptr(&b.w, COUNTERS(2) + 0x1000, (uint64_t)-4096);		/* freed by another processor */
	world_ptr(&b.w, COUNTERS(2) + 0x1008, (uint64_t)-1);
	world_number(&b.w, TAG(2) + FLAGS, 4, 1);
	CHECK_INT(po_codetag_read(&b.k, b.w.mem, kva(&b, TAG(2)), &b.tag, &b.err), PAGEOWNER_OK);
	CHECK_INT(b.tag.bytes, 4096);
	CHECK_INT(b.tag.calls, 1);
	CHECK(b.tag.inaccurate);
	po_codetag_text(&b.tag, text);
	CHECK_STR(text, "drivers/c.c:30 [mod] func:third");
	CHECK_INT(po_codetag_read(&b.k, b.w.mem, kva(&b, TAG(0)), &b.tag, &b.err), PAGEOWNER_OK);
	po_codetag_text(&b.tag, text);
	CHECK_STR(text, "mm/a.c:10 func:first");
	CHECK(!b.tag.inaccurate);
	world_ptr(&b.w, TAG(0) + FUNCTION, kva(&b, END));
	CHECK_INT(po_codetag_read(&b.k, b.w.mem, kva(&b, TAG(0)), &b.tag, &b.err), PAGEOWNER_ENODATA);
	box_close(&b);
}

TEST(of_a_page_in_page_ext)
{
	struct box b;
	uint8_t raw[64] = { 0 }, ext[32] = { 0 };
	uint64_t at = 0;

	box_open(&b);
	CHECK_INT(po_codetag_of_page(&b.k, b.w.mem, raw, ext, &at, &b.err), 0);	/* no field for it is known */
	synth_symbol(&b.k, PO_S_page_alloc_tagging_ops, "page_alloc_tagging_ops", kva(&b, VARS + 0x300), 32);
	synth_member(&b.k, PO_M_page_ext_operations__offset, 0, 8);
	synth_struct(&b.k, PO_T_page_ext, 8);
	b.k.ext.stride = sizeof(ext);
	world_store(&b.w.abi, ext + 16, 8, kva(&b, TAG(3)));
	CHECK_INT(po_codetag_of_page(&b.k, b.w.mem, raw, ext, &at, &b.err), 0);	/* not asked for at boot: offset 0 */
	world_ptr(&b.w, VARS + 0x300, 16);
	CHECK_INT(po_codetag_of_page(&b.k, b.w.mem, raw, ext, &at, &b.err), 1);
	CHECK(at == kva(&b, TAG(3)));
	CHECK_INT(po_codetag_of_page(&b.k, b.w.mem, raw, NULL, &at, &b.err), 0);
	world_store(&b.w.abi, ext + 16, 8, 1);	/* CODETAG_EMPTY */
	CHECK_INT(po_codetag_of_page(&b.k, b.w.mem, raw, ext, &at, &b.err), 0);
	world_ptr(&b.w, VARS + 0x300, 25);
	CHECK_INT(po_codetag_of_page(&b.k, b.w.mem, raw, ext, &at, &b.err), 0);	/* behind the entry's end */
	box_close(&b);
}

TEST(of_a_page_in_its_flags)
{
	struct box b;
	uint8_t raw[64] = { 0 };
	uint64_t at = 0;

	box_open(&b);
	synth_symbol(&b.k, PO_S_mem_profiling_compressed, "mem_profiling_compressed", kva(&b, VARS + 0x300), 16);
	synth_symbol(&b.k, PO_S_alloc_tag_ref_offs, "alloc_tag_ref_offs", kva(&b, VARS + 0x310), 4);
	synth_symbol(&b.k, PO_S_alloc_tag_ref_mask, "alloc_tag_ref_mask", kva(&b, VARS + 0x318), 8);
	synth_symbol(&b.k, PO_S_kernel_tags, "kernel_tags", kva(&b, VARS + 0x320), 16);
	synth_symbol(&b.k, PO_S_module_tags, "module_tags", kva(&b, VARS + 0x330), 24);
	synth_member(&b.k, PO_M_alloc_tag_kernel_section__first_tag, 0, 8);
	synth_member(&b.k, PO_M_alloc_tag_kernel_section__count, 8, 8);
	world_number(&b.w, VARS + 0x300, 4, 1);
	world_number(&b.w, VARS + 0x310, 4, 20);
	world_ptr(&b.w, VARS + 0x318, 0xfff);
	world_ptr(&b.w, VARS + 0x320, kva(&b, TAG(0)));
	world_ptr(&b.w, VARS + 0x328, 2);
	world_ptr(&b.w, VARS + 0x330, kva(&b, TAG(2)));
	for (unsigned i = 0; i < 4; i++) {
		world_store(&b.w.abi, raw, 8, (uint64_t)(i + 2) << 20 | 0xfffff);
		CHECK_INT(po_codetag_of_page(&b.k, b.w.mem, raw, NULL, &at, &b.err), 1);
		CHECK(at == kva(&b, TAG(i)));
	}
	for (unsigned i = 0; i < 2; i++) {	/* none, and empty */
		world_store(&b.w.abi, raw, 8, (uint64_t)i << 20 | 0xfffff);
		CHECK_INT(po_codetag_of_page(&b.k, b.w.mem, raw, NULL, &at, &b.err), 0);
	}
	world_number(&b.w, VARS + 0x310, 4, 64);
	CHECK_INT(po_codetag_of_page(&b.k, b.w.mem, raw, NULL, &at, &b.err), PAGEOWNER_ECORRUPT);
	box_close(&b);
}

TEST(off_and_absent)
{
	struct box b;

	box_open(&b);
	synth_symbol(&b.k, PO_S_mem_profiling_support, "mem_profiling_support", kva(&b, VARS + 0x400), 1);
	CHECK_INT(walk(&b), PAGEOWNER_EUNSUPP);	/* given up */
	synth_symbol(&b.k, PO_S___init_begin, "__init_begin", kva(&b, VARS + 0x400), 0);
	synth_symbol(&b.k, PO_S___init_end, "__init_end", kva(&b, VARS + 0x500), 0);
	CHECK_INT(walk(&b), PAGEOWNER_OK);	/* of the init section: gone, and tells nothing */
	world_ptr(&b.w, VARS, 0);
	CHECK_INT(walk(&b), PAGEOWNER_EUNSUPP);
	b.k.l.symbol[PO_S_alloc_tag_cttype].have = false;
	CHECK_INT(walk(&b), PAGEOWNER_EUNSUPP);
	box_close(&b);
	box_open(&b);
	b.k.l.member[PO_M_alloc_tag__counters].have = false;
	CHECK_INT(walk(&b), PAGEOWNER_ENOTYPE);
	box_close(&b);
}

/* A node that is its own child, a range that goes on for ever, one that is not in the dump. */
TEST(lies)
{
	struct box b;

	box_open(&b);
	world_ptr(&b.w, TYPE + IDR, kva(&b, NODE(0)) | 2);
	world_number(&b.w, NODE(0) + SHIFT, 1, 6);
	for (unsigned i = 0; i < 64; i++)
		world_ptr(&b.w, NODE(0) + SLOTS + 8 * i, kva(&b, NODE(0)) | 2);
	CHECK_INT(walk(&b), PAGEOWNER_OK);
	CHECK_INT(b.flaw.code, PAGEOWNER_ECORRUPT);
	CHECK_INT(b.nr, 0);
	world_ptr(&b.w, TYPE + IDR, kva(&b, MODULES(0)));
	world_ptr(&b.w, MODULES(0) + STOP, UINT64_MAX);
	CHECK_INT(walk(&b), PAGEOWNER_OK);
	CHECK_INT(b.flaw.code, PAGEOWNER_ECORRUPT);
	CHECK_INT(b.nr, 0);
	world_ptr(&b.w, TYPE + IDR, kva(&b, END));
	CHECK_INT(walk(&b), PAGEOWNER_OK);
	CHECK_INT(b.flaw.code, PAGEOWNER_ENODATA);
	b.k.l.member[PO_M_xa_node__slots].at.type.nr_elems = 1000;
	CHECK_INT(walk(&b), PAGEOWNER_ENOTYPE);
	box_close(&b);
}
