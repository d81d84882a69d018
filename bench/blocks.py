#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""blocks.py VMLINUX DUMP: read struct pages and page_ext in blocks of 1024 page frames, by drgn, and nothing more.

Prints the bytes and the CPU time that reading them took, without opening the dump and debug information.  The machine is
x86_64 with SPARSEMEM.  drgn opens no dump without a uname in its header, as QEMU writes them: bench/scale.sh gives it one.
"""
import sys
import time

import drgn

BLOCK, SECTION_SHIFT, HAS_MEM_MAP, MAP_MASK = 1024, 15, 2, 63

p = drgn.Program()
p.set_core_dump(sys.argv[2])
p.load_debug_info([sys.argv[1]])


def variable(name, kind):
    return drgn.Object(p, kind, address=p.symbol(name).address)


page = drgn.sizeof(p.type('struct page'))
ext = variable('page_ext_size', 'unsigned long').value_()
sections = variable('mem_section', 'struct mem_section **')
per_root = 4096 // drgn.sizeof(p.type('struct mem_section'))
start, read = time.process_time(), 0
for nr in range((variable('max_pfn', 'unsigned long').value_() >> SECTION_SHIFT) + 1):
    if not sections[nr // per_root]:
        continue
    section = sections[nr // per_root][nr % per_root]
    mem_map = section.section_mem_map.value_()
    if not mem_map & HAS_MEM_MAP:
        continue
    mem_map, page_ext = mem_map & ~MAP_MASK, section.page_ext.value_()
    for pfn in range(nr << SECTION_SHIFT, (nr + 1) << SECTION_SHIFT, BLOCK):
        for base, size in ((mem_map, page), (page_ext, ext)):
            read += len(p.read((base + pfn * size) % 2**64, BLOCK * size))
print(read, f'{time.process_time() - start:.4f}')
