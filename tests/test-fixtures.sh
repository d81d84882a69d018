#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Every bundled dump, as it is: the report is the text that its kernel printed, byte for byte.
. "$TOP_SRCDIR/tests/tap.sh"

for words in "$FIXTURES"/*/words/page_owner.txt; do
	dir=$(dirname "$(dirname "$words")")
	name=$(basename "$dir")
	for dump in "$dir"/dump.elf "$dir"/core.kdump "$dir"/vmcore.elf; do
		[ ! -e "$dump" ] || ok "$name: $(basename "$dump")" same_text $name "$dump"
		[ ! -e "$dump" ] || ok "$name: and nothing is said" quiet
	done
done
ok "there are 16 of them at least" [ "$tap_nr" -ge 32 ]

# How many pages the module lost, as it said itself before the machine died of it.
leaked() {
	want=$(sed -n 's/.*pohog: leaked \([0-9]*\) pages.*/\1/p' "$FIXTURES/6.1-x86_64-oom/console.txt" | tail -n 1)
	run 0 "$PAGEOWNER" report -k "$FIXTURES/6.1-x86_64-oom/vmlinux" "$FIXTURES/6.1-x86_64-oom/core.kdump" &&
		have=$(grep -c '^ pohog_leak+' "$work/out") && [ "$have" -eq "$want" ] && return 0
	echo "$have pages, not $want"
	return 1
}
ok "6.1-x86_64-oom: all pages that its module said it leaked" leaked
tap_end
