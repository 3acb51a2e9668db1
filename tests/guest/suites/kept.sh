#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# boot: systemd
# Kept homes at real logins, where only a system of its own can show them: held by project quotas that their users cannot
# leave, on ext4 and XFS; grown while somebody is in; what becomes of them at the end under systemd; over homes on NFS,
# automounter and FUSE.
. "$(dirname "$0")/../suite.sh"

HELD='project ENOTSUP flags ENOTSUP flags32 ENOTSUP call ENOSYS'
NO_FILTER='seccomp = { base = ""; };'

# kept_conf STORE HOME [MORE]: the home of students is kept there
kept_conf() {
	conf_write <<-END
	store = "$1";
	rules = ( { group = "students"; policy = "student"; } );
	policies = { student = { home = { mode = "overlay"; upper = "persistent"; $2 }; network = { mode = "none"; }; ${3-} }; };
	END
}

entry() { # STORE
	echo "$1/home/$UID_OF"
}

form() { # STORE
	guest "sed -n 's/^form=//p' $(entry "$1")/owner"
}

all_gone() {
	poll 30 guest '! pgrep -u root "^carrel(:|-init|-keeper)" && ! pgrep -f "^carrel-keeper:"'
}

home_is() { # SHELL COMMANDS: ana's home is made anew by them, and nothing of it is kept
	all_gone
	guest "cd /; umount -l /home/ana 2>/dev/null; rm -rf /home/ana $(entry /srv/kept/store) $(entry /srv/held/store); $1"
}

plain_home() {
	home_is 'install -d -o ana -g students -m 700 /home/ana; echo mine >/home/ana/mine; chown ana /home/ana/mine'
}

# held_fs TYPE: a file system with project quotas at /srv/held
held_fs() {
	guest 'bash -s' "$1" <<-'END'
		umount /srv/held 2>/dev/null
		mkdir -p /srv/held && rm -f /var/held.img && truncate -s 1G /var/held.img || exit
		if [ "$1" = xfs ]; then
			mkfs.xfs -q /var/held.img
		else
			mkfs.ext4 -q -F -O quota,project -E quotatype=prjquota /var/held.img
		fi
		mount -o loop,prjquota /var/held.img /srv/held
	END
}

held_fs_end() {
	all_gone
	guest 'umount /srv/held; rm -f /var/held.img'
}

# What a project quota holds: its user, whatever they do in a room.
held() { # WHAT A FULL ONE ANSWERS
	plain_home
	kept_conf /srv/held/store 'size = "24M"; inodes = 400;'
	is "auto: a project quota" "$(login ana 'cat mine' </dev/null; form /srv/held/store)" $'mine\nproject'
	is "its user cannot leave the project" "$(login ana "mkdir -p d; $(program attributes) . d" </dev/null | xargs)" \
		"read ok $HELD read ok $HELD"
	like "too much is too much" "$(login ana 'dd if=/dev/zero of=fill bs=1M count=64 2>&1' </dev/null)" "$1"
	is "a full one lets its user in, who can make room" "$(login ana 'cat mine; rm fill && echo new >kept && cat kept' </dev/null)" \
		$'mine\nnew'
	like "files count, too" "$(login ana 'mkdir many; cd many; for i in $(seq 500); do : >$i || break; done 2>&1' </dev/null)" "$1"
	is "and go again" "$(login ana 'rm -rf many; : >x && cat kept' </dev/null)" new
}

check_ext4() {
	check "ext4 with project quotas" held_fs ext4
	held 'quota'
}

# The home of check_ext4, from other rooms: it was made by one with a filter, and is shown by those that name none.
# keeps: helper/parts/home R2
check_other_rooms() {
	hold one ana
	kept_conf /srv/held/store 'size = "24M"; inodes = 400;' "$NO_FILTER share = \"user\";"
	hold two ana
	is "a policy without a filter, beside the first room" "$(hold_ask two "$(program attributes) ." | xargs)" "read ok $HELD"
	is "with the same home" "$(hold_ask one 'echo shared >by-one'; hold_ask two 'cat by-one')" shared
	is "it has one for just that" "$(hold_ask two 'unshare -U true && grep ^Seccomp: /proc/self/status' | xargs)" "Seccomp: 2"
	is "who joins that room has it, too" "$(login ana "$(program attributes) ." </dev/null | xargs)" "read ok $HELD"
	is "lsattr tells the project" "$(hold_ask two 'lsattr -pd .' | awk '{ print $1 }')" \
		"$(guest "sed -n 's/^project=//p' $(entry /srv/held/store)/owner")"
	guest "carrelctl home ana resize 96M" >/dev/null
	is "resized while they are in" "$(hold_ask one 'dd if=/dev/zero of=fill bs=1M count=64 2>&1 && stat -c %s fill && rm fill' |
		tail -n 1)" 67108864
	hold_end one
	check "the first room ends" poll 30 guest '[ "$(pgrep -c -x carrel-init)" = 1 ]'
	is "who visits the other has it, too" "$(guest "carrelctl enter ana -- $(program attributes) /home/ana 2>&1" </dev/null | xargs)" \
		"read ok $HELD"
	hold_end two
	all_gone
	guest "carrelctl home ana snapshot one" >/dev/null
	login ana 'mkdir later; echo later >later/file' </dev/null
	all_gone
	is "what comes after a snapshot is in the project" \
		"$(guest "cd $(entry /srv/held/store)/data && lsattr -pd up up/later" | awk '{ print $1 }' | sort -u)" \
		"$(guest "sed -n 's/^project=//p' $(entry /srv/held/store)/owner")"
	is "from outside nothing is linked or moved in" "$(guest "cd /srv/held && : >out && python3 -c '
