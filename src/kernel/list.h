/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A struct list_head of the kernel, walked with no trust in its links. */
#ifndef PO_KERNEL_LIST_H
#define PO_KERNEL_LIST_H

#include <stdint.h>

#include <pageowner/error.h>

#include "memory/memory.h"

struct po_list {
	struct po_memory *mem;
	uint64_t head, at;
	uint64_t mark;		/* an entry seen before: who meets it again goes round in circles */
	unsigned nr, max;
	unsigned link;		/* offset of the pointer that is followed */
};

struct po_list po_list_of(struct po_memory *mem, uint64_t head, unsigned max);
/* The same from its tail on. */
struct po_list po_list_backward(struct po_memory *mem, uint64_t head, unsigned max);

/* 1 and the address of the next entry's links; 0: back at the head; ECORRUPT: it never gets there. */
int po_list_next(struct po_list *list, uint64_t *ret, struct pageowner_error *err);

#endif
