/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "synth/tables.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

#define P		0x1u
#define PSE		0x80u
#define BELOW_52	{ { 51, 12, 12 } }

/* Long descriptors: 01 is a block, 11 a table and, at the last level, a page. */
#define LONG(nr, ...)	    .type = nr, .fixed = 3, .piece = __VA_ARGS__
#define BLOCK(lvl, sh, ...) { .level = lvl, .shift = sh, LONG(1, __VA_ARGS__) }
#define PAGE(lvl, sh, ...)  { .level = lvl, .shift = sh, LONG(3, __VA_ARGS__) }
#define TABLE(...)	    { LONG(3, __VA_ARGS__) }

#define ARM64(granule, bits)                                                           \
	.name = "arm64, " granule " granule, " #bits "-bit addresses",                 \
	.machine = EM_AARCH64, .va_bits = bits, .entry_bytes = 8, .valid = 1

/* Where arm64 has addresses: up to 48 bits; with LPA (64 KiB); with LPA2 (4 and 16 KiB). */
#define PLAIN(from) { { 47, from, from } }
#define LPA	    { { 47, 16, 16 }, { 51, 48, 12 } }
#define LPA2(from)  { { 49, from, from }, { 51, 50, 8 } }

const struct synth_format synth_formats[] = {
	{
		.name = "x86_64, 4 levels",
		.machine = EM_X86_64, .va_bits = 48, .entry_bytes = 8, .valid = P,
		.nr_levels = 4,
		.level = { { 39, 9 }, { 30, 9 }, { 21, 9 }, { 12, 9 } },
		.table = { .type = P, .fixed = P | PSE, .piece = BELOW_52 },
		.leaf = {
			{ 1, 30, P | PSE, P | PSE, { { 51, 30, 30 } } },
			{ 2, 21, P | PSE, P | PSE, { { 51, 21, 21 } } },
			{ 3, 12, P, P, BELOW_52 },
		},
	},
	{
		.name = "x86_64, 5 levels",
		.machine = EM_X86_64, .va_bits = 57, .entry_bytes = 8, .valid = P,
		.nr_levels = 5,
		.level = { { 48, 9 }, { 39, 9 }, { 30, 9 }, { 21, 9 }, { 12, 9 } },
		.table = { .type = P, .fixed = P | PSE, .piece = BELOW_52 },
		.leaf = {
			{ 2, 30, P | PSE, P | PSE, { { 51, 30, 30 } } },
			{ 3, 21, P | PSE, P | PSE, { { 51, 21, 21 } } },
			{ 4, 12, P, P, BELOW_52 },
		},
	},
	{
		.name = "i386, 2 levels",
		.machine = EM_386, .va_bits = 32, .entry_bytes = 4, .valid = P,
		.nr_levels = 2,
		.level = { { 22, 10 }, { 12, 10 } },
		.table = { .type = P, .fixed = P | PSE, .piece = { { 31, 12, 12 } } },
		.leaf = {
			{ 0, 22, P | PSE, P | PSE, { { 31, 22, 22 }, { 39, 32, 13 } } },
			{ 1, 12, P, P, { { 31, 12, 12 } } },
		},
	},
	{
		.name = "i386, PAE",
		.machine = EM_386, .va_bits = 32, .entry_bytes = 8, .valid = P,
		.nr_levels = 3,
		.level = { { 30, 2 }, { 21, 9 }, { 12, 9 } },
		.table = { .type = P, .fixed = P | PSE, .piece = BELOW_52 },
		.leaf = {
			{ 1, 21, P | PSE, P | PSE, { { 51, 21, 21 } } },
			{ 2, 12, P, P, BELOW_52 },
		},
	},
	{
		/* bit 0 of a section and of a small page is no type but execute-never */
		.name = "arm, short descriptors",
		.machine = EM_ARM, .va_bits = 32, .entry_bytes = 4, .valid = 3,
		.nr_levels = 2,
		.level = { { 20, 12 }, { 12, 8 } },
		.table = { .type = 1, .fixed = 3, .piece = { { 31, 10, 10 } } },
		.leaf = {
			{ 0, 24, 1u << 18 | 2, 1u << 18 | 2,
			  { { 31, 24, 24 }, { 35, 32, 20 }, { 39, 36, 5 } } },
			{ 0, 20, 2, 1u << 18 | 2, { { 31, 20, 20 } } },
			{ 1, 16, 1, 3, { { 31, 16, 16 } } },
			{ 1, 12, 2, 2, { { 31, 12, 12 } } },
		},
	},
	{
		.name = "arm, LPAE",
		.machine = EM_ARM, .va_bits = 32, .entry_bytes = 8, .valid = 1,
		.nr_levels = 3,
		.level = { { 30, 2 }, { 21, 9 }, { 12, 9 } },
		.table = TABLE({ { 39, 12, 12 } }),
		.leaf = {
			BLOCK(0, 30, { { 39, 30, 30 } }),
			BLOCK(1, 21, { { 39, 21, 21 } }),
			PAGE(2, 12, { { 39, 12, 12 } }),
		},
	},
	{
		ARM64("4K", 39), .nr_levels = 3,
		.level = { { 30, 9 }, { 21, 9 }, { 12, 9 } },
		.table = TABLE(PLAIN(12)),
		.leaf = { BLOCK(0, 30, PLAIN(30)), BLOCK(1, 21, PLAIN(21)),
			  PAGE(2, 12, PLAIN(12)) },
	},
	{
		ARM64("4K", 48), .nr_levels = 4,
		.level = { { 39, 9 }, { 30, 9 }, { 21, 9 }, { 12, 9 } },
		.table = TABLE(PLAIN(12)),
		.leaf = { BLOCK(1, 30, PLAIN(30)), BLOCK(2, 21, PLAIN(21)),
			  PAGE(3, 12, PLAIN(12)) },
	},
	{
		ARM64("4K", 52), .nr_levels = 5,
		.level = { { 48, 4 }, { 39, 9 }, { 30, 9 }, { 21, 9 }, { 12, 9 } },
		.table = TABLE(LPA2(12)),
		.leaf = { BLOCK(1, 39, LPA2(39)), BLOCK(2, 30, LPA2(30)), BLOCK(3, 21, LPA2(21)),
			  PAGE(4, 12, LPA2(12)) },
	},
	{
		ARM64("16K", 36), .nr_levels = 2,
		.level = { { 25, 11 }, { 14, 11 } },
		.table = TABLE(PLAIN(14)),
		.leaf = { BLOCK(0, 25, PLAIN(25)), PAGE(1, 14, PLAIN(14)) },
	},
	{
		ARM64("16K", 47), .nr_levels = 3,
		.level = { { 36, 11 }, { 25, 11 }, { 14, 11 } },
		.table = TABLE(PLAIN(14)),
		.leaf = { BLOCK(1, 25, PLAIN(25)), PAGE(2, 14, PLAIN(14)) },
	},
	{
		ARM64("16K", 48), .nr_levels = 4,
		.level = { { 47, 1 }, { 36, 11 }, { 25, 11 }, { 14, 11 } },
		.table = TABLE(PLAIN(14)),
		.leaf = { BLOCK(2, 25, PLAIN(25)), PAGE(3, 14, PLAIN(14)) },
	},
	{
		ARM64("16K", 52), .nr_levels = 4,
		.level = { { 47, 5 }, { 36, 11 }, { 25, 11 }, { 14, 11 } },
		.table = TABLE(LPA2(14)),
		.leaf = { BLOCK(1, 36, LPA2(36)), BLOCK(2, 25, LPA2(25)), PAGE(3, 14, LPA2(14)) },
	},
	{
		ARM64("64K", 42), .nr_levels = 2,
		.level = { { 29, 13 }, { 16, 13 } },
		.table = TABLE(LPA),
		.leaf = { BLOCK(0, 29, { { 47, 29, 29 }, { 51, 48, 12 } }), PAGE(1, 16, LPA) },
	},
	{
		ARM64("64K", 48), .nr_levels = 3,
		.level = { { 42, 6 }, { 29, 13 }, { 16, 13 } },
		.table = TABLE(LPA),
		.leaf = { BLOCK(0, 42, { { 47, 42, 42 }, { 51, 48, 12 } }),
			  BLOCK(1, 29, { { 47, 29, 29 }, { 51, 48, 12 } }), PAGE(2, 16, LPA) },
	},
	{
		ARM64("64K", 52), .nr_levels = 3,
		.level = { { 42, 10 }, { 29, 13 }, { 16, 13 } },
		.table = TABLE(LPA),
		.leaf = { BLOCK(0, 42, { { 47, 42, 42 }, { 51, 48, 12 } }),
			  BLOCK(1, 29, { { 47, 29, 29 }, { 51, 48, 12 } }), PAGE(2, 16, LPA) },
	},
	{ .name = NULL },
};

