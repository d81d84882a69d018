/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The census, the kernel's counters, and the records of one row's pages, in one walk. */
#include <pageowner/account.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pageowner/proc.h>

#include "aggregate/holders.h"
#include "base/cleanup.h"
#include "base/status.h"
#include "kernel/census.h"
#include "lib/session.h"

#define COUNTERS_MAX	(64u << 10)	/* bytes of meminfo, and of vmstat */
#define PROGRESS_STEP	64		/* blocks between two calls of progress() */
#define NAME_LEN	128
#define DISAGREEMENTS_MAX 1000	/* stretches of page frames that are kept */

struct pageowner_account {
	struct pageowner_session *s;
	struct po_census *census;
	struct pageowner_iter *it;	/* whose stacks are lent; NULL: page_owner did not run */
	struct po_holders holders;
	struct po_arena arena;		/* names */
	uint64_t row[PAGEOWNER_NR_ROWS];
	uint64_t vmalloc_elsewhere;	/* pages of vmalloc areas that only a stack put in another row */
	struct pageowner_account_line line[PAGEOWNER_NR_ROWS], attribute[PAGEOWNER_NR_ATTRIBUTES];
	struct pageowner_account_totals totals;
	struct pageowner_account_cma *cma;
	size_t nr_cma;
	struct pageowner_account_part *cache, *vmalloc, *reserved;
	size_t nr_caches, nr_vmalloc, nr_reserved;
	const char **flaw;
	size_t nr_flaws;
	struct pageowner_account_disagreement disagreement[DISAGREEMENTS_MAX];
	size_t nr_disagreements;
};

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

static int add_flaw(struct pageowner_account *a, const char *text)
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

/* --- counters ------------------------------------------------------------------------------------ */

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
			rc = add_flaw(a, err.text);
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

static int set_lines(struct pageowner_account *a)
{
	_cleanup_(po_freep) struct counters *c = calloc(1, sizeof(*c));
	int rc = c ? read_counters(a, c) : PAGEOWNER_ENOMEM;

	if (rc < 0)
		return rc;
	for (unsigned i = 0; i < PAGEOWNER_NR_ROWS; i++)
		a->line[i] = (struct pageowner_account_line){ names[i].key, names[i].title, a->row[i], NULL, 0 };
	set_row_counters(a, c);
	set_attributes(a, c);
	return PAGEOWNER_OK;
}

/* --- the walk ------------------------------------------------------------------------------------ */

/*
 * What a stack alone can say of a page that its struct page says nothing of: by one function, or by two in this order.
 * Of vmalloc and the like the kernel's lists tell, but for what is not in the dump: filters that do not know the kernel
 * drop pages of slabs, and with them links of lists.
 */
static const struct {
	const char *function, *called_by;
	enum pageowner_row row;
} told_by_stacks[] = {
	{ "___kmalloc_large_node", NULL, PAGEOWNER_ROW_LARGE_KMALLOC },
	{ "__kmalloc_large_node", NULL, PAGEOWNER_ROW_LARGE_KMALLOC },	/* until 6.13 */
	{ "kmalloc_large", NULL, PAGEOWNER_ROW_LARGE_KMALLOC },
	{ "kmalloc_order", NULL, PAGEOWNER_ROW_LARGE_KMALLOC },		/* until 5.19 */
	{ "system_heap_", NULL, PAGEOWNER_ROW_DMA_BUF },
	{ "cma_heap_", NULL, PAGEOWNER_ROW_DMA_BUF },
	{ "dma_heap_", NULL, PAGEOWNER_ROW_DMA_BUF },
	{ "ion_", NULL, PAGEOWNER_ROW_DMA_BUF },			/* until 5.10 */
	{ "pcpu_populate_chunk", NULL, PAGEOWNER_ROW_PERCPU },
	{ "alloc_thread_stack_node", NULL, PAGEOWNER_ROW_STACKS },
	{ "__vmalloc_node_range", "dup_task_struct", PAGEOWNER_ROW_STACKS },
	{ "__vmalloc_node_range", "copy_process", PAGEOWNER_ROW_STACKS },
	{ "__vmalloc_node_range", "kernel_clone", PAGEOWNER_ROW_STACKS },
	{ "__vmalloc_node_range", NULL, PAGEOWNER_ROW_VMALLOC },
};

