#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Rooms with a way out: what they reach, and what they do not; who is hostile; what is left of them.
. "$(dirname "$0")/../lib/stage.sh"
stage_enter "$@"
. "$STAGE/tests/lib/ctl.sh"
. "$STAGE/tests/lib/network.sh"

check_out() {
	net_config
	is "TCP, masqueraded" "$(out ana "tcp $FAR4 80")" "far $HOST4"
	is "UDP" "$(out ana "udp $FAR4 7")" "far $HOST4"
	is "ping" "$(out ana "ping -n -c 1 -W 5 $FAR4 >/dev/null; echo \$?")" 0
	is "a name" "$(out ana "getent ahostsv4 far.example.org | head -n 1 | cut -d ' ' -f 1")" $FAR4
	is "TCP by IPv6" "$(out ana "tcp $FAR6 80")" "far $HOST6"
	is "UDP by IPv6" "$(out ana "udp $FAR6 7")" "far $HOST6"
	is "ping by IPv6" "$(out ana "ping -n -c 1 -W 5 $FAR6 >/dev/null; echo \$?")" 0
	like "what traceroute lives by: who lets no packet live longer" "$(out ana "ping -n -c 1 -W 5 -t 1 $FAR4")" 'Time to live exceeded'
	like "and by IPv6" "$(out ana "ping -n -c 1 -W 5 -t 1 $FAR6")" 'Hop limit|Time exceeded'
	echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6
	is "by IPv6 where new interfaces of the host have none" "$(out ana "tcp $FAR6 80")" "far $HOST6"
	echo 0 >/proc/sys/net/ipv6/conf/default/disable_ipv6
	is "ss and ip show the room's own" \
		"$(out ana "ip -o link | wc -l; ip -4 -o addr show eth0 | wc -l; ss -Htln 2>/dev/null | wc -l")" \
		$'2\n1\n0'
	is "root's own network tools have no power" "$(out ana 'ip link set eth0 down 2>&1 | grep -c permitted')" 1
	gone
	is "nothing is left" "$(left)" ""
}

# keeps: plan/net/nft R2
check_host() {
	net_config
	hold d dora@room
	local ip
	ip=$(hold_ask d 'ip -4 -o addr show eth0 | grep -o "198[0-9.]*" | head -n 1')
	like "a room has an address of the pool" "$ip" '^198\.18\.[0-9]+\.[0-9]+$'
	hold_say d "python3 $STAGE/tests/lib/netserver.py room 8000 >/dev/null 2>&1 &"
	check "whose server the host reaches" poll 10 eval '[ "$(tcp_host "$ip" 8000)" ]'
	may "not another room" ana "tcp $ip 8000 & ping -c 1 -W 1 $ip >/dev/null && echo ping; wait" ""
	may "nor the host by the address of its cable" ana "tcp $HOST4 8080 & udp $HOST4 8080 & tcp $HOST6 8080 & wait" ""
	may "nor by the link's" ana "tcp \$(ip -4 route show default | cut -d ' ' -f 3) 8080" ""
	may "nor by the service address" ana "tcp 198.18.0.1 8080" ""
	may "nor its loopback, which is the room's own" ana "tcp 127.0.0.1 8080; tcp ::1 8080" ""
	net_config 'allow = [ "host tcp 8080" ];'
	may "but for what the policy says" ana "tcp $HOST4 8080 | cut -d ' ' -f 1; udp $HOST4 8080" host
	net_config 'allow = [ "host tcp" ]; deny = [ "host tcp 8000-8100" ];'
	may "where ports decide over a protocol" ana "tcp $HOST4 8080; tcp $HOST4 8200 | cut -d ' ' -f 1" host
	hold_end d
	gone
	is "nothing is left" "$(left)" ""
}

check_lists() {
	net_config
	may "what is private is reached" ana "tcp $PRIVATE 80; tcp $METADATA 80 | cut -d ' ' -f 1" $'far 192.0.2.1\nfar'
	net_config 'deny = [ "@private", "@metadata" ];'
	may "and denied" ana "tcp $PRIVATE 80 & tcp $METADATA 80 & udp $PRIVATE 7 &
		ping -c 1 -W 1 $PRIVATE >/dev/null && echo ping; wait" ""
	may "while all else stays" ana "tcp $FAR4 80; tcp $FAR6 80" "far $HOST4"$'\n'"far $HOST6"
	like "who is denied hears so at once" "$(room ana "bash -c 'exec 3<>/dev/tcp/$PRIVATE/80'")" 'No route|prohibited|unreachable'
	net_config 'deny = [ "any" ]; allow = [ "203.0.113.0/24 tcp 80,443" ];'
	may "only what is allowed" ana "tcp $FAR4 80 & tcp $FAR4 81 & udp $FAR4 7 & tcp $FAR6 80 & wait" "far $HOST4"
	may "and names" ana "getent ahostsv4 far.example.org | head -n 1 | cut -d ' ' -f 1" $FAR4
	net_config 'deny = [ "203.0.113.0/24" ]; allow = [ "203.0.113.9", "any" ];'
	may "the smaller network decides" ana "tcp $FAR4 80" "far $HOST4"
	net_config 'deny = [ "203.0.113.9 tcp 80", "2001:db8:2::/48" ]; allow = [ "203.0.113.9" ];'
	may "and of one network ports" ana "tcp $FAR4 80 & tcp $FAR4 81 & tcp $FAR6 80 & wait" "far $HOST4"
	net_config 'deny = [ "any icmp" ];'
	may "ICMP of both families" ana \
		"ping -c 1 -W 1 $FAR4 >/dev/null && echo 4; ping -c 1 -W 1 $FAR6 >/dev/null && echo 6; tcp $FAR4 80" \
		"far $HOST4"
	net_config 'deny = [ "192.0.2.0/33" ];'
	like "what is no entry has its place" "$(ctl check 2>&1)" 'carrel.conf +[0-9]+ +network.deny: found "192.0.2.0/33"'
	net_config
	gone
}

