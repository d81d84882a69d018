#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Section 3 of the manual, as a reader sees it, against the headers as the compiler does.
. "${TOP_SRCDIR:-.}/tests/tap.sh"
pages=$TOP_BUILDDIR/doc/man3
inc=$TOP_SRCDIR/include
if ! command -v man >/dev/null 2>&1; then
	skip "the manual of the library" "man is not installed"
	tap_end
fi

sed -n 's/^\t\(pageowner_[a-z0-9_]*\);$/\1/p' "$TOP_SRCDIR/src/libpageowner.map" | sort >"$work/calls"
for page in "$pages"/*.3; do
	LC_ALL=C.UTF-8 MANWIDTH=250 man --warnings -E UTF-8 -l "$page" 2>>"$work/warnings" | col -bx >"$work/$(basename "$page").txt"
done
one_per_header() {
	ls "$inc/pageowner" | sed -n 's/^pageowner\.h$/libpageowner.3/; s/^\([a-z]*\)\.h$/pageowner_\1.3/; p' | sort >"$work/want"
	ls "$pages" | grep '\.3$' | sort | diff "$work/want" -
}
ok "a page for each header" one_per_header
ok "they format without warnings" test ! -s "$work/warnings"

# The prototypes of all pages are compiled behind the headers': a compiler takes none that differs.
sed -s -n '/^SYNOPSIS/,/^DESCRIPTION/p' "$work"/*.3.txt | grep -v -e '^[A-Z]' -e '^ *#' -e '^ *cc ' >"$work/prototypes"
each_call_once() { grep -o 'pageowner_[a-z0-9_]*(' "$work/prototypes" | tr -d '(' | sort | diff "$work/calls" -; }
ok "each exported call has one prototype, and no other call has" each_call_once
compiles() {
	{ echo '#include <pageowner/pageowner.h>'; cat "$work/prototypes"; } >"$work/p.c"
	${CC:-cc} -std=c11 -Wall -Wextra -Werror -I "$inc" -fsyntax-only "$work/p.c"
}
ok "the prototypes are those of the headers" compiles
differs() { sed 's/(void)/(int i)/' "$work/prototypes" >"$work/q" && ! cmp -s "$work/q" "$work/prototypes" &&
	mv "$work/q" "$work/prototypes" && ! compiles; }
ok "and one that differs would be seen" differs

# What is said of each: a heading, and words below it.
sed -s -n '/^DESCRIPTION/,/^SEE ALSO/p' "$work"/*.3.txt >"$work/descriptions"
headings() { grep '^   [^ ]' "$work/descriptions"; }
described() {
	headings | grep -o 'pageowner_[a-z0-9_]*()' | tr -d '()' | sort | diff "$work/calls" - || return 1
	headings >"$work/h"
	awk 'FNR == NR { heading[$0] = 1; next } told && $0 in heading { print told " says nothing"; bad = 1 }
		{ if ($0 in heading) told = $0; else if (NF) told = "" } END { exit bad }' "$work/h" "$work/descriptions"
}
ok "each call is described once, in words" described
types() {
	sed -n 's/^\(\(struct\|enum\) pageowner_[a-z_]*\) {$/\1/p' "$inc"/pageowner/*.h | sort >"$work/want"
	headings | sed -n 's/^ *\(\(struct\|enum\) pageowner_[a-z_]*\)$/\1/p' | sort | diff "$work/want" -
}
ok "so is each struct and enum" types
members() {	# each that a header has is in a page
	sed -n 's/^\t\(PAGEOWNER_[A-Z0-9_]*\).*/\1/p' "$inc"/pageowner/*.h | sort >"$work/want"
	sed -n 's/^       \(PAGEOWNER_[A-Z0-9_]*\)\( .*\|$\)/\1/p' "$work/descriptions" | sort | diff "$work/want" -
}
ok "and each constant" members

# NAME is what man -k and the links to a page go by.
named() {
	{ cut -d ' ' -f 1 "$pages/links"; ls "$pages" | sed -n 's/\.3$//p'; } | sort | sed '/^libpageowner$/d' >"$work/found"
	comm -23 "$work/calls" "$work/found" | grep . && return 1
	for page in "$pages"/*.3; do lexgrog "$page"; done | sed -n 's/^[^"]*"\([^ ]*\) - .*/\1/p' | sort -u >"$work/found"
	comm -23 "$work/calls" "$work/found" | grep . && return 1
	return 0
}
ok "each call is found by its name" named
if command -v mandoc >/dev/null 2>&1; then
	lint() { mandoc -Tlint -Wwarning "$pages"/*.3; }
	ok "mandoc has nothing to warn of" lint
else
	skip "mandoc has nothing to warn of" "mandoc is not installed"
fi

# A header that forgets something is told by name and line.
forgets() {
	mkdir -p "$work/out" && printf '/**\n * @file\n * Some.\n */\n\n%s\n' "$1" >"$work/some.h"
	! awk -v out="$work/out" -f "$TOP_SRCDIR/doc/manpages.awk" "$work/some.h" 2>"$work/err" && says "some.h:$2" && says "$3"
}
ok "a call without a comment is told" forgets 'int pageowner_new_call(void);' 6 "pageowner_new_call(): no comment"
ok "a parameter that is none is told" forgets "/** @param other  something */
int pageowner_new_call(int it);" 7 "pageowner_new_call(): there is no parameter other"
ok "a struct without a comment is told" forgets "struct pageowner_some {
	int it;
};" 6 "struct pageowner_some: no comment"
tap_end
