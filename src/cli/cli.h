/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the commands share.  The CLI uses the public API alone, as any other program would. */
#ifndef PO_CLI_CLI_H
#define PO_CLI_CLI_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>

#include <pageowner/pageowner.h>

enum { CLI_OK = 0, CLI_FAILED = 1, CLI_USAGE = 2 };

/*
 * Who runs the commands, if it is no program of its own: a debugger, which has memory and kernel open already, and
 * whose output is written to.
 */
struct cli_host {
	const char *memory;		/* "crash's memory" */
	FILE *out;			/* where standard output goes */
	void (*say)(const char *line);	/* a message, without its end of line */
	/* The session, which is the host's to keep and to close; NULL after a failure. */
	struct pageowner_session *(*session)(struct pageowner_error *err);
};

extern const struct cli_host *cli_host;	/* NULL: a program of its own */

/* Within a help text: what is not so, or not possible, when a host runs the command. */
#define CLI_ALONE(text) "\1" text "\2"
#define CLI_USAGE_KERNEL CLI_ALONE("[-k VMLINUX] [--btf FILE] ")
#define CLI_USAGE_DUMP CLI_ALONE(" DUMP...")

struct cli_command {
	const char *name;
	const char *summary;	/* one line, for the list of commands */
	const char *help;	/* all of --help, but for … */
	void (*more_help)(void); /* … what is printed behind it, to cli_stdout(); or NULL */
	int (*run)(int argc, char **argv);
};

extern const struct cli_command cli_account, cli_report, cli_info, cli_lookup, cli_sort, cli_stacks, cli_proc, cli_log,
	cli_allocinfo, cli_tasks;

/* The commands in order; NULL: there are no more. */
const struct cli_command *cli_command(size_t index);
/* Run argv[1] with its arguments; its status. */
int cli_run(int argc, char **argv);
/* Print its help; CLI_OK. */
int cli_help(const struct cli_command *cmd);
bool cli_wants_help(int argc, char **argv);

/* What it was called as: "pageowner", or "page_owner_sort", which is its command sort. */
extern const char *cli_program;

/* Set by Ctrl-C or termination: wind up, keep what is written. */
extern volatile sig_atomic_t cli_stop;

/* Standard output, or the host's. */
FILE *cli_stdout(void);

/* Write text without its control bytes, which stand as \x1b there; a dump or its name may hold anything. */
void cli_put_plain(FILE *to, const char *text);
/* "pageowner: …" on stderr, or the host's message; one line. */
void cli_say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* The same and a hint at --help; returns CLI_USAGE. */
int cli_usage(const struct cli_command *cmd, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* What to read.  Zero it; every option that is no business of the command alone goes in here. */
struct cli_input {
	const char *vmlinux, *btf;
	unsigned jobs;			/* 0: not told */
	bool all_types;			/* what only pageowner_proc() and pageowner_account_new() need, too */
	bool live;			/* instead of dumps: the running machine */
	const char *text;		/* instead of dumps: a saved text, "-" for standard input */
	char **dumps;			/* borrowed of argv */
	size_t nr_dumps;
	struct pageowner_ram *ram;	/* instead of dumps; owned, with their paths */
	size_t nr_ram;
	const char **lists;		/* files that name more of them */
	size_t nr_lists;
};

enum { CLI_OPT_RAM = 256, CLI_OPT_RAM_MAP, CLI_OPT_LIVE, CLI_OPT_BTF, CLI_OPT_FILTER, CLI_OPT_FRAME, CLI_OPT_SKIP,
       CLI_OPT_OLDER, CLI_OPT_NEWER, CLI_OPT_NOW, CLI_OPT_PAGE_SIZE };

/* For the commands' tables of long options (k, which has an argument, is among the short ones). */
#define CLI_INPUT_OPTIONS \
	{ "vmlinux", required_argument, NULL, 'k' }, \
	{ "btf", required_argument, NULL, CLI_OPT_BTF }, \
	{ "ram", required_argument, NULL, CLI_OPT_RAM }, \
	{ "ram-map", required_argument, NULL, CLI_OPT_RAM_MAP }, \
	{ "live", no_argument, NULL, CLI_OPT_LIVE }

#define CLI_INPUT_HELP CLI_ALONE( \
	"  -k, --vmlinux FILE        the kernel's vmlinux, with symbols and debug information;\n" \
	"                            without it, looked for by build-id and release in the usual places\n" \
	"      --btf FILE            types from this BTF (of /sys/kernel/btf/vmlinux), not from vmlinux\n" \
	"      --ram FILE@ADDRESS    a raw image of RAM, instead of DUMP, and the physical address\n" \
	"                            (hexadecimal) of its first byte; repeatable, in any order\n" \
	"      --ram FILE            the only image, whose address is worked out from its page tables\n" \
	"      --ram-map LISTFILE    raw images that are listed there, ADDRESS FILE a line\n" \
	"      --live                the memory of the running machine, instead of DUMP (/proc/kcore; root only)\n")

