/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a kdump-compressed file holds: its header, page bitmaps and page descriptors.  The pages
 * themselves are libkdumpfile's business; but only these tables tell why a page is missing.
 */
#ifndef PO_IMAGE_DISKDUMP_H
#define PO_IMAGE_DISKDUMP_H

#include "base/cleanup.h"
#include "base/load.h"
#include "image/image.h"
#include "image/mapped.h"

struct po_bitmap {
	const uint8_t *bits;
	uint8_t *owned;			/* bits, if they could not be borrowed from the mapping */
	uint64_t nr;
};

/* One file: a whole dump, or one part of a split set. */
struct po_diskdump {
	struct po_mapped *map;
	struct po_abi abi;		/* of the header; ptr_size: what its writer called a long */
	uint32_t version, status, block_size, sub_blocks;
	uint64_t bitmap_blocks;
	uint64_t nr_pfns;		/* of the machine */
	uint64_t start_pfn, end_pfn;	/* whose pages are in this file */
	bool split;
	char machine[66];		/* as uname says, may be empty */
	char identity[402];		/* version and uname, to compare parts by */
	struct po_bitmap ram;		/* pages that the machine has */
	struct po_bitmap dumped;	/* pages that the dump has, in all its parts */
	uint64_t *ranks;		/* dumped pages before every 512th */
	uint64_t table;			/* offset of the page descriptors */
	char *vmcoreinfo;		/* bytes, not terminated; or NULL */
	size_t vmcoreinfo_len;
};

bool po_diskdump_probe(const struct po_file *file);
int po_diskdump_open(const struct po_file *file, struct po_diskdump **ret,
		     struct pageowner_error *err);
void po_diskdump_close(struct po_diskdump *dd);
PO_DEFINE_CLEANUP(struct po_diskdump, po_diskdump_close);

/* Where the bytes of a page lie in the file. */
struct po_diskdump_place {
	uint64_t offset;
	uint32_t bytes;			/* 1 to block_size */
	uint32_t flags;			/* PO_DISKDUMP_… */
};

enum {
	PO_DISKDUMP_ZLIB = 0x1,
	PO_DISKDUMP_CODECS = 0x27,	/* with lzo, snappy, zstd */
};

/* PO_HAVE, or why the page is not in this file, whose range it is in. */
enum po_cause po_diskdump_page(const struct po_diskdump *dd, uint64_t pfn, struct po_diskdump_place *ret);

/* Pages in [start, end) that the machine has, and of these those that were dumped. */
uint64_t po_diskdump_count_ram(const struct po_diskdump *dd, uint64_t start, uint64_t end);
uint64_t po_diskdump_count_dumped(const struct po_diskdump *dd, uint64_t start, uint64_t end);

/* The first page that this file should hold; false: none. */
bool po_diskdump_first(const struct po_diskdump *dd, uint64_t *pfn);

/* The run of RAM that holds pfn or follows it: 1, or 0 when there is none. */
int po_diskdump_run(const struct po_diskdump *dd, uint64_t pfn, uint64_t *first, uint64_t *end);

/* Dumped pages of this part that lie beyond the end of the file: an estimate for huge dumps. */
uint64_t po_diskdump_count_cut(const struct po_diskdump *dd);

/* Do both describe the same machine at the same moment? */
bool po_diskdump_same(const struct po_diskdump *a, const struct po_diskdump *b);

/* The writer itself said that it could not finish. */
bool po_diskdump_unfinished(const struct po_diskdump *dd);

#endif
