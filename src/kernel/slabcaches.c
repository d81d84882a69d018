/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/slabcaches.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/status.h"
#include "kernel/list.h"

#define MAX_CACHES	(1u << 16)
#define MAX_NAME	512		/* those of memory cgroups hold a cgroup's name, which is up to 255 */
#define MAX_STRUCT	(64u << 10)
#define MAX_SLABS	(1u << 30)	/* of a machine whose page frames are not counted */
#define MAX_SCANNED	10000		/* MAX_PARTIAL_TO_SCAN */

struct loader {
	const struct po_kernel *k;
	struct po_memory *mem;
	struct po_slab_caches *out;
	struct pageowner_error *flaw;
	uint8_t *raw;			/* one struct kmem_cache */
	size_t len;			/* of it: what is behind the last possible node was not allocated */
	unsigned nr_nodes;
	uint64_t node_at, node_stride;	/* of the pointers to struct kmem_cache_node */
	bool slub;
	uint64_t slabs_left;		/* each is in one list only, and takes a page frame */
	const struct po_member *link, *objects, *inuse;	/* of a slab, which is a struct page until 5.16 */
};

static void tell(struct loader *ld, const struct pageowner_error *what)
{
	if (ld->flaw->code == PAGEOWNER_OK)
		*ld->flaw = *what;
}

static uint64_t field(const struct loader *ld, const struct po_member *m)
{
	return po_member_load(&ld->k->abi, m, ld->raw);
}

static int read_member(const struct loader *ld, uint64_t kva, const struct po_member *m, uint64_t *ret,
		       struct pageowner_error *err)
{
	int rc = po_memory_read_uint(ld->mem, kva + m->offset, m->size, ret, err);

	if (rc == PAGEOWNER_OK && m->bit_size && m->bit_size < 64)
		*ret = *ret >> m->bit_shift & (((uint64_t)1 << m->bit_size) - 1);
	return rc;
}

/* --- SLUB ---------------------------------------------------------------------------------------- */

/* Free objects of up to max slabs of a list. */
static int count_free(struct loader *ld, struct po_list *list, uint64_t max, uint64_t *ret,
		      struct pageowner_error *err)
{
	uint64_t at, objects, inuse;

	for (uint64_t i = 0; i < max; i++) {
		int rc = po_list_next(list, &at, err);
		if (rc <= 0)
			return rc;
		if (ld->slabs_left-- == 0) {
			ld->slabs_left = 0;
			return po_fail(err, PAGEOWNER_ECORRUPT, "there are more slabs than page frames");
		}
		at -= ld->link->offset;
		rc = read_member(ld, at, ld->objects, &objects, err);
		if (rc == PAGEOWNER_OK)
			rc = read_member(ld, at, ld->inuse, &inuse, err);
		if (rc < 0)
			return rc;
		*ret += objects - inuse;
	}
	return PAGEOWNER_OK;
}

/* mult_frac() on unsigned longs. */
static uint64_t scale(uint64_t x, uint64_t numerator, uint64_t denominator)
{
	return x / denominator * numerator + x % denominator * numerator / denominator;
}

/* count_partial(); of a long list count_partial_free_approx() looks at both ends alone. */
static int count_partial(struct loader *ld, uint64_t node, uint64_t objects, uint64_t *ret,
			 struct pageowner_error *err)
{
	const struct po_layout *l = &ld->k->l;
	uint64_t head = node + PO_OFFSET(l, kmem_cache_node, partial), nr = 0, x = 0;
	struct po_list list = po_list_of(ld->mem, head, MAX_SLABS);
	int rc = read_member(ld, node, PO_AT(l, kmem_cache_node, nr_partial), &nr, err);

	if (rc < 0)
		return rc;
	if (nr <= MAX_SCANNED || !PO_HAS_SYM(l, count_partial_free_approx))
		return count_free(ld, &list, UINT64_MAX, ret, err);
	rc = count_free(ld, &list, MAX_SCANNED / 2, &x, err);
	list = po_list_backward(ld->mem, head, MAX_SLABS);
	if (rc == PAGEOWNER_OK)
		rc = count_free(ld, &list, MAX_SCANNED / 2, &x, err);
	x = scale(x, nr, MAX_SCANNED);
	*ret += x < objects ? x : objects;
	return rc;
}

