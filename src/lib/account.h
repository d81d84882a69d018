/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The parts of an account: what the public calls keep of it, and the files that make it. */
#ifndef PO_LIB_ACCOUNT_H
#define PO_LIB_ACCOUNT_H

#include <pageowner/account.h>

#include "aggregate/holders.h"
#include "base/arena.h"
#include "kernel/census.h"
#include "lib/recount.h"
#include "lib/session.h"
#include "proc/blocks.h"

#define PO_DISAGREEMENTS_MAX 1000	/* stretches of page frames that are kept */

struct pageowner_account {
	struct pageowner_session *s;
	struct po_census *census;
	struct pageowner_iter *it;	/* whose stacks are lent; NULL: page_owner did not run */
	struct po_holders holders;
	struct po_arena arena;		/* names */
	uint64_t row[PAGEOWNER_NR_ROWS];
	uint64_t vmalloc_elsewhere;	/* pages of vmalloc areas that only a stack put in another row */
	struct pageowner_account_line line[PAGEOWNER_NR_ROWS], attribute[PAGEOWNER_NR_ATTRIBUTES];
	struct pageowner_account_totals totals;
	struct pageowner_account_cma *cma;
	size_t nr_cma;
	struct po_holders *(*cma_holders)[2];	/* of each area, by enum pageowner_cma_pages; NULL: none */
	struct pageowner_account_part *cache, *vmalloc, *reserved;
	size_t nr_caches, nr_vmalloc, nr_reserved;
	const char **flaw;
	size_t nr_flaws;
	struct pageowner_account_disagreement disagreement[PO_DISAGREEMENTS_MAX];
	size_t nr_disagreements;
	/* if a check was asked for */
	bool checks;
	struct po_proc proc;		/* to look at records of free pages */
	struct po_proc_pages pages;
	struct po_recount recount;
	struct pageowner_account_count *count;
	size_t nr_counts;
};

/* Tell something that could not be read; ENOMEM. */
int po_account_flaw(struct pageowner_account *a, const char *text);

/* The counters of the rows and attributes (account-counters.c).  ENOMEM. */
int po_account_set_lines(struct pageowner_account *a);

/* The walk over RAM, with the records of its pages (account-walk.c). */
int po_account_walk(struct pageowner_account *a, const struct pageowner_account_options *o,
		    struct pageowner_error *err);

/* The kernel's counts of stacks against the records that the walk met (account-check.c).  ENOMEM. */
int po_account_check_counts(struct pageowner_account *a, struct pageowner_error *err);
/* A block's records against its struct pages (account-check.c); held and owner as of po_account_count_cma(). */
void po_account_check_block(struct pageowner_account *a, const struct po_census_block *b, const struct po_holding *held,
			    const uint32_t *owner);

/* CMA areas (account-cma.c), before the walk counts what is lent. */
int po_account_find_cma(struct pageowner_account *a);
/*
 * Who has the pages of a block that lie in CMA areas: owner[i], if not 0, says that the page frame b->pfn + i is of
 * held[owner[i] - 1] (nr of them).  When all are counted, the groups are made.  ENOMEM.
 */
int po_account_count_cma(struct pageowner_account *a, const struct po_census_block *b, const struct po_holding *held,
			 size_t nr, const uint32_t *owner);
int po_account_group_cma(struct pageowner_account *a);
void po_account_free_cma(struct pageowner_account *a);
/* Slab caches, callers of vmalloc(), names of reserved memory (account-parts.c). */
int po_account_name_parts(struct pageowner_account *a);

#endif
