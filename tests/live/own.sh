#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Rooms with a user namespace of their own: who is root in them, over what, and over what not; through every door; what
# stays on the disk; who dies.
. "$(dirname "$0")/../lib/stage.sh"
stage_enter "$@"
. "$STAGE/tests/lib/ctl.sh"
. "$STAGE/tests/lib/rootimage.sh"

IMAGE=/srv/own # this machine's own root, without what is mounted on it: an image with all that Debian has
LAST=/usr/bin/carrel-shell # the last stage, where it is installed
STORE=/srv/store
LIMIT=$((60 * ${CARREL_PATIENCE:-1}))

# own_config [ANA'S ROOT [DORA'S ROOT [MORE [TOP]]]]: ana has a room for each login, dora one for all, cara is root in hers
own_config() {
	local root='mode = "image"; path = "'$IMAGE'"; bind = ( { source = "/srv/shared"; target = "/mnt/shared"; writable = true; },
		{ source = "/srv/open"; target = "/mnt/open"; } ); hide_add = [ "/mnt/shared/hidden" ];'
	cat >/etc/carrel/carrel.conf <<-END
	data_dir = "$STAGE/data";
	store = "$STORE";
	${4-}
	rules = (
	  { user = "ana"; policy = "ana"; },
	  { user = "cara"; policy = "cara"; },
	  { user = "dora"; policy = "dora"; }
	);
	policies = {
	  ana = {
	    root = { $root ${1:-over = \"tmpfs\"; size = \"256M\";} };
	    user = { mode = "own"; sudo = true; };
	    shell = { path = "/bin/bash"; };
	    no_new_privs = false;
	    hostname = "%u-room";
	    features = { limits = "prefer"; };
	    ${3-}
	  };
	  cara = { inherit = "ana"; user = { mode = "root"; sudo = false; }; };
	  dora = {
	    inherit = "ana";
	    share = "user";
	    root = { ${2:-over = \"persistent\"; size = \"256M\";} };
	  };
	};
	END
}

range() { # USER: the first id of hers
	sed -n "s/^$1:\([0-9]*\):.*/\1/p" /etc/subuid
}

# ---- who is who -------------------------------------------------------------------------------------------------

check_inside() {
	local all=000001ffffffffff uid base
	uid=$(id -u ana)
	base=$(range ana)
	is "the user is themselves" "$(room ana 'id -un; id -u; id -gn; echo ~')" $'ana\n'"$uid"$'\nstudents\n/home/ana'
	is "without a power" "$(room ana 'grep CapEff /proc/self/status')" $'CapEff:\t0000000000000000'
	is "sudo makes them root" "$(room ana 'sudo id')" 'uid=0(root) gid=0(root) groups=0(root)'
	is "with all capabilities" "$(room ana 'sudo grep CapEff /proc/self/status')" $'CapEff:\t'$all
	is "of a namespace in which root is the range's first" "$(room ana 'xargs -n 3 </proc/self/uid_map')" \
		"0 $base $uid"$'\n'"$uid $uid 1"$'\n'"$((uid + 1)) $((base + uid + 1)) $((65535 - uid))"
	is "what root makes is root's inside" "$(room ana 'sudo touch made; touch mine; stat -c "%U %n" made mine')" \
		$'root made\nana mine'
	is "and the range's on the disk" "$(stat -c '%u %n' /home/ana/made /home/ana/mine)" \
		"$base /home/ana/made"$'\n'"$uid /home/ana/mine"
	is "files of ids that nobody has there are nobody's" "$(room ana 'stat -c %U /mnt/shared /tmp /dev' | uniq -c | xargs)" '3 nobody'
	is "and root of the room has no power over them" \
		"$(room ana 'cd /mnt/shared; sudo sh -c "cat secret; chown 0 secret; rm secret" 2>&1 | grep -c "denied\|permitted"')" 3
	rm -f /home/ana/made /home/ana/mine
}

check_root_mode() {
	local uid
	is "root from the beginning" "$(room cara 'id; echo ~; echo $HOME')" \
		$'uid=0(root) gid=0(root) groups=0(root)\n/home/cara\n/home/cara'
	is "what she makes is hers on the disk" "$(room cara 'touch made; stat -c %U made'; stat -c %U /home/cara/made)" \
		$'root\ncara'
	uid=$(room cara '/usr/sbin/useradd kim && touch kims && chown kim kims && stat -c %u kims')
	is "and what she gives away the range's" "$(stat -c %u /home/cara/kims)" $(($(range cara) + uid))
	is "nothing but that" "$(room cara 'mount -t tmpfs x /mnt; cat /mnt/shared/secret' | grep -ci 'permission denied')" 2
	rm -f /home/cara/made /home/cara/kims
}

check_packages() {
	local mode kept
	kept=$(</proc/sys/net/ipv4/ping_group_range)
	[ -n "$(getcap "$(realpath /bin/ping)")" ] || echo '0 2147483647' >/proc/sys/net/ipv4/ping_group_range # Debian 13's lives by it
	mkdir -p /srv/deb/DEBIAN /srv/deb/usr/bin /srv/deb/etc/own-test /srv/shared/repo
	printf 'Package: own-test\nVersion: 1\nArchitecture: all\nMaintainer: T <t@example.org>\nDescription: test\n' \
		>/srv/deb/DEBIAN/control
	printf '#!/bin/sh\nid -u\n' >/srv/deb/usr/bin/own-test
	cp /usr/bin/id /srv/deb/usr/bin/own-test-id
	cat >/srv/deb/DEBIAN/postinst <<-'END'
	#!/bin/sh -e
	useradd -r ownd
	chown ownd /etc/own-test /usr/bin/own-test-id
	chmod u+s /usr/bin/own-test-id
	END
	chmod 0755 /srv/deb/DEBIAN/postinst /srv/deb/usr/bin/*
	dpkg-deb -b --root-owner-group /srv/deb /srv/shared/repo/own-test.deb >/dev/null
	hold p ana@room
	is "dpkg has nothing to complain of" "$(hold_ask p 'sudo dpkg --configure -a; echo $?')" 0
	is "apt-get installs a package" \
		"$(hold_ask p 'sudo apt-get install -y /mnt/shared/repo/own-test.deb >/tmp/apt.out 2>&1; echo $?; own-test')" \
		$'0\n'"$(id -u ana)"
	is "its files are whose they ought to be" \
		"$(hold_ask p 'stat -c "%U %a" /usr/bin/own-test /etc/own-test /usr/bin/own-test-id')" \
		$'root 755\nownd 755\nownd 4755'
	is "set-user-ID works" "$(hold_ask p 'own-test-id -un')" ownd
	is "it is removed again" "$(hold_ask p 'sudo dpkg -P own-test >/dev/null 2>&1; echo $?; [ -e /usr/bin/own-test ] || echo gone')" \
		$'0\ngone'
	mode=$(sed -n 's/^HOME_MODE[[:space:]]*0*//p' /etc/login.defs) # Debian 13 sets it
	is "useradd, with a home and a password, and su" \
		"$(hold_ask p 'sudo useradd -m kim && echo kim:secret | sudo chpasswd && stat -c "%U %a" /home/kim
		sudo su - kim -c "id -un; pwd"')" \
		"kim ${mode:-755}"$'\nkim\n/home/kim'
	is "ping" "$(hold_ask p 'ping -c 1 -W 5 127.0.0.1 >/dev/null; echo $?')" 0
	is "by set-user-ID as well" "$(hold_ask p 'cd /usr/local/bin; sudo cp /bin/ping p; sudo chmod u+s p
		p -c 1 -W 5 127.0.0.1 >/dev/null; echo $?')" 0
	echo '0 2147483647' >/proc/sys/net/ipv4/ping_group_range
	is "by the host's sysctl, as on Debian 13" "$(room ana 'cp /bin/ping p; ./p -c 1 -W 5 127.0.0.1 >/dev/null; echo $?; rm p')" 0
	echo "$kept" >/proc/sys/net/ipv4/ping_group_range
	is "the room's network is theirs" \
		"$(hold_ask p 'sudo ip addr add 10.9.9.9/32 dev lo && ip -o addr show dev lo | grep -c 10.9.9.9')" 1
	is "daemons have a /run" "$(hold_ask p 'sudo mkdir /run/own && sudo touch /run/own/pid && stat -c %U /run/own/pid')" root
	hold_end p
	is "another room has none of it" "$(room ana 'ls /usr/local/bin/p /home/kim 2>&1 | grep -c "No such"')" 2
	rm -rf /srv/deb
}

# ---- what stays refused -----------------------------------------------------------------------------------------

refuses() { # NAME COMMAND: as root of the room
	like "refused to root of the room: $1" \
		"$(hold_ask r "sudo sh -c '$2' >/tmp/r.out 2>&1 && echo DONE; grep -m 1 -vE 'may have more|^Rebooting' /tmp/r.out")" \
		'^[^D]*([Pp]ermission denied|[Oo]peration not permitted|Read-only|cannot open|must be|not supported|No such)'
}

check_refused() {
	hold r ana@room
	refuses "mount" 'mount -t tmpfs x /mnt'
	refuses "a bind mount" 'mount --bind /etc /mnt'
	refuses "umount of a cover" 'umount /proc/kcore'
	refuses "umount" 'umount /tmp'
	refuses "remount of /proc/sys" 'mount -o remount,bind,rw /proc/sys'
	refuses "mknod in /tmp" 'mknod /tmp/null c 1 3'
	refuses "mknod in its own root" 'mknod /root/vda b 254 0'
	refuses "mknod of the disk in the home" 'mknod /home/ana/vda b 254 0'
	refuses "the host name" 'hostname other'
	refuses "settings of the kernel" 'echo 1 >/proc/sys/kernel/panic'
	refuses "settings of its own network" 'echo 0 >/proc/sys/net/ipv4/ip_forward'
	refuses "a mount namespace" 'unshare -m true'
	refuses "a user namespace" 'unshare -U true'
	refuses "a network namespace" 'unshare -n true'
	refuses "a PID namespace" 'unshare -p true'
	refuses "reboot" 'reboot -f'
	refuses "the clock" 'date -s 12:00'
	refuses "swap" 'cd /root; umask 077; dd if=/dev/zero of=s bs=1M count=1 2>/dev/null; mkswap s >/dev/null; swapon s'
	refuses "kernel messages" 'dmesg'
	refuses "modules" 'insmod /root/s'
	refuses "kexec" 'perl -e "exit 0 if syscall(246, 0, 0, 0, 0) == 0; print qq(\$!\n); exit 1"'
	refuses "a raw socket of packets" 'perl -e "exit 0 if socket(S, 17, 3, 0); print qq(\$!\n); exit 1"'
	refuses "a handle of a file" 'perl -e "exit 0 if syscall(304, 3, 0, 0) == 0; print qq(\$!\n); exit 1"'
	refuses "init of the room" 'kill -9 1'
	refuses "the host name of the host by setns" 'nsenter -t 1 -u hostname x'
	is "no user namespace beyond the filter, either" "$(hold_ask r 'sudo cat /proc/sys/user/max_user_namespaces')" 0
	is "root's programs of the room are not to be seen" "$(hold_ask r 'sudo ls /proc | grep -c "^1$"')" 0
	is "covers hold" "$(hold_ask r 'cd /proc; sudo cat kallsyms keys cmdline | wc -c; sudo head -c 1 kmsg 2>&1 | grep -c denied
		sudo ls -A /sys/module /sys/firmware | wc -w')" $'0\n1\n2'
	is "what is hidden in a bind is hidden" "$(hold_ask r 'sudo ls -A /mnt/shared/hidden')" ''
	is "root of the room who leaves the changed root sees the image as it is" \
		"$(hold_ask r 'sudo touch /etc/own-mark; cat >/tmp/out.pl <<"E"
mkdir "/root/in"; opendir(D, "/"); chroot "/root/in"; chdir(D); chdir ".." for 1..64; chroot ".";
print -e "/etc/own-mark" ? "mine" : "the image", " ", -e "/run/carrel/inside/etc/own-mark" ? "mine" : "lost", "\n";
print open(F, ">", $_) ? "WROTE $_\n" : "$!\n" for qw(/etc/x /run/x /usr/x /run/carrel/stage);
print open(F, "<", "/etc/shadow") ? "READ\n" : "$!\n";
E
sudo perl /tmp/out.pl')" \
		$'the image mine\nRead-only file system\nPermission denied\nRead-only file system\nPermission denied\nPermission denied'
	hold_end r
}

# The shell of who comes without the last stage; the way in is the user's alone, and there is no other one.
check_setns() {
	usermod -s /bin/bash ana
	is "without the last stage nobody is root" "$(room ana 'id -un; sudo -n id 2>&1 | grep -o "effective uid is not 0"')" \
		$'ana\neffective uid is not 0'
	cat >/home/ana/join.pl <<-'END'
	sub joins { my ($path, $flag) = @_; open(my $f, "<", $path) or return "$!"; syscall(308, fileno($f), $flag) ? "$!" : "joined" }
	printf "%s %x %s\n", @$_, joins(@$_) for ["/proc/self/ns/mnt", 0x20000], ["/proc/self/ns/net", 0x40000000],
	        ["/proc/self/ns/pid", 0x20000000], ["/run/carrel/user", 0], ["/run/carrel/user", 0x10020000],
	        ["/run/carrel/user", 0x10000000];
	open(S, "/proc/self/status"); print grep(/CapEff/, <S>);
	print "$< $> ", join(" ", syscall(272, 0x10000000), syscall(272, 0x20000), joins("/proc/self/ns/user", 0x10000000)), "\n";
	END
	is "exactly the one namespace can be joined, by exactly one word" "$(room ana 'perl join.pl')" \
		"/proc/self/ns/mnt 20000 Operation not permitted
/proc/self/ns/net 40000000 Operation not permitted
/proc/self/ns/pid 20000000 Operation not permitted
/run/carrel/user 0 Operation not permitted
/run/carrel/user 10020000 Operation not permitted
/run/carrel/user 10000000 joined
CapEff:	000001ffffffffff
$(id -u ana) $(id -u ana) -1 -1 Invalid argument"
	usermod -s $LAST ana
	rm -f /home/ana/join.pl
}

# ---- doors ------------------------------------------------------------------------------------------------------

whose_namespace() { # PID: the host's, or one of a room
	[ "$(readlink "/proc/$1/ns/user")" = "$(readlink /proc/self/ns/user)" ] && echo host || echo room
}

# Some login(1) throw away what was typed before they were ready: it is typed until it is answered.
by_login() {
	local out=$STAGE_LOG/own.login
	: >"$out"
	timeout $LIMIT script -qec 'login -f ana' /dev/null >"$out" 2>&1 \
		< <(until grep -aq '<0>' "$out"; do echo 'echo "<$(sudo id -u)>"' || exit; sleep 1; done; echo exit)
	cat "$out"
}

check_doors() {
	local pid
	is "terminal" "$(room_tty ana 'tty; sudo id -u')" $'/dev/pts/0\n0'
	is "a login shell" "$(printf 'echo $0; sudo id -u; exit 3\n' | s ana@room 2>/dev/null; echo $?)" $'-bash\n0\n3'
	is "exit status and signals" "$(room ana 'exit 9'; echo $?; room ana 'kill -TERM $$'; echo $?)" $'9\n255'
	is "input and output are what they are" "$(seq 20000 | s ana@room 'sudo cat' | sum)" "$(seq 20000 | sum)"
	printf 'put /etc/services up\nget up /tmp/down\n' >/tmp/batch
	is "sftp of sshd's own stays outside, as the user" \
		"$(timeout $LIMIT sftp -q -F $STAGE/ssh/config -b /tmp/batch ana@sftponly >/dev/null 2>&1; echo $?
		cmp /etc/services /tmp/down && stat -c %U /home/ana/up)" \
		$'0\nana'
	rm -f /tmp/down /home/ana/up
	is "sftp-server" \
		"$(timeout $LIMIT sftp -q -F $STAGE/ssh/config -b /tmp/batch ana@room >/dev/null 2>&1; echo $?; stat -c %U /home/ana/up)" \
		$'0\nana'
	is "scp" "$(timeout $LIMIT scp -q -F $STAGE/ssh/config /etc/services ana@room:up2; echo $?; stat -c %U /home/ana/up2)" $'0\nana'
	is "scp as it was" \
		"$(timeout $LIMIT scp -O -q -F $STAGE/ssh/config ana@room:up2 /tmp/down2; echo $?; cmp /etc/services /tmp/down2)" 0
	is "su -" "$(timeout $LIMIT su - ana -c 'id -un; sudo id -u; pwd' </dev/null 2>&1)" $'ana\n0\n/home/ana'
	is "login" "$(by_login | grep -aom 1 '<0>')" '<0>'
	hold a ana@room
	pid=$(pgrep -u ana -x bash | head -n 1)
	is "the shell is in the namespace" "$(whose_namespace "$pid")" room
	pid=$(pgrep -u ana -f '^sshd(-session)?: ana' | head -n 1)
	is "sshd's own process of the user is not" "$(whose_namespace "$pid")" host
	hold_end a
	s -M -S $STAGE/ssh/own.sock -fN ana@room
	is "a second channel is the same room" \
		"$(s -S $STAGE/ssh/own.sock ana@room 'sudo touch /etc/second'
		s -S $STAGE/ssh/own.sock ana@room 'ls /etc/second; sudo id -u')" \
		$'/etc/second\n0'
	s -S $STAGE/ssh/own.sock -O exit ana@room 2>/dev/null
	rm -f /home/ana/up* /tmp/down* /tmp/batch
}

check_cron() {
	echo "@reboot ana sh -c 'id -un; [ -e /run/carrel/inside/etc ] && echo outside' >/home/ana/cron.new 2>&1;" \
		"mv /home/ana/cron.new /home/ana/cron.out" >/etc/crontab
	echo "@reboot ana $LAST -c 'sudo id -u' >/home/ana/cron-last.out 2>&1" >>/etc/crontab
	cron_start
	poll 20 eval '[ -s /home/ana/cron.out ] && [ -s /home/ana/cron-last.out ]'
	is "cron: a job runs outside, on the image as it is" "$(cat /home/ana/cron.out)" $'ana\noutside'
	is "and inside by the last stage" "$(cat /home/ana/cron-last.out)" 0
	kill $CRON
	rm -f /etc/crontab /home/ana/cron*.out
	poll 20 user_gone ana
}

# ---- two of them, and what stays --------------------------------------------------------------------------------

check_apart() {
	room ana 'sudo sh -c "umask 077; echo of ana >/mnt/shared/drop/a; echo x >/mnt/shared/drop/x; chmod 4755 /mnt/shared/drop/x"'
	is "another user's root cannot read what is this one's root's" \
		"$(room dora 'cd /mnt/shared/drop; sudo sh -c "cat a; chown dora a; rm a"' 2>&1 | grep -c 'denied\|permitted')" 3
	is "nor does it have a name for that owner" "$(room dora 'stat -c %U /mnt/shared/drop/a')" nobody
	is "it is the range's on the host" "$(stat -c %u /srv/shared/drop/a)" "$(range ana)"
	is "ranges are apart" "$(awk -F: '{ print $2, $2 + $3 }' /etc/subuid | sort -n | awk '$1 < end { print "meet" } { end = $2 }')" ''
	rm -f /srv/shared/drop/*
	ctl kill dora >/dev/null 2>&1
	poll 20 user_gone dora
}

# The profile of who is root of the room is not theirs to leave: another /bin does not make another shell.
check_profile() {
	local lower='renice -n 19 $$ 2>&1 | grep -o "denied\|permitted\|new priority"'
	install -d -m 0755 /etc/carrel/profiles
	cat >/etc/carrel/profiles/tight.conf <<-END
		data_dir = "$STAGE/data";
		policies = { tight = { seccomp = { base = "@login"; deny = [ "setpriority" ]; }; }; };
	END
	own_config '' '' 'share = "user"; seccomp = { profiles = ( { program = "/usr/bin/bash"; profile = "tight"; } ); };'
	hold r cara@room
	is "root of a room has a profile" "$(hold_ask r "$lower")" permitted
	is "who has another /bin" "$(hold_ask r 'mkdir /b && cp /usr/bin/bash /usr/bin/sh /b/ && mv -T /bin /was && mv -T /b /bin &&
		[ ! /bin/bash -ef /usr/bin/bash ] && [ ! -L /bin ] && echo made')" made
	is "has it at the next login all the same" "$(room cara "$lower")" permitted
	is "beside the room's filter" "$(room cara 'awk "/^(NoNewPrivs|Seccomp_filters):/ { print \$2 }" /proc/self/status' | xargs)" '1 2'
	hold_end r
	ctl kill cara >/dev/null 2>&1
	poll 20 user_gone cara
	rm -r /etc/carrel/profiles
	own_config
	is "without it the shell may" "$(room cara "$lower")" 'new priority'
}

# keeps: helper/parts/user R1
check_allotted() {
	cp /etc/subuid /etc/subgid /srv/
	sed -i '/^ana:/d' /etc/subuid /etc/subgid
	own_config '' '' '' 'subids = { first = 2000000; last = 2400000; };'
	check "a rehearsal" ctl rehearse ana
	is "notes nothing" "$(ls $STORE/subids 2>&1)" "ls: cannot access '$STORE/subids': No such file or directory"
	like "who has no range gets one" "$(room ana 'sudo id -u; xargs </proc/self/uid_map' | xargs)" '^0 0 2[0-9]{6} '
	like "on record" "$(xargs <$STORE/subids)" "^subids 1 $(id -u ana) 2[0-9]{6} ana$"
	first=$(sed -n 2p $STORE/subids)
	room ana true
	is "for good" "$(tail -n +2 $STORE/subids)" "$first"
	echo "eve:$(cut -d " " -f 2 <<<"$first"):65536" | tee -a /etc/subuid >>/etc/subgid
	log_mark
	like "a range that is another's as well is refused" "$(room ana 'echo in')" 'refused'
	like "the log says why" "$(log_since refused)" "are others' as well"
	own_config
	cp /srv/subuid /srv/subgid /etc/
	rm $STORE/subids
}

# keeps: apply/mounts/inside R1, apply/mounts/inside_users R1
check_kept() {
	local base
	base=$(range dora)
	rootimage_loops || { skip_here "a kept root" "no loop devices"; return; }
	is "a kept root" \
		"$(room dora 'sudo useradd -m kim && sudo sh -c "umask 077; echo kept >/etc/kept" && stat -c %U /etc/kept')" root
	ctl kill dora >/dev/null 2>&1
	poll 20 user_gone dora
	is "is there again" "$(room dora 'id -un kim; sudo cat /etc/kept; sudo id -u')" $'kim\nkept\n0'
	hold one dora@room
	is "a second login shares it" "$(room dora 'sudo touch /etc/two; ls /etc/two'; hold_ask one 'ls /etc/two')" $'/etc/two\n/etc/two'
	hold_end one
	like "carrelctl root knows it" "$(ctl root dora 2>&1; ctl home list 2>&1)" 'dora'
	ctl kill dora >/dev/null 2>&1
	poll 20 user_gone dora
	is "whatever its root has done to it" "$(room dora 'sudo sh -c "cd /; mkdir x; mv home x; rm -rf mnt/*; mv mnt x; ln -s etc mnt
		cd etc; rm passwd resolv.conf; ln -s shadow passwd; rm -rf sudoers.d; ln -s /tmp sudoers.d" 2>/dev/null
		echo done')" done
	ctl kill dora >/dev/null 2>&1
	poll 20 user_gone dora
	is "the next login works" "$(room dora 'id -un; sudo id -u; pwd; ls -d /mnt/shared; head -c 5 /etc/passwd')" \
		$'dora\n0\n/home/dora\n/mnt/shared\nroot:'
	is "and what it had in the way is put aside or gone" "$(room dora 'stat -c %F /mnt /home /etc/passwd' | xargs)" \
		'directory directory regular file'
	ctl kill dora >/dev/null 2>&1
	poll 20 user_gone dora
	sed -i "s/^dora:$base/dora:9000000/" /etc/subuid
	log_mark
	like "with another range it is refused" "$(room dora 'echo in')" refused
	like "and the log says what helps" "$(log_since refused)" 'made with other ids.*range'
	sed -i "s/^dora:9000000/dora:$base/" /etc/subuid
	is "with the old one it is there" "$(room dora 'sudo cat /etc/kept')" kept
	ctl kill dora >/dev/null 2>&1
	poll 20 user_gone dora
}

# keeps: apply/mounts/inside_users R2
check_given() {
	own_config 'over = "persistent"; size = "256M";'
	hold one ana@room
	like "one room of two" "$(hold_ask one 'sudo sed -i /^ana:/d /etc/passwd; id -un 2>&1')" 'cannot find name'
	is "what its root does to the files stays so for the other" "$(room ana 'grep -c ^ana: /etc/passwd; id -u')" \
		$'0\n'"$(id -u ana)"
	hold_end one
	poll 20 user_gone ana
	is "until all have left" "$(room ana 'id -un; sudo id -u')" $'ana\n0'
	poll 20 user_gone ana
	own_config
}

# By carrel-shell, which makes that view the root of a mount namespace: below a changed root the kernel makes no user namespace.
check_nested() {
	sed -i 's/sudo = true; };$/sudo = true; nested = true; namespaces = 8; };/' /etc/carrel/carrel.conf
	hold n ana@room
	is "who may make user namespaces is root by sudo as before" "$(hold_ask n 'id -un; sudo id -u')" $'ana\n0'
	is "bubblewrap" "$(hold_ask n 'bwrap --ro-bind / / --proc /proc --dev /dev --unshare-all id -un')" ana
	is "with a /proc of its own" "$(hold_ask n 'bwrap --bind / / --proc /proc --dev /dev --unshare-pid ls /proc | grep -c "^[0-9]"')" 2
	is "their number is limited" "$(hold_ask n 'sudo cat /proc/sys/user/max_user_namespaces')" 8
	is "and one more is refused" \
		"$(hold_ask n 'for i in {1..9}; do unshare -U sleep 3300 & done 2>&1; for i in {1..200}; do
			[ $(jobs -r | wc -l) -gt 8 ] && sleep 0.05; done; jobs -r | wc -l; kill $(jobs -r -p); wait' 2>&1 |
			grep -v Terminated)" \
		$'unshare: unshare failed: No space left on device\n8'
	is "ids for containers are the inside's" "$(hold_ask n 'cat /etc/subuid /etc/subgid')" $'ana:10000:50000\nana:10000:50000'
	is "and can be mapped" \
		"$(hold_ask n 'unshare -U sleep 3301 & until grep -qx sleep /proc/$!/comm; do sleep 0.1; done
			newuidmap $! 0 $(id -u) 1 1 10000 50000 &&
			newgidmap $! 0 $(id -g) 1 1 10000 50000 && xargs -n 3 </proc/$!/uid_map; kill $!')" \
		"0 $(id -u ana) 1"$'\n''1 10000 50000'
	is "podman is told what no room has" "$(hold_ask n 'grep -c = /etc/containers/containers.conf.d/00-carrel.conf')" 2
	is "mounts are shared as on a host" "$(hold_ask n 'findmnt -n -o PROPAGATION / | cut -d, -f1')" shared
	is "covers stay" "$(hold_ask n 'sudo umount /proc/sys 2>&1 | wc -l; sudo mount -o remount,bind,rw /proc/sys 2>&1 | grep -c denied
		sudo sh -c "echo 1 >/proc/sys/kernel/panic" 2>&1 | grep -c Read-only; sudo ls -A /run/carrel-nest')" $'1\n1\n1'
	hold_end n
	own_config
	poll 20 user_gone ana
	is "without it none are made, and podman is told nothing" \
		"$(room ana 'unshare -Ur true; bwrap --ro-bind / / true; ls /etc/containers/containers.conf.d/00-carrel.conf' 2>&1 |
			grep -cE "not permitted|No permissions|No such")" 3
	poll 20 user_gone ana
}

# Who may make user namespaces has a mount namespace of their own, and the steward works in the room's.
check_nested_follows() {
	sed -i 's/^ *dora = {/&\n	    user = { nested = true; };/' /etc/carrel/carrel.conf
	hold d dora@room
	check "nested: the mount namespace is not the room's" \
		[ "$(hold_ask d 'readlink /proc/self/ns/mnt')" != "$(readlink "/proc/$(helper_pids init)/ns/mnt")" ]
	echo 'nameserver 192.0.2.2' >/etc/resolv.new && mv /etc/resolv.new /etc/resolv.conf
	check "nested: a file of the host that is replaced" \
		poll 20 eval '[ "$(hold_ask d "cat /etc/resolv.conf")" = "nameserver 192.0.2.2" ]'
	rm -r /srv/open
	mkdir /srv/open
	echo nested >/srv/open/new
	check "nested: a bind" poll 20 eval '[ "$(hold_ask d "cat /mnt/open/new")" = nested ]'
	is "nested: what is mounted there is not in the room" \
		"$(hold_ask d 'sudo mount -t tmpfs theirs /mnt/open && grep -c " - tmpfs theirs " /proc/self/mountinfo'
			grep -c ' - tmpfs theirs ' "/proc/$(helper_pids init)/mountinfo")" $'1\n0'
	hold_end d
	ctl kill dora >/dev/null 2>&1
	own_config
	poll 20 user_gone dora
}

check_follows() {
	hold d dora@room
	echo 'nameserver 192.0.2.1' >/etc/resolv.new && mv /etc/resolv.new /etc/resolv.conf
	check "a file of the host that is replaced" poll 20 eval '[ "$(hold_ask d "cat /etc/resolv.conf")" = "nameserver 192.0.2.1" ]'
	kill $SYSLOGD
	syslog_start
	log_mark
	check "the log's socket" poll 20 eval 'hold_ask d "logger -t ownlog followed"; log_since followed'
	mv /srv/shared /srv/shared.old
	mkdir -p /srv/shared/hidden
	echo hidden >/srv/shared/hidden/new
	rm -r /srv/open
	mkdir /srv/open
	echo new >/srv/open/new
	check "a bind" poll 20 eval '[ "$(hold_ask d "cat /mnt/open/new")" = new ]'
	is "one with a cover in it keeps that" "$(hold_ask d 'ls -A /mnt/shared/hidden')" ''
	rm -r /srv/shared
	mv /srv/shared.old /srv/shared
	hold_end d
	ctl kill dora >/dev/null 2>&1
	poll 20 user_gone dora
}

check_crash() {
	local who supervisor init
	for who in supervisor init; do
		hold victim ana@room
		hold_say victim 'sudo setsid sleep 3200 >/dev/null 2>&1 </dev/null & setsid sleep 3200 >/dev/null 2>&1 &'
		poll 20 eval '[ "$(pgrep -c -f "^sleep 3200")" -ge 2 ]'
		supervisor=$(helper_pids supervisor)
		init=$(helper_pids init)
		kill -9 ${!who}
		check "$who killed: nobody survives, the room's root neither" poll 20 eval '! pgrep -f "^sleep 3200"'
		hold_end victim
		poll 20 user_gone ana
		CENSUS_LIMIT=20 same_census "$who killed: nothing is left" "$before"
	done
	hold victim ana@room
	hold_say victim 'sudo setsid sleep 3201 >/dev/null 2>&1 </dev/null &'
	poll 20 pgrep -f '^sleep 3201'
	hold_say victim 'exit 0'
	check "a login that ends takes its root's programs along" poll 20 eval '! pgrep -f "^sleep 3201"'
	hold_end victim
	poll 20 user_gone ana
	CENSUS_LIMIT=20 same_census "and leaves nothing" "$before"
}

host_start
rootimage_loops
mkdir -p $IMAGE /srv/shared/{hidden,drop} /srv/open
echo secret >/srv/shared/secret
chmod 0600 /srv/shared/secret
echo hidden >/srv/shared/hidden/h
chmod 1777 /srv/shared/drop
mount --bind / $IMAGE
mount -t tmpfs -o mode=0755 mnt /mnt
mkdir /srv/bin
cp $STAGE/bin/carrel-shell /srv/bin/
mount -t overlay -o lowerdir=/srv/bin:/usr/bin overlay /usr/bin # as if it were installed, which the image does not have
for user in ana cara dora; do
	usermod -s $LAST $user
done
own_config
room dora true
ctl kill dora >/dev/null 2>&1
settle
poll 10 test -e $STATE_DIR/swept
before=$(census)
run_cases "$@" -- check_inside check_root_mode check_packages check_refused check_setns check_doors check_cron check_apart check_profile \
	check_allotted check_kept check_given check_nested check_nested_follows \
	check_follows check_crash
ctl kill dora >/dev/null 2>&1
poll 20 user_gone dora
same_census "nothing is left behind" "$before"
tap_done
