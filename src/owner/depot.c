/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * lib/stackdepot.c: a handle is (pool index, offset in granules), by bit-fields whose widths follow the page
 * size and changed several times; type info tells them.  Each record holds its own handle, which is the
 * best check there is: every record read is held against it.
 */
#include "owner/depot.h"

#include <inttypes.h>

#include "base/status.h"

#define REFCOUNT_SATURATED 0xc0000000u	/* of a record that page_owner has not counted yet */
#define GRANULE_SHIFT	4	/* STACK_ALLOC_ALIGN and DEPOT_STACK_ALIGN, in every version */
#define POOL_ORDER	2	/* STACK_ALLOC_ORDER and DEPOT_POOL_ORDER, in every version */

/* The array is static, or since 6.17 allocated behind a pointer. */
static int find_pools(struct po_depot *d, struct po_memory *mem, struct pageowner_error *err)
{
	const struct po_layout *l = &d->k->l;
	bool slabs = PO_HAS_SYM(l, stack_slabs);
	const struct po_type_info *type = slabs ? PO_VAR(l, stack_slabs) : PO_VAR(l, stack_pools);
	bool typed = slabs ? PO_HAS_VAR(l, stack_slabs) : PO_HAS_VAR(l, stack_pools);

	d->pools = slabs ? PO_SYM(l, stack_slabs) : PO_SYM(l, stack_pools);
	if (!d->pools || !typed)
		return po_fail(err, PAGEOWNER_EUNSUPP,
			       "neither stack_slabs nor stack_pools is known in lib/stackdepot.c");
	if (type->kind == PO_KIND_ARRAY) {
		d->nr_pools = type->nr_elems;
		return PAGEOWNER_OK;
	}
	d->nr_pools = UINT32_MAX;
	if (PO_HAS_SYM(l, stack_max_pools))
		(void)po_kernel_read_variable(d->k, mem, PO_S_stack_max_pools, &d->nr_pools, NULL);
	int rc = po_memory_read_ptr(mem, d->pools, &d->pools, err);
	return rc < 0 ? po_within(err, rc, "stack_pools") : rc;
}

static bool read_bound(const struct po_depot *d, struct po_memory *mem, uint64_t *ret)
{
	if (po_kernel_read_variable(d->k, mem, d->bound_symbol, ret, NULL) < 0)
		return false;
	*ret += d->bound_plus;
	return true;
}

static void find_bound(struct po_depot *d, struct po_memory *mem)
{
	const struct po_layout *l = &d->k->l;

	d->bound_plus = 1;
	if (PO_HAS_SYM(l, pools_num)) {
		/* index >= pools_num since the index is stored plus one, index > pools_num in 6.8 */
		d->bound_symbol = PO_S_pools_num;
		d->bound_plus = d->bias ? 0 : 1;
	} else if (PO_HAS_SYM(l, pool_index)) {
		d->bound_symbol = PO_S_pool_index;
	} else if (PO_HAS_SYM(l, depot_index)) {
		d->bound_symbol = PO_S_depot_index;
	} else {
		return;
	}
	d->has_bound = read_bound(d, mem, &d->bound);
}

/* The bound, or what it is by now. */
static uint64_t bound_for(const struct po_depot *d, struct po_memory *mem, uint64_t index)
{
	uint64_t now;

	if (index < d->bound || !po_memory_image(mem)->live)
		return d->bound;
	return read_bound(d, mem, &now) ? now : d->bound;
}

int po_depot_open(struct po_depot *d, const struct po_kernel *k, struct po_memory *mem,
		  struct pageowner_error *err)
{
	const struct po_layout *l = &k->l;

