# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# A guest of another architecture than this host's: GUEST=trixie-arm64. Nothing foreign runs here, and no binfmt is asked for:
# packages are set up as this host's own, and then programs and libraries out of the same packages for arm64 are laid over them.
# What was set up, /etc and /var, stays, and dpkg believes in the other architecture. Sourced by image.sh.

is_foreign() {
	[[ ${GUEST-} = *-arm64 ]]
}

guest_cpu() {
	if is_foreign; then echo arm64; else dpkg --print-architecture; fi
}

# Of each package with programs, the same one for arm64, where there is one; the initramfs is made of busybox.
FOREIGN_DEBS='mkdir /tmp/foreign && cd /tmp/foreign &&
	apt list "?architecture(arm64)" 2>/dev/null | sed -n "s|\(:arm64\)\?/.* arm64.*|:arm64|p" | sort >../all &&
	dpkg-query -W -f "\${Package} \${Architecture}\n" | sed -n "s/ $(dpkg --print-architecture)$/:arm64/p" | sort >../wanted &&
	apt-get -q -o APT::Sandbox::User=root download busybox-static:arm64 $(comm -12 ../all ../wanted)'

# foreign_options DIRECTORY: FOREIGN, what mmdebstrap is told besides, so that DIRECTORY/foreign has the packages
foreign_options() {
	FOREIGN=()
	is_foreign || return 0
	FOREIGN=(--architectures="$(dpkg --print-architecture),arm64" --customize-hook="chroot \"\$1\" sh -c '$FOREIGN_DEBS'"
		--customize-hook="mv \"\$1\"/tmp/foreign \"$1/\"")
}

# foreign_lay DEBS ROOT: owners, modes and capabilities stay as they were set up
foreign_lay() {
	local deb native
	is_foreign || return 0
	native=$2/usr/lib/$(dpkg-architecture -q DEB_HOST_MULTIARCH 2>/dev/null || gcc -print-multiarch)
	(cd "$2" && find usr -type f \( -perm /7000 -o ! -uid 0 -o ! -gid 0 \) -printf '%m %U:%G %p\n') >"$1/modes"
	(cd "$2" && getcap -r usr) >"$1/caps"
	for deb in "$1"/*.deb; do
		dpkg-deb --fsys-tarfile "$deb" |
			tar -x -C "$2" --keep-directory-symlink --exclude=./etc --exclude=./var --exclude='./usr/share/*'
	done
	rm -rf "$native" "$2/etc/ld.so.cache"
	while read -r mode owner file; do
		[ ! -f "$2/$file" ] || { chown "$owner" "$2/$file" && chmod "$mode" "$2/$file"; }
	done <"$1/modes"
	while read -r file caps; do
		[ ! -f "$2/$file" ] || setcap "$caps" "$2/$file"
	done <"$1/caps"
	rm -rf "$1"
}

# Where the initramfs has its busybox from.
guest_busybox() { # ROOT
	if is_foreign; then echo "$1/usr/bin/busybox"; else echo /bin/busybox; fi
}
