/* 4.18.0-240: the same, with the sections of 5.3 */
#define VERSION 418
#define SECTIONS_OF_5_3
#define CONFIG_SPARSEMEM_EXTREME
#define CONFIG_MEMORY_HOTPLUG
#define CONFIG_MEMCG
#define CONFIG_KALLSYMS_ALL
