/* free_ts, fields of page flags, all names of migrate reasons */
#define VERSION 515
#define CONFIG_SPARSEMEM_EXTREME
#define CONFIG_KALLSYMS_ALL
