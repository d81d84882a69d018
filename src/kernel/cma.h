/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Areas of the contiguous memory allocator: lent to movable pages until drivers want them. */
#ifndef PO_KERNEL_CMA_H
#define PO_KERNEL_CMA_H

#include <stddef.h>
#include <stdint.h>

#include <pageowner/error.h>

#include "kernel/kernel.h"

#define PO_CMA_NAME_MAX 64

struct po_cma_area {
	char name[PO_CMA_NAME_MAX];
	uint64_t pfn, nr;
	unsigned order;		/* 1 << order pages are handed out together: a bit of the bitmap */
	uint8_t *bitmap;	/* bit i: handed out; as bytes, lowest bit first */
	uint64_t used;		/* pages handed out */
	uint64_t largest_gap;	/* pages that are not, in a row */
};

struct po_cma {
	struct po_cma_area *area;
	size_t nr;
};

/* None without CMA.  What cannot be read is told in flaw, the first of it (code OK: nothing).  ENOTYPE, ENOMEM. */
int po_cma_open(const struct po_kernel *k, struct po_memory *mem, struct po_cma *ret, struct pageowner_error *flaw,
		struct pageowner_error *err);
void po_cma_fini(struct po_cma *c);

#endif
