#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What a login is made of, as it sees it: a line "KEY<tab>VALUE" for each part. Runs inside the login that is looked at;
# two outputs are compared (tests/live/same.sh, tests/guest/suites/same.sh).
# Numbers that differ from one login to the next are written as "#".
export LC_ALL=C
tab=$'\t'

line() { # KEY VALUE
	printf '%s\t%s\n' "$1" "${2//$'\n'/ | }"
}

environment() {
	tr '\n\0' '\1\n' <"/proc/$$/environ" | grep -vE '^(_|SHLVL|PWD|OLDPWD)=' | sed -E \
		-e 's/^(SSH_(CLIENT|CONNECTION)=)(.*)$/\1\3/; /^SSH_C/s/ [0-9]+( |$)/ #\1/g; /^SSH_C/s/ [0-9]+$/ #/' \
		-e 's/^((XDG_SESSION_ID|SSH_TTY|DISPLAY)=).*/\1#/; s#^(SSH_AUTH_SOCK=/tmp/ssh-)[^/]*/agent.*#\1#' \
		-e "s/^([^=]*)=/env \\1$tab/"
}

# Everything of this process that a child inherits.
process() {
	local kind
	sed -nE "s/^(Max .*[a-z]) {2,}([0-9u].*)/limit \\1$tab\\2/p" /proc/self/limits | tr -s ' '
	local kept='Umask|Uid|Gid|Groups|SigBlk|SigIgn|Cap...|NoNewPrivs|Seccomp|Speculation_.*|Cpus_allowed|Mems_allowed|CoreDumping'
	kept+='|THP_enabled|Tracer.*|untag_mask|x86.*'
	sed -nE "s/^($kept):${tab}*/status \\1$tab/p" \
		/proc/self/status
	for kind in personality timerslack_ns oom_score_adj coredump_filter loginuid attr/current; do
		line "process $kind" "$(tr -d '\0' <"/proc/self/$kind" 2>&1 | sed 's#^.*/proc/[^:]*: ##')"
	done
	line "process sessionid" "$(sed 's/^[0-9]\{1,8\}$/#/' /proc/self/sessionid)"
	line "process cgroup" "$(cat /proc/self/cgroup)"
	line "process nice" "$(nice)"
	line "process ionice" "$(ionice 2>&1)"
	line "process scheduling" "$(chrt -p $$ 2>&1 | sed 's/^pid [0-9]*//')"
	line "process securebits, parent's death" "$(setpriv --dump 2>&1 | grep -E 'Securebits|death|SELinux|AppArmor|Ambient')"
	line "process leads" \
		"$(ps -o pid=,pgid=,sid=,tpgid= -p $$ | awk '{ print $1 == $2, $1 == $3, $4 == -1 ? "no terminal" : "terminal" }')"
	line "process descriptors" \
		"$(find "/proc/$$/fd" -mindepth 1 -printf '%f %l\n' 2>/dev/null |
		sed -E 's/[0-9]+\]/#]/; s#/pts/[0-9]+#/pts/\##; /\/same.sh/d; /^255/d' | sort -n)"
	line "process directory" "$(pwd)"
	line "process dumpable" "$(stat -c %U /proc/self/environ)"
	line "process started by" "$(ps -o comm= -p $PPID || echo nobody that ps shows)"
	line "process keyring" "$(cat /proc/keys 2>&1 | wc -l | sed 's/^[1-9].*/some/')"
}

