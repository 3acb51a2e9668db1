#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Services that have been hardened: sshd without a capability, a system call or a place to write to, as units make it.
# Each works, does without and says so, or is named: by the refusal, and by carrelctl check.
. "$(dirname "$0")/../lib/stage.sh"
stage_enter "$@"
. "$(dirname "$0")/../lib/ctl.sh"
. "$(dirname "$0")/../lib/less.sh"

conf() { # [MORE OF POLICY named]
	cat >/etc/carrel/carrel.conf <<-END
	data_dir = "$STAGE/data";
	rules = ( { user = "ana"; policy = "shared"; }, { user = "cara"; policy = "named"; }, { user = "dora"; policy = "over"; },
	  { user = "gus"; policy = "admin"; } );
	policies = {
	  named = { inherit = "shared"; hostname = "%u-room"; ${1-} };
	  over = { inherit = "shared"; home = { mode = "overlay"; size = "16M"; }; };
	};
	END
}

without() { # CAPABILITY
	with setpriv --bounding-set "-$1" --inh-caps "-$1"
}

check_says() { # NAME REGEX
	like "$1: check" "$(ctl --pam-dir /etc/pam.d check --no-rehearse)" "$2"
}

check_as_it_is() {
	with env
	is "as it is" "$(as cara 'echo in; hostname')" $'in\ncara-room'
	is "check finds nothing" "$(ctl --pam-dir /etc/pam.d check --no-rehearse | grep -c 'sshd (process')" 0
}

check_devices() {
	without mknod
	is "PrivateDevices: the host's devices" "$(as ana 'stat -c "%F %t:%T" /dev/null /dev/tty; echo x >/dev/null && head -c 2 /dev/zero |
		wc -c; grep -c " /dev/[a-z]* ro,nosuid,noexec" /proc/self/mountinfo')" \
		$'character special file 1:3\ncharacter special file 5:0\n2\n6'
	is "and with a terminal" "$(s -tt -p $PORT ana@room 'tty; echo x >/dev/tty' </dev/null 2>&1 | tr -d '\r')" $'/dev/pts/0\nx'
}

check_clock() {
	without sys_time
	is "ProtectClock: a room without it" "$(as ana 'echo in')" in
	check "and the log says so" poll 5 log_since 'no time namespace, going on without: .*CAP_SYS_TIME.*ProtectClock='
	check_says "CAP_SYS_TIME" "^warning .*sshd \(process $SANDBOXED\) has no CAP_SYS_TIME: rooms have the host's uptime"
}

check_host_name() {
	with $STAGE/bin/enosys sethostname=EPERM
	is "ProtectHostname: the host's name" "$(as cara hostname)" "$(hostname)"
	check "and the log says so" poll 5 log_since 'no host name of its own, going on without: .*ProtectHostname='
	conf 'features = { hostname = "require"; limits = "prefer"; cgroup = "prefer"; time = "prefer"; };'
	refused "required" NAMESPACE 'cannot set host name cara-room: .*ProtectHostname=.*features.hostname is "require"' cara
	printf '[Service]\nLockPersonality=yes\nProtectHostname = yes\n' >/etc/systemd/system/ssh.service.d/hard.conf
	local drop=/etc/systemd/system/ssh.service.d/hard.conf
	check_says "ProtectHostname" "^error +$drop +3 +sshd .*ProtectHostname=yes: logins are refused where features.hostname"
	conf
}

check_sockets() {
	mkdir -p /srv/far /srv/real && ln -s /srv/real /srv/link && install -d -o dora /srv/real/dora && usermod -d /srv/link/dora dora
	for socket in /srv/real/a /srv/link/b; do
		python3 $STAGE_PY/listens.py $socket &
		poll 5 test -S $socket
		chmod 777 $socket
	done
	connects="python3 $STAGE_PY/connects.py /srv/real/a /srv/real/b"
	is "on the host the sockets answer" "$(bare ana "$connects")" $'/srv/real/a\n/srv/real/b'
	with $STAGE/bin/enosys openat2
	is "RestrictSUIDSGID: a room" "$(as ana 'echo in; touch ~/x && ls ~/x')" $'in\n/home/ana/x'
	is "a home by a link of root's, under an overlay" "$(as dora 'touch ~/x; ls ~; pwd'; ls /srv/real/dora)" $'x\n/srv/real/dora'
	is "sockets are covered, by links as well" "$(as ana "$connects")" ''
	rm -rf /home/ana.away && mv /home/ana /home/ana.away && ln -s /etc /home/ana
	refused "a home that is a link" HOME 'home /home/ana is '
	rm /home/ana && mv /home/ana.away /home/ana
	with $STAGE/bin/enosys openat2=EPERM
	is "a filter that answers otherwise: the same" "$(as dora "ls ~ | wc -l; $connects")" 0
	printf '[Service]\nRestrictSUIDSGID=true\n' >/etc/systemd/system/ssh.service.d/hard.conf
	check_says "RestrictSUIDSGID" \
		"^warning +/etc/systemd/system/ssh.service.d/hard.conf +2 +sshd .*RestrictSUIDSGID=true: sockets on file servers"
}

