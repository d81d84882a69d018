/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/strings.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/grow.h"

static uint64_t load8(const char *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/* Two lanes of 128-bit products: texts of stacks are long, and each is hashed once a record. */
uint64_t po_hash(const void *data, size_t len)
{
	const char *p = data;
	uint64_t a = len, b = ~(uint64_t)len;
	char last[16] = { 0 };

	for (; len >= 32; p += 32, len -= 32) {
		a = po_hash_mix(a ^ load8(p), load8(p + 8));
		b = po_hash_mix(b ^ load8(p + 16), load8(p + 24));
	}
	for (; len >= 16; p += 16, len -= 16)
		a = po_hash_mix(a ^ load8(p), load8(p + 8));
	memcpy(last, p, len);
	return po_hash_mix(a ^ load8(last), b ^ load8(last + 8));
}

/* --- the set ------------------------------------------------------------------------------------- */

static bool is_at(const struct po_strings *s, uint64_t slot, const char *text, size_t len, uint32_t hash)
{
	const struct po_string *found = &s->string[(uint32_t)slot - 1];

	return slot >> 32 == hash && found->len == len && !memcmp(found->text, text, len);
}

static uint64_t *find_slot(const struct po_strings *s, const char *text, size_t len, uint32_t hash)
{
	size_t i = hash & (s->slots - 1);

	while (s->slot[i] && !is_at(s, s->slot[i], text, len, hash))
		i = (i + 1) & (s->slots - 1);
	return &s->slot[i];
}

static bool grow_slots(struct po_strings *s)
{
	size_t slots = s->slots ? s->slots * 2 : 256;
	uint64_t *slot = calloc(slots, sizeof(*slot));

	if (!slot)
		return false;
	for (size_t n = 0; n < s->slots; n++) {
		if (!s->slot[n])
			continue;
		size_t i = (s->slot[n] >> 32) & (slots - 1);
		while (slot[i])
			i = (i + 1) & (slots - 1);
		slot[i] = s->slot[n];
	}
	free(s->slot);
	s->slot = slot;
	s->slots = slots;
	return true;
}

static bool make_room(struct po_strings *s)
{
	if (s->nr >= PO_NO_STRING - 1 || (s->nr * (size_t)2 >= s->slots && !grow_slots(s)))
		return false;
	struct po_string *string = po_grow(s->string, s->nr, &s->cap, sizeof(*string), 128);
	if (!string)
		return false;
	s->string = string;
	return true;
}

static uint32_t add(struct po_strings *s, const char *text, size_t len, uint32_t hash)
{
	uint64_t *slot = s->slots ? find_slot(s, text, len, hash) : NULL;

	if (slot && *slot)
		return (uint32_t)*slot - 1;
	if (len >= UINT32_MAX || !make_room(s))
		return PO_NO_STRING;
	char *copy = po_arena_strndup(&s->arena, text, len);
	if (!copy)
		return PO_NO_STRING;
	slot = find_slot(s, text, len, hash);	/* there may be others now */
	s->string[s->nr] = (struct po_string){ copy, (uint32_t)len, hash };
	*slot = (uint64_t)hash << 32 | (s->nr + 1);
	return s->nr++;
}

uint32_t po_strings_add(struct po_strings *s, const char *text, size_t len)
{
	uint64_t hash = po_hash(text, len);

	return add(s, text, len, (uint32_t)(hash ^ hash >> 32));
}

uint32_t po_strings_add_string(struct po_strings *s, const struct po_string *other)
{
	return add(s, other->text, other->len, other->hash);
}

void po_strings_fini(struct po_strings *s)
{
	po_arena_fini(&s->arena);
	free(s->string);
	free(s->slot);
	*s = (struct po_strings){ .nr = 0 };
}

/* --- their order --------------------------------------------------------------------------------- */

static uint64_t part_of(const struct po_string *s, size_t depth)
{
	char part[8] = { 0 };

	if (depth < s->len)
		memcpy(part, s->text + depth, s->len - depth < 8 ? s->len - depth : 8);
	return __builtin_bswap64(load8(part));
}

/*
 * Sort those that agree in all bytes before depth, by eight bytes of each at a time; ends of strings agree with nothing.
 */
static void sort_parts(const struct po_strings *s, struct po_keyed *item, struct po_keyed *room, size_t nr, size_t depth)
{
	bool differ = false, more = false;

	while (nr > 1 && !differ) {
		more = false;
		for (size_t i = 0; i < nr; i++) {
			const struct po_string *str = &s->string[item[i].nr];
			item[i].key = part_of(str, depth);
			differ |= item[i].key != item[0].key;
			more |= str->len > depth;
		}
		if (!more)
			return;
		depth += 8;
	}
	if (!differ)
		return;
	po_keyed_sort(item, room, nr);
	for (size_t i = 0, to; i < nr; i = to) {
		for (to = i + 1; to < nr && item[to].key == item[i].key; to++)
			;
		if (to - i > 1)
			sort_parts(s, item + i, room, to - i, depth);
	}
}

void po_strings_order(const struct po_strings *s, struct po_keyed *item, struct po_keyed *room, size_t nr)
{
	sort_parts(s, item, room, nr, 0);
}

int po_string_compare(const struct po_string *a, const struct po_string *b)
{
	const size_t shorter = a->len < b->len ? a->len : b->len;
	const int c = memcmp(a->text, b->text, shorter);

	return c ? c : (a->len > b->len) - (a->len < b->len);
}
