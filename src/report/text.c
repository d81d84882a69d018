/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The lines are rendered from the kernel's format strings as words.c took them apart.  What repeats is
 * rendered once and kept: the frames of each stack, the names of each gfp mask and of each flag word.
 */
#include "report/text.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/cleanup.h"
#include "base/status.h"

#define CACHE_SLOTS	512	/* direct-mapped; a real machine has some dozens of each */
#define NAMES_MAX	2048
#define MEMO_MAX	1024
#define MEMCG_MAX	256	/* both lines, with a name of at most 80 bytes, and the empty line */

struct piece {
	const char *text;
	size_t len;
};

struct cached {
	uint64_t key;
	char *text;		/* NULL: empty */
	size_t len;
};

/*
 * A stretch of a line, as the record before had it: most pages lie among others of the same owner, and differ in PFN and
 * time alone.
 */
struct memo {
	unsigned from, nr;		/* items of the line */
	size_t len;			/* 0: there is none */
	char text[MEMO_MAX];
};

struct head_key {
	uint32_t order, gfp_mask;
	int32_t pid, tgid;
	char comm[PAGEOWNER_COMM_MAX];
};

struct page_key {
	uint64_t block, flags;
	int32_t page_type, block_type;
	uint64_t tail;
};

struct po_text {
	const struct po_words *w;
	unsigned ptr_digits;
	struct po_arena arena;
	struct cached gfp[CACHE_SLOTS], flags[CACHE_SLOTS];
	struct piece *stack;		/* by stack id */
	size_t nr_stack;
	struct piece *migratetype, *reason;	/* by index, as words have them */
	struct memo head, page;
	struct head_key head_key;
	struct page_key page_key;
	bool failed;			/* out of memory for names */
	struct po_buffer part;		/* that was rendered last */
	char letters[PO_NR_LETTERS + 1]; /* page flags of the record at hand, of old kernels */
	size_t name_max;		/* bytes of a name of a migratetype, or reason */
	size_t lines_max;		/* bytes that a record needs at most, but for its stack */
};

#define UNKNOWN	"<unknown>"

static size_t item_max(const struct po_text *t, const struct po_item *item)
{
	switch (item->field) {
	case PO_ITEM_LITERAL:
		return item->len;
	case PO_ITEM_GFP_NAMES:
	case PO_ITEM_FLAG_NAMES:
	case PO_ITEM_FLAGS:
		return NAMES_MAX + 64;
	case PO_ITEM_PAGE_TYPE:
	case PO_ITEM_BLOCK_TYPE:
	case PO_ITEM_REASON:
		return t->name_max + 32;
	default:
		return PAGEOWNER_COMM_MAX + 32;
	}
}

static size_t line_max(const struct po_text *t, const struct po_line *line)
{
	size_t max = 0;

	for (unsigned i = 0; i < line->nr; i++)
		max += item_max(t, &line->item[i]);
	return max;
}

/* The lengths of names that stand in nearly every record. */
static struct piece *measure(struct po_text *t, const char *const *names, size_t nr)
{
	struct piece *ret = po_arena_alloc(&t->arena, (nr + 1) * sizeof(*ret));

	for (size_t i = 0; ret && i < nr; i++) {
		ret[i].text = names[i] ? names[i] : "(null)";
		ret[i].len = strlen(ret[i].text);
		t->name_max = ret[i].len > t->name_max ? ret[i].len : t->name_max;
	}
	return ret;
}

/* Whether struct head_key tells all about an item, or struct page_key. */
static bool is_of_head(const struct po_item *item)
{
	switch (item->field) {
	case PO_ITEM_LITERAL:
	case PO_ITEM_ORDER:
	case PO_ITEM_GFP:
	case PO_ITEM_GFP_NAMES:
	case PO_ITEM_PID:
	case PO_ITEM_TGID:
	case PO_ITEM_COMM:
		return true;
	default:
		return false;
	}
}

