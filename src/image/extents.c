/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Overlaps are settled by a sweep from low to high addresses with a heap of the extents that are
 * open at the sweep line: their number is the file's choice, so nothing here may be quadratic.
 */
#include "image/extents.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/grow.h"
#include "base/load.h"

void po_extents_fini(struct po_extents *ext)
{
	free(ext->at);
	*ext = (struct po_extents){ 0 };
}

int po_extents_copy(struct po_extents *dst, const struct po_extents *src)
{
	struct po_extents copy = { .nr = src->nr, .room = src->nr };

	copy.at = calloc(src->nr ? src->nr : 1, sizeof(*copy.at));
	if (!copy.at)
		return -1;
	if (src->nr)
		memcpy(copy.at, src->at, src->nr * sizeof(*copy.at));
	*dst = copy;
	return 0;
}

int po_extents_add(struct po_extents *ext, const struct po_extent *add)
{
	if (add->start >= add->end)
		return 0;
	struct po_extent *grown = po_grow(ext->at, ext->nr, &ext->room, sizeof(*grown), 16);
	if (!grown)
		return -1;
	ext->at = grown;
	ext->at[ext->nr++] = *add;
	return 0;
}

static int by_start(const void *va, const void *vb)
{
	const struct po_extent *a = va, *b = vb;

	if (a->start != b->start)
		return a->start < b->start ? -1 : 1;
	return a->order < b->order ? -1 : a->order > b->order;
}

static unsigned rank_of(const struct po_extent *e)
{
	switch (e->cause) {
	case PO_HAVE: return 0;
	case PO_TRUNCATED: return 1;
	default: return 2;
	}
}

static bool wins(const struct po_extent *a, const struct po_extent *b)
{
	unsigned ra = rank_of(a), rb = rank_of(b);

	return ra != rb ? ra < rb : a->order < b->order;
}

/* A binary heap of borrowed extents, the winner on top. */
struct heap {
	const struct po_extent **at;
	size_t nr;
};

static void heap_push(struct heap *heap, const struct po_extent *e)
{
	size_t i = heap->nr++;

	for (; i > 0 && wins(e, heap->at[(i - 1) / 2]); i = (i - 1) / 2)
		heap->at[i] = heap->at[(i - 1) / 2];
	heap->at[i] = e;
}

static void heap_pop(struct heap *heap)
{
	const struct po_extent *e = heap->at[--heap->nr];
	size_t i = 0;

	for (;;) {
		size_t child = 2 * i + 1;
		if (child >= heap->nr)
			break;
		if (child + 1 < heap->nr && wins(heap->at[child + 1], heap->at[child]))
			child++;
		if (!wins(heap->at[child], e))
			break;
		heap->at[i] = heap->at[child];
		i = child;
	}
	heap->at[i] = e;
}

/* Append [from, to) of e, joined to the last extent if it goes on there. */
static int emit(struct po_extents *out, const struct po_extent *e, uint64_t from, uint64_t to)
{
	struct po_extent piece = *e;
	struct po_extent *last = out->nr ? &out->at[out->nr - 1] : NULL;

	piece.start = from;
	piece.end = to;
	piece.offset = e->offset + (from - e->start);
	if (last && last->end == from && last->order == e->order && last->cause == e->cause) {
		last->end = to;
		return 0;
	}
	return po_extents_add(out, &piece);
}

static int sweep(const struct po_extents *in, struct heap *open, struct po_extents *out)
{
	uint64_t line = 0;
	size_t next = 0;

	while (next < in->nr || open->nr) {
		if (!open->nr && in->at[next].start > line)
			line = in->at[next].start;
		while (next < in->nr && in->at[next].start <= line)
			heap_push(open, &in->at[next++]);
		while (open->nr && open->at[0]->end <= line)
			heap_pop(open);
		if (!open->nr)
			continue;
		const struct po_extent *top = open->at[0];
		uint64_t end = top->end;
		if (next < in->nr && in->at[next].start < end)
			end = in->at[next].start;
		if (emit(out, top, line, end) < 0)
			return -1;
		line = end;
	}
	return 0;
}

static uint64_t total(const struct po_extents *ext)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < ext->nr; i++)
		if (po_add(sum, ext->at[i].end - ext->at[i].start, &sum))
			return UINT64_MAX;
	return sum;
}

int po_extents_settle(struct po_extents *ext, uint64_t *doubled)
{
	struct po_extents out = { 0 };

	*doubled = 0;
	if (ext->nr == 0)
		return 0;
	_cleanup_(po_freep) const struct po_extent **open = calloc(ext->nr, sizeof(*open));
	if (!open)
		return -1;
	qsort(ext->at, ext->nr, sizeof(*ext->at), by_start);
	if (sweep(ext, &(struct heap){ .at = open }, &out) < 0) {
		po_extents_fini(&out);
		return -1;
	}
	*doubled = total(ext) - total(&out);
	po_extents_fini(ext);
	*ext = out;
	return 0;
}

size_t po_extents_find(const struct po_extents *ext, uint64_t paddr, size_t hint)
{
	size_t low = 0, high = ext->nr;

	if (hint < ext->nr && ext->at[hint].start <= paddr && paddr < ext->at[hint].end)
		return hint;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (ext->at[mid].end > paddr)
			high = mid;
		else
			low = mid + 1;
	}
	return low;
}

const struct po_extent *po_extents_at(const struct po_extents *ext, uint64_t paddr, size_t *hint)
{
	size_t i = po_extents_find(ext, paddr, *hint);

	if (i == ext->nr || ext->at[i].start > paddr)
		return NULL;
	*hint = i;
	return &ext->at[i];
}
