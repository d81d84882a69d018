/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/process.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/grow.h"
#include "base/status.h"
#include "kernel/calls.h"
#include "kernel/memcg.h"
#include "kernel/percpu.h"
#include "kernel/threads.h"

#define PF_KTHREAD		0x00200000u
#define TASK_UNINTERRUPTIBLE	0x2u
#define TASK_NOLOAD		0x400u
#define TASK_IDLE		(TASK_UNINTERRUPTIBLE | TASK_NOLOAD)
#define TASK_REPORT		0x7fu		/* since 4.14, as the letters */
#define MMF_OOM_SKIP		21
#define OOM_SCORE_ADJ_MIN	(-1000)

/* --- tasks --------------------------------------------------------------------------------------- */

struct reader {
	const struct po_kernel *k;
	struct po_memory *mem;
	struct po_process *process;
	size_t nr, room;
	struct pageowner_error flaw;
};

static void tell(struct reader *r, const struct pageowner_error *why)
{
	if (r->flaw.code == PAGEOWNER_OK)
		r->flaw = *why;
}

/* A member of a struct at kva; one that this kernel's types lack, or that cannot be read, is told once. */
static uint64_t member(struct reader *r, uint64_t kva, unsigned id, const char *name)
{
	const struct po_member *m = &r->k->l.member[id].at;
	struct pageowner_error why;
	uint64_t v = 0;
	int rc;

	if (!r->k->l.member[id].have)
		rc = po_fail(&why, PAGEOWNER_ENOTYPE, "processes: type information lacks %s", name);
	else
		rc = po_memory_read_uint(r->mem, kva + m->offset, m->size, &v, &why);
	if (rc < 0)
		tell(r, &why);
	return rc < 0 ? 0 : v;
}

#define MEMBER_OF(r, kva, strct, id) member(r, kva, PO_M_##strct##__##id, #strct "." #id)

static char state_of(struct reader *r, uint64_t task)
{
	const struct po_layout *l = &r->k->l;
	static const char letters[] = "RSDTtXZPI";
	unsigned i = 0;

	if (!PO_HAS(l, task_struct, __state) && !PO_HAS(l, task_struct, state))
		return '?';
	uint64_t state = PO_HAS(l, task_struct, __state) ? MEMBER_OF(r, task, task_struct, __state) :
							   MEMBER_OF(r, task, task_struct, state);
	uint64_t report = (state | MEMBER_OF(r, task, task_struct, exit_state)) & TASK_REPORT;

	if ((state & TASK_IDLE) == TASK_IDLE)
		return 'I';
	for (; report; report >>= 1)
		i++;
	return letters[i];
}

static void read_comm(struct reader *r, uint64_t task, char comm[PO_COMM_MAX])
{
	const struct po_layout *l = &r->k->l;
	uint64_t size = PO_AT(l, task_struct, comm)->size;
	struct pageowner_error why;

	if (!PO_HAS(l, task_struct, comm) || size == 0)
		return;
	size = size < PO_COMM_MAX ? size : PO_COMM_MAX - 1;
	if (po_memory_read(r->mem, task + PO_OFFSET(l, task_struct, comm), comm, size, &why) < 0)
		tell(r, &why);
	comm[size] = '\0';
}

static void read_process(struct reader *r, const struct po_thread *t, struct po_process *p)
{
	uint64_t parent, signal;

	*p = (struct po_process){ .task = t->task, .nr_threads = 1 };
	p->pid = (int32_t)MEMBER_OF(r, t->task, task_struct, pid);
	p->state = state_of(r, t->task);
	read_comm(r, t->task, p->comm);
	p->is_kernel = MEMBER_OF(r, t->task, task_struct, flags) & PF_KTHREAD;
	p->mm = p->any_mm = p->is_kernel ? 0 : t->mm;
	if ((parent = MEMBER_OF(r, t->task, task_struct, real_parent)))
		p->ppid = (int32_t)MEMBER_OF(r, parent, task_struct, tgid);
	if (PO_HAS(&r->k->l, task_struct, start_time) && PO_AT(&r->k->l, task_struct, start_time)->size == 8)
		p->start_ns = MEMBER_OF(r, t->task, task_struct, start_time);
	if ((signal = MEMBER_OF(r, t->task, task_struct, signal)))
		p->oom_score_adj = (int16_t)MEMBER_OF(r, signal, signal_struct, oom_score_adj);
}

