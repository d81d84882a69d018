/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * PID 1 of a guest that looks at itself: does what /steps says, a line each, and leaves what came of it on the disk, as an
 * archive that tar reads.  All results wait in locked memory until the end, so that keeping them moves no page.
 *
 *   work                     make pages of every kind (testdata/guest/workload.c)
 *   nap MS
 *   read NAME PATH           the file, at once
 *   touch PATH               read all of it, and keep nothing: so that no page of it is looked at for the first time later
 *   run NAME WHO COMMAND...  NAME.out, NAME.err, NAME.status; WHO: root, user, or nocap (root without CAP_SYS_RAWIO).  It
 *                            gets 96 MiB of address space
 *   warm WHO COMMAND...      the same, and nothing is kept: so that files which are read are no news to the kernel
 *   write PATH TEXT
 *   hide PATH                under another file, as containers do
 *
 * The last word to the host is GUEST DONE, or GUEST FAIL and why.
 */
#define _GNU_SOURCE
#include "guest.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define CAP_SYS_RAWIO 17
#define NOBODY 65534
#define ADDRESS_SPACE (96ul << 20)
#define BLOCK 512
#define CHUNK (128 << 10)	/* what cat(1) asks for at a time */

static char *top, *at, *limit;
static int con = 1;

void say(const char *s)
{
	if (write(con, s, strlen(s))) {}
}

/* Not sleep(): on 32-bit that asks for a system call which small kernels are without. */
void nap(int ms)
{
	poll(NULL, 0, ms);
}

static void die(const char *what)
{
	say("GUEST FAIL ");
	say(what);
	say(": ");
	say(strerror(errno));
	say("\n");
	reboot(RB_POWER_OFF);
	for (;;)
		pause();
}

int put(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY), rc = fd < 0 ? -1 : (int)write(fd, value, strlen(value));

	if (fd >= 0)
		close(fd);
	return rc;
}

/* --- the archive --------------------------------------------------------------------------------- */

static char *begin(void)
{
	char *header = at;

	if (limit - at < BLOCK)
		die("buffer full");
	at += BLOCK;
	return header;
}

/* The header of what was written behind it. */
static void end(char *header, const char *name, const char *suffix)
{
	const size_t len = (size_t)(at - header) - BLOCK;
	unsigned sum = 0;

	memset(header, 0, BLOCK);
	snprintf(header, 100, "%s%s", name, suffix);
	memcpy(header + 100, "0000644\0000000000\0000000000\0", 24);
	snprintf(header + 124, 12, "%011zo", len);
	memcpy(header + 136, "00000000000\0        0", 21);
	memcpy(header + 257, "ustar\00000", 8);
	for (int i = 0; i < BLOCK; i++)
		sum += (unsigned char)header[i];
	snprintf(header + 148, 8, "%06o", sum);
	while ((at - top) % BLOCK)
		*at++ = 0;
}

/* All that a descriptor gives, once. */
static int drain(int fd)
{
	ssize_t n;

	do {
		if (limit - at < CHUNK + BLOCK)
			die("buffer full");
		n = read(fd, at, CHUNK);
		at += n > 0 ? n : 0;
	} while (n > 0 || (n < 0 && errno == EINTR));
	return n < 0 ? -1 : 0;
}

static void archive_to_disk(void)
{
	int disk = open("/dev/vda", O_WRONLY);

	memset(at, 0, 2 * BLOCK);
	at += 2 * BLOCK;
	for (char *from = top; from < at;) {
		ssize_t n = disk < 0 ? -1 : write(disk, from, (size_t)(at - from));
		if (n <= 0)
			die("disk");
		from += n;
	}
	if (fsync(disk) < 0)
		die("disk");
}

/* --- steps --------------------------------------------------------------------------------------- */

static void do_read(const char *name, const char *path)
{
	int fd = open(path, O_RDONLY);
	char *header = begin();

	if (fd < 0 || drain(fd) < 0)
		die(path);
	close(fd);
	end(header, name, "");
}

static void do_touch(const char *path)
{
	static char text[65536];
	int fd = open(path, O_RDONLY);
	ssize_t n;

	do
		n = fd < 0 ? -1 : read(fd, text, sizeof(text));
	while (n > 0);
	if (n < 0)
		die(path);
	close(fd);
}

static void become(const char *who)
{
	const struct rlimit space = { ADDRESS_SPACE, ADDRESS_SPACE };
	int rc = setrlimit(RLIMIT_AS, &space);

	if (!strcmp(who, "user"))
		rc |= setgid(NOBODY) | setuid(NOBODY);
	else if (!strcmp(who, "nocap"))
		rc |= prctl(PR_CAPBSET_DROP, CAP_SYS_RAWIO, 0, 0, 0);	/* of what an exec grants to root */
	if (rc)
		_exit(126);
}

