/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/list.h"

#include <inttypes.h>

#include "base/status.h"

struct po_list po_list_of(struct po_memory *mem, uint64_t head, unsigned max)
{
	return (struct po_list){ .mem = mem, .head = head, .at = head, .max = max };
}

struct po_list po_list_backward(struct po_memory *mem, uint64_t head, unsigned max)
{
	struct po_list list = po_list_of(mem, head, max);

	list.link = po_memory_abi(mem)->ptr_size;
	return list;
}

int po_list_next(struct po_list *list, uint64_t *ret, struct pageowner_error *err)
{
	int rc = po_memory_read_ptr(list->mem, list->at + list->link, &list->at, err);

	if (rc < 0)
		return rc;
	if (list->at == list->head)
		return 0;
	/* the mark moves on at each power of two, so a circle of any length is noticed within three rounds */
	if (!list->at || list->at == list->mark || list->nr == list->max)
		return po_fail(err, PAGEOWNER_ECORRUPT, "list at 0x%" PRIx64 " does not end at its head", list->head);
	if ((list->nr & (list->nr + 1)) == 0)
		list->mark = list->at;
	list->nr++;
	*ret = list->at;
	return 1;
}
