/* no free_ts in the text; the depot of 6.3; FLATMEM */
#define VERSION 607
#define CONFIG_MEMCG
