// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Memory that is made up: the content of a page follows from its address alone.  One page in four
 * is zero, one does not compress, one is text, one is nearly empty.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dumptool.h"

#define UNIT	4096U

static void fill_unit(uint64_t nr, uint8_t *page)
{
	uint32_t state = (uint32_t)(nr * 2654435761U) | 1;
	char text[64];
	int len;

	memset(page, 0, UNIT);
	switch (prng(&state) % 4) {
	case 0:
		break;
	case 1:
		for (size_t i = 0; i < UNIT; i++)
			page[i] = (uint8_t)(prng(&state) >> 11);
		break;
	case 2:
		len = snprintf(text, sizeof(text), "unit %llx of memory;", (unsigned long long)nr);
		for (size_t i = 0; i < UNIT; i++)
			page[i] = (uint8_t)text[i % (size_t)len];
		break;
	default:
		page[prng(&state) % UNIT] = 1;
		memcpy(page + 8 * (prng(&state) % (UNIT / 8)), &nr, sizeof(nr));
	}
}

void synth_fill(uint64_t pa, uint8_t *buf, uint64_t len)
{
	uint8_t page[UNIT];

	for (uint64_t done = 0, part; done < len; done += part) {
		uint64_t skip = (pa + done) % UNIT;

		part = min_u64(len - done, UNIT - skip);
		fill_unit((pa + done) / UNIT, page);
		memcpy(buf + done, page + skip, (size_t)part);
	}
}

/* A dump of the ranges BASE-END, with the notes that a reader looks for. */
void synth_core(struct core *core, char **maps, int nr_maps, uint64_t page_size)
{
	char *info = xasprintf("OSRELEASE=6.1.0-synth\nPAGESIZE=%llu\n"
			       "SYMBOL(init_uts_ns)=ffffffff82000000\nNUMBER(phys_base)=0\n",
			       (unsigned long long)page_size);
	struct ranges list = { 0 };

	for (int i = 0; i < nr_maps; i++) {
		struct range range = parse_range(maps[i], "map");

		ranges_add(&list, range.first, range.end);
	}
	ranges_sort(&list);
	for (size_t i = 0; i < list.nr; i++) {
		struct piece piece = {
			.pa = list.v[i].first,
			.len = list.v[i].end - list.v[i].first,
		};

		core_add_piece(core, &piece);
	}
	core->page_size = page_size;
	core_add_note(core, "QEMU", 0, "a state of no CPU", 18);
	core_add_note(core, "VMCOREINFO", 0, info, strlen(info));
	core_end(core);
	ranges_free(&list);
	free(info);
}
