/* struct stack_trace within struct page_ext, letters for flags, migratetypes with Reserve; FLATMEM */
#define VERSION 319
