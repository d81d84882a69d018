/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of commands. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"

static const struct cli_command *const commands[] = { &cli_report, &cli_stacks, &cli_sort, &cli_account, &cli_lookup, &cli_proc,
						      &cli_log, &cli_info };
#define NR_COMMANDS (sizeof(commands) / sizeof(*commands))

static void on_signal(int sig)
{
	(void)sig;
	cli_stop = 1;
}

static void set_signals(void)
{
	struct sigaction stop = { .sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND };
	struct sigaction ignore = { .sa_handler = SIG_IGN };

	/* the first asks for a clean end, the second ends at once */
	(void)sigaction(SIGINT, &stop, NULL);
	(void)sigaction(SIGTERM, &stop, NULL);
	(void)sigaction(SIGPIPE, &ignore, NULL);
}

static void print_help(FILE *to)
{
	(void)fputs("Usage: pageowner COMMAND [OPTION]... DUMP...\n"
		    "Who owns each page frame of a Linux memory dump.\n\n", to);
	for (size_t i = 0; i < NR_COMMANDS; i++)
		(void)fprintf(to, "  %-8s %s\n", commands[i]->name, commands[i]->summary);
	(void)fputs("\n'pageowner COMMAND --help' tells more; so does pageowner(1).\n"
		    "Exit status: 0 all well, 1 partial or failed, 2 usage.\n", to);
}

static const struct cli_command *find_command(const char *name)
{
	for (size_t i = 0; i < NR_COMMANDS; i++)
		if (!strcmp(commands[i]->name, name))
			return commands[i];
	return NULL;
}

static int finish_stdout(int status)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	cli_say("output: standard output could not be written");
	return CLI_FAILED;
}

static void print_command_help(const struct cli_command *cmd)
{
	(void)fputs(cmd->help, stdout);
	if (cmd->more_help)
		cmd->more_help();
}

static bool wants_help(int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h"))
			return true;
	return false;
}

/* Under the name of the kernel's tool. */
static int run_as_sort(int argc, char **argv)
{
	cli_program = "page_owner_sort";
	if (argc < 2)
		return cli_usage(&cli_sort, "no input given");
	if (!wants_help(argc, argv))
		return cli_sort.run(argc, argv);
	print_command_help(&cli_sort);
	return CLI_OK;
}

int main(int argc, char **argv)
{
	const char *slash = argc ? strrchr(argv[0], '/') : NULL;

	set_signals();
	if (argc && !strcmp(slash ? slash + 1 : argv[0], "page_owner_sort"))
		return finish_stdout(run_as_sort(argc, argv));
	if (argc < 2)
		return cli_usage(NULL, "no command given");
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")) {
		print_help(stdout);
		return finish_stdout(CLI_OK);
	}
	if (!strcmp(argv[1], "--version")) {
		(void)printf("pageowner %s\n", pageowner_version());
		return finish_stdout(CLI_OK);
	}
	bool help = !strcmp(argv[1], "help") && argc == 3;
	const struct cli_command *cmd = find_command(help ? argv[2] : argv[1]);
	if (!cmd)
		return cli_usage(NULL, "%s: no such command", help ? argv[2] : argv[1]);
	if (help || wants_help(argc - 1, argv + 1)) {
		print_command_help(cmd);
		return finish_stdout(CLI_OK);
	}
	return finish_stdout(cmd->run(argc - 1, argv + 1));
}
