#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What works under the policies that carrel ships: each tool and each way in is tried for real by an SSH login under
# each, and the answers are compared with the table of docs/policies.md. A row whose bare login answers otherwise than
# the table's is one that this machine cannot show (a kernel setting, a missing device): it is skipped with that reason.
# CARREL_TABLE=1: print the table instead of comparing (make policies-table).
. "$(dirname "$0")/../lib/stage.sh"
stage_enter "$@"
. "$(dirname "$0")/../lib/ctl.sh"
. "$(dirname "$0")/../lib/mail.sh"
. "$(dirname "$0")/../lib/rootimage.sh"

POLICIES=(shared strict sftp-only dev hpc workshop admin)
MEASURED=" strict sftp-only workshop " # under a policy of their own, that inherits from them
STORE=/srv/store
DIR=$STAGE/matrix

# KEY|what it is; "-" before the key: there is no bare login to compare with
ROWS=(
	'|**Ways in**'
	'tty|`ssh HOST`, with a terminal and job control'
	'exec|`ssh HOST COMMAND`'
	'sftp|sftp by `sftp-server`'
	'isftp|sftp by `internal-sftp`'
	'scp|scp'
	'rsync|rsync'
	'git|`git clone` over ssh'
	'agent|agent forwarding (`ssh -A`)'
	'x11|X11 forwarding (`ssh -Y`)'
	'l_own|`ssh -L` to a server of one'\''s own in the room'
	'l_sock|`ssh -L` to a unix socket of one'\''s own'
	'd_own|`ssh -D` to a server of one'\''s own'
	'r_port|`ssh -R`: back to the client'
	'l_host|`ssh -L`, `-W`, `-J`: on to other servers, by way of the host'
	'editor|remote server of an editor (VS Code), unpacked at home, reached through the same connection'
	'-cron|jobs of cron, in a room of the same policy'
	'-cronmail|mail of what cron'\''s jobs print'
	'|**What stays**'
	'home_stays|files at home are there at the next login'
	'nohup|`nohup` job goes on after logout'
	'tmux_again|`tmux attach` at the next login'
	'editor_again|the editor'\''s server is found again at the next login'
	'second|two logins at a time see each other'\''s `/tmp`'
	'|**Work**'
	'home|writing at home'
	'run_home|running programs at home'
	'run_tmp|running programs in `/tmp`'
	'names|users, groups and hosts have names'
	'locale|locales and time zones'
	'syslog|messages to the host'\''s log (`logger`)'
	'tmux|tmux'
	'screen|GNU screen: sockets in `/run/screen`'
	'lock|lock files in `/run/lock` (`/var/lock`)'
	'strace|strace'
	'gdb|gdb: start a program'
	'gdb_attach|gdb: attach to a process of one'\''s own'
	'gdb_aslr|no address randomisation (`setarch -R`, gdb, GCL)'
	'perf|perf, of one'\''s own processes (`perf_event_open`)'
	'numa|NUMA placement (`set_mempolicy`)'
	'copy|ranks of MPI copy from each other'\''s memory (`process_vm_readv`)'
	'io_uring|io_uring'
	'ctypes|Python'\''s ctypes'
	'compat|32-bit programs'
	'sysv|shared memory (System V)'
	'server|server on 127.0.0.1, for one'\''s own clients'
	'out|server that other people reach (mosh, a web page)'
	'|**Power**'
	'sudo|sudo'
	'su|su to root'
	'passwd|passwd, also when it is forced at the login'
	'chage|`chage -l`'
	'quota|`quota`'
	'sendmail|sending mail (`sendmail`)'
	'mailbox|reading one'\''s own mail in `/var/mail`'
	'ping|ping'
	'crontab|crontab, at'
	'userns|user namespaces (`unshare -Ur`)'
	'bwrap|bwrap, flatpak, browsers'\'' sandboxes'
	'podman|podman rootless, as far as `newuidmap`'
	'fuse|FUSE (sshfs): `/dev/fuse`'
	'|**What is seen of the host**'
	'homes|other people'\''s homes, by name'
	'processes|other people'\''s processes'
	'hostdir|writing to a directory for everybody'
	'docker|`docker.sock`'
	'bus|system bus (D-Bus)'
	'abstract|abstract sockets of services'
	'loopback|services on the host'\''s 127.0.0.1'
	'interfaces|network interfaces of the host'
)

