#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Logins on the host's network that are held by programs on their cgroups: where they may connect to, what they may
# bind, by which door whoever comes; and that nothing of it is left.
. "$(dirname "$0")/../lib/stage.sh"
stage_enter "$@"
. "$STAGE/tests/lib/ctl.sh"
. "$STAGE/tests/lib/network.sh"

CGROUPS=$(findmnt -n -t cgroup2 -o TARGET | head -n 1)

internet() {
	cable
	serve far far 80 81
}

# gate_config [NETWORK'S LINES [MORE OF ANA'S [TOP]]]
gate_config() {
	cat >/etc/carrel/carrel.conf <<-END
	data_dir = "$STAGE/data";
	${3-}
	rules = ( { user = [ "ana", "cara" ]; policy = "ana"; }, { user = "dora"; policy = "dora"; },
	  { group = [ "staff", "guests" ]; policy = "none"; } );
	policies = {
	  ana = {
	    namespaces = [ "mount", "pid", "uts", "ipc", "cgroup" ]; network = { mode = "host"; ${1-} };
	    features = { limits = "prefer"; network_filter = "${FILTER-require}"; };
	    ${2-}
	  };
	  dora = { inherit = "ana"; share = "user"; };
	  none = { features = { limits = "prefer"; }; };
	};
	END
}

# tcp ADDRESS PORT, udp ADDRESS PORT: for a room's shell; what the server says, or "no", or nothing
ASK="ask() { python3 $STAGE/tests/lib/netask.py \"\$@\"; }
"

may() { # NAME USER COMMAND WANTED
	is "$1" "$(room "$2" "$ASK$3")" "$4"
}

cgroups_left() {
	find "$CGROUPS" -path '*carrel.slice/*' -name 'login-*'
}

none_left() {
	[ -z "$(cgroups_left)$(helper_pids supervisor)" ]
}

gone() {
	poll 20 none_left
}

# keeps: plan/net/gate R1, helper/parts/gate R1
check_reach() {
	gate_config 'deny = [ "@private", "192.0.2.0/24 tcp 8200" ]; allow = [ "127.0.0.1" ];'
	may "what no entry is about" ana "ask tcp $FAR4 80 tcp $FAR6 80 tcp $HOST4 8080" "far far host"
	may "what is denied" ana "ask tcp $PRIVATE 80 udp $PRIVATE 80 tcp $HOST4 8200" "denied denied denied"
	may "as IPv4 within IPv6" ana "ask tcp ::ffff:$PRIVATE 80 udp ::ffff:$PRIVATE 80 tcp ::ffff:$FAR4 80" "denied denied far"
	may "what is allowed of it" ana "ask tcp 127.0.0.1 8200 tcp 127.0.0.2 8200 tcp ::1 8080" "host denied denied"
	may "by the unspecified address, which is the loopback's" ana "ask tcp 0.0.0.0 8200 tcp :: 8080" "host denied"
	may "ping" ana "ping -n -c 1 -W 5 $FAR4 >/dev/null; echo \$?; ping -n -c 1 -W 2 $PRIVATE 2>&1 | grep -c 'not permitted'" $'0\n1'
	may "what nothing would ask about is not made" ana "ask socket 136 socket 262" "denied denied"
	is "who has another policy is not held" "$(room bob true; s root@bare "python3 $STAGE/tests/lib/netask.py tcp $PRIVATE 80")" far
	gate_config 'deny = [ "any" ]; allow = [ "203.0.113.0/24 tcp 80,443" ];'
	may "nothing but what is allowed" ana "ask tcp $FAR4 80 tcp $FAR4 81 tcp $FAR6 80 tcp 127.0.0.1 8080" "far denied denied denied"
	gone
}

