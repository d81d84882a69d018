/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One page frame: from any of its names to all that is known of it. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <pageowner/lookup.h>

#include "base/cleanup.h"
#include "base/status.h"
#include "kernel/codetags.h"
#include "kernel/slab.h"
#include "kernel/task.h"
#include "lib/session.h"
#include "owner/record.h"
#include "report/dumped.h"

#define MAX_PAGE_BYTES	256	/* of a struct page, as po_memmap_open() allows */

struct pageowner_lookup {
	struct pageowner_session *s;
	struct po_reader reader;
	struct po_text *text;
	uint8_t *ext;		/* one page_ext entry */
	struct po_codetag tag;
};

int pageowner_lookup_new(struct pageowner_session *s, struct pageowner_lookup **ret, struct pageowner_error *err)
{
	struct pageowner_error unheard;
	int rc = pageowner_ready(s, err);

	if (rc < 0)
		return rc;
	if (s->text)
		return po_fail(err, PAGEOWNER_EINVAL, "a text does not hold page frames: a dump is needed");
	err = err ? err : &unheard;
	_cleanup_(po_freep) struct pageowner_lookup *lk = calloc(1, sizeof(*lk));
	if (!lk)
		return po_fail_nomem(err, "lookup");
	const struct po_record_base base = { &s->kernel, &s->words, &s->depot, s->symbols, s->mem };
	lk->s = s;
	rc = po_reader_init(&lk->reader, &base, err);
	if (rc < 0)
		return rc;
	rc = po_text_new(&s->words, s->kernel.abi.ptr_size * 2u, &lk->text, err);
	struct pageowner_lookup *done = po_take(lk);
	if (rc == PAGEOWNER_OK && !(done->ext = malloc(s->kernel.ext.stride)))
		rc = po_fail_nomem(err, "lookup");
	if (rc < 0) {
		pageowner_lookup_free(done);
		return rc;
	}
	*ret = done;
	err->code = PAGEOWNER_OK;
	if (s->words.dumped.trouble)
		po_fail(err, PAGEOWNER_EUNSUPP, "%s", s->words.dumped.trouble);
	return PAGEOWNER_OK;
}

void pageowner_lookup_free(struct pageowner_lookup *lk)
{
	if (!lk)
		return;
	po_text_free(lk->text);
	po_reader_fini(&lk->reader);
	free(lk->ext);
	free(lk);
}

/* --- which page frame ---------------------------------------------------------------------------- */

static int find_kva(struct pageowner_lookup *lk, uint64_t kva, uint64_t *ret_pfn, struct pageowner_error *err)
{
	const struct po_kernel *k = &lk->s->kernel;
	uint64_t paddr;
	int rc = po_memory_translate(lk->reader.mem, kva, &paddr, err);

	*ret_pfn = paddr >> k->page_shift;
	return rc;
}

/* A number without a word before it: see PAGEOWNER_TARGET_ANY. */
static enum pageowner_target_kind kind_of(struct pageowner_lookup *lk, uint64_t value)
{
	const struct po_kernel *k = &lk->s->kernel;
	uint64_t other;

	if (value < k->max_pfn)
		return PAGEOWNER_TARGET_PFN;
	if (po_memmap_pfn_of(&k->map, value, &other))
		return PAGEOWNER_TARGET_PAGE;
	if (k->abi.ptr_size == 8)
		return value >> 63 ? PAGEOWNER_TARGET_VIRT : PAGEOWNER_TARGET_PHYS;
	/* where the kernel's part of 32 bits begins is a matter of configuration, what is mapped is not */
	return value <= UINT32_MAX && po_memory_translate(lk->reader.mem, value, &other, NULL) == PAGEOWNER_OK ?
		       PAGEOWNER_TARGET_VIRT : PAGEOWNER_TARGET_PHYS;
}

int pageowner_lookup_find(struct pageowner_lookup *lk, const struct pageowner_target *target, uint64_t *ret_pfn,
			  struct pageowner_error *err)
{
	const struct po_kernel *k = &lk->s->kernel;
	uint64_t value = target->value, pfn = value, paddr;
	int rc = PAGEOWNER_OK;

