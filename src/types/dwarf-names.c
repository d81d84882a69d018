/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Names that lead into DWARF.  Units are indexed one at a time, in their order, when a name is not
 * found in those before; enumerators, which are many and seldom asked for, one enum at a time.  Of
 * equal names of types the first definition wins.
 *
 * A unit that cannot be read does not keep others from being searched.  But then nothing can be
 * said to be absent any more: what is not found elsewhere fails, with what was wrong there.
 */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/status.h"
#include "types/dwarf-defs.h"
#include "types/dwarf-types.h"

static int nomem(const struct po_dwarf_types *dt, struct pageowner_error *err)
{
	return po_fail_nomem(err, dt->types.path);
}

void po_dwarf_forget_names(struct po_dwarf_types *dt)
{
	po_names_fini(&dt->names);
	free(po_take(dt->enums));
	dt->nr_enums = dt->size_enums = dt->nr_enums_done = 0;
	dt->broken.code = PAGEOWNER_OK;
	for (size_t i = 0; i < dt->sel.nr; i++)
		dt->sel.units[i].indexed = false;
}

#define MAX_NESTING 16	/* structs within structs */

struct indexing {
	struct po_dwarf_types *dt;
	uint32_t unit;
	unsigned nesting;
	struct pageowner_error *err;
};

static int add_name(struct indexing *ix, struct po_name name)
{
	name.unit = ix->unit;
	return po_names_add(&ix->dt->names, &name) ? PAGEOWNER_OK : nomem(ix->dt, ix->err);
}

/* Many units tell the same types: the first definition is as good as any. */
static int index_type(struct indexing *ix, const struct po_die *die, enum po_name_class class)
{
	const char *name;
	int rc = po_die_name(die, &name, ix->err);
	if (rc < 0 || !name || po_names_find(&ix->dt->names, class, name))
		return rc < 0 ? rc : 0;
	if (po_die_has(die, DW_AT_declaration))
		return 0;
	rc = add_name(ix, (struct po_name){ .name = name, .id = die->id, .class = class });
	return rc < 0 ? rc : 1;
}

static int add_enum(struct indexing *ix, uint64_t id)
{
	struct po_dwarf_types *dt = ix->dt;

	if (dt->nr_enums == dt->size_enums) {
		size_t size = dt->size_enums ? 2 * dt->size_enums : 256;
		uint64_t *enums = reallocarray(dt->enums, size, sizeof(*enums));
		if (!enums)
			return nomem(dt, ix->err);
		dt->enums = enums;
		dt->size_enums = size;
	}
	dt->enums[dt->nr_enums++] = id;
	return PAGEOWNER_OK;
}

static int index_enum(struct indexing *ix, const struct po_die *die)
{
	const char *name;
	int rc = po_die_name(die, &name, ix->err);
	if (rc >= 0 && name)
		rc = index_type(ix, die, PO_NAME_ENUM);
	if (rc < 0 || (rc == 0 && name))	/* a name that is known already */
		return rc;
	return add_enum(ix, die->id);
}

/* The definition of what was declared before may refer to the declaration for its name. */
static int variable_name(const struct po_die *die, const char **ret, struct pageowner_error *err)
{
	uint64_t id;
	int rc = po_die_name(die, ret, err);
	if (rc < 0 || *ret)
		return rc;
	rc = po_die_ref(die, DW_AT_specification, &id, err);
	if (rc <= 0)
		return rc;
	_cleanup_(po_die_fini) struct po_die declaration = { 0 };
	rc = po_die_at(die->dw, id, &declaration, err);
	return rc < 0 ? rc : po_die_name(&declaration, ret, err);
}

static int index_variable(struct indexing *ix, const struct po_die *die)
{
	struct po_name add = { .id = die->id, .class = PO_NAME_VARIABLE };
	int rc = variable_name(die, &add.name, ix->err);
	if (rc < 0 || !add.name)
		return rc;
	add.declaration = po_die_has(die, DW_AT_declaration);
	if (add.declaration && po_names_find(&ix->dt->names, add.class, add.name))
		return PAGEOWNER_OK;
	return add_name(ix, add);
}

