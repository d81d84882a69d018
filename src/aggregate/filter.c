/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aggregate/filter.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "aggregate/plan.h"
#include "base/status.h"

void po_condition_fini(struct po_condition *c)
{
	free(c->values);
	free(c->number);
}

size_t po_split_list(const char *text, char *to)
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

int po_condition_parse(const char *text, struct po_condition *ret, struct pageowner_error *err)
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
	ret->nr = po_split_list(equal + 1, ret->values);
	return po_column_is_string(ret->column) ? PAGEOWNER_OK : parse_numbers(ret, err);
}

/* All of it, or a word between bars. */
static bool has_word(struct po_bytes list, const char *word, size_t len)
{
	for (const char *p = list.text; (p = strstr(p, word)); p++)
		if ((p == list.text || p[-1] == '|') && (!p[len] || p[len] == '|'))
			return len > 0 || !list.len;
	return false;
}

bool po_condition_met(const struct po_condition *c, const struct pageowner_record *rec,
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
