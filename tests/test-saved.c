/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Each record parsed from the kernel's text is the record decoded from the dump, field by field, of every fixture and of
 * the kernels of our own making.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <pageowner/pageowner.h>

#include "harness.h"

/* What a text never has: numbers of things that it names, and handles. */
#define NEVER_IN_TEXT (PAGEOWNER_HAS_HANDLE | PAGEOWNER_HAS_PAGE_TYPE | PAGEOWNER_HAS_BLOCK_TYPE | \
		       PAGEOWNER_HAS_MIGRATE_REASON | PAGEOWNER_HAS_TAIL_FLAG)

static char *path_in(const char *top, const char *dir, const char *name, const char *file)
{
	char *path = NULL;

	if (asprintf(&path, "%s%s/%s/%s", getenv(top), dir, name, file) < 0)
		abort();
	return path;
}

static char *path_of(const char *fixture, const char *file)
{
	return path_in("FIXTURES", "", fixture, file);
}

static char *synthetic(const char *name, const char *file)
{
	return path_in("TOP_BUILDDIR", "/tests/synthetic", name, file);
}

static char *dump_of(const char *fixture)
{
	static const char *const names[] = { "dump.elf", "core.kdump", "vmcore.elf" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		char *path = path_of(fixture, names[i]);
		if (access(path, R_OK) == 0)
			return path;
		free(path);
	}
	return NULL;
}

/* What this kernel's first line lacks. */
static uint32_t not_printed(const struct pageowner_record *text)
{
	const uint32_t optional = PAGEOWNER_HAS_PID | PAGEOWNER_HAS_TGID | PAGEOWNER_HAS_COMM |
				  PAGEOWNER_HAS_TS | PAGEOWNER_HAS_FREE_TS;
	static const struct {
		const char *word;
		uint32_t bits;
	} fields[] = {
		{ ", pid ", PAGEOWNER_HAS_PID },
		{ ", tgid ", PAGEOWNER_HAS_TGID | PAGEOWNER_HAS_COMM },
		{ ", ts ", PAGEOWNER_HAS_TS },
		{ ", free_ts ", PAGEOWNER_HAS_FREE_TS },
	};
	uint32_t printed = 0;

	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++)
		if (memmem(text->lines.text, text->lines.head_len, fields[i].word, strlen(fields[i].word)))
			printed |= fields[i].bits;
	if (!(text->have & PAGEOWNER_HAS_FLAGS))	/* before 4.6: letters */
		return PAGEOWNER_HAS_FLAGS | (optional & ~printed);
	return optional & ~printed;
}

/* Types have no names in the texts before 4.6. */
static bool same_word(const char *text, const char *dump)
{
	return !text || (dump && !strcmp(text, dump));
}

static bool same_stack(const struct pageowner_stack *a, const struct pageowner_stack *b)
{
	bool same = a->nr_frames == b->nr_frames;

	for (uint32_t i = 0; same && i < a->nr_frames; i++)
		same = !strcmp(a->frames[i].text, b->frames[i].text) &&
		       (!a->frames[i].address || a->frames[i].address == b->frames[i].address);
	return same;
}

static bool same_record(const struct pageowner_record *t, const struct pageowner_record *d)
{
	const uint32_t have = t->have;

	return (have & ~NEVER_IN_TEXT) == (d->have & ~(NEVER_IN_TEXT | not_printed(t))) && t->pfn == d->pfn &&
	       t->order == d->order && t->gfp_mask == d->gfp_mask &&
	       (!(have & PAGEOWNER_HAS_PID) || t->pid == d->pid) &&
	       (!(have & PAGEOWNER_HAS_TGID) || t->tgid == d->tgid) &&
	       (!(have & PAGEOWNER_HAS_COMM) || !strcmp(t->comm, d->comm)) &&
	       (!(have & PAGEOWNER_HAS_TS) || t->ts_ns == d->ts_ns) &&
	       (!(have & PAGEOWNER_HAS_FREE_TS) || t->free_ts_ns == d->free_ts_ns) &&
	       t->block == d->block && (!(have & PAGEOWNER_HAS_FLAGS) || t->flags == d->flags) &&
	       (!(have & PAGEOWNER_HAS_PAGE_TYPE) || t->page_type == d->page_type) &&
	       (!(have & PAGEOWNER_HAS_BLOCK_TYPE) || t->block_type == d->block_type) &&
	       same_word(t->gfp_names, d->gfp_names) && same_word(t->flag_names, d->flag_names) &&
	       same_word(t->page_type_name, d->page_type_name) &&
	       same_word(t->block_type_name, d->block_type_name) &&
	       same_word(t->migrate_reason_name, d->migrate_reason_name) &&
	       (!(have & PAGEOWNER_HAS_MEMCG) ||
		(same_word(t->memcg, d->memcg) && t->memcg_objcg == d->memcg_objcg &&
		 t->memcg_offline == d->memcg_offline)) &&
	       same_stack(t->stack, d->stack);
}

static void compare(const char *name, size_t least, struct pageowner_iter *text, struct pageowner_iter *dump)
{
	struct pageowner_record t, d;
	struct pageowner_error err;
	size_t nr = 0;
	int rc;

	while ((rc = pageowner_iter_next(text, &t, &err)) == 1) {
		if (!CHECK_INT(err.code, PAGEOWNER_OK) ||
		    !CHECK_INT(pageowner_iter_next(dump, &d, &err), 1))
			return;
		if (!CHECK(same_record(&t, &d))) {
			printf("# %s: PFN 0x%" PRIx64 ": text has %x, dump %x\n", name, t.pfn, t.have,
			       d.have);
			return;
		}
		nr++;
	}
	CHECK_INT(rc, 0);
	CHECK_INT(pageowner_iter_next(dump, &d, &err), 0);
	CHECK(nr >= least);
}

