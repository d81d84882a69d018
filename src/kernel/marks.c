/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/marks.h"

#include <elf.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <pageowner/account.h>

#include "base/cleanup.h"
#include "base/status.h"
#include "kernel/pcp.h"
#include "kernel/percpu.h"
#include "kernel/threads.h"
#include "memory/tables.h"

#define MAX_UNIT	(1u << 30)	/* bytes of per-CPU memory of one processor in a chunk */
#define PAGES_AT_ONCE	512		/* pointers to struct pages */

/* Keep the story of what could not be read; there are few kinds of it. */
static void tell(struct po_marks *m, const struct pageowner_error *why)
{
	if (why->code != PAGEOWNER_OK && m->nr_flaws < PO_MARK_FLAWS && (m->flaw[m->nr_flaws] = strdup(why->text)))
		m->nr_flaws++;
}

static int set(struct po_marks *m, uint64_t pfn, enum po_mark mark)
{
	return pfn < m->k->max_pfn ? po_framemap_set(&m->map, pfn, (uint8_t)mark) : PAGEOWNER_OK;
}

/* Every page of [kva, kva + bytes) that is mapped. */
static int mark_kva(struct po_marks *m, uint64_t kva, uint64_t bytes, enum po_mark mark)
{
	uint64_t size = po_kernel_page_size(m->k), at = kva & ~(size - 1), paddr;
	int rc = PAGEOWNER_OK;

	for (uint64_t end = kva + bytes; at < end && rc == PAGEOWNER_OK; at += size)
		if (po_memory_translate(m->mem, po_wrap(&m->k->abi, at), &paddr, NULL) == PAGEOWNER_OK)
			rc = set(m, paddr >> m->k->page_shift, mark);
	return rc;
}

/* --- the memory map itself ----------------------------------------------------------------------- */

/*
 * arm gives the struct pages of pageblocks without memory back to the page allocator (free_unused_memmap()), those of the end
 * of a section among them.
 */
static int mark_struct_pages(struct po_marks *m, const struct po_chunk *c)
{
	const struct po_memmap *map = &m->k->map;
	const uint64_t block = (uint64_t)1 << m->k->pageblock.order, end = c->pfn + c->nr;
	int rc = PAGEOWNER_OK;

	for (uint64_t pfn = c->pfn, next; pfn < end && rc == PAGEOWNER_OK; pfn = next) {
		next = map->valid_by_block ? (pfn & ~(block - 1)) + block : end;
		next = next < end ? next : end;
		if (!map->valid_by_block || po_pfn_valid(m->k, pfn))
			rc = mark_kva(m, c->mem_map + (pfn - c->pfn) * map->page_size, (next - pfn) * map->page_size,
				      PO_MARK_MEMMAP);
	}
	return rc;
}

static int mark_memmap(struct po_marks *m)
{
	const struct po_memmap *map = &m->k->map;
	int rc = PAGEOWNER_OK;

	for (size_t i = 0; i < map->nr && rc == PAGEOWNER_OK; i++) {
		const struct po_chunk *c = &map->chunk[i];

		rc = mark_struct_pages(m, c);
		if (rc == PAGEOWNER_OK && c->page_ext)
			rc = mark_kva(m, c->page_ext, c->nr * m->k->ext.stride, PO_MARK_PAGE_EXT);
	}
	return rc;
}

/* --- what was kept out of the page allocator ----------------------------------------------------- */

static int keep(struct po_marks *m, uint64_t kva, uint64_t bytes, enum pageowner_row row)
{
	uint64_t paddr, size = po_kernel_page_size(m->k), end = kva + bytes;

	/* neighbours in the kernel's address space need not be neighbours in memory */
	for (uint64_t at = kva & ~(size - 1); at < end; at += size) {
		struct po_kept *last = m->nr_kept ? &m->kept[m->nr_kept - 1] : NULL;

		if (po_memory_translate(m->mem, po_wrap(&m->k->abi, at), &paddr, NULL) < 0)
			continue;
		paddr >>= m->k->page_shift;
		if (last && last->row == (int)row && last->pfn + last->nr == paddr) {
			last->nr++;
			continue;
		}
		if ((m->nr_kept & (m->nr_kept + 1)) == 0) {	/* full at 2^n - 1 */
			struct po_kept *grown = realloc(m->kept, (2 * m->nr_kept + 1) * sizeof(*grown));
			if (!grown)
				return PAGEOWNER_ENOMEM;
			m->kept = grown;
		}
		m->kept[m->nr_kept++] = (struct po_kept){ paddr, 1, (int)row };
	}
	return PAGEOWNER_OK;
}

