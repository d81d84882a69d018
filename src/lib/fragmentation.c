/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pageblocks and the foreign pages in them; the order that free blocks have, and could have without. */
#include <pageowner/fragmentation.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aggregate/caller.h"
#include "base/cleanup.h"
#include "base/grow.h"
#include "base/status.h"
#include "kernel/pageclass.h"
#include "lib/session.h"
#include "owner/record.h"
#include "proc/blocks.h"

#define NR_MOBILITIES	3	/* migratetypes that a gfp mask can ask for: the first ones */
#define PROGRESS_STEP	64	/* windows between two calls of progress() */

/* What could become of a page, each including those before it. */
enum {
	IS_FREE,
	IS_MOVABLE,	/* or free, or would be */
	IS_CLEAN,	/* or foreign */
	NR_STATES,
};

#define ALSO(state) ((1u << NR_STATES) - (1u << (state)))

struct zone {
	struct pageowner_fragmentation_zone z;
	char name[PO_ZONE_NAME_MAX];
	int order[NR_STATES];
	uint64_t whole[NR_STATES];	/* pageblocks */
	uint64_t blocks[PO_MAX_MIGRATETYPES], mixed[PO_MAX_MIGRATETYPES], polluted[PO_MAX_MIGRATETYPES];
	uint64_t foreign[PO_MAX_MIGRATETYPES];	/* pages */
};

/* A stack in a zone, of pages of one migratetype in blocks of another. */
struct entry {
	struct pageowner_fragmentation_stack s;
	uint8_t page_type, block_type;
	uint64_t here;		/* pages in the block at hand */
	size_t next;		/* of those that have some: number + 1; 0: the last one */
	size_t rank;		/* once they are sorted */
};

struct pageowner_fragmentation {
	struct pageowner_session *s;
	bool owned;
	struct po_reader reader;	/* whose stacks are lent */
	struct po_migratetypes types;
	struct po_arena arena;
	struct zone *zone;
	size_t nr_zones;
	struct entry *entry;
	size_t nr_entries, entry_room;
	uint32_t *slot;			/* open addressing, half full at most: number of the entry + 1; 0: empty */
	struct pageowner_fragmentation_block *block;
	size_t nr_blocks, block_room;
	char flaw[128];
};

struct look {
	struct pageowner_fragmentation *f;
	struct po_proc_pages pages;
	uint8_t *ext;			/* one page_ext entry */
	uint8_t *cell;			/* of each page of a window: bits of what it is or could be */
	const struct pageowner_fragmentation_options *o;
	uint64_t done, all, lost;
	/* the block at hand */
	uint64_t block;			/* its number + 1; 0: none */
	int type;
	uint64_t foreign;
	size_t first;			/* entries that have pages in it: number + 1 */
};

/* --- stacks -------------------------------------------------------------------------------------- */

static size_t place(const struct pageowner_fragmentation *f, const struct entry *e)
{
	size_t mask = 2 * f->entry_room - 1;
	uint64_t hash = ((uintptr_t)e->s.stack >> 4) * 0x9e3779b97f4a7c15u + e->s.zone * 64 + e->page_type * 8u + e->block_type;
	size_t i = (size_t)(hash >> 9 ^ hash) & mask;

	for (; f->slot[i]; i = (i + 1) & mask) {
		const struct entry *o = &f->entry[f->slot[i] - 1];
		if (o->s.stack == e->s.stack && o->s.zone == e->s.zone && o->page_type == e->page_type &&
		    o->block_type == e->block_type)
			break;
	}
	return i;
}

static int make_room(struct pageowner_fragmentation *f)
{
	size_t room = f->entry_room ? f->entry_room * 2 : 64;

	if (f->nr_entries < f->entry_room)
		return PAGEOWNER_OK;
	if (room > UINT32_MAX / 2)
		return PAGEOWNER_ENOMEM;
	struct entry *entry = realloc(f->entry, room * sizeof(*entry));
	if (!entry)
		return PAGEOWNER_ENOMEM;
	f->entry = entry;
	uint32_t *slot = calloc(2 * room, sizeof(*slot));
	if (!slot)
		return PAGEOWNER_ENOMEM;
	free(f->slot);
	f->slot = slot;
	f->entry_room = room;
	for (size_t i = 0; i < f->nr_entries; i++)
		slot[place(f, &entry[i])] = (uint32_t)i + 1;
	return PAGEOWNER_OK;
}

