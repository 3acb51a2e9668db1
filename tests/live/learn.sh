#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Filters that are listened to: refused calls told without auditd, policies learned from real logins.
. "$(dirname "$0")/../lib/stage.sh"
stage_enter "$@"
. "$(dirname "$0")/../lib/ctl.sh"

# A socket that says a word, and who listens to it.
ANSWERS="perl -MIO::Socket::UNIX -e '\$s = IO::Socket::UNIX->new(Local => \$ARGV[1], Listen => 1); \$c = \$s->accept; print \$c \$ARGV[0]'"
ASKS="perl -MIO::Socket::UNIX -e '\$s = IO::Socket::UNIX->new(Peer => \$ARGV[0]) or exit 1; print scalar(<\$s>) // exit 1'"
SSH_CMD="ssh -F $STAGE/ssh/config"

STORE=$STAGE/store

configure() {
	host_config "store = \"$STORE\";"
	sed -i 's/seccomp = { base = "@login"; };/seccomp = { base = "@login"; log = true; };/' /etc/carrel/carrel.conf
}

no_listener() {
	[ -z "$(listener_pids)" ]
}

acct() { # NAME [TIMES]
	echo "perl -e '\$0 = \"$1\"; syscall(163, 0x1234, 7, 9) for 1 .. ${2:-1}; print \$! + 0'"
}