# Where it is said to go to has the sum of where it is led to, so that the checksum is right there.
# keeps: plan/net/gate_program R7
check_routed() {
	local link
	for link in all eth0; do
		ip netns exec far sysctl -qw net.ipv6.conf.$link.seg6_enabled=1
	done
	gate_config 'deny = [ "192.0.2.99" ];'
	may "an address that is allowed" ana "ask udp 2001:db8:1::2 80" far
	may "by a routing header to it, too, nothing leaves" ana "ask routed 2001:db8:1::a $FAR6 80" denied
	gate_config "deny = [ \"$FAR6\" ];"
	may "nor to one that is denied" ana "ask udp $FAR6 80 routed 2001:db8:1::a $FAR6 80" "denied denied"
	is "which who is not held does" \
		"$(room bob true; s root@bare "python3 $STAGE/tests/lib/netask.py routed 2001:db8:1::a $FAR6 80")" far
	may "nor does a packet of IPv4 with options, as source routes are" ana "ask udp $FAR4 80 recorded $FAR4 80" "far denied"
	is "which who is not held may send" "$(s root@bare "python3 $STAGE/tests/lib/netask.py recorded $FAR4 80")" far
	gone
}

# keeps: plan/net/gate R1 R2, plan/net/gate_program R6
check_loopback() {
	gate_config 'loopback = "own";'
	printf 'nameserver 127.0.0.1\n' >/etc/resolv.conf
	may "the loopback of the host is not reached" ana "ask tcp 127.0.0.1 8080 tcp ::1 8080 udp 127.1.2.3 8080 tcp 0.0.0.0 8080" \
		"denied denied denied denied"
	may "its other addresses are" ana "ask tcp $HOST4 8080 tcp $FAR4 80" "host far"
	may "and a name server on it" ana "getent ahostsv4 far.example.org | head -n 1 | cut -d ' ' -f 1" $FAR4
	printf 'nameserver 0.0.0.0\n' >/etc/resolv.conf
	may "by the address of all zeros, too" ana "getent ahostsv4 far.example.org | head -n 1 | cut -d ' ' -f 1" $FAR4
	printf '# none\n' >/etc/resolv.conf
	may "and where none is named" ana "getent ahostsv4 far.example.org | head -n 1 | cut -d ' ' -f 1" $FAR4
	gate_config 'loopback = "own"; allow = [ "any", "127.0.0.1 tcp 8080" ];'
	may "an entry of its own opens it, and any does not" ana "ask tcp 127.0.0.1 8080 tcp 127.0.0.1 8200" "host denied"
	gate_config 'deny = [ "host" ];'
	may "all of the host's own" ana "ask tcp $HOST4 8080 tcp $HOST6 8080 tcp ::1 8080 tcp $FAR4 80" "denied denied denied far"
	hold a ana@room
	ip addr add 198.51.100.1/32 dev lo
	unlike "and those that it gets later" "$(hold_ask a "$ASK ask tcp 198.51.100.1 8080")" host
	ip addr del 198.51.100.1/32 dev lo
	hold_end a
	gone
}

# keeps: plan/net/gate R3, plan/net/gate_program R5
check_listen() {
	gate_config 'listen = [ "127.0.0.1", "ports 8000-8999" ];'
	may "what is bound" ana "ask bind 127.0.0.1 7000 bind 0.0.0.0 7000 bind 0.0.0.0 8000 bind :: 8001 bind ::1 7000" \
		"bound denied bound bound denied"
	may "a client's own port is any" ana "ask bind 0.0.0.0 0 tcp $FAR4 80" "bound far"
	hold a ana@room
	hold_say a "python3 $STAGE/tests/lib/netserver.py room 8300 >/dev/null 2>&1 &"
	check "whom the host asks" poll 10 eval '[ "$(python3 $STAGE/tests/lib/netask.py tcp $HOST4 8300)" = room ]'
	is "and who listens without having bound is not reached" "$(hold_ask a "$ASK ask unbound 127.0.0.1 unbound ::1")" "silent silent"
	hold_end a
	gone
}

