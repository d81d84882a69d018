/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A small physical memory made by a test.  Pages are written or lost one by one; the rest of a range
 * reads as zeros, and outside the ranges there is nothing.
 */
#ifndef PO_TESTS_SYNTH_WORLD_H
#define PO_TESTS_SYNTH_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "image/image.h"
#include "memory/memory.h"

#define WORLD_PAGE 4096u

struct world_page {
	uint64_t paddr;
	enum po_cause cause;	/* not PO_HAVE: the page was lost this way */
	uint8_t bytes[WORLD_PAGE];
};

struct world {
	struct po_abi abi;
	struct po_image *img;
	struct po_memory *mem;	/* translates: kva = base + physical address, below 1 GiB */
	uint64_t base;
	struct world_page **page;
	size_t nr, cap;
	struct {
		uint64_t start, len;
	} range[8];
	unsigned nr_ranges;
	unsigned nr_reads;	/* calls of the image's read */
	unsigned nr_walks;	/* calls of the translation */
	unsigned nr_images;	/* open handles */
};

/* What the kernel's addresses begin with here: the usual direct map of either width. */
#define WORLD_BASE_64 0xffff888000000000ull
#define WORLD_BASE_32 0xc0000000ull

void world_open(struct world *w, bool big_endian, unsigned ptr_size);
void world_close(struct world *w);

void world_range(struct world *w, uint64_t start, uint64_t len);
/* Contents; a range that holds it is for the caller to add. */
void world_write(struct world *w, uint64_t paddr, const void *from, size_t len);
void world_string(struct world *w, uint64_t paddr, const char *s);
void world_number(struct world *w, uint64_t paddr, size_t bytes, uint64_t v);
void world_ptr(struct world *w, uint64_t paddr, uint64_t v);
void world_lose(struct world *w, uint64_t paddr, enum po_cause cause);

/* A number as that machine lays it out. */
void world_store(const struct po_abi *abi, void *to, size_t bytes, uint64_t v);

#endif
