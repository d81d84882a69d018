/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/memcg.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/grow.h"
#include "base/status.h"
#include "kernel/list.h"

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

/* --- a cgroup that is not in the dump ------------------------------------------------------------ */

#define MAX_ROOTS	64
#define MAX_NODES	(1u << 20)
#define MAX_DEPTH	4096

/* A search through the kernfs trees of all hierarchies, with what is still to be visited. */
struct search {
	const struct po_kernel *k;
	struct po_memory *mem;
	uint64_t cgroup;
	uint64_t *stack;	/* rb_nodes */
	size_t nr, cap;
	unsigned visited;
};

static bool push(struct search *s, uint64_t rb)
{
	if (!rb)
		return true;
	uint64_t *grown = po_grow(s->stack, s->nr, &s->cap, sizeof(*grown), 256);
	if (!grown)
		return false;
	s->stack = grown;
	s->stack[s->nr++] = rb;
	return true;
}

static uint64_t read_or_zero(struct search *s, uint64_t kva)
{
	uint64_t v;

	return po_memory_read_ptr(s->mem, kva, &v, NULL) == PAGEOWNER_OK ? v : 0;
}

/* The node below top (itself included) that belongs to the cgroup; 0: none. */
static uint64_t search_tree(struct search *s, uint64_t top)
{
	const struct po_layout *l = &s->k->l;

	s->nr = 0;
	if (!push(s, top + PO_OFFSET(l, kernfs_node, rb)))
		return 0;
	while (s->nr && s->visited++ < MAX_NODES) {
		uint64_t rb = s->stack[--s->nr], kn = rb - PO_OFFSET(l, kernfs_node, rb);

		if (read_or_zero(s, kn + PO_OFFSET(l, kernfs_node, priv)) == s->cgroup)
			return kn;
		/* files have another union member there, and no pointer that maps */
		if (!push(s, read_or_zero(s, kn + PO_OFFSET(l, kernfs_node, children))) ||
		    !push(s, read_or_zero(s, rb + PO_OFFSET(l, rb_node, rb_left))) ||
		    !push(s, read_or_zero(s, rb + PO_OFFSET(l, rb_node, rb_right))))
			return 0;
	}
	return 0;
}

/*
 * makedumpfile has left out pages that hold struct cgroup (releases that take the second page of a slab of
 * a newer kernel for a free one).  The directory in cgroupfs knows its cgroup, too.
 */
static uint64_t find_kernfs_node(const struct po_kernel *k, struct po_memory *mem, uint64_t cgroup)
{
	const struct po_layout *l = &k->l;
	uint64_t head = PO_SYM(l, cgroup_roots), at, kn = 0;
	struct search s = { .k = k, .mem = mem, .cgroup = cgroup };

	if (!head || !PO_HAS(l, cgroup_root, root_list) || !PO_HAS(l, cgroup_root, cgrp) ||
	    !PO_HAS(l, kernfs_node, priv) ||
	    !PO_HAS(l, kernfs_node, rb) || !PO_HAS(l, kernfs_node, children) ||
	    !PO_HAS(l, rb_node, rb_left) || !PO_HAS(l, rb_node, rb_right))
		return 0;
	at = read_or_zero(&s, head);
	for (int i = 0; at && at != head && !kn && i < MAX_ROOTS; i++) {
		uint64_t root = at - PO_OFFSET(l, cgroup_root, root_list);
		uint64_t top = read_or_zero(&s, root + PO_OFFSET(l, cgroup_root, cgrp) +
						       PO_OFFSET(l, cgroup, kn));
		if (top)
			kn = search_tree(&s, top);
		at = read_or_zero(&s, at);
	}
	free(s.stack);
	return kn;
}

/* --- names --------------------------------------------------------------------------------------- */

/* The directory of a cgroup; 0: it has none. */
static int find_node(const struct po_kernel *k, struct po_memory *mem, uint64_t cgroup, uint64_t *ret,
		     struct pageowner_error *err)
{
	struct pageowner_error why;
	int rc = po_memory_read_ptr(mem, cgroup + PO_OFFSET(&k->l, cgroup, kn), ret, &why);

	if (rc == PAGEOWNER_OK)
		return rc;
	*ret = find_kernfs_node(k, mem, cgroup);
	return *ret ? PAGEOWNER_OK : po_fail(err, rc, "%s", why.text);
}

