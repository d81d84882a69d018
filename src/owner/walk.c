/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The rules of read_page_owner(), over blocks of MAX_ORDER_NR_PAGES pages whose struct pages and page_ext
 * entries are read at once.  Each PFN ends in exactly one counter: walked = recorded + passed over.
 *
 * Memory that lives is read as the kernel itself reads it, without a lock, but in larger pieces; so the entries of a block
 * are read once more when its struct pages were, and an entry that differs is read again with its struct page until it
 * stands still.
 */
#include "owner/walk.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/status.h"
#include "kernel/buddy.h"
#include "kernel/process.h"
#include "kernel/slab.h"

struct po_walk {
	struct po_reader r;
	struct pageowner_coverage cov;
	unsigned want;			/* PO_WALK_… */
	const struct po_buddies *buddies; /* instead of struct pages; or NULL */
	struct po_buddies own;		/* what it points to, but in clones */
	uint64_t pfn, first, last_end;	/* next PFN; records are given in [first, last_end) */
	uint64_t end;			/* of this part of it */
	/* the block in the buffers */
	uint64_t win_pfn, win_nr;
	const struct po_chunk *chunk;
	uint8_t *pages, *exts;
	struct po_gaps page_gaps, ext_gaps;
	uint8_t *exts_then;		/* of memory that lives: as the entries were before the struct pages were read */
	struct po_living living;	/* of PO_WALK_OWNERS … */
	const struct po_living *alive;	/* … its own, or that of the walk it is a clone of */
};

#define SETTLE_TRIES 8

static uint64_t block_pages(const struct po_walk *w)
{
	return (uint64_t)1 << w->r.b.k->max_order;
}

/* --- setting up ---------------------------------------------------------------------------------- */

/*
 * Where to begin.  The walk has to start at a block of MAX_ORDER pages, as a free block before first may
 * reach over it; and the kernel's own start moves up to the first valid PFN or aligned one.
 */
static void set_start(struct po_walk *w)
{
	const struct po_kernel *k = w->r.b.k;
	uint64_t mask = block_pages(w) - 1, pfn = k->min_low_pfn;

	while ((pfn & mask) && !po_pfn_valid(k, pfn))
		pfn++;
	if (w->first > pfn)
		pfn = (w->first & ~mask) > pfn ? w->first & ~mask : pfn;
	else
		w->first = pfn;
	w->pfn = pfn;
	if (w->last_end > k->max_pfn)
		w->last_end = k->max_pfn;
	w->end = w->last_end;
}

int po_walk_new(const struct po_record_base *base, uint64_t first, uint64_t last, struct po_walk **ret,
		struct pageowner_error *err)
{
	_cleanup_(po_freep) struct po_walk *w = calloc(1, sizeof(*w));
	size_t nr = (size_t)1 << base->k->max_order;

	if (!w)
		return po_fail_nomem(err, "walk");
	w->first = first;
	w->last_end = last == UINT64_MAX ? last : last + 1;
	int rc = po_reader_init(&w->r, base, err);
	if (rc < 0)
		return rc;
	w->pages = malloc(nr * base->k->map.page_size);
	w->exts = malloc(nr * base->k->ext.stride);
	const bool live = po_memory_image(w->r.mem)->live;
	w->exts_then = live ? malloc(nr * base->k->ext.stride) : NULL;
	set_start(w);
	struct po_walk *done = po_take(w);
	if (!done->pages || !done->exts || (live && !done->exts_then)) {
		po_walk_free(done);
		return po_fail_nomem(err, "walk");
	}
	*ret = done;
	return PAGEOWNER_OK;
}

