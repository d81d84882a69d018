/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "owner/record.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/status.h"
#include "kernel/memcg.h"
#include "kernel/slab.h"

/* A cgroup met before, by the word that led to it. */
struct po_memcg_slot {
	uint64_t key;		/* memcg_data; 0: empty */
	int found;
	struct po_memcg *memcg;
};

/* A slab cache met before. */
struct po_cache_slot {
	uint64_t kva;		/* 0: empty */
	const char *name;	/* NULL: it could not be read */
};

#define CACHE_SLOTS 256		/* direct-mapped, as … */
#define CACHE_NAME_CAP 128
#define MAX_PAGE_BYTES 256	/* of a struct page, as po_memmap_open() allows */

#define MEMCG_SLOTS 1024	/* a direct-mapped cache; names live in the arena */

static int set_owner_bits(struct po_reader *r, struct pageowner_error *err)
{
	const struct po_layout *l = &r->b.k->l;
	int64_t owner = PO_ENUM(l, PAGE_EXT_OWNER);
	int64_t allocated = PO_HAS_ENUM(l, PAGE_EXT_OWNER_ALLOCATED) ?
				    PO_ENUM(l, PAGE_EXT_OWNER_ALLOCATED) : owner;

	if (owner < 0 || owner > 31 || allocated < 0 || allocated > 31)
		return po_fail(err, PAGEOWNER_ENOTYPE, "enum page_ext_flags: PAGE_EXT_OWNER is %lld",
			       (long long)owner);
	r->owner_bit = (uint32_t)1 << owner;
	r->allocated_bit = (uint32_t)1 << allocated;
	return PAGEOWNER_OK;
}

/* What each record of this kernel has. */
static uint32_t fields_of(const struct po_page_ext *x)
{
	return PAGEOWNER_HAS_PFN | PAGEOWNER_HAS_ORDER | PAGEOWNER_HAS_GFP | PAGEOWNER_HAS_PAGE_TYPE |
	       (x->handle ? PAGEOWNER_HAS_HANDLE : 0) | (x->ts ? PAGEOWNER_HAS_TS : 0) |
	       (x->free_ts ? PAGEOWNER_HAS_FREE_TS : 0) | (x->pid ? PAGEOWNER_HAS_PID : 0) |
	       (x->tgid ? PAGEOWNER_HAS_TGID : 0) | (x->comm ? PAGEOWNER_HAS_COMM : 0);
}

int po_reader_init(struct po_reader *r, const struct po_record_base *base, struct pageowner_error *err)
{
	*r = (struct po_reader){ .b = *base };
	int rc = set_owner_bits(r, err);
	if (rc < 0)
		return rc;
	r->memcg = calloc(MEMCG_SLOTS, sizeof(*r->memcg));
	if (!r->memcg)
		return po_fail_nomem(err, "records");
	rc = po_memory_clone(base->mem, &r->mem, err);
	if (rc < 0) {
		po_reader_fini(r);
		return rc;
	}
	po_stacks_init(&r->stacks, base->depot, base->symbols, r->mem);
	r->have = fields_of(&base->k->ext);
	return PAGEOWNER_OK;
}

void po_reader_fini(struct po_reader *r)
{
	po_stacks_fini(&r->stacks);
	po_arena_fini(&r->arena);
	po_memory_free(r->mem);
	free(r->memcg);
	free(r->cache);
	*r = (struct po_reader){ .mem = NULL };
}

/* --- before decoding ----------------------------------------------------------------------------- */

enum po_owned po_record_owned(const struct po_reader *r, const uint8_t *ext)
{
	const struct po_kernel *k = r->b.k;
	uint64_t flags = po_load_ptr(&k->abi, ext + PO_OFFSET(&k->l, page_ext, flags));

	if (!(flags & r->owner_bit))
		return PO_OWNED_NEVER;
	return flags & r->allocated_bit ? PO_OWNED_NOW : PO_OWNED_FREED;
}

bool po_reader_keeps_freed(const struct po_reader *r)
{
	return r->owner_bit != r->allocated_bit;
}

void po_record_peek(const struct po_reader *r, const uint8_t *ext, struct pageowner_record *rec)
{
	const struct po_kernel *k = r->b.k;
	const uint8_t *owner = ext + k->ext.owner_offset;

	rec->order = (uint32_t)po_member_load(&k->abi, k->ext.order, owner);
	rec->handle = k->ext.handle ? (uint32_t)po_member_load(&k->abi, k->ext.handle, owner) : 0;
}

