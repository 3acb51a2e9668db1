#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What a bare login and a carrel login see, side by side, for two users under two policies. Every cell is measured over
# a real SSH login; the exit status is 1 when a row is not as its policy promises. Everything happens on the stage
# (tests/lib/stage.sh), so that nothing is left behind, after Ctrl-C neither.
. "$(dirname "$0")/../lib/stage.sh"
stage_enter "$@"

if [ -t 1 ] && [ -z "${NO_COLOR-}" ]; then
	good=$'\e[32m' bad=$'\e[31m' warn=$'\e[33m' bold=$'\e[1m' plain=$'\e[0m'
else
	good='' bad='' warn='' bold='' plain=''
fi
failures=0

# cell ROW USER bare|room COMMAND: one measurement; an answer of several lines becomes one
cell() {
	"$2" "$1" "$3" | paste -sd' ' | sed 's/  */ /g; s/^ //; s/ $//' | cut -c 1-26
}

# row NAME COMMAND WANTED-FOR-STUDENT WANTED-FOR-STAFF: regexes that the carrel logins have to answer; "-" promises
# nothing, "differs" wants another answer than the bare login's
row() {
	local bare_ana room_ana room_bob mark_ana mark_bob
	bare_ana=$(cell ana bare "$2")
	room_ana=$(cell ana room "$2")
	room_bob=$(cell bob room "$2")
	mark_ana=$(judge "$room_ana" "$3" "$bare_ana") || failures=$((failures + 1))
	mark_bob=$(judge "$room_bob" "$4" "$bare_ana") || failures=$((failures + 1))
	printf '%-24s | %-26s | %s%-26s%s | %s%-26s%s\n' "$1" "$bare_ana" "$mark_ana" "$room_ana" "$plain" "$mark_bob" \
		"$room_bob" "$plain"
}

judge() { # GOT WANTED BARE: prints a colour
	if [ "$2" = - ]; then
		return 0
	elif [ "$2" = differs ] && [ "$1" != "$3" ] && [ -n "$1" ]; then
		printf '%s' "$good"
	elif [ "$2" != differs ] && grep -Eqx -- "$2" <<<"$1"; then
		printf '%s' "$good"
	else
		printf '%s' "$bad"
		return 1
	fi
}

# What is on the host for a bare login to see.
host_start
sleep 300 & # a process of somebody else's
echo "left by root" >/tmp/host-file
echo "private to ana" >/home/ana/kept
chown ana: /home/ana/kept
ipcmk -Q >/dev/null
room ana true >/dev/null # the filter is compiled once for a policy, not in the rows below

printf '%scarrel: what three logins over SSH see on this host%s\n' "$bold" "$plain"
printf 'ana: policy "student", a room for each login, overlay home, no network\n'
printf 'bob: policy "staff", one room for all his logins, real home, the host'"'"'s network\n\n'
printf '%s%-24s | %-26s | %-26s | %-26s%s\n' "$bold" "" "ana, bare" "ana, carrel" "bob, carrel" "$plain"
printf -- '-------------------------+----------------------------+----------------------------+---------------------------\n'

# A mount that takes writes and is neither the home nor one that a room has for itself.
writable="awk '\$6 ~ /(^|,)rw(,|\$)/ { print \$5 }' /proc/self/mountinfo | \
	grep -vxE '/(tmp|var/tmp|home/(ana|bob)|run(/lock|/user/[0-9]+)?|var/log|proc|dev|dev/(shm|pts|mqueue|console))' | \
	grep -c . | sed 's/^0\$/home and own/'"
