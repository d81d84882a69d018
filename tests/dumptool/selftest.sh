#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Round trips of dumptool.  A small ELF core of made-up memory goes into each container and is read
# back: kdump by libkdumpfile (kdcat), ELF by libkdumpfile and by dumptool itself, flattened streams
# by makedumpfile -R, LiME and raw banks by cmp(1).  Prints TAP.
#
# Runs at the top of a build tree; DUMPTOOL and KDCAT name other programs than the ones there.

dumptool=${DUMPTOOL:-$PWD/tests/dumptool/dumptool}
kdcat=${KDCAT:-$PWD/tests/dumptool/kdcat}
tmp=$(mktemp -d "${TMPDIR:-/tmp}/dumptool.XXXXXX") || exit 1
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM
cd "$tmp" || exit 1

nr=0
failed=0

result() { # ok|"not ok" NAME
	nr=$((nr + 1))
	echo "$1 $nr - $2"
	[ "$1" = ok ] || failed=$((failed + 1))
}

# check NAME COMMAND...: the command succeeds
check() {
	name=$1
	shift
	if "$@" >out 2>&1; then
		result ok "$name"
	else
		result "not ok" "$name"
		sed 's/^/# /' out
	fi
}

# prints NAME TEXT COMMAND...: the command prints just this
prints() {
	name=$1 want=$2
	shift 2
	"$@" >out 2>&1
	if [ "$(cat out)" = "$want" ]; then
		result ok "$name"
	else
		result "not ok" "$name"
		echo "# wanted: $want"
		sed 's/^/# /' out
	fi
}

# refuses NAME TEXT COMMAND...: the command fails and its message has TEXT in it
refuses() {
	name=$1 want=$2
	shift 2
	if ! "$@" >out 2>&1 && grep -q -e "$want" out; then
		result ok "$name"
	else
		result "not ok" "$name"
		sed 's/^/# /' out
	fi
}

skip() {
	nr=$((nr + 1))
	echo "ok $nr - $1 # SKIP $2"
}

# bytes FILE OFFSET LENGTH
bytes() {
	tail -c +$(($2 + 1)) "$1" | head -c "$3"
}

# u64 FILE OFFSET: the number there
u64() {
	od -An -t u8 -j "$2" -N 8 "$1" | tr -d ' '
}

# phdr FILE TEXT: readelf's program headers hold this line
phdr() {
	readelf -lW "$1" 2>/dev/null | tr -s ' ' | grep -q -e "$2"
}

"$dumptool" synth a.elf 0-a0000 100000-400000 1000000-1234000 --phoff 192 || exit 1
all=1492		# pages of the map above
everything="same $all absent 0 different 0"
same="same $all excluded 0 missing 0 added 0 different 0"

# --- kdump

for codec in none zlib lzo snappy zstd mixed; do
	"$dumptool" a.elf a.kdump --to kdump --codec $codec
	prints "kdump $codec" "$everything" "$kdcat" a.elf a.kdump
done

"$dumptool" a.elf a.kdump --to kdump --no-utsname --no-vmcoreinfo
prints "kdump without utsname and VMCOREINFO" "$everything" "$kdcat" a.elf a.kdump
check "no VMCOREINFO is left in it" sh -c '! grep -q OSRELEASE a.kdump'

# libkdumpfile 0.5.1 takes every 32-bit sub-header for one of i386, without padding
"$dumptool" a.elf a.kdump --to kdump --class 32
prints "kdump with the headers of a 32-bit ARM writer" "4096 6 4660" \
	echo "$(od -An -t u4 -j 416 -N 4 a.kdump | xargs)" \
	"$(od -An -t u4 -j 8 -N 4 a.kdump | xargs)" "$(u64 a.kdump $((4096 + 88)))"
"$dumptool" synth i386.elf 0-a0000 100000-400000 1000000-1234000 --machine i386
"$dumptool" i386.elf a.kdump --to kdump --class 32
prints "kdump with the headers of an i386 writer" "$everything" "$kdcat" i386.elf a.kdump

"$dumptool" a.elf a.kdump --to kdump --block-size 65536
prints "kdump with blocks of 64 KiB" "$everything" "$kdcat" -b 65536 a.elf a.kdump

