/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What rows are made of: slab caches, callers of vmalloc(), names of reserved memory. */
#include "lib/account.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/status.h"

#define NAME_LEN	128

static int name_caches(struct pageowner_account *a)
{
	const struct po_layout *l = &a->s->kernel.l;
	char name[NAME_LEN];
	uint64_t at;
	size_t nr;
	const struct po_census_cache *c = po_census_caches(a->census, &nr);
	struct po_memory *mem = po_census_memory(a->census);

	a->cache = calloc(nr + 1, sizeof(*a->cache));
	for (size_t i = 0; a->cache && i < nr; i++) {
		struct pageowner_account_part *p = &a->cache[a->nr_caches++];

		if (!PO_HAS(l, kmem_cache, name) ||
		    po_memory_read_ptr(mem, c[i].kva + PO_OFFSET(l, kmem_cache, name), &at, NULL) < 0 ||
		    po_memory_read_string(mem, at, name, sizeof(name), NULL) < 0)
			(void)snprintf(name, sizeof(name), "kmem_cache at 0x%" PRIx64, c[i].kva);
		*p = (struct pageowner_account_part){ po_arena_strndup(&a->arena, name, strlen(name)), c[i].pages,
						      c[i].reclaimable };
		if (!p->name)
			return PAGEOWNER_ENOMEM;
	}
	return a->cache ? PAGEOWNER_OK : PAGEOWNER_ENOMEM;
}

static int name_callers(struct pageowner_account *a)
{
	struct po_symbol *sym = malloc(sizeof(*sym));
	char name[PO_SYMBOL_NAME + NAME_LEN];
	uint64_t elsewhere;
	size_t nr;
	const struct po_caller *c = po_census_callers(a->census, &nr, &elsewhere);

	a->vmalloc = calloc(nr + 1, sizeof(*a->vmalloc));
	for (size_t i = 0; a->vmalloc && sym && i < nr; i++) {
		struct pageowner_account_part *p = &a->vmalloc[a->nr_vmalloc++];

		if (po_symbols_lookup(a->s->symbols, c[i].caller, sym))
			(void)snprintf(name, sizeof(name), sym->module ? "%s+0x%" PRIx64 " [%s]" : "%s+0x%" PRIx64,
				       sym->name, c[i].caller - sym->start, sym->module);
		else
			(void)snprintf(name, sizeof(name), "0x%" PRIx64, c[i].caller);
		*p = (struct pageowner_account_part){ po_arena_strndup(&a->arena, name, strlen(name)), c[i].pages,
						      c[i].areas };
		if (!p->name)
			break;
	}
	bool done = a->vmalloc && sym && a->nr_vmalloc == nr && (!nr || a->vmalloc[nr - 1].name);
	free(sym);
	return done ? PAGEOWNER_OK : PAGEOWNER_ENOMEM;
}

static int by_pages(const void *a, const void *b)
{
	const struct pageowner_account_part *x = a, *y = b;

	return x->pages != y->pages ? (x->pages < y->pages ? 1 : -1) : strcmp(x->name, y->name);
}

/* One entry for each name, and what is left. */
static int name_reserved(struct pageowner_account *a)
{
	const struct po_ram *ram = po_census_ram(a->census);
	const struct po_census_sums *sums = po_census_sums(a->census);
	uint64_t left = sums->row[PAGEOWNER_ROW_RESERVED];

	a->reserved = calloc(ram->nr_names + 1, sizeof(*a->reserved));
	if (!a->reserved)
		return PAGEOWNER_ENOMEM;
	for (size_t i = 0; i < ram->nr_names; i++) {
		size_t j = 0;

		if (!sums->reserved_name[i])
			continue;
		while (j < a->nr_reserved && strcmp(a->reserved[j].name, ram->name[i].name) != 0)
			j++;
		if (j == a->nr_reserved)
			a->reserved[a->nr_reserved++].name = ram->name[i].name;
		a->reserved[j].pages += sums->reserved_name[i];
		a->reserved[j].number++;
		left -= sums->reserved_name[i];
	}
	if (left)
		a->reserved[a->nr_reserved++] = (struct pageowner_account_part){ "(no name)", left, 0 };
	if (a->nr_reserved)
		qsort(a->reserved, a->nr_reserved, sizeof(*a->reserved), by_pages);
	return PAGEOWNER_OK;
}

int po_account_name_parts(struct pageowner_account *a)
{
	int rc = name_caches(a);

	if (rc == PAGEOWNER_OK)
		rc = name_callers(a);
	return rc == PAGEOWNER_OK ? name_reserved(a) : rc;
}
