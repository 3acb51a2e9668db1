#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What a room's root can be: an image file, attached once; the host with the user's own changes over it. And that a
# user who may change the root's directories steers no process of root's: over SSH, su, SFTP and cron.
. "$(dirname "$0")/../lib/stage.sh"
stage_enter "$@"
. "$STAGE/tests/lib/rootimage.sh"
. "$STAGE/tests/lib/ctl.sh"

IMAGE=/srv/image

# The policy of dora, whose logins share a room; the room ends with its last one.
root_is() {
	host_config '' '' "root = { $1 };"
	ctl kill dora >/dev/null 2>&1
	poll 10 user_gone dora
}

attached() {
	losetup -n -O BACK-FILE | grep -c "/srv/$1"
}

check_files() {
	local fs
	rootimage_loops || { skip_here "image files" "no loop devices"; return; }
	for fs in ext4 squashfs erofs; do
		if ! grep -qw $fs /proc/filesystems || ! rootimage_file $IMAGE /srv/root.$fs $fs; then
			skip_here "an image of $fs" "this machine has not what it needs"
			continue
		fi
		root_is "mode = \"image\"; path = \"/srv/root.$fs\";"
		is "$fs: its own files are there" "$(room dora 'cat /etc/issue; ls -d /usr/sbin 2>/dev/null')" 'the image'
		like "$fs: it cannot be written to" "$(room dora 'touch /srv/open/x')" 'Read-only file system'
		host_config '' "root = { mode = \"image\"; path = \"/srv/root.$fs\"; };" \
			"root = { mode = \"image\"; path = \"/srv/root.$fs\"; over = \"tmpfs\"; own = [ \"/etc\" ]; };"
		hold one ana@room
		hold two dora@room
		is "$fs: two users' rooms have one device" "$(attached root.$fs)" 1
		is "$fs: changes over it are the user's" \
			"$(hold_ask two 'rm -f /etc/issue /etc/group 2>/dev/null; echo mine >/etc/issue; cat /etc/issue; ls /etc/group')" \
			$'mine\n/etc/group'
		is "$fs: and nobody else's" "$(hold_ask one 'cat /etc/issue')" 'the image'
		hold_end one
		hold_end two
		rm /srv/root.$fs
	done
	rootimage_file $IMAGE /srv/root.ext4 ext4 || return
	root_is 'mode = "image"; path = "/srv/root.ext4";'
	room dora true
	cp -a $IMAGE /srv/image2
	echo 'another' >/srv/image2/etc/issue
	rootimage_file /srv/image2 /srv/new.ext4 ext4
	mv /srv/new.ext4 /srv/root.ext4
	is "a new file by that name is another image" "$(room dora 'cat /etc/issue')" another
	chown ana /srv/root.ext4
	like "a file that is a user's is refused" "$(room dora true)" 'code MOUNT'
	chown root /srv/root.ext4
	echo 'no file system' >/srv/root.ext4
	log_mark
	like "and one that is no image" "$(room dora true)" 'code MOUNT'
	like "the log says why" "$(log_since 'stage=MOUNT')" 'no file system of erofs, squashfs or ext4'
	rm -rf /srv/root.ext4 /srv/image2
	ctl kill dora >/dev/null 2>&1
	settle
	"$STAGE_LIB/carrel-helper" --sweep --state $STATE_DIR
	check "the sweep detaches what no room has" poll 10 loops_gone /srv/
	umount $STATE_DIR/images
	rm -r $STATE_DIR/images
}

