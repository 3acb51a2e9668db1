#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Users as directories have them: names with @, \ and $, in other scripts, homes in odd places, tickets in /tmp.
. "$(dirname "$0")/../lib/stage.sh"
stage_enter "$@"
. "$(dirname "$0")/../lib/ctl.sh"

add() { # NAME UID HOME
	echo "$1:x:$2:$STUDENTS::$3:/bin/bash" >>/etc/passwd
	echo "$1:*:19000:0:99999:7:::" >>/etc/shadow
	mkdir -p "$3"
	chown "$2:$STUDENTS" "$3"
	chmod 700 "$3"
}

as() { # NAME COMMAND
	s -l "$1" room "$2" </dev/null 2>&1
}

# works NAME HOME HOSTNAME
works() {
	is "$1: a login works" "$(as "$1" 'id -un; pwd -P; touch ~/mine && ls ~; hostname')" "$1"$'\n'"$2"$'\nmine\n'"$3"
}

homes() {
	works 'jdoe@example.com' /home/example.com/jdoe jdoe-example-com-room
	works 'EX\jdoe' /home/EX/jdoe ex-jdoe-room
	works 'u$er' '/home/u$er' u-er-room
	works 'ünï' /home/ünï n---room
	works slash /home/slash slash-room
	works twice /home/twice twice-room
}

check_overlay() {
	homes
	is "of a home below homes nothing else is seen" "$(as 'EX\jdoe' 'ls -d /home/* /home/*/*')" $'/home/EX\n/home/EX/jdoe'
	is "the overlay left the homes alone" "$(find /home -name mine)" ''
}

check_real() {
	sed -i '0,/home = { mode = "overlay"; size = "64M"; };/s//home = { mode = "real"; };/' /etc/carrel/carrel.conf
	homes
	is "real homes have what was written" "$(find /home -name mine | wc -l)" 6
}

check_dots() {
	add dots 3007 /home/../home/dots
	log_mark
	like "a home with .. is refused" "$(as dots true)" 'refused \(code (REQUEST|HOME)\)'
	like "and the log says what was found" "$(log_since refused)" 'user=dots .*without \. and \.\.'
}

