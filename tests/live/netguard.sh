#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Rooms with a way out, when things go wrong on the host: who dies, who takes rules away, who begins to forward; what a
# room's own root can make; many rooms at once.
. "$(dirname "$0")/../lib/stage.sh"
stage_enter "$@"
. "$STAGE/tests/lib/ctl.sh"
. "$STAGE/tests/lib/network.sh"

guard_pids() {
	pgrep -x carrel-net
}

# The only one, and the steward's that lives.
guard_is_whole() {
	[ "$(guard_pids | wc -l)" = 1 ] && [ "$(pgrep -P "$(steward_pid)" -x carrel-net)" = "$(guard_pids)" ] && guard_stands &&
		! nft list table inet carrel_guard_next 2>/dev/null
}

kill_steward() {
	local pid
	pid=$(steward_pid)
	kill -9 "$pid"
	poll 10 eval "! kill -0 $pid 2>/dev/null"
}

# Another network of the host's, to which it does not forward.
side_begin() {
	ip netns add side
	ip link add side0 type veth peer name eth0 netns side
	ip addr add 198.51.100.1/24 dev side0
	ip link set side0 up
	ip -n side link set lo up
	ip -n side addr add 198.51.100.2/24 dev eth0
	ip -n side link set eth0 up
	ip -n side route add default via 198.51.100.1
	ip -n far route add 198.51.100.0/24 via $HOST4
}

side_end() {
	ip netns del side
	poll 10 eval '! ip link show side0 2>/dev/null'
}

side_passes() {
	ip netns exec side ping -n -c 1 -W 1 $FAR4 >/dev/null
}

host_forwards() { # 0|1
	echo "$1" >/proc/sys/net/ipv4/ip_forward
}

# The steward is killed, and nobody has heard of what then happens to nftables.
# keeps: helper/net/stand R1 R2, plan/net/guard R2 R3
check_steward_dies() {
	local pid
	side_begin
	net_config 'deny = [ "@private" ];'
	hold d dora@room
	hold a ana@room
	check "the guard stands" poll 20 guard_is_whole
	pid=$(guard_pids)
	is "a room has its way out" "$(out_held a "tcp $FAR4 80")" "far $HOST4"
	check "for which the host forwards" grep -q 1 /proc/sys/net/ipv4/conf/up0/forwarding /proc/sys/net/ipv4/conf/side0/forwarding
	kill_steward
	check "the guard outlives the steward" guard_stands
	is "as the same process" "$(guard_pids)" "$pid"
	nft flush ruleset
	check "and whoever flushes nftables" guard_stands
	is "no service of the host's is reached, nothing denied, nothing else" \
		"$(out_held a "tcp $HOST4 8080 & tcp $HOST6 8080 & tcp $PRIVATE 80 & tcp $FAR4 80 & wait")" ""
	refute "the host is no router for others" side_passes
	refute "nor the other way" ip netns exec far ping -n -c 1 -W 1 198.51.100.2
	room bob true
	check "the next login, of whatever policy, has a steward again, and that a guard of its own" poll 30 guard_is_whole
	isnt "which is another" "$(guard_pids)" "$pid"
	check "all rooms have their way out again" poll 30 eval '[ "$(out_held d "tcp $FAR4 80")" = "far $HOST4" ]'
	is "this one, too" "$(out_held a "tcp $FAR4 80; tcp $FAR6 80")" "far $HOST4"$'\n'"far $HOST6"
	is "and nothing else" "$(out_held a "tcp $HOST4 8080; tcp $PRIVATE 80")" ""
	refute "and the host is still no router" side_passes
	kill_steward
	hold_end a
	hold_end d
	check "without a steward the guard goes after the last link" poll 30 eval '[ -z "$(guard_pids)" ]'
	gone
	is "nothing is left" "$(left)" ""
	side_end
}

# Whose guard is killed again and again, or whose place is taken at once.
# keeps: helper/net/stand R2
check_guards() {
	local i
	net_config
	hold a ana@room
	check "the guard stands" poll 20 guard_is_whole
	for i in 1 2 3; do
		kill_steward
		room bob true
		check "killed $i times, one guard stands" poll 30 guard_is_whole
	done
	kill -9 $(guard_pids)
	check "killed itself, another stands" poll 30 guard_is_whole
	is "and the room has its way out" "$(out_held a "tcp $FAR4 80")" "far $HOST4"
	hold_end a
	gone
	is "nothing is left" "$(left)" ""
}

