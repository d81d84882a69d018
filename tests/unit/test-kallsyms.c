/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names of addresses: the kernel's own table in every form, modules, vmlinux's symbols. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "build.h"
#include "harness.h"
#include "symbols/kallsyms.h"
#include "symbols/symbols.h"
#include "symbols/vmlinux.h"
#include "synth/kallsyms.h"
#include "synth/world.h"

PO_DEFINE_CLEANUP(struct po_kallsyms, po_kallsyms_close);
PO_DEFINE_CLEANUP(struct po_symbols, po_symbols_free);
PO_DEFINE_CLEANUP(struct po_elf, po_elf_close);

#define TABLES 0x10000u		/* where the tables lie */
#define IMAGE 0x100000u		/* where the kernel lies: text, then data, then what init freed */
#define NR_FILLERS 600u

/* A kernel of some text, data and init text, all of it near its tables as in a real one. */
struct image {
	struct world w;
	struct po_kallsyms_where at;
	struct synth_symbol sym[NR_FILLERS + 40];
	char filler[NR_FILLERS][16];
	size_t nr;
};

static uint64_t kva(const struct image *m, uint64_t offset)
{
	return m->w.base + IMAGE + offset;
}

static void add(struct image *m, uint64_t offset, const char *name)
{
	m->sym[m->nr++] = (struct synth_symbol){ kva(m, offset), name };
}

static void image_close(struct image *m)
{
	world_close(&m->w);
}

static void image_open(struct image *m, bool big_endian, unsigned ptr_size)
{
	memset(m, 0, sizeof(*m));
	world_open(&m->w, big_endian, ptr_size);
	world_range(&m->w, 0, IMAGE);
	m->at.text = m->at.stext = kva(m, 0);
	m->at.etext = kva(m, 0x20000);
	m->at.sinittext = kva(m, 0x50000);
	m->at.einittext = kva(m, 0x51000);
	m->at.init_begin = kva(m, 0x50000);
	m->at.init_end = kva(m, 0x58000);
	m->at.end = kva(m, 0x60000);
	m->at.banner = kva(m, 0x30000);
}

/* Symbols of 0x20 bytes each from 0x1000 on, for the markers. */
static void add_fillers(struct image *m)
{
	for (unsigned i = 0; i < NR_FILLERS; i++) {
		snprintf(m->filler[i], sizeof(m->filler[i]), "tfn_%u", i);
		add(m, 0x1000 + i * 0x20, m->filler[i]);
	}
}

static void add_text(struct image *m)
{
	add(m, 0, "T_stext");
	add(m, 0, "T_text");
	add(m, 0x40, "T__x64_sys_read");
	add(m, 0x40, "t__se_sys_read");
	add(m, 0x80, "Tkmalloc_large");
	add_fillers(m);
	add(m, 0x8000, "T__alloc_pages");
}

static void add_data(struct image *m)
{
	add(m, 0x20000, "T_etext");
	add(m, 0x30000, "Dlinux_banner");
	add(m, 0x38000, "bsome_bytes");
}

static struct po_kallsyms *open_form(struct image *m, enum synth_form form)
{
	struct po_kallsyms *ks = NULL;
	struct pageowner_error err = { .text = "" };

	synth_kallsyms(&m->w, TABLES, form, m->sym, m->nr, &m->at);
	if (po_kallsyms_open(m->w.mem, &m->at, &ks, &err) < 0)
		CHECK_STR(err.text, "");
	return ks;
}

/* As the kernel's %pS: "name+0x1/0x20", or "no". */
static const char *look(const struct image *m, const struct po_kallsyms *ks, uint64_t offset)
{
	static char text[4][700];
	static unsigned turn;
	char *to = text[turn++ % 4], name[512];
	uint64_t start, size;

	if (!ks || !po_kallsyms_lookup(ks, kva(m, offset), name, sizeof(name), &start, &size))
		return "no";
	snprintf(to, sizeof(text[0]), "%s+0x%" PRIx64 "/0x%" PRIx64, name, kva(m, offset) - start, size);
	return to;
}

/* --- forms of the table ---------------------------------------------------------------------- */

static void check_text(const struct image *m, const struct po_kallsyms *ks)
{
	CHECK_STR(look(m, ks, 0), "_stext+0x0/0x40");
	CHECK_STR(look(m, ks, 0x3f), "_stext+0x3f/0x40");
	CHECK_STR(look(m, ks, 0x40), "__x64_sys_read+0x0/0x40");
	CHECK_STR(look(m, ks, 0x81), "kmalloc_large+0x1/0xf80");
	CHECK_STR(look(m, ks, 0x1000), "fn_0+0x0/0x20");
	CHECK_STR(look(m, ks, 0x1000 + 0x20 * 599 + 7), "fn_599+0x7/0x2520");
	CHECK_STR(look(m, ks, 0x8123), "__alloc_pages+0x123/0x18000");
}

static void check_form(enum synth_form form, bool big_endian, unsigned ptr_size, const char *words)
{
	_cleanup_(image_close) struct image m;

	image_open(&m, big_endian, ptr_size);
	if (form == SYNTH_PERCPU) {
		m.sym[m.nr++] = (struct synth_symbol){ 0, "A__per_cpu_start" };
		m.sym[m.nr++] = (struct synth_symbol){ 0x1f000, "Acpu_current_top_of_stack" };
	}
	add_text(&m);
	add_data(&m);
	_cleanup_(po_kallsyms_closep) struct po_kallsyms *ks = open_form(&m, form);
	if (!CHECK(ks != NULL))
		return;
	CHECK_STR(po_kallsyms_describe(ks), words);
	CHECK_INT(po_kallsyms_count(ks), m.nr);
	CHECK(po_kallsyms_all(ks));
	check_text(&m, ks);
	CHECK_STR(look(&m, ks, 0x3fff0), "some_bytes+0x7ff0/0x28000");
}

TEST(absolute_addresses_until_4_5)
{
	check_form(SYNTH_ABSOLUTE, false, 8, "absolute addresses");
	check_form(SYNTH_ABSOLUTE, false, 4, "absolute addresses");
	check_form(SYNTH_ABSOLUTE, true, 8, "absolute addresses");
	check_form(SYNTH_ABSOLUTE, true, 4, "absolute addresses");
}

