/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The door to libkdumpfile: kdump-compressed dumps, whole or split, and whatever else it can
 * open.  It is only asked for pages, by machine physical address.  Which pages there are, and why
 * others are not, comes from the dump's own tables (diskdump.c), because the library has one
 * error for all of that, believes in page sizes from other places than the header, and reads
 * zeros past the end of a file.
 *
 * Pages that zlib has compressed, or nothing, are taken straight from the file: for the library
 * threads would have to queue.  Pages that were read in
 * pieces are kept.
 */
#include "image/image.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libkdumpfile/kdumpfile.h>

#include "base/cleanup.h"
#include "base/status.h"
#include "image/diskdump.h"
#include "image/inflate.h"

/* The library's own cache is a linear list: large ones are slow, tiny ones break clones. */
#define LIBRARY_CACHE 64
/* Its mappings would turn errors of the disk into SIGBUS. */
#define LIBRARY_NEVER_MAPS 0

/* Our cache, per handle: sets of WAYS pages, the set chosen by page number. */
#define CACHE_BYTES ((size_t)8 << 20)
#define CACHE_WAYS 4

#define MAX_PAGE_SIZE ((kdump_num_t)1 << 20)
/* No page of zeros takes as much, compressed. */
#define ZEROS_MAX 1200

struct part {
	struct po_diskdump *dd;		/* NULL for the library's other formats */
	int fd;
	const char *path;		/* borrowed while the dump is opened */
};

/* What all handles on one dump share. */
struct shared {
	atomic_uint refs;
	struct part *parts;		/* by start_pfn, without empty ones */
	size_t nr;
	/* Clones of a context share a cache, whose entries 0.5.1 releases without a lock: one reads at a time. */
	pthread_mutex_t library;
};

struct slot {
	uint64_t key;			/* page number plus one, or 0 */
	uint64_t used;			/* when */
};

struct kdump {
	struct po_image img;
	struct shared *shared;
	kdump_ctx_t *ctx;
	struct po_inflate *inflate;
	uint8_t *packed;		/* where the file cannot be mapped; else NULL */
	uint64_t zeros;			/* offset of a page that is all zero; they are stored once; or 0 */
	struct slot *slots;
	uint8_t *pages;			/* slot by slot; untouched ones cost nothing */
	size_t nr_sets;
	uint64_t clock;
};

static void free_parts(struct part *parts, size_t nr)
{
	for (size_t i = 0; i < nr; i++) {
		po_diskdump_close(parts[i].dd);
		if (parts[i].fd >= 0)
			close(parts[i].fd);
	}
	free(parts);
}

static void shared_unref(struct shared *shared)
{
	if (!shared || atomic_fetch_sub(&shared->refs, 1) != 1)
		return;
	free_parts(shared->parts, shared->nr);
	pthread_mutex_destroy(&shared->library);
	free(shared);
}

static void kd_close(struct po_image *img)
{
	struct kdump *kd = (struct kdump *)img;

	if (kd->ctx)
		kdump_free(kd->ctx);
	po_inflate_free(kd->inflate);
	shared_unref(kd->shared);
	free(kd->slots);
	free(kd->pages);
	free(kd->packed);
	po_image_fini(img);
	free(kd);
}

/* --- reading --------------------------------------------------------------------------------- */

static int cache_init(struct kdump *kd)
{
	size_t slots = CACHE_BYTES / kd->img.page_size;

	kd->nr_sets = slots / CACHE_WAYS ? slots / CACHE_WAYS : 1;
	slots = kd->nr_sets * CACHE_WAYS;
	kd->slots = calloc(slots, sizeof(*kd->slots));
	kd->pages = calloc(slots, kd->img.page_size);
	kd->inflate = po_inflate_new();
	return kd->slots && kd->pages && kd->inflate ? 0 : -1;
}

