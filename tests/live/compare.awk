# SPDX-License-Identifier: LGPL-2.1-or-later
# How many records of page_owner stood still, and what we say of these: awk -f compare.awk BEFORE OURS AFTER
# Records are paragraphs, known by their page frame number.  Fails if one that stood still is not ours to the byte; with
# status 2 if less than 99 % stood still.
BEGIN { RS = ""; FS = "\n" }
FNR == 1 { file++ }
{
	if (!match($2, /^PFN [0-9a-fx]+/)) {
		print "no record: " $0
		bad = 1
		next
	}
	pfn = substr($2, 1, RLENGTH)
	if (file == 1)
		before[pfn] = $0
	else if (file == 2)
		ours[pfn] = $0
	else
		after[pfn] = $0
	nr[file]++
}
END {
	for (pfn in before)
		if (before[pfn] == after[pfn]) {
			still++
			if (ours[pfn] == before[pfn])
				same++
			else if (shown++ < 3)
				print "it has:\n" before[pfn] "\nwe print:\n" ours[pfn]
		}
	printf "%d records before, %d after, %d the same in both (%.2f %%); ours has %d, and %d of the same to the byte\n", \
		nr[1], nr[3], still, nr[1] ? 100 * still / nr[1] : 0, nr[2], same
	if (bad || same != still)
		exit 1
	if (!still || still < 0.99 * nr[1] || still < 0.99 * nr[3])
		exit 2
}
