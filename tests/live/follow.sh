#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What a room shows of the host follows the host while the room lives; and the one process that sees to it.
. "$(dirname "$0")/../lib/stage.sh"
stage_enter "$@"

STEWARD=$STAGE_LIB/carrel-steward

end_steward() {
	kill -9 $(steward_pid) 2>/dev/null
	poll 5 eval '! steward_pid'
}

# ---- the one process --------------------------------------------------------------------------------------------
# keeps: helper/steward/life R2
check_steward() {
	is "no login, no steward" "$(steward_pid)" ""
	hold d dora@room
	check "a login starts it" poll 10 steward_pid
	first=$(steward_pid)
	is "it is nobody's child" "$(ps -o ppid= -p "$first" | tr -d ' ')" 1
	is "and holds no descriptor of a login" "$(ls -l /proc/"$first"/fd | grep -cE 'rooms/.*lock|pipe|ptmx|pts')" 0
	is "what the room shows is on record" "$(ls $STATE_DIR/shown)" "$(hold_ask d 'head -n 1 /run/carrel-room')"
	is "another login" "$(room bob 'echo in')" in
	is "starts no second one" "$(steward_pid)" "$first"
	check "of a room that is gone nothing is kept" poll 10 eval '[ "$(ls $STATE_DIR/shown | wc -l)" -eq 1 ]'
	is "who calls it by hand finds that one lives" "$("$STEWARD" --state $STATE_DIR; echo $?)" 0
	end_steward
	strace -qq -o /dev/null -e trace=flock -e inject=flock:error=EAGAIN:when=1 "$STEWARD" --state $STATE_DIR &
	check "one that somebody looks for while it begins begins all the same" poll 10 steward_pid
	end_steward
	wait $! 2>/dev/null
	like "carrelctl check says that none runs" "$($STAGE_LIB/carrelctl --config /etc/carrel/carrel.conf --state $STATE_DIR --helper \
		$STAGE_LIB/carrel-helper check --no-rehearse 2>&1)" 'carrel-steward does not run'
	is "the room goes on" "$(hold_ask d 'echo alive')" alive
	is "a login that joins" "$(room dora 'echo in')" in
	check "starts it again" poll 10 steward_pid
	unlike "carrelctl check is content" "$($STAGE_LIB/carrelctl --config /etc/carrel/carrel.conf --state $STATE_DIR --helper \
		$STAGE_LIB/carrel-helper check --no-rehearse 2>&1)" 'carrel-steward'
}

# What stands beside the helper is root's alone, or is not run (carrel-errand: errand.sh).
check_says() { # NAME REGEX
	like "$1" "$($STAGE_LIB/carrelctl --config /etc/carrel/carrel.conf --state $STATE_DIR --helper $STAGE_LIB/carrel-helper \
		--pam-dir /etc/pam.d check --no-rehearse 2>&1)" "$2"
}

# sees NAME LOGIN COMMAND TEXT: before long that login, which has been there all the time, sees it
asks() {
	[ "$(hold_ask "$1" "$2" 2>&1)" = "$3" ]
}

sees() {
	if poll 5 asks "$2" "$3" "$4"; then ok "$1"; else not_ok "$1" "got: $(hold_ask "$2" "$3" 2>&1)" "wanted: $4"; fi
}

# same_and_next NAME COMMAND TEXT: and so does one that joins
same_and_next() {
	sees "$1" d "$2" "$3"
	is "$1, for the next login as well" "$(room dora "$2")" "$3"
}

replace() { # FILE TEXT
	echo "$2" >"$1.new" && mv "$1.new" "$1"
}

stacked() { # how many mounts the room has on a path
	awk -v at="$1" '$5 == at' "/proc/$(helper_pids init)/mountinfo" | wc -l
}

nothing_stacked() { # for an instant there are two: the new one comes beneath the old one
	[ -z "$(awk '{ print $5 }' "/proc/$(helper_pids init)/mountinfo" | sort | uniq -d)" ]
}

listen() { # PATH: as a service does it
	rm -f "$1"
	socat "UNIX-LISTEN:$1,mode=0666,fork" SYSTEM:'echo reached' &
	service=$!
	poll 5 test -S "$1"
}

listen_connected() { # PATH: as a log does it
	python3 $STAGE_PY/log_socket.py "$1" &
	connected=$!
	poll 5 eval "[ -S '$1' ] && [ \$(stat -c %a '$1') = 666 ]"
}

