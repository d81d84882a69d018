/* free_ts, fields of page flags; a migrate reason without a name; FLATMEM */
#define VERSION 514
#define CONFIG_KALLSYMS_ALL
#define NAMELESS_REASON
