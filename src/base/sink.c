/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/sink.h"

#include <stdlib.h>

void po_sink_init(struct po_sink *s, int (*write)(void *self, const char *text, size_t len),
		  void *self)
{
	s->write = write;
	s->self = self;
	s->error = 0;
	s->len = 0;
}

int po_sink_flush(struct po_sink *s)
{
	if (s->len && !s->error)
		s->error = s->write(s->self, s->buf, s->len);
	s->len = 0;
	return s->error;
}

void po_sink_put_slow(struct po_sink *s, const char *text, size_t len)
{
	po_sink_flush(s);
	if (len < PO_SINK_BUF) {
		memcpy(s->buf, text, len);
		s->len = len;
	} else if (!s->error) {
		s->error = s->write(s->self, text, len);
	}
}

void po_sink_put_plain(struct po_sink *s, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		const unsigned char c = (unsigned char)text[i];
		const char escape[4] = { '\\', 'x', "0123456789abcdef"[c >> 4], "0123456789abcdef"[c & 15] };
		if (c < ' ' || c == 0x7f)
			po_sink_put(s, escape, sizeof(escape));
		else
			po_sink_put(s, text + i, 1);
	}
}

char *po_buffer_room(struct po_buffer *b, size_t need)
{
	if (need <= b->room - b->len)
		return b->text + b->len;
	size_t room = (b->len + need) * 2;
	char *grown = realloc(b->text, room);
	if (!grown)
		return NULL;
	b->text = grown;
	b->room = room;
	return b->text + b->len;
}

void po_buffer_fini(struct po_buffer *b)
{
	free(b->text);
	*b = (struct po_buffer){ .text = NULL };
}

static const char decimal_pairs[] =
	"00010203040506070809101112131415161718192021222324252627282930313233343536373839404142434445464748"
	"4950515253545556575859606162636465666768697071727374757677787980818283848586878889909192939495969798"
	"99";

static size_t decimal_digits(uint64_t v)
{
	static const uint64_t power[] = {
		0, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000, 10000000000,
		100000000000, 1000000000000, 10000000000000, 100000000000000, 1000000000000000,
		10000000000000000, 100000000000000000, 1000000000000000000, 10000000000000000000u,
	};
	/* 1233 / 4096 is the logarithm of 2 to base 10, nearly: one too few at most */
	const size_t n = (size_t)(64 - __builtin_clzll(v | 1)) * 1233 >> 12;

	return n + (v >= power[n]);
}

size_t po_put_decimal(char *to, uint64_t v)
{
	const size_t n = v ? decimal_digits(v) : 1;
	char *at = to + n;

	for (; v >= 100; v /= 100)
		memcpy(at -= 2, decimal_pairs + v % 100 * 2, 2);
	if (v >= 10)
		memcpy(at - 2, decimal_pairs + v * 2, 2);
	else
		at[-1] = (char)('0' + v);
	return n;
}

size_t po_put_signed(char *to, int64_t v)
{
	if (v >= 0)
		return po_put_decimal(to, (uint64_t)v);
	*to = '-';
	return 1 + po_put_decimal(to + 1, 0 - (uint64_t)v);
}

size_t po_put_hex(char *to, uint64_t v)
{
	size_t n = v ? (size_t)(67 - __builtin_clzll(v)) / 4 : 1;

	for (size_t i = n; i-- > 0; v >>= 4)
		to[i] = "0123456789abcdef"[v & 15];
	return n;
}

size_t po_put_size(char *to, uint64_t pages, uint64_t page_size)
{
	static const char units[] = "KMGTPE";
	uint64_t kib, unit = 1, tenths;
	size_t i = 0, n;

	if (__builtin_mul_overflow(pages, page_size >> 10, &kib) || kib > UINT64_MAX / 20)
		kib = UINT64_MAX / 20;
	/* 1023.96 KiB is 1 MiB: the rounded number decides */
	while ((tenths = (kib * 20 / unit + 1) / 2) >= 10240 && i < sizeof(units) - 2) {
		unit <<= 10;
		i++;
	}
	n = po_put_decimal(to, tenths / 10);
	if (kib % unit) {
		to[n++] = '.';
		to[n++] = (char)('0' + tenths % 10);
	}
	to[n++] = ' ';
	to[n++] = units[i];
	to[n++] = 'i';
	to[n++] = 'B';
	return n;
}
