#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# What the headers declare, what the map lists and what the library exports are the same.
. "${TOP_SRCDIR:-.}/tests/tap.sh"
src=${TOP_SRCDIR:-.}

sed -n 's/^\t\(pageowner_[a-z0-9_]*\);$/\1/p' "$src/src/libpageowner.map" | sort >"$work/map"
cat "$src"/include/pageowner/*.h | grep -v '^ \*' |
	grep -o '^[a-z].*[ *]pageowner_[a-z0-9_]*(' | sed 's/.*[ *]\(pageowner_[a-z0-9_]*\)($/\1/' | sort -u >"$work/headers"
lib=${TOP_BUILDDIR:-.}/.libs/libpageowner.so
ok "headers declare what the map lists" diff "$work/map" "$work/headers"
if [ -e "$lib" ]; then
	nm -D --defined-only "$lib" | sed -n 's/.* T \([^@]*\).*/\1/p' | grep -v '^_' | sort >"$work/lib"
	ok "the library exports what the map lists" diff "$work/map" "$work/lib"
	# of equal names in several nodes the default has two signs
	versions() {
		nodes=$(sed -n 's/^\([A-Z]*_[0-9.]*\) {$/@@\1/p' "$src/src/libpageowner.map")
		nm -D --defined-only "$lib" | sed -n 's/.* T //p' | grep '^pageowner_' | grep -v -F -e "$nodes" && return 1
		return 0
	}
	ok "each with a version of the map" versions
else
	skip "the library exports what the map lists" "no shared library was built"
fi

# Whatever takes a session may be called by many threads at once: it has its place in the test of that.
sessions() {
	echo '#include <pageowner/pageowner.h>' >"$work/all.c"
	${CC:-cc} -E -P -I "$src/include" "$work/all.c" | tr '\n' ' ' | tr ';' '\n' | grep 'struct pageowner_session \*' |
		grep -o 'pageowner_[a-z0-9_]*(' | sort -u >"$work/calls"
	[ "$(wc -l <"$work/calls")" -gt 10 ] || return 1
	while read -r call; do
		grep -q -F "$call" "$src/tests/test-threads.c" || { echo "tests/test-threads.c lacks $call)"; bad=1; }
	done <"$work/calls"
	[ -z "${bad-}" ]
}
ok "each call that takes a session is tried by threads" sessions
tap_end
