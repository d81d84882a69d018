/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The rules of read_page_owner(), over blocks of MAX_ORDER_NR_PAGES pages whose struct pages and page_ext
 * entries are read at once.  Each PFN ends in exactly one counter: walked = recorded + passed over.
 */
#include "owner/walk.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/status.h"
#include "kernel/memcg.h"

/* A cgroup met before, by the word that led to it. */
struct memcg_slot {
	uint64_t key;		/* memcg_data; 0: empty */
	int found;
	struct po_memcg *memcg;
};

#define MEMCG_SLOTS 1024	/* a direct-mapped cache; names live in the arena */

struct po_walk {
	struct po_walk_base b;
	struct po_memory *mem;
	struct po_stacks stacks;
	struct po_arena arena;
	struct memcg_slot memcg[MEMCG_SLOTS];
	struct pageowner_coverage cov;
	uint64_t pfn, first, end;	/* next PFN; records are given in [first, end) */
	uint32_t owner_bits;		/* page_ext flags that a record needs */
	uint32_t allocated_bit;
	/* the block in the buffers */
	uint64_t win_pfn, win_nr;
	const struct po_chunk *chunk;
	uint8_t *pages, *exts;
	struct po_gaps page_gaps, ext_gaps;
};

static uint64_t block_pages(const struct po_walk *w)
{
	return (uint64_t)1 << w->b.k->max_order;
}

/* --- setting up ---------------------------------------------------------------------------------- */

static int set_owner_bits(struct po_walk *w, struct pageowner_error *err)
{
	const struct po_layout *l = &w->b.k->l;
	int64_t owner = PO_ENUM(l, PAGE_EXT_OWNER);
	int64_t allocated = PO_HAS_ENUM(l, PAGE_EXT_OWNER_ALLOCATED) ?
				    PO_ENUM(l, PAGE_EXT_OWNER_ALLOCATED) : owner;

	if (owner < 0 || owner > 31 || allocated < 0 || allocated > 31)
		return po_fail(err, PAGEOWNER_ENOTYPE, "enum page_ext_flags: PAGE_EXT_OWNER is %lld",
			       (long long)owner);
	w->owner_bits = (uint32_t)1 << owner;
	w->allocated_bit = (uint32_t)1 << allocated;
	return PAGEOWNER_OK;
}

/*
 * Where to begin.  The walk has to start at a block of MAX_ORDER pages, as a free block before first may
 * reach over it; and the kernel's own start moves up to the first valid PFN or aligned one.
 */
static void set_start(struct po_walk *w)
{
	const struct po_kernel *k = w->b.k;
	uint64_t mask = block_pages(w) - 1, pfn = k->min_low_pfn;

	while ((pfn & mask) && !po_pfn_valid(k, pfn))
		pfn++;
	if (w->first > pfn)
		pfn = (w->first & ~mask) > pfn ? w->first & ~mask : pfn;
	else
		w->first = pfn;
	w->pfn = pfn;
	if (w->end > k->max_pfn)
		w->end = k->max_pfn;
}

int po_walk_new(const struct po_walk_base *base, uint64_t first, uint64_t last, struct po_walk **ret,
		struct pageowner_error *err)
{
	_cleanup_(po_freep) struct po_walk *w = calloc(1, sizeof(*w));
	size_t nr = (size_t)1 << base->k->max_order;

	if (!w)
		return po_fail_nomem(err, "walk");
	w->b = *base;
	w->first = first;
	w->end = last == UINT64_MAX ? last : last + 1;
	int rc = set_owner_bits(w, err);
	if (rc < 0)
		return rc;
	rc = po_memory_clone(base->mem, &w->mem, err);
	if (rc < 0)
		return rc;
	po_stacks_init(&w->stacks, base->depot, base->symbols, w->mem);
	w->pages = malloc(nr * base->k->map.page_size);
	w->exts = malloc(nr * base->k->ext.stride);
	set_start(w);
	struct po_walk *done = po_take(w);
	if (!done->pages || !done->exts) {
		po_walk_free(done);
		return po_fail_nomem(err, "walk");
	}
	*ret = done;
	return PAGEOWNER_OK;
}

void po_walk_free(struct po_walk *w)
{
	if (!w)
		return;
	po_stacks_fini(&w->stacks);
	po_arena_fini(&w->arena);
	po_memory_free(w->mem);
	free(w->pages);
	free(w->exts);
	free(w);
}

