/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "report/dumped.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/status.h"

static void put_string(struct po_sink *sink, const char *s)
{
	if (s)
		po_sink_put(sink, s, strlen(s));
}

static void __attribute__((format(printf, 2, 3))) put(struct po_sink *sink, const char *fmt, ...)
{
	char buf[512];
	va_list ap;

	va_start(ap, fmt);
	int len = vsnprintf(buf, sizeof(buf), fmt, ap);
	va_end(ap);
	if (len > 0)
		po_sink_put(sink, buf, strnlen(buf, sizeof(buf)));
}

/* Text that was rendered, or the failure to do so. */
static int put_rendered(struct po_sink *sink, long len, const char *text)
{
	if (len < 0)
		return (int)len;
	po_sink_put(sink, text, (size_t)len);
	return PAGEOWNER_OK;
}

static int put_line(struct po_text *t, struct po_sink *sink, const struct po_line *line,
		    const struct pageowner_record *rec, struct pageowner_error *err)
{
	const char *text = NULL;
	long len = po_text_line(t, line, rec, &text, err);

	return put_rendered(sink, len, text);
}

static int put_stack(struct po_text *t, struct po_sink *sink, const struct pageowner_stack *stack,
		     struct pageowner_error *err)
{
	const char *text = NULL;
	long len = po_text_frames(t, stack, &text, err);

	return put_rendered(sink, len, text);
}

/* --- the kernel's lines -------------------------------------------------------------------------- */

int po_dumped_put_release(struct po_text *t, struct po_sink *sink, const struct pageowner_record *rec,
			  struct pageowner_error *err)
{
	if (!(rec->have & PAGEOWNER_HAS_FREE_STACK))
		return PAGEOWNER_OK;
	int rc = put_line(t, sink, &po_text_words(t)->dumped.free, rec, err);
	return rc < 0 ? rc : put_stack(t, sink, rec->free_stack, err);
}

static int put_record(struct po_text *t, struct po_sink *sink, const struct pageowner_record *rec,
		      struct pageowner_error *err)
{
	const struct po_dumped_words *d = &po_text_words(t)->dumped;
	int rc = put_line(t, sink, &d->last, rec, err);

	if (rc == PAGEOWNER_OK && (rec->have & PAGEOWNER_HAS_STACK))
		rc = put_stack(t, sink, rec->stack, err);
	else if (rc == PAGEOWNER_OK)
		put_string(sink, d->no_stack);
	if (rc == PAGEOWNER_OK)
		rc = po_dumped_put_release(t, sink, rec, err);
	if (rc == PAGEOWNER_OK && (rec->have & PAGEOWNER_HAS_FREE_HANDLE) && !rec->free_handle)
		put_string(sink, d->no_free_stack);
	if (rc == PAGEOWNER_OK && (rec->have & PAGEOWNER_HAS_MIGRATE_REASON))
		rc = put_line(t, sink, &d->migrated, rec, err);
	return rc;
}

int po_dumped_put(struct po_text *t, struct po_sink *sink, enum pageowner_owned owned,
		  const struct pageowner_record *rec, struct pageowner_error *err)
{
	const struct po_dumped_words *d = &po_text_words(t)->dumped;

	switch (owned) {
	case PAGEOWNER_OWNED_UNKNOWN:
		return PAGEOWNER_OK;
	case PAGEOWNER_OWNED_NO_EXT:
		put_string(sink, d->no_ext);
		return PAGEOWNER_OK;
	case PAGEOWNER_OWNED_NEVER:
		put_string(sink, d->no_info);
		return PAGEOWNER_OK;
	case PAGEOWNER_OWNED_FREED:
		put_string(sink, d->freed);
		break;
	case PAGEOWNER_OWNED_NOW:
		put_string(sink, d->allocated);
		break;
	}
	return put_record(t, sink, rec, err);
}

