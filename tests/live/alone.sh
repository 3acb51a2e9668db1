#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# carrel-shell alone: rooms that users make, without root and without PAM. Every door that starts a login shell, what can be
# done from inside, who gets which policy, what cannot be held, and what comes of it when a step fails.
#
#   ana   shell carrel-shell        alone: overlay home, no network
#   bob   shell carrel-shell        desk: real home, the host's network
#   cara  shell sh, ForceCommand    alone
#   dora  shell carrel-shell        hard: requires what cannot be held
#   gus   shell carrel-shell        nothing is published
#   bea   shell bash                no room: what a bare login sees
. "$(dirname "$0")/../lib/stage.sh"
stage_enter "$@"
. "$(dirname "$0")/../lib/ctl.sh"

SHELL_PATH=$STAGE/bin/carrel-shell
PUBLISHED=/etc/carrel/shell
PROBE=$STAGE/bin/probe
WORK=$STAGE/work
SSH_CMD="ssh -F $STAGE/ssh/config"

# ALONE_ROOT, ALONE_HOME: of policy alone, instead of what most cases want
alone_config() { # [TEXT of policy alone] [RULES before]
	local root='hide_users = true;' home='mode = "overlay"; size = "64M";'
	install -d -m 0755 /etc/carrel
	cat >/etc/carrel/carrel.conf <<-END
	data_dir = "$STAGE/data";
	rules = (
	  ${2-}
	  { group = "students"; policy = "alone"; },
	  { group = "staff"; policy = "desk"; },
	  { group = "lab"; policy = "hard"; },
	  { group = "carrel-break-glass"; policy = "plain"; }
	);
	policies = {
	  alone = {
	    hostname = "%u-room";
	    root = { ${ALONE_ROOT-$root} };
	    home = { ${ALONE_HOME-$home} };
	    features = { cgroup = "prefer"; };
	    ${1-}
	  };
	  desk = {
	    namespaces = [ "mount", "pid", "uts", "ipc" ];
	    network = { mode = "host"; };
	    features = { cgroup = "off"; };
	  };
	  hard = { inherit = "alone"; limits = { memory = "64M"; }; features = { cgroup = "prefer"; limits = "require"; }; };
	  plain = {
	    namespaces = [ ]; network = { mode = "host"; }; capabilities = { trim = false; }; no_new_privs = false;
	    seccomp = { base = ""; }; root = { hide = [ ]; run = [ ]; sockets = [ ]; };
	  };
	};
	END
	chmod 0644 /etc/carrel/carrel.conf
}

alone_start() {
	host_users
	CARREL=0 host_pam
	alone_config
	host_keys
	{
		host_sshd_config | sed "/^Match LocalPort/,\$d"
		echo "Match User cara"
		echo "  ForceCommand $SHELL_PATH"
		echo "  PermitUserRC no"
	} >$STAGE/keys/sshd_config
	cp $STAGE/keys/sshd_config /etc/ssh/sshd_config
	local user
	for user in ana bob dora gus; do
		usermod -s $SHELL_PATH $user
	done
	usermod -s /bin/sh cara
	syslog_start
	sshd_alone_start
	mkdir -p $WORK
}

sshd_alone_start() {
	/usr/sbin/sshd -f $STAGE/keys/sshd_config -D -e -o ListenAddress=127.0.0.1:$PORT_ROOM 2>>$STAGE_LOG/sshd </dev/null &
	SSHD_ROOM=$!
	poll 10 port_open $PORT_ROOM || die "sshd does not start: $(tail -n 3 $STAGE_LOG/sshd)"
}

ANA="setpriv --reuid ana --regid students --init-groups"

# Run something in the user's room, without sshd: as their login shell would be.
as() { # USER COMMAND
	setpriv --reuid "$1" --regid "$(id -g "$1")" --init-groups --reset-env env HOME="/home/$1" $SHELL_PATH -c "$2" </dev/null 2>&1
}

# in_room_only NAME COMMAND REGEX: so in a room, and not so in a bare login
in_room_only() {
	local in out
	in=$(room ana "$2")
	out=$(room bea "$2")
	if ! [[ $in =~ ^($3)$ ]]; then
		not_ok "$1" "command: $2" "in the room: $in" "wanted: $3" "bare: $out"
	elif [[ $out =~ ^($3)$ ]]; then
		not_ok "$1" "command: $2" "a bare login answers the same, so this shows nothing: $out"
	else
		ok "$1"
	fi
}

# shut NAME COMMAND REGEX: whatever a bare login gets
shut() {
	local in
	in=$(room ana "$2")
	if [[ $in =~ ^($3)$ ]]; then ok "$1"; else not_ok "$1" "command: $2" "in the room: $in" "wanted: $3"; fi
}

# ---- who gets what ---------------------------------------------------------------------------------------------------

