/* struct page_owner behind struct page_ext: page_owner_ops.offset and extra_mem; "[<addr>] " before each frame */
#define VERSION 409
#define CONFIG_SPARSEMEM_EXTREME
#define CONFIG_PAGE_POISONING_CLIENT
