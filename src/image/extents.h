/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which bytes of memory lie where in files: ranges, sorted and free of overlaps. */
#ifndef PO_IMAGE_EXTENTS_H
#define PO_IMAGE_EXTENTS_H

#include <stddef.h>
#include <stdint.h>

#include "image/image.h"

struct po_extent {
	uint64_t start, end;		/* addresses */
	uint64_t offset;		/* of the byte at start, in the file */
	uint32_t order;			/* which piece of the file it is: the lower wins */
	uint8_t cause;			/* enum po_cause of all its bytes */
	uint16_t file;			/* which of the files, where there are several */
};

struct po_extents {
	struct po_extent *at;
	size_t nr, room;
};

void po_extents_fini(struct po_extents *ext);

/* A copy of settled extents; -1: no memory. */
int po_extents_copy(struct po_extents *dst, const struct po_extents *src);

/* -1: no memory.  An empty extent is not added. */
int po_extents_add(struct po_extents *ext, const struct po_extent *add);

/*
 * Sort, and leave of bytes that several extents claim only the best claim: bytes that are there
 * win over those that were cut off, these over dropped ones, then the lower order.  *doubled is
 * the sum of what was claimed in vain.  -1: no memory.
 */
int po_extents_settle(struct po_extents *ext, uint64_t *doubled);

/*
 * After settling: index of the first extent that ends above paddr, or nr.  hint: a likely answer.
 */
size_t po_extents_find(const struct po_extents *ext, uint64_t paddr, size_t hint);

/* The extent that holds paddr, or NULL; *hint is used and set. */
const struct po_extent *po_extents_at(const struct po_extents *ext, uint64_t paddr, size_t *hint);

#endif
