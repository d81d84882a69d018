#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The report of every container that a dump can come in is the kernel's own text, byte for byte.
. "$TOP_SRCDIR/tests/tap.sh"

quiet_report() {
	same_text "$@" && quiet
}

# make OPTIONS...: the container in $work/d
make_dump() {
	rm -f "$work"/d*
	"$DUMPTOOL" "$dump" "$work/d" "$@" || echo "dumptool failed: $*"
}

# A run of the real makedumpfile, which wants the program headers where it assumes them.
real_filter() {
	rm -f "$work/d" "$work/elf"
	"$DUMPTOOL" "$dump" "$work/elf" --to elf --phoff 64 || return 1
	timeout 120 makedumpfile "$@" "$work/elf" "$work/d" >"$work/makedumpfile.log" 2>&1
	[ -s "$work/d" ] || { cat "$work/makedumpfile.log"; return 1; }
}

filtered_elf() {	# makedumpfile leaves out runs of zeros only from 256 pages on: there may be none in page_ext
	real_filter -E -d 31 && same_text "$1" "$work/d"
}

zeros_told() {
	same_text "$@" && says "excluded pages read as zero"
}

filtered_kdump() {
	real_filter -l -d 31 && same_text "$1" "$work/d"
}

for name in 6.1-x86_64 7.2-x86_64; do
	dump=$FIXTURES/$name/dump.elf
	ok "$name: ELF with VMCOREINFO, as QEMU wrote it" quiet_report $name "$dump"
	make_dump --to elf --no-vmcoreinfo
	ok "$name: ELF without VMCOREINFO" quiet_report $name "$work/d"
	make_dump --to elf --phoff end --segment-pages 1 --shuffle 7
	ok "$name: ELF, a header for each page, shuffled, headers at the end" quiet_report $name "$work/d"
	make_dump --to elf
	printf '\003' | dd of="$work/d" bs=1 seek=18 conv=notrunc 2>/dev/null	# EM_386
	ok "$name: ELF whose header names another machine" quiet_report $name "$work/d"
	make_dump --to elf --vaddr zero
	ok "$name: ELF whose virtual addresses mean nothing" quiet_report $name "$work/d"
	make_dump --to elf --class 32
	ok "$name: ELF of class 32" quiet_report $name "$work/d"
	for codec in none zlib lzo snappy zstd mixed; do
		make_dump --to kdump --codec $codec
		ok "$name: kdump, pages by $codec" quiet_report $name "$work/d"
	done
	make_dump --to kdump --codec lzo --no-vmcoreinfo --no-utsname
	ok "$name: kdump without VMCOREINFO and utsname" quiet_report $name "$work/d"
	make_dump --to kdump --flat
	ok "$name: flattened kdump" same_text $name "$work/d"
	make_dump --to elf --flat
	ok "$name: flattened ELF" same_text $name "$work/d"
	rm -f "$work/d"
	"$DUMPTOOL" "$dump" "$work/d1" "$work/d2" "$work/d3" --to kdump --split 3 2>"$work/log" ||
		"$DUMPTOOL" "$dump" "$work/d" --to kdump --split 3
	for i in 1 2 3; do [ -e "$work/d.$i" ] && mv "$work/d.$i" "$work/d$i"; done
	ok "$name: split set in shuffled order" quiet_report $name "$work/d2" "$work/d3" "$work/d1"
	ok "$name: split set in another order" quiet_report $name "$work/d3" "$work/d1" "$work/d2"
	rm -f "$work"/d*
	"$DUMPTOOL" "$dump" "$work/d" --to kdump --split 2 --split-empty
	ok "$name: split set with an empty part first" quiet_report $name "$work/d.3" "$work/d.1" "$work/d.2"
	make_dump --to kdump --exclude "$FIXTURES/$name/excluded-d31"
	ok "$name: kdump without the pages that -d 31 leaves out" same_text $name "$work/d"
	make_dump --to elf --exclude-zero
	ok "$name: ELF without its zero pages, which are counted" zeros_told $name "$work/d"
	if command -v makedumpfile >/dev/null 2>&1; then
		ok "$name: makedumpfile -E -d 31" filtered_elf $name
		ok "$name: makedumpfile -l -d 31" filtered_kdump $name
	else
		skip "$name: makedumpfile -E -d 31" "makedumpfile is not installed"
		skip "$name: makedumpfile -l -d 31" "makedumpfile is not installed"
	fi
done
tap_end
