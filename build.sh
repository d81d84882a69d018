#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# For a new machine with git and a package manager: install what is missing, build, and
#
#   sh build.sh demo          print the report of a bundled real vmcore
#   sh build.sh check         pass the tests, as CI does: gcc, clang with sanitizers, threads, distribution, packages
#   sh build.sh deb           build the Debian packages, and try them in a clean root (needs root and the network)
#   sh build.sh debian13      the same with the libraries of Debian 13, in a root of its own
#
# Builds go to $BUILD_DIR (default: build/ in the source tree).
set -eu
top=$(cd "$(dirname "$0")" && pwd)
build=${BUILD_DIR:-$top/build}
jobs=$(nproc 2>/dev/null || echo 2)

say() {
	echo "build.sh: $*" >&2
}

# --- packages ---

needed="gcc libc6-dev make autoconf automake libtool pkg-config xz-utils
	libkdumpfile-dev libdwarf-dev libelf-dev zlib1g-dev libdeflate-dev libzstd-dev"
packages_need="debhelper lintian debootstrap crash"
tests_need="liblzo2-dev libsnappy-dev makedumpfile binutils util-linux g++ man-db mandoc clang lld llvm pahole"
# to boot guests that look at themselves, and to build what runs in them
guests_need="qemu-system-x86 qemu-system-arm qemu-user seabios cpio gcc-aarch64-linux-gnu libc6-dev-arm64-cross"
tests_need="$tests_need crash bsdutils"

missing() {
	for p in "$@"; do
		dpkg-query -W -f='${Status}' "$p" 2>/dev/null | grep -q '^install ok installed$' || echo "$p"
	done
}

install_packages() {
	command -v dpkg-query >/dev/null 2>&1 || {
		say "this is no Debian: install by hand: $*"
		return
	}
	list=$(missing "$@")
	[ -n "$list" ] || return 0
	say "installing: $(echo $list)"
	sudo=
	[ "$(id -u)" = 0 ] || sudo=sudo
	$sudo env DEBIAN_FRONTEND=noninteractive apt-get -o Acquire::Retries=3 update -q >&2
	$sudo env DEBIAN_FRONTEND=noninteractive apt-get -o Acquire::Retries=3 install -qy --no-install-recommends $list >&2
}

# The sanitizers' run-time library is a package of clang's own version.
install_clang_runtime() {
	version=$(clang --version 2>/dev/null | sed -n '1s/.*version \([0-9]*\).*/\1/p')
	[ -z "$version" ] || install_packages "libclang-rt-$version-dev"
}

# The static libraries of arm64 that its program is linked with: unpacked, for two architectures at once would upgrade half of
# the machine.
fetch_arm64_libs() {
	[ ! -e "$build/arm64-libs" ] || return 0
	rm -rf "$build/arm64-libs.part"
	mkdir -p "$build/arm64-libs.part"
	for p in libdwarf-dev libelf-dev libzstd-dev zlib1g-dev; do
		PACKAGE_ARCH=arm64 bash "$top/testdata/guest/fetch-source.sh" -p "$(. /etc/os-release && echo "$VERSION_CODENAME")" \
			"$p" "$build/arm64-debs" >&2 && cp -a "$build/arm64-debs/$p/." "$build/arm64-libs.part/" || return 1
	done
	mv "$build/arm64-libs.part" "$build/arm64-libs"
}

# --- builds ---

# configure_in NAME OPTION...
configure_in() {
	mkdir -p "$build/$1"
	[ -x "$top/configure" ] || (cd "$top" && autoreconf -fi >"$build/autoreconf.log" 2>&1) || {
		cat "$build/autoreconf.log" >&2
		return 1
	}
	dir=$build/$1
	shift
	(cd "$dir" && "$top/configure" -q "$@" >&2)
}

make_in() {
	dir=$build/$1
	shift
	make -s -C "$dir" -j"$jobs" "$@"
}

# Count the results of `make check` in NAME: adds to $passed, $failed, $skipped.
count_in() {
	results=$(find "$build/$1" -name '*.trs' -exec cat {} + | sed -n 's/^:test-result: \([A-Z]*\).*/\1/p')
	passed=$((passed + $(echo "$results" | grep -cx -e PASS -e XFAIL || true)))
	failed=$((failed + $(echo "$results" | grep -cx -e FAIL -e ERROR -e XPASS || true)))
	skipped=$((skipped + $(echo "$results" | grep -cx SKIP || true)))
}

# Show what failed, as far as a reader can use it.
show_failures() {
	find "$build/$1" -name '*.trs' | while read -r trs; do
		grep -qE '^:test-result: (FAIL|ERROR)' "$trs" || continue
		echo "--- ${trs%.trs}"
		grep -E -A 20 '^(not ok|Bail out)|ERROR' "${trs%.trs}.log" | head -n 80 || true
	done
}