check_explain() {
	net_config 'deny = [ "@private" ]; allow = [ "10.1.0.0/16 tcp 443", "host udp 123" ];'
	reach() {
		ctl explain ana --reach "$1" | tail -n 1 | xargs
		ctl explain ana --reach "$1" >/dev/null
		echo $?
	}
	is "by an entry" "$(reach 10.1.2.3:443)" $'10.1.2.3 tcp 443 yes network.allow 10.1.0.0/16 tcp 443 /etc/carrel/carrel.conf 7\n0'
	is "against one" "$(reach 10.1.2.3:80)" $'10.1.2.3 tcp 80 no network.deny @private /etc/carrel/carrel.conf 7\n1'
	is "by none" "$(reach "[$FAR6]:80")" "$FAR6"$' tcp 80 yes network.mode - /etc/carrel/carrel.conf 7\n0'
	is "the host" "$(reach host:22)" $'host tcp 22 no network.mode - /etc/carrel/carrel.conf 7\n1'
	is "as an entry has it" "$(reach 'host udp 123')" $'host udp 123 yes network.allow host udp 123 /etc/carrel/carrel.conf 7\n0'
	is "what is no address" "$(status ctl explain ana --reach 10.0.0.0/8)" 2
	nft -f - <<-END
	add table ip filter
	add chain ip filter FORWARD { type filter hook forward priority 0; policy drop; }
	END
	says() {
		ctl check --no-rehearse 2>&1
		ctl explain ana --reach $FAR4:80 2>&1
	}
	is "a chain of others that drops is told beside the answer, and by check" \
		"$(says | grep -c 'table ip filter: its chain FORWARD drops')" 2
	nft add rule ip filter FORWARD iifname '"crl-*"' accept
	unlike "not one with a rule about rooms" "$(says)" 'chain FORWARD drops'
	nft delete table ip filter
	is "without a way out" "$(ctl explain bob --reach $FAR4:80 | tail -n 1 | xargs)" "$FAR4 tcp 80 no network.mode - - -"
	net_config
}

# keeps: ctl/rehearse/probe_network R1
check_operator() {
	local shown says said
	net_config
	hold a ana@room
	out_held a "tcp $FAR4 80" >/dev/null
	shown=$(ctl show ana --json)
	is "show has the room's addresses" "$(jq -r '.address + " " + .address_ipv6' <<<"$shown")" \
		"$(hold_ask a "ip -o addr show eth0 | grep -o '198[0-9.]*\|fd63[0-9a-f:]*' | grep -v / | xargs")"
	check "and its traffic" [ "$(jq .sent <<<"$shown")" -gt 100 -a "$(jq .received <<<"$shown")" -gt 100 ]
	is "list as well, and packets" \
		"$(ctl list ana --json | jq '.[0] | .sent > 100 and .received > 100 and .sent_packets > 1 and .received_packets > 1')" true
	like "for people, too" "$(ctl list ana)" 'SENT PACKETS'
	is "and top how fast" \
		"$(ctl top --json --interval 0.5 | jq '.[0] | .sent_rate >= 0 and .received_rate >= 0 and .packets_rate >= 0')" true
	hold_end a
	like "rehearse asks for its name servers" "$(ctl rehearse ana --policy ana 2>&1)" "yes.*name server $NAMES"
	net_config "deny = [ \"any\", \"@metadata\" ]; allow = [ \"$FAR4 tcp 80\", \"10.0.0.0/8\" ];"
	said=$(ctl rehearse ana 2>&1)
	like "it tries what is denied" "$said" '^denied +yes +yes +ok +[2-4] addresses'
	like "and who is allowed" "$said" '^allowed +yes +yes +ok +1 of 1'
	said=$(ctl assess ana 2>&1)
	like "assess knows a rule of ours from a way that is none" "$said" \
		"reach the host by its own addresses +closed .*refused by a rule"
	like "and what is open" "$said" 'reach private networks +OPEN'
	like "and that a room of somebody else's is not reached" "$said" \
		"reach other users' rooms by the network +closed +5 +a room of [a-z]* has 4 addresses, .* is refused by a rule"
	like "nor without a network" "$(ctl assess none --user ana)" \
		"reach other users' rooms by the network +closed +5 +a room of [a-z]* has 2 addresses"
	is "no room is left of it" "$(ctl list --json | jq length)" 0
	net_config
	says() {
		ctl check --no-rehearse 2>&1
	}
	mv /etc/nftables.conf $STAGE/nftables.kept # Debian's own flushes
	unlike "check has nothing to say of networks" "$(says)" 'addresses\.ipv|carrel-net|flush ruleset'
	ip route add 198.18.128.0/17 via 192.0.2.2
	ip -6 route add fd63:6172::/32 via 2001:db8:1::2
	like "a route of the host's in the pool" "$(says)" 'addresses.ipv4: .*198.18.128.0/17 by up0'
	like "of IPv6, too" "$(says)" 'addresses.ipv6: .*fd63:6172::/32 by up0'
	ip route del 198.18.128.0/17
	ip -6 route del fd63:6172::/32
	printf '#!/usr/sbin/nft -f\n\nflush ruleset\n' >/etc/nftables.conf
	like "who takes all tables away" "$(says)" 'nftables.conf +3 +"flush ruleset"'
	mv $STAGE/nftables.kept /etc/nftables.conf
	mv "$STAGE_LIB/carrel-net" "$STAGE_LIB/kept"
	like "that carrel-net is missing" "$(says)" 'carrel-net +- +is not there: logins'
	mv "$STAGE_LIB/kept" "$STAGE_LIB/carrel-net"
	gone
}

