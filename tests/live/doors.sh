#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Every door of SSH behaves in a room as it does without carrel: exec, terminals, file transfer, forwards.
. "$(dirname "$0")/../lib/stage.sh"
stage_enter "$@"
. "$(dirname "$0")/../lib/ctl.sh"
. "$STAGE/tests/lib/display.sh"

BULK=${CARREL_BULK:-1073741824} # 1 GB, less where the machine is emulated

WORK=$STAGE/work
SSH_CMD="ssh -F $STAGE/ssh/config"
PANE="tmux -S $STAGE/ssh/tmux"

# same NAME USER COMMAND: output and exit status are those of a bare login
same() {
	local want got
	want=$(bare "$2" "$3"; echo "rc $?")
	got=$(room "$2" "$3"; echo "rc $?")
	is "$1" "$got" "$want"
}

sum() {
	sha256sum | cut -d' ' -f1
}

check_exec() {
	local code
	for code in 0 1 2 42 126 127 128 200 255; do
		room ana "exit $code"
		is "exit status $code" $? $code
	done
	same "death by signal" ana 'kill -TERM $$'
	same "death by another signal" ana 'kill -SEGV $$'
	same "no such command" ana '/nonexistent'
	same "quoting" ana "printf '<%s>' 'a b' \"c'd\" \$HOME '*' 'x;y' \"\$(echo sub)\" 'back\\slash' 'new
line'"
	same "standard error is apart" ana 'echo out; echo err >&2; exit 3'
	is "standard error stays standard error" "$(s ana@room 'echo out; echo err >&2' </dev/null 2>/dev/null)" out
	is "environment passes by AcceptEnv" "$(PROBE_X='a b' s -o SendEnv=PROBE_X ana@room 'echo "$PROBE_X"' </dev/null)" "a b"
	same "working directory is home" ana 'pwd; echo ~'
	same "the user's ids" ana 'id'
	# XAUTHORITY is the room's own (pam_carrel(8)).
	same "login shell's environment" ana 'env | grep -vE "^(SSH_|_=|XDG_|LS_COLORS|XAUTHORITY=)" | sort'
	same "umask and limits" ana 'umask; ulimit -a | grep -v signals'
	is "nothing on standard input" "$(s -n ana@room cat)" ""
	head -c 5000000 /dev/urandom >$WORK/random
	is "standard input is binary-clean" "$(s ana@room 'sha256sum | cut -d" " -f1' <$WORK/random)" "$(sum <$WORK/random)"
	is "standard output is binary-clean" "$(s ana@room 'cat' <$WORK/random | sum)" "$(sum <$WORK/random)"
	is "closed output ends the writer" "$(s ana@room 'yes' </dev/null | head -n 1)" y
	is "$BULK bytes through standard input" \
		"$(head -c $BULK /dev/zero | SSH_LIMIT=$((3 * SSH_LIMIT)) s -c aes128-gcm@openssh.com ana@room 'wc -c')" $BULK
	is "$BULK bytes through standard output" \
		"$(SSH_LIMIT=$((3 * SSH_LIMIT)) s -c aes128-gcm@openssh.com ana@room "head -c $BULK /dev/zero" </dev/null | wc -c)" $BULK
	check "no-pty login shell" grep -q '^sum 5$' <(echo 'echo sum $((2 + 3))' | s -T ana@room)
}

# The terminal: tmux on the host is the person who types.
pane_start() {
	$PANE -f /dev/null new-session -d -x 80 -y 24 "$SSH_CMD $1"
}

pane_has() {
	$PANE capture-pane -p -S -200 | grep -Eq -- "$1"
}

type_keys() { # KEYS... : each sent, then Enter
	$PANE send-keys -l "$1"
	$PANE send-keys Enter
}

# saw NAME REGEX: the regex comes to the screen
saw() {
	if poll 15 pane_has "$2"; then
		ok "$1"
	else
		not_ok "$1" "wanted on the screen: $2" "$($PANE capture-pane -p -S -200 2>&1 | grep . | tail -n 12)"
	fi
}