static int take_thread(void *arg, const struct po_thread *t)
{
	struct reader *r = arg;

	if (!t->leader || t->leader == PO_SYM(&r->k->l, init_task))
		return PAGEOWNER_OK;	/* idle threads are no processes */
	if (t->task != t->leader) {
		struct po_process *p = &r->process[r->nr - 1];

		p->nr_threads++;
		if (!p->any_mm && !p->is_kernel)
			p->any_mm = MEMBER_OF(r, t->task, task_struct, mm);
		return PAGEOWNER_OK;
	}
	struct po_process *grown = po_grow(r->process, r->nr, &r->room, sizeof(*grown), 256);
	if (!grown)
		return PAGEOWNER_ENOMEM;
	r->process = grown;
	read_process(r, t, &r->process[r->nr++]);
	return PAGEOWNER_OK;
}

int po_processes_open(const struct po_kernel *k, struct po_memory *mem, struct po_process **ret, size_t *ret_nr,
		      struct pageowner_error *flaw, struct pageowner_error *err)
{
	struct reader r = { .k = k, .mem = mem };
	struct pageowner_error why;
	int rc = po_threads_each(k, mem, take_thread, &r, &why, err);

	if (rc < 0) {
		free(r.process);
		return rc == PAGEOWNER_ENOMEM ? po_fail_nomem(err, "processes") : rc;
	}
	*flaw = why.code != PAGEOWNER_OK ? why : r.flaw;
	*ret = r.process;
	*ret_nr = r.nr;
	return PAGEOWNER_OK;
}

/* --- who lives ----------------------------------------------------------------------------------- */

/*
 * page_owner's clock and that of start times begin at different moments of the start: what a thread allocated it did
 * not allocate long before its own start.
 */
#define CLOCKS_DIFFER_NS 1000000000u

struct census {
	struct reader r;
	struct po_living *living;
	size_t room;
};

static int note_thread(void *arg, const struct po_thread *t)
{
	struct census *c = arg;
	struct po_living *l = c->living;
	bool timed = PO_HAS(&c->r.k->l, task_struct, start_time) && PO_AT(&c->r.k->l, task_struct, start_time)->size == 8;

	struct po_living_thread *grown = po_grow(l->thread, l->nr, &c->room, sizeof(*grown), 256);
	if (!grown)
		return PAGEOWNER_ENOMEM;
	l->thread = grown;
	struct po_living_thread *ret = &l->thread[l->nr++];
	ret->pid = (int32_t)MEMBER_OF(&c->r, t->task, task_struct, pid);
	ret->start_ns = timed ? MEMBER_OF(&c->r, t->task, task_struct, start_time) : 0;
	return PAGEOWNER_OK;
}

static int by_pid(const void *a, const void *b)
{
	const struct po_living_thread *x = a, *y = b;

	return x->pid < y->pid ? -1 : x->pid > y->pid;
}

int po_living_open(const struct po_kernel *k, struct po_memory *mem, struct po_living *ret, struct pageowner_error *flaw,
		   struct pageowner_error *err)
{
	struct census c = { .r = { .k = k, .mem = mem }, .living = ret };

	*ret = (struct po_living){ .nr = 0 };
	int rc = po_threads_each(k, mem, note_thread, &c, flaw, err);
	if (rc < 0) {
		po_living_fini(ret);
		return rc == PAGEOWNER_ENOMEM ? po_fail_nomem(err, "processes") : rc;
	}
	if (flaw->code == PAGEOWNER_OK)
		*flaw = c.r.flaw;
	ret->complete = flaw->code == PAGEOWNER_OK;
	if (ret->nr)
		qsort(ret->thread, ret->nr, sizeof(*ret->thread), by_pid);
	return PAGEOWNER_OK;
}