	*d = (struct po_depot){ .k = k, .handle_mask = UINT32_MAX };
	if (!PO_HAS(l, handle_parts, offset) || !PO_HAS(l, stack_record, size) ||
	    !PO_HAS(l, stack_record, handle) || !PO_HAS(l, stack_record, entries))
		return po_fail(err, PAGEOWNER_ENOTYPE, "stack depot: type information lacks struct stack_record "
			       "or union handle_parts (lib/stackdepot.c)");
	d->offset = *PO_AT(l, handle_parts, offset);
	d->bias = PO_HAS(l, handle_parts, pool_index_plus_1);
	if (d->bias)
		d->index = *PO_AT(l, handle_parts, pool_index_plus_1);
	else if (PO_HAS(l, handle_parts, pool_index))
		d->index = *PO_AT(l, handle_parts, pool_index);
	else if (PO_HAS(l, handle_parts, slabindex))
		d->index = *PO_AT(l, handle_parts, slabindex);
	else
		return po_fail(err, PAGEOWNER_EUNSUPP,
			       "union handle_parts has neither slabindex nor pool_index");
	if (PO_HAS(l, handle_parts, extra)) {
		const struct po_member *m = PO_AT(l, handle_parts, extra);
		d->handle_mask = ~(uint32_t)((((uint64_t)1 << m->bit_size) - 1) << m->bit_shift);
	}
	int rc = find_pools(d, mem, err);
	if (rc < 0)
		return po_within(err, rc, "stack depot");
	find_bound(d, mem);
	return PAGEOWNER_OK;
}

void po_depot_none(struct po_depot *d, const struct po_kernel *k)
{
	*d = (struct po_depot){ .k = k, .handle_mask = UINT32_MAX };
}

uint32_t po_depot_key(const struct po_depot *d, uint32_t handle)
{
	return handle & d->handle_mask;
}

/* A bit-field of a handle that is in a register already. */
static uint64_t handle_field(const struct po_member *m, uint32_t handle)
{
	return handle >> m->bit_shift & (((uint64_t)1 << m->bit_size) - 1);
}

/* The record's handle, count and number of frames, which stand before the frames. */
static int read_head(const struct po_depot *d, struct po_memory *mem, uint64_t at, uint32_t *ret_handle,
		     uint32_t *ret_count, uint64_t *ret_nr, struct pageowner_error *err)
{
	const struct po_layout *l = &d->k->l;
	const struct po_abi *abi = &d->k->abi;
	uint8_t raw[128];
	uint64_t head = PO_OFFSET(l, stack_record, entries);
	bool counted = PO_HAS(l, stack_record, count);

	if (PO_OFFSET(l, stack_record, handle) + 4 > head ||
	    PO_OFFSET(l, stack_record, size) + PO_AT(l, stack_record, size)->size > head ||
	    (counted && PO_OFFSET(l, stack_record, count) + 4 > head) || head > sizeof(raw))
		return po_fail(err, PAGEOWNER_ENOTYPE, "struct stack_record: entries are not its last member");
	int rc = po_memory_read(mem, at, raw, head, err);
	if (rc < 0)
		return rc;
	*ret_handle = (uint32_t)po_load(abi, raw + PO_OFFSET(l, stack_record, handle), 4);
	*ret_count = counted ? (uint32_t)po_load(abi, raw + PO_OFFSET(l, stack_record, count), 4) : 0;
	*ret_nr = po_member_load(abi, PO_AT(l, stack_record, size), raw);
	return PAGEOWNER_OK;
}

static int read_frames(const struct po_depot *d, struct po_memory *mem, uint64_t at, uint64_t nr,
		       struct po_frames *ret, struct pageowner_error *err)
{
	const struct po_abi *abi = &d->k->abi;
	uint8_t entries[PO_DEPOT_MAX_FRAMES * 8];

	if (nr > PO_DEPOT_MAX_FRAMES)
		return po_fail(err, PAGEOWNER_ECORRUPT, "%" PRIu64 " frames", nr);
	int rc = po_memory_read(mem, at + PO_OFFSET(&d->k->l, stack_record, entries), entries,
				nr * abi->ptr_size, err);
	if (rc < 0)
		return rc;
	for (uint64_t i = 0; i < nr; i++)
		ret->at[i] = po_load_ptr(abi, entries + i * abi->ptr_size);
	ret->nr = (uint32_t)nr;
	return PAGEOWNER_OK;
}

