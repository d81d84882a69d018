/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aggregate/plan.h"

#include <stdlib.h>
#include <string.h>

#include "base/status.h"

#define KEY_MAX 32

/* --- keys ---------------------------------------------------------------------------------------- */

static bool is_key(const char *name, const char *key, size_t len)
{
	return name && strlen(name) == len && !memcmp(name, key, len);
}

/* Letters to be added, dropped or changed. */
static unsigned distance(const char *a, size_t la, const char *b, size_t lb)
{
	unsigned row[KEY_MAX + 1];

	for (size_t j = 0; j <= lb; j++)
		row[j] = (unsigned)j;
	for (size_t i = 1; i <= la; i++) {
		unsigned diagonal = row[0];
		row[0] = (unsigned)i;
		for (size_t j = 1; j <= lb; j++) {
			unsigned best = diagonal + (a[i - 1] != b[j - 1]);
			diagonal = row[j];
			best = row[j] + 1 < best ? row[j] + 1 : best;
			row[j] = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
		}
	}
	return row[lb];
}

static int unknown_key(const char *key, size_t len, unsigned use, struct pageowner_error *err)
{
	const char *nearest = NULL;
	unsigned least = 4;

	for (int c = 0; c < PO_NR_COLUMNS && len <= KEY_MAX; c++) {
		if (!(po_columns[c].uses & use))
			continue;
		unsigned d = distance(key, len, po_columns[c].name, strlen(po_columns[c].name));
		if (d < least) {
			least = d;
			nearest = po_columns[c].name;
		}
	}
	return po_fail(err, PAGEOWNER_EINVAL, "%.*s: no such key%s%s%s", (int)len, key,
		       nearest ? "; is \"" : "", nearest ? nearest : "", nearest ? "\" meant?" : "");
}

int po_plan_key(const char *key, size_t len, unsigned use, enum po_column *ret,
		struct pageowner_error *err)
{
	const char *const what = use == PO_USE_SORT ? "sort" : use == PO_USE_CULL ? "cull" : use == PO_USE_TASK ? "sort processes" :
				 "filter";

	for (int c = 0; c < PO_NR_COLUMNS; c++) {
		if (!is_key(po_columns[c].name, key, len) && !is_key(po_columns[c].brief, key, len))
			continue;
		*ret = (enum po_column)c;
		return po_columns[c].uses & use ?
			       PAGEOWNER_OK :
			       po_fail(err, PAGEOWNER_EINVAL, "%.*s: not a key to %s by", (int)len, key, what);
	}
	return unknown_key(key, len, use, err);
}

/* --- cull and sort ------------------------------------------------------------------------------- */

static int parse_cull(const char *list, bool *keys, struct pageowner_error *err)
{
	enum po_column c;

	for (const char *p = list;; p++) {
		size_t len = strcspn(p, ",");
		int rc = po_plan_key(p, len, PO_USE_CULL, &c, err);
		if (rc < 0)
			return rc;
		keys[c] = true;
		p += len;
		if (!*p)
			return PAGEOWNER_OK;
	}
}

static void add_order(struct po_plan *p, enum po_column c, int sign)
{
	for (unsigned i = 0; i < p->nr_order; i++)
		if (p->order[i].column == c)
			return;
	p->order[p->nr_order++] = (struct po_order){ c, sign };
}

int po_plan_sort(struct po_plan *p, const char *list, unsigned use, struct pageowner_error *err)
{
	enum po_column c;

	for (const char *at = list;; at++) {
		const int sign = *at == '-' ? -1 : 1;
		at += *at == '-' || *at == '+';
		size_t len = strcspn(at, ",");
		int rc = po_plan_key(at, len, use, &c, err);
		if (rc < 0)
			return rc;
		for (unsigned i = 0; i < p->nr_order; i++)
			if (p->order[i].column == c && p->order[i].sign != sign)
				return po_fail(err, PAGEOWNER_EINVAL, "%.*s: in both directions", (int)len,
					       at);
		add_order(p, c, sign);
		at += len;
		if (!*at)
			return PAGEOWNER_OK;
	}
}

int po_plan_make(struct po_plan *p, const char *cull, const char *sort, struct pageowner_error *err)
{
	bool keys[PO_NR_COLUMNS] = { false };

	*p = (struct po_plan){ .culled = cull != NULL };
	int rc = cull ? parse_cull(cull, keys, err) : PAGEOWNER_OK;
	if (rc < 0)
		return po_within(err, rc, "cull");
	rc = po_plan_sort(p, sort ? sort : "-times", PO_USE_SORT, err);
	if (rc < 0)
		return po_within(err, rc, "sort");
	if (!cull)
		keys[PO_COLUMN_HEAD] = keys[PO_COLUMN_STACKTRACE] = true;
	for (int c = 0; c < PO_NR_COLUMNS; c++)
		if (keys[c])
			p->column[p->nr_keys++] = (enum po_column)c;
	p->nr_columns = p->nr_keys;
	return PAGEOWNER_OK;
}

static void need(struct po_plan *p, enum po_column c)
{
	if (po_plan_place(p, c) < 0)
		p->column[p->nr_columns++] = c;
}

/* A text is ordered by its first line, then by the rest: no first line begins another one. */
static void split_txt(struct po_plan *p)
{
	struct po_order order[2 * PO_NR_COLUMNS];
	const unsigned nr = p->nr_order;

	memcpy(order, p->order, sizeof(order));
	p->nr_order = 0;
	for (unsigned i = 0; i < nr; i++) {
		if (order[i].column == PO_COLUMN_TXT) {
			add_order(p, PO_COLUMN_HEAD, order[i].sign);
			add_order(p, PO_COLUMN_STACKTRACE, order[i].sign);
		} else {
			add_order(p, order[i].column, order[i].sign);
		}
	}
}

void po_plan_finish(struct po_plan *p)
{
	static const enum po_column printed[] = { PO_COLUMN_PID, PO_COLUMN_TGID, PO_COLUMN_NAME };

	split_txt(p);
	for (unsigned i = 0; i < p->nr_order; i++)
		if (p->order[i].column != PO_COLUMN_TIMES && p->order[i].column != PO_COLUMN_PAGES)
			need(p, p->order[i].column);
	for (unsigned i = 0; i < p->nr_keys; i++)
		add_order(p, p->column[i], 1);
	if (!p->culled)
		need(p, PO_COLUMN_ALLOCATOR);
	for (size_t i = 0; i < sizeof(printed) / sizeof(*printed); i++)
		if (p->culled && po_filter_has(&p->filter, printed[i]))
			need(p, printed[i]);
}

void po_plan_fini(struct po_plan *p)
{
	po_filter_fini(&p->filter);
}

int po_plan_place(const struct po_plan *p, enum po_column c)
{
	for (unsigned i = 0; i < p->nr_columns; i++)
		if (p->column[i] == c)
			return (int)i;
	return -1;
}