/* The same of commands that walk records; j, which has an argument, is among the short ones. */
#define CLI_JOBS_OPTION { "jobs", required_argument, NULL, 'j' }

#define CLI_JOBS_HELP \
	"  -j, --jobs N              threads that read records; default: PAGEOWNER_JOBS of the environment, or\n" \
	"                            one a processor\n"

/* Take what getopt_long() returned and the command does not know, errors too. */
int cli_input_option(struct cli_input *in, const struct cli_command *cmd, int c, char **argv);
/* After the last option: take the dumps, read the lists. */
int cli_input_finish(struct cli_input *in, const struct cli_command *cmd, int argc, char **argv);
/* What is read instead of dumps: "raw images", "the running machine"; NULL: dumps. */
const char *cli_input_instead(const struct cli_input *in);
/* That there is one source only; file: the first name on the command line, or NULL. */
int cli_input_check(const struct cli_input *in, const struct cli_command *cmd, const char *file);
/* Read the lists of raw images. */
int cli_input_lists(struct cli_input *in);
/*
 * Take what is to be read: dumps, or a text, as its first bytes tell.  foreign: any text will do, to be told where it
 * fails.
 */
void cli_input_take(struct cli_input *in, char **paths, size_t nr, bool foreign);
/* Whether a file is a dump, another binary, or a text that a kernel has printed: nothing to be written over. */
bool cli_is_input(const char *path);
bool cli_input_has(const struct cli_input *in, const struct stat *file);
void cli_input_fini(struct cli_input *in);

/* What a command cannot do without. */
enum cli_want {
	CLI_WANT_FACTS,		/* the dump */
	CLI_WANT_FRAMES,	/* the kernel's page frames, with owners or without */
	CLI_WANT_RECORDS,
};

#define CLI_MAX_FILTERS 32

/* Which records, of all commands that choose some of them.  Zero it. */
struct cli_filter {
	const char *list[CLI_MAX_FILTERS], *frame, *allocators;	/* borrowed of argv */
	size_t nr;
	struct pageowner_age age;
	struct pageowner_filter *made;	/* NULL: all of them */
};

#define CLI_AGE_OPTIONS \
	{ "older", required_argument, NULL, CLI_OPT_OLDER }, \
	{ "newer", required_argument, NULL, CLI_OPT_NEWER }, \
	{ "now", required_argument, NULL, CLI_OPT_NOW }

#define CLI_AGE_HELP \
	"      --older DURATION      only pages that were allocated so long ago or longer (1h30m; units are ns, us,\n" \
	"                            ms, s, m, h, d)\n" \
	"      --newer DURATION      only pages that were allocated not so long ago\n" \
	"      --now DURATION        how long the machine had run, for --older and --newer; without it, until the\n" \
	"                            newest record\n"

