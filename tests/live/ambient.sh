#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Capabilities in every door: what the process has that the door starts, and what each kind of program gets from its file,
# held to the tables of docs/capabilities.md. What users could try to get more, and what check says of what gives nothing.
# CARREL_TABLE=1: print the tables instead of comparing (make capabilities-table).
#
#   ana   shell bash           raw: ambient net_raw
#   cara  shell carrel-shell   raw
#   bob   shell bash           the policy of a row of the second table
. "$(dirname "$0")/../lib/stage.sh"
stage_enter "$@"
. "$(dirname "$0")/../lib/ctl.sh"
. "$(dirname "$0")/../lib/rootimage.sh"
. "$(dirname "$0")/../lib/docs.sh"

DIR=/srv/kinds
REPORT="bash $STAGE/tests/lib/capsreport.sh $DIR"
OUT=$STAGE/work
CAPS=/run/carrel/bin/caps
NET_RAW=0000000000002000
DOC=$STAGE/data/capabilities.md

# Rows of the second table: NAME|what it is|the policy's own keys
RAW='bounding = [ "net_raw" ];'
POLICIES=(
	'bare|no carrel'
	'shared|`shared`'
	"ping|with \`bounding\`, \`no_new_privs = false\`|no_new_privs = false; capabilities = { $RAW };"
	"inh|and with \`inheritable\`|no_new_privs = false; capabilities = { $RAW inheritable = [ \"net_raw\" ]; };"
	"inhnnp|with \`inheritable\`, \`no_new_privs = true\`|capabilities = { $RAW inheritable = [ \"net_raw\" ]; };"
	"ambient|with \`ambient\`|capabilities = { $RAW ambient = [ \"net_raw\" ]; };"
)

policies() {
	local entry name keys
	for entry in "${POLICIES[@]:2}"; do
		IFS='|' read -r name _ keys <<<"$entry"
		echo "  $name = { inherit = \"shared\"; features = { limits = \"off\"; }; $keys };"
	done
}

configure() { # [POLICY of bob] [MORE of raw]
	cat >/etc/carrel/carrel.conf <<-END
	data_dir = "$STAGE/data";
	store = "/srv/store";
	rules = ( { user = [ "ana", "cara" ]; policy = "raw"; }, { user = "bob"; policy = "${1:-raw}"; } );
	policies = {
	  raw = { inherit = "shared"; shell = { path = "/bin/bash"; }; features = { limits = "off"; };
	    capabilities = { bounding = [ "net_raw" ]; ambient = "cap_net_raw"; }; ${2-} };
	$(policies)
	};
	END
	chmod 0644 /etc/carrel/carrel.conf
}

# What this machine has, as libcap writes it: a file with more is not executed at all.
all_caps() {
	capsh --decode="$(awk '/^CapBnd/ { print $2 }' /proc/self/status)" | cut -d= -f2
}

kinds() {
	local u
	mkdir -p $DIR $OUT
	install -m 4755 /bin/cat $DIR/suid
	for u in ep p ei all; do
		install -m 755 /bin/cat $DIR/$u
	done
	setcap cap_net_raw=ep $DIR/ep cap_net_raw=p $DIR/p cap_net_raw=ei $DIR/ei "$(all_caps)=ep" $DIR/all
	for u in ana cara bob; do
		install -m 4755 /bin/cat /home/$u/suid
		install -m 755 /bin/cat /home/$u/ep
		install -m 755 /bin/cat /home/$u/ei
		setcap cap_net_raw=ep /home/$u/ep cap_net_raw=ei /home/$u/ei
	done
}

