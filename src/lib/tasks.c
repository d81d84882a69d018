/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Processes, each with what its counters, its page tables and page_owner's records tell; and pages that outlived theirs. */
#include <stdlib.h>
#include <string.h>

#include <pageowner/table.h>
#include <pageowner/tasks.h>

#include "aggregate/group.h"
#include "base/arena.h"
#include "base/cleanup.h"
#include "base/status.h"
#include "kernel/process.h"
#include "kernel/smaps.h"
#include "kernel/threads.h"
#include "lib/session.h"

struct gone {
	struct po_plan plan;
	struct po_groups groups;
	uint32_t *sorted;
	bool known;		/* the records tell */
};

struct pageowner_tasks {
	struct pageowner_session *s;
	struct po_memory *mem;
	struct pageowner_task *task;
	size_t nr;
	struct po_plan order;		/* of processes, and the filter of all */
	struct gone gone[PAGEOWNER_NR_GONE];
	struct po_arena arena;		/* paths of memory cgroups */
	void (*flaw)(void *arg, const struct pageowner_error *err);
	void *arg;
};

static void tell(const struct pageowner_tasks *t, const struct pageowner_error *why)
{
	if (why->code != PAGEOWNER_OK && t->flaw)
		t->flaw(t->arg, why);
}

/* --- a process ----------------------------------------------------------------------------------- */

static void read_mm(struct pageowner_tasks *t, const struct po_process *p, bool sum, struct pageowner_task *ret)
{
	const struct po_kernel *k = &t->s->kernel;
	struct pageowner_error why;
	struct po_mm mm;

	if (!p->mm)
		return;
	if (po_mm_read(k, t->mem, p->mm, sum, &mm, &why) < 0) {
		(void)po_within(&why, why.code, "process %d", p->pid);
		tell(t, &why);
		return;
	}
	ret->have |= PAGEOWNER_TASK_HAS_MM;
	ret->vss = mm.total << k->page_shift;
	ret->rss_file = mm.rss[PO_RSS_FILE] << k->page_shift;
	ret->rss_anon = mm.rss[PO_RSS_ANON] << k->page_shift;
	ret->rss_shmem = mm.rss[PO_RSS_SHMEM] << k->page_shift;
	ret->swap = mm.swap << k->page_shift;
	ret->page_tables = mm.table_bytes;
}

static void tell_lost(const struct pageowner_tasks *t, int32_t pid, uint64_t nr, const char *what)
{
	struct pageowner_error why;

	if (!nr)
		return;
	(void)po_fail(&why, PAGEOWNER_ENODATA, "process %d: %llu %s", pid, (unsigned long long)nr, what);
	tell(t, &why);
}

static void read_pages(struct pageowner_tasks *t, const struct po_process *p, struct po_smaps_reader *r,
		       struct pageowner_task *ret)
{
	struct pageowner_error why;
	struct po_smaps s;

	if (!p->mm || !r->k)
		return;
	if (po_smaps_read(r, p->mm, &s, &why) < 0) {
		(void)po_within(&why, why.code, "process %d", p->pid);
		tell(t, &why);
	}
	tell_lost(t, p->pid, s.lost_tables, "page tables are not in the dump");
	tell_lost(t, p->pid, s.lost_pages, "pages are left out: what their struct pages tell is not in the dump");
	tell_lost(t, p->pid, s.lost_swap, "pages in swap are taken for ones of one process");
	ret->have |= PAGEOWNER_TASK_HAS_WALK;
	ret->pss = s.pss >> PO_PSS_SHIFT;
	ret->uss = s.private_clean + s.private_dirty;
	ret->swap_pss = s.swap_pss >> PO_PSS_SHIFT;
}

static void read_memcg(struct pageowner_tasks *t, const struct po_process *p, struct pageowner_task *ret)
{
	char path[PO_MEMCG_PATH];
	struct pageowner_error why;
	int rc = po_process_memcg(&t->s->kernel, t->mem, p, path, &why);

	if (rc < 0) {
		(void)po_within(&why, why.code, "process %d", p->pid);
		tell(t, &why);
	}
	if (rc == 1 && (ret->memcg = po_arena_strndup(&t->arena, path, strlen(path))))
		ret->have |= PAGEOWNER_TASK_HAS_MEMCG;
}

