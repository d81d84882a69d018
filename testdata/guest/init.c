/*
 * PID 1 of a guest.  It makes allocations of many kinds (workload.c), reads the kernel's own files into
 * locked memory, writes them out past the page cache, proves that page_owner still prints the same, clears
 * the buffers and waits, so that the dump which the host takes next holds exactly what the text says.
 *
 * As PID 1 of a capture kernel (there is a /proc/vmcore) it saves the crash instead.
 *
 * Words on the kernel's command line that come here as environment:
 *   GUEST_MB=n         size of the buffer for the captured text
 *   GUEST_HOG=n        MiB that the module takes and keeps, for a big dump
 *   GUEST_NOCAP=1      no capture
 *   GUEST_IDLE=1       no workload
 *   GUEST_CRASH=HOW    end with a panic; the capture kernel gets GUEST_SAVE=HOW
 *   GUEST_SAVE=lzo     makedumpfile -l -d 31, flattened; =copy: all of /proc/vmcore
 *   GUEST_OOM=1        the panic comes when a leaking module has taken all memory
 *   GUEST_CGROUP1=1    memory cgroups of version 1
 *   GUEST_KILLS=1       two reports of the OOM killer: asked for, and by a cgroup's limit
 *   GUEST_THRESHOLD=n  page_owner_stacks/count_threshold
 */
#define _GNU_SOURCE
#include "guest.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/klog.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAXF 512
#define CHUNK (128 << 10)	/* what cat(1) asks for at a time */

static struct file {
	char name[320];
	size_t len;
	int err;
	char *at;
} file[MAXF];
static int nfile, con = 1;

void say(const char *s)
{
	if (write(con, s, strlen(s))) {}
}

/* Not sleep(): on 32-bit that asks for a system call which these kernels are without (CONFIG_COMPAT_32BIT_TIME). */
void nap(int ms)
{
	poll(NULL, 0, ms);
}

static void die(const char *s)
{
	say("GUEST FAIL ");
	say(s);
	say("\n");
	for (;;)
		pause();
}

int put(const char *p, const char *s)
{
	int f = open(p, O_WRONLY), r = f < 0 ? -1 : (int)write(f, s, strlen(s));

	if (f >= 0)
		close(f);
	return r;
}

static int run(char *const argv[], const char *out)
{
	pid_t p = fork();
	int st = -1;

	if (!p) {
		int f = out ? open(out, O_WRONLY) : -1;

		if (f >= 0)
			dup2(f, 1);
		execv(argv[0], argv);
		_exit(127);
	}
	waitpid(p, &st, 0);
	return st;
}

/*
 * The capture.  The buffer is one stretch: [64 KiB list][1 MiB of files that any activity moves][the
 * others], every file at a multiple of 4096 bytes, and goes to the disk as it is.
 */
#define LIST (64 << 10)
#define SMALL (1 << 20)
#define SETTLE 7000	/* ms; RCU fills its cache of pages 5 seconds after it found memory short */
#define DMESG (1 << 20)	/* the most that the log can hold */
static char *top, *at, *limit;

static unsigned long add(unsigned long sum, const char *p, size_t n)
{
	while (n--)
		sum = sum * 31 + (unsigned char)*p++;
	return sum;
}

/* One file into the buffer, or if `as` is NULL only read as before; its checksum. */
static unsigned long grab(const char *path, const char *as)
{
	struct file *x = &file[nfile];
	unsigned long sum = 0;
	ssize_t r;
	int f = open(path, O_RDONLY), err = f < 0 ? errno : 0;
	char *start = at, *to = at;

	while (!err) {
		if (to + CHUNK > limit)
			die("buffer full");
		r = read(f, to, CHUNK);
		if (r < 0)
			err = errno;
		if (r <= 0)
			break;
		sum = add(sum, to, r);
		if (as)
			to += r;
	}
	if (f >= 0)
		close(f);
	if (!as)
		return sum;
	if (++nfile >= MAXF)
		die("too many files");
	snprintf(x->name, sizeof x->name, "%s", as);
	x->at = start;
	x->len = to - start;
	x->err = err;
	for (at = to; (at - top) % 4096; at++)
		*at = 0;
	return sum;
}

/* These are read last, in this order: every write moves some of them. */
static const char *const small[] = {
	"/proc/vmstat", "/proc/zoneinfo", "/proc/meminfo", "/proc/pagetypeinfo", "/proc/slabinfo", "/proc/buddyinfo",
	"/proc/allocinfo", 0
};
static const char *const owner[] = {
	"/dbg/page_owner_stacks/show_stacks", "/dbg/page_owner_stacks/show_handles",
	"/dbg/page_owner_stacks/show_stacks_handles", "/dbg/page_owner", 0
};
static const char *const also[] = {
	"/proc/vmallocinfo", "/proc/version", "/proc/modules", "/proc/kallsyms", "/proc/iomem", "/proc/swaps",
	"/proc/cmdline", "/proc/cpuinfo", "/proc/config.gz", "/proc/kpageflags", "/proc/kpagecount", "/proc/kpagecgroup",
	"/cg/memory.stat", "/cg/job/memory.stat", "/proc/sys/vm/mem_profiling", "/dbg/page_owner_stacks/count_threshold",
	"/dbg/dma_buf/bufinfo", 0
};

