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
	check "list is empty" poll 5 eval '[ "$(of dora "len(d)")" = 0 ]'
	like "why tells what was done to it" "$(ctl why dora --json | json '[(x["cause"], x["login"]) for x in d]')" "'killed', '$id'"
}

# Memory that no process has: nothing else would tell that it is there.
check_held() {
	local held
	leave_behind "head -c 20000000 /dev/zero >/tmp/big; ipcmk -M 30000000 >/dev/null; python3 $STAGE_PY/fill_shm.py; echo"
	check "no process runs in it" poll 10 eval '[ "$(of dora "d[0][\"processes\"]")" = 0 ]'
	held=$(ctl show dora --json | json 'd["held"]')
	check "what it holds is known" test "$held" -ge 49000000
	check "and in the list" test "$(of dora 'd[0]["memory"]')" -ge 49000000
	is "enter works" "$(ctl enter dora -- sh -c 'wc -c </tmp/big' </dev/null)" 20000000
	check "kill ends it" ctl kill dora
	is "nothing is left" "$(of dora 'len(d)')" 0
}

# terminal NAME USER: a login on a terminal of its own that stays, what it shows in $STAGE_LOG/NAME
terminal() {
	mkfifo "$STAGE/ssh/hold.$1"
	ssh -tt -F $STAGE/ssh/config "$2@room" 'tty; exec cat' <"$STAGE/ssh/hold.$1" >"$STAGE_LOG/$1" 2>&1 &
	eval "HOLD_$1=$!"
	eval "exec {HOLD_FD_$1}>$STAGE/ssh/hold.$1"
	poll 20 grep -q pts "$STAGE_LOG/$1"
}

# log_out NAME: of such a login, which the end of its input does not end
log_out() {
	local fd=HOLD_FD_$1
	printf '\004' >&"${!fd}"
	hold_end "$1"
}

tty_of() { # USER: as the host's utmp has it
	who | awk -v u="$1" '$1 == u { print $2; exit }'
}

shows() { # NAME TEXT
	poll 10 grep -aqF -- "$2" "$STAGE_LOG/$1"
}

check_wall() {
	local text got
	check "ana has a terminal" terminal a ana
	check "bob, too" terminal b bob
	check "both are on record" poll 10 eval 'ctl list ana && ctl list bob' >/dev/null
	check "its number on the host is listed, once sshd has made it" poll 10 eval \
		'[ -n "$(tty_of ana)" ] && [ "$(of ana "d[0][\"tty\"]")" = "$(tty_of ana)" ]'
	check "show has it, too" poll 10 eval \
		'[ -n "$(tty_of bob)" ] && [ "$(ctl show bob --json | json "d[\"tty\"]")" = "$(tty_of bob)" ]'
	got=$(ctl wall --json 'Down at five.' | json 'sorted((x["user"], x["told"], x["failed"]) for x in d)')
	is "each is told" "$got" "[('ana', 1, 0), ('bob', 1, 0)]"
	check "ana reads it" shows a 'Down at five.'
	check "bob reads it" shows b 'Down at five.'
	like "and who says it" "$(tr -d '\r' <"$STAGE_LOG/a")" "^Message from root@"
	ctl wall --user bob 'for bob' >/dev/null
	check "one alone" shows b 'for bob'
	refute "others are left alone" grep -q 'for bob' "$STAGE_LOG/a"
	is "nobody of that name" "$(status ctl wall --user gus hello)" 1
	printf 'an escape \033[2J, a C1 \302\233, an umlaut \303\244\nsecond line\n' | ctl wall --user ana >/dev/null
	check "control characters are made visible" shows a 'an escape ^[[2J, a C1 \xc2\x9b, an umlaut ä'
	check "lines stay lines" shows a 'second line'
	is "[O] no escape has reached the terminal" "$(tr -d '\007' <"$STAGE_LOG/a" | grep -c $'\033')" 0
	is "a text without end is refused" "$(head -c 100000 /dev/zero | tr '\0' x | status ctl wall)" 2
	is "users may not" \
		"$(setpriv --reuid 1001 --clear-groups "$STAGE_LIB/carrelctl" --state "$STATE_DIR" wall hello >/dev/null 2>&1; echo $?)" 3
}

