/* pool_index_plus_1; FLATMEM, no table of page flag fields */
#define VERSION 609
#define CONFIG_KALLSYMS_ALL
#define CONFIG_CC_IS_CLANG
#define NO_PFF
