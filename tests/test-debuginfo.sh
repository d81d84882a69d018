#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Debug information in a separate file, and in compressed sections: the same report.
. "$TOP_SRCDIR/tests/tap.sh"
fix=$FIXTURES/6.1-x86_64
dump=$fix/dump.elf

same() {
	run 0 "$PAGEOWNER" report -k "$1" "$dump" && quiet && cmp "$work/out" "$fix/words/page_owner.txt"
}

compressed() {
	objcopy --compress-debug-sections="$1" "$fix/vmlinux" "$work/packed" && same "$work/packed"
}

objcopy --only-keep-debug "$fix/vmlinux" "$work/vmlinux.debug" 2>/dev/null
objcopy --strip-debug "$fix/vmlinux" "$work/vmlinux" 2>/dev/null
objcopy --add-gnu-debuglink="$work/vmlinux.debug" "$work/vmlinux" 2>/dev/null
ok "a separate file beside vmlinux, by debuglink" same "$work/vmlinux"
mkdir "$work/.debug"
mv "$work/vmlinux.debug" "$work/.debug/"
ok "a separate file in .debug/, by debuglink" same "$work/vmlinux"

other_build() {	# a file of that name, but of another build
	objcopy --only-keep-debug "$FIXTURES/7.2-x86_64/vmlinux" "$work/.debug/vmlinux.debug" 2>/dev/null
	run 1 "$PAGEOWNER" report -k "$work/vmlinux" "$dump" && says "no debug information" && [ ! -s "$work/out" ]
}

ok "a separate file of another build is not taken" other_build
for kind in zlib zlib-gnu zstd; do
	if objcopy --compress-debug-sections=$kind "$fix/vmlinux" "$work/packed" 2>/dev/null; then
		ok "sections compressed by $kind" compressed $kind
	else
		skip "sections compressed by $kind" "this objcopy cannot"
	fi
done
tap_end
