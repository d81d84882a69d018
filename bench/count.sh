#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Instructions, by valgrind's callgrind, of commands on a bundled dump as a kdump file: a regression shows on a machine
# that is too busy to measure time.  The figures checked in are bench/count.expected; more than 3 % above one is a failure.
#
#   sh bench/count.sh [--update]
#
# PAGEOWNER is the program, default: built; DUMPTOOL the tests' tool that makes the kdump file.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
program=${PAGEOWNER:-$here/../build/gcc/pageowner}
tool=${DUMPTOOL:-$(dirname "$program")/tests/dumptool/dumptool}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fixture=$here/../testdata/dumps/6.1-x86_64
xz -dc "$fixture/vmlinux.xz" >"$work/vmlinux"
xz -dc "$fixture/dump.elf.xz" >"$work/dump.elf"
"$tool" "$work/dump.elf" "$work/dump" --to kdump
case $(head -c 2 "$program") in
'#!')
	export LD_LIBRARY_PATH="$(dirname "$program")/.libs"
	program=$(dirname "$program")/.libs/$(basename "$program") ;;
esac

for command in report stacks sort account info; do
	jobs=
	[ $command = info ] || jobs="-j 1 -o $work/out"
	valgrind --tool=callgrind --callgrind-out-file="$work/cg" "$program" $command $jobs -k "$work/vmlinux" "$work/dump" \
		>/dev/null 2>"$work/log"
	printf '%-8s %s\n' $command "$(sed -n 's/^==[0-9]*== I *refs: *//p' "$work/log" | tr -d ,)"
done >"$work/counts"
if [ "${1-}" = --update ]; then
	cp "$work/counts" "$here/count.expected"
fi
awk 'NR == FNR { want[$1] = $2; next }
	{ r = $2 / want[$1]; printf "%-8s %14d of %14d expected: %+.1f %%%s\n", $1, $2, want[$1], (r - 1) * 100, (r > 1.03 ? " MISSED" : "")
	  bad = bad || r > 1.03 }
	END { exit bad }' "$here/count.expected" "$work/counts"
