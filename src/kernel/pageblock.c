/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pageblock_order is a macro on most machines and stands neither in type info nor in VMCOREINFO; the order
 * of bits in the bitmap changed once without a trace in any type.  So both are tried against the data: a
 * free page of a buddy list lies (nearly always) in a block of the list's migratetype.
 */
#include "kernel/pageblock.h"

#include <stdlib.h>
#include <string.h>

#include "base/status.h"
#include "kernel/kernel.h"

#define MAX_SAMPLES	512
#define PER_LIST	8	/* entries looked at on one free list */
#define TYPE_MASK	7u
#define FEW_SAMPLES	16
#define MAX_VOTERS	512
#define VOTER_PAGES	64	/* entries of a block in which one with an owner is looked for */
#define OLD_GFP_MOVABLE		0x8u
#define OLD_GFP_RECLAIMABLE	0x80000u

struct sample {
	uint64_t pfn;
	int type;
};

struct samples {
	struct po_kernel *k;
	struct po_memory *mem;
	struct sample s[MAX_SAMPLES];
	unsigned nr;
	struct sample voter[MAX_VOTERS];
	unsigned nr_voters;
};

int po_pageblock_type(const struct po_kernel *k, const struct po_chunk *c, uint64_t pfn)
{
	const struct po_pageblock *pb = &k->pageblock;
	unsigned word_shift = k->abi.ptr_size == 8 ? 6 : 5, word_bits = 1u << word_shift;

	if (!c->pageblocks)
		return -1;
	/* a zone's bits begin with the block that it begins in; a section always begins with one */
	uint64_t first = c->pfn >> pb->order;
	uint64_t bit = ((pfn >> pb->order) - first) * pb->nr_bits;
	size_t at = (size_t)(bit >> word_shift) * k->abi.ptr_size;
	if (at + k->abi.ptr_size > c->pageblocks_len)
		return -1;
	uint64_t word = po_load_ptr(&k->abi, c->pageblocks + at);
	unsigned b = (unsigned)bit & (word_bits - 1);
	if (pb->msb_first)
		return (int)(word >> (word_bits - b - 3) & TYPE_MASK);
	if (pb->isolate_bit >= 0 && (word >> (b + (unsigned)pb->isolate_bit) & 1))
		return pb->isolate_type;
	return (int)(word >> b & TYPE_MASK);
}

/* --- what a gfp mask asks for -------------------------------------------------------------------- */

static void open_mobility(struct po_kernel *k, struct po_memory *mem)
{
	const struct po_layout *l = &k->l;
	struct po_pageblock *pb = &k->pageblock;
	uint64_t off = 0;

	pb->movable_shift = PO_HAS_ENUM(l, ___GFP_MOVABLE_BIT) ?
				    (unsigned)PO_ENUM(l, ___GFP_MOVABLE_BIT) & 31 : 3;
	/* commit 016c13daa5c9 (4.4) swapped the two types and moved the gfp bit */
	pb->old_mobility = PO_HAS_ENUM(l, MIGRATE_MOVABLE) && PO_ENUM(l, MIGRATE_MOVABLE) == 2;
	if (PO_HAS_SYM(l, page_group_by_mobility_disabled))
		(void)po_kernel_read_variable(k, mem, PO_S_page_group_by_mobility_disabled, &off, NULL);
	pb->no_mobility = off != 0;
}

int po_gfp_migratetype(const struct po_kernel *k, uint32_t gfp)
{
	const struct po_pageblock *pb = &k->pageblock;

	if (pb->no_mobility)
		return 0;
	if (pb->old_mobility)
		return (gfp & OLD_GFP_MOVABLE ? 2 : 0) | (gfp & OLD_GFP_RECLAIMABLE ? 1 : 0);
	return (int)(gfp >> pb->movable_shift & 3);
}

/* --- samples from the free lists ----------------------------------------------------------------- */

static void sample_list(struct samples *s, uint64_t head, int type)
{
	const struct po_layout *l = &s->k->l;
	uint64_t link_at = PO_HAS(l, page, buddy_list) ? PO_OFFSET(l, page, buddy_list) :
							 PO_OFFSET(l, page, lru);
	uint64_t at;

	if (po_memory_read_ptr(s->mem, head, &at, NULL) < 0)
		return;
	for (int i = 0; i < PER_LIST && at != head && s->nr < MAX_SAMPLES; i++) {
		struct sample *x = &s->s[s->nr];
		if (!po_memmap_pfn_of(&s->k->map, at - link_at, &x->pfn))
			return;
		x->type = type;
		s->nr++;
		if (po_memory_read_ptr(s->mem, at, &at, NULL) < 0)
			return;
	}
}

