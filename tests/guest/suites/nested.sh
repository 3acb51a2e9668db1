#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# boot: systemd
# Rooms whose users make user namespaces of their own, on Debian's kernel: podman without root, bubblewrap, unshare; and a
# room without user.nested, in which nothing of that can be.
. "$(dirname "$0")/../suite.sh"
. "$(dirname "$0")/../packages.sh"

# Podman and what it needs are not in the image: ana installs them in her room, as she would, and only this suite fetches
# them (12 MB, once; Debian 13's are 30 MB). "small" is the image of a container: busybox.
PACKAGES=(podman conmon crun golang-github-containers-common golang-github-containers-image libdevmapper1.02.1 libyajl2
	busybox-static)
case ${GUEST:-bookworm} in
bookworm) PACKAGES+=(libgpgme11 libassuan0 libsubid4) ;;
trixie) PACKAGES+=(libgpgme11t64 libgpg-error0 libassuan9 libsubid5 libsqlite3-0 netavark) ;;
esac
PACK=${CARREL_GUEST_CACHE:-/var/cache/carrel-guest}/podman-$(md5sum <<<"1 ${PACKAGES[*]}" | cut -c 1-12).tar

# Only what is run: as an installed Debian has it, where /lib is /usr/lib.
pack_fetch() {
	local dir p
	[ ! -s "$PACK" ] || return 0
	dir=$(mktemp -d "$PACK.XXXXXX") || return 1
	(
		set -e
		mkdir "$dir"/{debs,apt,tree,small,small/bin,small/etc,small/tmp}
		cd "$dir/debs"
		apt_of_guest_begin "$dir/apt" >&2
		apt_of_guest "$dir/apt" download "${PACKAGES[@]}" >&2
		for p in *.deb; do
			dpkg -x "$p" "$dir/tree"
		done
		cd "$dir"
		mv "$(find tree -path '*/bin/busybox')" small/bin/
		for p in sh id cat echo ls; do
			ln -s busybox "small/bin/$p"
		done
		echo 'root:x:0:0::/:/bin/sh' >small/etc/passwd
		[ ! -d tree/lib ] || cp -a tree/lib/. tree/usr/lib/
		rm -rf tree/{lib,bin,etc/cni} tree/usr/share/{man,doc,locale} tree/usr/lib/systemd tree/usr/lib/*/*.a
		tar -C small --owner=0 --group=0 -cf tree/usr/share/small.tar .
		tar -C tree --owner=0 --group=0 -cf pack.tar .
		mv pack.tar "$PACK"
	)
	rm -rf "$dir"
	[ -s "$PACK" ]
}

nested_conf() { # MORE OF OURS
	conf_write <<-END
	rules = ( { user = "ana"; policy = "ours"; }, { user = "cara"; policy = "plain"; } );
	policies = {
	  plain = { inherit = "workshop"; linger = "0"; on_close = "kill"; root = { size = "512M"; }; };
	  ours = { inherit = "plain"; user = { nested = true; namespaces = 12; }; $1 };
	};
	END
}

check_without() {
	like "without user.nested there is no user namespace" "$(login cara 'unshare -Ur echo RAN' 2>&1)" 'not permitted'
	like "nor for bubblewrap" "$(login cara 'bwrap --ro-bind / / echo RAN' 2>&1)" 'No permissions|not permitted'
	like "nor for root of the room" "$(login cara 'sudo unshare -U echo RAN; sudo unshare -m echo RAN' 2>&1 | xargs)" \
		'not permitted.*not permitted'
}

check_sandboxes() {
	hold one ana
	is "unshare -Ur" "$(hold_ask one 'unshare -Ur id -u')" 0
	is "unshare -Urm, and a mount" "$(hold_ask one 'unshare -Urm sh -c "mount -t tmpfs t /mnt && touch /mnt/x && ls /mnt"')" x
	is "bubblewrap" "$(hold_ask one 'bwrap --ro-bind / / --proc /proc --dev /dev --unshare-all id -un')" ana
	like "as many as the policy says, and no more" \
		"$(hold_ask one 'for i in {1..13}; do unshare -U sleep 3300 & done 2>&1
			until [ $(jobs -r | wc -l) -le 12 ]; do sleep 0.1; done; jobs -r | wc -l; kill $(jobs -r -p)' | xargs)" \
		'No space left on device.* 12$'
	is "covers hold in them" \
		"$(hold_ask one 'unshare -Urpf --mount-proc sh -c "cat /proc/kcore /proc/kmsg | wc -c; echo 1 >/proc/sys/kernel/panic" \
			2>/dev/null; cat /proc/sys/kernel/panic')" "0"$'\n'"$(guest cat /proc/sys/kernel/panic)"
	is "no process of the host is seen, nor of the room's root" \
		"$(hold_ask one 'sudo unshare -mpf --mount-proc ls /proc | grep -c "^[0-9]"')" 1
	hold_end one
}

check_podman() {
	hold one ana
	ask() { hold_ask one "$1" 200; }
	ask 'sudo tar -C / --keep-directory-symlink -xf /home/ana/pack.tar && sudo ldconfig' >/dev/null
	is "podman maps ids of the room's" "$(ask 'podman unshare cat /proc/self/uid_map 2>/dev/null | xargs -n 3')" \
		"0 $(guest id -u ana) 1"$'\n''1 10000 50000'
	like "an image of a file" "$(ask 'podman import -q /usr/share/small.tar small 2>/dev/null')" '^sha256:'
	is "a container" "$(ask 'podman run --rm --network none small /bin/sh -c "cat /proc/1/comm; id -u"')" $'sh\n0'
	is "with a directory of the home, and the kernel's settings closed" \
		"$(ask 'podman run --rm --network none -v ~:/h small /bin/sh -c "echo c >/h/made; echo 1 >/proc/sys/kernel/panic" 2>&1 |
			grep -o Read-only; stat -c %U ~/made')" $'Read-only\nana'
	is "an image that is built" \
		"$(ask 'printf "FROM small\nRUN echo built >/etc/made\n" | podman build -q -t made --network none -f - . >/dev/null
			podman run --rm --network host made cat /etc/made')" built
	is "a container of root's of the room" \
		"$(ask 'vfs="sudo podman --storage-driver vfs"; $vfs import -q /usr/share/small.tar small >/dev/null 2>&1
			$vfs run --rm --network none small echo root')" root
	hold_end one
	check "nothing of theirs is left" poll 30 guest '! pgrep -u ana && ! pgrep -x conmon'
}

if ! pack_fetch; then
	skip "podman in rooms" "its packages cannot be fetched"
	tap_done
	exit
fi
check "users" users_make
pam_wire sshd
guest 'usermod -s /usr/bin/carrel-shell ana; usermod -s /usr/bin/carrel-shell cara'
guest 'cat >/home/ana/pack.tar && chmod 644 /home/ana/pack.tar && modprobe overlay' <"$PACK"
nested_conf
run_cases "$@" -- check_without check_sandboxes check_podman
guest 'usermod -s /bin/bash ana; usermod -s /bin/bash cara; rm -f /home/ana/pack.tar'
tap_done
