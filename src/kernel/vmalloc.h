/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The areas of the kernel's vmalloc space, in the order in which /proc/vmallocinfo tells of them. */
#ifndef PO_KERNEL_VMALLOC_H
#define PO_KERNEL_VMALLOC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pageowner/error.h>

#include "kernel/kernel.h"

enum po_vm_kind {
	PO_VM_AREA,		/* has a struct vm_struct */
	PO_VM_MAP_RAM,		/* vm_map_ram(); until 6.2 also an area that was being taken down */
	PO_VM_UNPURGED,		/* freed, and still in page tables */
	PO_VM_UNTOLD,		/* being made or taken down: since 6.3 the kernel tells nothing of it */
};

/* struct vm_struct.flags, macros whose values have never changed. */
#define PO_VM_IOREMAP		0x1u
#define PO_VM_ALLOC		0x2u
#define PO_VM_MAP		0x4u
#define PO_VM_USERMAP		0x8u
#define PO_VM_DMA_COHERENT	0x10u	/* since 4.20; VM_VPAGES until 4.18 */
#define PO_VM_UNINITIALIZED	0x20u
#define PO_VM_SPARSE		0x1000u

struct po_vm_area {
	enum po_vm_kind kind;
	uint64_t start, end;	/* of the struct vmap_area */
	/* all that follows: only with a struct vm_struct */
	uint64_t addr, size;	/* as struct vm_struct has them, the guard page included */
	uint64_t flags, caller, phys;
	uint64_t pages;		/* kva of the array of pointers to struct page; 0: none */
	uint64_t nr_pages;	/* no more than the area has room for */
	unsigned page_order;	/* 1 << page_order entries of pages are one page */
	bool vpages;		/* the array itself lies in the vmalloc space */
	bool lost;		/* its struct vm_struct is not in the dump, or contradicts itself */
};

struct po_vm_areas {
	struct po_vm_area *area;
	size_t nr;
};

/*
 * All areas.  flaw tells the first of what could not be read, the rest of which is there; code OK: none.  ENOSYM,
 * ENOTYPE: this kernel or its type information lacks what is needed.
 */
int po_vm_areas_load(const struct po_kernel *k, struct po_memory *mem, struct po_vm_areas *ret,
		     struct pageowner_error *flaw, struct pageowner_error *err);
void po_vm_areas_fini(struct po_vm_areas *v);

#endif
