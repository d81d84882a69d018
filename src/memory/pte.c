/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "memory/pte.h"

#include <elf.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/status.h"
#include "memory/tables.h"

#define BIT(entry, n) ((entry) >> (n) & 1)

struct walk {
	const struct po_xlat *xlat;
	const struct po_pte_rules *rules;
	struct po_memory *mem;
	uint64_t start, end;
	uint64_t *left, *lost;
	po_pte_fn *fn;
	void *arg;
	uint8_t *raw[PO_MAX_TABLE_LEVELS];
};

/* --- entries ------------------------------------------------------------------------------------- */

/* The offset is inverted since the mitigations of L1TF (4.19). */
static void swap_x86(uint64_t entry, struct po_pte *ret)
{
	ret->type = (unsigned)(entry >> 59);
	ret->offset = ~entry << 5 >> 14;
}

static void swap_by_rules(const struct po_pte_rules *rules, uint64_t entry, struct po_pte *ret)
{
	ret->type = (unsigned)(entry >> rules->type_shift) & ((1u << rules->type_bits) - 1);
	ret->offset = entry >> rules->offset_shift;
}

/* What is there, in the form that the processor reads. */
static uint64_t decode_x86(const struct walk *w, uint64_t entry, unsigned shift, struct po_pte *ret)
{
	bool small = w->xlat->ops->entry_bytes == 4;

	(void)w->xlat->ops->soften(w->mem, 0, shift, &entry, NULL);	/* of x86, which looks at nothing else */
	ret->present = entry & 1;
	ret->young = BIT(entry, 5);
	ret->dirty = BIT(entry, 6) || (w->rules->saved_dirty && BIT(entry, w->rules->saved_dirty));
	ret->special = BIT(entry, 9);
	if (small) {
		ret->type = (unsigned)(entry >> 1) & 31;
		ret->offset = entry >> 9;
	} else {
		swap_x86(entry, ret);
	}
	return entry;
}

static uint64_t decode_arm64(const struct walk *w, uint64_t entry, struct po_pte *ret)
{
	ret->present = (entry & 1) || (entry & w->rules->invalid);
	ret->young = BIT(entry, 10);
	ret->dirty = BIT(entry, 55) || (BIT(entry, 51) && !BIT(entry, 7));	/* by Linux; by the processor */
	ret->special = BIT(entry, 56);
	swap_by_rules(w->rules, entry, ret);
	return entry | ret->present;
}

static uint64_t decode_lpae(const struct walk *w, uint64_t entry, unsigned shift, struct po_pte *ret)
{
	ret->present = entry & 3;
	ret->young = BIT(entry, 10);
	ret->dirty = BIT(entry, 55);
	ret->special = BIT(entry, 56);
	swap_by_rules(w->rules, entry & UINT32_MAX, ret);
	return ret->present && shift == w->xlat->ops->page_shift ? entry | 3 : entry;
}

/* Linux's own entry, of the table below the processor's. */
static uint64_t decode_arm_short(const struct walk *w, uint64_t entry, struct po_pte *ret)
{
	ret->present = entry & 1;
	ret->young = BIT(entry, 1);
	ret->dirty = BIT(entry, 6);
	swap_by_rules(w->rules, entry, ret);
	return ret->present ? (entry & 0xfffff000) | 2 : entry;
}

/* The entry as the processor would read it if all that is there were valid. */
static uint64_t decode(const struct walk *w, uint64_t entry, unsigned shift, struct po_pte *ret)
{
	const struct po_xlat_ops *ops = w->xlat->ops;

	switch (ops->machine) {
	case EM_AARCH64: return decode_arm64(w, entry, ret);
	case EM_ARM:
		return ops->entry_bytes == 8 ? decode_lpae(w, entry, shift, ret) : decode_arm_short(w, entry, ret);
	default: return decode_x86(w, entry, shift, ret);
	}
}

/* --- the walk ------------------------------------------------------------------------------------ */

static bool is_linux_own(const struct po_xlat_ops *ops, unsigned level)
{
	return ops->machine == EM_ARM && ops->entry_bytes == 4 && level + 1 == ops->levels;
}

