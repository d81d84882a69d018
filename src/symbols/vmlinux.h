/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Link addresses of the symbols that are asked for, out of vmlinux's symbol table, in one pass. */
#ifndef PO_SYMBOLS_VMLINUX_H
#define PO_SYMBOLS_VMLINUX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pageowner/error.h>

#include "elf/elf.h"

struct po_wanted {
	const char *name;
	const char *file;	/* a static of that source file ("stackdepot.c"), or NULL */
	/* answer: */
	bool have;
	bool global;		/* not a static */
	uint64_t link;		/* link address */
	uint64_t size;		/* st_size */
};

/*
 * Fill in what is there.  Of several symbols of one name a global one wins, then a local one of the
 * wanted file; another file's local is taken only if it is the only one.  ENOSYM: no symbol table.
 */
int po_vmlinux_resolve(struct po_elf *elf, struct po_wanted *wanted, size_t nr,
		       struct pageowner_error *err);

#endif
