#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Unpack the bundled dumps: fixtures.sh TESTDATA/dumps OUT
# OUT/NAME/ gets vmlinux, the dump, and words/ with the kernel's own text; testdata/README tells what is what.
set -eu
from=$(cd "$1" && pwd) out=$2

for dir in "$from"/*/; do
	name=$(basename "$dir")
	mkdir -p "$out/$name/words"
	for f in "$dir"*; do
		case $f in
		*/words.tar.xz) xz -dc "$f" | tar -C "$out/$name/words" -xf - ;;
		*/vmlinux.from) ln -sf "../$(cat "$f")/vmlinux" "$out/$name/vmlinux" ;;
		*.xz) xz -dc "$f" >"$out/$name/$(basename "$f" .xz)" ;;
		*) cp "$f" "$out/$name/" ;;
		esac
	done
done
touch "$out/stamp"
