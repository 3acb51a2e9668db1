#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Long answers of carrelctl on a terminal: which pager, how it is started, and what stays as without one.
. "$(dirname "$0")/../lib/stage.sh"
stage_enter "$@"
. "$(dirname "$0")/../lib/ctl.sh"
. "$(dirname "$0")/../lib/screen.sh"

CTL="$STAGE_LIB/carrelctl --state $STATE_DIR"
PAGED="$STAGE/drop/paged"

# A pager that tells with what it was called, and keeps what it was given.
make_pager() { # FILE
	printf '#!/bin/sh\necho "PAGER:$*:$LESS"\n/bin/cat >%s\n' "$PAGED" >"$1"
	chmod 755 "$1"
}

# paged LINE: what the fake pager said, or "none" when it was not called
paged() {
	rm -f "$PAGED"
	screen_clear
	say "$1; echo status \$?"
	poll 10 shows '^status [0-9]+' || echo "no end"
	[ -e "$PAGED" ] || { echo none; return; }
	screen | grep -E '^(PAGER|status)' | xargs
}

less_pid() {
	pgrep -x less
}

check_choice() {
	local fake=$STAGE/bin/pager
	make_pager "$fake"
	mkdir "$STAGE/fake"
	make_pager "$STAGE/fake/cat"
	make_pager "$STAGE/fake/less"
	is "\$PAGER, and the options of less" "$(paged "PAGER=$fake $CTL explain ana")" 'PAGER::FRX status 0'
	check "it gets all of it, from the first line on" grep -q 'RULE  *POLICY' "$PAGED"
	check "to the last" grep -q '^umask\|^traps\|^home.size' "$PAGED"
	is "the command's status" "$(paged "PAGER=$fake $CTL explain gus")" 'PAGER::FRX status 1'
	check "messages go with it" grep -q 'no rule matches' "$PAGED"
	is "words, and options of one's own" "$(paged "LESS=R PAGER='$fake  one two;id' $CTL list")" 'PAGER:one two;id:R status 0'
	is "less without \$PAGER" "$(paged "PATH=$STAGE/fake:\$PATH $CTL list")" 'PAGER::FRX status 0'
	tm resize-window -x 80 -y 3
	is "a long table has its lines cut" "$(paged "PAGER=$fake $CTL show ana")" 'PAGER::FRSX status 0'
	tm resize-window -x 80 -y 24
	is "for programs, too" "$(paged "PAGER=$fake $CTL list --json")" 'PAGER::FRX status 0'
	is "none: empty" "$(paged "PAGER= $CTL explain ana")" none
	is "none: cat" "$(paged "PATH=$STAGE/fake:\$PATH PAGER=cat $CTL explain ana")" none
	is "none: --no-pager" "$(paged "PAGER=$fake $CTL --no-pager explain ana")" none
	is "none: into a pipe" "$(paged "PAGER=$fake $CTL explain ana | tail -n 1")" none
	is "none: what is no table" "$(paged "PAGER=$fake $CTL thaw ana")" none
	screen_clear
	say "PAGER=/nonexistent/pager $CTL list; echo status \$?"
	sees "one that is not there: told" 'cannot run the pager /nonexistent/pager: No such file'
	sees "and done without" '^ID +ROOM +USER'
	sees "with the command's status" '^status 0'
	screen_clear
	say "PAGER=/bin/true $CTL explain ana; echo status \$?"
	sees "one that reads nothing is no failure" '^status 0'
	refute "and no message" shows 'cannot write'
}

check_less() {
	screen_clear
	say "$CTL list; echo status \$?"
	sees "what fits the screen is printed, and that is all" '^status 0'
	refute "no less is left" less_pid
	screen_clear
	say "$CTL explain gus; $CTL explain ana; echo status \$?"
	sees "what does not fit waits" '^:$'
	sees "from its first line" '^RULE '
	press C-c
	check "Ctrl-C does not end it" poll 10 eval 'press G; sleep 0.1; shows "^.END.$"'
	press q
	sees "but q does" '^status 0'
	screen_clear
	say "$CTL explain ana"
	sees "on again" '^:$'
	kill -TERM "$(pgrep -x -f "$CTL explain ana")"
	check "ended with the command" poll 10 eval '! less_pid'
	is "and the terminal is as before" "$(answer 'stty -g')" "$MODES"
}

# Who became root for this command only gets no other one out of its pager.
# No line of the screen is one that the terminal has wrapped: with the wrapped ones joined there are as many.
unwrapped() { # NAME COMMAND
	screen_clear
	say "clear; $2; echo done\\-it"
	poll 10 shows '^done-it'
	is "$1: no line is wrapped" "$(tm capture-pane -p -J | sed 's/ *$//' | grep -c .)" "$(screen | grep -c .)"
}

check_width() {
	tm resize-window -x 80 -y 200
	unwrapped "list" "PAGER= $CTL list"
	like "what does not fit is on a further line" "$(screen)" '^    [A-Z]'
	unwrapped "explain" "PAGER= $CTL explain ana"
	unwrapped "check" "PAGER= $CTL check --no-rehearse --all"
	unwrapped "show" "PAGER= $CTL show ana"
	unwrapped "rehearse" "PAGER= $CTL rehearse ana"
	tm resize-window -x 40 -y 200
	unwrapped "list in 40 columns" "PAGER= $CTL list"
	unwrapped "explain in 40 columns" "PAGER= $CTL explain ana"
	is "COLUMNS counts" \
		"$(screen_clear; say "clear; COLUMNS=30 PAGER= $CTL list; echo done\\-it"; poll 10 shows '^done-it'; screen |
		sed 's/ *$//' | awk 'length > 30' | wc -l)" 0
	is "what goes to no terminal is as wide as it is" "$(COLUMNS=30 ctl list | wc -l)" 2
	tm resize-window -x 80 -y 24
}

# keeps: ctl/print/pager R1
check_secure() {
	local fake=$STAGE/bin/pager
	is "by sudo: no pager of one's own" "$(paged "SUDO_UID=1001 PAGER=$fake PATH=$STAGE/fake:\$PATH $CTL list")" none
	is "nor by su and the like" \
		"$(paged "(echo 1001 >/proc/self/loginuid; PAGER=$fake PATH=$STAGE/fake:\$PATH exec $CTL list)")" none
	is "but one may do without" "$(paged "SUDO_UID=1001 PAGER= $CTL list")" none
	screen_clear
	say "SUDO_UID=1001 PAGER=$fake LESS='+!id' LESSOPEN='|id %s' $CTL explain ana"
	sees "less" '^:$'
	is "in its secure mode" "$(tr '\0' '\n' <"/proc/$(less_pid)/environ" | grep -E '^LESS|^PAGER' | sort | grep -v PAGER | xargs)" \
		'LESS=FRX LESSHISTFILE=- LESSSECURE=1'
	is "the host's own" "$(readlink "/proc/$(less_pid)/exe")" "$(realpath /usr/bin/less)"
	press -l '!'
	sees "no shell" 'Command not available'
	press Enter
	press q
	check "ended" poll 10 eval '! less_pid'
}

host_start
room ana true
settle
before=$(census)
hold one ana@room
echo 0 2>/dev/null >/proc/self/loginuid # as on a console: whoever runs the tests may have come by sudo
screen_start
MODES=$(answer 'stty -g')
run_cases "$@" -- check_choice check_less check_width check_secure
screen_end
hold_end one
settle
same_census "nothing is left behind" "$before"
tap_done