# Names for what a mask has.
mask() {
	case $1 in
	0000000000000000) echo none ;;
	$NET_RAW) echo net_raw ;;
	*) [ $((16#$1)) -ge $((16#1ffffffff)) ] && echo all || echo "$1" ;;
	esac
}

# One cell: what a program of that kind had. USER-ID of who runs it; the report; the kind
cell() {
	local uid=$1 line ruid euid prm amb nnp who=
	line=$(grep "^$3 " "$2") || { echo "?"; return; }
	[ "$line" != "$3 refused" ] || { echo "refused"; return; }
	read -r _ ruid euid prm amb nnp <<<"$line"
	[ "$euid" = "$uid" ] || who="uid $euid, "
	echo "$who$(mask "$prm")"
}

row() { # NAME UID REPORT KINDS...
	local name=$1 uid=$2 file=$3 kind self cells inh prm bnd amb nnp
	shift 3
	if ! read -r _ inh prm bnd amb nnp < <(grep '^self ' "$file"); then
		echo "| $name | nothing was said: $(head -c 200 "$file" | tr '\n' ' ') |"
		return
	fi
	cells="$(mask "$inh") | $(mask "$prm") | $(mask "$bnd") | $(mask "$amb") | $nnp"
	for kind in "$@"; do
		cells+=" | $(cell "$uid" "$file" "$kind")"
	done
	echo "| $name | $cells |"
}

KINDS=(suid ep p ei all home-suid home-ei)
HEAD='inheritable | permitted | bounding | ambient | no_new_privs | set-user-ID root | `=ep` | `=p` | `=ei` | all `=ep`'
HEAD+=' | set-user-ID, in the home | `=ei`, in the home'
head_of() { # COLUMNS
	echo "| $1 |"
	sed 's/[^|]//g; s/|/| --- /g; s/^/| --- /; s/$/|/' <<<"$1"
}

# ---- doors -------------------------------------------------------------------------------------------------------

# The process alone: sftp has no commands.
self_of() { # USER: of sftp-server, or of sshd itself; what comes and goes beside it is not meant
	local pid
	pid=$(pgrep -n -u "$1" -x sftp-server || pgrep -n -u "$1")
	self=$(awk '/^CapInh|^CapPrm|^CapBnd|^CapAmb|^NoNewPrivs/ { print $2 }' "/proc/$pid/status" | paste -sd' ')
	[ "$(wc -w <<<"$self")" -eq 5 ]
}

sftp_of() { # USER PORT
	local self
	poll 20 user_gone "$1" # what it is looked for by is of the door before, too
	rm -f $OUT/sftp.out # of the door before: what it has was said there
	mkfifo $OUT/sftp.in
	timeout $SSH_LIMIT sftp -q -F $STAGE/ssh/config -P "$2" -b - "$1@room" <$OUT/sftp.in >$OUT/sftp.out 2>&1 &
	exec 8>$OUT/sftp.in
	echo 'pwd' >&8
	poll 20 grep -q 'Remote working' $OUT/sftp.out
	poll 10 self_of "$1"
	echo "self $self"
	exec 8>&-
	wait $!
	rm -f $OUT/sftp.in
}

cron_begin() {
	cat >/etc/cron.d/carrel-ambient <<-END
	SHELL=/bin/bash
	@reboot ana $REPORT >/home/ana/cron.new 2>&1; mv /home/ana/cron.new /home/ana/cron.out
	END
	chmod 0644 /etc/cron.d/carrel-ambient
	cron_start
}

login_out() { # a login on a terminal, whose shell reads what is typed
	rm -f "/home/$1/out"
	script -qec "login -f $1" /dev/null >/dev/null 2>&1 < <(
		echo "$REPORT >/home/$1/new 2>&1; mv /home/$1/new /home/$1/out; exit"
		poll 20 test -s "/home/$1/out"
	)
	cat "/home/$1/out"
}

# Each door into a report of its own.
door() { # NAME
	case $1 in
	exec) room ana "$REPORT" ;;
	pty) room_tty ana "$REPORT" ;;
	second)
		s -M -S $OUT/mux -o ControlPersist=60 ana@room true </dev/null
		s -S $OUT/mux ana@room "$REPORT" </dev/null
		s -S $OUT/mux -O exit ana@room >/dev/null 2>&1
		;;
	sftp) sftp_of ana $PORT_ROOM ;;
	isftp) sftp_of ana $PORT_SFTP ;;
	su) su - ana -c "$REPORT" ;;
	sus) su -s /bin/bash - ana -c "$REPORT" ;;
	sudo) sudo -u ana -i $REPORT ;;
	login) login_out ana ;;
	cron) cat /home/ana/cron.out ;;
	enter)
		hold entered ana@room
		poll 20 logins_are 1 ana # of the door before there may be one yet
		ctl enter ana -- bash -c "$REPORT"
		hold_end entered
		;;
	s-exec) room cara "$REPORT" ;;
	s-pty) room_tty cara "$REPORT" ;;
	s-shell)
		s cara@room <<<"$REPORT >/home/cara/out 2>&1" >/dev/null 2>&1
		cat /home/cara/out
		;;
	s-su) su - cara -c "$REPORT" ;;
	s-sus) su -s /bin/bash - cara -c "$REPORT" ;;
	s-sudo) sudo -u cara -i $REPORT ;;
	s-login) login_out cara ;;
	f-exec) s -o ControlPath=none ana@forced "$REPORT" </dev/null ;;
	f-sftp) sftp_of ana $PORT_FORCED ;;
	esac
}

