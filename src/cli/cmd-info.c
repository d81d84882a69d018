/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"

static const char help[] =
	"Usage: pageowner info " CLI_USAGE_KERNEL "[--types]" CLI_USAGE_DUMP "\n"
	CLI_ALONE("       pageowner info [-k VMLINUX] [--btf FILE] [--types] "
		  "--ram FILE[@ADDRESS]... | --ram-map LISTFILE | --live\n")
	"Tell what the dump is, which kernel is in it, and by which evidence each thing was found.\n"
	"\n"
	CLI_INPUT_HELP
	"      --types               list every symbol and type that is asked for, and whether it is there\n"
	"  -h, --help                print this\n"
	CLI_ALONE("\n"
	"Exit status: 0 a report can be made; 1 it cannot (told on standard error); 2 usage.\n");

static void print_field(void *arg, const char *kind, const char *name, int have, int needed)
{
	(void)fprintf(arg, "%-10s  %-40s  %s\n", kind, name,
		     have ? "yes" : needed ? "missing, needed" : "no");
}

static void print_facts(const struct pageowner_session *s, FILE *out)
{
	struct pageowner_fact f;

	for (size_t i = 0; pageowner_fact(s, i, &f) == 1; i++) {
		(void)fprintf(out, "%-18s ", f.name);
		cli_put_plain(out, f.value);
		(void)fputs(f.how ? "  (" : "", out);
		cli_put_plain(out, f.how ? f.how : "");
		(void)fputs(f.how ? ")\n" : "\n", out);
	}
}

static int parse_options(int argc, char **argv, struct cli_input *in, bool *types)
{
	static const struct option options[] = {
		CLI_INPUT_OPTIONS,
		{ "types", no_argument, NULL, 't' },
		{ NULL, 0, NULL, 0 },
	};
	int c, status;

	opterr = 0;
	while ((c = getopt_long(argc, argv, ":k:", options, NULL)) != -1) {
		if (c == 't') {
			*types = in->all_types = true;
			continue;
		}
		status = cli_input_option(in, &cli_info, c, argv);
		if (status != CLI_OK)
			return status;
	}
	return cli_input_finish(in, &cli_info, argc, argv);
}

static int info(const struct cli_input *in, bool types)
{
	struct pageowner_session *s = cli_open(in, CLI_WANT_FACTS);
	FILE *out = cli_stdout();
	if (!s)
		return CLI_FAILED;

	struct pageowner_error err;
	int rc = pageowner_ready(s, &err);
	if (types)
		pageowner_for_each_field(s, print_field, out);
	else
		print_facts(s, out);
	(void)fflush(out);
	if (rc < 0)
		cli_say("%s", err.text);
	cli_close(s);
	return rc < 0 ? CLI_FAILED : CLI_OK;
}

static int run(int argc, char **argv)
{
	struct cli_input in = { .vmlinux = NULL };
	bool types = false;
	int status = parse_options(argc, argv, &in, &types);

	if (status == CLI_OK)
		status = info(&in, types);
	cli_input_fini(&in);
	return status;
}

const struct cli_command cli_info = {
	.name = "info",
	.summary = "what the dump is, and what was found in it",
	.help = help,
	.run = run,
};
