#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# boot: systemd
# What a lecture on containers shows with each namespace and capability, on a login.
. "$(dirname "$0")/../suite.sh"

# Those of users come and go with pam_systemd; the place of images, empty, stays.
mounts() {
	guest 'grep -v -e " /run/user/" -e " /run/carrel/images " /proc/1/mountinfo'
}

check_processes() {
	like "there is a PID 1 that is not his" "$(hold_ask one 'kill -0 1' 2>&1)" 'Operation not permitted'
	is "which is the room's init" "$(guest 'sed -n "s/^NSpid:.*\t//p" /proc/$(pgrep -x -n carrel-init)/status')" 1
	is "few processes are seen, and none of the host" "$(hold_ask one 'ls /proc | grep -c "^[0-9]"; pgrep -x systemd')" \
		"$(hold_ask one 'ls /proc | grep -c "^[0-9]"')"
	is "its first processes have small numbers" "$(hold_ask one '[ $$ -lt 50 ] && echo small')" small
	is "the host sees them with other numbers" \
		"$(guest 'pgrep -u ana -x bash | head -n 1 | { read p; [ $p -gt 50 ] && echo large; }')" large
}

check_names() {
	is "hostname inside" "$(hold_ask one hostname) $(hold_ask two hostname)" 'desk-ana desk-cara'
	is "hostname outside" "$(guest hostname)" carrel-guest
}

check_network() {
	is "a network with only lo" "$(hold_ask one 'ls /sys/class/net; ip -o link 2>/dev/null | grep -vc " lo:"')" $'lo\n0'
	is "which works" "$(hold_ask one "$(program loopback)")" ok
	unlike "the host's servers are not reached through it" \
		"$(hold_ask one 'exec 3<>/dev/tcp/127.0.0.1/22 && echo reached; true' 2>&1)" '^reached'
}

check_ping() {
	is "a ping without CAP_NET_RAW fails" "$(hold_ask one 'ping -c 1 -W 5 127.0.0.1 >/dev/null 2>&1; echo $?')" 2
	is "with it a ping works" "$(hold_ask two 'ping -c 1 -W 5 127.0.0.1 >/dev/null 2>&1; echo $?')" 0
	is "but not out of the room" "$(hold_ask two 'ping -c 1 -W 5 10.0.2.2 >/dev/null 2>&1; echo $?')" 2
	is "the host can reach that" "$(guest 'ping -c 1 -W 5 10.0.2.2 >/dev/null 2>&1; echo $?')" 0
}

check_mounts() {
	mount_a_tmpfs="$(program mount_tmpfs root-python) 2>&1"
	is "a mount inside" "$(hold_ask three "$mount_a_tmpfs; grep -c mounted-inside /proc/self/mountinfo")" $'0 Success\n1'
	is "is invisible outside" "$(mounts)" "$before"
	is "and in other rooms" "$(hold_ask two 'grep -c mounted-inside /proc/self/mountinfo')" 0
	like "who has not the power cannot" "$(hold_ask two "$mount_a_tmpfs")" 'not permitted'
	like "not even become root" "$(hold_ask one "$mount_a_tmpfs")" 'PermissionError'
}

check_overlay() {
	is "an overlay shows the lower" "$(hold_ask one 'cat ~/file')" lower
	is "takes changes" "$(hold_ask one 'echo upper >~/file; echo new >~/new; cat ~/file ~/new')" $'upper\nnew'
	is "and leaves the lower untouched" "$(guest 'cat ~ana/file; ls ~ana/new 2>&1 | grep -c "No such"')" $'lower\n1'
	is "the user is who he was" "$(hold_ask one 'id -un; id -u')" "$(guest 'id -un ana; id -u ana')"
	is "root is not in reach" "$(hold_ask one 'su -c id </dev/null 2>&1 | grep -c uid=0; unshare -Ur id 2>&1 | grep -c uid=0')" $'0\n0'
}

# What was pulled is what runs: another image in its place is refused.
check_image() {
	{ sed 's/^#!.*//' "$(dirname "$0")/../../lib/rootimage.sh"; echo 'rootimage_make /srv/box; carrelctl image add box /srv/box'; } |
		guest 'bash -s' >/dev/null
	is "a root from an image" "$(login gus 'cat /etc/issue')" 'the image'
	guest 'cd /var/lib/carrel/images/box && cp *.erofs /srv/good && printf X | dd of=$(echo *.erofs) bs=1 seek=9000 conv=notrunc'
	log_mark
	like "swapped, it is refused" "$(login gus true 2>&1)" 'code MOUNT'
	like "and there is an alarm" "$(log_since 'image=box')" 'its file is not what was added'
	guest 'cat /srv/good >$(echo /var/lib/carrel/images/box/*.erofs)'
	is "as it was, it is not" "$(login gus 'cat /etc/issue')" 'the image'
	check "and it is removed, with its mount" poll 20 guest \
		'carrelctl image rm --force box && ! grep -q carrel/images/ /proc/1/mountinfo'
	guest 'rm -rf /srv/box'
}

check "users" users_make
pam_wire sshd
conf_write <<'END'
rules = (
  { user = "ana"; policy = "plain"; },
  { user = "cara"; policy = "ping"; },
  { group = "staff"; policy = "trusting"; },
  { group = "guests"; policy = "boxed"; }
);
policies = {
  boxed = { share = "login"; home = { mode = "tmpfs"; size = "16M"; }; root = { mode = "image"; image = "box"; }; };
  plain = { hostname = "desk-%u"; home = { mode = "overlay"; size = "16M"; }; };
  ping = { inherit = "plain"; no_new_privs = false; capabilities = { bounding = [ "net_raw" ]; }; };
  // Nobody should: a user who may mount. What he does still stays in his room.
  trusting = { inherit = "ping"; capabilities = { bounding = [ "sys_admin", "setuid", "setgid", "dac_override" ]; };
    seccomp = { allow = [ "mount", "umount2" ]; }; };
};
END
guest 'ana=$(getent passwd ana | cut -d: -f6); echo lower >$ana/file; chown ana $ana/file; rm -f $ana/new
	# On a Debian system ping has it; the way the image was made has lost it.
	setcap cap_net_raw+ep /usr/bin/ping
	install -m 4755 $(readlink -f /usr/bin/python3) /usr/local/bin/root-python; sysctl -qw net.ipv4.ping_group_range="1 0"'
before=$(mounts)

check "a login" hold one ana
check "another with a policy of its own" hold two cara
check "and one that may mount" hold three bob

run_cases "$@" -- check_processes check_names check_network check_ping check_mounts check_overlay check_image
for s in one two three; do hold_end $s; done
check "the host's mounts are what they were" test "$(mounts)" = "$before"
tap_done
