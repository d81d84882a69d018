/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reports of the OOM killer as releases from 3.19 on write them, in a log among other lines. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "harness.h"
#include "proc/oomtext.h"

static void feed(struct po_oom_log *o, const char *text)
{
	for (uint64_t ts = 1000; *text; ts += 1000) {
		size_t len = strcspn(text, "\n");

		CHECK(po_oom_line(o, ts, text, len));
		text += len + (text[len] == '\n');
	}
}

/* The row of that name in a part (and zone, or pid); NULL: none. */
static const struct po_oom_row *find(const struct po_oom_report *r, enum po_oom_part part, const char *zone, int pid,
				     const char *name)
{
	for (size_t i = 0; i < r->nr; i++)
		if (r->row[i].part == part && !strcmp(r->row[i].name, name) && r->row[i].pid == pid &&
		    (!zone || !strcmp(r->row[i].zone, zone)))
			return &r->row[i];
	return NULL;
}

/* "value unit @node" */
static const char *row(const struct po_oom_report *r, enum po_oom_part part, const char *zone, const char *name)
{
	static const char *const units[] = { "", "kB", "#" };
	static char text[64];
	const struct po_oom_row *at = find(r, part, zone, 0, name);

	if (!at)
		return "none";
	(void)snprintf(text, sizeof(text), "%" PRIu64 "%s @%d", at->value, units[at->unit], at->node);
	return text;
}

static bool rss_is(const struct po_oom_report *r, int pid, const char *name, uint64_t rss)
{
	const struct po_oom_row *at = find(r, PO_OOM_TASK, NULL, pid, name);

	return at && at->value == rss;
}

static bool says(const struct po_oom_report *r, unsigned i, const char *start)
{
	return i < r->nr_said && !strncmp(r->said[i], start, strlen(start));
}

/* 3.19: zones tell all, lines of processors' lists among them, nr_ptes, "sacrifice child"; two lines for a kill. */
static const char text_3_19[] =
	"hog invoked oom-killer: gfp_mask=0x280da, order=0, oom_score_adj=-17\n"
	"hog cpuset=/ mems_allowed=0-1\n"
	"CPU: 1 PID: 612 Comm: hog Not tainted 3.19.0 #1\n"
	"Mem-Info:\n"
	"Node 0 DMA per-cpu:\n"
	"CPU    0: hi:    0, btch:   1 usd:   0\n"
	"active_anon:23456 inactive_anon:12 isolated_anon:0\n"
	" active_file:3 inactive_file:4 isolated_file:0\n"
	" unevictable:0 dirty:1 writeback:2 unstable:0\n"
	" free:1400 slab_reclaimable:900 slab_unreclaimable:1800\n"
	" mapped:10 shmem:20 pagetables:30 bounce:0\n"
	" free_cma:0\n"
	"Node 0 DMA free:4604kB min:700kB low:872kB high:1048kB active_anon:9000kB inactive_anon:0kB unevictable:0kB "
	"isolated(anon):0kB isolated(file):0kB present:15992kB managed:15908kB mlocked:0kB dirty:0kB kernel_stack:16kB "
	"pagetables:32kB unstable:0kB bounce:0kB free_cma:0kB writeback_tmp:0kB pages_scanned:7 all_unreclaimable? yes\n"
	"lowmem_reserve[]: 0 111 111 111\n"
	"Node 1 Normal free:996kB min:990kB low:1236kB high:1484kB active_anon:84824kB pages_scanned:0 all_unreclaimable? no\n"
	"Node 0 DMA: 1*4kB (U) 0*8kB 2*16kB (UM) 1*4096kB (MR) = 4132kB\n"
	"Node 1 Normal: 249*4kB (UEM) 0*8kB = 996kB\n"
	"Node 0 hugepages_total=3 hugepages_free=1 hugepages_surp=0 hugepages_size=2048kB\n"
	"27 total pagecache pages\n"
	"5 pages in swap cache\n"
	"Swap cache stats: add 0, delete 0, find 0/0\n"
	"Free swap  = 12kB\n"
	"Total swap = 65532kB\n"
	"32638 pages RAM\n"
	"0 pages HighMem/MovableOnly\n"
	"3011 pages reserved\n"
	"[ pid ]   uid  tgid total_vm      rss nr_ptes swapents oom_score_adj name\n"
	"[   61]     0    61     2671      101      10       15         -1000 udevd of [old] x\n"
	"[  612]  1000   612    30002    23001      60        0           -17 hog\n"
	"Out of memory: Kill process 612 (hog) score 700 or sacrifice child\n"
	"Killed process 612 (hog) total-vm:120008kB, anon-rss:92000kB, file-rss:4kB\n"
	"Mem-Info:\n"
	"active_anon:1 inactive_anon:1 isolated_anon:1\n";

