/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One row for each page frame of RAM, out of its struct page and of the kernel's lists.  The rules, in their order, are
 * the table in census.c; doc/account.md tells them in words.
 */
#ifndef PO_KERNEL_CENSUS_H
#define PO_KERNEL_CENSUS_H

#include <pageowner/account.h>

#include "kernel/cma.h"
#include "kernel/kernel.h"
#include "kernel/marks.h"
#include "kernel/ram.h"
#include "symbols/symbols.h"

struct po_census;

#define PO_ROW_NONE 255		/* not RAM */

/* What else the struct page of a frame says. */
enum {
	PO_CENSUS_RESERVED = 1 << 0,
	PO_CENSUS_TAIL = 1 << 1,		/* of a compound page */
	PO_CENSUS_UNREFERENCED = 1 << 2,	/* its own count of references is 0 */
	PO_CENSUS_OVERMAPPED = 1 << 3,		/* of a process or file, mapped more often than it is referred to */
};

/* A stretch of page frames that was looked at: row[i] is that of pfn + i. */
struct po_census_block {
	uint64_t pfn, nr;
	const uint8_t *row;		/* enum pageowner_row, or PO_ROW_NONE */
	const uint8_t *attributes;	/* bit 1 << enum pageowner_attribute; but PAGEOWNER_ATTRIBUTE_HUGE */
	const uint8_t *facts;		/* PO_CENSUS_… */
};

struct po_census_cache {
	uint64_t kva;		/* of its struct kmem_cache */
	uint64_t pages;
	bool reclaimable;
};

/* Sums over the blocks walked so far. */
struct po_census_sums {
	uint64_t row[PAGEOWNER_NR_ROWS];
	uint64_t attribute[PAGEOWNER_NR_ATTRIBUTES];
	uint64_t reserved;		/* pages with that flag, in whatever row */
	uint64_t *reserved_name;	/* pages by the name of the same index in struct po_ram */
};

/*
 * Read the kernel's lists.  What is not there to be read is told in the flaws, and its pages are in the row that their
 * struct pages alone tell.  ENOTYPE: not even the number of pages is known; ENOMEM.  symbols is borrowed.
 */
int po_census_open(const struct po_kernel *k, const struct po_memory *mem, const struct po_symbols *symbols,
		   struct po_census **ret, struct pageowner_error *err);
void po_census_free(struct po_census *c);

/* 1 and the next block, in PFN order; 0: all RAM was walked. */
int po_census_next(struct po_census *c, struct po_census_block *ret);

/* Valid until the census is freed; sums grow with the walk. */
const struct po_census_sums *po_census_sums(const struct po_census *c);
/* Its own handle on the memory. */
struct po_memory *po_census_memory(const struct po_census *c);
const struct po_ram *po_census_ram(const struct po_census *c);
const struct po_cma *po_census_cma(const struct po_census *c);
/* Slab caches that have pages, largest first; callers of vmalloc(), and pages of vmalloc areas that are in other rows. */
const struct po_census_cache *po_census_caches(struct po_census *c, size_t *ret_nr);
const struct po_caller *po_census_callers(const struct po_census *c, size_t *ret_nr, uint64_t *ret_elsewhere);
/* Not all threads were met: stacks of others are taken for vmalloc areas like any. */
bool po_census_lost_threads(const struct po_census *c);
/* What could not be read, one by one; NULL: no more. */
const char *po_census_flaw(const struct po_census *c, unsigned index);

#endif
