/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pages by stack, summed from records, beside the kernel's own counts of the same (since 6.9). */
#ifndef PO_LIB_RECOUNT_H
#define PO_LIB_RECOUNT_H

#include "aggregate/tally.h"
#include "lib/session.h"
#include "owner/stacklist.h"
#include "owner/walk.h"

/* Who is told what cannot be read. */
struct po_told {
	void (*flaw)(void *arg, const struct pageowner_error *err);	/* may be NULL */
	void *arg;
};

void po_tell(const struct po_told *told, const struct pageowner_error *flaw);

/*
 * fn takes each stack of the kernel's list; what cannot be read is told, and what lies behind it lost only if nothing leads on.
 * What fn returns other than PAGEOWNER_OK ends it: ENOMEM told in err, anything else as it is.
 */
int po_for_each_counted(const struct po_depot *depot, struct po_stacks *stacks, struct po_memory *mem,
			int (*fn)(void *arg, const struct po_stack_count *c), void *arg, const struct po_told *told,
			struct pageowner_error *err);

struct po_recount {
	struct pageowner_session *s;
	struct po_walk *walk;	/* the one that the records come from; NULL: they are a text's */
	uint32_t early_handle;	/* key; 0: this kernel has none */
	struct po_tally tally;
};

void po_recount_init(struct po_recount *r, struct pageowner_session *s, struct po_walk *walk);
void po_recount_fini(struct po_recount *r);

/* Whether the kernel counts it: not what was allocated before page_owner started. */
bool po_recount_is_counted(const struct po_recount *r, const struct pageowner_record *rec);
/* Count its pages; ENOMEM. */
int po_recount_add(struct po_recount *r, const struct pageowner_record *rec);

/* When all are added: the kernel's own counts beside them, if it keeps any.  As po_for_each_counted(). */
int po_recount_read_kernel(struct po_recount *r, const struct po_told *told, struct pageowner_error *err);

#endif