int po_depot_read(const struct po_depot *d, struct po_memory *mem, uint64_t kva, struct po_frames *ret,
		  uint32_t *ret_count, struct pageowner_error *err)
{
	uint32_t handle;
	uint64_t nr;
	int rc = read_head(d, mem, kva, &handle, ret_count, &nr, err);

	ret->nr = 0;
	if (rc == PAGEOWNER_OK)
		rc = read_frames(d, mem, kva, nr, ret, err);
	ret->handle = rc < 0 ? 0 : po_depot_key(d, handle);
	return rc < 0 ? po_within(err, rc, "stack record at 0x%" PRIx64, kva) : rc;
}

static int read_record(const struct po_depot *d, struct po_memory *mem, uint64_t at, uint64_t room,
		       struct po_frames *ret, struct pageowner_error *err)
{
	const struct po_layout *l = &d->k->l;
	uint64_t head = PO_OFFSET(l, stack_record, entries), nr;
	uint32_t own, count;

	if (head > room)
		return po_fail(err, PAGEOWNER_ECORRUPT, "its record would leave its pool");
	int rc = read_head(d, mem, at, &own, &count, &nr, err);
	if (rc < 0)
		return rc;
	if (po_depot_key(d, own) != ret->handle)
		return po_fail(err, PAGEOWNER_ECORRUPT, "the record at 0x%" PRIx64 " is that of 0x%x", at,
			       own);
	if (PO_HAS(l, stack_record, count) && !count)	/* freed, overlaid by list pointers (6.8) */
		return PAGEOWNER_OK;
	if (nr > PO_DEPOT_MAX_FRAMES || nr * d->k->abi.ptr_size > room - head)
		return po_fail(err, PAGEOWNER_ECORRUPT, "%" PRIu64 " frames", nr);
	return read_frames(d, mem, at, nr, ret, err);
}

/* Where the record of a key lies, and how much of its pool is left from there on. */
static int locate(const struct po_depot *d, struct po_memory *mem, uint32_t key, uint64_t *ret, uint64_t *ret_room,
		  struct pageowner_error *err)
{
	if (!d->pools)
		return po_fail(err, PAGEOWNER_ENOTYPE, "where this kernel keeps it is not known");
	uint64_t index = handle_field(&d->index, key) - d->bias, pool;
	uint64_t offset = handle_field(&d->offset, key) << GRANULE_SHIFT;
	uint64_t pool_size = po_kernel_page_size(d->k) << POOL_ORDER;

	/* the kernel's would warn and find none: nothing but corruption leads here */
	const uint64_t bound = d->has_bound ? bound_for(d, mem, index) : d->nr_pools;
	if (index >= bound || index >= d->nr_pools)
		return po_fail(err, PAGEOWNER_ECORRUPT, "pool %" PRIu64 " of %" PRIu64, index, bound);
	int rc = po_memory_read_ptr(mem, d->pools + index * d->k->abi.ptr_size, &pool, err);
	if (rc < 0)
		return rc;
	if (!pool)
		return po_fail(err, PAGEOWNER_ECORRUPT, "pool %" PRIu64 " does not exist", index);
	*ret = pool + offset;
	*ret_room = pool_size > offset ? pool_size - offset : 0;
	return PAGEOWNER_OK;
}

int po_depot_fetch(const struct po_depot *d, struct po_memory *mem, uint32_t handle,
		   struct po_frames *ret, struct pageowner_error *err)
{
	uint64_t at, room;

	ret->handle = po_depot_key(d, handle);
	ret->nr = 0;
	if (ret->handle == 0)
		return PAGEOWNER_OK;	/* no stack, as in the kernel's own fetch */
	int rc = locate(d, mem, ret->handle, &at, &room, err);
	if (rc == PAGEOWNER_OK)
		rc = read_record(d, mem, at, room, ret, err);
	return rc < 0 ? po_within(err, rc, "stack 0x%x", ret->handle) : rc;
}

int po_depot_count(const struct po_depot *d, struct po_memory *mem, uint32_t handle, uint32_t *ret)
{
	uint32_t own, key = po_depot_key(d, handle);
	uint64_t at, room, nr;

	if (!key || !PO_HAS(&d->k->l, stack_record, count) || locate(d, mem, key, &at, &room, NULL) < 0 ||
	    read_head(d, mem, at, &own, ret, &nr, NULL) < 0 || po_depot_key(d, own) != key)
		return 0;
	return *ret != REFCOUNT_SATURATED;
}
