/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The caller's own memory as a source, with a real dump behind it: the same bytes as from the dump itself,
 * and with faults injected at random nothing that the kernel did not print.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <pageowner/pageowner.h>

#include "harness.h"
#include "image/image.h"
#include "lib/session.h"

#define RUNS 60

/* --- the dump behind the source ------------------------------------------------------------------ */

/* Bytes that read otherwise for a while, as if something moved. */
struct disturbance {
	uint64_t paddr;
	unsigned len;
	uint8_t instead[16];
	unsigned until;		/* so many reads are disturbed … */
	bool vary;		/* … each in another way */
	unsigned reads;
};

struct world {
	struct po_image *image;
	struct disturbance *moving;
	size_t nr_moving;
	uint64_t seed;
	unsigned fail_per_million;	/* pages that cannot be read: the same ones at each read */
	uint64_t spoil_after;		/* reads after which every page may fail; 0: never */
	uint64_t reads;
	int how;			/* enum pageowner_read of a failure */
	int released;
	int incomplete;			/* what the last session said of itself */
};

static uint64_t mix(uint64_t x)
{
	x ^= x >> 31;
	x *= 0x7fb5d329728ea185ull;
	x ^= x >> 27;
	x *= 0x81dadef4bc2dd44dull;
	return x ^ x >> 33;
}

static bool page_fails(const struct world *w, uint64_t page)
{
	return w->reads >= w->spoil_after && mix(page ^ w->seed) % 1000000 < w->fail_per_million;
}

static void disturb(struct world *w, uint64_t paddr, uint8_t *buf, size_t len)
{
	for (size_t i = 0; i < w->nr_moving; i++) {
		struct disturbance *d = &w->moving[i];
		if (d->paddr < paddr || d->paddr + d->len > paddr + len || d->reads++ >= d->until)
			continue;
		memcpy(buf + (d->paddr - paddr), d->instead, d->len);
		if (d->vary)
			buf[d->paddr - paddr] = (uint8_t)d->reads;
	}
}

static int read_phys(void *self, uint64_t paddr, void *buf, size_t len, size_t *done)
{
	struct world *w = self;

	w->reads++;
	*done = 0;
	while (*done < len) {
		uint64_t at = paddr + *done;
		size_t n = 4096 - (at & 4095), got = 0;

		if (page_fails(w, at >> 12))
			return w->how;
		n = n < len - *done ? n : len - *done;
		if (w->image->ops->read(w->image, at, (char *)buf + *done, n, &got) > PO_ZEROED)
			return PAGEOWNER_READ_HOLE;
		disturb(w, at, (uint8_t *)buf + *done, got);
		*done += got;
	}
	return PAGEOWNER_READ_OK;
}

static int next_range(void *self, uint64_t from, uint64_t *start, uint64_t *len)
{
	struct world *w = self;

	return w->image->ops->next_range(w->image, from, start, len);
}

static void release(void *self)
{
	((struct world *)self)->released++;
}

/* --- what came out ------------------------------------------------------------------------------- */

struct text {
	char *at;
	size_t len, cap;
};

static int take(void *self, const char *text, size_t len)
{
	struct text *t = self;

	if (t->len + len + 1 > t->cap) {
		t->cap = (t->len + len + 1) * 2;
		t->at = realloc(t->at, t->cap);
		if (!t->at)
			return ENOMEM;
	}
	memcpy(t->at + t->len, text, len);
	t->len += len;
	t->at[t->len] = '\0';
	return 0;
}

static char *fixture(const char *file)
{
	static char path[4096];

	(void)snprintf(path, sizeof(path), "%s/6.1-x86_64/%s", getenv("FIXTURES"), file);
	return path;
}

static struct text real_text(void)
{
	struct text t = { NULL, 0, 0 };
	char buf[65536];
	ssize_t n;
	int fd = open(fixture("words/page_owner.txt"), O_RDONLY);

	while (fd >= 0 && (n = read(fd, buf, sizeof(buf))) > 0)
		(void)take(&t, buf, (size_t)n);
	if (fd >= 0)
		close(fd);
	return t;
}

