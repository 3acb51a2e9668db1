#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# carrelctl top, in a terminal of 80 columns and 24 lines: what is seen, what keys do, and the terminal afterwards.
. "$(dirname "$0")/../lib/stage.sh"
stage_enter "$@"
. "$(dirname "$0")/../lib/ctl.sh"
. "$(dirname "$0")/../lib/screen.sh"

CTL="$STAGE_LIB/carrelctl --state $STATE_DIR"

# Users of the rows in the order shown.
rows() {
	screen | sed -n '4,22p' | awk 'NF { print $1 }' | xargs
}

rows_are() {
	[ "$(rows)" = "$1" ]
}

# The shell's prompt is back and the terminal as it was: main screen, cursor, modes.
terminal_is_back() {
	[ "$(tm display -p '#{alternate_on} #{cursor_flag} #{wrap_flag}')" = '0 1 1' ]
}

given_back() { # NAME STATUS
	check "$1: the terminal is as before" poll 10 terminal_is_back
	is "$1: the status" "$(answer 'echo $?')" "$2"
	is "$1: its modes" "$(answer 'stty -g')" "$MODES"
}

top_pid() {
	pgrep -x -f "$CTL top.*"
}

room_of() { # USER
	ctl list "$1" --json | json 'd[0]["room"]'
}

state_of() { # USER
	ctl list "$1" --json | json '{x["state"] for x in d}'
}

check_elsewhere() {
	is "an interval that is none" "$(for i in 0.4 61 x 1e1 '' -2; do status ctl top --interval "$i"; done | xargs)" '2 2 2 2 2 2'
	is "--interval belongs to top" "$(status ctl list --interval 2)" 2
	is "without a terminal it is a table of one look" "$(ctl top --interval 0.5 | head -n 1 | xargs)" \
		'ID ROOM USER POLICY SERVICE FROM TTY SINCE PROCESSES CPU PERCENT MEMORY IO RATE STATE UNTIL'
	is "for programs" "$(ctl top --json --interval 0.5 | json 'sorted((x["user"], x["from"], x["state"]) for x in d)')" \
		"[('ana', '127.0.0.1', 'open'), ('bob', '127.0.0.1', 'open'), ('bob', '127.0.0.1', 'open'), \
('cara', '127.0.0.1', 'open'), ('dora', '127.0.0.1', 'open')]"
	hold_ask dora 'while :; do :; done >/dev/null 2>&1 & echo $!' >/dev/null
	is "the busiest is first, and how busy" "$(ctl top --json --interval 0.5 | json '(d[0]["user"], d[0]["cpu_percent"] > 1)')" \
		"('dora', True)"
	is "a terminal that cannot be drawn on" "$(answer "TERM=dumb $CTL top 2>/dev/null; echo \$?")" 2
	is "no keys" "$(answer "$CTL top </dev/null 2>/dev/null; echo \$?")" 2
	is "a user may not" "$(answer "setpriv --reuid 1001 --clear-groups $CTL top 2>/dev/null; echo \$?")" 3
}

check_rows() {
	MODES=$(answer 'stty -g')
	say "$CTL top"
	sees "five logins" '^carrelctl top ..:..:..  5 logins, 4 rooms, 4 users +by cpu, every 2 s$'
	sees "titles" '^USER POLICY +SVC +FROM +TTY SINCE PROC +CPU +MEMORY +IO/S STATE$'
	sees "a row" '^ana +student +sshd 127.0.0.1 +ssh +[0-9:]{5} +[0-9]+ .* open$'
	sees "how busy, with a bar" '^dora +lab .* \[\|+ *[0-9.]+%\]'
	is "processes as list has them" "$(screen | awk '$1 == "cara" { print $7 }')" \
		"$(ctl list cara --json | json 'd[0]["processes"]')"
	is "no cursor on it" "$(tm display -p '#{alternate_on} #{cursor_flag}')" '1 0'
}

check_keys() {
	check "by cpu: the busy one is first" poll 10 eval 'rows | grep -q ^dora'
	press u
	check "by user" poll 10 rows_are "ana bob bob cara dora"
	press r
	check "reversed" poll 10 rows_are "dora cara bob bob ana"
	press t
	check "by time of login" poll 10 rows_are "$(ctl list --json |
		json '" ".join(x["user"] for x in sorted(d, key=lambda x: (x["since"], x["id"])))')"
	press p
	check "by processes" poll 10 eval 'rows | grep -q "^bob bob"'
	press u
	press g Down # which row was the first look's, that is selected, the second of a login decides
	sees "an arrow selects the next" "^room $(room_of bob) login .*  bob  since"
	press G
	sees "the last" "^room $(room_of dora) "
	press k
	sees "the one before" "^room $(room_of cara) "
	press h
	sees "help" '^K +end the selected'
	press x
	sees "and back" '^USER POLICY'
	press +
	sees "less often" 'every 5 s$'
	press - - - -
	sees "more often" 'every 0.5 s$'
}

