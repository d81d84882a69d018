/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aggregate/tally.h"

#include <stdlib.h>
#include <string.h>

#include "base/status.h"

static struct po_tally_row *row_of(struct po_tally *t, const struct pageowner_stack *stack)
{
	if (stack->id >= t->nr) {
		size_t nr = t->nr ? t->nr : 256;
		while (nr <= stack->id)
			nr *= 2;
		struct po_tally_row *grown = realloc(t->row, nr * sizeof(*grown));
		if (!grown)
			return NULL;
		memset(grown + t->nr, 0, (nr - t->nr) * sizeof(*grown));
		t->row = grown;
		t->nr = nr;
	}
	struct po_tally_row *row = &t->row[stack->id];
	if (!row->stack) {
		row->stack = stack;
		row->order = t->nr_stacks++;
	}
	return row;
}

int po_tally_add(struct po_tally *t, const struct pageowner_stack *stack, uint64_t pages)
{
	struct po_tally_row *row = row_of(t, stack);

	if (!row)
		return PAGEOWNER_ENOMEM;
	row->pages += pages;
	return PAGEOWNER_OK;
}

int po_tally_set_kernel(struct po_tally *t, const struct pageowner_stack *stack, int32_t pages)
{
	struct po_tally_row *row = row_of(t, stack);

	if (!row)
		return PAGEOWNER_ENOMEM;
	row->kernel_pages = pages;
	row->has_kernel_pages = true;
	return PAGEOWNER_OK;
}

static int most_first(const void *a, const void *b)
{
	const struct po_tally_row *x = a, *y = b;

	if (x->pages != y->pages)
		return x->pages > y->pages ? -1 : 1;
	if (x->stack->handle != y->stack->handle)
		return x->stack->handle < y->stack->handle ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

void po_tally_sort(struct po_tally *t)
{
	size_t nr = 0;

	for (size_t i = 0; i < t->nr; i++)
		if (t->row[i].stack)
			t->row[nr++] = t->row[i];
	t->nr = nr;
	if (nr)
		qsort(t->row, nr, sizeof(*t->row), most_first);
}

void po_tally_fini(struct po_tally *t)
{
	free(t->row);
	*t = (struct po_tally){ .nr = 0 };
}
