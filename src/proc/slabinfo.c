/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "proc/proc.h"

#include <inttypes.h>

#include "base/status.h"
#include "kernel/slabcaches.h"

static void add(struct po_slab_cache *to, const struct po_slab_cache *c)
{
	to->active_objects += c->active_objects;
	to->objects += c->objects;
	to->active_slabs += c->active_slabs;
	to->slabs += c->slabs;
	to->shared_avail += c->shared_avail;
	to->lost |= c->lost;
}

static void put_cache(const struct po_proc *p, const struct po_slab_cache *c)
{
	const struct po_abi *abi = &p->k->abi;

	po_proc_put(p, "%-17s %6" PRIu64 " %6" PRIu64 " %6u %4u %4d", c->name, po_wrap(abi, c->active_objects),
		    po_wrap(abi, c->objects), c->size, c->objects_per_slab, (int)(1u << (c->order & 31)));
	po_proc_put(p, " : tunables %4u %4u %4u", c->limit, c->batchcount, c->shared);
	po_proc_put(p, " : slabdata %6" PRIu64 " %6" PRIu64 " %6" PRIu64 "\n", po_wrap(abi, c->active_slabs),
		    po_wrap(abi, c->slabs), po_wrap(abi, c->shared_avail));
}

/* The caches of memory cgroups (until 5.8) are counted under the one that they were made of. */
static struct po_slab_cache sum_of(const struct po_slab_caches *s, size_t i, bool per_cgroup)
{
	struct po_slab_cache sum = s->cache[i];

	for (size_t j = 0; per_cgroup && j < s->nr; j++)
		if (j != i && s->cache[j].root == sum.kva)
			add(&sum, &s->cache[j]);
	return sum;
}

int po_proc_slabinfo(const struct po_proc *p, struct pageowner_error *err)
{
	const struct po_layout *l = &p->k->l;
	struct po_slab_caches s;
	struct pageowner_error flaw;

	if (PO_HAS(l, kmem_cache, num_active))
		return po_fail(err, PAGEOWNER_EUNSUPP, "statistics of SLAB (CONFIG_DEBUG_SLAB) are not known");
	int rc = po_slab_caches_load(p->k, p->mem, &s, &flaw, err);
	if (rc < 0)
		return rc;
	po_proc_flaw(p, &flaw);
	po_proc_put(p, "slabinfo - version: 2.1\n"
		       "# name            <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab>"
		       " : tunables <limit> <batchcount> <sharedfactor>"
		       " : slabdata <active_slabs> <num_slabs> <sharedavail>\n");
	for (size_t i = 0; i < s.nr; i++) {
		struct po_slab_cache sum = sum_of(&s, i, PO_HAS(l, kmem_cache, memcg_params));
		if (sum.root == sum.kva && !sum.lost && sum.name)
			put_cache(p, &sum);
	}
	po_slab_caches_fini(&s);
	return PAGEOWNER_OK;
}
