/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The list of processes, whole and broken; what people write to name a page frame. */
#include <stdio.h>
#include <string.h>

#include <pageowner/lookup.h>

#include "base/cleanup.h"
#include "harness.h"
#include "kernel/task.h"
#include "synth/layout.h"

/* --- processes ------------------------------------------------------------------------------- */

#define TASK(i) (0x1000u + 0x100u * (i))	/* physical */
#define TASKS_AT 0x20	/* of the list in a struct task_struct */
#define PID_AT 0x48
#define MM_AT 0x50
#define PGD_AT 0x18
#define MM 0x4000u
#define PGD 0x5000u

struct bench {
	struct world w;
	struct po_kernel k;
};

static void bench_close(struct bench *b)
{
	world_close(&b->w);
}

static void put_task(struct bench *b, unsigned i, unsigned next, int32_t pid, bool has_mm)
{
	world_ptr(&b->w, TASK(i) + TASKS_AT, b->w.base + TASK(next) + TASKS_AT);
	world_number(&b->w, TASK(i) + PID_AT, 4, (uint32_t)pid);
	world_ptr(&b->w, TASK(i) + MM_AT, has_mm ? b->w.base + MM : 0);
}

/* 0, which is init_task, 1, 2 without memory, and 70000. */
static void bench_open(struct bench *b, bool big_endian, unsigned ptr_size)
{
	world_open(&b->w, big_endian, ptr_size);
	world_range(&b->w, 0, 0x10000);
	synth_kernel(&b->k, &b->w.abi, 12);
	synth_symbol(&b->k, PO_S_init_task, "init_task", b->w.base + TASK(0), 0);
	synth_member(&b->k, PO_M_task_struct__tasks, TASKS_AT, 2 * ptr_size);
	synth_member(&b->k, PO_M_task_struct__pid, PID_AT, 4);
	synth_member(&b->k, PO_M_task_struct__mm, MM_AT, ptr_size);
	synth_member(&b->k, PO_M_mm_struct__pgd, PGD_AT, ptr_size);
	world_ptr(&b->w, MM + PGD_AT, b->w.base + PGD);
	put_task(b, 0, 1, 0, false);
	put_task(b, 1, 2, 1, true);
	put_task(b, 2, 3, 2, false);
	put_task(b, 3, 0, 70000, true);
}

/* The world's own translation, of whatever table, takes its base off. */
static int translate(struct bench *b, int32_t pid, uint64_t *ret, struct pageowner_error *err)
{
	*ret = 7;
	err->text[0] = '\0';
	return po_task_translate(&b->k, b->w.mem, pid, b->w.base + 0x7123, ret, err);
}

TEST(processes_by_their_pid)
{
	for (unsigned i = 0; i < 4; i++) {
		_cleanup_(bench_close) struct bench b;
		struct pageowner_error err;
		uint64_t paddr;

		bench_open(&b, i & 1, i & 2 ? 4 : 8);
		CHECK_INT(translate(&b, 1, &paddr, &err), PAGEOWNER_OK);
		CHECK_INT(paddr, 0x7123);
		CHECK_INT(translate(&b, 70000, &paddr, &err), PAGEOWNER_OK);
		CHECK_INT(translate(&b, 2, &paddr, &err), PAGEOWNER_EINVAL);
		CHECK_STR(err.text, "process 2 has no memory of its own (it is the kernel's, or ending)");
		CHECK_INT(translate(&b, 3, &paddr, &err), PAGEOWNER_EINVAL);
		CHECK_STR(err.text, "no process has PID 3");
		CHECK_INT(po_task_translate(&b.k, b.w.mem, 1, b.w.base - 1, &paddr, &err), PAGEOWNER_ENODATA);
		CHECK(strstr(err.text, ": not mapped") != NULL);
	}
}