echo 100-1ff >list
"$dumptool" a.elf a.kdump --to kdump --exclude list
prints "kdump, excluded pages" "same $((all - 256)) absent 256 different 0" \
	"$kdcat" a.elf a.kdump
"$dumptool" a.elf a.kdump --to kdump --drop 20 --drop 1001-1010
prints "kdump, dropped pages" "same $((all - 17)) absent 17 different 0" "$kdcat" a.elf a.kdump
"$dumptool" a.elf a.kdump --to kdump --corrupt 105ffe=c0ffee42
prints "kdump, corrupted bytes across a page boundary" "same $((all - 2)) absent 0 different 2" \
	"$kdcat" a.elf a.kdump

"$dumptool" a.elf set --to kdump --split 3 --split-empty
prints "split set" "$everything" "$kdcat" a.elf set.1 set.2 set.3
prints "split set, in any order" "$everything" "$kdcat" a.elf set.3 set.1 set.2
prints "split set, the empty part last" "$everything" "$kdcat" a.elf set.2 set.1 set.3 set.4
prints "the parts join" "0 $(u64 set.2 $((4096 + 80))) $(u64 set.3 $((4096 + 80)))" \
	echo "$(u64 set.1 $((4096 + 80))) $(u64 set.1 $((4096 + 88))) $(u64 set.2 $((4096 + 88)))"
prints "the last part ends at max_mapnr, where the empty one is" "4660 4660 4660 4660" \
	echo "$(u64 set.3 $((4096 + 88))) $(u64 set.4 $((4096 + 80))) $(u64 set.4 $((4096 + 88)))" \
	"$(u64 set.3 $((4096 + 96)))"

# --- ELF

"$dumptool" a.elf b.elf --to elf
prints "ELF, program headers after the header" "$same" "$dumptool" cmp a.elf b.elf
prints "ELF, the same for libkdumpfile" "$everything" "$kdcat" a.elf b.elf
"$dumptool" a.elf b.elf --to elf --phoff end --align 4096 --vaddr 0xffff888000000000
prints "ELF, program headers at the end" "$same" "$dumptool" cmp a.elf b.elf
check "p_vaddr in the direct map" phdr b.elf \
	"LOAD 0x[0-9a-f]*000 0xffff888001000000 0x0000000001000000 0x234000 0x234000"
"$dumptool" a.elf b.elf --to elf --class 32 --vaddr zero
prints "ELF, class 32" "$same" "$dumptool" cmp a.elf b.elf
check "p_vaddr is zero" phdr b.elf "LOAD 0x[0-9a-f]* 0x00000000 0x01000000 0x234000 0x234000"
"$dumptool" a.elf b.elf --to elf --no-vmcoreinfo
check "ELF without VMCOREINFO" sh -c "! $dumptool info b.elf | grep -q VMCOREINFO"
check "the other note is still there" sh -c "$dumptool info b.elf | grep -q 'note QEMU'"

"$dumptool" synth wide.elf 0-10004000
"$dumptool" wide.elf b.elf --to elf --segment-pages 1 --shuffle 7 --drop 3-6
check "ELF with more than 65535 segments" sh -c \
	'readelf -hW b.elf | grep -q "program headers: *65535 (65537)"'
prints "its memory" "same 65536 excluded 0 missing 4 added 0 different 0" \
	"$dumptool" cmp wide.elf b.elf
rm -f wide.elf

"$dumptool" a.elf b.elf --to elf --exclude list
prints "ELF, excluded pages" "same $((all - 256)) excluded 256 missing 0 added 0 different 0" \
	"$dumptool" cmp a.elf b.elf
check "an excluded range has no data" phdr b.elf \
	"LOAD 0x000000 0x[0-9a-f]* 0x0000000000100000 0x000000 0x100000"
"$dumptool" a.elf b.elf --to elf --exclude-zero --shuffle 3
"$dumptool" a.elf c.elf --to elf --exclude-zero --exclude-min 3
prints "the same in another order" \
	"$("$dumptool" cmp a.elf b.elf)" "$dumptool" cmp a.elf b.elf
