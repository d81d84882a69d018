#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Other machines: arm64, arm and i386 guests, as ELF, kdump, raw images with and without address, banks and LiME.
# The report is the kernel's own text, byte for byte, and `info` tells what the guest itself says.
. "$TOP_SRCDIR/tests/tap.sh"

# An address as /proc/kallsyms or nm prints it, of _stext.
stext() {
	sed -n 's/^\([0-9a-f]*\) [Tt] _stext$/\1/p'
}

# The slide: the guest's own _stext less vmlinux's.  64-bit addresses share their upper half with its sign only.
slide_agrees() {
	run_time=$(stext <"$FIXTURES/$1/words/kallsyms.txt")
	link=$(nm "$FIXTURES/$1/vmlinux" | stext)
	[ -n "$run_time" ] && [ -n "$link" ] || { echo "no _stext"; return 1; }
	want=$(echo "$run_time $link" | awk '
		function dec(h, i, n) { n = 0; for (i = 1; i <= length(h); i++)
			n = n * 16 + index("0123456789abcdef", substr(h, i, 1)) - 1; return n }
		function hex(n, s) { s = ""; do { s = substr("0123456789abcdef", n % 16 + 1, 1) s
			n = int(n / 16) } while (n > 0); return s }
		{ a = substr($1, length($1) - 11); b = substr($2, length($2) - 11)	# 48 bits are exact in awk
		  d = dec(a) - dec(b); print "0x" hex(d) }')
	has slide "^$want "
}

# info NAME PAGE_TABLES PAGE_SIZE MODEL ARGUMENTS...
info() {
	name=$1 tables=$2 size=$3 model=$4
	shift 4
	run 0 "$PAGEOWNER" info -k "$FIXTURES/$name/vmlinux" "$@" || return 1
	has "page tables" "^$tables" && has "page size" "^$size " && has "memory model" "^$model" &&
		slide_agrees "$name"
}

# tool NAME OUT... OPTIONS: a container of the fixture's dump
tool() {
	name=$1
	shift
	rm -f "$work"/d "$work"/d.* "$work"/bank*
	"$DUMPTOOL" "$FIXTURES/$name/dump.elf" "$@" >"$work/tool.log" 2>&1 || cat "$work/tool.log"
}

base_is() {	# NAME BASE: worked out from the page tables
	run 0 "$PAGEOWNER" info -k "$FIXTURES/$1/vmlinux" --ram "$work/d" && has "base address" "^$2 "
}

elf() {
	ok "$1: ELF" same_text "$1" "$FIXTURES/$1/dump.elf"
	ok "$1: what info tells" info "$1" "$2" "$3" "$4" "$FIXTURES/$1/dump.elf"
}

# one NAME BASE END: one raw image, its address not given
one_raw() {
	tool "$1" "$work/d" --to raw --bank "$2-$3"
	ok "$1: one raw image without address" same_text "$1" --ram "$work/d"
	ok "$1: its base" base_is "$1" "0x$2"
	ok "$1: one raw image with address" same_text "$1" --ram "$work/d@0x$2"
}

# four NAME A B C D E: banks in shuffled order
banks() {
	name=$1
	tool "$name" "$work/bank1" "$work/bank2" "$work/bank3" "$work/bank4" --to raw \
		--bank "$2-$3" --bank "$3-$4" --bank "$4-$5" --bank "$5-$6"
	ok "$name: four raw banks in shuffled order" same_text "$name" --ram "$work/bank3@0x$4" --ram "$work/bank1@0x$2" \
		--ram "$work/bank4@0x$5" --ram "$work/bank2@0x$3"
}

lime() {
	tool "$1" "$work/d" --to lime
	ok "$1: LiME" same_text "$1" "$work/d"
}

kdump() {
	tool "$1" "$work/d" --to kdump
	ok "$1: kdump" same_text "$1" "$work/d"
}

elf 6.1-arm64 "arm64, 4K granule, 48-bit" 4096 "SPARSEMEM, extreme"
kdump 6.1-arm64
one_raw 6.1-arm64 40000000 48000000
banks 6.1-arm64 40000000 42000000 44000000 46000000 48000000
lime 6.1-arm64
elf 6.1-arm64-va39 "arm64, 4K granule, 39-bit" 4096 "SPARSEMEM, extreme"
one_raw 6.1-arm64-va39 40000000 48000000
elf 6.12-arm64-64k "arm64, 64K granule, 52-bit" 65536 "SPARSEMEM, extreme"
elf 7.2-arm64-16k "arm64, 16K granule, 47-bit" 16384 "SPARSEMEM, extreme"
ok "7.2-arm64-16k: the dump has VMCOREINFO" has VMCOREINFO "in the dump"
one_raw 7.2-arm64-16k 40000000 "$(printf '%x' $((0x40000000 + $(stat -c %s "$FIXTURES/7.2-arm64-16k/dump.elf") / 1048576 * 1048576)))"
elf 6.1-arm "arm, short descriptors" 4096 FLATMEM
ok "6.1-arm: has high memory" grep -q '^HighTotal: *[1-9]' "$FIXTURES/6.1-arm/words/meminfo.txt"
one_raw 6.1-arm 40000000 48000000
elf 5.10-arm-lpae "arm, LPAE" 4096 SPARSEMEM
ok "5.10-arm-lpae: has frames of a module" grep -q ' \[pohog\]$' "$FIXTURES/5.10-arm-lpae/words/page_owner.txt"
banks 5.10-arm-lpae 40000000 42000000 44000000 46000000 48000000
elf 6.1-i386 "i386, 2 levels" 4096 FLATMEM
ok "6.1-i386: has high memory" grep -q '^HighTotal: *[1-9]' "$FIXTURES/6.1-i386/words/meminfo.txt"
kdump 6.1-i386
elf 6.12-i386-pae "i386, PAE" 4096 SPARSEMEM
ok "6.12-i386-pae: page frames above 4 GiB have records" grep -q '^PFN 0x10[0-4][0-9a-f]\{3\} ' \
	"$FIXTURES/6.12-i386-pae/words/page_owner.txt"
tool 6.12-i386-pae "$work/bank1" "$work/bank2" --to raw --bank 0-8000000 --bank 100000000-105000000
ok "6.12-i386-pae: raw images below and above 4 GiB" same_text 6.12-i386-pae --ram "$work/bank2@0x100000000" \
	--ram "$work/bank1@0"
tap_end