check_names() {
	local line="getent ahostsv4 far.example.org | head -n 1 | cut -d ' ' -f 1"
	net_config 'deny = [ "any" ];'
	resolv $NAMES
	may "a plain server, and nothing but names" ana "$line; tcp $FAR4 80" $FAR4
	resolv 127.0.0.53
	mkdir -p /run/systemd/resolve
	echo "nameserver $NAMES" >/run/systemd/resolve/resolv.conf
	may "systemd-resolved's stub: its own servers" ana "cat /etc/resolv.conf; $line" "nameserver $NAMES"$'\n'$FAR4
	ln -sf ../run/systemd/resolve/stub-resolv.conf /etc/resolv.conf
	echo "nameserver 127.0.0.53" >/run/systemd/resolve/stub-resolv.conf
	may "as Debian links it" ana "cat /etc/resolv.conf; $line" "nameserver $NAMES"$'\n'$FAR4
	rm -rf /run/systemd/resolve /etc/resolv.conf
	resolv 127.0.0.1
	ip netns exec far true
	serve - local 53
	may "a server on the loopback, at the service address" ana "cat /etc/resolv.conf; $line" $'nameserver 198.18.0.1\n'$FAR4
	may "of which that is all" ana "tcp 198.18.0.1 8080 & udp 198.18.0.1 8080 & wait" ""
	resolv $NAMES
	net_config
	gone
	is "nothing is left" "$(left)" ""
}

# keeps: helper/parts/network_names R1, apply/mounts/renew_resolv R1 R2, plan/net/nft R11
check_names_follow() {
	local asked='grep nameserver /etc/resolv.conf'
	local line="RES_OPTIONS='timeout:1 attempts:1' getent ahostsv4 far.example.org | head -n 1 | cut -d ' ' -f 1"
	asks() { # COMMAND TEXT
		[ "$(out_held a "$1" 2>&1)" = "$2" ]
	}
	follows() { # NAME COMMAND TEXT
		if poll 20 asks "$2" "$3"; then ok "$1"; else not_ok "$1" "got: $(out_held a "$2" 2>&1)" "wanted: $3"; fi
	}
	resolv_new() {
		printf 'nameserver %s\n' "$@" >/etc/resolv.new
		mv /etc/resolv.new /etc/resolv.conf
	}
	net_config 'deny = [ "any" ];'
	resolv 192.0.2.99
	hold a ana@room
	is "a room begins with the host's server" "$(hold_ask a "$asked")" "nameserver 192.0.2.99"
	resolv_new $NAMES
	follows "replaced by rename, it has the new one" "$asked" "nameserver $NAMES"
	follows "and reaches that" "$line" $FAR4
	follows "which is all" "tcp $FAR4 80" ""
	serve - local 53
	resolv 127.0.0.1
	follows "written in place, as the room asks it" "$asked" 'nameserver 198.18.0.1'
	follows "and the loopback answers" "$line" $FAR4
	nft flush ruleset
	follows "also where the rules were made anew" "$line" $FAR4
	mkdir -p /run/systemd/resolve
	echo "nameserver $NAMES" >/run/systemd/resolve/resolv.conf
	resolv_new 127.0.0.53
	follows "the stub of systemd-resolved is no server of the room's" "$asked" "nameserver $NAMES"
	follows "nor is what it was before" "$line; udp 198.18.0.1 53" $FAR4
	rm -rf /run/systemd/resolve
	is "one cover, not one for each" "$(hold_ask a 'grep -c " /etc/resolv.conf " /proc/self/mountinfo')" 1
	hold_end a
	resolv $NAMES
	net_config
	gone
	is "nothing is left" "$(left)" ""
}

