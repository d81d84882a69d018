/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Output with a sticky error: write freely, check once at the end. */
#ifndef PO_BASE_SINK_H
#define PO_BASE_SINK_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define PO_SINK_BUF (64u << 10)

struct po_sink {
	int (*write)(void *self, const char *text, size_t len);	/* 0 or an errno value */
	void *self;
	int error;		/* the first one; after it nothing more is written */
	size_t len;
	char buf[PO_SINK_BUF];
};

void po_sink_init(struct po_sink *s, int (*write)(void *self, const char *text, size_t len),
		  void *self);
/* Hand everything over; returns the sticky error. */
int po_sink_flush(struct po_sink *s);
/* Control bytes as \x1b: for all that is not in the kernel's own format, whose bytes stay as they are. */
void po_sink_put_plain(struct po_sink *s, const char *text, size_t len);
void po_sink_put_slow(struct po_sink *s, const char *text, size_t len);

static inline void po_sink_put(struct po_sink *s, const char *text, size_t len)
{
	if (len > PO_SINK_BUF || len > PO_SINK_BUF - s->len) {
		po_sink_put_slow(s, text, len);
		return;
	}
	memcpy(s->buf + s->len, text, len);
	s->len += len;
}

/* Numbers without printf: at most 20 characters; they return the length. */
size_t po_put_decimal(char *to, uint64_t v);
size_t po_put_signed(char *to, int64_t v);
size_t po_put_hex(char *to, uint64_t v);
/* The size of so many pages of 1024 bytes or more, "64 KiB", "1.5 GiB": exact, or with one decimal. */
size_t po_put_size(char *to, uint64_t pages, uint64_t page_size);

#endif
