/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What C makes of a graph of types: typedefs are looked through, the members of anonymous structs
 * are members, arrays of arrays are one block.  The graph comes from a file, so every walk is
 * bounded.
 */
#include "types/types.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/status.h"
#include "types/backend.h"

#define MAX_CHAIN 64		/* typedefs and qualifiers in a row, stars, brackets */
#define MAX_NESTING 16		/* anonymous structs within each other */
#define MAX_ANONYMOUS 4096	/* of them looked into for one name */

static int endless(struct po_types *types, const char *what, struct pageowner_error *err)
{
	return po_fail(err, PAGEOWNER_ECORRUPT, "%s: %s does not end", types->path, what);
}

struct type {
	uint64_t id;
	struct po_node node;
};

/* From t->id on look through typedefs and qualifiers, to a node that is none. */
static int strip(struct po_types *types, struct type *t, struct pageowner_error *err)
{
	for (unsigned steps = 0; steps < MAX_CHAIN; steps++) {
		if (t->id == PO_NO_TYPE) {
			t->node = (struct po_node){ .kind = PO_NODE_OTHER, .type = PO_NO_TYPE };
			return PAGEOWNER_OK;
		}
		int rc = types->ops->node(types, t->id, &t->node, err);
		if (rc < 0 || t->node.kind != PO_NODE_ALIAS)
			return rc;
		t->id = t->node.type;
	}
	return endless(types, "a chain of typedefs", err);
}

/* The same, and a struct that is only declared here is found where it is defined, if anywhere. */
static int resolve(struct po_types *types, struct type *t, struct pageowner_error *err)
{
	int rc = strip(types, t, err);
	if (rc < 0 || t->node.kind != PO_NODE_STRUCT || !t->node.incomplete || !t->node.name)
		return rc;
	rc = types->ops->find(types, PO_NAME_STRUCT, t->node.name, &t->id, err);
	return rc <= 0 ? rc : types->ops->node(types, t->id, &t->node, err);
}

static int find_struct(struct po_types *types, const char *name, struct type *ret,
		       struct pageowner_error *err)
{
	int rc = types->ops->find(types, PO_NAME_STRUCT, name, &ret->id, err);
	if (rc == 0)
		rc = types->ops->find(types, PO_NAME_TYPEDEF, name, &ret->id, err);
	if (rc <= 0)
		return rc;
	rc = resolve(types, ret, err);
	if (rc < 0)
		return rc;
	return ret->node.kind == PO_NODE_STRUCT && !ret->node.incomplete;
}

/* The number of stars, up to what is no pointer. */
static int pointer_depth(struct po_types *types, struct type t, unsigned *ret,
			 struct pageowner_error *err)
{
	unsigned depth = 0;

	while (t.node.kind == PO_NODE_POINTER) {
		if (++depth > MAX_CHAIN)
			return endless(types, "a chain of pointers", err);
		t.id = t.node.type;
		int rc = strip(types, &t, err);
		if (rc < 0)
			return rc;
	}
	*ret = depth;
	return PAGEOWNER_OK;
}

static enum po_type_kind kind_of(const struct po_node *node)
{
	switch (node->kind) {
	case PO_NODE_INT:	return PO_KIND_INT;
	case PO_NODE_ENUM:	return PO_KIND_ENUM;
	case PO_NODE_POINTER:	return PO_KIND_POINTER;
	case PO_NODE_STRUCT:	return PO_KIND_STRUCT;
	case PO_NODE_ARRAY:	return PO_KIND_ARRAY;
	default:		return PO_KIND_OTHER;
	}
}

/* An enum may leave its size and sign to the integer it is made of. */
static int enum_info(struct po_types *types, struct po_node *node, struct pageowner_error *err)
{
	struct type integer = { .id = node->type };

	if (node->kind != PO_NODE_ENUM || node->type == PO_NO_TYPE)
		return PAGEOWNER_OK;
	int rc = strip(types, &integer, err);
	if (rc < 0)
		return rc;
	node->is_signed = integer.node.is_signed;
	if (!node->size)
		node->size = integer.node.size;
	return PAGEOWNER_OK;
}

static int absurd(struct po_types *types, const char *what, struct pageowner_error *err)
{
	return po_fail(err, PAGEOWNER_ECORRUPT, "%s: absurd %s", types->path, what);
}