/* The slot that holds pfn, or the one that was not used for longest; *hit says which. */
static struct slot *cache_slot(struct kdump *kd, uint64_t pfn, bool *hit)
{
	struct slot *set = &kd->slots[pfn % kd->nr_sets * CACHE_WAYS], *oldest = set;

	for (size_t i = 0; i < CACHE_WAYS; i++) {
		if (set[i].key == pfn + 1) {
			*hit = true;
			return &set[i];
		}
		if (set[i].used < oldest->used)
			oldest = &set[i];
	}
	*hit = false;
	return oldest;
}

static const struct part *part_of(const struct shared *shared, uint64_t pfn)
{
	size_t low = 0, high = shared->nr;

	while (low + 1 < high) {	/* the last part that starts at or below pfn */
		size_t mid = low + (high - low) / 2;
		if (shared->parts[mid].dd->start_pfn <= pfn)
			low = mid;
		else
			high = mid;
	}
	return &shared->parts[low];
}

static bool all_zero(const uint8_t *page, size_t len)
{
	return !page[0] && !memcmp(page, page + 1, len - 1);
}

/* A page that is stored as it is, or by zlib. */
static enum po_cause take(struct kdump *kd, const struct po_diskdump *dd, const struct po_diskdump_place *place,
			  void *buf)
{
	size_t len = kd->img.page_size, bytes = place->bytes, done;

	if (!(place->flags & PO_DISKDUMP_ZLIB))
		return po_mapped_read(dd->map, place->offset, buf, len, &done);
	if (place->offset == kd->zeros) {
		memset(buf, 0, len);
		return PO_HAVE;
	}
	const void *from = po_mapped_borrow(dd->map, place->offset, &bytes);
	if (!from || bytes < place->bytes) {	/* the disk has failed, or nothing can be mapped */
		if (!kd->packed && !(kd->packed = malloc(len)))
			return PO_IOERR;
		enum po_cause cause = po_mapped_read(dd->map, place->offset, kd->packed, place->bytes, &done);
		if (cause != PO_HAVE)
			return cause;
		from = kd->packed;
	}
	if (!po_inflate_page(kd->inflate, from, place->bytes, buf, len))
		return PO_IOERR;
	if (place->bytes < ZEROS_MAX && all_zero(buf, len))
		kd->zeros = place->offset;
	return PO_HAVE;
}

static enum po_cause fetch(struct kdump *kd, uint64_t pfn, void *buf)
{
	const struct part *part = part_of(kd->shared, pfn);
	size_t len = kd->img.page_size;
	struct po_diskdump_place place;

	if (part->dd) {
		enum po_cause cause = po_diskdump_page(part->dd, pfn, &place);
		if (cause != PO_HAVE)
			return cause;
		const uint32_t codec = place.flags & PO_DISKDUMP_CODECS;
		if (codec == PO_DISKDUMP_ZLIB || (!codec && place.bytes == len))
			return take(kd, part->dd, &place, buf);
	}
	pthread_mutex_lock(&kd->shared->library);
	kdump_status status = kdump_read(kd->ctx, KDUMP_MACHPHYSADDR,
					 pfn * kd->img.page_size, buf, &len);
	pthread_mutex_unlock(&kd->shared->library);
	if (status == KDUMP_OK && len == kd->img.page_size)
		return PO_HAVE;
	/* where we read no tables, the library's word must do */
	return status == KDUMP_ERR_NODATA && !part->dd ? PO_EXCLUDED : PO_IOERR;
}

static enum po_cause read_piece(struct kdump *kd, uint64_t pfn, size_t offset, void *buf,
				size_t len)
{
	bool hit;
	struct slot *slot = cache_slot(kd, pfn, &hit);
	uint8_t *page = kd->pages + (size_t)(slot - kd->slots) * kd->img.page_size;

	if (!hit && len == kd->img.page_size)
		return fetch(kd, pfn, buf);	/* whoever takes whole pages keeps them */
	if (!hit) {
		slot->key = 0;
		slot->used = 0;
		enum po_cause cause = fetch(kd, pfn, page);
		if (cause != PO_HAVE)
			return cause;
		slot->key = pfn + 1;
	}
	slot->used = ++kd->clock;
	memcpy(buf, page + offset, len);
	return PO_HAVE;
}