check_filter() {
	press / b o
	sees "typing it" '^filter user, policy, host: bo_$'
	check "shows what matches" poll 10 rows_are "bob bob"
	press Enter
	sees "and how much that is" '/bo: 2 of 5$'
	press Escape
	check "Escape shows all" poll 10 rows_are "ana bob bob cara dora"
	press / s t u d Enter
	check "by policy" poll 10 rows_are "ana cara"
	press / C-u 1 2 7 Enter
	check "by host" poll 10 rows_are "ana bob bob cara dora"
	press / z z Enter
	sees "nothing matches" '^no login matches the filter$'
	press Escape
	check "all again" poll 10 rows_are "ana bob bob cara dora"
}

check_freeze() {
	press g j F
	sees "freeze asks" "^Freeze room $(room_of bob) of bob \(2 logins\)\? y/n$"
	press n
	sees "no is no" '^nothing is done$'
	is "so nothing is" "$(state_of bob)" "{'open'}"
	press F
	sees "asks again" '^Freeze room'
	press y
	sees "yes: it is frozen" '^bob .* frozen$'
	is "the whole room" "$(state_of bob)" "{'frozen'}"
	# The kernel's log is the machine's: it has what the same number was refused in other stages.
	is "carrelctl why knows of it" \
		"$(ctl why bob --json | json '{x["cause"] for x in d if not x["cause"].startswith("seccomp:")}')" "{'frozen'}"
	press F
	sees "thaw asks, too" '^Thaw room'
	press y
	sees "it goes on" '^bob .* open$'
	is "alive" "$(hold_ask two 'echo alive')" alive
	press -l FyFy
	sees "what was pasted before the question is no answer" '^Freeze room'
	press n
	sees "no" '^nothing is done$'
	is "and nothing is done" "$(state_of bob)" "{'open'}"
	press g F
	sees "a room that cannot be frozen" '^Freeze room'
	press y
	sees "says so" 'has no cgroup that could be'
}

check_kill() {
	press g j K
	sees "kill asks" "^End room $(room_of bob) of bob \(2 logins\)\? y/n$"
	press y
	check "the rows go" poll 10 rows_are "ana cara dora"
	check "and all of the room" poll 10 user_gone bob
	is "carrelctl why knows of that, too" "$(ctl why bob --json | json '{x["cause"] for x in d} >= {"killed"}')" True
	is "others stay" "$(hold_ask one 'echo alive')" alive
	hold_end four
	check "a login that ends by itself goes, too" poll 10 rows_are "ana dora"
	hold six bob@room
	check "a new one comes" poll 10 rows_are "ana bob dora"
}

widest() {
	screen | awk '{ if (length > n) n = length } END { print n + 0 }'
}

check_sizes() {
	tm resize-window -x 132 -y 40
	sees "wide: all of it" '^USER.{90,}STATE$'
	tm resize-window -x 40 -y 10
	sees "narrow: what matters most" '^USER .*PROC +CPU +MEMORY S$'
	sees "a letter for the state" '^ana .* o$'
	check "not wider than it is" test "$(widest)" -le 40
	tm resize-window -x 20 -y 3
	sees "tiny" '^ana|^bob|^dora'
	tm resize-window -x 80 -y 24
	sees "and back" '^USER POLICY +SVC +FROM +TTY SINCE PROC +CPU +MEMORY +IO/S STATE$'
}

check_terminal() {
	press q
	given_back q 0
	local signal
	for signal in TERM INT HUP QUIT SEGV ABRT; do
		say "$CTL top"
		sees "$signal: it is on" '^USER POLICY'
		kill "-$signal" "$(top_pid)"
		given_back "$signal" "$((128 + $(kill -l $signal)))"
	done
	say "$CTL top"
	sees "Ctrl-C: it is on" '^USER POLICY'
	press C-c
	given_back "Ctrl-C" 130
	say "$CTL top"
	sees "Ctrl-Z: it is on" '^USER POLICY'
	press C-z
	given_back "Ctrl-Z" 148
	say fg
	sees "fg: it is on again" '^USER POLICY'
	is "with its screen" "$(tm display -p '#{alternate_on} #{cursor_flag} #{wrap_flag}')" '1 0 0'
	press u
	check "and its keys" poll 10 rows_are "ana bob dora"
	kill -STOP "$(top_pid)"
	sees "stopped from outside" 'Stopped'
	say fg
	sees "it is on again" '^USER POLICY'
	check "and draws all of it" poll 10 eval '! shows Stopped'
	press q
	given_back "after that" 0
}