/* Of each stack, by its id. */
struct verdict {
	uint8_t known, is_name, is_vmalloc;
	uint8_t row;			/* PAGEOWNER_NR_ROWS: it says nothing */
};

struct walk {
	struct pageowner_account *a;
	enum pageowner_row of;
	struct pageowner_record rec;	/* the next one */
	bool has_rec;
	struct po_holding *held;	/* of the block: records that touch it */
	uint32_t *owner;		/* of each page: number in held + 1; 0: none */
	size_t nr_held, room;
	struct verdict *verdict;
	size_t nr_verdicts;
	struct pageowner_error flaw;	/* the first one of a record */
	uint64_t flaws;
};

/* The first frame from that one on of a function whose name begins so; nr_frames: none. */
static uint32_t find_frame(const struct pageowner_stack *stack, uint32_t from, const char *name)
{
	while (from < stack->nr_frames && strncmp(stack->frames[from].text, name, strlen(name)) != 0)
		from++;
	return from;
}

static const struct verdict *verdict_of(struct walk *w, const struct pageowner_stack *stack)
{
	static const struct verdict none = { .row = PAGEOWNER_NR_ROWS };

	if (!stack)
		return &none;
	if (stack->id >= w->nr_verdicts) {
		size_t nr = (size_t)stack->id * 2 + 256;
		struct verdict *grown = realloc(w->verdict, nr * sizeof(*grown));
		if (!grown)
			return NULL;
		memset(grown + w->nr_verdicts, 0, (nr - w->nr_verdicts) * sizeof(*grown));
		w->verdict = grown;
		w->nr_verdicts = nr;
	}
	struct verdict *v = &w->verdict[stack->id];
	if (v->known)
		return v;
	*v = (struct verdict){ .known = 1, .is_name = po_stack_is_name(stack), .row = PAGEOWNER_NR_ROWS,
			       .is_vmalloc = find_frame(stack, 0, "__vmalloc_node_range") < stack->nr_frames };
	for (size_t j = 0; j < sizeof(told_by_stacks) / sizeof(*told_by_stacks) && v->row == PAGEOWNER_NR_ROWS; j++) {
		uint32_t at = find_frame(stack, 0, told_by_stacks[j].function);

		if (told_by_stacks[j].called_by)
			at = find_frame(stack, at, told_by_stacks[j].called_by);
		if (at < stack->nr_frames)
			v->row = (uint8_t)told_by_stacks[j].row;
	}
	return v;
}

/* ENOMEM; a record that is flawed is told once, and goes without what it lacks. */
static int next_record(struct walk *w)
{
	struct pageowner_error err;
	int rc;

	do {
		rc = pageowner_iter_next(w->a->it, &w->rec, &err);
		if (rc == PAGEOWNER_ENOMEM)
			return rc;
		if (err.code != PAGEOWNER_OK && w->flaws++ == 0)
			w->flaw = err;
	} while (rc < 0);
	w->has_rec = rc == 1;
	if (w->has_rec)
		po_holders_see(&w->a->holders, &w->rec);
	return PAGEOWNER_OK;
}

static void hold(struct walk *w, const struct po_census_block *b)
{
	const struct pageowner_record *rec = &w->rec;
	struct po_holding *g = &w->held[w->nr_held++];
	uint64_t from = rec->pfn - b->pfn, to = from + ((uint64_t)1 << (rec->order & 31));

	*g = (struct po_holding){
		.stack = rec->stack,
		.pid = rec->have & PAGEOWNER_HAS_TGID ? rec->tgid : rec->have & PAGEOWNER_HAS_PID ? rec->pid : -1,
		.ts_ns = rec->have & PAGEOWNER_HAS_TS ? rec->ts_ns : UINT64_MAX,
	};
	if (rec->have & PAGEOWNER_HAS_COMM)
		memcpy(g->comm, rec->comm, sizeof(g->comm));
	for (uint64_t i = from; i < to && i < b->nr; i++)
		w->owner[i] = (uint32_t)w->nr_held;
}

/* All records that begin in the block; those before it are of no RAM. */
static int hold_records(struct walk *w, const struct po_census_block *b)
{
	int rc = PAGEOWNER_OK;

	w->nr_held = 0;
	memset(w->owner, 0, b->nr * sizeof(*w->owner));
	while (rc == PAGEOWNER_OK && w->has_rec && w->rec.pfn < b->pfn + b->nr) {
		if (w->rec.pfn >= b->pfn)
			hold(w, b);
		rc = next_record(w);
	}
	return rc;
}

