/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/smaps.h"

#include <elf.h>
#include <inttypes.h>

#include "base/status.h"
#include "kernel/vma.h"

#define MAPPING_ANON	1u	/* bits of page->mapping */
#define MAPPING_KSM	3u
#define LAST_TYPE	31u	/* of swap entries: since 5.19 marks of userfaultfd and others, without a page */

struct walk {
	struct po_smaps_reader *r;
	const struct po_vma *vma;
	struct po_smaps *s;
	const struct po_xlat *xlat;
	bool holes;		/* what is not in the tables may be in swap: private pages of a tmpfs file */
	uint64_t mapping;	/* of that file */
	uint64_t next;		/* the first address that is not accounted for */
	struct pageowner_error *err;
};

/* A page, and the head of the compound page it is in. */
struct page {
	uint64_t pfn, head;
	bool large, anon, swapbacked, dirty, ksm;
	uint64_t flags;		/* of the head */
	int64_t refcount;
};

/* --- struct pages -------------------------------------------------------------------------------- */

static uint64_t number(const struct po_kernel *k, const uint8_t *raw, const struct po_member *m)
{
	return po_load(&k->abi, raw + m->offset, m->size);
}

/* A 32-bit counter of a folio that lies in one of its tails. */
static bool folio_counter(struct po_smaps_reader *r, uint64_t head, const struct po_member *m, int64_t *ret)
{
	uint64_t size = r->k->map.page_size;
	const uint8_t *raw = po_frames_at(r->frames, head + m->offset / size);

	if (!raw)
		return false;
	*ret = (int32_t)po_load(&r->k->abi, raw + m->offset % size, 4);
	return true;
}

static bool get_page(struct po_smaps_reader *r, uint64_t pfn, struct page *ret)
{
	const struct po_layout *l = &r->k->l;
	const struct po_member *count = PO_HAS(l, page, refcount) ? PO_AT(l, page, refcount) : PO_AT(l, page, count);
	const uint8_t *raw;

	*ret = (struct page){ .pfn = pfn };
	if (!po_frames_head(r->frames, pfn, &ret->head) || !(raw = po_frames_at(r->frames, ret->head)))
		return false;
	uint64_t mapping = number(r->k, raw, PO_AT(l, page, mapping));
	ret->flags = po_page_flags(r->k, raw);
	ret->large = ret->head != pfn || (ret->flags & r->head);
	ret->anon = mapping & MAPPING_ANON;
	ret->ksm = (mapping & MAPPING_KSM) == MAPPING_KSM;
	ret->swapbacked = ret->flags & r->swapbacked;
	ret->dirty = ret->flags & r->dirty;
	ret->refcount = (int32_t)po_load(&r->k->abi, raw + count->offset, 4);
	return true;
}

/* folio_test_young(): page_ext has the bit where the flags have no room. */
static bool is_idle_young(struct po_smaps_reader *r, const struct page *p)
{
	const struct po_layout *l = &r->k->l;
	const struct po_chunk *c;
	uint64_t flags;

	if (r->young)
		return p->flags & r->young;
	if (!PO_HAS_ENUM(l, PAGE_EXT_YOUNG) || !(c = po_memmap_chunk(&r->k->map, p->head, false)) || !c->page_ext)
		return false;
	return po_memory_read_ptr(r->mem, c->page_ext + (p->head - c->pfn) * r->k->ext.stride +
					  PO_OFFSET(l, page_ext, flags), &flags, NULL) == PAGEOWNER_OK &&
	       (flags >> (PO_ENUM(l, PAGE_EXT_YOUNG) & 63) & 1);
}

/* page_mapcount() of the releases until 6.1: the first tail has the count of the whole. */
static int64_t old_compound(struct po_smaps_reader *r, const struct page *p, int64_t count)
{
	const struct po_layout *l = &r->k->l;
	const uint8_t *tail = po_frames_at(r->frames, p->head + 1);

	if (!p->anon || !tail || !PO_HAS(l, page, compound_mapcount))
		return count;
	count += (int32_t)po_load(&r->k->abi, tail + PO_OFFSET(l, page, compound_mapcount), 4) + 1;
	return count - (PO_HAS_ENUM(l, PG_double_map) &&
			(po_page_flags(r->k, tail) >> (PO_ENUM(l, PG_double_map) & 63) & 1));
}

/*
 * Without counts of each page (CONFIG_NO_PAGE_MAPCOUNT, 6.15) their average, and whether more than one process has
 * mapped the whole.
 */
