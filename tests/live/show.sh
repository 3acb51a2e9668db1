#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The demo does as it says: its rows, its exit status, colours on a terminal only, and nothing left after Ctrl-C. Runs
# beside the stage, since the demo makes one of its own.
set -u
here=$(cd "$(dirname "$0")" && pwd -P)
. "$here/../lib/tap.sh"
cases_begin "$0" "$@"

work=$(mktemp -d) || exit 3
PANE="tmux -S $work/tmux -f /dev/null"
trap '$PANE kill-server 2>/dev/null; rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP

ROWS=("processes of others" "homes in /home" "files of others in /tmp" "mount lines" "host name" "network interfaces"
	"IPC queues" "uptime" "capabilities to be had" "no_new_privs" "seccomp mode" "write to /" "cgroup" "home after logout"
	"/tmp after logout" "limit of memory" "limit of pids" "limit of cpu")

# What a demo could leave on the machine; the stages of others come and go in cgroups and namespaces of their own.
machine() {
	cat /proc/self/mountinfo
	sha256sum /etc/passwd /etc/group /etc/shadow /etc/pam.d/* 2>/dev/null
	ls -d /srv/carrel /run/carrel /etc/carrel /home/ana /home/bob 2>&1
	hostname
}

# The PID namespace of the stage that a demo of this terminal has made.
stage_ns() {
	local p ns
	for p in $(pgrep -t "$1" -f 'carrel/tests/live/demo.sh'); do
		ns=$(readlink "/proc/$p/ns/pid")
		[ "$ns" = "$(readlink /proc/self/ns/pid)" ] || echo "$ns"
	done | head -n 1
}

nobody_in() { # NAMESPACE
	! find /proc -maxdepth 3 -path '/proc/[0-9]*/ns/pid' -lname "$1" 2>/dev/null | grep -q .
}

stage_cgroups() {
	find "$(findmnt -n -t cgroup2 -o TARGET | head -n 1)" -maxdepth 1 -name "carrel-stage-$1" 2>/dev/null
}

check_rows() {
	local row
	"$here/demo.sh" >"$work/plain" 2>&1 </dev/null
	is "the demo succeeds" $? 0
	like "and says so" "$(cat "$work/plain")" '^every row is as its policy promises$'
	for row in "${ROWS[@]}"; do
		like "it has the row \"$row\"" "$(cat "$work/plain")" "^$row +\|[^|]+\|[^|]+\|[^|]+\$"
	done
	unlike "no colour where there is no terminal" "$(cat "$work/plain")" $'\e'
}

# A demo that fails.
check_broken() {
	if [ "${CARREL_GUEST:-0}" = 1 ]; then
		skip_here "a demo that fails, and one that is interrupted" "shown on the machine that runs the guest"
		return
	fi
	CARREL=0 "$here/demo.sh" >"$work/broken" 2>&1 </dev/null
	is "promises that are not kept make it fail" $? 1
	like "and are counted" "$(cat "$work/broken")" '^[1-9][0-9]* cells are not as their policy promises$'
}

check_interrupted() {
	local tty ns demo
	[ "${CARREL_GUEST:-0}" = 0 ] || return
	$PANE new-session -d -x 120 -y 50 "bash -c 'trap : INT; \"$here/demo.sh\"; echo \$? >$work/status; sleep 1000'"
	check "on a terminal: rows come" poll 60 eval '$PANE capture-pane -p | grep -q "^homes in /home"'
	like "in colour" "$($PANE capture-pane -p -e)" $'homes in /home.*\e\\[32mana'
	tty=$($PANE list-panes -F '#{pane_tty}' | sed 's|/dev/||')
	ns=$(stage_ns "$tty")
	demo=$(pgrep -o -t "$tty" -f 'live/demo.sh$')
	like "its stage is a PID namespace" "$ns" '^pid:'
	isnt "and a cgroup" "$(stage_cgroups "$demo")" ""
	$PANE send-keys C-c
	check "Ctrl-C ends it" poll 30 test -s "$work/status"
	is "with the usual status" "$(cat "$work/status" 2>/dev/null)" 130
	check "no process is left" poll 10 nobody_in "$ns"
	is "nor a cgroup" "$(stage_cgroups "$demo")" ""
	$PANE kill-server
}

before=$(machine)
run_cases "$@" -- check_rows check_broken check_interrupted
check "the machine is as it was" test "$(machine)" = "$before"
tap_done