# What stands in records is what users and remote hosts said of themselves.
check_hostile() {
	local evil='%1B]0;evil%07%1B[2J%9B31m'
	mkdir -p "$STAGE/stale/rooms"
	sed "s/ user=[^ ]*/ user=$evil/; s/ rhost=[^ ]*/ rhost=$evil/; s/^policy=.*/policy=$(printf '\033[31mred')/" \
		"$STATE_DIR/rooms/$(room_of ana).room" >"$STAGE/stale/rooms/a.room"
	sed 's/^supervisor=.*/supervisor=1 1/; s/ user=[^ ]*/ user=gone/' "$STAGE/stale/rooms/a.room" >"$STAGE/stale/rooms/b.room"
	sed -i "s/^room=.*/room=stalestl/; s/^login=[a-z0-9]*/login=staleone/" "$STAGE/stale/rooms/b.room"
	tm pipe-pane "cat >$STAGE/raw"
	say "$STAGE_LIB/carrelctl --state $STAGE/stale top"
	sees "they are shown, but do not act" '^\\x1b\]0\+ '
	sees "nor do policies" ' \\x1b\[31m\+ '
	sees "a stale record is told" '^gone .* s$'
	press u G
	sees "in a word, too" '^room stalestl login staleone  gone  stale  since'
	press /
	press -l "$(printf 'g\303\251')"
	sees "what is typed does not act either" '^filter user, policy, host: g_$'
	press Enter K
	sees "a stale room is not acted on" 'has ended badly: carrel-helper --sweep'
	press q
	check "the terminal is as before" poll 10 terminal_is_back
	tm pipe-pane
	poll 5 grep -aqF 'x1b]0;evil' "$STAGE/raw" # cat may not have written it yet
	refute "no byte of them has come through" grep -aqE $'\033\\]0;|\x9b|\x07|\033\\[31mred' "$STAGE/raw"
	check "of a record that was seen" grep -aqF 'x1b]0;evil' "$STAGE/raw"
	rm -r "$STAGE/stale"
}

check_colour() {
	tm pipe-pane "cat >$STAGE/raw"
	say "$CTL top"
	sees "with colours" '^USER POLICY'
	press q
	check "has ended" poll 10 terminal_is_back
	poll 5 grep -aqE $'\033\\[0[0-9;]*;3[1-6]m' "$STAGE/raw" # cat has not written it yet
	tm pipe-pane
	check "there are some" grep -aqE $'\033\\[0[0-9;]*;3[1-6]m' "$STAGE/raw"
	tm pipe-pane "cat >$STAGE/raw"
	say "NO_COLOR=1 $CTL top"
	sees "without" '^USER POLICY'
	press q
	check "has ended, too" poll 10 terminal_is_back
	tm pipe-pane
	poll 5 grep -aqE $'\033\\[0[0-9;]*;7m' "$STAGE/raw"
	refute "there are none" grep -aqE $'\033\\[0[0-9;]*;3[1-6]m' "$STAGE/raw"
	check "but the selected row is to be seen" grep -aqE $'\033\\[0[0-9;]*;7m' "$STAGE/raw"
}

# A terminal whose other end does not read: the write waits, but a signal still ends it.
# keeps: ctl/top/terminal R1
check_stuck() {
	is "ends though nobody reads what it writes" "$(timeout 60 python3 $STAGE_PY/unread_terminal.py $CTL top)" '15 True'
}

check_ssh() {
	say "ssh -F $STAGE/ssh/config -t root@bare $CTL top"
	sees "over ssh" '^ana +student'
	press u
	check "keys" poll 10 rows_are "ana bob dora"
	press Down Down
	sees "arrows" "^room $(room_of dora) "
	tm resize-window -x 40 -y 10
	sees "another size" '^USER .*PROC +CPU +MEMORY S$'
	tm resize-window -x 80 -y 24
	sees "and back" '^USER POLICY +SVC'
	press q
	given_back "over ssh" 0
}

host_start
room ana true
settle
before=$(census)
hold one ana@room
hold two bob@room
hold three bob@room
hold four cara@room
hold dora dora@room
screen_start
needs check_rows check_elsewhere
run_cases "$@" -- check_elsewhere check_rows check_keys check_filter check_freeze check_kill check_sizes \
	check_terminal check_hostile check_colour check_stuck check_ssh
screen_end
ctl kill dora >/dev/null
for h in one two three four dora six; do hold_end $h 2>/dev/null; done
settle
same_census "nothing is left behind" "$before"
tap_done
