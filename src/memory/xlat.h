/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Page tables: one description for each format, over plain physical reads. */
#ifndef PO_MEMORY_XLAT_H
#define PO_MEMORY_XLAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pageowner/error.h>

struct po_memory;
struct po_xlat;

/* A mapped stretch: [kva, kva + size) lies at [paddr, paddr + size). */
struct po_leaf {
	uint64_t kva, paddr, size;
};

enum po_entry {
	PO_ENTRY_NONE,		/* not mapped */
	PO_ENTRY_TABLE,		/* *ret is the next table */
	PO_ENTRY_LEAF,		/* *ret is where the memory is, *ret_shift its size */
};

struct po_xlat_ops {
	const char *name;
	unsigned machine;	/* ELF e_machine */
	unsigned page_shift;
	unsigned va_bits;	/* of an address that take part; the rest follows from them */
	unsigned levels;
	unsigned level_bits;	/* of each level but the top one, which takes what is left */
	unsigned largest_shift;	/* of a leaf; entries for more memory lead to tables */
	size_t entry_bytes;
	/* What an entry of the level at *ret_shift says; a leaf may enlarge *ret_shift. */
	enum po_entry (*classify)(const struct po_xlat *xlat, uint64_t entry, unsigned *ret_shift,
				  uint64_t *ret);
	/*
	 * An entry of a process's tables that the processor takes for empty, as Linux sees it: in the form of one that is
	 * not, if the page is there all the same.  NULL: what the processor sees is all.
	 */
	int (*soften)(struct po_memory *mem, uint64_t at, unsigned shift, uint64_t *entry,
		      struct pageowner_error *err);
	/* 1 and *ret; 0: not mapped; negative: a table could not be read. */
	int (*walk)(const struct po_xlat *xlat, struct po_memory *mem, uint64_t kva,
		    struct po_leaf *ret, struct pageowner_error *err);
};

struct po_xlat {
	const struct po_xlat_ops *ops;
	uint64_t root;		/* physical address of the top table */
	uint64_t enc_mask;	/* encryption bit of entries (SME), to be left out of addresses */
	bool lower_half;	/* tables of a process, which arm64 keeps apart */
};

/* Every format known, ended by one without a name; those of one machine in the order in which to try them. */
extern const struct po_xlat_ops po_xlat_formats[];

#endif
