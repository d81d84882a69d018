/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The walk over RAM.  A page frame's struct page says most; what it does not say comes from the kernel's lists, read
 * before (marks.c) into a map of marks.
 */
#include "kernel/census.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/status.h"
#include "kernel/mapping.h"
#include "kernel/marks.h"
#include "kernel/pagetype.h"
#include "kernel/slab.h"

#define SLAB_RECLAIM_ACCOUNT	0x20000u	/* a macro until 6.8 */
#define MAX_CACHES		(1u << 20)

/* Page flags as masks; 0: this kernel has no such flag. */
struct flags {
	uint64_t head, reserved, hwpoison, swapcache, swapbacked, dirty, writeback, mlocked;
};

struct po_census {
	const struct po_kernel *k;
	struct po_memory *mem;
	struct po_marks marks;
	struct po_page_types types;
	struct po_mappings mappings;
	struct flags flag;
	struct po_census_sums sums;
	struct po_census_cache *cache;	/* open addressing until they are sorted */
	size_t nr_caches, cache_room;
	/* the walk */
	size_t range;			/* in marks.ram.range */
	uint64_t pfn;
	struct po_gaps gaps;
	uint8_t *pages, *row, *attributes, *facts;
	const struct po_chunk *chunk;
	uint64_t win_pfn, win_nr;
	/* the compound page at hand */
	uint64_t head;			/* kva of its first struct page; 0: none */
	enum pageowner_row head_row;
	uint8_t head_attributes;
	struct po_census_cache *head_cache;	/* of a slab; NULL: not known */
	uint64_t head_pages;		/* met so far */
	/* the struct page that head_row is of, if it is that of all that have the same bytes and mark; or NULL */
	const uint8_t *last;
	uint8_t last_mark;
};

/* --- one page frame ------------------------------------------------------------------------------ */

struct frame {
	struct po_census *c;
	uint64_t pfn;
	const uint8_t *raw;
	const uint8_t *next;	/* the struct page behind it; NULL: not at hand */
	uint64_t flags;
	uint8_t mark;		/* enum po_mark, or 0 */
	int mapping;		/* enum po_mapping; -1: not asked yet */
};

static bool is_of_type(struct frame *f, enum po_page_type type)
{
	return po_page_is(f->c->k, &f->c->types, f->raw, type);
}

static enum po_mapping mapping(struct frame *f)
{
	if (f->mapping < 0)
		f->mapping = po_mapping_of(&f->c->mappings, f->raw);
	return f->mapping;
}

static bool is_reserved(struct frame *f) { return f->flags & f->c->flag.reserved; }

static bool is_reserved_for(struct frame *f, enum pageowner_row row)
{
	return is_reserved(f) && po_marks_kept(&f->c->marks, f->pfn) == (int)row;
}

static bool is_pcp(struct frame *f) { return f->mark == PO_MARK_PCP; }
static bool is_hwpoison(struct frame *f) { return f->flags & f->c->flag.hwpoison; }
static bool is_image(struct frame *f) { return is_reserved_for(f, PAGEOWNER_ROW_IMAGE); }
static bool is_first_percpu(struct frame *f) { return is_reserved_for(f, PAGEOWNER_ROW_PERCPU); }
static bool is_slab(struct frame *f) { return po_page_is_slab(f->c->k, f->raw); }
static bool is_table(struct frame *f) { return is_of_type(f, PO_TYPE_TABLE); }
static bool is_offline(struct frame *f) { return is_of_type(f, PO_TYPE_OFFLINE) || mapping(f) == PO_MAPPING_BALLOON; }
static bool is_guard(struct frame *f) { return is_of_type(f, PO_TYPE_GUARD); }
static bool is_unaccepted(struct frame *f) { return is_of_type(f, PO_TYPE_UNACCEPTED); }
static bool is_large_kmalloc(struct frame *f) { return is_of_type(f, PO_TYPE_LARGE_KMALLOC); }
static bool is_network(struct frame *f) { return is_of_type(f, PO_TYPE_NETPP); }
static bool is_memmap(struct frame *f) { return f->mark == PO_MARK_MEMMAP; }
static bool is_page_ext(struct frame *f) { return f->mark == PO_MARK_PAGE_EXT; }
static bool is_percpu(struct frame *f) { return f->mark == PO_MARK_PERCPU; }
static bool is_stack(struct frame *f) { return f->mark == PO_MARK_STACK; }
static bool is_huge_zero(struct frame *f) { return f->mark == PO_MARK_HUGE_ZERO; }
static bool is_cma(struct frame *f) { return f->mark == PO_MARK_CMA; }
static bool is_vmalloc(struct frame *f) { return f->mark == PO_MARK_VMALLOC; }
static bool is_block(struct frame *f) { return mapping(f) == PO_MAPPING_BLOCK; }
static bool is_file(struct frame *f) { return mapping(f) == PO_MAPPING_FILE; }

