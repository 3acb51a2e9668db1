# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# What the stage's host is made of: users, PAM stacks, configuration, sshd, syslog, and clients to log in with.
# Sourced by stage.sh. "bare" is an sshd without carrel, "room" one with it; the same users on both.
#
#   user  group                policy
#   ana   students             student: each login its own room, overlay home, no network
#   cara  students             the same
#   bob   staff                staff: shared room, real home, the host's network
#   dora  lab                  lab: shared room, no network, on_close = "keep"
#   gus   guests               (no rule: refused)
#   bea   carrel-break-glass   (no rule, but gets in)

. "$(dirname "${BASH_SOURCE[0]}")/sshd.sh"

PORT_BARE=2200
PORT_ROOM=2201
PORT_SFTP=2202

host_users() {
	local pair
	for pair in students staff lab guests carrel-break-glass; do
		groupadd -f "$pair"
	done
	for pair in ana:students cara:students bob:staff dora:lab gus:guests bea:carrel-break-glass; do
		useradd -M -N -g "${pair#*:}" -s /bin/bash -c '' "${pair%:*}"
		install -d -m 0700 -o "${pair%:*}" -g "${pair#*:}" "/home/${pair%:*}"
		cp /etc/skel/.profile /etc/skel/.bashrc "/home/${pair%:*}/"
		chown -R "${pair%:*}:${pair#*:}" "/home/${pair%:*}"
	done
}

# The two lines of carrel, or nothing.
carrel_line() { # open|close
	local control=requisite
	[ "$1" = open ] || control=optional
	[ "$CARREL" != 1 ] || echo "session $control $STAGE_LIB/pam_carrel.so $1" \
		"config=/etc/carrel/carrel.conf helper=$STAGE_LIB/carrel-helper state=$STATE_DIR ${CARREL_MODULE_ARGS-}"
}

# pam_stack SERVICE bare|room [EXTRA LINE after carrel's]
pam_stack() {
	{
		echo 'auth sufficient pam_rootok.so'
		echo 'auth required pam_deny.so'
		echo 'account required pam_unix.so'
		[ "$2" = bare ] || carrel_line close
		[ "$1" = sudo ] || [ "$1" = sudo-i ] || echo 'session required pam_loginuid.so'
		echo 'session optional pam_keyinit.so force revoke'
		echo 'session required pam_unix.so'
		echo 'session optional pam_motd.so noupdate'
		echo 'session optional pam_mail.so standard noenv'
		echo 'session required pam_limits.so'
		echo 'session required pam_env.so'
		[ "$2" = bare ] || carrel_line open
		[ -z "${3-}" ] || echo "$3"
	} >"/etc/pam.d/$1"
}

host_pam() {
	local service
	pam_stack sshd-bare bare
	for service in sshd su su-l sudo sudo-i login cron; do
		pam_stack "$service" room
	done
}

