#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Kernels of our own making, for the generations that no source package offers (tests/kernels/README): reports with
# types from DWARF and from BTF, and that each was told by its own shape.
. "$TOP_SRCDIR/tests/tap.sh"
kernels=$TOP_BUILDDIR/tests/synthetic

same() {	# ARGUMENTS...: quietly the expected text
	run 0 "$PAGEOWNER" report "$@" --ram "$kernel/ram.bin@$(cat "$kernel/at")" && quiet &&
		cmp "$work/out" "$world/expected.txt"
}

shape() {	# `info` says what this kernel is: lines of "NAME: TEXT"
	run 0 "$PAGEOWNER" info -k "$kernel/vmlinux" --ram "$kernel/ram.bin@$(cat "$kernel/at")" || return 1
	while IFS= read -r line; do
		sed -n "s/^${line%%: *}  *//p" "$work/out" | grep -qF -e "${line#*: }" ||
			{ echo "no \"$line\" but:"; grep "^${line%%: *} " "$work/out"; return 1; }
	done <"$world/shape.txt"
}

# As the kernel's build makes it; vmlinux loses what it is made of.
same_from_btf() {
	cp "$kernel/vmlinux" "$work/vmlinux" && pahole --btf_encode_detached="$work/btf" "$work/vmlinux" &&
		llvm-objcopy --strip-debug "$work/vmlinux" && same -k "$work/vmlinux" --btf "$work/btf"
}

counts() {	# FILE OPTION: that file of page_owner_stacks/
	run 0 "$PAGEOWNER" stacks $2 -k "$kernel/vmlinux" --ram "$kernel/ram.bin@$(cat "$kernel/at")" && quiet &&
		cmp "$work/out" "$world/$1.txt"
}

# Page frames and their tags; nothing is said of one that has none.
tags() {
	while read -r pfn tag; do
		run 0 "$PAGEOWNER" lookup -k "$kernel/vmlinux" --ram "$kernel/ram.bin@$(cat "$kernel/at")" "pfn:$pfn" || return 1
		[ "$(sed -n 's/^allocated at: //p' "$work/out")" = "$tag" ] || { echo "$pfn:"; cat "$work/out"; return 1; }
	done <"$world/tags.txt"
}

same_allocinfo() {
	run 0 "$PAGEOWNER" allocinfo -k "$kernel/vmlinux" --ram "$kernel/ram.bin@$(cat "$kernel/at")" && quiet &&
		cmp "$work/out" "$world/allocinfo.txt" || return 1
	run 0 "$PAGEOWNER" allocinfo --top=2 -k "$kernel/vmlinux" --ram "$kernel/ram.bin@$(cat "$kernel/at")" && quiet &&
		[ "$(sed 1,2d "$work/out" | sed 's/.*func://; s/ $//' | tr '\n' ' ')" = "synth_open folio_prealloc " ]
}

missing=
for tool in clang ld.lld llvm-nm llvm-objcopy; do
	command -v $tool >/dev/null 2>&1 || missing="$missing $tool"
done
if [ -n "$missing" ]; then
	skip "synthetic kernels" "not installed:$missing"
	tap_end
fi
for world in "$TOP_SRCDIR"/tests/kernels/*/; do
	[ -e "$world/config.h" ] || continue
	name=$(basename "$world") kernel=$kernels/$(basename "$world")
	ok "synthetic $name: report" same -k "$kernel/vmlinux"
	ok "synthetic $name: shape" shape
	for file in show_stacks: show_handles:--handles show_stacks_handles:--stacks-handles; do
		[ ! -e "$world/${file%%:*}.txt" ] ||
			ok "synthetic $name: ${file%%:*}" counts ${file%%:*} "${file#*:}"
	done
	if [ -e "$world/allocinfo.txt" ]; then
		ok "synthetic $name: allocinfo" same_allocinfo
		ok "synthetic $name: tags of page frames" tags
	fi
	if command -v pahole >/dev/null 2>&1; then
		ok "synthetic $name: report from BTF" same_from_btf
	else
		skip "synthetic $name: report from BTF" "pahole is not installed"
	fi
done
tap_end
