/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pages by stack: what the kernel's own counts would be if it counted by records. */
#ifndef PO_AGGREGATE_TALLY_H
#define PO_AGGREGATE_TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pageowner/record.h>

struct po_tally_row {
	const struct pageowner_stack *stack;
	uint64_t pages;
	size_t order;		/* in which the stacks came */
	int32_t kernel_pages;	/* what the kernel counts, if it does */
	bool has_kernel_pages;
};

struct po_tally {
	struct po_tally_row *row;	/* by the id of the stack, until it is sorted */
	size_t nr, nr_stacks;
};

/* Add pages that a stack owns; ENOMEM. */
int po_tally_add(struct po_tally *t, const struct pageowner_stack *stack, uint64_t pages);
/* Tell the kernel's own count of a stack, which may be of no record; ENOMEM. */
int po_tally_set_kernel(struct po_tally *t, const struct pageowner_stack *stack, int32_t pages);
/* Most pages first, then by handle; afterwards nothing can be added. */
void po_tally_sort(struct po_tally *t);
void po_tally_fini(struct po_tally *t);

#endif