TEST(offsets_from_a_base)
{
	check_form(SYNTH_RELATIVE, false, 8, "offsets from a base");
	check_form(SYNTH_RELATIVE, false, 4, "offsets from a base");
	check_form(SYNTH_RELATIVE, true, 8, "offsets from a base");
	check_form(SYNTH_RELATIVE, true, 4, "offsets from a base");
}

TEST(offsets_from_a_base_beside_absolute_ones_of_cpus)
{
	check_form(SYNTH_PERCPU, false, 8, "offsets from a base, absolute per-CPU symbols");
	check_form(SYNTH_PERCPU, true, 8, "offsets from a base, absolute per-CPU symbols");
}

TEST(offsets_from_their_own_place_since_7_0)
{
	check_form(SYNTH_PLACE, false, 8, "place-relative offsets");
	check_form(SYNTH_PLACE, true, 8, "place-relative offsets");
	check_form(SYNTH_PLACE, false, 4, "place-relative offsets");
}

TEST(addresses_of_32_bits_since_7_0)
{
	check_form(SYNTH_EMBEDDED, false, 4, "32-bit addresses");
	check_form(SYNTH_EMBEDDED, true, 4, "32-bit addresses");
}

TEST(a_table_moved_by_kaslr_is_read_with_its_moved_base)
{
	_cleanup_(image_close) struct image m;

	/* the table was made for link addresses; the base was relocated, and so are the addresses here */
	image_open(&m, false, 8);
	add_text(&m);
	for (size_t i = 0; i < m.nr; i++)
		m.sym[i].kva -= 0x4000000;
	synth_kallsyms(&m.w, TABLES, SYNTH_RELATIVE, m.sym, m.nr, &m.at);
	world_ptr(&m.w, m.at.relative_base - m.w.base, kva(&m, 0));
	_cleanup_(po_kallsyms_closep) struct po_kallsyms *ks = NULL;
	CHECK_INT(po_kallsyms_open(m.w.mem, &m.at, &ks, NULL), PAGEOWNER_OK);
	CHECK_STR(look(&m, ks, 0x42), "__x64_sys_read+0x2/0x40");
}

/* --- looking up ------------------------------------------------------------------------------ */

TEST(of_symbols_at_one_address_the_first_is_printed)
{
	_cleanup_(image_close) struct image m;

	image_open(&m, false, 8);
	add_text(&m);
	m.nr--;
	add(&m, 0x9000, "Tmemcpy");
	add(&m, 0x9000, "T__memcpy");
	add(&m, 0x9000, "W__pi_memcpy");
	add(&m, 0x9100, "Tmemmove");
	_cleanup_(po_kallsyms_closep) struct po_kallsyms *ks = open_form(&m, SYNTH_RELATIVE);
	CHECK_STR(look(&m, ks, 0x9000), "memcpy+0x0/0x100");
	CHECK_STR(look(&m, ks, 0x90ff), "memcpy+0xff/0x100");
	CHECK_STR(look(&m, ks, 0x9100), "memmove+0x0/0x16f00");
	/* the return address behind a last call belongs to the next symbol, as %pS has it */
	CHECK_STR(look(&m, ks, 0x80), "kmalloc_large+0x0/0xf80");
}

TEST(names_around_the_markers)
{
	_cleanup_(image_close) struct image m;
	char want[32];

	image_open(&m, false, 8);
	add_text(&m);
	_cleanup_(po_kallsyms_closep) struct po_kallsyms *ks = open_form(&m, SYNTH_RELATIVE);
	for (unsigned i = 0; i + 1 < NR_FILLERS; i++) {
		snprintf(want, sizeof(want), "fn_%u+0x10/0x20", i);
		CHECK_STR(look(&m, ks, 0x1010 + 0x20 * i), want);
	}
}

TEST(without_kallsyms_all_only_text_has_names)
{
	_cleanup_(image_close) struct image m;

	image_open(&m, false, 8);
	add_text(&m);
	add(&m, 0x50000, "Tearly_init");
	add(&m, 0x50800, "tlate_init");
	_cleanup_(po_kallsyms_closep) struct po_kallsyms *ks = open_form(&m, SYNTH_RELATIVE);
	CHECK(ks && !po_kallsyms_all(ks));
	CHECK_STR(look(&m, ks, 0x1ffff), "__alloc_pages+0x17fff/0x48000");
	CHECK_STR(look(&m, ks, 0x20000), "no");		/* _etext itself */
	CHECK_STR(look(&m, ks, 0x30000), "no");
	CHECK_STR(look(&m, ks, 0x4ffff), "no");
	CHECK_STR(look(&m, ks, 0x50004), "early_init+0x4/0x800");
	CHECK_STR(look(&m, ks, 0x50fff), "late_init+0x7ff/0x800");	/* ends at _einittext */
	CHECK_STR(look(&m, ks, 0x51000), "no");
	CHECK_STR(look(&m, ks, (uint64_t)-1), "no");
}

TEST(the_last_symbol_ends_where_the_text_does)
{
	_cleanup_(image_close) struct image m;

	image_open(&m, false, 8);
	add_text(&m);
	_cleanup_(po_kallsyms_closep) struct po_kallsyms *ks = open_form(&m, SYNTH_RELATIVE);
	CHECK_STR(look(&m, ks, 0x8000), "__alloc_pages+0x0/0x18000");
}

TEST(with_kallsyms_all_everything_has_names)
{
	_cleanup_(image_close) struct image m;

	image_open(&m, false, 8);
	add_text(&m);
	add_data(&m);
	m.at.init_begin = kva(&m, 0x70000);	/* init lies above _end on some machines */
	m.at.init_end = kva(&m, 0x71000);
	m.at.sinittext = m.at.einittext = 0;
	_cleanup_(po_kallsyms_closep) struct po_kallsyms *ks = open_form(&m, SYNTH_RELATIVE);
	CHECK_STR(look(&m, ks, 0x30004), "linux_banner+0x4/0x8000");
	CHECK_STR(look(&m, ks, 0x5ffff), "some_bytes+0x27fff/0x28000");	/* ends at _end */
	CHECK_STR(look(&m, ks, 0x60000), "no");
	CHECK(strncmp(look(&m, ks, 0x70800), "some_bytes+0x38800/", 19) == 0);
	CHECK_STR(look(&m, ks, 0x71000), "no");
}

