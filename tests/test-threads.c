/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the library promises to threads (libpageowner(3)): one session serves them all at the same time, each with objects of
 * its own, and each gets what a single thread gets.  Under the thread sanitizer (configure --enable-sanitizers=thread)
 * this also tells whether they ever met.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pageowner/pageowner.h>

#include "harness.h"

#define THREADS 4
#define NR_WORKS (sizeof(works) / sizeof(*works))

/* --- what a thread does, boiled down to a number ----------------------------------------------------- */

struct sum {
	uint64_t hash, bytes;
	int rc;
};

static void add_bytes(struct sum *sum, const void *bytes, size_t len)
{
	const unsigned char *p = bytes;

	for (size_t i = 0; i < len; i++)
		sum->hash = (sum->hash ^ p[i]) * 0x100000001b3ull;
	sum->bytes += len;
}

static int take(void *self, const char *text, size_t len)
{
	add_bytes(self, text, len);
	return 0;
}

#define SINK(sum) (const struct pageowner_sink){ sizeof(struct pageowner_sink), (sum), take }

static void walk(struct pageowner_session *s, struct sum *sum)
{
	const struct pageowner_iter_options o = { .size = sizeof(o), .last_pfn = UINT64_MAX, .slab_caches = 1 };
	struct pageowner_coverage cov = { .size = sizeof(cov) };
	struct pageowner_record rec;
	struct pageowner_error err;
	struct pageowner_iter *it;

	sum->rc = pageowner_iter_new(s, &o, &it, &err);
	if (sum->rc < 0)
		return;
	while (pageowner_iter_next(it, &rec, &err)) {
		add_bytes(sum, &rec.pfn, sizeof(rec.pfn));
		add_bytes(sum, &rec.gfp_mask, sizeof(rec.gfp_mask));
		for (uint32_t i = 0; rec.stack && i < rec.stack->nr_frames; i++)
			add_bytes(sum, rec.stack->frames[i].text, strlen(rec.stack->frames[i].text));
		if (rec.memcg)
			add_bytes(sum, rec.memcg, strlen(rec.memcg));
		if (rec.slab_cache)
			add_bytes(sum, rec.slab_cache, strlen(rec.slab_cache));
	}
	pageowner_iter_coverage(it, &cov);
	add_bytes(sum, &cov, sizeof(cov));
	pageowner_iter_free(it);
}

static const struct pageowner_filter *common_filter;	/* shared by all threads, as it may be */

static void report_some(struct pageowner_session *s, struct sum *sum, const struct pageowner_filter *filter)
{
	const struct pageowner_report_options o = { .size = sizeof(o), .filter = filter };
	const struct pageowner_sink sink = SINK(sum);
	struct pageowner_error err;
	struct pageowner_iter *it;

	sum->rc = pageowner_iter_new(s, NULL, &it, &err);
	if (sum->rc < 0)
		return;
	sum->rc = pageowner_report(s, it, &o, &sink, &err);
	pageowner_iter_free(it);
}

static void report(struct pageowner_session *s, struct sum *sum)
{
	report_some(s, sum, NULL);
}

static void report_filtered(struct pageowner_session *s, struct sum *sum)
{
	report_some(s, sum, common_filter);
}

static void table(struct pageowner_session *s, struct sum *sum)
{
	const struct pageowner_table_options o = { .size = sizeof(o), .cull = "name,allocator", .sort = "-pages" };
	const struct pageowner_sink sink = SINK(sum);
	struct pageowner_error err;
	struct pageowner_table *t;

	sum->rc = pageowner_table_new(&o, &t, &err);
	if (sum->rc < 0)
		return;
	sum->rc = pageowner_table_fill(t, s, &err);
	if (sum->rc == PAGEOWNER_OK)
		sum->rc = pageowner_table_write(t, &sink, &err);
	pageowner_table_free(t);
}

static void stacks(struct pageowner_session *s, struct sum *sum)
{
	const struct pageowner_stacks_options o = { .size = sizeof(o) };
	const struct pageowner_sink sink = SINK(sum);

	sum->rc = pageowner_stacks(s, &o, &sink, NULL, NULL);
}

static void lookup(struct pageowner_session *s, struct sum *sum)
{
	const struct pageowner_sink sink = SINK(sum);
	struct pageowner_lookup *lk;
	struct pageowner_page page;

	sum->rc = pageowner_lookup_new(s, &lk, NULL);
	for (uint64_t pfn = 0; sum->rc == PAGEOWNER_OK && pfn < 40000; pfn += 997) {
		sum->rc = pageowner_lookup_page(lk, pfn, &page, NULL);
		if (sum->rc == PAGEOWNER_OK)
			sum->rc = pageowner_lookup_write(lk, "page", &page, &sink, NULL);
	}
	pageowner_lookup_free(lk);
}

