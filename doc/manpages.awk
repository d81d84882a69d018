# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Section 3 of the manual, out of the public headers, which tell all there is to say:
#
#   awk -v out=DIR -v version=0.1.0 -v date=2026-11-28 -v example=FILE.c -f manpages.awk include/pageowner/*.h
#
# One page a header; pageowner.h becomes libpageowner(3).  The file links has a line "CALL PAGE" for each other name under
# which a page is to be found.
#
#   a comment of two stars   holds for the declarations right below it, until an empty line or the next such comment
#   @file                    the description of the page; its first sentence is the line NAME
#   @param NAME, @return     a list below the call
#   one that begins **<      of the member or enumerator before it
#
# Whatever a header declares without such a comment ends this with its name and line: nothing is exported untold.

FNR == 1 { begin_header() }

{ sub(/[ \t\r]+$/, "") }

in_comment { comment_line($0); next }
depth == 0 && /^[ \t]*\/\*\*/ { begin_comment($0); next }
depth == 0 && /^[ \t]*\/\*/ { next }
depth > 0 { body_line($0); next }
in_call { call = call " " $0; if (/;$/) end_call(); next }
/^$/ { doc = ""; next }
/^#define PAGEOWNER_[A-Z0-9_]+ / { add_item("define", $2, $0, doc); doc = ""; next }
/^#/ || /^extern "C"/ || /^}$/ { next }
/^(struct|enum) [a-z_]+;$/ { next }
/^(struct|enum|union)( [a-z_]+)? \{$/ { begin_type(); next }
/pageowner_[a-z0-9_]+\(/ { call = $0; in_call = 1; if (/;$/) end_call(); next }
{ complain("not understood: " $0) }

END {
	for (h = 1; h <= nr_headers && !failed; h++)
		if (page[h] != "libpageowner")
			write_page(h)
	for (h = 1; h <= nr_headers && !failed; h++)
		if (page[h] == "libpageowner")
			write_page(h)
	exit failed
}

function complain(what) {
	printf "%s:%d: %s\n", FILENAME, FNR, what >"/dev/stderr"
	failed = 1
}

# --- reading -------------------------------------------------------------------------------------

function begin_header(name) {
	name = FILENAME
	sub(/.*\//, "", name)
	sub(/\.h$/, "", name)
	nr_headers++
	header[nr_headers] = name
	page[nr_headers] = name == "pageowner" ? "libpageowner" : "pageowner_" name
	depth = in_comment = in_call = 0
	doc = ""
}

function begin_comment(line) {
	sub(/^[ \t]*\/\*\*/, "", line)
	doc = ""
	in_comment = 1
	comment_line(line)
}

# Lines of a comment are kept as they are: an empty one ends a paragraph.
function comment_line(line, ends) {
	ends = sub(/[ \t]*\*\/$/, "", line)
	sub(/^[ \t]*\*?[ \t]*/, "", line)
	doc = doc line "\n"
	if (!ends)
		return
	in_comment = 0
	sub(/^\n+/, "", doc)
	sub(/\n+$/, "", doc)
	if (doc ~ /^@file/) {
		sub(/^@file[ \n]*/, "", doc)
		about[nr_headers] = doc
		doc = ""
	}
}

function add_item(kind, name, text, words) {
	nr_items++
	item_of[nr_items] = nr_headers
	item_kind[nr_items] = kind
	item_name[nr_items] = name
	item_text[nr_items] = text
	item_doc[nr_items] = words
}

function end_call(name, last) {
	in_call = 0
	gsub(/[ \t]+/, " ", call)
	name = call
	sub(/\(.*/, "", name)
	sub(/.*[ *]/, "", name)
	if (owner[name])
		complain(name ": declared twice")
	owner[name] = page[nr_headers]
	check_doc(name)
	last = nr_items
	if (item_of[last] == nr_headers && item_kind[last] == "calls" && same_doc == doc) {
		item_name[last] = item_name[last] ", " name
		item_text[last] = item_text[last] "\n" call
	} else {
		add_item("calls", name, call, doc)
	}
	same_doc = doc
}

# What it says must be about this call.
function check_doc(name, rest, param) {
	if (doc == "")
		complain(name "(): no comment tells what it does")
	rest = doc
	while (match(rest, /@param +[a-z_A-Z0-9]+/)) {
		param = substr(rest, RSTART, RLENGTH)
		rest = substr(rest, RSTART + RLENGTH)
		sub(/@param +/, "", param)
		if (call !~ "[ *(]" param "[,)]" && doc != same_doc)
			complain(name "(): there is no parameter " param)
	}
}

function begin_type(name) {
	name = $0
	sub(/ \{$/, "", name)
	if (doc == "")
		complain(name ": no comment tells what it is")
	add_item($1 == "enum" ? "enum" : "struct", name, "", doc)
	doc = ""
	depth = 1
	nr_members[nr_items] = 0
	before = ""
	told = 0	# 1: in a comment before a member, 2: in one behind it
}

# A member a line, with what is said of it before and behind.
function body_line(line, code, words, at) {
	if (told) {
		tell(line)
		return
	}
	if (line ~ /^};?$/) {
		depth = 0
		doc = ""
		return
	}
	at = index(line, "/*")
	code = at ? substr(line, 1, at - 1) : line
	words = at ? substr(line, at) : ""
	gsub(/^[ \t]+|[ \t]+$/, "", code)
	if (code != "")
		add_member(code)
	if (words != "") {
		told = words ~ /^\/\*\*</ ? 2 : 1
		sub(/^\/\*+</, "/**", words)
		sub(/^\/\*/, "", words)
		tell(words)
	}
}

function tell(words, ends) {
	ends = sub(/ *\*\/$/, "", words)
	sub(/^[ \t]*\**[ \t]*/, "", words)
	if (told == 1)
		before = before words "\n"
	else
		member_doc[nr_items, nr_members[nr_items]] = member_doc[nr_items, nr_members[nr_items]] words "\n"
	if (ends)
		told = 0
}

function add_member(code, n) {
	n = ++nr_members[nr_items]
	member_code[nr_items, n] = code
	member_doc[nr_items, n] = before
	before = ""
}

# --- writing -------------------------------------------------------------------------------------

function put(text) {
	print text >file
}

# A line of roff out of plain words.
function roff(s) {
	gsub(/\\/, "\\e", s)
	# constants, calls and types stand out; the marks become fonts in the end
	gsub(/PAGEOWNER_[A-Z0-9_]+/, "\001&\002", s)
	gsub(/pageowner_[a-z0-9_]+\(\)/, "\001&\002", s)
	gsub(/\(\)\002/, "\002()", s)
	gsub(/(struct|enum) pageowner_[a-z0-9_]+/, "\003&\002", s)
	gsub(/\001/, "\\fB", s)
	gsub(/\002/, "\\fP", s)
	gsub(/\003/, "\\fI", s)
	if (s ~ /^[.']/)
		s = "\\&" s
	return s
}

function code(s) {
	gsub(/\\/, "\\e", s)
	gsub(/-/, "\\-", s)
	return s
}

# Paragraphs, and the list of parameters; of a member (tagged) all behind the first paragraph is set in.
function put_words(words, tagged, line, nr, i, gap, name, begun) {
	nr = split(words, line, "\n")
	for (i = 1; i <= nr; i++) {
		if (line[i] == "") {
			gap = begun
			continue
		}
		if (tagged == 1 && begun && (gap || line[i] ~ /^@/)) {
			put(".RS")
			tagged = 2
		}
		if (line[i] ~ /^@param /) {
			split(line[i], name, " ")
			put(".TP\n.I " name[2])
			sub(/^@param +[^ ]+ */, "", line[i])
		} else if (line[i] ~ /^@return/) {
			put(".TP\n.B Returns")
			sub(/^@return */, "", line[i])
		} else if (gap) {
			put(".PP")
		}
		gap = 0
		begun = 1
		if (line[i] != "")
			put(roff(line[i]))
	}
	if (tagged == 2)
		put(".RE")
}

# A prototype in pieces of at most 76 columns, its parameters in italics.
function put_prototype(proto, head, rest, nr, part, i, width, line, indent, bare) {
	head = proto
	sub(/\(.*/, "(", head)
	rest = substr(proto, length(head) + 1)
	nr = split_parameters(rest, part)
	line = "\\fB" code(head)
	width = length(head)
	indent = "        "
	for (i = 1; i <= nr; i++) {
		bare = part[i]
		if (width + length(bare) + 1 > 68 && i > 1) {
			put(line "\\fP")
			line = "\\fB" indent
			width = length(indent)
		}
		if (bare !~ /\(\*/)
			bare = italic_name(bare)
		line = line (i > 1 && width > length(indent) ? " " : "") bare
		width += length(part[i]) + 1
	}
	put(line "\\fP")
}

# At the commas outside of inner brackets; each piece keeps what ends it.
function split_parameters(s, part, nr, i, c, deep, from) {
	nr = 0
	from = 1
	for (i = 1; i <= length(s); i++) {
		c = substr(s, i, 1)
		deep += (c == "(") - (c == ")")
		if ((c == "," && deep == 0) || i == length(s)) {
			part[++nr] = substr(s, from, i - from + 1)
			sub(/^ /, "", part[nr])
			from = i + 1
		}
	}
	return nr
}

function italic_name(s, name) {
	if (!match(s, /[a-z_0-9]+[,)]/) || s ~ /^void\)/)
		return s
	name = substr(s, RSTART, RLENGTH)
	return substr(s, 1, RSTART - 1) "\\fI" substr(name, 1, length(name) - 1) "\\fB" substr(s, RSTART + RLENGTH - 1)
}

function brief_of(h, s) {
	s = about[h]
	sub(/\n\n.*/, "", s)
	gsub(/\n/, " ", s)
	sub(/\.( .*)?$/, "", s)
	sub(/^libpageowner: /, "", s)
	return s ~ /^[A-Z][a-z ]/ ? tolower(substr(s, 1, 1)) substr(s, 2) : s
}

function write_page(h, i, names, n) {
	file = out "/" page[h] ".3"
	if (about[h] == "") {
		printf "%s.h: no comment says @file\n", header[h] >"/dev/stderr"
		failed = 1
	}
	put(".\\\" Made from include/pageowner/" header[h] ".h, which is what to change.")
	put(".TH " toupper(page[h]) " 3 \"" date "\" \"pageowner " version "\" \"libpageowner\"")
	put(".nh\n.ad l\n.SH NAME")
	names = page[h]
	for (n = 1; n <= nr_items; n++)
		if (item_of[n] == h && item_kind[n] == "calls")
			names = add_names(names, item_name[n])
	put(names " \\- " roff(brief_of(h)))
	put_synopsis(h)
	put(".SH DESCRIPTION")
	put_words(about[h])
	for (i = 1; i <= nr_items; i++)
		if (item_of[i] == h)
			put_item(i)
	if (page[h] == "libpageowner")
		put_library()
	put(".SH \"SEE ALSO\"")
	put(page[h] == "libpageowner" ? ".BR pageowner (1)" : ".BR libpageowner (3),\n.BR pageowner_error (3)")
	close(file)
	for (n = 1; n <= nr_items; n++)
		if (item_of[n] == h && item_kind[n] == "calls")
			write_links(item_name[n], page[h])
}

function add_names(names, more, name, nr, i) {
	nr = split(more, name, ", ")
	for (i = 1; i <= nr; i++)
		if (index(names ",", name[i] ",") != 1)	# a call of the page's own name
			names = names ", " name[i]
	return names
}

function write_links(names, target, name, nr, i) {
	nr = split(names, name, ", ")
	for (i = 1; i <= nr; i++)
		if (name[i] != target)
			print name[i], target >(out "/links")
}

function put_synopsis(h, i, n, nr, proto) {
	put(".SH SYNOPSIS\n.nf\n.B #include <pageowner/" header[h] ".h>")
	for (i = 1; i <= nr_items; i++)
		if (item_of[i] == h && item_kind[i] == "define") {
			sub(/ +\/\*.*/, "", item_text[i])
			put(".B " code(item_text[i]))
		}
	for (i = 1; i <= nr_items; i++)
		if (item_of[i] == h && item_kind[i] == "calls") {
			put(".PP")
			nr = split(item_text[i], proto, "\n")
			for (n = 1; n <= nr; n++)
				put_prototype(proto[n])
		}
	put(".fi")
	if (page[h] == "libpageowner")
		put(".PP\n.nf\n.B cc program.c $(pkg\\-config \\-\\-cflags \\-\\-libs libpageowner)\n.fi")
}

function put_item(i, title) {
	if (item_kind[i] == "define" && item_doc[i] == "")
		return
	title = item_name[i]
	if (item_kind[i] == "calls") {
		gsub(/,/, "(),", title)
		title = title "()"
	} else if (title == "enum") {
		title = "Constants"
	}
	put(".SS \"" title "\"")
	put_words(item_doc[i])
	if (item_kind[i] == "struct")
		put_struct(i)
	else if (item_kind[i] == "enum")
		put_members(i, ".B ")
}

function put_struct(i, m) {
	put(".PP\n.EX\n" code(item_name[i]) " {")
	for (m = 1; m <= nr_members[i]; m++)
		put_code_line(code(member_code[i, m]))
	put("};\n.EE")
	put_members(i, ".I ")
}

# Long ones, which are pointers to functions, go on below.
function put_code_line(s, at) {
	s = "    " s
	if (length(s) > 72) {
		at = 72
		while (at > 40 && substr(s, at, 1) != " ")
			at--
		put(substr(s, 1, at - 1))
		s = "        " substr(s, at + 1)
	}
	put(s)
}

function put_members(i, font, m, name, words) {
	for (m = 1; m <= nr_members[i]; m++) {
		words = member_doc[i, m]
		sub(/\n+$/, "", words)
		if (words == "" && item_kind[i] == "struct")
			continue
		put(".TP\n" font member_name(member_code[i, m]))
		put_words(words, 1)
	}
}

function member_name(s) {
	sub(/[;,]$/, "", s)
	if (match(s, /\(\*[a-z_0-9]+\)/))
		return substr(s, RSTART + 2, RLENGTH - 3)
	sub(/ *=.*/, "", s)
	if (s ~ /,/) {	# several of one type
		match(s, /[a-z_0-9]+(\[[^]]*\])?,/)
		return "\"" remove_stars(substr(s, RSTART)) "\""
	}
	sub(/\[.*/, "", s)
	sub(/.*[ *]/, "", s)
	return s
}

function remove_stars(s) {
	gsub(/\*/, "", s)
	return s
}

# What only the first page has: the others, and a program.
function put_library(h, line) {
	put(".SH PAGES")
	for (h = 1; h <= nr_headers; h++)
		if (page[h] != "libpageowner")
			put(".TP\n.BR " page[h] " (3)\n" roff(brief_of(h)))
	if (example == "")
		return
	put(".SH EXAMPLES\n.EX")
	while ((getline line <example) > 0) {
		gsub(/\t/, "    ", line)
		line = code(line)
		put(line ~ /^[.']/ ? "\\&" line : line)
	}
	close(example)
	put(".EE")
}
