#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Builds what the guest boots from: a Debian system as an ext4 image, its kernel, an initramfs. Prints the directory
# that holds root.ext4, vmlinuz and initrd. It is made once for each recipe (this file, guest-init.sh and etc/).
# Packages come from the mirrors that the host's own apt knows; the kernel is unpacked, never installed here.
# A guest that is another Debian than this host has "builder" beside, a tree with that Debian's compiler and libraries.
# Environment: CARREL_GUEST_CACHE (default /var/cache/carrel-guest), GUEST=trixie for Debian 13 (default bookworm),
# GUEST=trixie-arm64 for that one on arm64 (foreign.sh), GUEST=bookworm-selinux for one with SELinux (selinux.sh),
# GUEST_NATIVE=no: no builder, since what this host has built shall run there
# Checkouts with different recipes share the cache: who uses an image holds its file "lock" (shared) meanwhile, and what
# nobody has used for a day goes.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
cache=${CARREL_GUEST_CACHE:-/var/cache/carrel-guest}
suite=${GUEST:-bookworm}
suite=${suite%-*}
. "$here/foreign.sh"
. "$here/selinux.sh"

# What tests in the guest use, besides what the live suite needs (deps.sh).
packages=(
	systemd systemd-sysv dbus dbus-user-session libpam-systemd polkitd udev kmod init systemd-container
	at fuse3 quota libcap2-bin libpam0g iputils-ping stress-ng libcmocka0 libseccomp2 e2fsprogs
	python3-minimal nfs-kernel-server nfs-common autofs xz-utils less ncurses-term slapd nslcd libnss-ldapd ldap-utils
	exim4-daemon-light bsd-mailx bindfs xfsprogs
)
case $suite in
bookworm) packages+=(libconfig9) ;;
trixie) packages+=(libconfig11 wtmpdb libpam-wtmpdb libpam-lastlog2 linux-sysctl-defaults) ;; # the last: ping lives by it
*) echo "image: GUEST: found \"$GUEST\", expected bookworm, trixie or trixie-arm64" >&2; exit 1 ;;
esac
! is_selinux || packages+=("${SELINUX_PACKAGES[@]}")
[ "${GUEST-}" != bookworm-arm64 ] || { echo "image: GUEST: of arm64 there is trixie-arm64" >&2; exit 1; }
# Needed to build, not to run.
not_in_guest='^(gcc|make|.*-dev|qemu-.*|mmdebstrap|busybox-static|xz-utils|crun)$'

modules=(virtio_pci virtio_blk virtio_net crc32c_generic quota_v2 ext4)
masked=(apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service fstrim.timer
	systemd-timesyncd.service getty@tty1.service serial-getty@ttyS0.service console-getty.service
	nfs-server.service nfs-blkmap.service rpcbind.service rpcbind.socket autofs.service systemd-pstore.service)

builds='^(gcc|make|.*-dev)$'
builder=(libpam-modules)

while read -r p; do
	[[ $p =~ $not_in_guest ]] || packages+=("$p")
	! [[ $p =~ $builds ]] || builder+=("$p")
done < <("$here/../lib/deps.sh" --list)

recipe_digest() {
	{
		printf '%s\n' "$suite" "${packages[@]}"
		is_foreign && cat "$here/foreign.sh"
		is_selinux && cat "$here/selinux.sh"
		cat "$here/image.sh" "$here/guest-init.sh"
		find "$here/etc" -type f | sort | xargs cat
	} | sha256sum | cut -c 1-16
}

# The kernel's files into $1/kernel, from the package that was left in $1.
unpack_kernel() {
	local dir=$1/kernel
	mkdir -p "$dir"
	dpkg -x "$1"/linux-image-*.deb "$dir"
	rm -f "$1"/linux-image-*.deb
	mkdir -p "$dir/usr"
	if [ ! -d "$dir/usr/lib/modules" ]; then # packages differ in where /lib is
		mkdir -p "$dir/usr/lib"
		mv "$dir/lib/modules" "$dir/usr/lib/modules"
		rmdir "$dir/lib"
	fi
	version=$(ls "$dir/usr/lib/modules")
	[ -L "$dir/lib" ] || ln -s usr/lib "$dir/lib"
	depmod -b "$dir" "$version"
	cp "$dir/boot/vmlinuz-$version" "$1/vmlinuz"
}

