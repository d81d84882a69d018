/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* /proc/kcore: what decides why it cannot be opened, for the tests. */
#ifndef PO_IMAGE_KCORE_H
#define PO_IMAGE_KCORE_H

#include "image/image.h"

#define PO_KCORE_PATH "/proc/kcore"

struct po_kcore_host {
	const char *machine;	/* as uname says */
	bool has_proc;		/* /proc is one */
	bool root;
	int rawio;		/* CAP_SYS_RAWIO: 1, 0, or -1: not known */
	const char *lockdown;	/* /sys/kernel/security/lockdown, "none [integrity] confidentiality"; or NULL */
};

/* Why /proc/kcore cannot be opened, in err; the result is its code. */
int po_kcore_refused(int errnum, const struct po_kcore_host *host, struct pageowner_error *err);

/* The same of this machine. */
int po_kcore_refused_here(int errnum, struct pageowner_error *err);

/* Whether an open file is /proc/kcore, by whatever path. */
bool po_kcore_is(const struct po_file *file);

#endif
