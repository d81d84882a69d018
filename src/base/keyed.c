/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/keyed.h"

#include <stdbool.h>
#include <string.h>

#define FEW	48	/* as many are in order sooner than their bytes are counted */
#define DIGITS	8	/* of a key, a byte each */

static void sort_few(struct po_keyed *item, size_t nr)
{
	for (size_t i = 1, to; i < nr; i++) {
		const struct po_keyed it = item[i];
		for (to = i; to > 0 && item[to - 1].key > it.key; to--)
			item[to] = item[to - 1];
		item[to] = it;
	}
}

/* Move all to where they belong by one digit, whose values are counted; false: they all have the same one. */
static bool distribute(const struct po_keyed *from, struct po_keyed *to, size_t nr, unsigned digit, size_t *count)
{
	if (count[from[0].key >> 8 * digit & 0xff] == nr)
		return false;
	for (size_t v = 0, at = 0, next; v < 256; v++, at = next) {
		next = at + count[v];
		count[v] = at;
	}
	for (size_t i = 0; i < nr; i++)
		to[count[from[i].key >> 8 * digit & 0xff]++] = from[i];
	return true;
}

static void sort_many(struct po_keyed *item, struct po_keyed *room, size_t nr)
{
	size_t count[DIGITS][256] = { { 0 } };
	struct po_keyed *from = item, *to = room;

	for (size_t i = 0; i < nr; i++)
		for (unsigned d = 0; d < DIGITS; d++)
			count[d][item[i].key >> 8 * d & 0xff]++;
	for (unsigned d = 0; d < DIGITS; d++)
		if (distribute(from, to, nr, d, count[d])) {
			struct po_keyed *sorted = to;
			to = from;
			from = sorted;
		}
	if (from != item)
		memcpy(item, from, nr * sizeof(*item));
}

void po_keyed_sort(struct po_keyed *item, struct po_keyed *room, size_t nr)
{
	if (nr <= FEW)
		sort_few(item, nr);
	else
		sort_many(item, room, nr);
}
