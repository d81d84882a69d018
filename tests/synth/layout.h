/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What type information and vmlinux would tell of a kernel, set by hand. */
#ifndef PO_TESTS_SYNTH_LAYOUT_H
#define PO_TESTS_SYNTH_LAYOUT_H

#include "kernel/kernel.h"
#include "synth/world.h"

/* A kernel of which nothing is known but its machine. */
static inline void synth_kernel(struct po_kernel *k, const struct po_abi *abi, unsigned page_shift)
{
	*k = (struct po_kernel){ .abi = *abi, .page_shift = page_shift };
	k->l.abi = *abi;
}

static inline void synth_struct(struct po_kernel *k, unsigned id, uint64_t size)
{
	k->l.strct[id].have = true;
	k->l.strct[id].size = size;
}

static inline struct po_member *synth_member(struct po_kernel *k, unsigned id, uint64_t offset,
					     uint64_t size)
{
	k->l.member[id].have = true;
	k->l.member[id].at = (struct po_member){ .offset = offset, .size = size };
	return &k->l.member[id].at;
}

/* Bits of a number of 32 at the start of its struct; from counts as bit-fields are laid out there. */
static inline void synth_bits(struct po_kernel *k, unsigned id, unsigned from, unsigned bits)
{
	struct po_member *m = synth_member(k, id, 0, 4);

	m->bit_size = bits;
	m->bit_shift = k->abi.big_endian ? 32 - from - bits : from;
}

static inline void synth_variable(struct po_kernel *k, unsigned id, struct po_type_info type)
{
	k->l.variable[id].have = true;
	k->l.variable[id].type = type;
}

static inline void synth_enumerator(struct po_kernel *k, unsigned id, int64_t value)
{
	k->l.enumerator[id].have = true;
	k->l.enumerator[id].value = value;
}

static inline void synth_symbol(struct po_kernel *k, unsigned id, const char *name, uint64_t kva,
				uint64_t size)
{
	k->l.symbol[id] = (struct po_wanted){ .name = name, .have = true, .link = kva - k->l.slide,
					      .size = size };
}

#endif