int po_walk_want(struct po_walk *w, unsigned want, struct pageowner_error *err)
{
	if ((want & PO_WALK_FREED) && !po_reader_keeps_freed(&w->r))
		return po_fail(err, PAGEOWNER_EUNSUPP,
			       "this kernel keeps no record of a page that was freed (that came with 5.4)");
	if ((want & PO_WALK_FREE_STACKS) && !w->r.b.k->ext.free_handle)
		return po_fail(err, PAGEOWNER_EUNSUPP,
			       "this kernel keeps no stack of who freed a page (that came with 5.4)");
	if ((want & PO_WALK_SLABS) && !po_slab_has_names(w->r.b.k))
		return po_fail(err, PAGEOWNER_ENOTYPE,
			       "slab caches: type information lacks slab_cache or kmem_cache.name");
	if ((want & PO_WALK_OWNERS) && !(w->want & PO_WALK_OWNERS)) {
		struct pageowner_error flaw;	/* then who is not found may live */
		int rc = po_living_open(w->r.b.k, w->r.mem, &w->living, &flaw, err);
		if (rc < 0)
			return po_within(err, rc, "owners");
		w->alive = &w->living;
	}
	w->want = want;
	return PAGEOWNER_OK;
}

void po_walk_free(struct po_walk *w)
{
	if (!w)
		return;
	po_reader_fini(&w->r);
	po_buddies_fini(&w->own);
	po_living_fini(&w->living);
	free(w->pages);
	free(w->exts);
	free(w->exts_then);
	free(w);
}

struct po_stacks *po_walk_stacks(struct po_walk *w)
{
	return &w->r.stacks;
}

struct po_memory *po_walk_memory(struct po_walk *w)
{
	return w->r.mem;
}

void po_walk_progress(const struct po_walk *w, uint64_t *done, uint64_t *all)
{
	*all = w->last_end > w->first ? w->last_end - w->first : 0;
	*done = w->pfn > w->first ? w->pfn - w->first : 0;
	if (*done > *all)
		*done = *all;
}

void po_walk_coverage(const struct po_walk *w, struct pageowner_coverage *ret)
{
	const struct po_memory_counts *c = po_memory_counts(w->r.mem);

	*ret = w->cov;
	ret->bad_stacks = w->r.bad_stacks;
	ret->bad_stack_records = w->r.bad_stack_records;
	ret->bad_memcg_records = w->r.bad_memcg_records;
	ret->bad_block_records = w->r.bad_block_records;
	ret->pages_zeroed = c->pages[PO_ZEROED];
	ret->pages_excluded = c->pages[PO_EXCLUDED];
	ret->pages_hole = c->pages[PO_HOLE];
	ret->pages_truncated = c->pages[PO_TRUNCATED];
	ret->pages_ioerror = c->pages[PO_IOERR];
	ret->untranslated = c->untranslated;
	uint64_t lost = w->r.b.k->map.lost_pfns;
	lost = lost < ret->passed[PAGEOWNER_PASS_INVALID] ? lost : ret->passed[PAGEOWNER_PASS_INVALID];
	ret->passed[PAGEOWNER_PASS_INVALID] -= lost;
	ret->passed[PAGEOWNER_PASS_MISSING_MAP] = lost;
	ret->first_missing = UINT64_MAX;
	for (int i = PO_EXCLUDED; i < PO_NR_CAUSES; i++) {
		if (c->first[i] < ret->first_missing)
			ret->first_missing = c->first[i];
		if (c->last[i] > ret->last_missing)
			ret->last_missing = c->last[i];
	}
}

void po_walk_seek(struct po_walk *w, uint64_t pfn, uint64_t end)
{
	w->pfn = pfn;
	w->end = end < w->last_end ? end : w->last_end;
	w->win_nr = 0;
}

uint64_t po_walk_at(const struct po_walk *w)
{
	return w->pfn;
}

uint64_t po_walk_end(const struct po_walk *w)
{
	return w->last_end;
}

uint64_t po_walk_block(const struct po_walk *w)
{
	return block_pages(w);
}

uint64_t po_walk_skip(const struct po_walk *w, uint64_t pfn, uint64_t block)
{
	const struct po_chunk *c = po_memmap_chunk(&w->r.b.k->map, pfn, true);
	uint64_t next = c ? c->pfn & ~(block - 1) : w->last_end;

	return next > pfn ? next : pfn;
}

