#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# `pageowner info` tells what the guest itself says, and by which path it was found.
. "$TOP_SRCDIR/tests/tap.sh"

# The slide, from the guest's /proc/kallsyms and vmlinux's own symbol.
true_slide() {
	run_time=$(sed -n 's/^\([0-9a-f]*\) T _stext$/\1/p' "$FIXTURES/$1/words/kallsyms.txt")
	link=$(nm "$FIXTURES/$1/vmlinux" | sed -n 's/^\([0-9a-f]*\) T _stext$/\1/p')
	# both lie in the top 2 GiB; the shell's numbers are signed
	[ -n "$run_time" ] && [ -n "$link" ] &&
		printf '0x%x' $((0x${run_time#ffffffff} - 0x${link#ffffffff}))
}

info() {
	name=$1
	shift
	run 0 "$PAGEOWNER" info -k "$FIXTURES/$name/vmlinux" "$@" && quiet
}

check_61() {
	info 6.1-x86_64 "$@" || return 1
	has dump "$want_dump" && has "kernel release" "^6\.1\." && has machine "^x86_64" &&
		has slide "^$(true_slide 6.1-x86_64) " && has "page tables" "4 levels" &&
		has "page size" "^4096" && has "memory model" "^SPARSEMEM" &&
		has pageblocks "order 9" && has "type information" "DWARF 5" &&
		has "kernel image" "$want_path"
}

dump=$FIXTURES/6.1-x86_64/dump.elf
want_dump="ELF core" want_path="VMCOREINFO led"
ok "6.1, ELF with VMCOREINFO" check_61 "$dump"
"$DUMPTOOL" "$dump" "$work/d" --to elf --no-vmcoreinfo
want_path="searched by its banner"
ok "6.1, ELF without VMCOREINFO" check_61 "$work/d"
"$DUMPTOOL" "$dump" "$work/k" --to kdump --codec zstd
want_dump="kdump" want_path="VMCOREINFO led"
ok "6.1, kdump" check_61 "$work/k"

check_72() {
	info 7.2-x86_64 "$FIXTURES/7.2-x86_64/dump.elf" || return 1
	has "kernel release" "^7\.2" && has slide "^$(true_slide 7.2-x86_64) " &&
		has "page tables" "5 levels" && has "stack depot" "plus 1.*pointer to an array" &&
		has symbols "place-relative" && has pageblocks "agree"
}

ok "7.2, five levels, two nodes" check_72

off() {
	run 1 "$PAGEOWNER" info -k "$FIXTURES/6.1-x86_64-off/vmlinux" "$FIXTURES/6.1-x86_64-off/dump.elf" &&
		says "page_owner was off" && has "kernel release" "^6\.1\." && has slide "^0x"
}

ok "page_owner off: everything else is still told" off
tap_end
