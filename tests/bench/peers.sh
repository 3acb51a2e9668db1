#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# bubblewrap and crun set up for what carrel's policy "full" gives, as far as each can. Sourced by bench.sh.
#
# Neither has: a time namespace, a filter compiled for one login, a home overlay with a limit, a tree that only root can
# reach, accounting. bubblewrap binds the host recursively, crun four of its directories.

MASKED="acpi asound scsi kcore keys key-users latency_stats timer_list timer_stats sched_debug kallsyms slabinfo
	vmallocinfo pagetypeinfo iomem ioports kpagecount kpageflags kpagecgroup config.gz modules interrupts kmsg"
FROZEN="bus fs irq sys sysrq-trigger"
HIDDEN="/home /root /boot /media /mnt /lost+found /var/spool /var/mail /etc/carrel"

BWRAP=(/usr/bin/bwrap --unshare-pid --unshare-net --unshare-uts --unshare-ipc --unshare-cgroup --die-with-parent
	--new-session --cap-drop ALL --seccomp 9 --ro-bind / /)

bwrap_set_up() {
	local name
	# As people run it: nothing masked below /proc and /sys, homes hidden, and no more.
	BWRAP_LEAN=("${BWRAP[@]}" --tmpfs /home --bind /home/bench1 /home/bench1 --proc /proc --dev /dev
		--mqueue /dev/mqueue --tmpfs /run --tmpfs /tmp --tmpfs /var/tmp "$B/payload")
	for name in $HIDDEN; do
		[ ! -d "$name" ] || BWRAP+=(--tmpfs "$name")
	done
	BWRAP+=(--bind /home/bench1 /home/bench1 --proc /proc)
	for name in $MASKED; do
		if [ -d "/proc/$name" ]; then
			BWRAP+=(--tmpfs "/proc/$name")
		elif [ -e "/proc/$name" ]; then
			BWRAP+=(--ro-bind /dev/null "/proc/$name")
		fi
	done
	for name in $FROZEN; do
		[ ! -e "/proc/$name" ] || BWRAP+=(--ro-bind "/proc/$name" "/proc/$name")
	done
	for name in firmware module power; do
		[ ! -d "/sys/$name" ] || BWRAP+=(--tmpfs "/sys/$name")
	done
	BWRAP+=(--dev /dev --mqueue /dev/mqueue --tmpfs /run --tmpfs /tmp --tmpfs /var/tmp --tmpfs /var/log
		--dir /run/user/1001 "$B/payload")
}

json_list() { # PREFIX NAME...
	local prefix=$1 sep='' name
	shift
	for name in "$@"; do
		[ ! -e "$prefix$name" ] || { printf '%s"%s%s"' "$sep" "$prefix" "$name"; sep=,; }
	done
}

json_tmpfs() { # DIRECTORY OPTIONS
	printf ',{"destination":"%s","type":"tmpfs","source":"tmpfs","options":["nosuid","nodev",%s]}' "$1" "$2"
}

crun_set_up() {
	local root=$B/rootfs dir mounts
	mkdir -p $root/{proc,sys,dev,run,tmp,home/bench1,root,boot,media,mnt,var/tmp,var/log,var/spool,var/mail}
	for dir in bin sbin lib lib32 lib64 libx32; do
		[ ! -L "/$dir" ] || ln -s "$(readlink "/$dir")" "$root/$dir"
	done
	mounts='{"destination":"/proc","type":"proc","source":"proc"}'
	mounts+=',{"destination":"/dev","type":"tmpfs","source":"tmpfs","options":["nosuid","mode=755","size=65536k"]}'
	mounts+=',{"destination":"/dev/pts","type":"devpts","source":"devpts",'
	mounts+='"options":["nosuid","noexec","newinstance","ptmxmode=0666","mode=0620","gid=5"]}'
	mounts+=',{"destination":"/dev/mqueue","type":"mqueue","source":"mqueue","options":["nosuid","noexec","nodev"]}'
	mounts+=',{"destination":"/sys","type":"sysfs","source":"sysfs","options":["nosuid","noexec","nodev","ro"]}'
	for dir in /usr /etc /opt /srv /var/lib /bin /sbin /lib /lib64; do
		[ -d $dir ] && ! [ -L $dir ] || continue
		mkdir -p "$root$dir"
		mounts+=",{\"destination\":\"$dir\",\"type\":\"bind\",\"source\":\"$dir\","
		mounts+="\"options\":[\"rbind\",\"ro\",\"nosuid\",\"nodev\"]}"
	done
	mounts+=",{\"destination\":\"/home/bench1\",\"type\":\"bind\",\"source\":\"/home/bench1\","
	mounts+="\"options\":[\"bind\",\"nosuid\",\"nodev\"]}"
	for dir in /dev/shm /tmp /var/tmp /run; do
		mounts+=$(json_tmpfs "$dir" '"mode=1777","size=512m"')
	done
	cat >$B/bundle/config.json <<-END
	{"ociVersion":"1.0.2","hostname":"room",
	"annotations":{"run.oci.seccomp_bpf_data":"$(base64 -w0 $B/filter.bpf)"},
	"process":{"terminal":false,"user":{"uid":0,"gid":0},"args":["$B/payload"],"env":["PATH=/usr/bin"],"cwd":"/",
		"capabilities":{"bounding":[],"effective":[],"inheritable":[],"permitted":[],"ambient":[]},
		"noNewPrivileges":true},
	"root":{"path":"$root","readonly":true},"mounts":[$mounts],
	"linux":{"namespaces":[{"type":"pid"},{"type":"mount"},{"type":"ipc"},{"type":"uts"},{"type":"network"},
		{"type":"cgroup"}],
		"maskedPaths":[$(json_list /proc/ $MASKED),$(json_list /sys/ firmware module power)],
		"readonlyPaths":[$(json_list /proc/ $FROZEN)]}}
	END
	CRUN=(/usr/bin/crun --root /run/crun --cgroup-manager=disabled run -b $B/bundle bench)
}
