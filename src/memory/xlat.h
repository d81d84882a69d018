/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Page tables: one small walker for each format, over plain physical reads. */
#ifndef PO_MEMORY_XLAT_H
#define PO_MEMORY_XLAT_H

#include <stdbool.h>
#include <stdint.h>

#include <pageowner/error.h>

struct po_memory;
struct po_xlat;

/* A mapped stretch: [kva, kva + size) lies at [paddr, paddr + size). */
struct po_leaf {
	uint64_t kva, paddr, size;
};

struct po_xlat_ops {
	const char *name;
	unsigned machine;	/* ELF e_machine */
	unsigned levels;
	/* 1 and *ret; 0: not mapped; negative: a table could not be read. */
	int (*walk)(const struct po_xlat *xlat, struct po_memory *mem, uint64_t kva,
		    struct po_leaf *ret, struct pageowner_error *err);
};

struct po_xlat {
	const struct po_xlat_ops *ops;
	uint64_t root;		/* physical address of the top table */
	uint64_t enc_mask;	/* encryption bit of entries (SME), to be left out of addresses */
};

/* Every format known, ended by one without a name. */
extern const struct po_xlat_ops po_xlat_formats[];

#endif
