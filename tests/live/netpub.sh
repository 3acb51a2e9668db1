#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Rooms with a way out: what they share of the host's, how much they send, and what they serve.
. "$(dirname "$0")/../lib/stage.sh"
stage_enter "$@"
. "$STAGE/tests/lib/ctl.sh"
. "$STAGE/tests/lib/network.sh"

FOLLOWS=/proc/sys/net/netfilter/nf_conntrack_max

# within ROOM'S-NUMBER COMMAND...: as inside(), of the so manieth room
within() {
	nsenter --net=/proc/$(helper_pids init | sed -n "$1p")/ns/net "${@:2}"
}

# All rooms together leave the host a quarter. What it can follow is its machine's: here it is as if that were little.
# keeps: plan/net/nft R5, plan/net/share R1
check_budget() {
	local before now
	echo 512 >$STAGE/follows
	mount --bind $STAGE/follows $FOLLOWS
	net_config
	hold a ana@room
	hold d dora@room
	before=$(connections)
	within 1 /usr/bin/python3 $STAGE/tests/lib/netraw.py flood $FAR4 600
	within 2 /usr/bin/python3 $STAGE/tests/lib/netraw.py flood $FAR4 600
	now=$(connections)
	check "two rooms that flood have three quarters together ($((now - before)))" [ $((now - before)) -le 400 ]
	is "and the host its own" "$(tcp_host $FAR4 80)" "far $HOST4"
	hold_end a
	hold_end d
	umount $FOLLOWS
	gone
	is "nothing is left" "$(left)" ""
}

# bytes LINK rx|tx
bytes() {
	cat /sys/class/net/"$1"/statistics/"$2"_bytes
}

# A second's worth and 256 KiB pass at once; whoever is slow lets 8 KB a second pass besides.
# keeps: plan/net/nft R9
check_rates() {
	local burst="/usr/bin/python3 $STAGE/tests/lib/netraw.py burst" ip link before
	net_config '' 'limits = { network = { egress = "64K"; ingress = "64K"; }; };'
	hold a ana@room
	hold c cara@room
	is "who is slow reaches all the same" "$(out_held a "tcp $FAR4 80; udp $FAR6 7")" "far $HOST4"$'\n'"far $HOST6"
	before=$(bytes up0 tx)
	inside $burst $FAR4 9 4000
	between "what a room sends is held" $(($(bytes up0 tx) - before)) 100000 2000000
	is "its neighbour has its own" "$(out_held c "tcp $FAR4 80")" "far $HOST4"
	ip=$(hold_ask c 'ip -4 -o addr show eth0 | grep -o "198[0-9.]*" | head -n 1')
	link=$(ip -4 -o route get "$ip" | grep -o 'crl-[0-9]*')
	before=$(bytes "$link" tx)
	$burst "$ip" 9 4000
	between "and what it is sent" $(($(bytes "$link" tx) - before)) 100000 2000000
	hold_end a
	hold_end c
	net_config
	hold a ana@room
	check "without such a limit nothing is" poll 20 burst_passes
	hold_end a
	gone
	is "nothing is left" "$(left)" ""
}

# One of four million bytes, of which a busy host may drop what it has not taken in yet.
burst_passes() {
	local before
	before=$(bytes up0 tx)
	inside /usr/bin/python3 $STAGE/tests/lib/netraw.py burst $FAR4 9 4000
	[ $(($(bytes up0 tx) - before)) -gt 3000000 ]
}

# between TEXT NUMBER LEAST MOST
between() {
	check "$1 ($2)" [ "$2" -ge "$3" -a "$2" -le "$4" ]
}

# ---- ports of the host's that lead into rooms ------------------------------------------------------------------

PORTS='publish = ( { port = 8443; to = 4443; }, { port = 8053; to = 5353; proto = "udp"; } );'

far() { # COMMAND: as a program of the other host
	ip netns exec far bash -c "$TCP$1"
}

# A room of ana's that serves.
hold_server() {
	hold a ana@room
	hold_say a "python3 $STAGE/tests/lib/netserver.py room 4443 5353 ${1-} >/dev/null 2>&1 &"
	check "the other host reaches what a room serves" poll 20 eval '[ "$(far "tcp $HOST4 8443")" ]'
}

