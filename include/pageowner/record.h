/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PAGEOWNER_RECORD_H
#define PAGEOWNER_RECORD_H

/**
 * @file
 * Records: who owns a page frame.  One iterator serves every source; what a source does not hold is
 * absent, never zero.
 */

#include <stddef.h>
#include <stdint.h>

#include <pageowner/error.h>

#ifdef __cplusplus
extern "C" {
#endif

struct pageowner_session;
struct pageowner_iter;

/** One return address of a stack. */
struct pageowner_frame {
	uint64_t address; /**< run-time address; 0 when the source holds only text */
	const char *text; /**< as the kernel prints it ("kmalloc+0x1f/0x40 [mod]"); never NULL */
};

/** A distinct stack.  Equal stacks of one iterator are the same object with the same id. */
struct pageowner_stack {
	uint32_t id;        /**< 0, 1, 2 … of one iterator */
	uint32_t handle;    /**< stack depot handle without extra bits; 0 when the source has none */
	uint32_t nr_frames; /**< 0: the kernel itself would print no frames */
	const struct pageowner_frame *frames;
};

/** Which fields of a record are there. */
enum {
	PAGEOWNER_HAS_PFN = 1 << 0,
	PAGEOWNER_HAS_ORDER = 1 << 1,
	PAGEOWNER_HAS_GFP = 1 << 2,
	PAGEOWNER_HAS_PID = 1 << 3,
	PAGEOWNER_HAS_TGID = 1 << 4,
	PAGEOWNER_HAS_COMM = 1 << 5,
	PAGEOWNER_HAS_TS = 1 << 6,
	PAGEOWNER_HAS_FREE_TS = 1 << 7,
	PAGEOWNER_HAS_HANDLE = 1 << 8,
	PAGEOWNER_HAS_STACK = 1 << 9,
	PAGEOWNER_HAS_PAGE_TYPE = 1 << 10,   /**< migratetype of the gfp mask */
	PAGEOWNER_HAS_BLOCK = 1 << 11,       /**< pageblock number */
	PAGEOWNER_HAS_BLOCK_TYPE = 1 << 12,  /**< migratetype of the pageblock; else it is -1 */
	PAGEOWNER_HAS_FLAGS = 1 << 13,       /**< page flags */
	PAGEOWNER_HAS_MIGRATE_REASON = 1 << 14, /**< the page was migrated */
	PAGEOWNER_HAS_SLAB_CHARGE = 1 << 15, /**< "Slab cache page": memcg_data is a vector of objcgs */
	PAGEOWNER_HAS_MEMCG = 1 << 16,
	PAGEOWNER_HAS_LOST_MEMCG = 1 << 17,  /**< charged, but to whom is not in the dump */
	PAGEOWNER_HAS_TAIL_FLAG = 1 << 18,   /**< its struct page is a tail of a compound page */
	/** What a kernel since 5.4 keeps of who freed the page last; only if it was asked for. */
	PAGEOWNER_HAS_FREE_HANDLE = 1 << 19, /**< 0: no stack was saved */
	PAGEOWNER_HAS_FREE_PID = 1 << 20,    /**< since 6.8, as the next */
	PAGEOWNER_HAS_FREE_TGID = 1 << 21,
	PAGEOWNER_HAS_FREE_STACK = 1 << 22,
	PAGEOWNER_HAS_SLAB_CACHE = 1 << 23,  /**< a slab page, and its cache was asked for */
	PAGEOWNER_HAS_OWNER = 1 << 24,       /**< whether its process lives is known, and was asked for */
};

#define PAGEOWNER_COMM_MAX 32

/** A record's own lines, in a source that is a text. */
struct pageowner_lines {
	const char *text;    /**< its first byte; NULL: the source is no text */
	uint32_t len;        /**< all of it, the empty line that ends it included */
	uint32_t head_len;   /**< the first line */
	uint32_t pfn_len;    /**< the line "PFN …" behind it; 0: there is none */
	uint32_t frames_at;  /**< where the stack begins */
	uint32_t frames_len; /**< its lines */
	uint32_t ts_at;      /**< digits of the time of allocation */
	uint32_t ts_len;     /**< how many; 0: there are none */
};

/**
 * A tracked allocation.
 *
 * Names are the kernel's own words, NULL when absent.  A text has names where a dump has indices; the
 * names of flags are those between the brackets, or the letters of a kernel before 4.6.
 */
struct pageowner_record {
	uint32_t have; /**< PAGEOWNER_HAS_…: the other fields are only valid if their bit is set */
	uint32_t order;
	uint64_t pfn;
	uint32_t gfp_mask;
	int32_t pid, tgid;
	uint32_t handle; /**< as stored, extra bits included */
	uint64_t ts_ns, free_ts_ns;
	char comm[PAGEOWNER_COMM_MAX]; /**< raw bytes, terminated */
	int32_t page_type, block_type; /**< indices of the kernel's migratetype_names */
	uint64_t block;
	uint64_t flags;
	int32_t migrate_reason;
	uint8_t memcg_objcg;    /**< charged via objcg */
	uint8_t memcg_offline;
	uint8_t owner_dead;     /**< the process is no more, or another has its number */
	const char *memcg;      /**< name of the memory cgroup; borrowed until the iterator is freed */
	const struct pageowner_stack *stack; /**< borrowed until the iterator is freed */
	int32_t free_pid, free_tgid;
	uint32_t free_handle;   /**< as handle */
	const char *slab_cache; /**< raw bytes of its name; borrowed until the iterator is freed */
	const struct pageowner_stack *free_stack; /**< borrowed until the iterator is freed */
	/** Borrowed until the iterator's next step, as the lines are. */
	const char *gfp_names, *flag_names;
	const char *page_type_name, *block_type_name, *migrate_reason_name;
	struct pageowner_lines lines;
};

/** What an iterator passed over, and why.  PFNs: walked = recorded + the sum of all reasons. */
enum pageowner_pass {
	PAGEOWNER_PASS_INVALID,     /**< no struct page: a hole of physical memory */
	PAGEOWNER_PASS_BUDDY,       /**< free in the buddy allocator */
	PAGEOWNER_PASS_NO_PAGE_EXT, /**< this stretch of memory has no page_ext */
	PAGEOWNER_PASS_NO_OWNER,    /**< never allocated since page_owner started */
	PAGEOWNER_PASS_FREED,       /**< the owner freed it */
	PAGEOWNER_PASS_TAIL,        /**< not the first page of its allocation */
	PAGEOWNER_PASS_NO_HANDLE,   /**< no stack was saved: the kernel does not print it */
	PAGEOWNER_PASS_MISSING_EXT, /**< its page_ext entry is not in the dump */
	PAGEOWNER_PASS_MISSING_PAGE, /**< its struct page is not in the dump */
	PAGEOWNER_PASS_MISSING_MAP, /**< the section's own description is not in the dump */
	PAGEOWNER_PASS_CORRUPT,     /**< its record contradicts itself */
	PAGEOWNER_PASS_ALLOCATED,   /**< in use, when freed pages were asked for */
	PAGEOWNER_NR_PASS,
};

/** A few words for a reason ("free in the buddy allocator").  Static storage, never NULL. */
const char *pageowner_pass_words(enum pageowner_pass why);

/** How complete the walk was so far. */
struct pageowner_coverage {
	size_t size;              /**< in: sizeof(struct pageowner_coverage) */
	uint64_t walked;          /**< PFNs stepped over; records of a text */
	uint64_t recorded;
	uint64_t passed[PAGEOWNER_NR_PASS];
	uint64_t bad_stacks;      /**< distinct stacks that are not in the dump or corrupt */
	uint64_t bad_stack_records; /**< records that have one */
	uint64_t bad_memcg_records; /**< records whose memory cgroup could not be read */
	uint64_t bad_block_records; /**< records whose pageblock's migratetype is not in the dump */
	/** Pages that were asked for: dropped by a filter because they were zero, and read as zeros. */
	uint64_t pages_zeroed;
	uint64_t pages_excluded;  /**< dropped by a filter */
	uint64_t pages_hole;      /**< outside everything that the dump covers */
	uint64_t pages_truncated; /**< past the end of a truncated file */
	uint64_t pages_ioerror;   /**< the read failed */
	uint64_t untranslated;    /**< pages of addresses that no page table in the dump maps */
	uint64_t first_missing;   /**< lowest physical address that was missing; UINT64_MAX: none */
	uint64_t last_missing;    /**< and the highest */
	/** Of the running machine: page frames that changed hands while they were read, and were read again. */
	uint64_t moved;
	uint64_t restless;        /**< those that never stood still: what is told of them may not be of one moment */
};

/** Which part of the records an iterator serves. */
struct pageowner_iter_options {
	size_t size;        /**< sizeof(struct pageowner_iter_options) */
	uint64_t first_pfn; /**< first PFN */
	uint64_t last_pfn;  /**< last PFN, included; UINT64_MAX: all */
	/**
	 * Serve page frames that are free now, by their last owner, instead of those that are allocated; every one of
	 * a block has a record of its own.  Before 5.4 a kernel kept none: PAGEOWNER_EUNSUPP.
	 */
	int freed;
	int free_stacks; /**< who freed a page last (PAGEOWNER_HAS_FREE_…), too */
	int slab_caches; /**< the caches of slab pages (PAGEOWNER_HAS_SLAB_CACHE), too; a text has none */
	int owners; /**< whether the process that allocated lives (PAGEOWNER_HAS_OWNER), too; a text does not tell */
};

/**
 * Start a walk over all records in PFN order, as the kernel's own file does it.
 *
 * @param options  NULL for everything
 * @param ret      the iterator; free it with pageowner_iter_free() before closing the session
 * @return PAGEOWNER_OK; PAGEOWNER_EINVAL, PAGEOWNER_EUNSUPP, PAGEOWNER_ENOMEM
 */
int pageowner_iter_new(struct pageowner_session *session,
		       const struct pageowner_iter_options *options, struct pageowner_iter **ret,
		       struct pageowner_error *err);
void pageowner_iter_free(struct pageowner_iter *it);

/**
 * Step to the next tracked allocation, in PFN order; in a text, in the order of the text.
 *
 * @param rec  filled when 1 is returned; its pointers are borrowed until the iterator is freed, if nothing
 *             else is said of them
 * @return 1; 0 at the end; PAGEOWNER_ECORRUPT or PAGEOWNER_ENODATA: this record only, the next call
 *         goes on after it (it is counted in the coverage); PAGEOWNER_EFORMAT: the rest of a text is
 *         none of page_owner; PAGEOWNER_ENOMEM
 */
int pageowner_iter_next(struct pageowner_iter *it, struct pageowner_record *rec,
			struct pageowner_error *err);

/** How far the walk is: PFNs stepped over, and to be stepped over in all. */
void pageowner_iter_progress(const struct pageowner_iter *it, uint64_t *done, uint64_t *all);

/** What was walked, recorded, passed over and missing until now; fills ret->size bytes. */
void pageowner_iter_coverage(const struct pageowner_iter *it, struct pageowner_coverage *ret);

#ifdef __cplusplus
}
#endif

#endif
