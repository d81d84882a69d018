/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Variables without type information: BTF knows only those that are per CPU.  vmlinux's symbol table
 * has their sizes, and each of them has had few shapes, which differ in size; where they do not, the
 * contents tell.  What type information does say is never overruled.
 */
#include "kernel/layout.h"

#define MAX_WORDS 65536		/* of mem_section that are looked at */

/* An absent variable whose symbol is there: its size, else 0. */
static uint64_t size_to_judge(const struct po_layout *l, unsigned variable, unsigned symbol)
{
	return !l->variable[variable].have && l->symbol[symbol].have ? l->symbol[symbol].size : 0;
}

static void set(struct po_layout *l, unsigned variable, struct po_type_info type)
{
	l->variable[variable].have = true;
	l->variable[variable].inferred = true;
	l->variable[variable].type = type;
}

static struct po_type_info array_of(enum po_type_kind kind, uint64_t elem_size, uint64_t nr)
{
	return (struct po_type_info){
		.kind = PO_KIND_ARRAY,
		.size = nr * elem_size,
		.nr_elems = nr,
		.dim = { nr },
		.elem_kind = kind,
		.elem_size = elem_size,
		.pointer_depth = kind == PO_KIND_POINTER,
	};
}

static struct po_type_info number(uint64_t size)
{
	return (struct po_type_info){ .kind = PO_KIND_INT, .size = size };
}

/* An array of pointers, whatever to. */
static void infer_pointers(struct po_layout *l, unsigned variable, unsigned symbol)
{
	uint64_t size = size_to_judge(l, variable, symbol);

	if (size && size % l->abi.ptr_size == 0)
		set(l, variable, array_of(PO_KIND_POINTER, l->abi.ptr_size, size / l->abi.ptr_size));
}

/* The same, but what has the size of one pointer is a pointer to an array: none has but one entry. */
static void infer_pools(struct po_layout *l, unsigned variable, unsigned symbol)
{
	if (size_to_judge(l, variable, symbol) == l->abi.ptr_size)
		set(l, variable, (struct po_type_info){ .kind = PO_KIND_POINTER,
							.size = l->abi.ptr_size, .pointer_depth = 2 });
	else
		infer_pointers(l, variable, symbol);
}

static void infer_pff(struct po_layout *l)
{
	uint64_t size = size_to_judge(l, PO_V_pff, PO_S_pff);
	uint64_t elem = l->strct[PO_T_page_flags_fields].have ? PO_SIZE(l, page_flags_fields) : 0;

	if (size && elem && size % elem == 0)
		set(l, PO_V_pff, array_of(PO_KIND_STRUCT, elem, size / elem));
}

/*
 * Both are of assembly and have no size.  They were unsigned long until commit 80ffbaa5b1bd
 * ("kallsyms: reduce size a little on 64-bit", 4.20) and unsigned int ever since.  The first marker is
 * 0, and the second is not, in any kernel of more than 256 symbols: so the second 32 bits are 0 only
 * as the other half of the first marker.
 */
static void infer_kallsyms(struct po_layout *l, struct po_memory *mem)
{
	uint64_t at = PO_SYM(l, kallsyms_markers), second = 0, size = 4;

	if (l->abi.ptr_size == 8 && at &&
	    po_memory_read_uint(mem, at + 4, 4, &second, NULL) == PAGEOWNER_OK && second == 0)
		size = 8;
	if (at && !PO_HAS_VAR(l, kallsyms_markers))
		set(l, PO_V_kallsyms_markers, array_of(PO_KIND_INT, size, 0));
	if (PO_HAS_SYM(l, kallsyms_num_syms) && !PO_HAS_VAR(l, kallsyms_num_syms))
		set(l, PO_V_kallsyms_num_syms, number(size));
}

/*
 * The first word of a section that is there has its lowest bit set (SECTION_MARKED_PRESENT, in every
 * release); a pointer never has, be it to a root or to a section.
 */
static bool is_odd(struct po_memory *mem, uint64_t at)
{
	uint64_t v;

	return po_memory_read_ptr(mem, at, &v, NULL) == PAGEOWNER_OK && (v & 1);
}

/* Of the size of several structs and of several pointers: the sections, or pointers to them? */
static bool holds_sections(const struct po_layout *l, struct po_memory *mem, uint64_t at, uint64_t size)
{
	for (uint64_t i = 0; i < size / l->abi.ptr_size && i < MAX_WORDS; i++)
		if (is_odd(mem, at + i * l->abi.ptr_size))
			return true;
	return false;
}

/* One word is a pointer to an array of pointers, or an array of one pointer to sections. */
static bool leads_to_section(struct po_memory *mem, uint64_t at)
{
	uint64_t v;

	return po_memory_read_ptr(mem, at, &v, NULL) == PAGEOWNER_OK && v && is_odd(mem, v);
}

/* Three shapes; see find_sections() in sparse.c. */
static void infer_mem_section(struct po_layout *l, struct po_memory *mem)
{
	uint64_t size = size_to_judge(l, PO_V_mem_section, PO_S_mem_section);
	uint64_t elem = l->strct[PO_T_mem_section].have ? PO_SIZE(l, mem_section) : 0;
	uint64_t at = PO_SYM(l, mem_section), ptr = l->abi.ptr_size;

	if (!size || !elem || size % ptr)
		return;
	if (size == ptr && !leads_to_section(mem, at))
		set(l, PO_V_mem_section, (struct po_type_info){ .kind = PO_KIND_POINTER, .size = ptr,
								.pointer_depth = 2 });
	else if (size % elem || !holds_sections(l, mem, at, size))
		set(l, PO_V_mem_section, array_of(PO_KIND_POINTER, ptr, size / ptr));
	else
		set(l, PO_V_mem_section, array_of(PO_KIND_STRUCT, elem, size / elem));
}

void po_layout_infer_variables(struct po_layout *l, struct po_memory *mem)
{
	infer_kallsyms(l, mem);
	infer_mem_section(l, mem);
	infer_pools(l, PO_V_stack_slabs, PO_S_stack_slabs);
	infer_pools(l, PO_V_stack_pools, PO_S_stack_pools);
	infer_pff(l);
	infer_pointers(l, PO_V_migrate_reason_names, PO_S_migrate_reason_names);
}
