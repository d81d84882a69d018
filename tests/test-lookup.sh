#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Single page frames: the kernel's own dump_page() is the bar, and every name of a page frame leads to it.
. "$TOP_SRCDIR/tests/tap.sh"

dump_of() {
	ls "$FIXTURES/$1/dump.elf" "$FIXTURES/$1/core.kdump" "$FIXTURES/$1/vmcore.elf" 2>/dev/null | head -n 1
}

# look STATUS WHAT...: in the fixture $name, with output in $work/out
look() {
	look_status=$1
	shift
	run "$look_status" "$PAGEOWNER" lookup -k "$FIXTURES/$name/vmlinux" "$(dump_of "$name")" "$@"
}

# What there is one a line of in $work/what; what cannot be found is counted in $work/err.
look_all() {
	xargs -n 8000 "$PAGEOWNER" lookup -k "$FIXTURES/$name/vmlinux" "$(dump_of "$name")" <"$work/what" \
		>"$work/out" 2>"$work/err"
}

# --- what the kernel itself said of pages, once more ---

# One file for each call of dump_page(), from its line of flags to the end of the owner, without printk's prefix.
split_dumped() {
	rm -rf "$work/dumped" && mkdir "$work/dumped"
	sed -n 's/^<[0-9]*>\[[ 0-9.]*\] //p' "$1" | awk -v dir="$work/dumped" '
		/^page:.* pfn:0x/ { sub(/.* pfn:/, ""); nr++; pfn = $1; owner = 0; next }
		!nr { next }
		/^flags: / { flags = $0; next }
		/^page dumped because: / { print >(dir "/why-" nr); next }
		/^page_owner tracks/ { file = dir "/" nr "-" pfn; print flags >file; owner = 1 }
		owner && /^(page_owner|page last|page has been migrated| )/ { print >file; next }
		{ owner = 0 }'
}

# The lines about page $1 by lookup, in the form of those files.
told() {
	look 0 "pfn:$1" && sed '1,2d; /^compound head/d; /^flags of the head/d; /^slab cache/d; /^allocated at: /d; /^$/d' "$work/out"
}

release() {
	awk '/^page last free / { more = 1; print; next } more && /^ / { print; next } { more = 0 }' "$1"
}

# A page that was freed may have another owner by now, one that was kept has not; the last release may be the same.
dumped() {
	split_dumped "$FIXTURES/$name/words/dmesg.txt"
	compared=0
	for file in "$work"/dumped/[0-9]*; do
		nr=$(basename "$file" | sed 's/-.*//') pfn=$(basename "$file" | sed 's/.*-//')
		told "$pfn" >"$work/told" || return 1
		ts=$(sed -n 's/^page last allocated.*, ts \([0-9]*\).*/\1/p' "$file")
		if grep -q "freed by" "$work/dumped/why-$nr" && ! grep -q "^page last allocated.*, ts $ts\>" "$work/told"; then
			release "$file" >"$work/release"
			release "$work/told" | grep -q pohog_dump || continue
			release "$work/told" | diff "$work/release" - || return 1
			nr_released=$((nr_released + 1))
			continue
		fi
		diff "$file" "$work/told" || return 1
		grep -q "^page last free" "$file" && nr_released=$((nr_released + 1))
		compared=$((compared + 1))
	done
	[ "$compared" -ge 2 ] || { echo "$compared pages were compared"; return 1; }
}

nr_dumped=0 nr_released=0
for dmesg in "$FIXTURES"/*/words/dmesg.txt; do
	name=$(basename "$(dirname "$(dirname "$dmesg")")")
	grep -q "page dumped because: kept by pohog" "$dmesg" || continue
	ok "$name: owner and flags as dump_page() told them" dumped
	nr_dumped=$((nr_dumped + 1))
done
ok "a fixture has the words of dump_page()" test "$nr_dumped" -ge 1
ok "one has those about a release" test "$nr_released" -ge 1

# --- every record of the report is that of its page frame ---

# "pfn:NUMBER", what both texts tell in their first line, and the frames; of a report, and of lookups.
of_report() {
	awk 'BEGIN { RS = ""; FS = "\n" } {
		split($2, word, " ")
		sub(/^Page allocated via /, "", $1); sub(/, mask /, ", ", $1)
		sub(/ ns, free_ts [0-9]* ns$/, "", $1); sub(/ ns$/, "", $1)
		print "pfn:" word[2]; print $1
		for (i = 3; i <= NF && $i ~ /^ /; i++) print $i }' "$1"
}

of_lookup() {
	awk 'BEGIN { RS = ""; FS = "\n" } {
		sub(/: PFN .*/, "", $1); print $1
		for (i = 2; i <= NF && $i !~ /^[Pp]age (last )?allocated via /; i++) ;
		sub(/^[Pp]age (last )?allocated via /, "", $i)
		sub(/, migratetype [^,]*, gfp_mask /, ", ", $i); sub(/, mask /, ", ", $i)
		sub(/, free_ts [0-9]*( ns)?$/, "", $i); sub(/ ns$/, "", $i); print $i
		for (i++; i <= NF && $i ~ /^ /; i++) print $i }' "$1"
}

