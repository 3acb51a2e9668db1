#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What sshd forwards for a login, by each door and on each network: whether it comes through, and where it comes out, held
# to the table of docs/network.md. Policies that forward no ports.
# CARREL_TABLE=1: print the table instead of comparing (make network-table).
. "$(dirname "$0")/../lib/stage.sh"
stage_enter "$@"
. "$STAGE/tests/lib/ctl.sh"
. "$STAGE/tests/lib/network.sh"
. "$STAGE/tests/lib/display.sh"
. "$STAGE/tests/lib/docs.sh"

DOC=$STAGE/data/network.md
OUT=$STAGE/forwards
NOT='network = { forwards = "none"; };'

# Columns: USER|head. Each user has the policy of their name.
COLUMNS_=('ana|"none"' 'cara|"nat"' 'dora|"join"' 'bob|"host"' 'gus|any, `forwards = "none"`')

# Rows: KEY|what it is
ROWS=(
	'own|`-L` to a server of the login'\''s own'
	'sock|`-L` to a unix socket of the login'\''s own'
	'lo|`-L` to 127.0.0.1, where others listen'
	'host|`-L` to an address of the host'\''s'
	'far|`-L` to another host'
	'dyn|`-D` to another host'
	'w|`-W` to another host'
	'jump|`-J`, on to the sshd of another host'
	'r|`-R` listens'
	'rsock|`-R` by a unix socket listens'
	'x11|X11 (`-X`)'
	'agent|agent (`-A`)'
)

# forwards_config [GUS'S NETWORK [MORE OF GUS'S [TOP]]]
forwards_config() {
	local base='features = { limits = "prefer"; }; home = { mode = "tmpfs"; size = "16M"; };'
	local host='namespaces = [ "mount", "pid", "uts", "ipc", "cgroup" ];'
	cat >/etc/carrel/carrel.conf <<-END
	data_dir = "$STAGE/data";
	${3-}
	rules = ( { user = "ana"; policy = "ana"; }, { user = "cara"; policy = "cara"; }, { user = "dora"; policy = "dora"; },
	  { user = "bob"; policy = "bob"; }, { group = "guests"; policy = "gus"; } );
	policies = {
	  ana = { $base };
	  cara = { $base network = { mode = "nat"; }; };
	  dora = { $base network = { mode = "join"; name = "vpn"; }; };
	  bob = { $base $host network = { mode = "host"; }; };
	  gus = { inherit = "${1-cara}"; network = { forwards = "${FORWARDS-none}"; }; ${2-} };
	};
	END
}

# A network of the administrator's, which leads to the other host as well, and by that to this one.
vpn() {
	ip netns add vpn
	ip -n vpn link set lo up
	ip -n vpn link add eth0 type veth peer name to-vpn netns far
	ip -n vpn addr add 10.50.0.2/24 dev eth0
	ip -n vpn link set eth0 up
	ip -n far addr add 10.50.0.1/24 dev to-vpn
	ip -n far link set to-vpn up
	ip -n vpn route add default via 10.50.0.1
	ip netns exec far sysctl -qw net.ipv4.ip_forward=1
}

# An sshd of the other host's, without carrel.
far_sshd() {
	ip netns exec far $STAGE/bin/sshd-bare -f $STAGE/keys/sshd_config -D -e -p 2222 -o ListenAddress=$FAR4 \
		2>>$STAGE_LOG/sshd-far </dev/null &
	poll 10 eval 'timeout 2 bash -c "exec 3<>/dev/tcp/'$FAR4'/2222" 2>/dev/null' || die "no sshd far away"
}

# first COMMAND...: the first word of what it prints
first() {
	"$@" 2>/dev/null </dev/null | head -n 1 | cut -d ' ' -f 1
}

note() { # KEY VALUE
	echo "$1 ${2:-no}" >>$OUT/$column
}

listens_at() { # PORT USER'S LOGIN: where what -R made is heard
	if [ "$(hold_ask "$2" "$TCP tcp 127.0.0.1 $1" | cut -d ' ' -f 1)" != client ]; then
		echo no
	elif port_open "$1"; then
		echo on the host
	elif [ -n "$(ip netns exec vpn timeout 5 bash -c "cat </dev/tcp/127.0.0.1/$1" 2>/dev/null)" ]; then
		echo in the namespace
	else
		echo in the room
	fi
}

