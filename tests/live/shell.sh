#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# carrel-shell in every door: as the shell that passwd has, and as sshd's ForceCommand; with a stage file, without one, and
# where there is no room at all. Next to ana, who comes by it, stands cara, who has bash and the same policy.
. "$(dirname "$0")/../lib/stage.sh"
stage_enter "$@"
. "$(dirname "$0")/../lib/ctl.sh"

SHELL_PATH=$STAGE/bin/carrel-shell
WORK=$STAGE/work
SSH_CMD="ssh -F $STAGE/ssh/config"
PATIENCE=$((30 * ${CARREL_PATIENCE:-1}))

# renice(1) needs setpriority(2): in the room it may, in the shell not.
configure() {
	host_config "" "shell = { path = \"/bin/bash\"; seccomp = { base = \"@login\"; deny = [ \"setpriority\" ]; }; };"
	chmod 0644 /etc/carrel/carrel.conf
}

# by HOW: ana comes by carrel-shell
by() { # passwd|forced|nothing
	usermod -s /bin/bash ana
	host_sshd_config >$STAGE/keys/sshd_config
	case $1 in
	passwd) usermod -s "$SHELL_PATH" ana ;;
	forced) printf 'Match User ana\n  ForceCommand %s\n' "$SHELL_PATH" >>$STAGE/keys/sshd_config ;;
	esac
	sshd_room_reload
}

# What a command without a room gets: never a shell.
refused() { # NAME USER@DOOR [COMMAND]
	local out
	out=$(s "${@:2}" </dev/null 2>&1)
	is "$1: status" $? 126
	like "$1: says so" "$out" '^carrel-shell: you are in no room, and no policy is published for you'
	unlike "$1: nothing has run" "$out" '^ran'
}

# keeps: shell/main R1
check_no_room() {
	by passwd
	usermod -s "$SHELL_PATH" bea
	log_mark
	refused "a command" ana@bare 'echo ran'
	refused "a login shell" ana@bare
	refused "a terminal" -tt ana@bare 'echo ran'
	like "the log has it" "$(log_since 'shell uid=')" "shell uid=$(id -u ana): refused"
	refute "sftp-server" sftp -q -F $STAGE/ssh/config -b <(echo ls) ana@bare
	is "su, where it opens no room" "$($SHELL_PATH -c true; setpriv --reuid ana --regid students --clear-groups "$SHELL_PATH" -c \
		'echo ran' 2>&1; echo $?)" \
		"carrel-shell: you are in no room, and no policy is published for you: no shell is started (RULE)
126"
	like "in the user's own language" \
		"$(LC_ALL=de_DE.UTF-8 setpriv --reuid ana --regid students --clear-groups "$SHELL_PATH" -c true 2>&1)" \
		'^carrel-shell: Sie sind in keinem Raum, und für Sie ist keine Richtlinie .*: Es wird keine Shell gestartet \(RULE\)$'
	is "break-glass gets in" "$(s bea@bare 'echo ran' </dev/null 2>/dev/null)" ran
	like "which the log has" "$(log_since 'no room')" "shell uid=$(id -u bea): no room: the group carrel-break-glass"
	is "root gets in" "$($SHELL_PATH -c 'echo ran' 2>/dev/null)" ran
	like "which the log has as well" "$(log_since 'no room: root')" 'shell uid=0'
	: >/etc/carrel/off
	is "while carrel is switched off" "$(s ana@bare 'echo ran' </dev/null 2>/dev/null)" ran
	chown ana /etc/carrel/off
	refused "by a switch that is not root's" ana@bare 'echo ran'
	rm /etc/carrel/off
	usermod -s /bin/bash bea
	by nothing
}

