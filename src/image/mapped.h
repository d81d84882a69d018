/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A file that is mapped and may be touched: what its disk cannot deliver is told, not signalled. */
#ifndef PO_IMAGE_MAPPED_H
#define PO_IMAGE_MAPPED_H

#include "base/cleanup.h"
#include "image/image.h"

struct po_mapped;

/*
 * Map file as long as it is now.  The descriptor is duplicated.  Safe to read from several
 * threads.
 */
int po_mapped_open(const struct po_file *file, struct po_mapped **ret,
		   struct pageowner_error *err);
void po_mapped_close(struct po_mapped *map);
PO_DEFINE_CLEANUP(struct po_mapped, po_mapped_close);

uint64_t po_mapped_size(const struct po_mapped *map);

/* Are these bytes of the file there?  (Not whether the disk can deliver them.) */
bool po_mapped_has(const struct po_mapped *map, uint64_t offset, uint64_t len);

/* Copy len bytes at offset; *done and the result as in struct po_image_ops. */
enum po_cause po_mapped_read(const struct po_mapped *map, uint64_t offset, void *buf, size_t len,
			     size_t *done);

/*
 * Borrow the bytes at offset until close; *len in: wanted, out: how many there are.  NULL: not
 * mapped or not readable; po_mapped_read() tells.
 */
const void *po_mapped_borrow(const struct po_mapped *map, uint64_t offset, size_t *len);

#endif
