/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Addresses ↔ names, as the kernel's own %pS resolves them: vmlinux first, then modules, then
 * functions that were made at run time.  Immutable once
 * the modules have been added.
 */
#ifndef PO_SYMBOLS_SYMBOLS_H
#define PO_SYMBOLS_SYMBOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pageowner/error.h>

#include "symbols/kallsyms.h"
#include "symbols/rules.h"

struct po_symbols;

/* A stretch of a module's memory. */
struct po_module_range {
	uint64_t start, len;
	uint64_t text_end;	/* end of text where the last symbol of a search in here ends */
	bool is_data;		/* none of it is text; not told of areas that hold both */
};

#define PO_MODULE_RANGES 8
#define PO_SYMBOL_NAME 1024	/* KSYM_NAME_LEN is 512 since 6.1, 128 before */

/* One symbol of a module, in the order of its table; mapping symbols and unnamed ones left out. */
struct po_module_symbol {
	uint64_t value;
	uint32_t name;		/* offset in names */
	uint32_t index;		/* in the module's own table: the first among equals wins */
};

struct po_module {
	char name[64];
	struct po_module_range range[PO_MODULE_RANGES];
	unsigned nr_ranges;
	struct po_module_symbol *syms;	/* sorted by value, then index, by po_symbols_add_module() */
	size_t nr_syms;
	char *names;			/* owned, as is syms */
	size_t names_len;
};

/* A symbol that covers an address. */
struct po_symbol {
	char name[PO_SYMBOL_NAME];
	uint64_t start, size;
	const char *module;	/* NULL: vmlinux.  Borrowed until the symbols are freed */
};

/* Takes over ks (also when it fails). */
int po_symbols_new(struct po_kallsyms *ks, const struct po_rules *rules, struct po_symbols **ret,
		   struct pageowner_error *err);
void po_symbols_free(struct po_symbols *syms);

/* Takes over the arrays of *mod when it succeeds. */
int po_symbols_add_module(struct po_symbols *syms, struct po_module *mod,
			  struct pageowner_error *err);
void po_module_fini(struct po_module *mod);

/*
 * A function that stands in no table: [start, end) by that name, looked up after the modules and in the order of
 * adding.  module: of which it was, or NULL.
 */
int po_symbols_add_function(struct po_symbols *syms, uint64_t start, uint64_t end, const char *name,
			    const char *module, struct pageowner_error *err);
size_t po_symbols_nr_functions(const struct po_symbols *syms);

size_t po_symbols_nr_modules(const struct po_symbols *syms);
const struct po_kallsyms *po_symbols_kallsyms(const struct po_symbols *syms);
const struct po_rules *po_symbols_rules(const struct po_symbols *syms);

/* False: the kernel would print the bare address. */
bool po_symbols_lookup(const struct po_symbols *syms, uint64_t kva, struct po_symbol *ret);

#endif
