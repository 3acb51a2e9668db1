#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# boot: systemd
# The policy workshop as it is shipped, on Debian's kernel, over the guest's own tree on its disk: what people do there,
# what the next login finds of it, and what root of the room may not.
. "$(dirname "$0")/../suite.sh"

# A package without need of another, with all that one may do: a program, a user, a file of /etc.
package() {
	local dir
	dir=$(mktemp -d "$GUEST_DIR/package.XXXXXX")
	mkdir -p "$dir"/tree/{DEBIAN,usr/bin,etc}
	printf '#!/bin/sh\necho from a package\n' >"$dir/tree/usr/bin/packaged"
	printf '#!/bin/sh\nuseradd -r packaged\nchown packaged /etc/packaged.conf\n' >"$dir/tree/DEBIAN/postinst"
	echo set >"$dir/tree/etc/packaged.conf"
	printf 'Package: packaged\nVersion: 1\nArchitecture: all\nMaintainer: nobody <n@example.org>\nDescription: one\n' \
		>"$dir/tree/DEBIAN/control"
	chmod 755 "$dir"/tree/{usr/bin/packaged,DEBIAN/postinst}
	dpkg-deb --root-owner-group -Znone -b "$dir/tree" "$dir/packaged.deb" >/dev/null
	guest 'cat >/srv/packaged.deb; cp /srv/packaged.deb /home/ana/; chmod 644 /home/ana/packaged.deb' <"$dir/packaged.deb"
}

check_root() {
	hold one ana
	is "who logs in is themselves" "$(hold_ask one 'id -un; id -u')" "ana"$'\n'"$(guest id -u ana)"
	is "root by sudo, without a password" "$(hold_ask one 'sudo -n id')" 'uid=0(root) gid=0(root) groups=0(root)'
	hold_ask one 'sudo touch made'
	is "of ids that nobody on the host has" "$(guest 'stat -c %u /home/ana/made')" \
		"$(guest 'sed -n "s/^ana:\([0-9]*\):.*/\1/p" /etc/subuid')"
	is "root's files are root's" "$(hold_ask one 'stat -c %U /usr/bin/env /etc/passwd /var/lib/dpkg/status' | sort -u)" root
	is "what is root's alone is not there" "$(hold_ask one 'sudo sh -c "cat /etc/ssh/*_key /root/.ssh/*" 2>/dev/null | wc -c')" 0
	is "limits hold" "$(guest 'cat /sys/fs/cgroup/carrel.slice/*user*'"$(guest id -u ana)"'*/memory.max 2>/dev/null ||
		find /sys/fs/cgroup -path "*$(id -u ana)*" -name memory.max -exec grep -hv max {} +' | head -n 1)" $((8 << 30))
	hold_end one
}

check_changes() {
	hold one ana
	hold_ask one 'sudo sh -c "rm -r /home/ana/made; apt-get install -y /home/ana/packaged.deb" >apt.log 2>&1' >/dev/null
	is "a package by apt-get, without a mirror" "$(hold_ask one 'packaged; stat -c %U /etc/packaged.conf')" \
		$'from a package\npackaged' "$(guest 'tail -n 3 /home/ana/apt.log')"
	is "a user" "$(hold_ask one 'sudo useradd -m kim && sudo su kim -c "id -un; touch ~/own; stat -c %U ~/own"')" $'kim\nkim'
	like "ping" "$(hold_ask one 'ping -c 1 -W 10 127.0.0.1')" '1 received|1 packets received'
	is "what is below is taken away, put elsewhere, made anew" \
		"$(hold_ask one 'sudo sh -c "rm /usr/bin/yes && mv /usr/share/perl5 /usr/share/five && rm -r /usr/share/terminfo &&
			mkdir /usr/share/terminfo && echo mine >/usr/share/terminfo/only"
			ls /usr/bin/yes /usr/share/perl5 2>&1 | grep -c "No such"; ls -A /usr/share/terminfo
			[ -n "$(ls /usr/share/five)" ] && echo moved')" $'2\nonly\nmoved'
	hold_end one
	check "the room is gone" poll 60 guest '! pgrep -u ana'
	hold one ana
	is "the next login finds all of it" \
		"$(hold_ask one 'packaged; id -un kim; sudo dpkg -s packaged | grep -c "^Status: install ok"; ls -A /usr/share/terminfo
			ls /usr/bin/yes /usr/share/perl5 2>&1 | grep -c "No such"; [ -n "$(ls /usr/share/five)" ] && echo moved
			sudo stat -c %U /home/kim/own')" $'from a package\nkim\n1\nonly\n2\nmoved\nkim'
	is "and the host has none" \
		"$(guest 'ls /usr/bin/yes; ls -d /usr/share/perl5; ls -A /usr/share/terminfo | grep -c only; id kim 2>&1 | grep -c "no such"
			dpkg -s packaged 2>&1 | grep -c "not installed"')" $'/usr/bin/yes\n/usr/share/perl5\n0\n1\n1'
	is "nor has another user" "$(login cara 'ls /usr/bin/yes; id kim 2>&1 | grep -c "no such"')" $'/usr/bin/yes\n1'
	hold_end one
}

