/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/pcp.h"

#include <inttypes.h>

#include "base/status.h"
#include "kernel/list.h"
#include "kernel/percpu.h"

#define MAX_LISTED	(1u << 24)	/* pages on one list */
#define MAX_LISTS	64

struct walk {
	const struct po_kernel *k;
	struct po_memory *mem;
	po_pcp_fn *fn;
	void *arg;
	struct pageowner_error *flaw;
	uint64_t first;		/* offset of the first list from where the zone points */
	unsigned nr_lists;
	uint64_t link;		/* offset of the list's links in struct page */
};

/*
 * One list for each migratetype that is kept so, of single pages; since commit 44042b449872 (5.13) as many again for each
 * order up to PAGE_ALLOC_COSTLY_ORDER, which is 3, and what is more for huge pages.
 */
static unsigned order_of(const struct walk *w, unsigned list)
{
	const struct po_layout *l = &w->k->l;
	unsigned types = PO_HAS_ENUM(l, MIGRATE_PCPTYPES) ? (unsigned)PO_ENUM(l, MIGRATE_PCPTYPES) : 3;
	unsigned order = list / (types ? types : 1);

	return order <= 3 ? order : w->k->pageblock.order;
}

static void tell(struct walk *w, const struct pageowner_error *why, const struct po_zone *zone)
{
	if (w->flaw->code != PAGEOWNER_OK)
		return;
	*w->flaw = *why;
	(void)po_within(w->flaw, why->code, "zone %u of node %u: pages that processors keep at hand", zone->index,
			w->k->zones.node[zone->node].id);
}

static int walk_list(struct walk *w, const struct po_zone *zone, uint64_t head, unsigned order)
{
	struct po_list list = po_list_of(w->mem, head, MAX_LISTED);
	struct pageowner_error why;
	uint64_t at, pfn;
	int rc = 0, got;

	while (!rc && (got = po_list_next(&list, &at, &why)) != 0) {
		if (got == 1 && !po_memmap_pfn_of(&w->k->map, po_wrap(&w->k->abi, at - w->link), &pfn))
			got = po_fail(&why, PAGEOWNER_ECORRUPT, "0x%" PRIx64 " is no struct page", at - w->link);
		if (got < 0) {
			tell(w, &why, zone);
			return PAGEOWNER_OK;
		}
		rc = w->fn(w->arg, pfn, order);
	}
	return rc;
}

static int walk_zone(struct walk *w, const struct po_zone *zone, uint64_t at)
{
	struct pageowner_error why;
	unsigned cpus = po_cpus_max(w->k, w->mem);
	uint64_t pcp, lists;
	int rc = 0;

	if (po_memory_read_ptr(w->mem, zone->kva + at, &pcp, &why) < 0) {
		tell(w, &why, zone);
		return PAGEOWNER_OK;
	}
	for (unsigned i = 0; i < cpus && !rc; i++) {
		if (!po_cpu_is_possible(w->k, w->mem, i))
			continue;
		if (po_percpu_at(w->k, w->mem, pcp + w->first, i, &lists, &why) < 0) {
			tell(w, &why, zone);
			continue;
		}
		for (unsigned j = 0; j < w->nr_lists && !rc; j++)
			rc = walk_list(w, zone, lists + j * 2u * w->k->abi.ptr_size, order_of(w, j));
	}
	return rc;
}

int po_pcp_each(const struct po_kernel *k, struct po_memory *mem, po_pcp_fn *fn, void *arg,
		struct pageowner_error *flaw, struct pageowner_error *err)
{
	const struct po_layout *l = &k->l;
	const struct po_member *lists = PO_AT(l, per_cpu_pages, lists);
	bool direct = PO_HAS(l, zone, per_cpu_pageset);
	struct walk w = { .k = k, .mem = mem, .fn = fn, .arg = arg, .flaw = flaw };
	int rc = 0;

	*flaw = (struct pageowner_error){ .code = PAGEOWNER_OK };
	if (!PO_HAS(l, per_cpu_pages, lists) || !PO_HAS(l, page, lru) ||
	    !(direct || (PO_HAS(l, zone, pageset) && PO_HAS(l, per_cpu_pageset, pcp))))
		return po_fail(err, PAGEOWNER_ENOTYPE, "type information lacks per_cpu_pages.lists, or what leads there");
	w.first = lists->offset + (direct ? 0 : PO_OFFSET(l, per_cpu_pageset, pcp));
	w.nr_lists = lists->type.nr_elems > MAX_LISTS ? MAX_LISTS : (unsigned)lists->type.nr_elems;
	w.link = PO_HAS(l, page, pcp_list) ? PO_OFFSET(l, page, pcp_list) : PO_OFFSET(l, page, lru);
	for (size_t i = 0; i < k->zones.nr && !rc; i++)
		rc = walk_zone(&w, &k->zones.zone[i],
			       direct ? PO_OFFSET(l, zone, per_cpu_pageset) : PO_OFFSET(l, zone, pageset));
	return rc;
}
