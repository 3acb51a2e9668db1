#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The policies that carrel ships, as logins see them.
. "$(dirname "$0")/../lib/stage.sh"
stage_enter "$@"
. "$(dirname "$0")/../lib/ctl.sh"

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
	check "admin: the log has the login" poll 10 eval 'log_since opened | grep "user=bob.*policy=admin"'
	hold_ask desk 'nohup sleep 1000 >/dev/null 2>&1 </dev/null & echo' >/dev/null
	poll 10 pgrep -u bob -x sleep
	hold_end desk
	check "admin: background processes stay" pgrep -u bob -x sleep
	pkill -u bob -x sleep
	check "admin: nobody is left" poll 5 user_gone bob
}

# listen PATH: a socket of a service, for everybody
listen() {
	mkdir -p "${1%/*}"
	socat "UNIX-LISTEN:$1,fork,mode=666" EXEC:'echo service answers' &
	services+=($!)
	poll 10 test -S "$1"
}

asks() { # PATH
	room bob "timeout $((10 * CARREL_PATIENCE)) socat -u UNIX:$1 - 2>&1 | grep -o 'service answers'"
}

# For compute nodes: what the batch system's commands ask is there, and in no other policy.
check_hpc() {
	local path slurm=(/run/munge/munge.socket.2 /run/slurm/sack.socket)
	services=()
	for path in "${slurm[@]}" /run/other/socket; do
		listen $path
	done
	staff_policy hpc
	for path in "${slurm[@]}"; do
		is "hpc: $path answers" "$(asks $path)" "service answers"
	done
	is "[O] hpc: another service's socket does not" "$(asks /run/other/socket)" ""
	staff_policy dev
	is "[O] dev: munge's does not" "$(asks "${slurm[0]}")" ""
	ctl kill bob >/dev/null
	kill "${services[@]}"
}

host_start
room ana true
settle
before=$(census)
run_cases "$@" -- check_admin check_hpc
host_config
settle
same_census "nothing is left behind" "$before"
tap_done
