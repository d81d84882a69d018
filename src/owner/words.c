/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "owner/words.h"

#include <stdlib.h>
#include <string.h>

#include "base/status.h"
#include "kernel/pageflags.h"

#define MAX_FLAG_NAMES	128
#define MAX_NAMES	64
#define NAME_MAX_LEN	64

/* --- tables of names ----------------------------------------------------------------------------- */

static const char *read_name(struct po_words *w, struct po_memory *mem, uint64_t kva)
{
	char buf[NAME_MAX_LEN];
	int len = kva ? po_memory_read_string(mem, kva, buf, sizeof(buf), NULL) : -1;

	return len < 0 ? NULL : po_arena_strndup(&w->arena, buf, (size_t)len);
}

static int read_flag_names(struct po_words *w, const struct po_kernel *k, struct po_memory *mem,
			   unsigned symbol, struct po_flag_name **ret, struct pageowner_error *err)
{
	const struct po_layout *l = &k->l;
	uint64_t at = po_layout_address(l, symbol), name = 0;
	uint64_t stride = l->strct[PO_T_trace_print_flags].have ? PO_SIZE(l, trace_print_flags) :
								   2u * k->abi.ptr_size;
	uint64_t name_at = PO_HAS(l, trace_print_flags, name) ? PO_OFFSET(l, trace_print_flags, name) :
								k->abi.ptr_size;
	struct po_flag_name *out = po_arena_alloc(&w->arena, (MAX_FLAG_NAMES + 1) * sizeof(*out));

	if (!at)
		return po_fail(err, PAGEOWNER_ENOSYM, "%s: this kernel has no such table",
			       l->symbol[symbol].name);
	if (!out)
		return po_fail_nomem(err, "flag names");
	for (size_t i = 0; i < MAX_FLAG_NAMES; i++, at += stride) {
		int rc = po_memory_read_ptr(mem, at, &out[i].mask, err);
		if (rc == PAGEOWNER_OK)
			rc = po_memory_read_ptr(mem, at + name_at, &name, err);
		if (rc < 0)
			return po_within(err, rc, "table %s", l->symbol[symbol].name);
		out[i].name = read_name(w, mem, name);
		if (!name) {
			*ret = out;
			return PAGEOWNER_OK;
		}
		if (!out[i].name)
			return po_fail(err, PAGEOWNER_ENODATA, "table %s: a name is not in the dump",
				       l->symbol[symbol].name);
	}
	return po_fail(err, PAGEOWNER_ECORRUPT, "table %s: does not end", l->symbol[symbol].name);
}

/* An array of pointers to strings; a NULL entry stays NULL. */
static int read_strings(struct po_words *w, const struct po_kernel *k, struct po_memory *mem,
			unsigned symbol, size_t nr, const char ***ret, struct pageowner_error *err)
{
	uint64_t at = po_layout_address(&k->l, symbol), p;

	if (!at || nr == 0 || nr > MAX_NAMES)
		return po_fail(err, PAGEOWNER_ENOSYM, "table %s: %zu names", k->l.symbol[symbol].name,
			       at ? nr : 0);
	const char **out = po_arena_alloc(&w->arena, nr * sizeof(*out));
	if (!out)
		return po_fail_nomem(err, "names");
	for (size_t i = 0; i < nr; i++) {
		int rc = po_memory_read_ptr(mem, at + i * k->abi.ptr_size, &p, err);
		if (rc < 0)
			return po_within(err, rc, "table %s", k->l.symbol[symbol].name);
		out[i] = read_name(w, mem, p);
	}
	*ret = out;
	return PAGEOWNER_OK;
}

