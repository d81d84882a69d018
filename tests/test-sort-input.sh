#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# `pageowner sort` on input that is wrong, from pipes, and under the name page_owner_sort.
. "$TOP_SRCDIR/tests/tap.sh"
fix=$FIXTURES/6.12-arm64-64k
text=$fix/words/page_owner.txt

# refuses TEXT ARGUMENTS...: status 2, says TEXT
refuses() {
	refuses_say=$1
	shift
	run 2 "$PAGEOWNER" sort "$@" && says "$refuses_say" && [ ! -s "$work/out" ]
}
ok "an unknown key suggests the nearest" refuses 'is "stacktrace" meant?' --cull=stcktrace "$text"
ok "a key that cannot be sorted by" refuses "not a key to sort by" --sort=free "$text"
ok "a bad number" refuses '"12x" is not a number' --pid=1,12x "$text"
ok "a bad filter" refuses "not KEY=VALUE" --filter pid "$text"
ok "two orders" refuses "two orders" -a -m "$text"
ok "an option and --sort" refuses "two orders" -a --sort=pid "$text"
ok "both directions" refuses "both directions" --sort=pid,-pid "$text"
ok "keys where the format has no place for them" refuses "no place for keys" --compat=5.10 --cull=pid "$text"
ok "an unknown kernel" refuses "neither 5.10 nor 6.1" --compat=4.4 "$text"
ok "a bad count" refuses "not a number" --top=0 "$text"
ok "no input" refuses "no input" -m
ok "three files" refuses "a file too much" "$text" "$work/a" "$work/b"

# fails TEXT ARGUMENTS...: status 1, says TEXT
fails() {
	fails_say=$1
	shift
	run 1 "$PAGEOWNER" sort "$@" && says "$fails_say"
}
: >"$work/empty"
ok "an empty file" fails "there are no records" "$work/empty"
ok "an empty pipe" sh -c ": | '$PAGEOWNER' sort - 2>&1 | grep -q 'there are no records'"
interrupted() {	# what came before Ctrl-C is written
	mkfifo "$work/fifo"
	"$PAGEOWNER" sort --cull=order "$work/fifo" >"$work/out" 2>"$work/err" &
	pid=$!
	exec 3>"$work/fifo"
	cat "$text" >&3
	i=0
	while [ $i -lt 100 ] && ! grep -q '^State:.*sleeping' "/proc/$pid/status"; do sleep 0.1; i=$((i + 1)); done
	sleep 0.5
	kill -TERM $pid
	wait $pid && return 1
	exec 3>&-
	says "Interrupted system call" && "$PAGEOWNER" sort --cull=order "$text" | cmp - "$work/out"
}
ok "an interrupt ends a pipe, and what was read is written" interrupted
ok "no such file" fails "no such file" "$work/nothing"
ok "a directory" fails "directory" "$work"
head -c 300000 /dev/urandom >"$work/junk"
ok "junk in a file" fails "not a dump" "$work/junk"
ok "junk in a pipe" sh -c "cat '$work/junk' | '$PAGEOWNER' sort - 2>&1 >/dev/null | grep -q 'standard input: line [0-9]*: '"
"$PAGEOWNER" sort -m "$text" >"$work/sorted"
ok "a text from another tool" fails "line 1: not a record of page_owner" "$work/sorted"
ok "a text from another tool, to be printed" sh -c "'$PAGEOWNER' report - <'$work/sorted' 2>&1 | grep -q 'line 1: not a record'"

# what could be read is not lost
head -c 400000 "$text" >"$work/cut"
lines=$(awk -v RS= 'END { print NR - 1 }' "$work/cut")
kept() {
	fails "line $(grep -n '^Page allocated' "$work/cut" | tail -n 1 | cut -d: -f1): the text ends within this record" \
		--cull=order "$work/cut" || return 1
	[ "$(awk '{ n += $1 } END { print n }' "$work/out")" = "$lines" ]
}
ok "a text that is cut" kept
{ cat "$text"; printf 'and more\n\n'; cat "$text"; } >"$work/mixed"
twice() {
	fails "line $(($(wc -l <"$text") + 1)): not a record of page_owner: \"and more\"" -t "$work/mixed" || return 1
	cat "$text" "$text" | "$PAGEOWNER" sort -t - | cmp - "$work/out"
}
ok "something in between" twice
sed '0,/(init)/s//(in\nit)/' "$text" >"$work/newline"
ok "a newline in a command's name" fails "has it a newline in it?" "$work/newline"
i=0
while [ $i -lt 30 ]; do echo "junk $i"; echo; i=$((i + 1)); done >"$work/many"
counted() { fails "20 more records have flaws" "$work/many" && run 1 "$PAGEOWNER" sort -d "$work/many" && says "junk 29"; }
ok "many flaws are counted, and told with -d" counted