DOORS=(
	'exec|`ssh HOST COMMAND`' 'pty|`ssh HOST`, a terminal' 'second|second channel of a connection' 'sftp|sftp by `sftp-server`'
	'isftp|sftp by `internal-sftp`' 'su|`su - USER -c`' 'sus|`su -s /bin/bash - USER -c`' 'sudo|`sudo -u USER -i`, from outside'
	'login|`login`' 'cron|a job of cron' 'enter|`carrelctl enter`'
	's-exec|carrel-shell: `ssh HOST COMMAND`' 's-pty|carrel-shell: a terminal' 's-shell|carrel-shell: `ssh HOST`'
	's-su|carrel-shell: `su - USER -c`' 's-sus|carrel-shell, passed by: `su -s /bin/bash -`' 's-sudo|carrel-shell: `sudo -u USER -i`'
	's-login|carrel-shell: `login`' 'f-exec|ForceCommand carrel-shell: a command' 'f-sftp|ForceCommand carrel-shell: sftp'
)

PORT_FORCED=2204
forced_start() {
	/usr/sbin/sshd -f $STAGE/keys/sshd_config -D -e -p $PORT_FORCED -o ListenAddress=127.0.0.1 \
		-o ForceCommand=$STAGE/bin/carrel-shell 2>>$STAGE_LOG/sshd-forced </dev/null &
	FORCED=$!
	sed "s/^Host room/Host forced\n  Port $PORT_FORCED\nHost room/" -i $STAGE/ssh/config
	poll 10 port_open $PORT_FORCED
}

# keeps: plan/caps R3
# keeps: shell/through R1
check_doors() {
	local pair name file
	configure
	cron_begin
	{
		head_of "door | $HEAD | by \`caps\` | \`caps\` and set-user-ID | \`caps\` and all \`=ep\`"
		[ -n "${CARREL_DOORS-}" ] || poll 20 test -e /home/ana/cron.out
		for pair in "${DOORS[@]}"; do
			name=${pair%%|*}
			file=$OUT/door.$name
			door "$name" </dev/null 2>/dev/null | tr -d '\r' >"$file"
			case $name in
			*sftp) row "${pair#*|}" x "$file" | sed 's/$/ | | | | | | | | | |/' ;;
			s-*) row "${pair#*|}" "$(id -u cara)" "$file" "${KINDS[@]}" caps caps-suid caps-all ;;
			*) row "${pair#*|}" "$(id -u ana)" "$file" "${KINDS[@]}" caps caps-suid caps-all ;;
			esac
		done
	} >$OUT/table
	doc_table $DOC doors <$OUT/table
	kill $CRON
	rm -f /etc/cron.d/carrel-ambient
}

