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

struct po_text {
	const struct po_words *w;
	unsigned ptr_digits;
	struct po_arena arena;
	struct cached gfp[CACHE_SLOTS], flags[CACHE_SLOTS];
	struct piece *stack;		/* by stack id */
	size_t nr_stack;
	char *buf;			/* the record at hand */
	size_t len, cap;
	char letters[PO_NR_LETTERS + 1]; /* page flags of the record at hand, of old kernels */
	size_t lines_max;		/* bytes that a record needs at most, but for its stack */
};

/* No item is longer than a list of flag names between a number and brackets. */
static size_t line_max(const struct po_line *line)
{
	size_t max = 0;

	for (unsigned i = 0; i < line->nr; i++)
		max += line->item[i].field == PO_ITEM_LITERAL ? line->item[i].len : NAMES_MAX + 64;
	return max;
}

int po_text_new(const struct po_words *words, unsigned ptr_digits, struct po_text **ret,
		struct pageowner_error *err)
{
	_cleanup_(po_freep) struct po_text *t = calloc(1, sizeof(*t));

	if (!t)
		return po_fail_nomem(err, "report");
	t->w = words;
	t->lines_max = line_max(&words->head) + line_max(&words->pfn) + line_max(&words->migrated) +
		       MEMCG_MAX;
	t->ptr_digits = ptr_digits;
	*ret = po_take(t);
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
	free(t->buf);
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

/* What the slot holds from now on; an empty text when there is no memory (text NULL tells). */
static struct piece keep(struct cached *slot, uint64_t key, const char *text, size_t len)
{
	free(slot->text);
	slot->text = strndup(text, len);
	slot->key = key;
	slot->len = slot->text ? len : 0;
	return (struct piece){ slot->text, slot->len };
}

static struct piece gfp_names(struct po_text *t, uint32_t gfp)
{
	struct cached *slot = slot_of(t->gfp, gfp);
	char buf[NAMES_MAX];

	if (slot->text && slot->key == gfp)
		return (struct piece){ slot->text, slot->len };
	return keep(slot, gfp, buf, put_names(buf, 0, gfp, t->w->gfp));
}

static struct piece flag_names(struct po_text *t, uint64_t flags)
{
	struct cached *slot = slot_of(t->flags, flags);
	char buf[NAMES_MAX];

