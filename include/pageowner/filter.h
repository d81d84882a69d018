/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PAGEOWNER_FILTER_H
#define PAGEOWNER_FILTER_H

/**
 * @file
 * Which records are wanted, in the vocabulary of pageowner_key().
 */

#include <stddef.h>
#include <stdint.h>

#include <pageowner/error.h>

#ifdef __cplusplus
extern "C" {
#endif

struct pageowner_filter;

/**
 * How long ago a page was allocated, in ns.  Now is the time of allocation of the newest record, a moment before that of
 * the dump, if nothing else is told; for that all records are read once more.
 */
struct pageowner_age {
	int has_older, has_newer, has_now;
	uint64_t older; /**< so long ago, or longer */
	uint64_t newer; /**< not so long ago */
	uint64_t now;   /**< ns since the start, as the kernel's log has them */
};

/** What records must meet, all of it. */
struct pageowner_filter_options {
	size_t size; /**< sizeof(struct pageowner_filter_options) */
	const char *const *filters; /**< "pid=1,2": one of the values; a comma in a value is "\\," */
	size_t nr_filters;
	const char *frame; /**< a frame matches this extended regular expression; or NULL */
	/** More functions that the key "caller" passes over, "my_alloc,my_pool_*"; or NULL. */
	const char *allocators;
	struct pageowner_age age;
};

/**
 * Make a filter, which is not changed by its use.
 *
 * @param ret  to be freed with pageowner_filter_free(); set only on success
 * @return PAGEOWNER_OK; PAGEOWNER_EINVAL: err tells which key or value makes no sense
 */
int pageowner_filter_new(const struct pageowner_filter_options *options, struct pageowner_filter **ret,
			 struct pageowner_error *err);
void pageowner_filter_free(struct pageowner_filter *filter);

#ifdef __cplusplus
}
#endif

#endif
