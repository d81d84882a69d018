/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "harness.h"

#include <stdio.h>
#include <string.h>

static struct test *tests, **tail = &tests;
static bool failed;
static const char *skipped;

void test_register(struct test *t)
{
	*tail = t;
	tail = &t->next;
}

bool test_check(bool ok, const char *file, int line, const char *what)
{
	if (!ok) {
		printf("# %s:%d: not so: %s\n", file, line, what);
		failed = true;
	}
	return ok;
}

bool test_check_int(intmax_t got, intmax_t want, const char *file, int line, const char *what)
{
	if (got == want)
		return true;
	printf("# %s:%d: %s is %jd (0x%jx), not %jd (0x%jx)\n", file, line, what, got,
	       (uintmax_t)got, want, (uintmax_t)want);
	failed = true;
	return false;
}

bool test_check_str(const char *got, const char *want, const char *file, int line,
		    const char *what)
{
	if (got && want && !strcmp(got, want))
		return true;
	printf("# %s:%d: %s is\n#   %s\n# not\n#   %s\n", file, line, what, got ? got : "(null)",
	       want ? want : "(null)");
	failed = true;
	return false;
}

void test_skip(const char *why)
{
	skipped = why;
}

/* With arguments: only the tests whose names contain the first one. */
int main(int argc, char **argv)
{
	int nr = 0, bad = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (struct test *t = tests; t; t = t->next) {
		if (argc > 1 && !strstr(t->name, argv[1]))
			continue;
		failed = false;
		skipped = NULL;
		t->run();
		printf("%sok %d - %s%s%s\n", failed ? "not " : "", ++nr, t->name,
		       skipped && !failed ? " # SKIP " : "", skipped && !failed ? skipped : "");
		bad += failed;
	}
	printf("1..%d\n", nr);
	return bad ? 1 : 0;
}

const char *test_record_end(const char *text, size_t len)
{
	const char *end = text + len;

	for (const char *p = text; p < end && (p = memchr(p, '\n', (size_t)(end - p))); p++)
		if (p + 1 < end && p[1] == '\n')
			return p + 2;
	return end;
}
