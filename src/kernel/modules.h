/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Loaded modules, handed to symbols/ as ranges and names. */
#ifndef PO_KERNEL_MODULES_H
#define PO_KERNEL_MODULES_H

#include <pageowner/error.h>

#include "kernel/kernel.h"
#include "symbols/symbols.h"

/*
 * Add every loaded module.  A module that cannot be read is passed over and named in *first (code
 * PAGEOWNER_OK if there was none): its frames will print as bare addresses.
 */
int po_modules_load(const struct po_kernel *k, struct po_memory *mem, struct po_symbols *syms,
		    struct pageowner_error *first, struct pageowner_error *err);

/*
 * Add the functions that BPF has compiled, as the kernel's own list has them (with CONFIG_BPF_JIT).  What cannot be
 * read is told in *first, as above.
 */
int po_bpf_symbols_load(const struct po_kernel *k, struct po_memory *mem, struct po_symbols *syms,
			struct pageowner_error *first, struct pageowner_error *err);

/* Add the functions of modules' freed init text that ftrace has kept the names of.  What cannot be read: as above. */
int po_ftrace_symbols_load(const struct po_kernel *k, struct po_memory *mem, struct po_symbols *syms,
			   struct pageowner_error *first, struct pageowner_error *err);

#endif
