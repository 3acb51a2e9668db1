#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# boot: systemd
# Ways that go round the room: services of the host that would run a user's work outside of it.
. "$(dirname "$0")/../suite.sh"
. "$(dirname "$0")/../../lib/ctl.sh"

# Each line: name | command that succeeds where the way is open. "open" in the second column: a bare login can do it.
WAYS='systemd-run --user|open|systemd-run --user --wait -q true
systemctl --user|open|systemctl --user show-environment
the user bus|open|busctl --user list
the system bus|open|busctl --system list
systemd over the system bus|open|systemctl list-units
the systemd private socket|shut|systemctl daemon-reload
hostnamed|open|hostnamectl status
polkit|open|busctl call org.freedesktop.PolicyKit1 /org/freedesktop/PolicyKit1/Authority org.freedesktop.DBus.Peer Ping
pkexec|shut|pkexec true
at|open|echo true | at now + 1 day
crontab|open|echo "# mine" | crontab -
loginctl enable-linger|open|loginctl enable-linger
loginctl kill-session|shut|loginctl kill-session c1
machinectl shell|shut|machinectl shell .host /bin/true
su|shut|su bob -c true </dev/null
sudo -u|open|sudo -n -u bob true
a docker socket|open|echo | socat -T 5 - UNIX-CONNECT:/run/docker.sock | grep -q docker
the journal|open|logger escape-test && test -S /run/systemd/journal/socket
write another terminal|shut|echo x >/dev/pts/0'

# ways USER: "name|0" or "name|1" for each
ways() {
	login "$1" "bash -s" <<-END
		while IFS='|' read -r name open command; do
			timeout 90 bash -c "\$command" >/dev/null 2>&1 </dev/null && echo "\$name|0" || echo "\$name|1"
		done <<'WAYS'
		$WAYS
		WAYS
	END
}

result() { # LIST NAME
	sed -n "s/^$2|//p" <<<"$1"
}

# judge POLICY BARE INSIDE EXCEPTIONS
judge() {
	local name open command
	while IFS='|' read -r name open command; do
		if [[ $4 == *"|$name|"* ]]; then
			continue
		elif [ "$open" = open ]; then
			is "$1: $name is closed (open to a bare login)" "$(result "$2" "$name") $(result "$3" "$name")" "0 1"
		else
			is "$1: $name is closed" "$(result "$3" "$name")" 1
		fi
	done <<<"$WAYS"
}

conf() { # POLICY OF STUDENTS
	conf_write <<-END
	rules = ( { group = "students"; policy = "$1"; }, { group = "staff"; policy = "dev"; } );
	END
}

check_policies() {
	conf shared
	judge shared "$bare" "$(ways ana)" ""
	conf strict
	judge strict "$bare" "$(ways ana)" ""
	# With the host's network the abstract socket of nothing here leads out; paths are hidden all the same.
	conf dev
	judge dev "$bare" "$(ways ana)" ""
}

# A job of @reboot comes as soon as cron is there, by the way of all others, which come at a minute's end.
CRON_BEGINS='systemctl stop cron; rm -f /run/crond.reboot; systemctl start cron'

# What a user could have set up beforehand, runs when carrel is not looking: cron and at get their own two lines.
check_cron() {
	guest 'bash -s' <<'END'
echo '@reboot ana readlink /proc/self/ns/pid >/tmp/cron-ns; ls /home >/tmp/cron-homes' >/etc/cron.d/test
END
	pam_wire cron
	conf shared
	guest "$CRON_BEGINS"
	check "cron's job runs in a room" poll 90 guest \
		'journalctl -q -t CRON -t cron --since -2min | grep -q "pam_carrel.*opened: user=ana"'
	check "so it leaves nothing in the host's /tmp" guest '! test -e /tmp/cron-homes'
	guest 'rm /etc/cron.d/test'
	pam_unwire cron
}

# What a user writes into his home must not be run outside of his room: systemd's manager for him would do so with units,
# and timers, at the next login and at each boot when he lingers. Each notes where it ran.
plant() { # USER
	login "$1" 'bash -s' <<-'END'
		rm -f ~/ran.*
		cat >~/note <<'NOTE'
		#!/bin/bash
		{ readlink /proc/self/ns/pid; grep -E '^(Seccomp|NoNewPrivs):' /proc/self/status | xargs; } >"$HOME/ran.$1"
		NOTE
		chmod 755 ~/note
		units=~/.config/systemd/user
		mkdir -p $units/{default,timers}.target.wants
		for name in unit timed; do
			printf '[Service]\nType=oneshot\nExecStart=%s/note %s\n' ~ $name >$units/$name.service
		done
		printf '[Timer]\nOnActiveSec=0\nAccuracySec=1ms\n' >$units/timed.timer
		ln -sf ../unit.service $units/default.target.wants/
		ln -sf ../timed.timer $units/timers.target.wants/
	END
}

