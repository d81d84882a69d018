#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# `pageowner account`: the same account of each form of a dump, of kernels with page_owner and without.
. "$TOP_SRCDIR/tests/tap.sh"

# account NAME ARGUMENTS...: into $work/out
account() {
	account_fix=$FIXTURES/$1
	shift
	run 0 "$PAGEOWNER" account -k "$account_fix/vmlinux" "$@"
}

# value TITLE: the pages of a row
value() {
	sed -n "s/^$1  *\([0-9][0-9]*\) .*/\1/p" "$work/out" | head -n 1
}

# rows: the titles and pages of all
rows() {
	sed '/^across rows/,$d; s/^\([^0-9]*[0-9][0-9]*\) .*/\1/' "$work/out"
}

# rows_add_up: to the line RAM
rows_add_up() {
	awk '/^RAM /{ exit sum != $2 } NR > 1 { for (i = 1; i <= NF; i++) if ($i ~ /^[0-9]+$/) { sum += $i; next } }' "$work/out"
}

same_as_whole() {	# NAME FILTERED [OPTION]...
	same_name=$1 same_dump=$2
	shift 2
	account "$same_name" "$FIXTURES/$same_name/dump.elf" --top 0 "$@" && mv "$work/out" "$work/whole" &&
		account "$same_name" "$same_dump" --top 0 "$@" && diff "$work/whole" "$work/out"
}

# makedumpfile 1.7.8 takes pages of slabs for others and drops them: links of the kernel's lists are gone.  That is told, and
# stacks of owners stand in; the counters' column says less.
same_rows() {	# NAME FILTERED
	account "$1" "$FIXTURES/$1/dump.elf" && rows >"$work/whole" || return 1
	run 1 "$PAGEOWNER" account -k "$FIXTURES/$1/vmlinux" "$2" && says "excluded by a filter" && rows >"$work/rows" &&
		diff "$work/whole" "$work/rows"
}

filter() {
	"$DUMPTOOL" "$FIXTURES/$1/dump.elf" "$work/d" --to kdump --exclude "$FIXTURES/$1/excluded-d31"
}

for name in 5.10-x86_64 6.1-x86_64 6.1-x86_64-clang; do
	filter $name
	ok "$name: the same without the pages that -d 31 leaves out" same_as_whole $name "$work/d"
	for option in "--of slab-unreclaimable" --check --fragmentation; do
		ok "$name: and with $option" same_as_whole $name "$work/d" $option
	done
done
filter 7.2-x86_64
ok "7.2-x86_64: the same rows without the pages that -d 31 leaves out" same_rows 7.2-x86_64 "$work/d"
ok "7.2-x86_64: and with --fragmentation" same_as_whole 7.2-x86_64 "$work/d" --fragmentation

# What the guest's log says of its device tree: base..end (size KiB) nomap|map reusable|non-reusable name.
reserved_by_name() {
	fix=$FIXTURES/7.3-arm64
	account 7.3-arm64 "$fix/dump.elf" && quiet && rows_add_up || return 1
	sed -n 's/.*OF: reserved mem: 0x[0-9a-f]*\.\.0x[0-9a-f]* (\([0-9]*\) KiB) [a-z]* non-reusable \(.*\)$/\2 \1/p' \
		"$fix/words/dmesg.txt" | awk '{ print $1, $2 / 4 }' | sort >"$work/theirs"
	sed -n '/^reserved, by name/,/^$/p' "$work/out" | awk '{ print $1, $2 }' | sort >"$work/ours"
	[ "$(wc -l <"$work/theirs")" -ge 3 ] && comm -23 "$work/theirs" "$work/ours" | diff /dev/null -
}
ok "7.3-arm64: reserved memory has the names of the device tree" reserved_by_name
cma_by_name() {
	grep -q '^camera@46800000  *1024 ' "$work/out" && grep -q '^  used: cma_heap_allocate  *256 ' "$work/out"
}
ok "7.3-arm64: a CMA area of the device tree, and who has its pages" cma_by_name
dma_bufs() {	# in all, by debugfs
	bytes=$(sed -n 's/^Total [0-9]* objects, \([0-9]*\) bytes$/\1/p' "$FIXTURES/7.3-arm64/words/bufinfo.txt")
	[ -n "$bytes" ] && [ "$bytes" -gt 0 ] && [ "$(value "dma-buf, ION")" -eq $((bytes / 4096)) ]
}
ok "7.3-arm64: the pages of all dma-bufs" dma_bufs

