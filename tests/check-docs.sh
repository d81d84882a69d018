#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The manual knows the commands and options that the program has, and no others.
. "${TOP_SRCDIR:-.}/tests/tap.sh"
man=$TOP_SRCDIR/doc/pageowner.1

"$PAGEOWNER" --help | sed -n 's/^  \([a-z]*\)  .*/\1/p' | sort >"$work/commands"
for command in $(cat "$work/commands"); do
	"$PAGEOWNER" "$command" --help | grep -o '^ *\(-[a-zA-Z], \)\?--[a-z-]*' | grep -o -e '--[a-z-]*'
done | sort -u >"$work/options"

sed 's/\\-/-/g' "$man" >"$work/man"
documented_commands() {
	sed -n '/^\.SH COMMANDS/,/^\.SH OPTIONS/s/^\.B \([a-z]*\)$/\1/p' "$work/man" | grep -v '^help$' | sort |
		diff "$work/commands" -
}
documented_options() {
	sed -n '/^\.SH OPTIONS/,/^\.SH MISSING/p' "$work/man" | grep '^\.B' | grep -o -e '--[a-z-]*' | sort -u |
		diff "$work/options" -
}
readme_runs() {	# the README's options exist, too
	for o in $(grep -o 'pageowner [a-z]* .*' "$TOP_SRCDIR/README.md" | grep -o -e ' --[a-z-]*' | sort -u); do
		grep -qx -e "$o" "$work/options" || { echo "README: $o"; return 1; }
	done
}

# documented_keys COMMAND: each of its keys
documented_keys() {
	"$PAGEOWNER" "$1" --help | sed '1,/^Keys/d; s/^  //' >"$work/keys"
	sort "$work/keys" >"$work/sorted"	# a key of processes may be told in the same words
	[ -s "$work/keys" ] && sed -n '/^\.SH KEYS/,/^\.SH EXIT/p' "$work/man" | grep -x -F -f "$work/keys" | sort -u |
		diff "$work/sorted" -
}
# page_owner_sort(1): its options and keys are the program's, and all short options of the tool are told
tool=$TOP_SRCDIR/doc/page_owner_sort.1
sed -n '/^\.SH SYNOPSIS/,/^\.SH DIFFERENCES/p' "$tool" | sed 's/\\-/-/g; s/\\f[A-Z]//g' >"$work/tool"
tool_options() {
	"$PAGEOWNER" sort --help | grep -o '^ *\(-[a-zA-Z], \)\?--\?[a-zA-Z-]*' | grep -o -e '-[a-zA-Z-]*' | sort -u >"$work/want"
	grep '^\.B' "$work/tool" | grep -v pageowner | tr -s ' ",=[]|()' '\n' | grep -x -e '--[a-z-]*' -e '-[a-zA-Z]' | sort -u >"$work/have"
	[ -s "$work/have" ] && comm -13 "$work/want" "$work/have" | grep . && return 1
	"$PAGEOWNER" sort --help | sed -n '/^Sort (one/,/--sort/s/^  \(-[a-zA-Z]\) .*/\1/p' | sort | comm -23 - "$work/have" | grep . && return 1
	return 0
}
tool_keys() {
	grep -o '[a-z_]* ([a-zA-Z]*)' "$work/tool" | tr -d '()' | grep -v '^[a-z_]* [0-9]' | sort -u >"$work/have"
	[ "$(wc -l <"$work/have")" -gt 5 ] && "$PAGEOWNER" sort --help | sed '1,/^Keys/d' | awk '{ print $1, $2 }' | sort >"$work/want"
	comm -13 "$work/want" "$work/have" | grep . && return 1
	return 0
}
formats() {
	test -z "$(LC_ALL=C.UTF-8 MANROFFSEQ= MANWIDTH=80 man --warnings -E UTF-8 -l -Tutf8 -Z "$1" 2>&1 >/dev/null)"
}

versions() {	# in all places that name one
	version=$("$PAGEOWNER" --version | sed 's/.* //; q')
	grep -q "^\.TH .*\"pageowner $version\"" "$man" && grep -q "^\.TH .*\"pageowner $version\"" "$TOP_SRCDIR/doc/page_owner_sort.1" &&
		sed 1q "$TOP_SRCDIR/NEWS" | grep -x "$version" && sed 1q "$TOP_SRCDIR/debian/changelog" | grep "($version)"
}

ok "the program has commands" test -s "$work/commands"
ok "the manual describes each command" documented_commands
ok "the manual describes each option" documented_options
ok "the manual describes each key, in the program's words" documented_keys sort
ok "the manual describes each key of processes" documented_keys tasks
ok "the README uses options that exist" readme_runs
ok "manuals, NEWS and package are of the program's version" versions
ok "page_owner_sort.1 tells of options that there are, and all that the tool has" tool_options
ok "page_owner_sort.1 tells of keys that there are" tool_keys
if command -v man >/dev/null 2>&1; then
	for page in "$man" "$TOP_SRCDIR/doc/page_owner_sort.1"; do
		ok "$(basename "$page") formats without warnings" formats "$page"
	done
else
	skip "the manual formats without warnings" "man is not installed"
fi
tap_end
