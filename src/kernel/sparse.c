/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * SPARSEMEM: the coded section_mem_map and the biased page_ext pointer of each section lead to the
 * structures without knowing vmemmap's or the direct map's base, which KASLR moves.
 */
#include <elf.h>
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
#define MAX_SECTIONS		(1u << 22)

struct sections {
	struct po_kernel *k;
	struct po_memory *mem;
	uint64_t nr;			/* sections up to max_pfn */
	uint64_t roots;			/* kva of the array of pointers, or 0 */
	uint64_t flat;			/* kva of the array of structs, or 0 */
	uint64_t nr_static;		/* its length */
	uint64_t per_root;
	uint64_t size;			/* of struct mem_section */
	uint8_t *buf;			/* per_root structs */
};

/* mem_section is an array of pointers, a pointer to one (commit 83e3c48729d9, 4.15), or an array. */
static int find_sections(struct sections *s, struct pageowner_error *err)
{
	const struct po_layout *l = &s->k->l;
	uint64_t at = PO_SYM(l, mem_section);

	if (!PO_HAS_VAR(l, mem_section) || !PO_HAS(l, mem_section, section_mem_map) ||
	    (s->k->ext.stride && !PO_HAS(l, mem_section, page_ext)))
		return po_fail(err, PAGEOWNER_ENOTYPE, "type information lacks mem_section");
	const struct po_type_info *type = PO_VAR(l, mem_section);
	s->size = PO_SIZE(l, mem_section);
	if (s->size == 0 || s->size > po_kernel_page_size(s->k))
		return po_fail(err, PAGEOWNER_ENOTYPE, "struct mem_section of %" PRIu64 " bytes",
			       s->size);
	s->per_root = po_kernel_page_size(s->k) / s->size;
	if (type->kind == PO_KIND_ARRAY && type->elem_kind == PO_KIND_STRUCT) {
		s->flat = at;
		s->k->map.model = "SPARSEMEM, static";
		s->nr_static = type->nr_elems;
		s->per_root = type->nr_elems;
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
	uint64_t ext = s->k->ext.stride ? po_member_load(&s->k->abi, PO_AT(l, mem_section, page_ext), raw) : 0;
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
		c.page_ext = po_wrap(&s->k->abi, ext + pfn * s->k->ext.stride);
	if (PO_HAS(l, mem_section, usage))
		c.usage = po_member_load(&s->k->abi, PO_AT(l, mem_section, usage), raw);
	else if (PO_HAS(l, mem_section, pageblock_flags))
		c.usage = po_member_load(&s->k->abi, PO_AT(l, mem_section, pageblock_flags), raw);

	struct po_chunk *added = po_memmap_add(map);
	if (!added || read_subsections(s, &c) < 0)
		return po_fail_nomem(err, "memory sections");
	*added = c;
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
			(void)po_memory_translate(s->mem, s->roots + root * s->k->abi.ptr_size,
						  &map->lost_paddr, NULL);
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

/* --- how large a section is ---------------------------------------------------------------------- */

/* Whether a section of a static table is there. */
static bool static_is_present(const struct sections *s, uint64_t nr)
{
	uint64_t coded;

	return po_memory_read_ptr(s->mem, s->flat + nr * s->size +
						 PO_OFFSET(&s->k->l, mem_section, section_mem_map),
				  &coded, NULL) == PAGEOWNER_OK && (coded & SECTION_HAS_MEM_MAP);
}

/*
 * Whether sections of that size make sense: the last page frame lies in one that is there.  In a static table it
 * also is the last one: if half the size were true, twice as many would be there.
 */
static bool last_is_present(const struct sections *s, unsigned shift)
{
	const struct po_layout *l = &s->k->l;
	uint64_t nr = (s->k->max_pfn - 1) >> shift, at = s->flat, coded;

	if (s->flat && nr >= s->nr_static)
		return false;
	for (uint64_t above = nr + 1; s->flat && above < s->nr_static; above++)
		if (static_is_present(s, above))
			return false;
	if (s->roots && (po_memory_read_ptr(s->mem, s->roots + nr / s->per_root * s->k->abi.ptr_size, &at,
					    NULL) < 0 || !at))
		return false;
	at += nr % s->per_root * s->size + PO_OFFSET(l, mem_section, section_mem_map);
	return po_memory_read_ptr(s->mem, at, &coded, NULL) == PAGEOWNER_OK &&
	       (coded & SECTION_HAS_MEM_MAP);
}

/*
 * Bits of an address within a section: in VMCOREINFO since commit 4f5aecdff25f (5.13); before, only the machine
 * tells, and of what it may be the first that fits the data.  A static table tells by its length: what is left of
 * the 36 (PAE, arm) or 32 bits of a physical address.
 */
static int section_shift(const struct sections *s, unsigned *ret, struct pageowner_error *err)
{
	static const struct {
		unsigned machine, bits[4];
	} usual[] = {
		{ EM_X86_64, { 27 } },
		{ EM_AARCH64, { 27, 30, 29 } },	/* 30 until 5.11; 29 with pages of 64 KiB */
		{ EM_386, { 29, 26 } },
		{ EM_ARM, { 28, 29, 27, 26 } },
	};
	const struct po_kernel *k = s->k;
	int64_t told;

	if (po_vmcoreinfo_number(k->note, "NUMBER(SECTION_SIZE_BITS)", &told)) {
		if (told <= (int64_t)k->page_shift || told > 40)
			return po_fail(err, PAGEOWNER_ECORRUPT, "sections of 2^%lld bytes", (long long)told);
		*ret = (unsigned)told - k->page_shift;
		return PAGEOWNER_OK;
	}
	for (size_t i = 0; i < sizeof(usual) / sizeof(*usual); i++)
		for (size_t b = 0; usual[i].machine == k->machine && b < 4 && usual[i].bits[b]; b++) {
			if (k->machine == EM_386 && s->nr_static && usual[i].bits[b] != (s->nr_static == 64 ? 26 : 29))
				continue;
			*ret = usual[i].bits[b] - k->page_shift;
			if (last_is_present(s, *ret))
				return PAGEOWNER_OK;
		}
	return po_fail(err, PAGEOWNER_EUNSUPP,
		       "size of a memory section: VMCOREINFO does not tell, and no usual size fits");
}

int po_sparse_open(struct po_kernel *k, struct po_memory *mem, struct pageowner_error *err)
{
	struct sections s = { .k = k, .mem = mem };
	int rc = find_sections(&s, err);

	if (rc == PAGEOWNER_OK)
		rc = section_shift(&s, &k->map.section_shift, err);
	if (rc < 0)
		return po_within(err, rc, "mem_section");
	s.nr = ((k->max_pfn - 1) >> k->map.section_shift) + 1;
	if (s.flat && s.nr > s.nr_static)
		s.nr = s.nr_static;
	if (s.nr > MAX_SECTIONS)
		return po_fail(err, PAGEOWNER_ECORRUPT, "max_pfn is 0x%" PRIx64, k->max_pfn);
	_cleanup_(po_freep) uint8_t *buf = malloc(s.per_root * s.size);
	if (!buf)
		return po_fail_nomem(err, "memory sections");
	s.buf = buf;
	for (uint64_t root = 0; root * s.per_root < s.nr && rc == PAGEOWNER_OK; root++)
		rc = read_root(&s, root, err);
	return rc;
}
