/* hexadecimal PFN, still with free_ts; names cut at .llvm., no table of page flag fields, as clang leaves it */
#define VERSION 606
#define LINK_BASE 0xffff800080080000
#define CONFIG_ARM64_VA_BITS_48
#define CONFIG_SPARSEMEM_EXTREME
#define CONFIG_MEMCG
#define CONFIG_KALLSYMS_ALL
#define CONFIG_CC_IS_CLANG
#define CONFIG_LTO_CLANG
#define LTO_LLVM
#define NO_PFF
