#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# `pageowner sort` against the kernel's own page_owner_sort: what it wrote with each set of options in testdata/sort/cases
# (kept by testdata/sort/make-expected), from the text and from the dump.
. "$TOP_SRCDIR/tests/tap.sh"
cases=$TOP_SRCDIR/testdata/sort/cases

dump_of() {
	for d in "$FIXTURES/$1"/*.elf "$FIXTURES/$1"/*.kdump; do
		[ ! -e "$d" ] || echo "$d"
	done | head -n 1
}

# The labels of a group by `free` are the wrong way round in the original, when there is a time of release.
as_written() {
	case $has_free_ts$options in
	yes*--cull=*free* | yes*--cull=f,* | yes*--cull=*,f*)
		sed 's/ (UNRELEASED)/ (released)/; s/ (RELEASED)/ (UNRELEASED)/; s/ (released)/ (RELEASED)/' "$work/out" >"$work/swapped"
		mv "$work/swapped" "$work/out" ;;
	esac
}

# Of equal texts in a row 6.1 takes the first one's allocator: where texts have no times, that shows.  And the dump has
# times of release which since 6.7 the text lacks.
differs_rightly() {
	case $has_ts$version$options in
	no6.1*ator*) return 0 ;;
	esac
	case $from$has_free_ts$options in
	dumpno*-f\ * | dumpno*--cull=*free* | dumpno*--cull=f,* | dumpno*--cull=*,f*) return 0 ;;
	esac
	return 1
}

# one INPUT...: the case at hand, zero differing bytes
one() {
	compat=
	[ "$version" = 7.2 ] || compat=--compat=$version
	eval "set -- \"\$@\" $options"
	run 0 "$PAGEOWNER" sort $compat "$@" && as_written && cmp "$work/out" "$work/expected/$nr" && return 0
	echo "case $nr: $version $options"
	return 1
}

# each VERSION EVERY INPUT...: one in so many of that version's cases
each() {
	want=$1 every=$2 nr=0 ran=0 bad=0
	shift 2
	while read -r version options; do
		nr=$((nr + 1))
		[ "$version" = "$want" ] && [ $((nr % every)) -eq 0 ] && ! differs_rightly || continue
		ran=$((ran + 1))
		one "$@" || bad=1
	done <"$cases"
	[ $ran -gt 0 ] && [ $bad -eq 0 ]
}

for f in "$TOP_SRCDIR"/testdata/sort/*.tar.xz; do
	name=$(basename "$f" .tar.xz)
	line=$(head -n 1 "$FIXTURES/$name/words/page_owner.txt") has_ts=no has_free_ts=no
	case $line in *", ts "*) has_ts=yes ;; esac
	case $line in *", free_ts "*) has_free_ts=yes ;; esac
	mkdir "$work/expected"
	xz -dc "$f" | tar -C "$work/expected" -xf -
	from=text
	for version in 5.10 6.1 7.2; do
		ok "$name: as page_owner_sort of $version, from the text" \
			each $version 1 "$FIXTURES/$name/words/page_owner.txt"
	done
	from=dump
	# of 5.10 there is one case, the third
	for version in 5.10 6.1 7.2; do
		ok "$name: as page_owner_sort of $version, from the dump" \
			each $version 3 -k "$FIXTURES/$name/vmlinux" "$(dump_of "$name")"
	done
	rm -r "$work/expected"
done

# Every fixture: the dump and the kernel's text of it give the same.
same_from_both() {
	for options in "-a" "--cull=st,p,n -m" "--cull=gfp,flags,node,zone,mt,bt,cg,mr,o --sort=cg,-pages" \
		"--filter gfp=__GFP_ZERO --filter blocktype=Movable --cull=st"; do
		run 0 "$PAGEOWNER" sort $options -k "$FIXTURES/$1/vmlinux" "$(dump_of "$1")" && quiet || return 1
		mv "$work/out" "$work/from-dump"
		run 0 "$PAGEOWNER" sort $options "$FIXTURES/$1/words/page_owner.txt" && quiet || return 1
		cmp "$work/out" "$work/from-dump" || { echo "$options"; return 1; }
	done
}
printed_again() {
	text=$FIXTURES/$1/words/page_owner.txt
	run 0 "$PAGEOWNER" report "$text" && quiet && cmp "$work/out" "$text" || return 1
	"$PAGEOWNER" report - <"$text" | cmp - "$text" && cat "$text" | "$PAGEOWNER" report /dev/stdin | cmp - "$text"
}
printed_again_old() {
	run 0 "$PAGEOWNER" report "$1" && quiet && cmp "$work/out" "$1"
}
for text in "$TOP_SRCDIR"/tests/kernels/*/expected.txt; do
	ok "$(basename "${text%/expected.txt}"): a text of that generation is printed again" printed_again_old "$text"
done
for text in "$FIXTURES"/*/words/page_owner.txt; do
	name=$(basename "${text%/words/page_owner.txt}")
	ok "$name: a saved text is printed again, byte for byte, from a file and a pipe" printed_again "$name"
	ok "$name: the dump and the text give the same" same_from_both "$name"
done
tap_end
