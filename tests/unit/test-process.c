/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Memory of processes: areas and page tables of hostile dumps, counters and scores of releases that no fixture has. */
#include <elf.h>
#include <string.h>

#include "base/cleanup.h"
#include "harness.h"
#include "kernel/calls.h"
#include "kernel/process.h"
#include "kernel/vma.h"
#include "memory/pte.h"
#include "synth/kallsyms.h"
#include "synth/layout.h"
#include "synth/tables.h"
#include "synth/world.h"

#define MM		0x1000u
#define TASK		0x1800u
#define NODE(i)		(0x2000u + 0x100u * (i))
#define AREA(i)		(0x8000u + 0x80u * (i))
#define TEXT		0x10000u
#define END		0x20000u

enum { MMAP = 0, ROOT = 8, TOTAL = 16, START_CODE = 24, END_CODE = 32, RSS = 40, PTES = 72, MM_FLAGS = 80 };
enum { V_START = 0, V_END = 8, V_NEXT = 16, V_FLAGS = 24, V_PGOFF = 32, V_FILE = 40, V_SIZE = 48 };
/* of nodes of 8 bytes a word */
enum { R_PIVOT = 8, R_SLOT = 128, NR_R = 16, A_PIVOT = 8, A_SLOT = 80, NR_A = 10 };
enum { LEAF = 1, RANGE = 2, ARANGE = 3 };

struct box {
	struct world w;
	struct po_kernel k;
	struct pageowner_error err;
	unsigned nr;
	uint64_t first, last;
};

static uint64_t kva(const struct box *b, uint64_t paddr)
{
	return b->w.base + paddr;
}

static void box_close(struct box *b)
{
	world_close(&b->w);
}

static void synth_array(struct po_kernel *k, unsigned id, uint64_t offset, uint64_t nr)
{
	synth_member(k, id, offset, nr * 8)->type =
		(struct po_type_info){ .kind = PO_KIND_ARRAY, .nr_elems = nr, .elem_size = 8 };
}

static void box_open(struct box *b)
{
	memset(b, 0, sizeof(*b));
	world_open(&b->w, false, 8);
	world_range(&b->w, 0, END);
	synth_kernel(&b->k, &b->w.abi, 12);
	synth_struct(&b->k, PO_T_vm_area_struct, V_SIZE);
	synth_member(&b->k, PO_M_vm_area_struct__vm_start, V_START, 8);
	synth_member(&b->k, PO_M_vm_area_struct__vm_end, V_END, 8);
	synth_member(&b->k, PO_M_vm_area_struct__vm_flags, V_FLAGS, 8);
	synth_member(&b->k, PO_M_vm_area_struct__vm_pgoff, V_PGOFF, 8);
	synth_member(&b->k, PO_M_vm_area_struct__vm_file, V_FILE, 8);
}

static void use_list(struct box *b)
{
	synth_member(&b->k, PO_M_vm_area_struct__vm_next, V_NEXT, 8);
	synth_member(&b->k, PO_M_mm_struct__mmap, MMAP, 8);
	world_ptr(&b->w, MM + MMAP, kva(b, AREA(0)));
}

static void use_tree(struct box *b, uint64_t root)
{
	synth_member(&b->k, PO_M_mm_struct__mm_mt_root, ROOT, 8);
	synth_array(&b->k, PO_M_maple_range_64__pivot, R_PIVOT, NR_R - 1);
	synth_array(&b->k, PO_M_maple_range_64__slot, R_SLOT, NR_R);
	synth_array(&b->k, PO_M_maple_arange_64__pivot, A_PIVOT, NR_A - 1);
	synth_array(&b->k, PO_M_maple_arange_64__slot, A_SLOT, NR_A);
	world_ptr(&b->w, MM + ROOT, root);
}

static void put_area(struct box *b, unsigned i, uint64_t start, uint64_t end)
{
	world_number(&b->w, AREA(i) + V_START, 8, start);
	world_number(&b->w, AREA(i) + V_END, 8, end);
}

static uint64_t node(const struct box *b, unsigned i, unsigned type)
{
	return kva(b, NODE(i)) | type << 3;
}

