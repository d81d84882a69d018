/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Loaded before all else (LD_PRELOAD): counts the blocks of memory that are in use, and at each dlclose(), once that is
 * done, writes their number and that of open files as a line to the file COUNT_TO.  COUNT_LEAK=memory or COUNT_LEAK=file: one
 * is lost there each time.
 */
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t nr, size_t size);
void *__libc_realloc(void *p, size_t size);
void __libc_free(void *p);

static atomic_long in_use;
static void *volatile lost;

void *malloc(size_t size)
{
	void *p = __libc_malloc(size);

	in_use += p != NULL;
	return p;
}

void *calloc(size_t nr, size_t size)
{
	void *p = __libc_calloc(nr, size);

	in_use += p != NULL;
	return p;
}

void *realloc(void *old, size_t size)
{
	void *p = __libc_realloc(old, size);

	if (!old)
		in_use += p != NULL;
	else if (!p && !size)
		in_use--;
	return p;
}

void free(void *p)
{
	in_use -= p != NULL;
	__libc_free(p);
}

static long open_files(void)
{
	DIR *dir = opendir("/proc/self/fd");
	long nr = 0;

	while (dir && readdir(dir))
		nr++;
	if (dir)
		(void)closedir(dir);
	return nr;
}

int dlclose(void *handle)
{
	int (*real)(void *) = (int (*)(void *))dlsym(RTLD_NEXT, "dlclose");
	const char *path = getenv("COUNT_TO"), *leak = getenv("COUNT_LEAK");
	int ret = real(handle);
	FILE *to = path ? fopen(path, "a") : NULL;

	if (leak && !strcmp(leak, "memory"))
		lost = malloc(8);
	if (leak && !strcmp(leak, "file"))
		(void)open("/dev/null", O_RDONLY);
	if (to) {
		(void)fprintf(to, "%ld %ld\n", in_use, open_files());
		(void)fclose(to);
	}
	return ret;
}
