#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Each fixture has at least one record of every kind that its kernel can print.
. "$TOP_SRCDIR/tests/tap.sh"

kinds() {
	cannot=$TOP_SRCDIR/testdata/dumps/$1/kinds.cannot
	[ -e "$cannot" ] || cannot=
	sh "$TOP_SRCDIR/testdata/guest/kinds" "$FIXTURES/$1/words/page_owner.txt" ${cannot:+"$cannot"}
}

for dir in "$TOP_SRCDIR"/testdata/dumps/*/; do
	name=$(basename "$dir")
	# a fixture without a text has nothing to count, one without the list has to have every kind
	[ -e "$dir/words.tar.xz" ] && ok "$name: a record of every kind" kinds "$name"
done
tap_end
