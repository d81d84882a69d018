/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel.h"

#ifdef CONFIG_CC_IS_CLANG
#define COMPILER "clang version 14.0.6"
#else
#define COMPILER "gcc (GCC) 12.2.0"
#endif

const char linux_banner[] = "Linux version " RELEASE " (synthetic) (" COMPILER ") #1 SMP\n";

#ifndef NO_VMCOREINFO
#define TEXT(n) TEXT_(n)
#define TEXT_(n) #n
static char note[] = "OSRELEASE=" RELEASE "\nPAGESIZE=4096\n"
#if defined(__x86_64__)
	"KERNELOFFSET=0\n"
#endif
#if VERSION >= 513 && defined(CONFIG_SPARSEMEM)
	"NUMBER(SECTION_SIZE_BITS)=" TEXT(SECTION_SIZE_BITS) "\n"
#endif
	;
char *vmcoreinfo_data = note;
size_t vmcoreinfo_size = sizeof(note) - 1;
#endif