struct po_stacks *po_walk_stacks(struct po_walk *w)
{
	return &w->stacks;
}

struct po_memory *po_walk_memory(struct po_walk *w)
{
	return w->mem;
}

void po_walk_progress(const struct po_walk *w, uint64_t *done, uint64_t *all)
{
	*all = w->end > w->first ? w->end - w->first : 0;
	*done = w->pfn > w->first ? w->pfn - w->first : 0;
	if (*done > *all)
		*done = *all;
}

void po_walk_coverage(const struct po_walk *w, struct pageowner_coverage *ret)
{
	const struct po_memory_counts *c = po_memory_counts(w->mem);

	*ret = w->cov;
	ret->pages_zeroed = c->pages[PO_ZEROED];
	ret->pages_excluded = c->pages[PO_EXCLUDED];
	ret->pages_hole = c->pages[PO_HOLE];
	ret->pages_truncated = c->pages[PO_TRUNCATED];
	ret->pages_ioerror = c->pages[PO_IOERR];
	ret->untranslated = c->untranslated;
	uint64_t lost = w->b.k->map.lost_pfns;
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

/* --- one record ---------------------------------------------------------------------------------- */

static int32_t load_signed(const struct po_abi *abi, const struct po_member *m, const uint8_t *raw)
{
	return (int32_t)po_sign_extend(po_member_load(abi, m, raw), (unsigned)m->size * 8);
}

static void decode_owner(const struct po_kernel *k, const uint8_t *raw, struct pageowner_record *rec)
{
	const struct po_page_ext *x = &k->ext;
	const struct po_abi *abi = &k->abi;

	rec->have = PAGEOWNER_HAS_PFN | PAGEOWNER_HAS_ORDER | PAGEOWNER_HAS_GFP |
		    (x->handle ? PAGEOWNER_HAS_HANDLE : 0);
	rec->gfp_mask = (uint32_t)po_member_load(abi, x->gfp_mask, raw);
	if (x->ts) {
		rec->ts_ns = po_member_load(abi, x->ts, raw);
		rec->have |= PAGEOWNER_HAS_TS;
	}
	if (x->free_ts) {
		rec->free_ts_ns = po_member_load(abi, x->free_ts, raw);
		rec->have |= PAGEOWNER_HAS_FREE_TS;
	}
	if (x->pid) {
		rec->pid = load_signed(abi, x->pid, raw);
		rec->have |= PAGEOWNER_HAS_PID;
	}
	if (x->tgid) {
		rec->tgid = load_signed(abi, x->tgid, raw);
		rec->have |= PAGEOWNER_HAS_TGID;
	}
	if (x->comm) {
		size_t cap = x->comm->size < sizeof(rec->comm) ? (size_t)x->comm->size :
								  sizeof(rec->comm) - 1;
		size_t len = strnlen((const char *)raw + x->comm->offset, cap);
		memcpy(rec->comm, raw + x->comm->offset, len);
		rec->comm[len] = '\0';
		rec->have |= PAGEOWNER_HAS_COMM;
	}
	if (x->migrate_reason)
		rec->migrate_reason = load_signed(abi, x->migrate_reason, raw);
}

/* The frames that stand in the record itself.  As po_stacks_get(). */
static int inline_stack(struct po_walk *w, const uint8_t *raw, const struct pageowner_stack **ret,
			struct pageowner_error *err)
{
	const struct po_page_ext *x = &w->b.k->ext;
	const struct po_abi *abi = &w->b.k->abi;
	struct po_frames f = { .nr = (uint32_t)po_member_load(abi, x->nr_entries, raw) };

	if (f.nr > x->entries->type.nr_elems || f.nr > PO_DEPOT_MAX_FRAMES) {
		po_fail(err, PAGEOWNER_ECORRUPT, "a stack of %u frames, where %" PRIu64 " have room",
			f.nr, x->entries->type.nr_elems);
		return po_stacks_marker(&w->stacks, PAGEOWNER_ECORRUPT, ret, err);
	}
	for (uint32_t i = 0; i < f.nr; i++)
		f.at[i] = po_load_ptr(abi, raw + x->entries->offset + (size_t)i * abi->ptr_size);
	return po_stacks_of_frames(&w->stacks, &f, ret, err);
}

static int resolve_memcg(struct po_walk *w, uint64_t memcg_data, const struct memcg_slot **ret,
			 struct pageowner_error *err)
{
	struct memcg_slot *slot =
		&w->memcg[(memcg_data * 0x9e3779b97f4a7c15ull >> 40) % MEMCG_SLOTS];

	*ret = slot;
	if (slot->key == memcg_data)
		return slot->found;
	struct po_memcg_word word = po_memcg_split(w->b.k, memcg_data);
	struct po_memcg *memcg = po_arena_alloc(&w->arena, sizeof(*memcg));
	if (!memcg)
		return po_fail_nomem(err, "memory cgroups");
	*slot = (struct memcg_slot){ memcg_data, po_memcg_read(w->b.k, w->mem, &word, memcg, err), memcg };
	return slot->found;	/* err is told this once; a cached failure says no more */
}

/* print_page_owner_memcg(): only kernels that print the lines are asked. */
static int decode_memcg(struct po_walk *w, const uint8_t *page, struct pageowner_record *rec,
			struct pageowner_error *err)
{
	uint64_t data = w->b.words->memcg_line ? po_page_memcg_data(w->b.k, page) : 0;
	const struct memcg_slot *slot;

	/* a tail has no word of its own, what stands there belongs to the folio */
	if (!data || (rec->have & PAGEOWNER_HAS_TAIL_FLAG))
		return PAGEOWNER_OK;
	struct po_memcg_word word = po_memcg_split(w->b.k, data);
	if (word.slab) {
		rec->have |= PAGEOWNER_HAS_SLAB_CHARGE;
		return PAGEOWNER_OK;
	}
	int rc = resolve_memcg(w, data, &slot, err);
	if (rc < 0 && rc != PAGEOWNER_ENOMEM) {
		rec->have |= PAGEOWNER_HAS_LOST_MEMCG;
		w->cov.bad_memcg_records++;
	}
	if (rc <= 0)
		return rc;
	rec->memcg = slot->memcg->name;
	rec->memcg_offline = slot->memcg->offline;
	rec->memcg_objcg = word.kmem;
	rec->have |= PAGEOWNER_HAS_MEMCG;
	return PAGEOWNER_OK;
}

static void decode_page(struct po_walk *w, const uint8_t *page, struct pageowner_record *rec)
{
	const struct po_kernel *k = w->b.k;

	rec->flags = po_page_flags(k, page);
	rec->page_type = po_gfp_migratetype(k, rec->gfp_mask);
	rec->block = rec->pfn >> k->pageblock.order;
	rec->block_type = po_pageblock_type(k, w->chunk, rec->pfn);
	rec->have |= PAGEOWNER_HAS_FLAGS | PAGEOWNER_HAS_PAGE_TYPE | PAGEOWNER_HAS_BLOCK;
	if (po_page_is_tail(k, page))
		rec->have |= PAGEOWNER_HAS_TAIL_FLAG;
	if (rec->block_type >= 0)
		rec->have |= PAGEOWNER_HAS_BLOCK_TYPE;
	else
		w->cov.bad_block_records++;
}

/* Fill rec from its page_owner bytes; flaws that leave a record useful are told in err with a result of 1. */
static int make_record(struct po_walk *w, const uint8_t *owner, const uint8_t *page,
		       struct pageowner_record *rec, struct pageowner_error *err)
{
	const struct po_kernel *k = w->b.k;
	struct pageowner_error *flaw = err, later = { .code = PAGEOWNER_OK };

	decode_owner(k, owner, rec);
	if (k->ext.migrate_reason && rec->migrate_reason != w->b.words->not_migrated)
		rec->have |= PAGEOWNER_HAS_MIGRATE_REASON;
	decode_page(w, page, rec);

	int rc = k->ext.handle ? po_stacks_get(&w->stacks, rec->handle, &rec->stack, flaw) :
				 inline_stack(w, owner, &rec->stack, flaw);
	if (rc == PAGEOWNER_ENOMEM)
		return rc;
	rec->have |= PAGEOWNER_HAS_STACK;
	if (rc == 0) {
		w->cov.bad_stack_records++;
		if (flaw->code != PAGEOWNER_OK) {
			w->cov.bad_stacks++;
			po_within(flaw, flaw->code, "PFN 0x%" PRIx64, rec->pfn);
			flaw = &later;	/* one flaw is told of a record */
		}
	}
	rc = decode_memcg(w, page, rec, flaw);
	if (rc < 0 && rc != PAGEOWNER_ENOMEM) {
		if (flaw->code != PAGEOWNER_OK)
			po_within(flaw, rc, "PFN 0x%" PRIx64 ": its memory cgroup", rec->pfn);
		rc = PAGEOWNER_OK;
	}
	w->cov.recorded++;
	return rc < 0 ? rc : 1;
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
	w->pfn += nr;
}

static void load_window(struct po_walk *w)
{
	const struct po_kernel *k = w->b.k;
	uint64_t nr = block_pages(w), left = w->chunk->pfn + w->chunk->nr - w->pfn;

	nr -= w->pfn & (nr - 1);
	if (nr > left)
		nr = left;
	if (nr > w->end - w->pfn)
		nr = w->end - w->pfn;
	w->win_pfn = w->pfn;
	w->win_nr = nr;
	uint64_t skip = w->pfn - w->chunk->pfn;
	po_memory_read_sparse(w->mem, w->chunk->mem_map + skip * k->map.page_size, w->pages,
			      nr * k->map.page_size, &w->page_gaps);
	if (w->chunk->page_ext)
		po_memory_read_sparse(w->mem, w->chunk->page_ext + skip * k->ext.stride, w->exts,
				      nr * k->ext.stride, &w->ext_gaps);
}

/* Make sure that w->pfn is in the window; false: it was passed over instead, or the end is reached. */
static bool enter(struct po_walk *w)
{
	const struct po_kernel *k = w->b.k;

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
static int judge(struct po_walk *w, const uint8_t *ext, struct pageowner_record *rec)
{
	const struct po_kernel *k = w->b.k;
	const struct po_layout *l = &k->l;
	uint64_t flags = po_load_ptr(&k->abi, ext + PO_OFFSET(l, page_ext, flags));
	const uint8_t *owner = ext + k->ext.owner_offset;

	if (!(flags & w->owner_bits))
		return PAGEOWNER_PASS_NO_OWNER;
	if (!(flags & w->allocated_bit))
		return PAGEOWNER_PASS_FREED;
	rec->order = (uint32_t)po_member_load(&k->abi, k->ext.order, owner);
	rec->handle = k->ext.handle ? (uint32_t)po_member_load(&k->abi, k->ext.handle, owner) : 0;
	if (rec->order > 31)
		return PAGEOWNER_PASS_CORRUPT;
	/* commit 7e2f2a0cd17c (5.4): tails have records, too, since then */
	if (w->allocated_bit != w->owner_bits && (w->pfn & (((uint64_t)1 << rec->order) - 1)))
		return PAGEOWNER_PASS_TAIL;
	if (k->ext.handle && !rec->handle)
		return PAGEOWNER_PASS_NO_HANDLE;
	return -1;
}

static bool gap_at(const struct po_gaps *gaps, uint64_t i, uint64_t size)
{
	return gaps->nr && po_gaps_touch(gaps, (size_t)(i * size), (size_t)((i + 1) * size));
}

/* The PFN at hand: 1 with a record, 0 when it was passed over, negative for a flawed one. */
static int step(struct po_walk *w, struct pageowner_record *rec, struct pageowner_error *err)
{
	const struct po_kernel *k = w->b.k;
	uint64_t i = w->pfn - w->win_pfn;
	const uint8_t *page = w->pages + i * k->map.page_size;
	const uint8_t *ext = w->exts + i * k->ext.stride;
	bool page_missing = gap_at(&w->page_gaps, i, k->map.page_size);

	if (!page_missing && po_page_is_buddy(k, page)) {
		uint64_t order = po_page_private(k, page);
		pass(w, PAGEOWNER_PASS_BUDDY, order <= k->max_order ? (uint64_t)1 << order : 1);
		return 0;
	}
	int why = !w->chunk->page_ext			 ? PAGEOWNER_PASS_NO_PAGE_EXT :
		  gap_at(&w->ext_gaps, i, k->ext.stride) ? PAGEOWNER_PASS_MISSING_EXT :
							   judge(w, ext, rec);
	if (why < 0 && page_missing)
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
	return make_record(w, ext + k->ext.owner_offset, page, rec, err);
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
