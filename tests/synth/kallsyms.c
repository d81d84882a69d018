/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "synth/kallsyms.h"

#include <stdlib.h>
#include <string.h>

/*
 * A token for each printable character, and above those some that stand for several, as the build's own
 * compressor finds them; one even begins with nm's letter.
 */
static const char *const long_tokens[] = { "_page", "alloc", "Tk", "sys_", "_x64" };
#define FIRST_LONG 0x80u
#define NR_LONG (sizeof(long_tokens) / sizeof(*long_tokens))

static void put_tokens(struct world *w, uint64_t table, uint64_t index)
{
	uint64_t at = 0;

	for (unsigned t = 0; t < 256; t++) {
		char text[8] = "";

		if (t > ' ' && t <= '~')
			text[0] = (char)t;
		else if (t - FIRST_LONG < NR_LONG)
			strcpy(text, long_tokens[t - FIRST_LONG]);
		world_number(w, index + 2u * t, 2, at);
		world_string(w, table + at, text);
		at += strlen(text) + 1;
	}
}

static uint8_t next_token(const char **name)
{
	for (unsigned i = 0; i < NR_LONG; i++) {
		size_t len = strlen(long_tokens[i]);
		if (!strncmp(*name, long_tokens[i], len)) {
			*name += len;
			return (uint8_t)(FIRST_LONG + i);
		}
	}
	return (uint8_t)*(*name)++;
}

/* One record: one or two bytes of length, then tokens. */
static uint64_t put_name(struct world *w, uint64_t at, const char *name, bool one_byte)
{
	uint8_t raw[1024];
	size_t len = 0;

	while (*name && len < sizeof(raw))
		raw[len++] = next_token(&name);
	if (len < 0x80 || one_byte) {
		world_number(w, at++, 1, len);
	} else {
		world_number(w, at++, 1, 0x80 | (len & 0x7f));
		world_number(w, at++, 1, len >> 7);
	}
	world_write(w, at, raw, len);
	return at + len;
}

static uint64_t entry_value(enum synth_form form, uint64_t kva, uint64_t base, uint64_t place)
{
	switch (form) {
	case SYNTH_RELATIVE:
		return kva - base;
	case SYNTH_PERCPU:
		return kva < base ? kva : base - 1 - kva;
	case SYNTH_PLACE:
		return kva - place;
	default:
		return kva;
	}
}

void synth_kallsyms(struct world *w, uint64_t paddr, enum synth_form form,
		    const struct synth_symbol *syms, size_t nr, struct po_kallsyms_where *where)
{
	bool one_byte = form & SYNTH_SHORT;
	form &= ~(unsigned)SYNTH_SHORT;
	bool absolute = form == SYNTH_ABSOLUTE, based = form == SYNTH_RELATIVE || form == SYNTH_PERCPU;
	size_t entry = absolute ? w->abi.ptr_size : 4, word = absolute ? w->abi.ptr_size : 4;
	uint64_t addrs = paddr, base_at = addrs + (nr * entry + 7) / 8 * 8, num = base_at + 8;
	uint64_t names = num + 8, at = names, base = 0, offsets[64] = { 0 };

	for (size_t i = 0; i < nr && !base; i++)
		if (form != SYNTH_PERCPU || syms[i].kva >= w->base)
			base = syms[i].kva;
	for (size_t i = 0; i < nr; i++) {
		uint64_t place = w->base + addrs + i * entry;
		world_number(w, addrs + i * entry, entry,
			     entry_value(form, syms[i].kva, base, place));
		if (i % 256 == 0 && i / 256 < 64)
			offsets[i / 256] = at - names;
		at = put_name(w, at, syms[i].name, one_byte);
	}
	uint64_t markers = (at + 7) / 8 * 8;
	for (size_t k = 0; k * 256 < nr && k < 64; k++)
		world_number(w, markers + k * word, word, offsets[k]);
	uint64_t tokens = markers + (nr + 255) / 256 * word, index = tokens + 1024;
	put_tokens(w, tokens, index);
	world_number(w, num, word, nr);
	if (based)
		world_ptr(w, base_at, base);

	where->addresses = absolute ? w->base + addrs : 0;
	where->offsets = absolute ? 0 : w->base + addrs;
	where->relative_base = based ? w->base + base_at : 0;
	where->num_syms = w->base + num;
	where->names = w->base + names;
	where->markers = w->base + markers;
	where->token_table = w->base + tokens;
	where->token_index = w->base + index;
	where->num_syms_size = where->marker_size = word;
}

struct sorted {
	char name[520];
	uint32_t index;
};

static int by_name(const void *a, const void *b)
{
	const struct sorted *x = a, *y = b;
	int c = strcmp(x->name, y->name);

	return c ? c : x->index < y->index ? -1 : x->index > y->index;
}

void synth_order(struct world *w, uint64_t paddr, const struct synth_symbol *syms, size_t nr,
		 void (*cut)(char *name), struct po_kallsyms_where *where)
{
	struct sorted *s = calloc(nr, sizeof(*s));

	if (!s)
		abort();
	for (size_t i = 0; i < nr; i++) {
		s[i].index = (uint32_t)i;
		strncpy(s[i].name, syms[i].name + 1, sizeof(s[i].name) - 1);
		if (cut)
			cut(s[i].name);
	}
	qsort(s, nr, sizeof(*s), by_name);
	for (size_t i = 0; i < nr; i++)
		for (unsigned k = 0; k < 3; k++)
			world_number(w, paddr + 3 * i + k, 1, s[i].index >> (16 - 8 * k) & 0xff);
	where->seqs_of_names = w->base + paddr;
	free(s);
}