int po_walk_without_pages(struct po_walk *w)
{
	/* who asks for freed pages gets them all, slabs are told by their pages, and lists that move by nothing */
	if (w->want & (PO_WALK_FREED | PO_WALK_SLABS) || w->exts_then)
		return PAGEOWNER_OK;
	int rc = po_buddies_read(w->r.b.k, w->r.mem, &w->own);

	w->buddies = rc == 1 ? &w->own : NULL;
	return rc < 0 ? rc : PAGEOWNER_OK;
}

int po_walk_clone(const struct po_walk *w, struct po_walk **ret, struct pageowner_error *err)
{
	int rc = po_walk_new(&w->r.b, w->first, w->last_end - 1, ret, err);

	if (rc == PAGEOWNER_OK) {
		(*ret)->want = w->want;
		(*ret)->buddies = w->buddies;
		(*ret)->alive = w->alive;
	}
	return rc;
}

bool po_walk_can_clone(const struct po_walk *w)
{
	const struct po_image *img = po_memory_image(w->r.mem);

	return img->ops->clone && !img->live;
}

void po_walk_take_counts(struct po_walk *w, struct pageowner_coverage *ret)
{
	*ret = w->cov;
	ret->bad_stacks = w->r.bad_stacks;
	ret->bad_stack_records = w->r.bad_stack_records;
	ret->bad_memcg_records = w->r.bad_memcg_records;
	ret->bad_block_records = w->r.bad_block_records;
	w->cov = (struct pageowner_coverage){ .size = 0 };
	w->r.bad_stacks = w->r.bad_stack_records = w->r.bad_memcg_records = w->r.bad_block_records = 0;
}

void po_walk_add_counts(struct po_walk *w, const struct pageowner_coverage *counts)
{
	w->cov.walked += counts->walked;
	w->cov.recorded += counts->recorded;
	for (int i = 0; i < PAGEOWNER_NR_PASS; i++)
		w->cov.passed[i] += counts->passed[i];
	w->r.bad_block_records += counts->bad_block_records;
}

/* --- the walk ------------------------------------------------------------------------------------ */

static void pass(struct po_walk *w, enum pageowner_pass why, uint64_t nr)
{
	/* what lies before first or behind the end is not part of this walk */
	uint64_t from = w->pfn < w->first ? w->first : w->pfn, to = w->pfn + nr;

	if (to > w->end)
		to = w->end;
	if (to > from) {
		w->cov.walked += to - from;
		w->cov.passed[why] += to - from;
	}
	/* only a free block may reach over the end */
	w->pfn += why == PAGEOWNER_PASS_BUDDY || nr < w->end - w->pfn ? nr : w->end - w->pfn;
}

static void load_window(struct po_walk *w)
{
	const struct po_kernel *k = w->r.b.k;
	uint64_t nr = block_pages(w), left = w->chunk->pfn + w->chunk->nr - w->pfn;

	nr -= w->pfn & (nr - 1);
	if (nr > left)
		nr = left;
	if (nr > w->end - w->pfn)
		nr = w->end - w->pfn;
	w->win_pfn = w->pfn;
	w->win_nr = nr;
	uint64_t skip = w->pfn - w->chunk->pfn;
	if (w->exts_then && w->chunk->page_ext)
		po_memory_read_sparse(w->r.mem, w->chunk->page_ext + skip * k->ext.stride, w->exts_then,
				      nr * k->ext.stride, &w->ext_gaps);
	if (!w->buddies)
		po_memory_read_sparse(w->r.mem, w->chunk->mem_map + skip * k->map.page_size, w->pages,
				      nr * k->map.page_size, &w->page_gaps);
	if (w->chunk->page_ext)
		po_memory_read_sparse(w->r.mem, w->chunk->page_ext + skip * k->ext.stride, w->exts,
				      nr * k->ext.stride, &w->ext_gaps);
}

