/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What holds of any table, over random worlds; and keys that make no sense. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <pageowner/pageowner.h>

#include "harness.h"

#define RECORDS 400

/* --- worlds -------------------------------------------------------------------------------------- */

static uint64_t state;

static unsigned rnd(unsigned below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (unsigned)(state >> 16) % below;
}

struct world {
	char *record[RECORDS];
	uint64_t pages;
};

/* Few of each, so that they meet. */
static struct world make_world(unsigned seed)
{
	static const char *const names[] = { "init", "a, b", "(x)", "kworker/0:1", "" };
	static const char *const types[] = { "Movable", "Unmovable", "Reclaimable" };
	struct world w = { .pages = 0 };

	state = seed * 0x9e3779b97f4a7c15ull + 1;
	for (unsigned i = 0; i < RECORDS; i++) {
		const unsigned order = rnd(4), pid = rnd(5);
		if (asprintf(&w.record[i],
			     "Page allocated via order %u, mask 0xcc0(GFP_KERNEL|__GFP_ZERO), pid %u, tgid %u (%s), ts %u ns\n"
			     "PFN 0x%x type %s Block 0 type Movable Flags 0x1(locked|node=%u|zone=1)\n"
			     " kmalloc+0x1/0x2\n frame%u+0x1/0x2\n last+0x1/0x2 [mod%u]\n%s\n",
			     order, pid, pid / 2, names[rnd(5)], rnd(1000), i, types[rnd(3)], rnd(2), rnd(6),
			     rnd(2), rnd(3) ? "" : "Charged to memcg /\n") < 0)
			abort();
		w.pages += 1u << order;
	}
	return w;
}

static void shuffle(struct world *w)
{
	for (unsigned i = RECORDS - 1; i > 0; i--) {
		unsigned j = rnd(i + 1);
		char *other = w->record[i];
		w->record[i] = w->record[j];
		w->record[j] = other;
	}
}

static void free_world(struct world *w)
{
	for (unsigned i = 0; i < RECORDS; i++)
		free(w->record[i]);
}

static const char *write_world(const struct world *w, unsigned copies)
{
	static char path[64];

	(void)snprintf(path, sizeof(path), "/tmp/pageowner-table.%d", (int)getpid());
	FILE *f = fopen(path, "w");
	for (; f && copies > 0; copies--)
		for (unsigned i = 0; i < RECORDS; i++)
			(void)fputs(w->record[i], f);
	if (!f || fclose(f) != 0)
		abort();
	return path;
}

/* --- tables -------------------------------------------------------------------------------------- */

static int take(void *self, const char *text, size_t len)
{
	return fwrite(text, 1, len, self) == len ? 0 : EIO;
}

static unsigned jobs;	/* 0: as many as there are processors */

/* What is written; *ret is filled with sums over all groups. */
static char *run(const char *path, const struct pageowner_table_options *options, struct pageowner_group *ret)
{
	const struct pageowner_open_options open = { .size = sizeof(open), .text = path, .jobs = jobs };
	struct pageowner_error err = { 0, "" };
	struct pageowner_session *s = NULL;
	struct pageowner_table *t = NULL;
	struct pageowner_group g;
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);
	const struct pageowner_sink sink = { sizeof(sink), f, take };

	*ret = (struct pageowner_group){ 0, 0 };
	if (!CHECK_INT(pageowner_table_new(options, &t, &err), 0) ||
	    !CHECK_INT(pageowner_open(&open, &s, &err), 0) ||
	    !CHECK_INT(pageowner_table_fill(t, s, &err), 0) ||
	    !CHECK_INT(pageowner_table_write(t, &sink, &err), 0))
		printf("# %s\n", err.text);
	for (size_t i = 0; t && pageowner_table_group(t, i, &g) == 1; i++) {
		ret->times += g.times;
		ret->pages += g.pages;
	}
	pageowner_table_free(t);
	pageowner_close(s);
	(void)fclose(f);
	return text;
}

