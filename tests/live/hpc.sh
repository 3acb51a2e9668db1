#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Compute nodes: devices of the host by patterns, and rules that ask a program whether there is a job.
. "$(dirname "$0")/../lib/stage.sh"
stage_enter "$@"
. "$(dirname "$0")/../lib/ctl.sh"

ASK=$STAGE/bin/ask

# A driver's nodes: copies of null and zero under its names, with the kernel's memory and a disk among them.
make_nodes() {
	mknod -m 666 /dev/nvidia0 c 1 3
	mknod -m 600 /dev/nvidia1 c 1 3
	mknod -m 666 /dev/nvidia-memory c 1 1
	mknod -m 666 /dev/nvidia-disk b 7 0
	mkdir -p /dev/dri/by-path /dev/shared
	chmod 1777 /dev/shared
	mknod -m 666 /dev/dri/card0 c 1 5
	ln -s ../card0 /dev/dri/by-path/pci-card
	ln -s /etc/passwd /dev/dri/passwd
	mknod -m 666 /dev/shared/card0 c 1 3
}

remove_nodes() {
	rm -rf /dev/nvidia* /dev/dri /dev/shared
}

# dora's logins share a room: nobody is to come into one that is ending, with what was given before.
devices() { # LINE of root
	poll 10 rooms_gone
	host_config '' '' "root = { $1 };"
}

outcome() { # ARGUMENTS of explain, NAME of a device
	ctl explain dora --json | json "[x['in_the_room'] for x in d['devices'] if x['device'] == '$1']"
}

check_given() {
	devices 'devices = [ "/dev/nvidia*", "/dev/dri/*", "/dev/dri/by-path/*", "/dev/shared/*", "/dev/no-such*" ];'
	hold one dora@room
	is "those that the patterns are like, by their names" "$(hold_ask one 'cd /dev; ls -d nvidia* dri/* dri/*/* | xargs')" \
		"dri/by-path dri/by-path/pci-card dri/card0 nvidia0 nvidia1"
	is "a device is a device" "$(hold_ask one 'echo x >/dev/nvidia0 && head -c 3 /dev/dri/card0 | wc -c')" 3
	is "so is one that a link of root's leads to" "$(hold_ask one 'head -c 2 /dev/dri/by-path/pci-card | wc -c')" 2
	like "permissions are the host's" "$(hold_ask one 'cat /dev/nvidia1 2>&1')" 'Permission denied'
	like "and nobody changes them" "$(hold_ask one 'chmod 666 /dev/nvidia0 2>&1')" 'Read-only|not permitted'
	like "/dev itself is as read-only as before" "$(hold_ask one 'touch /dev/dri/x 2>&1')" 'Read-only|Permission'
	hold_end one
	unlike "the host has what it had" "$(ls -l /dev/nvidia1)" '^crw-rw-rw-'
}

check_named() {
	devices 'devices = [ "/dev/nvidia-disk" ];'
	like "a disk that is named is given" "$(room dora 'ls -l /dev/nvidia-disk')" '^brw-rw-rw-'
	like "and check warns" "$(ctl check --no-rehearse 2>&1)" 'root.devices gives /dev/nvidia-disk: a disk or a part of one'
	devices 'devices = [ "/dev/nvidia-dis?" ];'
	like "not by a pattern" "$(room dora 'ls /dev/nvidia-disk 2>&1')" 'No such file'
	unlike "so nobody is warned" "$(ctl check --no-rehearse 2>&1)" 'nvidia-disk:'
	devices 'devices = [ "/dev/*" ];'
	like "all of /dev is no pattern" "$(ctl check --no-rehearse 2>&1)" \
		'root.devices: found "/dev/\*", expected a name that begins with at least one letter'
}

check_required() {
	devices 'devices_required = [ "/dev/nvidia[0-9]" ];'
	is "required and there" "$(room dora 'echo in')" in
	rm /dev/nvidia0 /dev/nvidia1
	isnt "required and gone: refused" "$(room dora 'echo in' 2>/dev/null)" in
	check "the log says which" poll 5 grep -q 'root.devices_required: found no device "/dev/nvidia' "$STAGE_LOG/syslog"
	like "check says so before" "$(ctl check --no-rehearse 2>&1)" \
		'root.devices_required names /dev/nvidia\[0-9\], and this host has no such'
	like "explain, too" "$(ctl explain dora 2>&1)" 'root.devices_required +names /dev/nvidia\[0-9\]'
	remove_nodes
	make_nodes
}

check_follow() {
	devices 'devices = [ "/dev/nvidia*" ];'
	hold one dora@room
	mknod -m 666 /dev/nvidia2 c 1 3
	rm /dev/nvidia0
	check "a node that the host takes away goes" poll 10 eval '[ "$(hold_ask one "test -c /dev/nvidia0 || echo gone")" = gone ]'
	mknod -m 666 /dev/nvidia0 c 1 5
	check "one that is made anew is the new one" poll 10 eval \
		'[ "$(hold_ask one "head -c 1 /dev/nvidia0 2>/dev/null | od -An -tx1 | xargs")" = 00 ]'
	like "one that is new is in the next room" "$(hold_ask one 'ls /dev/nvidia2 2>&1')" 'No such file'
	hold_end one
	poll 10 rooms_gone
	is "which has it" "$(room dora 'ls /dev/nvidia2')" /dev/nvidia2
	remove_nodes
	make_nodes
}