same_from_pipe() {
	"$PAGEOWNER" sort --cull=st "$text" >"$work/want" && cat "$text" | "$PAGEOWNER" sort --cull=st - | cmp - "$work/want" &&
		cat "$text" | "$PAGEOWNER" sort --cull=st /dev/stdin "$work/o" && cmp "$work/o" "$work/want"
}
ok "from a pipe, to standard output and a file" same_from_pipe
cp "$text" "$work/precious"
ok "the input is not written over" fails "is a dump or a text" "$work/precious" "$work/precious"
ok "nor is another text of page_owner" fails "it is not written over" "$text" "$work/precious"
ok "nor a dump" fails "it is not written over" "$text" "$fix/dump.elf"
ok "they are as they were" cmp "$text" "$work/precious"
rewritten() { run 0 "$PAGEOWNER" sort -m "$text" "$work/o" && run 0 "$PAGEOWNER" sort -m "$text" "$work/o" && cmp "$work/o" "$work/sorted"; }
ok "what was sorted before is" rewritten
ok "a closed pipe is no failure" sh -c "'$PAGEOWNER' sort -a '$text' 2>&1 | head -n 1 | grep -q times"
ok "a full disk is" sh -c "'$PAGEOWNER' sort '$text' /dev/full 2>&1 | grep -q 'No space left'"

# the same vocabulary chooses records of a report
chosen() {	# AWK-CONDITION OPTION...: those records of the text
	awk -v RS= -v ORS='\n\n' "$1" "$text" >"$work/want"
	shift
	[ -s "$work/want" ] && run 0 "$PAGEOWNER" report "$@" "$text" && quiet && cmp "$work/out" "$work/want" &&
		run 0 "$PAGEOWNER" report "$@" -k "$fix/vmlinux" "$fix/dump.elf" && quiet && cmp "$work/out" "$work/want"
}
ok "report --filter by pid" chosen '/, pid (1|2),/' --filter pid=1,2
ok "report --filter by two keys" chosen '/, pid 1,/ && /[(|]__GFP_ZERO[)|]/' --filter pid=1 --filter gfp=__GFP_ZERO
ok "report --filter by name" chosen '/\(cache \(weird\) x\), ts/' --filter "name=cache (weird) x"
ok "report --frame" chosen '/\n [^ ]*pohog[^ ]*/ || /\[pohog\]/' --frame pohog
# ages, counted from the newest record or from what is told
newest=$(sed -n 's/^Page allocated.*, ts \([0-9]*\) ns.*/\1/p' "$text" | sort -n | tail -n 1)
age='match($0, /, ts [0-9]+ ns/) && (age = '$newest' - substr($0, RSTART + 5, RLENGTH - 8))'
ok "report --older" chosen "$age >= 12900000000" --older 12900ms
ok "report --newer" chosen "$age < 12900000000" --newer 12s900000us
ok "report --older --newer" chosen "$age >= 12100000000 && age < 12900000000" --older 12s100ms --newer 12900ms
age='match($0, /, ts [0-9]+ ns/) && (age = 3600e9 - substr($0, RSTART + 5, RLENGTH - 8))'
ok "report --older --now" chosen "$age >= 3599e9" --older 59m59s --now 1h
ages_refused() {
	for d in 5 5w 5m5 "" -5s 300000d m; do
		run 2 "$PAGEOWNER" report --older "$d" "$text" && says "not a duration" || return 1
	done
}
ok "what is no duration" ages_refused
sorted_by_age() {	# youngest first, as by time of allocation the other way round
	"$PAGEOWNER" sort --sort=age "$text" >"$work/want" && "$PAGEOWNER" sort --sort=-alloc_ts "$text" | cmp - "$work/want"
}
ok "sort by age" sorted_by_age
sort_older() {
	run 0 "$PAGEOWNER" report --older 12900ms "$text" && mv "$work/out" "$work/old" && "$PAGEOWNER" sort -m "$work/old" >"$work/want" &&
		run 0 "$PAGEOWNER" sort -m --older 12900ms -j 3 "$text" && quiet && cmp "$work/out" "$work/want" &&
		"$PAGEOWNER" stacks "$work/old" | sort >"$work/want" && run 0 "$PAGEOWNER" stacks --older 12900ms "$text" &&
		sort "$work/out" | cmp - "$work/want" && [ -s "$work/want" ]	# stacks that tie are in the order they came
}
ok "sort and stacks --older are of the same records" sort_older
piped() { cat "$text" | "$PAGEOWNER" sort --older 1s - 2>"$work/err"; [ $? -eq 1 ] && says "what is now has to be told (--now)"; }
ok "an age in a pipe needs to know what is now" piped
piped_now() { cat "$text" | "$PAGEOWNER" report --older 59m59s --now 1h - | cmp - "$work/want"; }
"$PAGEOWNER" report --older 59m59s --now 1h "$text" >"$work/want"
ok "with --now it does" piped_now
no_times=$FIXTURES/5.10-x86_64/words/page_owner.txt
ageless() { run 1 "$PAGEOWNER" report --older 1s "$no_times" && says "no record tells when" && [ ! -s "$work/out" ]; }
ok "a kernel that keeps no times" ageless
fix=$FIXTURES/6.1-x86_64
text=$fix/words/page_owner.txt
ok "report --filter by memory cgroup" chosen '/\nCharged (\(via objcg\) )?to memcg job(\n|$)/' --filter memcg=job
ok "report --filter by reason of migration" chosen '/\nPage has been migrated, last migrate reason: compaction(\n|$)/' \
	--filter reason=compaction
