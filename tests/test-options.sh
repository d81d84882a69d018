#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Options of the commands, on a good dump.
. "$TOP_SRCDIR/tests/tap.sh"
fix=$FIXTURES/6.1-x86_64
dump=$fix/dump.elf
text=$fix/words/page_owner.txt

# The records of the kernel's text whose PFN is in [first, last].
records_between() {
	awk -v RS= -v ORS='\n\n' -v first="$1" -v last="$2" '
		match($0, /\nPFN [0-9]+/) { pfn = substr($0, RSTART + 5, RLENGTH - 5) + 0
			if (pfn >= first && pfn <= last) print }' "$text"
}

pfn_range() {
	run 0 "$PAGEOWNER" report -k "$fix/vmlinux" --pfn "$1" "$dump" && quiet || return 1
	records_between "$2" "$3" | cmp - "$work/out"
}

to_file() {
	run 0 "$PAGEOWNER" report -k "$fix/vmlinux" -o "$work/file" "$dump" && quiet &&
		cmp "$work/file" "$text" && [ ! -s "$work/out" ]
}

strict() {
	run 0 "$PAGEOWNER" report --strict -k "$fix/vmlinux" "$dump" && cmp "$work/out" "$text"
}

closed_pipe() {
	{ "$PAGEOWNER" report -k "$fix/vmlinux" "$dump" 2>"$work/err"; echo $? >"$work/status"; } |
		head -n 1 >"$work/out"
	[ "$(cat "$work/status")" = 0 ] && quiet
}

# A reader that takes one page and then waits keeps the report alive until the signal comes.
interrupted() {
	mkfifo "$work/pipe"
	"$PAGEOWNER" report -k "$fix/vmlinux" "$dump" >"$work/pipe" 2>"$work/err" &
	pid=$!
	{
		dd bs=4096 count=1 2>/dev/null
		sleep 1
		kill -INT $pid
		cat
	} <"$work/pipe" >"$work/out"
	status=0
	wait $pid || status=$?
	[ $status -eq 1 ] || { echo "status $status"; return 1; }
	says "report: partial: " || return 1
	size=$(wc -c <"$work/out")
	[ "$size" -gt 4096 ] && [ "$size" -lt "$(wc -c <"$text")" ] || { echo "$size bytes"; return 1; }
	cmp -n "$size" "$work/out" "$text" && [ "$(tail -c 1 "$work/out")" = "" ]
}

# script(1) gives standard error a terminal; without one there is no progress (quiet, everywhere above).
progress() {
	script -qec "'$PAGEOWNER' report -k '$fix/vmlinux' -o '$work/file' '$dump'" /dev/null >"$work/out" 2>&1 </dev/null
	grep -q '[0-9] % of [0-9]* page frames' "$work/out" && cmp "$work/file" "$text"
}

by_release() {	# no -k: nothing is installed here for this kernel, and the message tells where it looked
	run 1 "$PAGEOWNER" report "$dump" && says "vmlinux: none was given, and there is none at: " &&
		says "/usr/lib/debug/boot/vmlinux-6.1."
}

usage() {
	run 2 "$PAGEOWNER" "$@" && says "pageowner: "
}

helps() {
	run 0 "$PAGEOWNER" "$1" --help && quiet && grep -q "^Usage: pageowner $1" "$work/out" || return 1
	cp "$work/out" "$work/help"
	run 0 "$PAGEOWNER" help "$1" && cmp "$work/out" "$work/help"
}

# The README's examples are what the bundled dump gives.
readme_is_true() {
	run 0 "$PAGEOWNER" lookup -k "$fix/vmlinux" "$dump" 13418 && cp "$work/out" "$work/looked_up" &&
		run 0 "$PAGEOWNER" tasks --sort=-uss --top 3 -k "$fix/vmlinux" "$dump" && cp "$work/out" "$work/tasks" &&
		run 0 "$PAGEOWNER" info -k "$fix/vmlinux" "$dump" || return 1
	sed -n '/^    \$ pageowner report -k vmlinux vmcore$/,/^## /s/^    //p' "$TOP_SRCDIR/README.md" |
		grep -v -e '^\$' -e '^\.\.\.$' >"$work/shown"
	[ -s "$work/shown" ] || return 1
	while IFS= read -r line; do
		grep -qxF -e "$line" "$text" "$work/out" "$work/looked_up" "$work/tasks" || { echo "not so: $line"; return 1; }
	done <"$work/shown"
}

ok "the README shows what is so" readme_is_true
ok "--pfn, a range" pfn_range 4096-8191 4096 8191
ok "--pfn, hexadecimal, one" pfn_range 0x1000 4096 4096
ok "--pfn, beyond the end" pfn_range 0x7000-0xffffffffff 28672 1099511627775
ok "--pfn, no record there" pfn_range 0 0 0
ok "-o FILE" to_file
ok "--strict, no record is too long" strict
ok "a closed pipe is no error" closed_pipe
ok "Ctrl-C ends cleanly with what was written" interrupted
ok "progress on a terminal" progress
ok "no -k, nothing found: says where it looked" by_release
ok "no command" usage
ok "unknown command" usage frobnicate
ok "no dump" usage report
ok "unknown option" usage report --frobnicate "$dump"
ok "-k without an argument" usage report -k
ok "--pfn that is no range" usage report --pfn 5-3 "$dump"
ok "--pfn that is no number" usage report --pfn -3 "$dump"
ok "info: no dump" usage info
ok "help of report" helps report
ok "help of info" helps info
ok "--help" run 0 "$PAGEOWNER" --help
ok "--version" run 0 "$PAGEOWNER" --version
tap_end
