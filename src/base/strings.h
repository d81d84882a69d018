/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Each distinct string once, by a number; memory grows with the distinct ones alone. */
#ifndef PO_BASE_STRINGS_H
#define PO_BASE_STRINGS_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/keyed.h"

#define PO_NO_STRING UINT32_MAX

struct po_string {
	const char *text;	/* terminated; may hold anything */
	uint32_t len;
	uint32_t hash;
};

/* A zeroed struct is an empty set. */
struct po_strings {
	struct po_arena arena;
	struct po_string *string;	/* by number: 0, 1, 2 … in the order in which they came */
	uint64_t *slot;			/* open addressing: hash above number + 1; 0: empty */
	uint32_t nr;
	size_t cap, slots;
};

/* The number of a string, which is copied when it is new; PO_NO_STRING: out of memory. */
uint32_t po_strings_add(struct po_strings *s, const char *text, size_t len);
/* The same of a string that another set has. */
uint32_t po_strings_add_string(struct po_strings *s, const struct po_string *other);
/* Sort strings, whose numbers are in item[].nr, by their bytes, as strcmp() has it; room as of po_keyed_sort(). */
void po_strings_order(const struct po_strings *s, struct po_keyed *item, struct po_keyed *room, size_t nr);
/* The same order, of two. */
int po_string_compare(const struct po_string *a, const struct po_string *b);
void po_strings_fini(struct po_strings *s);

uint64_t po_hash(const void *data, size_t len);

static inline uint64_t po_hash_mix(uint64_t a, uint64_t b)
{
	__extension__ typedef unsigned __int128 wide;
	wide product = (wide)(a ^ 0x9e3779b97f4a7c15ull) * (b ^ 0xd1b54a32d192ed03ull);

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

#endif
