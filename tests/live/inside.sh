#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What a login sees and can do inside, beside the same login without carrel.
. "$(dirname "$0")/../lib/stage.sh"
stage_enter "$@"

PROBE=$STAGE/bin/probe

# open_test NAME COMMAND REGEX: the room's answer matches as a whole, the bare login's does not
open_test() {
	local in out
	in=$(hold_ask in "$2")
	out=$(hold_ask out "$2")
	if ! [[ $in =~ ^($3)$ ]]; then
		not_ok "[O] $1" "command: $2" "in the room: $in" "wanted: $3" "bare: $out"
	elif [[ $out =~ ^($3)$ ]]; then
		not_ok "[O] $1" "command: $2" "a bare login answers the same, so this shows nothing: $out"
	else
		ok "[O] $1"
	fi
}

# shut NAME COMMAND REGEX: as above, for what the kernel refuses to a bare login too
shut() {
	local in
	in=$(hold_ask in "$2")
	if [[ $in =~ ^($3)$ ]]; then ok "$1"; else not_ok "$1" "command: $2" "in the room: $in" "wanted: $3"; fi
}

start_outside() {
	local dir
	install -d -m 1777 /run/screen /run/lock # as Debian's packages have them
	for dir in /tmp /var/tmp /dev/shm /run/lock /run/screen; do
		echo outside >"$dir/outside"
		chmod 0644 "$dir/outside"
	done
	touch /dev/mqueue/outside
	ipcmk -M 4096 -p 0666 >/dev/null
	ipcmk -Q -p 0666 >/dev/null
	socat UNIX-LISTEN:/run/outside,fork,mode=666 EXEC:true &
	mkdir -p /run/nslcd /run/samba/winbindd
	socat UNIX-LISTEN:/run/nslcd/socket,fork,mode=666 EXEC:true &
	socat UNIX-LISTEN:/run/samba/winbindd/pipe,fork,mode=666 EXEC:true &
	socat UNIX-LISTEN:/srv/outside,fork,mode=666 EXEC:true &
	ln -s /srv/outside-dir /srv/outside-link # made by somebody who is not root
	chown -h bob /srv/outside-link
	mkdir -p /srv/outside-dir
	socat UNIX-LISTEN:/srv/outside-link/outside,fork,mode=666 EXEC:true &
	socat UNIX-LISTEN:/home/ana/outside,fork,mode=666 EXEC:true &
	socat ABSTRACT-LISTEN:outside,fork EXEC:true &
	socat TCP-LISTEN:7001,bind=127.0.0.1,fork,reuseaddr EXEC:true &
	poll 5 test -S /run/outside -a -S /srv/outside -a -S /srv/outside-dir/outside
	poll 5 test -S /run/samba/winbindd/pipe -a -S /run/nslcd/socket -a -S /home/ana/outside
	poll 5 grep -q '@outside$' /proc/net/unix
	poll 5 port_open 7001
}

check_processes() {
	open_test "only own processes" "ps -e -o user= | sort -u" "ana"
	open_test "no foreign pid under /proc" "ls -d /proc/[0-9]* | while read -r p; do stat -c %U \$p; done 2>/dev/null | sort -u" "ana"
	open_test "few pids, low numbers" "echo \$((\$\$ < 50 && \$(ls -d /proc/[0-9]* | wc -l) < 12))" 1
	shut "/proc/1 is not readable" \
		"cat /proc/1/environ /proc/1/maps 2>/dev/null | wc -c; readlink /proc/1/exe /proc/1/root /proc/1/cwd" 0
	shut "init cannot be traced" "$PROBE ptrace-init" "ptrace-init E(PERM|SRCH|ACCES)"
	shut "init's memory cannot be read" "$PROBE vm-read-init" "vm-read-init E(PERM|SRCH|ACCES)"
	shut "init's descriptors cannot be taken" "$PROBE pidfd-getfd-init" "pidfd-getfd-init E(PERM|SRCH|ACCES)"
	shut "init cannot be killed" "$PROBE kill-init; kill -STOP 1 2>/dev/null; kill -TERM 1 2>/dev/null; echo alive" \
		"kill-init E(PERM|SRCH).alive"
	local ns
	for ns in mnt pid uts ipc net cgroup time; do
		open_test "own $ns namespace" \
			"[ \$(readlink /proc/self/ns/$ns) = '$(readlink /proc/self/ns/$ns)' ] && echo host || echo own" own
	done
	open_test "uptime starts with the login" "awk -v max=$((SECONDS + 2)) '{ print (\$1 < max) }' /proc/uptime
		awk '/btime/ { b = \$2 } END { print (b + $((SECONDS + 3)) >= '\$(date +%s)') }' /proc/stat" $'1\n1'
	isnt "the boot clock does not begin at zero, which programs take for not yet" "$(room ana 'cut -d. -f1 /proc/uptime')" 0
	open_test "own root in cgroup v2" "grep ^0:: /proc/self/cgroup" "0::/"
}

