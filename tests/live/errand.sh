#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Programs with power that the steward runs for the user of a room: what works, what is refused, and that none is a way out.
. "$(dirname "$0")/../lib/stage.sh"
stage_enter "$@"
. $STAGE/tests/lib/mail.sh
. $STAGE/tests/lib/ctl.sh

PASSWORD=old-Pass_word1
SHELL_LIB=/srv/carrel/drop

config() {
	cat >/etc/carrel/carrel.conf <<-END
	data_dir = "$STAGE/data";
	rules = (
	  { user = "ana"; policy = "shared"; },
	  { user = "bob"; policy = "jobs"; },
	  { user = "cara"; policy = "nested"; },
	  { user = "dora"; policy = "none"; },
	  { user = "gus"; policy = "keep"; }
	);
	policies = {
	  jobs = { inherit = "shared"; errands_add = [ "crontab" ]; };
	  nested = { inherit = "shared"; seccomp = { allow_add = [ "@namespaces" ]; };
	             namespaces = [ "mount", "pid", "uts", "ipc", "net", "cgroup" ]; };
	  none = { inherit = "shared"; errands = [ ];
	    root = { bind = ( { source = "/var/mail/%u"; target = "/var/mail/%u"; optional = true; } ); }; };
	  keep = { inherit = "hpc"; linger = "2h"; features = { cgroup = "require"; }; };
	};
	END
}

# What the mailer wrote of its call with that last argument; one line of it.
said() { # RECIPIENT KEY
	mail_said "^args: .* $1\$" | sed -n "s/^$2: *//p" | head -n 1 | xargs
}

