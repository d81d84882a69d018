/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "proc/proc.h"

int po_proc_places_open(const struct po_proc *p, struct po_proc_places *ret, struct pageowner_error *err)
{
	struct po_flag_place place[PO_MAX_PLACES];
	size_t nr;
	int rc = po_page_flag_places(p->k, p->mem, place, &nr, err);

	*ret = (struct po_proc_places){ .zone = { .width = 0 } };
	for (size_t i = 0; rc == PAGEOWNER_OK && i < nr; i++) {
		if (!strcmp(place[i].name, "zone"))
			ret->zone = place[i];
		else if (!strcmp(place[i].name, "node"))
			ret->node = place[i];
	}
	return rc;
}

static uint64_t bits_of(const struct po_flag_place *place, uint64_t flags)
{
	return flags >> place->shift & (((uint64_t)1 << place->width) - 1);
}

unsigned po_proc_zone_of(const struct po_proc_places *places, uint64_t flags)
{
	return places->zone.width ? (unsigned)bits_of(&places->zone, flags) : 0;
}

int po_proc_node_of(const struct po_proc *p, const struct po_proc_places *places, uint64_t flags, uint64_t pfn)
{
	const struct po_zones *z = &p->k->zones;

	if (places->node.width)
		return (int)bits_of(&places->node, flags);
	if (z->max_nodes < 2)
		return 0;
	/* a table of sections tells the kernel, which comes to the same */
	for (size_t i = 0; i < z->nr; i++)
		if (pfn >= z->zone[i].pfn && pfn - z->zone[i].pfn < z->zone[i].spanned)
			return (int)z->node[z->zone[i].node].id;
	return -1;
}
