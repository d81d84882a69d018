/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What people write to name a page frame. */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <pageowner/lookup.h>

#include "base/status.h"

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool parse_number(const char *text, uint64_t *ret)
{
	bool hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
	char *end;

	errno = 0;
	*ret = strtoull(text, &end, hex ? 16 : 10);
	return !errno && !*end && is_digit(*text) && end > text + (hex ? 2 : 0);
}

/* The kind that the prefix before the colon stands for; false: none. */
static bool parse_prefix(const char *text, const char *colon, struct pageowner_target *ret)
{
	static const struct {
		const char *name;
		enum pageowner_target_kind kind;
	} prefixes[] = {
		{ "pfn", PAGEOWNER_TARGET_PFN },
		{ "phys", PAGEOWNER_TARGET_PHYS },
		{ "page", PAGEOWNER_TARGET_PAGE },
		{ "virt", PAGEOWNER_TARGET_VIRT },
	};
	size_t len = (size_t)(colon - text);
	long pid = 0;

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(*prefixes); i++)
		if (strlen(prefixes[i].name) == len && !memcmp(prefixes[i].name, text, len)) {
			ret->kind = prefixes[i].kind;
			return true;
		}
	for (const char *p = text; p < colon; p++) {
		if (!is_digit(*p) || pid > (INT32_MAX - 9) / 10)
			return false;
		pid = pid * 10 + (*p - '0');
	}
	ret->kind = PAGEOWNER_TARGET_USER;
	ret->pid = (int32_t)pid;
	return len > 0;
}

int pageowner_target_parse(const char *text, struct pageowner_target *ret, struct pageowner_error *err)
{
	const char *colon = strchr(text, ':'), *number = text;

	*ret = (struct pageowner_target){ .kind = PAGEOWNER_TARGET_ANY };
	if (colon && !parse_prefix(text, colon, ret))
		return 0;
	if (colon)
		number = colon + 1;
	if (parse_number(number, &ret->value))
		return 1;
	if (!colon)
		return 0;
	return po_fail(err, PAGEOWNER_EINVAL, "\"%s\" is no number (decimal, or hexadecimal after 0x)", number);
}
