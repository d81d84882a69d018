/* module_memory, stack_pools, another order of kallsyms' tables; sections that were plugged in, one going away */
#define VERSION 604
#define CONFIG_SPARSEMEM_EXTREME
#define CONFIG_MEMORY_HOTPLUG
#define CONFIG_MEMCG
