/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/slab.h"

#include "base/status.h"

#define PG_SLAB_6_10		0x00001000u	/* a macro, in that release alone */
#define PAGE_TYPE_BASE_6_10	0xf0000000u
#define PAGE_TYPE_BASE_6_11	0x80000000u

/* A page flag; a page type by a cleared bit since commit 46df8e73a4a3 (6.10); one by its number since 6.12. */
bool po_page_is_slab(const struct po_kernel *k, const uint8_t *raw)
{
	const struct po_layout *l = &k->l;
	uint32_t type = (uint32_t)po_load(&k->abi, raw + k->page.type_offset, 4);

	if (PO_HAS_ENUM(l, PGTY_slab))
		return type >> 24 == (uint32_t)PO_ENUM(l, PGTY_slab);
	if (PO_HAS_ENUM(l, PG_slab) && PO_ENUM(l, PG_slab) < 64)
		return po_page_flags(k, raw) >> PO_ENUM(l, PG_slab) & 1;
	uint32_t bit = PO_HAS_ENUM(l, PG_slab) ? (uint32_t)PO_ENUM(l, PG_slab) : PG_SLAB_6_10;
	uint32_t base = PO_HAS_ENUM(l, PG_slab) ? PAGE_TYPE_BASE_6_11 : PAGE_TYPE_BASE_6_10;
	return (type & (base | bit)) == base;
}

/* NULL: type information does not lead to caches. */
static const struct po_member *cache_member(const struct po_kernel *k)
{
	const struct po_layout *l = &k->l;
	const struct po_member *at = PO_HAS(l, slab, slab_cache) ? PO_AT(l, slab, slab_cache) :	/* 5.17 */
				     PO_HAS(l, page, slab_cache) ? PO_AT(l, page, slab_cache) : NULL;

	return at && at->offset + k->abi.ptr_size <= k->map.page_size ? at : NULL;
}

bool po_slab_has_names(const struct po_kernel *k)
{
	return cache_member(k) && PO_HAS(&k->l, kmem_cache, name);
}

uint64_t po_slab_cache(const struct po_kernel *k, const uint8_t *raw)
{
	const struct po_member *at = cache_member(k);

	return at ? po_load_ptr(&k->abi, raw + at->offset) : 0;
}

int po_slab_cache_name(const struct po_kernel *k, struct po_memory *mem, const uint8_t *raw, char *buf, size_t cap,
		       struct pageowner_error *err)
{
	uint64_t name;

	if (!po_slab_has_names(k))
		return po_fail(err, PAGEOWNER_ENOTYPE,
			       "slab cache: type information lacks slab_cache or kmem_cache.name");
	int rc = po_memory_read_ptr(mem, po_slab_cache(k, raw) + PO_OFFSET(&k->l, kmem_cache, name), &name, err);
	if (rc == PAGEOWNER_OK)
		rc = po_memory_read_string(mem, name, buf, cap, err);
	return rc < 0 ? po_within(err, rc, "slab cache") : rc;
}
