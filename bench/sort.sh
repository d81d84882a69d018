#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Wall time to sort and cull a text of 1 GB, with all processors, beside page_owner_sort of the kernel's tools (7.2, built
# from Debian's linux-source) on the same text in the same run; and from a dump directly.
#
#   sh bench/sort.sh [RUNS]
#
# One text is the bundled one of 7.2 over and over, with other times and processes in each copy; the other is the beginning
# of the report of a 16 GiB guest (BIG16, a directory with vmlinux and plain.kdump, as of bench/scale.sh; without it that one is
# left out).  PAGEOWNER is the program, default: installed or built.  Each figure is the median of RUNS (default 3)
# alternating runs; what both write is compared, and the exit status is 1 if it differs or the bar is missed.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
runs=${1:-3}
bar=20
src=${GUEST_DIR:-/var/tmp/pageowner-guests}/src
program=${PAGEOWNER:-$(command -v pageowner || echo "$here/../build/gcc/pageowner")}
work=$(mktemp -d "${TMPDIR:-/var/tmp}/pageowner-bench.XXXXXX")
trap 'rm -rf "$work"' EXIT

# a libtool wrapper would count its shell
case $(head -c 2 "$program") in
'#!')
	export LD_LIBRARY_PATH="$(dirname "$program")/.libs"
	program=$(dirname "$program")/.libs/$(basename "$program") ;;
esac
bash "$here/../testdata/guest/fetch-source.sh" 7.2 "$src"
${CC:-cc} -O2 -w -o "$work/page_owner_sort" "$src/linux-source-7.2/tools/mm/page_owner_sort.c"
${CC:-cc} -O2 -D_GNU_SOURCE -o "$work/measure" "$here/measure.c"

fixture=$here/../testdata/dumps/7.2-x86_64
xz -dc "$fixture/words.tar.xz" | tar -C "$work" -xf - --wildcards '*page_owner.txt'
xz -dc "$fixture/vmlinux.xz" >"$work/vmlinux"
xz -dc "$fixture/dump.elf.xz" >"$work/dump"

one_copy() {
	awk -v copy="$1" -v CONVFMT=%.0f -v OFMT=%.0f '
		/^Page allocated/ && match($0, /, pid [0-9]+, tgid [0-9]+ /) {
			head = substr($0, 1, RSTART - 1); tail = substr($0, RSTART + RLENGTH)
			split(substr($0, RSTART, RLENGTH), f, " ")
			add = f[3] + 0 > 2 ? copy % 40 * 64 : 0
			match(tail, /, ts [0-9]+ ns/)
			$0 = head ", pid " (f[3] + add) ", tgid " (f[5] + add) " " substr(tail, 1, RSTART + 4) \
				(substr(tail, RSTART + 5, RLENGTH - 8) + copy * 1000003) substr(tail, RSTART + RLENGTH - 3)
		}
		{ print }' "$work/page_owner.txt"
}
copy=0
while [ "$(stat -c %s "$work/big" 2>/dev/null || echo 0)" -lt 1000000000 ]; do
	copy=$((copy + 1))
	one_copy $copy >>"$work/big"
done

median() {	# FILE COLUMN
	awk -v c="$2" '/^cpu/ { print $c }' "$1" | sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

bad=0
compare() {	# OPTIONS [none: that bar is not for it]
	rm -f "$work"/*.time
	i=0
	while [ $i -lt "$runs" ]; do
		"$work/measure" "$program" sort $1 "$work/big" "$work/ours" 2>>"$work/ours.time"
		"$work/measure" "$work/page_owner_sort" $1 "$work/big" "$work/theirs" 2>>"$work/theirs.time" >/dev/null
		i=$((i + 1))
	done
	verdict=ok
	cmp "$work/ours" "$work/theirs" || verdict=DIFFERS bad=1
	ratio=$(awk -v a="$(median "$work/theirs.time" 4)" -v b="$(median "$work/ours.time" 4)" 'BEGIN { printf "%.1f", a / b }')
	[ "${2-}" = none ] || awk -v r="$ratio" -v b=$bar 'BEGIN { exit !(r >= b) }' || verdict=MISSED bad=1
	printf '%-28s %8s s  page_owner_sort %8s s  %6s times (bar: %s: %s)  %s KiB\n' "sort $1" "$(median "$work/ours.time" 4)" \
		"$(median "$work/theirs.time" 4)" "$ratio" "${2-least $bar}" $verdict "$(median "$work/ours.time" 6)"
}

tell() {
	printf '%s: text of %s MB, %s records; %s processors\n' "$1" "$(($(stat -c %s "$work/big") / 1000000))" \
		"$(grep -c '^PFN' "$work/big")" "$(nproc)"
}
tell "bundled guest of 7.2"
compare -m
compare --cull=st
compare "-m --cull=st,pid,name"
big16=${BIG16:-${GUEST_DIR:-/var/tmp/pageowner-guests}/fix/big16-6.1-x86_64}
if [ -e "$big16/plain.kdump" ]; then
	"$program" report -k "$big16/vmlinux" "$big16/plain.kdump" 2>/dev/null |
		awk -v RS= -v ORS='\n\n' '{ print; n += length($0) + 2 } n >= 1000000000 { exit }' >"$work/big"
	tell "16 GiB guest"
	compare -m
	compare -t
	compare --cull=st
	# each record is a group of its own, for its time is kept: all of the text is written again
	compare -a none
fi
rm -f "$work"/dump.time
"$work/measure" "$program" sort -m -k "$work/vmlinux" "$work/dump" "$work/ours" 2>>"$work/dump.time"
"$work/page_owner_sort" -m "$work/page_owner.txt" "$work/theirs" >/dev/null
cmp "$work/ours" "$work/theirs" || bad=1
printf '%-28s %8s s  (a dump of %s MiB)\n' "sort -m of a dump" "$(median "$work/dump.time" 4)" "$(($(stat -c %s "$work/dump") >> 20))"
exit $bad
