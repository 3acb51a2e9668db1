#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# "ok" of carrelctl check and enable: the login works, and somebody can still become root.
. "$(dirname "$0")/../lib/stage.sh"
stage_enter "$@"
. "$(dirname "$0")/../lib/ctl.sh"

DIR=$STAGE/pam.test

found() { # PATTERN among "LEVEL LINE FINDING", of check with further arguments
	local pattern=$1
	shift
	ctl check ${REHEARSE---no-rehearse} --json "$@" |
		json '"\n".join(" ".join([x["level"], str(x["line"]), x["finding"]]) for x in d)' | grep -E -- "$pattern"
}

# says PATTERN COMMAND...: its output, whatever its exit status
says() {
	local pattern=$1
	shift
	"$@" 2>&1 | tr -s ' ' | grep -E -- "$pattern"
}

# keeps: ctl/conf/enable R1 R2
check_enable() {
	mkdir -p "$DIR"
	grep -v pam_carrel /etc/pam.d/sshd >"$DIR/sshd"
	chmod 640 "$DIR/sshd"
	cp -p "$DIR/sshd" "$STAGE/before"
	check "enable, with a session that is opened and closed" says 'a session of [a-z]+ was opened and closed' ctl enable sshd
	is "close is first of the sessions" \
		"$(grep -nE '^(session|@include common-session)' "$DIR/sshd" | head -n 1 | grep -c 'pam_carrel.so close')" 1
	is "open is last of all" "$(tail -n 1 "$DIR/sshd" | grep -c '^session requisite .*pam_carrel.so open')" 1
	is "mode and owner are kept" "$(stat -c '%a %u' "$DIR/sshd")" '640 0'
	check "a backup is kept" cmp "$STAGE/before" /etc/carrel/pam-backup/sshd
	is "no other file in pam.d" "$(ls -A "$DIR" | xargs)" sshd
	check "twice: it says so" says 'lines are in already' ctl enable sshd
	is "which is a yes" "$(status ctl enable sshd)" 0
	check "disable" ctl disable sshd
	check "all is as before" cmp "$STAGE/before" "$DIR/sshd"
	is "twice: nothing to do, which is a yes" "$(status ctl disable sshd)" 0
	printf 'session optional pam_carrel.so open\n' >"$DIR/odd"
	is "lines that are wrong are not taken for enabled" "$(status ctl enable odd)" 1
	echo 'session sufficient pam_permit.so' >"$DIR/odd"
	is "what ends early is refused" "$(status ctl enable odd)" 3
	is "and left alone" "$(cat "$DIR/odd")" 'session sufficient pam_permit.so'
	printf 'session required pam_permit.so \\' >"$DIR/odd"
	is "a file that libpam refuses is refused" "$(status ctl enable odd)" 3
	echo 'broken' >/etc/carrel/carrel.conf
	is "a broken configuration is not enabled" "$(status ctl enable sshd)" 3
	printf 'whatever\nsession requisite pam_carrel.so open\n' >"$DIR/odd"
	check "disable works all the same" ctl disable odd
	is "and takes out its line only" "$(cat "$DIR/odd")" whatever
	is "names are no paths" "$(status ctl enable ../sshd)" 2
	rm "$DIR/odd"
	host_config
}

# refuses WHAT SERVICE PATTERN: nothing is written
refuses() {
	cp "$DIR/$2" "$STAGE/before"
	check "$1" says "$3" ctl enable "$2"
	is "exit status 1" "$(status ctl enable "$2")" 1
	check "and nothing is written" cmp "$STAGE/before" "$DIR/$2"
}

