/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Public calls → layers. */
#include <string.h>

#include <pageowner/pageowner.h>

#include "base/cleanup.h"
#include "base/status.h"
#include "lib/filter.h"
#include "lib/session.h"
#include "owner/saved.h"
#include "owner/walk.h"
#include "report/dumped.h"
#include "report/text.h"

#ifndef PACKAGE_VERSION
#define PACKAGE_VERSION "unknown"
#endif

struct pageowner_iter {
	struct po_walk *walk;	/* of a dump */
	struct po_text *names;
	struct po_saved *saved;	/* of a text */
	unsigned want;		/* PO_WALK_… */
	bool freed, free_stacks;
};

struct po_walk *po_iter_walk(struct pageowner_iter *it)
{
	return it->walk;
}

uint64_t po_session_page_size(const struct pageowner_session *s, unsigned told)
{
	return !s->text ? po_kernel_page_size(&s->kernel) : told ? told : 4096;
}

const char *pageowner_version(void)
{
	return PACKAGE_VERSION;
}

const char *pageowner_pass_words(enum pageowner_pass why)
{
	static const char *const words[PAGEOWNER_NR_PASS] = {
		[PAGEOWNER_PASS_INVALID] = "no memory there",
		[PAGEOWNER_PASS_BUDDY] = "free in the buddy allocator",
		[PAGEOWNER_PASS_NO_PAGE_EXT] = "no page_ext for this section",
		[PAGEOWNER_PASS_NO_OWNER] = "never allocated",
		[PAGEOWNER_PASS_FREED] = "freed",
		[PAGEOWNER_PASS_TAIL] = "not the first page of its allocation",
		[PAGEOWNER_PASS_NO_HANDLE] = "no stack saved",
		[PAGEOWNER_PASS_MISSING_EXT] = "page_ext entry not in dump",
		[PAGEOWNER_PASS_MISSING_PAGE] = "struct page not in dump",
		[PAGEOWNER_PASS_MISSING_MAP] = "memory section not in dump",
		[PAGEOWNER_PASS_CORRUPT] = "corrupt record",
		[PAGEOWNER_PASS_ALLOCATED] = "allocated",
	};

	return (unsigned)why < PAGEOWNER_NR_PASS ? words[why] : "unknown";
}

static int new_walk(struct pageowner_session *s, uint64_t first, uint64_t last, struct pageowner_iter *it,
		    struct pageowner_error *err)
{
	const struct po_record_base base = { &s->kernel, &s->words, &s->depot, s->symbols, s->mem };
	int rc = po_walk_new(&base, first, last, &it->walk, err);

	return rc < 0 ? rc : po_text_new(&s->words, s->kernel.abi.ptr_size * 2u, &it->names, err);
}

static int want_more(struct pageowner_iter *it, const struct pageowner_iter_options *o, struct pageowner_error *err)
{
	if (it->saved && !o->freed && !o->free_stacks)
		return PAGEOWNER_OK;
	if (it->saved)
		return po_fail(err, PAGEOWNER_EUNSUPP, "a text does not tell of freed pages, nor who freed them");
	it->want = (o->freed ? PO_WALK_FREED : 0u) | (o->free_stacks ? PO_WALK_FREE_STACKS : 0u) |
		   (o->slab_caches ? PO_WALK_SLABS : 0u) | (o->owners ? PO_WALK_OWNERS : 0u);
	return po_walk_want(it->walk, it->want, err);
}

PO_DEFINE_CLEANUP(struct pageowner_iter, pageowner_iter_free);

int pageowner_iter_new(struct pageowner_session *s, const struct pageowner_iter_options *options,
		       struct pageowner_iter **ret, struct pageowner_error *err)
{
	uint64_t first = 0, last = UINT64_MAX;
	int rc = pageowner_ready(s, err);

