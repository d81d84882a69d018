/* 4.18.0-147: page_owner of 4.18, PAGE_EXT_OWNER is 2; a pointer to roots */
#define VERSION 418
#define CONFIG_SPARSEMEM_EXTREME
#define CONFIG_MEMCG
#define CONFIG_KALLSYMS_ALL
