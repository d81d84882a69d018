/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Groups in the order that was asked for; ties are broken by all their keys, so no two are equal. */
#include <stdlib.h>

#include "aggregate/group.h"

struct comparison {
	const struct po_groups *g;
	const uint32_t *rank;		/* of strings */
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

/* A group while it is sorted: its first key is at hand, in ascending order. */
struct item {
	uint64_t first;
	uint32_t nr;
};

static uint64_t key(const struct comparison *c, unsigned i, const uint64_t *row)
{
	uint64_t v = row[c->by[i].place];

	if (c->by[i].kind >= PO_KIND_STRING)
		v = c->rank[v];
	else if (c->by[i].kind == PO_KIND_SIGNED)
		v ^= (uint64_t)1 << 63;
	return c->by[i].sign < 0 ? ~v : v;
}

static int compare(const void *a, const void *b, void *arg)
{
	const struct item *x = a, *y = b;
	const struct comparison *c = arg;

	if (x->first != y->first)
		return x->first < y->first ? -1 : 1;
	for (unsigned i = 1; i < c->nr; i++) {
		uint64_t v = key(c, i, po_groups_row(c->g, x->nr));
		uint64_t w = key(c, i, po_groups_row(c->g, y->nr));
		if (v != w)
			return v < w ? -1 : 1;
	}
	return 0;
}

uint32_t *po_groups_sort(const struct po_groups *g)
{
	struct comparison c = { .g = g };
	uint32_t *rank = po_strings_rank(&g->feed.strings);
	uint32_t *nr = malloc((g->nr + (size_t)1) * sizeof(*nr));
	struct item *item = malloc((g->nr + (size_t)1) * sizeof(*item));

	if (rank && nr && item) {
		c.rank = rank;
		set_comparison(&c, g);
		for (uint32_t i = 0; i < g->nr; i++)
			item[i] = (struct item){ key(&c, 0, po_groups_row(g, i)), i };
		qsort_r(item, g->nr, sizeof(*item), compare, &c);
		for (uint32_t i = 0; i < g->nr; i++)
			nr[i] = item[i].nr;
	} else {
		free(nr);
		nr = NULL;
	}
	free(item);
	free(rank);
	return nr;
}
