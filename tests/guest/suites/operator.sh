#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# boot: systemd
# A room in which nobody is logged in, where systemd keeps the cgroups: it is on no scope's record, and is seen and reached
# all the same.
. "$(dirname "$0")/../suite.sh"
. "$(dirname "$0")/../../lib/ctl.sh"

of() { # EXPRESSION on ana's lines d
	guest 'carrelctl list ana --json' | json "$1"
}

is_lingering() {
	[ "$(of '[x["state"] for x in d]')" = "['lingering']" ]
}

beat() {
	guest "cat /proc/$init/root/tmp/beat"
}

check_running() {
	local before
	hold one ana
	hold_ask one 'setsid sh -c "while :; do date +%s%N >/tmp/beat; sleep 0.1; done" >/dev/null 2>&1 & echo' >/dev/null
	hold_end one
	check "a room that lingers is listed" poll 30 is_lingering
	is "in one line, by its user and policy" "$(of '[(x["user"], x["policy"], x["id"] == x["room"]) for x in d]')" \
		"[('ana', 'mine', True)]"
	is "with when it ends" "$(of '0 < d[0]["until"] - __import__("time").time() < 7300')" True
	is "its processes, memory and cpu" "$(of '(d[0]["processes"] >= 1, d[0]["memory"] > 0, d[0]["cpu"] > 0)')" '(True, True, True)'
	like "show" "$(guest 'carrelctl show ana')" '^State: +lingering'
	is "top" "$(guest 'carrelctl top --interval 0.5 --json' | json '[x["state"] for x in d]')" "['lingering']"
	init=$(guest 'carrelctl show ana --json' | json 'd["init"]')
	check "freeze" guest 'carrelctl freeze ana'
	is "is told" "$(of 'd[0]["state"]')" frozen
	before=$(beat)
	sleep 2
	is "and done" "$(beat)" "$before"
	check "thaw" guest 'carrelctl thaw ana'
	check "lets it go on" poll 10 eval '[ "$(beat)" != "'"$before"'" ]'
	is "enter" "$(guest 'carrelctl enter ana -- id -un </dev/null')" ana
	like "counts with what runs there" "$(guest "cat /proc/\$(pgrep -n -u ana sh)/cgroup")" 'user-[0-9]+.slice/'
}

check_limits() {
	conf_policy 'tasks = 321;'
	is "reload gives it the new limits" "$(guest 'carrelctl reload --json' | json '[(x["user"], x["reloaded"]) for x in d]')" \
		"[('ana', 'limits')]"
	is "in the kernel" "$(guest "cat /sys/fs/cgroup/$(guest 'carrelctl show ana --json' | json 'd["cgroup"]')/pids.max")" 321
	check "kill by the user's name" guest 'carrelctl kill ana'
	check "ends all of it" poll 20 guest '! pgrep -u ana'
	is "list is empty" "$(of 'len(d)')" 0
}

# No process, so no cgroup: only memory.
check_held() {
	hold one ana
	hold_ask one 'head -c 20000000 /dev/zero >/tmp/big; echo' >/dev/null
	hold_end one
	check "a room without a process is listed" poll 30 is_lingering
	is "with what it holds" "$(guest 'carrelctl show ana --json' | json 'd["processes"] == 0 and d["held"] >= 20000000')" True
	is "enter does not go round the limits" "$(guest 'carrelctl enter ana -- true </dev/null 2>/dev/null; echo $?')" 1
	is "but when it is told to" "$(guest 'carrelctl enter --unrestricted ana -- sh -c "wc -c </tmp/big" </dev/null')" 20000000
	check "drain ends it and waits for nobody" guest 'carrelctl drain --timeout 30s'
	is "nothing is left" "$(of 'len(d)')" 0
	check "drain off" guest 'carrelctl drain --off'
}

conf_policy() { # LIMITS
	conf_write <<-END
	rules = ( { group = "students"; policy = "mine"; } );
	policies = { mine = { inherit = "dev"; limits = { $1 }; }; };
	END
}

check "users" users_make
pam_wire sshd
conf_policy 'tasks = 400;'
run_cases "$@" -- check_running check_limits check_held
check "nothing is left of it all" poll 20 guest '! pgrep "^carrel([^-]|-[^s])"'
tap_done
