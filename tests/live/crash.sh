#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Whatever dies, no half-isolated process survives and nothing is left behind.
. "$(dirname "$0")/../lib/stage.sh"
stage_enter "$@"

# scene NAME USER COMMAND [SSH OPTIONS]: a login with stubborn background processes, then COMMAND (sees $monitor
# $supervisor $init $client), then all must be as before
scene() {
	local name=$1 user=$2 monitor supervisor init client
	hold victim "$user@room" "${@:4}"
	client=$HOLD
	hold_say victim 'trap "" TERM HUP; setsid sleep 3100 >/dev/null 2>&1 & (trap "" TERM HUP INT; exec nohup sleep 3101 >/dev/null 2>&1) & sleep 3102 >/dev/null 2>&1 & P=$!; sleep 0.5; kill -STOP $P'
	poll 5 eval "[ \$(pgrep -c -u $user -f 'sleep 310') -eq 3 ]"
	monitor=$(monitor_pids "$user")
	supervisor=$(helper_pids supervisor)
	init=$(helper_pids init)
	if [ -z "$monitor" ] || [ -z "$supervisor" ] || [ -z "$init" ]; then
		not_ok "$name: the login stands" "monitor $monitor supervisor $supervisor init $init"
	fi
	eval "$3"
	check "$name: no process of the user survives" poll 5 user_gone "$user"
	CENSUS_LIMIT=12 same_census "$name: nothing is left behind" "$before"
	hold_end victim
	is "$name: the next login works" "$(room "$user" 'echo in')" in
	poll 5 eval '[ -z "$(helper_pids supervisor)" ]'
}

host_start
room ana true
room dora true
settle
before=$(census)
for user in ana dora; do # a room of one login, and a shared one with a cgroup
	scene "$user: orderly logout" $user 'hold_say victim "exit 0"'
	scene "$user: monitor killed" $user 'kill -9 $monitor'
	scene "$user: supervisor killed" $user 'kill -9 $supervisor'
	scene "$user: init killed" $user 'kill -9 $init'
	scene "$user: client killed" $user 'kill -9 $client'
	scene "$user: connection reset" $user 'kill -9 $(pgrep -P $client socat)' \
		-o ProxyCommand="socat - TCP:127.0.0.1:$PORT_ROOM,linger=0"
	scene "$user: monitor and supervisor killed" $user 'kill -9 $supervisor $monitor'
	scene "$user: monitor, then supervisor killed, then swept" $user \
		'kill -9 $monitor; kill -9 $supervisor; sleep 0.5; $STAGE_LIB/carrel-helper --sweep --state $STATE_DIR'
	scene "$user: supervisor of a terminal killed, then swept" $user \
		'kill -9 $supervisor; poll 10 process_gone $supervisor; $STAGE_LIB/carrel-helper --sweep --state $STATE_DIR' -tt
	scene "$user: client of a terminal killed" $user 'kill -9 $client' -tt
	scene "$user: user kills all he can" $user 'hold_say victim "kill -9 -1"'
done

# A client that falls silent, as behind a cable that was pulled: sshd asks, hears nothing and ends.
printf 'Match LocalPort %s\n  ClientAliveInterval 5\n  ClientAliveCountMax 2\n' $PORT_ROOM >>$STAGE/keys/sshd_config
sshd_room_reload
scene "silent client" ana 'kill -STOP $client; check "$name: sshd hangs up" poll 30 process_gone $monitor; kill -KILL $client'

# All three at once: only the sweep is left to tidy up, which the next login may call; here it is called by name.
hold victim dora@room
supervisor=$(helper_pids supervisor)
kill -9 $(helper_pids init) $supervisor $(monitor_pids dora)
check "everything killed at once: no process of the user survives" poll 5 user_gone dora
hold_end victim
poll 5 test ! -d "/proc/$supervisor" # until it is buried its room counts as kept
check "the sweep runs" $STAGE_LIB/carrel-helper --sweep --state $STATE_DIR
same_census "and leaves nothing" "$before"

# A listener that is restarted leaves open logins alone.
hold stays ana@room
kill "$SSHD_ROOM"
wait "$SSHD_ROOM" 2>/dev/null
sshd_room_start
is "sshd restarted: the open login goes on" "$(hold_ask stays 'echo alive; hostname' | paste -sd' ')" "alive ana-room"
is "and new ones come in" "$(room ana 'echo in')" in
hold_end stays
check "and all end" poll 5 eval '[ -z "$(helper_pids supervisor)" ]'
check "nobody is left" user_gone ana
tap_done