static int read_field(struct po_words *w, const struct po_kernel *k, struct po_memory *mem,
		      uint64_t at, struct pageowner_error *err)
{
	const struct po_layout *l = &k->l;
	struct po_flag_field *f = &w->field[w->nr_fields];
	uint8_t raw[64];
	uint64_t base = 10;
	int rc = po_memory_read(mem, at, raw, PO_SIZE(l, page_flags_fields), err);

	if (rc < 0)
		return po_within(err, rc, "table pff");
	f->width = (unsigned)po_member_load(&k->abi, PO_AT(l, page_flags_fields, width), raw);
	f->shift = (unsigned)po_member_load(&k->abi, PO_AT(l, page_flags_fields, shift), raw);
	/* an int in the kernel, widened with its sign when it meets the unsigned long of flags */
	f->mask = (uint64_t)po_sign_extend(
		po_member_load(&k->abi, PO_AT(l, page_flags_fields, mask), raw), 32);
	f->name = read_name(w, mem, po_member_load(&k->abi, PO_AT(l, page_flags_fields, name), raw));
	if (!f->name || f->shift > 63)
		return po_fail(err, PAGEOWNER_ECORRUPT, "table pff: entry at shift %u", f->shift);
	uint64_t spec = po_member_load(&k->abi, PO_AT(l, page_flags_fields, spec), raw);
	uint8_t spec_raw[32];
	if (PO_HAS(l, printf_spec, base) && PO_SIZE(l, printf_spec) <= sizeof(spec_raw) &&
	    po_memory_read(mem, spec, spec_raw, PO_SIZE(l, printf_spec), NULL) == PAGEOWNER_OK)
		base = po_member_load(&k->abi, PO_AT(l, printf_spec, base), spec_raw);
	else
		base = !strcmp(f->name, "lastcpupid") || !strcmp(f->name, "kasantag") ? 16 : 10;
	f->hex = base == 16;
	if (f->width)	/* one without bits is not printed */
		w->nr_fields++;
	return PAGEOWNER_OK;
}

static int read_field_table(struct po_words *w, const struct po_kernel *k, struct po_memory *mem,
			    struct pageowner_error *err)
{
	const struct po_layout *l = &k->l;
	uint64_t at = PO_SYM(l, pff);

	if (!PO_HAS_VAR(l, pff) || !PO_HAS(l, page_flags_fields, spec) ||
	    PO_SIZE(l, page_flags_fields) > 64 || PO_VAR(l, pff)->nr_elems > 16)
		return po_fail(err, PAGEOWNER_ENOTYPE,
			       "type information lacks: struct page_flags_fields (lib/vsprintf.c)");
	w->field = po_arena_alloc(&w->arena, (PO_VAR(l, pff)->nr_elems + 1) * sizeof(*w->field));
	if (!w->field)
		return po_fail_nomem(err, "page flag fields");
	int rc = PAGEOWNER_OK;
	for (uint64_t i = 0; i < PO_VAR(l, pff)->nr_elems && rc == PAGEOWNER_OK; i++)
		rc = read_field(w, k, mem, at + i * PO_SIZE(l, page_flags_fields), err);
	return rc;
}

/* A compiler may take the table apart; what stood in it follows from the layout of the flags. */
static int work_out_fields(struct po_words *w, const struct po_kernel *k, struct po_memory *mem,
			   struct pageowner_error *err)
{
	struct po_flag_place place[PO_MAX_PLACES];
	size_t nr;
	int rc = po_page_flag_places(k, mem, place, &nr, err);

	if (rc < 0)
		return rc;
	w->field = po_arena_alloc(&w->arena, PO_MAX_PLACES * sizeof(*w->field));
	if (!w->field)
		return po_fail_nomem(err, "page flag fields");
	w->fields_worked_out = true;
	for (w->nr_fields = 0; w->nr_fields < nr; w->nr_fields++)
		w->field[w->nr_fields] = (struct po_flag_field){
			.width = place[w->nr_fields].width,
			.shift = place[w->nr_fields].shift,
			.mask = ((uint64_t)1 << place[w->nr_fields].width) - 1,
			.hex = place[w->nr_fields].hex,
			.name = place[w->nr_fields].name,
		};
	return PAGEOWNER_OK;
}

static bool prints(const struct po_line *line, enum po_item_field field, enum po_item_style style)
{
	for (unsigned i = 0; i < line->nr; i++)
		if (line->item[i].field == field && line->item[i].style == style)
			return true;
	return false;
}

/*
 * Since commit 23efd0804c0a (5.13) fields are printed behind the flags.  That they are is told by the table, by its type,
 * or by %pGp standing alone (5.16).
 */
static int read_fields(struct po_words *w, const struct po_kernel *k, struct po_memory *mem,
		       struct pageowner_error *err)
{
	const struct po_layout *l = &k->l;

	if (PO_HAS_SYM(l, pff))
		return read_field_table(w, k, mem, err);
	if (!PO_HAS(l, page_flags_fields, width) && !prints(&w->pfn, PO_ITEM_FLAGS, PO_STYLE_FULL))
		return PAGEOWNER_OK;
	return work_out_fields(w, k, mem, err);
}

