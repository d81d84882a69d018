#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Real crashes: a panic, a kexec kernel, and what it saved of /proc/vmcore.
. "$TOP_SRCDIR/tests/tap.sh"

crash() {
	run 0 "$PAGEOWNER" report -k "$FIXTURES/$1/vmlinux" "$FIXTURES/$1/$2" &&
		cmp "$work/out" "$FIXTURES/$1/words/page_owner.txt" && quiet
}

ok "panic, makedumpfile -l -d 31" crash 6.1-x86_64-crash-lzo core.kdump
ok "panic, plain copy of /proc/vmcore" crash 6.1-x86_64-crash-vmcore vmcore.elf
tap_end
