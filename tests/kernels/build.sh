#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# build.sh NAME OUT: compile and link the synthetic kernel of that name; OUT gets vmlinux, ram.bin and `at`, the
# physical address of ram.bin.
set -eu
name=$1 high=0
for tool in clang ld.lld llvm-nm llvm-objcopy; do
	command -v $tool >/dev/null 2>&1 || { echo "$name: $tool is not installed" >&2; exit 0; }
done
mkdir -p "$2"
out=$(cd "$2" && pwd)
cd "$(dirname "$0")"
case $name in
*-x86_64) target=x86_64-linux-gnu bits=64 base=0xffffffff81000000 phys=0x1000000 flags=-mcmodel=kernel ;;
*-i386) target=i386-linux-gnu bits=32 base=0xc1000000 phys=0x1000000 flags= ;;
*-i386-pae) target=i386-linux-gnu bits=32 base=0xc1000000 phys=0x1000000 flags="-DCONFIG_X86_PAE -DCONFIG_PHYS_ADDR_T_64BIT" ;;
*-arm) target=armv7-linux-gnueabi bits=32 base=0xc0008000 phys=0x80008000 flags= ;;
*-arm-lpae)
	target=armv7-linux-gnueabi bits=32 base=0xc0008000 phys=0x80008000 high=8
	flags="-DCONFIG_ARM_LPAE -DCONFIG_PHYS_ADDR_T_64BIT"
	;;
*-arm64) target=aarch64-linux-gnu bits=64 base=0xffffff8008080000 phys=0x40080000 flags= ;;
*) echo "$name: of no known machine" >&2; exit 1 ;;
esac
given=$(sed -n 's/^#define LINK_BASE *//p' "$name/config.h")
base=${given:-$base}
compile="clang --target=$target -std=gnu11 -O0 -g -ffreestanding -fno-pic -fno-common -nostdinc $flags
	-fno-eliminate-unused-debug-types -fstandalone-debug -fno-asynchronous-unwind-tables -Wall -Wextra
	-Wno-missing-field-initializers -Wno-initializer-overrides -Wno-unused -Wno-gnu
	-Wno-unused-command-line-argument -I. -I$name -DBASE=${base}ul -DPHYS=${phys}ul
	-DPHYS_HIGH=$high"
eval "$($compile -E -P -x c settings.in | sed -n '/^setting /{s///; s/ //g; p;}')"
compile="$compile -DRELEASE=\"$((version / 100)).$((version % 100)).0-$name\""
rm -rf "$out.part"
mkdir -p "$out.part"

objects=
for c in arch/head.S arch/pgtable.c init/version.c kernel/module.c lib/alloc_tag.c lib/codetag.c lib/stackdepot.c lib/vsprintf.c mm/debug.c \
	mm/memblock.c mm/memcontrol.c mm/page_alloc.c mm/page_ext.c mm/page_owner.c mm/sparse.c mm/vmstat.c; do
	o=$out.part/$(basename "${c%.*}").o
	case $c in
	*.S) $compile -UBASE -UPHYS -c "$c" -o "$o" ;;
	*) $compile -c "$c" -o "$o" ;;
	esac
	objects="$objects $o"
done

# The symbol table is made of a first image, and lies behind everything that it tells of.
link() {
	ld.lld -e _text --defsym=BASE=$base -T image.ld -o "$@" $objects
}
link "$out.part/first" --unresolved-symbols=ignore-all
llvm-nm -n "$out.part/first" | LC_ALL=C awk '{ u = $3; sub(/[^_].*/, "", u); print $1, length(u), $2, $3 }' |
	LC_ALL=C sort -s -k1,1 -k2,2n | cut -d' ' -f1,3,4 |
	LC_ALL=C awk -v version="$version" -v form="$form" -v all="$all" -v lto="$lto" -v bits=$bits -f kallsyms.awk \
		>"$out.part/kallsyms.s"
$compile -c "$out.part/kallsyms.s" -o "$out.part/kallsyms.o"
objects="$objects $out.part/kallsyms.o"
link "$out.part/vmlinux"
llvm-objcopy -O binary "$out.part/vmlinux" "$out.part/ram.bin"
printf '0x%x%08x\n' $high $((phys)) >"$out.part/at"
rm -f "$out.part"/*.o "$out.part/first" "$out.part/kallsyms.s"
rm -rf "$out"
mv "$out.part" "$out"
