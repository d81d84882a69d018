/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "report/stacks.h"

static void put_string(struct po_sink *sink, const char *s)
{
	po_sink_put(sink, s, strlen(s));
}

static void put_line(struct po_sink *sink, const char *label, int64_t v, uint64_t page_size)
{
	char num[32];

	put_string(sink, label);
	po_sink_put(sink, num, po_put_signed(num, v));
	if (page_size && v > 0) {
		put_string(sink, " (");
		po_sink_put(sink, num, po_put_size(num, (uint64_t)v, page_size));
		put_string(sink, ")");
	}
	po_sink_put(sink, "\n", 1);
}

void po_stacks_put(struct po_sink *sink, enum pageowner_stacks_file file, const char *label,
		   const struct po_stacks_entry *entry, uint64_t page_size)
{
	if (file != PAGEOWNER_SHOW_HANDLES)
		for (uint32_t i = 0; i < entry->stack->nr_frames; i++) {
			po_sink_put(sink, " ", 1);
			put_string(sink, entry->stack->frames[i].text);
			po_sink_put(sink, "\n", 1);
		}
	if (file != PAGEOWNER_SHOW_STACKS)
		put_line(sink, "handle: ", (int32_t)entry->handle, 0);	/* %d in the kernel */
	if (file != PAGEOWNER_SHOW_STACKS_HANDLES)
		put_line(sink, label, entry->pages, page_size);
	if (entry->has_kernel_pages)
		put_line(sink, "kernel's own count: ", entry->kernel_pages, page_size);
	po_sink_put(sink, "\n", 1);
}
