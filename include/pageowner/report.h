/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PAGEOWNER_REPORT_H
#define PAGEOWNER_REPORT_H

/**
 * @file
 * Records as text: what /sys/kernel/debug/page_owner of the kernel in the dump would have printed.
 */

#include <stddef.h>
#include <stdint.h>

#include <pageowner/error.h>
#include <pageowner/filter.h>
#include <pageowner/record.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Where text goes. */
struct pageowner_sink {
	size_t size; /**< sizeof(struct pageowner_sink) */
	void *self;
	/** Take len bytes; 0, or an errno value: the report then ends with PAGEOWNER_EIO. */
	int (*write)(void *self, const char *text, size_t len);
};

/** How to write a report. */
struct pageowner_report_options {
	size_t size; /**< sizeof(struct pageowner_report_options) */
	/** Stop where a reader of the kernel's file would have stopped: at a record that is too long. */
	int strict;
	/**
	 * Called every now and then; may be NULL.
	 * @return 0, or anything else to end the report with PAGEOWNER_ESTOPPED
	 */
	int (*progress)(void *arg, uint64_t done, uint64_t all);
	/** Told about one record each that has a flaw (missing, corrupt, too long); may be NULL. */
	void (*flaw)(void *arg, const struct pageowner_error *err);
	void *arg;
	const struct pageowner_filter *filter; /**< write only the records that meet it; NULL: all */
};

/**
 * Write all records of an iterator in the format of the kernel in the dump, byte for byte.
 *
 * An iterator that serves freed pages, or who freed a page before, makes a text that no file of the kernel has: of each
 * freed page its PFN and the words of dump_page(); of an allocated one these words about the release behind its lines.
 *
 * @param options  NULL for defaults
 * @return PAGEOWNER_OK, also if records were missing: see pageowner_iter_coverage();
 *         PAGEOWNER_EIO: the sink failed (err holds its errno's words); PAGEOWNER_ESTOPPED;
 *         PAGEOWNER_ETOOLONG: strict, and a record is longer than the kernel's buffer
 */
int pageowner_report(struct pageowner_session *session, struct pageowner_iter *it,
		     const struct pageowner_report_options *options,
		     const struct pageowner_sink *sink, struct pageowner_error *err);

#ifdef __cplusplus
}
#endif

#endif