static int read_page_flags(struct po_words *w, const struct po_kernel *k, struct po_memory *mem,
			   struct pageowner_error *err)
{
	const struct po_layout *l = &k->l;
	int rc = read_flag_names(w, k, mem, PO_S_pageflag_names, &w->page, err);

	if (rc == PAGEOWNER_OK && !PO_HAS_ENUM(l, __NR_PAGEFLAGS))
		return po_fail(err, PAGEOWNER_ENOTYPE, "type information lacks: enumerator __NR_PAGEFLAGS");
	int64_t nr = rc == PAGEOWNER_OK ? PO_ENUM(l, __NR_PAGEFLAGS) : 0;
	w->page_flags_mask = nr > 0 && nr < 64 ? ((uint64_t)1 << nr) - 1 : UINT64_MAX;
	return rc < 0 ? rc : read_fields(w, k, mem, err);
}

/* The order of the letters stands in the kernel's code only; it never changed. */
static int read_letters(struct po_words *w, const struct po_layout *l, struct pageowner_error *err)
{
	static const struct {
		char name;
		unsigned flag[3];	/* enumerators; of one flag that had several forms all that there are */
		unsigned nr;
	} letters[PO_NR_LETTERS] = {
		{ 'K', { PO_E_PG_locked }, 1 },	    { 'E', { PO_E_PG_error }, 1 },
		{ 'R', { PO_E_PG_referenced }, 1 }, { 'U', { PO_E_PG_uptodate }, 1 },
		{ 'D', { PO_E_PG_dirty }, 1 },	    { 'L', { PO_E_PG_lru }, 1 },
		{ 'A', { PO_E_PG_active }, 1 },	    { 'S', { PO_E_PG_slab }, 1 },
		{ 'W', { PO_E_PG_writeback }, 1 },
		{ 'C', { PO_E_PG_head, PO_E_PG_tail, PO_E_PG_compound }, 3 },
		{ 'B', { PO_E_PG_swapcache }, 1 },  { 'M', { PO_E_PG_mappedtodisk }, 1 },
	};

	for (size_t i = 0; i < PO_NR_LETTERS; i++) {
		w->letter[i].name = letters[i].name;
		for (unsigned f = 0; f < letters[i].nr; f++)
			if (l->enumerator[letters[i].flag[f]].have)
				w->letter[i].mask |=
					(uint64_t)1 << (l->enumerator[letters[i].flag[f]].value & 63);
		if (!w->letter[i].mask)
			return po_fail(err, PAGEOWNER_ENOTYPE, "type information lacks: the page flag that "
				       "is printed as %c (enum pageflags)", letters[i].name);
	}
	return PAGEOWNER_OK;
}

/* The tables that the lines ask for. */
static int read_tables(struct po_words *w, const struct po_kernel *k, struct po_memory *mem,
		       struct pageowner_error *err)
{
	static struct po_flag_name none[1];
	const struct po_layout *l = &k->l;
	int rc = PAGEOWNER_OK;

	w->gfp = w->page = none;
	w->page_flags_mask = UINT64_MAX;
	if (prints(&w->head, PO_ITEM_GFP_NAMES, PO_STYLE_NAMES))
		rc = read_flag_names(w, k, mem, PO_S_gfpflag_names, &w->gfp, err);
	if (rc == PAGEOWNER_OK && (prints(&w->pfn, PO_ITEM_FLAG_NAMES, PO_STYLE_NAMES) ||
				   prints(&w->pfn, PO_ITEM_FLAGS, PO_STYLE_FULL)))
		rc = read_page_flags(w, k, mem, err);
	if (rc == PAGEOWNER_OK && prints(&w->pfn, PO_ITEM_FLAG_LETTER, PO_STYLE_STRING))
		rc = read_letters(w, l, err);
	if (rc == PAGEOWNER_OK && prints(&w->pfn, PO_ITEM_BLOCK_TYPE, PO_STYLE_STRING)) {
		w->nr_migratetypes = (size_t)PO_ENUM(l, MIGRATE_TYPES);
		rc = read_strings(w, k, mem, PO_S_migratetype_names, w->nr_migratetypes,
				  &w->migratetype, err);
	}
	if (rc == PAGEOWNER_OK && w->migrated.source) {
		w->nr_reasons = (size_t)(l->symbol[PO_S_migrate_reason_names].size / k->abi.ptr_size);
		rc = read_strings(w, k, mem, PO_S_migrate_reason_names, w->nr_reasons, &w->reason, err);
	}
	return rc;
}

