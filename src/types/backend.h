/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a source of types has to answer for types.c to do the rest: a graph of nodes, and names that
 * lead into it.  An id is whatever the source finds a node again by.
 */
#ifndef PO_TYPES_BACKEND_H
#define PO_TYPES_BACKEND_H

#include <stdbool.h>
#include <stdint.h>

#include "types/names.h"
#include "types/types.h"

#define PO_NO_TYPE UINT64_MAX	/* void */
#define PO_MAX_DIMS 8

enum po_node_kind {
	PO_NODE_OTHER,
	PO_NODE_INT,
	PO_NODE_ENUM,
	PO_NODE_POINTER,
	PO_NODE_STRUCT,		/* struct or union */
	PO_NODE_ARRAY,
	PO_NODE_ALIAS,		/* typedef, const, volatile, … */
};

struct po_node {
	enum po_node_kind kind;
	const char *name;	/* borrowed, or NULL */
	uint64_t type;		/* what an alias, an array, a pointer, an enum is made of */
	uint64_t size;		/* bytes; 0: follows from type */
	bool is_signed;
	bool incomplete;	/* "struct x;" */
	unsigned nr_dims;	/* of an array */
	uint64_t dims[PO_MAX_DIMS];
};

/*
 * A member.  Bits are counted from the start of the struct in the byte order's own way: the least
 * significant bit of a byte comes first on little endian, the most significant one on big endian.
 */
struct po_field {
	const char *name;	/* borrowed; NULL: anonymous */
	uint64_t type;
	uint64_t bit_start;
	uint32_t bit_size;	/* 0: no bit-field */
};

/*
 * fn is called for the members of a struct that are called name, and for those that have no name,
 * until it returns non-zero, which is then returned.
 */
struct po_field_search {
	const char *name;
	int (*fn)(void *arg, const struct po_field *field);
	void *arg;
};

struct po_types_ops {
	/* A complete struct, an enum, a typedef of this name.  1, or 0. */
	int (*find)(struct po_types *types, enum po_name_class class, const char *name,
		    uint64_t *ret, struct pageowner_error *err);
	/* The type of a variable; see po_types_variable(). */
	int (*variable)(struct po_types *types, const char *file, const char *name, uint64_t *ret,
			struct pageowner_error *err);
	int (*node)(struct po_types *types, uint64_t id, struct po_node *ret,
		    struct pageowner_error *err);
	int (*fields)(struct po_types *types, uint64_t id, const struct po_field_search *search,
		      struct pageowner_error *err);
	/* An enumerator of one enum, or (PO_NO_TYPE) of any.  1, or 0. */
	int (*enumerator)(struct po_types *types, uint64_t enm, const char *name, int64_t *ret,
			  struct pageowner_error *err);
	int (*widen)(struct po_types *types, struct pageowner_error *err);
	const char *(*describe)(const struct po_types *types);
	void (*close)(struct po_types *types);
};

/* The part that every source's own struct begins with. */
struct po_types {
	const struct po_types_ops *ops;
	const struct po_abi *abi;	/* borrowed */
	const char *path;		/* borrowed; for errors */
};

#endif
