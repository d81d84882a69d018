/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The records of the kernel log, oldest first. */
#ifndef PO_KERNEL_PRINTK_H
#define PO_KERNEL_PRINTK_H

#include <stdbool.h>
#include <stdint.h>

#include <pageowner/error.h>

#include "kernel/kernel.h"

#define PO_LOG_TEXT_MAX 65536	/* the length is a number of 16 bits */

/* struct printk_log.flags, until 5.9 */
#define PO_LOG_NEWLINE	0x2u
#define PO_LOG_PREFIX	0x4u
#define PO_LOG_CONT	0x8u

struct po_log_record {
	uint64_t ts_nsec;
	unsigned facility, level, flags;
	uint32_t caller_id;
	const char *text;	/* lent until the next record; lines in it end in newlines, the last one does not */
	size_t len;
	bool begins, ends;	/* a line: until 4.8 its parts may be records of their own */
};

struct po_log {
	const struct po_kernel *k;
	struct po_memory *mem;
	bool ring;		/* struct printk_ringbuffer, since 5.10; else records in one buffer */
	uint64_t at, end;	/* identity of the next descriptor and of the last one; or positions in the buffer */
	uint64_t left;		/* records that there may still be, at most */
	bool ended;
	/* the ring */
	uint64_t descs, infos, data, descs_mask, data_size;
	/* the buffer */
	uint64_t buf, buf_len;
	uint64_t unfinished;	/* records that were being written */
	uint64_t lost;		/* records whose text has been overwritten */
	bool joins;		/* parts of a line are records of their own */
	unsigned before;	/* flags of the record before */
	char text[PO_LOG_TEXT_MAX];
};

/* log is large: not for the stack. */
int po_log_open(struct po_log *log, const struct po_kernel *k, struct po_memory *mem, struct pageowner_error *err);
/* 1; 0: that was all; ENODATA, ECORRUPT: one that cannot be had, go on with the next call. */
int po_log_next(struct po_log *log, struct po_log_record *ret, struct pageowner_error *err);

#endif
