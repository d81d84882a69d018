/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kernel's own note about itself: lines of KEY=value. */
#ifndef PO_MEMORY_VMCOREINFO_H
#define PO_MEMORY_VMCOREINFO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The value of a key ("OSRELEASE", "NUMBER(phys_base)"), borrowed, not terminated; NULL: absent. */
const char *po_vmcoreinfo_get(const char *note, const char *key, size_t *ret_len);

/* A number: hexadecimal after 0x, else signed decimal. */
bool po_vmcoreinfo_number(const char *note, const char *key, int64_t *ret);

/* An address, which the kernel prints as hexadecimal without 0x ("SYMBOL(_stext)", "KERNELOFFSET"). */
bool po_vmcoreinfo_address(const char *note, const char *key, uint64_t *ret);

#endif
