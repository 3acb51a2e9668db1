#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The stage that live tests and the demo play on: a host of their own, made of namespaces and tmpfs, so that the
# machine is never changed and nothing can be left behind.
#
# Sourced by a test:   . "$(dirname "$0")/../lib/stage.sh"; stage_enter "$@"
# Run as a program:    the inner half, PID 1 of the stage (stage_enter starts it).
#
# Private on the stage: processes, network, host name, IPC, cgroup subtree, /dev, /etc, /home, /root, /run, /tmp,
# /var/tmp, /var/log, /var/mail, /var/spool/cron. Everything of the tests is copied to /srv/carrel first.
# Environment: CARREL_BUILD directory with the products; CARREL=0 leaves carrel out of the PAM stacks; CARREL_UID_MIN=NUMBER
# begins the users' numbers there, so that what the kernel counts of a user is not another stage's.
set -u

STAGE=/srv/carrel
STAGE_LIB=$STAGE/lib
STAGE_LOG=$STAGE/log
STAGE_PY=$STAGE/tests/lib/py
STATE_DIR=/run/carrel
export LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

die() {
	echo "stage: $*" >&2
	exit 3
}

# ---- outside -------------------------------------------------------------------------------------------------

# Leave the machine and go on inside: returns only there.
stage_enter() {
	if [ "${CARREL_ON_STAGE:-0}" = 1 ]; then
		trap 'exit 130' INT
		trap 'exit 143' TERM HUP
		return
	fi
	local repo script=$0 cgroup rc
	cases_begin "$script" "$@"
	[ "$(id -u)" -eq 0 ] || die "must be run as root"
	repo=$(cd "$(dirname "$script")/../.." && pwd -P) || exit 3
	script=${script##*/}
	export CARREL_BUILD CARREL
	CARREL_BUILD=$(realpath "${CARREL_BUILD:-$repo/build}") || exit 3
	CARREL=${CARREL:-1}
	if [ "$CARREL" = 1 ] && ! [ -x "$CARREL_BUILD/carrel-helper" -a -e "$CARREL_BUILD/pam_carrel.so" ]; then
		die "no products in $CARREL_BUILD: run make first (or set CARREL=0 for a stage without carrel)"
	fi
	cgroup=$(stage_cgroup_make)
	# The terminal's Ctrl-C reaches the inside too, which ends by itself; then this half still cleans up.
	trap : INT TERM HUP
	(
		[ -z "$cgroup" ] || stage_cgroup_enter "$cgroup" "$BASHPID"
		exec unshare --mount --propagation private --pid --fork --kill-child --mount-proc --net --uts --ipc \
			--cgroup bash "$repo/tests/lib/stage.sh" "$repo" "$script" "$@"
	)
	rc=$?
	stage_cgroup_remove "$cgroup"
	exit $rc
}

stage_cgroup_make() {
	local root controller
	root=$(findmnt -n -t cgroup2 -o TARGET | head -n 1)
	if [ "${CARREL_GUEST:-0}" = 1 ]; then # elsewhere the machine's root is not ours to change
		for controller in $(cat "$root/cgroup.controllers"); do
			echo "+$controller" >"$root/cgroup.subtree_control" 2>/dev/null
		done
	fi
	[ -n "$root" ] && mkdir -p "$root/carrel-stage-$$/outside" 2>/dev/null && echo "$root/carrel-stage-$$"
}

# The caller becomes the root of the stage's cgroups. As soon as its child is there, it goes aside: a cgroup with processes
# of its own can hand no controller on.
stage_cgroup_enter() { # CGROUP PID
	local cgroup=$1 pid=$2 # for eval within poll, which has arguments of its own
	# The child is still beside its parent, or has made its own leaf already, or all is over.
	{
		poll 10 eval '[ -d "$cgroup/host" ] || [ ! -d "$cgroup" ] || [ "$(wc -l <"$cgroup/cgroup.procs")" -ge 2 ]'
		[ ! -d "$cgroup" ] || echo "$pid" >"$cgroup/outside/cgroup.procs"
	} </dev/null >/dev/null 2>&1 &
	echo "$pid" >"$cgroup/cgroup.procs"
}

stage_cgroup_remove() {
	local i
	[ -d "$1" ] || return 0
	for i in {1..100}; do
		find "$1" -depth -type d -exec rmdir {} + 2>/dev/null
		[ -d "$1" ] || return 0
		sleep 0.05
	done
	echo "stage: cannot remove $1 (try $i): $(cat "$1/cgroup.procs")" >&2
}

# ---- inside: building ----------------------------------------------------------------------------------------

stage_tmpfs() { # MODE DIRECTORY...
	local mode=$1 dir
	shift
	for dir in "$@"; do
		[ -d "$dir" ] || continue
		mount -t tmpfs -o "mode=$mode" stage "$dir" || die "no tmpfs on $dir"
	done
}

stage_copy_tools() { # REPO
	stage_tmpfs 0755 /srv
	mkdir -p $STAGE/{bin,lib,data,keys,ssh,log,drop,tests/lib,tests/live,tests/golden}
	cp -r "$1"/tests/lib/{*.sh,*.py,py} $STAGE/tests/lib/
	cp "$1"/tests/live/*.sh $STAGE/tests/live/
	cp "$1"/tests/golden/ctl/* $STAGE/tests/golden/
	cp "$CARREL_BUILD"/tests/lib/{probe,syslogd} $STAGE/bin/ || die "probe and syslogd are not built"
	local tool # of some suites only, so that a stage needs no more than it uses
	for tool in lib/enosys lib/app lib/mta lib/call32 fault/inject fault/mark.so; do
		[ ! -e "$CARREL_BUILD/tests/$tool" ] || cp "$CARREL_BUILD/tests/$tool" $STAGE/bin/
	done
	if [ "$CARREL" = 1 ]; then
		cp "$CARREL_BUILD"/{pam_carrel.so,carrelctl} "$CARREL_BUILD"/carrel-{helper,steward,errand,keeper,caps} \
			$STAGE_LIB/ || die "no products"
		[ ! -x "$CARREL_BUILD/carrel-net" ] || cp "$CARREL_BUILD/carrel-net" $STAGE_LIB/
		cp "$CARREL_BUILD"/carrel{,-shell} $STAGE/bin/ || die "no program for users"
		cp -r "$1"/conf/. $STAGE/data/
		cp "$1/docs/man/carrelctl.8" "$1"/docs/{policies,testing,homes,images,capabilities,tutorial,lecture,network,monitoring}.md \
			$STAGE/data/
	fi
	# A second name gives the same sshd a second PAM service: "sshd-bare", without carrel (sshd_service in sshd.sh).
	cp /usr/sbin/sshd $STAGE/bin/sshd-bare
	chown -R 0:0 $STAGE
	chmod -R go-w,a+rX $STAGE
	chmod 0700 $STAGE/{keys,ssh,log}
	chmod 1777 $STAGE/drop
}

# What the machine has mounted elsewhere may go at any time (the mount of a container whose directory is removed goes in
# every namespace), and would count as something that a login has taken away.
stage_leave_mounts() {
	local target
	awk '{ print $5 }' /proc/self/mountinfo | tac | while read -r target; do
		[[ $target =~ ^/((usr|bin|sbin|lib[^/]*|opt|proc|sys|dev|srv)(/.*)?|etc|var|home|root|run|tmp)?$ ]] ||
			umount -l "$(printf "%b" "${target//\\/\\0}")" || die "cannot leave the mount $target"
	done || exit 3
}

stage_copy_etc() {
	local new=$STAGE/etc
	mkdir $new
	mount -t tmpfs -o mode=0755 stage $new
	cp -a /etc/. $new/
	[ -z "${CARREL_UID_MIN-}" ] || sed -i "s/^UID_MIN.*/UID_MIN $CARREL_UID_MIN/" $new/login.defs
	rm -rf $new/cron.d/* $new/cron.*ly/* $new/crontab $new/security/limits.d/* $new/sudoers.d/* $new/motd $new/nologin
	mount --move $new /etc
	rmdir $new
}

# A copy of the device nodes, since a socket is made in it and the real one belongs to the machine.
stage_copy_dev() {
	local new=$STAGE/dev node
	mkdir $new
	mount -t tmpfs -o mode=0755 stage $new
	for node in null zero full random urandom tty ptmx kmsg mem fuse net vda; do
		[ ! -e "/dev/$node" ] || cp -a "/dev/$node" $new/
	done
	rm -f $new/ptmx
	mknod -m 666 $new/ptmx c 5 2
	ln -s /proc/self/fd $new/fd
	ln -s fd/0 $new/stdin
	ln -s fd/1 $new/stdout
	ln -s fd/2 $new/stderr
	mkdir $new/pts $new/shm $new/mqueue
	mount -t devpts -o newinstance,gid=5,mode=620,ptmxmode=666 devpts $new/pts
	mount -t tmpfs -o mode=1777,nosuid,nodev tmpfs $new/shm
	mount -t mqueue mqueue $new/mqueue
	mount --move $new /dev
	rmdir $new
}

stage_network() {
	hostname carrelhost
	printf '127.0.0.1 localhost\n127.0.1.1 carrelhost\n::1 localhost\n' >/etc/hosts
	echo carrelhost >/etc/hostname
	ip link set lo up
	# One more interface, so that "only lo" is something to see.
	ip link add outer0 type veth peer name outer1 2>/dev/null || ip link add outer0 type dummy 2>/dev/null
}

# sysfs shows the network of whoever mounted it.
stage_sysfs() {
	local new=$STAGE/sys
	mkdir $new
	mount -t sysfs -o nosuid,nodev,noexec sysfs $new || return 0
	[ ! -d /sys/fs/cgroup ] || mount --rbind /sys/fs/cgroup $new/fs/cgroup
	umount -l /sys
	mount --move $new /sys
	rmdir $new
}

# The stage's own part of cgroup v2 becomes what is mounted, with its processes in a leaf: controllers can be handed on.
stage_cgroup() {
	local root controller
	root=$(findmnt -n -t cgroup2 -o TARGET | head -n 1)
	[ -n "$root" ] || return 0
	umount "$root" && mount -t cgroup2 cgroup2 "$root" || return 0
	mkdir -p "$root/host"
	echo 1 >"$root/host/cgroup.procs"
	for controller in $(cat "$root/cgroup.controllers"); do
		poll 10 eval 'echo "+$controller" >"$root/cgroup.subtree_control"' ||
			die "no controller $controller; in $root are: $(xargs <"$root/cgroup.procs") (0: outside)"
	done
}

stage_build() { # REPO
	mount --make-rprivate /
	stage_copy_tools "$1"
	stage_leave_mounts
	stage_copy_etc
	stage_copy_dev
	stage_tmpfs 0755 /home /run /var/log
	stage_tmpfs 0700 /root /var/lib/sudo
	stage_tmpfs 1777 /tmp /var/tmp
	stage_tmpfs 1775 /var/mail
	mkdir -p /run/sshd /run/lock /run/user /run/sudo
	[ -L /var/run ] || mount --bind /run /var/run
	install -m 664 -g utmp /dev/null /run/utmp
	install -m 664 -g utmp /dev/null /var/log/wtmp
	install -m 664 -g utmp /dev/null /var/log/lastlog
	install -m 660 -g utmp /dev/null /var/log/btmp
	[ ! -d /var/spool/cron ] || { stage_tmpfs 0755 /var/spool/cron && install -d -m 1730 -g crontab /var/spool/cron/crontabs; }
	stage_network
	stage_sysfs
	stage_cgroup
}

# ---- inside: what tests start ---------------------------------------------------------------------------------

. "$(dirname "${BASH_SOURCE[0]}")/tap.sh"
. "$(dirname "${BASH_SOURCE[0]}")/host.sh"

if [ "${BASH_SOURCE[0]}" = "$0" ]; then
	# The inner half: $1 repository, $2 the script's name, then its arguments.
	[ $$ -eq 1 ] || die "not to be run by hand"
	trap 'exit 130' INT TERM HUP
	repo=$1
	script=$2
	shift 2
	stage_build "$repo"
	cd / || exit 3
	CARREL_ON_STAGE=1 exec bash "$STAGE/tests/live/$script" "$@"
fi
