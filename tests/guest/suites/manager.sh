#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# boot: systemd
# Manager systemd: the login stays logind's, the limits are on the user's slice and live as long as its logins.
. "$(dirname "$0")/../suite.sh"

# Where programs look for their limits, as JVM, Go and .NET put it together.
SHOWN='/sys/fs/cgroup$(sed -n s/^0:://p /proc/self/cgroup)'
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
	  staff = { share = "user"; linger = "10m"; home = { mode = "real"; }; limits = { tasks = 321; }; };
	};
	END
}

terminal_of() { # SESSION
	guest "loginctl show-session --value -p TTY $1"
}

terminals_of_utmp() {
	local line
	poll 20 guest "who | grep '^ana .*pts'" # a room's terminals come into the host's utmp a moment later
	check "loginctl lists it with its terminal" poll 20 guest "loginctl list-sessions --no-legend | grep ' ana .*pts/'"
	is "who says so too" "$(guest "who | grep -c '^ana .*pts.*10.0.2.2'")" 1
	line=$(guest "who | awk '/^ana / { print \$2 }'")
	like "by a terminal of the host's" "$line" '^pts/[0-9]+$'
	like "which loginctl shows as well" "$(guest 'loginctl list-sessions --no-legend')" " ana .* $line"
	guest 'shutdown -k +1' 2>/dev/null # which only says so
	check "what shutdown says reaches her" poll 30 grep -q 'The system will' "$GUEST_DIR/held.one"
	guest 'shutdown -c --no-wall'
	guest 'echo "the kettle boils" | wall'
	check "and wall" poll 30 grep -q 'the kettle boils' "$GUEST_DIR/held.one"
}

# Of a bare login the same programs know no more.
terminals_without_utmp() { # SESSION
	is "logind knows the terminal as well as a bare login's" "$(terminal_of "$1")" "$BARE_TERMINAL"
	like "who lists it, by its service" "$(guest who)" '^ana +sshd .*\(10\.0\.2\.2\)'
	like "and so does w" "$(guest w)" '^ana .* 10\.0\.2\.2 '
	guest 'carrelctl wall "the kettle boils"' >/dev/null
	check "carrelctl wall reaches her" poll 30 grep -q 'the kettle boils' "$GUEST_DIR/held.one"
}

check_logind() {
	check "a login gets in" hold one ana -tt
	session=$(sessions_of ana)
	if [ "$utmp" = yes ]; then terminals_of_utmp; else terminals_without_utmp "$session"; fi
	like "and its remote host" "$(guest "loginctl show-session $session -p RemoteHost -p Remote -p Service")" 'RemoteHost=10\.0\.2\.2'
	is "it is in logind's scope" "$(guest "cat /proc/\$(pgrep -u ana -x bash | head -n 1)/cgroup")" \
		"0::/user.slice/user-$UID_ANA.slice/session-$session.scope"
	is "and sees only that" "$(login ana 'cat /proc/self/cgroup')" '0::/'
	is "limits are systemd's" "$(property TasksMax) $(property MemoryMax)" '100 268435456'
	is "and the kernel's" "$(guest "cat /sys/fs/cgroup/user.slice/user-$UID_ANA.slice/{pids.max,memory.max}")" $'100\n268435456'
	is "and what the room shows" "$(login ana "cat $SHOWN/{pids.max,memory.max,memory.high,memory.swap.max,cpu.max}" | xargs)" \
		'100 268435456 max max max 100000'
	like "the room's own processes are in a scope of carrel.slice" "$(guest 'systemctl status carrel.slice')" 'carrel-room-.*\.scope'
	check "and the steward in one of its own" poll 20 guest \
		'grep -q "carrel.slice/carrel-steward-[0-9]*.scope" /proc/$(pgrep -o -x carrel-steward)/cgroup'
	is "in the host's mount namespace" "$(guest 'readlink /proc/$(pgrep -o -x carrel-steward)/ns/mnt')" \
		"$(guest 'readlink /proc/1/ns/mnt')"
	guest systemctl daemon-reload
	is "limits survive daemon-reload" "$(property TasksMax) $(guest "cat /sys/fs/cgroup/user.slice/user-$UID_ANA.slice/pids.max")" \
		'100 100'
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
	check "a third, without a terminal" hold three ana
	is "is shown it" "$(hold_ask three "cat $SHOWN/{pids.max,memory.max}" | xargs)" '150 max'
	conf 120
	is "carrelctl reload" "$(guest 'carrelctl reload --json >/dev/null; echo $?')" 0
	is "reaches live logins" \
		"$(property TasksMax) $(guest "cat /sys/fs/cgroup/user.slice/user-$UID_ANA.slice/{pids.max,memory.max}" | xargs)" \
		'120 120 268435456'
	is "which are shown it" "$(hold_ask three "cat $SHOWN/{pids.max,memory.max}" | xargs)" '120 268435456'
	conf 150 ''
	guest 'carrelctl reload' >/dev/null
	hold_end three
	is "and takes out what is no more" "$(guest "cat /sys/fs/cgroup/user.slice/user-$UID_ANA.slice/{pids.max,memory.max}" | xargs)" \
		'150 max'
	hold_end two
	hold_end one
	check "the last logout takes the limits away" poll 30 eval '[ "$(dropins)" = 0 ]'
	check "and the lock" poll 10 guest '! ls /run/carrel/rooms/limits-*'
	check "and the session" poll 30 guest '! loginctl list-sessions --no-legend | grep " ana "'
	check "and the slice" poll 30 guest "! test -e /sys/fs/cgroup/user.slice/user-$UID_ANA.slice"
	check "and the room's scope" poll 20 guest '! systemctl list-units --all --no-legend "carrel-*" | grep scope'
}

