/* frames without address, early_handle; 48-bit addresses */
#define VERSION 414
#define LINK_BASE 0xffff000008080000
#define CONFIG_ARM64_VA_BITS_48
#define CONFIG_SPARSEMEM_EXTREME
#define CONFIG_CMA
#define CONFIG_KALLSYMS_ALL