# keeps: state/published R1
check_published() {
	rm -f $PUBLISHED/*
	is "all whose shell it is are published without being named" \
		"$(ctl shell publish 2>&1 | grep -c 'user gus: no rule'; ls $PUBLISHED | xargs)" "1
$(id -u ana) $(id -u bob) $(id -u dora)"
	is "and those by name who are" "$(ctl shell publish ana cara bea 2>&1; ls $PUBLISHED | wc -l)" 5
	is "nobody without a rule" "$(ctl shell publish gus 2>&1; echo $?)" "carrelctl shell publish: user gus: no rule matches user gus
1"
	is "root neither" "$(ctl shell publish root >/dev/null 2>&1; echo $?)" 3
	is "the directory cannot be listed, and is root's" "$(stat -c '%a %U %G' $PUBLISHED)" "711 root root"
	is "a file is root's to write" "$(stat -c '%U %G' $PUBLISHED/$(id -u ana))" "root root"
	is "and its user's to read" \
		"$(setpriv --reuid ana --regid students --clear-groups head -n 2 $PUBLISHED/$(id -u ana) | tail -n 1)" "user ana"
	is "nobody else's, of the same group" \
		"$(setpriv --reuid cara --regid students --init-groups cat $PUBLISHED/$(id -u ana) 2>&1 | grep -c denied)" 1
	is "nor can the user write it" \
		"$(setpriv --reuid ana --regid students --clear-groups sh -c "echo x >>$PUBLISHED/$(id -u ana)" 2>&1 | grep -c denied)" 1
	is "it names no other user, policy or rule" "$(grep -cE 'bob|cara|dora|desk|hard|rules' $PUBLISHED/$(id -u ana))" 0
	like "list says who has what" "$(ctl shell list)" "^ *$(id -u ana) +ana +alone +current"
	like "and who has no room" "$(ctl shell list)" "^ *$(id -u bea) +bea +none +current"
	is "show prints the file" "$(ctl shell show ana | cmp - $PUBLISHED/$(id -u ana) && echo same)" same
	alone_config 'tmp = { size = "100M"; };'
	like "what has changed since is told" "$(ctl shell list)" "^ *$(id -u ana) +ana +alone +changed"
	like "by check as well" "$(ctl check --no-rehearse 2>&1 | tr -s ' \n' ' ')" "what is published for user ana is not what"
	check "publishing again mends it" ctl shell publish ana
	like "it is current then" "$(ctl shell list)" "^ *$(id -u ana) +ana +alone +current"
	alone_config
	sed -i '1i contact = "Call 4321.";' /etc/carrel/carrel.conf
	check "whom to ask is published as well" ctl shell publish ana
	is "as a line" "$(grep -n '^contact ' $PUBLISHED/$(id -u ana))" "8:contact Call 4321."
	alone_config
	ctl shell publish ana
	alone_config '' '{ group = "students"; rhost = "10.0.0.0/8"; policy = "desk"; },'
	like "one that depends on what nobody proves is refused" "$(ctl shell publish ana 2>&1)" "depends on rhost, tty, time or a command"
	alone_config
	is "withdraw takes it away" "$(ctl shell withdraw cara && ls $PUBLISHED/$(id -u cara) 2>&1 | grep -c 'No such')" 1
	is "once" "$(ctl shell withdraw cara 2>&1; echo $?)" "carrelctl shell withdraw: nothing is published for cara
1"
	ctl shell publish cara
	is "acts are logged" "$(poll 5 grep -q 'published policy=alone user=cara' $STAGE_LOG/syslog; echo $?)" 0
}

# keeps: shell/alone/facts R1
# Who has been given a number that was somebody else's gets nothing of theirs, a room or none.
check_reused() {
	local who uid
	alone_config '' '{ user = "gus"; policy = "plain"; },'
	ctl shell publish ana gus >/dev/null 2>&1
	like "gus is to have no room" "$(ctl shell list)" "^ *$(id -u gus) +gus +none +current"
	cp /etc/passwd $WORK/passwd
	for who in ana gus; do
		uid=$(id -u $who)
		by_number() {
			setpriv --reuid "$uid" --regid "$(id -g "$uid")" --clear-groups $SHELL_PATH -c 'echo RAN' </dev/null 2>&1 |
				tail -n 1
		}
		is "$who: runs" "$(by_number)" RAN
		sed -i "s/^$who:/eve:/" /etc/passwd
		like "$who is no more, and eve has the number: refused" "$(by_number)" "is for user $who"
		like "which list tells" "$(ctl shell list)" "^ *$uid +eve +[a-z]+ +(changed|nobody)"
		cp $WORK/passwd /etc/passwd
		sed -i "/^$who:/{p;s/^$who:/eve:/}" /etc/passwd
		is "$who: a second name of the number does no harm" "$(by_number)" RAN
		sed -i "/^$who:/d;/^eve:/d" /etc/passwd
		uid=$(grep "^$who:" $WORK/passwd | cut -d: -f3)
		is "$who: nor that passwd does not know it" \
			"$(setpriv --reuid "$uid" --regid "$(grep "^$who:" $WORK/passwd | cut -d: -f4)" --clear-groups \
				$SHELL_PATH -c 'echo RAN' </dev/null 2>&1 | tail -n 1)" RAN
		cp $WORK/passwd /etc/passwd
	done
	ctl shell withdraw gus
	alone_config
}

# keeps: ctl/conf/may_manager R3
# Units and settings of a real home would be run outside, by the user's own service manager.
check_manager() {
	local dir=$STAGE/pam.none
	mkdir -p "$dir"
	printf 'session required pam_permit.so\n' >"$dir/sshd"
	may() {
		ctl --pam-dir "$dir" may-have-manager "$(id -u "$1")"
	}
	ctl shell publish ana bob bea >/dev/null 2>&1
	is "no service manager for whom a room with the real home is published" "$(may bob; echo $?)" \
		"uid $(id -u bob) may not have a service manager outside of rooms: carrel-shell makes a room with the real home in it
1"
	is "one for whose real home nothing writes to in a room" "$(may ana >/dev/null; echo $?)" 0
	is "one for whom no room is published" "$(may bea >/dev/null; echo $?)" 0
	is "and nothing" "$(may gus >/dev/null; echo $?)" 0
	chmod g+w $PUBLISHED/$(id -u ana)
	is "none where what is published cannot be relied on" "$(may ana >/dev/null; echo $?)" 1
	ctl shell publish ana >/dev/null 2>&1
	rm -r "$dir"
}

# sshd starts a shell for ~/.ssh/rc itself, and gives what is forced to one: with variables of the user's, libraries that
# those name run outside. No carrel-shell is there yet; check has to say so.
check_environment() {
	local said
	told() { # the findings of check, in one line
		ctl --pam-dir /etc/pam.d check --no-rehearse --notes 2>&1 | tr -s ' \n' ' '
	}
	ctl shell publish bob cara >/dev/null 2>&1
	cat >$WORK/load.c <<-'C'
		#include <stdio.h>
		#include <unistd.h>
		__attribute__((constructor)) static void loaded(void)
		{
			char ns[64] = "";
			FILE *f = fopen("/home/bob/loaded", "a");
			if (f && readlink("/proc/self/ns/mnt", ns, sizeof(ns) - 1) > 0)
				fprintf(f, "%s\n", ns);
			if (f)
				fclose(f);
		}
	C
	gcc -shared -fPIC -o /home/bob/load.so $WORK/load.c || { skip "libraries of the user's" "no compiler"; return; }
	cp /etc/pam.d/sshd $WORK/pam.sshd
	unlike "without variables of the user's, check is quiet" "$(told)" "libraries that those name"
	echo 'session optional pam_env.so user_readenv=1' >>/etc/pam.d/sshd
	room bob 'mkdir -p .ssh; echo true >.ssh/rc; echo "LD_PRELOAD DEFAULT=/home/bob/load.so" >.pam_environment' >/dev/null
	rm -f /home/bob/loaded
	room bob true >/dev/null
	check "with them, and ~/.ssh/rc, a library of the user's is loaded on the host" \
		grep -qF "$(readlink /proc/self/ns/mnt)" /home/bob/loaded
	said=$(told)
	like "which check tells" "$said" 'sshd starts /bin/sh for ~/.ssh/rc, sshrc and xauth with variables of user bob \(~/.pam_env'
	like "as it does of what is forced" "$said" "user cara.s shell /bin/sh with variables of theirs"
	sed -e '1i PermitUserRC no' -e '1i DisableForwarding yes' $STAGE/keys/sshd_config >/etc/ssh/sshd_config
	unlike "no rc, no forwards: no such door" "$(told)" 'sshd starts /bin/sh'
	cp $WORK/pam.sshd /etc/pam.d/sshd
	for said in 'AcceptEnv LANG LC_* LD_*' 'AcceptEnv *' 'PermitUserEnvironment yes' 'PermitUserEnvironment LANG,LD_PRE*'; do
		{ echo "$said"; cat $STAGE/keys/sshd_config; } >/etc/ssh/sshd_config
		like "$said" "$(told)" 'sshd starts /bin/sh for ~/.ssh/rc, sshrc and xauth with variables of user bob'
	done
	for said in 'AcceptEnv LANG LC_*' 'PermitUserEnvironment no' 'PermitUserEnvironment LANG,LC_*'; do
		{ echo "$said"; cat $STAGE/keys/sshd_config; } >/etc/ssh/sshd_config
		unlike "$said is none" "$(told)" 'sshd starts /bin/sh'
	done
	cp $STAGE/keys/sshd_config /etc/ssh/sshd_config
	rm -rf /home/bob/{loaded,load.so,.pam_environment,.ssh/rc}
}

# keeps: state/published R2
# Whatever has been done to it, a file that only root can have put there counts, or nothing runs.
check_forged() {
	local file=$PUBLISHED/$(id -u ana) what
	cp -a "$file" $WORK/good
	refused() { # NAME REGEX: and the real shell does not run
		local out
		out=$(as ana 'echo RAN')
		if [[ $out != *RAN* && $out =~ $2 ]]; then ok "refused: $1"; else not_ok "refused: $1" "$out"; fi
		rm -rf "$file"
		cp -a $WORK/good "$file"
	}
	is "the good one runs" "$(as ana 'echo RAN' | tail -n 1)" RAN
	chmod g+w "$file"
	refused "writable by a group" mode
	chown ana "$file"
	refused "the user's own" "root"
	ln "$file" /etc/second
	refused "with a second name" links
	rm /etc/second
	mv "$file" $WORK/elsewhere
	ln -s $WORK/elsewhere "$file"
	chown ana $WORK/elsewhere
	refused "a link to a file of the user's" "root"
	rm -f "$file"
	cp -a $PUBLISHED/$(id -u cara) "$file"
	setfacl -m "u:ana:r" "$file" 2>/dev/null || chmod 0644 "$file"
	refused "somebody else's policy" "uid $(id -u cara)"
	head -c 3000 $WORK/good >"$file"
	chmod 0644 "$file"
	refused "half a file" "no proper line|expected|syntax"
	for what in 's/^filter .*/filter /' 's/^filter ..../filter zz/' 's/^room yes/room perhaps/' 's/^uid .*/uid 0/' \
		's/^user .*//' 's/^policy alone/policy other/' 's/^carrel-published 1/carrel-published 2/' 's/seccomp = /seccmp = /'; do
		sed "$what" $WORK/good >"$file"
		chmod 0644 "$file"
		refused "$what" "proper line|uid|no policy|expected|unknown"
	done
	sed 's/^room /contact Call 4321.\n&/; s/seccomp = /seccmp = /' $WORK/good >"$file"
	chmod 0644 "$file"
	refused "and says whom to ask" 'unknown key.*\(CONFIG\)\. Call 4321\.$'
	rm -f "$file"
	mkfifo -m 0644 "$file"
	refused "a FIFO" "FIFO|regular"
	chmod 0777 $PUBLISHED
	refused "a directory that others can write" "mode"
	chmod 0711 $PUBLISHED
	rm -f "$file"
	refused "nothing" "published"
}

