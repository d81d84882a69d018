/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which page frames are RAM, and which of it the kernel has names for. */
#ifndef PO_KERNEL_RAM_H
#define PO_KERNEL_RAM_H

#include <stddef.h>
#include <stdint.h>

#include <pageowner/error.h>

#include "kernel/kernel.h"

#define PO_RAM_NAME_MAX 64

/* A stretch of RAM that the kernel has a name for. */
struct po_ram_name {
	uint64_t pfn, nr;
	char name[PO_RAM_NAME_MAX];
};

struct po_ram {
	uint64_t present;		/* sum of all zones' present_pages */
	uint64_t managed;		/* and of their managed_pages: what the page allocator was given */
	uint64_t system;		/* pages of "System RAM" in the resource tree; 0: unknown */
	const char *how;		/* what told the ranges */
	struct po_pfn_range *range;	/* ascending, within the zones */
	size_t nr;
	uint64_t untold;		/* present pages beyond those that the ranges tell */
	struct po_ram_name *name;	/* those found first go before others */
	size_t nr_names;
};

/* ENOTYPE, ENODATA: the kernel's count of present pages is not known, or there are none.  flaw: names that could not be read; code OK: none. */
int po_ram_open(const struct po_kernel *k, struct po_memory *mem, struct po_ram *ret,
		struct pageowner_error *flaw, struct pageowner_error *err);
void po_ram_fini(struct po_ram *ram);

#endif
