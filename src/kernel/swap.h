/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Swap areas: how many entries of page tables hold a slot; and what of a tmpfs file is in swap. */
#ifndef PO_KERNEL_SWAP_H
#define PO_KERNEL_SWAP_H

#include <stdint.h>

#include <pageowner/error.h>

#include "kernel/kernel.h"

#define PO_MAX_SWAP 32	/* MAX_SWAPFILES_SHIFT */

struct po_swap {
	unsigned nr;		/* types below are swap areas, of which page tables may tell */
	unsigned first_other;	/* MAX_SWAPFILES: from here on types mean something else */
	uint64_t info[PO_MAX_SWAP];
	uint64_t cluster;	/* slots in one */
	unsigned count_bits;	/* of a word in its table */
};

void po_swap_open(struct po_swap *s, const struct po_kernel *k, struct po_memory *mem);

/* swp_swapcount(): 1 and the count; 0: not known how this kernel has it. */
int po_swap_count(const struct po_swap *s, const struct po_kernel *k, struct po_memory *mem, unsigned type,
		  uint64_t offset, uint64_t *ret, struct pageowner_error *err);

/* Slots in swap that the pages [from, to) of a mapping, of tmpfs, stand for. */
int po_swap_of_mapping(const struct po_kernel *k, struct po_memory *mem, uint64_t mapping, uint64_t from, uint64_t to,
		       uint64_t *ret, struct pageowner_error *err);

#endif
