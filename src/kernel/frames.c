/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/frames.h"

#include <stdlib.h>

#define BLOCK	64u	/* struct pages read at once */
#define BLOCKS	256u

struct po_frames {
	const struct po_kernel *k;
	struct po_memory *mem;
	const struct po_chunk *chunk;	/* the last one */
	uint64_t pfn[BLOCKS];		/* the first of the block; UINT64_MAX: none */
	unsigned nr[BLOCKS];		/* that there are in it */
	uint8_t raw[];
};

struct po_frames *po_frames_new(const struct po_kernel *k, struct po_memory *mem)
{
	struct po_frames *f = malloc(sizeof(*f) + (size_t)BLOCKS * BLOCK * k->map.page_size);

	if (!f)
		return NULL;
	f->k = k;
	f->mem = mem;
	f->chunk = NULL;
	for (unsigned i = 0; i < BLOCKS; i++)
		f->pfn[i] = UINT64_MAX;
	return f;
}

void po_frames_free(struct po_frames *f)
{
	free(f);
}

/* Chunks may begin anywhere, so blocks are counted from their starts on. */
const uint8_t *po_frames_at(struct po_frames *f, uint64_t pfn)
{
	const struct po_chunk *c = f->chunk;
	uint64_t size = f->k->map.page_size;

	if (!c || pfn - c->pfn >= c->nr)
		c = f->chunk = po_memmap_chunk(&f->k->map, pfn, false);
	if (!c)
		return NULL;
	uint64_t off = (pfn - c->pfn) / BLOCK * BLOCK, first = c->pfn + off;
	unsigned slot = first / BLOCK % BLOCKS, nr = c->nr - off < BLOCK ? (unsigned)(c->nr - off) : BLOCK;
	uint8_t *raw = f->raw + (size_t)slot * BLOCK * size;

	if (f->pfn[slot] != first || pfn - first >= f->nr[slot]) {
		f->pfn[slot] = UINT64_MAX;
		if (po_memory_read(f->mem, c->mem_map + off * size, raw, nr * size, NULL) < 0) {
			/* a part of the block may be there */
			return po_memory_read(f->mem, c->mem_map + (pfn - c->pfn) * size, raw, size, NULL) < 0 ? NULL : raw;
		}
		f->pfn[slot] = first;
		f->nr[slot] = nr;
	}
	return raw + (pfn - first) * size;
}

bool po_frames_head(struct po_frames *f, uint64_t pfn, uint64_t *ret)
{
	const uint8_t *raw = po_frames_at(f, pfn);

	*ret = pfn;
	if (!raw || !po_page_is_tail(f->k, raw))
		return raw != NULL;
	uint64_t kva = f->chunk->mem_map + (pfn - f->chunk->pfn) * f->k->map.page_size;
	return po_memmap_pfn_of(&f->k->map, po_page_head(f->k, kva, raw), ret);
}