check_needs() {
	like "what is required and cannot be held refuses" "$(room dora 'echo RAN')" 'features.limits: no control group'
	unlike "and nothing runs" "$(room dora 'echo RAN')" RAN
	like "who has nothing published is refused" "$(room gus 'echo RAN')" 'no policy is published'
	unlike "and nothing runs for them" "$(room gus 'echo RAN')" '^RAN'
	sed -i 's/language = "en"/language = "es"/' $PUBLISHED/$(id -u ana)
	like "in the language that is published" "$(room_tty ana true)" '^carrel: esta sala prescinde de: .*features.cgroup'
	like "why not, too" "$($ANA env -u LC_ALL $SHELL_PATH -c true </etc 2>&1)" \
		'^carrel: se ha rechazado este inicio de sesión \(código CALLER\)'
	ctl shell publish ana >/dev/null
	like "what is preferred is said at a terminal" "$(room_tty ana true)" 'does without: features.cgroup'
	is "and nowhere else" "$(room ana true)" ""
	like "but in the log" "$(log_since carrel-shell)" "uid=$(id -u ana) policy=alone: not held: features.cgroup"
	ctl shell publish bea
	usermod -s $SHELL_PATH bea
	is "who is published to have no room has their shell" "$(as bea 'readlink /proc/self/ns/pid')" "$(readlink /proc/self/ns/pid)"
	usermod -s /bin/bash bea
	local key
	for key in 'share = "user";' 'on_close = "keep"; share = "user";' 'linger = "1h"; share = "user";'; do
		alone_config "$key"
		isnt "cannot be published: $key" "$(status ctl shell publish ana)" 0
	done
	alone_config 'shell = { path = "/bin/dash"; };'
	check "a policy can name the real shell" ctl shell publish ana
	is "and that is run" "$(room ana 'echo $SHELL; cat /proc/$$/comm; ls -d /run/carrel 2>/dev/null')" "/bin/dash
dash"
	ALONE_ROOT='mode = "overlay"; over = "tmpfs";' alone_config
	like "cannot be published: a root that takes writes" "$(ctl shell publish ana 2>&1)" 'root.over: what root owns'
	ALONE_HOME='mode = "overlay"; upper = "persistent"; size = "64M";' alone_config
	like "cannot be published: a kept home that is to have a size" "$(ctl shell publish ana 2>&1)" 'home.quota: only root'
	ALONE_HOME='mode = "overlay"; upper = "persistent"; quota = "none"; at_end = "ask";' alone_config
	like "cannot be published: something to be done at its end" "$(ctl shell publish ana 2>&1)" 'home.at_end: there is no'
	alone_config
	check "and what can, is" ctl shell publish ana
}

# ---- doors -----------------------------------------------------------------------------------------------------------

check_doors() {
	local code user
	for user in ana cara; do
		for code in 0 1 42 126 255; do
			room $user "exit $code" >/dev/null
			is "$user: exit status $code" $? $code
		done
		is "$user: quoting" "$(room $user "printf '<%s>' 'a b' \"c'd\" '*' 'x;y' 'new
line'")" "<a b><c'd><*><x;y><new
line>"
		is "$user: in a room" "$(room $user 'hostname; ls /home; ps -e -o user= | sort -u')" "$user-room
$user
$user"
		is "$user: standard error is apart" "$(s $user@room 'echo out; echo err >&2' </dev/null 2>/dev/null)" out
		is "$user: a terminal" "$(room_tty $user 'tty; test -t 0 && echo yes' | grep -v 'does without')" "/dev/console
yes"
		head -c 3000000 /dev/urandom >$WORK/random
		is "$user: standard input and output are binary-clean" \
			"$(s $user@room cat <$WORK/random | sha256sum)" "$(sha256sum <$WORK/random)"
		is "$user: sftp" \
			"$(echo 'ls /home' | sftp -q -b - -F $STAGE/ssh/config $user@room 2>&1 | tail -n 1 | tr -d ' ')" "/home/$user"
		for code in "" -O; do
			check "$user: scp $code there" scp $code -q -F $STAGE/ssh/config $WORK/random $user@room:/home/$user/there
			scp $code -q -F $STAGE/ssh/config $user@room:/etc/hostname $WORK/back
			is "$user: scp $code back, from the room" "$(cat $WORK/back)" $user-room
		done
		check "$user: rsync" rsync -e "$SSH_CMD" $WORK/random $user@room:/home/$user/synced
		is "$user: programs open terminals of their own" "$(room $user 'script -qc tty /dev/null' | tr -d '\r')" /dev/pts/0
		is "$user: a login shell" \
			"$(echo 'shopt -q login_shell 2>/dev/null && echo login; echo $0' | s -T $user@room 2>/dev/null | tail -n 1)" \
			"$([ $user = ana ] && echo -bash || echo -sh)"
		is "$user: the environment names the real shell" "$(room $user 'echo $SHELL $HOME $USER')" \
			"$([ $user = ana ] && echo /bin/bash || echo /bin/sh) /home/$user $user"
	done
	s bob@room 'rm -rf repo; git init -q --bare repo' </dev/null
	git init -q $WORK/repo
	git -C $WORK/repo -c user.name=x -c user.email=x@x commit -q --allow-empty -m one
	check "git push" env GIT_SSH_COMMAND="$SSH_CMD" git -C $WORK/repo push -q bob@room:repo HEAD:main
	s -M -S $STAGE/ssh/mux -o ControlPersist=yes ana@room true </dev/null
	is "a second channel of a connection has a room" "$(s -S $STAGE/ssh/mux ana@room 'hostname; ls /home' </dev/null)" "ana-room
ana"
	s -S $STAGE/ssh/mux -O exit ana@room 2>/dev/null
	is "su -" "$(su - ana -c 'hostname; pwd; ls /home')" "ana-room
/home/ana
ana"
	is "su" "$(cd /etc && su ana -c 'hostname; pwd')" "ana-room
/etc"
	is "login" "$(script -qc 'login -f ana' /dev/null <<<'hostname; exit' | tr -d '\r' | grep -Ec '(^|l)ana-room$')" 1
	is "the host's network where the policy has it" "$(room bob 'ls /sys/class/net | grep -c outer')" 2
	is "and the real home" "$(room bob 'echo kept >kept'; cat /home/bob/kept)" kept
}

# keeps: shell/alone/life R1, shell/alone/init R3
check_signals() {
	local pid fd
	s ana@room 'kill -TERM $$' </dev/null >/dev/null 2>&1
	is "death by signal is told" $? 255
	$ANA $SHELL_PATH -c 'trap "echo got; exit 5" USR1; echo ready
		while :; do sleep 0.1; done' \
		</dev/null >$WORK/signalled 2>&1 &
	pid=$!
	poll 10 grep -q ready $WORK/signalled
	kill -USR1 $pid
	wait $pid
	is "a signal to it is the shell's" "$? $(tail -n 1 $WORK/signalled)" "5 got"
	$ANA $SHELL_PATH -c 'kill -KILL $$' >/dev/null 2>&1
	is "it ends by the signal that ended the shell" $? 137
	$ANA $SHELL_PATH -c 'setsid sleep 1111 & nohup sleep 1111 & sleep 1111' </dev/null >/dev/null 2>&1 &
	pid=$!
	poll 10 eval '[ "$(pgrep -u ana -x sleep -c)" -eq 3 ]'
	kill -KILL $pid
	check "its death is the room's" poll 10 user_gone ana
	room ana 'exec >/dev/null 2>&1 </dev/null
		setsid sleep 1111 & (trap "" TERM HUP; sleep 1111) &' >/dev/null
	check "what a login leaves behind ends with it" poll 10 user_gone ana
	rm -f /home/bob/graced
	as bob '(trap "sleep 0.3; echo graced >/home/bob/graced; exit" HUP TERM; echo >/home/bob/ready; while :; do sleep 0.05; done) \
		>/dev/null 2>&1 </dev/null & while ! [ -e /home/bob/ready ]; do sleep 0.05; done' >/dev/null
	is "which has its time before, and whoever waits for the login waits for that" "$(cat /home/bob/graced 2>&1)" graced
	rm -f /home/bob/ready
	hold hung ana@room
	kill -KILL "$HOLD_hung"
	check "a lost connection ends it" poll 10 user_gone ana
	hold_end hung
	mkfifo $WORK/tty
	$SSH_CMD -tt ana@room <$WORK/tty >$WORK/tty.out 2>&1 &
	pid=$!
	exec {fd}>$WORK/tty
	echo 'sleep 1000' >&$fd
	poll 10 pgrep -u ana -x sleep
	printf '\032' >&$fd
	check "Ctrl-Z stops a job" poll 10 grep -q 'Stopped  *sleep 1000' $WORK/tty.out
	echo 'kill %1; wait %1; echo af""ter' >&$fd
	poll 10 grep -q 'after' $WORK/tty.out
	echo 'cat' >&$fd
	poll 10 pgrep -u ana -x cat
	printf '\003' >&$fd
	poll 10 eval '! pgrep -u ana -x cat'
	echo 'echo interrupted $?' >&$fd
	check "Ctrl-C interrupts" poll 10 grep -q 'interrupted 130' $WORK/tty.out
	echo 'sleep 1111 & echo here' >&$fd
	poll 10 pgrep -u ana -x sleep
	kill -KILL $pid
	check "a terminal that hangs up ends it" poll 10 user_gone ana
	exec {fd}>&-
}