check_policies() {
	local entry name text
	{
		head_of "policy | $HEAD"
		for entry in "${POLICIES[@]}"; do
			IFS='|' read -r name text _ <<<"$entry"
			configure "$name"
			if [ "$name" = bare ]; then bare bob "$REPORT"; else room bob "$REPORT"; fi >$OUT/policy.$name
			row "$text" "$(id -u bob)" $OUT/policy.$name "${KINDS[@]}"
		done
	} >$OUT/table
	doc_table $DOC policies <$OUT/table
}

# What pam_cap gives, beside what carrel gives of the same.
check_pamcap() {
	local entry pam key name
	if ! compgen -G '/usr/lib*/*/security/pam_cap.so' >/dev/null; then
		skip_here "what pam_cap gives" "it is not installed (libpam-cap)"
		return
	fi
	{
		head_of "granted | by | $HEAD"
		for entry in 'inheritable|cap_net_raw|inh' 'ambient|^cap_net_raw|ambient'; do
			IFS='|' read -r key pam name <<<"$entry"
			echo "$pam bob" >$OUT/capability.conf
			cp /etc/pam.d/sshd-bare $OUT/sshd-bare
			sed -i "1i auth optional pam_cap.so config=$OUT/capability.conf" /etc/pam.d/sshd-bare
			bare bob "$REPORT" >$OUT/pamcap
			row "$key | pam_cap, \`$pam\`" "$(id -u bob)" $OUT/pamcap "${KINDS[@]}"
			cp $OUT/sshd-bare /etc/pam.d/sshd-bare
			configure "$name"
			room bob "$([ "$name" = inh ] || echo "$CAPS ")$REPORT" >$OUT/pamcap
			row "$key | carrel, \`$key\`" "$(id -u bob)" $OUT/pamcap "${KINDS[@]}"
		done
	} >$OUT/table
	doc_table $DOC pamcap <$OUT/table
}

# Everything that the room's user may try with it. A raw socket is what net_raw is for.
RAW_SOCKET='python3 -c "import socket; socket.socket(socket.AF_INET, socket.SOCK_RAW, 1); print(\"sent\")"'

# One who has them, and is therefore not to be seen any more.
HAS_THEM="$CAPS sleep 1000 & for i in \$(seq 600); do [ -e /proc/\$! ] || break; sleep 0.1; done;"

BIND='python3 -c "import socket; socket.socket().bind((\"127.0.0.1\", 80))"'

# keeps: caps/main R1
# keeps: caps/main R2
# keeps: caps/main R3
check_launcher() {
	local sshd
	configure
	is "by itself it says what it would give" "$(room ana $CAPS)" "CapAmb:	$NET_RAW"
	is "its file" "$(room ana "/usr/sbin/getcap $CAPS; stat -c '%U %G %a %h' $CAPS")" "$CAPS cap_net_raw=ei
root root 555 1"
	is "no other mount counts" "$(room ana "awk '\$6 !~ /nosuid/ { print \$5, substr(\$6, 1, 3) }' /proc/self/mountinfo")" \
		"/run/carrel/bin ro,"
	is "[O] a raw socket" "$(room ana "$RAW_SOCKET" 2>&1 | grep -o 'not permitted'; room ana "$CAPS $RAW_SOCKET")" "not permitted
sent"
	is "and for all that is started" \
		"$(room ana "$CAPS bash -c 'nohup setsid bash -c \"\$0\"' '$RAW_SOCKET' </dev/null 2>/dev/null")" sent
	is "no_new_privs is in force" "$(room ana "$CAPS grep NoNewPrivs /proc/self/status")" "NoNewPrivs:	1"
	is "sshd's own process has nothing" "$(hold h ana@room
		for sshd in $(pgrep -u ana sshd); do grep -E 'CapPrm|CapEff|CapAmb' /proc/$sshd/status | awk '{ print $2 }'; done | uniq
		hold_end h)" 0000000000000000
	# R3
	is "under ptrace nothing comes, and nothing is executed" \
		"$(room ana "strace -o /dev/null $CAPS id 2>&1; echo \$?")" \
		"caps: there are no capabilities to give here: see carrel.conf(5), capabilities.ambient