# As hosting companies have it: the home is root's and sftp is locked into it.
check_locked_home() {
	add ulla 3008 /home/ulla
	chown root:root /home/ulla
	chmod 755 /home/ulla
	install -d -o 3008 -g students /home/ulla/upload
	is "a home of root's" "$(as ulla 'touch ~/x 2>/dev/null; touch ~/upload/mine && ls ~')" upload
	like "rehearse takes it as it is" "$(ctl rehearse ulla)" "^home +yes +yes +ok +/home/ulla is there and root's own"
	sed -i 's/^rules = (/&\n  { user = "ulla"; policy = "locked"; },/
		s/^policies = {/&\n  locked = { inherit = "sftp-only"; features = { limits = "prefer"; }; };/' \
		/etc/carrel/carrel.conf
	printf 'Match User ulla LocalPort %s\n  ChrootDirectory %%h\n  ForceCommand internal-sftp\n' $PORT_ROOM >>$STAGE/keys/sshd_config
	sshd_room_reload
	echo upload >$STAGE/file
	printf 'put %s upload/new\nls /\nls ..\n' $STAGE/file >$STAGE/batch
	is "sshd's ChrootDirectory" \
		"$(timeout "$SSH_LIMIT" sftp -F $STAGE/ssh/config -b $STAGE/batch ulla@room 2>&1 | grep -v '^sftp>' | xargs)" \
		'/upload ../upload'
	is "what came is in the real home" "$(cat /home/ulla/upload/new)" upload
}

in_root() { printf '%s\n' "$@" | timeout "$SSH_LIMIT" sftp -F $STAGE/ssh/config -b - ulla@room 2>&1 | grep -v '^sftp>' | xargs; }

# The usual roots of sftp: beneath a directory that the policy hides, one for each user, with a place to put things.
# sshd's own check of the way to it is done in the room.
check_chroot() {
	for name in ulla bob; do
		install -d "/srv/sftp/$name/in" "/srv/sftp/$name/keep"
		chown "$name:students" "/srv/sftp/$name/in" "/srv/sftp/$name/keep"
	done
	sed -i 's|ChrootDirectory %h|ChrootDirectory /srv/sftp/%u|' $STAGE/keys/sshd_config
	sshd_room_reload
	is "ChrootDirectory in what is hidden: no sftp" "$(in_root 'ls /' | grep -c '/in')" 0
	local root='root = { writable_paths = [ "/srv/sftp/%u" ]; hide_add = [ "/srv/sftp/%u/keep/secret" ]; };'
	sed -i "s|locked = { inherit = \"sftp-only\";|& $root|" /etc/carrel/carrel.conf
	touch /srv/sftp/ulla/keep/secret
	is "shown by writable_paths: ls" "$(in_root 'ls /' 'ls ..')" '/in /keep ../in ../keep'
	is "put and get" "$(in_root "put $STAGE/file in/new" "get in/new $STAGE/back" 'rename in/new in/newer' 'ls in'; cat $STAGE/back)" \
		$'in/newer\nupload'
	is "it is in the real place" "$(cat /srv/sftp/ulla/in/newer)" upload
	like "what is hidden again in it cannot be read" "$(in_root "get keep/secret $STAGE/back")" 'ermission denied'
	is "of the others nothing is there" \
		"$(sed -i '/ChrootDirectory/d; s/ForceCommand internal-sftp//' $STAGE/keys/sshd_config; sshd_room_reload; as ulla \
		'ls -A /srv /srv/sftp')" $'/srv:\nsftp\n\n/srv/sftp:\nulla'
}

# docs/install.md: a ticket that was left in the host's /tmp, by the user's number.
check_tickets() {
	host_config '' 'root = { bind = ( { source = "/tmp/krb5cc_%U"; target = "/tmp/krb5cc_%U"; writable = true; optional = true; } ); };'
	is "without a ticket cache a login works" "$(as slash 'ls /tmp')" ''
	install -o 3005 -m 600 /dev/null /tmp/krb5cc_3005
	is "with one it is seen and can be renewed" "$(as slash 'echo ticket >/tmp/krb5cc_3005; ls /tmp')$(cat /tmp/krb5cc_3005)" \
		krb5cc_3005ticket
	is "by nobody else" "$(as twice 'ls /tmp')" ''
	rm /tmp/krb5cc_3005
	ln -s /etc/shadow /tmp/krb5cc_3005
	chown -h 3005 /tmp/krb5cc_3005
	is "a link there leads nowhere" "$(as slash 'cat /tmp/krb5cc_3005 2>/dev/null; ls /tmp; echo in')" in
	rm /tmp/krb5cc_3005
}

check_operator() {
	host_config
	hold one -l 'EX\jdoe' room
	is "list names such a user" "$(ctl list 'EX\jdoe' --json | json 'd[0]["user"]')" 'EX\jdoe'
	is "explain finds him" "$(ctl explain 'jdoe@example.com' --json | json 'd["login"]["policy"]')" student
	ctl kill 'EX\jdoe' >/dev/null
	is "kill ends him" "$(status ctl list 'EX\jdoe')" 1
	hold_end one 2>/dev/null
}

host_start
STUDENTS=$(getent group students | cut -d: -f3)
add 'jdoe@example.com' 3001 /home/example.com/jdoe
add 'EX\jdoe' 3002 /home/EX/jdoe
add 'u$er' 3003 '/home/u$er'
add 'ünï' 3004 /home/ünï
add slash 3005 /home/slash/
add twice 3006 //home//twice
needs check_chroot check_locked_home
run_cases "$@" -- check_overlay check_real check_dots check_locked_home check_chroot check_tickets check_operator
tap_done