# What the user chooses does not bring them out: limits, signals, descriptors, words, the way that it is called.
check_hostile() {
	local how as="setpriv --reuid ana --regid students --clear-groups"
	for how in "ulimit -n 3;" "ulimit -n 4;" "ulimit -v 4000;" "ulimit -f 0;" "ulimit -u 1;" "exec 0<&-;" \
		"exec 0<&- 1>&- 2>&-;" "trap '' TERM HUP PIPE CHLD;" "cd /proc/self;" "umask 0777;" \
		"export SHELL=/bin/sh SSH_ORIGINAL_COMMAND='echo ran';" "export HOME= PATH= LD_PRELOAD=/x;" \
		"export CARREL_STAGE=/tmp/stage;"; do
		is "$how" "$($as bash -c "$how exec $SHELL_PATH -c 'echo ran'" 2>/dev/null)" ""
		is "$how forced" "$($as bash -c "$how exec $SHELL_PATH" 2>/dev/null </dev/null)" ""
	done
	is "a name of another shell's" "$($as bash -c "exec -a -bash $SHELL_PATH -c 'echo ran'" 2>/dev/null)" ""
	is "no name at all" "$($as bash -c "exec -a '' $SHELL_PATH -c 'echo ran'" 2>/dev/null)" ""
	chmod 1777 /run/carrel
	is "a stage file of the user's" "$($as bash -c "printf 'carrel-stage 1\nuser none\nno_new_privs no\n' >/run/carrel/stage
		exec $SHELL_PATH -c 'echo ran'" 2>&1)" \
		"carrel-shell: /run/carrel cannot be relied on: others than root can change it (ADOPT)"
	rm -f /run/carrel/stage
	chmod 0700 /run/carrel
}

# Both commands say the same, but for the names.
alike() { # NAME COMMAND
	local mine theirs
	mine=$(room ana "$2"; echo "rc $?")
	theirs=$(room cara "$2"; echo "rc $?")
	is "$1" "${mine//ana/cara}" "$theirs"
}

# A terminal's text without what is for the terminal.
plain() {
	tr -d '\r' | sed -E 's/\x1b\[[?0-9;]*[a-zA-Z]//g; s/\x1b\][^\x07]*\x07//g'
}

# A login shell with a terminal; what is typed.
typed() { # USER TEXT
	printf '%s\nexit 5\n' "$2" | s -tt "$1@room" 2>&1 | plain
}

see_commands() { # HOW
	local code
	for code in 0 1 42 126 127 255; do
		room ana "exit $code" >/dev/null
		is "$1: exit status $code" $? $code
	done
	alike "$1: death by signal" 'kill -TERM $$'
	alike "$1: no such command" '/nonexistent'
	alike "$1: quoting" "printf '<%s>' 'a b' \"c'd\" '*' 'x;y' \"\$(echo sub)\" 'back\\slash' '  ' 'new
line'"
	alike "$1: standard error is apart" 'echo out; echo err >&2; exit 3'
	alike "$1: working directory" 'pwd; echo ~'
	alike "$1: name, options and arguments of the shell" 'echo "$0 $- $#"; shopt -q login_shell; echo $?'
	alike "$1: environment" 'env | grep -vE "^(SSH_C|_=|XDG_|XAUTHORITY=)" | sed "s/10[0-9][0-9]/UID/" | sort'
	alike "$1: umask and limits" 'umask; ulimit -a | grep -v signals'
	alike "$1: signals" 'grep Sig /proc/self/status | grep -v SigQ'
	alike "$1: descriptors" 'ls /proc/self/fd | wc -l'
	is "$1: standard input is binary-clean" "$(s ana@room 'sha256sum | cut -d" " -f1' <$WORK/random)" \
		"$(sha256sum <$WORK/random | cut -d' ' -f1)"
	is "$1: a shell without a terminal" "$(echo 'echo "$0 $((2 + 3))"' | s -T ana@room 2>/dev/null | tail -n 1)" "-bash 5"
	is "$1: the ids" "$(room ana 'id -un; id -gn')" "$(printf 'ana\nstudents')"
}

