/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What else is in this memory, for the message when the kernel that was asked for is not. */
#ifndef PO_MEMORY_OTHERS_H
#define PO_MEMORY_OTHERS_H

#include "memory/memory.h"

#define PO_BANNER_MAX	512
#define PO_MACHINE_MAX	32

struct po_others {
	char banner[PO_BANNER_MAX];	/* the longest of other kernels' banners; empty: none */
	char machine[PO_MACHINE_MAX];	/* as that kernel's uname says it; empty: unknown */
	bool same;			/* the banner that was asked for is there */
};

/* Looks through the first 4 GiB: an error message is not worth minutes. */
void po_others_scan(struct po_memory *mem, const char *banner, size_t len, struct po_others *ret);

#endif
