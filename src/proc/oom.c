/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The OOM killer's reports in the log, each number beside what the dump itself tells. */
#include "proc/proc.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/status.h"
#include "kernel/codetags.h"
#include "kernel/memcg.h"
#include "kernel/percpu.h"
#include "kernel/printk.h"
#include "kernel/process.h"
#include "kernel/slabcaches.h"
#include "proc/oomtext.h"

#define MAX_HSTATES	64
#define MAX_MEMINFO	(16u << 10)
#define MAX_PART	1024		/* bytes of a line whose parts are records of their own */

/* A place in the code that allocates. */
struct tag {
	const char *name;		/* the report's */
	uint64_t calls;
	unsigned found;			/* a macro may have several in one line: then none is the one */
};

struct run {
	const struct po_proc *p;
	struct po_vmstat stat;
	bool counted;			/* there are counters */
	struct po_slab_caches slabs;
	struct po_process *process;
	size_t nr_processes;
	struct tag *tag;		/* those that the reports name */
	size_t nr_tags;
	bool sums;			/* an rss is told with what processors hold back */
	char meminfo[MAX_MEMINFO];	/* as po_proc_meminfo() writes it */
	uint64_t cgroup;		/* the struct mem_cgroup whose report is at hand; 0: none */
	uint64_t last_ns;		/* the last line of the log */
	char part[MAX_PART];
	size_t part_len;
};

/* --- the log ------------------------------------------------------------------------------------- */

/* Lines are made whole first. */
static bool take_record(struct run *r, struct po_oom_log *o, const struct po_log_record *rec)
{
	const char *at = rec->text, *end = at + rec->len;

	if (rec->begins)
		r->part_len = 0;
	for (;;) {
		const char *next = memchr(at, '\n', (size_t)(end - at));
		size_t len = (size_t)((next ? next : end) - at);
		len = len < MAX_PART - r->part_len ? len : MAX_PART - r->part_len;
		memcpy(r->part + r->part_len, at, len);
		r->part_len += len;
		if (!next && !rec->ends)
			return true;
		if (!po_oom_line(o, rec->ts_nsec, r->part, r->part_len))
			return false;
		r->part_len = 0;
		if (!next)
			return true;
		at = next + 1;
	}
}

static int read_log(struct run *r, struct po_oom_log *o, struct pageowner_error *err)
{
	_cleanup_(po_freep) struct po_log *log = malloc(sizeof(*log));
	struct po_log_record rec;
	struct pageowner_error why;

	if (!log)
		return po_fail_nomem(err, "log");
	int rc = po_log_open(log, r->p->k, r->p->mem, err);
	if (rc < 0)
		return rc;
	while ((rc = po_log_next(log, &rec, &why)) != 0) {
		if (rc < 0) {
			po_proc_flaw(r->p, &why);
			continue;
		}
		r->last_ns = rec.ts_nsec;
		if (!take_record(r, o, &rec))
			return po_fail_nomem(err, "log");
	}
	return PAGEOWNER_OK;
}

/* --- what the dump tells: 1, 0: nothing, negative ------------------------------------------------- */

/* Where a counter has another name than "nr_" before that of a report, or more than one in the course of time. */
static const struct {
	const char *name, *counter[2];
} counters[] = {
	{ "isolated(anon)", { "nr_isolated_anon" } },	     { "isolated(file)", { "nr_isolated_file" } },
	{ "free", { "nr_free_pages" } },		     { "pagetables", { "nr_page_table_pages" } },
	{ "sec_pagetables", { "nr_sec_page_table_pages" } }, { "mlocked", { "nr_mlock" } },
	{ "shmem_thp", { "nr_shmem_hugepages" } },	     { "anon_thp", { "nr_anon_transparent_hugepages" } },
	{ "writeback_tmp", { "nr_writeback_temp" } },	     { "writepending", { "nr_zone_write_pending" } },
	{ "Balloon", { "nr_balloon_pages" } },		     { "total pagecache pages", { "nr_file_pages" } },
	{ "active_anon", { "nr_zone_active_anon", "nr_active_anon" } },
	{ "inactive_anon", { "nr_zone_inactive_anon", "nr_inactive_anon" } },
	{ "active_file", { "nr_zone_active_file", "nr_active_file" } },
	{ "inactive_file", { "nr_zone_inactive_file", "nr_inactive_file" } },
	{ "unevictable", { "nr_zone_unevictable", "nr_unevictable" } },
};

