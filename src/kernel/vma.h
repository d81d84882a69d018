/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The memory areas of a process, in ascending order: a list until 6.0, a maple tree since. */
#ifndef PO_KERNEL_VMA_H
#define PO_KERNEL_VMA_H

#include <stdint.h>

#include <pageowner/error.h>

#include "kernel/kernel.h"

/* vm_flags, the same in every release */
#define PO_VM_WRITE	0x2u
#define PO_VM_SHARED	0x8u
#define PO_VM_PFNMAP	0x400u
#define PO_VM_LOCKED	0x2000u
#define PO_VM_HUGETLB	0x400000u
#define PO_VM_MIXEDMAP	0x10000000u

struct po_vma {
	uint64_t start, end, flags, pgoff;
	uint64_t file;		/* kva of its struct file; 0: none */
};

typedef int po_vma_fn(void *arg, const struct po_vma *vma);	/* nonzero ends the walk with that result */

/* What is behind a break is left out: err tells, and the result is negative; 0: all were there, or what fn returned. */
int po_vmas_each(const struct po_kernel *k, struct po_memory *mem, uint64_t mm, po_vma_fn *fn, void *arg,
		 struct pageowner_error *err);

#endif