static struct pageowner_table_options options(const char *cull, const char *sort)
{
	return (struct pageowner_table_options){ .size = sizeof(struct pageowner_table_options),
						 .cull = cull, .sort = sort };
}

static const char *const culls[] = { NULL, "pid", "st", "name,tgid", "order,mt", "node,cg,st", "ator", "caller,mod",
				     "p,tg,n,st,ator,o,g,mt,bt,fl,nid,z,cg,mr,h" };
#define NR_CULLS (sizeof(culls) / sizeof(*culls))

TEST(groups_add_up_to_all_records)
{
	for (unsigned seed = 1; seed < 20; seed++) {
		struct world w = make_world(seed);
		const char *path = write_world(&w, 1);
		for (size_t i = 0; i < NR_CULLS; i++) {
			struct pageowner_table_options o = options(culls[i], i % 2 ? "-pages" : NULL);
			struct pageowner_group sum;
			free(run(path, &o, &sum));
			CHECK_INT(sum.times, RECORDS);
			CHECK_INT(sum.pages, w.pages);
		}
		unlink(path);
		free_world(&w);
	}
}

TEST(the_order_of_input_makes_no_difference)
{
	for (unsigned seed = 1; seed < 20; seed++) {
		struct world w = make_world(seed);
		for (size_t i = 0; i < NR_CULLS; i++) {
			struct pageowner_table_options o = options(culls[i], NULL);
			struct pageowner_group sum;
			char *one = run(write_world(&w, 1), &o, &sum);
			shuffle(&w);
			char *two = run(write_world(&w, 1), &o, &sum);
			CHECK(one[0] && !strcmp(one, two));
			free(one);
			free(two);
		}
		unlink(write_world(&w, 1));
		free_world(&w);
	}
}

/* Lines of text that have one of the words, as a new text. */
static char *lines_with(const char *text, const char *word, const char *or)
{
	char *to = calloc(1, strlen(text) + 1);
	size_t len = 0;

	for (const char *p = text, *eol; to && (eol = strchr(p, '\n')); p = eol + 1) {
		const size_t n = (size_t)(eol + 1 - p);
		if (!memmem(p, n, word, strlen(word)) && !memmem(p, n, or, strlen(or)))
			continue;
		memcpy(to + len, p, n);
		len += n;
	}
	return to;
}

TEST(filter_then_group_is_group_then_filter)
{
	static const struct {
		const char *cull, *filter, *word, *or;
	} cases[] = {
		{ "pid", "pid=1,3", " PID 1\n", " PID 3\n" },
		{ "pid,name", "p=2", ", PID 2,", "\t" },
		{ "name", "name=init,a\\, b", ": init\n", ": a, b\n" },
		{ "name,pid", "n=", "task_comm_name: \n", "\t" },
		{ "tg,o", "order=0,2", ", order 0\n", ", order 2\n" },
		{ "mt,o", "migratetype=Movable", ", type Movable\n", "\t" },
		{ "nid,p", "node=1", ", node 1\n", "\t" },
		{ "mod,c", "module=mod1", ", module mod1\n", "\t" },
		{ "c", "caller=frame2,frame4", ", caller frame2\n", ", caller frame4\n" },
	};

	for (unsigned seed = 1; seed < 10; seed++) {
		struct world w = make_world(seed);
		const char *path = write_world(&w, 1);
		for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
			struct pageowner_table_options o = options(cases[i].cull, "-pages");
			struct pageowner_group sum;
			char *all = run(path, &o, &sum);
			o.filters = &cases[i].filter;
			o.nr_filters = 1;
			char *filtered = run(path, &o, &sum);
			char *after = lines_with(all, cases[i].word, cases[i].or);
			CHECK(filtered[0] != '\0');
			CHECK_STR(filtered, after);
			free(all);
			free(filtered);
			free(after);
		}
		unlink(path);
		free_world(&w);
	}
}

