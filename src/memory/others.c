/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "memory/others.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

#define BLOCK		(1u << 20)
#define LIMIT		(4ull << 30)
#define OVERLAP		PO_BANNER_MAX	/* what is looked for may cross the end of a block */
#define UTS_FIELD	65		/* __NEW_UTS_LEN + 1: sysname, nodename, release, version, machine */

#define MAX_BANNERS	8

struct scan {
	const char *own;
	size_t own_len;
	struct po_others *ret;
	char banner[MAX_BANNERS][PO_BANNER_MAX];
	unsigned nr;
	char version[UTS_FIELD];	/* of uname, "#1 SMP …": what the right banner ends with */
};

/* Printable characters from at on, terminated; how many. */
static size_t printable(const char *at, size_t left, char *line, size_t cap)
{
	size_t n = 0;

	while (n < left && n + 1 < cap && at[n] >= ' ' && at[n] <= '~') {
		line[n] = at[n];
		n++;
	}
	line[n] = '\0';
	return n;
}

/* A banner as it stands in an image: "Linux version …\n" and its end. */
static void see_banner(struct scan *s, const char *at, size_t left)
{
	char line[PO_BANNER_MAX];
	size_t n = printable(at, left, line, sizeof(line));

	if (left - n < 2 || at[n] != '\n' || at[n + 1] || !strchr(line, '@') || strchr(line, '%'))
		return;
	if (n == s->own_len && !memcmp(line, s->own, n))
		s->ret->same = true;
	else if (s->nr < MAX_BANNERS)
		memcpy(s->banner[s->nr++], line, n + 1);
}

/*
 * The banner that ends as uname's version does: images carry one without a build number and time, too, and the
 * log's buffer has pieces of the right one.  Without uname, the longest.
 */
static void choose_banner(struct scan *s)
{
	const char *best = "";

	for (unsigned i = 0; i < s->nr; i++) {
		size_t len = strlen(s->banner[i]), tail = strlen(s->version);
		if (tail && len > tail && !strcmp(s->banner[i] + len - tail, s->version)) {
			best = s->banner[i];
			break;
		}
		if (len > strlen(best))
			best = s->banner[i];
	}
	memcpy(s->ret->banner, best, strlen(best) + 1);
}

/* init_uts_ns holds struct new_utsname: "Linux" and four more fields, padded with zeros. */
static void see_uts(struct scan *s, const char *at, size_t left)
{
	char release[UTS_FIELD], machine[PO_MACHINE_MAX];

	if (left < 5 * UTS_FIELD || s->version[0])
		return;
	for (size_t i = 5; i < UTS_FIELD; i++)
		if (at[i])
			return;
	size_t n = printable(at + 2 * UTS_FIELD, UTS_FIELD, release, sizeof(release));
	size_t m = printable(at + 4 * UTS_FIELD, UTS_FIELD, machine, sizeof(machine));
	if (n && m && release[0] >= '0' && release[0] <= '9' && !at[4 * UTS_FIELD + m]) {
		memcpy(s->ret->machine, machine, m + 1);
		/* an image has one of the build before its last step, too: "# SMP", without a number */
		if (at[3 * UTS_FIELD + 1] != ' ')
			(void)printable(at + 3 * UTS_FIELD, UTS_FIELD, s->version, sizeof(s->version));
	}
}

static void scan_for(struct scan *s, const char *buf, size_t len, const char *words,
		     void (*see)(struct scan *s, const char *at, size_t left))
{
	const char *p = buf, *end = buf + len;

	while (p < end && (p = memmem(p, (size_t)(end - p), words, strlen(words)))) {
		see(s, p, (size_t)(end - p));
		p++;
	}
}

void po_others_scan(struct po_memory *mem, const char *banner, size_t len, struct po_others *ret)
{
	struct po_image *img = po_memory_image(mem);
	struct scan s = { .own = banner, .own_len = len, .ret = ret };
	_cleanup_(po_freep) char *buf = malloc(BLOCK);
	uint64_t from = 0, start, size, scanned = 0;

	memset(ret, 0, sizeof(*ret));
	while (buf && scanned < LIMIT && img->ops->next_range &&
	       img->ops->next_range(img, from, &start, &size) == 1) {
		for (uint64_t at = 0; at < size && scanned < LIMIT;) {
			size_t want = size - at < BLOCK ? (size_t)(size - at) : BLOCK, done = 0;

			(void)img->ops->read(img, start + at, buf, want, &done);
			scan_for(&s, buf, done, "Linux version ", see_banner);
			scan_for(&s, buf, done, "Linux", see_uts);
			if (done == BLOCK)
				done -= OVERLAP;
			done = done ? done : 4096 - (size_t)((start + at) & 4095);
			at += done;
			scanned += done;
		}
		from = start + size;
	}
	choose_banner(&s);
}