static bool is_hugetlb(struct frame *f)
{
	/* told by the page behind it: only of compound pages */
	if (f->c->types.huge_bytes && !(f->flags & f->c->flag.head))
		return false;
	return po_page_is_hugetlb(f->c->k, &f->c->types, f->raw, f->next);
}

static bool is_zsmalloc(struct frame *f)
{
	return is_of_type(f, PO_TYPE_ZSMALLOC) || mapping(f) == PO_MAPPING_ZSMALLOC;
}

/* commit 6326fec1122c (4.10): the flag means other things on pages that are not for the swap */
static bool is_swap_cache(struct frame *f)
{
	const struct flags *flag = &f->c->flag;

	return (f->flags & flag->swapcache) && (f->flags & flag->swapbacked);
}

static bool is_anon(struct frame *f)
{
	return mapping(f) == PO_MAPPING_ANON || mapping(f) == PO_MAPPING_KSM;
}

/* the only files whose pages can go to the swap */
static bool is_shmem(struct frame *f)
{
	return mapping(f) == PO_MAPPING_FILE && (f->flags & f->c->flag.swapbacked);
}

/* The second page of a pgd with page-table isolation is a tail that nothing marks, and has no reference of its own. */
static bool is_other_table(struct frame *f)
{
	return f->mark == PO_MARK_TABLE || (f->mark == PO_MARK_TABLE_TAIL && po_page_refcount(f->c->k, f->raw) == 0);
}

static bool is_any(struct frame *f)
{
	(void)f;
	return true;
}

/* The first that fits.  doc/account.md has the same table in words, and what /proc/kpageflags says of each. */
static const struct {
	enum pageowner_row row;
	bool (*is)(struct frame *f);
} rules[] = {
	/* a page in the buddy allocator was dealt with before */
	{ PAGEOWNER_ROW_HWPOISON, is_hwpoison },
	{ PAGEOWNER_ROW_FREE_PCP, is_pcp },
	/* struct pages and the like may be reserved, or allocated later, with memory that was plugged in */
	{ PAGEOWNER_ROW_IMAGE, is_image },
	{ PAGEOWNER_ROW_PERCPU, is_first_percpu },
	{ PAGEOWNER_ROW_MEMMAP, is_memmap },
	{ PAGEOWNER_ROW_PAGE_EXT, is_page_ext },
	/* types: of such pages the word for the mapping means other things */
	{ PAGEOWNER_ROW_PAGE_TABLES, is_table },
	{ PAGEOWNER_ROW_SLAB_UNRECLAIMABLE, is_slab },	/* or reclaimable: its cache says */
	{ PAGEOWNER_ROW_HUGETLB, is_hugetlb },
	{ PAGEOWNER_ROW_GUARD, is_guard },
	{ PAGEOWNER_ROW_UNACCEPTED, is_unaccepted },
	{ PAGEOWNER_ROW_LARGE_KMALLOC, is_large_kmalloc },
	{ PAGEOWNER_ROW_NETWORK, is_network },
	{ PAGEOWNER_ROW_PERCPU, is_percpu },
	{ PAGEOWNER_ROW_STACKS, is_stack },
	{ PAGEOWNER_ROW_OTHER_TABLES, is_other_table },
	{ PAGEOWNER_ROW_RESERVED, is_reserved },
	{ PAGEOWNER_ROW_HUGE_ZERO, is_huge_zero },
	/* what processes and files have */
	{ PAGEOWNER_ROW_ZSMALLOC, is_zsmalloc },
	{ PAGEOWNER_ROW_OFFLINE, is_offline },
	{ PAGEOWNER_ROW_SWAP_CACHE, is_swap_cache },
	{ PAGEOWNER_ROW_ANON, is_anon },
	{ PAGEOWNER_ROW_SHMEM, is_shmem },
	{ PAGEOWNER_ROW_FILE, is_file },
	{ PAGEOWNER_ROW_BUFFERS, is_block },
	/* and the kernel, with no word on the page itself */
	{ PAGEOWNER_ROW_VMALLOC, is_vmalloc },
	{ PAGEOWNER_ROW_CMA, is_cma },
	{ PAGEOWNER_ROW_UNACCOUNTED, is_any },
};

