/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kernel log as syslog(2) returns it, and `dmesg -r` prints it. */
#include "proc/proc.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/status.h"
#include "kernel/printk.h"

#define MAX_PREFIX	64
#define MESSAGE_MAX	1024	/* before struct printk_buffers (6.3) */

struct run {
	const struct po_proc *p;
	bool time, caller;
	size_t most;		/* bytes that syslog(2) prints of a record */
};

static size_t make_prefix(const struct run *r, const struct po_log_record *rec, char buf[MAX_PREFIX])
{
	int n = snprintf(buf, MAX_PREFIX, "<%u>", rec->facility << 3 | rec->level);

	if (r->time)
		n += snprintf(buf + n, MAX_PREFIX - (size_t)n, "[%5" PRIu64 ".%06" PRIu64 "]", rec->ts_nsec / 1000000000,
			      rec->ts_nsec % 1000000000 / 1000);
	if (r->caller) {
		char who[16];
		(void)snprintf(who, sizeof(who), "%c%" PRIu32, rec->caller_id >> 31 ? 'C' : 'T',
			       rec->caller_id & INT32_MAX);
		n += snprintf(buf + n, MAX_PREFIX - (size_t)n, "[%6s]", who);
	}
	if (r->time || r->caller)
		n += snprintf(buf + n, MAX_PREFIX - (size_t)n, " ");
	return (size_t)n;
}

/*
 * Each line has the prefix, and an empty line at the end, too.  Lines of a record that do not fit in the kernel's buffer
 * with their prefixes are not printed: there are such records, of a memory cgroup's numbers for one.
 */
static void put_record(struct run *r, const struct po_log_record *rec)
{
	const char *at = rec->text, *end = at + rec->len;
	bool prefix = rec->begins;
	char head[MAX_PREFIX];
	size_t head_len = make_prefix(r, rec, head), sum = 0;

	for (;;) {
		const char *next = memchr(at, '\n', (size_t)(end - at));
		size_t len = (size_t)((next ? next : end) - at);
		if (!r->p->whole && sum + head_len + len + 2 > r->most)
			return;
		sum += head_len + len + 1;
		if (prefix)
			po_sink_put(r->p->sink, head, head_len);
		po_sink_put(r->p->sink, at, len);
		if (next || rec->ends)
			po_sink_put(r->p->sink, "\n", 1);
		if (!next)
			return;
		prefix = true;
		at = next + 1;
	}
}

static void tell_counts(const struct po_proc *p, const struct po_log *log)
{
	struct pageowner_error why;

	if (log->unfinished) {
		(void)po_fail(&why, PAGEOWNER_ENODATA, "%" PRIu64 " records were being written, and are left out",
			      log->unfinished);
		po_proc_flaw(p, &why);
	}
	if (log->lost) {
		(void)po_fail(&why, PAGEOWNER_ENODATA, "the text of %" PRIu64 " records has been overwritten", log->lost);
		po_proc_flaw(p, &why);
	}
}

int po_proc_log(const struct po_proc *p, struct pageowner_error *err)
{
	_cleanup_(po_freep) struct po_log *log = malloc(sizeof(*log));
	const struct po_layout *l = &p->k->l;
	struct run r = { .p = p, .most = PO_HAS(l, printk_buffers, outbuf) ? PO_AT(l, printk_buffers, outbuf)->size :
									     MESSAGE_MAX };
	struct po_log_record rec;
	struct pageowner_error why;
	uint64_t time = 1;

	if (!log)
		return po_fail_nomem(err, "log");
	int rc = po_log_open(log, p->k, p->mem, err);
	if (rc < 0)
		return rc;
	if (PO_HAS_SYM(&p->k->l, printk_time))
		rc = po_kernel_read_variable(p->k, p->mem, PO_S_printk_time, &time, err);
	if (rc < 0)
		return rc;
	r.time = time & 0xff;
	r.caller = po_proc_has_string(p, "[%6s]");	/* CONFIG_PRINTK_CALLER */
	while ((rc = po_log_next(log, &rec, &why)) != 0) {
		if (rc == 1)
			put_record(&r, &rec);
		else
			po_proc_flaw(p, &why);
	}
	tell_counts(p, log);
	return PAGEOWNER_OK;
}
