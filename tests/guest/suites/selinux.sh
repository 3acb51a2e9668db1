#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# boot: systemd
# Logins where SELinux is on, with Debian's policy and pam_selinux in sshd's stack as Debian has it: permissive, then enforcing with
# the module of conf/selinux. It wants GUEST=bookworm-selinux.
. "$(dirname "$0")/../suite.sh"

SHELL_CONTEXT=unconfined_u:unconfined_r:unconfined_t

# What the second disk has laid over the system came without labels.
label() {
	guest 'bash -s' <<-'END'
		tar -tf /dev/vdb | sed -n 's|^\./\(.*[^/]\)/*$|/\1|p' | grep -E '^/(usr|etc)/' >/var/tmp/laid
		restorecon -F -f - </var/tmp/laid
		restorecon -FR /home /etc/carrel /etc/passwd /etc/group /etc/shadow /etc/gshadow
		rm /var/tmp/laid
	END
}

mode() { # 0 or 1; what was denied is counted from here
	guest "pkill -x carrel-steward; : >/var/log/audit/audit.log; setenforce $1" </dev/null
}

denied() { # COMMAND: what it was denied, of those that have to do with rooms
	guest "grep -E 'avc: *denied' /var/log/audit/audit.log" </dev/null | grep -E "comm=\"$1\"" |
		sed 's/.*denied *//; s/ for .* scontext=/ /; s/ permissive=.*//' | sort -u
}

contexts() { # PROGRAM
	guest "ps -eo label,comm | sed -n 's/:s0[^ ]* *$1.*//p' | sort -u" </dev/null
}

check_bare() {
	mode 1
	is "enforcing" "$(guest getenforce </dev/null)" Enforcing
	like "a bare login has its context" "$(login ana 'id -Z')" "^$SHELL_CONTEXT:"
	mode 0
}

# keeps: door/spawn R3
check_permissive() {
	pam_wire sshd
	is "a login is in its room" "$(login ana 'ls /home')" ana
	like "with the context of a bare one" "$(login ana 'id -Z')" "^$SHELL_CONTEXT:"
	hold one ana
	is "which its helper has not" "$(contexts carrel:)" system_u:system_r:sshd_t
	is "nor the room's first process" "$(contexts carrel-init)" system_u:system_r:sshd_t
	hold_end one
}

check_refused() {
	mode 1
	like "without the module: refused" "$(login ana true 2>&1 </dev/null)" 'code [A-Z]*'
	mode 0
}

check_module() {
	guest 'rm -rf /root/carrel-selinux && cp -r /usr/share/carrel/selinux /root/carrel-selinux &&
		make -s -C /root/carrel-selinux -f /usr/share/selinux/devel/Makefile carrel.pp' </dev/null >/dev/null 2>&1
	check "the module is built and installed" guest 'semodule -i /root/carrel-selinux/carrel.pp 2>/dev/null' </dev/null
	guest 'restorecon -FR /usr/libexec/carrel' </dev/null
	mode 1
	is "a login is in its room" "$(login ana 'ls /home')" ana
	like "with the context of a bare one" "$(login ana 'id -Z')" "^$SHELL_CONTEXT:"
	like "where there is no no_new_privs" "$(login bob 'id -Z')" "^$SHELL_CONTEXT:"
	like "and with a terminal" "$(login_tty ana 'echo $(tty) $(id -Z)')" "^/dev/pts/0 $SHELL_CONTEXT:"
	is "sftp" "$(printf 'put /etc/hostname h\nls h\n' | sftp -q -F "$GUEST_DIR/ssh_config" -b - ana@door 2>&1 | tail -n 1 | xargs)" h
	hold one ana
	is "its helper has carrel's" "$(contexts carrel:)" system_u:system_r:carrel_t
	is "and the room's first process" "$(contexts carrel-init)" system_u:system_r:carrel_t
	like "limits are set" "$(guest 'systemctl show -p TasksMax user-$(id -u ana).slice' </dev/null)" '=[0-9]+$'
	hold_end one
	like "no rule: refused with its own code" "$(login gus true 2>&1 </dev/null)" 'code RULE'
	like "root gets in" "$(login root 'id -Z')" "^$SHELL_CONTEXT:"
	pam_wire su-l
	is "su" "$(guest 'su -l cara -c "ls /home"' </dev/null)" cara
	pam_unwire su-l
	is "sshd is denied nothing" "$(denied 'sshd[^"]*')" ""
	is "nor is carrel" "$(denied 'carrel[^"]*')" ""
	mode 0
}

if ! guest 'selinuxenabled' </dev/null; then
	skip "logins where SELinux is on" "this guest has none: GUEST=bookworm-selinux"
	tap_done
	exit
fi
check "users" users_make
conf_write <<'E'
rules = ( { group = "students"; policy = "shared"; }, { group = "staff"; policy = "dev"; } );
E
label
needs "check_refused check_module" check_permissive
run_cases "$@" -- check_bare check_permissive check_refused check_module
guest 'setenforce 0; sed -i /pam_carrel/d /etc/pam.d/sshd' </dev/null
tap_done