static void sample_zone(struct samples *s, uint64_t zone)
{
	const struct po_layout *l = &s->k->l;
	const struct po_member *areas = PO_AT(l, zone, free_area);
	const struct po_member *lists = PO_AT(l, free_area, free_list);
	uint64_t head_size = 2u * s->k->abi.ptr_size;

	for (uint64_t o = 0; o < areas->type.nr_elems; o++)
		for (uint64_t mt = 0; mt < lists->type.nr_elems; mt++)
			sample_list(s, zone + areas->offset + o * PO_SIZE(l, free_area) +
					       lists->offset + mt * head_size, (int)mt);
}

static void take_samples(struct samples *s)
{
	const struct po_layout *l = &s->k->l;

	if (!PO_HAS(l, page, lru) && !PO_HAS(l, page, buddy_list))
		return;
	for (size_t i = 0; i < s->k->zones.nr; i++)
		sample_zone(s, s->k->zones.zone[i].kva);
}

/*
 * A machine out of memory has hardly any free pages.  Then the owned ones have to tell: most of them lie in a block
 * of the type that their gfp mask asks for.
 */
static void ask_block(struct samples *s, const struct po_chunk *c, uint64_t pfn, uint8_t *raw)
{
	const struct po_kernel *k = s->k;
	const struct po_page_ext *x = &k->ext;
	uint64_t owner_bit = (uint64_t)1 << (PO_ENUM(&k->l, PAGE_EXT_OWNER) & 31);
	uint64_t nr = c->pfn + c->nr - pfn < VOTER_PAGES ? c->pfn + c->nr - pfn : VOTER_PAGES;

	if (po_memory_read(s->mem, c->page_ext + (pfn - c->pfn) * x->stride, raw, nr * x->stride, NULL) < 0)
		return;
	for (uint64_t i = 0; i < nr; i++) {
		const uint8_t *e = raw + i * x->stride, *owner = e + x->owner_offset;
		uint64_t flags = po_load_ptr(&k->abi, e + PO_OFFSET(&k->l, page_ext, flags));
		uint32_t gfp = (uint32_t)po_member_load(&k->abi, x->gfp_mask, owner);

		if (!(flags & owner_bit) || !gfp)
			continue;
		s->voter[s->nr_voters++] = (struct sample){ pfn + i, po_gfp_migratetype(k, gfp) };
		return;
	}
}

/* Blocks all over the memory. */
static void take_votes(struct samples *s)
{
	const struct po_kernel *k = s->k;
	uint64_t all = 0, seen = 0, step;
	uint8_t *raw;

	for (size_t i = 0; i < k->map.nr; i++)
		all += k->map.chunk[i].nr >> k->pageblock.order;
	step = all / MAX_VOTERS + 1;
	if (!k->ext.stride)
		return;
	raw = malloc(VOTER_PAGES * k->ext.stride);
	for (size_t i = 0; raw && i < k->map.nr; i++) {
		const struct po_chunk *c = &k->map.chunk[i];

		for (uint64_t b = 0; b < c->nr >> k->pageblock.order; b++, seen++)
			if (c->page_ext && seen % step == 0 && s->nr_voters < MAX_VOTERS)
				ask_block(s, c, c->pfn + (b << k->pageblock.order), raw);
	}
	free(raw);
}

/* --- choosing ------------------------------------------------------------------------------------ */

static unsigned agreement(const struct po_kernel *k, const struct sample *s, unsigned nr)
{
	unsigned agree = 0;

	for (unsigned i = 0; i < nr; i++) {
		const struct po_chunk *c = po_memmap_chunk(&k->map, s[i].pfn, false);
		agree += c && po_pageblock_type(k, c, s[i].pfn) == s[i].type;
	}
	return agree;
}

/* What the rules of the source say; the data may overrule it. */
static unsigned expected_order(const struct po_kernel *k)
{
	bool huge = PO_HAS_SYM(&k->l, hugetlb_max_hstate) ||
		    PO_HAS_SYM(&k->l, transparent_hugepage_flags);
	unsigned pmd_order = k->page_shift - 3;	/* entries of 8 bytes in one table page */

	return huge && pmd_order < k->max_order ? pmd_order : k->max_order;
}

static void choose(struct po_pageblock *pb, const struct samples *s, unsigned expected)
{
	const struct po_layout *l = &s->k->l;
	struct po_pageblock best = *pb;
	/* when the data does not tell: sections without usage are of kernels before 5.3 */
	bool old = PO_HAS_SYM(l, mem_section) && !PO_HAS(l, mem_section, usage) && pb->nr_bits == 4;

	best.agree = 0;
	/* the expected reading first: only a strictly better one replaces it */
	for (unsigned i = 0; i <= s->k->max_order + 1; i++) {
		pb->order = i == 0 ? expected : i - 1;
		for (int other = 0; other <= (pb->nr_bits == 4); other++) {
			pb->msb_first = old ^ other;
			pb->agree = agreement(s->k, s->s, s->nr);
			if ((i == 0 && !other) || pb->agree > best.agree)
				best = *pb;
		}
	}
	*pb = best;
}

