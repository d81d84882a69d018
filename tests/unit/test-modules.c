/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names that a kernel holds in lists: modules of every shape, BPF programs, what ftrace kept. */
#include <elf.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "harness.h"
#include "kernel/list.h"
#include "kernel/modules.h"
#include "synth/kallsyms.h"
#include "synth/layout.h"
#include "synth/world.h"

#define IMAGE 0x1000u		/* a kernel of one symbol, and its tables */
#define TABLES 0x10000u
#define HEAD 0x40000u		/* head of the list */
#define MODULE(i) (0x41000u + 0x400u * (i))
#define SYMTAB 0x50000u
#define STRTAB 0x60000u
#define AREA 0x100000u		/* where the modules' code is */
#define TAG "\x6d\xee\xf7\x35\x7e\x7b\x45\x30"

struct box {
	struct world w;
	struct po_kernel k;
	struct po_symbols *syms;
	struct pageowner_error first;
};

static uint64_t kva(const struct box *b, uint64_t paddr)
{
	return b->w.base + paddr;
}

static void box_close(struct box *b)
{
	po_symbols_free(b->syms);
	world_close(&b->w);
}

static void box_open(struct box *b, unsigned ptr_size, bool big_endian)
{
	static const struct po_rules rules = { .name_len = 128 };
	struct po_kallsyms_where at = { 0 };
	struct po_kallsyms *ks = NULL;

	memset(b, 0, sizeof(*b));
	world_open(&b->w, big_endian, ptr_size);
	world_range(&b->w, 0, 0x200000);
	synth_kernel(&b->k, &b->w.abi, 12);
	const struct synth_symbol text[] = { { kva(b, IMAGE), "T_stext" } };
	at.stext = kva(b, IMAGE);
	at.etext = at.stext + 16;
	synth_kallsyms(&b->w, TABLES, SYNTH_ABSOLUTE, text, 1, &at);
	if (po_kallsyms_open(b->w.mem, &at, &ks, NULL) < 0 || po_symbols_new(ks, &rules, &b->syms, NULL) < 0)
		abort();
}

/* As %pS, of an offset from AREA. */
static const char *look(const struct box *b, uint64_t offset)
{
	static char text[4][1200];
	static unsigned turn;
	char *to = text[turn++ % 4];
	struct po_symbol sym;
	uint64_t at = kva(b, AREA + offset);

	if (!po_symbols_lookup(b->syms, at, &sym))
		return "no";
	snprintf(to, sizeof(text[0]), "%s+0x%" PRIx64 "/0x%" PRIx64 "%s%s%s", sym.name, at - sym.start, sym.size,
		 sym.module ? " [" : "", sym.module ? sym.module : "", sym.module ? "]" : "");
	return to;
}

/* A list of entries whose links are at these physical addresses. */
static void link_up(struct box *b, uint64_t head, const uint64_t *links, size_t nr)
{
	uint64_t at = head;

	for (size_t i = 0; i < nr; i++) {
		world_ptr(&b->w, at, kva(b, links[i]));
		at = links[i];
	}
	world_ptr(&b->w, at, kva(b, head));
}

/* --- lists ----------------------------------------------------------------------------------- */

static int count(struct box *b, uint64_t head, unsigned max, unsigned *nr)
{
	struct po_list list = po_list_of(b->w.mem, kva(b, head), max);
	uint64_t at;
	int rc;

	for (*nr = 0; (rc = po_list_next(&list, &at, NULL)) == 1; ++*nr)
		if (*nr > 1000000)
			abort();
	return rc;
}

TEST(a_list_ends_at_its_head)
{
	_cleanup_(box_close) struct box b;
	uint64_t links[100];
	unsigned nr;

	box_open(&b, 8, false);
	for (unsigned i = 0; i < 100; i++)
		links[i] = HEAD + 16 + 16 * i;
	for (unsigned n = 0; n <= 100; n++) {
		link_up(&b, HEAD, links, n);
		CHECK_INT(count(&b, HEAD, 100, &nr), 0);
		CHECK_INT(nr, n);
	}
	CHECK_INT(count(&b, HEAD, 99, &nr), PAGEOWNER_ECORRUPT);
}