# ---- who is hostile ---------------------------------------------------------------------------------------------

echoes() { # requests that the far host has heard
	ip netns exec far awk '/^Icmp6InEchos / { print $2 } /^Icmp: [0-9]/ { print $10 }' /proc/net/snmp6 /proc/net/snmp | xargs
}

# keeps: plan/net/nft R1 R3 R6 R7, helper/parts/network_link R2, apply/net/veth R3
check_hostile() {
	local before room other six
	net_config 'deny = [ "@private" ];'
	hold a ana@room
	room=$(inside ip -4 -o addr show eth0 | grep -o '198[0-9.]*' | head -n 1)
	other=198.18.77.78
	check "the way out is known" inside bash -c "ping -n -c 1 -W 5 $FAR4 && ping -n -c 1 -W 5 $FAR6"
	inside ip addr add $other/32 dev eth0
	inside ip addr add fd00:bad::1/128 dev eth0 nodad
	before=$(echoes)
	refute "another IPv4 source" inside ping -n -c 1 -W 1 -I $other $FAR4
	refute "another IPv6 source" inside ping -n -c 1 -W 1 -I fd00:bad::1 $FAR6
	refute "the host's own address as source" inside bash -c "ip addr add $HOST4/32 dev lo; ping -n -c 1 -W 1 -I $HOST4 $FAR4"
	is "none of which has left the host" "$(echoes)" "$before"
	check "while its own is answered" inside ping -n -c 1 -W 5 -I "$room" $FAR4
	inside ip addr del $HOST4/32 dev lo
	refute "the loopback of the host by a route of its own" inside bash -c \
		"ip addr del 127.0.0.1/8 dev lo; ip route add 127.0.0.0/8 via \$(ip -4 route show default | cut -d ' ' -f 3)
		ping -n -c 1 -W 1 127.0.0.9"
	isnt "and counted" "$(echoes)" "$before"
	before=$(ip -6 route show | sort)
	inside /usr/bin/python3 $STAGE/tests/lib/netraw.py advertise eth0
	inside /usr/bin/python3 $STAGE/tests/lib/netraw.py arp eth0 192.0.2.2
	inside /usr/bin/python3 $STAGE/tests/lib/netraw.py neighbour eth0 2001:db8:1::2
	is "a router's advertisement is not heard" "$(ip -6 route show | sort)" "$before"
	is "nor is an answer for an address of others" "$(ip neigh show 192.0.2.2 | grep -c crl-)" 0
	is "by IPv6 neither" "$(ip neigh show 2001:db8:1::2 | grep -c crl-)" 0
	six=$(ip -6 -o addr show "$(links)" | grep -o 'fd63[0-9a-f:]*' | head -n 1)
	inside /usr/bin/python3 $STAGE/tests/lib/netraw.py solicit eth0 "$six" 200
	is "neighbours that a room invents are not the host's" "$(ip -6 neigh show dev "$(links)" | grep -c bad)" 0
	check "while the room itself is" inside ping -n -c 1 -W 5 -I "${six%:*}:$(printf %x $((0x${six##*:} + 1)))" $FAR6
	local raw="/usr/bin/python3 $STAGE/tests/lib/netraw.py"
	is "a room's word on the host's connections is not heard" \
		"$($raw answered $HOST4 $FAR4 nsenter --net=/proc/$(helper_pids init | head -n 1)/ns/net $raw)" "far $HOST4"
	inside $raw ask 0.0.0.0 8080 $FAR4 8080 >/dev/null
	is "who asks the host's service is not given to a room that took its port" \
		"$(ip netns exec far $raw ask $FAR4 8080 $HOST4 8080)" "host $FAR4"
	like "nobody changes the link's hardware address later" "$(ip -o link show "$(links)")" 'ether 02:63:72:6c:00:01'
	is "a link of another group reaches nothing" "$(ip link set "$(links)" group 77; out_held a "tcp $FAR4 80; tcp $FAR6 80")" ""
	hold_end a
	gone
	is "nothing is left" "$(left)" ""
}

# floods COUNT FLOOD...: ana's room does, which then has COUNT connections at least. What a busy host has not taken in yet is
# dropped, so that one flood need not be enough.
floods() {
	local least=$1 init
	init=$(ctl show ana --json | jq .init)
	shift
	nsenter --net=/proc/"$init"/ns/net /usr/bin/python3 $STAGE/tests/lib/netraw.py flood "$@"
	count=$(connections)
	[ "$count" -ge "$least" ]
}

