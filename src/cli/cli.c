/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

volatile sig_atomic_t cli_stop;
const char *cli_program = "pageowner";
const struct cli_host *cli_host;

#define PROGRESS_SECONDS 0.25

static bool progress_shown;

void cli_put_plain(FILE *to, const char *text)
{
	for (; *text; text++) {
		const unsigned char c = (unsigned char)*text;
		if (c < ' ' || c == 0x7f)
			(void)fprintf(to, "\\x%02x", c);
		else
			(void)fputc(c, to);
	}
}

FILE *cli_stdout(void)
{
	return cli_host ? cli_host->out : stdout;
}

static void say_to_host(const char *text)
{
	char *plain = NULL;
	size_t len;
	FILE *to = open_memstream(&plain, &len);

	if (!to)
		return;
	cli_put_plain(to, text);
	if (fclose(to) == 0)
		cli_host->say(plain);
	free(plain);
}

static void say(const char *text)
{
	if (cli_host) {
		say_to_host(text);
		return;
	}
	cli_progress_end();
	(void)fprintf(stderr, "%s: ", cli_program);
	cli_put_plain(stderr, text);
	(void)fputc('\n', stderr);
}

static void __attribute__((format(printf, 1, 0))) vsay(const char *fmt, va_list ap)
{
	char *text = NULL;
	int n = vasprintf(&text, fmt, ap);

	say(n >= 0 ? text : "out of memory");
	if (n >= 0)
		free(text);
}

void cli_say(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsay(fmt, ap);
	va_end(ap);
}

int cli_usage(const struct cli_command *cmd, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsay(fmt, ap);
	va_end(ap);
	const bool named = cmd && !strcmp(cli_program, "pageowner");
	char hint[80];
	(void)snprintf(hint, sizeof(hint), "Try '%s %s%s--help'.", cli_program, named ? cmd->name : "",
		       named ? " " : "");
	if (cli_host)
		cli_host->say(hint);
	else
		(void)fprintf(stderr, "%s\n", hint);
	return CLI_USAGE;
}

/* --- output -------------------------------------------------------------------------------------- */

bool cli_output_open(struct cli_output *out, const char *path, const struct cli_input *in)
{
	struct stat st;

	*out = (struct cli_output){ .path = path };
	if (!path) {
		/* behind what is buffered there */
		(void)fflush(cli_stdout());
		out->fd = fileno(cli_stdout());
		return true;
	}
	/* writing over the very dump that is read would be the end of it */
	if (stat(path, &st) == 0 && cli_input_has(in, &st)) {
		cli_say("output: %s: is one of the inputs", path);
		return false;
	}
	out->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (out->fd < 0)
		cli_say("output: %s: %s", path, strerror(errno));
	return out->fd >= 0;
}

int cli_output_write(void *self, const char *text, size_t len)
{
	struct cli_output *out = self;

	while (len > 0) {
		ssize_t n = write(out->fd, text, len);
		if (n < 0 && errno == EINTR && !cli_stop)
			continue;
		if (n < 0) {
			out->pipe_closed = errno == EPIPE;
			return errno;
		}
		text += n;
		len -= (size_t)n;
		/* Cut short by a signal: here the rest follows, so that records are whole; a host is not kept waiting
		 * for a reader that does not read. */
		if (len > 0 && cli_stop && cli_host)
			return EINTR;
	}
	return 0;
}

bool cli_output_close(struct cli_output *out)
{
	if (!out->path)
		return true;
	if (close(out->fd) == 0)
		return true;
	cli_say("output: %s: %s", out->path, strerror(errno));
	return false;
}

int cli_write(const struct cli_input *in, enum cli_want want, const char *path,
	      int (*fn)(void *arg, struct pageowner_session *s, struct cli_output *out), void *arg)
{
	struct cli_output out;
	int status = CLI_FAILED;
	struct pageowner_session *s = cli_open(in, want);

	if (!s)
		return CLI_FAILED;
	if (cli_output_open(&out, path, in)) {
		status = fn(arg, s, &out);
		if (!cli_output_close(&out))
			status = CLI_FAILED;
	}
	cli_close(s);
	return status;
}

/* --- progress ------------------------------------------------------------------------------------ */

static double seconds_since(const struct timespec *then, const struct timespec *now)
{
	return (double)(now->tv_sec - then->tv_sec) + (double)(now->tv_nsec - then->tv_nsec) / 1e9;
}

/* How many a second since the first call, and from that how long it will take. */
void cli_progress(uint64_t done, uint64_t all)
{
	static struct timespec start, last;
	static uint64_t start_done;
	static int is_tty = -1;
	const bool first = is_tty < 0;
	struct timespec now;

	if (first)
		is_tty = isatty(STDERR_FILENO);
	if (!is_tty || !all || cli_host)
		return;
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	if (first) {
		start = now;
		start_done = done;
	} else if (seconds_since(&last, &now) < PROGRESS_SECONDS) {
		return;
	}
	last = now;
	(void)fprintf(stderr, "\r\033[K%3u %% of %llu page frames", (unsigned)(done * 100 / all), (unsigned long long)all);
	if (done > start_done) {
		const double rate = (double)(done - start_done) / seconds_since(&start, &now);
		(void)fprintf(stderr, ", %.1f million a second, %.0f s left", rate / 1e6, (double)(all - done) / rate);
	}
	(void)fflush(stderr);
	progress_shown = true;
}

void cli_progress_end(void)
{
	if (progress_shown)
		(void)fputs("\r\033[K", stderr);
	progress_shown = false;
}