check_terminal() {
	is "tty prints a path that exists" \
		"$(room_tty ana 'test -c "$(tty)" && test "$(readlink /proc/self/fd/0)" = "$(tty)" && echo there')" there
	like "and ends with its number" "$(room_tty ana tty)" '^/dev/pts/[0-9]+$'
	is "terminal belongs to the user and group tty" "$(room_tty ana 'stat -L -c "%U %G %a" /dev/fd/0')" \
		"$(bare_tty ana 'stat -L -c "%U %G %a" /dev/fd/0')"
	is "/dev/tty is the terminal" "$(room_tty ana 'echo through >/dev/tty')" through
	is "exit status with a terminal" "$(room_tty ana 'exit 7'; s -tt ana@room 'exit 7' </dev/null >/dev/null 2>&1; echo $?)" 7
	pane_start 'ana@room'
	saw "interactive shell has a prompt" 'ana@ana-room:~\$'
	type_keys 'PS1="READY> "; stty size'
	saw "window size" '^24 80$'
	$PANE resize-window -x 101 -y 31
	type_keys 'stty size'
	saw "window change arrives" '^31 101$'
	type_keys 'sleep 1000'
	poll 10 pgrep -u ana -x sleep >/dev/null
	$PANE send-keys C-z
	saw "Ctrl-Z stops a job" 'Stopped +sleep 1000'
	type_keys 'bg; jobs'
	saw "bg runs it on" 'Running +sleep 1000'
	type_keys 'kill %1'
	poll 10 none_sleeping
	type_keys ''
	saw "job control reports its end" 'Terminated +sleep 1000'
	type_keys 'cat'
	poll 10 pgrep -u ana -x cat >/dev/null
	$PANE send-keys C-c
	type_keys 'echo after $?'
	saw "Ctrl-C interrupts" 'after 130'
	type_keys 'script -qc "echo in script; tty" /dev/null; echo script done'
	saw "script(1) opens a second terminal" '^/dev/pts/[1-9]'
	saw "and ends" '^script done'
	type_keys 'tmux new-session -d -s inner "sleep 1000"; tmux ls; tmux kill-server; echo tmux-done'
	saw "tmux in the room" '^inner: 1 windows'
	type_keys 'nohup sleep 1111 >/dev/null 2>&1 & setsid sleep 1111 & echo started'
	saw "background jobs start" '^started$'
	check "and run" poll 5 eval '[ "$(pgrep -u ana -x sleep -c)" -eq 2 ]'
	type_keys 'exit'
	check "the login ends" poll 10 refute_pane
	check "its background jobs end with it" poll 5 user_gone ana
}

none_sleeping() {
	! pgrep -u ana -x sleep
}

refute_pane() {
	! $PANE has-session 2>/dev/null
}

