#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# carrelctl, as an administrator uses it: on live logins, on the configuration, on PAM stacks.
. "$(dirname "$0")/../lib/stage.sh"
stage_enter "$@"

. "$(dirname "$0")/../lib/ctl.sh"

check_usage() {
	is "no command: usage" "$(status ctl)" 2
	is "an unknown command" "$(status ctl frobnicate)" 2
	is "an unknown option" "$(status ctl list --frob)" 2
	is "too few words" "$(status ctl show)" 2
	is "--json where there is no table" "$(status ctl kill ana --json)" 2
	like "help" "$(ctl --help)" '^  explain'
	for command in $(ctl --help | sed -n 's/^  \([a-z]*\) .*/\1/p'); do
		like "help of $command" "$(ctl "$command" --help)" "^usage: carrelctl $command"
		like "carrelctl(8) has $command" "$(grep "^\.It Cm $command" "$STAGE/data/carrelctl.8")" "$command"
	done
	is "a full disk is told" "$(ctl --help >/dev/full 2>/dev/null; echo $?)" 3
}

check_list() {
	is "nobody is in" "$(ctl list --json | json 'len(d)')" 0
	hold one ana@room
	hold two bob@room
	hold three bob@room
	is "three logins" "$(ctl list --json | json 'len(d)')" 3
	is "users and policies" "$(ctl list --json | json 'sorted((x["user"], x["policy"], x["service"]) for x in d)')" \
		"[('ana', 'student', 'sshd'), ('bob', 'staff', 'sshd'), ('bob', 'staff', 'sshd')]"
	is "from where, and open" "$(ctl list --json | json '{(x["from"], x["state"]) for x in d}')" "{('127.0.0.1', 'open')}"
	is "bob's share a room" "$(ctl list bob --json | json 'len({x["room"] for x in d})')" 1
	like "the table has titles" "$(ctl list | head -n 1)" '^ID +ROOM +USER +POLICY'
	like "and a line a login" "$(ctl list ana)" ' ana +student '
	is "one who is not in" "$(status ctl list cara)" 1
	hold_ask one 'sleep 500 & sleep 501 & true' >/dev/null
	# One of them is sshd's, which hides itself from the user.
	is "processes are those of the room" "$(ctl show ana --json | json 'd["processes"]')" \
		"$(hold_ask one 'set -- /proc/[0-9]*; echo $(($# + 1))')"
	like "show tells it all" "$(ctl show ana)" '^Supervisor: +[0-9]+'
	is "show nobody" "$(status ctl show cara)" 1
}

check_freeze() {
	hold_ask two 'while :; do date +%s%N >/tmp/beat; sleep 0.02; done & echo' >/dev/null
	ctl freeze bob >/dev/null
	is "freeze: done" $? 0
	is "list says so" "$(ctl list bob --json | json '{x["state"] for x in d}')" "{'frozen'}"
	local beat pid
	pid=$(ctl show bob --json | head -n 1 | json 'd["init"]')
	beat=$(cat "/proc/$pid/root/tmp/beat")
	sleep 0.3
	is "nothing runs in it" "$(cat "/proc/$pid/root/tmp/beat")" "$beat"
	is "others go on" "$(hold_ask one 'echo alive')" alive
	ctl thaw bob >/dev/null
	is "thaw: done" $? 0
	is "and it goes on" "$(hold_ask two 'echo alive')" alive
	check "with all that ran" poll 5 eval '[ "$(cat "/proc/'$pid'/root/tmp/beat")" != "'$beat'" ]'
	is "freeze nobody" "$(status ctl freeze cara)" 1
}

check_kill() {
	local room
	room=$(ctl list ana --json | json 'd[0]["room"]')
	is "kill by room" "$(ctl kill "$room")" "room $room ended"
	check "all of it is gone" poll 5 user_gone ana
	is "others stay" "$(hold_ask two 'echo alive')" alive
	ctl freeze bob >/dev/null
	ctl kill bob >/dev/null
	is "a frozen room is killed, too" $? 0
	check "with both logins" poll 5 user_gone bob
	is "kill nobody" "$(status ctl kill ana)" 1
	for h in one two three; do hold_end $h 2>/dev/null; done
	is "list is empty" "$(ctl list --json | json 'len(d)')" 0
}