static int name_stack(struct pageowner_fragmentation *f, struct entry *e)
{
	struct po_bytes caller = po_caller_of(e->s.stack, NULL), module = po_module_of(e->s.stack);

	e->s.page_type = f->types.name[e->page_type];
	e->s.block_type = f->types.name[e->block_type];
	e->s.caller = po_arena_strndup(&f->arena, caller.text, caller.len);
	e->s.module = po_arena_strndup(&f->arena, module.text, module.len);
	return e->s.caller && e->s.module ? PAGEOWNER_OK : PAGEOWNER_ENOMEM;
}

/* Foreign pages of one allocation, in the block at hand. */
static int add_foreign(struct look *k, const struct pageowner_stack *stack, int page_type, uint64_t pages)
{
	struct pageowner_fragmentation *f = k->f;
	struct entry e = { .s = { .zone = f->nr_zones - 1, .stack = stack }, .page_type = (uint8_t)page_type,
			   .block_type = (uint8_t)k->type };

	if (make_room(f) < 0)
		return PAGEOWNER_ENOMEM;
	size_t i = place(f, &e);
	if (!f->slot[i]) {
		if (name_stack(f, &e) < 0)
			return PAGEOWNER_ENOMEM;
		f->entry[f->nr_entries] = e;
		f->slot[i] = (uint32_t)++f->nr_entries;
	}
	struct entry *to = &f->entry[f->slot[i] - 1];
	if (!to->here) {
		to->next = k->first;
		k->first = f->slot[i];
	}
	to->here += pages;
	to->s.pages += pages;
	k->foreign += pages;
	return PAGEOWNER_OK;
}

/* --- blocks -------------------------------------------------------------------------------------- */

static int end_block(struct look *k)
{
	struct pageowner_fragmentation *f = k->f;
	struct zone *z = &f->zone[f->nr_zones - 1];
	struct pageowner_fragmentation_block b = {
		.zone = f->nr_zones - 1, .first_pfn = (k->block - 1) << f->s->kernel.pageblock.order,
		.foreign_pages = k->foreign,
	};
	uint64_t most = 0;

	if (!k->foreign)
		return PAGEOWNER_OK;
	for (size_t i = k->first; i; i = f->entry[i - 1].next) {
		struct entry *e = &f->entry[i - 1];

		b.stacks++;
		e->s.blocks++;
		e->s.alone += k->foreign == e->here;
		if (e->here > most) {
			most = e->here;
			b.most = i - 1;
		}
		e->here = 0;
	}
	b.type = f->types.name[k->type];
	z->polluted[k->type]++;
	z->foreign[k->type] += k->foreign;
	void *grown = po_grow(f->block, f->nr_blocks, &f->block_room, sizeof(*f->block), 64);
	if (!grown)
		return PAGEOWNER_ENOMEM;
	f->block = grown;
	f->block[f->nr_blocks++] = b;
	return PAGEOWNER_OK;
}

/* The block of a page, NULL: of none more. */
static int enter_block(struct look *k, const struct po_proc_page *page)
{
	const struct po_kernel *kernel = k->pages.p->k;
	uint64_t block = page ? (page->pfn >> kernel->pageblock.order) + 1 : 0;
	int rc = PAGEOWNER_OK;

	if (block == k->block)
		return rc;
	if (k->block)
		rc = end_block(k);
	k->block = block;
	k->foreign = 0;
	k->first = 0;
	if (page)
		k->type = po_pageblock_type(kernel, page->chunk, page->pfn);
	return rc;
}

/* --- pages --------------------------------------------------------------------------------------- */

