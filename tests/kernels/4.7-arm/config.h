/* the same with pointers of 32 bits, FLATMEM, no VMCOREINFO, no grouping by mobility */
#define VERSION 407
#define NO_VMCOREINFO
#define MOBILITY_DISABLED
