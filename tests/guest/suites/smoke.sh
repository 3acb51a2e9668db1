#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# boot: systemd
# Is this the system that the other suites believe in, and is a login in its room?
. "$(dirname "$0")/../suite.sh"

check_system() {
	is "systemd is PID 1" "$(guest 'cat /proc/1/comm')" systemd
	is "cgroup v2 with every controller" \
		"$(guest 'tr " " "\n" </sys/fs/cgroup/cgroup.controllers | grep -xE "cpu|io|memory|pids" | sort | tr "\n" " "')" \
		"cpu io memory pids "
	local debian=${GUEST:-bookworm}
	is "the Debian that was asked for" "$(guest '. /etc/os-release; echo $VERSION_CODENAME')" "${debian%%-*}"
	is "no unit has failed" "$(guest 'systemctl --failed --no-legend --plain')" ""
}

check_login() {
	check "a bare login" test "$(login ana 'echo in')" = in
	check "carrel goes into the stack" pam_wire sshd
	conf_write <<'END'
rules = ( { group = "students"; policy = "shared"; } );
END
	is "a login is in its room" "$(login ana 'ps -e -o user= | sort -u; ls /home; ls /sys/class/net')" $'ana\nana\nlo'
	is "under a filter" "$(login ana 'sed -n "s/^Seccomp:[^0-9]*//p" /proc/self/status')" 2
	is "with a terminal, too" "$(login_tty ana 'tty')" /dev/pts/0
	like "no rule: refused with a code" "$(login_tty gus true 2>&1)" 'code RULE'
	is "root gets in" "$(login root 'echo in')" in
	is "break-glass gets in" "$(login bea 'echo in')" in
	hold one ana
	like "loginctl lists the login" "$(guest 'loginctl list-sessions --no-legend')" ' ana '
	hold_end one
}

# What an administrator asks of a new host; the processor does not matter to any question of theirs.
check_questions() {
	guest 'systemctl stop "user@[1-9]*.service"' # that of the bare login, which check would rightly call an error
	like "check finds no error" "$(guest 'carrelctl check --no-rehearse 2>&1; echo "status $?"' </dev/null)" '^status 0$'
	like "a rehearsal of a login ends well" "$(guest 'carrelctl rehearse ana 2>&1; echo "status $?"' </dev/null)" '^status 0$'
}

# OpenSSH 9.8 and newer asks PAM by the name that its configuration says.
check_service() {
	local file=/etc/ssh/sshd_config.d/service.conf
	if ! guest '/usr/sbin/sshd -T | grep -q "^pamservicename "'; then
		skip_here "PAMServiceName" "this sshd does not know it"
		return
	fi
	guest "sed /pam_carrel/d /etc/pam.d/sshd >/etc/pam.d/entry; echo PAMServiceName entry >$file; systemctl reload ssh"
	check "another service without carrel: nobody is in a room" poll 30 eval 'login ana "ls /sys/class/net" | grep -qx eth0'
	like "which check tells" "$(guest 'carrelctl check --no-rehearse' </dev/null)" 'PAMServiceName entry: sshd asks /etc/pam.d/entry'
	pam_wire entry
	is "with carrel: all are" "$(login ana 'ls /sys/class/net')" lo
	unlike "which check knows" "$(guest 'carrelctl check --no-rehearse' </dev/null)" PAMServiceName
	guest "rm $file /etc/pam.d/entry; systemctl reload ssh"
	check "sshd asks its own again" poll 30 eval 'login ana "ls /sys/class/net" | grep -qx lo'
}

# What Debian 13 has instead of utmp: databases that PAM modules write, on the host.
check_records() {
	if ! guest 'command -v wtmpdb >/dev/null'; then
		skip_here "wtmpdb and lastlog2" "this Debian has utmp(5) instead"
		return
	fi
	like "check tells of what sshd writes by itself" "$(guest 'carrelctl check --no-rehearse --notes' </dev/null)" \
		'last\(1\) of wtmpdb knows no login in a room by sshd'
	guest "cp -p /etc/pam.d/sshd /root/; sed -i '/pam_carrel.so open/i session optional pam_wtmpdb.so' /etc/pam.d/sshd"
	unlike "and no more where its module does" "$(guest 'carrelctl check --no-rehearse --notes' </dev/null)" 'of wtmpdb'
	guest 'install -d /var/lib/lastlog' # without it the module is silent
	hold noted ana -tt
	like "wtmpdb has the login" "$(guest 'wtmpdb last' </dev/null)" '^ana .*10\.0\.2\.2.*still logged in'
	hold_end noted
	check "and its end" poll 20 guest '! wtmpdb last | grep "^ana .*still logged in"'
	check "pam_lastlog2 has noted the login as well" guest 'grep -aq "ana.*10\.0\.2\.2" /var/lib/lastlog/lastlog2.db'
	guest 'mv /root/sshd /etc/pam.d/sshd'
}

check_unit() {
	pam_wire login
	log_mark
	isnt "a unit with PAMName= is refused" \
		"$(guest 'systemd-run --quiet --wait -p PAMName=login -p User=ana touch /tmp/unit-ran >/dev/null 2>&1; echo $?')" 0
	is "and its program has not run" "$(guest 'ls /tmp/unit-ran 2>/dev/null')" ""
	like "for a reason that the log has" "$(log_since refused)" 'stage=CALLER.*systemd is about to run a unit'
	pam_unwire login
}

# Each shipped policy's filter, asked of this kernel for every number at both doors.
check_filters() {
	like "filters say what is documented" \
		"$(guest 'cd /opt/guest && build/tests/live/plan/test_filter_oracle 2>&1' | tr -s '\n ' ' ')" \
		'shared [0-9]{4,} calls made.*PASSED . 1 test.s.. *$'
}

check "users" users_make
needs "check_service check_records check_unit check_questions" check_login
run_cases "$@" -- check_system check_filters check_login check_questions check_service check_records check_unit
check "nothing is left" poll 20 guest '! pgrep "carrel([^-]|-[^s])"'
tap_done
