/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The slab caches and what they hold, as the kernel itself counts it. */
#ifndef PO_KERNEL_SLABCACHES_H
#define PO_KERNEL_SLABCACHES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pageowner/error.h>

#include "base/arena.h"
#include "kernel/kernel.h"

struct po_slab_cache {
	uint64_t kva;		/* of its struct kmem_cache */
	uint64_t root;		/* the cache whose name it is counted under; itself, but for memory cgroups' (until 5.8) */
	const char *name;	/* of merged caches that of the first; NULL: not in the dump */
	bool lost;		/* its counts are not known */
	uint32_t object_size;	/* what was asked for */
	uint32_t size;		/* what an object takes */
	uint32_t objects_per_slab, order;
	uint64_t active_objects, objects, active_slabs, slabs;
	/* SLAB alone */
	uint64_t shared_avail;
	uint32_t limit, batchcount, shared;
};

struct po_slab_caches {
	struct po_arena arena;	/* names */
	struct po_slab_cache *cache;
	size_t nr;		/* in the kernel's order */
};

/*
 * All caches.  flaw tells the first of what could not be read, the rest of which is there; code OK: none.  ENOSYM,
 * ENOTYPE: this kernel or its type information lacks what is needed; EUNSUPP: an allocator that is not known.
 */
int po_slab_caches_load(const struct po_kernel *k, struct po_memory *mem, struct po_slab_caches *ret,
			struct pageowner_error *flaw, struct pageowner_error *err);
void po_slab_caches_fini(struct po_slab_caches *s);

#endif
