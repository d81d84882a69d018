/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kernel's own compressed symbol table, as it stands in the dump.  Immutable after open. */
#ifndef PO_SYMBOLS_KALLSYMS_H
#define PO_SYMBOLS_KALLSYMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pageowner/error.h>

#include "memory/memory.h"

/* Run-time addresses; 0 where the kernel has no such symbol. */
struct po_kallsyms_where {
	uint64_t addresses, offsets, relative_base;
	uint64_t num_syms, names, markers, token_table, token_index, seqs_of_names;
	uint64_t num_syms_size, marker_size;	/* bytes of the number and of one marker */
	uint64_t text, stext, etext, sinittext, einittext, init_begin, init_end, end;
	uint64_t banner;	/* a data symbol: in the table only with CONFIG_KALLSYMS_ALL */
};

struct po_kallsyms;

int po_kallsyms_open(struct po_memory *mem, const struct po_kallsyms_where *where,
		     struct po_kallsyms **ret, struct pageowner_error *err);
void po_kallsyms_close(struct po_kallsyms *ks);

/* Which form of table it is, for `info`; static text. */
const char *po_kallsyms_describe(const struct po_kallsyms *ks);
const struct po_abi *po_kallsyms_abi(const struct po_kallsyms *ks);
size_t po_kallsyms_count(const struct po_kallsyms *ks);
bool po_kallsyms_all(const struct po_kallsyms *ks);

/*
 * What the kernel's own lookup says of an address: the first alias of the nearest symbol below, and the
 * size up to the next greater one.  name has room for cap bytes and is cut like the kernel's buffer.
 * False: not an address of the kernel's own symbols (it may be a module's).
 */
bool po_kallsyms_lookup(const struct po_kallsyms *ks, uint64_t kva, char *name, size_t cap,
			uint64_t *ret_start, uint64_t *ret_size);

#endif
