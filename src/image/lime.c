/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * LiME files: ranges of memory one after the other, each behind a header of 32 bytes that says
 * where it belongs.  There is no count and no end mark: where a header should be, the file ends.
 */
#include "image/image.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/load.h"
#include "base/status.h"
#include "image/pieces.h"

#define HEADER_SIZE 32u		/* magic, version: 4 bytes each; first, last: 8; 8 reserved */
#define LIME_VERSION 1

/* No machine has more address bits; tables of memory have some dozens of entries. */
#define PADDR_BITS 56
#define RANGES_MAX 65536u

struct reader {
	const struct po_file *file;
	struct po_image *img;
	const struct po_mapped *map;
	uint64_t at;			/* of the next header */
	uint32_t nr;			/* headers read */
	bool cut;			/* the file ends within a header */
	struct pageowner_error *err;
};

static const struct po_image_ops lime_ops = {
	.name = "LiME",
	PO_PIECES_OPS,
};

static bool is_magic(const uint8_t *bytes)
{
	return memcmp(bytes, "EMiL", 4) == 0;
}

static bool lime_probe(const struct po_file *file)
{
	return file->head_len >= 4 && is_magic(file->head);
}

/* The range behind a header: what is in the file, and what was cut off. */
static int add_range(struct reader *rd, const uint8_t *header)
{
	uint64_t version = po_load_le(header + 4, 4);
	uint64_t first = po_load_le(header + 8, 8), last = po_load_le(header + 16, 8);
	uint64_t offset = rd->at + HEADER_SIZE, size = rd->file->size;

	if (version != LIME_VERSION)
		return po_fail(rd->err, PAGEOWNER_EUNSUPP,
			       "LiME header at 0x%" PRIx64 ": version %" PRIu64
			       ": recognised, not supported", rd->at, version);
	if (last < first || last >> PADDR_BITS)
		return po_fail(rd->err, PAGEOWNER_ECORRUPT,
			       "LiME header at 0x%" PRIx64 ": memory from 0x%" PRIx64 " to 0x%"
			       PRIx64, rd->at, first, last);
	if (rd->nr == RANGES_MAX)
		return po_fail(rd->err, PAGEOWNER_ECORRUPT, "more than %u ranges of memory",
			       RANGES_MAX);

	uint64_t len = last - first + 1;
	uint64_t held = size - offset < len ? size - offset : len;
	const struct po_extent parts[] = {
		{ first, first + held, offset, rd->nr, PO_HAVE, 0 },
		{ first + held, first + len, offset + held, rd->nr, PO_TRUNCATED, 0 },
	};
	for (size_t i = 0; i < 2; i++)
		if (po_extents_add(&po_pieces_of(rd->img)->extents, &parts[i]) < 0)
			return po_fail_nomem(rd->err, "LiME headers");
	rd->nr++;
	rd->at = offset + len;		/* cannot wrap: a file has at most 2^63 bytes */
	return PAGEOWNER_OK;
}

/* 1: a range was added; 0: the file ends here. */
static int read_header(struct reader *rd)
{
	uint8_t header[HEADER_SIZE];
	size_t done;

	if (rd->at >= rd->file->size)
		return 0;
	enum po_cause cause = po_mapped_read(rd->map, rd->at, header, sizeof(header), &done);
	if (cause != PO_HAVE && cause != PO_TRUNCATED)
		return po_fail(rd->err, PAGEOWNER_EIO, "LiME header at 0x%" PRIx64 ": %s", rd->at,
			       po_cause_words[cause]);
	if (done >= 4 && !is_magic(header)) {
		/* what was read so far is good; a probe or a disk may have put more behind it */
		if (po_image_notice(rd->img, "dump: %s: no LiME header at 0x%" PRIx64
				    ", %s from there on are not read", rd->file->path, rd->at,
				    po_size_words(rd->file->size - rd->at).text) < 0)
			return po_fail_nomem(rd->err, "LiME headers");
		return 0;
	}
	if (cause == PO_TRUNCATED) {
		rd->cut = true;
		return 0;
	}
	int rc = add_range(rd, header);
	return rc < 0 ? rc : 1;
}

static int describe(struct reader *rd, uint64_t doubled)
{
	struct po_image *img = rd->img;

	if (po_image_set(&img->description, "LiME, %" PRIu32 " range%s", rd->nr,
			 rd->nr == 1 ? "" : "s") < 0)
		return -1;
	if (doubled && po_image_notice(img, "dump: %s: several ranges give %s of memory, the "
				       "first of them is used", rd->file->path,
				       po_size_words(doubled).text) < 0)
		return -1;
	if (img->truncated)
		return po_pieces_tell_cut(img, rd->file);
	img->truncated = rd->cut;
	return rd->cut ? po_image_notice(img, "dump: %s: file ends at 0x%" PRIx64
					 ", within a LiME header: the memory behind it is missing",
					 rd->file->path, rd->file->size) : 0;
}

static int read_ranges(struct reader *rd)
{
	uint64_t doubled;
	int rc;

	while ((rc = read_header(rd)) == 1)
		;
	if (rc < 0)
		return rc;
	if (rd->nr == 0)
		return po_fail(rd->err, PAGEOWNER_ECORRUPT, "truncated: ends within its first LiME "
			       "header");
	if (po_pieces_settle(rd->img, &doubled) < 0 || describe(rd, doubled) < 0)
		return po_fail_nomem(rd->err, "LiME headers");
	return PAGEOWNER_OK;
}

static int lime_open(const struct po_file *files, size_t nr, struct po_image **ret,
		     struct pageowner_error *err)
{
	_cleanup_(po_image_closep) struct po_image *img = NULL;

	if (nr > 1)
		return po_fail(err, PAGEOWNER_EINVAL,
			       "%s: a LiME image is one file, but %zu were given", files[0].path,
			       nr);
	int rc = po_pieces_new(&lime_ops, 1, &img, err);
	if (rc == PAGEOWNER_OK)
		rc = po_pieces_add_file(img, &files[0], err);
	if (rc < 0)
		return rc;
	struct reader rd = { .file = &files[0], .img = img, .map = po_pieces_of(img)->map[0],
			     .err = err };
	rc = read_ranges(&rd);
	if (rc < 0)
		return po_within(err, rc, "%s", files[0].path);
	*ret = po_take(img);
	return PAGEOWNER_OK;
}

const struct po_format po_format_lime = {
	.name = "LiME",
	.probe = lime_probe,
	.open = lime_open,
};
