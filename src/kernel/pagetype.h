/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the kernel itself marks a page as, beyond its flags: table, hugetlb, offline and so on. */
#ifndef PO_KERNEL_PAGETYPE_H
#define PO_KERNEL_PAGETYPE_H

#include <stdbool.h>
#include <stdint.h>

#include "kernel/kernel.h"

enum po_page_type {
	PO_TYPE_TABLE,
	PO_TYPE_HUGETLB,
	PO_TYPE_OFFLINE,	/* balloon, and memory that a hypervisor keeps */
	PO_TYPE_GUARD,
	PO_TYPE_ZSMALLOC,
	PO_TYPE_UNACCEPTED,
	PO_TYPE_LARGE_KMALLOC,
	PO_TYPE_NETPP,
	PO_NR_TYPES,
};

/* How this kernel marks each: (value & mask) == want at k->page.type_offset; mask 0: by no type. */
struct po_page_types {
	struct {
		uint32_t mask, want;
	} type[PO_NR_TYPES];
	/* until 6.8: a word of the page behind a head that says it is hugetlb's */
	uint64_t huge_offset, huge_mask, huge_want;
	unsigned huge_bytes;	/* 0: told by a type */
};

void po_page_types_open(struct po_page_types *t, const struct po_kernel *k);

bool po_page_is(const struct po_kernel *k, const struct po_page_types *t, const uint8_t *raw, enum po_page_type type);

/* Of the head of a compound page, and the page behind it. */
bool po_page_is_hugetlb(const struct po_kernel *k, const struct po_page_types *t, const uint8_t *raw,
			const uint8_t *next);

#endif
