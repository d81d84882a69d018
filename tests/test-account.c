/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Each page frame's row against what the guest itself said of it in /proc/kpageflags, kpagecount and kpagecgroup, by the
 * table of doc/account.md; and all rows against the RAM that the guest had.
 *
 * The guest read these files before page_owner, whose text was proven to be true still when the dump was taken.  Reading
 * that makes and frees slabs: a page frame may differ from its flags where the later text says what became of it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pageowner/pageowner.h>

#include "each-fixture.h"
#include "harness.h"
#include "kernel/census.h"
#include "lib/session.h"

/* include/uapi/linux/kernel-page-flags.h */
enum {
	KPF_LRU = 5,
	KPF_SLAB = 7,
	KPF_BUDDY = 10,
	KPF_ANON = 12,
	KPF_SWAPCACHE = 13,
	KPF_SWAPBACKED = 14,
	KPF_HUGE = 17,
	KPF_HWPOISON = 19,
	KPF_NOPAGE = 20,
	KPF_THP = 22,
	KPF_OFFLINE = 23,
	KPF_ZERO_PAGE = 24,
	KPF_PGTABLE = 26,
	KPF_RESERVED = 32,
};

#define BIT(n) ((uint64_t)1 << (n))
#define ROW(name) BIT(PAGEOWNER_ROW_##name)

/* What the kernel uses for itself, and has no flag for. */
#define SILENT \
	(ROW(FREE_PCP) | ROW(MEMMAP) | ROW(PAGE_EXT) | ROW(PERCPU) | ROW(STACKS) | ROW(OTHER_TABLES) | \
	 ROW(LARGE_KMALLOC) | ROW(VMALLOC) | ROW(ZSMALLOC) | ROW(NETWORK) | ROW(CMA) | ROW(GUARD) | ROW(UNACCOUNTED))

/* flag → row, as in doc/account.md: the first line of whose flags all are set. */
static const struct {
	uint64_t flags, rows;
} table[] = {
	{ BIT(KPF_NOPAGE), 0 },
	{ BIT(KPF_HWPOISON), ROW(HWPOISON) },
	{ BIT(KPF_BUDDY), ROW(FREE) },
	{ BIT(KPF_PGTABLE), ROW(PAGE_TABLES) },
	{ BIT(KPF_SLAB), ROW(SLAB_RECLAIMABLE) | ROW(SLAB_UNRECLAIMABLE) },
	{ BIT(KPF_HUGE), ROW(HUGETLB) },
	{ BIT(KPF_OFFLINE), ROW(OFFLINE) },
	{ BIT(KPF_RESERVED),
	  ROW(IMAGE) | ROW(MEMMAP) | ROW(PAGE_EXT) | ROW(PERCPU) | ROW(OTHER_TABLES) | ROW(RESERVED) },
	{ BIT(KPF_ZERO_PAGE) | BIT(KPF_THP), ROW(HUGE_ZERO) },
	{ BIT(KPF_SWAPCACHE), ROW(SWAP_CACHE) },
	{ BIT(KPF_ANON), ROW(ANON) },
	{ BIT(KPF_LRU) | BIT(KPF_SWAPBACKED), ROW(SHMEM) },
	{ BIT(KPF_LRU), ROW(FILE) | ROW(BUFFERS) },
	{ 0, SILENT },
};

/* Rows whose pages processes may have mapped, by whatever driver; and those that may be charged to a cgroup. */
#define MAPPED \
	(ROW(ANON) | ROW(SWAP_CACHE) | ROW(SHMEM) | ROW(FILE) | ROW(BUFFERS) | ROW(HUGETLB) | ROW(HUGE_ZERO) | \
	 ROW(IMAGE) | ROW(RESERVED) | ROW(VMALLOC) | ROW(CMA) | ROW(UNACCOUNTED) | ROW(HWPOISON))
#define CHARGED \
	(ROW(ANON) | ROW(SWAP_CACHE) | ROW(SHMEM) | ROW(FILE) | ROW(BUFFERS) | ROW(HUGETLB) | ROW(STACKS) | \
	 ROW(PAGE_TABLES) | ROW(OTHER_TABLES) | ROW(SLAB_RECLAIMABLE) | ROW(SLAB_UNRECLAIMABLE) | \
	 ROW(LARGE_KMALLOC) | ROW(VMALLOC) | ROW(PERCPU) | ROW(UNACCOUNTED) | ROW(HWPOISON))