# docker's first start, and who ends forwarding for all.
# keeps: helper/steward/network R2
check_forwarding() {
	side_begin
	ip netns add late
	ip link add late0 type veth peer name eth0 netns late
	ip -n late addr add 198.51.101.2/24 dev eth0
	ip -n late addr add 2001:db8:3::2/64 dev eth0 nodad
	ip -n late link set eth0 up
	serve late late 80
	net_config
	hold a ana@room
	check "the guard stands" poll 20 guard_is_whole
	refute "the host is no router" side_passes
	host_forwards 1
	check "who begins to forward for others while rooms live is heard" poll 20 side_passes
	check "and nothing is carrel's to switch off" poll 10 eval '[ "$(grep -c ipv4 $STATE_DIR/net)" = 0 ]'
	is "the room has its way out" "$(out_held a "tcp $FAR4 80")" "far $HOST4"
	host_forwards 0
	check "who ends it, as well: the room has its way out again" poll 20 eval '[ "$(out_held a "tcp $FAR4 80")" = "far $HOST4" ]'
	refute "and the host is no router again" side_passes
	nft flush ruleset
	refute "nor when nftables is flushed" side_passes
	check "after which the room has its way out" poll 20 eval '[ "$(out_held a "tcp $FAR4 80")" = "far $HOST4" ]'
	refute "and the host is no router" side_passes
	ip link set late0 up
	ip addr add 198.51.101.1/24 dev late0
	check "an interface that comes up later leads the rooms out that live" \
		poll 20 eval '[ "$(out_held a "tcp 198.51.101.2 80")" = "late 198.51.101.1" ]'
	ip -n late route add default via 198.51.101.1
	refute "and nobody else" ip netns exec late ping -n -c 1 -W 1 $FAR4
	if [ -e /proc/sys/net/ipv6/conf/all/force_forwarding ]; then
		ip addr add 2001:db8:3::1/64 dev late0 nodad
		check "by IPv6, too" poll 20 eval '[ "$(out_held a "tcp 2001:db8:3::2 80")" = "late 2001:db8:3::1" ]'
		ip -n late -6 route add default via 2001:db8:3::1
		refute "and again nobody else" ip netns exec late ping -n -c 1 -W 1 $FAR6
	fi
	hold_end a
	gone
	is "nothing is left" "$(left)" ""
	ip netns pids late | xargs -r kill
	ip netns del late
	side_end
}

# ---- killed at each of their steps --------------------------------------------------------------------------------

STEPS='capset|landlock_restrict_self|socket|bind|read|write|send[a-z]*|recv[a-z]*|epoll_[a-z0-9]*|p?poll|clone[0-9]*|wait4'

# steps_of TRACE: some of the calls that strace has seen, "NAME:WHICH" a line, from one that changes each time;
# NET_STEPS=1000 for all of them
steps_of() {
	sed -n 's/^\([a-z0-9_]*\)(.*/\1/p' "$1" | grep -xE "$STEPS" | awk '{ print $1 ":" ++n[$1] }' | sort -u >$STAGE_LOG/steps
	awk -v want="${NET_STEPS-3}" -v from=$RANDOM '{ step[NR] = $0 } END {
		every = NR > want ? int(NR / want) : 1
		for (i = from % every + 1; i <= NR; i += every)
			print step[i]
	}' $STAGE_LOG/steps
}

