#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# boot: systemd plain
# Limits that a login meets: the kernel's counts reach carrelctl why while it is open, its record, and the user's next login.
. "$(dirname "$0")/../suite.sh"
. "$(dirname "$0")/../../lib/ctl.sh"

why() { # USER EXPRESSION on the rows d
	guest "carrelctl why $1 --json" | json "$2"
}

counted() { # USER CAUSE: of the newest row of that cause; 0 without one
	why "$1" "([x['count'] for x in d if x['cause'] == '$2'] or [0])[0]"
}

shell() { # USER: what a terminal shows of a login that does nothing
	printf 'exit\n' | timeout --foreground "$GUEST_LIMIT" ssh -tt -F "$GUEST_DIR/ssh_config" "$1@door" 2>&1 | tr -d '\r'
}

told() { # ana: what is noted of that at the login's end is noted
	shell ana
	poll 20 guest '! pgrep -x carrel-init'
}

check_open() {
	is "nothing has stopped anything yet" "$(why ana 'len([x for x in d if x["cause"] != "cpu"])')" 0
	hold_ask one 'head -c 200M /dev/zero | tail -n 1 | wc -c' 90 >/dev/null
	check "open: a process ended for memory" test "$(counted ana memory)" -ge 1
	is "with the limit that it met" "$(why ana "[x['limit'] for x in d if x['cause'] == 'memory'][0]")" 134217728
	is "the login is open, so there is no moment" "$(why ana "[x['when'] for x in d if x['cause'] == 'memory'][0]")" None
	hold_ask one 'bash -c "for i in {1..120}; do sleep 60 & done" 2>/dev/null; pkill -x sleep; true' 90 >/dev/null
	check "open: processes that could not start" test "$(counted ana tasks)" -ge 1
	is "with that limit" "$(why ana "[x['limit'] for x in d if x['cause'] == 'tasks'][0]")" 64
	hold_ask one 'for i in 1 2; do timeout 15 sh -c "while :; do :; done" & done; wait; true' 90 >/dev/null
	is "and the key to change" "$(why ana "[x['what_to_do'].split(' (')[0] for x in d if x['cause'] == 'memory'][0]")" \
		'limits.memory of policy student'
}

# The user's own tool, in their room, without asking anybody.
check_inside() {
	local text
	text=$(hold_ask one 'carrel why; carrel limits' 30)
	like "the user sees it, too: memory" "$text" '^now +had .* ended for memory \(limit 128M\)'
	like "and tasks" "$text" '^now +could not start .*\(limit 64\)'
	like "and their limits with what is used" "$text" '^memory +128M +[0-9]+[KM]$'
	like "of tasks" "$text" '^tasks +64 +[0-9]+$'
	unlike "another user has none of it" "$(login cara 'carrel why')" 'had |could not'
}

check_recorded() {
	local text
	hold_end one
	check "ended: it is on record" poll 20 eval '[ "$(why ana "[x[\"when\"] for x in d if x[\"cause\"] == \"memory\"][0]")" != None ]'
	check "with the count" test "$(counted ana memory)" -ge 1
	check "tasks, too" test "$(counted ana tasks)" -ge 1
	check "and seconds without a processor" test "$(counted ana cpu)" -ge 1
	is "nothing comes into a program's output" "$(login ana 'echo out' 2>&1)" out
	text=$(shell ana)
	like "the user is told of memory" "$text" '^carrel: your login of .* (a process|[0-9]+ processes) ended for memory \(limit 128M\)'
	like "and of tasks, in the same line" "$text" '^carrel: .*could not start .*\(limit 64\)'
	is "not of what only slowed it" "$(grep -c '^carrel: .*cpu' <<<"$text")" 0
	check "that is on record" poll 20 guest "grep -q ' [1-3] memory ' /run/carrel/why/\$(id -u ana)-*"
	is "at three logins, since sshd tells nobody whether it did" "$(for i in 1 2 3; do told; done | grep -c '^carrel: ')" 2
}

# With systemd each login has counts of its own; without it what several met is told for each that was open.
check_two() {
	local ids
	hold one cara
	hold two cara
	hold_ask two 'head -c 200M /dev/zero | tail -n 1 | wc -c' 90 >/dev/null
	ids=$(why cara "len({x['login'] for x in d if x['cause'] == 'memory'})")
	if [ "$GUEST_KIND" = systemd ]; then
		is "the login that met it is told apart" "$ids" 1
	else
		is "both that were open have it" "$ids" 2
	fi
	hold_end one
	hold_end two
	is "another user has none of it" "$(why ana "len([x for x in d if x['user'] != 'ana'])")" 0
}

# The kernel does not count what io.max holds back; it tells how long all of a login waited for disks.
check_io() {
	if ! guest 'cat /proc/pressure/io' >/dev/null 2>&1; then
		skip_here "seconds of waiting for disks" "this kernel has no pressure stall information"
		return
	fi
	hold three bob
	hold_ask three 'dd if=/dev/zero of=big bs=1M count=12 oflag=direct 2>/dev/null; rm big' 120 >/dev/null
	hold_end three
	check "seconds of waiting for disks" poll 20 eval '[ "$(counted bob io)" -ge 1 ]'
	unlike "of which nobody is told" "$(shell bob)" '^carrel: '
}

# A program that grows beyond memory_high stands still for minutes, and nothing of it is ended.
check_held() {
	if ! guest 'cat /proc/pressure/memory' >/dev/null 2>&1; then
		skip_here "memory that is held back" "this kernel has no pressure stall information"
		return
	fi
	hold four gus
	hold_say four "timeout 60 $(program grow)"
	check "held back: the login's state" poll 60 eval 'guest "carrelctl list gus" | grep -q "held back"'
	check "why tells it while it lasts" poll 60 eval '[ "$(counted gus "memory held back")" -ge 1 ]'
	is "with the limit that it met" "$(why gus "[x['limit'] for x in d if x['cause'] == 'memory held back'][0]")" 67108864
	is "and the key" "$(why gus "[x['what_to_do'].split(' (')[0] for x in d if x['cause'] == 'memory held back'][0]")" \
		'limits.memory_high of policy tight'
	guest 'pkill -u gus python3'
	hold_end four
	check "it is on record" poll 20 guest "grep -q ' memory-held-back ' /run/carrel/why/\$(id -u gus)-*"
	like "the user is told" "$(shell gus)" \
		'^carrel: your login of .* was held back for memory for (a second|[0-9]+ seconds) \(limit 64M\)'
}

check "users" users_make
guest 'rm -rf /run/carrel/why'
pam_wire sshd
conf_write <<'END'
rules = ( { user = "bob"; policy = "slow"; }, { user = "gus"; policy = "tight"; }, { policy = "student"; } );
policies = {
  student = {
    limits = { cpu = "60%"; memory = "128M"; swap = "0"; tasks = 64; };
    home = { mode = "overlay"; size = "64M"; };
  };
  tight = { limits = { memory = "128M"; memory_high = "64M"; swap = "0"; }; };
  slow = { limits = { io = ( { path = "/"; write = "1M"; } ); }; };
};
END
check "a login gets in" hold one ana
run_cases "$@" -- check_open check_inside check_recorded check_two check_io check_held
check "no process of carrel is left" poll 20 guest '! pgrep "^carrel([^-]|-[^s])"' # but the steward, which stays for a minute
tap_done
