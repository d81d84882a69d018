/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How much memory the pools of zswap have, where no variable holds the sum. */
#ifndef PO_KERNEL_ZSWAP_H
#define PO_KERNEL_ZSWAP_H

#include <stdint.h>

#include <pageowner/error.h>

#include "kernel/kernel.h"

/* Pages in all pools; ENOTYPE, EUNSUPP: type information or symbols, or the allocator of a pool, do not tell. */
int po_zswap_pages(const struct po_kernel *k, struct po_memory *mem, uint64_t *ret, struct pageowner_error *err);

#endif
