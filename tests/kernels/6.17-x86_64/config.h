/* a pointer to the pools, pageblocks of eight bits with one for isolation, names of gfp bits in another order */
#define VERSION 617
#define CONFIG_SPARSEMEM_EXTREME
#define CONFIG_MEMORY_ISOLATION
#define CONFIG_CMA
#define CONFIG_MEMCG
#define CONFIG_KALLSYMS_ALL
#define THRESHOLD 5
