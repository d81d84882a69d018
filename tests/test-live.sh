#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The program on a running machine: guests (testdata/live) are booted, look at themselves through /proc/kcore, and what it
# prints is held against what the kernel itself prints before and after.
. "${TOP_SRCDIR:-.}/tests/tap.sh"
live=$TOP_SRCDIR/tests/live images=$TOP_SRCDIR/testdata/live
here=$TOP_BUILDDIR/tests/live
mkdir -p "$here"

# What a machine lacks to boot guests of an architecture; empty: nothing.
lacks() {
	case $1 in
	x86_64) lacks_tools="qemu-system-x86_64 cpio" ;;
	arm64)
		lacks_tools="qemu-system-aarch64 aarch64-linux-gnu-gcc cpio"
		[ -e "${ARM64_LIBS-}/usr/lib/aarch64-linux-gnu/libdwarf.a" ] || echo "the libraries of arm64 (build.sh gets them)"
		;;
	esac
	for tool in $lacks_tools; do
		command -v "$tool" >/dev/null 2>&1 || echo "$tool"
	done
}

# steps TYPES: the same read before, by us, and after; then what else there is.  TYPES: also without vmlinux, with types alone
steps() {
	steps_report="/pageowner report --live"
	echo work
	for file in /vmlinux /pageowner ${1:+/btf}; do
		echo "touch $file"
	done
	for i in 1 2 3; do
		echo "warm root $steps_report -k /vmlinux"
		[ -z "$1" ] || echo "warm root $steps_report --btf /btf"
	done
	cat <<-END
	nap 5000
	read before /sys/kernel/debug/page_owner
	run report root $steps_report -k /vmlinux
	read after /sys/kernel/debug/page_owner
	END
	[ -z "$1" ] || cat <<-END
	run symbols root $steps_report --btf /btf
	read later /sys/kernel/debug/page_owner
	END
	cat <<-END
	run user user $steps_report -k /vmlinux
	run nocap nocap $steps_report -k /vmlinux
	run bare root $steps_report
	run path root /pageowner info -k /vmlinux /proc/kcore
	END
	for command in $commands; do
		echo "run $command root /pageowner $(echo "$command" | tr _ ' ') --live -k /vmlinux"
	done
	cat <<-END
	read meminfo /proc/meminfo
	hide /proc/kcore
	run hidden root $steps_report -k /vmlinux
	END
}
commands="info stacks_--top_5 sort_--cull=name_--top_5 account log proc_meminfo proc_slabinfo proc_vmallocinfo lookup_0x100"

boot() {	# NAME WORD...: with $root filled
	boot_name=$1 boot_cc=${CC:-gcc}
	shift
	case $boot_name in *-arm64) boot_cc=aarch64-linux-gnu-gcc ;; esac
	xz -dc "$images/$boot_name/boot.xz" >"$work/image"
	xz -dc "$images/$boot_name/pohog.ko.xz" >"$root/pohog.ko"
	sh "$live/boot.sh" "${boot_name#*-}" "$boot_cc" "$work/image" "$root" "$out" "$@"
}

# Once in a while a guest does not come to rest, least of all on a busy host: then it tells nothing, and is booted again.
boot_still() {	# NAME
	for boot_try in 1 2 3; do
		rm -rf "$out"
		mkdir -p "$out"
		boot "$1" || return 1
		boot_still=0
		compare before report after >"$work/still" || boot_still=$?
		[ -z "$types" ] || compare after symbols later >>"$work/still" || boot_still=$?
		[ "$boot_still" -eq 2 ] || return 0
		sed "s/^/# boot $boot_try did not come to rest: /" "$work/still" >&3
	done
}

vmlinux_of() {
	if [ -e "$images/$1/vmlinux.from" ]; then
		cat "$FIXTURES/$(cat "$images/$1/vmlinux.from")/vmlinux"
	else
		xz -dc "$images/$1/vmlinux.xz"
	fi
}

