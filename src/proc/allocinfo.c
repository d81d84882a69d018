/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "proc/proc.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/grow.h"
#include "base/status.h"
#include "kernel/codetags.h"

/* What an order goes by; equal ones stay in the kernel's. */
struct tag {
	uint64_t kva, bytes, calls;
	size_t index;
};

struct run {
	const struct po_proc *p;
	struct po_codetag *now;		/* the one at hand */
	struct tag *tag;
	size_t nr, cap;
	bool marks;			/* this kernel tells which numbers are not accurate */
	bool no_memory;
};

static int collect(void *arg, uint64_t kva)
{
	struct run *r = arg;
	struct pageowner_error why;

	struct tag *grown = po_grow(r->tag, r->nr, &r->cap, sizeof(*grown), 1024);
	if (!grown) {
		r->no_memory = true;
		return 1;
	}
	r->tag = grown;
	if (r->p->order == PAGEOWNER_TAGS_AS_KERNEL && !r->p->top)
		r->tag[r->nr] = (struct tag){ .kva = kva };	/* it is read when it is printed */
	else if (po_codetag_read(r->p->k, r->p->mem, kva, r->now, &why) == PAGEOWNER_OK)
		r->tag[r->nr] = (struct tag){ kva, r->now->bytes, r->now->calls, r->nr };
	else {
		po_proc_flaw(r->p, &why);
		return 0;
	}
	r->nr++;
	return 0;
}

static int largest_first(int64_t a, int64_t b)
{
	return (b > a) - (b < a);
}

static int by_size(const void *a, const void *b)
{
	const struct tag *x = a, *y = b;
	int c = largest_first((int64_t)x->bytes, (int64_t)y->bytes);

	return c ? c : (x->index > y->index) - (x->index < y->index);
}

static int by_calls(const void *a, const void *b)
{
	const struct tag *x = a, *y = b;
	int c = largest_first((int64_t)x->calls, (int64_t)y->calls);

	return c ? c : (x->index > y->index) - (x->index < y->index);
}

static void put_tag(const struct run *r, const struct po_codetag *t)
{
	char text[PO_CODETAG_TEXT];

	po_codetag_text(t, text);
	po_proc_put(r->p, "%12" PRId64 " %8" PRIu64 " ", (int64_t)t->bytes, t->calls);
	po_sink_put(r->p->sink, text, strlen(text));
	if (r->marks && t->inaccurate)
		po_proc_put(r->p, " accurate:no");
	po_proc_put(r->p, " \n");
}

static void put_all(const struct run *r)
{
	struct pageowner_error why;

	for (size_t i = 0; i < r->nr && (!r->p->top || i < r->p->top); i++) {
		if (po_codetag_read(r->p->k, r->p->mem, r->tag[i].kva, r->now, &why) == PAGEOWNER_OK)
			put_tag(r, r->now);
		else
			po_proc_flaw(r->p, &why);
	}
}

int po_proc_allocinfo(const struct po_proc *p, struct pageowner_error *err)
{
	static const char version[] = "allocinfo - version: ", columns[] = "#     <size>  <calls> <tag info>\n";
	const char *head = po_proc_string(p, version);
	_cleanup_(po_freep) struct po_codetag *now = malloc(sizeof(*now));
	struct run r = { .p = p, .now = now, .marks = po_proc_has_string(p, " accurate:no") };
	struct pageowner_error flaw;

	if (!now)
		return po_fail_nomem(err, "allocinfo");
	int rc = po_codetags_each(p->k, p->mem, collect, &r, &flaw, err);
	_cleanup_(po_freep) struct tag *owned = r.tag;
	if (rc < 0)
		return rc;
	if (r.no_memory)
		return po_fail_nomem(err, "allocinfo");
	if (!head || !po_proc_has_string(p, columns))
		return po_fail(err, PAGEOWNER_EUNSUPP, "the kernel's format strings were not found");
	po_proc_flaw(p, &flaw);
	if (owned && (p->order != PAGEOWNER_TAGS_AS_KERNEL || p->top))
		qsort(owned, r.nr, sizeof(*owned), p->order == PAGEOWNER_TAGS_BY_CALLS ? by_calls : by_size);
	po_proc_put(p, "%s%s", head, columns);
	put_all(&r);
	return PAGEOWNER_OK;
}
