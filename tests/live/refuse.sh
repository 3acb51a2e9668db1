#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Refused logins: what the user sees, what the log has, that every door of the connection stays shut, and that root and
# the break-glass group still get in.
. "$(dirname "$0")/../lib/stage.sh"
stage_enter "$@"

# doors_shut NAME USER: shell, exec, subsystem and forwards of a refused connection all get nothing
doors_shut() {
	local name=$1 user=$2 port=2290 at=$STAGE_LOG/shut forward exec shell sftp internal
	ssh -F $STAGE/ssh/config -N -L "127.0.0.1:$port:127.0.0.1:$PORT_BARE" "$user@room" </dev/null >/dev/null 2>&1 &
	forward=$!
	s "$user@room" 'echo INSIDE' </dev/null >$at.exec 2>&1 &
	exec=$!
	s -tt "$user@room" <<<'echo INSIDE' >$at.shell 2>&1 &
	shell=$!
	timeout $((20 * ${CARREL_PATIENCE:-1})) sftp -F $STAGE/ssh/config -b <(echo ls /) "$user@room" >$at.sftp 2>&1 &
	sftp=$!
	timeout $((20 * ${CARREL_PATIENCE:-1})) sftp -F $STAGE/ssh/config -b <(echo ls /) "$user@sftponly" >$at.internal 2>&1 &
	internal=$!
	poll 20 eval "port_open $port || process_gone $forward"
	timeout $((2 * ${CARREL_PATIENCE:-1})) bash -c "exec 3<>/dev/tcp/127.0.0.1/$port && head -c 4 <&3" >$at.forward 2>/dev/null
	wait $exec $shell
	unlike "$name: exec gets nothing" "$(cat $at.exec)" INSIDE
	unlike "$name: a shell gets nothing" "$(tr '\r' '\n' <$at.shell)" '^INSIDE'
	refute "$name: sftp gets nothing" wait $sftp
	refute "$name: internal-sftp gets nothing" wait $internal
	unlike "$name: a forward gets nothing" "$(cat $at.forward)" SSH
	kill $forward 2>/dev/null
	wait $forward 2>/dev/null
	check "$name: nothing of the user runs" poll 5 user_gone "$user"
}

# sentence NAME USER CODE
sentence() {
	like "$1: the user reads one sentence with a code" "$(room_tty "$2" true)" \
		"^carrel: this login was refused \(code $3\)\. Please tell your administrator\.$"
}

# logged NAME REGEX...
logged() {
	local name=$1 regex
	shift
	for regex in "$@"; do
		like "$name: the log has $regex" "$(log_since refused)" "$regex"
	done
}

# commands_shut NAME USER: nor does what root starts for them; sudo goes on after some errors of a session
commands_shut() {
	local door out
	for door in "su $2 -c" "su - $2 -c" "sudo -u $2 sh -c" "sudo -i -u $2 sh -c"; do
		# shellcheck disable=SC2086
		out=$(timeout $((20 * ${CARREL_PATIENCE:-1})) $door 'echo INSIDE' </dev/null 2>&1)
		is "$1: $door fails" $? 1
		unlike "$1: $door gets nothing" "$out" INSIDE
	done
}

ways_in() {
	log_mark
	is "$1: root gets in" "$(room root 'echo in')" in
	is "$1: the break-glass group gets in" "$(room bea 'echo in')" in
	like "$1: root's way is an alert" "$(log_since 'root login')" '^authpriv\.alert'
	like "$1: the break-glass group's, too" "$(log_since 'break-glass')" '^authpriv\.alert.*user=bea'
	log_mark
	is "$1: root's su gets in" "$(su root -c 'echo in')" in
	like "$1: that is no alert" "$(log_since 'root login')" '^authpriv\.notice'
}

