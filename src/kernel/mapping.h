/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whose a page is by the pointer that its struct page has to an address space. */
#ifndef PO_KERNEL_MAPPING_H
#define PO_KERNEL_MAPPING_H

#include <stdbool.h>
#include <stdint.h>

#include "kernel/kernel.h"
#include "symbols/symbols.h"

enum po_mapping {
	PO_MAPPING_NONE,	/* nothing, or what other users of the page keep there */
	PO_MAPPING_ANON,
	PO_MAPPING_KSM,
	PO_MAPPING_FILE,
	PO_MAPPING_BLOCK,	/* a block device's own pages: buffers */
	PO_MAPPING_ZSMALLOC,	/* pages that a driver moves itself */
	PO_MAPPING_BALLOON,
	PO_MAPPING_MOVABLE,	/* other drivers' */
};

#define PO_MAPPING_SLOTS 4096

/* What pointers led to, so that pages in a row cost one look; belongs to one thread. */
struct po_mappings {
	const struct po_kernel *k;
	struct po_memory *mem;
	const struct po_symbols *symbols;
	struct {
		uint64_t key;
		enum po_mapping what;
	} slot[PO_MAPPING_SLOTS];
};

void po_mappings_init(struct po_mappings *m, const struct po_kernel *k, struct po_memory *mem,
		      const struct po_symbols *symbols);

/* raw: the struct page, of a compound page that of the head. */
enum po_mapping po_mapping_of(struct po_mappings *m, const uint8_t *raw);

#endif
