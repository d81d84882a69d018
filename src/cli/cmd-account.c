/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

#define TOP_PARTS	10	/* slab caches, callers of vmalloc() */
#define TOP_GROUPS	5	/* callers, modules, processes */
#define TOP_STACKS	10
#define TOP_CMA		3	/* callers of each area */

static const char help[] =
	"Usage: pageowner account " CLI_USAGE_KERNEL "[--of ROW] [--top N] [--check] [-o FILE]\n"
	"                        " CLI_USAGE_DUMP "\n"
	"       pageowner account [OPTION]... --fragmentation [--top N]" CLI_USAGE_DUMP "\n"
	CLI_ALONE("       pageowner account [OPTION]... --ram FILE[@ADDRESS]... | --ram-map LISTFILE | --live\n")
	"Tell where the memory went: each page of RAM in one row, beside the kernel's own counter of the\n"
	"same; and of the pages that no counter tells of (or those of another row) who owns them.\n"
	"\n"
	"Without page_owner the rows and counters still come, but not the owners.\n"
	"\n"
	CLI_INPUT_HELP
	"      --of ROW              the owners of this row's pages; 'help' lists all rows\n"
	"      --top N               so many stacks of them, or polluted pageblocks; 0: all (default: 10)\n"
	"      --fragmentation       instead: the largest free blocks of each zone, the pageblocks that pages of\n"
	"                            another migratetype keep from being whole, and whose pages these are\n"
	"      --check               list the page frames whose owners and struct pages disagree, and the stacks\n"
	"                            of which the kernel counts other pages than their records have\n"
	"  -o, --output FILE         write there instead of to standard output\n"
	CLI_JOBS_HELP
	"  -h, --help                print this\n"
	CLI_ALONE("\n"
	"Exit status: 0 all well; 1 something could not be read (told on standard error); 2 usage.\n");

struct run {
	struct cli_input in;
	const char *output;
	struct pageowner_account_options o;
	unsigned long top;
	bool check, fragmentation;
	const struct pageowner_account *a;
	struct pageowner_account_totals t;
	FILE *out;
};

static bool parse_top(const char *text, unsigned long *ret)
{
	char *end;

	*ret = strtoul(text, &end, 10);
	return *text >= '0' && *text <= '9' && !*end;
}

/* The key of a row, or 'help'; CLI_OK, or how to end. */
static int parse_row(struct run *r, const char *text)
{
	int row = pageowner_account_row(text);

	if (row < 0)
		return cli_usage(&cli_account, "--of: %s: no such row; '--of help' lists them", text);
	r->o.of = (enum pageowner_row)row;
	return CLI_OK;
}

static void list_rows(void)
{
	for (int i = 0; i < PAGEOWNER_NR_ROWS; i++)
		(void)fprintf(cli_stdout(), "%s\n", pageowner_account_key((enum pageowner_row)i));
}

static int parse_options(int argc, char **argv, struct run *r, bool *list)
{
	enum { OF = 512, TOP, CHECK, FRAGMENTATION };
	static const struct option options[] = {
		CLI_INPUT_OPTIONS,
		CLI_JOBS_OPTION,
		{ "of", required_argument, NULL, OF },
		{ "top", required_argument, NULL, TOP },
		{ "check", no_argument, NULL, CHECK },
		{ "fragmentation", no_argument, NULL, FRAGMENTATION },
		{ "output", required_argument, NULL, 'o' },
		{ NULL, 0, NULL, 0 },
	};
	int c, status = CLI_OK;
	bool of = false;

	opterr = 0;
	while (status == CLI_OK && (c = getopt_long(argc, argv, ":k:o:j:", options, NULL)) != -1) {
		switch (c) {
		case OF:
			*list = !strcmp(optarg, "help");
			if (*list)
				return CLI_OK;
			status = parse_row(r, optarg);
			of = true;
			break;
		case TOP:
			if (!parse_top(optarg, &r->top))
				return cli_usage(&cli_account, "--top: %s: not a number", optarg);
			break;
		case CHECK:
			r->check = true;
			break;
		case FRAGMENTATION:
			r->fragmentation = true;
			break;
		case 'o':
			r->output = optarg;
			break;
		default:
			status = cli_input_option(&r->in, &cli_account, c, argv);
		}
	}
	if (status == CLI_OK && r->fragmentation && (of || r->check))
		return cli_usage(&cli_account, "--fragmentation is a screen of its own: without --of and --check");
	return status == CLI_OK ? cli_input_finish(&r->in, &cli_account, argc, argv) : status;
}

