#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# SSH clients that are not OpenSSH's, and tools that bring a connection of their own, without carrel and under shipped
# policies: each tries its parts for real, and the answers are compared with the table of docs/testing.md.
# Named only (make check-clients): it needs packages that nothing else needs, and minutes.
# CARREL_TABLE=1: print the table instead of comparing (make clients-table).
. "$(dirname "$0")/../lib/stage.sh"
stage_enter "$@"
. "$STAGE/tests/lib/ctl.sh"

COLUMNS_=(${CLIENTS_COLUMNS-bare shared dev strict})
DIR=${CLIENTS_KEEP:-$STAGE/clients}
KEYS=$STAGE/ssh

# KEY|what it is|why a room answers otherwise than a bare login, "" = it never does
ROWS=(
	'p_exec|paramiko: command, both outputs, exit status|'
	'p_bulk|paramiko: 5 MB in, and out by both outputs|'
	'p_shell|paramiko: terminal, resized, exit status|'
	'p_sftp|paramiko: sftp|'
	'p_direct|paramiko: to a port of one'\''s own|'
	'p_reverse|paramiko: port back to the client|'
	'p_agent|paramiko: agent forwarding|'
	'p_many|paramiko: nine channels at once|'
	'p_rekey|paramiko: new keys, keepalive|'
	'a_exec|asyncssh: command, both outputs, exit status|'
	'a_signal|asyncssh: signal, and death by it|'
	'a_shell|asyncssh: terminal, resized, exit status|'
	'a_sftp|asyncssh: sftp|'
	'a_scp|asyncssh: scp both ways|'
	'a_local|asyncssh: local forward|'
	'a_socks|asyncssh: SOCKS|'
	'a_remote|asyncssh: port back to the client|'
	'a_unix|asyncssh: to a unix socket|'
	'a_many|asyncssh: nine sessions at once|'
	'dbclient|dropbear'\''s dbclient: command, exit status, 5 MB|'
	'dbclient_tty|dbclient: terminal|'
	'dbclient_l|dbclient: `-L` to a server of one'\''s own|'
	'plink|PuTTY'\''s plink: command, exit status, 5 MB|'
	'plink_tty|plink: terminal|'
	'pscp|pscp, by sftp and by scp|'
	'psftp|psftp: put, mv, get|'
	'curl_sftp|curl, which is libssh2: sftp up and down|overlay home: the second connection does not find what the first brought'
	'curl_scp|curl: scp down|'
	'lftp|lftp: mirror up and down again|overlay'
	'sshfs|sshfs from outside: write, read, rename, list|'
	'rsync|rsync: push, and nothing to do the second time|overlay'
	'git|git: push, and clone again|overlay'
	'borg|borg: init, create, list, extract|overlay'
	'ansible|ansible, OpenSSH: command, copy, gathered facts|'
	'ansible_pipe|ansible with pipelining|'
	'ansible_paramiko|ansible by paramiko|'
	'mosh|mosh|the server'\''s UDP port is in the room'\''s own network'
)

clients_config() {
	local p
	{
		echo "data_dir = \"$STAGE/data\"; rules = ("
		for p in shared dev strict; do
			echo "  { user = \"u-$p\"; policy = \"measured-$p\"; }$([ $p = strict ] || echo ,)"
		done
		echo '); policies = {'
		for p in shared dev strict; do
			echo "  measured-$p = { inherit = \"$p\"; features = { limits = \"off\"; }; };"
		done
		echo '};'
	} >/etc/carrel/carrel.conf
}

