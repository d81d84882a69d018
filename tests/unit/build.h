/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Small ELF files for tests, made with the compilers that are at hand. */
#ifndef PO_TESTS_BUILD_H
#define PO_TESTS_BUILD_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char build_dir[4096];

__attribute__((destructor)) static void remove_build_dir(void)
{
	char cmd[sizeof(build_dir) + 16];

	if (!build_dir[0])
		return;
	snprintf(cmd, sizeof(cmd), "rm -rf '%s'", build_dir);
	if (system(cmd) != 0)
		perror(build_dir);
}

/* A directory that is removed at the end. */
static inline const char *test_dir(void)
{
	const char *tmp = getenv("TMPDIR");

	if (!build_dir[0]) {
		snprintf(build_dir, sizeof(build_dir), "%s/po-test-XXXXXX", tmp ? tmp : "/tmp");
		if (!mkdtemp(build_dir))
			abort();
	}
	return build_dir;
}

/* Run a command in that directory, quietly; whether it worked. */
__attribute__((format(printf, 1, 2))) static inline bool run(const char *fmt, ...)
{
	char cmd[8192];
	int n = snprintf(cmd, sizeof(cmd), "cd '%s' && { ", test_dir());
	va_list ap;

	va_start(ap, fmt);
	n += vsnprintf(cmd + n, sizeof(cmd) - (size_t)n, fmt, ap);
	va_end(ap);
	snprintf(cmd + n, sizeof(cmd) - (size_t)n, "; } >/dev/null 2>&1");
	return system(cmd) == 0;
}

/* A path in it; one of eight buffers that are used in turn. */
__attribute__((format(printf, 1, 2))) static inline const char *in_dir(const char *fmt, ...)
{
	static char bufs[8][4200];
	static unsigned turn;
	char *buf = bufs[turn++ % 8];
	int n = snprintf(buf, sizeof(bufs[0]), "%s/", test_dir());
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(buf + n, sizeof(bufs[0]) - (size_t)n, fmt, ap);
	va_end(ap);
	return buf;
}

static inline void write_file(const char *name, const char *text)
{
	FILE *f = fopen(in_dir("%s", name), "w");

	if (!f || fputs(text, f) < 0 || fclose(f) != 0)
		abort();
}

#endif
