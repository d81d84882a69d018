/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* page_owner_stacks: the kernel's own counts, or sums of records. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <pageowner/stacks.h>

#include "base/cleanup.h"
#include "base/status.h"
#include "lib/filter.h"
#include "lib/iter.h"
#include "lib/recount.h"
#include "report/stacks.h"

#define PROGRESS_STEP 4096

struct run {
	struct pageowner_session *s;
	struct pageowner_stacks_options o;
	struct po_sink *sink;
	uint64_t threshold, written;
	struct po_filter_memo memo;
	struct po_told told;
	struct po_tally counted;	/* by the kernel, to be put in order */
};

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

static int put_counted(void *arg, const struct po_stack_count *c)
{
	struct run *r = arg;
	const struct po_stacks_entry e = { .stack = c->stack, .handle = c->handle, .pages = c->pages };

	if (is_shown(r, c->pages))
		put(r, &e);
	return r->sink->error ? PAGEOWNER_EIO : PAGEOWNER_OK;
}

static int add_counted(void *arg, const struct po_stack_count *c)
{
	struct run *r = arg;

	return is_shown(r, c->pages) ? po_tally_add(&r->counted, c->stack, (uint64_t)c->pages) : PAGEOWNER_OK;
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
	int rc = po_memory_clone(r->s->mem, &mem, err);

	if (rc < 0)
		return rc;
	po_stacks_init(&stacks, &r->s->depot, r->s->symbols, mem);
	rc = po_for_each_counted(&r->s->depot, &stacks, mem, r->o.top ? add_counted : put_counted, r, &r->told, err);
	if (rc != PAGEOWNER_ENOMEM && put_sums(r, &r->counted) < 0)	/* of a list that ends early, what came before */
		rc = PAGEOWNER_EIO;
	po_tally_fini(&r->counted);
	po_stacks_fini(&stacks);
	po_memory_free(mem);
	return rc;
}

/* --- sums of records ----------------------------------------------------------------------------- */

static bool is_counted(struct run *r, const struct po_recount *sums, const struct pageowner_record *rec)
{
	return po_recount_is_counted(sums, rec) && (!r->o.filter || po_filter_takes(&r->o.filter->f, &r->memo, rec));
}

static int sum_records(struct run *r, struct pageowner_iter *it, struct po_recount *sums, struct pageowner_error *err)
{
	struct pageowner_record rec;
	struct pageowner_error flaw;
	unsigned until = 0;
	uint64_t done, all;

	for (;;) {
		int rc = pageowner_iter_next(it, &rec, &flaw);
		if (rc == 0)
			return PAGEOWNER_OK;
		po_tell(&r->told, &flaw);
		if (rc == PAGEOWNER_ENOMEM || (rc == 1 && is_counted(r, sums, &rec) && po_recount_add(sums, &rec) < 0))
			return po_fail_nomem(err, "stacks");
		if (r->o.progress && until-- == 0) {
			until = PROGRESS_STEP;
			pageowner_iter_progress(it, &done, &all);
			if (r->o.progress(r->o.arg, done, all))
				return po_fail(err, PAGEOWNER_ESTOPPED, "stopped");
		}
	}
}

static int run_summed(struct run *r, struct pageowner_coverage *cov, struct pageowner_error *err)
{
	struct po_recount sums;
	struct pageowner_iter *it;
	const struct pageowner_iter_options options = {
		.size = sizeof(options), .last_pfn = UINT64_MAX,
		.slab_caches = r->o.filter && po_filter_has(&r->o.filter->f, PO_COLUMN_SLAB),
		.owners = r->o.filter && po_filter_has(&r->o.filter->f, PO_COLUMN_OWNER),
	};
	int rc = pageowner_iter_new(r->s, &options, &it, err);

	if (rc < 0)
		return rc;
	po_recount_init(&sums, r->s, po_iter_walk(it));
	if (!r->o.filter)
		rc = po_iter_without_pages(it, err);
	if (rc == PAGEOWNER_OK)
		rc = sum_records(r, it, &sums, err);
	if (rc == PAGEOWNER_OK && !r->o.filter)
		rc = po_recount_read_kernel(&sums, &r->told, err);
	if (rc == PAGEOWNER_OK)
		rc = put_sums(r, &sums.tally);
	if (cov)
		pageowner_iter_coverage(it, cov);
	po_recount_fini(&sums);
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
	r.told = (struct po_told){ r.o.flaw, r.o.arg };
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
