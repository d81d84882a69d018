#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Processes: their files of /proc against what the very kernel printed of each of them.
. "$TOP_SRCDIR/tests/tap.sh"

dump_of() {
	ls "$FIXTURES/$1/dump.elf" "$FIXTURES/$1/core.kdump" "$FIXTURES/$1/vmcore.elf" 2>/dev/null | head -n 1
}

# One file for each process, $work/split/PID.
split() {
	rm -rf "$work/split" && mkdir "$work/split"
	awk -v dir="$work/split" '/^==> [0-9]+\/[a-z_]+ <==$/ { sub(/\/.*/, "", $2); close(file); file = dir "/" $2; next }
		$0 != "" { print >file }' "$work/out"
}

# same FILE FIXTURE: of each process that the kernel listed, and of no others
same() {
	run 0 "$PAGEOWNER" proc "*/$1" -k "$FIXTURES/$2/vmlinux" "$(dump_of $2)" && quiet || return 1
	split
	compared=0
	for theirs in "$FIXTURES/$2"/words/pid/pid.*."$1".txt; do
		pid=$(basename "$theirs" | cut -d . -f 2)
		[ -s "$theirs" ] || continue	# smaps_rollup of a thread of the kernel, which cannot be read
		cmp "$work/split/$pid" "$theirs" || return 1
		compared=$((compared + 1))
	done
	[ "$compared" -ge "$3" ] && [ "$(ls "$work/split" | wc -l)" -eq "$compared" ] ||
		{ echo "$compared processes were compared, of $(ls "$work/split" | wc -l)"; return 1; }
}

# The table beside stat (comm, state, ppid, threads, vsize), statm (rss), smaps_rollup (Pss, and what is private),
# oom_score, oom_score_adj and cgroup of each process.  Two things go on after the guest has read them: init, which reads,
# runs then and waits later; and what threads of the kernel do.  Of their names stat has more, of structs that are in no
# fixture's debug information: that of a work queue, and what does not fit into 15 characters.
table() {
	run 0 "$PAGEOWNER" tasks --sort pid -k "$FIXTURES/$1/vmlinux" "$(dump_of $1)" && quiet || return 1
	rm -rf "$work/mine" "$work/theirs"
	for stat in "$FIXTURES/$1"/words/pid/pid.*.stat.txt; do
		pid=$(basename "$stat" | cut -d . -f 2)
		words=${stat%stat.txt}
		kb=$(page_kb $1)
		sed 's/^\([0-9]*\) \(.*)\) \([A-Z]\) /\1\t\2\t\3 /' "$stat" >"$work/stat"
		cat "$work/stat" "${words}statm.txt" "${words}smaps_rollup.txt" "${words}oom_score.txt" "${words}oom_score_adj.txt" \
			"${words}cgroup.txt" 2>/dev/null | awk -F '\t' -v kb="$kb" -v narrow="$(is_narrow $1)" -v init="$(state_of_init $1)" '
			NR == 1 { pid = $1; comm = substr($2, 2, length($2) - 2); split($3, f, " "); next }
			NR == 2 { split($0, m, " "); next }
			/^Pss:/ { split($0, s, " "); pss = s[2]; walked = 1; next }
			/^AnonHugePages:/ { split($0, s, " "); pss += narrow * s[2]; next }
			/^Private_(Clean|Dirty):/ { split($0, s, " "); uss += s[2]; next }
			/^[A-Z0-9a-f]/ && !/^-?[0-9]+$/ && !/^[0-9]+:/ { next }
			/^-?[0-9]+$/ { n[nr++] = $0; next }
			/^0::|memory:/ { sub(/^[^\/]*/, ""); memcg = $0 }
			END {
				state = pid == 1 ? init : f[1]
				if (m[1] == 0) { vss = rss = "-" } else { vss = f[21] / 1024; rss = m[2] * kb; comm = substr(comm, 1, 15) }
				if (!walked) pss = uss = "-"
				if (m[1] == 0) { comm = substr(comm, 1, 15); if (comm ~ /^kworker\//) sub(/[-+].*/, "", comm); state = "-" }
				print pid, f[2], state, f[18], vss, rss, pss, uss, n[1], n[0], comm "  " memcg
			}'
	done | sort -n >"$work/theirs"
	sed '/^$/,$d; 1d' "$work/out" | awk '{
		name = substr($0, 149); if ($5 == "-") { $3 = "-"; if (name ~ /^kworker\//) sub(/[-+][^ ]*/, "", name) }
		print $1, $2, $3, $4, $5, $6, $10, $11, $15, $16, name }' >"$work/mine"
	diff "$work/theirs" "$work/mine"
}

# The rss of stat: until 6.1 that of statm, which the table has.  Since commit f1a7941243c1 it leaves out what processors hold
# back, less than 32 pages of each of three counters.
stat_rss() {
	case $1 in
	5.* | 6.1-*) bound=0 ;;
	*) bound=$(($(grep -c '^processor' "$FIXTURES/$1/words/cpuinfo.txt") * 31 * 3)) ;;
	esac
	sed '/^$/,$d; 1d' "$work/out" | awk -v kb="$(page_kb $1)" '$6 != "-" { print $1, $6 / kb }' >"$work/mine"
	[ -s "$work/mine" ] || return 1
	while read -r pid rss; do
		theirs=$(sed 's/.*) //' "$FIXTURES/$1/words/pid/pid.$pid.stat.txt" | cut -d ' ' -f 22)
		[ "$((rss - theirs))" -le "$bound" ] && [ "$((theirs - rss))" -le "$bound" ] || { echo "$pid: $rss, $theirs"; return 1; }
	done <"$work/mine"
}

# In 32 bits the kernel's Pss has nothing of a huge page, for it overflows; the table has it.
is_narrow() {
	case $1 in
	*-arm | *-arm-lpae | *-i386*) echo 1 ;;
	*) echo 0 ;;
	esac
}