static uint8_t attributes_of(struct frame *f, enum pageowner_row row)
{
	const struct flags *flag = &f->c->flag;
	bool cache = row == PAGEOWNER_ROW_FILE || row == PAGEOWNER_ROW_BUFFERS;
	bool user = cache || row == PAGEOWNER_ROW_ANON || row == PAGEOWNER_ROW_SHMEM ||
		    row == PAGEOWNER_ROW_SWAP_CACHE;
	uint8_t bits = 0;

	if (!user)
		return 0;
	/* anonymous memory and tmpfs are always dirty, which no counter tells */
	if (cache && (f->flags & flag->dirty))
		bits |= 1u << PAGEOWNER_ATTRIBUTE_DIRTY;
	if (f->flags & flag->writeback)
		bits |= 1u << PAGEOWNER_ATTRIBUTE_WRITEBACK;
	if (f->flags & flag->mlocked)
		bits |= 1u << PAGEOWNER_ATTRIBUTE_MLOCKED;
	if (mapping(f) == PO_MAPPING_KSM)
		bits |= 1u << PAGEOWNER_ATTRIBUTE_KSM;
	return bits;
}

/* --- slab caches --------------------------------------------------------------------------------- */

static struct po_census_cache *cache_slot(struct po_census_cache *cache, size_t room, uint64_t kva)
{
	size_t i = (size_t)(kva * 0x9e3779b97f4a7c15u >> 20) & (room - 1);

	while (cache[i].kva && cache[i].kva != kva)
		i = (i + 1) & (room - 1);
	return &cache[i];
}

static bool is_reclaimable(const struct po_census *c, uint64_t kva)
{
	const struct po_layout *l = &c->k->l;
	uint64_t flags, mask = PO_HAS_ENUM(l, _SLAB_RECLAIM_ACCOUNT) ?
				       (uint64_t)1 << (PO_ENUM(l, _SLAB_RECLAIM_ACCOUNT) & 63) : SLAB_RECLAIM_ACCOUNT;

	if (!PO_HAS(l, kmem_cache, flags))
		return false;
	const struct po_member *m = PO_AT(l, kmem_cache, flags);
	return po_memory_read_uint(c->mem, kva + m->offset, m->size, &flags, NULL) == PAGEOWNER_OK && (flags & mask);
}

static void grow_caches(struct po_census *c)
{
	size_t room = c->cache_room ? c->cache_room * 2 : 512;

	if (c->nr_caches * 2 < c->cache_room || room > MAX_CACHES)
		return;
	struct po_census_cache *grown = calloc(room, sizeof(*grown));
	for (size_t i = 0; grown && i < c->cache_room; i++)
		if (c->cache[i].kva)
			*cache_slot(grown, room, c->cache[i].kva) = c->cache[i];
	if (!grown)
		return;
	free(c->cache);
	c->cache = grown;
	c->cache_room = room;
}

/* The cache of a slab, or NULL: not known.  More than fit are as good as unknown: a dump may hold anything. */
static struct po_census_cache *cache_of(struct po_census *c, const uint8_t *raw)
{
	uint64_t kva = po_slab_cache(c->k, raw);

	grow_caches(c);
	if (!kva || !c->cache_room)
		return NULL;
	struct po_census_cache *slot = cache_slot(c->cache, c->cache_room, kva);
	if (slot->kva)
		return slot;
	if (c->nr_caches * 2 >= c->cache_room)
		return NULL;
	*slot = (struct po_census_cache){ .kva = kva, .reclaimable = is_reclaimable(c, kva) };
	c->nr_caches++;
	return slot;
}

static int by_pages(const void *a, const void *b)
{
	const struct po_census_cache *x = a, *y = b;

	return x->pages != y->pages ? (x->pages < y->pages ? 1 : -1) : x->kva < y->kva ? -1 : x->kva > y->kva;
}

const struct po_census_cache *po_census_caches(struct po_census *c, size_t *ret_nr)
{
	if (c->cache_room)
		qsort(c->cache, c->cache_room, sizeof(*c->cache), by_pages);
	c->cache_room = 0;	/* no table any more */
	*ret_nr = c->nr_caches;
	return c->cache;
}

/* --- the walk ------------------------------------------------------------------------------------ */

static uint64_t page_kva(const struct po_census *c, uint64_t pfn)
{
	return po_wrap(&c->k->abi, c->chunk->mem_map + (pfn - c->chunk->pfn) * c->k->map.page_size);
}

