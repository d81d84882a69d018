// SPDX-License-Identifier: LGPL-2.1-or-later
/* The page compressions of the kdump format, each at the fast setting that dump writers use. */
#include <limits.h>
#include <lzo/lzo1x.h>
#include <snappy-c.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "dumptool.h"

/* The flag of a page's descriptor and of the header's status. */
static const uint32_t codec_flags[] = {
	[CODEC_NONE] = 0,
	[CODEC_ZLIB] = 0x1,
	[CODEC_LZO] = 0x2,
	[CODEC_SNAPPY] = 0x4,
	[CODEC_ZSTD] = 0x20,
};

struct packer {
	enum codec codec;
	size_t page_size;
	size_t room;
	uint8_t *buf;
	void *lzo_work;
	ZSTD_CCtx *zstd;
};

struct packer *packer_new(enum codec codec, size_t page_size)
{
	struct packer *pk = xmalloc(sizeof(*pk));

	pk->codec = codec;
	pk->page_size = page_size;
	/* more than any of them asks for: LZO needs len / 16 + 67 */
	pk->room = compressBound(page_size) + snappy_max_compressed_length(page_size) +
		   ZSTD_compressBound(page_size);
	pk->buf = xmalloc(pk->room);
	pk->lzo_work = xmalloc(LZO1X_1_MEM_COMPRESS);
	pk->zstd = ZSTD_createCCtx();
	if (!pk->zstd || lzo_init() != LZO_E_OK)
		die("no compression library");
	return pk;
}

void packer_free(struct packer *pk)
{
	ZSTD_freeCCtx(pk->zstd);
	free(pk->lzo_work);
	free(pk->buf);
	free(pk);
}

uint32_t packer_status(const struct packer *pk)
{
	return pk->codec == CODEC_MIXED ? codec_flags[CODEC_ZLIB] : codec_flags[pk->codec];
}

static size_t pack_zlib(struct packer *pk, const uint8_t *page)
{
	uLongf len = pk->room;

	if (compress2(pk->buf, &len, page, pk->page_size, Z_BEST_SPEED) != Z_OK)
		die("zlib");
	return len;
}

static size_t pack_lzo(struct packer *pk, const uint8_t *page)
{
	lzo_uint len = pk->room;

	if (lzo1x_1_compress(page, pk->page_size, pk->buf, &len, pk->lzo_work) != LZO_E_OK)
		die("lzo");
	return len;
}

static size_t pack_snappy(struct packer *pk, const uint8_t *page)
{
	size_t len = pk->room;

	if (snappy_compress((const char *)page, pk->page_size, (char *)pk->buf, &len) != SNAPPY_OK)
		die("snappy");
	return len;
}

static size_t pack_zstd(struct packer *pk, const uint8_t *page)
{
	size_t len = ZSTD_compressCCtx(pk->zstd, pk->buf, pk->room, page, pk->page_size, 1);

	if (ZSTD_isError(len))
		die("zstd: %s", ZSTD_getErrorName(len));
	return len;
}

/* A page that does not shrink is stored as it is: *ret is page then. */
size_t packer_pack(struct packer *pk, const uint8_t *page, uint64_t pfn, const uint8_t **ret,
		   uint32_t *flags)
{
	enum codec codec = pk->codec == CODEC_MIXED ? (enum codec)(pfn % CODEC_MIXED) : pk->codec;
	size_t len = SIZE_MAX;

	switch (codec) {
	case CODEC_ZLIB:
		len = pack_zlib(pk, page);
		break;
	case CODEC_LZO:
		len = pack_lzo(pk, page);
		break;
	case CODEC_SNAPPY:
		len = pack_snappy(pk, page);
		break;
	case CODEC_ZSTD:
		len = pack_zstd(pk, page);
		break;
	case CODEC_NONE:
	case CODEC_MIXED:
		break;
	}
	*flags = len < pk->page_size ? codec_flags[codec] : 0;
	*ret = *flags ? pk->buf : page;
	return *flags ? len : pk->page_size;
}
