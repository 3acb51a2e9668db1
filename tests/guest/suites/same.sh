#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# boot: systemd
# What a login can see of itself, bare and in rooms, on a host with systemd, logind, a bus and udev: nothing differs but
# what docs/policies.md says (tests/lib/samediff.sh).
. "$(dirname "$0")/../suite.sh"
. "$(dirname "$0")/../../lib/samediff.sh"

OWN=$GUEST_DIR/same

tell() { # FILE
	login ana 'bash -s' <"$(dirname "$0")/../../lib/same.sh" >"$OWN/$1" 2>/dev/null
}

compare() { # POLICY
	conf_write <<<"rules = ( { policy = \"same\"; } ); policies = { same = { inherit = \"$1\"; }; };"
	tell "$1"
	same_differences "$OWN/bare" "$OWN/$1" >"$OWN/$1.differs"
	check "$1: the login has told" grep -q '^process nice' "$OWN/$1"
	is "$1: nothing differs from a bare login but what docs/policies.md says" "$(same_unexpected "$1" <"$OWN/$1.differs")" ""
	is "$1: what programs look for in any login is there" "$(same_basic <"$OWN/$1.differs")" ""
}

check_shared() {
	compare shared
}

check_dev() {
	compare dev
}

mkdir -p "$OWN"
check "users" users_make
guest 'printf "250 32000 100 90\n" >/proc/sys/kernel/sem; install -d -m 1777 /srv/everybody'
tell bare
pam_wire sshd
run_cases "$@" -- check_shared check_dev
[ -z "${SAME_KEEP-}" ] || cp "$OWN"/* "$SAME_KEEP"
tap_done
