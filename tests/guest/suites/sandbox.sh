#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# boot: systemd
# ssh.service with drop-ins that harden it: what works goes on working, the rest is named by the refusal and by check.
. "$(dirname "$0")/../suite.sh"

unit() { # LINES of [Service]
	guest "mkdir -p /etc/systemd/system/ssh.service.d; cat >/etc/systemd/system/ssh.service.d/hard.conf; systemctl daemon-reload
		systemctl restart ssh" \
		< <(printf '[Service]\n%b\n' "$1")
}

finds() { # NAME LEVEL LINE REGEX
	like "$1: check" "$(guest 'carrelctl check --no-rehearse' </dev/null)" \
		"^$2 +/etc/systemd/system/ssh.service.d/hard.conf +$3 +sshd \(process [0-9]+\) $4"
}

refused() { # NAME CODE REGEX-OF-THE-LOG
	log_mark
	like "$1: refused" "$(login ana true </dev/null 2>&1)" "code $2"
	check "$1: and the log says why" log_since "$3"
}

check_hardened() {
	local hard='PrivateDevices=yes\nProtectHostname=yes\nProtectClock=yes\nRestrictSUIDSGID=yes\n'
	hard+='ProtectKernelTunables=yes\nProtectKernelModules=yes\nProtectKernelLogs=yes\nProtectControlGroups=yes\n'
	hard+='PrivateTmp=yes\nPrivateMounts=yes\nPrivateIPC=yes\nProtectProc=invisible\nProcSubset=pid\n'
	hard+='RestrictRealtime=yes\nLockPersonality=yes\nMemoryDenyWriteExecute=yes\n'
	hard+='SystemCallArchitectures=native\nRestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK\n'
	hard+='ProtectSystem=full\nUMask=0077'
	unit "$hard"
	log_mark
	is "a hardened sshd: a login gets its room" \
		"$(login ana 'hostname; echo x >/dev/null; echo x >~/y && cat ~/y; stat -c %t:%T /dev/urandom' </dev/null)" \
		$'carrel-guest\nx\n1:9'
	check "without a host name of its own" log_since 'no host name of its own, going on without: .*ProtectHostname='
	check "nor a time of its own" log_since 'no time namespace, going on without: .*ProtectClock='
	is "with a terminal" "$(login_tty ana tty)" /dev/pts/0
	finds "ProtectHostname" warning 3 'has ProtectHostname=yes: rooms show'
	finds "ProtectClock" warning 4 'has no CAP_SYS_TIME'
	finds "RestrictSUIDSGID" warning 5 'has RestrictSUIDSGID=yes'
}

check_capabilities() {
	unit 'CapabilityBoundingSet=~CAP_KILL CAP_SYS_PTRACE\nProtectSystem=strict\nReadWritePaths=/run'
	refused "CapabilityBoundingSet" CAPS 'CAP_SYS_PTRACE, CAP_KILL: not in the bounding set of this service'
	finds "CapabilityBoundingSet" error 2 'has no CAP_KILL: logins are refused'
}

check_namespaces() {
	unit 'RestrictNamespaces=yes\nProtectSystem=strict'
	refused "RestrictNamespaces" CALLER 'RestrictNamespaces='
	finds "RestrictNamespaces" error 2 'has RestrictNamespaces=yes: no room can be made'
	finds "ProtectSystem=strict" error 3 'cannot write to /run/carrel'
}

configure() { # FEATURES of the policy
	conf_write <<-END
	rules = ( { user = "ana"; policy = "student"; } );
	policies = { student = { inherit = "shared"; hostname = "%u-room"; home = { mode = "overlay"; size = "16M"; }; ${1-} }; };
	END
}

# As a host with cgroup v1 looks: systemd is there, and has no slice whose limits could be set.
check_cgroup() {
	unit 'TemporaryFileSystem=/sys/fs/cgroup'
	configure 'limits = { tasks = 100; }; features = { limits = "require"; };'
	refused "no cgroup v2" LIMITS 'this host has no cgroup v2 at /sys/fs/cgroup'
	configure 'limits = { tasks = 100; }; features = { limits = "prefer"; };'
	log_mark
	is "preferred: a room without" "$(login ana hostname </dev/null)" ana-room
	check "and it is logged" log_since 'no limits are held: this host has no cgroup v2'
	configure
}

check "users" users_make
pam_wire sshd
guest "sed -i.kept '/pam_systemd/d' /etc/pam.d/common-session" # a hardened sshd or not, logind is the same
configure
run_cases "$@" -- check_hardened check_capabilities check_namespaces check_cgroup
guest "rm -r /etc/systemd/system/ssh.service.d; systemctl daemon-reload; systemctl restart ssh
	mv /etc/pam.d/common-session.kept /etc/pam.d/common-session"
check "and as it was" test "$(login ana hostname </dev/null)" = ana-room
tap_done
