#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What earlier modules and sshd have put into a login's environment: what it names is in the room, or it is not there.
. "$(dirname "$0")/../lib/stage.sh"
stage_enter "$@"

# One module for all that name something: pam_env before carrel, as libpam-tmpdir, pam_krb5 and pam_ssh do it. The
# last argument's lines are NAME VALUE, for both sshd.
variables() {
	sed 's/^\([^ ]*\) \(.*\)/\1 DEFAULT=\2/' >/etc/variables.conf
}

# What the login has of them, sorted; nothing when none is there.
shown() { # USER NAME...
	local user=$1 pattern
	shift
	pattern=$(IFS='|'; echo "$*")
	room "$user" "env | grep -E '^($pattern)=' | sort"
}

check_temporary() {
	local u
	u=$(id -u ana)
	install -d -m 711 /tmp/user
	install -d -m 700 -o ana "/tmp/user/$u"
	variables <<<"TMPDIR /tmp/user/$u"
	like "a bare login has the directory" "$(bare ana 'mktemp')" "^/tmp/user/$u/"
	like "a room makes it" "$(room ana 'mktemp')" "^/tmp/user/$u/"
	is "the user's alone, beneath one of root's" "$(room ana 'stat -c "%U %a" "$TMPDIR" "$TMPDIR/.."')" $'ana 700\nroot 711'
	variables <<<"JOB_TEMP /var/tmp/a/./b//c/"
	is "however its path is written" "$(room ana 'echo x >"$JOB_TEMP/x" && stat -c %U /var/tmp/a/b/c /var/tmp/a/b')" $'ana\nroot'
	variables <<<"TMPDIR /tmp/../../home/bob"
	is "but not outside of the room's own" "$(shown ana TMPDIR)" ""
}

# bob's room is there already, and its /tmp is his: no link of his is followed, no directory of his is given away.
# keeps: pam_module/environment R1
check_planted() {
	host_config '' '' '' # bob shares his room
	hold keep bob@room
	hold_ask keep 'ln -s /home/bob/planted /tmp/link; mkdir -p /tmp/mine ~/planted; touch /tmp/file' >/dev/null
	variables <<<"TMPDIR /tmp/link/x"
	is "a link is not followed" "$(room bob true; hold_ask keep 'ls ~/planted')" ""
	variables <<<"TMPDIR /tmp/mine/x"
	is "nothing is made in a directory of the user's" "$(shown bob TMPDIR)$(hold_ask keep 'ls /tmp/mine')" ""
	variables <<<"TMPDIR /tmp/file"
	is "what is there stays, and is what it is" "$(shown bob TMPDIR)" "TMPDIR=/tmp/file"
	variables <<<"TMPDIR /tmp/again"
	is "a second login finds the first one's" "$(room bob 'touch $TMPDIR/a'; room bob 'touch $TMPDIR/b; ls $TMPDIR')" $'a\nb'
	hold_end keep
}

check_others() {
	local u
	u=$(id -u ana)
	touch "/tmp/krb5cc_$u"
	variables <<-END
	KRB5CCNAME FILE:/tmp/krb5cc_$u
	SSH_AUTH_SOCK /run/agents/ana
	GPG_SOCKET /var/run/agents/gpg
	DBUS_SESSION_BUS_ADDRESS unix:path=/run/user/$u/bus
	XDG_RUNTIME_DIR /run/user/$u
	LOCAL_LIST /tmp/a:/tmp/b
	AT_HOME /home/ana/none
	END
	log_mark
	is "what the room has not is taken out, all else stays" \
		"$(shown ana KRB5CCNAME SSH_AUTH_SOCK GPG_SOCKET DBUS_SESSION_BUS_ADDRESS XDG_RUNTIME_DIR LOCAL_LIST AT_HOME)" \
		"AT_HOME=/home/ana/none
LOCAL_LIST=/tmp/a:/tmp/b
XDG_RUNTIME_DIR=/run/user/$u"
	check "and the log says so" poll 10 eval 'log_since "variable=KRB5CCNAME path=/tmp/krb5cc_'"$u"' taken out" | grep -q .'
	host_config '' 'root = { bind = ( { source = "/tmp/krb5cc_%U"; target = "/tmp/krb5cc_%U"; optional = true; } ); };'
	is "what the policy shows stays" "$(shown ana KRB5CCNAME)" "KRB5CCNAME=FILE:/tmp/krb5cc_$u"
	host_config
	: >/etc/variables.conf
}

# keeps: pam_module/environment R2
check_many() {
	for i in {1..60}; do
		echo "MANY_$i /tmp/none"
	done | variables
	log_mark
	is "many are taken out" "$(room ana 'env | grep -c ^MANY_')" 0
	check "and counted" poll 10 eval 'log_since | grep -q " 44 more variables taken out"'
	is "but not told each" "$(log_since | grep -c 'variable=MANY_.* taken out')" 16
	: >/etc/variables.conf
}

# Displays are numbered anew in each network, ~/.Xauthority is one for all: a second login must not break the first.
check_display() {
	local one two again
	socat TCP-LISTEN:6077,bind=127.0.0.1,fork,reuseaddr SYSTEM:'head -c 12 >/dev/null; echo display; cat >/dev/null' 2>/dev/null &
	poll 5 port_open 6077
	cat >$STAGE/bin/try-display <<-'END'
	#!/bin/bash
	cookie=$(xauth list "$DISPLAY" | awk '{ print $3; exit }' | sed 's/../\\x&/g')
	exec 3<>"/dev/tcp/127.0.0.1/$((6000 + $(echo "${DISPLAY#*:}" | cut -d. -f1)))" || exit
	printf "l\\0\\x0b\\0\\0\\0\\x12\\0\\x10\\0\\0\\0MIT-MAGIC-COOKIE-1\\0\\0$cookie" >&3
	timeout $((9 * ${CARREL_PATIENCE:-1})) head -n 1 <&3 | tr -d '\0' | grep -ao display || echo rejected
	END
	chmod 755 $STAGE/bin/try-display
	export DISPLAY=127.0.0.1:77
	hold x ana@room -Y
	one=$(hold_ask x $STAGE/bin/try-display)
	hold y ana@room -Y
	two=$(hold_ask y $STAGE/bin/try-display)
	again=$(hold_ask x $STAGE/bin/try-display)
	hold_end x
	hold_end y
	unset DISPLAY
	is "two logins with X11 reach their displays, the first one after the second, too" "$one $two $again" "display display display"
	is "nothing of it is in the home" "$(ls /home/ana/.Xauthority 2>/dev/null)" ""
}

host_start
host_config
for service in sshd sshd-bare; do
	sed -i '/pam_env/i session optional pam_env.so conffile=/etc/variables.conf' /etc/pam.d/$service
done
: >/etc/variables.conf
room ana true
room bob true
settle
before=$(census)
run_cases "$@" -- check_temporary check_others check_many check_planted check_display
same_census "nothing is left behind" "$before"
tap_done
