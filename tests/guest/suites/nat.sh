#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# boot: systemd
# Rooms with a way out on Debian's kernel, beside the rules of others: nftables.service with a forward chain that drops,
# docker's tables as it writes them. What these drop stays dropped and is told, what they let pass stays so, and nothing
# of theirs is changed.
. "$(dirname "$0")/../suite.sh"

FAR=203.0.113.9 BOX=172.17.0.2
ASK='tcp() { timeout 5 bash -c "exec 3<>/dev/tcp/$1/$2 && cat <&3" 2>/dev/null; }
'

conf() {
	conf_write <<-END
	rules = ( { group = "students"; policy = "out"; } );
	policies = { out = { network = { mode = "nat"; deny = [ "@private" ]; }; }; };
	END
}

# Another host at the end of a cable, and a container on docker's bridge; each says its name on port 80.
others_make() {
	guest 'bash -s' <<-'END'
		serve() {
			setsid ip netns exec "$1" python3 -c 'import socket, sys
		s = socket.socket()
		s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
		s.bind(("", 80))
		s.listen(16)
		while True:
		    c, peer = s.accept()
		    c.sendall(f"{sys.argv[1]} {peer[0]}\n".encode())
		    c.close()' "$1" </dev/null >/dev/null 2>&1 &
		}
		ip netns add far
		ip link add up0 type veth peer name eth0 netns far
		ip addr add 192.0.2.1/24 dev up0
		ip link set up0 up
		ip -n far link set lo up
		ip -n far link set eth0 up
		ip -n far addr add 192.0.2.2/24 dev eth0
		ip -n far addr add 203.0.113.9/32 dev lo
		ip route add 203.0.113.0/24 via 192.0.2.2
		ip netns add box
		ip link add docker0 type bridge
		ip addr add 172.17.0.1/16 dev docker0
		ip link set docker0 up
		ip link add veth0 type veth peer name eth0 netns box
		ip link set veth0 master docker0 up
		ip -n box link set lo up
		ip -n box link set eth0 up
		ip -n box addr add 172.17.0.2/16 dev eth0
		ip -n box route add default via 172.17.0.1
		serve far
		serve box
	END
}

others_end() {
	guest 'for n in far box; do ip netns pids $n | xargs -r kill; ip netns del $n; done; ip link del docker0; rm -f /etc/nftables.conf
		! [ -e /etc/nftables.kept ] || mv /etc/nftables.kept /etc/nftables.conf'
}

out() { # what the held login gets of the other host
	hold_ask one "${ASK}tcp $FAR 80"
}

reaches() {
	[ "$(out)" = "far 192.0.2.1" ]
}

# Of all tables but carrel's, without what is counted.
others_rules() {
	guest 'for t in $(nft list tables | sed -n "s/^table \([a-z0-9]*\) /\1:/p" | grep -v ":carrel"); do
		nft -s list table ${t/:/ }
	done'
}

told() {
	guest "carrelctl check --no-rehearse 2>&1; carrelctl explain ana --reach $FAR:80 2>&1"
}

check_alone() {
	check "a login" hold one ana
	check "a room has its way out" poll 20 reaches
	is "and ping" "$(hold_ask one "ping -n -c 1 -W 9 $FAR >/dev/null; echo \$?")" 0
	is "not to what is denied, nor to the host" "$(hold_ask one "${ASK}tcp $BOX 80; tcp 192.0.2.1 22")" ""
	unlike "of others nothing is told" "$(told)" 'drops what the host forwards'
	hold_end one
}

# Debian's own service, with a file as an administrator writes it.
check_service() {
	guest '[ ! -e /etc/nftables.conf ] || mv /etc/nftables.conf /etc/nftables.kept; cat >/etc/nftables.conf' <<-'END'
		#!/usr/sbin/nft -f
		flush ruleset
		table inet filter {
			chain input { type filter hook input priority filter; policy accept; }
			chain forward {
				type filter hook forward priority filter; policy drop;
			}
			chain output { type filter hook output priority filter; policy accept; }
		}
	END
	check "a login" hold one ana
	check "has its way out" poll 20 reaches
	guest 'systemctl start nftables'
	refute "where the administrator's chain drops what is forwarded, a room gets nowhere" reaches
	like "check and explain --reach tell" "$(told | grep -c 'table inet filter: its chain forward drops what')" 2
	like "and that the file flushes" "$(told)" '/etc/nftables.conf +2 +"flush ruleset"'
	guest 'sed -i "s/policy drop;/&\n iifname \"crl-*\" accept\n oifname \"crl-*\" ct state established,related accept/" \
			/etc/nftables.conf
		systemctl reload nftables'
	check "as documented it has its way out, soon after all tables were flushed" poll 60 reaches
	unlike "and nothing more is told" "$(told)" 'drops what the host forwards'
	refute "the host is no router for others" guest "ip netns exec box ping -n -c 1 -W 1 $FAR"
	hold_end one
	guest 'systemctl stop nftables'
}