# What a user does to his terminals holds nobody up and leads nowhere.
# keeps: ctl/act/terminals R2
check_wall_hostile() {
	local pid
	hold one bob@room
	hold_ask one "python3 $STAGE_PY/stuck_terminals.py >/dev/null 2>&1 &
	sleep 0.1; ln -sf /etc/passwd /tmp/pts; echo" >/dev/null
	pid=$(ctl show bob --json | head -n 1 | json 'd["init"]')
	check "a full and a stopped terminal are there" poll 10 test -e "/proc/$pid/root/tmp/ready"
	is "they are counted as not told" "$(ctl wall --user bob --json again | json '(d[0]["told"], d[0]["failed"])')" "(1, 2)"
	is "and are a no" "$(status ctl wall --user bob again)" 1
	check "the good one was told" shows b again
	hold_end one
	log_out a
	log_out b
	check "all are out" poll 10 logins_are 0
}

# Rooms of two users in one budget, and of one in none. Numbers are where this kernel counts: the guest's suite has them.
check_budgets() {
	is "nobody is in one" "$(ctl list --budgets --json | json 'd')" '[]'
	host_config 'budgets = { all = { tasks = 5000; }; };' '' 'on_close = "keep"; limits = { budget = "all"; };'
	sed -i 's/limits = { memory = "1G"/limits = { budget = "all"; memory = "1G"/' /etc/carrel/carrel.conf
	hold one bob@room
	hold two bob@room
	hold three dora@room
	hold four ana@room
	check "four are in" poll 10 logins_are 4
	is "who is in it" "$(ctl list --budgets --json | json '[(x["budget"], x["users"], x["rooms"], x["logins"]) for x in d]')" \
		"[('all', 2, 2, 3)]"
	is "cpu is counted everywhere" "$(ctl list --budgets --json | json 'd[0]["cpu"] > 0')" True
	is "all that is to be known" "$(ctl list --budgets --json | json '" ".join(d[0])')" \
		"budget users rooms logins tasks tasks_max memory memory_max cpu cpu_max io io_max"
	like "as a table" "$(ctl list --budgets | head -n 1)" '^BUDGET +USERS +ROOMS +LOGINS +TASKS +TASKS MAX'
	is "--budgets of somebody" "$(status ctl list --budgets ana)" 2
	for h in one two three four; do hold_end $h; done
	host_config '' '' 'linger = "1h"; on_close = "keep";'
	ctl kill dora >/dev/null
	check "all are out" poll 10 logins_are 0
}

check_not_here() {
	local command
	hold one bob@room
	cp "$STAGE_LIB/carrelctl" "$STAGE/bin/carrelctl"
	for command in list top 'show bob' why 'kill bob' 'freeze bob' 'enter bob' reload 'wall x' drain; do
		is "in a room, $command is not for here" "$(hold_ask one "$STAGE/bin/carrelctl $command >/dev/null 2>&1; echo \$?")" 3
	done
	like "and says so" "$(hold_ask one "$STAGE/bin/carrelctl list 2>&1")" 'not here: this is a room'
	hold_end one
}

# Who is refused has not held what the operator waits for: trying again and again would keep it from him.
check_no_lock() {
	local helper=$STAGE_LIB/carrel-helper traced=$STAGE/bin/traced-helper
	printf '#!/bin/bash\nexec strace -D -o %s/flocks -e trace=flock %s "$@"\n' "$STAGE_LOG" "$helper" >"$traced"
	chmod 755 "$traced"
	sed -i "s|helper=[^ ]*|helper=$traced|" /etc/pam.d/su
	is "nobody is let in" "$(su bob -s /bin/sh -c 'echo in' </dev/null 2>/dev/null)" ''
	sed -i "s|helper=[^ ]*|helper=$helper|" /etc/pam.d/su
	check "the refused one's helper has ended" poll 10 grep -q '^+++' "$STAGE_LOG/flocks"
	is "and has not held the lock of those on their way" "$(grep -c LOCK_SH "$STAGE_LOG/flocks")" 0
}

# In the drained host: who gets in.
check_refused() {
	local out
	out=$(room bob 'echo in' 2>&1)
	unlike "a login is refused" "$out" '^in$'
	like "and told why, in the operator's words" "$(ssh -tt -F $STAGE/ssh/config bob@room 2>&1 </dev/null | tr -d '\r')" \
		'carrel: this host takes no new logins now: new disks'
	is "root gets in" "$(room root 'echo in')" in
	is "so does break-glass" "$(room bea 'echo in')" in
	is "su is refused, too" "$(su - bob -c 'echo in' 2>/dev/null)" ''
	check "a rehearsal is no login" ctl rehearse bob
	check "the log tells it, as no error" poll 5 eval 'log_since "refused user=bob .*stage=DRAIN"'
}

