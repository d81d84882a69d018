/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/memblock.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/status.h"
#include "kernel/kernel.h"

#define MAX_REGIONS	4096
#define MAX_REGION_SIZE	64

/* 1, or 0: an empty region, or one that is left out. */
static int read_region(const struct po_kernel *k, struct po_memory *mem, uint64_t at, bool nomap_too,
		       struct po_pfn_range *ret, struct pageowner_error *err)
{
	const struct po_layout *l = &k->l;
	uint8_t raw[MAX_REGION_SIZE];
	uint64_t mask = po_kernel_page_size(k) - 1;
	int rc = po_memory_read(mem, at, raw, PO_SIZE(l, memblock_region), err);

	if (rc < 0)
		return rc;
	uint64_t base = po_member_load(&k->abi, PO_AT(l, memblock_region, base), raw);
	uint64_t size = po_member_load(&k->abi, PO_AT(l, memblock_region, size), raw);
	if (!nomap_too && PO_HAS(l, memblock_region, flags) && PO_HAS_ENUM(l, MEMBLOCK_NOMAP) &&
	    (po_member_load(&k->abi, PO_AT(l, memblock_region, flags), raw) &
	     (uint64_t)PO_ENUM(l, MEMBLOCK_NOMAP)))
		return 0;
	*ret = (struct po_pfn_range){ base >> k->page_shift, ((base & mask) + size + mask) >> k->page_shift };
	return size != 0;
}

int po_memblock_read(const struct po_kernel *k, struct po_memory *mem, bool nomap_too, struct po_pfn_range **ret,
		     size_t *ret_nr, struct pageowner_error *err)
{
	const struct po_layout *l = &k->l;
	uint64_t regions, nr, at = PO_SYM(l, memblock);

	*ret = NULL;
	*ret_nr = 0;
	if (!at || !PO_HAS(l, memblock, regions) || !PO_HAS(l, memblock, cnt) ||
	    !PO_HAS(l, memblock_region, base) || !PO_HAS(l, memblock_region, size))
		return PAGEOWNER_OK;
	if (PO_SIZE(l, memblock_region) > MAX_REGION_SIZE)
		return po_fail(err, PAGEOWNER_ENOTYPE, "struct memblock_region of %" PRIu64 " bytes",
			       PO_SIZE(l, memblock_region));
	int rc = po_memory_read_ptr(mem, at + PO_OFFSET(l, memblock, regions), &regions, err);
	if (rc == PAGEOWNER_OK)
		rc = po_memory_read_ptr(mem, at + PO_OFFSET(l, memblock, cnt), &nr, err);
	if (rc == PAGEOWNER_OK && nr > MAX_REGIONS)
		rc = po_fail(err, PAGEOWNER_ECORRUPT, "%" PRIu64 " regions", nr);
	if (rc < 0)
		return po_within(err, rc, "memblock");
	_cleanup_(po_freep) struct po_pfn_range *range = calloc(nr + 1, sizeof(*range));
	if (!range)
		return po_fail_nomem(err, "memblock");
	for (uint64_t i = 0; i < nr; i++) {
		rc = read_region(k, mem, regions + i * PO_SIZE(l, memblock_region), nomap_too, &range[*ret_nr],
				 err);
		if (rc < 0)
			return po_within(err, rc, "memblock");
		*ret_nr += (size_t)rc;
	}
	*ret = po_take(range);
	return PAGEOWNER_OK;
}