/* *ret_parent 0: the root of its hierarchy, whose name is "/". */
static int read_node(const struct po_kernel *k, struct po_memory *mem, uint64_t kn, char *name, size_t cap,
		     uint64_t *ret_parent, struct pageowner_error *err)
{
	const struct po_layout *l = &k->l;
	uint64_t at, parent_at = PO_HAS(l, kernfs_node, __parent) ? PO_OFFSET(l, kernfs_node, __parent) :
								    PO_OFFSET(l, kernfs_node, parent);
	int rc = po_memory_read_ptr(mem, kn + parent_at, ret_parent, err);

	if (rc == PAGEOWNER_OK)
		rc = po_memory_read_ptr(mem, kn + PO_OFFSET(l, kernfs_node, name), &at, err);
	if (rc < 0)
		return rc;
	if (!*ret_parent) {
		memcpy(name, "/", sizeof("/"));
		return PAGEOWNER_OK;
	}
	rc = po_memory_read_string(mem, at, name, cap, err);
	return rc < 0 ? rc : PAGEOWNER_OK;
}

static int read_name(const struct po_kernel *k, struct po_memory *mem, uint64_t cgroup,
		     struct po_memcg *ret, struct pageowner_error *err)
{
	uint64_t kn, parent;
	int rc = find_node(k, mem, cgroup, &kn, err);

	if (rc < 0)
		return rc;
	if (!kn) {	/* kernfs_name() of no node */
		memcpy(ret->name, "(null)", sizeof("(null)"));
		return PAGEOWNER_OK;
	}
	return read_node(k, mem, kn, ret->name, sizeof(ret->name), &parent, err);
}

static int check_types(const struct po_layout *l, struct pageowner_error *err)
{
	if (PO_HAS(l, cgroup, kn) && PO_HAS(l, kernfs_node, name) &&
	    (PO_HAS(l, kernfs_node, parent) || PO_HAS(l, kernfs_node, __parent)))
		return PAGEOWNER_OK;
	return po_fail(err, PAGEOWNER_ENOTYPE, "type information lacks what leads to the names of cgroups");
}

int po_cgroup_path(const struct po_kernel *k, struct po_memory *mem, uint64_t cgroup, char *ret, size_t cap,
		   struct pageowner_error *err)
{
	char name[256];		/* NAME_MAX and a terminator */
	uint64_t kn, parent = 0;
	size_t at = cap - 1;
	int rc = check_types(&k->l, err);

	if (rc == PAGEOWNER_OK)
		rc = find_node(k, mem, cgroup, &kn, err);
	ret[at] = '\0';
	for (unsigned depth = 0; rc == PAGEOWNER_OK && kn && depth < MAX_DEPTH; depth++, kn = parent) {
		rc = read_node(k, mem, kn, name, sizeof(name), &parent, err);
		size_t len = strlen(name);
		if (rc < 0 || !parent || len + 1 > at)
			break;
		at -= len + 1;
		ret[at] = '/';
		memcpy(ret + at + 1, name, len);
	}
	if (at == cap - 1)
		ret[--at] = '/';
	memmove(ret, ret + at, cap - at);
	return rc;
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

/* --- by path ------------------------------------------------------------------------------------- */

#define MAX_CHILDREN (1u << 16)

/* The child of a css whose directory has that name; 0 if none. */
static int find_child(const struct po_kernel *k, struct po_memory *mem, uint64_t memcg, const char *name, size_t len,
		      uint64_t *ret, struct pageowner_error *err)
{
	const struct po_layout *l = &k->l;
	struct po_list list = po_list_of(mem, memcg + PO_OFFSET(l, mem_cgroup, css_children), MAX_CHILDREN);
	struct po_memcg child;
	uint64_t at;
	int rc;

	while ((rc = po_list_next(&list, &at, err)) == 1) {
		at -= PO_OFFSET(l, mem_cgroup, css_sibling);
		rc = read_memcg(k, mem, at, &child, err);
		if (rc < 0)
			return rc;
		*ret = at;
		if (!child.offline && strlen(child.name) == len && !memcmp(child.name, name, len))
			return 1;
	}
	return rc;
}

int po_memcg_find(const struct po_kernel *k, struct po_memory *mem, const char *path, uint64_t *ret,
		  struct pageowner_error *err)
{
	const struct po_layout *l = &k->l;
	int rc;

	if (!PO_HAS_SYM(l, root_mem_cgroup) || !PO_HAS(l, mem_cgroup, css_children) || !PO_HAS(l, mem_cgroup, css_sibling) ||
	    !PO_HAS(l, mem_cgroup, css_flags) || !PO_HAS(l, mem_cgroup, css_cgroup) || !PO_HAS(l, cgroup, kn) ||
	    !PO_HAS(l, kernfs_node, name) || !(PO_HAS(l, kernfs_node, parent) || PO_HAS(l, kernfs_node, __parent)))
		return 0;
	rc = po_memory_read_ptr(mem, PO_SYM(l, root_mem_cgroup), ret, err);
	while (rc >= 0 && *ret && *path) {
		path += strspn(path, "/");
		size_t len = strcspn(path, "/");
		if (!len)
			break;
		rc = find_child(k, mem, *ret, path, len, ret, err);
		if (rc <= 0)
			return rc;
		path += len;
	}
	return rc < 0 ? rc : *ret != 0;
}