static bool is_of_page(const struct po_item *item)
{
	switch (item->field) {
	case PO_ITEM_LITERAL:
	case PO_ITEM_PAGE_TYPE:
	case PO_ITEM_BLOCK:
	case PO_ITEM_BLOCK_TYPE:
	case PO_ITEM_FALLBACK:
	case PO_ITEM_FLAG_LETTER:
	case PO_ITEM_FLAGS:
	case PO_ITEM_FLAG_NAMES:
		return true;
	default:
		return false;
	}
}

/* Of the first line, what stands before the time; of the other one, what stands behind the PFN. */
static void set_memos(struct po_text *t)
{
	const struct po_line *head = &t->w->head, *pfn = &t->w->pfn;

	while (t->head.nr < head->nr && is_of_head(&head->item[t->head.nr]))
		t->head.nr++;
	t->page.from = pfn->nr;
	while (t->page.from > 0 && is_of_page(&pfn->item[t->page.from - 1]))
		t->page.from--;
	t->page.nr = pfn->nr - t->page.from;
}

int po_text_new(const struct po_words *words, unsigned ptr_digits, struct po_text **ret,
		struct pageowner_error *err)
{
	struct po_text *t = calloc(1, sizeof(*t));

	if (!t)
		return po_fail_nomem(err, "report");
	t->w = words;
	t->migratetype = measure(t, words->migratetype, words->nr_migratetypes);
	t->reason = measure(t, words->reason, words->nr_reasons);
	if (!t->migratetype || !t->reason) {
		po_text_free(t);
		return po_fail_nomem(err, "report");
	}
	t->lines_max = line_max(t, &words->head) + line_max(t, &words->pfn) + line_max(t, &words->migrated) +
		       MEMCG_MAX;
	t->ptr_digits = ptr_digits;
	set_memos(t);
	*ret = t;
	return PAGEOWNER_OK;
}

void po_text_free(struct po_text *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < CACHE_SLOTS; i++) {
		free(t->gfp[i].text);
		free(t->flags[i].text);
	}
	po_arena_fini(&t->arena);
	free(t->stack);
	po_buffer_fini(&t->part);
	free(t);
}

/* --- names of flags ------------------------------------------------------------------------------ */

static size_t put(char *to, size_t at, const char *text, size_t len)
{
	if (len > NAMES_MAX - at)
		len = NAMES_MAX - at;
	memcpy(to + at, text, len);
	return at + len;
}

static size_t put_hex_prefix(char *to, size_t at, uint64_t v)
{
	char num[24] = "0x";

	return put(to, at, num, 2 + po_put_hex(num + 2, v));
}

/* format_flags() of lib/vsprintf.c */
static size_t put_names(char *to, size_t at, uint64_t flags, const struct po_flag_name *names)
{
	for (; flags && names->name; names++) {
		if ((flags & names->mask) != names->mask)
			continue;
		at = put(to, at, names->name, strlen(names->name));
		flags &= ~names->mask;
		if (flags)
			at = put(to, at, "|", 1);
	}
	return flags ? put_hex_prefix(to, at, flags) : at;
}

/* format_page_flags(): the names, then the fields in the upper bits where the kernel has a table of them. */
static size_t put_page_names(const struct po_words *w, char *to, size_t at, uint64_t flags)
{
	uint64_t named = flags & w->page_flags_mask;
	bool append = named != 0;
	char num[24];

	at = put_names(to, at, named, w->page);
	for (size_t i = 0; i < w->nr_fields; i++) {
		const struct po_flag_field *f = &w->field[i];
		uint64_t v = flags >> f->shift & f->mask;

		if (append)
			at = put(to, at, "|", 1);
		append = true;
		at = put(to, at, f->name, strlen(f->name));
		at = put(to, at, "=", 1);
		at = f->hex ? put_hex_prefix(to, at, v) : put(to, at, num, po_put_decimal(num, v));
	}
	return at;
}

static struct cached *slot_of(struct cached *slots, uint64_t key)
{
	return &slots[(key * 0x9e3779b97f4a7c15ull >> 40) % CACHE_SLOTS];
}

