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

/* memcpy() for what is mostly a few bytes; returns the end. */
static inline char *po_copy(char *to, const char *from, size_t len)
{
	if (len > 32) {
		memcpy(to, from, len);
	} else if (len >= 16) {
		memcpy(to, from, 16);
		memcpy(to + len - 16, from + len - 16, 16);
	} else if (len >= 8) {
		memcpy(to, from, 8);
		memcpy(to + len - 8, from + len - 8, 8);
	} else if (len >= 4) {
		memcpy(to, from, 4);
		memcpy(to + len - 4, from + len - 4, 4);
	} else {
		for (size_t i = 0; i < len; i++)
			to[i] = from[i];
	}
	return to + len;
}

/* Text that grows in memory; a zeroed one is empty. */
struct po_buffer {
	char *text;
	size_t len, room;
};

/* Where so many bytes more can be written; len is then the writer's to raise.  NULL: out of memory. */
char *po_buffer_room(struct po_buffer *b, size_t need);
void po_buffer_fini(struct po_buffer *b);

/* Numbers without printf: at most 20 characters; they return the length. */
size_t po_put_decimal(char *to, uint64_t v);
size_t po_put_signed(char *to, int64_t v);
size_t po_put_hex(char *to, uint64_t v);
/* The size of so many pages of 1024 bytes or more, "64 KiB", "1.5 GiB": exact, or with one decimal. */
size_t po_put_size(char *to, uint64_t pages, uint64_t page_size);

#endif
