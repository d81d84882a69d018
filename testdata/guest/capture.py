#!/usr/bin/env python3
"""Boot a guest, let it capture its own page_owner text, take the dump while it waits.

capture.py ARCH KERNELDIR OUTDIR [options]

KERNELDIR is what build-kernel.sh made.  OUTDIR gets words/ (page_owner.txt, the kernel's own text, and every
other file that the guest read, pid/ per process), dump.elf (or dump.kdump-zlib, ram.raw) and console.log.
With --crash the guest panics at the end and its capture kernel saves the crash: core.kdump or vmcore.elf.
"""
import argparse, json, os, re, shutil, socket, subprocess, sys, tempfile, time

a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
a.add_argument('arch')
a.add_argument('kernel')
a.add_argument('out')
a.add_argument('--mem', type=int, default=128, help='MiB')
a.add_argument('--smp', default='2')
a.add_argument('--append', default='', help='more words for the kernel command line')
a.add_argument('--owner', default='page_owner=on', help='how page_owner is switched on ("none": not at all)')
a.add_argument('--qemu', default='', help='more arguments for qemu')
a.add_argument('--overlay', help='arm64, arm: source of a device tree overlay, on top of what qemu describes')
a.add_argument('--formats', default='elf', help='elf, kdump-zlib, raw; comma separated')
a.add_argument('--buffer', type=int, default=24, help='MiB for the captured text')
a.add_argument('--timeout', type=int, default=300)
a.add_argument('--crash', choices=('lzo', 'copy'), help='x86_64: panic, kexec kernel, save /proc/vmcore that way')
a.add_argument('--crashkernel', default='64M')
o = a.parse_args()

here = os.path.dirname(os.path.abspath(__file__))
os.makedirs(o.out, exist_ok=True)
ELF = {'x86_64': '', 'i386': 'i686-linux-gnu-', 'arm64': 'aarch64-linux-gnu-', 'arm': 'arm-linux-gnueabihf-'}
MACHINE = {
    'x86_64': ['qemu-system-x86_64', '-machine', 'q35', '-cpu', 'max'],
    'i386': ['qemu-system-i386', '-machine', 'q35', '-cpu', 'max'],
    'arm64': ['qemu-system-aarch64', '-machine', 'virt,gic-version=3', '-cpu', 'max'],
    'arm': ['qemu-system-arm', '-machine', 'virt,highmem=off', '-cpu', 'cortex-a15'],
}
CONSOLE = {'x86_64': 'ttyS0', 'i386': 'ttyS0', 'arm64': 'ttyAMA0', 'arm': 'ttyAMA0'}
RAM = {'x86_64': 0, 'i386': 0, 'arm64': 0x40000000, 'arm': 0x40000000}


def archive(root, to):
    subprocess.check_call(f'cd {root} && find . -mindepth 1 | LC_ALL=C sort | cpio -o -H newc --quiet -R 0:0 | gzip -9n > {to}', shell=True)


def initrd(root, to):
    cross = ELF[o.arch]
    subprocess.check_call([cross + 'gcc', '-Os', '-Wall', '-Wextra', '-static', '-s', '-o', f'{root}/init',
                           f'{here}/init.c', f'{here}/workload.c'])
    if os.path.exists(f'{o.kernel}/pohog.ko'):
        shutil.copy(f'{o.kernel}/pohog.ko', root)
        # without debug info: the guest has no use for it
        subprocess.check_call([cross + 'strip', '-g', f'{root}/pohog.ko'])
    os.makedirs(f'{root}/dev')
    subprocess.call(['mknod', f'{root}/dev/console', 'c', '5', '1'])
    if o.crash:
        # the capture kernel has the same init; it needs makedumpfile, and we need kexec to load it
        for exe in ('/usr/bin/makedumpfile',) + (('/usr/sbin/kexec',)):
            for f in [exe] + re.findall(r'(/\S+\.so\S*)', subprocess.check_output(['ldd', exe], text=True)):
                subprocess.check_call(['install', '-D', f, root + f])
        archive(root, to)
        os.makedirs(f'{root}/boot')
        shutil.move(to, f'{root}/boot/initrd')
        shutil.copy(f'{o.kernel}/bootimage', f'{root}/boot/image')
    archive(root, to)