static int count(void *arg, const struct po_vma *v)
{
	struct box *b = arg;

	if (!b->nr++)
		b->first = v->start;
	b->last = v->end;
	return PAGEOWNER_OK;
}

static int walk(struct box *b)
{
	b->nr = 0;
	return po_vmas_each(&b->k, b->w.mem, kva(b, MM), count, b, &b->err);
}

TEST(areas_in_a_list)
{
	_cleanup_(box_close) struct box b;

	box_open(&b);
	CHECK_INT(walk(&b), PAGEOWNER_ENOTYPE);
	use_list(&b);
	for (unsigned i = 0; i < 3; i++) {
		put_area(&b, i, 0x1000 * (2 * i + 1), 0x1000 * (2 * i + 2));
		world_ptr(&b.w, AREA(i) + V_NEXT, i < 2 ? kva(&b, AREA(i + 1)) : 0);
	}
	CHECK_INT(walk(&b), PAGEOWNER_OK);
	CHECK_INT(b.nr, 3);
	CHECK_INT(b.last, 0x6000);
	world_ptr(&b.w, AREA(2) + V_NEXT, kva(&b, AREA(1)));	/* in circles */
	CHECK_INT(walk(&b), PAGEOWNER_ECORRUPT);
	CHECK(strstr(b.err.text, "out of order") != NULL);
	CHECK_INT(b.nr, 3);
	world_ptr(&b.w, AREA(1) + V_NEXT, 0x1234);
	CHECK_INT(walk(&b), PAGEOWNER_ENODATA);
	CHECK_INT(b.nr, 2);
	world_ptr(&b.w, MM + MMAP, 0);
	CHECK_INT(walk(&b), PAGEOWNER_OK);
	CHECK_INT(b.nr, 0);
}

/* Two leaves below an inner node: areas 0 and 1, a hole, and 2 up to the end. */
static void put_tree(struct box *b)
{
	use_tree(b, node(b, 0, ARANGE) | 2);
	world_number(&b->w, NODE(0) + A_PIVOT, 8, 0x4fff);
	world_ptr(&b->w, NODE(0) + A_SLOT, node(b, 1, LEAF) | 4);
	world_ptr(&b->w, NODE(0) + A_SLOT + 8, node(b, 2, LEAF) | 4);
	put_area(b, 0, 0x1000, 0x2000);
	put_area(b, 1, 0x2000, 0x3000);
	put_area(b, 2, 0x8000, 0x9000);
	world_number(&b->w, NODE(1) + R_PIVOT, 8, 0xfff);
	world_number(&b->w, NODE(1) + R_PIVOT + 8, 8, 0x1fff);
	world_ptr(&b->w, NODE(1) + R_SLOT + 8, kva(b, AREA(0)));
	world_number(&b->w, NODE(1) + R_PIVOT + 16, 8, 0x2fff);
	world_ptr(&b->w, NODE(1) + R_SLOT + 16, kva(b, AREA(1)));
	world_number(&b->w, NODE(1) + R_PIVOT + 24, 8, 0x4fff);
	world_number(&b->w, NODE(1) + R_SLOT + 24, 8, 0x406);	/* XA_ZERO_ENTRY */
	world_number(&b->w, NODE(1) + R_SLOT + 32, 8, 0x123);	/* behind the last: metadata */
	world_number(&b->w, NODE(2) + R_PIVOT, 8, 0x7fff);
	world_number(&b->w, NODE(2) + R_PIVOT + 8, 8, 0x8fff);
	world_ptr(&b->w, NODE(2) + R_SLOT + 8, kva(b, AREA(2)));
}

TEST(areas_in_a_tree)
{
	_cleanup_(box_close) struct box b;

	box_open(&b);
	put_tree(&b);
	CHECK_INT(walk(&b), PAGEOWNER_OK);
	CHECK_INT(b.nr, 3);
	CHECK_INT(b.first, 0x1000);
	CHECK_INT(b.last, 0x9000);
	world_ptr(&b.w, MM + ROOT, kva(&b, AREA(2)));	/* one alone */
	CHECK_INT(walk(&b), PAGEOWNER_OK);
	CHECK_INT(b.nr, 1);
	world_ptr(&b.w, MM + ROOT, 0);
	CHECK_INT(walk(&b), PAGEOWNER_OK);
	CHECK_INT(b.nr, 0);
}

