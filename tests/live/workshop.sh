#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The policy workshop as it is shipped, over the host's own tree: what root of the room gets of the host, and every way
# out once more, tried by it. The same tries are made by the user, by root of the room, and by a login without carrel.
. "$(dirname "$0")/../lib/stage.sh"
stage_enter "$@"
. "$STAGE/tests/lib/ctl.sh"
. "$STAGE/tests/lib/rootimage.sh"

STORE=/srv/store
SHELL_LAST=$STAGE/bin/carrel-shell # the last stage
PROBE=/home/ana/probe
HASH='$6$carrelsalt$TheHashOfRootThatNobodyMaySee'
SECRET=only-root-of-the-host-may-read-this

workshop_config() { # [MORE OF THE POLICY]
	cat >/etc/carrel/carrel.conf <<-END
	data_dir = "$STAGE/data";
	store = "$STORE";
	rules = ( { user = [ "ana", "cara" ]; policy = "ours"; }, { user = "dora"; policy = "shown"; },
	          { user = "bob"; policy = "shared"; } );
	policies = {
	  ours = { inherit = "workshop"; linger = "0"; on_close = "kill"; root = { size = "256M"; }; ${1-} };
	  shown = { inherit = "ours"; user = { show = [ "/usr/local", "/opt" ]; }; };
	};
	END
}

# What only root may read on this host: of a package, of a key, of a service, of people.
plant_secrets() {
	sed -i "s|^root:[^:]*:|root:$HASH:|" /etc/shadow
	install -m 0600 /dev/stdin /etc/ssh/ssh_host_test_key <<<"$SECRET"
	install -d -m 0750 /etc/closed
	install -m 0644 /dev/stdin /etc/closed/file <<<"$SECRET"
	install -m 0640 /dev/stdin /etc/closed-file <<<"$SECRET"
	install -m 0600 /dev/stdin /root/secret <<<"$SECRET"
	install -m 0600 /dev/stdin /home/bob/secret <<<"$SECRET"
	install -m 0644 /dev/stdin /srv/for-all-but-not-shown <<<"$SECRET"
	install -m 0600 /dev/stdin /var/log/secret <<<"$SECRET"
}

# A try that root of the room makes.
refused() { # NAME REGEX COMMAND
	local in
	in=$(hold_ask in "sudo sh -c '$3' 2>&1")
	if [[ $in =~ ^($2)$ ]]; then
		ok "root of the room: $1"
	else
		not_ok "root of the room: $1" "command: $3" "answer: $in" "wanted: $2"
	fi
}

# Profiles of carrel run are for everybody, and root's for root of the room. What comes with carrel is shown beside them,
# since a room has of this stage nothing else.
plant_profiles() {
	install -d -m 0755 /etc/carrel/profiles
	cp -r $STAGE/data /etc/carrel/profiles/
	chmod -R a+rX /etc/carrel/profiles
	cat >/etc/carrel/profiles/tight.conf <<-END
		data_dir = "/etc/carrel/profiles/data";
		policies = { tight = { seccomp = { base = "@core"; allow = [ "ioctl", "prctl" ]; compat = false; }; }; };
	END
	install -m 0755 $STAGE/bin/carrel /home/ana/carrel
}

check_profiles() {
	local run='$HOME/carrel run tight --'
	is "a program runs under a profile" "$(hold_ask in "$run echo under it 2>&1")" 'under it'
	is "and has nothing else" "$(hold_ask in "$run mkdir /tmp/x 2>&1 | grep -o 'not implemented'")" 'not implemented'
	is "of root of the room as well" "$(hold_ask in "sudo $run mkdir /tmp/x 2>&1 | grep -o 'not implemented'")" 'not implemented'
}

