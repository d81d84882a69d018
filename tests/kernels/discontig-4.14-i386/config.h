/* DISCONTIGMEM, which went in 5.14: two nodes with maps of their own and a hole between them */
#define VERSION 414
#define CONFIG_DISCONTIGMEM
#define CONFIG_KALLSYMS_ALL
