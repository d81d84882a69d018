/* Android common, CONFIG_PAGE_PINNER: bits behind OWNER_ALLOCATED, one client of page_ext more; names with .cfi */
#define VERSION 510
#define LINK_BASE 0xffffffc010080000
#define CONFIG_SPARSEMEM_EXTREME
#define CONFIG_PAGE_PINNER
#define CONFIG_CMA
#define CONFIG_KALLSYMS_ALL
#define CONFIG_CC_IS_CLANG
#define CONFIG_LTO_CLANG
#define LTO_CFI
