// SPDX-License-Identifier: LGPL-2.1-or-later
/* Lists of physical ranges. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dumptool.h"

/* FIRST-LAST or a single FIRST, both hexadecimal, as they stand. */
struct range parse_range(const char *text, const char *what)
{
	struct range range;
	const char *dash = strchr(text, '-');
	char *first;

	if (!dash) {
		range.first = parse_number(text, 16, what);
		range.end = range.first;
		return range;
	}
	first = xasprintf("%.*s", (int)(dash - text), text);
	range.first = parse_number(first, 16, what);
	range.end = parse_number(dash + 1, 16, what);
	free(first);
	if (range.end < range.first)
		die("%s: ends before it begins: %s", what, text);
	return range;
}

/* Neighbours are joined here already: a scan of memory adds page after page. */
void ranges_add(struct ranges *list, uint64_t first, uint64_t end)
{
	if (list->nr && list->v[list->nr - 1].end == first) {
		list->v[list->nr - 1].end = end;
		return;
	}
	if (list->nr == list->max) {
		list->max = list->max ? 2 * list->max : 16;
		list->v = xrealloc(list->v, list->max * sizeof(*list->v));
	}
	list->v[list->nr++] = (struct range){ .first = first, .end = end };
}

void ranges_add_pfns(struct ranges *list, const char *text, uint64_t page_size)
{
	struct range pfns = parse_range(text, "page frames");

	if (pfns.end >= UINT64_MAX / page_size)
		die("page frames: out of bounds: %s", text);
	ranges_add(list, pfns.first * page_size, (pfns.end + 1) * page_size);
}

/* One range a line; empty lines and lines that begin with # are passed over. */
void ranges_read_pfns(struct ranges *list, const char *path, uint64_t page_size)
{
	FILE *file = fopen(path, "r");
	char line[256];

	if (!file)
		die("%s: %s", path, strerror(errno));
	while (fgets(line, sizeof(line), file)) {
		line[strcspn(line, " \t\r\n")] = '\0';
		if (line[0] && line[0] != '#')
			ranges_add_pfns(list, line, page_size);
	}
	if (ferror(file))
		die("%s: %s", path, strerror(errno));
	fclose(file);
}

static int compare_ranges(const void *a, const void *b)
{
	const struct range *ra = a, *rb = b;

	return (ra->first > rb->first) - (ra->first < rb->first);
}

/* Sorts and joins. */
void ranges_sort(struct ranges *list)
{
	size_t nr = 0;

	if (!list->nr)
		return;
	qsort(list->v, list->nr, sizeof(*list->v), compare_ranges);
	for (size_t i = 1; i < list->nr; i++) {
		struct range *last = &list->v[nr];

		if (list->v[i].first <= last->end)
			last->end = max_u64(last->end, list->v[i].end);
		else
			list->v[++nr] = list->v[i];
	}
	list->nr = nr + 1;
}

void ranges_free(struct ranges *list)
{
	free(list->v);
	*list = (struct ranges){ 0 };
}
