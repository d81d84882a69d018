#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# BTF alone, made by pahole of each fixture's DWARF: the same report from a file, from a section of vmlinux, and
# from the kernel's own memory.
. "$TOP_SRCDIR/tests/tap.sh"

same() {	# ARGUMENTS...: quietly the kernel's text
	run 0 "$PAGEOWNER" report "$@" "$dump" && quiet && cmp "$work/out" "$fix/words/page_owner.txt"
}

from() {	# PATTERN ARGUMENTS...: where `info` says the types came from
	pattern=$1
	shift
	run 0 "$PAGEOWNER" info "$@" "$dump" || return 1
	grep -q "^type information  *BTF, [0-9]* types  ($pattern)\$" "$work/out" || {
		grep '^type information' "$work/out"
		return 1
	}
}

same_fields() {	# nothing is missing that DWARF gave
	run 0 "$PAGEOWNER" info --types -k "$fix/vmlinux" "$dump" && mv "$work/out" "$work/dwarf" &&
		run 0 "$PAGEOWNER" info --types -k "$work/stripped" --btf "$work/btf" "$dump" &&
		diff "$work/dwarf" "$work/out"
}

fails() {	# TEXT ARGUMENTS...
	text=$1
	shift
	run 1 "$PAGEOWNER" report "$@" "$dump" && says "$text" && [ ! -s "$work/out" ]
}

# --- into the dump: over the kernel's own instructions, which no report reads ---

link() {	# FILE SYMBOL: the lower half of its link address; the upper half is its sign
	echo $((0x$(nm "$1" | sed -n "s/^ffffffff\([0-9a-f]*\) [A-Za-z] $2\$/\1/p")))
}

# Where the first segment of RAM lies in the file: it begins at physical address 0.
segment() {
	echo $(($(readelf -lW "$dump" | sed -n 's/^  LOAD  *\(0x[0-9a-f]*\) .*/\1/p' | head -n 1)))
}

mark() {	# a vmlinux as it is when the kernel carries BTF, but for the place
	len=$(stat -c %s "$work/btf")
	objcopy --add-symbol __start_BTF=.text:0x100000,global \
		--add-symbol "__stop_BTF=.text:$((0x100000 + len)),global" "$work/stripped" "$work/marked" &&
		[ "$(link "$work/marked" __stop_BTF)" -lt "$(link "$work/marked" _etext)" ]
}

put_in_dump() {
	run 0 "$PAGEOWNER" info -k "$fix/vmlinux" "$dump" || return 1
	banner=$(sed -n 's/^kernel image .* physical address \(0x[0-9a-f]*\) .*/\1/p' "$work/out")
	moved=$((banner - $(link "$work/marked" linux_banner)))
	at=$(($(segment) + $(link "$work/marked" __start_BTF) + moved))
	cp "$dump" "$work/dump" && chmod u+w "$work/dump" &&
		dd if="$work/btf" of="$work/dump" bs=64k seek=$at oflag=seek_bytes conv=notrunc
}

no_btf_there() {
	fails "no debug information" -k "$work/marked" && says "BTF in the dump"
}

check_fixture() {
	fix=$FIXTURES/$1 dump=$FIXTURES/$1/dump.elf
	cp "$fix/vmlinux" "$work/vmlinux" && chmod u+w "$work/vmlinux"
	ok "$1: pahole makes BTF" pahole --btf_encode_detached="$work/btf" "$work/vmlinux"
	objcopy --strip-debug "$work/vmlinux" "$work/stripped" 2>/dev/null
	ok "$1: --btf FILE" same -k "$work/stripped" --btf "$work/btf"
	ok "$1: --btf FILE, which info names" from "$work/btf" -k "$work/stripped" --btf "$work/btf"
	ok "$1: --btf FILE goes before DWARF" from "$work/btf" -k "$fix/vmlinux" --btf "$work/btf"
	ok "$1: every type that DWARF gives" same_fields
	objcopy --add-section .BTF="$work/btf" "$work/stripped" "$work/section" 2>/dev/null
	ok "$1: a .BTF section" same -k "$work/section"
	ok "$1: a .BTF section, which info names" from "$work/section" -k "$work/section"
	ok "$1: a vmlinux that tells where BTF is" mark
	ok "$1: it is not there" no_btf_there
	ok "$1: BTF can be put in the dump" put_in_dump
	dump=$work/dump
	ok "$1: BTF in the dump" same -k "$work/marked"
	ok "$1: BTF in the dump, which info names" from "in the dump, from __start_BTF on" -k "$work/marked"
}

encode_and_compare() {
	cp "$fix/vmlinux" "$work/vmlinux" && chmod u+w "$work/vmlinux" &&
		pahole --btf_encode_detached="$work/btf" "$work/vmlinux" && same -k "$work/vmlinux" --btf "$work/btf"
}

if command -v pahole >/dev/null 2>&1 && command -v objcopy >/dev/null 2>&1; then
	check_fixture 6.1-x86_64
	dump=$FIXTURES/6.1-x86_64/dump.elf fix=$FIXTURES/6.1-x86_64
	cp "$FIXTURES/7.2-x86_64/vmlinux" "$work/other" && chmod u+w "$work/other"
	pahole --btf_encode_detached="$work/other.btf" "$work/other"
	ok "BTF of another kernel is refused" fails "of another kernel" -k "$work/stripped" --btf "$work/other.btf"
	check_fixture 7.2-x86_64
	for fix in "$FIXTURES"/*/; do	# every other kernel: other widths of pointers, other shapes of mem_section
		name=$(basename "$fix") dump=${fix}dump.elf
		case $name in *-x86_64*) continue ;; esac
		[ -e "$dump" ] && [ -e "${fix}words/page_owner.txt" ] && ok "$name: --btf FILE" encode_and_compare
	done
else
	skip "reports from BTF" "pahole is not installed"
fi

dump=$FIXTURES/6.1-x86_64/dump.elf fix=$FIXTURES/6.1-x86_64
echo "no BTF at all" >"$work/text"
: >"$work/empty"
ok "--btf: no BTF" fails "text: not BTF" -k "$fix/vmlinux" --btf "$work/text"
ok "--btf: an empty file" fails "empty: not BTF" -k "$fix/vmlinux" --btf "$work/empty"
ok "--btf: a directory" fails "not BTF" -k "$fix/vmlinux" --btf "$work"
ok "--btf: no such file" fails "No such file" -k "$fix/vmlinux" --btf "$work/none"
tap_end
