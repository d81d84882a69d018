#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Completion offers what the program takes, all of it and nothing else.
. "${TOP_SRCDIR:-.}/tests/tap.sh"
if ! command -v bash >/dev/null 2>&1; then
	skip "completion" "bash is not installed"
	tap_end
fi

# offered WORD...: what completes the last one
cat >"$work/complete" <<'EOT'
. "$TOP_SRCDIR/doc/completion/pageowner"
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_pageowner "$1" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
printf '%s\n' "${COMPREPLY[@]}"
EOT
offered() {
	bash "$work/complete" "$@" 2>"$work/err" | sort -u | grep . >"$work/offered"
	quiet && [ -s "$work/offered" ]
}
nothing() { ! offered "$@" && quiet; }
among() { printf '%s\n' "$@" | sort >"$work/want" && diff "$work/want" "$work/offered"; }

"$PAGEOWNER" --help | sed -n 's/^  \([a-z]*\)  .*/\1/p' >"$work/commands"
commands() { offered "$PAGEOWNER" "" && among $(cat "$work/commands") help --help --version; }
ok "commands" commands
begun() { offered "$PAGEOWNER" rep && among report && offered "$PAGEOWNER" help "" && among $(cat "$work/commands"); }
ok "a command that is begun, and help" begun

# Each that is offered is known to the program, and each of its help is offered.  options PROGRAM [COMMAND]
options() {
	offered "$@" - || return 1
	for option in $(cat "$work/offered"); do
		"$@" "$option" 2>&1 | grep -q "unknown option" && { echo "not known: $option"; return 1; }
	done
	"$@" --help | grep -o '^ *\(-[a-zA-Z], \)\?--\?[a-zA-Z-]*' | grep -o -e '-[a-zA-Z-]*' | sort -u >"$work/want"
	diff "$work/want" "$work/offered"
}
for command in $(cat "$work/commands"); do
	ok "options of $command" options "$PAGEOWNER" $command
done

# keys OPTION LETTER SUFFIX: each that is offered is taken, and no other
keys() {
	offered "$PAGEOWNER" sort "$1" "" || return 1
	"$PAGEOWNER" sort --help | sed '1,/^Keys/d' | awk -v use="$2" -v end="$3" 'index($3, use) { print $1 end }' | sort >"$work/want"
	diff "$work/want" "$work/offered" || return 1
	for key in $(cat "$work/offered"); do
		[ "$1" != --filter ] || key=${key}1
		run 1 "$PAGEOWNER" sort "$1" "$key" "$work/nothing" || return 1
	done
}
ok "keys to sort by" keys --sort s
ok "keys to group by" keys --cull c
ok "keys to filter by" keys --filter f =
lists() {
	offered "$PAGEOWNER" sort --cull = st && among stacktrace && offered "$PAGEOWNER" sort --cull pid,st && among pid,stacktrace &&
		offered "$PAGEOWNER" sort --sort = pid,-alloc &&
		among pid,-alloc_ts pid,-allocator
}
ok "keys behind others" lists
elsewhere() {
	for command in report stacks; do
		offered "$PAGEOWNER" $command --filter mig && among migratetype= || return 1
	done
}
ok "keys to filter by, of other commands" elsewhere
values() { offered "$PAGEOWNER" sort --compat = "" && among 5.10 6.1 && nothing "$PAGEOWNER" sort --top ""; }
ok "values" values

# What an argument may be is told by the program, and each is taken.
rows() {
	offered "$PAGEOWNER" account --of "" && "$PAGEOWNER" account --of help >"$work/rows" && among help $(cat "$work/rows") || return 1
	for row in $(cat "$work/rows"); do
		run 1 "$PAGEOWNER" account --of "$row" "$work/nothing" || return 1
	done
	run 2 "$PAGEOWNER" account --of none-such "$work/nothing"
}
ok "rows" rows
proc_files() {
	offered "$PAGEOWNER" proc "" || return 1
	for name in $(cat "$work/offered"); do
		run 1 "$PAGEOWNER" proc "$name" "$work/nothing" || return 1
	done
	# all that the library has and the command takes; those of a process begin with its number, which nobody can guess
	for name in $(sed -n 's/^\tPAGEOWNER_PROC_\([A-Z_]*\),.*/\1/p' "$TOP_SRCDIR/include/pageowner/proc.h" | tr A-Z a-z); do
		case $name in
		pid_*) run 1 "$PAGEOWNER" proc "1/${name#pid_}" "$work/nothing" >/dev/null || echo "$name" ;;
		*) run 1 "$PAGEOWNER" proc "$name" "$work/nothing" >/dev/null && echo "$name" ;;
		esac
	done | sort >"$work/want"
	diff "$work/want" "$work/offered" && run 2 "$PAGEOWNER" proc none-such "$work/nothing" && offered "$PAGEOWNER" proc -k vmlinux zone && among zoneinfo
}
ok "files of proc" proc_files
# of a process, where there are any
process_files() {
	sed -n 's/^\tPAGEOWNER_PROC_PID_\([A-Z_]*\),.*/12\/\1/p' "$TOP_SRCDIR/include/pageowner/proc.h" | tr A-Z a-z | sort >"$work/want"
	if [ ! -s "$work/want" ]; then
		! offered "$PAGEOWNER" proc 12/
		return
	fi
	offered "$PAGEOWNER" proc 12/ && diff "$work/want" "$work/offered" || return 1
	for name in $(cat "$work/offered"); do
		run 1 "$PAGEOWNER" proc "$name" "$work/nothing" || return 1
	done
}
ok "files of a process" process_files

mkdir "$work/dir" && : >"$work/dir/vmcore" && : >"$work/dir/vmlinux with blanks"
files() {
	for option in -k --btf --ram --ram-map -o --output; do
		offered "$PAGEOWNER" report $option "$work/dir/vmc" && among "$work/dir/vmcore" || { echo $option; return 1; }
	done
	offered "$PAGEOWNER" report -k "$work/dir/vmli" && among "$work/dir/vmlinux with blanks" &&
		offered "$PAGEOWNER" sort -m "$work/dir/" && among "$work/dir/vmcore" "$work/dir/vmlinux with blanks"
}
ok "files" files
behind_name() { offered "$PAGEOWNER" proc meminfo "$work/dir/vmc" && among "$work/dir/vmcore"; }
ok "files behind the name of one" behind_name

printf '#!/bin/sh\nexec "%s" sort "$@"\n' "$PAGEOWNER" >"$work/page_owner_sort" && chmod +x "$work/page_owner_sort"
tool() {
	offered "$work/page_owner_sort" --cu && among --cull && offered "$work/page_owner_sort" --filter = na && among name= &&
		offered "$work/page_owner_sort" "$work/dir/vmc" && among "$work/dir/vmcore"
}
ok "page_owner_sort" tool
ok "options of page_owner_sort" options "$work/page_owner_sort"
tap_end