see_terminal() { # HOW
	local out
	out=$(typed ana 'echo "name $0"; shopt login_shell; tty; read -a st </proc/$$/stat; echo "fg $((st[4] == st[7]))"
sleep 100 & kill %1; wait %1; echo "job $?"')
	is "$1: status of a login shell" "$(printf 'exit 5\n' | s -tt ana@room >/dev/null 2>&1; echo $?)" 5
	like "$1: a leading dash" "$out" '^name -bash'
	like "$1: a login shell" "$out" '^login_shell[[:space:]]+on'
	like "$1: a terminal" "$out" '^/dev/pts/'
	like "$1: it leads the terminal's foreground" "$out" '^fg 1'
	like "$1: job control" "$out" '^job 143'
	is "$1: exit status with a terminal" "$(s -tt ana@room 'exit 7' </dev/null >/dev/null 2>&1; echo $?)" 7
}

# The room's filter and the shell's: the second refuses what the first lets pass.
see_filter() { # HOW
	is "$1: two filters" "$(room ana 'awk "/^Seccomp_filters/ { print \$2 }" /proc/self/status')" 2
	is "$1: bash alone has one" "$(room cara 'awk "/^Seccomp_filters/ { print \$2 }" /proc/self/status')" 1
	refute "$1: what the shell's refuses" room ana 'renice -n 19 $$'
	check "$1: what the room's lets pass" room cara 'renice -n 19 $$'
	is "$1: with a terminal as well" "$(typed ana 'renice -n 19 $$ >/dev/null 2>&1; echo "rc $?"' | grep -c '^rc 1')" 1
}

see_files() { # HOW
	local door
	for door in ana@room ana@sftponly; do
		timeout $PATIENCE sftp -q -F $STAGE/ssh/config -b <(printf 'put %s/random /tmp/up\nget /tmp/up %s/down\n' $WORK $WORK) \
			$door >/dev/null 2>&1
		is "$1: sftp ($door)" "$? $(sha256sum <$WORK/down)" "0 $(sha256sum <$WORK/random)"
		rm -f $WORK/down
	done
	cp $WORK/random /home/ana/f
	chown ana /home/ana/f
	check "$1: scp" timeout $PATIENCE scp -q -F $STAGE/ssh/config ana@room:f $WORK/back
	check "$1: same bytes" cmp $WORK/random $WORK/back
	check "$1: scp -O up" timeout $PATIENCE scp -q -O -F $STAGE/ssh/config $WORK/random ana@room:/tmp/scp2
	check "$1: scp -O down" timeout $PATIENCE scp -q -O -F $STAGE/ssh/config ana@room:f $WORK/back2
	check "$1: same bytes with -O" cmp $WORK/random $WORK/back2
	cp -rL /etc/pam.d $WORK/tree 2>/dev/null
	check "$1: rsync" timeout $PATIENCE rsync -a -e "$SSH_CMD" $WORK/tree/ ana@room:tree/
	runuser -u ana -- git init -q --bare /home/ana/r.git
	check "$1: git" env GIT_SSH_COMMAND="$SSH_CMD" timeout $PATIENCE git clone -q ana@room:r.git $WORK/clone
	rm -rf $WORK/{back,back2,tree,clone} /home/ana/{f,r.git}
}

see_channels() { # HOW
	local control="-S $STAGE/ssh/master"
	hold fw ana@room -L 7101:127.0.0.1:6001
	hold_ask fw 'socat TCP-LISTEN:6001,bind=127.0.0.1,fork,reuseaddr SYSTEM:"echo room answers" >/dev/null 2>&1 &
		for i in $(seq 100); do (exec 3<>/dev/tcp/127.0.0.1/6001) && break; sleep 0.05; done' >/dev/null 2>&1
	is "$1: a forward" "$($SOCAT TCP:127.0.0.1:7101 </dev/null 2>&1)" "room answers"
	hold_end fw
	s -M $control -f -N ana@room </dev/null >/dev/null 2>&1
	is "$1: a second channel" "$(s $control ana@room 'echo one >/tmp/x' </dev/null; s $control ana@room 'cat /tmp/x; echo $0' \
		</dev/null | paste -sd' ')" "one bash"
	s $control -O exit ana@room 2>/dev/null
}

check_passwd() {
	by passwd
	see_commands passwd
	see_terminal passwd
	see_filter passwd
	see_files passwd
	see_channels passwd
}

check_forced() {
	by forced
	see_commands forced
	see_terminal forced
	see_filter forced
	see_files forced
	see_channels forced
	is "what was forced is not told" "$(room ana 'echo "${SSH_ORIGINAL_COMMAND-none}"')" none
	sed -i 's/^Subsystem sftp .*/Subsystem sftp internal-sftp -u 077/' $STAGE/keys/sshd_config
	sshd_room_reload
	see_files "forced, internal-sftp"
	hold one ana@room
	sftp -q -F $STAGE/ssh/config ana@room < <(echo 'put '$WORK/random' /tmp/mode'; echo 'ls -l /tmp/mode') >$WORK/out 2>&1
	like "internal-sftp's own options count" "$(cat $WORK/out)" '^-rw-------'
	hold_end one
}

# Doors that are not sshd's.
check_others() {
	by passwd
	is "su -" "$(su - ana -c 'echo $0; pwd; shopt -q login_shell; echo $?; cat /run/carrel-room >/dev/null && echo in' 2>&1 |
		paste -sd' ')" "-bash /home/ana 0 in"
	is "su" "$(cd /; su ana -c 'echo $0; pwd; exit 3' 2>&1 | paste -sd' '; su ana -c 'exit 3'; echo $?)" "$(printf 'bash /\n3')"
	refute "su has the shell's filter" su - ana -c 'renice -n 19 $$'
	like "login" "$(printf 'echo "name $0"\nexit\n' | timeout $PATIENCE script -qec 'login -f ana' /dev/null 2>&1 | plain)" \
		'^name -bash'
	is "a script that runs \$SHELL" "$(room ana '"$SHELL" -c "echo \$0"')" /bin/bash
	by nothing
}