check_self() {
	is "sudo, without a password" "$(hold_ask in 'sudo -n id -u')" 0
	is "all power in the room's own namespace" "$(hold_ask in 'sudo grep CapEff /proc/self/status')" $'CapEff:\t000001ffffffffff'
	isnt "which is not the host's" "$(hold_ask in 'readlink /proc/self/ns/user')" "$(readlink /proc/self/ns/user)"
	is "the host's programs are there" "$(hold_ask in 'ls -d /usr/bin/env /bin/sh /usr/sbin/sshd /etc/ssl/certs | wc -l')" 4
	is "root's, for root of the room" "$(hold_ask in 'stat -c %U /usr/bin/env /etc/hosts.allow /var/lib/dpkg/status' | sort -u)" root
	is "what it changes is its own" \
		"$(hold_ask in 'sudo sh -c "echo mine >/etc/issue; rm /usr/bin/env; useradd kim" && cat /etc/issue
			ls /usr/bin/env 2>&1 | grep -c No')" \
		$'mine\n1'
	is "and not the host's" "$(ls /usr/bin/env; grep -c mine /etc/issue; grep -c '^kim' /etc/passwd)" $'/usr/bin/env\n0\n0'
}

# ---- what is the host's root's alone ----------------------------------------------------------------------------

cat >/tmp/search.py <<'END'
# Each file that can be read below /, one a line, NUL between; secrets are told.
import os, sys
skip = ("/proc", "/sys", "/dev", "/home", "/tmp", "/run", "/var/tmp")
words = [w.encode() for w in sys.argv[2:]]
out = open(sys.argv[1], "wb")
for dir, dirs, files in os.walk("/"):
    dirs[:] = [d for d in dirs if os.path.join(dir, d) not in skip]
    for f in files:
        path = os.path.join(dir, f)
        if os.path.islink(path) or not os.path.isfile(path): continue
        try: text = open(path, "rb").read(262144)
        except OSError: continue
        out.write(os.fsencode(path) + b"\0")
        if any(w in text for w in words): print("FOUND", path)
END
cat >/tmp/compare.py <<'END'
# As somebody who has nothing: which of them cannot be read on the host, though they are there?
import errno, os, sys
made = (b"/etc/shadow", b"/etc/gshadow", b"/etc/sudoers", b"/etc/sudoers.d/carrel", b"/etc/shadow-", b"/etc/gshadow-", b"/etc/.pwd.lock")
names = open(sys.argv[1], "rb").read().split(b"\0")[:-1]
os.setgroups([]); os.setgid(60999); os.setuid(60999)
for path in names:
    try: os.close(os.open(path, os.O_RDONLY | os.O_NONBLOCK))
    except OSError as e:
        if e.errno != errno.ENOENT and path not in made: print(os.fsdecode(path), e.strerror)
print(len(names) > 5000)
END

check_secrets() {
	cp /tmp/search.py /home/ana/search.py
	is "root of the room finds no secret in the whole tree" \
		"$(HOLD_LIMIT=120 hold_ask in "sudo python3 search.py /home/ana/found '$SECRET' '${HASH:3:20}'; echo searched")" searched
	is "and reads nothing that somebody without power may not read on the host" "$(python3 /tmp/compare.py /home/ana/found)" True
	is "nor does it see what is not shown" \
		"$(hold_ask in 'sudo sh -c "ls -A /srv /root /home /var/log /opt /usr/local /boot /mnt /media" | grep -v : | xargs')" \
		"$(hold_ask in 'ls -A /home /var/log /root 2>/dev/null | grep -v : | xargs')"
	is "shadow is the room's own" "$(hold_ask in 'sudo cut -d: -f2 /etc/shadow | sort -u | tr -d "\n"')" '!*'
	refused "keys of the host" '.*No such file.*' 'cat /etc/ssh/ssh_host_test_key'
	refused "a closed directory is empty" '' 'ls -A /etc/closed; ls -A /etc/sudoers.d | grep -v carrel'
	rm -f /home/ana/{search.py,found}
}

check_shown() {
	hold shown dora@room
	is "trees of user.show are there" "$(hold_ask shown 'ls -d /usr/local/bin /usr/local/share | wc -l')" 2
	is "and no other" "$(hold_ask in 'ls -A /usr/local')" ''
	hold_end shown
}