static void account(struct pageowner_session *s, struct sum *sum)
{
	struct pageowner_account_line line;
	struct pageowner_account_part part;
	struct pageowner_account *a;

	sum->rc = pageowner_account_new(s, NULL, &a, NULL);
	if (sum->rc < 0)
		return;
	for (unsigned row = 0; row < PAGEOWNER_NR_ROWS; row++)
		if (pageowner_account_line(a, (enum pageowner_row)row, &line) == 1)
			add_bytes(sum, &line.pages, sizeof(line.pages));
	for (size_t i = 0; pageowner_account_cache(a, i, &part) == 1; i++)
		add_bytes(sum, part.name, strlen(part.name));
	pageowner_account_free(a);
}

static void fragmentation(struct pageowner_session *s, struct sum *sum)
{
	struct pageowner_fragmentation_zone zone;
	struct pageowner_fragmentation *f;

	sum->rc = pageowner_fragmentation_new(s, NULL, &f, NULL);
	if (sum->rc < 0)
		return;
	for (size_t i = 0; pageowner_fragmentation_zone(f, i, &zone) == 1; i++) {
		add_bytes(sum, &zone.blocks, sizeof(zone.blocks));
		add_bytes(sum, &zone.clean_order, sizeof(zone.clean_order));
	}
	pageowner_fragmentation_free(f);
}

static void proc(struct pageowner_session *s, struct sum *sum)
{
	const struct pageowner_sink sink = SINK(sum);

	for (unsigned file = 0; file < PAGEOWNER_NR_PROC; file++) {
		const struct pageowner_proc_options o = { .size = sizeof(o), .file = (enum pageowner_proc_file)file,
							  .pid = 1 };
		int rc = pageowner_proc(s, &o, &sink, NULL);
		add_bytes(sum, &rc, sizeof(rc));
	}
}

static void tasks(struct pageowner_session *s, struct sum *sum)
{
	const struct pageowner_tasks_options o = { .size = sizeof(o) };
	struct pageowner_tasks *t;
	struct pageowner_task task;
	struct pageowner_orphans gone;

	sum->rc = pageowner_tasks_new(s, &o, &t, NULL);
	if (sum->rc < 0)
		return;
	for (size_t i = 0; pageowner_tasks_at(t, i, &task) == 1; i++) {
		const uint64_t numbers[] = { (uint64_t)task.pid, task.vss, task.rss_anon, task.pss, task.uss, task.oom_score,
					     task.pages };
		add_bytes(sum, numbers, sizeof(numbers));
		add_bytes(sum, task.comm, strlen(task.comm));
	}
	for (size_t i = 0; pageowner_tasks_orphans(t, PAGEOWNER_GONE_PROCESSES, i, &gone) == 1; i++)
		add_bytes(sum, &gone.pages, sizeof(gone.pages));
	pageowner_tasks_free(t);
}

static void add_field(void *arg, const char *kind, const char *name, int have, int needed)
{
	(void)kind;
	add_bytes(arg, name, strlen(name));
	((struct sum *)arg)->hash += (unsigned)have * 2u + (unsigned)needed;
}

static void facts(struct pageowner_session *s, struct sum *sum)
{
	struct pageowner_fact fact;

	for (size_t i = 0; pageowner_fact(s, i, &fact); i++)
		add_bytes(sum, fact.value, strlen(fact.value));
	for (size_t i = 0; pageowner_notice(s, i); i++)
		add_bytes(sum, pageowner_notice(s, i), strlen(pageowner_notice(s, i)));
	sum->rc = pageowner_ready(s, NULL) + pageowner_frames_ready(s, NULL);
	sum->hash += (unsigned)pageowner_incomplete(s) * 2u + (unsigned)pageowner_counts_stacks(s);
	pageowner_for_each_field(s, add_field, sum);
}

static const struct {
	const char *name;
	void (*run)(struct pageowner_session *s, struct sum *sum);
} works[] = {
	{ "walk", walk }, { "report", report }, { "filtered report", report_filtered }, { "table", table },
	{ "stacks", stacks }, { "lookup", lookup }, { "account", account }, { "fragmentation", fragmentation },
	{ "proc", proc }, { "tasks", tasks }, { "facts", facts },
};

/* --- threads ------------------------------------------------------------------------------------------ */