const struct synth_format *synth_format(const char *name)
{
	for (const struct synth_format *f = synth_formats; f->name; f++)
		if (!strcmp(f->name, name))
			return f;
	abort();
}

const struct po_xlat_ops *synth_ops(const struct synth_format *f)
{
	for (const struct po_xlat_ops *ops = po_xlat_formats; ops->name; ops++)
		if (!strcmp(ops->name, f->name))
			return ops;
	abort();
}

uint64_t synth_kva(const struct synth_format *f, uint64_t low)
{
	bool upper = f->machine == EM_AARCH64 ||
		     (f->machine == EM_X86_64 && low >> (f->va_bits - 1) & 1);

	return upper ? low | UINT64_MAX << f->va_bits : low;
}

static uint64_t mask_of(const struct synth_piece *p)
{
	return UINT64_MAX >> (63 - (p->high - p->low));
}

uint64_t synth_paddr_bits(const struct synth_entry *e)
{
	uint64_t bits = 0;

	for (const struct synth_piece *p = e->piece; p < e->piece + SYNTH_MAX_PIECES; p++)
		if (p->high)
			bits |= mask_of(p) << p->low;
	return bits;
}

uint64_t synth_attributes(const struct synth_format *f, const struct synth_entry *e)
{
	uint64_t bits = (UINT64_MAX >> (64 - 8 * f->entry_bytes)) & ~e->fixed;

	for (const struct synth_piece *p = e->piece; p < e->piece + SYNTH_MAX_PIECES; p++)
		if (p->high)
			bits &= ~(mask_of(p) << p->at);
	return bits;
}

