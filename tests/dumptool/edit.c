// SPDX-License-Identifier: LGPL-2.1-or-later
/* Changes to what a dump holds: pages taken out, filtered out, or damaged. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dumptool.h"

static void add_part(struct core *core, const struct piece *piece, uint64_t first, uint64_t end)
{
	struct piece part = *piece;

	part.pa = first;
	part.len = end - first;
	part.off += first - piece->pa;
	core_add_piece(core, &part);
}

/* Cuts one piece along the ranges; *i is the first range that does not end before it. */
static void cut_piece(struct core *core, const struct piece *piece, const struct ranges *list,
		      size_t *i, bool keep)
{
	uint64_t pos = piece->pa, end = piece->pa + piece->len;

	while (pos < end) {
		const struct range *range;
		uint64_t first, stop;

		while (*i < list->nr && list->v[*i].end <= pos)
			++*i;
		range = *i < list->nr ? &list->v[*i] : NULL;
		first = range ? min_u64(max_u64(range->first, pos), end) : end;
		stop = range ? min_u64(range->end, end) : end;
		if (first > pos)
			add_part(core, piece, pos, first);
		if (first < end && keep) {
			struct piece cut = *piece;

			cut.kind = PIECE_EXCLUDED;
			add_part(core, &cut, first, stop);
		}
		pos = first < end ? stop : end;
	}
}

static void cut(struct core *core, const struct ranges *list, bool keep)
{
	struct piece *pieces = core->pieces;
	size_t nr = core->nr_pieces, i = 0;

	core->pieces = NULL;
	core->nr_pieces = 0;
	core->max_pieces = 0;
	for (size_t n = 0; n < nr; n++)
		cut_piece(core, &pieces[n], list, &i, keep);
	free(pieces);
	if (!core->nr_pieces)
		die("no memory is left");
}

/* The ranges are sorted. */
void core_drop(struct core *core, const struct ranges *list)
{
	cut(core, list, false);
}

void core_exclude(struct core *core, const struct ranges *list)
{
	cut(core, list, true);
}

/* Adds every page that is wholly in the dump and wholly zero. */
void core_zero_pages(const struct core *core, struct ranges *list)
{
	uint64_t size = core->page_size;
	uint8_t *page = xmalloc((size_t)size);

	for (size_t i = 0; i < core->nr_pieces; i++) {
		const struct piece *piece = &core->pieces[i];
		uint64_t end = piece->pa + piece->len;

		if (piece->kind != PIECE_DATA)
			continue;
		for (uint64_t pa = round_up(piece->pa, size); pa + size <= end; pa += size) {
			core_read(core, pa, page, size);
			if (all_zero(page, (size_t)size))
				ranges_add(list, pa, pa + size);
		}
	}
	free(page);
}

/* Every byte of it must be in the dump: a damaged page that nobody reads tests nothing. */
static void check_patch(const struct core *core, const struct patch *patch, const char *text)
{
	uint8_t *buf = xmalloc(patch->len);

	if (core_read(core, patch->pa, buf, patch->len) != patch->len)
		die("corrupt: not in the dump: %s", text);
	free(buf);
}

/* PADDR=HEXBYTES */
void core_corrupt(struct core *core, const char *text)
{
	const char *hex = strchr(text, '=');
	struct patch patch = { 0 };
	size_t digits;
	char *addr;

	if (!hex)
		die("corrupt: PADDR=HEXBYTES expected: %s", text);
	addr = xasprintf("%.*s", (int)(hex - text), text);
	patch.pa = parse_number(addr, 16, "corrupt");
	free(addr);
	digits = strlen(++hex);
	if (!digits || digits % 2 || digits != strspn(hex, "0123456789abcdefABCDEF"))
		die("corrupt: pairs of hexadecimal digits expected: %s", text);
	patch.len = digits / 2;
	patch.bytes = xmalloc(patch.len);
	for (size_t i = 0; i < patch.len; i++) {
		char pair[3] = { hex[2 * i], hex[2 * i + 1], '\0' };

		patch.bytes[i] = (uint8_t)parse_number(pair, 16, "corrupt");
	}
	check_patch(core, &patch, text);
	core->patches = xrealloc(core->patches,
				 (core->nr_patches + 1) * sizeof(*core->patches));
	core->patches[core->nr_patches++] = patch;
}

/* The contiguous ranges of RAM, whether filtered or not. */
void core_spans(const struct core *core, struct ranges *list)
{
	for (size_t i = 0; i < core->nr_pieces; i++) {
		const struct piece *piece = &core->pieces[i];

		ranges_add(list, piece->pa, piece->pa + piece->len);
	}
}
