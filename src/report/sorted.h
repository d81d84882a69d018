/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Groups as page_owner_sort of the kernel's tools writes them. */
#ifndef PO_REPORT_SORTED_H
#define PO_REPORT_SORTED_H

#include <pageowner/table.h>

#include "aggregate/group.h"
#include "base/sink.h"

struct po_sorted_style {
	enum pageowner_table_format format;
	bool percent;		/* with its part of all pages */
	uint64_t page_size;	/* with its size; 0: without */
};

/* Write one group. */
void po_sorted_put(struct po_sink *out, const struct po_groups *g, uint32_t nr, const struct po_sorted_style *style);

#endif