zeros=$("$dumptool" cmp a.elf b.elf | cut -d ' ' -f 4)
check "ELF, zero pages excluded" test "$zeros" -gt 200 -a "$zeros" -lt 600
# libkdumpfile 0.5.1 reads the last page before a segment as zeros even when it is not there
check "libkdumpfile reads it, too" "$kdcat" a.elf b.elf
check "fewer in long runs" test "$("$dumptool" cmp a.elf c.elf | cut -d ' ' -f 4)" -lt "$zeros"
"$dumptool" a.elf b.elf --to elf --exclude-zero
check "p_memsz goes on where the data ends" sh -c "readelf -lW b.elf |
	awk '\$1 == \"LOAD\" && \$5 != \"0x000000\" && \$5 != \$6 { n++ } END { exit !n }'"
"$dumptool" a.elf b.elf --to elf --drop 180-1ff
prints "ELF, dropped pages" "same $((all - 128)) excluded 0 missing 128 added 0 different 0" \
	"$dumptool" cmp a.elf b.elf

# --- flattened streams

# flat NAME OPTION...: the stream, put in order, is the file that comes without --flat
flat() {
	name=$1
	shift
	"$dumptool" a.elf plain "$@" && "$dumptool" a.elf stream "$@" --flat
	if ! command -v makedumpfile >/dev/null; then
		skip "flattened $name" "no makedumpfile"
		return
	fi
	rm -f ordered
	makedumpfile -R ordered <stream >/dev/null 2>&1
	check "flattened $name" cmp plain ordered
}

flat "kdump" --to kdump
flat "kdump, 32-bit headers, filtered" --to kdump --class 32 --exclude-zero
flat "kdump, without overlaps" --to kdump --no-overlap
flat "ELF" --to elf
flat "filtered ELF in pieces" --to elf --exclude-zero --segment-pages 3 --shuffle 9
prints "the stream ends with its mark" " ff ff ff ff ff ff ff ff ff ff ff ff ff ff ff ff" \
	sh -c 'tail -c 16 stream | od -An -t x1'
size=$(wc -c <stream)
"$dumptool" a.elf stream --to elf --exclude-zero --segment-pages 3 --shuffle 9 --flat --no-end-mark
prints "or without" "$((size - 16))" echo $(($(wc -c <stream)))

# --- raw banks and LiME

"$dumptool" a.elf ram --to raw >list.out
prints "a file for each range" "0 ram.0
0x100000 ram.100000
0x1000000 ram.1000000" cat list.out
"$dumptool" a.elf ram --to padded
check "padded: first range" cmp -n 655360 ram.0 ram
check "padded: last range" sh -c 'tail -c +16777217 ram | cmp - ram.1000000'
"$dumptool" a.elf one two --to raw --bank 100000-200000 --bank 80000-c0000 >list.out
check "banks by name" sh -c 'head -c 1048576 ram.100000 | cmp - one'
check "a hole in a bank is zeros" sh -c \
	'{ tail -c 131072 ram.0; head -c 131072 /dev/zero; } | cmp - two'
"$dumptool" a.elf ram.lime --to lime
for range in "0 0 655359" "655392 1048576 4194303" "3801152 16777216 19087359"; do
	set -- $range
	prints "LiME header of the range at $2" "1281969477 1 $2 $3" \
		echo "$(od -An -t u4 -j "$1" -N 8 ram.lime | xargs)" \
		"$(u64 ram.lime $(($1 + 8)))" "$(u64 ram.lime $(($1 + 16)))"
done
check "LiME data" sh -c 'tail -c +3801185 ram.lime | cmp - ram.1000000'

# --- what it refuses

head -c 3000000 a.elf >cut.elf
refuses "a truncated input" truncated "$dumptool" cut.elf x --to elf
refuses "no core" "not a little-endian ELF file" "$dumptool" a.kdump x --to elf
refuses "output over the input" "is the input" "$dumptool" a.elf a.elf --to elf
refuses "damage outside the dump" "not in the dump" "$dumptool" a.elf x --to elf --corrupt f0000=00
refuses "class 32 above 4 GiB" "class 32" sh -c "$dumptool synth high.elf 100000000-100001000 &&
	$dumptool high.elf x --to elf --class 32"
refuses "an unknown format" "usage" "$dumptool" a.elf x --to tape

echo "1..$nr"
[ $failed -eq 0 ]
