/* tgid, comm, memory cgroups */
#define VERSION 518
#define CONFIG_SPARSEMEM_EXTREME
#define CONFIG_MEMCG
#define CONFIG_KALLSYMS_ALL
