/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The migratetype of a pageblock. */
#ifndef PO_KERNEL_PAGEBLOCK_H
#define PO_KERNEL_PAGEBLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include <pageowner/error.h>

#include "memory/memory.h"

struct po_kernel;
struct po_chunk;

struct po_pageblock {
	unsigned order;		/* pages of a block, as a power of two */
	unsigned nr_bits;	/* bits a block has in the bitmap */
	bool msb_first;		/* before commit 535b81e20921 (5.9) the first block is the top nibble */
	int isolate_bit;	/* a bit of its own since 6.17, else -1 */
	int isolate_type;	/* MIGRATE_ISOLATE, or -1 */
	unsigned agree, checked;	/* free pages whose list agrees with the block, of those looked at */
	unsigned votes, voters;		/* the same of owned pages and their gfp masks, which is no rule */
	/* the migratetype that a gfp mask asks for */
	unsigned movable_shift;		/* gfp >> shift & 3 */
	bool old_mobility;		/* other bits and numbers: until 4.3 */
	bool no_mobility;		/* page_group_by_mobility_disabled: all Unmovable */
};

int po_pageblock_open(struct po_kernel *k, struct po_memory *mem, struct pageowner_error *err);

/* get_pageblock_migratetype(); -1: the bitmap is not in the dump. */
int po_pageblock_type(const struct po_kernel *k, const struct po_chunk *c, uint64_t pfn);

/* The migratetype that a gfp mask asks for. */
int po_gfp_migratetype(const struct po_kernel *k, uint32_t gfp);

#endif