static enum po_cause kd_read(struct po_image *img, uint64_t paddr, void *buf, size_t len,
			     size_t *done)
{
	struct kdump *kd = (struct kdump *)img;
	uint32_t page_size = img->page_size;

	*done = 0;
	while (*done < len) {
		uint64_t at = paddr + *done;
		size_t offset = (size_t)(at % page_size), n = page_size - offset;
		if (at >= img->max_paddr)
			return PO_HOLE;
		if (n > len - *done)
			n = len - *done;
		enum po_cause cause = read_piece(kd, at / page_size, offset, (char *)buf + *done,
						 n);
		if (cause != PO_HAVE)
			return cause;
		*done += n;
	}
	return PO_HAVE;
}

static int kd_next_range(struct po_image *img, uint64_t from, uint64_t *start, uint64_t *len)
{
	const struct kdump *kd = (const struct kdump *)img;
	const struct po_diskdump *dd = kd->shared->parts[0].dd;
	uint64_t first = 0, end = img->max_paddr / img->page_size;

	if (from >= img->max_paddr)
		return 0;
	if (dd && po_diskdump_run(dd, from / img->page_size, &first, &end) != 1)
		return 0;
	*start = first * img->page_size;
	*len = (end - first) * img->page_size;
	return 1;
}

static int kd_clone(const struct po_image *img, struct po_image **ret,
		    struct pageowner_error *err);

static const struct po_image_ops kdump_ops = {
	.name = "kdump",
	.read = kd_read,
	.next_range = kd_next_range,
	.clone = kd_clone,
	.close = kd_close,
};

static int kd_clone(const struct po_image *img, struct po_image **ret,
		    struct pageowner_error *err)
{
	const struct kdump *kd = (const struct kdump *)img;
	struct kdump *copy = calloc(1, sizeof(*copy));

	if (!copy)
		return po_fail_nomem(err, img->ops->name);
	copy->img.ops = &kdump_ops;
	_cleanup_(po_image_closep) struct po_image *guard = &copy->img;
	if (po_image_copy_head(&copy->img, img) < 0) {
		copy->img = (struct po_image){ .ops = &kdump_ops };
		return po_fail_nomem(err, img->ops->name);
	}
	copy->shared = kd->shared;
	atomic_fetch_add(&copy->shared->refs, 1);
	copy->ctx = kdump_clone(kd->ctx, 0);
	if (!copy->ctx || cache_init(copy) < 0)
		return po_fail_nomem(err, img->ops->name);
	*ret = po_take(guard);
	return PAGEOWNER_OK;
}

/* --- opening --------------------------------------------------------------------------------- */

static int fail_library(kdump_ctx_t *ctx, kdump_status status, const char *what,
			struct pageowner_error *err)
{
	const char *text = kdump_get_err(ctx);
	int code = status == KDUMP_ERR_SYSTEM ? PAGEOWNER_EIO :
		   status == KDUMP_ERR_NOTIMPL ? PAGEOWNER_EUNSUPP : PAGEOWNER_ECORRUPT;

	return po_fail(err, code, "%s: libkdumpfile: %s", what, text ? text : "failed");
}

/* An image whose parts are duplicates of the files, and nothing else yet. */
static int new_image(const struct po_file *files, size_t nr, struct kdump **ret,
		     struct pageowner_error *err)
{
	struct kdump *kd = calloc(1, sizeof(*kd));

