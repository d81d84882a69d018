/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Physical memory as bytes, with its holes.  Every container is read by physical address only:
 * the virtual addresses in containers are wrong as often as right (QEMU writes p_vaddr =
 * p_paddr), and the page tables in memory never are.
 */
#ifndef PO_IMAGE_IMAGE_H
#define PO_IMAGE_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pageowner/error.h>
#include <pageowner/session.h>
#include <pageowner/source.h>

/* Why a byte of physical memory is not there.  Order: from harmless to bad. */
enum po_cause {
	PO_HAVE = 0,
	PO_ZEROED,	/* a filter dropped the page because it was zero: delivered as zeros */
	PO_EXCLUDED,	/* a filter dropped the page */
	PO_HOLE,	/* no part of the dump covers this address */
	PO_TRUNCATED,	/* it was in the file once: the file ends before it */
	PO_IOERR,	/* the file system, the decompressor or the caller's function failed */
	PO_NR_CAUSES,
};

extern const char *const po_cause_words[PO_NR_CAUSES];

struct po_image;

struct po_image_ops {
	const char *name;		/* "kdump", "ELF core", … as the user sees it */
	/*
	 * Read at most len bytes at paddr; *done says how many were delivered, from the start.
	 * The result is the cause for the first byte that was not delivered, or PO_HAVE when done
	 * == len. PO_ZEROED: *done bytes (never 0) were delivered, all as zeros, because a filter
	 * dropped them.  Zeroed and real bytes come from separate calls, so PO_HAVE and PO_ZEROED
	 * may come short (0 < *done < len): go on with another call.  po_image_read() is that
	 * loop.
	 */
	enum po_cause (*read)(struct po_image *img, uint64_t paddr, void *buf, size_t len,
			      size_t *done);
	/* The same by kernel virtual address, for an image that translates by itself; else NULL. */
	enum po_cause (*read_virt)(struct po_image *img, uint64_t kva, void *buf, size_t len,
				   size_t *done);
	/*
	 * Borrow the bytes at paddr without a copy until the image and all its clones are closed,
	 * or NULL (read them then, which also tells why); *len in: wanted, out: contiguous there,
	 * at least 1.  All that is asked for is fetched from the disk: ask for what will be
	 * looked at. The op itself may be NULL.
	 */
	const void *(*map)(struct po_image *img, uint64_t paddr, size_t *len);
	/*
	 * First range of memory that ends above from: 1, or 0 when there is none.  A range is
	 * memory that the machine had, also where the dump lacks its bytes.
	 */
	int (*next_range)(struct po_image *img, uint64_t from, uint64_t *start, uint64_t *len);
	/*
	 * Where the ranges of kernel addresses begin that the container lists, and what they are physically (UINT64_MAX:
	 * not told): 1, or 0 when there are no more.  NULL: it lists none, or none that are to be believed.
	 */
	int (*segment)(struct po_image *img, size_t index, uint64_t *kva, uint64_t *paddr);
	/* Another handle on the same memory, for another thread; NULL: po_image_clone() says so. */
	int (*clone)(const struct po_image *img, struct po_image **ret,
		     struct pageowner_error *err);
	/* Move a floating image, so that its first byte is at base; else NULL. */
	void (*rebase)(struct po_image *img, uint64_t base);
	void (*close)(struct po_image *img);
};

/* The common head of every format's own struct. */
struct po_image {
	const struct po_image_ops *ops;
	bool live;			/* memory changes under us: nothing may be cached */
	bool copies_well;		/* reads cost a memcpy: a page cache would only add */
	bool truncated;			/* the file ends before the data that its headers promise */
	bool filtered;			/* pages were dropped on purpose */
	bool floating;			/* its base is unknown: it begins at 0 until ops->rebase() */
	bool has_slide;			/* slide is known from outside: do not search */
	uint64_t slide;
	bool has_banner;		/* told from outside where linux_banner lies */
	uint64_t banner;
	uint32_t page_size;		/* of the container, or 0 if it has none */
	uint64_t max_paddr;		/* end of the highest range */
	uint64_t bytes_present;		/* memory that the dump covers, excluded pages included */
	uint64_t bytes_held;		/* memory whose bytes the dump holds */
	char *vmcoreinfo;		/* the kernel's note as terminated text, or NULL; owned */
	size_t vmcoreinfo_len;
	char *machine;			/* "x86_64", "i386", "arm", "arm64" (a hint), or NULL; owned */
	char *description;		/* one line for `info`: "ELF core, 12 segments"; owned */
	char *notices;			/* lines, each with its \n, for the user; or NULL; owned */
};

/*
 * Open the dump that paths[0..nr) make up (one file, or the parts of a split set in any order).
 * EFORMAT when no format fits; the message then says what the file looks like.
 */