/* At hand of a processor, which gives it back before compaction starts: nothing refers to it, and it is nothing. */
static bool is_at_hand(const struct po_kernel *k, const uint8_t *raw)
{
	const struct po_layout *l = &k->l;

	if (PO_HAS_ENUM(l, PG_hwpoison) && (po_page_flags(k, raw) >> (PO_ENUM(l, PG_hwpoison) & 63) & 1))
		return false;
	return !po_page_refcount(k, raw) && !po_page_is_tail(k, raw) &&
	       (uint32_t)po_load(&k->abi, raw + k->page.type_offset, 4) == UINT32_MAX;
}

static int read_stack(struct look *k, const struct po_proc_page *page, const struct pageowner_stack **ret)
{
	const struct po_kernel *kernel = k->pages.p->k;
	const struct po_chunk *c = page->chunk;
	struct pageowner_record rec = { .pfn = page->pfn };
	struct pageowner_error flaw = { .code = PAGEOWNER_OK };

	*ret = NULL;
	if (po_memory_read(k->f->reader.mem, c->page_ext + (page->pfn - c->pfn) * kernel->ext.stride, k->ext,
			   kernel->ext.stride, NULL) < 0)
		return PAGEOWNER_OK;
	po_record_peek(&k->f->reader, k->ext, &rec);
	int rc = po_record_read(&k->f->reader, c, k->ext, NULL, &rec, &flaw);
	*ret = rec.stack;
	return rc == PAGEOWNER_ENOMEM ? rc : PAGEOWNER_OK;
}

/* Blocks of other types (HighAtomic, CMA, Isolate) serve pages of these. */
static bool is_foreign(const struct look *k, int page_type)
{
	return page_type != k->type && k->type >= 0 && k->type < NR_MOBILITIES && page_type >= 0 &&
	       page_type < NR_MOBILITIES;
}

/* An allocation, in the block at hand: how many pages of it lie there; what could become of them. */
static int look_at_owned(struct look *k, const struct po_proc_page *page, unsigned order, int type, uint64_t *nr,
			 uint8_t *ret_cell)
{
	uint64_t size = (uint64_t)1 << order, block = (uint64_t)1 << k->pages.p->k->pageblock.order;
	uint64_t left = block - (page->pfn & (block - 1));
	const struct pageowner_stack *stack;

	*nr = size - (page->pfn & (size - 1));
	*nr = *nr < left ? *nr : left;
	if (type == k->f->types.movable)
		*ret_cell = ALSO(IS_MOVABLE);
	if (!is_foreign(k, type))
		return PAGEOWNER_OK;
	*ret_cell |= ALSO(IS_CLEAN);
	int rc = read_stack(k, page, &stack);
	return rc == PAGEOWNER_OK ? add_foreign(k, stack, type, *nr) : rc;
}

/* A page that is of the zone: how many from it on are alike, and what could become of them. */
static int look_at_page(struct look *k, const struct po_proc_page *page, uint64_t *nr, uint8_t *ret_cell)
{
	const struct po_kernel *kernel = k->pages.p->k;
	unsigned order;
	int type;

	*nr = 1;
	*ret_cell = 0;
	if (po_page_is_buddy(kernel, page->raw)) {
		uint64_t free_order = po_page_private(kernel, page->raw);
		if (free_order <= kernel->max_order)
			*nr = (uint64_t)1 << free_order;
		*ret_cell = ALSO(IS_FREE);
		return PAGEOWNER_OK;
	}
	if (po_proc_page_is_reserved(&k->pages, page))
		return PAGEOWNER_OK;
	if (k->f->owned && po_proc_page_owner(&k->pages, page, &order, &type))
		return look_at_owned(k, page, order, type, nr, ret_cell);
	if (is_at_hand(kernel, page->raw))
		*ret_cell = ALSO(IS_MOVABLE);
	return PAGEOWNER_OK;
}

/* --- a zone -------------------------------------------------------------------------------------- */