/* The counter of that name with an index in [from, to); -1: none. */
static int find_counter(const struct run *r, const char *name, unsigned from, unsigned to)
{
	char plain[64];
	int index = -1;

	for (size_t i = 0; i < sizeof(counters) / sizeof(*counters); i++)
		for (size_t j = 0; j < 2 && counters[i].counter[j] && !strcmp(counters[i].name, name); j++) {
			index = po_vmstat_find(&r->stat, counters[i].counter[j]);
			if (index >= (int)from && index < (int)to)
				return index;
		}
	(void)snprintf(plain, sizeof(plain), "nr_%s", name);
	index = po_vmstat_find(&r->stat, plain);
	return index >= (int)from && index < (int)to ? index : -1;
}

/* A counter's value in pages, but those in KiB. */
static uint64_t in_pages(const struct run *r, unsigned index, uint64_t v)
{
	return po_vmstat_is_thp(&r->stat, index) && !r->stat.thp_in_pages ? v * r->stat.thp_pages : v;
}

/* These count KiB since commit d30dd8be06a0 (4.9), as a report has always told them. */
static bool counts_kb(const char *name)
{
	return !strcmp(name, "kernel_stack") || !strcmp(name, "shadow_call_stack");
}

static uint64_t in_unit(const struct run *r, const struct po_oom_row *row, uint64_t pages)
{
	return row->unit == PO_OOM_KB ? pages << (r->p->k->page_shift - 10) : pages;
}

static int sum_pcp(const struct run *r, uint64_t zone, uint64_t *sum, struct pageowner_error *err)
{
	const struct po_layout *l = &r->p->k->l;
	uint64_t pcp, stats, v;
	int rc = PAGEOWNER_OK;

	if (!po_proc_has_pcp(l) || !PO_HAS(l, per_cpu_pages, count))
		return 0;
	for (unsigned cpu = 0; rc == PAGEOWNER_OK && cpu < po_cpus_max(r->p->k, r->p->mem); cpu++) {
		if (!po_cpu_is_online(r->p->k, r->p->mem, cpu))
			continue;
		rc = po_proc_pcp(r->p, zone, cpu, &pcp, &stats, err);
		if (rc == PAGEOWNER_OK)
			rc = po_memory_read_uint(r->p->mem, pcp + PO_OFFSET(l, per_cpu_pages, count), 4, &v, err);
		*sum += rc == PAGEOWNER_OK ? v : 0;
	}
	return rc < 0 ? rc : 1;
}

/* Numbers of all zones together. */
struct sums {
	const struct run *r;
	uint64_t pcp, present, managed, high;
	bool have_pcp;
};

static int sum_zone(const struct po_proc *p, const struct po_proc_zone *z, void *arg, struct pageowner_error *err)
{
	const struct po_layout *l = &p->k->l;
	struct sums *s = arg;
	uint64_t present, managed = 0;

	if (!z->populated)
		return PAGEOWNER_OK;
	int rc = po_zone_number(p->mem, z->kva, PO_AT(l, zone, present_pages), &present, err);
	if (rc == PAGEOWNER_OK && PO_HAS(l, zone, managed_pages))
		rc = po_zone_number(p->mem, z->kva, PO_AT(l, zone, managed_pages), &managed, err);
	s->present += present;
	s->managed += managed;
	s->high += po_proc_is_highmem(p, z) ? present : 0;
	if (rc == PAGEOWNER_OK)
		rc = sum_pcp(s->r, z->kva, &s->pcp, err);
	s->have_pcp |= rc == 1;
	return rc < 0 ? rc : PAGEOWNER_OK;
}