# A login of ana's on a terminal that is asked and answers. answer COMMAND PROMPT WORD...
answer() {
	local client fd
	rm -f $STAGE/ssh/answers
	mkfifo $STAGE/ssh/answers
	: >$STAGE_LOG/pw
	s -tt ana@room "$1" <$STAGE/ssh/answers >$STAGE_LOG/pw 2>&1 &
	client=$!
	exec {fd}>$STAGE/ssh/answers
	shift
	while [ $# -gt 0 ]; do
		poll 15 grep -q "$1" $STAGE_LOG/pw
		sleep 0.2 # the echo is off before the prompt is there, but input is thrown away after it
		echo "$2" >&$fd
		shift 2
	done
	poll 20 process_gone $client
	exec {fd}>&-
	wait $client
}

check_password() {
	chage -d 0 ana
	answer true 'Current password:' "$PASSWORD" 'New password:' new-Pass_word2 'Retype new password:' new-Pass_word2
	is "a password that has expired is changed at the login" "$(chage -l ana | grep -c 'must be changed')" 0
	like "and passwd said so" "$(tr -d '\r' <$STAGE_LOG/pw)" 'password updated successfully'
	chage -d "$(date +%F)" ana # so that the rest goes on if it was not
	is "and the next login is one" "$(room ana 'echo in')" in
	like "passwd says whose it is" "$(room ana 'passwd -S')" '^ana P '
	like "and knows its own name" "$(room ana 'passwd --status ana')" '^ana P '
	like "chage -l" "$(room ana 'chage -l ana')" 'Password expires'
	answer 'passwd; echo status=$?' 'Current password:' wrong
	like "a wrong old password is an error" "$(tr -d '\r' <$STAGE_LOG/pw)" '^status=10$'
	unlike "and was not echoed" "$(cat $STAGE_LOG/pw)" wrong
}

check_refused() {
	like "passwd of somebody else" "$(room ana 'passwd bob')" '^passwd: .*the argument "bob" cannot be given from a room'
	like "passwd that deletes" "$(room ana 'passwd -d ana')" 'the argument "-d"'
	like "sendmail with a configuration" "$(room ana '/usr/sbin/sendmail -C/tmp/x bob </dev/null; echo $?')" 'the argument "-C/tmp/x"'
	like "and it is a failure that is tried again" "$(room ana '/usr/sbin/sendmail -C/tmp/x bob </dev/null 2>/dev/null; echo $?')" \
		'^75$'
	sed -i '1i host_language = "es";' /etc/carrel/carrel.conf
	like "in the language of the host" "$(room ana 'passwd bob')" '^passwd: passwd: el argumento "bob" no se puede dar desde una sala$'
	like "or the user's own" "$(room ana 'LC_ALL=de_DE.UTF-8 passwd bob')" \
		'^passwd: passwd: Das Argument "bob" kann nicht aus einem Raum gegeben werden$'
	config
	refute "crontab is not among them" s ana@room 'crontab -l' </dev/null
	is "without errands the programs are the host's own" \
		"$(room dora 'cmp /usr/bin/passwd '$STAGE_LIB/carrel-errand' && echo same; ls -d /run/carrel-errand 2>/dev/null')" \
		"$(room dora 'cmp /usr/bin/passwd '$STAGE_LIB'/carrel-errand')"
	like "the client itself stands for nothing" "$(room ana $STAGE_LIB/carrel-errand)" 'stands for another program'
}

# All that the program finds around itself, with a room that does what it can.
# keeps: helper/steward/errand_run R1 R2
check_surroundings() {
	local env='LD_PRELOAD=/tmp/x.so LD_LIBRARY_PATH=/tmp EDITOR=/tmp/e VISUAL=/tmp/e PATH=/tmp:$PATH IFS=x MAIL_CONFIG=/tmp HOME=/tmp'
	env+=' TERM=../x LC_ALL=de_DE.UTF-8'
	mail_forget
	room ana "cd /tmp; umask 027; exec 7</etc/passwd 8>/tmp/f; trap '' HUP; echo a letter | env $env /usr/sbin/sendmail -t around" \
		>$STAGE_LOG/around
	is "a letter is taken" "$(mail_said 'around$' | grep -c '^a letter$')" 1
	is "as the user, with the program's own group" "$(said around ids)" \
		"$(id -u ana) $(id -u ana) $(id -g ana) $(getent group mail | cut -d: -f3)"
	is "with the user's groups" "$(said around groups)" "$(id -g ana)"
	is "delivered before it returns" "$(said around args)" 'sendmail -odi -t around'
	is "in / and not in the room's directory" "$(said around cwd)" /
	is "with the user's mask" "$(said around umask)" 027
	is "with three descriptors" "$(said around fds)" '0 1 2'
	is "in a session of its own" "$(said around session)" 1
	is "with the environment of a login and no more" "$(mail_said 'around$' | sed -n 's/^env: //p' | sort | xargs)" \
		"EDITOR=/bin/false HOME=/ LANG=de_DE.UTF-8 LOGNAME=ana PATH=/usr/sbin:/usr/bin:/sbin:/bin SHELL=/bin/sh USER=ana \
VISUAL=/bin/false"
	for kind in mnt pid net user ipc uts; do
		is "in the host's $kind namespace" "$(said around "ns $kind")" "$(readlink /proc/1/ns/$kind)"
	done
	is "its set-id bits count" "$(said around NoNewPrivs) $(said around Seccomp)" '0 0'
	is "without a capability" "$(said around CapPrm) $(said around CapInh) $(said around CapAmb)" \
		'0000000000000000 0000000000000000 0000000000000000'
	is "no signal is blocked or ignored" "$(said around SigBlk) $(said around SigIgn)" '0000000000000000 0000000000000000'
	like "and without the steward's protection from the out-of-memory killer" "$(mail_said 'around$')" '^0$'
	is "mailq is asked by its name" "$(room ana 'mailq; echo $?')" 0
	check "and is told it" mail_taken '^args: mailq$' 
}

# bad CASE REGEX NAME [USER]: on a fast machine one user has so many requests here that the door says "later" (errand_duty R2)
bad() {
	poll 10 bad_asked "$1" "${4-ana}"
	like "$3" "$(cat $STAGE_LOG/bad)" "$2"
}

bad_asked() { # CASE USER
	room "$2" "python3 $SHELL_LIB/errands.py $1" >$STAGE_LOG/bad
	[ "$1" = many ] || ! grep -q 'too many errands' $STAGE_LOG/bad
}

# keeps: helper/steward/errand_serve R3
check_hostile() {
	local none='^refused: no request came that is one$'
	bad right '^started, ended 0$' "another client is as good"
	for case in garbage short magic version type count fewer no-end long words no-fds two-fds four-fds many-fds; do
		bad $case "$none" "hostile: $case"
	done
	bad directory 'neither a file, a pipe' "hostile: a directory"
	bad o-path 'neither a file, a pipe' "hostile: a descriptor that is a path"
	bad zero 'neither a file, a pipe' "hostile: a device"
	bad file '^started, ended 0$' "a file is no harm"
	bad sh 'none that is run for rooms' "hostile: a shell"
	bad path 'none that is run for rooms' "hostile: a path"
	bad crontab 'the policy "shared" of this room does not have it' "hostile: what the policy has not"
	bad crontab '^started, ended' "and what it has" bob
	bad pidfd '^started, ended 0: deaf pipe, (descriptors 0, )?uid own$|^none here$' "a socket's other end finds no program by it"
	bad whole '^started, ended 0: whole$' "what goes through sockets is whole, and they are not shut down"
	bad rest '^started, ended 0: for the next$' "and what was not read is the next one's"
	bad datagram 'a socket that is no stream' "hostile: a socket without a connection"
	bad other 'the argument "bob"' "hostile: another user"
	bad option 'the argument "-C/tmp/x"' "hostile: a configuration"
	bad term 'other than plain letters' "hostile: a terminal's name"
	bad lang 'other than plain letters' "hostile: a locale"
	bad child 'another process sent the request' "hostile: another process sends"
	bad many 'hello 8; refused: too many errands at a time, try again later 92' "hostile: a hundred at once" cara
	like "which the log says once" "$(log_since 'refused at the door' | grep -c door)" '^1$'
	like "and others are served meanwhile" "$(room ana 'passwd -S')" '^ana P'
}

# The door takes 40 in a tenth of a second, and 129 wait in the kernel's queue; the tenths in which who knocks began and ended
# count as whole ones. How long that takes the steward is the machine's affair.
# keeps: helper/steward/errand_duty R4
check_hammered() {
	local times took
	like "the steward is there" "$(room ana 'passwd -S')" '^ana '
	read -r times took < <(room cara "python3 $SHELL_LIB/errands.py hammer")
	like "who knocks without end" "$times $took" '^[0-9]+ [0-9]+$'
	check "is heard no more often than so many times in a slice of time: $times times in $took ms" \
		[ "$times" -le $((129 + 40 * (took / 100 + 2))) ]
	like "and others are served after it" "$(room ana 'passwd -S')" '^ana '
}

# Who is at the door from a user namespace, or was and is gone, is one user for it (errand_duty R3): the clients of cases
# before may have had all that this user gets, and it says so until the next may come.
nested_asks() { # UNSHARE-OPTION...
	room cara "unshare $* passwd -S" >$STAGE_LOG/nested
	! grep -q 'too many errands' $STAGE_LOG/nested
}

nested_answer() { # UNSHARE-OPTION...
	poll 10 nested_asks "$@"
	cat $STAGE_LOG/nested
}

# Who is not in a room of his own.
# keeps: helper/steward/errand_asker R2 R3, helper/steward/errand_duty R3
check_others() {
	local init
	hold ana ana@room
	poll 10 logins_are 1 ana # the room of the login before may be ending yet
	init=$(ctl show ana --json | json 'd["init"]')
	like "another user in this room" "$(nsenter -t "$init" -m -p setpriv --reuid bob --regid staff --clear-groups passwd -S 2>&1)" \
		'in no room of its user'
	like "root in this room" "$(nsenter -t "$init" -m -p passwd -S 2>&1)" 'root needs nobody'
	like "a user on the host" "$(setpriv --reuid ana --regid students --clear-groups $STAGE/bin/probe true 2>&1
		mkdir -p /run/carrel-errand; mount --bind $STATE_DIR/errand /run/carrel-errand
		setpriv --reuid ana --regid students --clear-groups python3 $SHELL_LIB/errands.py right 2>&1)" \
		'in no room of its user'
	umount /run/carrel-errand
	like "in its mount namespace only" "$(nsenter -t "$init" -m setpriv --reuid ana --regid students --clear-groups passwd -S 2>&1)" \
		'in no room of its user'
	like "with two numbers" "$(nsenter -t "$init" -m -p setpriv --ruid ana --regid students --clear-groups passwd -S 2>&1)" \
		'another process sent|not its room|about to become|root needs nobody'
	hold_end ana
	if room cara 'unshare -Ur true' >/dev/null; then
		like "root of a user namespace in the room" "$(nested_answer -Ur)" 'user namespace of its own'
		like "and a mount namespace in it" "$(nested_answer -Urm --propagation unchanged)" 'user namespace of its own'
		like "its user otherwise" "$(room cara 'passwd -S')" '^cara '
		like "whoever fills the door from there" \
			"$(room cara "unshare -Ur python3 $SHELL_LIB/errands.py crowd | { read -r x; passwd -S; cat >/dev/null; }")" \
			'^cara '
	else
		skip_here "user namespaces in the room" "the kernel gives none"
	fi
}

