#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# boot: systemd
# What carrelctl tells of the use of memory, disks and processor, beside what the kernel says; on the screen as well.
. "$(dirname "$0")/../suite.sh"
. "$(dirname "$0")/../../lib/ctl.sh"
. "$(dirname "$0")/../../lib/screen.sh"

tm() {
	guest "tmux -S /run/usage.tmux $(printf '%q ' "$@")"
}

usage() { # USER EXPRESSION on the first login d
	guest "carrelctl list $1 --json" | json "(lambda d: $2)(d[0])"
}

# slice_of USER FILE
slice_of() {
	guest "cat /sys/fs/cgroup/$(guest "carrelctl show $1 --json" | json 'd["cgroup"]')/$2"
}

between() { # LOW VALUE HIGH
	[ "$1" -le "$2" ] && [ "$2" -le "$3" ]
}

check_list() {
	local memory io
	is "nothing of note, yet" "$(usage ana 'd["memory"] < 64 << 20')" True
	hold_ask one 'head -c 100M /dev/zero >/tmp/file; dd if=/dev/zero of=$HOME/file bs=1M count=24 oflag=direct 2>&1 | tail -n 1' 90 \
		>/dev/null
	memory=$(usage ana 'd["memory"]')
	check "memory, with what is in /tmp ($memory)" between 104857600 "$memory" 268435456
	check "is the kernel's number" between $((memory - 8388608)) "$(slice_of ana memory.current)" $((memory + 8388608))
	io=$(usage ana 'd["io"]')
	check "what went to disk ($io)" between 25165824 "$io" 67108864
	is "not that of another" "$(usage cara 'd["memory"] < 64 << 20 and d["io"] < 16 << 20')" True
	like "show has units" "$(guest 'carrelctl show ana')" '^Memory: +1[0-9][0-9](\.[0-9])?M'
	like "and what is allowed" "$(guest 'carrelctl show ana')" '256M'
}

check_screen() {
	hold_ask one 'stress-ng --cpu 1 --timeout 600 >/dev/null 2>&1 & true' >/dev/null
	screen_start
	say "carrelctl top"
	sees "titles" '^USER +POLICY .*CPU +MEMORY +IO/S STATE$'
	sees "a bar of memory, by the limit of 256M" '^ana .*\[\|\|\|+ *1[0-9][0-9]M?\]'
	sees "the processor's" '^ana .* \[\|+ *[0-9.]+%\]'
	sees "a user who does nothing has none" '^cara .*\[ +[0-9.]+[KM]?\]'
	hold_say one 'for i in 1 2 3 4 5 6 7 8; do dd if=/dev/zero of=$HOME/file bs=1M count=24 oflag=direct 2>/dev/null; done'
	sees "what goes to disk in a second" '^ana .* [0-9.]+M open$'
	press m
	sees "sorted by memory" 'by memory, every'
	check "the largest is first" poll 10 eval 'screen | sed -n 4p | grep -q ^ana'
	press q
	screen_end
}

check "users" users_make
pam_wire sshd
conf_write <<'END'
rules = ( { group = "students"; policy = "student"; } );
policies = { student = {
	inherit = "shared";
	home = { mode = "real"; };
	limits = { memory = "256M"; memory_high = "256M"; cpu = "50%"; tasks = 200; io = ( { path = "/"; write = "200M"; } ); };
}; };
END
hold one ana
hold two cara
needs check_screen check_list
run_cases "$@" -- check_list check_screen
hold_ask one 'pkill stress-ng; wait; rm -f ~/file; true' >/dev/null
hold_end one
hold_end two
check "nothing is left" poll 20 guest '! pgrep "carrel([^-]|-[^s])"'
tap_done