/* --- the screen ---------------------------------------------------------------------------------- */

static double mib(const struct run *r, uint64_t pages)
{
	return (double)pages * (double)r->t.page_size / (1 << 20);
}

static double share(const struct run *r, uint64_t pages)
{
	return r->t.ram ? 100.0 * (double)pages / (double)r->t.ram : 0;
}

#define CLEAN_MAX 256

/* Names come out of the dump: control bytes stay out of people's terminals. */
static const char *clean(const char *text, char buf[CLEAN_MAX])
{
	size_t n = 0;

	for (; *text && n < CLEAN_MAX - 5; text++) {
		unsigned char c = (unsigned char)*text;
		if (c < 0x20 || c == 0x7f)
			n += (size_t)snprintf(buf + n, CLEAN_MAX - n, "\\x%02x", c);
		else
			buf[n++] = (char)c;
	}
	buf[n] = '\0';
	return buf;
}

static void put_line(const struct run *r, const struct pageowner_account_line *l)
{
	(void)fprintf(r->out, "%-28s %10" PRIu64 " %10.2f %6.2f%%", l->title, l->pages, mib(r, l->pages),
		      share(r, l->pages));
	if (l->counter)
		(void)fprintf(r->out, " %11" PRId64 " %+8" PRId64 "  %s", l->counter_pages,
			      (int64_t)l->pages - l->counter_pages, l->counter);
	(void)fputc('\n', r->out);
}

static void put_rows(const struct run *r)
{
	struct pageowner_account_line l;

	(void)fprintf(r->out, "%-28s %10s %10s %7s %11s %8s  %s\n", "row", "pages", "MiB", "share", "counter", "differ",
		      "which");
	for (int i = 0; pageowner_account_line(r->a, (enum pageowner_row)i, &l); i++)
		if (l.pages || (l.counter && l.counter_pages))
			put_line(r, &l);
	(void)fprintf(r->out, "%-28s %10" PRIu64 " %10.2f %6.2f%%\n", "RAM", r->t.ram, mib(r, r->t.ram), 100.0);
	if (r->t.system_ram > r->t.ram)
		(void)fprintf(r->out, "%-28s %10" PRIu64 " %10.2f\n", "other System RAM", r->t.system_ram - r->t.ram,
			      mib(r, r->t.system_ram - r->t.ram));
}

static void put_attributes(const struct run *r)
{
	const struct pageowner_account_line kept = {
		.title = "reserved, in all", .pages = r->t.kept, .counter = "present - managed",
		.counter_pages = (int64_t)r->t.kept_counter,
	};
	struct pageowner_account_line l;

	(void)fputs("\nacross rows\n", r->out);
	for (int i = 0; pageowner_account_attribute(r->a, (enum pageowner_attribute)i, &l); i++)
		if (l.pages || (l.counter && l.counter_pages))
			put_line(r, &l);
	put_line(r, &kept);
}

/* The callers that have most of an area. */
static void put_cma_callers(const struct run *r, size_t area, enum pageowner_cma_pages which, const char *title)
{
	struct pageowner_account_group g;
	char buf[CLEAN_MAX], line[CLEAN_MAX];

	for (size_t i = 0; i < TOP_CMA && pageowner_account_cma_group(r->a, area, which, PAGEOWNER_BY_CALLER, i, &g); i++) {
		(void)snprintf(line, sizeof(line), "  %s: %s", title, g.name[0] ? clean(g.name, buf) : "(not known)");
		(void)fprintf(r->out, "%-28s %10" PRIu64 " %10.2f", line, g.pages, mib(r, g.pages));
		if (g.module[0])
			(void)fprintf(r->out, "  [%s]", clean(g.module, buf));
		(void)fputc('\n', r->out);
	}
}

