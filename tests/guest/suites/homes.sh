#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# boot: systemd
# Homes that are somewhere else, or in trouble: the answer is right, in time, and nobody else waits for it.
. "$(dirname "$0")/../suite.sh"

conf() { # MODE
	conf_write <<-END
	rules = ( { group = "students"; policy = "student"; } );
	policies = { student = { home = { mode = "$1"; size = "32M"; }; network = { mode = "none"; }; }; };
	END
}

reaches() { # NAME: a login gets in, its home is the one that is meant
	is "$1: gets in" "$(login ana 'cat ~/mine 2>/dev/null' </dev/null 2>&1)" mine
}

refused() { # NAME CODE [USER]
	local start=$SECONDS
	like "$1: refused" "$(login_tty "${3-ana}" true 2>&1)" "code $2"
	check "$1: in time" test $((SECONDS - start)) -lt "$GUEST_LIMIT"
}

home_is() { # SHELL COMMANDS: ana's home is made anew by them
	guest "cd /; umount -l /home/ana 2>/dev/null; rm -rf /home/ana; $1"
}

plain_home() {
	home_is 'install -d -o ana -g students -m 700 /home/ana; echo mine >/home/ana/mine; chown ana /home/ana/mine'
}

nfs_home() { # OPTIONS of the mount
	guest 'bash -s' <<-'END'
		systemctl unmask nfs-server.service rpcbind.service rpcbind.socket nfs-blkmap.service >/dev/null 2>&1
		systemctl start rpcbind.socket
		mkdir -p /srv/nfs/ana && chown ana:students /srv/nfs/ana && chmod 700 /srv/nfs/ana
		echo mine >/srv/nfs/ana/mine && chown ana /srv/nfs/ana/mine
		echo '/srv/nfs 127.0.0.1(rw,root_squash,no_subtree_check,insecure)' >/etc/exports
		systemctl start nfs-server && exportfs -ra
	END
	home_is "mkdir /home/ana; mount -t nfs -o vers=4,$1 127.0.0.1:/srv/nfs/ana /home/ana"
}

nfs_end() {
	guest 'umount -f -l /home/ana; exportfs -ua; systemctl stop nfs-server; rm -rf /srv/nfs /etc/exports'
}

check_nfs() {
	nfs_home soft,timeo=50
	is "NFS with root_squash: root is kept out" "$(guest 'cat /home/ana/mine 2>/dev/null')" ""
	conf real
	reaches "NFS, real home"
	is "NFS, real home: can be written" "$(login ana 'echo new >~/new && cat ~/new' </dev/null)" new
	conf overlay
	log_mark
	refused "NFS with root_squash under an overlay" HOME
	check "and the log names the cause and a way out" log_since 'keeps root out \(NFS with root_squash\?\).*"real" or "tmpfs"'
	conf tmpfs
	is "NFS, tmpfs home: does not need it" "$(login ana 'ls -A ~ | grep -c mine' </dev/null)" 0
	nfs_end
}

check_autofs() {
	guest 'bash -s' <<-'END'
		systemctl unmask autofs >/dev/null 2>&1
		echo '/auto /etc/auto.test --timeout=60' >/etc/auto.master
		echo '* -fstype=bind :/srv/nfs/&' >/etc/auto.test
		systemctl restart autofs
		id nora >/dev/null 2>&1 || useradd -M -N -g students -d /auto/nora -s /bin/bash nora
		mkdir -p /srv/nfs && install -d -o nora -g students -m 700 /srv/nfs/nora
		echo mine >/srv/nfs/nora/mine
	END
	conf real
	is "autofs: the home is mounted on the way in" "$(login nora 'pwd; cat ~/mine' </dev/null 2>&1)" $'/auto/nora\nmine'
	is "autofs: other homes are not there" "$(login nora 'ls /auto/ana 2>/dev/null | wc -l' </dev/null)" 0
	guest 'systemctl stop autofs; rm -rf /srv/nfs'
}

no_helper() {
	poll 30 guest '! pgrep -u root "^carrel([^-]|-[^s])"' && return
	guest 'for p in $(pgrep -u root "^carrel([^-]|-[^s])"); do ps -o pid,ppid,stat,etime,args $p; cat /proc/$p/stack; done
		loginctl list-sessions'
	return 1
}

# Debian's pam_env with user_readenv and the user manager that pam_systemd starts would wait for a home that does not answer
# before carrel is asked, so they are taken out (docs/install.md says so).
waits_first_away() {
	guest "sed -i.kept '/user_readenv/d' /etc/pam.d/sshd; sed -i.kept '/pam_systemd/d' /etc/pam.d/common-session"
}

waits_first_back() {
	guest 'for f in sshd common-session; do mv /etc/pam.d/$f.kept /etc/pam.d/$f; done'
}

