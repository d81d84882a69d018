/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The census, the kernel's counters, and the records of one row's pages: the public calls. */
#include "lib/account.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/status.h"
#include "lib/iter.h"

static const struct {
	const char *key, *title;
} names[PAGEOWNER_NR_ROWS] = {
	[PAGEOWNER_ROW_FREE] = { "free", "free" },
	[PAGEOWNER_ROW_FREE_PCP] = { "free-pcp", "free, at hand of a CPU" },
	[PAGEOWNER_ROW_IMAGE] = { "image", "kernel image" },
	[PAGEOWNER_ROW_MEMMAP] = { "memmap", "struct pages" },
	[PAGEOWNER_ROW_PAGE_EXT] = { "page-ext", "page_ext" },
	[PAGEOWNER_ROW_RESERVED] = { "reserved", "reserved" },
	[PAGEOWNER_ROW_PERCPU] = { "percpu", "per-CPU memory" },
	[PAGEOWNER_ROW_STACKS] = { "stacks", "kernel stacks" },
	[PAGEOWNER_ROW_PAGE_TABLES] = { "page-tables", "page tables" },
	[PAGEOWNER_ROW_OTHER_TABLES] = { "other-tables", "page tables, not counted" },
	[PAGEOWNER_ROW_SLAB_RECLAIMABLE] = { "slab-reclaimable", "slab, reclaimable" },
	[PAGEOWNER_ROW_SLAB_UNRECLAIMABLE] = { "slab-unreclaimable", "slab, unreclaimable" },
	[PAGEOWNER_ROW_LARGE_KMALLOC] = { "large-kmalloc", "large kmalloc" },
	[PAGEOWNER_ROW_VMALLOC] = { "vmalloc", "vmalloc" },
	[PAGEOWNER_ROW_ANON] = { "anon", "anonymous" },
	[PAGEOWNER_ROW_SWAP_CACHE] = { "swap-cache", "swap cache" },
	[PAGEOWNER_ROW_SHMEM] = { "shmem", "shared memory, tmpfs" },
	[PAGEOWNER_ROW_FILE] = { "file", "files" },
	[PAGEOWNER_ROW_BUFFERS] = { "buffers", "buffers" },
	[PAGEOWNER_ROW_HUGETLB] = { "hugetlb", "hugetlb" },
	[PAGEOWNER_ROW_HUGE_ZERO] = { "huge-zero", "huge zero page" },
	[PAGEOWNER_ROW_ZSMALLOC] = { "zsmalloc", "zsmalloc (zram, zswap)" },
	[PAGEOWNER_ROW_NETWORK] = { "network", "network page pools" },
	[PAGEOWNER_ROW_CMA] = { "cma", "CMA, handed out" },
	[PAGEOWNER_ROW_DMA_BUF] = { "dma-buf", "dma-buf, ION" },
	[PAGEOWNER_ROW_OFFLINE] = { "offline", "balloon, offline" },
	[PAGEOWNER_ROW_GUARD] = { "guard", "guard pages" },
	[PAGEOWNER_ROW_UNACCEPTED] = { "unaccepted", "unaccepted" },
	[PAGEOWNER_ROW_HWPOISON] = { "hwpoison", "hardware-poisoned" },
	[PAGEOWNER_ROW_UNACCOUNTED] = { "unaccounted", "unaccounted" },
	[PAGEOWNER_ROW_MISSING] = { "missing", "not in the dump" },
};

const char *pageowner_account_key(enum pageowner_row row)
{
	return (unsigned)row < PAGEOWNER_NR_ROWS ? names[row].key : NULL;
}

int pageowner_account_row(const char *key)
{
	for (int i = 0; i < PAGEOWNER_NR_ROWS; i++)
		if (!strcmp(key, names[i].key))
			return i;
	return -1;
}

/* --- flaws --------------------------------------------------------------------------------------- */

int po_account_flaw(struct pageowner_account *a, const char *text)
{
	const char **grown = realloc(a->flaw, (a->nr_flaws + 1) * sizeof(*grown));

	if (!grown)
		return PAGEOWNER_ENOMEM;
	a->flaw = grown;
	grown[a->nr_flaws] = po_arena_strndup(&a->arena, text, strlen(text));
	if (!grown[a->nr_flaws])
		return PAGEOWNER_ENOMEM;
	a->nr_flaws++;
	return PAGEOWNER_OK;
}

/* --- the public calls ---------------------------------------------------------------------------- */

static void name_rows(struct pageowner_account *a)
{
	for (unsigned i = 0; i < PAGEOWNER_NR_ROWS; i++)
		a->line[i] = (struct pageowner_account_line){ names[i].key, names[i].title, a->row[i], NULL, 0 };
}

static void set_totals(struct pageowner_account *a, enum pageowner_row of)
{
	const struct po_ram *ram = po_census_ram(a->census);

	a->totals.page_size = po_kernel_page_size(&a->s->kernel);
	a->totals.ram = ram->present;
	a->totals.system_ram = ram->system;
	a->totals.kept = po_census_sums(a->census)->reserved;
	a->totals.kept_counter = ram->present - ram->managed;
	a->totals.has_owners = a->it != NULL;
	a->totals.of = of;
	a->totals.has_counts = a->checks && po_stack_list_exists(&a->s->kernel);
}

