#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The Debian package in a throw-away tree of this host's Debian, in namespaces, where neither systemd nor sshd runs: as in a
# container or an image that is being made. The autopkgtests of the package are run here, and dpkg's ways through the maintainer
# scripts that a guest (suite package) does not go. The tree is made once, from the mirrors of the host's apt.
# Usage: package.sh BUILD [CASE...]; environment: CARREL_BUILDS_CACHE, see tests/builds/trees.sh
set -u
. "$(dirname "$0")/../lib/tap.sh"

# ---- outside: the tree, and this script again in it

tree_make() { # ARCHIVE
	local release packages=systemd,libnftables1,libpam-runtime,login,passwd
	release=$(. /etc/os-release && echo "$VERSION_CODENAME")
	echo "package: making a tree of $release (a minute, once)" >&2
	mmdebstrap --quiet --variant=minbase --include=$packages --aptopt='APT::Install-Recommends "false"' \
		"$release" "${1%.tar}.new.tar" < <(cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null) &&
		mv "${1%.tar}.new.tar" "$1"
}

outside() { # BUILD CASE...
	local build cache=${CARREL_BUILDS_CACHE:-/var/cache/carrel-builds} archive tree source rc
	build=$(realpath "$1")
	source=$(cd "$(dirname "$0")/../.." && pwd -P)
	shift
	[ "$(id -u)" -eq 0 ] || { echo "package: must be run as root" >&2; exit 3; }
	mkdir -p "$cache"
	archive=$cache/package-$(. /etc/os-release && echo "$VERSION_CODENAME").tar
	[ -e "$archive" ] || tree_make "$archive" || exit 3
	tree=$(mktemp -d) || exit 3
	trap 'rm -rf --one-file-system "$tree"' EXIT
	tar -C "$tree" -xpf "$archive" --exclude='./dev/*' || exit 3
	mkdir -p "$tree/opt/tests/lib" "$tree/opt/tests/package" "$tree/.host"
	cp "$build"/deb/carrel_*.deb "$tree/opt/"
	cp -r "$source/conf/debian/tests" "$tree/opt/autopkgtest"
	cp "$source/tests/lib/tap.sh" "$tree/opt/tests/lib/"
	cp "$0" "$tree/opt/tests/package/"
	printf '127.0.0.1 localhost\n127.0.1.1 %s\n' "$(hostname)" >"$tree/etc/hosts"
	unshare --mount --ipc --uts --net --pid --fork --kill-child bash -c '
		mount --make-rprivate / && mount --rbind "$1" "$1" && mount -t proc proc "$1/proc" && mount -t tmpfs dev "$1/dev" &&
			for device in null zero full random urandom tty; do
				touch "$1/dev/$device" && mount --bind "/dev/$device" "$1/dev/$device" || exit 3
			done && mkdir "$1/dev/pts" "$1/dev/shm" && mount -t devpts -o newinstance,ptmxmode=0666 devpts "$1/dev/pts" &&
			ln -s pts/ptmx "$1/dev/ptmx" && ln -s /proc/self/fd "$1/dev/fd" && mount -t tmpfs shm "$1/dev/shm" &&
			cd "$1" && pivot_root . .host && exec chroot . /usr/bin/env -i CARREL_IN_TREE=1 HOME=/root LC_ALL=C.UTF-8 \
			PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive \
			bash -c "umount -l /.host && exec bash /opt/tests/package/package.sh \"\$@\"" inside "${@:2}"
	' outside "$tree" "$@"
	rc=$?
	exit $rc
}

[ "${CARREL_IN_TREE-}" = 1 ] || { cases_begin "$0" "${@:2}"; outside "$@"; }

# ---- inside

old=$(ls /opt/carrel_*.deb | head -n 1)
new=$(ls /opt/carrel_*.deb | tail -n 1)
info=/var/lib/dpkg/info/carrel

package() { dpkg "$@" </dev/null 2>&1; }
state() { dpkg-query -W -f '${db:Status-Status}' carrel 2>/dev/null; }
pam() { find /etc/pam.d -type f -exec md5sum {} + | sort; }