#define MOVED_MAX 16	/* page frames of a fixture that may change between the guest's two readings */

struct words {
	uint64_t *at;
	size_t nr;
};

static struct words read_words(const char *dir, const char *name)
{
	struct words w = { .nr = 0 };
	char path[4096];

	(void)snprintf(path, sizeof(path), "%s/words/%s.txt", dir, name);
	FILE *f = fopen(path, "rb");
	if (!f)
		return w;
	(void)fseek(f, 0, SEEK_END);
	w.nr = (size_t)ftell(f) / sizeof(*w.at);
	rewind(f);
	w.at = malloc(w.nr * sizeof(*w.at));
	if (!w.at || fread(w.at, sizeof(*w.at), w.nr, f) != w.nr)
		w.nr = 0;
	(void)fclose(f);
	return w;
}

/* What the text of page_owner says of each page frame. */
enum owner {
	OWNED_NOT,
	OWNED_SOMEHOW,
	OWNED_BY_SLAB,
};

static bool is_slab(const char *record, const char *end)
{
	static const char *const words[] = { "slab|", "slab)", "(slab", " allocate_slab", " new_slab", " alloc_slab_page" };

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (memmem(record, (size_t)(end - record), words[i], strlen(words[i])))
			return true;
	return false;
}

static uint8_t *read_text(const char *dir, size_t nr)
{
	char path[4096];
	uint8_t *owned = calloc(nr + 1, 1);
	char *text = NULL;
	size_t len = 0;

	(void)snprintf(path, sizeof(path), "%s/words/page_owner.txt", dir);
	FILE *f = fopen(path, "rb");
	ssize_t got = f ? getdelim(&text, &len, '\0', f) : -1;
	if (f)
		(void)fclose(f);
	static const char head[] = "Page allocated via order ", second[] = "\nPFN ";
	const char *all = got > 0 ? text + got : NULL;
	for (const char *at = all ? text : NULL, *end; at && at < all; at = end) {
		end = test_record_end(at, (size_t)(all - at));
		const char *pfn = memchr(at, '\n', (size_t)(end - at));
		unsigned long order;

		if (strncmp(at, head, strlen(head)) || !pfn || strncmp(pfn, second, strlen(second)) ||
		    (order = strtoul(at + strlen(head), NULL, 10)) > 20)
			continue;
		uint64_t first = strtoull(pfn + strlen(second), NULL, 0);
		for (uint64_t i = 0; i < (uint64_t)1 << order && first + i < nr; i++)
			owned[first + i] = is_slab(at, end) ? OWNED_BY_SLAB : OWNED_SOMEHOW;
	}
	free(text);
	return owned;
}

struct comparison {
	struct words flags, count, cgroup;
	uint8_t *owned;		/* of each page frame; NULL: no text */
	unsigned differ;	/* page frames whose row is neither what the flags say nor what the text does */
	unsigned moved;		/* that changed after the flags were read, and the text says so */
	unsigned differ_count, differ_cgroup, differ_text;
};

/* Whether the later text says that the page frame became what its row says. */
static bool has_moved(const struct comparison *c, uint64_t pfn, unsigned row)
{
	if (!c->owned)
		return false;
	if (row == PAGEOWNER_ROW_FREE || row == PAGEOWNER_ROW_FREE_PCP)
		return c->owned[pfn] == OWNED_NOT;
	return (row == PAGEOWNER_ROW_SLAB_RECLAIMABLE || row == PAGEOWNER_ROW_SLAB_UNRECLAIMABLE) &&
	       c->owned[pfn] == OWNED_BY_SLAB;
}

static void tell(unsigned *nr, const struct comparison *c, uint64_t pfn, unsigned row, const char *what)
{
	if ((*nr)++ < 20)
		printf("# PFN 0x%" PRIx64 ", row %s: %s; kpageflags 0x%" PRIx64 "\n", pfn,
		       pageowner_account_key((enum pageowner_row)row), what, c->flags.at[pfn]);
}

