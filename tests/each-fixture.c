/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "each-fixture.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness.h"

static struct pageowner_session *open_fixture(const char *dir)
{
	static const char *const names[] = { "dump.elf", "core.kdump", "vmcore.elf" };
	char vmlinux[4096], path[4096];
	const char *dump = path;
	struct pageowner_error err = { 0, "" };
	struct pageowner_session *s = NULL;

	(void)snprintf(vmlinux, sizeof(vmlinux), "%s/vmlinux", dir);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		if (access(path, R_OK) == 0)
			break;
	}
	struct pageowner_open_options o = { .size = sizeof(o), .dumps = &dump, .nr_dumps = 1, .vmlinux = vmlinux,
					    .without_owner = 1, .all_types = 1 };
	if (!CHECK_INT(pageowner_open(&o, &s, &err), PAGEOWNER_OK))
		printf("# %s: %s\n", dir, err.text);
	return s;
}

void test_each_fixture(test_fixture_fn *fn)
{
	char pattern[4096];
	glob_t found;

	(void)snprintf(pattern, sizeof(pattern), "%s/*/vmlinux", getenv("FIXTURES"));
	if (!CHECK_INT(glob(pattern, 0, NULL, &found), 0))
		return;
	for (size_t i = 0; i < found.gl_pathc; i++) {
		*strstr(found.gl_pathv[i], "/vmlinux") = '\0';
		struct pageowner_session *s = open_fixture(found.gl_pathv[i]);
		if (!s)
			continue;
		printf("# %s\n", found.gl_pathv[i]);
		fn(found.gl_pathv[i], s);
		pageowner_close(s);
	}
	globfree(&found);
}
