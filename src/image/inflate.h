/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pages that zlib has compressed. */
#ifndef PO_IMAGE_INFLATE_H
#define PO_IMAGE_INFLATE_H

#include <stdbool.h>
#include <stddef.h>

/* What is kept from page to page; belongs to one thread. */
struct po_inflate;

struct po_inflate *po_inflate_new(void);
void po_inflate_free(struct po_inflate *z);

/* All of a stream into a page that it fills; false: it is damaged, or of another length. */
bool po_inflate_page(struct po_inflate *z, const void *from, size_t bytes, void *page, size_t len);

#endif
