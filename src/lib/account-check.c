/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Records against struct pages. */
#include "lib/account.h"

const char *pageowner_disagreement_words(enum pageowner_disagreement what)
{
	static const char *const words[PAGEOWNER_NR_DISAGREEMENTS] = {
		[PAGEOWNER_FREE_IN_ALLOCATION] = "free, in the middle of an allocation",
		[PAGEOWNER_PCP_OWNED] = "free at hand of a CPU, with an owner",
		[PAGEOWNER_USED_UNOWNED] = "in use, without an owner",
		[PAGEOWNER_USED_UNREFERENCED] = "of a process or file, and nothing refers to it",
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

void po_account_check_block(struct pageowner_account *a, const struct po_census_block *b, const uint32_t *owner)
{
	for (uint64_t i = 0; i < b->nr; i++) {
		unsigned row = b->row[i];
		bool owned = owner[i] != 0, single = !(b->facts[i] & PO_CENSUS_TAIL);
		bool user = row == PAGEOWNER_ROW_ANON || row == PAGEOWNER_ROW_SHMEM || row == PAGEOWNER_ROW_FILE ||
			    row == PAGEOWNER_ROW_BUFFERS || row == PAGEOWNER_ROW_SWAP_CACHE;

		if (owned && row == PAGEOWNER_ROW_FREE)
			disagree(a, PAGEOWNER_FREE_IN_ALLOCATION, b->pfn + i, row);
		else if (owned && row == PAGEOWNER_ROW_FREE_PCP)
			disagree(a, PAGEOWNER_PCP_OWNED, b->pfn + i, row);
		else if (!owned && needs_owner(row, b->facts[i]))
			disagree(a, PAGEOWNER_USED_UNOWNED, b->pfn + i, row);
		else if (user && single && (b->facts[i] & PO_CENSUS_UNREFERENCED))
			disagree(a, PAGEOWNER_USED_UNREFERENCED, b->pfn + i, row);
	}
}