static int by_pfn(const void *a, const void *b)
{
	const struct po_kept *x = a, *y = b;

	return x->pfn < y->pfn ? -1 : x->pfn > y->pfn;
}

static int keep_image(struct po_marks *m)
{
	uint64_t start = PO_SYM(&m->k->l, _text), end = PO_SYM(&m->k->l, _end);

	return start && end > start && end - start < MAX_UNIT ? keep(m, start, end - start, PAGEOWNER_ROW_IMAGE) :
								PAGEOWNER_OK;
}

/*
 * The first chunk of per-CPU memory: static variables and some room, which the first chunk proper describes (and the
 * reserved one before it).  Where the units are is what __per_cpu_offset[] says.
 */
static int keep_first_percpu(struct po_marks *m)
{
	const struct po_layout *l = &m->k->l;
	unsigned nr = po_cpus_max(m->k, m->mem);
	uint64_t base, chunk, dyn, pages, unit;
	struct pageowner_error why;
	int rc = PAGEOWNER_OK;

	if (!PO_HAS_SYM(l, pcpu_base_addr) || !PO_HAS_SYM(l, pcpu_first_chunk))
		return PAGEOWNER_OK;	/* without CONFIG_SMP some releases have none */
	if (!PO_HAS(l, pcpu_chunk, base_addr) || !PO_HAS(l, pcpu_chunk, nr_pages))
		rc = po_fail(&why, PAGEOWNER_ENOTYPE, "type information lacks struct pcpu_chunk");
	if (rc == PAGEOWNER_OK)
		rc = po_kernel_read_variable(m->k, m->mem, PO_S_pcpu_base_addr, &base, &why);
	if (rc == PAGEOWNER_OK)
		rc = po_kernel_read_variable(m->k, m->mem, PO_S_pcpu_first_chunk, &chunk, &why);
	if (rc == PAGEOWNER_OK)
		rc = po_memory_read_ptr(m->mem, chunk + PO_OFFSET(l, pcpu_chunk, base_addr), &dyn, &why);
	if (rc == PAGEOWNER_OK)
		rc = po_memory_read_uint(m->mem, chunk + PO_OFFSET(l, pcpu_chunk, nr_pages), 4, &pages, &why);
	if (rc == PAGEOWNER_OK && (dyn < base || dyn - base > MAX_UNIT || pages << m->k->page_shift > MAX_UNIT))
		rc = po_fail(&why, PAGEOWNER_ECORRUPT, "first chunk of %" PRIu64 " pages", pages);
	if (rc < 0) {
		(void)po_within(&why, rc, "per-CPU memory");
		tell(m, &why);
		return PAGEOWNER_OK;
	}
	for (unsigned i = 0; i < nr && rc == PAGEOWNER_OK; i++) {
		if (!po_cpu_is_possible(m->k, m->mem, i) ||
		    po_percpu_variable(m->k, m->mem, PO_S___per_cpu_start, i, &unit, NULL) < 0)
			continue;
		if (!PO_HAS_SYM(l, __per_cpu_offset))
			unit = base;
		rc = keep(m, unit, dyn - base + (pages << m->k->page_shift), PAGEOWNER_ROW_PERCPU);
	}
	return rc;
}

static int mark_kept(struct po_marks *m)
{
	int rc = keep_image(m);

	if (rc == PAGEOWNER_OK)
		rc = keep_first_percpu(m);
	if (m->nr_kept)
		qsort(m->kept, m->nr_kept, sizeof(*m->kept), by_pfn);
	return rc;
}

/* --- vmalloc ------------------------------------------------------------------------------------- */