/* What the slot holds from now on; an empty text when there is no memory (failed tells). */
static struct piece keep(struct po_text *t, struct cached *slot, uint64_t key, const char *text, size_t len)
{
	free(slot->text);
	slot->text = strndup(text, len);
	slot->key = key;
	slot->len = slot->text ? len : 0;
	t->failed |= !slot->text;
	return (struct piece){ slot->text, slot->len };
}

static struct piece gfp_names(struct po_text *t, uint32_t gfp)
{
	struct cached *slot = slot_of(t->gfp, gfp);
	char buf[NAMES_MAX];

	if (slot->text && slot->key == gfp)
		return (struct piece){ slot->text, slot->len };
	return keep(t, slot, gfp, buf, put_names(buf, 0, gfp, t->w->gfp));
}

static struct piece flag_names(struct po_text *t, uint64_t flags)
{
	struct cached *slot = slot_of(t->flags, flags);
	char buf[NAMES_MAX];

	if (slot->text && slot->key == flags)
		return (struct piece){ slot->text, slot->len };
	return keep(t, slot, flags, buf, put_page_names(t->w, buf, 0, flags));
}

/* --- lines --------------------------------------------------------------------------------------- */

/* All of these write at a place that has room, and return where they ended. */
static char *add_string(char *to, const char *s)
{
	return po_copy(to, s, strlen(s));
}

static char *add_number(char *to, enum po_item_style style, uint64_t v)
{
	switch (style) {
	case PO_STYLE_SIGNED:
		return to + po_put_signed(to, (int64_t)v);
	case PO_STYLE_HEX_PREFIX:
		memcpy(to, "0x", 2);
		return to + 2 + po_put_hex(to + 2, v);
	case PO_STYLE_HEX:
		return to + po_put_hex(to, v);
	default:
		return to + po_put_decimal(to, v);
	}
}

static char *add_piece(char *to, struct piece p)
{
	return po_copy(to, p.text, p.len);
}

/* %pGp since 5.16: number, names and fields. */
static char *add_flags(struct po_text *t, char *to, const struct po_item *item, uint64_t flags)
{
	if (item->style != PO_STYLE_FULL)
		return add_number(to, item->style, flags);
	to = add_number(to, PO_STYLE_HEX_PREFIX, flags);
	*to++ = '(';
	to = add_piece(to, flag_names(t, flags));
	*to++ = ')';
	return to;
}

/* A name by index; what the kernel would read past its table is marked rather than mimicked. */
static struct piece name_of(const struct piece *names, size_t nr, int32_t i)
{
	return i < 0 || (size_t)i >= nr ? (struct piece){ UNKNOWN, sizeof(UNKNOWN) - 1 } : names[i];
}

static struct piece migratetype(const struct po_text *t, int32_t i)
{
	return name_of(t->migratetype, t->w->nr_migratetypes, i);
}

/* Until 4.3 tails of compound pages have a flag of their own, which is in the mask; since 4.4 they have a bit elsewhere. */
static bool has_letter(const struct po_words *w, size_t i, const struct pageowner_record *rec)
{
	return (rec->flags & w->letter[i].mask) ||
	       (w->letter[i].name == 'C' && (rec->have & PAGEOWNER_HAS_TAIL_FLAG));
}

