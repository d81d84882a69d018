#!/bin/bash
# fetch-source.sh VERSION DIR: the source of Debian's linux-source-VERSION, unpacked to DIR/linux-source-VERSION
# fetch-source.sh -p SUITE PACKAGE DIR: any binary package of a suite, unpacked (not installed) to DIR/PACKAGE; of another
#	architecture with PACKAGE_ARCH in the environment
#
# The packages come from other suites than the running system's, so apt gets a configuration of its own: sources, state
# and cache in DIR, nothing of the system's changes.  The mirror is $DEBIAN_MIRROR (for a package that has left its suite, an
# archive of snapshots), or else the one that the system uses.  A linux-source package that is installed is taken as it is.
set -eu
if [ "$1" = -p ]; then
	suite=$2 package=$3 dir=$4
else
	package=linux-source-$1 dir=$2
	case $1 in
	5.10) suite=bullseye ;;
	6.1) suite=bookworm ;;
	# not trixie: 6.12.117 there takes every charge for one of an obj_cgroup, and reading page_owner kills it
	6.12) suite=bookworm-backports ;;
	7.2) suite=sid ;;
	7.3) suite=trixie-backports ;;
	*) echo "no suite known for linux $1" >&2; exit 1 ;;
	esac
fi
to=$dir/$package
[ "$1" = -p ] || to=$dir/linux-source-$1
[ ! -e "$to" ] || exit 0
part=$to.part
rm -rf "$part"
mkdir -p "$part"
if [ -e "/usr/src/$package.tar.xz" ]; then	# installed here
	tar -xJf "/usr/src/$package.tar.xz" -C "$part"
	mv "$part/$package" "$to"
	rmdir "$part"
	dpkg-query -W -f '${Version}\n' "$package" > "$to.version"
	exit 0
fi

mirror=${DEBIAN_MIRROR:-$(cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources 2> /dev/null |
	sed -n 's/^URIs: *\([^ ]*\).*/\1/p; s/^deb *\(\[[^]]*\] *\)\{0,1\}\([^ ]*\) .*/\2/p' | grep -m1 '/debian/*$')}
arch=${PACKAGE_ARCH:-}
apt=$dir/apt/$suite${arch:+-$arch}
mkdir -p "$apt/state/lists/partial" "$apt/cache/archives/partial"
touch "$apt/status"
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main" > "$apt/sources.list"
options=(-o "Dir::Etc::sourcelist=$apt/sources.list" -o Dir::Etc::sourceparts=- -o "Dir::State=$apt/state"
	-o "Dir::State::status=$apt/status" -o "Dir::Cache=$apt/cache" -o APT::Sandbox::User=root -o Acquire::Check-Valid-Until=false -o Acquire::Retries=3 -qq
	${arch:+-o "APT::Architecture=$arch" -o "APT::Architectures=$arch"})
if [ -z "$(find "$apt/updated" -mmin -60 2> /dev/null)" ]; then	# not again for each package
	apt-get "${options[@]}" update
	touch "$apt/updated"
fi
(cd "$apt" && apt-get "${options[@]}" download "$package")
deb=$(ls "$apt/${package}"_*.deb)
if [ "$1" = -p ]; then
	dpkg-deb -x "$deb" "$part"
	mv "$part" "$to"
else
	dpkg-deb --fsys-tarfile "$deb" | tar -xO "./usr/src/$package.tar.xz" | tar -xJ -C "$part"
	mv "$part/$package" "$to"
	rmdir "$part"
fi
# which version it was: testdata/README tells it
dpkg-deb -f "$deb" Version > "$to.version"
rm "$deb"