static enum pageowner_row judge(struct frame *f)
{
	size_t i = 0;

	while (!rules[i].is(f))
		i++;
	if (rules[i].row != PAGEOWNER_ROW_SLAB_UNRECLAIMABLE)
		return rules[i].row;
	struct po_census_cache *cache = cache_of(f->c, f->raw);
	f->c->head_cache = cache;
	return cache && cache->reclaimable ? PAGEOWNER_ROW_SLAB_RECLAIMABLE : PAGEOWNER_ROW_SLAB_UNRECLAIMABLE;
}

/* Huge pages are of one size: what a table of the last level maps. */
static void end_compound(struct po_census *c)
{
	const struct po_xlat *xlat = po_memory_xlat(c->mem);
	uint64_t huge = xlat ? (uint64_t)1 << xlat->ops->level_bits : po_kernel_page_size(c->k) / c->k->abi.ptr_size;

	if (c->head && c->head_row == PAGEOWNER_ROW_ANON && c->head_pages == huge)
		c->sums.attribute[PAGEOWNER_ATTRIBUTE_HUGE] += huge;
	c->head = 0;
	c->head_pages = 0;
}

static void set_head(struct po_census *c, struct frame *f, uint64_t kva)
{
	end_compound(c);
	c->head_row = judge(f);
	c->head_attributes = attributes_of(f, c->head_row);
	c->head = kva;
}

/* A tail belongs to where its head does, which may lie before this block (huge pages of 1 GiB). */
static void find_head(struct po_census *c, struct frame *f, uint64_t kva)
{
	uint64_t head = po_page_head(c->k, kva, f->raw), size = c->k->map.page_size, pfn;
	uint8_t raw[2 * 256];

	if (head == c->head)
		return;
	end_compound(c);
	c->head = head;
	c->head_row = PAGEOWNER_ROW_UNACCOUNTED;
	c->head_attributes = 0;
	if (!po_memmap_pfn_of(&c->k->map, head, &pfn) || po_memory_read(c->mem, head, raw, 2 * size, NULL) < 0 ||
	    po_page_is_tail(c->k, raw))
		return;
	struct frame h = { .c = c, .pfn = pfn, .raw = raw, .next = raw + size, .flags = po_page_flags(c->k, raw),
			   .mark = po_marks_of(&c->marks, pfn), .mapping = -1 };
	set_head(c, &h, head);
}

static uint8_t place_attributes(const struct po_census *c, uint64_t pfn, enum pageowner_row row)
{
	uint8_t bits = 0;

	if (po_marks_is_high(&c->marks, pfn))
		bits |= 1u << PAGEOWNER_ATTRIBUTE_HIGHMEM;
	if (row != PAGEOWNER_ROW_FREE && row != PAGEOWNER_ROW_FREE_PCP && po_marks_is_cma(&c->marks, pfn))
		bits |= 1u << PAGEOWNER_ATTRIBUTE_CMA;
	return bits;
}

static void put(struct po_census *c, uint64_t i, enum pageowner_row row, uint8_t attributes)
{
	uint64_t pfn = c->win_pfn + i;

	attributes |= place_attributes(c, pfn, row);
	c->row[i] = (uint8_t)row;
	c->attributes[i] = attributes;
	c->facts[i] = 0;
	c->sums.row[row]++;
	for (unsigned a = 0; attributes; a++, attributes >>= 1)
		c->sums.attribute[a] += attributes & 1;
}

/* Each time that a page is mapped refers to it.  Of compound pages other counts tell, and other rows have none. */
static bool is_overmapped(const struct po_census *c, const struct frame *f, enum pageowner_row row)
{
	int32_t mapped = (int32_t)po_load(&c->k->abi, f->raw + c->k->page.type_offset, 4);

	return (row == PAGEOWNER_ROW_ANON || row == PAGEOWNER_ROW_SHMEM || row == PAGEOWNER_ROW_FILE) &&
	       !(f->flags & c->flag.head) && mapped >= 0 && (uint32_t)mapped + 1 > po_page_refcount(c->k, f->raw);
}

/* Where other things than its own bytes and mark tell the row: where it lies, what lies behind it, or its cache. */
static bool stands_alone(const struct po_census *c, struct frame *f)
{
	return (f->flags & (c->flag.reserved | c->flag.head)) || c->head_row == PAGEOWNER_ROW_SLAB_RECLAIMABLE ||
	       c->head_row == PAGEOWNER_ROW_SLAB_UNRECLAIMABLE || c->head_row == PAGEOWNER_ROW_HUGETLB;
}