/* --- decoding ------------------------------------------------------------------------------------ */

static inline int32_t load_signed(const struct po_abi *abi, const struct po_member *m, const uint8_t *raw)
{
	if (m->size == 4 && !m->bit_size)
		return (int32_t)po_load(abi, raw + m->offset, 4);
	return (int32_t)po_sign_extend(po_member_load(abi, m, raw), (unsigned)m->size * 8);
}

/* What stands behind the end of a name is not told: it is of one that was there before. */
static inline void load_comm(const struct po_member *m, const uint8_t *raw, char to[PAGEOWNER_COMM_MAX])
{
	size_t cap = m->size < PAGEOWNER_COMM_MAX ? (size_t)m->size : PAGEOWNER_COMM_MAX - 1;
	const char *from = (const char *)raw + m->offset;
	const char *end = memchr(from, '\0', cap);

	memcpy(to, from, end ? (size_t)(end - from) : cap);
}

/* Into a record that was zeroed. */
static void decode_owner(const struct po_reader *r, const uint8_t *raw, struct pageowner_record *rec)
{
	const struct po_page_ext *x = &r->b.k->ext;
	const struct po_abi *abi = &r->b.k->abi;

	rec->have = r->have;
	rec->gfp_mask = (uint32_t)po_member_load(abi, x->gfp_mask, raw);
	if (x->ts)
		rec->ts_ns = po_member_load(abi, x->ts, raw);
	if (x->free_ts)
		rec->free_ts_ns = po_member_load(abi, x->free_ts, raw);
	if (x->pid)
		rec->pid = load_signed(abi, x->pid, raw);
	if (x->tgid)
		rec->tgid = load_signed(abi, x->tgid, raw);
	if (x->comm)
		load_comm(x->comm, raw, rec->comm);
	if (x->migrate_reason)
		rec->migrate_reason = load_signed(abi, x->migrate_reason, raw);
}

/* The frames that stand in the record itself.  As po_stacks_get(). */
static int inline_stack(struct po_reader *r, const uint8_t *raw, const struct pageowner_stack **ret,
			struct pageowner_error *err)
{
	const struct po_page_ext *x = &r->b.k->ext;
	const struct po_abi *abi = &r->b.k->abi;
	struct po_frames f = { .nr = (uint32_t)po_member_load(abi, x->nr_entries, raw) };

	if (f.nr > x->entries->type.nr_elems || f.nr > PO_DEPOT_MAX_FRAMES) {
		po_fail(err, PAGEOWNER_ECORRUPT, "a stack of %u frames, where %" PRIu64 " have room",
			f.nr, x->entries->type.nr_elems);
		return po_stacks_marker(&r->stacks, PAGEOWNER_ECORRUPT, ret, err);
	}
	for (uint32_t i = 0; i < f.nr; i++)
		f.at[i] = po_load_ptr(abi, raw + x->entries->offset + (size_t)i * abi->ptr_size);
	return po_stacks_of_frames(&r->stacks, &f, ret, err);
}

static int resolve_memcg(struct po_reader *r, uint64_t memcg_data, const struct po_memcg_slot **ret,
			 struct pageowner_error *err)
{
	struct po_memcg_slot *slot =
		&r->memcg[(memcg_data * 0x9e3779b97f4a7c15ull >> 40) % MEMCG_SLOTS];

	*ret = slot;
	if (slot->key == memcg_data)
		return slot->found;
	struct po_memcg_word word = po_memcg_split(r->b.k, memcg_data);
	struct po_memcg *memcg = po_arena_alloc(&r->arena, sizeof(*memcg));
	if (!memcg)
		return po_fail_nomem(err, "memory cgroups");
	*slot = (struct po_memcg_slot){ memcg_data, po_memcg_read(r->b.k, r->mem, &word, memcg, err), memcg };
	return slot->found;	/* err is told this once; a cached failure says no more */
}

/* print_page_owner_memcg(): only kernels that print the lines are asked. */
static int decode_memcg(struct po_reader *r, const uint8_t *page, struct pageowner_record *rec,
			struct pageowner_error *err)
{
	uint64_t data = r->b.words->memcg_line ? po_page_memcg_data(r->b.k, page) : 0;
	const struct po_memcg_slot *slot;

