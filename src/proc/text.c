/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "proc/proc.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/status.h"

#define LINE_CAP 2048
#define WORD_CAP 32

void po_proc_put(const struct po_proc *p, const char *fmt, ...)
{
	char buf[LINE_CAP];
	va_list ap;

	va_start(ap, fmt);
	int n = vsnprintf(buf, sizeof(buf), fmt, ap);
	va_end(ap);
	if (n > 0)
		po_sink_put(p->sink, buf, strnlen(buf, sizeof(buf)));
}

void po_proc_flaw(const struct po_proc *p, const struct pageowner_error *err)
{
	if (err->code != PAGEOWNER_OK && p->flaw)
		p->flaw(p->arg, err);
}

bool po_proc_has_string(const struct po_proc *p, const char *s)
{
	return memmem(p->rodata->data, p->rodata->len, s, strlen(s) + 1) != NULL;
}

const char *po_proc_string(const struct po_proc *p, const char *start)
{
	const char *at = p->rodata->data, *end = at + p->rodata->len;
	size_t len = strlen(start);

	for (; at && at < end; at++) {
		at = memmem(at, (size_t)(end - at), start, len);
		if (at && memchr(at, '\0', (size_t)(end - at)) && (at == p->rodata->data || at[-1] == '\0'))
			return at;
		if (!at)
			break;
	}
	return NULL;
}

/* --- format strings of the kernel ---------------------------------------------------------------- */

/* The last word before a conversion, without what follows it (": ("). */
static void word_before(const char *format, const char *at, char word[WORD_CAP])
{
	const char *end = at;

	while (end > format && !isalnum((unsigned char)end[-1]) && end[-1] != '_')
		end--;
	const char *start = end;
	while (start > format && (isalnum((unsigned char)start[-1]) || start[-1] == '_'))
		start--;
	size_t len = (size_t)(end - start) < WORD_CAP ? (size_t)(end - start) : WORD_CAP - 1;
	memcpy(word, start, len);
	word[len] = '\0';
}

/* %lu, %ld: as wide as a pointer; the others 32 bits. */
static void put_number(const struct po_proc *p, bool is_long, bool is_signed, uint64_t v)
{
	unsigned bits = is_long ? p->k->abi.ptr_size * 8u : 32;

	if (is_signed)
		po_proc_put(p, "%" PRId64, po_sign_extend(v, bits));
	else
		po_proc_put(p, "%" PRIu64, bits == 64 ? v : v & UINT32_MAX);
}

int po_proc_format(const struct po_proc *p, const char *format,
		   int (*value)(void *arg, const char *word, uint64_t *ret, struct pageowner_error *err), void *arg,
		   struct pageowner_error *err)
{
	char word[WORD_CAP];
	uint64_t v = 0;

	for (const char *at = format; *at;) {
		size_t len = strcspn(at, "%");
		po_sink_put(p->sink, at, len);
		at += len;
		if (!*at)
			break;
		word_before(format, at, word);
		bool is_long = at[1] == 'l';
		char conversion = at[1 + is_long];
		if (conversion != 'u' && conversion != 'd' && conversion != 'i')
			return po_fail(err, PAGEOWNER_EUNSUPP, "this kernel prints \"%s\" by a conversion that is not "
				       "known", word);
		int rc = value(arg, word, &v, err);
		if (rc < 0)
			return rc;
		if (rc == 0)
			return po_fail(err, PAGEOWNER_EUNSUPP, "this kernel prints \"%s\", which is not known", word);
		put_number(p, is_long, conversion != 'u', v);
		at += 2 + is_long;
	}
	return PAGEOWNER_OK;
}