TEST(a_name_is_cut_like_the_kernels_buffer)
{
	_cleanup_(image_close) struct image m;
	char name[16];
	uint64_t start, size;

	image_open(&m, false, 8);
	add_text(&m);
	_cleanup_(po_kallsyms_closep) struct po_kallsyms *ks = open_form(&m, SYNTH_RELATIVE);
	if (!CHECK(ks != NULL))
		return;
	memset(name, '#', sizeof(name));
	CHECK(po_kallsyms_lookup(ks, kva(&m, 0x8000), name, 14, &start, &size));
	CHECK_STR(name, "__alloc_pages");
	CHECK(po_kallsyms_lookup(ks, kva(&m, 0x8000), name, 13, &start, &size));
	CHECK_STR(name, "__alloc_page");
	CHECK_INT(start, kva(&m, 0x8000));
}

TEST(long_names_have_two_bytes_of_length)
{
	static const size_t lens[] = { 126, 127, 128, 129, 255, 300, 511 };

	for (size_t i = 0; i < sizeof(lens) / sizeof(*lens); i++) {
		_cleanup_(image_close) struct image m;
		char name[520], want[560];

		memset(name, 'z', lens[i]);
		name[0] = 't';
		name[lens[i]] = '\0';
		image_open(&m, false, 8);
		add(&m, 0, "T_stext");
		add(&m, 0x40, name);
		add(&m, 0x80, "Tafter_it");
		_cleanup_(po_kallsyms_closep) struct po_kallsyms *ks = open_form(&m, SYNTH_RELATIVE);
		snprintf(want, sizeof(want), "%s+0x0/0x40", name + 1);
		CHECK_STR(look(&m, ks, 0x40), want);
		CHECK_STR(look(&m, ks, 0x80), "after_it+0x0/0x1ff80");
	}
}

TEST(text_alone_is_enough_to_know_the_form)
{
	_cleanup_(image_close) struct image m;

	image_open(&m, false, 8);
	add(&m, 0, "T_text");
	add(&m, 0x1000, "Tstartup_64");
	m.at.stext = kva(&m, 0x1000);
	_cleanup_(po_kallsyms_closep) struct po_kallsyms *ks = open_form(&m, SYNTH_RELATIVE);
	CHECK_STR(look(&m, ks, 0x1000), "startup_64+0x0/0x1f000");
	CHECK_STR(look(&m, ks, 0), "no");	/* before _stext */
}

/* Until 6.0, when a vendor's KSYM_NAME_LEN allows for such names at all. */
TEST(a_length_above_127_is_a_plain_one_where_the_markers_say_so)
{
	static const size_t lens[] = { 128, 129, 200, 255 };

	for (size_t i = 0; i < sizeof(lens) / sizeof(*lens); i++) {
		for (int last = 0; last < 2; last++) {
			_cleanup_(image_close) struct image m;
			char name[300], want[340];

			memset(name, 'z', lens[i]);
			name[0] = 't';
			name[lens[i]] = '\0';
			image_open(&m, false, 8);
			add(&m, 0, "T_stext");
			if (last)	/* in the block that no marker follows */
				add_fillers(&m);
			add(&m, 0x8040, name);
			if (!last)
				for (unsigned k = 0; k < 300; k++)
					add(&m, 0x8100 + k, "tfiller");
			add(&m, 0x9000, "Tafter_it");
			_cleanup_(po_kallsyms_closep) struct po_kallsyms *ks =
				open_form(&m, SYNTH_ABSOLUTE | SYNTH_SHORT);
			snprintf(want, sizeof(want), "%s+0x0/0x%x", name + 1, last ? 0xfc0 : 0xc0);
			CHECK_STR(look(&m, ks, 0x8040), want);
			CHECK_STR(look(&m, ks, 0x9000), "after_it+0x0/0x17000");
		}
	}
}

/* --- tables that make no sense --------------------------------------------------------------- */

static const char *fails(struct image *m, int code)
{
	static struct pageowner_error err;
	struct po_kallsyms *ks = NULL;

	CHECK_INT(po_kallsyms_open(m->w.mem, &m->at, &ks, &err), code);
	CHECK(ks == NULL);
	po_kallsyms_close(ks);
	return err.text;
}

TEST(a_kernel_without_kallsyms_says_so)
{
	_cleanup_(image_close) struct image m;

	image_open(&m, false, 8);
	CHECK_STR(fails(&m, PAGEOWNER_ENOSYM), "kallsyms: this kernel has no symbol table of its own");
	add_text(&m);
	synth_kallsyms(&m.w, TABLES, SYNTH_RELATIVE, m.sym, m.nr, &m.at);
	m.at.offsets = 0;
	CHECK_STR(fails(&m, PAGEOWNER_ENOSYM), "kallsyms: this kernel has no symbol table of its own");
}

static void check_markers_found(enum synth_form form)
{
	_cleanup_(image_close) struct image m;

	image_open(&m, false, 8);
	add_text(&m);
	add_data(&m);
	synth_kallsyms(&m.w, TABLES, form, m.sym, m.nr, &m.at);
	const uint64_t markers = m.at.markers;
	struct po_kallsyms_where at = m.at;
	at.markers = at.marker_size = 0;
	_cleanup_(po_kallsyms_closep) struct po_kallsyms *ks = NULL;
	if (!CHECK_INT(po_kallsyms_open(m.w.mem, &at, &ks, NULL), PAGEOWNER_OK))
		return;
	CHECK_INT(po_kallsyms_markers(ks), markers);
	check_text(&m, ks);
}

TEST(markers_are_found_behind_the_names)
{
	check_markers_found(SYNTH_ABSOLUTE);	/* of 8 bytes */
	check_markers_found(SYNTH_RELATIVE);
	check_markers_found(SYNTH_RELATIVE | SYNTH_SHORT);
	check_markers_found(SYNTH_PLACE);
}