tell() { # PATH
	echo "echo x | socat -u - UNIX-SENDTO:$1 2>&1 | sed 's/.*: //'"
}

reach() { # PATH
	echo "$SOCAT UNIX-CONNECT:$1 </dev/null 2>&1 | sed 's/.*: //'"
}

# keeps: helper/process/beside R1, helper/parts/steward R1
check_program() {
	end_steward
	log_mark
	chmod 0777 "$STEWARD"
	is "a login beside a steward that others may write" "$(room bob 'echo in')" in
	is "starts none" "$(steward_pid)" ""
	is "and says so, once" "$(log_since "cannot start carrel-steward.*root's alone" | wc -l)" 1
	check_says "carrelctl check, too" "carrel-steward .*not root's alone"
	mv "$STEWARD" "$STEWARD.away"
	log_mark
	is "a login without the steward's program" "$(room bob 'echo in')" in
	like "tells it" "$(log_since .)" 'cannot start carrel-steward.*No such file'
	check_says "as does carrelctl check" 'carrel-steward .*is not there'
	mv "$STEWARD.away" "$STEWARD"
	chmod 0755 "$STEWARD"
	is "with all in order again" "$(room bob 'echo in')" in
	check "the next login starts it" poll 10 steward_pid
	first=$(steward_pid)
	cp -p "$STEWARD" "$STEWARD.new" && mv "$STEWARD.new" "$STEWARD"
	is "when its program is replaced, the next login" "$(room bob 'echo in')" in
	check "makes it the new one" poll 10 eval '[ "$(stat -L -c %i /proc/$first/exe)" = "$(stat -c %i "$STEWARD")" ]'
	check "which is still the only one" poll 10 eval '[ "$(steward_pid)" = "$first" ]'
	end_steward
	"$STEWARD" --state $STATE_DIR --idle 1 &
	by_hand=$!
	check "one that stays for a second" poll 10 steward_pid
	sleep 1.5
	check "stays while a room lives" steward_pid
	hold_end d
	check "and ends after the last" poll 10 eval '! steward_pid'
	wait $by_hand
	is "nothing of it is left" "$(ls $STATE_DIR/shown)" ""
	mv "$STEWARD" "$STEWARD.away"
	log_mark
	is "where it is missing logins get in" "$(room ana 'echo in')" in
	like "and the log says what is amiss" "$(log_since)" 'cannot start carrel-steward.*No such file'
	mv "$STEWARD.away" "$STEWARD"
	settle
}

# ---- what follows -----------------------------------------------------------------------------------------------
# The room in which all of it is looked at.
check_room() {
	mkdir -p /run/svc /run/systemd/resolve /srv/shared/sealed /srv/svc
	echo one >/run/svc/socket
	echo 'nameserver 192.0.2.1' >/run/systemd/resolve/stub-resolv.conf
	rm -f /etc/resolv.conf
	ln -s ../run/systemd/resolve/stub-resolv.conf /etc/resolv.conf
	echo secret >/etc/secret
	echo old >/srv/svc/plain
	chmod 1777 /srv/shared
	host_config "" "" '
	on_close = "keep";
	linger = "1h";
	namespaces = [ "mount", "pid", "uts", "ipc", "net", "cgroup" ];
	hostname = "desk";
	root = { run_add = [ "/run/svc", "/run/later" ]; hide_add = [ "/etc/secret", "/etc/secrets" ];
		writable_paths = [ "/srv/shared" ]; read_only = [ "/srv/shared/sealed" ];
		bind = ( { source = "/srv/svc/late"; target = "/run/late"; optional = true; },
			{ source = "/srv/svc/ticket"; target = "/tmp/ticket"; optional = true; },
			{ source = "/tmp/of-users"; target = "/run/of-users"; optional = true; },
			{ source = "/dev/gizmo"; target = "/dev/gizmo"; optional = true; },
			{ source = "/srv/svc/plain"; target = "/etc/motd.d/plain"; optional = true; writable = true; } ); };'
	mkdir -p /etc/motd.d && : >/etc/motd.d/plain
	listen /var/run/svc/named # as nslcd and nscd call theirs: a name by way of a link, of what is offered
	named=$service
	listen_connected /srv/svc/log
	listen /srv/svc/sock
	hold d dora@room
	steward=$(steward_pid)
	namespace=$(readlink "/proc/$(helper_pids init)/ns/mnt")
	is "at first: the file" "$(hold_ask d 'cat /run/svc/socket /etc/resolv.conf /etc/motd.d/plain')" $'one\nnameserver 192.0.2.1\nold'
}