static int of_global(const struct run *r, const struct po_oom_row *row, uint64_t *ret, struct pageowner_error *err)
{
	const struct po_vmstat *v = &r->stat;
	struct sums s = { .r = r };
	int index, rc;

	if (!strcmp(row->name, "free_pcp")) {
		rc = po_proc_for_each_zone(r->p, NULL, sum_zone, &s, err);
		*ret = s.pcp;
		return rc < 0 ? rc : s.have_pcp;
	}
	/* what is counted by node and by zone, too, is told by node */
	index = r->counted ? find_counter(r, row->name, v->nr_zone + v->nr_numa, v->nr_zone + v->nr_numa + v->nr_node) : -1;
	if (index < 0 && r->counted)
		index = find_counter(r, row->name, 0, v->nr_zone);
	if (index < 0)
		return 0;
	rc = po_vmstat_global(v, r->p->k, r->p->mem, (unsigned)index, ret, err);
	*ret = in_pages(r, (unsigned)index, *ret);
	return rc < 0 ? rc : 1;
}

static const struct po_node *node_of(const struct run *r, int id)
{
	const struct po_zones *z = &r->p->k->zones;

	for (size_t i = 0; i < z->nr_nodes; i++)
		if ((int)z->node[i].id == id)
			return &z->node[i];
	return NULL;
}

static int of_node(const struct run *r, const struct po_oom_row *row, uint64_t *ret, struct pageowner_error *err)
{
	const struct po_node *node = node_of(r, row->node);
	unsigned first = r->stat.nr_zone + r->stat.nr_numa;
	int index = r->counted && node ? find_counter(r, row->name, first, first + r->stat.nr_node) : -1;

	if (index < 0)
		return 0;
	int rc = po_vmstat_of_node(&r->stat, r->p->k, r->p->mem, node, (unsigned)index, ret, err);
	*ret = counts_kb(row->name) ? *ret : in_unit(r, row, in_pages(r, (unsigned)index, *ret));
	return rc < 0 ? rc : 1;
}

/* A zone by node and name. */
struct wanted {
	const struct po_oom_row *row;
	uint64_t kva;
};

static int find_zone(const struct po_proc *p, const struct po_proc_zone *z, void *arg, struct pageowner_error *err)
{
	struct wanted *w = arg;

	(void)p;
	(void)err;
	if ((int)z->node->id == w->row->node && !strcmp(z->name, w->row->zone))
		w->kva = z->kva;
	return PAGEOWNER_OK;
}

static int member_of_zone(const struct run *r, const char *name, uint64_t zone, uint64_t *ret,
			  struct pageowner_error *err)
{
	const struct po_layout *l = &r->p->k->l;
	static const char *const marks[] = { "min", "low", "high" };
	const struct {
		const char *name;
		bool have;
		const struct po_member *at;
	} members[] = {
		{ "boost", PO_HAS(l, zone, watermark_boost), PO_AT(l, zone, watermark_boost) },
		{ "present", PO_HAS(l, zone, present_pages), PO_AT(l, zone, present_pages) },
		{ "managed", PO_HAS(l, zone, managed_pages), PO_AT(l, zone, managed_pages) },
		{ "reserved_highatomic", PO_HAS(l, zone, nr_reserved_highatomic), PO_AT(l, zone, nr_reserved_highatomic) },
		{ "free_highatomic", PO_HAS(l, zone, nr_free_highatomic), PO_AT(l, zone, nr_free_highatomic) },
	};
	int rc;

