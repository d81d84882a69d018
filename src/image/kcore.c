/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * /proc/kcore, the memory of the running kernel: an ELF core whose program headers are kernel address ranges, at the
 * offsets that they say.  Since commit 464920104bf7 (4.11) they also tell where RAM and the kernel's image lie
 * physically, and -1 for the others (vmalloc, modules, vmemmap); before, 0 for all.
 *
 * It is read by pread() in moderate pieces: it cannot be mapped, every read is fresh, and the kernel holds a lock while it
 * answers one.  Addresses that nothing is mapped at, and pages that it does not want to touch, read as zeros.
 */
#include "image/kcore.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/load.h"
#include "base/status.h"
#include "image/elfhdr.h"
#include "image/extents.h"

#define PROCFS_MAGIC 0x9fa0		/* see statfs(2) */
#define READ_MAX ((size_t)256 << 10)
#define PHDRS_MAX 65535u		/* it has no more: e_phnum has 16 bits, and it does not write section headers */
#define CAP_SYS_RAWIO 17

struct segment {
	uint64_t kva, paddr;		/* paddr: UINT64_MAX if none is told */
};

struct kcore {
	struct po_image img;
	int fd;
	struct po_extents virt, phys;	/* the same bytes by both addresses */
	size_t last_virt, last_phys;	/* the last hits */
	struct segment *segment;	/* as the headers have them */
	size_t nr_segments;
};

/* --- reading ------------------------------------------------------------------------------------- */

static enum po_cause read_file(int fd, uint64_t offset, void *buf, size_t len, size_t *done)
{
	ssize_t n;

	*done = 0;
	if (offset > INT64_MAX - len)
		return PO_HOLE;
	do
		n = pread(fd, buf, len, (off_t)offset);
	while (n < 0 && errno == EINTR);
	*done = n > 0 ? (size_t)n : 0;
	return n < 0 ? PO_IOERR : n == 0 ? PO_TRUNCATED : PO_HAVE;
}

/* At most one piece. */
static enum po_cause read_extents(const struct kcore *kc, const struct po_extents *ext, size_t *hint, uint64_t at,
				  void *buf, size_t len, size_t *done)
{
	const struct po_extent *e = po_extents_at(ext, at, hint);

	*done = 0;
	if (!e)
		return PO_HOLE;
	if (len > e->end - at)
		len = (size_t)(e->end - at);
	return read_file(kc->fd, e->offset + (at - e->start), buf, len < READ_MAX ? len : READ_MAX, done);
}

static enum po_cause kcore_read(struct po_image *img, uint64_t paddr, void *buf, size_t len, size_t *done)
{
	struct kcore *kc = (struct kcore *)img;

	return read_extents(kc, &kc->phys, &kc->last_phys, paddr, buf, len, done);
}

static enum po_cause kcore_read_virt(struct po_image *img, uint64_t kva, void *buf, size_t len, size_t *done)
{
	struct kcore *kc = (struct kcore *)img;

	return read_extents(kc, &kc->virt, &kc->last_virt, kva, buf, len, done);
}

static int kcore_next_range(struct po_image *img, uint64_t from, uint64_t *start, uint64_t *len)
{
	const struct kcore *kc = (const struct kcore *)img;
	size_t i = po_extents_find(&kc->phys, from, SIZE_MAX);

	if (i == kc->phys.nr)
		return 0;
	*start = kc->phys.at[i].start;
	*len = kc->phys.at[i].end - *start;
	return 1;
}

static int kcore_segment(struct po_image *img, size_t index, uint64_t *kva, uint64_t *paddr)
{
	const struct kcore *kc = (const struct kcore *)img;

	if (index >= kc->nr_segments)
		return 0;
	*kva = kc->segment[index].kva;
	*paddr = kc->segment[index].paddr;
	return 1;
}

static void kcore_close(struct po_image *img)
{
	struct kcore *kc = (struct kcore *)img;

	if (kc->fd >= 0)
		close(kc->fd);
	po_extents_fini(&kc->virt);
	po_extents_fini(&kc->phys);
	free(kc->segment);
	po_image_fini(img);
	free(kc);
}

