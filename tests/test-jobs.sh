#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Threads make no difference: not to what is written, told, or returned, of whole dumps and of damaged ones.
. "$TOP_SRCDIR/tests/tap.sh"

outcome() {	# FILE ARGUMENTS...: all that can be seen of a run
	outcome_file=$1 outcome_got=0
	shift
	timeout 120 "$PAGEOWNER" "$@" >"$outcome_file" 2>"$outcome_file.err" </dev/null || outcome_got=$?
	echo "status $outcome_got" >>"$outcome_file.err"
}

# alike COMMAND ARGUMENTS...: with one thread, and with more
alike() {
	alike_command=$1
	shift
	outcome "$work/one" "$alike_command" -j 1 "$@"
	[ -s "$work/one" ] || { echo "nothing is written"; head -n 5 "$work/one.err"; return 1; }
	for jobs in 2 3 5 8; do
		outcome "$work/more" "$alike_command" -j $jobs "$@"
		cmp "$work/one" "$work/more" && diff "$work/one.err" "$work/more.err" || return 1
	done
}

# lost COMMAND ARGUMENTS...: the same, and something is told
lost() {
	alike "$@" && { [ "$(wc -l <"$work/one.err")" -gt 1 ] || { echo "nothing is told"; return 1; }; }
}

by_environment() {	# the variable is heard, and the option goes before it
	PAGEOWNER_JOBS=0 run 2 "$PAGEOWNER" report -k "$k" "$dump" && says PAGEOWNER_JOBS &&
		PAGEOWNER_JOBS=0 run 0 "$PAGEOWNER" report -j 1 -k "$k" "$dump" &&
		PAGEOWNER_JOBS=3 run 0 "$PAGEOWNER" report -k "$k" "$dump" && cmp "$work/out" "$fix/words/page_owner.txt"
}

first_lines() {	# the reader goes away while threads are at work
	"$PAGEOWNER" report -j 4 -k "$k" "$dump" 2>"$work/err" | head -n 20 >"$work/out"
	head -n 20 "$fix/words/page_owner.txt" | cmp - "$work/out" && quiet
}

for name in 6.1-x86_64 5.10-arm-lpae 7.2-x86_64 7.3-x86_64 6.12-i386-pae; do
	fix=$FIXTURES/$name k=$fix/vmlinux dump=$fix/dump.elf
	ok "$name: report" alike report -k "$k" "$dump"
	first=$(sed -n '/^PFN/{s/^PFN \([0-9a-fx]*\) .*/\1/p;q}' "$fix/words/page_owner.txt")
	ok "$name: report of some page frames" alike report --pfn $((first + 837))-$((first + 26505)) -k "$k" "$dump"
	ok "$name: report of freed pages" alike report --freed -k "$k" "$dump"
	ok "$name: report with who freed, filtered" alike report --free-stacks --filter order=0,2 --frame alloc -k "$k" "$dump"
	ok "$name: stacks" alike stacks --recount -k "$k" "$dump"
	ok "$name: sort, culled" alike sort --cull=stacktrace -k "$k" -o /dev/stdout "$dump"
	ok "$name: sort, by names" alike sort -m --cull=allocator,flags,memcg -k "$k" -o /dev/stdout "$dump"
	ok "$name: account" alike account -k "$k" "$dump"
	ok "$name: account, owners of slabs" alike account --top 0 --of slab-unreclaimable -k "$k" "$dump"
	rm -f "$work/d"
	"$DUMPTOOL" "$dump" "$work/d" --to kdump --codec mixed --exclude-zero
	ok "$name: kdump, zeros dropped: report" lost report -k "$k" "$work/d"
done

fix=$FIXTURES/6.1-x86_64 k=$fix/vmlinux dump=$fix/dump.elf
ok "PAGEOWNER_JOBS" by_environment
ok "the reader goes away" first_lines

# damaged OPTIONS...: what is lost, and what is told of it
damaged() {
	rm -f "$work/d"
	"$DUMPTOOL" "$dump" "$work/d" --to kdump "$@" && lost report -k "$k" "$work/d" && lost sort --cull=st -k "$k" -o /dev/stdout "$work/d" &&
		alike stacks --recount -k "$k" "$work/d" && alike account -k "$k" "$work/d"
}

too_long() {
	rm -f "$work/d"
	"$DUMPTOOL" "$dump" "$work/d" --to kdump --corrupt "$(place stack_size)=f0000000" && lost report -k "$k" "$work/d"
	alike_status=$?
	outcome "$work/one" report --strict -j 1 -k "$k" "$work/d"
	outcome "$work/more" report --strict -j 4 -k "$k" "$work/d"
	[ $alike_status -eq 0 ] && cmp "$work/one" "$work/more" && [ -s "$work/one" ] &&
		grep -q 'refuses more than' "$work/more.err"
}

over_the_end() {	# a free block that is none reaches into the next stretch
	rm -f "$work/d"
	"$DUMPTOOL" "$dump" "$work/d" --to kdump --corrupt "$(place free_type)" --corrupt "$(place free_order)" &&
		alike report -k "$k" "$work/d" && ! cmp -s "$work/one" "$fix/words/page_owner.txt"
}

"$TOP_BUILDDIR/tests/where" -k "$k" "$dump" >"$work/where" || echo "# where failed"
place() {
	sed -n "s/^$1 //p" "$work/where"
}
ok "stacks that are missing" damaged --drop "$(place depot)"
ok "page_ext that is missing" damaged --drop "$(place page_ext)"
ok "struct pages that are missing" damaged --drop "$(place page)"
ok "a stack that is corrupt" damaged --corrupt "$(place record_handle)=$(place other_handle)"
ok "an order that cannot be" damaged --corrupt "$(place record_order)=ffff"
ok "records that are too long" too_long
ok "a free block that reaches too far" over_the_end
tap_end