# This tree without what was built in it, as git has it or a tarball had.
copy_tree() {
	if [ -e "$top/.git" ]; then
		git -C "$top" ls-files -z
	else
		(cd "$top" && find . -path ./build -prune -o -type f -print0 -o -type l -print0)
	fi | tar -C "$top" --null -T - -cf - | tar -C "$1" -xf -
}

# make_root SUITE DIR: a minimal Debian from where this machine has its packages
make_root() {
	mirror=${DEBIAN_MIRROR:-$(sed -n 's/^URIs: *//p; s/^deb \([^ [][^ ]*\) .*/\1/p' \
		/etc/apt/sources.list.d/debian.sources /etc/apt/sources.list 2>/dev/null | head -n 1)}
	debootstrap --variant=minbase "$1" "$2" "$mirror" >&2 || return 1
	cp /etc/resolv.conf "$2/etc/resolv.conf" 2>/dev/null || true
	cp /etc/apt/apt.conf.d/*proxy* "$2/etc/apt/apt.conf.d/" 2>/dev/null || true
}

# check_in NAME VARIABLE=VALUE...
check_in() {
	name=$1
	shift
	make_in "$name" check "$@" >"$build/$name.log" 2>&1 || {
		tail -n 40 "$build/$name.log"
		show_failures "$name"
		status=1
	}
	count_in "$name"
	say "$name: so far $passed passed, $failed failed, $skipped skipped"
}

# Only what threads do, under the sanitizer that watches them, on the dumps that were unpacked for gcc.
check_threads() {
	configure_in clang-threads --enable-werror --enable-sanitizers=thread CC=clang CFLAGS="-O1 -g"
	mkdir -p "$build/clang-threads/tests"
	ln -sfn ../../gcc/tests/fixtures "$build/clang-threads/tests/fixtures"
	still=	# the sanitizer of some releases cannot bear all places where a kernel may put things
	! setarch "$(uname -m)" -R true 2>/dev/null || still="setarch $(uname -m) -R"
	check_in clang-threads TESTS=tests/test-threads check_PROGRAMS=tests/test-threads check_DATA= LOG_COMPILER="$still"
}

# --- Debian packages ---

# result WHAT COMMAND...: a test, what it says goes to deb.log
result() {
	what=$1
	shift
	if "$@" >>"$build/deb.log" 2>&1; then
		passed=$((passed + 1))
		say "deb: $what"
	else
		failed=$((failed + 1)) status=1
		say "deb: FAILED: $what"
		tail -n 20 "$build/deb.log"
		return 1
	fi
}

deb_build() {
	(cd "$build/deb/pageowner" && DEB_BUILD_PROFILES=nocheck DEB_BUILD_OPTIONS="nocheck parallel=$jobs" \
		dpkg-buildpackage -us -uc -b)
}

deb_lint() {
	lintian --allow-root --fail-on error,warning "$build"/deb/*.changes
}

# What the packages depend on, but for each other.
deb_dependencies() {
	for p in "$build"/deb/pageowner_*.deb "$build"/deb/pageowner-crash_*.deb "$build"/deb/libpageowner0_*.deb; do
		dpkg-deb -f "$p" Depends
	done | tr ',' '\n' | sed 's/(.*//; s/|.*//; s/ //g' | grep -v pageowner | sort -u
}

in_root() {
	DEBIAN_FRONTEND=noninteractive LC_ALL=C chroot "$root" "$@"
}

# A root that has all but our packages, and the part of the tree that their test reads.
deb_root() {
	mkdir -p "$root" && make_root "$(. /etc/os-release && echo "$VERSION_CODENAME")" "$root" || return 1
	in_root apt-get install -qy --no-install-recommends xz-utils $(deb_dependencies) || return 1
	mkdir -p "$root/tree/testdata/dumps" "$root/packages" &&
		cp -R "$build/deb/pageowner/debian" "$root/tree/" &&
		cp -R "$build/deb/pageowner/testdata/dumps/6.1-x86_64" "$root/tree/testdata/dumps/" &&
		cp "$build"/deb/pageowner_*.deb "$build"/deb/pageowner-crash_*.deb "$build"/deb/libpageowner0_*.deb \
			"$build"/deb/libpageowner-dev_*.deb "$root/packages/"
}

