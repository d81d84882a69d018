/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Distinct strings and their order, against strcmp(). */
#include <stdlib.h>
#include <string.h>

#include "base/strings.h"
#include "harness.h"

static uint64_t state = 88172645463325252ull;

static uint64_t rnd(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	return state ^= state << 17;
}

TEST(equal_strings_have_one_number)
{
	struct po_strings s = { .nr = 0 };
	char text[16];

	for (unsigned round = 0; round < 2; round++)
		for (unsigned i = 0; i < 5000; i++) {
			size_t len = 0;
			for (unsigned v = i; v; v /= 7)
				text[len++] = (char)('a' + v % 7);
			CHECK_INT(po_strings_add(&s, text, len), i);
		}
	CHECK_INT(s.nr, 5000);
	CHECK_INT(s.string[0].len, 0);
	CHECK_STR(s.string[8].text, "bb");
	po_strings_fini(&s);
}

TEST(a_string_may_hold_anything)
{
	struct po_strings s = { .nr = 0 };

	CHECK_INT(po_strings_add(&s, "a\0b", 3), 0);
	CHECK_INT(po_strings_add(&s, "a\0c", 3), 1);
	CHECK_INT(po_strings_add(&s, "a", 1), 2);
	CHECK_INT(po_strings_add(&s, "a\0", 2), 3);
	CHECK_INT(po_strings_add(&s, "a\0b", 3), 0);
	uint32_t *rank = po_strings_rank(&s);
	CHECK(rank != NULL);
	free(rank);
	po_strings_fini(&s);
}

TEST(another_sets_string_is_found)
{
	struct po_strings a = { .nr = 0 }, b = { .nr = 0 };

	(void)po_strings_add(&a, "one", 3);
	(void)po_strings_add(&a, "two", 3);
	CHECK_INT(po_strings_add(&b, "two", 3), 0);
	CHECK_INT(po_strings_add_string(&b, &a.string[1]), 0);
	CHECK_INT(po_strings_add_string(&b, &a.string[0]), 1);
	CHECK_INT(po_strings_add(&b, "one", 3), 1);
	po_strings_fini(&a);
	po_strings_fini(&b);
}

/* Long common beginnings, strings that are the beginning of others, bytes above 127. */
static size_t make(char *text)
{
	size_t len = rnd() % 4 * 13;

	memset(text, 'x', len);
	for (size_t more = rnd() % 12; more > 0; more--)
		text[len++] = (char)"\x01 ab\xff\x80"[rnd() % 6];
	return len;
}

TEST(the_order_is_that_of_strcmp)
{
	struct po_strings s = { .nr = 0 };
	char text[64];

	for (unsigned i = 0; i < 3000; i++) {
		size_t len = make(text);
		(void)po_strings_add(&s, text, len);
	}
	uint32_t *rank = po_strings_rank(&s);
	unsigned wrong = 0;
	for (uint32_t i = 0; i < s.nr; i++)
		for (uint32_t j = 0; j < i; j++)
			wrong += (rank[i] < rank[j]) != (strcmp(s.string[i].text, s.string[j].text) < 0);
	CHECK(s.nr > 1500);
	CHECK_INT(wrong, 0);
	free(rank);
	po_strings_fini(&s);
}
