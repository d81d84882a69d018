#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Files of /proc, and the log, out of the dump, against what the very kernel printed.
. "$TOP_SRCDIR/tests/tap.sh"
moved=$TOP_SRCDIR/tests/proc.moved

# proc FILE FIXTURE: makes $work/out
proc() {
	proc_fix=$FIXTURES/$2
	proc_dump=$(ls "$proc_fix"/dump.elf "$proc_fix"/core.kdump "$proc_fix"/vmcore.elf 2>/dev/null | head -n 1)
	run 0 "$PAGEOWNER" proc "$1" -k "$proc_fix/vmlinux" "$proc_dump" && quiet
}

same_bytes() {
	proc $1 $2 && cmp "$work/out" "$FIXTURES/$2/words/$1.txt"
}

# compare FILE FIXTURE BOUND MOST: but for the lines that are known to have moved, MOST of them at most
compare() {
	proc $1 $2 && awk -v fixture=$2 -v file=$1 -v bound=$3 -v most=$4 -f "$TOP_SRCDIR/tests/proc.awk" \
		"$moved" "$FIXTURES/$2/words/$1.txt" "$work/out"
}

# Processors times threshold, as the guest's own zoneinfo has them.
bound_of() {
	awk '/cpu: / { if ($2 + 1 > cpus) cpus = $2 + 1 } /threshold: / { if ($4 > most) most = $4 } END { print cpus * most }' \
		"$FIXTURES/$1/words/zoneinfo.txt"
}

page_kb() {
	case $1 in
	*-64k) echo 64 ;;
	*-16k) echo 16 ;;
	*) echo 4 ;;
	esac
}

# Everything behind the two addresses, order included; and where the kernel printed hashes of them, one for each address.
same_areas() {
	proc vmallocinfo $1 || return 1
	theirs=$FIXTURES/$1/words/vmallocinfo.txt
	sed 's/^[^ ]*//' "$theirs" >"$work/theirs"
	sed 's/^[^ ]*//' "$work/out" | cmp - "$work/theirs" || return 1
	! grep -vqE '^0x([0-9a-f]{8}){1,2}-0x([0-9a-f]{8}){1,2} ' "$work/out" || { echo "no addresses"; return 1; }
	grep -q ptrval "$theirs" && return 0	# no hashes yet: the kernel had no entropy
	paste -d ' ' "$theirs" "$work/out" | sed 's/ .* \(0x[0-9a-f]*-0x[0-9a-f]*\) .*/-\1/' |
		awk -F - '{ for (i = 1; i <= 2; i++) { if (($i in to) && to[$i] != $(i + 2) || ($(i + 2) in of) && of[$(i + 2)] != $i)
			bad = 1; to[$i] = $(i + 2); of[$(i + 2)] = $i } } END { exit bad }'
}

# A crash goes on after the guest has read it.
same_log() {
	run 0 "$PAGEOWNER" log -k "$FIXTURES/$1/vmlinux" "$(ls "$FIXTURES/$1"/dump.elf "$FIXTURES/$1"/core.kdump \
		"$FIXTURES/$1"/vmcore.elf 2>/dev/null | head -n 1)" && quiet || return 1
	case $1 in
	*-crash-*)
		head -c "$(wc -c <"$FIXTURES/$1/words/dmesg.txt")" "$work/out" | cmp - "$FIXTURES/$1/words/dmesg.txt" &&
			grep -q '^<0>.*Kernel panic - not syncing: sysrq triggered crash' "$work/out" ;;
	*) cmp "$work/out" "$FIXTURES/$1/words/dmesg.txt" ;;
	esac
}

for words in "$FIXTURES"/*/words/slabinfo.txt; do
	fixture=$(basename "$(dirname "$(dirname "$words")")")
	bound=$(bound_of $fixture) kb=$(page_kb $fixture)
	for file in buddyinfo pagetypeinfo; do
		ok "$fixture: $file has the bytes of the kernel's" same_bytes $file $fixture
	done
	ok "$fixture: slabinfo, line by line" compare slabinfo $fixture 0 1
	ok "$fixture: vmallocinfo is the kernel's, with real addresses" same_areas $fixture
	# seven of 6.1-arm, which tell of three counters: highmem has one line more
	most=6
	[ $fixture = 6.1-arm ] && most=7
	ok "$fixture: meminfo, line by line" compare meminfo $fixture $((bound * kb)) $most
	ok "$fixture: zoneinfo, line by line" compare zoneinfo $fixture $bound 6
	ok "$fixture: vmstat, the states line by line" compare vmstat $fixture $bound 6
	ok "$fixture: the kernel log" same_log $fixture
	[ ! -s "$FIXTURES/$fixture/words/allocinfo.txt" ] || ok "$fixture: allocinfo, line by line" compare allocinfo $fixture 0 9
done

fix=$FIXTURES/6.1-x86_64
ok "output to a file" sh -c "'$PAGEOWNER' proc buddyinfo -k '$fix/vmlinux' -o '$work/file' '$fix/dump.elf' &&
	cmp '$work/file' '$fix/words/buddyinfo.txt'"
ok "allocinfo of a kernel that does not profile allocations" run 1 "$PAGEOWNER" allocinfo -k "$fix/vmlinux" "$fix/dump.elf"
ok "… is told" says "does not profile allocations (CONFIG_MEM_ALLOC_PROFILING is off)"
ok "an order that does not exist" run 2 "$PAGEOWNER" allocinfo --sort=age -k "$fix/vmlinux" "$fix/dump.elf"
ok "a file that does not exist" run 2 "$PAGEOWNER" proc cpuinfo -k "$fix/vmlinux" "$fix/dump.elf"
ok "… is told" says "cpuinfo: no such file"
ok "a text in place of a dump" run 1 "$PAGEOWNER" proc slabinfo "$fix/words/page_owner.txt"
ok "… does not tell" says "a dump is needed"
ok "no file at all" run 2 "$PAGEOWNER" proc -k "$fix/vmlinux"
tap_end