# binds PORT: may a program of the host's have it?
binds() {
	/usr/bin/python3 -c "import socket; s = socket.socket(); s.setsockopt(1, 2, 1); s.bind(('', $1)); s.listen()"
}

leads() {
	nft list map inet carrel publish4 2>/dev/null | grep -q 8443
}

# keeps: helper/parts/network_link R3
check_publish() {
	net_config "$PORTS"
	sed -i 's/dora = { inherit = "ana"; network = {/& publish = ( );/' /etc/carrel/carrel.conf
	hold_server
	is "by IPv4, with its own address" "$(far "tcp $HOST4 8443")" "room 192.0.2.2"
	is "by IPv6" "$(far "tcp $HOST6 8443")" "room 2001:db8:1::2"
	is "by UDP" "$(far "udp $HOST4 8053")" "room 192.0.2.2"
	is "not the port that the room has itself" "$(far "tcp $HOST4 4443")" ""
	is "nor by another protocol" "$(far "udp $HOST4 8443")" ""
	is "the host reaches it by its own address" "$(tcp_host $HOST4 8443)" "room $HOST4"
	is "not by its loopback" "$(tcp_host 127.0.0.1 8443; tcp_host ::1 8443)" ""
	may "another room does not" dora "tcp $HOST4 8443 & tcp $HOST6 8443 & udp $HOST4 8053 & wait" ""
	is "nor the room by the host" "$(out_held a "tcp $HOST4 8443")" ""
	refute "no program of the host's can have the port" binds 8443
	like "show tells of the ports" "$(ctl show ana --json | jq -r .ports)" '^8443/tcp to 4443, 8053/udp to 5353$'
	nft flush ruleset
	check "who takes all tables away takes that for a moment" poll 20 eval '[ "$(far "tcp $HOST4 8443")" ]'
	hold d dora@room
	hold_end a
	check "with the room it ends while others live, without a login or a sweep" poll 30 eval '! leads'
	check "and the port is anybody's" poll 10 binds 8443
	hold_end d
	net_config
	gone
	is "nothing is left" "$(left; ls $STATE_DIR | grep '^net')" ""
}

# led LEAST: the other host floods a room's port, where so many connections are then followed. A busy host drops some.
led() {
	ip netns exec far /usr/bin/python3 $STAGE/tests/lib/netraw.py flood $HOST4 1000 8053
	count=$(connections)
	[ "$count" -ge "$1" ]
}

# Who is outside takes neither the host's share of what it can follow nor the room's own.
# keeps: plan/net/nft R5
check_led() {
	local count=0
	echo 512 >$STAGE/follows
	mount --bind $STAGE/follows $FOLLOWS
	net_config "$PORTS"
	hold_server
	/usr/bin/python3 $STAGE/tests/lib/netraw.py forget # those of before would expire while this is counted
	poll 20 led 200
	between "what comes to a room's ports is counted" "$count" 200 300
	is "apart from what the room begins" "$(out_held a "tcp $FAR4 80")" "far $HOST4"
	is "and the host has its own" "$(tcp_host $FAR4 80)" "far $HOST4"
	hold_end a
	umount $FOLLOWS
	net_config
	gone
	is "nothing is left" "$(left)" ""
}

# keeps: helper/parts/network_ports R1, helper/parts/network_whose R1
check_taken() {
	net_config "$PORTS"
	hold_server
	log_mark
	is "another user's room goes on without" "$(room cara 'echo in')" in
	check "and the log says whose the port is" log_since 'port 8443/tcp is that of the room [a-z0-9]* of ana: goes on without'
	log_mark
	is "another room of the same user, too" "$(room ana 'echo in')" in
	check "which the log says" log_since 'port 8443/tcp is that of the room [a-z0-9]* of ana: goes on without'
	hold b ana@room
	like "and show" "$(ctl show ana --json | jq -r .ports)" 'not 8443/tcp'
	hold_end b
	is "the first one keeps it" "$(far "tcp $HOST4 8443")" "room 192.0.2.2"
	hold_end a
	poll 20 binds 8443
	serve - taken 8443
	log_mark
	is "where a program of the host's has it, the user gets in" "$(room ana 'echo in')" in
	is "what it has is not taken from it" "$(ss -Htlnp 'sport = 8443' | grep -c python3)" 1
	check "and the log says which" log_since 'port 8443/tcp is taken: "python3", process [0-9]*, uid 0: goes on without'
	kill %%
	wait %%
	poll 20 binds 8443
	hold_server
	is "when it has gone, the next room has the port" "$(far "tcp $HOST4 8443")" "room 192.0.2.2"
	hold_end a
	net_config
	gone
	is "nothing is left" "$(left)" ""
}

