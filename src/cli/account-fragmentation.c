/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* `pageowner account --fragmentation`: pageblocks, and who keeps them from being whole. */
#include <inttypes.h>
#include <string.h>

#include "cli/cli.h"

#define NAME_WIDTH 28

struct run {
	FILE *out;
	const struct pageowner_fragmentation *f;
	unsigned long top;
	bool owned;
};

static void pad(const struct run *r, size_t len)
{
	(void)fprintf(r->out, "%*s", len < NAME_WIDTH ? (int)(NAME_WIDTH - len) : 0, "");
}

static void put_zone_name(const struct run *r, const struct pageowner_fragmentation_zone *z)
{
	(void)fprintf(r->out, "Node %u, zone ", z->node);
	cli_put_plain(r->out, z->name);
}

static void put_zone_column(const struct run *r, const struct pageowner_fragmentation_zone *z)
{
	put_zone_name(r, z);
	pad(r, strlen(z->name) + (size_t)snprintf(NULL, 0, "Node %u, zone ", z->node));
}

/* A number that only owners tell. */
static void put_known(const struct run *r, bool known, int64_t number)
{
	if (known)
		(void)fprintf(r->out, " %10" PRId64, number);
	else
		(void)fprintf(r->out, " %10s", "-");
}

static void put_zones(const struct run *r)
{
	struct pageowner_fragmentation_zone z;

	(void)fprintf(r->out, "%-*s %32s %32s\n", NAME_WIDTH, "", "largest free order", "free pageblocks");
	(void)fprintf(r->out, "%-*s %10s %10s %10s %10s %10s %10s %10s\n", NAME_WIDTH, "zone", "now", "movable",
		      "clean", "now", "movable", "clean", "of all");
	for (size_t i = 0; pageowner_fragmentation_zone(r->f, i, &z); i++) {
		put_zone_column(r, &z);
		put_known(r, z.free_order >= 0, z.free_order);
		put_known(r, z.movable_order >= 0, z.movable_order);
		put_known(r, z.clean_order >= 0, z.clean_order);
		(void)fprintf(r->out, " %10" PRIu64, z.free_blocks);
		put_known(r, r->owned, (int64_t)z.movable_blocks);
		put_known(r, r->owned, (int64_t)z.clean_blocks);
		(void)fprintf(r->out, " %10" PRIu64 "\n", z.blocks);
	}
	(void)fputs("now: as it is; movable: once all movable pages are moved elsewhere, as compaction does;\n"
		    "clean: without foreign pages, too\n", r->out);
}

static void put_types(const struct run *r)
{
	struct pageowner_fragmentation_zone z;
	struct pageowner_fragmentation_type t;

	for (size_t i = 0; pageowner_fragmentation_zone(r->f, i, &z); i++) {
		(void)fputc('\n', r->out);
		put_zone_column(r, &z);
		(void)fprintf(r->out, " %10s %10s %10s %14s\n", "pageblocks", "mixed", "polluted", "foreign pages");
		for (unsigned type = 0; pageowner_fragmentation_type(r->f, i, type, &t); type++) {
			if (!t.blocks && !t.mixed && !t.polluted)
				continue;
			(void)fputs("  ", r->out);
			cli_put_plain(r->out, t.name);
			pad(r, 2 + strlen(t.name));
			(void)fprintf(r->out, " %10" PRIu64, t.blocks);
			put_known(r, r->owned, (int64_t)t.mixed);
			put_known(r, r->owned, (int64_t)t.polluted);
			(void)fputs("    ", r->out);
			put_known(r, r->owned, (int64_t)t.foreign_pages);
			(void)fputc('\n', r->out);
		}
	}
}

static void put_caller(const struct run *r, const struct pageowner_fragmentation_stack *s)
{
	cli_put_plain(r->out, s->caller[0] ? s->caller : "(not known)");
	if (s->module[0]) {
		(void)fputs(" [", r->out);
		cli_put_plain(r->out, s->module);
		(void)fputc(']', r->out);
	}
}

static const char *plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

