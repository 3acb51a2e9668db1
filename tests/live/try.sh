#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# carrelctl try, confirm: a changed configuration is live for a while and goes back by itself.
. "$(dirname "$0")/../lib/stage.sh"
stage_enter "$@"
. "$(dirname "$0")/../lib/ctl.sh"

NEW=/etc/carrel.new
TRIAL=/etc/carrel/trial
CTL="$STAGE_LIB/carrelctl"

# The configuration of the stage, with another host name for ana's rooms, so that a login shows which one it got.
candidate() { # NAME
	rm -rf "$NEW"
	mkdir -m 755 "$NEW"
	sed "0,/hostname = \"%u-[a-z-]*\"/s//hostname = \"%u-$1\"/" /etc/carrel/carrel.conf >"$NEW/carrel.conf"
}

name_of_room() {
	room ana hostname
}

# Whole configurations, as text: what counts if no trial does.
configuration() {
	(cd /etc/carrel && tail -n +1 carrel.conf policy.d/* 2>/dev/null)
}

check_usage() {
	is "no candidate" "$(status ctl try)" 3
	like "and where it was looked for" "$(ctl try 2>&1)" '/etc/carrel\.new'
	is "nothing to confirm" "$(ctl confirm 2>&1; echo $?)" $'carrelctl confirm: nothing is on trial\n1'
	is "nothing to cancel" "$(status ctl try --cancel)" 1
	is "nothing to tell" "$(ctl try --status; echo $?)" $'nothing is on trial\n1'
	for minutes in 0 -1 1441 1440.01 x 1. 1.234 .5 0.00 ''; do
		is "--minutes \"$minutes\"" "$(status ctl try --minutes "$minutes")" 2
	done
	is "--cancel and a file" "$(status ctl try --cancel "$NEW")" 2
	is "a command that takes no --minutes" "$(status ctl check --minutes 5)" 2
}

# keeps: ctl/conf/try R1
check_broken_candidate() {
	local before
	before=$(find /etc/carrel | sort)
	candidate broken
	sed -i 's/tasks = 256/tasks = "many"/' "$NEW/carrel.conf"
	is "an error: refused" "$(status ctl try)" 1
	like "its place is the candidate's" "$(ctl try 2>&1)" '^error +/etc/carrel\.new/carrel\.conf +[0-9]+ +limits\.tasks'
	candidate broken
	sed -i 's/policy = "lab"/policy = "no-such"/' "$NEW/carrel.conf"
	is "a policy that is not there: refused" "$(status ctl try)" 1
	candidate broken
	mkdir "$NEW/policy.d"
	echo 'policies = { lab = { }; };' >"$NEW/policy.d/twice.conf"
	like "an error in a drop-in has its place, too" "$(ctl try 2>&1)" "$NEW/policy.d/twice.conf"
	candidate broken
	chmod 666 "$NEW/carrel.conf"
	is "a candidate that others can write: refused" "$(status ctl try)" 3
	rm "$NEW/carrel.conf"
	mkfifo "$NEW/carrel.conf"
	is "a FIFO: refused" "$(status ctl try)" 3
	is "nothing is left of any" "$(find /etc/carrel | sort)" "$before"
	is "and the old one counts" "$(name_of_room)" ana-room
}

check_live() {
	local before
	before=$(configuration)
	hold one ana@room
	candidate tried
	log_mark
	is "try" "$(status ctl try --minutes 30)" 0
	is "new logins get it" "$(name_of_room)" ana-tried
	is "old rooms go on as they are" "$(hold_ask one hostname)" ana-room
	is "the configuration itself is not touched" "$(configuration)" "$before"
	like "the log has who began it" "$(log_since 'configuration on trial for')" 'notice.*trial=.* by=.* pid='
	check "and each login under it" poll 5 eval 'log_since "id=.*uid=$(id -u ana): configuration on trial until .* by="'
	like "status: until when" "$(ctl try --status)" '^on trial for another [0-9]+ s, until .*; begun by '
	is "status: yes" "$(status ctl confirm --status)" 0
	like "check warns of it" "$(ctl check --json)" 'is on trial until'
	like "explain says so" "$(ctl explain ana 2>&1 >/dev/null)" 'on trial for another [0-9]+ s: /etc/carrel/trial/carrel.conf'
	like "and has its values" "$(ctl explain ana 2>/dev/null)" '^hostname .*/etc/carrel/trial/carrel.conf .*ana-tried'
	is "one at a time" "$(status ctl try)" 1
	like "and how to end it" "$(ctl try 2>&1)" 'carrelctl confirm keeps it, carrelctl try --cancel ends it'
	log_mark
	is "cancel" "$(status ctl try --cancel)" 0
	check "is logged" poll 5 eval 'log_since cancelled | grep -q "trial=.* by="'
	is "at once the old one counts" "$(name_of_room)" ana-room
	is "nothing is left" "$(find /etc/carrel -name '*trial*')" ""
	is "a room of before still goes on" "$(hold_ask one hostname)" ana-room
	hold_end one
}

trial_is_over() {
	! ctl try --status
}

check_expiry() {
	candidate short
	is "a short trial" "$(status ctl try --minutes 0.05)" 0
	check "ends by itself" poll 30 trial_is_over
	is "and the old one counts" "$(name_of_room)" ana-room
	like "check tells what is left" "$(ctl check --json)" 'left over from a trial'
	is "too late to confirm" "$(in_new_login confirm)" 1
	is "another begins all the same" "$(status ctl try --minutes 30)" 0
	is "and counts" "$(name_of_room)" ana-short
	sed -i 's/^boot=......../boot=00000000/' "$TRIAL/record"
	is "another boot: over" "$(name_of_room)" ana-room
	check "the log tells of it" poll 5 eval 'log_since "trial=.* is over, unconfirmed"'
	is "over for confirm, too" "$(in_new_login confirm)" 1
	is "cancel tidies up" "$(status ctl try --cancel)" 1
	is "nothing is left of it" "$(find /etc/carrel -name '*trial*')" ""
}

# What is no record of root's must not decide, and must not keep anybody out.
check_broken_record() {
	local kind
	for kind in "echo junk >record" ": >record" "truncate -s -3 record" "chown ana record" "chmod 666 record" \
		"mv record /etc/carrel/x; ln -s ../x record" "rm record; mkfifo record" "rm record; mkdir record" "ln record other" \
		"sed -i s/^until=/until=9/ record" "sed -i s/^begun=/begun=9/ record"; do
		candidate broken-record
		ctl try --minutes 30 >/dev/null
		(cd "$TRIAL" && eval "$kind")
		is "$kind: the old one counts" "$(name_of_room)" ana-room
		like "$kind: check tells" "$(ctl check --json)" 'no trial can be read there'
		is "$kind: a new trial is refused" "$(status ctl try)" 1
		is "$kind: cancel removes it" "$(ctl try --cancel >/dev/null 2>&1; ls -A /etc/carrel | grep -c trial)" 0
		rm -f /etc/carrel/x
	done
	check "the log has why" poll 5 eval 'log_since "on trial does not count: .*record"'
	candidate broken-record
	ctl try --minutes 30 >/dev/null
	echo junk >"$TRIAL/carrel.conf"
	is "a candidate that broke: the old one counts" "$(name_of_room)" ana-room
	like "and explain says why" "$(ctl explain ana 2>&1)" 'does not count: .*syntax'
	ctl try --cancel >/dev/null
	mkdir "$TRIAL"
	is "something else of that name: refused" "$(status ctl try)" 3
	is "and left alone" "$(ls -d "$TRIAL")" "$TRIAL"
	rmdir "$TRIAL"
}

# carrelctl with the options of ctl(), for a login's command line
CTL_LINE="$CTL --helper $STAGE_LIB/carrel-helper --state $STATE_DIR --pam-dir $STAGE/pam.test"

in_new_login() { # COMMAND: its exit status in a new login of root's
	room root "$CTL_LINE $1 >$STAGE_LOG/new-login 2>&1; echo \$?"
}

in_old_login() { # COMMAND LINE
	hold_ask old "{ $1; } >$STAGE_LOG/old-login 2>&1; echo \$?"
}

check_lockout() {
	candidate locked
	sed -i 's/{ group = "students"/{ group = "guests"/' "$NEW/carrel.conf"
	ctl try --minutes 30 >/dev/null
	like "rules that lock a user out" "$(room ana hostname)" 'refused'
	is "root gets in" "$(room root 'echo in')" in
	is "and break-glass" "$(room bea 'echo in')" in
	sed -i 's/^until=.*/until='"$(sed -n 's/^begun=//p' "$TRIAL/record")"'/' "$TRIAL/record"
	is "with its end the user is back" "$(name_of_room)" ana-room
	ctl try --cancel >/dev/null 2>&1
}

refused_in_old_login() { # NAME COMMAND LINE
	rm -f "$STAGE_LOG/answer"
	in_old_login "$2" >/dev/null
	poll 20 test -s "$STAGE_LOG/answer"
	is "$1: refused" "$(cat "$STAGE_LOG/answer")" 1
	is "$1: still on trial" "$(status ctl try --status)" 0
}

# Whatever is done in a login from before the trial, it stays one.
# keeps: ctl/conf/try R2
check_old_login() {
	local answer="{ $CTL_LINE confirm; echo \$? >$STAGE_LOG/answer; }" quoted
	echo "$answer" >"$STAGE/confirm.sh"
	quoted="bash $STAGE/confirm.sh"
	chmod 755 "$STAGE/confirm.sh"
	check "a login of root's" hold old root@room
	check "with tmux in it" eval 'hold_ask old "tmux -S $STAGE/ssh/old-tmux -f /dev/null new-session -d; echo" >/dev/null'
	check "and a connection for more shells" s -M -S "$STAGE/ssh/master" -f -N root@room
	candidate kept
	is "then a trial" "$(status ctl try --minutes 30)" 0
	refused_in_old_login "the login itself" "$quoted"
	like "with the reason" "$(cat "$STAGE_LOG/old-login")" 'this login began before the trial did'
	refused_in_old_login "setsid" "setsid -f $quoted </dev/null"
	refused_in_old_login "a child whose parents have gone" "( ( sleep 0.3; exec setsid $quoted ) & )"
	refused_in_old_login "sudo" "sudo $quoted"
	refused_in_old_login "sudo -i" "sudo -i $quoted"
	refused_in_old_login "su" "su -c '$quoted'"
	refused_in_old_login "su -" "su - -c '$quoted'"
	refused_in_old_login "su, to another and back" "su bea -c 'true'; su -c 'setsid -f $quoted'"
	refused_in_old_login "tmux from before" "tmux -S $STAGE/ssh/old-tmux send-keys '$quoted' Enter"
	refused_in_old_login "tmux from now" "tmux -S $STAGE/ssh/new-tmux -f /dev/null new-session -d '$quoted'"
	is "a new shell over an old connection: refused" \
		"$(s -S "$STAGE/ssh/master" root@room "$quoted; cat $STAGE_LOG/answer" </dev/null 2>/dev/null)" 1
	s -S "$STAGE/ssh/master" -O exit root@room 2>/dev/null
	refused_in_old_login "a title that is sshd's" "(exec -a 'sshd: root [priv]' bash -c '$quoted; true')"
	refute "the test's own shell is no login" "$CTL" --state "$STATE_DIR" confirm
	hold_ask old "tmux -S $STAGE/ssh/old-tmux kill-server; echo" >/dev/null
}

check_confirm() {
	local candidate before
	before=$(configuration)
	candidate=$(cat "$NEW/carrel.conf")
	log_mark
	is "a new login confirms" "$(in_new_login confirm)" 0
	is "it is the configuration now" "$(cat /etc/carrel/carrel.conf)" "$candidate"
	is "what it replaced is kept" "$(cd /etc/carrel/before-trial && tail -n +1 carrel.conf policy.d/* 2>/dev/null)" "$before"
	is "no trial is left" "$(ls -A /etc/carrel | grep -v before-trial | grep trial)" ""
	is "logins get it" "$(name_of_room)" ana-kept
	like "the log has who did it" "$(log_since 'configuration confirmed')" 'trial=.* by=root'
	is "twice: no" "$(in_new_login confirm)" 1
	hold_end old
	candidate again
	ctl try --minutes 30 >/dev/null
	is "through sudo in a new login" "$(room root "sudo $CTL_LINE confirm >/dev/null 2>&1; echo \$?")" 0
	candidate more
	mkdir "$NEW/policy.d"
	echo 'policies = { more = { inherit = "lab"; }; };' >"$NEW/policy.d/more.conf"
	mkdir -p /etc/carrel/policy.d
	echo 'policies = { gone = { inherit = "lab"; }; };' >/etc/carrel/policy.d/gone.conf
	echo note >/etc/carrel/policy.d/README
	ctl try --minutes 30 >/dev/null
	is "with tmux of a new login" "$(room root \
		"tmux -S $STAGE/ssh/t3 -f /dev/null new-session -d '$CTL_LINE confirm; echo \$? >$STAGE_LOG/tmux'
		for i in {1..200}; do [ -s $STAGE_LOG/tmux ] && break; sleep 0.1; done; cat $STAGE_LOG/tmux")" \
		"$(has_audit && echo 0 || echo 1)"
	has_audit || is "without an audit session: confirmed by hand" "$(in_new_login confirm)" 0
	is "drop-ins are those of the candidate" "$(cd /etc/carrel/policy.d && echo *)" "README more.conf"
	is "the old ones are kept" "$(cd /etc/carrel/before-trial/policy.d && echo *)" gone.conf
	rm -rf /etc/carrel/policy.d /etc/carrel/before-trial
}

# Does the audit system give logins a session?
has_audit() {
	[ "$(room root 'cat /proc/self/sessionid')" != 4294967295 ]
}

# Where the audit system knows no sessions, only ancestors are left to tell.
check_without_audit() {
	local answer="bash $STAGE/confirm.sh"
	sed -i.with-audit '/pam_loginuid/d' /etc/pam.d/sshd
	refute "logins have no audit session" has_audit
	check "a login of root's" hold old root@room
	candidate unaudited
	ctl try --minutes 30 >/dev/null
	refused_in_old_login "no audit, the login itself" "$answer"
	refused_in_old_login "no audit, setsid" "setsid -f $answer </dev/null"
	refused_in_old_login "no audit, tmux" "tmux -S $STAGE/ssh/t4 -f /dev/null new-session -d '$answer'"
	is "no audit, a new login: confirmed" "$(in_new_login confirm)" 0
	hold_end old
	mv /etc/pam.d/sshd.with-audit /etc/pam.d/sshd
	rm -rf /etc/carrel/before-trial
}

# A console: whoever waits there (a getty) becomes login(1), whose parent is process 1.
console() { # NAME: a terminal, with a process that becomes login when it is rung
	mkfifo "$STAGE/ssh/$1.in" "$STAGE/ssh/$1.ring"
	python3 - "$STAGE/ssh/$1.in" "$STAGE/ssh/$1.tty" <<-'PY' >/dev/null 2>&1 &
	import os, select, sys
	master, slave = os.openpty()
	with open(sys.argv[2] + ".new", "w") as f:
	    f.write(os.ttyname(slave))
	os.rename(sys.argv[2] + ".new", sys.argv[2])
	typed = open(sys.argv[1], "rb", buffering=0)
	sources = [master, typed]
	while typed in sources:
	    for source in select.select(sources, [], [])[0]:
	        data = os.read(source if source == master else typed.fileno(), 4096)
	        if source == typed and not data:
	            sources.remove(typed)
	        elif source == typed:
	            os.write(master, data)
	PY
	eval "exec {CONSOLE_$1}>$STAGE/ssh/$1.in"
	poll 10 test -s "$STAGE/ssh/$1.tty" || return 1
	setsid --ctty bash -c "read -r _ <'$STAGE/ssh/$1.ring'; exec login -f root" <"$(cat "$STAGE/ssh/$1.tty")" \
		>"$(cat "$STAGE/ssh/$1.tty")" 2>&1 &
}

type_at() { # NAME TEXT
	local fd=CONSOLE_$1
	echo "$2" >&"${!fd}"
}

check_console() {
	rm -f "$STAGE_LOG"/console.*
	check "a console where somebody logs in" console before
	check "and one where nobody has yet" console after
	echo >"$STAGE/ssh/before.ring"
	type_at before "echo in >$STAGE_LOG/console.in"
	check "somebody is in" poll 20 test -s "$STAGE_LOG/console.in"
	candidate console
	ctl try --minutes 30 >/dev/null
	type_at before "$CTL_LINE confirm; echo \$? >$STAGE_LOG/console.before"
	check "he answers" poll 20 test -s "$STAGE_LOG/console.before"
	is "an old login on a console: refused" "$(cat "$STAGE_LOG/console.before")" 1
	echo >"$STAGE/ssh/after.ring"
	type_at after "$CTL_LINE confirm; echo \$? >$STAGE_LOG/console.after"
	check "the other, too" poll 20 test -s "$STAGE_LOG/console.after"
	is "a new login, though its getty is older: confirmed" "$(cat "$STAGE_LOG/console.after")" 0
	type_at before exit
	type_at after exit
	exec {CONSOLE_before}>&- {CONSOLE_after}>&-
	check "they leave" poll 10 eval '! pgrep -x login'
	is "the change is taken back by a trial of the backup" "$(status ctl try --minutes 30 /etc/carrel/before-trial)" 0
	is "and a login that confirms it" "$(in_new_login confirm)" 0
	isnt "what counts is from before" "$(name_of_room)" ana-console
	rm -rf /etc/carrel/before-trial
}

check_file() {
	mkdir -p /etc/carrel/policy.d
	echo 'policies = { extra = { inherit = "lab"; }; };' >/etc/carrel/policy.d/extra.conf
	candidate single
	is "a file alone" "$(cd "$NEW" && status ctl try --minutes 30 carrel.conf)" 0
	is "goes with the drop-ins that are there" "$(ls "$TRIAL/policy.d")" extra.conf
	is "and counts" "$(name_of_room)" ana-single
	ctl try --cancel >/dev/null
	rm -r /etc/carrel/policy.d
}

host_start
install -d -m 755 "$STAGE/pam.test"
room ana true
settle
before=$(census)
needs check_confirm check_old_login
needs check_without_audit check_confirm
run_cases "$@" -- check_usage check_broken_candidate check_live check_expiry check_broken_record check_lockout \
	check_old_login check_confirm check_without_audit check_console check_file
hold_end old
settle
same_census "nothing is left behind" "$before"
tap_done
