/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Failures as text.  The library never prints: the caller owns the struct and decides. */
#include "base/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int po_fail(struct pageowner_error *err, int code, const char *fmt, ...)
{
	if (!err)
		return code;
	va_list ap;
	va_start(ap, fmt);
	err->code = code;
	(void)vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	return code;
}

int po_within(struct pageowner_error *err, int rc, const char *fmt, ...)
{
	if (!err)
		return rc;
	char inner[PAGEOWNER_ERROR_MAX];
	memcpy(inner, err->text, sizeof(inner));
	inner[sizeof(inner) - 1] = '\0';

	va_list ap;
	va_start(ap, fmt);
	int n = vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	if (n >= 0 && (size_t)n + 3 < sizeof(err->text)) {
		size_t room = sizeof(err->text) - (size_t)n - 3, len = strnlen(inner, room);
		memcpy(err->text + n, ": ", 2);
		memcpy(err->text + n + 2, inner, len);
		err->text[(size_t)n + 2 + len] = '\0';
	}
	err->code = rc;
	return rc;
}

int po_fail_nomem(struct pageowner_error *err, const char *what)
{
	return po_fail(err, PAGEOWNER_ENOMEM, "%s: out of memory", what);
}

const char *pageowner_strerror(int code)
{
	static const char *const words[] = {
		[-PAGEOWNER_OK] = "success",
		[-PAGEOWNER_EINVAL] = "invalid argument",
		[-PAGEOWNER_ENOMEM] = "out of memory",
		[-PAGEOWNER_EIO] = "input or output failed",
		[-PAGEOWNER_ENODATA] = "not in dump",
		[-PAGEOWNER_ECORRUPT] = "corrupt data",
		[-PAGEOWNER_ENOTYPE] = "no type information",
		[-PAGEOWNER_ENOSYM] = "no such kernel symbol",
		[-PAGEOWNER_EUNSUPP] = "not supported",
		[-PAGEOWNER_EDISABLED] = "page_owner was off",
		[-PAGEOWNER_EMISMATCH] = "vmlinux and dump differ",
		[-PAGEOWNER_EFORMAT] = "unknown format",
		[-PAGEOWNER_ESTOPPED] = "stopped",
		[-PAGEOWNER_ETOOLONG] = "record too long for the kernel's buffer",
	};
	unsigned i = 0u - (unsigned)code;

	return i < sizeof(words) / sizeof(*words) ? words[i] : "unknown failure";
}
