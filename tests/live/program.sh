#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Build the program as a board would have it, without libraries: program.sh ARCH SRCDIR DIR; DIR gets pageowner.
# For another machine than this one its static libraries are needed: those of the system (multi-arch), or unpacked in
# $ARM64_LIBS.
set -eu
arch=$1 src=$(cd "$2" && pwd) dir=$3
mkdir -p "$dir"
cd "$dir"
case $arch in
arm64)
	host=aarch64-linux-gnu
	libs=/usr/lib/$host
	if [ -n "${ARM64_LIBS-}" ]; then
		libs=$ARM64_LIBS/usr/lib/$host
		PKG_CONFIG_SYSROOT_DIR=$ARM64_LIBS
		CPPFLAGS="-I$ARM64_LIBS/usr/include -I$ARM64_LIBS/usr/include/$host" LDFLAGS=-L$libs
		export PKG_CONFIG_SYSROOT_DIR CPPFLAGS LDFLAGS
	fi
	PKG_CONFIG_LIBDIR=$libs/pkgconfig:${ARM64_LIBS-}/usr/share/pkgconfig
	export PKG_CONFIG_LIBDIR
	unset CC
	;;
*) host= ;;
esac
unset MAKEFLAGS MFLAGS MAKELEVEL
[ -f Makefile ] || "$src/configure" -q ${host:+--host=$host} --without-kdumpfile --enable-static-program CFLAGS=-O2 >configure.log 2>&1 || {
	cat configure.log config.log
	exit 1
}
make -s -j2 pageowner >make.log 2>&1 || {
	tail -n 30 make.log
	exit 1
}
"${host:+$host-}strip" -o pageowner.stripped pageowner
