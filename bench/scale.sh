#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# What a dump costs as it grows from 256 MiB to 16 and 64 GiB: one figure a line, each as a ratio to what was measured in
# the same run.  doc/performance.md tells what is compared with what, and what came out.
#
#   sh bench/scale.sh [RUNS]
#
# SMALL, BIG16, BIG64: directories with vmlinux and a dump, plain.kdump, or dump.kdump-zlib as QEMU writes it; CRASH16: with
# core.kdump, which makedumpfile saved of a crash.  What is not there is built by testdata/guest/fixture: a kernel and four
# guests, an hour or two on a small machine.  A size whose directory is "none" is left out.  PAGEOWNER is the program,
# default: installed or built.  Each figure is the median of RUNS (default 5) runs in turns; the exit status is 1 if a bar
# is missed.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
runs=${1:-5}
fix=${GUEST_DIR:-/var/tmp/pageowner-guests}/fix
program=${PAGEOWNER:-$(command -v pageowner || echo "$here/../build/gcc/pageowner")}
work=$(mktemp -d "${TMPDIR:-/var/tmp}/pageowner-bench.XXXXXX")
trap 'rm -rf "$work"' EXIT
bad=0

# a libtool wrapper would count its shell
case $(head -c 2 "$program") in
'#!')
	export LD_LIBRARY_PATH="$(dirname "$program")/.libs"
	program=$(dirname "$program")/.libs/$(basename "$program") ;;
esac
${CC:-cc} -O2 -D_GNU_SOURCE -o "$work/measure" "$here/measure.c"
${CC:-cc} -O2 -o "$work/limit" "$here/limit.c" -lz
${CC:-cc} -O2 -D_GNU_SOURCE -fPIC -shared -o "$work/touched.so" "$here/touched.c"

# dump_of DIR RECIPE: a plain kdump there, made if it has to be
dump_of() {
	[ -e "$1/vmlinux" ] || "$here/../testdata/guest/fixture" "$2" fetch build capture >&2
	[ -e "$1/plain.kdump" ] || makedumpfile -R "$1/plain.kdump" <"$1/dump.kdump-zlib" >/dev/null
}