int po_image_open(const char *const *paths, size_t nr, struct po_image **ret,
		  struct pageowner_error *err);

/* The memory of the running machine (kcore.c). */
int po_image_open_live(struct po_image **ret, struct pageowner_error *err);

/*
 * Raw images of physical memory (rawset.c): banks in any order.  Holes between them are holes,
 * overlaps are EINVAL.  One image without a base floats.
 */
int po_image_open_ram(const struct pageowner_ram *ram, size_t nr, struct po_image **ret,
		      struct pageowner_error *err);

/*
 * Memory behind the caller's own functions (caller.c).  *src is copied.  From here on the image
 * calls src->release: at close, or at once when this call fails.
 */
int po_image_open_source(const struct pageowner_source *src, struct po_image **ret,
			 struct pageowner_error *err);

void po_image_close(struct po_image *img);

/*
 * Another handle on the same memory, to be used by another thread.  It may outlive the first.  It
 * has no notices: those were told.  PAGEOWNER_EUNSUPP: there can be only one.  Called by the
 * thread that uses img.
 */
int po_image_clone(const struct po_image *img, struct po_image **ret,
		   struct pageowner_error *err);

/*
 * ops->read until all is delivered or something is missing: the cause for byte *done, or PO_HAVE.
 * *zeroed (may be NULL): how many of the delivered bytes are zeros in place of dropped ones.
 */
enum po_cause po_image_read(struct po_image *img, uint64_t paddr, void *buf, size_t len,
			    size_t *done, size_t *zeroed);

/* --- for the formats themselves -------------------------------------------------------------- */

struct po_extents;

/* A file as open.c hands it to the formats: already open, a regular file or block device. */
struct po_file {
	const char *path;		/* borrowed until open returns */
	int fd;				/* dup() it to keep it */
	uint64_t size;			/* 0 if it cannot be known */
	uint8_t head[4096];		/* the first bytes */
	size_t head_len;
	/*
	 * Borrowed until open returns.  Not NULL: only these ranges of the file were ever
	 * written, in between are zeros that mean nothing (flattened.c, when the stream is cut
	 * off).
	 */
	const struct po_extents *written;
};

struct po_format {
	const char *name;
	/* Looks at a few bytes and changes nothing. */
	bool (*probe)(const struct po_file *file);
	/* All files were probed as this format.  What is told in err begins with the path. */
	int (*open)(const struct po_file *files, size_t nr, struct po_image **ret,
		    struct pageowner_error *err);
};

extern const struct po_format po_format_kcore;
extern const struct po_format po_format_elfcore;
extern const struct po_format po_format_lime;
extern const struct po_format po_format_kdump;
extern const struct po_format po_format_flattened;
extern const struct po_format po_format_libkdumpfile;

/*
 * Find the format of open files and open them as it; for formats that wrap another (flattened.c).
 */
int po_image_open_files(const struct po_file *files, size_t nr, struct po_image **ret,
			struct pageowner_error *err);

/* Open path and look at it; whatever comes of it, po_file_close() follows. */
int po_file_open(const char *path, struct po_file *file, struct pageowner_error *err);
void po_file_close(struct po_file *file);

/* Fill size, head and head_len of a file whose path and fd are set. */
int po_file_look(struct po_file *file, struct pageowner_error *err);

/* The container or compressed data that a file looks like by its first bytes, or NULL. */
const char *po_file_looks_like(const struct po_file *file);
const char *po_signature_words(const struct po_file *file);	/* for formats that we do not read */

/* What a file looks like that no format took: its code, and err set. */
int po_signature_fail(const struct po_file *file, struct pageowner_error *err);

/* Append one line to img->notices. */
int po_image_notice(struct po_image *img, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Set a string of the head (description, machine); the old one is freed. */
int po_image_set(char **field, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Take a copy of the kernel's note, which ends at the first NUL; -1: no memory. */
int po_image_set_vmcoreinfo(struct po_image *img, const void *text, size_t len);

/* Copy the head for a clone, all but the notices; on failure dst holds nothing. */
int po_image_copy_head(struct po_image *dst, const struct po_image *src);

/* Release the strings of the head; for the formats' own close functions. */
void po_image_fini(struct po_image *img);

/* "34.2 MiB" */
struct po_size_words {
	char text[24];
};
struct po_size_words po_size_words(uint64_t bytes);

/* "no such file or directory": strerror() as the middle of a sentence. */
struct po_errno_words {
	char text[64];
};
struct po_errno_words po_errno_words(int errnum);

static inline void po_image_closep(struct po_image **img)
{
	po_image_close(*img);
}

/*
 * The formats to try, in order, ended by NULL.  The table is an object of its own (formats.c),
 * linked with the library but not with its core: what is built without it brings a shorter table
 * and needs no libkdumpfile.
 */
extern const struct po_format *const po_image_formats[];

#endif
