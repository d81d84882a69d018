/* kallsyms of 32-bit addresses; FLATMEM */
#define VERSION 700
#define KALLSYMS_FORM embedded