/* In one function: to call one for each of some 25 items would take as long as to write them. */
static char *add_items(struct po_text *t, char *to, const struct po_item *item, unsigned nr,
		       const struct pageowner_record *rec)
{
	const struct po_words *w = t->w;

	for (; nr > 0; nr--, item++) {
		switch (item->field) {
		case PO_ITEM_LITERAL:
			to = po_copy(to, item->text, item->len);
			break;
		case PO_ITEM_ORDER:
			to = add_number(to, item->style, rec->order);
			break;
		case PO_ITEM_GFP:
			to = add_number(to, item->style, rec->gfp_mask);
			break;
		case PO_ITEM_GFP_NAMES:
			to = add_piece(to, gfp_names(t, rec->gfp_mask));
			break;
		case PO_ITEM_PID:
			to = add_number(to, item->style, (uint64_t)rec->pid);
			break;
		case PO_ITEM_TGID:
			to = add_number(to, item->style, (uint64_t)rec->tgid);
			break;
		case PO_ITEM_COMM:
			to = add_string(to, rec->comm);
			break;
		case PO_ITEM_TS:
			to = add_number(to, item->style, rec->ts_ns);
			break;
		case PO_ITEM_FREE_TS:
			to = add_number(to, item->style, rec->free_ts_ns);
			break;
		case PO_ITEM_FREE_PID:
			to = add_number(to, item->style, (uint64_t)rec->free_pid);
			break;
		case PO_ITEM_FREE_TGID:
			to = add_number(to, item->style, (uint64_t)rec->free_tgid);
			break;
		case PO_ITEM_PFN:
			to = add_number(to, item->style, rec->pfn);
			break;
		case PO_ITEM_PAGE_TYPE:
			to = add_piece(to, migratetype(t, rec->page_type));
			break;
		case PO_ITEM_BLOCK:
			to = add_number(to, item->style, rec->block);
			break;
		case PO_ITEM_BLOCK_TYPE:
			if (item->style == PO_STYLE_STRING || rec->block_type < 0)
				to = add_piece(to, migratetype(t, rec->block_type));
			else
				to = add_number(to, item->style, (uint64_t)rec->block_type);
			break;
		case PO_ITEM_FALLBACK:
			to = add_string(to, rec->block_type != rec->page_type ? "Fallback" : "        ");
			break;
		case PO_ITEM_FLAG_LETTER:
			*to++ = has_letter(w, item->len, rec) ? w->letter[item->len].name : ' ';
			break;
		case PO_ITEM_FLAGS:
			to = add_flags(t, to, item, rec->flags);
			break;
		case PO_ITEM_FLAG_NAMES:
			to = add_piece(to, flag_names(t, rec->flags));
			break;
		case PO_ITEM_REASON:
			to = add_piece(to, name_of(t->reason, w->nr_reasons, rec->migrate_reason));
			break;
		}
	}
	return to;
}

static char *add_line(struct po_text *t, char *to, const struct po_line *line, const struct pageowner_record *rec)
{
	return add_items(t, to, line->item, line->nr, rec);
}

/* --- stacks -------------------------------------------------------------------------------------- */

/* "[<addr>] " before the symbol, zero padded, as printk's plain %p was (until 4.9). */
static size_t put_address(char *to, uint64_t kva, unsigned digits)
{
	char num[20];
	size_t n = po_put_hex(num, kva), at = 0;

	to[at++] = '[';
	to[at++] = '<';
	for (size_t i = n; i < digits; i++)
		to[at++] = '0';
	memcpy(to + at, num, n);
	at += n;
	memcpy(to + at, ">] ", 3);
	return at + 3;
}

static int render_stack(struct po_text *t, const struct pageowner_stack *stack, struct piece *ret)
{
	size_t cap = 1, at = 0;

	for (uint32_t i = 0; i < stack->nr_frames; i++)
		cap += strlen(stack->frames[i].text) + 2 + 24;
	char *text = po_arena_alloc(&t->arena, cap);
	if (!text)
		return PAGEOWNER_ENOMEM;
	for (uint32_t i = 0; i < stack->nr_frames; i++) {
		size_t len = strlen(stack->frames[i].text);
		text[at++] = ' ';
		if (t->w->frame_address && stack->frames[i].address)
			at += put_address(text + at, stack->frames[i].address, t->ptr_digits);
		memcpy(text + at, stack->frames[i].text, len);
		at += len;
		text[at++] = '\n';
	}
	*ret = (struct piece){ text, at };
	return PAGEOWNER_OK;
}

