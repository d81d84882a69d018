/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* struct pages of page frames in any order: blocks of them are kept. */
#ifndef PO_KERNEL_FRAMES_H
#define PO_KERNEL_FRAMES_H

#include <stdint.h>

#include <pageowner/error.h>

#include "kernel/kernel.h"

struct po_frames;

/* NULL: no memory. */
struct po_frames *po_frames_new(const struct po_kernel *k, struct po_memory *mem);
void po_frames_free(struct po_frames *f);

/* The bytes of one, good until the next call; NULL: there is none, or it is not in the dump. */
const uint8_t *po_frames_at(struct po_frames *f, uint64_t pfn);
/* The PFN of the head of a compound page, pfn itself if it is none; false: not in the dump. */
bool po_frames_head(struct po_frames *f, uint64_t pfn, uint64_t *ret);

#endif