records() {
	of_report "$FIXTURES/$name/words/page_owner.txt" >"$work/want"
	grep '^pfn:' "$work/want" >"$work/what"
	look_all && quiet && of_lookup "$work/out" >"$work/got" && cmp "$work/want" "$work/got"
}

# Blocks without the name by which they were asked for.
unnamed() {
	sed 's/^[^ ]*: PFN /PFN /' "$work/out"
}

# The same page frames by PFN, physical address, struct page, and address in the direct map where that is known.
names() {
	sed -n 's/^PFN \([x0-9a-f]*\) .*/pfn:\1/p' "$FIXTURES/$name/words/page_owner.txt" | awk 'NR % 31 == 0' >"$work/what"
	look_all && quiet && unnamed >"$work/want" || return 1
	sed -n 's/^PFN \([x0-9a-f]*\) ([0-9]*), physical address \(0x[0-9a-f]*\), struct page \(0x[0-9a-f]*\)$/\1 \2 \3/p' \
		"$work/want" >"$work/names"
	[ "$(wc -l <"$work/names")" -ge 20 ] || return 1
	direct=$("$TOP_BUILDDIR/tests/where" -k "$FIXTURES/$name/vmlinux" "$(dump_of "$name")" | sed -n 's/^direct //p')
	for form in '$1' '"pfn:" $1' '"phys:" $2' '"page:" $3' '$3'; do
		awk "{ print $form }" "$work/names" >"$work/what"
		look_all && quiet && unnamed >"$work/got" && cmp "$work/want" "$work/got" || { echo "$form"; return 1; }
	done
	[ -n "$direct" ] || return 0
	while read -r pfn paddr page; do
		printf 'virt:0x%x\n' $((direct + paddr))
		printf '0x%x\n' $((direct + paddr + 0x123))
	done <"$work/names" >"$work/what"
	look_all && quiet && unnamed >"$work/got" || return 1
	awk 'BEGIN { RS = ""; ORS = "\n\n" } { print; print }' "$work/want" | cmp - "$work/got"
}

for words in "$FIXTURES"/*/words/page_owner.txt; do
	name=$(basename "$(dirname "$(dirname "$words")")")
	ok "$name: each record of the report by lookup" records
	ok "$name: a page frame by each of its names" names
done

# --- kernels of every generation: tests/kernels/README ---

in_synthetic() {	# WHAT...
	timeout 60 "$PAGEOWNER" lookup -k "$kernel/vmlinux" --ram "$kernel/ram.bin@$(cat "$kernel/at")" "$@" \
		>"$work/out" 2>"$work/err"
}

# They have slab pages, but no caches.
synthetic() {
	of_report "$kernels/$name/expected.txt" >"$work/want"
	in_synthetic $(grep '^pfn:' "$work/want")
	! grep -v ': slab cache: type information lacks' "$work/err" &&
		of_lookup "$work/out" >"$work/got" && cmp "$work/want" "$work/got"
}

# Before 5.4 the first page of an allocation alone has a record.
later_pages() {
	in_synthetic pfn:0x40004 pfn:0x40005 pfn:0x40007 || true
	[ "$(grep -c '^owner: that of PFN 0x40004$' "$work/out")" -eq 2 ] &&
		of_lookup "$work/out" | grep -v '^pfn:' >"$work/got" && [ "$(wc -l <"$work/got")" -eq 15 ] &&
		[ "$(sort -u "$work/got" | wc -l)" -eq 5 ]
}

not_kept() {
	for more in --freed --free-stacks; do
		run 1 "$PAGEOWNER" report $more -k "$kernel/vmlinux" --ram "$kernel/ram.bin@$(cat "$kernel/at")" &&
			says "that came with 5.4" && [ ! -s "$work/out" ] || return 1
	done
}

kernels=$TOP_SRCDIR/tests/kernels
for kernel in "$TOP_BUILDDIR"/tests/synthetic/*/; do
	name=$(basename "$kernel")
	[ -e "$kernel/vmlinux" ] || continue
	ok "synthetic $name: each record of the report by lookup" synthetic
