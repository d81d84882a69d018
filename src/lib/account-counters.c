/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kernel's own counters, out of its files as text: what people compare with. */
#include "lib/account.h"

#include <stdlib.h>
#include <string.h>

#include <pageowner/proc.h>

#include "base/cleanup.h"
#include "base/status.h"

#define COUNTERS_MAX	(64u << 10)	/* bytes of meminfo, and of vmstat */

/* A file of /proc as text; the counters in it are what people compare with. */
struct text {
	size_t len;
	char buf[COUNTERS_MAX];
};

static int take_text(void *self, const char *text, size_t len)
{
	struct text *t = self;

	if (len > sizeof(t->buf) - 1 - t->len)
		len = sizeof(t->buf) - 1 - t->len;
	memcpy(t->buf + t->len, text, len);
	t->len += len;
	t->buf[t->len] = '\0';
	return 0;
}

/* The number of a line "NAME: N kB" or "NAME N". */
static bool find_number(const struct text *t, const char *name, uint64_t *ret)
{
	size_t len = strlen(name);

	for (const char *at = t->buf, *end; *at; at = end ? end + 1 : "") {
		end = strchr(at, '\n');
		if (strncmp(at, name, len) != 0 || (at[len] != ':' && at[len] != ' '))
			continue;
		*ret = strtoull(at + len + 1, NULL, 10);
		return true;
	}
	return false;
}

struct counters {
	struct text meminfo, vmstat;
	uint64_t page_size;
};

/* In pages. */
static bool meminfo(const struct counters *c, const char *name, int64_t *ret)
{
	uint64_t kib;

	if (!find_number(&c->meminfo, name, &kib))
		return false;
	*ret = (int64_t)(kib * 1024 / c->page_size);
	return true;
}

static int read_counters(struct pageowner_account *a, struct counters *c)
{
	const struct {
		enum pageowner_proc_file file;
		struct text *text;
	} files[] = { { PAGEOWNER_PROC_MEMINFO, &c->meminfo }, { PAGEOWNER_PROC_VMSTAT, &c->vmstat } };
	struct pageowner_error err;
	int rc = PAGEOWNER_OK;

	c->page_size = po_kernel_page_size(&a->s->kernel);
	for (size_t i = 0; i < 2 && rc == PAGEOWNER_OK; i++) {
		struct pageowner_proc_options o = { .size = sizeof(o), .file = files[i].file };
		struct pageowner_sink sink = { .size = sizeof(sink), .self = files[i].text, .write = take_text };

		if (pageowner_proc(a->s, &o, &sink, &err) < 0)
			rc = po_account_flaw(a, err.text);
	}
	return rc;
}

/* A counter that tells of this row alone, or of it and another one. */
static void set_counter(struct pageowner_account *a, const struct counters *c, enum pageowner_row row,
			const char *counter, const char *text, int64_t less)
{
	int64_t pages;

	if (!meminfo(c, counter, &pages))
		return;
	a->line[row].counter = text;
	a->line[row].counter_pages = pages - less;
}

