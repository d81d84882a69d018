/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PAGEOWNER_SOURCE_H
#define PAGEOWNER_SOURCE_H

/**
 * @file
 * Memory that the caller supplies: a debugger's target, a test's image, a live machine.
 */

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Why a read function did not deliver everything. */
enum pageowner_read {
	PAGEOWNER_READ_OK = 0,     /**< all bytes delivered */
	PAGEOWNER_READ_EXCLUDED,   /**< a filter dropped the page from the dump */
	PAGEOWNER_READ_HOLE,       /**< there is no memory at this address */
	PAGEOWNER_READ_TRUNCATED,  /**< the file ends before the data */
	PAGEOWNER_READ_ERROR,      /**< the read failed */
};

/** The memory changes while it is read: nothing is cached, records may be torn. */
#define PAGEOWNER_SOURCE_LIVE 0x1u
/** slide is valid: the kernel was moved by so many bytes from its link address, do not search. */
#define PAGEOWNER_SOURCE_HAS_SLIDE 0x2u
/** banner is valid: the kernel's linux_banner lies there.  It is looked for there first, and proven. */
#define PAGEOWNER_SOURCE_HAS_BANNER 0x4u

/**
 * The caller's own read functions.
 *
 * The struct is copied at open; self must live until the session is closed, when release (may be NULL)
 * is called with it, also if opening fails.  The functions are called by the threads that use the session, and by
 * several at the same time only if several use it.
 */
struct pageowner_source {
	size_t size;            /**< sizeof(struct pageowner_source), for later growth */
	unsigned flags;         /**< PAGEOWNER_SOURCE_… */
	uint64_t slide;         /**< see PAGEOWNER_SOURCE_HAS_SLIDE */
	void *self;             /**< handed to every call */
	const char *name;       /**< for messages; may be NULL; copied */

	/**
	 * Read len bytes at a physical address.
	 *
	 * @param done  set to the number of bytes delivered, from the start
	 * @return an enum pageowner_read: why byte *done was not delivered
	 */
	int (*read_phys)(void *self, uint64_t paddr, void *buf, size_t len, size_t *done);

	/** The same by kernel virtual address; optional.  If given, it is used instead of page tables. */
	int (*read_virt)(void *self, uint64_t vaddr, void *buf, size_t len, size_t *done);

	/**
	 * First range of physical memory that ends above from; optional, but without it the kernel can
	 * only be found if banner, or slide and read_virt are given.
	 *
	 * @return 1 and *start, *len set; 0 when there is none
	 */
	int (*next_range)(void *self, uint64_t from, uint64_t *start, uint64_t *len);

	void (*release)(void *self); /**< optional */

	uint64_t banner;        /**< physical address; see PAGEOWNER_SOURCE_HAS_BANNER */
};

#ifdef __cplusplus
}
#endif

#endif
