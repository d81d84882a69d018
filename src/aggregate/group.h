/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Records with equal keys, counted: as much memory as there are groups.  What a group has beside its keys is its
 * first record's.
 */
#ifndef PO_AGGREGATE_GROUP_H
#define PO_AGGREGATE_GROUP_H

#include "aggregate/plan.h"

/* The records of one iterator, or several merged. */
struct po_groups {
	const struct po_plan *plan;
	struct po_feed feed;		/* its strings are those of the values */
	uint64_t *row;			/* of each group: a value a column, times, pages */
	uint64_t *slot;			/* open addressing: hash of the keys above number + 1; 0: empty */
	uint32_t nr;
	size_t cap, slots;
	uint64_t records, pages;	/* of all groups */
	struct po_filter_memo memo;
};

/* A zeroed struct with plan and feed set is an empty one. */
void po_groups_fini(struct po_groups *g);
/* Count a record, if the plan's filter takes it. */
int po_groups_add(struct po_groups *g, const struct pageowner_record *rec);
/* Add the groups of records that came after those of g. */
int po_groups_merge(struct po_groups *g, const struct po_groups *more);
/* Numbers of all groups, in the plan's order; freed by the caller; NULL: out of memory. */
uint32_t *po_groups_sort(const struct po_groups *g);

static inline size_t po_groups_width(const struct po_groups *g)
{
	return g->plan->nr_columns + 2;
}

static inline const uint64_t *po_groups_row(const struct po_groups *g, uint32_t nr)
{
	return g->row + nr * po_groups_width(g);
}

static inline uint64_t po_groups_times(const struct po_groups *g, uint32_t nr)
{
	return po_groups_row(g, nr)[g->plan->nr_columns];
}

static inline uint64_t po_groups_pages(const struct po_groups *g, uint32_t nr)
{
	return po_groups_row(g, nr)[g->plan->nr_columns + 1];
}

#endif
