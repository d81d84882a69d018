/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/recount.h"

#include <string.h>

#include "base/status.h"

void po_tell(const struct po_told *told, const struct pageowner_error *flaw)
{
	if (flaw->code != PAGEOWNER_OK && told->flaw)
		told->flaw(told->arg, flaw);
}

/* --- the kernel's own list ----------------------------------------------------------------------- */

int po_for_each_counted(const struct po_depot *depot, struct po_stacks *stacks, struct po_memory *mem,
			int (*fn)(void *arg, const struct po_stack_count *c), void *arg, const struct po_told *told,
			struct pageowner_error *err)
{
	struct po_stack_list list;
	struct pageowner_error flaw;
	struct po_stack_count c;
	int rc = po_stack_list_open(&list, depot, mem, stacks, err);

	if (rc < 0)
		return rc;
	for (;;) {
		rc = po_stack_list_next(&list, &c, &flaw);
		if (rc == 0)
			return PAGEOWNER_OK;
		if (rc < 0 && rc != PAGEOWNER_ENOMEM && !list.next)
			return po_fail(err, rc, "%s", flaw.text);
		if (rc < 0)
			po_tell(told, &flaw);
		else
			rc = fn(arg, &c);
		if (rc == PAGEOWNER_ENOMEM)
			return po_fail_nomem(err, "stacks");
		if (rc == PAGEOWNER_EIO)
			return rc;
	}
}

static int take_count(void *arg, const struct po_stack_count *c)
{
	return po_tally_set_kernel(arg, c->stack, c->pages);
}

/* A stack may be counted and in no list: since 6.18 if its first page came with a gfp mask that forbids to wait for a lock. */
static void count_unlisted(struct po_recount *r)
{
	uint32_t count;

	for (size_t i = 0; i < r->tally.nr; i++) {
		struct po_tally_row *row = &r->tally.row[i];

		if (!row->stack || row->has_kernel_pages ||
		    !po_depot_count(&r->s->depot, po_walk_memory(r->walk), row->stack->handle, &count))
			continue;
		row->kernel_pages = (int32_t)(count - 1);
		row->has_kernel_pages = true;
	}
}

int po_recount_read_kernel(struct po_recount *r, const struct po_told *told, struct pageowner_error *err)
{
	if (!r->walk || !po_stack_list_exists(&r->s->kernel))
		return PAGEOWNER_OK;
	int rc = po_for_each_counted(&r->s->depot, po_walk_stacks(r->walk), po_walk_memory(r->walk), take_count, &r->tally,
				     told, err);
	if (rc == PAGEOWNER_OK)
		count_unlisted(r);
	return rc;
}

/* --- sums of records ----------------------------------------------------------------------------- */

void po_recount_init(struct po_recount *r, struct pageowner_session *s, struct po_walk *walk)
{
	const struct po_kernel *k = &s->kernel;
	uint64_t early;

	*r = (struct po_recount){ .s = s, .walk = walk };
	if (walk && k->l.symbol[PO_S_early_handle].have &&
	    po_kernel_read_variable(k, po_walk_memory(walk), PO_S_early_handle, &early, NULL) == PAGEOWNER_OK)
		r->early_handle = po_depot_key(&s->depot, (uint32_t)early);
}

void po_recount_fini(struct po_recount *r)
{
	po_tally_fini(&r->tally);
}

/*
 * Pages of before page_owner have a stack of their own, which the kernel's handle tells.  Until 4.13 it is that of the
 * walk that found them, and a text has no handles: then the frames tell.
 */
static bool was_found_early(const struct pageowner_stack *stack)
{
	static const char *const functions[] = { "register_early_stack", "init_page_owner",
						 "init_pages_in_zone", "init_early_allocated_pages" };

	for (uint32_t i = 0; i < stack->nr_frames; i++)
		for (size_t k = 0; k < sizeof(functions) / sizeof(*functions); k++)
			if (!strncmp(stack->frames[i].text, functions[k], strlen(functions[k])))
				return true;
	return false;
}

bool po_recount_is_counted(const struct po_recount *r, const struct pageowner_record *rec)
{
	if (r->early_handle)
		return rec->stack->handle != r->early_handle;
	return rec->gfp_mask != 0 || !was_found_early(rec->stack);
}

int po_recount_add(struct po_recount *r, const struct pageowner_record *rec)
{
	return po_tally_add(&r->tally, rec->stack, (uint64_t)1 << (rec->order & 31));
}