static bool open_world(struct world *w)
{
	struct pageowner_error err;
	const char *dump = fixture("dump.elf");

	memset(w, 0, sizeof(*w));
	w->how = PAGEOWNER_READ_ERROR;
	if (po_image_open(&dump, 1, &w->image, &err) == PAGEOWNER_OK)
		return true;
	printf("# %s\n", err.text);
	return false;
}

/* Open, report, close: the code of the first call that failed. */
static int report(struct world *w, unsigned flags, struct text *out, struct pageowner_coverage *cov,
		  struct pageowner_error *err)
{
	struct pageowner_source src = {
		.size = sizeof(src), .flags = flags, .self = w, .name = "test",
		.read_phys = read_phys, .next_range = next_range, .release = release,
	};
	char vmlinux[4096];
	struct pageowner_open_options o = { .size = sizeof(o), .source = &src, .vmlinux = vmlinux };
	const struct pageowner_sink sink = { sizeof(sink), out, take };
	struct pageowner_session *s;
	struct pageowner_iter *it;

	(void)snprintf(vmlinux, sizeof(vmlinux), "%s", fixture("vmlinux"));
	int rc = pageowner_open(&o, &s, err);
	if (rc < 0)
		return rc;
	rc = pageowner_iter_new(s, NULL, &it, err);
	if (rc == PAGEOWNER_OK) {
		rc = pageowner_report(s, it, NULL, &sink, err);
		cov->size = sizeof(*cov);
		pageowner_iter_coverage(it, cov);
		pageowner_iter_free(it);
	}
	w->incomplete = pageowner_incomplete(s);
	pageowner_close(s);
	return rc;
}

/* walked = recorded + the sum of all reasons */
static void check_coverage(const struct pageowner_coverage *cov)
{
	uint64_t sum = cov->recorded;

	for (int i = 0; i < PAGEOWNER_NR_PASS; i++)
		sum += cov->passed[i];
	CHECK_INT(cov->walked, sum);
}

/*
 * Every record of out stands in the kernel's text, in the same order.  One whose stack could not be had says so
 * in its only frame, one whose cgroup could not be read has another line, and frames without a symbol table say so: all
 * are told apart from the truth.
 */
static size_t count_invented(const struct text *out, const struct text *real)
{
	const char *at = real->at, *p = out->at;
	size_t invented = 0;

	while (p && p < out->at + out->len) {
		size_t len = (size_t)(test_record_end(p, out->len - (size_t)(p - out->at)) - p);
		size_t left = real->len - (size_t)(at - real->at);
		/* such a record is not looked for: that takes its time */
		bool told = memmem(p, len, "\n <stack 0x", 11) || memmem(p, len, " <no symbol table>\n", 19);
		const char *found = told			       ? NULL :
				    left >= len && !memcmp(at, p, len) ? at :
									 memmem(at, left, p, len);

		if (found)
			at = found + len;
		else
			invented += !told;
		p += len;
	}
	return invented;
}

TEST(a_source_gives_the_same_bytes_as_the_dump)
{
	struct world w;
	struct text out = { NULL, 0, 0 }, real = real_text();
	struct pageowner_coverage cov;
	struct pageowner_error err = { 0, "" };

	if (!CHECK(open_world(&w)))
		return;
	CHECK_INT(report(&w, 0, &out, &cov, &err), PAGEOWNER_OK);
	CHECK(real.len > 0 && out.len == real.len && !memcmp(out.at, real.at, real.len));
	check_coverage(&cov);
	CHECK_INT(w.released, 1);
	po_image_close(w.image);
	free(out.at);
	free(real.at);
}

TEST(a_live_source_is_read_anew_and_gives_the_same_bytes)
{
	struct world w;
	struct text out = { NULL, 0, 0 }, real = real_text();
	struct pageowner_coverage cov;
	struct pageowner_error err = { 0, "" };

	if (!CHECK(open_world(&w)))
		return;
	CHECK_INT(report(&w, PAGEOWNER_SOURCE_LIVE, &out, &cov, &err), PAGEOWNER_OK);
	CHECK(out.len == real.len && !memcmp(out.at, real.at, real.len));
	po_image_close(w.image);
	free(out.at);
	free(real.at);
}