/* Go down through all dimensions; *t becomes the element. */
static int array_info(struct po_types *types, struct type *t, struct po_type_info *info,
		      struct pageowner_error *err)
{
	unsigned nr_dims = 0;

	info->nr_elems = 1;
	for (unsigned steps = 0; t->node.kind == PO_NODE_ARRAY; steps++) {
		if (steps > MAX_CHAIN)
			return endless(types, "an array", err);
		for (unsigned i = 0; i < t->node.nr_dims; i++, nr_dims++) {
			if (nr_dims < 2)
				info->dim[nr_dims] = t->node.dims[i];
			if (po_mul(info->nr_elems, t->node.dims[i], &info->nr_elems))
				return absurd(types, "array", err);
		}
		t->id = t->node.type;
		int rc = resolve(types, t, err);
		if (rc < 0)
			return rc;
	}
	return PAGEOWNER_OK;
}

static int type_info(struct po_types *types, struct type t, struct po_type_info *ret,
		     struct pageowner_error *err)
{
	struct po_type_info info = { 0 };
	int rc = resolve(types, &t, err);
	if (rc < 0)
		return rc;

	info.kind = kind_of(&t.node);
	if (info.kind == PO_KIND_ARRAY)
		rc = array_info(types, &t, &info, err);
	if (rc >= 0)
		rc = enum_info(types, &t.node, err);
	if (rc >= 0)
		rc = pointer_depth(types, t, &info.pointer_depth, err);
	if (rc < 0)
		return rc;

	info.is_signed = t.node.is_signed;
	info.size = t.node.size;
	if (info.kind == PO_KIND_ARRAY) {
		info.elem_kind = kind_of(&t.node);
		info.elem_size = t.node.size;
		if (po_mul(info.nr_elems, t.node.size, &info.size))
			return absurd(types, "array", err);
	}
	*ret = info;
	return PAGEOWNER_OK;
}

/*
 * Looking for a member by name, into anonymous structs too.  Bits, counted as in struct po_field.
 */
struct search {
	struct po_types *types;
	const char *name;
	uint64_t base;			/* where the struct begins that is being looked into */
	uint64_t size;			/* and its size in bytes */
	unsigned nesting, nr_anonymous;
	struct po_field found;		/* within the innermost struct around it, which is */
	uint64_t found_base, found_size;
	struct pageowner_error *err;
};

static int search_struct(struct search *s, const struct type *strct);

static int search_anonymous(struct search *s, const struct po_field *field)
{
	struct type t = { .id = field->type };
	int rc = strip(s->types, &t, s->err);
	if (rc < 0 || t.node.kind != PO_NODE_STRUCT)
		return rc;
	if (s->nesting >= MAX_NESTING || ++s->nr_anonymous > MAX_ANONYMOUS)
		return endless(s->types, "a nest of anonymous structs", s->err);

	uint64_t base = s->base, size = s->size;
	if (po_add(base, field->bit_start, &s->base))
		return absurd(s->types, "offset", s->err);
	s->nesting++;
	rc = search_struct(s, &t);
	s->nesting--;
	s->base = base;
	s->size = size;
	return rc;
}

static int consider_field(void *arg, const struct po_field *field)
{
	struct search *s = arg;

	if (!field->name)
		return search_anonymous(s, field);
	s->found = *field;
	s->found_base = s->base;
	s->found_size = s->size;
	return 1;
}

static int search_struct(struct search *s, const struct type *strct)
{
	const struct po_field_search search = { s->name, consider_field, s };

	s->size = strct->node.size;
	return s->types->ops->fields(s->types, strct->id, &search, s->err);
}

/*
 * Which bytes to load for a bit-field: as C would, the integer it is declared with, if that lies
 * within the struct (a packed one may end earlier); else the fewest bytes that hold it.
 */
static int place_bits(const struct search *s, struct po_member *m)
{
	uint64_t start = s->found.bit_start, unit = m->type.size, offset = 0;
	uint32_t bits = s->found.bit_size;
	bool fits = unit == 1 || unit == 2 || unit == 4 || unit == 8;

	if (fits) {
		offset = start / 8 / unit * unit;
		fits = offset + unit <= s->found_size && start + bits <= 8 * (offset + unit);
	}
	if (!fits) {
		offset = start / 8;
		unit = (start % 8 + bits + 7) / 8;
	}
	if (bits > 64 || unit > 8)
		return po_fail(s->err, PAGEOWNER_EUNSUPP, "%s: a bit-field in %" PRIu64 " bytes",
			       s->types->path, unit);
	uint32_t within = (uint32_t)(start - 8 * offset);
	m->offset = offset;
	m->size = unit;
	m->bit_size = bits;
	m->bit_shift = s->types->abi->big_endian ? (uint32_t)(8 * unit) - within - bits : within;
	return PAGEOWNER_OK;
}

