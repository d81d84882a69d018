/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* page_owner_stacks: the kernel's own counts, or sums of records. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <pageowner/stacks.h>

#include "aggregate/tally.h"
#include "base/cleanup.h"
#include "base/status.h"
#include "lib/filter.h"
#include "lib/session.h"
#include "owner/stacklist.h"
#include "owner/walk.h"
#include "report/stacks.h"

#define PROGRESS_STEP 4096

struct run {
	struct pageowner_session *s;
	struct pageowner_stacks_options o;
	struct po_sink *sink;
	uint64_t threshold, written;
	struct po_filter_memo memo;
	uint32_t early_handle;		/* key; 0: this kernel has none */
};

static void tell_flaw(const struct run *r, const struct pageowner_error *flaw)
{
	if (flaw->code != PAGEOWNER_OK && r->o.flaw)
		r->o.flaw(r->o.arg, flaw);
}

/* stack_print(): less than one page is nothing; the threshold is compared as an unsigned number. */
static bool is_shown(const struct run *r, int64_t pages)
{
	return r->o.file == PAGEOWNER_SHOW_STACKS_HANDLES || (pages >= 1 && (uint64_t)pages >= r->threshold);
}

static void put(struct run *r, const struct po_stacks_entry *e)
{
	const char *label = r->s->words.count_label;	/* of a text there is none */

	r->written++;
	po_stacks_put(r->sink, r->o.file, label ? label : "nr_base_pages: ", e,
		      r->o.human ? po_session_page_size(r->s, r->o.page_size) : 0);
}

/* --- the kernel's own list ----------------------------------------------------------------------- */

/* fn takes each stack of the list; what cannot be read is told, and what lies behind it lost only if nothing leads on. */
static int for_each_counted(struct run *r, struct po_stacks *stacks, struct po_memory *mem,
			    int (*fn)(struct run *r, const struct po_stack_count *c, void *arg), void *arg,
			    struct pageowner_error *err)
{
	struct po_stack_list list;
	struct pageowner_error flaw;
	struct po_stack_count c;
	int rc = po_stack_list_open(&list, &r->s->depot, mem, stacks, err);

	if (rc < 0)
		return rc;
	for (;;) {
		rc = po_stack_list_next(&list, &c, &flaw);
		if (rc == 0)
			return PAGEOWNER_OK;
		if (rc == PAGEOWNER_ENOMEM)
			return po_fail_nomem(err, "stacks");
		if (rc < 0 && !list.next)
			return po_fail(err, rc, "%s", flaw.text);
		if (rc < 0)
			tell_flaw(r, &flaw);
		else if (fn(r, &c, arg) < 0)
			return po_fail_nomem(err, "stacks");
		if (r->sink->error)
			return PAGEOWNER_EIO;
	}
}

static int put_counted(struct run *r, const struct po_stack_count *c, void *arg)
{
	const struct po_stacks_entry e = { .stack = c->stack, .handle = c->handle, .pages = c->pages };

	(void)arg;
	if (is_shown(r, c->pages))
		put(r, &e);
	return PAGEOWNER_OK;
}

static int add_counted(struct run *r, const struct po_stack_count *c, void *arg)
{
	return is_shown(r, c->pages) ? po_tally_add(arg, c->stack, (uint64_t)c->pages) : PAGEOWNER_OK;
}

/* A stack may be counted and in no list: since 6.18 if its first page came with a gfp mask that forbids to wait for a lock. */
static void count_unlisted(const struct run *r, struct po_memory *mem, struct po_tally *t)
{
	uint32_t count;

	for (size_t i = 0; i < t->nr; i++) {
		struct po_tally_row *row = &t->row[i];

		if (!row->stack || row->has_kernel_pages ||
		    !po_depot_count(&r->s->depot, mem, row->stack->handle, &count))
			continue;
		row->kernel_pages = (int32_t)(count - 1);
		row->has_kernel_pages = true;
	}
}

static int put_sums(struct run *r, struct po_tally *t)
{
	po_tally_sort(t);
	for (size_t i = 0; i < t->nr && (!r->o.top || r->written < r->o.top); i++) {
		const struct po_tally_row *row = &t->row[i];
		struct po_stacks_entry e = {
			.stack = row->stack, .handle = row->stack->handle, .pages = (int64_t)row->pages,
			.has_kernel_pages = row->has_kernel_pages && row->kernel_pages != (int64_t)row->pages,
			.kernel_pages = row->kernel_pages,
		};
		/* a number that differs is what a recount is asked for */
		if (is_shown(r, e.pages) || (e.has_kernel_pages && is_shown(r, e.kernel_pages)))
			put(r, &e);
		if (r->sink->error)
			return PAGEOWNER_EIO;
	}
	return PAGEOWNER_OK;
}

static int run_counted(struct run *r, struct pageowner_error *err)
{
	struct po_memory *mem;
	struct po_stacks stacks;
	struct po_tally t = { .nr = 0 };
	int rc = po_memory_clone(r->s->mem, &mem, err);

	if (rc < 0)
		return rc;
	po_stacks_init(&stacks, &r->s->depot, r->s->symbols, mem);
	rc = for_each_counted(r, &stacks, mem, r->o.top ? add_counted : put_counted, &t, err);
	if (rc != PAGEOWNER_ENOMEM && put_sums(r, &t) < 0)	/* of a list that ends early, what came before */
		rc = PAGEOWNER_EIO;
	po_tally_fini(&t);
	po_stacks_fini(&stacks);
	po_memory_free(mem);
	return rc;
}

/* --- sums of records ----------------------------------------------------------------------------- */

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