# Jobs of cron go by what the table says, not by passwd: with SHELL they come by carrel-shell, without past it. What passwd has
# is carrel-shell, as for a user who comes by it elsewhere.
cron_table() { # NAME SHELL-LINE
	local seen='$(readlink /proc/self/ns/pid) $(sed -n "s/^Seccomp_filters:.//p" /proc/self/status)'
	cat >/etc/cron.d/carrel-$1 <<-END
	$2
	@reboot ana logger -t cron-$1 "$seen \$0 \$SHELL; \$-"
	END
	chmod 0644 /etc/cron.d/carrel-$1
}

cron_said() { # NAME
	sed -n "s/.*cron-$1: //p" $STAGE_LOG/syslog | tail -n 1
}

check_cron() {
	by passwd
	cron_table by "SHELL=$SHELL_PATH"
	cron_table past ""
	cron_start
	check "both jobs have run" poll 20 eval '[ -n "$(cron_said by)" ] && [ -n "$(cron_said past)" ]'
	like "by SHELL: in a room, behind both filters, by the user's shell" "$(cron_said by)" \
		'^pid:\[[0-9]+\] 2 (/bin/)?bash /bin/bash; [a-zA-Z]*c'
	like "without: in a room, and past carrel-shell" "$(cron_said past)" '^pid:\[[0-9]+\] 1 /bin/sh /bin/sh'
	unlike "neither is on the host" "$(cron_said by) $(cron_said past)" "$(readlink /proc/self/ns/pid | tr -dc '0-9')"
	kill $CRON
	rm -f /etc/cron.d/carrel-{by,past}
	by nothing
}

# Two logins of one user in one room: what the one gets of the other's processes. No filter sees files of /proc.
APART_TRIES='p=$(cat ~/other); (: </proc/$p/mem) 2>/dev/null && echo memory
	cat /proc/$p/environ 2>/dev/null | tr "\0" "\n" | grep -c ^HOME=
	ls /proc/$p/fd >/dev/null 2>&1 && echo descriptors; kill -0 $p 2>/dev/null && echo signals
	sleep 60 & (: </proc/$!/mem) && kill $! && echo own'

apart_config() { # SHELL FEATURES
	cat >/etc/carrel/carrel.conf <<-END
	data_dir = "$STAGE/data";
	rules = ( { policy = "apart"; } );
	policies = { apart = { inherit = "shared"; share = "user"; shell = { $1 }; features = { limits = "prefer"; ${2-} };
	  seccomp = { deny = [ "@debug" ]; }; }; };
	END
	chmod 0644 /etc/carrel/carrel.conf
}