# keeps: helper/drain R3
check_drain() {
	local started out
	is "logins are taken: no drain" "$(status ctl drain --status)" 1
	is "nothing to end" "$(status ctl drain --off)" 1
	check "a login on a terminal" terminal a bob
	leave_behind 'setsid sleep 1000 >/dev/null 2>&1 & echo'
	ctl drain --timeout 1s new disks >"$STAGE/drain" 2>&1
	is "not drained while somebody is in" $? 1
	check "it names him, when the other has ended" poll 10 eval \
		'ctl drain --timeout 1s new disks 2>&1 | grep "not yet drained: 1 room: bob"'
	is "the lingering room was ended" "$(of dora 'len(d)')" 0
	check "who is in was told" shows a 'This host takes no new logins: new disks'
	log_mark
	check_refused
	check_no_lock
	unlike "a join is refused, too" "$(room bob 'echo in' 2>&1)" '^in$'
	check "status" ctl drain --status
	like "tells it" "$(ctl drain --status)" 'no new logins since .* by root: new disks'
	for command in list 'show bob' check; do
		like "$command does not let it be forgotten" "$(ctl $command 2>&1 >/dev/null)" 'takes no new logins since'
	done
	(sleep 1; kill "$HOLD_a") &
	check "drained when the last one has left" ctl drain --timeout 60s new disks
	wait $!
	check "take logins again" ctl drain --off
	is "they are" "$(room bob 'echo in')" in
	is "list is silent about it" "$(ctl list 2>&1 >/dev/null)" ''
}

check_drain_kill() {
	hold one bob@room
	hold two ana@room
	check "two are in" poll 10 logins_are 2
	check "--kill ends what is left" ctl drain --kill --timeout 1s
	is "nobody is in" "$(ctl list --json 2>/dev/null | json 'len(d)')" 0
	is "a text too long is refused" "$(status ctl drain "$(printf '%0300d' 0)")" 2
	is "so is --off with a text" "$(status ctl drain --off now)" 2
	ctl drain --for 1h --timeout 0
	like "until when is told" "$(ctl drain --status)" ', until [0-9]'
	check "for a while" ctl drain --for 2s --timeout 0
	check "then it is over by itself" poll 15 eval '[ "$(room bob "echo in" 2>/dev/null)" = in ]'
	is "and status says so" "$(status ctl drain --status)" 1
	for h in one two; do hold_end $h 2>/dev/null; done
}

# A file that is not carrelctl's locks nobody out, and is told.
# keeps: helper/drain R1
check_drain_broken() {
	local how
	for how in 'echo nonsense' 'printf "drain=1\nsince=1\nuntil=0\nuntil_ms=0\nby=x\ntext=\033\nend\n"' ':'; do
		eval "$how" >"$STATE_DIR/drain"
		chmod 600 "$STATE_DIR/drain"
		is "logins go on with a broken file ($how)" "$(room bob 'echo in')" in
		like "list tells it" "$(ctl list 2>&1 >/dev/null)" 'counts for nothing, logins are taken'
		is "status fails" "$(status ctl drain --status)" 3
	done
	ctl drain --timeout 0 >/dev/null
	chmod 666 "$STATE_DIR/drain"
	is "nor with one that others may write" "$(room bob 'echo in')" in
	rm "$STATE_DIR/drain"
	mkfifo -m 600 "$STATE_DIR/drain"
	is "nor with a FIFO" "$(room bob 'echo in')" in
	check "the log tells it" poll 5 eval 'log_since "counts for nothing, logins are taken"'
	check "--off removes it" ctl drain --off
}

host_start
room ana true
settle
before=$(census)
host_config '' '' 'linger = "1h"; on_close = "keep";'
needs check_wall_hostile check_wall
run_cases "$@" -- check_lingering check_held check_wall check_wall_hostile check_budgets check_not_here check_drain \
	check_drain_kill check_drain_broken
for h in a b; do hold_end $h; done
ctl drain --off >/dev/null 2>&1
for user in ana bob dora; do ctl kill $user; done >/dev/null 2>&1
host_config
settle
same_census "nothing is left behind" "$before"
tap_done