/* dwz moves what units share to units of its own. */
static int index_import(struct indexing *ix, const struct po_die *die)
{
	uint64_t root;
	int rc = po_die_ref(die, DW_AT_import, &root, ix->err);

	if (rc <= 0 || ix->dt->sel.all)
		return rc;
	return po_selection_add_holding(&ix->dt->sel, root, ix->err);
}

static int index_children(struct indexing *ix, const struct po_die *parent);

/* In C, gcc puts types within structs next to them; clang leaves them where they are written. */
static int index_struct(struct indexing *ix, const struct po_die *die)
{
	const char *name;
	int rc = po_die_name(die, &name, ix->err);
	if (rc >= 0 && name)
		rc = index_type(ix, die, PO_NAME_STRUCT);
	if (rc < 0 || (rc == 0 && name))	/* known already, or but a declaration */
		return rc;
	if (!ix->dt->sel.units[ix->unit].nests || ix->nesting == MAX_NESTING)
		return PAGEOWNER_OK;
	ix->nesting++;
	rc = index_children(ix, die);
	ix->nesting--;
	return rc;
}

static int index_entry(struct indexing *ix, const struct po_die *die)
{
	int rc;

	switch (die->tag) {
	case DW_TAG_structure_type: case DW_TAG_union_type: case DW_TAG_class_type:
		rc = index_struct(ix, die);
		break;
	case DW_TAG_typedef:
		rc = index_type(ix, die, PO_NAME_TYPEDEF);
		break;
	case DW_TAG_enumeration_type:
		rc = index_enum(ix, die);
		break;
	case DW_TAG_variable:
		rc = index_variable(ix, die);
		break;
	case DW_TAG_imported_unit:
		rc = index_import(ix, die);
		break;
	default:
		rc = PAGEOWNER_OK;
	}
	return rc < 0 ? rc : PAGEOWNER_OK;
}

static int index_children(struct indexing *ix, const struct po_die *parent)
{
	_cleanup_(po_die_fini) struct po_die die = { 0 };
	int rc;

	for (rc = po_die_child(parent, &die, ix->err); rc > 0; rc = po_die_step(&die, ix->err)) {
		rc = index_entry(ix, &die);
		if (rc < 0)
			return rc;
	}
	return rc;
}

static void index_unit(struct po_dwarf_types *dt, size_t i)
{
	struct pageowner_error why = { 0 };
	struct indexing ix = { .dt = dt, .unit = (uint32_t)i, .err = &why };
	_cleanup_(po_die_fini) struct po_die root = { 0 };

	dt->sel.units[i].indexed = true;
	int rc = po_die_at(dt->dw, dt->sel.units[i].root, &root, &why);
	if (rc >= 0)
		rc = index_children(&ix, &root);
	if (rc < 0 && !dt->broken.code)
		dt->broken = why;
}

/* 1; or, when there are no more units, 0 or what was wrong with one of them. */
static int index_next(struct po_dwarf_types *dt, struct pageowner_error *err)
{
	for (size_t i = 0; i < dt->sel.nr; i++) {
		if (dt->sel.units[i].indexed)
			continue;
		index_unit(dt, i);
		return 1;
	}
	if (dt->broken.code && err)
		*err = dt->broken;
	return dt->broken.code;
}

int po_dwarf_find(struct po_types *types, enum po_name_class class, const char *name, uint64_t *ret,
		  struct pageowner_error *err)
{
	struct po_dwarf_types *dt = po_dwarf_types(types);
	const struct po_name *found;

	while (!(found = po_names_find(&dt->names, class, name))) {
		int rc = index_next(dt, err);
		if (rc <= 0)
			return rc;
	}
	*ret = found->id;
	return 1;
}

static bool unit_is(const struct po_dwarf_types *dt, size_t i, const char *file)
{
	return file && dt->sel.units[i].name && po_units_name_ends(dt->sel.units[i].name, file);
}

/* Best is the definition in that file, then any definition, then a declaration. */
static int rank(const struct po_dwarf_types *dt, const struct po_name *n, const char *file)
{
	if (n->declaration)
		return 1;
	return unit_is(dt, n->unit, file) ? 3 : 2;
}

static const struct po_name *best_variable(const struct po_dwarf_types *dt, const char *file,
					   const char *name)
{
	const struct po_name *n = po_names_find(&dt->names, PO_NAME_VARIABLE, name);
	const struct po_name *best = n;

	for (; n; n = po_names_next(&dt->names, n)) {
		if (rank(dt, n, file) > rank(dt, best, file))
			best = n;
	}
	return best;
}

