/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a stack comes down to: the function that wanted memory, and the module that it is of. */
#ifndef PO_AGGREGATE_CALLER_H
#define PO_AGGREGATE_CALLER_H

#include <stddef.h>

#include <pageowner/record.h>

/* Bytes that are lent. */
struct po_bytes {
	const char *text;
	size_t len;
};

/*
 * The innermost function that is no allocator's: none of those known here, and none of more (ended by NULL; may be
 * NULL), where a * at the end stands for anything.  Empty: there is none.
 */
struct po_bytes po_caller_of(const struct pageowner_stack *stack, char *const *more);
/* The module of the innermost frame that is of one; empty: all are the kernel's own. */
struct po_bytes po_module_of(const struct pageowner_stack *stack);

#endif
