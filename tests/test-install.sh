#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# What make install puts in place works from there, and make uninstall leaves nothing.
. "${TOP_SRCDIR:-.}/tests/tap.sh"
stage=$work/stage

# make TARGET: on its own, not as a part of the make that runs the tests
staged() {
	(unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES && make -s -C "$TOP_BUILDDIR" "$1" DESTDIR="$stage")
}
ok "make install DESTDIR" staged install

at() { find "$stage" -path "*/$1" | head -n 1; }
lib=$(dirname "$(at libpageowner.so)")
LD_LIBRARY_PATH=$lib PKG_CONFIG_PATH=$lib/pkgconfig PKG_CONFIG_SYSROOT_DIR=$stage
PKG_CONFIG_ALLOW_SYSTEM_CFLAGS=1 PKG_CONFIG_ALLOW_SYSTEM_LIBS=1
export LD_LIBRARY_PATH PKG_CONFIG_PATH PKG_CONFIG_SYSROOT_DIR PKG_CONFIG_ALLOW_SYSTEM_CFLAGS PKG_CONFIG_ALLOW_SYSTEM_LIBS

all_headers() { ls "$(at include/pageowner)" >"$work/have" && ls "$TOP_SRCDIR/include/pageowner" | diff - "$work/have"; }
ok "all headers" all_headers
soname() { objdump -p "$lib/libpageowner.so" | grep -q 'SONAME *libpageowner\.so\.0$'; }
ok "the library's soname" soname
version() { test "$(pkg-config --modversion libpageowner)" = "$("$TOP_BUILDDIR/pageowner" --version | sed 's/.* //; q')"; }
ok "pkg-config tells the version" version

# The example, as a user would build it, against the truth of the kernel's own text.
example=$(at examples/pages-by-command.c)
short() { test "$(wc -l <"$example")" -lt 60; }
ok "the example is short" short
fix=$FIXTURES/6.1-x86_64
awk '/^Page allocated via order/ && match($0, /tgid [0-9]+ \(.*\), ts /) {
	comm = substr($0, RSTART, RLENGTH - 6)
	sub(/^tgid [0-9]+ \(/, "", comm)
	if (!(comm in pages))
		name[++nr] = comm
	pages[comm] += 2 ^ ($5 + 0)
} END { for (i = 1; i <= nr; i++) printf "%s: %d pages\n", name[i], pages[name[i]] }' "$fix/words/page_owner.txt" >"$work/truth"
ok "the truth has several commands" test "$(wc -l <"$work/truth")" -gt 5

# builds COMPILER STANDARD FLAG...
builds() {
	compiler=$1 std=$2
	shift 2
	rm -f "$work/example"
	# shellcheck disable=SC2086,SC2046
	$compiler -std=$std -Wall -Wextra -Werror -pedantic $LINK_FLAGS "$example" $(pkg-config --cflags libpageowner) -o "$work/example" "$@"
}
counts() { run 0 "$work/example" "$fix/vmlinux" "$fix/dump.elf" && quiet && diff "$work/truth" "$work/out"; }
# shellcheck disable=SC2046
ok "the example builds against the installed library" builds "${CC:-cc}" c11 $(pkg-config --libs libpageowner)
ok "it counts as the kernel's own text does" counts
tells() { run 1 "$work/example" "$fix/vmlinux" "$work/nothing" && says "$work/nothing"; }
ok "it tells what fails" tells
if [ -e "$lib/libpageowner.a" ]; then
	static_libs() { pkg-config --static --libs libpageowner | sed 's/-lpageowner/-l:libpageowner.a/'; }
	# shellcheck disable=SC2046
	ok "it builds with the static library" builds "${CC:-cc}" c11 $(static_libs)
	alone() { ! objdump -p "$work/example" | grep libpageowner; }
	ok "which then is all it needs" alone
	ok "it counts as before" counts
fi

if command -v c++ >/dev/null 2>&1; then
	echo '#include <pageowner/pageowner.h>
int main() { pageowner_error err; return pageowner_open(nullptr, nullptr, &err) == PAGEOWNER_OK; }' >"$work/one.cc"
	example=$work/one.cc
	# by the same compiler, whose flags others do not know; it goes by the file's name
	# shellcheck disable=SC2046
	ok "a program in C++ builds" builds "${CC:-cc}" c++11 $(pkg-config --libs libpageowner) -lstdc++
	needs_no_more() { nm -u "$work/example" | grep -o 'pageowner_[a-z]*' | grep -x pageowner_open; }
	ok "with the names of C" needs_no_more
else
	skip "a program in C++ builds" "no C++ compiler"
fi

# The program, its other name, completion, manual.
program() { run 0 "$(at bin/pageowner)" report -k "$fix/vmlinux" "$fix/dump.elf" && cmp "$work/out" "$fix/words/page_owner.txt"; }
ok "the installed program" program
other_name() {
	run 0 "$PAGEOWNER" sort -m "$fix/words/page_owner.txt" && mv "$work/out" "$work/sorted" &&
		run 0 "$(at bin/page_owner_sort)" -m "$fix/words/page_owner.txt" "$work/by_tool" && cmp "$work/by_tool" "$work/sorted"
}
ok "its other name" other_name
if command -v bash >/dev/null 2>&1; then
	completes() { bash -c '. "$1" && complete -p pageowner page_owner_sort' - "$(at completions/page_owner_sort)"; }
	ok "completion, found by either name" completes
fi
if command -v man >/dev/null 2>&1; then
	man_dir=$(dirname "$(at man3)")
	pages_found() {
		for call in $(sed -n 's/^\t\(pageowner_[a-z0-9_]*\);$/\1/p' "$TOP_SRCDIR/src/libpageowner.map"); do
			page=$(man -M "$man_dir" -w 3 "$call") && [ -s "$page" ] || { echo "man $call"; return 1; }
		done
		man -M "$man_dir" -w 3 libpageowner && man -M "$man_dir" -w 1 pageowner && man -M "$man_dir" -w 1 page_owner_sort
	}
	ok "man finds each call, and the commands" pages_found
fi

ok "make uninstall DESTDIR" staged uninstall
# directories above the prefix may have any name: that of a clone, or of a distribution that is checked
prefix=$(sed -n 's/^prefix = //p' "$TOP_BUILDDIR/Makefile")
nothing_left() {
	{ find "$stage" ! -type d; find "$stage$prefix" -mindepth 1 -name '*pageowner*'; } >"$work/left" && [ ! -s "$work/left" ] ||
		{ cat "$work/left"; return 1; }
}
ok "nothing is left" nothing_left
tap_end
