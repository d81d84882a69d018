/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The census and the records of its pages, side by side. */
#include "lib/account.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/status.h"

#define PROGRESS_STEP	64		/* blocks between two calls of progress() */

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
	if (!w->has_rec)
		return PAGEOWNER_OK;
	po_holders_see(&w->a->holders, &w->rec);
	if (w->a->checks && w->rec.stack && po_recount_is_counted(&w->a->recount, &w->rec))
		return po_recount_add(&w->a->recount, &w->rec);
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
		.split = rec->gfp_mask == 0,
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

static int count_block(struct walk *w, const struct po_census_block *b)
{
	int rc = w->a->it ? hold_records(w, b) : PAGEOWNER_OK;

	for (uint64_t i = 0; i < b->nr && rc == PAGEOWNER_OK; i++)
		rc = count_page(w, b->row[i], w->a->it && w->owner[i] ? &w->held[w->owner[i] - 1] : NULL);
	for (size_t i = 0; i < w->nr_held && rc == PAGEOWNER_OK; i++)
		if (w->held[i].pages)
			rc = po_holders_add(&w->a->holders, &w->held[i]);
	if (w->a->it && rc == PAGEOWNER_OK)
		po_account_check_block(w->a, b, w->held, w->owner);
	return rc;
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
			rc = po_account_count_cma(a, &b, w->held, w->nr_held, w->owner);
		done += b.nr;
		if (o->progress && until-- == 0) {
			until = PROGRESS_STEP;
			if (o->progress(o->arg, done, po_census_ram(a->census)->present))
				return po_fail(err, PAGEOWNER_ESTOPPED, "stopped");
		}
	}
	while (rc == PAGEOWNER_OK && w->has_rec)	/* of no RAM */
		rc = next_record(w);
	return rc;
}

int po_account_walk(struct pageowner_account *a, const struct pageowner_account_options *o, struct pageowner_error *err)
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
		rc = po_account_flaw(a, w.flaw.text);
	}
	if (rc == PAGEOWNER_OK)
		rc = po_holders_group(&a->holders);
	if (rc == PAGEOWNER_OK)
		rc = po_account_group_cma(a);
	if (rc == PAGEOWNER_OK && a->checks)
		rc = po_account_check_counts(a, err);
	return rc == PAGEOWNER_ENOMEM ? po_fail_nomem(err, "account") : rc;
}
