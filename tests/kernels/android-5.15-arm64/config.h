/* the same on 5.15; names with hashes */
#define VERSION 515
#define LINK_BASE 0xffffffc008080000
#define CONFIG_SPARSEMEM_EXTREME
#define CONFIG_PAGE_PINNER
#define CONFIG_CMA
#define CONFIG_MEMCG
#define CONFIG_KALLSYMS_ALL
#define CONFIG_CC_IS_CLANG
#define CONFIG_LTO_CLANG
#define LTO_HASH
