#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Processes: their files of /proc against what the very kernel printed of each of them.
. "$TOP_SRCDIR/tests/tap.sh"

dump_of() {
	ls "$FIXTURES/$1/dump.elf" "$FIXTURES/$1/core.kdump" "$FIXTURES/$1/vmcore.elf" 2>/dev/null | head -n 1
}

# One file for each process, $work/split/PID.
split() {
	rm -rf "$work/split" && mkdir "$work/split"
	awk -v dir="$work/split" '/^==> [0-9]+\/[a-z_]+ <==$/ { sub(/\/.*/, "", $2); close(file); file = dir "/" $2; next }
		$0 != "" { print >file }' "$work/out"
}

# same FILE FIXTURE: of each process that the kernel listed, and of no others
same() {
	run 0 "$PAGEOWNER" proc "*/$1" -k "$FIXTURES/$2/vmlinux" "$(dump_of $2)" && quiet || return 1
	split
	compared=0
	for theirs in "$FIXTURES/$2"/words/pid/pid.*."$1".txt; do
		pid=$(basename "$theirs" | cut -d . -f 2)
		[ -s "$theirs" ] || continue	# smaps_rollup of a thread of the kernel, which cannot be read
		cmp "$work/split/$pid" "$theirs" || return 1
		compared=$((compared + 1))
	done
	[ "$compared" -ge "$3" ] && [ "$(ls "$work/split" | wc -l)" -eq "$compared" ] ||
		{ echo "$compared processes were compared, of $(ls "$work/split" | wc -l)"; return 1; }
}

fixtures=0
for words in "$FIXTURES"/*/words/pid; do
	fixture=$(basename "$(dirname "$(dirname "$words")")")
	ok "$fixture: statm of each process" same statm $fixture 37
	ok "$fixture: smaps_rollup of each process" same smaps_rollup $fixture 7
	ok "$fixture: oom_score of each process" same oom_score $fixture 37
	ok "$fixture: oom_score_adj of each process" same oom_score_adj $fixture 37
	fixtures=$((fixtures + 1))
done
ok "all fixtures have words about processes" test $fixtures -ge 16

name=6.1-x86_64
one() { run 0 "$PAGEOWNER" proc "$1" -k "$FIXTURES/$name/vmlinux" "$(dump_of $name)" && quiet; }
ok "a file of one process" eval 'one 34/smaps_rollup && cmp "$work/out" "$FIXTURES/$name/words/pid/pid.34.smaps_rollup.txt"'
for what in 99999/statm 2/smaps_rollup; do
	ok "no such file: $what" run 1 "$PAGEOWNER" proc $what -k "$FIXTURES/$name/vmlinux" "$(dump_of $name)"
	case $what in
	2/*) ok "… it is the kernel's" says "process 2 has no memory of its own" ;;
	*) ok "… there is no such process" says "no process has PID 99999" ;;
	esac
done
for what in statm 34/meminfo 0/statm x/statm 34/; do
	ok "no file at all: $what" run 2 "$PAGEOWNER" proc $what -k "$FIXTURES/$name/vmlinux" "$(dump_of $name)"
done
tap_end