check_apart() {
	by passwd
	apart_config 'path = "/bin/bash";'
	hold one ana@room
	hold_ask one 'sleep 3600 </dev/null >/dev/null 2>&1 & echo $! >~/other' >/dev/null
	is "without it one login has all of another's, whatever the filter says" "$(room ana "$APART_TRIES")" \
		$'memory\n1\ndescriptors\nsignals\nown'
	hold_end one
	settle
	apart_config 'path = "/bin/bash"; apart = true;' 'landlock = "require";'
	if ! room ana true >/dev/null; then
		like "a kernel without refuses, and says so" "$(room ana true)" 'has no Landlock domains'
		apart_config 'path = "/bin/bash"; apart = true;' 'landlock = "prefer";'
		check "with prefer it goes on" room ana true
		configure
		return
	fi
	hold one ana@room
	hold_ask one 'sleep 3600 </dev/null >/dev/null 2>&1 & echo $! >~/other' >/dev/null
	is "with it nothing but its own" "$(room ana "$APART_TRIES")" $'0\nown'
	is "whoever comes past carrel-shell is in no domain" \
		"$(by nothing >/dev/null; room ana "$APART_TRIES" | grep -c memory; by passwd >/dev/null)" 1
	is "files, mounts and the terminal are as they were" \
		"$(room_tty ana 'echo x >~/f && mv ~/f /tmp/g && cat /tmp/g && test -t 0 && echo tty' | tail -2)" $'x\ntty'
	hold_end one
	configure
	by nothing
}

# A user namespace as the helper makes one, made by the test in a room that stands: who comes after joins it.
NS_SEEN='id -u; id -g; id -G; grep CapEff /proc/self/status | cut -f2; readlink /proc/self/ns/user; pwd; id -un'

make_namespace() { # PID-OF-A-PROCESS-OF-THE-ROOM
	local uid gid holder
	uid=$(id -u dora) gid=$(id -g dora)
	setpriv --reuid dora --regid lab --clear-groups unshare --user sleep 1000 &
	holder=$!
	poll 10 eval '[ "$(readlink /proc/$holder/ns/user)" != "$(readlink /proc/self/ns/user)" ]'
	printf '0 500000 %d\n%d %d 1\n' "$uid" "$uid" "$uid" | dd bs=4096 of=/proc/$holder/uid_map status=none
	printf '0 500000 %d\n%d %d 1\n' "$gid" "$gid" "$gid" | dd bs=4096 of=/proc/$holder/gid_map status=none
	NS_NAME=$(readlink /proc/$holder/ns/user)
	nsenter -t "$1" -m -p bash -s <<-END 5</proc/$holder/ns/user
	: >/run/carrel/user
	mount --bind /proc/self/fd/5 /run/carrel/user
	rm /run/carrel/stage
	printf 'carrel-stage 1\nuser own\nns /run/carrel/user\nuid $uid\ngid $gid\nshell /bin/bash\nno_new_privs no\n' >/run/carrel/stage
	chmod 0444 /run/carrel/stage
	END
	kill $holder
}

check_namespace() {
	local init
	usermod -s "$SHELL_PATH" dora
	host_config 'contact = "Call 4321.";' "" 'on_close = "keep"; seccomp = { allow = [ "setns" ]; }; shell = { path = "/bin/bash"; };'
	poll 20 eval '[ -z "$(helper_pids init)" ]' # of the case before
	hold one dora@room
	init=$(helper_pids init)
	make_namespace "$init"
	is "a second login is in it" "$(room dora "$NS_SEEN" | paste -sd' ')" \
		"$(id -u dora) $(id -g dora) $(id -g dora) 0000000000000000 $NS_NAME /home/dora dora"
	is "with a terminal" "$(room_tty dora 'readlink /proc/self/ns/user')" "$NS_NAME"
	is "the login that was there is not" "$(hold_ask one 'readlink /proc/self/ns/user')" "$(readlink /proc/self/ns/user)"
	is "carrel-shell within passes on" "$(room dora "$SHELL_PATH -c 'readlink /proc/self/ns/user'")" "$NS_NAME"
	is "exit status" "$(room dora 'exit 9'; echo $?)" 9
	is "sftp works" "$(sftp -q -F $STAGE/ssh/config -b <(echo pwd) dora@room 2>&1 | tail -n 1)" \
		"Remote working directory: /home/dora"
	nsenter -t "$init" -m sh -c 'chmod u+w /run/carrel/stage; echo colour red >>/run/carrel/stage'
	is "a stage file that is not understood refuses" "$(room dora 'echo ran'; echo $?)" \
		"carrel-shell: /run/carrel/stage: an unknown line (ADOPT). Call 4321.
126"
	nsenter -t "$init" -m sh -c 'echo eu >/run/carrel/language'
	is "and in the room's language, with the cause behind it" "$(room dora 'echo ran'; echo $?)" \
		"carrel: saio-hasiera hau ukatu egin da (kodea: ADOPT). Call 4321.
carrel-shell: /run/carrel/stage: an unknown line
126"
	nsenter -t "$init" -m sh -c 'rm /run/carrel/language /run/carrel/stage'
	is "one that is gone as well" "$(room dora 'echo ran' | cut -c 1-36; echo ${PIPESTATUS[0]})" \
		"carrel-shell: you are in no room, an
126"
	hold_end one
	ctl kill dora >/dev/null
	usermod -s /bin/bash dora
	configure
}

