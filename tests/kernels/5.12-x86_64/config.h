/* pid and ts; sections that were plugged in */
#define VERSION 512
#define CONFIG_SPARSEMEM_EXTREME
#define CONFIG_MEMORY_HOTPLUG
