/* number of frames within struct page_ext; the image lies in the linear map; SPARSEMEM, an array of roots */
#define VERSION 404
#define LINK_BASE 0xffffffc000080000
#define CONFIG_SPARSEMEM_EXTREME
#define CONFIG_CMA
#define CONFIG_KALLSYMS_ALL