# What sudoers says may have sudo pass carrel by.
check_sudoers() {
	mkdir -p /etc/sudoers.d
	cp /etc/sudoers "$STAGE/sudoers.before" 2>/dev/null
	printf '@includedir /etc/sudoers.d\n' >/etc/sudoers
	printf 'Defaults env_reset, !pam_session\n' >/etc/sudoers.d/stage
	printf 'session required pam_unix.so\n' >"$DIR/sudo"
	refuses "sudo that opens no session" sudo 'error .*/sudoers.d/stage 1 sudo opens no PAM session by this line'
	ctl enable --force --no-rehearse sudo >/dev/null
	check "check tells it" found 'error 1 sudo opens no PAM session by this line'
	printf 'Defaults !pam_session\nDefaults pam_session\n' >/etc/sudoers.d/stage
	check "the last word counts" quiet 'sudo opens no PAM session'
	printf 'Defaults:ana, bob !pam_session\n' >/etc/sudoers.d/stage
	check "for some" found 'warning 1 sudo opens no PAM session for those whom it is about'
	printf 'Defaults !pam_setcred\nDefaults pam_service=unheard\n' >/etc/sudoers.d/stage
	check "another service" found 'error 2 sudo asks PAM service unheard by this line, in which carrel is not'
	printf 'Defaults pam_service=sudo\nDefaults pam_login_service=unheard\n' >/etc/sudoers.d/stage
	check "its own, and one that is not carrel's matter" quiet 'sudo (opens no|asks) PAM'
	rm /etc/sudoers.d/stage "$DIR/sudo"
	if [ -e "$STAGE/sudoers.before" ]; then mv "$STAGE/sudoers.before" /etc/sudoers; else rm /etc/sudoers; fi
}

# keeps: ctl/conf/enable R3
check_result() {
	printf 'session required pam_unix.so\n' >"$DIR/common-session"
	printf '@include common-session\n' >"$DIR/cron"
	refuses "a file that others include" common-session 'error .*/cron 1 this line brings in carrel'
	printf 'session required pam_unix.so\n' >"$DIR/systemd-user"
	refuses "systemd's own" systemd-user 'error .*service systemd-user is that of user@.service'
	cp "$DIR/systemd-user" "$DIR/polkit-1"
	refuses "polkit's" polkit-1 'error .*service polkit-1 is that of polkitd'
	cp "$DIR/systemd-user" "$DIR/remote"
	mkdir -p /etc/systemd/system/remote.service.d
	printf '[Service]\nPAMName = remote\n' >/etc/systemd/system/remote.service.d/pam.conf
	refuses "a unit's" remote 'error .*service remote is that of /etc/systemd/system/remote.service.d/pam.conf'
	rm -r /etc/systemd/system/remote.service.d
	check "and once it is no unit's" ctl enable remote
	printf 'session [success=1 default=ignore] pam_permit.so\n' >"$DIR/jump"
	refuses "a line that jumps over carrel" jump 'error .*/jump 2 this session line can jump past'
	is "a session would then fail" "$(status ctl enable --force jump)" 1
	ctl disable jump >/dev/null
	check "unless it is forced" ctl enable --force --no-rehearse jump
	printf 'session sufficient pam_permit.so\n' >"$DIR/common-session"
	printf '@include common-session\nsession required pam_unix.so\n' >"$DIR/ends"
	refuses "an included line that ends the stack" ends 'error .*/common-session 1 this session line can end the stack before'
	printf 'session requisite pam_deny.so\nsession required pam_unix.so\n' >"$DIR/sudo"
	refuses "a line that ends sudo's stack with an error that sudo goes on after" sudo \
		'error .*/sudo 2 this session line ends the stack of service sudo when it fails'
	cp "$DIR/sudo" "$DIR/su"
	ctl enable --force --no-rehearse su >/dev/null
	check "su goes on after none" quiet 'ends the stack of service su '
	printf 'session [default=1] pam_permit.so\nsession requisite pam_deny.so\nsession required pam_permit.so\n' \
		>"$DIR/common-session"
	printf 'session required pam_limits.so\n@include common-session\nsession required pam_unix.so\n' >"$DIR/sudo"
	check "as Debian has it" ctl enable --no-rehearse sudo
	check "there is nothing to tell" quiet 'service sudo'
	rm "$DIR"/{su,sudo}
	printf 'session required pam_unix.so\n' >"$DIR/unheard"
	cp "$DIR/unheard" "$DIR/cockpit"
	refuses "a service that nobody has tried" unheard 'error .*service unheard: whether its program works in a room is not known'
	refuses "one that breaks, with the reason" cockpit 'error .*service cockpit: cockpit-session goes on in the process'
	check "unless it is forced, too" ctl enable --force unheard
	check "of which check warns" found 'warning [0-9]+ service unheard: whether'
	id=$(ctl check --no-rehearse --json | json '[x["id"] for x in d if "service unheard:" in x["finding"]][0]')
	sed -i "1i acknowledged = [ \"$id\" ];" /etc/carrel/carrel.conf
	is "it can be acknowledged" "$(ctl check --no-rehearse | grep -c 'service unheard')" 0
	host_config
	printf 'pam_service_name=vsftpd\n' >/etc/vsftpd.conf
	printf 'session required pam_unix.so\n' >"$DIR/vsftpd"
	check "vsftpd is known" ctl enable vsftpd
	check "vsftpd that opens no session" found 'warning None vsftpd opens no PAM session'
	echo 'session_support=YES' >>/etc/vsftpd.conf
	check "and one that does" quiet 'vsftpd'
	rm /etc/vsftpd.conf
	rm "$DIR"/{common-session,cron,systemd-user,polkit-1,remote,jump,ends,unheard,cockpit,vsftpd}
}

