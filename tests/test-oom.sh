#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The OOM killer's reports: what stands in the log, what the dump tells, and what changed.
. "$TOP_SRCDIR/tests/tap.sh"

# The dump of a fixture.
dump() {
	ls "$FIXTURES/$1"/dump.elf "$FIXTURES/$1"/core.kdump "$FIXTURES/$1"/vmcore.elf 2>/dev/null | head -n 1
}

# of COMMAND… FIXTURE: makes $work/out
of() {
	of_fix=$FIXTURES/$1
	shift
	run 0 "$PAGEOWNER" "$@" -k "$of_fix/vmlinux" "$(dump "$(basename "$of_fix")")" && quiet
}

# rows TITLE [COLUMN]: "name value" of a part of the table, by the column from the right: 3 at the OOM, 2 in the dump
rows() {
	awk -v title="$1" -v column="${2:-2}" '/^[^ ]/ { inside = index($0, title) == 1 }
		/^  [^ ]/ && inside { v = $(NF - column + 1); NF -= 3; print $0, v }' "$work/table" | sed 's/^ *//'
}

# All "name:number" of the lines of memory, zone by zone, in the order of the log; what the table has of it, in its own.
said_pairs() {
	sed -n '/Mem-Info:/,/lowmem_reserve.*\|Tasks state/p' "$work/log" | grep -v 'lowmem_reserve\|Mem-Info\|] DMA: \|] DMA32: ' |
		sed 's/^<[0-9]*>\[[^]]*\]//' | grep -oE '[a-zA-Z_()]+: ?[0-9]+' | sed 's/: */ /'
}

table_pairs() {
	rows 'memory, pages' 3
	rows 'node 0, kB' 3
	rows 'node 0, zone DMA32, kB' 3
}

same_as_log() {
	said_pairs >"$work/said" && [ "$(wc -l <"$work/said")" -gt 50 ] && table_pairs | diff "$work/said" -
}

# "393*4kB (MEC) 43*8kB": the same at the OOM, and the row of buddyinfo now.
same_blocks() {
	grep -o 'DMA32: .* = ' "$work/log" | grep -oE '[0-9]+\*[0-9]+kB' | sed 's/\(.*\)\*\(.*\)/\2 \1/' >"$work/said"
	rows 'node 0, zone DMA32, free blocks' 3 | diff "$work/said" - || return 1
	of $1 proc buddyinfo || return 1
	rows 'node 0, zone DMA32, free blocks' | awk '{ printf " %s", $2 }' >"$work/now"
	[ "$(awk '{ for (i = 5; i <= NF; i++) printf " %s", $i }' "$work/out")" = "$(cat "$work/now")" ]
}

