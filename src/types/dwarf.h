/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Entries of .debug_info and their attributes.  The door to libdwarf: nothing of it shows here. */
#ifndef PO_TYPES_DWARF_H
#define PO_TYPES_DWARF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pageowner/error.h>

#include "base/load.h"
#include "types/units.h"

struct po_dwarf;

struct po_dwarf_section {
	const char *name;
	struct po_bytes bytes;
};

#define PO_DWARF_MAX_SECTIONS 8

/* Everything in it stays borrowed while it is open. */
struct po_dwarf_file {
	const char *path;
	const struct po_abi *abi;
	struct po_dwarf_section sections[PO_DWARF_MAX_SECTIONS];
	unsigned nr_sections;
};

int po_dwarf_open(const struct po_dwarf_file *file, struct po_dwarf **ret,
		  struct pageowner_error *err);
void po_dwarf_close(struct po_dwarf *dw);

/* An entry.  Its id is its offset in the .debug_info that was given. */
struct po_die {
	struct po_dwarf *dw;
	void *handle;
	uint64_t id;
	unsigned tag;
};

int po_die_at(struct po_dwarf *dw, uint64_t id, struct po_die *ret, struct pageowner_error *err);
void po_die_fini(struct po_die *die);

/*
 * The first child, or turn into the next sibling.  1, or 0: no more, and there is nothing to
 * release.  Ids grow, so that no walk is endless.
 */
int po_die_child(const struct po_die *die, struct po_die *ret, struct pageowner_error *err);
int po_die_step(struct po_die *die, struct pageowner_error *err);

/* NULL: no name, or an empty one.  Borrowed from the sections. */
int po_die_name(const struct po_die *die, const char **ret, struct pageowner_error *err);

bool po_die_has(const struct po_die *die, unsigned at);

/* A constant.  1, or 0: no such attribute, or it is none. */
int po_die_const(const struct po_die *die, unsigned at, int64_t *ret, struct pageowner_error *err);

/* The entry that an attribute refers to.  1, or 0: no such attribute. */
int po_die_ref(const struct po_die *die, unsigned at, uint64_t *ret, struct pageowner_error *err);

/*
 * Where a member lies, in bytes: a constant, or an old expression that adds one.  1, or 0: not
 * told.
 */
int po_die_location(const struct po_die *die, int64_t *ret, struct pageowner_error *err);

#endif
