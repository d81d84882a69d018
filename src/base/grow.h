/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Arrays that take one more. */
#ifndef PO_BASE_GROW_H
#define PO_BASE_GROW_H

#include <stdlib.h>

/*
 * The array with room for one more than nr elements of that size, to be kept in place of the old one; *room is for how many
 * there is, and first for how many at first.  NULL: out of memory, and the array is as it was.
 */
static inline void *po_grow(void *array, size_t nr, size_t *room, size_t size, size_t first)
{
	const size_t more = *room ? *room * 2 : first;
	size_t bytes;

	if (nr < *room)
		return array;
	void *grown = more > *room && !__builtin_mul_overflow(more, size, &bytes) ? realloc(array, bytes) : NULL;
	if (grown)
		*room = more;
	return grown;
}

#endif