static void compare(struct comparison *c, uint64_t pfn, unsigned row)
{
	size_t i = 0;

	while ((c->flags.at[pfn] & table[i].flags) != table[i].flags)
		i++;
	if (!(table[i].rows & BIT(row))) {
		if (has_moved(c, pfn, row))
			c->moved++;
		else
			tell(&c->differ, c, pfn, row, "not what the flags say");
	}
	/* zsmalloc keeps other things where mapcount is */
	if (pfn < c->count.nr && c->count.at[pfn] && !(BIT(row) & (MAPPED | ROW(ZSMALLOC))))
		tell(&c->differ_count, c, pfn, row, "mapped by processes");
	if (pfn < c->cgroup.nr && c->cgroup.at[pfn] && !(BIT(row) & CHARGED) && !has_moved(c, pfn, row))
		tell(&c->differ_cgroup, c, pfn, row, "charged to a cgroup");
	if (c->owned && c->owned[pfn] != OWNED_NOT && (row == PAGEOWNER_ROW_FREE || row == PAGEOWNER_ROW_IMAGE))
		tell(&c->differ_text, c, pfn, row, "has an owner");
}

/* What the zones of the guest's /proc/zoneinfo have; 0 without it. */
static uint64_t present_pages(const char *dir)
{
	char path[4096], line[256];
	unsigned long long v, sum = 0;

	(void)snprintf(path, sizeof(path), "%s/words/zoneinfo.txt", dir);
	FILE *f = fopen(path, "r");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, " present %llu", &v) == 1)
			sum += v;
	if (f)
		(void)fclose(f);
	return sum;
}

static void count(const char *dir, struct po_census *census)
{
	struct comparison c = { .flags = read_words(dir, "kpageflags"), .count = read_words(dir, "kpagecount"),
				.cgroup = read_words(dir, "kpagecgroup") };
	const struct po_census_sums *sums = po_census_sums(census);
	struct po_census_block b;
	uint64_t pages = 0, present = present_pages(dir), next = 0;

	if (c.flags.nr)
		c.owned = read_text(dir, c.flags.nr);

	while (po_census_next(census, &b) == 1) {
		CHECK(b.pfn >= next);
		next = b.pfn + b.nr;
		for (uint64_t i = 0; i < b.nr; i++)
			if (b.pfn + i < c.flags.nr)
				compare(&c, b.pfn + i, b.row[i]);
	}
	for (unsigned i = 0; i < PAGEOWNER_NR_ROWS; i++)
		pages += sums->row[i];
	CHECK_INT(pages, po_census_ram(census)->present);
	if (present)
		CHECK_INT(pages, present);
	CHECK_INT(po_census_ram(census)->untold, 0);
	CHECK_INT(sums->row[PAGEOWNER_ROW_MISSING], 0);
	for (unsigned i = 0; po_census_flaw(census, i); i++)
		CHECK_STR(po_census_flaw(census, i), "");
	CHECK_INT(c.differ, 0);
	CHECK_INT(c.differ_count, 0);
	CHECK_INT(c.differ_cgroup, 0);
	CHECK_INT(c.differ_text, 0);
	CHECK(c.moved <= MOVED_MAX);
	printf("# %" PRIu64 " pages, compared with %zu; %u made or freed after the flags were read, as the text says\n",
	       pages, c.flags.nr, c.moved);
	free(c.owned);
	free(c.flags.at);
	free(c.count.at);
	free(c.cgroup.at);
}

static void count_fixture(const char *dir, struct pageowner_session *s)
{
	struct pageowner_error err = { 0, "" };
	struct po_census *census;

	if (CHECK_INT(po_census_open(&s->kernel, s->mem, s->symbols, &census, &err), PAGEOWNER_OK)) {
		count(dir, census);
		po_census_free(census);
	}
	CHECK_STR(err.text, "");
}

TEST(each_page_is_in_the_row_that_the_kernel_says)
{
	test_each_fixture(count_fixture);
}

/*
 * The kernel's counters, beside the pages that were counted.  A guest that was idle when it was stopped has folded its
 * per-CPU differences; one that was not has up to its threshold of them, for each CPU, in none of the counters.
 */
#define UNFOLDED_MAX 5
/*
 * 2 pages of slabs, whose difference 5.10 leaves unfolded; 4 pages on 6.12: kmalloc() of more than a slab holds, which
 * nothing marks before 6.14, from the time before page_owner had stacks.
 */
#define IDLE_MAX 4

