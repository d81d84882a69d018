/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/arena.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK (64u << 10)

struct po_arena_block {
	struct po_arena_block *next;
	_Alignas(max_align_t) char bytes[];
};

void *po_arena_alloc(struct po_arena *a, size_t bytes)
{
	const size_t align = _Alignof(max_align_t);

	if (bytes > SIZE_MAX / 2)
		return NULL;
	bytes = (bytes + align - 1) / align * align;
	if (bytes > a->left || !a->blocks) {
		size_t size = bytes > BLOCK ? bytes : BLOCK;
		struct po_arena_block *b = malloc(sizeof(*b) + size);
		if (!b)
			return NULL;
		b->next = a->blocks;
		a->blocks = b;
		a->at = b->bytes;
		a->left = size;
	}
	void *p = a->at;
	a->at += bytes;
	a->left -= bytes;
	return p;
}

char *po_arena_strndup(struct po_arena *a, const char *s, size_t len)
{
	char *p = po_arena_alloc(a, len + 1);

	if (p) {
		memcpy(p, s, len);
		p[len] = '\0';
	}
	return p;
}

void po_arena_fini(struct po_arena *a)
{
	while (a->blocks) {
		struct po_arena_block *b = a->blocks;
		a->blocks = b->next;
		free(b);
	}
	a->left = 0;
	a->at = NULL;
}
