/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the kernel's lists say of page frames whose struct page does not say it. */
#ifndef PO_KERNEL_MARKS_H
#define PO_KERNEL_MARKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pageowner/error.h>

#include "kernel/cma.h"
#include "kernel/framemap.h"
#include "kernel/kernel.h"
#include "kernel/ram.h"
#include "kernel/vmalloc.h"

/* Where two apply the first one counts. */
enum po_mark {
	PO_MARK_PCP = 1,
	PO_MARK_MEMMAP,
	PO_MARK_PAGE_EXT,
	PO_MARK_PERCPU,
	PO_MARK_STACK,
	PO_MARK_TABLE,
	PO_MARK_HUGE_ZERO,
	PO_MARK_CMA,
	PO_MARK_VMALLOC,
	PO_MARK_TABLE_TAIL,	/* behind a pgd: one, too, if nothing else explains it */
};

/* Page frames that were kept out of the page allocator for a purpose, as long as they are reserved. */
struct po_kept {
	uint64_t pfn, nr;
	int row;		/* enum pageowner_row */
};

/* Who asked for areas of vmalloc(), stacks and the like left out. */
struct po_caller {
	uint64_t caller;	/* an address in that function */
	uint64_t pages, areas;
};

#define PO_MARK_FLAWS 16

struct po_marks {
	const struct po_kernel *k;
	struct po_memory *mem;		/* borrowed */
	struct po_ram ram;
	struct po_cma cma;
	struct po_framemap map;
	struct po_vm_areas areas;
	struct po_kept *kept;		/* ascending */
	size_t nr_kept;
	struct po_caller *caller;	/* most pages first */
	size_t nr_callers;
	uint64_t vmalloc_elsewhere;	/* pages of vmalloc areas that another mark tells more of */
	struct po_pfn_range high[16];	/* highmem */
	unsigned nr_high;
	uint64_t thread_size;
	bool threads_lost;		/* not all of them were met: the stacks of others look like other vmalloc areas */
	char *flaw[PO_MARK_FLAWS];	/* owned */
	unsigned nr_flaws;
	/* the block of marks that was asked for last */
	uint64_t block;
	const uint8_t *marks;
	size_t chunk;			/* the one whose struct pages were met last */
};

/* Reads everything.  What is missing is told in the flaws.  ENOTYPE: nothing is known of RAM; ENOMEM. */
int po_marks_open(struct po_marks *m, const struct po_kernel *k, struct po_memory *mem, struct pageowner_error *err);
void po_marks_fini(struct po_marks *m);

uint8_t po_marks_of(struct po_marks *m, uint64_t pfn);			/* enum po_mark, or 0 */
int po_marks_kept(const struct po_marks *m, uint64_t pfn);		/* enum pageowner_row, or -1 */
size_t po_marks_name(const struct po_marks *m, uint64_t pfn);		/* index in ram.name, or ram.nr_names */
bool po_marks_is_high(const struct po_marks *m, uint64_t pfn);
bool po_marks_is_cma(const struct po_marks *m, uint64_t pfn);

#endif
