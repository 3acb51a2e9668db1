#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Installs the Debian packages that building and testing need, when one is missing; no service is started by it.
# Usage: tests/lib/deps.sh [--list | --build [--list] | --demo | --clients]; --build: only what make and make deb need, for a
# host that runs no tests; --demo: what make demo needs; --clients: what the live suite of that name needs besides; --list only
# prints
set -euo pipefail

build=(
	gcc make libc6-dev linux-libc-dev
	libpam0g-dev libcap-dev libseccomp-dev libconfig-dev libsystemd-dev libnftables-dev libcmocka-dev
)
packages=(
	"${build[@]}"
	pamtester openssh-server openssh-client rsync git tmux less cron sudo socat
	libcap2-bin libpam-cap
	iproute2 nftables xauth jq strace procps psmisc util-linux bsdextrautils login passwd hostname
	bubblewrap crun passt iputils-ping uidmap python3-minimal
	qemu-system-x86 mmdebstrap busybox-static e2fsprogs xfsprogs kmod cpio erofs-utils squashfs-tools cryptsetup-bin
)

command -v gdb >/dev/null || packages+=(gdb-minimal) # a full one is as good, and they exclude each other

case ${1-} in
--list)
	printf '%s\n' "${packages[@]}"
	exit 0
	;;
--build) packages=("${build[@]}" debhelper) ;;
--demo) packages=("${build[@]}" openssh-server openssh-client iproute2 procps util-linux passwd hostname) ;;
--clients)
	packages=(
		python3-paramiko python3-asyncssh dropbear-bin putty-tools lftp sshfs ansible-core mosh borgbackup curl
		openssh-tests
	)
	;;
'')
	command -v clang-format >/dev/null || packages+=(clang-format) # make format-check
	command -v clang >/dev/null || packages+=(clang libclang-rt-dev) # make check-fuzz; of no use in a guest
	packages+=(ansible-core) # live suite ansible; the hosts that it manages need python3 alone
	packages+=(debhelper lintian) # make check-deb; of no use in a guest
	;;
*)
	echo "deps: found \"$1\", expected --build, --demo, --list, --clients or nothing" >&2
	exit 2
	;;
esac

if [ "${2-}" = --list ]; then
	printf '%s\n' "${packages[@]}"
	exit 0
fi

missing=()
for p in "${packages[@]}"; do
	case $(dpkg-query -W -f '${Status}' "$p" 2>/dev/null || true) in
	*' ok installed') ;;
	*) missing+=("$p") ;;
	esac
done
if [ ${#missing[@]} -eq 0 ]; then
	exit 0
fi
if [ "$(id -u)" -ne 0 ]; then
	echo "deps: these packages are missing, and only root can install them: ${missing[*]}" >&2
	exit 1
fi

# openssh-server and cron would start their services on installation: nobody asked for that here.
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
	printf '#!/bin/sh\nexit 101\n' >$policy
	chmod 0755 $policy
	trap 'rm -f $policy' EXIT
	trap 'exit 130' INT TERM HUP
fi
export DEBIAN_FRONTEND=noninteractive
echo "deps: installing ${missing[*]}" >&2
install() {
	apt-get install -y -q --no-install-recommends "${missing[@]}" >&2
}
install || { apt-get update -q >&2 && install; }
