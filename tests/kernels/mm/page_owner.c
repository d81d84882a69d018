/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "stacks.h"

struct page_ext_operations page_owner_ops = {
#if VERSION >= 409
	.offset = offsetof(ext_entry, owner),
	.size = sizeof(struct page_owner),
#endif
#if PAGE_OWNER >= 603
	.need_shared_flags = 1,
#endif
};

#if VERSION >= 406
struct static_key_false page_owner_inited = { { { 1 } } };
#else
bool page_owner_inited = 1;
#endif

#if VERSION >= 408
static depot_stack_handle_t dummy_handle = HANDLE_DUMMY;
static depot_stack_handle_t failure_handle = HANDLE_DUMMY;
#endif
#if VERSION >= 413
static depot_stack_handle_t early_handle = HANDLE_EARLY;
#endif

#if PAGE_OWNER >= 609	/* page_owner_stacks/: the newest first, one that has no record yet, those of the start */
struct stack { struct stack_record *stack_record; struct stack *next; };
extern struct record pool0[], pool3[];
#define STACK(record, next) { (struct stack_record *)(record), next }
static struct stack failure_stack = STACK(0, (void *)0);
static struct stack dummy_stack = STACK(&pool0[0], &failure_stack);
static struct stack stacks[] = {
	STACK(&pool3[1], &stacks[1]), STACK(&pool3[2], &stacks[2]), STACK(0, &stacks[3]),
	STACK(&pool3[127], &dummy_stack),
};
static struct stack *stack_list = &stacks[0];
#ifndef THRESHOLD
#define THRESHOLD 0
#endif
#if PAGE_OWNER >= 703
static unsigned long pages_threshold = THRESHOLD;
#define USED_BY_STACKS &stack_list, &pages_threshold
#else
static unsigned long page_owner_pages_threshold = THRESHOLD;
#define USED_BY_STACKS &stack_list, &page_owner_pages_threshold
#endif
#endif

/* What this release's printf is given. */
const void *const used_by_page_owner[] = {
#if PAGE_OWNER >= 607
	"Page allocated via order %u, mask %#x(%pGg), pid %d, tgid %d (%s), ts %llu ns\n",
#elif PAGE_OWNER >= 518
	"Page allocated via order %u, mask %#x(%pGg), pid %d, tgid %d (%s), ts %llu ns, free_ts %llu ns\n",
#elif PAGE_OWNER >= 513 || defined(FREE_TS)
	"Page allocated via order %u, mask %#x(%pGg), pid %d, ts %llu ns, free_ts %llu ns\n",
#elif PAGE_OWNER >= 511
	"Page allocated via order %u, mask %#x(%pGg), pid %d, ts %llu ns\n",
#elif PAGE_OWNER >= 406
	"Page allocated via order %u, mask %#x(%pGg)\n",
#else
	"Page allocated via order %u, mask 0x%x\n",
#endif
#if PAGE_OWNER >= 606
	"PFN 0x%lx type %s Block %lu type %s Flags %pGp\n",
#elif PAGE_OWNER >= 516
	"PFN %lu type %s Block %lu type %s Flags %pGp\n",
#elif PAGE_OWNER >= 406
	"PFN %lu type %s Block %lu type %s Flags %#lx(%pGp)\n",
#else
	"PFN %lu Block %lu type %d %s Flags %s%s%s%s%s%s%s%s%s%s%s%s\n",
	"Fallback", "        ", "K", "E", "R", "U", "D", "L", "A", "S", "W", "C", "B", "M", " ",
#endif
#if PAGE_OWNER >= 406
	"Page has been migrated, last migrate reason: %s\n",
#endif
#if PAGE_OWNER >= 518 && defined(CONFIG_MEMCG)
	"Slab cache page\n", "Charged %sto %smemcg %s\n", "(via objcg) ", "offline ",
#endif
#if PAGE_OWNER >= 609
	USED_BY_STACKS,
#if PAGE_OWNER >= 619
	"handle: %d\n", "nr_base_pages: %d\n",
#else
	"nr_base_pages: %d\n\n",
#endif
#endif
#if PAGE_OWNER >= 703
	"handle: %u\n",
#endif
#ifdef CONFIG_PAGE_OWNER_MODULE_STAT
	"Page allocated by module %s\n",
#endif
#if VERSION >= 408
	&dummy_handle, &failure_handle,
#endif
#if VERSION >= 413
	&early_handle,
#endif
};

#if defined(CONFIG_CC_IS_CLANG) && VERSION >= 605 && VERSION < 611
const char *const used_by_kallsyms = ".llvm.";
#endif

/* kernel/stacktrace.c */
const char *const used_by_stacktrace = VERSION >= 410 ? "%*c%pS\n" : "%*c[<%p>] %pS\n";
