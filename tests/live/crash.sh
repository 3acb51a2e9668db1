#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Whatever dies, no half-isolated process survives and nothing is left behind.
. "$(dirname "$0")/../lib/stage.sh"
stage_enter "$@"
. "$(dirname "$0")/../lib/ctl.sh"

# scene NAME USER COMMAND [SSH OPTIONS]: a login with stubborn background processes, then COMMAND (sees $monitor
# $supervisor $init $client), then all must be as before
scene() {
	local name=$1 user=$2 monitor supervisor init client
	hold victim "$user@room" "${@:4}"
	client=$HOLD
	hold_say victim 'trap "" TERM HUP; setsid sleep 3100 >/dev/null 2>&1 &'
	hold_say victim '(trap "" TERM HUP INT; exec nohup sleep 3101 >/dev/null 2>&1) &'
	hold_say victim 'sleep 3102 >/dev/null 2>&1 & P=$!; sleep 0.5; kill -STOP $P'
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

# Until it is buried its room counts as kept.
buried() { # SUPERVISOR
	poll 10 test ! -d "/proc/$1"
}

scenes() { # USER
	local user=$1
	scene "$user: orderly logout" $user 'hold_say victim "exit 0"'
	scene "$user: monitor killed" $user 'kill -9 $monitor'
	scene "$user: supervisor killed" $user 'kill -9 $supervisor'
	scene "$user: init killed" $user 'kill -9 $init'
	scene "$user: client killed" $user 'kill -9 $client'
	scene "$user: connection reset" $user 'kill -9 $(pgrep -P $client socat)' \
		-o ProxyCommand="socat - TCP:127.0.0.1:$PORT_ROOM,linger=0"
	scene "$user: monitor and supervisor killed" $user 'kill -9 $supervisor $monitor'
	scene "$user: monitor, then supervisor killed, then swept" $user \
		'kill -9 $monitor; kill -9 $supervisor; buried $supervisor; $STAGE_LIB/carrel-helper --sweep --state $STATE_DIR'
	scene "$user: supervisor of a terminal killed, then swept" $user \
		'kill -9 $supervisor; buried $supervisor; $STAGE_LIB/carrel-helper --sweep --state $STATE_DIR' -tt
	scene "$user: client of a terminal killed" $user 'kill -9 $client' -tt
	scene "$user: user kills all he can" $user 'hold_say victim "kill -9 -1"'
}

# keeps: helper/init/init R2
check_own_room() {
	scenes ana
}

# With a cgroup.
check_shared_room() {
	scenes dora
}

# A room that is listened to, and whoever dies of it.
check_listened() {
	local who
	sed -i 's/seccomp = { base = "@login"; };/seccomp = { base = "@login"; log = true; };/' /etc/carrel/carrel.conf
	for who in '$(listener_pids)' '$supervisor $(listener_pids)' '$init $(listener_pids)' '$monitor $supervisor'; do
		# shellcheck disable=SC2016
		scene "listened, ${who//[^a-z_ ]/} killed" ana "kill -9 $who; hold_say victim 'exit 0' 2>/dev/null"
		check "listened, ${who//[^a-z_ ]/} killed: no listener stays" poll 10 eval '[ -z "$(listener_pids)" ]'
	done
	host_config
}

# A client that falls silent, as behind a cable that was pulled: sshd asks, hears nothing and ends.
check_silent_client() {
	cp $STAGE/keys/sshd_config $STAGE/sshd_config.kept
	printf 'Match LocalPort %s\n  ClientAliveInterval 2\n  ClientAliveCountMax 2\n' $PORT_ROOM >>$STAGE/keys/sshd_config
	sshd_room_reload
	scene "silent client" ana 'kill -STOP $client; check "$name: sshd hangs up" poll 30 process_gone $monitor; kill -KILL $client'
	cp $STAGE/sshd_config.kept $STAGE/keys/sshd_config # who is slow is not silent
	sshd_room_reload
}

# All three at once: only the sweep is left to tidy up, which the next login may call; here it is called by name.
check_all_at_once() {
	hold victim dora@room
	supervisor=$(helper_pids supervisor)
	kill -9 $(helper_pids init) $supervisor $(monitor_pids dora)
	check "everything killed at once: no process of the user survives" poll 5 user_gone dora
	hold_end victim
	buried "$supervisor"
	# A store that is good for nothing, and a configuration that cannot be read, keep no room from being swept.
	cp /etc/carrel/carrel.conf /srv/whole.conf
	mkdir -m 0755 /srv/loose
	echo 'store = "/srv/loose";' >>/etc/carrel/carrel.conf
	check "the sweep runs" $STAGE_LIB/carrel-helper --sweep --state $STATE_DIR
	echo nonsense >>/etc/carrel/carrel.conf
	check "and once more" $STAGE_LIB/carrel-helper --sweep --state $STATE_DIR
	cat /srv/whole.conf >/etc/carrel/carrel.conf
	rm -r /srv/whole.conf /srv/loose
	same_census "and leaves nothing" "$before"
}

# A listener that is restarted leaves open logins alone.
check_listener() {
	hold stays ana@room
	kill "$SSHD_ROOM"
	wait "$SSHD_ROOM" 2>/dev/null
	sshd_room_start
	is "sshd restarted: the open login goes on" "$(hold_ask stays 'echo alive; hostname' | paste -sd' ')" "alive ana-room"
	is "and new ones come in" "$(room ana 'echo in')" in
	hold_end stays
	check "and all end" poll 5 eval '[ -z "$(helper_pids supervisor)" ]'
	check "nobody is left" poll 5 user_gone ana
}

data() {
	echo "$STAGE/store/home/$(id -u ana)/data"
}

no_keeper() {
	[ -z "$(keepers)" ]
}

# A home that is kept, whose changes are carried over into the real one at the end. Whoever dies: what was written is there,
# in one of the two, and nothing of the room.
check_kept_home() {
	local who server mark
	host_config "store = \"$STAGE/store\";"
	sed -i 's/home = { mode = "overlay"; size = "64M"; };/home = { mode = "overlay"; upper = "persistent"; quota = "none"; '`
		`'at_end = "commit"; };/' /etc/carrel/carrel.conf
	room ana 'echo first >kept'
	settle
	poll 20 no_keeper
	before=$(census)
	for who in supervisor init worker server 'supervisor worker' 'supervisor init worker server' 'monitor supervisor worker'; do
		mark=${who// /-}
		scene "kept home: $who killed" ana kept_strike
		check "kept home: $who killed: no keeper stays" poll 30 no_keeper
		is "kept home: $who killed: what was written is there" "$(room ana "cat kept-$mark")" "$who"
		settle
		check "kept home: $who killed: and comes into the real home" poll 30 grep -qx "$who" "/home/ana/kept-$mark"
		poll 20 no_keeper
	done
	is "kept home: nothing else is in the upper" "$(find "$(data)/up" -mindepth 1 ! -name '.bash_history')" ''
	is "kept home: nor beside it" "$(ls -A "$(data)/trash"; find /home/ana -name '.carrel-*')" ''
	host_config
}

# In a scene: all of $who at once.
kept_strike() {
	hold_ask victim "echo '$who' >kept-$mark; sync kept-$mark; echo done" >/dev/null
	local worker server
	worker=$(worker)
	server=$(keepers | grep -vx "$worker")
	kill -9 $(for one in $who; do echo "${!one}"; done)
	[[ $who =~ supervisor|init ]] || hold_say victim 'exit 0' # a room goes on without its keeper
	poll 10 rooms_gone && # until they are buried the room counts as kept
		"$STAGE_LIB/carrel-helper" --sweep --state "$STATE_DIR"
}

# The keeper is killed while it carries changes over, again and again, also by carrelctl kill of the next room: at last all of
# it is in the real home, and no name of its own.
check_keeper_killed() {
	local round keeper init ender killed=0
	host_config "store = \"$STAGE/store\";"
	sed -i 's/home = { mode = "overlay"; size = "64M"; };/home = { mode = "overlay"; upper = "persistent"; quota = "none"; '`
		`'at_end = "commit"; };/' /etc/carrel/carrel.conf
	room ana 'mkdir many; for i in {1..1200}; do echo $i >many/$i; echo $i >m$i; done; ln m1 many/link; rm -f kept'
	poll 20 no_keeper
	for round in {1..8}; do
		hold victim ana@room
		is "keeper killed ($round): all is seen" "$(hold_ask victim 'ls many m[0-9]* | wc -l; cat m7 many/1200
			for i in {2..1200}; do echo $i >many/$i; echo $i >m$i; done' | xargs)" "2403 7 1200" # which it has to carry again
		keeper=$(worker) init=$(helper_pids init)
		(if [ $((round % 2)) = 0 ]; then ctl kill ana; else hold_say victim 'exit 0'; fi) >/dev/null 2>&1 &
		ender=$!
		poll 20 process_gone "$init"
		sleep "0.$((RANDOM % 2))$((RANDOM % 10))"
		kill -9 $keeper 2>/dev/null && killed=$((killed + 1))
		hold_end victim
		wait $ender
		poll 20 no_keeper
	done
	check "the keeper was at work when it was killed, $killed times of 8" test $killed -ge 1
	room ana true
	settle
	check "at last it is through" poll 60 no_keeper
	room ana true
	settle
	check "and once more" poll 60 no_keeper
	is "all of it is in the real home" "$(cd /home/ana && ls many m[0-9]* | wc -l; cat m7 many/1200; stat -c %h m1)" \
		$'2403\n7\n1200\n2'
	is "and nothing else" "$(find /home/ana -name '.carrel-*'; ls -A "$(data)/up" | grep -v bash_history)" ''
	rm -rf /home/ana/many /home/ana/m[0-9]*
	host_config
}

host_start
room ana true
room dora true
settle
before=$(census)
run_cases "$@" -- check_own_room check_shared_room check_silent_client check_all_at_once check_listener check_kept_home \
	check_keeper_killed check_listened
tap_done