# A file that is replaced by rename.
check_replaced() {
	replace /run/systemd/resolve/stub-resolv.conf 'nameserver 198.51.100.7'
	same_and_next "a name server" 'cat /etc/resolv.conf' 'nameserver 198.51.100.7'
	for i in {1..20}; do replace /run/systemd/resolve/stub-resolv.conf "nameserver 198.51.100.$i"; done
	sees "many in a row: the last" d 'cat /etc/resolv.conf' 'nameserver 198.51.100.20'
	check "and they do not stack up" poll 5 eval '[ "$(stacked /run/systemd/resolve/stub-resolv.conf)" = 1 ]'
	replace /etc/passwd "$(cat /etc/passwd; echo 'zoe:x:4711:100::/:/bin/sh')"
	sees "/etc/passwd" d 'getent passwd zoe | cut -d: -f1' zoe
	replace /etc/hosts "$(cat /etc/hosts; echo 192.0.2.77 newhost)"
	same_and_next "/etc/hosts, and the room's own line in it" 'getent hosts newhost desk | awk "{ print \$1, \$2 }"' \
		$'192.0.2.77 newhost\n127.0.1.1 desk'
	echo 192.0.2.78 secondhost >>/etc/hosts
	sees "also when it is written in place" d 'getent hosts secondhost desk | awk "{ print \$1, \$2 }"' \
		$'192.0.2.78 secondhost\n127.0.1.1 desk'
	replace /etc/hostname otherhost
	sees "/etc/hostname stays the room's" d 'cat /etc/hostname' desk
	is "what it shows stays read-only" \
		"$(hold_ask d 'for f in /etc/hosts /etc/hostname /etc/resolv.conf; do [ -w $f ] && echo $f; done')" ""
	replace /srv/svc/plain new
	same_and_next "a bind of a file, in a place of the root" 'cat /etc/motd.d/plain' new
	replace /etc/motd.d/plain under
	same_and_next "whose place is replaced as well" 'cat /etc/motd.d/plain' new
}

# What is covered.
check_covered() {
	replace /etc/secret other
	sees "a hidden file that is replaced" d 'cat /etc/secret 2>&1 | sed "s/.*: //"' 'Permission denied'
	echo x >/etc/secrets
	sees "one that comes later" d 'cat /etc/secrets 2>&1 | sed "s/.*: //"' 'Permission denied'
	rm /etc/secrets
	mkdir /etc/secrets
	: >/etc/secrets/inner
	sees "and one that is a directory now" d 'ls /etc/secrets; [ -d /etc/secrets ] && echo empty' empty
}

# A service's socket that nobody offers.
check_sockets() {
	is "a socket of the host's cannot be reached" "$(hold_ask d "$(reach /srv/svc/sock)")" 'Permission denied'
	is "nor one of datagrams that somebody is connected to" "$(hold_ask d "$(tell /srv/svc/log)")" 'Permission denied'
	kill $service
	wait $service 2>/dev/null
	listen /srv/svc/sock
	sees "nor when its service has made it anew" d "$(reach /srv/svc/sock)" 'Permission denied'
	is "one that is offered can, by whatever name it was made" "$(hold_ask d "$(reach /run/svc/named)")" reached
	kill $service $named $connected
}

# A service's directory.
check_directories() {
	rm -r /run/svc
	sees "a directory that goes" d 'ls -d /run/svc 2>&1 | sed "s/.*: //"' 'No such file or directory'
	mkdir /run/svc
	echo two >/run/svc/socket
	same_and_next "and comes again" 'cat /run/svc/socket' two
	mkdir /run/later
	echo late >/run/later/file
	same_and_next "one that was missing when the room was made" 'cat /run/later/file' late
	rm -r /run/later
	echo file >/run/later
	same_and_next "and is a file now" 'cat /run/later' file
}

