#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The doors that are not SSH: su, sudo, login, cron, and pamtester with a look from inside the stack.
. "$(dirname "$0")/../lib/stage.sh"
stage_enter "$@"
. "$(dirname "$0")/../lib/ctl.sh"

PANE="tmux -S $STAGE/ssh/tmux -f /dev/null"
LOOK='id -un; hostname; ls /home; cat /proc/self/status | grep -E "^(Seccomp|NoNewPrivs):" | tr -d "\t"; ps -e -o user= | sort -u'
INSIDE=$'cara\ncara-room\ncara\nNoNewPrivs:1\nSeccomp:2\ncara'

# by NAME COMMAND...: what the look says through this door
by() {
	local name=$1
	shift
	is "[O] $name is inside" "$(timeout $((20 * ${CARREL_PATIENCE:-1})) "$@" "$LOOK" </dev/null 2>&1)" "$INSIDE"
}

check_commands() {
	by "su -c" su cara -c
	by "su - -c" su - cara -c
	is "[O] su --pty is inside" "$(timeout $((20 * ${CARREL_PATIENCE:-1})) su --pty cara -c "$LOOK" </dev/null 2>&1 | tr -d '\r')" \
		"$INSIDE"
	by "sudo -u" sudo -u cara bash -c
	by "sudo -i" sudo -i -u cara bash -c
	su cara -c 'exit 42' </dev/null
	is "su passes the exit status" $? 42
	sudo -u cara bash -c 'exit 43' </dev/null
	is "sudo passes the exit status" $? 43
	is "su passes standard input" "$(seq 100000 | su cara -c 'sha256sum')" "$(seq 100000 | sha256sum)"
	is "su keeps a directory that is there" "$(cd /usr/share && timeout $((20 * ${CARREL_PATIENCE:-1})) su cara -c pwd)" /usr/share
	is "su - goes home" "$(timeout $((20 * ${CARREL_PATIENCE:-1})) su - cara -c pwd)" /home/cara
	is "a directory that is not there becomes another" \
		"$(cd /home/bob && timeout $((20 * ${CARREL_PATIENCE:-1})) su cara -c 'pwd' 2>/dev/null)" /home/cara
	is "a background job does not outlive su" \
		"$(timeout $((20 * ${CARREL_PATIENCE:-1})) su cara -c 'setsid sleep 3200 >/dev/null 2>&1 &' </dev/null; poll 5 user_gone \
		cara && echo gone)" gone
	is "user to user: no way past the room" \
		"$(timeout $((20 * ${CARREL_PATIENCE:-1})) su cara -c 'su - bob -c id' </dev/null 2>&1 | grep -c 'uid=')" 0
	is "root's own su passes" "$(timeout $((20 * ${CARREL_PATIENCE:-1})) su root -c 'hostname')" carrelhost
}

# A directory that the caller holds open must not lead out of the room.
check_descriptors() {
	local how
	is "[O] a held directory does not lead out" \
		"$(timeout $((20 * ${CARREL_PATIENCE:-1})) su cara -c 'ls /proc/self/fd/3/.. 2>/dev/null | wc -l' 3</etc </dev/null)" 0
	is "[O] nor one opened as a path only" \
		"$(timeout $((20 * ${CARREL_PATIENCE:-1})) su cara -c 'ls /proc/self/fd/9/carrel 2>/dev/null | wc -l' 9</etc </dev/null)" 0
	unlike "none of three reaches the shell" \
		"$(timeout $((20 * ${CARREL_PATIENCE:-1})) su cara -c "$STAGE/bin/probe fds" 3</etc 4</ 5</home </dev/null)" \
		'(^| )[345]( |$)'
	is "a held file is not a directory, and passes" \
		"$(timeout $((20 * ${CARREL_PATIENCE:-1})) su cara -c 'head -n 1 <&3' 3</etc/hostname </dev/null)" carrelhost
	for how in '</etc' '>/dev/null 2</etc'; do
		log_mark
		is "[O] a directory as standard descriptor ($how) is refused" \
			"$(eval "timeout $((20 * ${CARREL_PATIENCE:-1})) su cara -c 'touch $STAGE/drop/in
				cat /proc/self/fd/0/carrel/carrel.conf' $how" 2>/dev/null | wc -c)" 0
		like "[O] and said so ($how)" "$(log_since refused)" 'stage=CALLER'
	done
}

pane_has() {
	$PANE capture-pane -p -S -100 | grep -Eq -- "$1"
}

saw() {
	if poll 15 pane_has "$2"; then
		ok "$1"
	else
		not_ok "$1" "wanted on the screen: $2" "$($PANE capture-pane -p -S -100 2>&1 | grep . | tail -n 12)"
	fi
}

keys() {
	$PANE send-keys -l "$1"
	$PANE send-keys Enter
}

no_pane() {
	! $PANE has-session 2>/dev/null
}

# terminal NAME COMMAND: an interactive login over that door
terminal() {
	$PANE new-session -d -x 90 -y 30 "$2"
	saw "$1: prompt" 'cara@cara-room:~\$'
	keys 'PS1="READY> "; tty; test -c "$(tty)" && echo is-there'
	saw "$1: tty prints a path" '^/dev/(console|pts/[0-9]+)'
	saw "$1: that exists" '^is-there'
	keys 'sleep 1000'
	poll 10 pgrep -u cara -x sleep >/dev/null
	$PANE send-keys C-z
	saw "$1: job control" 'Stopped +sleep 1000'
	keys 'kill %1; stty size'
	saw "$1: window size" '^30 90'
	keys 'tmux -f /dev/null new-session -d -s t; tmux ls; tmux kill-server'
	saw "$1: tmux" '^t: 1 windows'
	keys "stty -echo; $STAGE/bin/probe tiocsti tiocsti-high; stty echo"
	saw "$1: nothing can be typed for others" '^tiocsti EPERM'
	saw "$1: in either form" '^tiocsti-high EPERM'
	keys 'exit'
	check "$1: ends" poll 15 no_pane
	no_pane || $PANE kill-server
	check "$1: nobody is left" poll 5 user_gone cara
}