	if (!kd)
		return po_fail_nomem(err, files[0].path);
	kd->img.ops = &kdump_ops;
	_cleanup_(po_image_closep) struct po_image *guard = &kd->img;
	kd->shared = calloc(1, sizeof(*kd->shared));
	if (!kd->shared)
		return po_fail_nomem(err, files[0].path);
	atomic_init(&kd->shared->refs, 1);
	pthread_mutex_init(&kd->shared->library, NULL);
	kd->shared->parts = calloc(nr, sizeof(*kd->shared->parts));
	if (!kd->shared->parts)
		return po_fail_nomem(err, files[0].path);
	while (kd->shared->nr < nr) {
		struct part *part = &kd->shared->parts[kd->shared->nr];
		const struct po_file *file = &files[kd->shared->nr++];
		part->path = file->path;
		part->fd = fcntl(file->fd, F_DUPFD_CLOEXEC, 0);
		if (part->fd < 0)
			return po_fail(err, PAGEOWNER_EIO, "%s: %s", file->path,
				       po_errno_words(errno).text);
	}
	(void)po_take(guard);
	*ret = kd;
	return PAGEOWNER_OK;
}

static int open_library(struct kdump *kd, const char *path, struct pageowner_error *err)
{
	const struct shared *shared = kd->shared;
	_cleanup_(po_freep) int *fds = calloc(shared->nr, sizeof(*fds));

	kd->ctx = kdump_new();
	if (!fds || !kd->ctx)
		return po_fail_nomem(err, path);
	for (size_t i = 0; i < shared->nr; i++)
		fds[i] = shared->parts[i].fd;
	/* both only make it slower or less safe if this release does not have them */
	(void)kdump_set_number_attr(kd->ctx, "cache.size", LIBRARY_CACHE);
	(void)kdump_set_number_attr(kd->ctx, "file.mmap_policy", LIBRARY_NEVER_MAPS);
	kdump_status status = kdump_open_fdset(kd->ctx, (unsigned)shared->nr, fds);
	if (status == KDUMP_OK)
		return PAGEOWNER_OK;
	int rc = fail_library(kd->ctx, status, path, err);
	/*
	 * leaked: kdump_free() of 0.5.1 crashes when the open failed after the format was
	 * recognised
	 */
	kd->ctx = NULL;
	return rc;
}

static int take_vmcoreinfo(struct kdump *kd)
{
	const struct po_diskdump *dd = kd->shared->parts[0].dd;
	char *raw = NULL;

	if (dd)		/* the library hides the note until it is told which system was dumped */
		return dd->vmcoreinfo ? po_image_set_vmcoreinfo(&kd->img, dd->vmcoreinfo,
								dd->vmcoreinfo_len) : 0;
	if (kdump_vmcoreinfo_raw(kd->ctx, &raw) != KDUMP_OK || !raw)
		return 0;	/* many dumps have none */
	int rc = po_image_set_vmcoreinfo(&kd->img, raw, strlen(raw));
	free(raw);
	return rc;
}

/* uname's word for the machine, as ours. */
static const char *machine_name(const char *uname)
{
	if (strcmp(uname, "x86_64") == 0)
		return uname;
	if (strcmp(uname, "aarch64") == 0)
		return "arm64";
	if (uname[0] == 'i' && uname[1] >= '3' && uname[1] <= '6' && strcmp(uname + 2, "86") == 0)
		return "i386";
	return strncmp(uname, "arm", 3) == 0 ? "arm" : NULL;
}

/* --- split sets ------------------------------------------------------------------------------ */

static int by_start(const void *va, const void *vb)
{
	const struct po_diskdump *a = ((const struct part *)va)->dd;
	const struct po_diskdump *b = ((const struct part *)vb)->dd;

	if (a->start_pfn != b->start_pfn)
		return a->start_pfn < b->start_pfn ? -1 : 1;
	return a->end_pfn < b->end_pfn ? -1 : a->end_pfn > b->end_pfn;
}