static void read_task(struct pageowner_tasks *t, const struct po_process *p, const struct po_mm_readers *readers,
		      struct po_smaps_reader *r, struct pageowner_task *ret)
{
	const struct po_kernel *k = &t->s->kernel;
	struct pageowner_error why;

	*ret = (struct pageowner_task){
		.pid = p->pid, .ppid = p->ppid, .state = p->state, .is_kernel = p->is_kernel,
		.nr_threads = p->nr_threads, .oom_score_adj = p->oom_score_adj, .start_ns = p->start_ns,
		.kernel_stack = p->nr_threads * po_thread_size(k),
	};
	memcpy(ret->comm, p->comm, sizeof(p->comm) < sizeof(ret->comm) ? sizeof(p->comm) : sizeof(ret->comm));
	ret->comm[sizeof(ret->comm) - 1] = '\0';
	ret->have |= ret->kernel_stack ? PAGEOWNER_TASK_HAS_STACK : 0;
	read_mm(t, p, readers->statm_sums, ret);
	read_pages(t, p, r, ret);
	read_memcg(t, p, ret);
	if (po_process_badness(k, t->mem, p, readers->badness_sums, &ret->badness, &ret->oom_score, &why) < 0)
		tell(t, &why);
	else
		ret->have |= PAGEOWNER_TASK_HAS_SCORE;
}

/* Filters are made for records: the process as one of its own. */
static bool takes(const struct pageowner_tasks *t, const struct pageowner_task *task)
{
	struct pageowner_record rec = { .have = PAGEOWNER_HAS_PID | PAGEOWNER_HAS_TGID | PAGEOWNER_HAS_COMM,
					.pid = task->pid, .tgid = task->pid };
	struct po_filter_memo memo = { .nr = 0 };

	memcpy(rec.comm, task->comm, sizeof(rec.comm));
	if (task->memcg) {	/* by its name, as records have it */
		const char *slash = strrchr(task->memcg, '/');
		rec.memcg = slash && slash[1] ? slash + 1 : task->memcg;
		rec.have |= PAGEOWNER_HAS_MEMCG;
	}
	return po_filter_takes(&t->order.filter, &memo, &rec);
}

static int by_pid(const void *a, const void *b)
{
	const struct pageowner_task *x = a, *y = b;

	return x->pid < y->pid ? -1 : x->pid > y->pid;
}

static int read_tasks(struct pageowner_tasks *t, struct pageowner_error *err)
{
	_cleanup_(po_smaps_close) struct po_smaps_reader r = { .k = NULL };
	_cleanup_(po_freep) struct po_process *all = NULL;
	const struct po_kernel *k = &t->s->kernel;
	struct po_mm_readers readers;
	struct pageowner_error why;
	size_t nr;
	int rc = po_processes_open(k, t->mem, &all, &nr, &why, err);

	if (rc < 0)
		return rc;
	tell(t, &why);
	t->task = calloc(nr ? nr : 1, sizeof(*t->task));
	if (!t->task)
		return po_fail_nomem(err, "processes");
	po_mm_readers(k, t->mem, t->s->symbols, &readers);
	if (po_smaps_open(&r, k, t->mem, false, &why) < 0) {
		r.k = NULL;
		tell(t, &why);
	}
	for (size_t i = 0; i < nr; i++) {
		read_task(t, &all[i], &readers, &r, &t->task[t->nr]);
		t->nr += takes(t, &t->task[t->nr]);
	}
	if (t->nr)
		qsort(t->task, t->nr, sizeof(*t->task), by_pid);
	return PAGEOWNER_OK;
}

/* --- records ------------------------------------------------------------------------------------- */

static void count_owner(struct pageowner_tasks *t, const struct pageowner_record *rec)
{
	bool tgid = rec->have & PAGEOWNER_HAS_TGID;
	struct pageowner_task key = { .pid = tgid ? rec->tgid : rec->pid };
	struct pageowner_task *found;

	if (rec->owner_dead || !t->nr || !(found = bsearch(&key, t->task, t->nr, sizeof(key), by_pid)))
		return;
	found->pages += rec->have & PAGEOWNER_HAS_ORDER ? (uint64_t)1 << (rec->order & 63) : 0;
}