# keeps: plan/net/nft R5 R10
check_flood() {
	local most count=0
	net_config 'allow = [ "host udp 8080" ];'
	hold a ana@room
	most=$(nft list chain inet carrel counted | grep -o 'iif ct count over [0-9]*' | grep -o '[0-9]*$')
	floods 0 $HOST4 12000 8080
	poll 30 floods "$most" $FAR4 12000
	check "a room has so many connections and no more ($count)" [ "$most" -le "$count" -a "$count" -lt $((most + 1000)) ]
	hold d dora@room
	is "others have theirs" "$(out_held d "tcp $FAR4 80")" "far $HOST4"
	hold_end a
	hold_end d
	gone
	hold a ana@room
	hold d dora@room
	/usr/bin/python3 $STAGE/tests/lib/netraw.py forget # those of before would expire while this is counted
	poll 20 floods 800 $FAR4 3000 7
	check "a sixteenth of the ports there are towards one server ($count)" [ "$count" -ge 800 -a "$count" -lt 1000 ]
	is "others have theirs of it" "$(out_held d "udp $FAR4 7")" "far $HOST4"
	is "and the room its own to another" "$(out_held a "udp $FAR6 7; tcp $FAR4 80")" "far $HOST6"$'\n'"far $HOST4"
	hold_end a
	hold_end d
	gone
}

# The server closes first and remembers the connection; the next one from the same port of the host's is another's.
# keeps: helper/parts/network R2
check_closed() {
	local i raw="/usr/bin/python3 $STAGE/tests/lib/netraw.py" wait=/proc/sys/net/netfilter/nf_conntrack_tcp_timeout_time_wait before
	local kept
	paws() {
		ip netns exec far nstat -asz TcpExtPAWSTimewait | awk '/PAWS/ { print $2 }'
	}
	net_config
	kept=$(cat $wait)
	echo 1 >$wait
	hold a ana@room
	{
		echo "add table ip forced"
		echo "add chain ip forced leave { type nat hook postrouting priority 99 ; }"
		for i in {0..11}; do
			echo "add rule ip forced leave ip daddr $FAR4 tcp sport { $((41000 + i)), $((42000 + i)) }" \
				"snat to $HOST4:$((20000 + i))"
		done
	} | nft -f -
	before=$(paws)
	check "connections that the server closes" inside timeout 60 $raw connect $FAR4 81 41000 12
	check "of which it remembers the ports" \
		poll 10 eval '[ "$(ip netns exec far ss -Htan state time-wait sport = 81 | wc -l)" = 12 ]'
	sleep 1.5 # the host forgets them; what it has not is sent again
	check "are followed by others from these" inside timeout 60 $raw connect $FAR4 81 42000 12
	is "of which it takes none for one of before" "$(paws)" "$before"
	is "the host's own settings are as they were" "$(cat /proc/sys/net/ipv4/tcp_timestamps)" 1
	nft delete table ip forced
	echo "$kept" >$wait
	hold_end a
	gone
	is "nothing is left" "$(left)" ""
}

# Forwards go where the room goes.
check_doors() {
	local port=$((20000 + RANDOM % 10000)) file=$STAGE/drop/net.bin
	net_config 'deny = [ "@private" ];'
	head -c 300000 /dev/urandom >$file
	check "scp in" scp -q -F $STAGE/ssh/config $file ana@room:net.bin
	is "sftp out" "$(echo "get /home/ana/net.bin $STAGE/drop/net.back" | sftp -q -b - -F $STAGE/ssh/config ana@room >/dev/null 2>&1
		cmp $file $STAGE/drop/net.back && echo same)" same
	hold f -L $port:$FAR4:80 -L $((port + 1)):$PRIVATE:80 -L $((port + 2)):127.0.0.1:8080 -D $((port + 3)) ana@room
	is "-L to where the room may" "$(tcp_host 127.0.0.1 $port)" "far $HOST4"
	is "not to where it may not" "$(tcp_host 127.0.0.1 $((port + 1)))" ""
	is "the loopback is the room's" "$(tcp_host 127.0.0.1 $((port + 2)))" ""
	is "-D" "$($SOCAT SOCKS4:127.0.0.1:$FAR4:80,socksport=$((port + 3)) </dev/null 2>/dev/null)" \
		"far $HOST4"
	hold_end f
	is "-W" "$(ssh -F $STAGE/ssh/config -W $FAR4:80 ana@room </dev/null 2>/dev/null)" "far $HOST4"
	is "not -W to the host" "$(ssh -F $STAGE/ssh/config -W $HOST4:8080 ana@room </dev/null 2>/dev/null)" ""
	hold r -R 9090:127.0.0.1:8080 ana@room
	like "-R listens in the room" "$(out_held r 'tcp 127.0.0.1 9090')" '^host 127'
	hold_end r
	rm -f $file $STAGE/drop/net.back /home/ana/net.bin
	net_config
	gone
}