	/* a tail has no word of its own, what stands there belongs to the folio */
	if (!data || (rec->have & PAGEOWNER_HAS_TAIL_FLAG))
		return PAGEOWNER_OK;
	struct po_memcg_word word = po_memcg_split(r->b.k, data);
	if (word.slab) {
		rec->have |= PAGEOWNER_HAS_SLAB_CHARGE;
		return PAGEOWNER_OK;
	}
	int rc = resolve_memcg(r, data, &slot, err);
	if (rc < 0 && rc != PAGEOWNER_ENOMEM) {
		rec->have |= PAGEOWNER_HAS_LOST_MEMCG;
		r->bad_memcg_records++;
	}
	if (rc <= 0)
		return rc;
	rec->memcg = slot->memcg->name;
	rec->memcg_offline = slot->memcg->offline;
	rec->memcg_objcg = word.kmem;
	rec->have |= PAGEOWNER_HAS_MEMCG;
	return PAGEOWNER_OK;
}

static void decode_page(struct po_reader *r, const struct po_chunk *chunk, const uint8_t *page,
			struct pageowner_record *rec)
{
	const struct po_kernel *k = r->b.k;

	rec->flags = po_page_flags(k, page);
	rec->block = rec->pfn >> k->pageblock.order;
	rec->block_type = po_pageblock_type(k, chunk, rec->pfn);
	rec->have |= PAGEOWNER_HAS_FLAGS | PAGEOWNER_HAS_BLOCK;
	if (po_page_is_tail(k, page))
		rec->have |= PAGEOWNER_HAS_TAIL_FLAG;
	if (rec->block_type >= 0)
		rec->have |= PAGEOWNER_HAS_BLOCK_TYPE;
	else
		r->bad_block_records++;
}

/* The stack that allocated it. */
static int decode_stack(struct po_reader *r, const uint8_t *owner, struct pageowner_record *rec,
			struct pageowner_error *err)
{
	if (!r->b.k->ext.handle)
		return inline_stack(r, owner, &rec->stack, err);
	if (rec->handle)
		return po_stacks_get(&r->stacks, rec->handle, &rec->stack, err);
	rec->stack = NULL;	/* none was saved: the kernel prints no such record, but of freed pages it tells */
	return 1;
}

/* A stack may be lost while the record is good: once for each such stack err tells. */
static void count_bad_stack(struct po_reader *r, struct pageowner_error *err, const char *what, uint64_t pfn)
{
	r->bad_stack_records++;
	if (err->code == PAGEOWNER_OK)
		return;
	r->bad_stacks++;
	po_within(err, err->code, "PFN 0x%" PRIx64 "%s", pfn, what);
}

int po_record_read(struct po_reader *r, const struct po_chunk *chunk, const uint8_t *ext, const uint8_t *page,
		   struct pageowner_record *rec, struct pageowner_error *err)
{
	const struct po_kernel *k = r->b.k;
	const uint8_t *owner = ext + k->ext.owner_offset;
	struct pageowner_error *flaw = err, later;

	later.code = PAGEOWNER_OK;	/* its text is long, to clear it takes as long as all else */
	decode_owner(r, owner, rec);
	if (k->ext.migrate_reason && rec->migrate_reason != r->b.words->not_migrated)
		rec->have |= PAGEOWNER_HAS_MIGRATE_REASON;
	rec->page_type = po_gfp_migratetype(k, rec->gfp_mask);
	if (page)
		decode_page(r, chunk, page, rec);

	int rc = decode_stack(r, owner, rec, flaw);
	if (rc == PAGEOWNER_ENOMEM)
		return rc;
	rec->have |= rec->stack ? PAGEOWNER_HAS_STACK : 0;
	if (rc == 0) {
		count_bad_stack(r, flaw, "", rec->pfn);
		if (flaw->code != PAGEOWNER_OK)
			flaw = &later;	/* one flaw is told of a record */
	}
	rc = page ? decode_memcg(r, page, rec, flaw) : PAGEOWNER_OK;
	if (rc < 0 && rc != PAGEOWNER_ENOMEM) {
		if (flaw->code != PAGEOWNER_OK)
			po_within(flaw, rc, "PFN 0x%" PRIx64 ": its memory cgroup", rec->pfn);
		rc = PAGEOWNER_OK;
	}
	return rc < 0 ? rc : 1;
}

int po_record_read_free(struct po_reader *r, const uint8_t *ext, struct pageowner_record *rec,
			struct pageowner_error *err)
{
	const struct po_page_ext *x = &r->b.k->ext;
	const struct po_abi *abi = &r->b.k->abi;
	const uint8_t *owner = ext + x->owner_offset;
	struct pageowner_error flaw = { .code = PAGEOWNER_OK };

