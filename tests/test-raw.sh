#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Memory without a container around it: raw images of RAM, in one piece and in banks; and LiME.
. "$TOP_SRCDIR/tests/tap.sh"
fix=$FIXTURES/6.1-x86_64
dump=$fix/dump.elf
text=$fix/words/page_owner.txt

# report ARGUMENT...: zero differing bytes, status 0, nothing on standard error
report() {
	run 0 "$PAGEOWNER" report -k "$fix/vmlinux" "$@" && cmp "$work/out" "$text" && quiet
}

# fails TEXT ARGUMENT...: status 1, says TEXT, writes no record
fails() {
	fails_say=$1
	shift
	run 1 "$PAGEOWNER" report -k "$fix/vmlinux" "$@" && says "$fails_say" && [ ! -s "$work/out" ]
}

usage() {
	usage_say=$1
	shift
	run 2 "$PAGEOWNER" "$@" && says "$usage_say" && says "--help"
}

# tells FACT PATTERN ARGUMENT...: a line of `info`
tells() {
	fact=$1 pattern=$2
	shift 2
	run 0 "$PAGEOWNER" info -k "$fix/vmlinux" "$@" || return 1
	grep -q "^$fact  *$pattern" "$work/out" || { grep "^$fact " "$work/out"; return 1; }
}

nothing_invented() {
	awk -v RS= 'NR == FNR { real[$0] = 1; next }
		!/<(stack 0x[0-9a-f]*: |memcg: |unknown>)/ && !($0 in real) { print "invented:\n" $0; bad = 1 }
		END { exit bad }' "$text" "$work/out"
}

# Beside its RAM the guest has the BIOS's flash, just below 4 GiB: no bank of a board.
"$DUMPTOOL" "$dump" "$work/ram" --to raw --drop fffc0-fffff >"$work/list" || echo "# dumptool failed"
mkdir "$work/banks"
"$DUMPTOOL" "$dump" "$work/banks/b1" "$work/banks/b2" "$work/banks/b3" "$work/banks/b@4" --to raw \
	--bank 0-2000000 --bank 2000000-4000000 --bank 4000000-6000000 --bank 6000000-8000000 \
	>"$work/list" || echo "# dumptool failed"

# --- good ones ---
ok "one raw image" report --ram "$work/ram@0"
ok "one raw image, 0x0" report "--ram=$work/ram@0x0"
ok "one raw image without address" report --ram "$work/ram"
ok "its base" tells "base address" "0x0 " --ram "$work/ram"
ok "four banks in shuffled order" report --ram "$work/banks/b3@0x4000000" --ram "$work/banks/b@4@6000000" \
	--ram "$work/banks/b1@0" --ram "$work/banks/b2@0x2000000"
ok "info: four banks" tells dump "raw RAM, 4 banks$" --ram "$work/banks/b3@0x4000000" \
	--ram "$work/banks/b@4@6000000" --ram "$work/banks/b1@0" --ram "$work/banks/b2@0x2000000"
ok "info: all memory is there" tells memory "131072 KiB in 1 range below 0x8000000, 131072 KiB in the dump" \
	--ram "$work/ram@0"
ok "--ram-map, as it was printed with the banks" report --ram-map "$work/list"

printf '%s\r\n' '# address  file' '' '0x4000000 b3' '  6000000	b@4 ' ' # another' '00000000 b1' '0X2000000  b2' \
	>"$work/banks/board.map"
ok "--ram-map, relative paths" report --ram-map "$work/banks/board.map"
in_its_directory() {
	( cd "$work/banks" && report --ram-map board.map )
}
ok "--ram-map, in the current directory" in_its_directory
printf '0x4000000 b3\n6000000 %s' "$work/banks/b@4" >"$work/banks/half.map"
ok "--ram-map and --ram, the last line without its end" report --ram "$work/banks/b1@0" \
	--ram-map "$work/banks/half.map" --ram "$work/banks/b2@2000000"
mv "$work/banks/b3" "$work/banks/b 3"
printf '4000000 b 3\n' >"$work/banks/half.map"
ok "--ram-map, a blank in the name" report --ram-map "$work/banks/half.map" --ram "$work/banks/b1@0" \
	--ram "$work/banks/b@4@6000000" --ram "$work/banks/b2@2000000"
mv "$work/banks/b 3" "$work/banks/b3"

"$DUMPTOOL" "$dump" "$work/lime" --to lime
ok "LiME" report "$work/lime"
ok "info: LiME" tells dump "LiME, " "$work/lime"
"$DUMPTOOL" "$dump" "$work/lime4" --to lime --bank 4000000-6000000 --bank 0-2000000 --bank 6000000-8000000 \
	--bank 2000000-4000000
ok "LiME, ranges in shuffled order" report "$work/lime4"
"$DUMPTOOL" "$dump" "$work/padded" --to padded --drop fffc0-fffff
ok "LiME's padded format" report --ram "$work/padded@0"
rm -f "$work/padded" "$work/lime4"

# --- wrong ones ---
overlap() {
	fails "$work/banks/b1 (at 0x0) and $work/banks/b2 (at 0x1000000) overlap" --ram "$work/banks/b2@1000000" \
		--ram "$work/banks/b1@0" && says "both hold 0x1000000-0x1ffffff"
}
ok "banks that overlap: both are named, and where" overlap
ok "an address that is not page aligned" fails "ram: address 0x800 is not page aligned" --ram "$work/ram@0x800"
ok "several images, one without address" fails "b2: given without its address" --ram "$work/banks/b1@0" \
	--ram "$work/banks/b2"
