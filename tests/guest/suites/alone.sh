#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# boot: systemd
# carrel-shell alone on Debian's own kernel, with its switch for user namespaces, and with a service manager of the user's,
# which gives a room its control group.
. "$(dirname "$0")/../suite.sh"

OWN='readlink /proc/self/ns/pid; ls /home; ps -e -o user= | sort -u'

alone_conf() { # features
	conf_write <<END
rules = ( { group = "students"; policy = "alone"; }, { group = "staff"; policy = "hard"; } );
policies = {
  alone = {
    hostname = "%u-room";
    home = { mode = "overlay"; size = "32M"; };
    root = { hide_users = true; };
    limits = { memory = "96M"; tasks = 40; cpu = "50%"; };
    features = { $1 };
  };
  hard = { inherit = "alone"; features = { limits = "require"; cgroup = "require"; }; };
};
END
	guest 'carrelctl shell publish ana bob 2>&1'
}

check_room() {
	alone_conf 'limits = "prefer"; cgroup = "prefer";'
	guest 'for u in ana bob; do usermod -s /usr/bin/carrel-shell $u; done'
	is "a login is in a room of its user's" "$(login ana "$OWN" 2>/dev/null | tail -n 2 | xargs)" "ana ana"
	isnt "with namespaces of its own" "$(login ana 'readlink /proc/self/ns/pid' 2>/dev/null)" "$(guest 'readlink /proc/self/ns/pid')"
	is "without power" "$(login ana 'grep -cE "Cap(Eff|Prm|Inh|Amb|Bnd):.0000000000000000" /proc/self/status' 2>/dev/null)" 5
	is "sftp is in it" "$(sftp -q -b - -F "$GUEST_DIR/ssh_config" ana@door <<<'ls /home' 2>/dev/null | tail -n 1 | tr -d ' ')" /home/ana
	is "with a terminal, too" "$(login_tty ana 'tty' | tail -n 1)" /dev/console
}

# On this kernel, too: changes that are kept, one home for several rooms, and what is hidden in /etc when the host replaces it.
check_kept() {
	conf_write <<-'END'
	rules = ( { group = "students"; policy = "kept"; } );
	policies = { kept = {
	  home = { mode = "overlay"; upper = "persistent"; quota = "none"; };
	  root = { hide_users = true; };
	  features = { cgroup = "off"; limits = "off"; };
	}; };
	END
	guest 'rm -rf /etc/carrel/shell; carrelctl shell publish ana 2>&1'
	login ana 'echo one >made; mkdir d; rm -f .profile' >/dev/null 2>&1
	is "what was changed is kept" \
		"$(login ana 'cat made; ls -A | grep -c profile; rmdir d; ls -d d 2>&1 | grep -c No' 2>/dev/null | xargs)" "one 0 1"
	hold one ana
	hold two ana
	is "a second room has the same home" \
		"$(hold_ask one 'echo first >both'; hold_ask two 'cat both; echo second >>both'; hold_ask one 'tail -n 1 both')" \
		$'first\nsecond'
	hold_end one
	is "which lives on when the first has ended" "$(hold_ask two 'echo third >>both; cat both | xargs')" "first second third"
	is "no other user is named" "$(hold_ask two 'cat /etc/passwd | grep -c "^bob:"')" 0
	guest 'useradd newcomer'
	is "nor when useradd has replaced passwd" "$(hold_ask two 'cat /etc/passwd | grep -cE "^(bob|newcomer):"')" 0
	guest 'userdel newcomer'
	hold_end two
	guest 'rm -rf /etc/carrel/shell /var/lib/carrel.alone'
	alone_conf 'limits = "prefer"; cgroup = "prefer";'
}

