/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PAGEOWNER_STACKS_H
#define PAGEOWNER_STACKS_H

/**
 * @file
 * Stacks and the pages they own, as the files of /sys/kernel/debug/page_owner_stacks/ print them.
 */

#include <stddef.h>
#include <stdint.h>

#include <pageowner/error.h>
#include <pageowner/filter.h>
#include <pageowner/record.h>
#include <pageowner/report.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Which file. */
enum pageowner_stacks_file {
	PAGEOWNER_SHOW_STACKS,         /**< show_stacks: frames and pages (kernels since 6.9) */
	PAGEOWNER_SHOW_HANDLES,        /**< show_handles: handle and pages (since 6.19) */
	PAGEOWNER_SHOW_STACKS_HANDLES, /**< show_stacks_handles: frames and handle, of every stack (since 6.19) */
};

/** What to write.  Zero the struct, set size, then what is needed. */
struct pageowner_stacks_options {
	size_t size; /**< sizeof(struct pageowner_stacks_options) */
	enum pageowner_stacks_file file;
	/**
	 * Sum the records instead of taking the kernel's own counts, and where a kernel that counts has another number,
	 * print that too ("kernel's own count: N").  Always so for a kernel that keeps no counts (before 6.9).
	 */
	int recount;
	int has_threshold;  /**< 0: the threshold that stands in the dump */
	/**
	 * Sum the records that meet it, whoever counts; the kernel's own counts, and the threshold that stands in the dump,
	 * are of all records and play no part.  NULL: all.
	 */
	const struct pageowner_filter *filter;
	int human;          /**< write the size behind the pages, "64 KiB" */
	unsigned page_size; /**< in bytes, of a text alone, which does not tell it; 0: 4096 */
	uint64_t top;       /**< so many stacks at most, those with the most pages, most first; 0: all */
	uint64_t threshold; /**< stacks with fewer pages are left out; not of show_stacks_handles */
	/** As in struct pageowner_report_options; progress only while records are summed. */
	int (*progress)(void *arg, uint64_t done, uint64_t all);
	void (*flaw)(void *arg, const struct pageowner_error *err);
	void *arg;
};

/** Whether the kernel in the dump keeps counts itself (1), or records have to be summed (0). */
int pageowner_counts_stacks(const struct pageowner_session *session);

/**
 * Write the stacks, in the order in which the kernel prints them: the newest first.  Sums of records come with the most
 * pages first, then by handle; pages that were allocated before page_owner started are not counted, as the kernel does
 * not count them.
 *
 * @param cov  NULL, or size set: filled with the coverage of the walk if records were summed
 * @return PAGEOWNER_OK, also if stacks were left out (told to flaw); PAGEOWNER_EIO: the sink failed;
 *         PAGEOWNER_ESTOPPED; PAGEOWNER_ENODATA, PAGEOWNER_ECORRUPT: the list ends early, what came before is written
 */
int pageowner_stacks(struct pageowner_session *session, const struct pageowner_stacks_options *options,
		     const struct pageowner_sink *sink, struct pageowner_coverage *cov,
		     struct pageowner_error *err);

#ifdef __cplusplus
}
#endif

#endif