ok "no such file" fails "$work/none: no such file" --ram "$work/none@0"
ok "a word for an address" fails "b1@low: no such file" --ram "$work/banks/b1@low"
ok "a directory" fails "is a directory" --ram "$work@0"
: >"$work/empty"
ok "an empty file" fails "the file is empty" --ram "$work/empty@0"
ok "a LiME image given as raw" fails "looks like LiME" --ram "$work/lime@8000000"
ok "a dump beside raw images" usage "beside raw images" report --ram "$work/ram@0" "$dump"
ok "info: a dump beside raw images" usage "beside raw images" info --ram-map "$work/list" "$dump"
ok "--ram without a file" usage "names no file" report --ram @0
ok "--ram without an argument" usage "needs an argument" info --ram
ok "neither dump nor image" usage "no dump given" report -k "$fix/vmlinux"

# bad_line NUMBER TEXT LINE: a list whose third line is LINE
bad_line() {
	printf '# banks\n0 b1\n%s\n4000000 b3\n' "$3" >"$work/banks/bad.map"
	fails "bad.map: line $1: $2" --ram-map "$work/banks/bad.map"
}
ok "list: the file before the address" bad_line 3 "does not begin with an address" "bank2 0x2000000"
ok "list: an address of more than 64 bits" bad_line 3 "does not begin with an address" "12345678123456789 b2"
ok "list: 0x alone" bad_line 3 "does not begin with an address" "0x b2"
ok "list: no file" bad_line 3 "names no file" "0x2000000 "
ok "list: a line that never ends" bad_line 3 "too long" "2000000 $(printf '%08000d' 0)"
ok "list: an image" fails "line 1: " --ram-map "$work/ram"
ok "list: empty" fails "names no file" --ram-map "$work/empty"
ok "list: no such file" fails "none: no such file" --ram-map "$work/none"
ok "list: a directory" fails "directory" --ram-map "$work/banks"
printf '0 nobank\n' >"$work/banks/bad.map"
ok "list: names a file that is not there" fails "$work/banks/nobank: no such file" --ram-map "$work/banks/bad.map"

own_input() {
	cp "$work/banks/board.map" "$work/banks/copy.map"
	fails "is one of the inputs" -o "$work/banks/b1" --ram-map "$work/banks/copy.map" &&
		fails "is one of the inputs" -o "$work/banks/copy.map" --ram-map "$work/banks/copy.map" &&
		cmp "$work/banks/board.map" "$work/banks/copy.map"
}
ok "the output would be a bank, or the list" own_input

# The memory of a bank that is not there: what lay in it is counted, with its address; the rest is true.
missing_bank() {
	run 1 "$PAGEOWNER" report -k "$fix/vmlinux" --ram "$work/above@$last" --ram "$work/below@0" &&
		says "not in dump" && says "not covered by the dump" &&
		says "physical address" && says "0x${first}000" && nothing_invented || return 1
	[ "$(grep -c '^PFN' "$work/out")" -lt "$(grep -c '^PFN' "$text")" ] && grep -q '^PFN' "$work/out"
}
ext=$("$TOP_BUILDDIR/tests/where" -k "$fix/vmlinux" "$dump" | sed -n 's/^page_ext //p')
first=${ext%-*}
last=$(printf '%x' $(((0x${ext#*-} + 1) * 4096)))
"$DUMPTOOL" "$dump" "$work/below" "$work/above" --to raw --bank "0-${first}000" --bank "$last-8000000" \
	>"$work/log"
ok "a bank with page owners is missing" missing_bank
ok "the bank with the page tables is missing" fails "page table: physical address 0x" --ram "$work/banks/b2@0x2000000" \
	--ram "$work/banks/b3@0x4000000" --ram "$work/banks/b@4@6000000"
ok "the bank with the kernel is missing" fails "no kernel in this memory" --ram "$work/banks/b1@0" \
	--ram "$work/banks/b3@4000000" --ram "$work/banks/b@4@6000000"
rm -f "$work/below" "$work/above"

lime_cut() {
	size=$(wc -c <"$work/lime")
	head -c $((size * $1 / 100)) "$work/lime" >"$work/cut"
	status=1
	"$PAGEOWNER" report -k "$fix/vmlinux" "$work/cut" >"$work/out" 2>"$work/err" && status=0
	says "file ends at" && { [ $status -eq 1 ] || cmp "$work/out" "$text"; } && nothing_invented
}
for percent in 10 50 95; do
	ok "LiME cut at $percent %" lime_cut $percent
done
rm -f "$work/cut"

ok "another kernel's vmlinux: both are named" fails "Linux version 7.2" -k "$FIXTURES/7.2-x86_64/vmlinux" \
	--ram "$work/ram@0"
for name in 6.1-arm64 6.1-arm 6.1-i386; do
	other=$FIXTURES/$name/vmlinux
	if [ -e "$other" ]; then
		ok "vmlinux of $name" fails "vmlinux is of another machine" -k "$other" --ram "$work/ram@0"
		ok "vmlinux of $name, no address" fails "vmlinux is of another machine" -k "$other" --ram "$work/ram"
		ok "vmlinux of $name, LiME" fails "vmlinux is of another machine" -k "$other" "$work/lime"
	else
		skip "vmlinux of $name" "it is not bundled"
	fi
done
tap_end