126"
	is "unless that is said: then without them" \
		"$(room ana "strace -o /dev/null $CAPS -t grep -E 'CapPrm|NoNew' /proc/self/status")" "CapPrm:	0000000000000000
NoNewPrivs:	1"
	is "who has them cannot be traced by who has not" \
		"$(room ana "$HAS_THEM strace -p \$! 2>&1 | grep -om1 'not permitted'; kill \$! && echo it lives")" \
		$'not permitted\nit lives'
	is "nor read, nor even seen in /proc" \
		"$(room ana "$HAS_THEM ls /proc/\$!/ 2>&1 | grep -o 'No such file'; kill \$! && echo it lives")" $'No such file\nit lives'
	is "a copy gives nothing" "$(room ana "cp $CAPS ~/copy; ~/copy; cp $CAPS /tmp/copy; /tmp/copy")" "CapAmb:	0000000000000000
CapAmb:	0000000000000000"
	refute "no link leaves its place" room ana "ln $CAPS ~/link || ln $CAPS /tmp/link || mv $CAPS /tmp/"
	refute "nor is it written to" room ana "echo x >$CAPS || rm $CAPS || chmod u+s $CAPS || touch /run/carrel/bin/x"
	is "no file can be given capabilities in there" "$(room ana "cp /bin/cat ~/c; /usr/sbin/setcap cap_net_raw=ei ~/c
		$CAPS /usr/sbin/setcap cap_net_raw=ei ~/c; /usr/sbin/getcap ~/c" | grep -c 'Operation not permitted')" 2
	refute "no namespace of the user's own behind it" room ana "$CAPS unshare -Ur true"
	is "su and sudo are without effect" "$(room ana "su -c id 2>&1; sudo -n id 2>&1; id -u" | grep -c 'uid=0')" 0
	hand_over
}

# Arguments, environment, descriptors: the user's, and they arrive.
hand_over() {
	local env="LD_LIBRARY_PATH=/x LD_PRELOAD= TMPDIR=/tmp/y GLIBC_TUNABLES=glibc.malloc.check=1 'A B=C D'"
	is "the environment arrives as it is" \
		"$(room ana "cd; env -i PATH=/usr/bin:/bin $env $CAPS env | sort")" \
		"$(bare ana "cd; env -i PATH=/usr/bin:/bin $env env | sort")"
	is "arguments do" "$(room ana "$CAPS printf '<%s>' 'a b' '' -a -- '*'")" "<a b><><-a><--><*>"
	is "a name of another" \
		"$(room ana "$CAPS -a -sh -- bash -c 'echo \$0' ; $CAPS -a other bash -c 'readlink /proc/\$\$/exe; true'")" "-sh
/usr/bin/bash"
	is "exit status" \
		"$(room ana "$CAPS bash -c 'exit 7'; echo \$?; $CAPS /etc/passwd 2>/dev/null; echo \$?; $CAPS nothing 2>&1; echo \$?")" \
		"7
126
caps: there is no command nothing
127"
	is "without descriptors" "$(room ana "$CAPS true <&- >&- 2>&-; echo \$?")" 0
	is "under the narrowest limits" "$(room ana "ulimit -n 0; ulimit -f 0; ulimit -s 16; exec $CAPS")" "CapAmb:	$NET_RAW"
	is "without any name of its own" "$(room ana "exec -a '' $CAPS")" "CapAmb:	$NET_RAW"
	is "with a very long one" "$(room ana "$CAPS \$(printf '%05000d' 0) 2>&1 | tail -c 6; echo \${PIPESTATUS[0]}")" "00000
127"
}

