/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/framemap.h"

#include <stdlib.h>

#include <pageowner/error.h>

static size_t place(struct po_framemap_block *const *slot, size_t room, uint64_t nr)
{
	size_t i = (size_t)(nr * 0x9e3779b97f4a7c15u >> 20) & (room - 1);

	while (slot[i] && slot[i]->nr != nr)
		i = (i + 1) & (room - 1);
	return i;
}

/* At most half full. */
static int make_room(struct po_framemap *m)
{
	size_t room = m->room ? m->room * 2 : 64;

	if (m->nr * 2 < m->room)
		return PAGEOWNER_OK;
	struct po_framemap_block **slot = calloc(room, sizeof(struct po_framemap_block *));
	if (!slot)
		return PAGEOWNER_ENOMEM;
	for (size_t i = 0; i < m->room; i++)
		if (m->slot[i])
			slot[place(slot, room, m->slot[i]->nr)] = m->slot[i];
	free(m->slot);
	m->slot = slot;
	m->room = room;
	return PAGEOWNER_OK;
}

int po_framemap_set(struct po_framemap *m, uint64_t pfn, uint8_t mark)
{
	uint64_t nr = pfn >> PO_FRAMEMAP_SHIFT;

	if (make_room(m) < 0)
		return PAGEOWNER_ENOMEM;
	struct po_framemap_block **b = &m->slot[place(m->slot, m->room, nr)];
	if (!*b) {
		*b = calloc(1, sizeof(**b));
		if (!*b)
			return PAGEOWNER_ENOMEM;
		(*b)->nr = nr;
		m->nr++;
	}
	uint8_t *at = &(*b)->mark[pfn & ((1u << PO_FRAMEMAP_SHIFT) - 1)];
	if (!*at || mark < *at)
		*at = mark;
	return PAGEOWNER_OK;
}

const uint8_t *po_framemap_block(const struct po_framemap *m, uint64_t pfn)
{
	if (!m->room)
		return NULL;
	const struct po_framemap_block *b = m->slot[place(m->slot, m->room, pfn >> PO_FRAMEMAP_SHIFT)];
	return b ? b->mark : NULL;
}

void po_framemap_fini(struct po_framemap *m)
{
	for (size_t i = 0; i < m->room; i++)
		free(m->slot[i]);
	free(m->slot);
	*m = (struct po_framemap){ .nr = 0 };
}
