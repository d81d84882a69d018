/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The pageblocks of a zone, and what is in them, as the kernel looks at them. */
#ifndef PO_PROC_BLOCKS_H
#define PO_PROC_BLOCKS_H

#include "proc/proc.h"

#define PO_MAX_MIGRATETYPES	16
#define PO_MAX_PAGE		256	/* bytes of a struct page */

struct po_migratetypes {
	unsigned nr;
	char name[PO_MAX_MIGRATETYPES][32];
	int cma, movable;	/* numbers of these; -1: there is none */
};

/* The kernel's own table.  ENOSYM without it. */
int po_migratetypes_read(const struct po_proc *p, struct po_migratetypes *ret, struct pageowner_error *err);

struct po_proc_pages {
	const struct po_proc *p;
	const struct po_migratetypes *types;
	struct po_proc_places places;
	uint64_t lost;		/* pages that were asked for, and are not in the dump */
};

/* Both are borrowed. */
int po_proc_pages_open(struct po_proc_pages *pages, const struct po_proc *p, const struct po_migratetypes *types,
		       struct pageowner_error *err);

/* One page of a zone. */
struct po_proc_page {
	uint64_t pfn;
	const struct po_chunk *chunk;
	uint8_t raw[PO_MAX_PAGE];
};

/* Whether there is a page at its PFN (pfn_to_online_page()), and its bytes are; what is not in the dump is counted. */
bool po_proc_page_read(struct po_proc_pages *pages, struct po_proc_page *page);
bool po_proc_page_is_of(const struct po_proc_pages *pages, const struct po_proc_page *page, const struct po_proc_zone *z);
bool po_proc_page_is_reserved(const struct po_proc_pages *pages, const struct po_proc_page *page);

/* What its record says of a page that is owned: 1; 0: it is not, or has none. */
int po_proc_page_owner(struct po_proc_pages *pages, const struct po_proc_page *page, unsigned *order, int *type);

/* The zone's page frames, holes included: [*start, *end). */
int po_proc_zone_span(const struct po_proc *p, const struct po_proc_zone *z, uint64_t *start, uint64_t *end,
		      struct pageowner_error *err);

/* Blocks by migratetype: all of them; those that the kernel finds to be mixed.  Added to count[]. */
int po_proc_count_blocks(struct po_proc_pages *pages, const struct po_proc_zone *z,
			 uint64_t count[PO_MAX_MIGRATETYPES], struct pageowner_error *err);
int po_proc_count_mixed(struct po_proc_pages *pages, const struct po_proc_zone *z,
			uint64_t count[PO_MAX_MIGRATETYPES], struct pageowner_error *err);

#endif
