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

/* Without the address of the markers these are found behind the names; po_kallsyms_markers() tells where. */
int po_kallsyms_open(struct po_memory *mem, const struct po_kallsyms_where *where,
		     struct po_kallsyms **ret, struct pageowner_error *err);
/* A table of no symbols, for a kernel whose own cannot be read: every address is none of its own. */
int po_kallsyms_none(const struct po_abi *abi, struct po_kallsyms **ret, struct pageowner_error *err);
void po_kallsyms_close(struct po_kallsyms *ks);
uint64_t po_kallsyms_markers(const struct po_kallsyms *ks);

/* Which form of table it is, for `info`; static text. */
const char *po_kallsyms_describe(const struct po_kallsyms *ks);
const struct po_abi *po_kallsyms_abi(const struct po_kallsyms *ks);
size_t po_kallsyms_count(const struct po_kallsyms *ks);
bool po_kallsyms_all(const struct po_kallsyms *ks);
/* Whether there is an order of names, too: kallsyms_seqs_of_names. */
bool po_kallsyms_sorted(const struct po_kallsyms *ks);
/* Whether a string there is but a piece of names, not one that the kernel's code uses. */
bool po_kallsyms_is_token(const struct po_kallsyms *ks, uint64_t kva);

/*
 * What the kernel's own lookup says of an address: the first alias of the nearest symbol below, and the
 * size up to the next greater one.  name has room for cap bytes and is cut like the kernel's buffer.
 * False: not an address of the kernel's own symbols (it may be a module's).
 */
bool po_kallsyms_lookup(const struct po_kallsyms *ks, uint64_t kva, char *name, size_t cap,
			uint64_t *ret_start, uint64_t *ret_size);

/* Longer than any name: KSYM_NAME_LEN is 512 since 6.1, 128 before. */
#define PO_KALLSYMS_NAME_MAX 1024

/* All names in the order of the table, with nm's letter and the address, until fn returns false. */
void po_kallsyms_for_each(const struct po_kallsyms *ks,
			  bool (*fn)(void *arg, char type, const char *name, uint64_t kva), void *arg);

/*
 * By which of these cuts (NULL: none at all) the names come in the order that kallsyms_seqs_of_names has: 1 for the
 * first of them, and so on; 0 when it is by none, or the kernel has no such table.
 */
int po_kallsyms_order(const struct po_kallsyms *ks, struct po_memory *mem, void (*const *cuts)(char *name),
		      size_t nr_cuts, struct pageowner_error *err);

#endif
