/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "synth/world.h"

#include <stdlib.h>
#include <string.h>

#include "base/status.h"

struct world_image {
	struct po_image img;
	struct world *w;
};

static struct world *world_of(const struct po_image *img)
{
	return ((const struct world_image *)img)->w;
}

static struct world_page *find_page(const struct world *w, uint64_t paddr)
{
	for (size_t i = 0; i < w->nr; i++)
		if (w->page[i]->paddr == paddr / WORLD_PAGE * WORLD_PAGE)
			return w->page[i];
	return NULL;
}

static bool in_range(const struct world *w, uint64_t paddr)
{
	for (unsigned i = 0; i < w->nr_ranges; i++)
		if (paddr - w->range[i].start < w->range[i].len)
			return true;
	return false;
}

/* Never more than a page at a time, which the contract of the op allows. */
static enum po_cause image_read(struct po_image *img, uint64_t paddr, void *buf, size_t len,
				size_t *done)
{
	struct world *w = world_of(img);
	const struct world_page *p = find_page(w, paddr);
	size_t at = (size_t)(paddr % WORLD_PAGE);

	w->nr_reads++;
	*done = 0;
	if (len > WORLD_PAGE - at)
		len = WORLD_PAGE - at;
	if (!p && !in_range(w, paddr))
		return PO_HOLE;
	if (p && p->cause != PO_HAVE && p->cause != PO_ZEROED)
		return p->cause;
	if (p && p->cause == PO_HAVE)
		memcpy(buf, p->bytes + at, len);
	else
		memset(buf, 0, len);
	*done = len;
	return p ? p->cause : PO_HAVE;
}

static int image_next_range(struct po_image *img, uint64_t from, uint64_t *start, uint64_t *len)
{
	const struct world *w = world_of(img);

	for (unsigned i = 0; i < w->nr_ranges; i++) {
		if (w->range[i].start + w->range[i].len <= from)
			continue;
		*start = w->range[i].start;
		*len = w->range[i].len;
		return 1;
	}
	return 0;
}

static struct po_image *new_image(struct world *w);

static int image_clone(const struct po_image *img, struct po_image **ret,
		       struct pageowner_error *err)
{
	(void)err;
	*ret = new_image(world_of(img));
	return PAGEOWNER_OK;
}

static void image_close(struct po_image *img)
{
	world_of(img)->nr_images--;
	po_image_fini(img);
	free(img);
}

static const struct po_image_ops world_image_ops = {
	.name = "world",
	.read = image_read,
	.next_range = image_next_range,
	.clone = image_clone,
	.close = image_close,
};

static struct po_image *new_image(struct world *w)
{
	struct world_image *wi = calloc(1, sizeof(*wi));

	if (!wi)
		abort();
	wi->img.ops = &world_image_ops;
	wi->w = w;
	w->nr_images++;
	return &wi->img;
}

static int flat_walk(const struct po_xlat *xlat, struct po_memory *mem, uint64_t kva,
		     struct po_leaf *ret, struct pageowner_error *err)
{
	struct world *w = world_of(po_memory_image(mem));
	uint64_t paddr = kva - w->base;

	(void)xlat;
	(void)err;
	w->nr_walks++;
	if (paddr >= 1u << 30)
		return 0;
	*ret = (struct po_leaf){ kva & ~(WORLD_PAGE - 1ull), paddr & ~(WORLD_PAGE - 1ull), WORLD_PAGE };
	return 1;
}

static const struct po_xlat_ops flat = { .name = "flat", .walk = flat_walk };

void world_open(struct world *w, bool big_endian, unsigned ptr_size)
{
	*w = (struct world){
		.abi = { .big_endian = big_endian, .ptr_size = (uint8_t)ptr_size },
		.base = ptr_size == 8 ? WORLD_BASE_64 : WORLD_BASE_32,
	};
	w->img = new_image(w);
	if (po_memory_new(w->img, &w->abi, &w->mem, NULL) < 0)
		abort();
	po_memory_set_xlat(w->mem, &(struct po_xlat){ .ops = &flat });
}

void world_close(struct world *w)
{
	po_memory_free(w->mem);
	po_image_close(w->img);
	for (size_t i = 0; i < w->nr; i++)
		free(w->page[i]);
	free(w->page);
}

void world_range(struct world *w, uint64_t start, uint64_t len)
{
	if (w->nr_ranges == sizeof(w->range) / sizeof(*w->range))
		abort();
	w->range[w->nr_ranges].start = start;
	w->range[w->nr_ranges++].len = len;
}

static struct world_page *get_page(struct world *w, uint64_t paddr)
{
	struct world_page *p = find_page(w, paddr);

	if (p)
		return p;
	if (w->nr == w->cap) {
		w->cap = w->cap ? 2 * w->cap : 16;
		w->page = realloc(w->page, w->cap * sizeof(*w->page));
	}
	p = calloc(1, sizeof(*p));
	if (!p || !w->page)
		abort();
	p->paddr = paddr / WORLD_PAGE * WORLD_PAGE;
	return w->page[w->nr++] = p;
}

void world_write(struct world *w, uint64_t paddr, const void *from, size_t len)
{
	const uint8_t *bytes = from;

	for (size_t i = 0; i < len; i++)
		get_page(w, paddr + i)->bytes[(paddr + i) % WORLD_PAGE] = bytes[i];
}

void world_string(struct world *w, uint64_t paddr, const char *s)
{
	world_write(w, paddr, s, strlen(s) + 1);
}

void world_store(const struct po_abi *abi, void *to, size_t bytes, uint64_t v)
{
	uint8_t *p = to;

	for (size_t i = 0; i < bytes; i++, v >>= 8)
		p[abi->big_endian ? bytes - 1 - i : i] = (uint8_t)v;
}

void world_number(struct world *w, uint64_t paddr, size_t bytes, uint64_t v)
{
	uint8_t raw[8];

	world_store(&w->abi, raw, bytes, v);
	world_write(w, paddr, raw, bytes);
}

void world_ptr(struct world *w, uint64_t paddr, uint64_t v)
{
	world_number(w, paddr, w->abi.ptr_size, v);
}

void world_lose(struct world *w, uint64_t paddr, enum po_cause cause)
{
	get_page(w, paddr)->cause = cause;
}
