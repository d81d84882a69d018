/* 5.14 with mm/page_owner.c of 6.7: hexadecimal PFN, tgid, comm, memory cgroups, no free_ts */
#define VERSION 514
#define PAGE_OWNER 607
#define CONFIG_SPARSEMEM_EXTREME
#define CONFIG_MEMCG
#define CONFIG_KALLSYMS_ALL