build_initrd() { # DIRECTORY BUSYBOX
	local tree=$1/initrd.d file
	mkdir -p "$tree"/{bin,dev,proc,sys,new,lib/modules/"$version"}
	cp "$2" "$tree/bin/busybox"
	install -m 0755 "$here/guest-init.sh" "$tree/init"
	modprobe -d "$1/kernel" -S "$version" -a --show-depends "${modules[@]}" |
		sed -n 's/^insmod //p' | awk '!seen[$1]++ { print $1 }' |
		while read -r file; do
			cp "$file" "$tree/lib/modules/$version/"
			echo "${file##*/}" >>"$tree/lib/modules/order"
		done
	(cd "$tree" && find . | cpio -o -H newc --quiet | gzip -1) >"$1/initrd"
}

sources() {
	apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT) $(ORIGIN)' 'Created-By: Packages' |
		awk -v suite="$suite" '$4 == "Debian" && sub(/^(bookworm|trixie)/, suite, $2) { print "deb", $1, $2, $3 }' | sort -u
}

# Debian's own choice delivers here and nowhere else. It took the name of the host that builds. No daemon: a letter is
# delivered by the call that takes it.
mailer() { # ROOT
	echo carrel-guest >"$1/etc/mailname"
	sed -i "s/^dc_other_hostnames=.*/dc_other_hostnames='carrel-guest'/" "$1/etc/exim4/update-exim4.conf.conf"
	chroot "$1" update-exim4.conf
}