others="ps -e -o user= | grep -vxc \"\$(id -un)\""
row "processes of others" "$others" 0 0
row "process 1" "cat /proc/1/comm 2>/dev/null || echo hidden" hidden hidden
row "homes in /home" "ls /home" "ana" "bob"
row "files of others in /tmp" "ls /tmp | grep -c host-file" 0 0
row "mount lines" "wc -l </proc/self/mountinfo" differs differs
row "mounts to write to" "$writable" "home and own" "home and own"
row "host name" "hostname" "ana-room" "bob-desk"
row "network interfaces" "ls /sys/class/net" "lo" ".*outer0.*"
row "IPC queues" "ipcs -q | grep -c ^0x" 0 0
row "uptime" "awk '{ print (\$1 < 60) ? \"since login\" : \"of the host\" }' /proc/uptime" "since login" "since login"
row "capabilities to be had" "sed -n 's/^CapBnd:.//p' /proc/self/status" "0+" "0+"
row "no_new_privs" "sed -n 's/^NoNewPrivs:.//p' /proc/self/status" 1 1
row "seccomp mode" "sed -n 's/^Seccomp:.//p' /proc/self/status" 2 2
row "new user namespace" "unshare -U true 2>/dev/null && echo made || echo refused" refused refused
row "write to /" "touch /x 2>&1 | sed 's/.*: //'" "Read-only file system" "Read-only file system"
row "write to /etc" "touch /etc/x 2>&1 | sed 's/.*: //'" "Read-only file system" "Read-only file system"
row "cgroup" "sed -n 's/^0:://p' /proc/self/cgroup" - "/"

# Files made in one login and looked for after it, by a bare one. kept ROW PATH WANTED-FOR-STUDENT WANTED-FOR-STAFF
kept() {
	local name=$1 path=$2 got mark
	shift 2
	printf '%-24s | %-26s' "$name" "$(note ana bare "$path")"
	for user in ana bob; do
		got=$(note $user room "$path")
		mark=$(judge "$got" "$1" "") || failures=$((failures + 1))
		printf ' | %s%-26s%s' "$mark" "$got" "$plain"
		shift
	done
	echo
}

note() { # USER bare|room PATH
	local file="$3/note-$1-$2"
	[ "$("$2" "$1" "echo written >$file; cat $file")" = written ] || echo "not written"
	bare "$1" "test -e $file && echo 'kept on the host' || echo 'gone with the room'"
}

kept "home after logout" "~" "gone with the room" "kept on the host"
kept "/tmp after logout" /tmp "gone with the room" "gone with the room"

# Limits: what the policy asks, and whether this host can hold it. limit USER POLICY CONTROLLER FILE VALUE TEXT: sets
# got and mark
limit() {
	local file
	file="$(cgroup_root)/carrel.slice/user-$(id -u "$1").slice/$4"
	if [ -z "$6" ]; then
		got="none asked" mark=
	elif [[ $have != *" $3 "* ]] && grep -q "policy=$2: limits not held, missing controllers:.*$3" $STAGE_LOG/syslog; then
		got="$6: no $3 here" mark=$warn
	elif [[ $have == *" $3 "* ]] && [ "$(cat "$file" 2>/dev/null)" = "$5" ]; then
		got="$6 held" mark=$good
	else
		got="$6 not held, nor logged" mark=$bad
		[[ $have != *" $3 "* ]] || got="$6 not held"
		failures=$((failures + 1))
	fi
}

have=" $(cat "$(cgroup_root)/cgroup.controllers" 2>/dev/null) "
hold ana ana@room
hold bob bob@room
while IFS=: read -r controller file ana ana_text bob bob_text; do
	limit ana student "$controller" "$file" "$ana" "$ana_text"
	printf '%-24s | %-26s | %s%-26s%s' "limit of $controller" "none" "$mark" "$got" "$plain"
	limit bob staff "$controller" "$file" "$bob" "$bob_text"
	printf ' | %s%-26s%s\n' "$mark" "$got" "$plain"
done <<'END'
memory:memory.max:536870912:512M:1073741824:1G
pids:pids.max:256:256:1024:1024
cpu:cpu.max:100000 100000:100%::
END
hold_end ana
hold_end bob

echo
if [ $failures -eq 0 ]; then
	echo "${good}every row is as its policy promises${plain}"
else
	echo "${bad}$failures cells are not as their policy promises${plain}"
fi
[[ $have == *" memory "* ]] ||
	echo "${warn}This host has no cgroup v2 controllers for the limits; a policy that requires them would refuse the login.${plain}"
[ $failures -eq 0 ]