# A killed supervisor leaves a record: it is no login.
check_stale() {
	hold one ana@room
	mkdir -p "$STAGE/stale/rooms"
	check "the room is on record" poll 10 compgen -G "$STATE_DIR/rooms/*.room"
	sed 's/^supervisor=.*/supervisor=1 1/; s/ user=ana/ user=%1B[2Jana/' "$STATE_DIR"/rooms/*.room >"$STAGE/stale/rooms/x.room"
	is "a stale record is known as such" "$(ctl --state "$STAGE/stale" list --json | json 'd[0]["state"]')" stale
	is "a name cannot act on the terminal" "$(ctl --state "$STAGE/stale" list | grep -c $'\033')" 0
	like "but is shown" "$(ctl --state "$STAGE/stale" list)" '\\x1b\[2Jana'
	is "nor can it be killed" "$(status ctl --state "$STAGE/stale" kill ana)" 1
	head -c 3000 /dev/urandom >"$STAGE/stale/rooms/y.room"
	is "a file that is no record does no harm" "$(ctl --state "$STAGE/stale" list --json | json 'len(d)')" 1
	hold_end one
}

check_explain() {
	like "the rules before do not match" "$(ctl explain bob)" '^ +1 +student .*no: group$'
	like "the one that decides" "$(ctl explain bob)" '^ +2 +staff .*matches$'
	is "a value and its line" "$(ctl explain ana --json | json '[(x["value"], x["policy"], x["line"]) for x in d if x["key"] == "home.size"][0]')" \
		"('\"64M\"', 'student', $(grep -n 'size = "64M"' /etc/carrel/carrel.conf | head -n 1 | cut -d: -f1))"
	is "a default" "$(ctl explain ana --json | json '[x["policy"] for x in d if x["key"] == "ptys"][0]')" '(default)'
	like "what differs from another" "$(ctl explain ana --diff staff)" '^hostname +"%u-room" +"%u-desk"'
	is "who has no rule" "$(status ctl explain gus)" 1
	is "who is not there" "$(status ctl explain nobody-at-all)" 1
	like "root is exempt" "$(ctl explain root)" 'exempt'
	like "break-glass, too" "$(ctl explain bea)" 'carrel-break-glass'
	sed -i 's/tasks = 256/tasks = "many"/' /etc/carrel/carrel.conf
	like "an error names its place" "$(ctl explain ana 2>&1)" '/etc/carrel/carrel.conf:[0-9]+: limits.tasks: found "many"'
	is "and its status" "$(status ctl explain ana)" 3
	host_config
}

found() { # REGEX on the findings
	ctl check --json | json '"\n".join(" ".join([x["level"], str(x["line"]), x["finding"]]) for x in d)' | grep -E -- "$1"
}

# What a host without controllers can show; limits that change are in the guest.
check_reload() {
	is "no room, nothing to do" "$(ctl reload --json | json 'len(d)')" 0
	hold two bob@room
	is "a room of bob's" "$(ctl reload --json | json '[(x["user"], x["policy"], x["reloaded"]) for x in d]')" "[('bob', 'staff', 'limits')]"
	sed -i 's/limits = { memory = "1G"/budgets = "x"; &/' /etc/carrel/carrel.conf
	is "with an error nothing is done" "$(status ctl reload)" 3
	host_config 'budgets = { all = { tasks = 99; }; };'
	sed -i 's/limits = { memory = "1G"/limits = { budget = "all"; memory = "1G"/' /etc/carrel/carrel.conf
	like "another budget needs a new login" "$(ctl reload)" 'bob +staff +limits.budget has changed'
	is "and that is a no" "$(status ctl reload)" 1
	hold_end two
	host_config
}

check_check() {
	mkdir -p "$STAGE/pam.test"
	printf 'auth required pam_permit.so\nsession required pam_permit.so\n' >"$STAGE/pam.test/good"
	check "nothing is wired" found 'warning None no service uses carrel'
	ctl enable good >/dev/null
	refute "a good stack is none" found 'this session line|its control|more than once'
	printf 'session optional pam_carrel.so open\nsession required pam_permit.so\n' >"$STAGE/pam.test/bad"
	check "optional" found 'error 1 its control lets a login go on'
	check "the order" found 'error 2 this session line comes behind'
	check "no close" found 'error 1 carrel opens but never closes'
	is "errors: no" "$(status ctl check)" 1
	rm "$STAGE/pam.test/bad"
	sed -i 's/^rules = (/rules = ( { group = "no-such-group"; policy = "lab"; }, { not_user = "x"; policy = "lab"; },/
		s/ptys = .*//; s/limits = { memory = "512M"/no_new_privs = false; &/; s/no_new_privs = true;//' /etc/carrel/carrel.conf
	check "a group that is not there" found 'no group "no-such-group"'
	refute "what is reached is not told" found 'line 2.*never reached'
	sed -i 's/{ not_user = "x"; policy = "lab"; }/{ policy = "lab"; }/' /etc/carrel/carrel.conf
	check "a rule that is never reached" found 'never reached'
	check "set-user-ID programs without power" found 'policy student: no_new_privs is false with an empty bounding set'
	sed -i 's/^policies = {/policies = { weak = { inherit = "student"; seccomp = { base = ""; }; limits = { tasks = 9000; }; };/' /etc/carrel/carrel.conf
	check "weaker than its parent" found 'policy weak: seccomp.base is weaker than in policy student'
	check "in limits as well" found 'policy weak: limits.tasks is weaker'
	touch /etc/carrel/off
	check "the switch" found 'carrel is switched off'
	rm /etc/carrel/off
	echo 'rules = ( { polcy = "x"; } );' >/etc/carrel/carrel.conf
	check "an error in the file" found 'error 1 rules.polcy: unknown key "polcy" .did you mean "policy"'
	host_config
}

check_enable() {
	local dir=$STAGE/pam.test
	grep -v pam_carrel /etc/pam.d/sshd >"$dir/sshd"
	chmod 640 "$dir/sshd"
	cp -p "$dir/sshd" "$STAGE/before"
	check "enable" ctl enable sshd
	is "close is first of the sessions" "$(grep -nE '^(session|@include common-session)' "$dir/sshd" | head -n 1 | grep -c 'pam_carrel.so close')" 1
	is "open is last of all" "$(tail -n 1 "$dir/sshd" | grep -c '^session requisite pam_carrel.so open')" 1
	is "mode and owner are kept" "$(stat -c '%a %u' "$dir/sshd")" '640 0'
	check "a backup is kept" cmp "$STAGE/before" /etc/carrel/pam-backup/sshd
	is "no other file in pam.d" "$(ls -A "$dir" | xargs)" 'good sshd'
	is "twice: no" "$(status ctl enable sshd)" 1
	check "disable" ctl disable sshd
	check "all is as before" cmp "$STAGE/before" "$dir/sshd"
	is "twice: nothing to do" "$(status ctl disable sshd)" 1
	echo 'session sufficient pam_permit.so' >"$dir/odd"
	is "what ends early is refused" "$(status ctl enable odd)" 3
	is "and left alone" "$(cat "$dir/odd")" 'session sufficient pam_permit.so'
	echo 'broken' >/etc/carrel/carrel.conf
	is "a broken configuration is not enabled" "$(status ctl enable sshd)" 3
	printf 'whatever\nsession requisite pam_carrel.so open\n' >"$dir/odd"
	check "disable works all the same" ctl disable odd
	is "and takes out its line only" "$(cat "$dir/odd")" whatever
	is "names are no paths" "$(status ctl enable ../sshd)" 2
	rm -r "$dir" /etc/carrel/pam-backup
	host_config
}

host_start
room ana true
settle
before=$(census)
check_usage
check_list
check_freeze
check_kill
check_stale
check_explain
check_reload
check_check
check_enable
settle
same_census "nothing is left behind" "$before"
tap_done