/* From pages to ever larger ranges: what all of one can become, it can. */
static void merge(struct zone *z, uint8_t *cell, unsigned max_order, unsigned block_order)
{
	for (unsigned order = 0;; order++) {
		size_t nr = (size_t)1 << (max_order - order);

		for (size_t i = 0; i < nr; i++)
			for (unsigned state = 0; state < NR_STATES && cell[i]; state++)
				if (cell[i] >> state & 1) {
					z->order[state] = z->order[state] > (int)order ? z->order[state] : (int)order;
					z->whole[state] += order == block_order;
				}
		if (order == max_order)
			return;
		for (size_t i = 0; i < nr / 2; i++)
			cell[i] = cell[2 * i] & cell[2 * i + 1];
	}
}

/* A naturally aligned window of the largest order: [page->pfn, to) of it lie in the zone. */
static int look_at_window(struct look *k, const struct po_proc_zone *z, struct po_proc_page *page, uint64_t to)
{
	const unsigned max_order = k->pages.p->k->max_order;
	const uint64_t size = (uint64_t)1 << max_order, start = page->pfn & ~(size - 1);
	uint64_t nr;
	uint8_t cell;
	int rc = PAGEOWNER_OK;

	memset(k->cell, 0, size);
	for (; page->pfn < to && rc == PAGEOWNER_OK; page->pfn += nr) {
		nr = 1;
		if (!po_proc_page_read(&k->pages, page) || !po_proc_page_is_of(&k->pages, page, z))
			continue;
		rc = enter_block(k, page);
		if (rc == PAGEOWNER_OK)
			rc = look_at_page(k, page, &nr, &cell);
		if (rc == PAGEOWNER_OK)
			memset(k->cell + (page->pfn - start), cell, nr < to - page->pfn ? nr : to - page->pfn);
	}
	page->pfn = to;
	merge(&k->f->zone[k->f->nr_zones - 1], k->cell, max_order, k->pages.p->k->pageblock.order);
	return rc;
}

static int look_at_pages(struct look *k, const struct po_proc_zone *z, struct pageowner_error *err)
{
	const uint64_t size = (uint64_t)1 << k->pages.p->k->max_order;
	struct po_proc_page page = { .pfn = 0 };
	uint64_t end = 0;
	unsigned until = 0;
	int rc = po_proc_zone_span(k->pages.p, z, &page.pfn, &end, err);

	while (rc == PAGEOWNER_OK && page.pfn < end) {
		uint64_t from = page.pfn, to = (from & ~(size - 1)) + size;
		const struct po_chunk *c = po_memmap_chunk(&k->pages.p->k->map, from, true);

		if (!c)
			break;
		if (c->pfn >= to)	/* a hole in the zone */
			to = c->pfn;
		else
			rc = look_at_window(k, z, &page, to < end ? to : end);
		page.pfn = to;
		k->done += to - from;
		if (k->o->progress && until-- == 0) {
			until = PROGRESS_STEP;
			if (k->o->progress(k->o->arg, k->done, k->all))
				return po_fail(err, PAGEOWNER_ESTOPPED, "stopped");
		}
	}
	if (rc == PAGEOWNER_OK)
		rc = enter_block(k, NULL);
	return rc == PAGEOWNER_ENOMEM ? po_fail_nomem(err, "fragmentation") : rc;
}

/* The largest order that has an entry on the free lists. */
static int find_free_order(const struct po_proc *p, const struct po_proc_zone *z, int *ret, struct pageowner_error *err)
{
	uint64_t nr;
	int rc = PAGEOWNER_OK;

	*ret = -1;
	for (unsigned order = 0; order <= p->k->max_order && rc == PAGEOWNER_OK; order++) {
		rc = po_zone_number(p->mem, po_zone_free_area(p->k, z->kva, order), PO_AT(&p->k->l, free_area, nr_free),
				    &nr, err);
		if (rc == PAGEOWNER_OK && nr)
			*ret = (int)order;
	}
	return rc;
}

