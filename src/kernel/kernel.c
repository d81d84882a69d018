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

/* The page size: told by VMCOREINFO, else by the width of a depot handle's offset field. */
static int find_page_shift(struct po_kernel *k, struct pageowner_error *err)
{
	int64_t size = 0;
	/* order-2 pools in granules of 16 bytes: width + 4 == PAGE_SHIFT + 2 */
	unsigned by_handle = PO_AT(&k->l, handle_parts, offset)->bit_size + 2;

	if (po_vmcoreinfo_number(k->note, "PAGESIZE", &size) && size > 0)
		k->page_shift = (unsigned)__builtin_ctzll((unsigned long long)size);
	else
		k->page_shift = by_handle;
	if (k->page_shift < 12 || k->page_shift > 16 || by_handle != k->page_shift)
		return po_fail(err, PAGEOWNER_ECORRUPT,
			       "page size: VMCOREINFO says %lld bytes, the stack depot's handles say %llu",
			       (long long)size, 1ull << (by_handle & 63));
	return PAGEOWNER_OK;
}

/* Whether page_owner ran: a bool until 4.5, a static key since commit 7dd80b8af0bc (4.6). */
int po_kernel_check_enabled(const struct po_layout *l, struct po_memory *mem,
			    struct pageowner_error *err)
{
	uint64_t on, addr = PO_SYM(l, page_owner_inited);
	size_t bytes = l->symbol[PO_S_page_owner_inited].size == 1 ? 1 : 4;

	if (!PO_HAS_SYM(l, page_owner_ops) || !addr)
		return po_fail(err, PAGEOWNER_EDISABLED,
			       "this kernel was built without CONFIG_PAGE_OWNER: it keeps no page owners");
	int rc = po_memory_read_uint(mem, addr, bytes, &on, err);
	if (rc < 0)
		return po_within(err, rc, "page_owner_inited");
	if (!on)
		return po_fail(err, PAGEOWNER_EDISABLED,
			       "page_owner was off in this kernel (it has to be booted with page_owner=on)");
	return PAGEOWNER_OK;
}

static int find_page_ext(struct po_kernel *k, struct po_memory *mem, struct pageowner_error *err)
{
	const struct po_layout *l = &k->l;
	uint64_t end;
	int rc;

	if (PO_HAS_SYM(l, page_ext_size)) {	/* since 5.4 */
		rc = po_kernel_read_variable(k, mem, PO_S_page_ext_size, &k->ext_stride, err);
	} else {
		uint64_t extra;
		rc = po_kernel_read_variable(k, mem, PO_S_extra_mem, &extra, err);
		k->ext_stride = PO_SIZE(l, page_ext) + (rc < 0 ? 0 : extra);
	}
	if (rc < 0)
		return rc;
	if (!PO_HAS(l, page_ext_operations, offset))
		return po_fail(err, PAGEOWNER_EUNSUPP, "page_ext without offsets (before 4.9)");
	rc = po_memory_read_ptr(mem, PO_SYM(l, page_owner_ops) + PO_OFFSET(l, page_ext_operations, offset),
				&k->owner_offset, err);
	if (rc < 0)
		return po_within(err, rc, "page_owner_ops.offset");
	if (po_add(k->owner_offset, PO_SIZE(l, page_owner), &end) || end > k->ext_stride ||
	    k->ext_stride > 4096 || k->owner_offset < PO_SIZE(l, page_ext))
		return po_fail(err, PAGEOWNER_ECORRUPT,
			       "page_ext: entries of %" PRIu64 " bytes with page_owner at %" PRIu64,
			       k->ext_stride, k->owner_offset);
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

int po_kernel_open(struct po_kernel *k, struct po_memory *mem, struct pageowner_error *err)
{
	int rc = find_page_shift(k, err);

	if (rc == PAGEOWNER_OK)
		rc = find_page_ext(k, mem, err);
	if (rc == PAGEOWNER_OK)
		rc = find_limits(k, mem, err);
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
}
