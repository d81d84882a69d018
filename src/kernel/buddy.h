/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which page frames are free in the buddy allocator, by its lists: for those who need nothing else of struct pages. */
#ifndef PO_KERNEL_BUDDY_H
#define PO_KERNEL_BUDDY_H

#include <stdbool.h>
#include <stdint.h>

#include "memory/memory.h"

struct po_kernel;

struct po_buddies {
	uint64_t *bits;		/* one for each PFN below max_pfn */
	uint64_t nr;
};

/*
 * 1; 0: the lists are not whole, or of so many blocks that to read all struct pages takes no longer; ENOMEM.  Nothing is
 * kept unless the result is 1.
 */
int po_buddies_read(const struct po_kernel *k, struct po_memory *mem, struct po_buddies *ret);
void po_buddies_fini(struct po_buddies *b);

static inline bool po_buddies_have(const struct po_buddies *b, uint64_t pfn)
{
	return pfn < b->nr && (b->bits[pfn / 64] >> pfn % 64 & 1);
}

#endif
