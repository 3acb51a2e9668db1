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
	ctl check --json "$@" | json '"\n".join(" ".join([x["level"], str(x["line"]), x["finding"]]) for x in d)' | grep -E -- "$pattern"
}

# says PATTERN COMMAND...: its output, whatever its exit status
says() {
	local pattern=$1
	shift
	"$@" 2>&1 | tr -s ' ' | grep -E -- "$pattern"
}

check_enable() {
	mkdir -p "$DIR"
	grep -v pam_carrel /etc/pam.d/sshd >"$DIR/sshd"
	chmod 640 "$DIR/sshd"
	cp -p "$DIR/sshd" "$STAGE/before"
	check "enable, with a session that is opened and closed" says 'a session of [a-z]+ was opened and closed' ctl enable sshd
	is "close is first of the sessions" "$(grep -nE '^(session|@include common-session)' "$DIR/sshd" | head -n 1 | grep -c 'pam_carrel.so close')" 1
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

check_result() {
	printf 'session required pam_unix.so\n' >"$DIR/common-session"
	printf '@include common-session\n' >"$DIR/cron"
	refuses "a file that others include" common-session 'error .*/cron 1 this line brings in carrel'
	printf 'session required pam_unix.so\n' >"$DIR/systemd-user"
	refuses "systemd's own" systemd-user 'error .*service systemd-user is that of user@.service'
	cp "$DIR/systemd-user" "$DIR/polkit-1"
	refuses "polkit's" polkit-1 'error .*service polkit-1 is that of polkitd'
	cp "$DIR/systemd-user" "$DIR/kiosk"
	mkdir -p /etc/systemd/system/kiosk.service.d
	printf '[Service]\nPAMName = kiosk\n' >/etc/systemd/system/kiosk.service.d/pam.conf
	refuses "a unit's" kiosk 'error .*service kiosk is that of /etc/systemd/system/kiosk.service.d/pam.conf'
	rm -r /etc/systemd/system/kiosk.service.d
	check "and once it is no unit's" ctl enable kiosk
	printf 'session [success=1 default=ignore] pam_permit.so\n' >"$DIR/jump"
	refuses "a line that jumps over carrel" jump 'error .*/jump 2 this session line can jump past'
	is "a session would then fail" "$(status ctl enable --force jump)" 1
	ctl disable jump >/dev/null
	check "unless it is forced" ctl enable --force --no-rehearse jump
	printf 'session sufficient pam_permit.so\n' >"$DIR/common-session"
	printf '@include common-session\nsession required pam_unix.so\n' >"$DIR/ends"
	refuses "an included line that ends the stack" ends 'error .*/common-session 1 this session line can end the stack before'
	rm "$DIR"/{common-session,cron,systemd-user,polkit-1,kiosk,jump,ends}
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
	printf 'session required pam_deny.so\n' >"$DIR/deny"
	cp -p "$DIR/deny" "$STAGE/before"
	check "a session that fails is told" says 'a session of [a-z]+ fails, so .*/deny is as it was: pam_open_session' ctl enable deny
	check "and the file is as it was" cmp "$STAGE/before" "$DIR/deny"
	check "with its mode" test "$(stat -c %a "$STAGE/before")" = "$(stat -c %a "$DIR/deny")"
	is "which is a no" "$(status ctl enable deny)" 1
	printf 'session required pam_unix.so\n' >"$DIR/good"
	check "a user by name" says 'a session of dora was opened' ctl enable good --user dora
	ctl disable good >/dev/null
	check "one who gets no room" says 'no user of this host gets a room by good' ctl enable good --user gus
	rm "$DIR/deny" "$DIR/good"
}

check_module() {
	local version module=$STAGE/module
	printf 'session required pam_unix.so\n' >"$DIR/good"
	mkdir -p "$module"
	check "a module that is not there" found 'error None libpam cannot load /no/pam_carrel.so: every login is refused' --module /no/pam_carrel.so
	refuses_module "nobody is locked out by it" /no/pam_carrel.so 'error .*libpam cannot load /no/pam_carrel.so'
	check "nor by one that is not where libpam looks" says 'libpam cannot load pam_carrel.so: .*make install PAMDIR=/' \
		ctl --module pam_carrel.so enable good
	cp "$STAGE_LIB/pam_carrel.so" "$module/"
	printf '\xf3\x00' | dd of="$module/pam_carrel.so" bs=1 seek=18 conv=notrunc status=none
	refuses_module "another machine's" "$module/pam_carrel.so" 'error .*libpam cannot load'
	version=$("$STAGE_LIB/carrelctl" --version | cut -d ' ' -f 2)
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
	rm -r "$module" "$DIR/good"
}

refuses_module() { # WHAT MODULE PATTERN
	check "$1" says "$3" ctl --module "$2" enable good
	is "is not enabled" "$(cat "$DIR/good")" 'session required pam_unix.so'
}

refute_found() {
	! found 'libpam|module|helper' "$@"
}

host_start
room ana true
settle
before=$(census)
check_enable
check_result
check_su
check_session
check_module
rm -r "$DIR" /etc/carrel/pam-backup
settle
same_census "nothing is left behind" "$before"
tap_done