# traced OPTIONS... -- WHOSE: in the place of carrel-net is strace of it: for WHOSE (login, stand) runs, the others go on
traced() {
	local tool=$STAGE_LIB/carrel-net options=${*:1:$#-2}
	[ -e "$tool.kept" ] || mv "$tool" "$tool.kept"
	cat >"$tool" <<-END
	#!/bin/bash
	if [ "\${1-login}" != ${!#} ]; then exec $tool.kept "\$@"; fi
	echo >>$STAGE_LOG/traced.ran
	exec /usr/bin/strace -D $options $tool.kept "\$@"
	END
	chmod 755 "$tool"
	: >$STAGE_LOG/traced.ran
}

untraced() {
	[ ! -e "$STAGE_LIB/carrel-net.kept" ] || mv "$STAGE_LIB/carrel-net.kept" "$STAGE_LIB/carrel-net"
}

# killed STEP: options of strace for that
killed() {
	echo "-o /dev/null -e inject=${1%:*}:signal=KILL:when=${1#*:}"
}

# Who makes rules for a login, and who takes them away after the last.
check_net_killed() {
	local step
	net_config
	traced -o $STAGE_LOG/trace -- login
	is "under strace a login is as always" "$(out ana "tcp $FAR4 80")" "far $HOST4"
	untraced
	gone
	for step in $(steps_of $STAGE_LOG/trace); do
		traced $(killed "$step") -- login
		timeout 30 su ana -s /bin/sh -c true </dev/null >/dev/null 2>&1
		poll 20 eval '[ -z "$(links)" ]'
		"$HELPER" --sweep --state $STATE_DIR 2>/dev/null # whose is killed, too
		untraced
		is "killed at $step: the next login is as always" "$(out ana "tcp $FAR4 80")" "far $HOST4"
		gone
		is "and nothing is left" "$(left)" ""
	done
}

# The guard, from its start on, while nftables is flushed.
# keeps: helper/net/stand R3
check_guard_killed() {
	local step
	net_config
	hold a ana@room
	check "the guard stands" poll 20 guard_is_whole
	traced -o $STAGE_LOG/trace -- --stand
	kill -9 $(guard_pids)
	check "under strace it stands as always" poll 30 eval '[ -s $STAGE_LOG/traced.ran ] && guard_stands'
	untraced
	for step in $(steps_of $STAGE_LOG/trace); do
		traced $(killed "$step") -- --stand
		kill -9 $(pgrep -f 'carrel-net.* --stand')
		poll 10 test -s $STAGE_LOG/traced.ran
		untraced
		nft flush ruleset
		check "killed at $step: another one stands" poll 30 guard_is_whole
		check "and the rules are made anew" poll 30 eval '[ "$(out_held a "tcp $FAR4 80")" = "far $HOST4" ]'
		is "for this and nothing else" "$(out_held a "tcp $HOST4 8080")" ""
	done
	hold_end a
	gone
	is "nothing is left" "$(left)" ""
}

check_steward_killed() {
	local step pid trace="/usr/bin/strace -D"
	steward_under() { # OPTIONS...
		kill_steward
		$trace "$@" "$STAGE_LIB/carrel-steward" --state $STATE_DIR </dev/null >/dev/null 2>&1 &
		pid=$!
		disown # whose end is no news
	}
	net_config
	hold a ana@room
	check "the guard stands" poll 20 guard_is_whole
	steward_under -o $STAGE_LOG/trace
	nft flush ruleset
	check "under strace the steward is as always" poll 30 eval '[ "$(out_held a "tcp $FAR4 80")" = "far $HOST4" ]'
	for step in $(steps_of $STAGE_LOG/trace); do
		steward_under $(killed "$step")
		nft flush ruleset
		poll 5 eval "! kill -0 $pid 2>/dev/null"
		kill -9 $pid 2>/dev/null # that step was not for this time
		is "killed at $step: nothing else is reached" "$(out_held a "tcp $HOST4 8080")" ""
		room bob true
		check "and the next login has a steward and a guard" poll 30 guard_is_whole
		check "rooms have their way out" poll 30 eval '[ "$(out_held a "tcp $FAR4 80")" = "far $HOST4" ]'
	done
	hold_end a
	gone
	is "nothing is left" "$(left)" ""
}

# ---- many, and the hostile --------------------------------------------------------------------------------------

check_many() {
	local i pids=() wanted=${NET_MANY-200}
	net_config '' 'limits = { rooms = 300; };'
	for ((i = 0; i < wanted; i++)); do
		su ana -s /bin/sh -c 'exec sleep 3000' </dev/null >/dev/null 2>>$STAGE_LOG/many &
		pids+=($!)
	done
	check "$wanted rooms with a link each" poll 120 eval '[ "$(links | sort -u | wc -l)" = '"$wanted"' ]'
	is "by one policy's rules" "$(nft list map inet carrel pass_by | grep -o 'jump' | wc -l)" 1
	is "no two have one address" "$(ip -4 -o addr show | grep ' crl-' | awk '{ print $4 }' | sort | uniq -d | wc -l)" 0
	is "one more has its way out" "$(out cara "tcp $FAR4 80")" "far $HOST4"
	kill "${pids[@]}" 2>/dev/null
	wait "${pids[@]}" 2>/dev/null
	check "all links go with their rooms" poll 60 eval '[ -z "$(links)" ]'
	settle
	gone
	is "nothing is left" "$(left)" ""
}

# Kinds of links that a room's own root may ask for: what they can be used for ends at the room's link.
check_links() {
	local kind before
	net_config 'deny = [ "@private" ];' 'inherit = "workshop"; linger = "0"; on_close = "kill"; share = "login";
	    root = { over = "tmpfs"; size = "256M"; };' 'store = "/srv/store";'
	install -d -m 0700 /srv/store
	usermod -s $STAGE/bin/carrel-shell ana
	hold a ana@room
	before=$(ip -o link show | grep -cv ' crl-')
	for kind in "vlan id 7" macvlan ipvlan "vxlan id 7 dstport 4789 remote $HOST4" "gre remote $HOST4" "ipip remote $HOST4" \
		"sit remote $HOST4" bridge dummy veth; do
		hold_ask a "sudo ip link add link eth0 name x0 type $kind; sudo ip link add name x0 type $kind
			sudo ip link set x0 up; sudo ip addr add 10.99.0.77/24 dev x0
			ip -o link show x0 | grep -q x0 && echo made
			ping -n -c 1 -W 1 -I 10.99.0.77 $PRIVATE && echo out; sudo ip link del x0" 2>&1 | grep -xE 'out|made'
	done >$STAGE_LOG/links
	check "a room's root makes links, of the kinds that this kernel has" grep -qx made $STAGE_LOG/links
	refute "none leads past the rules" grep -qx out $STAGE_LOG/links
	is "none is the host's" "$(ip -o link show | grep -cv ' crl-')" "$before"
	ip netns exec far nft -f - <<-END
	add table ip seen
	add chain ip seen in { type filter hook input priority 0; }
	add rule ip seen in ip daddr $PRIVATE counter
	END
	hold_ask a "sudo tc qdisc add dev eth0 clsact
		sudo tc filter add dev eth0 egress protocol ip prio 1 u32 match ip dst $FAR4/32 \
			action pedit munge ip dst set $PRIVATE pipe csum ip and tcp" >/dev/null 2>&1
	out_held a "tcp $FAR4 80" >/dev/null
	hold_ask a "sudo tc qdisc del dev eth0 clsact" >/dev/null 2>&1
	like "what it has its queues rewrite, where the kernel can, goes by the rules" \
		"$(ip netns exec far nft list table ip seen | grep counter)" 'packets 0 '
	ip netns exec far nft delete table ip seen
	is "programs for them, or for its link (XDP), it cannot make" \
		"$(hold_ask a "sudo python3 -c 'import ctypes; print(ctypes.CDLL(None).syscall(321, 5, 0, 0))'" 2>&1 | tail -n 1)" -1
	hold_ask a "sudo ip link set eth0 address 02:00:00:00:00:99; sudo ip link set eth0 promisc on" >/dev/null
	is "another hardware address is the room's own affair" "$(out_held a "tcp $FAR4 80; tcp $PRIVATE 80; tcp $HOST4 8080")" \
		"far $HOST4"
	hold_end a
	usermod -s /bin/bash ana
	net_config
	gone
	is "nothing is left" "$(left)" ""
}

# pieces_wait: bytes of the memory in which the host's fragments wait
pieces_wait() {
	awk '$1 == "FRAG:" { print $5 }' /proc/net/sockstat
}

# The host's own fragments wait in the same memory as rooms'.
# keeps: plan/net/nft R12
check_pieces() {
	net_config '' 'inherit = "workshop"; linger = "0"; on_close = "kill"; share = "login";
	    root = { over = "tmpfs"; size = "256M"; };' 'store = "/srv/store";'
	install -d -m 0700 /srv/store
	usermod -s $STAGE/bin/carrel-shell ana
	hold a ana@room
	like "a datagram of many pieces has its way out" "$(hold_ask a "ping -n -c 1 -W 5 -s 60000 $FAR4")" ' 1 received'
	HOLD_LIMIT=60 hold_ask a "cat >~/pieces.py <<-'END'
	$(cat "$STAGE/tests/lib/netpieces.py")
	END
	sudo python3 ~/pieces.py $FAR4 9000 1400" >$STAGE_LOG/pieces
	is "a room's root sends pieces without end" "$(grep -o 'sent 9000' $STAGE_LOG/pieces)" 'sent 9000'
	is "of which few wait" "$(($(pieces_wait) < 1400000))" 1
	check "the host's own have room" ping -n -c 1 -W 5 -s 20000 $FAR4
	HOLD_LIMIT=60 hold_ask a "sudo python3 ~/pieces.py $FAR4 9000 8" >$STAGE_LOG/pieces
	is "small ones, too" "$(($(pieces_wait) < 1400000))" 1
	hold d dora@room
	like "and another room's go through" "$(hold_ask d "ping -n -c 1 -W 5 -s 8000 $FAR4")" ' 1 received'
	hold_end a
	hold_end d
	usermod -s /bin/bash ana
	net_config
	gone
	is "nothing is left" "$(left)" ""
}

check_managers() {
	local says
	says() {
		ctl check --no-rehearse 2>&1
	}
	net_config
	mkdir -p /run/NetworkManager /run/systemd/netif/links /run/dhcpcd /etc/NetworkManager/conf.d /etc/systemd/network
	like "check tells who may ask for addresses by rooms' links" "$(says | grep -o '[a-zA-Z-]* runs and is not told' | xargs)" \
		'^NetworkManager runs and is not told systemd-networkd runs and is not told dhcpcd runs and is not told$'
	touch /etc/NetworkManager/conf.d/90-carrel.conf /etc/systemd/network/10-carrel.network
	echo 'denyinterfaces docker0 crl-*' >/etc/dhcpcd.conf
	unlike "not of those that have been told" "$(says)" 'runs and is not told'
	rm -r /etc/NetworkManager /etc/systemd/network /etc/dhcpcd.conf
	rmdir /run/NetworkManager /run/systemd/netif/links /run/systemd/netif /run/dhcpcd
}

# Names of interfaces that mean something to nft(8), and addresses with labels.
# keeps: helper/parts/network_rules R3
check_names() {
	local odd name=0
	net_config
	for odd in 'a"b' 'c{d' 'e;f' 'g$h' 'i*'; do
		ip link add "$odd" type veth peer name "odd$((name + 1))" netns far || die "no interface $odd"
		ip addr add 10.77.$((++name)).1/24 dev "$odd"
		ip link set "$odd" up
	done
	ip link add side1 type veth peer name odd0 netns far
	ip addr add 10.78.0.1/24 dev side1 label side1:x
	ip link set side1 up
	hold a ana@room
	is "names that mean something to nft(8) keep nobody out" "$(out_held a "tcp $FAR4 80")" "far $HOST4"
	is "and are no way out" "$(cat '/proc/sys/net/ipv4/conf/a"b/forwarding')" 0
	is "an address's label is not its interface's name" "$(cat /proc/sys/net/ipv4/conf/side1/forwarding)" 1
	hold_end a
	for odd in 'a"b' 'c{d' 'e;f' 'g$h' 'i*' side1; do
		ip link del "$odd"
	done
	gone
	is "nothing is left" "$(left)" ""
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
run_cases "$@" -- check_steward_dies check_guards check_forwarding check_managers check_names check_links check_pieces \
	check_net_killed check_guard_killed check_steward_killed \
	check_many
settle
same_census "nothing is left behind" "$before"
check "nor on the host's network" nothing_left
tap_done
