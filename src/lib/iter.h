/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an iterator is inside the library. */
#ifndef PO_LIB_ITER_H
#define PO_LIB_ITER_H

#include <pageowner/record.h>

#include "lib/crew.h"
#include "owner/saved.h"
#include "owner/walk.h"
#include "report/text.h"

struct pageowner_iter {
	struct po_walk *walk;	/* of a dump */
	struct po_text *names;
	struct po_saved *saved;	/* of a text */
	unsigned want;		/* PO_WALK_… */
	bool freed, free_stacks;
	bool nameless;		/* nobody looks at the names of flags and types */
	bool begun;
	unsigned jobs;
	struct po_crew *crew;	/* NULL: the walk is alone */
	bool walking;		/* … or the walk is at a stretch */
	const struct po_stretch *stretch; /* at hand; NULL: none */
	size_t nr;		/* records of it that were served */
};

/* Before the first record: nobody looks at what struct pages say.  ENOMEM. */
int po_iter_without_pages(struct pageowner_iter *it, struct pageowner_error *err);
/* Before the first record: have threads do it, if that is of use.  hand: of it->jobs; or NULL. */
void po_iter_begin(struct pageowner_iter *it, const struct po_hand *hand);
/* As pageowner_iter_next(), but without names; rec is zeroed, and err is not NULL. */
int po_iter_step(struct pageowner_iter *it, struct pageowner_record *rec, struct pageowner_error *err);

#endif