# All that one login forwards. In a room of "host" the server of one's own is at a port of the host's.
try_login() { # USER
	local u=$1 to="$OUT/l.$1"
	rm -f "$to".*
	hold $u $u@room -A -X -o ExitOnForwardFailure=no -o StreamLocalBindMask=0111 -L "$to.own:127.0.0.1:7001" \
		-L "$to.sock:/tmp/own.sock" -L "$to.lo:127.0.0.1:8080" -L "$to.host:$HOST4:8080" -L "$to.far:$FAR4:80" \
		-D 127.0.0.1:7200 -R 127.0.0.1:9090:127.0.0.1:8090 -R /tmp/back.sock:127.0.0.1:8090
	hold_say $u "python3 $STAGE/tests/lib/netserver.py room 7001 >/tmp/ready 2>&1 &
		socat UNIX-LISTEN:/tmp/own.sock,fork SYSTEM:'echo room' >/dev/null 2>&1 &"
	hold_ask $u 'for i in $(seq 400); do grep -q ready /tmp/ready && test -S /tmp/own.sock && break; sleep 0.05; done' >/dev/null
	note own "$(said "$to.own" room reached)"
	note sock "$(said "$to.sock" room reached)"
	note lo "$(who_answers "$to.lo")"
	note host "$(who_answers "$to.host")"
	note far "$(said "$to.far" far reached)"
	note dyn "$([ "$(first $SOCAT SOCKS4:127.0.0.1:$FAR4:80,socksport=7200)" = far ] && echo reached)"
	note r "$(listens_at 9090 $u)"
	note rsock "$([ "$(hold_ask $u "$SOCAT UNIX:/tmp/back.sock </dev/null" | cut -d ' ' -f 1)" = client ] && echo in the room)"
	note x11 "$([ "$(hold_ask $u "( $(cat $DISPLAY_CLIENT) )" | tail -n 1)" = "localhost XOK" ] && echo yes)"
	note agent "$(hold_ask $u 'ssh-add -l' | grep -q stage && echo yes)"
	hold_end $u
}

ask() { # SOCKET
	first $SOCAT "UNIX:$1"
}

said() { # SOCKET ANSWER WORD
	[ "$(ask "$1")" != "$2" ] || echo "$3"
}

who_answers() { # SOCKET
	case $(ask "$1") in
	host) echo "the host's" ;;
	ns) echo "the namespace's" ;;
	*) ;;
	esac
}

measure() { # USER [COLUMN]
	local column=${2-$1}
	: >$OUT/$column
	try_login "$1"
	note w "$([ "$(first s -W $FAR4:80 "$1@room")" = far ] && echo reached)"
	note jump "$([ "$(first s -J "$1@room" -p 2222 -o HostName=$FAR4 "root@far" 'echo far')" = far ] && echo reached)"
}

cell() { # COLUMN KEY
	sed -n "s/^$2 //p" $OUT/$1
}

