/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* PFN ↔ struct page and page_ext, whatever the memory model: a sorted list of stretches of PFNs. */
#ifndef PO_KERNEL_MEMMAP_H
#define PO_KERNEL_MEMMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pageowner/error.h>

#include "memory/memory.h"

struct po_kernel;

/* PFNs whose struct pages and page_ext entries are contiguous: a section, or a node. */
struct po_chunk {
	uint64_t pfn, nr;
	uint64_t mem_map;	/* kva of the struct page of pfn; 0: none */
	uint64_t page_ext;	/* kva of the page_ext entry of pfn; 0: none */
	uint64_t usage;		/* kva of struct mem_section_usage, or of the pageblock bitmap; 0: none */
	bool early;		/* every PFN is valid; else subsections tells */
	uint64_t *subsections;	/* bits of 2 MiB each, SUBSECTION_SHIFT; NULL: all valid */
	uint8_t *pageblocks;	/* bitmap, as it is in the dump; NULL: unknown */
	size_t pageblocks_len;
};

struct po_pfn_range {
	uint64_t pfn, nr;
};

struct po_memmap {
	const char *model;	/* "SPARSEMEM_EXTREME, vmemmap" … */
	struct po_chunk *chunk;	/* ascending, not overlapping; only those with a mem_map */
	size_t nr;
	unsigned section_shift;	/* PFN bits in a section; 0: not sparse */
	uint64_t page_size;	/* sizeof(struct page) */
	struct po_pfn_range *valid;	/* pfn_valid() asks these, not the chunks, if there are any */
	size_t nr_valid;
	bool valid_by_block;		/* a range makes all of the pageblocks valid that it meets */
	uint64_t lost_pfns;	/* in sections whose records are not in the dump */
	uint64_t lost_paddr;	/* the first place that was needed for them */
};

int po_memmap_open(struct po_kernel *k, struct po_memory *mem, struct pageowner_error *err);
void po_memmap_fini(struct po_memmap *map);

/* The chunk that holds pfn, or the next one above it when next is set; NULL: none. */
const struct po_chunk *po_memmap_chunk(const struct po_memmap *map, uint64_t pfn, bool next);

/* The kernel's pfn_valid(). */
bool po_pfn_valid(const struct po_kernel *k, uint64_t pfn);

/* For memmap.c and sparse.c: a zeroed chunk at the end of the list, or NULL; and all sections. */
struct po_chunk *po_memmap_add(struct po_memmap *map);
int po_sparse_open(struct po_kernel *k, struct po_memory *mem, struct pageowner_error *err);

/* From the address of a struct page; false: it is none. */
bool po_memmap_pfn_of(const struct po_memmap *map, uint64_t page_kva, uint64_t *ret);

#endif