	if (rc < 0)
		return rc;
	if (options) {
		if (options->size < sizeof(*options) || options->first_pfn > options->last_pfn)
			return po_fail(err, PAGEOWNER_EINVAL, "iterator: options are not valid");
		first = options->first_pfn;
		last = options->last_pfn;
	}
	_cleanup_(pageowner_iter_freep) struct pageowner_iter *it = calloc(1, sizeof(*it));
	if (!it)
		return po_fail_nomem(err, "iterator");
	rc = s->text ? po_saved_new(s->text, 0, 1, first, last, &it->saved, err) :
		       new_walk(s, first, last, it, err);
	if (rc == PAGEOWNER_OK && options &&
	    (options->freed || options->free_stacks || options->slab_caches || options->owners))
		rc = want_more(it, options, err);
	if (rc < 0)
		return rc;
	it->freed = options && options->freed;
	it->free_stacks = options && options->free_stacks;
	*ret = po_take(it);
	return PAGEOWNER_OK;
}

void pageowner_iter_free(struct pageowner_iter *it)
{
	if (!it)
		return;
	po_walk_free(it->walk);
	po_text_free(it->names);
	po_saved_free(it->saved);
	free(it);
}

int pageowner_iter_next(struct pageowner_iter *it, struct pageowner_record *rec,
			struct pageowner_error *err)
{
	if (it->saved)
		return po_saved_next(it->saved, rec, err);
	*rec = (struct pageowner_record){ .have = 0 };
	int rc = po_walk_next(it->walk, rec, err);
	if (rc == 1)
		po_text_names(it->names, rec);
	return rc;
}

void pageowner_iter_progress(const struct pageowner_iter *it, uint64_t *done, uint64_t *all)
{
	*done = *all = 0;	/* of a text: not told */
	if (it->walk)
		po_walk_progress(it->walk, done, all);
}

void pageowner_iter_coverage(const struct pageowner_iter *it, struct pageowner_coverage *ret)
{
	struct pageowner_coverage cov;
	size_t size = ret->size < sizeof(cov) ? ret->size : sizeof(cov);

	if (it->saved)
		po_saved_coverage(it->saved, &cov);
	else
		po_walk_coverage(it->walk, &cov);
	cov.size = size;
	memcpy(ret, &cov, size);
}

/* --- the report ---------------------------------------------------------------------------------- */

#define PROGRESS_STEP 4096	/* records between two calls of progress() */

struct report {
	struct pageowner_session *s;
	struct pageowner_iter *it;
	struct pageowner_report_options o;
	struct po_text *text;
	struct po_sink *sink;
	unsigned until_progress;
	struct po_filter_memo memo;
};

static void tell_flaw(struct report *r, const struct pageowner_error *flaw)
{
	if (flaw->code != PAGEOWNER_OK && r->o.flaw)
		r->o.flaw(r->o.arg, flaw);
}

static int tell_progress(struct report *r, struct pageowner_error *err)
{
	uint64_t done, all;

	if (r->until_progress-- > 0 || !r->o.progress)
		return PAGEOWNER_OK;
	r->until_progress = PROGRESS_STEP;
	pageowner_iter_progress(r->it, &done, &all);
	return r->o.progress(r->o.arg, done, all) ?
		       po_fail(err, PAGEOWNER_ESTOPPED, "stopped") : PAGEOWNER_OK;
}

/* A text is printed again as it stands. */
static int put_lines(struct report *r, const struct pageowner_record *rec)
{
	po_sink_put(r->sink, rec->lines.text, rec->lines.len);
	return PAGEOWNER_OK;
}

/* What no file of the kernel has: freed pages, and who freed a page before. */
static int put_more(struct report *r, const struct pageowner_record *rec, const char *text, size_t len,
		    struct pageowner_error *err)
{
	if (r->it->freed)
		return po_dumped_put_freed(r->text, r->sink, rec, err);
	po_sink_put(r->sink, text, len - 1);	/* before the empty line */
	int rc = po_dumped_put_release(r->text, r->sink, rec, err);
	po_sink_put(r->sink, "\n", 1);
	return rc;
}

/* Print one record; one that is longer than the kernel's buffer is printed and named, or ends it all. */
static int put_record(struct report *r, const struct pageowner_record *rec, struct pageowner_error *err)
{
	const char *text = NULL;
	long len = r->it->freed ? 0 : po_text_record(r->text, rec, &text, err);
	size_t max = r->s->words.record_max;

	if (len < 0)
		return (int)len;
	if (max && (size_t)len >= max) {
		struct pageowner_error flaw;
		int rc = po_fail(&flaw, PAGEOWNER_ETOOLONG,
				 "PFN 0x%llx: record of %ld bytes: the kernel refuses more than %zu (-ENOMEM)",
				 (unsigned long long)rec->pfn, len, max - 1);
		if (r->o.strict) {
			if (err)
				*err = flaw;
			return rc;
		}
		tell_flaw(r, &flaw);
	}
	if (r->it->freed || r->it->free_stacks)
		return put_more(r, rec, text, (size_t)len, err);
	po_sink_put(r->sink, text, (size_t)len);
	return PAGEOWNER_OK;
}