# ---- the host ----------------------------------------------------------------------------------------------------

matrix_config() {
	local p name
	{
		echo "data_dir = \"$STAGE/data\"; store = \"$STORE\"; rules = ("
		for p in "${POLICIES[@]}"; do
			name=$p
			[[ $MEASURED != *" $p "* ]] || name=measured-$p
			echo "  { user = \"u-$p\"; policy = \"$name\"; }$([ $p = admin ] || echo ,)"
		done
		# Not every host that tests can hold limits, and this is not about them: none is to be hit.
		echo '); policies = {'
		for p in strict sftp-only; do
			echo "  measured-$p = { inherit = \"$p\"; features = { limits = \"off\"; }; };"
		done
		echo '  measured-workshop = { inherit = "workshop"; root = { size = "512M"; }; };'
		echo '};'
	} >/etc/carrel/carrel.conf
}

matrix_user() { # USER FIRST: of subordinate ids
	useradd -M -N -g users -s /bin/bash -c '' "$1"
	install -d -m 0700 -o "$1" -g users "/home/$1"
	setpriv --reuid "$1" --regid users --clear-groups git -C "/home/$1" init -q --bare repo.git
	install -m 660 -o "$1" -g mail /dev/null "/var/mail/$1"
	echo 'From the host' >"/var/mail/$1"
	echo "$1:$2:65536" >>/etc/subuid
	echo "$1:$2:65536" >>/etc/subgid
}

matrix_host() {
	local p
	mkdir -p $DIR /run/dbus
	rootimage_loops
	install -d -m 1777 /run/lock /run/screen # as Debian's packages have them
	matrix_config
	for p in bare "${POLICIES[@]}"; do
		matrix_user "u-$p" $([ $p = workshop ] && echo 900000000 || echo 100000) # a room's range is nobody else's
	done
	usermod -s $STAGE/bin/carrel-shell u-workshop # who is root in a room comes by it
	echo '%users ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/matrix
	chmod 0440 /etc/sudoers.d/matrix
	for p in su sudo; do # as on a host without carrel: root has no room anyway
		pam_stack $p bare
		sed -i '1i auth sufficient pam_permit.so' /etc/pam.d/$p
	done
	for p in docker.sock dbus/system_bus_socket; do
		socat "UNIX-LISTEN:/run/$p,fork,mode=666" EXEC:true &
	done
	socat ABSTRACT-LISTEN:m-outside,fork EXEC:true &
	socat TCP-LISTEN:7001,bind=127.0.0.1,fork,reuseaddr EXEC:'echo host' &
	socat TCP-LISTEN:6077,bind=127.0.0.1,fork,reuseaddr SYSTEM:'head -c 12 >/dev/null; echo display; cat >/dev/null' &
	$STAGE/bin/sshd-bare -f $STAGE/keys/sshd_config -D -e -p 2203 -o ListenAddress=127.0.0.1 \
		$(sshd_service sshd-bare $STAGE/keys/host) -o ForceCommand=internal-sftp 2>>$STAGE_LOG/sshd-bare </dev/null &
	[ ! -e /dev/fuse ] || chmod 0666 /dev/fuse # as udev has it
	eval "$(ssh-agent -a $STAGE/ssh/agent)" >/dev/null
	ssh-add -q $STAGE/ssh/id
	tar -C $STAGE/bin -cf $DIR/carry.tar probe -C $STAGE/tests/lib matrix.sh
	base64 /usr/bin/socat >$DIR/editor.b64
	poll 10 port_open 7001 && poll 10 port_open 6077 && poll 10 port_open 2203
}

matrix_cron() {
	local p
	for p in "${POLICIES[@]}"; do
		echo "@reboot u-$p logger -t matrix-cron \"u-$p \$(readlink /proc/self/ns/pid)\"; echo matrix-mail u-$p"
	done >/etc/cron.d/carrel-matrix
	chmod 0644 /etc/cron.d/carrel-matrix
	cron_start
}

# ---- ways in, tried from outside: LOGIN is the user and host, N a number for ports ---------------------------------