/* --- format strings ------------------------------------------------------------------------------ */

static const char *find_text(const struct po_blob *rodata, const char *start, const char *within, bool anywhere)
{
	const char *data = rodata->data, *end = data + rodata->len, *p = data;

	while ((p = memmem(p, (size_t)(end - p), start, strlen(start)))) {
		if ((anywhere || p == data || p[-1] == '\0') && memchr(p, '\0', (size_t)(end - p)) &&
		    strstr(p, within))
			return p;
		p++;
	}
	return NULL;
}

/* The first string of the read-only data that begins so and holds within; NULL: none. */
static const char *find_string(const struct po_blob *rodata, const char *start, const char *within)
{
	return find_text(rodata, start, within, false);
}

/*
 * One that must be there: if not as a string of its own, at the end of another (linkers merge those), or behind data that
 * do not end in a zero.
 */
static const char *find_needed_string(const struct po_blob *rodata, const char *start, const char *within)
{
	const char *s = find_string(rodata, start, within);

	return s ? s : find_text(rodata, start, within, true);
}

static int open_line(struct po_words *w, struct po_line *f, const struct po_blob *rodata,
		     const char *start, const char *within, struct pageowner_error *err)
{
	const char *s = find_needed_string(rodata, start, within);

	if (!s)
		return po_fail(err, PAGEOWNER_EUNSUPP,
			       "no format string that begins with \"%s\" in the kernel's read-only data",
			       start);
	s = po_arena_strndup(&w->arena, s, strlen(s));
	return s ? po_line_parse(f, s, err) : po_fail_nomem(err, "format strings");
}

/* A line may ask for what this kernel's records do not have: then one of the two is misread. */
static int check_members(const struct po_line *line, const struct po_page_ext *x,
			 struct pageowner_error *err)
{
	const struct {
		enum po_item_field field;
		const struct po_member *member;
		const char *name;
	} needs[] = {
		{ PO_ITEM_PID, x->pid, "pid" },
		{ PO_ITEM_TGID, x->tgid, "tgid" },
		{ PO_ITEM_COMM, x->comm, "comm" },
		{ PO_ITEM_TS, x->ts, "ts_nsec" },
		{ PO_ITEM_FREE_TS, x->free_ts, "free_ts_nsec" },
		{ PO_ITEM_FREE_PID, x->free_pid, "free_pid" },
		{ PO_ITEM_FREE_TGID, x->free_tgid, "free_tgid" },
	};

	for (unsigned i = 0; i < line->nr; i++)
		for (size_t n = 0; n < sizeof(needs) / sizeof(*needs); n++)
			if (line->item[i].field == needs[n].field && !needs[n].member)
				return po_fail(err, PAGEOWNER_EUNSUPP,
					       "this kernel prints %s.%s, which its type information "
					       "lacks: \"%.*s\"", x->record, needs[n].name,
					       (int)strcspn(line->source, "\n"), line->source);
	return PAGEOWNER_OK;
}

/* How a frame is printed: the symbol, until 4.9 behind its address. */
static int read_frame_format(struct po_words *w, const struct po_blob *rodata, struct pageowner_error *err)
{
	const char *s;

	if (find_needed_string(rodata, "%*c%pS\n", ""))
		return PAGEOWNER_OK;
	w->frame_address = find_needed_string(rodata, "%*c[<%p>] %pS\n", "") != NULL;
	if (w->frame_address)
		return PAGEOWNER_OK;
	s = find_string(rodata, "%*c", "%p");
	return po_fail(err, PAGEOWNER_EUNSUPP, "how this kernel prints a frame is not known: %s%.*s%s",
		       s ? "\"" : "no format string begins with \"%*c", s ? (int)strcspn(s, "\n") : 0,
		       s ? s : "", "\"");
}

/* Lines that vendors add are named like the first one; where in a record they stand, no string tells. */
static int find_unknown_line(struct po_words *w, const struct po_blob *rodata, struct pageowner_error *err)
{
	const char *s = find_string(rodata, "Page allocated by ", "\n");

	if (!s)
		return PAGEOWNER_OK;
	w->unknown_line = po_arena_strndup(&w->arena, s, strcspn(s, "\n"));
	return w->unknown_line ? PAGEOWNER_OK : po_fail_nomem(err, "format strings");
}

