# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Debian's packages for a suite that needs more than the image has: fetched on this side, once, from the sources that the guest
# names, since it has no way out. Sourced by suites, behind suite.sh.

# apt_of_guest DIRECTORY COMMAND...: apt-get as the guest's own would be, its lists in DIRECTORY
apt_of_guest() {
	local dir=$1
	shift
	apt-get -qq -o APT::Sandbox::User=root -o Debug::NoLocking=1 -o "Dir::Etc::sourcelist=$dir/sources.list" \
		-o Dir::Etc::sourceparts=- -o "Dir::State::lists=$dir/lists" -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= \
		-o "Dir::State::status=$dir/status" -o "Dir::State::extended_states=$dir/extended" -o "Dir::Cache::archives=$dir/debs" "$@"
}

apt_of_guest_begin() { # DIRECTORY
	mkdir -p "$1"/lists/partial "$1"/debs/partial
	guest 'cat /etc/apt/sources.list' >"$1/sources.list" </dev/null && guest 'cat /var/lib/dpkg/status' >"$1/status" </dev/null &&
		apt_of_guest "$1" update
}

packages_fetch() { # FILE PACKAGE...: with all that they need and the guest has not
	local dir file=$1
	shift
	[ ! -s "$file" ] || return 0
	dir=$(mktemp -d "$file.XXXXXX") || return 1
	(
		set -e
		apt_of_guest_begin "$dir"
		apt_of_guest "$dir" install -y --no-install-recommends --download-only "$@"
		tar -C "$dir/debs" --owner=0 --group=0 --exclude=./partial --exclude=./lock -cf "$dir/pack.tar" .
		mv "$dir/pack.tar" "$file"
	) </dev/null >&2
	rm -rf "$dir"
	[ -s "$file" ]
}

# packages_add PACKAGE...: into the guest. False when they cannot be fetched or installed.
packages_add() {
	local suite=${GUEST:-bookworm} file
	file=${CARREL_GUEST_CACHE:-/var/cache/carrel-guest}/packages-$(md5sum <<<"1 $suite $*" | cut -c 1-12).tar
	packages_fetch "$file" "$@" || return 1
	guest 'rm -rf /var/tmp/packages && mkdir /var/tmp/packages && tar -C /var/tmp/packages -xf -' <"$file" &&
		guest 'ls /var/tmp/packages/*.deb | sed "s|.*/||; s|_.*||" >/var/tmp/packages/names
			DEBIAN_FRONTEND=noninteractive dpkg -i /var/tmp/packages/*.deb >/var/tmp/packages/log 2>&1 && exit
			tail -n 20 /var/tmp/packages/log; exit 1' </dev/null
}

# packages_remove: what packages_add has brought, with its configuration
packages_remove() {
	guest 'xargs dpkg --purge --force-all </var/tmp/packages/names >/dev/null 2>&1; rm -rf /var/tmp/packages'
}