# keeps: shell/alone/alone R2
# What is the environment's and the caller's decides nothing.
check_hostile() {
	is "libraries of the environment are not loaded" \
		"$(LD_PRELOAD=/nonexistent.so LD_AUDIT=/nonexistent.so as ana 'echo in $(hostname)' | tail -n 1)" "in ana-room"
	is "nor is another policy chosen" \
		"$($ANA env -i HOME=/home/bob USER=bob LOGNAME=bob \
		CARREL_PUBLISHED_DIR=/tmp XDG_CONFIG_HOME=/tmp $SHELL_PATH -c 'hostname; pwd' </dev/null)" "ana-room
/"
	is "a directory on a descriptor does not come in" \
		"$(exec 7</etc 8</; as ana 'ls /proc/self/fd | xargs')" "0 1 2 3"
	is "a directory as standard input is refused" \
		"$($ANA $SHELL_PATH -c 'echo RAN' </etc 2>&1 | grep -c 'is a directory')" 1
	is "a closed one is filled" "$(as ana 'echo in' <&- | tail -n 1)" in
	like "under another group it is nobody's policy" \
		"$(setpriv --reuid ana --regid staff --clear-groups $SHELL_PATH -c 'echo RAN' </dev/null 2>&1)" \
		"^carrel-shell: uid $(id -u ana), gid $(getent group staff | cut -d: -f3): the published policy is for uid"
	is "what names things of the host's, or what is not there, is left outside" \
		"$($ANA env -i NOTIFY_SOCKET=/run/n DBUS_SESSION_BUS_ADDRESS=unix:path=/run/b MANAGERPID=1 INVOCATION_ID=1 LISTEN_FDS=1 \
		SSH_AUTH_SOCK=/run/agent TMPDIR=/run/none XAUTHORITY=/tmp/x KRB5CCNAME=/tmp/k XDG_RUNTIME_DIR=/tmp KEPT=1 \
		PATH=/usr/bin:/bin \
		$SHELL_PATH -c 'env' </dev/null | grep -vE '^(PWD|SHLVL|_|SHELL)=' | sort | xargs)" \
		"KEPT=1 PATH=/usr/bin:/bin XDG_RUNTIME_DIR=/tmp"
	like "and the terminal has the name that the room has for it" "$(room_tty ana 'echo tty=$SSH_TTY')" '^tty=/dev/(console|pts)'
	is "as another uid neither" \
		"$(setpriv --reuid gus --regid guests --clear-groups $SHELL_PATH -c 'echo RAN' </dev/null 2>&1 | grep -c RAN)" 0
	is "blocked and ignored signals do no harm" \
		"$($ANA env --block-signal --ignore-signal=CHLD,PIPE $SHELL_PATH -c 'echo in; exit 3' </dev/null; echo $?)" "in
3"
	is "nor do small limits: refused, or whole" \
		"$(for n in 3 4 6 10 16; do (ulimit -n $n; as ana 'hostname; ls /home' |
			grep -vxE 'ana-room|ana|(carrel-shell|sh|bash|ls|grep):? .*|.*(Too many open|descriptor).*'); done)" ""
	is "in its own room there is no second one" "$(as ana "$SHELL_PATH -c 'echo RAN'" | grep -c RAN)" 0
}

# ---- inside ----------------------------------------------------------------------------------------------------------

start_outside() {
	local dir
	for dir in /tmp /var/tmp /dev/shm; do
		echo outside >"$dir/outside"
		chmod 0644 "$dir/outside"
	done
	ipcmk -M 4096 -p 0666 >/dev/null
	socat UNIX-LISTEN:/run/outside,fork,mode=666 EXEC:true &
	socat UNIX-LISTEN:/srv/outside,fork,mode=666 EXEC:true &
	socat ABSTRACT-LISTEN:outside,fork EXEC:true &
	socat TCP-LISTEN:7001,bind=127.0.0.1,fork,reuseaddr EXEC:true &
	install -m 0640 -o root -g students /dev/null /srv/of-group
	echo group >/srv/of-group
	poll 5 test -S /run/outside -a -S /srv/outside
	poll 5 port_open 7001
}

# keeps: shell/alone/last R1 R2, shell/alone/spaces R1
check_inside() {
	hold other cara@room
	in_room_only "only own processes" 'ps -e -o user= | sort -u' ana
	in_room_only "few, with low numbers" 'echo $(($$ < 50 && $(ls -d /proc/[0-9]* | wc -l) < 12))' 1
	local ns
	for ns in mnt pid uts ipc net cgroup time user; do
		in_room_only "own $ns namespace" \
			"[ \$(readlink /proc/self/ns/$ns) = '$(readlink /proc/self/ns/$ns)' ] && echo host || echo own" own
	done
	in_room_only "uptime starts with the login" "awk '{ print (\$1 < 60) }' /proc/uptime" 1
	in_room_only "other homes are not listed" 'ls /home' ana
	in_room_only "nor looked up" "stat -c %U /home/bob 2>&1 | grep -o 'No such file'" 'No such file'
	local dir
	for dir in /tmp /var/tmp /dev/shm; do
		in_room_only "$dir is private" "cat $dir/outside 2>/dev/null; touch $dir/mine && echo writable" writable
	done
	in_room_only "$STAGE/drop cannot be written" "touch $STAGE/drop/x 2>&1 | grep -o 'Read-only'" Read-only
	shut "the system cannot be written" "touch /x /etc/x /usr/x /var/x /run/x /var/log/x /dev/x 2>&1 | grep -c 'Read-only\|denied'" 7
	shut "the home can" 'echo x >~/inside && cat ~/inside' x
	is "and nothing of it comes through" "$(ls /home/ana/inside 2>&1 | grep -c 'No such')" 1
	is "files of the user's own groups stay theirs" "$(room ana 'cat /srv/of-group')" group
	in_room_only "every writable mount is nosuid and nodev" "awk '\$6 ~ /(^|,)rw(,|\$)/ && !(\$6 ~ /nosuid/ && (\$6 ~ /nodev/ ||
		\$5 ~ \"^/dev(/(pts|console))?\$\")) { print \$5, \$6 }' /proc/self/mountinfo" ""
	in_room_only "no mount is writable but the room's own" "awk '\$6 ~ /(^|,)rw(,|\$)/ { print \$5 }' /proc/self/mountinfo |
		grep -vE '^/(tmp|var/tmp|home/ana|run/(user/[0-9]+|lock|screen)|proc|dev/(shm|pts|mqueue|console))\$' | tr '\n' ' '" ""
	shut "layers are not named" "grep -cE '(upper|lower|work)dir=/' /proc/self/mountinfo" 0
	in_room_only "/dev has the usual nodes only" \
		"ls /dev | grep -vxE 'console|fd|full|log|mqueue|null|ptmx|pts|random|shm|std(err|in|out)|tty|urandom|zero' | xargs" ""
	shut "they work" 'head -c 4 /dev/urandom | wc -c; echo x >/dev/null; head -c 3 /dev/zero | wc -c' $'4\n3'
	in_room_only "what is published is hidden, the own as well" "ls /etc/carrel 2>/dev/null | wc -l" 0
	install -d -m 0755 /etc/carrel/profiles
	: >/etc/carrel/profiles/tight.conf
	in_room_only "but for profiles" "find /etc/carrel | xargs; touch /etc/carrel/profiles/x 2>&1 | grep -o 'Read-only'" \
		$'/etc/carrel /etc/carrel/profiles /etc/carrel/profiles/tight.conf\nRead-only'
	rm -r /etc/carrel/profiles
	in_room_only "other users are not named" "getent passwd bob cara | wc -l" 0
	shut "the user is, with the real shell's" "getent passwd ana | cut -d: -f1,3" "ana:$(id -u ana)"
	shut "secrets stay shut" "cat /etc/shadow $STAGE/keys/host 2>/dev/null | wc -c" 0
	shut "/proc and /sys are masked" \
		"cat /proc/{kcore,keys,timer_list,slabinfo,iomem,kallsyms,interrupts} 2>/dev/null | head -c 9 | wc -c
		ls /sys/firmware /sys/module 2>/dev/null | grep -v :\$ | tr -d '\n'" 0
	shut "no capability in any set" "grep -cE 'Cap(Eff|Prm|Inh|Amb|Bnd):.0000000000000000' /proc/self/status" 5
	in_room_only "filter and no_new_privs" \
		"grep -E '^(Seccomp|NoNewPrivs):' /proc/self/status | tr -d ' \t' | xargs" "NoNewPrivs:1 Seccomp:2"
	in_room_only "descriptors 0 to 2 only, and programs with set-user-ID gain nothing" \
		"$PROBE fds | tr -d ' '; su -c id root </dev/null 2>&1 | grep -c 'uid=0'
		awk '\$5 == \"/\" { print (\$6 ~ /nosuid/) }' /proc/self/mountinfo" $'012\n0\n1'
	in_room_only "only the interface lo" "ls /sys/class/net | tr '\n' ' '" "lo "
	in_room_only "the host's loopback is out of reach" \
		"(exec 3<>/dev/tcp/127.0.0.1/7001) 2>/dev/null && echo reached || echo refused" refused
	in_room_only "sockets of the host" "$PROBE unix /srv/outside; $PROBE unix /run/outside" $'(EACCES|ECONNREFUSED)\nENOENT'
	in_room_only "abstract sockets" "$PROBE abstract outside" "ECONNREFUSED|EPERM"
	in_room_only "System V IPC" "ipcs -a | grep -c ^0x" 0
	hold_end other
}