# The configuration that most tests use. $1: text put before the rules; $2, $3: added to the policies student, lab.
host_config() {
	local features='features = { limits = "prefer"; };'
	install -d -m 0755 /etc/carrel
	cat >/etc/carrel/carrel.conf <<-END
	data_dir = "$STAGE/data";
	${1-}
	rules = (
	  { group = "students"; policy = "student"; },
	  { group = "staff"; policy = "staff"; },
	  { group = "lab"; policy = "lab"; }
	);
	policies = {
	  student = {
	    share = "login";
	    namespaces = [ "mount", "pid", "uts", "ipc", "net", "cgroup", "time" ];
	    hostname = "%u-room";
	    home = { mode = "overlay"; size = "64M"; };
	    network = { mode = "none"; };
	    limits = { memory = "512M"; tasks = 256; cpu = "100%"; };
	    capabilities = { bounding = []; };
	    no_new_privs = true;
	    seccomp = { base = "@login"; };
	    $features
	    ${2-}
	  };
	  staff = {
	    share = "user";
	    namespaces = [ "mount", "pid", "uts", "ipc", "cgroup", "time" ];
	    hostname = "%u-desk";
	    home = { mode = "real"; };
	    network = { mode = "host"; };
	    limits = { memory = "1G"; tasks = 1024; };
	    $features
	  };
	  lab = {
	    share = "user";
	    home = { mode = "tmpfs"; size = "64M"; };
	    network = { mode = "none"; };
	    $features
	    ${3-on_close = \"keep\";}
	  };
	};
	END
	chmod 0644 /etc/carrel/carrel.conf
}

# sshd_config: a server on each port; the one on PORT_SFTP serves sftp inside sshd itself.
host_sshd_config() {
	cat <<-END
	HostKey $STAGE/keys/host
	PidFile none
	UsePAM yes
	KbdInteractiveAuthentication no
	PasswordAuthentication no
	AuthorizedKeysFile /etc/ssh/stage_keys
	PermitRootLogin prohibit-password
	UseDNS no
	X11Forwarding yes
	AcceptEnv LANG PROBE_*
	PermitUserEnvironment no
	StreamLocalBindUnlink yes
	GatewayPorts no
	MaxStartups 200
	LoginGraceTime 600
	MaxSessions 50
	Subsystem sftp /usr/lib/openssh/sftp-server
	Match LocalPort $PORT_SFTP
	  ForceCommand internal-sftp
	Match User bob
	  AuthorizedKeysFile .ssh/authorized_keys /etc/ssh/stage_keys
	END
}

host_keys() {
	ssh-keygen -q -t ed25519 -N '' -C stage -f $STAGE/keys/host
	ssh-keygen -q -t ed25519 -N '' -C stage -f $STAGE/ssh/id
	install -m 0644 $STAGE/ssh/id.pub /etc/ssh/stage_keys
	echo "* $(cut -d' ' -f1,2 $STAGE/keys/host.pub)" >$STAGE/ssh/known_hosts
	cat >$STAGE/ssh/config <<-END
	Host bare
	  Port $PORT_BARE
	Host room
	  Port $PORT_ROOM
	Host sftponly
	  Port $PORT_SFTP
	Host *
	  HostName 127.0.0.1
	  IdentityFile $STAGE/ssh/id
	  IdentitiesOnly yes
	  UserKnownHostsFile $STAGE/ssh/known_hosts
	  GlobalKnownHostsFile /dev/null
	  StrictHostKeyChecking yes
	  CheckHostIP no
	  LogLevel ERROR
	  BatchMode yes
	  ConnectTimeout 200
	  ExitOnForwardFailure yes
	  # The default one is two thirds of what a login takes of a processor.
	  KexAlgorithms curve25519-sha256
	END
}

port_open() {
	(exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

sshd_bare_start() {
	$STAGE/bin/sshd-bare -f $STAGE/keys/sshd_config -D -e -p $PORT_BARE -o ListenAddress=127.0.0.1 \
		$(sshd_service sshd-bare $STAGE/keys/host) 2>>$STAGE_LOG/sshd-bare </dev/null &
	SSHD_BARE=$!
	poll 10 port_open $PORT_BARE || die "the bare sshd does not start: $(tail -n 3 $STAGE_LOG/sshd-bare)"
}

sshd_room_start() {
	apart /usr/sbin/sshd -f $STAGE/keys/sshd_config -D -e -o ListenAddress=127.0.0.1:$PORT_ROOM \
		-o ListenAddress=127.0.0.1:$PORT_SFTP 2>>$STAGE_LOG/sshd </dev/null &
	SSHD_ROOM=$!
	poll 10 port_open $PORT_SFTP || die "sshd does not start: $(tail -n 3 $STAGE_LOG/sshd)"
}

# After its configuration has changed; it listens on two ports.
sshd_room_reload() {
	local before
	before=$(grep -c "^Server listening on" $STAGE_LOG/sshd)
	kill -HUP "$SSHD_ROOM"
	poll 10 eval '[ "$(grep -c "^Server listening on" $STAGE_LOG/sshd)" -ge '$((before + 2))' ]'
}

syslog_start() {
	rm -f /dev/log
	apart $STAGE/bin/syslogd /dev/log $STAGE_LOG/syslog &
	SYSLOGD=$!
	poll 5 test -S /dev/log || die "no syslog"
}

# cron, as CRON. A job of @reboot comes as soon as cron is there, by the way of all others, which come at a minute's end.
cron_start() { # [PROGRAM]
	rm -f /run/crond.reboot # of one before
	apart "${1-cron}" -f </dev/null >/dev/null 2>&1 &
	CRON=$!
}

# All of it, as most tests want it.
host_start() {
	host_users
	host_pam
	host_config
	host_keys
	host_sshd_config >$STAGE/keys/sshd_config
	syslog_start
	sshd_bare_start
	sshd_room_start
}

# ---- clients -------------------------------------------------------------------------------------------------

SSH_LIMIT=$((30 * ${CARREL_PATIENCE:-1})) # seconds one client may take

# What asks a listener: with nothing to say, it would listen no longer than half a second by itself.
SOCAT="socat -t $SSH_LIMIT -T $SSH_LIMIT -"

# s ARGUMENTS-OF-SSH...: bounded; the time-out is exit status 124
s() {
	timeout --foreground "$SSH_LIMIT" ssh -F $STAGE/ssh/config "$@"
}

# bare USER COMMAND, room USER COMMAND: output of both kinds, without a terminal
bare() {
	s "$1@bare" "$2" </dev/null 2>&1
}

room() {
	s "$1@room" "$2" </dev/null 2>&1
}

# The same with a terminal.
bare_tty() {
	s -tt "$1@bare" "$2" </dev/null 2>&1 | tr -d '\r'
}

room_tty() {
	s -tt "$1@room" "$2" </dev/null 2>&1 | tr -d '\r'
}

# apart COMMAND... &: without the ends of held logins' input, which would not end while somebody has them open
apart() {
	local fd
	for fd in $(compgen -A variable HOLD_FD_); do
		eval "exec ${!fd}>&-"
	done
	exec "$@"
}

# A login in the background that lives until hold_end; HOLD is its client's pid. hold NAME USER@HOST [SSH OPTIONS...]
# Its standard input is a FIFO, so commands can be given to it: hold_say NAME TEXT; output in $STAGE_LOG/hold.NAME
hold() {
	local name=$1
	shift
	mkfifo "$STAGE/ssh/hold.$name"
	: >"$STAGE_LOG/hold.$name" # of an earlier one, which said HELD too
	apart ssh -F $STAGE/ssh/config "$@" 'echo HELD; exec bash 2>&1' <"$STAGE/ssh/hold.$name" >"$STAGE_LOG/hold.$name" 2>&1 &
	HOLD=$!
	eval "HOLD_$name=$HOLD"
	eval "exec {HOLD_FD_$name}>$STAGE/ssh/hold.$name"
	poll 20 grep -q HELD "$STAGE_LOG/hold.$name"
}

hold_say() {
	local fd=HOLD_FD_$1
	echo "$2" >&"${!fd}"
}

# Say a command to a held login and print what it answers. What takes long has HOLD_LIMIT seconds, times CARREL_PATIENCE.
hold_ask() {
	local mark="mark-$RANDOM$RANDOM" file=$STAGE_LOG/hold.$1 from
	from=$(wc -l <"$file")
	hold_say "$1" "{ $2
}; echo; echo $mark"
	if ! poll "${HOLD_LIMIT:-20}" grep -q "$mark" "$file"; then
		echo "(no answer from the login: $(tail -n 2 "$file"))"
		return 1
	fi
	tail -n +$((from + 1)) "$file" | sed "/$mark/,\$d" | sed '${/^$/d}'
}

hold_end() {
	local fd=HOLD_FD_$1 pid=HOLD_$1
	[ -n "${!fd-}" ] || return 0
	eval "exec ${!fd}>&-"
	unset "$fd"
	rm -f "$STAGE/ssh/hold.$1"
	poll 10 process_gone "${!pid}" || kill "${!pid}"
	wait "${!pid}" 2>/dev/null
}

# ---- looking at the host ----------------------------------------------------------------------------------------

# True when the process is gone or a zombie.
process_gone() {
	! grep -q '^State:[[:space:]]*[^ZX[:space:]]' "/proc/$1/status" 2>/dev/null
}

# Pids of carrel's own processes: supervisors (in the host's pid namespace) or inits (one deeper).
helper_pids() { # supervisor|init
	local p depth want=1
	[ "$1" = supervisor ] || want=2
	find /proc -maxdepth 2 -path '/proc/[0-9]*/exe' -lname "$STAGE_LIB/carrel-helper" 2>/dev/null | while IFS=/ read -r _ _ p _; do
		[ "$(cat "/proc/$p/comm" 2>/dev/null)" != carrel-listen ] || continue
		depth=$(sed -n 's/^NSpid:[[:space:]]*//p' "/proc/$p/status" 2>/dev/null | wc -w)
		[ "$depth" -ne $want ] || echo "$p"
	done
}

# That is, one room: what a login has begun, its own helper or a sweep, may be there a moment longer.
one_supervisor() {
	[ "$(helper_pids supervisor | wc -l)" -eq 1 ]
}

# True when no room is left, nor one that is being made.
rooms_gone() {
	[ -z "$(helper_pids supervisor)$(helper_pids init)" ]
}

# loops_gone PATH: no loop device has a file there. They go with the last mount, which the kernel takes down later.
loops_gone() {
	! losetup -n -O BACK-FILE | grep -q -- "$1"
}

# The processes that serve the notifying filters of rooms.
listener_pids() {
	pgrep -x carrel-listen
}

# The processes of the keepers of kept homes: the one without power, which works, and its server of marks.
keepers() {
	pgrep -f '^carrel-keeper:'
}

worker() {
	local p
	for p in $(keepers); do
		grep -q '^CapEff:[[:space:]]*0*$' "/proc/$p/status" 2>/dev/null && echo "$p"
	done
}

# The steward, which lives for a minute longer than the last room: who has its lock. A login may have started another, which
# is about to find that out.
steward_pid() {
	local lock p
	lock=$(stat -c %i $STATE_DIR/steward.lock 2>/dev/null) || return
	for p in $(awk -v lock=":$lock\$" '$2 == "FLOCK" && $6 ~ lock { print $5 }' /proc/locks); do
		[ "$(cat "/proc/$p/comm" 2>/dev/null)" != carrel-steward ] || { echo "$p"; return; }
	done
	return 1
}

# The root process of an SSH login of that user: sshd's monitor.
monitor_pids() {
	pgrep -x -f "sshd(-session)?: $1 \[priv\]"
}

# Processes that run as the user, by name, zombies left out.
user_processes() {
	ps -u "$1" -o stat=,pid=,args= 2>/dev/null | grep -v '^Z'
}

user_gone() {
	[ -z "$(user_processes "$1")" ]
}

cgroup_root() {
	findmnt -n -t cgroup2 -o TARGET | tail -n 1
}

state_files() {
	find $STATE_DIR -mindepth 1 -not -path "$STATE_DIR/cache*" -not -path "$STATE_DIR/seats" -not -path "$STATE_DIR/why*" \
		-not -path "$STATE_DIR/shown" -not -path "$STATE_DIR/errands" \
		-not -path "$STATE_DIR/refused*" -not -path "$STATE_DIR/learn*" \
		-not -path "$STATE_DIR/errand" -not -path "$STATE_DIR/errand/socket" -not -name steward.lock \
		-not -name score.1 2>/dev/null | sort
}

# How many terminals of rooms, by the mark of their ids, wtmp has logged in and not out.
wtmp_open() {
	utmpdump /var/log/wtmp 2>/dev/null | awk -F'[][]' '
		$6 ~ /^%/ && $2 == 7 { open[$10] = 1 }
		$6 ~ /^%/ && $2 == 8 { delete open[$10] }
		END { n = 0; for (line in open) n++; print n }'
}

# Everything a login could leave behind, as text: equal texts mean that nothing was.
census() {
	echo "namespaces:"
	# ps and friends are gone by the time they are counted again, so kinds and numbers suffice.
	lsns -n -r -o TYPE,NS | sort -u | cut -d' ' -f1 | uniq -c
	echo "mounts:"
	cat /proc/self/mountinfo
	echo "cgroups:"
	find "$(cgroup_root)" -type d 2>/dev/null | sort
	echo "carrel: $(helper_pids supervisor | wc -l) supervisors, $(helper_pids init | wc -l) inits"
	echo "sshd: $(pgrep -c -f '^sshd(-session)?: ') sessions"
	echo "users: $(ps -e -o user=,comm= | awk '$1 ~ /^(ana|bob|cara|dora|gus|bea)$/' | sort | uniq -c)"
	echo "listener: $(ls /proc/"$SSHD_ROOM"/fd 2>/dev/null | wc -l) descriptors"
	echo "state:"
	state_files
	echo "sockets: $(grep -c carrel /proc/net/unix) of carrel"
	echo "ipc: $(ipcs -a | grep -c '^0x')"
	echo "ptys: $(find /dev/pts -name '[0-9]*' | wc -l)"
	echo "who: $(who | wc -l)"
	echo "utmp: $(utmpdump /run/utmp 2>/dev/null | grep -c '^\[7\].*\[%') terminals in rooms"
	echo "wtmp: $(wtmp_open) of them without a logout"
}

# sshd's processes for logins in rooms: those of rooms' sshd, without what asks its way in there.
room_sessions() {
	pgrep -P "$SSHD_ROOM"
}

# Wait until no room is left, for a first census: the dead may take a moment to be buried, and sshd ends behind its room.
settle() {
	poll 10 eval 'rooms_gone && [ "$(lsns -n -r -t pid | wc -l)" -eq 1 ] && ! room_sessions'
}

census_is() {
	[ "$(census)" = "$1" ]
}

# same_census NAME BEFORE: within a few seconds everything is as it was
same_census() {
	if poll "${CENSUS_LIMIT:-5}" census_is "$2"; then
		ok "$1"
	else
		not_ok "$1" "$(diff <(echo "$2") <(census))"
	fi
}

# The stage is on tmpfs, which has idmapped mounts since Linux 6.3.
tmpfs_maps_owners() {
	[ "$(printf '6.3\n%s\n' "$(uname -r)" | sort -V | head -n 1)" = 6.3 ]
}

# Log lines since a mark, or all: log_mark; …; log_since REGEX
LOG_MARK=0
log_mark() {
	log_sync
	LOG_MARK=$(wc -l <$STAGE_LOG/syslog)
}

# Messages queue up in one socket: once this one is written, all that were sent before are.
log_sync() {
	local mark="sync $RANDOM$RANDOM"
	logger -t log -- "$mark" && poll 10 grep -q "$mark" $STAGE_LOG/syslog
}

log_since() {
	log_sync
	tail -n +$((LOG_MARK + 1)) $STAGE_LOG/syslog | grep -v ' log: sync ' | grep -E -- "${1-.}"
}
