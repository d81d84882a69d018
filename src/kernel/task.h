/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Processes, as far as their memory is asked for. */
#ifndef PO_KERNEL_TASK_H
#define PO_KERNEL_TASK_H

#include <stdint.h>

#include <pageowner/error.h>

#include "kernel/kernel.h"

/*
 * Where an address of a process (by the PID of its first thread, in the first PID namespace) lies in physical memory.
 * EINVAL: no such process, or one without memory of its own; ENODATA: its page tables do not map the address, or are not
 * in the dump.
 */
int po_task_translate(const struct po_kernel *k, struct po_memory *mem, int32_t pid, uint64_t uva, uint64_t *ret,
		      struct pageowner_error *err);

#endif
