/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What memory the kernel knew at boot.  Kept by arm and arm64; elsewhere the list is gone when the system runs. */
#ifndef PO_KERNEL_MEMBLOCK_H
#define PO_KERNEL_MEMBLOCK_H

#include <stdbool.h>
#include <stddef.h>

#include <pageowner/error.h>

#include "kernel/memmap.h"

struct po_kernel;

/*
 * The regions of memory, in pages, whole ones and begun ones; nomap_too: also those that the kernel does not map.  0 and
 * none where types or symbols do not tell.  *ret is to be freed.
 */
int po_memblock_read(const struct po_kernel *k, struct po_memory *mem, bool nomap_too, struct po_pfn_range **ret,
		     size_t *ret_nr, struct pageowner_error *err);

#endif
