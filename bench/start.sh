#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# CPU time to the first record and of the whole report of a 256 MiB guest whose vmlinux has over 200 MB of debug
# information, beside the start-up of crash(8) on the same files in the same run,
# and what a report costs within crash, beyond that start-up.
#
#   sh bench/start.sh [RUNS]
#
# BIG is the directory with vmlinux, dump.elf and words/page_owner.txt; without it the guest is built first
# (testdata/guest/fixture big-6.1-x86_64: some 15 minutes).  PAGEOWNER is the program, default: installed or built.
# Each figure is the median of RUNS (default 11) alternating runs; the exit status is 1 if a bar is missed.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
runs=${1:-11}
guests=${GUEST_DIR:-/var/tmp/pageowner-guests}
big=${BIG:-$guests/fix/big-6.1-x86_64}
program=${PAGEOWNER:-$(command -v pageowner || echo "$here/../build/gcc/pageowner")}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

[ -e "$big/dump.elf" ] || "$here/../testdata/guest/fixture" big-6.1-x86_64
command -v crash >/dev/null || { echo "crash is not installed" >&2; exit 2; }
${CC:-cc} -O2 -D_GNU_SOURCE -o "$work/measure" "$here/measure.c"
# a libtool wrapper would count its shell
case $(head -c 2 "$program") in
'#!')
	export LD_LIBRARY_PATH="$(dirname "$program")/.libs"
	program=$(dirname "$program")/.libs/$(basename "$program") ;;
esac

measure() {	# NAME COMMAND...: a line in $work/NAME
	name=$1
	shift
	"$work/measure" "$@" 2>>"$work/$name" >/dev/null || true
}

first_record() {
	{ "$work/measure" "$program" report -k "$big/vmlinux" "$big/dump.elf" 2>>"$work/first"; } |
		head -n 1 >"$work/line"
	[ -s "$work/line" ]
}

"$program" report -k "$big/vmlinux" "$big/dump.elf" | cmp - "$big/words/page_owner.txt"
echo quit >"$work/quit"
extension=${EXTENSION:-$(dirname "$program")/pageowner.so}
[ -e "$extension" ] || { echo "$extension: no such file (EXTENSION=pageowner.so)" >&2; exit 2; }
printf '%s\n' "extend $extension" "pageowner report > $work/in-crash" quit >"$work/extended"
i=0
while [ $i -lt "$runs" ]; do
	first_record
	measure report "$program" report -k "$big/vmlinux" "$big/dump.elf"
	if [ $((i % 4)) -eq 0 ]; then
		measure crash crash -s -i "$work/quit" "$big/vmlinux" "$big/dump.elf"
		measure extended crash -s -i "$work/extended" "$big/vmlinux" "$big/dump.elf"
		cmp "$work/in-crash" "$big/words/page_owner.txt"
	fi
	i=$((i + 1))
done

# median NAME COLUMN
median() {
	grep '^cpu' "$work/$1" | awk -v c="$2" '{ print $c }' | sort -n |
		awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

bad=0
# bar WHAT VALUE LIMIT UNIT most|least
bar() {
	verdict=ok
	awk -v v="$2" -v l="$3" -v least="$([ "$5" = least ] && echo 1 || echo 0)" 'BEGIN { exit least ? !(v >= l) : !(v <= l) }' ||
		{ verdict=MISSED bad=1; }
	printf '%-44s %10s %-5s (bar: %s %s: %s)\n' "$1" "$2" "$4" "$5" "$3" "$verdict"
}

printf 'vmlinux of %s MB, dump of %s MiB, %s records\n' "$(($(stat -c %s "$big/vmlinux") / 1000000))" \
	"$(($(stat -c %s "$big/dump.elf") >> 20))" "$(grep -c '^PFN' "$big/words/page_owner.txt")"
bar "CPU time to the first record" "$(median first 2)" 0.06 s most
bar "CPU time of the whole report" "$(median report 2)" 0.1 s most
bar "anonymous memory of the whole report" "$(median report 6)" 65536 KiB most
crash=$(median crash 2)
bar "CPU time that a report adds within crash" \
	"$(awk -v c="$crash" -v e="$(median extended 2)" 'BEGIN { printf "%.3f", e - c }')" 0.5 s most
printf '%-44s %10s s\n' "CPU time of crash's start-up alone" "$crash"
bar "crash's start-up / whole report" \
	"$(awk -v c="$crash" -v r="$(median report 2)" 'BEGIN { printf "%.1f", c / r }')" 30 times least
exit $bad