# A room that stands already was made without this terminal. Twice, since a terminal's number comes again.
check_standing() {
	local i
	hold stands dora@room
	for i in 1 2; do
		$PANE new-session -d -x 90 -y 30 "su - dora"
		saw "a room that stands ($i): prompt" 'dora@.*:~\$'
		keys 'PS1="READY> "; tty; test -c "$(tty)" && echo is-there'
		saw "a room that stands ($i): tty prints a path" '^/dev/host-pts-[0-9]+'
		saw "a room that stands ($i): that exists" '^is-there'
		keys 'exit'
		check "a room that stands ($i): ends" poll 15 no_pane
	done
	is "one terminal is one name there" "$(hold_ask stands 'ls /dev | grep -c ^host-')" 1
	hold_end stands
	ctl kill dora >/dev/null 2>&1
}

check_terminals() {
	terminal "su -" "su - cara"
	echo 'Defaults !use_pty' >/etc/sudoers.d/stage
	terminal "sudo -i" "sudo -i -u cara"
	# With use_pty sudo has opened a terminal of its own on the host before the room was there.
	echo 'Defaults use_pty' >/etc/sudoers.d/stage
	terminal "sudo -i with use_pty" "sudo -i -u cara"
	terminal "login" "login -f cara"
	check_standing
}

check_login_records() {
	$PANE new-session -d -x 90 -y 30 "login -f cara"
	saw "login -f" 'cara@cara-room:~\$'
	check "who lists login's terminal" poll 5 eval 'who | grep -q "^cara "'
	is "by the host's name for it" "$(who | awk '$1 == "cara" { print $2 }')" "$($PANE list-panes -F '#{pane_tty}' | sed 's|/dev/||')"
	keys exit
	check "and loses it" poll 10 eval '! who | grep -q "^cara "'
	poll 5 no_pane
}

check_pamtester() {
	cat >$STAGE/bin/look <<-END
	#!/bin/sh
	echo "\$PAM_TYPE host=\$(hostname) homes=\$(ls /home | tr '\\n' ' ') \$(grep Seccomp: /proc/self/status | tr -d '\\t')" >>/tmp/look
	cat /tmp/look
	END
	chmod 0755 $STAGE/bin/look
	pam_stack tester room "session optional pam_exec.so stdout $STAGE/bin/look"
	local out
	log_mark
	out=$(timeout $((20 * ${CARREL_PATIENCE:-1})) pamtester tester cara open_session close_session 2>&1 </dev/null)
	like "[O] pamtester: a module after carrel opens inside" "$out" '^open_session host=cara-room homes=cara +Seccomp:2'
	like "pamtester: and closes on the host" "$out" '^close_session host=carrelhost'
	like "pamtester: both succeed" "$out" 'session has successfully been closed'
	rm -f /tmp/look
	out=$(timeout $((30 * ${CARREL_PATIENCE:-1})) pamtester tester cara open_session close_session open_session close_session 2>&1 \
		</dev/null)
	# The filter and the bounding set of a process have no way back: a second session of it could not be built.
	is "pamtester: a second session in one process is refused" \
		"$(grep -c 'successfully opened' <<<"$out") $(grep -c 'login was refused (code' <<<"$out")" "1 1"
	rm -f /tmp/look
	# One line without the word does both, whatever stands around it.
	{
		echo 'auth sufficient pam_permit.so'
		echo 'account sufficient pam_permit.so'
		[ "$CARREL" != 1 ] || carrel_line open | sed 's/ open / /'
		echo "session optional pam_exec.so stdout $STAGE/bin/look"
	} >/etc/pam.d/single
	like "[O] a single line without a word does both" \
		"$(timeout $((20 * ${CARREL_PATIENCE:-1})) pamtester single cara open_session close_session 2>&1 </dev/null)" \
		'^open_session host=cara-room'
	rm -f /tmp/look
	is "a caller that is not root is refused" "$(su gus -s /bin/sh -c true >/dev/null 2>&1
		setpriv --reuid cara --regid students --clear-groups \
		timeout $((20 * ${CARREL_PATIENCE:-1})) pamtester single cara open_session 2>&1 </dev/null | grep -c 'opened')" 0
	like "and the log says why" "$(log_since refused)" 'stage=CALLER.*not run as root'
}

check_cron() {
	cat >/etc/cron.d/carrel-test <<-END
	SHELL=/bin/bash
	@reboot bob cd /home/bob && (hostname; ls /home; grep Seccomp: /proc/self/status; echo done) >cron.new && mv cron.new cron.out
	END
	chmod 0644 /etc/cron.d/carrel-test
	cron_start
	check "cron runs the job" poll 20 test -e /home/bob/cron.out
	kill $CRON
	is "[O] cron's job is inside" "$(tr '\t\n' '  ' </home/bob/cron.out)" "bob-desk bob Seccomp: 2 done "
	check "nobody of it is left" poll 5 user_gone bob
}

check_sudo() {
	is "sudo: no set-user-ID power inside" \
		"$(timeout $((20 * ${CARREL_PATIENCE:-1})) su cara -c 'sudo -n id 2>&1 | grep -c uid=0' </dev/null)" 0
}

host_start
su cara -c true </dev/null
settle
before=$(census)
run_cases "$@" -- check_commands check_descriptors check_terminals check_login_records check_pamtester check_sudo check_cron
rm -f /tmp/look
same_census "nothing is left behind" "$before"
tap_done