static void put_stack(const struct run *r, const struct pageowner_fragmentation_stack *s)
{
	struct pageowner_fragmentation_zone z;

	(void)fprintf(r->out, "\n%" PRIu64 " %s page%s in %" PRIu64 " %s pageblock%s", s->pages, s->page_type,
		      plural(s->pages), s->blocks, s->block_type, plural(s->blocks));
	if (s->alone)
		(void)fprintf(r->out, " (%" PRIu64 " of them polluted by nothing else)",
			      s->alone);
	(void)fputs(": ", r->out);
	put_caller(r, s);
	if (pageowner_fragmentation_zone(r->f, s->zone, &z)) {
		(void)fputs(", ", r->out);
		put_zone_name(r, &z);
	}
	(void)fputc('\n', r->out);
	for (uint32_t i = 0; s->stack && i < s->stack->nr_frames; i++) {
		(void)fputc(' ', r->out);
		cli_put_plain(r->out, s->stack->frames[i].text);
		(void)fputc('\n', r->out);
	}
}

static void put_stacks(const struct run *r)
{
	struct pageowner_fragmentation_stack s;
	uint64_t pages = 0;
	size_t i = 0, nr = 0;

	for (; pageowner_fragmentation_stack(r->f, nr, &s); nr++)
		pages += s.pages;
	(void)fprintf(r->out, "\nForeign pages, by stack: %" PRIu64 " pages, %zu stacks\n", pages, nr);
	for (; (!r->top || i < r->top) && pageowner_fragmentation_stack(r->f, i, &s); i++)
		put_stack(r, &s);
	if (i < nr)
		(void)fprintf(r->out, "\n(%zu more; --top 0 shows all)\n", nr - i);
}

static void put_blocks(const struct run *r)
{
	struct pageowner_fragmentation_block b;
	struct pageowner_fragmentation_stack s;
	struct pageowner_fragmentation_zone z;
	size_t i = 0, nr = 0;

	while (pageowner_fragmentation_block(r->f, nr, &b))
		nr++;
	(void)fprintf(r->out, "\nPolluted pageblocks: %zu\n", nr);
	for (; (!r->top || i < r->top) && pageowner_fragmentation_block(r->f, i, &b); i++) {
		(void)fprintf(r->out, "PFN 0x%" PRIx64 " (%s", b.first_pfn, b.type);
		if (pageowner_fragmentation_zone(r->f, b.zone, &z)) {
			(void)fputs(", ", r->out);
			put_zone_name(r, &z);
		}
		(void)fprintf(r->out, "): %" PRIu64 " page%s of %" PRIu64 " stack%s", b.foreign_pages,
			      plural(b.foreign_pages), b.stacks, plural(b.stacks));
		if (pageowner_fragmentation_stack(r->f, b.most, &s)) {
			(void)fputs(b.stacks > 1 ? ", most of " : ", ", r->out);
			put_caller(r, &s);
		}
		(void)fputc('\n', r->out);
	}
	if (i < nr)
		(void)fprintf(r->out, "(%zu more; --top 0 shows all)\n", nr - i);
}

static int on_progress(void *arg, uint64_t done, uint64_t all)
{
	(void)arg;
	cli_progress(done, all);
	return cli_stop;
}

int cli_account_fragmentation(struct pageowner_session *s, FILE *out, unsigned long top)
{
	const struct pageowner_fragmentation_options o = { .size = sizeof(o), .progress = on_progress };
	struct pageowner_fragmentation *f;
	struct pageowner_error err;
	int rc = pageowner_fragmentation_new(s, &o, &f, &err);

	cli_progress_end();
	if (rc < 0) {
		cli_say("account: %s", err.text);
		return CLI_FAILED;
	}
	const struct run r = { .out = out, .f = f, .top = top, .owned = pageowner_fragmentation_has_owners(f) };
	const char *flaw = pageowner_fragmentation_flaw(f);
	put_zones(&r);
	put_types(&r);
	if (r.owned) {
		put_stacks(&r);
		put_blocks(&r);
	} else {
		(void)fputs("\nWho pollutes them is not known: this kernel kept no page owners.\n", out);
	}
	if (flaw)
		cli_say("account: fragmentation: %s", flaw);
	pageowner_fragmentation_free(f);
	return flaw || pageowner_incomplete(s) ? CLI_FAILED : CLI_OK;
}
