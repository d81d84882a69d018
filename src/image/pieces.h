/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Images whose memory lies in uncompressed pieces of files: what ELF cores, LiME files and raw
 * images of RAM have in common once their headers are read.
 */
#ifndef PO_IMAGE_PIECES_H
#define PO_IMAGE_PIECES_H

#include <stdatomic.h>

#include "image/extents.h"
#include "image/image.h"
#include "image/mapped.h"

/* What all handles on one image share. */
struct po_pieces {
	atomic_uint refs;
	struct po_mapped **map;		/* by po_extent.file */
	size_t nr_maps, room;
	struct po_extents extents;	/* constant once they are settled */
};

/* An image without pieces, for so many files. */
int po_pieces_new(const struct po_image_ops *ops, size_t nr_files, struct po_image **ret,
		  struct pageowner_error *err);

/* To fill while the image has one handle; then settle. */
struct po_pieces *po_pieces_of(struct po_image *img);

/* Map one more file, the next by number. */
int po_pieces_add_file(struct po_image *img, const struct po_file *file,
		       struct pageowner_error *err);

/* Settle the extents (as po_extents_settle()), and set what of the head follows from them. */
int po_pieces_settle(struct po_image *img, uint64_t *doubled);

/* The notice for an image that is truncated, after settling. */
int po_pieces_tell_cut(struct po_image *img, const struct po_file *file);

/* For struct po_image_ops, all but name. */
enum po_cause po_pieces_read(struct po_image *img, uint64_t paddr, void *buf, size_t len,
			     size_t *done);
const void *po_pieces_map(struct po_image *img, uint64_t paddr, size_t *len);
int po_pieces_next_range(struct po_image *img, uint64_t from, uint64_t *start, uint64_t *len);
int po_pieces_clone(const struct po_image *img, struct po_image **ret,
		    struct pageowner_error *err);
void po_pieces_rebase(struct po_image *img, uint64_t base);
void po_pieces_close(struct po_image *img);

#define PO_PIECES_OPS \
	.read = po_pieces_read, .map = po_pieces_map, .next_range = po_pieces_next_range, \
	.clone = po_pieces_clone, .close = po_pieces_close

#endif
