/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/page_ext.h"

#include <inttypes.h>

#include "base/status.h"
#include "kernel/kernel.h"

#define MAX_STRIDE 4096

/* Whether page_owner ran: a bool until 4.5, a static key since commit 7dd80b8af0bc (4.6). */
int po_page_ext_check_enabled(const struct po_layout *l, struct po_memory *mem,
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

static const struct po_member *member_or_null(const struct po_layout *l, unsigned id)
{
	return l->member[id].have ? &l->member[id].at : NULL;
}

#define MEMBER_OF(strct, id) member_or_null(l, PO_M_##strct##__##id)

/* struct page_owner behind the flags of an entry: commit 9300d8dfd256 (4.9). */
static void use_page_owner(const struct po_layout *l, struct po_page_ext *x)
{
	x->record = "page_owner";
	x->record_size = PO_SIZE(l, page_owner);
	x->order = MEMBER_OF(page_owner, order);
	x->gfp_mask = MEMBER_OF(page_owner, gfp_mask);
	x->migrate_reason = MEMBER_OF(page_owner, last_migrate_reason);
	x->handle = MEMBER_OF(page_owner, handle);
	x->ts = MEMBER_OF(page_owner, ts_nsec);
	x->free_ts = MEMBER_OF(page_owner, free_ts_nsec);
	x->pid = MEMBER_OF(page_owner, pid);
	x->tgid = MEMBER_OF(page_owner, tgid);
	x->comm = MEMBER_OF(page_owner, comm);
	x->free_handle = MEMBER_OF(page_owner, free_handle);
	x->free_pid = MEMBER_OF(page_owner, free_pid);
	x->free_tgid = MEMBER_OF(page_owner, free_tgid);
}

/* The same in struct page_ext itself, at first with the stack's frames rather than a handle. */
static void use_page_ext(const struct po_layout *l, struct po_page_ext *x)
{
	x->record = "page_ext";
	x->record_size = PO_SIZE(l, page_ext);
	x->order = MEMBER_OF(page_ext, order);
	x->gfp_mask = MEMBER_OF(page_ext, gfp_mask);
	x->migrate_reason = MEMBER_OF(page_ext, last_migrate_reason);
	x->handle = MEMBER_OF(page_ext, handle);
	x->entries = MEMBER_OF(page_ext, trace_entries);
	x->nr_entries = MEMBER_OF(page_ext, nr_entries);
	if (!x->nr_entries)	/* a struct stack_trace, until commit 94f759d62b2c (4.0) */
		x->nr_entries = MEMBER_OF(page_ext, trace_nr_entries);
}

static int fail_lacking(const struct po_page_ext *x, const char *what, struct pageowner_error *err)
{
	return po_fail(err, PAGEOWNER_ENOTYPE,
		       "struct %s: type information knows no %s in it: an owner's record cannot be decoded "
		       "(is it that of this kernel's mm/page_owner.c?)", x->record, what);
}

static int find_record(const struct po_layout *l, struct po_page_ext *x, struct pageowner_error *err)
{
	*x = (struct po_page_ext){ .stride = 0 };
	if (PO_HAS(l, page_owner, order) || PO_HAS(l, page_owner, handle))
		use_page_owner(l, x);
	else
		use_page_ext(l, x);
	if (!x->order)
		return fail_lacking(x, "order", err);
	if (!x->gfp_mask)
		return fail_lacking(x, "gfp_mask", err);
	if (!x->handle && !(x->entries && x->nr_entries))
		return fail_lacking(x, "handle and no trace_entries", err);
	if (!x->handle && (x->entries->type.kind != PO_KIND_ARRAY || !x->entries->type.nr_elems ||
			   x->entries->type.elem_size != l->abi.ptr_size))
		return po_fail(err, PAGEOWNER_ENOTYPE, "struct %s: trace_entries is no array of addresses",
			       x->record);
	return PAGEOWNER_OK;
}

/* page_ext_size since 5.4; before, the struct and what its clients add to it (extra_mem, since 4.9). */
static int find_stride(const struct po_kernel *k, struct po_memory *mem, uint64_t *ret,
		       struct pageowner_error *err)
{
	const struct po_layout *l = &k->l;
	uint64_t extra = 0;

	if (PO_HAS_SYM(l, page_ext_size))
		return po_kernel_read_variable(k, mem, PO_S_page_ext_size, ret, err);
	if (PO_HAS(l, page_ext_operations, offset)) {
		int rc = po_kernel_read_variable(k, mem, PO_S_extra_mem, &extra, err);
		if (rc < 0)
			return rc;
	}
	*ret = PO_SIZE(l, page_ext) + extra;
	return PAGEOWNER_OK;
}

int po_page_ext_open(struct po_kernel *k, struct po_memory *mem, struct pageowner_error *err)
{
	const struct po_layout *l = &k->l;
	struct po_page_ext *x = &k->ext;
	bool itself, inside;
	uint64_t end;
	int rc = find_record(l, x, err);

	if (rc == PAGEOWNER_OK)
		rc = find_stride(k, mem, &x->stride, err);
	if (rc < 0)
		return rc;
	itself = x->order == MEMBER_OF(page_ext, order);
	if (!itself) {
		if (!PO_HAS(l, page_ext_operations, offset))
			return po_fail(err, PAGEOWNER_ENOTYPE, "type information lacks: "
				       "page_ext_operations.offset, where struct page_owner is in an entry");
		rc = po_memory_read_ptr(mem, PO_SYM(l, page_owner_ops) +
						     PO_OFFSET(l, page_ext_operations, offset),
					&x->owner_offset, err);
		if (rc < 0)
			return po_within(err, rc, "page_owner_ops.offset");
	}
	inside = !po_add(x->owner_offset, x->record_size, &end) && end <= x->stride;
	if (!inside || x->stride > MAX_STRIDE || (!itself && x->owner_offset < PO_SIZE(l, page_ext)))
		return po_fail(err, PAGEOWNER_ECORRUPT,
			       "page_ext: entries of %" PRIu64 " bytes with struct %s at %" PRIu64,
			       x->stride, x->record, x->owner_offset);
	return PAGEOWNER_OK;
}
