/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/zone.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/status.h"
#include "kernel/kernel.h"

#define MAX_NODES 1024

void po_zones_fini(struct po_zones *z)
{
	free(z->node);
	free(z->zone);
	*z = (struct po_zones){ .nr = 0 };
}

static int add_node(struct po_zones *z, uint64_t kva, unsigned id)
{
	struct po_node *grown = realloc(z->node, (z->nr_nodes + 1) * sizeof(*grown));

	if (!grown)
		return PAGEOWNER_ENOMEM;
	z->node = grown;
	grown[z->nr_nodes++] = (struct po_node){ kva, id };
	return PAGEOWNER_OK;
}

/* All those of node_data that are there (NUMA, and DISCONTIGMEM until 5.13), else the only one. */
static int find_nodes(struct po_kernel *k, struct po_memory *mem, struct pageowner_error *err)
{
	const struct po_layout *l = &k->l;
	uint64_t nodes = PO_SYM(l, node_data), nr, at;
	int rc = PAGEOWNER_OK;

	k->zones.max_nodes = 1;
	if (!nodes) {
		if (!PO_HAS_SYM(l, contig_page_data))
			return po_fail(err, PAGEOWNER_EUNSUPP,
				       "nodes: neither node_data nor contig_page_data is known");
		return add_node(&k->zones, PO_SYM(l, contig_page_data), 0);
	}
	/* type information may know a declaration only, which lacks the length: the symbol has it */
	nr = l->symbol[PO_S_node_data].size / k->abi.ptr_size;
	if (nr > 1)
		k->zones.max_nodes = nr < MAX_NODES ? (unsigned)nr : MAX_NODES;
	for (unsigned i = 0; rc == PAGEOWNER_OK && i < k->zones.max_nodes; i++) {
		if (po_memory_read_ptr(mem, nodes + i * k->abi.ptr_size, &at, NULL) < 0)
			k->zones.lost++;
		else if (at)
			rc = add_node(&k->zones, at, i);
	}
	return rc;
}

static int add_zone(struct po_kernel *k, struct po_memory *mem, unsigned node, unsigned index)
{
	const struct po_layout *l = &k->l;
	struct po_zones *z = &k->zones;
	struct po_zone zone = {
		.kva = z->node[node].kva + PO_OFFSET(l, pglist_data, node_zones) +
		       index * PO_SIZE(l, zone),
		.node = node, .index = index,
	};

	if (po_memory_read_ptr(mem, zone.kva + PO_OFFSET(l, zone, spanned_pages), &zone.spanned, NULL) < 0 ||
	    po_memory_read_ptr(mem, zone.kva + PO_OFFSET(l, zone, zone_start_pfn), &zone.pfn, NULL) < 0) {
		z->lost++;
		return PAGEOWNER_OK;
	}
	if (!zone.spanned)
		return PAGEOWNER_OK;
	struct po_zone *grown = realloc(z->zone, (z->nr + 1) * sizeof(*grown));
	if (!grown)
		return PAGEOWNER_ENOMEM;
	z->zone = grown;
	grown[z->nr++] = zone;
	return PAGEOWNER_OK;
}

int po_zones_open(struct po_kernel *k, struct po_memory *mem, struct pageowner_error *err)
{
	const struct po_layout *l = &k->l;
	int rc = find_nodes(k, mem, err);

	for (unsigned n = 0; rc == PAGEOWNER_OK && n < k->zones.nr_nodes; n++) {
		uint64_t nr, at = k->zones.node[n].kva + PO_OFFSET(l, pglist_data, nr_zones);

		if (po_memory_read_uint(mem, at, 4, &nr, NULL) < 0) {
			k->zones.lost++;
			continue;
		}
		if (nr > PO_AT(l, pglist_data, node_zones)->type.nr_elems)	/* corrupt */
			nr = PO_AT(l, pglist_data, node_zones)->type.nr_elems;
		for (unsigned i = 0; rc == PAGEOWNER_OK && i < nr; i++)
			rc = add_zone(k, mem, n, i);
	}
	return rc == PAGEOWNER_ENOMEM ? po_fail_nomem(err, "zones") : rc;
}

/* --- what /proc tells of them -------------------------------------------------------------------- */

/* Nodes that are possible have a struct pglist_data since 5.18, be they online or not. */
bool po_node_has_state(const struct po_kernel *k, struct po_memory *mem, const struct po_node *node, int64_t state)
{
	const struct po_layout *l = &k->l;
	uint64_t states = PO_HAS_ENUM(l, NR_NODE_STATES) ? (uint64_t)PO_ENUM(l, NR_NODE_STATES) : 0, word;
	unsigned bits = k->abi.ptr_size * 8u;

	if (k->zones.max_nodes < 2 || !states || !PO_HAS_SYM(l, node_states))
		return true;
	uint64_t mask_size = l->symbol[PO_S_node_states].size / states;
	if (state < 0 || (uint64_t)state >= states || node->id / 8 >= mask_size)
		return true;
	uint64_t at = PO_SYM(l, node_states) + (uint64_t)state * mask_size + node->id / bits * k->abi.ptr_size;
	return po_memory_read_ptr(mem, at, &word, NULL) < 0 || (word >> node->id % bits & 1);
}

unsigned po_zones_per_node(const struct po_kernel *k)
{
	return (unsigned)PO_AT(&k->l, pglist_data, node_zones)->type.nr_elems;
}

uint64_t po_zone_at(const struct po_kernel *k, const struct po_node *node, unsigned index)
{
	return node->kva + PO_OFFSET(&k->l, pglist_data, node_zones) + index * PO_SIZE(&k->l, zone);
}

int po_zone_name(const struct po_kernel *k, struct po_memory *mem, uint64_t zone, char buf[PO_ZONE_NAME_MAX],
		 struct pageowner_error *err)
{
	uint64_t at;

	if (!PO_HAS(&k->l, zone, name))
		return po_fail(err, PAGEOWNER_ENOTYPE, "type information lacks zone.name");
	int rc = po_memory_read_ptr(mem, zone + PO_OFFSET(&k->l, zone, name), &at, err);
	if (rc == PAGEOWNER_OK)
		rc = po_memory_read_string(mem, at, buf, PO_ZONE_NAME_MAX, err);
	return rc < 0 ? po_within(err, rc, "zone's name") : rc;
}

int po_zone_number(struct po_memory *mem, uint64_t zone, const struct po_member *m, uint64_t *ret,
		   struct pageowner_error *err)
{
	int rc = po_memory_read_uint(mem, zone + m->offset, m->size <= 8 ? m->size : 8, ret, err);

	return rc < 0 ? po_within(err, rc, "zone at 0x%" PRIx64, zone) : rc;
}

uint64_t po_zone_free_area(const struct po_kernel *k, uint64_t zone, unsigned order)
{
	return zone + PO_OFFSET(&k->l, zone, free_area) + order * PO_SIZE(&k->l, free_area);
}

uint64_t po_zone_free_list(const struct po_kernel *k, uint64_t area, unsigned type)
{
	return area + PO_OFFSET(&k->l, free_area, free_list) + (uint64_t)type * 2 * k->abi.ptr_size;
}
