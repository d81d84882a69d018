/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/crew.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/grow.h"
#include "base/status.h"

#define LEAST_PFNS	1024	/* of a stretch: handing it over costs some microseconds, but its text should stay in the cache */
#define FEW_STRETCHES	4	/* for each thread; fewer are not worth it */
#define AGAIN_MAX	32	/* stretches; of so many, half may have to be walked again, not more */

/* The first one is the thread that asks for stretches, and walks one itself rather than wait. */
struct hand {
	struct po_crew *c;
	pthread_t thread;
	bool started;
	struct po_walk *walk;
	struct po_hand hand;
	/* its own stretches, as many as there are slots; that which came back last is still in its processor's cache */
	struct po_stretch *stretch, *idle;
};

struct po_crew {
	struct po_walk *walk;
	struct po_stack_store store;
	size_t store_missing;		/* of its memory, told to the walk */
	struct hand *hand;
	unsigned nr_hands;
	/* a ring of stretches: begun by hands, handed on in their order */
	struct po_stretch **ring;
	unsigned slots;
	uint64_t begun, handed;		/* numbers of the next ones */
	uint64_t pfn, end, step;	/* of the next one to be begun */
	bool stop;
	pthread_mutex_t lock;		/* of all that, and of done in each stretch */
	pthread_cond_t work, done;
	/* of the one who asks for the next */
	bool holding;			/* the stretch handed on last */
	bool walking;			/* the walk has it */
	uint64_t at;			/* where a walk alone would be now */
	uint64_t nr_again;
};

/* --- the threads --------------------------------------------------------------------------------- */

static int keep_record(struct po_stretch *st, const struct pageowner_record *rec)
{
	struct pageowner_record *grown = po_grow(st->rec, st->nr, &st->room, sizeof(*grown), 512);
	if (!grown)
		return PAGEOWNER_ENOMEM;
	st->rec = grown;
	st->rec[st->nr++] = *rec;
	return PAGEOWNER_OK;
}

static int walk_records(struct hand *h, struct po_stretch *st)
{
	struct pageowner_record rec;
	struct pageowner_error flaw;
	int rc;

	for (;;) {
		rec = (struct pageowner_record){ .have = 0 };
		rc = po_walk_next(h->walk, &rec, &flaw);
		if (rc <= 0)
			return rc;
		if (flaw.code != PAGEOWNER_OK)
			return flaw.code;
		rc = h->hand.take ? h->hand.take(h->hand.self, &rec, st) : keep_record(st, &rec);
		if (rc < 0)
			return rc;
	}
}

/* What the walk's memory missed in this stretch, for the walk that counts all. */
static int take_missing(struct hand *h, struct po_stretch *st, size_t before)
{
	size_t nr;
	const struct po_missing *missing = po_memory_missing(po_walk_memory(h->walk), &nr);

	st->nr_missing = nr - before;
	if (st->nr_missing > st->missing_room) {
		free(st->missing);
		st->missing_room = st->nr_missing * 2;
		st->missing = malloc(st->missing_room * sizeof(*st->missing));
		if (!st->missing) {
			st->nr_missing = st->missing_room = 0;
			return PAGEOWNER_ENOMEM;
		}
	}
	if (st->nr_missing)
		memcpy(st->missing, missing + before, st->nr_missing * sizeof(*missing));
	return PAGEOWNER_OK;
}

static void walk_stretch(struct hand *h, struct po_stretch *st)
{
	size_t before;

	(void)po_memory_missing(po_walk_memory(h->walk), &before);
	st->nr = st->text.len = 0;
	po_walk_seek(h->walk, st->first, st->end);
	st->again = walk_records(h, st) < 0;
	st->at = po_walk_at(h->walk);
	po_walk_take_counts(h->walk, &st->counts);
	st->again |= st->counts.bad_stack_records || st->counts.bad_memcg_records;
	st->again |= take_missing(h, st, before) < 0;
}

static bool can_begin(const struct po_crew *c)
{
	return c->pfn < c->end && c->begun - c->handed < c->slots;
}

/* The next stretch, under the lock, when one can be begun. */
static struct po_stretch *begin_stretch(struct po_crew *c, struct hand *h)
{
	struct po_stretch *st = h->idle;

	h->idle = st->next;
	c->ring[c->begun++ % c->slots] = st;
	st->first = c->pfn;
	st->end = (c->pfn & ~(c->step - 1)) + c->step;
	st->end = po_walk_skip(c->walk, st->end, c->step);
	st->done = false;
	c->pfn = st->end;
	return st;
}

