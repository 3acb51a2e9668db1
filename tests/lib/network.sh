# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# What suites of rooms with a way out share: another host at the end of a cable, their configuration, what is left.

HELPER=$STAGE_LIB/carrel-helper
HOST4=192.0.2.1 HOST6=2001:db8:1::1 # the stage's
FAR4=203.0.113.9 FAR6=2001:db8:2::9 # the other host's
PRIVATE=10.99.0.9 METADATA=169.254.169.254 NAMES=192.0.2.53

# Another host, at the end of a cable.
cable() {
	local address
	ip netns add far
	ip link add up0 type veth peer name eth0 netns far
	ip addr add $HOST4/24 dev up0
	ip addr add $HOST6/64 dev up0 nodad
	ip link set up0 up
	ip -n far link set lo up
	ip -n far link set eth0 up
	ip -n far addr add 192.0.2.2/24 dev eth0
	ip -n far addr add 2001:db8:1::2/64 dev eth0 nodad
	for address in $FAR4/32 $PRIVATE/32 $METADATA/32 $FAR6/128; do
		ip -n far addr add $address dev lo
	done
	ip route add default via 192.0.2.2
	ip -6 route add default via 2001:db8:1::2
}

# The same, with servers and a name server.
internet() {
	cable
	ip -n far addr add $NAMES/24 dev eth0
	serve far far 80 81 7 53
}

# serve NETNS|- NAME PORT...
serve() {
	local where=() log=$STAGE_LOG/serve.$2
	[ "$1" = - ] || where=(ip netns exec "$1")
	shift
	"${where[@]}" /usr/bin/python3 $STAGE/tests/lib/netserver.py "$@" >"$log" 2>&1 &
	poll 10 grep -q ready "$log" || die "no servers: $(cat "$log")"
}

# net_config [NETWORK'S LINES [MORE OF ANA'S [TOP]]]
net_config() {
	cat >/etc/carrel/carrel.conf <<-END
	data_dir = "$STAGE/data";
	${3-}
	rules = ( { user = [ "ana", "cara" ]; policy = "ana"; }, { user = "dora"; policy = "dora"; },
	  { group = [ "staff", "guests" ]; policy = "none"; } );
	policies = {
	  ana = {
	    network = { mode = "nat"; ${1-} };
	    features = { limits = "prefer"; };
	    ${2-}
	  };
	  dora = { inherit = "ana"; network = { deny = [ "@private", "@metadata" ]; allow = [ ]; }; share = "user"; };
	  none = { features = { limits = "prefer"; }; };
	};
	END
}

# tcp ADDRESS PORT, udp ADDRESS PORT: for a room's shell; what the server says, or nothing
TCP='tcp() { timeout 5 bash -c "exec 3<>/dev/tcp/$1/$2 && cat <&3" 2>/dev/null; }
udp() { timeout 2 bash -c "exec 3<>/dev/udp/$1/$2 && echo ask >&3 && head -n 1 <&3" 2>/dev/null; }
'

out() { # USER COMMAND
	room "$1" "$TCP$2"
}

# With the last room the guard goes, too, by the steward.
sweep() {
	"$HELPER" --sweep --state $STATE_DIR
	[ -e $STATE_DIR/net ] || poll 20 eval '! guard_stands'
}

guard_stands() {
	nft list table inet carrel_guard >/dev/null 2>&1
}

links() {
	ip -o link show | grep -o 'crl-[0-9]*'
}

# What is left of carrel on the host.
left() {
	links
	nft list tables | grep carrel
	ls $STATE_DIR/net 2>/dev/null
	grep -l 1 /proc/sys/net/ipv4/conf/*/forwarding /proc/sys/net/ipv6/conf/*/force_forwarding 2>/dev/null
}

nothing_left() {
	[ -z "$(left)" ]
}

gone() {
	poll 20 eval '[ -z "$(links)" ]'
	sweep
}

# The host's own resolv.conf is what most cases ask.
resolv() {
	printf 'nameserver %s\n' "$@" >/etc/resolv.conf
}

# may NAME USER COMMAND WANTED: an answer, or none
may() {
	is "$1" "$(out "$2" "$3")" "$4"
}

tcp_host() {
	timeout 5 bash -c "exec 3<>/dev/tcp/$1/$2 && cat <&3" 2>/dev/null
}

# As root of the host within a room's network: more than anybody in there can ever be.
inside() { # COMMAND...
	nsenter --net=/proc/$(helper_pids init | head -n 1)/ns/net "$@"
}

out_held() { # NAME COMMAND
	hold_ask "$1" "$TCP$2"
}

# How many conntrack follows here.
connections() {
	cat /proc/sys/net/netfilter/nf_conntrack_count
}
