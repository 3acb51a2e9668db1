#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# boot: systemd plain
# Many logins, restarts and an upgrade: what is open stays undisturbed, what has ended leaves nothing.
. "$(dirname "$0")/../suite.sh"
LOGINS=${LOGINS:-$([ "$GUEST_KIND" = plain ] && echo 20 || echo 40)} # one after the other
AT_ONCE=${AT_ONCE:-$([ "$GUEST_KIND" = plain ] && echo 20 || echo 50)}

# Kinds and numbers of everything a login could leave.
census() {
	guest 'bash -s' <<-'END'
		echo "namespaces: $(lsns -n -r -o NS | wc -l)"
		echo "mounts: $(wc -l </proc/self/mountinfo)"
		echo "cgroups: $(find /sys/fs/cgroup -type d | grep -v 'carrel-steward\|carrel.slice$' |
			grep -cE 'carrel|user-[1-9][0-9]*\.slice')"
		echo "carrel: $(pgrep -c '^carrel([^-]|-[^s])')"
		echo "users: $(ps -e -o uid= | awk '$1 >= 1000 && $1 < 60000' | wc -l)"
		echo "state: $(find /run/carrel/rooms -type f -o -type s 2>/dev/null | wc -l)"
		echo "dropins: $(ls /run/systemd/system.control 2>/dev/null | wc -l)"
		echo "descriptors of sshd: $(ls /proc/$(pgrep -o -x sshd)/fd | wc -l)"
		echo "ptys: $(ls /dev/pts | wc -l)"
	END
}

settled() { # BEFORE
	[ "$(census)" = "$1" ]
}

same() { # NAME
	if poll 60 settled "$before"; then ok "$1"; else not_ok "$1" "$(diff <(echo "$before") <(census))"; fi
}

restart_ssh() {
	if [ "$GUEST_KIND" = systemd ]; then
		guest 'systemctl restart ssh'
	else
		guest 'pid=$(pgrep -o -f "^sshd: /usr/sbin/sshd .listener"); kill $pid
			while kill -0 $pid; do sleep 0.2; done 2>/dev/null # it has the port
			/usr/sbin/sshd'
	fi
}

conf() {
	conf_write <<-'END'
	rules = ( { group = "students"; policy = "student"; }, { group = "staff"; policy = "staff"; } );
	policies = {
	  student = { limits = { tasks = 400; memory = "256M"; }; network = { mode = "none"; }; };
	  staff = { share = "user"; home = { mode = "real"; }; limits = { tasks = 400; }; };
	};
	END
}

check_many() {
	guest 'cp /etc/pam.d/sshd /etc/pam.d/many && sed -i "s/^@include common-auth/auth sufficient pam_permit.so/" /etc/pam.d/many'
	is "$LOGINS logins, one after the other" "$(GUEST_LIMIT=$((600 + 20 * LOGINS)) guest "n=0; for i in \$(seq $LOGINS); do
		u=ana; [ \$((i % 3)) = 0 ] && u=bob
		pamtester many \$u open_session close_session >/dev/null 2>&1 </dev/null && n=\$((n + 1)); done; echo \$n")" "$LOGINS"
	same "leave nothing"
	local i pids=()
	log_mark
	for ((i = 1; i <= AT_ONCE; i++)); do
		GUEST_LIMIT=1200 login "$([ $((i % 2)) = 0 ] && echo ana || echo bob)" 'sleep 3; echo in' </dev/null \
			>"$GUEST_DIR/parallel.$i" 2>&1 &
		pids+=($!)
	done
	wait "${pids[@]}"
	log_since 'refused|error:|fatal:' | cut -c 1-250 | sed 's/^/# /' | head -n 20
	is "$AT_ONCE SSH logins at once" "$(cat "$GUEST_DIR"/parallel.* | sort | uniq -c | sed 's/^ *//')" "$AT_ONCE in"
	same "leave nothing, either"
}

# Required, where there is no utmp: whoever asks is told the same.
accounting_cannot_be() {
	log_mark
	unlike "accounting that cannot be is a refusal where it is required" "$(login ana 'echo in' 2>&1)" '^in$'
	like "with the reason in the log" "$(log_since refused)" 'no /run/utmp.*features\.accounting'
	is "rehearse refuses as well" "$(guest 'carrelctl rehearse ana >/dev/null 2>&1; echo $?')" 1
	like "and check says so" "$(guest 'carrelctl check' </dev/null)" 'features\.accounting.*utmp'
}

# What rooms need to be in who and last is none of what root has only 128 of.
check_root_resources() {
	conf_write <<-'END'
	rules = ( { policy = "listed"; } );
	policies = { listed = { features = { accounting = "require"; }; }; };
	END
	if ! terminals_are_known; then
		accounting_cannot_be
		conf
		return
	fi
	guest 'sysctl -q fs.inotify.max_user_instances=1'
	is "a login when root can have no more of inotify" "$(login ana 'echo in')" in
	check "is on a terminal" hold seen ana -tt
	check "and listed" poll 20 guest "$(program in_utmp) ana"
	hold_end seen
	check "and listed no more when it ends" poll 20 guest "! $(program in_utmp) ana"
	guest 'sysctl -q fs.inotify.max_user_instances=128 fs.dir-notify-enable=0'
	log_mark
	unlike "accounting that cannot start is a refusal where it is required" "$(login ana 'echo in' 2>&1)" '^in$'
	like "with the reason in the log" "$(log_since refused)" 'cannot watch the room.s utmp.*fs\.dir-notify-enable'
	guest 'sysctl -q fs.dir-notify-enable=1'
	conf
}

check_restart() {
	check "a login" hold stays ana
	restart_ssh
	is "a restart of sshd keeps it" "$(hold_ask stays 'echo alive; ls /home')" $'alive\nana'
	is "a new one gets in" "$(login ana 'echo in')" in
	guest 'bash -s' <<-'END'
		d=$(dirname "$(find /usr/lib -name pam_carrel.so)")
		for f in "$d/pam_carrel.so" /usr/libexec/carrel/*; do # as install(1) does it: a new file takes the name
			cp -p "$f" "$f.new" && mv "$f.new" "$f"
		done
	END
	is "an upgrade keeps it, too" "$(hold_ask stays 'echo alive')" alive
	is "a new one gets in after it" "$(login ana 'echo in')" in
	hold_end stays
	same "the end of the old one leaves nothing"
}

check_reboot() {
	[ "$GUEST_KIND" = systemd ] || return 0
	check "a login" hold one ana
	check "and a shared one" hold two bob
	guest_reboot || { not_ok "the guest reboots"; return; }
	hold_end one
	hold_end two
	is "a reboot with open logins leaves nothing stale" \
		"$(guest 'ls /run/carrel/rooms 2>/dev/null | wc -l; ls -d /run/systemd/system.control/* 2>/dev/null | wc -l')" $'0\n0'
	is "a login works after it" "$(login ana 'echo in')" in
	is "and a shared one" "$(login bob 'echo in')" in
}

check "users" users_make
pam_wire sshd
conf
login ana true </dev/null
login bob true </dev/null
# logind keeps a user's manager for ten seconds, and their slice and /run/user of theirs where no manager ran
poll 60 guest '! pgrep "carrel([^-]|-[^s])" && ! ps -e -o uid= | awk "\$1 >= 1000 && \$1 < 60000" | grep -q .'
check "what is compared with has nothing of them" poll 60 eval 'census | grep -qx "cgroups: 0"'
before=$(census)
run_cases "$@" -- check_many check_root_resources check_restart check_reboot
tap_done
