#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# page_owner_stacks/ of every kernel that has it, byte for byte; sums of records where the kernel keeps no counts.
. "$TOP_SRCDIR/tests/tap.sh"

dump_of() {
	ls "$FIXTURES/$1"/dump.elf "$FIXTURES/$1"/core.kdump "$FIXTURES/$1"/vmcore.elf 2>/dev/null | head -n 1
}

# stacks STATUS NAME ARGUMENTS...
stacks() {
	status=$1 name=$2
	shift 2
	run $status "$PAGEOWNER" stacks -k "$FIXTURES/$name/vmlinux" "$@" "$(dump_of $name)"
}

same() {	# NAME FILE ARGUMENTS...
	name=$1 file=$2
	shift 2
	stacks 0 $name "$@" && quiet && cmp "$work/out" "$FIXTURES/$name/words/$file.txt"
}

# sums TEXT [AWK-CONDITION]: of the kernel's own text, "pages stack" a line, early pages left out.
sums() {
	awk 'BEGIN { RS = ""; FS = "\n" }
	!('"${2:-1}"') { next }
	$1 ~ /mask 0x0\(/ && /\n (register_early_stack|init_page_owner)\+/ { next }
	{
		order = $1; sub(/^Page allocated via order /, "", order); sub(/,.*/, "", order)
		stack = ""
		for (i = 3; i <= NF; i++) if ($i ~ /^ /) stack = stack $i "\n"
		pages[stack] += 2 ^ order
	}
	END { for (s in pages) { s2 = s; gsub(/\n/, "|", s2); print pages[s] "\t" s2 } }' "$1" | LC_ALL=C sort
}

# What stacks printed, in the same form; handles may share a stack.
as_sums() {
	awk 'BEGIN { RS = ""; FS = "\n" }
	{
		stack = ""; n = 0
		for (i = 1; i <= NF; i++)
			if ($i ~ /^ /) stack = stack $i "\n"
			else if ($i ~ /^nr_base_pages: /) { n = $i; sub(/.*: /, "", n) }
		pages[stack] += n
	}
	END { for (s in pages) { s2 = s; gsub(/\n/, "|", s2); print pages[s] "\t" s2 } }' "$1" | LC_ALL=C sort
}

sums_agree() {	# NAME ARGUMENTS...: with the kernel's own text
	name=$1
	shift
	stacks 0 $name "$@" && sums "$FIXTURES/$name/words/page_owner.txt" >"$work/want" && [ -s "$work/want" ] &&
		as_sums "$work/out" >"$work/have" && diff "$work/want" "$work/have"
}

most_first() {
	sed -n 's/^nr_base_pages: //p' "$work/out" >"$work/counts" && [ -s "$work/counts" ] &&
		sort -rn -s "$work/counts" | cmp - "$work/counts"
}

# threshold N: none below it, and all that show_stacks has at it or above
threshold() {	# NAME N
	stacks 0 $1 --threshold $2 || return 1
	[ "$(sed -n 's/^nr_base_pages: //p' "$work/out" | awk -v n=$2 '$1 < n' | wc -l)" -eq 0 ] || return 1
	stacks 0 $1 --threshold 0 && want=$(sed -n 's/^nr_base_pages: //p' "$work/out" | awk -v n=$2 '$1 >= n' | wc -l) &&
		stacks 0 $1 --threshold $2 && [ "$(grep -c nr_base_pages "$work/out")" -eq "$want" ] && [ "$want" -gt 0 ]
}

for words in "$FIXTURES"/*/words/page_owner.txt; do
	name=$(basename "$(dirname "$(dirname "$words")")")
	dir=$(dirname "$words")
	if [ -e "$dir/show_stacks.txt" ]; then
		ok "$name: show_stacks" same $name show_stacks
		counted="$counted $name"
	else
		ok "$name: no counts of its own, the records are summed" sums_agree $name
		ok "$name: most pages first" most_first
	fi
	[ ! -e "$dir/show_handles.txt" ] || ok "$name: show_handles" same $name show_handles --handles
	[ ! -e "$dir/show_stacks_handles.txt" ] ||
		ok "$name: show_stacks_handles" same $name show_stacks_handles --stacks-handles
done
ok "kernels that keep counts are among them" [ "$(echo $counted | wc -w)" -ge 3 ]
ok "one of them has a threshold" grep -qvx 0 $(for n in $counted; do echo "$FIXTURES/$n/words/count_threshold.txt"; done)
ok "7.2-x86_64: a recount agrees with the kernel" sums_agree 7.2-x86_64 --recount
ok "7.2-x86_64: and says nothing of its own" sh -c "! grep -q 'own count' '$work/out'"
ok "7.2-x86_64: a threshold of 100 pages" threshold 7.2-x86_64 100
ok "7.2-x86_64: a threshold beyond all" stacks 0 7.2-x86_64 --threshold 18446744073709551615
ok "7.2-x86_64: leaves nothing" [ ! -s "$work/out" ]

# A count that was spoilt: the kernel would print it, and a recount tells both.
spoilt_count() {
	fix=$FIXTURES/7.2-x86_64
	"$TOP_BUILDDIR/tests/where" -k "$fix/vmlinux" "$fix/dump.elf" >"$work/where" &&
		"$DUMPTOOL" "$fix/dump.elf" "$work/spoilt" --to elf \
			--corrupt "$(sed -n 's/^stack_count //p' "$work/where")=67450000" || return 1
	run 0 "$PAGEOWNER" stacks -k "$fix/vmlinux" "$work/spoilt" && grep -qx 'nr_base_pages: 17766' "$work/out" &&
		run 0 "$PAGEOWNER" stacks --recount -k "$fix/vmlinux" "$work/spoilt" &&
		[ "$(grep -cx "kernel's own count: 17766" "$work/out")" -eq 1 ] &&
		! grep -qx 'nr_base_pages: 17766' "$work/out"
}
ok "7.2-x86_64: a recount tells a count that differs" spoilt_count

from_text() {	# a saved text gives the sums of the same records
	run 0 "$PAGEOWNER" stacks "$FIXTURES/$1/words/page_owner.txt" &&
		sums "$FIXTURES/$1/words/page_owner.txt" >"$work/want" && as_sums "$work/out" >"$work/have" &&
		diff "$work/want" "$work/have"
}
ok "6.1-x86_64: of a saved text" from_text 6.1-x86_64
ok "6.1-x86_64: to a file" sh -c "'$PAGEOWNER' stacks -k '$FIXTURES/6.1-x86_64/vmlinux' -o '$work/file' \
	'$FIXTURES/6.1-x86_64/dump.elf' && grep -q nr_base_pages '$work/file'"

# The records that a filter chooses are summed, whoever counts: from the dump and from the kernel's text.
chosen() {	# NAME AWK-CONDITION ARGUMENTS...
	name=$1 condition=$2
	shift 2
	sums "$FIXTURES/$name/words/page_owner.txt" "$condition" >"$work/want" && [ -s "$work/want" ] || return 1
	stacks 0 $name "$@" && quiet && as_sums "$work/out" >"$work/have" && diff "$work/want" "$work/have" &&
		most_first && ! grep -q "own count" "$work/out" || return 1
	run 0 "$PAGEOWNER" stacks "$@" "$FIXTURES/$name/words/page_owner.txt" && quiet &&
		as_sums "$work/out" >"$work/have" && diff "$work/want" "$work/have"
}
for name in 6.1-x86_64 6.12-x86_64 7.2-x86_64; do
	ok "$name: --filter by pid" chosen $name '/, pid (1|2),/' --filter pid=1,2
	ok "$name: --filter by flag and order" chosen $name '/^[^,]* order 0,/ && /[(|]__GFP_ZERO[)|]/' \
		--filter order=0 --filter gfp=__GFP_ZERO
	ok "$name: --frame" chosen $name '/\n [^\n]*pohog/' --frame pohog
done
ok "7.2-x86_64: a recount of a part is not compared" chosen 7.2-x86_64 '/, pid 1,/' --filter pid=1 --recount
ok "7.2-x86_64: handles of a part" stacks 0 7.2-x86_64 --filter pid=1 --handles
handles_agree() {
	awk '/^handle/ { h = $2 } /^nr_base/ { print h, $2 }' "$work/out" >"$work/have"
	stacks 0 7.2-x86_64 --handles --recount --threshold 0 && awk '/^handle/ { print $2 }' "$work/out" | sort >"$work/all"
	[ -s "$work/have" ] && cut -d' ' -f1 "$work/have" | sort | comm -23 - "$work/all" | cmp - /dev/null
}
ok "7.2-x86_64: are among those of all records" handles_agree
skipped() {	# with --skip the caller is another one
	stacks 0 6.1-x86_64 --filter caller=pohog_take && cp "$work/out" "$work/before" && [ -s "$work/before" ] &&
		stacks 0 6.1-x86_64 --skip 'pohog_*' --filter caller=pohog_take && [ ! -s "$work/out" ]
}
ok "6.1-x86_64: --skip changes the caller" skipped

# top N: of all, those with the most pages, most first
top() {	# NAME ARGUMENTS...
	name=$1
	shift
	stacks 0 $name "$@" && sed -n 's/^nr_base_pages: //p' "$work/out" | sort -rn | head -n 7 >"$work/want" &&
		[ "$(wc -l <"$work/want")" -eq 7 ] && cp "$work/out" "$work/all" &&
		stacks 0 $name "$@" --top 7 && quiet && sed -n 's/^nr_base_pages: //p' "$work/out" | cmp - "$work/want" || return 1
	# each as it stands among all
	awk -v RS= 'NR == FNR { has[$0] = 1; next } !($0 in has) { exit 1 }' "$work/all" "$work/out"
}
ok "6.1-x86_64: --top" top 6.1-x86_64
ok "7.2-x86_64: --top, of the kernel's counts" top 7.2-x86_64
ok "7.2-x86_64: --top, of the kernel's handles" top 7.2-x86_64 --handles
ok "7.2-x86_64: --top, of a part" top 7.2-x86_64 --filter pid=1
same_as_threshold() {
	stacks 0 7.2-x86_64 --threshold 100 && cp "$work/out" "$work/want" && stacks 0 7.2-x86_64 --min-pages 100 &&
		cmp "$work/out" "$work/want"
}
ok "7.2-x86_64: --min-pages is --threshold" same_as_threshold

usage() {	# TEXT ARGUMENTS...
	text=$1
	shift
	stacks 2 6.1-x86_64 "$@" && says "$text"
}
ok "two files at once" usage "one of them only" --handles --stacks-handles
ok "a threshold without counts" usage "has no counts" --stacks-handles --threshold 5
ok "a threshold that is no number" usage "5x: not a number" --threshold 5x
ok "a negative threshold" usage "not a number" --threshold -5
ok "--top without counts" usage "--top: --stacks-handles has no counts" --stacks-handles --top 5
ok "--top 0" usage "--top: 0: not a number from 1 on" --top 0
ok "an unknown key" usage 'is "pid" meant?' --filter pdi=1
ok "page_owner off" run 1 "$PAGEOWNER" stacks -k "$FIXTURES/6.1-x86_64-off/vmlinux" "$FIXTURES/6.1-x86_64-off/dump.elf"
ok "is said" says "page_owner was off"
ok "handles of a text" run 1 "$PAGEOWNER" stacks --handles "$FIXTURES/6.1-x86_64/words/page_owner.txt"
ok "are none" says "a text has no handles"
tap_end
