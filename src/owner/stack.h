/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Each distinct stack once: fetched, symbolised and kept.  Belongs to one thread; several threads can have theirs of one
 * store, so that each stack is read once and is one object for all of them.
 */
#ifndef PO_OWNER_STACK_H
#define PO_OWNER_STACK_H

#include <pthread.h>

#include <pageowner/record.h>

#include "base/arena.h"
#include "owner/depot.h"
#include "symbols/symbols.h"

struct po_stack_slot {
	uint64_t key;			/* handle without extra bits, or a hash of frames; 0: empty */
	const struct pageowner_error *bad; /* not in the dump, or corrupt; NULL: good */
	uint8_t tries;			/* how often a bad one of memory that lives was read again */
	struct pageowner_stack *stack;
};

struct po_stacks {
	const struct po_depot *depot;
	const struct po_symbols *symbols;
	struct po_memory *mem;		/* borrowed from the iterator */
	struct po_arena arena;
	struct po_stack_slot *slot;	/* open addressing by key */
	size_t nr, cap;
	struct po_symbols *later;	/* modules as they were when a frame of memory that lives was in none; or NULL */
	unsigned nr_later;		/* how often they were read */
	struct po_stack_slot last;	/* of a handle, a good one: neighbours often have the same */
	struct po_stack_store *store;	/* where to look for what is not here; NULL: in the dump */
};

struct po_stack_store {
	pthread_mutex_t lock;
	struct po_stacks stacks;	/* of which the lock is held */
};

void po_stacks_init(struct po_stacks *s, const struct po_depot *depot,
		    const struct po_symbols *symbols, struct po_memory *mem);
void po_stacks_fini(struct po_stacks *s);
/* Before the first stack: mem is that of the store alone, and is used under its lock. */
void po_stacks_share(struct po_stacks *s, struct po_stack_store *store);

/*
 * The stack of a handle.  1: a good one; 0: its frames cannot be had, *ret holds one frame that says so, and
 * err (once per stack, else its code is PAGEOWNER_OK) why; negative: out of memory.
 */
int po_stacks_get(struct po_stacks *s, uint32_t handle, const struct pageowner_stack **ret,
		  struct pageowner_error *err);

/* The stack with these frames, of a kernel that keeps them in its records.  1; negative: out of memory. */
int po_stacks_of_frames(struct po_stacks *s, const struct po_frames *frames,
			const struct pageowner_stack **ret, struct pageowner_error *err);

/* A stack of a frame that tells that there is none, and why (code).  0; negative: out of memory. */
int po_stacks_marker(struct po_stacks *s, int code, const struct pageowner_stack **ret,
		     struct pageowner_error *err);

#endif
