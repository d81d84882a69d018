/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The page frames: what struct page and page_ext say of each case.  README tells which these are. */
#include "gfp.h"
#include "stacks.h"

#if VERSION >= 406
const char *const migratetype_names[MIGRATE_TYPES] = {
#include "migratetypes.h"
};
#endif
#ifdef MOBILITY_DISABLED	/* too little memory for it: all requests are for unmovable pages */
int page_group_by_mobility_disabled = 1;
#else
int page_group_by_mobility_disabled;
#endif
#ifdef HUGE_PAGES
unsigned long transparent_hugepage_flags = 0x22;
#endif

/* --- zones, and what is free: one block of eight pages on a list of each pageblock's type --------- */

#define LIST(i) { &pages[i].lru, &pages[i].lru }
#define EMPTY(o, mt) LIST_HEAD_INIT(node.node_zones[ZONE_NORMAL].free_area[o].free_list[mt])
#define EMPTY_AREA(o) [o] = { .free_list = { EMPTY(o, 0), EMPTY(o, 1), EMPTY(o, 2), EMPTY(o, 3), MORE(o) } }
#if defined(CONFIG_CMA) && defined(CONFIG_MEMORY_ISOLATION)
#define MORE(o) EMPTY(o, 4), EMPTY(o, 5)
#elif defined(CONFIG_CMA) || defined(CONFIG_MEMORY_ISOLATION)
#define MORE(o) EMPTY(o, 4)
#else
#define MORE(o)
#endif
/* without sections, memory begins behind the first page of a block; with nodes of their own, it ends twice */
#ifdef CONFIG_DISCONTIGMEM
#define SPANNED (END_PFN - FIRST_PFN - SKIP)
#else
#define SPANNED (LAST_PFN - FIRST_PFN - SKIP)
#endif
#ifdef CONFIG_SPARSEMEM
#define SKIP 0
#else
#define SKIP 1
static unsigned long blocks[16] = BLOCKS;
#endif

pg_data_t node = {
	.node_zones[ZONE_NORMAL] = {
		.name = "Normal",
		.zone_start_pfn = FIRST_PFN + SKIP,
		.spanned_pages = SPANNED,
#ifndef CONFIG_SPARSEMEM
		.pageblock_flags = blocks,
#endif
		.free_area = {
			EMPTY_AREA(0), EMPTY_AREA(1), EMPTY_AREA(2), EMPTY_AREA(3), EMPTY_AREA(4), EMPTY_AREA(5),
			EMPTY_AREA(6), EMPTY_AREA(7), EMPTY_AREA(8), EMPTY_AREA(9), EMPTY_AREA(10),
			[3].free_list[MIGRATE_UNMOVABLE] = LIST(16),
			[3].free_list[MIGRATE_MOVABLE] = LIST(B(1) + 8),
			[3].free_list[MIGRATE_RECLAIMABLE] = LIST(B(2) + 8),
			[3].free_list[LAST_BLOCK_TYPE] = LIST(B(3) + 8),
		},
	},
	.nr_zones = 2,
	.node_start_pfn = FIRST_PFN + SKIP,
	.node_spanned_pages = SPANNED,
#ifndef CONFIG_SPARSEMEM
	.node_mem_map = &pages[SKIP],
	.node_page_ext = (struct page_ext *)entries,
#endif
};
#ifdef CONFIG_NUMA
#if VERSION >= 406
struct static_key_false sched_numa_balancing;	/* there is a lastcpupid */
#endif
#ifdef CONFIG_DISCONTIGMEM
static unsigned long more_blocks[4] = { (unsigned long)MIGRATE_MOVABLE << (BITS_PER_LONG - 3) };
static pg_data_t second_node = {
	.node_zones[ZONE_NORMAL] = {
		.name = "Normal", .zone_start_pfn = SECOND_NODE, .spanned_pages = 1024,
		.pageblock_flags = more_blocks,
	},
	.nr_zones = 2, .node_id = 1, .node_start_pfn = SECOND_NODE, .node_spanned_pages = 1024,
	.node_mem_map = more_pages, .node_page_ext = (struct page_ext *)more_entries,
};
struct pglist_data *node_data[1 << NODES_WIDTH] = { &node, &second_node };
#else
struct pglist_data *node_data[1 << NODES_WIDTH] = { &node };
#endif
#else
extern struct pglist_data contig_page_data __attribute__((alias("node")));
#endif
#if defined(__x86_64__) || defined(__i386__)
unsigned long min_low_pfn = FIRST_PFN;
#else
unsigned long min_low_pfn = FIRST_PFN + SKIP;
#endif
unsigned long max_pfn = LAST_PFN;
#if !defined(CONFIG_SPARSEMEM) && !defined(CONFIG_DISCONTIGMEM)
unsigned long max_mapnr = NR_PAGES;
#endif