# As Debian has them.
check_su() {
	printf 'auth sufficient pam_rootok.so\nsession required pam_env.so\nsession required pam_unix.so\n' >"$DIR/su"
	printf 'auth include su\nsession optional pam_keyinit.so force revoke\nsession include su\n' >"$DIR/su-l"
	cp "$DIR/su-l" "$STAGE/su-l.before"
	check "su-l is enabled by itself" ctl enable su-l
	refuses "then su is not" su 'error .*/su-l 4 this line brings in carrel, .* has lines of carrel of its own'
	ctl disable su-l >/dev/null
	check "su is" ctl enable su
	check "su-l comes with it" says 'su-l: carrel comes by line 3, which includes .*/su: nothing to do' ctl enable su-l
	check "without a line" cmp "$STAGE/su-l.before" "$DIR/su-l"
	rm "$DIR"/su "$DIR"/su-l
}

check_session() {
	printf 'session required pam_deny.so\n' >"$DIR/runuser"
	cp -p "$DIR/runuser" "$STAGE/before"
	check "a session that fails is told" says 'a session of [a-z]+ fails, so .*/runuser is as it was: pam_open_session' ctl enable \
		runuser
	check "and the file is as it was" cmp "$STAGE/before" "$DIR/runuser"
	check "with its mode" test "$(stat -c %a "$STAGE/before")" = "$(stat -c %a "$DIR/runuser")"
	is "which is a no" "$(status ctl enable runuser)" 1
	printf 'session required pam_unix.so\n' >"$DIR/atd"
	check "a user by name" says 'a session of dora was opened' ctl enable atd --user dora
	ctl disable atd >/dev/null
	check "one who gets no room" says 'no user of this host gets a room by atd' ctl enable atd --user gus
	rm "$DIR/runuser" "$DIR/atd"
}

