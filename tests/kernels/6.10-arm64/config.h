/* page types are enumerators, three flags in memcg_data, a client of page_ext behind page_owner */
#define VERSION 610
#define LINK_BASE 0xffff800080080000
#define CONFIG_ARM64_VA_BITS_48
#define CONFIG_SPARSEMEM_EXTREME
#define CONFIG_MEMCG
#define CONFIG_MEM_ALLOC_PROFILING
