#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A policy whose filter lets users make user namespaces and mount in them: sandboxes get a /proc of their own, and
# nobody gets to the one that is in the room for the kernel's eyes.
. "$(dirname "$0")/../lib/stage.sh"
stage_enter "$@"

. "$(dirname "$0")/../lib/ctl.sh"

nest_config() {
	cat >/etc/carrel/carrel.conf <<-END
	data_dir = "$STAGE/data";
	rules = ( { user = "cara"; policy = "nest"; }, { user = "ana"; policy = "strict-proc"; }, { user = "bob"; policy = "dev"; } );
	policies = {
	  nest = {
	    inherit = "dev"; features = { limits = "prefer"; };
	    seccomp = { allow_add = [ "@namespaces", "@mount", "@new-mount-api" ]; };
	  };
	  strict-proc = { inherit = "nest"; root = { nested_proc = false; }; };
	};
	END
}

# Each prints its last word; the whole output is looked at, so that a complaint of the program is a failure, too.
check_sandboxes() {
	local usr='--ro-bind /usr /usr --symlink usr/lib /lib --symlink usr/lib64 /lib64 --symlink usr/bin /bin --ro-bind /etc /etc'
	is "bubblewrap over the whole root" \
		"$(room cara 'bwrap --ro-bind / / --dev /dev --unshare-user --unshare-pid --proc /proc echo works')" works
	is "bubblewrap as flatpak calls it" \
		"$(room cara "bwrap --unshare-all --share-net $usr --proc /proc --dev /dev --tmpfs /tmp --bind ~ ~ \
			--die-with-parent sh -c 'ls -d /proc/self/fd >/dev/null && echo ok >~/flat && cat ~/flat'")" ok
	is "bubblewrap in bubblewrap" \
		"$(room cara 'bwrap --ro-bind / / --dev /dev --unshare-all --proc /proc \
			bwrap --ro-bind / / --dev /dev --unshare-all --proc /proc echo works')" works
	is "unshare with its own /proc" "$(room cara 'unshare -Urpf --mount-proc sh -c "ls -d /proc/[0-9]*; id -u"')" $'/proc/1\n0'
	is "user and mount namespace" "$(room cara 'unshare -Urm sh -c "mount -t tmpfs none /mnt && touch /mnt/x && ls /mnt"')" x
	is "user, PID and network namespace, as chromium's first layer" \
		"$(room cara 'unshare -Urpnf sh -c "echo \$\$; ls /sys/class/net >/dev/null && echo works"')" $'1\nworks'
	is "a host name of its own" "$(room cara 'unshare -Uru sh -c "hostname inner && hostname"
		bwrap --ro-bind / / --dev /dev --unshare-user --unshare-uts --hostname boxed hostname')" $'inner\nboxed'
	is "not the room's" "$(room cara 'unshare -Ur hostname other 2>/dev/null; echo $?')" 1
	is "a read-only /sys of its own network" \
		"$(room cara 'unshare -Urmn sh -c "mount -t sysfs -o ro none /mnt && ls /mnt/class/net"')" lo
	is "a writable one is not given" "$(room cara 'unshare -Urmn mount -t sysfs none /mnt 2>/dev/null; echo $?')" 32
	is "no /proc of the room's own processes" "$(room cara 'unshare -Urm mount -t proc none /mnt 2>/dev/null; echo $?')" 32
}

# What podman starts containers by, in its rootless form; cgroups are not its to make.
check_container() {
	if [ "$(stat -f -c %T /sys/fs/cgroup 2>/dev/null)" != cgroup2fs ] || ! command -v crun busybox >/dev/null; then
		skip_here "crun runs a container" "it wants cgroup v2 on /sys/fs/cgroup, on a bare host as well"
		return
	fi
	is "crun runs a container" "$(room cara '
		mkdir -p c/rootfs/{bin,dev,proc,sys} && cp /bin/busybox c/rootfs/bin && cd c && crun spec --rootless &&
		sed -i "s|\"sh\"|\"/bin/busybox\", \"ls\", \"-d\", \"/proc/1\"|; s|\"terminal\": true|\"terminal\": false|" config.json &&
		XDG_RUNTIME_DIR=/run/user/$(id -u) crun --cgroup-manager=disabled run box </dev/null' | grep -v '^new[ug]idmap:')" /proc/1
}