check_module() {
	local version module=$STAGE/module
	printf 'session required pam_unix.so\n' >"$DIR/atd"
	mkdir -p "$module"
	check "a module that is not there" found 'error None libpam cannot load /no/pam_carrel.so: every login is refused' --module \
		/no/pam_carrel.so
	refuses_module "nobody is locked out by it" /no/pam_carrel.so 'error .*libpam cannot load /no/pam_carrel.so'
	check "nor by one that is not where libpam looks" says 'libpam cannot load pam_carrel.so: .*make install PAMDIR=/' \
		ctl --module pam_carrel.so enable atd
	cp "$STAGE_LIB/pam_carrel.so" "$module/"
	printf '\xf3\x00' | dd of="$module/pam_carrel.so" bs=1 seek=18 conv=notrunc status=none
	refuses_module "another machine's" "$module/pam_carrel.so" 'error .*libpam cannot load'
	version=$("$STAGE_LIB/carrelctl" --version | awk 'NR == 1 { print $2 }')
	sed "s/$version (protocol/${version//[0-9]/7} (protocol/" "$STAGE_LIB/pam_carrel.so" >"$module/pam_carrel.so"
	refuses_module "another version's" "$module/pam_carrel.so" 'error .*libpam loads a module of version 7.7.7'
	cp "$(find /lib/*/security /usr/lib*/security -name pam_permit.so 2>/dev/null | head -n 1)" "$module/pam_carrel.so"
	refuses_module "another one of that name" "$module/pam_carrel.so" 'libpam loads a module of version unknown'
	cp "$STAGE_LIB/pam_carrel.so" "$module/"
	chmod 666 "$module/pam_carrel.so"
	refuses_module "one that all may write to" "$module/pam_carrel.so" 'error .*the module is not root.s alone'
	chmod 644 "$module/pam_carrel.so"
	chmod 777 "$module"
	refuses_module "or put there" "$module/pam_carrel.so" 'error .*not root.s alone'
	chmod 755 "$module"
	check "the right one is quiet" refute_found --module "$module/pam_carrel.so"
	printf '#!/bin/sh\necho 1.0\n' >"$module/helper"
	chmod 755 "$module/helper"
	check "another version's helper" found 'error None the helper is version 1.0' --helper "$module/helper"
	echo 'echo' >"$module/helper"
	check "one that does not run" found 'error None the helper does not tell its version' --helper "$module/helper"
	rm -r "$module" "$DIR/atd"
}

refuses_module() { # WHAT MODULE PATTERN
	check "$1" says "$3" ctl --module "$2" enable atd
	is "is not enabled" "$(cat "$DIR/atd")" 'session required pam_unix.so'
}

refute_found() {
	! found 'libpam|modules? |pam_carrel|helper' "$@"
}

add_rules() { # TEXT before the others
	host_config
	sed -i "s|^rules = (|rules = ( $1|" /etc/carrel/carrel.conf
}

quiet() { # PATTERN
	! found "$1"
}