PROBES='
unshare-user EPERM
clone-user EPERM
clone3-user ENOSYS
io-uring ENOSYS
perf EPERM|EACCES
userfaultfd EPERM
add-key ENOSYS|EPERM
keyctl ENOSYS|EPERM
request-key ENOSYS|EPERM
listmount ENOSYS|EPERM
statmount ENOSYS|EPERM
socket-vsock EAFNOSUPPORT
socket-others EAFNOSUPPORT
personality EPERM
i386-unshare EPERM|ENOSYS|SIGSYS
i386-io-uring ENOSYS|EPERM|SIGSYS
x32-unshare ENOSYS|EPERM|SIGSYS
unshare-mount EPERM
unshare-time EPERM
setns EPERM
mount EPERM
remount-root EPERM
umount EPERM
fsopen ENOSYS|EPERM
open-tree ENOSYS|EPERM
mount-setattr ENOSYS|EPERM
pivot-root EPERM
chroot EPERM
bpf EPERM
socket-packet EPERM|EAFNOSUPPORT
socket-raw EPERM
open-by-handle EPERM
sethostname EPERM
settime EPERM
mknod EPERM
ptrace-init EPERM|ESRCH|EACCES
vm-read-init EPERM|ESRCH|EACCES
pidfd-getfd-init EPERM|ESRCH|EACCES
kill-init EPERM|ESRCH|OK
fork OK
socketpair OK
socket-inet OK
'

inits_of() { # USER
	local p
	for p in $(pgrep -u "$1" -x carrel-shell); do
		! grep -qs '^NSpid:.*[[:space:]]1$' /proc/$p/status || echo "$p"
	done
}

# keeps: shell/alone/init R1
check_escapes() {
	local name want got all
	all=$(room ana "$PROBE all; $PROBE ptrace-init vm-read-init pidfd-getfd-init kill-init; echo alive")
	while read -r name want; do
		[ -n "$name" ] || continue
		got=$(awk -v n="$name" '$1 == n { print $2; exit }' <<<"$all")
		if [[ $got =~ ^($want)$ ]]; then ok "probe $name: $got"; else not_ok "probe $name" "got $got, wanted $want"; fi
	done <<<"$PROBES"
	like "the room lives on" "$all" '^alive$'
	is "terminal input cannot be forged" "$(room_tty ana "stty -echo; $PROBE tiocsti tiocsti-high tioclinux" | grep -c 'EPERM')" 3
	is "signals to init end nothing but the own room" \
		"$(room ana 'kill -9 1; kill -STOP 1; kill -TERM 1; kill -HUP 1; sleep 0.2; echo alive' 2>/dev/null | tail -n 1)" alive
	shut "init tells nothing" 'cat /proc/1/environ /proc/1/maps 2>/dev/null | wc -c; readlink /proc/1/exe /proc/1/root /proc/1/cwd' 0
	poll 10 user_gone ana
	hold one ana@room
	is "a second room of the user is another" \
		"$(hold_ask one 'echo mine >/tmp/pair; readlink /proc/self/ns/pid' | grep -c \
			"$(room ana 'readlink /proc/self/ns/pid; cat /tmp/pair 2>/dev/null')")" 0
	room ana 'kill -9 -1' >/dev/null 2>&1
	is "kill -1 reaches the own room alone" "$(hold_ask one 'echo alive')" alive
	is "nor can the outer process be seen" \
		"$(hold_ask one "ls -d /proc/[0-9]* | xargs -n 1 basename | sort -n | head -n 1; pgrep carrel | wc -l")" "2
0"
	# As the host sees init: what it is left with, and that nobody of its user's looks into it.
	poll 10 eval '[ "$(inits_of ana | wc -l)" -eq 1 ]' # the other room has ended
	for name in $(inits_of ana); do
		is "init has carrel's filter, cannot be looked into, and no capability but to signal its own" \
			"$(awk '/^(Seccomp|NoNewPrivs|Cap(Eff|Prm|Inh|Amb)):/ { sub(/^0+/, "", $2); print $1 $2 }' \
				/proc/$name/status | xargs)
$($ANA cat /proc/$name/environ 2>&1 | grep -o 'Permission denied')" "CapInh: CapPrm:20 CapEff:20 CapAmb: NoNewPrivs:1 Seccomp:2
Permission denied"
	done
	hold_end one
	is "a filter that lets namespaces be made keeps what is covered" "$(
		alone_config 'seccomp = { allow = [ "@namespaces", "@mount" ]; };'
		ctl shell publish ana >/dev/null 2>&1
		room ana "unshare -Urm sh -c 'umount /home; umount -l /root; mount -o remount,rw /; ls /home | grep -v ana
			touch /usr/x' 2>/dev/null; echo end"
		alone_config; ctl shell publish ana)" end
}

# keeps: shell/alone/prove R1
check_roots() {
	local image=/srv/image file
	mkdir -p $image/{usr,bin,lib,lib64,etc,proc,sys,dev,run,tmp,home,var/tmp,var/log}
	for file in bash cat ls touch; do
		cp -L "$(command -v $file)" $image/bin/
		ldd "$(command -v $file)" | grep -o '/[^ ]*' | while read -r file; do
			mkdir -p "$image$(dirname "$file")"
			cp -L "$file" "$image$file"
		done
	done
	echo image >$image/etc/which
	ALONE_ROOT="mode = \"image\"; path = \"$image\";" alone_config
	check "a directory can be the root" ctl shell publish ana
	is "and is" "$(room ana 'cat /etc/which; ls /home' 2>&1)" "image
ana"
	chown ana $image/etc
	like "whatever in it is whose" "$(room ana 'touch /etc/x' 2>&1)" 'Read-only'
	chown -R root $image
	ALONE_HOME='mode = "tmpfs"; size = "16M"; skeleton = "/etc/skel";' alone_config
	check "a home of its own" ctl shell publish ana
	is "with the skeleton in it, the user's" "$(room ana 'stat -c %U .profile; touch x && echo ok')" "ana
ok"
	ALONE_ROOT='writable_paths = [ "/srv/shared" ]; bind = ( { source = "/srv/shared"; target = "/srv/again"; optional = true; } );' \
		alone_config
	install -d -m 1777 /srv/shared
	check "paths that stay writable" ctl shell publish ana
	is "are, as far as the user may" \
		"$(room ana 'echo x >/srv/shared/x; (echo y >/srv/outside-not) 2>/dev/null'; cat /srv/shared/x)" x
	ln -s /etc /srv/of-bob
	chown -h bob /srv/of-bob
	ALONE_ROOT='hide = [ "/home", "/srv/of-bob/x" ];' alone_config
	ctl shell publish ana
	chown bob /srv
	unlike "a link of somebody else's on the way refuses" "$(room ana 'echo RAN')" RAN
	chown root /srv
	alone_config
	ctl shell publish ana
	is "the overlay home keeps removed things removed" \
		"$(room ana 'rm .profile && ls -A | grep -c profile; rm -rf ~/d; mkdir d && touch d/x && ls d')" "0
x"
}

