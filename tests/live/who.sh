#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# who, w and last on the host list each login in a room with its own line and remote host, until it logs out.
. "$(dirname "$0")/../lib/stage.sh"
stage_enter "$@"

. "$(dirname "$0")/../lib/ctl.sh"

PANE="tmux -S $STAGE/ssh/tmux -f /dev/null"

# terminal NAME USER ADDRESS: an interactive login in a tmux window
terminal() {
	$PANE new-session -d -s "$1" -x 80 -y 24 "ssh -F $STAGE/ssh/config -b $3 $2@room"
	poll 15 terminal_ready "$1"
}

terminal_ready() {
	$PANE capture-pane -p -t "$1" | grep -q '\$ *$'
}

who_lists() { # USER COUNT
	[ "$(who | awk -v u="$1" '$1 == u' | wc -l)" -eq "$2" ]
}

switches() {
	helper_pids supervisor | sort | while read -r p; do
		echo "$p $(awk '/_ctxt_switches/ { n += $2 } END { print n }' "/proc/$p/status")"
	done
}

# Three looks at times of their own: the first may find one that is still about what it was woken for.
sleeps() {
	local one two
	one=$(switches)
	sleep 2
	two=$(switches)
	[ -n "$one" ] && [ "$one" = "$two" ]
}

check_several() {
	is "nobody is logged in at first" "$(who)" ""
	check "a terminal login" terminal a1 ana 127.0.0.11
	check "another of the same user" terminal a2 ana 127.0.0.12
	check "one of another user" terminal c1 cara 127.0.0.13
	check "one in a shared room" terminal d1 dora 127.0.0.14
	check "a second one there" terminal d2 dora 127.0.0.15
	check "who lists the first user twice" poll 5 who_lists ana 2
	check "and the other users" poll 5 eval 'who_lists cara 1 && who_lists dora 2'
	is "each has its own line" "$(who | awk '$1 != "root" { print $2 }' | sort -u | wc -l)" 5
	is "and its remote host" "$(who | grep -o '127\.0\.0\.1[1-5]' | sort | paste -sd' ')" \
		"127.0.0.11 127.0.0.12 127.0.0.13 127.0.0.14 127.0.0.15"
	is "w lists them, too" "$(w -h | awk '$1 != "root" { print $1 }' | sort | paste -sd' ')" "ana ana cara dora dora"
	check "last says that they are still there" poll 5 eval '[ "$(last | grep -c "still logged in")" = 5 ]'
	is "every record's process is alive" \
		"$(who -u | awk '$1 != "root" { print $7 }' | while read -r p; do [ -d "/proc/$p" ] && echo up; done | wc -l)" 5

	is "which takes none of root's instances of inotify" \
		"$(helper_pids supervisor | while read -r p; do find "/proc/$p/fd" -lname '*inotify*'; done | wc -l)" 0
	check "nor any time of a supervisor's while nothing happens" poll 30 sleeps
	$PANE send-keys -t a1 'who; echo seen-$((1 + 1))' Enter
	check "inside, who shows nobody else" poll 10 eval '$PANE capture-pane -p -t a1 | grep -q seen-2'
	like "but the user himself, whose pid nobody there knows" "$($PANE capture-pane -p -t a1)" '^ana +pts/0 .*\(127\.0\.0\.11\)'
	is "[O] inside, no other user is named" "$($PANE capture-pane -p -t a1 | grep -cE 'cara|dora')" 0
}

check_logouts() {
	$PANE send-keys -t a1 'exit' Enter
	check "a logout takes only its own line" poll 10 eval 'who_lists ana 1 && who_lists cara 1 && who_lists dora 2'
	like "and the right one" "$(who | grep ana)" '127\.0\.0\.12'
	check "which last knows" poll 5 eval '! last | grep 127.0.0.11 | grep "still logged in"'
	$PANE send-keys -t d1 'exit' Enter
	check "in a shared room, too" poll 10 eval 'who_lists dora 1'
	like "the right one there" "$(who | grep dora)" '127\.0\.0\.15'
	$PANE kill-session -t c1
	check "a cut connection is a logout" poll 10 who_lists cara 0
	poll 10 eval '[ "$(monitor_pids ana | wc -l)" = 1 ]' # the one that has logged out may take its time
	kill -9 "$(monitor_pids ana)"
	check "a killed monitor is a logout" poll 10 who_lists ana 0
	$PANE kill-server # the windows themselves were root's lines
	check "nobody is left" poll 10 eval '[ -z "$(who)" ]'
	check "last lists all five, ended" poll 5 eval \
		'[ "$(last | grep -c "127\.0\.0\.1[1-5]") $(last | grep -c "still logged in")" = "5 0" ]'
	like "lastlog knows the user" "$(lastlog -u ana)" '127\.0\.0\.1[12]'
}

# What features.accounting says of a host that keeps no such files.
check_no_utmp() {
	mv /run/utmp "$STAGE/utmp"
	is "preferred: a host without utmp lets in" "$(room dora 'echo in')" in
	like "check tells who does not know it" "$(ctl check --no-rehearse --notes)" 'this host keeps no /(var/)?run/utmp.*who\(1\)'
	sed -i '/^  lab = {/,/^  };/s/features = { /&accounting = "require"; /' /etc/carrel/carrel.conf
	is "required: rehearse says what a login would" "$(status ctl rehearse dora)" 1
	is "required: it refuses" "$(room dora 'echo in' 2>/dev/null | grep -c '^in$')" 0
	check "and says why" poll 5 grep -q 'features.accounting is "require"' "$STAGE_LOG/syslog"
	mv "$STAGE/utmp" /run/utmp
	is "with utmp it lets in" "$(room dora 'echo in')" in
}

host_start
room ana true
needs check_logouts check_several
run_cases "$@" -- check_several check_logouts check_no_utmp
host_config
tap_done