# Optional binds.
# keeps: apply/mounts/renew_place R1
check_optional() {
	same_and_next "nothing yet" 'ls -d /run/late /tmp/ticket /dev/gizmo 2>/dev/null' ""
	mkdir /srv/svc/late
	echo late >/srv/svc/late/file
	echo ticket1 >/srv/svc/ticket
	mknod -m 666 /dev/gizmo c 1 5
	same_and_next "a directory, a ticket and a device that come later" \
		'cat /run/late/file /tmp/ticket; head -c 3 /dev/gizmo | od -An -tx1' $'late\nticket1\n 00 00 00'
	replace /srv/svc/ticket ticket2
	same_and_next "a new ticket" 'cat /tmp/ticket' ticket2
	is "it is read-only" "$(hold_ask d 'echo x 2>/dev/null >/tmp/ticket && echo written')" ""
	rm /srv/svc/ticket /dev/gizmo
	sees "when it is destroyed there is none" d 'ls /tmp/ticket /dev/gizmo 2>/dev/null' ""
	log_mark # before the link: what is wrong is told once, and a look may be under way
	hold_ask d 'ln -s /etc/secret /tmp/ticket' >/dev/null
	echo ticket3 >/srv/svc/ticket
	poll 5 eval 'log_since /tmp/ticket | grep -q "does not follow"'
	like "a link of the user's in its place is not followed" "$(hold_ask d 'cat /tmp/ticket 2>&1')" 'Permission denied'
	like "and the log says so" "$(log_since /tmp/ticket)" 'room=.*: /tmp/ticket does not follow the host'
	hold_ask d 'rm /tmp/ticket; mkdir /tmp/ticket' >/dev/null
	replace /srv/svc/ticket ticket4
	sleep 0.5
	is "nor is a directory of his removed that is not empty" \
		"$(hold_ask d 'touch /tmp/ticket/mine; ls /tmp/ticket; rm -r /tmp/ticket')" mine
	replace /srv/svc/ticket ticket5
	sees "out of the way, it comes" d 'cat /tmp/ticket' ticket5
}

# What can be written to.
check_writable() {
	rm -r /srv/shared
	sees "a writable path that goes" d 'ls -d /srv/shared 2>/dev/null' ""
	mkdir -p /srv/shared/sealed
	chmod 1777 /srv/shared /srv/shared/sealed
	same_and_next "and comes again can be written to, but for what is read-only in it" \
		'echo x >/srv/shared/f; cat /srv/shared/f; rm -f /srv/shared/f; touch /srv/shared/sealed/f 2>&1 | sed "s/.*: //"' \
		$'x\nRead-only file system'
	mount -t tmpfs -o mode=1777 late /srv/shared
	sees "something that is mounted there on the host" d 'df --output=source /srv/shared | tail -n 1' late
	check "can be written to" asks d 'echo y >/srv/shared/g && echo written' written
	umount -l /srv/shared
	sees "until it is not" d 'ls /srv/shared' sealed
}

# The log.
mark() {
	hold_ask d "logger -t room $1; echo said" >/dev/null
	poll 1 grep -q "room: $1" $STAGE_LOG/syslog
}

# keeps: apply/mounts/renew R2
check_log() {
	kill $SYSLOGD
	wait $SYSLOGD 2>/dev/null
	syslog_start
	check "the log after its daemon was started anew" poll 5 eval 'mark again$RANDOM'
	room dora 'logger -t room next-login'
	check "for the next login as well" poll 5 grep -q 'room: next-login' $STAGE_LOG/syslog
	kill $SYSLOGD
	wait $SYSLOGD 2>/dev/null
	rm -f /dev/log
	mkdir -p /run/systemd/journal
	$STAGE/bin/syslogd /run/systemd/journal/dev-log $STAGE_LOG/syslog &
	SYSLOGD=$!
	ln -s /run/systemd/journal/dev-log /dev/log
	check "and when it is a link now" poll 5 eval 'mark link$RANDOM'
	is "all of it without another steward" "$(steward_pid)" "$steward"
	is "and without another room" "$(readlink "/proc/$(helper_pids init)/ns/mnt")" "$namespace"
	check "nothing has stacked up" poll 5 nothing_stacked
}

# ---- while it is away -------------------------------------------------------------------------------------------
count_forks() { # FILE: what the steward forks from here on, until forks_of
	strace -qq -p "$(steward_pid)" -e trace=clone,clone3,fork,vfork -o "$1" &
	tracer=$!
	poll 5 grep -q "TracerPid:.*$tracer" "/proc/$(steward_pid)/status"
}
forks_of() { # FILE
	kill $tracer
	wait $tracer 2>/dev/null
	wc -l <"$1"
}