	if (slot->text && slot->key == flags)
		return (struct piece){ slot->text, slot->len };
	return keep(slot, flags, buf, put_page_names(t->w, buf, 0, flags));
}

/* --- lines --------------------------------------------------------------------------------------- */

static void add(struct po_text *t, const char *text, size_t len)
{
	memcpy(t->buf + t->len, text, len);
	t->len += len;
}

static void add_string(struct po_text *t, const char *s)
{
	add(t, s, strlen(s));
}

static void add_number(struct po_text *t, enum po_item_style style, uint64_t v)
{
	char *to = t->buf + t->len;

	switch (style) {
	case PO_STYLE_SIGNED:
		t->len += po_put_signed(to, (int64_t)v);
		return;
	case PO_STYLE_HEX_PREFIX:
		memcpy(to, "0x", 2);
		t->len += 2 + po_put_hex(to + 2, v);
		return;
	case PO_STYLE_HEX:
		t->len += po_put_hex(to, v);
		return;
	default:
		t->len += po_put_decimal(to, v);
	}
}

/* %pGp since 5.16: number, names and fields. */
static void add_flags(struct po_text *t, const struct po_item *item, uint64_t flags)
{
	if (item->style != PO_STYLE_FULL) {
		add_number(t, item->style, flags);
		return;
	}
	struct piece names = flag_names(t, flags);
	add_number(t, PO_STYLE_HEX_PREFIX, flags);
	add(t, "(", 1);
	add(t, names.text, names.len);
	add(t, ")", 1);
}

/* A name by index; what the kernel would read past its table is marked rather than mimicked. */
static const char *name_of(const char *const *names, size_t nr, int32_t i)
{
	return i < 0 || (size_t)i >= nr ? "<unknown>" : names[i] ? names[i] : "(null)";
}

static void add_name(struct po_text *t, const char *const *names, size_t nr, int32_t i)
{
	add_string(t, name_of(names, nr, i));
}

/* Until 4.3 tails of compound pages have a flag of their own, which is in the mask; since 4.4 they have a bit elsewhere. */
static bool has_letter(const struct po_words *w, size_t i, const struct pageowner_record *rec)
{
	return (rec->flags & w->letter[i].mask) ||
	       (w->letter[i].name == 'C' && (rec->have & PAGEOWNER_HAS_TAIL_FLAG));
}

static void add_item(struct po_text *t, const struct po_item *item, const struct pageowner_record *rec)
{
	const struct po_words *w = t->w;
	struct piece p;

	switch (item->field) {
	case PO_ITEM_LITERAL:
		add(t, item->text, item->len);
		break;
	case PO_ITEM_ORDER:
		add_number(t, item->style, rec->order);
		break;
	case PO_ITEM_GFP:
		add_number(t, item->style, rec->gfp_mask);
		break;
	case PO_ITEM_GFP_NAMES:
		p = gfp_names(t, rec->gfp_mask);
		add(t, p.text, p.len);
		break;
	case PO_ITEM_PID:
		add_number(t, item->style, (uint64_t)rec->pid);
		break;
	case PO_ITEM_TGID:
		add_number(t, item->style, (uint64_t)rec->tgid);
		break;
	case PO_ITEM_COMM:
		add_string(t, rec->comm);
		break;
	case PO_ITEM_TS:
		add_number(t, item->style, rec->ts_ns);
		break;
	case PO_ITEM_FREE_TS:
		add_number(t, item->style, rec->free_ts_ns);
		break;
	case PO_ITEM_FREE_PID:
		add_number(t, item->style, (uint64_t)rec->free_pid);
		break;
	case PO_ITEM_FREE_TGID:
		add_number(t, item->style, (uint64_t)rec->free_tgid);
		break;
	case PO_ITEM_PFN:
		add_number(t, item->style, rec->pfn);
		break;
	case PO_ITEM_PAGE_TYPE:
		add_name(t, w->migratetype, w->nr_migratetypes, rec->page_type);
		break;
	case PO_ITEM_BLOCK:
		add_number(t, item->style, rec->block);
		break;
	case PO_ITEM_BLOCK_TYPE:
		if (item->style == PO_STYLE_STRING || rec->block_type < 0)
			add_name(t, w->migratetype, w->nr_migratetypes, rec->block_type);
		else
			add_number(t, item->style, (uint64_t)rec->block_type);
		break;
	case PO_ITEM_FALLBACK:
		add_string(t, rec->block_type != rec->page_type ? "Fallback" : "        ");
		break;
	case PO_ITEM_FLAG_LETTER:
		add(t, has_letter(w, item->len, rec) ? &w->letter[item->len].name : " ", 1);
		break;
	case PO_ITEM_FLAGS:
		add_flags(t, item, rec->flags);
		break;
	case PO_ITEM_FLAG_NAMES:
		p = flag_names(t, rec->flags);
		add(t, p.text, p.len);
		break;
	case PO_ITEM_REASON:
		add_name(t, w->reason, w->nr_reasons, rec->migrate_reason);
		break;
	}
}

static void add_line(struct po_text *t, const struct po_line *line, const struct pageowner_record *rec)
{
	for (unsigned i = 0; i < line->nr; i++)
		add_item(t, &line->item[i], rec);
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

static void add_memcg(struct po_text *t, const struct pageowner_record *rec)
{
	if ((rec->have & PAGEOWNER_HAS_SLAB_CHARGE) && t->w->slab_line)
		add_string(t, "Slab cache page\n");
	if (rec->have & PAGEOWNER_HAS_LOST_MEMCG)
		add_string(t, "Charged to <memcg: not in dump>\n");
	if (!(rec->have & PAGEOWNER_HAS_MEMCG))
		return;
	add_string(t, "Charged ");
	add_string(t, rec->memcg_objcg ? "(via objcg) to " : "to ");
	add_string(t, rec->memcg_offline ? "offline memcg " : "memcg ");
	add_string(t, rec->memcg);
	add_string(t, "\n");
}

static int make_room(struct po_text *t, size_t need)
{
	if (need <= t->cap)
		return PAGEOWNER_OK;
	char *grown = realloc(t->buf, need * 2);
	if (!grown)
		return PAGEOWNER_ENOMEM;
	t->buf = grown;
	t->cap = need * 2;
	return PAGEOWNER_OK;
}

long po_text_record(struct po_text *t, const struct pageowner_record *rec, const char **ret,
		    struct pageowner_error *err)
{
	struct piece frames = { "", 0 };
	const struct po_words *w = t->w;

	if ((rec->stack && stack_text(t, rec->stack, &frames) < 0) ||
	    !gfp_names(t, rec->gfp_mask).text || !flag_names(t, rec->flags).text ||
	    make_room(t, frames.len + t->lines_max) < 0)
		return po_fail_nomem(err, "report");
	t->len = 0;
	add_line(t, &w->head, rec);
	add_line(t, &w->pfn, rec);
	add(t, frames.text, frames.len);
	if (rec->have & PAGEOWNER_HAS_MIGRATE_REASON)
		add_line(t, &w->migrated, rec);
	add_memcg(t, rec);
	add(t, "\n", 1);
	*ret = t->buf;
	return (long)t->len;
}

/* --- parts --------------------------------------------------------------------------------------- */

static int begin(struct po_text *t, struct pageowner_error *err)
{
	t->len = 0;
	return make_room(t, t->lines_max) < 0 ? po_fail_nomem(err, "report") : PAGEOWNER_OK;
}

long po_text_head(struct po_text *t, const struct pageowner_record *rec, const char **ret,
		  struct po_text_time *time, struct pageowner_error *err)
{
	const struct po_line *line = &t->w->head;

	*time = (struct po_text_time){ 0, 0 };
	if (begin(t, err) < 0)
		return PAGEOWNER_ENOMEM;
	for (unsigned i = 0; i < line->nr; i++) {
		size_t at = t->len;
		add_item(t, &line->item[i], rec);
		if (line->item[i].field == PO_ITEM_TS)
			*time = (struct po_text_time){ at, t->len - at };
	}
	*ret = t->buf;
	return (long)t->len;
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
	if (begin(t, err) < 0)
		return PAGEOWNER_ENOMEM;
	if (rec->have & PAGEOWNER_HAS_MIGRATE_REASON)
		add_line(t, &t->w->migrated, rec);
	add_memcg(t, rec);
	*ret = t->buf;
	return (long)t->len;
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
		rec->page_type_name = name_of(w->migratetype, w->nr_migratetypes, rec->page_type);
	if (rec->have & PAGEOWNER_HAS_BLOCK)
		rec->block_type_name = name_of(w->migratetype, w->nr_migratetypes, rec->block_type);
	if (rec->have & PAGEOWNER_HAS_MIGRATE_REASON)
		rec->migrate_reason_name = name_of(w->reason, w->nr_reasons, rec->migrate_reason);
}

const struct po_words *po_text_words(const struct po_text *t)
{
	return t->w;
}

long po_text_line(struct po_text *t, const struct po_line *line, const struct pageowner_record *rec,
		  const char **ret, struct pageowner_error *err)
{
	t->len = 0;
	if (!gfp_names(t, rec->gfp_mask).text || !flag_names(t, rec->flags).text ||
	    make_room(t, line_max(line)) < 0)
		return po_fail_nomem(err, "report");
	add_line(t, line, rec);
	*ret = t->buf;
	return (long)t->len;
}
