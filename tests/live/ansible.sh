#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The role for Ansible (conf/ansible), run over SSH against the stage as root: it configures and enables, changes nothing the
# second time, and takes back what nobody can log in under. The package is the guest's.
. "$(dirname "$0")/../lib/stage.sh"
stage_enter "$@"
. "$(dirname "$0")/../lib/ctl.sh"

OWN=$STAGE/ansible
ROLES=$STAGE/data/ansible/roles

# play [ARGUMENTS...]: its output on standard output; vars.yml has the role's variables
play() {
	(cd "$OWN" && HOME=$OWN LC_ALL=C.UTF-8 ANSIBLE_ROLES_PATH=$ROLES ANSIBLE_NOCOLOR=1 \
		ANSIBLE_PIPELINING=True ANSIBLE_LOCAL_TEMP=$OWN/tmp ANSIBLE_REMOTE_TMP=/root/.ansible \
		ANSIBLE_SSH_CONTROL_PATH_DIR=$OWN/cp ANSIBLE_GATHERING=explicit \
		ANSIBLE_SSH_ARGS="-F $STAGE/ssh/config -o ControlMaster=auto -o ControlPersist=60s" \
		timeout $((8 * SSH_LIMIT)) ansible-playbook -i 127.0.0.1, -u root site.yml "$@" 2>&1 </dev/null)
}

# wish [RULES] [POLICY]: the configuration that the role is given
wish() {
	cat >"$OWN/vars.yml" <<-END
	ansible_port: $PORT_ROOM
	ansible_python_interpreter: /usr/bin/python3
	carrel_ctl: $STAGE/bin/carrelctl
	carrel_check_arguments: [--no-rehearse]
	carrel_login_user: ana
	carrel_login_arguments: [-F, $STAGE/ssh/config]
	carrel_config:
	  data_dir: $STAGE/data
	  rules:
	    - { group: [students, staff], not_user: cara, policy: desk }
	    ${1-}
	  policies:
	    desk:
	      hostname: "%u-ansible"
	      namespaces: [mount, pid, uts, ipc, net, cgroup, time]
	      root: { bind: [ { source: /srv, target: /mnt, writable: false } ], writable_paths: [] }
	      limits: { tasks: 300, memory: 512M }
	      features: { limits: prefer }
	      ${2-}
	END
}

# changed: how many, by the last line of a play
changed() { sed -n 's/^127.0.0.1 .* changed=\([0-9]*\) .* failed=\([0-9]*\) .*/\1 \2/p'; }

host_state() {
	tail -n +1 /etc/pam.d/sshd /etc/carrel/carrel.conf /etc/carrel/policy.d/* 2>/dev/null
	ls -A /etc/carrel | grep -w trial
}

check_first() {
	local before after said
	pam_stack sshd bare
	install -d /etc/carrel/policy.d
	echo 'policies = { old = { inherit = "lab"; }; };' >/etc/carrel/policy.d/old.conf
	before=$(host_state)
	wish
	said=$(play --check)
	is "--check: what would change, and no error" "$(changed <<<"$said")" '2 0'
	is "and nothing has" "$(host_state; ls -d /etc/carrel.new 2>&1)" "$before
ls: cannot access '/etc/carrel.new': No such file or directory"
	install -D -m 0644 -t /etc/carrel.new/policy.d /etc/carrel/policy.d/old.conf
	sed -i '/^carrel_config/i carrel_drop_ins: { 50-guests: { rules: [ { group: guests, policy: shared } ] } }' "$OWN/vars.yml"
	said=$(play)
	like "the role goes through" "$(changed <<<"$said")" '^[0-9]+ 0$'
	is "sshd is enabled" "$(grep -c '^session.*pam_carrel.so' /etc/pam.d/sshd)" 2
	is "logins have rooms by its policy" "$(room ana hostname)" ana-ansible
	is "drop-ins are those that it has" "$(ls /etc/carrel/policy.d /etc/carrel.new/policy.d | grep conf | uniq)" 50-guests.conf
	like "and count" "$(room gus 'echo $PPID')" '^[0-9]+$'
	is "no trial is left" "$(status ctl try --status)" 1
	check "the configuration has no error" ctl --pam-dir /etc/pam.d check --no-rehearse
	after=$(host_state)
	is "the second time nothing changes" "$(play | changed)" '0 0'
	is "nor has it" "$(host_state)" "$after"
}

check_broken() {
	local before said
	before=$(host_state)
	wish '' 'limits: { tsks: 5 }'
	said=$(play)
	like "a broken configuration fails" "$(changed <<<"$said")" ' 1$'
	like "with its place" "$said" '/etc/carrel.new/carrel.conf.*limits.*limits.tsks'
	is "nothing is changed" "$(host_state)" "$before"
	is "and logins are as before" "$(room ana 'hostname; tty >/dev/null; echo in')" $'ana-ansible\nin'
}

check_rollback() {
	local before said
	before=$(host_state)
	wish
	sed -i 's/not_user: cara/not_user: ana/' "$OWN/vars.yml"
	said=$(play)
	like "a configuration under which the user cannot log in fails" "$said" "carrel is as it was before. A user.s login:"
	is "nothing is changed" "$(host_state)" "$before"
	is "no trial is left" "$(status ctl try --status)" 1
	is "and the user gets in" "$(room ana hostname)" ana-ansible
	pam_stack sshd bare
	before=$(host_state)
	wish '' 'ptys: 7'
	sed -i '$a carrel_login_command: "false"' "$OWN/vars.yml"
	like "the same where it is enabled for the first time" "$(play)" "carrel is as it was before. A user.s login:"
	is "sshd has no lines of carrel's" "$(host_state)" "$before"
}

if ! command -v ansible-playbook >/dev/null; then
	skip "the role" "ansible-core is not installed"
	tap_done
	exit
fi
host_start
install -d -m 0700 "$OWN"
printf -- '- hosts: all\n  gather_facts: false\n  vars_files: [vars.yml]\n  roles: [carrel]\n' >"$OWN/site.yml"
cat >"$STAGE/bin/carrelctl" <<-END
#!/bin/sh
exec $STAGE_LIB/carrelctl --helper $STAGE_LIB/carrel-helper --module $STAGE_LIB/pam_carrel.so --state $STATE_DIR "\$@"
END
chmod 0755 "$STAGE/bin/carrelctl"
needs check_broken check_first
needs check_rollback check_first
run_cases "$@" -- check_first check_broken check_rollback
tap_done
