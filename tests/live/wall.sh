#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What is written on the host to who is logged in reaches the terminal in the room: wall, write, what shutdown says.
. "$(dirname "$0")/../lib/stage.sh"
stage_enter "$@"
. "$(dirname "$0")/../lib/ctl.sh"

# type_in NAME COMMAND: to a login with a terminal that is held; done when it has answered, which its echo is not
type_in() {
	local mark=$RANDOM
	hold_say "$1" "$2; echo done-\$(($mark + 1000000))"
	poll 10 grep -q "done-$((mark + 1000000))" "$STAGE_LOG/hold.$1"
}

hears() { # NAME TEXT
	poll 5 heard "$@"
}

heard() {
	[ "$(grep -c -- "$2" "$STAGE_LOG/hold.$1")" -eq 1 ]
}

line_of() { # USER: its line in the host's utmp
	who | awk -v u="$1" '$1 == u { print $2 }'
}

has_line() { # USER COUNT
	[ "$(line_of "$1" | grep -c .)" -eq "$2" ]
}

# As write(1) does where it is set-group-ID tty.
write_as() { # USER TO LINE TEXT
	echo "$4" | setpriv --reuid="$1" --regid=tty --clear-groups write "$2" "$3" 2>&1
}

listed() {
	[ "$(ctl list ana --json | json '[x["tty"] for x in d]')" = "['$a']" ]
}

# The terminals of ana, as the host and her shell have them, were last used at one time.
used_alike() {
	[ "$(stat -c %X "/dev/$a")" = "$(stat -c %X "/proc/$(pgrep -u ana -x bash | head -n 1)/root/dev/pts/0")" ]
}

check_alone() {
	check "a terminal login" hold a -tt ana@room
	check "is told of on the host" poll 5 has_line ana 1
	a=$(line_of ana)
	like "by a terminal that the host has" "$a" '^pts/[0-9]+$'
	check "which is root's, and open to messages as the user's own" poll 5 eval \
		'[ "$(stat -c "%U %G %a %F" "/dev/$a")" = "root tty 620 character special file" ]'
	check "carrelctl list has it, too" poll 5 listed
	echo 'the bakery is closed' | wall
	check "wall arrives" hears a 'the bakery is closed'
	like "with who says it" "$(cat $STAGE_LOG/hold.a)" 'Broadcast message from'
	setpriv --reuid=bob --regid=students --clear-groups head -c 1 "/dev/$a" 2>/dev/null
	is "[O] nobody else reads it" $? 1
	is "[O] nor sees it in a room" "$(room cara "ls /dev/pts" | xargs)" ptmx
	write_as bob ana "$a" 'dinner at eight' >/dev/null
	check "write of another user arrives" hears a 'dinner at eight'
	type_in a 'mesg n'
	check "after mesg n" poll 5 eval '[ "$(stat -c %a "/dev/$a")" = 600 ]'
	like "it is refused" "$(write_as bob ana "$a" 'dinner at nine')" 'messages disabled|denied'
	echo 'the bakery burns' | wall
	check "root's arrives all the same" hears a 'the bakery burns'
	refute "and what was refused has not" heard a 'dinner at nine'
	type_in a 'mesg y'
	check "after mesg y" poll 5 eval '[ "$(stat -c %a "/dev/$a")" = 620 ]'
	check "its user has last done something there when he has" poll 5 used_alike
}

# Two logins in one room, and a second terminal of one connection.
check_others() {
	check "one in a shared room" hold d1 -tt dora@room
	check "and another there" hold d2 -tt dora@room
	check "a connection" hold c1 -tt -M -S $STAGE/ssh/mux cara@room
	check "with a second terminal" hold c2 -tt -S $STAGE/ssh/mux cara@room
	check "all are told of" poll 5 eval 'has_line dora 2 && has_line cara 2'
	echo 'each of you once' | wall 2>/dev/null
	for name in a d1 d2 c1 c2; do
		check "wall reaches $name, once" hears $name 'each of you once'
	done
	type_in c2 'mesg n'
	check "one that wants no messages closes its login's" poll 5 eval \
		'[ "$(stat -c %a "/dev/$(line_of cara | grep ^pts | head -n 1)")" = 600 ]'
}

# Who does not read, and who is written to without end.
# keeps: helper/parts/outer R1
check_slow() {
	local at
	at=/proc/$(ctl show dora --json | head -n 1 | json 'd["init"]')/root/tmp
	hold_say d1 'touch /tmp/reads; while read -r word && [ "$word" != end ]; do touch "/tmp/$word"; done'
	check "a shell reads words" poll 10 test -e "$at/reads"
	printf '\023stopped\n' >&$HOLD_FD_d1
	check "a terminal is stopped: what came behind that byte was read" poll 10 test -e "$at/stopped"
	echo 'to whom it may concern' | wall 2>/dev/null
	check "a stopped terminal keeps no other waiting" hears d2 'to whom it may concern'
	refute "has nothing yet" heard d1 'to whom it may concern'
	printf '\021end\n' >&$HOLD_FD_d1
	check "and gets it when it goes on" hears d1 'to whom it may concern'
	timeout 5 yes "$(printf '%0200d' 0)" >"/dev/$(line_of dora | head -n 1)" &
	hold_say d2 exit
	check "beside one that is flooded another logs out" poll 10 has_line dora 1
	kill $! 2>/dev/null
	wait $! 2>/dev/null
	check "which itself goes on" type_in d1 'echo alive'
}

# What is left of it.
check_ends() {
	hold_say a exit
	check "a logout ends the line" poll 5 has_line ana 0
	check "and the terminal" poll 5 eval '[ ! -e "/dev/$a" ]'
	check "which last knows" poll 5 eval '! last ana | head -n 1 | grep "still logged in"'
	hold_end a
	check "a login" hold a -tt ana@room
	check "is told of" poll 5 has_line ana 1
	a=$(line_of ana)
	kill -9 $(helper_pids supervisor)
	check "with killed supervisors the terminals are gone" poll 10 eval '[ ! -e "/dev/$a" ]'
	check "and the logins" poll 10 eval '[ -z "$(helper_pids init)" ]'
	"$STAGE_LIB/carrel-helper" --sweep --config /etc/carrel/carrel.conf --state $STATE_DIR
	check "the sweep ends their lines" poll 5 eval 'has_line ana 0 && has_line dora 0 && has_line cara 0'
	for name in a d1 d2 c2 c1; do
		hold_end $name
	done
	is "and wtmp has their logouts" "$(wtmp_open)" 0
	check "no terminal of the host is left" poll 10 eval '[ "$(find /dev/pts -name "[0-9]*" | wc -l)" -le $ptys ]'
}

# Without one to be had the line is called as the login is.
check_no_terminal() {
	mv /dev/ptmx /dev/ptmx.kept
	hold one -tt ana@room
	check "no terminal on the host: logged in all the same" poll 5 has_line ana 1
	like "by the login's own name" "$(line_of ana)" '^[a-z0-9]{8}/pts/0$'
	mv /dev/ptmx.kept /dev/ptmx
	hold_say one exit
	hold_end one
	check "and out" poll 5 has_line ana 0
}

host_start
room ana true
ptys=$(find /dev/pts -name '[0-9]*' | wc -l)
needs check_others check_alone
needs check_slow check_others
needs check_ends check_others
run_cases "$@" -- check_alone check_others check_slow check_ends check_no_terminal
tap_done
