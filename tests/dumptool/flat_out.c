// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * An output file, plain or as makedumpfile's flattened stream: a 4096-byte header, then records of
 * a big-endian offset and size and that much data, then a record of -1/-1.
 *
 * Real streams come from programs that go back and forth between bitmaps, descriptors and pages,
 * so records are out of order and later ones replace parts of earlier ones.  Here that is done on
 * purpose, and always the same way: records wait in a small pool and leave it at random; some go
 * out with wrong content first, in whole or in the middle, and are put right by later ones.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dumptool.h"

#define POOL		16
#define FLAT_HEADER	4096

struct record {
	uint64_t off;
	size_t len;
	uint8_t *data;
};

struct out {
	char *path;
	int fd;
	uint64_t size;		/* plain: what the file must reach, as zeros are not written */
	bool flat;
	bool end_mark;
	bool overlap;
	uint64_t stream_pos;
	uint32_t seed;
	unsigned int nr_records;
	struct record pool[POOL];
	size_t nr_pool;
};

static void write_at(struct out *out, uint64_t off, const void *buf, size_t len)
{
	const uint8_t *from = buf;

	while (len) {
		ssize_t done = pwrite(out->fd, from, len, (off_t)off);

		if (done <= 0)
			die("%s: %s", out->path, done ? strerror(errno) : "nothing written");
		from += done;
		off += (uint64_t)done;
		len -= (size_t)done;
	}
}

static void put_be64(uint8_t *to, uint64_t value)
{
	for (int i = 0; i < 8; i++)
		to[i] = (uint8_t)(value >> (56 - 8 * i));
}

static void emit_header(struct out *out)
{
	uint8_t header[FLAT_HEADER] = "makedumpfile";

	put_be64(header + 16, 1);	/* type */
	put_be64(header + 24, 1);	/* version */
	write_at(out, 0, header, sizeof(header));
	out->stream_pos = sizeof(header);
}

static void emit(struct out *out, uint64_t off, const void *data, size_t len)
{
	uint8_t header[16];

	put_be64(header, off);
	put_be64(header + 8, len);
	write_at(out, out->stream_pos, header, sizeof(header));
	write_at(out, out->stream_pos + sizeof(header), data, len);
	out->stream_pos += sizeof(header) + len;
}

static void pool_take(struct out *out, size_t i)
{
	struct record rec = out->pool[i];

	out->pool[i] = out->pool[--out->nr_pool];
	emit(out, rec.off, rec.data, rec.len);
	free(rec.data);
}

static void pool_add(struct out *out, uint64_t off, const void *data, size_t len)
{
	struct record rec = { .off = off, .len = len, .data = xmalloc(len) };

	memcpy(rec.data, data, len);
	if (out->nr_pool == POOL)
		pool_take(out, prng(&out->seed) % POOL);
	out->pool[out->nr_pool++] = rec;
}

/* Sends part of the record with wrong content now; the right one follows from the pool. */
static void emit_wrong(struct out *out, uint64_t off, const uint8_t *data, size_t len,
		       size_t first, size_t wrong)
{
	uint8_t *copy = xmalloc(len);

	memcpy(copy, data, len);
	for (size_t i = first; i < first + wrong; i++)
		copy[i] ^= 0xa5;
	emit(out, off, copy, len);
	free(copy);
}

static void flat_record(struct out *out, uint64_t off, const uint8_t *data, size_t len)
{
	size_t third = len / 3;

	switch (out->overlap ? out->nr_records++ % 6 : 0) {
	case 1:		/* all of it wrong, put right by two that may come in any order */
		if (!third)
			break;
		emit_wrong(out, off, data, len, 0, len);
		pool_add(out, off, data, third);
		pool_add(out, off + third, data + third, len - third);
		return;
	case 3:		/* wrong in the middle */
		if (!third)
			break;
		emit_wrong(out, off, data, len, third, third);
		pool_add(out, off + third, data + third, third);
		return;
	case 5:		/* wrong at the end */
		emit_wrong(out, off, data, len, len - third, third);
		if (third)
			pool_add(out, off + len - third, data + len - third, third);
		return;
	default:
		break;
	}
	pool_add(out, off, data, len);
}

struct out *out_open(const char *path, const struct core *core, const struct options *opt)
{
	struct out *out = xmalloc(sizeof(*out));
	struct stat st;

	out->path = xasprintf("%s", path);
	out->flat = opt->flat;
	out->end_mark = !opt->no_end_mark;
	out->overlap = !opt->no_overlap;
	out->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	if (out->fd < 0 || fstat(out->fd, &st))
		die("%s: %s", path, strerror(errno));
	if (core->map && st.st_dev == core->dev && st.st_ino == core->ino)
		die("%s: is the input", path);
	if (ftruncate(out->fd, 0))
		die("%s: %s", path, strerror(errno));
	if (out->flat)
		emit_header(out);
	return out;
}

/* A plain file keeps holes where there are only zeros; a stream has none. */
void out_write(struct out *out, uint64_t off, const void *buf, size_t len)
{
	const uint8_t *from = buf;

	if (!out->flat) {
		if (!all_zero(from, len))
			write_at(out, off, from, len);
		out->size = max_u64(out->size, off + len);
		return;
	}
	for (size_t part; len; from += part, off += part, len -= part) {
		part = len < CHUNK ? len : CHUNK;
		flat_record(out, off, from, part);
	}
}

/* Makes a plain file at least this long. */
void out_extend(struct out *out, uint64_t size)
{
	out->size = max_u64(out->size, size);
}

void out_close(struct out *out)
{
	static const uint8_t mark[16] = {
		255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
	};

	while (out->nr_pool)
		pool_take(out, prng(&out->seed) % out->nr_pool);
	if (out->flat && out->end_mark)
		write_at(out, out->stream_pos, mark, sizeof(mark));
	if (!out->flat && ftruncate(out->fd, (off_t)out->size))
		die("%s: %s", out->path, strerror(errno));
	if (close(out->fd))
		die("%s: %s", out->path, strerror(errno));
	free(out->path);
	free(out);
}