each_row() {
	account 6.1-x86_64 "$FIXTURES/6.1-x86_64/dump.elf" && quiet && rows_add_up
}
ok "rows add up to RAM" each_row

without_owners() {	# NAME WHY: rows and counters, and that there are no owners
	account "$1" "$FIXTURES/$1/dump.elf" && quiet && rows_add_up && grep -q "kept no page owners" "$work/out" &&
		[ "$(value RAM)" -eq 16250 ] && [ "$(value "kernel stacks")" -eq 116 ] && ! grep -q "^page_ext" "$work/out"
}
ok "page_owner off" without_owners 6.1-x86_64-off
ok "without CONFIG_PAGE_OWNER" without_owners 6.1-x86_64-noconf

# The guest's console tells how many pages the module took before the machine died.
leak() {
	fix=$FIXTURES/6.1-x86_64-oom
	taken=$(grep -o 'pohog: leaked [0-9]* pages' "$fix/console.txt" | tail -n 1 | grep -o '[0-9][0-9]*')
	account 6.1-x86_64-oom "$fix/core.kdump" --top 1 && quiet || return 1
	sed -n '/^by caller/{n;p}' "$work/out" | grep -q '^  pohog_leak \[pohog\] ' || return 1
	sed -n '/^by module/{n;p}' "$work/out" | grep -q '^  pohog ' || return 1
	grep -q ' pages, .*: pohog_leak \[pohog\], by init ' "$work/out" || return 1
	[ -n "$taken" ] && [ "$(value "  pohog_leak \[pohog\]")" -eq "$taken" ]
}
ok "a module that leaked until the machine died is named first" leak

readme_is_true() {	# of the last run
	sed -n '/^    \$ pageowner account -k vmlinux vmcore$/,/^    \$ pageowner report/s/^    //p' "$TOP_SRCDIR/README.md" |
		grep -v -e '^\$' -e '^\.\.\.$' >"$work/shown"
	[ "$(wc -l <"$work/shown")" -ge 10 ] || return 1
	while IFS= read -r line; do
		grep -qxF -e "$line" "$work/out" || { echo "not so: $line"; return 1; }
	done <"$work/shown"
}
ok "the README shows it" readme_is_true

# A record without a handle is none: its page is in use, and nobody's.
disagreement() {
	dump=$FIXTURES/6.1-x86_64/dump.elf
	"$TOP_BUILDDIR/tests/where" -k "$FIXTURES/6.1-x86_64/vmlinux" "$dump" >"$work/where" &&
		"$DUMPTOOL" "$dump" "$work/d" --to elf --corrupt "$(sed -n 's/^record_handle //p' "$work/where")=00000000" &&
		account 6.1-x86_64 "$work/d" --check || return 1
	pfn=0x$(sed -n 's/^record_pfn //p' "$work/where")
	grep -q "disagree on 1 page frames" "$work/out" && grep -q "^PFN $pfn-$pfn (.*): in use, without an owner" "$work/out"
}
ok "--check: a page in use that has lost its owner" disagreement

# Records and struct pages that contradict each other, one of each kind, are listed with their PFN.
at() {
	sed -n "s/^$1 //p" "$work/where"
}

contradictions() {
	dump=$FIXTURES/6.1-x86_64/dump.elf
	"$DUMPTOOL" "$dump" "$work/d" --to elf --corrupt "$(at free_ext)=03" --corrupt "$(at unreferenced_refcount)=00000000" \
		--corrupt "$(at overmapped_mapcount)=05000000" --corrupt "$(at odd_flags)=$(at reserved_flags)" &&
		account 6.1-x86_64 "$work/d" --check || return 1
	grep -q "disagree on 4 page frames" "$work/out" &&
		grep -q "^PFN 0x$(at free_pfn)-.* (free): free, with a record that says allocated" "$work/out" &&
		grep -q "^PFN 0x$(at unreferenced_pfn)-.* (anon): in use, and nothing refers to it" "$work/out" &&
		grep -q "^PFN 0x$(at overmapped_pfn)-.* (anon): mapped more often than it is referred to" "$work/out" &&
		grep -q "^PFN 0x$(at odd_pfn)-.* (reserved): reserved, with an owner" "$work/out"
}
ok "--check: struct pages that contradict their records" contradictions