# keeps: helper/listener/answer R1
# keeps: helper/listener/orders R1
check_refused() {
	log_mark
	is "a refused call is answered as before" "$(room ana "$(acct seen)")" 1
	SEEN="user=ana uid=$(id -u ana) pid=[0-9]* program=seen policy=student call=acct args=1234,7,9 refused=EPERM"
	check "the journal says who, by what, and what it was" poll 10 eval '[ -n "$(log_since "$SEEN")" ]'
	like "with login and room" "$(log_since 'program=seen')" ' id=[a-z0-9]{8,} room=[a-z0-9]{8,} user=ana '
	check "carrelctl why knows it" poll 10 eval \
		'ctl why ana | grep -qE "student +seccomp: acct\(1234,7,9\) by seen +1 +- +acct in seccomp.allow of policy student"'
	check "nobody listens when the room has ended" poll 10 no_listener
	is "of root alone" "$(stat -c '%a %u' $STATE_DIR/refused $STATE_DIR/refused/* | sort -u | xargs)" '600 0 700 0'
	room bob "$(acct unseen)" >/dev/null
	is "a policy that does not ask has no listener" "$(log_since 'program=unseen')" ''
	# A signal that comes before the listener has taken the call ends it; one that comes later waits for it.
	is "a signal that comes meanwhile makes it fail otherwise by EINTR alone" "$(room ana 'perl -e "
		use Time::HiRes \"setitimer\"; \$SIG{ALRM} = sub { \$n++ }; setitimer(Time::HiRes::ITIMER_REAL, .001, .001);
		for (1 .. 2000) { syscall(163, 0); \$e{\$! + 0}++ } print join(\",\", keys %e)"' | tr , '\n' | grep -vxE '1|4')" ''
}

flood_count() {
	ctl why ana --json | json "max([x['count'] for x in d if 'by flood' in x['cause']] + [0])"
}

# Who floods is told of a few times, waits, and others do not.
# keeps: helper/listener/told R1
# keeps: helper/listener/answer R2
# keeps: helper/listener/loop R1
check_flood() {
	local began=$SECONDS told lines
	log_mark
	hold flood ana@room
	hold_say flood "$(acct flood 100000000) & $(acct flood 100000000) &"
	hold flood2 ana@room
	hold_say flood2 "$(acct flood 100000000) &"
	poll 10 eval '[ -n "$(log_since program=flood)" ]'
	is "others come in, and are answered" "$(room cara 'echo in')" in
	is "the user's own further room is answered" "$(room ana "$(acct beside)")" 1
	poll 20 eval '[ $((SECONDS - began)) -ge 5 ]'
	lines=$(log_since program=flood | wc -l)
	if [ "$lines" -le $((12 + (SECONDS - began) / 6)) ]; then
		ok "the journal has few lines of it, one user's from both rooms ($lines)"
	else
		not_ok "few lines of a flood from two rooms" "$lines in $((SECONDS - began)) s"
	fi
	check "it is counted all the same" poll 30 eval '[ "$(flood_count)" -gt 2000 ]'
	told=$(flood_count)
	if [ "$told" -le $((2 * (2000 + 1100 * (SECONDS - began + 1)))) ]; then
		ok "who floods waits"
	else
		not_ok "who floods waits" "$told calls were answered in $((SECONDS - began)) s"
	fi
	hold_say flood 'kill %1 %2'
	hold_say flood2 'kill %1'
	hold_end flood
	hold_end flood2
	check "and it ends with the room" poll 20 no_listener
	rm -f $STATE_DIR/refused/*.rate # what it had no more of it has again
	like "the user is told at the next login" "$(printf 'exit\n' | s -tt ana@room 2>&1 | tr -d '\r')" \
		'^carrel: your login of [0-9:]{5} had [0-9]+ system calls refused'
}

# Who leaves a room, and who is killed while a call of theirs waits, takes nothing from others. Before Linux 6.11 the
# kernel has a listener wait for ever that asks for the calls of a login which has ended.
# keeps: helper/listener/loop R2
# keeps: helper/listener/answer R3
check_left() {
	sed -i '/student = {/,/};/s/share = "login"/share = "user"/' /etc/carrel/carrel.conf
	hold first ana@room
	hold second ana@room
	check "both are in one room" poll 10 eval '[ "$(listener_pids | wc -l)" = 1 ]'
	hold_end first
	is "one that has ended keeps no other waiting" "$(hold_ask second "$(acct after)" | xargs)" 1
	is "one is answered though others are killed in their calls" "$(hold_ask second 'perl -e "
		for (1 .. 400) { my \$p = fork; if (!\$p) { syscall(163, 0) while 1 } select(undef, undef, undef, .002); kill 9, \$p; wait }
		syscall(163, 0); print \$! + 0"' | xargs)" 1
	hold_end second
	check "nobody listens to a room that has ended" poll 20 no_listener
	configure
}

# Its end is no way around the filter: what it would have answered, the kernel refuses.
check_killed() {
	hold one ana@room
	poll 10 eval '[ -n "$(listener_pids)" ]'
	is "one a room" "$(listener_pids | wc -l)" 1
	log_mark
	kill -9 $(listener_pids)
	check "a killed listener is told of" poll 10 eval '[ -n "$(log_since "its listener is gone: refused calls")" ]'
	is "what it would have told is refused with ENOSYS" "$(hold_ask one "$(acct orphan)")" 38
	is "and the room goes on" "$(hold_ask one 'echo still; ls /tmp >/dev/null && echo here' | xargs)" 'still here'
	hold_end one
	check "to its end" poll 10 eval '[ -z "$(helper_pids supervisor)" ]'
	hold two ana@room
	supervisor=$(helper_pids supervisor)
	kill -9 $supervisor
	check "a killed supervisor leaves none" poll 10 no_listener
	hold_end two
}

# keeps: helper/listener/start R1
# keeps: helper/listener/start R2
check_power() {
	local p
	hold one ana@room
	poll 10 eval 'grep "^Seccomp:.*2" /proc/$(listener_pids)/status' # which it takes on last
	p=$(listener_pids)
	is "no capability" "$(grep -E '^Cap(Inh|Prm|Eff|Bnd|Amb)' /proc/$p/status | awk '{print $2}' | sort -u)" 0000000000000000
	is "no new privileges, a filter" "$(awk '/^NoNewPrivs|^Seccomp:/ {print $2}' /proc/$p/status | xargs)" '1 2'
	is "no lock of the helper's" "$(grep -c " $p " /proc/locks)" 0
	is "no descriptor but its own" "$(readlink /proc/$p/fd/* |
		grep -vE '^(/dev/null|socket:|anon_inode:seccomp notify|/run/carrel(/learn|/refused)?)' | xargs)" ''
	hold_end one
	poll 10 no_listener
}

# A policy that is tried: what it would refuse is let, and told; what carrel's own rules refuse is refused.
check_mode() {
	local call='perl -e "print syscall(206, 1, 0) < 0 ? \$! + 0 : 0"'
	local clone='perl -e "print syscall(56, 0x10000011, 0) < 0 ? \$! + 0 : 0"'
	sed -i 's/seccomp = { base = "@login"; log = true; };/seccomp = { base = "@login"; deny = [ "io_setup" ]; };/' \
		/etc/carrel/carrel.conf
	rm -f $STATE_DIR/refused/*.rate # lines that the cases before have used
	is "mode enforce: refused" "$(room ana "$call")" 38
	sed -i 's/deny = \[ "io_setup" \]; };/deny = [ "io_setup" ]; mode = "log"; };/' /etc/carrel/carrel.conf
	log_mark
	is "mode log: let to the kernel" "$(room ana "$call")" 14
	check "and told" poll 10 eval '[ -n "$(log_since "program=perl policy=student call=io_setup args=1,0,.* would-be-refused=no")" ]'
	check "why as well" poll 10 eval 'ctl why ana | grep -q "io_setup(1,0,.*) allowed, would be refused by perl"'
	is "what protects others stays" "$(room ana "$clone")" 1
	unlike "the user is told of nothing that did not stop them" "$(ctl why ana | grep -v perl)" 'io_setup'
	configure
}

# What somebody does who works with git.
workload() {
	cat <<-'END'
		set -e
		cd && rm -rf one two && mkdir one && cd one && git init -q . && git config user.email a@b && git config user.name a
		for i in 1 2 3; do echo $i >f$i; git add f$i; git commit -qm $i; done
		cd .. && git clone -q --no-local one two && git -C two log --oneline | wc -l
		ls -l two | wc -l
	END
}

work() { # USER
	s "$1@room" bash <<<"$(workload)" 2>&1
}

proposal() {
	ctl learn --policy student --propose
}

on_terminal() { # COMMAND...: as somebody at a terminal of the host's
	printf 'echo "in $((40 + 2))"\nexit\n' | timeout $((20 * CARREL_PATIENCE)) script -qec "$*" /dev/null 2>&1 |
		 grep -om 1 'in 42'
}

asks() { # WORD SOCKET
	bash -c "$ASKS $2" >$STAGE/ssh/asked 2>/dev/null && grep -qx "$1" $STAGE/ssh/asked
}

by_cron() { # a job of ana is seen as a program of its own
	echo "@reboot ana perl -e '\$0 = \"bycron\"; mkdir \"x\"'" >/etc/cron.d/job
	cron_start
}

# Everybody's logins under student, by every door; what they do and are refused stays the same.
# keeps: helper/parts/listener R1
check_learn() {
	local plain
	plain=$(work ana)
	is "the workload" "$plain" $'3\n4'
	is "nothing is learned" "$(status ctl learn --status)" 1
	is "no policy of that name" "$(status ctl learn --policy nobodys)" 3
	is "which one has to be said" "$(status ctl learn)" 2
	like "learning begins" "$(ctl learn --policy student --for 2h)" '^Rooms that are made from now on under policy student are watched'
	like "and is told" "$(ctl learn --status)" '^student +all +learning +20'
	like "a second one is refused" "$(ctl learn --policy student --user ana 2>&1)" \
		'policy student is learned already, from everybody, until 20.*: --stop ends that, --replace begins anew'
	is "and changes nothing" "$(status ctl learn --policy student --user ana) $(ctl learn --status |
		awk 'NR == 2 { print $2 }')" '3 all'
	is "but where it is wanted" "$(status ctl learn --policy student --for 2h --replace)" 0
	like "a user who is none" "$(ctl learn --policy student --user anna --replace 2>&1)" \
		"there is no user 'anna' .did you mean \"ana\"."
	is "exec, and git" "$(work ana)" "$plain"
	is "a terminal" "$(room_tty ana 'tty >/dev/null && echo on one')" 'on one'
	is "sftp" "$(printf 'pwd\n' | sftp -q -b - -F "$STAGE/ssh/config" ana@room 2>&1 | grep -v '^sftp>')" \
		'Remote working directory: /home/ana'
	is "sftp inside sshd" "$(printf 'pwd\n' | sftp -q -b - -F "$STAGE/ssh/config" ana@sftponly 2>&1 | grep -v '^sftp>')" \
		'Remote working directory: /home/ana'
	is "scp" "$(scp -q -F "$STAGE/ssh/config" /etc/hostname ana@room:back 2>&1)" ''
	is "su -" "$(su - ana -c 'echo in' </dev/null 2>&1)" in
	is "su - on a terminal" "$(on_terminal su - ana)" 'in 42'
	is "login" "$(on_terminal login -f ana)" 'in 42'
	hold forward ana@room -o ControlMaster=yes -o ControlPath=$STAGE/ssh/mux -L $STAGE/ssh/fwd:/tmp/listen \
		-R /tmp/back:$STAGE/ssh/host
	is "a second channel" "$(s -o ControlPath=$STAGE/ssh/mux ana@room 'echo second')" second
	hold_say forward "$ANSWERS inside /tmp/listen &"
	is "a forward into the room" "$(poll 10 asks inside $STAGE/ssh/fwd; cat $STAGE/ssh/asked)" inside
	bash -c "$ANSWERS outside $STAGE/ssh/host" &
	poll 10 test -S $STAGE/ssh/host
	is "and back" "$(hold_ask forward \
		"for i in \$(seq 100); do $ASKS /tmp/back && break; sleep .1; done" | tail -n 1)" outside
	hold_end forward
	by_cron
	check "a job of cron" poll 20 eval 'proposal | grep -q bycron'
	kill $CRON
	rm -f /etc/cron.d/job
	is "what is refused is refused" "$(room ana "$(acct learned)")" 1
	check "somebody saw it" poll 10 eval '[ "$(proposal | grep -c "^//.*socket.*")" -gt 0 ]'
	like "by whom, and how often" "$(proposal)" $'^//\tmkdir +[0-9]+ .*git'
	like "with arguments" "$(proposal)" $'^//\t\twith .*0x5413'
	like "what is not used" "$(proposal)" $'^//\t.* swapoff|^//\t.* io_submit'
	is "of root alone" "$(stat -c '%a %u' $STATE_DIR/learn $STATE_DIR/learn/* $STORE/learn $STORE/learn/* | sort -u | xargs)" \
		'600 0 700 0'
	check "no listener stays" poll 20 no_listener
}

check_user() {
	like "the end is told, and what goes on" "$(ctl learn --policy student --stop)" \
		'^No more is learned of policy student. Rooms .* keep'
	is "it is over" "$(status ctl learn --policy student --stop)" 1
	ctl learn --policy student --user cara --for 1h >/dev/null
	sed -i 's/log = true/log = false/' /etc/carrel/carrel.conf
	hold one ana@room
	is "who is not meant has no listener" "$(listener_pids)" ''
	hold_end one
	hold one cara@room
	check "who is meant has" poll 10 eval '[ -n "$(listener_pids)" ]'
	is "its end is the room's, of whose calls none would be left" "$(kill -9 $(listener_pids); poll 10 eval \
		'[ -z "$(helper_pids supervisor)" ]' && log_since 'ended .its listener is gone' | wc -l)" 1
	hold_end one
	ctl learn --policy student --stop >/dev/null
	mkdir $STAGE/boot && mv $STATE_DIR/learn $STAGE/boot # as a boot would have it
	like "what was seen outlives a boot" "$(ctl learn --status)" '^student +- +stopped +- +[1-9]'
	like "and can be proposed" "$(proposal)" $'^//\tmkdir +[0-9]+ .*git'
	rm -r $STAGE/boot
	configure
}

# A proposal that is put in force: the same work goes on, other work does not.
check_enforced() {
	local file=/etc/carrel/policy.d/learned.conf
	install -d -m 0755 /etc/carrel/policy.d
	check "a proposal in a file" ctl learn --policy student --merge $file
	proposal | diff - $file >/dev/null
	is "the same as is printed" $? 0
	check "is a configuration" ctl --config /etc/carrel/carrel.conf explain ana
	sed -i 's/"students"; policy = "student"/"students"; policy = "student-learned"/' /etc/carrel/carrel.conf
	is "the same work goes on" "$(work ana)" $'3\n4'
	is "by sftp" "$(printf 'pwd\n' | sftp -q -b - -F "$STAGE/ssh/config" ana@room 2>&1 | grep -v '^sftp>')" \
		'Remote working directory: /home/ana'
	is "on a terminal" "$(room_tty ana 'tty >/dev/null && echo on one')" 'on one'
	is "carrel's rules about arguments hold: no namespaces" "$(room ana 'perl -e "
		print syscall(56, 0x10000011, 0) < 0 ? \$! + 0 : 0"')" 1
	like "values that were seen are rules" "$(cat $file)" '"TIOCGWINSZ"'
	is "so that others are refused" "$(room ana 'perl -e "ioctl(STDIN, 0x8905, 0); print \$! + 0"')" 1
	is "of sockets, too" "$(room ana 'perl -e "print syscall(41, 1, 5, 0) < 0 ? \$! + 0 : 0"')" 1
	is "and nothing put into a terminal" "$(room_tty ana 'perl -e "ioctl(STDIN, 0x5412, 0); print \$! + 0"')" 1
	is "other work does not" "$(room ana 'perl -e "print syscall(206, 1, 0) < 0 ? \$! + 0 : 0"')" 38
	check "which is told" poll 10 eval 'ctl why ana | grep -q "seccomp: io_setup(1,0,"'
	sed -i 's/"mkdir", //; s/\("allow\|allow\) = \[/allow = [ "io_setup",/' $file
	check "what was added by hand stays" ctl learn --policy student --merge $file
	like "as does what is there" "$(cat $file)" '"io_setup"'
	like "and what was seen comes" "$(cat $file)" '"mkdir"'
	sed 's/compat = /log = true; compat = /' $file >/srv/nonsense.conf
	like "a file with more in it than that is left alone" "$(ctl learn --policy student --merge /srv/nonsense.conf 2>&1)" \
		"/srv/nonsense.conf:[0-9]+: 'log' is not as a proposal has it, and would be lost"
	echo 'nonsense' >/srv/nonsense.conf
	like "a file that is none is left alone" "$(ctl learn --policy student --merge /srv/nonsense.conf 2>&1)" \
		'/srv/nonsense.conf:[0-9]+: '
	is "as it was" "$(cat /srv/nonsense.conf)" nonsense
	rm -r /srv/nonsense.conf $file
	ctl learn --policy student --forget
	is "forgotten" "$(status proposal)" 1
	configure
}

# A program under a profile, by somebody without power, outside of a room as inside.
# keeps: user/run R1
check_profile() {
	local run="setpriv --reuid ana --regid $(id -g ana) --clear-groups --no-new-privs $STAGE/bin/carrel run"
	install -d -m 0755 /etc/carrel/profiles
	cat >/etc/carrel/profiles/tight.conf <<-END
		data_dir = "$STAGE/data";
		policies = { tight = { seccomp = { base = "@core"; allow = [ "ioctl", "prctl" ]; compat = false; }; }; };
	END
	is "a program runs under a profile" "$($run tight -- echo in 2>&1)" in
	is "with a filter more, for good" "$($run tight -- grep -E '^(NoNewPrivs|Seccomp|Seccomp_filters):' /proc/self/status |
		awk '{print $2}' | xargs)" '1 2 1'
	is "what the profile has not is refused" "$($run tight -- perl -e 'mkdir "/tmp/x"; print $! + 0' 2>&1)" 38
	is "its exit status is the program's" "$($run tight -- sh -c 'exit 7'; echo $?)" 7
	like "in a room" "$(room ana "$STAGE/bin/carrel run tight -- perl -e 'print mkdir(\"/tmp/x\") + 0, \" \", \$! + 0'" 2>&1)" '^0 38$'
	is "which shows of /etc/carrel nothing else" "$(room ana 'find /etc/carrel')" \
		$'/etc/carrel\n/etc/carrel/profiles\n/etc/carrel/profiles/tight.conf'
	like "read-only" "$(room ana 'grep " /etc/carrel/profiles " /proc/self/mountinfo')" ' /etc/carrel/profiles ro,nosuid,nodev,noexec'
	chmod 0700 /etc/carrel
	is "not where users cannot go on the host" "$(room ana 'ls /etc/carrel | wc -l')" 0
	chmod 0755 /etc/carrel
	is "no such program" "$(status $run tight -- no-such-program)" 127
	is "no such profile" "$($run nobodys -- touch /tmp/ran 2>&1; echo $?)" \
		$'carrel run: there is no profile nobodys in /etc/carrel/profiles, nor in /usr/share/carrel/profiles\n126'
	is "no name of a profile" "$(status $run ../tight -- touch /tmp/ran)" 2
	is "no command" "$(status $run tight --)" 2
	sed -i 's/"ioctl"/"iocttl"/' /etc/carrel/profiles/tight.conf
	like "a mistake is told" "$($run tight -- touch /tmp/ran 2>&1)" "^carrel run: .*there is no system call 'iocttl'"
	echo nonsense >/etc/carrel/profiles/tight.conf
	like "with its line" "$($run tight -- touch /tmp/ran 2>&1)" '^carrel run: /etc/carrel/profiles/tight.conf:[0-9]+: '
	chown ana /etc/carrel/profiles/tight.conf
	like "nobody else's is taken" "$($run tight -- touch /tmp/ran 2>&1)" 'tight.conf'
	is "and nothing ran" "$(ls /tmp/ran 2>&1 | grep -c 'No such')" 1
	rm -r /etc/carrel/profiles
}

# The command's logins, then the proposal.
check_command() {
	like "one that is not there, and why" "$(ctl learn --policy student -- /nonexistent 2>&1)" \
		'^carrelctl learn: cannot run /nonexistent: No such file or directory$'
	ctl learn --policy student -- sh -c 'kill -INT $PPID' >/dev/null 2>&1
	is "Ctrl-C leaves nothing that is learned on" "$(ctl learn --status | grep -c " learning ")" 0
	is "one thing at a time" "$(status ctl learn --policy student --stop --forget)" 2
	like "a file that is no proposal has no line 0" "$(cp /dev/null /tmp/none.conf; room ana true
		ctl learn --policy student -- ssh -F $STAGE/ssh/config ana@room true </dev/null >/dev/null
		ctl learn --policy student --merge /tmp/none.conf 2>&1; rm /tmp/none.conf)" \
		'^carrelctl learn: /tmp/none.conf: found no list of calls'
	like "while a command runs" "$(ctl learn --policy student -- ssh -F $STAGE/ssh/config ana@room 'mkdir made' </dev/null)" '"mkdir"'
	is "and no longer" "$(status ctl learn --policy student --stop)" 1
	ctl learn --policy student --forget
}

host_start
configure
needs check_user check_learn
needs check_enforced check_learn
room ana "$(acct first)" >/dev/null
room cara "$(acct first)" >/dev/null
poll 10 test -e "$STATE_DIR/refused/$(id -u cara)"
settle
before=$(census)
run_cases "$@" -- check_refused check_flood check_left check_killed check_power check_mode check_learn check_user \
	check_enforced check_command check_profile
settle
same_census "nothing but the records is left behind" "$before"
tap_done
