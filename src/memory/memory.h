/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Kernel addresses as bytes.  A handle joins an image with the page tables found in it, and holds the
 * caches of one thread: clone it for another.
 */
#ifndef PO_MEMORY_MEMORY_H
#define PO_MEMORY_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pageowner/error.h>

#include "base/load.h"
#include "image/image.h"
#include "memory/xlat.h"

struct po_memory;

/* Distinct pages that reads asked for and the image could not give as they were. */
struct po_memory_counts {
	uint64_t pages[PO_NR_CAUSES];
	uint64_t first[PO_NR_CAUSES];	/* lowest physical address met, by cause */
	uint64_t last[PO_NR_CAUSES];	/* and the highest: the last byte of its page */
	uint64_t untranslated;		/* pages of addresses that no page table maps */
};

/* One of them: what a handle met, to be counted for another one, too. */
struct po_missing {
	uint64_t page;
	uint8_t cause;			/* PO_NR_CAUSES: no page table maps it */
};

/* The image is borrowed and must outlive the handle. */
int po_memory_new(struct po_image *img, const struct po_abi *abi, struct po_memory **ret,
		  struct pageowner_error *err);
/* A handle of its own on the same memory, with a clone of the image; for another thread. */
int po_memory_clone(const struct po_memory *mem, struct po_memory **ret,
		    struct pageowner_error *err);
void po_memory_free(struct po_memory *mem);

/* Before this is set, only physical reads work (unless the image translates by itself). */
void po_memory_set_xlat(struct po_memory *mem, const struct po_xlat *xlat);
/* NULL: none was set. */
const struct po_xlat *po_memory_xlat(const struct po_memory *mem);

struct po_image *po_memory_image(const struct po_memory *mem);
const struct po_abi *po_memory_abi(const struct po_memory *mem);
const struct po_memory_counts *po_memory_counts(const struct po_memory *mem);
/* What was counted, in its order; more is at the end. */
const struct po_missing *po_memory_missing(const struct po_memory *mem, size_t *ret_nr);
/* Count what another handle has met. */
void po_memory_miss(struct po_memory *mem, const struct po_missing *missing, size_t nr);

/*
 * Read all of len bytes.  ENODATA: some byte is not in the dump or not mapped; EIO: the read failed.
 * Pages that a filter dropped because they were zero read as zeros.
 */
int po_memory_read_phys(struct po_memory *mem, uint64_t paddr, void *buf, size_t len,
			struct pageowner_error *err);
int po_memory_read(struct po_memory *mem, uint64_t kva, void *buf, size_t len,
		   struct pageowner_error *err);

/* A number of 1 to 8 bytes, in the dump's byte order; a pointer or unsigned long. */
int po_memory_read_uint(struct po_memory *mem, uint64_t kva, size_t bytes, uint64_t *ret,
			struct pageowner_error *err);
int po_memory_read_ptr(struct po_memory *mem, uint64_t kva, uint64_t *ret,
		       struct pageowner_error *err);

/*
 * A string of at most cap - 1 bytes: what fits is stored and terminated, the result is its length.
 * A string that runs into missing memory is an error.
 */
int po_memory_read_string(struct po_memory *mem, uint64_t kva, char *buf, size_t cap,
			  struct pageowner_error *err);

/* Where a kernel address lies in physical memory; ENODATA if nothing maps it. */
int po_memory_translate(struct po_memory *mem, uint64_t kva, uint64_t *ret,
			struct pageowner_error *err);

/* Parts of a block that could not be read. */
struct po_gap {
	size_t from, to;		/* bytes of the block */
	enum po_cause cause;		/* PO_HOLE also for an address that no page table maps */
	uint64_t paddr;			/* where the first byte should have been; UINT64_MAX: unmapped */
};
#define PO_MAX_GAPS 64

struct po_gaps {
	unsigned nr;
	struct po_gap gap[PO_MAX_GAPS];	/* ascending; the last one is widened when there are more */
};

/* Read a block as far as possible: what is missing is zero in buf and listed in gaps. */
void po_memory_read_sparse(struct po_memory *mem, uint64_t kva, void *buf, size_t len,
			   struct po_gaps *gaps);

/* The gap that touches [from, to), or NULL. */
const struct po_gap *po_gaps_touch(const struct po_gaps *gaps, size_t from, size_t to);

#endif