# What makers of sandboxes do, where the policy lets them, behind the product's own last stage; and what holds all the same.
check_nested() {
	local f seen='find /run -xdev -path "*/carrel-nest/*" 2>/dev/null; cat /run/carrel-nest/{,proc/}cmdline 2>/dev/null'
	workshop_config 'user = { nested = true; }; shell = { path = "/bin/bash"; };'
	usermod -s $STAGE/bin/carrel-shell dora
	hold n dora@room
	is "nested: a namespace in the own one, with a /proc" \
		"$(hold_ask n 'unshare -Urpf --mount-proc sh -c "id -u; cat /proc/1/comm"')" $'0\nsh'
	is "nested: root of the room makes one as well" \
		"$(hold_ask n 'sudo unshare -mpf --mount-proc sh -c "id -u; cat /proc/1/comm"')" $'0\nsh'
	! type -P bwrap >/dev/null ||
		is "nested: bubblewrap" \
			"$(hold_ask n 'bwrap --ro-bind / / --dev /dev --unshare-all --proc /proc sh -c "id -un; cat /proc/1/comm"')" \
			$'dora\nbwrap'
	is "nested: settings of the host cannot be written there" \
		"$(hold_ask n 'sudo unshare -mpf --mount-proc sh -c "for f in kernel/panic kernel/hostname vm/drop_caches fs/file-max
			do echo 1 >/proc/sys/\$f && echo \$f; done" 2>/dev/null')" ''
	for f in kcore kmsg slabinfo timer_list; do
		is "nested: $f stays closed there" \
			"$(hold_ask n "sudo unshare -mpf --mount-proc head -c 1 /proc/$f 2>/dev/null | wc -c")" 0
	done
	is "nested: what makes it possible is not to be seen" "$(hold_ask n "sudo bash -c '$seen'; sudo ls -A /run/carrel-nest")" ''
	is "nested: nor without what covers it" \
		"$(hold_ask n "sudo unshare -m bash -c 'mv /run/carrel-nest /run/n; umount -l /run/carrel-nest; umount -l /run
			mkdir /tmp/m /tmp/n; mount --rbind /run /tmp/m; umount -l /tmp/m/carrel-nest; mount --move /run/carrel-nest /tmp/n
			$seen; cat /tmp/m/carrel-nest/proc/cmdline /tmp/n/proc/cmdline' 2>/dev/null")" ''
	is "nested: covers of the own /proc hold" \
		"$(hold_ask n "sudo unshare -m sh -c 'umount /proc/cmdline; umount -l /proc; cat /proc/cmdline
			echo 1 >/proc/sys/kernel/panic' 2>/dev/null")" ''
	hold_end n
	poll 20 user_gone dora
	usermod -s $SHELL_LAST dora
	workshop_config
}

# What changes on the host. In a room that lives no new name of / or /etc appears; the next one is made by what is then.
check_changes() {
	echo new >/etc/new-for-all
	install -m 0600 /dev/stdin /etc/new-closed <<<"$SECRET"
	is "files of /etc that come later are not in a room that lives" \
		"$(hold_ask in 'sudo ls /etc/new-for-all /etc/new-closed 2>&1 | grep -c "No such"')" 2
	hold later cara@room
	is "what is for all is in the next" \
		"$(hold_ask later 'sudo cat /etc/new-for-all; sudo ls /etc/new-closed 2>&1 | grep -c "No such"')" $'new\n1'
	chmod 0600 /etc/new-for-all
	hold_end later
	hold later cara@room
	is "and not when it is not for all any more" "$(hold_ask later 'sudo ls /etc/new-for-all 2>&1 | grep -c "No such"')" 1
	hold_end later
	rm /etc/new-for-all /etc/new-closed
}

# keeps: apply/mounts/renew R4
# Debian's /var/spool/mail is a link, and in there its room's root's.
check_mail() {
	log_mark
	hold mail cara@room
	install -o cara -g mail -m 0660 /dev/stdin /var/mail/cara <<<"a letter"
	check "mail that comes is there" poll 20 eval '[ "$(hold_ask mail "cat /var/mail/cara")" = "a letter" ]'
	is "by both names" "$(hold_ask mail 'cat /var/spool/mail/cara')" "a letter"
	is "and no fault is told" "$(log_since 'does not follow the host')" ''
	rm /var/mail/cara
	hold_end mail
	poll 20 user_gone cara
}

