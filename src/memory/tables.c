/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "memory/tables.h"

#include <elf.h>
#include <inttypes.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/status.h"

struct walk {
	const struct po_xlat *xlat;
	struct po_memory *mem;
	bool user;
	uint64_t left;		/* of the tables that there may be */
	po_table_fn *fn;
	void *arg;
	uint64_t *lost;
	uint8_t *raw[PO_MAX_TABLE_LEVELS];	/* the tables on the way down */
};

/* The top level takes what bits the others leave: a table larger or smaller than a page. */
uint64_t po_table_entries(const struct po_xlat_ops *ops, unsigned level)
{
	unsigned below = ops->page_shift + ops->level_bits * (ops->levels - 1);

	return (uint64_t)1 << (level ? ops->level_bits : ops->va_bits - below);
}

/*
 * Where the entries end that map processes: arm64 has a root for them alone, the others share it with the kernel, whose
 * half is the upper one on 64 bits.  On 32 bits the kernel's part is smaller, and its tables are met again: no harm.
 */
static uint64_t last_entry(const struct walk *w, unsigned level)
{
	uint64_t nr = po_table_entries(w->xlat->ops, level);

	return w->user && !level && w->xlat->ops->machine == EM_X86_64 ? nr / 2 : nr;
}

static int walk_table(struct walk *w, uint64_t paddr, unsigned level, struct pageowner_error *err)
{
	const struct po_xlat_ops *ops = w->xlat->ops;
	uint64_t bytes = po_table_entries(ops, level) * ops->entry_bytes, nr = last_entry(w, level), next;

	if (w->left-- == 0)
		return po_fail(err, PAGEOWNER_ECORRUPT, "page tables: more than there is memory for");
	int rc = w->fn(w->arg, paddr, bytes);
	if (rc || level + 1 == ops->levels)
		return rc;
	if (po_memory_read_phys(w->mem, paddr, w->raw[level], bytes, NULL) < 0) {
		(*w->lost)++;
		return PAGEOWNER_OK;
	}
	for (uint64_t i = 0; i < nr && !rc; i++) {
		uint64_t entry = po_load(po_memory_abi(w->mem), w->raw[level] + i * ops->entry_bytes,
					 ops->entry_bytes);
		unsigned shift = ops->page_shift + ops->level_bits * (ops->levels - 1 - level);

		if (entry && ops->classify(w->xlat, entry, &shift, &next) == PO_ENTRY_TABLE)
			rc = walk_table(w, next, level + 1, err);
	}
	return rc;
}

int po_tables_walk(const struct po_xlat *xlat, struct po_memory *mem, bool user, uint64_t max, po_table_fn *fn,
		   void *arg, uint64_t *lost, struct pageowner_error *err)
{
	const struct po_xlat_ops *ops = xlat->ops;
	struct walk w = { .xlat = xlat, .mem = mem, .user = user, .left = max, .fn = fn, .arg = arg, .lost = lost };
	uint64_t size = 0;

	for (unsigned i = 0; i < ops->levels; i++)
		size += po_table_entries(ops, i) * ops->entry_bytes;
	_cleanup_(po_freep) uint8_t *raw = malloc(size);
	if (!raw)
		return po_fail_nomem(err, "page tables");
	uint8_t *at = raw;
	for (unsigned i = 0; i < ops->levels; i++) {
		w.raw[i] = at;
		at += po_table_entries(ops, i) * ops->entry_bytes;
	}
	return walk_table(&w, xlat->root, 0, err);
}