# ana's home does not answer.
refused_in_time() {
	login_tty ana true >"$GUEST_DIR/blocked" 2>&1 &
	local client=$! start=$SECONDS
	is "meanwhile another user logs in" "$(login cara 'echo in' </dev/null)" in
	kill -0 $client 2>/dev/null && ok "while the first still waits" || ok "the first has its answer already"
	wait $client
	like "a home that blocks: refused" "$(cat "$GUEST_DIR/blocked")" 'code H(ELPER|OME)'
	check "within the deadline" test $((SECONDS - start)) -lt "$GUEST_LIMIT"
	check "no helper hangs" no_helper
}

# A file system whose server never answers.
check_blocked() {
	waits_first_away
	home_is 'install -d -o ana -g students -m 700 /home/ana'
	guest 'cat >/root/block.py' <<-'END'
		import ctypes, os, time, pwd
		p = pwd.getpwnam("ana")
		fd = os.open("/dev/fuse", os.O_RDWR)
		o = "fd=%d,rootmode=40000,user_id=%d,group_id=%d,allow_other" % (fd, p.pw_uid, p.pw_gid)
		libc = ctypes.CDLL(None, use_errno=True)
		if libc.mount(b"blocked", b"/home/ana", b"fuse", 6, o.encode()) != 0:
		    raise OSError(ctypes.get_errno(), "mount")
		open("/run/blocked", "w").close()
		time.sleep(600)
	END
	guest 'modprobe fuse; (setsid python3 /root/block.py >/run/block.log 2>&1 </dev/null &) ; sleep 2'
	check "a FUSE file system that never answers" poll 20 guest 'test -e /run/blocked'
	conf real
	refused_in_time
	guest 'pkill -f "[b]lock.py"; umount -l -f /home/ana; rm -f /run/blocked # the pattern does not match this very shell'
	waits_first_back
}

# A mount over the network whose server has gone, hard, as homes mostly are: it waits until somebody is back. Nothing is asked
# of what the kernel remembers.
check_dead() {
	nfs_home hard,noac,lookupcache=none
	conf real
	reaches "NFS, mounted hard"
	waits_first_away
	guest 'nft -f -' <<<'table inet dead { chain in { type filter hook input priority 0; tcp dport 2049 drop; }; }'
	is "its server is dead" "$(guest 'exec 2>/dev/null; timeout -s KILL 3 stat /home/ana/mine >/dev/null; echo $?' </dev/null)" 137
	refused_in_time
	like "carrelctl check ends, and says what does not answer" \
		"$(guest 'timeout -s KILL 200 carrelctl check --no-rehearse --all' </dev/null 2>&1)" '/home/ana.*does not answer'
	guest 'nft delete table inet dead' </dev/null
	nfs_end
	waits_first_back
	plain_home
	reaches "another home in its place"
}

check_plain() {
	conf real
	reaches "a plain home"
}

check_full() {
	home_is 'mkdir /home/ana; mount -t tmpfs -o size=64k,mode=700,uid=$(id -u ana) full /home/ana; echo mine >/home/ana/mine
		head -c 1M /dev/zero >/home/ana/fill 2>/dev/null; true'
	conf real
	reaches "a full home"
	conf overlay
	is "a full home under an overlay can be written" "$(login ana 'echo x >~/x && cat ~/x' </dev/null)" x
	guest 'mount -o remount,ro /home/ana'
	conf real
	reaches "a read-only home"
	like "a read-only home stays so" "$(login ana 'echo x >~/y' </dev/null 2>&1)" 'Read-only'
	conf overlay
	reaches "a read-only home under an overlay"
	is "which can be written" "$(login ana 'echo x >~/x && cat ~/x' </dev/null)" x
}

# A template on ext4, whose files are root's there and the user's in the room.
check_template() {
	guest 'mkdir -p /srv/template && echo mine >/srv/template/mine && chmod 644 /srv/template/mine'
	conf_write <<'END'
rules = ( { group = "students"; policy = "student"; } );
policies = { student = { home = { mode = "overlay"; size = "32M"; lower = "/srv/template"; }; }; };
END
	reaches "a template"
	is "which can be edited" "$(login ana 'echo more >>~/mine; cat ~/mine; stat -c %U:%G ~/mine' </dev/null)" \
		$'mine\nmore\nana:students'
	is "and stays as it was" "$(guest 'cat /srv/template/mine; stat -c %U /srv/template/mine')" $'mine\nroot'
}

check_wrong() {
	conf real
	home_is 'ln -s /home/cara /home/ana'
	refused "a symbolic link to another's home" HOME
	home_is 'mkfifo /home/ana; chown ana /home/ana'
	refused "a FIFO" HOME
	home_is 'true'
	is "a missing home: as without carrel" "$(login ana 'echo in; pwd' </dev/null 2>/dev/null)" $'in\n/'
	home_is 'install -d -o cara -m 700 /home/ana'
	refused "somebody else's home" HOME
	is "cara is well" "$(login cara 'echo in' </dev/null)" in
	plain_home
	reaches "and a good home works again"
}

check "users" users_make
pam_wire sshd timeout=60 # the home that never answers is waited for so long
plain_home
run_cases "$@" -- check_plain check_nfs check_autofs check_blocked check_dead check_full check_template check_wrong
tap_done
