#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# boot: systemd plain
# Limits that hold: each is driven against by a login, and the kernel's own counters say what came of it.
. "$(dirname "$0")/../suite.sh"

ANA=
slice_path() { # USER: the directory of the user's limits
	if [ "$GUEST_KIND" = plain ]; then
		echo "/sys/fs/cgroup/carrel.slice/user-$(guest id -u "$1").slice"
	else
		echo "/sys/fs/cgroup/user.slice/user-$(guest id -u "$1").slice"
	fi
}

in_slice() { # FILE
	guest "cat $ANA/$1"
}

# stat_of FILE KEY
stat_of() {
	in_slice "$1" | sed -n "s/^$2 //p"
}

check_written() {
	is "cpu is written" "$(in_slice cpu.max)" "50000 100000"
	is "memory is written" "$(in_slice memory.max)" 134217728
	is "swap is written" "$(in_slice memory.swap.max)" 0
	is "tasks are written" "$(in_slice pids.max)" 64
	like "io is written" "$(in_slice io.max)" 'wbps=4194304'
	is "what holds is what the room shows" \
		"$(hold_ask one 'cat /sys/fs/cgroup/{cpu.max,memory.max,memory.swap.max,pids.max}' | xargs)" \
		'50000 100000 134217728 0 64'
	is "where programs look" "$(hold_ask one 'cat /proc/self/cgroup')" '0::/'
	like "and nobody can write there" "$(hold_ask one 'echo max >/sys/fs/cgroup/pids.max')" 'Read-only|denied'
	is "in a shared room, too" "$(hold_ask staff 'cat /proc/self/cgroup /sys/fs/cgroup/memory.max' | xargs)" '0::/ 134217728'
	like "the login is beneath the slice" "$(guest "cat /proc/\$(pgrep -u ana -x bash | head -n 1)/cgroup")" "${ANA#/sys/fs/cgroup}/"
	local inside='^carrel:'
	[ "$GUEST_KIND" = plain ] || inside='^carrel' # without systemd init stands at the top of the user's slice
	refute "the supervisor is not" guest "cat $ANA/cgroup.procs $ANA/*/cgroup.procs | while read p; do
		cat /proc/\$p/comm; done 2>/dev/null | grep '$inside'"
}

# A service may have a score of its own that its sessions would inherit: then a user's processes would be the last to die.
check_oom_score() {
	if [ "$GUEST_KIND" = systemd ]; then
		guest 'mkdir -p /run/systemd/system/ssh.service.d
			printf "[Service]\nOOMScoreAdjust=-500\n" >/run/systemd/system/ssh.service.d/test.conf
			systemctl daemon-reload; systemctl restart ssh'
		is "a service's own score would be handed on" "$(login root 'cat /proc/self/oom_score_adj')" -500
	fi
	is "oom_score_adj is the policy's" "$(login ana 'cat /proc/self/oom_score_adj')" 200
	is "or 0" "$(login bob 'cat /proc/self/oom_score_adj')" 0
	is "and cannot be lowered" "$(login ana 'echo 100 >/proc/self/oom_score_adj; cat /proc/self/oom_score_adj' 2>/dev/null)" 200
	[ "$GUEST_KIND" != systemd ] || guest 'rm -r /run/systemd/system/ssh.service.d; systemctl daemon-reload; systemctl restart ssh'
}

# The host goes on while slices are at their limits: nothing of its own is in them.
check_host_safe() {
	# One child of the held shell does it all: a shell that cannot fork gives up.
	hold_ask one 'bash -c "(head -c 100M /dev/zero | tail -n 1; sleep 40) & for i in {1..200}; do sleep 40 & done" >/dev/null 2>&1' 90 \
		>/dev/null
	is "at the limits: root's login" "$(login root 'echo in')" in
	is "another user's login" "$(login cara 'echo in')" in
	check "sshd lives" guest 'pgrep -o -x sshd'
	login ana true </dev/null >/dev/null 2>&1
	isnt "a second login of the same user does not hang" $? 124
	check "the supervisor lives" guest 'pgrep "^carrel:"'
	hold_say one 'pkill -x sleep'
	poll 20 eval '[ "$(in_slice pids.current)" -lt 20 ]'
	is "and afterwards all is well" "$(hold_ask one 'echo alive')" alive
}

