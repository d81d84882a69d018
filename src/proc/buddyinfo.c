/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "proc/proc.h"

#include <inttypes.h>

#include "base/status.h"

static int put_zone(const struct po_proc *p, const struct po_proc_zone *z, void *arg, struct pageowner_error *err)
{
	const struct po_layout *l = &p->k->l;
	uint64_t nr;

	(void)arg;
	if (!z->populated)
		return PAGEOWNER_OK;
	po_proc_put(p, "Node %u, zone %8s ", z->node->id, z->name);
	for (unsigned order = 0; order <= p->k->max_order; order++) {
		int rc = po_zone_number(p->mem, po_zone_free_area(p->k, z->kva, order), PO_AT(l, free_area, nr_free),
					&nr, err);
		if (rc < 0)
			return rc;
		po_proc_put(p, "%6" PRIu64 " ", nr);
	}
	po_proc_put(p, "\n");
	return PAGEOWNER_OK;
}

int po_proc_buddyinfo(const struct po_proc *p, struct pageowner_error *err)
{
	if (!PO_HAS(&p->k->l, free_area, nr_free))
		return po_fail(err, PAGEOWNER_ENOTYPE, "type information lacks free_area.nr_free");
	return po_proc_for_each_zone(p, NULL, put_zone, NULL, err);
}
