/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "report/sorted.h"

#include <string.h>

static void put(struct po_sink *out, const char *text)
{
	po_sink_put(out, text, strlen(text));
}

static void put_unsigned(struct po_sink *out, uint64_t v)
{
	char num[24];

	po_sink_put(out, num, po_put_decimal(num, v));
}

static void put_signed(struct po_sink *out, int64_t v)
{
	char num[24];

	po_sink_put(out, num, po_put_signed(num, v));
}

/* What a column of strings holds; page_owner_sort's own are written as they are, all others without control bytes. */
static void put_string(struct po_sink *out, const struct po_string *s, bool raw)
{
	if (raw)
		po_sink_put(out, s->text, s->len);
	else
		po_sink_put_plain(out, s->text, s->len);
}

static const uint64_t *value(const struct po_groups *g, uint32_t nr, enum po_column c)
{
	const int place = po_plan_place(g->plan, c);

	return place < 0 ? NULL : po_groups_row(g, nr) + place;
}

static const struct po_string *string(const struct po_groups *g, uint64_t value)
{
	return &g->feed.strings.string[value];
}

static void put_allocator(struct po_sink *out, uint64_t allocator)
{
	put(out, "allocated by ");
	if (allocator & PO_ALLOCATOR_CMA)
		put(out, "CMA ");
	if (allocator & PO_ALLOCATOR_SLAB)
		put(out, "SLAB ");
	if (allocator & PO_ALLOCATOR_VMALLOC)
		put(out, "VMALLOC ");
	if (allocator & PO_ALLOCATOR_OTHERS)
		put(out, "OTHERS ");
}

static void put_text(struct po_sink *out, const struct po_groups *g, uint32_t nr)
{
	const struct po_string *head = string(g, *value(g, nr, PO_COLUMN_HEAD));
	const struct po_string *rest = string(g, *value(g, nr, PO_COLUMN_STACKTRACE));

	po_sink_put(out, head->text, head->len);
	po_sink_put(out, rest->text, rest->len);
	put(out, "\n");
}

static bool is_key(const struct po_groups *g, enum po_column c)
{
	const int place = po_plan_place(g->plan, c);

	return place >= 0 && (unsigned)place < g->plan->nr_keys;
}

/* ", PID 1": of keys, and of the three that page_owner_sort filters by. */
static void put_value(struct po_sink *out, const struct po_groups *g, uint32_t nr, enum po_column c)
{
	const struct po_column_def *def = &po_columns[c];
	const bool own = c == PO_COLUMN_PID || c == PO_COLUMN_TGID || c == PO_COLUMN_NAME;
	const uint64_t *v = value(g, nr, c);

	if (!def->heading || !v || (!is_key(g, c) && !(own && po_filter_has(&g->plan->filter, c))))
		return;
	put(out, ", ");
	put(out, def->heading);
	if (po_column_is_string(c))
		put_string(out, string(g, *v), own);
	else
		put_signed(out, (int64_t)*v);
}

static void put_culled(struct po_sink *out, const struct po_groups *g, uint32_t nr)
{
	for (int c = 0; c < PO_NR_COLUMNS; c++)
		put_value(out, g, nr, (enum po_column)c);
	if (is_key(g, PO_COLUMN_ALLOCATOR)) {
		put(out, ", ");
		put_allocator(out, *value(g, nr, PO_COLUMN_ALLOCATOR));
	}
	if (is_key(g, PO_COLUMN_FREE))
		put(out, *value(g, nr, PO_COLUMN_FREE) ? " (RELEASED)" : " (UNRELEASED)");
	if (is_key(g, PO_COLUMN_STACKTRACE)) {
		put(out, ":\n");
		put_string(out, string(g, *value(g, nr, PO_COLUMN_STACKTRACE)), true);
	}
	put(out, "\n");
}

/* "12.34 %", rounded to the nearest. */
static void put_percent(struct po_sink *out, const struct po_groups *g, uint32_t nr)
{
	const uint64_t all = g->pages ? g->pages : 1;
	const uint64_t parts = (po_groups_pages(g, nr) * 20000 / all + 1) / 2;

	put_unsigned(out, parts / 100);
	put(out, parts % 100 < 10 ? ".0" : ".");
	put_unsigned(out, parts % 100);
	put(out, " %");
}

/* " (64 KiB, 12.34 %)", or either. */
static void put_share(struct po_sink *out, const struct po_groups *g, uint32_t nr, const struct po_sorted_style *style)
{
	char size[32];

	if (!style->page_size && !style->percent)
		return;
	put(out, " (");
	if (style->page_size)
		po_sink_put(out, size, po_put_size(size, po_groups_pages(g, nr), style->page_size));
	if (style->page_size && style->percent)
		put(out, ", ");
	if (style->percent)
		put_percent(out, g, nr);
	put(out, ")");
}

void po_sorted_put(struct po_sink *out, const struct po_groups *g, uint32_t nr, const struct po_sorted_style *style)
{
	put_unsigned(out, po_groups_times(g, nr));
	put(out, " times");
	if (style->format == PAGEOWNER_TABLE_5_10) {
		put(out, ":\n");
		put_text(out, g, nr);
		return;
	}
	put(out, ", ");
	put_unsigned(out, po_groups_pages(g, nr));
	put(out, " pages");
	put_share(out, g, nr, style);
	if (g->plan->culled) {
		put_culled(out, g, nr);
		return;
	}
	put(out, ", ");
	put_allocator(out, *value(g, nr, PO_COLUMN_ALLOCATOR));
	put(out, ":\n");
	put_text(out, g, nr);
}