# What check tells of policies that need carrel-shell. The stage's sshd has its own file; check reads the usual one.
check_told() {
	local found
	by nothing
	install -m 644 $STAGE/keys/sshd_config /etc/ssh/sshd_config
	found=$(ctl check --no-rehearse --notes 2>&1)
	like "users who do not come by it" "$found" 'policy student needs carrel-shell .* logins of user (ana|cara) do not come by'
	like "doors that it cannot cover" "$found" 'forwards, internal-sftp without ForceCommand, su -s'
	is "one finding a policy" "$(grep -c 'needs carrel-shell for what comes last' <<<"$found")" 1
	printf 'Match Group students\n  ForceCommand %s\n' "$SHELL_PATH" >>/etc/ssh/sshd_config
	unlike "by ForceCommand they do" "$(ctl check --no-rehearse 2>&1)" 'needs carrel-shell'
	is "a rehearsal goes by it" \
		"$(ctl rehearse ana --json | json '[(x["answer"], x["detail"]) for x in d if x["probe"] in ("shell", "last stage")]')" \
		"[('ok', '$SHELL_PATH'), ('ok', 'the filter of shell.seccomp')]"
	install -m 644 $STAGE/keys/sshd_config /etc/ssh/sshd_config
	usermod -s "$SHELL_PATH" ana
	usermod -s "$SHELL_PATH" cara
	unlike "by passwd they do" "$(ctl check --no-rehearse 2>&1)" 'needs carrel-shell'
	sed -i 's|path = "/bin/bash"; ||' /etc/carrel/carrel.conf
	like "without shell.path that is refused" "$(ctl check --no-rehearse 2>&1)" \
		'error .*policy student says no shell.path, and user (ana|cara) has carrel-shell'
	is "and it is" "$(room ana 'echo ran' | grep -c 'nothing says which shell is yours')" 1
	usermod -s /bin/bash ana
	usermod -s /bin/bash cara
	configure
}

# ana's shell has a profile, which lets no directories be made; by another name of its file than passwd has.
profile_config() { # SHELL-KEYS MORE-OF-THE-POLICY [PROFILES]
	local of_bash='{ program = "/usr/bin/bash"; profile = "tight"; }'
	cat >/etc/carrel/carrel.conf <<-END
	data_dir = "$STAGE/data";
	rules = ( { policy = "narrow"; } );
	policies = { narrow = { inherit = "shared"; features = { limits = "prefer"; }; shell = { $1 }; $2
	  seccomp = { profiles = (
	    ${3-$of_bash} ); }; }; };
	END
	chmod 0644 /etc/carrel/carrel.conf
}

PROFILE_TRIES='perl -e "print mkdir(\"/tmp/\$\$\") + 0, \" \", \$! + 0, \"\n\""
	awk "/^(NoNewPrivs|Seccomp_filters):/ { print \$2 }" /proc/self/status'