/* --- what moves ---------------------------------------------------------------------------------- */

#define NR_MOVING 100

/* Of the dump itself: where things are that shall move. */
struct places {
	uint64_t time[NR_MOVING];	/* of allocation, in the records of so many page frames */
	uint64_t bound, modules, modules_kva;
};

static uint64_t paddr_of(struct pageowner_session *s, uint64_t kva)
{
	uint64_t paddr = 0;

	CHECK_INT(po_memory_translate(s->mem, kva, &paddr, NULL), PAGEOWNER_OK);
	return paddr;
}

static bool find_places(struct places *p)
{
	char vmlinux[4096];
	const char *dump = NULL;
	struct pageowner_open_options o = { .size = sizeof(o), .dumps = &dump, .nr_dumps = 1, .vmlinux = vmlinux };
	struct pageowner_session *s;
	struct pageowner_iter *it;
	struct pageowner_record rec;
	struct pageowner_error err = { 0, "" };

	(void)snprintf(vmlinux, sizeof(vmlinux), "%s", fixture("vmlinux"));
	dump = fixture("dump.elf");
	if (!CHECK_INT(pageowner_open(&o, &s, &err), PAGEOWNER_OK))
		return false;
	const struct po_kernel *k = &s->kernel;
	CHECK_INT(pageowner_iter_new(s, NULL, &it, &err), PAGEOWNER_OK);
	for (unsigned i = 0; i < NR_MOVING * 50 && pageowner_iter_next(it, &rec, &err) == 1; i++) {
		const struct po_chunk *c = po_memmap_chunk(&k->map, rec.pfn, false);
		if (i % 50 == 0)
			p->time[i / 50] = paddr_of(s, c->page_ext + (rec.pfn - c->pfn) * k->ext.stride +
						   k->ext.owner_offset + k->ext.ts->offset);
	}
	pageowner_iter_free(it);
	p->bound = paddr_of(s, PO_SYM(&k->l, depot_index));
	p->modules_kva = PO_SYM(&k->l, modules);
	p->modules = paddr_of(s, p->modules_kva);
	pageowner_close(s);
	return true;
}

/* The report of a live source that is so disturbed. */
static void report_moving(struct disturbance *moving, size_t nr, bool same, struct pageowner_coverage *cov)
{
	struct world w;
	struct text out = { NULL, 0, 0 }, real = real_text();
	struct pageowner_error err = { 0, "" };

	if (!CHECK(open_world(&w)))
		return;
	w.moving = moving;
	w.nr_moving = nr;
	CHECK_INT(report(&w, PAGEOWNER_SOURCE_LIVE, &out, cov, &err), PAGEOWNER_OK);
	CHECK((out.len == real.len && !memcmp(out.at, real.at, real.len)) == same);
	check_coverage(cov);
	po_image_close(w.image);
	free(out.at);
	free(real.at);
}

TEST(records_that_move_are_read_again_and_counted)
{
	struct places p;
	struct disturbance moving[NR_MOVING];
	struct pageowner_coverage cov;

	if (!find_places(&p))
		return;
	for (size_t i = 0; i < NR_MOVING; i++)
		moving[i] = (struct disturbance){ .paddr = p.time[i], .len = 8, .until = 1 + i % 5, .vary = true };
	report_moving(moving, NR_MOVING, true, &cov);
	CHECK_INT(cov.moved, NR_MOVING);
	CHECK_INT(cov.restless, 0);
}

TEST(a_record_that_never_stands_still_does_not_hold_us)
{
	struct places p;
	struct pageowner_coverage cov;

	if (!find_places(&p))
		return;
	struct disturbance moving = { .paddr = p.time[7], .len = 8, .until = UINT32_MAX, .vary = true };
	report_moving(&moving, 1, false, &cov);
	CHECK_INT(cov.moved, 1);
	CHECK_INT(cov.restless, 1);
	CHECK(moving.reads < 100);
}

