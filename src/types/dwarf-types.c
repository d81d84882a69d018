/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * DWARF as a source of types.
 *
 * The reader behind dwarf.h prepares every unit before the one that is asked for.  So it is not
 * shown all of .debug_info, but a copy of the few units that are wanted, one after the other:
 * within a unit, references are relative to it.  Where units refer to each other (dwz, link time
 * optimisation), and when everything is to be searched, it is shown the section as it is.
 */
#include <elf.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/status.h"
#include "elf/elf.h"
#include "types/dwarf-defs.h"
#include "types/dwarf-types.h"

static void show(struct po_dwarf_file *file, const char *name, struct po_bytes bytes)
{
	if (bytes.len)
		file->sections[file->nr_sections++] = (struct po_dwarf_section){ name, bytes };
}

static int open_reader(struct po_dwarf_types *dt, struct po_bytes info, struct po_dwarf **ret,
		       struct pageowner_error *err)
{
	struct po_dwarf_file file = { .path = dt->types.path, .abi = dt->types.abi };

	show(&file, ".debug_info", info);
	show(&file, ".debug_abbrev", dt->sel.sections.abbrev);
	show(&file, ".debug_str", dt->sel.sections.str);
	show(&file, ".debug_line_str", dt->sel.sections.line_str);
	show(&file, ".debug_str_offsets", dt->sel.sections.str_offsets);
	show(&file, ".debug_addr", dt->addr);
	return po_dwarf_open(&file, ret, err);
}

static int open_selected(struct po_dwarf_types *dt, struct pageowner_error *err)
{
	struct po_bytes info = dt->sel.sections.info;

	if (!dt->sel.all && po_selection_self_contained(&dt->sel)) {
		int rc = po_selection_copy(&dt->sel, &dt->copy, &info.len, err);
		if (rc < 0)
			return rc;
		info.p = dt->copy;
	}
	return open_reader(dt, info, &dt->dw, err);
}

/* Ids change, so what was found before is forgotten. */
static int dwarf_widen(struct po_types *types, struct pageowner_error *err)
{
	struct po_dwarf_types *dt = po_dwarf_types(types);
	struct po_dwarf *whole;

	if (dt->sel.all)
		return 0;
	int rc = open_reader(dt, dt->sel.sections.info, &whole, err);
	if (rc < 0)
		return rc;
	po_dwarf_close(dt->dw);
	dt->dw = whole;
	free(po_take(dt->copy));
	rc = po_selection_widen(&dt->sel, err);
	for (size_t i = 0; i < dt->sel.nr; i++)
		dt->sel.units[i].root = dt->sel.units[i].raw.root;
	po_dwarf_forget_names(dt);
	return rc < 0 ? rc : 1;
}

static int absurd(struct po_dwarf_types *dt, const struct po_die *die, const char *what,
		  struct pageowner_error *err)
{
	return po_fail(err, PAGEOWNER_ECORRUPT, "%s: debug information at %#" PRIx64 ": absurd %s",
		       dt->types.path, die->id, what);
}

/* An optional number that cannot be negative. */
static int get_size(struct po_dwarf_types *dt, const struct po_die *die, unsigned at,
		    uint64_t *ret, struct pageowner_error *err)
{
	int64_t v;
	int rc = po_die_const(die, at, &v, err);

	if (rc > 0 && v < 0)
		return absurd(dt, die, "size", err);
	if (rc > 0)
		*ret = (uint64_t)v;
	return rc;
}

/*
 * One dimension.  A flexible array has no bound, or (of length 0, from gcc) the bound -1, which
 * older ones wrote as if it were unsigned.
 */
static int get_dim(struct po_dwarf_types *dt, const struct po_die *die, uint64_t *ret,
		   struct pageowner_error *err)
{
	int64_t bound;
	int rc = get_size(dt, die, DW_AT_count, ret, err);
	if (rc != 0)
		return rc;
	rc = po_die_const(die, DW_AT_upper_bound, &bound, err);
	if (rc <= 0)
		return rc;
	if (bound == UINT32_MAX && dt->types.abi->ptr_size == 4)
		bound = -1;
	*ret = bound < 0 ? 0 : (uint64_t)bound + 1;
	return 1;
}

static int get_dims(struct po_dwarf_types *dt, const struct po_die *array, struct po_node *node,
		    struct pageowner_error *err)
{
	_cleanup_(po_die_fini) struct po_die die = { 0 };
	int rc;

	for (rc = po_die_child(array, &die, err); rc > 0; rc = po_die_step(&die, err)) {
		if (die.tag != DW_TAG_subrange_type)
			continue;
		if (node->nr_dims == PO_MAX_DIMS)
			return absurd(dt, array, "array", err);
		rc = get_dim(dt, &die, &node->dims[node->nr_dims++], err);
		if (rc < 0)
			return rc;
	}
	return rc;
}

static int get_integer(struct po_dwarf_types *dt, const struct po_die *die, struct po_node *node,
		       struct pageowner_error *err)
{
	uint64_t encoding = 0;
	int rc = get_size(dt, die, DW_AT_encoding, &encoding, err);