TEST(any_number_of_threads_gives_the_same)
{
	struct world w = make_world(7);
	const char *path = write_world(&w, 400);	/* 30 MB */

	for (size_t i = 0; i < 3; i++) {
		struct pageowner_table_options o = options(culls[i], i ? "-n,at" : "at");
		struct pageowner_group sum;
		jobs = 1;
		char *want = run(path, &o, &sum);
		CHECK_INT(sum.times, RECORDS * 400);
		for (jobs = 2; jobs < 6; jobs++) {
			char *got = run(path, &o, &sum);
			CHECK(!strcmp(got, want));
			free(got);
		}
		free(want);
	}
	jobs = 0;
	unlink(path);
	free_world(&w);
}

TEST(frames_choose_records)
{
	struct world w = make_world(5);
	const char *path = write_world(&w, 1);
	struct pageowner_table_options o = options("caller", "caller");
	struct pageowner_group all, sum;

	o.frame = "^frame[0-2]\\+";
	char *text = run(path, &o, &sum);
	CHECK(strstr(text, "caller frame0\n") && strstr(text, "caller frame2\n") && !strstr(text, "frame3"));
	CHECK(sum.times > 0 && sum.times < RECORDS);
	free(text);
	o.frame = "mod[01]\\]$";
	free(run(path, &o, &all));
	CHECK_INT(all.times, RECORDS);
	o.frame = "nowhere";
	text = run(path, &o, &sum);
	CHECK_STR(text, "");
	free(text);
	o.frame = NULL;
	o.allocators = "frame1,frame2,fra*3";
	text = run(path, &o, &sum);
	CHECK(strstr(text, "caller last\n") && strstr(text, "caller frame3\n") && !strstr(text, "frame1"));
	CHECK_INT(sum.times, RECORDS);
	free(text);
	o.allocators = "frame*,last";
	o.percent = 1;
	text = run(path, &o, &sum);
	CHECK(strstr(text, " pages (100.00 %), caller \n") != NULL);
	free(text);
	unlink(path);
	free_world(&w);
}

TEST(flags_are_whole_words)
{
	static const struct {
		const char *filter;
		bool all;
	} cases[] = {
		{ "gfp=__GFP_ZERO", true }, { "gfp=GFP_KERNEL", true }, { "gfp=GFP_KERNEL|__GFP_ZERO", true },
		{ "gfp=KERNEL", false },    { "gfp=GFP_ZERO", false },	{ "gfp=__GFP_ZER", false },
		{ "gfp=", false },	    { "flags=zone=1", true },	{ "flags=one=1", false },
		{ "flags=node", false },    { "gfp=x,__GFP_ZERO", true },
	};
	struct world w = make_world(9);
	const char *path = write_world(&w, 1);

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct pageowner_table_options o = options("order", NULL);
		struct pageowner_group sum;
		o.filters = &cases[i].filter;
		o.nr_filters = 1;
		free(run(path, &o, &sum));
		CHECK_INT(sum.times, cases[i].all ? RECORDS : 0);
	}
	unlink(path);
	free_world(&w);
}

TEST(groups_are_in_the_order_that_was_asked_for)
{
	struct world w = make_world(11);
	const char *path = write_world(&w, 1);

	for (int sign = -1; sign <= 1; sign += 2) {
		struct pageowner_table_options o = options("pid,order", sign < 0 ? "-pages" : "pages");
		struct pageowner_group sum;
		unsigned long long times, pages, before = 0, nr = 0;
		char *text = run(path, &o, &sum);
		for (char *p = text, *eol; (eol = strchr(p, '\n')); p = eol + 1, before = pages, nr++) {
			CHECK_INT(sscanf(p, "%llu times, %llu pages", &times, &pages), 2);
			CHECK(nr == 0 || (sign < 0 ? pages <= before : pages >= before));
		}
		CHECK(nr > 10);
		free(text);
	}
	unlink(path);
	free_world(&w);
}