# The hidden one: every way to it that a user who is root in a namespace of his own has. What would be seen is cmdline.
check_hidden() {
	local seen='find /run /mnt /srv -xdev -path "*carrel-nest/*" 2>/dev/null
		cat {/run,/mnt,/srv,/mnt/carrel-nest,/srv/carrel-nest}/{carrel-nest/,}{,proc/}cmdline 2>/dev/null'
	is "it is there" "$(room cara 'grep -c " /run/carrel-nest/proc .* proc proc" /proc/self/mountinfo')" 1
	is "the user finds nothing" "$(room cara "$seen; ls -A /run/carrel-nest")" ''
	is "nor root of a user namespace" "$(room cara "unshare -Urm bash -c '$seen; ls -A /run/carrel-nest'")" ''
	is "the cover does not go away" \
		"$(room cara \
		"unshare -Urm bash -c 'umount /run/carrel-nest; umount -l /run/carrel-nest; umount -l /run; $seen' 2>/dev/null")" ''
	is "nor does it in a copy" "$(room cara "unshare -Urm bash -c 'mount --rbind /run /mnt; umount /mnt/carrel-nest
		mount --bind /run /srv; mount --move /run/carrel-nest /srv; $seen' 2>/dev/null")" ''
	is "nor when the old root goes" \
		"$(room cara "unshare -Urm bash -c 'mount --rbind / /mnt && cd /mnt && pivot_root . mnt && umount -l /mnt
			umount /run/carrel-nest; $seen' 2>/dev/null")" ''
	is "what covers the room's own /proc does not go away" \
		"$(room cara "unshare -Urm bash -c 'umount /proc/cmdline; umount -l /proc; cat /proc/cmdline
			echo 1 >/proc/sys/kernel/panic' 2>/dev/null")" ''
}

# What docs/mounts.md says of a nested /proc.
check_nested() {
	local f
	is "a nested /proc has no way to the room's processes" \
		"$(room cara 'sleep 60 & unshare -Urpf --mount-proc sh -c "cat /proc/[0-9]*/comm" | grep -c sleep; kill %1')" 0
	is "settings of the host cannot be written there" \
		"$(room cara 'unshare -Urpf --mount-proc sh -c "for f in kernel/panic kernel/hostname vm/drop_caches fs/file-max
			do echo 1 >/proc/sys/\$f && echo \$f; done" 2>/dev/null')" ''
	for f in kcore kmsg slabinfo vmallocinfo pagetypeinfo timer_list kpagecount kpageflags; do
		[ ! -e /proc/$f ] || refute "$f stays closed there" room cara "unshare -Urpf --mount-proc head -c 1 /proc/$f"
	done
	is "addresses of the kernel are zero there" \
		"$(room cara 'unshare -Urpf --mount-proc cat /proc/kallsyms' 2>/dev/null | grep -vc '^00* ')" 0
}

check_others() {
	like "a policy may keep its /proc to itself" \
		"$(room ana 'unshare -Urpf --mount-proc true; bwrap --ro-bind / / --dev /dev --unshare-all --proc /proc true')" \
		'not permitted'
	is "then nothing is there for it" "$(room ana 'grep -c carrel-nest /proc/self/mountinfo; ls -d /run/carrel-nest 2>/dev/null')" 0
	is "nor under a policy without those groups" \
		"$(room bob 'grep -c carrel-nest /proc/self/mountinfo; ls -d /run/carrel-nest 2>/dev/null')" 0
	like "check tells it" "$(ctl check)" 'policy nest: seccomp.allow lets a user make namespaces and mount'
	unlike "and not of the others" "$(ctl check)" 'policy (strict-proc|dev): seccomp.allow lets a user'
}

# Of a host that boots with both versions; the stage's mounts are its own, and this is before its first room.
[ ! -e /sys/fs/cgroup/unified/cgroup.procs ] || mount --bind /sys/fs/cgroup/unified /sys/fs/cgroup
host_start
nest_config
run_cases "$@" -- check_sandboxes check_container check_hidden check_nested check_others
tap_done
