/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PAGEOWNER_ERROR_H
#define PAGEOWNER_ERROR_H

/**
 * @file
 * Failures of libpageowner.
 *
 * Calls that can fail return a negative enum pageowner_code, and tell the story in the caller's
 * struct pageowner_error, if one is given.  The struct holds no resources: it may live on the stack,
 * needs no initialisation, and NULL may be passed where only the code matters.
 */

#ifdef __cplusplus
extern "C" {
#endif

/** What kind of failure it was.  The values are part of the ABI. */
enum pageowner_code {
	PAGEOWNER_OK = 0,
	PAGEOWNER_EINVAL = -1,    /**< the caller asked for something that makes no sense */
	PAGEOWNER_ENOMEM = -2,    /**< out of memory on this host */
	PAGEOWNER_EIO = -3,       /**< a file could not be opened, read or written */
	PAGEOWNER_ENODATA = -4,   /**< the dump does not hold the memory that was needed */
	PAGEOWNER_ECORRUPT = -5,  /**< what the dump or a file holds contradicts itself */
	PAGEOWNER_ENOTYPE = -6,   /**< type information is missing or lacks a type */
	PAGEOWNER_ENOSYM = -7,    /**< a symbol of the kernel is missing */
	PAGEOWNER_EUNSUPP = -8,   /**< recognised, but not supported */
	PAGEOWNER_EDISABLED = -9, /**< this kernel ran without page_owner */
	PAGEOWNER_EMISMATCH = -10, /**< vmlinux and dump are not of the same kernel */
	PAGEOWNER_EFORMAT = -11,  /**< not a file of a format that is known */
	PAGEOWNER_ESTOPPED = -12, /**< the caller's sink or progress call asked to stop */
	PAGEOWNER_ETOOLONG = -13, /**< a record that the kernel itself would refuse to print */
};

#define PAGEOWNER_ERROR_MAX 1024

/** The story of a failure, told from the outside in: "what: where: why". */
struct pageowner_error {
	int code;                       /**< enum pageowner_code */
	char text[PAGEOWNER_ERROR_MAX]; /**< one line, without newline, always terminated */
};

/** A few words for a code ("page not in dump", …).  Static storage, never NULL. */
const char *pageowner_strerror(int code);

#ifdef __cplusplus
}
#endif

#endif