TEST(a_list_that_goes_round_is_left)
{
	_cleanup_(box_close) struct box b;
	uint64_t links[50];
	unsigned nr;

	box_open(&b, 4, true);
	for (unsigned i = 0; i < 50; i++)
		links[i] = HEAD + 16 + 16 * i;
	for (unsigned to = 0; to < 50; to++) {
		link_up(&b, HEAD, links, 50);
		world_ptr(&b.w, links[49], kva(&b, links[to]));
		CHECK_INT(count(&b, HEAD, 1u << 30, &nr), PAGEOWNER_ECORRUPT);
		CHECK(nr < 3 * 64);
	}
	world_ptr(&b.w, links[10], 0);
	CHECK_INT(count(&b, HEAD, 1u << 30, &nr), PAGEOWNER_ECORRUPT);
	CHECK_INT(nr, 11);
}

/* --- modules --------------------------------------------------------------------------------- */

enum shape { PLAIN, PLAIN_APART, LAYOUT, AREAS };	/* 3.19-4.4; 4.4 stable; 4.5-6.3; 6.4 on */

enum { LIST = 8, STATE = 32, NAME = 40, CORE = 104, INIT = 128, TABLE = 152, MEM = 192, APART = 512, SIZE = 640 };

static void numbers(struct box *b, const unsigned *ids, uint64_t offset, unsigned bytes)
{
	for (unsigned i = 0; i < 3; i++)	/* base, size, size of text */
		synth_member(&b->k, ids[i], offset + 8 * i, i ? bytes : b->w.abi.ptr_size);
}

static void describe(struct box *b, enum shape shape)
{
	static const unsigned plain[2][3] = {
		{ PO_M_module__module_core, PO_M_module__plain_core_size, PO_M_module__plain_core_text_size },
		{ PO_M_module__module_init, PO_M_module__plain_init_size, PO_M_module__plain_init_text_size },
	};
	static const unsigned layout[2][3] = {
		{ PO_M_module__core_base, PO_M_module__core_size, PO_M_module__core_text_size },
		{ PO_M_module__init_base, PO_M_module__init_size, PO_M_module__init_text_size },
	};
	const unsigned(*ids)[3] = shape == LAYOUT ? layout : plain, ptr = b->w.abi.ptr_size;

	synth_symbol(&b->k, PO_S_modules, "modules", kva(b, HEAD), 2 * ptr);
	synth_struct(&b->k, PO_T_module, SIZE);
	synth_member(&b->k, PO_M_module__list, LIST, 2 * ptr);
	synth_member(&b->k, PO_M_module__state, STATE, 4);
	synth_member(&b->k, PO_M_module__name, NAME, 56);
	synth_enumerator(&b->k, PO_E_MODULE_STATE_UNFORMED, 3);
	if (shape == AREAS) {
		synth_member(&b->k, PO_M_module__mem, MEM, 7 * 16)->type.nr_elems = 7;
		synth_struct(&b->k, PO_T_module_memory, 16);
		synth_member(&b->k, PO_M_module_memory__base, 0, ptr);
		synth_member(&b->k, PO_M_module_memory__size, 8, 4);
		synth_enumerator(&b->k, PO_E_MOD_TEXT, 0);
		synth_enumerator(&b->k, PO_E_MOD_INIT_TEXT, 4);
	} else {
		numbers(b, ids[0], CORE, 4);
		numbers(b, ids[1], INIT, 4);
	}
	if (shape == PLAIN) {
		synth_member(&b->k, PO_M_module__symtab, TABLE, ptr);
		synth_member(&b->k, PO_M_module__num_symtab, TABLE + 8, 4);
		synth_member(&b->k, PO_M_module__strtab, TABLE + 16, ptr);
		return;
	}
	synth_member(&b->k, PO_M_module__kallsyms, TABLE, ptr);
	synth_struct(&b->k, PO_T_mod_kallsyms, 24);
	synth_member(&b->k, PO_M_mod_kallsyms__symtab, 0, ptr);
	synth_member(&b->k, PO_M_mod_kallsyms__num_symtab, 8, 4);
	synth_member(&b->k, PO_M_mod_kallsyms__strtab, 16, ptr);
}

struct sym {
	uint64_t value;
	const char *name;
	unsigned info, shndx;
};

