/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "harness.h"
#include "kernel/framemap.h"

static uint8_t mark_of(const struct po_framemap *m, uint64_t pfn)
{
	const uint8_t *block = po_framemap_block(m, pfn);

	return block ? block[pfn & ((1u << PO_FRAMEMAP_SHIFT) - 1)] : 0;
}

TEST(nothing_is_marked_at_first)
{
	struct po_framemap m = { .nr = 0 };

	CHECK_INT(mark_of(&m, 0), 0);
	CHECK_INT(mark_of(&m, UINT64_MAX), 0);
	po_framemap_fini(&m);
}

TEST(the_smaller_mark_stays)
{
	struct po_framemap m = { .nr = 0 };

	CHECK_INT(po_framemap_set(&m, 5, 7), 0);
	CHECK_INT(po_framemap_set(&m, 5, 3), 0);
	CHECK_INT(po_framemap_set(&m, 5, 9), 0);
	CHECK_INT(mark_of(&m, 5), 3);
	CHECK_INT(mark_of(&m, 4), 0);
	CHECK_INT(mark_of(&m, 6), 0);
	po_framemap_fini(&m);
}

/* Far apart and in any order, through several growths. */
TEST(many_blocks)
{
	struct po_framemap m = { .nr = 0 };
	const uint64_t step = 0x12345, nr = 1000;

	for (uint64_t i = 0; i < nr; i++)
		CHECK_INT(po_framemap_set(&m, (i * 7919 % nr) * step, (uint8_t)(i * 7919 % nr % 200 + 1)), 0);
	for (uint64_t i = 0; i < nr; i++) {
		CHECK_INT(mark_of(&m, i * step), i % 200 + 1);
		CHECK_INT(mark_of(&m, i * step + 1), 0);
	}
	po_framemap_fini(&m);
}
