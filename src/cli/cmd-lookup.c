/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

static const char help[] =
	"Usage: pageowner lookup [OPTION]..." CLI_USAGE_DUMP " WHAT...\n"
	"What is known of single page frames: state, flags, compound head, slab cache, and the owner in the\n"
	"words of the kernel's own dump_page().\n"
	"\n"
	"WHAT is a number, decimal or hexadecimal after 0x: a page frame number, if the machine has so many;\n"
	"else the address of a struct page; else another address of the kernel (direct map, vmalloc, module,\n"
	"stack); else a physical address.  Or one of\n"
	"\n"
	"  pfn:N                     page frame number\n"
	"  phys:N                    physical address\n"
	"  page:N                    address of a struct page\n"
	"  virt:N                    kernel address\n"
	"  PID:N                     address of that process\n"
	"\n"
	CLI_ALONE("All else are dumps; one whose name looks like a WHAT is written ./NAME.\n\n")
	CLI_INPUT_HELP
	"  -o, --output FILE         write there instead of to standard output\n"
	"  -h, --help                print this\n"
	CLI_ALONE("\n"
	"Exit status: 0 all told; 1 something was not found, or not in the dump (told on standard error);\n"
	"2 usage.\n");

struct run {
	struct cli_input in;
	const char *output;
	char **what;		/* borrowed of argv */
	size_t nr;
	bool bad;
};

/* --- arguments ----------------------------------------------------------------------------------- */

static bool is_target(const char *arg)
{
	struct pageowner_target target;

	return pageowner_target_parse(arg, &target, NULL) != 0;
}

/* Dumps first, then what is looked up, each in its order. */
static int take_arguments(struct run *r, int argc, char **argv)
{
	const size_t nr = (size_t)(argc - optind);
	char **all = argv + optind;
	char **sorted = malloc((nr + 1) * sizeof(*sorted));
	size_t dumps = 0;

	if (!sorted) {
		cli_say("out of memory");
		return CLI_FAILED;
	}
	for (int want = 0; want <= 1; want++)
		for (size_t i = 0, at = want ? dumps : 0; i < nr; i++)
			if (is_target(all[i]) == want)
				sorted[at++] = all[i], dumps += !want;
	memcpy(all, sorted, nr * sizeof(*sorted));
	free(sorted);
	r->what = all + dumps;
	r->nr = nr - dumps;
	if (!r->nr)
		return cli_usage(&cli_lookup, "nothing to look up was given");
	return cli_input_finish(&r->in, &cli_lookup, optind + (int)dumps, argv);
}

static int parse_options(int argc, char **argv, struct run *r)
{
	static const struct option options[] = {
		CLI_INPUT_OPTIONS,
		{ "output", required_argument, NULL, 'o' },
		{ NULL, 0, NULL, 0 },
	};
	int c, status;

	opterr = 0;
	while ((c = getopt_long(argc, argv, ":k:o:", options, NULL)) != -1) {
		if (c == 'o') {
			r->output = optarg;
			continue;
		}
		status = cli_input_option(&r->in, &cli_lookup, c, argv);
		if (status != CLI_OK)
			return status;
	}
	return take_arguments(r, argc, argv);
}

/* --- running ------------------------------------------------------------------------------------- */

static void tell(struct run *r, const char *what, const struct pageowner_error *err)
{
	if (err->code == PAGEOWNER_OK)
		return;
	r->bad = true;
	cli_say("lookup: %s%s%s", what ? what : "", what ? ": " : "", err->text);
}

/* False: the output is at its end. */
static bool look_up(struct run *r, struct pageowner_lookup *lk, const char *what, const struct pageowner_sink *sink)
{
	struct pageowner_target target;
	struct pageowner_page page;
	struct pageowner_error err;
	uint64_t pfn;

	if (pageowner_target_parse(what, &target, &err) < 0 || pageowner_lookup_find(lk, &target, &pfn, &err) < 0 ||
	    pageowner_lookup_page(lk, pfn, &page, &err) < 0) {
		tell(r, what, &err);
		return true;
	}
	tell(r, what, &err);
	if (pageowner_lookup_write(lk, what, &page, sink, &err) == PAGEOWNER_OK)
		return true;
	const struct cli_output *out = sink->self;
	if (!out->pipe_closed) {
		cli_say("output: %s: %s", r->output ? r->output : "standard output", err.text);
		r->bad = true;
	}
	return false;
}

static void look_up_all(struct run *r, struct pageowner_session *s, struct cli_output *out)
{
	const struct pageowner_sink sink = { .size = sizeof(sink), .self = out, .write = cli_output_write };
	struct pageowner_lookup *lk;
	struct pageowner_error err;
	int rc = pageowner_lookup_new(s, &lk, &err);

	tell(r, NULL, &err);
	if (rc < 0)
		return;
	r->bad |= pageowner_incomplete(s) != 0;
	for (size_t i = 0; i < r->nr && !cli_stop; i++)
		if (!look_up(r, lk, r->what[i], &sink))
			break;
	pageowner_lookup_free(lk);
}

static int open_and_look_up(struct run *r)
{
	struct cli_output out;
	struct pageowner_session *s = cli_open(&r->in, CLI_WANT_RECORDS);

	if (!s)
		return CLI_FAILED;
	if (cli_output_open(&out, r->output, &r->in)) {
		look_up_all(r, s, &out);
		r->bad |= !cli_output_close(&out) || cli_stop;
	} else {
		r->bad = true;
	}
	cli_close(s);
	return r->bad ? CLI_FAILED : CLI_OK;
}

static int run(int argc, char **argv)
{
	struct run r = { .output = NULL };
	int status = parse_options(argc, argv, &r);

	if (status == CLI_OK)
		status = open_and_look_up(&r);
	cli_input_fini(&r.in);
	return status;
}

const struct cli_command cli_lookup = {
	.name = "lookup",
	.summary = "single page frames, by number or any address",
	.help = help,
	.run = run,
};
