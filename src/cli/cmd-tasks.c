/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>

#include "cli/cli.h"

static const char help[] =
	"Usage: pageowner tasks [-k VMLINUX] [--btf FILE] [--sort KEY,...] [--filter KEY=LIST]... [--top N]\n"
	"                       [-o FILE] DUMP...\n"
	"       pageowner tasks [OPTION]... --ram FILE[@ADDRESS]... | --ram-map LISTFILE\n"
	"List the processes in the dump with their memory, in KiB; and what page_owner knows of pages that\n"
	"outlived their owners: processes that are no more, memory cgroups that are offline.\n"
	"\n"
	CLI_INPUT_HELP
	"      --sort KEY,...        by these keys, each after + (smallest first) or -; default: -rss,+pid\n"
	"      --filter KEY=LIST     only processes, and owners, whose key has one of the values; repeatable, and all\n"
	"                            must be met\n"
	"      --top N               so many of each list at most\n"
	"  -o, --output FILE         write there instead of to standard output\n"
	"  -h, --help                print this\n"
	"\n"
	"Exit status: 0 all well; 1 partial or failed (told on standard error); 2 usage.\n"
	"\n"
	"Keys, long or short, of sort (s) and filter (f):\n";

static void print_keys(void)
{
	struct pageowner_key k;

	for (size_t i = 0; pageowner_key(i, &k) == 1; i++)
		if (k.uses & PAGEOWNER_KEY_TASK)
			(void)fprintf(cli_stdout(), "  %-12s %-4s  s-%c  %s\n", k.name, k.brief,
				     k.uses & PAGEOWNER_KEY_FILTER ? 'f' : '-', k.help);
}

struct run {
	struct cli_input in;
	const char *output;
	struct pageowner_tasks_options o;
	struct cli_filter filter;
	uint64_t top;
	struct cli_flaws flaws;
	const struct pageowner_tasks *t;
	FILE *out;
};

static int parse_options(int argc, char **argv, struct run *r)
{
	enum { SORT = 512, TOP };
	static const struct option options[] = {
		CLI_INPUT_OPTIONS,
		{ "sort", required_argument, NULL, SORT },
		{ "filter", required_argument, NULL, CLI_OPT_FILTER },
		{ "top", required_argument, NULL, TOP },
		{ "output", required_argument, NULL, 'o' },
		{ NULL, 0, NULL, 0 },
	};
	int c, status;

	opterr = 0;
	while ((c = getopt_long(argc, argv, ":k:o:", options, NULL)) != -1) {
		status = CLI_OK;
		if (c == SORT)
			r->o.sort = optarg;
		else if (c == 'o')
			r->output = optarg;
		else if (c == TOP)
			status = cli_number(&cli_tasks, "--top", optarg, 1, UINT64_MAX, &r->top);
		else if (!cli_filter_option(&r->filter, &cli_tasks, c, &status))
			status = cli_input_option(&r->in, &cli_tasks, c, argv);
		if (status != CLI_OK)
			return status;
	}
	return cli_input_finish(&r->in, &cli_tasks, argc, argv);
}

static void on_flaw(void *arg, const struct pageowner_error *err)
{
	cli_flaw(&((struct run *)arg)->flaws, err);
}

/* --- tables -------------------------------------------------------------------------------------- */

static void put_kib(const struct run *r, int width, bool known, uint64_t bytes)
{
	if (known)
		(void)fprintf(r->out, " %*" PRIu64, width, bytes >> 10);
	else
		(void)fprintf(r->out, " %*s", width, "-");
}

static void put_task(const struct run *r, const struct pageowner_task *t)
{
	bool mm = t->have & PAGEOWNER_TASK_HAS_MM, walked = t->have & PAGEOWNER_TASK_HAS_WALK;

	(void)fprintf(r->out, "%7" PRId32 " %7" PRId32 " %c %4" PRIu32, t->pid, t->ppid, t->state, t->nr_threads);
	put_kib(r, 9, mm, t->vss);
	put_kib(r, 9, mm, t->rss_file + t->rss_anon + t->rss_shmem);
	put_kib(r, 9, mm, t->rss_anon);
	put_kib(r, 9, mm, t->rss_file);
	put_kib(r, 9, mm, t->rss_shmem);
	put_kib(r, 9, walked, t->pss);
	put_kib(r, 9, walked, t->uss);
	put_kib(r, 8, mm, t->swap);
	put_kib(r, 7, mm, t->page_tables);
	put_kib(r, 6, t->have & PAGEOWNER_TASK_HAS_STACK, t->kernel_stack);
	(void)fprintf(r->out, " %5" PRId32, t->oom_score_adj);
	put_kib(r, 5, t->have & PAGEOWNER_TASK_HAS_SCORE, t->oom_score << 10);
	put_kib(r, 8, t->have & PAGEOWNER_TASK_HAS_SCORE, (uint64_t)(t->badness > 0 ? t->badness : 0) << 10);
	put_kib(r, 8, t->have & PAGEOWNER_TASK_HAS_PAGES, t->pages << 10);
	(void)fputs("  ", r->out);
	cli_put_plain(r->out, t->comm);
	if (t->have & PAGEOWNER_TASK_HAS_MEMCG) {
		(void)fputs("  ", r->out);
		cli_put_plain(r->out, t->memcg);
	}
	(void)fputc('\n', r->out);
}