static void begin_checks(struct pageowner_account *a)
{
	struct po_walk *walk = po_iter_walk(a->it);

	po_recount_init(&a->recount, a->s, walk);
	a->proc = (struct po_proc){ .k = &a->s->kernel, .mem = po_walk_memory(walk), .symbols = a->s->symbols,
				    .owned = true };
	a->pages.p = &a->proc;
	a->checks = true;
}

PO_DEFINE_CLEANUP(struct pageowner_account, pageowner_account_free);

int pageowner_account_new(struct pageowner_session *s, const struct pageowner_account_options *options,
			  struct pageowner_account **ret, struct pageowner_error *err)
{
	struct pageowner_account_options o = { .size = sizeof(o), .of = PAGEOWNER_ROW_UNACCOUNTED };
	int rc = pageowner_frames_ready(s, err);

	if (rc < 0)
		return rc;
	if (options && (options->size < sizeof(o) || (unsigned)options->of >= PAGEOWNER_NR_ROWS))
		return po_fail(err, PAGEOWNER_EINVAL, "account: options are not valid");
	if (options)
		o = *options;
	_cleanup_(pageowner_account_freep) struct pageowner_account *a = calloc(1, sizeof(*a));
	if (!a)
		return po_fail_nomem(err, "account");
	a->s = s;
	rc = po_census_open(&s->kernel, s->mem, s->symbols, &a->census, err);
	if (rc == PAGEOWNER_OK && s->ready)
		rc = pageowner_iter_new(s, NULL, &a->it, err);
	if (rc == PAGEOWNER_OK && a->it)
		rc = po_iter_without_pages(a->it, err);
	if (rc < 0)
		return rc;
	if (o.check && a->it)
		begin_checks(a);
	rc = po_account_find_cma(a) < 0 ? po_fail_nomem(err, "account") : po_account_walk(a, &o, err);
	if (rc < 0)
		return rc;
	for (unsigned i = 0; po_census_flaw(a->census, i); i++)
		if (po_account_flaw(a, po_census_flaw(a->census, i)) < 0)
			return po_fail_nomem(err, "account");
	name_rows(a);
	set_totals(a, o.of);
	if (po_account_set_lines(a) < 0 || po_account_name_parts(a) < 0)
		return po_fail_nomem(err, "account");
	*ret = po_take(a);
	return PAGEOWNER_OK;
}

void pageowner_account_free(struct pageowner_account *a)
{
	if (!a)
		return;
	po_holders_fini(&a->holders);
	po_recount_fini(&a->recount);
	free(a->count);
	pageowner_iter_free(a->it);
	po_census_free(a->census);
	po_account_free_cma(a);
	free(a->cache);
	free(a->vmalloc);
	free(a->reserved);
	free(a->flaw);
	po_arena_fini(&a->arena);
	free(a);
}

const char *pageowner_account_flaw(const struct pageowner_account *a, size_t index)
{
	return index < a->nr_flaws ? a->flaw[index] : NULL;
}

int pageowner_account_line(const struct pageowner_account *a, enum pageowner_row row,
			   struct pageowner_account_line *ret)
{
	if ((unsigned)row >= PAGEOWNER_NR_ROWS)
		return 0;
	*ret = a->line[row];
	return 1;
}

int pageowner_account_attribute(const struct pageowner_account *a, enum pageowner_attribute attribute,
				struct pageowner_account_line *ret)
{
	if ((unsigned)attribute >= PAGEOWNER_NR_ATTRIBUTES)
		return 0;
	*ret = a->attribute[attribute];
	return 1;
}

void pageowner_account_totals(const struct pageowner_account *a, struct pageowner_account_totals *ret)
{
	struct pageowner_account_totals t = a->totals;

	t.size = ret->size < sizeof(t) ? ret->size : sizeof(t);
	memcpy(ret, &t, t.size);
}

static int part(const struct pageowner_account_part *parts, size_t nr, size_t index, struct pageowner_account_part *ret)
{
	if (index >= nr)
		return 0;
	*ret = parts[index];
	return 1;
}

int pageowner_account_cache(const struct pageowner_account *a, size_t index, struct pageowner_account_part *ret)
{
	return part(a->cache, a->nr_caches, index, ret);
}

int pageowner_account_vmalloc(const struct pageowner_account *a, size_t index, struct pageowner_account_part *ret)
{
	return part(a->vmalloc, a->nr_vmalloc, index, ret);
}

int pageowner_account_reserved(const struct pageowner_account *a, size_t index, struct pageowner_account_part *ret)
{
	return part(a->reserved, a->nr_reserved, index, ret);
}

int pageowner_account_group(const struct pageowner_account *a, enum pageowner_grouping by, size_t index,
			    struct pageowner_account_group *ret)
{
	if ((unsigned)by >= PAGEOWNER_NR_GROUPINGS || index >= a->holders.nr_groups[by])
		return 0;
	*ret = a->holders.group[by][index];
	return 1;
}

int pageowner_account_disagreement(const struct pageowner_account *a, size_t index,
				   struct pageowner_account_disagreement *ret)
{
	if (index >= a->nr_disagreements)
		return 0;
	*ret = a->disagreement[index];
	return 1;
}

int pageowner_account_count(const struct pageowner_account *a, size_t index, struct pageowner_account_count *ret)
{
	if (index >= a->nr_counts)
		return 0;
	*ret = a->count[index];
	return 1;
}