static int stack_text(struct po_text *t, const struct pageowner_stack *stack, struct piece *ret)
{
	if (stack->id >= t->nr_stack) {
		size_t nr = t->nr_stack ? t->nr_stack * 2 : 256;
		while (nr <= stack->id)
			nr *= 2;
		struct piece *grown = realloc(t->stack, nr * sizeof(*grown));
		if (!grown)
			return PAGEOWNER_ENOMEM;
		memset(grown + t->nr_stack, 0, (nr - t->nr_stack) * sizeof(*grown));
		t->stack = grown;
		t->nr_stack = nr;
	}
	struct piece *p = &t->stack[stack->id];
	if (!p->text && render_stack(t, stack, p) < 0)
		return PAGEOWNER_ENOMEM;
	*ret = *p;
	return PAGEOWNER_OK;
}

static char *add_memcg(const struct po_text *t, char *to, const struct pageowner_record *rec)
{
	if ((rec->have & PAGEOWNER_HAS_SLAB_CHARGE) && t->w->slab_line)
		to = add_string(to, "Slab cache page\n");
	if (rec->have & PAGEOWNER_HAS_LOST_MEMCG)
		to = add_string(to, "Charged to <memcg: not in dump>\n");
	if (!(rec->have & PAGEOWNER_HAS_MEMCG))
		return to;
	to = add_string(to, "Charged ");
	to = add_string(to, rec->memcg_objcg ? "(via objcg) to " : "to ");
	to = add_string(to, rec->memcg_offline ? "offline memcg " : "memcg ");
	to = add_string(to, rec->memcg);
	*to++ = '\n';
	return to;
}

/* As add_items() would, if the record before did not have the same. */
static char *add_memo(struct po_text *t, char *to, struct memo *m, bool same, const struct po_line *line,
		      const struct pageowner_record *rec)
{
	if (same && m->len)
		return po_copy(to, m->text, m->len);
	char *end = add_items(t, to, line->item + m->from, m->nr, rec);
	m->len = (size_t)(end - to) <= sizeof(m->text) ? (size_t)(end - to) : 0;
	memcpy(m->text, to, m->len);
	return end;
}

static char *add_head(struct po_text *t, char *to, const struct pageowner_record *rec)
{
	const struct po_line *line = &t->w->head;
	struct head_key key = { rec->order, rec->gfp_mask, rec->pid, rec->tgid, "" };
	const unsigned nr = t->head.nr;

	memcpy(key.comm, rec->comm, sizeof(key.comm));
	const bool same = !memcmp(&key, &t->head_key, sizeof(key));
	t->head_key = key;
	to = add_memo(t, to, &t->head, same, line, rec);
	return add_items(t, to, line->item + nr, line->nr - nr, rec);
}

static char *add_page(struct po_text *t, char *to, const struct pageowner_record *rec)
{
	const struct po_line *line = &t->w->pfn;
	const struct page_key key = { rec->block, rec->flags, rec->page_type, rec->block_type,
				      rec->have & PAGEOWNER_HAS_TAIL_FLAG };
	const bool same = !memcmp(&key, &t->page_key, sizeof(key));

	t->page_key = key;
	to = add_items(t, to, line->item, t->page.from, rec);
	return add_memo(t, to, &t->page, same, line, rec);
}

long po_text_record(struct po_text *t, const struct pageowner_record *rec, struct po_buffer *to,
		    struct pageowner_error *err)
{
	struct piece frames = { "", 0 };
	char *begin, *at;

	if ((rec->stack && stack_text(t, rec->stack, &frames) < 0) ||
	    !(begin = po_buffer_room(to, frames.len + t->lines_max)))
		return po_fail_nomem(err, "report");
	at = add_head(t, begin, rec);
	at = add_page(t, at, rec);
	at = add_piece(at, frames);
	if (rec->have & PAGEOWNER_HAS_MIGRATE_REASON)
		at = add_line(t, at, &t->w->migrated, rec);
	at = add_memcg(t, at, rec);
	*at++ = '\n';
	if (t->failed)
		return po_fail_nomem(err, "report");
	to->len += (size_t)(at - begin);
	return at - begin;
}

