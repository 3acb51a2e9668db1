#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# boot: systemd
# Is this the system that the other suites believe in, and is a login in its room?
. "$(dirname "$0")/../suite.sh"

is "systemd is PID 1" "$(guest 'cat /proc/1/comm')" systemd
is "cgroup v2 with every controller" "$(guest 'tr " " "\n" </sys/fs/cgroup/cgroup.controllers | grep -xE "cpu|io|memory|pids" | sort | tr "\n" " "')" "cpu io memory pids "
is "Debian 12" "$(guest '. /etc/os-release; echo $VERSION_ID')" 12
is "no unit has failed" "$(guest 'systemctl --failed --no-legend --plain')" ""
check "users" users_make
check "a bare login" test "$(login ana 'echo in')" = in
check "carrel goes into the stack" pam_wire sshd
conf_write <<'END'
rules = ( { group = "students"; policy = "shared"; } );
END
is "a login is in its room" "$(login ana 'ps -e -o user= | sort -u; ls /home; ls /sys/class/net')" $'ana\nana\nlo'
is "with a terminal, too" "$(login_tty ana 'tty')" /dev/pts/0
like "no rule: refused with a code" "$(login_tty gus true 2>&1)" 'code RULE'
is "root gets in" "$(login root 'echo in')" in
is "break-glass gets in" "$(login bea 'echo in')" in
hold one ana
like "loginctl lists the login" "$(guest 'loginctl list-sessions --no-legend')" ' ana '
hold_end one
check "nothing is left" poll 20 guest '! pgrep carrel'
tap_done
