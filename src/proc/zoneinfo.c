/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "proc/proc.h"

#include <inttypes.h>

#include "base/status.h"
#include "kernel/percpu.h"

#define MAX_RECLAIM_RETRIES 16

struct run {
	const struct po_proc *p;
	struct po_vmstat stat;
	const char *pages, *cpu, *threshold, *tail;	/* the kernel's format strings */
	bool populated_only;		/* until 4.11, where "protection" comes last, too */
	const struct po_node *node;	/* whose counters have been told */
};

/* What a format string asks for. */
struct asked {
	const struct run *r;
	const struct po_proc_zone *z;
	unsigned cpu;
	uint64_t pcp, stats;		/* this processor's struct per_cpu_pages, and what has its threshold */
};

static int read_in_zone(const struct asked *a, bool have, const struct po_member *m, uint64_t *ret,
			struct pageowner_error *err)
{
	int rc = have ? po_zone_number(a->r->p->mem, a->z->kva, m, ret, err) : 0;

	return rc == PAGEOWNER_OK && have ? 1 : rc;
}

static int read_stat(const struct asked *a, const char *name, uint64_t *ret, struct pageowner_error *err)
{
	int index = po_vmstat_find(&a->r->stat, name);

	if (index < 0)
		return 0;
	int rc = po_vmstat_of_zone(&a->r->stat, a->r->p->k, a->r->p->mem, a->z->kva, (unsigned)index, ret, err);
	return rc < 0 ? rc : 1;
}

#define IN_ZONE(id) read_in_zone(a, PO_HAS(l, zone, id), PO_AT(l, zone, id), ret, err)

static int value_of_pages(void *arg, const char *word, uint64_t *ret, struct pageowner_error *err)
{
	static const char *const marks[] = { "min", "low", "high", "promo" };
	const struct asked *a = arg;
	const struct po_layout *l = &a->r->p->k->l;

	for (unsigned i = 0; i < sizeof(marks) / sizeof(*marks); i++)
		if (!strcmp(word, marks[i])) {
			int rc = po_proc_watermark(a->r->p, a->z->kva, i, ret, err);
			return rc < 0 ? rc : 1;
		}
	if (!strcmp(word, "free"))
		return read_stat(a, "nr_free_pages", ret, err);
	if (!strcmp(word, "scanned"))		/* until 4.11 */
		return read_stat(a, "nr_pages_scanned", ret, err);
	if (!strcmp(word, "boost"))
		return IN_ZONE(watermark_boost);
	if (!strcmp(word, "spanned"))
		return IN_ZONE(spanned_pages);
	if (!strcmp(word, "present"))
		return IN_ZONE(present_pages);
	if (!strcmp(word, "managed"))
		return IN_ZONE(managed_pages);
	if (strcmp(word, "cma") != 0)
		return 0;
	*ret = 0;	/* without CONFIG_CMA */
	return PO_HAS(l, zone, cma_pages) ? IN_ZONE(cma_pages) : 1;
}

static int value_of_tail(void *arg, const char *word, uint64_t *ret, struct pageowner_error *err)
{
	const struct asked *a = arg;
	const struct po_layout *l = &a->r->p->k->l;
	int rc;

	if (!strcmp(word, "start_pfn"))
		return IN_ZONE(zone_start_pfn);
	if (!strcmp(word, "inactive_ratio"))
		return IN_ZONE(inactive_ratio);
	if (!strcmp(word, "reserved_highatomic"))
		return IN_ZONE(nr_reserved_highatomic);
	if (!strcmp(word, "free_highatomic"))
		return IN_ZONE(nr_free_highatomic);
	if (strcmp(word, "node_unreclaimable") != 0 || !PO_HAS(l, pglist_data, kswapd_failures))
		return 0;
	rc = po_memory_read_uint(a->r->p->mem, a->z->node->kva + PO_OFFSET(l, pglist_data, kswapd_failures), 4, ret,
				 err);
	*ret = (int32_t)*ret >= MAX_RECLAIM_RETRIES;
	return rc < 0 ? rc : 1;
}

