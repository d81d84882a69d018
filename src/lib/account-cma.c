/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* CMA areas: what is handed out and what is lent, and who has it. */
#include "lib/account.h"

#include <stdlib.h>

#include "base/cleanup.h"

int po_account_find_cma(struct pageowner_account *a)
{
	const struct po_cma *c = po_census_cma(a->census);

	a->cma = calloc(c->nr + 1, sizeof(*a->cma));
	a->cma_holders = calloc(c->nr + 1, sizeof(*a->cma_holders));
	if (!a->cma || !a->cma_holders)
		return PAGEOWNER_ENOMEM;
	for (size_t i = 0; i < c->nr; i++)
		a->cma[a->nr_cma++] = (struct pageowner_account_cma){
			.name = c->area[i].name, .first_pfn = c->area[i].pfn, .pages = c->area[i].nr,
			.used = c->area[i].used, .largest_gap = c->area[i].largest_gap,
		};
	return PAGEOWNER_OK;
}

static enum pageowner_cma_pages which_of(const struct po_cma_area *area, uint64_t pfn)
{
	uint64_t bit = (pfn - area->pfn) >> area->order;

	return area->bitmap[bit / 8] >> bit % 8 & 1 ? PAGEOWNER_CMA_USED : PAGEOWNER_CMA_LENT;
}

/* All that each record has in the area. */
static int add_holdings(struct po_holders **holders, const struct po_holding *held, size_t nr, const uint64_t *pages)
{
	for (size_t i = 0; i < nr; i++) {
		struct po_holding h = held[i];

		if (!pages[i])
			continue;
		if (!*holders) {
			*holders = malloc(sizeof(**holders));
			if (!*holders)
				return PAGEOWNER_ENOMEM;
			po_holders_init(*holders);
		}
		h.pages = pages[i];
		if (po_holders_add(*holders, &h) < 0)
			return PAGEOWNER_ENOMEM;
	}
	return PAGEOWNER_OK;
}

static int count_area(struct pageowner_account *a, size_t area, const struct po_census_block *b,
		      const struct po_holding *held, size_t nr, const uint32_t *owner)
{
	const struct po_cma_area *c = &po_census_cma(a->census)->area[area];
	_cleanup_(po_freep) uint64_t *pages = calloc(2 * nr + 1, sizeof(*pages));
	int rc = PAGEOWNER_OK;

	if (!pages)
		return PAGEOWNER_ENOMEM;
	for (uint64_t i = c->pfn > b->pfn ? c->pfn - b->pfn : 0; i < b->nr && b->pfn + i - c->pfn < c->nr; i++) {
		if (b->row[i] == PAGEOWNER_ROW_FREE || b->row[i] == PAGEOWNER_ROW_FREE_PCP)
			continue;
		enum pageowner_cma_pages which = which_of(c, b->pfn + i);
		a->cma[area].lent += which == PAGEOWNER_CMA_LENT;
		if (owner && owner[i])
			pages[which * nr + owner[i] - 1]++;
	}
	for (unsigned which = 0; which < 2 && rc == PAGEOWNER_OK; which++)
		rc = add_holdings(&a->cma_holders[area][which], held, nr, pages + which * nr);
	return rc;
}

int po_account_count_cma(struct pageowner_account *a, const struct po_census_block *b, const struct po_holding *held,
			 size_t nr, const uint32_t *owner)
{
	int rc = PAGEOWNER_OK;

	for (size_t i = 0; i < a->nr_cma && rc == PAGEOWNER_OK; i++)
		if (b->pfn < a->cma[i].first_pfn + a->cma[i].pages && a->cma[i].first_pfn < b->pfn + b->nr)
			rc = count_area(a, i, b, held, nr, owner);
	return rc;
}

int po_account_group_cma(struct pageowner_account *a)
{
	int rc = PAGEOWNER_OK;

	for (size_t i = 0; i < 2 * a->nr_cma && rc == PAGEOWNER_OK; i++) {
		struct po_holders *h = a->cma_holders[i / 2][i % 2];

		if (!h)
			continue;
		h->now = a->holders.now;
		rc = po_holders_group(h);
	}
	return rc;
}

void po_account_free_cma(struct pageowner_account *a)
{
	for (size_t i = 0; i < 2 * a->nr_cma; i++)
		if (a->cma_holders[i / 2][i % 2]) {
			po_holders_fini(a->cma_holders[i / 2][i % 2]);
			free(a->cma_holders[i / 2][i % 2]);
		}
	free(a->cma_holders);
	free(a->cma);
}

/* --- the public calls ---------------------------------------------------------------------------- */

int pageowner_account_cma(const struct pageowner_account *a, size_t index, struct pageowner_account_cma *ret)
{
	if (index >= a->nr_cma)
		return 0;
	*ret = a->cma[index];
	return 1;
}

int pageowner_account_cma_group(const struct pageowner_account *a, size_t area, enum pageowner_cma_pages which,
				enum pageowner_grouping by, size_t index, struct pageowner_account_group *ret)
{
	if (area >= a->nr_cma || (unsigned)which > PAGEOWNER_CMA_LENT || (unsigned)by >= PAGEOWNER_NR_GROUPINGS)
		return 0;
	const struct po_holders *h = a->cma_holders[area][which];
	if (!h || index >= h->nr_groups[by])
		return 0;
	*ret = h->group[by][index];
	return 1;
}