	for (unsigned i = 0; i < sizeof(marks) / sizeof(*marks); i++)
		if (!strcmp(name, marks[i]) && (PO_HAS(l, zone, _watermark) || PO_HAS(l, zone, watermark))) {
			rc = po_proc_watermark(r->p, zone, i, ret, err);
			return rc < 0 ? rc : 1;
		}
	for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++)
		if (members[i].have && !strcmp(name, members[i].name)) {
			rc = po_zone_number(r->p->mem, zone, members[i].at, ret, err);
			return rc < 0 ? rc : 1;
		}
	return strcmp(name, "free_pcp") != 0 ? 0 : sum_pcp(r, zone, ret, err);
}

static int of_zone(const struct run *r, const struct po_oom_row *row, uint64_t *ret, struct pageowner_error *err)
{
	struct wanted w = { .row = row };
	int rc = po_proc_for_each_zone(r->p, NULL, find_zone, &w, err), index;

	*ret = 0;
	if (rc < 0 || !w.kva)
		return rc;
	rc = member_of_zone(r, row->name, w.kva, ret, err);
	if (rc != 0) {
		*ret = in_unit(r, row, *ret);
		return rc;
	}
	index = r->counted ? find_counter(r, row->name, 0, r->stat.nr_zone) : -1;
	if (index < 0)
		return 0;
	rc = po_vmstat_of_zone(&r->stat, r->p->k, r->p->mem, w.kva, (unsigned)index, ret, err);
	*ret = counts_kb(row->name) ? *ret : in_unit(r, row, in_pages(r, (unsigned)index, *ret));
	return rc < 0 ? rc : 1;
}

static int of_blocks(const struct run *r, const struct po_oom_row *row, uint64_t *ret, struct pageowner_error *err)
{
	const struct po_kernel *k = r->p->k;
	struct wanted w = { .row = row };
	int rc = po_proc_for_each_zone(r->p, NULL, find_zone, &w, err);

	if (rc < 0 || !w.kva || !PO_HAS(&k->l, free_area, nr_free))
		return rc;
	for (unsigned order = 0; order <= k->max_order; order++)
		if (row->size == (uint64_t)1 << order << (k->page_shift - 10)) {
			rc = po_zone_number(r->p->mem, po_zone_free_area(k, w.kva, order), PO_AT(&k->l, free_area, nr_free),
					    ret, err);
			return rc < 0 ? rc : 1;
		}
	return 0;
}

static int of_huge(const struct run *r, const struct po_oom_row *row, uint64_t *ret, struct pageowner_error *err)
{
	const struct po_layout *l = &r->p->k->l;
	const bool total = !strcmp(row->name, "hugepages_total"), unused = !strcmp(row->name, "hugepages_free");
	const struct po_member *m = total  ? PO_AT(l, hstate, nr_of_nodes) :
				    unused ? PO_AT(l, hstate, free_of_nodes) : PO_AT(l, hstate, surplus_of_nodes);
	unsigned bytes = r->p->k->abi.ptr_size == 8 && m->type.elem_size == 8 ? 8 : 4;
	uint64_t max, order;

	if (!PO_HAS_SYM(l, hstates) || !PO_HAS(l, hstate, order) || !PO_HAS(l, hstate, nr_of_nodes) ||
	    !PO_HAS(l, hstate, free_of_nodes) || !PO_HAS(l, hstate, surplus_of_nodes) || row->node < 0 ||
	    (uint64_t)row->node >= m->type.nr_elems)
		return 0;
	int rc = po_proc_optional(r->p, PO_S_hugetlb_max_hstate, &max, err);
	for (uint64_t i = 0; rc == PAGEOWNER_OK && i < max && i < MAX_HSTATES; i++) {
		uint64_t at = PO_SYM(l, hstates) + i * PO_SIZE(l, hstate);
		rc = po_memory_read_uint(r->p->mem, at + PO_OFFSET(l, hstate, order), 4, &order, err);
		if (rc < 0 || order > 40 || row->size != (uint64_t)1 << order << (r->p->k->page_shift - 10))
			continue;
		rc = po_memory_read_uint(r->p->mem, at + m->offset + (uint64_t)row->node * bytes, bytes, ret, err);
		return rc < 0 ? rc : 1;
	}
	return rc;
}