# keeps: shell/profile R1
check_profiles() {
	local file=/etc/carrel/profiles/tight.conf twice='seccomp = { base = "@login"; deny = [ "setpriority" ]; };' found
	by passwd
	install -d -m 0755 /etc/carrel/profiles
	cat >$file <<-END
		data_dir = "$STAGE/data";
		policies = { tight = { seccomp = { base = "@core"; allow = [ "@clone", "@ioctl", "prctl" ]; compat = false; }; }; };
	END
	profile_config 'path = "/bin/bash";' ''
	is "what the profile has not is refused" "$(room ana "$PROFILE_TRIES" | xargs)" '0 38 1 2'
	is "on a terminal, too" "$(room_tty ana "$PROFILE_TRIES" | tr -d '\r' | xargs)" '0 38 1 2'
	is "not to who comes past carrel-shell" "$(room cara "$PROFILE_TRIES" | xargs)" '1 0 1 1'
	profile_config 'path = "/bin/dash";' ''
	is "nor to another program" "$(room ana "$PROFILE_TRIES" | xargs)" '1 0 1 1'
	profile_config "path = \"/bin/bash\"; $twice" ''
	is "beside shell.seccomp, which is as it was" "$(room ana "$PROFILE_TRIES; renice -n 1 \$\$ >/dev/null 2>&1; echo \$?" | xargs)" \
		'0 38 1 3 1'
	profile_config 'path = "/bin/bash";' 'no_new_privs = false;'
	is "it brings no_new_privs along" "$(room ana "$PROFILE_TRIES" | xargs)" '0 38 1 2'
	is "to its own program" "$(room cara "$PROFILE_TRIES" | xargs)" '1 0 0 1'
	profile_config "" ''
	by forced
	is "the shell of passwd, behind ForceCommand" "$(room ana "$PROFILE_TRIES" | xargs)" '0 38 1 2'
	sed -i 's/^Subsystem sftp .*/Subsystem sftp internal-sftp/' $STAGE/keys/sshd_config
	sshd_room_reload
	profile_config "" '' '{ program = "/usr/lib/openssh/sftp-server"; profile = "tight"; }'
	is "sftp-server has its own" "$(sftp -q -F $STAGE/ssh/config -b <(echo pwd) ana@room 2>&1 | tail -n 1)" \
		"Remote working directory: /home/ana"
	refute "which makes no directories, either" sftp -q -F $STAGE/ssh/config -b <(echo 'mkdir /tmp/made') ana@room
	is "and the shell none" "$(room ana "$PROFILE_TRIES" | xargs)" '1 0 1 1'
	profile_config "" ''
	check "and the other way round" sftp -q -F $STAGE/ssh/config -b <(echo 'mkdir /tmp/made') ana@room
	by passwd
	profile_config "path = \"/bin/bash\"; ${twice/setpriority/seccomp}" ''
	is "a filter that lets none be loaded refuses" "$(room ana 'echo ran'; echo $?)" \
		"carrel-shell: cannot load the filter of the profile of /usr/bin/bash: Operation not permitted (FILTER)
126"
	like "which check says" "$(ctl check --no-rehearse 2>&1)" \
		'shell.seccomp.* leaves out seccomp, without which carrel-shell cannot load what seccomp.profiles says'
	profile_config 'path = "/bin/bash";' ''
	unlike "of a good one check says nothing" "$(ctl check --no-rehearse 2>&1)" 'seccomp.profiles (tight|leaves)'
	is "a rehearsal goes by it" "$(ctl rehearse ana --json | json '[x["answer"] for x in d if x["probe"] == "last stage"]')" "['ok']"
	like "explain shows it" "$(ctl explain ana 2>&1)" 'seccomp.profiles.*tight'
	sed -i 's/"@ioctl"/"iocttl"/' $file
	log_mark
	refute "a mistake in it refuses the login" room ana 'echo ran >/tmp/ran'
	like "and says which" "$(log_since 'room refused|refused')" "seccomp.profiles: tight: .*iocttl"
	like "check has it at the line of the policy" "$(ctl check --no-rehearse 2>&1)" \
		"carrel.conf +5 +policy narrow: seccomp.profiles tight: .*'iocttl'.*: the login is refused"
	echo nonsense >$file
	log_mark
	refute "one that cannot be read" room ana 'echo ran >/tmp/ran'
	like "is told with its line" "$(log_since refused)" "file=$file line=[0-9]+ .*seccomp.profiles: tight"
	like "by check, too" "$(ctl check --no-rehearse 2>&1)" "carrel.conf +5 +policy narrow: seccomp.profiles tight: $file:[0-9]+: "
	rm $file
	log_mark
	refute "one that is not there" room ana 'echo ran >/tmp/ran'
	like "is told by its name" "$(log_since refused)" "seccomp.profiles: tight: there is no profile tight in "
	found=$(ctl check --no-rehearse 2>&1)
	like "by check, too" "$found" 'carrel.conf +5 +policy narrow: seccomp.profiles tight: there is no profile tight'
	echo 'policies = { tight = { seccomp = { base = "@core"; deny = [ "execve" ]; }; }; };' >$file
	sed -i "1i data_dir = \"$STAGE/data\";" $file
	like "check tells of one that starts nothing" "$(ctl check --no-rehearse 2>&1)" 'tight: leaves out execve'
	rm -r /etc/carrel/profiles
	configure
	by nothing
}

