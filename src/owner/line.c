/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The kernel's format strings, read field by field.  A conversion is known by the word before it and by
 * what it converts, so an added, dropped or moved field is followed without knowing the version; a word
 * that is not in the table is an unknown field, and is said rather than guessed.
 */
#include <string.h>

#include "base/status.h"
#include "owner/words.h"

#define MAX_SOURCE 1024

struct meaning {
	const char *word;	/* the last word before the conversion */
	const char *conv;	/* the conversion, without flags, width and length */
	enum po_item_field field;
};

static const struct meaning meanings[] = {
	{ "order", "u", PO_ITEM_ORDER },
	{ "mask", "x", PO_ITEM_GFP },
	{ "(", "pGg", PO_ITEM_GFP_NAMES },
	{ "pid", "d", PO_ITEM_PID },
	{ "tgid", "d", PO_ITEM_TGID },
	{ "(", "s", PO_ITEM_COMM },
	{ "ts", "u", PO_ITEM_TS },
	{ "free_ts", "u", PO_ITEM_FREE_TS },
	{ "PFN", "u", PO_ITEM_PFN },
	{ "PFN", "x", PO_ITEM_PFN },
	{ "type", "s", PO_ITEM_PAGE_TYPE },	/* the second one is the block's */
	{ "type", "d", PO_ITEM_BLOCK_TYPE },	/* until 4.5 */
	{ "Flags", "s", PO_ITEM_FLAG_LETTER },
	{ "Block", "u", PO_ITEM_BLOCK },
	{ "Flags", "x", PO_ITEM_FLAGS },
	{ "Flags", "pGp", PO_ITEM_FLAGS },
	{ "(", "pGp", PO_ITEM_FLAG_NAMES },
	{ "reason:", "s", PO_ITEM_REASON },
	/* in dump_page_owner() */
	{ "migratetype", "s", PO_ITEM_PAGE_TYPE },
	{ "gfp_mask", "x", PO_ITEM_GFP },
};

/* A conversion as it stands in the string. */
struct conversion {
	char conv[4];
	bool alternate;		/* # */
	size_t len;		/* characters of the string, % included */
};

static bool parse_conversion(const char *at, struct conversion *c)
{
	const char *p = at + 1;

	*c = (struct conversion){ .len = 0 };
	if (*p == '#') {
		c->alternate = true;
		p++;
	}
	while (*p == 'l' || *p == 'h' || *p == 'z')
		p++;
	if (!strncmp(p, "pGg", 3) || !strncmp(p, "pGp", 3)) {
		memcpy(c->conv, p, 3);
		p += 3;
	} else if (*p && strchr("udxs", *p)) {
		c->conv[0] = *p++;
	} else {
		return false;
	}
	c->len = (size_t)(p - at);
	return true;
}

/* The word that ends a literal: "(" by itself, else up to the last space; a 0x at the end is passed over. */
static size_t last_word(const char *text, size_t len, const char **ret)
{
	if (len && text[len - 1] == '(') {
		*ret = text + len - 1;
		return 1;
	}
	if (len >= 2 && !memcmp(text + len - 2, "0x", 2))
		len -= 2;
	while (len && text[len - 1] == ' ')
		len--;
	size_t from = len;
	while (from && text[from - 1] != ' ' && text[from - 1] != '\n')
		from--;
	*ret = text + from;
	return len - from;
}

/* The last conversion so far; NULL: none. */
static const struct po_item *last_field(const struct po_line *f)
{
	for (unsigned i = f->nr; i-- > 0;)
		if (f->item[i].field != PO_ITEM_LITERAL)
			return &f->item[i];
	return NULL;
}