static int add_slub_node(struct loader *ld, struct po_slab_cache *c, uint64_t node, struct pageowner_error *err)
{
	const struct po_layout *l = &ld->k->l;
	uint64_t slabs, objects, unused = 0;
	int rc = read_member(ld, node, PO_AT(l, kmem_cache_node, nr_slabs), &slabs, err);

	if (rc == PAGEOWNER_OK)
		rc = read_member(ld, node, PO_AT(l, kmem_cache_node, total_objects), &objects, err);
	if (rc == PAGEOWNER_OK)
		rc = count_partial(ld, node, objects, &unused, err);
	if (rc < 0)
		return rc;
	c->slabs += slabs;
	c->active_slabs += slabs;
	c->objects += objects;
	c->active_objects += objects - unused;
	return PAGEOWNER_OK;
}

/* --- SLAB ---------------------------------------------------------------------------------------- */

static int add_slab_node(struct loader *ld, struct po_slab_cache *c, uint64_t node, struct pageowner_error *err)
{
	const struct po_layout *l = &ld->k->l;
	uint64_t slabs, unused, objects, shared = 0, avail = 0;
	int rc = read_member(ld, node, PO_AT(l, kmem_cache_node, total_slabs), &slabs, err);

	if (rc == PAGEOWNER_OK)
		rc = read_member(ld, node, PO_AT(l, kmem_cache_node, free_slabs), &unused, err);
	if (rc == PAGEOWNER_OK)
		rc = read_member(ld, node, PO_AT(l, kmem_cache_node, free_objects), &objects, err);
	if (rc == PAGEOWNER_OK)
		rc = read_member(ld, node, PO_AT(l, kmem_cache_node, shared), &shared, err);
	if (rc == PAGEOWNER_OK && shared)
		rc = read_member(ld, shared, PO_AT(l, array_cache, avail), &avail, err);
	if (rc < 0)
		return rc;
	c->slabs += slabs;
	c->active_slabs += slabs - unused;
	c->objects += slabs * c->objects_per_slab;
	c->active_objects += slabs * c->objects_per_slab - objects;
	c->shared_avail += avail;
	return PAGEOWNER_OK;
}

/* --- a cache ------------------------------------------------------------------------------------- */

/* Both pack the order of a slab and its objects into one number: OO_SHIFT. */
static void fill_shape(const struct loader *ld, struct po_slab_cache *c)
{
	const struct po_layout *l = &ld->k->l;

	c->size = (uint32_t)field(ld, PO_AT(l, kmem_cache, size));
	c->object_size = PO_HAS(l, kmem_cache, object_size) ?
				 (uint32_t)field(ld, PO_AT(l, kmem_cache, object_size)) : c->size;
	if (ld->slub) {
		uint64_t oo = field(ld, PO_AT(l, kmem_cache, oo));

		c->objects_per_slab = oo & 0xffff;
		c->order = (uint32_t)(oo >> 16);
		return;
	}
	c->objects_per_slab = (uint32_t)field(ld, PO_AT(l, kmem_cache, num));
	c->order = (uint32_t)field(ld, PO_AT(l, kmem_cache, gfporder));
	c->limit = (uint32_t)field(ld, PO_AT(l, kmem_cache, limit));
	c->batchcount = (uint32_t)field(ld, PO_AT(l, kmem_cache, batchcount));
	c->shared = (uint32_t)field(ld, PO_AT(l, kmem_cache, shared));
}

static int fill_counts(struct loader *ld, struct po_slab_cache *c, struct pageowner_error *err)
{
	int rc = PAGEOWNER_OK;

	for (unsigned i = 0; i < ld->nr_nodes && rc == PAGEOWNER_OK; i++) {
		uint64_t node = po_load_ptr(&ld->k->abi, ld->raw + ld->node_at + i * ld->node_stride);
		if (node)
			rc = ld->slub ? add_slub_node(ld, c, node, err) : add_slab_node(ld, c, node, err);
	}
	return rc;
}

/*
 * The cache that a memory cgroup's belongs to: a pointer to it stands in a union with what a root cache has (until
 * 4.10, and a bool tells which it is), or is NULL in a root cache.
 */
static int find_root(const struct loader *ld, struct po_slab_cache *c, struct pageowner_error *err)
{
	const struct po_layout *l = &ld->k->l;
	uint64_t at, is_root = 0, root = 0;
	int rc = PAGEOWNER_OK;

	c->root = c->kva;
	if (!PO_HAS(l, kmem_cache, memcg_params) || !PO_HAS(l, memcg_cache_params, root_cache))
		return PAGEOWNER_OK;
	at = c->kva + PO_OFFSET(l, kmem_cache, memcg_params);
	if (PO_AT(l, kmem_cache, memcg_params)->type.kind == PO_KIND_POINTER) {
		at = field(ld, PO_AT(l, kmem_cache, memcg_params));
		if (!at)
			return PAGEOWNER_OK;
	}
	if (PO_HAS(l, memcg_cache_params, is_root_cache))
		rc = read_member(ld, at, PO_AT(l, memcg_cache_params, is_root_cache), &is_root, err);
	if (rc == PAGEOWNER_OK && !is_root)
		rc = read_member(ld, at, PO_AT(l, memcg_cache_params, root_cache), &root, err);
	if (rc == PAGEOWNER_OK && root)
		c->root = root;
	return rc;
}