static int64_t average(struct po_smaps_reader *r, const struct page *p, int64_t entire, bool *ret_shared)
{
	const struct po_layout *l = &r->k->l;
	int64_t all, order, avg;
	uint64_t ids;

	if (!PO_HAS(l, folio, _large_mapcount) || !PO_HAS(l, folio, _mm_ids) || !PO_HAS(l, folio, _flags_1) ||
	    !folio_counter(r, p->head, PO_AT(l, folio, _large_mapcount), &all) ||
	    !folio_counter(r, p->head, PO_AT(l, folio, _flags_1), &order))
		return 1;
	const struct po_member *m = PO_AT(l, folio, _mm_ids);
	const uint8_t *raw = po_frames_at(r->frames, p->head + m->offset / r->k->map.page_size);
	ids = raw ? po_load_ptr(&r->k->abi, raw + m->offset % r->k->map.page_size) : 0;
	all++;		/* as all of them it starts at -1 */
	order &= 31;
	*ret_shared = all > 1 && ids >> (r->k->abi.ptr_size * 8 - 1);
	if (all <= entire)
		return entire;
	avg = ((all - entire + ((int64_t)1 << order) / 2) >> order) + entire;
	return avg > 0 ? avg : 1;
}

/* How many entries of page tables lead to the page. */
static int64_t mapcount(struct po_smaps_reader *r, const struct page *p, uint64_t pfn, bool *ret_shared)
{
	const struct po_layout *l = &r->k->l;
	const uint8_t *raw = po_frames_at(r->frames, pfn);
	int64_t count, entire = -1;

	*ret_shared = false;
	if (!raw)
		return 1;
	count = (int32_t)po_load(&r->k->abi, raw + PO_OFFSET(l, page, mapcount), 4) + 1;
	if (p->large && !PO_HAS(l, folio, _entire_mapcount)) {
		count = old_compound(r, p, count);
	} else if (p->large && folio_counter(r, p->head, PO_AT(l, folio, _entire_mapcount), &entire)) {
		count = (count > 0 ? count : 0) + entire + 1;
		if (count == 0)	/* but it is mapped: its own counts are not kept */
			return average(r, p, entire + 1, ret_shared);
	}
	*ret_shared = count >= 2;
	return count;
}

/* --- adding up ----------------------------------------------------------------------------------- */

static void accumulate(struct walk *w, const struct page *p, uint64_t size, uint64_t pss, bool dirty, bool private)
{
	struct po_smaps *s = w->s;

	s->pss += pss;
	*(p->anon ? &s->pss_anon : p->swapbacked ? &s->pss_shmem : &s->pss_file) += pss;
	if (w->vma->flags & PO_VM_LOCKED)
		s->pss_locked += pss;
	if (dirty || p->dirty) {
		s->pss_dirty += pss;
		*(private ? &s->private_dirty : &s->shared_dirty) += size;
	} else {
		*(private ? &s->private_clean : &s->shared_clean) += size;
	}
}

enum sharing { COUNTED, ALONE, UNKNOWN };	/* by the counts; one entry's; nobody knows how often */

static void account(struct walk *w, const struct page *p, const struct po_pte *pte, enum sharing how)
{
	struct po_smaps_reader *r = w->r;
	uint64_t page = po_kernel_page_size(r->k), nr = pte->size / page;
	struct po_smaps *s = w->s;
	bool shared;

	if (p->anon) {
		s->anonymous += pte->size;
		s->lazyfree += !p->swapbacked && !pte->dirty && !p->dirty ? pte->size : 0;
	}
	s->ksm += p->ksm ? pte->size : 0;
	s->resident += pte->size;
	if (pte->young || (p->flags & r->referenced) || is_idle_young(r, p))
		s->referenced += pte->size;
	if (p->refcount == 1 || how != COUNTED) {
		uint64_t pss = pte->size << PO_PSS_SHIFT;
		/* an unsigned long in the kernel: of a huge page nothing is left of it in 32 bits */
		accumulate(w, p, pte->size, r->as_printed ? po_wrap(&r->k->abi, pss) : pss, pte->dirty, how != UNKNOWN);
		return;
	}
	for (uint64_t i = 0; i < nr; i++) {
		int64_t count = mapcount(r, p, p->pfn + i, &shared);
		uint64_t pss = page << PO_PSS_SHIFT;

		accumulate(w, p, page, count >= 2 ? pss / (uint64_t)count : pss, pte->dirty, !shared);
	}
}

