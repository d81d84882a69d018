/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A table filled from a session.  A text in a file is read in parts, each by a thread with groups of its own, which
 * are merged in the order of the text: so it makes no difference how many there were.
 */
#include <pageowner/table.h>

#include <pthread.h>
#include <string.h>

#include "aggregate/group.h"
#include "base/cleanup.h"
#include "base/sink.h"
#include "base/status.h"
#include "lib/filter.h"
#include "lib/iter.h"
#include "lib/session.h"
#include "report/sorted.h"
#include "report/text.h"

#define MAX_FLAWS 64	/* kept of each part, to be told in the order of the text */

struct pageowner_table {
	struct pageowner_table_options o;
	struct po_plan plan;
	struct po_groups groups;
	struct pageowner_coverage cov;
	uint32_t *sorted;
	uint64_t page_size;
	uint64_t now;	/* as of po_session_now() */
	bool filled;
};

int pageowner_key(size_t index, struct pageowner_key *ret)
{
	for (int c = 0; c < PO_NR_COLUMNS; c++) {
		const struct po_column_def *def = &po_columns[c];
		if (!def->uses || index-- > 0)
			continue;
		*ret = (struct pageowner_key){ def->name, def->brief, def->uses, def->help };
		return 1;
	}
	return 0;
}

/* --- making -------------------------------------------------------------------------------------- */

static int make_plan(struct pageowner_table *t, struct pageowner_error *err)
{
	const struct pageowner_table_options *o = &t->o;
	int rc = po_plan_make(&t->plan, o->cull, o->sort, err);

	for (size_t i = 0; rc == PAGEOWNER_OK && i < o->nr_filters; i++)
		rc = po_filter_add(&t->plan.filter, o->filters[i], err);
	if (rc == PAGEOWNER_OK && o->frame)
		rc = po_filter_frame(&t->plan.filter, o->frame, err);
	if (rc == PAGEOWNER_OK && o->allocators)
		rc = po_filter_allocators(&t->plan.filter, o->allocators, err);
	if (rc < 0)
		return rc;
	if (o->cull && o->format == PAGEOWNER_TABLE_5_10)
		return po_fail(err, PAGEOWNER_EINVAL, "cull: the format of 5.10 has no place for keys");
	/* since 6.7 the tool drops the time, lest no two records be equal, unless it is what they are sorted by */
	t->plan.keep_time = o->format != PAGEOWNER_TABLE_NEWEST ||
			    t->plan.order[0].column == PO_COLUMN_ALLOC_TS || t->plan.order[0].column == PO_COLUMN_AGE;
	t->plan.filter.age = o->age;
	t->plan.filter.unreleased = o->unreleased != 0;
	po_plan_finish(&t->plan);
	return PAGEOWNER_OK;
}

static struct po_groups empty_groups(const struct pageowner_table *t)
{
	return (struct po_groups){ .plan = &t->plan, .memo.now = t->now,
				   .feed = { .keep_time = t->plan.keep_time,
					     .more_allocators = t->plan.filter.more_allocators } };
}

int pageowner_table_new(const struct pageowner_table_options *options, struct pageowner_table **ret,
			struct pageowner_error *err)
{
	if (!options || options->size < sizeof(*options) || !ret)
		return po_fail(err, PAGEOWNER_EINVAL, "table: options are not valid");
	struct pageowner_table *t = calloc(1, sizeof(*t));
	if (!t)
		return po_fail_nomem(err, "table");
	t->o = *options;
	int rc = make_plan(t, err);
	t->groups = empty_groups(t);
	if (rc < 0)
		pageowner_table_free(t);
	else
		*ret = t;
	return rc;
}

void pageowner_table_free(struct pageowner_table *t)
{
	if (!t)
		return;
	po_groups_fini(&t->groups);
	po_plan_fini(&t->plan);
	free(t->sorted);
	free(t);
}

/* --- from a dump --------------------------------------------------------------------------------- */

static int print_head(void *self, const struct pageowner_record *rec, struct po_bytes *ret,
		      struct po_bytes *time)
{
	struct po_text_time at;
	long len = po_text_head(self, rec, &ret->text, &at, NULL);

	if (len < 0)
		return (int)len;
	ret->len = (size_t)len;
	*time = (struct po_bytes){ ret->text + at.at, at.len };
	return PAGEOWNER_OK;
}

static int print_frames(void *self, const struct pageowner_stack *stack, struct po_bytes *ret)
{
	long len = po_text_frames(self, stack, &ret->text, NULL);

	ret->len = len < 0 ? 0 : (size_t)len;
	return len < 0 ? (int)len : PAGEOWNER_OK;
}

static int print_rest(void *self, const struct pageowner_record *rec, struct po_bytes *ret)
{
	long len = po_text_rest(self, rec, &ret->text, NULL);

	ret->len = len < 0 ? 0 : (size_t)len;
	return len < 0 ? (int)len : PAGEOWNER_OK;
}

static void tell(const struct pageowner_table *t, const struct pageowner_error *flaw)
{
	if (flaw->code != PAGEOWNER_OK && t->o.flaw)
		t->o.flaw(t->o.arg, flaw);
}

