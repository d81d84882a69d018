/* depot records on list_head, counted; no valid bit: the first record's handle is 0 */
#define VERSION 608
#define CONFIG_SPARSEMEM_EXTREME
#define CONFIG_MEMCG
