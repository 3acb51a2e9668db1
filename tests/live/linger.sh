#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A room's own life: known by its user with and without logins, found without a record, ended when its time is over and
# no sooner, by nothing that a login in vain can do.
. "$(dirname "$0")/../lib/stage.sh"
stage_enter "$@"

CTL="$STAGE_LIB/carrelctl --config /etc/carrel/carrel.conf --helper $STAGE_LIB/carrel-helper"

# field NAME: of the only record
field() {
	sed -n "s/^$1=//p" $STATE_DIR/rooms/*.room 2>/dev/null
}

dora_cgroups() {
	find "$(cgroup_root)/carrel.slice/user-$(id -u dora).slice" -mindepth 1 -maxdepth 1 -type d 2>/dev/null | wc -l
}

end_rooms() {
	local pid
	for pid in $(helper_pids init); do
		kill -9 "$pid"
	done
	settle
}

check_record() {
	local now
	now=$(date +%s)
	host_config '' '' 'linger = "1h"; on_close = "keep";'
	hold one dora@room
	is "the record says whose room it is" "$(field uid) $(field gid) $(field user) $(field home)" \
		"$(id -u dora) $(id -g dora) dora /home/dora"
	check "since when" test $(($(field since) - now)) -ge 0 -a $(($(field since) - now)) -lt 600
	is "and that somebody is in" "$(field until) $(grep -c ^login= $STATE_DIR/rooms/*.room)" "0 1"
	hold_end one
	check "nobody is in any more" poll 10 eval '[ -n "$(field until)" ] && [ "$(field until)" != 0 ]'
	is "it is still its user's" "$(field uid) $(field user) $(grep -c ^login= $STATE_DIR/rooms/*.room)" "$(id -u dora) dora 0"
	check "it says until when" test $(($(field until) - now)) -ge 3600 -a $(($(field until) - now)) -lt 4800
	like "reload reaches it" "$($CTL reload 2>&1)" 'dora'
	unlike "as a room with a user" "$($CTL reload 2>&1)" 'not on record|nobody'
	hold two dora@room
	check "a login makes it wait no more" poll 10 eval '[ "$(field until)" = 0 ]'
	hold_end two
	end_rooms
}

# A login that is held up on its way in, and then killed: it must leave the room as it found it.
check_failed_join() {
	local until monitor client ns
	host_config '' '' 'linger = "1h"; on_close = "keep";'
	su dora -s /bin/bash -c 'setsid nohup sleep 3300 >/dev/null 2>&1 & readlink /proc/self/ns/pid' </dev/null >$STAGE_LOG/ns
	check "what a login leaves runs on" poll 5 pgrep -u dora -f 'sleep 3300'
	check "the room waits" poll 10 eval '[ "$(field until)" != 0 ]'
	until=$(field until)
	log_mark
	for monitor in 1 2 3; do
		sleep 1.1 # so that a time set anew would be another
		join_in_vain 2>/dev/null # the shell tells of what is killed
	done
	check "three logins did not come in" poll 20 eval '[ "$(log_since "did not come in" | wc -l)" -ge 3 ]'
	check "what runs there runs on" pgrep -u dora -f 'sleep 3300'
	is "the room's time is what it was" "$(field until)" "$until"
	check "nothing is left of them" poll 20 eval '[ "$(dora_cgroups)" -le 1 ]'
	is "a login finds the same room" "$(su dora -s /bin/bash -c 'readlink /proc/self/ns/pid' </dev/null)" "$(cat $STAGE_LOG/ns)"
	check "its time is set anew now" poll 10 eval '[ "$(field until)" -gt '"$until"' ]'
	end_rooms
}

# The helper stops when it has asked the supervisor, and is killed with its application.
join_in_vain() {
	local helper app n
	n=$(log_since "did not come in" | wc -l)
	rm -f $STAGE_LOG/strace
	strace -f -qq -o $STAGE_LOG/strace -e trace=setns -e inject=setns:signal=SIGSTOP:when=1 \
		su dora -s /bin/bash -c true </dev/null >/dev/null 2>&1 &
	app=$!
	poll 20 eval 'grep -q SIGSTOP $STAGE_LOG/strace'
	pkill -KILL -P $app
	kill -KILL $app
	wait $app
	poll 20 eval '[ "$(log_since "did not come in" | wc -l)" -gt '"$n"' ]'
}

check_time() {
	host_config '' '' 'linger = "3s"; on_close = "keep";'
	log_mark
	su dora -s /bin/bash -c 'setsid nohup sleep 3301 >/dev/null 2>&1 &' </dev/null
	check "a lingering room ends when its time is over" poll 20 rooms_gone
	like "which is logged with user and room" "$(log_since 'ended')" \
		'room=[a-z0-9]+ user=dora uid=[0-9]+ policy=lab ended \(linger is over\) duration_s=[0-9]+$'
	check "and what ran there with it" user_gone dora
	local use='duration_s=[0-9]+( cpu_ms=[0-9]+)?( (user_)?memory_peak=[0-9]+)?'
	like "each login's end is logged with its user and time" "$(log_since ' left ')" \
		'id=[a-z0-9]+ room=[a-z0-9]+ user=dora uid=[0-9]+ service=su left \(close\) '"$use"' policy=lab$'
	is "once" "$(log_since ' left ' | wc -l)" 1
	same_census "nothing is left behind" "$before"
}

fill() { # no space is left, but names can still be made
	dd if=/dev/zero of=$STATE_DIR/fill bs=4k 2>/dev/null
}

drain() {
	rm -f $STATE_DIR/fill
}

# A room of one's own needs no lock to be made, a shared one does: who would join which? Neither is silent.
check_no_inodes() {
	local i=0
	host_config
	while : >"$STATE_DIR/rooms/f$i" && [ $((i += 1)) -lt 3000 ]; do
		:
	done 2>/dev/null
	log_mark
	hold full ana@room
	is "without inodes a room of one's own is made" "$(hold_ask full 'echo in')" in
	check "it is loud" poll 10 eval 'log_since "cannot be written: No space" | grep -q "user=ana"'
	check "and found all the same" poll 10 eval '$CTL list | grep -q " ana *student "'
	like "a shared one is refused" "$(room bob 'echo in')" 'refused \(code STATE\)'
	check "and the log says why" poll 10 eval 'log_since refused | grep -qE "user=bob .*stage=STATE errno=ENOSPC"'
	rm -f $STATE_DIR/rooms/f[0-9]*
	is "and nobody is when there are some" "$(room bob 'echo in')" in
	hold_end full
	settle
}

check_full() {
	host_config
	fill
	log_mark
	hold one ana@room
	is "without space for a record a login gets in" "$(hold_ask one 'echo in')" in
	check "it is loud" poll 10 log_since 'room=[a-z0-9]+ user=ana uid=[0-9]+: its record cannot be written: No space'
	is "there is no record" "$(ls $STATE_DIR/rooms | grep -c '\.room$')" 0
	check "the room is found all the same" poll 10 eval '$CTL list | grep -q " ana *student "'
	is "no user can play such a room" "$(play_room)" 0
	drain
	check "it is tried again until it stands" poll 40 eval '[ "$(ls $STATE_DIR/rooms | grep -c "\.room$")" -eq 1 ]'
	check "which is logged" poll 10 eval '[ -n "$(log_since "is written now")" ]'
	is "and it is one room" "$($CTL list | grep -c ' ana ')" 1
	fill
	hold two ana@room
	check "two rooms, one with a record" poll 10 eval '[ "$($CTL list | grep -c " ana ")" -eq 2 ]'
	check "the operator ends both" $CTL kill ana
	check "nobody is left" poll 10 user_gone ana
	hold_end one
	hold_end two
	drain
	settle
}

# A user's process of that name with such a file: how many lists show it.
play_room() {
	cp /usr/bin/python3 /home/bob/carrel-helper
	chown bob /home/bob/carrel-helper
	setpriv --reuid bob --regid staff --clear-groups /home/bob/carrel-helper - >/dev/null 2>&1 <<-'END' &
	import os, ctypes, time
	f = os.memfd_create("carrel-room")
	start = open("/proc/self/stat").read().rsplit(")", 1)[1].split()[19]
	os.write(f, ("version=1\nname=x\nroom=played\nsupervisor=%d %s\ninit=1\nuser=mallory\n"
	    "login=played 1 0 1 user=mallory\nend=1\n" % (os.getpid(), start)).encode())
	ctypes.CDLL(None).prctl(15, b"carrel!played", 0, 0, 0)
	open("/tmp/played", "w").close()
	time.sleep(1000)
	END
	local player=$!
	poll 20 test -e /tmp/played
	$CTL list | grep -c mallory
	kill -9 $player
	wait $player 2>/dev/null
	rm -f /tmp/played /home/bob/carrel-helper
}

# The state directory goes away while rooms are open: they end as ever, and soon.
check_lost_state() {
	host_config
	log_mark
	hold one bob@room
	hold_say one 'trap "" HUP; setsid nohup sleep 3302 >/dev/null 2>&1 &'
	poll 5 pgrep -u bob -f 'sleep 3302' >/dev/null
	rm -rf ${STATE_DIR:?}/rooms
	hold_end one
	check "without its lock a room ends with its last login" poll 10 rooms_gone
	check "and nothing of the user survives" poll 5 user_gone bob
	like "which is logged" "$(log_since 'without its lock')" 'room=[a-z0-9]+: ends without its lock: No such file'
	is "the module has its answer" "$(log_since 'no answer from the supervisor' | wc -l)" 0
	is "the next login works" "$(room bob 'echo in')" in
	settle
	hold one bob@room
	hold_say one 'trap "" HUP; setsid nohup sleep 3303 >/dev/null 2>&1 &'
	poll 5 pgrep -u bob -f 'sleep 3303' >/dev/null
	mount -o remount,ro $STATE_DIR
	hold_end one
	check "so it does where the state is read-only" poll 10 rooms_gone
	check "nothing of the user survives there" poll 5 user_gone bob
	mount -o remount,rw $STATE_DIR
	$STAGE_LIB/carrel-helper --sweep --state $STATE_DIR
	is "and the next login works" "$(room bob 'echo in')" in
	settle
}

# Somebody holds the lock and does not come: the login is let go in time, the room ends when the lock is free.
check_held_lock() {
	local lock holder
	host_config
	hold one bob@room
	lock=$(ls $STATE_DIR/rooms/*.sock)
	lock=${lock%.sock}.lock # flock makes it where a sweep has removed the free one
	flock "$lock" sleep 1000 &
	holder=$!
	poll 5 eval '! flock -n "$lock" true'
	log_mark
	hold_say one 'exit'
	check "a login does not wait for ever for its room's lock" poll 10 eval '[ -n "$(log_since " left \(close\)")" ]'
	is "it has its answer" "$(log_since 'no answer from the supervisor' | wc -l)" 0
	check "the room waits without it" poll 10 one_supervisor
	pkill -P $holder
	wait $holder 2>/dev/null
	check "and ends when the lock is free" poll 10 rooms_gone
	hold_end one
}

# More logins than a room has places, each of which leaves something for a while, under one that stays.
check_left() {
	local i got=0
	host_config
	hold one dora@room
	for ((i = 0; i < 264; i++)); do
		[ "$(su dora -s /bin/sh -c 'setsid sleep 6000 >/dev/null 2>&1 </dev/null & echo in' 2>&1 </dev/null | tail -n 1)" != in ] ||
			got=$((got + 1))
	done
	is "264 logins that leave something get in" "$got" 264
	check "what they left is kept track of, in no more than 256 cgroups and one" test "$(dora_cgroups)" -le 257
	is "another gets in by SSH" "$(room dora 'echo in')" in
	check "all that they left runs" poll 20 eval '[ "$(pgrep -u dora -c -f "^sleep 6000")" = 264 ]'
	is "what runs, runs on" "$(pgrep -u dora -c -f 'sleep 6000')" \
		"$(find "$(cgroup_root)/carrel.slice/user-$(id -u dora).slice" -name cgroup.procs -exec cat {} + |
		xargs -r ps -o args= -p | grep -c 'sleep 6000')"
	pkill -u dora -f 'sleep 6000'
	check "their cgroups go when they are empty" poll 70 eval '[ "$(dora_cgroups)" -eq 1 ]'
	is "and are in no list" "$($CTL list | grep -c ' dora ')" 1
	hold_end one
	settle
	same_census "nothing is left behind by those" "$before"
}

mkdir -p $STATE_DIR
mount -t tmpfs -o mode=0700,size=2M,nr_inodes=2000 state $STATE_DIR
host_start
room dora true
settle
before=$(census)
run_cases "$@" -- check_record check_failed_join check_time check_full check_no_inodes check_held_lock check_left \
	check_lost_state
tap_done