# Limits of the administrator's own for users' slices: what check says of them is what systemd does.
check_others() {
	local dir=/etc/systemd/system/user-.slice.d said
	conf 100 ''
	guest "mkdir -p $dir; printf '[Slice]\nTasksMax=77\nMemoryMax=1G\n' >$dir/90-site.conf; systemctl daemon-reload"
	said=$(guest 'carrelctl check --no-rehearse --notes')
	like "check warns of a drop-in behind carrel's" "$said" "^warning +$dir/90-site.conf +2 +TasksMax=77 counts again .*policy student"
	like "what no policy sets is a note" "$said" "^note +$dir/90-site.conf +3 +MemoryMax=1G goes on in rooms"
	check "a login" hold one ana
	is "has the policy's limit, and the other" "$(property TasksMax) $(property MemoryMax)" '100 1073741824'
	guest systemctl daemon-reload
	is "until systemd reads its files anew" "$(property TasksMax)" 77
	guest "mv $dir/90-site.conf $dir/40-site.conf; systemctl daemon-reload"
	is "not where it comes before" "$(property TasksMax) $(property MemoryMax)" '100 1073741824'
	like "which check says" "$(guest 'carrelctl check --no-rehearse --notes')" "^note +$dir/40-site.conf +2 +TasksMax=77 is replaced"
	hold_end one
	guest "rm -r $dir; systemctl daemon-reload"
}

# Without pam_systemd: a scope of our own.
check_own_scope() {
	conf 150 ''
	guest "sed -i.kept '/pam_systemd/d' /etc/pam.d/common-session"
	check "a login without pam_systemd" hold one ana
	like "gets a transient scope in the user's slice" "$(guest "cat /proc/\$(pgrep -u ana -x bash | head -n 1)/cgroup")" \
		"^0::/user.slice/user-$UID_ANA.slice/carrel-[a-z0-9]+\.scope$"
	is "with the limits" "$(guest "cat /sys/fs/cgroup/user.slice/user-$UID_ANA.slice/pids.max")" 150
	hold_end one
	check "which is gone afterwards" poll 30 guest "! test -e /sys/fs/cgroup/user.slice/user-$UID_ANA.slice"
	is "and no drop-in is left" "$(dropins)" 0
	guest "systemd-run -q --collect --slice=user-$UID_ANA.slice --unit=stays -p TimeoutStopSec=15 bash -c 'trap : TERM; touch /run/stays
		while :; do sleep 1; done'"
	check "something of hers that does not go at once" poll 20 guest 'rm /run/stays'
	guest "systemctl stop --no-block user-$UID_ANA.slice"
	check "her slice is being stopped" guest "systemctl list-jobs --no-legend | grep -q 'user-$UID_ANA.slice .*stop'"
	is "a login that comes just then waits for it" "$(login ana 'echo in')" in
	guest "mv /etc/pam.d/common-session.kept /etc/pam.d/common-session"
}

# A shared room: what one login leaves behind ends with it.
check_shared_room() {
	check "staff logs in" hold one bob
	check "twice" hold two bob
	is "into one room" "$(hold_ask one 'echo here >/tmp/shared'; hold_ask two 'cat /tmp/shared')" here
	is "where each is shown the limits" "$(hold_ask one "cat $SHOWN/pids.max") $(hold_ask two "cat $SHOWN/pids.max")" '321 321'
	hold_ask two 'setsid bash -c "trap : TERM HUP; while :; do sleep 1; done" >/dev/null 2>&1 </dev/null & echo' >/dev/null
	check "the second has a background process that stays" poll 20 guest 'pgrep -u bob -f "trap : TERM"'
	log_mark
	hold_end two
	check "which ends with it" poll 60 guest '! pgrep -u bob -f "trap : TERM"'
	check "logind has the other's session alone" poll 30 eval '[ "$(sessions_of bob | wc -l)" = 1 ]'
	refute "and took pam_systemd's word for that" log_since 'pam_systemd.*Failed to release'
	is "the first goes on" "$(hold_ask one 'echo alive')" alive
	hold_end one
	check "systemd removes the slice behind the last" poll 60 guest "! test -e /sys/fs/cgroup/user.slice/user-$(guest id -u bob).slice"
	check "who comes back" hold one bob
	is "finds the room" "$(hold_ask one 'cat /tmp/shared')" here
	is "and the limits shown" "$(hold_ask one "cat $SHOWN/pids.max")" 321
	hold_end one
	guest 'carrelctl kill bob' >/dev/null
}

# A killed supervisor leaves limits behind; the sweep takes them away.
check_killed() {
	conf 100
	check "a login" hold one ana
	kill_supervisor_of_one
	is "the sweep removes a killed supervisor's limits" "$(dropins)" 0
	check "and all its files" guest '! ls /run/carrel/rooms/*'
}

# Asked for, but not there: refused with the cause.
check_refused() {
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
}

# What a login has without carrel, for terminals_without_utmp.
look_at_bare() {
	check "a bare login" hold one ana -tt
	BARE_TERMINAL=$(terminal_of "$(sessions_of ana)")
	hold_end one
}

check "users" users_make
utmp=no BARE_TERMINAL=
if terminals_are_known; then utmp=yes; else look_at_bare; fi
UID_ANA=$(guest id -u ana)
# systemd keeps what was set on a slice as long as that is there: a suite before this one may have left it.
check "nobody has left a slice" poll 60 guest "! [ -e /sys/fs/cgroup/user.slice/user-$UID_ANA.slice ]"
pam_wire sshd
conf 100
run_cases "$@" -- check_logind check_others check_own_scope check_shared_room check_killed check_refused
tap_done
