/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Variables whose type is not told (BTF), from their sizes and contents. */
#include "harness.h"
#include "synth/layout.h"

#define TABLE	0x1000		/* physical, of the variable at hand */
#define OTHER	0x3000		/* what it leads to */

struct bench {
	struct world w;
	struct po_kernel k;
};

static void begin(struct bench *b, unsigned ptr_size)
{
	world_open(&b->w, false, ptr_size);
	world_range(&b->w, 0, 0x10000);
	synth_kernel(&b->k, &b->w.abi, 12);
	synth_struct(&b->k, PO_T_mem_section, 4 * ptr_size);
	synth_struct(&b->k, PO_T_page_flags_fields, 32);
}

static const struct po_type_info *infer(struct bench *b, unsigned variable, unsigned symbol, uint64_t size)
{
	synth_symbol(&b->k, symbol, "the variable", b->w.base + TABLE, size);
	b->k.l.variable[variable].have = false;
	po_layout_infer_variables(&b->k.l, b->w.mem);
	return b->k.l.variable[variable].have ? &b->k.l.variable[variable].type : NULL;
}

#define INFER(b, name, size) infer(b, PO_V_##name, PO_S_##name, size)

static void check_array(const struct po_type_info *t, enum po_type_kind kind, uint64_t size, uint64_t nr)
{
	if (!CHECK(t))
		return;
	CHECK_INT(t->kind, PO_KIND_ARRAY);
	CHECK_INT(t->elem_kind, kind);
	CHECK_INT(t->elem_size, size);
	CHECK_INT(t->nr_elems, nr);
}

static void check_pointer(const struct po_type_info *t)
{
	CHECK(t && t->kind == PO_KIND_POINTER);
}

static void mem_section_of(unsigned ptr)
{
	struct bench b;

	begin(&b, ptr);
	/* a pointer to roots, the first of which is not there */
	world_ptr(&b.w, TABLE, b.w.base + OTHER);
	world_ptr(&b.w, OTHER + ptr, b.w.base + 0x4000);
	check_pointer(INFER(&b, mem_section, ptr));
	/* one root: its first section is present */
	world_ptr(&b.w, OTHER, 0xffe00007);
	check_array(INFER(&b, mem_section, ptr), PO_KIND_POINTER, ptr, 1);
	/* roots, some of them */
	world_ptr(&b.w, TABLE + 5 * ptr, b.w.base + OTHER);
	check_array(INFER(&b, mem_section, 64 * ptr), PO_KIND_POINTER, ptr, 64);
	/* sections, the ninth of which is present */
	world_ptr(&b.w, TABLE, 0);
	world_ptr(&b.w, TABLE + 5 * ptr, 0);
	world_ptr(&b.w, TABLE + 8 * 4 * ptr, 0xffe00007);
	check_array(INFER(&b, mem_section, 64 * ptr), PO_KIND_STRUCT, 4 * ptr, 16);
	/* no number of sections has that size */
	check_array(INFER(&b, mem_section, 63 * ptr), PO_KIND_POINTER, ptr, 63);
	CHECK(!INFER(&b, mem_section, 0));
	CHECK(!INFER(&b, mem_section, 64 * ptr + 1));
	world_close(&b.w);
}

TEST(variables_mem_section)
{
	mem_section_of(8);
	mem_section_of(4);
}

TEST(variables_pools_and_nodes)
{
	struct bench b;

	begin(&b, 8);
	check_array(INFER(&b, stack_slabs, 65536), PO_KIND_POINTER, 8, 8192);
	check_array(INFER(&b, stack_pools, 65536), PO_KIND_POINTER, 8, 8192);
	check_pointer(INFER(&b, stack_pools, 8));
	check_array(INFER(&b, migrate_reason_names, 72), PO_KIND_POINTER, 8, 9);
	check_array(INFER(&b, pff, 160), PO_KIND_STRUCT, 32, 5);
	CHECK(!INFER(&b, pff, 161));
	CHECK(!INFER(&b, stack_pools, 0));
	world_close(&b.w);
}

/* What type information tells is not overruled. */
TEST(variables_that_are_told)
{
	struct bench b;

	begin(&b, 8);
	synth_symbol(&b.k, PO_S_stack_pools, "stack_pools", b.w.base + TABLE, 8);
	synth_variable(&b.k, PO_V_stack_pools, (struct po_type_info){ .kind = PO_KIND_ARRAY, .nr_elems = 1 });
	po_layout_infer_variables(&b.k.l, b.w.mem);
	CHECK_INT(PO_VAR(&b.k.l, stack_pools)->kind, PO_KIND_ARRAY);
	CHECK(!PO_HAS_VAR(&b.k.l, stack_slabs));
	world_close(&b.w);
}

static void kallsyms_of(unsigned ptr, unsigned marker, bool big_endian)
{
	struct bench b;

	world_open(&b.w, big_endian, ptr);
	world_range(&b.w, 0, 0x10000);
	synth_kernel(&b.k, &b.w.abi, 12);
	synth_symbol(&b.k, PO_S_kallsyms_num_syms, "kallsyms_num_syms", b.w.base + OTHER, 0);
	for (unsigned i = 0; i < 4; i++)
		world_number(&b.w, TABLE + i * marker, marker, i * 3000);
	const struct po_type_info *t = INFER(&b, kallsyms_markers, 0);
	if (CHECK(t))
		CHECK_INT(t->elem_size, marker);
	CHECK(PO_HAS_VAR(&b.k.l, kallsyms_num_syms));
	CHECK_INT(PO_VAR(&b.k.l, kallsyms_num_syms)->size, marker);
	world_close(&b.w);
}

TEST(variables_of_kallsyms)
{
	kallsyms_of(8, 4, false);
	kallsyms_of(8, 8, false);
	kallsyms_of(8, 4, true);
	kallsyms_of(8, 8, true);
	kallsyms_of(4, 4, false);
}
