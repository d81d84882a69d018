/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/mapping.h"

#include <string.h>

#define MAPPING_ANON	1u		/* the two low bits of the pointer */
#define MAPPING_MOVABLE	2u		/* commit bda807d44454 (4.8) until 6.16 */
#define MAPPING_BITS	3u
#define S_IFMT_BLK	0060000u
#define S_IFMT_BITS	0170000u
#define MAX_OPS		32		/* words of a table of operations */

void po_mappings_init(struct po_mappings *m, const struct po_kernel *k, struct po_memory *mem,
		      const struct po_symbols *symbols)
{
	*m = (struct po_mappings){ .k = k, .mem = mem, .symbols = symbols };
}

/* An inode and its own address space lead to each other, which other words that stand in the same place do not. */
static enum po_mapping look_at_file(struct po_mappings *m, uint64_t at)
{
	const struct po_layout *l = &m->k->l;
	uint64_t host, mode;

	if (!PO_HAS(l, address_space, host) || !PO_HAS(l, inode, i_data) || !PO_HAS(l, inode, i_mode))
		return PO_MAPPING_FILE;
	if (po_memory_read_ptr(m->mem, at + PO_OFFSET(l, address_space, host), &host, NULL) < 0 || !host ||
	    po_wrap(&m->k->abi, host + PO_OFFSET(l, inode, i_data)) != at ||
	    po_memory_read_uint(m->mem, host + PO_OFFSET(l, inode, i_mode), PO_AT(l, inode, i_mode)->size, &mode,
				NULL) < 0)
		return PO_MAPPING_NONE;
	return (mode & S_IFMT_BITS) == S_IFMT_BLK ? PO_MAPPING_BLOCK : PO_MAPPING_FILE;
}

/* A table of functions, one of which says by its name whose it is. */
static enum po_mapping look_at_ops(struct po_mappings *m, uint64_t at, unsigned max)
{
	static const struct {
		const char *prefix;
		enum po_mapping what;
	} known[] = {
		{ "zs_page_", PO_MAPPING_ZSMALLOC },
		{ "z3fold_page_", PO_MAPPING_ZSMALLOC },
		{ "balloon_page_", PO_MAPPING_BALLOON },
	};
	struct po_symbol sym;
	uint64_t fn;

	for (unsigned i = 0; i < max; i++) {
		if (po_memory_read_ptr(m->mem, at + i * m->k->abi.ptr_size, &fn, NULL) < 0)
			break;
		if (!fn || !po_symbols_lookup(m->symbols, fn, &sym) || (sym.start != fn && sym.start != (fn & ~1ull)))
			continue;
		for (unsigned j = 0; j < sizeof(known) / sizeof(*known); j++)
			if (!strncmp(sym.name, known[j].prefix, strlen(known[j].prefix)))
				return known[j].what;
	}
	return PO_MAPPING_MOVABLE;
}

/* struct movable_operations since 6.0 (commit 68f2736a8583); before, an address space that has such operations. */
static enum po_mapping look_at_movable(struct po_mappings *m, uint64_t at)
{
	const struct po_layout *l = &m->k->l;
	enum po_mapping what = look_at_ops(m, at, 4);
	uint64_t ops;

	if (what == PO_MAPPING_MOVABLE && PO_HAS(l, address_space, a_ops) &&
	    po_memory_read_ptr(m->mem, at + PO_OFFSET(l, address_space, a_ops), &ops, NULL) == PAGEOWNER_OK && ops)
		what = look_at_ops(m, ops, MAX_OPS);
	return what;
}

enum po_mapping po_mapping_of(struct po_mappings *m, const uint8_t *raw)
{
	const struct po_layout *l = &m->k->l;
	const struct po_member *at = PO_HAS(l, page, mapping) ? PO_AT(l, page, mapping) :
				     PO_HAS(l, folio, mapping) ? PO_AT(l, folio, mapping) : NULL;
	uint64_t v = at ? po_load_ptr(&m->k->abi, raw + at->offset) : 0;

	if (!v)
		return PO_MAPPING_NONE;
	if (v & MAPPING_ANON)
		return (v & MAPPING_BITS) == MAPPING_ANON ? PO_MAPPING_ANON : PO_MAPPING_KSM;
	size_t i = (size_t)(v * 0x9e3779b97f4a7c15u >> 40) % PO_MAPPING_SLOTS;
	if (m->slot[i].key != v) {
		m->slot[i].key = v;
		m->slot[i].what = v & MAPPING_MOVABLE ? look_at_movable(m, v & ~(uint64_t)MAPPING_BITS) :
							look_at_file(m, v);
	}
	return m->slot[i].what;
}