void po_living_fini(struct po_living *l)
{
	free(l->thread);
	*l = (struct po_living){ .nr = 0 };
}

int po_living_has(const struct po_living *l, int32_t pid, uint64_t at_ns)
{
	struct po_living_thread key = { .pid = pid };
	const struct po_living_thread *found =
		l->nr ? bsearch(&key, l->thread, l->nr, sizeof(*l->thread), by_pid) : NULL;

	if (!found)
		return l->complete ? 0 : -1;
	return pid == 0 || at_ns == UINT64_MAX || found->start_ns < CLOCKS_DIFFER_NS ||
	       at_ns >= found->start_ns - CLOCKS_DIFFER_NS;
}

/* --- memory -------------------------------------------------------------------------------------- */

void po_mm_readers(const struct po_kernel *k, struct po_memory *mem, const struct po_symbols *symbols,
		   struct po_mm_readers *ret)
{
	ret->statm_sums = po_code_calls(k, mem, symbols, PO_S_task_statm, "_sum");
	ret->badness_sums = po_code_calls(k, mem, symbols, PO_S_oom_badness, "_sum");
}

static int number(struct po_memory *mem, uint64_t kva, const struct po_layout *l, unsigned id, uint64_t *ret,
		  struct pageowner_error *err)
{
	*ret = 0;
	if (!l->member[id].have)
		return PAGEOWNER_OK;
	return po_memory_read_uint(mem, kva + l->member[id].at.offset, l->member[id].at.size, ret, err);
}

/* One of mm->rss_stat. */
static int counter(const struct po_kernel *k, struct po_memory *mem, uint64_t mm, bool have, int64_t which, bool sum,
		   uint64_t *ret, struct pageowner_error *err)
{
	const struct po_layout *l = &k->l;
	const struct po_type_info *array = &PO_AT(l, mm_struct, rss_stat)->type;
	uint64_t at = mm + PO_OFFSET(l, mm_struct, rss_stat);

	*ret = 0;
	if (!have)
		return PAGEOWNER_OK;
	if (array->kind == PO_KIND_ARRAY) {
		if ((uint64_t)which >= array->nr_elems)
			return po_fail(err, PAGEOWNER_ENOTYPE, "mm_struct.rss_stat has no counter %" PRId64, which);
		return po_percpu_counter(k, mem, at + (uint64_t)which * array->elem_size, sum, ret, err);
	}
	int rc = po_memory_read_ptr(mem, at + PO_OFFSET(l, mm_rss_stat, count) + (uint64_t)which * k->abi.ptr_size, ret,
				    err);
	/* a thread may hold back what it took (SPLIT_RSS_COUNTING) */
	if (rc == PAGEOWNER_OK && po_sign_extend(*ret, k->abi.ptr_size * 8u) < 0)
		*ret = 0;
	return rc;
}

static int read_counters(const struct po_kernel *k, struct po_memory *mem, uint64_t mm, bool sum, struct po_mm *ret,
			 struct pageowner_error *err)
{
	const struct po_layout *l = &k->l;
	const struct {
		bool have;
		int64_t which;
		uint64_t *ret;
	} counters[] = {
		{ PO_HAS_ENUM(l, MM_FILEPAGES), PO_ENUM(l, MM_FILEPAGES), &ret->rss[PO_RSS_FILE] },
		{ PO_HAS_ENUM(l, MM_ANONPAGES), PO_ENUM(l, MM_ANONPAGES), &ret->rss[PO_RSS_ANON] },
		{ PO_HAS_ENUM(l, MM_SHMEMPAGES), PO_ENUM(l, MM_SHMEMPAGES), &ret->rss[PO_RSS_SHMEM] },
		{ PO_HAS_ENUM(l, MM_SWAPENTS), PO_ENUM(l, MM_SWAPENTS), &ret->swap },
	};
	int rc = PAGEOWNER_OK;

