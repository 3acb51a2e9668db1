#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# boot: systemd
# Images as roots on a kernel with dm-verity: every read is proved, by devices that come and go with the mount.
. "$(dirname "$0")/../suite.sh"

IMAGES=/var/lib/carrel/images

devices() { # how many of dm-verity, of loop
	guest 'echo $(cat /sys/block/dm-*/dm/uuid 2>/dev/null | grep -c ^CARREL-IMAGE) $(losetup -n -O BACK-FILE | grep -c images/)'
}

sweep() {
	guest '/usr/libexec/carrel/carrel-helper --sweep --state /run/carrel'
}

swept() {
	sweep
	[ "$(devices)" = "0 0" ]
}

attached_by() {
	guest "carrelctl image show desk --json | python3 -c 'import json,sys; print(json.load(sys.stdin)[\"attached_by\"])'"
}

check_added() {
	{ sed 's/^#!.*//' "$(dirname "$0")/../../lib/rootimage.sh"; echo 'rootimage_make /srv/desk
		head -c 8M /dev/urandom >/srv/desk/srv/much; carrelctl image add desk /srv/desk'; } | guest 'bash -s' >/dev/null
	like "each read will be proved" "$(guest 'carrelctl image show desk')" '^Proof: +each read, by dm-verity'
	is "the tree is as veritysetup reads it" "$(guest "cd $IMAGES/desk
		losetup -f --show -r *.erofs >/tmp/data; losetup -f --show -r *.tree >/tmp/tree
		veritysetup verify --no-superblock --salt=\$(basename *.erofs .erofs) \$(cat /tmp/data) \$(cat /tmp/tree) \
		\$(sed -n s/^root_hash=//p *.image) && echo proved; losetup -d \$(cat /tmp/data) \$(cat /tmp/tree)")" proved
	is "nothing of the trial is left" "$(devices)" "0 0"
}

# keeps: store/image_attach R3
check_login() {
	is "a login has it for a root" "$(login ana 'cat /etc/issue')" 'the image'
	hold one ana
	hold two cara
	is "one mount, proved, for both" "$(devices)" "1 2"
	is "and so it is told" "$(attached_by)" "each read"
	is "a service with mounts of its own has none of it" \
		"$(guest 'pid=$(pgrep -o -x systemd-udevd); cd /proc/$pid/ns && [ "$(readlink mnt)" != "$(readlink /proc/1/ns/mnt)" ] &&
			grep -c "carrel/images/.*/root " ../mountinfo')" 0
	hold_end one
	hold_end two
	check "the sweep takes mount and devices away" poll 20 swept
}

check_changed_under_it() {
	hold one ana
	guest "f=\$(echo $IMAGES/desk/*.erofs); cp \$f /srv/good
		printf X | dd of=\$f bs=1 seek=\$((\$(stat -c %s \$f) - 6000000)) conv=notrunc status=none
		sync; echo 3 >/proc/sys/vm/drop_caches"
	log_mark
	like "what was written to while rooms have it cannot be read" "$(hold_ask one 'cat /srv/much >/dev/null' 90)" \
		'Input/output error'
	is "the rest can" "$(hold_ask one 'cat /etc/issue')" 'the image'
	like "the next login is refused" "$(login cara true 2>&1)" 'code MOUNT'
	like "with an alarm" "$(log_since 'image=desk')" 'its file is not what was added: sha256 is'
	hold_end one
	check "the sweep takes it away" poll 20 swept
	like "nor is it attached again" "$(login ana true 2>&1)" 'code MOUNT'
	is "nothing is left of the trial" "$(devices)" "0 0"
	guest "cp /srv/good \$(echo $IMAGES/desk/*.erofs)"
	is "with what was added in its place there is a login" "$(login ana 'cat /etc/issue')" 'the image'
	is "which was compared" "$(attached_by)" "its digest"
	guest 'carrelctl image add desk /srv/desk >/dev/null'
}

# The tree is what proves: another one proves nothing.
check_other_tree() {
	poll 20 swept
	guest "f=\$(echo $IMAGES/desk/*.tree); cp \$f /srv/tree; head -c \$(stat -c %s \$f) /dev/zero >/srv/zero; cat /srv/zero >\$f; sync
		echo 3 >/proc/sys/vm/drop_caches"
	like "an image with another tree refuses" "$(login ana true 2>&1)" 'code MOUNT'
	is "and leaves nothing" "$(devices)" "0 0"
	guest "cat /srv/tree >\$(echo $IMAGES/desk/*.tree)"
	is "its own is well" "$(login ana 'cat /etc/issue'; attached_by)" $'the image\neach read'
}

check_killed() {
	hold one ana
	kill_supervisor_of_one
	check "behind who was killed the sweep takes all away" poll 30 swept
	guest 'systemd-run --quiet --unit=images-helper --property=PrivateMounts=yes --property=ProtectSystem=strict sleep 1000'
	is "and the next login attaches it" "$(login ana 'cat /etc/issue'; devices)" $'the image\n1 2'
	guest 'systemctl stop images-helper'
	check "which goes as well" poll 20 swept
	is "removed" "$(guest "carrelctl image rm --force desk; ls $IMAGES/ | wc -l")" 0
}

# A service that begins while it is attached has a copy of the mount for as long as it runs.
check_copied() {
	local i
	guest "carrelctl image add desk /srv/desk >/dev/null"
	for i in 1 2 3; do
		hold one ana
		guest "systemd-run --quiet --unit=copies-$i --property=PrivateTmp=yes sleep 1000"
		hold_end one
		poll 20 eval 'sweep; guest "! grep -q carrel/images/.*/root /proc/1/mountinfo"'
	done
	is "services hold mounts of one device" "$(devices)" "1 2"
	is "which the next login has, too" "$(login ana 'cat /etc/issue'; attached_by; devices)" $'the image\neach read\n1 2'
	sweep
	is "it is removed" "$(guest "carrelctl image rm --force desk; ls $IMAGES/ | wc -l")" 0
	guest 'systemctl stop "copies-*"'
	check "and gone with the last of them" poll 20 swept
}

check "users" users_make
pam_wire sshd
conf_write <<'END'
rules = ( { group = "students"; policy = "desk"; } );
policies = { desk = { share = "login"; home = { mode = "tmpfs"; size = "16M"; }; root = { mode = "image"; image = "desk"; }; }; };
END
needs "check_login check_changed_under_it check_other_tree check_killed check_copied" check_added
run_cases "$@" -- check_added check_login check_changed_under_it check_other_tree check_killed \
	check_copied
guest 'rm -rf /srv/desk /srv/good /srv/tree /srv/zero'
tap_done
