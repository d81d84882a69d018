/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of commands, and their help. */
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"

static const struct cli_command *const commands[] = { &cli_report, &cli_stacks, &cli_sort, &cli_account,
						      &cli_tasks, &cli_lookup, &cli_proc, &cli_log, &cli_allocinfo,
						      &cli_info };
#define NR_COMMANDS (sizeof(commands) / sizeof(*commands))

const struct cli_command *cli_command(size_t index)
{
	return index < NR_COMMANDS ? commands[index] : NULL;
}

static const struct cli_command *find_command(const char *name)
{
	for (size_t i = 0; i < NR_COMMANDS; i++)
		if (!strcmp(commands[i]->name, name))
			return commands[i];
	return NULL;
}

/* What only a program of its own has is between its marks. */
static void put_help(const char *text)
{
	static const char marks[] = CLI_ALONE("");
	FILE *to = cli_stdout();

	while (*text) {
		size_t len = strcspn(text, marks);
		(void)fwrite(text, 1, len, to);
		text += len;
		if (*text == marks[0] && cli_host)
			text += strcspn(text, marks + 1);
		text += *text != '\0';
	}
}

static void put_commands(void)
{
	put_help("Usage: pageowner COMMAND [OPTION]..." CLI_USAGE_DUMP "\n"
		 "Who owns each page frame of a Linux memory dump.\n\n");
	for (size_t i = 0; i < NR_COMMANDS; i++)
		(void)fprintf(cli_stdout(), "  %-10s %s\n", commands[i]->name, commands[i]->summary);
	put_help("\n'pageowner COMMAND --help' tells more; so does pageowner(1).\n"
		 CLI_ALONE("Exit status: 0 all well, 1 partial or failed, 2 usage.\n"));
}

int cli_help(const struct cli_command *cmd)
{
	put_help(cmd->help);
	if (cmd->more_help)
		cmd->more_help();
	return CLI_OK;
}

bool cli_wants_help(int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h"))
			return true;
	return false;
}

int cli_run(int argc, char **argv)
{
	if (argc < 2)
		return cli_usage(NULL, "no command given");
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")) {
		put_commands();
		return CLI_OK;
	}
	if (!strcmp(argv[1], "--version")) {
		(void)fprintf(cli_stdout(), "pageowner %s\n", pageowner_version());
		return CLI_OK;
	}
	bool help = !strcmp(argv[1], "help") && argc == 3;
	const struct cli_command *cmd = find_command(help ? argv[2] : argv[1]);
	if (!cmd)
		return cli_usage(NULL, "%s: no such command", help ? argv[2] : argv[1]);
	if (help || cli_wants_help(argc - 1, argv + 1))
		return cli_help(cmd);
	return cmd->run(argc - 1, argv + 1);
}
