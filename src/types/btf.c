/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * BTF: the kernel's own type information, a header, records one after the other, and their names.
 * Records are numbered from 1 on and refer to each other by number; 0 is void.  A kernel carries one
 * table for itself (Documentation/bpf/btf.rst), with each type in it once.
 *
 * What is not in it: where a type was written (a static's file), and all but a few variables.
 */
#include "types/types.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/status.h"
#include "types/backend.h"

#define BTF_MAGIC	0xeb9f
#define HEADER_LEN	24	/* of version 1 */
#define RECORD_LEN	12
#define MAX_LEN		(1u << 28)
#define MAX_NAME	1024	/* many records may name one string: hashing all of it has to end */
#define MAX_CHAIN	64	/* typedefs and qualifiers before the integer of a bit-field */

enum btf_kind {
	BTF_INT = 1,
	BTF_PTR,
	BTF_ARRAY,
	BTF_STRUCT,
	BTF_UNION,
	BTF_ENUM,
	BTF_FWD,
	BTF_TYPEDEF,
	BTF_VOLATILE,
	BTF_CONST,
	BTF_RESTRICT,
	BTF_FUNC,
	BTF_FUNC_PROTO,
	BTF_VAR,
	BTF_DATASEC,
	BTF_FLOAT,
	BTF_DECL_TAG,
	BTF_TYPE_TAG,
	BTF_ENUM64,
	BTF_NR_KINDS
};

/* What follows the three words of a record: so many bytes, and so many for each of its vlen. */
static const struct {
	uint8_t extra, each;
} tails[BTF_NR_KINDS] = {
	[BTF_INT] = { 4, 0 },	   [BTF_ARRAY] = { 12, 0 },   [BTF_STRUCT] = { 0, 12 },
	[BTF_UNION] = { 0, 12 },   [BTF_ENUM] = { 0, 8 },     [BTF_FUNC_PROTO] = { 0, 8 },
	[BTF_VAR] = { 4, 0 },	   [BTF_DATASEC] = { 0, 12 }, [BTF_DECL_TAG] = { 4, 0 },
	[BTF_ENUM64] = { 0, 12 },
};

#define UNUSED_BITS	0x60ff0000u	/* of a record's second word */
#define INT_SIGNED	1u	/* in the upper byte of an integer's word */
#define VAR_EXTERN	2u

struct btf {
	struct po_types types;
	bool big_endian;	/* of the table itself */
	uint8_t *bytes;		/* a copy of types and strings; all else points into it */
	const uint8_t *recs;
	size_t recs_len;
	const char *strs;	/* its last byte is 0 */
	size_t strs_len;
	uint32_t *at;		/* offset of record i in recs; at[0] is void's and not used */
	uint32_t nr;		/* of the last record */
	bool signs;		/* the enums tell whether they are signed */
	struct po_names names;
	char describe[32];
};

/* The three words that every record begins with. */
struct record {
	enum btf_kind kind;
	bool flag;
	uint32_t vlen;
	uint32_t name;
	uint32_t type;		/* or the size */
	const uint8_t *tail;
};

static uint32_t word(const struct btf *b, const uint8_t *p)
{
	return (uint32_t)(b->big_endian ? po_load_be(p, 4) : po_load_le(p, 4));
}

static struct record record_at(const struct btf *b, uint32_t off)
{
	const uint8_t *p = b->recs + off;
	uint32_t info = word(b, p + 4);

	return (struct record){
		.kind = (enum btf_kind)(info >> 24 & 0x1f),
		.flag = info >> 31,
		.vlen = info & 0xffff,
		.name = word(b, p),
		.type = word(b, p + 8),
		.tail = p + RECORD_LEN,
	};
}

/* A name, borrowed; NULL: there is none, it lies outside, or is none that C would have. */
static const char *string_at(const struct btf *b, uint32_t off)
{
	if (off == 0 || off >= b->strs_len || !b->strs[off])
		return NULL;
	size_t room = b->strs_len - off;
	return memchr(b->strs + off, '\0', room < MAX_NAME ? room : MAX_NAME) ? b->strs + off : NULL;
}

static int get_record(const struct btf *b, uint64_t id, struct record *ret,
		      struct pageowner_error *err)
{
	if (id == 0 || id > b->nr)
		return po_fail(err, PAGEOWNER_ECORRUPT, "BTF: there is no type %" PRIu64 " of %u", id,
			       b->nr);
	*ret = record_at(b, b->at[id]);
	return PAGEOWNER_OK;
}

static uint64_t id_of(uint32_t type)
{
	return type ? type : PO_NO_TYPE;
}

/* --- nodes --------------------------------------------------------------------------------------- */

/* What a record is to C, and whether its third word is a size or a type. */
static const struct {
	enum po_node_kind node;
	enum { NEITHER, SIZE, TYPE } third;
} meaning[BTF_NR_KINDS] = {
	[BTF_INT] = { PO_NODE_INT, SIZE },
	[BTF_PTR] = { PO_NODE_POINTER, TYPE },
	[BTF_ARRAY] = { PO_NODE_ARRAY, NEITHER },
	[BTF_STRUCT] = { PO_NODE_STRUCT, SIZE },
	[BTF_UNION] = { PO_NODE_STRUCT, SIZE },
	[BTF_ENUM] = { PO_NODE_ENUM, SIZE },
	[BTF_FWD] = { PO_NODE_STRUCT, NEITHER },
	[BTF_TYPEDEF] = { PO_NODE_ALIAS, TYPE },
	[BTF_VOLATILE] = { PO_NODE_ALIAS, TYPE },
	[BTF_CONST] = { PO_NODE_ALIAS, TYPE },
	[BTF_RESTRICT] = { PO_NODE_ALIAS, TYPE },
	[BTF_TYPE_TAG] = { PO_NODE_ALIAS, TYPE },
	[BTF_FLOAT] = { PO_NODE_OTHER, SIZE },
	[BTF_ENUM64] = { PO_NODE_ENUM, SIZE },
};

static int btf_node(struct po_types *types, uint64_t id, struct po_node *ret,
		    struct pageowner_error *err)
{
	const struct btf *b = (const struct btf *)types;
	struct record r;
	int rc = get_record(b, id, &r, err);

	if (rc < 0)
		return rc;
	*ret = (struct po_node){
		.kind = meaning[r.kind].node,
		.name = string_at(b, r.name),
		.type = meaning[r.kind].third == TYPE ? id_of(r.type) : PO_NO_TYPE,
		.size = meaning[r.kind].third == SIZE ? r.type : 0,
		.incomplete = r.kind == BTF_FWD,
	};
	if (r.kind == BTF_INT) {
		ret->is_signed = word(b, r.tail) >> 24 & INT_SIGNED;
	} else if (ret->kind == PO_NODE_ENUM) {
		ret->is_signed = r.flag;
	} else if (r.kind == BTF_PTR) {
		ret->size = types->abi->ptr_size;
	} else if (r.kind == BTF_ARRAY) {
		ret->type = id_of(word(b, r.tail));
		ret->nr_dims = 1;	/* more dimensions are arrays of arrays */
		ret->dims[0] = word(b, r.tail + 8);
	}
	return PAGEOWNER_OK;
}

/* --- members ------------------------------------------------------------------------------------- */

/*
 * A struct without the flag (no bit-fields in it, or before pahole 1.13 and 4.20) has its bit-fields
 * made of integers that are fewer bits than their bytes.
 */
static int narrow_integer(struct btf *b, struct po_field *field, struct pageowner_error *err)
{
	struct po_node node;
	uint64_t id = field->type;

	for (unsigned steps = 0; id != PO_NO_TYPE; steps++) {
		if (steps == MAX_CHAIN)
			return po_fail(err, PAGEOWNER_ECORRUPT, "BTF: a chain of typedefs does not end");
		int rc = btf_node(&b->types, id, &node, err);
		if (rc < 0)
			return rc;
		if (node.kind != PO_NODE_ALIAS)
			break;
		id = node.type;
	}
	if (id == PO_NO_TYPE || node.kind != PO_NODE_INT)
		return PAGEOWNER_OK;
	uint32_t w = word(b, record_at(b, b->at[id]).tail), bits = w & 0xff, from = w >> 16 & 0xff;
	if (bits && (bits < 8 * node.size || from)) {
		field->bit_size = bits;
		field->bit_start += from;
	}
	return PAGEOWNER_OK;
}

static int consider(struct btf *b, const struct record *r, const uint8_t *p,
		    const struct po_field_search *search, struct pageowner_error *err)
{
	uint32_t offset = word(b, p + 8);
	struct po_field field = {
		.name = string_at(b, word(b, p)),
		.type = id_of(word(b, p + 4)),
		.bit_start = r->flag ? offset & 0xffffff : offset,
		.bit_size = r->flag ? offset >> 24 : 0,
	};

	if (field.name && strcmp(field.name, search->name) != 0)
		return 0;
	int rc = r->flag ? PAGEOWNER_OK : narrow_integer(b, &field, err);
	return rc < 0 ? rc : search->fn(search->arg, &field);
}

static int btf_fields(struct po_types *types, uint64_t id, const struct po_field_search *search,
		      struct pageowner_error *err)
{
	struct btf *b = (struct btf *)types;
	struct record r;
	int rc = get_record(b, id, &r, err);

	if (rc < 0 || (r.kind != BTF_STRUCT && r.kind != BTF_UNION))
		return rc;
	for (uint32_t i = 0; i < r.vlen && rc == 0; i++)
		rc = consider(b, &r, r.tail + (size_t)i * tails[r.kind].each, search, err);
	return rc;
}

/* --- names --------------------------------------------------------------------------------------- */

static int btf_find(struct po_types *types, enum po_name_class class, const char *name, uint64_t *ret,
		    struct pageowner_error *err)
{
	const struct btf *b = (const struct btf *)types;
	const struct po_name *n = po_names_find(&b->names, class, name);

	(void)err;
	while (n && n->declaration)	/* a struct without members, when there is one with */
		n = po_names_next(&b->names, n);
	if (!n)
		n = po_names_find(&b->names, class, name);
	if (n)
		*ret = n->id;
	return n != NULL;
}

/* There are no files: the statics of that name are one as good as the other. */
static int btf_variable(struct po_types *types, const char *file, const char *name, uint64_t *ret,
			struct pageowner_error *err)
{
	const struct btf *b = (const struct btf *)types;
	uint64_t id;

	(void)file;
	if (btf_find(types, PO_NAME_VARIABLE, name, &id, err) == 0)
		return 0;
	*ret = id_of(record_at(b, b->at[id]).type);
	return 1;
}

/*
 * Enums tell their sign since pahole 1.24 and Linux 6.0.  Before, a number of 32 bits with its top
 * bit set was more often below zero than that large.
 */
static int64_t enumerator_value(const struct btf *b, const struct record *r, const uint8_t *p)
{
	uint64_t low = word(b, p + 4);

	if (r->kind == BTF_ENUM64)
		return (int64_t)(low | (uint64_t)word(b, p + 8) << 32);
	return r->flag || !b->signs ? po_sign_extend(low, 32) : (int64_t)low;
}

static int btf_enumerator(struct po_types *types, uint64_t enm, const char *name, int64_t *ret,
			  struct pageowner_error *err)
{
	const struct btf *b = (const struct btf *)types;
	const struct po_name *n = po_names_find(&b->names, PO_NAME_ENUMERATOR, name);

	(void)err;
	while (n && enm != PO_NO_TYPE && n->id != enm)
		n = po_names_next(&b->names, n);
	if (!n)
		return 0;
	struct record r = record_at(b, b->at[n->id]);
	*ret = enumerator_value(b, &r, r.tail + (size_t)n->unit * tails[r.kind].each);
	return 1;
}

/* --- the others ---------------------------------------------------------------------------------- */

static int btf_widen(struct po_types *types, struct pageowner_error *err)
{
	(void)types;
	(void)err;
	return 0;	/* there is no more than one table */
}

static const char *btf_describe(const struct po_types *types)
{
	return ((const struct btf *)types)->describe;
}

static void btf_close(struct po_types *types)
{
	struct btf *b = (struct btf *)types;

	po_names_fini(&b->names);
	free(b->at);
	free(b->bytes);
	free(b);
}

static const struct po_types_ops btf_ops = {
	.find = btf_find,
	.variable = btf_variable,
	.node = btf_node,
	.fields = btf_fields,
	.enumerator = btf_enumerator,
	.widen = btf_widen,
	.describe = btf_describe,
	.close = btf_close,
};

/* --- opening ------------------------------------------------------------------------------------- */

/* The header: which parts of the bytes are records and strings. */
static int read_header(struct btf *b, const uint8_t *p, size_t len, struct pageowner_error *err)
{
	if (len >= 2 && po_load_be(p, 2) == BTF_MAGIC)
		b->big_endian = true;
	else if (len < 2 || po_load_le(p, 2) != BTF_MAGIC)
		return po_fail(err, PAGEOWNER_EFORMAT, "not BTF");
	if (len < HEADER_LEN)
		return po_fail(err, PAGEOWNER_ECORRUPT, "BTF: cut off in its header");
	if (len > MAX_LEN)
		return po_fail(err, PAGEOWNER_ECORRUPT, "BTF of %zu bytes", len);
	if (p[2] != 1)
		return po_fail(err, PAGEOWNER_EUNSUPP, "BTF of version %u", p[2]);

	uint64_t head = word(b, p + 4), recs = word(b, p + 8), recs_len = word(b, p + 12);
	uint64_t strs = word(b, p + 16), strs_len = word(b, p + 20);
	if (head < HEADER_LEN || head > len || recs + recs_len > len - head ||
	    strs + strs_len > len - head)
		return po_fail(err, PAGEOWNER_ECORRUPT, "BTF: its header tells of more than %zu bytes",
			       len);
	b->recs = p + head + recs;
	b->recs_len = (size_t)recs_len;
	b->strs = (const char *)p + head + strs;
	b->strs_len = (size_t)strs_len;
	if (!strs_len || b->strs[0] || b->strs[strs_len - 1])
		return po_fail(err, PAGEOWNER_ECORRUPT, "BTF: its names do not begin and end with 0");
	return PAGEOWNER_OK;
}

/* Length of the record at off; a kind that is not known has none that could be told. */
static int record_len(const struct btf *b, size_t off, size_t *ret, struct pageowner_error *err)
{
	size_t room = b->recs_len - off;

	if (room < RECORD_LEN)
		return po_fail(err, PAGEOWNER_ECORRUPT, "BTF: type %u is cut off", b->nr + 1);
	struct record r = record_at(b, (uint32_t)off);
	uint32_t info = word(b, b->recs + off + 4);
	if (info & UNUSED_BITS)
		return po_fail(err, PAGEOWNER_EUNSUPP, "BTF: type %u is of an unknown form (0x%x)",
			       b->nr + 1, info);
	if (r.kind == 0 || r.kind >= BTF_NR_KINDS)
		return po_fail(err, PAGEOWNER_EUNSUPP, "BTF: type %u is of the unknown kind %d",
			       b->nr + 1, (int)r.kind);
	*ret = RECORD_LEN + tails[r.kind].extra + (size_t)r.vlen * tails[r.kind].each;
	if (*ret > room)
		return po_fail(err, PAGEOWNER_ECORRUPT, "BTF: type %u is cut off", b->nr + 1);
	return PAGEOWNER_OK;
}

static int index_records(struct btf *b, struct pageowner_error *err)
{
	size_t len = 0;

	b->at = calloc(b->recs_len / RECORD_LEN + 2, sizeof(*b->at));
	if (!b->at)
		return po_fail_nomem(err, "BTF");
	for (size_t off = 0; off < b->recs_len; off += len) {
		int rc = record_len(b, off, &len, err);
		if (rc < 0)
			return rc;
		struct record r = record_at(b, (uint32_t)off);
		b->signs |= r.kind == BTF_ENUM64 || (r.kind == BTF_ENUM && r.flag);
		b->at[++b->nr] = (uint32_t)off;
	}
	return PAGEOWNER_OK;
}

static bool add_name(struct btf *b, enum po_name_class class, uint32_t name, uint32_t id, uint32_t unit,
		     bool declaration)
{
	const struct po_name add = {
		.name = string_at(b, name), .id = id, .unit = unit, .class = (uint8_t)class,
		.declaration = declaration,
	};

	return !add.name || po_names_add(&b->names, &add);
}

static bool add_enum(struct btf *b, const struct record *r, uint32_t id)
{
	bool ok = add_name(b, PO_NAME_ENUM, r->name, id, 0, r->vlen == 0);

	for (uint32_t i = 0; i < r->vlen && ok; i++)
		ok = add_name(b, PO_NAME_ENUMERATOR,
			      word(b, r->tail + (size_t)i * tails[r->kind].each), id, i, false);
	return ok;
}

static bool add_record(struct btf *b, const struct record *r, uint32_t id)
{
	switch (r->kind) {
	case BTF_STRUCT:
	case BTF_UNION:
		return add_name(b, PO_NAME_STRUCT, r->name, id, 0, r->vlen == 0);
	case BTF_ENUM:
	case BTF_ENUM64:
		return add_enum(b, r, id);
	case BTF_TYPEDEF:
		return add_name(b, PO_NAME_TYPEDEF, r->name, id, 0, false);
	case BTF_VAR:
		/* declared elsewhere, an array has no length here: the size of its symbol tells more */
		return word(b, r->tail) == VAR_EXTERN ||
		       add_name(b, PO_NAME_VARIABLE, r->name, id, 0, false);
	default:
		return true;
	}
}

static int index_names(struct btf *b, struct pageowner_error *err)
{
	for (uint32_t id = 1; id <= b->nr; id++) {
		struct record r = record_at(b, b->at[id]);
		if (!add_record(b, &r, id))
			return po_fail_nomem(err, "BTF");
	}
	return PAGEOWNER_OK;
}

static void btf_closep(struct btf **b)
{
	if (*b)
		btf_close(&(*b)->types);
}

int po_types_open_btf(const void *bytes, size_t len, const struct po_abi *abi, struct po_types **ret,
		      struct pageowner_error *err)
{
	_cleanup_(btf_closep) struct btf *b = calloc(1, sizeof(*b));

	if (!b)
		return po_fail_nomem(err, "BTF");
	b->types = (struct po_types){ &btf_ops, abi, "BTF" };
	int rc = read_header(b, bytes, len, err);
	if (rc < 0)
		return rc;
	b->bytes = malloc(len);
	if (!b->bytes)
		return po_fail_nomem(err, "BTF");
	memcpy(b->bytes, bytes, len);
	rc = read_header(b, b->bytes, len, err);
	if (rc == PAGEOWNER_OK)
		rc = index_records(b, err);
	if (rc == PAGEOWNER_OK)
		rc = index_names(b, err);
	if (rc < 0)
		return rc;
	(void)snprintf(b->describe, sizeof(b->describe), "BTF, %u types", b->nr);
	*ret = &po_take(b)->types;
	return PAGEOWNER_OK;
}
