/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Every thread: of processes, of the kernel, and the idle ones. */
#ifndef PO_KERNEL_THREADS_H
#define PO_KERNEL_THREADS_H

#include <stdint.h>

#include <pageowner/error.h>

#include "kernel/kernel.h"

/* What is kept of a thread; 0: it has none, or that is not known. */
struct po_thread {
	uint64_t task, stack;
	uint64_t leader;	/* the first thread of its process; 0: an idle thread, of no process */
	uint64_t mm;		/* told of the first thread of a process only */
};

typedef int po_thread_fn(void *arg, const struct po_thread *t);	/* nonzero ends the walk with that result */

/*
 * Call fn with each.  What a broken list hides is told in flaw (code OK: nothing).  ENOTYPE: types or symbols do not tell
 * where threads are.
 */
int po_threads_each(const struct po_kernel *k, struct po_memory *mem, po_thread_fn *fn, void *arg,
		    struct pageowner_error *flaw, struct pageowner_error *err);

/* THREAD_SIZE, the bytes of a kernel stack; 0: not known. */
uint64_t po_thread_size(const struct po_kernel *k);

#endif