/* From the address of a struct page: mostly in the chunk that the last one was in. */
static bool pfn_of(struct po_marks *m, uint64_t page, uint64_t *ret)
{
	const struct po_memmap *map = &m->k->map;

	for (size_t n = 0; n < map->nr; n++) {
		const struct po_chunk *c = &map->chunk[(m->chunk + n) % map->nr];
		uint64_t off = page - c->mem_map;

		if (off / map->page_size < c->nr && off % map->page_size == 0) {
			m->chunk = (m->chunk + n) % map->nr;
			*ret = c->pfn + off / map->page_size;
			return true;
		}
	}
	return false;
}

typedef int page_fn(struct po_marks *m, uint64_t pfn, void *arg);	/* nonzero ends the walk with that result */

/* The pages of an area, as far as the array of them can be read. */
static int each_page(struct po_marks *m, const struct po_vm_area *a, page_fn *fn, void *arg,
		     struct pageowner_error *flaw)
{
	size_t word = m->k->abi.ptr_size;
	uint8_t raw[PAGES_AT_ONCE * 8];
	uint64_t pfn;
	int rc = PAGEOWNER_OK;

	for (uint64_t i = 0; i < a->nr_pages && rc == PAGEOWNER_OK; i += PAGES_AT_ONCE) {
		size_t nr = a->nr_pages - i < PAGES_AT_ONCE ? (size_t)(a->nr_pages - i) : PAGES_AT_ONCE;

		if (po_memory_read(m->mem, a->pages + i * word, raw, nr * word, flaw) < 0)
			return PAGEOWNER_OK;
		for (size_t j = 0; j < nr && rc == PAGEOWNER_OK; j++)
			if (pfn_of(m, po_load_ptr(&m->k->abi, raw + j * word), &pfn))
				rc = fn(m, pfn, arg);
	}
	return rc;
}

static bool has_own_pages(const struct po_vm_area *a)
{
	return a->kind == PO_VM_AREA && !a->lost && (a->flags & PO_VM_ALLOC) && a->pages;
}

static int mark_vmalloc_page(struct po_marks *m, uint64_t pfn, void *arg)
{
	(void)arg;
	return set(m, pfn, PO_MARK_VMALLOC);
}

static int mark_area(struct po_marks *m, const struct po_vm_area *a, struct pageowner_error *flaw)
{
	uint64_t thumb = m->k->machine == EM_ARM, percpu = PO_SYM(&m->k->l, pcpu_get_vm_areas);

	if (has_own_pages(a))
		return each_page(m, a, mark_vmalloc_page, NULL, flaw);
	/* per-CPU memory keeps its pages itself */
	if (a->kind == PO_VM_AREA && !a->lost && (a->flags & PO_VM_ALLOC) && percpu &&
	    (a->caller & ~thumb) == (percpu & ~thumb))
		return mark_kva(m, a->addr, a->size, PO_MARK_PERCPU);
	return PAGEOWNER_OK;
}

static int mark_vmalloc(struct po_marks *m)
{
	struct pageowner_error flaw, why = { .code = PAGEOWNER_OK };
	int rc = po_vm_areas_load(m->k, m->mem, &m->areas, &flaw, &why);

	if (rc < 0) {
		tell(m, &why);
		return rc == PAGEOWNER_ENOMEM ? rc : PAGEOWNER_OK;
	}
	tell(m, &flaw);
	for (size_t i = 0; i < m->areas.nr && rc == PAGEOWNER_OK; i++)
		rc = mark_area(m, &m->areas.area[i], &why);
	if (why.code != PAGEOWNER_OK)
		(void)po_within(&why, why.code, "pages of vmalloc areas");
	tell(m, &why);
	return rc;
}

/* --- who asked for it ---------------------------------------------------------------------------- */

static int by_caller(const void *a, const void *b)
{
	const struct po_caller *x = a, *y = b;

	return x->caller < y->caller ? -1 : x->caller > y->caller;
}

static int by_most(const void *a, const void *b)
{
	const struct po_caller *x = a, *y = b;

	return x->pages != y->pages ? (x->pages < y->pages ? 1 : -1) : by_caller(a, b);
}