# Root of a room of one's own.
check_own() {
	net_config 'deny = [ "@private" ];' 'inherit = "workshop"; linger = "0"; on_close = "kill"; share = "login";
	    root = { over = "tmpfs"; size = "256M"; };' 'store = "/srv/store";'
	install -d -m 0700 /srv/store
	usermod -s $STAGE/bin/carrel-shell ana
	hold a ana@room
	like "root of the network" "$(hold_ask a 'sudo ip -o link show eth0')" 'eth0'
	is "has the way out" "$(out_held a "tcp $FAR4 80; tcp $FAR6 80")" "far $HOST4"$'\n'"far $HOST6"
	is "and names" "$(hold_ask a "getent ahostsv4 far.example.org | head -n 1 | cut -d ' ' -f 1")" $FAR4
	is "ping" "$(hold_ask a "ping -n -c 1 -W 5 $FAR4 >/dev/null; echo \$?")" 0
	is "not what is denied, by whatever address" "$(hold_ask a "sudo ip addr add 198.18.99.99/32 dev eth0
		sudo ping -n -c 1 -W 1 -I 198.18.99.99 $FAR4 >/dev/null && echo spoofed
		sudo ping -n -c 1 -W 1 $PRIVATE >/dev/null && echo private
		sudo ip link set eth0 group 0; sudo ip link set eth0 alias x
		timeout 2 bash -c 'cat </dev/tcp/$PRIVATE/80' 2>/dev/null")" ""
	hold_end a
	usermod -s /bin/bash ana
	net_config
	gone
	is "nothing is left" "$(left)" ""
}

# ---- beside others -----------------------------------------------------------------------------------------------

# keeps: helper/net/main R1, plan/net/nft R4, helper/parts/network_rules R1 R2
check_tables() {
	local other='table ip nat {
	chain POSTROUTING {
		type nat hook postrouting priority srcnat; policy accept;
		oifname "nowhere" masquerade
	}
}
table inet filter {
	chain FORWARD {
		type filter hook forward priority filter; policy accept;
		ip daddr 203.0.113.9 tcp dport 81 drop
	}
}' before
	net_config
	echo "$other" | nft -f -
	before=$(nft list ruleset)
	is "what others drop stays dropped" "$(out ana "tcp $FAR4 81; tcp $FAR4 80")" "far $HOST4"
	gone
	is "and their tables are as before" "$(nft list ruleset)" "$before"
	is "carrel-net speaks of no other" \
		"$(printf 'add table inet other\n' | "$STAGE_LIB/carrel-net" 2>&1; echo $?)" \
		$'what it is to do is not about inet carrel: Invalid argument\n22'
	is "not behind its own either" \
		"$(printf 'add table inet carrel ; delete table ip nat\n' | "$STAGE_LIB/carrel-net" >/dev/null 2>&1; echo $?)" 22
	is "nor in a file" "$(printf 'include "/tmp/x"\n' | "$STAGE_LIB/carrel-net" >/dev/null 2>&1; echo $?)" 22
	is "nothing of it was done" "$(nft list ruleset)" "$before"
	nft flush ruleset
	ip netns add side # another network of the host's, to which it did not forward
	ip link add side0 type veth peer name eth0 netns side
	ip addr add 198.51.100.1/24 dev side0
	ip link set side0 up
	ip -n side addr add 198.51.100.2/24 dev eth0
	ip -n side link set eth0 up
	ip -n side route add default via 198.51.100.1
	ip -n far route add 198.51.100.0/24 via $HOST4
	hold a ana@room
	is "the room has its way out" "$(out_held a "tcp $FAR4 80")" "far $HOST4"
	is "for which the host itself has not begun to forward" \
		"$(cat /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv6/conf/all/forwarding | xargs)" "0 0"
	refute "the host is still no router for others" ip netns exec side ping -n -c 1 -W 1 $FAR4
	refute "nor the other way" ip netns exec far ping -n -c 1 -W 1 198.51.100.2
	hold_end a
	gone
	is "and forwards nothing afterwards" "$(left)" ""
	ip netns del side
	poll 10 eval '! ip link show side0'
}

# What of the rules is not traffic.
rules() {
	local list
	for list in "chain inet carrel arrive" "chain inet carrel pass" "chain inet carrel enter" "chain inet carrel leave" \
		"map inet carrel pass_by" "map inet carrel enter_by" "set inet carrel opened4" "set inet carrel opened6"; do
		nft list $list
	done 2>&1
}

guard_pid() {
	pgrep -P "$(steward_pid)" -x carrel-net
}

