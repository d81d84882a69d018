/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The stacks, by name: how many frames, which, and the handle that leads to them.  See arch/head.S. */
#ifndef STACKS_H
#define STACKS_H
#include "kernel.h"

/* The walkers of arm, arm64 and x86 mark the end of a stack that is not full; save_stack() drops that since 4.8. */
#if VERSION < 408
#define NR(frames) ((frames) + 1)
#define END , ~0ul
#else
#define NR(frames) (frames)
#define END
#endif
/* those that page_owner makes for itself at start have it until 5.1 */
#if VERSION < 502
#define NR_OWN(frames) ((frames) + 1)
#define END_OWN , ~0ul
#else
#define NR_OWN(frames) (frames)
#define END_OWN
#endif

#define FRAMES_DUMMY	FRAME(0x1d10) END_OWN
#define NR_DUMMY	NR_OWN(1)
#define HANDLE_DUMMY	HANDLE(0, 0)

#define FRAMES_EARLY	FRAME(0x7a0), FRAME(0x2030), FRAME(0x2180) END_OWN
#define NR_EARLY	NR_OWN(3)
#define HANDLE_EARLY	HANDLE(0, 2)

#define FRAMES_USER	FRAME(0x2a0), FRAME(0x554), FRAME(0x800), FRAME(0xb40) END
#define NR_USER		NR(4)
#define HANDLE_USER	HANDLE(3, 1)

#define FRAMES_KERN	FRAME(0x2a0), FRAME(0x644), FRAME(0x7c8), FRAME(0x1fff) END
#define NR_KERN		NR(4)
#define HANDLE_KERN	HANDLE(3, 2)

/* in a module, in one that is not complete, nowhere */
#define FRAMES_MOD	MODULE_AT + 0x124, MODULE_AT + 0x10, MODULE_AT + 0x10010, 0x1234 END
#define NR_MOD		NR(4)
#define HANDLE_MOD	HANDLE(3, 127)

/* a record that is free again (6.8): pointers lie over its frames */
#define FRAMES_FREED	0xdead, 0xbeef
#define NR_FREED	2
#define HANDLE_FREED	HANDLE(3, 4)

#define FRAMES_NONE	0
#define NR_NONE		0
#define HANDLE_NONE	0
#endif