clients_host() {
	local p
	mkdir -p $DIR
	clients_config
	for p in "${COLUMNS_[@]}"; do
		useradd -M -N -g users -s /bin/bash -c '' "u-$p"
		install -d -m 0700 -o "u-$p" -g users "/home/u-$p"
		setpriv --reuid "u-$p" --regid users --clear-groups git -c init.defaultBranch=main -C "/home/u-$p" init -q --bare repo.git
		echo "what is there" >"/home/u-$p/there"
	done
	install -d -m 1777 /run/lock /run/screen
	[ ! -e /dev/fuse ] || chmod 0666 /dev/fuse
	eval "$(ssh-agent -a $KEYS/agent)" >/dev/null
	ssh-add -q $KEYS/id
	cp $KEYS/id $KEYS/id.pem
	dropbearconvert openssh dropbear $KEYS/id $KEYS/id.dropbear
	puttygen $KEYS/id -O private -o $KEYS/id.ppk --new-passphrase /dev/null
	FINGERPRINT=$(ssh-keygen -l -f $STAGE/keys/host.pub | awk '{ print $2 }')
	HOSTMD5=$(awk '{ print $2 }' $STAGE/keys/host.pub | base64 -d | md5sum | cut -d' ' -f1)
	head -c 5000000 /dev/urandom >$DIR/bulk
	SUM=$(sha256sum <$DIR/bulk)
	cp -rL /etc/pam.d $DIR/tree
}

t() { timeout --foreground "$SSH_LIMIT" "$@"; }

# ---- each tries itself: USER, PORT, N (a number for ports), OWN (a directory) ----------------------------------------

lines_of_python() { # LIBRARY
	SSH_AUTH_SOCK=$KEYS/agent timeout $((10 * SSH_LIMIT)) /usr/bin/python3 $STAGE/tests/lib/clients.py "$1" 127.0.0.1 "$PORT" "$USER_" \
		$KEYS/id "$N"
}

