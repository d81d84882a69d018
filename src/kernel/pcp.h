/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Free pages that processors keep at hand: free to the page allocator, but not to the buddy allocator under it. */
#ifndef PO_KERNEL_PCP_H
#define PO_KERNEL_PCP_H

#include <pageowner/error.h>

#include "kernel/kernel.h"

typedef int po_pcp_fn(void *arg, uint64_t pfn, unsigned order);	/* nonzero ends the walk with that result */

/*
 * Call fn with each block of pages on a list.  What cannot be read is told in flaw, the first of it (code OK: nothing).
 * ENOTYPE: where they are kept is not known.
 */
int po_pcp_each(const struct po_kernel *k, struct po_memory *mem, po_pcp_fn *fn, void *arg,
		struct pageowner_error *flaw, struct pageowner_error *err);

#endif
