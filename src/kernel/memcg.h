/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The memory cgroup that a page is charged to. */
#ifndef PO_KERNEL_MEMCG_H
#define PO_KERNEL_MEMCG_H

#include <stdbool.h>
#include <stdint.h>

#include <pageowner/error.h>

#include "kernel/kernel.h"

#define PO_MEMCG_NAME_MAX 80	/* the kernel's buffer, terminator included */

struct po_memcg {
	uint64_t css_kva;	/* struct mem_cgroup */
	bool offline;
	char name[PO_MEMCG_NAME_MAX];
};

/* What a page's memcg_data says before anything is read. */
struct po_memcg_word {
	bool slab;		/* a vector of object cgroups: "Slab cache page" */
	bool kmem;		/* charged via objcg */
	bool objcg;		/* pointer is a struct obj_cgroup, else a struct mem_cgroup */
	uint64_t pointer;	/* 0: none */
};

struct po_memcg_word po_memcg_split(const struct po_kernel *k, uint64_t memcg_data);

/* From the pointer to the cgroup: 1; 0: it leads to none; negative: not in dump, or types are missing. */
int po_memcg_read(const struct po_kernel *k, struct po_memory *mem,
		  const struct po_memcg_word *word, struct po_memcg *ret,
		  struct pageowner_error *err);

/* The path of a struct cgroup in its hierarchy, "/" or "/a/b"; one that does not fit loses its start. */
int po_cgroup_path(const struct po_kernel *k, struct po_memory *mem, uint64_t cgroup, char *ret, size_t cap,
		   struct pageowner_error *err);
/* The struct mem_cgroup of a path, "/job/part": 1; 0: there is none (any more), or types do not lead there. */
int po_memcg_find(const struct po_kernel *k, struct po_memory *mem, const char *path, uint64_t *ret,
		  struct pageowner_error *err);

#endif