static void put_tasks(const struct run *r)
{
	struct pageowner_task t;

	(void)fprintf(r->out, "%7s %7s s %4s %9s %9s %9s %9s %9s %9s %9s %8s %7s %6s %5s %5s %8s %8s  %s\n", "pid", "ppid",
		      "thr", "vss", "rss", "anon", "file", "shmem", "pss", "uss", "swap", "tables", "stack", "adj",
		      "score", "badness", "pages", "name  memcg");
	for (size_t i = 0; (!r->top || i < r->top) && pageowner_tasks_at(r->t, i, &t) == 1; i++)
		put_task(r, &t);
}

static void put_orphans(const struct run *r, enum pageowner_gone of, const char *title, const char *unknown)
{
	struct pageowner_orphans o;
	uint64_t pages = 0, records = 0;
	int rc = pageowner_tasks_orphans(r->t, of, 0, &o);

	if (rc < 0) {
		(void)fprintf(r->out, "\n%s: not known: %s\n", title, unknown);
		return;
	}
	for (size_t i = 0; pageowner_tasks_orphans(r->t, of, i, &o) == 1; i++) {
		pages += o.pages;
		records += o.records;
	}
	(void)fprintf(r->out, "\n%s: %" PRIu64 " pages, %" PRIu64 " allocations\n", title, pages, records);
	for (size_t i = 0; (!r->top || i < r->top) && pageowner_tasks_orphans(r->t, of, i, &o) == 1; i++) {
		(void)fprintf(r->out, "%9" PRIu64 " pages %9" PRIu64 " allocations  ", o.pages, o.records);
		cli_put_plain(r->out, o.name);
		if (o.pid >= 0)
			(void)fprintf(r->out, " [%" PRId32 "]", o.pid);
		(void)fputc('\n', r->out);
	}
}

static int put_all(struct run *r, struct pageowner_session *s)
{
	struct pageowner_tasks *t = NULL;
	struct pageowner_error err;
	bool owners = pageowner_ready(s, &err) == PAGEOWNER_OK;

	if (!owners)
		cli_say("tasks: without owners of pages: %s", err.text);
	r->o.size = sizeof(r->o);
	r->o.filters = r->filter.list;
	r->o.nr_filters = r->filter.nr;
	r->o.flaw = on_flaw;
	r->o.arg = r;
	int rc = pageowner_tasks_new(s, &r->o, &t, &err);
	cli_flaws_end(&r->flaws);
	if (rc < 0) {
		cli_say("tasks: %s", err.text);
		return CLI_FAILED;
	}
	r->t = t;
	put_tasks(r);
	if (owners) {
		put_orphans(r, PAGEOWNER_GONE_PROCESSES, "pages of processes that are no more",
			    "this kernel's page_owner does not record processes");
		put_orphans(r, PAGEOWNER_GONE_MEMCGS, "pages charged to memory cgroups that are offline",
			    "this kernel's page_owner does not tell memory cgroups");
	}
	pageowner_tasks_free(t);
	return r->flaws.nr ? CLI_FAILED : CLI_OK;
}

static int write_tasks(void *arg, struct pageowner_session *s, struct cli_output *out)
{
	struct run *r = arg;
	char *text = NULL;
	size_t len = 0;

	r->out = open_memstream(&text, &len);
	int status = r->out ? put_all(r, s) : CLI_FAILED;
	if (!r->out || fclose(r->out) != 0) {
		cli_say("tasks: out of memory");
		status = CLI_FAILED;
	} else if (cli_output_write(out, text, len) != 0 && !out->pipe_closed) {
		cli_say("output: %s: could not be written", out->path ? out->path : "standard output");
		status = CLI_FAILED;
	}
	free(text);
	return status;
}

static int run(int argc, char **argv)
{
	struct run r = { .in = { .all_types = true }, .flaws = { .command = "tasks" } };
	int status = parse_options(argc, argv, &r);

	if (status == CLI_OK)
		status = cli_write(&r.in, CLI_WANT_FRAMES, r.output, write_tasks, &r);
	cli_input_fini(&r.in);
	return status;
}

const struct cli_command cli_tasks = {
	.name = "tasks",
	.summary = "processes and their memory, and pages that outlived their owners",
	.help = help,
	.more_help = print_keys,
	.run = run,
};
