/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kernel's compressed symbol table, written into a small memory as a kernel build would. */
#ifndef PO_TESTS_SYNTH_KALLSYMS_H
#define PO_TESTS_SYNTH_KALLSYMS_H

#include <stddef.h>
#include <stdint.h>

#include "symbols/kallsyms.h"
#include "synth/world.h"

struct synth_symbol {
	uint64_t kva;
	const char *name;	/* nm's letter first: "T_stext" */
};

enum synth_form {
	SYNTH_ABSOLUTE,		/* unsigned long of addresses; numbers and markers as wide (until 4.19) */
	SYNTH_RELATIVE,		/* offsets from a base */
	SYNTH_PERCPU,		/* the same, non-negative ones are absolute (CONFIG_KALLSYMS_ABSOLUTE_PERCPU) */
	SYNTH_PLACE,		/* offsets from the entry's own place (7.0) */
	SYNTH_EMBEDDED,		/* the address itself (7.0, 32-bit) */
	SYNTH_SHORT = 0x100,	/* or'ed in: a length is always one byte (until 6.0) */
};

/*
 * Write the tables at a physical address (64 KiB are enough for a thousand symbols) and fill in where they
 * are.  The symbols are in address order, the first of those that are not absolute is the base.
 */
void synth_kallsyms(struct world *w, uint64_t paddr, enum synth_form form,
		    const struct synth_symbol *syms, size_t nr, struct po_kallsyms_where *where);

/* The order of names after a cut (NULL: of whole ones) at a physical address, as the build sorts it. */
void synth_order(struct world *w, uint64_t paddr, const struct synth_symbol *syms, size_t nr,
		 void (*cut)(char *name), struct po_kallsyms_where *where);

#endif
