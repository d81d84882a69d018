/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A saved text of page_owner, of any kernel since 3.19, as a source of records: read once, in order, from a file
 * or a pipe, in memory that grows with the distinct stacks alone.
 */
#ifndef PO_OWNER_SAVED_H
#define PO_OWNER_SAVED_H

#include <stdbool.h>

#include <pageowner/record.h>

struct po_saved_text;
struct po_saved;

/* What each record begins with. */
#define PO_SAVED_BEGIN "Page allocated via order "

/* path "-": standard input. */
int po_saved_open(const char *path, struct po_saved_text **ret, struct pageowner_error *err);
void po_saved_close(struct po_saved_text *t);
const char *po_saved_path(const struct po_saved_text *t);
/* Bytes of it; 0: only its end will tell. */
uint64_t po_saved_size(const struct po_saved_text *t);
/* Of so many readers at most each can have a part of its own; 1: it is a stream. */
unsigned po_saved_parts(const struct po_saved_text *t, unsigned wanted);

/*
 * A reader of the records in part 0 … parts - 1, with PFNs in [first, last].  Readers of different parts may
 * run in different threads; a stream has one reader in all.
 */
int po_saved_new(struct po_saved_text *t, unsigned part, unsigned parts, uint64_t first, uint64_t last,
		 struct po_saved **ret, struct pageowner_error *err);
void po_saved_free(struct po_saved *r);

/*
 * As pageowner_iter_next().  A record that has a line or field which is not known is served, with what is known
 * of it and a flaw in err.
 */
int po_saved_next(struct po_saved *r, struct pageowner_record *rec, struct pageowner_error *err);
void po_saved_coverage(const struct po_saved *r, struct pageowner_coverage *ret);

#endif
