#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Where the measuring happens: a mount tree, process, network and cgroup space of its own, so that nothing of the
# machine changes and nothing is left. Sourced by bench.sh.

. "$(dirname "${BASH_SOURCE[0]}")/../lib/sshd.sh"

B=/srv/carrel-bench
MODULE=$B/pam_carrel.so
HELPER=$B/carrel-helper
export LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

die() {
	echo "bench: $*" >&2
	exit 1
}

# Leave the machine and run this script again inside.
stage_enter() { # REPO SCRIPT
	local cgroup rc i
	[ "$(id -u)" -eq 0 ] || die "must be run as root"
	cgroup=$(findmnt -n -t cgroup2 -o TARGET | head -n 1)
	[ -z "$cgroup" ] || { cgroup=$cgroup/carrel-bench-$$ && mkdir "$cgroup"; } || cgroup=
	trap : INT TERM HUP
	(
		[ -z "$cgroup" ] || echo "$BASHPID" >"$cgroup/cgroup.procs"
		BENCH_INSIDE=1 exec unshare --mount --propagation private --pid --fork --kill-child --mount-proc --net \
			--uts --ipc --cgroup bash "$2" "$1"
	)
	rc=$?
	for i in {1..100}; do
		[ -d "$cgroup" ] || break
		find "$cgroup" -depth -type d -exec rmdir {} + 2>/dev/null || sleep 0.05
	done
	[ -z "$cgroup" ] || ! [ -d "$cgroup" ] || die "cannot remove $cgroup after $i tries"
	exit $rc
}

stage_files() { # REPO BUILD
	local dir
	mount -t tmpfs -o mode=0755 bench /srv
	mkdir -p $B/{pam,etc,conf,keys,rootfs,bundle,empty,base}
	cp "$2/pam_carrel.so" "$2/carrel-helper" "$2"/carrel{-steward,-shell,ctl} "$2/tests/bench/driver" "$2/tests/bench/payload" $B/
	cp -r "$1/conf/." $B/conf/
	cp "$1"/tests/bench/*.[ch] "$1"/tests/bench/*.awk $B/
	cp "$1/src/base/compat.h" $B/base/
	chown -R 0:0 $B
	chmod -R go-w,a+rX $B
	mount -t tmpfs -o mode=0755 bench $B/etc
	cp -a /etc/. $B/etc/
	mount --move $B/etc /etc
	for dir in /home /run /var/log; do
		mount -t tmpfs -o mode=0755 bench $dir
	done
	mount -t tmpfs -o mode=0700 bench /root
	mkdir -p /run/sshd /run/lock /run/user
	install -m 664 -g utmp /dev/null /run/utmp
	install -m 664 -g utmp /dev/null /var/log/wtmp
	install -m 664 -g utmp /dev/null /var/log/lastlog
	cp -p /etc/nsswitch.conf $B/nsswitch.host
	# Name services of the host would be in carrel's time and not in the floor's; they are measured apart.
	sed -i -E 's/^(passwd|group|shadow|gshadow|initgroups):.*/\1: files/' /etc/nsswitch.conf
	rm -f /etc/motd /etc/nologin
	useradd -m -s /bin/sh bench1 && useradd -m -s /bin/sh bench2 && useradd -m -s /bin/bash bench3 &&
		useradd -m -s $B/carrel-shell bench4 || die "cannot make users"
}

# A policy as bench-full has it, published for bench1, whose real shell is the payload.
stage_alone() {
	CTL="$B/carrelctl --helper $HELPER --module $MODULE"
	usermod -s $B/payload bench1
	install -d -m 0755 /etc/carrel
	cat >/etc/carrel/carrel.conf <<-END
	data_dir = "$B/conf";
	rules = ( { user = "bench1"; policy = "alone"; } );
	policies = { alone = { home = { mode = "overlay"; size = "64M"; }; features = { cgroup = "off"; limits = "off"; }; }; };
	END
	chmod 0644 /etc/carrel/carrel.conf
	$CTL shell publish bench1 || die "nothing can be published"
}

stage_cgroup() {
	CGROUP=$(findmnt -n -t cgroup2 -o TARGET | head -n 1)
	[ -n "$CGROUP" ] || return 0
	umount "$CGROUP" && mount -t cgroup2 cgroup2 "$CGROUP" || die "cannot mount the own part of cgroup v2"
	mkdir "$CGROUP/host" "$CGROUP/floor"
	echo 1 >"$CGROUP/host/cgroup.procs"
}

# One PAM service for each variant of the policy; the rules tell them by the service's name.
POLICIES=()
RULES=()
variant() { # NAME SETTINGS
	RULES+=("{ service = \"bench-$1\"; policy = \"$1\"; },")
	POLICIES+=("$1 = { $2 };")
	pam_stack "$B/pam/bench-$1" "$B/carrel.conf"
}

