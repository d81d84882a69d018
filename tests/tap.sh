# SPDX-License-Identifier: LGPL-2.1-or-later
# Tests in shell that print TAP: source this, call ok, same, run_and… and end with tap_end.

tap_nr=0 tap_bad=0
work=$(mktemp -d "${TMPDIR:-/tmp}/pageowner-test.XXXXXX") || exit 99
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

# ok DESCRIPTION COMMAND...: passes when the command succeeds
ok() {
	tap_what=$1
	shift
	tap_nr=$((tap_nr + 1))
	if "$@" >"$work/tap.log" 2>&1; then
		echo "ok $tap_nr - $tap_what"
	else
		echo "not ok $tap_nr - $tap_what"
		head -n 20 "$work/tap.log" | sed 's/^/# /'
		tap_bad=$((tap_bad + 1))
	fi
}

# skip DESCRIPTION REASON
skip() {
	tap_nr=$((tap_nr + 1))
	echo "ok $tap_nr - $1 # SKIP $2"
}

tap_end() {
	echo "1..$tap_nr"
	[ "$tap_bad" -eq 0 ]
	exit $?
}

# run STATUS COMMAND...: runs it with output in $work/out and $work/err; succeeds if it ends with STATUS
run() {
	run_want=$1
	shift
	run_got=0
	timeout 120 "$@" >"$work/out" 2>"$work/err" </dev/null || run_got=$?
	[ "$run_got" -eq "$run_want" ] && return 0
	echo "status $run_got, not $run_want: $*"
	head -n 10 "$work/err"
	return 1
}

# says TEXT: the last run printed it on standard error
says() {
	grep -qiF -e "$1" "$work/err" && return 0
	echo "standard error does not say \"$1\" but:"
	head -n 10 "$work/err"
	return 1
}

# quiet: the last run printed nothing on standard error
quiet() {
	[ ! -s "$work/err" ] && return 0
	echo "standard error is not empty:"
	head -n 10 "$work/err"
	return 1
}

# same_text NAME ARGUMENTS...: the report of that fixture's kernel, zero differing bytes, status 0
same_text() {
	same_fix=$FIXTURES/$1
	shift
	run 0 "$PAGEOWNER" report -k "$same_fix/vmlinux" "$@" && cmp "$work/out" "$same_fix/words/page_owner.txt"
}

# has NAME PATTERN: what the last `pageowner info` says under that name
has() {
	has_value=$(sed -n "s/^$1  *//p" "$work/out")
	printf '%s\n' "$has_value" | grep -qE "$2" || { echo "$1: $has_value, not $2"; return 1; }
}
