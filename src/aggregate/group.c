/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aggregate/group.h"

#include <stdlib.h>
#include <string.h>

#include <pageowner/error.h>

#include "base/grow.h"

void po_groups_fini(struct po_groups *g)
{
	po_feed_fini(&g->feed);
	free(g->row);
	free(g->slot);
	free(g->memo.has_frame);
}

static uint32_t hash_keys(const struct po_plan *p, const uint64_t *row)
{
	uint64_t hash = p->nr_keys;

	for (unsigned i = 0; i < p->nr_keys; i++)
		hash = po_hash_mix(hash, row[i]);
	return (uint32_t)(hash ^ hash >> 32);
}

static bool grow_slots(struct po_groups *g)
{
	size_t slots = g->slots ? g->slots * 2 : 256;
	uint64_t *slot = calloc(slots, sizeof(*slot));

	if (!slot)
		return false;
	for (size_t n = 0; n < g->slots; n++) {
		if (!g->slot[n])
			continue;
		size_t i = (g->slot[n] >> 32) & (slots - 1);
		while (slot[i])
			i = (i + 1) & (slots - 1);
		slot[i] = g->slot[n];
	}
	free(g->slot);
	g->slot = slot;
	g->slots = slots;
	return true;
}

static bool make_room(struct po_groups *g)
{
	if (g->nr == UINT32_MAX - 1 || (g->nr * (size_t)2 >= g->slots && !grow_slots(g)))
		return false;
	uint64_t *row = po_grow(g->row, g->nr, &g->cap, po_groups_width(g) * sizeof(*row), 64);
	if (!row)
		return false;
	g->row = row;
	return true;
}

static bool has_keys(const struct po_groups *g, uint64_t slot, uint32_t hash, const uint64_t *keys)
{
	return slot >> 32 == hash && !memcmp(po_groups_row(g, (uint32_t)slot - 1), keys,
					     g->plan->nr_keys * sizeof(*keys));
}

/* The group of these keys, new and uncounted if *fresh; NULL: out of memory. */
static uint64_t *find(struct po_groups *g, const uint64_t *keys, bool *fresh)
{
	const uint32_t hash = hash_keys(g->plan, keys);

	if (!make_room(g))
		return NULL;
	size_t i = hash & (g->slots - 1);
	while (g->slot[i] && !has_keys(g, g->slot[i], hash, keys))
		i = (i + 1) & (g->slots - 1);
	*fresh = !g->slot[i];
	if (*fresh) {
		uint64_t *row = g->row + g->nr * po_groups_width(g);
		memcpy(row, keys, g->plan->nr_keys * sizeof(*keys));
		row[g->plan->nr_columns] = row[g->plan->nr_columns + 1] = 0;
		g->slot[i] = (uint64_t)hash << 32 | ++g->nr;
	}
	return g->row + ((uint32_t)g->slot[i] - 1) * po_groups_width(g);
}

static void count(struct po_groups *g, uint64_t *row, uint64_t times, uint64_t pages)
{
	row[g->plan->nr_columns] += times;
	row[g->plan->nr_columns + 1] += pages;
	g->records += times;
	g->pages += pages;
}

int po_groups_add(struct po_groups *g, const struct pageowner_record *rec)
{
	const struct po_plan *p = g->plan;
	uint64_t keys[PO_NR_COLUMNS];
	bool fresh;

	if (!po_filter_takes(&p->filter, &g->memo, rec))
		return PAGEOWNER_OK;
	po_feed_begin(&g->feed);
	for (unsigned i = 0; i < p->nr_keys; i++)
		if (po_feed_value(&g->feed, p->column[i], rec, &keys[i]) < 0)
			return PAGEOWNER_ENOMEM;
	uint64_t *row = find(g, keys, &fresh);
	if (!row)
		return PAGEOWNER_ENOMEM;
	for (unsigned i = p->nr_keys; fresh && i < p->nr_columns; i++)
		if (po_feed_value(&g->feed, p->column[i], rec, &row[i]) < 0)
			return PAGEOWNER_ENOMEM;
	count(g, row, 1, rec->have & PAGEOWNER_HAS_ORDER ? (uint64_t)1 << rec->order : 0);
	return PAGEOWNER_OK;
}

/* The number in g of a string that has another one in more. */
static int translate(struct po_groups *g, const struct po_groups *more, uint32_t *map, uint64_t *value)
{
	const uint32_t from = (uint32_t)*value;

	if (map[from] == PO_NO_STRING)
		map[from] = po_strings_add_string(&g->feed.strings, &more->feed.strings.string[from]);
	*value = map[from];
	return map[from] == PO_NO_STRING ? PAGEOWNER_ENOMEM : PAGEOWNER_OK;
}

static int merge_row(struct po_groups *g, const struct po_groups *more, uint32_t nr, uint32_t *map)
{
	const struct po_plan *p = g->plan;
	uint64_t row[PO_NR_COLUMNS];
	bool fresh;

	memcpy(row, po_groups_row(more, nr), p->nr_columns * sizeof(*row));
	for (unsigned i = 0; i < p->nr_columns; i++)
		if (po_column_is_string(p->column[i]) && translate(g, more, map, &row[i]) < 0)
			return PAGEOWNER_ENOMEM;
	uint64_t *to = find(g, row, &fresh);
	if (!to)
		return PAGEOWNER_ENOMEM;
	if (fresh)
		memcpy(to, row, p->nr_columns * sizeof(*row));
	count(g, to, po_groups_times(more, nr), po_groups_pages(more, nr));
	return PAGEOWNER_OK;
}

int po_groups_merge(struct po_groups *g, const struct po_groups *more)
{
	uint32_t *map = malloc((more->feed.strings.nr + (size_t)1) * sizeof(*map));
	int rc = map ? PAGEOWNER_OK : PAGEOWNER_ENOMEM;

	if (map)
		memset(map, 0xff, (more->feed.strings.nr + (size_t)1) * sizeof(*map));
	for (uint32_t i = 0; rc == PAGEOWNER_OK && i < more->nr; i++)
		rc = merge_row(g, more, i, map);
	free(map);
	return rc;
}