	switch (target->kind == PAGEOWNER_TARGET_ANY ? kind_of(lk, value) : target->kind) {
	case PAGEOWNER_TARGET_PFN:
		break;
	case PAGEOWNER_TARGET_PHYS:
		pfn = value >> k->page_shift;
		break;
	case PAGEOWNER_TARGET_PAGE:
		if (!po_memmap_pfn_of(&k->map, value, &pfn))
			return po_fail(err, PAGEOWNER_EINVAL, "no struct page begins at 0x%" PRIx64, value);
		break;
	case PAGEOWNER_TARGET_VIRT:
		rc = find_kva(lk, value, &pfn, err);
		break;
	case PAGEOWNER_TARGET_USER:
		rc = po_task_translate(k, lk->reader.mem, target->pid, value, &paddr, err);
		pfn = rc < 0 ? 0 : paddr >> k->page_shift;
		break;
	default:
		return po_fail(err, PAGEOWNER_EINVAL, "a target of an unknown kind");
	}
	if (rc < 0)
		return rc;
	if (pfn >= k->max_pfn && !po_memmap_chunk(&k->map, pfn, false))
		return po_fail(err, PAGEOWNER_EINVAL, "PFN 0x%" PRIx64 ": this machine's page frames end at 0x%" PRIx64,
			       pfn, k->max_pfn);
	*ret_pfn = pfn;
	return PAGEOWNER_OK;
}

/* --- what is known of it ------------------------------------------------------------------------- */

/* Keep the first thing that is wrong; the rest of a page frame is told all the same. */
static void keep_flaw(struct pageowner_error *err, const struct pageowner_error *flaw)
{
	if (err->code == PAGEOWNER_OK)
		*err = *flaw;
}

/* The bytes of a struct page: 1; 0: there is none; negative: it is not in the dump. */
static int read_page(struct pageowner_lookup *lk, uint64_t pfn, uint8_t *raw, uint64_t *ret_kva,
		     struct pageowner_error *err)
{
	const struct po_kernel *k = &lk->s->kernel;
	const struct po_chunk *c = po_memmap_chunk(&k->map, pfn, false);

	*ret_kva = 0;
	if (!c || !po_pfn_valid(k, pfn))
		return 0;
	*ret_kva = po_wrap(&k->abi, c->mem_map + (pfn - c->pfn) * k->map.page_size);
	int rc = po_memory_read(lk->reader.mem, *ret_kva, raw, k->map.page_size, err);
	return rc < 0 ? po_within(err, rc, "struct page of PFN 0x%" PRIx64, pfn) : 1;
}

/* The page_ext entry of a page that is valid, into lk->ext; as read_page(). */
static int read_ext(struct pageowner_lookup *lk, uint64_t pfn, struct pageowner_error *err)
{
	const struct po_kernel *k = &lk->s->kernel;
	const struct po_chunk *c = po_memmap_chunk(&k->map, pfn, false);

	if (!c || !c->page_ext)
		return 0;
	int rc = po_memory_read(lk->reader.mem, c->page_ext + (pfn - c->pfn) * k->ext.stride, lk->ext,
				k->ext.stride, err);
	return rc < 0 ? po_within(err, rc, "page_ext entry of PFN 0x%" PRIx64, pfn) : 1;
}

/* The free block that a page is in, which its first page alone tells of.  False: what may tell is not in the dump. */
static bool find_buddy(struct pageowner_lookup *lk, struct pageowner_page *p)
{
	const struct po_kernel *k = &lk->s->kernel;
	uint8_t raw[MAX_PAGE_BYTES];
	uint64_t kva, last = UINT64_MAX;
	bool sure = true;

	for (unsigned order = 0; order <= k->max_order; order++) {
		uint64_t pfn = p->pfn & ~(((uint64_t)1 << order) - 1);

		if (pfn == last)
			continue;
		last = pfn;
		int rc = read_page(lk, pfn, raw, &kva, NULL);
		sure &= rc >= 0;
		if (rc != 1 || !po_page_is_buddy(k, raw))
			continue;
		uint64_t size = po_page_private(k, raw);
		if (size > k->max_order || p->pfn - pfn >= (uint64_t)1 << size)
			continue;
		p->buddy_pfn = pfn;
		p->buddy_order = (uint32_t)size;
		p->have |= PAGEOWNER_PAGE_HAS_BUDDY;
		return true;
	}
	return sure;
}

/* head: the bytes of the struct page of the compound page's head, or of the page itself. */
static void find_slab(struct pageowner_lookup *lk, const uint8_t *head, struct pageowner_page *p,
		      struct pageowner_error *err)
{
	const struct po_kernel *k = &lk->s->kernel;
	struct pageowner_error flaw;

	if (!po_page_is_slab(k, head))
		return;
	if (po_slab_cache_name(k, lk->reader.mem, head, p->slab_cache, sizeof(p->slab_cache), &flaw) < 0) {
		keep_flaw(err, &flaw);
		return;
	}
	p->have |= PAGEOWNER_PAGE_HAS_SLAB;
}