done
name=4.14-arm64 kernel=$TOP_BUILDDIR/tests/synthetic/4.14-arm64
if [ -e "$kernel/vmlinux" ]; then
	ok "before 5.4: later pages have the owner of the first" later_pages
	ok "before 5.4: nothing is kept of freed pages" not_kept
else
	skip "before 5.4" "there are no synthetic kernels (clang, lld)"
fi

# --- addresses of modules and processes, slab caches ---

# Where the module was loaded to: vmalloc memory that load_module() allocated.
module() {
	at=$(sed -n 's/^pohog .* \(0x[0-9a-f]*\) .*/\1/p' "$FIXTURES/$name/words/modules.txt")
	look 0 "$at" "virt:$at" && quiet &&
		[ "$(grep -cE '^ (load_module|layout_and_allocate|move_module)\+' "$work/out")" -ge 2 ]
}

# kernel text: never the allocator's
text() {
	at=$(sed -n 's/^\([0-9a-f]*\) T _stext$/\1/p' "$FIXTURES/$name/words/kallsyms.txt")
	look 0 "0x$at" && quiet && grep -q '^state: reserved$' "$work/out"
}

# The pages of a process that the guest counted, and each is one that /proc/kpageflags says is mapped (bit 11).
resident() {
	pid=$1 page_size=$2
	rss=$(sed -n 's/^Rss: *\([0-9]*\) kB/\1/p' "$FIXTURES/$name/words/pid/pid.$pid.smaps_rollup.txt")
	grep -vE 'vvar|vsyscall' "$FIXTURES/$name/words/pid/pid.$pid.maps.txt" | tr '-' ' ' | while read -r from to rest; do
		at=$((0x$from)) end=$((0x$to))
		while [ $at -lt $end ]; do
			printf '%d:0x%x\n' "$pid" $at
			at=$((at + page_size))
		done
	done >"$work/what"
	look_all		# some are not mapped
	grep -v ': not mapped$' "$work/err" | grep -v '^xargs' && return 1
	od -An -v -tx8 -w8 "$FIXTURES/$name/words/kpageflags.txt" | awk '
		NR == FNR { mapped[FNR - 1] = $1 ~ /[89a-f]..$/; next }
		/: PFN 0x[0-9a-f]* \([0-9]*\)/ { pfn = $0; sub(/^.*: PFN 0x[0-9a-f]* \(/, "", pfn); sub(/\).*/, "", pfn) }
		/^state: / { print mapped[pfn + 0], $2 }' - "$work/out" | sort | uniq -c >"$work/states"
	[ "$(awk '$2 == 1 { n += $1 } END { print n * '"$((page_size / 1024))"' }' "$work/states")" -eq "$rss" ] &&
		! grep -q ' 0 allocated' "$work/states" ||
		{ echo "process $pid: $rss kB, but:"; cat "$work/states"; return 1; }
}

processes() {
	run 0 "$PAGEOWNER" info -k "$FIXTURES/$name/vmlinux" "$(dump_of "$name")" || return 1
	page_size=$(sed -n 's/^page size *\([0-9]*\).*/\1/p' "$work/out") nr=0
	for stat in "$FIXTURES/$name"/words/pid/pid.*.stat.txt; do
		pid=$(sed 's/ .*//' "$stat")
		# while the guest's words are taken, the one that takes them runs, and NUMA balancing goes on
		[ "$pid" = 1 ] || grep -q '(misplaced)' "$stat" && continue
		grep -q '^Rss: *[1-9]' "$FIXTURES/$name/words/pid/pid.$pid.smaps_rollup.txt" 2>/dev/null || continue
		resident "$pid" "$page_size" || return 1
		nr=$((nr + 1))
	done
	[ $nr -ge 3 ]
}