import errno, os
for call in os.link, os.rename:
    try:
        call(\"out\", \"$(entry store)/data/up/in\")
    except OSError as e:
        print(errno.errorcode[e.errno])'" | xargs)" "EXDEV EXDEV"
	like "its user does not see it there" "$(guest "runuser -u ana -- ls $(entry /srv/held/store) 2>&1")" 'Permission denied'
	held_fs_end
}

# A root that is kept, and held by a project quota: what is the user's in it stays in its project.
# keeps: helper/parts/root R3
check_root_held() {
	check "ext4 with project quotas, for a root" held_fs ext4
	plain_home
	conf_write <<-END
	store = "/srv/held/store";
	rules = ( { group = "students"; policy = "student"; } );
	policies = { student = { root = { mode = "overlay"; over = "persistent"; own = [ "/opt" ]; size = "24M"; inodes = 400; };
		network = { mode = "none"; }; $NO_FILTER }; };
	END
	is "auto: a project quota" "$(login ana 'echo mine >/opt/x; cat /opt/x' </dev/null
		guest "sed -n 's/^form=//p' /srv/held/store/root/$UID_OF.host/owner")" $'mine\nproject'
	is "its user cannot leave the project, whatever the policy's filter" \
		"$(login ana "mkdir /opt/d; $(program attributes) /opt/d" </dev/null | xargs)" "read ok $HELD"
	like "too much is too much" "$(login ana 'dd if=/dev/zero of=/opt/fill bs=1M count=64 2>&1' </dev/null)" quota
	is "a full one lets its user in" "$(login ana 'cat /opt/x; rm /opt/fill; ls -d /opt/[dfx]* | xargs' </dev/null)" \
		$'mine\n/opt/d /opt/x'
	held_fs_end
}

check_xfs() {
	guest 'modprobe xfs' 2>/dev/null || { skip_here "XFS with project quotas" "this kernel has no XFS"; return; }
	check "XFS with project quotas" held_fs xfs
	held 'No space|quota'
	guest "carrelctl home ana resize 96M" >/dev/null
	is "resized" "$(login ana 'dd if=/dev/zero of=fill bs=1M count=64 2>/dev/null; stat -c %s fill' </dev/null)" 67108864
	held_fs_end
}

sessions_of_ana() {
	guest 'loginctl list-sessions --no-legend' | grep -c ' ana '
}

# What becomes of the changes, by a keeper that outlives its user's session. A session that is ended from outside ends no
# less well.
ends() { # STORE FORM HOME
	plain_home
	kept_conf "$1" "$3 at_end = \"commit\";"
	hold one ana
	is "$2" "$(hold_ask one 'cat mine'; form "$1")" $'mine\n'"$2"
	is "the keeper is where its supervisor is" "$(guest 'cat /proc/$(pgrep -o -f ^carrel-keeper:)/cgroup')" \
		"$(guest 'cat /proc/$(pgrep -o -u root ^carrel:)/cgroup')"
	hold_say one 'for i in $(seq 200); do echo $i >new.$i; done; rm mine; echo written'
	hold_ask one true >/dev/null
	is "diff, in the room" "$(hold_ask one 'carrel home diff' | awk '{ print $1 }' | grep -v '^$' | sort | uniq -c | xargs)" \
		"200 added 1 deleted"
	guest 'loginctl terminate-user ana'
	hold_end one 2>/dev/null
	check "the keeper ends" all_gone
	is "what was changed is in the real home" "$(guest 'ls /home/ana | wc -l; cat /home/ana/new.200; stat -c %U /home/ana/new.200')" \
		$'200\n200\nana'
	check "no session is left" poll 30 eval '[ "$(sessions_of_ana)" = 0 ]'
	kept_conf "$1" "$3 at_end = \"discard\";"
	login ana 'rm new.*; echo lost >lost' </dev/null
	check "the keeper ends again" all_gone
	is "discarded: the home is as it lies below" "$(login ana 'ls | wc -l; cat lost 2>&1 | grep -c lost:' </dev/null)" $'200\n1'
}