# The switch works while all else is broken, and only as root's own file.
check_switched_off() {
	echo broken >/etc/carrel/carrel.conf
	touch /etc/carrel/off
	log_mark
	is "switched off: everybody gets in" "$(room ana 'readlink /proc/self/ns/mnt')$(room gus 'echo in')" \
		"$(readlink /proc/self/ns/mnt)in"
	like "switched off: an alert each time" "$(log_since 'switched off by /etc/carrel/off')" '^authpriv\.alert.*user=gus'
	chmod 666 /etc/carrel/off
	log_mark
	sentence "a switch that others can write" ana CONFIG
	like "a switch that others can write: the log says so" "$(log_since 'does not count')" '/etc/carrel/off'
	rm /etc/carrel/off
	ln -s /etc/passwd /etc/carrel/off
	sentence "a switch that is a link" ana CONFIG
	rm /etc/carrel/off
	host_config
}

check_no_rule() {
	log_mark
	sentence "no rule" gus RULE
	logged "no rule" 'user=gus' 'stage=RULE' 'errno=EACCES'
	doors_shut "no rule" gus
	commands_shut "no rule" gus
	ways_in "no rule"
}

check_configuration() {
	host_config 'nonsense = ;'
	log_mark
	sentence "bad syntax" ana CONFIG
	logged "bad syntax" 'user=ana' 'stage=CONFIG' 'errno=EINVAL' 'carrel\.conf.*line=2|carrel\.conf:2'
	doors_shut "bad syntax" ana
	commands_shut "bad syntax" ana
	ways_in "bad syntax"

	host_config '' 'memroy = "1G";'
	log_mark
	sentence "unknown key" ana CONFIG
	logged "unknown key" 'memroy' 'line=[0-9]+' 'policy=student'
	host_config
	chmod 0666 /etc/carrel/carrel.conf
	log_mark
	sentence "a configuration that anyone can write" ana CONFIG
	logged "a configuration that anyone can write" 'errno=EPERM'
	rm -f /etc/carrel/carrel.conf
	log_mark
	sentence "no configuration" ana CONFIG
	ways_in "no configuration"
	host_config
}

# The first error of a stack is what libpam answers with, and sudo goes on after PAM_SESSION_ERR, which pam_deny has.
# keeps: pam_module/status R1
check_hidden() {
	host_config
	sed -i '/pam_carrel.so open/i session required pam_deny.so' /etc/pam.d/{sudo,sudo-i,su,su-l}
	log_mark
	commands_shut "no rule, behind a line that fails" gus
	logged "no rule, behind a line that fails" 'user=gus.*service=sudo .*stage=RULE'
	isnt "who is let in is in a room all the same" "$(sudo -u ana readlink /proc/self/ns/mnt </dev/null)" \
		"$(readlink /proc/self/ns/mnt)"
	"$STAGE_LIB/carrelctl" --state "$STATE_DIR" drain --for 10m >/dev/null 2>&1
	commands_shut "drained, behind a line that fails" ana
	"$STAGE_LIB/carrelctl" --state "$STATE_DIR" drain --off >/dev/null 2>&1
	is "root's sudo gets in" "$(sudo -u root sh -c 'echo in' </dev/null)" in
	host_pam
}

check_limits() {
	host_config '' '' 'limits = { memory = "1G"; };'
	sed -i '/lab = {/,$s/features = .*/features = { limits = "require"; };/' /etc/carrel/carrel.conf
	if grep -qw memory "$(cgroup_root)/cgroup.controllers"; then
		skip_here "missing controller" "this host has the memory controller"
	else
		log_mark
		sentence "missing controller" dora LIMITS
		logged "missing controller" 'user=dora' 'policy=lab' 'stage=LIMITS' 'memory'
		doors_shut "missing controller" dora
	fi
	host_config
}

# A directory that is out of reach; hesiod's is so here. What nobody can answer is not "not in the group".
check_name_service() {
	cp /etc/nsswitch.conf "$STAGE/nsswitch.before"
	sed -i 's/^group:.*/group: files hesiod/' /etc/nsswitch.conf
	sed -i 's/^rules = (/&\n  { group = "far-away"; policy = "lab"; },/' /etc/carrel/carrel.conf
	log_mark
	sentence "silent name service" ana RULE
	logged "silent name service" 'stage=RULE' 'errno=EAGAIN' 'did not answer for "far-away"' 'carrel\.conf.*line='
	doors_shut "silent name service" ana
	ways_in "silent name service"
	sed -i 's/^group:.*/group: files/' /etc/nsswitch.conf
	is "a group that does not exist is another thing" "$(room ana 'echo in')" in
	sed -i 's/^group:.*/group: files hesiod/' /etc/nsswitch.conf
	host_config
	is "nor does it matter for groups that are known" "$(room ana 'echo in')" in
	mv "$STAGE/nsswitch.before" /etc/nsswitch.conf
}