/* --- struct page --------------------------------------------------------------------------------- */

#if defined(CONFIG_NUMA) && CPUPID_WIDTH
#define ZONE ((unsigned long)ZONE_NORMAL << ZONES_SHIFT | 0xfffful << CPUPID_SHIFT)
#elif defined(CONFIG_SPARSEMEM_STATIC)
#define ZONE ((unsigned long)ZONE_NORMAL << ZONES_SHIFT | \
	      (FIRST_PFN >> (SECTION_SIZE_BITS - PAGE_SHIFT)) << SECTIONS_SHIFT)
#else
#define ZONE ((unsigned long)ZONE_NORMAL << ZONES_SHIFT)
#endif
#define PAGE(i, bits) [i] = { SET_FLAGS(ZONE | (bits)), NOT_BUDDY }
#define FREE(i, mt) [i] = { SET_FLAGS(ZONE), SET_BUDDY, .private = 3, \
	.lru = LIST_HEAD_INIT(node.node_zones[ZONE_NORMAL].free_area[3].free_list[mt]) }
#if VERSION >= 610
#define SLAB 0
#else
#define SLAB F(slab)
#endif
#define CHARGED(i, data) [i] = { SET_FLAGS(ZONE | F(uptodate)), NOT_BUDDY, .memcg_data = (unsigned long)(data) }
#if VERSION >= 701
#define LRU_MEMCG(n) &objcgs[n]		/* all are charged through object cgroups */
#define TAIL .compound_info = (unsigned long)&pages[24] + 1
#else
#define LRU_MEMCG(n) &memcgs[n]
#define TAIL .compound_head = (unsigned long)&pages[24] + 1
#endif

struct page pages[NR_PAGES] __attribute__((aligned(4096))) = {
	[0 ... NR_PAGES - 1] = { SET_FLAGS(ZONE), NOT_BUDDY },
	PAGE(1, F(reserved)),
	PAGE(4, SLAB | F(head)),
	PAGE(8, F(uptodate) | F(lru) | F(active) | F(swapbacked)),
	PAGE(11, F(locked) | F(private)),
	PAGE(13, F(dirty) | F(mlocked)),
	PAGE(14, F(uptodate)),
	FREE(16, MIGRATE_UNMOVABLE),
#if defined(CONFIG_MEMCG) && PAGE_OWNER >= 518
	CHARGED(24, (unsigned long)&pages[24] + 1),	/* a vector of object cgroups */
	CHARGED(25, (unsigned long)&objcgs[1] + MEMCG_DATA_KMEM),
	CHARGED(26, LRU_MEMCG(2)),
	CHARGED(27, (unsigned long)&objcgs[0] + MEMCG_DATA_KMEM),
	CHARGED(28, LRU_MEMCG(3)),
#if PAGE_OWNER >= 617
	[29] = { SET_FLAGS(ZONE), TAIL, NOT_BUDDY, .memcg_data = (unsigned long)LRU_MEMCG(1) },
#endif
#if VERSION >= 610
	CHARGED(30, OBJEXTS_ALLOC_FAIL),	/* no vector: there was no memory for it */
#endif
#endif
#ifdef TAGS_IN_FLAGS	/* 0 is none, 1 empty, then come the tags of the kernel and those of modules; not printed in a report */
	PAGE(10, 2ul << 28),
	PAGE(12, 6ul << 28),
	PAGE(20, 1ul << 28),
#endif
	PAGE(B(1), F(uptodate) | F(lru)),
	PAGE(B(1) + 1, F(referenced)),
	FREE(B(1) + 8, MIGRATE_MOVABLE),
	PAGE(B(2), F(reclaim)),
	FREE(B(2) + 8, MIGRATE_RECLAIMABLE),
	PAGE(B(3), F(uptodate)),
	FREE(B(3) + 8, LAST_BLOCK_TYPE),
	PAGE(B(4) - 1, F(writeback)),
};