TEST(release_3_19)
{
	struct po_oom_log o = { .nr = 0 };

	feed(&o, "usb 1-1: new device\nMem-Info:\nactive_anon:7\n");
	CHECK(o.nr == 0);
	feed(&o, text_3_19);
	const struct po_oom_report *r = o.report;
	CHECK(o.nr == 1 && r->ts_nsec == 1000);
	CHECK(r->nr_said == 3 && says(r, 0, "hog invoked oom-killer: gfp_mask=0x280da, order=0, oom_score_adj=-17") &&
		   says(r, 1, "Out of memory: Kill process 612 (hog) score 700") &&
		   says(r, 2, "Killed process 612 (hog) total-vm:120008kB"));
	CHECK_STR(row(r, PO_OOM_GLOBAL, NULL, "active_anon"), "23456 @0");
	CHECK_STR(row(r, PO_OOM_GLOBAL, NULL, "free"), "1400 @0");
	CHECK_STR(row(r, PO_OOM_GLOBAL, NULL, "free_cma"), "0 @0");
	CHECK_STR(row(r, PO_OOM_ZONE, "DMA", "free"), "4604kB @0");
	CHECK_STR(row(r, PO_OOM_ZONE, "DMA", "isolated(anon)"), "0kB @0");
	CHECK_STR(row(r, PO_OOM_ZONE, "DMA", "pages_scanned"), "7 @0");
	CHECK_STR(row(r, PO_OOM_ZONE, "Normal", "active_anon"), "84824kB @1");
	CHECK(!find(r, PO_OOM_ZONE, NULL, 0, "all_unreclaimable?") && !find(r, PO_OOM_ZONE, NULL, 0, "hi"));
	CHECK_STR(row(r, PO_OOM_BLOCKS, "DMA", "16kB"), "2# @0");
	CHECK_STR(row(r, PO_OOM_BLOCKS, "DMA", "4096kB"), "1# @0");
	CHECK_STR(row(r, PO_OOM_BLOCKS, "Normal", "4kB"), "249# @1");
	CHECK(!find(r, PO_OOM_BLOCKS, NULL, 0, "4132kB"));
	CHECK_STR(row(r, PO_OOM_HUGE, NULL, "hugepages_free"), "1# @0");
	CHECK_STR(row(r, PO_OOM_TOTAL, NULL, "pages in swap cache"), "5 @0");
	CHECK_STR(row(r, PO_OOM_TOTAL, NULL, "Free swap"), "12kB @0");
	CHECK_STR(row(r, PO_OOM_TOTAL, NULL, "pages reserved"), "3011 @0");
	CHECK(rss_is(r, 61, "udevd of [old] x", 101));
	CHECK(rss_is(r, 612, "hog", 23001));
	unsigned shown = 0;
	for (size_t i = 0; i < r->nr; i++)
		shown += r->row[i].part == PO_OOM_GLOBAL && !strcmp(r->row[i].name, "active_anon");
	CHECK_INT(shown, 1);	/* what is shown after the kill is not of the report */
	po_oom_log_fini(&o);
}