check_image() {
	ends /srv/kept/store image 'size = "32M"; inodes = 1000; quota = "image";'
	kept_conf /srv/kept/store 'size = "32M"; inodes = 1000; quota = "image"; at_end = "discard";'
	hold one ana
	guest "carrelctl home ana resize 128M" >/dev/null
	is "an image grows while it is in use" "$(hold_ask one 'dd if=/dev/zero of=fill bs=1M count=64 2>/dev/null; stat -c %s fill')" \
		67108864
	hold_end one
	check "and goes" all_gone
	check "no loop device is left" poll 20 guest '! losetup -nO BACK-FILE | grep -q /srv/kept/store'
}

check_project() {
	check "ext4 with project quotas" held_fs ext4
	ends /srv/held/store project 'size = "32M"; inodes = 1000;'
	held_fs_end
}

QUOTA='quota = "none";'

# over NAME: a home that is somewhere else is the lower of a kept one
over() {
	kept_conf /srv/kept/store "$QUOTA at_end = \"commit\";"
	is "$1: is the lower" "$(login ana 'cat mine; echo changed >mine; echo new >new' </dev/null 2>&1)" mine
	all_gone
	is "$1: changes are brought there" "$(guest 'runuser -u ana -- cat /home/ana/mine /home/ana/new')" $'changed\nnew'
	kept_conf /srv/kept/store "$QUOTA"
	is "$1: or kept" "$(login ana 'cat mine; echo again >mine' </dev/null; login ana 'cat mine' </dev/null)" $'changed\nagain'
}

refused() { # NAME WHY
	kept_conf /srv/kept/store "$QUOTA"
	log_mark
	like "$1: refused" "$(login_tty ana true 2>&1)" 'code HOME'
	check "$1: the log names the cause and a way out" log_since "$2"
}

nfs() { # OPTIONS
	home_is 'mkdir /home/ana'
	guest 'bash -s' "$1" <<-'END'
		systemctl unmask nfs-server.service rpcbind.service rpcbind.socket nfs-blkmap.service >/dev/null 2>&1
		systemctl start rpcbind.socket
		mkdir -p /srv/nfs/ana && chown ana:students /srv/nfs/ana && chmod 700 /srv/nfs/ana
		echo mine >/srv/nfs/ana/mine && chown ana /srv/nfs/ana/mine && rm -f /srv/nfs/ana/new
		echo "/srv/nfs 127.0.0.1(rw,$1,no_subtree_check,insecure)" >/etc/exports
		systemctl start nfs-server && exportfs -ra && mount -t nfs -o vers=4,soft,timeo=50 127.0.0.1:/srv/nfs/ana /home/ana
	END
}

check_nfs() {
	check "NFS with no_root_squash" nfs no_root_squash
	over NFS
	check "NFS with root_squash" nfs root_squash
	refused "NFS with root_squash" 'keeps root out .*"real" or "tmpfs"'
	home_is 'exportfs -ua; systemctl stop nfs-server; rm -rf /srv/nfs /etc/exports'
}

check_autofs() {
	home_is 'ln -s /auto/ana /home/ana'
	guest 'bash -s' <<-'END'
		systemctl unmask autofs >/dev/null 2>&1
		echo '/auto /etc/auto.test --timeout=2' >/etc/auto.master
		echo '* -fstype=bind :/srv/auto/&' >/etc/auto.test
		mkdir -p /srv/auto && install -d -o ana -g students -m 700 /srv/auto/ana
		echo mine >/srv/auto/ana/mine && chown ana /srv/auto/ana/mine
		systemctl restart autofs
		usermod -d /auto/ana ana
	END
	over "an automounter"
	guest 'usermod -d /home/ana ana; systemctl stop autofs; rm -rf /srv/auto'
}

check_fuse() {
	home_is 'install -d -o ana -g students -m 700 /home/ana /srv/fuse; echo mine >/srv/fuse/mine; chown ana /srv/fuse/mine
		modprobe fuse; bindfs -o allow_other,default_permissions /srv/fuse /home/ana'
	over "a FUSE that root may see"
	home_is 'install -d -o ana -g students -m 700 /home/ana; runuser -u ana -- bindfs --no-allow-other /srv/fuse /home/ana'
	refused "a FUSE that only its user may see" 'lets in nobody but .*allow_other.*"tmpfs"'
	home_is 'rm -rf /srv/fuse'
}

check "users" users_make
UID_OF=$(guest 'id -u ana')
guest 'ls /run/systemd/system >/dev/null && mkdir -p /srv/kept'
pam_wire sshd timeout=60
needs check_other_rooms check_ext4
run_cases "$@" -- check_ext4 check_other_rooms check_project check_root_held check_xfs check_image check_nfs check_autofs check_fuse
home_is 'install -d -o ana -g students -m 700 /home/ana; rm -rf /srv/kept'
tap_done
