/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which compile units there are, found in the raw sections.  A vmlinux has thousands, and ten are
 * wanted: looking at the header and the name of each takes a few milliseconds here, and many times
 * that through a general reader that prepares every unit for more.  Nothing is allocated.
 */
#ifndef PO_TYPES_UNITS_H
#define PO_TYPES_UNITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/load.h"

struct po_bytes {
	const uint8_t *p;
	size_t len;
};

/* The sections that are looked at here; borrowed. */
struct po_units {
	const struct po_abi *abi;
	struct po_bytes info, abbrev, str, line_str, str_offsets, aranges;
};

/* Offsets are in .debug_info. */
struct po_unit {
	uint64_t start, end;
	uint64_t root;		/* its outermost entry */
	uint64_t abbrev;	/* in .debug_abbrev */
	uint16_t version;
	uint8_t kind;		/* DW_UT_… */
	uint8_t offset_size, addr_size;
};

struct po_unit_root {
	const char *name, *producer;	/* borrowed from the sections, or NULL */
	bool skeleton;			/* its types are in another file (.dwo) */
};

/* The header at *at, and step *at past the unit.  1; 0 at the end; -1: it makes no sense. */
int po_units_next(const struct po_units *units, uint64_t *at, struct po_unit *ret);

/* The outermost entry.  False: it cannot be read. */
bool po_units_root(const struct po_units *units, const struct po_unit *unit,
		   struct po_unit_root *ret);

/* Whether anything in the unit may refer to entries of other units. */
bool po_units_refers_out(const struct po_units *units, const struct po_unit *unit);

/*
 * For each address (0 ends the list) the header of the unit whose code holds it into ret[i], which
 * stays as it is where .debug_aranges does not tell.
 */
void po_units_of_addresses(const struct po_units *units, const uint64_t *addrs, uint64_t *ret);

/* Whether a source name ("/build/mm/page_owner.c") ends in these parts ("mm/page_owner.c") */
bool po_units_name_ends(const char *name, const char *end);

#endif