check_doors() {
	gate_config 'deny = [ "@private" ]; loopback = "own";'
	local port=7345
	s -f -N -L $port:$PRIVATE:80 -L $((port + 1)):$FAR4:80 -L $((port + 2)):127.0.0.1:8080 -M -S $STAGE/ssh/gate.ctl ana@room \
		>/dev/null 2>&1
	is "a forward of ssh goes as far as the login" "$(python3 $STAGE/tests/lib/netask.py tcp 127.0.0.1 $port \
		tcp 127.0.0.1 $((port + 1)) tcp 127.0.0.1 $((port + 2)))" "silent far silent"
	s -S $STAGE/ssh/gate.ctl -O exit ana@room >/dev/null 2>&1
	is "and -W" "$(s -W $FAR4:80 ana@room </dev/null 2>/dev/null | cut -d ' ' -f 1)" far
	is "and not there" "$(s -W $PRIVATE:80 ana@room </dev/null 2>/dev/null)" ""
	is "a terminal" "$(room_tty ana "$ASK ask tcp $PRIVATE 80 tcp $FAR4 80")" "denied far"
	is "su" "$(su ana -c "$ASK ask tcp $PRIVATE 80 tcp $FAR4 80" </dev/null 2>&1)" "denied far"
	hold a ana@room
	is "a visit" "$(ctl enter ana -- python3 $STAGE/tests/lib/netask.py tcp $PRIVATE 80 tcp $FAR4 80 2>&1)" "denied far"
	hold_end a
	gone
}

lingers() {
	[ "$(ctl list --json | json '[x["state"] for x in d]')" = "['lingering']" ]
}

# Each login has programs on its own cgroup, in a room that others made.
check_shared() {
	gate_config 'deny = [ "10.0.0.0/8" ];' 'linger = "10m";'
	hold d dora@room
	is "the first one" "$(hold_ask d "$ASK ask tcp $PRIVATE 80 tcp $FAR4 80")" "denied far"
	may "one who joins" dora "ask tcp $PRIVATE 80 tcp $FAR4 80" "denied far"
	check "the same room" poll 10 one_supervisor
	hold_end d
	check "all have left" poll 20 lingers
	is "a visit to a room that lingers" \
		"$(ctl enter dora -- python3 $STAGE/tests/lib/netask.py tcp $PRIVATE 80 tcp $FAR4 80 2>&1)" "denied far"
	gate_config 'deny = [ "203.0.113.0/24" ];' 'linger = "10m";'
	is "the next visit, by the policy as it is then as well" \
		"$(ctl enter dora -- python3 $STAGE/tests/lib/netask.py tcp $PRIVATE 80 tcp $FAR4 80 2>&1)" "denied denied"
	printf 'nonsense' >/etc/carrel/carrel.conf
	isnt "none, while nobody knows what holds" \
		"$(status ctl enter dora -- true)" 0
	is "but for one that says so" "$(status ctl enter dora --unrestricted -- true)" 0
	gate_config
	ctl kill dora >/dev/null 2>&1
	gone
}

# keeps: helper/parts/gate R2
check_refuse() {
	local nowhere='cgroup = { manager = "cgroupfs"; root = "/nowhere"; };'
	gate_config 'deny = [ "@private" ];' '' "$nowhere"
	log_mark
	unlike "without a cgroup nobody comes in" "$(room ana 'echo in')" '^in$'
	like "and the log says why" "$(log_since .)" 'no cgroup of cgroup v2 for the programs that hold its network'
	like "check says so before" "$(ctl check 2>&1)" 'features.network_filter.*cgroup'
	gate_config "deny = [ $(seq -f '"10.%.0f.0.0/24"' -s , 0 255), $(python3 -c \
		"print(', '.join(f'\"{i}.{j}.0.0/24\"' for i in range(11, 60) for j in range(256)))") ];"
	like "lists that are too long have a line" "$(ctl check --no-rehearse 2>&1)" \
		'carrel.conf +[0-9]+ +policy ana: network.mode needs shorter lists: network.allow, .* is too long'
	FILTER=prefer gate_config 'deny = [ "@private" ];' '' "$nowhere"
	log_mark
	may "unless the policy prefers them only" ana "ask tcp $PRIVATE 80" far
	like "which is logged" "$(log_since .)" 'its network is not held: '
	FILTER=off gate_config 'deny = [ "@private" ];'
	may "or does without" ana "ask tcp $PRIVATE 80" far
	gate_config
	gone
}

