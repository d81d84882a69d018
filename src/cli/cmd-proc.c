/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

static const char help[] =
	"Usage: pageowner proc FILE " CLI_USAGE_KERNEL "[-o OUTPUT]" CLI_USAGE_DUMP "\n"
	CLI_ALONE("       pageowner proc FILE [-k VMLINUX] [--btf FILE] [-o OUTPUT] "
		  "--ram FILE[@ADDRESS]... | --ram-map LISTFILE | --live\n")
	"Print a file of /proc as the kernel in the dump would have printed it: FILE is one of buddyinfo,\n"
	"pagetypeinfo, slabinfo, vmallocinfo, meminfo, zoneinfo, vmstat, allocinfo; or PID/statm,\n"
	"PID/smaps_rollup, PID/oom_score, PID/oom_score_adj of a process (PID \"*\": of each, below its name).\n"
	"\n"
	CLI_INPUT_HELP
	"  -o, --output OUTPUT       write there, not to standard output\n"
	"  -h, --help                print this\n"
	CLI_ALONE("\n"
	"Exit status: 0 all well; 1 partial or failed (told on standard error); 2 usage.\n");

static const char log_help[] =
	"Usage: pageowner log " CLI_USAGE_KERNEL "[--whole | --oom] [-o OUTPUT]" CLI_USAGE_DUMP "\n"
	CLI_ALONE("       pageowner log [OPTION]... --ram FILE[@ADDRESS]... | --ram-map LISTFILE | --live\n")
	"Print the kernel log out of the dump, as `dmesg -r` would have on that machine.\n"
	"\n"
	CLI_INPUT_HELP
	"      --whole               long records whole: syslog(2), which dmesg -r reads, leaves out the last lines\n"
	"                            of some\n"
	"      --oom                 not the log, but each report of the OOM killer in it: every number beside what\n"
	"                            the dump itself tells, and what changed between\n"
	"  -o, --output OUTPUT       write there, not to standard output\n"
	"  -h, --help                print this\n"
	CLI_ALONE("\n"
	"Exit status: 0 all well; 1 partial or failed (told on standard error); 2 usage.\n");

static const char allocinfo_help[] =
	"Usage: pageowner allocinfo " CLI_USAGE_KERNEL "[--sort KEY] [--top N] [-o OUTPUT]" CLI_USAGE_DUMP "\n"
	CLI_ALONE("       pageowner allocinfo [OPTION]... --ram FILE[@ADDRESS]... | --ram-map LISTFILE | --live\n")
	"Print what every place in the code that allocates holds, as /proc/allocinfo of a kernel that profiles\n"
	"allocations (6.10 and later, CONFIG_MEM_ALLOC_PROFILING) would have.\n"
	"\n"
	CLI_INPUT_HELP
	"      --sort KEY            most first: size (bytes) or calls (allocations); without it, as the kernel\n"
	"                            lists them\n"
	"      --top N               so many lines at most, by size unless --sort tells otherwise\n"
	"  -o, --output OUTPUT       write there, not to standard output\n"
	"  -h, --help                print this\n"
	CLI_ALONE("\n"
	"Exit status: 0 all well; 1 partial or failed (told on standard error); 2 usage.\n");

struct run {
	const struct cli_command *cmd;
	struct cli_input in;
	const char *output;
	enum pageowner_proc_file file;
	int32_t pid;
	enum pageowner_tag_order order;
	uint64_t top;
	bool whole;
	struct cli_flaws flaws;
};

static void on_flaw(void *arg, const struct pageowner_error *err)
{
	cli_flaw(&((struct run *)arg)->flaws, err);
}

/* "12/statm", "*" before the slash: of each process */
static bool find_process(const char *name, const char *slash, struct run *r)
{
	char *end;

	if (slash == name + 1 && *name == '*') {
		r->pid = -1;
		return true;
	}
	errno = 0;
	long pid = *name >= '0' && *name <= '9' ? strtol(name, &end, 10) : 0;
	r->pid = (int32_t)pid;
	return !errno && pid > 0 && pid <= INT32_MAX && end == slash;
}

static bool find_file(const char *name, struct run *r)
{
	const char *slash = strchr(name, '/');

	if (slash && !find_process(name, slash, r))
		return false;
	for (int i = 0; i < PAGEOWNER_NR_PROC; i++) {
		bool of_process = i >= PAGEOWNER_PROC_PID_STATM && i <= PAGEOWNER_PROC_PID_OOM_SCORE_ADJ;

		if (i != PAGEOWNER_PROC_LOG && i != PAGEOWNER_PROC_OOM && of_process == (slash != NULL) &&
		    !strcmp(pageowner_proc_name((enum pageowner_proc_file)i), slash ? slash + 1 : name)) {
			r->file = (enum pageowner_proc_file)i;
			return true;
		}
	}
	return false;
}

enum { SORT = 512, TOP, OOM, WHOLE };

static const struct option proc_options[] = {
	CLI_INPUT_OPTIONS,
	{ "output", required_argument, NULL, 'o' },
	{ NULL, 0, NULL, 0 },
};

