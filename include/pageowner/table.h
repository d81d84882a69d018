/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PAGEOWNER_TABLE_H
#define PAGEOWNER_TABLE_H

/**
 * @file
 * Records chosen, grouped and ordered: what page_owner_sort of the kernel's tools does with the text, from
 * any session.
 *
 * Memory grows with the number of distinct groups, not of records.
 */

#include <stddef.h>
#include <stdint.h>

#include <pageowner/error.h>
#include <pageowner/filter.h>
#include <pageowner/record.h>
#include <pageowner/report.h>

#ifdef __cplusplus
extern "C" {
#endif

struct pageowner_session;
struct pageowner_table;

/** What a key of sort, cull and filter may be used for. */
enum {
	PAGEOWNER_KEY_SORT = 1 << 0,
	PAGEOWNER_KEY_CULL = 1 << 1,
	PAGEOWNER_KEY_FILTER = 1 << 2,
	PAGEOWNER_KEY_TASK = 1 << 3, /**< to sort processes, and with the one before to choose them */
};

/** A key: one word of the vocabulary. */
struct pageowner_key {
	const char *name;  /**< "stacktrace" */
	const char *brief; /**< "st" */
	unsigned uses;     /**< PAGEOWNER_KEY_… */
	const char *help;  /**< a few words */
};

/**
 * The keys, one by one.
 *
 * @param index  0, 1, 2 …
 * @return 1; 0 when there are no more
 */
int pageowner_key(size_t index, struct pageowner_key *ret);

/** Whose format a table is written in: page_owner_sort of which kernel. */
enum pageowner_table_format {
	PAGEOWNER_TABLE_NEWEST = 0, /**< since 6.7 */
	PAGEOWNER_TABLE_6_1,        /**< 5.19 to 6.6: the text has the time of allocation in it */
	PAGEOWNER_TABLE_5_10,       /**< until 5.15: how many times, and the text */
};

/** What to make of the records. */
struct pageowner_table_options {
	size_t size;      /**< sizeof(struct pageowner_table_options) */
	const char *cull; /**< keys, "stacktrace,pid"; NULL: records are one if their text is, but for the line PFN */
	const char *sort; /**< keys, "-pages,+pid"; NULL: most times first */
	const char *const *filters; /**< "pid=1,2": records that meet all of them */
	size_t nr_filters;
	const char *frame; /**< records with a frame that matches this extended regular expression; or NULL */
	/** More functions that the key "caller" passes over, "my_alloc,my_pool_*"; or NULL. */
	const char *allocators;
	struct pageowner_age age; /**< records of this age */
	int unreleased;   /**< no pages that were released after their allocation */
	enum pageowner_table_format format;
	int percent;      /**< write how much of all pages a group has */
	int human;        /**< write the size behind the pages, "64 KiB" */
	unsigned page_size; /**< in bytes, of a text alone, which does not tell it; 0: 4096 */
	uint64_t min_pages; /**< write no groups with fewer pages */
	uint64_t top;     /**< write so many groups at most; 0: all */
	/** Told about one record each that has a flaw, see pageowner_iter_next(); may be NULL. */
	void (*flaw)(void *arg, const struct pageowner_error *err);
	void *arg;
};

/**
 * An empty table.
 *
 * @param ret  to be freed with pageowner_table_free(); set only on success
 * @return PAGEOWNER_OK; PAGEOWNER_EINVAL: err tells which key or value makes no sense
 */
int pageowner_table_new(const struct pageowner_table_options *options, struct pageowner_table **ret,
			struct pageowner_error *err);
void pageowner_table_free(struct pageowner_table *table);

/**
 * Read all records of a session into the table.  The session may be closed after it.
 *
 * @return PAGEOWNER_OK, also if records were missing: see pageowner_table_coverage(); PAGEOWNER_EINVAL: the
 *         table was filled before; PAGEOWNER_ENOMEM
 */
int pageowner_table_fill(struct pageowner_table *table, struct pageowner_session *session,
			 struct pageowner_error *err);

/** As pageowner_iter_coverage(), after filling. */
void pageowner_table_coverage(const struct pageowner_table *table, struct pageowner_coverage *ret);

/** A group of the table. */
struct pageowner_group {
	uint64_t times; /**< records */
	uint64_t pages; /**< in them */
};

/**
 * The groups in their order.
 *
 * @param index  0, 1, 2 …
 * @return 1; 0 when there are no more
 */
int pageowner_table_group(const struct pageowner_table *table, size_t index, struct pageowner_group *ret);

/** Write the groups; PAGEOWNER_EIO: the sink failed (err holds its errno's words). */
int pageowner_table_write(const struct pageowner_table *table, const struct pageowner_sink *sink,
			  struct pageowner_error *err);

#ifdef __cplusplus
}
#endif

#endif