# A root with /usr merged, as distributions have it, and what such images have or have not.
check_images() {
	local image=/srv/merged file link
	mkdir -p $image/usr/{bin,sbin,lib,lib64} $image/{proc,sys,dev,run,tmp,home,etc,var/tmp,var/log}
	for link in bin sbin lib lib64; do
		ln -s usr/$link $image/$link
	done
	for file in bash cat ls id grep; do
		cp -L "$(command -v $file)" $image/usr/bin/
		ldd "$(command -v $file)" | grep -o '/[^ ]*' | while read -r file; do
			mkdir -p "$image$(dirname "$file")"
			cp -L "$file" "$image$file"
		done
	done
	ln -s bash $image/usr/bin/sh
	printf 'root:x:0:0::/:/bin/sh\nbob:x:4711:4711::/:/bin/sh\n' >$image/etc/passwd
	echo image >$image/etc/which
	image_config() {
		ALONE_ROOT="mode = \"image\"; path = \"${1-$image}\";" alone_config
		ctl shell publish ana
	}
	check "an image with /usr merged can be the root" image_config
	is "and is, by its links" "$(room ana 'cat /etc/which; ls -d /bin/bash /lib64; ls /home' 2>&1)" "image
/bin/bash
/lib64
ana"
	is "who is who is the host's, and of others nothing" "$(room ana 'id -un; cat /etc/passwd | grep -c "^bob:"')" "ana
0"
	is "a terminal" "$(room_tty ana 'test -t 0 && echo yes' | tail -n 1)" yes
	is "nothing of it takes writes" "$(room ana ': >/etc/x || : >/usr/x' 2>&1 | grep -c 'Read-only')" 2
	is "of the host's root nothing is there" "$(room ana 'ls -d /srv /opt /boot 2>/dev/null')" ""
	for link in bin sbin lib lib64; do
		ln -sfn /usr/$link $image/$link
	done
	is "links from the top are the image's, not the host's" \
		"$(room ana 'cat /etc/which; [ -e /bin/perl ] || echo none' 2>&1)" "image
none"
	rm -r $image/etc
	is "without an /etc it has none" "$(room ana 'ls /etc 2>/dev/null; echo in')" in
	mkdir $image/etc
	rmdir $image/home
	ALONE_HOME='mode = "tmpfs"; size = "16M";' image_config
	like "without /home the place is missing, and nothing runs" \
		"$(room ana 'echo RAN' 2>&1)" "^carrel-shell: home /home/ana: .*no such place"
	mkdir $image/home
	mv $image/usr/bin/bash $image/usr/bin/other
	like "without the shell it is refused, and said" "$(room ana 'echo RAN' 2>&1)" "/bin/bash"
	is "as other shells say it" "$(room ana 'echo RAN' >/dev/null 2>&1; echo $?)" 127
	mv $image/usr/bin/other $image/usr/bin/bash
	ln -s /etc/shadow $image/etc/hosts
	like "a link where the room has something of its own is refused, and said" \
		"$(room ana 'echo RAN' 2>&1)" "^carrel.*/etc/hosts.*symbolic"
	rm $image/etc/hosts
	chown ana $image
	unlike "an image of the user's own is none" "$(room ana 'echo RAN' 2>&1)" '^RAN'
	chown root $image
	chmod g+w $image
	unlike "nor one that a group can write" "$(room ana 'echo RAN' 2>&1)" '^RAN'
	chmod g-w $image
	is "as it was it is one" "$(room ana 'echo RAN')" RAN
	# All that Debian has: this machine's own, without what is mounted on it.
	mkdir -p /srv/debian
	mount --bind / /srv/debian
	image_config /srv/debian
	is "a whole Debian" "$(room ana 'id -un; perl -e "print 6 * 7"; echo; ls /home; touch x && rm x && echo home')" "ana
42
ana
home"
	umount /srv/debian
	alone_config
	ctl shell publish ana
}

# keeps: shell/alone/kept R1 R2, ctl/shell/kept R1
check_kept() {
	local kept pid
	kept=$STAGE/store.alone/$(id -u ana).ana
	printf 'store = "%s";\n' $STAGE/store >$WORK/store
	keeping() {
		ALONE_HOME='mode = "overlay"; upper = "persistent"; quota = "none";' alone_config
		cat $WORK/store >>/etc/carrel/carrel.conf
	}
	keeping
	check "a home whose changes are kept can be published" ctl shell publish ana
	is "its directory is the user's alone, in one of root's" "$(stat -c '%a %U' "$kept" $STAGE/store.alone | xargs)" "700 ana 711 root"
	echo real >/home/ana/given
	chown ana /home/ana/given
	room ana 'echo one >made; rm given; mkdir -p d/e; rm -rf ~/d/e; echo deep >d/f; chmod 0750 .' >/dev/null
	is "what was changed is there at the next login" "$(room ana 'cat made d/f; ls; stat -c "%a %U" .')" "one
deep
d
made
750 ana"
	is "and not in the real home" "$(ls /home/ana)" given
	shut "the room shows it as the home alone" "ls -A $STAGE/store.alone | wc -l" 0
	hold first ana@room
	hold second ana@room
	hold_ask first 'echo from-first >both' >/dev/null
	is "a second room has the same home" "$(hold_ask second 'cat both; echo from-second >>both')" from-first
	is "in both directions" "$(hold_ask first 'cat both | xargs')" "from-first from-second"
	is "by one overlay: two of one upper would be two" \
		"$(hold_ask first 'stat -c %d ~') $(hold_ask second 'stat -c %d ~')" \
		"$(hold_ask second 'stat -c %d ~') $(hold_ask first 'stat -c %d ~')"
	is "but is another room" \
		"$(hold_ask first 'readlink /proc/self/ns/pid' | grep -c "$(hold_ask second 'readlink /proc/self/ns/pid')")" 0
	hold_end first
	is "which lives on when the first has ended" \
		"$(hold_ask second 'echo later >>both; cat both | xargs')" "from-first from-second later"
	is "and has it for a third" \
		"$(room ana 'cat both | xargs; echo third >>both'; hold_ask second 'tail -n 1 both')" "from-first from-second later
third"
	pid=$(pgrep -o -u ana -x carrel-shell)
	hold_end second
	poll 10 user_gone ana
	is "with nobody left it is as it was" "$(room ana 'tail -n 1 both')" third
	# Two at once: none has half a home.
	local n
	for n in 1 2 3 4 5 6; do
		room ana "echo $n >>race; sleep 0.2; cat race | wc -l" >$WORK/race.$n &
		racers+=" $!"
	done
	wait $racers
	is "many at once have one home" "$(room ana 'sort -n race | xargs')" "1 2 3 4 5 6"
	# Whose holder is not there, or somebody else by now, is not asked; and what cannot be had is said.
	hold long ana@room
	cp "$kept/use" $WORK/use
	echo "$pid 3 1 4 2" >>"$kept/use"
	is "who is no more is passed over" "$(room ana 'tail -n 1 both')" third
	printf 'x\n%s 0 1 1 1\n' $$ >"$kept/use"
	like "where nobody has it, the login is refused" "$(room ana 'echo RAN' 2>&1)" "another room of yours shows the home"
	unlike "and nothing runs" "$(room ana 'echo RAN' 2>&1)" '^RAN'
	cat >$WORK/other <<-'SH'
		mount -t tmpfs t /mnt && mkdir /mnt/u /mnt/w &&
			mount -t overlay o -o lowerdir=/home/ana,upperdir=/mnt/u,workdir=/mnt/w,userxattr /home/ana &&
			exec 5</proc/self/ns/user 6</proc/self/ns/mnt && echo "$$ 5 1 6 1" && exec sleep 1000
	SH
	$ANA unshare -Urm sh $WORK/other >$WORK/other.line &
	poll 10 test -s $WORK/other.line
	cat $WORK/other.line >"$kept/use"
	like "a process that has a number by now is asked for nothing" "$(room ana 'echo RAN' 2>&1)" "another room of yours shows the home"
	kill $!
	cp $WORK/use "$kept/use"
	hold_end long
	poll 10 user_gone ana
	chown bob "$kept"
	unlike "somebody else's directory is not taken" "$(room ana 'echo RAN' 2>&1)" '^RAN'
	like "nor given away" "$(ctl shell publish ana 2>&1)" "found a directory of uid $(id -u bob)"
	chown ana "$kept"
	chmod 0755 "$kept"
	like "nor one that is open to others" "$(room ana 'echo RAN' 2>&1)" "mode 0700"
	ctl shell publish ana >/dev/null
	is "publishing closes it" "$(stat -c %a "$kept")" 700
	chmod 0700 $STAGE/store.alone
	like "one that cannot be reached refuses" "$(room ana 'echo RAN' 2>&1)" "Permission denied"
	ctl shell publish ana >/dev/null
	is "publishing opens the way" "$(room ana 'tail -n 1 both')" third
	ctl shell withdraw ana
	check "withdrawing leaves it" test -f "$kept/up/both"
	alone_config
	ctl shell publish ana >/dev/null
}

