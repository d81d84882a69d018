/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "proc/proc.h"

#include "base/status.h"

bool po_proc_is_online(const struct po_proc *p, const struct po_node *node)
{
	const struct po_layout *l = &p->k->l;

	return po_node_has_state(p->k, p->mem, node, PO_HAS_ENUM(l, N_ONLINE) ? PO_ENUM(l, N_ONLINE) : -1);
}

static int do_node(const struct po_proc *p, const struct po_node *node, po_proc_zone_fn *fn, void *arg,
		   struct pageowner_error *err)
{
	const struct po_layout *l = &p->k->l;
	int rc = PAGEOWNER_OK;

	for (unsigned i = 0; i < po_zones_per_node(p->k) && rc == PAGEOWNER_OK; i++) {
		struct po_proc_zone z = { .kva = po_zone_at(p->k, node, i), .node = node, .index = i };
		uint64_t present;

		rc = po_zone_name(p->k, p->mem, z.kva, z.name, err);
		if (rc < 0)
			return rc;
		rc = po_zone_number(p->mem, z.kva, PO_AT(l, zone, present_pages), &present, err);
		z.populated = present != 0;
		if (rc == PAGEOWNER_OK)
			rc = fn(p, &z, arg, err);
	}
	return rc;
}

int po_proc_for_each_zone(const struct po_proc *p, const struct po_node *node, po_proc_zone_fn *fn, void *arg,
			  struct pageowner_error *err)
{
	int rc = PAGEOWNER_OK;

	if (!PO_HAS(&p->k->l, zone, present_pages))
		return po_fail(err, PAGEOWNER_ENOTYPE, "type information lacks zone.present_pages");
	if (node)
		return do_node(p, node, fn, arg, err);
	for (size_t i = 0; i < p->k->zones.nr_nodes && rc == PAGEOWNER_OK; i++)
		if (po_proc_is_online(p, &p->k->zones.node[i]))
			rc = do_node(p, &p->k->zones.node[i], fn, arg, err);
	return rc;
}
