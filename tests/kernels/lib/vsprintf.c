/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel.h"

#if VERSION >= 513 && !defined(NO_PFF)
#define FIELD(w, s, spec, name) { w, (w) ? (s) : 0, (int)((1ull << (w)) - 1), &spec, name }
static const struct printf_spec default_dec_spec = { .base = 10, .precision = -1 };
static const struct printf_spec default_flag_spec = { .flags = 64 | 32, .base = 16, .precision = -1 };
static const struct page_flags_fields pff[] = {
	FIELD(SECTIONS_WIDTH, SECTIONS_SHIFT, default_dec_spec, "section"),
	FIELD(NODES_WIDTH, NODES_SHIFT, default_dec_spec, "node"),
	FIELD(ZONES_WIDTH, ZONES_SHIFT, default_dec_spec, "zone"),
	FIELD(CPUPID_WIDTH, CPUPID_SHIFT, default_flag_spec, "lastcpupid"),
	FIELD(0, 0, default_flag_spec, "kasantag"),
};
const void *const used_by_vsprintf = pff;
#endif
