/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A page frame as dump_page() of its kernel would tell of its owner, and what else is known of it. */
#ifndef PO_REPORT_DUMPED_H
#define PO_REPORT_DUMPED_H

#include <pageowner/lookup.h>

#include "report/text.h"

/* The lines of dump_page_owner(), without the level that printk() takes off. */
int po_dumped_put(struct po_text *t, struct po_sink *sink, enum pageowner_owned owned,
		  const struct pageowner_record *rec, struct pageowner_error *err);

/* Those about the release alone; none if nothing was saved of it. */
int po_dumped_put_release(struct po_text *t, struct po_sink *sink, const struct pageowner_record *rec,
			  struct pageowner_error *err);

/* A record of a freed page: its PFN, the lines and an empty one. */
int po_dumped_put_freed(struct po_text *t, struct po_sink *sink, const struct pageowner_record *rec,
			struct pageowner_error *err);

/* As pageowner_lookup_write(). */
int po_dumped_put_page(struct po_text *t, struct po_sink *sink, const char *title, const struct pageowner_page *page,
		       struct pageowner_error *err);

#endif
