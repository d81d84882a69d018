#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Wrong input: each case has its status, its words, and neither a crash nor a hang.
. "$TOP_SRCDIR/tests/tap.sh"
fix=$FIXTURES/6.1-x86_64
dump=$fix/dump.elf
text=$fix/words/page_owner.txt

# fails TEXT DUMP...: status 1, says TEXT, writes no record
fails() {
	fails_say=$1
	shift
	run 1 "$PAGEOWNER" report -k "$fix/vmlinux" "$@" && says "$fails_say" && [ ! -s "$work/out" ]
}

# Every record of the output stands in the kernel's text; a stack that is missing may be marked.
nothing_invented() {
	awk -v RS= 'NR == FNR { real[$0] = 1; next }
		!/<(stack 0x[0-9a-f]*: |memcg: |unknown>)/ && !($0 in real) { print "invented:\n" $0; bad = 1 }
		END { exit bad }' "$text" "$work/out"
}

# A dump cut at so many percent: a clear end, and whatever is written is true.
cut_at() {
	size=$(wc -c <"$1")
	head -c $((size * $2 / 100)) "$1" >"$work/cut"
	status=1
	"$PAGEOWNER" report -k "$fix/vmlinux" "$work/cut" >"$work/out" 2>"$work/err" && status=0
	grep -qE 'file ends at|ends without its end mark|is cut off' "$work/err" || { cat "$work/err"; return 1; }
	# all that the report needs may lie before the cut: then it is complete
	[ $status -eq 1 ] || cmp "$work/out" "$text" || return 1
	nothing_invented
}

echo "this is a text, not a dump" >"$work/text"
: >"$work/empty"
mkdir "$work/dir"
ok "no such file" fails "no such file" "$work/nothing"
ok "not a dump" fails "not a dump" "$work/text"
ok "a directory" fails "directory" "$work/dir"
ok "an empty file" fails "empty" "$work/empty"
ok "vmlinux given as the dump" fails "not a" "$fix/vmlinux"
gzip -c "$work/text" >"$work/text.gz"
ok "a compressed file" fails "gzip" "$work/text.gz"

for percent in 10 50 99; do
	ok "ELF cut at $percent %" cut_at "$dump" $percent
done
"$DUMPTOOL" "$dump" "$work/k" --to kdump
for percent in 10 50 99; do
	ok "kdump cut at $percent %" cut_at "$work/k" $percent
done
"$DUMPTOOL" "$dump" "$work/k" --to kdump --flat
for percent in 10 50 99; do
	ok "flattened kdump cut at $percent %" cut_at "$work/k" $percent
done
rm -f "$work/k" "$work/cut"

other_build() {
	run 1 "$PAGEOWNER" report -k "$FIXTURES/7.2-x86_64/vmlinux" "$dump" &&
		says "vmlinux is of another kernel" && says "Linux version 7.2" &&
		says "$(strings -n 20 "$fix/vmlinux" | grep '^Linux version .*#[0-9]')\""
}

vmlinux_fails() {
	run 1 "$PAGEOWNER" report -k "$1" "$dump" && says "$2" && [ ! -s "$work/out" ]
}

ok "vmlinux of another build: both are named" other_build
other_machine() {
	run 1 "$PAGEOWNER" report -k "$FIXTURES/6.1-arm64/vmlinux" "$dump" &&
		says "vmlinux is of aarch64, the dump is of x86_64"
}

ok "vmlinux of another machine: both are named" other_machine
objcopy --strip-debug "$fix/vmlinux" "$work/nodebug" 2>/dev/null
ok "vmlinux without debug information" vmlinux_fails "$work/nodebug" "no debug information"
strip -o "$work/stripped" "$fix/vmlinux" 2>/dev/null
ok "vmlinux without symbols" vmlinux_fails "$work/stripped" "no symbol table"
ok "no such vmlinux" vmlinux_fails "$work/nothing" "no such file"
ok "a text for vmlinux" vmlinux_fails "$work/text" "not an ELF file"
ok "the dump given as vmlinux" vmlinux_fails "$dump" "pageowner: "

disabled() {
	run 1 "$PAGEOWNER" report -k "$FIXTURES/$1/vmlinux" "$FIXTURES/$1/dump.elf" && says "$2" &&
		[ ! -s "$work/out" ]
}

ok "page_owner off at boot" disabled 6.1-x86_64-off "page_owner was off"
ok "no CONFIG_PAGE_OWNER" disabled 6.1-x86_64-noconf "without CONFIG_PAGE_OWNER"

# --- memory that is not there ---
# The guest's own addresses of the structures, as the kernel tells them to nobody but us: found by leaving
# out stretches of memory until records are lost.
holes() {
	"$DUMPTOOL" "$dump" "$work/h" --to "$1" --drop "$2" || return 1
	run 1 "$PAGEOWNER" report -k "$fix/vmlinux" "$work/h" || return 1
	says "not in dump" && says "not covered by the dump" && says "physical addresses 0x" || return 1
	nothing_invented || return 1
	[ "$(grep -c '^PFN' "$work/out")" -lt "$(grep -c '^PFN' "$text")" ]
}

depot_hole() {
	"$DUMPTOOL" "$dump" "$work/h" --to elf --drop "$1" || return 1
	run 1 "$PAGEOWNER" report -k "$fix/vmlinux" "$work/h" || return 1
	grep -q '^ <stack 0x[0-9a-f]*: not in dump>$' "$work/out" || { echo "no marker"; return 1; }
	says "without their stack" && nothing_invented
}

