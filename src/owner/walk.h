/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Every PFN in order, by the block: a record, or the reason why there is none. */
#ifndef PO_OWNER_WALK_H
#define PO_OWNER_WALK_H

#include <pageowner/record.h>

#include "kernel/kernel.h"
#include "owner/depot.h"
#include "owner/stack.h"
#include "owner/words.h"
#include "symbols/symbols.h"

struct po_walk;

/* What a walk stands on; all of it immutable and outliving the walk. */
struct po_walk_base {
	const struct po_kernel *k;
	const struct po_words *words;
	const struct po_depot *depot;
	const struct po_symbols *symbols;
	const struct po_memory *mem;	/* cloned */
};

/* PFNs in [first, last]. */
int po_walk_new(const struct po_walk_base *base, uint64_t first, uint64_t last, struct po_walk **ret,
		struct pageowner_error *err);
void po_walk_free(struct po_walk *w);

/* As pageowner_iter_next(). */
int po_walk_next(struct po_walk *w, struct pageowner_record *rec, struct pageowner_error *err);
void po_walk_progress(const struct po_walk *w, uint64_t *done, uint64_t *all);
/* Its stacks and memory, for what is to share them. */
struct po_stacks *po_walk_stacks(struct po_walk *w);
struct po_memory *po_walk_memory(struct po_walk *w);
void po_walk_coverage(const struct po_walk *w, struct pageowner_coverage *ret);

#endif
