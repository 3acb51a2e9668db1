#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Rooms in a network namespace of the administrator's: what they reach and show, the doors of SSH, what is refused.
. "$(dirname "$0")/../lib/stage.sh"
stage_enter "$@"
. "$STAGE/tests/lib/ctl.sh"
. "$STAGE/tests/lib/network.sh"

HOST_NONE='(; the host itself reaches none)?' # where the stage is without

FAR=203.0.113.9
MINE=10.50.0.2 # of the namespace's end of its cable

# joins [NETWORK'S LINES [MORE OF ANA'S [TOP]]]
joins() {
	cat >/etc/carrel/carrel.conf <<-END
	data_dir = "$STAGE/data";
	${3-}
	rules = ( { user = "ana"; policy = "ana"; }, { policy = "none"; } );
	policies = {
	  ana = {
	    network = { mode = "join"; ${1-name = \"vpn-%u\";} };
	    features = { limits = "prefer"; };
	    ${2-}
	  };
	  none = { features = { limits = "prefer"; }; };
	};
	END
}

# network NAME [NET]: a namespace with a cable to another host, its loopback down
network() {
	local net=${2-10.50.0}
	ip netns add "$1"
	ip -n "$1" link add eth0 type veth peer name "to-$1" netns far
	ip -n "$1" addr add $net.2/24 dev eth0
	ip -n "$1" link set eth0 up
	ip -n far addr add $net.1/24 dev "to-$1"
	ip -n far link set "to-$1" up
	ip -n "$1" route add default via $net.1
}

# What lives in a namespace keeps it after its name.
no_cable() {
	! ip -n far link show "to-$1" >/dev/null 2>&1
}

TCP='tcp() { timeout 5 bash -c "exec 3<>/dev/tcp/$1/$2 && cat <&3" 2>/dev/null; }
'

tcp_host() {
	timeout 5 bash -c "exec 3<>/dev/tcp/$1/$2 && cat <&3" 2>/dev/null
}

in_ns() {
	ip netns exec vpn-ana "$@"
}

check_in() {
	joins
	is "it reaches what the namespace reaches, with its address" "$(room ana "$TCP tcp $FAR 80")" "far $MINE"
	is "its interfaces are the namespace's" \
		"$(room ana 'ls /sys/class/net | xargs; ip -4 -o addr show eth0 | grep -o "10[0-9.]*/24"')" \
		"eth0 lo"$'\n'"$MINE/24"
	like "whose loopback stays as it was" "$(ip -n vpn-ana -o link show lo)" 'state DOWN'
	ip -n vpn-ana link set lo up
	is "the host's loopback is not there" "$(room ana "$TCP tcp 127.0.0.1 8080")" ""
	is "nobody has power over it" "$(room ana 'ip link set eth0 down 2>&1 | grep -c permitted')" 1
	hold a ana@room
	is "the room's init is in it" \
		"$(readlink /proc/"$(helper_pids init | head -n 1)"/ns/net)" "$(in_ns readlink /proc/self/ns/net)"
	hold_end a
	settle
}

# What the host has set is the room's where its network is, and not here.
check_settings() {
	joins
	local range host
	host=$(</proc/sys/net/ipv4/ip_local_port_range)
	in_ns sh -c 'echo 40000 41000 >/proc/sys/net/ipv4/ip_local_port_range'
	echo 33000 60000 >/proc/sys/net/ipv4/ip_local_port_range
	is "a login is let in" "$(room ana 'echo in')" in
	range=$(in_ns cat /proc/sys/net/ipv4/ip_local_port_range | xargs)
	is "the namespace's settings stay as they are" "$range" "40000 41000"
	echo "$host" >/proc/sys/net/ipv4/ip_local_port_range
	settle
}

# keeps: apply/net/netns_files R1
check_files() {
	joins
	mkdir -p /etc/netns/vpn-ana
	echo "nameserver $FAR" >/etc/netns/vpn-ana/resolv.conf
	printf '127.0.0.1 localhost\n10.50.0.7 seven\n' >/etc/netns/vpn-ana/hosts
	echo nothing >/etc/netns/vpn-ana/not-in-etc
	is "names are asked where /etc/netns says" \
		"$(room ana "getent ahostsv4 far.example.org | head -n 1 | cut -d ' ' -f 1")" $FAR
	is "and are those of its hosts" \
		"$(room ana 'getent ahostsv4 seven | head -n 1 | cut -d " " -f 1; ls /etc/not-in-etc 2>/dev/null')" 10.50.0.7
	like "a rehearsal tells whom the room asks, and by which file" \
		"$(ctl rehearse ana)" "^dns +(yes|no) +yes +ok +name server $FAR of /etc/netns/vpn-ana/resolv.conf$HOST_NONE\$"
	printf 'nameserver 198.51.100.7\nnameserver 2001:db8::7\n' >>/etc/netns/vpn-ana/resolv.conf
	like "all of them" "$(ctl rehearse ana)" \
		"^dns .* name server $FAR, 198.51.100.7, 2001:db8::7 of /etc/netns/vpn-ana/resolv.conf$HOST_NONE\$"
	like "of another room they are not" "$(room bob 'cat /etc/hosts; echo end')" 'end'
	is "nor of the host" "$(grep -c seven /etc/hosts)" 0
	hold a ana@room
	printf '127.0.0.1 localhost\n10.50.0.8 seven\n' >/etc/netns/vpn-ana/hosts.new
	mv /etc/netns/vpn-ana/hosts.new /etc/netns/vpn-ana/hosts
	check "a file that is replaced is followed" poll 20 eval 'hold_ask a "cat /etc/hosts" | grep -q 10.50.0.8'
	hold_end a
	chown bob /etc/netns/vpn-ana/hosts
	log_mark
	like "one that is not root's refuses the login" "$(room ana true)" 'code NAMESPACE'
	check "and the log says why" log_since '/etc/netns/vpn-ana/hosts: found .*owned by uid'
	like "explain says so before" "$(ctl explain ana 2>&1)" '^network.name .*/etc/netns/vpn-ana/hosts: found .*owned by uid'
	joins 'name = "vpn-ana";'
	like "and check" "$(ctl check --no-rehearse 2>&1)" 'policy ana: network.name .*/etc/netns/vpn-ana/hosts: found .*owned by uid'
	ln -sf /nowhere /etc/netns/vpn-ana/hosts
	like "a link that leads nowhere, too" "$(ctl explain ana 2>&1)" '^network.name .*/vpn-ana/hosts: No such file or directory'
	rm -rf /etc/netns
	settle
}

# As systemd-resolved has it: a link into /run.
check_link() {
	joins
	cp /etc/resolv.conf $STAGE/resolv.kept
	mkdir -p /run/systemd/resolve /etc/netns/vpn-ana
	echo "nameserver 127.0.0.53" >/run/systemd/resolve/stub-resolv.conf
	ln -sf ../run/systemd/resolve/stub-resolv.conf /etc/resolv.conf
	echo "nameserver $FAR" >/etc/netns/vpn-ana/resolv.conf
	is "where resolv.conf is a link the room has its network's" "$(room ana 'cat /etc/resolv.conf')" "nameserver $FAR"
	is "others have the host's" "$(room bob 'cat /etc/resolv.conf')" "nameserver 127.0.0.53"
	like "a rehearsal tells which file it is" \
		"$(ctl rehearse ana)" "^dns .* name server $FAR of /etc/netns/vpn-ana/resolv.conf; the host itself reaches none\$"
	rm /etc/netns/vpn-ana/resolv.conf
	like "without one it is the host's, whose server is not there" \
		"$(ctl rehearse ana)" \
		'^dns .* no +ok +(name server 127.0.0.53 does not answer|no way to name server .*); the host itself reaches none$'
	rm -rf /etc/netns /run/systemd/resolve /etc/resolv.conf
	cp $STAGE/resolv.kept /etc/resolv.conf
	settle
}

check_doors() {
	joins
	local port=$((20000 + RANDOM % 10000))
	ip -n vpn-ana link set lo up
	hold f -L $port:$FAR:80 -L $((port + 1)):127.0.0.1:8080 -D $((port + 2)) ana@room
	is "-L" "$(tcp_host 127.0.0.1 $port)" "far $MINE"
	is "its loopback is the namespace's" "$(tcp_host 127.0.0.1 $((port + 1)))" ""
	is "-D" "$($SOCAT SOCKS4:127.0.0.1:$FAR:80,socksport=$((port + 2)) </dev/null 2>/dev/null)" "far $MINE"
	hold_end f
	is "-W" "$(ssh -F $STAGE/ssh/config -W $FAR:80 ana@room </dev/null 2>/dev/null)" "far $MINE"
	hold r -R 9090:127.0.0.1:8080 ana@room
	like "-R listens in the namespace" "$(hold_ask r "$TCP tcp 127.0.0.1 9090")" '^host 127'
	like "for all that is in it" "$(in_ns timeout 5 bash -c 'cat </dev/tcp/127.0.0.1/9090')" '^host 127'
	hold_end r
	settle
}

refused_as() { # NAME LOG
	log_mark
	like "$1 refuses the login" "$(room ana true)" 'code NAMESPACE'
	check "$1: the log says why" log_since "$2"
}

# keeps: apply/net/netns R1
check_refused() {
	joins 'name = "gone";'
	refused_as "one that is not there" '/run/netns/gone: cannot open'
	like "check tells it before" "$(ctl check 2>&1)" 'network.name.*names a network that no room can join: /run/netns/gone'
	touch /run/netns/gone
	chmod 0644 /run/netns/gone
	refused_as "a file" '/run/netns/gone: found what is no network namespace'
	mount --bind /proc/self/ns/uts /run/netns/gone
	refused_as "a namespace of another kind" '/run/netns/gone: found what is no network namespace'
	umount /run/netns/gone
	mount --bind /proc/self/ns/net /run/netns/gone
	refused_as "the host's own" "/run/netns/gone: found the host's own network"
	umount /run/netns/gone
	local pid
	unshare -U -n sleep 100 &
	pid=$!
	poll 10 eval '[ "$(readlink /proc/$pid/ns/net)" != "$(readlink /proc/self/ns/net)" ]'
	mount --bind /proc/$pid/ns/net /run/netns/gone
	kill $pid
	wait $pid 2>/dev/null
	refused_as "one of another user namespace" '/run/netns/gone: found .*user'
	umount /run/netns/gone
	rm -f /run/netns/gone
	joins 'name = "../net";'
	like "a name with a slash is none" "$(ctl check 2>&1)" 'network.name: found "../net", expected the name'
	joins ''
	like "a name is needed" "$(ctl check 2>&1)" 'without network.name'
	joins 'name = "vpn-ana"; deny = [ "any" ];'
	like "rules of carrel's are none of it" "$(ctl check 2>&1)" 'network.deny'
	joins
	is "with all in place it goes on" "$(room ana 'echo in')" in
	settle
}

# keeps: helper/parts/network_join R1
check_deleted() {
	joins 'name = "vpn-%u-2";' 'share = "user";'
	network vpn-ana-2 10.50.1
	hold a ana@room
	is "a second login is let into the room" "$(room ana "$TCP tcp $FAR 80")" "far 10.50.1.2"
	ip netns del vpn-ana-2
	is "the room goes on when the namespace is deleted" "$(hold_ask a "$TCP tcp $FAR 80" | xargs)" "far 10.50.1.2"
	refused_as "after that a login" '/run/netns/vpn-ana-2: found nothing, expected the network namespace'
	ip netns add vpn-ana-2
	refused_as "another of that name" '/run/netns/vpn-ana-2: found another network namespace than the room is in'
	is "the room goes on still" "$(hold_ask a "$TCP tcp $FAR 80" | xargs)" "far 10.50.1.2"
	hold_end a
	settle
	is "with the next room all is well" "$(room ana 'ls /sys/class/net')" lo
	settle
	ip netns del vpn-ana-2
	check "nothing of it is left" poll 20 no_cable vpn-ana-2
}

# What fails for a login that joins as if something were not there is no sign that the room is not.
# keeps: helper/join R1
check_second() {
	local traced=$STAGE/bin/stat-traced
	joins 'name = "vpn-%u";' 'share = "user";'
	hold a ana@room
	printf '#!/bin/bash\nexec strace -D -o /dev/null -P /proc/%s/ns/net -e inject=newfstatat:error=ENOENT "%s" "$@"\n' \
		"$(helper_pids init | head -n 1)" "$STAGE_LIB/carrel-helper" >"$traced"
	chmod 755 "$traced"
	cp /etc/pam.d/su $STAGE/su.kept
	sed -i "s|helper=[^ ]*|helper=$traced|" /etc/pam.d/su
	log_mark
	is "such a login is refused" "$(timeout 30 su ana -s /bin/sh -c 'echo in' </dev/null 2>/dev/null)" ""
	check "and the log says why" log_since "cannot look at the room's network namespace"
	cp $STAGE/su.kept /etc/pam.d/su
	check "no second room has been made" poll 10 one_supervisor # the refused login's helper may just be ending
	hold b ana@room
	check "and the next login comes into the first one" poll 10 one_supervisor # so may be the helper of who has joined
	hold_end b
	hold_end a
	settle
}

# Root of a room of one's own.
check_own() {
	joins 'name = "vpn-%u";' 'inherit = "workshop"; linger = "0"; on_close = "kill"; share = "login";
	    root = { over = "tmpfs"; size = "256M"; };' 'store = "/srv/store";'
	install -d -m 0700 /srv/store
	usermod -s $STAGE/bin/carrel-shell ana
	hold a ana@room
	is "reaches what the namespace does" "$(hold_ask a "$TCP tcp $FAR 80" | xargs)" "far $MINE"
	is "is root" "$(hold_ask a 'sudo id -u' | xargs)" 0
	is "and not of the network" "$(hold_ask a 'sudo ip link set eth0 down 2>&1 | grep -c permitted' | xargs)" 1
	like "which is up" "$(ip -n vpn-ana -o link show eth0)" 'state UP'
	hold_end a
	usermod -s /bin/bash ana
	settle
}

check_operator() {
	joins
	like "explain tells the name that the user has" "$(ctl explain ana 2>&1)" 'network.name .*"vpn-'
	like "and who decides what is reached" "$(ctl explain ana --reach $FAR:80 2>&1)" 'ip netns exec vpn-ana ip route get'
	ip -n vpn-ana link set lo up
	check "a rehearsal goes well" ctl rehearse ana
	joins 'name = "gone-%u";'
	like "and tells what is not there" "$(ctl rehearse ana 2>&1)" '/run/netns/gone-ana'
	joins
	settle
}

lingers() {
	[ "$(ctl list --json | json '[x["state"] for x in d]')" = "['lingering']" ]
}

shown() { # KEY
	ctl show ana --json | json "d[\"$1\"]"
}

visit() { # COMMAND
	ctl enter ana -- bash -c "$TCP$1" 2>/dev/null </dev/null
}

# A room that outlives its logins stays in its network, and is told of by the network's name.
check_life() {
	local init
	joins 'name = "vpn-%u";' 'share = "user"; linger = "10m";'
	ip -n vpn-ana link set lo up
	hold a ana@room
	init=$(helper_pids init)
	is "show tells the network by its name" "$(shown network)" vpn-ana
	is "which no link of carrel's leads to" "$(shown address)$(shown sent)" None
	is "list has the login" "$(ctl list --json | json '[(x["user"], x["state"]) for x in d]')" "[('ana', 'open')]"
	hold_end a
	check "the room lingers" poll 20 lingers
	is "a visit is in the namespace" "$(visit "tcp $FAR 80; readlink /proc/self/ns/net")" \
		"far $MINE"$'\n'"$(in_ns readlink /proc/self/ns/net)"
	is "and has no power over it" "$(visit 'ip link set eth0 down 2>&1 | grep -c permitted')" 1
	is "show still tells it" "$(shown state) $(shown network)" "lingering vpn-ana"
	is "the next login comes into the same room" "$(room ana "$TCP tcp $FAR 80"; helper_pids init)" "far $MINE"$'\n'"$init"
	check "which lingers again" poll 20 lingers
	check "and is ended" ctl kill ana
	settle
}

# What a room that lingers does when its namespace's name goes, and comes again for another one.
check_life_deleted() {
	joins 'name = "vpn-%u-3";' 'share = "user"; linger = "10m";'
	network vpn-ana-3 10.50.3
	is "a login" "$(room ana "$TCP tcp $FAR 80")" "far 10.50.3.2"
	check "the room lingers" poll 20 lingers
	ip netns del vpn-ana-3
	is "show says that the network has no name any more" "$(shown network)" own
	is "a visit is where it was" "$(visit "tcp $FAR 80")" "far 10.50.3.2"
	ip netns add vpn-ana-3
	is "also when another has the name" "$(visit "tcp $FAR 80") $(shown network)" "far 10.50.3.2 own"
	refused_as "there a login" '/run/netns/vpn-ana-3: found another network namespace than the room is in'
	check "the room is ended" ctl kill ana
	settle
	is "and the next is in the new one" "$(room ana 'ls /sys/class/net'; shown network)" $'lo\nvpn-ana-3'
	ctl kill ana >/dev/null
	ip netns del vpn-ana-3
	check "nothing of the old one is left" poll 20 no_cable vpn-ana-3
	settle
}

# Probes go where the policy's rooms are.
check_assess() {
	joins
	ip -n vpn-ana link set lo up
	ctl assess ana >$STAGE/assess
	like "assess: the host's loopback is not reached" "$(cat $STAGE/assess)" "services on the host's loopback +closed .* ECONNREFUSED"
	like "nor are its interfaces" "$(cat $STAGE/assess)" "use the host's interfaces +closed .* 1 beside lo, in another network"
	like "what the namespace leads to is" "$(cat $STAGE/assess)" 'metadata service +OPEN '
	ip -n vpn-ana route del default
	like "and without a way it is not" "$(ctl assess ana)" 'metadata service +closed '
	ip -n vpn-ana route add default via 10.50.0.1
	unlike "that of a room of somebody else's is not asked where nobody else has such a network" \
		"$(cat $STAGE/assess)" "other users' rooms"
	network vpn-bob 10.50.4
	like "and is not reached where each has one" "$(ctl assess ana)" "other users' rooms by the network +closed .* room of bob "
	ip netns del vpn-bob
	joins 'name = "vpn-ana";'
	like "rooms of one namespace reach each other" "$(ctl assess ana)" \
		"other users' rooms by the network +OPEN +5 +.*, in a room of .*, answers"
	joins 'name = "gone-%u";'
	like "a network that is not there has no answers" "$(ctl assess ana 2>&1)" '/run/netns/gone-ana: cannot open'
	joins
	hold b bob@room
	is "a network of the room's own has no name" "$(ctl show bob --json | json 'd["network"]')" own
	hold_end b
	settle
}

host_start
ip netns add far
ip -n far link set lo up
ip -n far addr add $FAR/32 dev lo
network vpn-ana
serve far far 80 53
serve - host 8080
joins
room bob true
settle
before=$(census)
run_cases "$@" -- check_in check_settings check_files check_link check_doors check_refused check_deleted \
	check_second check_own check_operator \
	check_life check_life_deleted check_assess
settle
same_census "nothing is left behind" "$before"
tap_done
