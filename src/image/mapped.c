/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Files through a mapping that does not kill.  A mapped page that the disk cannot deliver, or
 * that was cut off since, is answered with SIGBUS, and a library must not catch signals.  So each
 * chunk is fetched once, by a call that can fail, before anything in it is touched through the
 * mapping.  A chunk that fails is read by pread() instead, which says for each page how it is.
 * What remains: a file that is shortened by somebody while we read chunks of it that were good.
 */
#include "image/mapped.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/status.h"
#include "image/extents.h"

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22	/* since Linux 5.14; older kernels answer EINVAL */
#endif

#define CHUNK ((size_t)256 << 10)

struct po_mapped {
	int fd;
	uint64_t size;
	uint8_t *base;			/* NULL: cannot be mapped, all reads are preads */
	atomic_uchar *fetched;		/* per chunk: may be touched */
	bool partial;			/* only what is in written has a meaning */
	struct po_extents written;
};

uint64_t po_mapped_size(const struct po_mapped *map)
{
	return map->size;
}

/* Mapping is an optimisation: a file bigger than our address space is read all the same. */
static void try_mapping(struct po_mapped *map)
{
	size_t size = (size_t)map->size;

	if (size != map->size || size == 0 || size > SIZE_MAX - CHUNK)
		return;
	void *base = mmap(NULL, size, PROT_READ, MAP_PRIVATE, map->fd, 0);
	if (base == MAP_FAILED)
		return;
	map->fetched = calloc((size + CHUNK - 1) / CHUNK, sizeof(*map->fetched));
	if (map->fetched)
		map->base = base;
	else
		(void)munmap(base, size);
}

int po_mapped_open(const struct po_file *file, struct po_mapped **ret,
		   struct pageowner_error *err)
{
	_cleanup_(po_mapped_closep) struct po_mapped *map = calloc(1, sizeof(*map));

	if (!map)
		return po_fail_nomem(err, file->path);
	map->size = file->size;
	map->fd = fcntl(file->fd, F_DUPFD_CLOEXEC, 0);
	if (map->fd < 0)
		return po_fail(err, PAGEOWNER_EIO, "%s: %s", file->path,
			       po_errno_words(errno).text);
	if (file->written && po_extents_copy(&map->written, file->written) < 0)
		return po_fail_nomem(err, file->path);
	map->partial = file->written;
	try_mapping(map);
	*ret = po_take(map);
	return PAGEOWNER_OK;
}

void po_mapped_close(struct po_mapped *map)
{
	if (!map)
		return;
	if (map->base)
		(void)munmap(map->base, (size_t)map->size);
	free(map->fetched);
	po_extents_fini(&map->written);
	if (map->fd >= 0)
		close(map->fd);
	free(map);
}

/* How many of len bytes at offset the file has, from the start. */
static uint64_t present(const struct po_mapped *map, uint64_t offset, uint64_t len)
{
	if (offset >= map->size)
		return 0;
	if (len > map->size - offset)
		len = map->size - offset;
	if (!map->partial)
		return len;
	size_t hint = SIZE_MAX;
	const struct po_extent *e = po_extents_at(&map->written, offset, &hint);
	if (!e)
		return 0;
	return len < e->end - offset ? len : e->end - offset;
}

bool po_mapped_has(const struct po_mapped *map, uint64_t offset, uint64_t len)
{
	return present(map, offset, len) == len;
}

static enum po_cause read_by_call(const struct po_mapped *map, uint64_t offset, void *buf,
				  size_t len, size_t *done)
{
	*done = 0;
	while (*done < len) {
		ssize_t n = pread(map->fd, (char *)buf + *done, len - *done,
				  (off_t)(offset + *done));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return PO_IOERR;
		if (n == 0)
			return PO_TRUNCATED;
		*done += (size_t)n;
	}
	return PO_HAVE;
}

/* For kernels that cannot populate a mapping on demand: the page cache has what a read has seen. */
static bool fetch_by_reading(const struct po_mapped *map, uint64_t offset, size_t len)
{
	char scratch[16384];

	while (len) {
		size_t n = len < sizeof(scratch) ? len : sizeof(scratch);
		size_t done;
		if (read_by_call(map, offset, scratch, n, &done) != PO_HAVE)
			return false;
		offset += n;
		len -= n;
	}
	return true;
}

static bool fetch_chunk(const struct po_mapped *map, size_t chunk)
{
	if (atomic_load_explicit(&map->fetched[chunk], memory_order_relaxed))
		return true;

	uint64_t offset = (uint64_t)chunk * CHUNK;
	size_t len = map->size - offset < CHUNK ? (size_t)(map->size - offset) : CHUNK;
	bool good;
	do
		good = madvise(map->base + offset, len, MADV_POPULATE_READ) == 0;
	while (!good && errno == EINTR);
	if (!good && errno == EINVAL)
		good = fetch_by_reading(map, offset, len);
	if (good)
		atomic_store_explicit(&map->fetched[chunk], 1, memory_order_relaxed);
	return good;
}

/* How many of len bytes at offset may be touched. */
static size_t touchable(const struct po_mapped *map, uint64_t offset, size_t len)
{
	size_t good = 0;

	while (good < len && fetch_chunk(map, (size_t)((offset + good) / CHUNK))) {
		size_t in_chunk = CHUNK - (size_t)((offset + good) % CHUNK);
		good += in_chunk < len - good ? in_chunk : len - good;
	}
	return good;
}

const void *po_mapped_borrow(const struct po_mapped *map, uint64_t offset, size_t *len)
{
	if (!map->base)
		return NULL;
	size_t good = touchable(map, offset, (size_t)present(map, offset, *len));
	if (good == 0)
		return NULL;
	*len = good;
	return map->base + offset;
}

enum po_cause po_mapped_read(const struct po_mapped *map, uint64_t offset, void *buf, size_t len,
			     size_t *done)
{
	*done = 0;
	while (*done < len) {
		uint64_t at = offset + *done;
		size_t n = (size_t)present(map, at, len - *done);
		if (n == 0)
			return PO_TRUNCATED;
		const void *bytes = po_mapped_borrow(map, at, &n);
		if (!bytes) {
			/* one chunk at most: the next may be good again */
			size_t in_chunk = CHUNK - (size_t)(at % CHUNK), got;
			n = n < in_chunk ? n : in_chunk;
			enum po_cause cause = read_by_call(map, at, (char *)buf + *done, n, &got);
			*done += got;
			if (cause != PO_HAVE)
				return cause;
			continue;
		}
		memcpy((char *)buf + *done, bytes, n);
		*done += n;
	}
	return PO_HAVE;
}
