#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Rooms that several logins share: joining, leaving, on_close, linger, and the race of a room's end with a new login.
. "$(dirname "$0")/../lib/stage.sh"
stage_enter "$@"

PIDNS='readlink /proc/self/ns/pid'

dora_cgroups() {
	find "$(cgroup_root)/carrel.slice/user-$(id -u dora).slice" -mindepth 1 -maxdepth 1 -type d 2>/dev/null
}

check_joined() {
	hold one dora@room
	hold two dora@room
	is "second login joins the first one's room" "$(hold_ask two "$PIDNS")" "$(hold_ask one "$PIDNS")"
	hold_ask one 'echo shared >/tmp/common; echo home >~/common' >/dev/null
	is "same /tmp and home" "$(hold_ask two 'cat /tmp/common ~/common' | paste -sd' ')" "shared home"
	hold_say one 'sleep 3000 >/dev/null 2>&1 &'
	poll 5 pgrep -u dora -f 'sleep 3000' >/dev/null
	is "same processes, by the same pids" "$(hold_ask two 'pgrep -f "sleep 300[0]"')" "$(hold_ask one 'pgrep -f "sleep 300[0]"')"
	is "seen by both" "$(hold_ask two 'pgrep -c -x sleep')" 1
	is "same uptime" "$(hold_ask two "awk '{ print (\$1 > 0) }' /proc/uptime")" 1
	check "one supervisor, one init" poll 10 eval '[ "$(helper_pids supervisor | wc -l) $(helper_pids init | wc -l)" = "1 1" ]'
	is "each login has its own cgroup" "$(dora_cgroups | wc -l)" 2
	is "and its processes are in it" \
		"$(pgrep -u dora -x bash | while read -r p; do sed -n 's/^0:://p' "/proc/$p/cgroup"; done | sort -u |
		grep -c 'slice/login-')" 2
	hold_ask one 'tmux new-session -d -s work "sleep 1000"' >/dev/null
	is "tmux of the first is attachable in the second" \
		"$(hold_ask two 'tmux ls | cut -d: -f1; tmux capture-pane -p -t work | wc -l | grep -c .')" $'work\n1'
	like "and shows itself on a terminal" "$(s -tt dora@room 'tmux attach -t work \; detach-client' </dev/null 2>&1 | tr -d '\r')" \
		'detached'
	hold_say one 'sleep 3001 >/dev/null 2>&1 & disown'
	poll 5 pgrep -u dora -f 'sleep 3001' >/dev/null
	hold_end one
	is "the first may leave before the second" "$(hold_ask two 'cat /tmp/common')" shared
	check "on_close = \"keep\": what the first left runs on" pgrep -u dora -f 'sleep 3001'
	is "a third joins still" "$(room dora "$PIDNS; cat /tmp/common")" "$(hold_ask two "$PIDNS; cat /tmp/common")"
	hold_end two
	check "the last one out ends the room" poll 5 user_gone dora
	same_census "nothing is left behind" "$before"
}

check_apart() {
	hold one ana@room
	hold two ana@room
	isnt "share = \"login\": two rooms" "$(hold_ask one "$PIDNS")" "$(hold_ask two "$PIDNS")"
	hold_end two
	is "the end of one leaves the other alone" "$(hold_ask one 'echo alive')" alive
	hold_end one
	hold one dora@room
	hold two bob@room
	isnt "two users never share" "$(hold_ask one "$PIDNS")" "$(hold_ask two "$PIDNS")"
	hold_end one
	hold_end two
	hold one dora@room
	host_config '' '' 'on_close = "keep"; hostname = "changed";'
	hold two dora@room
	isnt "a changed policy reaches the next login, in a new room" "$(hold_ask one "hostname; $PIDNS")" \
		"$(hold_ask two "hostname; $PIDNS")"
	hold_end one
	hold_end two
}

# hung_up COUNT: a room is on record whose supervisor does so, as often, before it is gone
hung_up() {
	python3 "$STAGE_PY/hangs_up.py" "$ROOM_SOCKET" "$1" &
	poll 10 test -S "$ROOM_SOCKET"
}

# keeps: helper/join R2
check_hung_up() {
	hold one dora@room
	ROOM_SOCKET=$(find "$STATE_DIR/rooms" -name '*.sock')
	check "a room that logins join by a socket" test -S "$ROOM_SOCKET"
	hold_end one
	settle
	hung_up 2
	is "a supervisor that hangs up without a word is asked again, and its room made anew when it is gone" "$(room dora 'echo in')" in
	settle
	wait $!
	log_mark
	hung_up 40
	like "one that hangs up for ever lets nobody in" "$(room dora 'echo in' 2>&1)" 'code STATE'
	like "which the log has" "$(log_since refused)" 'supervisor does not answer'
	kill $!
	wait $! 2>/dev/null
	is "its room is made anew as well" "$(room dora 'echo in')" in
	settle
}

