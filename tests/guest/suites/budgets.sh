#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# boot: systemd plain
# Budgets: all who name one together never exceed it, besides each one's own limits.
. "$(dirname "$0")/../suite.sh"
. "$(dirname "$0")/../../lib/ctl.sh"

# group FILE, member USER FILE: of the budget's slice, of a user's beneath it
group() {
	guest "cat $BUDGET/$1"
}

member() {
	guest "cat $BUDGET/$MEMBER$(guest id -u "$1").slice/$2"
}

conf() { # TASKS OF ALL
	conf_write <<-END
	budgets = { class = { cpu = "60%"; memory = "192M"; swap = "0"; tasks = $1; }; };
	rules = ( { group = "students"; policy = "student"; }, { group = "staff"; policy = "staff"; } );
	policies = {
	  student = {
	    home = { mode = "overlay"; size = "64M"; };
	    limits = { budget = "class"; cpu = "50%"; memory = "160M"; tasks = 40; };
	  };
	  staff = { };
	};
	END
}

dropins() {
	guest 'ls -d /run/systemd/system.control/user-budget_* 2>/dev/null | wc -l'
}

if [ "$GUEST_KIND" = plain ]; then
	BUDGET=/sys/fs/cgroup/carrel.slice/budget-class.slice
	MEMBER=user-
else
	BUDGET=/sys/fs/cgroup/user.slice/user-budget_class.slice
	MEMBER=user-budget_class-
fi

check_written() {
	is "the budget is written" "$(group cpu.max) $(group memory.max) $(group pids.max)" '60000 100000 201326592 60'
	is "and each one's own limits" "$(member ana cpu.max) $(member ana pids.max) $(member cara pids.max)" '50000 100000 40 40'
	like "the login is beneath both" "$(guest "cat /proc/\$(pgrep -u ana -x bash | head -n 1)/cgroup")" \
		"${BUDGET#/sys/fs/cgroup}/$MEMBER"
	is "and sees only its own" "$(hold_ask one 'cat /proc/self/cgroup')" '0::/'
	is "with the lower of both limits" "$(hold_ask one 'cat /sys/fs/cgroup/{cpu.max,memory.max,memory.swap.max,pids.max}' | xargs)" \
		'50000 100000 167772160 0 40'
	is "carrelctl tells what it is" "$(guest 'carrelctl list --budgets --json' |
		json '[(x["budget"], x["tasks_max"], x["memory_max"], x["cpu_max"]) for x in d]')" \
		"[('class', 60, 201326592, 600)]"
	is "and what is used of it" "$(guest 'carrelctl list --budgets --json' |
		json '[0 < x["tasks"] < 60 and 0 < x["memory"] < 201326592 and x["cpu"] > 0 for x in d]')" \
		"[True]"
	is "who has no budget is not" "$(guest "cat /proc/\$(pgrep -u bob -x bash | head -n 1)/cgroup" | grep -c class)" 0
}

check_session() {
	local session who=1
	terminals_are_known || who=$(sessions_of ana | wc -l) # without utmp, who lists what logind has
	poll 20 guest "who | grep '^ana .*10.0.2.2'" # a room's terminals come into the host's utmp a moment later
	session=$(sessions_of ana | sort -n | tail -n 1) # the one with a terminal is the last
	isnt "logind has the session" "$session" ""
	is "its remote host, and as open" "$(guest "loginctl show-session $session --value -p RemoteHost -p State" | xargs)" \
		'10.0.2.2 active'
	is "who says so too" "$(guest "who | grep -c '^ana .*10.0.2.2'")" "$who"
	guest systemctl daemon-reload
	is "the budget survives daemon-reload" "$(group pids.max) $(member ana pids.max)" '60 40'
}

# used SLICE...: permille of a processor, in the guest's own time
used() {
	guest 'bash -s' "$@" <<-'END'
		for s; do sed -n 's/^usage_usec //p' $s/cpu.stat; done >/tmp/before; t=$(date +%s%N); sleep 10
		for s; do sed -n 's/^usage_usec //p' $s/cpu.stat; done >/tmp/after; u=$(date +%s%N)
		paste /tmp/before /tmp/after | while read a b; do echo $(((b - a) * 1000 * 1000 / (u - t))); done
	END
}

check_cpu() {
	hold_ask one 'stress-ng --cpu 2 --timeout 1800 >/dev/null 2>&1 & sleep 2' >/dev/null
	check_use "one alone gets what is his" 500
	hold_ask two 'stress-ng --cpu 2 --timeout 1800 >/dev/null 2>&1 & sleep 2' >/dev/null
	check_use "two together get the budget" 600 "$BUDGET/$MEMBER$(guest id -u ana).slice" "$BUDGET/$MEMBER$(guest id -u cara).slice"
	hold_ask one 'pkill -x stress-ng; pkill stress-ng-cpu; wait; true' >/dev/null
	hold_ask two 'pkill -x stress-ng; pkill stress-ng-cpu; wait; true' >/dev/null
}