# keeps: ctl/check/power R1
check_power() {
	printf 'session required pam_unix.so\n' >"$DIR/sshd"
	printf 'UsePAM yes\nPermitRootLogin no\n' >/etc/ssh/sshd_config
	[ -x /usr/bin/sudo ] || printf '#!/bin/sh\n' | install -m 4755 /dev/stdin /usr/local/bin/sudo 2>/dev/null
	groupadd -f sudo
	usermod -g guests bea
	check "with nobody who is root's equal nothing is told" quiet 'no longer can|nobody could'
	gpasswd -a ana sudo >/dev/null
	check "a member of sudo" found \
		'warning [0-9]+ ana, who may become root \(group sudo\), no longer can in a login by sshd: policy student: no_new_privs'
	check "who was the last one" found 'error None nobody could become root any more by sshd: .* PermitRootLogin forbids it'
	refuses "so sshd is not enabled" sshd 'error .*nobody could become root any more'
	cp "$DIR/sshd" "$DIR/sudo-i"
	check "a service that lets nobody in from outside is" ctl enable --no-rehearse sudo-i
	add_rules '{ group = "sudo"; policy = "admin"; },'
	check "with a rule for them all is quiet" quiet 'no longer can|nobody could'
	check "and sshd is enabled" ctl enable sshd
	host_config
	check "when the rule goes it is told again" found 'error None nobody could become root any more by sshd'
	usermod -g carrel-break-glass bea
	check "somebody is left who breaks glass" quiet 'nobody could'
	check "the other is told all the same" found 'ana, who may become root'
	usermod -g guests bea
	sed -i 's/pam_carrel.so open/& break_glass=guests/' "$DIR/sshd"
	check "in the group that the PAM line names" quiet 'nobody could'
	like "which explain knows" "$(ctl explain gus)" '^in group guests: logs in without a room'
	sed -i 's/break_glass=guests/break_glass=nobodys/' "$DIR/sshd"
	check "whose members would mend it" says 'or members in group nobodys, or a key' ctl check --no-rehearse --json
	sed -i 's/ break_glass=nobodys//' "$DIR/sshd"
	sed -i 's/PermitRootLogin.*/PermitRootLogin prohibit-password/' /etc/ssh/sshd_config
	check "root without a key" found 'error None nobody could become root any more by sshd: .* it has no key'
	mkdir -p /root/.ssh
	echo key >/root/.ssh/authorized_keys
	check "and with one" quiet 'nobody could'
	rm -r /root/.ssh
	gpasswd -d ana sudo >/dev/null
	useradd -M -N -g sudo -s /bin/bash -d /home/ana boss
	check "by the primary group" found \
		'boss, who may become root \(group sudo\), no longer can in a login by sshd: no rule lets them in'
	userdel boss
	printf 'User_Alias OPS = bob, %%#%s\nOPS ALL = (ALL) NOPASSWD: ALL\n' "$(id -g dora)" >"$STAGE/ops"
	mkdir -p /etc/sudoers.d
	cp /etc/sudoers "$STAGE/sudoers.before" 2>/dev/null
	printf 'Defaults env_reset\n@includedir /etc/sudoers.d\n' >/etc/sudoers
	cp "$STAGE/ops" /etc/sudoers.d/ops
	check "by sudoers" found 'bob, who may become root \(/etc/sudoers.d/ops line 2\), no longer can .* policy staff'
	check "and by a group's number there" found 'dora, who may become root \(/etc/sudoers.d/ops line 2\)'
	check "which is an error as well" found 'error None nobody could become root any more'
	printf '+net ALL = ALL\n@include /no/such/file\n' >/etc/sudoers.d/ops
	check "what is not understood is told" found 'warning 1 not understood \(\+net\)'
	check "so is what cannot be read" found 'warning None not understood \(cannot be read\)'
	add_rules '{ user = "bob"; policy = "admin"; },'
	printf 'bob ALL = /bin/ls\ndora ALL = ALL\n' >/etc/sudoers.d/ops
	check "one command is not all of root's power" found 'error None nobody could become root any more'
	rm /etc/sudoers.d/ops
	[ ! -e "$STAGE/sudoers.before" ] || mv "$STAGE/sudoers.before" /etc/sudoers
	gpasswd -a ana sudo >/dev/null
	sed "s|^// data_dir.*|data_dir = \"$STAGE/data\";|" "$STAGE/data/carrel.conf" >/etc/carrel/carrel.conf
	check "as shipped they keep their power" quiet 'no longer can|nobody could|no group'
	gpasswd -d ana sudo >/dev/null
	usermod -g carrel-break-glass bea
	host_config
	rm "$DIR"/sshd "$DIR"/sudo-i
}

rehearsed() { # PATTERN
	REHEARSE='' found "$1"
}

check_rehearsal() {
	printf 'session required pam_unix.so\n' >"$DIR/atd"
	check "rooms of all rules can be made" quiet_rehearsal
	add_rules '{ user = "cara"; time = "Mon-Sun 03:00-03:01"; rhost = "192.0.2.0/24"; tty = "tt*"; policy = "hours"; },'
	sed -i 's|^policies = {|policies = { hours = { inherit = "lab"; root = { writable_paths = [ "/srv/no-such" ]; }; };|' \
		/etc/carrel/carrel.conf
	check "a rule of one minute of the week" rehearsed \
		'error [0-9]+ a login of cara that comes to this rule would be refused: policy hours'
	refuses "is enough" atd 'error .*a login of cara that comes to this rule would be refused'
	check "unless nothing is rehearsed" ctl enable --no-rehearse atd
	ctl disable atd >/dev/null
	sed -i 's/"192.0.2.0.24"; tty/"192.0.2.0\/24"; service = "login"; tty/' /etc/carrel/carrel.conf
	check "a rule for another service is not in the way" ctl enable atd
	check "and yet is told" rehearsed 'error [0-9]+ a login of cara that comes to this rule would be refused'
	host_config
	mv /home/dora /home/dora.away
	check "a home that is not there is the next one's matter" quiet_rehearsal
	mv /home/dora.away /home/dora
	is "nobody may look at all without root" \
		"$(setpriv --reuid 1001 --clear-groups "$STAGE_LIB/carrelctl" --helper "$STAGE_LIB/carrel-helper" --state "$STATE_DIR" \
		check --json | grep -c 'that comes to this rule')" 0
	rm "$DIR/atd"
}

