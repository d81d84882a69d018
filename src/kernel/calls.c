/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/calls.h"

#include <elf.h>
#include <string.h>

#define MAX_CODE 4096

/*
 * Where the instruction at a byte of the code leads, if it is a call or a jump by a distance; 0: it is none.  On x86 a
 * byte may only look like one: what it leads to is no start of a function then.
 */
static uint64_t target_x86(const uint8_t *code, uint64_t at)
{
	return *code == 0xe8 || *code == 0xe9 ? at + 5 + (uint64_t)po_sign_extend(po_load_le(code + 1, 4), 32) : 0;
}

static uint64_t target_arm64(const uint8_t *code, uint64_t at)
{
	uint64_t op = po_load_le(code, 4);

	return (op & 0x7c000000) == 0x14000000 ? at + (uint64_t)(po_sign_extend(op & 0x3ffffff, 26) * 4) : 0;
}

static uint64_t target_arm(const uint8_t *code, uint64_t at)
{
	uint64_t op = po_load_le(code, 4);

	return (op & 0x0e000000) == 0x0a000000 ? at + 8 + (uint64_t)(po_sign_extend(op & 0xffffff, 24) * 4) : 0;
}

/* bl, b.w: two halves in their order */
static uint64_t target_thumb(const uint8_t *code, uint64_t at)
{
	uint64_t op = po_load_le(code, 4), s = op >> 10 & 1, j1 = op >> 29 & 1, j2 = op >> 27 & 1;

	if ((op & 0x9000f800) != 0x9000f000)
		return 0;
	uint64_t off = s << 24 | (uint64_t)(j1 == s) << 23 | (uint64_t)(j2 == s) << 22 | (op & 0x3ff) << 12 |
		       (op >> 16 & 0x7ff) << 1;
	return at + 4 + (uint64_t)po_sign_extend(off, 25);
}

static const struct machine {
	unsigned machine;
	bool thumb;
	unsigned step, bytes;
	uint64_t (*target)(const uint8_t *code, uint64_t at);
} machines[] = {
	{ EM_X86_64, false, 1, 5, target_x86 },	   { EM_386, false, 1, 5, target_x86 },
	{ EM_AARCH64, false, 4, 4, target_arm64 }, { EM_ARM, false, 4, 4, target_arm },
	{ EM_ARM, true, 2, 4, target_thumb },
};

static bool leads_to(const struct po_kernel *k, const struct po_symbols *symbols, uint64_t target, const char *word)
{
	struct po_symbol s;

	target = po_wrap(&k->abi, target);
	return target && po_symbols_lookup(symbols, target, &s) && s.start == target && strstr(s.name, word);
}

bool po_code_calls(const struct po_kernel *k, struct po_memory *mem, const struct po_symbols *symbols, unsigned caller,
		   const char *word)
{
	uint64_t at = po_layout_address(&k->l, caller), size = k->l.symbol[caller].size;
	bool thumb = k->machine == EM_ARM && (at & 1);
	const struct machine *m = machines, *end = machines + sizeof(machines) / sizeof(*machines);
	uint8_t code[MAX_CODE];

	while (m < end && (m->machine != k->machine || m->thumb != thumb))
		m++;
	at -= thumb;
	size = size < MAX_CODE ? size : MAX_CODE;
	if (m == end || !at || !symbols || po_memory_read(mem, at, code, size, NULL) < 0)
		return false;
	for (uint64_t i = 0; i + m->bytes <= size; i += m->step)
		if (leads_to(k, symbols, m->target(code + i, at + i), word))
			return true;
	return false;
}