/* A line of /proc/meminfo. */
static bool of_meminfo(const struct run *r, const char *label, uint64_t *kb)
{
	const char *at = strstr(r->meminfo, label);

	if (!at || (at != r->meminfo && at[-1] != '\n'))
		return false;
	*kb = strtoull(at + strlen(label), NULL, 10);
	return true;
}

static int of_total(const struct run *r, const struct po_oom_row *row, uint64_t *ret, struct pageowner_error *err)
{
	static const struct {
		const char *name, *label;
	} lines[] = {
		{ "pages in swap cache", "SwapCached:" }, { "Free swap", "SwapFree:" },
		{ "Total swap", "SwapTotal:" },		  { "pages hwpoisoned", "HardwareCorrupted:" },
		{ "pages cma reserved", "CmaTotal:" },
	};
	struct sums s = { .r = r };
	uint64_t kb;

	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++)
		if (!strcmp(row->name, lines[i].name)) {
			if (!of_meminfo(r, lines[i].label, &kb))
				return 0;
			*ret = row->unit == PO_OOM_KB ? kb : kb >> (r->p->k->page_shift - 10);
			return 1;
		}
	if (!strcmp(row->name, "total pagecache pages"))
		return of_global(r, row, ret, err);
	int rc = po_proc_for_each_zone(r->p, NULL, sum_zone, &s, err);
	*ret = !strcmp(row->name, "pages RAM")	    ? s.present :
	       !strcmp(row->name, "pages reserved") ? s.present - s.managed : s.high;
	return rc < 0 ? rc : 1;
}

/* "dentry used", "dentry total": as the kernel sums a cache's objects, in KiB. */
static int of_slab(const struct run *r, const struct po_oom_row *row, uint64_t *ret, struct pageowner_error *err)
{
	const char *word = strrchr(row->name, ' ');
	size_t len = (size_t)(word - row->name);

	(void)err;
	for (size_t i = 0; i < r->slabs.nr; i++) {
		const struct po_slab_cache *c = &r->slabs.cache[i];
		if (c->lost || !c->name || strncmp(c->name, row->name, len) != 0 || c->name[len])
			continue;
		*ret = (!strcmp(word, " used") ? c->active_objects : c->objects) * c->size >> 10;
		return 1;
	}
	return 0;
}

static int of_tag(const struct run *r, const struct po_oom_row *row, uint64_t *ret, struct pageowner_error *err)
{
	(void)err;
	for (size_t i = 0; i < r->nr_tags; i++)
		if (!strcmp(r->tag[i].name, row->name)) {
			*ret = r->tag[i].calls;
			return r->tag[i].found == 1;
		}
	return 0;
}

static const struct po_process *find_process(const struct run *r, const struct po_oom_row *row)
{
	for (size_t i = 0; i < r->nr_processes; i++)
		if (r->process[i].pid == row->pid && !strcmp(r->process[i].comm, row->name))
			return &r->process[i];
	return NULL;
}

static int of_task(const struct run *r, const struct po_oom_row *row, uint64_t *ret, struct pageowner_error *err)
{
	const struct po_process *p = find_process(r, row);
	struct po_mm mm;

	if (!p || !p->any_mm)
		return 0;
	int rc = po_mm_read(r->p->k, r->p->mem, p->any_mm, r->sums, &mm, err);
	if (rc < 0)
		return rc;
	*ret = mm.rss[PO_RSS_FILE] + mm.rss[PO_RSS_ANON] + mm.rss[PO_RSS_SHMEM];
	return 1;
}

