/*
 * What real machines have in their memory, made on purpose: every kind of page that the table in `kinds`
 * asks for.  Nothing here may still be going on when the capture starts: a child either exits or stops in
 * pause(), and what a step is not able to do on this kernel it leaves out.
 */
#define _GNU_SOURCE
#include "guest.h"
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef MADV_HUGEPAGE
#define MADV_HUGEPAGE 14
#endif
#define MIB (1UL << 20)
#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT 21
#endif
#ifndef MADV_SOFT_OFFLINE
#define MADV_SOFT_OFFLINE 101
#endif

/* <linux/mempolicy.h>, which the C library does not carry */
#define MPOL_BIND 2
#define MPOL_MF_STRICT_MOVE 3	/* MPOL_MF_STRICT | MPOL_MF_MOVE */
#define MPOL_MF_MOVE 2

static long page;

static void touch(char *p, size_t len)
{
	for (size_t i = 0; i < len; i += page)
		p[i] = 1;
}

static char *map(size_t len)
{
	char *p = mmap(0, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

static char *map_small(size_t len)	/* never a transparent huge page */
{
	char *p = map(len);

	if (p)
		madvise(p, len, MADV_NOHUGEPAGE);
	return p;
}

static void join_group(const char *group)
{
	char fn[128];

	if (!group)
		return;
	snprintf(fn, sizeof fn, "%s/cgroup.procs", group);
	put(fn, "0");
}

/* A value in KiB out of /proc/meminfo. */
static size_t meminfo(const char *key)
{
	static char b[8192];
	int f = open("/proc/meminfo", O_RDONLY);
	ssize_t n = f < 0 ? 0 : read(f, b, sizeof b - 1);
	char *p;

	if (f >= 0)
		close(f);
	b[n > 0 ? n : 0] = 0;
	p = strstr(b, key);
	return p ? strtoul(p + strlen(key) + 1, 0, 10) : 0;
}

/* A child tells that it has done its work by the end of the pipe that it got. */
static int ready[2];

static pid_t begin(const char *name, const char *group)
{
	pid_t p;

	if (pipe(ready))
		return -1;
	p = fork();
	if (p) {
		close(ready[1]);
		return p;
	}
	close(ready[0]);
	prctl(PR_SET_NAME, name);
	join_group(group);
	return 0;
}

static void await(pid_t p, int stays)
{
	char c;

	while (read(ready[0], &c, 1) > 0)
		;
	close(ready[0]);
	if (!stays)
		waitpid(p, 0, 0);
}

static void done(int stay)
{
	close(ready[1]);
	if (!stay)
		_exit(0);
	for (;;)
		pause();
}

/* Anonymous and tmpfs pages, sockets, pipes, page tables, kernel stacks; charged to `group` if one is given. */
static void worker(const char *name, size_t mb, const char *group, int stay)
{
	static char b[65536];
	char fn[128];
	int sv[2], f;
	pid_t p = begin(name, group);

	if (p) {
		await(p, stay);
		return;
	}
	char *at = map(2 * mb * MIB);
	if (at) {
		at += -(unsigned long)at % (mb * MIB);
		madvise(at, mb * MIB, MADV_HUGEPAGE);
		touch(at, mb * MIB);
	}
	at = map_small(MIB);
	if (at)
		touch(at, MIB);
	memset(b, 'x', sizeof b);
	snprintf(fn, sizeof fn, "/tmp/%s", name);
	f = open(fn, O_CREAT | O_RDWR, 0600);
	for (int i = 0; i < 8; i++)
		if (write(f, b, sizeof b)) {}
	for (int i = 0; i < 10; i++)
		if (!socketpair(AF_UNIX, SOCK_STREAM, 0, sv))
			if (write(sv[0], b, 30000)) {}
	for (int i = 0; i < 20; i++)
		if (!pipe(sv))
			if (write(sv[1], b, 8192)) {}
	done(stay);
}

/* zram as swap: the pages that leave go through zsmalloc.  Every page differs, so that none is stored as one word. */
static void swapper(void)
{
	size_t len = 2 * MIB;
	pid_t p;

	put("/sys/block/zram0/disksize", "16M");
	int f = open("/dev/zram0", O_RDWR);
	if (f < 0)
		return;
	/* the signature that mkswap(8) writes */
	static char h[65536];
	unsigned *v = (unsigned *)(h + 1024);
	v[0] = 1;
	v[1] = 16 * MIB / page - 1;
	memcpy(h + page - 10, "SWAPSPACE2", 10);
	if (write(f, h, page) != page)
		say("GUEST no swap header\n");
	close(f);
	if (swapon("/dev/zram0", 0)) {
		say("GUEST no swap\n");
		return;
	}
	p = begin("swapped out", 0);
	if (p) {
		await(p, 1);
		return;
	}
	char *at = map_small(len);
	for (size_t i = 0; at && i < len; i += page)
		for (int k = 0; k < page; k += 8)
			*(unsigned long *)(at + i + k) = k % 64 ? 0 : (i + k) * 2654435761UL;
	if (at)
		madvise(at, len, MADV_PAGEOUT);
	done(1);
}

/* Where n pages are, one 64-bit word each. */
static void pagemap(const char *p, unsigned long long *where, size_t n)
{
	int f = open("/proc/self/pagemap", O_RDONLY);

	if (f < 0 || pread(f, where, 8 * n, (off_t)((unsigned long)p / page) * 8) < 0)
		say("GUEST no pagemap\n");
	close(f);
}

/*
 * Every second page of a stretch goes away: compaction has pages to move.  It moves those that lie low in their
 * zone, so the stretch is long; of the pages that did not move only a few stay.
 */
static void holes(void)
{
	static unsigned long long before[6144], after[6144];
	size_t n = sizeof before / sizeof *before, moved = 0, stayed = 0;
	pid_t p = begin("full of holes", 0);

	if (p) {
		await(p, 1);
		return;
	}
	if (n * page > 24 * MIB)
		n = 24 * MIB / page;
	char *at = map_small(n * page);
	if (at) {
		touch(at, n * page);
		for (size_t i = 0; i < n; i += 2)
			madvise(at + i * page, page, MADV_DONTNEED);
		pagemap(at, before, n);
		put("/proc/sys/vm/compact_memory", "1");
		pagemap(at, after, n);
		for (size_t i = 1; i < n; i += 2)
			if (before[i] != after[i] ? ++moved > 512 : ++stayed > 128)
				madvise(at + i * page, page, MADV_DONTNEED);
	}
	if (!moved)
		say("GUEST no page moved by compaction\n");
	done(1);
}

/* A page taken out of use while its content moves on: migrate reason memory_failure. */
static void soft_offline(void)
{
	pid_t p = begin("ecc victim", 0);

	if (p) {
		await(p, 1);
		return;
	}
	char *at = map_small(16 * page);
	if (at) {
		touch(at, 16 * page);
		for (int i = 0; i < 2; i++)
			if (madvise(at + 3 * i * page, page, MADV_SOFT_OFFLINE))
				say("GUEST no soft offline\n");
	}
	done(1);
}

/* The file's value into was[32]; then another value into the file.  Put it back with put(). */
static void change(const char *file, const char *value, char *was)
{
	int f = open(file, O_RDONLY);
	ssize_t n = f < 0 ? 0 : read(f, was, 31);

	if (f >= 0)
		close(f);
	was[n > 0 ? n : 0] = 0;
	put(file, value);
}

#define MIN_FREE "/proc/sys/vm/min_free_kbytes"

/* <gup_test.h> of the kernel: pins pages for long, so that they have to leave CMA first */
struct gup_test {
	unsigned long long get_us, put_us, addr, size;
	unsigned nr_pages_per_call, gup_flags, test_flags, which[8];
};
#define PIN_LONGTERM_BENCHMARK _IOWR('g', 3, struct gup_test)

/*
 * Movable pages enter CMA when little else is free.  A filler takes memory until CMA has been broken into,
 * its last pages are pinned (longterm_pin), the rest but a little is given back; then CMA itself is asked
 * for a range, which moves the pages that are still inside (contig_range) and leaves pages owned by a CMA
 * allocation.
 */
static void cma(void)
{
	const size_t step = MIB / 4, keep = 4 * MIB;
	size_t area = meminfo("CmaFree:") << 10, max = meminfo("MemFree:") << 10;
	char n[32], was[32];
	pid_t p;

	if (!area)
		return;
	/* transparent huge pages raise it above what is left when CMA is reached */
	change(MIN_FREE, "1024", was);
	p = begin("pinned (long)", 0);
	if (p) {
		await(p, 1);
	} else {
		char *at = map_small(max);
		size_t len = 0, left = area;
		int f = open("/dbg/gup_test", O_RDWR);
		struct gup_test g = { .size = keep / 2, .gup_flags = 1 /* FOLL_WRITE */ };

		while (at && len + step + MIB < max && (left > area / 4 || len < keep)) {
			touch(at + len, step);
			len += step;
			left = meminfo("CmaFree:") << 10;
		}
		if (len >= keep) {
			munmap(at, len - keep);
			g.addr = (unsigned long)at + len - keep / 2;
			g.nr_pages_per_call = keep / 2 / page;
			if (f < 0 || ioctl(f, PIN_LONGTERM_BENCHMARK, &g))
				say("GUEST no longterm pin\n");
		}
		done(1);
	}
	put(MIN_FREE, was);
	snprintf(n, sizeof n, "%lu", (unsigned long)(area / page * 3 / 4));
	if (put("/dbg/cma/cma-reserved/alloc", n) < 0 && put("/dbg/cma/reserved/alloc", n) < 0)
		say("GUEST no cma range\n");
	snprintf(n, sizeof n, "%lu", (unsigned long)(area / page / 2));
	if (put("/dbg/cma/cma-reserved/free", n) < 0)
		put("/dbg/cma/reserved/free", n);
}

/* Two nodes: pages moved by system call, by policy, and by the kernel's own NUMA balancing. */
static void nodes(void)
{
	unsigned long mask0 = 1, mask1 = 2;
	size_t len = 256 * page;
	pid_t p;

	if (access("/sys/devices/system/node/node1", F_OK))
		return;
	p = begin("node mover", 0);
	if (p) {
		await(p, 1);
	} else {
		char *a = map_small(len), *b = map_small(len);
		static void *which[256];
		static int to[256], st[256];

		syscall(SYS_set_mempolicy, MPOL_BIND, &mask0, 8 * sizeof mask0);
		touch(a, len);
		touch(b, len);
		syscall(SYS_set_mempolicy, 0, 0, 0);
		for (int i = 0; i < 256; i++) {
			which[i] = a + i * page;
			to[i] = 1;
		}
		if (syscall(SYS_move_pages, 0, 256, which, to, st, MPOL_MF_MOVE))
			say("GUEST no move_pages\n");
		if (syscall(SYS_mbind, b, len, MPOL_BIND, &mask1, 8 * sizeof mask1, MPOL_MF_STRICT_MOVE))
			say("GUEST no mbind\n");
		done(1);
	}
	/* the node's own processors: those of node 1 come last */
	put("/dbg/sched/numa_balancing/scan_delay_ms", "20");
	put("/dbg/sched/numa_balancing/scan_period_min_ms", "20");
	put("/dbg/sched/numa_balancing/scan_period_max_ms", "40");
	put("/proc/sys/kernel/numa_balancing", "1");
	p = begin("misplaced", 0);
	if (p) {
		await(p, 1);
	} else {
		cpu_set_t set;
		char *a = map_small(len);
		long n = sysconf(_SC_NPROCESSORS_ONLN);

		syscall(SYS_set_mempolicy, MPOL_BIND, &mask0, 8 * sizeof mask0);
		touch(a, len);
		syscall(SYS_set_mempolicy, 0, 0, 0);
		CPU_ZERO(&set);
		CPU_SET(n - 1, &set);
		sched_setaffinity(0, sizeof set, &set);
		for (time_t end = time(0) + 6; time(0) < end;)
			touch(a, len);
		done(1);
	}
	put("/proc/sys/kernel/numa_balancing", "0");
}

/* Page cache of a file system on a block device: the tail of the capture disk, which the capture never writes. */
static void block_cache(void)
{
	static char b[65536];
	int f = open("/dev/vda", O_RDONLY);
	off_t end = f < 0 ? 0 : lseek(f, 0, SEEK_END);

	if (end > (off_t)MIB) {
		lseek(f, end - MIB, SEEK_SET);
		while (read(f, b, sizeof b) > 0)
			;
	}
	/* stays open: the last close of a block device throws its cache away */
}

/* <linux/dma-heap.h> */
struct dma_heap_allocation {
	unsigned long long len;
	unsigned fd, fd_flags;
	unsigned long long heap_flags;
};
#define DMA_HEAP_ALLOC _IOWR('H', 0, struct dma_heap_allocation)

/* Buffers that devices share, out of the page allocator and out of each CMA area; one of them is mapped. */
static void dma_buffers(void)
{
	static const struct {
		const char *heap;
		size_t len;
	} buffers[] = {
		{ "system", 3 * MIB / 2 }, { "system", 0x5000 }, { "default_cma_region", MIB / 4 }, { "camera@46800000", MIB },
	};
	char fn[64];
	pid_t p;

	if (access("/dev/dma_heap", F_OK))
		return;
	p = begin("dma-buf user", 0);
	if (p) {
		await(p, 1);
		return;
	}
	for (size_t i = 0; i < sizeof buffers / sizeof *buffers; i++) {
		struct dma_heap_allocation a = { .len = buffers[i].len, .fd_flags = O_RDWR };
		snprintf(fn, sizeof fn, "/dev/dma_heap/%s", buffers[i].heap);
		int f = open(fn, O_RDWR);
		if (f < 0 || ioctl(f, DMA_HEAP_ALLOC, &a)) {
			say("GUEST no dma-buf of heap ");
			say(buffers[i].heap);
			say("\n");
		} else if (i == 0) {
			char *at = mmap(0, a.len, PROT_READ | PROT_WRITE, MAP_SHARED, (int)a.fd, 0);
			if (at != MAP_FAILED)
				touch(at, a.len);
		}
	}
	done(1);
}

static void module(void)
{
	char arg[32] = "";
	int m = open("/pohog.ko", O_RDONLY);

	if (m < 0)
		return;
	if (getenv("GUEST_HOG"))
		snprintf(arg, sizeof arg, "mb=%s", getenv("GUEST_HOG"));
	if (syscall(SYS_finit_module, m, arg, 0))
		say("GUEST module failed\n");
	close(m);
}

/*
 * The module's atomic allocations come with free memory between the min and the low watermark (a quarter above
 * min), so that the allocator reserves a HighAtomic block for them.  Where exactly that is the free counters only
 * tell about.
 */
static void high_atomic(void)
{
	char was[32], n[32];

	for (int percent = 76; percent <= 92; percent += 4) {
		/* with highmem that of lowmem: there the watermark counts in full */
		size_t free = meminfo("LowFree:");

		snprintf(n, sizeof n, "%zu", ((free ? free : meminfo("MemFree:")) - meminfo("CmaFree:")) / 100 * percent);
		change(MIN_FREE, n, was);
		put("/sys/module/pohog/parameters/atomic", "1");
		put(MIN_FREE, was);
	}
}

/* Dies of the OOM killer, whoever calls it. */
static void victim(const char *name, const char *group, size_t mb, const char *then)
{
	pid_t p = fork();

	if (!p) {
		prctl(PR_SET_NAME, name);
		put("/proc/self/oom_score_adj", "1000");
		join_group(group);
		char *at = map_small(mb * MIB);
		if (at)
			touch(at, mb * MIB);
		put("/proc/sysrq-trigger", then);
		nap(5000);
		say("GUEST no OOM\n");
		_exit(0);
	}
	waitpid(p, 0, 0);
}

/* Two reports: of the whole machine, and of a cgroup that has reached its limit. */
static void ooms(void)
{
	const char *small = "/cg/small";

	victim("oom victim", NULL, 4, "f");
	mkdir(small, 0755);
	if (put("/cg/small/memory.max", "2M") < 0)
		put("/cg/small/memory.limit_in_bytes", "2M");
	/* nor shall it be swapped out */
	if (put("/cg/small/memory.swap.max", "0") < 0)
		put("/cg/small/memory.memsw.limit_in_bytes", "2M");
	victim("(limited) one", small, 8, "");
}

void workload(void)
{
	const char *job = "/cg/job", *gone = "/cg/gone", *odd = "/cg/odd name (x)";

	page = sysconf(_SC_PAGESIZE);
	/* the memory manager shall be quiet when we are done */
	put("/proc/sys/vm/compaction_proactiveness", "0");
	put("/sys/kernel/mm/transparent_hugepage/khugepaged/scan_sleep_millisecs", "100000000");
	put("/sys/kernel/mm/transparent_hugepage/khugepaged/alloc_sleep_millisecs", "100000000");
	/* a kernel with little memory starts with transparent huge pages off */
	put("/sys/kernel/mm/transparent_hugepage/enabled", "madvise");
	/* with pages of 16K the usual size, 32 MiB, is too large for a guest */
	put("/sys/kernel/mm/transparent_hugepage/hugepages-4096kB/enabled", "madvise");
	if (getenv("GUEST_CGROUP1"))
		mount("cg", "/cg", "cgroup", 0, "memory");
	else if (!mount("cg", "/cg", "cgroup2", 0, 0))
		put("/cg/cgroup.subtree_control", "+memory");
	mkdir(job, 0755);
	mkdir(gone, 0755);
	mkdir(odd, 0755);
	for (int i = 0; i < 24; i++) {	/* their counters are per processor */
		char fn[32];

		snprintf(fn, sizeof fn, "/cg/idle%d", i);
		mkdir(fn, 0755);
	}
	module();
	holes();
	put("/proc/sys/vm/nr_hugepages", "2");
	/* takes nearly all memory for a moment: before there is swap, and before anything that must stay in memory */
	cma();
	high_atomic();
	worker("leaky-worker", 4, job, 1);
	worker("cache (weird) x", 1, odd, 1);
	worker("[br] (a) [c", 1, 0, 1);
	worker("gone-worker", 1, gone, 0);
	rmdir(gone);	/* its tmpfs pages keep the charge */
	block_cache();
	swapper();
	soft_offline();
	nodes();
	if (getenv("GUEST_KILLS"))
		ooms();
	dma_buffers();
	put("/sys/module/pohog/parameters/dump", "1");
	nap(500);
	while (waitpid(-1, 0, WNOHANG) > 0)
		;
}