check_install() {
	bare=$(pam)
	check "installed" package -i "$old"
	is "PAM is as it was" "$(pam)" "$bare"
	is "its directories are root's alone" "$(stat -c '%a %U' /run/carrel /var/lib/carrel | uniq)" '700 root'
	is "no unit is enabled" "$(ls /etc/systemd/system/*.wants | grep carrel)" ""
}

check_autopkgtests() {
	local name
	for name in $(sed -n 's/^Tests: //p' /opt/autopkgtest/control); do
		check "autopkgtest $name" "/opt/autopkgtest/$name"
	done
	is "each that is there is named" "$(ls /opt/autopkgtest | grep -vx control | xargs)" \
		"$(sed -n 's/^Tests: //p' /opt/autopkgtest/control | sort | xargs)"
}

# Policy 6.5, 6.6: all that dpkg may call, with what is installed as it is.
check_arguments() {
	local call before
	before=$(pam; getent group; cat /etc/shells; find /etc/carrel /run/carrel /var/lib/carrel)
	while read -r call; do
		check "$call" eval "$info.$call </dev/null"
		is "$call changes nothing" "$(pam; getent group; cat /etc/shells; find /etc/carrel /run/carrel /var/lib/carrel)" "$before"
	done <<-'END'
		postinst configure
		postinst configure 0.0.1-1
		postinst abort-upgrade 9
		postinst abort-remove
		postinst abort-remove in-favour other 1
		postinst abort-deconfigure in-favour other 1 removing another 1
		postinst triggered /a/name
		prerm upgrade 9
		prerm failed-upgrade 0.0.1-1 9
		prerm deconfigure in-favour other 1 removing another 1
		postrm upgrade 9
		postrm failed-upgrade 0.0.1-1 9
		postrm abort-install
		postrm abort-install 0.0.1-1 9
		postrm abort-upgrade 0.0.1-1 9
		postrm disappear other 1
	END
}

enabled() { # SERVICE: as an administrator has it, and what other packages' upgrades leave beside it
	carrelctl enable --no-rehearse --force "$1" && cp -a "/etc/pam.d/$1" "/etc/pam.d/$1.dpkg-old"
}

check_refused() {
	local before
	check "enabled for two services" eval 'enabled su && enabled login'
	cp /etc/pam.d/su '/etc/pam.d/a name'
	mount --bind '/etc/pam.d/a name' '/etc/pam.d/a name' # so that nothing takes its place
	before=$(pam)
	like "what cannot be taken out: it is not removed" "$(package -r carrel)" \
		'not removed: .*still name pam_carrel.so: /etc/pam.d/a name'
	is "nothing is lost: neither the package" "$(state)" installed
	is "nor a room" "$(pam)" "$before"
	umount '/etc/pam.d/a name'
	rm '/etc/pam.d/a name'
	cp /etc/pam.d/su /etc/pam.conf
	before=$(pam)
	like "the one file that holds all services: it is not removed" "$(package -r carrel)" 'not removed: /etc/pam.conf names'
	is "nor is anything changed" "$(pam)" "$before"
	rm /etc/pam.conf
}

check_upgrade() {
	local before
	before=$(pam)
	check "the next version" package -i "$new"
	is "PAM is as it was" "$(pam)" "$before"
	check "and the one before it again" package -i "$old"
	is "PAM is as it was" "$(pam)" "$before"
}

check_remove() {
	local told
	told=$(package -r carrel)
	is "removed" "$(state)" config-files
	like "which says whose logins have no room" "$told" 'logins by su are in rooms no longer'
	rm -f /etc/pam.d/*.dpkg-old
	is "PAM is as before it came" "$(pam)" "$bare"
}

check_without_pam() {
	mv /etc/pam.d /etc/pam.away
	check "installed where there is no /etc/pam.d" package -i "$old"
	check "and removed" package -r carrel
	check "and purged" package -P carrel
	mv /etc/pam.away /etc/pam.d
	is "nothing is left but the group" "$(find /etc /usr /var /run -xdev -iname '*carrel*' ! -path '/var/log/*'
		grep carrel /etc/shells)" ""
}

needs check_autopkgtests check_install
needs check_arguments check_install
needs check_refused check_install
needs check_upgrade check_refused
needs check_remove check_upgrade
needs check_without_pam check_remove
run_cases "$@" -- check_install check_autopkgtests check_arguments check_refused check_upgrade check_remove check_without_pam
tap_done
