/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which function of the kernel calls which: for a change that shows in neither types nor symbols. */
#ifndef PO_KERNEL_CALLS_H
#define PO_KERNEL_CALLS_H

#include <stdbool.h>

#include "kernel/kernel.h"
#include "symbols/symbols.h"

/*
 * Whether the machine code of a function, a symbol of fields.def, has a direct call of one whose name holds the given
 * word.  Code that is not in the dump, or of a machine that is not known, has none.
 */
bool po_code_calls(const struct po_kernel *k, struct po_memory *mem, const struct po_symbols *symbols, unsigned caller,
		   const char *word);

#endif
