/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "stacks.h"

#if VERSION >= 406

#if VERSION >= 608
#define COUNT(n) .count = { { n } },
#else
#define COUNT(n)
#endif
/* count: one more than the pages, which page_owner counts here since 6.9 */
#define RECORD(pool, nr, stack, n) \
	[nr] = { .hash = (nr) * 7, .size = NR_##stack, .handle = { HANDLE(pool, nr) }, COUNT(n) \
		 .entries = { FRAMES_##stack } }

/* Pools are of four pages. */
struct record pool0[128] = {
	RECORD(0, 0, DUMMY, 1),
	RECORD(0, 2, EARLY, 0xc0000000),	/* never counted */
};
struct record pool3[128] = {
	RECORD(3, 1, USER, 21),
	RECORD(3, 2, KERN, 6),
	RECORD(3, 127, MOD, 2),
	RECORD(3, 4, FREED, 0),
};

#if VERSION >= 617
static void *allocated_pools[8192] = { pool0, [3] = pool3 };
static unsigned int stack_max_pools = 8192;
static void **stack_pools = allocated_pools;
#elif VERSION >= 603
static void *stack_pools[8192] = { pool0, [3] = pool3 };
#elif VERSION >= 409
static void *stack_slabs[8192] = { pool0, [3] = pool3 };
#else
static void *stack_slabs[1024] = { pool0, [3] = pool3 };
#endif
#if VERSION >= 608
static int pools_num = 4;
#define FILLED pools_num
#elif VERSION >= 603
static int pool_index = 3;
#define FILLED pool_index
#else
static int depot_index = 3;
#define FILLED depot_index
#endif

const void *const used_by_stackdepot[] = {
#if VERSION >= 617
	&stack_max_pools,
#endif
#if VERSION >= 603
	&stack_pools,
#else
	stack_slabs,
#endif
	&FILLED,
};
#endif
