#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# boot: systemd
# Hosts that cannot give a room a user namespace of its own, or cannot map owners of what it lies on: the login is refused
# with the cause, and check and a rehearsal have told it.
. "$(dirname "$0")/../suite.sh"

workshop_conf() { # [TOP]
	conf_write <<-END
	${1-}
	rules = ( { group = "students"; policy = "ours"; } );
	policies = { ours = { inherit = "workshop"; linger = "0"; on_close = "kill"; root = { size = "256M"; }; }; };
	END
}

# Kernels that let users make no user namespaces, or too few.
check_switches() {
	local key before
	for key in kernel.unprivileged_userns_clone user.max_user_namespaces; do
		before=$(guest "sysctl -n $key")
		guest "sysctl -qw $key=0"
		log_mark
		unlike "$key=0: nothing runs" "$(login ana 'echo RAN' 2>&1)" '^RAN'
		like "the log has the cause" "$(log_since 'refused: user=ana')" "$key is 0"
		like "check tells" "$(guest 'carrelctl check --no-rehearse --json')" "\"error\"[^}]*user.mode[^}]*$key is 0"
		like "and a rehearsal" "$(guest 'carrelctl rehearse ana 2>&1')" "$key is 0"
		guest "sysctl -qw $key=$before"
	done
	hold one ana
	guest 'sysctl -qw user.max_user_namespaces=1'
	like "too few: check tells" "$(guest 'carrelctl check --no-rehearse --json')" '"error"[^}]*user.max_user_namespaces is 1'
	like "and a rehearsal, while one is used" "$(guest 'carrelctl rehearse ana 2>&1')" \
		'user.max_user_namespaces of this host is used up'
	guest "sysctl -qw user.max_user_namespaces=$before"
	hold_end one
	is "as it was" "$(login ana 'sudo id -u')" 0
}

# A ramfs does on no kernel; a tmpfs does from Linux 6.3 on.
check_store() {
	guest 'mkdir -p /srv/store; mount -t ramfs -o mode=0700 store /srv/store'
	workshop_conf 'store = "/srv/store";'
	log_mark
	unlike "a store that cannot map owners: nothing runs" "$(login ana 'echo RAN' 2>&1)" '^RAN'
	like "the log has the cause" "$(log_since 'refused: user=ana')" 'file system of /srv/store cannot map owners'
	like "check tells" "$(guest 'carrelctl check --no-rehearse --json')" '"error"[^}]*root.mode[^}]*copies in the store /srv/store'
	like "and a rehearsal" "$(guest 'carrelctl rehearse ana 2>&1')" 'file system of /srv/store cannot map owners'
	guest 'umount /srv/store'
	workshop_conf
	is "on the disk it is as it was" "$(login ana 'sudo id -u')" 0
	refute "and check is quiet" guest 'carrelctl check --no-rehearse --json | grep "\"error\"[^}]*ours"'
}

check "users" users_make
pam_wire sshd
guest 'usermod -s /usr/bin/carrel-shell ana; modprobe overlay'
workshop_conf
run_cases "$@" -- check_switches check_store
guest 'usermod -s /bin/bash ana'
check "nothing is left" poll 60 guest '! pgrep -u ana && ! pgrep -x carrel-init'
tap_done