/*
 * Which of the two orders of bits (commit 535b81e20921, 5.9).  With few free pages both may seem the same, or one page
 * in a foreign block decide: then owned pages have a vote.
 */
static void choose_bit_order(struct po_pageblock *pb, struct samples *s)
{
	bool first = pb->msb_first;
	unsigned agree[2], votes[2];

	for (int other = 0; other < 2; other++) {
		pb->msb_first = first ^ other;
		agree[other] = agreement(s->k, s->s, s->nr);
	}
	if (s->nr < FEW_SAMPLES || agree[0] < agree[1] + s->nr / 4)
		take_votes(s);
	for (int other = 0; other < 2; other++) {
		pb->msb_first = first ^ other;
		votes[other] = agreement(s->k, s->voter, s->nr_voters);
	}
	bool best = agree[1] + votes[1] > agree[0] + votes[0];
	pb->msb_first = first ^ best;
	pb->agree = agree[best];
	pb->votes = votes[best];
	pb->voters = s->nr_voters;
}

static unsigned round_up_pow2(int64_t v)
{
	unsigned n = 1;

	while ((int64_t)n < v && n < 64)
		n *= 2;
	return n;
}

/* Room for the smallest blocks that could be; what is not in the dump stays unknown. */
static int load_bitmaps(struct po_kernel *k, struct po_memory *mem, struct pageowner_error *err)
{
	const struct po_layout *l = &k->l;
	uint64_t offset = PO_HAS(l, mem_section_usage, pageblock_flags) ?
				  PO_OFFSET(l, mem_section_usage, pageblock_flags) : 0;
	struct po_gaps gaps;

	for (size_t i = 0; i < k->map.nr; i++) {
		struct po_chunk *c = &k->map.chunk[i];
		size_t len = (size_t)(((c->nr >> k->pageblock.order) + 2) * k->pageblock.nr_bits / 8 + 8) &
			     ~(size_t)7;
		if (!c->usage)
			continue;
		free(c->pageblocks);
		c->pageblocks = malloc(len);
		if (!c->pageblocks)
			return po_fail_nomem(err, "pageblock bitmaps");
		c->pageblocks_len = len;
		po_memory_read_sparse(mem, c->usage + offset, c->pageblocks, len, &gaps);
		if (gaps.nr)
			c->pageblocks_len = gaps.gap[0].from;
	}
	return PAGEOWNER_OK;
}

int po_pageblock_open(struct po_kernel *k, struct po_memory *mem, struct pageowner_error *err)
{
	const struct po_layout *l = &k->l;
	struct po_pageblock *pb = &k->pageblock;
	static const struct po_pageblock none = { .isolate_bit = -1, .isolate_type = -1 };
	unsigned expected = expected_order(k);
	uint64_t v;
	int rc;

	*pb = none;
	open_mobility(k, mem);
	pb->nr_bits = PO_HAS_ENUM(l, NR_PAGEBLOCK_BITS)	  ? (unsigned)PO_ENUM(l, NR_PAGEBLOCK_BITS) :
		      PO_HAS_ENUM(l, __NR_PAGEBLOCK_BITS) ?
							    round_up_pow2(PO_ENUM(l, __NR_PAGEBLOCK_BITS)) : 4;
	if (PO_HAS_ENUM(l, PB_migrate_isolate) && PO_HAS_ENUM(l, MIGRATE_ISOLATE)) {
		pb->isolate_bit = (int)PO_ENUM(l, PB_migrate_isolate);
		pb->isolate_type = (int)PO_ENUM(l, MIGRATE_ISOLATE);
	}
	if (pb->nr_bits < 4 || pb->nr_bits > 32 || (pb->nr_bits & (pb->nr_bits - 1)) ||
	    pb->isolate_bit >= (int)pb->nr_bits)
		return po_fail(err, PAGEOWNER_ENOTYPE, "pageblocks of %u bits", pb->nr_bits);

	struct samples *s = calloc(1, sizeof(*s));
	if (!s)
		return po_fail_nomem(err, "pageblocks");
	s->k = k;
	s->mem = mem;
	take_samples(s);
	pb->order = 0;	/* bitmaps as long as any order could need, cut when the order is known */
	rc = load_bitmaps(k, mem, err);
	if (rc == PAGEOWNER_OK && PO_HAS_SYM(l, pageblock_order) &&
	    po_kernel_read_variable(k, mem, PO_S_pageblock_order, &v, NULL) == PAGEOWNER_OK && v <= k->max_order)
		expected = (unsigned)v;
	if (rc == PAGEOWNER_OK)
		choose(pb, s, expected);
	if (rc == PAGEOWNER_OK && pb->nr_bits == 4)
		choose_bit_order(pb, s);
	pb->checked = s->nr;
	free(s);
	return rc < 0 ? rc : load_bitmaps(k, mem, err);
}