# Tables as docker makes them by iptables-nft, with one published port.
check_docker() {
	local before
	check "a login" hold one ana
	check "has its way out" poll 20 reaches
	guest 'sysctl -qw net.ipv4.ip_forward=1; nft -f -' <<-'END'
		table ip nat {
			chain DOCKER {
				iifname "docker0" return
				iifname != "docker0" tcp dport 8088 dnat to 172.17.0.2:80
			}
			chain PREROUTING { type nat hook prerouting priority dstnat; fib daddr type local jump DOCKER; }
			chain OUTPUT { type nat hook output priority -100; ip daddr != 127.0.0.0/8 fib daddr type local jump DOCKER; }
			chain POSTROUTING {
				type nat hook postrouting priority srcnat;
				oifname != "docker0" ip saddr 172.17.0.0/16 masquerade
			}
		}
		table ip filter {
			chain DOCKER { iifname != "docker0" oifname "docker0" ip daddr 172.17.0.2 tcp dport 80 accept; }
			chain DOCKER-ISOLATION-STAGE-1 { iifname "docker0" oifname != "docker0" jump DOCKER-ISOLATION-STAGE-2; return; }
			chain DOCKER-ISOLATION-STAGE-2 { oifname "docker0" drop; return; }
			chain DOCKER-USER { return; }
			chain FORWARD {
				type filter hook forward priority filter; policy drop;
				jump DOCKER-USER
				jump DOCKER-ISOLATION-STAGE-1
				oifname "docker0" ct state related,established accept
				oifname "docker0" jump DOCKER
				iifname "docker0" oifname != "docker0" accept
				iifname "docker0" oifname "docker0" accept
			}
		}
	END
	refute "docker's chain drops what a room sends" reaches
	like "which is told" "$(told | grep -c 'table ip filter: its chain FORWARD drops what')" 2
	guest 'nft insert rule ip filter DOCKER-USER oifname "crl-*" ct state related,established accept
		nft insert rule ip filter DOCKER-USER iifname "crl-*" accept'
	before=$(others_rules)
	check "let through as documented, it has its way out" poll 30 reaches
	unlike "and nothing more is told" "$(told)" 'drops what the host forwards'
	check "a container has its own" poll 20 guest "ip netns exec box bash -c '${ASK}tcp $FAR 80' | grep -x 'far 192.0.2.1'"
	check "its port is reached" poll 20 guest "ip netns exec far bash -c '${ASK}tcp 192.0.2.1 8088' | grep -x 'box 192.0.2.2'"
	is "not by a room, which may not what is private" "$(hold_ask one "${ASK}tcp 192.0.2.1 8088; tcp $BOX 80")" ""
	refute "nor does the container reach a room" guest "ip netns exec box ping -n -c 1 -W 1 \
		\$(ip -4 -o addr show | grep -o '198\.18\.[0-9.]*' | head -n 1 | awk -F. '{ print \$1 \".\" \$2 \".\" \$3 \".\" \$4 + 1 }')"
	hold_end one
	check "when the room has gone, carrel's table goes" \
		poll 60 guest '/usr/libexec/carrel/carrel-helper --sweep --state /run/carrel; ! nft list table inet carrel'
	is "and docker's are as they were" "$(others_rules)" "$before"
	is "as is what the host forwards" "$(guest 'cat /proc/sys/net/ipv4/ip_forward')" 1
	guest 'nft delete table ip nat; nft delete table ip filter; sysctl -qw net.ipv4.ip_forward=0'
}

check "users" users_make
pam_wire sshd
conf
others_make
run_cases "$@" -- check_alone check_service check_docker
others_end
check "nothing is left" poll 60 guest '! pgrep "carrel([^-]|-[^s])" && ! ip -o link show | grep crl-'
tap_done