/* The row, once the stack has been heard. */
static unsigned final_row(const struct walk *w, unsigned row, const struct verdict *v)
{
	if (v->row == PAGEOWNER_NR_ROWS)
		return row;
	if (row == PAGEOWNER_ROW_VMALLOC)
		return v->row == PAGEOWNER_ROW_STACKS && po_census_lost_threads(w->a->census) ? v->row : row;
	return row == PAGEOWNER_ROW_UNACCOUNTED || (row == PAGEOWNER_ROW_CMA && v->row == PAGEOWNER_ROW_DMA_BUF) ?
		       v->row : row;
}

static int count_page(struct walk *w, unsigned row, struct po_holding *g)
{
	struct pageowner_account *a = w->a;
	const struct verdict *v = verdict_of(w, g ? g->stack : NULL);

	if (!v)
		return PAGEOWNER_ENOMEM;
	unsigned last = final_row(w, row, v);
	a->row[last]++;
	a->vmalloc_elsewhere += last != row && last != PAGEOWNER_ROW_VMALLOC && v->is_vmalloc;
	a->totals.owned += g != NULL;
	a->totals.nameless += last == PAGEOWNER_ROW_UNACCOUNTED && !v->is_name;
	if (last == w->of && g)
		g->pages++;
	return PAGEOWNER_OK;
}

/* --- records against struct pages ---------------------------------------------------------------- */

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
	else if (a->nr_disagreements < DISAGREEMENTS_MAX)
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

static void check_block(struct walk *w, const struct po_census_block *b)
{
	for (uint64_t i = 0; i < b->nr; i++) {
		unsigned row = b->row[i];
		bool owned = w->owner[i] != 0, single = !(b->facts[i] & PO_CENSUS_TAIL);
		bool user = row == PAGEOWNER_ROW_ANON || row == PAGEOWNER_ROW_SHMEM || row == PAGEOWNER_ROW_FILE ||
			    row == PAGEOWNER_ROW_BUFFERS || row == PAGEOWNER_ROW_SWAP_CACHE;

		if (owned && row == PAGEOWNER_ROW_FREE)
			disagree(w->a, PAGEOWNER_FREE_IN_ALLOCATION, b->pfn + i, row);
		else if (owned && row == PAGEOWNER_ROW_FREE_PCP)
			disagree(w->a, PAGEOWNER_PCP_OWNED, b->pfn + i, row);
		else if (!owned && needs_owner(row, b->facts[i]))
			disagree(w->a, PAGEOWNER_USED_UNOWNED, b->pfn + i, row);
		else if (user && single && (b->facts[i] & PO_CENSUS_UNREFERENCED))
			disagree(w->a, PAGEOWNER_USED_UNREFERENCED, b->pfn + i, row);
	}
}

static int count_block(struct walk *w, const struct po_census_block *b)
{
	int rc = w->a->it ? hold_records(w, b) : PAGEOWNER_OK;

	for (uint64_t i = 0; i < b->nr && rc == PAGEOWNER_OK; i++)
		rc = count_page(w, b->row[i], w->a->it && w->owner[i] ? &w->held[w->owner[i] - 1] : NULL);
	for (size_t i = 0; i < w->nr_held && rc == PAGEOWNER_OK; i++)
		if (w->held[i].pages)
			rc = po_holders_add(&w->a->holders, &w->held[i]);
	if (w->a->it && rc == PAGEOWNER_OK)
		check_block(w, b);
	return rc;
}

static int count_lent(struct pageowner_account *a, const struct po_census_block *b)
{
	for (size_t j = 0; j < a->nr_cma; j++) {
		struct pageowner_account_cma *c = &a->cma[j];

		for (uint64_t i = 0; i < b->nr && b->pfn < c->first_pfn + c->pages && c->first_pfn < b->pfn + b->nr; i++)
			if (b->pfn + i - c->first_pfn < c->pages && b->row[i] != PAGEOWNER_ROW_FREE &&
			    b->row[i] != PAGEOWNER_ROW_FREE_PCP)
				c->lent++;
	}
	return PAGEOWNER_OK;
}

