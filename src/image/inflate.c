/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The door to zlib, or to libdeflate, which takes half as long for what zlib has compressed because it is given whole pages
 * and wants no more.
 */
#include "image/inflate.h"

#include <stdlib.h>

#ifdef HAVE_LIBDEFLATE

#include <libdeflate.h>

struct po_inflate *po_inflate_new(void)
{
	return (struct po_inflate *)libdeflate_alloc_decompressor();
}

void po_inflate_free(struct po_inflate *z)
{
	libdeflate_free_decompressor((struct libdeflate_decompressor *)z);
}

bool po_inflate_page(struct po_inflate *z, const void *from, size_t bytes, void *page, size_t len)
{
	/* without a place for the true length, another one is an error */
	return libdeflate_zlib_decompress((struct libdeflate_decompressor *)z, from, bytes, page, len, NULL) ==
	       LIBDEFLATE_SUCCESS;
}

#else

#include <stdint.h>

#include <zlib.h>

struct po_inflate {
	z_stream stream;
};

struct po_inflate *po_inflate_new(void)
{
	struct po_inflate *z = calloc(1, sizeof(*z));

	if (z && inflateInit(&z->stream) == Z_OK)
		return z;
	free(z);
	return NULL;
}

void po_inflate_free(struct po_inflate *z)
{
	if (!z)
		return;
	(void)inflateEnd(&z->stream);
	free(z);
}

bool po_inflate_page(struct po_inflate *z, const void *from, size_t bytes, void *page, size_t len)
{
	if (inflateReset(&z->stream) != Z_OK)
		return false;
	z->stream.next_in = (Bytef *)(uintptr_t)from;	/* only read */
	z->stream.avail_in = (uInt)bytes;
	z->stream.next_out = page;
	z->stream.avail_out = (uInt)len;
	return inflate(&z->stream, Z_FINISH) == Z_STREAM_END && z->stream.avail_out == 0;
}

#endif