check_told() {
	devices 'devices = [ "/dev/nvidia*", "/dev/dri/*", "/dev/no-such*" ];'
	is "explain: given" "$(outcome /dev/nvidia0)" "['yes']"
	is "left out" "$(outcome /dev/nvidia-memory)" '["no: the host'"'"'s memory"]'
	is "a link out of /dev" "$(outcome /dev/dri/passwd)" "['no: a link to nothing, or out of /dev']"
	is "none" "$(outcome '/dev/no-such*')" "['no: there is none now']"
	like "with permissions" "$(ctl explain dora)" '^/dev/nvidia1 +root:root +0600 +yes'
	like "rehearse tries them" "$(ctl rehearse dora 2>&1)" '^devices +yes +yes +ok +3: .*nvidia1 --'
	like "assess says what is there" "$(ctl assess lab --user dora 2>&1)" 'see devices of the host +OPEN'
	like "check notes what is not" "$(ctl check --no-rehearse --notes 2>&1)" 'root.devices names /dev/no-such\*'
}

# answer LINE...: the program that rules ask
answer() {
	printf '%s\n' '#!/bin/sh' "$@" >$ASK
	chmod 755 $ASK
}

ruled() { # RULES
	poll 10 rooms_gone
	host_config
	sed -i '/^\s*rules = (/,/);/d' /etc/carrel/carrel.conf
	echo "rules = ( $1 );" >>/etc/carrel/carrel.conf
}

check_command() {
	ruled "{ command = \"$ASK %u %s\"; policy = \"lab\"; }, { user = \"ana\"; policy = \"lab\"; }"
	answer 'printf "%s\n" "$#" "$@" "$(env | cut -d= -f1 | sort | xargs)" "$(id -u) $(pwd)" >/run/asked' \
		'ls /proc/self/fd | xargs >>/run/asked' \
		'echo noise; echo noise >&2; test "$1" = dora'
	is "yes: the rule counts" "$(room dora 'echo in')" in
	is "its arguments, environment, number, place and descriptors" "$(xargs </run/asked)" "2 dora sshd LC_ALL PATH PWD 0 / 0 1 2 3"
	like "what it says is nobody's, the log has what it said and cost" "$(log_since .)" \
		"command \"$ASK %u %s\": yes, [0-9]+ ms"
	is "no: the next rule counts" "$(room ana 'echo in')" in
	isnt "or none" "$(room bob 'echo in' 2>/dev/null)" in
	like "explain asks, too" "$(ctl explain dora)" 'matches \(its command took [0-9]+ ms\)'
	like "and says what said no" "$(ctl explain bob 2>&1)" "no: command \"$ASK %u %s\""
	like "only root asks" "$(su -s /bin/sh bob -c "$STAGE_LIB/carrelctl --config /etc/carrel/carrel.conf explain bob" 2>&1)" \
		'only root can ask|denied|cannot'
}

# Whatever is no answer lets nobody in, whatever rules come behind.
check_no_answer() {
	ruled "{ command = \"$ASK %u\"; policy = \"lab\"; }, { policy = \"lab\"; }"
	answer 'exit 1'
	is "no is an answer" "$(room dora 'echo in')" in
	answer 'exit 2'
	isnt "another exit status" "$(room dora 'echo in' 2>/dev/null)" in
	answer 'kill -9 $$'
	isnt "a signal" "$(room dora 'echo in' 2>/dev/null)" in
	answer 'sleep 61 & echo $! >/run/asked; wait'
	isnt "no answer in time" "$(room dora 'echo in' 2>/dev/null)" in
	check "it is killed, with what it has started" poll 5 eval '! kill -0 $(cat /run/asked) 2>/dev/null'
	answer 'exit 0'
	chmod 777 $ASK
	isnt "one that others could change" "$(room dora 'echo in' 2>/dev/null)" in
	like "check says so" "$(ctl check --no-rehearse 2>&1)" "carrel.conf +[0-9]+ +.*$ASK.*only its owner can write"
	chmod 644 $ASK
	isnt "one that is none" "$(room dora 'echo in' 2>/dev/null)" in
	rm $ASK
	isnt "one that is not there" "$(room dora 'echo in' 2>/dev/null)" in
	check "each has its reason in the log" poll 5 eval \
		'[ "$(grep -cE "command: .*(status 2|signal 9|no answer in|No such file|expected a pro)" "$STAGE_LOG/syslog")" -ge 5 ]'
	ruled "{ command = \"ask %u\"; policy = \"lab\"; }, { policy = \"lab\"; }"
	like "no path" "$(ctl check --no-rehearse 2>&1)" 'command: found "ask %u", expected an absolute path and words'
	host_config
}

host_start
make_nodes
room dora true
settle
before=$(census)
run_cases "$@" -- check_given check_named check_required check_follow check_told check_command check_no_answer
settle
same_census "nothing is left behind" "$before"
remove_nodes
rm -f $ASK /run/asked
tap_done
