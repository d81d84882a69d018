/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PAGEOWNER_PROC_H
#define PAGEOWNER_PROC_H

/**
 * @file
 * The kernel's own files about memory, as it would have printed them at the moment of the dump.
 */

#include <stddef.h>
#include <stdint.h>

#include <pageowner/error.h>
#include <pageowner/report.h>

#ifdef __cplusplus
extern "C" {
#endif

struct pageowner_session;

/** Which file of /proc. */
enum pageowner_proc_file {
	PAGEOWNER_PROC_BUDDYINFO,
	PAGEOWNER_PROC_PAGETYPEINFO, /**< "mixed blocks" only where page_owner ran, as the kernel has it */
	PAGEOWNER_PROC_SLABINFO,
	PAGEOWNER_PROC_VMALLOCINFO,  /**< real addresses where the kernel prints hashes of them */
	PAGEOWNER_PROC_MEMINFO,
	PAGEOWNER_PROC_ZONEINFO,
	PAGEOWNER_PROC_VMSTAT,
	PAGEOWNER_PROC_ALLOCINFO,    /**< of a kernel that profiles allocations (6.10) */
	PAGEOWNER_PROC_OOM,          /**< "oom": the OOM killer's reports in the log, beside what the dump tells */
	PAGEOWNER_PROC_LOG,          /**< "log", no file but what syslog(2) returns: the kernel log */
	PAGEOWNER_PROC_PID_STATM,    /**< this and those that follow: of a process */
	PAGEOWNER_PROC_PID_SMAPS_ROLLUP,
	PAGEOWNER_PROC_PID_OOM_SCORE,
	PAGEOWNER_PROC_PID_OOM_SCORE_ADJ,
	PAGEOWNER_NR_PROC,
};

/** Its name, "buddyinfo"; NULL: there is no such file.  Static storage. */
const char *pageowner_proc_name(enum pageowner_proc_file file);

/** How the tags of allocinfo are put in order. */
enum pageowner_tag_order {
	PAGEOWNER_TAGS_AS_KERNEL, /**< as the kernel lists them; with top: by size */
	PAGEOWNER_TAGS_BY_SIZE,   /**< most bytes first */
	PAGEOWNER_TAGS_BY_CALLS,  /**< most allocations first */
};

/** What to write.  Zero the struct, set size, then what is needed. */
struct pageowner_proc_options {
	size_t size; /**< sizeof(struct pageowner_proc_options) */
	enum pageowner_proc_file file;
	/** Called for what could not be read, and stands in the text otherwise than the kernel would have printed it. */
	void (*flaw)(void *arg, const struct pageowner_error *err);
	void *arg;
	/**
	 * The process, in the first PID namespace, of the files of processes; negative: each that has such a file, below a
	 * line of its own ("==> 12/statm <==", as head(1) has it).
	 */
	int32_t pid;
	/** Of PAGEOWNER_PROC_ALLOCINFO alone. */
	enum pageowner_tag_order order;
	uint64_t top; /**< so many tags at most; 0: all */
	/** Of PAGEOWNER_PROC_LOG: long records whole, of which syslog(2) leaves out the last lines. */
	int whole;
};

/**
 * Write one file.
 *
 * @return PAGEOWNER_OK, also if there were flaws; PAGEOWNER_EUNSUPP: this kernel has no such file, or one that is not
 *         known; PAGEOWNER_EINVAL: there is no such process; PAGEOWNER_ENOTYPE, PAGEOWNER_ENOSYM; PAGEOWNER_EIO: the
 *         sink failed
 */
int pageowner_proc(struct pageowner_session *session, const struct pageowner_proc_options *options,
		   const struct pageowner_sink *sink, struct pageowner_error *err);

#ifdef __cplusplus
}
#endif

#endif