# What root of the room tries, and what comes of it.
TRIES='mount -t tmpfs none /mnt|denied|not permitted
mount --bind /etc /mnt|denied|not permitted
umount -l /proc/sys|not permitted|denied|must be superuser
unshare -U true|not permitted
unshare -m true|not permitted
nsenter -t 1 -m true|No such file|denied|not permitted
mknod /dev/vda b 254 0|Read-only|not permitted
mknod /var/tmp/vda b 254 0|not permitted
echo 1 >/proc/sys/kernel/panic|Read-only
echo x >/proc/sys/kernel/core_pattern|Read-only
echo h >/proc/sysrq-trigger|Read-only|denied|nonexistent
echo 1 >/sys/fs/cgroup/cgroup.procs|Read-only|denied
hostname other|not permitted|denied|must be root
date -s 2030-01-01|not permitted
modprobe dummy|not permitted|not found|FATAL
reboot -f|not permitted|not found|denied|Failed
kill -9 1|not permitted|No such process
dmesg|not permitted
losetup -f --show /etc/issue|cannot find|No such|not permitted|denied
sysctl -w vm.drop_caches=1|Read-only|denied
systemctl restart ssh|Failed to connect|not been booted|bus
setpriv --bounding-set +all chroot /proc/1/root true|denied|No such|not permitted'

check_refused() {
	local try want all answer n=0
	hold one ana
	all=$(hold_ask one "$(while IFS='|' read -r try want; do
		printf 'echo "== %s"; sudo sh -c "%s" 2>&1 | tail -n 3; ' $((n++)) "$try"
	done <<<"$TRIES")")
	n=0
	while IFS='|' read -r try want; do
		answer=$(sed -n "/^== $n\$/,/^== /{/^== /d;p}" <<<"$all")
		like "root of the room: $try" "${answer:-(it did)}" "$want"
		n=$((n + 1))
	done <<<"$TRIES"
	is "no secret of the host is below" \
		"$(hold_ask one 'sudo grep -rlsF "$(printf CARREL; printf SECRET)" /etc /var /srv /root /opt 2>/dev/null | head -n 3')" ''
	hold_end one
}

check "users" users_make
pam_wire sshd
guest 'usermod -s /usr/bin/carrel-shell ana; usermod -s /usr/bin/carrel-shell cara; modprobe overlay
	install -m 0600 /dev/stdin /etc/secret <<<CARRELSECRET; cp -p /etc/secret /srv/; cp -p /etc/secret /var/lib/'
package
conf_write <<-'END'
rules = ( { group = "students"; policy = "ours"; } );
policies = { ours = { inherit = "workshop"; linger = "0"; on_close = "kill"; root = { size = "256M"; }; }; };
END
run_cases "$@" -- check_root check_changes check_refused
guest 'usermod -s /bin/bash ana; usermod -s /bin/bash cara
	rm -f /etc/secret /srv/secret /var/lib/secret /srv/packaged.deb'
check "nothing is left" poll 60 guest '! pgrep -u ana && ! pgrep -x carrel-init'
tap_done