ran() { # USER: what ran, and whether on the host
	guest "cd /home/$1; sleep 2; for f in ran.*; do [ -e \$f ] || continue
		if grep -qF \"\$(readlink /proc/self/ns/pid)\" \$f; then echo \$f host; else echo \$f room; fi; done" | xargs
}

runs() { # USER WHAT
	ran "$1" | grep "$2"
}

# What assess says of a login's service manager. Its trial login may come while systemd still stops the one before.
assessed() {
	guest 'carrelctl assess shared --user ana --json' |
		json '[(x["vector"], x["answer"]) for x in d if "service manager" in x["a_login_could"]]'
}

assess_says() { # NAME ANSWER
	local want="[('10 escape', '$2')]"
	check "assess says $1" poll 30 eval '[ "$(assessed)" = "'"$want"'" ]'
}

again() { # USER: a first login, the end of all that is his, a second one
	login "$1" true
	guest "systemctl stop user@\$(id -u $1); rm -f /home/$1/ran.*"
	login "$1" true
}

check_units() {
	conf shared
	check "ana plants units" plant ana
	dropin=/usr/lib/systemd/system/user@.service.d/50-carrel.conf
	guest "mv $dropin /root/kept; systemctl daemon-reload"
	again ana
	check "where systemd does not ask, her unit runs on the host at a login" poll 30 runs ana 'ran.unit host'
	check "and her timer" poll 30 runs ana 'ran.timed host'
	like "check calls that an error" "$(guest 'carrelctl check --json')" '"error"[^}]*systemd does not ask carrel'
	like "enable refuses to wire a service then" \
		"$(guest 'carrelctl enable su 2>&1; echo rc $?; grep -c pam_carrel /etc/pam.d/su' | tr '\n' ' ')" \
		'systemd does not ask carrel.* rc 1 0 $'
	assess_says open OPEN
	hold one ana
	guest "mv /root/kept $dropin; systemctl daemon-reload"
	like "one that has begun before is told" "$(guest 'carrelctl check --json')" '"error"[^}]*the service manager of uid [0-9]+ runs'
	hold_end one
	again ana
	is "asked, it starts none, and nothing has run" "$(ran ana)" ''
	is "nor failed" "$(guest 'systemctl list-units --failed --no-legend --plain "user@*"')" ''
	is "the login is as before" "$(login ana 'echo $XDG_RUNTIME_DIR; test -w $XDG_RUNTIME_DIR && echo there; ls ~/note')" \
		"/run/user/$(guest id -u ana)"$'\nthere\n/home/ana/note'
	like "and logind has it" "$(hold one ana; guest 'loginctl list-sessions --no-legend'; hold_end one)" ' ana '
	is "check has no error" "$(guest 'carrelctl check --json' | json '[x["finding"] for x in d if x["level"] == "error"]')" '[]'
	assess_says closed closed
}

# Who lingers would have it at each boot.
check_linger() {
	guest 'loginctl enable-linger ana; sleep 3'
	is "lingering starts none" "$(ran ana)" ''
	like "which check tells" "$(guest 'carrelctl check --json')" 'ana lingers, but gets no service manager'
	guest 'loginctl disable-linger ana'
}

# Jobs that were there before carrel was: told while their service has no lines of carrel's, in a room when it has.
says() { # REGEX
	guest 'carrelctl check --json' | grep -qE -- "$1"
}

check_jobs() {
	guest 'systemctl stop atd; rm -f /home/ana/ran.*
	echo "@reboot ~/note cron" | crontab -u ana -; echo "~/note at" | runuser -u ana -- at now' 2>/dev/null
	check "check tells of ana's crontab" says '/var/spool/cron/crontabs/ana"[^}]*the crontab of ana runs outside of rooms'
	check "and of her job of at" says '/var/spool/cron/atjobs/[^}]*a job of at of uid [0-9]+ runs outside'
	check "and of their services" says '/etc/pam.d/cron"[^}]*a door without carrel: crontabs'
	check "and of pam_env, which reads her file" says 'pam_env reads ~/.pam_environment'
	pam_wire cron
	pam_wire atd
	refute "with carrel's lines there is no such door" says 'the crontab of ana|a job of at|a door without carrel: (crontabs|jobs)'
	guest "$CRON_BEGINS; systemctl start atd"
	check "her crontab runs" poll 150 guest 'test -s /home/ana/ran.cron'
	check "her job of at, too" poll 200 guest 'test -s /home/ana/ran.at'
	is "both in rooms" "$(ran ana)" 'ran.at room ran.cron room'
	guest 'crontab -r -u ana; rm -f /home/ana/ran.*'
	pam_unwire cron
	pam_unwire atd
}

