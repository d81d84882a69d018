/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a page is, from the bytes of its struct page. */
#ifndef PO_KERNEL_PAGECLASS_H
#define PO_KERNEL_PAGECLASS_H

#include <stdbool.h>
#include <stdint.h>

struct po_kernel;

/* How this kernel marks a buddy page: (value & mask) == want, on the 32 bits at offset. */
struct po_pageclass {
	uint64_t type_offset;
	uint32_t buddy_mask, buddy_want;
};

void po_pageclass_open(struct po_kernel *k);

/* raw: the bytes of one struct page. */
bool po_page_is_buddy(const struct po_kernel *k, const uint8_t *raw);
uint64_t po_page_private(const struct po_kernel *k, const uint8_t *raw);
uint64_t po_page_flags(const struct po_kernel *k, const uint8_t *raw);
uint32_t po_page_refcount(const struct po_kernel *k, const uint8_t *raw);
bool po_page_is_tail(const struct po_kernel *k, const uint8_t *raw);
/* Where the struct page of a tail's head is; raw is that of the tail, at kva. */
uint64_t po_page_head(const struct po_kernel *k, uint64_t kva, const uint8_t *raw);
/* 0 when this kernel has no such member. */
uint64_t po_page_memcg_data(const struct po_kernel *k, const uint8_t *raw);

#endif