static int read_memcg_formats(struct po_words *w, const struct po_blob *rodata,
			      struct pageowner_error *err)
{
	/* what the release candidates of 6.9 called it */
	w->count_label = find_string(rodata, "stack_count: %d\n", "") ? "stack_count: " : "nr_base_pages: ";
	/* commit fcf8935832b8 (5.18) */
	w->slab_line = find_string(rodata, "Slab cache page\n", "") != NULL;
	w->memcg_line = find_string(rodata, "Charged %sto %smemcg %s\n", "") != NULL;
	const char *charged = find_string(rodata, "Charged ", "memcg");
	if (charged && !w->memcg_line)
		return po_fail(err, PAGEOWNER_EUNSUPP, "this kernel prints an unknown memcg line: \"%.*s\"",
			       (int)strcspn(charged, "\n"), charged);
	return PAGEOWNER_OK;
}

/* --- what dump_page() says of an owner ----------------------------------------------------------- */

enum alert {
	ALERT_ALLOCATED,
	ALERT_FREED,
	ALERT_NO_EXT,
	ALERT_NO_INFO,
	ALERT_NO_STACK,
	ALERT_NO_FREE_STACK,
	ALERT_LAST,
	ALERT_LAST_OLD,
	ALERT_FREE,
	ALERT_MIGRATED,
	NR_ALERTS,
};

static const char *const alert_starts[NR_ALERTS] = {
	[ALERT_ALLOCATED] = "page_owner tracks the page as allocated",
	[ALERT_FREED] = "page_owner tracks the page as freed",
	[ALERT_NO_EXT] = "There is not page extension",
	[ALERT_NO_INFO] = "page_owner info is not ",
	[ALERT_NO_STACK] = "page_owner allocation stack trace missing",
	[ALERT_NO_FREE_STACK] = "page_owner free stack trace missing",
	[ALERT_LAST] = "page last allocated via order ",
	[ALERT_LAST_OLD] = "page allocated via order ",	/* until 5.3 */
	[ALERT_FREE] = "page last free ",
	[ALERT_MIGRATED] = "page has been migrated, last migrate ",
};

/* The first strings for KERN_ALERT that begin so, without the level before them; NULL: none.  In one pass. */
static void find_alerts(const struct po_blob *rodata, const char *ret[NR_ALERTS])
{
	static const char level[] = "\0011";
	const char *data = rodata->data, *end = data + rodata->len, *p = data;

	memset(ret, 0, NR_ALERTS * sizeof(*ret));
	while ((p = memmem(p, (size_t)(end - p), level, 2))) {
		const char *s = p + 2;
		bool is_string = (p == data || p[-1] == '\0') && memchr(s, '\0', (size_t)(end - s));

		for (size_t i = 0; is_string && i < NR_ALERTS; i++)
			if (!ret[i] && !strncmp(s, alert_starts[i], strlen(alert_starts[i])) && strchr(s, '\n'))
				ret[i] = s;
		p = s;
	}
}

/* A line without fields; ours where the kernel has none. */
static int open_alert(struct po_words *w, const char *found, const char *ours, const char **ret,
		      struct pageowner_error *err)
{
	*ret = found ? po_arena_strndup(&w->arena, found, strlen(found)) : ours;
	return found && !*ret ? po_fail_nomem(err, "format strings") : PAGEOWNER_OK;
}

/* The line about the release says pid for what is free_pid. */
static void set_released(struct po_line *line)
{
	for (unsigned i = 0; i < line->nr; i++) {
		enum po_item_field *f = &line->item[i].field;

		*f = *f == PO_ITEM_PID	? PO_ITEM_FREE_PID :
		     *f == PO_ITEM_TGID ? PO_ITEM_FREE_TGID :
		     *f == PO_ITEM_TS	? PO_ITEM_FREE_TS :
					  *f;
	}
}