check_homes() {
	rm -rf /home/cara
	is "no home: in, as without carrel" "$(room cara pwd | sort)" "$(bare cara pwd | sort)"
	ln -s /etc /home/cara
	log_mark
	sentence "home is a link to /etc" cara HOME
	logged "home is a link to /etc" 'user=cara' 'policy=student' 'stage=HOME' '/home/cara'
	rm -f /home/cara
	mkfifo /home/cara
	sentence "home is a FIFO" cara HOME
	rm -f /home/cara
	install -d -m 0700 -o bob -g staff /home/cara
	sentence "home is somebody else's" cara HOME
	rm -rf /home/cara
	install -d -m 0700 -o cara -g students /home/cara
}

check_helper() {
	mv $STAGE_LIB/carrel-helper $STAGE_LIB/kept
	log_mark
	sentence "no helper" ana HELPER
	logged "no helper" 'user=ana' 'stage=HELPER' 'errno=ENOENT'
	ways_in "no helper"
	printf '#!/bin/sh\nexit 0\n' >$STAGE_LIB/carrel-helper
	chmod 0755 $STAGE_LIB/carrel-helper
	sentence "dead helper" ana HELPER
	printf '#!/bin/sh\nexec sleep 100\n' >$STAGE_LIB/carrel-helper
	CARREL_MODULE_ARGS=timeout=1 host_pam
	log_mark
	sentence "hanging helper" ana HELPER
	logged "hanging helper" 'errno=ETIMEDOUT'
	check "hanging helper: it is ended" poll 5 eval '! pgrep -x -f "sleep 100"'
	ways_in "hanging helper"
	doors_shut "hanging helper" ana
	mv $STAGE_LIB/kept $STAGE_LIB/carrel-helper
	host_pam # with the time that a login may take
}

check_arguments() {
	CARREL_MODULE_ARGS=tiemout=2 host_pam
	log_mark
	sentence "unknown argument" ana ARGS
	logged "unknown argument" 'tiemout'
	ways_in "unknown argument"
	host_pam
}

check_filter() {
	is "all mended: the user gets in" "$(room ana 'echo in')" in
	sed -i 's/seccomp = { base = "@login"; };/seccomp = { base = "@login"; deny = [ "prctl" ]; };/' /etc/carrel/carrel.conf
	is "a filter that refuses the question whether it is in force: in, and refused" \
		"$(room ana 'perl -e "syscall(157, 21); print \$!+0"'; su ana -c 'echo in' </dev/null)" 1in
}

# What the user reads is in the language of the policy, or the host's where none is known; the log is English.
check_language() {
	host_config 'host_language = "es";' 'language = "eu";'
	rm -rf /home/cara
	ln -s /etc /home/cara
	log_mark
	is "refused in Basque" "$(room_tty cara true | grep ^carrel)" \
		'carrel: saio-hasiera hau ukatu egin da (kodea: HOME). Jakinarazi administratzaileari, mesedez.'
	logged "refused in Basque" 'user=cara' 'stage=HOME.*/home/cara'
	is "without a policy in the host's language" "$(room_tty gus true | grep ^carrel)" \
		'carrel: se ha rechazado este inicio de sesión (código RULE). Avise a su administrador.'
	"$STAGE_LIB/carrelctl" --state "$STATE_DIR" drain --for 10m new disks >/dev/null 2>&1
	is "and when the host is drained" "$(room_tty ana true | grep ^carrel)" \
		'carrel: este equipo no admite ahora nuevos inicios de sesión: new disks (código DRAIN)'
	"$STAGE_LIB/carrelctl" --state "$STATE_DIR" drain --off >/dev/null 2>&1
	rm -f /home/cara
	install -d -m 0700 -o cara -g students /home/cara
	host_config
	is "and nobody is left out" "$(room ana 'echo in')" in
}