static int count_page(struct po_marks *m, uint64_t pfn, void *arg)
{
	struct po_caller *c = arg;
	bool plain = po_marks_of(m, pfn) == PO_MARK_VMALLOC;

	c->pages += plain;
	m->vmalloc_elsewhere += !plain;
	return PAGEOWNER_OK;
}

/* When all marks are set: one entry for each area, of which those of one caller become one. */
static int sum_callers(struct po_marks *m)
{
	struct pageowner_error told_before;
	size_t nr = 0, all = 0;

	m->caller = calloc(m->areas.nr + 1, sizeof(*m->caller));
	if (!m->caller)
		return PAGEOWNER_ENOMEM;
	for (size_t i = 0; i < m->areas.nr; i++) {
		struct po_caller *c = &m->caller[all];

		*c = (struct po_caller){ m->areas.area[i].caller, 0, 1 };
		if (!has_own_pages(&m->areas.area[i]))
			continue;
		(void)each_page(m, &m->areas.area[i], count_page, c, &told_before);
		all += c->pages > 0;
	}
	qsort(m->caller, all, sizeof(*m->caller), by_caller);
	for (size_t i = 0; i < all; i++) {
		if (nr && m->caller[nr - 1].caller == m->caller[i].caller) {
			m->caller[nr - 1].pages += m->caller[i].pages;
			m->caller[nr - 1].areas++;
		} else {
			m->caller[nr++] = m->caller[i];
		}
	}
	m->nr_callers = nr;
	qsort(m->caller, nr, sizeof(*m->caller), by_most);
	po_vm_areas_fini(&m->areas);
	return PAGEOWNER_OK;
}

/* --- page tables and stacks ---------------------------------------------------------------------- */

static int mark_table(void *arg, uint64_t paddr, uint64_t bytes)
{
	struct po_marks *m = arg;
	uint64_t size = po_kernel_page_size(m->k);
	int rc = PAGEOWNER_OK;

	for (uint64_t at = paddr & ~(size - 1); at < paddr + bytes && rc == PAGEOWNER_OK; at += size)
		rc = set(m, at >> m->k->page_shift, PO_MARK_TABLE);
	return rc;
}

static void tell_lost(struct po_marks *m, uint64_t lost, const char *whose)
{
	struct pageowner_error why;

	if (!lost)
		return;
	(void)po_fail(&why, PAGEOWNER_ENODATA, "%" PRIu64 " page tables %s are not in the dump", lost, whose);
	tell(m, &why);
}

static int mark_kernel_tables(struct po_marks *m)
{
	const struct po_xlat *xlat = po_memory_xlat(m->mem);
	struct pageowner_error why = { .code = PAGEOWNER_OK };
	uint64_t lost = 0;

	if (!xlat) {
		(void)po_fail(&why, PAGEOWNER_EUNSUPP, "page tables of the kernel: not known");
		tell(m, &why);
		return PAGEOWNER_OK;
	}
	int rc = po_tables_walk(xlat, m->mem, false, m->ram.present, mark_table, m, &lost, &why);
	if (rc != PAGEOWNER_ENOMEM)
		tell(m, &why);
	tell_lost(m, lost, "of the kernel");
	return rc == PAGEOWNER_ENOMEM ? rc : PAGEOWNER_OK;
}

struct threads {
	struct po_marks *m;
	uint64_t lost;			/* page tables */
	struct pageowner_error why;
};

static int mark_pgd(struct threads *t, uint64_t mm)
{
	struct po_marks *m = t->m;
	const struct po_layout *l = &m->k->l;
	const struct po_xlat *kernel = po_memory_xlat(m->mem);
	uint64_t pgd;

	if (!kernel || !PO_HAS(l, mm_struct, pgd) ||
	    po_memory_read_ptr(m->mem, mm + PO_OFFSET(l, mm_struct, pgd), &pgd, &t->why) < 0)
		return PAGEOWNER_OK;
	struct po_xlat user = *kernel;
	if (po_memory_translate(m->mem, pgd, &user.root, &t->why) < 0)
		return PAGEOWNER_OK;
	int rc = po_tables_walk(&user, m->mem, true, m->ram.present, mark_table, m, &t->lost, &t->why);
	if (rc == PAGEOWNER_ENOMEM)
		return rc;
	/* with page-table isolation there are two in a row, one for the kernel and one for the process */
	if (m->k->machine == EM_X86_64 && PO_HAS_SYM(l, pti_init) && !(user.root >> m->k->page_shift & 1))
		return set(m, (user.root >> m->k->page_shift) + 1, PO_MARK_TABLE_TAIL);
	return PAGEOWNER_OK;
}

