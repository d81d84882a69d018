/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The counters of the memory management, by the names that the kernel itself prints. */
#ifndef PO_KERNEL_VMSTAT_H
#define PO_KERNEL_VMSTAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pageowner/error.h>

#include "base/arena.h"
#include "kernel/kernel.h"

/*
 * vmstat_text[]: items of zones, of NUMA (where it is configured), of nodes, what is no counter (limits of dirty pages
 * and the like), events.
 */
struct po_vmstat {
	struct po_arena arena;
	const char **name;
	unsigned nr;
	unsigned nr_zone, nr_numa, nr_node, nr_other, nr_event;	/* of each kind, in this order */
	bool thp_in_pages;	/* huge pages are counted by base pages (since 5.11), though printed by huge ones */
	uint64_t thp_pages;	/* HPAGE_PMD_NR */
};

int po_vmstat_open(struct po_vmstat *v, const struct po_kernel *k, struct po_memory *mem, struct pageowner_error *err);
void po_vmstat_fini(struct po_vmstat *v);

/* The index of a name; -1: this kernel does not count it. */
int po_vmstat_find(const struct po_vmstat *v, const char *name);
/* Whether an item counts huge pages. */
bool po_vmstat_is_thp(const struct po_vmstat *v, unsigned index);

/*
 * One counter as the kernel reads it: what is still in the per-CPU differences is left out, and what is below zero
 * is zero.  index is that of the name; 0 and *ret.  Not for what is no counter.
 */
int po_vmstat_global(const struct po_vmstat *v, const struct po_kernel *k, struct po_memory *mem, unsigned index,
		     uint64_t *ret, struct pageowner_error *err);
int po_vmstat_of_zone(const struct po_vmstat *v, const struct po_kernel *k, struct po_memory *mem, uint64_t zone,
		      unsigned index, uint64_t *ret, struct pageowner_error *err);
int po_vmstat_of_node(const struct po_vmstat *v, const struct po_kernel *k, struct po_memory *mem,
		      const struct po_node *node, unsigned index, uint64_t *ret, struct pageowner_error *err);

#endif