fix=$FIXTURES/6.12-arm64-64k
text=$fix/words/page_owner.txt

# slab caches nobody used while the guest's words were taken, by /proc/slabinfo
slabs() {
	for cache in kernfs_node_cache task_struct; do
		for f in "$FIXTURES/$1"/*.elf "$FIXTURES/$1"/*.kdump; do [ ! -e "$f" ] || dump=$f; done
		pages=$(awk -v c=$cache '$1 == c { print $15 * $6 }' "$FIXTURES/$1/words/slabinfo.txt")
		run 0 "$PAGEOWNER" sort --cull=slab -k "$FIXTURES/$1/vmlinux" "$dump" && quiet &&
			grep -qx "[0-9]* times, $pages pages, slab cache $cache" "$work/out" &&
			run 0 "$PAGEOWNER" sort --cull=name --filter slab=$cache -k "$FIXTURES/$1/vmlinux" "$dump" && quiet &&
			[ "$(awk '{ n += $3 } END { print n }' "$work/out")" = "$pages" ] &&
			run 0 "$PAGEOWNER" report --filter slab=$cache -k "$FIXTURES/$1/vmlinux" "$dump" && quiet &&
			"$PAGEOWNER" sort --cull=order "$work/out" >"$work/again" &&
			[ "$(awk '{ n += $3 } END { print n }' "$work/again")" = "$pages" ] || { echo "$cache: $pages"; return 1; }
	done
}
for name in 5.10-x86_64 6.1-x86_64 6.12-x86_64 7.2-x86_64 6.1-arm 6.12-i386-pae 7.2-arm64-16k; do
	ok "$name: pages of slab caches" slabs $name
done
no_slabs() { run 0 "$PAGEOWNER" stacks --filter slab=task_struct "$text" && [ ! -s "$work/out" ]; }
ok "a text has no slab caches" no_slabs
report_refuses() { run 2 "$PAGEOWNER" report --filter nmae=x "$text" && says 'is "name" meant?' && [ ! -s "$work/out" ]; }
ok "report --filter by an unknown key" report_refuses

# sizes beside pages, and nothing else differs
plain() { sed '/^[0-9]* times/s/ ([0-9.]* [KMGTP]iB\(, [0-9.]* %\)*)//; s/^\(nr_base_pages: [0-9]*\) ([0-9.]* [KMG]iB)$/\1/' "$work/out"; }
sizes() {	# KIB-A-PAGE ARGUMENTS...: small ones are exact
	kib=$1
	shift
	run 0 "$PAGEOWNER" sort -H "$@" && quiet && awk -v kib=$kib '/^[0-9]+ times/ { if (match($0, /\([0-9]+ KiB/)) {
			n++; if (substr($0, RSTART + 1, RLENGTH - 5) != $3 * kib) exit 1 } else if (!/\([0-9.]+ [MG]iB/) exit 1 }
		END { if (!n) exit 1 }' "$work/out" && plain >"$work/plain" && "$PAGEOWNER" sort "$@" | cmp - "$work/plain"
}
ok "sort --human, of a dump with pages of 64 KiB" sizes 64 -k "$fix/vmlinux" --cull=st "$fix/dump.elf"
ok "sort --human, of a dump with pages of 4 KiB" sizes 4 -k "$FIXTURES/6.1-x86_64/vmlinux" -m "$FIXTURES/6.1-x86_64/dump.elf"
ok "sort --human, of a text" sh -c "'$PAGEOWNER' sort -H --cull=st --top 1 --sort=pages '$text' |
	grep -q ', 1 pages (4 KiB):'"
ok "sort --human --page-size, of a text" sh -c "'$PAGEOWNER' sort -H --cull=st --top 1 --sort=pages \
	--page-size 64K '$text' | grep -q ', 1 pages (64 KiB):'"
percent() {
	run 0 "$PAGEOWNER" sort -H --percent --cull=pid -k "$fix/vmlinux" "$fix/dump.elf" && grep -q 'iB, [0-9.]* %), PID' "$work/out" &&
		sed 's/([0-9.]* [KMG]iB, /(/' "$work/out" >"$work/have" &&
		"$PAGEOWNER" sort --percent --cull=pid -k "$fix/vmlinux" "$fix/dump.elf" | cmp - "$work/have"
}
ok "sort --human --percent" percent
human_stacks() {
	run 0 "$PAGEOWNER" stacks -H -k "$fix/vmlinux" "$fix/dump.elf" && quiet && plain >"$work/plain" &&
		grep -qx 'nr_base_pages: 1 (64 KiB)' "$work/out" && "$PAGEOWNER" stacks -k "$fix/vmlinux" "$fix/dump.elf" | cmp - "$work/plain"
}
ok "stacks --human" human_stacks
no_page_size() { run 2 "$PAGEOWNER" stacks -H --page-size "$@" && says "page-size: "; }
ok "a page size that is none" no_page_size 3000 "$text"
ok "a page size of a dump" no_page_size 4096 -k "$fix/vmlinux" "$fix/dump.elf"

# the kernel's format leaves bytes as they are, all else escapes control bytes
esc=$(printf '\033')
sed "s/(init)/(in$esc[31mit)/; s/pohog_take+/poh$esc[32mog+/; s/memcg job\$/memcg j$esc[33mob/" \
	"$FIXTURES/6.1-x86_64/words/page_owner.txt" >"$work/escapes"
kernel_format() {
	run 0 "$PAGEOWNER" report "$work/escapes" && quiet && cmp "$work/out" "$work/escapes" &&
		run 0 "$PAGEOWNER" sort --cull=name "$work/escapes" && grep -q "task_comm_name: in$esc\[31mit\$" "$work/out" &&
		run 0 "$PAGEOWNER" stacks "$work/escapes" && grep -q "^ poh$esc\[32mog+" "$work/out"
}
ok "the kernel's formats keep an escape byte" kernel_format
escaped() {	# GREP ARGUMENTS...: and no control byte anywhere
	pattern=$1
	shift
	run $status "$PAGEOWNER" "$@"
	! grep -q "$esc" "$work/out" "$work/err" && grep -qF "$pattern" "$work/out" "$work/err"
}
status=0
ok "the column caller escapes it" escaped ', caller poh\x1b[32mog' sort --cull=caller "$work/escapes"
ok "the column memcg escapes it" escaped ', memcg j\x1b[33mob' sort --cull=memcg "$work/escapes"
cp "$work/escapes" "$work/name$esc[1m"
ok "info escapes it" escaped 'name\x1b[1m' info "$work/name$esc[1m"
status=2
ok "a usage message escapes it" escaped 'a\x1b[1m: no such key' sort --cull="a$esc[1m" "$text"
status=1
ok "an error message escapes it" escaped 'no\x1b[1mthing' sort "$work/no$esc[1mthing"
{ cat "$text"; printf 'and %s[1mmore\n\n' "$esc"; } >"$work/strange"
ok "one about a line of a text has none either" escaped '"and ?[1mmore"' sort "$work/strange"

# under the other name
program=$TOP_BUILDDIR/.libs/pageowner
[ -e "$program" ] || program=$PAGEOWNER
ln -s "$program" "$work/page_owner_sort"
tool() { LD_LIBRARY_PATH="$TOP_BUILDDIR/.libs${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}" "$work/page_owner_sort" "$@"; }
as_tool() { tool -m "$text" "$work/o" && cmp "$work/o" "$work/sorted"; }
ok "page_owner_sort sorts" as_tool
tool_usage() { tool --cull=pdi "$text" "$work/o" 2>"$work/err"; [ $? -eq 2 ] && says "page_owner_sort: cull: pdi" && says "Try 'page_owner_sort --help'"; }
ok "page_owner_sort speaks of itself" tool_usage
tool_help() { tool -h | grep -q '^ *-a .*time of allocation'; }
ok "page_owner_sort -h" tool_help
tap_end
