/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A file of /sys/kernel/debug/page_owner_stacks/, for tests of the library:
 *
 *   show-stacks NAME VMLINUX RAM ADDRESS
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pageowner/pageowner.h>

static int put(void *self, const char *text, size_t len)
{
	(void)self;
	return fwrite(text, 1, len, stdout) == len ? 0 : 5;
}

static void tell(void *arg, const struct pageowner_error *err)
{
	(void)arg;
	fprintf(stderr, "show-stacks: %s\n", err->text);
}

static int show(struct pageowner_session *s, const char *name, struct pageowner_error *err)
{
	static const char *const names[] = {
		[PAGEOWNER_SHOW_STACKS] = "show_stacks",
		[PAGEOWNER_SHOW_HANDLES] = "show_handles",
		[PAGEOWNER_SHOW_STACKS_HANDLES] = "show_stacks_handles",
	};
	const struct pageowner_sink sink = { .size = sizeof(sink), .write = put };
	struct pageowner_stacks_options o = { .size = sizeof(o), .flaw = tell };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!strcmp(name, names[i])) {
			o.file = (enum pageowner_stacks_file)i;
			return pageowner_stacks(s, &o, &sink, NULL, err);
		}
	fprintf(stderr, "show-stacks: no file %s\n", name);
	return PAGEOWNER_EINVAL;
}

int main(int argc, char **argv)
{
	struct pageowner_ram ram = { .path = argc > 3 ? argv[3] : NULL, .has_base = 1 };
	struct pageowner_open_options o = { .size = sizeof(o), .ram = &ram, .nr_ram = 1 };
	struct pageowner_session *s;
	struct pageowner_error err = { .text = "" };

	if (argc != 5) {
		fprintf(stderr, "usage: show-stacks NAME VMLINUX RAM ADDRESS\n");
		return 2;
	}
	o.vmlinux = argv[2];
	ram.base = strtoull(argv[4], NULL, 16);
	if (pageowner_open(&o, &s, &err) < 0) {
		tell(NULL, &err);
		return 1;
	}
	int rc = show(s, argv[1], &err);
	if (rc < 0)
		tell(NULL, &err);
	pageowner_close(s);
	return rc < 0;
}