static void count_hugetlb(struct walk *w, const struct page *p, const struct po_pte *pte, enum sharing how)
{
	bool shared = how == UNKNOWN;
	int64_t count = 0;

	if (!shared && PO_HAS(&w->r->k->l, folio, _entire_mapcount))
		shared = folio_counter(w->r, p->head, PO_AT(&w->r->k->l, folio, _entire_mapcount), &count) && count >= 1;
	else if (!shared) {
		struct page head = *p;
		head.anon = true;	/* of huge pages the count of the whole tells, in files too */
		shared = old_compound(w->r, &head, 0) >= 2;
	}
	*(shared ? &w->s->shared_hugetlb : &w->s->private_hugetlb) += pte->size;
}

static void count_page(struct walk *w, uint64_t pfn, const struct po_pte *pte, enum sharing how)
{
	struct page p;

	if (!get_page(w->r, pfn, &p)) {
		w->s->lost_pages += pte->size >> w->r->k->page_shift;
		return;
	}
	if (w->vma->flags & PO_VM_HUGETLB) {
		count_hugetlb(w, &p, pte, how);
		return;
	}
	if (pte->size > po_kernel_page_size(w->r->k))
		*(p.anon ? &w->s->anonymous_thp : p.swapbacked ? &w->s->shmem_thp : &w->s->file_thp) += pte->size;
	account(w, &p, pte, how);
}

/* --- entries ------------------------------------------------------------------------------------- */

/* vm_normal_page() */
static bool is_normal(const struct walk *w, const struct po_pte *pte)
{
	const struct po_smaps_reader *r = w->r;
	uint64_t pfn = pte->paddr >> r->k->page_shift;

	if (pte->special || pfn == r->zero_pfn || pfn == r->huge_zero_pfn || pfn >= r->k->max_pfn)
		return false;
	return !(w->vma->flags & PO_VM_MIXEDMAP) || po_pfn_valid(r->k, pfn);
}

static int count_swap(struct walk *w, const struct po_pte *pte)
{
	struct po_smaps_reader *r = w->r;
	uint64_t count;
	int rc = po_swap_count(&r->swap, r->k, r->mem, pte->type, pte->offset, &count, w->err);

	w->s->swap += pte->size;
	w->s->swap_pss += (pte->size << PO_PSS_SHIFT) / (rc == 1 && count >= 2 ? count : 1);
	w->s->lost_swap += rc != 1;
	return PAGEOWNER_OK;
}

/* A page that moves, or has left for a device, or is broken: in the form of a swap entry. */
static void count_other(struct walk *w, const struct po_pte *pte)
{
	const struct po_smaps_reader *r = w->r;
	const struct po_layout *l = &r->k->l;
	bool marks = PO_HAS_ENUM(l, PG_anon_exclusive), broken = PO_HAS_ENUM(l, PG_hwpoison);
	unsigned which = pte->type - r->swap.first_other, moving = marks ? 3 : 2;
	uint64_t mask = 1;
	enum sharing how = r->split_pfns ? UNKNOWN : COUNTED;

	if (pte->type < r->swap.first_other || (marks && pte->type == LAST_TYPE))
		return;
	if (broken && which == 0 && !marks)
		return;		/* not looked at until 6.1 */
	if (which >= broken && which - broken < moving)
		how = r->split_pfns ? UNKNOWN : ALONE;
	else if (which >= broken + moving && which < broken + moving + 2)
		how = COUNTED;
	while (mask < r->k->max_pfn)
		mask <<= 1;
	uint64_t pfn = pte->offset & (mask - 1);	/* above it there may be bits of the entry that was */
	if (pfn < r->k->max_pfn)
		count_page(w, pfn, pte, how);
}

/* The part of a private mapping of a tmpfs file that no table entry stands for. */
static int count_hole(struct walk *w, uint64_t end)
{
	unsigned shift = w->r->k->page_shift;
	uint64_t from = (w->next - w->vma->start) >> shift, to = (end - w->vma->start) >> shift, nr;
	int rc = PAGEOWNER_OK;

	if (w->holes && from < to) {
		rc = po_swap_of_mapping(w->r->k, w->r->mem, w->mapping, w->vma->pgoff + from, w->vma->pgoff + to, &nr,
					w->err);
		w->s->swap += nr << shift;
	}
	return rc;
}

static int on_entry(void *arg, const struct po_pte *pte)
{
	struct walk *w = arg;
	int rc = count_hole(w, pte->va > w->next ? pte->va : w->next);

	w->next = pte->va + pte->size;
	if (rc < 0)
		return rc;
	if (pte->present && is_normal(w, pte))
		count_page(w, pte->paddr >> w->r->k->page_shift, pte, COUNTED);
	else if (!pte->present && pte->type < w->r->swap.nr && !(w->vma->flags & PO_VM_HUGETLB))
		return count_swap(w, pte);
	else if (!pte->present)
		count_other(w, pte);
	return PAGEOWNER_OK;
}