static const struct option log_options[] = {
	CLI_INPUT_OPTIONS,
	{ "oom", no_argument, NULL, OOM },
	{ "whole", no_argument, NULL, WHOLE },
	{ "output", required_argument, NULL, 'o' },
	{ NULL, 0, NULL, 0 },
};

static const struct option allocinfo_options[] = {
	CLI_INPUT_OPTIONS,
	{ "sort", required_argument, NULL, SORT },
	{ "top", required_argument, NULL, TOP },
	{ "output", required_argument, NULL, 'o' },
	{ NULL, 0, NULL, 0 },
};

static int find_order(const char *name, enum pageowner_tag_order *ret)
{
	if (strcmp(name, "size") != 0 && strcmp(name, "calls") != 0)
		return cli_usage(&cli_allocinfo, "--sort: %s: neither size nor calls", name);
	*ret = !strcmp(name, "size") ? PAGEOWNER_TAGS_BY_SIZE : PAGEOWNER_TAGS_BY_CALLS;
	return CLI_OK;
}

static int take_option(struct run *r, int c, char **argv)
{
	switch (c) {
	case 'o':
		r->output = optarg;
		return CLI_OK;
	case SORT:
		return find_order(optarg, &r->order);
	case TOP:
		return cli_number(r->cmd, "--top", optarg, 1, UINT64_MAX, &r->top);
	case WHOLE:
		r->whole = true;
		return CLI_OK;
	case OOM:
		r->file = PAGEOWNER_PROC_OOM;
		return CLI_OK;
	default:
		return cli_input_option(&r->in, r->cmd, c, argv);
	}
}

static int parse_options(int argc, char **argv, struct run *r, const struct option *options)
{
	int c;

	opterr = 0;
	while ((c = getopt_long(argc, argv, ":k:o:", options, NULL)) != -1) {
		int status = take_option(r, c, argv);
		if (status != CLI_OK)
			return status;
	}
	if (r->file != PAGEOWNER_NR_PROC)
		return cli_input_finish(&r->in, r->cmd, argc, argv);
	if (optind == argc)
		return cli_usage(&cli_proc, "no file named");
	if (!find_file(argv[optind], r))
		return cli_usage(&cli_proc, "%s: no such file", argv[optind]);
	optind++;
	return cli_input_finish(&r->in, &cli_proc, argc, argv);
}

static int proc(void *arg, struct pageowner_session *s, struct cli_output *out)
{
	struct run *r = arg;
	const struct pageowner_proc_options options = {
		.size = sizeof(options), .file = r->file, .flaw = on_flaw, .arg = r, .pid = r->pid, .order = r->order,
		.top = r->top, .whole = r->whole,
	};
	const struct pageowner_sink sink = { .size = sizeof(sink), .self = out, .write = cli_output_write };
	struct pageowner_error err;

	if (r->file == PAGEOWNER_PROC_PAGETYPEINFO && pageowner_ready(s, &err) < 0)
		cli_say("proc: pagetypeinfo: without mixed blocks, as the kernel printed it: %s", err.text);
	int rc = pageowner_proc(s, &options, &sink, &err);

	cli_flaws_end(&r->flaws);
	if (out->pipe_closed)
		return CLI_OK;
	if (rc == PAGEOWNER_EIO)
		cli_say("output: %s: %s", out->path ? out->path : "standard output", err.text);
	else if (rc < 0)
		cli_say(r->cmd == &cli_proc ? "proc: %s" : "%s", err.text);
	return rc < 0 || r->flaws.nr ? CLI_FAILED : CLI_OK;
}

static int run(int argc, char **argv, const struct cli_command *cmd, enum pageowner_proc_file file,
	       const struct option *options)
{
	struct run r = { .cmd = cmd, .file = file, .in = { .all_types = true }, .flaws = { .command = cmd->name } };
	int status = parse_options(argc, argv, &r, options);

	if (status == CLI_OK)
		status = cli_write(&r.in, CLI_WANT_FRAMES, r.output, proc, &r);
	cli_input_fini(&r.in);
	return status;
}

static int run_proc(int argc, char **argv)
{
	return run(argc, argv, &cli_proc, PAGEOWNER_NR_PROC, proc_options);
}

static int run_log(int argc, char **argv)
{
	return run(argc, argv, &cli_log, PAGEOWNER_PROC_LOG, log_options);
}

static int run_allocinfo(int argc, char **argv)
{
	return run(argc, argv, &cli_allocinfo, PAGEOWNER_PROC_ALLOCINFO, allocinfo_options);
}

const struct cli_command cli_proc = {
	.name = "proc",
	.summary = "the kernel's own files about memory: buddyinfo, slabinfo and others",
	.help = help,
	.run = run_proc,
};

const struct cli_command cli_log = {
	.name = "log",
	.summary = "the kernel log, and the OOM killer's reports in it beside what the dump tells",
	.help = log_help,
	.run = run_log,
};

const struct cli_command cli_allocinfo = {
	.name = "allocinfo",
	.summary = "what every place in the code that allocates holds, where the kernel profiles that",
	.help = allocinfo_help,
	.run = run_allocinfo,
};
