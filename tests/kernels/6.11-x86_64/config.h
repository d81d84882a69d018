/* page types in the top byte, one bit each */
#define VERSION 611
#define CONFIG_SPARSEMEM_EXTREME
#define CONFIG_MEMCG
#define CONFIG_KALLSYMS_ALL