static void compare_sources(const char *name, size_t least, const struct pageowner_open_options *text,
			    const struct pageowner_open_options *dump)
{
	struct pageowner_session *s[2] = { NULL, NULL };
	struct pageowner_iter *it[2] = { NULL, NULL };
	struct pageowner_error err = { 0, "" };

	if (CHECK_INT(pageowner_open(text, &s[0], &err), PAGEOWNER_OK) &&
	    CHECK_INT(pageowner_open(dump, &s[1], &err), PAGEOWNER_OK) &&
	    CHECK_INT(pageowner_iter_new(s[0], NULL, &it[0], &err), PAGEOWNER_OK) &&
	    CHECK_INT(pageowner_iter_new(s[1], NULL, &it[1], &err), PAGEOWNER_OK))
		compare(name, least, it[0], it[1]);
	for (int i = 0; i < 2; i++) {
		pageowner_iter_free(it[i]);
		pageowner_close(s[i]);
	}
	if (err.code != PAGEOWNER_OK)
		printf("# %s: %s\n", name, err.text);
}

static void compare_fixture(const char *fixture)
{
	char *text = path_of(fixture, "words/page_owner.txt"), *vmlinux = path_of(fixture, "vmlinux");
	char *dump = dump_of(fixture);
	const char *const dumps[] = { dump };
	const struct pageowner_open_options of_text = { .size = sizeof(of_text), .text = text };
	const struct pageowner_open_options of_dump = {
		.size = sizeof(of_dump), .dumps = dumps, .nr_dumps = 1, .vmlinux = vmlinux,
	};

	compare_sources(fixture, 1000, &of_text, &of_dump);
	free(text);
	free(vmlinux);
	free(dump);
}

static void compare_synthetic(const char *name)
{
	char *text = path_in("TOP_SRCDIR", "/tests/kernels", name, "expected.txt"), line[64] = "";
	char *vmlinux = synthetic(name, "vmlinux"), *path = synthetic(name, "ram.bin");
	char *at = synthetic(name, "at");	/* its address */
	struct pageowner_ram ram = { .path = path, .has_base = 1 };
	const struct pageowner_open_options of_text = { .size = sizeof(of_text), .text = text };
	const struct pageowner_open_options of_dump = {
		.size = sizeof(of_dump), .ram = &ram, .nr_ram = 1, .vmlinux = vmlinux,
	};

	FILE *f = fopen(at, "r");
	CHECK(f && fgets(line, sizeof(line), f));
	if (f)
		(void)fclose(f);
	ram.base = strtoull(line, NULL, 16);
	compare_sources(name, 5, &of_text, &of_dump);
	free(text);
	free(vmlinux);
	free(path);
	free(at);
}

TEST(records_of_a_text_are_those_of_the_dump)
{
	DIR *dir = opendir(getenv("FIXTURES"));
	unsigned nr = 0;

	for (struct dirent *e; CHECK(dir) && (e = readdir(dir));) {
		char *text = path_of(e->d_name, "words/page_owner.txt");
		if (e->d_name[0] != '.' && access(text, R_OK) == 0) {
			compare_fixture(e->d_name);
			nr++;
		}
		free(text);
	}
	if (dir)
		closedir(dir);
	CHECK(nr >= 12);
}

TEST(so_are_those_of_every_generation)
{
	char *dir = synthetic(".", ".");
	unsigned nr = 0;
	DIR *d = opendir(dir);

	for (struct dirent *e; d && (e = readdir(d));) {
		char *file = synthetic(e->d_name, "ram.bin");
		if (access(file, R_OK) == 0) {
			compare_synthetic(e->d_name);
			nr++;
		}
		free(file);
	}
	if (d)
		closedir(d);
	free(dir);
	if (!nr)
		test_skip("the synthetic kernels are not built: clang or lld is not installed");
	else
		CHECK(nr > 25);
}

TEST(a_range_of_pfns_is_the_same_from_both)
{
	char *text = path_of("6.1-x86_64", "words/page_owner.txt");
	const struct pageowner_open_options o = { .size = sizeof(o), .text = text };
	const struct pageowner_iter_options range = { .size = sizeof(range), .first_pfn = 0x1000, .last_pfn = 0x10ff };
	struct pageowner_coverage cov = { .size = sizeof(cov) };
	struct pageowner_session *s;
	struct pageowner_iter *it;
	struct pageowner_record rec;
	struct pageowner_error err;
	uint64_t nr = 0;

	if (!CHECK_INT(pageowner_open(&o, &s, &err), PAGEOWNER_OK))
		return;
	CHECK_INT(pageowner_iter_new(s, &range, &it, &err), PAGEOWNER_OK);
	for (; pageowner_iter_next(it, &rec, &err) == 1; nr++)
		CHECK(rec.pfn >= 0x1000 && rec.pfn <= 0x10ff);
	pageowner_iter_coverage(it, &cov);
	CHECK(nr > 0);
	CHECK_INT(cov.recorded, nr);
	CHECK_INT(cov.walked, nr);
	pageowner_iter_free(it);
	pageowner_close(s);
	free(text);
}
