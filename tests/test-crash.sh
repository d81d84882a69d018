#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The extension of crash: in every crash that opens a dump, each command writes the bytes that the program writes of the
# same dump; what is interrupted leaves crash usable; loading and unloading leaves nothing behind.
#
# Beside the crash that is installed, those of newer suites of Debian are fetched and run from where they are unpacked:
# CRASH_DIR, default tests/crash in the build directory.
. "$TOP_SRCDIR/tests/tap.sh"
extension=$TOP_BUILDDIR/.libs/pageowner.so
crashes=${CRASH_DIR:-$TOP_BUILDDIR/tests/crash}
export HOME="$work" TERM=dumb

if [ -n "${SANITIZERS-}" ] || [ ! -e "$extension" ] || ! command -v crash >/dev/null 2>&1; then
	why="crash is not installed"
	[ -e "$extension" ] || why="crash's header was not there at configure"
	[ -z "${SANITIZERS-}" ] || why="a sanitized extension cannot be loaded into crash"
	skip "the extension of crash" "$why"
	tap_end
fi

# --- the file itself ---

no_libkdumpfile() { ! ldd "$extension" | grep -i kdump && ! nm -D "$extension" | grep -i kdump; }
nothing_visible() { nm -D --defined-only "$extension" >"$work/visible" && [ ! -s "$work/visible" ]; }
ok "no libkdumpfile in it" no_libkdumpfile
ok "none of its symbols is visible to crash" nothing_visible

# --- which crashes there are ---

# in_crash CRASH ARGUMENT...: run it: "installed", or that of a suite, by its own loader and with its own libraries
in_crash() {
	which=$1
	shift
	if [ "$which" = installed ]; then
		timeout -k 5 120 crash "$@"
		return
	fi
	libs=$(echo "$crashes/$which"/*/usr/lib/x86_64-linux-gnu | tr ' ' ':')
	# what the extension was linked with is the system's own
	libs=$libs:$(ldd "$extension" | sed -n 's|.*=> \(/.*\)/[^/]*$|\1|p' | sort -u | tr '\n' ':')
	timeout -k 5 120 "$crashes/$which/libc6/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2" --library-path "$libs" \
		"$crashes/$which/crash/usr/bin/crash" "$@"
}

fetch_crash() {
	mkdir -p "$crashes/$1"
	for package in crash libc6 zlib1g liblzo2-2 libsnappy1v5 libzstd1 libncursesw6 libtinfo6 libmpfr6 libgmp10 libstdc++6 libgcc-s1; do
		timeout 300 "$TOP_SRCDIR/testdata/guest/fetch-source.sh" -p "$1" $package "$crashes/$1" >"$work/fetch.log" 2>&1 ||
			return 1
	done
}

version() {
	in_crash "$1" --version 2>/dev/null | sed -n '/^crash /{s/^crash //p;q;}'
}

suites=installed
for suite in trixie sid; do
	if fetch_crash $suite && [ -n "$(version $suite)" ]; then
		suites="$suites $suite"
		compiles() { $CC -fsyntax-only -std=c11 -D_GNU_SOURCE -DX86_64 -I"$TOP_SRCDIR/include" -I"$TOP_SRCDIR/src" \
			-isystem "$crashes/$suite/crash/usr/include" "$TOP_SRCDIR/src/crash/pageowner-crash.c"; }
		ok "it compiles for crash $(version $suite)" compiles
	else
		skip "crash of $suite" "could not be fetched or does not run: $(tail -n 1 "$work/fetch.log")"
	fi
done

# --- the same bytes ---

# What is compared: a name, and the command.
commands() {
	"$PAGEOWNER" --help | sed -n 's/^  \([a-z]*\)  .*/\1/p' | while read -r command; do
		case $command in
		info) ;;	# it tells of the container
		lookup) echo "lookup lookup pfn:0 1000 pfn:13418 phys:0x100000 20000" ;;
		proc)
			for file in buddyinfo pagetypeinfo slabinfo vmallocinfo meminfo zoneinfo vmstat 1/statm 1/smaps_rollup; do
				echo "proc-${file#*/} proc $file"
			done ;;
		sort)
			echo "sort sort -m --cull=stacktrace"
			echo "sort-name sort --cull=name,order --sort=-pages --filter migratetype=Unmovable" ;;
		report)
			echo "report report"
			echo "report-part report --pfn 0x1000-0x1fff --free-stacks" ;;
		*) echo "$command $command" ;;
		esac
	done
}

# What the program says, in $work/cli; the exit status is not crash's business.
by_program() {	# NAME DUMP
	rm -rf "$work/cli"
	mkdir "$work/cli"
	commands | while read -r file words; do
		timeout 120 "$PAGEOWNER" $words -k "$FIXTURES/$1/vmlinux" "$2" >"$work/cli/$file" 2>/dev/null </dev/null
	done
	[ -s "$work/cli/report" ]
}