/* Walk the next one; the lock is held before and after. */
static void do_stretch(struct po_crew *c, struct hand *h)
{
	struct po_stretch *st = begin_stretch(c, h);

	(void)pthread_mutex_unlock(&c->lock);
	walk_stretch(h, st);
	(void)pthread_mutex_lock(&c->lock);
	st->done = true;
}

static void *run(void *arg)
{
	struct hand *h = arg;
	struct po_crew *c = h->c;

	(void)pthread_mutex_lock(&c->lock);
	while (!c->stop && c->pfn < c->end) {
		if (can_begin(c)) {
			do_stretch(c, h);
			(void)pthread_cond_signal(&c->done);
		} else {
			(void)pthread_cond_wait(&c->work, &c->lock);
		}
	}
	(void)pthread_mutex_unlock(&c->lock);
	return NULL;
}

/* Signals are the business of the program's own threads. */
static int start(struct po_crew *c)
{
	sigset_t all, old;
	unsigned nr = 0;

	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &old);
	for (unsigned i = 1; i < c->nr_hands; i++) {
		c->hand[i].started = pthread_create(&c->hand[i].thread, NULL, run, &c->hand[i]) == 0;
		nr += c->hand[i].started;
	}
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	return nr != 0;
}

static void halt(struct po_crew *c)
{
	(void)pthread_mutex_lock(&c->lock);
	c->stop = true;
	(void)pthread_cond_broadcast(&c->work);
	(void)pthread_mutex_unlock(&c->lock);
	for (unsigned i = 0; i < c->nr_hands; i++)
		if (c->hand[i].started)
			(void)pthread_join(c->hand[i].thread, NULL);
	for (unsigned i = 0; i < c->nr_hands; i++)
		c->hand[i].started = false;
}

/* --- in their order ------------------------------------------------------------------------------ */

/* Pages that the store missed: it read stacks for all. */
static void miss_stacks(struct po_crew *c)
{
	size_t nr;

	(void)pthread_mutex_lock(&c->store.lock);
	const struct po_missing *missing = po_memory_missing(c->store.stacks.mem, &nr);
	if (nr > c->store_missing)
		po_memory_miss(po_walk_memory(c->walk), missing + c->store_missing, nr - c->store_missing);
	c->store_missing = nr;
	(void)pthread_mutex_unlock(&c->store.lock);
}

/* The stretch handed on before can be used for another one. */
static void put_back(struct po_crew *c)
{
	if (!c->holding)
		return;
	if (c->walking) {
		c->at = po_walk_at(c->walk);
		miss_stacks(c);
	}
	c->holding = c->walking = false;
	(void)pthread_mutex_lock(&c->lock);
	struct po_stretch *st = c->ring[c->handed++ % c->slots];
	st->next = c->hand[st->hand].idle;
	c->hand[st->hand].idle = st;
	(void)pthread_cond_signal(&c->work);
	(void)pthread_mutex_unlock(&c->lock);
}

static struct po_stretch *wait_for_next(struct po_crew *c)
{
	struct po_stretch *st = NULL;

	(void)pthread_mutex_lock(&c->lock);
	while (c->handed < c->begun || c->pfn < c->end) {
		st = c->handed < c->begun ? c->ring[c->handed % c->slots] : NULL;
		if (st && st->done)
			break;
		st = NULL;
		if (can_begin(c))
			do_stretch(c, &c->hand[0]);
		else
			(void)pthread_cond_wait(&c->done, &c->lock);
	}
	(void)pthread_mutex_unlock(&c->lock);
	return st;
}

static enum po_crew_step walk_from(struct po_crew *c, uint64_t pfn, uint64_t end)
{
	c->walking = true;
	po_walk_seek(c->walk, pfn, end);
	return PO_CREW_WALK;
}

enum po_crew_step po_crew_next(struct po_crew *c, const struct po_stretch **ret)
{
	put_back(c);
	if (c->stop)
		return PO_CREW_END;
	struct po_stretch *st = wait_for_next(c);
	if (!st) {
		miss_stacks(c);
		return PO_CREW_END;
	}
	c->holding = true;
	if (!st->again && c->at <= st->first) {
		c->at = st->at;
		po_walk_add_counts(c->walk, &st->counts);
		po_memory_miss(po_walk_memory(c->walk), st->missing, st->nr_missing);
		*ret = st;
		return PO_CREW_STRETCH;
	}
	const uint64_t from = c->at > st->first ? c->at : st->first;
	if (++c->nr_again < AGAIN_MAX || c->nr_again * 2 < c->handed)
		return walk_from(c, from, st->end);
	halt(c);	/* they are of no use here */
	return walk_from(c, from, po_walk_end(c->walk));
}