# keeps: shell/alone/scope R1
# The user's manager has a control group, and gives the room one of that.
check_limits() {
	hold one ana
	local at
	at=$(guest 'cat /proc/$(pgrep -u ana -x bash | head -n 1)/cgroup' | sed -n 's/^0:://p')
	like "the room has a scope of the user's manager" "$at" '/user@[0-9]+\.service/.*carrel-[0-9]+-[0-9a-f]+\.scope$'
	is "with the limits of the policy" "$(guest "cd /sys/fs/cgroup$at && cat memory.max pids.max cpu.max" | xargs)" \
		"100663296 40 50000 100000"
	is "which is the root of what the room sees" "$(hold_ask one 'cat /proc/self/cgroup')" '0::/'
	like "and cannot be written there" "$(hold_ask one 'echo max >/sys/fs/cgroup/pids.max')" 'Read-only|denied'
	is "the manager cannot be reached from inside" \
		"$(hold_ask one 'ls /run/user/$(id -u)/bus /run/user/$(id -u)/systemd 2>/dev/null | wc -l')" 0
	hold_end one
	isnt "memory is held" "$(login ana 'head -c 200M /dev/zero | tail >/dev/null; echo ${PIPESTATUS[1]}' 2>/dev/null | tail -n 1)" 0
	check "it goes with the login" poll 20 guest '! ls -d /sys/fs/cgroup/user.slice/user-*.slice/user@*.service/*/carrel-*.scope'
	alone_conf 'limits = "require"; cgroup = "require";'
	is "who requires it gets in" "$(login ana 'echo in' 2>/dev/null)" in
	guest 'systemctl mask --runtime --now user@$(id -u bob).service' >/dev/null 2>&1
	like "and not, where there is no manager" "$(login bob 'echo RAN' 2>&1)" 'features\.(cgroup|limits): no control group'
	guest 'systemctl unmask --runtime user@$(id -u bob).service' >/dev/null 2>&1
}

# keeps: ctl/conf/may_manager R3
# What a room writes into the real home, its user's manager would run on the host.
check_units() {
	conf_write <<-'END'
	rules = ( { group = "students"; policy = "desk"; } );
	policies = { desk = { namespaces = [ "mount", "pid" ]; network = { mode = "host"; }; features = { cgroup = "off"; }; }; };
	END
	guest 'rm -rf /etc/carrel/shell'
	guest 'carrelctl shell publish ana 2>&1'
	is "a room writes into the real home" "$(login ana 'd=~/.config/systemd/user; mkdir -p $d/default.target.wants
		printf "[Service]\nExecStart=/bin/sh -c \"readlink /proc/self/ns/mnt >/home/ana/ran.unit\"\n" >$d/plant.service
		ln -s ../plant.service $d/default.target.wants/
		readlink /proc/self/ns/mnt' 2>/dev/null | grep -vcF "$(guest readlink /proc/1/ns/mnt)")" 1
	dropin=/usr/lib/systemd/system/user@.service.d/50-carrel.conf
	again() {
		guest 'systemctl stop user@$(id -u ana); rm -f /home/ana/ran.*'
		hold one ana
		is "a login $1" "$(hold_ask one 'cat ~/.config/systemd/user/*/plant.service | wc -l')" 2
	}
	guest "mv $dropin /root/kept; systemctl daemon-reload"
	again "where systemd does not ask carrel"
	check "runs what is in the home on the host" poll 30 guest '[ "$(cat /home/ana/ran.unit)" = "$(readlink /proc/1/ns/mnt)" ]'
	like "which check tells" "$(guest 'carrelctl check --no-rehearse --json')" \
		'"error"[^}]*systemd does not ask carrel before it starts this'
	guest "mv /root/kept $dropin; systemctl daemon-reload"
	like "and that one is there that began before" "$(guest 'carrelctl check --no-rehearse --json')" \
		'"error"[^}]*the service manager of user ana runs outside of rooms'
	hold_end one
	again "where it does"
	guest 'sleep 3'
	is "runs nothing" "$(guest 'ls /home/ana/ran.* 2>/dev/null; systemctl is-active user@$(id -u ana)')" inactive
	hold_end one
	refute "and check is quiet" guest 'carrelctl check --no-rehearse --json | grep -q "service manager of user ana\|starts this"'
	guest 'rm -rf /home/ana/.config/systemd /etc/carrel/shell'
}

# Debian's switch, and the kernel's.
check_switches() {
	alone_conf 'limits = "off"; cgroup = "off";'
	local key
	for key in kernel.unprivileged_userns_clone user.max_user_namespaces; do
		local before
		before=$(guest "sysctl -n $key")
		guest "sysctl -qw $key=0"
		like "$key=0 refuses" "$(login ana 'echo RAN' 2>&1)" "cannot make the room's namespaces"
		unlike "and nothing runs" "$(login ana 'echo RAN' 2>&1)" '^RAN'
		like "which check tells" "$(guest 'carrelctl check --no-rehearse 2>&1')" "${key//./\/}"
		guest "sysctl -qw $key=$before"
	done
	is "as it was" "$(login ana 'echo in' 2>/dev/null)" in
}

check "users" users_make
needs "check_kept check_limits check_units check_switches" check_room
run_cases "$@" -- check_room check_kept check_limits check_units check_switches
guest 'for u in ana bob; do usermod -s /bin/bash $u; done; rm -rf /etc/carrel/shell'
check "nothing is left" poll 20 guest '! pgrep -x carrel-shell'
tap_done
