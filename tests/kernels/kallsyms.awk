# SPDX-License-Identifier: LGPL-2.1-or-later
# nm's list, in address order, to the kernel's symbol table as assembly.
# -v version=VERSION -v form=absolute|relative|percpu|place|embedded -v all=0|1 -v lto=0|1 -v bits=32|64

function hex(s,   i, n) {
	for (i = 1; i <= length(s); i++)
		n = n * 16 + index("0123456789abcdef", substr(s, i, 1)) - 1
	return n
}

function add(addr, text) {
	address[nr] = addr
	name[nr++] = text
}

function label(l, align) {
	printf "\t.balign %d\n\t.globl %s\n%s:\n", align ? align : word, l, l
}

# All addresses share their upper half, so 32 bits of difference tell them; the linker does the rest.
function entry(i,   off) {
	if (name[i] ~ /^A/)		# per CPU: counted from 0, kept as it is
		return address[i]
	off = address[i] - base
	if (form == "relative")
		return off
	if (form == "percpu")
		return -1 - off
	return "_text + " off (form == "place" ? " - ." : "")
}

function put_addresses(   i) {
	label(form == "absolute" ? "kallsyms_addresses" : "kallsyms_offsets")
	for (i = 0; i < nr; i++)
		printf "\t%s %s\n", form == "absolute" ? long : ".long", entry(i)
	if (form == "relative" || form == "percpu") {
		label("kallsyms_relative_base")
		printf "\t%s _text\n", long
	}
}

# One token for each character, and some longer ones at the end of the table.
function put_tokens(   t, at, text, index_text) {
	label("kallsyms_token_table")
	for (t = 0; t < 256; t++) {
		text = t in token ? token[t] : t > 32 && t < 127 ? sprintf("%c", t) : ""
		printf "\t.asciz \"%s\"\n", text == "\"" || text == "\\" ? "\\" text : text
		index_text = index_text "\t.short " at + 0 "\n"
		at += length(text) + 1
	}
	label("kallsyms_token_index")
	printf "%s", index_text
}

function put_name(text,   len, out, t, found) {
	while (text != "") {
		found = 0
		for (t = 128; t in token; t++)
			if (index(text, token[t]) == 1) {
				out = out "," t
				text = substr(text, length(token[t]) + 1)
				found = 1
				break
			}
		if (!found) {
			out = out "," code[substr(text, 1, 1)]
			text = substr(text, 2)
		}
		len++
	}
	if (len > 127)
		printf "\t.byte %d,%d%s\n", 128 + len % 128, int(len / 128), out
	else
		printf "\t.byte %d%s\n", len, out
	return len + (len > 127 ? 2 : 1)
}

function put_names(   i, at) {
	label("kallsyms_num_syms")
	printf "\t%s %d\n", wide, nr
	label("kallsyms_names")
	for (i = 0; i < nr; i++) {
		if (i % 256 == 0)
			marker[i / 256] = at + 0
		at += put_name(name[i])
	}
	label("kallsyms_markers")
	for (i = 0; i in marker; i++)
		printf "\t%s %d\n", wide, marker[i]
}

# A name as its kernel compares it: without what link-time optimisation put behind it.
function clean(text) {
	text = substr(text, 2)
	if (lto && version < 605)
		sub(/\..*/, "", text)
	else if (lto && version < 611)
		sub(/\.llvm\..*/, "", text)
	return text
}

# The symbols' numbers in the order of their names, three bytes each.
function put_seqs(   i, k, seq, key) {
	if (version < 601)
		return
	label("kallsyms_seqs_of_names")
	for (i = 0; i < nr; i++) {
		key[i] = clean(name[i])
		for (k = i; k > 0 && key[seq[k - 1]] "" > key[i] ""; k--)
			seq[k] = seq[k - 1]
		seq[k] = i
	}
	for (i = 0; i < nr; i++)
		printf "\t.byte 0,%d,%d\n", seq[i] / 256, seq[i] % 256
}

BEGIN {
	nr = 0
	for (t = 33; t < 127; t++)
		code[sprintf("%c", t)] = t
	token[128] = "_page"; token[129] = "alloc"; token[130] = "Tf"; token[131] = "iller"
	long = bits == 64 ? ".quad" : ".long"
	wide = version < 420 ? long : ".long"	# of numbers and markers
	word = version >= 700 ? 4 : bits / 8
	if (form == "percpu") {
		add(0, "A__per_cpu_start")
		add(4096, "Airq_stack")
	}
}

$3 == "_text" { base = hex(substr($1, length($1) - 7)) }
$3 ~ /^\$/ || $3 ~ /^\./ || $2 ~ /[aAUw]/ || $3 ~ /^kallsyms_/ { next }
!all && $2 !~ /[tT]/ { next }
{ add(hex(substr($1, length($1) - 7)), $2 $3) }

END {
	printf "\t.section .kallsyms, \"a\", %%progbits\n"
	if (version < 604)
		put_addresses()
	put_names()
	if (version < 604)
		put_seqs()
	put_tokens()
	if (version >= 604) {
		put_addresses()
		put_seqs()
	}
}
