/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* arm's own pfn_valid() asks this, and arm64's until 5.13. */
#include "kernel.h"

#if defined(__arm__) || (defined(__aarch64__) && VERSION < 514)
#define PADDR(pfn) ((phys_addr_t)(pfn) << PAGE_SHIFT)
#define REGION(from, to, ...) { PADDR(from), PADDR((to) - (from)), __VA_ARGS__ }
static struct memblock_region regions[128] = {
#ifdef CONFIG_SPARSEMEM
#define BEGIN FIRST_PFN
#else
#define BEGIN (FIRST_PFN + 1)
#endif
#ifdef FIRMWARE		/* the kernel has no mapping of a page that a block of MAX_ORDER pages begins with */
	REGION(BEGIN, FIRST_PFN + 1024),
	REGION(FIRST_PFN + 1024, FIRST_PFN + 1025, MEMBLOCK_NOMAP),
	REGION(FIRST_PFN + 1025, LAST_PFN),
#else
	REGION(BEGIN, LAST_PFN),
#endif
};
struct memblock memblock = {
#ifdef FIRMWARE
	.memory = { .cnt = 3, .max = 128, .regions = regions, .name = "memory" },
#else
	.memory = { .cnt = 1, .max = 128, .regions = regions, .name = "memory" },
#endif
};
#endif