/* "memory usage", "memory+swap limit": a struct page_counter. */
static int of_cgroup(const struct run *r, const struct po_oom_row *row, uint64_t *ret, struct pageowner_error *err)
{
	const struct po_layout *l = &r->p->k->l;
	const struct {
		const char *name;
		bool have;
		const struct po_member *at;
	} counters_of[] = {
		{ "memory ", PO_HAS(l, mem_cgroup, memory), PO_AT(l, mem_cgroup, memory) },
		{ "swap ", PO_HAS(l, mem_cgroup, swap), PO_AT(l, mem_cgroup, swap) },
		{ "memory+swap ", PO_HAS(l, mem_cgroup, memsw), PO_AT(l, mem_cgroup, memsw) },
		{ "kmem ", PO_HAS(l, mem_cgroup, kmem), PO_AT(l, mem_cgroup, kmem) },
	};
	const struct po_member *limit = PO_HAS(l, page_counter, max) ? PO_AT(l, page_counter, max) :
				PO_HAS(l, page_counter, limit) ? PO_AT(l, page_counter, limit) : NULL;

	for (size_t i = 0; r->cgroup && i < sizeof(counters_of) / sizeof(*counters_of); i++) {
		size_t len = strlen(counters_of[i].name);
		if (!counters_of[i].have || strncmp(row->name, counters_of[i].name, len) != 0)
			continue;
		const char *what = row->name + len;
		const struct po_member *m = !strcmp(what, "limit") ? limit :
			!strcmp(what, "usage") && PO_HAS(l, page_counter, usage) ? PO_AT(l, page_counter, usage) :
			!strcmp(what, "failcnt") && PO_HAS(l, page_counter, failcnt) ? PO_AT(l, page_counter, failcnt) : NULL;
		if (!m)
			return 0;
		int rc = po_memory_read_ptr(r->p->mem, r->cgroup + counters_of[i].at->offset + m->offset, ret, err);
		*ret = in_unit(r, row, *ret);
		return rc < 0 ? rc : 1;
	}
	return 0;
}

static int value_of(const struct run *r, const struct po_oom_row *row, uint64_t *ret, struct pageowner_error *err)
{
	static int (*const of[PO_OOM_NR_PARTS])(const struct run *r, const struct po_oom_row *row, uint64_t *ret,
						struct pageowner_error *err) = {
		[PO_OOM_CGROUP] = of_cgroup, [PO_OOM_GLOBAL] = of_global, [PO_OOM_NODE] = of_node,	[PO_OOM_ZONE] = of_zone,
		[PO_OOM_BLOCKS] = of_blocks, [PO_OOM_HUGE] = of_huge,	[PO_OOM_TOTAL] = of_total,
		[PO_OOM_SLAB] = of_slab,     [PO_OOM_TAG] = of_tag,	[PO_OOM_TASK] = of_task,
	};

	*ret = 0;
	return of[row->part] ? of[row->part](r, row, ret, err) : 0;
}

/* --- the table ----------------------------------------------------------------------------------- */

static void put_title(const struct run *r, const struct po_oom_row *row)
{
	switch (row->part) {
	case PO_OOM_CGROUP:
		po_proc_put(r->p, "memory cgroup\n");
		break;
	case PO_OOM_GLOBAL:
		po_proc_put(r->p, "memory, pages\n");
		break;
	case PO_OOM_NODE:
		po_proc_put(r->p, "node %d, kB\n", row->node);
		break;
	case PO_OOM_ZONE:
		po_proc_put(r->p, "node %d, zone %s, kB\n", row->node, row->zone);
		break;
	case PO_OOM_BLOCKS:
		po_proc_put(r->p, "node %d, zone %s, free blocks\n", row->node, row->zone);
		break;
	case PO_OOM_HUGE:
		po_proc_put(r->p, "node %d, huge pages of %" PRIu64 " kB\n", row->node, row->size);
		break;
	case PO_OOM_TOTAL:
		po_proc_put(r->p, "in all, pages; swap, kB\n");
		break;
	case PO_OOM_SLAB:
		po_proc_put(r->p, "unreclaimable slab caches, kB\n");
		break;
	case PO_OOM_TAG:
		po_proc_put(r->p, "allocations, by the place in the code\n");
		break;
	case PO_OOM_TASK:
		po_proc_put(r->p, "processes, rss in pages\n");
		break;
	case PO_OOM_NR_PARTS:
		break;
	}
}