quiet_rehearsal() {
	! rehearsed 'that comes to this rule|rehearsal'
}

without() { # CALL COMMAND... of carrelctl
	local call=$1
	shift
	"$STAGE/bin/enosys" "$call" "$STAGE_LIB/carrelctl" --helper "$STAGE_LIB/carrel-helper" --module "$STAGE_LIB/pam_carrel.so" \
		--state "$STATE_DIR" --pam-dir "$DIR" "$@"
}

check_kernel() {
	local call
	printf 'session required pam_unix.so\n' >"$DIR/atd"
	check "this kernel has what it takes" quiet '^error.*Linux'
	for call in mount_setattr close_range clone3 pidfd_open open_tree move_mount fsopen fsconfig fsmount pidfd_send_signal; do
		check "a kernel without $call" says \
			"^error .*Linux $(uname \
			-r) has no $call\(2\), which came with 5\.[0-9]+: carrel needs 5.14: every login is refused" \
			without $call check
	done
	log_mark
	for call in mount_setattr clone3 open_tree move_mount fsopen; do
		check "the refusal names $call and the kernel" says "Linux $(uname -r) has no $call\(2\)" without $call rehearse ana
	done
	check "and is in the log" poll 5 log_since "refused .*Linux $(uname -r) has no mount_setattr"
	check "enable refuses there" says 'error .*has no mount_setattr' without mount_setattr enable atd
	is "and writes nothing" "$(cat "$DIR/atd")" 'session required pam_unix.so'
	rm "$DIR/atd"
}

# policy TEXT: one that no rule names, since check looks at all
add_policy() {
	host_config
	sed -i "s|^policies = {|policies = { odd = { inherit = \"student\"; $1 };|" /etc/carrel/carrel.conf
}