# Quota against usage, both in the guest's own time: emulation may be slow, the ratio is not. What else runs on the machine
# takes from an emulated processor and never gives: no window may show more, one that shows all of it is enough.
check_cpu() {
	local got over=0 whole=0 seen=
	hold_ask one 'stress-ng --cpu 2 --timeout 900 >/dev/null 2>&1 & true' >/dev/null
	for _ in {1..6}; do
		got=$(guest "sleep 3; s() { sed -n 's/^usage_usec //p' $ANA/cpu.stat; }
			a=\$(s); t=\$(date +%s%N); sleep 10; b=\$(s); u=\$(date +%s%N); echo \$(((b - a) * 1000 * 1000 / (u - t)))")
		seen+=" $got"
		[ "$got" -le 550 ] || over=$((over + 1))
		[ "$got" -lt 450 ] || whole=1
		[ $whole = 0 ] || break
	done
	hold_ask one 'pkill -x stress-ng; pkill stress-ng-cpu; wait; true' >/dev/null
	is "a cpu stress gets no more than its quota, within 10 % (permille of a cpu:$seen)" $over 0
	is "and no less, within 10 %" $whole 1
}

check_tasks() {
	local out
	out=$(hold_ask one 'bash -c "for i in {1..200}; do sleep 60 & done" 2>&1' 90)
	like "a fork bomb ends in EAGAIN" "$out" 'Resource temporarily unavailable'
	is "never more than the limit" "$(guest "[ \$(cat $ANA/pids.peak 2>/dev/null || cat $ANA/pids.current) -le 64 ] && echo held")" held
	is "meanwhile another user logs in and works" "$(login cara 'expr 20 + 22')" 42
	is "and root" "$(login root 'echo in')" in
	hold_say one 'pkill -x sleep'
	poll 20 eval '[ "$(in_slice pids.current)" -lt 20 ]'
	is "the login goes on" "$(hold_ask one 'echo alive')" alive
}

check_memory() {
	local before
	before=$(stat_of memory.events oom_kill)
	like "a memory hog is killed" "$(hold_ask one 'head -c 400M /dev/zero | tail -n 1 | wc -c; echo "${PIPESTATUS[@]}"' 90)" '137'
	check "inside its own slice" test "$(stat_of memory.events oom_kill)" -gt "$before"
	is "the login survives" "$(hold_ask one 'echo alive')" alive
	is "the other user's slice has lost nobody" "$(login cara 'echo alive')" alive
}

# grows NAME FILE KEY COMMAND: 32 MiB that the command takes are in the slice's memory.stat (or in memory.current)
grows() {
	local a b
	a=$([ "$3" = - ] && in_slice memory.current || stat_of memory.stat "$3")
	hold_ask one "$4" >/dev/null
	b=$([ "$3" = - ] && in_slice memory.current || stat_of memory.stat "$3")
	check "$1 counts ($a, then $b)" test $((b - a)) -ge $((30 << 20))
	hold_ask one "$5" >/dev/null
}

# What begins such a program and goes on when it holds all: it closes its output then.
held_by() { # PROGRAM
	echo "exec {held}< <(exec $(program "$1")); wait_for=\$!; cat <&\$held"
}

check_kinds_of_memory() {
	grows "tmpfs" memory.stat shmem 'head -c 32M /dev/zero >/tmp/big' 'rm /tmp/big'
	grows "/dev/shm" memory.stat shmem 'head -c 32M /dev/zero >/dev/shm/big' 'rm /dev/shm/big'
	grows "the overlay home" memory.stat shmem 'head -c 32M /dev/zero >~/big' 'rm ~/big'
	grows "memfd" memory.stat shmem "$(held_by hold_memfd)" 'kill $wait_for'
	grows "pipes" memory.current - "$(held_by hold_pipes)" 'kill $wait_for'
}

# The page cache and the disk's bandwidth need a real home: staff's.
check_disk() {
	local text
	text=$(hold_ask staff 'cd; s=$(date +%s%N); dd if=/dev/zero of=big bs=1M count=24 oflag=direct 2>/dev/null; e=$(date +%s%N)
		echo $((24 * 1048576 * 1000 / ((e - s) / 1000000))); rm big' 90)
	check "io bandwidth is held ($text bytes/s of 4194304)" test "$text" -gt 0 -a "$text" -le 4800000
	ANA=$(slice_path bob)
	hold_say one : # only bob's slice is looked at below
	local a b
	a=$(stat_of memory.stat file)
	hold_ask staff 'head -c 16M /dev/zero >~/big' 60 >/dev/null
	b=$(stat_of memory.stat file)
	check "page cache counts ($a, then $b)" test $((b - a)) -ge $((14 << 20))
	hold_ask staff 'rm ~/big' >/dev/null
}

check "users" users_make
pam_wire sshd
conf_write <<'END'
rules = (
  { group = "students"; policy = "student"; },
  { group = "staff"; policy = "staff"; }
);
policies = {
  student = {
    home = { mode = "overlay"; size = "64M"; };
    network = { mode = "none"; };
    limits = { cpu = "50%"; memory = "128M"; swap = "0"; tasks = 64; oom_score_adj = 200; io = ( { path = "/"; write = "4M"; } ); };
  };
  staff = {
    share = "user";
    home = { mode = "real"; };
    limits = { memory = "128M"; swap = "0"; io = ( { path = "/"; write = "4M"; } ); };
  };
};
END
check "a login gets in" hold one ana
check "a login of staff gets in" hold staff bob
ANA=$(slice_path ana)
run_cases "$@" -- check_written check_cpu check_tasks check_memory check_oom_score check_host_safe \
	check_kinds_of_memory check_disk
hold_end one
hold_end staff
ANA=$(slice_path ana)
check "the slice is gone after the last" poll 30 guest "! test -e $ANA"
check "no process of carrel is left" poll 20 guest '! pgrep "carrel([^-]|-[^s])"'
tap_done
