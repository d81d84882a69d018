/* PAGE_EXT_OWNER_ALLOCATED, tails with records, page_ext_size; pageblocks still from the top of
 * the word; a block that begins with a page without mapping is passed over */
#define VERSION 504
#define LINK_BASE 0xffff800010080000
#define CONFIG_ARM64_VA_BITS_48
#define CONFIG_SPARSEMEM_EXTREME
#define CONFIG_MEMORY_ISOLATION
#define CONFIG_KALLSYMS_ALL
#define FIRMWARE
