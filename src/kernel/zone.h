/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Nodes and their zones. */
#ifndef PO_KERNEL_ZONE_H
#define PO_KERNEL_ZONE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pageowner/error.h>

#include "memory/memory.h"
#include "types/types.h"

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

/* --- what /proc tells of them, zones without pages included --- */

#define PO_ZONE_NAME_MAX 32

/* Whether a node is in that state (N_ONLINE, N_MEMORY as this kernel numbers them). */
bool po_node_has_state(const struct po_kernel *k, struct po_memory *mem, const struct po_node *node, int64_t state);

/* MAX_NR_ZONES, and the address of one of a node's. */
unsigned po_zones_per_node(const struct po_kernel *k);
uint64_t po_zone_at(const struct po_kernel *k, const struct po_node *node, unsigned index);

/* The name, "DMA32"; its length, or negative. */
int po_zone_name(const struct po_kernel *k, struct po_memory *mem, uint64_t zone, char buf[PO_ZONE_NAME_MAX],
		 struct pageowner_error *err);
/* A number in a struct zone. */
int po_zone_number(struct po_memory *mem, uint64_t zone, const struct po_member *m, uint64_t *ret,
		   struct pageowner_error *err);
/* Of an order: the struct free_area, and the head of its list for a migratetype. */
uint64_t po_zone_free_area(const struct po_kernel *k, uint64_t zone, unsigned order);
uint64_t po_zone_free_list(const struct po_kernel *k, uint64_t area, unsigned type);

#endif