TEST(markers_that_are_not_there_are_missed)
{
	_cleanup_(image_close) struct image m;

	image_open(&m, false, 8);
	add_text(&m);
	synth_kallsyms(&m.w, TABLES, SYNTH_RELATIVE, m.sym, m.nr, &m.at);
	world_number(&m.w, m.at.markers + 4 - m.w.base, 4, 12345);
	m.at.markers = 0;
	CHECK_STR(fails(&m, PAGEOWNER_ECORRUPT), "kallsyms: the markers are not behind the names");
}

TEST(absurd_numbers_of_symbols)
{
	_cleanup_(image_close) struct image m;

	image_open(&m, false, 8);
	add(&m, 0, "T_stext");
	synth_kallsyms(&m.w, TABLES, SYNTH_RELATIVE, m.sym, m.nr, &m.at);
	world_number(&m.w, m.at.num_syms - m.w.base, 4, 0);
	CHECK_STR(fails(&m, PAGEOWNER_ECORRUPT), "kallsyms: 0 symbols in 8 bytes");
	world_number(&m.w, m.at.num_syms - m.w.base, 4, 0xffffffff);
	CHECK_STR(fails(&m, PAGEOWNER_ECORRUPT), "kallsyms: 4294967295 symbols in 8 bytes");
}

TEST(tables_that_are_not_in_the_dump)
{
	_cleanup_(image_close) struct image m;

	image_open(&m, false, 8);
	add_text(&m);
	synth_kallsyms(&m.w, TABLES, SYNTH_RELATIVE, m.sym, m.nr, &m.at);
	world_lose(&m.w, TABLES + WORLD_PAGE, PO_EXCLUDED);
	CHECK_STR(fails(&m, PAGEOWNER_ENODATA), "kallsyms: address 0xffff888000011000: physical "
						"address 0x11000: excluded by a filter");
	world_lose(&m.w, TABLES, PO_IOERR);
	CHECK(strstr(fails(&m, PAGEOWNER_EIO), ": read error") != NULL);
}

TEST(no_form_that_leads_to_stext)
{
	_cleanup_(image_close) struct image m;

	image_open(&m, false, 8);
	add(&m, 0, "Tnot_stext");
	add(&m, 0x40, "T_stext");
	synth_kallsyms(&m.w, TABLES, SYNTH_RELATIVE, m.sym, m.nr, &m.at);
	CHECK_STR(fails(&m, PAGEOWNER_ECORRUPT),
		  "kallsyms: no known form of the address table leads to _stext");
}

TEST(corrupt_names_are_no_names)
{
	_cleanup_(image_close) struct image m;

	image_open(&m, false, 8);
	add_text(&m);
	synth_kallsyms(&m.w, TABLES, SYNTH_RELATIVE, m.sym, m.nr, &m.at);
	/* the second block of names begins outside, the third with a record longer than all */
	world_number(&m.w, m.at.markers - m.w.base + 4, 4, 0xfffffff0);
	uint64_t third = 0;
	CHECK_INT(po_memory_read_uint(m.w.mem, m.at.markers + 8, 4, &third, NULL), PAGEOWNER_OK);
	world_number(&m.w, m.at.names - m.w.base + third, 2, 0xffff);
	_cleanup_(po_kallsyms_closep) struct po_kallsyms *ks = NULL;
	CHECK_INT(po_kallsyms_open(m.w.mem, &m.at, &ks, NULL), PAGEOWNER_OK);
	CHECK_STR(look(&m, ks, 0x40), "__x64_sys_read+0x0/0x40");
	CHECK_STR(look(&m, ks, 0x1000 + 0x20 * 252), "no");
	CHECK_STR(look(&m, ks, 0x1000 + 0x20 * 250), "fn_250+0x0/0x20");
	CHECK_STR(look(&m, ks, 0x1000 + 0x20 * 520), "no");
}

TEST(tokens_that_lie_outside_of_their_table_expand_to_nothing)
{
	_cleanup_(image_close) struct image m;

	image_open(&m, false, 8);
	add_text(&m);
	synth_kallsyms(&m.w, TABLES, SYNTH_RELATIVE, m.sym, m.nr, &m.at);
	world_number(&m.w, m.at.token_index - m.w.base + 2 * 'f', 2, 0xffff);
	_cleanup_(po_kallsyms_closep) struct po_kallsyms *ks = NULL;
	CHECK_INT(po_kallsyms_open(m.w.mem, &m.at, &ks, NULL), PAGEOWNER_OK);
	CHECK_STR(look(&m, ks, 0x1000), "n_0+0x0/0x20");
	CHECK_STR(look(&m, ks, 0x40), "__x64_sys_read+0x0/0x40");
}

/* --- modules --------------------------------------------------------------------------------- */

#define MOD 0xffffffffc0400000ull

struct mod_symbol {
	uint64_t value;
	const char *name;
};

static void module_add_range(struct po_module *mod, uint64_t start, uint64_t len, uint64_t text_end)
{
	mod->range[mod->nr_ranges++] = (struct po_module_range){ start, len, text_end, false };
}

/* index: the place in the module's own table, which need not be the order of values. */
static struct po_module module(const char *name, const struct mod_symbol *syms, size_t nr)
{
	struct po_module mod = { .nr_syms = nr };

	snprintf(mod.name, sizeof(mod.name), "%s", name);
	mod.syms = calloc(nr ? nr : 1, sizeof(*mod.syms));
	mod.names = calloc(1, 1);
	for (size_t i = 0; i < nr; i++) {
		size_t len = strlen(syms[i].name) + 1;
		mod.names = realloc(mod.names, mod.names_len + len);
		if (!mod.names || !mod.syms)
			abort();
		memcpy(mod.names + mod.names_len, syms[i].name, len);
		mod.syms[i] = (struct po_module_symbol){ syms[i].value, (uint32_t)mod.names_len,
							 (uint32_t)i + 1 };
		mod.names_len += len;
	}
	return mod;
}

static struct po_symbols *open_symbols(struct image *m, size_t name_len)
{
	struct po_symbols *syms = NULL;

