/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "proc/oomtext.h"
#include "base/grow.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_LINE	1024	/* what printk() takes at once */
#define MAX_ROWS	(1u << 20)
#define MAX_NAME	64

/* The end of a report, in the words of all releases; with it goes a line that tells whom it met. */
static const char *const endings[] = {
	"Out of memory: Kill", "Out of memory (", "Memory cgroup out of memory: Kill", "Memory cgroup out of memory (",
	"Kernel panic - not syncing: Out of memory", "Kernel panic - not syncing: System is deadlocked on memory",
	"Out of memory and no killable processes",
};

static bool starts(const char *text, const char *word)
{
	return !strncmp(text, word, strlen(word));
}

static const char *skip(const char *at)
{
	while (*at == ' ' || *at == '\t')
		at++;
	return at;
}

/* --- keeping it ---------------------------------------------------------------------------------- */

static struct po_oom_report *current(struct po_oom_log *o)
{
	return &o->report[o->nr - 1];
}

static bool begin(struct po_oom_log *o, uint64_t ts_nsec)
{
	struct po_oom_report *grown = po_grow(o->report, o->nr, &o->cap, sizeof(*grown), 4);
	if (!grown)
		return false;
	o->report = grown;
	o->report[o->nr++] = (struct po_oom_report){ .ts_nsec = ts_nsec };
	o->open = true;
	o->ended = o->has_memory = false;
	o->list = PO_OOM_NR_PARTS;
	return true;
}

static bool say(struct po_oom_log *o, const char *line)
{
	struct po_oom_report *r = current(o);

	if (r->nr_said == PO_OOM_MAX_SAID)
		return true;
	r->said[r->nr_said] = po_arena_strndup(&o->arena, line, strlen(line));
	return r->said[r->nr_said++] != NULL;
}

static bool add(struct po_oom_log *o, const struct po_oom_row *row, const char *name, size_t len)
{
	struct po_oom_report *r = current(o);

	if (r->nr == MAX_ROWS)
		return true;
	struct po_oom_row *grown = po_grow(r->row, r->nr, &r->cap, sizeof(*grown), 64);
	if (!grown)
		return false;
	r->row = grown;
	r->row[r->nr] = *row;
	r->row[r->nr].name = po_arena_strndup(&o->arena, name, len);
	return r->row[r->nr++].name != NULL;
}

/* --- numbers ------------------------------------------------------------------------------------- */

/* A number and its unit at *at, which moves behind them. */
static bool take_number(const char **at, struct po_oom_row *row)
{
	const char *from = skip(*at);
	char *end;

	if (!isdigit((unsigned char)*from))
		return false;
	row->value = strtoull(from, &end, 10);
	row->unit = PO_OOM_PAGES;
	if ((end[0] == 'k' || end[0] == 'K') && end[1] == 'B') {
		row->unit = PO_OOM_KB;
		end += 2;
	}
	*at = end;
	return true;
}

/* All "name:number" of a line; words without a number are passed over ("all_unreclaimable? no"). */
static bool take_pairs(struct po_oom_log *o, struct po_oom_row row, const char *at)
{
	for (at = skip(at); *at; at = skip(at)) {
		const char *name = at;
		size_t len = strcspn(at, ": \t");

		at += len;
		if (*at != ':')
			continue;
		at++;
		if (len && len < MAX_NAME && take_number(&at, &row) && !add(o, &row, name, len))
			return false;
		at += strcspn(at, " \t");
	}
	return true;
}

/* "393*4kB (MEC) 43*8kB … = 8204kB" */
static bool take_blocks(struct po_oom_log *o, struct po_oom_row row, const char *at)
{
	struct po_oom_row size = { .size = 0 };
	char name[MAX_NAME];

	for (at = skip(at); *at && *at != '='; at = skip(at)) {
		if (!take_number(&at, &row) || *at != '*')
			return true;
		at++;
		if (!take_number(&at, &size))
			return true;
		row.size = size.value;
		row.unit = PO_OOM_COUNT;
		int n = snprintf(name, sizeof(name), "%llukB", (unsigned long long)size.value);
		if (!add(o, &row, name, (size_t)n))
			return false;
		at = skip(at);
		if (*at == '(')
			at += strcspn(at, " \t");
	}
	return true;
}

/* "hugepages_total=2 hugepages_free=2 hugepages_surp=0 hugepages_size=2048kB" */
static bool take_huge(struct po_oom_log *o, struct po_oom_row row, const char *at)
{
	static const char *const names[] = { "hugepages_total=", "hugepages_free=", "hugepages_surp=" };
	const char *size = strstr(at, "hugepages_size=");
	struct po_oom_row of = { .size = 0 };

	if (!size)
		return true;
	size += strlen("hugepages_size=");
	if (!take_number(&size, &of))
		return true;
	row.size = of.value;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const char *from = strstr(at, names[i]);
		if (!from)
			continue;
		from += strlen(names[i]);
		if (!take_number(&from, &row))
			continue;
		row.unit = PO_OOM_COUNT;
		if (!add(o, &row, names[i], strlen(names[i]) - 1))
			return false;
	}
	return true;
}

