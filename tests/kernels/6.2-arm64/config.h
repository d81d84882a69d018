/* extra bits of a handle, long names in kallsyms, cut at the first dot after link-time optimisation */
#define VERSION 602
#define LINK_BASE 0xffff800008080000
#define CONFIG_ARM64_VA_BITS_48
#define CONFIG_SPARSEMEM_EXTREME
#define CONFIG_KALLSYMS_ALL
#define CONFIG_CC_IS_CLANG
#define CONFIG_LTO_CLANG
