/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "owner/stacklist.h"

#include <inttypes.h>

#include "base/status.h"

bool po_stack_list_exists(const struct po_kernel *k)
{
	return PO_HAS_SYM(&k->l, stack_list);
}

int po_stack_list_open(struct po_stack_list *list, const struct po_depot *depot, struct po_memory *mem,
		       struct po_stacks *stacks, struct pageowner_error *err)
{
	const struct po_layout *l = &depot->k->l;

	*list = (struct po_stack_list){ .k = depot->k, .depot = depot, .mem = mem, .stacks = stacks };
	if (!PO_HAS(l, stack, stack_record) || !PO_HAS(l, stack, next) || !PO_HAS(l, stack_record, count))
		return po_fail(err, PAGEOWNER_ENOTYPE,
			       "stack_list: type information lacks struct stack or stack_record.count");
	int rc = po_memory_read_ptr(mem, PO_SYM(l, stack_list), &list->next, err);
	return rc < 0 ? po_within(err, rc, "stack_list") : rc;
}

/* Step to the node behind this one; the list ends where that is not known. */
static int follow(struct po_stack_list *list, uint64_t *ret_record, struct pageowner_error *err)
{
	const struct po_layout *l = &list->k->l;
	uint64_t node = list->next;

	list->next = 0;
	int rc = po_memory_read_ptr(list->mem, node + PO_OFFSET(l, stack, stack_record), ret_record, err);
	if (rc == PAGEOWNER_OK)
		rc = po_memory_read_ptr(list->mem, node + PO_OFFSET(l, stack, next), &list->next, err);
	if (rc < 0)
		return po_within(err, rc, "stack_list: node %" PRIu64, list->nr);
	list->nr++;
	if (list->next && list->next == list->mark) {
		list->next = 0;
		return po_fail(err, PAGEOWNER_ECORRUPT, "stack_list: goes in circles after node %" PRIu64,
			       list->nr);
	}
	if (!(list->nr & (list->nr - 1)))	/* a mark at 1, 2, 4, 8 …: every circle is met */
		list->mark = node;
	return PAGEOWNER_OK;
}

int po_stack_list_next(struct po_stack_list *list, struct po_stack_count *ret, struct pageowner_error *err)
{
	uint64_t record = 0;
	struct po_frames f;
	uint32_t count;

	*ret = (struct po_stack_count){ .pages = 0 };
	while (list->next && !record) {	/* a node without a record prints nothing */
		int rc = follow(list, &record, err);
		if (rc < 0)
			return rc;
	}
	if (!record)
		return 0;
	int rc = po_depot_read(list->depot, list->mem, record, &f, &count, err);
	if (rc < 0)
		return po_within(err, rc, "stack_list: node %" PRIu64, list->nr - 1);
	ret->handle = f.handle;
	ret->pages = (int32_t)(count - 1);	/* 1 is its start; what wraps, wraps in the kernel too */
	/* by the handle it is the same object as that of a record; of a freed one the kernel prints the frames all the same */
	rc = count ? po_stacks_get(list->stacks, f.handle, &ret->stack, NULL) : 0;
	return rc ? rc : po_stacks_of_frames(list->stacks, &f, &ret->stack, err);
}

int po_stack_list_threshold(const struct po_kernel *k, struct po_memory *mem, uint64_t *ret,
			    struct pageowner_error *err)
{
	static const unsigned names[] = { PO_S_page_owner_pages_threshold, PO_S_page_owner_stack_threshold,
					  PO_S_pages_threshold };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (k->l.symbol[names[i]].have)
			return po_kernel_read_variable(k, mem, names[i], ret, err);
	return po_fail(err, PAGEOWNER_ENOSYM, "count_threshold: vmlinux has no symbol page_owner_pages_threshold "
		       "or pages_threshold");
}
