#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# boot: systemd
# Users and groups from an LDAP directory (slapd, nslcd): rules see them, rooms have their names, and a directory that is
# away refuses a login sooner than choosing another policy for it.
. "$(dirname "$0")/../suite.sh"
. "$(dirname "$0")/../../lib/ctl.sh"

directory_start() {
	guest 'bash -s' <<-'END'
		set -e
		systemctl start slapd
		root='-Q -Y EXTERNAL -H ldapi:///'
		suffix=$(ldapsearch -LLL $root -b cn=config 'olcSuffix=*' olcSuffix | sed -n 's/^olcSuffix: //p')
		ldapmodify $root <<-LDIF
			dn: olcDatabase={1}mdb,cn=config
			changetype: modify
			replace: olcAccess
			olcAccess: to * by dn.exact=gidNumber=0+uidNumber=0,cn=peercred,cn=external,cn=auth manage by * read
		LDIF
		ldapadd $root <<-LDIF
			dn: uid=lena,$suffix
			objectClass: account
			objectClass: posixAccount
			uid: lena
			cn: lena
			uidNumber: 7001
			gidNumber: 7100
			homeDirectory: /home/lena
			loginShell: /bin/bash

			dn: cn=far,$suffix
			objectClass: posixGroup
			cn: far
			gidNumber: 7100

			dn: cn=physics,$suffix
			objectClass: posixGroup
			cn: physics
			gidNumber: 7200
			memberUid: lena
			memberUid: ana
		LDIF
		install -d -m 700 -o 7001 -g 7100 /home/lena
		printf 'uid nslcd\ngid nslcd\nuri ldapi:///\nbase %s\n' "$suffix" >/etc/nslcd.conf
		cp /etc/nsswitch.conf /run/nsswitch.before
		sed -i '/^\(passwd\|group\):/s/$/ ldap/' /etc/nsswitch.conf
		systemctl start nslcd
		for i in {1..100}; do getent passwd lena && exit; sleep 0.2; done
		exit 1
	END
}

directory_end() {
	guest 'cp /run/nsswitch.before /etc/nsswitch.conf; systemctl stop nslcd slapd; rm -rf /home/lena'
}

policy_of() { # USER
	guest "carrelctl explain $1 --json" | json 'd["login"]["policy"]'
}

check_rules() {
	is "the directory's group is one of the user's" "$(guest 'id -Gn lena')" 'far physics'
	is "a rule finds a supplementary group of the directory" "$(policy_of lena)" physics
	is "with members of the host's own" "$(policy_of ana)" physics
	is "and who is not in it goes on" "$(policy_of cara)" others
	check "check has nothing against it" eval '! guest "carrelctl check" | grep -q "nsswitch\|does not answer"'
}

check_rooms() {
	is "a login from the directory" "$(login lena 'hostname; id -un; id -Gn; ls -ld ~ | cut -d" " -f3,4; whoami; echo ~lena')" \
		$'physics\nlena\nfar physics\nlena far\nlena\n/home/lena'
	is "a login of a member" "$(login ana 'hostname; getent passwd lena | cut -d: -f3')" $'physics\n7001'
	like "names in templates" "$(login cara 'hostname')" '^cara-students$'
}

check_silence() {
	hold stays ana
	guest 'systemctl stop nslcd'
	log_mark
	like "away: refused, not let in by the next rule" "$(login_tty ana true 2>&1)" 'refused \(code RULE\)'
	like "the log says what did not answer" "$(log_since refused)" 'user=ana .*did not answer for "physics"'
	is "one who is not concerned gets in" "$(login bob 'hostname')" first
	is "root, too" "$(login root 'echo in')" in
	is "and the break-glass group" "$(login bea 'echo in')" in
	is "explain does not guess" "$(guest 'carrelctl explain ana >/dev/null 2>&1; echo $?')" 3
	like "check names the cause" "$(guest 'carrelctl check' 2>&1)" 'error .*does not answer for group "physics"'
	is "who is in stays in" "$(hold_ask stays 'echo alive')" alive
	hold_end stays
	guest 'systemctl start nslcd; for i in $(seq 100); do getent passwd lena >/dev/null && break; sleep 0.2; done'
	is "back again" "$(login ana hostname)" physics
}

check "users" users_make
check "a directory" directory_start
pam_wire sshd
conf_write <<'END'
rules = (
  { user = "bob"; policy = "first"; },
  { group = "physics"; policy = "physics"; },
  { policy = "others"; }
);
policies = {
  first = { inherit = "shared"; hostname = "first"; };
  physics = { inherit = "shared"; hostname = "physics"; home = { mode = "real"; }; };
  others = { inherit = "shared"; hostname = "%u-%g"; };
};
END
run_cases "$@" -- check_rules check_rooms check_silence
directory_end
check "nothing is left" poll 20 guest '! pgrep "carrel([^-]|-[^s])"'
tap_done
