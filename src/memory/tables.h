/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Page tables as memory: where each table of a tree lies. */
#ifndef PO_MEMORY_TABLES_H
#define PO_MEMORY_TABLES_H

#include <stdbool.h>
#include <stdint.h>

#include "memory/memory.h"

#define PO_MAX_TABLE_LEVELS 5

/* Entries of a table of that level, 0 the top one. */
uint64_t po_table_entries(const struct po_xlat_ops *ops, unsigned level);

/* Nonzero ends the walk with that result. */
typedef int po_table_fn(void *arg, uint64_t paddr, uint64_t bytes);

/*
 * Call fn with each table that xlat->root leads to, the root first, those of the last level unread.  user: only tables
 * of the lower half of addresses.  Tables that are not in the dump end their branch and are counted in *lost.  max
 * bounds the number of tables: ECORRUPT.
 */
int po_tables_walk(const struct po_xlat *xlat, struct po_memory *mem, bool user, uint64_t max, po_table_fn *fn,
		   void *arg, uint64_t *lost, struct pageowner_error *err);

#endif
