/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aggregate/holders.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aggregate/caller.h"
#include "base/cleanup.h"

#define FIRST_BIN 1000000u	/* a millisecond */

void po_holders_init(struct po_holders *h)
{
	memset(h, 0, sizeof(*h));
	h->bin_ns = FIRST_BIN;
}

void po_holders_fini(struct po_holders *h)
{
	free(h->holder);
	free(h->slot);
	for (unsigned i = 0; i < PAGEOWNER_NR_GROUPINGS; i++)
		free(h->group[i]);
	po_arena_fini(&h->arena);
}

bool po_stack_is_name(const struct pageowner_stack *stack)
{
	/* all that page_owner makes up for itself it makes at its start; before 4.13 early pages have the stack of the walk */
	static const char *const own[] = {
		"register_dummy_stack", "register_early_stack", "register_failure_stack", "init_page_owner",
		"init_early_allocated_pages", "init_pages_in_zone",
	};

	if (!stack || !stack->nr_frames)
		return false;
	for (uint32_t i = 0; i < stack->nr_frames; i++)
		for (size_t j = 0; j < sizeof(own) / sizeof(*own); j++)
			if (!strncmp(stack->frames[i].text, own[j], strlen(own[j])))
				return false;
	return true;
}

/* --- counting ------------------------------------------------------------------------------------ */

void po_holders_see(struct po_holders *h, const struct pageowner_record *rec)
{
	if ((rec->have & PAGEOWNER_HAS_TS) && rec->ts_ns > h->now)
		h->now = rec->ts_ns;
}

static void count_time(struct po_holders *h, uint64_t ts, uint64_t pages)
{
	while (ts / h->bin_ns >= PO_TIME_BINS) {
		for (size_t i = 0; i < PO_TIME_BINS / 2; i++)
			h->bin[i] = h->bin[2 * i] + h->bin[2 * i + 1];
		memset(h->bin + PO_TIME_BINS / 2, 0, sizeof(h->bin) / 2);
		h->bin_ns *= 2;
	}
	h->bin[ts / h->bin_ns] += pages;
}

static size_t place(const struct po_holders *h, const struct po_holding *g)
{
	uint64_t hash = ((uintptr_t)g->stack >> 4) * 0x9e3779b97f4a7c15u + (uint32_t)g->pid * 0x85ebca6bu;
	size_t i = (size_t)(hash >> 7) & (h->slots - 1);

	for (; h->slot[i]; i = (i + 1) & (h->slots - 1)) {
		const struct po_holding *o = &h->holder[h->slot[i] - 1].first;
		if (o->stack == g->stack && o->pid == g->pid)
			break;
	}
	return i;
}

/* The table is at most half full. */
static int make_room(struct po_holders *h)
{
	size_t cap = h->cap ? h->cap * 2 : 256;

	if (h->nr < h->cap)
		return PAGEOWNER_OK;
	if (cap > UINT32_MAX / 2)
		return PAGEOWNER_ENOMEM;
	struct po_holder *holder = realloc(h->holder, cap * sizeof(*holder));
	if (!holder)
		return PAGEOWNER_ENOMEM;
	h->holder = holder;
	uint32_t *slot = calloc(cap * 2, sizeof(*slot));
	if (!slot)
		return PAGEOWNER_ENOMEM;
	free(h->slot);
	h->slot = slot;
	h->slots = cap * 2;
	h->cap = cap;
	for (size_t i = 0; i < h->nr; i++)
		slot[place(h, &holder[i].first)] = (uint32_t)i + 1;
	return PAGEOWNER_OK;
}

int po_holders_add(struct po_holders *h, const struct po_holding *g)
{
	if (make_room(h) < 0)
		return PAGEOWNER_ENOMEM;
	size_t i = place(h, g);
	if (!h->slot[i]) {
		h->holder[h->nr] = (struct po_holder){ .first = *g, .oldest = g->ts_ns, .newest = g->ts_ns };
		h->holder[h->nr].first.pages = 0;
		h->slot[i] = (uint32_t)++h->nr;
	}
	struct po_holder *o = &h->holder[h->slot[i] - 1];
	o->first.pages += g->pages;
	o->records++;
	if (g->ts_ns < o->oldest)
		o->oldest = g->ts_ns;
	if (g->ts_ns > o->newest)
		o->newest = g->ts_ns;
	h->pages += g->pages;
	if (g->stack && g->ts_ns != UINT64_MAX)
		count_time(h, g->ts_ns, g->pages);
	return PAGEOWNER_OK;
}