# status NAME STATUS: how a command in the guest ended
status() {
	read -r status_got <"$out/$1.status"
	[ "$status_got" = "$2" ] && return 0
	echo "status $status_got, not $2"
	head -n 5 "$out/$1.err"
	return 1
}
refused() {	# NAME TEXT: a clear error and nothing else
	status "$1" 1 && test ! -s "$out/$1.out" && test "$(wc -l <"$out/$1.err")" = 1 && grep -qF -e "$2" "$out/$1.err" && return 0
	cat "$out/$1.err"
	return 1
}
compare() {	# BEFORE OURS AFTER
	awk -f "$live/compare.awk" "$out/$1" "$out/$2.out" "$out/$3"
}
told() {	# NAME: nothing but that something moved
	! grep -v 'changed hands while they were read, and were read again until they stood still$' "$out/$1.err"
}
slid() {
	grep -E '^slide +0x[0-9a-f]{6,} ' "$out/info.out"
}

check_report() {	# BEFORE NAME AFTER DESCRIPTION
	ok "$guest: $4: in 96 MiB of address space" status "$2" 0
	ok "$guest: $4: every record that stood still, to the byte" compare "$1" "$2" "$3"
	sed 's/^/# /' "$work/tap.log"
	ok "$guest: $4: nothing else is told" told "$2"
	sed 's/^/# /' "$out/$2.err"
}

check_guest() {
	check_report before report after report
	ok "$guest: an unprivileged user is told why not" refused user "only root may read it"
	ok "$guest: root without the capability is told which" refused nocap "lacks the capability CAP_SYS_RAWIO"
	ok "$guest: without vmlinux and types, what is missing is told" refused bare "CONFIG_DEBUG_INFO_BTF is not set"
	ok "$guest: /proc/kcore as a dump" status path 0
	for command in $commands; do
		ok "$guest: $(echo "$command" | tr _ ' ')" status "$command" 0
		ok "$guest: it prints" test -s "$out/$command.out"
	done
	ok "$guest: info: KASLR has moved it" slid
	ok "$guest: meminfo: memory has not changed" same_total
	ok "$guest: a container's /proc/kcore" refused hidden "another file is mounted over it"
}
same_total() {
	test "$(head -n 1 "$out/meminfo")" = "$(head -n 1 "$out/proc_meminfo.out")"
}

# The program of a board, on a dump of such a machine.
cross_built() {
	qemu-aarch64 "$here/arm64/pageowner.stripped" report -k "$FIXTURES/6.1-arm64/vmlinux" "$FIXTURES/6.1-arm64/dump.elf" >"$work/out" &&
		cmp "$work/out" "$FIXTURES/6.1-arm64/words/page_owner.txt"
}
board() {
	missing=$(lacks arm64 | tr '\n' ' ')
	command -v qemu-aarch64 >/dev/null 2>&1 || missing="$missing qemu-aarch64"
	if [ -n "$missing" ]; then
		skip "a program for arm64" "this machine lacks $missing"
		return
	fi
	ok "a program for arm64 is built by the cross compiler" sh "$live/program.sh" arm64 "$TOP_SRCDIR" "$here/arm64"
	ok "it prints the report of a dump of arm64" cross_built
}

guests() {
	for dir in "$images"/*/; do
		guest=$(basename "$dir") arch=${dir%/} arch=${arch##*-}
		missing=$(lacks "$arch" | tr '\n' ' ')
		if [ -n "$missing" ]; then
			skip "$guest" "this machine lacks $missing"
			continue
		fi
		root=$work/root out=$work/out
		rm -rf "$root" "$out"
		mkdir -p "$root" "$out"
		ok "$guest: the program is built" sh "$live/program.sh" "$arch" "$TOP_SRCDIR" "$here/$arch"
		cp "$here/$arch/pageowner.stripped" "$root/pageowner"
		vmlinux_of "$guest" >"$root/vmlinux"
		types=
		# its symbols are all in kallsyms: with types it can be read without vmlinux
		if [ "$guest" = 6.12-x86_64 ] && command -v pahole >/dev/null 2>&1; then
			types=yes
			pahole --btf_encode_detached="$root/btf" "$root/vmlinux"
		fi
		steps "$types" >"$root/steps"
		ok "$guest: it boots, and comes to its end" boot_still "$guest"
		[ -e "$out/report.out" ] || continue
		check_guest
		[ -z "$types" ] || check_report after symbols later "without vmlinux"
	done
}
board
guests 3>&1
tap_end
