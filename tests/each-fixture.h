/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The bundled dumps, one by one. */
#ifndef PO_TESTS_EACH_FIXTURE_H
#define PO_TESTS_EACH_FIXTURE_H

#include <pageowner/pageowner.h>

typedef void test_fixture_fn(const char *dir, struct pageowner_session *s);

/* Each of them, opened with all types, be there owners or not. */
void test_each_fixture(test_fixture_fn *fn);

#endif