TEST(the_depot_may_grow_after_opening)
{
	struct places p;
	struct pageowner_coverage cov;

	if (!find_places(&p))
		return;
	struct disturbance moving = { .paddr = p.bound, .len = 4, .until = 1 };
	report_moving(&moving, 1, true, &cov);
	CHECK(moving.reads > 1);
	CHECK_INT(cov.bad_stacks, 0);
}

TEST(a_module_may_come_after_opening)
{
	struct places p;
	struct pageowner_coverage cov;

	if (!find_places(&p))
		return;
	struct disturbance moving = { .paddr = p.modules, .len = 8, .until = 1 };
	memcpy(moving.instead, &p.modules_kva, 8);	/* an empty list */
	report_moving(&moving, 1, true, &cov);
	CHECK(moving.reads > 1);
}

/* A debugger: it knows where the kernel is, and translates by itself. */
static int read_virt(void *self, uint64_t vaddr, void *buf, size_t len, size_t *done)
{
	struct pageowner_session *s = self;

	*done = 0;
	if (po_memory_read(s->mem, vaddr, buf, len, NULL) < 0)
		return PAGEOWNER_READ_HOLE;
	*done = len;
	return PAGEOWNER_READ_OK;
}

static int no_phys(void *self, uint64_t paddr, void *buf, size_t len, size_t *done)
{
	(void)self, (void)paddr, (void)buf, (void)len;
	*done = 0;
	return PAGEOWNER_READ_ERROR;
}

TEST(a_source_that_translates_by_itself_needs_no_search)
{
	char path[4096], vmlinux[4096];
	const char *dump = path;
	struct text out = { NULL, 0, 0 }, real = real_text();
	struct pageowner_session *behind, *s;
	struct pageowner_iter *it;
	struct pageowner_error err = { 0, "" };

	(void)snprintf(path, sizeof(path), "%s", fixture("dump.elf"));
	(void)snprintf(vmlinux, sizeof(vmlinux), "%s", fixture("vmlinux"));
	struct pageowner_open_options o = { .size = sizeof(o), .dumps = &dump, .nr_dumps = 1,
					    .vmlinux = vmlinux };
	if (!CHECK_INT(pageowner_open(&o, &behind, &err), PAGEOWNER_OK))
		return;
	struct pageowner_source src = {
		.size = sizeof(src), .flags = PAGEOWNER_SOURCE_HAS_SLIDE, .self = behind,
		.slide = behind->found.slide, .read_phys = no_phys, .read_virt = read_virt,
	};
	struct pageowner_open_options virt = { .size = sizeof(virt), .source = &src, .vmlinux = vmlinux };
	const struct pageowner_sink sink = { sizeof(sink), &out, take };
	if (CHECK_INT(pageowner_open(&virt, &s, &err), PAGEOWNER_OK)) {
		CHECK_INT(pageowner_iter_new(s, NULL, &it, &err), PAGEOWNER_OK);
		CHECK_INT(pageowner_report(s, it, NULL, &sink, &err), PAGEOWNER_OK);
		CHECK(out.len == real.len && !memcmp(out.at, real.at, real.len));
		pageowner_iter_free(it);
		pageowner_close(s);
	}
	pageowner_close(behind);
	free(out.at);
	free(real.at);
}

/* As crash does: it tells no ranges, but where the kernel is. */
TEST(a_source_without_ranges_tells_where_the_banner_is)
{
	char vmlinux[4096], path[4096];
	const char *dump = path;
	struct world w;
	struct pageowner_session *behind, *s;
	struct pageowner_error err = { 0, "" };

	(void)snprintf(path, sizeof(path), "%s", fixture("dump.elf"));
	(void)snprintf(vmlinux, sizeof(vmlinux), "%s", fixture("vmlinux"));
	struct pageowner_open_options o = { .size = sizeof(o), .dumps = &dump, .nr_dumps = 1, .vmlinux = vmlinux };
	if (!CHECK(open_world(&w)) || !CHECK_INT(pageowner_open(&o, &behind, &err), PAGEOWNER_OK))
		return;
	struct pageowner_source src = {
		.size = sizeof(src), .flags = PAGEOWNER_SOURCE_HAS_BANNER, .self = &w,
		.banner = behind->found.banner_paddr, .read_phys = read_phys,
	};
	struct pageowner_open_options with = { .size = sizeof(with), .source = &src, .vmlinux = vmlinux };

	if (CHECK_INT(pageowner_open(&with, &s, &err), PAGEOWNER_OK)) {
		CHECK(s->found.by_hint && s->found.slide == behind->found.slide);
		pageowner_close(s);
	}
	src.banner += 4096;
	CHECK_INT(pageowner_open(&with, &s, &err), PAGEOWNER_ENODATA);
	src.flags = 0;
	CHECK_INT(pageowner_open(&with, &s, &err), PAGEOWNER_ENODATA);
	pageowner_close(behind);
	po_image_close(w.image);
}