/* Reads a list; how many of its files read otherwise than the last time. */
static int grab_all(const char *const *list, unsigned long *sums, int keep)
{
	int moved = 0;

	for (int i = 0; list[i]; i++) {
		unsigned long s = grab(list[i], keep ? strrchr(list[i], '/') + 1 : NULL);

		moved += s != sums[i];
		sums[i] = s;
	}
	return moved;
}

static void grab_also(void)
{
	static const char *const per[] = {
		"stat", "statm", "smaps_rollup", "oom_score", "oom_score_adj", "cgroup", "maps", 0
	};
	char p[300], as[320];
	struct dirent *e;
	struct file *x;
	DIR *d;
	int n;

	for (int i = 0; also[i]; i++)
		grab(also[i], strncmp(also[i], "/cg", 3) ? strrchr(also[i], '/') + 1
			: strstr(also[i], "job") ? "memory.stat.job" : "memory.stat.root");
	d = opendir("/proc");
	while (d && (e = readdir(d))) {
		if (atoi(e->d_name) <= 0)
			continue;
		for (int i = 0; per[i] && nfile < MAXF - 16; i++) {
			snprintf(p, sizeof p, "/proc/%s/%s", e->d_name, per[i]);
			snprintf(as, sizeof as, "pid.%s.%s", e->d_name, per[i]);
			grab(p, as);
		}
	}
	if (d)
		closedir(d);
	x = &file[nfile++];
	memset(x, 0, sizeof *x);
	strcpy(x->name, "dmesg");
	if (at + DMESG > limit)
		die("buffer full");
	x->at = at;
	n = klogctl(3, at, DMESG);
	x->len = n > 0 ? n : 0;
	for (at += x->len; (at - top) % 4096; at++)
		*at = 0;
}

/* The list and one stretch of files, past the page cache. */
static void emit(int disk, char *from, char *to)
{
	int k = sprintf(top, "GUESTCAP %d\n", nfile);
	ssize_t r;

	for (int i = 0; i < nfile; i++)
		k += sprintf(top + k, "%s %zu %d %zu\n", file[i].name, file[i].len, file[i].err, (size_t)(file[i].at - top));
	memset(top + k, 0, LIST - k);
	if (k >= LIST || pwrite(disk, top, LIST, 0) != LIST)
		die("write");
	for (; from < to; from += r)
		if ((r = pwrite(disk, from, to - from > 1 << 20 ? 1 << 20 : to - from, from - top)) <= 0)
			die("write");
}

