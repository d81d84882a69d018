/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Memory allocation profiling (6.10): every place in the code that allocates has a tag, with what it has allocated and not
 * yet freed; and a page that is allocated knows its tag.
 */
#ifndef PO_KERNEL_CODETAGS_H
#define PO_KERNEL_CODETAGS_H

#include <stdbool.h>
#include <stdint.h>

#include <pageowner/error.h>

#include "kernel/kernel.h"

struct po_codetag {
	uint64_t kva;		/* of its struct alloc_tag */
	uint64_t bytes, calls;	/* sums over all processors */
	uint32_t line;
	bool inaccurate;	/* 7.0: marked so since an allocation went by uncounted */
	char module[64];	/* empty: the kernel's own */
	char function[512];
	char file[4096];
};

typedef int po_codetag_fn(void *arg, uint64_t kva);	/* nonzero ends the walk with that result */

/*
 * Call fn with the address of each tag, in the kernel's order.  What cannot be read is passed over and told in flaw, the
 * first of it (code OK: nothing).  EUNSUPP: this kernel does not profile allocations, or did not when it died; ENOTYPE.
 */
int po_codetags_each(const struct po_kernel *k, struct po_memory *mem, po_codetag_fn *fn, void *arg,
		     struct pageowner_error *flaw, struct pageowner_error *err);

/* One of them. */
int po_codetag_read(const struct po_kernel *k, struct po_memory *mem, uint64_t kva, struct po_codetag *ret,
		    struct pageowner_error *err);

/* As the kernel writes it: "mm/slub.c:1904 func:alloc_slab_page". */
#define PO_CODETAG_TEXT 4800
void po_codetag_text(const struct po_codetag *t, char buf[PO_CODETAG_TEXT]);

/*
 * Where the tag of a page is: 1 and its address; 0: it has none, or that is not known.  raw: its struct page; ext: its
 * page_ext entry, or NULL.
 */
int po_codetag_of_page(const struct po_kernel *k, struct po_memory *mem, const uint8_t *raw, const uint8_t *ext,
		       uint64_t *ret, struct pageowner_error *err);

#endif