# The host puts another file in the place of one that is covered in a room that lives.
check_replaced() {
	local file
	cp -a /etc/passwd $WORK/passwd
	echo secret >/etc/secret
	echo plain >/etc/plain
	replace() { # FILE TEXT more: by rename, as useradd does
		cp -a "$1" "$1+"
		echo "$2" >>"$1+"
		mv "$1+" "$1"
	}
	ALONE_ROOT='hide_users = true; hide_add = [ "/etc/secret" ];' alone_config
	ctl shell publish ana >/dev/null
	hold long ana@room
	is "what is hidden is" "$(hold_ask long 'cat /etc/secret 2>/dev/null; grep -c "^bob:" /etc/passwd; cat /etc/plain')" "0
plain"
	replace /etc/passwd "newcomer:x:4999:4999::/:/bin/sh"
	replace /etc/secret "second secret"
	is "the host has replaced them" "$(grep -c ^newcomer /etc/passwd) $(wc -l </etc/secret)" "1 2"
	is "what was hidden stays hidden" "$(hold_ask long 'cat /etc/secret 2>/dev/null; grep -cE "^(bob|newcomer):" /etc/passwd')" 0
	rm /etc/secret
	echo third >/etc/secret
	is "removed and made again as well" "$(hold_ask long 'cat /etc/secret 2>/dev/null; getent passwd newcomer bob | wc -l')" 0
	echo more >>/etc/plain
	is "of what is shown the host's is seen" "$(hold_ask long 'cat /etc/plain; test -w /etc/plain || echo shut')" "plain
more
shut"
	is "whose it is, the room knows as before" "$(hold_ask long 'stat -c "%u %a" /etc; stat -c %U /etc/plain')" "65534 755
nobody"
	hold_end long
	is "a second login sees what is there now" \
		"$(room ana 'cat /etc/plain | tail -n 1; cat /etc/secret 2>/dev/null; getent passwd newcomer | wc -l')" "more
0"
	# What the host has mounted in /etc would come along uncovered: there it stays the host's.
	mount --bind /etc/plain /etc/secret
	is "with something mounted in it on the host a login goes on, and hides" \
		"$(room ana 'cat /etc/secret 2>/dev/null; getent passwd bob ana | cut -d: -f1')" ana
	umount /etc/secret
	cp -a $WORK/passwd /etc/passwd
	rm -f /etc/secret /etc/plain
	alone_config
	ctl shell publish ana >/dev/null
}

check_limits() {
	alone_config 'limits = { tasks = 30; };'
	check "tasks alone can be held without a control group" ctl shell publish ana
	forks() { # HOW MANY AT MOST: how many of them could be
		echo "perl -e 'while (\$n < $1 && defined(\$p = fork)) { if (!\$p) { sleep 300; exit } \$n++ } print \"\$n\\n\"'"
	}
	is "by the kernel, for all of the room" "$(room ana "$(forks 60)" | awk '{ print ($1 > 10 && $1 <= 30) }')" 1
	hold many ana@room
	is "and two rooms have two limits" "$(hold_ask many "$(forks 25)"; room ana "$(forks 20)")" "25
20"
	hold_end many
	alone_config
	ctl shell publish ana
}

# The stage's way out: another network namespace, with servers.
pasta_network() {
	local log=$STAGE_LOG/serve.far
	ip netns add far
	ip link add up0 type veth peer name eth0 netns far
	ip addr add 192.0.2.1/24 dev up0
	ip link set up0 up
	ip -n far addr add 192.0.2.2/24 dev eth0
	ip -n far link set eth0 up
	ip -n far link set lo up
	ip netns exec far /usr/bin/python3 $STAGE/tests/lib/netserver.py far 80 >"$log" 2>&1 &
	/usr/bin/python3 $STAGE/tests/lib/netserver.py host 53 >"$log.53" 2>&1 &
	cat >"$WORK/local.py" <<-'P'
		import selectors, socket
		s = selectors.DefaultSelector()
		for kind in socket.SOCK_STREAM, socket.SOCK_DGRAM:
		    l = socket.socket(socket.AF_INET, kind)
		    l.bind(("127.0.0.1", 7071))
		    kind == socket.SOCK_DGRAM or l.listen(9)
		    s.register(l, selectors.EVENT_READ)
		print("ready", flush=True)
		while True:
		    for key, _ in s.select():
		        if key.fileobj.type == socket.SOCK_DGRAM:
		            print("udp", key.fileobj.recv(99).decode(), flush=True)
		        else:
		            key.fileobj.accept()[0].close()
		            print("tcp", flush=True)
	P
	/usr/bin/python3 "$WORK/local.py" >"$log.local" 2>&1 &
	poll 10 grep -q ready "$log.local" && poll 10 grep -q ready "$log" && poll 10 grep -q ready "$log.53" || die "no servers"
	mkdir -p /dev/net
	rm -f /dev/net/tun
	mknod -m 0600 /dev/net/tun c 10 200
	echo nameserver 127.0.0.1 >/etc/resolv.conf
}

# keeps: shell/alone/way R1 R2 R3
check_pasta() {
	local log=$STAGE_LOG/serve.far local_py far='exec 3<>/dev/tcp/192.0.2.2/80 && cat <&3' outer
	# By TCP and UDP, from a socket that is bound to the link: routes do not keep that one.
	local_py='import socket
for kind in 1, 2:
    s = socket.socket(socket.AF_INET, kind)
    s.settimeout(1)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"eth0")
    try:
        s.connect(("127.0.0.1", 7071))
        s.send(b"room")
        print("sent")
    except OSError as e:
        print(e.errno)'
	pasta_network
	(exec 3<>/dev/net/tun) 2>/dev/null || { skip "a network by pasta" "no tun in this kernel"; return; }
	alone_config 'network = { mode = "nat"; deny = [ "@private" ]; };'
	like "cannot be published: what nobody holds" "$(ctl shell publish ana 2>&1)" 'network.deny: nobody holds it without root'
	alone_config 'network = { mode = "nat"; };'
	like "publishing tells what it is not" "$(ctl shell publish ana 2>&1)" 'network.mode: the host is reached, but for its loopback'
	like "no access to tun: refused, and named" "$(room ana 'echo RAN')" 'network.mode: /dev/net/tun cannot be used'
	chmod 0666 /dev/net/tun
	like "no route out: refused, in pasta's words" "$(room ana 'echo RAN')" 'pasta gives no network: .*(routable|interface)'
	unlike "and nothing runs" "$(room ana 'echo RAN')" RAN
	ip route add default via 192.0.2.2
	is "the room reaches a server, as the host" "$(room ana "$far")" "far 192.0.2.1"
	is "its network is its own" "$(room ana 'ls /sys/class/net | xargs')" "eth0 lo"
	is "names are asked of the host's loopback, by another address" \
		"$(room ana 'cat /etc/resolv.conf; getent ahostsv4 far.example | head -n 1 | cut -d" " -f1')" "nameserver 198.18.0.1
203.0.113.9"
	like "the host's loopback is not there" "$(room ana 'exec 3<>/dev/tcp/127.0.0.1/7071' 2>&1)" 'refused'
	is "nor by the link" "$(room ana "/usr/bin/python3 -c '$local_py'")" "1
1"
	is "nobody has come to it" "$(grep -v ready "$log.local")" ""
	exec 3<>/dev/tcp/127.0.0.1/7071 && exec 3>&-
	check "while the host does" poll 5 grep -q tcp "$log.local"
	is "the room's own loopback works" \
		"$(room ana '/usr/bin/python3 -c "