mailer_waits() {
	mail_taken '^waits$'
}

mailer_pid() {
	mail_said '^waits$' | sed -n 's/^pid: //p'
}

# keeps: helper/steward/errand_serve R1 R2
check_ends() {
	local pid tracer
	mail_forget
	hold ana ana@room
	hold_say ana '/usr/sbin/sendmail wait </dev/null & client=$!'
	check "it waits" poll 10 mailer_waits
	pid=$(mailer_pid)
	hold_say ana 'kill -INT $client; sleep 0.3; kill -HUP $client; wait $client; echo status=$?' # what "&" starts ignores INT
	check "a signal is passed on, but not what the client ignores" poll 10 mail_taken '^signal: 1$'
	check "and its status comes back" poll 10 grep -q '^status=129$' $STAGE_LOG/hold.ana
	mail_forget
	hold_say ana '/usr/sbin/sendmail wait </dev/null & client=$!'
	poll 10 mailer_waits
	pid=$(mailer_pid)
	hold_say ana 'kill -KILL $client'
	check "when the client dies it is told" poll 10 mail_taken '^signal: 1$'
	check "and is gone" poll 10 process_gone "$pid"
	mail_forget
	hold_say ana '/usr/sbin/sendmail wait </dev/null >/dev/null 2>&1 & client=$!' # who would hold the client's output
	poll 10 mailer_waits
	pid=$(mailer_pid)
	strace -qq -p "$pid" -o /dev/null & # while it is stopped, nobody hears that the program has ended
	tracer=$!
	check "a program is held" poll 10 grep -q "^TracerPid:.*$tracer" "/proc/$pid/status"
	kill -STOP $tracer
	hold_say ana 'kill -KILL $client'
	check "what does not end is left behind" poll 20 eval '! pgrep -x carrel-errand >/dev/null'
	kill -CONT $tracer
	kill $tracer
	wait $tracer
	check "and goes when it can" poll 10 process_gone "$pid"
	mail_forget
	hold_say ana '/usr/sbin/sendmail wait </dev/null & client=$!'
	poll 10 mailer_waits
	pid=$(mailer_pid)
	hold_say ana 'kill -STOP $client'
	hold_end ana
	check "the end of the login is its end" poll 20 process_gone "$pid"
	is "nothing of it is left" "$(poll 10 eval '! pgrep -x carrel-errand' && pgrep -x carrel-errand)" ""
}

