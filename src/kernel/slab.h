/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The cache that a slab page belongs to. */
#ifndef PO_KERNEL_SLAB_H
#define PO_KERNEL_SLAB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pageowner/error.h>

#include "kernel/kernel.h"

/* raw: the bytes of the struct page, of a compound page those of its head. */
bool po_page_is_slab(const struct po_kernel *k, const uint8_t *raw);

/* Whether type information leads to caches and their names. */
bool po_slab_has_names(const struct po_kernel *k);
/* Its struct kmem_cache; 0: type information does not tell. */
uint64_t po_slab_cache(const struct po_kernel *k, const uint8_t *raw);

/* The cache's name, cut to cap - 1 bytes; its length, or negative. */
int po_slab_cache_name(const struct po_kernel *k, struct po_memory *mem, const uint8_t *raw, char *buf, size_t cap,
		       struct pageowner_error *err);

#endif
