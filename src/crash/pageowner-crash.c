/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The commands within crash(8): `extend pageowner.so`.  crash brings the memory and takes the output; all between
 * is the program's own.
 *
 * crash ends a command by longjmp(): on Ctrl-C out of its signal handler, and out of most of its own functions when they
 * fail.  Nothing that is held here would survive that.  So while a command runs, the handler of SIGINT is ours, and of
 * crash's functions only those are called which return: readmem() that is asked to, and error(INFO).
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <pageowner/pageowner.h>

#include "cli/cli.h"

#include <crash/defs.h>

#define MESSAGE_MAX 1000	/* crash formats messages in 1500 bytes, and older ones do not look */
#define MAX_COMMANDS 24

static struct pageowner_session *session;	/* open until crash ends; of a live system, until the command does */

static physaddr_t banner;
static bool has_banner;

/* --- memory -------------------------------------------------------------------------------------- */

static int read_phys(void *self, uint64_t paddr, void *buf, size_t len, size_t *done)
{
	static char what[] = "page owner";

	(void)self;
	for (*done = 0; *done < len;) {
		const uint64_t at = paddr + *done;
		size_t n = 4096 - (at & 4095);

		/* a failure tells of all that was asked for at once */
		n = n < len - *done ? n : len - *done;
		if (!readmem(at, PHYSADDR, (char *)buf + *done, (long)n, what, RETURN_ON_ERROR | QUIET))
			return PAGEOWNER_READ_ERROR;
		*done += n;
	}
	return PAGEOWNER_READ_OK;
}

/* Where crash has found the kernel.  May end the command, as crash does: nothing is held yet. */
static bool find_banner(void)
{
	static char name[] = "linux_banner";

	return symbol_exists(name) && kvtop(NULL, symbol_value(name), &banner, 0);
}

/* --- the session --------------------------------------------------------------------------------- */

static void close_session(void)
{
	pageowner_close(session);
	session = NULL;
}

static struct pageowner_session *get_session(struct pageowner_error *err)
{
	/* crash has no call that tells what memory there is; but it has found the kernel */
	const struct pageowner_source source = {
		.size = sizeof(source),
		.flags = (ACTIVE() ? PAGEOWNER_SOURCE_LIVE : 0) | (has_banner ? PAGEOWNER_SOURCE_HAS_BANNER : 0),
		.name = "crash",
		.read_phys = read_phys,
		.banner = banner,
	};
	const struct pageowner_open_options options = {
		.size = sizeof(options),
		.source = &source,
		.vmlinux = pc->namelist,
		.debug = pc->namelist_debug,
		/* whatever command comes next */
		.all_types = 1,
		.describe_only = 1,
		.without_owner = 1,
	};

	if (!session)
		(void)pageowner_open(&options, &session, err);
	return session;
}

/* --- the command --------------------------------------------------------------------------------- */

/* To the pager, or else to the terminal: error() would also write it among the output that is redirected. */
static void say(const char *line)
{
	static char format[] = "%.*s\n";
	FILE *out = fp;

	fp = stdout;
	error(INFO, format, MESSAGE_MAX, line);
	fp = out;
}

static void on_interrupt(int sig)
{
	(void)sig;
	cli_stop = 1;
}

static void cmd_pageowner(void)
{
	static char name[] = "pageowner";
	const struct cli_host host = { .memory = "crash's memory", .out = fp, .say = say, .session = get_session };
	const struct sigaction stop = { .sa_handler = on_interrupt }, ignore = { .sa_handler = SIG_IGN };
	struct sigaction old_int, old_pipe;

	if (argcnt < 2)
		cmd_usage(name, SYNOPSIS);	/* does not return */
	has_banner = find_banner();
	cli_stop = 0;
	cli_host = &host;
	optind = 0;
	(void)sigaction(SIGINT, &stop, &old_int);
	(void)sigaction(SIGPIPE, &ignore, &old_pipe);
	(void)cli_run(argcnt, args);
	(void)fflush(fp);
	if (ACTIVE())
		close_session();
	cli_host = NULL;
	(void)sigaction(SIGPIPE, &old_pipe, NULL);
	(void)sigaction(SIGINT, &old_int, NULL);
	if (cli_stop)
		(void)raise(SIGINT);	/* nothing is held any more: crash may do what it does then */
}

/* --- loading ------------------------------------------------------------------------------------- */

static char command_lines[MAX_COMMANDS][160];

static char *help_pageowner[MAX_COMMANDS + 32] = {
	"pageowner",
	"who owns each page frame",
	"command [option]...",
	"  This command reads the records that a kernel with page_owner=on keeps of",
	"  each allocated page, as pageowner(1) does, out of the memory that crash",
	"  has open.  Its commands are:",
	"",
};

static char *const help_rest[] = {
	"",
	"  Their options are those of pageowner(1), but for those that name a dump",
	"  or its vmlinux; \"pageowner <command> --help\" displays them.",
	"\nEXAMPLES",
	"  Save what /sys/kernel/debug/page_owner would have printed:\n",
	"    %s> pageowner report > page_owner.txt\n",
	"  Display the ten stacks with the most pages:\n",
	"    %s> pageowner stacks --top 10\n",
	"  Display what is known of a page frame, by an address of the kernel:\n",
	"    %s> pageowner lookup 0xffff888003a54000",
};

static struct command_table_entry commands[] = {
	{ "pageowner", cmd_pageowner, help_pageowner, MINIMAL },
	{ NULL, NULL, NULL, 0 },
};

static void make_help(void)
{
	const struct cli_command *cmd;
	char **line = help_pageowner;

	while (*line)
		line++;
	for (size_t i = 0; i < MAX_COMMANDS && (cmd = cli_command(i)); i++) {
		(void)snprintf(command_lines[i], sizeof(command_lines[i]), "    %-8s  %s", cmd->name, cmd->summary);
		*line++ = command_lines[i];
	}
	memcpy(line, help_rest, sizeof(help_rest));
}

static void __attribute__((constructor)) load(void)
{
	make_help();
	register_extension(commands);
}

static void __attribute__((destructor)) unload(void)
{
	close_session();
}
