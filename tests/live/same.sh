#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A room is not poorer than a login without docs/policies.md saying so: all that a login can see of itself is compared,
# bare and under the shipped policies, on a host that has what Debian's packages and systemd-tmpfiles have ready.
. "$(dirname "$0")/../lib/stage.sh"
stage_enter "$@"
. "$STAGE/tests/lib/ctl.sh"
. "$STAGE/tests/lib/samediff.sh"

OWN=$STAGE/same
POLICIES=(shared dev hpc strict)

# Debian's own stack, not the stage's short one.
stacks() {
	cp "$OWN/stack" /etc/pam.d/sshd-bare
	{
		carrel_line close
		cat "$OWN/stack"
		carrel_line open
	} >/etc/pam.d/sshd
}

# What a Debian host has ready for a login, and what an administrator sets for all.
host_like_debian() {
	local dir
	install -d -m 1777 /run/lock /run/screen /srv/everybody /tmp/.{X11,ICE,XIM,font}-unix
	ln -s /dev/shm /run/shm
	mkdir -p /run/dbus
	socat UNIX-LISTEN:/run/dbus/system_bus_socket,fork,mode=666 EXEC:true &
	[ ! -e /dev/fuse ] || chmod 0666 /dev/fuse
	touch /tmp/of-the-host /var/tmp/of-the-host
	echo 'dynamic words' >/run/motd.dynamic
	echo 'words of the day' >/etc/motd
	echo 'SITE="of the host"' >/etc/environment
	echo 'LC_TIME=C.UTF-8' >/etc/default/locale
	cat >/etc/security/limits.d/same.conf <<-END
	* - core 4096
	* - data 8000000
	* - fsize 9000000
	* - memlock 3000
	* soft nofile 500
	* hard nofile 600
	* - rss 7000000
	* - stack 9000
	* - cpu 100
	* - nproc 700
	* - as 40000000
	* - locks 90
	* - sigpending 800
	* - msgqueue 90000
	* - nice 5
	* - rtprio 6
	* - priority 3
	END
	echo '250 32000 100 90' >/proc/sys/kernel/sem
	echo 33 >/proc/sys/fs/mqueue/msg_max
	echo 123456 >/proc/sys/kernel/msgmnb
	echo 300 >/proc/sys/net/unix/max_dgram_qlen
	echo 400 >/proc/sys/net/ipv4/ip_unprivileged_port_start
	echo '501 60000' >/proc/sys/net/ipv4/ip_local_port_range
}

policy() { # NAME: everybody's
	cat >/etc/carrel/carrel.conf <<-END
	data_dir = "$STAGE/data";
	rules = ( { policy = "same"; } );
	policies = { same = { inherit = "$1"; features = { limits = "off"; }; }; };
	END
}

# tell HOST FILE: what a login says of itself, without a terminal and with one
tell() {
	s "ana@$1" 'bash -s' <$STAGE/tests/lib/same.sh >"$2" 2>/dev/null
	s -tt "ana@$1" 'exec bash ~/same.sh' </dev/null 2>/dev/null | tr -d '\r' | grep '^terminal' >>"$2"
}

# The words that a login shell begins with.
words() {
	echo exit | s -tt "ana@$1" 2>&1 | tr -d '\r' | sed '/ana@/,$d; /^exit$/d' | sed 's/^\(Last login:\) .* from/\1 TIME from/'
}

compare() { # POLICY
	local found
	policy "$1"
	tell room "$OWN/$1"
	same_differences "$OWN/bare" "$OWN/$1" >"$OWN/$1.differs"
	cat "$OWN/$1.differs" >>"$OWN/all"
	check "$1: the login has told" grep -q '^process nice' "$OWN/$1"
	found=$(same_unexpected "$1" <"$OWN/$1.differs")
	is "$1: nothing differs from a bare login but what docs/policies.md says" "$found" ""
	is "$1: its shell begins with the same words" "$(words room)" "$(words bare)"
	ctl kill ana >/dev/null 2>&1
	rm -rf "$STATE_DIR/why" # the next would be told of that
}

# sshd binds it before anything of the user's runs: the directory has to be there.
check_gpg_agent() {
	local at
	at=/run/user/$(id -u ana)/gnupg/S.gpg-agent
	if [ ! -x /usr/bin/gpg-agent ]; then
		skip_here "a forwarded gpg-agent" "this machine has none"
		return
	fi
	policy shared
	socat TCP-LISTEN:7001,bind=127.0.0.1,fork,reuseaddr EXEC:'echo agent answers' &
	poll 10 port_open 7001
	is "a gpg-agent is forwarded in the first login" \
		"$(s -R "$at:127.0.0.1:7001" ana@room "timeout $((10 * CARREL_PATIENCE)) socat -u UNIX:$at -" </dev/null 2>&1)" \
		"agent answers"
}

check_policies() {
	local policy
	tell bare $OWN/bare
	: >$OWN/all
	for policy in "${POLICIES[@]}"; do
		compare "$policy"
	done
	is "what programs look for in any login is there" "$(same_basic <$OWN/all)" ""
	is "each entry of the list is needed" "$(same_unused <$OWN/all | grep -vE '^(env DBUS|/proc/sys)')" ""
	is "and has its row in docs/policies.md" "$(same_rows_missing $STAGE/data/policies.md)" ""
	[ -z "${SAME_KEEP-}" ] || cp $OWN/* "$SAME_KEEP"
}

if [ "${CARREL_GUEST:-0}" = 1 ]; then
	skip_here "a login and a room" "the guest has a suite of this name"
	tap_done
	exit
fi
mkdir -p $OWN
cp /etc/pam.d/sshd $OWN/stack
host_start
stacks
check "the host is ready" host_like_debian
install -m 0644 $STAGE/tests/lib/same.sh /home/ana/same.sh
printf 'OWN_WORDS DEFAULT=mine\n' >/home/ana/.pam_environment
words bare >/dev/null # the first one has no "Last login"
run_cases "$@" -- check_policies check_gpg_agent
tap_done
