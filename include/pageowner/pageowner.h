/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PAGEOWNER_PAGEOWNER_H
#define PAGEOWNER_PAGEOWNER_H

/**
 * @file
 * libpageowner: who owns each page frame of a Linux memory dump.
 *
 * Open a session with pageowner_open(), walk its records with pageowner_iter_next(), write them as the kernel's own text
 * with pageowner_report(), or choose, group and sort them with pageowner_table_fill().  Where the memory went is told by
 * pageowner_account_new(), a single page frame by pageowner_lookup_page().  The library never prints and never exits.
 *
 * Results come in the argument "ret", and what went wrong in the last argument, a struct pageowner_error, which may be
 * NULL.  A negative result is one of enum pageowner_code; where something may be absent, 0 says so and 1 that it is there.
 * Structs that may grow begin with their size, which the caller sets.
 *
 * Lifetimes: what was made of a session (iterators, lookups, accounts) is freed before the session is closed, but for
 * tables, which need it no more once they are filled.  What a call lends is said there.
 *
 * Threads: a session does not change after it was opened.  Any number of threads may use it at the same time, each with
 * iterators, lookups, tables and accounts of its own; such an object serves one thread at a time, which need not be
 * the one that made it.  A filter is not changed by its use: threads may share it.  Different sessions have nothing in
 * common.  Nothing may run on a session when it is closed.  A text that comes through a pipe can be walked once, whoever
 * does it.
 */

#include <pageowner/account.h>
#include <pageowner/error.h>
#include <pageowner/filter.h>
#include <pageowner/fragmentation.h>
#include <pageowner/lookup.h>
#include <pageowner/proc.h>
#include <pageowner/record.h>
#include <pageowner/report.h>
#include <pageowner/session.h>
#include <pageowner/source.h>
#include <pageowner/stacks.h>
#include <pageowner/table.h>
#include <pageowner/tasks.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The library's version, "0.1.0".  Static storage. */
const char *pageowner_version(void);

#ifdef __cplusplus
}
#endif

#endif