# sshd's ChrootDirectory is looked for in the rooms of those whom it is for.
check_chroot() {
	local conf=/etc/ssh/sshd_config
	cp -p "$conf" "$STAGE/sshd_config"
	cp -p "$DIR/sshd" "$STAGE/sshd.before"
	cp /etc/pam.d/sshd "$DIR/sshd"
	install -d /srv/sftp/dora/in /srv/sftp/bob
	chown dora /srv/sftp/dora/in
	host_config
	sed -i 's|^rules = (|rules = ( { user = [ "dora", "bob" ]; policy = "locked"; }, |
		s|^policies = {|policies = { locked = { inherit = "sftp-only"; features = { limits = "prefer"; }; };|' \
		/etc/carrel/carrel.conf
	printf 'Match User dora\n ChrootDirectory /srv/sftp/%%u\n' >>"$conf"
	check "a ChrootDirectory that is hidden" found \
		'error [0-9]+ ChrootDirectory /srv/sftp/dora, for which policy locked of dora shows nothing'
	check "with what to write" says 'policy locked: root = \{ writable_paths_add = \[ "/srv/sftp/%u" \]; \}' ctl check --no-rehearse
	sed -i 's|inherit = "sftp-only";|& root = { hide = [ "/home" ]; };|' /etc/carrel/carrel.conf
	check "one that is read-only, with a place to write" found 'warning [0-9]+ ChrootDirectory /srv/sftp/dora, .* is read-only'
	sed -i 's|hide = . "/home" .;|writable_paths = [ "/srv/sftp/%u" ];|' /etc/carrel/carrel.conf
	check "one that is shown is quiet" quiet ChrootDirectory
	sed -i 's|/srv/sftp/%u$|/run/sftp|' "$conf"
	check "one in a place of the room's own" found 'error [0-9]+ ChrootDirectory /run/sftp, .* has a place of the room.s own'
	sed -i 's|Match User dora|Match User dora Address 10.0.0.0/8|' "$conf"
	check "one that is for some connections" found 'warning [0-9]+ ChrootDirectory /run/sftp'
	sed -i 's|^Match User dora.*|Match User gus,!dora|' "$conf"
	check "one that is for others" quiet ChrootDirectory
	cat "$STAGE/sshd_config" >"$conf"
	cp -p "$STAGE/sshd.before" "$DIR/sshd"
	rm -r /srv/sftp
}

check_plan() {
	local line
	add_policy 'root = { writable_paths = [ "/srv/scratc" ]; };'
	line=$(grep -n 'odd = ' /etc/carrel/carrel.conf | cut -d : -f 1)
	check "a writable path that is not there, at its line" found \
		"error $line policy odd: root.writable_paths names /srv/scratc, which is not there"
	unlike "a mend is to be read by any terminal" "$(ctl check --no-rehearse)" 'writable_paths .*\\x'
	add_policy 'root = { writable_paths = [ "/srv/carrel/drop" ]; };'
	check "one that is there is quiet" quiet '^error.*policy odd: root'
	add_policy 'root = { writable_paths = [ "/srv/scratch/%u" ]; };'
	check "one of a user's own" found 'error [0-9]+ policy odd: root.writable_paths names /srv/scratch/[a-z]+, which'
	sed -i 's|^rules = (|rules = ( { user = [ "ana", "bob", "dora" ]; policy = "odd"; },|' /etc/carrel/carrel.conf
	install -d /srv/scratch/ana
	is "of each of the users who come to it" \
		"$(found 'policy odd: root.writable_paths names /srv/scratch' | sed 's/.*scratch.//; s/,.*//' | sort | xargs)" 'bob dora'
	rm -r /srv/scratch
	add_policy 'root = { writable_paths = ( { path = "/srv/scratch/%u"; optional = true; } ); };'
	check "unless it is optional" quiet '^error.*policy odd: root'
	add_policy 'root = { writable_paths = [ "/var/spool/cron" ]; };'
	check "one beneath a hidden one is shown" quiet '^error.*policy odd: root'
	add_policy 'root = { hide_add = [ "/home/%u/x" ]; };'
	check "what the planner refuses, by the key's real name" found \
		'error [0-9]+ policy odd: root.hide "/home/[a-z]+/x" is inside the home'
	sed -i 's|^rules = (|rules = ( { policy = "odd"; },|' /etc/carrel/carrel.conf
	check "and counts whom it refuses beyond three" found "error $line policy odd: root.hide refuses [0-9]+ more of its [0-9]+ users"
	add_policy 'root = { writable_paths = [ "/tmp" ]; };'
	check "a place of the room's own" found "error $line policy \"odd\": root.writable_paths: has a path in a place"
	add_policy 'root = { bind = ( { source = "/srv"; target = "/nope"; } ); };'
	check "a target that is not there" found 'error [0-9]+ policy odd: root.bind has the target /nope, which is not there'
	like "which explain tells as well" \
		"$(sed -i 's/"students"; policy = "student"/"students"; policy = "odd"/' /etc/carrel/carrel.conf; ctl explain ana)" \
		'root.bind +has the target /nope'
	add_policy 'root = { bind = ( { source = "/srv"; target = "/sys/x"; } ); };'
	check "nor may be" found "error $line policy \"odd\": root.bind: has a target that carrel mounts itself"
	add_policy 'root = { bind = ( { source = "/srv"; target = "/tmp/x"; } ); };'
	check "one that carrel makes is quiet" quiet '^error.*policy odd: root'
	add_policy 'root = { bind = ( { source = "/srv/no-%u"; target = "/tmp/x"; } ); };'
	check "a source of a user's own" found 'error [0-9]+ policy odd: root.bind names /srv/no-[a-z]+, which is not there'
	add_policy 'root = { bind = ( { source = "/srv/no-%u"; target = "/tmp/x"; optional = true; } ); };'
	check "unless it is optional" quiet '^error.*policy odd: root'
	host_config
}

host_start
room ana true
settle
before=$(census)
needs "check_result check_sudoers check_su check_session check_module check_power check_rehearsal check_kernel check_chroot" check_enable
run_cases "$@" -- check_enable check_result check_sudoers check_su check_session check_module check_power check_rehearsal \
	check_kernel check_plan check_chroot
rm -rf "$DIR" /etc/carrel/pam-backup
settle
same_census "nothing is left behind" "$before"
tap_done