/* 4.15: a cgroup's limit; no memory of the machine. */
static const char text_4_15[] =
	"job invoked oom-killer: gfp_mask=0x14000c0(GFP_KERNEL), nodemask=(null), order=0, oom_score_adj=0\n"
	"job cpuset=/ mems_allowed=0\n"
	"Task in /job killed as a result of limit of /job\n"
	"memory: usage 10240kB, limit 10240kB, failcnt 34\n"
	"memory+swap: usage 10240kB, limit 9007199254740988kB, failcnt 0\n"
	"kmem: usage 400kB, limit 9007199254740988kB, failcnt 0\n"
	"Memory cgroup stats for /job: cache:0KB rss:9840KB rss_huge:0KB shmem:0KB\n"
	"[ pid ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name\n"
	"[   77]     0    77     3000     2460    57344        0             0 job\n"
	"Memory cgroup out of memory: Kill process 77 (job) score 965 or sacrifice child\n"
	"Killed process 77 (job) total-vm:12000kB, anon-rss:9836kB, file-rss:4kB, shmem-rss:0kB\n"
	"oom_reaper: reaped process 77 (job), now anon-rss:0kB, file-rss:0kB, shmem-rss:0kB\n";

/* 7.3, one after the other: no NUMA, three kinds of rss, slab caches, a constraint, and a panic. */
static const char text_7_3[] =
	"init invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=3, oom_score_adj=0\n"
	"Mem-Info:\n"
	"active_anon:538 inactive_anon:1450 isolated_anon:0\n"
	" mapped:168 shmem:696 pagetables:91\n"
	" sec_pagetables:0 bounce:0\n"
	" kernel_misc_reclaimable:0\n"
	" free:2051 free_pcp:6 free_cma:653\n"
	"Node 0 active_anon:2152kB shmem_thp:0kB kernel_stack:640kB all_unreclaimable? no Balloon:8kB gpu_active:0kB\n"
	"DMA32 free:8204kB boost:0kB min:5612kB reserved_highatomic:2048kB free_highatomic:1kB zspages:372kB present:196060kB\n"
	"lowmem_reserve[]: 0 0 0\n"
	"DMA32: 393*4kB (MEC) 43*8kB (MEC) 0*16kB = 8204kB\n"
	"Unreclaimable slab info:\n"
	"Name                      Used          Total\n"
	"kmalloc-8k               480KB        512KB\n"
	"task_struct              123KB        125KB\n"
	"Memory allocations (profiling is currently turned on):\n"
	"    16.0 MiB     4085 mm/memory.c:1289 func:folio_prealloc\n"
	"     1.47 MiB       64 pohog.c:19 [pohog] func:pohog_take\n"
	"Memory cgroup min protection 0kB -- low protection 0kB\n"
	"     4.00 MiB        2 mm/hugetlb.c:1799 func:none_of_them\n"
	"Tasks state (memory values in pages):\n"
	"[  pid  ]   uid  tgid total_vm      rss rss_anon rss_file rss_shmem pgtables_bytes swapents oom_score_adj name\n"
	"[     34]     0    34     6513       70       60       10         0    86016      673             0 full of holes\n"
	"oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=/,mems_allowed=0,global_oom,task_memcg=/,task=x,pid=34,uid=0\n"
	"Kernel panic - not syncing: Out of memory: compulsory panic_on_oom is enabled\n";