# Whom to tell is the host's to say, also where the configuration itself is what is wrong.
check_contact() {
	local told='^carrel: this login was refused \(code %s\)\. Schreiben Sie täglich an help@example\.org$'
	local key='contact = "Schreiben Sie täglich an help@example.org";'
	host_config "$key"
	like "no rule" "$(room_tty gus true)" "${told/\%s/RULE}"
	is "in a room" "$(room ana 'cat /run/carrel/contact')" "Schreiben Sie täglich an help@example.org"
	is "which its user cannot change" "$(room ana '{ echo x >/run/carrel/contact; rm -f /run/carrel/contact; } 2>/dev/null
		cat /run/carrel/contact')" "Schreiben Sie täglich an help@example.org"
	"$STAGE_LIB/carrelctl" --state "$STATE_DIR" drain --for 10m >/dev/null 2>&1
	is "drained" "$(room_tty ana true | grep ^carrel)" \
		'carrel: this host takes no new logins now (code DRAIN). Schreiben Sie täglich an help@example.org'
	"$STAGE_LIB/carrelctl" --state "$STATE_DIR" drain --for 10m new disks >/dev/null 2>&1
	is "drained, with words" "$(room_tty ana true | grep ^carrel)" \
		'carrel: this host takes no new logins now: new disks (code DRAIN)'
	"$STAGE_LIB/carrelctl" --state "$STATE_DIR" drain --off >/dev/null 2>&1
	host_config "nonsense = 1; $key"
	like "an unknown key" "$(room_tty ana true)" "${told/\%s/CONFIG}"
	host_config "$key" 'memroy = "1G";'
	like "an unknown key of a policy" "$(room_tty ana true)" "${told/\%s/CONFIG}"
	host_config "$key nonsense = ;"
	like "bad syntax behind it" "$(room_tty ana true)" "${told/\%s/CONFIG}"
	host_config "nonsense = ; $key"
	sentence "on the line that cannot be read" ana CONFIG
	host_config $'contact = "a\xe2\x80\xaeb";'
	log_mark
	sentence "one that is none" ana CONFIG
	logged "one that is none" 'contact: found .*, expected one line' 'carrel\.conf.*line=2'
	host_config
}

# A service whose unit has taken the clock from it (ProtectClock=), as containers do.
clockless() { # COMMAND
	s -p 2209 ana@room "$1" </dev/null 2>&1
}

check_clock() {
	setpriv --bounding-set -sys_time --inh-caps -sys_time /usr/sbin/sshd -f $STAGE/keys/sshd_config -D -e -p 2209 \
		-o ListenAddress=127.0.0.1:2209 2>>$STAGE_LOG/clockless </dev/null &
	clockless=$!
	poll 10 port_open 2209
	sed -i 's/features = { limits = "prefer"; };/features = { limits = "prefer"; time = "require"; };/' /etc/carrel/carrel.conf
	log_mark
	like "no power over the clock, time namespace required" "$(clockless 'echo in')" 'code NAMESPACE'
	logged "no power over the clock" CAP_SYS_TIME ProtectClock
	sed -i 's/time = "require"/time = "prefer"/' /etc/carrel/carrel.conf
	log_mark
	is "preferred: in, and on the host's clock" "$(clockless 'readlink /proc/self/ns/time')" "$(readlink /proc/self/ns/time)"
	check "and the log says what is not there" poll 10 eval 'log_since "going on without.*CAP_SYS_TIME" | grep -q .'
	kill $clockless
	wait $clockless 2>/dev/null
	host_config
}

host_start
room ana true
settle
before=$(census)
run_cases "$@" -- check_switched_off check_no_rule check_configuration check_hidden check_limits check_name_service check_homes \
	check_helper check_arguments check_filter check_language check_contact check_clock
same_census "nothing is left of any of it" "$before"
tap_done