/* --- areas --------------------------------------------------------------------------------------- */

/*
 * Of a tmpfs file what is in swap is known by its own count, or by its tree; where pages may have been copied, only the
 * holes in the page tables count.
 */
static int look_at_file(struct walk *w)
{
	struct po_smaps_reader *r = w->r;
	const struct po_layout *l = &r->k->l;
	const struct po_vma *v = w->vma;
	uint64_t aops, inode, swapped, size, nr;

	w->holes = false;
	w->next = v->start;
	if (!v->file || !PO_HAS_SYM(l, shmem_aops) || !PO_HAS(l, file, f_mapping) || !PO_HAS(l, address_space, a_ops) ||
	    !PO_HAS(l, address_space, host) || !PO_HAS(l, shmem_inode_info, swapped) ||
	    !PO_HAS(l, shmem_inode_info, vfs_inode) || !PO_HAS(l, inode, i_size))
		return PAGEOWNER_OK;
	int rc = po_memory_read_ptr(r->mem, v->file + PO_OFFSET(l, file, f_mapping), &w->mapping, w->err);
	if (rc == PAGEOWNER_OK)
		rc = po_memory_read_ptr(r->mem, w->mapping + PO_OFFSET(l, address_space, a_ops), &aops, w->err);
	if (rc < 0 || aops != PO_SYM(l, shmem_aops))
		return rc;
	rc = po_memory_read_ptr(r->mem, w->mapping + PO_OFFSET(l, address_space, host), &inode, w->err);
	if (rc == PAGEOWNER_OK)
		rc = po_memory_read_ptr(r->mem, inode - PO_OFFSET(l, shmem_inode_info, vfs_inode) +
						PO_OFFSET(l, shmem_inode_info, swapped), &swapped, w->err);
	if (rc == PAGEOWNER_OK)
		rc = po_memory_read_uint(r->mem, inode + PO_OFFSET(l, inode, i_size), 8, &size, w->err);
	if (rc < 0 || !swapped)
		return rc;
	if (!(v->flags & PO_VM_SHARED) && (v->flags & PO_VM_WRITE)) {
		w->holes = true;
		return rc;
	}
	if (v->pgoff == 0 && v->end - v->start >= size)
		nr = swapped;
	else
		rc = po_swap_of_mapping(r->k, r->mem, w->mapping, v->pgoff,
					v->pgoff + ((v->end - v->start) >> r->k->page_shift), &nr, w->err);
	w->s->swap += nr << r->k->page_shift;
	return rc;
}

static int on_area(void *arg, const struct po_vma *vma)
{
	struct walk *w = arg;
	struct po_smaps_reader *r = w->r;

	if (!w->s->end)
		w->s->start = vma->start;
	w->s->end = vma->end;
	w->vma = vma;
	int rc = look_at_file(w);
	if (rc < 0)
		return rc;
	r->tables_left += 2 * w->xlat->ops->levels;	/* those that it shares with its neighbours */
	/* struct pages behind a VM_PFNMAP area are none of its own, and not looked at */
	if (!(vma->flags & PO_VM_PFNMAP))
		rc = po_ptes_walk(w->xlat, &r->rules, r->mem, vma->start, vma->end, &r->tables_left, on_entry, w,
				  &w->s->lost_tables, w->err);
	return rc < 0 ? rc : count_hole(w, vma->end);
}

int po_smaps_read(struct po_smaps_reader *r, uint64_t mm, struct po_smaps *ret, struct pageowner_error *err)
{
	const struct po_xlat *kernel = po_memory_xlat(r->mem);
	struct po_xlat user = *kernel;
	struct walk w = { .r = r, .s = ret, .xlat = &user, .err = err };
	uint64_t pgd;

	*ret = (struct po_smaps){ .start = 0 };
	user.lower_half = true;
	int rc = po_memory_read_ptr(r->mem, mm + PO_OFFSET(&r->k->l, mm_struct, pgd), &pgd, err);
	if (rc == PAGEOWNER_OK)
		rc = po_memory_translate(r->mem, pgd, &user.root, err);
	if (rc < 0)
		return po_within(err, rc, "mm_struct at 0x%" PRIx64, mm);
	return po_vmas_each(r->k, r->mem, mm, on_area, &w, err);
}

/* --- the kernel ---------------------------------------------------------------------------------- */

