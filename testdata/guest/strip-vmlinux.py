#!/usr/bin/env python3
"""strip-vmlinux.py VMLINUX OUT [CROSS_PREFIX [zeros]]

Keep of a vmlinux what an analyser of dumps reads: symbols, debug info, notes and read-only data (the banner, the
kallsyms tables, the tables of flag names).  Every other allocated section keeps its place in the section table as
NOBITS; but crash opens no vmlinux whose code and data have no contents, though it reads none of them: with "zeros" they have
zeros.  The relocations that x86 leaves in go too, and of the debug info the tables of lines, of unwinding and of the
places of local variables.  objcopy can remove these, but it cannot drop contents.
"""
import struct, subprocess, sys

KEEP = ('.rodata', '.notes', '.note.', '__param', '__modver')
src, out, cross = sys.argv[1], sys.argv[2], (sys.argv[3:] or [''])[0]
zeros = ('.text', '.data', '.data..percpu') if sys.argv[4:] == ['zeros'] else ()
subprocess.check_call([cross + 'objcopy', '--remove-relocations=*', '-R', '.debug_line', '-R', '.debug_frame', '-R', '.debug_loclists',
                       '-R', '.debug_loc', src, out])
elf = open(out, 'rb').read()
wide = elf[4] == 2
assert elf[:4] == b'\x7fELF' and elf[5] == 1, 'not a little-endian ELF file'
ehdr = list(struct.unpack_from('<16sHHIQQQIHHHHHH' if wide else '<16sHHIIIIIHHHHHH', elf))
phoff, shoff, phnum, shnum, names = ehdr[5], ehdr[6], ehdr[10], ehdr[12], ehdr[13]
SH, PH = ('<IIQQQQIIQQ', '<IIQQQQQQ') if wide else ('<IIIIIIIIII', '<IIIIIIII')
sections = [list(struct.unpack_from(SH, elf, shoff + i * struct.calcsize(SH))) for i in range(shnum)]
segments = [struct.unpack_from(PH, elf, phoff + i * struct.calcsize(PH)) for i in range(phnum)]
# both widths in one order: type flags offset vaddr paddr filesz memsz align
if not wide:
    segments = [(t, f, o, v, p, fs, ms, a) for t, o, v, p, fs, ms, f, a in segments]
strings = sections[names][4]


def name(s):
    return elf[strings + s[0]:elf.index(b'\0', strings + s[0])].decode()


body, loads = bytearray(), []
allocated = [s for s in sections if s[2] & 2 and s[1] != 0]
base = ehdr[8] + (len(allocated) + phnum) * struct.calcsize(PH)
for s in sections:
    kind, flags, address, offset, size, align = s[1], s[2], s[3], s[4], s[5], max(s[8], 1)
    if name(s) in zeros:
        elf = elf[:offset] + bytes(size) + elf[offset + size:]
    elif flags & 2 and kind not in (7, 8) and not name(s).startswith(KEEP):
        s[1] = kind = 8                         # SHT_NOBITS
    pad = -(base + len(body)) % (min(align, 4096) if kind != 8 else 1)
    body += bytes(pad)
    s[4] = base + len(body) if kind else 0
    if kind not in (0, 8):
        body += elf[offset:offset + size]
    if not flags & 2 or not size:
        continue
    # one PT_LOAD per section, so that the program headers do not claim content that is gone
    for t, f, o, v, p, fs, ms, a in segments:
        if t == 1 and v <= address < v + ms:
            loads.append((1, f, s[4], address, p + address - v, 0 if kind == 8 else size, size, 1))
            if kind == 7:
                loads.append((4, 4, s[4], address, p + address - v, size, size, 4))
            break
body += bytes(-(base + len(body)) % 8)
ehdr[5], ehdr[6], ehdr[10] = ehdr[8], base + len(body), len(loads)
with open(out, 'wb') as to:
    to.write(struct.pack('<16sHHIQQQIHHHHHH' if wide else '<16sHHIIIIIHHHHHH', *ehdr))
    for t, f, o, v, p, fs, ms, a in loads:
        to.write(struct.pack(PH, *((t, f, o, v, p, fs, ms, a) if wide else (t, o, v, p, fs, ms, f, a))))
    to.write(bytes(base - to.tell()))
    to.write(body)
    for s in sections:
        to.write(struct.pack(SH, *s))
