/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is asked of a table, in columns.  Immutable once made: threads share it. */
#ifndef PO_AGGREGATE_PLAN_H
#define PO_AGGREGATE_PLAN_H

#include "aggregate/column.h"
#include "aggregate/filter.h"

/* A sort key: by a value of the group, in this direction. */
struct po_order {
	enum po_column column;
	int sign;
};

struct po_plan {
	bool culled;				/* by keys, not by the text */
	bool keep_time;				/* the time of allocation is part of the text */
	enum po_column column[PO_NR_COLUMNS];	/* of each group: its keys, then what its first record has */
	unsigned nr_keys, nr_columns;
	struct po_order order[2 * PO_NR_COLUMNS];
	unsigned nr_order;
	struct po_filter filter;
};

/* cull, sort: lists of keys, or NULL.  EINVAL tells what is wrong with them. */
int po_plan_make(struct po_plan *p, const char *cull, const char *sort, struct pageowner_error *err);
/* More keys to sort by, of that use. */
int po_plan_sort(struct po_plan *p, const char *list, unsigned use, struct pageowner_error *err);
/* When all is set: which columns are needed, in which order. */
void po_plan_finish(struct po_plan *p);
void po_plan_fini(struct po_plan *p);

/* Where the values of a column are; -1: the plan has no use for it. */
int po_plan_place(const struct po_plan *p, enum po_column c);

/* The column of a key; EINVAL suggests the nearest. */
int po_plan_key(const char *key, size_t len, unsigned use, enum po_column *ret,
		struct pageowner_error *err);

#endif