struct thread {
	pthread_t id;
	pthread_barrier_t *start;
	struct pageowner_session *session;	/* NULL: it opens its own */
	const char *dump;
	size_t first;				/* where in works it begins */
	struct sum sum[NR_WORKS];
};

static struct pageowner_session *open_dump(const char *dump)
{
	char path[4096], vmlinux[4096];
	const char *const dumps[] = { path };
	struct pageowner_open_options o = {
		.size = sizeof(o), .dumps = dumps, .nr_dumps = 1, .vmlinux = vmlinux, .all_types = 1,
	};
	struct pageowner_session *s = NULL;
	struct pageowner_error err;

	(void)snprintf(path, sizeof(path), "%s/%s", getenv("FIXTURES"), dump);
	(void)snprintf(vmlinux, sizeof(vmlinux), "%s", path);
	(void)snprintf(strrchr(vmlinux, '/'), sizeof("/vmlinux"), "/vmlinux");
	if (pageowner_open(&o, &s, &err) < 0)
		printf("# %s\n", err.text);
	return s;
}

static void *run_works(void *arg)
{
	struct thread *t = arg;
	struct pageowner_session *s = t->session;

	pthread_barrier_wait(t->start);
	if (!s)
		s = open_dump(t->dump);
	for (size_t i = 0; s && i < NR_WORKS; i++) {
		size_t n = (t->first + i) % NR_WORKS;
		works[n].run(s, &t->sum[n]);
	}
	if (!t->session)
		pageowner_close(s);
	return NULL;
}

/*
 * All works in each of the threads, which begin at different ones: so any two kinds of calls run side by side, and in the
 * first round all threads do the same.
 */
static void run_threads(struct thread *t, unsigned nr, struct pageowner_session *s, const char *dump, bool same)
{
	pthread_barrier_t start;

	pthread_barrier_init(&start, NULL, nr);
	for (unsigned i = 0; i < nr; i++) {
		t[i] = (struct thread){ .start = &start, .session = s, .dump = dump,
					.first = same ? 0 : i * NR_WORKS / nr };
		if (!CHECK_INT(pthread_create(&t[i].id, NULL, run_works, &t[i]), 0))
			exit(1);
	}
	for (unsigned i = 0; i < nr; i++)
		pthread_join(t[i].id, NULL);
	pthread_barrier_destroy(&start);
}

static void compare(const struct thread *t, unsigned nr, const struct thread *alone)
{
	for (unsigned i = 0; i < nr; i++)
		for (size_t w = 0; w < NR_WORKS; w++)
			if (!CHECK(memcmp(&t[i].sum[w], &alone->sum[w], sizeof(struct sum)) == 0))
				printf("# thread %u: %s: %" PRIu64 " bytes, code %d; alone %" PRIu64 " bytes, code %d\n", i,
				       works[w].name, t[i].sum[w].bytes, t[i].sum[w].rc, alone->sum[w].bytes,
				       alone->sum[w].rc);
}

static void check_dump(const char *dump)
{
	static const char *const filters[] = { "migratetype=Unmovable" };
	const struct pageowner_filter_options o = { .size = sizeof(o), .filters = filters, .nr_filters = 1,
						    .frame = "alloc_page" };
	struct thread alone, t[THREADS];
	struct pageowner_filter *filter;
	struct pageowner_session *s = open_dump(dump);

	if (!CHECK(s != NULL) || !CHECK_INT(pageowner_filter_new(&o, &filter, NULL), PAGEOWNER_OK))
		return;
	common_filter = filter;
	run_threads(&alone, 1, s, dump, true);
	for (size_t w = 0; w < NR_WORKS; w++)
		if (!CHECK(alone.sum[w].rc == PAGEOWNER_OK && alone.sum[w].bytes > 0))
			printf("# alone: %s: %" PRIu64 " bytes, code %d\n", works[w].name, alone.sum[w].bytes, alone.sum[w].rc);
	run_threads(t, THREADS, s, dump, true);
	compare(t, THREADS, &alone);
	run_threads(t, THREADS, s, dump, false);
	compare(t, THREADS, &alone);
	run_threads(t, 2, NULL, dump, true);	/* sessions of their own */
	compare(t, 2, &alone);
	pageowner_close(s);
	pageowner_filter_free(filter);
}

TEST(threads_share_a_session_on_an_elf_core)
{
	check_dump("6.1-x86_64/dump.elf");
}

TEST(threads_share_a_session_on_a_kernel_that_counts_stacks)
{
	check_dump("7.2-x86_64/dump.elf");
}

TEST(threads_share_a_session_on_a_compressed_dump)
{
	check_dump("6.1-x86_64-crash-lzo/core.kdump");
}