	switch (encoding) {
	case DW_ATE_signed: case DW_ATE_signed_char:
		node->is_signed = true;
		node->kind = PO_NODE_INT;
		break;
	case DW_ATE_boolean: case DW_ATE_unsigned: case DW_ATE_unsigned_char: case DW_ATE_UTF:
		node->kind = PO_NODE_INT;
		break;
	}
	return rc;
}

static int get_specifics(struct po_dwarf_types *dt, const struct po_die *die, struct po_node *node,
			 struct pageowner_error *err)
{
	switch (die->tag) {
	case DW_TAG_base_type:
		return get_integer(dt, die, node, err);
	case DW_TAG_enumeration_type:
		node->kind = PO_NODE_ENUM;
		break;
	case DW_TAG_pointer_type: case DW_TAG_reference_type:
		node->kind = PO_NODE_POINTER;
		if (!node->size)	/* clang does not tell */
			node->size = dt->types.abi->ptr_size;
		break;
	case DW_TAG_structure_type: case DW_TAG_union_type: case DW_TAG_class_type:
		node->kind = PO_NODE_STRUCT;
		node->incomplete = po_die_has(die, DW_AT_declaration);
		break;
	case DW_TAG_array_type:
		node->kind = PO_NODE_ARRAY;
		return get_dims(dt, die, node, err);
	case DW_TAG_typedef: case DW_TAG_const_type: case DW_TAG_volatile_type:
	case DW_TAG_restrict_type: case DW_TAG_atomic_type: case DW_TAG_packed_type:
		node->kind = PO_NODE_ALIAS;
		break;
	}
	return PAGEOWNER_OK;
}

static int dwarf_node(struct po_types *types, uint64_t id, struct po_node *ret,
		      struct pageowner_error *err)
{
	struct po_dwarf_types *dt = po_dwarf_types(types);
	struct po_node node = { .type = PO_NO_TYPE };
	_cleanup_(po_die_fini) struct po_die die = { 0 };
	int rc = po_die_at(dt->dw, id, &die, err);

	if (rc >= 0)
		rc = po_die_name(&die, &node.name, err);
	if (rc >= 0)
		rc = get_size(dt, &die, DW_AT_byte_size, &node.size, err);
	if (rc >= 0)
		rc = po_die_ref(&die, DW_AT_type, &node.type, err);
	if (rc >= 0)
		rc = get_specifics(dt, &die, &node, err);
	if (rc < 0)
		return rc;
	*ret = node;
	return PAGEOWNER_OK;
}

static int size_of_type(struct po_dwarf_types *dt, uint64_t id, uint64_t *ret,
			struct pageowner_error *err)
{
	struct po_node node = { .kind = PO_NODE_ALIAS, .type = id };

	for (int steps = 0; steps < 64 && node.kind == PO_NODE_ALIAS; steps++) {
		if (node.type == PO_NO_TYPE)
			break;
		int rc = dwarf_node(&dt->types, node.type, &node, err);
		if (rc < 0)
			return rc;
	}
	*ret = node.size;
	return PAGEOWNER_OK;
}

/*
 * Before DWARF 4 there is an integer that holds the bit-field (of the declared type, if not told
 * otherwise), and bits are counted down from its most significant one; even to below 0, where a
 * packed bit-field ends outside of it.
 */
static int old_bit_start(struct po_dwarf_types *dt, const struct po_die *die,
			 struct po_field *field, int64_t *ret, struct pageowner_error *err)
{
	int64_t from_top = 0;
	uint64_t size = 0;
	int rc = get_size(dt, die, DW_AT_byte_size, &size, err);
	if (rc == 0)
		rc = size_of_type(dt, field->type, &size, err);
	if (rc >= 0)
		rc = po_die_const(die, DW_AT_bit_offset, &from_top, err);
	if (rc < 0)
		return rc;
	if (size > 64 || from_top < -512 || from_top > 512)
		return absurd(dt, die, "bit-field", err);
	*ret = dt->types.abi->big_endian ? from_top
					 : 8 * (int64_t)size - from_top - field->bit_size;
	return PAGEOWNER_OK;
}

/* Since DWARF 4 bits are counted from the start of the struct, in the way of struct po_field. */
static int place_bits(struct po_dwarf_types *dt, const struct po_die *die, struct po_field *field,
		      struct pageowner_error *err)
{
	int64_t start, bytes = (int64_t)field->bit_start / 8;
	int rc = po_die_const(die, DW_AT_data_bit_offset, &start, err);
	if (rc == 0) {
		rc = old_bit_start(dt, die, field, &start, err);
		start += 8 * bytes;
	}
	if (rc < 0)
		return rc;
	if (start < 0 || start > INT64_MAX / 16)
		return absurd(dt, die, "bit-field", err);
	field->bit_start = (uint64_t)start;
	return PAGEOWNER_OK;
}

