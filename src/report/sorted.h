/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Groups as page_owner_sort of the kernel's tools writes them. */
#ifndef PO_REPORT_SORTED_H
#define PO_REPORT_SORTED_H

#include <pageowner/table.h>

#include "aggregate/group.h"
#include "base/sink.h"

/* Write one group in the format given; percent: with its part of all pages. */
void po_sorted_put(struct po_sink *out, const struct po_groups *g, uint32_t nr,
		   enum pageowner_table_format format, bool percent);

#endif