# By sftp alone, with the server forced, there is no shell to plant it from, and none is needed.
check_sftp() {
	conf sftp-only
	guest 'printf "Match User ana\n  ForceCommand internal-sftp\n" >/etc/ssh/sshd_config.d/forced.conf; systemctl reload ssh'
	login ana true
	guest "systemctl stop user@\$(id -u ana); rm -f /home/ana/ran.*"
	is "sftp gets in" "$(echo 'ls note' | timeout 120 sftp -q -F "$GUEST_DIR/ssh_config" -b - ana@door | grep -v '^sftp>' | xargs)" note
	is "and runs nothing" "$(ran ana)" ''
	guest 'rm /etc/ssh/sshd_config.d/forced.conf; systemctl reload ssh'
}

# Who is on the host anyway keeps it, and so does everybody where carrel is off or in no service.
check_admin() {
	conf admin
	again ana
	check "policy admin: her unit runs" poll 30 runs ana 'ran.unit host'
	conf_write <<'END'
rules = ( { group = "students"; service = "cron"; policy = "shared"; }, { policy = "admin"; } );
END
	again ana
	is "a rule for another service counts: none" "$(ran ana)" ''
	conf_write <<<'rules = ( { broken'
	again ana
	is "a broken configuration: none" "$(ran ana)" ''
	like "break-glass has one" "$(login bea 'systemctl --user is-system-running; true')" 'running|degraded|starting'
	like "root, too" "$(login root 'systemctl --user is-system-running; true')" 'running|degraded|starting'
	conf shared
	guest 'touch /etc/carrel/off'
	again ana
	check "switched off: hers starts" poll 30 runs ana 'ran.unit host'
	guest 'rm /etc/carrel/off; systemctl stop user@$(id -u ana); rm -rf /home/ana/.config /home/ana/ran.*'
}

# What logind would end although the policy lets it go on.
check_logind() {
	guest 'mkdir -p /etc/systemd/logind.conf.d; printf "[Login]\nKillUserProcesses=yes\n" >/etc/systemd/logind.conf.d/k.conf
		systemctl restart systemd-logind'
	check "logind that kills what a login leaves is told" says 'policy dev has on_close = ..keep..?, and logind kills'
	guest 'rm /etc/systemd/logind.conf.d/k.conf; systemctl restart systemd-logind'
	refute "and one that does not is not" says 'logind kills'
}

# ssh to the same host from inside gets a room of its own.
check_ssh_itself() {
	guest 'bash -s' <<'END'
install -d -o ana -g students -m 700 /home/ana/.ssh
rm -f /home/ana/.ssh/id
ssh-keygen -q -t ed25519 -N "" -f /home/ana/.ssh/id
cat /home/ana/.ssh/id.pub >>/etc/guest/keys
chown ana:students /home/ana/.ssh/id*
END
	conf_write <<'END'
rules = ( { group = "students"; policy = "own"; } );
policies = { own = { inherit = "dev"; share = "login"; on_close = "kill"; linger = "0"; }; };
END
	out=$(login ana 'ns() { readlink /proc/self/ns/pid; }; ns
		ssh -i ~/.ssh/id -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR localhost \
			"readlink /proc/self/ns/pid; ls /home" </dev/null')
	here=$(sed -n 1p <<<"$out") there=$(sed -n 2p <<<"$out")
	host=$(guest readlink /proc/self/ns/pid)
	like "ssh localhost works from inside" "$there" '^pid:\['
	isnt "its room is not the host" "$there" "$host"
	isnt "and not the room it came from" "$there" "$here"
	is "and sees one home" "$(sed -n '3,$p' <<<"$out")" ana
}

check "users" users_make
guest 'bash -s' <<'END'
systemctl start atd cron
echo 'ana ALL=(bob) NOPASSWD: ALL' >/etc/sudoers.d/test
socat UNIX-LISTEN:/run/docker.sock,fork,mode=666 EXEC:'echo docker' >/dev/null 2>&1 </dev/null &
END
poll 10 guest 'test -S /run/docker.sock'
bare=$(ways ana)
guest 'loginctl disable-linger ana; crontab -r -u ana; for j in $(atq | cut -f1); do atrm $j; done; systemctl stop user@$(id -u ana)'
pam_wire sshd
needs "check_linger check_jobs check_sftp check_admin" check_units
run_cases "$@" -- check_policies check_cron check_units check_linger check_jobs check_sftp check_admin check_logind \
	check_ssh_itself
tap_done