# It waits for the host that takes the dump, or runs into the crash.
state_of_init() {
	case $1 in
	*-crash-*) echo R ;;
	*) echo S ;;
	esac
}

page_kb() {
	case $1 in
	*-64k) echo 64 ;;
	*-16k) echo 16 ;;
	*) echo 4 ;;
	esac
}

# Of each owner in the kernel's own text that no process of its PID is left of, and each cgroup that it calls offline:
# pages and allocations, most first.
orphans() {
	run 0 "$PAGEOWNER" tasks -k "$FIXTURES/$1/vmlinux" "$(dump_of $1)" && quiet || return 1
	text=$FIXTURES/$1/words/page_owner.txt
	sed '1,/^$/d' "$work/out" >"$work/tail"
	if ! grep -q ', tgid ' "$text"; then
		grep -q 'no more: not known: this kernel.s page_owner does not record processes' "$work/tail" || return 1
	else
		ls "$FIXTURES/$1"/words/pid/pid.*.stat.txt | sed 's/.*pid\.\([0-9]*\)\..*/\1/' >"$work/pids"
		awk 'NR == FNR { lives[$1] = 1; next } /^Page allocated via order/ {
			match($0, /, tgid [0-9]+ /); tgid = substr($0, RSTART + 7, RLENGTH - 8)
			name = $0; sub(/^.*, tgid [0-9]+ \(/, "", name); sub(/\), ts .*/, "", name)
			if (tgid != 0 && !(tgid in lives)) { n[name " [" tgid "]"]++; pages[name " [" tgid "]"] += 2 ^ ($5 + 0) } }
			END { for (who in n) print pages[who], "pages", n[who], "allocations", who }' \
			"$work/pids" "$text" | sort >"$work/theirs"
		sed '/offline/,$d; /no more/d; /^$/d; s/^ *//; s/  */ /g' "$work/tail" | sort | diff "$work/theirs" - || return 1
		[ -s "$work/theirs" ] && dead=$((dead + 1))
	fi
	grep -q '^Charged ' "$text" || return 0
	awk '/^Page allocated via order/ { order = $5 + 0 } /^Charged .*to offline memcg / { sub(/.* memcg /, ""); n[$0]++
		pages[$0] += 2 ^ order } END { for (who in n) print pages[who], "pages", n[who], "allocations", who }' "$text" |
		sort >"$work/theirs"
	sed '1,/offline/d; s/^ *//; s/  */ /g' "$work/tail" | sort | diff "$work/theirs" - || return 1
	[ ! -s "$work/theirs" ] || offline=$((offline + 1))
}