static uint64_t put_symbols(struct box *b, uint64_t at, const struct sym *syms, size_t nr)
{
	const bool wide = b->w.abi.ptr_size == 8;
	uint64_t str = STRTAB + 1;

	for (size_t i = 0; i < nr; i++, at += wide ? 24 : 16) {
		world_number(&b->w, at, 4, *syms[i].name ? str - STRTAB : 0);
		world_ptr(&b->w, at + (wide ? 8 : 4), syms[i].value);
		world_number(&b->w, at + (wide ? 4 : 12), 1, syms[i].info);
		world_number(&b->w, at + (wide ? 6 : 14), 2, syms[i].shndx);
		world_string(&b->w, str, syms[i].name);
		str += strlen(syms[i].name) + 1;
	}
	return nr;
}

static void put_area(struct box *b, uint64_t at, uint64_t start, uint64_t size, uint64_t text)
{
	world_ptr(&b->w, at, kva(b, AREA + start));
	world_number(&b->w, at + 8, 4, size);
	world_number(&b->w, at + 16, 4, text);
}

/* Text at 0, data at 0x2000 in the same area or another, init text at 0x8000. */
static void put_module(struct box *b, enum shape shape, uint64_t at, const char *name, uint64_t nr)
{
	world_string(&b->w, at + NAME, name);
	world_number(&b->w, at + STATE, 4, 0);
	if (shape == AREAS) {
		for (unsigned i = 0; i < 7; i++)
			world_number(&b->w, at + MEM + 16 * i + 8, 4, 0);
		world_ptr(&b->w, at + MEM, kva(b, AREA));
		world_number(&b->w, at + MEM + 8, 4, 0x1000);
		world_ptr(&b->w, at + MEM + 16, kva(b, AREA + 0x2000));
		world_number(&b->w, at + MEM + 24, 4, 0x1000);
		world_ptr(&b->w, at + MEM + 64, kva(b, AREA + 0x8000));
		world_number(&b->w, at + MEM + 72, 4, 0x800);
	} else {
		put_area(b, at + CORE, 0, 0x3000, 0x1000);
		put_area(b, at + INIT, 0x8000, 0x1000, 0x800);
	}
	if (shape != PLAIN) {
		world_ptr(&b->w, at + TABLE, kva(b, at + APART));
		at += APART - TABLE;
	}
	world_ptr(&b->w, at + TABLE, kva(b, SYMTAB));
	world_number(&b->w, at + TABLE + 8, 4, nr);
	world_ptr(&b->w, at + TABLE + 16, kva(b, STRTAB));
}

static int load_modules(struct box *b)
{
	return po_modules_load(&b->k, b->w.mem, b->syms, &b->first, NULL);
}

static void check_shape(enum shape shape, unsigned ptr_size, bool big_endian)
{
	_cleanup_(box_close) struct box b;
	const uint64_t link = MODULE(0) + LIST;

	box_open(&b, ptr_size, big_endian);
	const struct sym syms[] = {
		{ 0, "", 0, 0 },
		{ kva(&b, AREA + 0x400), "second", STT_FUNC, 1 },
		{ kva(&b, AREA + 0x10), "first", STT_FUNC, 1 },
		{ kva(&b, AREA + 0x20), "elsewhere", STT_FUNC, SHN_UNDEF },
		{ kva(&b, AREA + 0x30), "", STT_NOTYPE, 1 },
		{ kva(&b, AREA + 0x30), "$x", STT_NOTYPE, 1 },
		{ kva(&b, AREA + 0x30), "$d.5", STT_NOTYPE, 1 },
		{ kva(&b, AREA + 0x30), ".L12", STT_NOTYPE, 1 },
		{ 0, "absolute_zero", STT_NOTYPE, SHN_ABS },
		{ kva(&b, AREA + 0x8000), "init", STT_FUNC, 2 },
	};
	describe(&b, shape);
	put_module(&b, shape, MODULE(0), "ext4", put_symbols(&b, SYMTAB, syms, sizeof(syms) / sizeof(*syms)));
	link_up(&b, HEAD, &link, 1);
	CHECK_INT(load_modules(&b), PAGEOWNER_OK);
	CHECK_INT(b.first.code, PAGEOWNER_OK);
	CHECK_INT(po_symbols_nr_modules(b.syms), 1);
	CHECK_STR(look(&b, 0x10), "first+0x0/0x3f0 [ext4]");
	CHECK_STR(look(&b, 0x3f), "first+0x2f/0x3f0 [ext4]");
	CHECK_STR(look(&b, 0x400), "second+0x0/0xc00 [ext4]");
	CHECK_STR(look(&b, 0x8004), "init+0x4/0x800 [ext4]");
	/* below all symbols: not that of value 0, which begins no better than entry 0 */
	CHECK_STR(look(&b, 0xf), "no");
	CHECK_STR(look(&b, 0x3000), "no");
	CHECK_STR(look(&b, 0x9000), "no");
}

