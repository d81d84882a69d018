/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/threads.h"

#include <inttypes.h>

#include "base/status.h"
#include "kernel/list.h"
#include "kernel/percpu.h"

#define MAX_THREADS	(4u << 20)	/* PID_MAX_LIMIT */
#define MAX_THREAD_SIZE	(1u << 20)

struct walk {
	const struct po_kernel *k;
	struct po_memory *mem;
	po_thread_fn *fn;
	void *arg;
	struct pageowner_error *flaw;
	unsigned left;		/* of MAX_THREADS */
};

static void tell(struct walk *w, const struct pageowner_error *why, const char *list)
{
	if (w->flaw->code != PAGEOWNER_OK)
		return;
	*w->flaw = *why;
	(void)po_within(w->flaw, why->code, "%s", list);
}

static int take(struct walk *w, uint64_t task, uint64_t leader)
{
	const struct po_layout *l = &w->k->l;
	struct po_thread t = { .task = task, .leader = leader };
	struct pageowner_error why;

	if (po_memory_read_ptr(w->mem, task + PO_OFFSET(l, task_struct, stack), &t.stack, &why) < 0)
		tell(w, &why, "thread");
	if (task == leader && PO_HAS(l, task_struct, mm) &&
	    po_memory_read_ptr(w->mem, task + PO_OFFSET(l, task_struct, mm), &t.mm, &why) < 0)
		tell(w, &why, "thread");
	return w->fn(w->arg, &t);
}

/* The threads of a process, the first one too: a list that its signal_struct heads, since 3.14. */
static int take_process(struct walk *w, uint64_t leader)
{
	const struct po_layout *l = &w->k->l;
	struct pageowner_error why = { .code = PAGEOWNER_ECORRUPT };
	uint64_t signal, at;
	int rc = take(w, leader, leader), got;

	if (rc || !PO_HAS(l, signal_struct, thread_head) || !PO_HAS(l, task_struct, thread_node) ||
	    !PO_HAS(l, task_struct, signal))
		return rc;
	if (po_memory_read_ptr(w->mem, leader + PO_OFFSET(l, task_struct, signal), &signal, &why) < 0 || !signal)
		return PAGEOWNER_OK;	/* it is ending */
	struct po_list list = po_list_of(w->mem, signal + PO_OFFSET(l, signal_struct, thread_head), MAX_THREADS);
	while (!rc && (got = po_list_next(&list, &at, &why)) != 0) {
		if (got < 0 || w->left-- == 0) {
			tell(w, &why, "threads of a process");
			return PAGEOWNER_OK;
		}
		at -= PO_OFFSET(l, task_struct, thread_node);
		if (at != leader)
			rc = take(w, at, leader);
	}
	return rc;
}

/* Those of the other processors are in no list.  That of the first one is init_task. */
static int take_idle(struct walk *w)
{
	unsigned cpus = PO_HAS_SYM(&w->k->l, idle_threads) ? po_cpus_max(w->k, w->mem) : 0;
	uint64_t task, at, first = PO_SYM(&w->k->l, init_task);
	struct pageowner_error why;
	int rc = 0;

	for (unsigned i = 0; i < cpus && !rc; i++) {
		if (!po_cpu_is_possible(w->k, w->mem, i))
			continue;
		if (po_percpu_variable(w->k, w->mem, PO_S_idle_threads, i, &at, &why) < 0 ||
		    po_memory_read_ptr(w->mem, at, &task, &why) < 0)
			tell(w, &why, "idle threads");
		else if (task && task != first)
			rc = take(w, task, 0);
	}
	return rc;
}

int po_threads_each(const struct po_kernel *k, struct po_memory *mem, po_thread_fn *fn, void *arg,
		    struct pageowner_error *flaw, struct pageowner_error *err)
{
	const struct po_layout *l = &k->l;
	struct walk w = { .k = k, .mem = mem, .fn = fn, .arg = arg, .flaw = flaw, .left = MAX_THREADS };
	uint64_t first = PO_SYM(l, init_task), at;
	struct pageowner_error why = { .code = PAGEOWNER_OK };

	*flaw = why;
	if (!first || !PO_HAS(l, task_struct, tasks) || !PO_HAS(l, task_struct, stack))
		return po_fail(err, PAGEOWNER_ENOTYPE, "threads: neither init_task nor its list is known");
	struct po_list list = po_list_of(mem, first + PO_OFFSET(l, task_struct, tasks), MAX_THREADS);
	int rc = take(&w, first, first), got = 1;
	while (!rc && (got = po_list_next(&list, &at, &why)) == 1)
		rc = take_process(&w, at - PO_OFFSET(l, task_struct, tasks));
	if (got < 0)
		tell(&w, &why, "processes");
	return rc ? rc : take_idle(&w);
}

/* The room that the linker left for the first thread's. */
uint64_t po_thread_size(const struct po_kernel *k)
{
	const struct po_layout *l = &k->l;
	uint64_t size = l->symbol[PO_S_init_thread_union].size;

	if (PO_HAS_SYM(l, __start_init_stack) && PO_HAS_SYM(l, __end_init_stack))
		size = PO_SYM(l, __end_init_stack) - PO_SYM(l, __start_init_stack);
	else if (PO_HAS_SYM(l, __start_init_task) && PO_HAS_SYM(l, __end_init_task))
		size = PO_SYM(l, __end_init_task) - PO_SYM(l, __start_init_task);
	return size <= MAX_THREAD_SIZE ? size : 0;
}
