/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Page tables of every format, made by a test.  What the architectures' manuals say of a format is
 * written down level by level and bit by bit, apart from src/memory/xlat.c, which works it out.
 */
#ifndef PO_TESTS_SYNTH_TABLES_H
#define PO_TESTS_SYNTH_TABLES_H

#include <stdbool.h>
#include <stdint.h>

#include "synth/world.h"

#define SYNTH_MAX_LEVELS 5
#define SYNTH_MAX_LEAVES 4
#define SYNTH_MAX_PIECES 3

/* Bits high:low of a physical address stand in an entry from the bit `at` on. */
struct synth_piece {
	unsigned high, low, at;
};

/* A kind of entry: what makes it one, and where its address is.  All other bits are attributes. */
struct synth_entry {
	unsigned level;		/* of a leaf; 0 is the top one */
	unsigned shift;		/* of a leaf: log2 of its size; 0: there is no such entry */
	uint64_t type, fixed;	/* entry & fixed == type */
	struct synth_piece piece[SYNTH_MAX_PIECES];
};

struct synth_format {
	const char *name;	/* of the row of po_xlat_formats that reads it */
	unsigned machine, va_bits, entry_bytes;
	unsigned nr_levels;
	struct {
		unsigned shift, bits;	/* the part of an address that is the index */
	} level[SYNTH_MAX_LEVELS];
	uint64_t valid;		/* an entry with none of these bits set maps nothing */
	struct synth_entry table;
	struct synth_entry leaf[SYNTH_MAX_LEAVES];
};

/* All that there are, ended by one without a name. */
extern const struct synth_format synth_formats[];

const struct synth_format *synth_format(const char *name);
const struct po_xlat_ops *synth_ops(const struct synth_format *f);

/* An address with the upper bits that the kernel's half has. */
uint64_t synth_kva(const struct synth_format *f, uint64_t low);
/* Bits of a physical address that such an entry holds; bits of the entry that are attributes. */
uint64_t synth_paddr_bits(const struct synth_entry *e);
uint64_t synth_attributes(const struct synth_format *f, const struct synth_entry *e);
uint64_t synth_entry(const struct synth_entry *e, uint64_t paddr);

struct tables {
	struct world *w;
	const struct synth_format *format;
	uint64_t root, next;	/* physical addresses: top table, where the next one is made */
	uint64_t bits;		/* set in every entry, besides its own */
	unsigned nr_made;
	struct {
		uint64_t slot, table;
	} made[64];
};

/* Where the entry for an address lies at a level; the tables on the way are made. */
uint64_t tables_slot(struct tables *t, uint64_t kva, unsigned level);
/* An entry as it is, or a leaf of that size (everywhere where the format repeats it). */
void tables_put(struct tables *t, uint64_t kva, unsigned level, uint64_t entry);
void tables_map(struct tables *t, uint64_t kva, uint64_t paddr, unsigned shift);
void tables_use(const struct tables *t, uint64_t enc_mask);

#endif