	image_open(m, false, 8);
	add_text(m);
	struct po_kallsyms *ks = open_form(m, SYNTH_RELATIVE);
	if (!ks || po_symbols_new(ks, &(struct po_rules){ .name_len = name_len }, &syms, NULL) < 0)
		abort();
	CHECK(po_symbols_kallsyms(syms) == ks);
	return syms;
}

static const char *resolve(const struct po_symbols *syms, uint64_t at)
{
	static char text[1200];
	struct po_symbol sym;

	if (!po_symbols_lookup(syms, at, &sym))
		return "no";
	snprintf(text, sizeof(text), "%s+0x%" PRIx64 "/0x%" PRIx64 "%s%s%s", sym.name, at - sym.start,
		 sym.size, sym.module ? " [" : "", sym.module ? sym.module : "",
		 sym.module ? "]" : "");
	return text;
}

TEST(symbols_of_modules_carry_the_modules_name)
{
	_cleanup_(image_close) struct image m;
	_cleanup_(po_symbols_freep) struct po_symbols *syms = open_symbols(&m, 512);
	static const struct mod_symbol table[] = {	/* not in order, as in a real one */
		{ MOD + 0x400, "second" }, { MOD + 0x10, "first" }, { MOD + 0x2000, "some_data" },
		{ MOD + 0x400, "second_alias" },
	};
	struct po_module mod = module("ext4", table, 4);

	module_add_range(&mod, MOD, 0x1000, MOD + 0x1000);
	module_add_range(&mod, MOD + 0x2000, 0x800, MOD + 0x1000);
	CHECK_INT(po_symbols_add_module(syms, &mod, NULL), PAGEOWNER_OK);
	CHECK_INT(po_symbols_nr_modules(syms), 1);
	CHECK_STR(resolve(syms, MOD + 0x10), "first+0x0/0x3f0 [ext4]");
	CHECK_STR(resolve(syms, MOD + 0x3ff), "first+0x3ef/0x3f0 [ext4]");
	/* the first of the table wins among equals; the last one ends with the text */
	CHECK_STR(resolve(syms, MOD + 0x400), "second+0x0/0xc00 [ext4]");
	CHECK_STR(resolve(syms, MOD + 0xfff), "second+0xbff/0xc00 [ext4]");
	CHECK_STR(resolve(syms, MOD + 0x8), "no");
	CHECK_STR(resolve(syms, MOD + 0x1000), "no");
	CHECK_STR(resolve(syms, MOD + 0x2800), "no");
	CHECK_STR(resolve(syms, MOD - 1), "no");
	CHECK_STR(resolve(syms, kva(&m, 0x41)), "__x64_sys_read+0x1/0x40");
}

TEST(init_text_of_a_module_ends_for_itself)
{
	_cleanup_(image_close) struct image m;
	_cleanup_(po_symbols_freep) struct po_symbols *syms = open_symbols(&m, 512);
	static const struct mod_symbol table[] = { { MOD + 0x10, "run" }, { MOD + 0x8010, "init" } };
	struct po_module mod = module("late", table, 2);

	module_add_range(&mod, MOD, 0x1000, MOD + 0x1000);
	module_add_range(&mod, MOD + 0x8000, 0x100, MOD + 0x8100);
	CHECK_INT(po_symbols_add_module(syms, &mod, NULL), PAGEOWNER_OK);
	CHECK_STR(resolve(syms, MOD + 0x20), "run+0x10/0xff0 [late]");
	CHECK_STR(resolve(syms, MOD + 0x8020), "init+0x10/0xf0 [late]");
}

TEST(each_address_belongs_to_the_module_that_holds_it)
{
	_cleanup_(image_close) struct image m;
	_cleanup_(po_symbols_freep) struct po_symbols *syms = open_symbols(&m, 512);

	for (unsigned i = 0; i < 20; i++) {
		char name[16];
		const uint64_t base = MOD + 0x10000ull * (i * 7 % 20);
		const struct mod_symbol table[] = { { base + 0x100, "entry" } };
		snprintf(name, sizeof(name), "mod%u", i * 7 % 20);
		struct po_module mod = module(name, table, 1);
		module_add_range(&mod, base, 0x1000, base + 0x1000);
		CHECK_INT(po_symbols_add_module(syms, &mod, NULL), PAGEOWNER_OK);
	}
	CHECK_INT(po_symbols_nr_modules(syms), 20);
	for (unsigned i = 0; i < 20; i++) {
		char want[64];
		snprintf(want, sizeof(want), "entry+0x23/0xf00 [mod%u]", i);
		CHECK_STR(resolve(syms, MOD + 0x10000ull * i + 0x123), want);
		/* below its only symbol: not that of the module before */
		CHECK_STR(resolve(syms, MOD + 0x10000ull * i + 0x23), "no");
	}
}

TEST(the_kernels_own_symbols_come_first)
{
	_cleanup_(image_close) struct image m;
	_cleanup_(po_symbols_freep) struct po_symbols *syms = open_symbols(&m, 512);
	const struct mod_symbol table[] = { { kva(&m, 0), "impostor" } };
	struct po_module mod = module("bad", table, 1);

	module_add_range(&mod, kva(&m, 0), 0x40000, kva(&m, 0x40000));
	CHECK_INT(po_symbols_add_module(syms, &mod, NULL), PAGEOWNER_OK);
	CHECK_STR(resolve(syms, kva(&m, 0x1000)), "fn_0+0x0/0x20");
	CHECK_STR(resolve(syms, kva(&m, 0x20000)), "impostor+0x20000/0x40000 [bad]");
}

TEST(a_module_without_symbols_names_nothing)
{
	_cleanup_(image_close) struct image m;
	_cleanup_(po_symbols_freep) struct po_symbols *syms = open_symbols(&m, 512);
	struct po_module mod = module("bare", NULL, 0);

	module_add_range(&mod, MOD, 0x1000, MOD + 0x1000);
	CHECK_INT(po_symbols_add_module(syms, &mod, NULL), PAGEOWNER_OK);
	CHECK_STR(resolve(syms, MOD + 0x10), "no");
}