static int read_name(const struct loader *ld, struct po_slab_cache *c, struct pageowner_error *err)
{
	char buf[MAX_NAME];
	int rc = po_memory_read_string(ld->mem, field(ld, PO_AT(&ld->k->l, kmem_cache, name)), buf, sizeof(buf), err);

	if (rc < 0)
		return rc;
	c->name = po_arena_strndup(&ld->out->arena, buf, (size_t)rc);
	return c->name ? PAGEOWNER_OK : PAGEOWNER_ENOMEM;
}

/* Flaws are told; ENOMEM. */
static int add_cache(struct loader *ld, uint64_t kva)
{
	struct po_slab_cache *grown = ld->out->cache, *c;
	struct pageowner_error why;
	int rc;

	if ((ld->out->nr & (ld->out->nr + 1)) == 0)	/* full at 2^n - 1 */
		grown = realloc(ld->out->cache, (2 * ld->out->nr + 1) * sizeof(*grown));
	if (!grown)
		return PAGEOWNER_ENOMEM;
	ld->out->cache = grown;
	c = &grown[ld->out->nr++];
	*c = (struct po_slab_cache){ .kva = kva, .root = kva, .lost = true };
	rc = po_memory_read(ld->mem, kva, ld->raw, ld->len, &why);
	if (rc == PAGEOWNER_OK) {
		fill_shape(ld, c);
		rc = read_name(ld, c, &why);
	}
	if (rc == PAGEOWNER_OK)
		rc = find_root(ld, c, &why);
	if (rc == PAGEOWNER_OK)
		rc = fill_counts(ld, c, &why);
	c->lost = rc < 0;
	if (rc < 0 && rc != PAGEOWNER_ENOMEM) {
		(void)po_within(&why, rc, "slab cache %s at 0x%" PRIx64, c->name ? c->name : "(no name)", kva);
		tell(ld, &why);
		rc = PAGEOWNER_OK;
	}
	return rc;
}

/* --- all of them --------------------------------------------------------------------------------- */

static bool is_slub(const struct po_layout *l)
{
	return PO_HAS(l, kmem_cache, oo) && PO_HAS(l, kmem_cache_node, partial) &&
	       PO_HAS(l, kmem_cache_node, nr_partial);
}

static bool is_slab(const struct po_layout *l)
{
	return PO_HAS(l, kmem_cache, num) && PO_HAS(l, kmem_cache, gfporder) && PO_HAS(l, kmem_cache, limit) &&
	       PO_HAS(l, kmem_cache, batchcount) && PO_HAS(l, kmem_cache, shared);
}

static int find_allocator(struct loader *ld, struct pageowner_error *err)
{
	const struct po_layout *l = &ld->k->l;
	bool in_page = !PO_HAS(l, slab, inuse);

	ld->slub = is_slub(l);
	if (!ld->slub && !is_slab(l))
		return po_fail(err, PAGEOWNER_ENOTYPE, "slab caches: type information does not tell whose they are, "
			       "SLUB's or SLAB's");
	if (!ld->slub)
		return PO_HAS(l, kmem_cache_node, total_slabs) && PO_HAS(l, kmem_cache_node, free_slabs) &&
		       PO_HAS(l, kmem_cache_node, free_objects) && PO_HAS(l, kmem_cache_node, shared) &&
		       PO_HAS(l, array_cache, avail) ? PAGEOWNER_OK :
			       po_fail(err, PAGEOWNER_EUNSUPP, "slab caches: SLAB before 4.10 keeps no counts");
	if (!PO_HAS(l, kmem_cache_node, nr_slabs) || !PO_HAS(l, kmem_cache_node, total_objects))
		return po_fail(err, PAGEOWNER_EUNSUPP, "slab caches: this kernel does not count them "
			       "(CONFIG_SLUB_DEBUG is off)");
	if (in_page) {
		ld->link = PO_HAS(l, page, slab_list) ? PO_AT(l, page, slab_list) : PO_AT(l, page, lru);
		ld->objects = PO_AT(l, page, objects);
		ld->inuse = PO_AT(l, page, inuse);
	} else {
		ld->link = PO_AT(l, slab, slab_list);
		ld->objects = PO_AT(l, slab, objects);
		ld->inuse = PO_AT(l, slab, inuse);
	}
	if (in_page ? !PO_HAS(l, page, objects) || !PO_HAS(l, page, inuse) ||
			      !(PO_HAS(l, page, slab_list) || PO_HAS(l, page, lru)) :
		      !PO_HAS(l, slab, objects) || !PO_HAS(l, slab, slab_list))
		return po_fail(err, PAGEOWNER_ENOTYPE, "slab caches: type information lacks members of a slab");
	return PAGEOWNER_OK;
}

