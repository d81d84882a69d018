/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files of /proc about memory, out of what the readers found and the kernel's own words. */
#ifndef PO_PROC_PROC_H
#define PO_PROC_PROC_H

#include <stdbool.h>

#include <pageowner/error.h>
#include <pageowner/proc.h>

#include "base/sink.h"
#include "kernel/kernel.h"
#include "kernel/pageflags.h"
#include "kernel/vmstat.h"
#include "owner/words.h"
#include "symbols/symbols.h"

/* What a file is made of. */
struct po_proc {
	const struct po_kernel *k;
	struct po_memory *mem;
	const struct po_symbols *symbols;
	const struct po_blob *rodata;	/* the kernel's read-only data */
	bool owned;			/* there are page_owner's records */
	struct po_sink *sink;
	int32_t pid;			/* whose, of the files of a process; negative: of each */
	enum pageowner_tag_order order;	/* of allocinfo, as is the next one */
	uint64_t top;
	bool whole;			/* of the log: long records, too */
	/* What stands in the file otherwise than the kernel would have printed it. */
	void (*flaw)(void *arg, const struct pageowner_error *err);
	void *arg;
};

int po_proc_buddyinfo(const struct po_proc *p, struct pageowner_error *err);
int po_proc_pagetypeinfo(const struct po_proc *p, struct pageowner_error *err);
int po_proc_slabinfo(const struct po_proc *p, struct pageowner_error *err);
int po_proc_vmallocinfo(const struct po_proc *p, struct pageowner_error *err);
int po_proc_meminfo(const struct po_proc *p, struct pageowner_error *err);
int po_proc_zoneinfo(const struct po_proc *p, struct pageowner_error *err);
int po_proc_vmstat(const struct po_proc *p, struct pageowner_error *err);
int po_proc_allocinfo(const struct po_proc *p, struct pageowner_error *err);
int po_proc_oom(const struct po_proc *p, struct pageowner_error *err);
int po_proc_log(const struct po_proc *p, struct pageowner_error *err);
/* of a process */
int po_proc_statm(const struct po_proc *p, struct pageowner_error *err);
int po_proc_smaps_rollup(const struct po_proc *p, struct pageowner_error *err);
int po_proc_oom_score(const struct po_proc *p, struct pageowner_error *err);
int po_proc_oom_score_adj(const struct po_proc *p, struct pageowner_error *err);

/* --- for those who write them (text.c) --- */

void po_proc_put(const struct po_proc *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void po_proc_flaw(const struct po_proc *p, const struct pageowner_error *err);

/* Whether that string stands in the read-only data, be it as the end of a longer one. */
bool po_proc_has_string(const struct po_proc *p, const char *s);
/* A string there that starts so, from its start to its terminator; NULL: none. */
const char *po_proc_string(const struct po_proc *p, const char *start);

/*
 * Print by a format string of the kernel: value is asked for the number of each conversion (%lu, %u, %d, %i) by the word
 * before it ("min" of "        min      %lu"); 0: that word is not known, and the whole is EUNSUPP.
 */
int po_proc_format(const struct po_proc *p, const char *format,
		   int (*value)(void *arg, const char *word, uint64_t *ret, struct pageowner_error *err), void *arg,
		   struct pageowner_error *err);

/* --- zones of the nodes that are online (zones.c) --- */

struct po_proc_zone {
	uint64_t kva;
	const struct po_node *node;
	unsigned index;
	bool populated;
	char name[PO_ZONE_NAME_MAX];
};

typedef int po_proc_zone_fn(const struct po_proc *p, const struct po_proc_zone *z, void *arg,
			    struct pageowner_error *err);

bool po_proc_is_online(const struct po_proc *p, const struct po_node *node);
/* All zones of a node (NULL: of all that are online), those without pages too, until fn fails. */
int po_proc_for_each_zone(const struct po_proc *p, const struct po_node *node, po_proc_zone_fn *fn, void *arg,
			  struct pageowner_error *err);

/* --- numbers that more than one file tells (counts.c) --- */

/* A number in a variable of the kernel; optional: 0 if it has no such variable. */
int po_proc_variable(const struct po_proc *p, unsigned symbol, uint64_t *ret, struct pageowner_error *err);
int po_proc_optional(const struct po_proc *p, unsigned symbol, uint64_t *ret, struct pageowner_error *err);
/* A counter by name; 0 if this kernel has none. */
int po_proc_counter(const struct po_proc *p, const struct po_vmstat *v, const char *name, uint64_t *ret,
		    struct pageowner_error *err);
/* min_wmark_pages() and the others: 0 min, 1 low, 2 high, 3 promo. */
int po_proc_watermark(const struct po_proc *p, uint64_t zone, unsigned which, uint64_t *ret,
		      struct pageowner_error *err);
/* A processor's struct per_cpu_pages of a zone, and what has its counters; only if has_pcp. */
bool po_proc_has_pcp(const struct po_layout *l);
int po_proc_pcp(const struct po_proc *p, uint64_t zone, unsigned cpu, uint64_t *pcp, uint64_t *stats,
		struct pageowner_error *err);
bool po_proc_is_highmem(const struct po_proc *p, const struct po_proc_zone *z);

/* --- what a page's flags tell of where it belongs (pages.c) --- */

struct po_proc_places {
	struct po_flag_place zone, node;	/* without width: told by the PFN */
};

int po_proc_places_open(const struct po_proc *p, struct po_proc_places *ret, struct pageowner_error *err);
/* The number of the zone in its node. */
unsigned po_proc_zone_of(const struct po_proc_places *places, uint64_t flags);
/* The node's id; -1: no zone holds that PFN. */
int po_proc_node_of(const struct po_proc *p, const struct po_proc_places *places, uint64_t flags, uint64_t pfn);

#endif