way_exec() { [ "$(s "$LOGIN" 'echo $USER' </dev/null)" = "${LOGIN%@*}" ]; }
way_tty() {
	s -tt "$LOGIN" \
		"bash -ic 'tty; sleep 20 & kill -STOP %1; for i in {1..50}; do jobs; sleep 0.1; done | grep -m 1 Stopped; kill -9 %1'" \
		</dev/null | tr -d '\r' | grep -cE '^/dev/pts/|Stopped' | grep -qx 2
}
way_sftp() { echo 'ls repo.git' | timeout "$SSH_LIMIT" sftp -q -F $STAGE/ssh/config -b - "$LOGIN" | grep -q HEAD; }
way_isftp() {
	local port=$PORT_SFTP
	[ "${LOGIN#*@}" = room ] || port=2203
	echo 'ls repo.git' | timeout "$SSH_LIMIT" sftp -q -F $STAGE/ssh/config -P $port -b - "$LOGIN" | grep -q HEAD
}
way_scp() {
	timeout "$SSH_LIMIT" scp -q -F $STAGE/ssh/config $STAGE/bin/probe "$LOGIN:m.scp" &&
		timeout "$SSH_LIMIT" scp -q -F $STAGE/ssh/config "$LOGIN:repo.git/HEAD" "$OWN/scp" && [ -s "$OWN/scp" ]
}
way_rsync() { timeout "$SSH_LIMIT" rsync -a -e "ssh -F $STAGE/ssh/config" "$LOGIN:repo.git/" "$OWN/rsync" && [ -s "$OWN/rsync/HEAD" ]; }
way_git() { GIT_SSH_COMMAND="ssh -F $STAGE/ssh/config" timeout "$SSH_LIMIT" git clone -q "$LOGIN:repo.git" "$OWN/git"; }
way_agent() { SSH_AUTH_SOCK=$STAGE/ssh/agent s -A "$LOGIN" 'ssh-add -l' </dev/null; }
# Real traffic: the client puts its own cookie in the place of the one that it gave out.
way_x11() {
	DISPLAY=127.0.0.1:77 s -Y "$LOGIN" bash <<-'END' | grep -q display
	cookie=$(xauth list "$DISPLAY" | awk '{ print $3; exit }' | sed 's/../\\x&/g')
	exec 3<>"/dev/tcp/127.0.0.1/$((6000 + $(echo "${DISPLAY#*:}" | cut -d. -f1)))"
	printf "l\\0\\x0b\\0\\0\\0\\x12\\0\\x10\\0\\0\\0MIT-MAGIC-COOKIE-1\\0\\0$cookie" >&3
	timeout 120 head -n 1 <&3
	END
}
way_l_host() { [ "$(s -W 127.0.0.1:7001 "$LOGIN" </dev/null)" = host ]; }
way_r_port() {
	[ "$(s -R "127.0.0.1:$((4100 + N)):127.0.0.1:7001" "$LOGIN" \
		"timeout $((SSH_LIMIT / 6)) bash -c 'head -n 1 </dev/tcp/127.0.0.1/$((4100 + N))'" </dev/null)" = host ]
}
way_home_stays() { s "$LOGIN" 'echo x >stays' </dev/null && s "$LOGIN" 'cat stays' </dev/null; }
way_tmux_again() {
	s "$LOGIN" 'tmux -L again -f /dev/null new-session -d "exec sleep 1000"' </dev/null
	s "$LOGIN" 'tmux -L again list-sessions' </dev/null
}
way_nohup() {
	s "$LOGIN" 'setsid nohup sleep 4242 </dev/null >/dev/null 2>&1 &
		for i in {1..100}; do grep -qx sleep /proc/$!/comm && break; sleep 0.1; done' </dev/null
	refute_for 3 eval "! pgrep -u '${LOGIN%@*}' -f 'sleep 4242'"
}
way_second() {
	line_open second && line_say 'echo x >/tmp/m.$USER; echo READY' && s "$LOGIN" 'cat /tmp/m.$USER' </dev/null
	local rc=$?
	line_close
	return $rc
}

# A connection that stays: line_open NAME [OPTIONS...]; line_say TEXT until it prints READY; line_close
line_open() {
	LINE=$OWN/$1
	shift
	mkfifo "$LINE.in"
	ssh -F $STAGE/ssh/config "$@" "$LOGIN" bash <"$LINE.in" >"$LINE.out" 2>&1 &
	LINE_PID=$!
	exec 9>"$LINE.in"
}
line_say() { echo "$1" >&9 && poll 20 grep -q READY "$LINE.out"; }
line_close() {
	exec 9>&-
	poll 10 process_gone $LINE_PID || kill $LINE_PID
	wait $LINE_PID
	rm -f "$LINE.in"
}

refute_for() { # SECONDS COMMAND: it never succeeds all that time
	! poll "$@"
}

# has ADDRESS-OF-SOCAT TEXT: what listens there says that
has() { [ "$(timeout $((SSH_LIMIT / 6)) socat -u "$1" - 2>/dev/null)" = "$2" ]; }

note() { # KEY COMMAND...
	local key=$1
	shift
	if "$@" >/dev/null 2>&1 </dev/null; then echo "$key yes"; else echo "$key no"; fi
}

# For a login's bash: until somebody listens at its port, for ten seconds at most.
listens_at() { # PORT
	echo "for i in {1..100}; do (exec 3<>/dev/tcp/127.0.0.1/$1) 2>/dev/null && break; sleep 0.1; done"
}

# What a server of one's own answers, by each way; all on one connection.
tries_own() {
	local port=$((4000 + N))
	line_open own -o ExitOnForwardFailure=no -L "$((9000 + N)):127.0.0.1:$port" -L "$((9100 + N)):/tmp/m.sock.$N" -D "$((9200 + N))"
	line_say "socat TCP-LISTEN:$port,bind=127.0.0.1,fork,reuseaddr EXEC:'echo own' & \
socat UNIX-LISTEN:/tmp/m.sock.$N,fork EXEC:'echo own' & $(listens_at $port)
for i in {1..100}; do [ -S /tmp/m.sock.$N ] && break; sleep 0.1; done; echo READY"
	note l_own has "TCP:127.0.0.1:$((9000 + N))" own
	note l_sock has "TCP:127.0.0.1:$((9100 + N))" own
	note d_own has "SOCKS4:127.0.0.1:127.0.0.1:$port,socksport=$((9200 + N))" own
	note out has "TCP:127.0.0.1:$port" own
	line_say 'kill %1 %2; echo READY'
	line_close
}

# An editor's remote server: a script on standard input unpacks it at home and starts it; it listens on loopback.
tries_editor() {
	local port=$((4200 + N))
	line_open editor -o ExitOnForwardFailure=no -D "$((9300 + N))"
	{
		echo 'mkdir -p ~/.editor/bin && base64 -d >~/.editor/bin/server <<END && chmod +x ~/.editor/bin/server'
		cat $DIR/editor.b64
		echo END
		echo "setsid nohup ~/.editor/bin/server TCP-LISTEN:$port,bind=127.0.0.1,fork,reuseaddr EXEC:'echo editor' \
>~/.editor/log 2>&1 </dev/null &"
	} >&9
	line_say "$(listens_at $port); echo READY"
	note editor has "SOCKS4:127.0.0.1:127.0.0.1:$port,socksport=$((9300 + N))" editor
	line_close
	line_open again -o ExitOnForwardFailure=no -L "$((9400 + N)):127.0.0.1:$port"
	line_say 'echo READY'
	note editor_again has "TCP:127.0.0.1:$((9400 + N))" editor
	line_close
}

tries_inside() {
	timeout $((10 * SSH_LIMIT)) ssh -F $STAGE/ssh/config "$LOGIN" \
		'mkdir -p ~/.m && tar -x -C ~/.m && exec bash ~/.m/matrix.sh ~/.m '"$((SSH_LIMIT * 2 / 3))" <$DIR/carry.tar
}

# measure COLUMN HOST NUMBER: all of one column
measure() {
	local way
	LOGIN=u-$1@$2
	N=$3
	OWN=$DIR/$1
	mkdir -p "$OWN"
	{
		for way in $(compgen -A function way_); do
			note "${way#way_}" "$way"
		done
		tries_own
		tries_editor
		tries_inside
	} >"$DIR/answers.$1" 2>"$DIR/errors.$1"
}

# ---- the table -----------------------------------------------------------------------------------------------------

cron_answers() {
	local p
	for p in "${POLICIES[@]}"; do
		poll 20 grep -q "matrix-cron: u-$p pid:" $STAGE_LOG/syslog
		{
			note cron grep -q "matrix-cron: u-$p pid:" $STAGE_LOG/syslog
			note cronmail poll 20 mail_taken "^matrix-mail u-$p\$"
		} >"$DIR/cron.$p"
	done
}

answer() { # COLUMN KEY
	awk -v k="$2" '$1 == k { print $2; exit }' "$DIR/answers.$1"
}

table_row() { # KEY TEXT
	local p key=${1#-} row="| $2 |" unseen=" workshop:sendmail workshop:quota workshop:cronmail "
	if [ -z "$1" ]; then
		printf '| %s | |%s\n' "$2" "$(printf ' |%.0s' "${POLICIES[@]}")"
		return
	fi
	for p in bare "${POLICIES[@]}"; do
		if [[ ($1 = -* && $p = bare) || $unseen = *" $p:$key "* ]]; then row+=" |"; else row+=" $(answer $p "$key") |"; fi
	done
	echo "$row"
}

compare() {
	local row key text got want
	for row in "${ROWS[@]}"; do
		key=${row%%|*}
		text=${row#*|}
		got=$(table_row "$key" "$text")
		want=$(grep -F "| $text |" $STAGE/data/policies.md)
		if [ -n "$want" ] && [ -n "$key" ] && [ "$(cut -d'|' -f3 <<<"$got")" != "$(cut -d'|' -f3 <<<"$want")" ]; then
			skip_here "$key" "a bare login of this machine answers$(cut -d'|' -f3 <<<"$got")"
		else
			is "as docs/policies.md says: ${text}" "$got" "$want"
		fi
	done
	is "and there is no row that nobody measures" \
		"$(sed -n '/measured: begin/,/measured: end/p' $STAGE/data/policies.md | grep -c '^|')" \
		$((${#ROWS[@]} + 2))
}

write_table() {
	local row
	printf '| | no carrel |%s\n|---|---|%s\n' "$(printf ' %s |' "${POLICIES[@]}")" "$(printf -- '---|%.0s' "${POLICIES[@]}")"
	for row in "${ROWS[@]}"; do
		table_row "${row%%|*}" "${row#*|}"
	done
}

check_table() {
	local jobs running=1 p
	# Before the mailer is there: it lies on an overlay, which is not in the own root of a room.
	measure workshop room 20
	mail_start
	matrix_cron # not before: a room that it made would stay, without the mailer
	measure bare bare 0 &
	jobs=($!)
	for p in "${POLICIES[@]}"; do
		[ $p != workshop ] || continue
		measure $p room $running &
		jobs+=($!)
		running=$((running + 1))
	done
	cron_answers & # one mail does not come
	wait "${jobs[@]}" $!
	for p in "${POLICIES[@]}"; do cat "$DIR/cron.$p" >>"$DIR/answers.$p"; done
	if [ -n "${CARREL_TABLE-}" ]; then
		write_table | sed 's/^/table: /'
	else
		compare
	fi
}

check_cron() {
	local p in
	for p in "${POLICIES[@]}"; do
		in=$(sed -n "s/.*matrix-cron: u-$p //p" $STAGE_LOG/syslog | tail -n 1)
		if [ $p = admin ]; then
			is "$p: cron's jobs are on the host" "$in" "$(readlink /proc/self/ns/pid)"
		else
			isnt "$p: cron's jobs are in a room" "$in" "$(readlink /proc/self/ns/pid)"
		fi
	done
}

if [ "${CARREL_GUEST:-0}" = 1 ]; then
	skip_here "the table of docs/policies.md" "400 logins and tools take too long on an emulated processor"
	tap_done
	exit
fi
host_start
check "the host is ready" matrix_host
needs check_cron check_table
run_cases "$@" -- check_table check_cron
[ "${CARREL_DEBUG:-0}" = 0 ] || tail -n 50 $DIR/errors.* $DIR/answers.*
tap_done