/* As bpf_address_lookup(): no module's name, and last of all. */
TEST(functions_made_at_run_time_come_after_modules)
{
	_cleanup_(image_close) struct image m;
	_cleanup_(po_symbols_freep) struct po_symbols *syms = open_symbols(&m, 16);
	static const struct mod_symbol table[] = { { MOD + 0x10, "first" } };
	struct po_module mod = module("ext4", table, 1);

	module_add_range(&mod, MOD, 0x1000, MOD + 0x1000);
	CHECK_INT(po_symbols_add_module(syms, &mod, NULL), PAGEOWNER_OK);
	CHECK_INT(po_symbols_add_function(syms, MOD + 0x20, MOD + 0x3000, "hidden", NULL, NULL), PAGEOWNER_OK);
	CHECK_INT(po_symbols_add_function(syms, MOD + 0x5000, MOD + 0x5080, "bpf_prog_6deef7357e7b4530",
					  NULL, NULL), PAGEOWNER_OK);
	CHECK_INT(po_symbols_nr_functions(syms), 2);
	CHECK_STR(resolve(syms, MOD + 0x20), "first+0x10/0xff0 [ext4]");
	CHECK_STR(resolve(syms, MOD + 0x2000), "hidden+0x1fe0/0x2fe0");
	CHECK_STR(resolve(syms, MOD + 0x5000), "bpf_prog_6deef7+0x0/0x80");
	CHECK_STR(resolve(syms, MOD + 0x507f), "bpf_prog_6deef7+0x7f/0x80");
	CHECK_INT(po_symbols_add_function(syms, MOD + 0x7000, MOD + 0x7010, "gone_init", "gone", NULL),
		  PAGEOWNER_OK);
	CHECK_STR(resolve(syms, MOD + 0x7008), "gone_init+0x8/0x10 [gone]");
	CHECK_STR(resolve(syms, MOD + 0x5080), "no");
}

TEST(names_are_cut_at_the_kernels_ksym_name_len)
{
	char name[600], want[700];

	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	for (size_t cap = 128; cap <= 512; cap *= 4) {
		_cleanup_(image_close) struct image m;
		_cleanup_(po_symbols_freep) struct po_symbols *syms = open_symbols(&m, cap);
		const struct mod_symbol table[] = { { MOD, name } };
		struct po_module mod = module("long", table, 1);

		module_add_range(&mod, MOD, 0x1000, MOD + 0x1000);
		CHECK_INT(po_symbols_add_module(syms, &mod, NULL), PAGEOWNER_OK);
		snprintf(want, sizeof(want), "%.*s+0x4/0x1000 [long]", (int)cap - 1, name);
		CHECK_STR(resolve(syms, MOD + 4), want);
	}
}

/* --- rules that the tables do not show ------------------------------------------------------- */

#define GCC "Linux version 6.1.0 (x@y) (gcc (Debian 12.2.0-14) 12.2.0, GNU ld 2.40) #1 SMP"
#define CLANG(release) "Linux version " release " (x@y) (clang version 14.0.6, LLD 14.0.6) #1 SMP"
#define ORDER 0x80000u		/* where kallsyms_seqs_of_names lies */

/* Names of clang's link-time optimisation, not in the order of their suffixes. */
static const char *const thin[] = {
	"tfoo.cold", "tfoo.llvm.9", "tfoo.llvm.5", "tfoo", "tbar.llvm.7", "Tbar", "tx.y", "tx",
	"t_R.llvm.2.llvm.3",
};
static const char *const full[] = { "tfoo.12", "tfoo", "tfoo.3" };
static const char *const hashed[] = { "tfoo$707af9a2", "Tfoo", "tfoo$1$2", "tfoo.cold" };
static const char *const cfi[] = { "tfoo$707af9a2.cfi", "Tfoo", "tbar.cfi", "tbar.cfi.x" };
static const char *const plain[] = { "tfoo.cold", "tfoo", "tfoo.isra.0", "rlocal.12" };

static void first_dot(char *s) { s[strcspn(s, ".")] = '\0'; }
static void at_llvm(char *s) { char *p = strstr(s, ".llvm."); if (p) *p = '\0'; }

struct rule_case {
	const char *banner, *rodata;
	const char *const *names;
	size_t nr;
	bool ordered;
	void (*cut)(char *name);	/* by which the order was made */
};

#define NAMES(a) .names = a, .nr = sizeof(a) / sizeof(*a)

/* "names are cut so: told by that"; and looks the names up. */
static const char *rule_of(const struct rule_case *c, const char *const *want)
{
	static char text[200];
	_cleanup_(image_close) struct image m;
	struct po_rules rules;
	struct po_rules_evidence ev = {
		.banner = c->banner, .rodata = c->rodata, .rodata_len = c->rodata ? 64 : 0, .rodata_kva = 1,
	};
	struct po_symbols *syms = NULL;
	struct po_symbol sym;

	image_open(&m, false, 8);
	add(&m, 0, "T_stext");
	for (size_t i = 0; i < c->nr; i++)
		add(&m, 0x100 * (i + 1), c->names[i]);
	struct po_kallsyms *ks = NULL;
	synth_kallsyms(&m.w, TABLES, SYNTH_RELATIVE, m.sym, m.nr, &m.at);
	if (c->ordered)
		synth_order(&m.w, ORDER, m.sym, m.nr, c->cut, &m.at);
	if (po_kallsyms_open(m.w.mem, &m.at, &ks, NULL) < 0 ||
	    po_rules_choose(&ev, ks, m.w.mem, &rules, NULL) < 0 ||
	    po_symbols_new(ks, &rules, &syms, NULL) < 0)
		abort();
	snprintf(text, sizeof(text), "%s: %s", po_rules_describe(&rules), rules.suffix_how);
	for (size_t i = 0; i < c->nr; i++) {
		CHECK(po_symbols_lookup(syms, kva(&m, 0x100 * (i + 1)), &sym));
		CHECK_STR(sym.name, want ? want[i] : c->names[i] + 1);
	}
	po_symbols_free(syms);
	return text;
}