TEST(limits_of_what_is_written)
{
	struct world w = make_world(3);
	const char *path = write_world(&w, 1);
	struct pageowner_table_options o = options("pid", "-pages");
	struct pageowner_group sum;
	char *all = run(path, &o, &sum);

	o.top = 2;
	char *two = run(path, &o, &sum);
	const size_t len = (size_t)(strchr(strchr(all, '\n') + 1, '\n') + 1 - all);
	CHECK(strlen(two) == len && !memcmp(all, two, len));
	o.top = 0;
	o.min_pages = w.pages;
	char *none = run(path, &o, &sum);
	CHECK_STR(none, "");
	CHECK_INT(sum.pages, w.pages);
	free(all);
	free(two);
	free(none);
	unlink(path);
	free_world(&w);
}

/* --- what makes no sense ------------------------------------------------------------------------- */

static void refused(const char *cull, const char *sort, const char *filter, const char *says)
{
	struct pageowner_table_options o = options(cull, sort);
	struct pageowner_table *t = NULL;
	struct pageowner_error err = { 0, "" };

	o.filters = &filter;
	o.nr_filters = filter != NULL;
	CHECK_INT(pageowner_table_new(&o, &t, &err), PAGEOWNER_EINVAL);
	if (!CHECK(strstr(err.text, says)))
		printf("# said: %s\n", err.text);
}

TEST(keys_and_values_that_make_no_sense)
{
	refused("stactrace", NULL, NULL, "cull: stactrace: no such key; is \"stacktrace\" meant?");
	refused("pid,,tgid", NULL, NULL, "cull: : no such key");
	refused("", NULL, NULL, "cull: : no such key");
	refused("completelyelse", NULL, NULL, "cull: completelyelse: no such key");
	refused("txt", NULL, NULL, "cull: txt: not a key to cull by");
	refused("alloc_ts", NULL, NULL, "not a key to cull by");
	refused(NULL, "pdi", NULL, "sort: pdi: no such key; is \"pid\" meant?");
	refused(NULL, "+pid,-pid", NULL, "in both directions");
	refused(NULL, "--pid", NULL, "no such key");
	refused(NULL, "free", NULL, "sort: free: not a key to sort by");
	refused(NULL, NULL, "pid", "pid: not KEY=VALUE");
	refused(NULL, NULL, "pid=", "pid: \"\" is not a number");
	refused(NULL, NULL, "pid=1,x", "pid: \"x\" is not a number");
	refused(NULL, NULL, "pid=1x", "\"1x\" is not a number");
	refused(NULL, NULL, "nmae=x", "is \"name\" meant?");
	refused(NULL, NULL, "stacktrace=x", "not a key to filter by");
}

TEST(a_frame_that_is_no_expression)
{
	struct pageowner_table_options o = options(NULL, NULL);
	struct pageowner_table *t = NULL;
	struct pageowner_error err = { 0, "" };

	o.frame = "(";
	CHECK_INT(pageowner_table_new(&o, &t, &err), PAGEOWNER_EINVAL);
	CHECK(strstr(err.text, "frame: (: ") != NULL);
}

TEST(every_key_is_taken_in_both_forms)
{
	struct pageowner_key k;
	size_t nr = 0;

	for (; pageowner_key(nr, &k) == 1; nr++) {
		const char *const forms[] = { k.name, k.brief };
		for (int i = 0; i < 2; i++) {
			struct pageowner_table_options o =
				options(k.uses & PAGEOWNER_KEY_CULL ? forms[i] : NULL,
					k.uses & PAGEOWNER_KEY_SORT ? forms[i] : NULL);
			struct pageowner_table *t = NULL;
			struct pageowner_error err;
			CHECK_INT(pageowner_table_new(&o, &t, &err), 0);
			pageowner_table_free(t);
		}
		CHECK(k.help && k.help[0]);
	}
	CHECK(nr > 15);
}
