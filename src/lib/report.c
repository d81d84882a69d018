/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Records as text.  Threads write it for stretches of PFNs; here it is put together. */
#include <stdlib.h>
#include <string.h>

#include <pageowner/pageowner.h>

#include "base/status.h"
#include "lib/filter.h"
#include "lib/iter.h"
#include "lib/session.h"
#include "report/dumped.h"

#define PROGRESS_STEP	4096	/* records between two calls of progress() */
#define OUT_BYTES	((size_t)64 << 10)	/* that are written at once */

struct report;

/* Who chooses records and writes them: the report itself, and each of its threads. */
struct writer {
	const struct report *r;
	struct po_text *text;
	struct po_filter_memo memo;
	struct po_sink *more;		/* for what has no room told beforehand; NULL: there is no such thing */
};

struct report {
	struct pageowner_session *s;
	struct pageowner_iter *it;
	struct pageowner_report_options o;
	struct writer own, *hand;
	struct po_buffer out;
	const struct pageowner_sink *sink;
	int error;			/* the sink's */
	unsigned until_progress;
};

static void tell_flaw(struct report *r, const struct pageowner_error *flaw)
{
	if (flaw->code != PAGEOWNER_OK && r->o.flaw)
		r->o.flaw(r->o.arg, flaw);
}

static int call_progress(struct report *r, struct pageowner_error *err)
{
	uint64_t done, all;

	if (!r->o.progress)
		return PAGEOWNER_OK;
	pageowner_iter_progress(r->it, &done, &all);
	return r->o.progress(r->o.arg, done, all) ?
		       po_fail(err, PAGEOWNER_ESTOPPED, "stopped") : PAGEOWNER_OK;
}

static int tell_progress(struct report *r, struct pageowner_error *err)
{
	if (r->until_progress-- > 0)
		return PAGEOWNER_OK;
	r->until_progress = PROGRESS_STEP;
	return call_progress(r, err);
}

/* --- one record ---------------------------------------------------------------------------------- */

static int append(void *self, const char *text, size_t len)
{
	struct po_buffer *to = self;
	char *at = po_buffer_room(to, len);

	if (!at)
		return PAGEOWNER_ENOMEM;
	memcpy(at, text, len);
	to->len += len;
	return 0;
}

/* What no file of the kernel has: freed pages, and who freed a page before. */
static int put_more(struct writer *w, const struct pageowner_record *rec, struct po_buffer *to,
		    struct pageowner_error *err)
{
	const struct pageowner_iter *it = w->r->it;
	int rc;

	po_sink_init(w->more, append, to);
	if (it->freed) {
		rc = po_dumped_put_freed(w->text, w->more, rec, err);
	} else {
		to->len--;	/* before the empty line */
		rc = po_dumped_put_release(w->text, w->more, rec, err);
		po_sink_put(w->more, "\n", 1);
	}
	return po_sink_flush(w->more) ? po_fail_nomem(err, "report") : rc;
}

/* Write one record.  ETOOLONG, and it stands there all the same: it is longer than the kernel's buffer. */
static int put_record(struct writer *w, const struct pageowner_record *rec, struct po_buffer *to,
		      struct pageowner_error *err)
{
	const struct report *r = w->r;
	const size_t max = r->s->words.record_max;
	long len = r->it->freed ? 0 : po_text_record(w->text, rec, to, err);

	if (len < 0)
		return (int)len;
	int rc = w->more ? put_more(w, rec, to, err) : PAGEOWNER_OK;
	if (rc < 0 || !max || (size_t)len < max)
		return rc;
	return po_fail(err, PAGEOWNER_ETOOLONG,
		       "PFN 0x%llx: record of %ld bytes: the kernel refuses more than %zu (-ENOMEM)",
		       (unsigned long long)rec->pfn, len, max - 1);
}

static bool is_wanted(struct writer *w, struct pageowner_record *rec)
{
	const struct pageowner_filter *filter = w->r->o.filter;

	if (!filter)
		return true;
	if (w->text)
		po_text_names(w->text, rec);
	return po_filter_takes(&filter->f, &w->memo, rec);
}

/* --- by threads ---------------------------------------------------------------------------------- */

static int open_writer(struct writer *w, const struct report *r, struct pageowner_error *err)
{
	const struct pageowner_session *s = r->s;

	w->r = r;
	w->memo.now = r->own.memo.now;
	if (s->text)
		return PAGEOWNER_OK;
	if (r->it->freed || r->it->free_stacks) {
		w->more = malloc(sizeof(*w->more));
		if (!w->more)
			return po_fail_nomem(err, "report");
	}
	return po_text_new(&s->words, s->kernel.abi.ptr_size * 2u, &w->text, err);
}

static void close_writer(struct writer *w)
{
	po_text_free(w->text);
	free(w->memo.has_frame);
	free(w->more);
}

static int take(void *self, struct pageowner_record *rec, struct po_stretch *to)
{
	struct writer *w = self;
	struct pageowner_error err;

	return is_wanted(w, rec) ? put_record(w, rec, &to->text, &err) : PAGEOWNER_OK;
}

