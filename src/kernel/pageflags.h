/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The numbers that share a word with the page flags: section, node, zone and so on, from the top bit down. */
#ifndef PO_KERNEL_PAGEFLAGS_H
#define PO_KERNEL_PAGEFLAGS_H

#include <stdbool.h>
#include <stddef.h>

#include <pageowner/error.h>

#include "memory/memory.h"

struct po_kernel;

/* In the order in which they are printed. */
struct po_flag_place {
	const char *name;	/* as it is printed */
	unsigned shift, width;
	bool hex;
};

#define PO_MAX_PLACES 5

/*
 * Where they are, worked out by the rules of include/linux/page-flags-layout.h and held against struct pages whose zone
 * is known: for a kernel whose compiler left no table of them (clang).  ENOTYPE: a number that the rules need is not
 * known; ECORRUPT: the pages contradict.
 */
int po_page_flag_places(const struct po_kernel *k, struct po_memory *mem,
			struct po_flag_place ret[PO_MAX_PLACES], size_t *ret_nr, struct pageowner_error *err);

#endif
