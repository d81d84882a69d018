/* %pGp alone; SPARSEMEM, static: the section stands in the flags */
#define VERSION 517
#define CONFIG_SPARSEMEM_STATIC
