/* frames within struct page_ext, names of flags and migratetypes, migrate reason; offsets in kallsyms */
#define VERSION 406
#define CONFIG_SPARSEMEM_EXTREME
#define CONFIG_CMA
#define CONFIG_MEMORY_ISOLATION
#define CONFIG_KALLSYMS_ALL
