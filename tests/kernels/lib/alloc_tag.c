/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Memory allocation profiling: counters of two processors, of which one freed what the other had allocated. */
#include "kernel.h"

#ifdef CONFIG_MEM_ALLOC_PROFILING
extern struct codetag_type alloc_type;
static struct codetag_type *alloc_tag_cttype = &alloc_type;
static struct alloc_tag_counters of_cpu[2][5] = {
	{ { 4096, 1 }, { 8192, 2 }, { 0, 0 }, { 1000000, 10 }, { 64, 1 } },
	{ { 0, 0 }, { -4096ull, -1ull }, { 0, 0 }, { 234567, 3 }, { -64ull, -1ull } },
};
unsigned long __per_cpu_offset[2] = { 0, sizeof(of_cpu[0]) };
unsigned long __cpu_possible_mask = 3;

#define TAG(m, file, line, func, n) { { .modname = m, .filename = file, .lineno = line, .function = func }, &of_cpu[0][n] }
struct alloc_tag kernel_alloc_tags[] = {
	TAG(0, "mm/memory.c", 1061, "folio_prealloc", 0), TAG(0, "mm/slub.c", 1904, "alloc_slab_page", 1),
	{ { .filename = "init/main.c", .lineno = 7, .function = "do_one", .flags = 1 }, &of_cpu[0][2] },	/* not accurate */
};
struct alloc_tag module_alloc_tags[] = {
	TAG("synth", "drivers/synth/synth.c", 12, "synth_open", 3),
	TAG("synth", "drivers/synth/synth.c", 40, "synth_read", 4),
};
#ifdef TAGS_IN_FLAGS
struct static_key_false mem_profiling_compressed = { { { 1 } } };
unsigned long alloc_tag_ref_mask = 0xff;
int alloc_tag_ref_offs = 28;
struct alloc_tag_kernel_section kernel_tags = { kernel_alloc_tags, 3 };
struct alloc_tag_module_section module_tags = { .first_tag = module_alloc_tags };
#endif
struct page_ext_operations page_alloc_tagging_ops = {
#ifndef TAGS_IN_FLAGS
	.offset = offsetof(ext_entry, codetag_ref),
#endif
	.size = sizeof(void *),
};
const void *const used_by_alloc_tag[] = {
	&alloc_tag_cttype, "%12lli %8llu ", "%s:%u [%s] func:%s", "%s:%u func:%s", "#     <size>  <calls> <tag info>\n",
#if VERSION >= 700
	"allocinfo - version: 2.0\n", " accurate:no",
#else
	"allocinfo - version: 1.0\n",
#endif
};
#endif
