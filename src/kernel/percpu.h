/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Processors, and where each has its copy of a per-CPU object. */
#ifndef PO_KERNEL_PERCPU_H
#define PO_KERNEL_PERCPU_H

#include <stdbool.h>
#include <stdint.h>

#include <pageowner/error.h>

#include "kernel/kernel.h"

/* One more than the highest number that a processor may have; 1 without CONFIG_SMP. */
unsigned po_cpus_max(const struct po_kernel *k, struct po_memory *mem);
/* Whether there may be such a processor: the offsets of others mean nothing. */
bool po_cpu_is_possible(const struct po_kernel *k, struct po_memory *mem, unsigned cpu);
bool po_cpu_is_online(const struct po_kernel *k, struct po_memory *mem, unsigned cpu);

/* A per-CPU pointer, and a static per-CPU variable, as an address of that processor's. */
int po_percpu_at(const struct po_kernel *k, struct po_memory *mem, uint64_t pointer, unsigned cpu, uint64_t *ret,
		 struct pageowner_error *err);
int po_percpu_variable(const struct po_kernel *k, struct po_memory *mem, unsigned symbol, unsigned cpu, uint64_t *ret,
		       struct pageowner_error *err);

/*
 * A struct percpu_counter, never below 0.  sum: with what the processors hold back, as percpu_counter_sum_positive() has
 * it, else as percpu_counter_read_positive().
 */
int po_percpu_counter(const struct po_kernel *k, struct po_memory *mem, uint64_t at, bool sum, uint64_t *ret,
		      struct pageowner_error *err);

#endif