no_counts() {
	grep -q "keeps no counts of stacks" "$work/out"
}
ok "--check: a kernel without counts of stacks" no_counts

counts() {
	account 7.2-x86_64 --check "$FIXTURES/7.2-x86_64/dump.elf" && quiet &&
		grep -q "^Of [1-9][0-9]* stacks .*, 0 have other records" "$work/out"
}
ok "--check: the kernel's counts agree with the records" counts
spoilt_count() {
	fix=$FIXTURES/7.2-x86_64
	"$TOP_BUILDDIR/tests/where" -k "$fix/vmlinux" "$fix/dump.elf" >"$work/where" &&
		"$DUMPTOOL" "$fix/dump.elf" "$work/d" --to elf --corrupt "$(at stack_count)=67450000" &&
		account 7.2-x86_64 "$work/d" --check && grep -q "stacks .*, 1 have other records" "$work/out" &&
		grep -q "^handle 0x[0-9a-f]*: [0-9]* pages by the records, 17766 by the kernel's count" "$work/out"
}
ok "--check: a count that differs, with its handle and stack" spoilt_count

of_row() {
	account 6.1-x86_64 --of slab-unreclaimable "$FIXTURES/6.1-x86_64/dump.elf" && quiet &&
		grep -q "^Who owns: slab, unreclaimable, $(value "slab, unreclaimable") pages" "$work/out"
}
ok "--of: the owners of another row" of_row

fragmentation() {
	fix=$FIXTURES/6.12-x86_64
	account 6.12-x86_64 --fragmentation --top 0 "$fix/dump.elf" && quiet || return 1
	# the foreign pages of the kernel's own text, and the blocks that they lie in
	awk '/^Page allocated/ { order = $5 + 0 }
	     /^PFN/ && $4 != $8 && $8 ~ /^(Unmovable|Movable|Reclaimable)$/ { pages += 2 ^ order; blocks[$6] }
	     END { for (b in blocks) nr++; print pages, nr }' "$fix/words/page_owner.txt" >"$work/theirs"
	awk '/^Foreign pages/ { pages = $5 } /^Polluted pageblocks/ { print pages, $3 }' "$work/out" | diff "$work/theirs" - &&
		[ "$(grep -c '^PFN 0x' "$work/out")" -eq "$(cut -d' ' -f2 "$work/theirs")" ]
}
ok "--fragmentation: foreign pages" fragmentation
fragmentation_without_owners() {
	account 6.1-x86_64-noconf --fragmentation "$FIXTURES/6.1-x86_64-noconf/dump.elf" && quiet &&
		grep -q "kept no page owners" "$work/out" && grep -q '^  Movable  *[1-9][0-9]*  *-  *-  *-$' "$work/out"
}
ok "--fragmentation: without owners there are none" fragmentation_without_owners
alone() {
	run 2 "$PAGEOWNER" account --fragmentation --check dump && says "a screen of its own"
}
ok "--fragmentation is a screen of its own" alone

all_rows() {
	run 0 "$PAGEOWNER" account --of help && grep -qx unaccounted "$work/out" && grep -qx slab-reclaimable "$work/out"
}
ok "--of help lists the rows" all_rows
no_row() {
	run 2 "$PAGEOWNER" account --of nonsense dump && says "nonsense: no such row"
}
ok "--of: no such row" no_row
no_number() {
	run 2 "$PAGEOWNER" account --top many dump && says "many: not a number"
}
ok "--top that is no number" no_number
a_text() {
	run 1 "$PAGEOWNER" account "$FIXTURES/6.1-x86_64/words/page_owner.txt" && says "a dump is needed"
}
ok "a text has no account" a_text
tap_end
