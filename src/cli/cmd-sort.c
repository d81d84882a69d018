/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

static const char help[] =
	"Usage: pageowner sort [OPTION]... " CLI_ALONE("INPUT ") "[OUTPUT]\n"
	CLI_ALONE("       pageowner sort [OPTION]... -o OUTPUT DUMP...\n")
	CLI_ALONE("       pageowner sort [OPTION]... --ram FILE[@ADDRESS]... | --ram-map LISTFILE | --live [OUTPUT]\n")
	CLI_ALONE("       page_owner_sort [OPTION]... INPUT [OUTPUT]\n")
	"Choose, group and sort the records, as page_owner_sort of the kernel's tools does.\n"
	"\n"
	CLI_ALONE("INPUT is a dump, or a text of page_owner that any kernel has printed, in a file or a pipe (-: standard\n"
	"input).  ") "Without OUTPUT it is written to standard output.\n"
	"\n"
	"Sort (one of):\n"
	"  -t                        by how many times (default)\n"
	"  -m                        by pages\n"
	"  -a                        by the time of allocation\n"
	"  -r                        by the time of release\n"
	"  -p                        by pid\n"
	"  -P                        by tgid\n"
	"  -n                        by the command's name\n"
	"  -s                        by the stack\n"
	"      --sort [+|-]KEY,...   by keys, + (default) ascending or - descending\n"
	"Group:\n"
	"      --cull KEY,...        records with equal keys; default: with equal text, but for the PFN\n"
	"  -c                        the same as --cull=stacktrace\n"
	"Choose:\n"
	"  -f                        no pages that were released after their allocation\n"
	"      --pid LIST            pids, with commas between them\n"
	"      --tgid LIST           tgids\n"
	"      --name LIST           commands' names; a comma in a name is written \\,\n"
	"      --filter KEY=LIST     any key, one of the values; repeatable, and all must be met\n"
	"      --frame REGEX         any frame of the stack matches\n"
	CLI_AGE_HELP
	"      --min-pages N         write no groups with fewer pages\n"
	"      --top N               write so many groups at most\n"
	"Other:\n"
	"      --skip FUNCTION,...   functions that the key caller passes over, beside those of allocators; * at\n"
	"                            the end stands for anything\n"
	"      --percent             tell how much of all pages that were chosen each group has\n"
	CLI_HUMAN_HELP
	"      --compat 5.10|6.1     write as the tool of that kernel does\n"
	"  -d                        tell every record that has a flaw, not the first ten alone\n"
	CLI_JOBS_HELP
	"  -o, --output FILE         the same as OUTPUT; then all else are parts of one dump\n"
	CLI_INPUT_HELP
	"  -h, --help                print this\n"
	CLI_ALONE("\n"
	"Exit status: 0 all well; 1 some or all records could not be read (told on standard error); 2 usage.\n")
	"\n"
	"Keys, long or short, of sort (s), cull (c) and filter (f):\n";

static void print_keys(void)
{
	struct pageowner_key k;

	for (size_t i = 0; pageowner_key(i, &k) == 1; i++)
		if (k.uses & ~(unsigned)PAGEOWNER_KEY_TASK)
			(void)fprintf(cli_stdout(), "  %-12s %-4s  %c%c%c  %s\n", k.name, k.brief,
				     k.uses & PAGEOWNER_KEY_SORT ? 's' : '-',
				     k.uses & PAGEOWNER_KEY_CULL ? 'c' : '-',
				     k.uses & PAGEOWNER_KEY_FILTER ? 'f' : '-', k.help);
}

struct run {
	struct cli_input in;
	struct pageowner_table_options o;
	const char *output;
	char sorted_by;			/* short option, 'S' for --sort; 0: neither */
	bool sorted_twice;		/* by two different ones */
	char *cull;			/* owned: keys of all options together */
	char *filter[CLI_MAX_FILTERS];	/* owned */
	struct cli_flaws flaws;
};

/* --- options ------------------------------------------------------------------------------------- */

static int no_memory(void)
{
	cli_say("out of memory");
	return CLI_FAILED;
}

static void set_sort(struct run *r, char option, const char *keys)
{
	r->sorted_twice |= r->sorted_by && r->sorted_by != option;
	r->sorted_by = option;
	r->o.sort = keys;
}

static bool set_short_sort(struct run *r, int option)
{
	static const struct {
		char option;
		const char *keys;
	} sorts[] = {
		{ 'a', "alloc_ts" }, { 'm', "-pages" }, { 'n', "name" },	 { 'p', "pid" },
		{ 'P', "tgid" },     { 'r', "free_ts" }, { 's', "stacktrace" }, { 't', "-times" },
	};

	for (size_t i = 0; i < sizeof(sorts) / sizeof(*sorts); i++) {
		if (sorts[i].option != option)
			continue;
		set_sort(r, sorts[i].option, sorts[i].keys);
		return true;
	}
	return false;
}