static int find_nodes(struct loader *ld, struct pageowner_error *err)
{
	const struct po_layout *l = &ld->k->l;
	bool pairs = PO_HAS(l, kmem_cache, per_node) && PO_HAS(l, kmem_cache_per_node_ptrs, node);
	uint64_t nr = 1, max;
	int rc = PAGEOWNER_OK;

	if (!pairs && !PO_HAS(l, kmem_cache, node))
		return po_fail(err, PAGEOWNER_ENOTYPE, "slab caches: type information lacks kmem_cache.node");
	const struct po_member *m = pairs ? PO_AT(l, kmem_cache, per_node) : PO_AT(l, kmem_cache, node);
	if (PO_HAS_SYM(l, nr_node_ids))
		rc = po_kernel_read_variable(ld->k, ld->mem, PO_S_nr_node_ids, &nr, err);
	if (rc < 0)
		return rc;
	max = m->type.nr_elems ? m->type.nr_elems : 1;
	ld->node_stride = pairs ? PO_SIZE(l, kmem_cache_per_node_ptrs) : ld->k->abi.ptr_size;
	ld->node_at = m->offset + (pairs ? PO_OFFSET(l, kmem_cache_per_node_ptrs, node) : 0);
	if (!nr || PO_SIZE(l, kmem_cache) > MAX_STRUCT || max > MAX_STRUCT || ld->node_stride > MAX_STRUCT ||
	    ld->node_at + max * ld->node_stride > MAX_STRUCT)
		return po_fail(err, PAGEOWNER_ECORRUPT, "slab caches: %" PRIu64 " nodes, %" PRIu64 " bytes of a cache",
			       nr, PO_SIZE(l, kmem_cache));
	ld->nr_nodes = (unsigned)(nr < max ? nr : max);
	ld->len = ld->node_at + (ld->nr_nodes - 1) * ld->node_stride + ld->k->abi.ptr_size;
	return PAGEOWNER_OK;
}

static int load_list(struct loader *ld, struct pageowner_error *err)
{
	struct po_list list = po_list_of(ld->mem, PO_SYM(&ld->k->l, slab_caches), MAX_CACHES);
	struct pageowner_error why;
	uint64_t at;

	for (;;) {
		int rc = po_list_next(&list, &at, &why);
		if (rc < 0) {
			(void)po_within(&why, rc, "slab caches");
			tell(ld, &why);
		}
		if (rc <= 0)
			return PAGEOWNER_OK;
		if (add_cache(ld, at - PO_OFFSET(&ld->k->l, kmem_cache, list)) < 0)
			return po_fail_nomem(err, "slab caches");
	}
}

int po_slab_caches_load(const struct po_kernel *k, struct po_memory *mem, struct po_slab_caches *ret,
			struct pageowner_error *flaw, struct pageowner_error *err)
{
	const struct po_layout *l = &k->l;
	struct loader ld = {
		.k = k, .mem = mem, .out = ret, .flaw = flaw, .slabs_left = k->max_pfn ? k->max_pfn : MAX_SLABS,
	};

	*ret = (struct po_slab_caches){ .nr = 0 };
	flaw->code = PAGEOWNER_OK;
	if (!PO_HAS_SYM(l, slab_caches))
		return po_fail(err, PAGEOWNER_ENOSYM, "slab caches: this kernel has no symbol slab_caches");
	if (!l->strct[PO_T_kmem_cache].have || !PO_HAS(l, kmem_cache, list) || !PO_HAS(l, kmem_cache, name) ||
	    !PO_HAS(l, kmem_cache, size))
		return po_fail(err, PAGEOWNER_ENOTYPE, "slab caches: type information lacks struct kmem_cache");
	int rc = find_allocator(&ld, err);
	if (rc == PAGEOWNER_OK)
		rc = find_nodes(&ld, err);
	if (rc < 0)
		return rc;
	_cleanup_(po_freep) uint8_t *raw = ld.raw = calloc(1, MAX_STRUCT);
	rc = raw ? load_list(&ld, err) : po_fail_nomem(err, "slab caches");
	if (rc < 0)
		po_slab_caches_fini(ret);
	return rc;
}

void po_slab_caches_fini(struct po_slab_caches *s)
{
	free(s->cache);
	po_arena_fini(&s->arena);
	*s = (struct po_slab_caches){ .nr = 0 };
}
