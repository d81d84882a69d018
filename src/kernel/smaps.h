/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a process has in memory and in swap, by its page tables and struct pages, as fs/proc/task_mmu.c adds it up for
 * smaps_rollup: sizes in bytes, proportional ones with 12 bits of fraction.
 */
#ifndef PO_KERNEL_SMAPS_H
#define PO_KERNEL_SMAPS_H

#include <stdbool.h>
#include <stdint.h>

#include <pageowner/error.h>

#include "kernel/frames.h"
#include "kernel/kernel.h"
#include "kernel/swap.h"
#include "memory/pte.h"

#define PO_PSS_SHIFT 12

struct po_smaps {
	uint64_t start, end;	/* of the first and the last area */
	uint64_t resident, referenced, anonymous, lazyfree, ksm;
	uint64_t shared_clean, shared_dirty, private_clean, private_dirty;
	uint64_t anonymous_thp, shmem_thp, file_thp, shared_hugetlb, private_hugetlb, swap;
	uint64_t pss, pss_anon, pss_file, pss_shmem, pss_dirty, pss_locked, swap_pss;
	uint64_t lost_tables;	/* tables that are not in the dump */
	uint64_t lost_pages;	/* pages whose struct page is not */
	uint64_t lost_swap;	/* slots whose count is not known: taken for one */
};

struct po_smaps_reader {
	const struct po_kernel *k;
	struct po_memory *mem;
	struct po_frames *frames;
	struct po_pte_rules rules;
	struct po_swap swap;
	bool as_printed;	/* with what overflows in a kernel of 32 bits */
	uint64_t referenced, dirty, swapbacked, young, head;	/* bits of the page flags */
	uint64_t zero_pfn, huge_zero_pfn;	/* UINT64_MAX: not known */
	bool split_pfns;	/* commit 3f9abdaa2f8f (6.11): what is not present counts as shared */
	uint64_t tables_left;	/* processes may share them, but they have no more than there is memory for */
};

/* as_printed: also what the kernel gets wrong.  ENOTYPE, ENOMEM. */
int po_smaps_open(struct po_smaps_reader *r, const struct po_kernel *k, struct po_memory *mem, bool as_printed,
		  struct pageowner_error *err);
void po_smaps_close(struct po_smaps_reader *r);

/* Of an mm_struct.  Negative: *ret has what came before. */
int po_smaps_read(struct po_smaps_reader *r, uint64_t mm, struct po_smaps *ret, struct pageowner_error *err);

#endif
