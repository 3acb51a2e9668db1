#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The policies that carrel ships, as logins see them.
. "$(dirname "$0")/../lib/stage.sh"
stage_enter "$@"

# staff_policy NAME: bob's logins follow a shipped policy
staff_policy() {
	host_config
	sed -i "s/group = \"staff\"; policy = \"[a-z-]*\"/group = \"staff\"; policy = \"$1\"/" /etc/carrel/carrel.conf
}

namespaces='for n in mnt pid uts ipc net cgroup time; do readlink /proc/self/ns/$n; done'

# For those who use sudo: nothing is isolated, and everything is recorded.
check_admin() {
	staff_policy admin
	log_mark
	hold desk bob@room
	is "admin: the host's namespaces" "$(hold_ask desk "$namespaces")" "$(eval "$namespaces")"
	is "admin: the bounding set is whole" "$(hold_ask desk 'grep CapBnd /proc/self/status')" "$(grep CapBnd /proc/self/status)"
	is "admin: sudo may work" "$(hold_ask desk 'grep -E "^(NoNewPrivs|Seccomp):" /proc/self/status')" $'NoNewPrivs:\t0\nSeccomp:\t0'
	is "admin: real home" "$(hold_ask desk 'pwd; ls -d /home/ana')" $'/home/bob\n/home/ana'
	like "admin: the log has the login" "$(log_since opened)" 'user=bob.*policy=admin'
	hold_ask desk 'nohup sleep 1000 >/dev/null 2>&1 </dev/null & echo' >/dev/null
	hold_end desk
	check "admin: background processes stay" pgrep -u bob -x sleep
	pkill -u bob -x sleep
	check "admin: nobody is left" poll 5 user_gone bob
}

host_start
room ana true
settle
before=$(census)
check_admin
host_config
settle
same_census "nothing is left behind" "$before"
tap_done