# What somebody who wants to be root would put there. EVIL leaves a file wherever it runs as root.
hostile_make() {
	cat >/srv/evil.c <<-'END'
	#include <fcntl.h>
	#include <stdio.h>
	#include <unistd.h>
	__attribute__((constructor)) static void run(void)
	{
		char path[64];
		if (geteuid() != 0 && getuid() != 0)
			return;
		snprintf(path, sizeof(path), "/tmp/EVIL-%d", getpid());
		close(open(path, O_CREAT | O_WRONLY, 0666));
	}
	END
	cc -shared -fPIC -o /srv/evil.so /srv/evil.c 2>/dev/null || return 1
	cat >/srv/hostile.sh <<-'END'
	for name in libnss_evil.so.2 libnss_db.so.2 libnss_files.so.2 libnss_systemd.so.2 libgcc_s.so.1 evil.so; do
		cp /srv/evil.so /usr/local/lib/$name
	done
	put() { mkdir -p "${1%/*}"; rm -rf "$1" || mv "$1" "$1.was"; cat >"$1"; }
	echo /usr/local/lib/evil.so | put /etc/ld.so.preload
	echo /usr/local/lib | put /etc/ld.so.conf.d/0.conf
	cp /usr/local/lib/evil.so /etc/ld.so.cache
	printf 'passwd: evil files\ngroup: evil files\nshadow: evil files\ninitgroups: evil files\n' | put /etc/nsswitch.conf
	printf 'root:x:0:0::/:/bin/bash\ndora:x:0:0::/home/dora:/bin/bash\n' | put /etc/passwd
	printf 'root:x:0:dora\nshadow:x:42:dora\ndisk:x:6:dora\nlab:x:%s:\n' "$(id -g)" | put /etc/group
	echo 'dora:$y$j9T$x:1::::::' | put /etc/shadow
	for dir in /etc/userdb /usr/local/lib/userdb; do
		printf '{"memberName":"dora","groupName":"shadow"}' | put $dir/dora:shadow.membership
	done
	printf 'auth sufficient pam_permit.so\nsession optional /usr/local/lib/evil.so\n' | put /etc/pam.d/sshd
	cp /etc/pam.d/sshd /etc/pam.d/cron
	printf '*;*;*;Al0000-2400;shadow,disk\n' | put /etc/security/group.conf
	echo 'dora ALL=(ALL) NOPASSWD: ALL' | put /etc/sudoers
	echo 'LD_PRELOAD=/usr/local/lib/evil.so' | put /etc/environment
	echo 'LD_PRELOAD DEFAULT=/usr/local/lib/evil.so' | put /etc/security/pam_env.conf
	echo 'UMASK 000' | put /etc/login.defs
	echo '* * * * * root cp /usr/local/lib/evil.so /tmp/EVIL-cron' | put /etc/crontab
	echo '* * * * * root cp /usr/local/lib/evil.so /tmp/EVIL-cron' | put /etc/cron.d/evil
	printf 'openssl_conf = a\n[a]\nengines = b\n[b]\nc = d\n[d]\ndynamic_path = /usr/local/lib/evil.so\ninit = 1\n' |
		put /etc/ssl/openssl.cnf
	echo 'module INTERNAL X// evil 1' | put /usr/local/lib/gconv/gconv-modules
	ln -sf /usr/local/lib/evil.so /etc/localtime
	for dir in /etc/pam.d /etc/security /etc/ssh /etc/ssl /usr/local/lib/userdb /etc/userdb; do
		mv $dir $dir.was && mkdir $dir
	done
	mv /usr/local/lib /usr/local/lib.was && mkdir /usr/local/lib
	echo 'touch /tmp/PROFILE-$(id -u)' >/etc/profile.d/mine.sh
	echo planted
	END
	chmod 0644 /srv/evil.so /srv/hostile.sh
}

# /etc is the stage's own; elsewhere on the host others may be at work, and what is looked for is dora's.
etc_of_host() {
	find /etc -xdev -newer /srv/mark \( -type f -o -type l -o -type d \) 2>/dev/null | grep -v -e '/etc/carrel' -e '^/etc$' \
		-e cron.d
	find /opt /usr/local -xdev -newer /srv/mark -user dora 2>/dev/null
}

# ways WHAT: all doors, and after each of them what has come of it
ways() {
	local what=$1 want door out
	want="uid=$(id -u dora)(dora) gid=$(id -g dora)(lab) groups=$(id -g dora)(lab)"
	for door in ssh terminal su login; do
		case $door in
		ssh) out=$(room dora id) ;;
		terminal) out=$(room_tty dora id) ;;
		su) out=$(timeout $((20 * CARREL_PATIENCE)) su dora -c id </dev/null 2>&1) ;;
		login)
			tmux -S $STAGE/ssh/tmux -f /dev/null new-session -d 'login -f dora'
			tmux -S $STAGE/ssh/tmux send-keys 'id >/tmp/id.new; mv /tmp/id.new /tmp/by-login; exit' Enter
			poll 20 eval 'room dora "test -e /tmp/by-login"'
			out=$(room dora 'cat /tmp/by-login; rm /tmp/by-login')
			;;
		esac
		is "$what: $door gives the user and no more" "$out" "$want"
	done
	rm -f $STAGE_LOG/issue
	echo "get /etc/issue $STAGE_LOG/issue" >$STAGE/ssh/batch
	timeout $((20 * CARREL_PATIENCE)) sftp -q -F $STAGE/ssh/config -b $STAGE/ssh/batch dora@room >/dev/null 2>&1
	check "$what: sftp works" test -s $STAGE_LOG/issue
	like "$what: shadow is not to be read" "$(room dora 'cat /etc/shadow')" 'Permission denied|No such file'
	is "$what: nothing of it has run as root in the room" "$(room dora 'ls -d /tmp/EVIL* 2>/dev/null')" ''
	is "$what: nor on the host" "$(ls -d /tmp/EVIL* /var/tmp/EVIL* 2>/dev/null)" ''
}