check_explain() {
	gate_config 'deny = [ "@private" ]; allow = [ "10.1.0.0/16 tcp 443" ]; loopback = "own";'
	printf 'nameserver 127.0.0.1\n' >/etc/resolv.conf
	reach() {
		ctl explain ana --reach "$1" | tail -n 1 | xargs
		ctl explain ana --reach "$1" >/dev/null
		echo $?
	}
	is "by an entry" "$(reach 10.1.2.3:443)" $'10.1.2.3 tcp 443 yes network.allow 10.1.0.0/16 tcp 443 /etc/carrel/carrel.conf 7\n0'
	is "against one" "$(reach 10.1.2.3:80)" $'10.1.2.3 tcp 80 no network.deny @private /etc/carrel/carrel.conf 7\n1'
	is "by none" "$(reach "[$FAR6]:80")" "$FAR6"$' tcp 80 yes network.mode - /etc/carrel/carrel.conf 7\n0'
	is "the loopback" "$(reach "[::1]:80")" $'::1 tcp 80 no network.loopback @loopback /etc/carrel/carrel.conf 7\n1'
	is "a name server" "$(reach 127.0.0.1:53)" $'127.0.0.1 tcp 53 yes network.mode name server /etc/carrel/carrel.conf 7\n0'
	gate_config 'deny = [ "host" ];'
	is "an address of the host's" "$(reach $HOST4:22)" "$HOST4"$' tcp 22 no network.deny host /etc/carrel/carrel.conf 7\n1'
	is "the host" "$(reach host:22)" $'host tcp 22 no network.deny host /etc/carrel/carrel.conf 7\n1'
	gate_config
	is "without any" "$(reach host:22)" $'host tcp 22 yes network.mode - /etc/carrel/carrel.conf 7\n0'
}

# A rehearsal knows what it will find, and assess finds it.
check_rehearse() {
	local said
	gate_config 'loopback = "own"; listen = [ "ports 8000-8999" ]; deny = [ "@metadata" ];'
	like "no server on the loopback is promised" "$(ctl rehearse ana)" '^forward +no +no +ok '
	said=$(ctl assess ana)
	is "assess reaches neither the loopback nor a metadata service" \
		"$(grep -E "host's loopback|metadata service  " <<<"$said" | grep -cE ' closed .*(EPERM|refused by a rule)')" 2
	like "a room on the host's network is reached by the host's addresses" \
		"$said" "reach other users' rooms by the network +OPEN .*192.0.2.1:[0-9]*, in a room of"
	gate_config 'loopback = "own"; deny = [ "host" ];'
	like "but where both are closed" \
		"$(ctl assess ana)" "reach other users' rooms by the network +closed .* is refused by a rule"
	gate_config 'listen = [ "127.0.0.1", "ports 8000-8999" ]; deny = [ "10.0.0.0/8", "any tcp 25" ]; allow = [ "10.1.0.0/16 tcp 443" ];'
	like "what is denied is tried, and refused" "$(ctl rehearse ana)" '^denied +yes +yes +ok +[1-4] addresses'
	gate_config 'listen = [ "ports 8000-8999" ];'
	like "ports, too" "$(ctl rehearse ana)" '^listen +yes +yes +ok +port 8000 of 127.0.0.1 can be listened at, 1024 is refused'
	gate_config "deny = [ \"any\" ]; allow = [ \"$FAR4 tcp 80\" ];"
	like "and who is allowed answers" "$(ctl rehearse ana)" '^allowed +yes +yes +ok +1 of 1'
	gate_config
	said=$(ctl rehearse ana)
	unlike "without any of these nothing is tried" "$said" '^(denied|allowed|listen) '
	like "and where nothing is denied both are as they were" "$said" '^forward +yes +yes +ok '
	is "open" "$(ctl assess ana | grep -E "host's loopback|metadata service  " | grep -c ' OPEN ')" 2
	gone
}

# Whoever is killed, the programs go with the cgroup.
check_crash() {
	local supervisor
	gate_config 'deny = [ "@private" ];'
	hold a ana@room
	supervisor=$(helper_pids supervisor)
	kill -9 $supervisor
	hold_end a
	check "the login's cgroup goes with its supervisor" poll 20 eval '"$STAGE_LIB/carrel-helper" --sweep --state $STATE_DIR; none_left'
	may "and the next login is held" ana "ask tcp $PRIVATE 80" denied
	gone
}

host_start
echo "0 2147483647" >/proc/sys/net/ipv4/ping_group_range
internet
serve - host 8080 8200 53
gate_config
room bob true
settle
before=$(census)
run_cases "$@" -- check_reach check_routed check_loopback check_listen check_doors check_shared check_refuse \
	check_explain check_rehearse check_crash
settle
same_census "nothing is left behind" "$before"
tap_done