	for (size_t i = 0; i < sizeof(counters) / sizeof(*counters) && rc == PAGEOWNER_OK; i++)
		rc = counter(k, mem, mm, counters[i].have, counters[i].which, sum, counters[i].ret, err);
	return rc;
}

int po_mm_read(const struct po_kernel *k, struct po_memory *mem, uint64_t mm, bool sum, struct po_mm *ret,
	       struct pageowner_error *err)
{
	const struct po_layout *l = &k->l;
	uint64_t page = po_kernel_page_size(k), start, end, shared, stack, ptes, pmds;
	const struct {
		unsigned id;
		uint64_t *ret;
	} members[] = {
		{ PO_M_mm_struct__total_vm, &ret->total },	{ PO_M_mm_struct__data_vm, &ret->data },
		{ PO_M_mm_struct__stack_vm, &stack },		{ PO_M_mm_struct__shared_vm, &shared },
		{ PO_M_mm_struct__start_code, &start },		{ PO_M_mm_struct__end_code, &end },
		{ PO_M_mm_struct__nr_ptes, &ptes },		{ PO_M_mm_struct__nr_pmds, &pmds },
		{ PO_M_mm_struct__pgtables_bytes, &ret->table_bytes },
	};
	int rc = PAGEOWNER_OK;

	*ret = (struct po_mm){ .total = 0 };
	if (!PO_HAS(l, mm_struct, total_vm) || !PO_HAS(l, mm_struct, rss_stat) || !PO_HAS_ENUM(l, MM_FILEPAGES) ||
	    !PO_HAS(l, mm_struct, start_code) || !PO_HAS(l, mm_struct, end_code))
		return po_fail(err, PAGEOWNER_ENOTYPE, "type information lacks counters of struct mm_struct");
	for (size_t i = 0; i < sizeof(members) / sizeof(*members) && rc == PAGEOWNER_OK; i++)
		rc = number(mem, mm, l, members[i].id, members[i].ret, err);
	if (rc == PAGEOWNER_OK)
		rc = read_counters(k, mem, mm, sum, ret, err);
	if (rc < 0)
		return po_within(err, rc, "mm_struct at 0x%" PRIx64, mm);
	ret->text = (po_wrap(&k->abi, end + page - 1) & ~(page - 1)) - (start & ~(page - 1));
	ret->text = po_wrap(&k->abi, ret->text) >> k->page_shift;
	ret->data = PO_HAS(l, mm_struct, data_vm) ? ret->data + stack : ret->total - shared;
	if (!PO_HAS(l, mm_struct, pgtables_bytes))
		ret->table_bytes = (ptes + pmds) * page;
	return PAGEOWNER_OK;
}

/* --- the OOM killer ------------------------------------------------------------------------------ */

int po_total_pages(const struct po_kernel *k, struct po_memory *mem, uint64_t *ret, struct pageowner_error *err)
{
	unsigned ram = PO_HAS_SYM(&k->l, _totalram_pages) ? PO_S__totalram_pages : PO_S_totalram_pages;
	uint64_t swap = 0;
	int rc = po_kernel_read_variable(k, mem, ram, ret, err);

	if (rc == PAGEOWNER_OK && PO_HAS_SYM(&k->l, total_swap_pages))
		rc = po_kernel_read_variable(k, mem, PO_S_total_swap_pages, &swap, err);
	*ret += swap;
	return rc;
}

/* Whether it has lent its memory, and waits for the borrower, or is that. */
static bool in_vfork(const struct po_kernel *k, struct po_memory *mem, const struct po_process *p)
{
	const struct po_layout *l = &k->l;
	uint64_t done = 0, parent = 0, mm = 0;

	return number(mem, p->task, l, PO_M_task_struct__vfork_done, &done, NULL) == PAGEOWNER_OK && done &&
	       number(mem, p->task, l, PO_M_task_struct__real_parent, &parent, NULL) == PAGEOWNER_OK && parent &&
	       number(mem, parent, l, PO_M_task_struct__mm, &mm, NULL) == PAGEOWNER_OK && mm == p->any_mm;
}