static bool is_early(const struct run *r, const struct pageowner_record *rec)
{
	if (r->early_handle)
		return rec->stack->handle == r->early_handle;
	return rec->gfp_mask == 0 && was_found_early(rec->stack);
}

static bool is_counted(struct run *r, const struct pageowner_record *rec)
{
	return !is_early(r, rec) && (!r->o.filter || po_filter_takes(&r->o.filter->f, &r->memo, rec));
}

static int sum_records(struct run *r, struct pageowner_iter *it, struct po_tally *t, struct pageowner_error *err)
{
	struct pageowner_record rec;
	struct pageowner_error flaw;
	unsigned until = 0;
	uint64_t done, all;

	for (;;) {
		int rc = pageowner_iter_next(it, &rec, &flaw);
		if (rc == 0)
			return PAGEOWNER_OK;
		tell_flaw(r, &flaw);
		if (rc == PAGEOWNER_ENOMEM ||
		    (rc == 1 && is_counted(r, &rec) &&
		     po_tally_add(t, rec.stack, (uint64_t)1 << (rec.order & 31)) < 0))
			return po_fail_nomem(err, "stacks");
		if (r->o.progress && until-- == 0) {
			until = PROGRESS_STEP;
			pageowner_iter_progress(it, &done, &all);
			if (r->o.progress(r->o.arg, done, all))
				return po_fail(err, PAGEOWNER_ESTOPPED, "stopped");
		}
	}
}

static int take_count(struct run *r, const struct po_stack_count *c, void *arg)
{
	struct po_tally *t = arg;

	(void)r;
	return po_tally_set_kernel(t, c->stack, c->pages);
}

static int run_summed(struct run *r, struct pageowner_coverage *cov, struct pageowner_error *err)
{
	const struct po_kernel *k = &r->s->kernel;
	struct po_tally t = { .nr = 0 };
	struct pageowner_iter *it;
	const struct pageowner_iter_options options = {
		.size = sizeof(options), .last_pfn = UINT64_MAX,
		.slab_caches = r->o.filter && po_filter_has(&r->o.filter->f, PO_COLUMN_SLAB),
	};
	uint64_t early;
	int rc = pageowner_iter_new(r->s, &options, &it, err);

	if (rc < 0)
		return rc;
	struct po_walk *walk = po_iter_walk(it);
	if (walk && k->l.symbol[PO_S_early_handle].have &&
	    po_kernel_read_variable(k, po_walk_memory(walk), PO_S_early_handle, &early, NULL) == PAGEOWNER_OK)
		r->early_handle = po_depot_key(&r->s->depot, (uint32_t)early);
	rc = sum_records(r, it, &t, err);
	if (rc == PAGEOWNER_OK && walk && po_stack_list_exists(k) && !r->o.filter)
		rc = for_each_counted(r, po_walk_stacks(walk), po_walk_memory(walk), take_count, &t, err);
	if (rc == PAGEOWNER_OK && walk && po_stack_list_exists(k) && !r->o.filter)
		count_unlisted(r, po_walk_memory(walk), &t);
	if (rc == PAGEOWNER_OK)
		rc = put_sums(r, &t);
	if (cov)
		pageowner_iter_coverage(it, cov);
	po_tally_fini(&t);
	pageowner_iter_free(it);
	return rc;
}

/* The threshold that stands in the dump; through a handle of our own, as the session's is of no one thread. */
static int read_threshold(struct run *r, struct pageowner_error *err)
{
	struct po_memory *mem;
	int rc = po_memory_clone(r->s->mem, &mem, err);

	if (rc < 0)
		return rc;
	rc = po_stack_list_threshold(&r->s->kernel, mem, &r->threshold, err);
	po_memory_free(mem);
	return rc;
}

/* --- the public calls ---------------------------------------------------------------------------- */

int pageowner_counts_stacks(const struct pageowner_session *s)
{
	return s->ready && !s->text && po_stack_list_exists(&s->kernel);
}

int pageowner_stacks(struct pageowner_session *s, const struct pageowner_stacks_options *options,
		     const struct pageowner_sink *sink, struct pageowner_coverage *cov,
		     struct pageowner_error *err)
{
	struct run r = { .s = s };
	int rc = pageowner_ready(s, err);

	if (rc < 0)
		return rc;
	if (!sink || sink->size < sizeof(*sink) || !sink->write || !options ||
	    options->size < sizeof(*options) || (unsigned)options->file > PAGEOWNER_SHOW_STACKS_HANDLES)
		return po_fail(err, PAGEOWNER_EINVAL, "stacks: options are not valid");
	r.o = *options;
	r.threshold = r.o.threshold;
	bool counts = pageowner_counts_stacks(s);
	if (s->text && r.o.file != PAGEOWNER_SHOW_STACKS)
		return po_fail(err, PAGEOWNER_EINVAL, "stacks: a text has no handles");
	if (!r.o.has_threshold && counts && !r.o.filter) {
		rc = read_threshold(&r, err);
		if (rc < 0)
			return rc;
	}
	rc = po_session_now(s, r.o.filter ? &r.o.filter->f : NULL, &r.memo.now, err);
	if (rc < 0)
		return rc;
	_cleanup_(po_freep) struct po_sink *out = malloc(sizeof(*out));
	if (!out)
		return po_fail_nomem(err, "stacks");
	po_sink_init(out, sink->write, sink->self);
	r.sink = out;
	rc = counts && !r.o.recount && !r.o.filter ? run_counted(&r, err) : run_summed(&r, cov, err);
	free(r.memo.has_frame);
	if (po_sink_flush(out))
		return po_fail(err, PAGEOWNER_EIO, "%s", strerror(out->error));
	return rc;
}