TEST(a_tree_that_leads_astray)
{
	_cleanup_(box_close) struct box b;

	box_open(&b);
	put_tree(&b);
	world_ptr(&b.w, NODE(0) + A_SLOT + 8, node(&b, 0, ARANGE));	/* into itself */
	CHECK_INT(walk(&b), PAGEOWNER_ECORRUPT);
	CHECK_INT(b.nr, 2);
	world_ptr(&b.w, NODE(0) + A_SLOT + 8, node(&b, 1, LEAF));	/* what was seen */
	CHECK_INT(walk(&b), PAGEOWNER_ECORRUPT);
	world_ptr(&b.w, NODE(0) + A_SLOT + 8, node(&b, 2, 9));
	CHECK_INT(walk(&b), PAGEOWNER_ECORRUPT);
	CHECK(strstr(b.err.text, "makes no sense") != NULL);
	world_ptr(&b.w, NODE(0) + A_SLOT + 8, 0x123400 | LEAF << 3);
	CHECK_INT(walk(&b), PAGEOWNER_ENODATA);
	b.k.l.member[PO_M_maple_range_64__slot].at.type.nr_elems = 17;
	CHECK_INT(walk(&b), PAGEOWNER_EUNSUPP);
	b.k.l.member[PO_M_maple_range_64__slot].have = false;
	CHECK_INT(walk(&b), PAGEOWNER_ENOTYPE);
}

/* --- page tables --------------------------------------------------------------------------------- */

struct seen {
	unsigned nr;
	struct po_pte last;
};

static int see(void *arg, const struct po_pte *pte)
{
	struct seen *s = arg;

	s->nr++;
	s->last = *pte;
	return PAGEOWNER_OK;
}

static int walk_tables(struct box *b, const char *format, const struct po_pte_rules *rules, uint64_t start, uint64_t end,
		       uint64_t left, struct seen *s)
{
	struct po_xlat xlat = { .ops = synth_ops(synth_format(format)), .root = NODE(0), .lower_half = true };
	uint64_t lost = 0;

	*s = (struct seen){ .nr = 0 };
	return po_ptes_walk(&xlat, rules, b->w.mem, start, end, &left, see, s, &lost, &b->err);
}

TEST(tables_that_lead_into_themselves)
{
	_cleanup_(box_close) struct box b;
	const struct po_pte_rules rules = { 0 };
	struct seen s;

	box_open(&b);
	for (unsigned i = 0; i < 512; i++)
		world_number(&b.w, NODE(0) + 8 * i, 8, NODE(0) | 0x67);
	CHECK_INT(walk_tables(&b, "x86_64, 4 levels", &rules, 0, (uint64_t)1 << 47, 1000, &s), PAGEOWNER_ECORRUPT);
	CHECK_STR(b.err.text, "page tables: more than there is memory for");
	CHECK_INT(walk_tables(&b, "x86_64, 4 levels", &rules, 0x5000, 0x8000, 4, &s), PAGEOWNER_OK);
	CHECK_INT(s.nr, 3);
	CHECK_INT(s.last.va, 0x7000);
	CHECK_INT(s.last.paddr, NODE(0));
	CHECK(s.last.present && s.last.young && s.last.dirty && !s.last.special);
	CHECK_INT(walk_tables(&b, "x86_64, 4 levels", &rules, 0x5000, 0x8000, 3, &s), PAGEOWNER_ECORRUPT);
	CHECK_INT(walk_tables(&b, "x86_64, 4 levels", &rules, 0x5000, 0x5000, 0, &s), PAGEOWNER_OK);
}