/* --- grouping ------------------------------------------------------------------------------------ */

/* A holder under the name that it is grouped by. */
struct named {
	const char *name;	/* not terminated */
	size_t len;
	const struct pageowner_stack *stack;	/* compared instead, if grouped by it */
	const struct po_holder *holder;
};

/* By what they are: where they lie in memory, and which thread met them first, shall show nowhere. */
static int compare_stacks(const struct pageowner_stack *a, const struct pageowner_stack *b)
{
	if (a == b || !a || !b)
		return a == b ? 0 : a ? 1 : -1;
	if (a->handle != b->handle)
		return a->handle < b->handle ? -1 : 1;
	for (uint32_t i = 0; i < a->nr_frames && i < b->nr_frames; i++)
		if (a->frames[i].address != b->frames[i].address)
			return a->frames[i].address < b->frames[i].address ? -1 : 1;
	return a->nr_frames < b->nr_frames ? -1 : a->nr_frames > b->nr_frames;
}

static int compare_keys(const struct named *a, const struct named *b)
{
	size_t len = a->len < b->len ? a->len : b->len;

	if (a->stack != b->stack)
		return compare_stacks(a->stack, b->stack);
	int order = memcmp(a->name, b->name, len);
	return order ? order : a->len < b->len ? -1 : a->len > b->len;
}

static int by_key(const void *a, const void *b)
{
	const struct named *x = a, *y = b;
	int order = compare_keys(x, y);

	if (order)
		return order;
	int32_t p = x->holder->first.pid, q = y->holder->first.pid;
	return p < q ? -1 : p > q;
}

static int by_pages(const void *a, const void *b)
{
	const struct pageowner_account_group *x = a, *y = b;

	if (x->pages != y->pages)
		return x->pages < y->pages ? 1 : -1;
	int order = strcmp(x->name, y->name);
	return order ? order : compare_stacks(x->stack, y->stack);
}

static const char *copy(struct po_holders *h, const char *text, size_t len)
{
	return po_arena_strndup(&h->arena, text, len);
}

static const char *process_name(struct po_holders *h, const struct po_holding *g)
{
	char buf[PAGEOWNER_COMM_MAX + 32];
	int n = 0;

	if (g->pid >= 0 && g->comm[0])
		n = snprintf(buf, sizeof(buf), "%s [%" PRId32 "]", g->comm, g->pid);
	else if (g->pid >= 0)
		n = snprintf(buf, sizeof(buf), "[%" PRId32 "]", g->pid);
	return copy(h, buf, n > 0 ? (size_t)n : 0);
}

static int name_holder(struct po_holders *h, enum pageowner_grouping by, struct named *n)
{
	const struct po_holding *g = &n->holder->first;
	struct po_bytes text = { "", 0 };

	if (by == PAGEOWNER_BY_CALLER)
		text = po_caller_of(g->stack, NULL);
	else if (by == PAGEOWNER_BY_MODULE)
		text = po_module_of(g->stack);
	else if (by == PAGEOWNER_BY_PROCESS && !(text.text = process_name(h, g)))
		return PAGEOWNER_ENOMEM;
	n->stack = by == PAGEOWNER_BY_STACK ? g->stack : NULL;
	n->name = text.text;
	n->len = by == PAGEOWNER_BY_PROCESS ? strlen(text.text) : text.len;
	return PAGEOWNER_OK;
}

static void set_ages(const struct po_holders *h, struct pageowner_account_group *g, const struct po_holder *o)
{
	if (o->oldest == UINT64_MAX)
		return;
	/* a record may be younger than the latest one that was seen, if it is corrupt */
	uint64_t oldest = o->oldest < h->now ? h->now - o->oldest : 0;
	uint64_t newest = o->newest < h->now ? h->now - o->newest : 0;

	if (!g->has_age || oldest > g->oldest_ns)
		g->oldest_ns = oldest;
	if (!g->has_age || newest < g->newest_ns)
		g->newest_ns = newest;
	g->has_age = 1;
}

