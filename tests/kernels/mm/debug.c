/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names of flags: those that stand in the worlds, in each release's order and bits. */
#include "gfp.h"

#if VERSION >= 406
const struct trace_print_flags gfpflag_names[] = {
	{ GFP_HIGHUSER_MOVABLE, "GFP_HIGHUSER_MOVABLE" },
	{ GFP_KERNEL, "GFP_KERNEL" },
#if VERSION >= 617	/* single bits in another order, a RECLAIM that goes before them */
	{ ___GFP_DIRECT_RECLAIM | ___GFP_KSWAPD_RECLAIM, "__GFP_RECLAIM" },
	{ ___GFP_HIGHMEM, "__GFP_HIGHMEM" },
	{ ___GFP_MOVABLE, "__GFP_MOVABLE" },
	{ ___GFP_RECLAIMABLE, "__GFP_RECLAIMABLE" },
	{ ___GFP_IO, "__GFP_IO" },
	{ ___GFP_FS, "__GFP_FS" },
	{ ___GFP_ZERO, "__GFP_ZERO" },
	{ ___GFP_DIRECT_RECLAIM, "__GFP_DIRECT_RECLAIM" },
	{ ___GFP_KSWAPD_RECLAIM, "__GFP_KSWAPD_RECLAIM" },
	{ ___GFP_COMP, "__GFP_COMP" },
	{ ___GFP_HARDWALL, "__GFP_HARDWALL" },
#else
	{ ___GFP_KSWAPD_RECLAIM, "GFP_NOWAIT" },
	{ ___GFP_HIGHMEM, "__GFP_HIGHMEM" },
	{ ___GFP_IO, "__GFP_IO" },
	{ ___GFP_FS, "__GFP_FS" },
	{ ___GFP_COMP, "__GFP_COMP" },
	{ ___GFP_ZERO, "__GFP_ZERO" },
	{ ___GFP_HARDWALL, "__GFP_HARDWALL" },
	{ ___GFP_RECLAIMABLE, "__GFP_RECLAIMABLE" },
	{ ___GFP_MOVABLE, "__GFP_MOVABLE" },
	{ ___GFP_DIRECT_RECLAIM | ___GFP_KSWAPD_RECLAIM, "__GFP_RECLAIM" },
	{ ___GFP_DIRECT_RECLAIM, "__GFP_DIRECT_RECLAIM" },
	{ ___GFP_KSWAPD_RECLAIM, "__GFP_KSWAPD_RECLAIM" },
#endif
	{ 0, (void *)0 },
};

#define NAME(flag, name) { F(flag), name }
const struct trace_print_flags pageflag_names[] = {
	NAME(locked, "locked"),
#if VERSION >= 410
	NAME(waiters, "waiters"),
#endif
#if VERSION < 612
	NAME(error, "error"),
#endif
	NAME(referenced, "referenced"),
	NAME(uptodate, "uptodate"),
	NAME(dirty, "dirty"),
	NAME(lru, "lru"),
	NAME(active, "active"),
#if VERSION >= 500
	NAME(workingset, "workingset"),
#endif
#if VERSION < 610
	NAME(slab, "slab"),
#endif
	NAME(owner_priv_1, "owner_priv_1"),
#if VERSION >= 612
	NAME(owner_2, "owner_2"),
#endif
	NAME(arch_1, "arch_1"),
	NAME(reserved, "reserved"),
	NAME(private, "private"),
	NAME(private_2, "private_2"),
	NAME(writeback, "writeback"),
	NAME(head, "head"),
#if VERSION < 410
	NAME(swapcache, "swapcache"),
#endif
#if VERSION < 612
	NAME(mappedtodisk, "mappedtodisk"),
#endif
	NAME(reclaim, "reclaim"),
	NAME(swapbacked, "swapbacked"),
	NAME(unevictable, "unevictable"),
	/* PG_mlocked without its name, as any flag that a vendor adds */
	{ 0, (void *)0 },
};

const char *migrate_reason_names[MR_TYPES] = {
	"compaction", "memory_failure", "memory_hotplug", "syscall_or_cpuset", "mempolicy_mbind", "numa_misplaced",
#if VERSION >= 515
	"contig_range", "longterm_pin", "demotion",
#else
	"cma",		/* and none for longterm_pin in 5.13 */
#endif
#if VERSION >= 611
	"damon",
#endif
};
#endif