TEST(cgroup_and_release_7_3)
{
	struct po_oom_log o = { .nr = 0 };

	feed(&o, text_4_15);
	feed(&o, text_7_3);
	CHECK(o.nr == 2);
	const struct po_oom_report *r = &o.report[0];
	CHECK(r->nr_said == 5 && says(r, 1, "Task in /job killed as a result of limit of /job") &&
		   says(r, 2, "Memory cgroup out of memory: Kill process 77") && says(r, 4, "oom_reaper: reaped process 77"));
	CHECK_STR(row(r, PO_OOM_CGROUP, NULL, "memory usage"), "10240kB @0");
	CHECK_STR(row(r, PO_OOM_CGROUP, NULL, "memory failcnt"), "34# @0");
	CHECK_STR(row(r, PO_OOM_CGROUP, NULL, "kmem usage"), "400kB @0");
	CHECK(rss_is(r, 77, "job", 2460));
	r = &o.report[1];
	CHECK(says(r, 1, "oom-kill:constraint=CONSTRAINT_NONE") && says(r, 2, "Kernel panic - not syncing: Out of memory"));
	CHECK_STR(row(r, PO_OOM_NODE, NULL, "shmem_thp"), "0kB @0");
	CHECK_STR(row(r, PO_OOM_NODE, NULL, "Balloon"), "8kB @0");
	CHECK_STR(row(r, PO_OOM_ZONE, "DMA32", "free_highatomic"), "1kB @0");
	CHECK_STR(row(r, PO_OOM_BLOCKS, "DMA32", "4kB"), "393# @0");
	CHECK_STR(row(r, PO_OOM_BLOCKS, "DMA32", "16kB"), "0# @0");
	CHECK_STR(row(r, PO_OOM_SLAB, NULL, "kmalloc-8k used"), "480kB @0");
	CHECK_STR(row(r, PO_OOM_SLAB, NULL, "task_struct total"), "125kB @0");
	CHECK_STR(row(r, PO_OOM_TAG, NULL, "mm/memory.c:1289 func:folio_prealloc"), "4085# @0");
	CHECK_STR(row(r, PO_OOM_TAG, NULL, "pohog.c:19 [pohog] func:pohog_take"), "64# @0");
	CHECK_STR(row(r, PO_OOM_TAG, NULL, "mm/hugetlb.c:1799 func:none_of_them"), "none");
	CHECK(rss_is(r, 34, "full of holes", 70));
	po_oom_log_fini(&o);
}

/* 5.10 puts a space behind the colon of three names. */
TEST(release_5_10)
{
	struct po_oom_log o = { .nr = 0 };

	feed(&o, "a b invoked oom-killer: gfp_mask=0x0(), order=-1, oom_score_adj=0\nMem-Info:\n"
		 "Node 0 active_anon:8kB shmem_thp: 2048kB shmem_pmdmapped: 0kB anon_thp: 4096kB writeback_tmp:0kB "
		 "kernel_stack:576kB all_unreclaimable? yes\n");
	CHECK(o.nr == 1);
	const struct po_oom_report *r = o.report;
	CHECK_STR(row(r, PO_OOM_NODE, NULL, "shmem_thp"), "2048kB @0");
	CHECK_STR(row(r, PO_OOM_NODE, NULL, "anon_thp"), "4096kB @0");
	CHECK_STR(row(r, PO_OOM_NODE, NULL, "kernel_stack"), "576kB @0");
	po_oom_log_fini(&o);
}

/* Whatever stands in a log. */
TEST(odd_lines)
{
	static const char *const lines[] = {
		"x invoked oom-killer: ", "Mem-Info:", "Node ", "Node 99999999999999999999 DMA free:1kB", "DMA: *", "DMA: 1*",
		"Node 0 hugepages_total= hugepages_size=", "Free swap", "Free swap  = kB", "[", "[ pid ]", "[ pid ] name",
		"[ 1]", "[ 1] 2", "[99999999999999999999] 1 1 1", "Unreclaimable slab info:", "a 1KB", "a b",
		"Memory allocations:", "1", "1 ", "1 B", "1 B 2", "1 B 2 x func:", "Memory allocations:", "x", ": usage failcnt",
		"memory memory memory memory memory memory memory memory memory memory: usage 1kB, limit 2kB, failcnt 3",
		"active_anon:99999999999999999999999", ":", "a:", "1", "1 total pagecache pages x",
	};
	struct po_oom_log o = { .nr = 0 };
	static char longest[5000];
	bool fine = true;

	memset(longest, 'a', sizeof(longest));
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++)
		fine &= po_oom_line(&o, i, lines[i], strlen(lines[i]));
	fine &= po_oom_line(&o, 0, longest, sizeof(longest));
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++)
		fine &= po_oom_line(&o, i, lines[i], strlen(lines[i]));
	CHECK(fine && o.nr == 2);
	po_oom_log_fini(&o);
}