/* Where a tail's head is; its bytes come into raw, over those of the tail.  False: told in err. */
static bool find_head(struct pageowner_lookup *lk, uint8_t *raw, struct pageowner_page *p,
		      struct pageowner_error *err)
{
	const struct po_kernel *k = &lk->s->kernel;
	uint64_t at = po_page_head(k, p->struct_page, raw), kva;
	struct pageowner_error flaw;

	if (!po_memmap_pfn_of(&k->map, at, &p->head_pfn) || p->head_pfn >= p->pfn) {
		po_fail(&flaw, PAGEOWNER_ECORRUPT, "compound head: 0x%" PRIx64 " is no struct page before it", at);
		keep_flaw(err, &flaw);
		return false;
	}
	p->have |= PAGEOWNER_PAGE_HAS_HEAD;
	int rc = read_page(lk, p->head_pfn, raw, &kva, &flaw);
	if (rc < 0)
		keep_flaw(err, &flaw);
	if (rc <= 0)
		return false;
	p->head_flags = po_page_flags(k, raw);
	p->have |= PAGEOWNER_PAGE_HAS_HEAD_FLAGS;
	return true;
}

/* What the struct page tells. */
static void describe_page(struct pageowner_lookup *lk, const uint8_t *page, struct pageowner_page *p,
			  struct pageowner_error *err)
{
	const struct po_kernel *k = &lk->s->kernel;
	uint8_t head[MAX_PAGE_BYTES];

	p->flags = po_page_flags(k, page);
	p->have |= PAGEOWNER_PAGE_HAS_FLAGS;
	memcpy(head, page, k->map.page_size);
	if (!po_page_is_tail(k, page) || find_head(lk, head, p, err))
		find_slab(lk, head, p, err);
}

/* Of the record in lk->ext, of the page frame in p->record.pfn. */
static int read_record(struct pageowner_lookup *lk, const uint8_t *page, struct pageowner_page *p,
		       struct pageowner_error *err)
{
	const struct po_chunk *c = po_memmap_chunk(&lk->s->kernel.map, p->record.pfn, false);
	struct pageowner_error flaw = { .code = PAGEOWNER_OK };

	po_record_peek(&lk->reader, lk->ext, &p->record);
	int rc = po_record_read(&lk->reader, c, lk->ext, page, &p->record, &flaw);
	if (rc == 1)
		rc = po_record_read_free(&lk->reader, lk->ext, &p->record, &flaw);
	if (rc < 0)
		return po_fail_nomem(err, "lookup");
	if (p->record.order > 31)
		po_fail(&flaw, PAGEOWNER_ECORRUPT, "its record is of order %u", p->record.order);
	keep_flaw(err, &flaw);
	p->have |= PAGEOWNER_PAGE_HAS_RECORD;
	return PAGEOWNER_OK;
}

/* Before 5.4 the first page of an allocation alone has a record: whether one before this reaches over it. */
static bool find_first(struct pageowner_lookup *lk, struct pageowner_page *p)
{
	for (unsigned order = 1; order <= lk->s->kernel.max_order; order++) {
		uint64_t pfn = p->pfn & ~(((uint64_t)1 << order) - 1);

		if (pfn == p->pfn || read_ext(lk, pfn, NULL) != 1 ||
		    po_record_owned(&lk->reader, lk->ext) != PO_OWNED_NOW)
			continue;
		po_record_peek(&lk->reader, lk->ext, &p->record);
		if (p->record.order > 31 || p->pfn - pfn >= (uint64_t)1 << p->record.order)
			continue;
		p->record.pfn = pfn;
		return true;
	}
	return false;
}

/* ext: lk->ext holds the entry of this page. */
static void find_tag(struct pageowner_lookup *lk, const uint8_t *page, bool ext, struct pageowner_page *p,
		     struct pageowner_error *err)
{
	const struct po_kernel *k = &lk->s->kernel;
	struct pageowner_error flaw;
	char text[PO_CODETAG_TEXT];
	uint64_t at;
	int rc = po_codetag_of_page(k, lk->reader.mem, page, ext ? lk->ext : NULL, &at, &flaw);

	if (rc == 0)
		return;
	if (rc == 1)
		rc = po_codetag_read(k, lk->reader.mem, at, &lk->tag, &flaw);
	if (rc < 0) {
		keep_flaw(err, &flaw);
		return;
	}
	po_codetag_text(&lk->tag, text);
	size_t len = strnlen(text, sizeof(p->tag) - 1);
	memcpy(p->tag, text, len);
	p->tag[len] = '\0';
	p->have |= PAGEOWNER_PAGE_HAS_TAG;
}

