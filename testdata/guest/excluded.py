#!/usr/bin/env python3
"""excluded.py DUMP.ELF OUT WORKDIR [sid]

Which PFNs does `makedumpfile -d 31` leave out of a dump that QEMU wrote?  OUT gets ranges, one per line, "first-last" in
hexadecimal, both inclusive, ascending.  They come from the second bitmap of the file that `makedumpfile -l -d 31` writes: pages of
zeros are not among them (makedumpfile keeps them there as references to one stored page), unless they are left out for another
reason.  `makedumpfile -E -d 31` leaves out these PFNs and the pages of zeros too, but only where 256 or more of them follow each
other or the end of a segment is reached; shorter runs it writes as they are.  That is checked here.

The makedumpfile of Debian 12 (1.7.2) serves 6.1; a 7.2 it filters without complaint, but leaves most free pages in.  With "sid"
that of sid (1.7.8) is fetched, with its libraries, and run from where it was unpacked.  Both take e_phoff to be 64 while QEMU puts the section header first: a copy with the program
headers moved is what they get.
"""
import glob, mmap, os, struct, subprocess, sys

here = os.path.dirname(os.path.abspath(__file__))
dump, out, work = sys.argv[1:4]
moved, kdump, elf = (f'{out}.{x}' for x in ('moved', 'kdump', 'elf'))


def map_file(path):
    with open(path, 'rb') as f:
        return mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ)


def segments(m):
    phoff, = struct.unpack_from('<Q', m, 32)
    n, = struct.unpack_from('<H', m, 56)
    for i in range(n):
        yield struct.unpack_from('<IIQQQQQQ', m, phoff + 56 * i)        # type flags offset vaddr paddr filesz memsz align


def move_headers():
    m = map_file(dump)
    phoff, shoff = struct.unpack_from('<QQ', m, 32)
    n, = struct.unpack_from('<H', m, 56)
    data = min(s[2] for s in segments(m))
    head = bytearray(data)
    head[:64] = m[:64]
    head[64:64 + 56 * n] = m[phoff:phoff + 56 * n]
    struct.pack_into('<QQ', head, 32, 64, 0)    # e_phoff; no section headers
    struct.pack_into('<HHH', head, 58, 0, 0, 0)
    with open(moved, 'wb') as f:
        f.write(head)
        for at in range(data, len(m), 1 << 24):
            f.write(m[at:at + (1 << 24)])


def of_sid():
    """makedumpfile of sid as a command: its own loader, libraries and program"""
    packages = 'libc6 zlib1g liblzo2-2 libsnappy1v5 libzstd1 libdw1t64 libelf1t64 libbz2-1.0 liblzma5 libstdc++6 libgcc-s1'.split()
    for p in packages + ['makedumpfile']:
        subprocess.check_call([f'{here}/fetch-source.sh', '-p', 'sid', p, work])
    libs = ':'.join(d for p in packages for d in glob.glob(f'{work}/{p}/usr/lib/x86_64-linux-gnu'))
    return [f'{work}/libc6/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2', '--library-path', libs, f'{work}/makedumpfile/usr/bin/makedumpfile']


def filtered():
    command = of_sid() if sys.argv[4:] == ['sid'] else ['makedumpfile']
    for how, to in (('-l', kdump), ('-E', elf)):
        if os.path.exists(to):
            os.unlink(to)
        subprocess.check_call(command + [how, '-d', '31', '--message-level', '4', moved, to])
    return subprocess.check_output(command + ['-v'], text=True).split('(')[0].strip()


def bitmaps():
    m = map_file(kdump)
    assert m[:8] == b'KDUMP   '
    # struct disk_dump_header: signature, version, utsname (6 * 65), timestamp, status, block_size, sub_hdr_size, bitmap_blocks, max_mapnr
    status, block, sub, blocks, mapnr = struct.unpack_from('<IiiII', m, 8 + 4 + 390 + 6 + 16)
    mapnr, = struct.unpack_from('<Q', m, block + 96) if mapnr == 0 else (mapnr,)
    at = (1 + sub) * block
    half = blocks * block // 2
    return m[at:at + half], m[at + half:at + 2 * half], mapnr, block


move_headers()
which = filtered()
first, second, mapnr, page = bitmaps()
bit = lambda b, n: b[n >> 3] >> (n & 7) & 1
gone = [n for n in range(mapnr) if bit(first, n) and not bit(second, n)]

# the same by the ELF file: what it holds, against the whole dump
m, whole, held, zero = map_file(elf), map_file(dump), set(), set()
for t, f, off, v, p, fs, ms, a in segments(m):
    if t == 1:
        held.update(range(p // page, (p + fs) // page))
nothing, leftout = bytes(page), set()
for t, f, off, v, p, fs, ms, a in segments(whole):
    if t != 1:
        continue
    for i in range(fs // page):
        n = p // page + i
        if whole[off + i * page:off + (i + 1) * page] == nothing:
            zero.add(n)
        if n not in held and n < mapnr:
            leftout.add(n)
either = sorted(set(gone) | {n for n in zero if n < mapnr and bit(first, n)})
ends = {(s[4] + s[6]) // page for s in segments(whole) if s[0] == 1}
expected, run = set(), []
for n in either + [1 << 60]:
    if run and n != run[-1] + 1:
        if len(run) >= 256 or run[-1] + 1 in ends:
            expected.update(run)
        run = []
    run.append(n)
seen = {n for n in leftout if bit(first, n)}
print(f'{which}: {len(gone)} PFNs left out; in the ELF form {len(seen)}')
if seen != expected:
    print(f'the two forms differ: only ELF {len(seen - expected)}, only bitmap {len(expected - seen)}:',
          [hex(n) for n in sorted(seen ^ expected)[:8]], file=sys.stderr)
ranges = []
for n in gone:
    if ranges and ranges[-1][1] == n - 1:
        ranges[-1][1] = n
    else:
        ranges.append([n, n])
with open(out, 'w') as f:
    f.writelines(f'{a:x}-{b:x}\n' for a, b in ranges)
os.unlink(moved)