static int count_record(struct pageowner_tasks *t, const struct pageowner_record *rec)
{
	struct po_filter_memo memo = { .nr = 0 };
	const bool owner = rec->have & PAGEOWNER_HAS_OWNER;
	struct gone *g = t->gone;

	g[PAGEOWNER_GONE_PROCESSES].known |= owner;
	g[PAGEOWNER_GONE_MEMCGS].known |= t->s->words.memcg_line;
	if (owner)
		count_owner(t, rec);
	if (!po_filter_takes(&t->order.filter, &memo, rec))
		return PAGEOWNER_OK;
	if (owner && rec->owner_dead && po_groups_add(&g[PAGEOWNER_GONE_PROCESSES].groups, rec) < 0)
		return PAGEOWNER_ENOMEM;
	if ((rec->have & PAGEOWNER_HAS_MEMCG) && rec->memcg_offline)
		return po_groups_add(&g[PAGEOWNER_GONE_MEMCGS].groups, rec);
	return PAGEOWNER_OK;
}

static int read_records(struct pageowner_tasks *t, struct pageowner_error *err)
{
	const struct pageowner_iter_options options = { .size = sizeof(options), .last_pfn = UINT64_MAX, .owners = 1 };
	struct pageowner_record rec;
	struct pageowner_error why;
	struct pageowner_iter *it;
	int rc = pageowner_iter_new(t->s, &options, &it, err);

	if (rc < 0)
		return rc;
	while ((rc = pageowner_iter_next(it, &rec, &why)) != 0 && rc != PAGEOWNER_ENOMEM)
		if (rc == 1 && (rc = count_record(t, &rec)) < 0)
			break;
	pageowner_iter_free(it);
	if (rc < 0)
		return po_fail_nomem(err, "owners");
	for (size_t i = 0; i < t->nr && t->gone[PAGEOWNER_GONE_PROCESSES].known; i++)
		t->task[i].have |= PAGEOWNER_TASK_HAS_PAGES;
	for (int i = 0; i < PAGEOWNER_NR_GONE; i++)
		if (!(t->gone[i].sorted = po_groups_sort(&t->gone[i].groups)))
			return po_fail_nomem(err, "owners");
	return PAGEOWNER_OK;
}

/* --- order --------------------------------------------------------------------------------------- */

static int64_t number(const struct pageowner_task *t, enum po_column c)
{
	switch (c) {
	case PO_COLUMN_VSS: return (int64_t)t->vss;
	case PO_COLUMN_RSS: return (int64_t)(t->rss_file + t->rss_anon + t->rss_shmem);
	case PO_COLUMN_PSS: return (int64_t)t->pss;
	case PO_COLUMN_USS: return (int64_t)t->uss;
	case PO_COLUMN_SWAP: return (int64_t)t->swap;
	case PO_COLUMN_TABLES: return (int64_t)t->page_tables;
	case PO_COLUMN_STACK: return (int64_t)t->kernel_stack;
	case PO_COLUMN_ADJ: return t->oom_score_adj;
	case PO_COLUMN_SCORE: return (int64_t)t->oom_score;
	case PO_COLUMN_PAGES: return (int64_t)t->pages;
	default: return t->pid;
	}
}

static int compare(const void *a, const void *b, void *arg)
{
	const struct pageowner_task *x = a, *y = b;
	const struct po_plan *p = arg;

	for (unsigned i = 0; i < p->nr_order; i++) {
		enum po_column c = p->order[i].column;
		int64_t m = number(x, c), n = number(y, c);
		int by = c == PO_COLUMN_NAME  ? strcmp(x->comm, y->comm) :
			 c == PO_COLUMN_MEMCG ? strcmp(x->memcg ? x->memcg : "", y->memcg ? y->memcg : "") :
						(m > n) - (m < n);
		if (by)
			return by * p->order[i].sign;
	}
	return by_pid(a, b);
}

/* --- calls --------------------------------------------------------------------------------------- */