static int mark_thread(void *arg, const struct po_thread *thread)
{
	struct threads *t = arg;
	struct po_marks *m = t->m;
	int rc = PAGEOWNER_OK;

	if (thread->stack && m->thread_size)
		rc = mark_kva(m, thread->stack, m->thread_size, PO_MARK_STACK);
	if (rc == PAGEOWNER_OK && thread->mm)
		rc = mark_pgd(t, thread->mm);
	return rc;
}

static void find_thread_size(struct po_marks *m)
{
	struct pageowner_error why;

	m->thread_size = po_thread_size(m->k);
	if (m->thread_size)
		return;
	(void)po_fail(&why, PAGEOWNER_ENOSYM, "kernel stacks: their size is not known");
	tell(m, &why);
}

static int mark_threads(struct po_marks *m)
{
	struct threads t = { .m = m };
	struct pageowner_error flaw, why = { .code = PAGEOWNER_OK };

	find_thread_size(m);
	int rc = po_threads_each(m->k, m->mem, mark_thread, &t, &flaw, &why);
	if (rc == PAGEOWNER_ENOMEM)
		return rc;
	m->threads_lost = why.code != PAGEOWNER_OK || flaw.code != PAGEOWNER_OK;
	tell(m, &why);
	tell(m, &flaw);
	if (t.why.code != PAGEOWNER_OK)
		(void)po_within(&t.why, t.why.code, "page tables of processes");
	tell(m, &t.why);
	tell_lost(m, t.lost, "of processes");
	return PAGEOWNER_OK;
}

/* --- the rest ------------------------------------------------------------------------------------ */

static int mark_free(void *arg, uint64_t pfn, unsigned order)
{
	struct po_marks *m = arg;
	int rc = PAGEOWNER_OK;

	for (uint64_t i = 0; i < (uint64_t)1 << order && rc == PAGEOWNER_OK; i++)
		rc = set(m, pfn + i, PO_MARK_PCP);
	return rc;
}

static int mark_pcp(struct po_marks *m)
{
	struct pageowner_error flaw, why = { .code = PAGEOWNER_OK };
	int rc = po_pcp_each(m->k, m->mem, mark_free, m, &flaw, &why);

	if (rc == PAGEOWNER_ENOMEM)
		return rc;
	tell(m, &why);
	tell(m, &flaw);
	return PAGEOWNER_OK;
}

static int mark_cma(struct po_marks *m)
{
	struct pageowner_error flaw, why = { .code = PAGEOWNER_OK };
	int rc = po_cma_open(m->k, m->mem, &m->cma, &flaw, &why);

	if (rc == PAGEOWNER_ENOMEM)
		return rc;
	tell(m, &why);
	tell(m, &flaw);
	for (size_t i = 0; i < m->cma.nr; i++) {
		const struct po_cma_area *a = &m->cma.area[i];

		for (uint64_t j = 0; j < a->nr; j++)
			if (a->bitmap[(j >> a->order) / 8] >> (j >> a->order) % 8 & 1 &&
			    set(m, a->pfn + j, PO_MARK_CMA) < 0)
				return PAGEOWNER_ENOMEM;
	}
	return PAGEOWNER_OK;
}

static int mark_huge_zero(struct po_marks *m)
{
	const struct po_layout *l = &m->k->l;
	unsigned symbol = PO_HAS_SYM(l, huge_zero_folio) ? PO_S_huge_zero_folio : PO_S_huge_zero_page;
	uint64_t page, pfn;

	if (l->symbol[symbol].have && po_kernel_read_variable(m->k, m->mem, symbol, &page, NULL) == PAGEOWNER_OK &&
	    page && pfn_of(m, page, &pfn))
		return set(m, pfn, PO_MARK_HUGE_ZERO);
	return PAGEOWNER_OK;
}