/* Make sure that w->pfn is in the window; false: it was passed over instead, or the end is reached. */
static bool enter(struct po_walk *w)
{
	const struct po_kernel *k = w->r.b.k;

	if (w->pfn - w->win_pfn < w->win_nr)
		return true;
	uint64_t mask = block_pages(w) - 1;
	w->chunk = po_memmap_chunk(&k->map, w->pfn, true);
	if (!w->chunk) {
		pass(w, PAGEOWNER_PASS_INVALID, w->end - w->pfn);
		return false;
	}
	if (!(w->pfn & mask) && !po_pfn_valid(k, w->pfn)) {
		/* block by block, as far as nothing is described: in one step */
		uint64_t far = (w->chunk->pfn & ~mask) > w->pfn ? (w->chunk->pfn & ~mask) - w->pfn : 0;
		pass(w, PAGEOWNER_PASS_INVALID, far > mask ? far : mask + 1);
		return false;
	}
	if (w->chunk->pfn > w->pfn) {	/* up to the next block, which is judged anew */
		uint64_t gap = w->chunk->pfn - w->pfn, block = mask + 1 - (w->pfn & mask);
		pass(w, PAGEOWNER_PASS_INVALID, gap < block ? gap : block);
		return false;
	}
	load_window(w);
	return true;
}

/* The rules on the page_ext entry, in the kernel's order; -1: it makes a record. */
static int judge(const struct po_walk *w, const uint8_t *ext, struct pageowner_record *rec)
{
	enum po_owned owned = po_record_owned(&w->r, ext);

	if (owned == PO_OWNED_NEVER)
		return PAGEOWNER_PASS_NO_OWNER;
	if (owned == PO_OWNED_FREED && !(w->want & PO_WALK_FREED))
		return PAGEOWNER_PASS_FREED;
	if (owned == PO_OWNED_NOW && (w->want & PO_WALK_FREED))
		return PAGEOWNER_PASS_ALLOCATED;
	po_record_peek(&w->r, ext, rec);
	if (rec->order > 31)
		return PAGEOWNER_PASS_CORRUPT;
	if (w->want & PO_WALK_FREED)
		return -1;
	/* commit 7e2f2a0cd17c (5.4): tails have records, too, since then */
	if (po_reader_keeps_freed(&w->r) && (w->pfn & (((uint64_t)1 << rec->order) - 1)))
		return PAGEOWNER_PASS_TAIL;
	if (w->r.b.k->ext.handle && !rec->handle)
		return PAGEOWNER_PASS_NO_HANDLE;
	return -1;
}

static bool gap_at(const struct po_gaps *gaps, uint64_t i, uint64_t size)
{
	return gaps->nr && po_gaps_touch(gaps, (size_t)(i * size), (size_t)((i + 1) * size));
}

/* By the process where the record tells it: a thread may end before the others. */
static void tell_owner(const struct po_walk *w, struct pageowner_record *rec)
{
	const uint32_t have = rec->have;
	int32_t pid = have & PAGEOWNER_HAS_TGID ? rec->tgid : rec->pid;

	if (!(have & (PAGEOWNER_HAS_TGID | PAGEOWNER_HAS_PID)) || pid < 0)
		return;
	int lives = po_living_has(w->alive, pid, have & PAGEOWNER_HAS_TS ? rec->ts_ns : UINT64_MAX);
	if (lives < 0)
		return;
	rec->owner_dead = !lives;
	rec->have |= PAGEOWNER_HAS_OWNER;
}

static int read_record(struct po_walk *w, const uint8_t *ext, const uint8_t *page, struct pageowner_record *rec,
		       struct pageowner_error *err)
{
	int rc = po_record_read(&w->r, w->chunk, ext, page, rec, err);

	if (rc == 1 && (w->want & (PO_WALK_FREED | PO_WALK_FREE_STACKS)))
		rc = po_record_read_free(&w->r, ext, rec, err);
	if (rc == 1 && page && (w->want & PO_WALK_SLABS))
		rc = po_record_read_slab(&w->r, w->chunk->mem_map + (rec->pfn - w->chunk->pfn) * w->r.b.k->map.page_size,
					 page, rec, err);
	if (rc == 1 && (w->want & PO_WALK_OWNERS))
		tell_owner(w, rec);
	w->cov.recorded += rc == 1;
	return rc;
}