static bool same_title(const struct po_oom_row *a, const struct po_oom_row *b)
{
	return a && a->part == b->part && a->node == b->node && (a->part != PO_OOM_HUGE || a->size == b->size) &&
	       (!a->zone || !b->zone || !strcmp(a->zone, b->zone));
}

static void put_row(const struct run *r, const struct po_oom_row *row)
{
	struct pageowner_error why;
	char pid[16] = "";
	uint64_t now;
	int rc = value_of(r, row, &now, &why);

	if (rc < 0)
		po_proc_flaw(r->p, &why);
	if (row->part == PO_OOM_TASK)
		(void)snprintf(pid, sizeof(pid), "%" PRId32 " ", row->pid);
	po_proc_put(r->p, "  %s", pid);
	po_sink_put_plain(r->p->sink, row->name, strlen(row->name));
	int pad = 30 - (int)strlen(pid) - (int)strlen(row->name);
	po_proc_put(r->p, "%*s %12" PRIu64, pad > 0 ? pad : 0, "", row->value);
	if (rc == 1)
		po_proc_put(r->p, " %12" PRIu64 " %+12" PRId64 "\n", now, (int64_t)(now - row->value));
	else
		po_proc_put(r->p, " %12s %12s\n",
			    row->part == PO_OOM_TASK && r->nr_processes && !find_process(r, row) ? "gone" : "-", "-");
}

static void put_report(struct run *r, const struct po_oom_log *o, size_t index)
{
	const struct po_oom_report *rep = &o->report[index];
	const struct po_oom_row *before = NULL;
	struct pageowner_error why;
	uint64_t gap = r->last_ns > rep->ts_nsec ? r->last_ns - rep->ts_nsec : 0;

	po_proc_put(r->p, "%sOOM report %zu of %zu, at %" PRIu64 ".%06" PRIu64 ", %" PRIu64 ".%06" PRIu64
			  " s before the last line of the log\n", index ? "\n" : "", index + 1, o->nr,
		    rep->ts_nsec / 1000000000, rep->ts_nsec % 1000000000 / 1000, gap / 1000000000, gap % 1000000000 / 1000);
	r->cgroup = 0;
	if (rep->cgroup && po_memcg_find(r->p->k, r->p->mem, rep->cgroup, &r->cgroup, &why) <= 0)
		r->cgroup = 0;
	for (unsigned i = 0; i < rep->nr_said; i++) {
		po_sink_put_plain(r->p->sink, rep->said[i], strlen(rep->said[i]));
		po_proc_put(r->p, "\n");
	}
	po_proc_put(r->p, "%-32s %12s %12s %12s\n", "", "at the OOM", "in the dump", "change");
	for (size_t i = 0; i < rep->nr; i++) {
		if (!same_title(before, &rep->row[i]))
			put_title(r, &rep->row[i]);
		put_row(r, &rep->row[i]);
		before = &rep->row[i];
	}
}

/* --- getting ready ------------------------------------------------------------------------------- */

static int keep_meminfo(void *self, const char *text, size_t len)
{
	struct run *r = self;
	size_t at = strlen(r->meminfo);

	len = len < MAX_MEMINFO - 1 - at ? len : MAX_MEMINFO - 1 - at;
	memcpy(r->meminfo + at, text, len);
	r->meminfo[at + len] = '\0';
	return 0;
}

static int look_up_tag(void *arg, uint64_t kva)
{
	struct run *r = arg;
	_cleanup_(po_freep) struct po_codetag *tag = malloc(sizeof(*tag));
	struct pageowner_error why;
	char text[PO_CODETAG_TEXT];

	if (!tag)
		return PAGEOWNER_ENOMEM;
	if (po_codetag_read(r->p->k, r->p->mem, kva, tag, &why) < 0) {
		po_proc_flaw(r->p, &why);
		return PAGEOWNER_OK;
	}
	po_codetag_text(tag, text);
	for (size_t i = 0; i < r->nr_tags; i++)
		if (!strcmp(r->tag[i].name, text)) {
			r->tag[i].calls = tag->calls;
			r->tag[i].found++;
		}
	return PAGEOWNER_OK;
}