import socket
s = socket.create_server((\"127.0.0.1\", 7003))
socket.create_connection((\"127.0.0.1\", 7003))
print(s.accept()[1][0])"')" 127.0.0.1
	hold many ana@room
	poll 10 eval '[ "$(pgrep -c -u ana -f "^/usr/bin/pasta")" -eq 1 ]' # those of the logins before have ended
	hold_ask many '/usr/bin/python3 -m http.server 7002 >/dev/null 2>&1 &
		until (exec 3<>/dev/tcp/127.0.0.1/7002) 2>/dev/null; do sleep 0.1; done' >/dev/null
	sleep 2 # pasta would look each second for what listens
	refute "nothing of the host's comes into the room" bash -c 'exec 3<>/dev/tcp/127.0.0.1/7002' 2>/dev/null
	is "pasta runs, outside" "$(pgrep -c -u ana -f "^/usr/bin/pasta")" 1
	is "and the room does not see it" "$(hold_ask many 'pgrep -c -f [p]asta')" 0
	hold_end many
	is "nothing is left of it after the login" "$(poll 10 user_gone ana; user_processes ana)" ""
	hold many ana@room
	kill -KILL "$(pgrep -u ana -f ^/usr/bin/pasta)"
	check "when it dies, the log says so" poll 10 grep -q 'pasta has ended, and the room has no way out' $STAGE_LOG/syslog
	is "and the room goes on without" "$(hold_ask many '(exec 3<>/dev/tcp/192.0.2.2/80) 2>/dev/null || echo shut')" shut
	hold_end many
	is "and ends as any" "$(poll 10 user_gone ana; user_processes ana)" ""
	hold many ana@room
	outer=$(ps -o ppid= -p "$(pgrep -u ana -f ^/usr/bin/pasta)")
	kill -KILL "${outer// /}"
	is "nor when the outer process is killed" "$(poll 10 user_gone ana; user_processes ana)" ""
	hold_end many
	mount --bind /dev/null /usr/bin/passt
	like "without pasta: publishing tells" "$(ctl shell publish ana 2>&1)" \
		'network.mode: "nat" is by /usr/bin/pasta, which is not there'
	like "check tells" "$(ctl check --no-rehearse 2>&1 | tr -s ' \n' ' ')" 'is by /usr/bin/pasta, which is not there'
	like "and the login is refused" "$(room ana 'echo RAN')" '/usr/bin/pasta, which is not there'
	umount /usr/bin/passt
	ip link del up0
	alone_config
	ctl shell publish ana
}

# What check says about the doors that lead past carrel-shell.
check_told() {
	local said
	alone_config
	ctl shell publish ana cara >/dev/null
	said=$(ctl check --no-rehearse --notes 2>&1 | tr -s ' \n' ' ')
	like "forwards" "$said" "forwards of user ana .* DisableForwarding yes|DisableForwarding yes .*forwards of user ana"
	like "su -s, cron and their kind" "$said" "su -s, sudo -u, cron, at"
	said=$(ctl --pam-dir /etc/pam.d check --no-rehearse --notes 2>&1 | tr -s ' \n' ' ')
	like "no PAM service needs carrel" "$said" "no service uses carrel: rooms are made by carrel-shell alone, for the [1-9][0-9]* users"
	unlike "so that is no warning" "$said" "nobody is isolated"
	if grep -qw memory "$(cgroup_root)/cgroup.controllers" 2>/dev/null; then
		skip_here "what is required and cannot be held" "this host has controllers for limits"
	else
		like "what is required and cannot be held" "$(ctl check --no-rehearse 2>&1 | tr -s ' \n' ' ')" \
			"policy hard: features.limits [^:]*: the login is refused"
	fi
	unlike "a shell that reads nothing is no fault" "$said" "user cara's shell"
	usermod -s /bin/bash cara
	like "a shell that reads files of the user's before ForceCommand" \
		"$(ctl check --no-rehearse 2>&1 | tr -s ' \n' ' ')" "user cara.s shell /bin/bash, which may read files"
	usermod -s $SHELL_PATH cara
	unlike "one who has carrel-shell for a shell, and is forced to it, is refused" "$(room cara 'echo RAN')" RAN
	like "which check tells" "$(ctl check --no-rehearse 2>&1 | tr -s ' \n' ' ')" "shell of user cara and is forced as well"
	usermod -s /bin/sh cara
	usermod -s /bin/bash ana
	like "logins that do not come to carrel-shell" \
		"$(ctl check --no-rehearse 2>&1 | tr -s ' \n' ' ')" "user ana, whose logins do not come to carrel-shell"
	usermod -s $SHELL_PATH ana
	sed -i 's|^Subsystem sftp .*|Subsystem sftp internal-sftp|' /etc/ssh/sshd_config
	like "internal-sftp" "$(ctl check --no-rehearse 2>&1 | tr -s ' \n' ' ')" "internal-sftp starts no shell.* ana may read"
	cp $STAGE/keys/sshd_config /etc/ssh/sshd_config
	chmod 0700 /etc/carrel
	like "a way that users cannot pass" "$(ctl check --no-rehearse 2>&1 | tr -s ' \n' ' ')" "users cannot pass this directory"
	chmod 0755 /etc/carrel
}

# ---- faults ----------------------------------------------------------------------------------------------------------

FAULT_EVERY=${FAULT_EVERY:-11}
FAULT_SEED=${FAULT_SEED:-$((RANDOM % FAULT_EVERY))}
FAULTS=(5 12 24 28 1 kill) # EIO ENOMEM EMFILE ENOSPC EPERM

write_portrait() {
	cat >"$STAGE/bin/portrait" <<-'P'
		for n in mnt pid uts ipc net cgroup time user; do echo "$n $(readlink /proc/self/ns/$n)"; done
		grep -E '^(Uid|Gid|Groups|Cap|NoNewPrivs|Seccomp)' /proc/self/status
		uname -n; ls / /home /run; cut -d' ' -f5,6 /proc/self/mountinfo | grep -v ^/srv/outside | sort
		echo whole
	P
}

portrait_plain() {
	sed -E "$(for n in mnt pid uts ipc net cgroup time user; do
		echo "s|^$n $(readlink /proc/self/ns/$n)\$|$n host|;"
	done) s/ [a-z_]+:\[[0-9]+\]\$/ own/"
}

shell_under() { # ROLE N FAULT
	timeout -k 2 20 "$STAGE/bin/inject" "$1" "$2" "$3" "$WORK/report" /usr/bin/$ANA \
		--reset-env $SHELL_PATH "$STAGE/bin/portrait" </dev/null 2>"$WORK/err" | portrait_plain >"$WORK/got"
}

# keeps: shell/alone/alone R1, shell/alone/init R2
# Each system call of carrel-shell and of the room's init fails once, or the process dies there: the room is whole, or
# nothing has run.
check_faults() {
	local role n calls fault=$FAULT_SEED whole=0 refused=0 shots=0
	write_portrait
	shell_under program 0 0
	cp "$WORK/got" "$WORK/want"
	cp "$WORK/report" "$WORK/counts"
	like "without a fault the room is whole" "$(tail -n 1 $WORK/want)" '^whole$'
	like "and has its own of all" "$(cat $WORK/want)" '^user own$'
	for role in program init other; do
		calls=$(sed -n "s/^count $role //p" "$WORK/counts")
		for ((n = 1 + FAULT_SEED % FAULT_EVERY; n <= calls; n += FAULT_EVERY)); do
			shell_under $role $n "${FAULTS[fault++ % 6]}"
			grep -q '^hit' "$WORK/report" || continue
			shots=$((shots + 1))
			if cmp -s "$WORK/got" "$WORK/want"; then
				whole=$((whole + 1))
			elif ! [ -s "$WORK/got" ] || head -c "$(stat -c %s "$WORK/got")" "$WORK/want" | cmp -s - "$WORK/got"; then
				refused=$((refused + 1)) # it was whole, and ended early
			else
				not_ok "call $n of $role, $(grep ^hit $WORK/report): whole or nothing" \
					"$(diff "$WORK/want" "$WORK/got" | head -n 10)"
			fi
			poll 10 user_gone ana || { not_ok "call $n of $role: nothing is left" \
				"$(user_processes ana)"; pkill -KILL -u ana; }
		done
	done
	is "each shot was one or the other ($shots shots from FAULT_SEED=$FAULT_SEED: $whole whole, $refused nothing)" \
		$((whole + refused)) $shots
	check "some went on, some were refused" [ $whole -gt 0 -a $refused -gt 0 ]
}

alone_start
start_outside
ctl shell publish ana bob cara dora bea >/dev/null 2>&1
needs "check_forged check_reused check_manager check_environment" check_published
run_cases "$@" -- check_published check_reused check_manager check_environment check_forged check_needs check_doors check_signals \
	check_hostile check_inside check_escapes check_roots check_images check_kept check_replaced check_limits \
	check_pasta check_told check_faults
tap_done