static struct po_pte decode_as(const char *format, const struct po_pte_rules *rules, uint64_t entry)
{
	_cleanup_(box_close) struct box b;
	const struct synth_format *f = synth_format(format);
	struct tables t = { .w = &b.w, .format = f, .root = NODE(0), .next = 0x4000 };
	uint64_t va = 0x5000000;
	struct seen s;

	box_open(&b);
	world_number(&b.w, tables_slot(&t, va, f->nr_levels - 1) - (f->entry_bytes == 4 && f->machine == EM_ARM ? 2048 : 0),
		     f->entry_bytes, entry);
	CHECK_INT(walk_tables(&b, format, rules, va, va + 0x1000, 100, &s), PAGEOWNER_OK);
	CHECK_INT(s.nr, 1);
	return s.last;
}

TEST(swap_entries)
{
	const struct po_pte_rules arm64_old = { .invalid = (uint64_t)3 << 58, .type_shift = 3, .type_bits = 5, .offset_shift = 8 };
	const struct po_pte_rules arm64 = { .invalid = 1 << 11, .type_shift = 6, .type_bits = 5, .offset_shift = 12 };
	const struct po_pte_rules arm = { .type_shift = 2, .type_bits = 5, .offset_shift = 8 };
	struct po_pte p;

	p = decode_as("x86_64, 4 levels", &arm, (uint64_t)3 << 59 | ~(uint64_t)0x1234 << 14 >> 5);
	CHECK(!p.present);
	CHECK_INT(p.type, 3);
	CHECK_INT(p.offset, 0x1234);
	p = decode_as("arm64, 4K granule, 48-bit addresses", &arm64_old, 0x1234 << 8 | 2 << 3 | 4);
	CHECK(!p.present);
	CHECK_INT(p.type, 2);
	CHECK_INT(p.offset, 0x1234);
	p = decode_as("arm64, 4K granule, 48-bit addresses", &arm64, 0x1234 << 12 | 2 << 6);
	CHECK(!p.present);
	CHECK_INT(p.type, 2);
	CHECK_INT(p.offset, 0x1234);
	p = decode_as("arm, short descriptors", &arm, 0x1234 << 8 | 1 << 2);
	CHECK(!p.present);
	CHECK_INT(p.type, 1);
	CHECK_INT(p.offset, 0x1234);
}

TEST(pages_that_the_processor_takes_for_absent)
{
	const struct po_pte_rules arm64_old = { .invalid = (uint64_t)3 << 58, .type_shift = 3, .type_bits = 5, .offset_shift = 8 };
	const struct po_pte_rules arm64 = { .invalid = 1 << 11, .type_shift = 6, .type_bits = 5, .offset_shift = 12 };
	struct po_pte p;

	p = decode_as("arm64, 4K granule, 48-bit addresses", &arm64_old, (uint64_t)1 << 58 | 0x1234000 | 0x400 | 2);
	CHECK(p.present && p.young && !p.dirty);
	CHECK_INT(p.paddr, 0x1234000);
	p = decode_as("arm64, 4K granule, 48-bit addresses", &arm64, (uint64_t)1 << 55 | 0x1234000 | 1 << 11 | 2);
	CHECK(p.present && !p.young && p.dirty);
	CHECK_INT(p.paddr, 0x1234000);
	p = decode_as("arm, LPAE", &arm64, (uint64_t)1 << 57 | 0x1234000 | 2);	/* L_PTE_NONE */
	CHECK(p.present && !p.young && !p.dirty);
	CHECK_INT(p.paddr, 0x1234000);
	p = decode_as("arm, short descriptors", &arm64, 0x1234000 | 1 | 2 | 64);
	CHECK(p.present && p.young && p.dirty);
	CHECK_INT(p.paddr, 0x1234000);
	/* dirty, written to before it was protected */
	p = decode_as("x86_64, 4 levels", &(struct po_pte_rules){ .saved_dirty = 58 }, (uint64_t)1 << 58 | 0x1234000 | 5);
	CHECK(p.present && !p.young && p.dirty);
}

/* --- counters ------------------------------------------------------------------------------------ */