static void find_high(struct po_marks *m)
{
	const struct po_layout *l = &m->k->l;
	char name[16];
	uint64_t at;

	for (size_t i = 0; PO_HAS(l, zone, name) && i < m->k->zones.nr; i++) {
		const struct po_zone *z = &m->k->zones.zone[i];

		if (po_memory_read_ptr(m->mem, z->kva + PO_OFFSET(l, zone, name), &at, NULL) == PAGEOWNER_OK &&
		    po_memory_read_string(m->mem, at, name, sizeof(name), NULL) > 0 && !strcmp(name, "HighMem") &&
		    m->nr_high < sizeof(m->high) / sizeof(*m->high))
			m->high[m->nr_high++] = (struct po_pfn_range){ z->pfn, z->spanned };
	}
}

int po_marks_open(struct po_marks *m, const struct po_kernel *k, struct po_memory *mem, struct pageowner_error *err)
{
	static int (*const steps[])(struct po_marks *m) = {
		mark_memmap, mark_kept, mark_vmalloc, mark_kernel_tables, mark_threads, mark_pcp, mark_cma,
		mark_huge_zero, sum_callers,
	};
	struct pageowner_error flaw;

	*m = (struct po_marks){ .k = k, .mem = mem, .block = UINT64_MAX };
	int rc = po_ram_open(k, mem, &m->ram, &flaw, err);
	if (rc < 0)
		return rc;
	tell(m, &flaw);
	find_high(m);
	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++)
		if (steps[i](m) < 0) {
			po_marks_fini(m);
			return po_fail_nomem(err, "census");
		}
	return PAGEOWNER_OK;
}

void po_marks_fini(struct po_marks *m)
{
	po_ram_fini(&m->ram);
	po_cma_fini(&m->cma);
	po_framemap_fini(&m->map);
	po_vm_areas_fini(&m->areas);
	free(m->kept);
	free(m->caller);
	for (unsigned i = 0; i < m->nr_flaws; i++)
		free(m->flaw[i]);
	*m = (struct po_marks){ .nr_flaws = 0 };
}

/* --- questions ----------------------------------------------------------------------------------- */

uint8_t po_marks_of(struct po_marks *m, uint64_t pfn)
{
	if (pfn >> PO_FRAMEMAP_SHIFT != m->block) {
		m->block = pfn >> PO_FRAMEMAP_SHIFT;
		m->marks = po_framemap_block(&m->map, pfn);
	}
	return m->marks ? m->marks[pfn & ((1u << PO_FRAMEMAP_SHIFT) - 1)] : 0;
}

int po_marks_kept(const struct po_marks *m, uint64_t pfn)
{
	size_t low = 0, high = m->nr_kept;

	while (low < high) {	/* first one that ends above pfn; those of different rows may overlap by begun pages */
		size_t mid = low + (high - low) / 2;
		if (m->kept[mid].pfn + m->kept[mid].nr <= pfn)
			low = mid + 1;
		else
			high = mid;
	}
	return low < m->nr_kept && m->kept[low].pfn <= pfn ? m->kept[low].row : -1;
}

size_t po_marks_name(const struct po_marks *m, uint64_t pfn)
{
	size_t i = 0;

	while (i < m->ram.nr_names && pfn - m->ram.name[i].pfn >= m->ram.name[i].nr)
		i++;
	return i;
}

bool po_marks_is_high(const struct po_marks *m, uint64_t pfn)
{
	for (unsigned i = 0; i < m->nr_high; i++)
		if (pfn - m->high[i].pfn < m->high[i].nr)
			return true;
	return false;
}

bool po_marks_is_cma(const struct po_marks *m, uint64_t pfn)
{
	for (size_t i = 0; i < m->cma.nr; i++)
		if (pfn - m->cma.area[i].pfn < m->cma.area[i].nr)
			return true;
	return false;
}