/* --- page_ext ------------------------------------------------------------------------------------ */

#if VERSION < 400
#define OWNED(i, bits, ord, gfp, stack, reason) [i] = { .flags = bits, .order = ord, .gfp_mask = gfp, \
	.trace = { .nr_entries = NR_##stack, .max_entries = 8, .entries = entries[i].trace_entries }, \
	.trace_entries = { FRAMES_##stack } }
#elif VERSION < 406
#define OWNED(i, bits, ord, gfp, stack, reason) [i] = { .flags = bits, .order = ord, .gfp_mask = gfp, \
	.nr_entries = NR_##stack, .trace_entries = { FRAMES_##stack } }
#elif VERSION < 408
#define OWNED(i, bits, ord, gfp, stack, reason) [i] = { .flags = bits, .order = ord, .gfp_mask = gfp, \
	.nr_entries = NR_##stack, .last_migrate_reason = reason, .trace_entries = { FRAMES_##stack } }
#elif VERSION < 409
#define OWNED(i, bits, ord, gfp, stack, reason) [i] = { .flags = bits, .order = ord, .gfp_mask = gfp, \
	.last_migrate_reason = reason, .handle = HANDLE_##stack }
#else
/* who, and when: told by the number of the page frame */
#if PAGE_OWNER >= 518
#define WHO_BY_NAME .comm = "kworker/u8:1-ev", .tgid = 100,
#else
#define WHO_BY_NAME
#endif
#if PAGE_OWNER >= 513 || defined(FREE_TS)
#define FREED_AT(i) .free_ts_nsec = 500000000ull + (i),
#else
#define FREED_AT(i)
#endif
#if PAGE_OWNER >= 511
#define WHO(i) .pid = 1000 + (i), .ts_nsec = 1000000000ull + (i), WHO_BY_NAME FREED_AT(i)
#else
#define WHO(i) FREED_AT(i)
#endif
#define OWNED(i, bits, ord, gfp, stack, reason) [i] = { .ext.flags = bits, .owner = { \
	.order = ord, .gfp_mask = gfp, .last_migrate_reason = reason, .handle = HANDLE_##stack, WHO(i) } }
#endif

#define ON (OWNER | ALLOCATED)
/* a freed page keeps OWNER since 5.4; before, stale data was left without it */
#define OFF (ALLOCATED ? OWNER : 0)
#define HANDLE_EXTRA (HANDLE_USER | EXTRA(5))
#define MOVABLE GFP_HIGHUSER_MOVABLE
#define RECLAIM (GFP_KERNEL | ___GFP_RECLAIMABLE)

#ifdef NAMELESS_REASON	/* 5.13 and 5.14 have a reason without a name */
#define REASON_OF_13 MR_LONGTERM_PIN
#else
#define REASON_OF_13 MR_COMPACTION
#endif

ext_entry entries[NR_PAGES] = {
	OWNED(1, ON, 0, 0, EARLY, NEVER),
	OWNED(4, ON, 2, GFP_KERNEL | ___GFP_COMP, KERN, NEVER),
#if PAGE_OWNER >= 504	/* since then tails have records, too */
	OWNED(5, ON, 2, GFP_KERNEL | ___GFP_COMP, KERN, NEVER),
	OWNED(6, ON, 2, GFP_KERNEL | ___GFP_COMP, KERN, NEVER),
	OWNED(7, ON, 2, GFP_KERNEL | ___GFP_COMP, KERN, NEVER),
#endif
	OWNED(8, ON, 0, MOVABLE | ___GFP_ZERO, USER, MR_NUMA_MISPLACED),
	OWNED(9, ON, 1, GFP_KERNEL, KERN, NEVER),	/* not at a multiple of two */
	OWNED(10, ON, 0, GFP_KERNEL, NONE, NEVER),
	OWNED(11, ON, 0, RECLAIM, MOD, NEVER),
	OWNED(12, OFF, 0, GFP_KERNEL, KERN, NEVER),
	OWNED(13, ON, 0, GFP_KERNEL | GFP_VENDOR, DUMMY, REASON_OF_13),
#if VERSION >= 601
	OWNED(14, ON, 0, GFP_KERNEL, EXTRA, NEVER),
#endif
#if VERSION >= 608
	OWNED(15, ON, 0, GFP_KERNEL, FREED, NEVER),
#endif
	OWNED(16, ON, 3, GFP_KERNEL, KERN, NEVER),	/* both are free, whatever is left here */
	OWNED(20, ON, 0, GFP_KERNEL, KERN, NEVER),
#if defined(CONFIG_MEMCG) && PAGE_OWNER >= 518
	OWNED(24, ON, 0, RECLAIM, KERN, NEVER),
	OWNED(25, ON, 0, GFP_KERNEL, KERN, NEVER),
	OWNED(26, ON, 0, MOVABLE, USER, MR_MEMORY_HOTPLUG),
	OWNED(27, ON, 0, GFP_KERNEL, USER, NEVER),
	OWNED(28, ON, 0, MOVABLE, USER, NEVER),
#if PAGE_OWNER >= 617
	OWNED(29, ON, 0, GFP_KERNEL, USER, NEVER),
#endif
#if VERSION >= 610
	OWNED(30, ON, 0, GFP_KERNEL, USER, NEVER),
#endif
#endif
#if defined(CONFIG_MEM_ALLOC_PROFILING) && !defined(TAGS_IN_FLAGS)
	[8].codetag_ref = &kernel_alloc_tags[0].ct,
	[11].codetag_ref = &module_alloc_tags[1].ct,
	[13].codetag_ref = (void *)1,	/* empty */
#endif
	OWNED(B(1), ON, 0, MOVABLE, USER, NEVER),
	OWNED(B(1) + 1, ON, 0, RECLAIM, KERN, NEVER),
	OWNED(B(2), ON, 0, RECLAIM, KERN, NEVER),
	OWNED(B(3), ON, 3, MOVABLE, USER, NEVER),
	OWNED(B(4) - 1, ON, 0, GFP_KERNEL, KERN, NEVER),
};

#ifdef MORE_PAGES
#ifdef CONFIG_DISCONTIGMEM
#undef ZONE
#define ZONE ((unsigned long)ZONE_NORMAL << ZONES_SHIFT | 1ul << NODES_SHIFT)
#endif
struct page more_pages[1024] __attribute__((aligned(4096))) = {
	[0 ... 1023] = { SET_FLAGS(ZONE), NOT_BUDDY },
	PAGE(3, F(uptodate)),
};
/* with bits that would make a record where a section is entered by a pointer that is marked invalid */
ext_entry more_entries[1024] = { OWNED(3, ON | ON << 8, 0, MOVABLE, USER, NEVER) };
#endif