const char *pageowner_page_state_words(enum pageowner_page_state state)
{
	static const char *const words[PAGEOWNER_NR_PAGE_STATES] = {
		[PAGEOWNER_PAGE_NONE] = "no memory there",
		[PAGEOWNER_PAGE_BUDDY] = "free in the buddy allocator",
		[PAGEOWNER_PAGE_ALLOCATED] = "allocated",
		[PAGEOWNER_PAGE_FREED] = "freed, but not in the buddy allocator",
		[PAGEOWNER_PAGE_RESERVED] = "reserved",
		[PAGEOWNER_PAGE_UNTRACKED] = "not known to page_owner",
		[PAGEOWNER_PAGE_MISSING] = "not in the dump",
	};

	return (unsigned)state < PAGEOWNER_NR_PAGE_STATES ? words[state] : "unknown";
}

/* --- with our own around them -------------------------------------------------------------------- */

int po_dumped_put_freed(struct po_text *t, struct po_sink *sink, const struct pageowner_record *rec,
			struct pageowner_error *err)
{
	put(sink, "PFN 0x%" PRIx64 "\n", rec->pfn);
	int rc = po_dumped_put(t, sink, PAGEOWNER_OWNED_FREED, rec, err);
	put(sink, "\n");
	return rc;
}

static int put_flags(struct po_text *t, struct po_sink *sink, uint64_t flags, struct pageowner_error *err)
{
	/* a kernel that prints no names has no table of them */
	const bool named = po_text_words(t)->page[0].name;
	const struct po_line line = {
		.nr = 1,
		.item = { { PO_ITEM_FLAGS, named ? PO_STYLE_FULL : PO_STYLE_HEX_PREFIX, NULL, 0 } },
	};
	const struct pageowner_record rec = { .flags = flags };
	int rc = put_line(t, sink, &line, &rec, err);

	put(sink, "\n");
	return rc;
}

static void put_state(struct po_sink *sink, const struct pageowner_page *page)
{
	put(sink, "state: %s", pageowner_page_state_words(page->state));
	if (page->have & PAGEOWNER_PAGE_HAS_BUDDY)
		put(sink, ", in a block of order %u at PFN 0x%" PRIx64, page->buddy_order, page->buddy_pfn);
	put(sink, "\n");
}

/* The lines before the owner's. */
static int put_frame(struct po_text *t, struct po_sink *sink, const struct pageowner_page *page,
		     struct pageowner_error *err)
{
	int rc = PAGEOWNER_OK;

	put(sink, "PFN 0x%" PRIx64 " (%" PRIu64 "), physical address 0x%" PRIx64, page->pfn, page->pfn, page->paddr);
	if (page->struct_page)
		put(sink, ", struct page 0x%" PRIx64, page->struct_page);
	put(sink, "\n");
	put_state(sink, page);
	if (page->have & PAGEOWNER_PAGE_HAS_FLAGS) {
		put(sink, "flags: ");
		rc = put_flags(t, sink, page->flags, err);
	}
	if (page->have & PAGEOWNER_PAGE_HAS_HEAD)
		put(sink, "compound head: PFN 0x%" PRIx64 "\n", page->head_pfn);
	if (rc == PAGEOWNER_OK && (page->have & PAGEOWNER_PAGE_HAS_HEAD_FLAGS)) {
		put(sink, "flags of the head: ");
		rc = put_flags(t, sink, page->head_flags, err);
	}
	if (page->have & PAGEOWNER_PAGE_HAS_SLAB) {
		put_string(sink, "slab cache: ");
		po_sink_put_plain(sink, page->slab_cache, strlen(page->slab_cache));
		put_string(sink, "\n");
	}
	if (page->have & PAGEOWNER_PAGE_HAS_TAG) {
		put_string(sink, "allocated at: ");
		po_sink_put_plain(sink, page->tag, strlen(page->tag));
		put_string(sink, "\n");
	}
	return rc;
}

int po_dumped_put_page(struct po_text *t, struct po_sink *sink, const char *title, const struct pageowner_page *page,
		       struct pageowner_error *err)
{
	po_sink_put_plain(sink, title, strlen(title));
	put_string(sink, ": ");
	int rc = put_frame(t, sink, page, err);
	if (rc < 0)
		return rc;
	if ((page->have & PAGEOWNER_PAGE_HAS_RECORD) && page->record.pfn != page->pfn)
		put(sink, "owner: that of PFN 0x%" PRIx64 "\n", page->record.pfn);
	rc = po_dumped_put(t, sink, page->owned, &page->record, err);
	put(sink, "\n");
	return rc;
}