static int walk_table(struct walk *w, uint64_t paddr, uint64_t va, unsigned level, struct pageowner_error *err);

static int walk_entry(struct walk *w, uint64_t raw, uint64_t va, unsigned level, struct pageowner_error *err)
{
	const struct po_xlat_ops *ops = w->xlat->ops;
	unsigned shift = ops->page_shift + ops->level_bits * (ops->levels - 1 - level);
	struct po_pte pte = { .va = va, .size = (uint64_t)1 << shift };
	uint64_t next;

	enum po_entry kind = ops->classify(w->xlat, raw, &shift, &next);
	if (kind == PO_ENTRY_TABLE && level + 1 < ops->levels && !is_linux_own(ops, level))
		return walk_table(w, next, va, level + 1, err);
	uint64_t entry = decode(w, raw, shift, &pte);
	if (!pte.present)
		return w->fn(w->arg, &pte);
	shift = ops->page_shift + ops->level_bits * (ops->levels - 1 - level);
	if (ops->classify(w->xlat, entry, &shift, &next) != PO_ENTRY_LEAF)
		return PAGEOWNER_OK;
	/* of a leaf that many entries describe (sections of arm), each tells its part */
	pte.paddr = (next & ~(((uint64_t)1 << shift) - 1)) + (va & (((uint64_t)1 << shift) - 1) & ~(pte.size - 1));
	return w->fn(w->arg, &pte);
}

static int walk_table(struct walk *w, uint64_t paddr, uint64_t va, unsigned level, struct pageowner_error *err)
{
	const struct po_xlat_ops *ops = w->xlat->ops;
	unsigned shift = ops->page_shift + ops->level_bits * (ops->levels - 1 - level);
	uint64_t from = w->start > va ? (w->start - va) >> shift : 0, nr = po_table_entries(ops, level);
	uint64_t to = (w->end - 1 - va) >> shift < nr ? ((w->end - 1 - va) >> shift) + 1 : nr;
	uint8_t *raw = w->raw[level];
	int rc = PAGEOWNER_OK;

	if (*w->left == 0)
		return po_fail(err, PAGEOWNER_ECORRUPT, "page tables: more than there is memory for");
	(*w->left)--;
	if (from >= to)
		return PAGEOWNER_OK;
	if (is_linux_own(ops, level))
		paddr -= 2048;
	if (po_memory_read_phys(w->mem, paddr + from * ops->entry_bytes, raw, (to - from) * ops->entry_bytes, NULL) < 0) {
		(*w->lost)++;
		return PAGEOWNER_OK;
	}
	for (uint64_t i = from; i < to && rc == PAGEOWNER_OK; i++) {
		uint64_t entry = po_load(po_memory_abi(w->mem), raw + (i - from) * ops->entry_bytes, ops->entry_bytes);

		if (entry)
			rc = walk_entry(w, entry, va + (i << shift), level, err);
	}
	return rc;
}

int po_ptes_walk(const struct po_xlat *xlat, const struct po_pte_rules *rules, struct po_memory *mem, uint64_t start,
		 uint64_t end, uint64_t *left, po_pte_fn *fn, void *arg, uint64_t *lost, struct pageowner_error *err)
{
	const struct po_xlat_ops *ops = xlat->ops;
	struct walk w = { .xlat = xlat, .rules = rules, .mem = mem, .start = start, .end = end, .left = left,
			  .lost = lost, .fn = fn, .arg = arg };
	uint64_t size = 0;

	if (start >= end)
		return PAGEOWNER_OK;
	for (unsigned i = 0; i < ops->levels; i++)
		size += po_table_entries(ops, i) * ops->entry_bytes;
	_cleanup_(po_freep) uint8_t *raw = malloc(size);
	if (!raw)
		return po_fail_nomem(err, "page tables");
	w.raw[0] = raw;
	for (unsigned i = 1; i < ops->levels; i++)
		w.raw[i] = w.raw[i - 1] + po_table_entries(ops, i - 1) * ops->entry_bytes;
	return walk_table(&w, xlat->root, 0, 0, err);
}