static bool is_wanted(struct report *r, struct pageowner_record *rec)
{
	if (!r->o.filter)
		return true;
	if (r->it->walk)
		po_text_names(r->it->names, rec);
	return po_filter_takes(&r->o.filter->f, &r->memo, rec);
}

static int run_report(struct report *r, struct pageowner_error *err)
{
	struct pageowner_record rec;
	struct pageowner_error flaw;

	for (;;) {
		rec = (struct pageowner_record){ .have = 0 };	/* filters look at names, which an absent field leaves */
		int rc = r->it->saved ? po_saved_next(r->it->saved, &rec, &flaw) :
					po_walk_next(r->it->walk, &rec, &flaw);
		if (rc == 0)
			return PAGEOWNER_OK;
		tell_flaw(r, &flaw);
		if (rc == PAGEOWNER_ENOMEM)
			return po_fail_nomem(err, "report");
		if (rc == 1 && !is_wanted(r, &rec))
			rc = PAGEOWNER_OK;
		else if (rc == 1)
			rc = r->it->saved ? put_lines(r, &rec) : put_record(r, &rec, err);
		else
			rc = PAGEOWNER_OK;	/* told as a flaw; the walk goes on after it */
		if (rc == PAGEOWNER_OK)
			rc = tell_progress(r, err);
		if (rc < 0)
			return rc;
		if (r->sink->error)
			return PAGEOWNER_EIO;
	}
}

int pageowner_report(struct pageowner_session *s, struct pageowner_iter *it,
		     const struct pageowner_report_options *options,
		     const struct pageowner_sink *sink, struct pageowner_error *err)
{
	struct report r = { .s = s, .it = it };

	if (!sink || sink->size < sizeof(*sink) || !sink->write ||
	    (options && options->size < sizeof(*options)))
		return po_fail(err, PAGEOWNER_EINVAL, "report: options are not valid");
	if (options)
		r.o = *options;
	_cleanup_(po_freep) struct po_sink *out = malloc(sizeof(*out));
	if (!out)
		return po_fail_nomem(err, "report");
	po_sink_init(out, sink->write, sink->self);
	r.sink = out;
	int rc = s->text ? PAGEOWNER_OK :
			   po_text_new(&s->words, s->kernel.abi.ptr_size * 2u, &r.text, err);
	if (rc == PAGEOWNER_OK && it->walk && r.o.filter)
		rc = po_walk_want(it->walk, it->want |
				  (po_filter_has(&r.o.filter->f, PO_COLUMN_SLAB) ? PO_WALK_SLABS : 0u) |
				  (po_filter_has(&r.o.filter->f, PO_COLUMN_OWNER) ? PO_WALK_OWNERS : 0u), err);
	if (rc == PAGEOWNER_OK)
		rc = po_session_now(s, r.o.filter ? &r.o.filter->f : NULL, &r.memo.now, err);
	if (rc == PAGEOWNER_OK)
		rc = run_report(&r, err);
	po_text_free(r.text);
	free(r.memo.has_frame);
	/* what was made until a stop is kept */
	if (po_sink_flush(out))
		return po_fail(err, PAGEOWNER_EIO, "%s", strerror(out->error));
	return rc;
}

/* --- fields -------------------------------------------------------------------------------------- */

struct each_field {
	void (*fn)(void *arg, const char *kind, const char *name, int have, int needed);
	void *arg;
};

static void call_field(void *arg, const char *kind, const char *name, bool have, bool needed)
{
	const struct each_field *f = arg;

	f->fn(f->arg, kind, name, have, needed);
}

void pageowner_for_each_field(const struct pageowner_session *s,
			      void (*fn)(void *arg, const char *kind, const char *name, int have,
					 int needed),
			      void *arg)
{
	struct each_field f = { fn, arg };

	if (s->elf)
		po_layout_for_each(&s->kernel.l, call_field, &f);
}