static bool is_like_last(const struct po_census *c, const struct frame *f)
{
	return c->last && c->last_mark == f->mark && !memcmp(c->last, f->raw, c->k->map.page_size);
}

static void count_page(struct po_census *c, uint64_t i, const uint8_t *raw, const uint8_t *next)
{
	uint64_t pfn = c->win_pfn + i, kva = page_kva(c, pfn);
	struct frame f = { .c = c, .pfn = pfn, .raw = raw, .next = next, .flags = po_page_flags(c->k, raw),
			   .mark = po_marks_of(&c->marks, pfn), .mapping = -1 };

	bool tail = f.mark != PO_MARK_PCP && po_page_is_tail(c->k, raw);

	if (tail) {
		find_head(c, &f, kva);
	} else if (is_like_last(c, &f)) {	/* what takes pages one by one leaves them all alike */
		end_compound(c);
		c->head = kva;
	} else {
		set_head(c, &f, kva);
	}
	c->last = tail || stands_alone(c, &f) ? NULL : raw;
	c->last_mark = f.mark;
	c->head_pages++;
	/* a memory error is of one page, wherever it lies */
	enum pageowner_row row = is_hwpoison(&f) ? PAGEOWNER_ROW_HWPOISON : c->head_row;
	put(c, i, row, c->head_attributes);
	c->facts[i] = (uint8_t)((is_reserved(&f) ? PO_CENSUS_RESERVED : 0) | (tail ? PO_CENSUS_TAIL : 0) |
				(po_page_refcount(c->k, raw) == 0 ? PO_CENSUS_UNREFERENCED : 0) |
				(!tail && is_overmapped(c, &f, row) ? PO_CENSUS_OVERMAPPED : 0));
	if ((row == PAGEOWNER_ROW_SLAB_RECLAIMABLE || row == PAGEOWNER_ROW_SLAB_UNRECLAIMABLE) && c->head_cache)
		c->head_cache->pages++;
	c->sums.reserved += is_reserved(&f);
	if (row == PAGEOWNER_ROW_RESERVED) {
		size_t name = po_marks_name(&c->marks, pfn);
		if (name < c->marks.ram.nr_names)
			c->sums.reserved_name[name]++;
	}
}

/* The rest of a free block; it may reach into the next window. */
static uint64_t count_free(struct po_census *c, uint64_t i, const uint8_t *raw)
{
	uint64_t order = po_page_private(c->k, raw), nr = order <= c->k->max_order ? (uint64_t)1 << order : 1;

	if (nr > c->win_nr - i)
		nr = c->win_nr - i;
	for (uint64_t j = 0; j < nr; j++)
		put(c, i + j, PAGEOWNER_ROW_FREE, 0);
	return nr;
}

static void count_window(struct po_census *c)
{
	uint64_t size = c->k->map.page_size;

	c->last = NULL;
	po_memory_read_sparse(c->mem, page_kva(c, c->win_pfn), c->pages, c->win_nr * size, &c->gaps);
	for (uint64_t i = 0; i < c->win_nr;) {
		const uint8_t *raw = c->pages + i * size;

		if (c->gaps.nr && po_gaps_touch(&c->gaps, i * size, (i + 1) * size)) {
			end_compound(c);
			put(c, i++, PAGEOWNER_ROW_MISSING, 0);
		} else if (po_page_is_buddy(c->k, raw)) {
			end_compound(c);
			i += count_free(c, i, raw);
		} else {
			count_page(c, i, raw, i + 1 < c->win_nr ? raw + size : NULL);
			i++;
		}
	}
}

static void count_missing(struct po_census *c)
{
	end_compound(c);
	for (uint64_t i = 0; i < c->win_nr; i++)
		put(c, i, PAGEOWNER_ROW_MISSING, 0);
}