TEST(modules_of_every_shape)
{
	for (int shape = PLAIN; shape <= AREAS; shape++) {
		check_shape((enum shape)shape, 8, false);
		check_shape((enum shape)shape, 8, true);
		check_shape((enum shape)shape, 4, false);
		check_shape((enum shape)shape, 4, true);
	}
}

TEST(an_unformed_module_is_none)
{
	_cleanup_(box_close) struct box b;
	const uint64_t links[] = { MODULE(0) + LIST, MODULE(2) + LIST };

	box_open(&b, 8, false);
	const struct sym syms[] = { { 0, "", 0, 0 }, { kva(&b, AREA), "fn", STT_FUNC, 1 } };
	describe(&b, LAYOUT);
	put_symbols(&b, SYMTAB, syms, 2);
	put_module(&b, LAYOUT, MODULE(0), "unformed", 2);
	put_module(&b, LAYOUT, MODULE(2), "formed", 2);
	world_number(&b.w, MODULE(0) + STATE, 4, 3);
	link_up(&b, HEAD, links, 2);
	CHECK_INT(load_modules(&b), PAGEOWNER_OK);
	CHECK_INT(po_symbols_nr_modules(b.syms), 1);
	CHECK_STR(look(&b, 0), "fn+0x0/0x1000 [formed]");
}

TEST(bit_0_of_thumb_functions_counts_where_types_had_made_way_for_letters)
{
	for (int letters = 0; letters < 2; letters++) {
		_cleanup_(box_close) struct box b;
		const uint64_t link = MODULE(0) + LIST;

		box_open(&b, 4, false);
		b.k.machine = EM_ARM;
		const struct sym syms[] = {
			{ 0, "", letters ? 'U' : 0, 0 },
			{ kva(&b, AREA + 0x11), "thumb", letters ? 't' : STT_FUNC, 1 },
			{ kva(&b, AREA + 0x101), "bytes", letters ? 'b' : STT_OBJECT, 1 },
		};
		describe(&b, LAYOUT);
		put_symbols(&b, SYMTAB, syms, 3);
		put_module(&b, LAYOUT, MODULE(0), "m", 3);
		link_up(&b, HEAD, &link, 1);
		CHECK_INT(load_modules(&b), PAGEOWNER_OK);
		CHECK_STR(look(&b, 0x20), letters ? "thumb+0xf/0xf0 [m]" : "thumb+0x10/0xf1 [m]");
	}
}

TEST(modules_that_make_no_sense_are_told_and_the_others_loaded)
{
	_cleanup_(box_close) struct box b;
	const uint64_t links[] = { MODULE(0) + LIST, MODULE(2) + LIST, MODULE(4) + LIST };

	box_open(&b, 8, false);
	const struct sym syms[] = { { 0, "", 0, 0 }, { kva(&b, AREA), "fn", STT_FUNC, 1 } };
	describe(&b, PLAIN);
	put_symbols(&b, SYMTAB, syms, 2);
	put_module(&b, PLAIN, MODULE(0), "huge", 0xffffffff);
	put_module(&b, PLAIN, MODULE(2), "lost", 2);
	put_module(&b, PLAIN, MODULE(4), "good", 2);
	world_ptr(&b.w, MODULE(2) + TABLE, kva(&b, 0x10000000));
	link_up(&b, HEAD, links, 3);
	CHECK_INT(load_modules(&b), PAGEOWNER_OK);
	CHECK_STR(b.first.text, "module huge: 4294967295 symbols");
	CHECK_INT(po_symbols_nr_modules(b.syms), 1);
	CHECK_STR(look(&b, 4), "fn+0x4/0x1000 [good]");
}

