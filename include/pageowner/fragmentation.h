/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PAGEOWNER_FRAGMENTATION_H
#define PAGEOWNER_FRAGMENTATION_H

/**
 * @file
 * Why there is no large free block: pageblocks polluted by pages of another migratetype, and by whom.
 *
 * A page is foreign if it is allocated, its block is Unmovable, Movable or Reclaimable, and its gfp mask asked for another
 * one of these.
 */

#include <stddef.h>
#include <stdint.h>

#include <pageowner/error.h>
#include <pageowner/record.h>

#ifdef __cplusplus
extern "C" {
#endif

struct pageowner_session;
struct pageowner_fragmentation;

/** How to look.  Zero the struct, set size, then what is needed. */
struct pageowner_fragmentation_options {
	size_t size; /**< sizeof(struct pageowner_fragmentation_options) */
	/**
	 * Called every now and then; may be NULL.
	 * @return 0, or anything else to end with PAGEOWNER_ESTOPPED
	 */
	int (*progress)(void *arg, uint64_t done, uint64_t all);
	void *arg;
};

/**
 * Look at every page of every zone.  Without page_owner (open with without_owner) the free blocks and the pageblocks are
 * still told, but nothing that needs the gfp mask of a page.
 *
 * @param options  may be NULL
 * @param ret      free it with pageowner_fragmentation_free() before closing the session
 * @return PAGEOWNER_OK, also if something could not be read: see pageowner_fragmentation_flaw(); PAGEOWNER_ENOTYPE,
 *         PAGEOWNER_ENOSYM: what the kernel knows of its zones is not known; PAGEOWNER_ESTOPPED; PAGEOWNER_ENOMEM
 */
int pageowner_fragmentation_new(struct pageowner_session *session,
				const struct pageowner_fragmentation_options *options,
				struct pageowner_fragmentation **ret, struct pageowner_error *err);
void pageowner_fragmentation_free(struct pageowner_fragmentation *fragmentation);

/** What could not be read; NULL: all could be. */
const char *pageowner_fragmentation_flaw(const struct pageowner_fragmentation *fragmentation);
/** Whether page_owner ran: 0 means that no page is known to be foreign. */
int pageowner_fragmentation_has_owners(const struct pageowner_fragmentation *fragmentation);

/**
 * A zone.  Orders are those of the largest naturally aligned range of it in which every page is free (-1: there is none):
 * as things are; if also all movable pages were moved elsewhere, which is what compaction can come to; and if also there
 * were no foreign pages.  The last two need owners (else -1).
 */
struct pageowner_fragmentation_zone {
	unsigned node;
	const char *name;      /**< "DMA32" */
	int free_order;        /**< the largest one on the zone's free lists */
	int movable_order;     /**< free, or free once movable pages are moved */
	int clean_order;       /**< and without foreign pages */
	uint64_t blocks;       /**< pageblocks, of all migratetypes */
	uint64_t free_blocks;  /**< whole pageblocks that are free */
	uint64_t movable_blocks, clean_blocks; /**< that could be, as above */
};

/** Zones that have pages, node by node: 1, or 0: no more. */
int pageowner_fragmentation_zone(const struct pageowner_fragmentation *fragmentation, size_t zone,
				 struct pageowner_fragmentation_zone *ret);

/** The pageblocks of a zone that are of one migratetype. */
struct pageowner_fragmentation_type {
	const char *name;       /**< "Movable" */
	uint64_t blocks;        /**< as in pagetypeinfo: by the first page of each block */
	uint64_t mixed;         /**< as in pagetypeinfo, where CMA's are among the Movable ones */
	uint64_t polluted;      /**< blocks that have foreign pages */
	uint64_t foreign_pages;
};

/** By the kernel's number of the migratetype: 1, or 0: there is no such zone or migratetype. */
int pageowner_fragmentation_type(const struct pageowner_fragmentation *fragmentation, size_t zone, unsigned type,
				 struct pageowner_fragmentation_type *ret);

/** A stack whose pages of one migratetype lie in blocks of another one. */
struct pageowner_fragmentation_stack {
	size_t zone;
	const char *page_type, *block_type;
	const struct pageowner_stack *stack; /**< NULL: none was saved.  Borrowed until this is freed */
	const char *caller, *module;         /**< as of struct pageowner_account_group */
	uint64_t pages;
	uint64_t blocks; /**< that have such pages */
	uint64_t alone;  /**< of them, those which have no other foreign pages */
};

/** Stacks, most pages first: 1, or 0: no more. */
int pageowner_fragmentation_stack(const struct pageowner_fragmentation *fragmentation, size_t index,
				  struct pageowner_fragmentation_stack *ret);

/** A polluted pageblock. */
struct pageowner_fragmentation_block {
	size_t zone;
	const char *type;
	uint64_t first_pfn;
	uint64_t foreign_pages, stacks; /**< different ones that the foreign pages have */
	size_t most; /**< the one of most of them: for pageowner_fragmentation_stack() */
};

/** Polluted pageblocks in PFN order, zone by zone: 1, or 0: no more. */
int pageowner_fragmentation_block(const struct pageowner_fragmentation *fragmentation, size_t index,
				  struct pageowner_fragmentation_block *ret);

#ifdef __cplusplus
}
#endif

#endif
