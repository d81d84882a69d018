/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A struct xarray of the kernel (4.20; what struct idr rests on, too), walked with no trust in its nodes. */
#ifndef PO_KERNEL_XARRAY_H
#define PO_KERNEL_XARRAY_H

#include <stdint.h>

#include <pageowner/error.h>

#include "kernel/kernel.h"

typedef int po_xarray_fn(void *arg, uint64_t entry);	/* nonzero ends the walk with that result */

/*
 * Call fn with each pointer that is kept, by ascending index.  head: the content of xa_head.  What cannot be read is passed
 * over and told in flaw, the first of it (code OK: nothing).  ENOTYPE.
 */
int po_xarray_each(const struct po_kernel *k, struct po_memory *mem, uint64_t head, po_xarray_fn *fn, void *arg,
		   struct pageowner_error *flaw, struct pageowner_error *err);

#endif