# by_crash CRASH VMLINUX [DEBUG] DUMP: the same, all in one run of crash, twice, so that each finds a session open; in $work/in
mode= installed_mode=	# an option of crash
by_crash() {
	rm -rf "$work/in" "$work/again"
	mkdir "$work/in" "$work/again"
	{
		echo "extend $extension"
		commands | sed "s|^\([^ ]*\) \(.*\)|pageowner \2 > $work/in/\1|"
		commands | sed "s|^\([^ ]*\) \(.*\)|pageowner \2 > $work/again/\1|"
		echo quit
	} >"$work/script"
	in_crash "$1" $mode -s -i "$work/script" "$2" "$3" ${4+"$4"} >"$work/crash.log" 2>&1 </dev/null
}

opened() { grep -q "shared object loaded" "$work/crash.log"; }
refusal() { grep -v -e "^ *$" -e "error trace" "$work/crash.log" | grep -e "crash:" -e "bt:" | tail -n 1 | grep . || echo "it says nothing"; }
log() { tail -n 20 "$work/crash.log"; }
same_bytes() {
	for file in $(ls "$work/cli"); do
		cmp "$work/cli/$file" "$work/in/$file" && cmp "$work/cli/$file" "$work/again/$file" || { log; return 1; }
	done
}
kernels_text() { cmp "$work/in/report" "$FIXTURES/$1/words/page_owner.txt" || { log; return 1; }; }

# compare WHAT CRASH NAME VMLINUX... DUMP; 1: crash does not open it
compare() {
	compared=$1 kernel=$3 which=$2
	shift 3
	by_crash "$which" "$@" || true
	opened || return 1
	ok "$compared: report > file is the kernel's text" kernels_text "$kernel"
	ok "$compared: each command writes what the program writes" same_bytes
}

refused() { log; return 1; }
must_open() {
	compare "$@" || ok "$1: crash opens it" refused
}

# By the real makedumpfile, which wants the program headers where it assumes them; -F: to standard output.
by_makedumpfile() {
	rm -f "$work/d" "$work/elf"
	"$DUMPTOOL" "$fix/dump.elf" "$work/elf" --to elf --phoff 64 || return 1
	case $1 in
	-F) timeout 120 makedumpfile "$@" "$work/elf" >"$work/d" 2>"$work/makedumpfile.log" ;;
	*) timeout 120 makedumpfile "$@" "$work/elf" "$work/d" >"$work/makedumpfile.log" 2>&1 ;;
	esac
	[ -s "$work/d" ]
}

# Every crash on the dumps as QEMU wrote them.  One that cannot open a dump is named; some must.  What crash does not know of
# a kernel it can be told to leave alone: the extension needs memory, and symbols of vmlinux.
for name in 6.1-x86_64 6.12-x86_64 7.2-x86_64; do
	fix=$FIXTURES/$name some=
	by_program $name "$fix/dump.elf" || ok "$name: the program reports" false
	for suite in $suites; do
		for mode in "" --no_modules --minimal; do
			what="crash $(version $suite)${mode:+ $mode}, $name, ELF"
			if compare "$what" $suite $name "$fix/vmlinux" "$fix/dump.elf"; then
				some=$suite
				[ $suite$name != installed6.1-x86_64 ] || installed_mode=$mode
				break
			fi
			skip "$what" "crash does not open it: $(refusal)"
		done
		mode=
	done
	opens() { [ -n "$some" ]; }
	if [ "$suites" = installed ] && [ $name != 6.1-x86_64 ]; then
		opens || skip "$name: some crash opens it" "no newer crash could be fetched"
	else
		ok "$name: some crash opens it" opens
	fi
done

# The other containers, in the crash that is installed.
name=6.1-x86_64 fix=$FIXTURES/6.1-x86_64 mode=$installed_mode
crash="crash $(version installed)${mode:+ $mode}"
for how in "--to kdump --codec zlib" "--to elf --no-vmcoreinfo"; do
	rm -f "$work/d"
	"$DUMPTOOL" "$fix/dump.elf" "$work/d" $how
	by_program $name "$work/d" && must_open "$crash, $how" installed $name "$fix/vmlinux" "$work/d"
done
if command -v makedumpfile >/dev/null 2>&1; then
	for how in "-l -d 31" "-E -d 31" "-F -l -d 31" "-F -c -d 0"; do
		made() { by_makedumpfile $how && by_program $name "$work/d"; }
		ok "makedumpfile $how" made
		must_open "$crash, makedumpfile $how" installed $name "$fix/vmlinux" "$work/d"
	done
else
	skip "$crash, makedumpfile" "makedumpfile is not installed"
fi

# Debug information in a file of its own, named or found.
by_program $name "$fix/dump.elf"
objcopy --strip-debug "$fix/vmlinux" "$work/vmlinux"
must_open "$crash, vmlinux and a file with debug information" installed $name "$work/vmlinux" "$fix/vmlinux" "$fix/dump.elf"
objcopy --only-keep-debug "$fix/vmlinux" "$work/vmlinux.debug"
(cd "$work" && objcopy --add-gnu-debuglink=vmlinux.debug vmlinux)
must_open "$crash, vmlinux with a debuglink" installed $name "$work/vmlinux" "$fix/dump.elf"

