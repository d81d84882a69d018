/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kernel's own list of stacks and the pages that it counts for each (page_owner_stacks, since 6.9). */
#ifndef PO_OWNER_STACKLIST_H
#define PO_OWNER_STACKLIST_H

#include "kernel/kernel.h"
#include "owner/stack.h"
#include "owner/words.h"

struct po_stack_list {
	const struct po_kernel *k;
	const struct po_depot *depot;
	struct po_memory *mem;
	struct po_stacks *stacks;
	uint64_t next;		/* kva of the next node; 0: the end */
	uint64_t mark;		/* a node that was met: to meet it again is to go in circles */
	uint64_t nr;		/* nodes followed so far */
};

/* A node that has a record. */
struct po_stack_count {
	const struct pageowner_stack *stack;
	uint32_t handle;	/* without extra bits */
	int32_t pages;		/* as the kernel counts them, saturated and negative ones too */
};

/* Whether this kernel keeps the list. */
bool po_stack_list_exists(const struct po_kernel *k);

/* At the newest stack; everything is borrowed. */
int po_stack_list_open(struct po_stack_list *list, const struct po_depot *depot, struct po_memory *mem,
		       struct po_stacks *stacks, struct pageowner_error *err);

/*
 * 1: a stack; 0: the end.  ECORRUPT, ENODATA: of this stack only (its count and handle are 0) if list->next is not 0, else
 * the list cannot be followed any further.  ENOMEM.
 */
int po_stack_list_next(struct po_stack_list *list, struct po_stack_count *ret, struct pageowner_error *err);

/* The threshold that stands in the dump. */
int po_stack_list_threshold(const struct po_kernel *k, struct po_memory *mem, uint64_t *ret,
			    struct pageowner_error *err);

#endif
