/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "memory/vmcoreinfo.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

const char *po_vmcoreinfo_get(const char *note, const char *key, size_t *ret_len)
{
	size_t key_len = strlen(key);

	for (const char *line = note; line && *line;) {
		const char *end = strchr(line, '\n');
		size_t len = end ? (size_t)(end - line) : strlen(line);

		if (len > key_len && line[key_len] == '=' && !memcmp(line, key, key_len)) {
			*ret_len = len - key_len - 1;
			return line + key_len + 1;
		}
		line = end ? end + 1 : NULL;
	}
	return NULL;
}

/* Up to 31 characters of a value, terminated, as a number. */
static bool parse(const char *note, const char *key, int base, bool is_signed, uint64_t *ret)
{
	size_t len;
	const char *value = po_vmcoreinfo_get(note, key, &len);
	char buf[32], *end;

	if (!value || len == 0 || len >= sizeof(buf))
		return false;
	memcpy(buf, value, len);
	buf[len] = '\0';
	if (base == 10 && !strncmp(buf, "0x", 2))
		base = 16;
	errno = 0;
	uint64_t v = is_signed && buf[0] == '-' ? (uint64_t)strtoll(buf, &end, base) :
						  strtoull(buf, &end, base);
	if (errno || *end)
		return false;
	*ret = v;
	return true;
}

bool po_vmcoreinfo_number(const char *note, const char *key, int64_t *ret)
{
	uint64_t v;

	if (!parse(note, key, 10, true, &v))
		return false;
	*ret = (int64_t)v;
	return true;
}

bool po_vmcoreinfo_address(const char *note, const char *key, uint64_t *ret)
{
	return parse(note, key, 16, false, ret);
}
