#!/bin/bash
# Build a small kernel for a guest: build-kernel.sh SRC ARCH OUT [more.config ...]
#
# ARCH: x86_64 i386 arm64 arm.  OUT gets vmlinux, bootimage and pohog.ko.
# tinyconfig, then base.config, ARCH.config and the others in the order given.
# With slim.config, only the objects named in slim.args get debug info (DWARF=4|5, default 5), types above all: no location
# lists of local variables.  With LLVM=1 clang and lld build it.
set -eu
src=$1 arch=$2 out=$3
shift 3
here=$(cd "$(dirname "$0")" && pwd)
case $arch in
x86_64)	karch=x86_64 cross= img=arch/x86/boot/bzImage ;;
i386)	karch=i386 cross=i686-linux-gnu- img=arch/x86/boot/bzImage ;;
arm64)	karch=arm64 cross=aarch64-linux-gnu- img=arch/arm64/boot/Image ;;
arm)	karch=arm cross=arm-linux-gnueabihf- img=arch/arm/boot/zImage ;;
*)	echo "unknown architecture $arch" >&2; exit 1 ;;
esac
# the banner should not name the machine that built it
export KBUILD_BUILD_USER=pageowner KBUILD_BUILD_HOST=guest
slim=()
case " $* " in
*slim.config*)
	# a command-line CFLAGS_x.o replaces the one of the tree's own Makefile for that object
	while read -r object; do slim+=("CFLAGS_$object.o=-gdwarf-${DWARF:-5} -fno-var-tracking"); done < "$here/slim.args" ;;
esac
mk() { make -s -C "$src" O="$out" ARCH=$karch CROSS_COMPILE=$cross ${LLVM:+LLVM=$LLVM} "${slim[@]}" "$@"; }
merge=("$here/base.config" "$here/$arch.config")
for c in "$@"; do merge+=("$here/$c"); done
mkdir -p "$out"
mk tinyconfig
# it leaves its temporary files where it runs
(cd "$out" && "$src/scripts/kconfig/merge_config.sh" -m -O "$out" "$out/.config" "${merge[@]}" > /dev/null 2>&1)
mk olddefconfig
mk -j"$(nproc)" KCFLAGS=-Wno-error vmlinux "$(basename $img)" modules
cp "$out/$img" "$out/bootimage"
mkdir -p "$out/hog"
cp "$here/pohog.c" "$out/hog/"
echo 'obj-m := pohog.o' > "$out/hog/Makefile"
# since 6.13 an external module is built from the build tree
mk M="$out/hog" KCFLAGS=-Wno-error modules || mk -C "$out" M="$out/hog" modules
cp "$out/hog/pohog.ko" "$out/pohog.ko"