/* --- parts --------------------------------------------------------------------------------------- */

/* Where a part is to be written, with room for so much. */
static char *begin(struct po_text *t, size_t max)
{
	t->part.len = 0;
	return po_buffer_room(&t->part, max);
}

static long end(const struct po_text *t, const char *at, const char **ret)
{
	*ret = t->part.text;
	return at - t->part.text;
}

long po_text_head(struct po_text *t, const struct pageowner_record *rec, const char **ret,
		  struct po_text_time *time, struct pageowner_error *err)
{
	const struct po_line *line = &t->w->head;
	char *at = begin(t, t->lines_max);

	*time = (struct po_text_time){ 0, 0 };
	if (!at)
		return po_fail_nomem(err, "report");
	for (unsigned i = 0; i < line->nr; i++) {
		char *from = at;
		at = add_items(t, at, &line->item[i], 1, rec);
		if (line->item[i].field == PO_ITEM_TS)
			*time = (struct po_text_time){ (size_t)(from - t->part.text), (size_t)(at - from) };
	}
	return end(t, at, ret);
}

long po_text_frames(struct po_text *t, const struct pageowner_stack *stack, const char **ret,
		    struct pageowner_error *err)
{
	struct piece frames = { "", 0 };

	if (stack && stack_text(t, stack, &frames) < 0)
		return po_fail_nomem(err, "report");
	*ret = frames.text;
	return (long)frames.len;
}

long po_text_rest(struct po_text *t, const struct pageowner_record *rec, const char **ret,
		  struct pageowner_error *err)
{
	char *at = begin(t, t->lines_max);

	if (!at)
		return po_fail_nomem(err, "report");
	if (rec->have & PAGEOWNER_HAS_MIGRATE_REASON)
		at = add_line(t, at, &t->w->migrated, rec);
	return end(t, add_memcg(t, at, rec), ret);
}

static bool has_item(const struct po_line *line, enum po_item_field field)
{
	for (unsigned i = 0; i < line->nr; i++)
		if (line->item[i].field == field)
			return true;
	return false;
}

/* Until 4.5 the flags that are told have one letter each, and gfp flags no names. */
static void set_letters(struct po_text *t, struct pageowner_record *rec)
{
	for (size_t i = 0; i < PO_NR_LETTERS; i++)
		t->letters[i] = has_letter(t->w, i, rec) ? t->w->letter[i].name : ' ';
	rec->flag_names = t->letters;
}

void po_text_names(struct po_text *t, struct pageowner_record *rec)
{
	const struct po_words *w = t->w;

	if ((rec->have & PAGEOWNER_HAS_GFP) && has_item(&w->head, PO_ITEM_GFP_NAMES))
		rec->gfp_names = gfp_names(t, rec->gfp_mask).text;
	if (has_item(&w->pfn, PO_ITEM_FLAG_LETTER))
		set_letters(t, rec);
	else if (rec->have & PAGEOWNER_HAS_FLAGS)
		rec->flag_names = flag_names(t, rec->flags).text;
	if (rec->have & PAGEOWNER_HAS_PAGE_TYPE)
		rec->page_type_name = migratetype(t, rec->page_type).text;
	if (rec->have & PAGEOWNER_HAS_BLOCK)
		rec->block_type_name = migratetype(t, rec->block_type).text;
	if (rec->have & PAGEOWNER_HAS_MIGRATE_REASON)
		rec->migrate_reason_name = name_of(t->reason, w->nr_reasons, rec->migrate_reason).text;
}

const struct po_words *po_text_words(const struct po_text *t)
{
	return t->w;
}

long po_text_line(struct po_text *t, const struct po_line *line, const struct pageowner_record *rec,
		  const char **ret, struct pageowner_error *err)
{
	char *at = begin(t, line_max(t, line));

	if (!at)
		return po_fail_nomem(err, "report");
	at = add_line(t, at, line, rec);
	return t->failed ? po_fail_nomem(err, "report") : end(t, at, ret);
}
