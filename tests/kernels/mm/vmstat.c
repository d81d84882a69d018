/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names of migratetypes: static here until 4.5, global in mm/page_alloc.c since. */
#include "kernel.h"

#if VERSION < 406
static char *const migratetype_names[MIGRATE_TYPES] = {
#include "migratetypes.h"
};
const void *const used_by_vmstat = migratetype_names;
#endif
