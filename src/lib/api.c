/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Public calls → layers. */
#include <string.h>

#include <pageowner/pageowner.h>

#include "base/cleanup.h"
#include "base/status.h"
#include "lib/iter.h"
#include "lib/session.h"

#ifndef PACKAGE_VERSION
#define PACKAGE_VERSION "unknown"
#endif

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
	it->jobs = s->jobs;
	it->freed = options && options->freed;
	it->free_stacks = options && options->free_stacks;
	*ret = po_take(it);
	return PAGEOWNER_OK;
}

void pageowner_iter_free(struct pageowner_iter *it)
{
	if (!it)
		return;
	po_crew_free(it->crew);
	po_walk_free(it->walk);
	po_text_free(it->names);
	po_saved_free(it->saved);
	free(it);
}

int po_iter_without_pages(struct pageowner_iter *it, struct pageowner_error *err)
{
	it->nameless = true;
	return it->walk && po_walk_without_pages(it->walk) < 0 ? po_fail_nomem(err, "iterator") : PAGEOWNER_OK;
}

void po_iter_begin(struct pageowner_iter *it, const struct po_hand *hand)
{
	it->begun = true;
	if (it->walk && po_crew_new(it->walk, it->jobs, hand, &it->crew, NULL) != 1)
		it->crew = NULL;	/* the walk can do it alone */
}

/* The next record of the crew: out of the stretch at hand, or by the walk. */
static int next_of_crew(struct pageowner_iter *it, struct pageowner_record *rec, struct pageowner_error *err)
{
	for (;;) {
		if (it->stretch && it->nr < it->stretch->nr) {
			*rec = it->stretch->rec[it->nr++];
			return 1;
		}
		if (it->walking) {
			int rc = po_walk_next(it->walk, rec, err);
			if (rc != 0)
				return rc;
		}
		it->stretch = NULL;
		it->nr = 0;
		enum po_crew_step step = po_crew_next(it->crew, &it->stretch);
		it->walking = step == PO_CREW_WALK;
		if (step == PO_CREW_END)
			return 0;
	}
}

int po_iter_step(struct pageowner_iter *it, struct pageowner_record *rec, struct pageowner_error *err)
{
	err->code = PAGEOWNER_OK;
	err->text[0] = '\0';
	if (it->saved)
		return po_saved_next(it->saved, rec, err);
	if (!it->begun)
		po_iter_begin(it, NULL);
	return it->crew ? next_of_crew(it, rec, err) : po_walk_next(it->walk, rec, err);
}

int pageowner_iter_next(struct pageowner_iter *it, struct pageowner_record *rec,
			struct pageowner_error *err)
{
	struct pageowner_error unheard;

	*rec = (struct pageowner_record){ .have = 0 };
	int rc = po_iter_step(it, rec, err ? err : &unheard);
	if (rc == 1 && it->walk && !it->nameless)
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
