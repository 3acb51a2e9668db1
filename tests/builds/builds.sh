#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Builds all programs and unit tests with other compilers, other Debians' libraries, flags of distributions and for another
# architecture, each warning an error, and runs the unit tests. One line for each: the name, what built it, how it ended.
# Usage: builds.sh BUILD [NAME...], a name or the beginning of some ("arm64", "sid-"); --list: what there is
# Environment: UNIT=no builds the products alone; CARREL_BUILDS_CACHE, see trees.sh
# Each build's own files stay in its tree, as /build/NAME.
set -u
here=$(cd "$(dirname "$0")" && pwd -P)
source=$(cd "$here/../.." && pwd -P)
NAMES=()
declare -A TREE HOW

# cmocka 2 says of names that cmocka 1 has as well that they are deprecated.
strict="WERROR='-Werror -Wno-error=deprecated-declarations'"

# row NAME TREE WORDS: what make is given
row() {
	NAMES+=("$1")
	TREE[$1]=$2
	HOW[$1]=$3
}

# What packages of distributions are built with (dpkg-buildflags, redhat-rpm-config, makepkg.conf, rpm-config-SUSE), but for
# specs and plugins that are files of theirs.
rpm="-O2 -flto=auto -ffat-lto-objects -fexceptions -g -grecord-gcc-switches -pipe -Wall -Werror=format-security"
rpm+=" -Wp,-D_GLIBCXX_ASSERTIONS -fstack-protector-strong -m64 -mtune=generic -fasynchronous-unwind-tables"
rpm+=" -fstack-clash-protection -fcf-protection"
frames="-fno-omit-frame-pointer -mno-omit-leaf-frame-pointer"
fedora="$rpm -Wp,-U_FORTIFY_SOURCE,-D_FORTIFY_SOURCE=3 $frames"
rhel="$rpm -Wp,-D_FORTIFY_SOURCE=2 -march=x86-64-v2"
suse="-O2 -Wall -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 -fstack-protector-strong -funwind-tables"
suse+=" -fasynchronous-unwind-tables -fstack-clash-protection -Werror=return-type -flto=auto -g"
arch="-march=x86-64 -mtune=generic -O2 -pipe -fno-plt -fexceptions -Wp,-D_FORTIFY_SOURCE=3 -Wformat"
arch+=" -Werror=format-security -fstack-clash-protection -fcf-protection $frames -g -flto=auto"
ubuntu="-g -O2 $frames -flto=auto -ffat-lto-objects -fstack-protector-strong -fstack-clash-protection -Wformat"
ubuntu+=" -Werror=format-security -fcf-protection"
debian="" # asked for in the tree
for flags in CPPFLAGS CFLAGS LDFLAGS; do
	debian+=" $flags=\"\$(DEB_BUILD_MAINT_OPTIONS=hardening=+all dpkg-buildflags --get $flags)\""
done
packed="-Wl,--as-needed -Wl,-z,relro -Wl,-z,now -Wl,-z,pack-relative-relocs"

row arm64-gcc-14 trixie-arm64 "CC=aarch64-linux-gnu-gcc AR=aarch64-linux-gnu-ar RUN='timeout 900 env CARREL_PATIENCE=30 qemu-aarch64'"
row lto-arm64-gcc-14 trixie-arm64 "CC=aarch64-linux-gnu-gcc AR=aarch64-linux-gnu-gcc-ar OPT='-O2 -g -flto=auto'
	RUN='timeout 900 env CARREL_PATIENCE=30 qemu-aarch64'"
row sid-gcc-16 sid CC=gcc-16
row sid-clang-23 sid CC=clang-23
row sid-gcc-15 sid CC=gcc-15
row sid-clang-21 sid CC=clang-21
row bookworm-gcc-11 bookworm CC=gcc-11
row bookworm-gcc-12 bookworm CC=gcc-12
row bookworm-clang-14 bookworm CC=clang-14
row bookworm-clang-15 bookworm CC=clang-15
row bookworm-clang-16 bookworm CC=clang-16
row trixie-gcc-12 trixie CC=gcc-12
row trixie-gcc-13 trixie CC=gcc-13
row trixie-gcc-14 trixie CC=gcc-14
row trixie-clang-19 trixie CC=clang-19
row lto-gcc-16 sid "CC=gcc-16 AR=gcc-ar-16 OPT='-O2 -g -flto=auto'"
row lto-gcc-12 bookworm "CC=gcc-12 AR=gcc-ar-12 OPT='-O2 -g -flto=auto'"
row flags-debian-gcc-16 sid "CC=gcc-16 $debian"
row flags-debian-gcc-12 bookworm "CC=gcc-12 $debian"
row flags-ubuntu trixie "CC=gcc-14 AR=gcc-ar-14 CPPFLAGS=-D_FORTIFY_SOURCE=3 CFLAGS='$ubuntu'
	LDFLAGS='-Wl,-Bsymbolic-functions -flto=auto -ffat-lto-objects -Wl,-z,relro -Wl,-z,now'"
