#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# boot: systemd
# Logins on the host's network that are held by programs on their cgroups: Debian's kernel takes them, and systemd, whose
# cgroups they are on, leaves them there.
. "$(dirname "$0")/../suite.sh"

ASK="python3 -c $(printf '%q' "$(<"$(dirname "$0")/../../lib/netask.py")")"
WHAT="tcp 127.0.0.1 22 udp 10.99.0.9 80 bind 0.0.0.0 7000 bind 0.0.0.0 8000 socket 136"
HELD="denied denied denied bound denied"

conf() {
	conf_write <<-'END'
	rules = ( { user = "cara"; policy = "quiet"; }, { user = "bob"; policy = "open"; }, { group = "students"; policy = "held"; } );
	policies = {
	  open = { namespaces = [ "mount", "pid", "uts", "ipc", "cgroup" ]; network = { mode = "host"; }; };
	  quiet = { inherit = "open"; network = { forwards = "none"; }; };
	  held = {
	    namespaces = [ "mount", "pid", "uts", "ipc", "cgroup" ];
	    network = { mode = "host"; loopback = "own"; deny = [ "@private" ]; allow = [ "10.0.2.0/24" ];
	      listen = [ "ports 8000-8999" ]; };
	  };
	};
	END
}

check_held() {
	check "a login" hold one ana
	is "is held" "$(hold_ask one "$ASK $WHAT")" "$HELD"
	like "and reaches what it may" "$(hold_ask one "$ASK tcp 10.0.2.15 22")" '^SSH'
	is "a visit is, too" "$(guest "carrelctl enter ana -- $ASK $WHAT")" "$HELD"
	is "who has no room is not" "$(guest "$ASK bind 0.0.0.0 7000")" bound
	hold_end one
	check "the cgroup goes with the login" poll 60 guest \
		'! find /sys/fs/cgroup -name "login-*" -o -name "session-*.scope" | grep -q "user-$(id -u ana)"'
}

check_reload() {
	check "a login" hold one ana
	guest "systemctl daemon-reload; systemctl set-property --runtime user-\$(id -u ana).slice IPAddressDeny=192.0.2.0/24"
	is "is held after systemd has read its units anew, and has programs of its own" "$(hold_ask one "$ASK $WHAT")" "$HELD"
	check "which hold as well" test "$(hold_ask one "$ASK udp 192.0.2.1 9")" != silent
	guest "systemctl daemon-reexec"
	is "and after systemd itself is another" "$(hold_ask one "$ASK $WHAT")" "$HELD"
	guest "systemctl revert user-\$(id -u ana).slice"
	hold_end one
	guest "sed -i.kept '/pam_systemd/d' /etc/pam.d/common-session"
	check "a login without pam_systemd, in a scope of carrel's" hold one ana
	is "is held" "$(hold_ask one "$ASK $WHAT")" "$HELD"
	guest "systemctl daemon-reload"
	is "after a reload, too" "$(hold_ask one "$ASK $WHAT")" "$HELD"
	hold_end one
	guest "mv /etc/pam.d/common-session.kept /etc/pam.d/common-session"
}

# What comes of each of sshd's doors to a port: the banner of the guest's own sshd, or nothing.
forwarded() { # USER
	local port=$((20000 + RANDOM % 10000)) l="$GUEST_DIR/l.$1"
	rm -f "$l"
	echo "W $(timeout 300 ssh -F "$GUEST_DIR/ssh_config" -W 127.0.0.1:22 "$1@door" </dev/null 2>/dev/null | head -c 3)"
	hold doors "$1" -o ExitOnForwardFailure=no -L "$l:127.0.0.1:22" -D 127.0.0.1:$port -R 127.0.0.1:9090:127.0.0.1:9 >/dev/null ||
		echo "no login"
	echo "L $(timeout 120 socat -t 60 -T 60 - "UNIX:$l" </dev/null 2>/dev/null | head -c 3)"
	echo "D $(timeout 120 socat -t 60 -T 60 - SOCKS4:127.0.0.1:127.0.0.1:22,socksport=$port </dev/null 2>/dev/null | head -c 3)"
	echo "R $(guest 'ss -Htln "sport = 9090" | wc -l')"
	echo "program $(hold_ask doors "$ASK tcp 127.0.0.1 22" | head -c 3)"
	hold_end doors
}

# keeps: plan/net/gate_program R8
check_forwards() {
	is "without network.forwards each door leads on" "$(forwarded bob | xargs)" "W SSH L SSH D SSH R 1 program SSH"
	is 'with "none" sshd forwards no port, and programs go on' "$(forwarded cara | xargs)" "W L D R 0 program SSH"
	is "sftp goes on" "$(timeout 120 sftp -q -b - -F "$GUEST_DIR/ssh_config" cara@door <<<'ls -1 /etc/passwd' 2>/dev/null |
		tail -n 1 | tr -d ' ')" /etc/passwd
	is "and a command" "$(login cara 'echo in')" in
}

check "users" users_make
pam_wire sshd
conf
run_cases "$@" -- check_held check_reload check_forwards
check "nothing is left" poll 20 guest '! pgrep "carrel([^-]|-[^s])"'
tap_done