static int kcore_clone(const struct po_image *img, struct po_image **ret, struct pageowner_error *err);

static const struct po_image_ops kcore_ops = {
	.name = "/proc/kcore",
	.read = kcore_read,
	.read_virt = kcore_read_virt,
	.next_range = kcore_next_range,
	.segment = kcore_segment,
	.clone = kcore_clone,
	.close = kcore_close,
};

/* A handle whose head is not filled yet. */
static struct kcore *new_kcore(int fd, struct pageowner_error *err)
{
	struct kcore *kc = calloc(1, sizeof(*kc));

	if (!kc) {
		(void)po_fail_nomem(err, PO_KCORE_PATH);
		return NULL;
	}
	kc->img.ops = &kcore_ops;
	kc->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (kc->fd >= 0)
		return kc;
	(void)po_fail(err, PAGEOWNER_EIO, "%s: %s", PO_KCORE_PATH, po_errno_words(errno).text);
	free(kc);
	return NULL;
}

static int kcore_clone(const struct po_image *img, struct po_image **ret, struct pageowner_error *err)
{
	const struct kcore *from = (const struct kcore *)img;
	struct kcore *kc = new_kcore(from->fd, err);

	if (!kc)
		return PAGEOWNER_ENOMEM;
	_cleanup_(po_image_closep) struct po_image *own = &kc->img;
	if (po_image_copy_head(own, img) < 0 || po_extents_copy(&kc->virt, &from->virt) < 0 ||
	    po_extents_copy(&kc->phys, &from->phys) < 0)
		return po_fail_nomem(err, PO_KCORE_PATH);
	*ret = po_take(own);
	return PAGEOWNER_OK;
}

/* --- the headers --------------------------------------------------------------------------------- */

static enum po_cause read_headers(const void *self, uint64_t offset, void *buf, size_t len, size_t *done)
{
	const struct kcore *kc = self;
	enum po_cause cause = PO_HAVE;
	size_t n = 0;

	for (*done = 0; cause == PO_HAVE && *done < len; *done += n)
		cause = read_file(kc->fd, offset + *done, (char *)buf + *done, len - *done, &n);
	return cause;
}

static int add_range(struct po_extents *ext, uint64_t start, const struct po_phdr *ph, uint32_t index)
{
	struct po_extent e = { .start = start, .offset = ph->offset, .order = index, .cause = PO_HAVE };

	if (po_add(start, ph->memsz, &e.end))
		e.end = UINT64_MAX;
	return po_extents_add(ext, &e);
}

/* Whether the kernel tells physical addresses: then some have none. */
static bool tells_paddr(const struct po_phdr *load, size_t nr, uint64_t none)
{
	bool some = nr == 1;

	for (size_t i = 0; i < nr; i++)
		some |= load[i].paddr != 0 || load[i].paddr == none;
	return some;
}

static int take_loads(struct kcore *kc, const struct po_phdr *load, size_t nr, uint64_t none,
		      struct pageowner_error *err)
{
	const bool told = tells_paddr(load, nr, none);
	uint64_t doubled;

	kc->segment = calloc(nr ? nr : 1, sizeof(*kc->segment));
	if (!kc->segment)
		return po_fail_nomem(err, "program headers");
	for (size_t i = 0; i < nr; i++) {
		const bool has = told && load[i].paddr != none;
		kc->segment[kc->nr_segments++] = (struct segment){ load[i].vaddr, has ? load[i].paddr : UINT64_MAX };
		if (add_range(&kc->virt, load[i].vaddr, &load[i], (uint32_t)i) < 0 ||
		    (has && add_range(&kc->phys, load[i].paddr, &load[i], (uint32_t)i) < 0))
			return po_fail_nomem(err, "program headers");
	}
	if (po_extents_settle(&kc->virt, &doubled) < 0 || po_extents_settle(&kc->phys, &doubled) < 0)
		return po_fail_nomem(err, "program headers");
	if (!kc->virt.nr)
		return po_fail(err, PAGEOWNER_EFORMAT, "no memory in it");
	return PAGEOWNER_OK;
}

