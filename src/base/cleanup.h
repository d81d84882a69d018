/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Scope guards: a local is released when its scope ends, unless po_take() hands it over. */
#ifndef PO_BASE_CLEANUP_H
#define PO_BASE_CLEANUP_H

#include <stdlib.h>
#include <unistd.h>

#define _cleanup_(fn) __attribute__((cleanup(fn)))

/* static void <fn>p(<type> **p): for use as _cleanup_(<fn>p) */
#define PO_DEFINE_CLEANUP(type, fn)               \
	static inline void fn##p(type **p)        \
	{                                         \
		if (*p)                           \
			fn(*p);                   \
	}                                         \
	struct po_semicolon_

#define po_take(p)                         \
	(__extension__({                   \
		__typeof__(p) *src_ = &(p); \
		__typeof__(p) got_ = *src_; \
		*src_ = NULL;              \
		got_;                      \
	}))

static inline void po_freep(void *p)
{
	free(*(void **)p);
}

static inline void po_closefdp(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

#endif
