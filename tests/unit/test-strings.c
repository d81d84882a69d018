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

/* All of a set; item: for twice as many. */
static void order(const struct po_strings *s, struct po_keyed *item)
{
	for (uint32_t i = 0; i < s->nr; i++)
		item[i].nr = i;
	po_strings_order(s, item, item + s->nr, s->nr);
}

TEST(a_string_may_hold_anything)
{
	struct po_strings s = { .nr = 0 };

	CHECK_INT(po_strings_add(&s, "a\0b", 3), 0);
	CHECK_INT(po_strings_add(&s, "a\0c", 3), 1);
	CHECK_INT(po_strings_add(&s, "a", 1), 2);
	CHECK_INT(po_strings_add(&s, "a\0", 2), 3);
	CHECK_INT(po_strings_add(&s, "a\0b", 3), 0);
	struct po_keyed item[8];
	order(&s, item);
	CHECK_INT(item[0].nr + item[1].nr, 2 + 3);	/* those without a third byte */
	CHECK_INT(item[2].nr, 0);
	CHECK_INT(item[3].nr, 1);
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
	struct po_keyed *item = malloc(2 * s.nr * sizeof(*item));
	unsigned wrong = 0;
	CHECK(item != NULL);
	order(&s, item);
	for (uint32_t i = 0; i < s.nr; i++)
		for (uint32_t j = 0; j < i; j++) {
			const struct po_string *a = &s.string[item[j].nr], *b = &s.string[item[i].nr];
			wrong += strcmp(a->text, b->text) >= 0 || po_string_compare(a, b) >= 0 || po_string_compare(b, a) <= 0;
		}
	CHECK(s.nr > 1500);
	CHECK_INT(wrong, 0);
	free(item);
	po_strings_fini(&s);
}

/* Keys of few and many bits, few and many of them; equal ones stay as they were. */
TEST(keys_are_sorted_and_equal_ones_stay)
{
	static const size_t sizes[] = { 0, 1, 2, 47, 48, 49, 255, 5000 };
	static struct po_keyed item[5000], room[5000];

	for (unsigned bits = 1; bits <= 64; bits += 7)
		for (size_t s = 0; s < sizeof(sizes) / sizeof(*sizes); s++) {
			unsigned wrong = 0;
			uint64_t sum = 0;
			for (uint32_t i = 0; i < sizes[s]; i++) {
				item[i] = (struct po_keyed){ rnd() >> (64 - bits), i };
				sum += item[i].key ^ i;
			}
			po_keyed_sort(item, room, sizes[s]);
			for (uint32_t i = 0; i < sizes[s]; i++)
				sum -= item[i].key ^ item[i].nr;
			for (uint32_t i = 1; i < sizes[s]; i++)
				wrong += item[i].key < item[i - 1].key ||
					 (item[i].key == item[i - 1].key && item[i].nr < item[i - 1].nr);
			CHECK_INT(wrong, 0);
			CHECK_INT(sum, 0);
		}
}