static int add_cull(struct run *r, const char *keys)
{
	char *all = NULL;

	if (asprintf(&all, "%s%s%s", r->cull ? r->cull : "", r->cull ? "," : "", keys) < 0)
		return no_memory();
	free(r->cull);
	r->o.cull = r->cull = all;
	return CLI_OK;
}

/* key "": text is KEY=LIST; else the last list of that key counts. */
static int add_filter(struct run *r, const char *key, const char *text)
{
	char *filter = NULL;
	const size_t len = strlen(key);
	size_t i = len ? 0 : r->o.nr_filters;

	if (asprintf(&filter, "%s%s", key, text) < 0)
		return no_memory();
	while (i < r->o.nr_filters && strncmp(r->filter[i], key, len) != 0)
		i++;
	if (i == CLI_MAX_FILTERS) {
		free(filter);
		return cli_usage(&cli_sort, "--filter: more than %d", CLI_MAX_FILTERS);
	}
	free(r->filter[i]);
	r->filter[i] = filter;
	r->o.nr_filters += i == r->o.nr_filters;
	return CLI_OK;
}

static int set_compat(struct run *r, const char *text)
{
	if (!strcmp(text, "5.10"))
		r->o.format = PAGEOWNER_TABLE_5_10;
	else if (!strcmp(text, "6.1"))
		r->o.format = PAGEOWNER_TABLE_6_1;
	else
		return cli_usage(&cli_sort, "--compat: %s: neither 5.10 nor 6.1", text);
	return CLI_OK;
}

enum { OPT_PID = 512, OPT_TGID, OPT_NAME, OPT_CULL, OPT_SORT, OPT_FILTER, OPT_COMPAT, OPT_TOP, OPT_MIN, OPT_FRAME,
       OPT_SKIP, OPT_PERCENT };

static int take_option(struct run *r, int c, char **argv)
{
	int status;

	switch (c) {
	case 'c':
		return add_cull(r, "stacktrace");
	case 'd':
		r->flaws.all = true;
		return CLI_OK;
	case 'f':
		r->o.unreleased = 1;
		return CLI_OK;
	case 'o':
		r->output = optarg;
		return CLI_OK;
	case OPT_PID:
		return add_filter(r, "pid=", optarg);
	case OPT_TGID:
		return add_filter(r, "tgid=", optarg);
	case OPT_NAME:
		return add_filter(r, "name=", optarg);
	case OPT_FILTER:
		return add_filter(r, "", optarg);
	case OPT_CULL:
		return add_cull(r, optarg);
	case OPT_SORT:
		set_sort(r, 'S', optarg);
		return CLI_OK;
	case OPT_COMPAT:
		return set_compat(r, optarg);
	case OPT_FRAME:
		r->o.frame = optarg;
		return CLI_OK;
	case OPT_SKIP:
		r->o.allocators = optarg;
		return CLI_OK;
	case OPT_PERCENT:
		r->o.percent = 1;
		return CLI_OK;
	case 'H':
		r->o.human = 1;
		return CLI_OK;
	case CLI_OPT_PAGE_SIZE:
		return cli_page_size(&cli_sort, optarg, &r->o.page_size);
	case OPT_TOP:
		return cli_number(&cli_sort, "--top", optarg, 1, UINT64_MAX, &r->o.top);
	case OPT_MIN:
		return cli_number(&cli_sort, "--min-pages", optarg, 0, UINT64_MAX, &r->o.min_pages);
	default:
		if (cli_age_option(&r->o.age, &cli_sort, c, &status))
			return status;
		return set_short_sort(r, c) ? CLI_OK : cli_input_option(&r->in, &cli_sort, c, argv);
	}
}

/* INPUT [OUTPUT]; with -o all are parts of a dump; with --ram or --live there is no INPUT. */
static int take_files(struct run *r, int argc, char **argv)
{
	const char *instead = cli_input_instead(&r->in);
	char **files = argv + optind;
	size_t nr = (size_t)(argc - optind), most = instead ? 1 : 2;

	if (!r->output && nr > most)
		return cli_usage(&cli_sort, "%s: is a file too much (parts of one dump need -o OUTPUT)",
				 files[most]);
	if (!r->output && nr == most)
		r->output = files[--nr];
	if (!instead && !nr)
		return cli_usage(&cli_sort, "no input given");
	int status = cli_input_check(&r->in, &cli_sort, nr ? files[0] : NULL);
	if (status != CLI_OK)
		return status;
	cli_input_take(&r->in, files, nr, true);
	status = cli_page_size_check(&r->in, &cli_sort, r->o.page_size);
	return status == CLI_OK ? cli_input_lists(&r->in) : status;
}

