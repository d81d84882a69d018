/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Processes: what their task_structs and mm_structs tell, as /proc/PID/{stat,statm,oom_score} does. */
#ifndef PO_KERNEL_PROCESS_H
#define PO_KERNEL_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pageowner/error.h>

#include "kernel/kernel.h"
#include "symbols/symbols.h"

#define PO_COMM_MAX	32
#define PO_MEMCG_PATH	4096

struct po_process {
	uint64_t task;		/* of its first thread */
	uint64_t mm;		/* the first thread's; 0: it has none, or only borrows one (threads of the kernel) */
	uint64_t any_mm;	/* find_lock_task_mm(): that of the first of its threads that has one */
	int32_t pid, ppid;	/* in the first PID namespace */
	char comm[PO_COMM_MAX];
	char state;		/* as the kernel has it in stat; '?': not known */
	bool is_kernel;
	int32_t oom_score_adj;
	uint32_t nr_threads;	/* that were found */
	uint64_t start_ns;	/* since the start of the machine; 0: not known */
};

/*
 * All of them, by the list of tasks, to be freed.  What a broken list hides, or is not known, is told in flaw (code OK:
 * nothing).  ENOTYPE: types or symbols do not tell where processes are.
 */
int po_processes_open(const struct po_kernel *k, struct po_memory *mem, struct po_process **ret, size_t *ret_nr,
		      struct pageowner_error *flaw, struct pageowner_error *err);

/* Threads by their number, for who asks whether one lives. */
struct po_living {
	struct po_living_thread {
		int32_t pid;
		uint64_t start_ns;	/* 0: not known */
	} *thread;			/* ascending */
	size_t nr;
	bool complete;			/* who is not among them is dead */
};

int po_living_open(const struct po_kernel *k, struct po_memory *mem, struct po_living *ret, struct pageowner_error *flaw,
		   struct pageowner_error *err);
void po_living_fini(struct po_living *l);
/*
 * Whether the thread of that number that lived at a time (ns since the start; UINT64_MAX: not known) still does: 1, or 0;
 * a later one may have its number.  -1: that is not known.
 */
int po_living_has(const struct po_living *l, int32_t pid, uint64_t at_ns);

enum po_rss { PO_RSS_FILE, PO_RSS_ANON, PO_RSS_SHMEM, PO_NR_RSS };

/* What an mm_struct counts, in pages but for the page tables. */
struct po_mm {
	uint64_t total, text, data;
	uint64_t rss[PO_NR_RSS], swap;
	uint64_t table_bytes;
};

/*
 * Which of the kernel's readers adds up what the processors hold back, where its counters are per-CPU (6.2): commit
 * 82241a83cd15 (6.16, and stable releases) changed one, a later one the other.  Both are told by whom they call.
 */
struct po_mm_readers {
	bool statm_sums, badness_sums;
};

void po_mm_readers(const struct po_kernel *k, struct po_memory *mem, const struct po_symbols *symbols,
		   struct po_mm_readers *ret);
/* sum: with what processors hold back.  ENOTYPE: members are missing. */
int po_mm_read(const struct po_kernel *k, struct po_memory *mem, uint64_t mm, bool sum, struct po_mm *ret,
	       struct pageowner_error *err);

/* totalram_pages() + total_swap_pages */
int po_total_pages(const struct po_kernel *k, struct po_memory *mem, uint64_t *ret, struct pageowner_error *err);

/*
 * oom_badness() of the kernels since 4.17, in pages: 1; 0: the OOM killer would not take it.  *ret_score is what
 * /proc/PID/oom_score has.
 */
int po_process_badness(const struct po_kernel *k, struct po_memory *mem, const struct po_process *p, bool sum,
		       int64_t *ret, uint64_t *ret_score, struct pageowner_error *err);

/* The path of its memory cgroup: 1; 0: this kernel has none. */
int po_process_memcg(const struct po_kernel *k, struct po_memory *mem, const struct po_process *p,
		     char ret[PO_MEMCG_PATH], struct pageowner_error *err);

#endif