/* Read the entry and the struct page at hand until the one is the same before and after the other. */
static void settle(struct po_walk *w, uint8_t *page, uint8_t *ext)
{
	const struct po_kernel *k = w->r.b.k;
	const uint64_t nr = w->pfn - w->chunk->pfn;
	const uint64_t ext_at = w->chunk->page_ext + nr * k->ext.stride;
	uint8_t *then = w->exts_then + (ext - w->exts);

	for (unsigned tries = 0; memcmp(then, ext, k->ext.stride) != 0; tries++) {
		w->cov.moved += tries == 0;
		if (tries == SETTLE_TRIES) {
			w->cov.restless++;
			break;
		}
		if (po_memory_read(w->r.mem, ext_at, then, k->ext.stride, NULL) < 0 ||
		    po_memory_read(w->r.mem, w->chunk->mem_map + nr * k->map.page_size, page, k->map.page_size, NULL) < 0 ||
		    po_memory_read(w->r.mem, ext_at, ext, k->ext.stride, NULL) < 0)
			break;	/* as it was read at first: there it was missing, too */
	}
}

/* Page frames from the one at hand on that are in free blocks. */
static uint64_t count_free(const struct po_walk *w, const uint8_t *page)
{
	const struct po_kernel *k = w->r.b.k;
	uint64_t nr = 0;

	if (w->buddies) {
		while (w->pfn + nr < w->win_pfn + w->win_nr && po_buddies_have(w->buddies, w->pfn + nr))
			nr++;
		return nr;
	}
	if (!page || !po_page_is_buddy(k, page))
		return 0;
	const uint64_t order = po_page_private(k, page);
	return order <= k->max_order ? (uint64_t)1 << order : 1;
}

/* The PFN at hand: 1 with a record, 0 when it was passed over, negative for a flawed one. */
static int step(struct po_walk *w, struct pageowner_record *rec, struct pageowner_error *err)
{
	const struct po_kernel *k = w->r.b.k;
	uint64_t i = w->pfn - w->win_pfn, nr;
	uint8_t *bytes = w->pages + i * k->map.page_size;
	uint8_t *ext = w->exts + i * k->ext.stride;

	if (w->exts_then && w->chunk->page_ext)
		settle(w, bytes, ext);
	bool page_missing = !w->buddies && gap_at(&w->page_gaps, i, k->map.page_size);
	const uint8_t *page = w->buddies || page_missing ? NULL : bytes;

	if (!(w->want & PO_WALK_FREED) && (nr = count_free(w, page))) {
		pass(w, PAGEOWNER_PASS_BUDDY, nr);
		return 0;
	}
	int why = !w->chunk->page_ext			 ? PAGEOWNER_PASS_NO_PAGE_EXT :
		  gap_at(&w->ext_gaps, i, k->ext.stride) ? PAGEOWNER_PASS_MISSING_EXT :
							   judge(w, ext, rec);
	if (why < 0 && page_missing && !(w->want & PO_WALK_FREED))
		why = PAGEOWNER_PASS_MISSING_PAGE;
	if (why < 0 && w->pfn < w->first)
		why = PAGEOWNER_PASS_INVALID;	/* before the range that was asked for: not counted */
	if (why >= 0) {
		uint64_t pfn = w->pfn;
		pass(w, (enum pageowner_pass)why, 1);
		if (why == PAGEOWNER_PASS_CORRUPT && pfn >= w->first)
			return po_fail(err, PAGEOWNER_ECORRUPT, "PFN 0x%" PRIx64 ": order %u", pfn,
				       rec->order);
		return 0;
	}
	rec->pfn = w->pfn++;
	w->cov.walked++;
	return read_record(w, ext, page, rec, err);
}

int po_walk_next(struct po_walk *w, struct pageowner_record *rec, struct pageowner_error *err)
{
	struct pageowner_error unheard;

	if (!err)
		err = &unheard;
	err->code = PAGEOWNER_OK;
	err->text[0] = '\0';
	while (w->pfn < w->end) {
		if (!enter(w))
			continue;
		int rc = step(w, rec, err);
		if (rc != 0)
			return rc;
	}
	return 0;
}