row flags-fedora sid "CC=gcc-16 AR=gcc-ar-16 CFLAGS='$fedora -mtls-dialect=gnu2' LDFLAGS='$packed -flto=auto'"
row flags-rhel bookworm "CC=gcc-11 AR=gcc-ar-11 CFLAGS='$rhel' LDFLAGS='-Wl,-z,relro -Wl,--as-needed -Wl,-z,now -flto=auto'"
row flags-suse trixie "CC=gcc-13 AR=gcc-ar-13 CFLAGS='$suse' LDFLAGS='-flto=auto -Wl,--as-needed -Wl,--no-undefined'"
row flags-arch sid "CC=gcc-16 AR=gcc-ar-16 CFLAGS='$arch' LDFLAGS='-Wl,-O1 -Wl,--sort-common $packed -flto=auto'"
row musl trixie "CC=musl-gcc SDBUS=yes"

# With /proc and /dev of the host's, and a root that is a mount, as that of each system; what a test leaves in /tmp goes with
# it. The source is read-only.
inside() { # ROOT COMMAND
	unshare --mount --ipc --uts --pid --fork --kill-child bash -c '
		mount --make-rprivate / && mount --bind "$1" "$1" && mount --bind "$2" "$1/source" &&
			mount -o remount,bind,ro "$1/source" && mount -t proc proc "$1/proc" &&
			mount --rbind /dev "$1/dev" && mount --rbind /sys "$1/sys" &&
			mount -t tmpfs -o mode=1777 tmp "$1/tmp" && mount -t tmpfs run "$1/run" && mount --bind "$1/build" "$1/build" &&
			exec chroot "$1" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 HOME=/root bash -c "$3"
	' inside "$1" "$source" "$2"
}

# The version of what $1 (words for make) names as compiler, and of the C library, on one line.
told() { # ROOT NAME
	local cc=${HOW[$2]#CC=}
	cc=${cc%% *}
	inside "$1" "$cc --version | sed -n '1s/ (.*)//; 1p'; $cc -dM -E -include features.h -x c /dev/null |
		sed -n 's/^#define __GLIBC_MINOR__ /glibc 2./p'" | paste -s -d ' '
}

# one NAME: builds and runs it, and says how that ended; its log is $logs/NAME
one() {
	local root log=$logs/$1 make verdict=ok programs
	root=$("$here/trees.sh" "${TREE[$1]}") || return 1
	mkdir -p "$root/source" "$root/build"
	make="make --no-print-directory -k -C /source BUILD=/build/$1 $strict ${HOW[$1]//$'\n'/ }"
	if [[ $1 = musl ]]; then
		inside "$root" "$make check-musl" >"$log" 2>&1 && verdict="all files compile" ||
			verdict="DOES NOT COMPILE, $(grep -c 'error:' "$log") errors"
	elif [ "${UNIT-}" = no ]; then
		inside "$root" "$make -j$jobs all" >"$log" 2>&1 && verdict="all products built" ||
			verdict="DOES NOT BUILD, $(grep -cE '(error|undefined reference)' "$log") errors"
	elif ! inside "$root" "$make -j$jobs all unit" >"$log" 2>&1; then
		verdict="DOES NOT BUILD, $(grep -cE '(error|undefined reference)' "$log") errors"
	elif ! inside "$root" "$make check-unit" >>"$log" 2>&1; then
		verdict="UNIT TESTS FAIL: $(sed -n 's/^red: .*tests.unit.//p' "$log" | paste -s -d ' ')"
	fi
	echo "$1: $(told "$root" "$1"): $verdict, $(grep -c '^== ' "$log") unit programs run"
	[[ $verdict = ok || $verdict = all* ]]
}

# Names that are what somebody gave, or begin so; without any, all.
chosen() {
	local name want
	for name in "${NAMES[@]}"; do
		[ $# -gt 0 ] || echo "$name"
		for want in "$@"; do
			[[ $name != "$want"* ]] || { echo "$name"; break; }
		done
	done
}

main() {
	local name fail=0 all
	if [ "${1-}" = --list ]; then
		printf '%s\n' "${NAMES[@]}"
		exit 0
	fi
	logs=${1:?build directory}/builds
	jobs=$(nproc)
	shift
	all=$(chosen "$@")
	[ -n "$all" ] || { echo "builds: no build is named \"$*\"; there are: ${NAMES[*]}" >&2; exit 1; }
	[ "$(id -u)" -eq 0 ] || { echo "builds: must be run as root" >&2; exit 1; }
	mkdir -p "$logs"
	for name in $all; do
		one "$name" || { echo "builds: $name: see $logs/$name" >&2; fail=1; }
	done
	exit $fail
}

main "$@"
