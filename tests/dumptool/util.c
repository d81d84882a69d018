// SPDX-License-Identifier: LGPL-2.1-or-later
/* Small helpers of dumptool and kdcat. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dumptool.h"

void die(const char *fmt, ...)
{
	va_list ap;

	fputs("dumptool: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(1);
}

void *xrealloc(void *ptr, size_t size)
{
	ptr = realloc(ptr, size ? size : 1);
	if (!ptr)
		die("out of memory");
	return ptr;
}

/* Zeroed, so that padding in headers is. */
void *xmalloc(size_t size)
{
	void *ptr = calloc(1, size ? size : 1);

	if (!ptr)
		die("out of memory");
	return ptr;
}

char *xasprintf(const char *fmt, ...)
{
	va_list ap;
	char *text;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		die("out of memory");
	va_end(ap);
	return text;
}

bool all_zero(const uint8_t *buf, size_t len)
{
	return !len || (!buf[0] && !memcmp(buf, buf + 1, len - 1));
}

/* xorshift32: the same files on every machine. */
uint32_t prng(uint32_t *state)
{
	uint32_t x = *state ? *state : 0x9e3779b9;

	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	return *state = x;
}

uint64_t parse_number(const char *text, int base, const char *what)
{
	unsigned long long value;
	char *end;

	errno = 0;
	value = strtoull(text, &end, base);
	if (errno || end == text || *end || *text == '-')
		die("%s: not a number: %s", what, text);
	return value;
}
