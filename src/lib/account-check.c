/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Records against struct pages, and against the kernel's own counts of stacks. */
#include "lib/account.h"

#include <stdlib.h>

#include "base/status.h"

const char *pageowner_disagreement_words(enum pageowner_disagreement what)
{
	static const char *const words[PAGEOWNER_NR_DISAGREEMENTS] = {
		[PAGEOWNER_FREE_IN_ALLOCATION] = "free, in the middle of an allocation",
		[PAGEOWNER_PCP_OWNED] = "free at hand of a CPU, with an owner",
		[PAGEOWNER_USED_UNOWNED] = "in use, without an owner",
		[PAGEOWNER_USED_UNREFERENCED] = "in use, and nothing refers to it",
		[PAGEOWNER_USED_OVERMAPPED] = "mapped more often than it is referred to",
		[PAGEOWNER_RESERVED_OWNED] = "reserved, with an owner",
		[PAGEOWNER_FREE_OWNED] = "free, with a record that says allocated",
	};

	return (unsigned)what < PAGEOWNER_NR_DISAGREEMENTS ? words[what] : "unknown";
}

static void disagree(struct pageowner_account *a, enum pageowner_disagreement what, uint64_t pfn, unsigned row)
{
	struct pageowner_account_disagreement *last = a->nr_disagreements ?
							      &a->disagreement[a->nr_disagreements - 1] : NULL;

	a->totals.disagree[what]++;
	if (last && last->what == what && last->pfn + last->pages == pfn)
		last->pages++;
	else if (a->nr_disagreements < PO_DISAGREEMENTS_MAX)
		a->disagreement[a->nr_disagreements++] =
			(struct pageowner_account_disagreement){ what, pfn, 1, (enum pageowner_row)row };
}

/* Of a page that the owner freed, or that was set apart before page_owner could see it, no owner is expected. */
static bool needs_owner(unsigned row, uint8_t facts)
{
	return !(facts & PO_CENSUS_RESERVED) && row != PAGEOWNER_ROW_FREE && row != PAGEOWNER_ROW_FREE_PCP &&
	       row != PAGEOWNER_ROW_MISSING && row != PAGEOWNER_ROW_HWPOISON && row != PAGEOWNER_ROW_OFFLINE &&
	       row != PAGEOWNER_ROW_HUGETLB && row != PAGEOWNER_ROW_UNACCEPTED && row != PAGEOWNER_ROW_GUARD;
}

/*
 * Whether the count of references of an allocation's first page cannot be 0.  Slabs, and since 6.14 what kmalloc() takes
 * whole, are not counted at all ("frozen"), nor are huge pages of hugetlbfs that are free; of what was allocated before
 * page_owner no record says which page is the first.
 */
static bool needs_reference(unsigned row, const struct po_holding *h)
{
	bool user = row == PAGEOWNER_ROW_ANON || row == PAGEOWNER_ROW_SHMEM || row == PAGEOWNER_ROW_FILE ||
		    row == PAGEOWNER_ROW_BUFFERS || row == PAGEOWNER_ROW_SWAP_CACHE;

	if (user || h->split)
		return user;
	return row == PAGEOWNER_ROW_VMALLOC ||
	       row == PAGEOWNER_ROW_STACKS || row == PAGEOWNER_ROW_PAGE_TABLES || row == PAGEOWNER_ROW_PERCPU ||
	       row == PAGEOWNER_ROW_ZSMALLOC || row == PAGEOWNER_ROW_UNACCOUNTED;
}

/* Whether the record of a page that is free says that it is allocated. */
static bool is_owned_alone(struct pageowner_account *a, uint64_t pfn)
{
	unsigned order;
	int type;

	if (!a->checks)
		return false;
	struct po_proc_page page = { .pfn = pfn, .chunk = po_memmap_chunk(&a->s->kernel.map, pfn, false) };
	return page.chunk && po_proc_page_owner(&a->pages, &page, &order, &type) == 1;
}

void po_account_check_block(struct pageowner_account *a, const struct po_census_block *b, const struct po_holding *held,
			    const uint32_t *owner)
{
	for (uint64_t i = 0; i < b->nr; i++) {
		const unsigned row = b->row[i], facts = b->facts[i];
		const bool owned = owner[i] != 0, first = owned && (i == 0 || owner[i] != owner[i - 1]);
		const uint64_t pfn = b->pfn + i;

		if (owned && row == PAGEOWNER_ROW_FREE)
			disagree(a, PAGEOWNER_FREE_IN_ALLOCATION, pfn, row);
		else if (row == PAGEOWNER_ROW_FREE && is_owned_alone(a, pfn))
			disagree(a, PAGEOWNER_FREE_OWNED, pfn, row);
		else if (owned && row == PAGEOWNER_ROW_FREE_PCP)
			disagree(a, PAGEOWNER_PCP_OWNED, pfn, row);
		else if (!owned && needs_owner(row, b->facts[i]))
			disagree(a, PAGEOWNER_USED_UNOWNED, pfn, row);
		else if (owned && (facts & PO_CENSUS_RESERVED))
			disagree(a, PAGEOWNER_RESERVED_OWNED, pfn, row);
		else if (first && needs_reference(row, &held[owner[i] - 1]) && !(facts & PO_CENSUS_TAIL) && (facts & PO_CENSUS_UNREFERENCED))
			disagree(a, PAGEOWNER_USED_UNREFERENCED, pfn, row);
		else if (facts & PO_CENSUS_OVERMAPPED)
			disagree(a, PAGEOWNER_USED_OVERMAPPED, pfn, row);
	}
}

/* --- the kernel's counts ------------------------------------------------------------------------- */

static uint64_t difference(const struct pageowner_account_count *c)
{
	int64_t d = (int64_t)c->pages - c->kernel_pages;

	return (uint64_t)(d < 0 ? -d : d);
}

static int by_difference(const void *x, const void *y)
{
	const struct pageowner_account_count *a = x, *b = y;
	uint64_t p = difference(a), q = difference(b);

	return p != q ? (p < q ? 1 : -1) : a->handle < b->handle ? -1 : a->handle > b->handle;
}

static void tell_flaw(void *arg, const struct pageowner_error *err)
{
	(void)po_account_flaw(arg, err->text);
}

int po_account_check_counts(struct pageowner_account *a, struct pageowner_error *err)
{
	const struct po_told told = { tell_flaw, a };
	const struct po_tally *t = &a->recount.tally;
	struct pageowner_error why;

	if (!po_stack_list_exists(&a->s->kernel))
		return PAGEOWNER_OK;
	int rc = po_recount_read_kernel(&a->recount, &told, &why);
	if (rc == PAGEOWNER_ENOMEM)
		return po_fail_nomem(err, "account");
	if (rc < 0)
		tell_flaw(a, &why);
	a->count = calloc(t->nr + 1, sizeof(*a->count));
	if (!a->count)
		return po_fail_nomem(err, "account");
	for (size_t i = 0; i < t->nr; i++) {
		const struct po_tally_row *row = &t->row[i];

		if (!row->stack || !row->has_kernel_pages)
			continue;
		a->totals.counts++;
		if (row->kernel_pages != (int64_t)row->pages)
			a->count[a->nr_counts++] = (struct pageowner_account_count){ row->stack, row->stack->handle,
										     row->pages, row->kernel_pages };
	}
	if (a->nr_counts)
		qsort(a->count, a->nr_counts, sizeof(*a->count), by_difference);
	return PAGEOWNER_OK;
}