db() { t dbclient -y -y -T -i $KEYS/id.dropbear -p "$PORT" "$@"; }
try_dbclient() {
	db "$USER_@127.0.0.1" 'exit 7' </dev/null
	[ $? -eq 7 ] && [ "$(db "$USER_@127.0.0.1" sha256sum <$DIR/bulk)" = "$SUM" ]
}
try_dbclient_tty() {
	[[ "$(script -qec "timeout $SSH_LIMIT dbclient -y -y -t -i $KEYS/id.dropbear -p $PORT $USER_@127.0.0.1 tty" /dev/null </dev/null)" \
		== */dev/pts/* ]]
}
try_dbclient_l() {
	t dbclient -y -y -i $KEYS/id.dropbear -p "$PORT" -L "$((5500 + N)):127.0.0.1:$((5600 + N))" "$USER_@127.0.0.1" \
		"timeout $SSH_LIMIT socat TCP-LISTEN:$((5600 + N)),bind=127.0.0.1,reuseaddr EXEC:'echo own'" </dev/null &
	poll 20 eval '[ "$(timeout 9 socat -u TCP:127.0.0.1:$((5500 + N)) - 2>/dev/null)" = own ]'
}
pl() { t plink -batch -ssh -no-antispoof -hostkey "$FINGERPRINT" -i $KEYS/id.ppk -P "$PORT" "$@"; }
try_plink() {
	pl "$USER_@127.0.0.1" 'exit 7' </dev/null
	[ $? -eq 7 ] && [ "$(pl "$USER_@127.0.0.1" sha256sum <$DIR/bulk)" = "$SUM" ]
}
try_plink_tty() { [[ "$(pl -t "$USER_@127.0.0.1" tty </dev/null)" == */dev/pts/* ]]; }
try_pscp() {
	local how
	for how in -sftp -scp; do
		t pscp -batch -q $how -hostkey "$FINGERPRINT" -i $KEYS/id.ppk -P "$PORT" $DIR/bulk "$USER_@127.0.0.1:pscp.up" &&
			t pscp -batch -q $how -hostkey "$FINGERPRINT" -i $KEYS/id.ppk -P "$PORT" "$USER_@127.0.0.1:there" "$OWN/pscp" &&
			cmp "$OWN/pscp" "/home/$USER_/there" || return 1
		rm -f "$OWN/pscp"
	done
}
try_psftp() {
	printf 'put %s ps.up\nmv ps.up ps.moved\nget ps.moved %s\nrm ps.moved\n' $DIR/bulk "$OWN/psftp" >"$OWN/psftp.batch"
	t psftp -batch -hostkey "$FINGERPRINT" -i $KEYS/id.ppk -P "$PORT" -b "$OWN/psftp.batch" "$USER_@127.0.0.1" &&
		cmp $DIR/bulk "$OWN/psftp"
}
cu() { t curl -sS --hostpubmd5 "$HOSTMD5" --key $KEYS/id --pubkey $KEYS/id.pub -u "$USER_:" "$@"; }
try_curl_sftp() {
	cu -T $DIR/bulk "sftp://127.0.0.1:$PORT/~/curl.up" && [ "$(cu "sftp://127.0.0.1:$PORT/~/curl.up" | sha256sum)" = "$SUM" ]
}
try_curl_scp() { cu "scp://127.0.0.1:$PORT/~/there" | cmp - "/home/$USER_/there"; }
try_lftp() {
	local set="set sftp:connect-program 'ssh -a -x -F $STAGE/ssh/config'; set net:max-retries 1; set net:timeout $SSH_LIMIT"
	t lftp -c "$set; open sftp://$USER_:@127.0.0.1:$PORT; mirror -R $DIR/tree lftp.tree" &&
		t lftp -c "$set; open sftp://$USER_:@127.0.0.1:$PORT; mirror lftp.tree $OWN/lftp" && diff -r $DIR/tree "$OWN/lftp"
}
try_sshfs() {
	local at=$OWN/sshfs rc
	mkdir "$at"
	t sshfs -F $STAGE/ssh/config -p "$PORT" "$USER_@127.0.0.1:" "$at" || return
	t bash -c "cp $DIR/bulk $at/fs.new && mv $at/fs.new $at/fs.moved && cmp $DIR/bulk $at/fs.moved && ls $at | grep -qx fs.moved"
	rc=$?
	fusermount3 -u "$at"
	return $rc
}
SSHC() { echo "ssh -F $STAGE/ssh/config -p $PORT"; }
try_rsync() {
	t rsync -a -e "$(SSHC)" $DIR/tree/ "$USER_@127.0.0.1:rs/" && [ -z "$(t rsync -ai -e "$(SSHC)" $DIR/tree/ "$USER_@127.0.0.1:rs/")" ]
}
try_git() {
	export GIT_SSH_COMMAND
	GIT_SSH_COMMAND=$(SSHC)
	git init -q -b main "$OWN/git" && cp $DIR/tree/* "$OWN/git/" && git -C "$OWN/git" add . &&
		git -C "$OWN/git" -c user.name=t -c user.email=t@example.org commit -qm one &&
		t git -C "$OWN/git" push -q "ssh://$USER_@127.0.0.1/~/repo.git" main &&
		t git clone -q "ssh://$USER_@127.0.0.1/~/repo.git" "$OWN/git2" && diff -r -x .git "$OWN/git" "$OWN/git2"
}
try_borg() {
	export BORG_RSH BORG_BASE_DIR=$OWN/borg BORG_REPO=ssh://$USER_@127.0.0.1/~/borg BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK=yes
	BORG_RSH=$(SSHC)
	mkdir -p "$OWN/borg/out"
	t borg init -e none && t borg create ::one $DIR/tree && t borg list | grep -q ^one &&
		(cd "$OWN/borg/out" && t borg extract ::one) &&
		diff -r $DIR/tree "$OWN/borg/out/$DIR/tree"
}
an() { # ARGUMENTS...
	HOME=$OWN ANSIBLE_HOST_KEY_CHECKING=False ANSIBLE_LOCAL_TEMP=$OWN/ansible ANSIBLE_SSH_CONTROL_PATH_DIR=$OWN/cp \
		timeout $((4 * SSH_LIMIT)) ansible all -i "127.0.0.1," -u "$USER_" --private-key $KEYS/id \
		-e "ansible_port=$PORT ansible_python_interpreter=/usr/bin/python3" "$@"
}
play() {
	an "$@" -m command -a 'echo from-ansible' | grep -q '^from-ansible' &&
		an "$@" -m copy -a "src=$DIR/bulk dest=~/ansible.up" | grep -q '"checksum"' &&
		an "$@" -m setup -a 'gather_subset=min' | grep -q "\"ansible_user_id\": \"$USER_\""
}
# One connection for all of a play, as ansible's own default has it.
try_ansible() { LC_ALL=C.UTF-8 ANSIBLE_SSH_ARGS="-F $STAGE/ssh/config -o ControlMaster=auto -o ControlPersist=60s" play; }
try_ansible_pipe() { ANSIBLE_PIPELINING=True try_ansible; }
try_ansible_paramiko() { LC_ALL=C.UTF-8 play -c paramiko; }
try_mosh() {
	local pane="tmux -S $OWN/mosh -f /dev/null"
	LC_ALL=C.UTF-8 $pane new-session -d -x 80 -y 24 \
		"mosh --server='LC_ALL=C.UTF-8 mosh-server' --ssh='$(SSHC)' -p $((60100 + N)) $USER_@127.0.0.1 -- \
			sh -c 'echo see-\$((40 + 2)); sleep 99'"
	poll 15 eval "$pane capture-pane -p | grep -q see-42"
	local rc=$?
	$pane kill-server
	return $rc
}

note() { # KEY COMMAND...
	local key=$1
	shift
	echo "-- $key" >&2
	if "$@" >&2 </dev/null; then echo "$key yes"; else echo "$key no"; fi
}

measure() { # COLUMN PORT NUMBER
	local try
	USER_=u-$1
	PORT=$2
	N=$3
	OWN=$DIR/$1
	mkdir -p "$OWN"
	{
		lines_of_python paramiko
		lines_of_python asyncssh
		for try in $(compgen -A function try_); do
			note "${try#try_}" "$try"
		done
	} >"$DIR/answers.$1" 2>"$DIR/errors.$1"
}

answer() { # COLUMN KEY
	awk -v k="$2" '$1 == k { print $2; found = 1; exit } END { if (!found) print "not told" }' "$DIR/answers.$1"
}

table_row() { # KEY|TEXT|WHY
	local key=${1%%|*} rest=${1#*|} c row why
	why=${rest#*|}
	row="| ${rest%%|*} |"
	for c in "${COLUMNS_[@]}"; do
		row+=" $(answer "$c" "$key") |"
	done
	[ "$why" != overlay ] || why='overlay home: each connection begins with the real one'
	echo "$row $why |"
}

write_table() {
	local row
	printf '| | no carrel | shared | dev | strict | why |\n|---|---|---|---|---|---|\n'
	for row in "${ROWS[@]}"; do
		table_row "$row"
	done
}

compare() {
	local row text
	for row in "${ROWS[@]}"; do
		text=$(cut -d'|' -f2 <<<"$row")
		is "as docs/testing.md says: $text" "$(table_row "$row")" "$(grep -F "| $text |" $STAGE/data/testing.md)"
	done
}

check_table() {
	local running=0 jobs=() column
	for column in "${COLUMNS_[@]}"; do
		running=$((running + 1))
		measure "$column" "$([ "$column" = bare ] && echo $PORT_BARE || echo $PORT_ROOM)" $running &
		jobs+=($!)
	done
	wait "${jobs[@]}"
	if [ -n "${CARREL_TABLE-}" ]; then
		write_table | sed 's/^/table: /'
	else
		compare
	fi
}

for tool in dbclient plink lftp sshfs ansible mosh borg curl; do
	if ! command -v $tool >/dev/null; then
		skip "foreign clients" "$tool is missing: tests/lib/deps.sh --clients"
		tap_done
		exit
	fi
done
host_start
check "the host is ready" clients_host
run_cases "$@" -- check_table
tap_done
