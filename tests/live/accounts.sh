#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Accounts of the system, as which packages and jobs run programs: each of /etc/passwd, whatever its home is.
. "$(dirname "$0")/../lib/stage.sh"
stage_enter "$@"
. "$(dirname "$0")/../lib/ctl.sh"

conf() { # RULES
	cat >/etc/carrel/carrel.conf <<-END
	data_dir = "$STAGE/data";
	rules = ( $1 );
	policies = {
	  firm = { inherit = "strict"; features = { limits = "prefer"; cgroup = "prefer"; time = "prefer"; }; };
	  fresh = { home = { mode = "tmpfs"; size = "16M"; }; };
	};
	END
}

account() { # NAME UID HOME
	echo "$1:x:$2:$2::$3:/usr/sbin/nologin" >>/etc/passwd
	echo "$1:*:19000:0:99999:7:::" >>/etc/shadow
}

# What the account sees of itself and its home. runuser has no line of carrel's.
ask='id -un; pwd; cd ~ 2>/dev/null && pwd -P; test -w ~ && echo writes; test -e ~ || echo missing'
each() { # POLICY [NOT THESE]
	local name home differ=
	while IFS=: read -r name _ _ _ _ home _; do
		[ "$name" != root ] && [[ " cloudsdk ${2-} " != *" $name "* ]] && id "$name" >/dev/null 2>&1 || continue
		[ "$(su "$name" -s /bin/sh -c "$ask" 2>&1)" = "$(runuser "$name" -s /bin/sh -c "$ask" 2>&1)" ] || differ+="$name ($home) "
	done < <(awk -F: '$3 < 1000 || $3 == 65534' /etc/passwd)
	is "$1: each account of /etc/passwd runs by su as it does without carrel" "$differ" ''
}

check_shared_and_dev() {
	for policy in shared dev; do
		conf "{ policy = \"$policy\"; }"
		each $policy
	done
}

check_strict() {
	conf '{ policy = "firm"; }'
	each strict "$(awk -F: '$6 ~ "^/(srv|var/www|var/cache|var/backups)" { print $1 }' /etc/passwd | xargs)" # what it hides of the host
	for name in www-data pages nobody; do
		is "strict: $name runs" "$(su "$name" -s /bin/sh -c 'echo ran' 2>&1)" ran
	done
}

check_new_home() {
	conf '{ policy = "fresh"; }'
	is "a home that is new is for those who have one" "$(su own -s /bin/sh -c 'touch ~/x && ls ~' 2>&1; ls -A /srv/own)" x
	is "and covers nothing of the system" \
		"$(su daemon -s /bin/sh -c 'test -x /usr/sbin/useradd || test -x /usr/sbin/nologin; echo $?')" 0
}

check_no_home() {
	conf '{ policy = "shared"; }'
	is "a login shell begins where a bare one does" "$(su - nobody -s /bin/sh -c pwd 2>/dev/null)" \
		"$(runuser - nobody -s /bin/sh -c pwd 2>/dev/null)"
	log_mark
	is "nobody runs" "$(su nobody -s /bin/sh -c 'echo ran; ls -A /home')" ran
	is "the log says that there is no home, once" "$(log_since 'uid=65534.*no home: home /nonexistent is missing' | wc -l)" 1
	is "nothing of the system is writable for being a home" "$(su daemon -s /bin/sh -c 'grep -c " /usr/sbin " /proc/self/mountinfo')" 0
	is "nor are others' homes shown for it" "$(su everywhere -s /bin/sh -c 'ls -A /home')" ''
	is "what is an account's own it writes" "$(su pages -s /bin/sh -c 'touch ~/upload/x ~/y 2>/dev/null; ls ~/upload'; ls /srv/pages)" \
		$'x\nupload'
}

check_persons() {
	conf '{ policy = "shared"; }'
	rm -rf /home/ana
	is "a person without a home gets in, as without carrel" "$(room ana pwd | sort)" "$(bare ana pwd | sort)"
	is "one with another's does not" \
		"$(mv /home/cara /home/cara.kept; install -d -o bob -m 700 /home/cara; room cara 'echo in' | grep -c 'code HOME')" 1
}

check_refused() {
	conf '{ policy = "shared"; }'
	mkfifo /srv/fifo
	account pipe 911 /srv/fifo
	install -d -m 777 -o 912 /srv/open
	account open 912 /srv/open
	install -d -m 700 /srv/shut && install -d -o 913 /srv/shut/home
	account shut 913 /srv/shut/home
	like "a FIFO is no home" "$(su pipe -s /bin/sh -c 'echo ran' 2>&1)" 'code HOME'
	like "nor is what everybody can write" "$(su open -s /bin/sh -c 'echo ran' 2>&1)" 'code HOME'
	like "nor is what the account cannot reach" "$(su shut -s /bin/sh -c 'echo ran' 2>&1)" 'code HOME'
}

check_told() {
	ctl --pam-dir /etc/pam.d check --no-rehearse >$STAGE/check 2>&1
	like "check tells who comes to the rule" "$(cat $STAGE/check)" \
		'accounts of the system come to this rule by su, su-l, cron \(daemon, bin, sys, sync and [0-9]+ more\)'
	like "and whom it refuses" "$(cat $STAGE/check)" 'runs as pipe is refused: its home /srv/fifo is no directory'
	like "and why" "$(cat $STAGE/check)" 'runs as open is refused: its home /srv/open is writable by everyone'
	like "or how it cannot be reached" "$(cat $STAGE/check)" 'runs as shut is refused: its home /srv/shut/home is behind a directory'
	is "and names nobody else" "$(grep -c 'is refused: its home' $STAGE/check)" 3
	conf '{ uid = [ "1-999", "65534" ]; service = [ "su", "su-l", "cron" ]; policy = "admin"; }, { policy = "shared"; }'
	is "a rule of their own mends both" \
		"$(ctl --pam-dir /etc/pam.d check --no-rehearse |
		grep -c -e 'accounts of the system' -e 'its home'; su pipe -s /bin/sh -c 'echo ran')" $'0\nran'
}

host_start
for service in runuser runuser-l; do pam_stack $service bare; done
# What a Debian host has beside those of this machine.
account dustbin 901 /bin
account devices 902 /dev
account post 903 /var/mail
account ircd 904 /run/ircd
account gone 905 /var/list
account everywhere 906 /home
account pages 907 /srv/pages
account boss 908 /usr
account own 909 /var/lib/own
install -d /srv/pages && install -d -o 907 /srv/pages/upload
install -d -o 909 /srv/own && mkdir -p /usr/lib && ln -s /srv/own /srv/link
sed -i 's|/var/lib/own|/srv/link|' /etc/passwd
needs check_told check_refused
run_cases "$@" -- check_shared_and_dev check_strict check_new_home check_no_home check_persons check_refused \
	check_told
tap_done
