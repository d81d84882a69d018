/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A small number for each of many page frames, 0 for all others: room is taken where there are some. */
#ifndef PO_KERNEL_FRAMEMAP_H
#define PO_KERNEL_FRAMEMAP_H

#include <stddef.h>
#include <stdint.h>

#define PO_FRAMEMAP_SHIFT 12

struct po_framemap_block {
	uint64_t nr;		/* PFN >> PO_FRAMEMAP_SHIFT */
	uint8_t mark[1 << PO_FRAMEMAP_SHIFT];
};

struct po_framemap {
	struct po_framemap_block **slot;	/* open addressing */
	size_t nr, room;
};

/* Of two marks the smaller one stays.  ENOMEM. */
int po_framemap_set(struct po_framemap *m, uint64_t pfn, uint8_t mark);
/* The marks of the block that holds pfn, or NULL: all are 0. */
const uint8_t *po_framemap_block(const struct po_framemap *m, uint64_t pfn);
void po_framemap_fini(struct po_framemap *m);

#endif
