/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Threads that walk stretches of PFNs side by side, while what they found is handed on in PFN order: nobody can tell from
 * it how many there were.
 *
 * What a stretch says may depend on those before it in two ways.  A flaw is told once of each stack, and a damaged free
 * block may reach over the end of its stretch.  Both are rare: such a stretch is walked again, by the one walk that has
 * seen all the others in their order.
 */
#ifndef PO_LIB_CREW_H
#define PO_LIB_CREW_H

#include <pageowner/record.h>

#include "base/sink.h"
#include "memory/memory.h"
#include "owner/walk.h"

struct po_crew;

/* What one thread made of a stretch. */
struct po_stretch {
	uint64_t first, end;		/* PFNs */
	struct pageowner_record *rec;	/* of the hand that keeps records */
	size_t nr, room;
	struct po_buffer text;		/* of one that writes */
	/* the crew's own */
	struct po_stretch *next;	/* of those that lie idle */
	unsigned hand;			/* whose it is */
	uint64_t at;			/* where the walk ended */
	bool again;			/* it has to be walked again */
	bool done;
	struct pageowner_coverage counts;
	struct po_missing *missing;
	size_t nr_missing, missing_room;
};

/* What a thread does with each record; NULL: it keeps them.  self: one for each thread. */
struct po_hand {
	void *self;
	/* Negative: the stretch has to be walked again, by who can tell what is wrong. */
	int (*take)(void *self, struct pageowner_record *rec, struct po_stretch *to);
};

/*
 * So many threads for what a walk would do, which was not begun; the caller's is one of them.  hand: as many as there are
 * threads; or NULL.  0: there is too little to walk, or memory that can be read by one thread only.
 */
int po_crew_new(struct po_walk *walk, unsigned jobs, const struct po_hand *hand, struct po_crew **ret,
		struct pageowner_error *err);
/* No more stretches: what is left is the walk's. */
void po_crew_stop(struct po_crew *c);
/* The walk, and what it has lent, must be used no more. */
void po_crew_free(struct po_crew *c);

enum po_crew_step {
	PO_CREW_END,
	PO_CREW_STRETCH,	/* here is one, counted by the walk; borrowed until the next call */
	PO_CREW_WALK,		/* step the walk until it says 0, then call again */
};

enum po_crew_step po_crew_next(struct po_crew *c, const struct po_stretch **ret);

#endif