static int check_parts(const struct shared *shared, const struct po_file *files,
		       struct pageowner_error *err)
{
	for (size_t i = 0; shared->nr > 1 && i < shared->nr; i++) {
		if (!shared->parts[i].dd->split)
			return po_fail(err, PAGEOWNER_EINVAL,
				       "%s: a whole kdump file, but %zu files were given",
				       files[i].path, shared->nr);
		if (!po_diskdump_same(shared->parts[0].dd, shared->parts[i].dd))
			return po_fail(err, PAGEOWNER_EINVAL,
				       "%s: not a part of the same dump as %s", files[i].path,
				       files[0].path);
	}
	return PAGEOWNER_OK;
}

/* Parts without pages hide the others from the library; one part must stay, whatever it holds. */
static void drop_empty(struct shared *shared)
{
	size_t kept = 0;

	for (size_t i = 0; i < shared->nr; i++) {
		struct part *part = &shared->parts[i];
		bool last_chance = kept == 0 && i + 1 == shared->nr;
		if (part->dd->start_pfn < part->dd->end_pfn || last_chance) {
			shared->parts[kept++] = *part;
		} else {
			po_diskdump_close(part->dd);
			close(part->fd);
		}
	}
	shared->nr = kept;
}

/* Pages between two parts that the dump once had. */
static int tell_gap(struct kdump *kd, uint64_t start, uint64_t end)
{
	const char *path = kd->shared->parts[0].path;
	const struct po_diskdump *dd = kd->shared->parts[0].dd;
	uint64_t lost = po_diskdump_count_dumped(dd, start, end);

	if (start >= end || lost == 0)
		return 0;
	kd->img.bytes_held -= lost * kd->img.page_size;
	return po_image_notice(&kd->img, "dump: %s: part with pfn 0x%" PRIx64 "-0x%" PRIx64
			       " is missing, and with it %s of memory", path, start, end - 1,
			       po_size_words(lost * kd->img.page_size).text);
}

/* Do the parts join from 0 to the last page? */
static int check_joins(struct kdump *kd, struct pageowner_error *err)
{
	const struct shared *shared = kd->shared;
	uint64_t next = 0;

	for (size_t i = 0; i < shared->nr; i++) {
		const struct po_diskdump *dd = shared->parts[i].dd;
		if (dd->start_pfn < next)
			return po_fail(err, PAGEOWNER_EINVAL,
				       "%s: another of the files also holds pfn 0x%" PRIx64,
				       shared->parts[i].path, dd->start_pfn);
		if (tell_gap(kd, next, dd->start_pfn) < 0)
			return po_fail_nomem(err, shared->parts[0].path);
		next = dd->end_pfn;
	}
	if (tell_gap(kd, next, shared->parts[0].dd->nr_pfns) < 0)
		return po_fail_nomem(err, shared->parts[0].path);
	return PAGEOWNER_OK;
}

/* --- kdump-compressed ------------------------------------------------------------------------ */

/* What one part should have and has not. */
static int tell_cut(struct kdump *kd, const struct part *part)
{
	const struct po_diskdump *dd = part->dd;
	struct po_image *img = &kd->img;
	uint64_t lost = po_diskdump_count_cut(dd) * img->page_size;
	uint64_t all = po_diskdump_count_dumped(dd, dd->start_pfn, dd->end_pfn) * img->page_size;

	if (lost == 0 && !po_diskdump_unfinished(dd))
		return 0;
	img->truncated = true;
	if (lost == 0)
		return po_image_notice(img, "dump: %s: its writer could not finish it", part->path);
	img->bytes_held -= lost;
	return po_image_notice(img, "dump: %s: file ends at 0x%" PRIx64
			       ", %s of %s of dumped memory are missing", part->path,
			       po_mapped_size(dd->map), po_size_words(lost).text,
			       po_size_words(all).text);
}