static void put_cma(const struct run *r)
{
	struct pageowner_account_cma c;
	char buf[CLEAN_MAX];

	for (size_t i = 0; pageowner_account_cma(r->a, i, &c); i++) {
		if (i == 0)
			(void)fprintf(r->out, "\n%-28s %10s %10s %10s %10s %12s\n", "CMA area", "pages", "MiB",
				      "used", "lent", "largest gap");
		(void)fprintf(r->out, "%-28s %10" PRIu64 " %10.2f %10" PRIu64 " %10" PRIu64 " %12" PRIu64 "\n",
			      clean(c.name, buf),
			      c.pages, mib(r, c.pages), c.used, c.lent, c.largest_gap);
		put_cma_callers(r, i, PAGEOWNER_CMA_USED, "used");
		put_cma_callers(r, i, PAGEOWNER_CMA_LENT, "lent");
	}
}

static void put_parts(const struct run *r, const char *title,
		      int (*get)(const struct pageowner_account *a, size_t index, struct pageowner_account_part *ret))
{
	struct pageowner_account_part p;
	uint64_t others = 0, nr = 0;
	char buf[CLEAN_MAX];

	for (size_t i = 0; get(r->a, i, &p); i++) {
		if (i == 0)
			(void)fprintf(r->out, "\n%-28s %10s %10s %7s\n", title, "pages", "MiB", "share");
		if (i < TOP_PARTS) {
			(void)fprintf(r->out, "%-28s %10" PRIu64 " %10.2f %6.2f%%\n", clean(p.name, buf), p.pages,
				      mib(r, p.pages), share(r, p.pages));
		} else {
			others += p.pages;
			nr++;
		}
	}
	if (nr)
		(void)fprintf(r->out, "(%" PRIu64 " more)%*s %10" PRIu64 " %10.2f %6.2f%%\n", nr,
			      28 - 7 - snprintf(NULL, 0, "%" PRIu64, nr), "", others, mib(r, others), share(r, others));
}

/* --- who owns a row ------------------------------------------------------------------------------ */

static void format_age(char *buf, size_t cap, uint64_t ns)
{
	const double s = (double)ns / 1e9;

	if (s < 120)
		(void)snprintf(buf, cap, "%.1f s", s);
	else if (s < 7200)
		(void)snprintf(buf, cap, "%.1f min", s / 60);
	else if (s < 172800)
		(void)snprintf(buf, cap, "%.1f h", s / 3600);
	else
		(void)snprintf(buf, cap, "%.1f days", s / 86400);
}

static void put_groups(const struct run *r, const char *title, enum pageowner_grouping by)
{
	struct pageowner_account_group g;
	uint64_t others = 0, nr = 0;
	char buf[CLEAN_MAX];

	for (size_t i = 0; pageowner_account_group(r->a, by, i, &g); i++) {
		const char *name = g.name[0] ? g.name : by == PAGEOWNER_BY_MODULE ? "(the kernel itself)" : "(not known)";

		if (i == 0)
			(void)fprintf(r->out, "\n%-28s %10s %10s %7s\n", title, "pages", "MiB", "share");
		if (i < TOP_GROUPS || by == PAGEOWNER_BY_AGE) {
			char full[CLEAN_MAX];

			if (by == PAGEOWNER_BY_CALLER && g.module[0]) {
				(void)snprintf(full, sizeof(full), "%s [%s]", name, g.module);
				name = full;
			}
			(void)fprintf(r->out, "  %-26s %10" PRIu64 " %10.2f %6.2f%%\n", clean(name, buf), g.pages,
				      mib(r, g.pages), share(r, g.pages));
		} else {
			others += g.pages;
			nr++;
		}
	}
	if (nr)
		(void)fprintf(r->out, "  (%" PRIu64 " more)%*s %10" PRIu64 " %10.2f %6.2f%%\n", nr,
			      26 - 7 - snprintf(NULL, 0, "%" PRIu64, nr), "", others, mib(r, others), share(r, others));
}

