/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PAGEOWNER_ACCOUNT_H
#define PAGEOWNER_ACCOUNT_H

/**
 * @file
 * Where the memory went: each page frame of RAM in exactly one row.
 */

#include <stddef.h>
#include <stdint.h>

#include <pageowner/error.h>

#ifdef __cplusplus
extern "C" {
#endif

struct pageowner_session;
struct pageowner_account;

/** What a page frame is used for.  The values are part of the ABI. */
enum pageowner_row {
	PAGEOWNER_ROW_FREE,          /**< free in the buddy allocator */
	PAGEOWNER_ROW_FREE_PCP,      /**< free, kept at hand by a processor */
	PAGEOWNER_ROW_IMAGE,         /**< the kernel itself */
	PAGEOWNER_ROW_MEMMAP,        /**< struct pages */
	PAGEOWNER_ROW_PAGE_EXT,      /**< page_ext */
	PAGEOWNER_ROW_RESERVED,      /**< never given to the page allocator, for another reason */
	PAGEOWNER_ROW_PERCPU,        /**< per-CPU memory */
	PAGEOWNER_ROW_STACKS,        /**< kernel stacks */
	PAGEOWNER_ROW_PAGE_TABLES,   /**< page tables that the kernel counts */
	PAGEOWNER_ROW_OTHER_TABLES,  /**< page tables that it does not count: its own, and upper levels */
	PAGEOWNER_ROW_SLAB_RECLAIMABLE,
	PAGEOWNER_ROW_SLAB_UNRECLAIMABLE,
	PAGEOWNER_ROW_LARGE_KMALLOC, /**< kmalloc() of more than a slab holds, where pages are marked so */
	PAGEOWNER_ROW_VMALLOC,       /**< vmalloc(), modules among it; but stacks and per-CPU memory */
	PAGEOWNER_ROW_ANON,          /**< anonymous memory of processes */
	PAGEOWNER_ROW_SWAP_CACHE,    /**< anonymous or shared memory that is in the swap, too */
	PAGEOWNER_ROW_SHMEM,         /**< shared memory, tmpfs */
	PAGEOWNER_ROW_FILE,          /**< page cache of files */
	PAGEOWNER_ROW_BUFFERS,       /**< page cache of block devices */
	PAGEOWNER_ROW_HUGETLB,       /**< huge pages of hugetlbfs, used or not */
	PAGEOWNER_ROW_HUGE_ZERO,     /**< the huge page of zeros that processes share */
	PAGEOWNER_ROW_ZSMALLOC,      /**< compressed memory: zram, zswap */
	PAGEOWNER_ROW_NETWORK,       /**< page pools of network drivers, where pages are marked so */
	PAGEOWNER_ROW_CMA,           /**< handed out by the contiguous memory allocator */
	PAGEOWNER_ROW_DMA_BUF,       /**< shared between devices: dma-buf heaps, ION; only owners' stacks tell */
	PAGEOWNER_ROW_OFFLINE,       /**< balloon, and memory that a hypervisor keeps */
	PAGEOWNER_ROW_GUARD,         /**< guard pages of debug_pagealloc */
	PAGEOWNER_ROW_UNACCEPTED,    /**< not yet accepted from the hypervisor */
	PAGEOWNER_ROW_HWPOISON,      /**< taken out of use after a memory error */
	PAGEOWNER_ROW_UNACCOUNTED,   /**< allocated, and no counter tells for what: the black hole */
	PAGEOWNER_ROW_MISSING,       /**< its struct page is not in the dump, or where it is is not known */
	PAGEOWNER_NR_ROWS,
};

/** What can be said of pages in any row. */
enum pageowner_attribute {
	PAGEOWNER_ATTRIBUTE_DIRTY,     /**< of files and block devices: not written back yet */
	PAGEOWNER_ATTRIBUTE_WRITEBACK, /**< being written back */
	PAGEOWNER_ATTRIBUTE_MLOCKED,
	PAGEOWNER_ATTRIBUTE_KSM,       /**< merged with others of the same contents */
	PAGEOWNER_ATTRIBUTE_HUGE,      /**< in transparent huge pages of anonymous memory */
	PAGEOWNER_ATTRIBUTE_CMA,       /**< in an area of the contiguous memory allocator, and in use */
	PAGEOWNER_ATTRIBUTE_HIGHMEM,
	PAGEOWNER_NR_ATTRIBUTES,
};

/** What to find out.  Zero the struct, set size, then what is needed. */
struct pageowner_account_options {
	size_t size;            /**< sizeof(struct pageowner_account_options) */
	enum pageowner_row of;  /**< the row whose owners are wanted */
	/**
	 * Also what takes longer: whether free pages have an owner, and the kernel's own counts of stacks (since 6.9)
	 * against the records.
	 */
	int check;
	/**
	 * Called every now and then; may be NULL.
	 * @return 0, or anything else to end with PAGEOWNER_ESTOPPED
	 */
	int (*progress)(void *arg, uint64_t done, uint64_t all);
	void *arg;
};

/**
 * Put every page frame of RAM in its row.  Needs no page_owner (open with without_owner); where it ran, the pages of one
 * row are also counted by their owners.
 *
 * @param options  NULL: the owners of PAGEOWNER_ROW_UNACCOUNTED
 * @param ret      free it with pageowner_account_free() before closing the session
 * @return PAGEOWNER_OK, also if something could not be read: see pageowner_account_flaw(); PAGEOWNER_ENOTYPE: not even
 *         the size of RAM is known; PAGEOWNER_ESTOPPED; PAGEOWNER_ENOMEM
 */
int pageowner_account_new(struct pageowner_session *session, const struct pageowner_account_options *options,
			  struct pageowner_account **ret, struct pageowner_error *err);
void pageowner_account_free(struct pageowner_account *account);

/** What could not be read, one line each; NULL: no more. */
const char *pageowner_account_flaw(const struct pageowner_account *account, size_t index);

/** A row and the kernel's own counter of the same. */
struct pageowner_account_line {
	const char *key;     /**< "slab-unreclaimable": for people to type */
	const char *title;   /**< "slab, unreclaimable" */
	uint64_t pages;
	const char *counter; /**< "SUnreclaim - large kmalloc", or NULL: the kernel has none */
	int64_t counter_pages;
};

/** @return 1, or 0: there is no such row */
int pageowner_account_line(const struct pageowner_account *account, enum pageowner_row row,
			   struct pageowner_account_line *ret);
/** The row of a key; -1: there is none.  Keys are listed by pageowner_account_key(). */
int pageowner_account_row(const char *key);
/** The key of a row; NULL: there is none.  Static storage. */
const char *pageowner_account_key(enum pageowner_row row);

/** An attribute across rows, and the kernel's counter; 1, or 0: there is no such attribute. */
int pageowner_account_attribute(const struct pageowner_account *account, enum pageowner_attribute attribute,
				struct pageowner_account_line *ret);

/** How a page's owner and its struct page disagree.  Corruption shows here first. */
enum pageowner_disagreement {
	PAGEOWNER_FREE_IN_ALLOCATION, /**< free, in the middle of an allocation that has an owner */
	PAGEOWNER_PCP_OWNED,          /**< free at hand of a CPU, with an owner */
	PAGEOWNER_USED_UNOWNED,       /**< in use, not reserved, and never had an owner or was freed by it */
	PAGEOWNER_USED_UNREFERENCED,  /**< in use, and its count of references is 0 */
	PAGEOWNER_USED_OVERMAPPED,    /**< mapped by processes more often than it is referred to */
	PAGEOWNER_RESERVED_OWNED,     /**< kept out of the page allocator, with an owner */
	PAGEOWNER_FREE_OWNED,         /**< free, and its own record says it is allocated; only if check was set */
	PAGEOWNER_NR_DISAGREEMENTS,
};

/** What the rows add up to. */
struct pageowner_account_totals {
	size_t size;           /**< in: sizeof(struct pageowner_account_totals) */
	uint64_t page_size;
	uint64_t ram;          /**< pages: present in all zones.  All rows add up to it */
	uint64_t system_ram;   /**< pages of "System RAM" in the resource tree; 0: not known */
	uint64_t kept;         /**< pages that the page allocator was never given, counted by their flag */
	uint64_t kept_counter; /**< the same by the zones' counts */
	uint64_t owned;        /**< pages that have a record of page_owner, in all rows */
	uint64_t nameless;     /**< pages that neither a counter nor a stack names */
	uint64_t disagree[PAGEOWNER_NR_DISAGREEMENTS]; /**< pages, those that are not kept one by one included */
	int has_owners;        /**< page_owner ran: the owners of one row are known */
	enum pageowner_row of; /**< which one */
	int has_counts;        /**< check was set, and the kernel counts the pages of each stack */
	uint64_t counts;       /**< stacks whose counts were compared with the records, those that differ included */
};

/** Fills ret->size bytes. */
void pageowner_account_totals(const struct pageowner_account *account, struct pageowner_account_totals *ret);

/** An area of the contiguous memory allocator. */
struct pageowner_account_cma {
	const char *name;
	uint64_t first_pfn, pages;
	uint64_t used;        /**< handed out */
	uint64_t lent;        /**< in use by movable pages, which leave when they must */
	uint64_t largest_gap; /**< pages in a row that are not handed out */
};

/** Something that has pages of a row: a slab cache, a caller of vmalloc(), a name for reserved memory. */
struct pageowner_account_part {
	const char *name;
	uint64_t pages;
	uint64_t number; /**< areas of vmalloc(); of a slab cache 1: reclaimable */
};

/** One by one, the largest first: 1, or 0: no more.  Pointers are borrowed until the account is freed. */
int pageowner_account_cma(const struct pageowner_account *account, size_t index, struct pageowner_account_cma *ret);
int pageowner_account_cache(const struct pageowner_account *account, size_t index,
			    struct pageowner_account_part *ret);
int pageowner_account_vmalloc(const struct pageowner_account *account, size_t index,
			      struct pageowner_account_part *ret);
int pageowner_account_reserved(const struct pageowner_account *account, size_t index,
			       struct pageowner_account_part *ret);

/** A few words for it.  Static storage, never NULL. */
const char *pageowner_disagreement_words(enum pageowner_disagreement what);

/** Page frames in a row that disagree in the same way. */
struct pageowner_account_disagreement {
	enum pageowner_disagreement what;
	uint64_t pfn, pages;
	enum pageowner_row row; /**< of the first one */
};

/**
 * The disagreements, in PFN order; only the first ones are kept one by one.
 *
 * @return 1, or 0: no more
 */
int pageowner_account_disagreement(const struct pageowner_account *account, size_t index,
				   struct pageowner_account_disagreement *ret);

/** A stack of which the kernel counts other pages than the records have. */
struct pageowner_account_count {
	const struct pageowner_stack *stack;
	uint32_t handle;      /**< of the stack depot, without extra bits */
	uint64_t pages;       /**< of all records */
	int64_t kernel_pages; /**< by the kernel's own count */
};

/**
 * Those that differ, the largest difference first; none if check was not set.
 *
 * @return 1, or 0: no more
 */
int pageowner_account_count(const struct pageowner_account *account, size_t index,
			    struct pageowner_account_count *ret);

/** What the owners of a row are put together by. */
enum pageowner_grouping {
	PAGEOWNER_BY_STACK,
	PAGEOWNER_BY_CALLER,  /**< the first function that is no allocator's */
	PAGEOWNER_BY_MODULE,
	PAGEOWNER_BY_PROCESS,
	PAGEOWNER_BY_AGE,     /**< youngest first */
	PAGEOWNER_NR_GROUPINGS,
};

/** Owners that have something in common. */
struct pageowner_account_group {
	const char *name;    /**< caller, module ("" is the kernel itself), "comm [pid]", age; of a stack its caller */
	const char *module;  /**< of a stack or caller; "": none */
	const char *process; /**< of a stack: the one that has most of its pages */
	const struct pageowner_stack *stack; /**< of a stack; NULL: pages without a record */
	uint64_t pages, records;
	uint64_t processes;  /**< different ones */
	int has_age;
	uint64_t oldest_ns, newest_ns; /**< ages: how long before the latest allocation of all */
};

/** The groups, one by one, the largest first (ages: the youngest): 1, or 0: no more. */
int pageowner_account_group(const struct pageowner_account *account, enum pageowner_grouping by, size_t index,
			    struct pageowner_account_group *ret);

/** Pages of a CMA area. */
enum pageowner_cma_pages {
	PAGEOWNER_CMA_USED, /**< handed out */
	PAGEOWNER_CMA_LENT, /**< in use by movable pages */
};

/** The same of one CMA area (its index as of pageowner_account_cma()), whatever row is asked for. */
int pageowner_account_cma_group(const struct pageowner_account *account, size_t area, enum pageowner_cma_pages which,
				enum pageowner_grouping by, size_t index, struct pageowner_account_group *ret);

#ifdef __cplusplus
}
#endif

#endif