# ---- every way out, tried by root of the room -------------------------------------------------------------------

# The probe's tries, as root of the room: what it must answer. "+" before the name: its own namespace gives it that, and
# nothing of the host is in it.
PROBES='
unshare-user EPERM
unshare-mount EPERM
unshare-time EPERM
clone-user EPERM
clone3-user ENOSYS
clone3-plain ENOSYS
setns EPERM
mount EPERM
remount-root EPERM
umount EPERM
fsopen ENOSYS|EPERM
open-tree ENOSYS|EPERM
open-tree-attr ENOSYS|EPERM
mount-setattr ENOSYS|EPERM
pivot-root EPERM
io-uring ENOSYS
bpf EPERM
perf EPERM|EACCES
userfaultfd EPERM
add-key ENOSYS|EPERM
keyctl ENOSYS|EPERM
request-key ENOSYS|EPERM
socket-vsock EAFNOSUPPORT
socket-alg EAFNOSUPPORT
socket-packet EPERM|EAFNOSUPPORT
socket-netfilter EAFNOSUPPORT|EPERM|EPROTONOSUPPORT
socket-others EAFNOSUPPORT
personality EPERM
ptrace-init E(PERM|SRCH|ACCES)
vm-read-init E(PERM|SRCH|ACCES)
pidfd-getfd-init E(PERM|SRCH|ACCES)
kill-init E(PERM|SRCH)
open-by-handle EPERM
listmount ENOSYS|EPERM
statmount ENOSYS|EPERM
unknown-999 ENOSYS
fanotify EPERM
sethostname EPERM
settime EPERM
init-module EPERM|ENOSYS
kexec EPERM|ENOSYS
reboot EPERM
swapon EPERM
mknod EPERM
iopl EPERM|ENOSYS
i386-unshare EPERM|ENOSYS|SIGSYS
i386-io-uring ENOSYS|EPERM|SIGSYS
x32-unshare ENOSYS|EPERM|SIGSYS
+chroot OK
+socket-raw OK
fork OK
socketpair OK
socket-unix OK
socket-inet OK
socket-netlink-route OK
'