static void set_row_counters(struct pageowner_account *a, const struct counters *c)
{
	static const struct {
		enum pageowner_row row;
		const char *counter;
	} plain[] = {
		{ PAGEOWNER_ROW_FREE, "MemFree" },
		{ PAGEOWNER_ROW_PERCPU, "Percpu" },
		{ PAGEOWNER_ROW_STACKS, "KernelStack" },
		{ PAGEOWNER_ROW_PAGE_TABLES, "PageTables" },
		{ PAGEOWNER_ROW_SLAB_RECLAIMABLE, "SReclaimable" },
		{ PAGEOWNER_ROW_ANON, "AnonPages" },
		{ PAGEOWNER_ROW_SWAP_CACHE, "SwapCached" },
		{ PAGEOWNER_ROW_SHMEM, "Shmem" },
		{ PAGEOWNER_ROW_BUFFERS, "Buffers" },
		{ PAGEOWNER_ROW_HUGETLB, "Hugetlb" },
		{ PAGEOWNER_ROW_OFFLINE, "Balloon" },
		{ PAGEOWNER_ROW_UNACCEPTED, "Unaccepted" },
		{ PAGEOWNER_ROW_HWPOISON, "HardwareCorrupted" },
	};
	uint64_t nr, elsewhere;
	size_t callers;

	for (size_t i = 0; i < sizeof(plain) / sizeof(*plain); i++)
		set_counter(a, c, plain[i].row, plain[i].counter, plain[i].counter, 0);
	set_counter(a, c, PAGEOWNER_ROW_FILE, "Cached", "Cached - Shmem", (int64_t)a->row[PAGEOWNER_ROW_SHMEM]);
	/* what kmalloc() takes from the page allocator itself is counted as slab since commit 6a486c0ad4dc (5.4) */
	set_counter(a, c, PAGEOWNER_ROW_SLAB_UNRECLAIMABLE, "SUnreclaim",
		    a->row[PAGEOWNER_ROW_LARGE_KMALLOC] ? "SUnreclaim - large kmalloc" : "SUnreclaim",
		    (int64_t)a->row[PAGEOWNER_ROW_LARGE_KMALLOC]);
	/* stacks, and page_ext of some kernels, are counted with it */
	(void)po_census_callers(a->census, &callers, &elsewhere);
	elsewhere += a->vmalloc_elsewhere;
	set_counter(a, c, PAGEOWNER_ROW_VMALLOC, "VmallocUsed", elsewhere ? "VmallocUsed - other rows" : "VmallocUsed",
		    (int64_t)elsewhere);
	if (find_number(&c->vmstat, "nr_zspages", &nr)) {
		a->line[PAGEOWNER_ROW_ZSMALLOC].counter = "nr_zspages";
		a->line[PAGEOWNER_ROW_ZSMALLOC].counter_pages = (int64_t)nr;
	}
}

static void set_attributes(struct pageowner_account *a, const struct counters *c)
{
	static const struct {
		const char *key, *title, *counter;
	} attributes[PAGEOWNER_NR_ATTRIBUTES] = {
		[PAGEOWNER_ATTRIBUTE_DIRTY] = { "dirty", "dirty", "Dirty" },
		[PAGEOWNER_ATTRIBUTE_WRITEBACK] = { "writeback", "being written back", "Writeback" },
		[PAGEOWNER_ATTRIBUTE_MLOCKED] = { "mlocked", "mlocked", "Mlocked" },
		[PAGEOWNER_ATTRIBUTE_KSM] = { "ksm", "merged (KSM)", NULL },
		[PAGEOWNER_ATTRIBUTE_HUGE] = { "huge", "transparent huge, anonymous", "AnonHugePages" },
		[PAGEOWNER_ATTRIBUTE_CMA] = { "in-cma", "in CMA areas, in use", "CmaTotal - CmaFree" },
		[PAGEOWNER_ATTRIBUTE_HIGHMEM] = { "highmem", "highmem", "HighTotal" },
	};
	int64_t total, unused;

	for (unsigned i = 0; i < PAGEOWNER_NR_ATTRIBUTES; i++) {
		struct pageowner_account_line *l = &a->attribute[i];

		l->key = attributes[i].key;
		l->title = attributes[i].title;
		l->pages = po_census_sums(a->census)->attribute[i];
		if (attributes[i].counter && meminfo(c, attributes[i].counter, &l->counter_pages))
			l->counter = attributes[i].counter;
	}
	if (meminfo(c, "CmaTotal", &total) && meminfo(c, "CmaFree", &unused)) {
		a->attribute[PAGEOWNER_ATTRIBUTE_CMA].counter = attributes[PAGEOWNER_ATTRIBUTE_CMA].counter;
		a->attribute[PAGEOWNER_ATTRIBUTE_CMA].counter_pages = total - unused;
	}
}

int po_account_set_lines(struct pageowner_account *a)
{
	_cleanup_(po_freep) struct counters *c = calloc(1, sizeof(*c));
	int rc = c ? read_counters(a, c) : PAGEOWNER_ENOMEM;

	if (rc < 0)
		return rc;
	set_row_counters(a, c);
	set_attributes(a, c);
	return PAGEOWNER_OK;
}