# Pages of caches that nobody used while the guest's words were taken, by /proc/slabinfo.
slabs() {
	od -An -v -tx8 -w8 "$FIXTURES/$name/words/kpageflags.txt" |
		awk '$1 ~ /[89a-f].$/ { printf "pfn:%d\n", NR - 1 }' >"$work/what"
	look_all || return 1
	for cache in kernfs_node_cache task_struct; do
		awk -v c=$cache '$1 == c { print $15 * $6 }' "$FIXTURES/$name/words/slabinfo.txt" >"$work/want"
		grep -cx "slab cache: $cache" "$work/out" | diff "$work/want" - || { echo "$cache"; return 1; }
	done
}

for name in 5.10-x86_64 6.1-x86_64 6.12-x86_64 7.2-x86_64 6.1-arm 6.12-i386-pae 6.1-arm64-va39 7.2-arm64-16k; do
	ok "$name: an address of a module" module
	ok "$name: an address of kernel text" text
	ok "$name: all addresses of processes, page by page" processes
	ok "$name: slab caches" slabs
done

# Where the stack pointer was when a processor's idle task warned, as the kernel itself printed it.
kernel_stack() {
	at=$(sed -n 's/^.* RSP: 0000:\([0-9a-f]*\) .*/\1/p' "$FIXTURES/$name/words/dmesg.txt" | head -n 1)
	look 0 "0x$at" && quiet && grep -q '^ fork_idle+' "$work/out"
}

name=7.2-x86_64
ok "$name: an address of a kernel stack" kernel_stack

# --- pages that were freed ---

# Every one has the same lines by lookup, and no other page frame is said to be freed.
freed() {
	run 0 "$PAGEOWNER" report --freed -k "$FIXTURES/$name/vmlinux" "$(dump_of "$name")" && quiet || return 1
	cp "$work/out" "$work/want"
	sed -n 's/^PFN /pfn:/p' "$work/want" >"$work/what"
	look_all && quiet || return 1
	sed 's/^\([^ ]*: \)\(PFN 0x[0-9a-f]*\) .*/\2/; /^state: /d; /^flags: /d; /^compound head/d; /^flags of/d; /^slab cache/d' \
		"$work/out" | cmp - "$work/want" && [ "$(wc -l <"$work/what")" -ge 1000 ]
}

# Without what was added it is the kernel's report.
free_stacks() {
	run 0 "$PAGEOWNER" report --free-stacks -k "$FIXTURES/$name/vmlinux" "$(dump_of "$name")" && quiet &&
		grep -q '^page last free ' "$work/out" &&
		awk '/^page last free / { more = 1 } /^$/ { more = 0 } !more' "$work/out" |
			cmp - "$FIXTURES/$name/words/page_owner.txt"
}

for name in 5.10-x86_64 6.1-x86_64 6.12-x86_64 7.2-x86_64; do
	ok "$name: report --freed" freed
	ok "$name: report --free-stacks" free_stacks
done

# --- wrong input ---

name=6.1-x86_64
fails() {
	fails_say=$1
	shift
	look 1 "$@" && says "lookup: $1: " && says "$fails_say" && [ ! -s "$work/out" ]
}

usage() {
	usage_say=$1
	shift
	run 2 "$PAGEOWNER" "$@" && says "$usage_say" && [ ! -s "$work/out" ]
}

# The others are answered all the same.
goes_on() {
	look 1 pfn:1 virt:12 pfn:2 && says "virt:12: " && [ "$(grep -c '^pfn:[12]: PFN ' "$work/out")" -eq 2 ]
}

ok "a page frame beyond the last" fails "page frames end at" pfn:0x12345678
ok "a physical address beyond the last" fails "page frames end at" phys:0xfffffffff000
ok "no struct page" fails "no struct page begins" page:0xffff888000000001
ok "a kernel address that is not mapped" fails "not mapped" virt:0xffffffff00000000
ok "an address that is no kernel's" fails "not mapped" virt:0x8000000000000000
ok "no such process" fails "no process has PID 99999" 99999:0x1000
ok "a process of the kernel" fails "no memory of its own" 2:0x1000
ok "an address that a process has not" fails "not mapped" 1:0x10
ok "a number that is none" fails "no number" pfn:twelve
ok "a number that is too large" fails "no number" phys:0x10000000000000000
ok "a PID without an address" fails "no number" 1:
ok "one of several that is not found" goes_on
ok "nothing to look up" usage "nothing to look up" lookup "$(dump_of $name)"
ok "no dump" usage "no dump" lookup 0x1000
# What is lost is told, and the rest all the same: DUMPTOOL-OPTION ARGUMENT STATE TEXT
spoilt() {
	"$DUMPTOOL" "$(dump_of $name)" "$work/d" --to elf "$1" "$2" || return 1
	run 1 "$PAGEOWNER" lookup -k "$FIXTURES/$name/vmlinux" "$work/d" "pfn:0x$(place record_pfn)" &&
		says "$4" && grep -qx "state: $3" "$work/out"
}

