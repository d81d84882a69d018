/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

static const char help[] =
	"Usage: pageowner report " CLI_USAGE_KERNEL "[--pfn FIRST[-LAST]] [-o FILE]\n"
	"                        [--strict] [--freed | --free-stacks] [--filter KEY=LIST]... [--frame REGEX]" CLI_USAGE_DUMP "\n"
	CLI_ALONE("       pageowner report [OPTION]... --ram FILE[@ADDRESS]... | --ram-map LISTFILE | --live\n")
	"Write what /sys/kernel/debug/page_owner of the kernel in the dump would have printed.\n"
	CLI_ALONE("\n"
	"DUMP is a vmcore (ELF core, kdump-compressed, flattened), all parts of a split set, a LiME\n"
	"image, or a text that a kernel has printed.\n")
	"\n"
	CLI_INPUT_HELP
	"  -o, --output FILE         write there instead of to standard output\n"
	"      --pfn FIRST[-LAST]    only these page frame numbers (decimal, or hexadecimal after 0x)\n"
	"      --strict              end where reading the kernel's file would have ended: at a record\n"
	"                            that is longer than the kernel's buffer\n"
	"      --freed               page frames that are free, by their last owner, in the words of the\n"
	"                            kernel's dump_page(), instead of the kernel's report (5.4 and newer)\n"
	"      --free-stacks         behind each record also who freed the page before (5.4 and newer)\n"
	CLI_FILTER_HELP
	CLI_JOBS_HELP
	"  -h, --help                print this\n"
	CLI_ALONE("\n"
	"Exit status: 0 all records written; 1 some or all could not be (told on standard error);\n"
	"2 usage.\n");

struct run {
	struct cli_input in;
	const char *output;
	struct pageowner_iter_options pfns;
	struct cli_filter filter;
	bool strict;
	struct cli_flaws flaws;
};

static bool parse_number(const char *text, char **end, uint64_t *ret)
{
	bool hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');

	errno = 0;
	*ret = strtoull(text, end, hex ? 16 : 10);
	return !errno && *end != text && *text >= '0' && *text <= '9';
}

static bool parse_pfns(const char *text, struct pageowner_iter_options *ret)
{
	char *end;

	if (!parse_number(text, &end, &ret->first_pfn))
		return false;
	ret->last_pfn = ret->first_pfn;
	if (*end == '-' && !parse_number(end + 1, &end, &ret->last_pfn))
		return false;
	return !*end && ret->first_pfn <= ret->last_pfn;
}

static int parse_options(int argc, char **argv, struct run *r)
{
	static const struct option options[] = {
		CLI_INPUT_OPTIONS,
		CLI_JOBS_OPTION,
		{ "output", required_argument, NULL, 'o' },
		{ "pfn", required_argument, NULL, 'p' },
		{ "strict", no_argument, NULL, 's' },
		CLI_FILTER_OPTIONS,
		{ "freed", no_argument, NULL, 'f' },
		{ "free-stacks", no_argument, NULL, 'r' },
		{ NULL, 0, NULL, 0 },
	};
	int c, status;

	opterr = 0;
	while ((c = getopt_long(argc, argv, ":k:o:j:", options, NULL)) != -1) {
		switch (c) {
		case 'o':
			r->output = optarg;
			break;
		case 'p':
			if (!parse_pfns(optarg, &r->pfns))
				return cli_usage(&cli_report, "--pfn: %s: not FIRST[-LAST]", optarg);
			break;
		case 's':
			r->strict = true;
			break;
		case 'f':
			r->pfns.freed = 1;
			break;
		case 'r':
			r->pfns.free_stacks = 1;
			break;
		default:
			if (!cli_filter_option(&r->filter, &cli_report, c, &status))
				status = cli_input_option(&r->in, &cli_report, c, argv);
			if (status != CLI_OK)
				return status;
		}
	}
	if (r->pfns.freed && (r->pfns.free_stacks || r->strict))
		return cli_usage(&cli_report, "--freed: %s", r->strict ? "--strict is about the kernel's own file" :
				 "the stack that freed a page is always told (--free-stacks is of allocated ones)");
	return cli_input_finish(&r->in, &cli_report, argc, argv);
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

static int finish(struct run *r, const struct pageowner_iter *it, int rc,
		  const struct cli_output *out, const struct pageowner_error *err)
{
	struct pageowner_coverage cov = { .size = sizeof(cov) };

	pageowner_iter_coverage(it, &cov);
	cli_progress_end();
	cli_flaws_end(&r->flaws);
	if (out->pipe_closed)
		return CLI_OK;	/* head(1) has seen enough */
	bool bad = cli_tell_missing("report", &cov) || r->flaws.bad;
	if (cov.pages_zeroed)
		cli_say("report: %" PRIu64 " excluded pages read as zero (a filter drops such pages only "
			"when they are zero)", cov.pages_zeroed);
	if (rc == PAGEOWNER_EIO)
		cli_say("output: %s: %s", out->path ? out->path : "standard output", err->text);
	else if (rc < 0)
		cli_say("report: %s", err->text);
	if (rc < 0 && cov.recorded)
		cli_say("report: partial: %" PRIu64 " records were written", cov.recorded);
	return rc < 0 || bad ? CLI_FAILED : CLI_OK;
}

static int report(void *arg, struct pageowner_session *s, struct cli_output *out)
{
	struct run *r = arg;
	struct pageowner_report_options options = {
		.size = sizeof(options),
		.strict = r->strict,
		.filter = r->filter.made,
		.progress = on_progress,
		.flaw = on_flaw,
		.arg = r,
	};
	const struct pageowner_sink sink = { .size = sizeof(sink), .self = out,
					     .write = cli_output_write };
	struct pageowner_iter *it;
	struct pageowner_error err;
	int rc = pageowner_iter_new(s, &r->pfns, &it, &err);

	if (rc < 0) {
		cli_say("report: %s", err.text);
		return CLI_FAILED;
	}
	rc = pageowner_report(s, it, &options, &sink, &err);
	r->flaws.bad |= pageowner_incomplete(s) != 0;
	int status = finish(r, it, rc, out, &err);
	pageowner_iter_free(it);
	return status;
}

static int run(int argc, char **argv)
{
	struct run r = { .flaws.command = "report", .pfns = { .size = sizeof(r.pfns), .last_pfn = UINT64_MAX } };
	int status = parse_options(argc, argv, &r);

	if (status == CLI_OK)
		status = cli_filter_make(&r.filter, &cli_report);
	if (status == CLI_OK)
		status = cli_write(&r.in, CLI_WANT_RECORDS, r.output, report, &r);
	pageowner_filter_free(r.filter.made);
	cli_input_fini(&r.in);
	return status;
}

const struct cli_command cli_report = {
	.name = "report",
	.summary = "the kernel's page_owner text, byte for byte",
	.help = help,
	.run = run,
};