pam_stack() { # FILE CONFIG
	local arguments="config=$2 helper=$HELPER state=/run/carrel timeout=30"
	cat >"$1" <<-END
	session optional $MODULE close $arguments
	session required pam_permit.so
	session requisite $MODULE open $arguments
	END
}

stage_policies() {
	local off='limits = "off"; cgroup = "off";' none='network = { mode = "none"; };'
	local base='share = "login"; capabilities = { bounding = [ ]; }; no_new_privs = true;'
	local filter='seccomp = { base = "@login"; };' no_filter='seccomp = { base = ""; };'
	local home='home = { mode = "overlay"; size = "64M"; };' real='home = { mode = "real"; };'
	local on="features = { $off };" shared='share = "user"; on_close = "keep"; home = { mode = "real"; };'
	variant full "$base $filter $home $none $on"
	variant nofilter "$base $no_filter $home $none features = { $off seccomp = \"off\"; };"
	variant realhome "$base $filter $real $none $on"
	variant hostnet "$base $filter $home network = { mode = \"host\"; }; $on
		namespaces = [ \"mount\", \"pid\", \"uts\", \"ipc\", \"cgroup\", \"time\" ];"
	variant notime "$base $filter $home $none $on
		namespaces = [ \"mount\", \"pid\", \"uts\", \"ipc\", \"net\", \"cgroup\" ];"
	variant nohide "$base $filter $home $none $on root = { hide = [ \"/home\" ]; run = [ ]; };"
	variant nocaps "share = \"login\"; capabilities = { trim = false; }; $filter $home $none $on"
	variant noaccounting "$base $filter $home $none features = { $off accounting = \"off\"; };"
	printf '%s\n' bench1:200000:65536 bench4:300000:65536 | tee -a /etc/subuid >>/etc/subgid
	mkdir -p $B/image && mount --bind / $B/image
	local image="root = { mode = \"image\"; path = \"$B/image\"; over = \"tmpfs\"; size = \"64M\";
		bind = ( { source = \"/srv\"; target = \"/srv\"; } ); };"
	variant image "$base $filter $real $none $on $image"
	variant own "${base/no_new_privs = true;/} $filter $real $none $on $image
		no_new_privs = false; user = { mode = \"own\"; sudo = true; }; shell = { path = \"/bin/bash\"; };"
	variant join "$shared $filter $none $on"
	variant joincgroup "$shared $filter $none features = { limits = \"off\"; };"
	printf '%s\n' "data_dir = \"$B/conf\";" "store = \"$B/store\";" \
		"rules = ( ${RULES[*]} { user = \"bench3\"; policy = \"image\"; }, { user = \"bench4\"; policy = \"own\"; },
		{ service = \"sshd\"; policy = \"full\"; } );" \
		"policies = { ${POLICIES[*]} };" >$B/carrel.conf
	printf 'auth required pam_deny.so\nsession required pam_deny.so\n' >$B/pam/other
	printf 'session required pam_permit.so\n' >$B/pam/bench-permit
	printf 'session required pam_namespace.so\n' >$B/pam/bench-namespace
	mkdir -p /etc/security
	printf '/tmp tmpfs tmpfs root\n/var/tmp tmpfs tmpfs root\n' >/etc/security/namespace.conf
	rm -rf /etc/security/namespace.d
}

stage_ssh() {
	ssh-keygen -q -t ed25519 -N '' -f $B/keys/host && ssh-keygen -q -t ed25519 -N '' -f $B/keys/user || die "no keys"
	cp $B/keys/user.pub $B/keys/authorized
	chmod 0644 $B/keys/authorized
	cp /usr/sbin/sshd $B/sshd-bare # another name, another PAM service, before OpenSSH 9.8
	local stack
	for stack in sshd sshd-bare; do
		printf 'auth required pam_permit.so\naccount required pam_permit.so\n' >/etc/pam.d/$stack
	done
	printf 'session required pam_permit.so\n' >>/etc/pam.d/sshd-bare
	pam_stack $B/pam/sshd.session $B/carrel.conf
	cat $B/pam/sshd.session >>/etc/pam.d/sshd
	cat >$B/keys/sshd_config <<-END
	HostKey $B/keys/host
	AuthorizedKeysFile $B/keys/authorized
	UsePAM yes
	PasswordAuthentication no
	KbdInteractiveAuthentication no
	StrictModes no
	PidFile none
	UseDNS no
	PrintMotd no
	LogLevel ERROR
	END
	/usr/sbin/sshd -f $B/keys/sshd_config -D -o ListenAddress=127.0.0.1:7022 2>$B/sshd.log &
	$B/sshd-bare -f $B/keys/sshd_config -D -o ListenAddress=127.0.0.1:7023 $(sshd_service sshd-bare $B/keys/host) \
		2>$B/sshd-bare.log &
}
