# SPDX-License-Identifier: LGPL-2.1-or-later
# proc.awk -v fixture= -v file= -v bound= MOVED THEIRS OURS: two texts differ in no line but those that MOVED lists for them,
# each as its kind allows, and all of these do.  bound: how far counters may be away from each other, in pages or kB.

function name_of(line) {
	sub(/^ +/, "", line)
	if (file == "slabinfo")
		sub(/ .*/, "", line)
	else if (file == "allocinfo")
		gsub(/^[0-9]+ +[0-9]+ | +$/, "", line)
	else
		sub(/:? +[0-9]+( kB)?$/, "", line)
	return line
}

function number_of(line) {
	if (file == "slabinfo")
		return $2
	sub(/ kB$/, "", line)
	sub(/.* /, "", line)
	return line + 0
}

# Objects that all processors of SLAB share went back to their slabs: so many less in use, and so many less shared.
function drained(a, b,    x, y, n, i, less) {
	n = split(a, x, " +")
	if (split(b, y, " +") != n)
		return 0
	for (i = 1; i <= n; i++)
		if (x[i] != y[i] && i != 2 && i != n)
			return 0
	less = x[2] - y[2]
	return less > 0 && x[n] - y[n] == less
}

# One allocation less, of as many bytes as each of the others.
function closed(a, b,    x, y) {
	split(a, x, " +")
	split(b, y, " +")
	return x[3] - y[3] == 1 && x[2] > y[2] && x[2] * y[3] == y[2] * x[3]
}

function bad(why) {
	print file ", line " FNR ": " why ": " theirs[FNR] " / " $0
	status = 1
}

FILENAME == ARGV[1] {
	if ($1 == fixture && $2 == file) {
		kind = $3
		sub(/^[^ ]+ +[^ ]+ +[^ ]+ +/, "")
		allowed[$0] = kind
	}
	next
}

FILENAME == ARGV[2] {
	theirs[FNR] = $0
	first[FNR] = $2
	lines = FNR
	next
}

{ ours = FNR }
# counts of events, behind all states
file == "vmstat" && last ~ /^nr_(dirty_background_threshold|memmap_boot_pages)$/ && name_of($0) !~ /^nr_/ { events = 1 }
{ last = name_of($0) }
$0 == theirs[FNR] { next }

{
	name = name_of($0)
	before = file == "slabinfo" ? first[FNR] : number_of(theirs[FNR])
	now = number_of($0)
	kind = name in allowed ? allowed[name] : events ? "event" : ""
	if (name != name_of(theirs[FNR]) || !kind)
		bad("differs")
	else if (kind == "count" && (now - before > bound || before - now > bound))
		bad("more than " bound " away")
	else if (kind == "event" && now < before)
		bad("less")
	else if ((kind == "decay" || kind == "freed") && now > before)
		bad("more")
	else if (kind == "drained" && !drained(theirs[FNR], $0))
		bad("not as it would be drained")
	else if (kind == "open" && !closed(theirs[FNR], $0))
		bad("not as a file would leave it")
	seen[name] = 1
	if (!events)
		differing++
}

END {
	for (name in allowed)
		if (!(name in seen)) {
			print fixture ": " file ": " name " does not differ"
			status = 1
		}
	if (ours != lines) {
		print "lines: " lines " / " ours + 0
		status = 1
	}
	if (differing > most) {
		print differing " lines differ"
		status = 1
	}
	exit status
}