static void put_mm(struct box *b)
{
	synth_member(&b->k, PO_M_mm_struct__total_vm, TOTAL, 8);
	synth_member(&b->k, PO_M_mm_struct__start_code, START_CODE, 8);
	synth_member(&b->k, PO_M_mm_struct__end_code, END_CODE, 8);
	synth_member(&b->k, PO_M_mm_struct__rss_stat, RSS, 32);
	synth_member(&b->k, PO_M_mm_rss_stat__count, 0, 32);
	synth_member(&b->k, PO_M_mm_struct__nr_ptes, PTES, 8);
	synth_enumerator(&b->k, PO_E_MM_FILEPAGES, 0);
	synth_enumerator(&b->k, PO_E_MM_ANONPAGES, 1);
	synth_enumerator(&b->k, PO_E_MM_SWAPENTS, 2);
	world_number(&b->w, MM + TOTAL, 8, 5000);
	world_number(&b->w, MM + START_CODE, 8, 0x400800);
	world_number(&b->w, MM + END_CODE, 8, 0x401001);
	world_number(&b->w, MM + RSS, 8, 100);
	world_number(&b->w, MM + RSS + 8, 8, 200);
	world_number(&b->w, MM + RSS + 16, 8, (uint64_t)-3);	/* what threads hold back */
	world_number(&b->w, MM + PTES, 8, 7);
}

TEST(counters_of_an_older_release)
{
	_cleanup_(box_close) struct box b;
	struct po_mm mm;

	box_open(&b);
	CHECK_INT(po_mm_read(&b.k, b.w.mem, kva(&b, MM), true, &mm, &b.err), PAGEOWNER_ENOTYPE);
	put_mm(&b);
	CHECK_INT(po_mm_read(&b.k, b.w.mem, kva(&b, MM), true, &mm, &b.err), PAGEOWNER_OK);
	CHECK_INT(mm.total, 5000);
	CHECK_INT(mm.text, 2);
	CHECK_INT(mm.rss[PO_RSS_FILE], 100);
	CHECK_INT(mm.rss[PO_RSS_ANON], 200);
	CHECK_INT(mm.rss[PO_RSS_SHMEM], 0);
	CHECK_INT(mm.swap, 0);
	CHECK_INT(mm.table_bytes, 7 * 4096);
}

TEST(badness)
{
	_cleanup_(box_close) struct box b;
	struct po_process p = { .pid = 7 };
	uint64_t score;
	int64_t points;

	box_open(&b);
	put_mm(&b);
	p.mm = p.any_mm = kva(&b, MM);
	synth_symbol(&b.k, PO_S_totalram_pages, "totalram_pages", kva(&b, TEXT), 8);
	world_number(&b.w, TEXT, 8, 10000);
	synth_member(&b.k, PO_M_oom_control__chosen_points, 0, 8)->type.is_signed = true;
	CHECK_INT(po_process_badness(&b.k, b.w.mem, &p, false, &points, &score, &b.err), 1);
	CHECK_INT(points, 307);
	CHECK_INT(score, (1000 + 30) * 2 / 3);
	p.oom_score_adj = -500;
	CHECK_INT(po_process_badness(&b.k, b.w.mem, &p, false, &points, &score, &b.err), 1);
	CHECK_INT(points, 307 - 5000);
	b.k.l.member[PO_M_oom_control__chosen_points].at.type.is_signed = false;
	CHECK_INT(po_process_badness(&b.k, b.w.mem, &p, false, &points, &score, &b.err), 1);
	CHECK_INT(points, 1);
	CHECK_INT(score, 0);
	p.oom_score_adj = 0;
	CHECK_INT(po_process_badness(&b.k, b.w.mem, &p, false, &points, &score, &b.err), 1);
	CHECK_INT(score, 30);
	p.oom_score_adj = -1000;
	CHECK_INT(po_process_badness(&b.k, b.w.mem, &p, false, &points, &score, &b.err), 0);
	p = (struct po_process){ .pid = 1, .any_mm = p.any_mm };
	CHECK_INT(po_process_badness(&b.k, b.w.mem, &p, false, &points, &score, &b.err), 0);
	p.pid = 7;
	synth_member(&b.k, PO_M_mm_struct__flags, MM_FLAGS, 8);
	world_number(&b.w, MM + MM_FLAGS, 8, 1 << 21);	/* reaped */
	CHECK_INT(po_process_badness(&b.k, b.w.mem, &p, false, &points, &score, &b.err), 0);
	world_number(&b.w, MM + MM_FLAGS, 8, 0);
	world_number(&b.w, TEXT, 8, 0);
	CHECK_INT(po_process_badness(&b.k, b.w.mem, &p, false, &points, &score, &b.err), PAGEOWNER_ECORRUPT);
}

