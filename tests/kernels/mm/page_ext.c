/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel.h"

#if PAGE_OWNER >= 504
unsigned long page_ext_size = sizeof(ext_entry);
#elif VERSION >= 409
static unsigned long extra_mem = sizeof(ext_entry) - sizeof(struct page_ext);
const void *const used_by_page_ext = &extra_mem;
#endif