TEST(a_list_of_modules_that_goes_round_is_told)
{
	_cleanup_(box_close) struct box b;
	const uint64_t link = MODULE(0) + LIST;

	box_open(&b, 8, false);
	const struct sym syms[] = { { 0, "", 0, 0 }, { kva(&b, AREA), "fn", STT_FUNC, 1 } };
	describe(&b, AREAS);
	put_symbols(&b, SYMTAB, syms, 2);
	put_module(&b, AREAS, MODULE(0), "m", 2);
	link_up(&b, HEAD, &link, 1);
	world_ptr(&b.w, link, kva(&b, link));
	CHECK_INT(load_modules(&b), PAGEOWNER_OK);
	CHECK(strstr(b.first.text, "modules: list at 0x") && strstr(b.first.text, " does not end"));
	CHECK_STR(look(&b, 4), "fn+0x4/0x1000 [m]");
	CHECK(po_symbols_nr_modules(b.syms) < 4);
}

TEST(types_of_half_a_module_are_none)
{
	_cleanup_(box_close) struct box b;

	box_open(&b, 8, false);
	describe(&b, PLAIN);
	b.k.l.member[PO_M_module__plain_init_text_size].have = false;
	CHECK_INT(load_modules(&b), PAGEOWNER_OK);
	CHECK_STR(b.first.text, "modules: type information lacks struct module or mod_kallsyms");
}

/* --- BPF ------------------------------------------------------------------------------------- */

#define AUX(i) (0x41000u + 0x100u * (i))
#define PROG(i) (0x42000u + 0x100u * (i))

static void describe_programs(struct box *b, bool named, bool btf)
{
	const unsigned ptr = b->w.abi.ptr_size;

	synth_symbol(&b->k, PO_S_bpf_kallsyms, "bpf_kallsyms", kva(b, HEAD), 2 * ptr);
	synth_member(&b->k, PO_M_bpf_prog_aux__ksym_lnode, 16, 2 * ptr);
	synth_member(&b->k, PO_M_bpf_prog_aux__prog, 32, ptr);
	if (named)
		synth_member(&b->k, PO_M_bpf_prog_aux__name, 40, 16);
	if (btf) {
		synth_member(&b->k, PO_M_bpf_prog_aux__btf, 56, ptr);
		synth_member(&b->k, PO_M_bpf_prog_aux__func_info, 64, ptr);
		synth_member(&b->k, PO_M_bpf_prog_aux__func_info_cnt, 72, 4);
		synth_member(&b->k, PO_M_bpf_prog_aux__func_idx, 76, 4);
		synth_member(&b->k, PO_M_btf__types, 8, ptr);
		synth_member(&b->k, PO_M_btf__strings, 16, ptr);
	}
	synth_member(&b->k, PO_M_bpf_prog__tag, 20, 8);
	synth_member(&b->k, PO_M_bpf_prog__bpf_func, 32, ptr);
	synth_member(&b->k, PO_M_bpf_binary_header__pages, 0, 4);
}

/* Its code's header is at the start of a page, its code further on. */
static void put_program(struct box *b, unsigned i, uint64_t header, uint32_t pages, const char *name)
{
	const uint64_t link = AUX(i) + 16;

	world_ptr(&b->w, AUX(i) + 32, kva(b, PROG(i)));
	world_string(&b->w, AUX(i) + 40, name);
	world_write(&b->w, PROG(i) + 20, TAG, 8);
	world_ptr(&b->w, PROG(i) + 32, kva(b, AREA + header + 0x44));
	world_number(&b->w, AREA + header, 4, pages);
	link_up(b, HEAD, &link, 1);
}

static int load_bpf(struct box *b)
{
	return po_bpf_symbols_load(&b->k, b->w.mem, b->syms, &b->first, NULL);
}

TEST(bpf_programs_before_they_had_a_bpf_ksym)
{
	for (unsigned v = 0; v < 8; v++) {
		_cleanup_(box_close) struct box b;
		const bool named = v & 4;

		box_open(&b, v & 1 ? 4 : 8, v & 2);
		describe_programs(&b, named, false);
		put_program(&b, 0, 0x3000, 2, "filter");
		CHECK_INT(load_bpf(&b), PAGEOWNER_OK);
		CHECK_INT(b.first.code, PAGEOWNER_OK);
		/* the header too, as it was then */
		CHECK_STR(look(&b, 0x3000), named ? "bpf_prog_6deef7357e7b4530_filter+0x0/0x2000" :
						    "bpf_prog_6deef7357e7b4530+0x0/0x2000");
		CHECK_STR(look(&b, 0x5000), "no");
		CHECK_STR(look(&b, 0x2fff), "no");
	}
}

