/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* DWARF as a source of types: its state, and what is found by name.  For dwarf-types.c only. */
#ifndef PO_TYPES_DWARF_TYPES_H
#define PO_TYPES_DWARF_TYPES_H

#include "types/backend.h"
#include "types/dwarf.h"
#include "types/names.h"
#include "types/select.h"

struct po_dwarf_types {
	struct po_types types;		/* first, for ops to cast back */
	struct po_selection sel;	/* in the order they are searched in; root is an id */
	struct po_bytes addr;		/* .debug_addr */
	struct po_dwarf *dw;
	uint8_t *copy;			/* what dw is shown of .debug_info, or NULL: all of it */
	struct po_names names;		/* of units that are indexed */
	uint64_t *enums;		/* in those units */
	size_t nr_enums, size_enums;
	size_t nr_enums_done;		/* enumerators of so many are in names */
	struct pageowner_error broken;	/* the first that could not be indexed, and why */
};

static inline struct po_dwarf_types *po_dwarf_types(struct po_types *types)
{
	return (struct po_dwarf_types *)types;
}

/* Of struct po_types_ops. */
int po_dwarf_find(struct po_types *types, enum po_name_class class, const char *name, uint64_t *ret,
		  struct pageowner_error *err);
int po_dwarf_variable(struct po_types *types, const char *file, const char *name, uint64_t *ret,
		      struct pageowner_error *err);
int po_dwarf_enumerator(struct po_types *types, uint64_t enm, const char *name, int64_t *ret,
			struct pageowner_error *err);

/* Ids have changed. */
void po_dwarf_forget_names(struct po_dwarf_types *dt);

#endif
