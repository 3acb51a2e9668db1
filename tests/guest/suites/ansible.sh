#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# boot: systemd
# The role for Ansible, run by this machine against the guest as against a server: it installs the package, configures, enables,
# changes nothing the second time. What nobody can log in under goes back, by the play and without it.
. "$(dirname "$0")/../suite.sh"
repo=$(cd "$(dirname "$0")/../../.." && pwd -P)
deb=$(ls "$GUEST_DEBS"/carrel_*.deb 2>/dev/null | head -n 1)
own=$GUEST_DIR/ansible

play() { # [ARGUMENTS...]
	(cd "$own" && HOME=$own LC_ALL=C.UTF-8 ANSIBLE_ROLES_PATH=$repo/conf/ansible/roles ANSIBLE_NOCOLOR=1 ANSIBLE_PIPELINING=True \
		ANSIBLE_LOCAL_TEMP=$own/tmp ANSIBLE_SSH_CONTROL_PATH_DIR=$own/cp ANSIBLE_GATHERING=explicit ANSIBLE_TIMEOUT=200 \
		ANSIBLE_SSH_ARGS="-F $GUEST_DIR/ssh_config -o ControlMaster=auto -o ControlPersist=600s" \
		timeout 1800 ansible-playbook -i door, -u root site.yml "$@" 2>&1 </dev/null)
}

changed() { sed -n 's/^door .* changed=\([0-9]*\) .* failed=\([0-9]*\) .*/\1 \2/p'; }

wish() { # LINE...: of policy desk
	cat >"$own/vars.yml" <<-END
	ansible_python_interpreter: /usr/bin/python3
	carrel_deb: $deb
	carrel_ctl: /usr/local/sbin/carrelctl-patient
	carrel_check_arguments: [--no-rehearse]
	carrel_login_user: ana
	carrel_login_arguments: [-F, $GUEST_DIR/ssh_config]
	carrel_login_timeout: 300
	carrel_units: [carrel-sweep.timer]
	carrel_config:
	  rules:
	    - { group: students, policy: desk }
	  policies:
	    desk:
	      inherit: shared
	      $1
	END
}

# A login has as long as a processor needs, and not an emulated one.
patient() {
	guest 'cat >/usr/local/sbin/carrelctl-patient && chmod 755 /usr/local/sbin/carrelctl-patient' <<-'END'
	#!/bin/sh
	[ "$1" = enable ] || exec carrelctl "$@"
	carrelctl enable --no-rehearse "$2" && sed -i "s/pam_carrel.so [a-z]*/& timeout=300/" "/etc/pam.d/$2"
	END
}

check_install() {
	local said
	check "make install's are away" unpacked_away
	wish 'hostname: "%u-desk"'
	said=$(play)
	like "the role goes through" "$(changed <<<"$said")" '^[1-9][0-9]* 0$' || echo "$said" | tail -n 40
	is "the package is installed" "$(guest 'dpkg-query -W -f "\${db:Status-Status}" carrel')" installed
	is "sshd is enabled" "$(guest 'grep -c "^session.*pam_carrel.so" /etc/pam.d/sshd')" 2
	is "logins have rooms by its policy" "$(login ana hostname)" ana-desk
	is "the way back is not on its way" "$(guest 'systemctl list-timers --all --no-legend' | grep -c way-back)" 0
	is "the timer is on" "$(guest 'systemctl is-active carrel-sweep.timer')" active
	is "the second time nothing changes" "$(play | changed)" '0 0'
}

check_way_back() {
	local said
	guest 'carrelctl disable sshd' >/dev/null
	wish 'hostname: "%u-other"'
	sed -i '$a carrel_login_command: "false"\ncarrel_minutes: 600' "$own/vars.yml"
	like "a login that fails ends it" "$(play)" 'carrel is as it was before. A user.s login'
	is "sshd has no lines of carrel's" "$(guest 'grep -c pam_carrel /etc/pam.d/sshd')" 0
	is "and no timer is left" "$(guest 'systemctl list-timers --all --no-legend' | grep -c way-back)" 0
	is "nor a trial" "$(guest 'carrelctl try --status; echo $?' | tail -n 1)" 1
	is "a login is bare" "$(login ana hostname)" carrel-guest
}

# The host goes out of reach while it is tried.
check_alone() {
	wish 'hostname: "%u-other"'
	sed -i '$a carrel_login_command: "sleep 1000"\ncarrel_login_timeout: 1000\ncarrel_minutes: 3' "$own/vars.yml"
	set -m # a group of its own
	play >"$own/said" &
	set +m
	check "it is on trial, and enabled" poll 300 guest 'carrelctl try --status && grep -q pam_carrel /etc/pam.d/sshd' >/dev/null
	kill -KILL -- -$! # the control node is gone
	check "the timer takes the lines out" poll 300 guest '! grep -q pam_carrel /etc/pam.d/sshd'
	check "and the trial ends" poll 300 guest '! carrelctl try --status'
	is "a login is as before" "$(login ana hostname)" carrel-guest
}

if ! command -v ansible-playbook >/dev/null || [ -z "$deb" ]; then
	skip_here "the role" "it wants ansible-core here, and the package of make deb"
	tap_done
	exit
fi
check "users" users_make
install -d -m 0700 "$own"
printf -- '- hosts: all\n  gather_facts: false\n  vars_files: [vars.yml]\n  roles: [carrel]\n' >"$own/site.yml"
check "carrelctl has the time" patient
needs check_way_back check_install
needs check_alone check_way_back
run_cases "$@" -- check_install check_way_back check_alone
guest 'systemctl stop carrel-way-back.timer carrel-sweep.timer; rm -rf /etc/carrel.new /var/cache/carrel
	rm -f /usr/local/sbin/carrelctl-patient' 2>/dev/null
check "what make install had laid is back" unpacked_back
tap_done
