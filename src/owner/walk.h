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

/* As pageowner_iter_next(). */
int po_walk_next(struct po_walk *w, struct pageowner_record *rec, struct pageowner_error *err);
void po_walk_progress(const struct po_walk *w, uint64_t *done, uint64_t *all);
/* Its stacks and memory, for what is to share them. */
struct po_stacks *po_walk_stacks(struct po_walk *w);
struct po_memory *po_walk_memory(struct po_walk *w);
void po_walk_coverage(const struct po_walk *w, struct pageowner_coverage *ret);

#endif