check_kill() {
	host_config '' '' 'on_close = "kill";'
	hold one dora@room
	hold two dora@room
	hold_say one 'setsid nohup sleep 3002 >/dev/null 2>&1 & sh -c "trap : TERM HUP; while :; do sleep 3003; done" >/dev/null 2>&1 &
		sleep 3004 >/dev/null 2>&1 &'
	hold_say two 'sleep 3005 >/dev/null 2>&1 &'
	check "background jobs start" poll 5 all_sleep 3002 3003 3004 3005
	pkill -STOP -u dora -f 'sleep 3004' # one that takes no signal but SIGKILL
	hold_end one
	check "on_close = \"kill\": a leaving login's processes end" poll 5 none_sleep 3002 3003 3004
	check "and only those" pgrep -u dora -f 'sleep 3005'
	is "the room stands" "$(hold_ask two 'echo alive')" alive
	check "and its cgroup is gone" poll 5 eval '[ "$(dora_cgroups | wc -l)" -eq 1 ]'
	hold_end two
	same_census "nothing is left behind by kill" "$before"
}

all_sleep() {
	local n
	for n in "$@"; do
		pgrep -u dora -f "sleep $n" >/dev/null || return 1
	done
}

none_sleep() {
	local n
	for n in "$@"; do
		! pgrep -u dora -f "sleep $n" >/dev/null || return 1
	done
}

check_linger() {
	host_config '' '' 'linger = "12s"; on_close = "keep";'
	hold one dora@room
	hold_ask one 'echo stays >/tmp/lingering; tmux new-session -d -s kept "sleep 1000"' >/dev/null
	local ns
	ns=$(hold_ask one "$PIDNS")
	hold_end one
	is "linger: the room outlives its last login" "$(helper_pids init | wc -l)" 1
	is "the next login finds it as it was" "$(room dora "$PIDNS; cat /tmp/lingering; tmux ls | cut -d: -f1")" "$ns
stays
kept"
	check "and it ends when the time is up" poll 20 eval '[ -z "$(helper_pids init)" ] && user_gone dora'
	same_census "nothing is left behind by linger" "$before"
}

# RACE logins in a row and side by side, each ending the room under the next one's feet.
check_race() {
	local i failed=0 pids=() rounds=30
	host_config
	for ((i = 0; i < rounds; i++)); do
		s dora@room 'cat /proc/self/status >/dev/null && touch /tmp/x && echo in' </dev/null >"$STAGE_LOG/race.$i" 2>&1 &
		pids+=($!)
		# Neither all at once nor one after the other: some meet the room's end.
		[ $((i % 5)) -ne 4 ] || wait "${pids[i - 2]}"
	done
	for i in "${!pids[@]}"; do
		wait "${pids[i]}" && grep -qx in "$STAGE_LOG/race.$i" || { failed=$((failed + 1)) && head -n 3 "$STAGE_LOG/race.$i"; }
	done
	is "$rounds logins of one user side by side all get in" "$failed" 0
	same_census "and leave nothing behind" "$before"
	for ((i = 0; i < 8; i++)); do
		room dora 'echo in'
	done >$STAGE_LOG/race
	is "login after login as the room ends" "$(sort $STAGE_LOG/race | uniq -c | tr -s ' ')" " 8 in"
}

# limits.rooms: each room holds the host's terminals, mounts, processes of root's; a login that joins costs none.
check_rooms() {
	local i
	host_config '' '' 'limits = { rooms = 1; };'
	sed -i 's/cpu = "100%"; }/cpu = "100%"; rooms = 2; }/' /etc/carrel/carrel.conf
	hold first ana@room
	hold second ana@room
	log_mark
	like "a third room of a user who may have two is refused" "$(room ana 'echo in')" '^carrel: this login was refused \(code LIMITS\)'
	like "the log says why" "$(log_since refused)" 'EDQUOT: the user has all rooms that limits\.rooms gives them \(2\)'
	is "another user under that policy gets in" "$(room cara 'echo in')" in
	kill -KILL "$(ps -o ppid= "$(helper_pids init | head -n 1)" | tr -d ' ')"
	check "a supervisor that is killed gives its place back" poll 10 eval '[ "$(room ana "echo in")" = in ]'
	hold_end first
	hold_end second
	check "all end" poll 5 user_gone ana
	hold joined dora@room
	hold joins dora@room
	is "who joins a room needs none" "$(hold_ask joins "$PIDNS")" "$(hold_ask joined "$PIDNS")"
	sed -i 's/rooms = 1; }/rooms = 1; }; hostname = "changed"/' /etc/carrel/carrel.conf
	like "a changed policy would need another" "$(room dora 'echo in')" 'refused \(code LIMITS\)'
	hold_end joined
	hold_end joins
	hold listens bob@room
	hold meets bob@room
	is "who has the host's network meets carrel's sockets" "$(hold_ask listens 'grep -c "\.sock$" /proc/net/unix | grep -vcx 0')" 1
	unlike "whose names say nobody's number" "$(hold_ask listens 'cat /proc/net/unix')" "u$(id -u bob)-"
	is "and by which a room is joined as ever" "$(hold_ask meets "$PIDNS")" "$(hold_ask listens "$PIDNS")"
	hold_end listens
	hold_end meets
	for ((i = 0; i < 8; i++)); do
		room dora 'echo in'
	done >$STAGE_LOG/rooms
	is "login after login has the one place" "$(sort $STAGE_LOG/rooms | uniq -c | tr -s ' ')" " 8 in"
	host_config
}

host_start
room dora true
settle
before=$(census)
run_cases "$@" -- check_joined check_apart check_hung_up check_kill check_linger check_race check_rooms
same_census "nothing is left behind by refusals" "$before"
tap_done