static int get_field(struct po_dwarf_types *dt, const struct po_die *die, struct po_field *field,
		     struct pageowner_error *err)
{
	int64_t bytes = 0;	/* not told in a union */
	uint64_t bits = 0;
	int rc = po_die_ref(die, DW_AT_type, &field->type, err);
	if (rc >= 0)
		rc = po_die_location(die, &bytes, err);
	if (rc >= 0)
		rc = get_size(dt, die, DW_AT_bit_size, &bits, err);
	if (rc < 0)
		return rc;
	if (bytes < 0 || bytes > INT64_MAX / 16 || bits > 1024)
		return absurd(dt, die, "member", err);
	field->bit_start = 8 * (uint64_t)bytes;
	field->bit_size = (uint32_t)bits;
	return bits ? place_bits(dt, die, field, err) : PAGEOWNER_OK;
}

static int dwarf_fields(struct po_types *types, uint64_t id, const struct po_field_search *search,
			struct pageowner_error *err)
{
	struct po_dwarf_types *dt = po_dwarf_types(types);
	_cleanup_(po_die_fini) struct po_die strct = { 0 }, die = { 0 };
	int rc = po_die_at(dt->dw, id, &strct, err);
	if (rc < 0)
		return rc;

	for (rc = po_die_child(&strct, &die, err); rc > 0; rc = po_die_step(&die, err)) {
		struct po_field field = { .type = PO_NO_TYPE };
		if (die.tag != DW_TAG_member)
			continue;
		rc = po_die_name(&die, &field.name, err);
		if (rc < 0)
			return rc;
		if (field.name && strcmp(field.name, search->name) != 0)
			continue;
		rc = get_field(dt, &die, &field, err);
		if (rc >= 0)
			rc = search->fn(search->arg, &field);
		if (rc != 0)
			return rc;
	}
	return rc;
}

static const char *dwarf_describe(const struct po_types *types)
{
	const struct po_dwarf_types *dt = (const struct po_dwarf_types *)types;

	return dt->sel.description;
}

static void dwarf_close(struct po_types *types)
{
	struct po_dwarf_types *dt = po_dwarf_types(types);

	po_dwarf_close(dt->dw);
	free(dt->copy);
	po_dwarf_forget_names(dt);
	po_selection_fini(&dt->sel);
	free(dt);
}

static const struct po_types_ops dwarf_ops = {
	.find = po_dwarf_find,
	.variable = po_dwarf_variable,
	.node = dwarf_node,
	.fields = dwarf_fields,
	.enumerator = po_dwarf_enumerator,
	.widen = dwarf_widen,
	.describe = dwarf_describe,
	.close = dwarf_close,
};

static int load_section(struct po_elf *elf, const char *name, struct po_bytes *ret,
			struct pageowner_error *err)
{
	struct po_elf_section s;
	const void *data;
	int rc = po_elf_section_named(elf, name, &s)
		? po_elf_section_data(elf, s.index, &data, &ret->len, err) : 0;

	if (rc > 0)
		ret->p = data;
	return rc;
}

static int load_sections(struct po_dwarf_types *dt, struct po_elf *elf, struct pageowner_error *err)
{
	struct po_units *s = &dt->sel.sections;
	const struct {
		const char *name;
		struct po_bytes *bytes;
	} wanted[] = {
		{ ".debug_info", &s->info },
		{ ".debug_abbrev", &s->abbrev },
		{ ".debug_str", &s->str },
		{ ".debug_line_str", &s->line_str },
		{ ".debug_str_offsets", &s->str_offsets },
		{ ".debug_aranges", &s->aranges },
		{ ".debug_addr", &dt->addr },
	};
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		int rc = load_section(elf, wanted[i].name, wanted[i].bytes, err);
		if (rc < 0)
			return rc;
	}
	if (!s->info.len)
		return po_fail(err, PAGEOWNER_ENOTYPE,
			       "%s: no debug information (no .debug_info section)",
			       dt->types.path);
	return PAGEOWNER_OK;
}

static void closep(struct po_dwarf_types **dt)
{
	if (*dt)
		dwarf_close(&(*dt)->types);
}

int po_types_open_dwarf(struct po_elf *elf, const uint64_t *hints, const char *const *units,
			struct po_types **ret, struct pageowner_error *err)
{
	const char *path = po_elf_path(elf);

	if (po_elf_type(elf) == ET_REL)
		return po_fail(err, PAGEOWNER_EUNSUPP,
			       "%s: types of an object that was not linked yet", path);
	_cleanup_(closep) struct po_dwarf_types *dt = calloc(1, sizeof(*dt));
	if (!dt)
		return po_fail_nomem(err, path);
	dt->types = (struct po_types){ &dwarf_ops, po_elf_abi(elf), path };
	dt->sel.path = path;
	dt->sel.sections.abi = dt->types.abi;
	int rc = load_sections(dt, elf, err);
	if (rc >= 0)
		rc = po_selection_init(&dt->sel, hints, units, err);
	if (rc >= 0)
		rc = open_selected(dt, err);
	if (rc < 0)
		return rc;
	*ret = &po_take(dt)->types;
	return PAGEOWNER_OK;
}
