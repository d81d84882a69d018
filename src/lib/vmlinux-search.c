/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* vmlinux and its debug information where distributions put them. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "lib/session.h"
#include "memory/vmcoreinfo.h"

static void remember(char *tried, size_t cap, const char *path)
{
	size_t len = strlen(tried);

	if (len + strlen(path) + 3 < cap)
		(void)snprintf(tried + len, cap - len, "%s%s", len ? ", " : "", path);
}

#define BUILD_ID_DIR "/usr/lib/debug/.build-id/"

/* A value of the note that is safe within a path. */
static bool safe_value(const char *note, const char *key, char *buf, size_t cap)
{
	size_t len;
	const char *v = po_vmcoreinfo_get(note, key, &len);

	if (!v || len == 0 || len >= cap || memchr(v, '/', len) || v[0] == '.')
		return false;
	memcpy(buf, v, len);
	buf[len] = '\0';
	return true;
}

static char *try_path(char *tried, size_t cap, const char *before, const char *value,
		      const char *after)
{
	char path[PATH_MAX];
	int n = snprintf(path, sizeof(path), "%s%s%s", before, value, after);

	if (n < 0 || (size_t)n >= sizeof(path))
		return NULL;
	remember(tried, cap, path);
	return access(path, R_OK) == 0 ? strdup(path) : NULL;
}

char *po_find_vmlinux(const char *note, char *tried, size_t tried_cap)
{
	static const struct {
		const char *before, *after;
	} by_release[] = {
		{ "/usr/lib/debug/boot/vmlinux-", "" },
		{ "/usr/lib/debug/lib/modules/", "/vmlinux" },
		{ "/lib/modules/", "/build/vmlinux" },
		{ "/lib/modules/", "/vmlinux" },
		{ "/boot/vmlinux-", "" },
	};
	char release[128], id[96], dir[64];
	char *found = NULL;

	tried[0] = '\0';
	if (safe_value(note, "BUILD-ID", id, sizeof(id)) && strlen(id) > 2) {
		(void)snprintf(dir, sizeof(dir), BUILD_ID_DIR "%.2s/", id);
		found = try_path(tried, tried_cap, dir, id + 2, ".debug");
	}
	if (!safe_value(note, "OSRELEASE", release, sizeof(release)))
		return found;
	for (size_t i = 0; !found && i < sizeof(by_release) / sizeof(*by_release); i++)
		found = try_path(tried, tried_cap, by_release[i].before, release, by_release[i].after);
	return found;
}

static bool same_build(struct po_elf *a, struct po_elf *b)
{
	const uint8_t *x, *y;
	size_t n = po_elf_build_id(a, &x), m = po_elf_build_id(b, &y);

	return n && n == m && !memcmp(x, y, n);
}

bool po_may_be_same_build(struct po_elf *a, struct po_elf *b)
{
	const uint8_t *id;

	return !po_elf_build_id(a, &id) || !po_elf_build_id(b, &id) || same_build(a, b);
}

static int try_debug(struct po_elf *elf, const char *path, struct po_elf **ret)
{
	struct po_elf *debug;
	struct po_elf_section sec;

	if (access(path, R_OK) < 0 || po_elf_open(path, &debug, NULL) < 0)
		return 0;
	if (same_build(elf, debug) && po_elf_section_named(debug, ".debug_info", &sec)) {
		*ret = debug;
		return 1;
	}
	po_elf_close(debug);
	return 0;
}

static int try_build_id(struct po_elf *elf, struct po_elf **ret)
{
	const uint8_t *id;
	size_t len = po_elf_build_id(elf, &id);
	char path[256];
	int at = snprintf(path, sizeof(path), BUILD_ID_DIR);

	if (len < 2 || len > 64)
		return 0;
	for (size_t i = 0; i < len; i++)
		at += snprintf(path + at, sizeof(path) - (size_t)at, "%s%02x", i == 1 ? "/" : "", id[i]);
	(void)snprintf(path + at, sizeof(path) - (size_t)at, ".debug");
	return try_debug(elf, path, ret);
}

int po_find_debug_file(struct po_elf *elf, struct po_elf **ret)
{
	const char *self = po_elf_path(elf), *slash = strrchr(self, '/');
	int dir_len = slash ? (int)(slash - self) + 1 : 0;
	char path[PATH_MAX];
	uint32_t crc;

	if (try_build_id(elf, ret))
		return 1;
	const char *link = po_elf_debuglink(elf, &crc);
	if (!link || strchr(link, '/'))
		return 0;
	static const struct {
		const char *before, *after;
	} where[] = { { "", "" }, { "", ".debug/" }, { "/usr/lib/debug", "" } };
	for (size_t i = 0; i < sizeof(where) / sizeof(*where); i++) {
		int n = snprintf(path, sizeof(path), "%s%.*s%s%s", where[i].before, dir_len, self,
				 where[i].after, link);
		if (n > 0 && (size_t)n < sizeof(path) && try_debug(elf, path, ret))
			return 1;
	}
	return 0;
}
