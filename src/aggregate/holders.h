/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who holds the pages of one row: by stack and process, and summed from there by caller, module, process and age. */
#ifndef PO_AGGREGATE_HOLDERS_H
#define PO_AGGREGATE_HOLDERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pageowner/account.h>
#include <pageowner/record.h>

#include "base/arena.h"

/* What is kept of a record while its pages are counted. */
struct po_holding {
	const struct pageowner_stack *stack;	/* NULL: the page has no record */
	int32_t pid;				/* of the process; -1: not recorded */
	uint64_t ts_ns;				/* UINT64_MAX: not recorded */
	char comm[PAGEOWNER_COMM_MAX];
	uint64_t pages;
	bool split;				/* a record for each page of what may be one allocation: of before page_owner */
};

struct po_holder {
	struct po_holding first;		/* its pages are those of all */
	uint64_t records, oldest, newest;
};

#define PO_TIME_BINS 4096

struct po_holders {
	struct po_holder *holder;
	size_t nr, cap;
	uint32_t *slot;			/* open addressing: number of the holder + 1; 0: empty */
	size_t slots;
	uint64_t pages;			/* of all */
	uint64_t now;			/* the latest time that any record tells: when the dump was taken, nearly */
	/* pages by time of allocation: bins of bin_ns each, which doubles when time outgrows them */
	uint64_t bin_ns, bin[PO_TIME_BINS];
	struct po_arena arena;		/* names of groups */
	struct pageowner_account_group *group[PAGEOWNER_NR_GROUPINGS];	/* most pages first */
	size_t nr_groups[PAGEOWNER_NR_GROUPINGS];
};

void po_holders_init(struct po_holders *h);
/* A record was seen, whatever it is of. */
void po_holders_see(struct po_holders *h, const struct pageowner_record *rec);
/* Its pages count here.  ENOMEM. */
int po_holders_add(struct po_holders *h, const struct po_holding *holding);
/* When all is added: make the groups.  ENOMEM. */
int po_holders_group(struct po_holders *h);
void po_holders_fini(struct po_holders *h);

/* Whether a stack says who wanted the pages; page_owner's own, which stand in for one that it does not have, do not. */
bool po_stack_is_name(const struct pageowner_stack *stack);

#endif
