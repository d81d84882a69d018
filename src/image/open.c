/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From paths to an image: open each file, see that it can be read at any place, and hand all to the
 * first format whose probe fits.
 */
#include "image/image.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/status.h"
#include "image/kcore.h"

/* Split sets have a part per processor at most; this only bounds what we allocate. */
#define FILES_MAX 4096

struct files {
	struct po_file *at;
	size_t nr;
};

void po_file_close(struct po_file *file)
{
	if (file->fd >= 0)
		close(file->fd);
	file->fd = -1;
}

static void close_files(struct files *files)
{
	for (size_t i = 0; i < files->nr; i++)
		po_file_close(&files->at[i]);
	free(files->at);
}

static const char *kind_of(mode_t mode)
{
	if (S_ISFIFO(mode))
		return "a pipe: a dump is read at many places and must be a file";
	if (S_ISSOCK(mode))
		return "a socket, not a file";
	return "a character device, not a file";
}

static int look_at_size(struct po_file *file, struct pageowner_error *err)
{
	struct stat st;

	if (fstat(file->fd, &st) < 0)
		return po_fail(err, PAGEOWNER_EIO, "%s: %s", file->path,
			       po_errno_words(errno).text);
	if (S_ISDIR(st.st_mode))
		return po_fail(err, PAGEOWNER_EINVAL, "%s: is a directory", file->path);
	if (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode))
		return po_fail(err, PAGEOWNER_EINVAL, "%s: is %s", file->path,
			       kind_of(st.st_mode));
	if (po_kcore_is(file)) {	/* its size says nothing */
		file->size = UINT64_MAX;
		return PAGEOWNER_OK;
	}
	off_t size = S_ISREG(st.st_mode) ? st.st_size : lseek(file->fd, 0, SEEK_END);
	if (size < 0)
		return po_fail(err, PAGEOWNER_EIO, "%s: %s", file->path,
			       po_errno_words(errno).text);
	if (size == 0)
		return po_fail(err, PAGEOWNER_EFORMAT, "%s: the file is empty", file->path);
	file->size = (uint64_t)size;
	return PAGEOWNER_OK;
}

int po_file_look(struct po_file *file, struct pageowner_error *err)
{
	int rc = look_at_size(file, err);

	if (rc < 0)
		return rc;
	file->head_len = 0;
	while (file->head_len < sizeof(file->head)) {
		ssize_t n = pread(file->fd, file->head + file->head_len,
				  sizeof(file->head) - file->head_len, (off_t)file->head_len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return po_fail(err, PAGEOWNER_EIO, "%s: %s", file->path,
				       po_errno_words(errno).text);
		if (n == 0)
			break;
		file->head_len += (size_t)n;
	}
	return PAGEOWNER_OK;
}

int po_file_open(const char *path, struct po_file *file, struct pageowner_error *err)
{
	file->path = path;
	/* O_NONBLOCK: opening a pipe must not wait for its writer */
	file->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (file->fd < 0 && errno == ENXIO)
		return po_fail(err, PAGEOWNER_EINVAL, "%s: is not a file", path);
	if (file->fd < 0 && !strcmp(path, PO_KCORE_PATH))
		return po_kcore_refused_here(errno, err);
	if (file->fd < 0)
		return po_fail(err, PAGEOWNER_EIO, "%s: %s", path, po_errno_words(errno).text);
	return po_file_look(file, err);
}

static const struct po_format *format_of(const struct po_file *file)
{
	for (size_t i = 0; po_image_formats[i]; i++)
		if (po_image_formats[i]->probe(file))
			return po_image_formats[i];
	return NULL;
}

const char *po_file_looks_like(const struct po_file *file)
{
	const struct po_format *format = format_of(file);

	return format ? format->name : po_signature_words(file);
}

int po_image_open_files(const struct po_file *files, size_t nr, struct po_image **ret,
			struct pageowner_error *err)
{
	const struct po_format *format = format_of(&files[0]);

	if (!format)
		return po_signature_fail(&files[0], err);
	for (size_t i = 1; i < nr; i++) {
		const struct po_format *other = format_of(&files[i]);
		if (!other)
			return po_signature_fail(&files[i], err);
		if (other != format)
			return po_fail(err, PAGEOWNER_EINVAL,
				       "%s: %s, but %s: %s: these are not parts of one dump",
				       files[i].path, other->name, files[0].path, format->name);
	}
	return format->open(files, nr, ret, err);
}

static int open_paths(const char *const *paths, size_t nr, struct po_image **ret,
		      struct pageowner_error *err)
{
	_cleanup_(close_files) struct files files = { 0 };

	if (nr == 0)
		return po_fail(err, PAGEOWNER_EINVAL, "no file was named");
	if (nr > FILES_MAX)
		return po_fail(err, PAGEOWNER_EINVAL, "%zu files are too many", nr);
	files.at = calloc(nr, sizeof(*files.at));
	if (!files.at)
		return po_fail_nomem(err, paths[0]);
	while (files.nr < nr) {
		struct po_file *file = &files.at[files.nr];
		int rc = po_file_open(paths[files.nr++], file, err);
		if (rc < 0)
			return rc;
	}
	return po_image_open_files(files.at, nr, ret, err);
}

int po_image_open(const char *const *paths, size_t nr, struct po_image **ret,
		  struct pageowner_error *err)
{
	int rc = open_paths(paths, nr, ret, err);

	return rc < 0 ? po_within(err, rc, "open dump") : rc;
}