table() {
	local row c
	printf '| | %s |\n' "$(printf '%s\n' "${COLUMNS_[@]#*|}" | paste -sd '|' | sed 's/|/ | /g')"
	printf '|---|%s\n' "$(printf -- '---|%.0s' "${COLUMNS_[@]}")"
	for row in "${ROWS[@]}"; do
		printf '| %s |' "${row#*|}"
		for c in "${COLUMNS_[@]}"; do
			printf ' %s |' "$(cell ${c%%|*} ${row%%|*})"
		done
		echo
	done
}

check_table() {
	local c
	for c in "${COLUMNS_[@]}"; do
		measure "${c%%|*}"
	done
	gone
	table >$OUT/table
	doc_table $DOC forwards <$OUT/table
}

listing() { # USER@HOST
	timeout $((20 * ${CARREL_PATIENCE:-1})) sftp -q -F $STAGE/ssh/config -b <(echo 'ls -1 /etc/passwd') "$1" | tail -n 1 | tr -d ' '
}

# On whichever network: what the login's programs reach they reach still, and root's processes are not meant.
# keeps: plan/net/gate_program R8
check_none() {
	local policy far
	for policy in ana cara dora bob; do
		forwards_config $policy
		far=far
		[ $policy != ana ] || far=
		is "$policy: sshd forwards no port" "$(first s -W $FAR4:80 gus@room)$(first s -W 127.0.0.1:8080 gus@room)" ""
		is "$policy: programs are not held" "$(first room gus "$TCP tcp $FAR4 80")" "$far"
		is "$policy: who has the other policy is not" "$(first s -W $FAR4:80 $policy@room)" "$far"
	done
	is "a program by sshd's name is" "$(room gus "cp /bin/bash /tmp/sshd; $TCP"'/tmp/sshd -c "exec 3<>/dev/tcp/'$FAR4'/80" 2>&1 |
		grep -o "Operation not permitted" | sort -u; tcp '$FAR4' 80 | cut -d " " -f 1')" $'Operation not permitted\nfar'
	is "sftp goes on" "$(listing gus@room)" /etc/passwd
	is "sftp within sshd, too" \
		"$(listing gus@sftponly)" /etc/passwd
	is "and a terminal" "$(room_tty gus 'tty')" /dev/pts/0
	is "and su" "$(su gus -c "$TCP tcp $FAR4 80" </dev/null 2>/dev/null | cut -d ' ' -f 1)" far
	gone
}

# The second login of a room by its own policy, as each.
check_shared() {
	poll 10 rooms_gone
	forwards_config cara 'share = "user";'
	hold first gus@room
	is "who joins a room" "$(first s -W $FAR4:80 gus@room)" ""
	is "whose programs are let on" "$(first room gus "$TCP tcp $FAR4 80")" far
	check "it is one room" poll 10 one_supervisor
	FORWARDS=inside forwards_config cara 'share = "user";'
	is "each login by the policy as it is then" "$(first s -W $FAR4:80 gus@room)" far
	hold_end first
	gone
}

# keeps: helper/parts/gate R2
check_refused() {
	forwards_config cara '' 'cgroup = { manager = "cgroupfs"; root = "/nowhere"; };'
	log_mark
	unlike "without a cgroup nobody comes in" "$(room gus 'echo in')" '^in$'
	like "and the log says why" "$(log_since .)" 'no cgroup of cgroup v2 for the programs that hold its network'
	like "check says so before" "$(ctl check --no-rehearse 2>&1)" 'policy gus: features.network_filter needs a cgroup'
	forwards_config cara 'features = { network_filter = "off"; };'
	like "nor does a policy say both" "$(ctl check --no-rehearse 2>&1)" 'network.forwards: found "none" with features.network_filter'
	forwards_config
}

# What assess finds of the network is what programs find, and rehearse tries the forward.
check_rehearse() {
	forwards_config
	like "a rehearsal knows that a forward is refused" "$(ctl rehearse gus)" '^forward +no +no +ok +sshd forwards no ports'
	like "and that it is not" "$(ctl rehearse cara)" '^forward +yes +yes +ok '
	ctl assess gus | grep -iE 'network|service|address' | grep -v "other users' rooms" | sed 's/gus/USER/g; s/  */ /g' >$OUT/gus
	ctl assess cara | grep -iE 'network|service|address' | grep -v "other users' rooms" | sed 's/cara/USER/g; s/  */ /g' >$OUT/cara
	is "assess finds the same network" "$(diff $OUT/gus $OUT/cara)" ""
	check "and looks at it" grep -q ' OPEN ' $OUT/gus
	is "explain says so" "$(ctl explain gus --json | json '[x["value"] for x in d["values"] if x["key"] == "network.forwards"]')" \
		"['\"none\"']"
	gone
}

sockets_forwarded() {
	ctl check --no-rehearse 2>&1 | grep 'unix sockets and the agent'
}

# What no program on a cgroup holds is sshd's to refuse.
check_sshd() {
	local agent=$STAGE/ssh/agent
	forwards_config
	mkdir -p /etc/ssh
	cp $STAGE/keys/sshd_config $STAGE/sshd_config.kept
	sed '/^Match/,$d' $STAGE/keys/sshd_config >/etc/ssh/sshd_config
	like "check says how" "$(sockets_forwarded)" \
		'policy gus of user gus: network.forwards .*"Match Group guests".*"DisableForwarding yes"'
	is "once" "$(sockets_forwarded | wc -l)" 1
	printf 'Match Group guests\n  DisableForwarding yes\n' >>/etc/ssh/sshd_config
	is "and is content with it" "$(sockets_forwarded)" ""
	cp /etc/ssh/sshd_config $STAGE/keys/sshd_config
	sshd_room_reload
	is "which closes the agent's door" "$(room_agent gus)" ""
	is "and those of sockets" "$(hold k gus@room -o ExitOnForwardFailure=no -R /tmp/back.sock:127.0.0.1:8090
		hold_ask k 'test -e /tmp/back.sock || echo none'; hold_end k)" none
	sed -i 's/DisableForwarding yes/AllowStreamLocalForwarding no\n  AllowAgentForwarding no/' /etc/ssh/sshd_config
	is "the two by themselves are enough" "$(sockets_forwarded)" ""
	sed -i 's/AllowAgentForwarding no/AllowAgentForwarding yes/' /etc/ssh/sshd_config
	is "one is not" "$(sockets_forwarded | wc -l)" 1
	sed -i 's/Match Group guests/Match Group guests Address 192.0.2.0\/24/; s/Forwarding yes/Forwarding no/' /etc/ssh/sshd_config
	is "nor what holds for some connections" "$(sockets_forwarded | wc -l)" 1
	cp $STAGE/sshd_config.kept $STAGE/keys/sshd_config
	rm /etc/ssh/sshd_config
	sshd_room_reload
	is "the agent's door is open again" "$(room_agent gus)" 1
	gone
}

room_agent() { # USER: how many keys
	s -A "$1@room" 'ssh-add -l' </dev/null 2>/dev/null | grep -c SHA256 | grep -v '^0$'
}

host_start
mkdir -p $OUT
cable
vpn
serve far far 80
serve vpn ns 8080
serve - host 8080
serve - client 8090
far_sshd
display_start
eval "$(ssh-agent -a $STAGE/ssh/agent)" >/dev/null
ssh-add -q $STAGE/ssh/id
forwards_config
room cara true
settle
poll 10 test -e $STATE_DIR/swept
sweep
before=$(census)
run_cases "$@" -- check_table check_none check_shared check_refused check_rehearse check_sshd
settle
same_census "nothing is left behind" "$before"
kill "$SSH_AGENT_PID"
display_stop
check "nor on the host's network" nothing_left
tap_done
