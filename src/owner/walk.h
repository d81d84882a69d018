/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Every PFN in order, by the block: a record, or the reason why there is none. */
#ifndef PO_OWNER_WALK_H
#define PO_OWNER_WALK_H

#include <pageowner/record.h>

#include "owner/record.h"

struct po_walk;

/* PFNs in [first, last]. */
int po_walk_new(const struct po_record_base *base, uint64_t first, uint64_t last, struct po_walk **ret,
		struct pageowner_error *err);
void po_walk_free(struct po_walk *w);

/* Before the first step: other records than those of the kernel's own file.  EUNSUPP: this kernel keeps no such thing. */
enum {
	PO_WALK_FREED = 1,	/* every page frame that was freed, by its last owner and who freed it */
	PO_WALK_FREE_STACKS = 2,	/* of each record also who freed the page before */
	PO_WALK_SLABS = 4,	/* the caches of slab pages, in all records */
	PO_WALK_OWNERS = 8,	/* whether who allocated lives, in all records */
};
int po_walk_want(struct po_walk *w, unsigned want, struct pageowner_error *err);

/*
 * Before the first step: records without what their struct pages say, which then need not be read, if the kernel's lists
 * tell what is free.  ENOMEM; without effect where they do not.
 */
int po_walk_without_pages(struct po_walk *w);

/* Another one of the same records, with memory of its own; ENOMEM and the like.  Not all memory can be read twice. */
int po_walk_clone(const struct po_walk *w, struct po_walk **ret, struct pageowner_error *err);
bool po_walk_can_clone(const struct po_walk *w);

/*
 * For walks that share the work: go on at pfn, the first one of a block, and end before end; what was counted stays.
 * Where the walk is: behind end if a free block reaches over it.
 */
void po_walk_seek(struct po_walk *w, uint64_t pfn, uint64_t end);
uint64_t po_walk_at(const struct po_walk *w);
/* Where the walk ends, once it has come there; PFNs of a block; the block at or behind pfn before which all is a hole. */
uint64_t po_walk_end(const struct po_walk *w);
uint64_t po_walk_block(const struct po_walk *w);
uint64_t po_walk_skip(const struct po_walk *w, uint64_t pfn, uint64_t block);
/* What another walk has counted since it was last asked: taken out of one, and put into another one. */
void po_walk_take_counts(struct po_walk *w, struct pageowner_coverage *ret);
void po_walk_add_counts(struct po_walk *w, const struct pageowner_coverage *counts);

/* As pageowner_iter_next(). */
int po_walk_next(struct po_walk *w, struct pageowner_record *rec, struct pageowner_error *err);
void po_walk_progress(const struct po_walk *w, uint64_t *done, uint64_t *all);
/* Its stacks and memory, for what is to share them. */
struct po_stacks *po_walk_stacks(struct po_walk *w);
struct po_memory *po_walk_memory(struct po_walk *w);
void po_walk_coverage(const struct po_walk *w, struct pageowner_coverage *ret);

#endif