# All there is in the root, and what is in it, but for what dpkg and ldconfig write down for themselves.
deb_list() {
	(cd "$root" && find . -xdev -path ./proc -prune -o -printf '%p %y %m %u %g %l\n' | sort &&
		find . -xdev \( -path ./proc -o -path ./var/log -o -path ./var/lib/dpkg -o -path ./var/cache/ldconfig \) -prune -o \
			-type f -print0 | sort -z | xargs -0 sha256sum)
}

deb_install() {
	in_root sh -c 'dpkg -i /packages/*.deb && dpkg --audit'
}

deb_report() {
	in_root sh -c 'cd /tree && sh -x debian/tests/report'
}

deb_purge() {
	in_root sh -c 'dpkg --purge $(dpkg-query -W -f "\${Package} " "*pageowner*")' && deb_list >"$build/deb/after" &&
		diff "$build/deb/before" "$build/deb/after"
}

check_deb() {
	install_packages $needed $packages_need
	rm -rf "$build/deb" && mkdir -p "$build/deb/pageowner" && : >"$build/deb.log"
	copy_tree "$build/deb/pageowner"
	result "the packages are built" deb_build || return 0
	result "lintian has neither errors nor warnings" deb_lint || true
	root=$build/deb/root
	if ! deb_root >>"$build/deb.log" 2>&1; then
		tail -n 5 "$build/deb.log"
		say "deb: no clean root can be made here (that needs root and the network): not installed, not tried, not purged"
		skipped=$((skipped + 3))
		return
	fi
	deb_list >"$build/deb/before"
	result "they are installed into a clean root" deb_install || return 0
	result "the report of a bundled dump is the kernel's there" deb_report || true
	result "they are purged without a trace" deb_purge || true
}

deb() {
	passed=0 failed=0 skipped=0 status=0
	check_deb
	echo "$passed passed, $failed failed, $skipped skipped"
	return $status
}

demo() {
	install_packages $needed
	configure_in demo --disable-dependency-tracking
	make_in demo >&2
	work=$(mktemp -d)
	trap 'rm -rf "$work"' EXIT
	dumps=$top/testdata/dumps/6.1-x86_64
	xz -dc "$dumps/vmlinux.xz" >"$work/vmlinux"
	xz -dc "$dumps/dump.elf.xz" >"$work/vmcore"
	say "pageowner report -k vmlinux vmcore"
	"$build/demo/pageowner" report -k "$work/vmlinux" "$work/vmcore"
}

check() {
	passed=0 failed=0 skipped=0 status=0
	install_packages $needed $tests_need $guests_need
	install_clang_runtime
	if fetch_arm64_libs; then
		export ARM64_LIBS="$build/arm64-libs"
	else
		say "the libraries of arm64 cannot be fetched: no guest of arm64 is booted"
	fi
	export CRASH_DIR="$build/crash"		# fetched once for all
	# once with one thread and libdeflate, once with four and zlib
	configure_in gcc --enable-werror --enable-static
	export PAGEOWNER_JOBS=1
	check_in gcc
	configure_in clang-sanitizers --enable-werror --enable-sanitizers --without-libdeflate CC=clang \
		CFLAGS="-O1 -g" LDFLAGS=-rtlib=compiler-rt || configure_in clang-sanitizers --enable-werror \
		--enable-sanitizers --without-libdeflate CC=clang CFLAGS="-O1 -g"
	export PAGEOWNER_JOBS=4
	check_in clang-sanitizers
	unset PAGEOWNER_JOBS
	check_threads
	say "make distcheck"
	# what is in there is compressed already
	if XZ_OPT=-0 make_in gcc distcheck >"$build/distcheck.log" 2>&1; then
		passed=$((passed + 1))
	else
		tail -n 40 "$build/distcheck.log"
		failed=$((failed + 1)) status=1
	fi
	check_deb
	[ "$failed" -eq 0 ] || status=1
	echo "$passed passed, $failed failed, $skipped skipped"
	return $status
}

# A root with Debian 13, made by debootstrap; it holds a copy of this tree and runs the check there.
debian13() {
	install_packages debootstrap
	root=$build/debian13
	mkdir -p "$build"
	[ -e "$root/etc/debian_version" ] || make_root trixie "$root"
	rm -rf "$root/pageowner"
	mkdir -p "$root/pageowner"
	copy_tree "$root/pageowner"
	mount -t proc proc "$root/proc" 2>/dev/null || true
	mount --bind /dev "$root/dev" 2>/dev/null || true
	status=0
	chroot "$root" sh /pageowner/build.sh check || status=$?
	umount "$root/dev" "$root/proc" 2>/dev/null || true
	return $status
}

case ${1-} in
demo | check | deb | debian13) "$1" ;;
*)
	sed -n '3,10s/^# \{0,1\}//p' "$0"
	exit 2
	;;
esac
