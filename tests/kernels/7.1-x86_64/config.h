/* place-relative kallsyms, compound_info, all charged through object cgroups */
#define VERSION 701
#define CONFIG_SPARSEMEM_EXTREME
#define CONFIG_MEMORY_ISOLATION
#define CONFIG_MEMCG
#define CONFIG_KALLSYMS_ALL
#define CONFIG_MEM_ALLOC_PROFILING
#define TAGS_IN_FLAGS