TEST(names_are_whole_where_gcc_built_the_kernel)
{
	const struct rule_case c = { .banner = GCC, NAMES(thin), .ordered = true, .cut = first_dot };

	CHECK_STR(rule_of(&c, NULL), "whole: not built by clang");
}

TEST(names_are_cut_at_llvm_where_the_kernel_has_that_string)
{
	static const char *const want[] = { "foo.cold", "foo", "foo", "foo", "bar", "bar", "x.y", "x", "_R" };
	const char rodata[64] = "\0some string\0.llvm.\0other";
	struct rule_case c = { .banner = CLANG("6.8.1"), .rodata = rodata, NAMES(thin) };

	CHECK_STR(rule_of(&c, want), "cut at \".llvm.\": the kernel's own string");
	c.ordered = true;	/* whatever the order looks like */
	CHECK_STR(rule_of(&c, want), "cut at \".llvm.\": the kernel's own string");
}

TEST(names_are_cut_as_their_order_was_made)
{
	static const char *const dot[] = { "foo", "foo", "foo", "foo", "bar", "bar", "x", "x", "_R" };
	static const char *const llvm[] = { "foo.cold", "foo", "foo", "foo", "bar", "bar", "x.y", "x", "_R" };
	const char rodata[64] = "no such string, but .llvm.x";
	struct rule_case c = { .banner = CLANG("6.2.0"), .rodata = rodata, NAMES(thin), .ordered = true };

	CHECK_STR(rule_of(&c, NULL), "whole: order of kallsyms_seqs_of_names");
	c.cut = first_dot;
	CHECK_STR(rule_of(&c, dot), "cut at the first \".\": order of kallsyms_seqs_of_names");
	c.cut = at_llvm;
	CHECK_STR(rule_of(&c, llvm), "cut at \".llvm.\": order of kallsyms_seqs_of_names");
}

TEST(before_names_had_an_order_they_tell_themselves)
{
	static const char *const dot[] = { "foo", "foo", "foo", "foo", "bar", "bar", "x", "x", "_R" };
	static const char *const one[] = { "foo", "foo", "foo" };
	static const char *const hash[] = { "foo", "foo", "foo$1", "foo.cold" };
	static const char *const hash_dot[] = { "foo", "foo", "foo$1", "foo" };
	static const char *const no_cfi[] = { "foo", "foo", "bar", "bar.cfi.x" };

	CHECK_STR(rule_of(&(struct rule_case){ .banner = CLANG("5.16.0"), NAMES(thin) }, dot),
		  "cut at the first \".\": names in the table, release");
	CHECK_STR(rule_of(&(struct rule_case){ .banner = CLANG("6.0.9"), NAMES(full) }, one),
		  "cut at the first \".\": names in the table, release");
	CHECK_STR(rule_of(&(struct rule_case){ .banner = CLANG("5.16.2"), NAMES(hashed) }, hash_dot),
		  "cut at the first \".\": names in the table, release");
	CHECK_STR(rule_of(&(struct rule_case){ .banner = CLANG("5.15.149-android13"), NAMES(hashed) }, hash),
		  "cut at the last \"$\": names in the table, release");
	CHECK_STR(rule_of(&(struct rule_case){ .banner = CLANG("5.15.0"), NAMES(thin) }, NULL),
		  "cut at the last \"$\": names in the table, release");
	CHECK_STR(rule_of(&(struct rule_case){ .banner = CLANG("4.14.117"), NAMES(cfi) }, no_cfi),
		  "cut at the last \"$\", without \".cfi\": names in the table");
	CHECK_STR(rule_of(&(struct rule_case){ .banner = CLANG("6.0.0"), NAMES(plain) }, NULL),
		  "whole: names in the table");
}

TEST(a_piece_of_names_is_not_a_string_of_the_kernel)
{
	_cleanup_(image_close) struct image m;

	image_open(&m, false, 8);
	add_text(&m);
	_cleanup_(po_kallsyms_closep) struct po_kallsyms *ks = open_form(&m, SYNTH_RELATIVE);
	CHECK(po_kallsyms_is_token(ks, m.at.token_table));
	CHECK(po_kallsyms_is_token(ks, m.at.token_table + 100));
	CHECK(!po_kallsyms_is_token(ks, m.at.token_table - 1));
	CHECK(!po_kallsyms_is_token(ks, m.at.token_index));
}

TEST(an_order_that_makes_no_sense_tells_nothing)
{
	_cleanup_(image_close) struct image m;
	struct po_rules rules;
	struct po_rules_evidence ev = { .banner = CLANG("6.2.0") };

	image_open(&m, false, 8);
	add_text(&m);
	synth_kallsyms(&m.w, TABLES, SYNTH_RELATIVE, m.sym, m.nr, &m.at);
	for (size_t i = 0; i < 3 * m.nr; i++)
		world_number(&m.w, ORDER + i, 1, 0xff);
	m.at.seqs_of_names = m.w.base + ORDER;
	_cleanup_(po_kallsyms_closep) struct po_kallsyms *ks = NULL;
	CHECK_INT(po_kallsyms_open(m.w.mem, &m.at, &ks, NULL), PAGEOWNER_OK);
	CHECK_INT(po_rules_choose(&ev, ks, m.w.mem, &rules, NULL), PAGEOWNER_OK);
	CHECK_STR(rules.suffix_how, "names in the table");
	CHECK_INT(rules.suffix, PO_SUFFIX_KEPT);
}

static bool bounded_in(const char *banner)
{
	_cleanup_(image_close) struct image m;
	struct po_rules rules = { 0 };

	image_open(&m, false, 8);
	add_text(&m);
	_cleanup_(po_kallsyms_closep) struct po_kallsyms *ks = open_form(&m, SYNTH_RELATIVE);
	CHECK_INT(po_rules_choose(&(struct po_rules_evidence){ .banner = banner, .name_len = 300 }, ks,
				  m.w.mem, &rules, NULL), PAGEOWNER_OK);
	CHECK_INT(rules.name_len, 300);
	return rules.bounded;
}