static int read_in_pcp(const struct asked *a, bool have, const struct po_member *m, uint64_t *ret,
		       struct pageowner_error *err)
{
	int rc = have ? po_memory_read_uint(a->r->p->mem, a->pcp + m->offset, m->size, ret, err) : 0;

	return rc == PAGEOWNER_OK && have ? 1 : rc;
}

#define IN_PCP(id) read_in_pcp(a, PO_HAS(l, per_cpu_pages, id), PO_AT(l, per_cpu_pages, id), ret, err)

static int value_of_cpu(void *arg, const char *word, uint64_t *ret, struct pageowner_error *err)
{
	const struct asked *a = arg;
	const struct po_layout *l = &a->r->p->k->l;

	*ret = a->cpu;
	if (!strcmp(word, "cpu"))
		return 1;
	if (!strcmp(word, "count"))
		return IN_PCP(count);
	if (!strcmp(word, "high"))
		return IN_PCP(high);
	if (!strcmp(word, "batch"))
		return IN_PCP(batch);
	if (!strcmp(word, "high_min"))
		return IN_PCP(high_min);
	return strcmp(word, "high_max") != 0 ? 0 : IN_PCP(high_max);
}

static int value_of_threshold(void *arg, const char *word, uint64_t *ret, struct pageowner_error *err)
{
	const struct asked *a = arg;
	const struct po_layout *l = &a->r->p->k->l;
	const struct po_member *m = PO_HAS(l, per_cpu_zonestat, stat_threshold) ?
					    PO_AT(l, per_cpu_zonestat, stat_threshold) :
					    PO_AT(l, per_cpu_pageset, stat_threshold);

	if (strcmp(word, "threshold") != 0)
		return 0;
	int rc = po_memory_read_uint(a->r->p->mem, a->stats + m->offset, 1, ret, err);
	*ret = (uint64_t)po_sign_extend(*ret, 8);
	return rc < 0 ? rc : 1;
}

/* --- parts --------------------------------------------------------------------------------------- */

static int put_node_stats(struct run *r, const struct po_proc_zone *z, struct pageowner_error *err)
{
	const struct po_vmstat *v = &r->stat;
	unsigned first = v->nr_zone + v->nr_numa;
	uint64_t n;

	r->node = z->node;
	if (!v->nr_node)
		return PAGEOWNER_OK;
	po_proc_put(r->p, "\n  per-node stats");
	for (unsigned i = first; i < first + v->nr_node; i++) {
		int rc = po_vmstat_of_node(v, r->p->k, r->p->mem, z->node, i, &n, err);
		if (rc < 0)
			return rc;
		if (v->thp_in_pages && po_vmstat_is_thp(v, i))
			n /= v->thp_pages;
		po_proc_put(r->p, "\n      %-12s %" PRIu64, v->name[i], n);
	}
	return PAGEOWNER_OK;
}

static int put_protection(const struct run *r, const struct po_proc_zone *z, struct pageowner_error *err)
{
	const struct po_member *m = PO_AT(&r->p->k->l, zone, lowmem_reserve);
	unsigned bytes = r->p->k->abi.ptr_size;
	uint64_t v;

	po_proc_put(r->p, "\n        protection: (");
	for (uint64_t i = 0; i < m->type.nr_elems; i++) {
		int rc = po_memory_read_ptr(r->p->mem, z->kva + m->offset + i * bytes, &v, err);
		if (rc < 0)
			return rc;
		po_proc_put(r->p, "%s%" PRId64, i ? ", " : "", po_sign_extend(v, bytes * 8));
	}
	po_proc_put(r->p, ")");
	return PAGEOWNER_OK;
}