check_probes() {
	local name want by in bare
	bare=$(hold_ask out "$PROBE all")
	for by in user root; do
		[ $by = root ] && in=$(hold_ask in "sudo $PROBE all") || in=$(hold_ask in "$PROBE all")
		while read -r name want; do
			[ -n "$name" ] || continue
			[[ $by = root || $name != +* ]] || continue
			name=${name#+}
			like "$by: $name (bare: $(awk -v n="$name" '$1 == n { print $2 }' <<<"$bare"))" \
				"$(awk -v n="$name" '$1 == n { print $2 }' <<<"$in")" "^($want)$"
		done <<<"$PROBES"
	done
	is "root: tiocsti, tiocsti-high and tioclinux" \
		"$(room_tty cara "stty -echo; sudo ./probe tiocsti tiocsti-high tioclinux" | sort | xargs)" \
		'tioclinux EPERM tiocsti EPERM tiocsti-high EPERM'
}

# Namespaces and /proc: N01 to N18.
check_processes() {
	local ns
	for ns in mnt pid uts ipc net cgroup time user; do
		isnt "root: its $ns namespace is not the host's" "$(hold_ask in "sudo readlink /proc/self/ns/$ns")" \
			"$(readlink /proc/self/ns/$ns)"
	done
	is "root: no process of the host, nor of root's of the room" "$(hold_ask in 'sudo ps -e -o user= | sort -u | xargs')" 'ana root'
	is "root: none of these is the host's root's" \
		"$(hold_ask in 'sudo sh -c "for p in /proc/[0-9]*; do readlink \$p/ns/user; done" | sort -u | wc -l')" 1
	refused "a process of the host" '.*(No such process|not permitted).*' "kill -9 $$"
	refused "all of them at once ends the own alone" 'alive' 'kill -0 -1; echo alive'
	refused "init of the room, by its files" '0' 'cat /proc/1/environ /proc/1/maps /proc/1/root/etc/shadow 2>/dev/null | wc -c'
	refused "namespaces of init" '.*(No such file|denied|not permitted).*' 'nsenter -t 1 -m -u -i -n -p true'
	refused "what is above the own user namespace" 'denied' \
		'python3 -c "
import fcntl, os
try: fcntl.ioctl(os.open(\"/proc/self/ns/user\", os.O_RDONLY), 0xb702); print(\"open\")
except OSError: print(\"denied\")"'
	refused "who owns other namespaces" 'denied' \
		'python3 -c "
import fcntl, os
try: fcntl.ioctl(os.open(\"/proc/self/ns/mnt\", os.O_RDONLY), 0xb701); print(\"open\")
except OSError: print(\"denied\")"'
	refused "descriptors from outside" '0 1 2' "$PROBE fds | xargs"
	refused "out of the changed root, by its directories" 'nothing of the host' \
		'cat >/tmp/out.py <<E
import os
os.mkdir("/tmp/in"); fd = os.open("/", os.O_RDONLY); os.chroot("/tmp/in"); os.fchdir(fd)
for _ in range(64): os.chdir("..")
os.chroot(".")
bad = []
for p in ("/etc/shadow", "/etc/ssh/ssh_host_test_key", "/etc/closed/file", "/root/secret", "/home/bob/secret", "/var/log/secret"):
    try: bad += [p] if open(p).read() else []
    except OSError: pass
for p in ("/etc/x", "/usr/bin/x", "/run/x", "/run/carrel/stage", "/srv/x"):
    try: open(p, "w"); bad.append("wrote " + p)
    except OSError: pass
print(bad or "nothing of the host")
E
python3 /tmp/out.py; rm -r /tmp/out.py /tmp/in'
}

# Files, devices, settings: N09 to N11, F01 to F22.
check_files() {
	local f
	for f in kcore keys kallsyms timer_list slabinfo iomem ioports vmallocinfo pagetypeinfo cmdline modules interrupts; do
		[ -e /proc/$f ] || continue
		refused "/proc/$f tells nothing" '0' "head -c 100 /proc/$f 2>/dev/null | wc -c"
	done
	refused "/sys tells nothing of what is masked" '0' \
		'ls -A /sys/module /sys/firmware /sys/kernel/debug /proc/acpi /proc/fs 2>/dev/null | grep -v ":\$" | grep -c .'
	for f in kernel/core_pattern kernel/panic vm/overcommit_memory kernel/ns_last_pid fs/file-max kernel/modprobe; do
		refused "/proc/sys/$f" '.*(Read-only|denied|not permitted|nonexistent).*' "echo 1 >/proc/sys/$f"
	done
	refused "/proc/sysrq-trigger" '.*(Read-only|denied|nonexistent).*' 'echo h >/proc/sysrq-trigger'
	refused "settings of its own network" '.*(Read-only|denied).*' 'echo 1 >/proc/sys/net/ipv4/ip_forward'
	refused "/sys/kernel/uevent_helper, cgroups" '.*(Read-only|denied|No such).*' \
		'echo x >/sys/kernel/uevent_helper; echo $$ >/sys/fs/cgroup/cgroup.procs'
	refused "no device of the host" '0' 'ls /dev/vda /dev/kmsg /dev/mem /dev/fuse /dev/loop0 2>/dev/null | wc -l'
	refused "devices in the home" '.*not permitted.*' 'mknod /home/ana/vda b 254 0'
	refused "devices in its own root" '.*not permitted.*' 'mknod /var/null c 1 3'
	refused "a whiteout made by hand shows nothing that is closed" '0' \
		'mknod /etc/closed-file c 0 0 2>/dev/null; cat /etc/closed-file 2>/dev/null | grep -c only'
	refused "attributes of overlays" '.*(not permitted|not supported).*' \
		'python3 -c "import os; os.setxattr(\"/var/lib\", \"trusted.overlay.redirect\", b\"/etc\")" | tail -n 1'
	refused "another user's home" '0' 'ls /home/bob 2>/dev/null | wc -l'
	is "a set-user-ID program of its in the home makes nobody root outside" \
		"$(hold_ask in 'sudo sh -c "cp /usr/bin/id /home/ana/id; chmod 4755 /home/ana/id"'; chmod 0711 /home/ana
		setpriv --reuid bob --regid staff --clear-groups /home/ana/id -u | sed 's/^[1-9][0-9]\{5,\}$/an id of the range/')" \
		'an id of the range'
	chmod 0700 /home/ana
	rm -f /home/ana/id
	is "every writable mount is nodev" \
		"$(hold_ask in "sudo awk '\$6 ~ /(^|,)rw(,|\$)/ && \$6 !~ /nodev/ &&
			\$5 !~ \"^/dev(/(pts|console))?\$\" { print \$5 }' /proc/self/mountinfo")" ''
	is "mountinfo names no place of the host" \
		"$(hold_ask in "sudo grep -cE '(upper|lower|work)dir=/|$STORE|public/files' /proc/self/mountinfo")" 0
	refused "terminals of others" '0' 'ls /dev/pts | grep -vxE "ptmx|[0-9]" | wc -l'
	refused "the kernel's log" '.*not permitted.*' 'dmesg'
}

# Doors and sockets: X01 to X16.
check_reach() {
	refused "the host's loopback" 'refused' '(exec 3<>/dev/tcp/127.0.0.1/7001) 2>/dev/null && echo reached || echo refused' # sh has \
		none
	is "root: the host's loopback" \
		"$(hold_ask in "sudo bash -c '(exec 3<>/dev/tcp/127.0.0.1/7001) 2>/dev/null && echo reached || echo refused'")" refused
	refused "abstract sockets of the host" 'ECONNREFUSED|EPERM' "$PROBE abstract outside"
	refused "sockets of the host under /run" 'ENOENT' "$PROBE unix /run/outside"
	refused "and beside" 'ENOENT|ECONNREFUSED|EACCES' "$PROBE unix /srv/outside"
	refused "docker, the system bus, systemd, carrel" '0' \
		'ls -d /run/docker.sock /run/dbus/system_bus_socket /run/systemd/private /run/carrel/steward* 2>/dev/null | wc -l'
	refused "interfaces of the host" 'lo' 'ls /sys/class/net | xargs'
	refused "an interface into the host" '.*' 'ip link set lo netns 1; ip link add v0 type veth peer name v1 netns 1'
	is "no interface has come to the host" "$(ip -o link show | grep -c ': v1')" 0
	is "raw sockets see the room's network alone" \
		"$(hold_ask in 'sudo timeout 3 python3 -c "
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_UDP); s.settimeout(1)
try: s.recv(100); print(\"heard\")
except OSError: print(\"silence\")"' & for i in {1..20}; do echo x >/dev/udp/127.0.0.1/7009; sleep 0.05; done 2>/dev/null; wait $!)" silence
	refused "the system V objects of the host" '0' 'ipcs -a | grep -c ^0x'
	refused "another user by su" '.*' 'su bob -c true'
	refused "jobs of cron run in no other room" '.*' 'echo "* * * * * root touch /srv/cron-was-here" >/etc/crontab'
	is "nothing of that is the host's" "$(cat /etc/crontab /srv/cron-was-here 2>/dev/null | grep -c cron-was-here)" 0
}

# What it uses is its user's: R01 to R11.
check_resources() {
	local pid cgroup
	hold_say in 'sudo -b setsid sleep 4711 </dev/null >/dev/null 2>&1'
	poll 20 pgrep -f '^sleep 4711'
	pid=$(pgrep -f '^sleep 4711' | head -n 1)
	[ "$(stat -c %u "/proc/$pid")" -ge 100000 ] && ok "a process of the room's root is the range's on the host" ||
		not_ok "a process of the room's root is the range's on the host" "$(stat -c %u "/proc/$pid")"
	cgroup=$(grep ^0:: "/proc/$pid/cgroup")
	like "and in the cgroup of its user" "$cgroup" "^0::.*/carrel.slice/user-$(id -u ana).slice/login-"
	refused "room for it beyond the limits of the login" \
		'.*(not permitted|Operation not permitted|Invalid|denied|exceed).*|unlimited' \
		'prlimit --nofile=9999999 true; ulimit -Hn 9999999'
	refused "priorities" '.*(not permitted|denied).*' 'renice -n -5 -p $$; chrt -f 50 true'
	is "more terminals than the policy has" "$(hold_ask in 'sudo python3 -c "
import os
n = 0
try:
    while n < 5000: os.openpty(); n += 1
except OSError: pass
print(n <= 64)"')" True
}

# What is kept of such a root, as it leaves the store.
check_export() {
	hold kept dora@room
	hold_ask kept 'sudo sh -c "echo 1 >/etc/kept; useradd -u 1234 kim; chown kim:kim /etc/kept; umask 077; echo 2 >/etc/kept-closed"
		touch /home/dora/x'
	hold_end kept
	ctl kill dora >/dev/null
	poll 20 user_gone dora
	is "what only root of the room may read is told" \
		"$(ctl root dora export --output /srv/kept.tar 2>&1 | grep -c 'cannot read etc/kept-closed, which is left out')" 1
	is "an archive has the owners that the room has" \
		"$(tar -tvf /srv/kept.tar --numeric-owner | awk '$NF ~ "^etc(/kept|/passwd)?$" { print $2, $NF }')" \
		$'0/0 etc\n1234/1234 etc/kept\n0/0 etc/passwd'
	like "commit is refused, and says what to do" "$(ctl root dora commit 2>&1)" 'the host is everybody.s'
	rm /srv/kept.tar
}

# What carrelctl tells of such rooms, tried by it for real.
rehearsed() { # USER PROBE: promised, found, answer, detail
	ctl rehearse "$1" --json | json "[(x['promised'], x['found'], x['answer'], x['detail']) for x in d if x['probe'] == '$2'][0]"
}

assessed() { # TEXT: of rows that are so: how many, and which are open
	W="$1" json 'len([x for x in d if __import__("os").environ["W"] in x["a_login_could"]]),
		[x["a_login_could"] for x in d if x["answer"] == "OPEN" and __import__("os").environ["W"] in x["a_login_could"]]'
}

check_told() {
	local rows
	is "a rehearsal goes through the last stage" "$(rehearsed cara 'last stage')" \
		"('yes', 'yes', 'ok', \"the room's user namespace\")"
	is "and tries sudo behind it" "$(rehearsed cara sudo)" "('yes', 'yes', 'ok', 'root of the room, without a password')"
	like "rows and all" "$(ctl rehearse cara)" '^policy ours: 14 of 14 as promised'
	is "a policy without a last stage has no such rows" \
		"$(ctl rehearse bob --json | json '[x["probe"] for x in d][-1], len(d)')" \
		'restrictions 12'
	usermod -s /bin/bash cara
	like "who does not come by it has not what the policy promises" "$(rehearsed cara 'last stage')" \
		"'yes', 'no', 'WRONG', 'it works, but logins of cara do not come by carrel-shell|is not in the room"
	is "which assess tells" "$(ctl assess ours --user cara --json | assessed 'come past the last stage')" \
		"1 ['come past the last stage (carrel-shell)']"
	usermod -s $SHELL_LAST cara
	cat >/etc/carrel/carrel.conf <<-END
	data_dir = "$STAGE/data";
	store = "$STORE";
	rules = ( { policy = "ours"; } );
	policies = {
	  ours = { no_new_privs = false; user = { mode = "own"; }; root = { mode = "overlay"; over = "tmpfs"; size = "256M"; }; };
	};
	END
	like "without shell.path: what carrel-shell says, and not that it is missing" "$(rehearsed cara shell)" \
		"'no', 'WRONG', 'carrel-shell left with 127: carrel-shell: nothing says which shell is yours"
	workshop_config
	rows=$(ctl assess ours --user cara --json)
	is "assess: nothing is open to root of the room" "$(assessed 'as root of the room' <<<"$rows" | sed 's/^[0-9]* //')" "[]"
	check "of some dozens" eval '[ "$(assessed "as root of the room" <<<"$rows" | grep -oE "[0-9]+" | head -n 1)" -ge 30 ]'
	like "what it is outside" \
		"$(json '[x["detail"] for x in d if x["a_login_could"] == "as root of the room: be root outside"]' <<<"$rows")" \
		"root of the room is uid $(sed -n 's/^cara:\([0-9]*\):.*/\1/p' /etc/subuid) outside"
	like "whose its numbers are" \
		"$(json '[(x["answer"], x["detail"]) for x in d if "numbers of other people" in x["a_login_could"]]' <<<"$rows")" \
		"'closed', .[0-9]+ to [0-9]+ are the user's own, by /etc/subuid"
	is "nobody comes past the last stage" "$(assessed 'come past the last stage' <<<"$rows")" "1 []"
	is "rooms without a user namespace have no such rows" \
		"$(ctl assess shared --user bob --json | assessed 'root of the room')" "0 []"
	install -d /etc/sssd
	printf '[domain/x]\nid_provider = ad\nldap_idmap_range_min = 100000\n' >/etc/sssd/sssd.conf
	is "numbers that a directory's users can have" \
		"$(ctl assess ours --user cara --json | assessed 'numbers of other people')" \
		"1 ['have numbers of other people (user namespace)']"
	like "check warns of them" "$(ctl check --no-rehearse 2>&1 | tr -s ' \n' ' ')" "a directory's users can have"
	rm -r /etc/sssd
	unlike "and without a directory does not" "$(ctl check --no-rehearse 2>&1 | tr -s ' \n' ' ')" "directory's users"
}

# Nothing of the range is left when the room has ended.
check_end() {
	local first
	first=$(hold_ask in 'sudo awk "NR == 1 { print \$2 }" /proc/self/uid_map')
	hold_say in 'sudo -b setsid sleep 4712 </dev/null >/dev/null 2>&1'
	poll 20 pgrep -f '^sleep 4712'
	is "the room lives on after all this" "$(hold_ask in 'echo alive; sudo id -u')" $'alive\n0'
	hold_end in
	settle
	check "no process of its ids lives" poll 20 eval \
		'! ps -e -o uid= | awk -v f="$first" "\$1 >= f && \$1 < f + 65536 { found = 1 } END { exit !found }"'
	is "what it had installed is there at the next login" "$(room ana 'cat /etc/issue; id -un kim; sudo id -u')" $'mine\nkim\n0'
	settle
	check "copies that no room shows go" poll 30 eval \
		'$STAGE_LIB/carrel-helper --sweep --config /etc/carrel/carrel.conf --state $STATE_DIR
		[ "$(ls $STORE/public | grep -c "^files")" = 1 ]'
}

host_start
rootimage_loops
plant_secrets
plant_profiles
socat UNIX-LISTEN:/run/outside,fork,mode=666 EXEC:true &
socat UNIX-LISTEN:/srv/outside,fork,mode=666 EXEC:true &
socat ABSTRACT-LISTEN:outside,fork EXEC:true &
socat TCP-LISTEN:7001,bind=127.0.0.1,fork,reuseaddr EXEC:true &
poll 5 test -S /run/outside -a -S /srv/outside
poll 5 port_open 7001
for user in ana cara dora; do
	install -m 0755 $STAGE/bin/probe /home/$user/probe
done
workshop_config
hold out ana@bare
for user in ana cara dora; do
	usermod -s $SHELL_LAST $user
done
hold in ana@room
run_cases "$@" -- check_self check_profiles check_secrets check_shown check_nested check_changes check_mail check_probes \
	check_processes check_files check_reach check_resources check_told check_export check_end
tap_done