static int read_phdrs(struct kcore *kc, struct po_elfhdr *eh, struct pageowner_error *err)
{
	size_t nr = 0;
	int rc = PAGEOWNER_OK;

	if (eh->phnum > PHDRS_MAX)
		return po_fail(err, PAGEOWNER_ECORRUPT, "%" PRIu32 " program headers", eh->phnum);
	_cleanup_(po_freep) struct po_phdr *load = calloc(eh->phnum, sizeof(*load));
	if (!load)
		return po_fail_nomem(err, "program headers");
	for (uint32_t i = 0; i < eh->phnum && rc == PAGEOWNER_OK; i++) {
		struct po_phdr *ph = &load[nr];
		rc = po_elfhdr_phdr(eh, i, ph, err);
		if (rc == PAGEOWNER_OK && ph->type == PO_PT_NOTE)
			rc = po_elfhdr_notes(eh, ph, &kc->img, err);
		else if (rc == PAGEOWNER_OK && ph->type == PO_PT_LOAD && ph->memsz)
			nr++;
	}
	return rc < 0 ? rc : take_loads(kc, load, nr, po_elfhdr_no_address(eh), err);
}

static int fill_head(struct kcore *kc, struct pageowner_error *err)
{
	struct po_image *img = &kc->img;

	img->live = true;
	for (size_t i = 0; i < kc->phys.nr; i++) {
		img->bytes_present += kc->phys.at[i].end - kc->phys.at[i].start;
		img->max_paddr = kc->phys.at[i].end;
	}
	img->bytes_held = img->bytes_present;
	if (po_image_set(&img->description, "memory of the running machine, %zu segments%s", kc->nr_segments,
			 kc->phys.nr ? "" : " without physical addresses") < 0)
		return po_fail_nomem(err, PO_KCORE_PATH);
	return PAGEOWNER_OK;
}

static int kcore_open(const struct po_file *files, size_t nr, struct po_image **ret, struct pageowner_error *err)
{
	if (nr > 1)
		return po_fail(err, PAGEOWNER_EINVAL, "%s: is one file, but %zu were given", files[0].path, nr);
	struct kcore *kc = new_kcore(files[0].fd, err);
	if (!kc)
		return PAGEOWNER_EIO;
	_cleanup_(po_image_closep) struct po_image *img = &kc->img;
	struct po_elfhdr eh = { .read = read_headers, .self = kc };
	int rc = po_elfhdr_open(&eh, img, UINT64_MAX, err);
	if (rc == PAGEOWNER_OK)
		rc = read_phdrs(kc, &eh, err);
	if (rc == PAGEOWNER_OK)
		rc = fill_head(kc, err);
	if (rc < 0)
		return po_within(err, rc, "%s", files[0].path);
	*ret = po_take(img);
	return PAGEOWNER_OK;
}

/* --- whether it is one, and why not -------------------------------------------------------------- */

static bool is_procfs(int fd)
{
	struct statfs fs;

	return fstatfs(fd, &fs) == 0 && fs.f_type == PROCFS_MAGIC;
}

bool po_kcore_is(const struct po_file *file)
{
	const char *slash = strrchr(file->path, '/');

	return strcmp(slash ? slash + 1 : file->path, "kcore") == 0 && is_procfs(file->fd);
}

static bool kcore_probe(const struct po_file *file)
{
	return po_kcore_is(file) && po_elfhdr_probe(file);
}

const struct po_format po_format_kcore = {
	.name = "/proc/kcore",
	.probe = kcore_probe,
	.open = kcore_open,
};

#define INSTEAD "take an image of RAM (--ram) or a crash dump (kdump) instead"

static int no_such_file(const struct po_kcore_host *host, struct pageowner_error *err)
{
	if (!strncmp(host->machine, "arm", 3) && strcmp(host->machine, "arm64") != 0)
		return po_fail(err, PAGEOWNER_EUNSUPP, PO_KCORE_PATH ": kernels of 32-bit arm do not have it (there is "
			       "no CONFIG_PROC_KCORE for them): " INSTEAD);
	if (!host->has_proc)
		return po_fail(err, PAGEOWNER_EIO, PO_KCORE_PATH ": no such file: /proc is not mounted");
	return po_fail(err, PAGEOWNER_EUNSUPP, PO_KCORE_PATH ": no such file: this kernel was built without "
		       "CONFIG_PROC_KCORE, or a container hides it: " INSTEAD);
}