static int make_plans(struct pageowner_tasks *t, const struct pageowner_tasks_options *o, struct pageowner_error *err)
{
	int rc = po_plan_sort(&t->order, o->sort ? o->sort : "-rss,+pid", PO_USE_TASK, err);

	if (rc < 0)
		return po_within(err, rc, "sort");
	for (size_t i = 0; i < o->nr_filters; i++) {
		rc = po_filter_add(&t->order.filter, o->filters[i], err);
		if (rc < 0)
			return rc;
		enum po_column c = t->order.filter.condition[i].column;
		if (!(po_columns[c].uses & PO_USE_TASK))
			return po_fail(err, PAGEOWNER_EINVAL, "filter: %s: not a key of processes", po_columns[c].name);
	}
	for (int i = 0; i < PAGEOWNER_NR_GONE; i++) {
		struct gone *g = &t->gone[i];
		const char *cull = i == PAGEOWNER_GONE_MEMCGS ? "memcg" :
				   PO_HAS(&t->s->kernel.l, page_owner, tgid) ? "tgid,name" : "pid,name";
		rc = po_plan_make(&g->plan, cull, "-pages", err);
		if (rc < 0)
			return rc;
		po_plan_finish(&g->plan);
		g->groups.plan = &g->plan;
	}
	return PAGEOWNER_OK;
}

PO_DEFINE_CLEANUP(struct pageowner_tasks, pageowner_tasks_free);

int pageowner_tasks_new(struct pageowner_session *s, const struct pageowner_tasks_options *options,
			struct pageowner_tasks **ret, struct pageowner_error *err)
{
	int rc = pageowner_frames_ready(s, err);

	if (rc < 0)
		return rc;
	if (!options || options->size < sizeof(*options) || !ret)
		return po_fail(err, PAGEOWNER_EINVAL, "tasks: options are not valid");
	if (s->text)
		return po_fail(err, PAGEOWNER_EINVAL, "processes: a text of page_owner does not tell: a dump is needed");
	_cleanup_(pageowner_tasks_freep) struct pageowner_tasks *t = calloc(1, sizeof(*t));
	if (!t)
		return po_fail_nomem(err, "processes");
	t->s = s;
	t->flaw = options->flaw;
	t->arg = options->arg;
	rc = make_plans(t, options, err);
	if (rc == PAGEOWNER_OK)
		rc = po_memory_clone(s->mem, &t->mem, err);
	if (rc == PAGEOWNER_OK)
		rc = read_tasks(t, err);
	if (rc == PAGEOWNER_OK && s->ready)
		rc = read_records(t, err);
	if (rc < 0)
		return rc;
	if (t->nr)
		qsort_r(t->task, t->nr, sizeof(*t->task), compare, &t->order);
	*ret = po_take(t);
	return PAGEOWNER_OK;
}

void pageowner_tasks_free(struct pageowner_tasks *t)
{
	if (!t)
		return;
	for (int i = 0; i < PAGEOWNER_NR_GONE; i++) {
		po_groups_fini(&t->gone[i].groups);
		po_plan_fini(&t->gone[i].plan);
		free(t->gone[i].sorted);
	}
	po_plan_fini(&t->order);
	po_arena_fini(&t->arena);
	po_memory_free(t->mem);
	free(t->task);
	free(t);
}

int pageowner_tasks_at(const struct pageowner_tasks *t, size_t index, struct pageowner_task *ret)
{
	if (index >= t->nr)
		return 0;
	*ret = t->task[index];
	return 1;
}

int pageowner_tasks_orphans(const struct pageowner_tasks *t, enum pageowner_gone of, size_t index,
			    struct pageowner_orphans *ret)
{
	if ((unsigned)of >= PAGEOWNER_NR_GONE || !t->gone[of].known)
		return PAGEOWNER_ENODATA;
	const struct gone *g = &t->gone[of];
	const struct po_plan *p = &g->plan;
	if (index >= g->groups.nr)
		return 0;
	const uint64_t *row = po_groups_row(&g->groups, g->sorted[index]);
	int name = po_plan_place(p, of == PAGEOWNER_GONE_MEMCGS ? PO_COLUMN_MEMCG : PO_COLUMN_NAME);
	int pid = po_plan_place(p, PO_COLUMN_TGID) >= 0 ? po_plan_place(p, PO_COLUMN_TGID) :
							  po_plan_place(p, PO_COLUMN_PID);
	*ret = (struct pageowner_orphans){
		.records = po_groups_times(&g->groups, g->sorted[index]),
		.pages = po_groups_pages(&g->groups, g->sorted[index]),
		.pid = pid >= 0 ? (int32_t)row[pid] : -1,
		.name = g->groups.feed.strings.string[row[name]].text,
	};
	return 1;
}