static int fill_from(struct pageowner_table *t, struct pageowner_iter *it)
{
	struct pageowner_record rec;
	struct pageowner_error flaw;
	int rc;

	while ((rc = pageowner_iter_next(it, &rec, &flaw)) != 0 && rc != PAGEOWNER_ENOMEM) {
		tell(t, &flaw);
		if (rc == 1 && po_groups_add(&t->groups, &rec) < 0)
			return PAGEOWNER_ENOMEM;
	}
	return rc;
}

/* Names of flags and types, and with them all that struct pages say but for who is charged. */
static bool needs_names(const struct pageowner_table *t)
{
	static const enum po_column named[] = {
		PO_COLUMN_ALLOCATOR, PO_COLUMN_GFP, PO_COLUMN_MIGRATETYPE, PO_COLUMN_BLOCKTYPE, PO_COLUMN_FLAGS,
		PO_COLUMN_NODE, PO_COLUMN_ZONE, PO_COLUMN_MEMCG, PO_COLUMN_REASON, PO_COLUMN_SLAB, PO_COLUMN_CHARGE,
	};

	for (size_t i = 0; i < sizeof(named) / sizeof(*named); i++)
		if (po_plan_place(&t->plan, named[i]) >= 0 || po_filter_has(&t->plan.filter, named[i]))
			return true;
	return false;
}

static int fill_from_dump(struct pageowner_table *t, struct pageowner_session *s,
			  struct pageowner_error *err)
{
	struct pageowner_iter *it;
	struct po_text *text;
	int rc = po_text_new(&s->words, s->kernel.abi.ptr_size * 2u, &text, err);

	if (rc < 0)
		return rc;
	const struct po_printer printer = { text, print_head, print_frames, print_rest };
	const struct pageowner_iter_options options = {
		.size = sizeof(options), .last_pfn = UINT64_MAX,
		.slab_caches = po_plan_place(&t->plan, PO_COLUMN_SLAB) >= 0 ||
			       po_filter_has(&t->plan.filter, PO_COLUMN_SLAB),
		.owners = po_plan_place(&t->plan, PO_COLUMN_OWNER) >= 0 ||
			  po_filter_has(&t->plan.filter, PO_COLUMN_OWNER),
	};
	rc = pageowner_iter_new(s, &options, &it, err);
	if (rc == PAGEOWNER_OK && !needs_names(t)) {
		it->nameless = true;
		if (!s->words.memcg_line && !s->words.slab_line)
			rc = po_iter_without_pages(it, err);
		if (rc < 0)
			pageowner_iter_free(it);
	}
	if (rc == PAGEOWNER_OK) {
		t->groups.feed.printer = &printer;
		if (fill_from(t, it) < 0)
			rc = po_fail_nomem(err, "table");
		t->groups.feed.printer = NULL;
		t->cov.size = sizeof(t->cov);
		pageowner_iter_coverage(it, &t->cov);
		pageowner_iter_free(it);
	}
	po_text_free(text);
	return rc;
}

/* --- from a text --------------------------------------------------------------------------------- */

/* A part of the text, the business of one thread. */
struct part {
	pthread_t thread;
	bool started;
	struct po_saved *reader;
	struct po_groups groups;
	struct pageowner_error *flaw;	/* the first ones */
	unsigned nr_flaws;
	int rc;
};

static void keep_flaw(struct part *p, const struct pageowner_error *flaw)
{
	if (flaw->code == PAGEOWNER_OK)
		return;
	if (p->nr_flaws < MAX_FLAWS) {
		struct pageowner_error *grown = realloc(p->flaw, (p->nr_flaws + 1) * sizeof(*grown));
		if (!grown)
			return;
		p->flaw = grown;
		p->flaw[p->nr_flaws] = *flaw;
	}
	p->nr_flaws++;
}

static void *run_part(void *arg)
{
	struct part *p = arg;
	struct pageowner_record rec;
	struct pageowner_error flaw;
	int rc;

	while ((rc = po_saved_next(p->reader, &rec, &flaw)) != 0 && rc != PAGEOWNER_ENOMEM) {
		keep_flaw(p, &flaw);
		if (rc == 1 && po_groups_add(&p->groups, &rec) < 0) {
			rc = PAGEOWNER_ENOMEM;
			break;
		}
	}
	p->rc = rc;
	return NULL;
}

static void tell_flaws(const struct pageowner_table *t, const struct part *p)
{
	const struct pageowner_error more = { PAGEOWNER_ECORRUPT, "and another one" };

	for (unsigned i = 0; i < p->nr_flaws; i++)
		tell(t, i < MAX_FLAWS ? &p->flaw[i] : &more);
}

