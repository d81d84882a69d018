/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aggregate/filter.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "aggregate/plan.h"
#include "base/status.h"

static void condition_fini(struct po_condition *c)
{
	free(c->values);
	free(c->number);
}

/* Split at commas: strings one behind the other, in as many bytes as text has; returns how many. */
static size_t split(const char *text, char *to)
{
	size_t nr = 1;

	for (; *text; text++) {
		if (*text == '\\' && (text[1] == ',' || text[1] == '\\')) {
			*to++ = *++text;
		} else if (*text == ',') {
			*to++ = '\0';
			nr++;
		} else {
			*to++ = *text;
		}
	}
	*to = '\0';
	return nr;
}

static bool parse_number(const char *text, int64_t *ret)
{
	char *end;

	errno = 0;
	*ret = strtoll(text, &end, !strncmp(text, "0x", 2) ? 16 : 10);
	return !errno && end != text && !*end;
}

static int parse_numbers(struct po_condition *c, struct pageowner_error *err)
{
	const char *value = c->values;

	c->number = malloc(c->nr * sizeof(*c->number));
	if (!c->number)
		return po_fail_nomem(err, "filter");
	for (size_t i = 0; i < c->nr; i++, value += strlen(value) + 1)
		if (!parse_number(value, &c->number[i]))
			return po_fail(err, PAGEOWNER_EINVAL, "%s: \"%s\" is not a number",
				       po_columns[c->column].name, value);
	return PAGEOWNER_OK;
}

static int parse(const char *text, struct po_condition *ret, struct pageowner_error *err)
{
	const char *equal = strchr(text, '=');

	*ret = (struct po_condition){ .nr = 0 };
	if (!equal)
		return po_fail(err, PAGEOWNER_EINVAL, "%s: not KEY=VALUE,…", text);
	int rc = po_plan_key(text, (size_t)(equal - text), PO_USE_FILTER, &ret->column, err);
	if (rc < 0)
		return rc;
	ret->values = malloc(strlen(equal + 1) + 1);
	if (!ret->values)
		return po_fail_nomem(err, "filter");
	ret->nr = split(equal + 1, ret->values);
	return po_column_is_string(ret->column) ? PAGEOWNER_OK : parse_numbers(ret, err);
}

/* One of the words between bars. */
static bool has_word(struct po_bytes list, const char *word, size_t len)
{
	const char *p = list.text, *end = list.text + list.len;

	while (p < end) {
		const char *bar = memchr(p, '|', (size_t)(end - p));
		const size_t n = (size_t)((bar ? bar : end) - p);

		if (n == len && !memcmp(p, word, len))
			return true;
		p += n + 1;
	}
	return false;
}

static bool is_met(const struct po_condition *c, const struct pageowner_record *rec,
		   char *const *more_allocators)
{
	const char *value = c->values;

	if (!po_column_is_string(c->column)) {
		const int64_t n = po_record_number(c->column, rec);
		for (size_t i = 0; i < c->nr; i++)
			if (c->number[i] == n)
				return true;
		return false;
	}
	const struct po_bytes s = po_record_string(c->column, rec, more_allocators);
	const bool list = po_columns[c->column].kind == PO_KIND_LIST;
	for (size_t i = 0; i < c->nr; i++) {
		const size_t len = strlen(value);
		if ((len == s.len && !memcmp(value, s.text, len)) || (list && has_word(s, value, len)))
			return true;
		value += len + 1;
	}
	return false;
}

/* --- frames -------------------------------------------------------------------------------------- */

enum { FRAME_UNKNOWN, FRAME_FOUND, FRAME_NONE };

static int find_frame(const regex_t *regex, const struct pageowner_stack *stack)
{
	for (uint32_t i = 0; i < stack->nr_frames; i++)
		if (regexec(regex, stack->frames[i].text, 0, NULL, 0) == 0)
			return FRAME_FOUND;
	return FRAME_NONE;
}

