/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The entry that page_ext keeps for every page frame, and what page_owner has in it. */
#ifndef PO_KERNEL_PAGE_EXT_H
#define PO_KERNEL_PAGE_EXT_H

#include <stdint.h>

#include <pageowner/error.h>

#include "kernel/layout.h"
#include "memory/memory.h"

struct po_kernel;

/*
 * Members of an owner's record, by their offset in it; NULL: this kernel keeps no such thing.  A stack is either a
 * handle of the stack depot or, before 4.8, stands in the record itself.
 */
struct po_page_ext {
	uint64_t stride;	/* bytes from one entry to the next */
	uint64_t owner_offset;	/* of the record in an entry */
	const char *record;	/* the struct that it is: page_owner, or page_ext itself */
	uint64_t record_size;
	const struct po_member *order, *gfp_mask, *migrate_reason;
	const struct po_member *ts, *free_ts, *pid, *tgid, *comm;
	const struct po_member *handle;
	const struct po_member *nr_entries, *entries;
	const struct po_member *free_handle;		/* 5.4: commit 8974558f49a6 */
	const struct po_member *free_pid, *free_tgid;	/* 6.8 */
};

/*
 * EDISABLED: page_owner was off, or is not in this kernel.  Needs no types, which a kernel without page_owner
 * lacks.
 */
int po_page_ext_check_enabled(const struct po_layout *l, struct po_memory *mem,
			      struct pageowner_error *err);

/* ENOTYPE names what of a record is not known, ECORRUPT what contradicts itself. */
int po_page_ext_open(struct po_kernel *k, struct po_memory *mem, struct pageowner_error *err);

#endif