void po_crew_stop(struct po_crew *c)
{
	put_back(c);
	if (!c->stop) {
		halt(c);
		po_walk_seek(c->walk, c->at, po_walk_end(c->walk));
	}
}

/* --- setting up ---------------------------------------------------------------------------------- */

static int give_stretches(struct po_crew *c, unsigned nr)
{
	struct hand *h = &c->hand[nr];

	h->stretch = calloc(c->slots, sizeof(*h->stretch));
	for (unsigned i = 0; h->stretch && i < c->slots; i++) {
		h->stretch[i].hand = nr;
		h->stretch[i].next = h->idle;
		h->idle = &h->stretch[i];
	}
	return h->stretch ? PAGEOWNER_OK : PAGEOWNER_ENOMEM;
}

static int make(struct po_crew *c, unsigned jobs, const struct po_hand *hand, struct pageowner_error *err)
{
	const struct po_stacks *stacks = po_walk_stacks(c->walk);
	struct po_memory *mem;
	int rc = po_memory_clone(po_walk_memory(c->walk), &mem, err);

	if (rc < 0)
		return rc;
	po_stacks_init(&c->store.stacks, stacks->depot, stacks->symbols, mem);
	po_stacks_share(po_walk_stacks(c->walk), &c->store);
	c->slots = jobs * 2 + 1;
	c->ring = calloc(c->slots, sizeof(*c->ring));
	c->hand = calloc(jobs, sizeof(*c->hand));
	if (!c->ring || !c->hand)
		return po_fail_nomem(err, "threads");
	while (c->nr_hands < jobs) {
		const unsigned i = c->nr_hands++;
		struct hand *h = &c->hand[i];
		h->c = c;
		if (hand)
			h->hand = hand[i];
		if (give_stretches(c, i) < 0)
			return po_fail_nomem(err, "threads");
		rc = po_walk_clone(c->walk, &h->walk, err);
		if (rc < 0)
			return rc;
		po_stacks_share(po_walk_stacks(h->walk), &c->store);
	}
	return PAGEOWNER_OK;
}

int po_crew_new(struct po_walk *walk, unsigned jobs, const struct po_hand *hand, struct po_crew **ret,
		struct pageowner_error *err)
{
	const uint64_t from = po_walk_at(walk), end = po_walk_end(walk);
	const uint64_t all = end > from ? end - from : 0;
	const uint64_t block = po_walk_block(walk), step = block < LEAST_PFNS ? LEAST_PFNS : block;

	if (all / step / FEW_STRETCHES < jobs)
		jobs = (unsigned)(all / step / FEW_STRETCHES);
	if (jobs < 2 || !po_walk_can_clone(walk))
		return 0;
	struct po_crew *c = calloc(1, sizeof(*c));
	if (!c)
		return po_fail_nomem(err, "threads");
	*c = (struct po_crew){ .walk = walk, .pfn = from, .end = end, .step = step };
	(void)pthread_mutex_init(&c->store.lock, NULL);
	(void)pthread_mutex_init(&c->lock, NULL);
	(void)pthread_cond_init(&c->work, NULL);
	(void)pthread_cond_init(&c->done, NULL);
	int rc = make(c, jobs, hand, err);
	if (rc < 0) {
		po_crew_free(c);
		return rc;
	}
	if (start(c)) {
		*ret = c;
		return 1;
	}
	po_crew_free(c);
	return 0;	/* without threads the walk will do it alone */
}

static void free_hand(const struct po_crew *c, struct hand *h)
{
	po_walk_free(h->walk);
	for (unsigned i = 0; h->stretch && i < c->slots; i++) {
		free(h->stretch[i].rec);
		free(h->stretch[i].missing);
		po_buffer_fini(&h->stretch[i].text);
	}
	free(h->stretch);
}

void po_crew_free(struct po_crew *c)
{
	if (!c)
		return;
	halt(c);
	po_stacks_share(po_walk_stacks(c->walk), NULL);
	for (unsigned i = 0; c->hand && i < c->nr_hands; i++)
		free_hand(c, &c->hand[i]);
	free(c->ring);
	free(c->hand);
	struct po_memory *mem = c->store.stacks.mem;
	po_stacks_fini(&c->store.stacks);
	po_memory_free(mem);
	(void)pthread_mutex_destroy(&c->store.lock);
	(void)pthread_mutex_destroy(&c->lock);
	(void)pthread_cond_destroy(&c->work);
	(void)pthread_cond_destroy(&c->done);
	free(c);
}
