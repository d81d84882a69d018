/* memdesc_flags_t; memory above 4 GiB; SPARSEMEM, static: the section stands in the flags, and in no table of fields */
#define VERSION 619
#define CONFIG_SPARSEMEM_STATIC
#define CONFIG_CC_IS_CLANG
#define NO_PFF