# Rooms of other kinds: what is mounted in each is proved, or there would be no login.
ROOMS=(
	'root = { mode = "overlay"; over = "tmpfs"; };'
	'root = { mode = "overlay"; over = "tmpfs"; own = [ "/opt" ]; size = "64M"; };'
	'root = { mode = "overlay"; over = "persistent"; quota = "none"; };'
	'root = { mode = "image"; path = "/srv/image"; };'
	'root = { mode = "image"; path = "/srv/image"; over = "tmpfs"; };'
	'root = { hide_users = true; };'
	'root = { writable_paths = [ "/mnt" ]; hide = [ "/home" ]; };'
	'root = { bind_add = ( { source = "/srv/kinds"; target = "/mnt"; writable = true; } ); hide = [ "/home" ]; };'
	'home = { mode = "tmpfs"; size = "16M"; };'
	'home = { mode = "overlay"; size = "16M"; };'
	'home = { mode = "overlay"; upper = "persistent"; quota = "none"; };'
	'share = "user"; linger = "1m";'
	'seccomp = { allow = [ "unshare", "clone", "mount" ]; };'
	'errands = [ "passwd", "crontab", "at" ]; ptys = 2;'
)

check_rooms() {
	local keys
	rootimage_make /srv/image
	for keys in "${ROOMS[@]}"; do
		configure raw "$keys"
		is "in a room with $keys" \
			"$(room ana "cat /proc/self/mountinfo; $CAPS $CAPS" |
				awk '/^CapAmb/ { print $2; next } $6 !~ /nosuid/ { print $5 }')" \
			"/run/carrel/bin
$NET_RAW"
		[[ $keys != *image* ]] || continue # it has no carrel-shell there
		is "by carrel-shell" \
			"$(room cara "$DIR/suid /proc/self/status | awk '/^Uid|CapPrm|NoNew/ { print \$3 \$2 }' | xargs")" \
			"$(id -u cara)$(id -u cara) $NET_RAW 1"
		[[ $keys != *linger* ]] || rooms_end ana cara
	done
	configure raw 'share = "user";'
	hold first ana@room
	is "in the second login of a room" "$(room ana "$CAPS $CAPS")" "CapAmb:	$NET_RAW"
	hold_end first
	configure raw 'shell = { path = "/bin/bash"; seccomp = { base = "@login"; deny = [ "setpriority" ]; }; };'
	sed -i 's/shell = { path = "\/bin\/bash"; }; features/features/' /etc/carrel/carrel.conf
	is "with shell.seccomp both hold" \
		"$(room cara "renice -n 1 \$\$ 2>&1 | grep -o 'not permitted'; grep CapAmb /proc/self/status")" \
		"not permitted
CapAmb:	$NET_RAW"
	rooms_end ana cara # the next case is about others
}

HOSTNET='namespaces = [ "mount", "pid", "uts", "ipc", "cgroup" ]; network = { mode = "host"; };'

# As the documentation has it: without the kernel's own way for all, and past no file.
check_howto() {
	local kept
	configure raw "$HOSTNET"
	kept=$(cat /proc/sys/net/ipv4/ping_group_range)
	echo '1 0' >/proc/sys/net/ipv4/ping_group_range
	refute "ping without the launcher" room ana 'ping -c 1 -W 5 127.0.0.1'
	check "ping by it" room ana "$CAPS ping -c 1 -W 5 127.0.0.1"
	check "ping in carrel-shell's shell" room cara 'ping -c 1 -W 5 127.0.0.1'
	mount -t tmpfs -o mode=0755 link /usr/local/bin # the machine's
	ln -s $CAPS /usr/local/bin/caps
	check "by a link of the administrator's" room ana 'caps ping -c 1 -W 5 127.0.0.1'
	umount -l /usr/local/bin
	echo "$kept" >/proc/sys/net/ipv4/ping_group_range
	configure
	sed -i 's/"net_raw"/"net_bind_service"/; s/"cap_net_raw"/"net_bind_service"/' /etc/carrel/carrel.conf
	refute "a port below 1024 without the launcher" room ana "$BIND"
	check "by it" room ana "$CAPS $BIND"
	check "in carrel-shell's shell" room cara "$BIND"
}