/* --- who lives ----------------------------------------------------------------------------------- */

TEST(owners_that_are_no_more)
{
	struct po_living_thread threads[] = { { 0, 0 }, { 1, 5000 }, { 30, 60000000000 }, { 40, 0 } };
	struct po_living l = { threads, 4, true };

	CHECK_INT(po_living_has(&l, 0, 7), 1);
	CHECK_INT(po_living_has(&l, 1, 0), 1);
	CHECK_INT(po_living_has(&l, 2, 70000000000), 0);
	CHECK_INT(po_living_has(&l, 30, 70000000000), 1);
	CHECK_INT(po_living_has(&l, 30, 59900000000), 1);	/* the clocks differ so much */
	CHECK_INT(po_living_has(&l, 30, 50000000000), 0);	/* another had its number */
	CHECK_INT(po_living_has(&l, 30, UINT64_MAX), 1);
	CHECK_INT(po_living_has(&l, 40, 1), 1);
	l.complete = false;	/* it may be behind a break in the list */
	CHECK_INT(po_living_has(&l, 2, 70000000000), -1);
	CHECK_INT(po_living_has(&l, 30, 50000000000), 0);
}

/* --- calls --------------------------------------------------------------------------------------- */

struct call {
	unsigned machine;
	bool thumb;
	uint64_t code;	/* leads 0x100 further */
};

static bool calls(const struct call *c, const char *word)
{
	_cleanup_(box_close) struct box b;
	struct po_kallsyms *ks = NULL;
	struct po_symbols *syms = NULL;

	box_open(&b);
	const struct synth_symbol names[] = {
		{ kva(&b, TEXT), "T_stext" },
		{ kva(&b, TEXT + 0x102), "tget_mm_counter_sum.isra.0" },
		{ kva(&b, TEXT + 0x200), "Tother" },
	};
	struct po_kallsyms_where at = { .stext = kva(&b, TEXT), .etext = kva(&b, TEXT + 0x300) };
	world_range(&b.w, 0x800000, 0x10000);
	synth_kallsyms(&b.w, 0x800000, SYNTH_RELATIVE, names, 3, &at);
	if (po_kallsyms_open(b.w.mem, &at, &ks, NULL) < 0 ||
	    po_symbols_new(ks, &(struct po_rules){ .name_len = 512 }, &syms, NULL) < 0)
		abort();
	b.k.machine = c->machine;
	synth_symbol(&b.k, PO_S_task_statm, "task_statm", kva(&b, TEXT + 2) + c->thumb, 12);
	world_number(&b.w, TEXT + 2, 8, c->code);
	bool ret = po_code_calls(&b.k, b.w.mem, syms, PO_S_task_statm, word);
	po_symbols_free(syms);
	return ret;
}

TEST(who_calls_whom)
{
	static const struct call all[] = {
		{ EM_X86_64, false, 0xfbe8 },	   { EM_386, false, 0xfbe8 },	      { EM_AARCH64, false, 0x94000040 },
		{ EM_ARM, false, 0xeb00003e },	   { EM_ARM, true, 0xf87ef000 },
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		CHECK(calls(&all[i], "_sum"));
		CHECK(!calls(&all[i], "_rss"));
		struct call aside = all[i];
		aside.code += all[i].machine == EM_AARCH64 || !all[i].thumb ? 0x100 : 0x10000;
		CHECK(!calls(&aside, "_sum"));
		aside.machine = EM_S390;
		CHECK(!calls(&aside, "_sum"));
	}
}
