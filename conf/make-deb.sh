#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Builds the Debian packages of this tree below DIRECTORY: an upstream tar ball of what is in the tree now, conf/debian where
# dpkg-buildpackage wants it, and then that. Packages, .changes and the log are in DIRECTORY.
# Usage: make-deb.sh DIRECTORY VERSION BUILD-NAME [NEXT-VERSION]; NEXT-VERSION (1.2.3-4): built again as that one, for tests of
# upgrades, from the same objects. DEB_BUILD_OPTIONS as dpkg-buildpackage has it; CARREL_OBJECTS=DIRECTORY: objects of another
# such build, of which only those that are missing are compiled. DEB_MAINTAINER="NAME <ADDRESS>": who answers for the packages;
# this tree has no address of its own, and names one that cannot be written to.
set -euo pipefail
# What a make above was told is for its own tree.
unset MAKEFLAGS MFLAGS MAKELEVEL PREFIX SYSCONFDIR SBINDIR BINDIR MANDIR DATADIR LIBEXECDIR STATEDIR STOREDIR PAMDIR DESTDIR \
	BUILD CFLAGS CPPFLAGS LDFLAGS
tree=$(cd "$(dirname "$0")/.." && pwd -P)
mkdir -p "$1"
dir=$(cd "$1" && pwd -P) version=$2 name=$3 next=${4-}
source=$dir/carrel-$version

# What belongs to the source, also where there is no git.
files() {
	git -c safe.directory='*' -C "$tree" ls-files -z 2>/dev/null ||
		(cd "$tree" && find . -name build -prune -o -name 'build-*' -prune -o -name .git -prune -o ! -type d -print0)
}

# Whose packages they are, in what is built and in nothing of the tree.
name_maintainer() {
	local who
	[ -n "${DEB_MAINTAINER-}" ] || return 0
	[[ $DEB_MAINTAINER =~ ^[^\<\>]+\ \<[^\<\>\ ]+@[^\<\>\ ]+\>$ ]] ||
		{ echo "make-deb: DEB_MAINTAINER: found \"$DEB_MAINTAINER\", expected \"NAME <ADDRESS>\"" >&2; exit 1; }
	who=$(sed 's/[&|\\]/\\&/g' <<<"$DEB_MAINTAINER")
	sed -i "s|^Maintainer: .*|Maintainer: $who|" "$source/debian/control"
	sed -i "1,/^ -- /s|^ -- .*>  | -- $who  |" "$source/debian/changelog"
}

# build OPTION...
build() {
	(cd "$source" && dpkg-buildpackage --no-sign "$@") >>"$dir/log" 2>&1 ||
		{ tail -n 30 "$dir/log" | cut -c 1-300 >&2; exit 1; }
}

[ "$(sed -n '1s/.*(\([^-]*\)-.*/\1/p' "$tree/conf/debian/changelog")" = "$version" ] ||
	{ echo "make-deb: conf/debian/changelog begins with another version than $version" >&2; exit 1; }
if [ -z "$next" ]; then
	rm -rf "$source" "$dir"/carrel[-_]* "$dir/log"
	mkdir -p "$source"
	files | (cd "$tree" && tar --null --no-recursion -T - --ignore-failed-read -c) | tar -C "$source" -x
	echo "$name" >"$source/RELEASE"
	tar -C "$dir" --sort=name --owner=0 --group=0 --numeric-owner --mode=go=rX,u+rw --mtime="@$(dpkg-parsechangelog \
		-l "$tree/conf/debian/changelog" -S Timestamp)" -c "carrel-$version" | gzip -9n >"$dir/carrel_$version.orig.tar.gz"
	cp -r "$tree/conf/debian" "$source/debian"
	name_maintainer
	if [ -n "${CARREL_OBJECTS-}" ]; then
		mkdir "$source/build"
		cp -a "$CARREL_OBJECTS" "$source/build/obj"
		build --build=binary --no-pre-clean
	else
		build
	fi
else
	date=$(dpkg-parsechangelog -l "$tree/conf/debian/changelog" -S Date)
	{
		printf 'carrel (%s) unstable; urgency=medium\n\n  * Built to try an upgrade.\n\n' "$next"
		printf ' -- carrel packagers <carrel@example.invalid>  %s\n\n' "$date"
		cat "$tree/conf/debian/changelog"
	} >"$source/debian/changelog"
	name_maintainer
	rm -rf "$source"/debian/{.debhelper,debhelper-build-stamp,tmp}
	build --build=binary --no-pre-clean
fi
