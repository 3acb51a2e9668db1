# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# A guest whose kernel has SELinux in force: GUEST=bookworm-selinux. Debian's own policy is installed and the files are labelled
# before the image is made, since that takes minutes where it is emulated. Sourced by image.sh.
# It boots permissive: what this run's second disk lays over the system has no labels yet.

SELINUX_PACKAGES=(selinux-policy-default selinux-policy-dev selinux-utils policycoreutils auditd)

is_selinux() {
	[[ ${GUEST-} = *-selinux ]]
}

selinux_label() { # ROOT
	is_selinux || return 0
	printf 'SELINUX=permissive\nSELINUXTYPE=default\n' >"$1/etc/selinux/config"
	unshare -m sh -euc 'mount -t proc proc "$1/proc"
		chroot "$1" setfiles -m -F -e /proc /etc/selinux/default/contexts/files/file_contexts /' selinux "$1"
}
