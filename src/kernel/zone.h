/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Nodes and their zones. */
#ifndef PO_KERNEL_ZONE_H
#define PO_KERNEL_ZONE_H

#include <stddef.h>
#include <stdint.h>

#include <pageowner/error.h>

#include "memory/memory.h"

struct po_kernel;

struct po_node {
	uint64_t kva;		/* of its struct pglist_data */
	unsigned id;
};

/* A zone that spans pages. */
struct po_zone {
	uint64_t kva;		/* of its struct zone */
	unsigned node;		/* index in the list of nodes */
	unsigned index;		/* in the node: the zone's number */
	uint64_t pfn, spanned;	/* [pfn, pfn + spanned), holes included */
};

struct po_zones {
	struct po_node *node;
	size_t nr_nodes;
	struct po_zone *zone;
	size_t nr;
	unsigned max_nodes;	/* MAX_NUMNODES; 1 without NUMA */
	unsigned lost;		/* zones and nodes that are not in the dump */
};

/* What cannot be read is counted and passed over; EUNSUPP: no node is known; ENOMEM. */
int po_zones_open(struct po_kernel *k, struct po_memory *mem, struct pageowner_error *err);
void po_zones_fini(struct po_zones *z);

#endif