def device_tree(overlay, cmd, to):
    """The tree that qemu makes for this very machine, and the overlay on it."""
    machine = [f'{arg},dumpdtb={tmp}/base.dtb' if before == '-machine' else arg for before, arg in zip([''] + cmd, cmd)]
    subprocess.check_call(machine, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    subprocess.check_call(['dtc', '-q', '-I', 'dts', '-O', 'dtb', '-o', f'{tmp}/overlay.dtbo', f'{here}/{overlay}'])
    subprocess.check_call(['fdtoverlay', '-i', f'{tmp}/base.dtb', '-o', to, f'{tmp}/overlay.dtbo'])


tmp = tempfile.mkdtemp()
os.mkdir(f'{tmp}/root')
initrd(f'{tmp}/root', f'{tmp}/initrd')
disk, save = f'{tmp}/disk.raw', f'{o.out}/saved.raw'
subprocess.check_call(['truncate', '-s', f'{o.buffer + 4}M', disk])
append = f'console={CONSOLE[o.arch]} panic=-1 GUEST_MB={o.buffer} {o.append}'
if o.owner != 'none':
    append += f' {o.owner}'
if o.crash:
    append += f' GUEST_CRASH={o.crash} crashkernel={o.crashkernel}'
qmp_path, ser_path = f'{tmp}/qmp', f'{tmp}/ser'
cmd = MACHINE[o.arch] + ['-accel', 'tcg', '-m', str(o.mem), '-smp', o.smp] + o.qemu.split()
if o.overlay:
    device_tree(o.overlay, cmd, f'{tmp}/dtb')
    cmd += ['-dtb', f'{tmp}/dtb']
cmd += ['-nographic', '-no-reboot', '-monitor', 'none', '-net', 'none',
    '-kernel', f'{o.kernel}/bootimage', '-initrd', f'{tmp}/initrd', '-append', append,
    '-drive', f'file={disk},format=raw,if=virtio',
    '-qmp', f'unix:{qmp_path},server,nowait', '-serial', f'unix:{ser_path},server,nowait']
if o.crash:
    subprocess.check_call(['truncate', '-s', f'{o.mem + 16}M', save])
    cmd += ['-drive', f'file={save},format=raw,if=virtio']
p = subprocess.Popen(cmd, stdin=subprocess.DEVNULL, stderr=open(f'{o.out}/qemu.err', 'w'))


def give_up(why):
    p.kill()
    sys.exit(f'{o.out}: {why}; see console.log and qemu.err there')


def connect(path):
    for _ in range(100):
        try:
            c = socket.socket(socket.AF_UNIX)
            c.connect(path)
            return c
        except OSError:
            time.sleep(0.1)
    give_up('no socket ' + path)


ser = connect(ser_path)
qmp = connect(qmp_path).makefile('rw')
log = open(f'{o.out}/console.log', 'wb')
ser.settimeout(1)
seen, t0 = b'', time.time()


def command(name, **args):
    qmp.write(json.dumps({'execute': name, 'arguments': args} if args else {'execute': name}) + '\n')
    qmp.flush()
    while True:
        r = json.loads(qmp.readline())
        if 'return' in r:
            return
        if 'error' in r:
            give_up(f'{name}: {r["error"]}')


def wait(word):
    global seen
    while word not in seen:
        if b'GUEST FAIL' in seen and seen.endswith(b'\n'):
            give_up('guest: ' + seen[seen.index(b'GUEST FAIL'):][:80].decode(errors='replace'))
        if time.time() - t0 > o.timeout or p.poll() is not None:
            give_up(f'gave up waiting for {word.decode()}')
        try:
            d = ser.recv(4096)
        except socket.timeout:
            continue
        log.write(d)
        log.flush()
        seen += d


qmp.readline()
command('qmp_capabilities')
wait(b'GUEST READY')
time.sleep(1)
command('stop')
for f in o.formats.split(',') if not o.crash else []:
    to = os.path.abspath(f'{o.out}/' + ('ram.raw' if f == 'raw' else f'dump.{f}'))
    if f == 'raw':
        command('pmemsave', val=RAM[o.arch], size=o.mem << 20, filename=to)
    else:
        command('dump-guest-memory', paging=False, protocol='file:' + to, **({} if f == 'elf' else {'format': f}))
command('cont')
ser.send(b'\n')
wait(b'GUEST DUMPED' if o.crash else b'GUEST DONE')
try:
    p.wait(20)
except subprocess.TimeoutExpired:
    p.kill()

if o.crash == 'lzo':
    # the capture kernel wrote makedumpfile's flattened stream to the disk
    subprocess.check_call(f'rm -f {o.out}/core.kdump; makedumpfile -R {o.out}/core.kdump < {save}', shell=True, stdout=subprocess.DEVNULL)
    os.unlink(save)
elif o.crash == 'copy':
    os.truncate(save, int(re.search(rb'GUEST length (\d+)', seen).group(1)))
    os.rename(save, f'{o.out}/vmcore.elf')

if 'GUEST_NOCAP' not in o.append:
    words = f'{o.out}/words'
    shutil.rmtree(words, ignore_errors=True)
    os.makedirs(f'{words}/pid')
    d = open(disk, 'rb').read()
    size = {}
    for line in d[:1 << 16].rstrip(b'\0').decode().splitlines()[1:]:
        name, n, err, pos = line.split()
        if err == '0':
            sub = 'pid/' if name.startswith('pid.') else ''
            open(f'{words}/{sub}{name}' + ('' if name.endswith('.gz') else '.txt'), 'wb').write(d[int(pos):int(pos) + int(n)])
            size[name] = int(n)
    print(f'{o.out}: {len(size)} files,', b'GUEST counters still' in seen and 'counters stood still' or 'counters moved')
    if not size.get('page_owner') and o.owner != 'none':
        sys.exit('the capture lacks page_owner')
shutil.rmtree(tmp)
