/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

static const char help[] =
	"Usage: pageowner stacks " CLI_USAGE_KERNEL "[--handles | --stacks-handles] [-o FILE]\n"
	"                        [--threshold PAGES] [--recount]\n"
	"                        [--filter KEY=LIST]... [--frame REGEX] [--top N]" CLI_USAGE_DUMP "\n"
	CLI_ALONE("       pageowner stacks [OPTION]... --ram FILE[@ADDRESS]... | --ram-map LISTFILE | --live\n")
	"Write the stacks and the pages that each of them owns, as the kernel in the dump would have\n"
	"printed /sys/kernel/debug/page_owner_stacks/show_stacks.\n"
	"\n"
	"A kernel before 6.9 keeps no counts: the records are summed instead, most pages first.  So are\n"
	"those of a text that a kernel has printed, which can stand in place of DUMP, and those that a filter chooses.\n"
	"\n"
	CLI_INPUT_HELP
	"      --handles             handles instead of stacks (show_handles)\n"
	"      --stacks-handles      stacks and their handles, without counts (show_stacks_handles)\n"
	"      --threshold PAGES     leave out stacks with fewer pages; without it, the threshold that\n"
	"                            stands in the dump (count_threshold)\n"
	"      --min-pages PAGES     the same as --threshold\n"
	"      --recount             sum the records on any kernel, and tell where its own count differs\n"
	"      --top N               so many stacks at most: those with the most pages, most first\n"
	CLI_FILTER_HELP
	CLI_HUMAN_HELP
	"  -o, --output FILE         write there instead of to standard output\n"
	CLI_JOBS_HELP
	"  -h, --help                print this\n"
	CLI_ALONE("\n"
	"Exit status: 0 all well; 1 some or all could not be written (told on standard error); 2 usage.\n");

struct run {
	struct cli_input in;
	const char *output;
	struct pageowner_stacks_options o;
	struct cli_filter filter;
	struct cli_flaws flaws;
};

static int parse_options(int argc, char **argv, struct run *r)
{
	enum { HANDLES = 512, STACKS_HANDLES, THRESHOLD, MIN_PAGES, RECOUNT, TOP };
	static const struct option options[] = {
		CLI_INPUT_OPTIONS,
		CLI_JOBS_OPTION,
		{ "handles", no_argument, NULL, HANDLES },
		{ "stacks-handles", no_argument, NULL, STACKS_HANDLES },
		{ "threshold", required_argument, NULL, THRESHOLD },
		{ "min-pages", required_argument, NULL, MIN_PAGES },
		{ "recount", no_argument, NULL, RECOUNT },
		{ "top", required_argument, NULL, TOP },
		CLI_FILTER_OPTIONS,
		CLI_HUMAN_OPTIONS,
		{ "output", required_argument, NULL, 'o' },
		{ NULL, 0, NULL, 0 },
	};
	int c, status;

	opterr = 0;
	while ((c = getopt_long(argc, argv, ":Hk:o:j:", options, NULL)) != -1) {
		switch (c) {
		case HANDLES:
		case STACKS_HANDLES:
			if (r->o.file != PAGEOWNER_SHOW_STACKS)
				return cli_usage(&cli_stacks, "--handles and --stacks-handles: one of them only");
			r->o.file = c == HANDLES ? PAGEOWNER_SHOW_HANDLES : PAGEOWNER_SHOW_STACKS_HANDLES;
			break;
		case THRESHOLD:
		case MIN_PAGES:
			status = cli_number(&cli_stacks, c == THRESHOLD ? "--threshold" : "--min-pages", optarg, 0,
					    UINT64_MAX, &r->o.threshold);
			if (status != CLI_OK)
				return status;
			r->o.has_threshold = 1;
			break;
		case RECOUNT:
			r->o.recount = 1;
			break;
		case TOP:
			status = cli_number(&cli_stacks, "--top", optarg, 1, UINT64_MAX, &r->o.top);
			if (status != CLI_OK)
				return status;
			break;
		case 'H':
			r->o.human = 1;
			break;
		case CLI_OPT_PAGE_SIZE:
			status = cli_page_size(&cli_stacks, optarg, &r->o.page_size);
			if (status != CLI_OK)
				return status;
			break;
		case 'o':
			r->output = optarg;
			break;
		default:
			if (!cli_filter_option(&r->filter, &cli_stacks, c, &status))
				status = cli_input_option(&r->in, &cli_stacks, c, argv);
			if (status != CLI_OK)
				return status;
		}
	}
	if ((r->o.has_threshold || r->o.top) && r->o.file == PAGEOWNER_SHOW_STACKS_HANDLES)
		return cli_usage(&cli_stacks, "%s: --stacks-handles has no counts",
				 r->o.top ? "--top" : "--threshold");
	status = cli_input_finish(&r->in, &cli_stacks, argc, argv);
	return status == CLI_OK ? cli_page_size_check(&r->in, &cli_stacks, r->o.page_size) : status;
}

static int on_progress(void *arg, uint64_t done, uint64_t all)
{
	(void)arg;
	cli_progress(done, all);
	return cli_stop;
}

static void on_flaw(void *arg, const struct pageowner_error *err)
{
	cli_flaw(&((struct run *)arg)->flaws, err);
}

static int write_stacks(void *arg, struct pageowner_session *s, struct cli_output *out)
{
	struct run *r = arg;
	const struct pageowner_sink sink = { .size = sizeof(sink), .self = out, .write = cli_output_write };
	struct pageowner_coverage cov = { .size = sizeof(cov), .first_missing = UINT64_MAX };
	struct pageowner_error err;

	r->o.size = sizeof(r->o);
	r->o.filter = r->filter.made;
	r->o.progress = on_progress;
	r->o.flaw = on_flaw;
	r->o.arg = r;
	int rc = pageowner_stacks(s, &r->o, &sink, &cov, &err);

	cli_progress_end();
	cli_flaws_end(&r->flaws);
	if (out->pipe_closed)
		return CLI_OK;
	bool bad = cli_tell_missing("stacks", &cov) || r->flaws.bad || pageowner_incomplete(s);
	if (rc == PAGEOWNER_EIO)
		cli_say("output: %s: %s", out->path ? out->path : "standard output", err.text);
	else if (rc < 0)
		cli_say("%s", err.text);
	return rc < 0 || bad ? CLI_FAILED : CLI_OK;
}

static int run(int argc, char **argv)
{
	struct run r = { .flaws = { .command = "stacks" } };
	int status = parse_options(argc, argv, &r);

	if (status == CLI_OK)
		status = cli_filter_make(&r.filter, &cli_stacks);
	if (status == CLI_OK)
		status = cli_write(&r.in, CLI_WANT_RECORDS, r.output, write_stacks, &r);
	pageowner_filter_free(r.filter.made);
	cli_input_fini(&r.in);
	return status;
}

const struct cli_command cli_stacks = {
	.name = "stacks",
	.summary = "stacks and the pages they own, as page_owner_stacks/ prints them",
	.help = help,
	.run = run,
};