# check_left_behind FIRST: a process that a program leaves in the background has no part in what ends with the client.
left_behind() { # login|room: what ends first
	local pid
	mail_forget
	hold gus gus@room
	hold_ask gus '/usr/sbin/sendmail stay </dev/null' >/dev/null
	check "a program leaves a process" poll 10 mail_taken '^stays: '
	pid=$(mail_said '^stays: ' | sed -n 's/^stays: //p')
	refute "which is there while the login is" process_gone "$pid"
	[ "$1" = room ] || hold_end gus
	ctl kill gus >/dev/null 2>&1
	check "and ends with the room (the $1 ends first)" poll 10 process_gone "$pid"
	process_gone "$pid" || kill -KILL "$pid"
	[ "$1" != room ] || hold_end gus
}

check_crontab() {
	local table='0 0 1 1 * true'
	[ -d /var/spool/cron/crontabs ] || { skip_here "crontab" "no spool"; return; }
	is "crontab from a pipe" "$(room bob "echo '$table' | crontab - && crontab -l")" "$table"
	is "it is the host's" "$(grep -cF "$table" /var/spool/cron/crontabs/bob)" 1
	is "crontab with a file of the room" \
		"$(room bob "echo '1 $table' >/tmp/t; sed -i 's/^1 0/1/' /tmp/t; crontab /tmp/t && crontab -l")" "${table/0/1}"
	room bob "printf '#!/bin/sh\nreadlink /proc/self/ns/mnt >/home/bob/where\nsed -i s/true/false/ \"\$1\"\n' >e; chmod +x e
		EDITOR='./e' crontab -e" >$STAGE_LOG/edit
	like "crontab -e" "$(room bob 'crontab -l')" 'false$'
	isnt "its editor ran in the room" "$(cat /home/bob/where)" "$(readlink /proc/1/ns/mnt)"
	is "an editor that fails changes nothing" "$(room bob 'EDITOR=false crontab -e 2>/dev/null; echo $?; crontab -l | grep -c false')" \
		$'1\n1'
	like "a file that only the program may read is none" "$(room bob 'crontab /etc/shadow')" 'Permission denied'
}