/* One member, no path.  *t is the struct, and becomes the type of the member. */
static int find_member(struct po_types *types, struct type *t, const char *name,
		       struct po_member *ret, struct pageowner_error *err)
{
	struct search s = { .types = types, .name = name, .err = err };
	int rc = search_struct(&s, t);
	if (rc <= 0)
		return rc;

	struct po_member m = { .offset = s.found.bit_start / 8 };
	t->id = s.found.type;
	rc = type_info(types, *t, &m.type, err);
	m.size = m.type.size;
	if (rc >= 0 && s.found.bit_size)
		rc = place_bits(&s, &m);
	if (rc < 0)
		return rc;
	if (po_add(m.offset, s.found_base / 8, &m.offset))
		return absurd(types, "offset", err);
	*ret = m;
	return 1;
}

int po_types_struct_size(struct po_types *types, const char *strct, uint64_t *ret,
			 struct pageowner_error *err)
{
	struct type t;
	int rc = find_struct(types, strct, &t, err);
	if (rc == 1)
		*ret = t.node.size;
	return rc;
}

static int walk_path(struct po_types *types, struct type t, char *path, struct po_member *ret,
		     struct pageowner_error *err)
{
	struct po_member m = { 0 };
	uint64_t base = 0;

	for (char *name; (name = strsep(&path, ".")) != NULL;) {
		int rc = resolve(types, &t, err);
		if (rc < 0)
			return rc;
		if (t.node.kind != PO_NODE_STRUCT)
			return 0;
		rc = find_member(types, &t, name, &m, err);
		if (rc <= 0)
			return rc;
		if (po_add(base, m.offset, &m.offset))
			return absurd(types, "offset", err);
		base = m.offset;
	}
	*ret = m;
	return 1;
}

int po_types_member(struct po_types *types, const char *strct, const char *member,
		    struct po_member *ret, struct pageowner_error *err)
{
	struct type t;
	int rc = find_struct(types, strct, &t, err);
	if (rc <= 0)
		return rc;
	_cleanup_(po_freep) char *path = strdup(member);
	if (!path)
		return po_fail_nomem(err, member);
	rc = walk_path(types, t, path, ret, err);
	return rc < 0 ? po_within(err, rc, "%s.%s", strct, member) : rc;
}

static int find_enum(struct po_types *types, const char *name, struct type *ret,
		     struct pageowner_error *err)
{
	int rc = types->ops->find(types, PO_NAME_ENUM, name, &ret->id, err);
	if (rc == 0)
		rc = types->ops->find(types, PO_NAME_TYPEDEF, name, &ret->id, err);
	if (rc <= 0)
		return rc;
	rc = strip(types, ret, err);
	return rc < 0 ? rc : ret->node.kind == PO_NODE_ENUM;
}

int po_types_enumerator(struct po_types *types, const char *enm, const char *name, int64_t *ret,
			struct pageowner_error *err)
{
	struct type t = { .id = PO_NO_TYPE };

	if (enm) {
		int rc = find_enum(types, enm, &t, err);
		if (rc <= 0)
			return rc;
	}
	return types->ops->enumerator(types, t.id, name, ret, err);
}

int po_types_variable(struct po_types *types, const char *file, const char *name,
		      struct po_type_info *ret, struct pageowner_error *err)
{
	struct type t;
	int rc = types->ops->variable(types, file, name, &t.id, err);
	if (rc <= 0)
		return rc;
	rc = type_info(types, t, ret, err);
	return rc < 0 ? po_within(err, rc, "%s", name) : 1;
}

const char *po_types_describe(const struct po_types *types)
{
	return types->ops->describe(types);
}

int po_types_widen(struct po_types *types, struct pageowner_error *err)
{
	return types->ops->widen(types, err);
}

void po_types_close(struct po_types *types)
{
	if (types)
		types->ops->close(types);
}
