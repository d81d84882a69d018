#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Each public header compiles alone, as C11 without extensions and as C++.
. "${TOP_SRCDIR:-.}/tests/tap.sh"
inc=${TOP_SRCDIR:-.}/include

for h in "$inc"/pageowner/*.h; do
	name=pageowner/$(basename "$h")
	echo "#include <$name>" >"$work/one.c"
	ok "$name alone in C" ${CC:-cc} -std=c11 -pedantic -Wall -Wextra -Werror -I "$inc" -fsyntax-only "$work/one.c"
	if command -v c++ >/dev/null 2>&1; then
		ok "$name alone in C++" c++ -x c++ -std=c++11 -pedantic -Wall -Wextra -Werror -I "$inc" \
			-fsyntax-only "$work/one.c"
	else
		skip "$name alone in C++" "no C++ compiler"
	fi
done
includes_all() {
	ls "$inc/pageowner" | grep -vx pageowner.h | sort >"$work/want"
	sed -n 's/^#include <pageowner\/\(.*\)>$/\1/p' "$inc/pageowner/pageowner.h" | sort | diff "$work/want" -
}
ok "pageowner.h includes all others" includes_all
tap_end
