#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What an operator does to the whole host: rooms in which nobody is logged in, as well as those with logins.
. "$(dirname "$0")/../lib/stage.sh"
stage_enter "$@"
. "$(dirname "$0")/../lib/ctl.sh"

of() { # USER EXPRESSION on his lines d
	ctl list "$1" --json | json "$2"
}

is_lingering() {
	[ "$(of "$1" '[x["state"] for x in d]')" = "['lingering']" ]
}

# leave_behind COMMAND: dora logs in, does it, logs out
leave_behind() {
	hold one dora@room
	hold_ask one "$1" >/dev/null
	hold_end one
	check "the room outlives the logout" poll 10 is_lingering dora
}

check_lingering() {
	local id until pid
	leave_behind 'setsid sh -c "while :; do date +%s%N >/tmp/beat; sleep 0.02; done" >/dev/null 2>&1 & echo'
	is "list has one line for it" "$(of dora 'len(d)')" 1
	is "by its user and policy" "$(of dora '(d[0]["user"], d[0]["policy"], d[0]["id"] == d[0]["room"])')" "('dora', 'lab', True)"
	until=$(of dora 'd[0]["until"]')
	check "until when, as a number" test "$until" -gt "$(($(date +%s) + 3000))" -a "$until" -le "$(($(date +%s) + 3600))"
	like "and for people" "$(ctl list dora)" "lingering +$(date -d "@$until" '+%m-%d %H:%M')\$"
	check "its processes are counted" test "$(of dora 'd[0]["processes"]')" -ge 1
	is "and their cpu" "$(of dora 'd[0]["cpu"] > 0')" True
	like "show" "$(ctl show dora)" '^State: +lingering'
	is "show tells when it ends" "$(ctl show dora --json | json 'd["until"]')" "$until"
	is "top has it" "$(ctl top --interval 0.5 --json | json '[(x["user"], x["state"], x["until"]) for x in d]')" \
		"[('dora', 'lingering', $until)]"
	is "reload gives it its limits" "$(ctl reload --json | json '[(x["user"], x["reloaded"]) for x in d]')" "[('dora', 'limits')]"
	pid=$(ctl show dora --json | json 'd["init"]')
	is "enter by user" "$(ctl enter dora -- id -un </dev/null)" dora
	like "counts to its limits" "$(ctl enter dora -- sh -c 'cat /proc/$$/cgroup' </dev/null)" '/login-|^0::/$'
	check "freeze by user" ctl freeze dora
	is "list says so" "$(of dora 'd[0]["state"]')" frozen
	local beat
	beat=$(cat "/proc/$pid/root/tmp/beat")
	sleep 0.3
	is "nothing runs in it" "$(cat "/proc/$pid/root/tmp/beat")" "$beat"
	check "thaw" ctl thaw dora
	check "it goes on" poll 5 eval '[ "$(cat "/proc/'"$pid"'/root/tmp/beat")" != "'"$beat"'" ]'
	id=$(of dora 'd[0]["id"]')
	is "kill by user" "$(ctl kill dora)" "room $id ended"
	check "all of it is gone" poll 5 user_gone dora
	is "list is empty" "$(of dora 'len(d)')" 0
	like "why tells what was done to it" "$(ctl why dora --json | json '[(x["cause"], x["login"]) for x in d]')" "'killed', '$id'"
}

# Memory that no process has: nothing else would tell that it is there.
check_held() {
	local held
	leave_behind 'head -c 20000000 /dev/zero >/tmp/big; ipcmk -M 30000000 >/dev/null; python3 -c "
import ctypes
c = ctypes.CDLL(None)
c.shmat.restype = ctypes.c_void_p
for i in range(64):
    p = c.shmat(i, None, 0)
    if p not in (None, 2**64 - 1): ctypes.memset(p, 1, 30000000); break
"; echo'
	check "no process runs in it" poll 10 eval '[ "$(of dora "d[0][\"processes\"]")" = 0 ]'
	held=$(ctl show dora --json | json 'd["held"]')
	check "what it holds is known" test "$held" -ge 49000000
	check "and in the list" test "$(of dora 'd[0]["memory"]')" -ge 49000000
	is "enter works" "$(ctl enter dora -- sh -c 'wc -c </tmp/big' </dev/null)" 20000000
	check "kill ends it" ctl kill dora
	is "nothing is left" "$(of dora 'len(d)')" 0
}

host_start
room ana true
settle
before=$(census)
host_config '' '' 'linger = "1h"; on_close = "keep";'
check_lingering
check_held
host_config
settle
same_census "nothing is left behind" "$before"
tap_done