/* --- lines --------------------------------------------------------------------------------------- */

/* What is of a node or a zone; without CONFIG_NUMA nothing tells the node. */
static bool take_place(struct po_oom_log *o, const char *at)
{
	struct po_oom_row row = { .part = PO_OOM_NODE };
	char *end;

	if (starts(at, "Node ") && isdigit((unsigned char)at[5])) {
		row.node = (int)strtol(at + 5, &end, 10);
		at = skip(end);
		if (starts(at, "hugepages_total=")) {
			row.part = PO_OOM_HUGE;
			return take_huge(o, row, at);
		}
		if (starts(at, "active_anon:"))
			return take_pairs(o, row, at);
	}
	size_t len = strcspn(at, ": ");
	const char *rest = at[len] ? skip(at + len + 1) : "";
	bool blocks = at[len] == ':' && isdigit((unsigned char)*rest) && strchr(rest, '*');
	if (!len || len >= MAX_NAME || (!blocks && !starts(rest, "free:")))
		return true;
	row.part = blocks ? PO_OOM_BLOCKS : PO_OOM_ZONE;
	row.zone = po_arena_strndup(&o->arena, at, len);
	if (!row.zone)
		return false;
	return blocks ? take_blocks(o, row, rest) : take_pairs(o, row, rest);
}

/* "696 total pagecache pages", "Free swap  = 0kB" */
static bool take_total(struct po_oom_log *o, const char *line)
{
	static const char *const behind[] = { "total pagecache pages", "pages in swap cache", "pages RAM",
					      "pages HighMem/MovableOnly", "pages HighMem", "pages reserved",
					      "pages cma reserved", "pages hwpoisoned" };
	static const char *const before[] = { "Free swap", "Total swap" };
	struct po_oom_row row = { .part = PO_OOM_TOTAL };
	const char *at = line;

	for (size_t i = 0; i < sizeof(before) / sizeof(*before); i++) {
		if (!starts(line, before[i]))
			continue;
		at += strcspn(at, "=");
		at += *at == '=';
		return !take_number(&at, &row) || add(o, &row, before[i], strlen(before[i]));
	}
	if (!take_number(&at, &row))
		return true;
	at = skip(at);
	for (size_t i = 0; i < sizeof(behind) / sizeof(*behind); i++)
		if (!strcmp(at, behind[i]))
			return add(o, &row, behind[i], strlen(behind[i]));
	return true;
}

/* "memory: usage 1024kB, limit 1024kB, failcnt 5", "memory+swap: …", "kmem: …" */
static bool take_cgroup(struct po_oom_log *o, const char *line)
{
	static const char *const words[] = { "usage ", "limit ", "failcnt " };
	struct po_oom_row row = { .part = PO_OOM_CGROUP };
	const char *colon = strstr(line, ": usage ");
	char name[MAX_NAME];

	if (colon - line > MAX_NAME / 2)
		return true;	/* no such counter has a name as long */
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		const char *at = strstr(colon, words[i]);
		if (!at)
			continue;
		at += strlen(words[i]);
		if (!take_number(&at, &row))
			continue;
		row.unit = row.unit == PO_OOM_KB ? PO_OOM_KB : PO_OOM_COUNT;
		int n = snprintf(name, sizeof(name), "%.*s %.*s", (int)(colon - line), line,
				 (int)strlen(words[i]) - 1, words[i]);
		if (!add(o, &row, name, (size_t)n))
			return false;
	}
	return true;
}

/* "[ pid ]   uid  tgid total_vm      rss nr_ptes swapents oom_score_adj name": which columns there are. */
static void take_header(struct po_oom_log *o, const char *at)
{
	o->columns = o->rss = 0;
	for (at = skip(strchr(at, ']') + 1); *at; at = skip(at)) {
		size_t len = strcspn(at, " \t");
		if (len == 4 && starts(at, "name"))
			break;
		if (len == 3 && starts(at, "rss"))
			o->rss = o->columns;
		o->columns++;
		at += len;
	}
	o->list = PO_OOM_TASK;
}

/* "[     34]     0    34     6513       70    86016      673             0 full of holes" */
static bool take_task(struct po_oom_log *o, const char *at)
{
	struct po_oom_row row = { .part = PO_OOM_TASK };
	uint64_t rss = 0;
	char *end;

	row.pid = (int32_t)strtol(skip(at + 1), &end, 10);
	if (*end != ']')
		return true;
	for (unsigned i = 0; i < o->columns; i++) {
		const char *from = skip(end + (i == 0));
		long long v = strtoll(from, &end, 10);	/* an oom_score_adj may be negative */
		if (end == from)
			return true;
		if (i == o->rss)
			rss = (uint64_t)v;
	}
	row.value = rss;
	at = *end == ' ' ? end + 1 : end;
	return !o->rss || add(o, &row, at, strlen(at));
}

