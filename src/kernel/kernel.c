/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/kernel.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/status.h"
#include "memory/vmcoreinfo.h"

#define MAX_NOTE	(64u << 10)
#define MAX_PFN		(1ull << 40)	/* 4 PiB of 4 KiB pages */

int po_kernel_read_variable(const struct po_kernel *k, struct po_memory *mem, unsigned symbol,
			    uint64_t *ret, struct pageowner_error *err)
{
	const struct po_wanted *w = &k->l.symbol[symbol];
	size_t bytes = w->size == 1 || w->size == 2 || w->size == 4 || w->size == 8 ?
			       (size_t)w->size : k->abi.ptr_size;

	if (!w->have)
		return po_fail(err, PAGEOWNER_ENOSYM, "%s: this kernel has no such symbol", w->name);
	int rc = po_memory_read_uint(mem, po_layout_address(&k->l, symbol), bytes, ret, err);
	return rc < 0 ? po_within(err, rc, "variable %s", w->name) : rc;
}

char *po_kernel_read_note(const struct po_layout *l, struct po_memory *mem)
{
	uint64_t data, size;

	if (!PO_HAS_SYM(l, vmcoreinfo_data) || !PO_HAS_SYM(l, vmcoreinfo_size) ||
	    po_memory_read_ptr(mem, PO_SYM(l, vmcoreinfo_data), &data, NULL) < 0 ||
	    po_memory_read_ptr(mem, PO_SYM(l, vmcoreinfo_size), &size, NULL) < 0 || !data || !size ||
	    size > MAX_NOTE)
		return NULL;
	char *note = malloc(size + 1);
	if (!note || po_memory_read(mem, data, note, size, NULL) < 0) {
		free(note);
		return NULL;
	}
	note[size] = '\0';
	return note;
}

/*
 * The page size: told by VMCOREINFO, by the page tables, and by the width of the offset in a depot handle (order-2
 * pools in granules of 16 bytes: width + 4 == PAGE_SHIFT + 2).  What of it there is agrees.
 */
static int find_page_shift(struct po_kernel *k, unsigned by_tables, struct pageowner_error *err)
{
	const struct po_member *offset = PO_HAS(&k->l, handle_parts, offset) ?
						 PO_AT(&k->l, handle_parts, offset) : NULL;
	unsigned by_handle = offset ? offset->bit_size + 2 : 0;
	int64_t size = 0;

	if (po_vmcoreinfo_number(k->note, "PAGESIZE", &size) && size > 0)
		k->page_shift = (unsigned)__builtin_ctzll((unsigned long long)size);
	else
		k->page_shift = by_tables ? by_tables : by_handle;
	if (!k->page_shift)
		return po_fail(err, PAGEOWNER_ENOTYPE, "page size: neither VMCOREINFO nor page tables nor "
			       "the stack depot's handles tell it");
	if (k->page_shift < 12 || k->page_shift > 16 || (by_handle && by_handle != k->page_shift) ||
	    (by_tables && by_tables != k->page_shift))
		return po_fail(err, PAGEOWNER_ECORRUPT,
			       "page size: VMCOREINFO says %lld bytes, the page tables %llu, the stack "
			       "depot's handles %llu", (long long)size, by_tables ? 1ull << by_tables : 0,
			       by_handle ? 1ull << (by_handle & 63) : 0);
	return PAGEOWNER_OK;
}

static int find_limits(struct po_kernel *k, struct po_memory *mem, struct pageowner_error *err)
{
	uint64_t orders = PO_AT(&k->l, zone, free_area)->type.nr_elems;
	int rc = po_kernel_read_variable(k, mem, PO_S_min_low_pfn, &k->min_low_pfn, err);

	if (rc == PAGEOWNER_OK)
		rc = po_kernel_read_variable(k, mem, PO_S_max_pfn, &k->max_pfn, err);
	if (rc < 0)
		return rc;
	if (orders < 1 || orders > 32)
		return po_fail(err, PAGEOWNER_ENOTYPE, "zone.free_area has %" PRIu64 " orders", orders);
	k->max_order = (unsigned)orders - 1;
	if (k->max_pfn == 0 || k->max_pfn > MAX_PFN || k->min_low_pfn >= k->max_pfn)
		return po_fail(err, PAGEOWNER_ECORRUPT,
			       "page frames from 0x%" PRIx64 " to 0x%" PRIx64, k->min_low_pfn, k->max_pfn);
	return PAGEOWNER_OK;
}

int po_kernel_open(struct po_kernel *k, struct po_memory *mem, bool owned, struct pageowner_error *err)
{
	const struct po_xlat *xlat = po_memory_xlat(mem);
	int rc = find_page_shift(k, xlat ? xlat->ops->page_shift : 0, err);

	if (rc == PAGEOWNER_OK && owned)
		rc = po_page_ext_open(k, mem, err);
	if (rc == PAGEOWNER_OK)
		rc = find_limits(k, mem, err);
	if (rc == PAGEOWNER_OK)
		rc = po_zones_open(k, mem, err);
	if (rc == PAGEOWNER_OK)
		rc = po_memmap_open(k, mem, err);
	if (rc < 0)
		return rc;
	po_pageclass_open(k);
	return po_pageblock_open(k, mem, err);
}

void po_kernel_fini(struct po_kernel *k)
{
	po_memmap_fini(&k->map);
	po_zones_fini(&k->zones);
}
