/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kernel in the dump, as far as page ownership needs it.  Immutable after open. */
#ifndef PO_KERNEL_KERNEL_H
#define PO_KERNEL_KERNEL_H

#include <stdbool.h>
#include <stdint.h>

#include <pageowner/error.h>

#include "kernel/layout.h"
#include "kernel/memmap.h"
#include "kernel/page_ext.h"
#include "kernel/pageblock.h"
#include "kernel/pageclass.h"
#include "kernel/zone.h"
#include "memory/memory.h"

struct po_kernel {
	struct po_layout l;
	struct po_abi abi;
	unsigned machine;		/* ELF e_machine */
	const char *note;		/* VMCOREINFO as text, or NULL; borrowed from the opener */
	unsigned page_shift;
	unsigned max_order;		/* of the largest buddy block */
	uint64_t min_low_pfn, max_pfn;	/* the walk is over [min_low_pfn, max_pfn) */
	struct po_zones zones;
	struct po_memmap map;
	struct po_pageblock pageblock;
	struct po_pageclass page;
	struct po_page_ext ext;		/* zeroes unless page_owner ran */
};

static inline uint64_t po_kernel_page_size(const struct po_kernel *k)
{
	return (uint64_t)1 << k->page_shift;
}

/*
 * Read what never changes: limits, memory map, pageblocks.  k->l, abi, machine and note are set by the
 * caller; mem can translate.  owned: page_owner ran, so there are records.
 */
int po_kernel_open(struct po_kernel *k, struct po_memory *mem, bool owned, struct pageowner_error *err);
void po_kernel_fini(struct po_kernel *k);

/* A number in a variable of the kernel, of the size that its ELF symbol has (else a pointer's). */
int po_kernel_read_variable(const struct po_kernel *k, struct po_memory *mem, unsigned symbol,
			    uint64_t *ret, struct pageowner_error *err);

/*
 * VMCOREINFO text out of the kernel's own memory, for a container without the note; NULL if the kernel
 * has none.  To be freed.
 */
char *po_kernel_read_note(const struct po_layout *l, struct po_memory *mem);

#endif