check_files() {
	open_test "other homes are not listed" "ls /home" "ana"
	open_test "other homes cannot be looked up" "stat -c %U /home/bob 2>&1 | grep -o 'No such file'" "No such file"
	local dir
	for dir in /tmp /var/tmp /dev/shm /run/lock /run/screen; do
		open_test "$dir is private" "cat $dir/outside 2>/dev/null; touch $dir/mine && echo writable" "writable"
	done
	open_test "$STAGE/drop cannot be written through" "touch $STAGE/drop/x 2>&1 | grep -o 'Read-only'" "Read-only"
	shut "/ and /etc refuse writes" "touch /x /etc/x /usr/x /var/x 2>&1 | grep -c 'Read-only\|denied'" 4
	shut "home is writable" "echo x >~/inside && cat ~/inside && echo y >>~/.profile && tail -n 1 ~/.profile" $'x\ny'
	is "[O] nothing came through to the real home" "$(ls /home/ana/inside 2>/dev/null; tail -n 1 /home/ana/.profile | grep -x y)" ""
	# Nodes of /dev need their device numbers, so devpts and a read-only /dev are no nodev.
	open_test "every writable mount is nosuid and nodev" \
		"awk '\$6 ~ /(^|,)rw(,|\$)/ && !(\$6 ~ /nosuid/ && (\$6 ~ /nodev/ || \$5 ~ \"^/dev(/(pts|console))?\$\")) {
			print \$5, \$6 }' /proc/self/mountinfo" ""
	open_test "no mount is writable but the room's own" \
		"awk '\$6 ~ /(^|,)rw(,|\$)/ { print \$5 }' /proc/self/mountinfo |
		grep -vE '^/(tmp|var/tmp|home/ana|run(/(user/[0-9]+|lock|screen))?|var/log|proc|dev(/(shm|pts|mqueue|console))?)\$' |
			tr '\n' ' '" ""
	local sources='(upper|lower|work)dir=/|/run/carrel|stage-|home/(bob|cara)|cgroup .*cpu' test=shut
	[ "$(grep -cE "$sources" /proc/self/mountinfo)" = 0 ] || test=open_test # a host with cgroup v1 shows something
	$test "mountinfo does not name host sources" "grep -cE '$sources' /proc/self/mountinfo" "0"
	open_test "/dev has the listed nodes only" \
		"ls /dev |
			grep -vxE 'console|core|fd|full|log|mqueue|null|ptmx|pts|random|shm|std(err|in|out)|tty|urandom|zero' |
			tr '\n' ' '" ""
	open_test "no block device, no kmsg" "ls /dev/vda /dev/kmsg /dev/mem 2>/dev/null | wc -l" 0
	shut "/dev nodes work" \
		"head -c 4 /dev/urandom | wc -c; echo x >/dev/null && echo x >/dev/full 2>&1 | head -c 0; head -c 3 /dev/zero | wc -c" \
		$'4\n3'
	open_test "/etc/carrel is hidden" "cat /etc/carrel/carrel.conf 2>/dev/null | head -n 1 | wc -l" 0
	shut "secrets stay shut" "cat /etc/shadow $STAGE/keys/host /etc/ssh/ssh_host_*_key 2>/dev/null | wc -c" 0
	local f
	for f in kallsyms interrupts modules cmdline locks; do
		[ -s /proc/$f ] || [ "$(head -c 1 /proc/$f | wc -c)" = 1 ] || continue
		open_test "/proc/$f is masked" "head -c 100 /proc/$f 2>/dev/null | wc -c" 0
	done
	open_test "more of /proc and /sys is masked" \
		"cat /proc/{kcore,keys,timer_list,sched_debug,slabinfo,iomem,ioports,vmallocinfo,pagetypeinfo} 2>/dev/null |
			head -c 9 | wc -c
			ls /sys/firmware /sys/kernel/debug /proc/acpi 2>/dev/null | grep -v :\$ | tr -d '\n'" 0
	shut "what is root's cannot be opened, as on the host" "cat /proc/slabinfo 2>&1 | grep -c 'Permission denied'" 1
	open_test "file systems, locks and volumes of the host are not told" \
		"ls -A /proc/fs /sys/devices/virtual/block /sys/kernel/irq /sys/fs/ext4 2>/dev/null | grep -v '^\$\|:\$' | wc -l
			wc -l </proc/locks" $'0\n0'
	shut "lsblk and findmnt go on" "lsblk >/dev/null 2>&1; echo \$?; findmnt / >/dev/null && echo yes" \
		"$(lsblk >/dev/null 2>&1; echo $?)"$'\nyes'
	shut "programs find what they need in /proc" \
		"grep -c processor /proc/cpuinfo >/dev/null && grep -q MemTotal /proc/meminfo &&
			cat /proc/loadavg /proc/stat /proc/version >/dev/null && echo yes" yes
	shut "/run and /var/log are root's" "touch /run/x /var/log/x /run/user/x 2>&1 | grep -c denied" 3
	open_test "the host's login history is hidden" "{ last; lastlog -u cara; who; } 2>/dev/null | grep -c '127\.0\.0\.1'" 0
	open_test "other files of /var/log are not there" "ls /var/log | grep -vxE 'wtmp|lastlog|btmp|faillog' | tr '\n' ' '" ""
}

