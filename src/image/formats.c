/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The formats of dumps, in the order in which they are tried.  An object of its own: a program
 * that is linked with another table needs no libkdumpfile.
 */
#include "image/image.h"

const struct po_format *const po_image_formats[] = {
	&po_format_kcore,
	&po_format_elfcore,
	&po_format_lime,
#ifdef HAVE_KDUMPFILE
	&po_format_kdump,
#endif
	&po_format_flattened,
#ifdef HAVE_KDUMPFILE
	&po_format_libkdumpfile,
#endif
	NULL,
};
