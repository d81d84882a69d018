/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is called so: a table from (class, name) to the places where it is told. */
#ifndef PO_TYPES_NAMES_H
#define PO_TYPES_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum po_name_class {
	PO_NAME_STRUCT,		/* struct and union */
	PO_NAME_ENUM,
	PO_NAME_ENUMERATOR,
	PO_NAME_TYPEDEF,
	PO_NAME_VARIABLE,
};

struct po_name {
	const char *name;	/* borrowed */
	uint64_t id;		/* where */
	uint32_t hash;
	uint32_t unit;
	uint32_t next;		/* of the same class and name; 0: none, as entry 0 is not used */
	uint8_t class;
	bool declaration;	/* the definition is elsewhere */
};

struct po_names {
	struct po_name *entries;
	size_t nr, size;
	uint32_t *slots;	/* a power of two of them; 0 is free */
	size_t nr_slots, nr_used;
};

void po_names_fini(struct po_names *names);

/* The first of that name, or NULL.  Borrowed until the next po_names_add(). */
const struct po_name *po_names_find(const struct po_names *names, enum po_name_class class,
				    const char *name);
/* Another one of the same name, or NULL; in no special order. */
const struct po_name *po_names_next(const struct po_names *names, const struct po_name *n);

/* add->name, id, unit, class and declaration are taken.  False: out of memory. */
bool po_names_add(struct po_names *names, const struct po_name *add);

#endif
