#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Every symbol and type that is asked for is known to at least one fixture or is listed here as of other
# kernels, and no fixture's vmlinux was slimmed so far that a type of its kernel is missing.
. "$TOP_SRCDIR/tests/tap.sh"

# What a kernel lacks because it is of another generation or configuration: NAME-PATTERN lines, one list a
# fixture, kept beside it.
check_types() {
	fix=$FIXTURES/$1
	dump=$(ls "$fix"/dump.elf "$fix"/core.kdump "$fix"/vmcore.elf 2>/dev/null | head -n 1)
	run 0 "$PAGEOWNER" info --types -k "$fix/vmlinux" "$dump" || return 1
	! grep 'missing, needed' "$work/out" || return 1
	grep '  no$' "$work/out" | sed 's/^[a-z]*  *//; s/  *no$//' | LC_ALL=C sort >"$work/absent"
	sed 's/[ 	]*#.*//' "$TOP_SRCDIR/testdata/dumps/$1/fields.absent" | grep . | LC_ALL=C sort >"$work/known"
	diff "$work/known" "$work/absent"
}

for vmlinux in "$TOP_SRCDIR"/testdata/dumps/*/vmlinux.xz; do
	dir=$(dirname "$vmlinux")
	[ -e "$dir/words.tar.xz" ] || continue	# page_owner is not in that kernel
	name=$(basename "$dir")
	ok "$name: vmlinux has every type that is asked for, but for those its kernel lacks" check_types $name
done
tap_end