# Somebody takes all tables away while rooms live (Debian's nftables.service at each reload).
# keeps: plan/net/guard R1 R2, plan/net/nft R8, helper/steward/network R1, helper/parts/network_heal R1, helper/net/stand R1
check_flush() {
	local ip before pid
	net_config 'deny = [ "@private" ];'
	hold d dora@room
	hold a ana@room
	ip=$(hold_ask d 'ip -4 -o addr show eth0 | grep -o "198[0-9.]*" | head -n 1')
	hold_say d "python3 $STAGE/tests/lib/netserver.py room 8000 >/dev/null 2>&1 &"
	check "whose server the host reaches" poll 10 eval '[ "$(tcp_host "$ip" 8000)" ]'
	check "the guard stands" poll 20 guard_stands
	nft -f - <<-END
	add table ip later
	add chain ip later pass { type filter hook forward priority 1001; }
	add rule ip later pass meta mark & 0x2000 != 0 counter
	add rule ip later pass counter
	END
	is "behind which a room has its way out" "$(out_held a "tcp $FAR4 80")" "far $HOST4"
	like "and no packet has the mark any more" "$(nft list chain ip later pass | grep -o 'packets [0-9]*' | xargs)" \
		'^packets 0 packets [1-9]'
	before=$(rules)
	log_mark
	echo "add chain inet carrel dead" >$STATE_DIR/net.80000001 # a group's that no link has
	kill -STOP "$(steward_pid)" # who would make them anew
	nft flush ruleset
	refute "all tables are taken away" nft list table inet carrel
	check "but for the guard" guard_stands
	refute "which nobody else takes" nft delete table inet carrel_guard
	# At the same time, since each waits for an answer that does not come.
	out_held a "(tcp $HOST4 8080 & tcp $HOST6 8080 & tcp \$(ip -4 route show default | cut -d ' ' -f 3) 8080 & wait; echo end) >host &
		(tcp $ip 8000 & ping -c 1 -W 1 $ip >/dev/null && echo ping; wait; echo end) >room &
		(tcp $PRIVATE 80 & tcp $FAR4 80 & tcp $FAR6 80 & wait; echo end) >rest & wait" >/dev/null
	is "at once no service of the host's is reached" "$(hold_ask a 'cat host')" end
	is "nor another room" "$(hold_ask a 'cat room')" end
	is "nor what is denied, nor all else" "$(hold_ask a 'cat rest')" end
	kill -CONT "$(steward_pid)"
	check "the rules are made anew, of all policies" poll 20 eval '[ "$(rules)" = "$before" ]'
	refute "of no policy without a room" nft list chain inet carrel dead
	check "which is told" poll 10 log_since 'rules of rooms were taken away from nftables'
	is "and the room has its way out" "$(out_held a "tcp $FAR4 80; tcp $FAR6 80")" "far $HOST4"$'\n'"far $HOST6"
	is "and nothing else" "$(out_held a "tcp $HOST4 8080; tcp $ip 8000; tcp $PRIVATE 80")" ""
	nft flush ruleset
	check "as often as they go" poll 20 eval '[ "$(rules)" = "$before" ]'
	is "the other policy's too" "$(out_held d "tcp $FAR4 80; tcp $HOST4 8080")" "far $HOST4"
	pid=$(guard_pid)
	cp "$STAGE_LIB/carrel-steward" "$STAGE_LIB/steward.new"
	mv "$STAGE_LIB/steward.new" "$STAGE_LIB/carrel-steward"
	room bob true # it looks when something has happened
	check "the steward's next version has a guard of its own" \
		poll 20 eval '[ "$(guard_pid)" ] && [ "$(guard_pid)" != "$pid" ] && guard_stands'
	kill -9 "$(guard_pid)"
	check "and another when that is killed" poll 20 guard_stands
	sed -i '1s/.*/net 1/' $STATE_DIR/net
	touch $STATE_DIR/other.new
	mv $STATE_DIR/other.new $STATE_DIR/other
	check "it does not stand where rules know of none" poll 20 eval '! guard_stands'
	rm $STATE_DIR/other
	is "and rooms go on" "$(out_held a "tcp $FAR4 80")" "far $HOST4"
	net_config 'deny = [ "@private" ];'
	out ana true
	check "but with the next login's" poll 20 guard_stands
	hold_end a
	hold_end d
	gone
	is "nothing is left" "$(left; ls $STATE_DIR | grep '^net')" ""
}

# ---- who dies ----------------------------------------------------------------------------------------------------

check_crash() {
	local who
	net_config
	for who in supervisor init; do
		hold a ana@room
		check "a link is there" [ -n "$(links)" ]
		kill -9 $(helper_pids $who)
		check "and gone with its $who" poll 20 eval '[ -z "$(links)" ]'
		hold_end a
		settle
		sweep
		is "nothing is left" "$(left)" ""
	done
}

# keeps: helper/parts/network R1
check_sweep() {
	net_config
	hold a ana@room
	ip link add crl-9 type veth peer name left9
	ip link set crl-9 alias "carrel room abcdefgh"
	ip link add crl-8 type veth peer name left8
	sweep
	is "the link of a dead room goes, those of the living and of others stay" "$(links | grep -c .) $(links | grep -xc 'crl-[89]')" \
		"3 2"
	check "and the rules with them" nft list table inet carrel
	ip link del crl-8
	hold_end a
	gone
	is "nothing is left" "$(left)" ""
}

# The helper dies at each of its calls that make something.
# keeps: helper/parts/network R1
check_crash_steps() {
	local step traced=$STAGE/bin/net-traced
	net_config
	cp /etc/pam.d/su $STAGE/su.kept
	for step in sendto:1 sendto:2 sendto:5 sendto:9 sendto:12 sendto:14 sendto:16 setns:1 setns:2 memfd_create:1 flock:2 flock:3; do
		printf '#!/bin/bash\nexec strace -D -o /dev/null -e inject=%s:signal=KILL:when=%s "%s" "$@"\n' \
			"${step%:*}" "${step#*:}" "$HELPER" >"$traced"
		chmod 755 "$traced"
		sed -i "s|helper=[^ ]*|helper=$traced|" /etc/pam.d/su
		timeout 30 su ana -s /bin/sh -c true </dev/null >/dev/null 2>&1
		cp $STAGE/su.kept /etc/pam.d/su
		poll 20 eval '[ -z "$(links)" ]'
		settle
		sweep
		is "killed at $step: nothing is left" "$(left)" ""
	done
	like "and the next one gets in" "$(su ana -s /bin/sh -c 'ip -o link show eth0' </dev/null 2>&1)" 'eth0'
	gone
}