static int look_at_zone(const struct po_proc *p, const struct po_proc_zone *pz, void *arg, struct pageowner_error *err)
{
	struct look *k = arg;
	struct pageowner_fragmentation *f = k->f;

	if (!pz->populated)
		return PAGEOWNER_OK;
	struct zone *grown = realloc(f->zone, (f->nr_zones + 1) * sizeof(*grown));
	if (!grown)
		return po_fail_nomem(err, "fragmentation");
	f->zone = grown;
	struct zone *z = &grown[f->nr_zones++];
	*z = (struct zone){ .order = { -1, -1, -1 } };
	memcpy(z->name, pz->name, sizeof(z->name));
	z->z.node = pz->node->id;
	int rc = find_free_order(p, pz, &z->z.free_order, err);
	if (rc == PAGEOWNER_OK)
		rc = po_proc_count_blocks(&k->pages, pz, z->blocks, err);
	if (rc == PAGEOWNER_OK && f->owned)
		rc = po_proc_count_mixed(&k->pages, pz, z->mixed, err);
	k->pages.lost = 0;	/* all of them are asked for again */
	if (rc == PAGEOWNER_OK)
		rc = look_at_pages(k, pz, err);
	k->lost += k->pages.lost;
	for (unsigned i = 0; i < f->types.nr; i++)
		z->z.blocks += z->blocks[i];
	z->z.free_blocks = z->whole[IS_FREE];
	z->z.movable_order = f->owned ? z->order[IS_MOVABLE] : -1;
	z->z.movable_blocks = f->owned ? z->whole[IS_MOVABLE] : 0;
	z->z.clean_order = f->owned ? z->order[IS_CLEAN] : -1;
	z->z.clean_blocks = f->owned ? z->whole[IS_CLEAN] : 0;
	return rc;
}

/* --- all of them --------------------------------------------------------------------------------- */

static int by_pages(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	if (x->s.pages != y->s.pages)
		return x->s.pages < y->s.pages ? 1 : -1;
	if (x->s.zone != y->s.zone)
		return x->s.zone < y->s.zone ? -1 : 1;
	int order = strcmp(x->s.caller, y->s.caller);
	return order ? order : x->rank < y->rank ? -1 : x->rank > y->rank;
}

/* Most pages first; blocks follow. */
static int sort(struct pageowner_fragmentation *f)
{
	_cleanup_(po_freep) size_t *now = calloc(f->nr_entries + 1, sizeof(*now));

	if (!now)
		return PAGEOWNER_ENOMEM;
	for (size_t i = 0; i < f->nr_entries; i++)
		f->entry[i].rank = i;
	if (f->nr_entries)
		qsort(f->entry, f->nr_entries, sizeof(*f->entry), by_pages);
	for (size_t i = 0; i < f->nr_entries; i++)
		now[f->entry[i].rank] = i;
	for (size_t i = 0; i < f->nr_blocks; i++)
		f->block[i].most = now[f->block[i].most];
	return PAGEOWNER_OK;
}

static int look(struct look *k, const struct po_proc *p, struct pageowner_error *err)
{
	struct pageowner_fragmentation *f = k->f;
	int rc = po_migratetypes_read(p, &f->types, err);

	if (rc == PAGEOWNER_OK && !PO_HAS(&p->k->l, free_area, nr_free))
		rc = po_fail(err, PAGEOWNER_ENOTYPE, "type information lacks free_area.nr_free");
	if (rc == PAGEOWNER_OK)
		rc = po_proc_pages_open(&k->pages, p, &f->types, err);
	for (size_t i = 0; i < p->k->zones.nr; i++)
		k->all += p->k->zones.zone[i].spanned;
	if (rc == PAGEOWNER_OK)
		rc = po_proc_for_each_zone(p, NULL, look_at_zone, k, err);
	if (k->lost)
		(void)snprintf(f->flaw, sizeof(f->flaw), "%" PRIu64 " pages that were asked for are not in the dump",
			       k->lost);
	return rc == PAGEOWNER_OK && sort(f) < 0 ? po_fail_nomem(err, "fragmentation") : rc;
}