/* All tags are read once, for all reports. */
static int look_up_tags(struct run *r, const struct po_oom_log *o, struct pageowner_error *err)
{
	struct pageowner_error flaw = { .code = PAGEOWNER_OK };
	size_t nr = 0;

	for (size_t i = 0; i < o->nr; i++)
		for (size_t j = 0; j < o->report[i].nr; j++)
			nr += o->report[i].row[j].part == PO_OOM_TAG;
	if (!nr)
		return PAGEOWNER_OK;
	r->tag = calloc(nr, sizeof(*r->tag));
	if (!r->tag)
		return po_fail_nomem(err, "oom");
	for (size_t i = 0; i < o->nr; i++)
		for (size_t j = 0; j < o->report[i].nr; j++)
			if (o->report[i].row[j].part == PO_OOM_TAG)
				r->tag[r->nr_tags++].name = o->report[i].row[j].name;
	int rc = po_codetags_each(r->p->k, r->p->mem, look_up_tag, r, &flaw, err);
	if (rc == PAGEOWNER_ENOMEM)
		return po_fail_nomem(err, "oom");
	po_proc_flaw(r->p, rc < 0 ? err : &flaw);
	return PAGEOWNER_OK;
}

/* What cannot be had is told, and the others stand there. */
static int get_ready(struct run *r, struct pageowner_error *err)
{
	_cleanup_(po_freep) struct po_sink *sink = malloc(sizeof(*sink));
	struct po_proc quiet = *r->p;
	struct pageowner_error why, flaw = { .code = PAGEOWNER_OK };

	if (!sink)
		return po_fail_nomem(err, "oom");
	quiet.sink = sink;
	po_sink_init(sink, keep_meminfo, r);
	int rc = po_proc_meminfo(&quiet, &why);
	(void)po_sink_flush(sink);
	if (rc < 0)
		po_proc_flaw(r->p, &why);
	rc = po_vmstat_open(&r->stat, r->p->k, r->p->mem, &why);
	r->counted = rc == PAGEOWNER_OK;
	if (rc < 0)
		po_proc_flaw(r->p, &why);
	rc = po_slab_caches_load(r->p->k, r->p->mem, &r->slabs, &flaw, &why);
	po_proc_flaw(r->p, rc < 0 ? &why : &flaw);
	flaw.code = PAGEOWNER_OK;
	rc = po_processes_open(r->p->k, r->p->mem, &r->process, &r->nr_processes, &flaw, &why);
	po_proc_flaw(r->p, rc < 0 ? &why : &flaw);
	struct po_mm_readers readers;
	po_mm_readers(r->p->k, r->p->mem, r->p->symbols, &readers);
	r->sums = readers.badness_sums;
	return PAGEOWNER_OK;
}

int po_proc_oom(const struct po_proc *p, struct pageowner_error *err)
{
	_cleanup_(po_freep) struct run *r = calloc(1, sizeof(*r));
	struct po_oom_log log = { .nr = 0 };

	if (!r)
		return po_fail_nomem(err, "oom");
	r->p = p;
	int rc = read_log(r, &log, err);
	if (rc == PAGEOWNER_OK && log.nr)
		rc = get_ready(r, err);
	if (rc == PAGEOWNER_OK)
		rc = look_up_tags(r, &log, err);
	for (size_t i = 0; i < log.nr && rc == PAGEOWNER_OK; i++)
		put_report(r, &log, i);
	if (rc == PAGEOWNER_OK && !log.nr)
		po_proc_put(p, "no report of the OOM killer in the log\n");
	po_vmstat_fini(&r->stat);
	po_slab_caches_fini(&r->slabs);
	free(r->process);
	free(r->tag);
	po_oom_log_fini(&log);
	return rc;
}