/* No report needs these lines: one that is not understood is replaced, and that is told when it is used. */
static int open_alert_line(struct po_words *w, const struct po_kernel *k, const char *found, bool release,
			   const struct po_line *ours, struct po_line *ret, struct pageowner_error *err)
{
	struct pageowner_error trouble;

	*ret = *ours;
	if (!found)
		return PAGEOWNER_OK;
	found = po_arena_strndup(&w->arena, found, strlen(found));
	if (!found)
		return po_fail_nomem(err, "format strings");
	int rc = po_line_parse(ret, found, &trouble);
	if (rc == PAGEOWNER_OK && release)
		set_released(ret);
	if (rc == PAGEOWNER_OK)
		rc = check_members(ret, &k->ext, &trouble);
	if (rc == PAGEOWNER_OK)
		return PAGEOWNER_OK;
	*ret = *ours;
	w->dumped.trouble = po_arena_strndup(&w->arena, trouble.text, strlen(trouble.text));
	return w->dumped.trouble ? PAGEOWNER_OK : po_fail_nomem(err, "format strings");
}

static int read_dumped(struct po_words *w, const struct po_kernel *k, const struct po_blob *rodata,
		       struct pageowner_error *err)
{
	struct po_dumped_words *d = &w->dumped;
	const char *found[NR_ALERTS];
	struct po_line release;
	const struct {
		enum alert alert;
		const char *ours;
		const char **line;
	} plain[] = {
		{ ALERT_ALLOCATED, NULL, &d->allocated },
		{ ALERT_FREED, NULL, &d->freed },
		{ ALERT_NO_EXT, "no page_ext for this page frame\n", &d->no_ext },
		{ ALERT_NO_INFO, "no owner is recorded\n", &d->no_info },
		{ ALERT_NO_STACK, "no stack saved\n", &d->no_stack },
		{ ALERT_NO_FREE_STACK, "no stack saved of its release\n", &d->no_free_stack },
	};
	int rc = po_line_parse(&release, "page last free stack trace:\n", err);

	find_alerts(rodata, found);
	for (size_t i = 0; rc == PAGEOWNER_OK && i < sizeof(plain) / sizeof(*plain); i++)
		rc = open_alert(w, found[plain[i].alert], plain[i].ours, plain[i].line, err);
	const char *last = found[ALERT_LAST] ? found[ALERT_LAST] : found[ALERT_LAST_OLD];
	if (rc == PAGEOWNER_OK)
		rc = open_alert_line(w, k, last, false, &w->head, &d->last, err);
	if (rc == PAGEOWNER_OK)
		rc = open_alert_line(w, k, found[ALERT_FREE], true, &release, &d->free, err);
	if (rc == PAGEOWNER_OK)
		rc = open_alert_line(w, k, found[ALERT_MIGRATED], false, &w->migrated, &d->migrated, err);
	return rc;
}

/* --- all of them --------------------------------------------------------------------------------- */

static int read_formats(struct po_words *w, const struct po_kernel *k, const struct po_blob *rodata,
			struct pageowner_error *err)
{
	int rc = open_line(w, &w->head, rodata, "Page allocated via order ", "\n", err);

	if (rc == PAGEOWNER_OK)
		rc = open_line(w, &w->pfn, rodata, "PFN ", " Block %lu", err);
	if (rc == PAGEOWNER_OK && k->ext.migrate_reason)	/* since 4.6 */
		rc = open_line(w, &w->migrated, rodata, "Page has been migrated, last migrate ", "\n", err);
	if (rc == PAGEOWNER_OK)
		rc = check_members(&w->head, &k->ext, err);
	if (rc == PAGEOWNER_OK)
		rc = read_frame_format(w, rodata, err);
	if (rc == PAGEOWNER_OK)
		rc = find_unknown_line(w, rodata, err);
	if (rc == PAGEOWNER_OK)
		rc = read_dumped(w, k, rodata, err);
	return rc < 0 ? rc : read_memcg_formats(w, rodata, err);
}

int po_words_open(struct po_words *w, const struct po_kernel *k, struct po_memory *mem,
		  const struct po_blob *rodata, struct pageowner_error *err)
{
	const struct po_layout *l = &k->l;
	int rc = read_formats(w, k, rodata, err);

	if (rc == PAGEOWNER_OK)
		rc = read_tables(w, k, mem, err);
	if (rc < 0)
		return rc;
	w->not_migrated = PO_HAS_ENUM(l, MR_NEVER) ? PO_ENUM(l, MR_NEVER) : -1;
	/* the kernel's buffer is a page since 5.0; before, it was as large as the reader's */
	w->record_max = PO_HAS_ENUM(l, PAGE_EXT_OWNER_ALLOCATED) ? (size_t)po_kernel_page_size(k) : 0;
	return PAGEOWNER_OK;
}

void po_words_fini(struct po_words *w)
{
	po_arena_fini(&w->arena);
}
