/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aggregate/caller.h"

#include <stdbool.h>
#include <string.h>

/* Page allocator, CMA, slab and vmalloc, and what only hands on to them; of all kernels since 3.19. */
static const char *const allocators[] = {
	"___kmalloc*", "___slab_alloc*", "__alloc_contig*", "__alloc_from_contiguous", "__alloc_frozen_pages*",
	"__alloc_pages*", "__cma_alloc*", "__do_kmalloc*", "__folio_alloc*", "__get_free_page*", "__kmalloc*",
	"__kmem_cache_alloc*", "__kvmalloc*", "__slab_alloc*", "__vmalloc*", "alloc_contig_*", "alloc_from_pcs*",
	"alloc_frozen_pages*", "alloc_pages*", "alloc_slab_page*", "alloc_zeroed_user_highpage*", "allocate_slab*",
	"cache_alloc*", "cache_grow*", "cma_alloc", "cma_alloc_folio", "cma_alloc_frozen*", "dma_alloc_contiguous",
	"dma_alloc_from_contiguous", "fallback_alloc*", "folio_alloc*", "folio_prealloc*", "get_free_pages*",
	"get_page_from_freelist*", "get_zeroed_page*", "isolate_freepages_range*", "kcalloc*", "kmalloc*",
	"kmem_cache_alloc*", "kmem_getpages*", "kmemdup*", "krealloc*", "kstrdup*", "kvmalloc*", "kzalloc*",
	"new_slab*", "post_alloc_hook*", "prep_new_page*", "refill_objects*", "refill_sheaf*",
	"register_dummy_stack*", "slab_alloc*", "split_map_pages*", "vma_alloc_*", "vmalloc*", "vzalloc*", NULL,
};

static bool matches(const char *name, size_t len, const char *pattern)
{
	const size_t n = strlen(pattern);

	if (n && pattern[n - 1] == '*')
		return len >= n - 1 && !memcmp(name, pattern, n - 1);
	return len == n && !memcmp(name, pattern, n);
}

static bool is_among(const char *name, size_t len, const char *const *patterns)
{
	for (; patterns && *patterns; patterns++)
		if (matches(name, len, *patterns))
			return true;
	return false;
}

struct po_bytes po_caller_of(const struct pageowner_stack *stack, char *const *more)
{
	for (uint32_t i = 0; stack && i < stack->nr_frames; i++) {
		const char *name = stack->frames[i].text;
		const size_t len = strcspn(name, "+ ");
		if (!is_among(name, len, allocators) && !is_among(name, len, (const char *const *)more))
			return (struct po_bytes){ name, len };
	}
	return (struct po_bytes){ "", 0 };
}

struct po_bytes po_module_of(const struct pageowner_stack *stack)
{
	for (uint32_t i = 0; stack && i < stack->nr_frames; i++) {
		const char *text = stack->frames[i].text, *from = strrchr(text, '[');
		const size_t len = from ? strlen(from) : 0;
		if (len > 2 && from > text && from[-1] == ' ' && from[len - 1] == ']')
			return (struct po_bytes){ from + 1, len - 2 };
	}
	return (struct po_bytes){ "", 0 };
}