PO_DEFINE_CLEANUP(struct pageowner_fragmentation, pageowner_fragmentation_free);

int pageowner_fragmentation_new(struct pageowner_session *s, const struct pageowner_fragmentation_options *options,
				struct pageowner_fragmentation **ret, struct pageowner_error *err)
{
	const struct pageowner_fragmentation_options none = { .size = sizeof(none) };
	struct po_proc p = { .k = &s->kernel, .symbols = s->symbols };
	int rc = pageowner_frames_ready(s, err);

	if (rc < 0)
		return rc;
	if (options && options->size < sizeof(*options))
		return po_fail(err, PAGEOWNER_EINVAL, "fragmentation: options are not valid");
	if (s->text)
		return po_fail(err, PAGEOWNER_EINVAL, "fragmentation: a text does not tell: a dump is needed");
	_cleanup_(pageowner_fragmentation_freep) struct pageowner_fragmentation *f = calloc(1, sizeof(*f));
	_cleanup_(po_freep) uint8_t *cell = malloc((size_t)1 << s->kernel.max_order);
	_cleanup_(po_freep) uint8_t *ext = malloc(s->kernel.ext.stride + 1);
	if (!f || !cell || !ext)
		return po_fail_nomem(err, "fragmentation");
	struct look k = { .f = f, .o = options ? options : &none, .cell = cell, .ext = ext };
	const struct po_record_base base = { &s->kernel, &s->words, &s->depot, s->symbols, s->mem };
	f->s = s;
	if (s->ready) {
		rc = po_reader_init(&f->reader, &base, err);
		if (rc < 0)
			return rc;
		f->owned = p.owned = true;
	}
	rc = po_memory_clone(s->mem, &p.mem, err);
	if (rc == PAGEOWNER_OK)
		rc = look(&k, &p, err);
	po_memory_free(p.mem);
	if (rc == PAGEOWNER_OK)
		*ret = po_take(f);
	return rc < 0 ? po_within(err, rc, "fragmentation") : rc;
}

void pageowner_fragmentation_free(struct pageowner_fragmentation *f)
{
	if (!f)
		return;
	if (f->owned)
		po_reader_fini(&f->reader);
	free(f->zone);
	free(f->entry);
	free(f->slot);
	free(f->block);
	po_arena_fini(&f->arena);
	free(f);
}

const char *pageowner_fragmentation_flaw(const struct pageowner_fragmentation *f)
{
	return f->flaw[0] ? f->flaw : NULL;
}

int pageowner_fragmentation_has_owners(const struct pageowner_fragmentation *f)
{
	return f->owned;
}

int pageowner_fragmentation_zone(const struct pageowner_fragmentation *f, size_t zone,
				 struct pageowner_fragmentation_zone *ret)
{
	if (zone >= f->nr_zones)
		return 0;
	*ret = f->zone[zone].z;
	ret->name = f->zone[zone].name;
	return 1;
}

int pageowner_fragmentation_type(const struct pageowner_fragmentation *f, size_t zone, unsigned type,
				 struct pageowner_fragmentation_type *ret)
{
	if (zone >= f->nr_zones || type >= f->types.nr)
		return 0;
	const struct zone *z = &f->zone[zone];
	*ret = (struct pageowner_fragmentation_type){ f->types.name[type], z->blocks[type], z->mixed[type],
						      z->polluted[type], z->foreign[type] };
	return 1;
}

int pageowner_fragmentation_stack(const struct pageowner_fragmentation *f, size_t index,
				  struct pageowner_fragmentation_stack *ret)
{
	if (index >= f->nr_entries)
		return 0;
	*ret = f->entry[index].s;
	return 1;
}

int pageowner_fragmentation_block(const struct pageowner_fragmentation *f, size_t index,
				  struct pageowner_fragmentation_block *ret)
{
	if (index >= f->nr_blocks)
		return 0;
	*ret = f->block[index];
	return 1;
}
