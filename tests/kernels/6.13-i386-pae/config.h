/* page type of one byte; SPARSEMEM, static */
#define VERSION 613
#define CONFIG_SPARSEMEM_STATIC
#define CONFIG_KALLSYMS_ALL
