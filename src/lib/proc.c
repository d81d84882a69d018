/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "proc/proc.h"

#include <string.h>

#include <pageowner/proc.h>

#include "base/cleanup.h"
#include "base/status.h"
#include "lib/session.h"

static const struct {
	const char *name;
	int (*put)(const struct po_proc *p, struct pageowner_error *err);
} files[PAGEOWNER_NR_PROC] = {
	[PAGEOWNER_PROC_BUDDYINFO] = { "buddyinfo", po_proc_buddyinfo },
	[PAGEOWNER_PROC_PAGETYPEINFO] = { "pagetypeinfo", po_proc_pagetypeinfo },
	[PAGEOWNER_PROC_SLABINFO] = { "slabinfo", po_proc_slabinfo },
	[PAGEOWNER_PROC_VMALLOCINFO] = { "vmallocinfo", po_proc_vmallocinfo },
	[PAGEOWNER_PROC_MEMINFO] = { "meminfo", po_proc_meminfo },
	[PAGEOWNER_PROC_ZONEINFO] = { "zoneinfo", po_proc_zoneinfo },
	[PAGEOWNER_PROC_VMSTAT] = { "vmstat", po_proc_vmstat },
	[PAGEOWNER_PROC_ALLOCINFO] = { "allocinfo", po_proc_allocinfo },
	[PAGEOWNER_PROC_OOM] = { "oom", po_proc_oom },
	[PAGEOWNER_PROC_LOG] = { "log", po_proc_log },
	[PAGEOWNER_PROC_PID_STATM] = { "statm", po_proc_statm },
	[PAGEOWNER_PROC_PID_SMAPS_ROLLUP] = { "smaps_rollup", po_proc_smaps_rollup },
	[PAGEOWNER_PROC_PID_OOM_SCORE] = { "oom_score", po_proc_oom_score },
	[PAGEOWNER_PROC_PID_OOM_SCORE_ADJ] = { "oom_score_adj", po_proc_oom_score_adj },
};

const char *pageowner_proc_name(enum pageowner_proc_file file)
{
	return (unsigned)file < PAGEOWNER_NR_PROC ? files[file].name : NULL;
}

int pageowner_proc(struct pageowner_session *s, const struct pageowner_proc_options *options,
		   const struct pageowner_sink *sink, struct pageowner_error *err)
{
	_cleanup_(po_rodata_fini) struct po_rodata ro = { .copy = NULL };
	struct po_proc p = { .k = &s->kernel, .symbols = s->symbols, .rodata = &ro.blob };
	int rc = pageowner_frames_ready(s, err);

	if (rc < 0)
		return rc;
	if (!sink || sink->size < sizeof(*sink) || !sink->write || !options || options->size < sizeof(*options) ||
	    !pageowner_proc_name(options->file))
		return po_fail(err, PAGEOWNER_EINVAL, "proc: options are not valid");
	if (s->text)
		return po_fail(err, PAGEOWNER_EINVAL, "%s: a text of page_owner does not tell: a dump is needed",
			       pageowner_proc_name(options->file));
	p.flaw = options->flaw;
	p.arg = options->arg;
	p.order = options->order;
	p.top = options->top;
	p.whole = options->whole;
	p.owned = s->ready;
	p.pid = options->pid;
	_cleanup_(po_freep) struct po_sink *out = p.sink = malloc(sizeof(*out));
	if (!out)
		return po_fail_nomem(err, "proc");
	po_sink_init(out, sink->write, sink->self);
	rc = po_session_rodata(s, &ro, err);
	if (rc == PAGEOWNER_OK)
		rc = po_memory_clone(s->mem, &p.mem, err);
	if (rc == PAGEOWNER_OK)
		rc = files[options->file].put(&p, err);
	po_memory_free(p.mem);
	if (po_sink_flush(out))
		return po_fail(err, PAGEOWNER_EIO, "%s", strerror(out->error));
	return rc < 0 ? po_within(err, rc, "%s", files[options->file].name) : rc;
}