fixtures=0 dead=0 offline=0
for words in "$FIXTURES"/*/words/pid; do
	fixture=$(basename "$(dirname "$(dirname "$words")")")
	ok "$fixture: statm of each process" same statm $fixture 37
	ok "$fixture: smaps_rollup of each process" same smaps_rollup $fixture 7
	ok "$fixture: oom_score of each process" same oom_score $fixture 37
	ok "$fixture: oom_score_adj of each process" same oom_score_adj $fixture 37
	ok "$fixture: the table of tasks" table $fixture
	ok "$fixture: the rss of stat" stat_rss $fixture
	ok "$fixture: pages that outlived their owners" orphans $fixture
	fixtures=$((fixtures + 1))
done
ok "all fixtures have words about processes" test $fixtures -ge 16

ok "some have pages of processes that are no more" test $dead -ge 10
ok "some have pages of offline memory cgroups" test $offline -ge 5

name=6.1-x86_64
tasks() { run 0 "$PAGEOWNER" tasks "$@" -k "$FIXTURES/$name/vmlinux" "$(dump_of $name)" && quiet; }
column() { sed '1d; /^$/,$d' "$work/out" | awk -v c=$1 '{ print $c }'; }
sorted() { tasks --sort "$1" && column $2 >"$work/column" && sort -s $3 "$work/column" | diff "$work/column" - && [ "$(wc -l <"$work/column")" -gt 30 ]; }
ok "sorted by PID, last first" sorted -pid 1 -rn
ok "sorted by pages that they own" sorted -pages,pid 18 -rn
ok "sorted by uss and page tables" sorted -uss,tables 11 -rn
filtered() { tasks --filter "$1" && column 1 >"$work/column" && [ "$(xargs <"$work/column")" = "$2" ]; }
ok "chosen by PID" filtered pid=32,34 "34 32"
ok "chosen by name" filtered 'name=cache (weird) x,init' "1 35"
ok "chosen by memory cgroup" filtered memcg=job 34
ok "the same holds for owners" eval 'filtered name=gone-worker "" && grep -q "gone-worker \[37\]" "$work/out"'
top() { tasks --top 3 && [ "$(column 1 | wc -l)" -eq 3 ]; }
ok "so many at most" top
for wrong in "--sort order" "--sort nonsense" "--filter order=1" "--filter rss=1"; do
	ok "makes no sense: $wrong" run 1 "$PAGEOWNER" tasks $wrong -k "$FIXTURES/$name/vmlinux" "$(dump_of $name)"
done
ok "… and is told" says "rss: not a key to filter by"
ok "owners by what became of them" eval 'run 0 "$PAGEOWNER" sort --cull=owner,charge --filter owner=dead -k "$FIXTURES/$name/vmlinux" \
	"$(dump_of $name)" && quiet && grep -q "owner dead, charged to offline" "$work/out" && ! grep -q alive "$work/out"'
ok "a text does not tell" run 1 "$PAGEOWNER" tasks "$FIXTURES/$name/words/page_owner.txt"
ok "… and says so" says "a dump is needed"
ok "a kernel without page_owner" run 0 "$PAGEOWNER" tasks -k "$FIXTURES/6.1-x86_64-noconf/vmlinux" "$(dump_of 6.1-x86_64-noconf)"
ok "… has processes all the same" eval 'grep -q " init  /$" "$work/out" && says "without owners of pages"'
one() { run 0 "$PAGEOWNER" proc "$1" -k "$FIXTURES/$name/vmlinux" "$(dump_of $name)" && quiet; }
ok "a file of one process" eval 'one 34/smaps_rollup && cmp "$work/out" "$FIXTURES/$name/words/pid/pid.34.smaps_rollup.txt"'
for what in 99999/statm 2/smaps_rollup; do
	ok "no such file: $what" run 1 "$PAGEOWNER" proc $what -k "$FIXTURES/$name/vmlinux" "$(dump_of $name)"
	case $what in
	2/*) ok "… it is the kernel's" says "process 2 has no memory of its own" ;;
	*) ok "… there is no such process" says "no process has PID 99999" ;;
	esac
done
for what in statm 34/meminfo 0/statm x/statm 34/; do
	ok "no file at all: $what" run 2 "$PAGEOWNER" proc $what -k "$FIXTURES/$name/vmlinux" "$(dump_of $name)"
done
tap_end
