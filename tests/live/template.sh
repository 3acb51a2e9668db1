#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Templates in a policy's texts, expanded by carrel for real logins: right values, hostile names, rooms kept apart.
. "$(dirname "$0")/../lib/stage.sh"
stage_enter "$@"

. "$(dirname "$0")/../lib/ctl.sh"

PIDNS='readlink /proc/self/ns/pid'

# place NAME...: a directory of root's for each, that says its name
place() {
	local name
	for name; do
		mkdir -p "/srv/t/$name"
		echo "$name" >"/srv/t/$name/which"
	done
}

# A user with any name; su lets root in as him.
odd_user() { # NAME UID
	printf '%s:*:%d:%d::/home/odd:/bin/sh\n' "$1" "$2" "$(getent group lab | cut -d: -f3)" >>/etc/passwd
}

as() { # USER COMMAND
	su -l "$1" -c "$2" 2>&1
}

check_values() {
	place dora "$(id -u dora)" lab carrelhost sshd 50%
	host_config '' '' 'root = { bind = (
		{ source = "/srv/t/%u"; target = "/mnt/u"; optional = true; },
		{ source = "/srv/t/%U"; target = "/mnt/U"; optional = true; },
		{ source = "/srv/t/%g"; target = "/mnt/g"; optional = true; },
		{ source = "/srv/t/%h"; target = "/mnt/h"; optional = true; },
		{ source = "/srv/t/%s"; target = "/mnt/s"; optional = true; },
		{ source = "/srv/t/50%%"; target = "/mnt/p"; optional = true; } ); };'
	is "user, number, group, host, service, per cent" "$(room dora 'cat /mnt/*/which' | sort | paste -sd' ')" \
		"$(printf '%s\n' "$(id -u dora)" 50% carrelhost dora lab sshd | sort | paste -sd' ')"
	is "a rehearsal knows them, too" "$(ctl rehearse dora >/dev/null 2>&1; echo $?)" 0
	host_config '' '' 'root = { hide = [ "/home", "/srv/t/%u" ]; };'
	is "a hidden one" "$(room dora 'ls /srv/t/dora /srv/t/lab')" $'/srv/t/dora:\n\n/srv/t/lab:\nwhich'
}

# What a name holds stays one name.
check_hostile() {
	local name n=3000
	install -d -o 3000 -g lab /home/odd
	host_config '' '' 'hostname = "x%u"; root = { bind = ( { source = "/srv/t/d/%u"; target = "/mnt/u"; } ); };'
	place d secret up
	for name in '..:%2e.' '.:%2e' 'a%h:a%25h' 'a b:a%20b' $'jos\303\251:jos%c3%a9' $'a\033[2Jb:a%1b%5b2Jb' \
		'../../etc:%2e.%2f..%2fetc'; do
		place "d/${name##*:}"
		odd_user "${name%:*}" $((++n))
		chown $n /home/odd
		is "user \"${name%:*}\"" "$(as "${name%:*}" 'cat /mnt/u/which')" "d/${name##*:}"
	done
	sed -i '/:\/home\/odd:/d' /etc/passwd
}

check_apart() {
	local ssh_room
	host_config '' '' 'root = { bind = ( { source = "/srv/t/%s"; target = "/mnt/s"; } ); };'
	place sshd su-l
	hold one dora@room
	ssh_room=$(hold_ask one "$PIDNS")
	is "one service, one room" "$(room dora "$PIDNS")" "$ssh_room"
	isnt "another service has another, since %s differs" "$(as dora "$PIDNS")" "$ssh_room"
	is "with its own" "$(as dora 'cat /mnt/s/which')" su-l
	is "and the first keeps his" "$(hold_ask one 'cat /mnt/s/which')" sshd
	hold_end one
	host_config '' '' 'root = { bind = ( { source = "/srv/t/%U"; target = "/mnt/s"; } ); };'
	place "$(id -u dora)"
	hold one dora@room
	is "nothing differs: one room" "$(as dora "$PIDNS")" "$(hold_ask one "$PIDNS")"
	hold_end one
}

check_refused() {
	host_config '' '' 'root = { bind = ( { source = "/srv/t/d"; target = "/%u"; } ); };'
	odd_user proc 3100
	is "a name that comes out as a place of carrel's" "$(as proc 'echo in' | grep -c '^in$')" 0
	check "the log says which" poll 5 grep -q 'for this login: root.bind: has a target that carrel mounts itself' "$STAGE_LOG/syslog"
	sed -i '/^proc:/d' /etc/passwd
	gpasswd -a dora lab >/dev/null
	sed -i 's/^\(dora:[^:]*:[0-9]*\):[0-9]*:/\1:4444:/' /etc/passwd
	host_config '' '' 'root = { hide = [ "/srv/%g" ]; };'
	is "a group without a name refuses" "$(room dora 'echo in' 2>/dev/null | grep -c '^in$')" 0
	check "and is told" poll 5 grep -q 'the name service has no name for group 4444' "$STAGE_LOG/syslog"
	usermod -g lab dora
	gpasswd -d dora lab >/dev/null
	host_config '' '' 'root = { hide = [ "/srv/%x" ]; };'
	like "an unknown letter is told with its line" "$(ctl check 2>&1)" \
		"/etc/carrel/carrel.conf +$(grep -n '/srv/%x' /etc/carrel/carrel.conf | cut -d: -f1) +root.hide: found"
	is "and refuses" "$(room dora 'echo in' 2>/dev/null | grep -c '^in$')" 0
	host_config
}

host_start
room ana true
settle
before=$(census)
run_cases "$@" -- check_values check_hostile check_apart check_refused
settle
rm -rf /srv/t /home/odd
same_census "nothing is left behind" "$before"
tap_done
