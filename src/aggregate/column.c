/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The text behind the first line of a record, page_owner_sort's "stacktrace", is never put together twice: it is
 * known by its stack and by what follows that (migration, memory cgroups).  Equal texts have one number, whatever
 * their stacks' handles.
 */
#include "aggregate/column.h"

#include <stdlib.h>
#include <string.h>

#include <pageowner/error.h>

#define S PO_USE_SORT
#define C PO_USE_CULL
#define F PO_USE_FILTER
#define T PO_USE_TASK
const struct po_column_def po_columns[PO_NR_COLUMNS] = {
#define COLUMN(id, name, brief, heading, kind, uses, help) \
	[PO_COLUMN_##id] = { name, brief, heading, PO_KIND_##kind, uses, help },
#include "aggregate/columns.def"
#undef COLUMN
};
#undef S
#undef C
#undef F
#undef T

struct po_trail {
	uint32_t string;
	bool vmalloc;
};

void po_feed_fini(struct po_feed *f)
{
	po_strings_fini(&f->strings);
	free(f->trail);
	free(f->by_stack);
	free(f->pair);
	free(f->pair_trail);
	free(f->scratch);
}

/* --- numbers and names of a record --------------------------------------------------------------- */

/* "node=0" among the names of page flags; -1: the kernel does not tell. */
static int64_t field_of(const char *names, const char *field)
{
	const size_t len = strlen(field);
	const char *p = names;

	while (p && (p = strstr(p, field))) {
		if ((p == names || p[-1] == '|') && p[len] == '=')
			return strtoll(p + len + 1, NULL, 0);
		p += len;
	}
	return -1;
}

int64_t po_record_number(enum po_column c, const struct pageowner_record *rec)
{
	switch (c) {
	case PO_COLUMN_PID:
		return rec->have & PAGEOWNER_HAS_PID ? rec->pid : -1;
	case PO_COLUMN_TGID:
		return rec->have & PAGEOWNER_HAS_TGID ? rec->tgid : -1;
	case PO_COLUMN_ORDER:
		return rec->have & PAGEOWNER_HAS_ORDER ? (int64_t)rec->order : -1;
	case PO_COLUMN_HANDLE:
		return rec->have & PAGEOWNER_HAS_HANDLE ? (int64_t)rec->handle : -1;
	case PO_COLUMN_NODE:
		return field_of(rec->flag_names, "node");
	case PO_COLUMN_ZONE:
		return field_of(rec->flag_names, "zone");
	case PO_COLUMN_PFN:
		return rec->have & PAGEOWNER_HAS_PFN ? (int64_t)rec->pfn : -1;
	case PO_COLUMN_ALLOC_TS:
		return rec->have & PAGEOWNER_HAS_TS ? (int64_t)rec->ts_ns : -1;
	case PO_COLUMN_AGE:	/* the order is the same whatever is now */
		return rec->have & PAGEOWNER_HAS_TS ? INT64_MAX - (int64_t)(rec->ts_ns & INT64_MAX) : -1;
	case PO_COLUMN_FREE_TS:
		return rec->have & PAGEOWNER_HAS_FREE_TS ? (int64_t)rec->free_ts_ns : -1;
	case PO_COLUMN_FREE:
		return (rec->have & PAGEOWNER_HAS_FREE_TS) && rec->free_ts_ns != 0;
	default:
		return -1;
	}
}

static const char *owner(const struct pageowner_record *rec)
{
	return !(rec->have & PAGEOWNER_HAS_OWNER) ? NULL : rec->owner_dead ? "dead" : "alive";
}

static const char *charge(const struct pageowner_record *rec)
{
	return !(rec->have & PAGEOWNER_HAS_MEMCG) ? NULL : rec->memcg_offline ? "offline" : "online";
}

struct po_bytes po_record_string(enum po_column c, const struct pageowner_record *rec,
				 char *const *more_allocators)
{
	if (c == PO_COLUMN_CALLER)
		return po_caller_of(rec->stack, more_allocators);
	if (c == PO_COLUMN_MODULE)
		return po_module_of(rec->stack);
	const char *text = c == PO_COLUMN_NAME	      ? (rec->have & PAGEOWNER_HAS_COMM ? rec->comm : NULL) :
			   c == PO_COLUMN_GFP	      ? rec->gfp_names :
			   c == PO_COLUMN_FLAGS	      ? rec->flag_names :
			   c == PO_COLUMN_MIGRATETYPE ? rec->page_type_name :
			   c == PO_COLUMN_BLOCKTYPE   ? rec->block_type_name :
			   c == PO_COLUMN_REASON      ? rec->migrate_reason_name :
			   c == PO_COLUMN_MEMCG	      ? rec->memcg :
			   c == PO_COLUMN_SLAB	      ? rec->slab_cache :
			   c == PO_COLUMN_OWNER	      ? owner(rec) :
			   c == PO_COLUMN_CHARGE      ? charge(rec) :
							NULL;

	return text ? (struct po_bytes){ text, strlen(text) } : (struct po_bytes){ "", 0 };
}

/* --- lines --------------------------------------------------------------------------------------- */

static char *scratch(struct po_feed *f, size_t len)
{
	if (len > f->scratch_cap) {
		char *grown = realloc(f->scratch, len * 2);
		if (!grown)
			return NULL;
		f->scratch = grown;
		f->scratch_cap = len * 2;
	}
	return f->scratch;
}

static uint32_t add_joined(struct po_feed *f, struct po_bytes a, struct po_bytes b)
{
	char *both = scratch(f, a.len + b.len + 1);

	if (!both)
		return PO_NO_STRING;
	memcpy(both, a.text, a.len);
	memcpy(both + a.len, b.text, b.len);
	return po_strings_add(&f->strings, both, a.len + b.len);
}

static uint32_t head_string(struct po_feed *f, const struct pageowner_record *rec)
{
	const struct pageowner_lines *l = &rec->lines;
	struct po_bytes head = { l->text, l->head_len };
	struct po_bytes time = { l->ts_len ? l->text + l->ts_at : NULL, l->ts_len };

	if (!l->text && (!f->printer || f->printer->head(f->printer->self, rec, &head, &time) < 0))
		return PO_NO_STRING;
	if (f->keep_time || !time.len)
		return po_strings_add(&f->strings, head.text, head.len);
	const struct po_bytes before = { head.text, (size_t)(time.text - head.text) };
	const struct po_bytes after = { time.text + time.len, head.len - before.len - time.len };
	return add_joined(f, before, after);
}

static int get_frames(struct po_feed *f, const struct pageowner_record *rec, struct po_bytes *ret)
{
	if (!rec->lines.text)
		return f->printer ? f->printer->frames(f->printer->self, rec->stack, ret) : PAGEOWNER_EINVAL;
	*ret = (struct po_bytes){ rec->lines.text + rec->lines.frames_at, rec->lines.frames_len };
	return PAGEOWNER_OK;
}

static int get_rest(struct po_feed *f, const struct pageowner_record *rec, struct po_bytes *ret)
{
	const struct pageowner_lines *l = &rec->lines;

	if (!l->text)
		return f->printer ? f->printer->rest(f->printer->self, rec, ret) : PAGEOWNER_EINVAL;
	uint32_t at = l->frames_len ? l->frames_at + l->frames_len : l->head_len + l->pfn_len;
	*ret = (struct po_bytes){ l->text + at, l->len - 1 - at };
	return PAGEOWNER_OK;
}

/* --- texts behind the first line ----------------------------------------------------------------- */

static const char *line_before(const char *text, const char *p)
{
	while (p > text && p[-1] != '\n')
		p--;
	return p;
}

/* The rule of page_owner_sort: the line before that of __vmalloc_node_range is of alloc_pages. */
static bool is_vmalloc(const char *text)
{
	const char *range = strstr(text, "__vmalloc_node_range");

	if (!range)
		return false;
	const char *line = line_before(text, range);
	const char *before = line > text ? line_before(text, line - 1) : text;
	const char *alloc = strstr(before, "alloc_pages");
	return alloc && alloc < range;
}

static uint32_t add_trail(struct po_feed *f, uint32_t string)
{
	if (string == PO_NO_STRING)
		return PO_NO_STRING;
	if (f->nr_trails == f->trails_cap) {
		uint32_t cap = f->trails_cap ? f->trails_cap * 2 : 256;
		struct po_trail *grown = realloc(f->trail, cap * sizeof(*grown));
		if (!grown)
			return PO_NO_STRING;
		f->trail = grown;
		f->trails_cap = cap;
	}
	f->trail[f->nr_trails] = (struct po_trail){ string, is_vmalloc(f->strings.string[string].text) };
	return f->nr_trails++;
}

static uint32_t stack_trail(struct po_feed *f, const struct pageowner_record *rec)
{
	const size_t id = rec->stack ? rec->stack->id + (size_t)1 : 0;
	struct po_bytes frames = { "", 0 };

	if (id >= f->stacks_cap) {
		size_t cap = f->stacks_cap ? f->stacks_cap : 256;
		while (cap <= id)
			cap *= 2;
		uint32_t *grown = realloc(f->by_stack, cap * sizeof(*grown));
		if (!grown)
			return PO_NO_STRING;
		memset(grown + f->stacks_cap, 0, (cap - f->stacks_cap) * sizeof(*grown));
		f->by_stack = grown;
		f->stacks_cap = cap;
	}
	if (f->by_stack[id])
		return f->by_stack[id] - 1;
	if (rec->stack && get_frames(f, rec, &frames) < 0)
		return PO_NO_STRING;
	uint32_t trail = add_trail(f, po_strings_add(&f->strings, frames.text, frames.len));
	f->by_stack[id] = trail + 1;	/* PO_NO_STRING + 1 is 0 */
	return trail;
}

static size_t find_pair(const uint64_t *pair, const uint32_t *trail, size_t cap, uint64_t key)
{
	size_t i = po_hash_mix(key, cap) & (cap - 1);

	while (trail[i] && pair[i] != key)
		i = (i + 1) & (cap - 1);
	return i;
}

static bool grow_pairs(struct po_feed *f)
{
	size_t cap = f->pairs_cap ? f->pairs_cap * 2 : 256;
	uint64_t *pair = malloc(cap * sizeof(*pair));
	uint32_t *trail = calloc(cap, sizeof(*trail));

	if (!pair || !trail) {
		free(pair);
		free(trail);
		return false;
	}
	for (size_t i = 0; i < f->pairs_cap; i++) {
		if (!f->pair_trail[i])
			continue;
		size_t to = find_pair(pair, trail, cap, f->pair[i]);
		pair[to] = f->pair[i];
		trail[to] = f->pair_trail[i];
	}
	free(f->pair);
	free(f->pair_trail);
	f->pair = pair;
	f->pair_trail = trail;
	f->pairs_cap = cap;
	return true;
}

static uint32_t pair_trail(struct po_feed *f, const struct pageowner_record *rec, struct po_bytes rest)
{
	const uint32_t base = stack_trail(f, rec);
	const uint32_t follows = po_strings_add(&f->strings, rest.text, rest.len);

	if (base == PO_NO_STRING || follows == PO_NO_STRING ||
	    (f->nr_pairs * 2 >= f->pairs_cap && !grow_pairs(f)))
		return PO_NO_STRING;
	const uint64_t key = (uint64_t)base << 32 | follows;
	size_t i = find_pair(f->pair, f->pair_trail, f->pairs_cap, key);
	if (!f->pair_trail[i]) {
		const struct po_string *a = &f->strings.string[f->trail[base].string];
		const struct po_string *b = &f->strings.string[follows];
		uint32_t trail = add_trail(f, add_joined(f, (struct po_bytes){ a->text, a->len },
							 (struct po_bytes){ b->text, b->len }));
		if (trail == PO_NO_STRING)
			return PO_NO_STRING;
		f->pair[i] = key;
		f->pair_trail[i] = trail + 1;
		f->nr_pairs++;
	}
	return f->pair_trail[i] - 1;
}

static const struct po_trail *trail_of(struct po_feed *f, const struct pageowner_record *rec)
{
	const struct pageowner_lines *l = &rec->lines;
	struct po_bytes rest;

	if (f->now == PO_NO_STRING) {
		if (l->text && l->frames_len && l->frames_at != l->head_len + l->pfn_len)
			/* another line stands before the stack: no kernel is known to print that */
			f->now = add_trail(f, po_strings_add(&f->strings, l->text + l->head_len + l->pfn_len,
							     l->len - 1 - l->head_len - l->pfn_len));
		else if (get_rest(f, rec, &rest) < 0)
			return NULL;
		else
			f->now = rest.len ? pair_trail(f, rec, rest) : stack_trail(f, rec);
	}
	return f->now == PO_NO_STRING ? NULL : &f->trail[f->now];
}

/* --- values -------------------------------------------------------------------------------------- */

static bool names(const char *name, const char *part)
{
	return name && strstr(name, part);
}

static uint64_t allocator(const struct po_trail *trail, const struct pageowner_record *rec)
{
	uint64_t guess = 0;

	if (names(rec->page_type_name, "CMA") || names(rec->block_type_name, "CMA"))
		guess |= PO_ALLOCATOR_CMA;
	if (names(rec->flag_names, "slab"))
		guess |= PO_ALLOCATOR_SLAB;
	if (trail->vmalloc)
		guess |= PO_ALLOCATOR_VMALLOC;
	return guess ? guess : PO_ALLOCATOR_OTHERS;
}

static int string_value(uint32_t string, uint64_t *ret)
{
	*ret = string;
	return string == PO_NO_STRING ? PAGEOWNER_ENOMEM : PAGEOWNER_OK;
}

int po_feed_value(struct po_feed *f, enum po_column c, const struct pageowner_record *rec, uint64_t *ret)
{
	const struct po_trail *trail;

	if (c == PO_COLUMN_HEAD)
		return string_value(head_string(f, rec), ret);
	if (c == PO_COLUMN_STACKTRACE || c == PO_COLUMN_ALLOCATOR) {
		trail = trail_of(f, rec);
		if (!trail)
			return PAGEOWNER_ENOMEM;
		*ret = c == PO_COLUMN_STACKTRACE ? trail->string : allocator(trail, rec);
		return PAGEOWNER_OK;
	}
	if (po_column_is_string(c)) {
		const struct po_bytes s = po_record_string(c, rec, f->more_allocators);
		return string_value(po_strings_add(&f->strings, s.text, s.len), ret);
	}
	*ret = (uint64_t)po_record_number(c, rec);
	return PAGEOWNER_OK;
}
