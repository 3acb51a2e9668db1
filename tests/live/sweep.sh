#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Who is killed leaves nothing that the next sweep does not find, and the sweep takes nothing of the living.
. "$(dirname "$0")/../lib/stage.sh"
stage_enter "$@"

HELPER=$STAGE_LIB/carrel-helper
CTL="$STAGE_LIB/carrelctl --config /etc/carrel/carrel.conf"
ROOMS=$STATE_DIR/rooms
TRACED=$STAGE/bin/traced-helper
PANE="tmux -S $STAGE/ssh/tmux -f /dev/null"
C=$(cgroup_root)
# Each leaves a trace.
CALLS="mkdirat clone clone3 renameat renameat2 bind listen sendmsg flock unlinkat write socketpair pipe2"

sweep() {
	"$HELPER" --sweep --state $STATE_DIR
}

# The next login starts a sweep, or none does.
sweep_due() {
	touch -d '10 minutes ago' $STATE_DIR/swept
}

sweep_never() {
	touch $STATE_DIR/swept
}

# What is left of carrel: its files, its cgroups, its terminals.
left() {
	ls $ROOMS
	find "$(cgroup_root)" -path '*carrel.slice*' -type d
	utmpdump /run/utmp 2>/dev/null | grep '^\[7\].*\[%'
}

# Whoever logs in has a lock of that login's own until the room is on record, which may be when its user is at work already.
in_for_good() {
	! ls $ROOMS | grep -xE '[a-z0-9]{8}\.lock'
}

nothing_left() {
	[ -z "$(left)" ]
}

in_su() { # USER COMMAND
	su "$1" -s /bin/sh -c "$2" </dev/null 2>&1
}

# The helper of `su` under strace, with these OPTIONS; traced_off: the usual one again. --D: it stays the module's child.
traced() {
	printf '#!/bin/bash\nexec strace -D -o %s/trace %s %s "$@"\n' "$STAGE_LOG" "$*" "$HELPER" >"$TRACED"
	chmod 755 "$TRACED"
	sed -i "s|helper=[^ ]*|helper=$TRACED|" /etc/pam.d/su
}

traced_off() {
	sed -i "s|helper=[^ ]*|helper=$HELPER|" /etc/pam.d/su
}

all_dead() {
	poll 10 rooms_gone
}

kill_room_of() { # USER: everything of its only room at once
	kill -9 $(helper_pids init) $(helper_pids supervisor) $(monitor_pids "$1")
	poll 10 user_gone "$1" && all_dead
}