forced() { # USER: what sshd says
	/usr/sbin/sshd -T -C "user=$1,host=x,addr=127.0.0.1,laddr=127.0.0.1,lport=22" | grep ^forcecommand
}

# carrelctl enable --shell, where carrel-shell is where make install has it.
# keeps: ctl/conf/enable_shell R1, R2
check_enable() {
	local before dropin=/etc/ssh/sshd_config.d/carrel-shell.conf bin=$STAGE/usrbin
	mkdir -p $bin/{up,work}
	mount -t overlay -o "lowerdir=/usr/bin,upperdir=$bin/up,workdir=$bin/work" overlay /usr/bin ||
		{ skip_here "enable --shell" "no overlay over /usr/bin"; return; }
	cp "$SHELL_PATH" /usr/bin/carrel-shell
	install -m 644 $STAGE/keys/sshd_config /etc/ssh/sshd_config
	rm -f $dropin
	before=$(cat /etc/ssh/sshd_config)
	is "a user's block" "$(ctl enable --shell ana >$WORK/out 2>&1; echo $?)" 0
	is "counts" "$(forced ana)" "forcecommand /usr/bin/carrel-shell"
	is "for nobody else" "$(forced cara)" "forcecommand none"
	is "again changes nothing" "$(cp /etc/ssh/sshd_config $WORK/was; ctl enable --shell ana >/dev/null; echo $?
		cmp $WORK/was /etc/ssh/sshd_config && echo same)" "$(printf '0\nsame')"
	is "a group's beside it" "$(ctl enable --shell students >/dev/null; echo $?
		forced cara)" "$(printf '0\nforcecommand /usr/bin/carrel-shell')"
	is "and out again" "$(ctl disable --shell students >/dev/null; ctl disable --shell ana >/dev/null; echo $?
		cat /etc/ssh/sshd_config)" "$(printf '0\n%s' "$before")"
	is "out of nowhere" "$(ctl disable --shell ana >/dev/null; echo $?)" 0
	is "nobody of that name" "$(ctl enable --shell nobody-here 2>/dev/null; echo $?)" 1
	is "a name that is none" "$(ctl enable --shell 'a b' 2>/dev/null; echo $?)" 2
	printf 'Match User ana\n  ForceCommand /bin/true\n' >>/etc/ssh/sshd_config
	cp /etc/ssh/sshd_config $WORK/was
	is "what another comes before" "$(ctl enable --shell ana 2>&1 | grep -c 'another ForceCommand comes first')" 1
	check "leaves the file as it was" cmp $WORK/was /etc/ssh/sshd_config
	echo 'Nonsense yes' >>/etc/ssh/sshd_config
	cp /etc/ssh/sshd_config $WORK/was
	is "what sshd does not take" "$(ctl enable --shell cara 2>&1 | grep -c 'mend that first')" 1
	check "is left alone" cmp $WORK/was /etc/ssh/sshd_config
	mkdir -p ${dropin%/*}
	{ echo "Include ${dropin%/*}/*.conf"; cat $STAGE/keys/sshd_config; } >/etc/ssh/sshd_config
	ctl enable --shell @students >/dev/null
	is "a drop-in where they are included" "$(grep -c '^Match Group students' $dropin)" 1
	is "which counts" "$(forced cara)" "forcecommand /usr/bin/carrel-shell"
	ctl disable --shell @students >/dev/null
	check "and goes with its last block" test ! -e $dropin
	umount -l /usr/bin
	rm -rf $bin
}

host_start
install -d "$STAGE/pam.test" $WORK
head -c 300000 /dev/urandom >$WORK/random
configure
room cara true
settle
before=$(census)
run_cases "$@" -- check_no_room check_hostile check_passwd check_forced check_others check_cron \
	check_apart check_profiles check_namespace check_told check_enable
same_census "nothing is left behind" "$before"
tap_done