check_identity() {
	open_test "host name" "hostname; uname -n; cat /etc/hostname" $'ana-room\nana-room\nana-room'
	shut "host name resolves" "getent hosts \$(hostname) | awk '{ print \$2 }'" "ana-room"
	shut "sudo is quick and silent about the host name" "timeout $((10 * ${CARREL_PATIENCE:-1})) sudo -n true 2>&1 | grep -c resolve
		timeout $((10 * ${CARREL_PATIENCE:-1})) sudo -n true 2>/dev/null; test \$? -ne 124 && echo quick" $'0\nquick'
	open_test "bounding set is empty" "grep CapBnd /proc/self/status | tr -d ' \t'" "CapBnd:0000000000000000"
	shut "no effective, permitted, inheritable or ambient capability" \
		"grep -cE 'Cap(Eff|Prm|Inh|Amb):.0000000000000000' /proc/self/status" 4
	open_test "seccomp filter" "grep Seccomp: /proc/self/status | tr -d ' \t'" "Seccomp:2"
	open_test "no_new_privs" "grep NoNewPrivs /proc/self/status | tr -d ' \t'" "NoNewPrivs:1"
	shut "descriptors 0 to 2 only" "$PROBE fds | tr -d ' '" "012"
	shut "home, shell and user" "echo \$HOME \$USER \$SHELL \$(id -un) \$(id -gn); cd && pwd" \
		$'/home/ana ana /bin/bash ana students\n/home/ana'
	shut "oom_score_adj is not sshd's" "cat /proc/self/oom_score_adj" "0"
}

