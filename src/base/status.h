/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One failure, told from the outside in: made where it happens, given context on the way out. */
#ifndef PO_BASE_STATUS_H
#define PO_BASE_STATUS_H

#include <pageowner/error.h>

#define PO_PRINTF(f, a) __attribute__((format(printf, f, a)))

/* Set err (may be NULL) to code and text; returns code. */
int po_fail(struct pageowner_error *err, int code, const char *fmt, ...) PO_PRINTF(3, 4);

/* Put "text: " before what err tells already; returns rc. */
int po_within(struct pageowner_error *err, int rc, const char *fmt, ...) PO_PRINTF(3, 4);

/* "out of memory" for what was being made. */
int po_fail_nomem(struct pageowner_error *err, const char *what);

#endif
