/* MR_NEVER for pages that never migrated; names are whole after link-time optimisation */
#define VERSION 703
#define LINK_BASE 0xffff800080080000
#define CONFIG_ARM64_VA_BITS_48
#define CONFIG_SPARSEMEM_EXTREME
#define CONFIG_MEMCG
#define CONFIG_CC_IS_CLANG
#define CONFIG_LTO_CLANG
#define LTO_LLVM
#define THRESHOLD 20
