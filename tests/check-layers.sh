#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Each directory of src includes only what src/LAYERS allows, and foreign headers have one door file each.
. "${TOP_SRCDIR:-.}/tests/tap.sh"
cd "${TOP_SRCDIR:-.}/src" || exit 99

check_layer() {
	layer=$1 allowed=" $2 $1 " bad=0
	for f in "$layer"/*.c "$layer"/*.h; do
		[ -e "$f" ] || continue
		for dir in $(sed -n 's|^#[ 	]*include "\([a-z]*\)/.*|\1|p' "$f" | sort -u); do
			case $allowed in
			*" $dir "*) ;;
			*) echo "$f includes $dir/"; bad=1 ;;
			esac
		done
		if grep -n '^#[ 	]*include "[^/]*"' "$f"; then
			echo "$f: include with the layer's name"
			bad=1
		fi
	done
	return $bad
}

check_public_only() {
	! grep -n '^#[ 	]*include "' cli/*.[ch] crash/*.[ch] | grep -v '"cli/'
}

# A debugger keeps its session: what the commands have opened they close by cli_close().
check_close() {
	found=$(grep -l 'pageowner_close(' cli/*.c)
	[ "$found" = cli/cli-input.c ] || { echo "pageowner_close() is called by: $found"; return 1; }
}

check_foreign() {
	file=$1 header=$2
	found=$(grep -l "^#[ 	]*include <$header>" */*.[ch])
	[ "src/$found" = "$file" ] || { echo "<$header> is included by: $found"; return 1; }
}

check_all_named() {
	for d in */; do
		grep -q "^${d%/}:" LAYERS || { echo "src/$d is not in src/LAYERS"; return 1; }
	done
}

ok "every directory has a rule" check_all_named
while IFS= read -r line; do
	case $line in
	'#'* | '') ;;
	foreign*)
		file=${line#foreign } file=${file%%:*}
		for header in ${line#*: }; do
			ok "$header is the business of $file alone" check_foreign "$file" "$header"
		done ;;
	*) ok "layer ${line%%:*}" check_layer "${line%%:*}" "${line#*:}" ;;
	esac
done <LAYERS
ok "the CLI uses the public API alone" check_public_only
ok "the commands close no session themselves" check_close
tap_end