# What the dump tells of all memory is what its own /proc/vmstat and meminfo tell.
same_as_proc() {
	of $1 proc vmstat && cp "$work/out" "$work/vmstat" && of $1 proc meminfo || return 1
	for pair in active_anon=nr_active_anon inactive_anon=nr_inactive_anon unevictable=nr_unevictable mapped=nr_mapped \
		shmem=nr_shmem slab_reclaimable=nr_slab_reclaimable slab_unreclaimable=nr_slab_unreclaimable \
		pagetables=nr_page_table_pages free=nr_free_pages free_cma=nr_free_cma; do
		[ "$(rows 'memory, pages' | awk -v n="${pair%=*}" '$1 == n { print $2 }')" = \
		  "$(awk -v n="${pair#*=}" '$1 == n { print $2 }' "$work/vmstat")" ] || { echo "$pair"; return 1; }
	done
	for pair in 'Free swap=SwapFree:' 'Total swap=SwapTotal:'; do
		[ "$(rows 'in all' | sed -n "s/^${pair%=*} //p")" = "$(awk -v n="${pair#*=}" '$1 == n { print $2 }' "$work/out")" ] ||
			{ echo "$pair"; return 1; }
	done
}

# Watermarks and the zone's own counters are those of its zoneinfo, in KiB.
same_as_zoneinfo() {
	of $1 proc zoneinfo || return 1
	for pair in 'free=pages free' min=min low=low high=high present=present managed=managed active_anon=nr_zone_active_anon \
		mlocked=nr_mlock free_cma=nr_free_cma; do
		now=$(awk -v n="${pair#*=}" '/zone *DMA32/ { inside = 1 } /zone *(Normal|Movable)/ { inside = 0 }
			inside { v = $NF; sub(/^ */, ""); sub(/ *[0-9]*$/, ""); if ($0 == n) { print v * 4; exit } }' "$work/out")
		[ "$now" ] && [ "$(rows 'node 0, zone DMA32, kB' | awk -v n="${pair%=*}" '$1 == n { print $2 }')" = "$now" ] ||
			{ echo "$pair: $now"; return 1; }
	done
	pcp=$(awk '$1 == "count:" { n += $2 } END { print n }' "$work/out")
	[ "$(rows 'memory, pages' | awk '$1 == "free_pcp" { print $2 }')" = "$pcp" ]
}

# dump - OOM in each row
changes_add_up() {
	awk '/^  [^ ]/ && $NF != "-" { if ($NF != $(NF - 1) - $(NF - 2)) { print; bad = 1 } n++ } END { exit bad || n < 50 }' "$work/table"
}

unchanged() {
	grep -q '^processes' "$work/table" && ! awk '/^  [^ ]/ && $NF != "-" && $NF != "+0"' "$work/table" | grep .
}

read_report() {
	of $1 log && cp "$work/out" "$work/log" && of $1 log --oom && cp "$work/out" "$work/table"
}

fixture=6.1-x86_64-oom
ok "$fixture: the report" read_report $fixture
ok "… is one" sh -c "[ \$(grep -c '^OOM report' '$work/table') = 1 ] && grep -q '^OOM report 1 of 1, at ' '$work/table'"
ok "… by whom, and what came of it" sh -c "
	sed -n 2p '$work/table' | grep -qx 'init invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0' &&
	sed -n 3p '$work/table' | grep -qx 'Kernel panic - not syncing: Out of memory: compulsory panic_on_oom is enabled'"
ok "… every number of memory, as it stands in the log" same_as_log
ok "… free blocks: those of the log, and of buddyinfo" same_blocks $fixture
ok "… in the dump: as vmstat and meminfo have it" same_as_proc $fixture
ok "… and zoneinfo" same_as_zoneinfo $fixture
ok "… changes are differences" changes_add_up
ok "… the machine died of it: nothing has changed since" unchanged

# Two in one log, the machine's and a memory cgroup's: each named by the words that the log has.
each_report() {
	of $1 log && grep -oE '(Memory cgroup o|O)ut of memory: Killed process .*' "$work/out" >"$work/killed" &&
		[ "$(wc -l <"$work/killed")" -eq 2 ] && of $1 log --oom && grep -c '^OOM report [12] of 2, ' "$work/out" | grep -qx 2 &&
		grep -E '^(Memory cgroup o|O)ut of memory: ' "$work/out" | diff "$work/killed" -
}
ok "7.3-x86_64-tags: two reports" each_report 7.3-x86_64-tags
# How many allocations each place in the code held: those of the log, and of allocinfo, in which some are marked as not accurate.
same_tags() {
	read_report $1 && sed -n '/Memory allocations/,/ Memory cgroup /s/^<[0-9]*>\[[^]]*\] *[0-9.]* [KMG]*i*B *\([0-9]*\) \(.* func:.*\)/\2 \1/p' \
		"$work/log" >"$work/said" && [ "$(wc -l <"$work/said")" -eq 10 ] || return 1
	rows allocations 3 | sed 's/  */ /g' | diff "$work/said" - && of $1 allocinfo || return 1
	sed 's/ [0-9]*$//' "$work/said" | while read -r place; do
		echo "$place $(awk -v place="$place" '{ calls = $2; $1 = $2 = ""; sub(/^ */, ""); sub(/( accurate:no)? *$/, "") }
			$0 == place { print calls }' "$work/out")"
	done >"$work/now"
	rows allocations 2 | sed 's/  */ /g' | diff "$work/now" -
}
ok "7.3-x86_64-tags: allocations, by the place in the code" same_tags 7.3-x86_64-tags

ok "a log without a report" of 6.1-x86_64 log --oom
ok "… is told" sh -c "[ \"\$(cat '$work/out')\" = 'no report of the OOM killer in the log' ]"
tap_end
