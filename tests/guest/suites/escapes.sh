#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# boot: systemd
# Ways that go round the room: services of the host that would run a user's work outside of it.
. "$(dirname "$0")/../suite.sh"

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
conf shared
judge shared "$bare" "$(ways ana)" ""
conf strict
judge strict "$bare" "$(ways ana)" ""
# With the host's network the abstract socket of nothing here leads out; paths are hidden all the same.
conf dev
judge dev "$bare" "$(ways ana)" ""

# What a user could have set up beforehand, runs when carrel is not looking: cron and at get their own two lines.
guest 'bash -s' <<'END'
echo '* * * * * ana readlink /proc/self/ns/pid >/tmp/cron-ns; ls /home >/tmp/cron-homes' >/etc/cron.d/test
END
pam_wire cron
conf shared
check "cron's job runs in a room" poll 90 guest 'journalctl -q -t CRON -t cron --since -2min | grep -q "pam_carrel.*opened: user=ana"'
check "so it leaves nothing in the host's /tmp" guest '! test -e /tmp/cron-homes'
guest 'rm /etc/cron.d/test'
pam_unwire cron

# ssh to the same host from inside gets a room of its own.
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
out=$(login ana 'ns() { readlink /proc/self/ns/pid; }; ns; ssh -i ~/.ssh/id -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR localhost "readlink /proc/self/ns/pid; ls /home" </dev/null')
here=$(sed -n 1p <<<"$out") there=$(sed -n 2p <<<"$out")
host=$(guest readlink /proc/self/ns/pid)
like "ssh localhost works from inside" "$there" '^pid:\['
isnt "its room is not the host" "$there" "$host"
isnt "and not the room it came from" "$there" "$here"
is "and sees one home" "$(sed -n '3,$p' <<<"$out")" ana
tap_done
