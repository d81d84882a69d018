/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Stack handle → frames.  Immutable after open. */
#ifndef PO_OWNER_DEPOT_H
#define PO_OWNER_DEPOT_H

#include <stdbool.h>
#include <stdint.h>

#include <pageowner/error.h>

#include "kernel/kernel.h"

#define PO_DEPOT_MAX_FRAMES 256

struct po_depot {
	const struct po_kernel *k;
	uint64_t pools;			/* kva of the array of pointers to pools */
	uint64_t nr_pools;		/* its length */
	struct po_member index, offset;	/* fields of the handle */
	unsigned bias;			/* 1: the index field holds index + 1 */
	uint32_t handle_mask;		/* what is left of a handle without its extra bits */
	bool has_bound;
	unsigned bound_symbol;		/* the variable that tells it, which grows while memory lives; and what to add */
	unsigned bound_plus;
	uint64_t bound;			/* indices from here on give no frames */
};

struct po_frames {
	uint32_t handle;		/* without extra bits */
	uint32_t nr;
	uint64_t at[PO_DEPOT_MAX_FRAMES];
};

int po_depot_open(struct po_depot *d, const struct po_kernel *k, struct po_memory *mem,
		  struct pageowner_error *err);

/* A depot whose shape is not known: no handle leads to frames. */
void po_depot_none(struct po_depot *d, const struct po_kernel *k);

uint32_t po_depot_key(const struct po_depot *d, uint32_t handle);

/*
 * The frames of a handle.  OK with nr 0: the kernel itself would find none.  ENODATA: the record is not
 * in the dump; ECORRUPT: what is there is no record of this handle.
 */
int po_depot_fetch(const struct po_depot *d, struct po_memory *mem, uint32_t handle,
		   struct po_frames *ret, struct pageowner_error *err);

/*
 * The record at an address as it stands there, with its count (0 where this kernel keeps none): for what leads to records
 * without a handle.
 */
int po_depot_read(const struct po_depot *d, struct po_memory *mem, uint64_t kva, struct po_frames *ret,
		  uint32_t *ret_count, struct pageowner_error *err);

/* The count of a handle's record: 1 more than the pages that page_owner counts.  1; 0: it counts none, or cannot be read. */
int po_depot_count(const struct po_depot *d, struct po_memory *mem, uint32_t handle, uint32_t *ret);

#endif
