#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# boot: systemd
# Manager systemd: the login stays logind's, the limits are on the user's slice and live as long as its logins.
. "$(dirname "$0")/../suite.sh"

UID_ANA=
property() { # NAME
	guest "systemctl show -P $1 user-$UID_ANA.slice"
}

dropins() {
	guest "ls /run/systemd/system.control/user-$UID_ANA.slice.d 2>/dev/null | wc -l"
}

conf() { # TASKS MORE
	conf_write <<-END
	rules = ( { group = "students"; policy = "student"; }, { group = "staff"; policy = "staff"; } );
	policies = {
	  student = { limits = { tasks = $1; ${2-memory = \"256M\";} }; network = { mode = "none"; }; };
	  staff = { share = "user"; home = { mode = "real"; }; };
	};
	END
}

check "users" users_make
UID_ANA=$(guest id -u ana)
pam_wire sshd
conf 100
check "a login gets in" hold one ana -tt
like "loginctl lists it with its terminal" "$(guest 'loginctl list-sessions --no-legend')" ' ana .*pts/'
session=$(guest 'loginctl list-sessions --no-legend' | awk '$3 == "ana" { print $1 }')
like "and its remote host" "$(guest "loginctl show-session $session -p RemoteHost -p Remote -p Service")" 'RemoteHost=10\.0\.2\.2'
is "it is in logind's scope" "$(guest "cat /proc/\$(pgrep -u ana -x bash | head -n 1)/cgroup")" \
	"0::/user.slice/user-$UID_ANA.slice/session-$session.scope"
is "and sees only that" "$(login ana 'cat /proc/self/cgroup')" '0::/'
is "who says so too" "$(guest "who | grep -c '^ana .*pts.*10.0.2.2'")" 1
is "limits are systemd's" "$(property TasksMax) $(property MemoryMax)" '100 268435456'
is "and the kernel's" "$(guest "cat /sys/fs/cgroup/user.slice/user-$UID_ANA.slice/{pids.max,memory.max}")" $'100\n268435456'
like "the room's own processes are in a scope of carrel.slice" "$(guest 'systemctl status carrel.slice')" 'carrel-room-.*\.scope'
guest systemctl daemon-reload
is "limits survive daemon-reload" "$(property TasksMax) $(guest "cat /sys/fs/cgroup/user.slice/user-$UID_ANA.slice/pids.max")" '100 100'
check "a second login" hold two ana
is "limits stand" "$(property TasksMax)" 100
hold_end two
is "limits survive the end of one of two" "$(property TasksMax)" 100
guest systemctl daemon-reload
is "even after a reload" "$(guest "cat /sys/fs/cgroup/user.slice/user-$UID_ANA.slice/pids.max")" 100
conf 150 ''
check "a login after a change of policy" hold two ana
is "has the new limit" "$(property TasksMax)" 150
is "and not the one that was taken out" "$(guest "cat /sys/fs/cgroup/user.slice/user-$UID_ANA.slice/memory.max")" max
conf 120
is "carrelctl reload" "$(guest 'carrelctl reload --json >/dev/null; echo $?')" 0
is "reaches live logins" "$(property TasksMax) $(guest "cat /sys/fs/cgroup/user.slice/user-$UID_ANA.slice/{pids.max,memory.max}" | xargs)" '120 120 268435456'
conf 150 ''
guest 'carrelctl reload' >/dev/null
is "and takes out what is no more" "$(guest "cat /sys/fs/cgroup/user.slice/user-$UID_ANA.slice/{pids.max,memory.max}" | xargs)" '150 max'
hold_end two
hold_end one
check "the last logout takes the limits away" poll 30 eval '[ "$(dropins)" = 0 ]'
check "and the lock" poll 10 guest '! ls /run/carrel/rooms/limits-*'
check "and the session" poll 30 guest '! loginctl list-sessions --no-legend | grep " ana "'
check "and the slice" poll 30 guest "! test -e /sys/fs/cgroup/user.slice/user-$UID_ANA.slice"
check "and the room's scope" poll 20 guest '! systemctl list-units --all --no-legend "carrel-*" | grep scope'

# Without pam_systemd: a scope of our own.
guest "sed -i.kept '/pam_systemd/d' /etc/pam.d/common-session"
check "a login without pam_systemd" hold one ana
like "gets a transient scope in the user's slice" "$(guest "cat /proc/\$(pgrep -u ana -x bash | head -n 1)/cgroup")" \
	"^0::/user.slice/user-$UID_ANA.slice/carrel-[a-z0-9]+\.scope$"
is "with the limits" "$(guest "cat /sys/fs/cgroup/user.slice/user-$UID_ANA.slice/pids.max")" 150
hold_end one
check "which is gone afterwards" poll 30 guest "! test -e /sys/fs/cgroup/user.slice/user-$UID_ANA.slice"
is "and no drop-in is left" "$(dropins)" 0
guest "systemd-run -q --slice=user-$UID_ANA.slice --unit=stays -p TimeoutStopSec=15 bash -c 'trap : TERM; while :; do sleep 1; done'"
guest "systemctl stop --no-block user-$UID_ANA.slice"
check "her slice is being stopped" guest "systemctl list-jobs --no-legend | grep -q 'user-$UID_ANA.slice .*stop'"
is "a login that comes just then waits for it" "$(login ana 'echo in')" in
guest "mv /etc/pam.d/common-session.kept /etc/pam.d/common-session"

# A shared room: what one login leaves behind ends with it.
check "staff logs in" hold one bob
check "twice" hold two bob
is "into one room" "$(hold_ask one 'echo here >/tmp/shared'; hold_ask two 'cat /tmp/shared')" here
hold_ask two 'setsid sleep 1234 >/dev/null 2>&1 </dev/null & sleep 1' >/dev/null
check "the second has a background process" guest 'pgrep -u bob -x sleep'
hold_end two
check "which ends with it" poll 20 guest '! pgrep -u bob -x sleep'
is "the first goes on" "$(hold_ask one 'echo alive')" alive
hold_end one

# A killed supervisor leaves limits behind; the sweep takes them away.
conf 100
check "a login" hold one ana
kill_supervisor_of_one
is "the sweep removes a killed supervisor's limits" "$(dropins)" 0
check "and all its files" guest '! ls /run/carrel/rooms/*'

# Asked for, but not there: refused with the cause.
guest 'mv /usr/libexec/carrel/carrel-bus /usr/libexec/carrel/kept'
conf_write <<'END'
cgroup = { manager = "systemd"; };
rules = ( { group = "students"; policy = "shared"; } );
END
log_mark
like "manager systemd without carrel-bus refuses" "$(login_tty ana true 2>&1)" 'code LIMITS'
check "and the log says why" log_since 'no carrel-bus'
guest 'mv /usr/libexec/carrel/kept /usr/libexec/carrel/carrel-bus'
guest 'systemctl stop dbus.socket dbus.service'
log_mark
like "no bus: refused, too" "$(login_tty ana true 2>&1)" 'code LIMITS'
check "with its cause" log_since 'system bus'
is "root still gets in" "$(login root 'echo in')" in
guest 'systemctl start dbus.socket dbus.service; systemctl restart systemd-logind'
check "with the bus back" poll 30 eval '[ "$(login ana "echo in")" = in ]'
tap_done