static int parse_options(int argc, char **argv, struct run *r)
{
	static const struct option options[] = {
		CLI_INPUT_OPTIONS,
		{ "pid", required_argument, NULL, OPT_PID },
		{ "tgid", required_argument, NULL, OPT_TGID },
		{ "name", required_argument, NULL, OPT_NAME },
		{ "cull", required_argument, NULL, OPT_CULL },
		{ "sort", required_argument, NULL, OPT_SORT },
		{ "filter", required_argument, NULL, OPT_FILTER },
		{ "frame", required_argument, NULL, OPT_FRAME },
		{ "skip", required_argument, NULL, OPT_SKIP },
		CLI_AGE_OPTIONS,
		CLI_HUMAN_OPTIONS,
		{ "percent", no_argument, NULL, OPT_PERCENT },
		{ "compat", required_argument, NULL, OPT_COMPAT },
		{ "top", required_argument, NULL, OPT_TOP },
		{ "min-pages", required_argument, NULL, OPT_MIN },
		CLI_JOBS_OPTION,
		{ "output", required_argument, NULL, 'o' },
		{ NULL, 0, NULL, 0 },
	};
	int c, status;

	opterr = 0;
	while ((c = getopt_long(argc, argv, ":acdfHj:k:mno:pPrst", options, NULL)) != -1) {
		status = take_option(r, c, argv);
		if (status != CLI_OK)
			return status;
	}
	/* the tool of 6.1 takes the last one */
	if (r->sorted_twice && r->o.format != PAGEOWNER_TABLE_6_1)
		return cli_usage(&cli_sort, "two orders are given: one of -a, -m, -n, -p, -P, -r, -s, -t and --sort is possible");
	return take_files(r, argc, argv);
}

/* --- running ------------------------------------------------------------------------------------- */

static void on_flaw(void *arg, const struct pageowner_error *err)
{
	cli_flaw(&((struct run *)arg)->flaws, err);
}

static int write_table(struct run *r, const struct pageowner_table *t)
{
	struct pageowner_error err;
	struct cli_output out;
	const struct pageowner_sink sink = { .size = sizeof(sink), .self = &out,
					     .write = cli_output_write };

	if (r->output && cli_is_input(r->output)) {
		cli_say("output: %s: is a dump or a text of page_owner: it is not written over", r->output);
		return CLI_FAILED;
	}
	if (!cli_output_open(&out, r->output, &r->in))
		return CLI_FAILED;
	int rc = pageowner_table_write(t, &sink, &err);
	if (rc < 0 && !out.pipe_closed)
		cli_say("output: %s: %s", r->output ? r->output : "standard output", err.text);
	bool closed = cli_output_close(&out);
	return (rc < 0 && !out.pipe_closed) || !closed ? CLI_FAILED : CLI_OK;
}

static int sort(struct run *r, struct pageowner_table *t)
{
	struct pageowner_coverage cov = { .size = sizeof(cov) };
	struct pageowner_error err;
	struct pageowner_session *s = cli_open(&r->in, CLI_WANT_RECORDS);

	if (!s)
		return CLI_FAILED;
	int rc = pageowner_table_fill(t, s, &err);
	r->flaws.bad |= pageowner_incomplete(s) != 0;
	cli_close(s);
	cli_flaws_end(&r->flaws);
	if (rc < 0) {
		cli_say("sort: %s", err.text);
		return CLI_FAILED;
	}
	pageowner_table_coverage(t, &cov);
	r->flaws.bad |= cli_tell_missing("sort", &cov);
	if (!cov.walked) {
		cli_say("sort: there are no records");
		r->flaws.bad = true;
	}
	int status = write_table(r, t);
	return status == CLI_OK && r->flaws.bad ? CLI_FAILED : status;
}

static int make_and_sort(struct run *r)
{
	struct pageowner_table *t;
	struct pageowner_error err;

	r->o.filters = (const char *const *)r->filter;
	if (pageowner_table_new(&r->o, &t, &err) < 0)
		return cli_usage(&cli_sort, "%s", err.text);
	int status = sort(r, t);
	pageowner_table_free(t);
	return status;
}

static int run(int argc, char **argv)
{
	struct run r = { .o = { .size = sizeof(r.o), .flaw = on_flaw }, .flaws.command = "sort" };
	int status;

	r.o.arg = &r;
	status = parse_options(argc, argv, &r);
	if (status == CLI_OK)
		status = make_and_sort(&r);
	cli_input_fini(&r.in);
	free(r.cull);
	for (size_t i = 0; i < r.o.nr_filters; i++)
		free(r.filter[i]);
	return status;
}

const struct cli_command cli_sort = {
	.name = "sort",
	.summary = "records chosen, grouped and sorted, as page_owner_sort does",
	.help = help,
	.more_help = print_keys,
	.run = run,
};