# bootstrap PACKAGES ROOT SOURCES [OPTION...]: PACKAGES with commas between them
bootstrap() {
	unshare -m mmdebstrap --quiet --mode=root --variant=minbase --include="$1" \
		--aptopt='Acquire::Retries "3"' --aptopt='APT::Install-Recommends "false"' \
		--dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/doc/*' \
		--dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/share/info/*' \
		--skip=cleanup/apt/cache --skip=essential/unlink \
		--setup-hook="mkdir -p \"\$1/var/cache/apt/archives\"" \
		--setup-hook="sync-in $cache/debs /var/cache/apt/archives" \
		"${@:4}" \
		--customize-hook="sync-out /var/cache/apt/archives $cache/debs" \
		--customize-hook="rm -rf \"\$1\"/var/cache/apt/archives/*.deb \"\$1\"/var/lib/apt/lists/*" \
		"$suite" "$2" - <"$3"
}

# The name of the kernel's package stands in what the metapackage needs.
KERNEL='cd /tmp; apt-get -q -o APT::Sandbox::User=root download "$(apt-cache show --no-all-versions linux-image-cloud-CPU:CPU |
	sed -n "s/^Depends: \([^ ,]*\).*/\1/p"):CPU"'
KERNEL=${KERNEL//CPU/$(guest_cpu)}

comma() {
	local IFS=,
	echo "$*"
}

build_root() { # DIRECTORY
	local root=$1/root list=$1/sources
	sources >"$list"
	[ -s "$list" ] || { echo "image: apt knows no source of Debian packages" >&2; exit 1; }
	mkdir -p "$cache/debs"
	foreign_options "$1"
	bootstrap "$(comma "${packages[@]}")" "$root" "$list" "${FOREIGN[@]}" --customize-hook="chroot \"\$1\" sh -c '$KERNEL'" \
		--customize-hook="mv \"\$1\"/tmp/linux-image-*.deb \"$1/\""
	unpack_kernel "$1"
	cp -a "$1/kernel/usr/lib/modules" "$root/usr/lib/"
	cp -r "$here/etc/." "$root/etc/"
	echo carrel-guest >"$root/etc/hostname"
	printf '127.0.0.1 localhost\n127.0.1.1 carrel-guest\n' >"$root/etc/hosts"
	echo '/dev/vda / ext4 rw 0 0' >"$root/etc/fstab"
	mailer "$root"
	: >"$root/etc/resolv.conf"
	chroot "$root" systemctl --quiet mask "${masked[@]}"
	chroot "$root" systemctl --quiet disable slapd nslcd exim4 exim4-base.timer
	chroot "$root" systemctl --quiet enable guest-control.service ssh.service
	chroot "$root" systemctl --quiet set-default multi-user.target
	foreign_lay "$1/foreign" "$root"
	build_initrd "$1" "$(guest_busybox "$root")"
	selinux_label "$root"
	mke2fs -q -t ext4 -O quota,project -E quotatype=usrquota:grpquota:prjquota,root_owner=0:0 -d "$root" "$1/root.ext4" 3G
	rm -rf "$root" "$1/kernel" "$1/initrd.d" "$list"
}

# A foreign guest's is the tree that check-builds has for that architecture, in which this host's compiler makes its programs.
build_builder() { # DIRECTORY
	local list=$1/sources
	if is_foreign; then
		ln -sfn "$("$here/../builds/trees.sh" "$GUEST")" "$1/builder"
		return
	fi
	sources >"$list"
	rm -rf "$1/builder"
	bootstrap "$(comma "${builder[@]}")" "$1/builder" "$list"
	rm -f "$list"
}

wants_builder() {
	is_foreign || { [ "$suite" = trixie ] && [ "${GUEST_NATIVE-}" != no ]; }
}

# once FILE COMMAND...: its output goes where nobody takes it for the answer
once() {
	[ ! -e "$1" ] || return 0
	[ "$(id -u)" -eq 0 ] || { echo "image: must be run as root" >&2; exit 1; }
	! is_foreign || command -v qemu-system-aarch64 >/dev/null || { echo "image: qemu-system-arm is missing" >&2; exit 1; }
	set -E
	under_way=${1%/*}
	trap failed ERR
	"${@:2}" >&2
	trap - ERR
	touch "$1"
}

# Images that nobody has started from for a day and nobody is about to: removed. Needs the cache's lock.
remove_old() { # IMAGE-TO-KEEP
	local old
	for old in "$cache"/*/; do
		old=${old%/}
		[ "$old" != "$1" ] && [ "$old" != "$cache/debs" ] && [ -d "$old" ] || continue
		[ -e "$old/lock" ] || touch -r "$old" "$old/lock"
		[ -n "$(find "$old/lock" -mmin +1440)" ] || continue
		if flock --nonblock --exclusive "$old/lock" true; then
			rm -rf "$old"
		fi
	done
}

build_image() { # DIRECTORY
	echo "image: building the guest's system (some minutes, once)"
	remove_old "$1"
	rm -rf "$1" # what a build that was interrupted left; no other is under way
	mkdir -p "$1"
	apt-get update -q # lists may be missing, or older than the archive
	build_root "$1"
}

# What stands last is what somebody reads first.
failed() {
	trap - ERR
	echo "image: the system of Debian \"$suite\" could not be built. Its packages come from:" >&2
	sed 's/^/image:   /' "$under_way/sources" >&2 || :
	echo "image: are they to be reached from here, and is the disk not full? What failed is told above." >&2
}

main() {
	local dir
	dir=$cache/$(recipe_digest)
	mkdir -p "$cache"
	exec 9>"$cache/lock"
	flock 9 # two runs at once build it once
	once "$dir/ready" build_image "$dir"
	[ -d "$dir/builder" ] || rm -f "$dir/builder.ready" # check-builds has made its tree anew
	! wants_builder || once "$dir/builder.ready" build_builder "$dir"
	touch "$dir/lock" # used today
	echo "$dir"
}

[ "${BASH_SOURCE[0]}" != "$0" ] || main