static int run(struct walk *w, const struct pageowner_account_options *o, struct pageowner_error *err)
{
	struct pageowner_account *a = w->a;
	struct po_census_block b;
	uint64_t done = 0;
	unsigned until = 0;
	int rc = a->it ? next_record(w) : PAGEOWNER_OK;

	while (rc == PAGEOWNER_OK && po_census_next(a->census, &b) == 1) {
		rc = count_block(w, &b);
		if (rc == PAGEOWNER_OK)
			rc = count_lent(a, &b);
		done += b.nr;
		if (o->progress && until-- == 0) {
			until = PROGRESS_STEP;
			if (o->progress(o->arg, done, po_census_ram(a->census)->present))
				return po_fail(err, PAGEOWNER_ESTOPPED, "stopped");
		}
	}
	return rc;
}

static int walk(struct pageowner_account *a, const struct pageowner_account_options *o, struct pageowner_error *err)
{
	size_t nr = (size_t)1 << a->s->kernel.max_order;
	struct walk w = { .a = a, .of = o->of };
	_cleanup_(po_freep) struct po_holding *held = NULL;
	_cleanup_(po_freep) uint32_t *owner = NULL;

	po_holders_init(&a->holders);
	if (a->it) {
		held = w.held = malloc(nr * sizeof(*held));
		owner = w.owner = malloc(nr * sizeof(*owner));
		if (!held || !owner)
			return po_fail_nomem(err, "account");
	}
	int rc = run(&w, o, err);
	free(w.verdict);
	a->row[PAGEOWNER_ROW_MISSING] += po_census_ram(a->census)->untold;
	if (rc == PAGEOWNER_OK && w.flaws) {
		(void)po_within(&w.flaw, w.flaw.code, "%" PRIu64 " records have flaws", w.flaws);
		rc = add_flaw(a, w.flaw.text);
	}
	if (rc == PAGEOWNER_OK)
		rc = po_holders_group(&a->holders);
	return rc == PAGEOWNER_ENOMEM ? po_fail_nomem(err, "account") : rc;
}

/* --- parts of rows ------------------------------------------------------------------------------- */

static int find_cma(struct pageowner_account *a)
{
	const struct po_cma *c = po_census_cma(a->census);

	a->cma = calloc(c->nr + 1, sizeof(*a->cma));
	for (size_t i = 0; a->cma && i < c->nr; i++)
		a->cma[a->nr_cma++] = (struct pageowner_account_cma){
			.name = c->area[i].name, .first_pfn = c->area[i].pfn, .pages = c->area[i].nr,
			.used = c->area[i].used, .largest_gap = c->area[i].largest_gap,
		};
	return a->cma ? PAGEOWNER_OK : PAGEOWNER_ENOMEM;
}

/* What is in use and not handed out is lent. */
static void settle_cma(struct pageowner_account *a)
{
	for (size_t i = 0; i < a->nr_cma; i++)
		a->cma[i].lent = a->cma[i].lent > a->cma[i].used ? a->cma[i].lent - a->cma[i].used : 0;
}

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

static int name_parts(struct pageowner_account *a)
{
	int rc = name_caches(a);

	settle_cma(a);
	if (rc == PAGEOWNER_OK)
		rc = name_callers(a);
	return rc == PAGEOWNER_OK ? name_reserved(a) : rc;
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
}

/* --- the public calls ---------------------------------------------------------------------------- */

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
	if (rc < 0)
		return rc;
	rc = find_cma(a) < 0 ? po_fail_nomem(err, "account") : walk(a, &o, err);
	if (rc < 0)
		return rc;
	for (unsigned i = 0; po_census_flaw(a->census, i); i++)
		if (add_flaw(a, po_census_flaw(a->census, i)) < 0)
			return po_fail_nomem(err, "account");
	set_totals(a, o.of);
	if (set_lines(a) < 0 || name_parts(a) < 0)
		return po_fail_nomem(err, "account");
	*ret = po_take(a);
	return PAGEOWNER_OK;
}

void pageowner_account_free(struct pageowner_account *a)
{
	if (!a)
		return;
	po_holders_fini(&a->holders);
	pageowner_iter_free(a->it);
	po_census_free(a->census);
	free(a->cma);
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

int pageowner_account_cma(const struct pageowner_account *a, size_t index, struct pageowner_account_cma *ret)
{
	if (index >= a->nr_cma)
		return 0;
	*ret = a->cma[index];
	return 1;
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