/* Without memory for more the report is written by one. */
static void begin(struct report *r)
{
	const unsigned jobs = r->it->jobs;
	struct po_hand *hand = calloc(jobs, sizeof(*hand));

	r->hand = calloc(jobs, sizeof(*r->hand));
	for (unsigned i = 0; hand && r->hand && i < jobs; i++) {
		hand[i] = (struct po_hand){ &r->hand[i], take };
		if (open_writer(&r->hand[i], r, NULL) < 0)
			r->it->jobs = 1;
	}
	if (hand && r->hand)
		po_iter_begin(r->it, hand);
	r->it->jobs = jobs;
	free(hand);
}

static void end(struct report *r)
{
	if (r->hand && r->it->crew) {	/* what it has lent to the walk is the iterator's */
		po_crew_stop(r->it->crew);
		r->it->walking = true;
	}
	for (unsigned i = 0; r->hand && i < r->it->jobs; i++)
		close_writer(&r->hand[i]);
	free(r->hand);
	close_writer(&r->own);
	po_buffer_fini(&r->out);
}

/* --- all of them --------------------------------------------------------------------------------- */

static int write_out(struct report *r, const char *text, size_t len)
{
	if (len && !r->error)
		r->error = r->sink->write(r->sink->self, text, len);
	return r->error ? PAGEOWNER_EIO : PAGEOWNER_OK;
}

static int flush(struct report *r)
{
	const size_t len = r->out.len;

	r->out.len = 0;
	return write_out(r, r->out.text, len);
}

/* A record of a text is printed again as it stands. */
static int put(struct report *r, struct pageowner_record *rec, struct pageowner_error *err)
{
	const size_t before = r->out.len;
	struct pageowner_error flaw;
	int rc;

	if (!is_wanted(&r->own, rec))
		return PAGEOWNER_OK;
	if (r->it->saved)
		rc = append(&r->out, rec->lines.text, rec->lines.len);
	else
		rc = put_record(&r->own, rec, &r->out, &flaw);
	if (rc == PAGEOWNER_ETOOLONG && r->o.strict) {
		r->out.len = before;
		if (err)
			*err = flaw;
		return rc;
	}
	if (rc == PAGEOWNER_ETOOLONG)
		tell_flaw(r, &flaw);
	else if (rc < 0)
		return po_fail_nomem(err, "report");
	return r->out.len >= OUT_BYTES ? flush(r) : PAGEOWNER_OK;
}

static int step_walk(struct pageowner_iter *it, struct pageowner_record *rec, struct pageowner_error *err)
{
	return po_walk_next(it->walk, rec, err);
}

/* One by one, what there is from here on: in all, or of the walk, which has a stretch to do. */
static int walk(struct report *r, int (*step)(struct pageowner_iter *, struct pageowner_record *, struct pageowner_error *),
		struct pageowner_error *err)
{
	struct pageowner_record rec;
	struct pageowner_error flaw;

	for (;;) {
		rec = (struct pageowner_record){ .have = 0 };	/* filters look at names, which an absent field leaves */
		int rc = step(r->it, &rec, &flaw);
		if (rc == 0)
			return flush(r);
		tell_flaw(r, &flaw);
		if (rc == PAGEOWNER_ENOMEM)
			return po_fail_nomem(err, "report");
		/* what is negative was told as a flaw; the walk goes on after it */
		rc = rc == 1 ? put(r, &rec, err) : PAGEOWNER_OK;
		if (rc == PAGEOWNER_OK)
			rc = tell_progress(r, err);
		if (rc < 0)
			return rc;
	}
}

static int run(struct report *r, struct pageowner_error *err)
{
	const struct po_stretch *st;
	enum po_crew_step step;
	int rc = PAGEOWNER_OK;

	if (!r->it->begun)
		begin(r);
	if (!r->it->crew || !r->hand)	/* or records of it were taken before */
		return walk(r, po_iter_step, err);
	while (rc == PAGEOWNER_OK && (step = po_crew_next(r->it->crew, &st)) != PO_CREW_END) {
		rc = step == PO_CREW_WALK ? walk(r, step_walk, err) : write_out(r, st->text.text, st->text.len);
		if (rc == PAGEOWNER_OK)
			rc = call_progress(r, err);
	}
	return rc;
}

int pageowner_report(struct pageowner_session *s, struct pageowner_iter *it,
		     const struct pageowner_report_options *options,
		     const struct pageowner_sink *sink, struct pageowner_error *err)
{
	struct report r = { .s = s, .it = it, .sink = sink };

	if (!sink || sink->size < sizeof(*sink) || !sink->write ||
	    (options && options->size < sizeof(*options)))
		return po_fail(err, PAGEOWNER_EINVAL, "report: options are not valid");
	if (options)
		r.o = *options;
	int rc = PAGEOWNER_OK;
	if (it->walk && r.o.filter)
		rc = po_walk_want(it->walk, it->want |
				  (po_filter_has(&r.o.filter->f, PO_COLUMN_SLAB) ? PO_WALK_SLABS : 0u) |
				  (po_filter_has(&r.o.filter->f, PO_COLUMN_OWNER) ? PO_WALK_OWNERS : 0u), err);
	if (rc == PAGEOWNER_OK)
		rc = po_session_now(s, r.o.filter ? &r.o.filter->f : NULL, &r.own.memo.now, err);
	if (rc == PAGEOWNER_OK)
		rc = open_writer(&r.own, &r, err);
	if (rc == PAGEOWNER_OK)
		rc = run(&r, err);
	/* what was made until a stop is kept */
	(void)flush(&r);
	end(&r);
	return r.error ? po_fail(err, PAGEOWNER_EIO, "%s", strerror(r.error)) : rc;
}