	if (x->free_pid) {
		rec->free_pid = load_signed(abi, x->free_pid, owner);
		rec->have |= PAGEOWNER_HAS_FREE_PID;
	}
	if (x->free_tgid) {
		rec->free_tgid = load_signed(abi, x->free_tgid, owner);
		rec->have |= PAGEOWNER_HAS_FREE_TGID;
	}
	if (!x->free_handle)
		return 1;
	rec->free_handle = (uint32_t)po_member_load(abi, x->free_handle, owner);
	rec->have |= PAGEOWNER_HAS_FREE_HANDLE;
	if (!rec->free_handle)
		return 1;
	int rc = po_stacks_get(&r->stacks, rec->free_handle, &rec->free_stack, &flaw);
	if (rc < 0)
		return rc;
	rec->have |= PAGEOWNER_HAS_FREE_STACK;
	if (rc == 0) {
		count_bad_stack(r, &flaw, ": who freed it", rec->pfn);
		if (err->code == PAGEOWNER_OK)
			*err = flaw;
	}
	return 1;
}

static int name_cache(struct po_reader *r, const uint8_t *page, uint64_t kva, struct po_cache_slot *slot,
		      struct pageowner_error *err)
{
	char name[CACHE_NAME_CAP];
	int len = po_slab_cache_name(r->b.k, r->mem, page, name, sizeof(name), err);

	if (len == PAGEOWNER_ENOMEM)
		return len;
	*slot = (struct po_cache_slot){ .kva = kva };
	if (len < 0)
		return PAGEOWNER_OK;	/* err is told this once */
	slot->name = po_arena_strndup(&r->arena, name, (size_t)len);
	return slot->name ? PAGEOWNER_OK : po_fail_nomem(err, "slab caches");
}

/*
 * The struct page of a tail's head: pages of before page_owner have a record each.  1: into head; 0: none of its bytes is
 * there, told in err.
 */
static int read_head(struct po_reader *r, uint64_t kva, const uint8_t *page, uint64_t pfn, uint8_t *head,
		     struct pageowner_error *err)
{
	const struct po_kernel *k = r->b.k;
	uint64_t at = po_page_head(k, kva, page), head_pfn;

	if (!po_memmap_pfn_of(&k->map, at, &head_pfn) || head_pfn >= pfn)
		return po_fail(err, PAGEOWNER_ECORRUPT, "compound head: 0x%" PRIx64 " is no struct page before it", at);
	return po_memory_read(r->mem, at, head, k->map.page_size, err);
}

/* What it is called, if the page is a slab's; told in err at most once a cache. */
static int find_cache(struct po_reader *r, const uint8_t *page, const char **ret, struct pageowner_error *err)
{
	if (!po_page_is_slab(r->b.k, page))
		return PAGEOWNER_OK;
	if (!r->cache)
		r->cache = calloc(CACHE_SLOTS, sizeof(*r->cache));
	if (!r->cache)
		return po_fail_nomem(err, "slab caches");
	const uint64_t kva = po_slab_cache(r->b.k, page);
	struct po_cache_slot *slot = &r->cache[(kva * 0x9e3779b97f4a7c15ull >> 40) % CACHE_SLOTS];
	if ((slot->kva != kva || !kva) && name_cache(r, page, kva, slot, err) < 0)
		return PAGEOWNER_ENOMEM;
	*ret = slot->name;
	return PAGEOWNER_OK;
}

int po_record_read_slab(struct po_reader *r, uint64_t kva, const uint8_t *page, struct pageowner_record *rec,
			struct pageowner_error *err)
{
	struct pageowner_error flaw = { .code = PAGEOWNER_OK };
	uint8_t head[MAX_PAGE_BYTES];
	int rc = PAGEOWNER_OK;

	if (rec->have & PAGEOWNER_HAS_TAIL_FLAG) {
		rc = read_head(r, kva, page, rec->pfn, head, &flaw);
		page = head;
	}
	if (rc == PAGEOWNER_OK)
		rc = find_cache(r, page, &rec->slab_cache, &flaw);
	if (rc == PAGEOWNER_ENOMEM)
		return po_fail_nomem(err, "slab caches");
	if (flaw.code != PAGEOWNER_OK && err->code == PAGEOWNER_OK) {
		*err = flaw;
		po_within(err, err->code, "PFN 0x%" PRIx64, rec->pfn);
	}
	rec->have |= rec->slab_cache ? PAGEOWNER_HAS_SLAB_CACHE : 0;
	return 1;
}
