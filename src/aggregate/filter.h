/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which records are taken: those that meet all that is asked, each condition by one of its values. */
#ifndef PO_AGGREGATE_FILTER_H
#define PO_AGGREGATE_FILTER_H

#include <regex.h>
#include <stdbool.h>

#include <pageowner/filter.h>

#include "aggregate/column.h"

struct po_condition {
	enum po_column column;
	char *values;			/* strings, terminated, one behind the other */
	int64_t *number;		/* or numbers */
	size_t nr;
};

/* Immutable once made; a zeroed one takes all. */
struct po_filter {
	struct po_condition *condition;
	size_t nr_conditions;
	bool unreleased;	/* pages that were released after their allocation are passed over */
	bool by_frame;		/* only stacks with a frame that matches this */
	regex_t frame;
	struct pageowner_age age;
	char **more_allocators;	/* as of po_caller_of(); or NULL */
	char *names;		/* of them */
};

/* What one iterator's stacks have shown; a zeroed one is empty. */
struct po_filter_memo {
	uint8_t *has_frame;	/* by stack */
	size_t nr;
	uint64_t now;		/* that ages are counted to */
};

/*
 * "key=value,value…"; a comma or backslash that is part of a value stands behind a backslash.  EINVAL tells what
 * is wrong.
 */
int po_filter_add(struct po_filter *f, const char *text, struct pageowner_error *err);
int po_filter_frame(struct po_filter *f, const char *regex, struct pageowner_error *err);
/* A list of functions that are allocators, too. */
int po_filter_allocators(struct po_filter *f, const char *list, struct pageowner_error *err);
void po_filter_fini(struct po_filter *f);
bool po_filter_has(const struct po_filter *f, enum po_column c);

bool po_filter_takes(const struct po_filter *f, struct po_filter_memo *memo,
		     const struct pageowner_record *rec);

#endif