TEST(a_list_that_leads_astray)
{
	_cleanup_(bench_close) struct bench b;
	struct pageowner_error err;
	uint64_t paddr;

	bench_open(&b, false, 8);
	put_task(&b, 2, 1, 2, false);	/* a circle without its head */
	CHECK_INT(translate(&b, 70000, &paddr, &err), PAGEOWNER_ECORRUPT);
	CHECK_STR(err.text, "list of processes: does not end");
	world_ptr(&b.w, TASK(2) + TASKS_AT, 0x1234);
	CHECK_INT(translate(&b, 70000, &paddr, &err), PAGEOWNER_ENODATA);
	CHECK(!strncmp(err.text, "list of processes: ", 19));
	CHECK_INT(translate(&b, 1, &paddr, &err), PAGEOWNER_OK);	/* it comes before */
	world_ptr(&b.w, MM + PGD_AT, 0x1234);
	CHECK_INT(translate(&b, 1, &paddr, &err), PAGEOWNER_ENODATA);
	CHECK(!strncmp(err.text, "page tables of process 1: ", 26));
}

TEST(types_that_are_missing)
{
	_cleanup_(bench_close) struct bench b;
	struct pageowner_error err;
	uint64_t paddr;

	bench_open(&b, false, 8);
	b.k.l.member[PO_M_mm_struct__pgd].have = false;
	CHECK_INT(translate(&b, 1, &paddr, &err), PAGEOWNER_ENOTYPE);
	b.k.l.member[PO_M_task_struct__tasks].have = false;
	CHECK_INT(translate(&b, 1, &paddr, &err), PAGEOWNER_ENOTYPE);
}

/* --- targets --------------------------------------------------------------------------------- */

static void check_target(const char *text, enum pageowner_target_kind kind, uint64_t value, int32_t pid)
{
	struct pageowner_target t = { .kind = PAGEOWNER_TARGET_USER, .value = 7, .pid = 7 };

	if (!CHECK_INT(pageowner_target_parse(text, &t, NULL), 1))
		return;
	CHECK_INT(t.kind, kind);
	CHECK_INT(t.value, value);
	CHECK_INT(t.pid, pid);
}

TEST(targets)
{
	check_target("0", PAGEOWNER_TARGET_ANY, 0, 0);
	check_target("4096", PAGEOWNER_TARGET_ANY, 4096, 0);
	check_target("010", PAGEOWNER_TARGET_ANY, 10, 0);
	check_target("0xffffFFFF81000000", PAGEOWNER_TARGET_ANY, 0xffffffff81000000, 0);
	check_target("18446744073709551615", PAGEOWNER_TARGET_ANY, UINT64_MAX, 0);
	check_target("pfn:12", PAGEOWNER_TARGET_PFN, 12, 0);
	check_target("phys:0X12", PAGEOWNER_TARGET_PHYS, 0x12, 0);
	check_target("page:0xffffea0000000000", PAGEOWNER_TARGET_PAGE, 0xffffea0000000000, 0);
	check_target("virt:1", PAGEOWNER_TARGET_VIRT, 1, 0);
	check_target("0:1", PAGEOWNER_TARGET_USER, 1, 0);
	check_target("4194304:0x7f00", PAGEOWNER_TARGET_USER, 0x7f00, 4194304);
}

TEST(what_is_no_target)
{
	static const char *const none[] = { "", "vmcore", "0x", "1x", "-1", " 1", "+1", "pfn", "12 ", "1.5",
					    "a:1", ":1", "-1:1", "pfn :1", "99999999999:1", "18446744073709551616" };
	static const char *const bad[] = { "pfn:", "pfn:x", "phys:-1", "virt: 1", "1:", "1:2:3", "page:0x",
					   "virt:0x10000000000000000" };
	struct pageowner_error err;
	struct pageowner_target t;

	for (size_t i = 0; i < sizeof(none) / sizeof(*none); i++)
		if (!CHECK_INT(pageowner_target_parse(none[i], &t, NULL), 0))
			printf("# \"%s\"\n", none[i]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (!CHECK_INT(pageowner_target_parse(bad[i], &t, &err), PAGEOWNER_EINVAL) ||
		    !CHECK(strstr(err.text, "is no number") != NULL))
			printf("# \"%s\"\n", bad[i]);
}