# ---- terminals ---------------------------------------------------------------------------------------------------
check_terminals() {
	$PANE new-session -d -s t -x 80 -y 24 "ssh -F $STAGE/ssh/config -b 127.0.0.11 ana@room"
	check "a terminal login is listed" poll 15 eval 'who | grep -q "^ana "'
	line=$(who | awk '$1 == "ana" { print $2 }')
	kill -9 $(helper_pids supervisor)
	check "its supervisor is killed: no process of the user survives" poll 10 user_gone ana
	$PANE kill-server 2>/dev/null
	all_dead
	check "the sweep runs" sweep
	unlike "the host's utmp is true again" "$(utmpdump /run/utmp 2>/dev/null)" '^\[7\].*\[ana '
	unlike "last knows of no login that goes on" "$(last -f /var/log/wtmp ana)" 'gone - no logout|still logged in'
	is "since one logout was written" "$(utmpdump /var/log/wtmp 2>/dev/null | grep -c "^\[8\].*\[$line")" 1
	logouts=$(utmpdump /var/log/wtmp 2>/dev/null | grep -c '^\[8\]')
	sweep
	is "a second sweep adds no logout" "$(utmpdump /var/log/wtmp 2>/dev/null | grep -c '^\[8\]')" "$logouts"

	$PANE new-session -d -s t -x 80 -y 24 "ssh -F $STAGE/ssh/config -b 127.0.0.12 ana@room"
	check "a living terminal login" poll 15 eval 'who | grep -q "^ana "'
	sweep
	like "is not logged out by the sweep" "$(who)" '^ana .*127\.0\.0\.12'
	$PANE kill-server
	check "but by its end" poll 10 eval '! who | grep -q "^ana "'
	all_dead
}

# ---- what is there without a record ---------------------------------------------------------------------------------
# keeps: helper/sweep R1
check_no_record() {
	hold lives dora@room
	check "its own lock has gone" poll 10 in_for_good
	alive=$(left)
	mkdir -p "$C/carrel.slice/user-4999.slice/login-abcdefgh" "$C/carrel.slice/user-4998.slice" \
		"$C/carrel.slice/budget-x.slice/user-4997.slice/login-bcdefghi"
	touch $ROOMS/u4999-0123456789abcdef.{sock,new,lock} $ROOMS/abcdefgh.lock $ROOMS/cdefghij.new $ROOMS/u1-1.lock \
		$STATE_DIR/cache/4194305-1.000000001.new
	sweep
	is "files, cgroups and slices of nobody go, those of a living login stay" "$(left)" "$alive"
	is "half-written filters, too" "$(ls $STATE_DIR/cache | grep -c '\.new$')" 0
	is "the login goes on" "$(hold_ask lives 'echo alive')" alive
	hold_end lives
	all_dead
	same_census "and nothing is left of it" "$before"
}

# Who is on its way, and who makes a room, is told by a lock that is held.
check_locks() {
	mkdir -p "$C/carrel.slice/user-4999.slice/login-abcdefgh"
	exec 7>$ROOMS/abcdefgh.lock 8>$ROOMS/u4999-0123456789abcdef.lock
	flock 7
	flock 8
	touch $ROOMS/u4999-0123456789abcdef.sock
	sweep
	check "a login on its way keeps its cgroup" test -d "$C/carrel.slice/user-4999.slice/login-abcdefgh"
	check "and its room's socket" test -e $ROOMS/u4999-0123456789abcdef.sock
	exec 7>&- 8>&-
	sweep
	check "until it is dead" nothing_left
}

# A cgroup in which something lives is not emptied by the sweep, and found again.
# keeps: helper/sweep R3
check_living_process() {
	mkdir -p "$C/carrel.slice/user-4999.slice/login-abcdefgh"
	touch $ROOMS/abcdefgh.lock
	sleep 3000 &
	echo $! >"$C/carrel.slice/user-4999.slice/login-abcdefgh/cgroup.procs"
	sweep
	check "a process in a dead login's cgroup is not killed" kill -0 $!
	check "and what names it stays" test -e $ROOMS/abcdefgh.lock
	kill $!
	wait $! 2>/dev/null
	sweep
	check "until it has ended" nothing_left
}

# Another root than today's is known from what the dead helper noted.
check_other_root() {
	mkdir -p "$C/elsewhere/carrel.slice/user-4999.slice/login-abcdefgh"
	echo "cgroup_root=$C/elsewhere" >$ROOMS/abcdefgh.lock
	mkdir -p -m 700 $STATE_DIR/shown
	: >$STATE_DIR/shown/abcdefgh.new # its helper was killed there
	sweep
	check "a cgroup below a root that is configured no more is found" test ! -d "$C/elsewhere/carrel.slice"
	rmdir "$C/elsewhere"
	check "and its note goes" nothing_left
}

# A living room whose record cannot be written has none, and loses nothing.
check_unwritten_record() {
	mount -t tmpfs -o mode=700,size=4M,nr_inodes=20 full $STATE_DIR
	$PANE new-session -d -s t -x 80 -y 24 "ssh -F $STAGE/ssh/config -b 127.0.0.13 dora@room"
	check "a terminal login" poll 15 eval 'who | grep -q "^dora "'
	hold second dora@room
	room=$(hold_ask second 'cat /run/carrel-room')
	for ((i = 0; i < 40; i++)); do : >$STATE_DIR/fill.$i; done 2>/dev/null
	hold third dora@room # its supervisor writes the record anew
	rm -f $ROOMS/*.room $STATE_DIR/fill.0
	: >$STATE_DIR/fill.0
	traces=$(find "$C" -path '*carrel.slice*' -type d; who; ls $ROOMS)
	sweep
	is "a room without a record keeps cgroups, terminals and its files" \
		"$(find "$C" -path '*carrel.slice*' -type d; who; ls $ROOMS)" "$traces"
	rm -f $STATE_DIR/fill.*
	is "who logs in next joins it" "$(room dora 'cat /run/carrel-room')" "$room"
	hold_end third
	hold_end second
	$PANE kill-server
	all_dead
	umount -l $STATE_DIR # its steward stays for a minute
}

# As long as its record cannot be written a room is found by its supervisor's name.
check_name_without_record() {
	sweep_never
	traced -s 80 -e trace=prctl,renameat,unlinkat -e inject=renameat:error=ENOSPC
	is "a login whose record cannot be written gets in" "$(in_su ana 'echo in')" in
	poll 10 grep -q '^+++' $STAGE_LOG/trace
	traced_off
	is "its supervisor is called so before its lock goes" "$(sed -n 's/^prctl(PR_SET_NAME, "\(carrel.\).*/\1/p
		s/^unlinkat(.*[.]lock".*/lock/p' $STAGE_LOG/trace | grep -B1 -m1 lock | head -n 1)" 'carrel!'
	all_dead
	sweep
}

# ---- when and by whom -------------------------------------------------------------------------------------------------
check_stamp() {
	touch $ROOMS/abcdefgh.lock
	sweep_never
	is "a login" "$(room ana 'echo in')" in
	all_dead
	check "within the minute starts no sweep" test -e $ROOMS/abcdefgh.lock
	touch -d tomorrow $STATE_DIR/swept
	is "a stamp of the future" "$(room ana 'echo in')" in
	check "counts as old" poll 10 test ! -e $ROOMS/abcdefgh.lock
}

# A sweep that cannot go on holds up nobody: another has its turn, which is us.
sweep_process() {
	pgrep -f -- "carrel-helper --sweep"
}

# keeps: helper/sweep R2, helper/process/apart R1
check_by_a_login() {
	exec 7>>$STATE_DIR/swept
	flock 7
	sweep_due
	log_mark
	hold one dora@room
	check "a login starts a sweep" poll 10 sweep_process
	check "which is nobody's child" poll 10 eval '[ "$(ps -o ppid= -p "$(sweep_process)" | tr -d " ")" = 1 ]'
	check "and holds no descriptor of a login" poll 10 eval \
		'[ "$(ls -l /proc/"$(sweep_process)"/fd | grep -cE "socket|pidfd|anon_inode|rooms/.*lock")" = 0 ]'
	is "meanwhile another joins" "$(room dora 'echo in')" in
	hold_end one
	check "and all close" poll 10 eval '[ "$(helper_pids supervisor)" = "$(sweep_process)" ]'
	unlike "with an answer" "$(log_since)" 'no answer'
	check "the sweep still waits" sweep_process
	touch $ROOMS/abcdefgh.lock
	exec 7>&-
	check "and then works" poll 10 test ! -e $ROOMS/abcdefgh.lock
	check "and ends" poll 10 eval '! sweep_process'
}

# ---- on another clock -------------------------------------------------------------------------------------------------------
# All rooms look dead there: the kernel tells when their supervisors started by the clock of whoever asks.
other_clock() { # COMMAND...
	unshare --fork --time --boottime -5000 "$@"
}

# keeps: helper/process/clock R1
check_other_clock() {
	if other_clock true 2>/dev/null; then
		hold lives ana@room
		poll 10 in_for_good
		alive=$(left)
		like "a sweep on another clock says so" "$(other_clock "$HELPER" --sweep --state $STATE_DIR 2>&1)" \
			'another clock than the host'
		is "and takes nothing of the living" "$(left)" "$alive"
		like "nor is anything reloaded" \
			"$(other_clock "$HELPER" --reload --config /etc/carrel/carrel.conf --state $STATE_DIR 2>&1)" 'another clock'
		# A room without mounts, whose people may become root: that clock and the host's records.
		log_mark
		unlike "who logs in there gets no room" "$(other_clock su dora -s /bin/sh -c 'echo in' </dev/null 2>&1)" '^in$'
		like "and reads why" "$(log_since refused)" 'errno=EXDEV: this process has another clock than the host'
		is "root passes" "$(other_clock su root -s /bin/sh -c 'echo in' </dev/null 2>&1)" in
		is "what lives is there still" "$(left)" "$alive"
		like "and on record" "$($CTL list)" '^[a-z0-9]+ .* ana .* open'
		hold_end lives
		all_dead
	fi
}

crowd() { # COUNT: records of living rooms, and the limits' locks of their users and of as many who are gone
	local i id record='version=1\nroom=%s\npolicy=p\nslice=user.slice/user-%d.slice\nsupervisor=%d %s\ninit=1\nuid=%d\n'
	record+='adopt=7f e3 0 0 1 1 0\nfilter=\nlogin=%s %d 0 1 since=1 user=u service=s tty= rhost=\n'
	rm -f $ROOMS/*
	for ((i = 0; i < $1; i++)); do
		id=$(printf 'z%07d' $i | tr 0-9 abcdefghij)
		printf "$record" \
			"$id" $((50000 + i)) "$SSHD_ROOM" "$START" $((50000 + i)) "$id" $((50000 + i)) >$ROOMS/$id.room
		: >$ROOMS/limits-user-$((50000 + i)).lock
		: >$ROOMS/limits-user-$((90000 + i)).lock
	done
}

opens() { # of one sweep
	strace -f -c -e trace=open,openat,openat2 -o $STAGE_LOG/count "$HELPER" --sweep --state $STATE_DIR &&
		awk '$NF ~ /^open/ { n += $4 } END { print n }' $STAGE_LOG/count
}

# ---- as many as there may be --------------------------------------------------------------------------------------------
check_many() {
	START=$(awk '{ print $22 }' "/proc/$SSHD_ROOM/stat")
	crowd 250
	few=$(opens)
	crowd 1000
	many=$(opens)
	is "with 1,000 living rooms the limits of those who are gone are swept" "$(ls $ROOMS | grep -c limits)" 1000
	is "and none of the living" "$(ls $ROOMS | grep -c 'limits-user-[5-7]')" 1000
	check "four times the rooms are no more than five times the work: $few and $many opens" test "$many" -le $((few * 5))
	check "which is a few opens a room" test "$many" -le 12000
	rm -f $ROOMS/*
	same_census "all this has left nothing" "$before"
}

waits_or_is_in() {
	grep -q HELD $STAGE_LOG/hold.two || ls -l /proc/$(pgrep -n -x carrel-helper)/fd 2>/dev/null | grep -q "rooms/u.*\.lock"
}

# ---- a room made anew while the sweep is at the dead one's ------------------------------------------------------------------
check_made_anew() {
	hold one bob@room
	kill_room_of bob
	hold_end one
	check "a shared room whose every process was killed leaves its record" eval 'ls $ROOMS | grep -q room'
	strace -o $STAGE_LOG/trace -e trace=unlinkat -e inject=unlinkat:signal=STOP:when=1 "$HELPER" --sweep --state $STATE_DIR &
	tracer=$!
	check "the sweep is stopped while it removes it" poll 10 grep -q 'stopped by SIGSTOP' $STAGE_LOG/trace
	sweep_never
	mkfifo $STAGE/ssh/hold.two
	ssh -F $STAGE/ssh/config bob@room 'echo HELD; exec bash 2>&1' <$STAGE/ssh/hold.two >$STAGE_LOG/hold.two 2>&1 &
	HOLD_two=$!
	exec {HOLD_FD_two}>$STAGE/ssh/hold.two
	check "the user logs in again" poll 10 waits_or_is_in
	kill -CONT "$(pgrep -P $tracer)"
	wait $tracer
	check "and is in" poll 10 grep -q HELD $STAGE_LOG/hold.two
	like "in a room that is on record" "$($CTL list --json 2>/dev/null || $CTL list)" bob
	is "and that the next login joins" "$(room bob 'cat /run/carrel-room')" "$(hold_ask two 'cat /run/carrel-room')"
	hold_end two
	all_dead
	sweep
	same_census "and nothing is left" "$before"
}

swept() { # whoever lives may be about to tidy up himself, or to write that somebody has left
	sweep && [ "$(left)" = "$kept" ]
}

killed_at() { # USER CALL NUMBER: is the helper killed there?
	sweep_never
	traced -e trace=$2 -e inject=$2:signal=KILL:when=$3
	in_su "$1" 'echo in' >$STAGE_LOG/su
	poll 10 grep -q '^+++' $STAGE_LOG/trace
	poll 10 gone_but_held
	poll 10 swept || bad+=" $2.$3:$(diff <(echo "$kept") <(left) | paste -sd,)"
	grep -q 'killed by SIGKILL' $STAGE_LOG/trace
}

killed_everywhere() { # NAME USER
	local call n bad="" points=0 refused=0
	for call in $CALLS; do
		for ((n = 1; n < 100; n++)); do
			killed_at "$2" $call $n || break
			points=$((points + 1))
			grep -qx in $STAGE_LOG/su || refused=$((refused + 1))
		done
		grep -qx in $STAGE_LOG/su || bad+=" the last login of $call did not get in"
	done
	traced_off
	check "$1: killed at $points calls, $refused of them before the login was in" test $refused -gt 8
	is "$1: the sweep found all of it" "$bad" ""
}

gone_but_held() {
	[ "$(helper_pids supervisor | wc -l) $(helper_pids init | wc -l)" = "$alive" ]
}

# ---- killed at every call that leaves a trace -------------------------------------------------------------------------------
# One login after the other has its helper killed at its first, second, … such call, until one gets through.
check_killed() {
	all_dead
	kept=$(left)
	alive="0 0"
	killed_everywhere "a private room" ana
	killed_everywhere "a shared room" dora
	hold stays dora@room
	kept=$(left)
	alive="1 1"
	killed_everywhere "a login that joins" dora
	is "the login in that room goes on" "$(hold_ask stays 'echo alive')" alive
	hold_end stays
	all_dead
	sweep
	same_census "after all this nothing is left" "$before"
}

mover() {
	local p
	for p in $(pgrep -x carrel-helper); do
		! grep -q '^State:[[:space:]]*[Tt]' "/proc/$p/status" || { echo "$p" && return; }
	done
	return 1
}

# ---- the child that moves the application ---------------------------------------------------------------------------------------
check_mover() {
	traced -f -e trace=getppid -e inject=getppid:signal=STOP:when=2
	in_su dora 'echo in' >$STAGE_LOG/su &
	login=$!
	check "the mover is stopped before it moves" poll 10 mover
	mover=$(mover)
	app=$(pgrep -n -x su)
	from=$(cat "/proc/$app/cgroup")
	kill -STOP "$app"
	kill -9 "$(ps -o ppid= -p "$mover" | tr -d ' ')"
	kill -CONT "$mover"
	check "its helper is killed, and it ends" poll 10 process_gone "$mover"
	is "the application is where it was" "$(cat "/proc/$app/cgroup")" "$from"
	kill -CONT "$app"
	wait $login
	traced_off
	unlike "and was refused" "$(cat $STAGE_LOG/su)" '^in$'
	all_dead
	sweep
	same_census "nothing is left" "$before"
}

# ---- power that cannot be given up ------------------------------------------------------------------------------------------------
check_power() {
	for call in seccomp capset landlock_restrict_self; do
		grep -qw "$call" <<<"$(strace -qq -e trace=$call true 2>&1; echo "$call")" || continue
		for user in ana dora; do
			traced -e trace=$call -e inject=$call:error=ENOMEM
			text=$(in_su $user 'echo in')
			traced_off
			unlike "$user: $call fails: nobody is let in" "$text" '^in$'
			like "$user: $call fails: the login is refused" "$text" 'code [A-Z]+'
			all_dead
			same_census "$user: $call fails: nothing is left" "$before"
		done
	done
	is "and the next login works" "$(in_su ana 'echo in')" in
	all_dead
}

host_start
room ana true
room dora true
settle
sweep
before=$(census)
run_cases "$@" -- check_terminals check_no_record check_locks check_living_process check_other_root \
	check_unwritten_record check_name_without_record check_stamp check_by_a_login check_other_clock check_many \
	check_made_anew check_killed check_mover check_power
tap_done