by_cron() {
	echo "@reboot dora id >/tmp/by-cron.new && mv /tmp/by-cron.new /tmp/by-cron" >/etc/cron.d/roots
	cron_start
	poll 20 eval 'room dora "test -e /tmp/by-cron"'
	is "$1: cron's too" "$(room dora 'cat /tmp/by-cron; ls -d /tmp/EVIL* 2>/dev/null')" \
		"uid=$(id -u dora)(dora) gid=$(id -g dora)(lab) groups=$(id -g dora)(lab)"
	kill $CRON
	rm -f /etc/cron.d/roots
}

check_hostile() {
	hostile_make || { skip_here "a hostile user" "no C compiler"; return; }
	touch /srv/mark
	root_is 'mode = "overlay"; over = "tmpfs"; size = "64M";
		own = [ "/etc", "/usr/local", "/usr/local/lib", "/opt", "/etc/profile.d" ];'
	hold stays dora@room
	is "it is planted" "$(hold_ask stays 'bash /srv/hostile.sh 2>/dev/null')" planted
	is "what is the user's is" "$(hold_ask stays 'ls /usr/local/lib/evil.so /etc/profile.d/mine.sh')" \
		$'/etc/profile.d/mine.sh\n/usr/local/lib/evil.so'
	ways "planted"
	by_cron "planted"
	hold_end stays
	is "the host has nothing of it" "$(etc_of_host)" ''
	root_is ''
	is "and the next login is as ever" "$(room dora id)" \
		"uid=$(id -u dora)(dora) gid=$(id -g dora)(lab) groups=$(id -g dora)(lab)"
	rm -f /srv/evil.* /srv/hostile.sh /srv/mark
}

