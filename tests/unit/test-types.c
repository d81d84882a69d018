/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What no compiler writes here: layouts of big endian machines, types that contain themselves. */
#include <string.h>

#include "harness.h"
#include "types/backend.h"

enum {
	U32,
	U64,
	STRCT,		/* of 8 bytes, with the members in fields[] */
	LOOP,		/* a typedef of itself */
	POINTER_LOOP,	/* a pointer to itself */
	ARRAY_LOOP,	/* an array of itself */
};

static struct po_field fields[4];

static int fake_find(struct po_types *types, enum po_name_class class, const char *name,
		     uint64_t *ret, struct pageowner_error *err)
{
	(void)types;
	(void)err;
	if (class == PO_NAME_STRUCT && strcmp(name, "strct") == 0)
		*ret = STRCT;
	else if (class == PO_NAME_TYPEDEF && strcmp(name, "loop") == 0)
		*ret = LOOP;
	else
		return 0;
	return 1;
}

static int fake_node(struct po_types *types, uint64_t id, struct po_node *ret,
		     struct pageowner_error *err)
{
	static const struct po_node nodes[] = {
		[U32] = { .kind = PO_NODE_INT, .size = 4, .type = PO_NO_TYPE },
		[U64] = { .kind = PO_NODE_INT, .size = 8, .type = PO_NO_TYPE },
		[STRCT] = { .kind = PO_NODE_STRUCT, .size = 8, .type = PO_NO_TYPE },
		[LOOP] = { .kind = PO_NODE_ALIAS, .type = LOOP },
		[POINTER_LOOP] = { .kind = PO_NODE_POINTER, .size = 8, .type = POINTER_LOOP },
		[ARRAY_LOOP] = { .kind = PO_NODE_ARRAY, .type = ARRAY_LOOP, .nr_dims = 1,
				 .dims = { 1 } },
	};
	(void)types;
	(void)err;
	*ret = nodes[id];
	return 0;
}

static int fake_fields(struct po_types *types, uint64_t id, const struct po_field_search *search,
		       struct pageowner_error *err)
{
	(void)types;
	(void)id;
	(void)err;
	for (size_t i = 0; i < 4; i++) {
		if (fields[i].name && strcmp(fields[i].name, search->name) != 0)
			continue;
		int rc = search->fn(search->arg, &fields[i]);
		if (rc)
			return rc;
	}
	return 0;
}

static const struct po_types_ops fake_ops = {
	.find = fake_find, .node = fake_node, .fields = fake_fields,
};

static int fake_member(bool big_endian, const char *name, struct po_member *ret,
		       struct pageowner_error *err)
{
	const struct po_abi abi = { .big_endian = big_endian, .ptr_size = 8 };
	struct po_types types = { &fake_ops, &abi, "made up" };

	return po_types_member(&types, "strct", name, ret, err);
}

TEST(types_bit_fields_of_big_endian)
{
	const struct po_abi abi = { .big_endian = true, .ptr_size = 8 };
	const uint8_t bytes[8] = { 0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc, 0xde, 0xf0 };
	struct po_member m;

	memset(fields, 0, sizeof(fields));
	fields[0] = (struct po_field){ "top", U32, 0, 16 };
	fields[1] = (struct po_field){ "middle", U32, 40, 12 };
	fields[2] = (struct po_field){ "across", U32, 28, 8 };	/* packed */
	fields[3] = (struct po_field){ "wide", U64, 4, 60 };
	CHECK_INT(fake_member(true, "top", &m, NULL), 1);
	CHECK_INT(m.bit_shift, 16);
	CHECK_INT(po_member_load(&abi, &m, bytes), 0x1234);
	CHECK_INT(fake_member(true, "middle", &m, NULL), 1);
	CHECK_INT(m.offset, 4);
	CHECK_INT(po_member_load(&abi, &m, bytes), 0xbcd);
	CHECK_INT(fake_member(true, "across", &m, NULL), 1);
	CHECK_INT(m.offset, 3);
	CHECK_INT(m.size, 2);
	CHECK_INT(po_member_load(&abi, &m, bytes), 0x89);
	CHECK_INT(fake_member(true, "wide", &m, NULL), 1);
	CHECK_INT(po_member_load(&abi, &m, bytes), 0x23456789abcdef0);
}

TEST(types_bit_field_over_nine_bytes)
{
	struct pageowner_error err = { 0 };
	struct po_member m;

	memset(fields, 0, sizeof(fields));
	fields[0] = (struct po_field){ "far", U64, 7, 64 };
	CHECK_INT(fake_member(false, "far", &m, &err), PAGEOWNER_EUNSUPP);
	CHECK_STR(err.text, "strct.far: made up: a bit-field in 9 bytes");
}

TEST(types_endless_chains)
{
	struct pageowner_error err = { 0 };
	struct po_member m;

	memset(fields, 0, sizeof(fields));
	fields[0] = (struct po_field){ "alias", LOOP, 0, 0 };
	fields[1] = (struct po_field){ "pointer", POINTER_LOOP, 0, 0 };
	fields[2] = (struct po_field){ "array", ARRAY_LOOP, 0, 0 };
	fields[3] = (struct po_field){ "last", U32, 0, 0 };
	CHECK_INT(fake_member(false, "last", &m, &err), 1);
	CHECK_INT(fake_member(false, "alias", &m, &err), PAGEOWNER_ECORRUPT);
	CHECK_STR(err.text, "strct.alias: made up: a chain of typedefs does not end");
	CHECK_INT(fake_member(false, "pointer", &m, &err), PAGEOWNER_ECORRUPT);
	CHECK_STR(err.text, "strct.pointer: made up: a chain of pointers does not end");
	CHECK_INT(fake_member(false, "array", &m, &err), PAGEOWNER_ECORRUPT);
	CHECK_STR(err.text, "strct.array: made up: an array does not end");
}

/* Every level holds the struct itself four times over. */
TEST(types_struct_within_itself)
{
	struct pageowner_error err = { 0 };
	struct po_member m;

	memset(fields, 0, sizeof(fields));
	for (size_t i = 0; i < 4; i++)
		fields[i] = (struct po_field){ NULL, STRCT, 0, 0 };
	CHECK_INT(fake_member(false, "x", &m, &err), PAGEOWNER_ECORRUPT);
	CHECK_STR(err.text, "strct.x: made up: a nest of anonymous structs does not end");
}