static int describe(struct kdump *kd, const struct po_file *files, size_t nr,
		    struct pageowner_error *err)
{
	const struct po_diskdump *dd = kd->shared->parts[0].dd;
	struct po_image *img = &kd->img;
	const char *machine = machine_name(dd->machine);
	uint64_t ram = po_diskdump_count_ram(dd, 0, dd->nr_pfns);
	uint64_t dumped = po_diskdump_count_dumped(dd, 0, dd->nr_pfns);
	int rc;

	img->page_size = dd->block_size;
	img->max_paddr = dd->nr_pfns * dd->block_size;
	img->bytes_present = ram * dd->block_size;
	img->bytes_held = dumped * dd->block_size;
	img->filtered = dumped < ram;
	if (nr > 1)
		rc = po_image_set(&img->description, "kdump-compressed, version %" PRIu32
				  ", split into %zu parts", dd->version, nr);
	else
		rc = po_image_set(&img->description, "kdump-compressed, version %" PRIu32,
				  dd->version);
	if (rc < 0 || (machine && po_image_set(&img->machine, "%s", machine) < 0))
		return po_fail_nomem(err, files[0].path);
	rc = check_joins(kd, err);
	for (size_t i = 0; rc == PAGEOWNER_OK && i < kd->shared->nr; i++)
		if (tell_cut(kd, &kd->shared->parts[i]) < 0)
			rc = po_fail_nomem(err, files[0].path);
	return rc;
}

/* Make the library's number the header's. */
static int correct(struct kdump *kd, const char *key, uint64_t want, const char *path,
		   struct pageowner_error *err)
{
	kdump_num_t have;

	if (kdump_get_number_attr(kd->ctx, key, &have) == KDUMP_OK && have == want)
		return PAGEOWNER_OK;
	kdump_status status = kdump_set_number_attr(kd->ctx, key, want);
	return status == KDUMP_OK ? PAGEOWNER_OK : fail_library(kd->ctx, status, path, err);
}

/*
 * Take the first page of each part: when all reads are going to fail (a codec that the library
 * was built without), only here can its words reach the user.
 */
static int try_pages(struct kdump *kd)
{
	_cleanup_(po_freep) uint8_t *page = malloc(kd->img.page_size);
	uint64_t pfn;

	if (!page)
		return -1;
	for (size_t i = 0; i < kd->shared->nr; i++) {
		const struct part *part = &kd->shared->parts[i];
		if (!po_diskdump_first(part->dd, &pfn) || fetch(kd, pfn, page) != PO_IOERR)
			continue;
		const char *text = kdump_get_err(kd->ctx);
		if (po_image_notice(&kd->img, "dump: %s: pfn 0x%" PRIx64 " cannot be read: %s",
				    part->path, pfn, text ? text : "damaged descriptor") < 0)
			return -1;
	}
	return 0;
}

static int start_library(struct kdump *kd, const char *path, struct pageowner_error *err)
{
	int rc = open_library(kd, path, err);

	if (rc < 0)
		return rc;
	/*
	 * QEMU writes blocks of 64 KiB for arm64 guests of any page size, and the library would
	 * take the guest's.  Of the padded sub-header that arm's makedumpfile writes, 0.5.1 reads
	 * no number of pages.
	 */
	rc = correct(kd, "arch.page_size", kd->img.page_size, path, err);
	if (rc == PAGEOWNER_OK)
		(void)correct(kd, "max_pfn", kd->img.max_paddr / kd->img.page_size, path, NULL);
	if (rc < 0)
		return rc;
	if (take_vmcoreinfo(kd) < 0 || cache_init(kd) < 0 || try_pages(kd) < 0)
		return po_fail_nomem(err, path);
	return PAGEOWNER_OK;
}

static int kdump_open(const struct po_file *files, size_t nr, struct po_image **ret,
		      struct pageowner_error *err)
{
	struct kdump *kd;
	int rc = new_image(files, nr, &kd, err);

