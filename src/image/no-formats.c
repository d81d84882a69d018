/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of formats for what is linked with the core alone, and brings its memory itself. */
#include "image/image.h"

const struct po_format *const po_image_formats[] = { NULL };
