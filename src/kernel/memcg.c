/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/memcg.h"

#include <inttypes.h>
#include <string.h>

#include "base/status.h"

#define CSS_ONLINE_DEFAULT 2	/* CSS_ONLINE, 1 << 1 in every version */

static uint64_t enum_or(const struct po_kernel *k, unsigned id, uint64_t otherwise)
{
	return k->l.enumerator[id].have ? (uint64_t)k->l.enumerator[id].value : otherwise;
}

struct po_memcg_word po_memcg_split(const struct po_kernel *k, uint64_t memcg_data)
{
	/* the lowest bit was MEMCG_DATA_OBJCGS, then MEMCG_DATA_OBJEXTS (6.10): the same number */
	uint64_t slab = enum_or(k, PO_E_MEMCG_DATA_OBJEXTS, enum_or(k, PO_E_MEMCG_DATA_OBJCGS, 1));
	uint64_t kmem = enum_or(k, PO_E_MEMCG_DATA_KMEM, 2);
	uint64_t flags = enum_or(k, PO_E___NR_OBJEXTS_FLAGS, enum_or(k, PO_E___NR_MEMCG_DATA_FLAGS, 4));
	struct po_memcg_word w = { .slab = memcg_data & slab, .kmem = memcg_data & kmem };

	/*
	 * Since 7.1 every charged page points to an object cgroup; struct obj_cgroup has is_root since
	 * then.  Before, only pages charged as kernel memory do.
	 */
	w.objcg = w.kmem || PO_HAS(&k->l, obj_cgroup, is_root);
	w.pointer = w.slab ? 0 : memcg_data & ~(flags - 1);
	return w;
}

static int read_name(const struct po_kernel *k, struct po_memory *mem, uint64_t cgroup,
		     struct po_memcg *ret, struct pageowner_error *err)
{
	const struct po_layout *l = &k->l;
	uint64_t kn, parent, name;
	uint64_t parent_at = PO_HAS(l, kernfs_node, __parent) ? PO_OFFSET(l, kernfs_node, __parent) :
								PO_OFFSET(l, kernfs_node, parent);
	int rc = po_memory_read_ptr(mem, cgroup + PO_OFFSET(l, cgroup, kn), &kn, err);

	if (rc < 0)
		return rc;
	if (!kn) {	/* kernfs_name() of no node */
		memcpy(ret->name, "(null)", sizeof("(null)"));
		return PAGEOWNER_OK;
	}
	rc = po_memory_read_ptr(mem, kn + parent_at, &parent, err);
	if (rc == PAGEOWNER_OK)
		rc = po_memory_read_ptr(mem, kn + PO_OFFSET(l, kernfs_node, name), &name, err);
	if (rc < 0)
		return rc;
	if (!parent) {
		memcpy(ret->name, "/", sizeof("/"));
		return PAGEOWNER_OK;
	}
	rc = po_memory_read_string(mem, name, ret->name, sizeof(ret->name), err);
	return rc < 0 ? rc : PAGEOWNER_OK;
}

static int read_memcg(const struct po_kernel *k, struct po_memory *mem, uint64_t memcg,
		      struct po_memcg *ret, struct pageowner_error *err)
{
	const struct po_layout *l = &k->l;
	const struct po_member *flags_at = PO_AT(l, mem_cgroup, css_flags);
	uint64_t flags, cgroup;
	int rc = po_memory_read_uint(mem, memcg + flags_at->offset, flags_at->size, &flags, err);

	if (rc == PAGEOWNER_OK)
		rc = po_memory_read_ptr(mem, memcg + PO_OFFSET(l, mem_cgroup, css_cgroup), &cgroup, err);
	if (rc < 0)
		return rc;
	ret->css_kva = memcg;
	ret->offline = !(flags & enum_or(k, PO_E_CSS_ONLINE, CSS_ONLINE_DEFAULT));
	return read_name(k, mem, cgroup, ret, err);
}

int po_memcg_read(const struct po_kernel *k, struct po_memory *mem,
		  const struct po_memcg_word *word, struct po_memcg *ret,
		  struct pageowner_error *err)
{
	const struct po_layout *l = &k->l;
	uint64_t memcg = word->pointer;
	int rc;

	if (!PO_HAS(l, obj_cgroup, memcg) || !PO_HAS(l, mem_cgroup, css_flags) ||
	    !PO_HAS(l, mem_cgroup, css_cgroup) || !PO_HAS(l, cgroup, kn) ||
	    !PO_HAS(l, kernfs_node, name) ||
	    !(PO_HAS(l, kernfs_node, parent) || PO_HAS(l, kernfs_node, __parent)))
		return po_fail(err, PAGEOWNER_ENOTYPE,
			       "type information lacks struct mem_cgroup and what leads to its name");
	if (memcg && word->objcg) {
		rc = po_memory_read_ptr(mem, memcg + PO_OFFSET(l, obj_cgroup, memcg), &memcg, err);
		if (rc < 0)
			return po_within(err, rc, "obj_cgroup at 0x%" PRIx64, word->pointer);
	}
	if (!memcg)
		return 0;
	rc = read_memcg(k, mem, memcg, ret, err);
	return rc < 0 ? po_within(err, rc, "mem_cgroup at 0x%" PRIx64, memcg) : 1;
}
