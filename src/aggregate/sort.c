/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Groups in the order that was asked for; ties are broken by all their keys, so no two are equal. */
#include <stdlib.h>
#include <string.h>

#include "aggregate/group.h"
#include "base/keyed.h"

#define FEW	16
#define UNRANKED	UINT32_MAX

struct comparison {
	const struct po_groups *g;
	uint32_t *rank;			/* of strings, where one is asked for; else UNRANKED */
	struct {
		size_t place;		/* in a row */
		enum po_kind kind;
		int sign;
	} by[2 * PO_NR_COLUMNS];
	unsigned nr;
};

static void set_comparison(struct comparison *c, const struct po_groups *g)
{
	const struct po_plan *p = g->plan;

	for (unsigned i = 0; i < p->nr_order; i++) {
		const enum po_column column = p->order[i].column;
		c->by[c->nr].place = column == PO_COLUMN_TIMES ? p->nr_columns :
				     column == PO_COLUMN_PAGES ? p->nr_columns + 1 :
								 (size_t)po_plan_place(p, column);
		c->by[c->nr].kind = po_columns[column].kind;
		c->by[c->nr++].sign = p->order[i].sign;
	}
}

static const struct po_string *string(const struct comparison *c, uint64_t v)
{
	return &c->g->feed.strings.string[v];
}

/* What the i-th key has of a group, in ascending order. */
static uint64_t key(const struct comparison *c, unsigned i, const uint64_t *row)
{
	uint64_t v = row[c->by[i].place];

	if (c->by[i].kind >= PO_KIND_STRING)
		v = c->rank[v];
	else if (c->by[i].kind == PO_KIND_SIGNED)
		v ^= (uint64_t)1 << 63;
	return c->by[i].sign < 0 ? ~v : v;
}

/* By the i-th key and those that follow it. */
static int compare(const struct comparison *c, unsigned i, uint32_t a, uint32_t b)
{
	const uint64_t *x = po_groups_row(c->g, a), *y = po_groups_row(c->g, b);

	for (; i < c->nr; i++) {
		const uint64_t v = x[c->by[i].place], w = y[c->by[i].place];
		if (v == w)
			continue;
		if (c->by[i].kind >= PO_KIND_STRING)
			return c->by[i].sign * po_string_compare(string(c, v), string(c, w));
		return key(c, i, x) < key(c, i, y) ? -1 : 1;
	}
	return 0;
}

static void sort_few(const struct comparison *c, unsigned i, struct po_keyed *item, size_t nr)
{
	for (size_t n = 1, to; n < nr; n++) {
		const struct po_keyed it = item[n];
		for (to = n; to > 0 && compare(c, i, item[to - 1].nr, it.nr) > 0; to--)
			item[to] = item[to - 1];
		item[to] = it;
	}
}

/* The strings that these groups have by the i-th key, each once. */
static size_t collect(struct comparison *c, unsigned i, const struct po_keyed *item, size_t nr, struct po_keyed *ret)
{
	size_t found = 0;

	for (size_t n = 0; n < nr; n++) {
		const uint32_t v = (uint32_t)po_groups_row(c->g, item[n].nr)[c->by[i].place];
		if (c->rank[v] != UNRANKED)
			continue;
		c->rank[v] = 0;
		ret[found++].nr = v;
	}
	return found;
}

static bool get_keys(struct comparison *c, unsigned i, struct po_keyed *item, size_t nr)
{
	const bool strings = c->by[i].kind >= PO_KIND_STRING;
	struct po_keyed *of = strings ? malloc(2 * nr * sizeof(*of)) : NULL;
	size_t found = 0;

	if (strings && !of)
		return false;
	if (strings) {
		found = collect(c, i, item, nr, of);
		po_strings_order(&c->g->feed.strings, of, of + nr, found);
	}
	for (size_t n = 0; n < found; n++)
		c->rank[of[n].nr] = (uint32_t)n;
	for (size_t n = 0; n < nr; n++)
		item[n].key = key(c, i, po_groups_row(c->g, item[n].nr));
	for (size_t n = 0; n < found; n++)
		c->rank[of[n].nr] = UNRANKED;
	free(of);
	return true;
}

/*
 * Sort groups whose keys before the i-th are equal.  Most have equal ones with but a few others: to order all strings for
 * them would take longer than all else.
 */
static bool sort_run(struct comparison *c, unsigned i, struct po_keyed *item, struct po_keyed *room, size_t nr)
{
	bool done = true;

	if (nr < 2 || i == c->nr)
		return true;
	if (nr <= FEW) {
		sort_few(c, i, item, nr);
		return true;
	}
	if (!get_keys(c, i, item, nr))
		return false;
	po_keyed_sort(item, room, nr);
	for (size_t from = 0, to; from < nr && done; from = to) {
		for (to = from + 1; to < nr && item[to].key == item[from].key; to++)
			;
		done = sort_run(c, i + 1, item + from, room, to - from);
	}
	return done;
}

uint32_t *po_groups_sort(const struct po_groups *g)
{
	struct comparison c = { .g = g };
	uint32_t *nr = malloc((g->nr + (size_t)1) * sizeof(*nr));
	struct po_keyed *item = malloc(2 * (g->nr + (size_t)1) * sizeof(*item));
	const size_t strings = g->feed.strings.nr + (size_t)1;
	bool done = nr && item && (c.rank = malloc(strings * sizeof(*c.rank)));

	if (done) {
		memset(c.rank, 0xff, strings * sizeof(*c.rank));
		set_comparison(&c, g);
		for (uint32_t i = 0; i < g->nr; i++)
			item[i].nr = i;
		done = sort_run(&c, 0, item, item + g->nr, g->nr);
	}
	for (uint32_t i = 0; done && i < g->nr; i++)
		nr[i] = item[i].nr;
	if (!done) {
		free(nr);
		nr = NULL;
	}
	free(item);
	free(c.rank);
	return nr;
}
