/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PAGEOWNER_PAGEOWNER_H
#define PAGEOWNER_PAGEOWNER_H

/**
 * @file
 * libpageowner: who owns each page frame of a Linux memory dump.
 *
 * Open a session (session.h), walk its records with an iterator (record.h), write them as the
 * kernel's own text (report.h), or choose, group and sort them (table.h).
 *
 * Threads: a session may be used by one thread at a time.  Different sessions are independent.
 * Lifetimes: iterators are freed before their session is closed; what a call lends is said there.
 * The library never prints and never exits.
 */

#include <pageowner/account.h>
#include <pageowner/error.h>
#include <pageowner/filter.h>
#include <pageowner/lookup.h>
#include <pageowner/proc.h>
#include <pageowner/record.h>
#include <pageowner/report.h>
#include <pageowner/session.h>
#include <pageowner/source.h>
#include <pageowner/stacks.h>
#include <pageowner/table.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The library's version, "0.1.0".  Static storage. */
const char *pageowner_version(void);

#ifdef __cplusplus
}
#endif

#endif
