/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/zswap.h"

#include <string.h>

#include "base/status.h"
#include "kernel/list.h"

#define MAX_POOLS	1024	/* one, and those of which something is still stored after a change of settings */
#define MAX_ZPOOLS	64	/* ZSWAP_NR_ZPOOLS is 32 */

/* Of an allocator's own pool. */
static int add_pages(struct po_memory *mem, uint64_t pool, const struct po_member *pages, uint64_t *sum,
		     struct pageowner_error *err)
{
	uint64_t v;
	int rc = po_memory_read_uint(mem, pool + pages->offset, (unsigned)pages->size, &v, err);

	*sum += rc == PAGEOWNER_OK ? v : 0;
	return rc;
}

static int add_zs_pool(const struct po_kernel *k, struct po_memory *mem, uint64_t pool, uint64_t *sum,
		       struct pageowner_error *err)
{
	if (!PO_HAS(&k->l, zs_pool, pages_allocated))
		return po_fail(err, PAGEOWNER_ENOTYPE, "type information lacks struct zs_pool");
	return add_pages(mem, pool, PO_AT(&k->l, zs_pool, pages_allocated), sum, err);
}

/* A struct zpool: the interface of several allocators, until commit 2ccd9fecd916 (6.18) left one. */
static int add_zpool(const struct po_kernel *k, struct po_memory *mem, uint64_t zpool, uint64_t *sum,
		     struct pageowner_error *err)
{
	const struct po_layout *l = &k->l;
	uint64_t driver, pool, type;
	char name[16];

	if (!PO_HAS(l, zpool, driver) || !PO_HAS(l, zpool, pool) || !PO_HAS(l, zpool_driver, type))
		return po_fail(err, PAGEOWNER_ENOTYPE, "type information lacks struct zpool");
	int rc = po_memory_read_ptr(mem, zpool + PO_OFFSET(l, zpool, driver), &driver, err);
	if (rc == PAGEOWNER_OK)
		rc = po_memory_read_ptr(mem, zpool + PO_OFFSET(l, zpool, pool), &pool, err);
	if (rc == PAGEOWNER_OK)
		rc = po_memory_read_ptr(mem, driver + PO_OFFSET(l, zpool_driver, type), &type, err);
	if (rc == PAGEOWNER_OK)
		rc = po_memory_read_string(mem, type, name, sizeof(name), err);
	if (rc < 0)
		return rc;
	if (!strcmp(name, "zsmalloc"))
		return add_zs_pool(k, mem, pool, sum, err);
	const struct po_member *pages =
		!strcmp(name, "zbud") && PO_HAS(l, zbud_pool, pages_nr)	  ? PO_AT(l, zbud_pool, pages_nr) :
		!strcmp(name, "z3fold") && PO_HAS(l, z3fold_pool, pages_nr) ? PO_AT(l, z3fold_pool, pages_nr) : NULL;
	if (!pages)
		return po_fail(err, PAGEOWNER_EUNSUPP, "zswap: the size of a pool of %s is not known", name);
	return add_pages(mem, pool, pages, sum, err);
}

static int add_pool(const struct po_kernel *k, struct po_memory *mem, uint64_t pool, uint64_t *sum,
		    struct pageowner_error *err)
{
	const struct po_layout *l = &k->l;
	const struct po_member *m = PO_HAS(l, zswap_pool, zs_pool) ? PO_AT(l, zswap_pool, zs_pool) :
				    PO_HAS(l, zswap_pool, zpool)   ? PO_AT(l, zswap_pool, zpool) :
								     PO_AT(l, zswap_pool, zpools);
	const uint64_t nr = m->type.kind == PO_KIND_ARRAY ? m->type.nr_elems : 1;
	int rc = PAGEOWNER_OK;
	uint64_t at;

	for (uint64_t i = 0; i < nr && i < MAX_ZPOOLS && rc == PAGEOWNER_OK; i++) {
		rc = po_memory_read_ptr(mem, pool + m->offset + i * k->abi.ptr_size, &at, err);
		if (rc == PAGEOWNER_OK)
			rc = (PO_HAS(l, zswap_pool, zs_pool) ? add_zs_pool : add_zpool)(k, mem, at, sum, err);
	}
	return rc;
}

int po_zswap_pages(const struct po_kernel *k, struct po_memory *mem, uint64_t *ret, struct pageowner_error *err)
{
	const struct po_layout *l = &k->l;
	uint64_t at, sum = 0;
	int rc;

	if (!PO_HAS_SYM(l, zswap_pools) || !PO_HAS(l, zswap_pool, list) ||
	    (!PO_HAS(l, zswap_pool, zs_pool) && !PO_HAS(l, zswap_pool, zpool) && !PO_HAS(l, zswap_pool, zpools)))
		return po_fail(err, PAGEOWNER_ENOTYPE, "type information or symbols lack the pools of zswap");
	struct po_list list = po_list_of(mem, PO_SYM(l, zswap_pools), MAX_POOLS);
	while ((rc = po_list_next(&list, &at, err)) == 1) {
		rc = add_pool(k, mem, at - PO_OFFSET(l, zswap_pool, list), &sum, err);
		if (rc < 0)
			break;
	}
	*ret = sum;
	return rc;
}
