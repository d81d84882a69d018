/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Two modules: a live one whose init part is gone, and one that is not complete and so is not asked. */
#include "kernel.h"

static char names[] = "\0synth_open\0synth_read\0synth_read_alias\0$x.1\0synth_end";
#if VERSION < 500	/* nm's letter stood in the place of the type */
#define FUNC 't'
#define NOTYPE 'U'
#else
#define FUNC 2
#define NOTYPE 0
#endif
#ifdef __arm__
#define THUMB 1
#else
#define THUMB 0
#endif
static Elf_Sym symbols[] = {
	{ .st_info = NOTYPE },
	SYM(1, FUNC, MODULE_AT),
	SYM(12, FUNC, MODULE_AT + 0x100 + THUMB),
	SYM(23, FUNC, MODULE_AT + 0x100 + THUMB),	/* the first of equals is printed */
	SYM(40, NOTYPE, MODULE_AT + 0x110),		/* marks instructions, names nothing */
	SYM(45, FUNC, MODULE_AT + 0x180 + THUMB),
};

#if VERSION >= 604
#define AREA(at) .mem[MOD_TEXT] = { (void *)(at), 0x1000 }
#elif VERSION >= 405
#define AREA(at) .core_layout = { (void *)(at), 0x1000, 0x800, 0 }
#else
#define AREA(at) .module_core = (void *)(at), .core_size = 0x1000, .core_text_size = 0x800
#endif
#if VERSION >= 405
#define SYMBOLS(m) .kallsyms = &(m).core_kallsyms, .core_kallsyms = { symbols, ARRAY_SIZE(symbols), names }
#else
#define SYMBOLS(m) .symtab = symbols, .num_symtab = ARRAY_SIZE(symbols), .strtab = names
#endif

static struct list_head modules;
static struct module half;
static struct module synth = {
	.state = MODULE_STATE_LIVE, .name = "synth", AREA(MODULE_AT), SYMBOLS(synth),
	.list = { &half.list, &modules },
};
static struct module half = {
	.state = MODULE_STATE_UNFORMED, .name = "half", AREA(MODULE_AT + 0x10000), SYMBOLS(half),
	.list = { &modules, &synth.list },
};
static struct list_head modules = { &synth.list, &half.list };
const void *const used_by_module = &modules;
