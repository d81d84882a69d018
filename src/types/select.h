/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The compile units that types are looked up in: few and found fast, or all of them. */
#ifndef PO_TYPES_SELECT_H
#define PO_TYPES_SELECT_H

#include <pageowner/error.h>

#include "types/units.h"

struct po_selected_unit {
	struct po_unit raw;
	const char *name;	/* borrowed from the sections, or NULL */
	uint64_t root;		/* for the user of the list */
	bool indexed;		/* likewise */
	bool nests;		/* types within structs stay there */
};

struct po_selection {
	const char *path;	/* borrowed; for errors */
	struct po_units sections;
	struct po_selected_unit *units;
	size_t nr, size;
	bool all;		/* every unit there is */
	size_t nr_full;		/* units of C, with their types here… */
	size_t nr_skeletons;	/* …or in a .dwo file */
	char description[64];	/* "DWARF 5, gcc 12.2.0" */
};

/* path and sections are set; the arguments are those of po_types_open_dwarf(). */
int po_selection_init(struct po_selection *sel, const uint64_t *hints, const char *const *names,
		      struct pageowner_error *err);
void po_selection_fini(struct po_selection *sel);

/* Add all that are missing, after those that were there. */
int po_selection_widen(struct po_selection *sel, struct pageowner_error *err);

/* Add the unit that holds the entry at this offset. */
int po_selection_add_holding(struct po_selection *sel, uint64_t entry, struct pageowner_error *err);

/* Whether no unit among them refers to entries of others. */
bool po_selection_self_contained(const struct po_selection *sel);

/* The units themselves, one after the other; root becomes where the outermost entries are there. */
int po_selection_copy(struct po_selection *sel, uint8_t **ret, size_t *ret_len,
		      struct pageowner_error *err);

#endif