# What the helper does about the lock of the network before it looks whose a port is: "locked unlocked".
lock_at_look() { # TRACE
	awk '/openat\(.*"net\.lock"/ { fd = $NF }
		fd && index($0, "flock(" fd ", LOCK_EX)") { said = said "locked "; held = 1 }
		fd && index($0, "close(" fd ")") { said = said (held ? "unlocked " : ""); held = 0; fd = "" }
		/openat\(.*"\/proc\/net\/tcp6?"/ { print said (held ? "held" : "free"); exit }' "$1"
}

# How long that looks is any user's choice: nobody else waits for it.
# keeps: helper/parts/network_whose R1
check_unlocked() {
	local traced=$STAGE/bin/port-traced trace=$STAGE/port.trace
	net_config "$PORTS"
	serve - taken 8443
	printf '#!/bin/bash\nexec strace -D -o %s -e trace=openat,flock,close "%s" "$@"\n' "$trace" "$HELPER" >"$traced"
	chmod 755 "$traced"
	cp /etc/pam.d/su $STAGE/su.kept
	sed -i "s|helper=[^ ]*|helper=$traced|" /etc/pam.d/su
	log_mark
	is "a login whose port is taken" "$(timeout 30 su cara -s /bin/sh -c 'echo in' </dev/null 2>/dev/null)" in
	cp $STAGE/su.kept /etc/pam.d/su
	check "which the log tells of" log_since 'port 8443/tcp is taken: "python3"'
	is "whose it is is looked for when the network is not locked" "$(lock_at_look "$trace")" "locked unlocked free"
	kill %%
	wait %%
	poll 20 binds 8443
	net_config
	gone
}

# crowd FIRST COUNT: a user outside of rooms has these ports, and before them processes with many descriptors
crowd() {
	setpriv --reuid=dora --regid="$(id -g dora)" --clear-groups /usr/bin/python3 - "$@" >$STAGE_LOG/crowd <<-'END' &
	import os, resource, signal, socket, sys
	os.setpgid(0, 0)
	first, count = map(int, sys.argv[1:])
	resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
	many = min(resource.getrlimit(resource.RLIMIT_NOFILE)[0] - count - 20, 100000)
	for i in range(many):
	    os.dup(0)
	for i in range(400000 // many):
	    if os.fork() == 0:
	        signal.pause()
	if os.fork() > 0:
	    signal.pause()
	held = [socket.socket(socket.AF_INET6) for i in range(count)]
	for i, s in enumerate(held):
	    s.bind(("::", first + i))
	    s.listen()
	print("ready", flush=True)
	signal.pause()
	END
	CROWD=$!
	poll 30 grep -q ready $STAGE_LOG/crowd || die "no crowd"
}

# What cannot work for all is told before.
check_told() {
	local range reserved
	range=$(cat /proc/sys/net/ipv4/ip_local_port_range) reserved=$(cat /proc/sys/net/ipv4/ip_local_reserved_ports)
	says() {
		ctl check --no-rehearse 2>&1
	}
	echo 32768 60999 >/proc/sys/net/ipv4/ip_local_port_range
	net_config 'publish = ( { port = 8443; } );'
	is "a port that several users' rooms cannot have at once, once for the rule of these" \
		"$(says | grep -c 'and port 8443 of its network.publish leads into one room at a time')" 1
	net_config 'publish = ( { first = 10000; count = 4; } );'
	unlike "ranges are each user's own" "$(says)" 'network.publish'
	net_config 'publish = ( { first = 40000; count = 4; } );'
	like "ports that programs of the host are given" "$(says)" 'the range from 40000 is one of the ports 32768 to 60999'
	echo 40000-65000 >/proc/sys/net/ipv4/ip_local_reserved_ports
	unlike "unless they are kept back" "$(says)" 'network.publish'
	echo "$reserved" >/proc/sys/net/ipv4/ip_local_reserved_ports
	echo "$range" >/proc/sys/net/ipv4/ip_local_port_range
	net_config
}

# keeps: helper/parts/network_whose R1
check_crowd() {
	local uid=$(id -u ana)
	net_config "publish = ( { first = 10000; count = 64; base = $uid; } );"
	crowd 10000 64
	log_mark
	is "a user outside who has all of a room's ports keeps nobody out" "$(room ana 'echo in')" in
	check "nor from the log that they are taken" log_since 'port 10063/tcp is taken: .*: goes on without'
	kill -9 -- -$CROWD
	wait $CROWD 2>/dev/null
	net_config
	gone
	is "nothing is left" "$(left)" ""
}

check_range() {
	local uid=$(id -u ana)
	net_config "publish = ( { first = 10000; count = 4; base = $((uid - 1)); } );"
	hold a ana@room
	hold_say a "python3 $STAGE/tests/lib/netserver.py room 10004 10007 >/dev/null 2>&1 &"
	check "each user has a range" poll 20 eval '[ "$(far "tcp $HOST4 10007")" ]'
	is "of which the first is where it begins" "$(far "tcp $HOST4 10004")" "room 192.0.2.2"
	is "another user has another" "$(room cara 'echo in')" in
	like "explain tells which" "$(ctl explain ana --json | jq -c '.ports[0]')" '"port":10004,"proto":"tcp"'
	hold_end a
	net_config "publish = ( { first = 10000; count = 4; base = $((uid + 1)); } );"
	log_mark
	like "who has none is refused" "$(room ana true)" 'code CONFIG'
	check "and the log says why" log_since "network.publish: found the uid $uid, expected"
	like "as check has told before" "$(ctl check 2>&1)" "network.publish: found the uid $uid, expected"
	net_config
	gone
	is "nothing is left" "$(left)" ""
}

# keeps: plan/net/served R1, helper/parts/network_ports R2
check_dead() {
	local before
	net_config "$PORTS"
	hold_server
	before=$(hold_ask a 'ip -4 -o addr show eth0 | grep -o "198[0-9.]*" | head -n 1')
	kill -STOP "$(steward_pid)" # who would have the sweep look
	kill -9 $(helper_pids supervisor)
	check "a link goes with its supervisor" poll 20 eval '[ -z "$(links)" ]'
	hold_end a
	net_config
	hold a ana@room
	is "a later room with the same addresses" \
		"$(hold_ask a 'ip -4 -o addr show eth0 | grep -o "198[0-9.]*" | head -n 1')" "$before"
	hold_say a "python3 $STAGE/tests/lib/netserver.py later 4443 5353 >/dev/null 2>&1 &"
	check "that serves the same" poll 20 eval '[ "$(tcp_host "$before" 4443)" ]'
	check "is where the dead room's port would lead" leads
	is "and is not reached by it" "$(far "tcp $HOST4 8443; udp $HOST4 8053")" ""
	sweep
	refute "which the sweep ends" leads
	kill -CONT "$(steward_pid)"
	hold_end a
	gone
	is "nothing is left" "$(left)" ""
}

# The helper dies where it keeps ports and leads them.
check_crash_ports() {
	local step traced=$STAGE/bin/net-traced
	net_config "$PORTS"
	cp /etc/pam.d/su $STAGE/su.kept
	for step in bind:3 bind:4 bind:5 memfd_create:2 setsockopt:6; do
		printf '#!/bin/bash\nexec strace -D -o /dev/null -e inject=%s:signal=KILL:when=%s "%s" "$@"\n' \
			"${step%:*}" "${step#*:}" "$HELPER" >"$traced"
		chmod 755 "$traced"
		sed -i "s|helper=[^ ]*|helper=$traced|" /etc/pam.d/su
		timeout 30 su ana -s /bin/sh -c true </dev/null >/dev/null 2>&1
		cp $STAGE/su.kept /etc/pam.d/su
		poll 20 eval '[ -z "$(links)" ]'
		check "killed at $step: the port is anybody's" poll 10 binds 8443
		settle
		sweep
		is "and nothing is left" "$(left)" ""
	done
	net_config
	gone
}

host_start
internet
resolv $NAMES
serve - host 8080 8200
net_config
room bob true
settle
poll 10 test -e $STATE_DIR/swept
sweep
before=$(census)
run_cases "$@" -- check_budget check_rates check_publish check_led check_taken check_unlocked \
	check_told check_crowd check_range check_dead check_crash_ports
settle
same_census "nothing is left behind" "$before"
check "nor on the host's network" nothing_left
tap_done