# keeps: helper/net/main R2, helper/parts/network_link R1
check_order() {
	local tool=$STAGE_LIB/carrel-net
	net_config
	mv "$tool" "$tool.kept"
	cat >"$tool" <<-END
	#!/bin/bash
	[ ! -e $STAGE_LOG/order.links -a "\$1" != --stand ] || exec "$tool.kept" "\$@"
	/usr/sbin/ip -o link >$STAGE_LOG/order.links
	mkfifo $STAGE_LOG/order.fifo
	exec 3<&0
	"$tool.kept" <$STAGE_LOG/order.fifo &
	exec 4>$STAGE_LOG/order.fifo
	for i in {1..100}; do
		grep -q '^NoNewPrivs:.*1' /proc/\$!/status && break
		sleep 0.05
	done
	grep -E '^(CapPrm|CapEff|NoNewPrivs)' /proc/\$!/status >$STAGE_LOG/order.status
	cat <&3 >&4
	exec 4>&-
	wait \$!
	END
	chmod 755 "$tool"
	is "the room has its way out" "$(out ana "tcp $FAR4 80")" "far $HOST4"
	is "before the rules stood there was no link" "$(grep -c crl- $STAGE_LOG/order.links)" 0
	is "and who made them had one power" "$(xargs <$STAGE_LOG/order.status)" \
		"CapPrm: 0000000000001000 CapEff: 0000000000001000 NoNewPrivs: 1"
	printf '#!/bin/sh\necho no such rule >&2\nexit 22\n' >"$tool"
	log_mark
	like "when rules cannot be made, the login is refused" "$(room ana true)" 'code NAMESPACE'
	check "with what nftables said" log_since 'nftables: no such rule'
	is "and leaves no link" "$(links)" ""
	mv "$tool.kept" "$tool"
	gone
}

check_twenty() {
	local i pids=()
	net_config
	for i in {1..20}; do
		s ana@room "until [ -e $STAGE/drop/twenty ]; do sleep 0.1; done; $TCP tcp $FAR4 80" </dev/null >$STAGE_LOG/twenty.$i 2>&1 &
		pids+=($!)
	done
	check "twenty links at once" poll 30 eval '[ "$(links | sort -u | wc -l)" = 20 ]'
	is "with rules for one policy" "$(nft list map inet carrel pass_by | grep -o 'jump' | wc -l)" 1
	touch $STAGE/drop/twenty
	wait "${pids[@]}"
	rm $STAGE/drop/twenty
	is "all of them get out" "$(cat $STAGE_LOG/twenty.* | sort | uniq -c | xargs)" "20 far $HOST4"
	gone
	is "nothing is left" "$(left)" ""
}

check_full() {
	net_config '' '' 'addresses = { ipv4 = "198.18.9.0/28"; ipv6 = ""; };'
	ip link add crl-3 type veth peer name taken3
	hold a ana@room
	like "addresses of another pool, IPv4 alone" "$(out_held a 'ip -o addr show eth0 | grep -o "inet6* [0-9a-f.:]*" | xargs')" \
		'^inet 198.18.9.[0-9]+$'
	hold_end a
	settle
	sweep
	is "another's link of such a name keeps no rules, and stays" "$(left | sort -u)" crl-3
	ip link del crl-3
	local i
	for i in {1..7}; do
		ip link add crl-$i type veth peer name taken$i
	done
	log_mark
	like "when there is none, the login is refused" "$(room ana true)" 'code NAMESPACE'
	check "and the log says why" log_since 'addresses: all 7 are taken'
	for i in {1..7}; do
		ip link del crl-$i
	done
	mv "$STAGE_LIB/carrel-net" "$STAGE_LIB/kept"
	like "without carrel-net, too" "$(room ana true)" 'code NAMESPACE'
	check "which the log says" log_since 'no carrel-net beside'
	mv "$STAGE_LIB/kept" "$STAGE_LIB/carrel-net"
	net_config
	settle
	sweep
}

check_steward() {
	net_config
	hold a ana@room
	kill $(steward_pid)
	poll 10 eval '! steward_pid'
	"$STAGE_LIB/carrel-steward" --state $STATE_DIR --idle 1 &
	local steward=$!
	poll 10 steward_pid
	sleep 1.5
	check "the rules stay while a room lives" nft list table inet carrel
	hold_end a
	check "and go when the steward has nobody to serve" poll 20 nothing_left
	wait $steward
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
run_cases "$@" -- check_out check_host check_lists check_explain check_operator check_names check_names_follow check_doors \
	check_own check_hostile check_flood check_closed check_tables check_flush check_order check_crash check_sweep \
	check_crash_steps check_twenty check_full check_steward
settle
same_census "nothing is left behind" "$before"
check "nor on the host's network" nothing_left
tap_done