TEST(the_release_tells_whether_a_search_is_bounded)
{
	CHECK(!bounded_in("Linux version 6.4.0-rc1 (x)"));
	CHECK(!bounded_in("Linux version 6.12.96 (x)"));
	CHECK(bounded_in("Linux version 6.12.117 (x)"));
	CHECK(!bounded_in("Linux version 6.13.200 (x)"));
	CHECK(!bounded_in("Linux version 7.1.4 (x)"));
	CHECK(bounded_in("Linux version 7.2.0 (x)"));
	CHECK(bounded_in("Linux version 8.0 (x)"));
}

TEST(since_7_2_a_symbol_lies_in_the_area_of_the_address)
{
	static const struct mod_symbol table[] = {
		{ MOD + 0x10, "below" }, { MOD + 0x2100, "first" }, { MOD + 0x4100, "datum" },
	};

	for (int bounded = 0; bounded < 2; bounded++) {
		_cleanup_(image_close) struct image m;
		struct po_symbols *syms = NULL;
		struct po_module mod = module("m", table, 3);

		image_open(&m, false, 8);
		add_text(&m);
		struct po_kallsyms *ks = open_form(&m, SYNTH_RELATIVE);
		CHECK_INT(po_symbols_new(ks, &(struct po_rules){ .name_len = 512, .bounded = bounded }, &syms,
					 NULL), PAGEOWNER_OK);
		module_add_range(&mod, MOD, 0x1000, MOD + 0x3000);
		module_add_range(&mod, MOD + 0x2000, 0x1000, MOD + 0x3000);
		module_add_range(&mod, MOD + 0x4000, 0x1000, MOD + 0x3000);
		mod.range[2].is_data = true;
		CHECK_INT(po_symbols_add_module(syms, &mod, NULL), PAGEOWNER_OK);
		CHECK_STR(resolve(syms, MOD + 0x2110), "first+0x10/0xf00 [m]");
		CHECK_STR(resolve(syms, MOD + 0x2050), bounded ? "no" : "below+0x2040/0x20f0 [m]");
		CHECK_STR(resolve(syms, MOD + 0x20), bounded ? "below+0x10/0xff0 [m]" : "below+0x10/0x20f0 [m]");
		CHECK_STR(resolve(syms, MOD + 0x4110), bounded ? "no" : "datum+0x10/0xffffffffffffef00 [m]");
		po_symbols_free(syms);
	}
}

/* --- vmlinux --------------------------------------------------------------------------------- */

/* Two files with statics of the same names, as a kernel has them. */
static struct po_elf *build_vmlinux(bool stripped)
{
	const char *cc = getenv("CC");
	struct po_elf *elf = NULL;

	write_file("stackdepot.c", "static int pool_index = 1; static int only_here[3] = { 1 };\n"
				   "static int both = 2; int everywhere = 3;\n"
				   "int *depot(void) { return &pool_index + only_here[0] + both; }\n");
	write_file("other.c", "static long pool_index = 4; static int both = 5; extern int everywhere;\n"
			      "static char everywhere_not; __attribute__((weak)) int weak_one = 6;\n"
			      "long *other(void) { return &pool_index + both + everywhere_not +\n"
			      "everywhere; }\n");
	write_file("third.c", "static int everywhere = 7;\n"
			      "int *third(void) { return &everywhere; }\n");
	if (!run("%s -O0 -fPIC -shared -nostdlib %s third.c stackdepot.c other.c -o vmlinux", cc ? cc : "cc",
		 stripped ? "-s" : "") ||
	    po_elf_open(in_dir("vmlinux"), &elf, NULL) < 0)
		return NULL;
	return elf;
}

TEST(symbols_of_vmlinux_by_name_and_file)
{
	_cleanup_(po_elf_closep) struct po_elf *elf = build_vmlinux(false);
	struct po_wanted wanted[] = {
		{ .name = "pool_index", .file = "stackdepot.c" },
		{ .name = "pool_index", .file = "other.c" },
		{ .name = "pool_index" },		/* two, and nothing tells which */
		{ .name = "only_here", .file = "elsewhere.c" },	/* the only one, if not where thought */
		{ .name = "both", .file = "elsewhere.c" },
		{ .name = "everywhere", .file = "third.c" },	/* a global one wins */
		{ .name = "weak_one" },
		{ .name = "nowhere", .have = true },
	};
	struct pageowner_error err = { .text = "" };

	if (!elf) {
		test_skip("no compiler");
		return;
	}
	CHECK_INT(po_vmlinux_resolve(elf, wanted, sizeof(wanted) / sizeof(*wanted), &err), PAGEOWNER_OK);
	CHECK_STR(err.text, "");
	CHECK(wanted[0].have && wanted[1].have && !wanted[2].have);
	CHECK(wanted[0].link && wanted[1].link && wanted[0].link != wanted[1].link);
	CHECK_INT(wanted[0].size, sizeof(int));
	CHECK_INT(wanted[1].size, sizeof(long));
	CHECK(wanted[3].have);
	CHECK_INT(wanted[3].size, 3 * sizeof(int));
	CHECK(!wanted[4].have);
	CHECK(wanted[5].have);
	CHECK(wanted[6].have);
	CHECK(!wanted[7].have);

	const void *bytes;
	int three = 3;
	if (CHECK_INT(po_elf_bytes_at(elf, wanted[5].link, sizeof(int), &bytes, NULL), 1))
		CHECK_INT(memcmp(bytes, &three, sizeof(three)), 0);
	if (CHECK_INT(po_elf_bytes_at(elf, wanted[0].link, 1, &bytes, NULL), 1))
		CHECK_INT(*(const uint8_t *)bytes, 1);
}

TEST(a_stripped_vmlinux_says_so)
{
	_cleanup_(po_elf_closep) struct po_elf *elf = build_vmlinux(true);
	struct po_wanted wanted[] = { { .name = "everywhere" } };
	struct pageowner_error err = { .text = "" };

	if (!elf) {
		test_skip("no compiler");
		return;
	}
	CHECK_INT(po_vmlinux_resolve(elf, wanted, 1, &err), PAGEOWNER_ENOSYM);
	CHECK(strstr(err.text, "has no symbol table (is it stripped?)") != NULL);
	CHECK(!wanted[0].have);
}
