/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Entries of a process's page tables as Linux reads them, those that the processor takes for empty too. */
#ifndef PO_MEMORY_PTE_H
#define PO_MEMORY_PTE_H

#include <stdbool.h>
#include <stdint.h>

#include "memory/memory.h"

/* What changed from one release to another, and no type tells: found out by the caller. */
struct po_pte_rules {
	unsigned saved_dirty;		/* x86: the second dirty bit, 0: none */
	uint64_t invalid;		/* arm64: bits of an entry that is there but not valid */
	unsigned type_shift, type_bits;	/* of a swap entry, arm and arm64 */
	unsigned offset_shift;
};

struct po_pte {
	uint64_t va, size;		/* what it maps, or would */
	bool present;
	/* present */
	bool young, dirty, special;
	uint64_t paddr;
	/* else, if it is not empty: a swap entry, or what Linux keeps in the form of one */
	unsigned type;
	uint64_t offset;
};

/* Nonzero ends the walk with that result. */
typedef int po_pte_fn(void *arg, const struct po_pte *pte);

/*
 * Call fn with each entry for [start, end) that is not empty, of the process's tables that xlat->root leads to, in
 * ascending order.  *left is how many tables may still be visited: ECORRUPT when it has come to 0.  Tables that are not
 * in the dump end their branch and are counted in *lost.
 */
int po_ptes_walk(const struct po_xlat *xlat, const struct po_pte_rules *rules, struct po_memory *mem, uint64_t start,
		 uint64_t end, uint64_t *left, po_pte_fn *fn, void *arg, uint64_t *lost, struct pageowner_error *err);

#endif