frames=$("$TOP_BUILDDIR/tests/where" -k "$fix/vmlinux" "$dump") || echo "# where failed"
ext=$(echo "$frames" | sed -n 's/^page_ext //p')
page=$(echo "$frames" | sed -n 's/^page //p')
depot=$(echo "$frames" | sed -n 's/^depot //p')
ok "ELF, page_ext pages missing" holes elf "$ext"
ok "kdump, page_ext pages missing" holes kdump "$ext"
ok "ELF, struct pages missing" holes elf "$page"
ok "stack depot pages missing" depot_hole "$depot"

# --- split sets ---
"$DUMPTOOL" "$dump" "$work/s" --to kdump --split 3
part_missing() {
	run 1 "$PAGEOWNER" report -k "$fix/vmlinux" "$@" && says "missing" && nothing_invented
}
ok "the first part of a split set is missing" part_missing "$work/s.2" "$work/s.3"
ok "the second part of a split set is missing" part_missing "$work/s.1" "$work/s.3"
ok "the last part of a split set is missing" part_missing "$work/s.1" "$work/s.2"
ok "one part twice" fails "pageowner: " "$work/s.1" "$work/s.1" "$work/s.2" "$work/s.3"
ok "two dumps that are no set" fails "pageowner: " "$dump" "$dump"
rm -f "$work"/s.* "$work/h"

# --- permissions, full disks ---
no_permission() {
	plain=$(mktemp -d /tmp/pageowner-plain.XXXXXX) || return 1
	chmod 755 "$plain"
	cp "$TOP_BUILDDIR/.libs/pageowner" "$plain/" && cp -P "$TOP_BUILDDIR"/.libs/libpageowner.so* "$plain/"
	cp "$fix/vmlinux" "$plain/vmlinux" && chmod 644 "$plain/vmlinux"
	cp "$work/text" "$plain/dump" && chmod 600 "$plain/dump"
	status=0
	run 1 setpriv --reuid=65534 --regid=65534 --clear-groups env LD_LIBRARY_PATH="$plain" \
		"$plain/pageowner" report -k "$plain/vmlinux" "$plain/dump" && says "ermission denied" || status=1
	rm -rf "$plain"
	return $status
}

if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null 2>&1; then
	ok "no permission" no_permission
else
	skip "no permission" "needs root and setpriv"
fi

full_disk() {
	run 1 "$PAGEOWNER" report -k "$fix/vmlinux" -o /dev/full "$dump" && says "No space left on device"
}

full_stdout() {
	status=0
	"$PAGEOWNER" report -k "$fix/vmlinux" "$dump" >/dev/full 2>"$work/err" || status=$?
	[ $status -eq 1 ] && says "No space left on device"
}

own_input() {
	cp "$dump" "$work/copy" && run 1 "$PAGEOWNER" report -k "$fix/vmlinux" -o "$work/copy" "$work/copy" &&
		says "is one of the inputs" && cmp "$dump" "$work/copy" || return 1
	cp "$fix/vmlinux" "$work/vmlinux" && run 1 "$PAGEOWNER" report -k "$work/vmlinux" -o "$work/vmlinux" "$dump" &&
		says "is one of the inputs" && cmp "$fix/vmlinux" "$work/vmlinux"
}

ok "full disk on -o" full_disk
ok "full disk on standard output" full_stdout
ok "an output file that cannot be made" fails "output: " -o "$work/dir" "$dump"
ok "the output would be the dump, or vmlinux" own_input
rm -f "$work/copy"

# --- corrupt memory ---
corrupt() {
	"$DUMPTOOL" "$dump" "$work/c" --to elf --corrupt "$1" || return 1
	run 1 "$PAGEOWNER" report -k "$fix/vmlinux" "$work/c" && says "$2" && nothing_invented
}

handle=$(echo "$frames" | sed -n 's/^record_handle //p')
order=$(echo "$frames" | sed -n 's/^record_order //p')
bad=$(echo "$frames" | sed -n 's/^other_handle //p')
ok "a stack handle that leads into the middle of a record" corrupt "$handle=$bad" "the record at 0x"
ok "a stack handle beyond all pools" corrupt "$handle=ff3f0004" "pool 16383"
# A stack of 240 frames makes its records longer than the kernel's buffer of one page.
too_long() {
	"$DUMPTOOL" "$dump" "$work/c" --to elf --corrupt "$size=f0000000" || return 1
	run 0 "$PAGEOWNER" report -k "$fix/vmlinux" "$work/c" && says "the kernel refuses more than 4095" || return 1
	[ "$(grep -c '^PFN' "$work/out")" -eq "$(grep -c '^PFN' "$text")" ]
}

# cat(1) would have stopped at the first of them: all before it is there, and no more.
too_long_strict() {
	run 1 "$PAGEOWNER" report --strict -k "$fix/vmlinux" "$work/c" && says "the kernel refuses more than 4095" &&
		says "partial" || return 1
	bytes=$(wc -c <"$work/out")
	cmp -n "$bytes" "$work/out" "$text" && [ "$bytes" -lt "$(wc -c <"$text")" ] || return 1
	long=$(sed -n 's/.*PFN 0x\([0-9a-f]*\): record of.*/\1/p' "$work/err" | head -n 1)
	! grep -q "^PFN $((0x$long)) " "$work/out"
}

size=$(echo "$frames" | sed -n 's/^stack_size //p')
ok "a record longer than the kernel's buffer is printed and named" too_long
ok "--strict ends where cat would have ended" too_long_strict
ok "an order that cannot be" corrupt "$order=ffff" "order 65535"
tap_end
