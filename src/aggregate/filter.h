/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which records are taken: those that meet all conditions, each of them by one of its values. */
#ifndef PO_AGGREGATE_FILTER_H
#define PO_AGGREGATE_FILTER_H

#include <stdbool.h>

#include "aggregate/column.h"

struct po_condition {
	enum po_column column;
	char *values;			/* strings, terminated, one behind the other */
	int64_t *number;		/* or numbers */
	size_t nr;
};

/*
 * "key=value,value…"; a comma or backslash that is part of a value stands behind a backslash.  EINVAL tells what
 * is wrong.
 */
int po_condition_parse(const char *text, struct po_condition *ret, struct pageowner_error *err);
void po_condition_fini(struct po_condition *c);
bool po_condition_met(const struct po_condition *c, const struct pageowner_record *rec,
		      char *const *more_allocators);

/* Split at commas: strings one behind the other, in as many bytes as text has; returns how many. */
size_t po_split_list(const char *text, char *to);

#endif