static void put_stack(const struct run *r, const struct pageowner_account_group *g)
{
	char buf[CLEAN_MAX];

	(void)fprintf(r->out, "\n%" PRIu64 " pages, %.2f MiB, %.2f%% of RAM: %s", g->pages, mib(r, g->pages),
		      share(r, g->pages), g->name[0] ? clean(g->name, buf) : "(not known)");
	if (g->module[0])
		(void)fprintf(r->out, " [%s]", clean(g->module, buf));
	if (g->process[0])
		(void)fprintf(r->out, ", by %s", clean(g->process, buf));
	if (g->processes > 1)
		(void)fprintf(r->out, " and %" PRIu64 " more", g->processes - 1);
	if (g->has_age) {
		(void)fputs(", ", r->out);
		char newest[32], oldest[32];

		format_age(newest, sizeof(newest), g->newest_ns);
		format_age(oldest, sizeof(oldest), g->oldest_ns);
		(void)fputs(newest, r->out);
		if (strcmp(newest, oldest) != 0)
			(void)fprintf(r->out, " to %s", oldest);
		(void)fputs(" ago", r->out);
	}
	(void)fprintf(r->out, ", %" PRIu64 " allocation%s\n", g->records, g->records == 1 ? "" : "s");
	for (uint32_t i = 0; g->stack && i < g->stack->nr_frames; i++)
		(void)fprintf(r->out, " %s\n", clean(g->stack->frames[i].text, buf));
}

/* Each area's pages with their stacks: those handed out, which only their owners give back, first. */
static void put_cma_owners(const struct run *r)
{
	static const char *const words[] = { [PAGEOWNER_CMA_USED] = "handed out", [PAGEOWNER_CMA_LENT] = "lent" };
	struct pageowner_account_cma c;
	struct pageowner_account_group g;
	char buf[CLEAN_MAX];

	for (size_t i = 0; pageowner_account_cma(r->a, i, &c); i++)
		for (unsigned which = 0; which < 2; which++) {
			(void)fprintf(r->out, "\nCMA area %s, %s: %" PRIu64 " pages\n", clean(c.name, buf), words[which],
				      which == PAGEOWNER_CMA_USED ? c.used : c.lent);
			for (size_t k = 0; (!r->top || k < r->top) &&
			     pageowner_account_cma_group(r->a, i, which, PAGEOWNER_BY_STACK, k, &g); k++)
				put_stack(r, &g);
		}
}

static void put_owners(const struct run *r)
{
	struct pageowner_account_line l;
	struct pageowner_account_group g;

	if (!pageowner_account_line(r->a, r->t.of, &l))
		return;
	(void)fprintf(r->out, "\nWho owns: %s, %" PRIu64 " pages, %.2f MiB, %.2f%% of RAM\n", l.title, l.pages,
		      mib(r, l.pages), share(r, l.pages));
	if (!r->t.has_owners) {
		(void)fputs("Not known: this kernel kept no page owners.\n", r->out);
		return;
	}
	if (r->t.of == PAGEOWNER_ROW_UNACCOUNTED)
		(void)fprintf(r->out, "No stack names %" PRIu64 " of them, %.2f%% of RAM.\n", r->t.nameless,
			      share(r, r->t.nameless));
	put_groups(r, "by caller", PAGEOWNER_BY_CALLER);
	put_groups(r, "by module", PAGEOWNER_BY_MODULE);
	put_groups(r, "by process", PAGEOWNER_BY_PROCESS);
	put_groups(r, "by age", PAGEOWNER_BY_AGE);
	if (r->t.of == PAGEOWNER_ROW_CMA) {
		put_cma_owners(r);
		return;
	}
	for (size_t i = 0; (!r->top || i < r->top) && pageowner_account_group(r->a, PAGEOWNER_BY_STACK, i, &g); i++)
		put_stack(r, &g);
}

/* Where records and struct pages disagree: a line each way, and the first stretches of page frames. */
static void put_disagreements(const struct run *r)
{
	struct pageowner_account_disagreement d;
	uint64_t all = 0;

	for (int i = 0; i < PAGEOWNER_NR_DISAGREEMENTS; i++)
		all += r->t.disagree[i];
	if (!all && !r->check)
		return;
	(void)fprintf(r->out, "\nOwners and struct pages disagree on %" PRIu64 " page frames%s\n", all,
		      all && !r->check ? " (--check lists them)" : "");
	for (int i = 0; i < PAGEOWNER_NR_DISAGREEMENTS; i++)
		if (r->t.disagree[i])
			(void)fprintf(r->out, "  %-46s %10" PRIu64 "\n",
				      pageowner_disagreement_words((enum pageowner_disagreement)i), r->t.disagree[i]);
	for (size_t i = 0; r->check && pageowner_account_disagreement(r->a, i, &d); i++)
		(void)fprintf(r->out, "PFN 0x%" PRIx64 "-0x%" PRIx64 " (%s): %s\n", d.pfn, d.pfn + d.pages - 1,
			      pageowner_account_key(d.row), pageowner_disagreement_words(d.what));
}