/* What the names stand for that are the same: [n, end) makes g. */
static int sum_named(struct po_holders *h, enum pageowner_grouping by, const struct named *n, const struct named *end,
		     struct pageowner_account_group *g)
{
	const struct po_holder *most = n->holder;
	struct po_bytes text = { n->name, n->len };

	*g = (struct pageowner_account_group){ .stack = n->stack };
	for (const struct named *i = n; i < end; i++) {
		g->pages += i->holder->first.pages;
		g->records += i->holder->records;
		g->processes += i == n || i->holder->first.pid != i[-1].holder->first.pid;
		if (i->holder->first.pages > most->first.pages)
			most = i->holder;
		set_ages(h, g, i->holder);
	}
	if (by == PAGEOWNER_BY_STACK)
		text = po_caller_of(n->stack, NULL);
	struct po_bytes module = po_module_of(most->first.stack);
	g->name = copy(h, text.text, text.len);
	g->module = copy(h, module.text, module.len);
	g->process = process_name(h, &most->first);
	return g->name && g->module && g->process ? PAGEOWNER_OK : PAGEOWNER_ENOMEM;
}

static int group_by(struct po_holders *h, enum pageowner_grouping by)
{
	_cleanup_(po_freep) struct named *n = calloc(h->nr + 1, sizeof(*n));
	struct pageowner_account_group *g = calloc(h->nr + 1, sizeof(*g));
	size_t nr = 0;

	h->group[by] = g;
	if (!n || !g)
		return PAGEOWNER_ENOMEM;
	for (size_t i = 0; i < h->nr; i++) {
		n[i].holder = &h->holder[i];
		if (name_holder(h, by, &n[i]) < 0)
			return PAGEOWNER_ENOMEM;
	}
	if (h->nr)
		qsort(n, h->nr, sizeof(*n), by_key);
	for (size_t i = 0, from = 0; i < h->nr; i++) {
		if (i + 1 < h->nr && compare_keys(&n[i], &n[i + 1]) == 0)
			continue;
		if (sum_named(h, by, n + from, n + i + 1, &g[nr++]) < 0)
			return PAGEOWNER_ENOMEM;
		from = i + 1;
	}
	if (nr)
		qsort(g, nr, sizeof(*g), by_pages);
	h->nr_groups[by] = nr;
	return PAGEOWNER_OK;
}

/* Steps of age; the bins are fine enough for each of them but the first ones, when time has become long. */
static int group_by_age(struct po_holders *h)
{
	static const struct {
		uint64_t ns;
		const char *name;
	} steps[] = {
		{ 1000000000ull, "less than 1 s" },
		{ 10000000000ull, "1 s to 10 s" },
		{ 60000000000ull, "10 s to 1 min" },
		{ 600000000000ull, "1 to 10 min" },
		{ 3600000000000ull, "10 min to 1 h" },
		{ 86400000000000ull, "1 h to 1 day" },
		{ UINT64_MAX, "more than 1 day" },
	};
	const size_t nr = sizeof(steps) / sizeof(*steps);
	uint64_t pages[sizeof(steps) / sizeof(*steps)] = { 0 };
	struct pageowner_account_group *g = calloc(nr, sizeof(*g));

	h->group[PAGEOWNER_BY_AGE] = g;
	if (!g)
		return PAGEOWNER_ENOMEM;
	for (size_t i = 0; i < PO_TIME_BINS; i++) {
		uint64_t middle = i * h->bin_ns + h->bin_ns / 2, age = middle < h->now ? h->now - middle : 0;
		size_t step = 0;

		while (age >= steps[step].ns)
			step++;
		pages[step] += h->bin[i];
	}
	for (size_t i = 0; i < nr; i++)
		if (pages[i])
			g[h->nr_groups[PAGEOWNER_BY_AGE]++] = (struct pageowner_account_group){
				.name = steps[i].name, .module = "", .process = "", .pages = pages[i] };
	return PAGEOWNER_OK;
}

int po_holders_group(struct po_holders *h)
{
	int rc = PAGEOWNER_OK;

	for (unsigned by = 0; by < PAGEOWNER_BY_AGE && rc == PAGEOWNER_OK; by++)
		rc = group_by(h, by);
	return rc == PAGEOWNER_OK ? group_by_age(h) : rc;
}
