/* pid and ts; pageblocks from the bottom of the word; FLATMEM */
#define VERSION 511
#define CONFIG_CMA