/* "dentry                 123KB        456KB": used, and in all */
static bool take_slab(struct po_oom_log *o, const char *line)
{
	struct po_oom_row used = { .part = PO_OOM_SLAB }, total = { .part = PO_OOM_SLAB };
	size_t len = strcspn(line, " \t");
	const char *at = line + len;
	char name[MAX_LINE + 8];

	if (!len || !take_number(&at, &used) || used.unit != PO_OOM_KB || !take_number(&at, &total) ||
	    total.unit != PO_OOM_KB || *skip(at)) {
		o->list = starts(line, "Name ") ? o->list : PO_OOM_NR_PARTS;
		return true;
	}
	int n = snprintf(name, sizeof(name), "%.*s used", (int)len, line);
	if (!add(o, &used, name, (size_t)n))
		return false;
	n = snprintf(name, sizeof(name), "%.*s total", (int)len, line);
	return add(o, &total, name, (size_t)n);
}

/* "    16.0 MiB     4085 mm/memory.c:1289 func:folio_prealloc": a size in three digits, and how many */
static bool take_tag(struct po_oom_log *o, const char *line)
{
	struct po_oom_row row = { .part = PO_OOM_TAG };
	const char *at = line + strcspn(line, " ");

	at = skip(at);
	at += strcspn(at, " ");
	if (!isdigit((unsigned char)*line) || !take_number(&at, &row) || *at != ' ' || !strstr(at, " func:")) {
		o->list = PO_OOM_NR_PARTS;
		return true;
	}
	row.unit = PO_OOM_COUNT;
	at = skip(at);
	return add(o, &row, at, strlen(at));
}

static bool take_line(struct po_oom_log *o, const char *line)
{
	const char *at = skip(line);

	for (size_t i = 0; i < sizeof(endings) / sizeof(*endings); i++)
		if (starts(at, endings[i])) {
			o->ended = true;	/* other memory that is shown later is none of this report */
			return say(o, at);
		}
	/* before 5.3 "Killed process" follows "Kill process", as a line of its own */
	if (starts(at, "oom-kill:") || starts(at, "Killed process ") || starts(at, "oom_reaper: reaped process ") ||
	    starts(at, "Memory limit reached of cgroup ") ||
	    (starts(at, "Task in ") && strstr(at, " killed as a result of limit of ")) ||
	    (starts(at, "Tasks in ") && strstr(at, " are going to be killed due to memory.oom.group set")))
		return say(o, at);
	if (o->ended)
		return true;
	if (starts(at, "Memory cgroup stats for ") && !current(o)->cgroup) {
		at += strlen("Memory cgroup stats for ");
		size_t len = strcspn(at, ":");	/* a directory's name may have one, too: then it is not found */
		current(o)->cgroup = po_arena_strndup(&o->arena, at, len);
		return current(o)->cgroup != NULL;
	}
	if (starts(at, "Mem-Info:")) {
		o->ended = o->has_memory;
		o->has_memory = true;
		o->list = PO_OOM_GLOBAL;
		return true;
	}
	if (starts(at, "Unreclaimable slab info:")) {
		o->list = PO_OOM_SLAB;
		return true;
	}
	if (starts(at, "Memory allocations")) {	/* since 6.10, where allocations are profiled */
		o->list = PO_OOM_TAG;
		return true;
	}
	if (strstr(at, ": usage ") && strstr(at, "failcnt"))
		return take_cgroup(o, at);
	if (*at == '[' && strstr(at, "pid") && strstr(at, "]") && strstr(at, " name")) {
		take_header(o, at);
		return true;
	}
	if (o->list == PO_OOM_SLAB)
		return take_slab(o, at);
	if (o->list == PO_OOM_TAG)
		return take_tag(o, at);
	if (o->list == PO_OOM_TASK)
		return *at != '[' || take_task(o, at);
	if (o->list != PO_OOM_GLOBAL)
		return true;
	const struct po_oom_row global = { .part = PO_OOM_GLOBAL };
	size_t word = strcspn(at, ": ");
	/* a name in capitals is that of a zone */
	if (at[word] == ':' && islower((unsigned char)*at) && isdigit((unsigned char)at[word + 1]))
		return take_pairs(o, global, at);
	if (isdigit((unsigned char)*at) || starts(at, "Free swap") || starts(at, "Total swap"))
		return take_total(o, at);
	return take_place(o, at);
}

bool po_oom_line(struct po_oom_log *o, uint64_t ts_nsec, const char *text, size_t len)
{
	char line[MAX_LINE + 1];

	if (len > MAX_LINE)
		len = MAX_LINE;
	memcpy(line, text, len);
	line[len] = '\0';
	if (strstr(line, " invoked oom-killer: "))
		return begin(o, ts_nsec) && say(o, line);
	return !o->open || take_line(o, line);
}

void po_oom_log_fini(struct po_oom_log *o)
{
	for (size_t i = 0; i < o->nr; i++)
		free(o->report[i].row);
	free(o->report);
	po_arena_fini(&o->arena);
	*o = (struct po_oom_log){ .nr = 0 };
}