/* A string without a word before it goes on from the conversion before. */
static bool find_continued(const struct po_line *f, struct po_item *ret)
{
	const struct po_item *last = last_field(f);

	if (last && last->field == PO_ITEM_BLOCK_TYPE && last->style == PO_STYLE_SIGNED) {
		ret->field = PO_ITEM_FALLBACK;
		return true;
	}
	if (last && last->field == PO_ITEM_FLAG_LETTER && last->len + 1 < PO_NR_LETTERS) {
		ret->field = PO_ITEM_FLAG_LETTER;
		ret->len = last->len + 1;
		return true;
	}
	return false;
}

static bool find_field(const struct po_line *f, const char *word, size_t word_len, const char *conv,
		       struct po_item *ret)
{
	if (!word_len && !strcmp(conv, "s"))
		return find_continued(f, ret);
	for (size_t i = 0; i < sizeof(meanings) / sizeof(*meanings); i++) {
		const struct meaning *m = &meanings[i];
		if (strlen(m->word) != word_len || memcmp(m->word, word, word_len) ||
		    strcmp(m->conv, conv))
			continue;
		ret->field = m->field;
		for (unsigned k = 0; k < f->nr; k++)
			if (f->item[k].field == PO_ITEM_PAGE_TYPE && m->field == PO_ITEM_PAGE_TYPE)
				ret->field = PO_ITEM_BLOCK_TYPE;
		return true;
	}
	return false;
}

/* Letters have no names in the string: of any other number it is not known which flags they are. */
static int check_letters(const struct po_line *f, struct pageowner_error *err)
{
	const struct po_item *last = last_field(f);

	if (last && last->field == PO_ITEM_FLAG_LETTER && last->len + 1 != PO_NR_LETTERS)
		return po_fail(err, PAGEOWNER_EUNSUPP,
			       "this kernel prints %zu page flags as letters, not %d: \"%.*s\"",
			       last->len + 1, PO_NR_LETTERS, (int)strcspn(f->source, "\n"), f->source);
	return PAGEOWNER_OK;
}

static enum po_item_style style_of(const struct conversion *c, enum po_item_field field)
{
	switch (c->conv[0]) {
	case 'u':
		return PO_STYLE_DECIMAL;
	case 'd':
		return PO_STYLE_SIGNED;
	case 'x':
		return c->alternate ? PO_STYLE_HEX_PREFIX : PO_STYLE_HEX;
	case 'p':
		return field == PO_ITEM_FLAGS ? PO_STYLE_FULL : PO_STYLE_NAMES;
	default:
		return PO_STYLE_STRING;
	}
}

int po_line_parse(struct po_line *f, const char *source, struct pageowner_error *err)
{
	const char *literal = source, *p = source;

	if (strlen(source) > MAX_SOURCE)
		return po_fail(err, PAGEOWNER_ECORRUPT, "a format string of %zu characters",
			       strlen(source));

	f->source = source;
	f->nr = 0;
	for (;;) {
		p += strcspn(p, "%");
		if (f->nr + 2 > PO_MAX_ITEMS)
			return po_fail(err, PAGEOWNER_EUNSUPP, "format \"%.*s\": too many fields",
				       (int)strcspn(source, "\n"), source);
		if (p > literal)
			f->item[f->nr++] = (struct po_item){ PO_ITEM_LITERAL, PO_STYLE_STRING, literal,
							     (size_t)(p - literal) };
		if (!*p)
			return check_letters(f, err);

		struct conversion c;
		struct po_item item = { .text = NULL };
		const char *word;
		size_t word_len = last_word(literal, (size_t)(p - literal), &word);
		if (!parse_conversion(p, &c) || !find_field(f, word, word_len, c.conv, &item))
			return po_fail(err, PAGEOWNER_EUNSUPP,
				       "this kernel prints a field that is not known: \"%.*s\" \"%.*s\" in \"%.*s\"",
				       (int)word_len, word, (int)strnlen(p, 8), p,
				       (int)strcspn(source, "\n"), source);
		item.style = style_of(&c, item.field);
		f->item[f->nr++] = item;
		p += c.len;
		literal = p;
	}
}
