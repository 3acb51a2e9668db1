# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# What the suites have in common: users, carrel's lines in the PAM stack, a configuration. Sourced by them.
#
#   user         group      policy of conf_write
#   ana cara     students   student
#   bob          staff      staff
#   gus          guests     (no rule: refused)
export CARREL_PATIENCE=${CARREL_PATIENCE:-9} # an emulated machine, perhaps on a busy one
. "$(dirname "$0")/../qemu.sh"
. "$(dirname "$0")/../../lib/tap.sh"
cases_begin "$0" "$@"

# The suites of one boot share a guest: each begins without carrel in the stacks, without rooms that linger or are just
# ending, and without the service managers of those who have logged out.
users_make() {
	guest 'bash -s' <<-'END'
		sed -i /pam_carrel/d /etc/pam.d/*
		pkill -KILL -x carrel-init
		for i in {1..300}; do
			pgrep -x carrel-init || pgrep -f '^carrel[:!]' || break
			sleep 0.2
		done >/dev/null
		[ ! -d /run/systemd/system ] || systemctl stop 'user@[1-9]*.service'
		for pair in ana:students cara:students bob:staff gus:guests bea:carrel-break-glass; do
			groupadd -f "${pair#*:}"
			id "${pair%:*}" >/dev/null 2>&1 || useradd -m -N -g "${pair#*:}" -s /bin/bash "${pair%:*}"
		done
		chmod 700 /home/*
	END
}

# carrel's two lines into a stack, once. The ten seconds that a login has by itself are for a processor, not for an emulated
# one on a busy machine; the last timeout of a line counts.
pam_wire() { # SERVICE [ARGUMENTS]
	guest 'bash -s' "$1" timeout=300 "${@:2}" <<-'END'
		file=/etc/pam.d/$1
		shift
		sed -i '/pam_carrel/d' "$file"
		first=$(grep -nE '^(session|@include common-session)' "$file" | head -n 1 | cut -d: -f1)
		sed -i "${first}i session optional pam_carrel.so close $*" "$file"
		echo "session requisite pam_carrel.so open $*" >>"$file"
	END
}

pam_unwire() { # SERVICE
	guest "sed -i /pam_carrel/d /etc/pam.d/$1"
}

# conf_write: standard input is the configuration
conf_write() {
	guest 'cat >/etc/carrel/carrel.conf && chmod 644 /etc/carrel/carrel.conf'
}

# What the second disk has of carrel's, away or back.
unpacked_away() {
	guest 'bash -s' <<-'END'
		cd /
		tar -tf /dev/vdb | grep -E '^\./(usr|etc/carrel)/' | grep -v '/$' | xargs -d '\n' rm -f
		rm -rf /etc/carrel /run/carrel /usr/libexec/carrel /usr/share/carrel
		systemctl daemon-reload
		md5sum /etc/pam.d/* >/tmp/pam.before
	END
}

unpacked_back() {
	guest 'bash -s' <<-'END'
		sed -i /pam_carrel/d /etc/pam.d/*
		rm -f /etc/ssh/sshd_config.d/carrel-shell.conf
		usermod -s /bin/bash ana
		dpkg --purge --force-all carrel >/dev/null 2>&1
		rm -rf /etc/carrel
		tar -xf /dev/vdb -C / ./usr ./etc/carrel && systemctl daemon-reload
	END
}

# The sessions that logind has of a user's logins; newer systemd lists the user's manager as well.
sessions_of() { # USER
	guest "for s in \$(loginctl list-sessions --no-legend | awk '\$3 == \"$1\" { print \$1 }'); do
		[ \"\$(loginctl show-session --value -p Class \$s)\" != user ] || echo \$s; done"
}

# terminals_are_known: the host keeps utmp(5), from which logind, who and wall have the terminals of logins by ssh. Without,
# as on Debian 13, these know none of them, in rooms or not.
terminals_are_known() {
	guest 'test -e /run/utmp'
}

# The log since a mark, from wherever this kind of system keeps it. What was sent before is in it: who writes it is asked to
# have taken all of that, or sends a line of its own behind it.
LOG_SYNC='if [ -d /run/systemd/system ]; then journalctl --sync; else
	mark="sync $RANDOM$RANDOM"
	logger -p auth.info -t log -- "$mark"
	for i in {1..100}; do grep -q "$mark" /var/log/auth.log && break; sleep 0.1; done
fi'

log_mark() {
	LOG_MARK=$(guest "$LOG_SYNC"'
		journalctl -q -n 0 --show-cursor 2>/dev/null | sed -n "s/^-- cursor: //p"; cat /var/log/auth.log 2>/dev/null | wc -l')
}

log_since() { # REGEX
	guest "$LOG_SYNC
		if [ -d /run/systemd/system ]; then journalctl -q -o short --after-cursor='${LOG_MARK%%$'\n'*}'
		else tail -n +$((${LOG_MARK##*$'\n'} + 1)) /var/log/auth.log; fi" 2>/dev/null | grep -v ' log: sync ' |
		grep -E -- "$1"
}

# The supervisor of the login that is held as "one" is killed, and the sweep does what it could not.
kill_supervisor_of_one() {
	guest 'pkill -KILL -f "^carrel:"'
	poll 20 eval '! kill -0 $HOLD_one'
	hold_end one 2>/dev/null
	poll 20 guest "! pgrep -u ana"
	guest '/usr/libexec/carrel/carrel-helper --sweep --state /run/carrel'
}

# program NAME [PYTHON]: the command that runs tests/lib/py/NAME.py, all of it in the command: no room needs to see the file
program() {
	printf '%s -c %q' "${2-python3}" "$(<"$(dirname "${BASH_SOURCE[0]}")/../lib/py/$1.py")"
}

# hold NAME USER [SSH OPTIONS]: a login that stays until hold_end; hold_ask NAME COMMAND asks its shell. One stream has it
# all: of two, sshd may send the later words first.
hold() {
	local name=$1 user=$2
	shift 2
	rm -f "$GUEST_DIR/held.$name" # of an earlier one, which said HELD too
	mkfifo "$GUEST_DIR/hold.$name"
	ssh -F "$GUEST_DIR/ssh_config" "$@" "$user@door" 'echo HELD; exec bash 2>&1' <"$GUEST_DIR/hold.$name" \
		>"$GUEST_DIR/held.$name" 2>&1 &
	eval "HOLD_$name=$!"
	eval "exec {HOLD_FD_$name}>$GUEST_DIR/hold.$name"
	poll 60 grep -q HELD "$GUEST_DIR/held.$name"
}

hold_say() {
	local fd=HOLD_FD_$1
	echo "$2" >&"${!fd}"
}

hold_ask() { # NAME COMMAND [SECONDS]
	local mark="mark-$RANDOM$RANDOM" file=$GUEST_DIR/held.$1 from
	from=$(wc -l <"$file")
	hold_say "$1" "{ $2
}; echo; echo $mark"
	if ! poll "${3-60}" grep -q "$mark" "$file"; then
		echo "(no answer from the login: $(tail -n 2 "$file"))"
		return 1
	fi
	tail -n +$((from + 1)) "$file" | sed "/$mark/,\$d" | sed '${/^$/d}'
}

hold_end() {
	local fd=HOLD_FD_$1 pid=HOLD_$1
	[ -n "${!fd-}" ] || return 0
	(echo exit >&"${!fd}") 2>/dev/null # on a terminal the end of input ends nothing; nobody may read it any more
	eval "exec ${!fd}>&-"
	unset "$fd"
	rm -f "$GUEST_DIR/hold.$1"
	poll 30 eval "! kill -0 ${!pid} 2>/dev/null" || kill "${!pid}"
	wait "${!pid}" 2>/dev/null
}
