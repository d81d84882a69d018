/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The public filter is aggregate's own. */
#ifndef PO_LIB_FILTER_H
#define PO_LIB_FILTER_H

#include <pageowner/filter.h>

#include "aggregate/filter.h"

struct pageowner_filter {
	struct po_filter f;
};

#endif