# What rooms show in place of programs is root's alone, or is not shown.
check_client() {
	log_mark
	chmod 0777 $STAGE_LIB/carrel-errand
	is "a client that others may write is in no room" "$(room ana 'cmp -s /usr/bin/passwd '$STAGE_LIB'/carrel-errand || echo no')" no
	like "and the log says so" "$(log_since .)" "has no errands: carrel-errand: it is not root's alone"
	check "as check does" told "warning .*carrel-errand .*not root's alone"
	mv $STAGE_LIB/carrel-errand $STAGE/client.away
	is "without it the programs are the host's" "$(room ana 'ls -l /usr/bin/passwd' | cut -c 1-4)" -rws
	check "which check tells as well" told 'warning .*carrel-errand .*is not there'
	mv $STAGE/client.away $STAGE_LIB/carrel-errand
	chmod 0755 $STAGE_LIB/carrel-errand
	told . # looks anew
	refute "and not when it is" grep -q 'carrel-errand' "$STAGE_LOG/check"
}

check_steward_away() {
	local pid
	sed -i '1i contact = "Call 4321.";' /etc/carrel/carrel.conf
	hold gus gus@room
	like "a room that lasts" "$(hold_ask gus 'passwd -S')" '^gus '
	hold_ask gus '/usr/sbin/sendmail gus </dev/null' >/dev/null
	like "it runs in the login's control group" "$(mail_said '^args: .* gus$' | grep ^0::)" '/login-[a-z0-9]+$'
	mv $STATE_DIR/errand/socket $STATE_DIR/errand/later
	(poll 10 pgrep -u gus -x passwd; mv $STATE_DIR/errand/later $STATE_DIR/errand/socket) & # it asks already
	like "a steward that begins later is waited for" "$(hold_ask gus 'passwd -S')" '^gus '
	wait $!
	pid=$(steward_pid)
	kill -KILL $pid
	poll 10 process_gone "$pid"
	like "without the steward it says so" "$(hold_ask gus 'passwd -S')" 'nobody runs it for this room now \(.*\)\. Call 4321\.'
	config
	room ana true
	check "the next login starts it" poll 10 steward_pid
	like "and the room that stood is served" "$(poll 10 eval 'hold_ask gus "passwd -S" | grep -q ^gus'; hold_ask gus 'passwd -S')" \
		'^gus '
	hold_end gus
	ctl kill gus >/dev/null 2>&1
}

# keeps: apply/errand_program R1 R2
check_programs() {
	install -m 0755 "$STAGE/bin/mta" /usr/sbin/msmtp
	ln -sf msmtp /usr/sbin/sendmail
	is "a mailer that obeys files of the home is none" "$(room ana 'cmp -s /usr/sbin/sendmail '$STAGE_LIB'/carrel-errand; echo $?')" 1
	chgrp mail /usr/sbin/msmtp
	chmod 2755 /usr/sbin/msmtp
	is "with a set-id bit neither" "$(room ana 'cmp -s /usr/sbin/sendmail '$STAGE_LIB'/carrel-errand; echo $?')" 1
	printf '#!/bin/sh\nexec mta "$@"\n' >/usr/sbin/wrapped
	chmod 2755 /usr/sbin/wrapped
	ln -sf wrapped /usr/sbin/sendmail
	is "nor is a script" "$(room ana 'cmp -s /usr/sbin/sendmail '$STAGE_LIB'/carrel-errand; echo $?')" 1
	ln -sf mta /usr/sbin/sendmail
	hold ana ana@room
	chmod 0775 /usr/sbin/mta
	like "one that others may write is refused" "$(hold_ask ana '/usr/sbin/sendmail -t </dev/null')" 'only its owner can write'
	chmod 2755 /usr/sbin/mta
	hold_end ana
}