/* The next stretch: within a range of RAM, a chunk of struct pages, and a block of the largest order. */
static bool next_window(struct po_census *c)
{
	const struct po_ram *ram = &c->marks.ram;

	while (c->range < ram->nr && c->pfn >= ram->range[c->range].pfn + ram->range[c->range].nr)
		c->range++;
	if (c->range == ram->nr)
		return false;
	const struct po_pfn_range *r = &ram->range[c->range];
	if (c->pfn < r->pfn)
		c->pfn = r->pfn;
	uint64_t block = (uint64_t)1 << c->k->max_order, end = (c->pfn & ~(block - 1)) + block;
	if (end > r->pfn + r->nr)
		end = r->pfn + r->nr;
	const struct po_chunk *chunk = po_memmap_chunk(&c->k->map, c->pfn, true);
	c->chunk = chunk && chunk->pfn <= c->pfn ? chunk : NULL;
	if (c->chunk && end > chunk->pfn + chunk->nr)
		end = chunk->pfn + chunk->nr;
	if (!c->chunk && chunk && end > chunk->pfn)
		end = chunk->pfn;
	c->win_pfn = c->pfn;
	c->win_nr = end - c->pfn;
	c->pfn = end;
	return true;
}

int po_census_next(struct po_census *c, struct po_census_block *ret)
{
	if (!next_window(c)) {
		end_compound(c);
		return 0;
	}
	if (c->chunk)
		count_window(c);
	else
		count_missing(c);
	*ret = (struct po_census_block){ c->win_pfn, c->win_nr, c->row, c->attributes, c->facts };
	return 1;
}

/* --- the door ------------------------------------------------------------------------------------ */

static uint64_t flag(bool have, int64_t bit)
{
	return have && bit >= 0 && bit < 64 ? (uint64_t)1 << bit : 0;
}

static void set_flags(struct po_census *c)
{
	const struct po_layout *l = &c->k->l;
#define FLAG(name) flag(PO_HAS_ENUM(l, PG_##name), PO_ENUM(l, PG_##name))

	c->flag = (struct flags){
		.head = FLAG(head) | FLAG(compound),
		.reserved = FLAG(reserved),
		.hwpoison = FLAG(hwpoison),
		.swapcache = FLAG(swapcache),
		.swapbacked = FLAG(swapbacked),
		.dirty = FLAG(dirty),
		.writeback = FLAG(writeback),
		.mlocked = FLAG(mlocked),
	};
#undef FLAG
}

PO_DEFINE_CLEANUP(struct po_census, po_census_free);

int po_census_open(const struct po_kernel *k, const struct po_memory *mem, const struct po_symbols *symbols,
		   struct po_census **ret, struct pageowner_error *err)
{
	_cleanup_(po_census_freep) struct po_census *c = calloc(1, sizeof(*c));
	size_t nr = (size_t)1 << k->max_order;

	if (!c)
		return po_fail_nomem(err, "census");
	c->k = k;
	int rc = po_memory_clone(mem, &c->mem, err);
	if (rc == PAGEOWNER_OK)
		rc = po_marks_open(&c->marks, k, c->mem, err);
	if (rc < 0)
		return rc;
	c->sums.row[PAGEOWNER_ROW_MISSING] = c->marks.ram.untold;
	po_mappings_init(&c->mappings, k, c->mem, symbols);
	po_page_types_open(&c->types, k);
	set_flags(c);
	c->pages = malloc(nr * k->map.page_size);
	c->row = malloc(nr);
	c->attributes = malloc(nr);
	c->facts = malloc(nr);
	c->sums.reserved_name = calloc(c->marks.ram.nr_names + 1, sizeof(uint64_t));
	if (!c->pages || !c->row || !c->attributes || !c->facts || !c->sums.reserved_name)
		return po_fail_nomem(err, "census");
	*ret = po_take(c);
	return PAGEOWNER_OK;
}

void po_census_free(struct po_census *c)
{
	if (!c)
		return;
	po_marks_fini(&c->marks);
	po_memory_free(c->mem);
	free(c->sums.reserved_name);
	free(c->cache);
	free(c->pages);
	free(c->row);
	free(c->attributes);
	free(c->facts);
	free(c);
}

const struct po_census_sums *po_census_sums(const struct po_census *c) { return &c->sums; }
struct po_memory *po_census_memory(const struct po_census *c) { return c->mem; }
const struct po_ram *po_census_ram(const struct po_census *c) { return &c->marks.ram; }
const struct po_cma *po_census_cma(const struct po_census *c) { return &c->marks.cma; }
bool po_census_lost_threads(const struct po_census *c) { return c->marks.threads_lost; }

const struct po_caller *po_census_callers(const struct po_census *c, size_t *ret_nr, uint64_t *ret_elsewhere)
{
	*ret_elsewhere = c->marks.vmalloc_elsewhere;
	*ret_nr = c->marks.nr_callers;
	return c->marks.caller;
}

const char *po_census_flaw(const struct po_census *c, unsigned index)
{
	return index < c->marks.nr_flaws ? c->marks.flaw[index] : NULL;
}