static int put_zone_stats(const struct run *r, const struct po_proc_zone *z, struct pageowner_error *err)
{
	const struct po_vmstat *v = &r->stat;
	uint64_t n;

	for (unsigned i = 0; i < v->nr_zone + v->nr_numa; i++) {
		int rc = po_vmstat_of_zone(v, r->p->k, r->p->mem, z->kva, i, &n, err);
		if (rc < 0)
			return rc;
		po_proc_put(r->p, v->nr_node ? "\n      %-12s %" PRIu64 : "\n    %-12s %" PRIu64, v->name[i], n);
	}
	return PAGEOWNER_OK;
}

static int put_cpu(const struct run *r, struct asked *a, struct pageowner_error *err)
{
	int rc = po_proc_pcp(r->p, a->z->kva, a->cpu, &a->pcp, &a->stats, err);

	if (rc == PAGEOWNER_OK)
		rc = po_proc_format(r->p, r->cpu, value_of_cpu, a, err);
	if (rc == PAGEOWNER_OK && r->threshold)
		rc = po_proc_format(r->p, r->threshold, value_of_threshold, a, err);
	return rc;
}

static int put_populated(const struct run *r, struct asked *a, struct pageowner_error *err)
{
	int rc = put_zone_stats(r, a->z, err);

	if (rc == PAGEOWNER_OK && r->populated_only)
		rc = put_protection(r, a->z, err);
	po_proc_put(r->p, "\n  pagesets");
	for (a->cpu = 0; rc == PAGEOWNER_OK && a->cpu < po_cpus_max(r->p->k, r->p->mem); a->cpu++)
		if (po_cpu_is_online(r->p->k, r->p->mem, a->cpu))
			rc = put_cpu(r, a, err);
	return rc == PAGEOWNER_OK ? po_proc_format(r->p, r->tail, value_of_tail, a, err) : rc;
}

static int put_zone(const struct po_proc *p, const struct po_proc_zone *z, void *arg, struct pageowner_error *err)
{
	struct run *r = arg;
	struct asked a = { .r = r, .z = z };
	int rc = PAGEOWNER_OK;

	if (!z->populated && r->populated_only)
		return PAGEOWNER_OK;
	po_proc_put(p, "Node %u, zone %8s", z->node->id, z->name);
	if (z->populated && r->node != z->node)
		rc = put_node_stats(r, z, err);
	if (rc == PAGEOWNER_OK)
		rc = po_proc_format(p, r->pages, value_of_pages, &a, err);
	if (rc == PAGEOWNER_OK && !r->populated_only)
		rc = put_protection(r, z, err);
	if (rc == PAGEOWNER_OK && z->populated)
		rc = put_populated(r, &a, err);
	po_proc_put(p, "\n");
	return rc;
}

static int check_types(const struct po_layout *l, struct pageowner_error *err)
{
	if (!(PO_HAS(l, zone, _watermark) || PO_HAS(l, zone, watermark)) || !PO_HAS(l, zone, lowmem_reserve) ||
	    !po_proc_has_pcp(l))
		return po_fail(err, PAGEOWNER_ENOTYPE, "type information lacks members of struct zone");
	return PAGEOWNER_OK;
}

int po_proc_zoneinfo(const struct po_proc *p, struct pageowner_error *err)
{
	struct run r = {
		.p = p,
		.pages = po_proc_string(p, "\n  pages free "),
		.cpu = po_proc_string(p, "\n    cpu: "),
		.threshold = po_proc_string(p, "\n  vm stats threshold: "),
		.populated_only = po_proc_has_string(p, ")\n  pagesets"),
	};
	int rc = check_types(&p->k->l, err);

	r.tail = po_proc_string(p, "\n  node_unreclaimable: ");
	if (!r.tail)
		r.tail = po_proc_string(p, "\n  all_unreclaimable: ");
	if (rc < 0)
		return rc;
	if (!r.pages || !r.cpu || !r.tail)
		return po_fail(err, PAGEOWNER_EUNSUPP, "the kernel's format strings were not found");
	rc = po_vmstat_open(&r.stat, p->k, p->mem, err);
	if (rc < 0)
		return rc;
	rc = po_proc_for_each_zone(p, NULL, put_zone, &r, err);
	po_vmstat_fini(&r.stat);
	return rc;
}
