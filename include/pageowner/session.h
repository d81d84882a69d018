/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PAGEOWNER_SESSION_H
#define PAGEOWNER_SESSION_H

/**
 * @file
 * A session: one dump with the kernel in it, or a text that a kernel has printed.
 */

#include <stddef.h>
#include <stdint.h>

#include <pageowner/error.h>
#include <pageowner/source.h>

#ifdef __cplusplus
extern "C" {
#endif

struct pageowner_session;

/** A raw image of physical memory: a bank, or all of RAM. */
struct pageowner_ram {
	const char *path;
	uint64_t base;  /**< physical address of its first byte */
	int has_base;   /**< 0: unknown, to be worked out; then it must be the only image */
};

/** What to open.  Zero the struct, set size, then what is needed. */
struct pageowner_open_options {
	size_t size;              /**< sizeof(struct pageowner_open_options) */
	const char *const *dumps; /**< paths of one dump, or of all parts of a split set in any order */
	size_t nr_dumps;
	const struct pageowner_ram *ram; /**< instead of dumps: raw images, in any order */
	size_t nr_ram;
	const char *vmlinux;      /**< path, or NULL: look for it in the usual places */
	/**
	 * Path of the kernel's BTF, as /sys/kernel/btf/vmlinux has it, or NULL: types from vmlinux (DWARF, else
	 * its .BTF section), else from the BTF in the dump.
	 */
	const char *btf;
	/** Path of the file with vmlinux's debug information, or NULL: vmlinux itself, or the one that belongs to it. */
	const char *debug;
	/** Instead of dumps: memory behind the caller's own functions. */
	const struct pageowner_source *source;
	/**
	 * Instead of dumps: a saved text of page_owner, of any kernel; "-": standard input.  A pipe can be walked
	 * once.  Nothing else is needed then.
	 */
	const char *text;
	/** Succeed if the dump itself can be opened: for pageowner_fact() and pageowner_ready(). */
	int describe_only;
	/**
	 * Also look where only the types are that pageowner_proc() and pageowner_account_new() need, which costs some
	 * milliseconds of reading debug information.
	 */
	int all_types;
	/**
	 * Succeed if the kernel's page frames can be read, be there owners recorded or not: for
	 * pageowner_account_new() and pageowner_proc(), and for pageowner_ready() to tell.
	 */
	int without_owner;
	/**
	 * Instead of dumps: the memory of the running machine, /proc/kcore.  Needs root (CAP_SYS_RAWIO).  Nothing is
	 * written and nothing is stopped: what changes while it is read is read again, and counted (pageowner_coverage).
	 */
	int live;
	/**
	 * Threads that read records; what comes out is the same for any number.  0: one a processor.  Memory behind the
	 * caller's own functions is read by the calling thread alone.
	 */
	unsigned jobs;
};

/**
 * Open a dump, find the kernel in it, and learn how it keeps its page owners.
 *
 * Everything found here is immutable until the session is closed; iterators hold their own caches.  So threads may
 * share a session, see libpageowner(3).
 *
 * @param ret  the session, to be closed with pageowner_close(); set only on success
 * @return PAGEOWNER_OK;
 *         PAGEOWNER_EIO, PAGEOWNER_EFORMAT, PAGEOWNER_EUNSUPP: the files;
 *         PAGEOWNER_EMISMATCH: vmlinux is of another kernel;
 *         PAGEOWNER_EDISABLED: page_owner was off, or not built in;
 *         PAGEOWNER_ENOTYPE, PAGEOWNER_ENOSYM: vmlinux lacks debug information or symbols;
 *         PAGEOWNER_ENODATA, PAGEOWNER_ECORRUPT: the dump lacks what is needed to begin
 */
int pageowner_open(const struct pageowner_open_options *options, struct pageowner_session **ret,
		   struct pageowner_error *err);
void pageowner_close(struct pageowner_session *session);

/**
 * Whether iterators can be made; always so unless the session was opened with describe_only or without_owner.
 *
 * @return PAGEOWNER_OK, or the failure that opening would have ended with
 */
int pageowner_ready(const struct pageowner_session *session, struct pageowner_error *err);

/**
 * Whether the kernel's page frames can be read, be their owners recorded or not (pageowner_account_new()).
 *
 * @return PAGEOWNER_OK, or the failure that opening with without_owner would have ended with
 */
int pageowner_frames_ready(const struct pageowner_session *session, struct pageowner_error *err);

/**
 * Whether something that a report stands on could not be read at opening, so that what is printed may fall
 * short of the kernel's own text: symbols of a module, say.  The notices tell what.
 */
int pageowner_incomplete(const struct pageowner_session *session);

/** Something that was found out at opening. */
struct pageowner_fact {
	const char *name;  /**< "kernel release", "slide", … */
	const char *value;
	const char *how;   /**< by which evidence, or NULL */
};

/**
 * The facts, one by one.
 *
 * @param index  0, 1, 2 …
 * @param ret    pointers are borrowed until the session is closed
 * @return 1, or 0 when there are no more
 */
int pageowner_fact(const struct pageowner_session *session, size_t index,
		   struct pageowner_fact *ret);

/**
 * Things the user should be told about the dump itself (truncated, a part missing, …), one by one.
 *
 * @return the text, borrowed until the session is closed; NULL when there are no more
 */
const char *pageowner_notice(const struct pageowner_session *session, size_t index);

/**
 * Every symbol and type that the library asks a kernel for.
 *
 * @param fn  called with each: kind ("symbol", "struct", "member", "enumerator", "variable"), name,
 *            whether this kernel has it, and whether no report could be made without it
 */
void pageowner_for_each_field(const struct pageowner_session *session,
			      void (*fn)(void *arg, const char *kind, const char *name, int have,
					 int needed),
			      void *arg);

#ifdef __cplusplus
}
#endif

#endif
