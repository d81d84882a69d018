/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Flattened streams (makedumpfile -F, QEMU's kdump output): a header block, then records of
 * {offset, size, bytes} in the order in which they were written, the later over the earlier, up
 * to an end mark.  libkdumpfile 0.5.1 refuses them and the page descriptors must be found at
 * their offsets, so the stream is put in order in an unlinked temporary file, and that is opened
 * like any dump.
 */
#include "image/image.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/load.h"
#include "base/status.h"
#include "image/extents.h"

#define HEADER_SIZE 4096
#define SIGNATURE "makedumpfile\0\0\0"	/* 16 bytes with the final one */
#define COPY_SIZE ((size_t)1 << 20)

/* A stream that is being put in order. */
struct stream {
	const struct po_file *in;
	int out;
	const char *dir;		/* where out is */
	uint64_t at;			/* next byte of the stream */
	uint64_t copied;
	bool cut;			/* ended without its end mark */
	uint8_t *buf;			/* COPY_SIZE */
};

/* One file put in order. */
struct ordered {
	struct po_file file;
	char dir[64];
	uint64_t copied;
	bool cut;
	struct po_extents written;	/* of the file, if cut */
};

struct ordered_set {
	struct ordered *at;
	size_t nr;
};

static void free_set(struct ordered_set *set)
{
	for (size_t i = 0; i < set->nr; i++) {
		if (set->at[i].file.fd >= 0)
			close(set->at[i].file.fd);
		po_extents_fini(&set->at[i].written);
	}
	free(set->at);
}

static bool flattened_probe(const struct po_file *file)
{
	return file->head_len >= 32 && memcmp(file->head, SIGNATURE, 16) == 0 &&
	       po_load_be(file->head + 16, 8) == 1;
}

static int unlinked_file_in(const char *dir)
{
	_cleanup_(po_freep) char *path = NULL;

	if (asprintf(&path, "%s/pageowner-XXXXXX", dir) < 0) {
		path = NULL;
		errno = ENOMEM;
		return -1;
	}
	int fd = mkostemp(path, O_CLOEXEC);
	if (fd >= 0)
		(void)unlink(path);
	return fd;
}

/* /var/tmp before /tmp: dumps are big, and /tmp may be memory. */
static int open_temporary(struct stream *s, struct pageowner_error *err)
{
	const char *dirs[] = { getenv("TMPDIR"), "/var/tmp", "/tmp" };
	int first_errno = 0;
	const char *first_dir = NULL;

	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		if (!dirs[i] || !*dirs[i])
			continue;
		s->out = unlinked_file_in(dirs[i]);
		s->dir = dirs[i];
		if (s->out >= 0)
			return PAGEOWNER_OK;
		if (!first_dir) {
			first_errno = errno;
			first_dir = dirs[i];
		}
	}
	return po_fail(err, PAGEOWNER_EIO,
		       "a flattened dump needs a temporary file, but %s: %s (TMPDIR names a better "
		       "directory)", first_dir, po_errno_words(first_errno).text);
}

/* Read up to len bytes of the stream: how many there were, or <0. */
static ssize_t take(struct stream *s, void *buf, size_t len, struct pageowner_error *err)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = pread(s->in->fd, (char *)buf + done, len - done, (off_t)s->at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return po_fail(err, PAGEOWNER_EIO, "at 0x%" PRIx64 ": %s", s->at,
				       po_errno_words(errno).text);
		if (n == 0)
			break;
		done += (size_t)n;
		s->at += (size_t)n;
	}
	return (ssize_t)done;
}

static int put(struct stream *s, uint64_t offset, const void *buf, size_t len,
	       struct pageowner_error *err)
{
	for (size_t done = 0; done < len;) {
		ssize_t n = pwrite(s->out, (const char *)buf + done, len - done,
				   (off_t)(offset + done));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return po_fail(err, PAGEOWNER_EIO,
				       "temporary file in %s, 0x%zx bytes at 0x%" PRIx64
				       ": %s (TMPDIR names a better directory)", s->dir, len - done,
				       offset + done, po_errno_words(errno).text);
		done += (size_t)n;
	}
	s->copied += len;
	return PAGEOWNER_OK;
}

static int copy_record(struct stream *s, uint64_t offset, uint64_t size,
		       struct pageowner_error *err)
{
	while (size && !s->cut) {
		size_t want = size < COPY_SIZE ? (size_t)size : COPY_SIZE;
		ssize_t got = take(s, s->buf, want, err);
		if (got < 0)
			return (int)got;
		int rc = put(s, offset, s->buf, (size_t)got, err);
		if (rc < 0)
			return rc;
		s->cut = (size_t)got < want;
		offset += (size_t)got;
		size -= (size_t)got;
	}
	return PAGEOWNER_OK;
}