# Nothing that has happened has a look to come: for some of it that is after two seconds.
quiet() {
	poll 20 no_look
}

no_look() {
	count_forks $STAGE_LOG/before
	sleep 3
	[ "$(forks_of $STAGE_LOG/before)" = 0 ]
}

# Another room that shows the same: what is known of the first one is known of it.
check_same() {
	local names='getent hosts thirdhost $HOSTNAME | awk "{ print \$1, \$2 }"'
	hold a ana@room
	quiet
	count_forks $STAGE_LOG/quiet
	hold c cara@room
	poll 5 eval '[ "$(ls $STATE_DIR/shown | wc -l)" -eq 3 ]'
	sleep 0.5
	is "a second room that shows the same, but for its name, costs no look" "$(forks_of $STAGE_LOG/quiet)" 0
	echo 192.0.2.79 thirdhost >>/etc/hosts
	sees "and yet it follows" c "$names" $'192.0.2.79 thirdhost\n127.0.1.1 cara-room'
	sees "as the first one does" a "$names" $'192.0.2.79 thirdhost\n127.0.1.1 ana-room'
	hold_end a
	sed -i '$d' /etc/hosts
	sees "which goes on when the first has ended" c "$names" '127.0.1.1 cara-room'
	hold_end c
	check "of neither anything is kept" poll 10 eval '[ "$(ls $STATE_DIR/shown | wc -l)" -eq 1 ]'
}

# What is mounted on the host: it concerns those who show it, be it by way of a link, and nobody else.
check_mounts() {
	mkdir -p /run/user/4711 /srv/elsewhere /srv/tree/late /srv/other/late
	echo here >/srv/tree/late/file
	echo there >/srv/other/late/file
	rm -rf /srv/svc/late
	ln -s /srv/tree/late /srv/svc/late
	sees "a bind by way of a link" d 'cat /run/late/file' here
	quiet
	count_forks $STAGE_LOG/elsewhere
	mount -t tmpfs -o mode=0700 login /run/user/4711
	mount -t tmpfs elsewhere /srv/elsewhere
	sleep 3
	umount /run/user/4711
	sleep 3
	is "mounts of other places cost no look" "$(forks_of $STAGE_LOG/elsewhere)" 0
	mount --bind /srv/other /srv/tree
	sees "one above the place that the link leads to" d 'cat /run/late/file' there
	umount /srv/tree
	sees "until it is not" d 'cat /run/late/file' here
	mount -t tmpfs over /run/svc
	echo over >/run/svc/file
	same_and_next "one over what is shown by its own name" 'cat /run/svc/file' over
	mount -t tmpfs again /run/svc
	echo again >/run/svc/file
	sees "and another over that" d 'cat /run/svc/file' again
	umount /run/svc
	umount /run/svc /srv/elsewhere
	sees "when both are gone" d 'ls /run/svc/file 2>&1 | sed "s/.*: //"' 'No such file or directory'
	rm /srv/svc/late
}

check_away() {
	end_steward
	replace /run/systemd/resolve/stub-resolv.conf 'nameserver 203.0.113.1'
	rm -r /run/svc
	mkdir /run/svc
	echo three >/run/svc/socket
	is "killed: the room stays as it was" "$(hold_ask d 'cat /etc/resolv.conf')" 'nameserver 198.51.100.20'
	room dora true
	same_and_next "the next login starts another, which makes up for it" 'cat /etc/resolv.conf /run/svc/socket' \
		$'nameserver 203.0.113.1\nthree'
}

# ---- who may do what ---------------------------------------------------------------------------------------------
# keeps: helper/steward/power R1
check_power() {
	steward=$(steward_pid)
	is "of its power it keeps what it needs" "$(sed -n 's/^CapEff:[[:space:]]*//p' "/proc/$steward/status")" 0000000040ac00e6
	is "supervisor and init have none to mount" "$(for p in $(helper_pids supervisor) $(helper_pids init); do
		echo $((0x$(sed -n 's/^CapEff:[[:space:]]*//p' "/proc/$p/status") >> 21 & 1)); done | sort -u)" 0
}