static void do_run(const char *name, const char *who, char **argv)
{
	int out[2], err = open("/tmp/err", O_RDWR | O_CREAT | O_TRUNC, 0600), status = 0;
	char *header = begin(), text[16];
	pid_t pid;

	/* not fork(), which has pages copied on write */
	if (err < 0 || pipe(out) < 0 || (pid = vfork()) < 0)
		die(name);
	if (!pid) {
		dup2(out[1], 1);
		dup2(err, 2);
		close(out[0]);
		close(out[1]);
		become(who);
		execv(argv[0], argv);
		_exit(127);
	}
	close(out[1]);
	if (drain(out[0]) < 0)
		die(name);
	close(out[0]);
	waitpid(pid, &status, 0);
	end(header, name, ".out");
	header = begin();
	lseek(err, 0, SEEK_SET);
	drain(err);
	close(err);
	end(header, name, ".err");
	header = begin();
	snprintf(text, sizeof(text), "%d\n", WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
	at = stpcpy(at, text);
	end(header, name, ".status");
}

static void do_step(char *line)
{
	char *word[32];
	int nr = 0;

	for (char *p = strtok(line, " "); p && nr < 31; p = strtok(NULL, " "))
		word[nr++] = p;
	word[nr] = NULL;
	if (!nr || word[0][0] == '#')
		return;
	if (!strcmp(word[0], "work"))
		workload();
	else if (!strcmp(word[0], "nap") && nr == 2)
		nap(atoi(word[1]));
	else if (!strcmp(word[0], "read") && nr == 3)
		do_read(word[1], word[2]);
	else if (!strcmp(word[0], "touch") && nr == 2)
		do_touch(word[1]);
	else if (!strcmp(word[0], "run") && nr > 3)
		do_run(word[1], word[2], word + 3);
	else if (!strcmp(word[0], "warm") && nr > 2) {
		char *before = at;
		do_run("warm", word[1], word + 2);
		memset(before, 0, (size_t)(at - before));
		at = before;
	} else if (!strcmp(word[0], "write") && nr == 3) {
		if (put(word[1], word[2]) < 0)
			die(word[1]);
	} else if (!strcmp(word[0], "hide") && nr == 2) {
		if (mount("/dev/null", word[1], NULL, MS_BIND, NULL) < 0)
			die(word[1]);
	} else {
		errno = EINVAL;
		die(word[0]);
	}
}

static void do_steps(void)
{
	static char text[16384];
	int fd = open("/steps", O_RDONLY);
	ssize_t n = read(fd, text, sizeof(text) - 1);

	if (n <= 0)
		die("/steps");
	text[n] = 0;
	for (char *line = text, *next; line && *line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = 0;
		say("GUEST ");
		say(line);
		say("\n");
		do_step(line);
	}
}

static void set_up(void)
{
	static const struct { const char *at, *type; } mounts[] = {
		{ "/dev", "devtmpfs" }, { "/proc", "proc" }, { "/sys", "sysfs" }, { "/tmp", "tmpfs" }, { "/cg", NULL },
		{ "/sys/kernel/debug", "debugfs" }, { "/sys/kernel/security", "securityfs" },
	};
	const struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };
	const size_t size = (size_t)(getenv("GUEST_MB") ? atoi(getenv("GUEST_MB")) : 24) << 20;

	for (size_t i = 0; i < sizeof(mounts) / sizeof(*mounts); i++) {
		mkdir(mounts[i].at, 0755);
		if (mounts[i].type)
			mount(mounts[i].type, mounts[i].at, mounts[i].type, 0, 0);
	}
	if ((con = open("/dev/console", O_RDWR)) < 0)
		con = 1;
	for (int fd = 0; fd < 3; fd++)
		dup2(con, fd);
	setrlimit(RLIMIT_MEMLOCK, &unlimited);
	put("/sys/kernel/mm/transparent_hugepage/enabled", "madvise");
	top = mmap(0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (top == MAP_FAILED)
		die("buffer");
	madvise(top, size, MADV_HUGEPAGE);	/* few records for the buffer itself */
	madvise(top, size, MADV_DONTFORK);	/* pages that are copied on write would move records */
	memset(top, 0, size);
	mlockall(MCL_CURRENT);
	at = top;
	limit = top + size;
}

int main(void)
{
	set_up();
	do_steps();
	archive_to_disk();
	say("GUEST DONE\n");
	reboot(RB_POWER_OFF);
	for (;;)
		pause();
}