# median FILE COLUMN: 2 is CPU time, 4 wall time, 6 RssAnon
median() {
	awk -v c="$2" '/^cpu/ { print $c }' "$1" | sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

ratio() {
	awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f", a / b }'
}

say() {	# WHAT VALUE UNIT
	printf '%-64s %12s %s\n' "$1" "$2" "$3"
}

bar() {	# WHAT VALUE UNIT LIMIT least|most
	verdict=ok
	awk -v v="$2" -v l="$4" -v least="$([ "$5" = least ] && echo 1 || echo 0)" 'BEGIN { exit least ? !(v >= l) : !(v <= l) }' ||
		verdict=MISSED bad=1
	printf '%-64s %12s %s (bar: %s %s: %s)\n' "$1" "$2" "$3" "$5" "$4" "$verdict"
}

run() {	# NAME COMMAND...
	run_name=$1
	shift
	"$work/measure" "$@" 2>>"$work/$run_name" >/dev/null || true
}

# against_limit NAME COMMAND...: CPU time with one thread, and of the limit of what it touches, in turns
against_limit() {
	name=$1
	shift
	bytes=$(TOUCHED="$work/pages" LD_PRELOAD="$work/touched.so" "$program" "$@" -j 1 -k "$dir/vmlinux" -o /dev/stdout "$dir/plain.kdump" 2>/dev/null | wc -c)
	rm -f "$work/ours" "$work/limits"
	i=0
	while [ $i -lt "$runs" ]; do
		run limits "$work/limit" "$work/pages" "$bytes"
		run ours "$program" "$@" -j 1 -k "$dir/vmlinux" -o /dev/null "$dir/plain.kdump"
		i=$((i + 1))
	done
	cpu=$(median "$work/ours" 2) limit=$(median "$work/limits" 2)
	say "$name: CPU time, one thread" "$cpu" s
	say "$name: limit of the $(($(stat -c %s "$work/pages") >> 20)) MiB it inflates, $((bytes >> 20)) MiB of text" "$limit" s
}

one_size() {	# NAME DIR
	size=$1 dir=$2
	pfns=$("$program" info -k "$dir/vmlinux" "$dir/plain.kdump" | sed -n 's/^page frames  *0x[0-9a-f]*-\(0x[0-9a-f]*\).*/\1/p')
	pfns=$((pfns + 1))
	against_limit "$size report" report
	if [ "$size" = "256 MiB" ]; then	# that is start-up, of which the limit has none
		say "$size report / limit" "$(ratio "$cpu" "$limit")" times
	else
		bar "$size report / limit" "$(ratio "$cpu" "$limit")" times 1.5 most
	fi
	nr=$("$program" report -k "$dir/vmlinux" "$dir/plain.kdump" 2>/dev/null | grep -c '^PFN')
	start=$(first_record)
	say "$size: until the first record is there" "$start" s
	per=$(awk -v c="$cpu" -v s="$start" -v n="$pfns" 'BEGIN { printf "%.1f", (c - s) / n * 1e9 }')
	say "$size report: cost of a page frame, without that" "$per" ns
	say "$size report: page frames" "$(awk -v c="$cpu" -v n="$pfns" 'BEGIN { printf "%.2f", n / c / 1e6 }')" "million a second"
	say "$size report: records, $nr of them" "$(awk -v c="$cpu" -v n="$nr" 'BEGIN { printf "%.2f", n / c / 1e6 }')" "million a second"
}

first_record() {
	rm -f "$work/first"
	i=0
	while [ $i -lt "$runs" ]; do
		{ "$work/measure" "$program" report -k "$dir/vmlinux" "$dir/plain.kdump" 2>>"$work/first"; } | head -n 1 >/dev/null
		i=$((i + 1))
	done
	median "$work/first" 2
}

# Virtual processors may be less than two: what two runs at once take tells how much they are.
threads() {
	rm -f "$work/one" "$work/two" "$work/both"
	i=0
	while [ $i -lt "$runs" ]; do
		run one "$program" report -j 1 -k "$dir/vmlinux" -o /dev/null "$dir/plain.kdump"
		run two "$program" report -j 2 -k "$dir/vmlinux" -o /dev/null "$dir/plain.kdump"
		run both "$program" report -j 1 -k "$dir/vmlinux" -o /dev/null "$dir/plain.kdump" &
		run both "$program" report -j 1 -k "$dir/vmlinux" -o /dev/null "$dir/plain.kdump"
		wait
		i=$((i + 1))
	done
	one=$(median "$work/one" 4) two=$(median "$work/two" 4) both=$(median "$work/both" 4)
	say "$size report: wall time, one thread" "$one" s
	say "$size report: wall time, two threads" "$two" s
	say "$size report: wall time, two processes at once, one thread each" "$both" s
	have=$(awk -v a="$one" -v b="$both" 'BEGIN { printf "%.2f", 2 * a / b }')
	say "$size report: processors that these two had" "$have" ""
	if awk -v h="$have" 'BEGIN { exit !(h >= 1.9) }'; then
		bar "$size report: two threads on two processors" "$(ratio "$one" "$two")" times 1.7 least
	else
		say "$size report: two threads" "$(ratio "$one" "$two")" times
		bar "$size report: two threads, of what the processors give" \
			"$(awk -v b="$both" -v t="$two" 'BEGIN { printf "%.2f", b / 2 / t }')" times 0.85 least
	fi
}

# drgn opens a real crash dump as it is
others() {
	if ! /usr/bin/python3 -c 'import drgn' 2>/dev/null; then
		say "$size: drgn" "not installed" ""
		return
	fi
	rm -f "$work/ours" "$work/drgn"
	i=0
	while [ $i -lt "$runs" ]; do
		/usr/bin/python3 "$here/blocks.py" "$crash16/vmlinux" "$crash16/core.kdump" 2>"$work/drgn.err" |
			sed 's/^[0-9]* /cpu /' >>"$work/drgn"
		run ours "$program" report -j 1 -k "$crash16/vmlinux" -o /dev/null "$crash16/core.kdump"
		i=$((i + 1))
	done
	if [ -s "$work/drgn" ]; then
		say "$size crash dump: drgn, struct page and page_ext in blocks" "$(median "$work/drgn" 2)" s
		say "$size crash dump: whole report, one thread" "$(median "$work/ours" 2)" s
		say "$size crash dump: drgn / whole report" "$(ratio "$(median "$work/drgn" 2)" "$(median "$work/ours" 2)")" times
	else
		say "$size crash dump: drgn" failed "$(tail -n 1 "$work/drgn.err")"
	fi
}

anon_max() {
	rm -f "$work/anon"
	for command in report stacks\ --recount sort\ --cull=st account; do
		run anon "$program" $command -j 2 -k "$dir/vmlinux" -o /dev/null "$dir/plain.kdump"
	done
	awk '/^cpu/ && $6 > max { max = $6 } END { print max + 0 }' "$work/anon"
}

printf '%s, %s processors\n' "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)" "$(nproc)"
small=${SMALL:-$fix/big-6.1-x86_64} big16=${BIG16:-$fix/big16-6.1-x86_64} big64=${BIG64:-$fix/big64-6.1-x86_64}
crash16=${CRASH16:-$fix/big16-crash-6.1-x86_64}
if [ "$small" != none ]; then
	dump_of "$small" big-6.1-x86_64
	one_size "256 MiB" "$small"
fi
if [ "$big16" != none ]; then
	dump_of "$big16" big16-6.1-x86_64
	one_size "16 GiB" "$big16"
	per16=$per
	threads
fi
if [ "$crash16" != none ]; then
	[ -e "$crash16/core.kdump" ] || "$here/../testdata/guest/fixture" big16-crash-6.1-x86_64 fetch build capture >&2
	size="16 GiB"
	others
fi
if [ "$big64" != none ]; then
	dump_of "$big64" big64-6.1-x86_64
	one_size "64 GiB" "$big64"
	[ "$big16" = none ] || bar "64 GiB: cost of a page frame / that of 16 GiB" "$(ratio "$per" "$per16")" times 1.10 most
	for command in stacks\ --recount sort\ --cull=st account; do
		against_limit "64 GiB $command" $command
		bar "64 GiB $command / limit" "$(ratio "$cpu" "$limit")" times 1.3 most
	done
	bar "64 GiB: largest RssAnon of all these, two threads" "$(anon_max)" KiB 262144 most
fi
exit $bad
