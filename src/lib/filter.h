/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The public filter is aggregate's own. */
#ifndef PO_LIB_FILTER_H
#define PO_LIB_FILTER_H

#include <pageowner/filter.h>

#include "aggregate/filter.h"

struct pageowner_session;

struct pageowner_filter {
	struct po_filter f;
};

/* What is now, for the memo of whoever filters; 0 if nothing asks for it.  f may be NULL. */
int po_session_now(struct pageowner_session *s, const struct po_filter *f, uint64_t *ret, struct pageowner_error *err);

#endif