check_capabilities() {
	printf '[Service]\nCapabilityBoundingSet=~CAP_KILL\n' >/etc/systemd/system/ssh.service.d/hard.conf
	for cap in kill setpcap chown sys_ptrace net_admin; do
		without $cap
		refused "without CAP_${cap^^}" CAPS "errno=EPERM: CAP_${cap^^}: not in the bounding set of this service"
		check_says "without CAP_${cap^^}" \
			"^error +/etc/systemd/system/ssh.service.d/hard.conf +2 +sshd .*has no CAP_${cap^^}: logins are refused"
	done
	rm /etc/systemd/system/ssh.service.d/hard.conf
	is "what needs no network has it without CAP_NET_ADMIN" "$(as gus 'echo in')" in
	without fowner
	refused "an overlay without CAP_FOWNER" CAPS 'CAP_FOWNER: not in the bounding set' dora
	is "a real home does not need it" "$(as ana 'echo in')" in
	without sys_admin
	refused "without CAP_SYS_ADMIN" CALLER 'CAP_SYS_ADMIN'
}

check_calls() {
	with $STAGE/bin/enosys unshare=EPERM
	refused "RestrictNamespaces" CALLER 'RestrictNamespaces='
	with $STAGE/bin/enosys fsopen=EPERM
	refused "SystemCallFilter" MOUNT 'errno=EPERM.*SystemCallFilter='
	with $STAGE/bin/enosys fsopen=KILL
	refused "SystemCallFilter that kills" NAMESPACE 'a system call filter of this service has ended it'
	with $STAGE/bin/enosys memfd_create=KILL
	refused "one that kills the helper" HELPER 'the helper ended without an answer: this service has a system call filter'
}

check_places() {
	mounts 'mount -o remount,bind,ro /run'
	refused "ProtectSystem=strict" STATE 'errno=EROFS.*read-only for this service.*ProtectSystem=strict.*ReadWritePaths='
	check_says "ProtectSystem=strict" \
		"^error .*sshd \(process $SANDBOXED\) cannot write to /run/carrel: logins that get a room are refused"
	mounts 'mount -t tmpfs none /run && mkdir -m 755 /run/sshd'
	is "TemporaryFileSystem=/run: a room" "$(as ana 'echo in')" in
	check_says "TemporaryFileSystem=/run" "^warning .*has another /run/carrel than the host: carrelctl does not see its rooms"
	mounts 'mount -t tmpfs -o ro,mode=755 none /home'
	is "ProtectHome=tmpfs: as without carrel" "$(as ana pwd | grep ^/)" "$(as bea pwd | grep ^/)"
	check_says "ProtectHome" "^warning .*does not see the host's /home"
	mounts 'mount -t tmpfs none /etc/carrel'
	refused "InaccessiblePaths=/etc/carrel" CONFIG '/etc/carrel/carrel.conf'
	check_says "InaccessiblePaths" "^error .*does not see /etc/carrel/carrel.conf as it is on the host"
}

check_files() {
	with prlimit --nofile=24
	refused "LimitNOFILE" MOUNT 'errno=EMFILE.*LimitNOFILE='
	check_says "LimitNOFILE" "^error .*may open 24 files, and a room takes 64"
}

host_start
conf
mkdir -p /etc/systemd/system/ssh.service.d
run_cases "$@" -- check_as_it_is check_devices check_clock check_host_name check_sockets check_capabilities \
	check_calls check_places check_files
tap_done