check_network() {
	open_test "only the interface lo" "ls /sys/class/net | tr '\n' ' '" "lo "
	open_test "ip link says so too" "ip -o link | awk -F': ' '{ print \$2 }'" "lo"
	shut "lo is up and works" "ip -o -4 addr show lo | grep -o 127.0.0.1/8; ip -o link show lo | grep -o ',UP'" $'127.0.0.1/8\n,UP'
	open_test "host's loopback is out of reach" "(exec 3<>/dev/tcp/127.0.0.1/7001) 2>/dev/null && echo reached || echo refused" refused
	open_test "sockets outside of /run, whoever made the way to them" \
		"$PROBE unix /srv/outside; $PROBE unix /srv/outside-dir/outside" $'(EACCES|ECONNREFUSED)\n(EACCES|ECONNREFUSED)'
	open_test "abstract sockets of the host" "$PROBE abstract outside" "ECONNREFUSED|EPERM"
	open_test "sockets of the host under /run" "$PROBE unix /run/outside" ENOENT
	open_test "and by /var/run" "$PROBE unix /var/run/outside" ENOENT
	shut "the daemons of the name service are reached" \
		"$PROBE unix /run/nslcd/socket; $PROBE unix /run/samba/winbindd/pipe" $'OK\nOK'
	open_test "a socket in the real home" "$PROBE unix /home/ana/outside" "ECONNREFUSED|ENOENT"
	open_test "carrel's own state is not there" "ls $STATE_DIR | grep -vx stage; ls /run |
		grep -vxE 'carrel|carrel-room|lock|log|mount|motd.*|nscd|nslcd|samba|nologin|shm|sshd|systemd|sudo|tmux|user|utmp|screen' |
		tr '\n' ' '" ""
	shut "log messages get out" "logger -p auth.info -t roomtest hello && echo sent" "sent"
	check "and arrive" poll 5 grep -q 'roomtest: hello' $STAGE_LOG/syslog
	open_test "System V IPC is private" "ipcs -a | grep -c ^0x" 0
	open_test "message queues are private" "ls /dev/mqueue" ""
}

# want NAME RESULT-REGEX for each line of the probe; "-" before the name: a bare login is refused as well
PROBES='
unshare-user EPERM
clone-user EPERM
clone3-user ENOSYS
clone3-plain ENOSYS
io-uring ENOSYS
perf EPERM|EACCES
userfaultfd EPERM
add-key ENOSYS|EPERM
keyctl ENOSYS|EPERM
request-key ENOSYS|EPERM
listmount ENOSYS|EPERM
statmount ENOSYS|EPERM
open-tree-attr ENOSYS|EPERM
socket-vsock EAFNOSUPPORT
socket-others EAFNOSUPPORT
socket-netfilter EAFNOSUPPORT|EPERM|EPROTONOSUPPORT
personality EPERM
fanotify EPERM
i386-unshare EPERM|ENOSYS|SIGSYS
i386-io-uring ENOSYS|EPERM|SIGSYS
-x32-unshare ENOSYS|EPERM|SIGSYS
-socket-alg EAFNOSUPPORT
-unshare-mount EPERM
-unshare-time EPERM
-setns EPERM
-mount EPERM
-remount-root EPERM
-umount EPERM
-fsopen ENOSYS|EPERM
-open-tree ENOSYS|EPERM
-mount-setattr ENOSYS|EPERM
-pivot-root EPERM
-chroot EPERM
-bpf EPERM
-socket-packet EPERM|EAFNOSUPPORT
-socket-raw EPERM
-open-by-handle EPERM
-unknown-999 ENOSYS
-sethostname EPERM
-settime EPERM
-init-module EPERM|ENOSYS
-kexec EPERM|ENOSYS
-reboot EPERM
-swapon EPERM
-mknod EPERM
-iopl EPERM|ENOSYS
-fork OK
-socketpair OK
-socket-unix OK
-socket-inet OK
-socket-netlink-route OK
'