/* The type is at the definition, or at the declaration that it refers to. */
static int type_of_variable(struct po_dwarf_types *dt, uint64_t id, uint64_t *ret,
			    struct pageowner_error *err)
{
	uint64_t declaration;
	_cleanup_(po_die_fini) struct po_die die = { 0 }, other = { 0 };
	int rc = po_die_at(dt->dw, id, &die, err);
	if (rc >= 0)
		rc = po_die_ref(&die, DW_AT_type, ret, err);
	if (rc != 0)
		return rc;
	rc = po_die_ref(&die, DW_AT_specification, &declaration, err);
	if (rc > 0)
		rc = po_die_at(dt->dw, declaration, &other, err);
	return rc < 0 || !other.handle ? rc : po_die_ref(&other, DW_AT_type, ret, err);
}

int po_dwarf_variable(struct po_types *types, const char *file, const char *name, uint64_t *ret,
		      struct pageowner_error *err)
{
	struct po_dwarf_types *dt = po_dwarf_types(types);
	const struct po_name *best;
	int rc = 1;

	for (size_t i = 0; i < dt->sel.nr && file; i++) {
		if (!dt->sel.units[i].indexed && unit_is(dt, i, file))
			index_unit(dt, i);
	}
	while (!(best = best_variable(dt, file, name)) || best->declaration) {
		rc = index_next(dt, err);
		if (rc <= 0)
			break;
	}
	return best ? type_of_variable(dt, best->id, ret, err) : rc;
}

/* Enter the enumerators of one enum into names. */
static int index_enumerators(struct po_dwarf_types *dt, uint64_t id, struct pageowner_error *err)
{
	struct indexing ix = { .dt = dt, .err = err };
	_cleanup_(po_die_fini) struct po_die enm = { 0 }, die = { 0 };
	int rc = po_die_at(dt->dw, id, &enm, err);
	if (rc < 0)
		return rc;
	for (rc = po_die_child(&enm, &die, err); rc > 0; rc = po_die_step(&die, err)) {
		if (die.tag == DW_TAG_enumerator)
			rc = index_type(&ix, &die, PO_NAME_ENUMERATOR);
		if (rc < 0)
			return rc;
	}
	return rc;
}

/* As index_next(). */
static int more_enumerators(struct po_dwarf_types *dt, struct pageowner_error *err)
{
	struct pageowner_error why = { 0 };

	if (dt->nr_enums_done == dt->nr_enums)
		return index_next(dt, err);
	int rc = index_enumerators(dt, dt->enums[dt->nr_enums_done++], &why);
	if (rc < 0 && !dt->broken.code)
		dt->broken = why;
	return 1;
}

static int any_enumerator(struct po_dwarf_types *dt, const char *name, int64_t *ret,
			  struct pageowner_error *err)
{
	const struct po_name *found;

	while (!(found = po_names_find(&dt->names, PO_NAME_ENUMERATOR, name))) {
		int rc = more_enumerators(dt, err);
		if (rc <= 0)
			return rc;
	}
	_cleanup_(po_die_fini) struct po_die die = { 0 };
	int rc = po_die_at(dt->dw, found->id, &die, err);
	return rc < 0 ? rc : po_die_const(&die, DW_AT_const_value, ret, err);
}

int po_dwarf_enumerator(struct po_types *types, uint64_t enm, const char *wanted, int64_t *ret,
			struct pageowner_error *err)
{
	struct po_dwarf_types *dt = po_dwarf_types(types);
	_cleanup_(po_die_fini) struct po_die parent = { 0 }, die = { 0 };

	if (enm == PO_NO_TYPE)
		return any_enumerator(dt, wanted, ret, err);
	int rc = po_die_at(dt->dw, enm, &parent, err);
	if (rc < 0)
		return rc;
	for (rc = po_die_child(&parent, &die, err); rc > 0; rc = po_die_step(&die, err)) {
		const char *name = NULL;
		if (die.tag == DW_TAG_enumerator)
			rc = po_die_name(&die, &name, err);
		if (rc < 0)
			return rc;
		if (name && strcmp(name, wanted) == 0)
			return po_die_const(&die, DW_AT_const_value, ret, err);
	}
	return rc;
}
