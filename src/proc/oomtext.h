/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The OOM killer's reports as they stand in a kernel log, from 3.19 on.  They are read by the names in them, whichever and
 * in which order a release has: "name:number", "name=number", columns under a header.
 */
#ifndef PO_PROC_OOMTEXT_H
#define PO_PROC_OOMTEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

/* Where in a report a number stands. */
enum po_oom_part {
	PO_OOM_CGROUP,		/* "memory: usage 1024kB, limit 1024kB, failcnt 5" */
	PO_OOM_GLOBAL,		/* "active_anon:538 inactive_anon:1450", behind "Mem-Info:" */
	PO_OOM_NODE,		/* "Node 0 active_anon:2152kB" */
	PO_OOM_ZONE,		/* "Node 0 DMA32 free:8204kB", "DMA32 free:8204kB" */
	PO_OOM_BLOCKS,		/* "DMA32: 393*4kB (MEC) 43*8kB": name is the size of a block */
	PO_OOM_HUGE,		/* "Node 0 hugepages_total=2 … hugepages_size=2048kB" */
	PO_OOM_TOTAL,		/* "696 total pagecache pages", "Free swap  = 0kB" */
	PO_OOM_SLAB,		/* "dentry   123KB   456KB" */
	PO_OOM_TAG,		/* "16.0 MiB     4085 mm/memory.c:1289 func:folio_prealloc": of each how many */
	PO_OOM_TASK,		/* "[   34]     0    34     6513 …": of each the rss */
	PO_OOM_NR_PARTS,
};

enum po_oom_unit { PO_OOM_PAGES, PO_OOM_KB, PO_OOM_COUNT };

struct po_oom_row {
	enum po_oom_part part;
	enum po_oom_unit unit;
	int node;		/* of a NODE, ZONE, BLOCKS, HUGE */
	int32_t pid;		/* of a TASK */
	uint64_t size;		/* of a BLOCKS, HUGE: in KiB */
	const char *zone;	/* of a ZONE, BLOCKS */
	const char *name;
	uint64_t value;
};

#define PO_OOM_MAX_SAID 8

struct po_oom_report {
	uint64_t ts_nsec;
	const char *said[PO_OOM_MAX_SAID];	/* whole lines: who invoked it, under what constraint, who was killed */
	unsigned nr_said;
	const char *cgroup;			/* whose limit it was; NULL: the machine's */
	struct po_oom_row *row;			/* as they stand there */
	size_t nr, cap;
};

struct po_oom_log {
	struct po_arena arena;
	struct po_oom_report *report;
	size_t nr, cap;
	/* the one at hand */
	bool open, ended, has_memory;
	enum po_oom_part list;		/* SLAB, TAG, TASK: below the header of such a list; GLOBAL: in the memory's lines */
	unsigned columns, rss;		/* of the list of tasks: numbers in a row, and which of them is the rss */
};

/* One line of the log, without its prefix.  False: out of memory. */
bool po_oom_line(struct po_oom_log *o, uint64_t ts_nsec, const char *text, size_t len);
void po_oom_log_fini(struct po_oom_log *o);

#endif
