/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a record is grouped, ordered and chosen by: a column, whose values are numbers or distinct strings. */
#ifndef PO_AGGREGATE_COLUMN_H
#define PO_AGGREGATE_COLUMN_H

#include <stdbool.h>
#include <stdint.h>

#include <pageowner/record.h>

#include "aggregate/caller.h"
#include "base/strings.h"

enum po_column {
#define COLUMN(id, name, brief, heading, kind, uses, help) PO_COLUMN_##id,
#include "aggregate/columns.def"
#undef COLUMN
	PO_NR_COLUMNS,
};

enum po_kind {
	PO_KIND_SIGNED,		/* absent: -1 */
	PO_KIND_UNSIGNED,	/* absent: all ones */
	PO_KIND_STRING,		/* absent: empty; the value is a number of po_strings */
	PO_KIND_LIST,		/* the same, and holds words between bars */
};

enum {
	PO_USE_SORT = 1 << 0,
	PO_USE_CULL = 1 << 1,
	PO_USE_FILTER = 1 << 2,
	PO_USE_TASK = 1 << 3,
};

struct po_column_def {
	const char *name, *brief, *heading;
	enum po_kind kind;
	unsigned uses;
	const char *help;
};

extern const struct po_column_def po_columns[PO_NR_COLUMNS];

static inline bool po_column_is_string(enum po_column c)
{
	return po_columns[c].kind >= PO_KIND_STRING;
}

/* page_owner_sort's guesses, which may hold together. */
enum {
	PO_ALLOCATOR_CMA = 1 << 1,
	PO_ALLOCATOR_SLAB = 1 << 2,
	PO_ALLOCATOR_VMALLOC = 1 << 3,
	PO_ALLOCATOR_OTHERS = 1 << 4,
};

/* Lines of records of a source that is no text; the bytes are lent until the next call. */
struct po_printer {
	void *self;
	/* The first line, and in it the digits of the time of allocation. */
	int (*head)(void *self, const struct pageowner_record *rec, struct po_bytes *ret,
		    struct po_bytes *time);
	int (*frames)(void *self, const struct pageowner_stack *stack, struct po_bytes *ret);
	/* What follows the stack. */
	int (*rest)(void *self, const struct pageowner_record *rec, struct po_bytes *ret);
};

struct po_trail;

/* Gives the values of the records of one iterator. */
struct po_feed {
	const struct po_printer *printer;	/* NULL: records carry their own lines */
	bool keep_time;				/* the first line is taken with the time of allocation */
	char *const *more_allocators;		/* as of po_caller_of() */
	struct po_strings strings;
	struct po_trail *trail;			/* texts behind the first line, by the order they came */
	uint32_t nr_trails, trails_cap;
	uint32_t *by_stack;			/* number + 1 of the trail that a stack alone is */
	size_t stacks_cap;
	uint64_t *pair;				/* of a stack and what follows it, open addressing: the two… */
	uint32_t *pair_trail;			/* … and their trail's number + 1; 0: empty */
	size_t nr_pairs, pairs_cap;
	uint32_t now;				/* trail of the record at hand; PO_NO_STRING: not looked up */
	char *scratch;
	size_t scratch_cap;
};

void po_feed_fini(struct po_feed *f);
/* Before the first value of each record. */
static inline void po_feed_begin(struct po_feed *f)
{
	f->now = PO_NO_STRING;
}

/* The value of a column (none of TXT, TIMES and PAGES); negative: out of memory. */
int po_feed_value(struct po_feed *f, enum po_column c, const struct pageowner_record *rec, uint64_t *ret);

/* A number, or what a string's number stands for, of columns that can be filtered by. */
int64_t po_record_number(enum po_column c, const struct pageowner_record *rec);
struct po_bytes po_record_string(enum po_column c, const struct pageowner_record *rec,
				 char *const *more_allocators);

#endif