static int not_permitted(const struct po_kcore_host *host, struct pageowner_error *err)
{
	const char *level = host->lockdown ? strchr(host->lockdown, '[') : NULL;
	const size_t len = level ? strcspn(++level, "]\n") : 0;

	if (host->rawio == 0)
		return po_fail(err, PAGEOWNER_EIO, PO_KCORE_PATH ": not permitted: this process lacks the capability "
			       "CAP_SYS_RAWIO: run it as root, outside of a container");
	if (level && strncmp(level, "none", 4) != 0)
		return po_fail(err, PAGEOWNER_EIO, PO_KCORE_PATH ": not permitted: the kernel is locked down (%.*s), for "
			       "root, too, until it is booted otherwise: " INSTEAD, (int)len, level);
	return po_fail(err, PAGEOWNER_EIO, PO_KCORE_PATH ": not permitted: the kernel's lock-down (Secure Boot), a security "
		       "module or a filter of system calls forbids it: " INSTEAD);
}

int po_kcore_refused(int errnum, const struct po_kcore_host *host, struct pageowner_error *err)
{
	switch (errnum) {
	case ENOENT:
		return no_such_file(host, err);
	case EPERM:
		return not_permitted(host, err);
	case EACCES:
		if (!host->root)
			return po_fail(err, PAGEOWNER_EIO, PO_KCORE_PATH ": permission denied: only root may read it "
				       "(and needs the capability CAP_SYS_RAWIO)");
		return po_fail(err, PAGEOWNER_EIO, PO_KCORE_PATH ": permission denied: it is not this user namespace's: "
			       "run as root outside of the container");
	default:
		return po_fail(err, PAGEOWNER_EIO, PO_KCORE_PATH ": %s", po_errno_words(errnum).text);
	}
}

/* The first bytes of a small file, terminated; false: it cannot be read. */
static bool slurp(const char *path, char *buf, size_t cap)
{
	_cleanup_(po_closefdp) int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, buf, cap - 1);

	buf[n > 0 ? n : 0] = '\0';
	return n > 0;
}

static int has_rawio(void)
{
	char status[4096];
	const char *cap = slurp("/proc/self/status", status, sizeof(status)) ? strstr(status, "\nCapEff:") : NULL;

	return cap ? (int)(strtoull(cap + 8, NULL, 16) >> CAP_SYS_RAWIO & 1) : -1;
}

int po_kcore_refused_here(int errnum, struct pageowner_error *err)
{
	struct utsname name;
	struct statfs fs;
	char lockdown[128];
	const bool told = slurp("/sys/kernel/security/lockdown", lockdown, sizeof(lockdown));
	const struct po_kcore_host host = {
		.machine = uname(&name) == 0 ? name.machine : "",
		.has_proc = statfs("/proc", &fs) == 0 && fs.f_type == PROCFS_MAGIC,
		.root = geteuid() == 0,
		.rawio = has_rawio(),
		.lockdown = told ? lockdown : NULL,
	};

	return po_kcore_refused(errnum, &host, err);
}

int po_image_open_live(struct po_image **ret, struct pageowner_error *err)
{
	struct po_file file = { .path = PO_KCORE_PATH, .fd = -1 };
	int rc = po_file_open(PO_KCORE_PATH, &file, err);

	if (file.fd >= 0 && !po_kcore_is(&file))
		rc = po_fail(err, PAGEOWNER_EUNSUPP, PO_KCORE_PATH ": another file is mounted over it, as containers do: run "
			     "outside of the container");
	else if (rc == PAGEOWNER_OK)
		rc = kcore_open(&file, 1, ret, err);
	po_file_close(&file);
	return rc < 0 ? po_within(err, rc, "live") : rc;
}