place() {
	sed -n "s/^$1 //p" "$work/where"
}

"$TOP_BUILDDIR/tests/where" -k "$FIXTURES/$name/vmlinux" "$(dump_of $name)" >"$work/where"
ok "a struct page that is not in the dump" spoilt --drop "$(place page)" allocated "struct page of PFN 0x"
ok "its owner is told" grep -q '^page last allocated via order 0' "$work/out"
ok "a page_ext entry that is not in the dump" spoilt --drop "$(place page_ext)" "not in the dump" "page_ext entry of PFN 0x"
ok "its flags are told" grep -q '^flags: 0x' "$work/out"
ok "a stack that is another's" spoilt --corrupt "$(place record_handle)=$(place other_handle)" allocated "the record at 0x"
ok "it is marked" grep -q '^ <stack 0x' "$work/out"
ok "an order that cannot be" spoilt --corrupt "$(place record_order)=ffff" allocated "order 65535"

# --- the tag of a page, where allocations are profiled ---

# Each page that the kernel's text has a record of, by its tag: how many allocations and pages.  What the kernel's own allocinfo
# has of a tag are these, or objects of slabs beside them; never less.  Of pages that were allocated before page_owner began the
# text does not tell the order.
tags() {
	name=$1
	text=$FIXTURES/$1/words/page_owner.txt
	awk '/^Page allocated via order/ { order = $7 == "0x0()," ? "early" : $5 + 0 } /^PFN / { print $2, order }' "$text" >"$work/orders"
	cut -d ' ' -f 1 "$work/orders" >"$work/what"
	look_all && [ ! -s "$work/err" ] || return 1
	awk 'NR == FNR { order[$1] = $2; next } /^0x[0-9a-f]*: PFN / { pfn = $1; sub(/:$/, "", pfn) }
		sub(/^allocated at: /, "") { nr[$0]++; pages[$0] += 2 ^ order[pfn]; early[$0] += order[pfn] == "early" }
		END { for (tag in nr) print nr[tag] "\t" pages[tag] "\t" early[tag] "\t" tag }' "$work/orders" "$work/out" >"$work/tags"
	awk -F '\t' 'NR == FNR { nr[$4] = $1; pages[$4] = $2; early[$4] = $3; tags++; next }
		{ tag = $0; sub(/^ *[0-9]+ +[0-9]+ /, "", tag); sub(/( accurate:no)? *$/, "", tag); split($0, is, " ") }
		!(tag in nr) { next }
		{ found++; same = is[1] == pages[tag] * 4096; equal += same }
		is[2] < nr[tag] || (!early[tag] && (is[1] < pages[tag] * 4096 || same != (is[2] == nr[tag]))) {
			print nr[tag], pages[tag], $0; bad = 1 }
		END { print found, equal; exit bad || found != tags || equal < 35 }' "$work/tags" "$FIXTURES/$1/words/allocinfo.txt" || return 1
	# and those of the module are its own
	grep -c 'pohog.c:[0-9]* \[pohog\] func:pohog_take$' "$work/tags" | grep -qx 1
}
ok "pages by their tags, a pointer in page_ext: those of allocinfo" tags 7.3-x86_64-tags
ok "pages by their tags, a number in page flags: those of allocinfo" tags 7.3-x86_64-tags-flags

of_text() {
	run 1 "$PAGEOWNER" "$@" "$FIXTURES/$name/words/page_owner.txt" && says "a text does not" && [ ! -s "$work/out" ]
}
ok "a text has no page frames" of_text lookup pfn:1
ok "a text has no freed pages" of_text report --freed
ok "--freed with --strict" usage "--freed" report --freed --strict "$(dump_of $name)"
ok "--freed with --free-stacks" usage "--freed" report --freed --free-stacks "$(dump_of $name)"
tap_end
