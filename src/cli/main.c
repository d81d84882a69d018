/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The program: signals, and the name that it was called by. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"

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

static int finish_stdout(int status)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	cli_say("output: standard output could not be written");
	return CLI_FAILED;
}

/* Under the name of the kernel's tool. */
static int run_as_sort(int argc, char **argv)
{
	cli_program = "page_owner_sort";
	if (argc < 2)
		return cli_usage(&cli_sort, "no input given");
	return cli_wants_help(argc, argv) ? cli_help(&cli_sort) : cli_sort.run(argc, argv);
}

int main(int argc, char **argv)
{
	const char *slash = argc ? strrchr(argv[0], '/') : NULL;

	set_signals();
	if (argc && !strcmp(slash ? slash + 1 : argv[0], "page_owner_sort"))
		return finish_stdout(run_as_sort(argc, argv));
	return finish_stdout(cli_run(argc, argv));
}
