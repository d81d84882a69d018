/* 5.4 with CONFIG_PAGE_EXTENSION_PAGE_FREE, pid and both times taken from later releases */
#define VERSION 504
#define PAGE_OWNER 513
#define LINK_BASE 0xffffffc010080000
#define CONFIG_SPARSEMEM_EXTREME
#define CONFIG_PAGE_EXTENSION_PAGE_FREE
