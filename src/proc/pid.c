/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files of a process. */
#include "proc/proc.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/status.h"
#include "kernel/process.h"
#include "kernel/smaps.h"

struct file {
	const char *name;
	bool of_memory;		/* processes without memory of their own have none */
	int (*put)(const struct po_proc *p, const struct po_process *process, struct pageowner_error *err);
};

/* Of one process, or of each, under its name. */
static int put_file(const struct po_proc *p, const struct file *file, struct pageowner_error *err)
{
	_cleanup_(po_freep) struct po_process *all = NULL;
	struct pageowner_error flaw;
	bool found = false;
	size_t nr;
	int rc = po_processes_open(p->k, p->mem, &all, &nr, &flaw, err);

	if (rc < 0)
		return rc;
	po_proc_flaw(p, &flaw);
	for (size_t i = 0; i < nr && rc == PAGEOWNER_OK; i++) {
		bool each = p->pid < 0 && (all[i].mm || !file->of_memory);

		if (all[i].pid != p->pid && !each)
			continue;
		if (each)
			po_proc_put(p, "%s==> %" PRId32 "/%s <==\n", found ? "\n" : "", all[i].pid, file->name);
		rc = file->put(p, &all[i], err);
		found = true;
	}
	if (found || rc < 0)
		return rc;
	return po_fail(err, PAGEOWNER_EINVAL, "no process has PID %" PRId32, p->pid);
}

static int put_statm(const struct po_proc *p, const struct po_process *process, struct pageowner_error *err)
{
	struct po_mm_readers readers;
	struct po_mm mm = { .total = 0 };
	int rc = PAGEOWNER_OK;

	po_mm_readers(p->k, p->mem, p->symbols, &readers);
	if (process->mm)
		rc = po_mm_read(p->k, p->mem, process->mm, readers.statm_sums, &mm, err);
	if (rc < 0)
		return rc;
	uint64_t shared = mm.rss[PO_RSS_FILE] + mm.rss[PO_RSS_SHMEM];
	po_proc_put(p, "%" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " 0 %" PRIu64 " 0\n", mm.total,
		    shared + mm.rss[PO_RSS_ANON], shared, mm.text, mm.data);
	return PAGEOWNER_OK;
}

int po_proc_statm(const struct po_proc *p, struct pageowner_error *err)
{
	return put_file(p, &(struct file){ "statm", false, put_statm }, err);
}

static int put_oom_score(const struct po_proc *p, const struct po_process *process, struct pageowner_error *err)
{
	struct po_mm_readers readers;
	uint64_t score;
	int64_t points;

	po_mm_readers(p->k, p->mem, p->symbols, &readers);
	int rc = po_process_badness(p->k, p->mem, process, readers.badness_sums, &points, &score, err);
	if (rc < 0)
		return rc;
	po_proc_put(p, "%" PRIu64 "\n", score);
	return PAGEOWNER_OK;
}

int po_proc_oom_score(const struct po_proc *p, struct pageowner_error *err)
{
	return put_file(p, &(struct file){ "oom_score", false, put_oom_score }, err);
}

static int put_oom_score_adj(const struct po_proc *p, const struct po_process *process, struct pageowner_error *err)
{
	(void)err;
	po_proc_put(p, "%" PRId32 "\n", process->oom_score_adj);
	return PAGEOWNER_OK;
}

int po_proc_oom_score_adj(const struct po_proc *p, struct pageowner_error *err)
{
	return put_file(p, &(struct file){ "oom_score_adj", false, put_oom_score_adj }, err);
}

/* --- smaps_rollup -------------------------------------------------------------------------------- */

/* Those of its lines that this kernel has words for. */
static void put_lines(const struct po_proc *p, const struct po_smaps *s)
{
	const struct {
		const char *label;
		uint64_t bytes;
	} lines[] = {
		{ "Rss:", s->resident },
		{ "Pss:", s->pss >> PO_PSS_SHIFT },
		{ "Pss_Dirty:", s->pss_dirty >> PO_PSS_SHIFT },	/* 6.0 */
		{ "Pss_Anon:", s->pss_anon >> PO_PSS_SHIFT },	/* 5.3, as the next two */
		{ "Pss_File:", s->pss_file >> PO_PSS_SHIFT },
		{ "Pss_Shmem:", s->pss_shmem >> PO_PSS_SHIFT },
		{ "Shared_Clean:", s->shared_clean },
		{ "Shared_Dirty:", s->shared_dirty },
		{ "Private_Clean:", s->private_clean },
		{ "Private_Dirty:", s->private_dirty },
		{ "Referenced:", s->referenced },
		{ "Anonymous:", s->anonymous },
		{ "KSM:", s->ksm },				/* 6.6 */
		{ "LazyFree:", s->lazyfree },
		{ "AnonHugePages:", s->anonymous_thp },
		{ "ShmemPmdMapped:", s->shmem_thp },
		{ "FilePmdMapped:", s->file_thp },		/* 5.4 */
		{ "Shared_Hugetlb:", s->shared_hugetlb },
		{ "Private_Hugetlb:", s->private_hugetlb },
		{ "Swap:", s->swap },
		{ "SwapPss:", s->swap_pss >> PO_PSS_SHIFT },
		{ "Locked:", s->pss_locked >> PO_PSS_SHIFT },
	};
	char words[32];

	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		/* before the first there is nothing, before the others the end of the line before */
		int n = snprintf(words, sizeof(words), "%s%s ", i ? "\n" : "", lines[i].label);

		if (memmem(p->rodata->data, p->rodata->len, words, (size_t)n))
			po_proc_put(p, "%-16s%8" PRIu64 " kB\n", lines[i].label, lines[i].bytes >> 10);
	}
}

static void tell_lost(const struct po_proc *p, uint64_t nr, const char *what)
{
	struct pageowner_error why;

	if (!nr)
		return;
	(void)po_fail(&why, PAGEOWNER_ENODATA, "%" PRIu64 " %s", nr, what);
	po_proc_flaw(p, &why);
}

static int put_smaps_rollup(const struct po_proc *p, const struct po_process *process, struct pageowner_error *err)
{
	_cleanup_(po_smaps_close) struct po_smaps_reader r = { .k = NULL };
	struct pageowner_error why;
	struct po_smaps s;
	char head[64];

	if (!process->mm)
		return po_fail(err, PAGEOWNER_ENODATA, "process %" PRId32 " has no memory of its own", process->pid);
	int rc = po_smaps_open(&r, p->k, p->mem, true, err);
	if (rc < 0)
		return rc;
	if (po_smaps_read(&r, process->mm, &s, &why) < 0)
		po_proc_flaw(p, &why);
	(void)snprintf(head, sizeof(head), "%08" PRIx64 "-%08" PRIx64 " ---p 00000000 00:00 0 ", s.start, s.end);
	po_proc_put(p, "%-*s[rollup]\n", 25 + p->k->abi.ptr_size * 6, head);
	put_lines(p, &s);
	tell_lost(p, s.lost_tables, "page tables are not in the dump");
	tell_lost(p, s.lost_pages, "pages are left out: what their struct pages tell is not in the dump");
	tell_lost(p, s.lost_swap, "pages in swap are taken for ones of one process: how many share them is not known");
	return PAGEOWNER_OK;
}

int po_proc_smaps_rollup(const struct po_proc *p, struct pageowner_error *err)
{
	return put_file(p, &(struct file){ "smaps_rollup", true, put_smaps_rollup }, err);
}
