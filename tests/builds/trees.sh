#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Makes a tree of a Debian with compilers and carrel's libraries in it, once for each list of packages, and prints where it
# is. Packages come from the mirrors that the host's own apt knows.
# Usage: trees.sh bookworm|trixie|sid|trixie-arm64
# Environment: CARREL_BUILDS_CACHE (default /var/cache/carrel-builds)
set -euo pipefail
cache=${CARREL_BUILDS_CACHE:-/var/cache/carrel-builds}
tree=${1:?which tree}
release=${tree%-arm64}
libraries=(libpam0g-dev libcap-dev libseccomp-dev libconfig-dev libsystemd-dev libnftables-dev libcmocka-dev)
# What unit tests start.
packages=(make git procps jq util-linux bsdextrautils libc6-dev dpkg-dev "${libraries[@]}")

case $tree in
bookworm) packages+=(gcc gcc-11 gcc-12 clang-14 clang-15 clang-16) ;;
trixie) packages+=(gcc gcc-12 gcc-13 gcc-14 clang-19 musl-tools) ;;
sid) packages+=(gcc gcc-15 gcc-16 clang-21 clang-23) ;;
trixie-arm64) packages+=(gcc gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user libpam-modules:arm64 "${libraries[@]/%/:arm64}") ;;
*) echo "trees: found \"$tree\", expected bookworm, trixie, sid or trixie-arm64" >&2; exit 1 ;;
esac

comma() {
	local IFS=,
	echo "$*"
}

# A release that goes on has no "-updates" and no security suite.
sources() {
	apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT) $(ORIGIN)' 'Created-By: Packages' |
		awk -v release="$release" '$4 == "Debian" && sub(/^(bookworm|trixie|sid)/, release, $2) &&
			(release != "sid" || $2 == "sid") { print "deb", $1, $2, $3 }' | sort -u
}

bootstrap() { # ROOT
	local options=()
	[ "$tree" = "$release" ] || options+=(--architectures="$(dpkg --print-architecture),arm64")
	unshare -m mmdebstrap --quiet --mode=root --variant=minbase --include="$(comma "${packages[@]}")" \
		--aptopt='Acquire::Retries "3"' --aptopt='Acquire::Check-Valid-Until "false"' \
		--aptopt='APT::Install-Recommends "false"' \
		--dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/doc/*' \
		--dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/share/info/*' \
		"${options[@]}" "$release" "$1" - < <(sources)
}

digest() {
	echo "$tree ${packages[*]}" | sha256sum | cut -c 1-12
}

main() {
	local root
	root=$cache/$tree-$(digest)
	mkdir -p "$cache"
	exec 9>"$cache/lock"
	flock 9 # two runs at once make it once
	if [ ! -e "$root.ready" ]; then
		[ "$(id -u)" -eq 0 ] || { echo "trees: must be run as root" >&2; exit 1; }
		echo "trees: making $tree (some minutes, once)" >&2
		rm -rf "$cache/$tree"-????????????
		bootstrap "$root" >&2
		touch "$root.ready"
	fi
	echo "$root"
}

main