kernel() {
	line "kernel uname" "$(uname -snrvmo)"
	line "kernel hostname" "$(hostname) $(cat /etc/hostname) $(cat /proc/sys/kernel/domainname)"
	line "kernel clock" "$(date +%Z) $(cat /etc/timezone /proc/sys/kernel/random/boot_id 2>&1)"
	line "kernel ids" "$(id)"
	line "kernel names" "$(getent passwd | cksum) $(getent group | cksum) $(getent hosts localhost) $(getent services ssh)"
	# One grep for a thousand files; those that are for root, or change, are left out.
	local moving='fs/(dentry-state|inode-(nr|state)|file-nr|aio-nr|quota)|net/ipv[46]/(conf|neigh|route)'
	moving+='|kernel/(random|ns_last_pid|pty/nr|sched_domain|perf|seccomp/actions_avail)'
	grep -rs . /proc/sys 2>/dev/null | grep -vE "^/proc/sys/($moving)" |
		tr '\t' ' ' | sed -E "s/:/$tab/"
	find /proc -mindepth 1 -maxdepth 1 -not -name '[0-9]*' -printf '%p\t%y %m %s\n' 2>/dev/null | sed 's/ [0-9]*$//'
	find /sys -mindepth 1 -maxdepth 2 -printf '%p\t%y %m\n' 2>/dev/null
}

# Names, types, modes and owners of what packages, PAM modules, sshd and systemd have ready for a login. A name that is
# made anew for each login is written as "#".
places() {
	local dir tops=(/boot /dev /home /lost+found /media /mnt /opt /root /run /srv /tmp /var)
	find "${tops[@]}" -maxdepth 3 \( -path /srv/carrel -o -path '/dev/pts/[0-9]*' -o -path '/root/*' -o -path '/opt/*' \) -prune \
		-o -printf '%p\t%y %m %U %G\n' 2>/dev/null |
		grep -vE '^(/var/lib/(apt|dpkg|ucf|pam|systemd|carrel.*)|/var/cache/(apt|carrel-guest|man|private))/' |
		sed -E 's#^/tmp/(ssh-|tmp\.)[^/]*#/tmp/\1\##; s#^/dev/pts/[0-9]+#/dev/pts/\##'
	find /etc -maxdepth 2 -type f -readable -not -path '/etc/pam.d/sshd*' -not -path '/etc/carrel/*' -exec cksum {} + 2>/dev/null |
		sed -E "s/^([0-9]+ [0-9]+) (.*)/\2${tab}\1/"
	find /etc -mindepth 1 -maxdepth 1 -not -type f -printf '%p\t%y %m %l\n' 2>/dev/null
	find "${tops[@]}" -maxdepth 3 \( -path /srv/carrel -o -path '/opt/*' \) -prune -o -not -type l -writable -not -path \
		'/dev/pts/[0-9]*' \
		-printf 'writable %p\tyes\n' 2>/dev/null | grep -v ' /var/lib/carrel' | sed -E 's#/tmp/(ssh-|tmp\.)[^/\t]*#/tmp/\1\##'
	for dir in / "$HOME" /tmp /var/tmp /dev/shm /run /run/lock "/run/user/$(id -u)" /var/log /var/lib /etc /usr; do
		line "mount $dir" \
			"$(findmnt -n -o OPTIONS -T "$dir" 2>&1 | tr , '\n' | grep -E '^(ro|rw|nosuid|nodev|noexec|relatime|noatime)$' |
			paste -sd,) $(stat -f -c %T "$dir" 2>&1)"
	done
}

terminal() {
	[ -t 0 ] || return
	line "terminal name" "$(tty | sed 's/[0-9]*$/#/')"
	line "terminal settings" "$(stty -a)"
	line "terminal device" "$(stat -c '%U %G %a' "$(tty)")"
	line "terminal control" "$(ps -o tty= -p $$ | sed 's/[0-9]*$/#/') $(cat </dev/null >/dev/tty && echo opens)"
	# The record is made fit for the room a moment after it was written.
	for _ in {1..100}; do
		[ -z "$(who -m)" ] || break
		sleep 0.1
	done
	line "terminal who" "$(who -m | sed -E 's#/[0-9]+#/\##; s/  [^(]*[0-9]:[0-9]+/ TIME/')"
	line "terminal w" "$(w -h | wc -l)"
	line "terminal logname" "$(logname 2>&1)"
}

{
	environment
	process
	kernel
	places
	terminal
} | sort