static void check_lines(const struct pageowner_account *a, bool idle)
{
	struct pageowner_account_line l;
	uint64_t sum = 0;
	int64_t most = 0;
	unsigned counters = 0;

	for (int i = 0; pageowner_account_line(a, (enum pageowner_row)i, &l); i++) {
		int64_t differ = l.counter ? (int64_t)l.pages - l.counter_pages : 0;

		sum += l.pages;
		counters += l.counter != NULL;
		CHECK_INT(pageowner_account_row(l.key), i);
		if (differ)
			printf("# %s: %" PRIu64 " pages, %s %" PRId64 "\n", l.title, l.pages, l.counter,
			       l.counter_pages);
		most = llabs(differ) > most ? llabs(differ) : most;
	}
	for (int i = 0; pageowner_account_attribute(a, (enum pageowner_attribute)i, &l); i++)
		if (l.counter)
			CHECK_INT(l.pages, l.counter_pages);
	struct pageowner_account_totals t = { .size = sizeof(t) };
	pageowner_account_totals(a, &t);
	CHECK_INT(sum, t.ram);
	CHECK_INT(t.kept, t.kept_counter);
	CHECK(counters >= 12);
	CHECK(most <= (idle ? IDLE_MAX : UNFOLDED_MAX));
	if (t.has_owners)
		CHECK(t.nameless * 100 < t.ram);	/* less than 1 % */
	for (int i = 0; i < PAGEOWNER_NR_DISAGREEMENTS; i++)
		CHECK_INT(t.disagree[i], 0);
	struct pageowner_account_count c;
	CHECK_INT(pageowner_account_count(a, 0, &c), 0);
	CHECK(!t.has_counts || t.counts >= 100);
	printf("# %" PRIu64 " stacks counted by the kernel\n", t.counts);
}

/* The owners of a row have as many pages as it has, but for those without a record. */
static void check_groups(const struct pageowner_account *a)
{
	struct pageowner_account_line l;
	struct pageowner_account_group g;
	uint64_t sum[PAGEOWNER_NR_GROUPINGS] = { 0 }, last = UINT64_MAX;

	CHECK_INT(pageowner_account_line(a, PAGEOWNER_ROW_UNACCOUNTED, &l), 1);
	for (int by = 0; by < PAGEOWNER_NR_GROUPINGS; by++)
		for (size_t i = 0; pageowner_account_group(a, (enum pageowner_grouping)by, i, &g); i++) {
			sum[by] += g.pages;
			CHECK(by != PAGEOWNER_BY_STACK || g.pages <= last);
			last = g.pages;
		}
	for (int by = 1; by < PAGEOWNER_BY_AGE; by++)
		CHECK_INT(sum[by], sum[0]);
	CHECK_INT(sum[0], l.pages);
}

/* The owners of each CMA area have what is handed out of it, and what is lent. */
static unsigned check_cma(const struct pageowner_account *a)
{
	struct pageowner_account_cma c;
	struct pageowner_account_group g;
	size_t nr = 0;

	for (; pageowner_account_cma(a, nr, &c); nr++) {
		uint64_t sum[2][PAGEOWNER_NR_GROUPINGS] = { { 0 } };

		for (unsigned which = 0; which < 2; which++)
			for (int by = 0; by < PAGEOWNER_NR_GROUPINGS; by++)
				for (size_t i = 0; pageowner_account_cma_group(a, nr, which, (enum pageowner_grouping)by, i, &g);
				     i++)
					sum[which][by] += g.pages;
		for (int by = 0; by < PAGEOWNER_BY_AGE; by++) {
			CHECK_INT(sum[PAGEOWNER_CMA_USED][by], c.used);
			CHECK_INT(sum[PAGEOWNER_CMA_LENT][by], c.lent);
		}
		CHECK(c.used + c.lent <= c.pages && c.largest_gap <= c.pages - c.used);
	}
	return (unsigned)nr;
}

static void account_fixture(const char *dir, struct pageowner_session *s)
{
	struct pageowner_error err = { 0, "" };
	struct pageowner_account *a;
	bool owned = pageowner_ready(s, NULL) == PAGEOWNER_OK;

	const struct pageowner_account_options o = { .size = sizeof(o), .of = PAGEOWNER_ROW_UNACCOUNTED, .check = 1 };

	if (!CHECK_INT(pageowner_account_new(s, &o, &a, &err), PAGEOWNER_OK)) {
		CHECK_STR(err.text, "");
		return;
	}
	check_lines(a, present_pages(dir) != 0);
	if (owned) {
		check_groups(a);
		printf("# %u CMA areas\n", check_cma(a));
	}
	for (size_t i = 0; pageowner_account_flaw(a, i); i++)
		CHECK_STR(pageowner_account_flaw(a, i), "");
	pageowner_account_free(a);
}

TEST(counters_and_owners)
{
	test_each_fixture(account_fixture);
}