# judge_probes WANTED IN OUT
judge_probes() {
	local name want in out
	while read -r name want; do
		[ -n "$name" ] || continue
		in=$(awk -v n="${name#-}" '$1 == n { print $2 }' <<<"$2")
		out=$(awk -v n="${name#-}" '$1 == n { print $2 }' <<<"$3")
		if ! [[ $in =~ ^($want)$ ]]; then
			not_ok "$([[ $name = -* ]] || echo '[O] ')probe ${name#-}" "in the room: $in, wanted $want, bare: $out"
		elif [[ $name != -* && $out =~ ^($want)$ ]]; then
			skip_here "probe ${name#-}" "this kernel refuses it to a bare login too: $out"
		else
			ok "$([[ $name = -* ]] || echo '[O] ')probe ${name#-}: $in (bare: $out)"
		fi
	done <<<"$1"
}

check_probes() {
	judge_probes "$PROBES" "$(hold_ask in "$PROBE all")" "$(hold_ask out "$PROBE all")"
	judge_probes 'tiocsti EPERM
		tiocsti-high EPERM
		tioclinux EPERM' \
		"$(room_tty ana "stty -echo; $PROBE tiocsti tiocsti-high tioclinux")" \
		"$(bare_tty ana "stty -echo; $PROBE tiocsti tiocsti-high tioclinux")"
	is "threads work without clone3" \
		"$(hold_ask in "timeout $((10 * ${CARREL_PATIENCE:-1})) xz -T2 -c /etc/passwd | xz -dc | cmp - /etc/passwd && echo same")" \
		same
}

check_pairs() {
	hold second ana@room
	hold other cara@room
	hold_ask in 'echo mine >/tmp/pair' >/dev/null
	is "[O] another room of the same user has its own /tmp" "$(hold_ask second 'cat /tmp/pair 2>/dev/null | wc -l')" 0
	is "[O] another user sees nobody else" "$(hold_ask other 'ps -e -o user= | sort -u')" cara
	isnt "[O] two rooms are two namespaces" "$(hold_ask second 'readlink /proc/self/ns/pid')" \
		"$(hold_ask in 'readlink /proc/self/ns/pid')"
	is "[O] kill -9 -1 ends only the own room" \
		"$(hold_say second 'kill -9 -1'; poll 10 process_gone "$HOLD_second"; hold_ask in 'echo alive'; readlink /proc/$$/ns/pid \
		>/dev/null; [ "$(user_processes ana | grep -c bash)" -eq 2 ] && echo two)" $'alive\ntwo'
	hold_end second
	hold_end other
}

check_limits() {
	if grep -qw pids "$(cgroup_root)/cgroup.controllers" && grep -qw memory "$(cgroup_root)/cgroup.controllers"; then
		is "[O] limits are in force" "$(cat "$(cgroup_root)"/carrel.slice/user-"$(id -u ana)".slice/{memory.max,pids.max} 2>&1)" \
			$'536870912\n256'
	else
		like "[O] limits that this host cannot hold are said in the log" "$(grep "uid=$(id -u ana)" $STAGE_LOG/syslog)" \
			'^authpriv\.warning .*policy=student.*limits not held.*memory'
		skip_here "limits in force" "this host's cgroup v2 has no memory and pids controllers"
	fi
	# Alone in its room and without a limit that could be held, a login needs no cgroup; in a shared room it does.
	hold shared dora@room
	like "[O] login has its own cgroup" "$(find "$(cgroup_root)" -type d)" "/carrel.slice/user-$(id -u dora).slice/login-[a-z0-9]+$"
	like "[O] and is in it" "$(cat "/proc/$(pgrep -u dora -x bash | head -n 1)/cgroup")" \
		"^0::/carrel.slice/user-$(id -u dora).slice/login-[a-z0-9]+$"
	hold_end shared
}

check_end() {
	is "the room lives on after all this" "$(hold_ask in 'echo alive')" alive
	hold_end in
	is "[O] a new room has a fresh home" "$(room ana 'ls inside 2>/dev/null; ls -A /tmp')" ""
}

host_start
start_outside
bare_tty cara true >/dev/null
echo secret >/var/log/secret.log
chmod 644 /var/log/secret.log
check "a login gets in" hold in ana@room
check "a bare login gets in" hold out ana@bare
hold bystander cara@bare
run_cases "$@" -- check_processes check_files check_identity check_network check_probes check_pairs check_limits \
	check_end
tap_done
