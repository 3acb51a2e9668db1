#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# boot: systemd
# What a lecture on containers shows with each namespace and capability, on a login.
. "$(dirname "$0")/../suite.sh"

check "users" users_make
pam_wire sshd
conf_write <<'END'
rules = (
  { user = "ana"; policy = "plain"; },
  { user = "cara"; policy = "ping"; },
  { group = "staff"; policy = "trusting"; }
);
policies = {
  plain = { hostname = "desk-%u"; home = { mode = "overlay"; size = "16M"; }; };
  ping = { inherit = "plain"; no_new_privs = false; capabilities = { bounding = [ "net_raw" ]; }; };
  // Nobody should: a user who may mount. What he does still stays in his room.
  trusting = { inherit = "ping"; capabilities = { bounding = [ "sys_admin", "setuid", "setgid", "dac_override" ]; };
    seccomp = { allow = [ "mount", "umount2" ]; }; };
};
END
guest 'ana=$(getent passwd ana | cut -d: -f6); echo lower >$ana/file; chown ana $ana/file; rm -f $ana/new
	# On a Debian system ping has it; the way the image was made has lost it.
	setcap cap_net_raw+ep /usr/bin/ping; install -m 4755 $(readlink -f /usr/bin/python3) /usr/local/bin/root-python; sysctl -qw net.ipv4.ping_group_range="1 0"'
mounts() { guest 'grep -v " /run/user/" /proc/1/mountinfo'; } # those come and go with pam_systemd
before=$(mounts)

check "a login" hold one ana
check "another with a policy of its own" hold two cara
check "and one that may mount" hold three bob

like "there is a PID 1 that is not his" "$(hold_ask one 'kill -0 1' 2>&1)" 'Operation not permitted'
is "which is the room's init" "$(guest 'sed -n "s/^NSpid:.*\t//p" /proc/$(pgrep -x -n carrel-init)/status')" 1
is "few processes are seen, and none of the host" "$(hold_ask one 'ls /proc | grep -c "^[0-9]"; pgrep -x systemd')" "$(hold_ask one 'ls /proc | grep -c "^[0-9]"')"
is "its first processes have small numbers" "$(hold_ask one '[ $$ -lt 50 ] && echo small')" small
is "the host sees them with other numbers" "$(guest 'pgrep -u ana -x bash | head -n 1 | { read p; [ $p -gt 50 ] && echo large; }')" large
is "hostname inside" "$(hold_ask one hostname) $(hold_ask two hostname)" 'desk-ana desk-cara'
is "hostname outside" "$(guest hostname)" carrel-guest
is "a network with only lo" "$(hold_ask one 'ls /sys/class/net; ip -o link 2>/dev/null | grep -vc " lo:"')" $'lo\n0'
is "which works" "$(hold_ask one 'python3 -c "
import socket
s=socket.create_server((\"127.0.0.1\",0)); c=socket.create_connection(s.getsockname()); a,_=s.accept(); a.send(b\"ok\"); print(c.recv(2).decode())"')" ok
unlike "the host's servers are not reached through it" "$(hold_ask one 'exec 3<>/dev/tcp/127.0.0.1/22 && echo reached; true' 2>&1)" '^reached'

is "a ping without CAP_NET_RAW fails" "$(hold_ask one 'ping -c 1 -W 5 127.0.0.1 >/dev/null 2>&1; echo $?')" 2
is "with it a ping works" "$(hold_ask two 'ping -c 1 -W 5 127.0.0.1 >/dev/null 2>&1; echo $?')" 0
is "but not out of the room" "$(hold_ask two 'ping -c 1 -W 5 10.0.2.2 >/dev/null 2>&1; echo $?')" 2
is "the host can reach that" "$(guest 'ping -c 1 -W 5 10.0.2.2 >/dev/null 2>&1; echo $?')" 0

mount_a_tmpfs='root-python -c "
import ctypes, os
os.setuid(0)
c = ctypes.CDLL(None, use_errno=True)
print(c.mount(b\"mounted-inside\", b\"/tmp\", b\"tmpfs\", 0, None), os.strerror(ctypes.get_errno()))" 2>&1'
is "a mount inside" "$(hold_ask three "$mount_a_tmpfs; grep -c mounted-inside /proc/self/mountinfo")" $'0 Success\n1'
is "is invisible outside" "$(mounts)" "$before"
is "and in other rooms" "$(hold_ask two 'grep -c mounted-inside /proc/self/mountinfo')" 0
like "who has not the power cannot" "$(hold_ask two "$mount_a_tmpfs")" 'not permitted'
like "not even become root" "$(hold_ask one "$mount_a_tmpfs")" 'PermissionError'

is "an overlay shows the lower" "$(hold_ask one 'cat ~/file')" lower
is "takes changes" "$(hold_ask one 'echo upper >~/file; echo new >~/new; cat ~/file ~/new')" $'upper\nnew'
is "and leaves the lower untouched" "$(guest 'cat ~ana/file; ls ~ana/new 2>&1 | grep -c "No such"')" $'lower\n1'
is "the user is who he was" "$(hold_ask one 'id -un; id -u')" "$(guest 'id -un ana; id -u ana')"
is "root is not in reach" "$(hold_ask one 'su -c id </dev/null 2>&1 | grep -c uid=0; unshare -Ur id 2>&1 | grep -c uid=0')" $'0\n0'
for s in one two three; do hold_end $s; done
is "the host's mounts are what they were" "$(mounts)" "$before"
tap_done