check_files() {
	local door
	echo 'ana file' >/home/ana/f
	chown ana:students /home/ana/f
	for door in bob@room bob@sftponly; do
		rm -f /home/bob/{up,scp1,scp2} $WORK/down
		timeout $((30 * ${CARREL_PATIENCE:-1})) sftp -q -F $STAGE/ssh/config -b \
			<(printf 'put %s/random up\nget up %s/down\nrename up up2\nrm up2\n' $WORK $WORK) $door >$WORK/sftp.out 2>&1
		is "sftp put, get, rename, rm ($door)" "$? $(sum <$WORK/down)" "0 $(sum <$WORK/random)"
		check "scp up ($door)" timeout $((30 * ${CARREL_PATIENCE:-1})) scp -q -F $STAGE/ssh/config $WORK/random $door:scp1
		check "what went up is at home ($door)" cmp $WORK/random /home/bob/scp1
	done
	timeout $((30 * ${CARREL_PATIENCE:-1})) sftp -q -F $STAGE/ssh/config -b <(echo "ls -1 /home
		ls -1 /tmp") ana@sftponly >$WORK/sftp.out 2>&1
	is "[O] sftp inside sshd sees the room, too" "$(grep -v '^sftp>' $WORK/sftp.out | tr -d ' ' | paste -sd' ')" "/home/ana"
	timeout $((30 * ${CARREL_PATIENCE:-1})) sftp -q -F $STAGE/ssh/config -b <(echo "ls -1 /home
		ls -1 /tmp") ana@room >$WORK/sftp.out 2>&1
	is "[O] and so does sftp-server" "$(grep -v '^sftp>' $WORK/sftp.out | tr -d ' ' | paste -sd' ')" "/home/ana"
	check "scp down" timeout $((30 * ${CARREL_PATIENCE:-1})) scp -q -F $STAGE/ssh/config bob@room:scp1 $WORK/back
	check "same bytes" cmp $WORK/random $WORK/back
	check "scp -O up" timeout $((30 * ${CARREL_PATIENCE:-1})) scp -q -O -F $STAGE/ssh/config $WORK/random bob@room:scp2
	check "scp -O down" timeout $((30 * ${CARREL_PATIENCE:-1})) scp -q -O -F $STAGE/ssh/config bob@room:scp2 $WORK/back2
	check "same bytes with -O" cmp $WORK/random $WORK/back2
	check "scp from an overlay home" timeout $((30 * ${CARREL_PATIENCE:-1})) scp -q -F $STAGE/ssh/config ana@room:f $WORK/f
	cp -rL /etc/pam.d $WORK/tree
	check "rsync push" timeout $((30 * ${CARREL_PATIENCE:-1})) rsync -a -e "$SSH_CMD" $WORK/tree/ bob@room:tree/
	check "same tree" diff -r $WORK/tree /home/bob/tree
	check "rsync pull" timeout $((30 * ${CARREL_PATIENCE:-1})) rsync -a -e "$SSH_CMD" bob@room:tree/ $WORK/pulled/
	check "same tree back" diff -r $WORK/tree $WORK/pulled
	check "rsync into an overlay home" timeout $((30 * ${CARREL_PATIENCE:-1})) rsync -a -e "$SSH_CMD" $WORK/tree/ ana@room:tree/
	check "[O] which the real one does not see" test ! -e /home/ana/tree
}

check_git() {
	export GIT_SSH_COMMAND=$SSH_CMD GIT_CONFIG_NOSYSTEM=1 HOME=$WORK
	git config --global user.name t
	git config --global user.email t@example.org
	git config --global init.defaultBranch main
	room bob 'git init -q --bare r.git' >/dev/null
	check "git clone" timeout $((30 * ${CARREL_PATIENCE:-1})) git clone -q bob@room:r.git $WORK/clone
	echo hello >$WORK/clone/file
	git -C $WORK/clone add file
	git -C $WORK/clone commit -qm one
	check "git push" timeout $((30 * ${CARREL_PATIENCE:-1})) git -C $WORK/clone push -q origin HEAD:main
	check "git clone gets it back" timeout $((30 * ${CARREL_PATIENCE:-1})) git clone -q bob@room:r.git $WORK/clone2
	check "same file" cmp $WORK/clone/file $WORK/clone2/file
	unset HOME
}

# answer PORT: what a line-answering listener says
answer() {
	$SOCAT "TCP:127.0.0.1:$1" </dev/null 2>&1
}

check_forwards() {
	local got
	socat TCP-LISTEN:7001,bind=127.0.0.1,fork,reuseaddr SYSTEM:'echo host secret' &
	listeners+=($!)
	socat UNIX-LISTEN:/run/secret.sock,fork,mode=666 SYSTEM:'echo host secret' &
	listeners+=($!)
	poll 5 port_open 7001
	poll 5 test -S /run/secret.sock
	hold fw ana@room -L 7101:127.0.0.1:6001 -L 7102:127.0.0.1:7001 -L 7103:/tmp/in.sock -L 7104:/run/secret.sock \
		-R 6002:127.0.0.1:7001 -R /tmp/rev.sock:127.0.0.1:7001 -D 7105
	hold_ask fw 'socat TCP-LISTEN:6001,bind=127.0.0.1,fork,reuseaddr SYSTEM:"echo room answers" >/dev/null 2>&1 &
		socat UNIX-LISTEN:/tmp/in.sock,fork SYSTEM:"echo room socket" >/dev/null 2>&1 &
		for i in $(seq 400); do test -S /tmp/in.sock && (exec 3<>/dev/tcp/127.0.0.1/6001) && break; sleep 0.05; done' >/dev/null
	is "-L reaches a listener in the room" "$(answer 7101)" "room answers"
	is "[O] -L does not reach the host's loopback" "$(answer 7102 | grep -c secret)" 0
	is "-L to a unix socket in the room" "$(answer 7103)" "room socket"
	is "[O] -L does not reach a unix socket of the host" "$(answer 7104 | grep -c secret)" 0
	is "-R listens in the room" "$(hold_ask fw "$SOCAT TCP:127.0.0.1:6002 </dev/null")" "host secret"
	is "-R with a unix socket in the room" "$(hold_ask fw "$SOCAT UNIX:/tmp/rev.sock </dev/null")" "host secret"
	check "[O] whose listener is not on the host" refute_listener 6002
	check "[O] nor the socket" test ! -e /tmp/rev.sock
	is "-D reaches into the room" \
		"$($SOCAT SOCKS4:127.0.0.1:127.0.0.1:6001,socksport=7105 </dev/null)" "room answers"
	is "[O] and not out of it" \
		"$($SOCAT SOCKS4:127.0.0.1:127.0.0.1:7001,socksport=7105 </dev/null 2>&1 | grep -c secret)" 0
	hold_end fw
	hold shared dora@room
	hold_ask shared 'socat TCP-LISTEN:6001,bind=127.0.0.1,fork,reuseaddr SYSTEM:"echo shared answers" >/dev/null 2>&1 &
		for i in $(seq 400); do (exec 3<>/dev/tcp/127.0.0.1/6001) && break; sleep 0.05; done' >/dev/null 2>&1
	is "-W reaches the shared room" "$(s -W 127.0.0.1:6001 dora@room </dev/null 2>&1)" "shared answers"
	is "[O] -W does not reach the host" "$(s -W 127.0.0.1:7001 dora@room </dev/null 2>&1 | grep -c secret)" 0
	hold_end shared
	got=$(s -W 127.0.0.1:7001 bob@room </dev/null 2>&1)
	is "-W reaches the host where the policy shares its network" "$got" "host secret"
}

refute_listener() {
	! port_open "$1"
}

check_agent() {
	eval "$(ssh-agent -a $STAGE/ssh/agent)" >/dev/null
	ssh-add -q $STAGE/ssh/id
	is "agent forwarding" "$(s -A ana@room 'ssh-add -l' </dev/null)" "$(ssh-add -l)"
	refute "no agent without -A" s ana@room 'ssh-add -l' </dev/null
	like "[O] the agent's socket is in the room's /tmp only" \
		"$(s -A ana@room "echo \$SSH_AUTH_SOCK; sleep 1; ls -d \$(dirname \$SSH_AUTH_SOCK)" </dev/null; find /tmp -maxdepth 1 \
		-name 'ssh-*' -user ana)" '^/tmp/ssh-'
	kill "$SSH_AGENT_PID"
	unset SSH_AUTH_SOCK SSH_AGENT_PID
}

check_x11() {
	display_start
	is "X11 forwarding" "$(s -X ana@room bash <$DISPLAY_CLIENT 2>/dev/null)" "localhost XOK"
	is "two at once, each on its own display" \
		"$(s -X ana@room "sleep 1" </dev/null 2>/dev/null & s -X ana@room bash <$DISPLAY_CLIENT 2>/dev/null; wait $!)" \
		"localhost XOK"
	display_stop
}

check_master() {
	local control="-S $STAGE/ssh/master" i
	s -M $control -f -N ana@room </dev/null >/dev/null 2>&1
	check "ControlMaster connects" s $control -O check ana@room
	for i in 1 2 3; do
		s $control ana@room "echo $i >>/tmp/common; readlink /proc/self/ns/pid" </dev/null
	done >$WORK/master
	is "its sessions share one room" "$(sort -u $WORK/master | wc -l) $(wc -l <$WORK/master)" "1 3"
	is "and its /tmp" "$(s $control ana@room 'cat /tmp/common' </dev/null | paste -sd' ')" "1 2 3"
	is "a terminal among them" "$(s -tt $control ana@room 'tty' </dev/null | tr -d '\r')" "/dev/pts/0"
	is "sftp through it" \
		"$(timeout $((20 * ${CARREL_PATIENCE:-1})) sftp -q -F $STAGE/ssh/config -o ControlPath=$STAGE/ssh/master -b \
		<(echo 'ls -1 /tmp/common') ana@room | tail -n 1 | tr -d ' ')" "/tmp/common"
	s $control ana@room 'nohup sleep 2222 >/dev/null 2>&1 &' </dev/null
	check "a session's background job lives while the connection does" poll 5 pgrep -u ana -x sleep
	s $control -O exit ana@room 2>/dev/null
	check "all is gone with the connection" poll 5 user_gone ana
}

# What sshd itself reads below ~/.ssh and runs: in the user's process, which was born in the room.
check_own_files() {
	local where='readlink /proc/self/ns/pid'
	install -d -m 700 -o bob -g staff /home/bob/.ssh
	printf '%s >~/rc.ran\n' "$where" >/home/bob/.ssh/rc
	sed "s|^|command=\"$where >~/command.ran; cat rc.ran command.ran\" |" /etc/ssh/stage_keys >/home/bob/.ssh/authorized_keys
	chown -R bob:staff /home/bob/.ssh
	room bob true >$WORK/own-files
	is "~/.ssh/rc and a forced command run in one room" "$(sort $WORK/own-files | uniq -c | sed -E 's/^ *([0-9]+) pid:.*$/\1/')" 2
	like "which has a PID namespace" "$(cat $WORK/own-files)" '^pid:'
	refute "that is not the host's" grep -qF "$(eval "$where")" $WORK/own-files
	rm /home/bob/.ssh/authorized_keys
	mkfifo -m 600 /home/bob/.ssh/authorized_keys
	chown bob:staff /home/bob/.ssh/authorized_keys
	is "a FIFO for a file of keys is passed over" "$(room bob 'echo in')" in
	ctl kill bob >/dev/null
	rm -rf /home/bob/.ssh /home/bob/*.ran
}

host_start
listeners=()
mkdir $WORK
room ana true
settle
before=$(census)
run_cases "$@" -- check_exec check_own_files check_terminal check_files check_git check_forwards check_agent check_x11 \
	check_master
[ ${#listeners[@]} -eq 0 ] || kill "${listeners[@]}"
rm -f /run/secret.sock
same_census "nothing is left behind" "$before"
tap_done
