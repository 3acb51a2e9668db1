#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A root made of the host's own programs, for suites that give rooms an image. Sourced.

# rootimage_make DIR: a small system
rootimage_make() {
	local image=$1 program library
	mkdir -p "$image"/{bin,etc,proc,sys,dev,tmp,run,home,root,var/tmp,usr/lib/openssh,srv/open}
	ln -s ../bin "$image/usr/bin"
	for program in bash cat ls touch rm mkdir mv id tty stat head sha256sum sleep; do
		cp "$(type -P $program)" "$image/bin/"
	done
	cp /usr/lib/openssh/sftp-server "$image/usr/lib/openssh/"
	for library in $(ldd "$image"/bin/* "$image"/usr/lib/openssh/* | grep -o '/[^ :]*\.so[^ :]*' | sort -u); do
		mkdir -p "$image${library%/*}"
		cp -L "$library" "$image$library"
	done
	cp /etc/{passwd,group} "$image/etc/"
	echo 'the image' >"$image/etc/issue"
	chmod 0777 "$image/srv/open"
}

# rootimage_file DIR FILE FS: that directory as a file with a file system; fails where there is no program for it
rootimage_file() {
	case $3 in
	erofs) mkfs.erofs --quiet "$2" "$1" >/dev/null 2>&1 ;;
	squashfs) mksquashfs "$1" "$2" -noappend -quiet -no-progress >/dev/null 2>&1 ;;
	ext4) mke2fs -q -t ext4 -d "$1" "$2" 96M >/dev/null 2>&1 ;;
	esac
}

# The stage's own /dev has no loop devices.
rootimage_loops() {
	local i
	mknod -m 600 /dev/loop-control c 10 237 2>/dev/null
	for i in {0..31}; do
		[ -e "/dev/loop$i" ] || mknod -m 600 "/dev/loop$i" b 7 "$i"
	done
	losetup -f >/dev/null 2>&1
}