# What else runs on the machine takes from an emulated processor, and may serve one user more than the other for a while;
# it never gives. So no window may show more than the quota, while one that shows all of it is enough, and shares are
# judged by all windows together: who gets only what the other's own limit leaves (100 of 600 permille) stays below a
# quarter however long one looks.
check_use() { # NAME PERMILLE [SLICE SLICE]
	local name=$1 quota=$2 all a b over=0 whole=0 sum_a=0 sum_b=0 seen=
	shift 2
	for _ in {1..8}; do
		{ read -r all && read -r a && read -r b; } < <(used "$BUDGET" "$@")
		[ "$all" -le $((quota * 11 / 10)) ] || over=$((over + 1))
		[ "$all" -lt $((quota * 9 / 10)) ] || whole=1
		sum_a=$((sum_a + ${a:-1})) sum_b=$((sum_b + ${b:-1})) seen+=" $all${a:+=$a+$b}"
		[ $whole = 0 ] || ! is_fair $sum_a $sum_b || break
	done
	is "$name, and no more, within 10 % (permille:$seen)" $over 0
	is "$name, within 10 %" $whole 1
	[ $# -eq 0 ] || check "and share it" is_fair $sum_a $sum_b
}

is_fair() { # each has more than a quarter
	[ $(($1 * 4)) -gt $(($1 + $2)) ] && [ $(($2 * 4)) -gt $(($1 + $2)) ]
}

check_tasks() {
	hold_ask one 'for i in {1..30}; do sleep 900 & done' >/dev/null 2>&1
	like "the second of two meets the budget before his own limit" \
		"$(hold_ask two 'bash -c "for i in {1..35}; do sleep 900 & done" 2>&1' 90)" 'Resource temporarily unavailable'
	check "never more than the budget" guest "[ \$(cat $BUDGET/pids.current) -le 60 ]"
	check "and he has not come to his own limit" guest "[ \$(cat $BUDGET/$MEMBER$(guest id -u cara).slice/pids.current) -lt 40 ]"
	is "meanwhile who has no budget works" "$(hold_ask staff 'expr 20 + 22')" 42
	is "another of them logs in" "$(login bob 'echo in')" in
	hold_say one 'pkill -x sleep'
	hold_say two 'pkill -x sleep'
	check "and all is well afterwards" poll 30 guest "[ \$(cat $BUDGET/pids.current) -lt 30 ]"
}

check_memory() {
	hold_ask one 'head -c 100M /dev/zero >/tmp/big' >/dev/null
	like "below his own limit, above what the budget has left: killed" \
		"$(hold_ask two 'head -c 140M /dev/zero | tail -n 1 | wc -c; echo "${PIPESTATUS[@]}"' 90)" '137'
	check "by the budget" guest "grep -q '^oom [1-9]' $BUDGET/memory.events.local"
	is "both logins survive" "$(hold_ask one 'echo alive')$(hold_ask two 'echo alive')" alivealive
	hold_ask one 'rm /tmp/big' >/dev/null
	like "with the room given back it fits" "$(hold_ask two 'head -c 60M /dev/zero | tail -n 1 | wc -c; echo "${PIPESTATUS[@]}"' 90)" \
		'62914560'
}

check_leaving() {
	conf 80
	hold_end two
	is "the budget stands while one is left" "$(group pids.max)" 60
	check "a login after a change of the budget" hold two cara
	is "brings the new one" "$(group pids.max)" 80
	hold_end one
	conf 90
	is "carrelctl reload" "$(guest 'carrelctl reload --json >/dev/null; echo $?')" 0
	is "brings it to those who are in" "$(group pids.max)" 90
	conf 80
	guest 'carrelctl reload' >/dev/null
	is "which stands for the other" "$(group pids.max) $(member cara pids.max)" '80 40'
	hold_end two
	check "the slices are gone with the last" poll 30 guest "! test -e $BUDGET"
	[ "$GUEST_KIND" = plain ] || check "and the drop-ins" poll 30 eval '[ "$(dropins)" = 0 ]'
	check "and the locks" poll 10 guest '! ls /run/carrel/rooms/limits-*class*'
}

check_killed() {
	hold_end staff
	check "a login" hold one ana
	kill_supervisor_of_one
	check "after a killed supervisor nothing is left" poll 30 guest "! test -e $BUDGET"
	is "no drop-in" "$(dropins)" 0
	check "no file" guest '! ls /run/carrel/rooms/* 2>/dev/null | grep .'
}

# As logind makes it, which has a terminal.
check_terminal() {
	[ "$GUEST_KIND" = systemd ] || return
	check "one with a terminal" hold terminal ana -tt
	check_session
	hold_end terminal
}

check_unknown() {
	conf_write <<'END'
rules = ( { group = "students"; policy = "student"; } );
policies = { student = { limits = { budget = "clas"; }; }; };
END
	log_mark
	like "a budget that is not there: refused" "$(login_tty ana true 2>&1)" 'code CONFIG'
	check "and the log says which" log_since 'line=2 .*policy "student": limits.budget: found "clas"'
}

check "users" users_make
pam_wire sshd
conf 60
check "a login gets in" hold one ana
check "another user's, too" hold two cara
check "and one without a budget" hold staff bob
needs check_killed check_leaving
run_cases "$@" -- check_written check_terminal check_cpu check_tasks check_memory check_leaving check_killed check_unknown
for name in one two staff; do # of cases that are named without those which end them
	hold_end $name
done
tap_done