TEST(a_bpf_program_is_called_as_its_own_types_say)
{
	_cleanup_(box_close) struct box b;

	box_open(&b, 8, false);
	describe_programs(&b, true, true);
	put_program(&b, 0, 0x3000, 1, "cut_to_fifteen_");
	world_ptr(&b.w, AUX(0) + 56, kva(&b, 0x43000));
	world_ptr(&b.w, AUX(0) + 64, kva(&b, 0x43100));
	world_number(&b.w, AUX(0) + 72, 4, 2);		/* func_info_cnt */
	world_number(&b.w, AUX(0) + 76, 4, 1);		/* func_idx */
	world_number(&b.w, 0x43100 + 8 + 4, 4, 3);	/* the type of the second */
	world_ptr(&b.w, 0x43000 + 8, kva(&b, 0x43200));
	world_ptr(&b.w, 0x43200 + 3 * 8, kva(&b, 0x43300));
	world_number(&b.w, 0x43300, 4, 5);
	world_ptr(&b.w, 0x43000 + 16, kva(&b, 0x43400));
	world_string(&b.w, 0x43400 + 5, "cut_to_fifteen_no_more");
	CHECK_INT(load_bpf(&b), PAGEOWNER_OK);
	CHECK_INT(b.first.code, PAGEOWNER_OK);
	CHECK_STR(look(&b, 0x3100), "bpf_prog_6deef7357e7b4530_cut_to_fifteen_no_more+0x100/0x1000");
	world_number(&b.w, AUX(0) + 72, 4, 0);
	_cleanup_(box_close) struct box other;
	box_open(&other, 8, false);
	describe_programs(&other, true, true);
	put_program(&other, 0, 0x3000, 1, "");
	CHECK_INT(load_bpf(&other), PAGEOWNER_OK);
	CHECK_STR(look(&other, 0x3100), "bpf_prog_6deef7357e7b4530+0x100/0x1000");
}

TEST(bpf_programs_that_are_not_there_are_told)
{
	_cleanup_(box_close) struct box b;

	box_open(&b, 8, false);
	describe_programs(&b, true, true);
	put_program(&b, 0, 0x3000, 1, "x");
	world_ptr(&b.w, AUX(0) + 32, kva(&b, 0x10000000));
	world_ptr(&b.w, AUX(0) + 16, kva(&b, AUX(0) + 16));
	CHECK_INT(load_bpf(&b), PAGEOWNER_OK);
	CHECK(strstr(b.first.text, "BPF symbol at 0x") != NULL);
	CHECK_INT(po_symbols_nr_functions(b.syms), 0);
}

TEST(bpf_symbols_since_5_7)
{
	_cleanup_(box_close) struct box b;
	const uint64_t links[] = { AUX(0) + 0x90, AUX(2) + 0x90 };

	box_open(&b, 8, true);
	synth_symbol(&b.k, PO_S_bpf_kallsyms, "bpf_kallsyms", kva(&b, HEAD), 16);
	synth_member(&b.k, PO_M_bpf_ksym__start, 0, 8);
	synth_member(&b.k, PO_M_bpf_ksym__end, 8, 8);
	synth_member(&b.k, PO_M_bpf_ksym__name, 16, 128);
	synth_member(&b.k, PO_M_bpf_ksym__lnode, 0x90, 16);
	for (unsigned i = 0; i < 2; i++) {
		world_ptr(&b.w, AUX(2 * i), kva(&b, AREA + 0x100 * i));
		world_ptr(&b.w, AUX(2 * i) + 8, kva(&b, AREA + 0x100 * i + 0x80));
		world_string(&b.w, AUX(2 * i) + 16, i ? "bpf_trampoline_1" : "bpf_prog_1_x");
	}
	link_up(&b, HEAD, links, 2);
	CHECK_INT(load_bpf(&b), PAGEOWNER_OK);
	CHECK_INT(b.first.code, PAGEOWNER_OK);
	CHECK_STR(look(&b, 0x7f), "bpf_prog_1_x+0x7f/0x80");
	CHECK_STR(look(&b, 0x80), "no");
	CHECK_STR(look(&b, 0x100), "bpf_trampoline_1+0x0/0x80");
}