check_told() {
	local out
	configure inhnnp "$HOSTNET"
	out=$(ctl check --no-rehearse 2>&1 | tr -s ' \n' ' ')
	like "inheritable that gives nothing" "$out" \
		'inhnnp: capabilities.inheritable has net_raw, which give nothing while no_new_privs is true'
	unlike "is not told where files count" "$out" 'policy inh: capabilities.inheritable'
	like "whose users can listen" "$out" "raw: capabilities.ambient has net_raw with the host's network"
	like "users who do not come by carrel-shell" "$out" \
		'policy raw needs carrel-shell .*.capabilities.ambient but for /run/carrel/bin/caps COMMAND., and logins of user ana do'
	unlike "not those who do" "$out" 'logins of user cara do not'
	sed -i 's/raw = {/raw = { seccomp = { deny = [ "capget" ]; };/' /etc/carrel/carrel.conf
	sed -i 's/ambient = "cap_net_raw"/ambient = "net_raw,setuid"/' /etc/carrel/carrel.conf
	sed -i 's/\[ "net_raw" \]; ambient = "n/[ "net_raw", "setuid", "kill" ]; ambient = "n/' /etc/carrel/carrel.conf
	out=$(ctl check --no-rehearse 2>&1 | tr -s ' \n' ' ')
	like "a filter that refuses what the launcher does" "$out" 'raw: seccomp.deny leaves out capget, without which carrel-shell'
	like "one that makes its user root" "$out" 'raw: capabilities.ambient has setuid: who has that is as good as root'
	like "what is bounding and nobody's" "$out" 'raw: capabilities.bounding has kill, which nobody can get'
	configure
	like "explain says where no_new_privs holds" \
		"$(ctl explain ana 2>&1 | tr -s ' \n' ' ')" 'Before that the flag is off, whatever no_new_privs says'
	unlike "where it is in question" "$(configure shared; ctl explain bob 2>&1 | tr -s ' \n' ' ')" 'Before that the flag'
	like "rehearse tries it" "$(ctl rehearse ana 2>&1)" "^capabilities +yes.* $NET_RAW by $CAPS"
	is "assess knows it" "$(ctl assess raw --user ana --json | json '[x["answer"] for x in d if x["a_login_could"] in
		("have capabilities that the policy makes ambient", "gain power by set-user-ID programs")]')" "['closed', 'OPEN']"
}

# Where the host cannot: the login is there, with no_new_privs from its beginning; or it is refused.
check_lacking() {
	mv $STAGE_LIB/carrel-caps $STAGE_LIB/away
	configure
	log_mark
	is "without the launcher a login goes on without" \
		"$(room ana "ls -d $CAPS 2>&1 | grep -o 'No such'; grep NoNew /proc/self/status; head -n 1 $DIR/suid >/dev/null; \
			awk '/CapInh/ { print \$2 }' /proc/self/status")" "No such
NoNewPrivs:	1
0000000000000000"
	is "by carrel-shell, too" "$(room cara "grep -E 'CapAmb|NoNew' /proc/self/status")" "CapAmb:	0000000000000000
NoNewPrivs:	1"
	like "which the log has" "$(log_since 'ambient')" 'no ambient capabilities, going on without: carrel-caps is not beside'
	sed -i '/ raw = {/s/limits = "off"/limits = "off"; ambient = "require"/' /etc/carrel/carrel.conf
	like "required, it is refused" "$(room ana true; log_since 'ambient' | tail -n 1)" 'features.ambient is "require"'
	mv $STAGE_LIB/away $STAGE_LIB/carrel-caps
}

[ "$CARREL" = 1 ] || { skip_here "capabilities" "there is no carrel"; tap_done; exit; }
host_start
kinds
usermod -s $STAGE/bin/carrel-shell cara
forced_start
run_cases "$@" -- check_launcher check_rooms check_howto check_told check_lacking check_doors check_policies check_pamcap
tap_done
