/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Run a command and print what it took: "cpu SECONDS wall SECONDS anon KIB".
 *
 *   measure COMMAND [ARG]...
 *
 * cpu is user and system time of the command and what it waited for.  anon is the largest RssAnon seen: it is
 * sampled ten times a millisecond, and once more at the command's exit while its memory still stands.
 * The exit status is the command's.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long rss_anon(pid_t pid)
{
	char path[64], line[256];
	long kib = 0;

	(void)snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	FILE *f = fopen(path, "r");
	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, "RssAnon:", 8))
			kib = strtol(line + 8, NULL, 10);
	if (f)
		(void)fclose(f);
	return kib;
}

static double seconds(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

int main(int argc, char **argv)
{
	struct timespec a, b, nap = { 0, 100000 };
	struct rusage use;
	long anon = 0;
	int status = 0;

	if (argc < 2) {
		(void)fprintf(stderr, "usage: measure COMMAND [ARG]...\n");
		return 2;
	}
	(void)clock_gettime(CLOCK_MONOTONIC, &a);
	pid_t pid = fork();
	if (pid == 0) {
		(void)ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		(void)execvp(argv[1], argv + 1);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return 1;
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	(void)ptrace(PTRACE_SETOPTIONS, pid, NULL, (void *)PTRACE_O_TRACEEXIT);
	(void)ptrace(PTRACE_CONT, pid, NULL, NULL);
	for (;;) {
		pid_t got = waitpid(pid, &status, WNOHANG);
		long now = got == pid && !WIFSTOPPED(status) ? 0 : rss_anon(pid);
		anon = now > anon ? now : anon;
		if (got == pid && !WIFSTOPPED(status))
			break;
		if (got == pid) {	/* stopped: at its exit, or by a signal, which it gets */
			long sig = status >> 16 ? 0 : WSTOPSIG(status);
			(void)ptrace(PTRACE_CONT, pid, NULL, (void *)sig);
		}
		(void)nanosleep(&nap, NULL);
	}
	(void)clock_gettime(CLOCK_MONOTONIC, &b);
	(void)getrusage(RUSAGE_CHILDREN, &use);
	(void)fprintf(stderr, "cpu %.4f wall %.4f anon %ld\n", seconds(use.ru_utime) + seconds(use.ru_stime),
		      (double)(b.tv_sec - a.tv_sec) + (double)(b.tv_nsec - a.tv_nsec) / 1e9, anon);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
