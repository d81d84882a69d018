/* the depot's handle within struct page_ext; kimage_voffset */
#define VERSION 408
#define CONFIG_SPARSEMEM_EXTREME