/* --- ftrace ---------------------------------------------------------------------------------- */

static void describe_ftrace(struct box *b)
{
	const unsigned ptr = b->w.abi.ptr_size;

	synth_symbol(&b->k, PO_S_ftrace_mod_maps, "ftrace_mod_maps", kva(b, HEAD), 2 * ptr);
	synth_member(&b->k, PO_M_module__name, NAME, 56);
	synth_member(&b->k, PO_M_ftrace_mod_map__list, 16, 2 * ptr);
	synth_member(&b->k, PO_M_ftrace_mod_map__mod, 32, ptr);
	synth_member(&b->k, PO_M_ftrace_mod_map__funcs, 56, 2 * ptr);
	synth_member(&b->k, PO_M_ftrace_mod_func__list, 0, 2 * ptr);
	synth_member(&b->k, PO_M_ftrace_mod_func__name, 16, ptr);
	synth_member(&b->k, PO_M_ftrace_mod_func__ip, 24, ptr);
	synth_member(&b->k, PO_M_ftrace_mod_func__size, 32, 4);
}

static void put_kept(struct box *b, uint64_t at, uint64_t offset, const char *name)
{
	world_ptr(&b->w, at + 16, kva(b, at + 64));
	world_ptr(&b->w, at + 24, kva(b, AREA + offset));
	world_number(&b->w, at + 32, 4, 0x40);
	world_string(&b->w, at + 64, name);
}

static int load_ftrace(struct box *b)
{
	return po_ftrace_symbols_load(&b->k, b->w.mem, b->syms, &b->first, NULL);
}

TEST(names_of_init_functions_that_ftrace_kept)
{
	for (unsigned v = 0; v < 4; v++) {
		_cleanup_(box_close) struct box b;
		const uint64_t maps[] = { 0x43010, 0x43110 }, funcs[] = { 0x44000, 0x44100 };

		box_open(&b, v & 1 ? 4 : 8, v & 2);
		describe_ftrace(&b);
		link_up(&b, HEAD, maps, 2);
		world_ptr(&b.w, 0x43000 + 32, kva(&b, MODULE(0)));
		world_ptr(&b.w, 0x43100 + 32, kva(&b, MODULE(2)));
		world_string(&b.w, MODULE(0) + NAME, "e1000");
		world_string(&b.w, MODULE(2) + NAME, "idle");
		put_kept(&b, funcs[0], 0x100, "e1000_init_module");
		put_kept(&b, funcs[1], 0x200, "e1000_probe");
		link_up(&b, 0x43000 + 56, funcs, 2);
		link_up(&b, 0x43100 + 56, NULL, 0);
		CHECK_INT(load_ftrace(&b), PAGEOWNER_OK);
		CHECK_INT(b.first.code, PAGEOWNER_OK);
		CHECK_STR(look(&b, 0x13f), "e1000_init_module+0x3f/0x40 [e1000]");
		CHECK_STR(look(&b, 0x140), "no");
		CHECK_STR(look(&b, 0x200), "e1000_probe+0x0/0x40 [e1000]");
	}
}

TEST(circles_in_what_ftrace_kept_are_told)
{
	_cleanup_(box_close) struct box b;
	const uint64_t map = 0x43010, func = 0x44000;

	box_open(&b, 8, false);
	describe_ftrace(&b);
	link_up(&b, HEAD, &map, 1);
	world_ptr(&b.w, 0x43000 + 32, kva(&b, MODULE(0)));
	world_string(&b.w, MODULE(0) + NAME, "m");
	put_kept(&b, func, 0x100, "init");
	link_up(&b, 0x43000 + 56, &func, 1);
	world_ptr(&b.w, func, kva(&b, func));
	CHECK_INT(load_ftrace(&b), PAGEOWNER_OK);
	CHECK(strstr(b.first.text, "names kept by ftrace: list at 0x") != NULL);
	CHECK_STR(look(&b, 0x100), "init+0x0/0x40 [m]");
	CHECK(po_symbols_nr_functions(b.syms) < 4);
}