# Where users can write they can make events as they like.
# keeps: helper/steward/ways R1, helper/steward/follow R2, helper/steward/follow R3
check_events() {
	strace -qq -p "$steward" -e trace=read -o $STAGE_LOG/reads &
	tracer=$!
	poll 5 grep -q "TracerPid:.*$tracer" "/proc/$steward/status"
	setpriv --reuid bob --regid staff --clear-groups bash -c 'for i in {1..300}; do : >/dev/null; done'
	kill $tracer
	wait $tracer 2>/dev/null
	is "of what is written to in /dev it hears nothing" "$(grep -c null $STAGE_LOG/reads)" 0
	count_forks $STAGE_LOG/forks
	start=$SECONDS
	su bob -s /bin/bash -c 'for i in {1..3000}; do : >/tmp/noise.$i; rm /tmp/noise.$i; done' </dev/null # outside of a room
	noise='for ((end = SECONDS + 4; SECONDS < end;)); do for i in {1..100}; do : >/tmp/noise; rm /tmp/noise; done; done'
	setpriv --reuid bob --regid staff --clear-groups bash -c "$noise"
	forks=$(forks_of $STAGE_LOG/forks)
	check "a storm of events makes no storm of looks: $forks" test "$forks" -le $((SECONDS - start + 4))
	# A look that is not at its end when the next thing happens, in a directory that it has only begun to watch.
	poll 5 grep -q "TracerPid:[[:space:]]0" "/proc/$steward/status"
	strace -f -qq -p "$steward" -e trace=clone,exit_group -e inject=exit_group:delay_enter=300ms -o $STAGE_LOG/slow-looks &
	tracer=$!
	check "its looks can be slowed down" poll 5 grep -q "TracerPid:.*$tracer" "/proc/$steward/status"
	start=$SECONDS
	setpriv --reuid bob --regid staff --clear-groups bash -c "${noise/4/9}"
	kill $tracer
	wait $tracer 2>/dev/null
	looks=$(grep -c 'clone(' $STAGE_LOG/slow-looks)
	check "nor where each look meets the next event: $looks" test "$looks" -le $(((SECONDS - start) / 2 + 2))
	echo theirs >/tmp/of-users
	sees "and what is meant is seen there, too" d 'cat /run/of-users' theirs
}

# Whoever is killed in between leaves a room that the next one can go on with.
check_killed_between() {
	n=0
	for call in setns open_tree mount_setattr move_mount umount2 fchdir openat; do
		steward=$(steward_pid)
		strace -qq -f -p "$steward" -e trace=$call -e inject=$call:signal=KILL:when=1 -o $STAGE_LOG/killed &
		tracer=$!
		poll 5 grep -q "TracerPid:.*$tracer" "/proc/$steward/status"
		n=$((n + 1))
		replace /run/systemd/resolve/stub-resolv.conf "nameserver 192.0.2.$n"
		poll 5 grep -q 'killed by SIGKILL' $STAGE_LOG/killed || not_ok "killed at $call"
		kill $tracer 2>/dev/null
		wait $tracer 2>/dev/null
		! steward_pid >/dev/null || end_steward
		room dora true
		sees "killed at $call: the next one sees to it" d 'cat /etc/resolv.conf' "nameserver 192.0.2.$n"
	done
	check "and nothing has stacked up" poll 5 nothing_stacked
}

# A server that does not answer: the child is ended, the rest goes on.
# keeps: helper/steward/follow R1
check_no_answer() {
	steward=$(steward_pid)
	log_mark
	strace -qq -f -p "$steward" -e trace=setns -e inject=setns:delay_enter=60s:when=7 -o $STAGE_LOG/slow &
	tracer=$!
	poll 5 grep -q "TracerPid:.*$tracer" "/proc/$steward/status"
	replace /run/systemd/resolve/stub-resolv.conf 'nameserver 203.0.113.9'
	check "what takes too long is told" poll 15 eval 'log_since "takes too long" | grep -q "room="'
	kill $tracer
	wait $tracer 2>/dev/null
	sees "and the rest follows" d 'cat /etc/resolv.conf' 'nameserver 203.0.113.9'
	is "by the same steward" "$(steward_pid)" "$steward"
}

host_start
needs check_program check_steward
needs check_room check_program
needs "check_replaced check_covered check_sockets check_directories check_optional check_writable check_log check_same \
	check_mounts check_away check_power check_events check_killed_between check_no_answer" check_room
needs check_away check_replaced
run_cases "$@" -- check_steward check_program check_room check_replaced check_covered check_sockets check_directories \
	check_optional check_writable check_log check_same check_mounts check_away check_power check_events \
	check_killed_between check_no_answer
tap_done
