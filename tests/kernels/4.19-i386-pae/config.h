/* 16-bit order and reason, page_type, PAGE_EXT_OWNER is 1; SPARSEMEM, static */
#define VERSION 419
#define CONFIG_SPARSEMEM_STATIC
