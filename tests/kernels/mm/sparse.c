/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The sections of the page frames.  Both tables are entered as those of PFN 0 would be. */
#include "kernel.h"

#ifdef CONFIG_SPARSEMEM
#define PAGES_PER_SECTION (1ul << (SECTION_SIZE_BITS - PAGE_SHIFT))
#define NR(pfn) ((pfn) / PAGES_PER_SECTION)
#define MAP(map, pfn) .section_mem_map = (unsigned long)(map) - (pfn) * sizeof(struct page) + FLAGS
#define EXT(table, pfn) (unsigned long)(table) - (pfn) * sizeof(ext_entry)
_Static_assert(sizeof(struct mem_section) == 4 * sizeof(long), "a power of two");

/* present, with a map, online (4.14), and there from the beginning (5.3) unless it was plugged in */
#ifdef SECTIONS_OF_5_3
#ifdef CONFIG_MEMORY_HOTPLUG
#define FLAGS 0x7
#else
#define FLAGS 0xf
#endif
#define BITMAP(name, subsections, ...) static struct { \
	struct mem_section_usage usage; \
	unsigned long blocks[4]; \
} name = { .usage = { .subsection_map = { subsections } }, .blocks = __VA_ARGS__ }
#define BITS(name) .usage = &name.usage
#else
#define FLAGS (VERSION >= 414 ? 0x7 : 0x3)
#define BITMAP(name, subsections, ...) static unsigned long name[4] = __VA_ARGS__
#define BITS(name) .pageblock_flags = name
#endif
#define SECTION(map, ext, bits, pfn, invalid) { \
	MAP(map, pfn), BITS(bits), .page_ext = (void *)(EXT(ext, pfn) + (invalid)) }

BITMAP(blocks, 0xf, BLOCKS);

#ifdef CONFIG_SPARSEMEM_STATIC
struct mem_section mem_section[1 << (36 - SECTION_SIZE_BITS)][1] = {
	[NR(FIRST_PFN)] = { SECTION(pages, entries, blocks, FIRST_PFN, 0) },
};
#else
#ifdef CONFIG_MEMORY_HOTPLUG	/* two sections more, of which one is going away again */
#define NEXT(n) (FIRST_PFN + (n) * PAGES_PER_SECTION)
BITMAP(more_blocks, 3, { 0x11 });
#endif
static struct mem_section root[4096 / sizeof(struct mem_section)] = {
	[NR(FIRST_PFN)] = SECTION(pages, entries, blocks, FIRST_PFN, 0),
#ifdef CONFIG_MEMORY_HOTPLUG
	SECTION(more_pages, more_entries, more_blocks, NEXT(1), 1),
	SECTION(more_pages, more_entries, more_blocks, NEXT(2), 0),
#endif
};
#if VERSION >= 415 || defined(MEM_SECTION_POINTER)
static struct mem_section *roots[4096] = { root };
struct mem_section **mem_section = roots;
#else
struct mem_section *mem_section[4096] = { root };
#endif
#endif
#endif
