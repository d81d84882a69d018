#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Boot a guest that looks at itself: boot.sh ARCH CC IMAGE ROOT OUT [WORD...]
#
# ROOT: the files of its initial file system, /steps among them (tests/live/init.c); /init is built here by CC.  OUT gets
# what the guest left, and console.txt.  WORDs go to the kernel's command line.  qemu emulates the machine.
set -eu
arch=$1 cc=$2 image=$3 root=$4 out=$5
shift 5
here=$(cd "$(dirname "$0")" && pwd)
guest=$here/../../testdata/guest
case $arch in
x86_64) machine="qemu-system-x86_64 -machine q35 -cpu max -vga none" console=ttyS0 ;;
arm64) machine="qemu-system-aarch64 -machine virt,gic-version=3 -cpu max" console=ttyAMA0 ;;
*) echo "boot.sh: $arch: no such machine" >&2; exit 2 ;;
esac
mkdir -p "$root/dev" "$root/tmp" "$out"
$cc -Os -Wall -Wextra -static -s -I "$guest" -o "$root/init" "$here/init.c" "$guest/workload.c"
(cd "$root" && find . -mindepth 1 | LC_ALL=C sort | cpio -o -H newc --quiet -R 0:0 | gzip -1) >"$out/initrd"
truncate -s 72M "$out/disk"
timeout "${GUEST_TIMEOUT:-300}" $machine -accel tcg -m "${GUEST_MEM:-256}" -smp 2 -nographic -no-reboot -monitor none -net none \
	-kernel "$image" -initrd "$out/initrd" -drive "file=$out/disk,format=raw,if=virtio" -serial "file:$out/console.txt" \
	-append "console=$console panic=-1 quiet rootfstype=ramfs page_owner=on init_on_free=1 init_on_alloc=1 GUEST_MB=64 $*" </dev/null >"$out/qemu.txt" 2>&1 || true
rm -f "$out/initrd"
tr -d '\r' <"$out/console.txt" | grep -q '^GUEST DONE$' || {
	echo "boot.sh: the guest did not come to its end"
	tail -n 15 "$out/console.txt" "$out/qemu.txt"
	exit 1
}
tar -xf "$out/disk" -C "$out"
rm -f "$out/disk"
