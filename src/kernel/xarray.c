/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/xarray.h"

#include <inttypes.h>

#include "base/status.h"

#define MAX_SLOTS	64		/* XA_CHUNK_SIZE: 64, or 16 with CONFIG_BASE_SMALL */
#define MAX_NODES	(1u << 20)
#define INTERNAL	2u		/* in the low two bits of an entry; 0: a pointer */
#define LAST_SPECIAL	4096u		/* internal entries up to here stand for something else than a node */

struct walk {
	const struct po_kernel *k;
	struct po_memory *mem;
	po_xarray_fn *fn;
	void *arg;
	struct pageowner_error *flaw;
	unsigned nodes;
};

static int tell(struct walk *w, const struct pageowner_error *what)
{
	if (w->flaw->code == PAGEOWNER_OK)
		*w->flaw = *what;
	return PAGEOWNER_OK;
}

/* above: the shift of the node that led here, which is larger: so no chain of nodes goes on for ever. */
static int visit(struct walk *w, uint64_t entry, unsigned above)
{
	const struct po_layout *l = &w->k->l;
	const struct po_member *slots = PO_AT(l, xa_node, slots);
	uint64_t node = entry - INTERNAL, shift, slot;
	unsigned ptr = w->k->abi.ptr_size;
	uint8_t raw[MAX_SLOTS * 8];
	struct pageowner_error why;

	if (!entry || (entry & 3) != INTERNAL)
		return entry && !(entry & 3) ? w->fn(w->arg, entry) : PAGEOWNER_OK;
	if (entry <= LAST_SPECIAL)
		return PAGEOWNER_OK;
	int rc = po_memory_read_uint(w->mem, node + PO_OFFSET(l, xa_node, shift), 1, &shift, &why);
	if (rc == PAGEOWNER_OK)
		rc = po_memory_read(w->mem, node + slots->offset, raw, slots->type.nr_elems * ptr, &why);
	if (rc == PAGEOWNER_OK && (shift >= above || ++w->nodes > MAX_NODES))
		rc = po_fail(&why, PAGEOWNER_ECORRUPT, "xarray: a node at 0x%" PRIx64 " is in a place where none can be",
			     node);
	if (rc < 0)
		return tell(w, &why);
	for (uint64_t i = 0; i < slots->type.nr_elems && rc == PAGEOWNER_OK; i++) {
		slot = po_load_ptr(&w->k->abi, raw + i * ptr);
		rc = visit(w, slot, (unsigned)shift);
	}
	return rc;
}

int po_xarray_each(const struct po_kernel *k, struct po_memory *mem, uint64_t head, po_xarray_fn *fn, void *arg,
		   struct pageowner_error *flaw, struct pageowner_error *err)
{
	struct walk w = { .k = k, .mem = mem, .fn = fn, .arg = arg, .flaw = flaw };

	flaw->code = PAGEOWNER_OK;
	if (!PO_HAS(&k->l, xa_node, shift) || !PO_HAS(&k->l, xa_node, slots) ||
	    !PO_AT(&k->l, xa_node, slots)->type.nr_elems || PO_AT(&k->l, xa_node, slots)->type.nr_elems > MAX_SLOTS)
		return po_fail(err, PAGEOWNER_ENOTYPE, "type information lacks struct xa_node");
	return visit(&w, head, UINT32_MAX);
}
