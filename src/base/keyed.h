/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Millions of things sorted by a number each, in a few passes over them. */
#ifndef PO_BASE_KEYED_H
#define PO_BASE_KEYED_H

#include <stddef.h>
#include <stdint.h>

struct po_keyed {
	uint64_t key;
	uint32_t nr;	/* which thing it is */
};

/* By ascending keys; those with equal ones stay in their order.  room: for as many, holds nothing of use after it. */
void po_keyed_sort(struct po_keyed *item, struct po_keyed *room, size_t nr);

#endif