# An image of somebody who wants to be root on the host: what root's processes read and load is not the image's.
check_hostile_image() {
	local image=/srv/hostile library dir
	hostile_make || { skip_here "a hostile image" "no C compiler"; return; }
	cp -a $IMAGE $image
	for dir in $image/lib/x86_64-linux-gnu $image/usr/lib/x86_64-linux-gnu $image/usr/local/lib; do
		mkdir -p $dir
		for library in libnss_{evil,files,compat,db,systemd,sss,dns}.so.2 libgcc_s.so.1 evil.so; do
			cp /srv/evil.so $dir/$library
		done
	done
	printf 'passwd: evil\ngroup: evil\nshadow: evil\ninitgroups: evil\nhosts: evil\n' >$image/etc/nsswitch.conf
	printf 'dora:x:0:0::/:/bin/bash\n' >$image/etc/passwd
	printf 'shadow:x:42:dora\nroot:x:0:dora\n' >$image/etc/group
	mkdir -p $image/{etc/userdb,usr/lib/locale,usr/lib/gconv,usr/lib/userdb}
	printf '{"memberName":"dora","groupName":"shadow"}' >$image/etc/userdb/dora:shadow.membership
	cp $image/etc/userdb/* $image/usr/lib/userdb/
	head -c 100000 /dev/urandom >$image/usr/lib/locale/locale-archive
	echo 'module INTERNAL X// evil 1' >$image/usr/lib/gconv/gconv-modules
	ln -s /dev/zero $image/etc/localtime
	root_is "mode = \"image\"; path = \"$image\";"
	hold stays dora@room
	ways "hostile image"
	hold_end stays
	for dir in etc dev proc; do
		mv $image/$dir $image/was
		ln -s /home/dora $image/$dir
		like "hostile image: one that has a link for /$dir is refused" "$(room dora true)" 'code MOUNT'
		rm $image/$dir
		mv $image/was $image/$dir
	done
	is "hostile image: nothing has run as root on the host" "$(ls -d /tmp/EVIL* 2>/dev/null)" ''
	rm -rf $image /srv/evil.* /srv/hostile.sh
}

all_gone() {
	rooms_end dora ana
	poll 20 loops_gone /srv/
}

# The policies of ana, whose logins have a room each, and of dora.
kept_is() {
	all_gone
	host_config 'store = "/srv/store";' "root = { $1 over = \"persistent\"; size = \"32M\"; };" \
		"root = { $1 over = \"persistent\"; size = \"32M\"; };"
}

# keeps: helper/parts/root R1, helper/parts/root R2
check_kept() {
	local entry
	rootimage_loops || { skip_here "roots that are kept" "no loop devices"; return; }
	kept_is 'mode = "overlay"; own = [ "/opt", "/usr/local" ];'
	entry=/srv/store/root/$(id -u ana).host
	check "kept: a rehearsal works" ctl rehearse ana
	refute "kept: and makes nothing" test -e /srv/store/root
	room ana 'echo kept >/opt/x; mv /usr/local/bin /usr/local/was' >/dev/null
	all_gone
	is "kept: there again at the next login" "$(room ana 'cat /opt/x; ls -d /usr/local/was')" $'kept\n/usr/local/was'
	all_gone
	is "kept: what is not the user's to change is root's" \
		"$(mkdir /srv/look; mount -o loop,ro $entry/fs.img /srv/look; stat -c '%u %a' /srv/look/up /srv/look/up/usr)" \
		$'0 755\n0 755'
	umount /srv/look
	poll 10 loops_gone /srv/store
	rmdir /srv/look
	is "kept: not on the host" "$(ls -d /opt/x /usr/local/was 2>/dev/null)" ''
	is "kept: nor another user's" "$(room dora 'ls -d /opt/x 2>/dev/null')" ''
	like "kept: over what, is on record" "$(cat $entry/lower)" '^host'
	all_gone
	hold one ana@room
	hold two ana@room
	is "kept: two rooms" "$(helper_pids init | wc -l)" 2
	hold_ask one 'echo both >/opt/y' >/dev/null
	is "kept: of a user show one root" "$(hold_ask two 'cat /opt/y; rm /opt/x; ls /opt/x 2>/dev/null')" both
	is "kept: in both directions" "$(hold_ask one 'ls -d /opt/[xy]')" /opt/y
	hold_end one
	is "kept: that outlives the room that made it" "$(hold_ask two 'cat /opt/y')" both
	hold_end two
	all_gone
	is "kept: and is one afterwards" "$(room ana 'ls -d /opt/[xy]')" /opt/y
	room ana 'head -c 60M /dev/zero >/opt/full; for i in {1..40000}; do mkdir /opt/$i || break; done' >/dev/null
	all_gone
	is "kept: a full one stops no login" "$(room ana 'cat /opt/y; rm -rf /opt/[1-9]* /opt/full; echo more >/opt/z && cat /opt/z')" \
		$'both\nmore'
	kept_is 'mode = "overlay"; own = [ "/etc" ];'
	log_mark
	like "kept: what is on another file system is refused" "$(room ana true)" 'code MOUNT'
	like "kept: with the reason" "$(log_since stage=MOUNT)" 'root.own: "/etc" is on another file system'
	like "kept: check says so before" "$(ctl check --no-rehearse)" '"/etc" is on another file system than the host.s root'
	kept_is "mode = \"image\"; path = \"$IMAGE\"; own = [ \"/etc\" ];"
	is "kept: over an image" "$(room ana 'echo mine >/etc/mine; rm -f /etc/issue; cat /etc/mine; ls /opt/y 2>/dev/null')" mine
	all_gone
	# What was the user's once is so for good; what steers root is not.
	kept_is "mode = \"image\"; path = \"$IMAGE\";"
	is "kept: there again" "$(room ana 'cat /etc/mine; ls /etc/issue 2>/dev/null')" mine
	like "kept: what steers is covered, whoever the policy says is the owner" \
		"$(room ana 'mv /etc/passwd /etc/p; mkdir /etc/pam.d/x; mv /etc/nsswitch.conf /etc/n')" \
		$'passwd.*busy\n.*(Read-only|denied).*\n.*nsswitch.*busy'
	is "kept: the image is as it was" "$(cat $IMAGE/etc/issue; ls $IMAGE/etc/mine 2>/dev/null)" 'the image'
	settle
	"$STAGE_LIB/carrel-helper" --sweep --state $STATE_DIR
	is "kept: no room is noted any more" "$(ls $STATE_DIR/homes)" ''
	check "kept: no device is left" poll 10 loops_gone /srv/store
	rm -rf /srv/store
	rmdir $STATE_DIR/homes
	host_config
}

# root.quota, as home.quota: what an entry is made with is on its record.
check_kept_quota() {
	local owner=/srv/store/root/$(id -u ana).host/owner
	local root='mode = "overlay"; own = [ "/opt" ]; over = "persistent";'
	host_config 'store = "/srv/store";' "root = { $root quota = \"none\"; };" "root = { $root quota = \"none\"; };"
	is "without a quota" "$(room ana 'echo kept >/opt/x; cat /opt/x'; grep -E 'form|size' $owner | tr '\n' ' ')" \
		$'kept\nform=plain size=0 '
	all_gone
	is "and there again" "$(room ana 'cat /opt/x')" kept
	all_gone
	rm -rf /srv/store
	if rootimage_loops; then
		root="$root size = \"32M\"; quota = \"image\";"
		host_config 'store = "/srv/store";' "root = { $root };" "root = { $root };"
		is "an image" "$(room ana 'echo kept >/opt/x'; grep -E 'form|size' $owner | tr '\n' ' ')" 'form=image size=33554432 '
		all_gone
		poll 10 loops_gone /srv/store
		rm -rf /srv/store
	fi
	host_config '' 'root = { mode = "overlay"; over = "persistent"; size = "32M"; quota = "none"; };'
	like "none, and a size, is none" "$(ctl check --no-rehearse 2>&1)" 'root.quota: found "none" with root.size'
	all_gone
	rmdir $STATE_DIR/homes
	host_config
}

check_overlay() {
	root_is 'mode = "overlay"; over = "tmpfs"; own = [ "/etc", "/opt" ];'
	echo 'of the host' >/etc/roots-test
	is "own: added, replaced, removed" \
		"$(room dora 'echo mine >/etc/x; rm /etc/roots-test; echo y >/opt/y; cat /etc/x /opt/y; ls /etc/roots-test 2>&1')" \
		$'mine\ny\n'"ls: cannot access '/etc/roots-test': No such file or directory"
	is "until the room ends" "$(poll 10 user_gone dora; room dora 'cat /etc/roots-test; ls /etc/x /opt/y 2>/dev/null')" \
		'of the host'
	like "elsewhere nothing" "$(room dora 'touch /usr/x /var/x')" "usr/x': Permission denied"
	is "names of hosts and users work" \
		"$(room dora 'getent hosts localhost >/dev/null && getent passwd root >/dev/null && hostname')" carrelhost
	host_config '' '' 'root = { mode = "overlay"; over = "tmpfs"; own = [ "/etc" ]; }; errands = [ "passwd" ];'
	like "it can be explained" "$(ctl explain dora)" 'overlay'
	check "and rehearsed" ctl rehearse dora
	hold late dora@room
	is "a name that steers is covered" "$(hold_ask late 'mv /etc/passwd /etc/p 2>&1')" \
		"mv: cannot move '/etc/passwd' to '/etc/p': Device or resource busy"
	useradd -M -N newcomer
	poll 10 eval '[ "$(hold_ask late "getent passwd newcomer")" ]'
	is "who comes to the host is known in rooms that live" "$(hold_ask late 'id -un newcomer')" newcomer
	like "and it is covered as before" "$(hold_ask late 'mv /etc/passwd /etc/p 2>&1; grep -c " /etc/passwd " /proc/self/mountinfo')" \
		$'busy\n1$'
	hold_end late
	userdel newcomer
	rm -f /etc/roots-test
}

sees_users() {
	hold_ask sees 'cat /etc/passwd' | grep -e stranger -e dora | cut -d: -f1,5
}

sees_groups() {
	hold_ask sees 'cat /etc/group' | grep -e newlab -e newservice | cut -d: -f1
}

# keeps: plan/mounts/steering R1
# What the room knows of users follows the host, and brings back nobody: useradd gives the host new files.
check_hide_users() {
	local root
	useradd -M -N -u 3003 stranger
	for root in 'mode = "host";' 'mode = "overlay"; over = "tmpfs";' 'mode = "overlay"; over = "tmpfs"; own = [ "/etc" ];' \
		"mode = \"image\"; path = \"$IMAGE\";"; do
		root_is "$root hide_users = true;"
		hold sees dora@room
		is "others are not to be seen: $root" "$(hold_ask sees 'cat /etc/passwd' | grep -c -e stranger -e dora)" 1
		usermod -c 'Dora of the lab' dora
		poll 10 eval '[ "$(sees_users)" = "dora:Dora of the lab" ]' # where the root is the host's, that comes a moment later
		is "nor when the host has new files: $root" "$(sees_users)" 'dora:Dora of the lab'
		groupadd newlab
		gpasswd -a dora newlab >/dev/null 2>&1
		groupadd --system newservice
		poll 10 eval '[ "$(sees_groups)" = newservice ]'
		is "groups too: $root" "$(sees_groups)" newservice
		like "nor by another name of these files: $root" \
			"$(hold_ask sees 'mv /etc/passwd /etc/p 2>&1')" 'busy|denied|Read-only'
		hold_end sees
		usermod -c '' dora
		groupdel newlab
		groupdel newservice
	done
	userdel stranger
	root_is ''
}

# Reads both files again and again until it is told to end. What it has found of others, and how often it missed its own user.
READER='
	others=0 without=0 rounds=0
	until [ -e /tmp/stop ]; do
		rounds=$((rounds + 1)) own=0
		while read -r line; do
			case $line in
			stranger:*) others=$((others + 1)) ;;
			dora:*) own=1 ;;
			esac
		done </etc/passwd
		[ $own = 1 ] || without=$((without + 1))
		while read -r line; do
			[[ $line != strangers:* ]] || others=$((others + 1))
		done </etc/group
	done
	echo "$rounds $others $without" >/tmp/read'

# As useradd(8) and its kind do it, many times: the host has new files of these names at once.
replace_users() {
	python3 - "${ROUNDS:-100}" <<-'END'
	import os, shutil, sys, time
	for i in range(2 * int(sys.argv[1])):
	    for file in "/etc/passwd", "/etc/group":
	        lines = [line for line in open(file) if not line.startswith("round:")]
	        shutil.copy2(file, file + "+")
	        open(file + "+", "w").write("".join(lines + ["round:x:60000:\n"] * (i % 2 == 0)))
	        os.rename(file + "+", file)
	        time.sleep(0.005)
	END
}

# In roots whose names are the room's own, whoever reads all the time meanwhile finds nobody.
check_hide_race() {
	local root rounds others without
	useradd -M -N -u 3003 stranger
	groupadd -g 3003 strangers
	for root in 'mode = "overlay"; over = "tmpfs"; own = [ "/etc" ];' "mode = \"image\"; path = \"$IMAGE\";" \
		"mode = \"image\"; path = \"$IMAGE\"; over = \"tmpfs\"; own = [ \"/etc\" ];"; do
		root_is "$root hide_users = true;"
		hold sees dora@room
		hold_say sees "( $READER ) & echo"
		replace_users
		usermod -c "Dora of the lab" dora
		poll 10 eval '[ "$(sees_users)" = "dora:Dora of the lab" ]'
		hold_ask sees ': >/tmp/stop; wait' >/dev/null
		read -r rounds others without < <(hold_ask sees 'cat /tmp/read')
		check "somebody has read all the time: $root" test "${rounds:-0}" -gt 20
		is "others and missed: $root" "$others $without" "0 0"
		is "and the room has followed: $root" "$(sees_users)" 'dora:Dora of the lab'
		hold_end sees
		usermod -c '' dora
	done
	userdel stranger
	groupdel strangers
	root_is ''
}

host_start
rootimage_make $IMAGE
room dora true
settle
before=$(census)
run_cases "$@" -- check_files check_kept check_kept_quota check_overlay check_hide_users check_hide_race \
	check_hostile_image check_hostile
ctl kill dora >/dev/null 2>&1
poll 10 user_gone dora
same_census "nothing is left behind" "$before"
tap_done
