#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# boot: systemd
# The Debian package in its life: installed, wired, upgraded while people are logged in, removed, purged. Nobody is locked out
# at any step, and nothing of users' goes without their being asked. What make install has laid here comes back at the end.
. "$(dirname "$0")/../suite.sh"
debs=/opt/guest/deb
store=/var/lib/carrel

package() { # dpkg's output on standard output, its status
	guest "export DEBIAN_FRONTEND=noninteractive; dpkg $* </dev/null 2>&1"
}

old() { guest "ls $debs/carrel_*.deb | head -n 1"; }
new() { guest "ls $debs/carrel_*.deb | tail -n 1"; }
pam_is_as_before() { guest 'md5sum --quiet -c /tmp/pam.before'; }

enable_sshd() {
	# Without a session to try it, which has as long as a processor needs and not an emulated one.
	guest 'carrelctl enable --no-rehearse sshd && sed -i "s/pam_carrel.so [a-z]*/& timeout=300/" /etc/pam.d/sshd'
}

check_install() {
	check "make install's are away" unpacked_away
	guest "rm -rf --one-file-system $store" # with the homes that other suites of this boot have kept there
	check "the package is installed" package -i "$(old)"
	is "PAM is as it was" "$(pam_is_as_before; guest 'grep -l pam_carrel -r /etc/pam.d /usr/share/pam-configs 2>/dev/null')" ""
	is "nobody is isolated" "$(login ana 'test -d /home/bob && echo host')" host
	like "the group is there, and empty" "$(guest 'getent group carrel-break-glass')" '^carrel-break-glass:x:[0-9]+:'
	is "its directories are root's alone" "$(guest "stat -c '%a %U' /run/carrel $store" | uniq)" '700 root'
	is "carrel-shell is a login shell" "$(guest 'grep -c "^/usr/bin/carrel-shell$" /etc/shells')" 1
	is "no timer runs" "$(guest 'for what in enabled active; do systemctl is-$what carrel-{sweep,tidy,verify}.timer; done' |
		sort | uniq -c | xargs)" '3 disabled 3 inactive'
	is "nor would by a preset" "$(guest 'systemctl preset carrel-{sweep,tidy,verify}.timer 2>&1
		ls /etc/systemd/system/*.wants | grep carrel')" ""
	like "systemd has the drop-in for service managers of users" "$(guest 'systemctl show -p DropInPaths user@4242.service')" \
		'50-carrel.conf'
	is "and nothing has failed" "$(guest 'systemctl --failed --no-legend --plain | grep -i carrel')" ""
}

check_login() {
	guest 'echo "// mine" >>/etc/carrel/carrel.conf'
	check "carrelctl enable wires it" enable_sshd
	guest 'systemctl stop "user@[1-9]*.service"' # those of logins before it, as check asks for
	is "a login is in its room" "$(login ana 'ls /home')" ana
	is "root gets in" "$(login root 'ls /home | grep -c bob')" 1
	check "check finds no error" guest 'carrelctl check --no-rehearse'
}

check_units() {
	check "a login" hold swept ana
	guest 'pkill -KILL -f "^carrel:"; for i in $(seq 600); do pgrep -u ana >/dev/null || exit 0; sleep 0.2; done'
	hold_end swept 2>/dev/null
	for unit in sweep tidy verify; do
		check "carrel-$unit.service does its work" guest "systemctl start carrel-$unit.service"
		check "with no more power than it needs" \
			guest "SYSTEMD_PAGER= systemd-analyze security --threshold=70 carrel-$unit.service >/dev/null"
	done
	check "what the killed have left is gone" poll 20 guest '! ls /run/carrel/rooms | grep -q "\.room$"'
	check "a timer can be enabled" guest 'systemctl enable --now carrel-sweep.timer 2>/dev/null'
}

# All of the steward's programs by name are those of the new package.
steward_is_new() {
	guest 'pid=$(pgrep -x carrel-steward) && [ "$(readlink /proc/$pid/exe)" = /usr/libexec/carrel/carrel-steward ]'
}

check_upgrade() {
	local before
	check "a login" hold one ana
	check "and another user's" hold two bob
	before=$(guest 'md5sum /etc/pam.d/*; cat /etc/carrel/carrel.conf; carrelctl --version')
	check "the next version is installed" package -i "$(new)"
	is "PAM and configuration are as they were" "$(guest 'md5sum /etc/pam.d/*; cat /etc/carrel/carrel.conf')" \
		"$(grep -vE '^(carrelctl|build) ' <<<"$before")"
	isnt "it is another version" "$(guest 'carrelctl --version')" "$(grep -E '^(carrelctl|build) ' <<<"$before")"
	is "who was in is in" "$(hold_ask one 'echo alive; ls /home')" $'alive\nana'
	is "the other one, too" "$(hold_ask two 'echo alive; ls /home')" $'alive\nbob'
	is "a new login gets in" "$(login ana 'ls /home')" ana
	check "the steward becomes the new one" poll 30 steward_is_new
	is "carrelctl lists old rooms" "$(guest 'carrelctl list --json' | jq -r '.. | .user? // empty' | sort -u | xargs)" 'ana bob'
	is "the timer is still enabled" "$(guest 'for what in enabled active; do systemctl is-$what carrel-sweep.timer; done' |
		xargs)" 'enabled active'
	hold_end one
	hold_end two
	check "their ends leave no room" poll 30 guest '! pgrep -f "^carrel:" && ! ls /run/carrel/rooms | grep -q "\.room$"'
}

check_broken_upgrade() {
	guest 'cp /etc/carrel/carrel.conf /tmp/carrel.conf && echo "nonsense" >>/etc/carrel/carrel.conf'
	like "an upgrade over a configuration with an error says so" "$(package -i "$(new)")" 'finds an error in the configuration'
	is "and is whole" "$(guest 'dpkg-query -W -f "\${Status}" carrel')" 'install ok installed'
	guest 'cp /tmp/carrel.conf /etc/carrel/carrel.conf'
}

refuses_to_go() { # WHAT PATTERN
	like "$1: it is not removed" "$(package -r carrel)" "not removed: .*$2"
	is "and all of it works" "$(guest 'dpkg-query -W -f "\${db:Status-Status} " carrel; grep -c pam_carrel /etc/pam.d/sshd'
		login bob 'ls /home')" $'installed 2\nbob'
}

check_refusals() {
	guest 'usermod -s /usr/bin/carrel-shell ana'
	refuses_to_go "somebody's login shell" 'login shell of ana'
	guest 'usermod -s /bin/bash ana
		printf "Match User cara\n\tForceCommand /usr/bin/carrel-shell\n" >/etc/ssh/sshd_config.d/carrel-shell.conf'
	refuses_to_go "sshd's forced command" 'sshd_config.d/carrel-shell.conf'
	guest 'rm /etc/ssh/sshd_config.d/carrel-shell.conf; echo "other session required pam_carrel.so open" >/etc/pam.conf'
	refuses_to_go "pam.conf" '/etc/pam.conf names'
	guest 'rm /etc/pam.conf'
}

check_hard_line() {
	guest 'cp /etc/pam.d/sshd /etc/pam.d/odd && chattr +i /etc/pam.d/odd'
	like "a file that cannot be changed: it is not removed" "$(package -r carrel)" 'still name pam_carrel.so: /etc/pam.d/odd'
	check "the module is there" guest 'find /usr/lib -name pam_carrel.so | grep -q .'
	guest 'chattr -i /etc/pam.d/odd && rm /etc/pam.d/odd'
	guest 'grep -q pam_carrel /etc/pam.d/sshd' || enable_sshd >/dev/null
}

check_remove() {
	check "a login" hold stays ana
	like "it is removed, and says what that means" "$(package -r carrel)" 'logins by sshd are in rooms no longer'
	is "nothing names the module" "$(pam_is_as_before; guest 'grep -l pam_carrel /etc/pam.d/*')" ""
	is "a new login is bare" "$(login bob 'test -d /home/ana && echo host')" host
	is "root gets in" "$(login root 'echo in')" in
	is "who was in is in" "$(hold_ask stays 'echo alive; ls /home')" $'alive\nana'
	hold_end stays
	check "and leaves nothing that runs" poll 60 guest '! pgrep -u ana && ! pgrep -f "^carrel[:-]"'
	is "services of users start without it" "$(guest 'systemctl show -p DropInPaths user@4242.service' | grep -c 50-carrel)" 0
	is "no timer or socket of its is on or has failed, though one was on" \
		"$(guest "systemctl list-units --state=active,failed --no-legend --plain 'carrel*.timer' 'carrel*.socket'")" ""
	is "carrel-shell is no login shell" "$(guest 'grep -c carrel-shell /etc/shells')" 0
	is "the configuration stays" "$(guest 'tail -n 1 /etc/carrel/carrel.conf')" '// mine'
}

check_purge() {
	guest "mkdir -p -m 0700 $store/home/4242 && echo data >$store/home/4242/file"
	like "purge says what it leaves" "$(package --purge carrel)" "$store has homes, roots or images, and stays"
	is "users' data" "$(guest "cat $store/home/4242/file")" data
	is "the configuration goes" "$(guest 'ls -d /etc/carrel /run/carrel 2>/dev/null')" ""
	check "installed again" package -i "$(new)"
	guest "rm -r $store/home/4242"
	check "and purged with no data there" package --purge carrel
	is "nothing is left but the group" "$(guest "find /etc /usr /var /run -xdev -iname '*carrel*' ! -path '/run/user/*' \
		! -path '/var/log/*' ! -name 'carrel-guest*' 2>/dev/null; grep -l carrel-shell /etc/shells; dpkg -l | grep carrel")" ""
	is "a login works" "$(login ana 'echo in')" in
}

check "users" users_make
needs check_login check_install
needs check_units check_login
needs check_upgrade check_units
needs check_broken_upgrade check_login
needs check_refusals check_login
needs check_hard_line check_login
needs check_remove check_units
needs check_purge check_remove
run_cases "$@" -- check_install check_login check_units check_upgrade check_broken_upgrade check_refusals check_hard_line \
	check_remove check_purge
check "what make install had laid is back" unpacked_back
tap_done
