/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Storage that is released all at once: what lives as long as its owner (stacks, names). */
#ifndef PO_BASE_ARENA_H
#define PO_BASE_ARENA_H

#include <stddef.h>

struct po_arena_block;

struct po_arena {
	struct po_arena_block *blocks;
	size_t left;
	char *at;
};

/* Aligned for any type; NULL when out of memory.  A zeroed struct po_arena is an empty one. */
void *po_arena_alloc(struct po_arena *a, size_t bytes);
/* A terminated copy. */
char *po_arena_strndup(struct po_arena *a, const char *s, size_t len);
void po_arena_fini(struct po_arena *a);

#endif
