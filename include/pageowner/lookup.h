/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PAGEOWNER_LOOKUP_H
#define PAGEOWNER_LOOKUP_H

/**
 * @file
 * A single page frame: found by any of its names, and all that is known of it.
 */

#include <stddef.h>
#include <stdint.h>

#include <pageowner/error.h>
#include <pageowner/record.h>
#include <pageowner/report.h>

#ifdef __cplusplus
extern "C" {
#endif

struct pageowner_lookup;

/** What a number names. */
enum pageowner_target_kind {
	/**
	 * To be told by the number: a PFN, if the machine has so many page frames; an address of a struct page; another
	 * kernel address; else a physical address.
	 */
	PAGEOWNER_TARGET_ANY,
	PAGEOWNER_TARGET_PFN,
	PAGEOWNER_TARGET_PHYS, /**< physical address */
	PAGEOWNER_TARGET_PAGE, /**< kernel address of a struct page */
	PAGEOWNER_TARGET_VIRT, /**< kernel address: direct map, vmalloc, module, stack, … */
	PAGEOWNER_TARGET_USER, /**< address of a process */
};

/** A page frame by one of its names. */
struct pageowner_target {
	enum pageowner_target_kind kind;
	uint64_t value;
	int32_t pid; /**< of PAGEOWNER_TARGET_USER */
};

/**
 * Read a target as people write it: a number (decimal, or hexadecimal after 0x), "pfn:N", "phys:N", "page:N",
 * "virt:N", or "PID:N".
 *
 * @return 1; 0: it has no such form; PAGEOWNER_EINVAL: it begins so, but its number is none
 */
int pageowner_target_parse(const char *text, struct pageowner_target *ret, struct pageowner_error *err);

/** What a page frame is in. */
enum pageowner_page_state {
	PAGEOWNER_PAGE_NONE,      /**< no struct page describes it */
	PAGEOWNER_PAGE_BUDDY,     /**< free in the buddy allocator */
	PAGEOWNER_PAGE_ALLOCATED,
	PAGEOWNER_PAGE_FREED,     /**< its owner freed it; not in the buddy allocator */
	PAGEOWNER_PAGE_RESERVED,  /**< not the page allocator's (and no owner is recorded) */
	PAGEOWNER_PAGE_UNTRACKED, /**< in none of these, and no owner is recorded */
	PAGEOWNER_PAGE_MISSING,   /**< what would tell is not in the dump */
	PAGEOWNER_NR_PAGE_STATES,
};

/** A few words for a state.  Static storage, never NULL. */
const char *pageowner_page_state_words(enum pageowner_page_state state);

/** What page_owner itself says of it. */
enum pageowner_owned {
	PAGEOWNER_OWNED_UNKNOWN, /**< no struct page, or not in the dump */
	PAGEOWNER_OWNED_NO_EXT,  /**< this stretch of memory has no page_ext */
	PAGEOWNER_OWNED_NEVER,   /**< never set, or (before 5.4) freed */
	PAGEOWNER_OWNED_FREED,   /**< the record is that of the last owner */
	PAGEOWNER_OWNED_NOW,
};

/** Which fields of a page frame are there. */
enum {
	PAGEOWNER_PAGE_HAS_FLAGS = 1 << 0,  /**< and the address of its struct page */
	PAGEOWNER_PAGE_HAS_HEAD = 1 << 1,   /**< it is a tail of a compound page */
	PAGEOWNER_PAGE_HAS_HEAD_FLAGS = 1 << 2,
	PAGEOWNER_PAGE_HAS_BUDDY = 1 << 3,  /**< the free block that holds it */
	PAGEOWNER_PAGE_HAS_SLAB = 1 << 4,   /**< it belongs to a slab cache */
	PAGEOWNER_PAGE_HAS_RECORD = 1 << 5,
	PAGEOWNER_PAGE_HAS_TAG = 1 << 6,    /**< allocation profiling (6.10) knows who allocated it */
};

#define PAGEOWNER_CACHE_NAME_MAX 128
#define PAGEOWNER_TAG_MAX 1024

/** All that is known of a page frame. */
struct pageowner_page {
	uint32_t have; /**< PAGEOWNER_PAGE_HAS_… */
	enum pageowner_page_state state;
	enum pageowner_owned owned;
	uint64_t pfn, paddr;
	uint64_t struct_page; /**< its address; 0: none */
	uint64_t flags;
	uint64_t head_pfn, head_flags;
	uint64_t buddy_pfn;
	uint32_t buddy_order;
	char slab_cache[PAGEOWNER_CACHE_NAME_MAX]; /**< raw bytes, terminated */
	char tag[PAGEOWNER_TAG_MAX]; /**< as /proc/allocinfo has it, "mm/slub.c:1904 func:alloc_slab_page" */
	/**
	 * The owner's record, with what is kept of the release.  Its pfn is another one if the kernel keeps records of
	 * the first page of an allocation alone (before 5.4).
	 */
	struct pageowner_record record;
};

/**
 * Prepare to look up page frames.
 *
 * @param ret  free it with pageowner_lookup_free() before closing the session
 * @return PAGEOWNER_OK, and err's code tells whether there is something to be said (the kernel has words for
 *         dump_page() that are not understood: plain ones stand in their place); PAGEOWNER_EINVAL: not of a dump;
 *         PAGEOWNER_ENOMEM
 */
int pageowner_lookup_new(struct pageowner_session *session, struct pageowner_lookup **ret,
			 struct pageowner_error *err);
void pageowner_lookup_free(struct pageowner_lookup *lk);

/**
 * Find the page frame that a target names.
 *
 * @return PAGEOWNER_OK; PAGEOWNER_EINVAL: there is no such page frame, process or struct page; PAGEOWNER_ENODATA: no
 *         page table maps the address, or what leads to it is not in the dump; PAGEOWNER_ENOTYPE; PAGEOWNER_EUNSUPP
 */
int pageowner_lookup_find(struct pageowner_lookup *lk, const struct pageowner_target *target, uint64_t *ret_pfn,
			  struct pageowner_error *err);

/**
 * Get what is known of a page frame.
 *
 * @param ret  its pointers are borrowed until the lookup is freed
 * @return PAGEOWNER_OK, and err's code tells whether something was missing or corrupt (once for each stack);
 *         PAGEOWNER_ENOMEM
 */
int pageowner_lookup_page(struct pageowner_lookup *lk, uint64_t pfn, struct pageowner_page *ret,
			  struct pageowner_error *err);

/**
 * Write it: what was asked for and where it is, state, flags, head, slab cache, a line each; then the owner in the words
 * of the kernel's dump_page(); and an empty line.
 *
 * @param title  what was asked for
 * @return PAGEOWNER_OK; PAGEOWNER_EIO: the sink failed; PAGEOWNER_ENOMEM
 */
int pageowner_lookup_write(struct pageowner_lookup *lk, const char *title, const struct pageowner_page *page,
			   const struct pageowner_sink *sink, struct pageowner_error *err);

#ifdef __cplusplus
}
#endif

#endif
