/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where section, node, zone and so on stand in the page flags, worked out for kernels that have a table of it: the same
 * as the table says.
 */
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <pageowner/pageowner.h>

#include "harness.h"
#include "kernel/pageflags.h"
#include "lib/session.h"

static bool open_fixture(const char *dir, struct pageowner_session **ret)
{
	static const char *const names[] = { "dump.elf", "core.kdump", "vmcore.elf" };
	char vmlinux[4096], path[4096];
	const char *dump = path;
	struct pageowner_error err = { 0, "" };

	(void)snprintf(vmlinux, sizeof(vmlinux), "%s/vmlinux", dir);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		if (access(path, R_OK) == 0)
			break;
	}
	struct pageowner_open_options o = { .size = sizeof(o), .dumps = &dump, .nr_dumps = 1,
					    .vmlinux = vmlinux };
	return CHECK_INT(pageowner_open(&o, ret, &err), PAGEOWNER_OK);
}

static void check_fixture(const char *dir, unsigned *compared)
{
	struct po_flag_place place[PO_MAX_PLACES];
	struct pageowner_error err = { 0, "" };
	struct pageowner_session *s;
	size_t nr = 0;

	if (!open_fixture(dir, &s))
		return;
	if (s->words.nr_fields && !s->words.fields_worked_out) {
		printf("# %s\n", dir);
		CHECK_INT(po_page_flag_places(&s->kernel, s->mem, place, &nr, &err), PAGEOWNER_OK);
		CHECK_STR(err.text, "");
		CHECK_INT(nr, s->words.nr_fields);
		for (size_t i = 0; i < nr && i < s->words.nr_fields; i++) {
			const struct po_flag_field *f = &s->words.field[i];

			CHECK_STR(place[i].name, f->name);
			CHECK_INT(place[i].shift, f->shift);
			CHECK_INT(place[i].width, f->width);
			CHECK_INT(place[i].hex, f->hex);
		}
		(*compared)++;
	}
	pageowner_close(s);
}

TEST(worked_out_places_are_those_of_the_table)
{
	unsigned compared = 0;
	char pattern[4096];
	glob_t found;

	(void)snprintf(pattern, sizeof(pattern), "%s/*/words/page_owner.txt", getenv("FIXTURES"));
	if (!CHECK_INT(glob(pattern, 0, NULL, &found), 0))
		return;
	for (size_t i = 0; i < found.gl_pathc; i++) {
		*strstr(found.gl_pathv[i], "/words/") = '\0';
		check_fixture(found.gl_pathv[i], &compared);
	}
	globfree(&found);
	CHECK(compared >= 8);
}
