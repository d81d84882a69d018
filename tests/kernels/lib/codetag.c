/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Places that allocate: of the kernel, and of a module that came third and whose elder is gone. */
#include "kernel.h"

#ifdef CONFIG_MEM_ALLOC_PROFILING
struct xarray { int xa_lock; unsigned int xa_flags; void *xa_head; };
struct xa_node {
	unsigned char shift, offset, count, nr_values;
	struct xa_node *parent;
	struct xarray *array;
	struct list_head private_list;
	void *slots[64];
	unsigned long marks[3][64 / BITS_PER_LONG];
};
struct idr { struct xarray idr_rt; unsigned int idr_base, idr_next; };
struct codetag_type_desc { const char *section; unsigned long tag_size; };
struct codetag_range { struct codetag *start, *stop; };
struct codetag_type {
	struct list_head link;
	unsigned int count;
	struct idr mod_idr;
	struct codetag_type_desc desc;
};
struct codetag_module {
	struct module *mod;
	struct codetag_range range;
#if VERSION >= 617
	unsigned long mod_seq;
#endif
};

/* its unit is found by it; it stands apart from the text, whose places are known */
__attribute__((section(".codetag.text"))) void codetag_to_text(void) {}

static struct codetag_module builtin = { .range = { &kernel_alloc_tags[0].ct, &kernel_alloc_tags[3].ct } };
static struct codetag_module third = { .range = { &module_alloc_tags[0].ct, &module_alloc_tags[2].ct } };
static struct xa_node node_of_modules __attribute__((aligned(8))) = { .slots = { &builtin, (void *)0, &third } };
struct codetag_type alloc_type = {
	.mod_idr.idr_rt.xa_head = (char *)&node_of_modules + 2, .desc = { "alloc_tags", sizeof(struct alloc_tag) },
};
#endif