static int describe_owner(struct pageowner_lookup *lk, const uint8_t *page, struct pageowner_page *p,
			  struct pageowner_error *err)
{
	struct pageowner_error flaw;
	int rc = read_ext(lk, p->pfn, &flaw);

	if (rc < 0)
		keep_flaw(err, &flaw);
	find_tag(lk, page, rc == 1, p, err);
	if (rc <= 0) {
		p->owned = rc < 0 ? PAGEOWNER_OWNED_UNKNOWN : PAGEOWNER_OWNED_NO_EXT;
		return PAGEOWNER_OK;
	}
	enum po_owned owned = po_record_owned(&lk->reader, lk->ext);
	if (owned == PO_OWNED_NEVER && !po_reader_keeps_freed(&lk->reader) &&
	    !(p->have & PAGEOWNER_PAGE_HAS_BUDDY) && find_first(lk, p)) {
		owned = PO_OWNED_NOW;
		page = NULL;	/* it is not that of the record */
	}
	p->owned = owned == PO_OWNED_NEVER ? PAGEOWNER_OWNED_NEVER :
		   owned == PO_OWNED_FREED ? PAGEOWNER_OWNED_FREED : PAGEOWNER_OWNED_NOW;
	return owned == PO_OWNED_NEVER ? PAGEOWNER_OK : read_record(lk, page, p, err);
}

/* sure: if it were in a free block, that would be known. */
static enum pageowner_page_state state_of(const struct po_layout *l, const struct pageowner_page *p, bool sure)
{
	bool reserved = (p->have & PAGEOWNER_PAGE_HAS_FLAGS) && PO_HAS_ENUM(l, PG_reserved) &&
			(p->flags >> (PO_ENUM(l, PG_reserved) & 63) & 1);

	if (p->have & PAGEOWNER_PAGE_HAS_BUDDY)
		return PAGEOWNER_PAGE_BUDDY;
	if (p->owned == PAGEOWNER_OWNED_NOW)
		return PAGEOWNER_PAGE_ALLOCATED;
	if (reserved)
		return PAGEOWNER_PAGE_RESERVED;
	if (p->owned == PAGEOWNER_OWNED_UNKNOWN || !sure)
		return PAGEOWNER_PAGE_MISSING;
	return p->owned == PAGEOWNER_OWNED_FREED ? PAGEOWNER_PAGE_FREED : PAGEOWNER_PAGE_UNTRACKED;
}

int pageowner_lookup_page(struct pageowner_lookup *lk, uint64_t pfn, struct pageowner_page *ret,
			  struct pageowner_error *err)
{
	const struct po_kernel *k = &lk->s->kernel;
	struct pageowner_error unheard, flaw;
	uint8_t page[MAX_PAGE_BYTES];

	err = err ? err : &unheard;
	err->code = PAGEOWNER_OK;
	err->text[0] = '\0';
	*ret = (struct pageowner_page){ .pfn = pfn, .paddr = pfn << k->page_shift, .record.pfn = pfn };
	int there = read_page(lk, pfn, page, &ret->struct_page, &flaw), rc = PAGEOWNER_OK;
	bool sure = false;

	if (there < 0)
		keep_flaw(err, &flaw);
	if (there == 0) {
		ret->state = k->map.lost_pfns ? PAGEOWNER_PAGE_MISSING : PAGEOWNER_PAGE_NONE;
		if (k->map.lost_pfns)
			po_fail(err, PAGEOWNER_ENODATA, "its memory section may be one that is not in the dump");
		return PAGEOWNER_OK;
	}
	if (there == 1) {
		sure = find_buddy(lk, ret);
		describe_page(lk, page, ret, err);
	}
	rc = describe_owner(lk, there == 1 ? page : NULL, ret, err);
	ret->state = state_of(&k->l, ret, sure);
	return rc;
}

int pageowner_lookup_write(struct pageowner_lookup *lk, const char *title, const struct pageowner_page *page,
			   const struct pageowner_sink *sink, struct pageowner_error *err)
{
	if (!sink || sink->size < sizeof(*sink) || !sink->write)
		return po_fail(err, PAGEOWNER_EINVAL, "lookup: no sink");
	_cleanup_(po_freep) struct po_sink *out = malloc(sizeof(*out));
	if (!out)
		return po_fail_nomem(err, "lookup");
	po_sink_init(out, sink->write, sink->self);
	int rc = po_dumped_put_page(lk->text, out, title, page, err);
	if (po_sink_flush(out))
		return po_fail(err, PAGEOWNER_EIO, "%s", strerror(out->error));
	return rc;
}
