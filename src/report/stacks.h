/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One entry of a file of page_owner_stacks. */
#ifndef PO_REPORT_STACKS_H
#define PO_REPORT_STACKS_H

#include <stdbool.h>
#include <stdint.h>

#include <pageowner/stacks.h>

#include "base/sink.h"

struct po_stacks_entry {
	const struct pageowner_stack *stack;
	uint32_t handle;
	int64_t pages;
	bool has_kernel_pages;	/* and they differ */
	int32_t kernel_pages;
};

/* label: what the kernel calls the number of pages ("nr_base_pages: ").  page_size: to tell sizes, too; 0: do not. */
void po_stacks_put(struct po_sink *sink, enum pageowner_stacks_file file, const char *label,
		   const struct po_stacks_entry *entry, uint64_t page_size);

#endif
