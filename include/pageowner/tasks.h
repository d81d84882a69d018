/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PAGEOWNER_TASKS_H
#define PAGEOWNER_TASKS_H

/**
 * @file
 * Processes and their memory, and pages whose owners are no more.
 */

#include <stddef.h>
#include <stdint.h>

#include <pageowner/error.h>
#include <pageowner/filter.h>
#include <pageowner/record.h>

#ifdef __cplusplus
extern "C" {
#endif

struct pageowner_session;
struct pageowner_tasks;

/** Which numbers of a process are known. */
enum {
	PAGEOWNER_TASK_HAS_MM = 1 << 0,     /**< it has memory of its own, and its counters could be read */
	PAGEOWNER_TASK_HAS_WALK = 1 << 1,   /**< its page tables were walked: pss, uss, swap_pss */
	PAGEOWNER_TASK_HAS_SCORE = 1 << 2,  /**< badness and oom_score */
	PAGEOWNER_TASK_HAS_STACK = 1 << 3,  /**< kernel_stack */
	PAGEOWNER_TASK_HAS_MEMCG = 1 << 4,  /**< memcg */
	PAGEOWNER_TASK_HAS_PAGES = 1 << 5,  /**< pages: page_owner ran, and told processes */
};

/** A process.  Sizes are in bytes. */
struct pageowner_task {
	uint32_t have; /**< PAGEOWNER_TASK_HAS_… */
	int32_t pid, ppid;
	char comm[PAGEOWNER_COMM_MAX]; /**< raw bytes, terminated */
	char state;                    /**< as in /proc/PID/stat */
	int is_kernel;                 /**< a thread of the kernel */
	uint32_t nr_threads;
	int32_t oom_score_adj;
	uint64_t start_ns;             /**< since the start of the machine; 0: not known */
	uint64_t vss;
	uint64_t rss_file, rss_anon, rss_shmem; /**< as /proc/PID/statm has them */
	uint64_t swap;
	uint64_t page_tables, kernel_stack;
	uint64_t pss, uss, swap_pss;   /**< as smaps_rollup has them; uss: Private_Clean and Private_Dirty */
	int64_t badness;               /**< what oom_badness() would return, in pages; 0 with oom_score 0: not eligible */
	uint64_t oom_score;            /**< as in /proc/PID/oom_score */
	uint64_t pages;                /**< page frames that it allocated and that are in use, by page_owner */
	const char *memcg;             /**< path of its memory cgroup; borrowed until the tasks are freed */
};

/** What to tell.  Zero the struct, set size, then what is needed. */
struct pageowner_tasks_options {
	size_t size;      /**< sizeof(struct pageowner_tasks_options) */
	const char *sort; /**< keys of processes (PAGEOWNER_KEY_TASK), "-pss,+pid"; NULL: "-rss,+pid" */
	/** Processes and records that meet all of them; keys of processes that can be filtered by. */
	const char *const *filters;
	size_t nr_filters;
	/** Called for what could not be read; may be NULL. */
	void (*flaw)(void *arg, const struct pageowner_error *err);
	void *arg;
};

/**
 * Read all processes, walk their page tables, and all records of page_owner, if there are any.
 *
 * @param ret  to be freed with pageowner_tasks_free() before the session is closed
 * @return PAGEOWNER_OK, also if there were flaws; PAGEOWNER_EINVAL: a key makes no sense, or the source is a text;
 *         PAGEOWNER_ENOTYPE: types or symbols do not tell where processes are; PAGEOWNER_ENOMEM
 */
int pageowner_tasks_new(struct pageowner_session *session, const struct pageowner_tasks_options *options,
			struct pageowner_tasks **ret, struct pageowner_error *err);
void pageowner_tasks_free(struct pageowner_tasks *tasks);

/**
 * The processes in their order.
 *
 * @param index  0, 1, 2 …
 * @return 1; 0 when there are no more
 */
int pageowner_tasks_at(const struct pageowner_tasks *tasks, size_t index, struct pageowner_task *ret);

/** Whose pages outlived them. */
enum pageowner_gone {
	PAGEOWNER_GONE_PROCESSES, /**< allocated by a process that is no more, or whose number another has now */
	PAGEOWNER_GONE_MEMCGS,    /**< charged to a memory cgroup that is offline */
	PAGEOWNER_NR_GONE,
};

/** Pages that outlived an owner. */
struct pageowner_orphans {
	uint64_t records, pages;
	int32_t pid;       /**< of the process; -1: not recorded, or of a memory cgroup */
	const char *name;  /**< of the process or the memory cgroup, raw bytes; borrowed until the tasks are freed */
};

/**
 * They, by owner, most pages first.
 *
 * @return 1; 0 when there are no more; PAGEOWNER_ENODATA: this kernel does not tell
 */
int pageowner_tasks_orphans(const struct pageowner_tasks *tasks, enum pageowner_gone of, size_t index,
			    struct pageowner_orphans *ret);

#ifdef __cplusplus
}
#endif

#endif