TEST(debug_information_in_a_file_that_is_named)
{
	char vmlinux[4096], path[4096], other[4200];
	const char *dump = path;
	struct pageowner_session *s;
	struct pageowner_error err = { 0, "" };

	(void)snprintf(path, sizeof(path), "%s", fixture("dump.elf"));
	(void)snprintf(vmlinux, sizeof(vmlinux), "%s", fixture("vmlinux"));
	(void)snprintf(other, sizeof(other), "%s/6.12-x86_64/vmlinux", getenv("FIXTURES"));
	struct pageowner_open_options o = { .size = sizeof(o), .dumps = &dump, .nr_dumps = 1, .vmlinux = vmlinux };

	o.debug = vmlinux;
	if (CHECK_INT(pageowner_open(&o, &s, &err), PAGEOWNER_OK))
		pageowner_close(s);
	o.debug = other;
	CHECK_INT(pageowner_open(&o, &s, &err), PAGEOWNER_EMISMATCH);
	CHECK(strstr(err.text, "is not of the same build") != NULL);
	o.debug = dump;
	CHECK_INT(pageowner_open(&o, &s, &err), PAGEOWNER_ENOTYPE);
	o.debug = "/nonexistent";
	CHECK_INT(pageowner_open(&o, &s, &err), PAGEOWNER_EIO);
}

TEST(reads_that_fail_at_random_invent_nothing)
{
	static const int how[] = { PAGEOWNER_READ_ERROR, PAGEOWNER_READ_HOLE,
				   PAGEOWNER_READ_EXCLUDED, PAGEOWNER_READ_TRUNCATED };
	struct text real = real_text();
	unsigned opened = 0, partial = 0;
	struct world w;

	if (!CHECK(open_world(&w)))
		return;
	for (unsigned run = 0; run < RUNS; run++) {
		struct text out = { NULL, 0, 0 };
		struct pageowner_coverage cov;
		struct pageowner_error err = { 0, "" };

		w.seed = run * 7919u + 1;
		w.fail_per_million = 1u << run % 18;
		w.spoil_after = run % 3 ? 0 : 2000;
		w.reads = 0;
		w.how = how[run % 4];
		int rc = report(&w, 0, &out, &cov, &err);
		if (rc < 0) {	/* it could not even begin: with words */
			CHECK(err.code == rc && err.text[0]);
		} else {
			opened++;
			partial += out.len != real.len;
			check_coverage(&cov);
			CHECK_INT(count_invented(&out, &real), 0);
			if (out.len != real.len)
				CHECK(cov.first_missing != UINT64_MAX || cov.untranslated ||
				      w.incomplete);
		}
		free(out.at);
	}
	CHECK_INT(w.released, RUNS);
	CHECK(opened > RUNS / 4);
	CHECK(partial > 2);
	po_image_close(w.image);
	free(real.at);
}

TEST(a_source_that_delivers_nothing_is_told)
{
	struct world w;
	struct text out = { NULL, 0, 0 };
	struct pageowner_coverage cov;
	struct pageowner_error err = { 0, "" };

	if (!CHECK(open_world(&w)))
		return;
	w.fail_per_million = 1000000;
	CHECK_INT(report(&w, 0, &out, &cov, &err), PAGEOWNER_ENODATA);
	CHECK(strstr(err.text, "no kernel in this memory") != NULL);
	po_image_close(w.image);
}
