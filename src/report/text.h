/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A record as the kernel's own page_owner file prints it, byte for byte. */
#ifndef PO_REPORT_TEXT_H
#define PO_REPORT_TEXT_H

#include <pageowner/record.h>

#include "base/sink.h"
#include "owner/words.h"

struct po_text;

/* words is borrowed; ptr_digits: hexadecimal digits of a pointer of that machine. */
int po_text_new(const struct po_words *words, unsigned ptr_digits, struct po_text **ret,
		struct pageowner_error *err);
void po_text_free(struct po_text *t);

/*
 * Append one record.  Returns its length; negative: out of memory.  Whether the kernel would have refused it is the
 * caller's to compare with words->record_max.
 */
long po_text_record(struct po_text *t, const struct pageowner_record *rec, struct po_buffer *to,
		    struct pageowner_error *err);

/*
 * Parts of it, borrowed until the next call, for those who need no more: the first line, and where in it the digits of the time of allocation
 * stand (len 0: nowhere); the lines of a stack; and the lines behind them, without the empty one.
 */
struct po_text_time {
	size_t at, len;
};

long po_text_head(struct po_text *t, const struct pageowner_record *rec, const char **ret,
		  struct po_text_time *time, struct pageowner_error *err);
long po_text_frames(struct po_text *t, const struct pageowner_stack *stack, const char **ret,
		    struct pageowner_error *err);
long po_text_rest(struct po_text *t, const struct pageowner_record *rec, const char **ret,
		  struct pageowner_error *err);

/* Fill in the names of a record that has numbers; borrowed until the next call. */
void po_text_names(struct po_text *t, struct pageowner_record *rec);

/* Single lines, for other texts made of the same words. */
const struct po_words *po_text_words(const struct po_text *t);
long po_text_line(struct po_text *t, const struct po_line *line, const struct pageowner_record *rec,
		  const char **ret, struct pageowner_error *err);

#endif
