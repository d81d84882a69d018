/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How this kernel looks names up, where releases differ and its tables look the same. */
#ifndef PO_SYMBOLS_RULES_H
#define PO_SYMBOLS_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pageowner/error.h>

#include "symbols/kallsyms.h"

/*
 * What is left out of a name before it is printed.  Link-time optimisation by clang renames functions, and
 * cleanup_symbol_name() in kernel/kallsyms.c takes that back: only in kernels that were built so.
 */
enum po_suffix {
	PO_SUFFIX_KEPT,
	PO_SUFFIX_CFI,		/* from the last '$' on, then an ending ".cfi": Android until 4.19 */
	PO_SUFFIX_HASH,		/* from the last '$' on: Android 5.4, commit 8b8e6b5d3b01 (5.13) */
	PO_SUFFIX_DOT,		/* from the first '.' on, else as before: commit 6eb4bd92c1ce (5.16) */
	PO_SUFFIX_LLVM,		/* from ".llvm." on: commit 33f0467fe069 (6.6, 6.1 stable), until 6.10 */
	PO_NR_SUFFIXES,
};

struct po_rules {
	size_t name_len;		/* KSYM_NAME_LEN */
	enum po_suffix suffix;
	const char *suffix_how;		/* what told; static text */
	bool bounded;			/* a module's symbol lies in the same of its areas as the address */
};

/* What the rules are told by, apart from the symbols. */
struct po_rules_evidence {
	size_t name_len;	/* as type information has it; 0: it does not tell */
	const char *banner;	/* linux_banner, or "" */
	const void *rodata;	/* the kernel's read-only data as far as it is known */
	size_t rodata_len;
	uint64_t rodata_kva;	/* its run-time address */
};

int po_rules_choose(const struct po_rules_evidence *ev, const struct po_kallsyms *ks,
		    struct po_memory *mem, struct po_rules *ret, struct pageowner_error *err);

void po_rules_cut(const struct po_rules *rules, char *name);

/* For `info`; static text. */
const char *po_rules_describe(const struct po_rules *rules);

#endif