	if (rc < 0)
		return rc;
	_cleanup_(po_image_closep) struct po_image *guard = &kd->img;
	struct shared *shared = kd->shared;
	for (size_t i = 0; i < nr; i++) {
		rc = po_diskdump_open(&files[i], &shared->parts[i].dd, err);
		if (rc < 0)
			return rc;
	}
	rc = check_parts(shared, files, err);
	if (rc < 0)
		return rc;
	drop_empty(shared);
	qsort(shared->parts, shared->nr, sizeof(*shared->parts), by_start);
	rc = describe(kd, files, nr, err);
	if (rc == PAGEOWNER_OK)
		rc = start_library(kd, files[0].path, err);
	if (rc < 0)
		return rc;
	*ret = po_take(guard);
	return PAGEOWNER_OK;
}

const struct po_format po_format_kdump = {
	.name = "kdump-compressed",
	.probe = po_diskdump_probe,
	.open = kdump_open,
};

/* --- whatever else the library can open ------------------------------------------------------ */

/* Not by trying: the library's own probes do not survive every file. */
static bool any_probe(const struct po_file *file)
{
	static const char signatures[][9] = {
		"DISKDUMP",
		"sadump\0\0",
		"\xed\x23\x8f\x61\x73\x01\x19\xa8",	/* LKCD, both byte orders */
		"\xa8\x19\x01\x73\x61\x8f\x23\xed",
		"\xa8\x19\x01\x73\x61\x8f\x23\xfd",	/* s390 */
	};

	for (size_t i = 0; i < sizeof(signatures) / sizeof(signatures[0]); i++)
		if (file->size >= sizeof(file->head) &&
		    memcmp(file->head, signatures[i], 8) == 0)
			return true;
	return false;
}

static int describe_any(struct kdump *kd, const struct po_file *file,
			struct pageowner_error *err)
{
	kdump_num_t page_size, max_pfn;
	const char *name = NULL;

	if (kdump_get_number_attr(kd->ctx, "arch.page_size", &page_size) != KDUMP_OK ||
	    page_size < 512 || page_size > MAX_PAGE_SIZE || (page_size & (page_size - 1)) ||
	    kdump_get_number_attr(kd->ctx, "max_pfn", &max_pfn) != KDUMP_OK ||
	    max_pfn > UINT64_MAX / page_size)
		return po_fail(err, PAGEOWNER_EUNSUPP,
			       "%s: libkdumpfile opens it, but knows no page and memory size",
			       file->path);
	if (kdump_get_string_attr(kd->ctx, KDUMP_ATTR_FILE_FORMAT, &name) != KDUMP_OK || !name)
		name = "unknown";
	kd->img.page_size = (uint32_t)page_size;
	kd->img.max_paddr = max_pfn * page_size;
	kd->img.bytes_present = kd->img.bytes_held = kd->img.max_paddr;
	if (po_image_set(&kd->img.description, "%s, through libkdumpfile", name) < 0 ||
	    take_vmcoreinfo(kd) < 0 || cache_init(kd) < 0)
		return po_fail_nomem(err, file->path);
	return PAGEOWNER_OK;
}

static int any_open(const struct po_file *files, size_t nr, struct po_image **ret,
		    struct pageowner_error *err)
{
	struct kdump *kd;

	if (nr > 1)
		return po_fail(err, PAGEOWNER_EINVAL,
			       "%s: a dump of this format is one file, but %zu were given",
			       files[0].path, nr);
	int rc = new_image(files, nr, &kd, err);
	if (rc < 0)
		return rc;
	_cleanup_(po_image_closep) struct po_image *guard = &kd->img;
	rc = open_library(kd, files[0].path, err);
	if (rc == PAGEOWNER_OK)
		rc = describe_any(kd, &files[0], err);
	if (rc < 0)
		return rc;
	*ret = po_take(guard);
	return PAGEOWNER_OK;
}

const struct po_format po_format_libkdumpfile = {
	.name = "dump",
	.probe = any_probe,
	.open = any_open,
};
