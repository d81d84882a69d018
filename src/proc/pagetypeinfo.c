/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "proc/blocks.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/status.h"
#include "kernel/list.h"

#define MAX_FREE	UINT32_MAX	/* entries of a free list; of all lists together as many as there are page frames */
#define FREE_CAP	100000		/* where it does not: commit 93b3a674485f (5.5) */

struct run {
	const struct po_proc *p;
	struct po_migratetypes types;
	struct po_proc_pages pages;
	bool capped;
	uint64_t free_left;		/* blocks that there may still be in free lists */
};

static void put_counts(const struct run *r, const struct po_proc_zone *z, const uint64_t *count)
{
	po_proc_put(r->p, "Node %u, zone %8s ", z->node->id, z->name);
	for (unsigned i = 0; i < r->types.nr; i++)
		po_proc_put(r->p, "%12" PRIu64 " ", count[i]);
	po_proc_put(r->p, "\n");
}

static void put_head(const struct run *r, const char *title)
{
	po_proc_put(r->p, "\n%-23s", title);
	for (unsigned i = 0; i < r->types.nr; i++)
		po_proc_put(r->p, "%12s ", r->types.name[i]);
	po_proc_put(r->p, "\n");
}

/* --- free pages ---------------------------------------------------------------------------------- */

static void put_free(struct run *r, uint64_t head)
{
	struct po_list list = po_list_of(r->p->mem, head, r->free_left < MAX_FREE ? (unsigned)r->free_left : MAX_FREE);
	struct pageowner_error why;
	uint64_t at, nr = 0;
	bool over = false;
	int rc = 0;

	while (!over && (rc = po_list_next(&list, &at, &why)) == 1)
		over = ++nr >= FREE_CAP && r->capped;
	if (rc < 0) {
		(void)po_within(&why, rc, "free list");
		po_proc_flaw(r->p, &why);
	}
	r->free_left -= nr;
	po_proc_put(r->p, "%s%6" PRIu64 " ", over ? ">" : "", nr);
}

static int put_zone_free(const struct po_proc *p, const struct po_proc_zone *z, void *arg, struct pageowner_error *err)
{
	struct run *r = arg;

	(void)err;
	for (unsigned type = 0; z->populated && type < r->types.nr; type++) {
		po_proc_put(p, "Node %4u, zone %8s, type %12s ", z->node->id, z->name, r->types.name[type]);
		for (unsigned order = 0; order <= p->k->max_order; order++)
			put_free(r, po_zone_free_list(p->k, po_zone_free_area(p->k, z->kva, order), type));
		po_proc_put(p, "\n");
	}
	return PAGEOWNER_OK;
}

/* --- pageblocks ---------------------------------------------------------------------------------- */

static int put_zone_blocks(const struct po_proc *p, const struct po_proc_zone *z, void *arg, struct pageowner_error *err)
{
	uint64_t count[PO_MAX_MIGRATETYPES] = { 0 };
	struct run *r = arg;

	(void)p;
	if (!z->populated)
		return PAGEOWNER_OK;
	int rc = po_proc_count_blocks(&r->pages, z, count, err);
	if (rc == PAGEOWNER_OK)
		put_counts(r, z, count);
	return rc;
}

static int put_zone_mixed(const struct po_proc *p, const struct po_proc_zone *z, void *arg, struct pageowner_error *err)
{
	uint64_t count[PO_MAX_MIGRATETYPES] = { 0 };
	struct run *r = arg;

	(void)p;
	if (!z->populated)
		return PAGEOWNER_OK;
	int rc = po_proc_count_mixed(&r->pages, z, count, err);
	if (rc == PAGEOWNER_OK)
		put_counts(r, z, count);
	return rc;
}

/* --- a node -------------------------------------------------------------------------------------- */

static int put_node(struct run *r, const struct po_node *node, struct pageowner_error *err)
{
	const struct po_proc *p = r->p;

	po_proc_put(p, "Page block order: %u\nPages per block:  %" PRIu64 "\n\n", p->k->pageblock.order,
		    (uint64_t)1 << p->k->pageblock.order);
	po_proc_put(p, "%-43s ", "Free pages count per migrate type at order");
	for (unsigned order = 0; order <= p->k->max_order; order++)
		po_proc_put(p, "%6u ", order);
	po_proc_put(p, "\n");
	int rc = po_proc_for_each_zone(p, node, put_zone_free, r, err);
	if (rc == PAGEOWNER_OK) {
		put_head(r, "Number of blocks type ");
		rc = po_proc_for_each_zone(p, node, put_zone_blocks, r, err);
	}
	if (rc == PAGEOWNER_OK && p->owned) {
		put_head(r, "Number of mixed blocks ");
		rc = po_proc_for_each_zone(p, node, put_zone_mixed, r, err);
	}
	return rc;
}

int po_proc_pagetypeinfo(const struct po_proc *p, struct pageowner_error *err)
{
	struct pageowner_error why;
	struct run r = { .p = p, .free_left = p->k->max_pfn };
	int rc = po_migratetypes_read(p, &r.types, err);

	if (rc == PAGEOWNER_OK)
		rc = po_proc_pages_open(&r.pages, p, &r.types, err);
	if (rc < 0)
		return rc;
	r.capped = po_proc_has_string(p, "%s%6lu ");
	for (size_t i = 0; i < p->k->zones.nr_nodes && rc == PAGEOWNER_OK; i++) {
		const struct po_node *node = &p->k->zones.node[i];
		if (po_proc_is_online(p, node) && po_node_has_state(p->k, p->mem, node, PO_HAS_ENUM(&p->k->l, N_MEMORY) ?
									PO_ENUM(&p->k->l, N_MEMORY) : -1))
			rc = put_node(&r, node, err);
	}
	if (rc == PAGEOWNER_OK && r.pages.lost) {
		(void)po_fail(&why, PAGEOWNER_ENODATA, "blocks: %" PRIu64 " pages that were asked for are not in the dump",
			      r.pages.lost);
		po_proc_flaw(p, &why);
	}
	return rc;
}