/*
 * Where a release changed an entry's bits without a trace in types, one of the same release stands for it: 6.6 did away
 * with compound_dtor and made x86's second dirty bit; 6.11 made an enumeration of page types, and moved arm64's bits;
 * vma flags got other names in 6.3, with arm's bit of exclusive entries; PG_anon_exclusive came with arm64's in 5.19.
 */
static void find_rules(struct po_smaps_reader *r)
{
	const struct po_layout *l = &r->k->l;
	bool from_5_19 = PO_HAS_ENUM(l, PG_anon_exclusive);
	bool from_6_3 = PO_HAS(l, vm_area_struct, __vm_flags) || PO_HAS(l, vm_area_struct, flags);
	bool from_6_6 = from_6_3 && !PO_HAS(l, page, compound_dtor) && !PO_HAS(l, folio, _folio_dtor);
	bool from_6_11 = PO_HAS_ENUM(l, PG_buddy) || PO_HAS_ENUM(l, PGTY_buddy);
	struct po_pte_rules *rules = &r->rules;

	r->split_pfns = from_6_11;
	rules->saved_dirty = !from_6_6 ? 0 : r->k->machine == EM_X86_64 ? 58 : 10;
	if (r->k->machine == EM_ARM) {
		*rules = (struct po_pte_rules){ .type_shift = 2, .type_bits = 5, .offset_shift = from_6_3 ? 8 : 7 };
	} else if (from_6_11) {
		*rules = (struct po_pte_rules){ rules->saved_dirty, (uint64_t)1 << 11, 6, 5, 12 };
	} else {
		*rules = (struct po_pte_rules){ rules->saved_dirty, (uint64_t)3 << 58, from_5_19 ? 3 : 2,
						from_5_19 ? 5 : 6, 8 };
	}
}

static uint64_t flag(const struct po_layout *l, unsigned id)
{
	int64_t bit = l->enumerator[id].value;

	return l->enumerator[id].have && bit >= 0 && bit < 64 ? (uint64_t)1 << bit : 0;
}

static void find_zero_pages(struct po_smaps_reader *r)
{
	const struct po_layout *l = &r->k->l;
	unsigned zero = PO_HAS_SYM(l, zero_pfn) ? PO_S_zero_pfn : PO_S_zero_page_pfn;
	unsigned huge = PO_HAS_SYM(l, huge_zero_folio) ? PO_S_huge_zero_folio : PO_S_huge_zero_page;
	uint64_t page;

	r->zero_pfn = r->huge_zero_pfn = UINT64_MAX;
	if (l->symbol[zero].have && po_kernel_read_variable(r->k, r->mem, zero, &r->zero_pfn, NULL) < 0)
		r->zero_pfn = UINT64_MAX;
	if (l->symbol[huge].have && po_kernel_read_variable(r->k, r->mem, huge, &page, NULL) == PAGEOWNER_OK && page &&
	    !po_memmap_pfn_of(&r->k->map, page, &r->huge_zero_pfn))
		r->huge_zero_pfn = UINT64_MAX;
}

int po_smaps_open(struct po_smaps_reader *r, const struct po_kernel *k, struct po_memory *mem, bool as_printed,
		  struct pageowner_error *err)
{
	const struct po_layout *l = &k->l;

	*r = (struct po_smaps_reader){ .k = k, .mem = mem, .as_printed = as_printed, .tables_left = 4 * k->max_pfn };
	if (!po_memory_xlat(mem))
		return po_fail(err, PAGEOWNER_EUNSUPP, "which page tables this machine has is not known");
	if (!PO_HAS(l, mm_struct, pgd) || !PO_HAS(l, page, mapping) ||
	    !(PO_HAS(l, page, refcount) || PO_HAS(l, page, count)) || !PO_HAS_ENUM(l, PG_dirty) ||
	    !PO_HAS_ENUM(l, PG_swapbacked) || !PO_HAS_ENUM(l, PG_referenced))
		return po_fail(err, PAGEOWNER_ENOTYPE, "type information lacks mm_struct.pgd, or what a struct page tells");
	r->frames = po_frames_new(k, mem);
	if (!r->frames)
		return po_fail_nomem(err, "struct pages");
	r->referenced = flag(l, PO_E_PG_referenced);
	r->dirty = flag(l, PO_E_PG_dirty);
	r->swapbacked = flag(l, PO_E_PG_swapbacked);
	r->young = flag(l, PO_E_PG_young);
	r->head = flag(l, PO_E_PG_head);
	find_rules(r);
	find_zero_pages(r);
	po_swap_open(&r->swap, k, mem);
	return PAGEOWNER_OK;
}

void po_smaps_close(struct po_smaps_reader *r)
{
	po_frames_free(r->frames);
	r->frames = NULL;
}