# --- in a terminal ---

wait_for() {	# SECONDS COMMAND...
	left=$(($1 * 10))
	shift
	until "$@" >/dev/null 2>&1; do
		left=$((left - 1))
		[ $left -gt 0 ] || return 1
		sleep 0.1
	done
}

# A report into a pipe that nobody empties blocks; then Ctrl-C.  After it, and after a reader that goes away, all is well.
# "exec", for Ctrl-C is for all of the terminal: a shell that waited for crash would end by it.
session_in_a_terminal() {
	mkfifo "$work/keys" "$work/pipe"
	timeout -k 5 120 script -qec "exec crash $mode -s --no_scroll $fix/vmlinux $fix/dump.elf" /dev/null \
		<"$work/keys" >"$work/terminal" 2>&1 &
	pid=$!
	exec 3>"$work/keys"
	echo "extend $extension" >&3
	wait_for 60 grep -q "object loaded" "$work/terminal" || return 1
	echo "pageowner report > $work/pipe" >&3
	exec 4<"$work/pipe"
	dd bs=1 count=1 of="$work/begun" <&4 2>/dev/null
	sleep 1
	printf '\003' >&3
	echo "pageowner report > $work/after" >&3
	wait_for 60 cmp "$work/after" "$fix/words/page_owner.txt" || { kill $pid; return 1; }
	exec 4<&-
	echo "pageowner report | head -n 1 > $work/first" >&3
	wait_for 20 test -s "$work/first"
	echo "pageowner lookup pfn:1000 nonsense > $work/bad" >&3
	echo "pageowner info > $work/info" >&3
	wait_for 20 grep -q "kernel release" "$work/info"
	echo quit >&3
	exec 3>&-
	wait $pid
}
usable_after_interrupt() { cmp "$work/after" "$fix/words/page_owner.txt"; }
first_line() { head -n 1 "$fix/words/page_owner.txt" | cmp - "$work/first" && grep -q "kernel release" "$work/info"; }
told() { grep -q "pageowner: nonsense: beside crash's memory no other dump can be read" "$work/terminal" && [ ! -s "$work/bad" ]; }
if command -v script >/dev/null 2>&1; then
	ok "$crash in a terminal ends as it was asked to" session_in_a_terminal
	ok "Ctrl-C in a report, and the next one is whole" usable_after_interrupt
	ok "report | head -1, and the next command works" first_line
	ok "an error is told on the terminal, not where the output goes" told
else
	skip "$crash in a terminal" "script is not installed"
fi

# --- help ---

help_of_crash() {
	printf '%s\n' "extend $extension" "help pageowner > $work/help" "pageowner report --help > $work/report.help" \
		"pageowner > $work/usage" "pageowner --help > $work/list" quit >"$work/script"
	in_crash installed $mode -s -i "$work/script" "$fix/vmlinux" "$fix/dump.elf" >"$work/crash.log" 2>&1 </dev/null
	for heading in NAME SYNOPSIS DESCRIPTION EXAMPLES; do
		grep -qx $heading "$work/help" || return 1
	done
	"$PAGEOWNER" --help | sed -n 's/^  \([a-z]*\)  .*/\1/p' >"$work/names"
	while read -r command; do
		grep -q "^    $command " "$work/help" && grep -q "^  $command " "$work/list" || return 1
	done <"$work/names"
	grep -q '^Usage:' "$work/report.help" && ! grep -E 'DUMP|vmlinux|--ram|standard error' "$work/report.help"
}
ok "help in crash's style names every command; that of a command no dump" help_of_crash

# --- 100 times ---

# Blocks of memory in use and open files, counted from within at each unloading, with one lost on purpose each time: the numbers
# behind a warm-up, and those at the end.
counts() {	# LEAK
	rm -f "$work/counts"
	{
		for i in $(seq 100); do
			printf '%s\n' "extend $extension" "pageowner report > $work/out" "extend -u $extension"
		done
		echo quit
	} >"$work/script"
	COUNT_TO="$work/counts" COUNT_LEAK=$1 LD_PRELOAD="$TOP_BUILDDIR/.libs/countblocks.so" \
		timeout -k 5 300 crash $mode -s -i "$work/script" "$fix/vmlinux" "$fix/dump.elf" >"$work/crash.log" 2>&1 </dev/null
	[ "$(wc -l <"$work/counts")" = 100 ] || { log; return 1; }
	sed -n '20p;100p' "$work/counts" | tr '\n' ' '
}
# grown BLOCKS FILES COUNTS: by how many
grown() {
	echo "blocks, files; blocks, files: $3"
	blocks=$1 files=$2
	set -- $3
	[ $# = 4 ] && [ $(($3 - $1)) -eq "$blocks" ] && [ $(($4 - $2)) -eq "$files" ]
}
ok "100 times loaded, used and unloaded: no memory is left, and no file open" grown 0 0 "$(counts none)"
ok "the count tells of memory that is lost" grown 80 0 "$(counts memory)"
ok "the count tells of a file left open" grown 0 80 "$(counts file)"
tap_end
