/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the commands share.  The CLI uses the public API alone, as any other program would. */
#ifndef PO_CLI_CLI_H
#define PO_CLI_CLI_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include <pageowner/pageowner.h>

enum { CLI_OK = 0, CLI_FAILED = 1, CLI_USAGE = 2 };

struct cli_command {
	const char *name;
	const char *summary;	/* one line, for the list of commands */
	const char *help;	/* all of --help */
	int (*run)(int argc, char **argv);
};

extern const struct cli_command cli_report, cli_info;

/* Set by Ctrl-C or termination: wind up, keep what is written. */
extern volatile sig_atomic_t cli_stop;

/* "pageowner: …" on stderr, one line. */
void cli_say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* The same and a hint at --help; returns CLI_USAGE. */
int cli_usage(const struct cli_command *cmd, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Open the dumps, saying notices and failures; NULL after a failure. */
struct pageowner_session *cli_open(const char *vmlinux, char **dumps, int nr, bool describe_only);

/* Where the output goes: a file or stdout. */
struct cli_output {
	const char *path;	/* NULL: stdout */
	int fd;
	bool pipe_closed;	/* the reader went away: no error, but an end */
};

bool cli_output_open(struct cli_output *out, const char *path, char **dumps, int nr);
/* For struct pageowner_sink. */
int cli_output_write(void *self, const char *text, size_t len);
/* False: the file could not be written out (said). */
bool cli_output_close(struct cli_output *out);

/* A progress line on stderr, if that is a terminal. */
void cli_progress(uint64_t done, uint64_t all);
void cli_progress_end(void);

#endif