static void capture(void)
{
	size_t mb = getenv("GUEST_MB") ? atoi(getenv("GUEST_MB")) : 24;
	static unsigned long ssum[16], osum[16], was[16];
	int round, n, all, disk, moved = 0;
	char *big, *spare;

	top = mmap(0, mb << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (top == MAP_FAILED)
		die("no buffer");
	madvise(top, mb << 20, MADV_HUGEPAGE);	/* few records for the buffer itself */
	memset(top, 0, mb << 20);
	big = top + LIST + SMALL;
	mlockall(MCL_CURRENT);
	disk = open("/dev/vda", O_WRONLY | O_DIRECT);
	if (disk < 0)
		die("no disk");
	say("GUEST settling\n");
	nap(SETTLE);
	for (round = 0, n = 1; n; round++) {	/* until all that was written out still is what the kernel prints */
		if (round == 15)
			die("page_owner never still");
		nfile = 0;
		at = big;
		limit = top + (mb << 20);
		grab_also();
		grab_all(owner, osum, 1);
		for (int i = 0; i < nfile; i++)
			if (!strcmp(file[i].name, "page_owner") && file[i].err && file[i].err != ENOENT)
				die("page_owner read error");
		all = nfile;
		spare = at;
		/* the counters: any write may move them */
		moved = 1;
		for (int k = 0; k < 8 && moved; k++) {
			memcpy(was, ssum, sizeof was);
			nfile = all;
			at = top + LIST;
			limit = big;
			grab_all(small, ssum, 1);
			/* vmstat and zoneinfo never stand still */
			moved = memcmp(was + 2, ssum + 2, sizeof was - 2 * sizeof *was);
			if (!k)
				emit(disk, big, spare);
			if (moved || !k)
				emit(disk, top + LIST, at);
		}
		nap(SETTLE);
		at = spare;
		limit = top + (mb << 20);
		n = grab_all(owner, osum, 0);
	}
	say(moved ? "GUEST counters moved:" : "GUEST counters still");
	for (int i = 2; moved && small[i]; i++)
		if (was[i] != ssum[i]) {
			say(" ");
			say(strrchr(small[i], '/') + 1);
		}
	say("\n");
	memset(top, 0, mb << 20);	/* and the disk stays open: closing it would free slab pages */
}

/* All of /proc/vmcore to the second disk; the console says how long it is. */
static int copy_vmcore(void)
{
	size_t chunk = 1 << 20, have = 0, all = 0;
	int in = open("/proc/vmcore", O_RDONLY), out = open("/dev/vdb", O_WRONLY | O_DIRECT);
	char *b = mmap(0, chunk, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), msg[64];
	ssize_t r;

	if (in < 0 || out < 0 || b == MAP_FAILED)
		return -1;
	do {
		r = read(in, b + have, chunk - have);
		if (r < 0)
			return -1;
		have += r;
		all += r;
		if (have == chunk || (!r && have)) {
			memset(b + have, 0, chunk - have);
			if (write(out, b, chunk) != (ssize_t)chunk)
				return -1;
			have = 0;
		}
	} while (r);
	snprintf(msg, sizeof msg, "GUEST length %zu\n", all);
	say(msg);
	return 0;
}

static void save_crash(void)
{
	char *mk[] = { "/usr/bin/makedumpfile", "-F", "-l", "-d", "31", "/proc/vmcore", 0 };
	const char *how = getenv("GUEST_SAVE");
	int bad;

	say("GUEST vmcore\n");
	bad = how && !strcmp(how, "copy") ? copy_vmcore() : run(mk, "/dev/vdb");
	sync();
	say(bad ? "GUEST FAIL no vmcore saved\n" : "GUEST DUMPED\n");
	reboot(RB_POWER_OFF);
	for (;;)
		pause();
}

static void load_crash_kernel(const char *how)
{
	char arg[256];
	char *kx[] = { "/usr/sbin/kexec", "-p", "/boot/image", "--initrd=/boot/initrd", arg, 0 };

	snprintf(arg, sizeof arg, "--append=console=ttyS0 panic=-1 maxcpus=1 irqpoll reset_devices GUEST_SAVE=%s", how);
	say(run(kx, 0) ? "GUEST FAIL kexec\n" : "GUEST kexec loaded\n");
	/* it lies in its reserved memory now: give the space back */
	unlink("/boot/image");
	unlink("/boot/initrd");
	unlink("/usr/sbin/kexec");
	unlink("/usr/bin/makedumpfile");
}

int main(void)
{
	static const char *const dirs[] = { "/proc", "/sys", "/dev", "/tmp", "/cg", "/dbg", 0 };
	struct rlimit rl = { RLIM_INFINITY, RLIM_INFINITY };
	const char *how = getenv("GUEST_CRASH");
	int c, trigger;
	char ch;

	for (int i = 0; dirs[i]; i++)
		mkdir(dirs[i], 0755);
	mount("dev", "/dev", "devtmpfs", 0, 0);
	mount("proc", "/proc", "proc", 0, 0);
	mount("sys", "/sys", "sysfs", 0, 0);
	mount("tmp", "/tmp", "tmpfs", 0, 0);
	mount("dbg", "/dbg", "debugfs", 0, 0);
	c = open("/dev/console", O_RDWR);
	if (c >= 0) {
		con = c;
		dup2(c, 0);
		dup2(c, 1);
		dup2(c, 2);
	}
	if (!access("/proc/vmcore", F_OK))
		save_crash();
	say("GUEST start\n");
	setrlimit(RLIMIT_MEMLOCK, &rl);
	put("/proc/sys/kernel/sysrq", "1");
	put("/proc/sys/kernel/kptr_restrict", "0");
	if (how)
		load_crash_kernel(how);
	if (getenv("GUEST_THRESHOLD"))
		put("/dbg/page_owner_stacks/count_threshold", getenv("GUEST_THRESHOLD"));
	if (!getenv("GUEST_IDLE"))
		workload();
	trigger = open("/proc/sysrq-trigger", O_WRONLY);	/* nothing shall be opened once the text is taken */
	if (!getenv("GUEST_NOCAP"))
		capture();
	say("GUEST READY\n");
	while (read(0, &ch, 1) != 1)
		nap(200);
	if (how && getenv("GUEST_OOM")) {
		put("/proc/sys/vm/panic_on_oom", "2");
		put("/sys/module/pohog/parameters/leak", "1");
	}
	if (how) {
		if (write(trigger, "c", 1)) {}
		for (;;)
			pause();
	}
	say("GUEST DONE\n");
	reboot(RB_POWER_OFF);
	for (;;)
		pause();
}