static int take_part(struct pageowner_table *t, struct part *p, bool first)
{
	struct pageowner_coverage cov;

	tell_flaws(t, p);
	po_saved_coverage(p->reader, &cov);
	t->cov.size = sizeof(t->cov);
	t->cov.walked += cov.walked;
	t->cov.recorded += cov.recorded;
	t->cov.passed[PAGEOWNER_PASS_CORRUPT] += cov.passed[PAGEOWNER_PASS_CORRUPT];
	t->cov.first_missing = UINT64_MAX;
	if (p->rc < 0)
		return p->rc;
	if (first) {
		t->groups = p->groups;
		p->groups = empty_groups(t);
		return PAGEOWNER_OK;
	}
	int rc = po_groups_merge(&t->groups, &p->groups);
	po_groups_fini(&p->groups);
	p->groups = empty_groups(t);
	return rc;
}

static int run_parts(struct pageowner_table *t, struct part *part, unsigned nr, struct pageowner_error *err)
{
	int rc = PAGEOWNER_OK;

	for (unsigned i = 1; i < nr; i++)	/* a thread that cannot be had is no failure */
		part[i].started = pthread_create(&part[i].thread, NULL, run_part, &part[i]) == 0;
	run_part(&part[0]);
	for (unsigned i = 0; i < nr; i++) {
		if (part[i].started)
			(void)pthread_join(part[i].thread, NULL);
		else if (i > 0)
			run_part(&part[i]);
		if (rc == PAGEOWNER_OK)
			rc = take_part(t, &part[i], i == 0);
	}
	return rc < 0 ? po_fail_nomem(err, "table") : PAGEOWNER_OK;
}

static int fill_from_text(struct pageowner_table *t, struct pageowner_session *s,
			  struct pageowner_error *err)
{
	const unsigned nr = po_saved_parts(s->text, s->jobs);
	struct part *part = calloc(nr, sizeof(*part));
	int rc = part ? PAGEOWNER_OK : po_fail_nomem(err, "table");

	for (unsigned i = 0; rc == PAGEOWNER_OK && i < nr; i++) {
		part[i].groups = empty_groups(t);
		rc = po_saved_new(s->text, i, nr, 0, UINT64_MAX, &part[i].reader, err);
	}
	if (rc == PAGEOWNER_OK)
		rc = run_parts(t, part, nr, err);
	for (unsigned i = 0; part && i < nr; i++) {
		po_saved_free(part[i].reader);
		po_groups_fini(&part[i].groups);
		free(part[i].flaw);
	}
	free(part);
	return rc;
}

/* --- reading and writing ------------------------------------------------------------------------- */

int pageowner_table_fill(struct pageowner_table *t, struct pageowner_session *s,
			 struct pageowner_error *err)
{
	if (t->filled)
		return po_fail(err, PAGEOWNER_EINVAL, "table: is filled");
	int rc = pageowner_ready(s, err);
	if (rc < 0)
		return rc;
	rc = po_session_now(s, &t->plan.filter, &t->now, err);
	if (rc < 0)
		return rc;
	t->groups.memo.now = t->now;
	t->page_size = po_session_page_size(s, t->o.page_size);
	t->filled = true;
	rc = s->text ? fill_from_text(t, s, err) : fill_from_dump(t, s, err);
	if (rc < 0)
		return rc;
	t->sorted = po_groups_sort(&t->groups);
	return t->sorted ? PAGEOWNER_OK : po_fail_nomem(err, "table");
}

void pageowner_table_coverage(const struct pageowner_table *t, struct pageowner_coverage *ret)
{
	const size_t size = ret->size < sizeof(t->cov) ? ret->size : sizeof(t->cov);

	memcpy(ret, &t->cov, size);
	ret->size = size;
}

/* The next group that is to be written, at *at or later, when so many have been. */
static bool next_group(const struct pageowner_table *t, uint32_t *at, uint64_t written)
{
	if (!t->sorted || (t->o.top && written >= t->o.top))
		return false;
	while (*at < t->groups.nr && po_groups_pages(&t->groups, t->sorted[*at]) < t->o.min_pages)
		++*at;
	return *at < t->groups.nr;
}

int pageowner_table_group(const struct pageowner_table *t, size_t index, struct pageowner_group *ret)
{
	if (!t->sorted || index >= t->groups.nr)
		return 0;
	const uint32_t nr = t->sorted[index];
	*ret = (struct pageowner_group){ po_groups_times(&t->groups, nr), po_groups_pages(&t->groups, nr) };
	return 1;
}

int pageowner_table_write(const struct pageowner_table *t, const struct pageowner_sink *sink,
			  struct pageowner_error *err)
{
	if (!sink || sink->size < sizeof(*sink) || !sink->write)
		return po_fail(err, PAGEOWNER_EINVAL, "table: no sink");
	_cleanup_(po_freep) struct po_sink *out = malloc(sizeof(*out));
	if (!out)
		return po_fail_nomem(err, "table");
	po_sink_init(out, sink->write, sink->self);
	const struct po_sorted_style style = { t->o.format, t->o.percent != 0, t->o.human ? t->page_size : 0 };
	uint64_t written = 0;
	for (uint32_t i = 0; next_group(t, &i, written) && !out->error; i++, written++)
		po_sorted_put(out, &t->groups, t->sorted[i], &style);
	if (po_sink_flush(out))
		return po_fail(err, PAGEOWNER_EIO, "%s", strerror(out->error));
	return PAGEOWNER_OK;
}
