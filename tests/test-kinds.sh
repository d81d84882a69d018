#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Each fixture has at least one record of every kind that its kernel can print.
. "$TOP_SRCDIR/tests/tap.sh"

kinds() {
	sh "$TOP_SRCDIR/testdata/guest/kinds" "$FIXTURES/$1/words/page_owner.txt" \
		"$TOP_SRCDIR/testdata/dumps/$1/kinds.cannot"
}

for dir in "$TOP_SRCDIR"/testdata/dumps/*/; do
	name=$(basename "$dir")
	[ -e "$dir/kinds.cannot" ] && ok "$name: a record of every kind" kinds "$name"
done
tap_end