check_mailbox() {
	is "without mail there is none, and the login goes on" "$(room ana 'ls /var/mail | xargs')" ''
	is "with somebody else's, too" "$(install -m 660 -o bob -g mail /dev/null /var/mail/bob; room ana 'ls /var/mail | xargs')" ''
	ln -s /etc/shadow /var/mail/ana
	chown -h ana /var/mail/ana
	is "a link in its place leads nowhere, and keeps nobody out" "$(room ana 'echo in; ls /var/mail | xargs')" in
	rm -f /var/mail/ana
	echo 'From bob' >/var/mail/ana
	chown ana:mail /var/mail/ana
	chmod 660 /var/mail/ana
	is "one's own mail is read" "$(room ana 'cat /var/mail/ana')" 'From bob'
	is "and cleared" "$(room ana ': >/var/mail/ana'; wc -c </var/mail/ana)" 0
	is "but nothing else is made there" "$(room ana 'touch /var/mail/x 2>&1' | grep -o 'Permission denied\|Read-only.*')" \
		'Read-only file system'
	is "under strict it is only read" \
		"$(chown cara /var/mail/ana; mv /var/mail/ana /var/mail/dora; chown dora /var/mail/dora; echo x >/var/mail/dora; room dora \
		'cat /var/mail/dora; echo y 2>&1 >>/var/mail/dora' | cut -d: -f 1-2)" \
		$'x\nbash: line 1'
}

told() { # REGEX
	"$STAGE_LIB/carrelctl" --helper "$STAGE_LIB/carrel-helper" --module "$STAGE_LIB/pam_carrel.so" --state "$STATE_DIR" \
		check --no-rehearse >"$STAGE_LOG/check" 2>&1
	grep -Eq -- "$1" "$STAGE_LOG/check"
}

check_check() {
	chage -M 90 dora
	chage -M 90 ana
	check "check: who could not change a password" told 'warning .*the password of dora can expire, and policy none'
	refute "and not who could" grep -q 'password of .*ana' "$STAGE_LOG/check"
	check "check: whose mail of cron is lost" told 'warning .*what jobs of cron print is lost under policy none'
	refute "but for the others" grep -q 'print is lost under policy (shared|keep)' "$STAGE_LOG/check"
	refute "check: jobs of a service that is wired are quiet" told 'lets users leave jobs'
	mv /etc/pam.d/cron $STAGE/cron.pam
	pam_stack cron bare
	check "check: jobs that would run outside" told 'error .*policy jobs lets users leave jobs by crontab, and the service cron'
	mv $STAGE/cron.pam /etc/pam.d/cron
	sed -i 's|none = {|odd = { errands = [ "passwd" ]; namespaces = [ "mount" ]; network = { mode = "host"; }; }; &|' \
		/etc/carrel/carrel.conf
	check "check: errands without effect" told 'warning .*policy odd: errands has no effect'
	config
	chmod 0755 /usr/sbin/mta
	check "check: a mailer that is none" told 'warning .*rooms cannot send mail by this host.s mailer: /usr/sbin/mta: .*has no set'
	chmod 2755 /usr/sbin/mta
}

check_login_leaves() {
	left_behind login
}

check_room_leaves() {
	left_behind room
}

host_start
mail_start
config
printf "%s:$PASSWORD\n" ana gus | chpasswd
cp $STAGE/tests/lib/errands.py $SHELL_LIB/
log_mark
run_cases "$@" -- check_password check_refused check_surroundings check_hostile check_hammered check_others check_ends \
	check_login_leaves check_room_leaves check_crontab check_mailbox check_check check_programs check_client \
	check_steward_away
check "nothing crashed" eval '! log_since "segfault|SIGSEGV" | grep -q .'
tap_done