static int copy_stream(struct stream *s, struct pageowner_error *err)
{
	uint8_t head[16];

	s->at = HEADER_SIZE;
	while (!s->cut) {
		uint64_t where = s->at, end;
		ssize_t got = take(s, head, sizeof(head), err);
		if (got < 0)
			return (int)got;
		if ((size_t)got < sizeof(head)) {
			s->cut = true;
			break;
		}
		uint64_t offset = po_load_be(head, 8), size = po_load_be(head + 8, 8);
		if (offset == UINT64_MAX && size == UINT64_MAX)
			break;
		if (po_add(offset, size, &end) || end > INT64_MAX)
			return po_fail(err, PAGEOWNER_ECORRUPT,
				       "flattened record at 0x%" PRIx64 ": 0x%" PRIx64
				       " bytes for 0x%" PRIx64, where, size, offset);
		int rc = copy_record(s, offset, size, err);
		if (rc < 0)
			return rc;
	}
	return PAGEOWNER_OK;
}

/*
 * Walk the records of a stream that is cut off once more: what it did not come to must not be
 * taken for zeros.
 */
static int note_written(struct stream *s, struct ordered *out, struct pageowner_error *err)
{
	uint64_t end = s->at, doubled;
	uint8_t head[16];

	s->at = HEADER_SIZE;
	while (s->at + sizeof(head) <= end) {
		ssize_t got = take(s, head, sizeof(head), err);
		if (got < 0)
			return (int)got;
		uint64_t offset = po_load_be(head, 8), size = po_load_be(head + 8, 8);
		if ((size_t)got < sizeof(head) || offset > INT64_MAX)
			break;
		if (size > end - s->at)
			size = end - s->at;
		const struct po_extent e = { .start = offset, .end = offset + size };
		if (po_extents_add(&out->written, &e) < 0)
			return po_fail_nomem(err, "flattened records");
		s->at += size;
	}
	if (po_extents_settle(&out->written, &doubled) < 0)
		return po_fail_nomem(err, "flattened records");
	out->file.written = &out->written;
	return PAGEOWNER_OK;
}

/* out->file is open or -1 afterwards, also on failure. */
static int put_in_order(const struct po_file *in, struct ordered *out,
			struct pageowner_error *err)
{
	_cleanup_(po_freep) uint8_t *buf = malloc(COPY_SIZE);
	struct stream s = { .in = in, .out = -1, .buf = buf };

	out->file.fd = -1;
	if (!buf)
		return po_fail_nomem(err, in->path);
	int rc = open_temporary(&s, err);
	if (rc == PAGEOWNER_OK)
		rc = copy_stream(&s, err);
	out->file.path = in->path;
	out->file.fd = s.out;
	out->copied = s.copied;
	out->cut = s.cut;
	(void)snprintf(out->dir, sizeof(out->dir), "%s", s.dir);
	if (rc == PAGEOWNER_OK && s.cut)
		rc = note_written(&s, out, err);
	if (rc < 0)
		return po_within(err, rc, "%s", in->path);
	if (s.copied == 0)
		return po_fail(err, PAGEOWNER_EFORMAT, "%s: the flattened dump is empty", in->path);
	rc = po_file_look(&out->file, err);
	if (rc == PAGEOWNER_OK && flattened_probe(&out->file))
		return po_fail(err, PAGEOWNER_EFORMAT,
			       "%s: a flattened dump inside a flattened dump", in->path);
	return rc;
}

static int tell(struct po_image *img, const struct ordered *ord)
{
	if (po_image_notice(img, "dump: %s: flattened, put in order in a temporary file in %s (%s)",
			    ord->file.path, ord->dir, po_size_words(ord->copied).text) < 0)
		return -1;
	if (!ord->cut)
		return 0;
	img->truncated = true;
	return po_image_notice(img, "dump: %s: the flattened stream ends without its end mark, "
			       "what followed is missing", ord->file.path);
}

static int open_set(const struct ordered_set *set, struct po_image **ret,
		    struct pageowner_error *err)
{
	_cleanup_(po_freep) struct po_file *files = calloc(set->nr, sizeof(*files));
	_cleanup_(po_image_closep) struct po_image *img = NULL;

	if (!files)
		return po_fail_nomem(err, "flattened dump");
	for (size_t i = 0; i < set->nr; i++)
		files[i] = set->at[i].file;
	int rc = po_image_open_files(files, set->nr, &img, err);
	for (size_t i = 0; rc < 0 && i < set->nr; i++)
		if (set->at[i].cut)
			return po_within(err, rc, "%s: the flattened stream is cut off",
					 files[i].path);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < set->nr; i++)
		if (tell(img, &set->at[i]) < 0)
			return po_fail_nomem(err, "flattened dump");
	if (po_image_set(&img->description, "flattened %s", img->description) < 0)
		return po_fail_nomem(err, "flattened dump");
	*ret = po_take(img);
	return PAGEOWNER_OK;
}

static int flattened_open(const struct po_file *files, size_t nr, struct po_image **ret,
			  struct pageowner_error *err)
{
	_cleanup_(free_set) struct ordered_set set = { 0 };

	set.at = calloc(nr, sizeof(*set.at));
	if (!set.at)
		return po_fail_nomem(err, files[0].path);
	while (set.nr < nr) {
		struct ordered *out = &set.at[set.nr];
		int rc = put_in_order(&files[set.nr++], out, err);
		if (rc < 0)
			return rc;
	}
	return open_set(&set, ret, err);
}

const struct po_format po_format_flattened = {
	.name = "flattened dump",
	.probe = flattened_probe,
	.open = flattened_open,
};