#define CLI_FILTER_OPTIONS \
	CLI_AGE_OPTIONS, \
	{ "filter", required_argument, NULL, CLI_OPT_FILTER }, \
	{ "frame", required_argument, NULL, CLI_OPT_FRAME }, \
	{ "skip", required_argument, NULL, CLI_OPT_SKIP }

#define CLI_FILTER_HELP \
	"      --filter KEY=LIST     only records whose key has one of the values; repeatable, and all must be\n" \
	"                            met; keys are those of 'pageowner sort --help'\n" \
	"      --frame REGEX         only records with a frame that matches\n" \
	"      --skip FUNCTION,...   functions that the key caller passes over, beside those of allocators; * at\n" \
	"                            the end stands for anything\n" \
	CLI_AGE_HELP

/* Take an option of the table above; false: it is none of them. */
bool cli_filter_option(struct cli_filter *f, const struct cli_command *cmd, int c, int *status);
/* The same of the table of ages alone. */
bool cli_age_option(struct pageowner_age *age, const struct cli_command *cmd, int c, int *status);
/* After the last option; made is to be freed. */
int cli_filter_make(struct cli_filter *f, const struct cli_command *cmd);
/* A decimal number from least to most, or usage. */
int cli_number(const struct cli_command *cmd, const char *option, const char *text, uint64_t least, uint64_t most,
	       uint64_t *ret);

#define CLI_HUMAN_OPTIONS \
	{ "human", no_argument, NULL, 'H' }, \
	{ "page-size", required_argument, NULL, CLI_OPT_PAGE_SIZE }

#define CLI_HUMAN_HELP \
	"  -H, --human               write sizes (KiB, MiB, GiB) behind numbers of pages\n" \
	"      --page-size BYTES     of a text, which does not tell it (16384 or 16K); default: 4096\n"

/* A size of pages, or usage. */
int cli_page_size(const struct cli_command *cmd, const char *text, unsigned *ret);
/* After the last option: the size of a dump's pages is not to be told. */
int cli_page_size_check(const struct cli_input *in, const struct cli_command *cmd, unsigned page_size);

/* Open the input, saying notices and failures; NULL after a failure. */
struct pageowner_session *cli_open(const struct cli_input *in, enum cli_want want);
/* Close what cli_open() has opened; a host's stays open. */
void cli_close(struct pageowner_session *s);

/* Flaws of single records, of which the first are told. */
struct cli_flaws {
	const char *command;
	unsigned nr;
	bool all;		/* tell each */
	bool bad;		/* one means that a record is not as the kernel would print it */
};

void cli_flaw(struct cli_flaws *f, const struct pageowner_error *err);
void cli_flaws_end(const struct cli_flaws *f);
/* Tell what the walk could not read; true if records were lost by it. */
bool cli_tell_missing(const char *command, const struct pageowner_coverage *cov);

/* Where the output goes: a file or cli_stdout(). */
struct cli_output {
	const char *path;	/* NULL: cli_stdout() */
	int fd;
	bool pipe_closed;	/* the reader went away: no error, but an end */
};

bool cli_output_open(struct cli_output *out, const char *path, const struct cli_input *in);
/* For struct pageowner_sink. */
int cli_output_write(void *self, const char *text, size_t len);
/* False: the file could not be written out (said). */
bool cli_output_close(struct cli_output *out);

/* Open the input and the output, have fn write, close both; fn's status, or CLI_FAILED. */
int cli_write(const struct cli_input *in, enum cli_want want, const char *path,
	      int (*fn)(void *arg, struct pageowner_session *s, struct cli_output *out), void *arg);

/* The screen of `account --fragmentation` (account-fragmentation.c); how to end. */
int cli_account_fragmentation(struct pageowner_session *s, FILE *out, unsigned long top);

/* A progress line on stderr, if that is a terminal of the program's own. */
void cli_progress(uint64_t done, uint64_t all);
void cli_progress_end(void);

#endif
