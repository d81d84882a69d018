/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * SPARSEMEM: the coded section_mem_map and the biased page_ext pointer of each section lead to the
 * structures without knowing vmemmap's or the direct map's base, which KASLR moves.
 */
#include "kernel/memmap.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/status.h"
#include "kernel/kernel.h"
#include "memory/vmcoreinfo.h"

/* Low bits of section_mem_map (include/linux/mmzone.h); the coded pointer keeps the low six clear. */
#define SECTION_HAS_MEM_MAP	0x2u
#define SECTION_IS_EARLY	0x8u	/* commit 326e1b8f83a4 (5.3) */
#define SECTION_FLAGS		0x3fu
#define PAGE_EXT_INVALID	0x1u	/* commit b1d5488a2527 (6.1): the section is going offline */
#define SUBSECTION_SHIFT	21
#define MAX_SECTIONS		(1u << 22)

void po_memmap_fini(struct po_memmap *map)
{
	for (size_t i = 0; i < map->nr; i++) {
		free(map->chunk[i].subsections);
		free(map->chunk[i].pageblocks);
	}
	free(map->chunk);
	map->chunk = NULL;
	map->nr = 0;
}

const struct po_chunk *po_memmap_chunk(const struct po_memmap *map, uint64_t pfn, bool next)
{
	size_t low = 0, high = map->nr;

	while (low < high) {	/* first chunk that ends above pfn */
		size_t mid = low + (high - low) / 2;
		if (map->chunk[mid].pfn + map->chunk[mid].nr <= pfn)
			low = mid + 1;
		else
			high = mid;
	}
	if (low == map->nr || (!next && map->chunk[low].pfn > pfn))
		return NULL;
	return &map->chunk[low];
}

bool po_chunk_pfn_valid(const struct po_chunk *c, uint64_t pfn, unsigned page_shift)
{
	if (!c || pfn < c->pfn)
		return false;
	if (c->early || !c->subsections)
		return true;
	uint64_t bit = (pfn - c->pfn) >> (SUBSECTION_SHIFT - page_shift);
	return c->subsections[bit / 64] >> bit % 64 & 1;
}

bool po_memmap_pfn_of(const struct po_memmap *map, uint64_t page_kva, uint64_t *ret)
{
	for (size_t i = 0; i < map->nr; i++) {
		uint64_t off = page_kva - map->chunk[i].mem_map;
		if (off / map->page_size < map->chunk[i].nr && off % map->page_size == 0) {
			*ret = map->chunk[i].pfn + off / map->page_size;
			return true;
		}
	}
	return false;
}

/* --- sections ------------------------------------------------------------------------------------ */

struct sections {
	struct po_kernel *k;
	struct po_memory *mem;
	uint64_t nr;			/* sections up to max_pfn */
	uint64_t roots;			/* kva of the array of pointers, or 0 */
	uint64_t flat;			/* kva of the array of structs, or 0 */
	uint64_t per_root;
	uint64_t size;			/* of struct mem_section */
	uint8_t *buf;			/* per_root structs */
};

/*
 * PFN bits of a section, best source first.  Without the number in VMCOREINFO (before commit
 * 4f5aecdff25f, 5.13) and without a subsection map of more than one word, only the machine tells.
 */
static int section_shift(const struct po_kernel *k, unsigned *ret, struct pageowner_error *err)
{
	int64_t bits = 0;

	if (!po_vmcoreinfo_number(k->note, "NUMBER(SECTION_SIZE_BITS)", &bits)) {
		if (k->machine != 62 /* EM_X86_64 */)
			return po_fail(err, PAGEOWNER_EUNSUPP,
				       "size of a memory section: not told by VMCOREINFO");
		bits = 27;
	}
	if (bits <= (int64_t)k->page_shift || bits > 40)
		return po_fail(err, PAGEOWNER_ECORRUPT, "sections of 2^%lld bytes", (long long)bits);
	*ret = (unsigned)bits - k->page_shift;
	return PAGEOWNER_OK;
}

/* mem_section is an array of pointers, a pointer to one (commit 83e3c48729d9, 4.15), or an array. */
static int find_sections(struct sections *s, struct pageowner_error *err)
{
	const struct po_layout *l = &s->k->l;
	uint64_t at = PO_SYM(l, mem_section);

	if (!at || !PO_HAS_VAR(l, mem_section) || !PO_HAS(l, mem_section, section_mem_map) ||
	    !PO_HAS(l, mem_section, page_ext))
		return po_fail(err, PAGEOWNER_EUNSUPP,
			       "memory model: neither mem_section nor a flat map is known");
	const struct po_type_info *type = PO_VAR(l, mem_section);
	s->size = PO_SIZE(l, mem_section);
	if (s->size == 0 || s->size > po_kernel_page_size(s->k))
		return po_fail(err, PAGEOWNER_ENOTYPE, "struct mem_section of %" PRIu64 " bytes",
			       s->size);
	s->per_root = po_kernel_page_size(s->k) / s->size;
	if (type->kind == PO_KIND_ARRAY && type->elem_kind == PO_KIND_STRUCT) {
		s->flat = at;
		s->k->map.model = "SPARSEMEM, static";
		if (s->nr > type->nr_elems)
			s->nr = type->nr_elems;
		return PAGEOWNER_OK;
	}
	s->k->map.model = "SPARSEMEM, extreme";
	s->roots = at;
	if (type->kind == PO_KIND_POINTER)
		return po_memory_read_ptr(s->mem, at, &s->roots, err);
	return PAGEOWNER_OK;
}