/* Each stack is looked through once; without memory, each time. */
static bool has_frame(const struct po_filter *f, struct po_filter_memo *memo,
		      const struct pageowner_stack *stack)
{
	if (!stack)
		return false;
	if (stack->id >= memo->nr) {
		size_t nr = stack->id * (size_t)2 + 256;
		uint8_t *grown = realloc(memo->has_frame, nr);
		if (!grown)
			return find_frame(&f->frame, stack) == FRAME_FOUND;
		memset(grown + memo->nr, FRAME_UNKNOWN, nr - memo->nr);
		memo->has_frame = grown;
		memo->nr = nr;
	}
	uint8_t *found = &memo->has_frame[stack->id];
	if (*found == FRAME_UNKNOWN)
		*found = (uint8_t)find_frame(&f->frame, stack);
	return *found == FRAME_FOUND;
}

/* --- all of it ----------------------------------------------------------------------------------- */

int po_filter_add(struct po_filter *f, const char *text, struct pageowner_error *err)
{
	struct po_condition *grown =
		realloc(f->condition, (f->nr_conditions + 1) * sizeof(*f->condition));

	if (!grown)
		return po_fail_nomem(err, "filter");
	f->condition = grown;
	int rc = parse(text, &grown[f->nr_conditions], err);
	if (rc < 0)
		condition_fini(&grown[f->nr_conditions]);
	else
		f->nr_conditions++;
	return rc;
}

int po_filter_frame(struct po_filter *f, const char *regex, struct pageowner_error *err)
{
	int rc = regcomp(&f->frame, regex, REG_EXTENDED | REG_NOSUB);

	if (rc) {
		char why[128];
		(void)regerror(rc, &f->frame, why, sizeof(why));
		return po_fail(err, PAGEOWNER_EINVAL, "frame: %s: %s", regex, why);
	}
	f->by_frame = true;
	return PAGEOWNER_OK;
}

int po_filter_allocators(struct po_filter *f, const char *list, struct pageowner_error *err)
{
	f->names = malloc(strlen(list) + 1);
	f->more_allocators = calloc(strlen(list) + 2, sizeof(*f->more_allocators));
	if (!f->names || !f->more_allocators)
		return po_fail_nomem(err, "allocators");
	char *name = f->names;
	for (size_t i = 0, nr = split(list, name); i < nr; i++, name += strlen(name) + 1)
		f->more_allocators[i] = name;
	return PAGEOWNER_OK;
}

void po_filter_fini(struct po_filter *f)
{
	for (size_t i = 0; i < f->nr_conditions; i++)
		condition_fini(&f->condition[i]);
	free(f->condition);
	free(f->more_allocators);
	free(f->names);
	if (f->by_frame)
		regfree(&f->frame);
}

bool po_filter_has(const struct po_filter *f, enum po_column c)
{
	for (size_t i = 0; i < f->nr_conditions; i++)
		if (f->condition[i].column == c)
			return true;
	return false;
}

/* What does not tell its time is neither old nor new. */
static bool has_age(const struct pageowner_age *age, uint64_t now, const struct pageowner_record *rec)
{
	if (!age->has_older && !age->has_newer)
		return true;
	if (!(rec->have & PAGEOWNER_HAS_TS))
		return false;
	const uint64_t past = rec->ts_ns < now ? now - rec->ts_ns : 0;
	return (!age->has_older || past >= age->older) && (!age->has_newer || past < age->newer);
}

bool po_filter_takes(const struct po_filter *f, struct po_filter_memo *memo,
		     const struct pageowner_record *rec)
{
	for (size_t i = 0; i < f->nr_conditions; i++)
		if (!is_met(&f->condition[i], rec, f->more_allocators))
			return false;
	if (f->by_frame && !has_frame(f, memo, rec->stack))
		return false;
	if (!has_age(&f->age, memo->now, rec))
		return false;
	return !f->unreleased || !(rec->have & PAGEOWNER_HAS_FREE_TS) || !rec->free_ts_ns ||
	       ((rec->have & PAGEOWNER_HAS_TS) && rec->ts_ns >= rec->free_ts_ns);
}