/* Stacks of which the kernel's counts tell otherwise than the records. */
static void put_counts(const struct run *r)
{
	struct pageowner_account_count c;
	size_t nr = 0;
	char buf[CLEAN_MAX];

	while (pageowner_account_count(r->a, nr, &c))
		nr++;
	if (!r->t.has_counts) {
		(void)fputs("\nThis kernel keeps no counts of stacks.\n", r->out);
		return;
	}
	(void)fprintf(r->out, "\nOf %" PRIu64 " stacks that the kernel counts pages of, %zu have other records\n", r->t.counts,
		      nr);
	for (size_t i = 0; pageowner_account_count(r->a, i, &c); i++) {
		(void)fprintf(r->out, "\nhandle 0x%" PRIx32 ": %" PRIu64 " pages by the records, %" PRId64
			      " by the kernel's count\n", c.handle, c.pages, c.kernel_pages);
		for (uint32_t k = 0; k < c.stack->nr_frames; k++)
			(void)fprintf(r->out, " %s\n", clean(c.stack->frames[k].text, buf));
	}
}

static void put_all(const struct run *r)
{
	put_rows(r);
	put_attributes(r);
	put_cma(r);
	put_parts(r, "slab cache", pageowner_account_cache);
	put_parts(r, "vmalloc, by caller", pageowner_account_vmalloc);
	put_parts(r, "reserved, by name", pageowner_account_reserved);
	put_owners(r);
	if (r->t.has_owners)
		put_disagreements(r);
	if (r->t.has_owners && r->check)
		put_counts(r);
}

static int on_progress(void *arg, uint64_t done, uint64_t all)
{
	(void)arg;
	cli_progress(done, all);
	return cli_stop;
}

static int account(struct run *r, struct pageowner_session *s)
{
	struct pageowner_account *a;
	struct pageowner_error err;
	const char *flaw;

	r->o.size = sizeof(r->o);
	r->o.progress = on_progress;
	r->o.check = r->check;
	r->t.size = sizeof(r->t);
	int rc = pageowner_account_new(s, &r->o, &a, &err);
	cli_progress_end();
	if (rc < 0) {
		cli_say("account: %s", err.text);
		return CLI_FAILED;
	}
	r->a = a;
	pageowner_account_totals(a, &r->t);
	put_all(r);
	bool bad = pageowner_incomplete(s);
	for (size_t i = 0; (flaw = pageowner_account_flaw(a, i)); i++) {
		cli_say("account: %s", flaw);
		bad = true;
	}
	pageowner_account_free(a);
	return bad ? CLI_FAILED : CLI_OK;
}

/* The screen is made in memory: one write, and no half of it when something fails. */
static int write_account(void *arg, struct pageowner_session *s, struct cli_output *out)
{
	struct run *r = arg;
	char *text = NULL;
	size_t len = 0;

	r->out = open_memstream(&text, &len);
	int status = CLI_FAILED;
	if (r->out)
		status = r->fragmentation ? cli_account_fragmentation(s, r->out, r->top) : account(r, s);
	if (!r->out || fclose(r->out) != 0) {
		cli_say("account: out of memory");
		status = CLI_FAILED;
	} else if (cli_output_write(out, text, len) != 0 && !out->pipe_closed) {
		cli_say("output: %s: could not be written", out->path ? out->path : "standard output");
		status = CLI_FAILED;
	}
	free(text);
	return status;
}

static int run(int argc, char **argv)
{
	struct run r = { .in = { .all_types = true }, .o = { .of = PAGEOWNER_ROW_UNACCOUNTED }, .top = TOP_STACKS };
	bool list = false;
	int status = parse_options(argc, argv, &r, &list);

	if (status == CLI_OK && list)
		list_rows();
	else if (status == CLI_OK)
		status = cli_write(&r.in, CLI_WANT_FRAMES, r.output, write_account, &r);
	cli_input_fini(&r.in);
	return status;
}

const struct cli_command cli_account = {
	.name = "account",
	.summary = "where the memory went: each page in one row, and who owns what no counter tells of",
	.help = help,
	.run = run,
};
