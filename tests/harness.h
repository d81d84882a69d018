/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Unit tests that register themselves and print TAP.  One program per module. */
#ifndef PO_TESTS_HARNESS_H
#define PO_TESTS_HARNESS_H

#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct test {
	const char *name;
	void (*run)(void);
	struct test *next;
};

void test_register(struct test *t);
bool test_check(bool ok, const char *file, int line, const char *what);
bool test_check_int(intmax_t got, intmax_t want, const char *file, int line, const char *what);
bool test_check_str(const char *got, const char *want, const char *file, int line,
		    const char *what);
/* The running test cannot be run here; say why and return from it. */
void test_skip(const char *why);

#define TEST(id)                                                                             \
	static void test_##id(void);                                                         \
	static struct test entry_##id = { .name = #id, .run = test_##id };                   \
	__attribute__((constructor)) static void register_##id(void)                         \
	{                                                                                    \
		test_register(&entry_##id);                                                  \
	}                                                                                    \
	static void test_##id(void)

#define CHECK(cond) test_check((cond), __FILE__, __LINE__, #cond)
#define CHECK_INT(got, want) \
	test_check_int((intmax_t)(got), (intmax_t)(want), __FILE__, __LINE__, #got)
#define CHECK_STR(got, want) test_check_str((got), (want), __FILE__, __LINE__, #got)

/*
 * Where a record of a text of page_owner ends: behind its empty line.  Not strstr(), which under a sanitizer looks for the
 * end of all the text each time.
 */
const char *test_record_end(const char *text, size_t len);

#endif