uint64_t synth_entry(const struct synth_entry *e, uint64_t paddr)
{
	uint64_t entry = e->type;

	if (paddr & ~synth_paddr_bits(e))
		abort();
	for (const struct synth_piece *p = e->piece; p < e->piece + SYNTH_MAX_PIECES; p++)
		if (p->high)
			entry |= (paddr >> p->low & mask_of(p)) << p->at;
	return entry;
}

static uint64_t index_at(const struct synth_format *f, unsigned level, uint64_t kva)
{
	return kva >> f->level[level].shift & (((uint64_t)1 << f->level[level].bits) - 1);
}

/* The table that an entry leads to; a new one is aligned to its size. */
static uint64_t table_below(struct tables *t, uint64_t slot, unsigned level)
{
	const struct synth_format *f = t->format;
	uint64_t size = (uint64_t)f->entry_bytes << f->level[level].bits;

	for (unsigned i = 0; i < t->nr_made; i++)
		if (t->made[i].slot == slot)
			return t->made[i].table;
	if (t->nr_made == sizeof(t->made) / sizeof(*t->made))
		abort();
	t->next = (t->next + size - 1) & ~(size - 1);
	world_number(t->w, slot, f->entry_bytes, synth_entry(&f->table, t->next) | t->bits);
	t->made[t->nr_made].slot = slot;
	t->made[t->nr_made++].table = t->next;
	t->next += size;
	return t->next - size;
}

uint64_t tables_slot(struct tables *t, uint64_t kva, unsigned level)
{
	uint64_t table = t->root;

	for (unsigned i = 0;; i++) {
		uint64_t slot = table + index_at(t->format, i, kva) * t->format->entry_bytes;

		if (i == level)
			return slot;
		table = table_below(t, slot, i + 1);
	}
}

void tables_put(struct tables *t, uint64_t kva, unsigned level, uint64_t entry)
{
	world_number(t->w, tables_slot(t, kva, level), t->format->entry_bytes, entry | t->bits);
}

void tables_map(struct tables *t, uint64_t kva, uint64_t paddr, unsigned shift)
{
	const struct synth_entry *e = t->format->leaf;

	while (e->shift != shift)
		if (++e == t->format->leaf + SYNTH_MAX_LEAVES)
			abort();
	uint64_t step = (uint64_t)1 << t->format->level[e->level].shift;
	uint64_t size = (uint64_t)1 << shift, start = kva & ~(size - 1);
	for (uint64_t at = 0; at < size; at += step)
		tables_put(t, start + at, e->level, synth_entry(e, paddr));
}

void tables_use(const struct tables *t, uint64_t enc_mask)
{
	po_memory_set_xlat(t->w->mem,
			   &(struct po_xlat){ .ops = synth_ops(t->format), .root = t->root,
					      .enc_mask = enc_mask });
}