/* Subsections of a section that was plugged in later, and the pageblock bitmap comes with pageblock.c. */
static int read_subsections(const struct sections *s, struct po_chunk *c)
{
	const struct po_layout *l = &s->k->l;

	if (c->early || !c->usage || !PO_HAS(l, mem_section_usage, subsection_map))
		return PAGEOWNER_OK;
	const struct po_member *m = PO_AT(l, mem_section_usage, subsection_map);
	size_t longs = (size_t)(m->type.size / s->k->abi.ptr_size);
	uint64_t v;

	c->subsections = calloc(longs + 1, sizeof(*c->subsections));
	for (size_t i = 0; c->subsections && i < longs; i++) {
		if (po_memory_read_ptr(s->mem, c->usage + m->offset + i * s->k->abi.ptr_size, &v,
				       NULL) < 0)
			continue;
		size_t bit = i * s->k->abi.ptr_size * 8;
		c->subsections[bit / 64] |= v << bit % 64;
	}
	return c->subsections ? PAGEOWNER_OK : PAGEOWNER_ENOMEM;
}

static int add_section(const struct sections *s, uint64_t nr, const uint8_t *raw,
		       struct pageowner_error *err)
{
	const struct po_layout *l = &s->k->l;
	struct po_memmap *map = &s->k->map;
	uint64_t coded = po_member_load(&s->k->abi, PO_AT(l, mem_section, section_mem_map), raw);
	uint64_t ext = po_member_load(&s->k->abi, PO_AT(l, mem_section, page_ext), raw);
	uint64_t pfn = nr << map->section_shift;

	if (!(coded & SECTION_HAS_MEM_MAP))
		return PAGEOWNER_OK;
	struct po_chunk c = {
		.pfn = pfn,
		.nr = (uint64_t)1 << map->section_shift,
		/* both pointers are biased: they would be those of PFN 0 */
		.mem_map = po_wrap(&s->k->abi, (coded & ~(uint64_t)SECTION_FLAGS) + pfn * map->page_size),
		.early = !PO_HAS(l, mem_section_usage, subsection_map) || (coded & SECTION_IS_EARLY),
	};
	if (ext && !(ext & PAGE_EXT_INVALID))
		c.page_ext = po_wrap(&s->k->abi, ext + pfn * s->k->ext_stride);
	if (PO_HAS(l, mem_section, usage))
		c.usage = po_member_load(&s->k->abi, PO_AT(l, mem_section, usage), raw);
	else if (PO_HAS(l, mem_section, pageblock_flags))
		c.usage = po_member_load(&s->k->abi, PO_AT(l, mem_section, pageblock_flags), raw);

	if (map->nr % 64 == 0) {
		struct po_chunk *grown = realloc(map->chunk, (map->nr + 64) * sizeof(*grown));
		if (!grown)
			return po_fail_nomem(err, "memory sections");
		map->chunk = grown;
	}
	if (read_subsections(s, &c) < 0)
		return po_fail_nomem(err, "memory sections");
	map->chunk[map->nr++] = c;
	return PAGEOWNER_OK;
}

/* The sections of one root; missing ones are counted, the rest goes on. */
static int read_root(struct sections *s, uint64_t root, struct pageowner_error *err)
{
	struct po_memmap *map = &s->k->map;
	uint64_t at = s->flat + root * s->per_root * s->size, first = root * s->per_root;
	uint64_t nr = s->nr - first < s->per_root ? s->nr - first : s->per_root;
	struct po_gaps gaps;

	if (s->roots) {
		int rc = po_memory_read_ptr(s->mem, s->roots + root * s->k->abi.ptr_size, &at, err);
		if (rc == PAGEOWNER_OK && !at)
			return PAGEOWNER_OK;
		if (rc < 0) {	/* which of them exist is not known: one is as good as named */
			map->lost_pfns += nr << map->section_shift;
			return PAGEOWNER_OK;
		}
	}
	po_memory_read_sparse(s->mem, at, s->buf, nr * s->size, &gaps);
	for (uint64_t i = 0; i < nr; i++) {
		const struct po_gap *gap = po_gaps_touch(&gaps, i * s->size, (i + 1) * s->size);
		if (gap) {
			map->lost_pfns += (uint64_t)1 << map->section_shift;
			map->lost_paddr = gap->paddr;
			continue;
		}
		int rc = add_section(s, first + i, s->buf + i * s->size, err);
		if (rc < 0)
			return rc;
	}
	return PAGEOWNER_OK;
}

int po_memmap_open(struct po_kernel *k, struct po_memory *mem, struct pageowner_error *err)
{
	struct sections s = { .k = k, .mem = mem };
	int rc = section_shift(k, &k->map.section_shift, err);

	if (rc < 0)
		return rc;
	k->map.page_size = PO_SIZE(&k->l, page);
	if (k->map.page_size < 16 || k->map.page_size > 256)
		return po_fail(err, PAGEOWNER_ENOTYPE, "struct page of %" PRIu64 " bytes",
			       k->map.page_size);
	s.nr = ((k->max_pfn - 1) >> k->map.section_shift) + 1;
	if (s.nr > MAX_SECTIONS)
		return po_fail(err, PAGEOWNER_ECORRUPT, "max_pfn is 0x%" PRIx64, k->max_pfn);
	rc = find_sections(&s, err);
	if (rc < 0)
		return po_within(err, rc, "mem_section");
	_cleanup_(po_freep) uint8_t *buf = malloc(s.per_root * s.size);
	if (!buf)
		return po_fail_nomem(err, "memory sections");
	s.buf = buf;
	for (uint64_t root = 0; root * s.per_root < s.nr && rc == PAGEOWNER_OK; root++)
		rc = read_root(&s, root, err);
	if (rc == PAGEOWNER_OK && k->map.nr == 0)
		return po_fail(err, PAGEOWNER_ENODATA, "mem_section: no section of memory is readable");
	return rc;
}