int po_process_badness(const struct po_kernel *k, struct po_memory *mem, const struct po_process *p, bool sum,
		       int64_t *ret, uint64_t *ret_score, struct pageowner_error *err)
{
	const struct po_layout *l = &k->l;
	uint64_t total, flags;
	struct po_mm mm;

	*ret = 0;
	*ret_score = 0;
	if (p->pid == 1 || p->is_kernel || !p->any_mm || p->oom_score_adj == OOM_SCORE_ADJ_MIN)
		return 0;
	int rc = po_total_pages(k, mem, &total, err);
	if (rc == PAGEOWNER_OK)
		rc = po_mm_read(k, mem, p->any_mm, sum, &mm, err);
	if (rc == PAGEOWNER_OK && PO_HAS(l, mm_struct, flags))
		rc = po_memory_read_ptr(mem, p->any_mm + PO_OFFSET(l, mm_struct, flags), &flags, err);
	if (rc < 0)
		return rc;
	if ((PO_HAS(l, mm_struct, flags) && (flags >> MMF_OOM_SKIP & 1)) || in_vfork(k, mem, p))
		return 0;
	if (total < 1000 || total > INT64_MAX / 4000)
		return po_fail(err, PAGEOWNER_ECORRUPT, "%" PRIu64 " pages in all", total);
	uint64_t points = mm.rss[PO_RSS_FILE] + mm.rss[PO_RSS_ANON] + mm.rss[PO_RSS_SHMEM] + mm.swap +
			  (mm.table_bytes >> k->page_shift);
	*ret = (int64_t)(points < total * 4 ? points : total * 4) + p->oom_score_adj * (int64_t)(total / 1000);
	bool is_signed = PO_HAS(l, oom_control, chosen_points) && PO_AT(l, oom_control, chosen_points)->type.is_signed;
	if (is_signed) {
		/* scaled into 0 … 2000; adjusted below 0 it stays there, and the sum may be negative as a whole */
		*ret_score = (uint64_t)((1000 + *ret * 1000 / (int64_t)total) * 2 / 3);
		*ret_score = po_wrap(&k->abi, *ret_score);
		return 1;
	}
	if (*ret <= 0)	/* until 5.8, at least one point */
		*ret = 1;
	*ret_score = (uint64_t)*ret * 1000 / total;
	return 1;
}

/* --- memory cgroups ------------------------------------------------------------------------------ */

int po_process_memcg(const struct po_kernel *k, struct po_memory *mem, const struct po_process *p,
		     char ret[PO_MEMCG_PATH], struct pageowner_error *err)
{
	const struct po_layout *l = &k->l;
	uint64_t set, css, cgroup = 0;

	if (!PO_HAS_ENUM(l, memory_cgrp_id))
		return 0;
	if (!PO_HAS(l, task_struct, cgroups) || !PO_HAS(l, css_set, subsys) ||
	    !PO_HAS(l, cgroup_subsys_state, cgroup))
		return po_fail(err, PAGEOWNER_ENOTYPE, "memory cgroups: type information lacks struct css_set");
	int rc = po_memory_read_ptr(mem, p->task + PO_OFFSET(l, task_struct, cgroups), &set, err);
	if (rc == PAGEOWNER_OK)
		rc = po_memory_read_ptr(mem, set + PO_OFFSET(l, css_set, subsys) +
					     (uint64_t)PO_ENUM(l, memory_cgrp_id) * k->abi.ptr_size, &css, err);
	if (rc == PAGEOWNER_OK && css)
		rc = po_memory_read_ptr(mem, css + PO_OFFSET(l, cgroup_subsys_state, cgroup), &cgroup, err);
	if (rc == PAGEOWNER_OK && !cgroup)
		return 0;
	if (rc == PAGEOWNER_OK)
		rc = po_cgroup_path(k, mem, cgroup, ret, PO_MEMCG_PATH, err);
	return rc < 0 ? po_within(err, rc, "memory cgroup") : 1;
}
